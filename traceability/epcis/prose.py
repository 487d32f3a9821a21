"""The second layer: what the text of EPCIS 2.0 and CBV 2.0 asks for and their schema lets through.

Pure. Each rule is a gap of the schema with its number; events come here when their structure is sound, in the
spelling of ``normalise``. Three gaps need the events that are stored already, and only the store can decide them:

- gap 9, a transformation of one half only: accepted; ``open_transformation`` names it for the list of open ones
- gap 10, an eventID seen before: the same content (``event_hash``, and the error declaration) is a replay, other
  content a conflict
- gap 11, an error declaration without eventID: the store looks for the earlier event by ``event_hash`` and asks
  ``no_earlier_event`` for the problem to name if there is none
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from kernel import gs1
from kernel.errors import N_
from traceability.application_identifiers import BadCheckDigit
from traceability.epcis import epc_uris
from traceability.epcis.names import kept
from traceability.epcis.problems import Problem, Profile
from traceability.epcis.structure import STANDARD_TYPES, Place, check_persistent_disposition, problem
from traceability.epcis.vocabulary import words

#: How far the clock of a sender may be ahead of ours.
CLOCK_SKEW = timedelta(minutes=5)

_CHECK_DIGIT = N_(
    "“%(field)s” holds the key (%(ai)s) %(value)s, whose check digit does not fit the other digits: by them it would be"
    " %(expected)s."
)
_MALFORMED_URN = N_(
    "“%(field)s” holds “%(value)s”, which is not written as the EPC URN of a %(scheme)s: company prefix (6 to 12"
    " digits), reference and serial number, separated by dots, the first two of a fixed length together."
)
_NO_KEY = N_("“%(field)s” holds “%(value)s”, which sets out to be a GS1 key and is none: look at (%(ai)s).")
_RESTRICTED = N_(
    "“%(field)s” holds “%(value)s”: numbers that begin with %(prefix)s are for use inside one shop or company, and name"
    " nothing outside it."
)
_SERIAL_IN_QUANTITY = N_(
    "“%(field)s” of a quantity names a kind of goods or a lot, and “%(value)s” is one single thing: it belongs into the"
    " list of EPCs."
)
_CLASS_IN_EPCS = N_(
    "“%(field)s” names single things, and “%(value)s” is a lot or a kind of goods: it belongs into the quantity list,"
    " with its quantity."
)
_CLASS_AS_PARENT = N_(
    "“%(field)s” names one single thing that holds others, and “%(value)s” is a lot or a kind of goods: give the"
    " carton, pallet or unit its own number."
)
_UNIT_ALONE = N_("“uom” is the unit of a quantity, and “quantity” is missing.")
_NO_QUANTITY = N_("“%(field)s” has to be more than zero; this is %(value)s.")
_NOTHING_NAMED = N_("This event names nothing: “epcList” is empty and there is no “quantityList”.")
_NO_PARENT = N_("“parentID” is missing: what is packed (ADD) or unpacked (DELETE) has a parent.")
_ITS_OWN_CHILD = N_("“%(value)s” cannot be inside itself: it is “parentID” of this event, and one of its children.")
_NO_EARLIER_EVENT = N_(
    "“errorDeclaration” stands in an event without eventID, and no earlier event of the same content was found:"
    " there is nothing it could put right."
)
_CORRECTS_ITSELF = N_("“correctiveEventIDs” names this event itself: only another event can put it right.")
_OFFSETS_DIFFER = N_(
    "“eventTimeZoneOffset” says %(said)s, and eventTime is written with the zone %(written)s: both have to be the same,"
    " or eventTime has to be in UTC (Z)."
)
_IN_THE_FUTURE = N_("“%(field)s” lies in the future: %(value)s.")
_TIME_TWICE = N_("“time” stands in sensorMetadata and again in sensorReport: it has to be in one of them only.")
_SET_AND_UNSET = N_("“persistentDisposition” sets and unsets “%(value)s” in one event.")
_TO_ITSELF = N_(
    "“destination” names the possessing party that is the source as well, though the goods are shipped: %(value)s."
)
_UNKNOWN_WORD = N_("“%(field)s” holds “%(value)s”, which is no word of the Core Business Vocabulary.")
_NOT_ON_THIS_EVENT = N_("“persistentDisposition” belongs to ObjectEvent and TransformationEvent only.")
_NOT_PORTABLE = N_(
    "This cannot be written as JSON that every program reads alike (half signs, numbers beyond 2^53, more than 100"
    " levels)."
)

#: Fields whose values name things, places, parties or documents, by event; gap 1 reads them.
_EPC_LISTS = ("epcList", "inputEPCList", "outputEPCList", "childEPCs")
_QUANTITY_LISTS = ("quantityList", "inputQuantityList", "outputQuantityList", "childQuantityList")
_SHIPPING = {"shipping", "consigning"}
_DEEPEST = 100


def check(event: dict[str, Any], place: Place, *, profile: Profile, now: datetime) -> list[Problem]:
    """List what the prose of the standard finds wrong with an event of sound structure, in its normal spelling."""
    found: list[Problem] = []
    if not _is_portable(event):
        return [problem(place, _NOT_PORTABLE, "i-json")]
    lenient = profile is Profile.INTERCHANGE
    for rule in _RULES_OF_ALL:
        found.extend(rule(event, place))
    found.extend(_in_the_future(event, place, now))
    if event["type"] not in STANDARD_TYPES:
        return found  # its own fields are built as its makers like
    found.extend(_keys(event, place, is_lenient=lenient))
    for rule in _RULES:
        found.extend(rule(event, place))
    found.extend(_sensor_times(event, place, is_warning=lenient))
    found.extend(_misplaced_disposition(event, place, is_warning=lenient))
    return found


# --- What only the store can decide --------------------------------------------------------------------------------


def open_transformation(event: dict[str, Any]) -> str | None:
    """Give the transformationID of a transformation that has inputs or outputs only (gap 9): accepted, but to be
    listed as open until an event with the same one brings the other half.
    """
    if event.get("type") != "TransformationEvent":
        return None
    inputs = event.get("inputEPCList") or event.get("inputQuantityList")
    outputs = event.get("outputEPCList") or event.get("outputQuantityList")
    return None if inputs and outputs else event.get("transformationID")


def declares_unnamed(event: dict[str, Any]) -> bool:
    """Tell whether an event declares an error without naming the event by its eventID (gap 11)."""
    return "errorDeclaration" in event and "eventID" not in event


def no_earlier_event(profile: Profile, path: str = "") -> Problem:
    """Give the problem of an error declaration (``declares_unnamed``) for which no event of the same hash is stored."""
    at = f"{path}.errorDeclaration" if path else "errorDeclaration"
    return Problem(
        at, "gap-11", _NO_EARLIER_EVENT, {"field": "errorDeclaration"}, is_warning=profile is Profile.INTERCHANGE
    )


# --- Rules that hold in both profiles ------------------------------------------------------------------------------


def _each(event: dict[str, Any], place: Place, names: tuple[str, ...]) -> Iterator[tuple[Any, Place]]:
    for name in names:
        for number, one in enumerate(event.get(name, ())):
            yield one, ((place, name), number)


def _names(event: dict[str, Any], place: Place) -> Iterator[tuple[str, Place]]:
    """Give every name of a thing, place, party or document in the event's standard fields."""
    yield from _each(event, place, _EPC_LISTS)
    for quantity, at in _each(event, place, _QUANTITY_LISTS):
        yield quantity["epcClass"], (at, "epcClass")
    for name in ("parentID", "transformationID"):
        if name in event:
            yield event[name], (place, name)
    for name in ("readPoint", "bizLocation"):
        if name in event:
            yield event[name]["id"], ((place, name), "id")
    for name in ("bizTransaction", "source", "destination"):
        for one, at in _each(event, place, (f"{name}List",)):
            yield one[name], (at, name)
    certificates = event.get("certificationInfo", ())
    if isinstance(certificates, str):
        yield certificates, (place, "certificationInfo")
    else:
        yield from _each(event, place, ("certificationInfo",))
    for element, at in _each(event, place, ("sensorElementList",)):
        for part, inside in [
            (element.get("sensorMetadata", {}), (at, "sensorMetadata")),
            *_each(element, at, ("sensorReport",)),
        ]:
            for name in ("deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules"):
                if name in part:
                    yield part[name], (inside, name)


