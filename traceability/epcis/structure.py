"""The first layer: how events and documents of EPCIS 2.0 are built.

Pure. The event types as tables of fields: which there are, what each holds, which have to be there. The project's
own, from the text of the standard (EPCIS 2.0, sections 7 and 10); accepts and refuses as GS1's JSON schema 2.0.1 does,
which judges it in the tests. Why tables and not a library of models: docs/adr/0009-epcis-by-our-own-tables.md.

A check is called with a value, the place where it stands, and the list that takes its problems. Places are linked
backwards, (the place around it, name or number), and written out only when something is wrong there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from typing import Any

from kernel.errors import N_
from traceability.epcis.formats import is_instant, is_uri
from traceability.epcis.problems import Problem
from traceability.epcis.vocabulary import words

Place = tuple[Any, str | int] | None
Check = Callable[[Any, Place, list[Problem]], None]

RULE = "structure"

_MISSING = N_("“%(field)s” is missing.")
_UNKNOWN = N_(
    "There is no field “%(field)s” here. A field of your own needs a namespace before its name, like ocop:grade."
)
_NOT_ALLOWED = N_("There is no field “%(field)s” here, and none may be added.")
_NOT_TEXT = N_("“%(field)s” has to be a text.")
_NOT_A_NUMBER = N_("“%(field)s” has to be a number, without quotation marks.")
_NOT_A_TRUTH = N_("“%(field)s” has to be true or false, without quotation marks.")
_NOT_A_LIST = N_("“%(field)s” has to be a list.")
_NOT_AN_OBJECT = N_("“%(field)s” has to be an object with fields of its own.")
_EMPTY = N_("The list “%(field)s” needs at least one entry.")
_TWICE = N_("The list “%(field)s” holds an entry twice.")
_NOT_A_URI = N_("“%(field)s” has to be a whole address or URN, such as https://… or urn:…; this is “%(value)s”.")
_NOT_AN_INSTANT = N_(
    "“%(field)s” has to be a day and time with its zone, such as 2026-03-02T08:00:00+07:00; this is “%(value)s”."
)
_NOT_AN_OFFSET = N_("“%(field)s” has to be a time zone between -14:00 and +14:00, such as +07:00; this is “%(value)s”.")
_NOT_A_UNIT = N_(
    "“%(field)s” has to be a code of UN/ECE Recommendation 20, two or three capitals and digits, such as KGM;"
    " this is “%(value)s”."
)
_NOT_HEX = N_("“%(field)s” has to be written in hexadecimal digits; this is “%(value)s”.")
_NOT_A_VERSION = N_("“%(field)s” has to be a version such as 2.0; this is “%(value)s”.")
_NOT_A_WORD = N_(
    "“%(value)s” is no word of the Core Business Vocabulary for “%(field)s”. Words of the vocabulary are written in"
    " their short form, such as %(example)s; a word of your own is a whole address."
)
_NOT_AN_ACTION = N_("“%(field)s” has to be ADD, OBSERVE or DELETE; this is “%(value)s”.")
_NO_TYPE = N_("“type” has to say what this is: EPCISDocument, EPCISQueryDocument, or a type of event.")
_NOTHING_OBSERVED = N_(
    "This event names nothing: it needs epcList or quantityList, or sensorElementList together with readPoint."
)
_NOTHING_TRADED = N_("This event names nothing: it needs epcList or quantityList, unless its action is DELETE.")
_NO_CHILDREN = N_("This event names no children: it needs childEPCs or childQuantityList, unless its action is DELETE.")
_NO_INPUT_OR_OUTPUT = N_(
    "A transformation needs inputs and outputs; one that has only one of them needs a transformationID, by which"
    " the other half will be found."
)
_ILMD_WITHOUT_ADD = N_("“ilmd” belongs to the making of goods: it may stand only where action is ADD.")
_NEITHER_SET_NOR_UNSET = N_("“%(field)s” needs “set” or “unset”.")
_NO_CONTEXT = N_("An event that is sent on its own needs its “@context”.")


# --- Places and problems -------------------------------------------------------------------------------------------


def written(place: Place) -> str:
    """Write a place out: ``epcisBody.eventList[3].quantityList[0].uom``."""
    text = ""
    while place is not None:
        place, step = place
        text = f"[{step}]{text}" if isinstance(step, int) else f".{step}{text}"
    return text.removeprefix(".")


def _name(place: Place) -> str:
    while place is not None:
        place, step = place
        if isinstance(step, str):
            return step
    return ""


def problem(place: Place, message: str, rule: str = RULE, *, is_warning: bool = False, **facts: object) -> Problem:
    """Make a problem of what stands at a place; its field is a fact of every sentence."""
    return Problem(written(place), rule, message, {"field": _name(place), **facts}, is_warning)


# --- Plain values --------------------------------------------------------------------------------------------------


def _shown(value: str) -> str:
    return value if len(value) <= 120 else value[:119] + "…"


def _text(value: Any, place: Place, found: list[Problem]) -> None:
    if not isinstance(value, str):
        found.append(problem(place, _NOT_TEXT))


def _number(value: Any, place: Place, found: list[Problem]) -> None:
    if isinstance(value, bool) or not (isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))):
        found.append(problem(place, _NOT_A_NUMBER))


def _truth(value: Any, place: Place, found: list[Problem]) -> None:
    if not isinstance(value, bool):
        found.append(problem(place, _NOT_A_TRUTH))


def _written_so(is_right: Callable[[str], object], message: str) -> Check:
    def check(value: Any, place: Place, found: list[Problem]) -> None:
        if not isinstance(value, str):
            found.append(problem(place, _NOT_TEXT))
        elif not is_right(value):
            found.append(problem(place, message, value=_shown(value)))

    return check


_uri = _written_so(is_uri, _NOT_A_URI)
_instant = _written_so(is_instant, _NOT_AN_INSTANT)
_offset = _written_so(re.compile(r"[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00)").fullmatch, _NOT_AN_OFFSET)
_unit = _written_so(re.compile(r"[A-Z0-9]{2,3}").fullmatch, _NOT_A_UNIT)
_hex = _written_so(re.compile(r"[A-Fa-f0-9]+").fullmatch, _NOT_HEX)
_version = _written_so(re.compile(r"[0-9]+(?:\.[0-9]+)*").fullmatch, _NOT_A_VERSION)
_action = _written_so({"ADD", "OBSERVE", "DELETE"}.__contains__, _NOT_AN_ACTION)

#: Old spellings of the vocabulary's words, which JSON may not hold, and of GS1's web vocabulary, whose words for
#: measurements have short forms too.
_OLD_CBV = re.compile(r"urn:epcglobal:cbv|https?://ns\.gs1\.org/cbv/")
_OLD_VOC = re.compile(r"https?://(?:www\.)?gs1\.org/voc/")


def _word(kind: str, example: str, old: re.Pattern[str] = _OLD_CBV) -> Check:
    known = words(kind).known

    def check(value: Any, place: Place, found: list[Problem]) -> None:
        if not isinstance(value, str):
            found.append(problem(place, _NOT_TEXT))
        elif value not in known and (old.match(value) or not is_uri(value)):
            found.append(problem(place, _NOT_A_WORD, value=_shown(value), example=example))

    return check


_biz_step = _word("bizStep", "shipping")
_disposition = _word("disposition", "in_transit")
_party_type = _word("sourceOrDestination", "possessing_party")

# --- Lists and objects ---------------------------------------------------------------------------------------------


def _list(check: Check, *, least: int = 0, unique: bool = False) -> Check:
    def checked(value: Any, place: Place, found: list[Problem]) -> None:
        if not isinstance(value, list):
            found.append(problem(place, _NOT_A_LIST))
            return
        if len(value) < least:
            found.append(problem(place, _EMPTY))
        if unique and len(value) > 1 and _has_twins(value):
            found.append(problem(place, _TWICE))
        for number, one in enumerate(value):
            check(one, (place, number), found)

    return checked


def _has_twins(values: list[Any]) -> bool:
    if all(isinstance(value, str) for value in values):
        return len(set(values)) < len(values)
    comparable = [_comparable(value) for value in values]
    return any(value in comparable[:place] for place, value in enumerate(comparable))


def _comparable(value: Any) -> Any:
    """Keep apart what Python holds equal and JSON does not: 1 and true."""
    if isinstance(value, bool):
        return ("truth", value)
    if isinstance(value, dict):
        return {key: _comparable(one) for key, one in value.items()}
    return [_comparable(one) for one in value] if isinstance(value, list) else value


def _object(fields: dict[str, Check], *, needs: Iterable[str] = (), others: str = "namespaced") -> Check:
    """An object.

    :param needs: fields that have to be there
    :param others: fields it may have beside: ``none``, ``namespaced``, ``any``
    """
    needs = tuple(needs)
    message = _NOT_ALLOWED if others == "none" else _UNKNOWN

    def checked(value: Any, place: Place, found: list[Problem]) -> None:
        if not isinstance(value, dict):
            found.append(problem(place, _NOT_AN_OBJECT))
            return
        for name in needs:
            if name not in value:
                found.append(problem((place, name), _MISSING))
        for name, one in value.items():
            check = fields.get(name)
            if check is not None:
                check(one, (place, name), found)
            elif others == "none" or (others == "namespaced" and not is_uri(name)):
                found.append(problem((place, name), message))

    return checked


def _anything(value: Any, place: Place, found: list[Problem]) -> None:
    del value, place, found


def _one_or_many_uris(value: Any, place: Place, found: list[Problem]) -> None:
    (_list(_uri) if isinstance(value, list) else _uri)(value, place, found)


def _context(value: Any, place: Place, found: list[Problem]) -> None:
    if isinstance(value, list):
        _list(_context_part, unique=True)(value, place, found)
    else:
        _context_part(value, place, found)


def _context_part(value: Any, place: Place, found: list[Problem]) -> None:
    if not isinstance(value, dict):
        _uri(value, place, found)


def _ilmd(value: Any, place: Place, found: list[Problem]) -> None:
    _object({})(value, place, found)


# --- Parts of events -----------------------------------------------------------------------------------------------

_uris = _list(_uri)
_quantities = _list(_object({"epcClass": _uri, "quantity": _number, "uom": _unit}, needs=["epcClass"], others="none"))
_transaction = _object(
    {"type": _word("bizTransaction", "po"), "bizTransaction": _uri}, needs=["bizTransaction"], others="none"
)
_sources = _list(_object({"type": _party_type, "source": _uri}, needs=["type", "source"], others="none"))
_destinations = _list(_object({"type": _party_type, "destination": _uri}, needs=["type", "destination"], others="none"))
_location = _object({"id": _uri}, needs=["id"], others="any")
_metadata = _object({
    "time": _instant, "deviceID": _uri, "deviceMetadata": _uri, "rawData": _uri, "startTime": _instant,
    "endTime": _instant, "dataProcessingMethod": _uri, "bizRules": _uri,
})  # fmt: skip
_report = _object({
    "type": _word("measurement", "Temperature", _OLD_VOC),
    "exception": _word("sensorAlert", "ALARM_CONDITION", _OLD_VOC),
    "deviceID": _uri, "deviceMetadata": _uri, "rawData": _uri, "dataProcessingMethod": _uri, "bizRules": _uri,
    "time": _instant, "microorganism": _uri, "chemicalSubstance": _uri, "coordinateReferenceSystem": _uri,
    "value": _number, "component": _word("component", "x"), "stringValue": _text, "booleanValue": _truth,
    "hexBinaryValue": _hex, "uriValue": _uri, "minValue": _number, "maxValue": _number, "meanValue": _number,
    "sDev": _number, "percRank": _number, "percValue": _number, "uom": _text,
}, needs=["type"])  # fmt: skip
_sensor_elements = _list(
    _object({"sensorMetadata": _metadata, "sensorReport": _list(_report, least=1)}, needs=["sensorReport"])
)
_error_declaration = _object(
    {
        "declarationTime": _instant,
        "reason": _word("errorReason", "incorrect_data"),
        "correctiveEventIDs": _list(_uri),
    },
    needs=["declarationTime"],
)
_set_and_unset = _object(
    {"set": _list(_disposition, least=1, unique=True), "unset": _list(_disposition, least=1, unique=True)},
    others="none",
)


def check_persistent_disposition(value: Any, place: Place, found: list[Problem]) -> None:
    """Check ``persistentDisposition``: which words are set, which unset, at least one of them."""
    _set_and_unset(value, place, found)
    if isinstance(value, dict) and "set" not in value and "unset" not in value:
        found.append(problem(place, _NEITHER_SET_NOR_UNSET))


# --- Events --------------------------------------------------------------------------------------------------------

_COMMON: dict[str, Check] = {
    "@context": _context,
    "type": _text,
    "eventTime": _instant,
    "recordTime": _instant,
    "eventTimeZoneOffset": _offset,
    "eventID": _uri,
    "certificationInfo": _one_or_many_uris,
    "errorDeclaration": _error_declaration,
}
_SHARED: dict[str, Check] = {
    "bizStep": _biz_step,
    "disposition": _disposition,
    "readPoint": _location,
    "bizLocation": _location,
    "bizTransactionList": _list(_transaction),
    "sourceList": _sources,
    "destinationList": _destinations,
    "sensorElementList": _sensor_elements,
}
# The schema lets anything pass as persistentDisposition of these three; the prose has more to say (gap 19).
_UNHELD = {"persistentDisposition": _anything}
_CHILDREN: dict[str, Check] = {"parentID": _uri, "childEPCs": _uris, "childQuantityList": _quantities}
_TIMES = ("eventTime", "eventTimeZoneOffset")

_FIELDS: dict[str, Check] = {
    "ObjectEvent": _object(
        _COMMON
        | _SHARED
        | {
            "action": _action,
            "epcList": _list(_uri, unique=True),
            "quantityList": _quantities,
            "persistentDisposition": check_persistent_disposition,
            "ilmd": _ilmd,
        },
        needs=[*_TIMES, "action"],
    ),
    "AggregationEvent": _object(
        _COMMON | _SHARED | _UNHELD | _CHILDREN | {"action": _action}, needs=[*_TIMES, "action"]
    ),
    "AssociationEvent": _object(
        _COMMON | _SHARED | _UNHELD | _CHILDREN | {"action": _action}, needs=[*_TIMES, "action", "parentID"]
    ),
    "TransactionEvent": _object(
        _COMMON
        | _SHARED
        | _UNHELD
        | {
            "action": _action,
            "bizTransactionList": _list(_transaction, least=1),
            "parentID": _uri,
            "epcList": _uris,
            "quantityList": _quantities,
        },
        needs=[*_TIMES, "action", "bizTransactionList"],
    ),
    "TransformationEvent": _object(
        _COMMON
        | _SHARED
        | {
            "inputEPCList": _list(_uri, unique=True),
            "inputQuantityList": _quantities,
            "outputEPCList": _list(_uri, unique=True),
            "outputQuantityList": _quantities,
            "transformationID": _uri,
            "persistentDisposition": check_persistent_disposition,
            "ilmd": _ilmd,
        },
        needs=_TIMES,
    ),
}
#: The types of event that the standard itself describes.
STANDARD_TYPES = frozenset(_FIELDS)
#: An event of a type of one's own: all its further fields are its own business.
_EXTENDED = _object(_COMMON | {"type": _uri}, needs=_TIMES, others="any")


def _has_any(event: dict[str, Any], *names: str) -> bool:
    """Tell whether one of these lists is there and not empty."""
    return any(isinstance(event.get(name), list) and event[name] for name in names)


def _object_names_something(event: dict[str, Any], place: Place, found: list[Problem]) -> None:
    if not ("epcList" in event or _has_any(event, "quantityList")) and not (
        _has_any(event, "sensorElementList") and "readPoint" in event
    ):
        found.append(problem((place, "epcList"), _NOTHING_OBSERVED))
    if "ilmd" in event and event.get("action") != "ADD":
        found.append(problem((place, "ilmd"), _ILMD_WITHOUT_ADD))


def _transaction_names_something(event: dict[str, Any], place: Place, found: list[Problem]) -> None:
    if not ("epcList" in event or _has_any(event, "quantityList") or event.get("action") == "DELETE"):
        found.append(problem((place, "epcList"), _NOTHING_TRADED))


def _has_children(event: dict[str, Any], place: Place, found: list[Problem]) -> None:
    if not (_has_any(event, "childEPCs", "childQuantityList") or event.get("action") == "DELETE"):
        found.append(problem((place, "childEPCs"), _NO_CHILDREN))


def _has_inputs_and_outputs(event: dict[str, Any], place: Place, found: list[Problem]) -> None:
    inputs = _has_any(event, "inputEPCList", "inputQuantityList")
    outputs = _has_any(event, "outputEPCList", "outputQuantityList")
    if not (inputs and outputs) and not ((inputs or outputs) and "transformationID" in event):
        found.append(problem((place, "transformationID"), _NO_INPUT_OR_OUTPUT))


_TOGETHER: dict[str, Check] = {
    "ObjectEvent": _object_names_something,
    "AggregationEvent": _has_children,
    "AssociationEvent": _has_children,
    "TransactionEvent": _transaction_names_something,
    "TransformationEvent": _has_inputs_and_outputs,
}


def check_event(event: Any, place: Place, found: list[Problem], *, alone: bool = False) -> None:
    """Check one event.

    :param alone: no document is around it, so it has to bring its ``@context``
    """
    if not isinstance(event, dict):
        found.append(problem(place, _NOT_AN_OBJECT))
        return
    kind = event.get("type")
    if not isinstance(kind, str):
        found.append(problem((place, "type"), _NO_TYPE))
        return
    if alone and "@context" not in event:
        found.append(problem((place, "@context"), _NO_CONTEXT))
    _FIELDS.get(kind, _EXTENDED)(event, place, found)
    if kind in _TOGETHER:
        _TOGETHER[kind](event, place, found)


# --- Documents -----------------------------------------------------------------------------------------------------


def _attribute(value: Any, place: Place, found: list[Problem]) -> None:
    if not isinstance(value, dict | str):
        _number(value, place, found)


_vocabulary_element = _object(
    {
        "id": _uri,
        "attributes": _list(_object({"id": _uri, "attribute": _attribute}, needs=["id"], others="any")),
        "children": _uris,
    },
    needs=["id"],
    others="any",
)
_vocabularies = _list(
    _object({"type": _uri, "vocabularyElementList": _list(_vocabulary_element)}, needs=["type"], others="any")
)
_events = _list(check_event)
_ENVELOPE: dict[str, Check] = {
    "@context": _context,
    "id": _uri,
    "type": _text,
    "schemaVersion": _version,
    "creationDate": _instant,
}
_results = _object({"eventList": _events, "vocabularyList": _vocabularies}, needs=["eventList"])

_DOCUMENTS: dict[str, Check] = {
    "EPCISDocument": _object(
        _ENVELOPE
        | {
            "instanceIdentifier": _text,
            "sender": _text,
            "receiver": _text,
            "epcisHeader": _object({"epcisMasterData": _object({"vocabularyList": _vocabularies}, others="any")}),
            "epcisBody": _object({"eventList": _events}, needs=["eventList"], others="any"),
        },
        needs=["@context", "schemaVersion", "creationDate", "epcisBody"],
    ),
    "EPCISQueryDocument": _object(
        _ENVELOPE
        | {
            "epcisBody": _object(
                {
                    "queryResults": _object(
                        {"queryName": _text, "subscriptionID": _text, "resultsBody": _results},
                        needs=["queryName", "resultsBody"],
                    )
                },
                needs=["queryResults"],
            )
        },
        needs=["@context", "epcisBody"],
    ),
}


def check(document: Any) -> list[Problem]:
    """List what is wrong with the build of a document, a query document or a bare event."""
    found: list[Problem] = []
    kind = document.get("type") if isinstance(document, dict) else None
    if not isinstance(kind, str):
        found.append(problem(None, _NO_TYPE))
    elif kind in _DOCUMENTS:
        _DOCUMENTS[kind](document, None, found)
    else:
        check_event(document, None, found, alone=True)
    return found
