"""Passwords: how they are kept (Argon2id), and which ones are refused.

Hashing takes 40 ms and more by design: edges do it outside of transactions and hand the hash to the verbs.
"""

from __future__ import annotations

import itertools
import secrets
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from accounts.models import User
from kernel.errors import N_, InvalidInput
from kernel.text import fold

#: OWASP's parameters: 19 MiB, 2 passes, 1 lane; about 40 ms. The default takes 64 MiB and 200 ms a try,
#: which makes a flood of sign-ins an attack on memory.
HASHER = PasswordHasher(memory_cost=19_456, time_cost=2, parallelism=1)
SHORTEST = 8
LONGEST = 200

#: The worst that people here choose, folded, without digits at their ends: each also stands for "matkhau123".
_COMMON = frozenset(
    word
    for line in (
        "password passwort passw0rd matkhau matkhaumoi khongbiet khongco qwerty qwertyui qwertyuiop asdfgh asdfghjk",
        "zxcvbn zxcvbnm abc abcd abcdef abcdefgh iloveyou anhyeuem emyeuanh yeuem yeuanh vietnam vietnamvodich",
        "admin administrator welcome letmein monkey dragon football bongda sunshine princess ocop ocopbato bato baba",
        "quangngai sanpham cuahang hoptacxa xinchao tinhyeu hanoi saigon danang",
    )
    for word in line.split()
)


class TooShort(InvalidInput):
    message = N_("The password must have at least %(least)s characters.")
    field = "password"


class TooLong(InvalidInput):
    message = N_("The password may have at most %(most)s characters.")
    field = "password"


class TooCommon(InvalidInput):
    message = N_("Many people use this password, so it is guessed first. Choose another, for instance three words.")
    field = "password"


class SaysWho(InvalidInput):
    message = N_("The password must not hold your own name, telephone number or e-mail.")
    field = "password"


def check_new(password: str, *, name: str = "", email: str | None = None, phone: str | None = None) -> None:
    """Refuse a password that is too easily guessed.

    :raises TooShort, TooLong, TooCommon, SaysWho: with the field ``password``
    """
    password = _normal(password)
    if len(password) < SHORTEST:
        raise TooShort(least=SHORTEST)
    if len(password) > LONGEST:
        raise TooLong(most=LONGEST)
    bare = "".join(char for char in fold(password) if char.isalnum())
    word = bare.strip("0123456789")
    if word in _COMMON or (not word and _is_a_run(bare)) or len(set(bare)) < 3:
        raise TooCommon()
    digits = "".join(char for char in password if char.isdigit())
    number = (phone or "")[-9:]
    folded_name = "".join(char for char in fold(name) if char.isalnum())
    mailbox = fold((email or "").partition("@")[0])
    if (
        (number and number in digits)
        or (len(folded_name) >= 4 and folded_name in bare)
        or (len(mailbox) >= 4 and "".join(char for char in mailbox if char.isalnum()) in bare)
    ):
        raise SaysWho()


def _is_a_run(digits: str) -> bool:
    """Tell whether digits only count up or down, or repeat a short group: 12345678, 87654321, 12121212."""
    steps = {(int(b) - int(a)) % 10 for a, b in itertools.pairwise(digits)}
    repeated = any(digits == (digits[:n] * len(digits))[: len(digits)] for n in (1, 2, 3, 4))
    return len(steps) == 1 or repeated


def hashed(password: str) -> str:
    """Hash a password. Slow by design: call it outside of transactions."""
    return HASHER.hash(_normal(password))


def matches(hash_kept: str | None, password: str) -> bool:
    """Compare a password with what is kept; as slow for someone who has none, or for nobody."""
    try:
        return HASHER.verify(hash_kept or _NOBODY, _normal(password)) and hash_kept is not None
    except (VerificationError, InvalidHashError):
        return False


def put(user: User, hash_made: str) -> None:
    """Give a person a new password: all their sessions end, and what locked them out is forgotten."""
    user.password = hash_made
    user.failed_sign_ins = 0
    user.locked_until = None
    end_sessions(user)


def end_sessions(user: User) -> None:
    """End all sessions of a person, on all machines, at their next request."""
    user.fs_uniquifier = secrets.token_hex(32)


def _normal(password: str) -> str:
    # The same keys give other code points on other systems: ố is one, two or three of them.
    return unicodedata.normalize("NFKC", password)


_NOBODY = HASHER.hash(secrets.token_hex(16))  # so that an unknown name takes as long