def _keys(event: dict[str, Any], place: Place, *, is_lenient: bool) -> Iterator[Problem]:
    """Gap 1: every GS1 key is one.

    :param is_lenient: a fault in other keys than those of goods, places, parties and cartons is only named: the
        published examples hold crates (GRAI) with wrong check digits
    """
    for name, at in _names(event, place):
        fault = epc_uris.fault(name)
        if fault is None:
            yield from _restricted(name, at)
            continue
        facts = fault.facts
        is_warning = is_lenient and facts.get("ai") in _RARER_KEYS
        if isinstance(fault, BadCheckDigit):
            facts = {"value": facts["value"], "ai": facts["ai"], "expected": facts["expected"]}
            yield problem(at, _CHECK_DIGIT, "gap-01", is_warning=is_warning, **facts)
        elif isinstance(fault, epc_uris.MalformedUrn):
            yield problem(at, _MALFORMED_URN, "gap-01", value=name, scheme=facts["scheme"])
        else:
            yield problem(at, _NO_KEY, "gap-01", is_warning=is_warning, value=name, ai=facts.get("ai", "–"))


def _restricted(name: str, at: Place) -> Iterator[Problem]:
    """A number for use inside one shop or company names nothing in a chain, in any profile."""
    thing = epc_uris.identify(name)
    prefix = gs1.restricted_prefix(thing.path[0][1][:14]) if thing is not None and thing.key in _OF_GTIN else None
    if prefix is not None:
        yield problem(at, _RESTRICTED, "restricted", value=name, prefix=prefix)


