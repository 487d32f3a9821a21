"""The nineteen gaps that the schema leaves: one bad event each, beside the good one it was made from."""

from __future__ import annotations

import copy
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kernel.canonical import canonical
from tests.traceability.epcis.suites import EPCIS, documents, events_of, needs_suites, read, say
from traceability.epcis import structure
from traceability.epcis.event_hash import event_hash
from traceability.epcis.validation import (
    Profile,
    check_document,
    check_event,
    declares_unnamed,
    no_earlier_event,
    normalise,
    open_transformation,
    refusals,
)
from traceability.epcis.vocabulary import words

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"ex": "https://ns.example.vn/"}]
ITEM = "https://id.example.vn/01/09520123456788/21/A7"
LOT = "https://id.example.vn/01/09520123456788/10/L1"
PLACE = "https://id.example.vn/414/9520123000011"
CARTON = "urn:epc:id:sscc:9520123.0000000001"
FARMER, SHOP = "https://id.example.vn/417/9520123000011", "https://id.example.vn/party/cua-hang"
WHEN: dict[str, Any] = {"eventTime": "2026-03-02T08:00:00+07:00", "eventTimeZoneOffset": "+07:00"}
SENSED = [{"sensorReport": [{"type": "Temperature", "value": 4, "uom": "CEL"}]}]

OBJECT: dict[str, Any] = {
    "type": "ObjectEvent", **WHEN, "action": "OBSERVE", "bizStep": "shipping", "disposition": "in_transit",
    "eventID": "urn:uuid:7f0a4e0e-6f0e-4d5e-9d69-0b2f7a6b8f11",
    "epcList": [ITEM], "quantityList": [{"epcClass": LOT, "quantity": 12, "uom": "KGM"}],
    "readPoint": {"id": PLACE},
    "sourceList": [{"type": "possessing_party", "source": FARMER}, {"type": "owning_party", "source": FARMER}],
    "destinationList": [
        {"type": "possessing_party", "destination": SHOP}, {"type": "owning_party", "destination": FARMER},
    ],
    "persistentDisposition": {"set": ["available"], "unset": ["unavailable"]},
}  # fmt: skip
AGGREGATION: dict[str, Any] = {
    "type": "AggregationEvent", **WHEN, "action": "ADD", "bizStep": "packing", "parentID": CARTON, "childEPCs": [ITEM],
}  # fmt: skip
TRANSFORMATION: dict[str, Any] = {
    "type": "TransformationEvent", **WHEN, "bizStep": "commissioning", "transformationID": "https://id.example.vn/x/1",
    "inputQuantityList": [{"epcClass": "https://id.example.vn/lot/ca", "quantity": 1200, "uom": "KGM"}],
    "outputQuantityList": [{"epcClass": LOT, "quantity": 1500}],
}  # fmt: skip
ASSOCIATION = AGGREGATION | {"type": "AssociationEvent", "bizStep": "assembling"}
TRANSACTION: dict[str, Any] = {
    "type": "TransactionEvent", **WHEN, "action": "ADD", "bizStep": "accepting", "parentID": CARTON, "epcList": [ITEM],
    "bizTransactionList": [{"type": "po", "bizTransaction": "https://id.example.vn/po/1"}],
}  # fmt: skip


def without(event: dict[str, Any], *fields: str) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in fields}


def problems(event: dict[str, Any], profile: Profile = Profile.STRICT) -> list[tuple[str, str, bool]]:
    """Check an event that the schema accepts (else it would be no gap)."""
    assert structure.check({"@context": CONTEXT, **event}) == []
    found = check_event(event, profile=profile, now=NOW, context=CONTEXT)
    assert all(problem.field in str(problem) for problem in found)
    return [(problem.rule, problem.path, problem.is_warning) for problem in found]


@pytest.mark.parametrize(
    "good", [OBJECT, AGGREGATION, ASSOCIATION, TRANSACTION, TRANSFORMATION], ids=lambda event: event["type"]
)
@pytest.mark.parametrize("profile", Profile)
def test_the_good_events_are_accepted(good, profile):
    assert problems(good, profile) == []


def quantity(**fields: object) -> dict[str, Any]:
    return {"quantityList": [{"epcClass": LOT, **fields}]}


