"""Provinces and communes of today, the units they came from, and how to find one by its name (pure).

The facts stand in ``kernel/data``; ``NOTICE.md`` there says where they come from and what is doubtful. A
unit is named by (code, valid from): codes were used again, 21484 was a town and is a commune. Names are
never keys: *Ba Tơ* and *Ba Tô* fold to the same letters.
"""

from __future__ import annotations

import csv
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from kernel.text import fold, one_line

DATA = Path(__file__).parent / "data"

#: First day of the two levels of today. Source: QĐ 19/2025/QĐ-TTg.
REFORM = date(2025, 7, 1)
#: Stands for "in the code list before the reform": when a former unit was founded is not known here.
#: Source: QĐ 124/2004/QĐ-TTg (8 July 2004), the decision that gave the codes.
FORMER_FROM = date(2004, 7, 8)

_LEVELS = {2: "province", 3: "district", 5: "commune"}  # by the number of a code's digits
_KINDS_EN = {
    "Tỉnh": "province",
    "Thành phố": "city",
    "Quận": "urban district",
    "Huyện": "district",
    "Thị xã": "town",
    "Thị trấn": "township",
    "Phường": "ward",
    "Xã": "commune",
    "Đặc khu": "special zone",
}
_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")


def in_english(full_name: str) -> str:
    """Name a unit on English pages by its kind and name: "Xã Ba Tơ" is "Ba Tơ commune". Other words stay."""
    for kind, english in _KINDS_EN.items():
        if full_name.startswith(kind + " "):
            return f"{full_name[len(kind) + 1 :]} {english}"
    return full_name


