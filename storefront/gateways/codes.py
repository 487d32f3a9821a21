"""Codes of payments: what a transfer names as its purpose, and finding them again in what banks make of it.

``OC`` and nine letters of Crockford's base 32 (without Z: 31 is a prime), the last of which checks the others: one
wrong letter, or two that changed places, is no code. Banks put words before and after, change case, and break lines in
the middle.
"""

from __future__ import annotations

import re
import secrets

PREFIX = "OC"
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXY"
LENGTH = 8  #: random letters, before the check: 40 bits
_GAPS = re.compile(r"[\s.\-_/]+")


def new_code() -> str:
    """Make a code."""
    body = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    return PREFIX + body + check(body)


def check(body: str) -> str:
    """Give the letter that checks others: their values weighted by place, modulo 31."""
    total = sum(weight * LETTERS.index(letter) for weight, letter in enumerate(body, start=1))
    return LETTERS[total % 31]


def is_code(text: str) -> bool:
    """Tell whether this is a code of ours, whole and right."""
    body = text[len(PREFIX) : -1]
    whole = len(text) == len(PREFIX) + LENGTH + 1 and text.startswith(PREFIX)
    return whole and all(letter in LETTERS for letter in body) and text[-1] == check(body)


def find(memo: str) -> list[str]:
    """Find the codes in a bank's memo, each once, in the order in which they stand there.

    Upper case and gaps do not matter, nor what is glued to them. What a hand typed as O, I or L is read as 0 or 1.
    """
    text = _GAPS.sub("", memo.upper())
    found: list[str] = []
    for at in range(len(text)):
        if text.startswith(PREFIX, at):
            body = text[at + len(PREFIX) : at + len(PREFIX) + LENGTH + 1]
            code = PREFIX + body.replace("O", "0").replace("I", "1").replace("L", "1")
            if is_code(code) and code not in found:
                found.append(code)
    return found