_OF_GTIN = {"01", "8006"}
_RARER_KEYS = {"253", "255", "401", "402", "8003", "8004", "8010", "8017", "8018"}


def _classes(event: dict[str, Any], place: Place) -> Iterator[Problem]:
    """Gaps 2 to 5: quantities are of kinds, EPCs are single things; a unit has a quantity, a quantity an amount."""
    for quantity, at in _each(event, place, _QUANTITY_LISTS):
        name = quantity["epcClass"]
        if epc_uris.names_one(name):
            yield problem((at, "epcClass"), _SERIAL_IN_QUANTITY, "gap-02", value=name)
        if "quantity" not in quantity:
            if "uom" in quantity:
                yield problem((at, "uom"), _UNIT_ALONE, "gap-04")
        elif quantity["quantity"] <= 0:
            yield problem((at, "quantity"), _NO_QUANTITY, "gap-05", value=quantity["quantity"])
    yield from many_as_one(event, place, _is_class)


def many_as_one(event: dict[str, Any], place: Place, is_many: Callable[[str], bool]) -> Iterator[Problem]:
    """Gap 3: name what stands where single things belong.

    :param is_many: tells whether a name is that of many things
    """
    for name, at in _each(event, place, _EPC_LISTS):
        if is_many(name):
            yield problem(at, _CLASS_IN_EPCS, "gap-03", value=name)
    if "parentID" in event and is_many(event["parentID"]):
        yield problem((place, "parentID"), _CLASS_AS_PARENT, "gap-03", value=event["parentID"])


def _is_class(name: str) -> bool:
    """Tell whether a name is that of many things: a lot, a kind of goods."""
    thing = epc_uris.identify(name)
    return name.startswith(("urn:epc:class:", "urn:epc:idpat:")) or (thing is not None and thing.is_class)


def _nothing(event: dict[str, Any], place: Place) -> Iterator[Problem]:
    """Gap 6: an event is about something. A sensor may observe a place alone; DELETE may end all at once."""
    kind = event["type"]
    if kind not in ("ObjectEvent", "TransactionEvent") or event.get("epcList") or event.get("quantityList"):
        return
    if event.get("sensorElementList"):
        return
    if kind == "TransactionEvent" and (event["action"] == "DELETE" or "parentID" in event):
        return
    yield problem((place, "epcList"), _NOTHING_NAMED, "gap-06")