@dataclass(frozen=True, slots=True)
class Unit:
    """A province, (former) district or commune, for as long as its code, kind and name stayed the same."""

    code: str  #: 2 digits: province; 3: district; 5: commune
    valid_from: date
    valid_until: date | None  #: exclusive; None: it stands today
    kind_vi: str  #: "Xã", "Phường", "Đặc khu", "Tỉnh", "Thành phố"; before 2025 also "Huyện", "Thị trấn", …
    name_vi: str  #: without its kind: "Ba Tơ"
    parent_code: str | None  #: of the unit above it at that time
    area_km2: str | None = None  #: as published: print it, do not compute with it
    lat: str | None = None  #: centroid in decimal degrees, good for a drawing
    lon: str | None = None
    also: tuple[str, ...] = ()  #: other spellings in use

    @property
    def level(self) -> str:
        """Which of ``province``, ``district`` (until 2025) and ``commune`` it is."""
        return _LEVELS[len(self.code)]

    @property
    def name_en(self) -> str:
        """Its name on English pages: with its marks, since *Ba Tơ* and *Ba Tô* differ by nothing else."""
        return self.name_vi

    @property
    def kind_en(self) -> str:
        """Its kind on English pages: "commune"."""
        return _KINDS_EN[self.kind_vi]

    def stands_on(self, day: date) -> bool:
        """Tell whether it was valid on that day."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)


@dataclass(frozen=True, slots=True)
class Succession:
    """A unit ended and (a part of) it became another. One that was divided has several."""

    old_code: str
    old_valid_from: date
    new_code: str
    new_valid_from: date


def read_units() -> Iterator[Unit]:
    """Give every unit: those since the reform, then those it ended; each (code, valid from) once."""
    yield from _read_current()
    for row, _ in _read_former():
        yield row


def read_successions() -> Iterator[Succession]:
    """Give every step from a unit to the next: those of the reform, then changes of kind after it.

    A district whose communes are known has no step of its own; ``successors`` answers from its communes.
    """
    for former, became in _read_former():
        for code in became:
            yield Succession(former.code, former.valid_from, code, REFORM)
    for unit in _read_current():
        if unit.valid_until is not None:
            yield Succession(unit.code, unit.valid_from, unit.code, unit.valid_until)


def unit_on(code: str, day: date) -> Unit | None:
    """Find the unit that had this code on that day."""
    return next((unit for unit in _by_code().get(code, ()) if unit.stands_on(day)), None)


def successors(code: str, on: date) -> list[Unit]:
    """Find what a unit is on a day: the unit itself while it stands, else all it was divided into, by code.

    ``code``: of a former unit if there was one of that code, else of a unit of today. An unknown code
    gives an empty list.
    """
    standing: dict[str, Unit] = {}
    waiting = _by_code().get(code, [])[:1]
    if not waiting or on < waiting[0].valid_from:
        return []
    while waiting:
        unit = waiting.pop()
        if unit.stands_on(on):
            standing[unit.code] = unit
        else:
            waiting.extend(_next_of(unit))
    return [standing[code] for code in sorted(standing)]


def became(unit: Unit, on: date) -> list[Unit]:
    """Give what a unit is on a day: itself while it stands, else all it was divided into, by code."""
    standing: dict[str, Unit] = {}
    waiting, seen = [unit], {unit}
    while waiting:
        former = waiting.pop()
        if former.stands_on(on):
            standing[former.code] = former
            continue
        for step in _next_of(former):
            if step not in seen:
                seen.add(step)
                waiting.append(step)
    return [standing[code] for code in sorted(standing)]


def find_by_name(name: str, *, on: date | None = None, parent: str | None = None) -> list[Unit]:
    """Find units by name, "Ba Tơ" or "xã Ba Tơ": first by name with its marks, else all that fold alike.

    More than one answer means that the name does not say which: ask, or narrow it by ``parent``.

    on: a day on which the unit stands; None: at any time, former units too
    parent: code of its province, or of the (former) district; the communes of a district are in its province
    """
    wanted = one_line(name)
    found = _matching(_by_marked_name().get(_marked(wanted), ()), on, parent)
    return found or _matching(_by_folded_name().get(fold(wanted), ()), on, parent)


def find_by_half(name: str, on: date) -> list[Unit]:
    """Find communes that stand on a day and are called by two names of which this is one.

    "Văn Miếu" and "phường Quốc Tử Giám" are both Phường Văn Miếu - Quốc Tử Giám.
    """
    return [unit for unit in _by_half().get(fold(one_line(name)), ()) if unit.stands_on(on)]


# --- Reading -----------------------------------------------------------------------------------------


@cache
def _read_current() -> tuple[Unit, ...]:
    with (DATA / "administrative_units.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Unit(
                code=row["code"],
                valid_from=date.fromisoformat(row["valid_from"]),
                valid_until=date.fromisoformat(row["valid_until"]) if row["valid_until"] else None,
                kind_vi=row["kind"],
                name_vi=row["name"],
                parent_code=row["parent"] or None,
                area_km2=row["area_km2"] or None,
                lat=row["lat"] or None,
                lon=row["lon"] or None,
                also=(row["also"],) if row["also"] else (),
            )
            for row in csv.DictReader(file)
        )


@cache
def _read_former() -> tuple[tuple[Unit, tuple[str, ...]], ...]:
    with (DATA / "former_units.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            (
                Unit(
                    code=row["code"],
                    valid_from=FORMER_FROM,
                    valid_until=REFORM,
                    kind_vi=row["kind"],
                    name_vi=row["name"],
                    parent_code=row["parent"] or None,
                ),
                tuple(row["became"].split()),
            )
            for row in csv.DictReader(file)
        )


@cache
def _by_code() -> dict[str, list[Unit]]:
    found: defaultdict[str, list[Unit]] = defaultdict(list)
    for unit in read_units():
        found[unit.code].append(unit)
    return {code: sorted(units, key=lambda unit: unit.valid_from) for code, units in found.items()}


# --- From unit to unit -------------------------------------------------------------------------------


@cache
def _steps() -> dict[tuple[str, date], list[tuple[str, date]]]:
    found: defaultdict[tuple[str, date], list[tuple[str, date]]] = defaultdict(list)
    for step in read_successions():
        found[step.old_code, step.old_valid_from].append((step.new_code, step.new_valid_from))
    for former, _ in _read_former():
        if former.level == "commune" and former.parent_code:
            # What became of a district is what became of its communes.
            found[former.parent_code, former.valid_from] += found[former.code, former.valid_from]
    return dict(found)


def _next_of(unit: Unit) -> list[Unit]:
    wanted = set(_steps().get((unit.code, unit.valid_from), ()))
    return [new for code, since in wanted for new in _by_code()[code] if new.valid_from == since]


# --- By name -----------------------------------------------------------------------------------------


def _marked(name: str) -> str:
    """Give a name with its marks, but without case and without regard to which vowel bears the tone.

    *Thuỳ* and *Thùy* are the same word in two spellings; *Tơ* and *Tô* are two words.
    """
    words = unicodedata.normalize("NFD", name).casefold().split()
    return " ".join(
        "".join(sign for sign in word if sign not in _TONES) + "".join(sign for sign in word if sign in _TONES)
        for word in words
    )


def _names(unit: Unit) -> Iterator[str]:
    for name in (unit.name_vi, *unit.also):
        yield name
        yield f"{unit.kind_vi} {name}"


@cache
def _by_marked_name() -> dict[str, list[Unit]]:
    found: defaultdict[str, list[Unit]] = defaultdict(list)
    for unit in read_units():
        for key in {_marked(name) for name in _names(unit)}:
            found[key].append(unit)
    return dict(found)


@cache
def _by_folded_name() -> dict[str, list[Unit]]:
    found: defaultdict[str, list[Unit]] = defaultdict(list)
    for unit in read_units():
        for key in {fold(name) for name in _names(unit)}:
            found[key].append(unit)
    return dict(found)


@cache
def _by_half() -> dict[str, list[Unit]]:
    found: defaultdict[str, list[Unit]] = defaultdict(list)
    for unit in _read_current():
        halves = unit.name_vi.split(" - ")
        if len(halves) > 1 and unit.level == "commune":
            for half in halves:
                found[fold(half)].append(unit)
                found[fold(f"{unit.kind_vi} {half}")].append(unit)
    return dict(found)


def _matching(units: Iterable[Unit], on: date | None, parent: str | None) -> list[Unit]:
    return [unit for unit in units if (on is None or unit.stands_on(on)) and (parent is None or parent in _above(unit))]


def _above(unit: Unit) -> Iterator[str]:
    code = unit.parent_code
    while code is not None:
        yield code
        above = next((above for above in _by_code()[code] if above.valid_from <= unit.valid_from), None)
        code = above.parent_code if above is not None else None
