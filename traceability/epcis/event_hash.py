"""The hash that identifies an event by its content, whoever computes it and however the event is spelt.

Pure. Source: CBV 2.0, section 8.9 (rules for the string before hashing). Where the text of the standard and GS1's
reference programme part, the programme is followed, because a hash is worth what others compute too: a type stands
before its value; ``certificationInfo`` follows the time zone; the lists of transactions, destinations and sources
come after all other fields, sorted with ilmd and extensions; instants are cut, not rounded, to milliseconds.

Not in the hash: eventID, recordTime, errorDeclaration, comments. So an event and its error declaration share one.
It tells two sendings of one event; it is no proof that nothing was changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any

from traceability.epcis.epc_uris import canonical
from traceability.epcis.vocabulary import words

Namespaces = dict[str, str]
Writer = Callable[[str, Any, Namespaces], str]

#: Prefixes that are written out in values. Those of others stay: no reader of XML could tell them from text.
_OF_GS1 = {
    "epcis": "https://ref.gs1.org/epcis/",
    "cbv": "https://ref.gs1.org/cbv/",
    "gs1": "https://gs1.org/voc/",
}


def event_hash(event: dict[str, Any], context: Any = None) -> str:
    """Compute ``ni:///sha-256;…?ver=CBV2.0`` of an event of valid structure.

    :param context: the ``@context`` of its document: names the namespaces of extension fields
    """
    digest = sha256(before_hashing(event, context).encode()).hexdigest()
    return f"ni:///sha-256;{digest}?ver=CBV2.0"


def before_hashing(event: dict[str, Any], context: Any = None) -> str:
    """Write the string that is hashed."""
    names = namespaces(context)
    if "@context" in event:
        names = names | namespaces(event["@context"])
    rest = [
        text
        for field, value in event.items()
        if field not in _IN_ORDER and field not in _LEFT_OUT
        for text in _unordered(field, value, names)
    ]
    ordered = (write(field, event[field], names) for field, write in _IN_ORDER.items() if field in event)
    return f"eventType={event['type']}" + "".join(ordered) + "".join(sorted(rest))


def namespaces(context: Any) -> Namespaces:
    """Collect the prefixes that a ``@context`` itself declares.

    What the standard's own context would add is not looked up: the reference programme leaves ``cbvmda:lotNumber``
    as it is in a document that does not declare ``cbvmda``.
    """
    names: Namespaces = {}
    for part in context if isinstance(context, list) else [context]:
        if isinstance(part, dict):
            names.update((prefix, uri) for prefix, uri in part.items() if isinstance(uri, str))
    return names


# --- Values --------------------------------------------------------------------------------------------------------

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_URNS = {f"urn:epcglobal:cbv:{urn}:": f"https://ref.gs1.org/cbv/{name}-" for urn, name in (
    ("bizstep", "BizStep"), ("disp", "Disp"), ("btt", "BTT"), ("sdt", "SDT"), ("er", "ER"),
)}  # fmt: skip


def _text(value: Any) -> str:
    """Write a value: numbers at their shortest, names of things as canonical Digital Links."""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(value)
    text = str(value).strip()
    if not text or text[0] in "+-.0123456789":
        return _number(float(text)) if _NUMBER.fullmatch(text) and len(text) < 16 else text
    prefix, colon, rest = text.partition(":")
    if not colon:
        return text
    if prefix in _OF_GS1:
        text = _OF_GS1[prefix] + rest
    elif prefix == "urn" and text.startswith("urn:epcglobal:cbv:"):
        for urn, web in _URNS.items():
            text = text.replace(urn, web)
    return canonical(text) or text


def _number(value: float) -> str:
    return str(int(value)) if isinstance(value, int) or value.is_integer() else repr(value)


@lru_cache(maxsize=4096)
def _instant(text: str) -> str:
    try:
        at = datetime.fromisoformat(text.strip()).astimezone(UTC)
    except ValueError:  # a leap second
        return text
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


# --- Fields in their order -----------------------------------------------------------------------------------------


# Events of types of one's own may hold anything under the standard's names: no writer may stumble over it.
def _plain(field: str, value: Any, names: Namespaces) -> str:
    if isinstance(value, list | dict):
        return "".join(sorted(_generic(field, value, names)))
    text = "" if value is None else _text(value)
    return f"{field}={text}" if text else ""


def _time(field: str, value: Any, names: Namespaces) -> str:
    if not isinstance(value, str):
        return _plain(field, value, names)
    return f"{field}={_instant(value)}" if value else ""


def _word(kind: str) -> Writer:
    full = lru_cache(maxsize=1024)(lambda value: words(kind).full(value.strip()))

    def written(field: str, value: Any, names: Namespaces) -> str:
        if not isinstance(value, str):
            return _plain(field, value, names)
        return f"{field}={full(value)}" if value else ""

    return written


def _each(write: Writer) -> Writer:
    """One value, or a list of values each under the field's name."""
    return lambda field, value, names: "".join(_sorted(write(field, one, names) for one in _as_list(value)))


