"""Names of things in events: EPC URNs and GS1 Digital Links, read into the one form that two spellings share.

Pure. What an event names may be written as ``urn:epc:id:sgtin:4012345.011111.98`` or as a Digital Link on any host;
both are one thing, and its name is the constrained canonical Digital Link of CBV 2.0 (section 8.9.2, rules 17 and
18): GS1's own host, no query, the finest level only. Sources: EPC Tag Data Standard 2.0, section 6; GS1 Digital Link.

Documents of others are read leniently here: the words of before URI Syntax 1.3 (``/gtin/``, ``/lot/``) and short
GTINs are understood, and check digits are not held against them: ``fault`` does that.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from kernel.errors import N_
from kernel.gs1 import CSET_82, check_digit
from traceability import application_identifiers as identifiers
from traceability import digital_link
from traceability.application_identifiers import Malformed
from traceability.element_strings import Element


@dataclass(frozen=True)
class Thing:
    """What a name names: its key, and the finest qualifier if it has one."""

    path: tuple[Element, ...]

    @property
    def key(self) -> str:
        """The application identifier of its key."""
        return self.path[0][0]

    @property
    def is_instance(self) -> bool:
        """Tell whether there is but one of it: a serial number, a carton, an asset."""
        code, value = self.path[0]
        if len(self.path) > 1:
            return self.path[1][0] in _SERIALS
        plain = _LENGTH_WITHOUT_SERIAL.get(code)
        return code in _ALWAYS_INSTANCES if plain is None else len(value) > plain

    @property
    def is_class(self) -> bool:
        """Tell whether there may be many of it: a product, a lot of one, a kind of asset or document."""
        return self.key in _CLASSES and not self.is_instance

    @property
    def lot(self) -> str | None:
        """The lot, if that is its finest level."""
        return self.path[1][1] if len(self.path) > 1 and self.path[1][0] == "10" else None

    @property
    def uri(self) -> str:
        """Its constrained canonical Digital Link."""
        return digital_link.CANONICAL_STEM + "".join(f"/{code}/{_encoded(value)}" for code, value in self.path)


_SERIALS = {"21", "235", "8011"}
_ALWAYS_INSTANCES = {"00", "401", "402", "8004", "8017", "8018"}
#: Keys that hold the serial number in their own value: how long they are without one.
_LENGTH_WITHOUT_SERIAL = {"253": 13, "255": 13, "8003": 14}
#: Goods that are made in lots.
_IN_LOTS = {"01", "8006"}
_CLASSES = {"01", "253", "255", "8003", "8006", "8010"}


@lru_cache(maxsize=16384)
def canonical(uri: Any) -> str | None:
    """Give the constrained canonical Digital Link of a name, or ``None`` for what names no GS1 key."""
    thing = identify(uri)
    return thing.uri if thing else None


@lru_cache(maxsize=16384)
def identify(uri: Any) -> Thing | None:
    """Tell what a name names: from an EPC URN (instance, class, pattern) or a Digital Link, or ``None``."""
    if not isinstance(uri, str):
        return None
    if uri.startswith("urn:epc:"):
        return _from_urn(uri)
    if uri.startswith(("http://", "https://", "HTTP", "Http")):
        return _from_link(uri)
    return None


@lru_cache(maxsize=16384)
def lot_of_unit(uri: str) -> str | None:
    """Give the name of the lot that the name of a single unit gives with it (``/01/…/10/…/21/…``), or ``None``."""
    thing = _from_link(uri, whole=True) if _ADDRESS.match(uri) else None
    if thing is None or thing.key not in _IN_LOTS:
        return None
    codes = dict(thing.path[1:])
    number = codes.get("10") or _of_query(uri, "10")
    return Thing((thing.path[0], ("10", number))).uri if number and codes.keys() & _SERIALS else None


def names_one(uri: str) -> bool:
    """Tell whether a name is that of one single thing, by its key: it belongs into a list of EPCs."""
    thing = identify(uri)
    return uri.startswith("urn:epc:id:") or (thing is not None and thing.is_instance)


def lot_of(uri: str, number: str) -> str | None:
    """Give the name of a lot of the goods that a single unit is one of."""
    thing = identify(uri)
    if thing is None or thing.key not in _IN_LOTS or not thing.is_instance or not _has_form("10", number):
        return None
    return Thing((thing.path[0], ("10", number))).uri


def _of_query(uri: str, code: str) -> str | None:
    """Read a value that an address gives in its query."""
    _, _, query = uri.partition("#")[0].partition("?")
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name == code:
            try:
                read = digital_link.percent_decode(value)
            except Malformed:
                return None
            return read if _has_form(code, read) else None
    return None


@lru_cache(maxsize=16384)
def fault(uri: str) -> Malformed | None:
    """Say what is wrong with a name that sets out to be a GS1 key: a check digit, a length, a sign.

    ``None`` for what is right, and for what does not claim to be one: a private address, a URN of others.
    """
    if uri.startswith("urn:epc:"):
        known = _URN.fullmatch(uri)
        if known is None or (known[1], known[2]) not in _SCHEMES:
            return None
        thing = _from_urn(uri)
        if thing is None:
            return MalformedUrn(scheme=known[2].upper())
    else:
        thing = _from_link(uri, whole=True)
        if thing is None and _CLAIM.match(uri):
            return _fault_of_link(uri)
    return _first_fault(thing.path) if thing else None


#: An address whose path begins with a key, or on GS1's own host: it sets out to be a Digital Link.
_CLAIM = re.compile(r"(?i:https?)://(?:id\.gs1\.org/|[^/?#]+/(?:00|01|414|417)/[0-9])")


def _fault_of_link(uri: str) -> Malformed | None:
    try:
        digital_link.parse_uri(uri)
    except Malformed as found:
        return found
    return None


class MalformedUrn(Malformed):
    """It begins like the EPC URN of a GS1 key, and goes on otherwise."""

    message = N_("This is not written as the EPC URN of a %(scheme)s.")


def _first_fault(path: tuple[Element, ...]) -> Malformed | None:
    for code, value in path:
        try:
            identifiers.check_value(code, value)
        except Malformed as found:
            return found
    return None


# --- EPC URNs ------------------------------------------------------------------------------------------------------

_URN = re.compile(r"urn:epc:(id|class|idpat):([a-z]+):(.+)")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
Reader = Callable[[str], "tuple[Element, ...] | None"]


def _from_urn(uri: str) -> Thing | None:
    parts = _URN.fullmatch(uri)
    if parts is None:
        return None
    read = _SCHEMES.get((parts[1], parts[2]))
    path = read(parts[3]) if read else None
    return Thing(path) if path else None


def _key(prefix: str, reference: str, digits: int, *, moves: bool = False) -> str | None:
    """Put a key of fixed length together; of some, the first digit of the reference goes before the prefix."""
    if not (_is_digits(prefix) and 6 <= len(prefix) <= 12 and len(prefix) + len(reference) == digits):
        return None
    if reference and not _is_digits(reference):
        return None
    body = reference[:1] + prefix + reference[1:] if moves else prefix + reference
    return body + check_digit(body)


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _text(escaped: str, most: int) -> str | None:
    """Undo the escapes of a URN, and see that set 82 and the length hold."""
    text = _ESCAPE.sub(lambda code: chr(int(code[1], 16)), escaped) if "%" in escaped else escaped
    return text if 0 < len(text) <= most and CSET_82.issuperset(text) else None


def _parts(rest: str, count: int) -> list[str] | None:
    parts = rest.split(".", count - 1)
    return parts if len(parts) == count else None


def _with_qualifier(ai: str, digits: int, qualifier: str, most: int, *, moves: bool) -> Reader:
    """SGTIN, UPUI, LGTIN: a key of fixed length, then a qualifier."""

    def read(rest: str) -> tuple[Element, ...] | None:
        parts = _parts(rest, 3)
        key = _key(parts[0], parts[1], digits, moves=moves) if parts else None
        serial = _text(parts[2], most) if parts else None
        return ((ai, key), (qualifier, serial)) if key and serial else None

    return read


def _with_serial(ai: str, digits: int, most: int, *, before: str = "", numeric: bool = False) -> Reader:
    """GRAI, GDTI, SGCN: the serial number is the end of the key itself."""

    def read(rest: str) -> tuple[Element, ...] | None:
        parts = _parts(rest, 3)
        key = _key(parts[0], parts[1], digits) if parts else None
        serial = _text(parts[2], most) if parts else None
        if not key or not serial or (numeric and not _is_digits(serial)):
            return None
        return ((ai, before + key + serial),)

    return read


def _plain(ai: str, digits: int, *, moves: bool = False) -> Reader:
    """SSCC, GSRN, GSIN, PGLN: nothing follows the key."""

    def read(rest: str) -> tuple[Element, ...] | None:
        parts = _parts(rest, 2)
        key = _key(parts[0], parts[1], digits, moves=moves) if parts else None
        return ((ai, key),) if key else None

    return read


def _free(ai: str) -> Reader:
    """GIAI, GINC: the company's own reference in set 82, without a check digit."""

    def read(rest: str) -> tuple[Element, ...] | None:
        parts = _parts(rest, 2)
        if parts is None or not (_is_digits(parts[0]) and 6 <= len(parts[0]) <= 12):
            return None
        reference = _text(parts[1], 30 - len(parts[0]))
        return ((ai, parts[0] + reference),) if reference else None

    return read


