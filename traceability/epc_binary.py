"""Compressed Digital Links: an EPC as an RFID tag holds it, in hexadecimal (``eh…``) or base 64 (``ex…``). Read only.

Pure. A string of bits begins with the header of its scheme. The schemes of before Tag Data Standard 2.0 hold a company
prefix of known length, a reference and a serial number; they are read as the URNs that say the same. Those of 2.0
(SGTIN+ …) hold identifiers one after the other, each in the way that GS1 has for its kind of value, then any others;
those of 2.3 (SGTIN++ …) hold a host's name between the two, which is passed over.
Sources: Tag Data Standard 2.3, sections 14 and 15.3 (tables E, F and K); GS1 Digital Link compression of EPC binary
strings 1.0.0, sections 4.1 and 4.2.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote

from kernel.errors import N_
from traceability import application_identifiers
from traceability.application_identifiers import Malformed
from traceability.digital_link import generate
from traceability.element_strings import Element
from traceability.epcis.epc_uris import identify


class Unreadable(Malformed):
    """A compressed link whose bits are none that the scheme of its header allows."""

    message = N_("This compressed link cannot be read: it is cut short, or was changed.")


#: The last segment of a path that may hold an EPC. No header begins with a small letter after ``ex``.
COMPRESSED = r"(?:eh[0-9a-f]{8,}|ex[A-Za-z0-9_-]{8,})"
_MOST_SIGNS = 400
_BASE_64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_URN_CODE_40 = " ABCDEFGHIJKLMNOPQRSTUVWXYZ-.:0123456789"


def is_epc(segment: str) -> bool:
    """Tell whether a segment of a path is a compressed link: its header is one that a scheme has."""
    return bool(re.fullmatch(COMPRESSED, segment)) and _bits(segment[:4])[:8] in _headers()


def decompress(segment: str) -> str:
    """Write a compressed link out: path and query of the Digital Link that says the same.

    :raises Malformed: if it cannot be read, or what it says is no Digital Link
    """
    if len(segment) > _MOST_SIGNS or not is_epc(segment):
        raise Unreadable
    bits = _bits(segment)
    scheme = _headers()[bits[:8]]
    reader = _Bits(bits[8:])
    elements = _old(scheme, reader) if isinstance(scheme, _Old) else _new(scheme, reader)
    return generate(elements, stem="")


def _bits(segment: str) -> str:
    if segment.startswith("eh"):
        return "".join(f"{int(sign, 16):04b}" for sign in segment[2:])
    return "".join(f"{_BASE_64.index(sign):06b}" for sign in segment[2:])


class _Bits:
    """Bits that are read from the left."""

    def __init__(self, bits: str) -> None:
        self._bits, self._at = bits, 0

    @property
    def left(self) -> int:
        return len(self._bits) - self._at

    def read(self, count: int) -> str:
        if count > self.left:
            raise Unreadable
        self._at += count
        return self._bits[self._at - count : self._at]

    def number(self, count: int) -> int:
        return int(self.read(count) or "0", 2)

    def are_zeros(self) -> bool:
        return "1" not in self._bits[self._at :]

    def starts_with(self, bits: str) -> bool:
        return self._bits.startswith(bits, self._at)


# --- Schemes of before Tag Data Standard 2.0 -----------------------------------------------------------------------


@dataclass(frozen=True)
class _Old:
    """A scheme with a partition: the shorter the company prefix, the longer the reference."""

    name: str  #: as in its URN
    digits: int  #: of prefix and reference together; 0: the reference takes what is left of its bits
    bits: int  #: of both together
    serial: str = ""  #: "n38" a number, "s140" text of 7 bits a sign, "c41" digits behind a 1, "p7" two digits
    reference: str = "n"  #: "n" digits; "s" text of 7 bits a sign, "k" of 6 bits up to a zero


_OLD = {
    0x2C: _Old("gdti", 12, 41, "n41"), 0x3E: _Old("gdti", 12, 41, "s119"), 0x2D: _Old("gsrn", 17, 58),
    0x2E: _Old("gsrnp", 17, 58), 0x30: _Old("sgtin", 13, 44, "n38"), 0x36: _Old("sgtin", 13, 44, "s140"),
    0x31: _Old("sscc", 17, 58), 0x32: _Old("sgln", 12, 41, "n41"), 0x39: _Old("sgln", 12, 41, "s140"),
    0x33: _Old("grai", 12, 44, "n38"), 0x37: _Old("grai", 12, 44, "s112"), 0x34: _Old("giai", 0, 82),
    0x38: _Old("giai", 0, 188, reference="s"), 0x3C: _Old("cpi", 0, 51, "n31"),
    0x3D: _Old("cpi", 0, 0, "n40", reference="k"), 0x3F: _Old("sgcn", 12, 41, "c41"),
    0x40: _Old("itip", 13, 44, "p7 p7 n38"), 0x41: _Old("itip", 13, 44, "p7 p7 s140"),
}  # fmt: skip
#: Bits of a company prefix of 12 to 6 digits.
_PREFIX_BITS = (40, 37, 34, 30, 27, 24, 20)


def _old(scheme: _Old, reader: _Bits) -> list[Element]:
    reader.read(3)  # the filter: no part of the identity
    partition = reader.number(3)
    if partition >= len(_PREFIX_BITS):
        raise Unreadable
    prefix = _digits(reader.number(_PREFIX_BITS[partition]), 12 - partition)
    rest = scheme.bits - _PREFIX_BITS[partition]
    if scheme.reference == "s":
        reference = _signs(reader, rest)
    elif scheme.reference == "k":
        reference = _six_bits(reader)
    elif scheme.digits:
        reference = _digits(reader.number(rest), scheme.digits - len(prefix))
    else:
        reference = str(reader.number(rest))
    parts = [prefix, quote(reference, safe=""), *(_serial(form, reader) for form in scheme.serial.split())]
    thing = identify(f"urn:epc:id:{scheme.name}:{'.'.join(parts)}")
    if thing is None or not reader.are_zeros():
        raise Unreadable
    return list(thing.path)


def _digits(number: int, count: int) -> str:
    text = str(number).zfill(count) if count else ""
    if len(text) > count or (not count and number):
        raise Unreadable
    return text


def _serial(form: str, reader: _Bits) -> str:
    count = int(form[1:])
    if form[0] == "s":
        return quote(_signs(reader, count), safe="")
    number = reader.number(count)
    if form[0] == "p":
        return _digits(number, 2)
    if form[0] == "c":
        if not str(number).startswith("1") or number == 1:
            raise Unreadable
        return str(number)[1:]
    return str(number)


def _signs(reader: _Bits, bits: int) -> str:
    text = "".join(chr(reader.number(7)) for _ in range(bits // 7))
    reader.read(bits % 7)
    text, _, rest = text.partition("\0")
    if rest.strip("\0") or not text:
        raise Unreadable
    return text


def _six_bits(reader: _Bits) -> str:
    text = ""
    while (code := reader.number(6)) != 0:
        text += chr(code if code >= 0x20 else code + 0x40)
    return text


# --- Schemes of Tag Data Standard 2.0 and 2.3 ----------------------------------------------------------------------


@dataclass(frozen=True)
class _New:
    """A scheme that holds the values of identifiers one after the other."""

    identifiers: tuple[str, ...]
    has_date: bool = False
    has_host: bool = False


#: header of the scheme, header of the same with a host's name: its identifiers
_NEW = {
    (0xF0, 0xE6): ("8010", "8011"), (0xF1, 0xEB): ("8003",), (0xF2, 0xE9): ("414", "254"), (0xF3, 0xED): ("8006", "21"),
    (0xF4, 0xE7): ("8018",), (0xF5, 0xE8): ("8017",), (0xF6, 0xEA): ("253",), (0xF7, 0xFD): ("01", "21"),
    (0xF8, 0xEC): ("255",), (0xF9, 0xEF): ("00",), (0xFA, 0xEE): ("8004",), (0xFB, 0xFC): ("01", "21"),
}  # fmt: skip
_DATED = 0xFB
#: Which date a DSGTIN+ holds.
_DATES = ("11", "13", "15", "16", "17", "7006", "7007")


@cache
def _headers() -> dict[str, _Old | _New]:
    found: dict[str, _Old | _New] = {f"{code:08b}": scheme for code, scheme in _OLD.items()}
    for (plain, with_host), codes in _NEW.items():
        found[f"{plain:08b}"] = _New(codes, plain == _DATED)
        found[f"{with_host:08b}"] = _New(codes, plain == _DATED, has_host=True)
    return found


def _new(scheme: _New, reader: _Bits) -> list[Element]:
    reader.read(1 + 3)  # whether more is to come, which the bits themselves tell; the filter
    elements: list[Element] = []
    if scheme.has_date:
        kind = reader.number(4)
        if kind >= len(_DATES):
            raise Unreadable
        elements.append((_DATES[kind], _date(reader)))
    elements += [(code, _value(code, reader)) for code in scheme.identifiers]
    if scheme.has_host:
        _pass_host(reader)
    elements += _further(reader)
    return elements


def _pass_host(reader: _Bits) -> None:
    has_seven_bits, length = reader.number(1), reader.number(6)
    reader.read(7 * length if has_seven_bits else -(-length // 3) * 16)


def _further(reader: _Bits) -> list[Element]:
    """Read what follows the EPC: codes of identifiers, a digit in four bits, each with its value."""
    elements = []
    while reader.left >= 8:
        # An SSCC has the code 00; where no room for one is left, zeros fill up the last word.
        if reader.starts_with("0" * 8) and reader.left < 8 + 72:
            break
        code = _four_bits(reader, 2)
        for _ in range(2):
            if application_identifiers.find(code) is None:
                code += _four_bits(reader, 1)
        elements.append((code, _value(code, reader)))
    if not reader.are_zeros():
        raise Unreadable
    return elements


# --- Values --------------------------------------------------------------------------------------------------------

#: How the values of identifiers are written. ``d14`` digits of four bits each, ``b6`` digits as one number, ``n8`` up
#: to so many digits with their count before them, ``x20`` up to so many signs with their alphabet and count before
#: them, ``e30`` digits up to an end, or signs after them; dates and the like by their names.
_FORMS = {
    "d2": "7241", "d13": "410-417", "d14": "01 02", "d18": "00 8006 8017 8018 8026", "d13 x17": "253", "d13 n12": "255",
    "d14 x16": "8003",
    "b1": "7252", "b2": "20", "b3": "422 424 426", "b4": "3940-3943 8111", "b8": "7250", "b12": "7251", "b13": "7001",
    "b14": "8001", "b17": "402", "b20": "4309", "b3 n15": "3910-3919 3930-3939", "b3 x9": "421", "b3 x27": "7030-7039",
    "b6": "3100-3105 3110-3115 3120-3125 3130-3135 3140-3145 3150-3155 3160-3165 3200-3205 3210-3215 3220-3225"
          " 3230-3235 3240-3245 3250-3255 3260-3265 3270-3275 3280-3285 3290-3295 3300-3305 3310-3315 3320-3325"
          " 3330-3335 3340-3345 3350-3355 3360-3365 3370-3375 3400-3405 3410-3415 3420-3425 3430-3435 3440-3445"
          " 3450-3455 3460-3465 3470-3475 3480-3485 3490-3495 3500-3505 3510-3515 3520-3525 3530-3535 3540-3545"
          " 3550-3555 3560-3565 3570-3575 3600-3605 3610-3615 3620-3625 3630-3635 3640-3645 3650-3655 3660-3665"
          " 3670-3675 3680-3685 3690-3695 3950-3953 8005",
    "b6 minus": "4330-4333",
    "n4": "7004", "n6": "242", "n8": "30 37", "n10": "8019", "n12": "8011", "n15": "3900-3909 3920-3929 423 425",
    "x2": "7010", "x3": "427 7008", "x4": "7040 7041", "x10": "7009 7255", "x12": "7005",
    "x20": "10 21 22 243 254 420 4318 7020-7022 710-716 7240 8002 8012", "x24": "8007", "x25": "7242 8013 8020",
    "x28": "235", "x30": "240 241 250 251 400 401 403 4308 4319 7002 7230-7239 90", "x35": "4300 4301 4310 4311 4320",
    "x40": "7253 7254 7259", "x50": "8009", "x70": "4302-4306 4312-4316 7257 8110 8112 8200", "x90": "7256 8030 91-99",
    "e30": "7023 8004 8010",
    "date": "11-13 15-17 4326 7006", "minute": "4324 4325 7003", "days": "7007", "moment": "7011 8008",
    "country": "4307 4317", "bit": "4321-4323", "sequence": "7258",
}  # fmt: skip


@cache
def _forms() -> dict[str, list[str]]:
    found = {}
    for form, codes in _FORMS.items():
        for part in codes.split():
            first, _, last = part.partition("-")
            for number in range(int(first), int(last or first) + 1):
                found[str(number).zfill(len(first))] = form.split()
    return found


def _value(code: str, reader: _Bits) -> str:
    forms = _forms().get(code)
    if forms is None:
        raise Unreadable
    return "".join(_part(form, reader) for form in forms)


def _part(form: str, reader: _Bits) -> str:
    named = _NAMED.get(form)
    if named is not None:
        return named(reader)
    kind, most = form[0], int(form[1:])
    if kind == "d":
        return _four_bits(reader, most)
    if kind == "b":
        return _digits(reader.number(_bits_of(most)), most)
    if kind == "n":
        return _counted(reader, reader.number(most.bit_length()), most)
    if kind == "x":
        return _alphanumeric(reader, most)
    return _up_to_end(reader, most)


def _bits_of(digits: int) -> int:
    """Count the bits of a number of so many digits."""
    return int(10**digits - 1).bit_length()


def _four_bits(reader: _Bits, count: int) -> str:
    codes = [reader.number(4) for _ in range(count)]
    if any(code > 9 for code in codes):
        raise Unreadable
    return "".join(map(str, codes))


def _counted(reader: _Bits, length: int, most: int) -> str:
    if not 0 < length <= most:
        raise Unreadable
    return _digits(reader.number(_bits_of(length)), length)


def _alphanumeric(reader: _Bits, most: int) -> str:
    alphabet = reader.number(3)
    length = reader.number(most.bit_length())
    if not 0 < length <= most:
        raise Unreadable
    if alphabet == 0:
        return _counted(reader, length, most)
    if alphabet in (1, 2):
        text = "".join(f"{reader.number(4):X}" for _ in range(length))
        return text if alphabet == 1 else text.lower()
    if alphabet == 3:
        return "".join(_BASE_64[reader.number(6)] for _ in range(length))
    if alphabet == 4:
        return "".join(chr(reader.number(7)) for _ in range(length))
    if alphabet == 5:
        return _three_at_a_time(reader, length)
    raise Unreadable


def _three_at_a_time(reader: _Bits, length: int) -> str:
    text = ""
    for _ in range(-(-length // 3)):
        number = reader.number(16) - 1
        if not 0 <= number < 40**3:
            raise Unreadable
        text += "".join(_URN_CODE_40[place] for place in (number // 1600, number // 40 % 40, number % 40))
    if len(text.rstrip()) != length or " " in text.rstrip():
        raise Unreadable
    return text.rstrip()


def _up_to_end(reader: _Bits, most: int) -> str:
    text = ""
    while (code := reader.number(4)) <= 9:
        text += str(code)
    if code == 0b1110:
        text += _alphanumeric(reader, most)
    elif code != 0b1111:
        raise Unreadable
    return text


def _date(reader: _Bits) -> str:
    year, month, day = reader.number(7), reader.number(4), reader.number(5)
    return f"{year:02}{month:02}{day:02}" if year <= 99 else _refused()


def _refused() -> str:
    raise Unreadable


def _clock(reader: _Bits, parts: int) -> str:
    return f"{reader.number(5):02}" + "".join(f"{reader.number(6):02}" for _ in range(parts - 1))


def _moment(reader: _Bits) -> str:
    """Day and hour, minutes or seconds: two bits say how much."""
    precision = reader.number(2)
    return _date(reader) + ("" if precision == 3 else _clock(reader, precision + 1))


def _days(reader: _Bits) -> str:
    return "".join(_date(reader) for _ in range(1 + reader.number(1)))


def _country(reader: _Bits) -> str:
    codes = [reader.number(6) for _ in range(2)]
    return "".join(_BASE_64[code] for code in codes) if max(codes) < 26 else _refused()


_NAMED: dict[str, Callable[[_Bits], str]] = {
    "date": _date,
    "minute": lambda reader: _date(reader) + _clock(reader, 2),
    "days": _days,
    "moment": _moment,
    "country": _country,
    "bit": lambda reader: reader.read(1),
    "minus": lambda reader: "-" if reader.read(1) == "1" else "",
    "sequence": lambda reader: f"{reader.number(4)}/{reader.number(4)}",
}

__all__ = ["COMPRESSED", "Unreadable", "decompress", "is_epc"]
