"""A GS1 key as it stands on a pack, typed or scanned: an address of any host, or what is printed under a bar code.

Pure. People copy what programs wrote and what printers left out: identifiers in any order, a GTIN without its zeros,
a lot after the question mark. What names the thing is held against the rules; what cannot stand beside it is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from traceability import application_identifiers as identifiers
from traceability import digital_link, element_strings
from traceability.application_identifiers import Malformed
from traceability.digital_link import DigitalLink, NoKey
from traceability.element_strings import NotElements

_ADDRESS = re.compile(r"(?:https?://[^/?#]+|[^/?#:]+\.[^/?#:]+)?(/[^?#]*)(?:\?([^#]*))?(?:#.*)?", re.IGNORECASE)
#: Browsers show these as they are; in an address they stand encoded.
_NOT_IN_ADDRESSES = re.compile(r"[^!-~]|[\"<>\[\]\\^`{|}]")


def read(typed: str) -> DigitalLink | None:
    """Read a Digital Link or an element string in brackets; None for what is neither.

    A lot after the question mark is read as if it stood in the path.

    :raises Malformed: it holds a key, and breaks a rule of it
    """
    plain = "".join(typed.split())
    address = _ADDRESS.fullmatch(plain)
    try:
        if plain.startswith("("):
            return _link(dict(element_strings.pairs(plain)))
        if address is None:
            return None
        path, query = (_NOT_IN_ADDRESSES.sub(_encoded, part or "") for part in address.groups())
        link = digital_link.taken_apart(path.rstrip("/"), query)
    except (NoKey, NotElements):
        return None
    values = dict(link.path)
    for code, value in link.attributes:
        values.setdefault(code, value)
    return _link(values, link.extensions)


def _encoded(sign: re.Match[str]) -> str:
    return digital_link.percent_encode(sign[0])


def _link(values: Mapping[str, str], extensions: tuple[str, ...] = ()) -> DigitalLink:
    values = {code: _whole_gtin(value) if code == "01" else value for code, value in values.items()}
    key = next((code for code in values if (one := identifiers.find(code)) is not None and one.is_key), None)
    if key is None:
        raise NoKey
    orders = identifiers.get(key).qualifiers or ()
    order = max(orders, key=lambda order: sum(code in values for code in order), default=())
    path = tuple((code, values[code]) for code in (key, *order) if code in values)
    link = digital_link.parse(digital_link.written(path))
    beside = tuple((code, value) for code, value in values.items() if _may_stand_beside(link, code, value))
    return DigitalLink(link.path, beside, extensions)


def _whole_gtin(value: str) -> str:
    return value.zfill(14) if value.isascii() and value.isdigit() and len(value) >= 8 else value


def _may_stand_beside(link: DigitalLink, code: str, value: str) -> bool:
    try:
        digital_link.parse(digital_link.written(link.path), digital_link.written((), [(code, value)])[1:])
    except Malformed:
        return False
    return True