def _sgln(rest: str) -> tuple[Element, ...] | None:
    parts = _parts(rest, 3)
    key = _key(parts[0], parts[1], 12) if parts else None
    extension = _text(parts[2], 20) if parts else None
    if not key or not extension:
        return None
    # An extension "0" is how an SGLN says that there is none.
    return (("414", key),) if extension == "0" else (("414", key), ("254", extension))


_COMPONENT = re.compile(r"[0-9A-Z#/-]+")


def _cpi(rest: str) -> tuple[Element, ...] | None:
    parts = _parts(rest, 3)
    if parts is None or not (_is_digits(parts[0]) and 6 <= len(parts[0]) <= 12):
        return None
    reference = _ESCAPE.sub(lambda code: chr(int(code[1], 16)), parts[1])
    if not _COMPONENT.fullmatch(reference) or len(parts[0] + reference) > 30:
        return None
    if parts[2] == "*":
        return (("8010", parts[0] + reference),)
    return (("8010", parts[0] + reference), ("8011", parts[2])) if re.fullmatch(r"[0-9]{1,12}", parts[2]) else None


def _itip(rest: str) -> tuple[Element, ...] | None:
    parts = _parts(rest, 5)
    gtin = _key(parts[0], parts[1], 13, moves=True) if parts else None
    if not parts or not gtin or not all(re.fullmatch(r"[0-9]{2}", part) for part in parts[2:4]):
        return None
    key = ("8006", gtin + parts[2] + parts[3])
    if parts[4] == "*":
        return (key,)
    serial = _text(parts[4], 20)
    return (key, ("21", serial)) if serial else None


