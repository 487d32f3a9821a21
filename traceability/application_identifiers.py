"""GS1 application identifiers: which there are, how their values are made, what a value may not be.

Pure. The table is the project's own data (``data/application_identifiers.csv``), read out of GS1's syntax
dictionary by ``tools/gs1_identifiers.py``; origin and licence stand in ``data/NOTICE.md``.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kernel.errors import N_, InvalidInput
from kernel.gs1 import CSET_82, check_digit
from traceability.content_rules import CSET_39, CSET_64, NOT_HELD, RULES


class Malformed(InvalidInput):
    """Something that claims to be written by GS1's rules and is not. Resolvers answer it with 400."""

    message = N_("This is not written by the rules of GS1.")
    http_status = 400


class UnknownIdentifier(Malformed):
    """No such application identifier."""

    message = N_("There is no GS1 identifier (%(ai)s).")


class EmptyValue(Malformed):
    """An identifier without its value."""

    message = N_("The value of (%(ai)s) is missing.")


class ValueTooShort(Malformed):
    """Some of its signs are missing."""

    message = N_("The value of (%(ai)s) is too short: “%(value)s”.")


class ValueTooLong(Malformed):
    """It has more signs than it may have."""

    message = N_("The value of (%(ai)s) is too long: “%(value)s”.")


class BadSign(Malformed):
    """A sign that this value cannot hold."""

    message = N_("“%(sign)s” cannot stand in the value of (%(ai)s).")


class BadCheckDigit(Malformed):
    """A digit was mistyped: the check digit does not fit the others."""

    message = N_(
        "The check digit of (%(ai)s) “%(value)s” does not fit the other digits: by them it would be %(expected)s."
    )


class BadDay(Malformed):
    """A day or time that is in no calendar."""

    message = N_("The value of (%(ai)s) is no date or time: “%(value)s”.")


class BadContent(Malformed):
    """Another rule of GS1 for this value is broken; ``rule`` is GS1's name of it."""

    message = N_("The value “%(value)s” of (%(ai)s) breaks a rule of GS1: %(rule)s.")


@dataclass(frozen=True)
class Component:
    """A part of a value."""

    kind: str  #: N digits, X set 82, Y set 39, Z base64 for addresses
    least: int  #: signs
    most: int
    optional: bool
    rules: tuple[str, ...]  #: names in ``content_rules``


@dataclass(frozen=True)
class ApplicationIdentifier:
    """An identifier and what GS1 says of it."""

    code: str  #: "01", "3103"
    fixed: bool  #: its value has a length known to every reader: no separator goes after it
    attribute: bool  #: may stand in the query of a Digital Link
    components: tuple[Component, ...]
    requires: tuple[tuple[str, ...], ...]  #: at least one of these groups has to be there; patterns like "31nn"
    excludes: tuple[str, ...]  #: none of these may be there
    qualifiers: tuple[tuple[str, ...], ...] | None  #: of a primary key: orders of what may follow it; else None

    @property
    def is_key(self) -> bool:
        """Tell whether it can be the primary key of a Digital Link."""
        return self.qualifiers is not None


@cache
def table() -> dict[str, ApplicationIdentifier]:
    """Give all application identifiers by code."""
    path = Path(__file__).parent / "data" / "application_identifiers.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {code: _read(code, row) for row in csv.DictReader(file) for code in _codes(row["ai"])}


def find(code: str) -> ApplicationIdentifier | None:
    """Give an application identifier, or ``None`` if there is none of this code."""
    return table().get(code)


def get(code: str) -> ApplicationIdentifier:
    """Give an application identifier.

    :raises UnknownIdentifier:
    """
    found = find(code)
    if found is None:
        raise UnknownIdentifier(ai=code)
    return found


def check_value(code: str, value: str) -> None:
    """Hold a value against what GS1 says of its identifier.

    :raises Malformed: with what is wrong
    """
    if not value:
        get(code)
        raise EmptyValue(ai=code)
    rest = value
    for component in get(code).components:
        if not rest and component.optional:
            return
        part, rest = rest[: component.most], rest[component.most :]
        if len(part) < component.least:
            raise ValueTooShort(ai=code, value=value)
        _check_component(code, value, part, component)
    if rest:
        raise ValueTooLong(ai=code, value=value)


_SIGNS = {"N": frozenset("0123456789"), "X": CSET_82, "Y": CSET_39, "Z": CSET_64}
_DAY_PROBLEMS = {"ILLEGAL_YEAR", "ILLEGAL_MONTH", "ILLEGAL_DAY", "ILLEGAL_HOUR", "ILLEGAL_MINUTE", "ILLEGAL_SECOND"}


def _check_component(code: str, value: str, part: str, component: Component) -> None:
    stray = next((sign for sign in part if sign not in _SIGNS[component.kind]), None)
    if stray is not None:
        raise BadSign(ai=code, sign=stray)
    for name in component.rules:
        problem = None if name in NOT_HELD else RULES[name](part)
        if problem == "INCORRECT_CHECK_DIGIT":
            raise BadCheckDigit(ai=code, value=value, expected=check_digit(part[:-1]), rule=problem)
        if problem in _DAY_PROBLEMS:
            raise BadDay(ai=code, value=value, rule=problem)
        if problem:
            raise BadContent(ai=code, value=value, rule=problem)


# --- Reading the table -----------------------------------------------------------------------------------------


def _codes(ai: str) -> list[str]:
    first, _, last = ai.partition("-")
    return [str(number).zfill(len(first)) for number in range(int(first), int(last or first) + 1)]


def _read(code: str, row: dict[str, str]) -> ApplicationIdentifier:
    key = row["key"]
    return ApplicationIdentifier(
        code=code,
        fixed=bool(row["fixed"]),
        attribute=bool(row["attribute"]),
        components=tuple(_component(text) for text in row["format"].split()),
        requires=tuple(tuple(group.split("+")) for group in row["requires"].split(",") if group),
        excludes=tuple(pattern for pattern in row["excludes"].split(",") if pattern),
        qualifiers=tuple(tuple(q for q in order.split(",") if q != "-") for order in key.split("|")) if key else None,
    )


def _component(text: str) -> Component:
    read = re.fullmatch(r"(\[?)([NXYZ])(\.\.)?(\d+)\]?((?:,\w+)*)", text)
    assert read is not None, text
    optional, kind, up_to, most, rules = read.groups()
    return Component(
        kind, 1 if up_to else int(most), int(most), bool(optional), tuple(rule for rule in rules.split(",") if rule)
    )
