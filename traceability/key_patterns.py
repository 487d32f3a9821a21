"""What a link is registered for: a GS1 key with its qualifiers, or a pattern that many keys fit.

Pure. ``/01/09520123456788/10/L1`` is one lot; ``/01/09520123456788/10/{10}`` is any lot of that GTIN, and what
stands for ``{10}`` may be put into the link's address. Of a key whose end is the owner's own to choose (8004, an
asset) the beginning is enough: ``/8004/9520123{1}``, where ``{1}`` is the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import product

from kernel.errors import N_, InvalidInput
from traceability import application_identifiers as identifiers
from traceability import digital_link
from traceability.application_identifiers import Malformed, UnknownIdentifier
from traceability.digital_link import percent_decode, percent_encode
from traceability.element_strings import Element, from_brackets

LONGEST = 300  #: signs of a pattern as it is stored
REST = "{1}"
#: Keys whose value has no fixed length, so that a beginning of it can stand for a family of things.
OPEN_ENDED = frozenset({"8004"})
SHORTEST_BEGINNING = 7  #: a company prefix has at least so many digits: nobody owns a shorter one
_VARIABLE = re.compile(r"\{[A-Za-z0-9_]{1,30}\}")


class NotAKey(InvalidInput):
    message = N_("Write a GS1 key, for example /01/09520123456788 or /01/09520123456788/10/L1.")
    field = "key"


class KeyIsWrong(InvalidInput):
    """A key with something wrong in it. ``problem`` is the refusal of the rules of GS1."""

    message = N_("This key cannot be right: please compare each digit with the pack.")
    field = "key"

    def __init__(self, problem: Malformed) -> None:
        self.message = problem.message
        super().__init__(**problem.facts)


class QueryInKey(InvalidInput):
    """``query``: what stands after the question mark."""

    message = N_(
        "“%(query)s” is no part of a key: a key ends before the question mark. Leave it out: what stands there in the "
        "code on a pack goes along to where the link leads."
    )
    field = "key"


class VariableInPlace(InvalidInput):
    message = N_("Only a qualifier, such as a lot or a serial number, can stand for any value: /10/{10}.")
    field = "key"


def read(text: str) -> tuple[Element, ...]:
    """Read a key as people write it: digits of a GTIN, a path, a whole address, or with brackets.

    A variable of any name becomes ``{<its identifier>}``.

    :raises NotAKey, KeyIsWrong, QueryInKey, VariableInPlace:
    """
    text = text.strip()
    if not text or len(text) > LONGEST * 2:
        raise NotAKey()
    digits = text.replace(" ", "")
    try:
        if digits.isascii() and digits.isdigit() and len(digits) in (8, 12, 13, 14):
            elements = [("01", digits.zfill(14))]
        elif text.startswith("("):
            elements = from_brackets(text)
        else:
            elements = _pairs(text)
        return checked(elements)
    except Malformed as problem:
        raise KeyIsWrong(problem) from None


def _pairs(text: str) -> list[Element]:
    whole = re.fullmatch(r"(?:https?://[^/?#]+)?(/[^?#]*?)/?(\?[^#]*)?(?:#.*)?", text, re.IGNORECASE)
    if whole is None:
        raise NotAKey()
    if whole[2]:
        raise QueryInKey(query=whole[2][:60])
    segments = whole[1].split("/")[1:]
    for start in range(len(segments) - 2, -1, -2):
        identifier = identifiers.find(segments[start])
        if identifier is not None and identifier.is_key:
            values = [part if is_variable(part) else percent_decode(part) for part in segments[start + 1 :: 2]]
            return list(zip(segments[start::2], values, strict=True))
    raise NotAKey()


def checked(elements: Iterable[Element]) -> tuple[Element, ...]:
    """Check a key and its qualifiers, variables among them, and name the variables by their identifiers.

    :raises Malformed: by the rules of GS1
    :raises NotAKey, VariableInPlace:
    """
    path: list[Element] = []
    for place, (code, value) in enumerate(elements):
        if identifiers.find(code) is None:
            raise UnknownIdentifier(ai=code)
        if is_variable(value):
            if not place:
                raise VariableInPlace()
            value = f"{{{code}}}"
        elif not place and code in OPEN_ENDED and value.endswith(REST):
            if len(value) - len(REST) < SHORTEST_BEGINNING:
                raise VariableInPlace()
            identifiers.check_value(code, value.removesuffix(REST))
        path.append((code, value))
    if not path:
        raise NotAKey()
    codes = [code for code, _ in path]
    if not digital_link.is_path(codes):
        raise digital_link.NotAQualifier(ai=codes[-1], key=codes[0])
    fixed = [(code, value) for code, value in path if not variables([(code, value)])]
    for code, value in fixed:
        identifiers.check_value(code, value)
    for group in identifiers.get(codes[0]).requires:
        if len(group) == 1 and digital_link.is_path([codes[0], group[0]]) and group[0] not in codes:
            raise digital_link.QualifierMissing(key=codes[0], ai=group[0])
    if len(written(path)) > LONGEST:
        raise NotAKey()
    return tuple(path)


def is_variable(value: str) -> bool:
    """Tell whether a value stands for any: ``{lotnumber}``."""
    return _VARIABLE.fullmatch(value) is not None


def variables(path: Iterable[Element]) -> list[str]:
    """List the names that an address may hold in braces: identifiers of qualifiers, ``1`` for the rest of a key."""
    names = []
    for code, value in path:
        if is_variable(value):
            names.append(code)
        elif code in OPEN_ENDED and value.endswith(REST):
            names.append("1")
    return names


def written(path: Iterable[Element]) -> str:
    """Write a pattern as it is stored: percent-encoded, variables in braces."""
    parts = []
    for code, value in path:
        if is_variable(value):
            parts.append(f"/{code}/{value}")
        elif value.endswith(REST):
            parts.append(f"/{code}/{percent_encode(value.removesuffix(REST))}{REST}")
        else:
            parts.append(f"/{code}/{percent_encode(value)}")
    return "".join(parts)


def fitting(path: Sequence[Element]) -> list[tuple[str, dict[str, str]]]:
    """List all patterns that a key fits, the most exact first, each with what its variables stand for."""
    (key, key_value), qualifiers = path[0], path[1:]
    beginnings: list[tuple[Element, dict[str, str]]] = [((key, key_value), {})]
    if key in OPEN_ENDED:
        for length in range(len(key_value) - 1, SHORTEST_BEGINNING - 1, -1):
            beginnings.append(((key, key_value[:length] + REST), {"1": key_value[length:]}))
    found = []
    for order, (beginning, bound) in enumerate(beginnings):
        for chosen in product((False, True), repeat=len(qualifiers)):
            values = dict(bound)
            pattern = [beginning]
            for any_value, (code, value) in zip(chosen, qualifiers, strict=True):
                if any_value:
                    values[code] = value
                pattern.append((code, f"{{{code}}}" if any_value else value))
            found.append((order, sum(chosen), written(pattern), values))
    found.sort(key=lambda row: row[:2])
    return [(pattern, values) for _, _, pattern, values in found]


def filled(address: str, values: dict[str, str]) -> str:
    """Put values in the places of an address that stand for them, percent-encoded."""
    for name, value in values.items():
        address = address.replace(f"{{{name}}}", percent_encode(value))
    return address