BAD: list[tuple[str, str, dict[str, Any]]] = [
    ("gap-01", "epcList[0]", OBJECT | {"epcList": ["https://id.example.vn/01/09520123456789/21/A7"]}),
    ("gap-01", "readPoint.id", OBJECT | {"readPoint": {"id": "https://id.example.vn/414/9520123000012"}}),
    ("gap-01", "parentID", AGGREGATION | {"parentID": "https://id.example.vn/00/095201230000000012"}),
    ("gap-01", "epcList[0]", OBJECT | {"epcList": ["urn:epc:id:sgtin:9520123.45678.A7"]}),
    ("gap-02", "quantityList[0].epcClass", OBJECT | {"quantityList": [{"epcClass": ITEM, "quantity": 1}]}),
    ("gap-02", "quantityList[0].epcClass", OBJECT | {"quantityList": [{"epcClass": CARTON, "quantity": 1}]}),
    ("gap-03", "epcList[0]", OBJECT | {"epcList": [LOT]}),
    ("gap-03", "epcList[0]", OBJECT | {"epcList": ["urn:epc:class:lgtin:9520123.045678.L1"]}),
    ("gap-03", "childEPCs[0]", AGGREGATION | {"childEPCs": ["https://id.example.vn/01/09520123456788"]}),
    *(
        ("gap-03", f"{field}[0]", TRANSFORMATION | {field: [one]})
        for field in ("inputEPCList", "outputEPCList") for one in (LOT, "urn:epc:idpat:sgtin:9520123.045678.*")
    ),
    *(
        ("gap-02", f"{field}[0].epcClass", event | {field: [{"epcClass": ITEM, "quantity": 1}]})
        for field, event in (
            ("inputQuantityList", TRANSFORMATION), ("outputQuantityList", TRANSFORMATION),
            ("childQuantityList", AGGREGATION),
        )
    ),
    *(
        ("gap-03", "parentID", event | {"parentID": one})
        for event in (AGGREGATION, ASSOCIATION, TRANSACTION)
        for one in (LOT, "https://id.example.vn/01/09520123456788", "urn:epc:class:lgtin:9520123.045678.L1")
    ),
    ("gap-04", "quantityList[0].uom", OBJECT | quantity(uom="KGM")),
    ("gap-05", "quantityList[0].quantity", OBJECT | quantity(quantity=-1)),
    ("gap-05", "quantityList[0].quantity", OBJECT | quantity(quantity=0, uom="KGM")),
    ("gap-06", "epcList", without(OBJECT, "quantityList") | {"epcList": []}),
    ("gap-07", "parentID", without(AGGREGATION, "parentID")),
    ("gap-08", "parentID", without(AGGREGATION, "parentID") | {"action": "DELETE"}),
    (
        "gap-12",
        "errorDeclaration.correctiveEventIDs[0]",
        OBJECT | {"errorDeclaration": {
            "declarationTime": "2026-03-03T08:00:00Z", "correctiveEventIDs": [OBJECT["eventID"]],
        }},
    ),
    (
        "gap-12",
        "errorDeclaration.correctiveEventIDs[0]",
        OBJECT | {"errorDeclaration": {
            "declarationTime": "2026-03-03T08:00:00Z",
            "correctiveEventIDs": [OBJECT["eventID"].upper().replace("URN:UUID", "urn:uuid")],
        }},
    ),
    ("gap-14", "errorDeclaration.declarationTime", OBJECT | {"errorDeclaration": {
        "declarationTime": "2036-03-03T08:00:00Z",
    }}),
    ("restricted", "quantityList[0].epcClass", OBJECT | {"quantityList": [
        {"epcClass": "https://id.gs1.org/01/02000000000008/10/L1", "quantity": 1},
    ]}),
    ("restricted", "epcList[0]", OBJECT | {"epcList": ["https://id.gs1.org/01/00400000000008/21/A"]}),
    ("gap-13", "eventTimeZoneOffset", OBJECT | {"eventTimeZoneOffset": "+08:00"}),
    ("gap-13", "eventTimeZoneOffset", OBJECT | {"eventTime": "2026-03-02T01:00:00+00:00"}),
    ("gap-14", "eventTime", OBJECT | {"eventTime": "2027-03-02T08:00:00+07:00"}),
    (
        "gap-15",
        "sensorElementList[0].sensorReport[0].time",
        OBJECT | {"sensorElementList": [{
            "sensorMetadata": {"time": "2026-03-02T01:00:00Z"},
            "sensorReport": [{"type": "Temperature", "value": 4, "time": "2026-03-02T01:00:00Z"}],
        }]},
    ),
    (
        "gap-16",
        "persistentDisposition.unset[0]",
        OBJECT | {"persistentDisposition": {
            "set": ["recalled"], "unset": ["https://ref.gs1.org/cbv/Disp-recalled"],
        }},
    ),
    (
        "gap-17",
        "destinationList[0].destination",
        OBJECT | {"destinationList": [{"type": "possessing_party", "destination": "urn:epc:id:pgln:9520123.00001"}]},
    ),
    ("gap-18", "bizStep", OBJECT | {"bizStep": "https://ref.gs1.org/cbv/BizStep-teleporting"}),
    ("gap-18", "disposition", OBJECT | {"disposition": "cbv:Disp-lost"}),
    ("gap-19", "persistentDisposition", AGGREGATION | {"persistentDisposition": {"set": ["available"]}}),
    ("i-json", "", OBJECT | {"ex:note": "\ud800"}),
    ("i-json", "", OBJECT | {"ex:note": 2**53 + 1}),
    ("i-json", "", OBJECT | {"quantityList": [{"epcClass": "https://a.example/lot/1", "quantity": 10**400}]}),
    ("i-json", "", OBJECT | {"ilmd": {}, "action": "ADD", "ex:note": {"ex:a": [6.8e16]}}),
    ("i-json", "", OBJECT | {"ex:note": json.loads("[" * 120 + "]" * 120)}),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "path", "bad"), BAD, ids=[f"{rule}-{path}" for rule, path, _ in BAD])
