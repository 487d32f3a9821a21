"""The REST interface: who may, what it understands, and that nothing sent to it breaks it."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.event import listen, remove
from sqlalchemy.exc import OperationalError

from accounts import keys
from accounts.actor import SYSTEM
from accounts.models import ApiKey
from kernel.db import db, transaction
from tests.factories import Factories
from tests.traceability.epcis.interface import CONTEXT, Program, document, event


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


# --- Who may -----------------------------------------------------------------------------------------------

CLOSED = [
    ("GET", "/capture"), ("POST", "/capture"), ("POST", "/events"), ("GET", "/capture/x"), ("GET", "/queries"),
    ("POST", "/queries"), ("GET", "/queries/x"), ("DELETE", "/queries/x"), ("GET", "/queries/x/events"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_without_a_key_one_is_told_to_bring_one(client: FlaskClient, method: str, path: str) -> None:
    answer = client.open(f"/epcis{path}", method=method, json={})

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.content_type == "application/problem+json"
    assert answer.get_json()["type"] == "epcisException:SecurityException"


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_a_key_for_something_else_does_not_open(program: Program, method: str, path: str) -> None:
    other = program.key("capture" if "queries" in path else "query")
    answer = program.app.test_client().open(f"/epcis{path}", method=method, json={}, headers=bearer(other))

    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/events", "/epcs", "/bizSteps", "/"])
def test_a_key_that_is_unknown_or_revoked_is_refused_where_none_is_needed_too(
    program: Program, path: str, now: datetime
) -> None:
    client = program.app.test_client()
    with program.app.app_context(), transaction():
        for row in db.session.query(ApiKey).all():
            keys.revoke(SYSTEM, row.id, now=now)

    assert client.get(f"/epcis{path}", headers=bearer(program.key("query"))).status_code == 401
    assert client.get(f"/epcis{path}", headers=bearer("ocop_x")).status_code == 401
    assert client.get(f"/epcis{path}").status_code == 200


def test_what_another_organisation_captured_does_not_exist_for_us(
    program: Program, make: Factories, now: datetime
) -> None:
    other = Program(program.app, make.producer(), now)
    answer = other.send("/capture", document(event()))
    other.work()
    event_id = other.events()[0]["eventID"]

    assert program.get(answer.headers["Location"].removeprefix("/epcis"), "capture").status_code == 404
    assert program.get(f"/events/{quote(event_id, safe='')}").status_code == 404
    assert program.events() == []


# --- Protocol ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "allowed"), [
    ("/", "OPTIONS, GET"), ("/capture", "OPTIONS, GET, POST"), ("/events", "OPTIONS, GET, POST"),
    ("/events/urn:x:1", "OPTIONS, GET"), ("/capture/1", "OPTIONS, GET"), ("/epcs", "OPTIONS, GET"),
    ("/bizSteps/shipping/events", "OPTIONS, GET"), ("/queries", "OPTIONS, GET, POST"),
    ("/queries/x", "OPTIONS, GET, DELETE"), ("/queries/x/events", "OPTIONS, GET"),
])  # fmt: skip
def test_options_tell_what_an_address_can_do(client: FlaskClient, path: str, allowed: str) -> None:
    answer = client.options(f"/epcis{path}")

    assert (answer.status_code, answer.headers["Allow"]) == (204, allowed)
    for name in ("GS1-EPCIS-Version", "GS1-EPCIS-Min", "GS1-EPCIS-Max", "GS1-CBV-Version"):
        assert answer.headers[name] == "2.0"
    assert ("GS1-EPCIS-Capture-Limit" in answer.headers) is (path in ("/capture", "/events"))


@pytest.mark.parametrize(("headers", "status"), [
    ({"GS1-EPC-Format": "Always_EPC_URN"}, 406), ({"GS1-EPC-Format": "Never_Translates"}, 200),
    ({"GS1-EPC-Format": "No_Preference"}, 200), ({"GS1-EPCIS-Min": "1.2", "GS1-EPCIS-Max": "2.1"}, 200),
    ({"GS1-CBV-Min": "2.0.0", "GS1-CBV-Max": "2"}, 200), ({"GS1-EPCIS-Min": "2.1"}, 406),
    ({"GS1-EPCIS-Max": "1.2"}, 406), ({"GS1-CBV-Min": "3.0"}, 406),
])  # fmt: skip
def test_what_is_asked_for_and_not_spoken_is_said(client: FlaskClient, headers: dict[str, str], status: int) -> None:
    assert client.get("/epcis/events", headers=headers).status_code == status


def test_the_limits_are_said_and_held(program: Program) -> None:
    said = program.app.test_client().options("/epcis/capture").headers
    many = document(*[event()] * (int(said["GS1-EPCIS-Capture-Limit"]) + 1))

    assert program.send("/capture", many).status_code == 413
    assert program.send("/capture", b" " * (int(said["GS1-EPCIS-Capture-File-Size-Limit"]) + 1)).status_code == 413


def test_how_many_ties_one_request_may_tell_of_is_held(program: Program) -> None:
    def made(side: str, many: int) -> list[dict[str, Any]]:
        lots = [f"https://id.gs1.org/01/09521234500018/10/{side}{number}" for number in range(many)]
        return [{"epcClass": name, "quantity": 1, "uom": "KGM"} for name in lots]

    both = {"inputQuantityList": made("I", 120), "outputQuantityList": made("O", 120)}
    tied = event(type="TransformationEvent", action=None, quantityList=None, bizStep="commissioning", **both)

    assert program.send("/capture", document(tied, tied)).status_code == 202
    answer = program.send("/capture", document(tied, tied, tied), **{"Accept-Language": "en"})

    assert (answer.status_code, answer.get_json()["type"]) == (413, "epcisException:CaptureLimitExceededException")
    assert "43200 pairs" in answer.get_json()["detail"]


@pytest.mark.parametrize(("path", "status"), [("/capture", 202), ("/events", 201)])
def test_a_request_that_the_busy_database_turned_away_is_done_again_whole(
    program: Program, path: str, status: int
) -> None:
    turned_away = []

    def busy(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT INTO") and not turned_away:
            turned_away.append(statement)
            raise OperationalError(statement, {}, sqlite3.OperationalError("database is locked"))

    with program.app.app_context():
        engine = db.engine
    listen(engine, "before_cursor_execute", busy)
    try:
        answer = program.send(path, document(event()) if path == "/capture" else event(**{"@context": CONTEXT}))
    finally:
        remove(engine, "before_cursor_execute", busy)

    assert (answer.status_code, len(turned_away)) == (status, 1)


def test_a_fault_of_ours_is_not_told_as_theirs(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT INTO"):
            raise ZeroDivisionError

    monkeypatch.setitem(program.app.config, "PROPAGATE_EXCEPTIONS", False)
    with program.app.app_context():
        engine = db.engine
    listen(engine, "before_cursor_execute", broken)
    try:
        answer = program.send("/capture", document(event()))
    finally:
        remove(engine, "before_cursor_execute", broken)

    assert (answer.status_code, answer.get_json()["type"]) == (500, "epcisException:ImplementationException")


@pytest.mark.parametrize(("path", "body", "headers", "status"), [
    ("/capture", b"{}", {"Content-Type": "text/plain"}, 415),
    ("/events", b"{}", {"Content-Type": "application/xml"}, 415),
    ("/capture", b"\x1f\x8b", {"Content-Encoding": "gzip"}, 415),
    ("/capture", b"nothing", {"Content-Encoding": "Identity"}, 400),
    ("/capture", b"{", {}, 400), ("/capture", b"[]", {}, 400), ("/capture", b"\xff", {}, 400),
    ("/capture", b"", {}, 400),
    ("/capture", b"[" * 100_000, {}, 400), ("/capture", b"1" * 10_000, {}, 400),
    ("/capture", b"{}", {"GS1-Capture-Error-Behaviour": "guess"}, 400),
    ("/capture", b"{}", {"GS1-EPCIS-Version": "1.2"}, 406), ("/events", b"{}", {"Accept": "application/xml"}, 406),
    ("/capture", b"{}", {"GS1-EPCIS-Min": "2.1"}, 406), ("/capture", b"{}", {"GS1-EPCIS-Max": "1.2"}, 406),
    ("/events", b"{}", {"GS1-CBV-Min": "3.0"}, 406), ("/events", b"{}", {"GS1-CBV-Max": "1"}, 406),
    ("/events", b"{}", {"GS1-EPCIS-Min": "two"}, 406), ("/events", b"{}", {"GS1-EPC-Format": "Any"}, 406),
    ("/events", b'{"type": "ObjectEvent", "type": "ObjectEvent"}', {}, 400),
    ("/events", b'{"type": "EPCISDocument"}', {}, 400), ("/events", b"{}", {}, 400),
])  # fmt: skip
def test_what_is_not_understood_is_refused_by_the_status_of_the_standard(
    program: Program, path: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = program.send(path, body, **headers)

    told = answer.get_json()
    assert (answer.status_code, told["status"]) == (status, status)
    assert {"type", "title", "detail"} <= told.keys()


def test_a_byte_order_mark_is_no_part_of_what_was_sent(program: Program) -> None:
    body = b"\xef\xbb\xbf" + json.dumps(event(**{"@context": CONTEXT})).encode()

    assert program.send("/events", body).status_code == 201


def test_a_field_that_stands_twice_counts_as_most_programs_read_it(program: Program) -> None:
    """In events, with a warning, as a published example has it; what a query asks for must be clear."""
    body = json.dumps(event(**{"@context": CONTEXT, "eventID": "urn:uuid:00000000-0000-4000-8000-000000000001"}))
    body = body.replace('"eventID"', '"eventID": "urn:uuid:00000000-0000-4000-8000-000000000002", "eventID"')
    answer = program.send("/events", body.encode(), **{"Accept-Language": "en"})
    told = answer.get_json()

    assert (answer.status_code, told["eventID"][-1]) == (201, "1")
    assert [(warning["rule"], "“eventID” stands twice" in warning["message"]) for warning in told["warnings"]] == [
        ("json-twice", True)
    ]
    query = b'{"name": "one", "name": "two", "query": {}}'
    assert program.send("/queries", query, scope="query").status_code == 400


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "/nothing", 404), ("PUT", "/events", 405), ("DELETE", "/capture", 405), ("POST", "/epcs", 405),
    ("PATCH", "/", 405),
])  # fmt: skip
def test_what_is_not_there_is_a_problem_document_too(client: FlaskClient, method: str, path: str, status: int) -> None:
    answer = client.open(f"/epcis{path}", method=method)

    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")


def test_a_refusal_names_the_place_in_the_language_asked_for(program: Program) -> None:
    bad = {"@context": CONTEXT, **event(quantityList=[{"epcClass": "https://a.example/lot/1", "quantity": -1}])}
    vi = program.send("/events", bad, **{"Accept-Language": "vi"}).get_json()
    en = program.send("/events", bad, **{"Accept-Language": "en"}).get_json()

    assert vi["problems"][0]["path"] == en["problems"][0]["path"] == "quantityList[0].quantity"
    assert en["problems"][0]["message"] == "“quantity” has to be more than zero; this is -1."
    assert vi["problems"][0]["message"] != en["problems"][0]["message"]


def test_one_event_is_created_known_again_and_refused_with_other_content(program: Program) -> None:
    one = {"@context": CONTEXT, **event(eventID="urn:uuid:00000000-0000-4000-8000-000000000001")}
    created, again = program.send("/events", one), program.send("/events", one)
    other = program.send("/events", {**one, "bizStep": "storing"})

    assert (created.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert created.headers["Location"] == again.headers["Location"]
    assert other.get_json()["type"] == "epcisException:ResourceAlreadyExistsException"
    assert program.get(created.headers["Location"].removeprefix("/epcis")).status_code == 200
    assert len(program.events()) == 1


def test_capture_jobs_are_listed_page_by_page(program: Program) -> None:
    for number in range(3):
        program.capture(document(event(bizTransactionList=[{"bizTransaction": f"urn:x:{number}"}])))
    first = program.get("/capture", "capture", {"perPage": 2})
    token = first.headers["Link"].partition("nextPageToken=")[2].partition(">")[0]
    rest = program.get("/capture", "capture", {"perPage": 2, "nextPageToken": token})

    assert (len(first.get_json()), len(rest.get_json())) == (2, 1)
    assert "Link" not in rest.headers
    assert program.get("/capture", "capture", {"nextPageToken": "x"}).status_code == 400


# --- Queries -----------------------------------------------------------------------------------------------

A_DAY = {"eventTime": "2026-11-01T08:00:00+07:00"}
SAID = {
    "shipped": event(
        eventTime="2026-11-01T08:00:00+07:00", bizStep="shipping", disposition="in_transit",
        quantityList=None, epcList=["urn:epc:id:sgtin:9520000.000101.1", "urn:epc:id:sscc:9520000.0000000001"],
        readPoint={"id": "https://id.gs1.org/414/9520000000011/254/A"}, bizLocation={"id": "https://a.example/place"},
        bizTransactionList=[{"type": "desadv", "bizTransaction": "https://a.example/doc/1"}],
        sourceList=[{"type": "possessing_party", "source": "https://a.example/party/1"}],
        destinationList=[{"type": "possessing_party", "destination": "https://a.example/party/2"}],
        **{"x:note": {"x:inside": "deep", "x:number": 7}},
    ),
    "made": event(
        type="TransformationEvent", action=None, quantityList=None, eventTime="2026-11-02T08:00:00+07:00",
        bizStep="commissioning", disposition="active", transformationID="https://a.example/x/1",
        inputQuantityList=[{"epcClass": "https://a.example/lot/raw", "quantity": 12.5, "uom": "KGM"}],
        outputEPCList=["https://id.gs1.org/01/09520000001018/21/9"],
        outputQuantityList=[{"epcClass": "https://id.gs1.org/01/09520000001018/10/L1", "quantity": 50}],
        ilmd={"cbvmda:lotNumber": "L1", "cbvmda:itemExpirationDate": "2028-09-10"},
        certificationInfo=["https://a.example/cert/1"],
    ),
    "packed": event(
        type="AggregationEvent", action="ADD", quantityList=None, eventTime="2026-11-03T08:00:00+07:00",
        bizStep="packing", disposition="in_progress", parentID="https://id.gs1.org/00/095200000000000011",
        childQuantityList=[{"epcClass": "urn:epc:class:lgtin:9520000.000101.L1", "quantity": 24}],
    ),
    "measured": event(
        eventTime="2026-11-04T08:00:00+07:00", quantityList=None, bizStep="sensor_reporting", disposition=None,
        epcList=["https://id.gs1.org/00/095200000000000028"],
        sensorElementList=[{
            "sensorMetadata": {"time": "2026-11-04T01:00:00Z", "deviceID": "https://id.gs1.org/8004/9520000111"},
            "sensorReport": [{"type": "gs1:Temperature", "value": 5.5, "uom": "CEL"}],
        }],
        persistentDisposition={"set": ["completeness_verified"]},
    ),
    "wrong": event(
        eventTime="2026-11-05T08:00:00+07:00", eventID="urn:x:wrong",
        errorDeclaration={"declarationTime": "2026-11-06T00:00:00Z", "reason": "incorrect_data",
                          "correctiveEventIDs": ["urn:x:right"]},
    ),
}  # fmt: skip
ALL = set(SAID)


@pytest.fixture
def asked(program: Program) -> Program:
    context = [CONTEXT, {"x": "https://a.example/ns/"}]
    program.headers["GS1-Extensions"] = "x=https://a.example/ns/"
    job = program.capture(document(*SAID.values(), context=context))
    assert job["errors"] == []
    return program


def found(program: Program, **query: Any) -> set[str]:
    days = {said["eventTime"]: name for name, said in SAID.items()}
    return {days[one["eventTime"]] for one in program.events(**query)}


@pytest.mark.parametrize(("query", "names"), [
    ({}, ALL),
    ({"eventType": "ObjectEvent"}, {"shipped", "measured", "wrong"}),
    ({"eventType": "AggregationEvent|TransformationEvent"}, {"packed", "made"}),
    ({"GE_eventTime": "2026-11-03T01:00:00Z"}, {"packed", "measured", "wrong"}),
    ({"LT_eventTime": "2026-11-03T08:00:00+07:00"}, {"shipped", "made"}),
    ({"GE_recordTime": "2026-11-24T02:00:00Z"}, ALL), ({"LT_recordTime": "2026-11-24T02:00:00Z"}, set()),
    ({"EQ_action": "ADD"}, {"packed"}), ({"EQ_action": "ADD|OBSERVE"}, ALL - {"made"}),
    ({"EQ_bizStep": "shipping"}, {"shipped"}),
    ({"EQ_bizStep": "https://ref.gs1.org/cbv/BizStep-shipping|packing"}, {"shipped", "packed"}),
    ({"EQ_disposition": "urn:epcglobal:cbv:disp:active"}, {"made"}),
    ({"EQ_persistentDisposition_set": "completeness_verified"}, {"measured"}),
    ({"EQ_persistentDisposition_unset": "completeness_verified"}, set()),
    ({"EQ_readPoint": "urn:epc:id:sgln:9520000.00001.A"}, {"shipped"}),
    ({"EQ_readPoint": "https://id.gs1.org/414/9520000000011"}, set()),
    ({"WD_readPoint": "https://id.gs1.org/414/9520000000011"}, {"shipped"}),
    ({"EQ_bizLocation": "https://a.example/place"}, {"shipped"}),
    ({"WD_bizLocation": "https://a.example/place"}, {"shipped"}),
    ({"EQ_bizTransaction_desadv": "https://a.example/doc/1"}, {"shipped"}),
    ({"EQ_bizTransaction_inv": "https://a.example/doc/1"}, set()),
    ({"EQ_source_possessing_party": "https://a.example/party/1"}, {"shipped"}),
    ({"EQ_destination_possessing_party": "https://a.example/party/1|https://a.example/party/2"}, {"shipped"}),
    ({"EQ_transformationID": "https://a.example/x/1"}, {"made"}),
    ({"MATCH_epc": "https://id.gs1.org/01/09520000001018/21/1"}, {"shipped"}),
    ({"MATCH_epc": "urn:epc:idpat:sgtin:9520000.000101.*"}, {"shipped"}),
    ({"MATCH_anyEPC": "urn:epc:idpat:sgtin:9520000.*.*"}, {"shipped", "made"}),
    ({"MATCH_anyEPC": "https://id.gs1.org/01/09520000001018/21/*"}, {"shipped", "made"}),
    ({"MATCH_parentID": "urn:epc:id:sscc:9520000.0000000001"}, {"packed"}),
    ({"MATCH_parentID": "urn:epc:idpat:sscc:9520000.*"}, {"packed"}),
    ({"MATCH_parentID": "urn:epc:idpat:sscc:4012345.*"}, set()),
    ({"MATCH_anyEPC": "urn:epc:id:sscc:9520000.0000000001"}, {"shipped", "packed"}),
    ({"MATCH_inputEPC": "https://id.gs1.org/01/09520000001018/21/9"}, set()),
    ({"MATCH_outputEPC": "urn:epc:id:sgtin:9520000.000101.9"}, {"made"}),
    ({"MATCH_epcClass": "https://id.gs1.org/01/09520000001018/10/L1"}, {"packed"}),
    ({"MATCH_epcClass": "https://id.gs1.org/01/09520000001018/10/*"}, {"packed"}),
    ({"MATCH_inputEPCClass": "https://a.example/lot/raw"}, {"made"}),
    ({"MATCH_inputEPCClass": "https://a.example/lot/*"}, {"made"}),
    ({"MATCH_outputEPCClass": "urn:epc:class:lgtin:9520000.000101.L1"}, {"made"}),
    ({"MATCH_anyEPCClass": "https://id.gs1.org/01/09520000001018/10/L1"}, {"made", "packed"}),
    ({"EQ_quantity": "50"}, {"made"}), ({"GT_quantity": "24"}, {"made"}), ({"GE_quantity": "24"}, {"made", "packed"}),
    ({"LT_quantity": "12"}, {"wrong"}), ({"LE_quantity": "12.5"}, {"made", "wrong"}),
    ({"EQ_quantity_KGM": "12.5"}, {"made"}), ({"EQ_quantity_LTR": "12.5"}, set()),
    ({"EQ_ILMD_cbvmda:lotNumber": "L1"}, {"made"}), ({"EXISTS_ILMD_cbvmda:lotNumber": ""}, {"made"}),
    ({"GE_ILMD_cbvmda:itemExpirationDate": "2028-09-10"}, {"made"}),
    ({"GT_ILMD_cbvmda:itemExpirationDate": "2028-09-10"}, set()),
    ({"EXISTS_x:note": ""}, {"shipped"}), ({"EQ_INNER_x:inside": "deep"}, {"shipped"}),
    ({"GE_INNER_x:number": "7"}, {"shipped"}), ({"GT_INNER_x:number": "7"}, set()),
    ({"HASATTR_x:note": "x:inside"}, {"shipped"}), ({"EQATTR_x:note_x:inside": "deep"}, {"shipped"}),
    ({"EQ_ATTR_x:note_x:inside": "shallow"}, set()),
    ({"EXISTS_sensorElementList": ""}, {"measured"}), ({"EQ_type": "Temperature"}, {"measured"}),
    ({"EQ_deviceID": "urn:epc:id:giai:9520000.111"}, {"measured"}), ({"EQ_value_CEL": "5.5"}, {"measured"}),
    ({"GT_value_CEL": "5.5"}, set()), ({"GE_time": "2026-11-04T08:00:00+07:00"}, {"measured"}),
    ({"EXISTS_errorDeclaration": ""}, {"wrong"}), ({"EXISTS_errorDeclaration": "true"}, {"wrong"}),
    ({"EXISTS_errorDeclaration": "false"}, ALL), ({"EXISTS_ilmd": "false"}, ALL),
    ({"EXISTS_sensorElementList": "false", "EQ_bizStep": "shipping"}, {"shipped"}),
    ({"EQ_errorReason": "incorrect_data"}, {"wrong"}), ({"EQ_correctiveEventID": "urn:x:right"}, {"wrong"}),
    ({"GE_errorDeclarationTime": "2026-11-06T00:00:00Z"}, {"wrong"}), ({"EQ_eventID": "urn:x:wrong"}, {"wrong"}),
    ({"EQ_certificationInfo": "https://a.example/cert/1"}, {"made"}),
    ({"EQ_bizStep": "shipping", "EQ_action": "ADD"}, set()),
], ids=lambda value: str(sorted(value) if isinstance(value, set) else value))  # fmt: skip
def test_the_simple_query_finds_what_is_asked_for(asked: Program, query: dict[str, str], names: set[str]) -> None:
    assert found(asked, **query) == names


@pytest.mark.parametrize("query", [
    {"GE_eventDate": "2026-01-01T00:00:00Z"}, {"GE_eventTime": "yesterday"}, {"EQ_action": "SHIPPED"},
    {"eventType": "Guess"}, {"orderDirection": "SIDEWAYS"}, {"orderBy": "colour"}, {"eventCountLimit": "0"},
    {"eventCountLimit": "5"}, {"eventCountLimit": "5", "maxEventCount": "5", "orderBy": "eventTime"},
    {"perPage": "-1"}, {"perPage": "x"}, {"nextPageToken": "x"}, {"nextPageToken": "WzEsMiwzXQ"},
    {"GT_quantity": "many"},
    {"GT_quantity": "1|2"}, {"MATCH_colour": "x"}, {"GE_eventTime": "0001-01-01T00:00:00+14:00"}, {"": "x"},
    {"EQ_bizStep": "|".join("x" * 300)}, {"EQ_": ""}, {"EXISTS_": ""},
    {"EQ_y:grade": "A"}, {"EXISTS_INNER_y:grade": ""}, {"GE_ILMD_y:grade": "1"}, {"HASATTR_y:grade": "gs1:a"},
    {"HASATTR_gs1:grade": "y:a"}, {"EQATTR_gs1:grade_y:a": "1"}, {"EQATTR_y:grade_gs1:a": "1"},
    {"EQATTR_gs1:grade": "1"}, {"eventType": "y:Tasting"}, {"EQATTR_gs1:" + "_" * 80: "1"},
], ids=str)  # fmt: skip
def test_a_query_that_cannot_be_answered_is_refused_with_a_sentence(program: Program, query: dict[str, str]) -> None:
    answer = program.get("/events", query=query)

    assert answer.status_code == 400
    assert answer.get_json()["type"] == "epcisException:QueryParameterException"
    assert answer.get_json()["detail"]


@pytest.mark.parametrize("order", [{}, {"orderBy": "eventTime"}, {"orderBy": "recordTime", "orderDirection": "ASC"}])
def test_pages_follow_one_another_and_leave_nothing_out(asked: Program, order: dict[str, str]) -> None:
    whole = [one["eventTime"] for one in asked.events(**order)]
    seen, query = [], {"perPage": 2, **order}
    for _ in range(5):
        answer = asked.get("/events", query=query)
        page = answer.get_json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        seen += [one["eventTime"] for one in page]
        if "Link" not in answer.headers:
            break
        assert len(page) == 2
        query["nextPageToken"] = answer.headers["Link"].partition("nextPageToken=")[2].partition(">")[0]

    assert seen == whole
    assert len(seen) == 5


def test_the_latest_come_first_and_no_more_than_asked(asked: Program) -> None:
    assert [one["eventTime"][:10] for one in asked.events(orderBy="eventTime", eventCountLimit=2)] == [
        "2026-11-05", "2026-11-04",
    ]  # fmt: skip
    first = asked.get("/events", query={"orderBy": "eventTime", "eventCountLimit": 3, "perPage": 2})
    token = first.headers["Link"].partition("nextPageToken=")[2].partition(">")[0]
    rest = asked.events(orderBy="eventTime", eventCountLimit=3, perPage=2, nextPageToken=token)
    assert [one["eventTime"][:10] for one in rest] == ["2026-11-03"]


def test_more_than_the_most_asked_for_is_refused(asked: Program) -> None:
    assert asked.get("/events", query={"maxEventCount": 5}).status_code == 200
    answer = asked.get("/events", query={"maxEventCount": 4})
    assert (answer.status_code, answer.get_json()["type"]) == (413, "epcisException:QueryTooLargeException")


@pytest.mark.parametrize(("resource", "value", "names"), [
    ("eventTypes", "AggregationEvent", {"packed"}), ("bizSteps", "shipping", {"shipped"}),
    ("dispositions", "active", {"made"}), ("bizLocations", "https://a.example/place", {"shipped"}),
    ("readPoints", "https://id.gs1.org/414/9520000000011/254/A", {"shipped"}),
    ("epcs", "urn:epc:id:sscc:9520000.0000000001", {"shipped", "packed"}),
    ("epcs", "https://id.gs1.org/01/09520000001018/10/L1", {"made", "packed"}),
])  # fmt: skip
def test_what_events_name_has_an_address_with_its_events(
    asked: Program, resource: str, value: str, names: set[str]
) -> None:
    listed = asked.get(f"/{resource}").get_json()
    address = f"/{resource}/{quote(value, safe='')}"
    events = asked.get(f"{address}/events", query={"perPage": 100}).get_json()["epcisBody"]["queryResults"]

    assert listed["type"] == "Collection"
    assert value in listed["member"] or resource == "epcs"
    assert asked.get(address).get_json()["member"] == ["events"]
    days = {said["eventTime"]: name for name, said in SAID.items()}
    assert {days[one["eventTime"]] for one in events["resultsBody"]["eventList"]} == names
    assert asked.get(f"/{resource}/{quote('https://nobody.example/x', safe='')}").status_code == 404


def test_values_are_listed_page_by_page(asked: Program) -> None:
    whole = asked.get("/bizSteps").get_json()["member"]
    first = asked.get("/bizSteps", query={"perPage": 2})
    rest = asked.get("/bizSteps", query={"perPage": 100, "nextPageToken": first.get_json()["member"][-1]})

    assert whole == sorted(whole)
    assert first.get_json()["member"] + rest.get_json()["member"] == whole


def test_a_query_is_named_asked_again_and_forgotten(asked: Program) -> None:
    query = {"eventType": ["ObjectEvent"], "EQ_bizStep": ["shipping"], "GE_eventTime": "2026-01-01T00:00:00Z"}
    created = asked.send("/queries", {"name": "gửi"}, scope="query")
    assert created.status_code == 400
    assert asked.send("/queries", {"name": "sent", "query": query}, scope="query").status_code == 201
    assert asked.send("/queries", {"name": "sent", "query": query}, scope="query").status_code == 409
    assert [one["name"] for one in asked.get("/queries").get_json()] == ["sent"]
    assert asked.get("/queries/sent").get_json()["query"] == query
    events = asked.get("/queries/sent/events").get_json()["epcisBody"]["queryResults"]
    assert (events["queryName"], len(events["resultsBody"]["eventList"])) == ("sent", 1)
    assert asked.get("/queries/sent/subscriptions").status_code == 501

    client = asked.app.test_client()
    assert client.delete("/epcis/queries/sent", headers=bearer(asked.key("query"))).status_code == 204
    assert asked.get("/queries/sent/events").status_code == 404


# --- Nothing breaks it -------------------------------------------------------------------------------------

_LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from([
    "ObjectEvent", "ADD", "shipping", "https://id.gs1.org/01/09520000001018/10/L1", "2026-11-01T08:00:00Z",
    "\0", "\ud800",
])  # fmt: skip
_FIELD = st.sampled_from([
    "type", "@context", "eventID", "eventTime", "eventTimeZoneOffset", "action", "epcList", "quantityList", "bizStep",
    "parentID", "ilmd", "errorDeclaration", "sensorElementList", "readPoint", "bizTransactionList", "x:y", "id",
    "transformationID", "persistentDisposition", "certificationInfo", "epcClass", "quantity", "uom",
])  # fmt: skip
_ANY = st.recursive(
    _LEAF, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_FIELD, inner, max_size=6), max_leaves=12
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    changes=st.dictionaries(_FIELD, _ANY, max_size=4), kind=st.sampled_from(["ObjectEvent", "https://own.example/T"])
)
def test_whatever_is_sent_is_answered(program: Program, changes: dict[str, Any], kind: str) -> None:
    sent = {"@context": CONTEXT, **event(type=kind), **changes}
    one = program.send("/events", json.dumps(sent).encode())
    many = program.send(
        "/capture", json.dumps(document(sent, changes)).encode(), **{"GS1-Capture-Error-Behaviour": "proceed"}
    )
    program.work()

    assert one.status_code in (200, 201, 400, 409)
    assert many.status_code in (202, 400)
    if many.status_code == 202:
        job = program.get(many.headers["Location"].removeprefix("/epcis"), "capture").get_json()
        assert job["running"] is False
    assert program.get("/events").status_code == 200


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    name=st.sampled_from(["EQ_", "GE_", "MATCH_", "EXISTS_", "WD_", "HASATTR_", "EQATTR_", ""]),
    rest=st.sampled_from(
        ["eventTime", "quantity", "x:y", "INNER_x:y", "epc", "anyEPC", "readPoint", "type", "value_CEL"]
    )
    | st.text(max_size=10),
    value=st.text(max_size=30) | st.sampled_from(["1e999", "9" * 400, "%", "\\", "*", "urn:epc:idpat:sgtin:*.*.*"]),
)
def test_whatever_is_asked_is_answered(program: Program, name: str, rest: str, value: str) -> None:
    query = {name + rest: value}

    assert program.get("/events", query=query).status_code in (200, 400)
    assert program.get(f"/epcs/{quote(value, safe='', errors='replace')}/events").status_code in (200, 400, 404)
    assert program.get(f"/events/{quote(value, safe='', errors='replace')}").status_code in (200, 400, 404)
