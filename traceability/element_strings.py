"""GS1 element strings: identifiers and values in a row, as barcodes and people write them.

Pure. Two spellings: with brackets, ``(01)09520123456788(10)L1``, and as scanned, where ``^`` stands for FNC1,
which begins the string and separates values whose length nobody knows: ``^010952012345678810L1``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from kernel.errors import N_
from traceability import application_identifiers as identifiers
from traceability.application_identifiers import Malformed

Element = tuple[str, str]  #: identifier and value
FNC1 = "^"


class NotElements(Malformed):
    """Neither of the two spellings."""

    message = N_("This is no GS1 element string.")


class Repeated(Malformed):
    """An identifier twice, with two values."""

    message = N_("(%(ai)s) stands here twice, with different values.")


class NotTogether(Malformed):
    """Two identifiers that exclude each other."""

    message = N_("(%(ai)s) and (%(other)s) cannot stand together.")


class Missing(Malformed):
    """An identifier that means nothing without another."""

    message = N_("(%(ai)s) needs another identifier beside it: %(needed)s.")


class NotSerialised(Malformed):
    """A signature over a key that names a kind of thing and not one thing."""

    message = N_("A digital signature (8030) needs a key with a serial number: (%(ai)s) has none.")


def from_brackets(text: str) -> list[Element]:
    """Read ``(01)09520123456788(10)L1``; a bracket that belongs to a value is written ``\\(``.

    :raises Malformed: values are checked too
    """
    elements = pairs(text)
    for code, value in elements:
        identifiers.check_value(code, value)
    return elements


def pairs(text: str) -> list[Element]:
    """Take an element string with brackets apart, without holding its values against any rule.

    :raises NotElements:
    """
    elements = []
    rest = text
    while rest:
        head = re.match(r"\((\d{2,4})\)((?:\\\(|[^(])+)", rest)
        if head is None:
            raise NotElements
        elements.append((head[1], head[2].replace("\\(", "(")))
        rest = rest[head.end() :]
    if not elements:
        raise NotElements
    return elements


def from_scan(text: str) -> list[Element]:
    """Read what a scanner gives, FNC1 as ``^``; one too many is overlooked.

    :raises Malformed: values are checked too
    """
    if not text.startswith(FNC1) or len(text) == 1:
        raise NotElements
    elements: list[Element] = []
    rest = text[1:]
    while rest:
        code = _code_at(rest)
        identifier = identifiers.get(code)
        rest = rest[len(code) :]
        if identifier.fixed:
            length = sum(component.most for component in identifier.components)
            value, rest = rest[:length], rest[length:].removeprefix(FNC1)
        else:
            value, _, rest = rest.partition(FNC1)
        identifiers.check_value(code, value)
        elements.append((code, value))
    return elements


def to_scan(elements: Iterable[Element]) -> str:
    """Write elements as a barcode holds them, FNC1 as ``^``."""
    text, open_end = FNC1, False
    for code, value in elements:
        text += (FNC1 if open_end else "") + code + value
        open_end = not identifiers.get(code).fixed
    return text


def check_together(elements: Iterable[Element]) -> None:
    """Hold elements of one thing against each other: repeats, exclusions, what needs what.

    :raises Repeated:
    :raises NotTogether:
    :raises Missing:
    :raises NotSerialised:
    """
    elements = list(elements)
    check_repeats(elements)
    check_exclusions(elements)
    check_requisites(elements)
    check_signature(elements)


def check_repeats(elements: Iterable[Element]) -> None:
    """Refuse an identifier that stands twice with different values; with equal ones it is the same fact twice."""
    values: dict[str, str] = {}
    for code, value in elements:
        if values.setdefault(code, value) != value:
            raise Repeated(ai=code)


def check_exclusions(elements: Iterable[Element]) -> None:
    """Refuse identifiers that exclude each other."""
    codes = [code for code, _ in elements]
    for code in codes:
        for pattern in _known(code).excludes:
            other = next((other for other in codes if other != code and _fits(other, pattern)), None)
            if other is not None:
                raise NotTogether(ai=code, other=other)


def check_requisites(elements: Iterable[Element]) -> None:
    """Refuse an identifier without any of the groups it needs one of."""
    codes = [code for code, _ in elements]
    for code in codes:
        groups = _known(code).requires
        if groups and not any(all(any(_fits(other, one) for other in codes) for one in group) for group in groups):
            raise Missing(ai=code, needed=", ".join("(" + ")+(".join(group) + ")" for group in groups))


#: Keys that name one thing only when something follows their first digits.
_SERIAL_AFTER = {"253": 13, "255": 13, "8003": 14}


def check_signature(elements: Iterable[Element]) -> None:
    """Refuse a signature over a document, coupon or crate without its serial part."""
    values = dict(elements)
    if "8030" in values:
        for code, length in _SERIAL_AFTER.items():
            if len(values.get(code, "x" * 99)) <= length:
                raise NotSerialised(ai=code)


def _known(code: str) -> identifiers.ApplicationIdentifier:
    return identifiers.find(code) or _NOTHING_KNOWN


_NOTHING_KNOWN = identifiers.ApplicationIdentifier("", False, False, (), (), (), None)


def _fits(code: str, pattern: str) -> bool:
    """Tell whether a code is meant by a pattern: "31nn" means all of four digits that begin with 31."""
    return len(code) == len(pattern) and all(p in ("n", c) for c, p in zip(code, pattern, strict=True))


def _code_at(text: str) -> str:
    for length in (2, 3, 4):
        if identifiers.find(text[:length]):
            return text[:length]
    raise identifiers.UnknownIdentifier(ai=text[:4])