def test_strict_refuses(rule, path, bad):
    found = check_event(bad, profile=Profile.STRICT, now=NOW, context=CONTEXT)

    assert structure.check({"@context": CONTEXT, **bad}) == []  # the schema would not have refused it
    assert [(problem.rule, problem.path, problem.is_warning) for problem in found] == [(rule, path, False)]


@pytest.mark.parametrize(("rule", "path", "bad"), BAD, ids=[f"{rule}-{path}" for rule, path, _ in BAD])
def test_interchange_only_warns_where_published_examples_do_the_same(rule, path, bad):
    found = check_event(bad, profile=Profile.INTERCHANGE, now=NOW, context=CONTEXT)

    assert [(problem.rule, problem.path) for problem in found] == [(rule, path)]
    assert found[0].is_warning == (rule in {"gap-15", "gap-19"})


@pytest.mark.parametrize(
    "event",
    [
        without(OBJECT, "quantityList", "epcList") | {"epcList": [], "sensorElementList": SENSED},  # a place, observed
        OBJECT | {"eventTime": "2026-03-02T01:00:00Z"},
        OBJECT | {"eventTime": "2026-03-02T01:00:00-00:00"},
        OBJECT | {"eventTime": "2026-11-23T09:04:59+07:00"},
        OBJECT | {"bizStep": "https://ref.gs1.org/cbv/BizStep-shipping"},
        OBJECT | {"bizStep": "https://id.example.vn/steps/phoi-nang"},
        OBJECT | {"bizStep": "storing", "destinationList": [{"type": "possessing_party", "destination": FARMER}]},
        OBJECT | {"epcList": ["https://id.example.vn/lo/abcd/7k2qxm90ad"]},
        OBJECT | {"epcList": ["urn:uuid:7f0a4e0e-6f0e-4d5e-9d69-0b2f7a6b8f12"]},
        AGGREGATION | {"action": "OBSERVE", "parentID": CARTON},
        without(AGGREGATION, "parentID") | {"action": "OBSERVE"},
        without(AGGREGATION, "childEPCs") | {"action": "DELETE"},
        {"type": "TransactionEvent", **WHEN, "action": "DELETE", "epcList": [],
         "bizTransactionList": [{"type": "po", "bizTransaction": "https://id.example.vn/po/1"}]},
        {"type": "ex:Own", **WHEN, "epcList": 5, "readPoint": "x", "sourceList": [3], "bizStep": [], "ilmd": 0},
    ],
)  # fmt: skip
def test_what_looks_alike_and_is_right_is_accepted(event):
    assert problems(event) == []


def test_the_clock_may_differ_a_little():
    ahead = OBJECT | {"eventTime": (NOW + timedelta(minutes=6)).isoformat().replace("+00:00", "Z")}

    assert [rule for rule, _, _ in problems(ahead)] == ["gap-14"]


def test_other_keys_with_wrong_check_digits_are_warned_about_in_interchange():
    """The published examples hold crates (GRAI) whose check digit is wrong."""
    crate = OBJECT | {"epcList": ["https://id.example.vn/8003/095201230000125"]}

    assert problems(crate) == [("gap-01", "epcList[0]", False)]
    assert problems(crate, Profile.INTERCHANGE) == [("gap-01", "epcList[0]", True)]