def _pattern(ai: str, digits: int, *, moves: bool = False, before: str = "") -> Reader:
    """Read the pattern ``….*`` of a key: all serial numbers of it, which is the kind of thing itself."""

    def read(rest: str) -> tuple[Element, ...] | None:
        parts = _parts(rest, 3)
        key = _key(parts[0], parts[1], digits, moves=moves) if parts and parts[2] == "*" else None
        return ((ai, before + key),) if key else None

    return read


_SCHEMES: dict[tuple[str, str], Reader] = {
    ("id", "sgtin"): _with_qualifier("01", 13, "21", 20, moves=True),
    ("id", "upui"): _with_qualifier("01", 13, "235", 28, moves=True),
    ("id", "sscc"): _plain("00", 17, moves=True),
    ("id", "sgln"): _sgln,
    ("id", "pgln"): _plain("417", 12),
    ("id", "grai"): _with_serial("8003", 12, 16, before="0"),
    ("id", "giai"): _free("8004"),
    ("id", "gsrn"): _plain("8018", 17),
    ("id", "gsrnp"): _plain("8017", 17),
    ("id", "gdti"): _with_serial("253", 12, 17),
    ("id", "sgcn"): _with_serial("255", 12, 12, numeric=True),
    ("id", "ginc"): _free("401"),
    ("id", "gsin"): _plain("402", 16),
    ("id", "cpi"): lambda rest: None if rest.endswith(".*") else _cpi(rest),
    ("id", "itip"): lambda rest: None if rest.endswith(".*") else _itip(rest),
    ("class", "lgtin"): _with_qualifier("01", 13, "10", 20, moves=True),
    ("idpat", "sgtin"): _pattern("01", 13, moves=True),
    ("idpat", "upui"): _pattern("01", 13, moves=True),
    ("idpat", "grai"): _pattern("8003", 12, before="0"),
    ("idpat", "gdti"): _pattern("253", 12),
    ("idpat", "sgcn"): _pattern("255", 12),
    ("idpat", "cpi"): lambda rest: _cpi(rest) if rest.endswith(".*") else None,
    ("idpat", "itip"): lambda rest: _itip(rest) if rest.endswith(".*") else None,
}


