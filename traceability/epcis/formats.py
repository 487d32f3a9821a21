"""The two formats that texts of an event have: addresses (RFC 3986) and instants (RFC 3339).

Pure.
"""

from __future__ import annotations

import ipaddress
import re
from calendar import monthrange
from functools import lru_cache

_CHARACTER = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})"
_REGISTERED = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*"
_URI = re.compile(
    r"[A-Za-z][A-Za-z0-9+.\-]*:"
    rf"(?://(?:(?:[A-Za-z0-9\-._~!$&'()*+,;=:]|%[0-9A-Fa-f]{{2}})*@)?"
    rf"(?:\[(?P<literal>[^\]]*)\]|{_REGISTERED})(?::[0-9]*)?(?:/{_CHARACTER}*)*"
    rf"|/?(?:{_CHARACTER}+(?:/{_CHARACTER}*)*)?)"
    rf"(?:\?(?:{_CHARACTER}|[/?])*)?(?:#(?:{_CHARACTER}|[/?])*)?"
)
_FUTURE = re.compile(r"[vV][0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+")


@lru_cache(maxsize=16384)
def is_uri(text: str) -> bool:
    """Tell whether a text is an absolute address or URN, with a scheme: ``https://…``, ``urn:…``, ``ocop:grade``."""
    found = _URI.fullmatch(text)
    if found is None:
        return False
    literal = found["literal"]
    if literal is None or _FUTURE.fullmatch(literal):
        return True
    try:
        ipaddress.IPv6Address(literal)
    except ValueError:
        return False
    return "%" not in literal


_INSTANT = re.compile(
    r"([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt]([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]|60)"
    r"(?:\.[0-9]+)?(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))"
)


def is_instant(text: str) -> bool:
    """Tell whether a text is a day of the calendar, a time and a zone. A 60th second is the last of a day in UTC."""
    found = _INSTANT.fullmatch(text)
    if found is None:
        return False
    year, month, day, hour, minute, second, sign, hours, minutes = found.groups()
    if int(day) > 28 and int(day) > _days(int(year), int(month)):
        return False
    if second != "60":
        return True
    offset = (int(hours) * 60 + int(minutes)) * (1 if sign == "+" else -1) if sign else 0
    return (int(hour) * 60 + int(minute) - offset) % 1440 == 1439


def _days(year: int, month: int) -> int:
    # The calendar of Python begins with the year 1; the year 0 is a leap year.
    return monthrange(year or 4, month)[1]
