"""GS1 Digital Link addresses: read, checked, written, and brought to the one form that identifies a thing.

Pure. Addresses are read from the *raw* path and query: a server that decodes ``%2F`` before this can no longer
tell a slash in a lot number from one between segments. Source: GS1 Digital Link Standard, URI Syntax 1.7.0;
which identifier may stand where: ``application_identifiers``.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from kernel import gs1
from kernel.errors import N_
from traceability import application_identifiers as identifiers
from traceability.application_identifiers import Malformed, UnknownIdentifier
from traceability.element_strings import Element, Repeated, check_repeats, to_scan

CANONICAL_STEM = "https://id.gs1.org"


class MalformedLink(Malformed):
    """An address that is no GS1 Digital Link."""

    message = N_("This address is no GS1 Digital Link.")


class NotAnAddress(MalformedLink):
    """It does not begin with http(s) and a host, or holds signs that no address holds."""

    message = N_("This is not a web address.")


class NoKey(MalformedLink):
    """Nothing in the path is a primary key with its value."""

    message = N_("This address holds no GS1 key with its value, such as /01/ and 14 digits.")


class ZeroByte(MalformedLink):
    """``%00``: no value holds it, and programs stumble over it."""

    message = N_("This address holds a zero byte, which may not stand in one.")


class NotAQualifier(MalformedLink):
    """What follows the key is no qualifier of it, or stands in the wrong order."""

    message = N_("(%(ai)s) cannot stand at this place after (%(key)s).")


class QualifierMissing(MalformedLink):
    """The key means nothing without a qualifier."""

    message = N_("(%(key)s) has to be followed by (%(ai)s).")


class NotAnAttribute(MalformedLink):
    """The identifier may not stand after the question mark."""

    message = N_("(%(ai)s) cannot stand after the question mark of an address.")


class BelongsInThePath(MalformedLink):
    """The identifier is a qualifier of the key, and stands after the question mark."""

    message = N_("(%(ai)s) belongs into the path of this address, after (%(key)s).")


class RepeatedInLink(MalformedLink, Repeated):
    """An identifier twice, even with the same value."""

    message = N_("(%(ai)s) stands twice in this address.")


@dataclass(frozen=True)
class DigitalLink:
    """A GS1 Digital Link taken apart. All its values have been checked, unless :func:`taken_apart` alone gave it."""

    path: tuple[Element, ...]  #: the primary key, then its qualifiers, in order
    attributes: tuple[Element, ...] = ()  #: identifiers of the query, in its order
    extensions: tuple[str, ...] = ()  #: the rest of the query as it came: "utm_source=x", "linkType=gs1:pip"
    stem: str = ""  #: the path before the key, without a slash at its end: "/some/where"

    @property
    def key(self) -> Element:
        """The primary key and its value."""
        return self.path[0]

    def value(self, code: str) -> str | None:
        """Give the value of an identifier, wherever it stands."""
        return dict((*self.path, *self.attributes)).get(code)

    @property
    def gtin(self) -> str | None:
        """Its GTIN (14 digits), if that is its key."""
        return self.key[1] if self.key[0] == "01" else None

    @property
    def lot(self) -> str | None:
        """The lot in its path."""
        return dict(self.path[1:]).get("10")

    @property
    def serial(self) -> str | None:
        """The serial number in its path."""
        return dict(self.path[1:]).get("21")

    def levels(self) -> list[tuple[Element, ...]]:
        """Give the paths from this one up to the bare key: what a resolver looks up, the finest first."""
        return [self.path[:length] for length in range(len(self.path), 0, -1)]

    def canonical(self) -> str:
        """Write the form that identifies the thing: GS1's own host, sorted attributes, no other keys."""
        return CANONICAL_STEM + written(self.path, sorted(self.attributes))

    def element_string(self) -> str:
        """Write it as a barcode would hold it, FNC1 as ``^``."""
        return to_scan((*self.path, *self.attributes))


# --- Reading ---------------------------------------------------------------------------------------------------