# --- Patterns ------

#: Of each key with patterns: its identifier, how many digits it has with its check digit, what stands before the
#: company's prefix and after the key, and how many parts a pattern has.
_PATTERNS: dict[str, tuple[str, int, str, str, int]] = {
    "sgtin": ("01", 14, "_", "/%", 3),
    "upui": ("01", 14, "_", "/235/%", 3),
    "itip": ("8006", 14, "_", "____/21/%", 5),
    "sscc": ("00", 18, "_", "", 2),
    "sgln": ("414", 13, "", "%", 3),
    "pgln": ("417", 13, "", "", 2),
    "grai": ("8003", 13, "0", "_%", 3),
    "gdti": ("253", 13, "", "_%", 3),
    "sgcn": ("255", 13, "", "_%", 3),
    "gsrn": ("8018", 18, "", "", 2),
    "gsrnp": ("8017", 18, "", "", 2),
    "gsin": ("402", 17, "", "", 2),
    "giai": ("8004", 0, "", "_%", 2),
    "ginc": ("401", 0, "", "_%", 2),
    "cpi": ("8010", 0, "", "_%/8011/%", 3),
}
_STARS = re.compile(r"urn:epc:idpat:([a-z]+):((?:[^*.]*\.)*)(\*(?:\.\*)*)")


def like(pattern: str) -> str | None:
    """Give the LIKE (``\\`` escapes) by which kept names match an EPC pattern; ``None`` for what is none.

    From the first star on all parts are stars.
    Source: EPC Tag Data Standard 2.0, section 8 (URIs for EPC pure identity patterns).
    """
    found = _STARS.fullmatch(pattern)
    if found is None:
        return None
    scheme, known, stars = found[1], found[2].split(".")[:-1], found[3].count("*")
    if scheme not in _PATTERNS:  # not of GS1: kept as it was sent
        return escaped(f"urn:epc:id:{scheme}:{found[2]}") + "%"
    code, digits, before, after, parts = _PATTERNS[scheme]
    if len(known) + stars != parts:
        return None
    stem = f"{digital_link.CANONICAL_STEM}/{code}/"
    prefix = known[0] if known else ""
    if known and not (_is_digits(prefix) and 6 <= len(prefix) <= 12):
        return None
    moves = before == "_"
    if len(known) < 2:
        return stem + before + prefix + "_" * max(0, digits - moves - len(prefix)) + after
    if scheme == "cpi":
        reference = _ESCAPE.sub(lambda code: chr(int(code[1], 16)), known[1])
        return f"{stem}{escaped(_encoded(prefix + reference))}/8011/%" if _COMPONENT.fullmatch(reference) else None
    key = _key(prefix, known[1], digits - 1, moves=moves)
    if key is None or not all(re.fullmatch("[0-9]{2}", part) for part in known[2:]):
        return None
    if scheme == "itip":
        return f"{stem}{key}{''.join(known[2:])}{'__' * (4 - len(known))}/21/%"
    return stem + ("" if moves else before) + key + after


