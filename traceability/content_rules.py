"""Rules for what may stand in the values of GS1 application identifiers, each under its name in GS1's dictionary.

Pure. A rule answers ``None``, or the name of what is wrong, as GS1's reference names it (``ILLEGAL_MONTH``).
Source: GS1 General Specifications, section 3; names of rules and problems: gs1/gs1-syntax-dictionary.
"""

from __future__ import annotations

import calendar
import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from stdnum.iso7064 import mod_97_10

from kernel.gs1 import CSET_82, check_digit

CSET_39 = frozenset("#-/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
CSET_64 = frozenset("-0123456789=ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")

Rule = Callable[[str], str | None]


@cache
def iso_codes() -> dict[str, dict[str, str] | list[str]]:
    """Read the codes of countries (number: two letters) and currencies (numbers)."""
    path = Path(__file__).parent / "data" / "iso_codes.json"
    codes: dict[str, dict[str, str] | list[str]] = json.loads(path.read_text(encoding="utf-8"))
    return codes


def _check_digit(value: str) -> str | None:
    return None if value[-1] == check_digit(value[:-1]) else "INCORRECT_CHECK_DIGIT"


# Weights of the check pair: the primes from 2 on, the last character before the pair weighing least.
_PRIMES = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83]
_PAIR_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_PLACES_82 = {sign: place for place, sign in enumerate(sorted(CSET_82))}


def check_pair(value: str) -> str:
    """Compute the two check characters that go after a global model number. Source: GenSpecs 7.9.5."""
    total = sum(_PLACES_82[sign] * weight for sign, weight in zip(reversed(value), _PRIMES, strict=False)) % 1021
    return _PAIR_LETTERS[total >> 5] + _PAIR_LETTERS[total & 31]


def _check_pair(value: str) -> str | None:
    if len(value) < 3:
        return "TOO_SHORT_FOR_CHECK_PAIR"
    if len(value) > len(_PRIMES) + 2:
        return "TOO_LONG_FOR_CHECK_PAIR"
    return None if value[-2:] == check_pair(value[:-2]) else "INCORRECT_CHECK_PAIR"


def _company_prefix(at: int) -> Rule:
    def rule(value: str) -> str | None:
        start = value[at : at + 4]
        if len(start) < 4:
            return "GCP_DATA_TOO_SHORT"
        return None if _is_digits(start) else "INVALID_GCP_PREFIX"

    return rule


def _is_digits(value: str) -> bool:
    return value.isascii() and value.isdigit()


# --- Days and times ---------------------------------------------------------------------------------------


def _day(year: int, month: int, day: int, *, zero_day: bool = False) -> str | None:
    if not 1 <= month <= 12:
        return "ILLEGAL_MONTH"
    if zero_day and day == 0:  # stands for the whole month
        return None
    return None if 1 <= day <= calendar.monthrange(year, month)[1] else "ILLEGAL_DAY"


def _yymmdd(value: str, *, zero_day: bool = False) -> str | None:
    # Every fourth year of both centuries that two figures can mean here (1951-2050) is a leap year.
    return _day(2000 + int(value[:2]), int(value[2:4]), int(value[4:6]), zero_day=zero_day)


def _yyyymmdd(value: str) -> str | None:
    year = int(value[:4])
    return _day(year, int(value[4:6]), int(value[6:8])) if year else "ILLEGAL_YEAR"


def _hour(value: str) -> str | None:
    return None if int(value) < 24 else "ILLEGAL_HOUR"


def _minute(value: str) -> str | None:
    return None if int(value) < 60 else "ILLEGAL_MINUTE"


def _second(value: str) -> str | None:
    return None if int(value) < 60 else "ILLEGAL_SECOND"


# --- Others ------------------------------------------------------------------------------------------------


def _one_of(values: str, problem: str) -> Rule:
    return lambda value: None if value in values.split() else problem


def _at_most(limit: int, problem: str) -> Rule:
    return lambda value: None if int(value) <= limit else problem


def _piece_of_total(value: str) -> str | None:
    piece, total = int(value[:2]), int(value[2:])
    if piece == 0:
        return "ZERO_PIECE_NUMBER"
    if total == 0:
        return "ZERO_TOTAL_PIECES"
    return None if piece <= total else "PIECE_NUMBER_EXCEEDS_TOTAL"