def parse(raw_path: str, raw_query: str = "", *, trailing_slash: bool = False) -> DigitalLink:
    """Read the path and query of an address, as they came over the wire.

    The rightmost primary key that is followed by pairs only is the key; what stands before it is the stem.

    :param raw_path: begins with a slash; still percent-encoded
    :param raw_query: without the question mark; still percent-encoded
    :param trailing_slash: overlook one slash at the end, as resolvers should
    :raises Malformed: a subclass that says what is wrong
    """
    if trailing_slash and raw_path.endswith("/"):
        raw_path = raw_path[:-1]
    link = taken_apart(raw_path, raw_query)
    _check_path(link.path)
    _check_attributes(link.path, link.attributes)
    return link


def taken_apart(raw_path: str, raw_query: str = "") -> DigitalLink:
    """Take the path and query of an address apart, without holding the values and their places against any rule.

    :raises MalformedLink: there is no key to be found in it
    """
    for raw in (raw_path, raw_query):
        if "%00" in raw:
            raise ZeroByte
        if not _URI_SIGNS.fullmatch(raw):
            raise NotAnAddress
    stem, pairs = _split_path(raw_path)
    path = tuple((code, percent_decode(value)) for code, value in pairs)
    attributes, extensions = _split_query(raw_query)
    return DigitalLink(path, tuple(attributes), tuple(extensions), stem)


def parse_uri(uri: str) -> DigitalLink:
    """Read a whole address; its fragment is ignored, a slash at the end is not.

    :raises Malformed: a subclass that says what is wrong
    """
    whole = re.fullmatch(r"(?i:https?)://([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#.*)?", uri)
    if whole is None or not _is_host(whole[1]):
        raise NotAnAddress
    return parse(whole[2], whole[3] or "")


def percent_decode(text: str, *, query: bool = False) -> str:
    """Undo percent-encoding, each byte as one sign (Latin-1); what is no such code stays as it is.

    :param query: a plus sign is a space there, and a plus sign in a path
    """
    if query:
        text = text.replace("+", " ")
    return re.sub(r"%([0-9A-Fa-f]{2})", lambda code: chr(int(code[1], 16)), text)


def percent_encode(text: str, *, query: bool = False) -> str:
    """Encode all but letters, digits and ``-._~``; a space in a query becomes a plus sign."""
    return "".join(
        sign
        if _UNRESERVED.match(sign)
        else "+"
        if query and sign == " "
        else "".join(f"%{byte:02X}" for byte in sign.encode("latin-1" if ord(sign) < 256 else "utf-8"))
        for sign in text
    )


_UNRESERVED = re.compile(r"[A-Za-z0-9\-._~]")
_URI_SIGNS = re.compile(r"[A-Za-z0-9\-._~:/?@!$&'()*+,;=%]*")
_HOST = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9.\-]*[A-Za-z0-9])?\.?)(:[0-9]{0,5})?")
_LITERAL = re.compile(r"\[([0-9A-Fa-f:.]+)\](:[0-9]{0,5})?")


def _is_host(text: str) -> bool:
    literal = _LITERAL.fullmatch(text)
    if literal is None:
        return _HOST.fullmatch(text) is not None
    try:
        ipaddress.IPv6Address(literal[1])
    except ValueError:
        return False
    return True


def _split_path(raw_path: str) -> tuple[str, list[Element]]:
    """Find the rightmost key, counting in pairs from the end."""
    segments = raw_path.split("/")[1:]
    for start in range(len(segments) - 2, -1, -2):
        code = segments[start]
        identifier = identifiers.find(code) if _is_number(code) else None
        if identifier is not None and identifier.is_key:
            pairs = list(zip(segments[start::2], segments[start + 1 :: 2], strict=True))
            stem = "".join("/" + segment for segment in segments[:start])
            return stem, pairs
    raise NoKey


def _split_query(raw_query: str) -> tuple[list[Element], list[str]]:
    attributes: list[Element] = []
    extensions: list[str] = []
    for pair in re.split("[&;]", raw_query):
        raw_code, _, raw_value = pair.partition("=")
        code = percent_decode(raw_code, query=True)
        if _is_number(code):
            attributes.append((code, percent_decode(raw_value, query=True)))
        elif pair:
            extensions.append(pair)
    return attributes, extensions


def _is_number(code: str) -> bool:
    return code.isascii() and code.isdigit()


# --- Rules of place --------------------------------------------------------------------------------------------