def test_a_disposition_nobody_can_read_is_refused_where_the_schema_looks_away():
    for value in (3, {}, {"set": "available"}, {"set": []}, {"set": [{}], "unset": [[]]}):
        found = check_event(
            AGGREGATION | {"persistentDisposition": value}, profile=Profile.INTERCHANGE, now=NOW, context=CONTEXT
        )
        assert refusals(found)


# --- What the store decides ------------------------------------------------------------------------------------


def test_half_a_transformation_is_accepted_and_named():
    """Gap 9."""
    half = without(TRANSFORMATION, "outputQuantityList")

    assert problems(half) == []
    assert open_transformation(half) == "https://id.example.vn/x/1"
    assert open_transformation(without(TRANSFORMATION, "inputQuantityList")) == "https://id.example.vn/x/1"
    assert open_transformation(TRANSFORMATION) is None
    assert open_transformation(OBJECT) is None


def test_an_event_and_its_repetition_share_a_hash_and_another_content_does_not():
    """Gap 10: what tells a replay from a conflict."""
    again = copy.deepcopy(OBJECT) | {"recordTime": "2026-03-02T09:00:00Z"}

    assert event_hash(again, CONTEXT) == event_hash(OBJECT, CONTEXT)
    assert event_hash(OBJECT | quantity(quantity=13, uom="KGM"), CONTEXT) != event_hash(OBJECT, CONTEXT)


def test_an_error_declaration_without_id_is_for_the_store():
    """Gap 11."""
    declared = OBJECT | {"errorDeclaration": {"declarationTime": "2026-03-03T08:00:00Z"}}

    assert not declares_unnamed(declared)
    assert declares_unnamed(without(declared, "eventID"))
    assert problems(without(declared, "eventID")) == []
    assert event_hash(without(declared, "eventID"), CONTEXT) == event_hash(OBJECT, CONTEXT)
    strict, interchange = (
        no_earlier_event(Profile.STRICT, "epcisBody.eventList[2]"),
        no_earlier_event(Profile.INTERCHANGE),
    )
    assert (strict.path, strict.rule, strict.is_warning) == ("epcisBody.eventList[2].errorDeclaration", "gap-11", False)
    assert (interchange.path, interchange.is_warning) == ("errorDeclaration", True)


# --- One spelling ----------------------------------------------------------------------------------------------


def test_words_are_written_short_and_all_else_is_kept():
    event = OBJECT | {
        "bizStep": "https://ref.gs1.org/cbv/BizStep-shipping",
        "disposition": "cbv:Disp-in_transit",
        "persistentDisposition": {"set": ["urn:epcglobal:cbv:disp:available"], "unset": ["https://a.vn/x"]},
        "bizTransactionList": [{"type": "https://ref.gs1.org/cbv/BTT-po", "bizTransaction": "urn:x:1"}],
        "sourceList": [{"type": "https://ref.gs1.org/cbv/SDT-location", "source": PLACE}],
        "errorDeclaration": {"declarationTime": "2026-03-03T08:00:00Z", "reason": "cbv:ER-incorrect_data"},
        "sensorElementList": [{"sensorReport": [{
            "type": "gs1:Temperature", "exception": "https://ref.gs1.org/voc/ALARM_CONDITION",
            "component": "cbv:Comp-x",
        }]}],
        "ex:bizStep": "https://ref.gs1.org/cbv/BizStep-shipping",
        "ilmd": {"ex:grade": {"type": "https://ref.gs1.org/cbv/BTT-po"}},
    }  # fmt: skip
    before = copy.deepcopy(event)

    short = normalise(event)

    assert event == before
    assert (short["bizStep"], short["disposition"]) == ("shipping", "in_transit")
    assert short["persistentDisposition"] == {"set": ["available"], "unset": ["https://a.vn/x"]}
    assert short["bizTransactionList"][0]["type"] == "po"
    assert short["sourceList"][0]["type"] == "location"
    assert short["errorDeclaration"]["reason"] == "incorrect_data"
    assert short["sensorElementList"][0]["sensorReport"][0] == {
        "type": "Temperature", "exception": "ALARM_CONDITION", "component": "x",
    }  # fmt: skip
    assert (short["ex:bizStep"], short["ilmd"]) == (event["ex:bizStep"], event["ilmd"])
    assert normalise(short) == short
    assert event_hash(short, CONTEXT) == event_hash(event, CONTEXT)


