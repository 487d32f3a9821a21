"""What an event can be asked for: its values under the names that query parameters use. Pure.

``MATCH_epc`` asks for ``epc``, ``EQ_bizTransaction_inv`` for ``bizTransaction_inv``, ``GE_value_CEL`` for
``value_CEL``. Fields of somebody's own are kept by the address that their name stands for, whichever prefix an event
used: ``EQ_ILMD_cbvmda:lotNumber`` asks for ``ILMD_urn:epcglobal:cbv:mda:lotNumber``, ``EXISTS_INNER_x:y`` for
``INNER_https://x.example/y``. Names of things are kept in the one form that their spellings share.
Source: EPCIS 2.0, section 8.2.7.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from traceability.epcis import namespaces
from traceability.epcis.names import kept
from traceability.epcis.prose import instant
from traceability.epcis.structure import STANDARD_TYPES
from traceability.epcis.vocabulary import words

LONGEST_NAME, LONGEST_VALUE = 400, 600
#: Bytes of a name and of a value that an index can hold together.
_NAME_BYTES, _VALUE_BYTES = 600, 1_800


class Field(NamedTuple):
    """A value of an event by which it can be asked for."""

    name: str
    value: str
    number: float | None


def fields_of(event: dict[str, Any]) -> list[Field]:
    """List what an event in its normal spelling can be asked for, each once."""
    return list(dict.fromkeys(_all(namespaces.of_event(event))))


def as_name(text: str) -> str:
    """Write the name of a thing as it is kept."""
    return cut(kept(text))


def cut(text: str) -> str:
    """Shorten a value to what is kept of it."""
    if "\0" in text or not text.isascii():
        # Half signs and the sign 0 cannot be kept by PostgreSQL.
        text = text.replace("\0", "").encode("utf-8", "replace")[:_VALUE_BYTES].decode("utf-8", "ignore")
    return text[:LONGEST_VALUE]


def as_number(value: Any) -> float | None:
    """Give a number, or an instant or a day as seconds, by which values are compared; None for other texts."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    if not isinstance(value, str) or not value or value[0] not in "+-.0123456789" or len(value) > 40:
        return None
    if _NUMBER.fullmatch(value):
        found = float(value)
        return found if abs(found) < 1e300 else None
    if _DAY.fullmatch(value):
        value += "T00:00:00Z"
    return seconds(value) if _INSTANT.match(value) else None


def is_number(text: str) -> bool:
    """Tell whether a text is a plain number, and no instant or day."""
    return bool(_NUMBER.fullmatch(text))


def seconds(text: str) -> float | None:
    """Give an instant as seconds since 1970, None for what is none."""
    at = instant(text)
    if at is None or at.tzinfo is None:
        return None
    return (at - _EPOCH).total_seconds()


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,30}\.?[0-9]{0,30}|\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,3})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]")

#: Lists of names, and under which names they are asked for.
_EPCS = {"epcList": "epc", "childEPCs": "epc", "inputEPCList": "inputEPC", "outputEPCList": "outputEPC"}
_CLASSES = {
    "quantityList": "epcClass",
    "childQuantityList": "epcClass",
    "inputQuantityList": "inputEPCClass",
    "outputQuantityList": "outputEPCClass",
}
_PAIRS = {
    "bizTransactionList": ("bizTransaction", "bizTransaction"),
    "sourceList": ("source", "sourceOrDestination"),
    "destinationList": ("destination", "sourceOrDestination"),
}
_NAMES_IN_SENSORS = {"deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules", "uriValue"}
_MEASURED = {"value", "minValue", "maxValue", "meanValue", "sDev", "percValue"}
_OF_SENSORS = _NAMES_IN_SENSORS | {
    "time", "startTime", "endTime", "type", "exception", "microorganism", "chemicalSubstance", "component",
    "stringValue", "booleanValue", "hexBinaryValue", "percRank", "coordinateReferenceSystem",
}  # fmt: skip


def _all(event: dict[str, Any]) -> Iterator[Field]:
    for name, value in event.items():
        if name in _EPCS:
            for one in _list(value):
                yield from _thing(_EPCS[name], one)
        elif name in _CLASSES:
            for one in _list(value):
                yield from _class(_CLASSES[name], one)
        elif name == "parentID":
            yield from _thing("parentID", value)
        elif name == "type":
            yield from _own_type(value, event.get("@context"))
        elif name in _PAIRS:
            yield from _pairs(name, value)
        elif name in ("readPoint", "bizLocation"):
            for inner, one in _items(value):
                yield from _extension(f"{name}_", inner, one, inner_prefix=f"INNER_{name}_")
        elif name == "persistentDisposition":
            for half, named in _items(value):
                for word in _list(named):
                    yield from _plain(f"persistentDisposition_{half}", word)
        elif name == "certificationInfo":
            for one in _list(value):
                yield from _thing("certificationInfo", one)
        elif name == "errorDeclaration":
            yield from _error(value)
        elif name == "sensorElementList":
            yield Field("sensorElementList", "", None)
            for element in _list(value):
                yield from _sensor(element)
        elif name == "ilmd":
            yield Field("ilmd", "", None)
            for inner, one in _items(value):
                yield from _extension("ILMD_", inner, one)
        else:
            yield from _extension("", name, value)