def is_path(codes: Sequence[str]) -> bool:
    """Tell whether identifiers may follow each other like this in a path: a key, then its qualifiers in order."""
    identifier = identifiers.find(codes[0]) if codes else None
    if identifier is None or identifier.qualifiers is None:
        return False
    return any(_is_in_order(codes[1:], order) for order in identifier.qualifiers)


def _is_in_order(codes: Sequence[str], order: Sequence[str]) -> bool:
    places = [order.index(code) if code in order else -1 for code in codes]
    return -1 not in places and all(first < second for first, second in pairwise(places))


def _check_path(path: Sequence[Element]) -> None:
    codes = [code for code, _ in path]
    key = codes[0]
    for place, (code, value) in enumerate(path):
        if place and not is_path(codes[: place + 1]):
            if code in codes[:place]:
                raise RepeatedInLink(ai=code)
            if _is_number(code) and identifiers.find(code) is None:
                raise UnknownIdentifier(ai=code)
            raise NotAQualifier(ai=code, key=key)
        identifiers.check_value(code, value)
    for group in identifiers.get(key).requires:
        # A payee (415) is nothing without the number of its payment (8020).
        if len(group) == 1 and is_path([key, group[0]]) and group[0] not in codes:
            raise QualifierMissing(key=key, ai=group[0])


def _check_attributes(path: Sequence[Element], attributes: Sequence[Element]) -> None:
    codes = [code for code, _ in path]
    seen = set(codes)
    for code, value in attributes:
        identifier = identifiers.get(code)
        if code in seen:
            raise RepeatedInLink(ai=code)
        seen.add(code)
        if _has_place_in(codes, code):
            raise BelongsInThePath(ai=code, key=codes[0])
        if not identifier.attribute:
            raise NotAnAttribute(ai=code)
        identifiers.check_value(code, value)


def _has_place_in(codes: list[str], code: str) -> bool:
    return any(is_path([*codes[:place], code, *codes[place:]]) for place in range(1, len(codes) + 1))


# --- Writing ---------------------------------------------------------------------------------------------------


def build(base_url: str, gtin: str, lot: str, serial: str | None = None) -> str:
    """Write the address that a batch's label carries: ``<base>/01/<GTIN>/10/<lot>``, with ``/21/<serial>`` if any.

    :param base_url: of our own domain, with or without a slash at its end
    :param gtin: 8, 12, 13 or 14 digits
    :raises kernel.gs1.MalformedKey:
    :raises kernel.gs1.MalformedLot:
    :raises Malformed: for a serial number that cannot be one
    """
    path = [("01", gs1.gtin14(gtin)), ("10", gs1.lot_number(lot))]
    if serial is not None:
        identifiers.check_value("21", serial)
        path.append(("21", serial))
    return base_url.rstrip("/") + written(path)


def generate(elements: Iterable[Element], stem: str | None = None) -> str:
    """Write elements as a Digital Link: the first key among them, its qualifiers, the rest as attributes.

    :param stem: ``https://host/any/path``; without one the canonical form is written
    :raises Malformed: if a value is wrong, there is no key, or something can stand neither here nor there
    """
    elements = list(elements)
    check_repeats(elements)
    values = dict(elements)
    for code, value in values.items():
        identifiers.check_value(code, value)
    key = next((code for code in values if identifiers.get(code).is_key), None)
    if key is None:
        raise NoKey
    orders = identifiers.get(key).qualifiers or ()
    order = max(orders, key=lambda order: sum(code in values for code in order), default=())
    path = [(code, values[code]) for code in (key, *order) if code in values]
    _check_path(path)
    used = {code for code, _ in path}
    rest = [(code, value) for code, value in values.items() if code not in used]
    _check_attributes(path, rest)
    if stem is None:
        return CANONICAL_STEM + written(path, sorted(rest))
    # Values of known length first, as GS1's own programs write them.
    rest.sort(key=lambda element: not identifiers.get(element[0]).fixed)
    return stem.rstrip("/") + written(path, rest)


def written(path: Iterable[Element], attributes: Iterable[Element] = ()) -> str:
    """Write path and query of a Digital Link, percent-encoded, from a slash on. Nothing is checked."""
    text = "".join(f"/{code}/{percent_encode(value)}" for code, value in path)
    query = "&".join(f"{code}={percent_encode(value, query=True)}" for code, value in attributes)
    return f"{text}?{query}" if query else text
