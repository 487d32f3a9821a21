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
    r"\bsài gòn\b": "thành phố Hồ Chí Minh",
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
_KINDS = r"(?:xã|phường|thị trấn|đặc khu|huyện|quận|thị xã|thành phố|tỉnh)"


def understand(text: str, on: date) -> list[Unit]:
    """Find the communes that an address can mean on a day, the best guess first; none if it names none.

    :param text: commune, perhaps district, province, parted by commas or by the words for their kinds
    """
    return _understood(_parts(text), on) or _understood(_parts_without_commas(text), on)


def _understood(parts: list[str], on: date) -> list[Unit]:
    if not parts:
        return []
    provinces, rest = _provinces(parts, on)
    districts: set[str] = set()
    names = rest
    if len(rest) > 1:
        found = [unit for unit in administrative_units.find_by_name(rest[-1]) if unit.level == "district"]
        if provinces:
            found = [
                unit
                for unit in found
                if {next_.parent_code for next_ in administrative_units.became(unit, on)} & provinces
            ]
        if found:
            districts, names = {unit.code for unit in found}, rest[:-1]
    for name in reversed(names):
        communes = _communes(name, provinces, districts, on)
        if communes:
            return communes
    return []


def _parts(text: str) -> list[str]:
    words = one_line(text)
    for short, whole in _SHORT.items():
        words = re.sub(short, whole, words, flags=re.IGNORECASE)
    words = re.sub(rf"(?<=\S)\s+(?!(?<=thị )xã\s)(?={_KINDS}\s)", ", ", words, flags=re.IGNORECASE)
    return [part for part in (one_line(part) for part in re.split(r"[,;]|\s-\s", words)) if part]


def _parts_without_commas(text: str) -> list[str]:
    """Part an address without commas: its province stands at the end, the words for kinds may lack their marks."""
    words = [] if re.search("[,;]", text) else " ".join(_parts(text)).split()
    for cut in range(1, len(words)):
        province = " ".join(words[cut:])
        if any(unit.level == "province" for unit in administrative_units.find_by_name(province)):
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


def _provinces(parts: list[str], on: date) -> tuple[set[str], list[str]]:
    """Read the province off the end; what it was before 2025 counts for what it became."""
    found = [unit for unit in administrative_units.find_by_name(parts[-1]) if unit.level == "province"]
    if not found:
        return set(), parts
    return {next_.code for unit in found for next_ in administrative_units.became(unit, on)}, parts[:-1]


def _communes(name: str, provinces: set[str], districts: set[str], on: date) -> list[Unit]:
    units = [unit for unit in administrative_units.find_by_name(name) if unit.level == "commune"]
    if districts:
        former = [unit for unit in units if unit.parent_code in districts]
        units = former or units
    else:
        units = [unit for unit in units if unit.stands_on(on)] or units
    answers = _distinct(next_ for unit in units for next_ in administrative_units.became(unit, on))
    if provinces:
        answers = [unit for unit in answers if unit.parent_code in provinces]
    return [unit for unit in answers if unit.level == "commune"]


def _distinct(units: Iterable[Unit]) -> list[Unit]:
    return list({(unit.code, unit.valid_from): unit for unit in units}.values())
