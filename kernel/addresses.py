"""Addresses of two levels, understood from what people write: of today, or of the three levels before July 2025.

"xã Ba Động, Quảng Ngãi", "thị trấn Ba Tơ, huyện Ba Tơ, tỉnh Quảng Ngãi" and "P. Bến Nghé, Q.1, TP.HCM" all name
communes of today. What names several gives all of them, to choose from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from itertools import pairwise

from kernel import administrative_units
from kernel.administrative_units import Unit
from kernel.text import fold, one_line

_SHORT = {
    r"(?:^|(?<=[,;]))\s*(?:huyện\s+)?đảo\s+": " đặc khu ",
    r"\btp\.?\s*hcm\b": "thành phố Hồ Chí Minh",
    r"\bhn\b": "Hà Nội",
    r"\btp\.?(?=\s|$)": "thành phố ",
    r"\btx\.?(?=\s|$)": "thị xã ",
    r"\btt\.?(?=\s|$)": "thị trấn ",
    r"\bp\.\s*|\bp(?=\d)": "phường ",
    r"\bq\.\s*|\bq(?=\d)": "quận ",
    r"\bh\.\s*": "huyện ",
    r"\bx\.\s*": "xã ",
    r"\bt\.\s*": "tỉnh ",
}
_BARE_KINDS = ("xa", "phuong", "thi tran", "dac khu", "huyen", "quan", "thi xa", "thanh pho")
#: The city as many go on calling it. A phường of it has that name today, so it counts where a province stands.
_SAIGON, _HCM = ("sai gon", "thanh pho sai gon"), "thành phố Hồ Chí Minh"
_KINDS = r"(?:xã|phường|thị trấn|đặc khu|huyện|quận|thị xã|thành phố|tỉnh)"


def understand(text: str, on: date) -> list[Unit]:
    """Find the communes that an address can mean on a day, the best guess first; none if it names none.

    :param text: commune, perhaps district, province, parted by commas or by the words for their kinds
    """
    parts = _parts(text)
    found = _understood(parts, on)
    if found or not parts or _provinces_called(parts[-1]):
        return found or _understood(_parts_without_commas(text), on)
    # Names have dashes ("Bà Rịa - Vũng Tàu"): they part only what is nothing as it stands.
    return _understood(_parts(text, r"[,;]|\s-\s"), on) or _understood(_parts_without_commas(text), on)


def _understood(parts: list[str], on: date) -> list[Unit]:
    if not parts:
        return []
    named, rest = _provinces(parts)
    provinces = {next_.code for unit in named for next_ in administrative_units.became(unit, on)}
    is_former = bool(named) and not any(unit.stands_on(on) for unit in named)
    of_districts: list[Unit] = []
    names = rest
    if rest:
        found = [unit for unit in administrative_units.find_by_name(rest[-1]) if unit.level == "district"]
        if provinces:
            found = [unit for unit in found if {one.parent_code for one in _became([unit], on)} & provinces]
        if found:
            of_districts = found
            names = rest[:-1] if len(rest) > 1 else rest
    districts = {unit.code for unit in of_districts} if len(rest) > 1 else set()
    for name in reversed(names):
        communes = _communes(name, provinces, districts, on, is_former=is_former)
        if communes:
            return communes
    # A district that is one commune today, as islands are, says enough.
    whole = [unit for unit in _became(of_districts, on) if not provinces or unit.parent_code in provinces]
    return whole if len(whole) == 1 else []


def _parts(text: str, between: str = "[,;]") -> list[str]:
    words = one_line(text)
    for short, whole in _SHORT.items():
        words = re.sub(short, whole, words, flags=re.IGNORECASE)
    words = re.sub(rf"(?<=\S)\s+(?!(?<=thị )xã\s)(?={_KINDS}\s)", ", ", words, flags=re.IGNORECASE)
    return [part for part in (one_line(part).strip(" -") for part in re.split(between, words)) if part]


def _parts_without_commas(text: str) -> list[str]:
    """Part an address without commas: its province stands at the end, the words for kinds may lack their marks."""
    words = [] if re.search("[,;]", text) else " ".join(_parts(text)).split()
    for cut in range(1, len(words)):
        province = " ".join(words[cut:])
        if _provinces_called(province):
            return [*_parted_at_kinds(words[:cut]), province]
    return []


def _parted_at_kinds(words: list[str]) -> list[str]:
    bare = [fold(word) for word in words]
    begins = [
        place
        for place in range(1, len(words) - 1)
        if (bare[place] in _BARE_KINDS and bare[place - 1] != "thi") or " ".join(bare[place : place + 2]) in _BARE_KINDS
    ]
    return [" ".join(words[begin:end]) for begin, end in pairwise([0, *begins, len(words)])]


def _provinces(parts: list[str]) -> tuple[list[Unit], list[str]]:
    """Read the province off the end."""
    found = _provinces_called(parts[-1])
    return found, parts[:-1] if found else parts


def _provinces_called(name: str) -> list[Unit]:
    units = administrative_units.find_by_name(_HCM if fold(name) in _SAIGON else name)
    return [unit for unit in units if unit.level == "province"]


def _communes(name: str, provinces: set[str], districts: set[str], on: date, *, is_former: bool) -> list[Unit]:
    """Find what a commune's name means: in the district, else today's in the province before former ones.

    :param is_former: the province was named as it was: a commune of then may be meant as well as one of today
    """

    def become(some: Iterable[Unit]) -> list[Unit]:
        return [unit for unit in _became(some, on) if not provinces or unit.parent_code in provinces]

    units = [unit for unit in administrative_units.find_by_name(name) if unit.level == "commune"]
    if districts:
        return become(unit for unit in units if unit.parent_code in districts) or become(units)
    today = become(unit for unit in units if unit.stands_on(on))
    found = _distinct([*today, *become(units)]) if is_former or not today else today
    if found or not provinces:
        return found
    return [unit for unit in administrative_units.find_by_half(name, on) if unit.parent_code in provinces]


def _became(units: Iterable[Unit], on: date) -> list[Unit]:
    """Give the communes of today that units are, or became."""
    found = (next_ for unit in units for next_ in administrative_units.became(unit, on))
    return [unit for unit in _distinct(found) if unit.level == "commune"]


def _distinct(units: Iterable[Unit]) -> list[Unit]:
    return list({(unit.code, unit.valid_from): unit for unit in units}.values())
