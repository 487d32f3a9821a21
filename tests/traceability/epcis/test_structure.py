"""Our tables of the event types accept and refuse what the official JSON schema does, which is the judge here."""

from __future__ import annotations

import copy
import json
import random
from collections import Counter
from functools import cache
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.traceability.epcis.suites import EPCIS, documents, events_of, needs_suites, read, say
from traceability.epcis import structure
from traceability.epcis.formats import is_instant, is_uri

FOLDERS = ("examples-gs1", "openepcis/Capture", "openepcis/Query", "hash", "ocop-example", "fsma204")
#: Values that stand where others should, of every JSON type, and texts that are nearly right.
STRANGE: list[Any] = [
    None, True, False, 0, 1, -3, 1.5, "", "x", "ADD", "OBSERVE", "DELETE", "kg", "KGM", "2.0", "v2", "abc0", "+07:00",
    "+14:30", "-15:00", "shipping", "in_transit", "owning_party", "Temperature", "did_not_occur",
    "urn:epcglobal:cbv:bizstep:shipping", "https://ns.gs1.org/cbv/BizStep-shipping",
    "https://ref.gs1.org/cbv/BizStep-shipping", "https://gs1.org/voc/Temperature", "https://www.gs1.org/voc/x",
    "http://a b", "urn:x:1", "https://a/%zz", "a:é", "2026-03-02T08:00:00+07:00", "2026-02-30T08:00:00Z",
    "2026-03-02T08:00:00", "2016-12-31T23:59:60Z", "ObjectEvent", "AggregationEvent", "TransactionEvent",
    "TransformationEvent", "AssociationEvent", "ex:Event", "EPCISDocument", [], {}, [[]], [{}], ["x"], ["urn:x:1"],
    ["urn:x:1", "urn:x:1"], [1, True], [{"a": 1}, {"a": 1.0}], {"id": "urn:x:1"}, {"set": []}, {"set": ["active"]},
    {"set": ["active", "active"]}, {"unset": ["lost"]}, {"ex:a": 1}, {"a": 1},
    [{"epcClass": "urn:x:1", "quantity": 1, "uom": "KGM"}], [{"epcClass": "urn:x:1", "quantity": "1"}],
    [{"epcClass": "urn:x:1", "uom": "kg"}], [{"type": "po", "bizTransaction": "urn:x:1"}],
    [{"type": "owning_party", "source": "urn:x:1"}], [{"type": "location", "destination": "urn:x:1"}],
    [{"sensorReport": [{"type": "Temperature", "value": 1}]}], [{"sensorReport": []}],
]  # fmt: skip
#: Names of fields: all that the standard has somewhere, and some it has nowhere.
NAMES = [
    "@context", "type", "id", "eventID", "eventTime", "recordTime", "eventTimeZoneOffset", "action", "bizStep",
    "disposition", "persistentDisposition", "set", "unset", "readPoint", "bizLocation", "epcList", "quantityList",
    "parentID", "childEPCs", "childQuantityList", "inputEPCList", "inputQuantityList", "outputEPCList",
    "outputQuantityList", "transformationID", "bizTransactionList", "bizTransaction", "sourceList", "source",
    "destinationList", "destination", "sensorElementList", "sensorMetadata", "sensorReport", "time", "startTime",
    "deviceID", "exception", "component", "hexBinaryValue", "booleanValue", "stringValue", "value", "uom", "ilmd",
    "certificationInfo", "errorDeclaration", "declarationTime", "reason", "correctiveEventIDs", "epcClass", "quantity",
    "schemaVersion", "creationDate", "epcisHeader", "epcisMasterData", "vocabularyList", "epcisBody", "eventList",
    "queryResults", "resultsBody", "queryName", "subscriptionID", "instanceIdentifier", "sender", "receiver", "weight",
    "ex:own", "ex own", "https://ns.example.vn/own", "comment", "rdfs:comment", "",
]  # fmt: skip


@cache
def judge() -> jsonschema_rs.Draft7Validator:
    return jsonschema_rs.Draft7Validator(read(EPCIS / "schema" / "epcis-json-schema-2.0.1.json"), validate_formats=True)


@cache
def seeds() -> list[Any]:
    """Give published documents, each cut down to its events one by one, and each event on its own."""
    found = []
    for path in (path for folder in FOLDERS for path in documents(folder) if "Queries" not in path.parts):
        document = read(path)
        for event in events_of(document) if "type" in document else []:
            found.append({"@context": document.get("@context", []), **event})
            if "epcisBody" in document:
                shell = copy.deepcopy(document)
                body = shell["epcisBody"]
                body = body["queryResults"]["resultsBody"] if "queryResults" in body else body
                body["eventList"] = [copy.deepcopy(event)]
                found.append(shell)
    return found


def disagreement(document: Any) -> str | None:
    """Say how the judge and our tables part over a document, if they do."""
    theirs, ours = judge().is_valid(document), structure.check(document)
    if theirs == (not ours):
        return None
    fault = next(iter(judge().iter_errors(document)), None)
    return f"judge: {fault and fault.message}; ours: {[(p.path, str(p)) for p in ours]}; {json.dumps(document)[:3000]}"


def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way, *(place for step, inner in steps for place in places(inner, (*way, step)))]


def at(document: Any, place: tuple[Any, ...]) -> Any:
    for step in place:
        document = document[step]
    return document