def _position_in_sequence(value: str) -> str | None:
    place = re.fullmatch(r"([0-9])/([0-9])", value)
    if place is None:
        return "POSITION_IN_SEQUENCE_MALFORMED"
    position, end = int(place[1]), int(place[2])
    if not position or not end:
        return "ILLEGAL_ZERO_VALUE"
    return None if position <= end else "POSITION_EXCEEDS_END"


def _percent_encoded(value: str) -> str | None:
    return "INVALID_PERCENT_SEQUENCE" if re.search(r"%(?![0-9A-Fa-f]{2})", value) else None


def _iban(value: str) -> str | None:
    if len(value) <= 10:
        return "IBAN_TOO_SHORT"
    if not re.fullmatch(r"[A-Z0-9]+", value):
        return "INVALID_IBAN_CHARACTER"
    if value[:2] not in iso_codes()["countries"].values():  # type: ignore[union-attr]
        return "ILLEGAL_IBAN_COUNTRY_CODE"
    return None if mod_97_10.is_valid(value[4:] + value[:4]) else "INCORRECT_IBAN_CHECKSUM"


def _country(value: str) -> str | None:
    return None if value in iso_codes()["countries"] else "NOT_ISO3166"


def _country_or_999(value: str) -> str | None:
    return None if value == "999" or not _country(value) else "NOT_ISO3166_OR_999"


def _country_letters(value: str) -> str | None:
    return None if value in iso_codes()["countries"].values() else "NOT_ISO3166_ALPHA2"  # type: ignore[union-attr]


def _currency(value: str) -> str | None:
    return None if value in iso_codes()["currencies"] else "NOT_ISO4217"


#: Rules by their names in the dictionary.
RULES: dict[str, Rule] = {
    "csum": _check_digit,
    "csumalpha": _check_pair,
    "gcppos1": _company_prefix(0),
    "gcppos2": _company_prefix(1),
    "hasnondigit": lambda value: "REQUIRES_NON_DIGIT_CHARACTER" if _is_digits(value) else None,
    "hh": _hour,
    "hhmi": lambda value: _hour(value[:2]) or _minute(value[2:]),
    "hyphen": _one_of("-", "NOT_HYPHEN"),
    "iban": _iban,
    "importeridx": lambda value: None if re.fullmatch(r"[-0-9A-Z_a-z]", value) else "INVALID_IMPORT_IDX_CHARACTER",
    "iso3166": _country,
    "iso3166999": _country_or_999,
    "iso3166alpha2": _country_letters,
    "iso4217": _currency,
    "iso5218": _one_of("0 1 2 9", "INVALID_BIOLOGICAL_SEX_CODE"),
    "latitude": _at_most(1_800_000_000, "INVALID_LATITUDE"),
    "longitude": _at_most(3_600_000_000, "INVALID_LONGITUDE"),
    "mediatype": lambda value: None if 1 <= int(value) <= 10 or int(value) >= 80 else "INVALID_MEDIA_TYPE",
    "mi": _minute,
    "nonzero": lambda value: None if int(value) else "ILLEGAL_ZERO_VALUE",
    "nozeroprefix": lambda value: "ILLEGAL_ZERO_PREFIX" if value[0] == "0" and len(value) > 1 else None,
    "pcenc": _percent_encoded,
    "pieceoftotal": _piece_of_total,
    "posinseqslash": _position_in_sequence,
    "ss": _second,
    "winding": _one_of("0 1 9", "INVALID_WINDING_DIRECTION"),
    "yesno": _one_of("0 1", "NOT_ZERO_OR_ONE"),
    "yymmd0": lambda value: _yymmdd(value, zero_day=True),
    "yymmdd": _yymmdd,
    "yyyymmdd": _yyyymmdd,
    "zero": _one_of("0", "NOT_ZERO"),
}

#: Rules that are not held: coupons of North America, and the package types of UN/ECE Recommendation 21, which
#: is no data attribute of a Digital Link.
NOT_HELD = frozenset({"couponcode", "couponposoffer", "packagetype"})