def _parents(event: dict[str, Any], place: Place) -> Iterator[Problem]:
    """Gaps 7 and 8; and nothing is inside itself."""
    if event["type"] == "AggregationEvent" and event["action"] != "OBSERVE" and "parentID" not in event:
        yield problem((place, "parentID"), _NO_PARENT, "gap-07" if event["action"] == "ADD" else "gap-08")
    if event["type"] not in ("AggregationEvent", "AssociationEvent") or "parentID" not in event:
        return
    parent = kept(event["parentID"])
    for child, at in _each(event, place, ("childEPCs",)):
        if kept(child) == parent:
            yield problem(at, _ITS_OWN_CHILD, "own-child", value=child)
    for element, at in _each(event, place, ("childQuantityList",)):
        if kept(element["epcClass"]) == parent:
            yield problem((at, "epcClass"), _ITS_OWN_CHILD, "own-child", value=element["epcClass"])


def _corrections(event: dict[str, Any], place: Place) -> Iterator[Problem]:
    """Gap 12."""
    declaration = event.get("errorDeclaration", {})
    at = (place, "errorDeclaration")
    for corrective, here in _each(declaration, at, ("correctiveEventIDs",)):
        if _same_id(corrective, event.get("eventID")):
            yield problem(here, _CORRECTS_ITSELF, "gap-12")


def _same_id(one: str, other: str | None) -> bool:
    """Tell whether two eventIDs are one: a UUID is the same in capitals."""
    if other is None:
        return False
    uuids = all(text[:9].lower() == "urn:uuid:" for text in (one, other))
    return one.lower() == other.lower() if uuids else one == other


def _offsets(event: dict[str, Any], place: Place) -> Iterator[Problem]:
    """Gap 13: UTC with any offset is legal and common; a zone that contradicts the offset is neither."""
    written = event["eventTime"][-6:]
    said = event["eventTimeZoneOffset"]
    # -00:00 is RFC 3339's way to say that the instant is known and the zone is not.
    if written[0] in "+-" and written != "-00:00" and written != said.replace("-00:00", "+00:00"):
        yield problem((place, "eventTimeZoneOffset"), _OFFSETS_DIFFER, "gap-13", written=written, said=said)


def _dispositions(event: dict[str, Any], place: Place) -> Iterator[Problem]:
    """Gap 16."""
    held = event.get("persistentDisposition")
    if not isinstance(held, dict) or not isinstance(held.get("set"), list) or not isinstance(held.get("unset"), list):
        return
    at = (place, "persistentDisposition")
    for word, here in _each(held, at, ("unset",)):
        if word in held["set"]:
            yield problem(here, _SET_AND_UNSET, "gap-16", value=word)


def _parties(event: dict[str, Any], place: Place) -> Iterator[Problem]:
    """Gap 17: goods that are shipped change hands. Whoever owns them may go on owning them: that is consignment."""
    if event.get("bizStep") not in _SHIPPING:
        return
    senders = {
        epc_uris.canonical(one["source"]) or one["source"]
        for one in event.get("sourceList", ())
        if one["type"] == "possessing_party"
    }
    for one, at in _each(event, place, ("destinationList",)):
        party = one["destination"]
        if one["type"] == "possessing_party" and (epc_uris.canonical(party) or party) in senders:
            yield problem((at, "destination"), _TO_ITSELF, "gap-17", value=party)


def _vocabulary(event: dict[str, Any], place: Place) -> Iterator[Problem]:
    """Gap 18: what is written as a word of CBV is one. In the normal spelling known words are short already."""
    for kind, word, at in _words(event, place):
        text = words(kind)
        if text.short(word) is not None and word not in text.known:
            yield problem(at, _UNKNOWN_WORD, "gap-18", value=word)


def _words(event: dict[str, Any], place: Place) -> Iterator[tuple[str, str, Place]]:
    for kind in ("bizStep", "disposition"):
        if kind in event:
            yield kind, event[kind], (place, kind)
    for name, kind in _TYPES.items():
        for one, at in _each(event, place, (name,)):
            if "type" in one:
                yield kind, one["type"], (at, "type")
    reason = event.get("errorDeclaration", {}).get("reason")
    if reason is not None:
        yield "errorReason", reason, ((place, "errorDeclaration"), "reason")
    held = event.get("persistentDisposition")
    if isinstance(held, dict):
        for half in ("set", "unset"):
            if isinstance(held.get(half), list):
                for word, at in _each(held, (place, "persistentDisposition"), (half,)):
                    if isinstance(word, str):
                        yield "disposition", word, at
    for element, at in _each(event, place, ("sensorElementList",)):
        for report, inside in _each(element, at, ("sensorReport",)):
            for name, kind in _MEASURED.items():
                if name in report:
                    yield kind, report[name], (inside, name)


