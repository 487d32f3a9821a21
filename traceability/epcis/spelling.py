"""One spelling of an event: words of the vocabulary in their short form. Pure."""

from __future__ import annotations

from typing import Any

from traceability.epcis.vocabulary import words


def normalise(event: dict[str, Any]) -> dict[str, Any]:
    """Write an event in the spelling in which it is stored: each word of CBV in its short form (gap 18).

    Words that CBV does not know, names of things and fields of one's own stay as they are; so does anything that is
    not built as it should be. Neither lists nor their order change: a place in the one is the place in the other.
    The event given is not changed.
    """
    return {field: _normal(field, value) for field, value in event.items()}


def _normal(field: str, value: Any) -> Any:
    if field in ("bizStep", "disposition"):
        return _short(field, value)
    if field in _LISTS and isinstance(value, list):
        return [_with(one, _LISTS[field]) for one in value]
    if field == "errorDeclaration":
        return _with(value, {"reason": "errorReason"})
    if field == "persistentDisposition" and isinstance(value, dict):
        return {
            half: [_short("disposition", word) for word in named] if isinstance(named, list) else named
            for half, named in value.items()
        }
    if field == "sensorElementList" and isinstance(value, list):
        return [_sensor_element(one) for one in value]
    return value


_LISTS = {
    "bizTransactionList": {"type": "bizTransaction"},
    "sourceList": {"type": "sourceOrDestination"},
    "destinationList": {"type": "sourceOrDestination"},
}
_REPORT = {"type": "measurement", "exception": "sensorAlert", "component": "component"}


def _sensor_element(element: Any) -> Any:
    if not isinstance(element, dict) or not isinstance(element.get("sensorReport"), list):
        return element
    return {**element, "sensorReport": [_with(report, _REPORT) for report in element["sensorReport"]]}


def _with(value: Any, kinds: dict[str, str]) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: _short(kinds[name], one) if name in kinds else one for name, one in value.items()}


def _short(kind: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    vocabulary = words(kind)
    word = vocabulary.short(value)
    return word if word in vocabulary.known else value