def _thing(name: str, value: Any) -> Iterator[Field]:
    if isinstance(value, str):
        yield Field(name, as_name(value), None)


def _own_type(value: Any, context: Any) -> Iterator[Field]:
    """A type of event of somebody's own is asked for by its address too."""
    if isinstance(value, str) and value not in STANDARD_TYPES:
        yield Field("eventType", cut(namespaces.written_out(value, namespaces.bound_by(context))), None)


def _class(name: str, element: Any) -> Iterator[Field]:
    inner = dict(_items(element))
    yield from _thing(name, inner.get("epcClass"))
    amount = as_number(inner.get("quantity"))
    if amount is not None:
        text = _text(inner["quantity"])
        yield Field("quantity", text, amount)
        if isinstance(inner.get("uom"), str):
            yield from _named(f"quantity_{inner['uom']}", text, amount)


def _pairs(name: str, value: Any) -> Iterator[Field]:
    field, kind = _PAIRS[name]
    for one in _list(value):
        pair = dict(_items(one))
        named, of_type = pair.get(field), pair.get("type")
        if isinstance(named, str):
            word = words(kind).short(of_type) or of_type if isinstance(of_type, str) else ""
            yield from _named(f"{field}_{word}", as_name(named), None)


def _error(value: Any) -> Iterator[Field]:
    yield Field("errorDeclaration", "", None)
    for inner, one in _items(value):
        if inner == "reason":
            yield from _plain("errorReason", one)
        elif inner == "declarationTime":
            yield from _plain("errorDeclarationTime", one)
        elif inner == "correctiveEventIDs":
            for corrective in _list(one):
                yield from _plain("correctiveEventID", corrective)
        else:
            yield from _extension("ERROR_DECLARATION_", inner, one)


def _sensor(element: Any) -> Iterator[Field]:
    for name, value in _items(element):
        if name == "sensorMetadata":
            yield from _measured("SENSORMETADATA_", value)
        elif name == "sensorReport":
            for report in _list(value):
                yield from _measured("SENSORREPORT_", report)
        else:
            yield from _extension("SENSORELEMENT_", name, value)


def _measured(prefix: str, part: Any) -> Iterator[Field]:
    inner = dict(_items(part))
    unit = inner.get("uom")
    for name, value in inner.items():
        if name in _MEASURED:
            yield from _plain(f"{name}_{unit}" if isinstance(unit, str) else name, value)
        elif name in _NAMES_IN_SENSORS:
            yield from _thing(name, value)
        elif name in _OF_SENSORS:
            yield from _plain(name, value)
        elif ":" in name:
            yield from _extension(prefix, name, value)


def _extension(prefix: str, name: str, value: Any, *, inner_prefix: str | None = None) -> Iterator[Field]:
    """A field of somebody's own, and what it holds. Fields of the standard are columns, or are named above."""
    if ":" not in name:
        return
    yield from _values(prefix, name, value, inner_prefix or f"INNER_{prefix}")


def _values(prefix: str, name: str, value: Any, inner_prefix: str) -> Iterator[Field]:
    for one in _list(value):
        if isinstance(one, dict):
            yield from _named(prefix + name, "", None)
            for inner, held in one.items():
                yield from _named(f"HAS_{prefix}{name}", cut(inner), None)
                if not isinstance(held, dict | list):
                    yield from _plain(f"ATTR_{prefix}{name}_{inner}", held)
                yield from _values(inner_prefix, inner, held, inner_prefix)
        elif isinstance(one, list):
            yield from _values(prefix, name, one, inner_prefix)
        else:
            yield from _plain(prefix + name, one)


def _plain(name: str, value: Any) -> Iterator[Field]:
    if value is not None and not isinstance(value, dict | list):
        yield from _named(name, cut(_text(value)), as_number(value))


def _named(name: str, value: str, number: float | None) -> Iterator[Field]:
    # A name longer than an index can hold cannot be asked for.
    if len(name) <= LONGEST_NAME and "\0" not in name and len(name.encode("utf-8", "replace")) <= _NAME_BYTES:
        yield Field(name, value, number)


def _text(value: Any) -> str:
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # 5.0 is 5, as canonical JSON writes it
    return str(value)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _items(value: Any) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, dict) else []