_TYPES = {
    "bizTransactionList": "bizTransaction",
    "sourceList": "sourceOrDestination",
    "destinationList": "sourceOrDestination",
}
_MEASURED = {"type": "measurement", "exception": "sensorAlert", "component": "component"}

Rule = Callable[[dict[str, Any], Place], Iterator[Problem]]
_RULES_OF_ALL: tuple[Rule, ...] = (_corrections, _offsets)
_RULES: tuple[Rule, ...] = (
    _classes,
    _nothing,
    _parents,
    _dispositions,
    _parties,
    _vocabulary,
)

# --- Rules with a clock or a profile -------------------------------------------------------------------------------


def _in_the_future(event: dict[str, Any], place: Place, now: datetime) -> Iterator[Problem]:
    """Gap 14."""
    at = instant(event["eventTime"])
    if at is not None and at > now + CLOCK_SKEW:
        yield problem((place, "eventTime"), _IN_THE_FUTURE, "gap-14", value=event["eventTime"])
    declared = event.get("errorDeclaration", {}).get("declarationTime")
    at = instant(declared) if isinstance(declared, str) else None
    if at is not None and at > now + CLOCK_SKEW:
        yield problem(((place, "errorDeclaration"), "declarationTime"), _IN_THE_FUTURE, "gap-14", value=declared)


def instant(text: str) -> datetime | None:
    """Read an instant of sound form; a leap second is the second before it. ``None`` outside the years 1 to 9999."""
    try:
        return datetime.fromisoformat(re.sub(r":60(?=[.Zz+-]|$)", ":59", text.upper()))
    except ValueError:
        return None


def _sensor_times(event: dict[str, Any], place: Place, *, is_warning: bool) -> Iterator[Problem]:
    """Gap 15. Source: EPCIS conformance requirements, TCR-53 set 3."""
    for element, at in _each(event, place, ("sensorElementList",)):
        if "time" not in element.get("sensorMetadata", {}):
            continue
        for report, inside in _each(element, at, ("sensorReport",)):
            if "time" in report:
                yield problem((inside, "time"), _TIME_TWICE, "gap-15", is_warning=is_warning)


def _misplaced_disposition(event: dict[str, Any], place: Place, *, is_warning: bool) -> Iterator[Problem]:
    """Gap 19. What the schema does not hold there is held here: a value nobody could read is refused in any profile."""
    if "persistentDisposition" not in event or event["type"] not in _WITHOUT_PERSISTENT_DISPOSITION:
        return
    at = (place, "persistentDisposition")
    malformed: list[Problem] = []
    check_persistent_disposition(event["persistentDisposition"], at, malformed)
    yield from malformed
    yield problem(at, _NOT_ON_THIS_EVENT, "gap-19", is_warning=is_warning)


_WITHOUT_PERSISTENT_DISPOSITION = {"AggregationEvent", "TransactionEvent", "AssociationEvent"}

# --- Whether everybody can read it ---------------------------------------------------------------------------------

#: Beyond this, programs that keep numbers as floats read another one.
_LARGEST = 2**53 - 1


def _is_portable(event: dict[str, Any]) -> bool:
    """Tell whether the event can be hashed, logged and sent on. Source: RFC 7493 (I-JSON), which RFC 8785 builds on."""
    try:
        json.dumps(event, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return False
    inner: list[Any] = [event]
    for _ in range(_DEEPEST):
        inner = [
            one
            for around in inner
            for one in (around.values() if isinstance(around, dict) else around)
            if not isinstance(one, str) and one is not None
        ]
        if any(isinstance(one, int | float) and abs(one) > _LARGEST for one in inner):
            return False
        inner = [one for one in inner if isinstance(one, dict | list)]
        if not inner:
            return True
    return False