def mutate(document: Any, rng: random.Random) -> Any:
    """Change one thing: take something out, put something strange in, add a field, double or empty a list."""
    way = rng.choice(places(document))
    if not way:
        return document
    around = at(document, way[:-1])
    here = around[way[-1]]
    kind = rng.randrange(6)
    if kind == 0:
        del around[way[-1]]
    elif kind == 1:
        around[way[-1]] = copy.deepcopy(rng.choice(STRANGE))
    elif kind == 2:
        target = here if isinstance(here, dict) else around if isinstance(around, dict) else document
        target[rng.choice(NAMES)] = copy.deepcopy(rng.choice(STRANGE))
    elif kind == 3 and isinstance(here, list) and here:
        here.append(copy.deepcopy(rng.choice(here)))
    elif kind == 4 and isinstance(here, list | dict):
        here.clear()
    elif isinstance(around, dict):
        around[rng.choice(NAMES)] = around.pop(way[-1])
    return document


@needs_suites
def test_every_published_document_is_judged_alike():
    paths = [path for folder in FOLDERS for path in documents(folder)]

    parted = {path.name: why for path in paths if (why := disagreement(read(path)))}

    say(f"{len(paths)} published documents, {sum(bool(structure.check(read(path))) for path in paths)} refused")
    assert parted == {}
    assert len(paths) >= 95


@needs_suites
def test_the_invalid_documents_are_refused_by_name_of_the_field():
    paths = [path for path in documents("openepcis") if "Invalid" in path.parts and "Queries" not in path.parts]
    fields = {path.stem: {problem.field for problem in structure.check(read(path))} for path in paths}

    say(f"{len(paths)} invalid documents")
    assert len(paths) == 9
    assert fields == {
        "Combination_of_events_with_missing_mandatory_fields": {"action", "eventTimeZoneOffset"},
        "Combination_of_non_standard_bizStep_and_disposition": {"bizStep", "disposition"},
        "ObjectEvent_with_invalid_action": {"action"},
        "ObjectEvent_with_invalid_certificationInfo": {"certificationInfo"},
        "ObjectEvent_with_invalid_eventTime_format": {"eventTime"},
        "ObjectEvent_with_quantity_as_text": {"quantity"},
        "ObjectEvent_with_unknown_field_in_quantityList": {"weight"},
        "ObjectEvent_without_action_and_eventTime": {"eventTime", "eventTimeZoneOffset", "action"},
        "QueryDocument_with_invalid_action": {"action"},
    }


@needs_suites
def test_mutated_documents_are_judged_alike():
    rng = random.Random(20)
    count = Counter[bool]()

    for seed in seeds():
        for _ in range(25):
            document = copy.deepcopy(seed)
            for _ in range(rng.choice((1, 1, 1, 2, 3))):
                document = mutate(document, rng)
            assert (why := disagreement(document)) is None, why
            count[judge().is_valid(document)] += 1

    say(f"{count.total()} mutations of {len(seeds())} seeds: {count[True]} accepted, {count[False]} refused")
    assert min(count.values()) > 1000  # both verdicts were really asked for


@needs_suites
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_field_with_any_value_is_judged_alike(data):
    document = copy.deepcopy(data.draw(st.sampled_from(seeds())))
    way = data.draw(st.sampled_from([place for place in places(document) if isinstance(at(document, place), dict)]))
    value = data.draw(
        st.sampled_from(STRANGE)
        | st.recursive(
            st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
            max_leaves=6,
        )
    )
    at(document, way)[data.draw(st.sampled_from(NAMES))] = value

    assert (why := disagreement(document)) is None, why


@given(
    st.text(alphabet="abhtpsurn:/?#[]@!$&'()*+,;=%09AfZ.-_~ é|", max_size=24)
    | st.sampled_from(
        ["http://[::1]:80/x", "http://[1:2]", "http://[v1.x]", "a:/", "a://", "http:///x", "a:b#c#d", "a:%4", "://x"]
    )
)
@settings(max_examples=600, deadline=None)
def test_addresses_are_judged_alike(text):
    assert is_uri(text) == jsonschema_rs.is_valid({"type": "string", "format": "uri"}, text, validate_formats=True)


@given(
    st.from_regex(
        r"\A[0-9]{4}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9]"
        r"(\.[0-9]{0,9})?([Zz]|[+-][0-2][0-9]:?[0-6][0-9])?\Z"
    )
    | st.sampled_from(
        [
            "2016-12-31T23:59:60Z",
            "1990-12-31T15:59:60-08:00",
            "1990-12-31T15:59:60+08:00",
            "0000-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
        ]
    )
)
@settings(max_examples=600, deadline=None)
def test_instants_are_judged_alike(text):
    schema = {"type": "string", "format": "date-time"}
    assert is_instant(text) == jsonschema_rs.is_valid(schema, text, validate_formats=True)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"quantityList": [{"epcClass": "urn:x:1", "uom": "kg"}]}, "quantityList[0].uom"),
        ({"weight": 3}, "weight"),
        ({"ilmd": {"ex:a": 1}}, "ilmd"),
        ({"sensorElementList": [{"sensorReport": [{"value": 1}]}]}, "sensorElementList[0].sensorReport[0].type"),
    ],
)
def test_a_problem_says_where(value, path):
    event = {
        "@context": [], "type": "ObjectEvent",
        "eventTime": "2026-03-02T08:00:00+07:00", "eventTimeZoneOffset": "+07:00",
        "action": "OBSERVE", "epcList": ["urn:x:1"],
    }  # fmt: skip

    assert structure.check(event) == []
    [problem] = structure.check(event | value)

    assert (problem.path, problem.rule) == (path, "structure")
    assert problem.field in str(problem)