def escaped(text: str) -> str:
    """Write a text so that LIKE takes each sign for itself."""
    return re.sub(r"([\\%_])", r"\\\1", text)


# --- Digital Links -------------------------------------------------------------------------------------------------

#: Words that stood for identifiers before URI Syntax 1.3.
_WORDS = {
    "gtin": "01", "itip": "8006", "cpid": "8010", "gln": "414", "party": "417", "gsrnp": "8017", "gsrn": "8018",
    "gcn": "255", "sscc": "00", "gdti": "253", "ginc": "401", "gsin": "402", "grai": "8003", "giai": "8004",
    "cpv": "22", "lot": "10", "ser": "21",
}  # fmt: skip
#: The keys that have a constrained canonical form, and their qualifiers, the finest first.
_FINEST: dict[str, tuple[str, ...]] = {
    "00": (), "01": ("235", "21", "10"), "253": (), "255": (), "401": (), "402": (), "414": ("254",), "417": (),
    "8003": (), "8004": (), "8006": ("21", "10"), "8010": ("8011",), "8017": (), "8018": (),
}  # fmt: skip
_ADDRESS = re.compile(r"(?i:https?)://[^/?#]+([^?#]*)")


def _from_link(uri: str, *, whole: bool = False) -> Thing | None:
    """Find the key in the path of an address.

    :param whole: keep all levels of the path
    """
    address = _ADDRESS.match(uri)
    if address is None:
        return None
    segments = address[1].removesuffix("/").split("/")[1:]
    for start in range(len(segments) - 2, -1, -2):
        code = _WORDS.get(segments[start], segments[start])
        if code in _FINEST:
            pairs = segments[start:]
            break
    else:
        return None
    path = [
        (_WORDS.get(code, code), digital_link.percent_decode(value))
        for code, value in zip(pairs[::2], pairs[1::2], strict=True)
    ]
    if path[0][0] == "01" and len(path[0][1]) in (8, 12, 13):
        path[0] = ("01", path[0][1].zfill(14))
    if not digital_link.is_path([code for code, _ in path]) or not all(_has_form(code, value) for code, value in path):
        return None
    if whole:
        return Thing(tuple(path))
    qualifiers = dict(path[1:])
    finest = next((code for code in _FINEST[path[0][0]] if code in qualifiers), None)
    return Thing((path[0], (finest, qualifiers[finest])) if finest else (path[0],))


_FORMS = {"N": "[0-9]", "X": '[!-"%-?A-Z_a-z]', "Y": "[#/0-9A-Z-]", "Z": "[-0-9=A-Z_a-z]"}


@lru_cache(maxsize=64)
def _form(code: str) -> re.Pattern[str]:
    written = ""
    for part in identifiers.get(code).components:
        one = f"{_FORMS[part.kind]}{{{part.least},{part.most}}}"
        written += f"(?:{one})?" if part.optional else one
    return re.compile(written)


def _has_form(code: str, value: str) -> bool:
    """Tell whether a value has the length and the signs of its identifier; check digits are another matter."""
    return _form(code).fullmatch(value) is not None


_TO_ENCODE = re.compile(r"[^A-Za-z0-9\-._;=']")


def _encoded(value: str) -> str:
    """Percent-encode a value as CBV's hash does: EPC URNs write ``;``, ``=`` and the apostrophe as they are."""
    return _TO_ENCODE.sub(lambda sign: f"%{ord(sign[0]):02X}", value) if _TO_ENCODE.search(value) else value