# --- Documents -------------------------------------------------------------------------------------------------


def test_each_event_of_a_document_is_told_apart():
    document = {
        "@context": CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-03-02T09:00:00Z",
        "epcisBody": {"eventList": [
            OBJECT, OBJECT | {"action": "LOOK", "epcList": [LOT]}, OBJECT | {"epcList": [LOT]}, 3,
        ]},
    }  # fmt: skip

    found = check_document(document, profile=Profile.STRICT, now=NOW)

    assert [(problem.rule, problem.path) for problem in found] == [
        ("structure", "epcisBody.eventList[1].action"),
        ("structure", "epcisBody.eventList[3]"),
        ("gap-03", "epcisBody.eventList[2].epcList[0]"),
    ]


def test_an_event_alone_brings_its_context():
    assert [p.path for p in check_event(OBJECT, profile=Profile.STRICT, now=NOW)] == ["@context"]
    assert [p.path for p in check_document(OBJECT, profile=Profile.STRICT, now=NOW)] == ["@context"]
    assert check_document({"@context": CONTEXT, **OBJECT}, profile=Profile.STRICT, now=NOW) == []


@pytest.mark.parametrize("junk", [None, 3, "x", [], {}, {"type": []}, {"type": "EPCISDocument", "epcisBody": 3}])
def test_junk_is_refused_and_nothing_breaks(junk):
    assert refusals(check_document(junk, profile=Profile.INTERCHANGE, now=NOW))


#: Expected to be refused in the folders of good documents, as upstream says.
REFUSED = {"SensorData_with_combined_events.json", "TransactionEvent_with_userExtensions.json"}
SUITES = {
    "examples-gs1": 24, "openepcis/Capture/Documents": 38, "openepcis/Capture/Events": 5, "openepcis/Query": 9,
    "fsma204": 3, "ocop-example": 1, "hash": 11,
}  # fmt: skip


@needs_suites
@pytest.mark.parametrize("folder", SUITES)
def test_published_documents_are_accepted_in_interchange(folder):
    paths = [
        path for path in documents(folder) if path.suffix != ".hashes" and not {"Invalid", "Queries"} & set(path.parts)
    ]
    refused, warned = set(), set()

    for path in paths:
        document = read(path)
        found = check_document(document, profile=Profile.INTERCHANGE, now=NOW)
        if refusals(found):
            refused.add(path.name)
        warned |= {(path.name, problem.rule) for problem in found if problem.is_warning}
        for event in events_of(document):
            if not refusals(found):
                assert event_hash(normalise(event), document["@context"]) == event_hash(event, document["@context"])
                assert canonical(normalise(event))

    rules = sorted(f"{name}: {rule}" for name, rule in warned if name not in REFUSED)
    say(f"{len(paths)} documents of {folder}, {len(refused)} refused; warnings: {rules}")
    if folder == "fsma204":  # its bad example breaks its profile, and gap 5 beside
        bad = read(EPCIS / folder / "FSMA-1-Harvesting-Invalid-Event.json")
        assert structure.check(bad) == []
        assert [p.rule for p in check_document(bad, profile=Profile.INTERCHANGE, now=NOW)] == ["gap-05"]
        refused.remove("FSMA-1-Harvesting-Invalid-Event.json")
    assert len(paths) == SUITES[folder]
    assert refused == (REFUSED if folder in ("openepcis/Capture/Documents", "openepcis/Query") else set())
    assert {rule for _, rule in warned} <= {"gap-01", "gap-15", "gap-19"}


@needs_suites
def test_our_own_chain_holds_in_the_strict_profile():
    [path] = documents("ocop-example")
    chain = read(path)

    assert check_document(chain, profile=Profile.STRICT, now=NOW) == []
    assert [open_transformation(event) for event in events_of(chain) if open_transformation(event)] == [
        "https://id.example.vn/xform/NM-2026-014"
    ] * 2  # inputs in March, outputs in September


@needs_suites
def test_the_words_are_those_of_the_published_vocabulary():
    ontology = (EPCIS / "ontology" / "CBV.ttl").read_text(encoding="utf-8")
    kinds = {
        "BizStep": "bizStep", "Disp": "disposition", "BTT": "bizTransaction", "SDT": "sourceOrDestination",
        "ER": "errorReason", "Comp": "component",
    }  # fmt: skip
    for name, kind in kinds.items():
        assert set(re.findall(rf"^cbv:{name}-(\w+)\s", ontology, re.MULTILINE)) == words(kind).known