def _list(item: str, write: Writer) -> Writer:
    """A list: its own name once, then what it holds, each under the name ``item``."""

    def written(field: str, value: Any, names: Namespaces) -> str:
        texts = "".join(_sorted(write(item, one, names) for one in _as_list(value)))
        return field + texts if texts else ""

    return written


def _object(fields: dict[str, Writer]) -> Writer:
    """An object: its fields in order, then its extensions, sorted."""

    def written(field: str, value: Any, names: Namespaces) -> str:
        if not isinstance(value, dict):
            return _plain(field, value, names)
        if "@context" in value:
            names = names | namespaces(value["@context"])
        text = "".join(write(name, value[name], names) for name, write in fields.items() if name in value)
        if len(value) > len(fields) or not value.keys() <= fields.keys():
            extensions = [
                extension
                for name, one in value.items()
                if name not in fields and name not in _COMMENTS
                for extension in _generic(name, one, names)
            ]
            text += "".join(sorted(extensions))
        return field + text if text else ""

    return written


def _sorted(texts: Iterable[str]) -> list[str]:
    return sorted(filter(None, texts))


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


_EPCS = _list("epc", _plain)
_QUANTITIES = _list("quantityElement", _object({"epcClass": _plain, "quantity": _plain, "uom": _plain}))
_PLACE = _object({"id": _plain})
_METADATA = _object({
    "time": _time, "startTime": _time, "endTime": _time, "deviceID": _plain, "deviceMetadata": _plain,
    "rawData": _plain, "dataProcessingMethod": _plain, "bizRules": _plain,
})  # fmt: skip
_REPORT = _object({
    "type": _word("measurement"), "exception": _word("sensorAlert"), "deviceID": _plain, "deviceMetadata": _plain,
    "rawData": _plain, "dataProcessingMethod": _plain, "time": _time, "microorganism": _plain,
    "chemicalSubstance": _plain, "value": _plain, "component": _word("component"), "stringValue": _plain,
    "booleanValue": _plain, "hexBinaryValue": _plain, "uriValue": _plain, "minValue": _plain, "maxValue": _plain,
    "meanValue": _plain, "sDev": _plain, "percRank": _plain, "percValue": _plain, "uom": _plain,
    "coordinateReferenceSystem": _plain,
})  # fmt: skip

_IN_ORDER: dict[str, Writer] = {
    "eventTime": _time,
    "eventTimeZoneOffset": _plain,
    "certificationInfo": _each(_plain),
    "epcList": _EPCS,
    "parentID": _plain,
    "inputEPCList": _EPCS,
    "childEPCs": _EPCS,
    "quantityList": _QUANTITIES,
    "childQuantityList": _QUANTITIES,
    "inputQuantityList": _QUANTITIES,
    "outputEPCList": _EPCS,
    "outputQuantityList": _QUANTITIES,
    "action": _plain,
    "transformationID": _plain,
    "bizStep": _word("bizStep"),
    "disposition": _word("disposition"),
    "persistentDisposition": _object({"set": _each(_word("disposition")), "unset": _each(_word("disposition"))}),
    "readPoint": _PLACE,
    "bizLocation": _PLACE,
    "sensorElementList": _list("sensorElement", _object({"sensorMetadata": _METADATA, "sensorReport": _each(_REPORT)})),
}

# --- What follows, sorted ------------------------------------------------------------------------------------------

_COMMENTS = {"@context", "rdfs:comment", "comment"}
_LEFT_OUT = {"type", "eventID", "recordTime", "errorDeclaration"} | _COMMENTS


def _pair(kind: str) -> Writer:
    """A type and what is of that type."""
    full = _word(kind)

    def written(field: str, value: Any, names: Namespaces) -> str:
        if not isinstance(value, dict):
            return _plain(field, value, names)
        return full("type", value.get("type"), names) + _plain(field, value.get(field), names)

    return written


_PAIRS: dict[str, Writer] = {
    "bizTransactionList": _list("bizTransaction", _pair("bizTransaction")),
    "sourceList": _list("source", _pair("sourceOrDestination")),
    "destinationList": _list("destination", _pair("sourceOrDestination")),
}


def _unordered(field: str, value: Any, names: Namespaces) -> list[str]:
    pairs = _PAIRS.get(field)
    if pairs is None:
        return _generic(field, value, names)
    text = pairs(field, value, names)
    return [text] if text else []


def _generic(field: str, value: Any, names: Namespaces) -> list[str]:
    """Write an extension: its name with the whole namespace, then its value or what it holds, sorted."""
    if value is None or field in _COMMENTS:
        return []
    if isinstance(value, list):
        return [text for one in value for text in _generic(field, one, names)]
    if isinstance(value, dict):
        if "@context" in value:
            names = names | namespaces(value["@context"])
        inner = [text for name, one in value.items() for text in _generic(name, one, names)]
        return [_name(field, names) + "".join(sorted(inner))]
    text = _text(value)
    return [f"{_name(field, names)}={text}" if text else _name(field, names)]


def _name(field: str, names: Namespaces) -> str:
    prefix, colon, local = field.partition(":")
    return f"{{{names[prefix]}}}{local}" if colon and prefix in names else field
