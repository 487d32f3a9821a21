"""The interface held against the OpenAPI document of EPCIS 2.0: every path and method it has, all but subscriptions."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.factories import Factories
from tests.traceability.epcis.interface import CONTEXT, Program, document, event
from tests.traceability.epcis.suites import EPCIS, needs_suites

pytestmark = needs_suites

STEP, PLACE, POINT = "shipping", "https://a.example/place", "https://id.gs1.org/414/9520000000011/254/A"
LOT = "https://a.example/lot/1"
SAID = event(
    eventID="urn:x:said", bizStep=STEP, disposition="in_transit", readPoint={"id": POINT}, bizLocation={"id": PLACE},
    quantityList=[{"epcClass": LOT, "quantity": 1, "uom": "KGM"}], **{"@context": CONTEXT},
)  # fmt: skip
VALUES = {
    "eventID": "urn:x:said", "eventType": "ObjectEvent", "epc": LOT, "bizStep": STEP, "bizLocation": PLACE,
    "readPoint": POINT, "disposition": "in_transit", "queryName": "mine", "subscriptionID": "1", "token": "abc",
}  # fmt: skip
UNKNOWN = {**dict.fromkeys(VALUES, "urn:x:nothing"), "queryName": "nothing", "token": "abc"}
#: What a header of the document may be left out for: nothing is paged, or a token does not expire.
NOT_ALWAYS = {"Link", "GS1-Next-Page-Token-Expires", "Upgrade", "Connection", "GS1-Query-Min-Record-Time"}


def _openapi() -> dict[str, Any]:
    path = EPCIS / "rest" / "openapi-gs1-repo-2023.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {"paths": {}}


OPENAPI = _openapi()
OPERATIONS = [
    (path, method.upper()) for path, item in OPENAPI["paths"].items() for method in item if method != "parameters"
]
GETS = [path for path, method in OPERATIONS if method == "GET" and "subscriptions" not in path]


@pytest.fixture
def program(app: Flask, make: Factories, now: datetime) -> Program:
    program = Program(app, make.producer(code="htx01"), now)
    assert program.send("/events", SAID).status_code == 201
    answer = program.send("/capture", document(event()))
    program.work()
    VALUES["captureID"] = answer.headers["Location"].rpartition("/")[2]
    assert program.send("/queries", {"name": "mine", "query": {"EQ_bizStep": STEP}}, "query").status_code == 201
    return program


def filled(path: str, values: dict[str, str]) -> str:
    for name, value in {"captureID": "nothing", **values}.items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    return f"/epcis{path}"


def scope(path: str, method: str) -> str:
    return "capture" if path.startswith("/capture") or (path, method) == ("/events", "POST") else "query"


def ask(
    program: Program, path: str, method: str, *, values: dict[str, str] = VALUES, key: str | None = "", **facts: Any
) -> TestResponse:
    """Ask with the key that the address is for, another, or none."""
    headers = {"Authorization": f"Bearer {program.key(key or scope(path, method))}"} if key is not None else {}
    body: Any = None
    if method == "POST":
        body = {
            "/capture": document(event()), "/events": {**event(eventID="urn:x:new"), "@context": CONTEXT},
            "/queries": {"name": "new", "query": {"EQ_bizStep": STEP}},
        }.get(path, {})  # fmt: skip
    query = facts.pop("query", None)
    return program.app.test_client().open(
        filled(path, values), method=method, json=body, headers=headers | facts.pop("headers", {}), query_string=query
    )


def described(path: str, method: str) -> dict[str, Any]:
    responses = OPENAPI["paths"][path][method.lower()]["responses"]
    return {
        status: OPENAPI["components"]["responses"][one["$ref"].rpartition("/")[2]] if "$ref" in one else one
        for status, one in responses.items()
    }


def is_problem(answer: TestResponse, status: int) -> bool:
    told = answer.get_json() if answer.content_type == "application/problem+json" else {}
    return answer.status_code == status == told.get("status") and bool(told["type"] and told["title"])


def test_the_document_has_the_paths_that_are_asked(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\nopenapi: {len(OPENAPI['paths'])} paths, {len(OPERATIONS)} operations")  # noqa: T201
    assert (len(OPENAPI["paths"]), len(OPERATIONS)) == (29, 63)


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_operation_answers_as_it_is_described(program: Program, path: str, method: str) -> None:
    answer = ask(program, path, method)

    if "subscriptions" in path and method != "OPTIONS":
        assert is_problem(answer, 501)
        return
    said = described(path, method)
    expected = next(status for status in said if status.startswith("2"))
    assert str(answer.status_code) == expected, answer.get_data(as_text=True)
    assert set(said[expected].get("headers", {})) - NOT_ALWAYS <= set(answer.headers.keys())
    if method == "OPTIONS":
        allowed = {one.upper() for one in OPENAPI["paths"][path] if one != "parameters"}
        assert {one.strip() for one in answer.headers["Allow"].split(",")} == allowed
    if method == "GET":
        assert answer.content_type == "application/json"


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_head_and_every_other_method_are_answered(program: Program, path: str, method: str) -> None:
    if method == "GET" and "subscriptions" not in path:
        head, get = (ask(program, path, one) for one in ("HEAD", "GET"))
        assert (head.status_code, head.data, head.content_type) == (get.status_code, b"", get.content_type)
    for other in {"POST", "PUT", "PATCH", "DELETE", "GET"} - {one.upper() for one in OPENAPI["paths"][path]}:
        answer = ask(program, path, other)
        assert is_problem(answer, 405), other
        assert "OPTIONS" in answer.headers["Allow"]


@pytest.mark.parametrize(("path", "method"), [one for one in OPERATIONS if one[1] != "OPTIONS"])
def test_who_may_is_asked_first(program: Program, path: str, method: str) -> None:
    if path.startswith("/nextPageToken"):
        return
    wrong = {"capture": "query", "query": "capture"}[scope(path, method)]
    assert is_problem(ask(program, path, method, key=wrong), 403)
    answer = ask(program, path, method, headers={"Authorization": "Bearer ocop_unknown"})
    assert is_problem(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    is_open = scope(path, method) == "query" and not path.startswith("/queries")
    assert is_open or is_problem(ask(program, path, method, key=None), 401)


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_what_is_not_spoken_is_406(program: Program, path: str, method: str) -> None:
    for headers in (
        {"Accept": "application/xml"}, {"Accept": "text/html"}, {"Accept": "application/json;q=0, application/xml"},
        {"GS1-EPCIS-Min": "3.0"}, {"GS1-CBV-Max": "1.2"}, {"GS1-EPC-Format": "Sometimes"},
        {"GS1-CBV-XML-Format": "Sometimes"},
    ):  # fmt: skip
        answer = ask(program, path, method, headers=headers)
        assert is_problem(answer, 406), headers
        assert answer.get_json()["type"] == "epcisException:NotAcceptableException"


@pytest.mark.parametrize("path", ["/capture", "/events", "/queries"])
def test_what_is_sent_is_json_and_not_too_much(program: Program, path: str) -> None:
    own = "query" if path == "/queries" else "capture"
    for kind in ("application/xml", "text/plain", "", "multipart/form-data"):
        assert is_problem(program.send(path, b"<x/>", own, **{"Content-Type": kind}), 415), kind
    limit = int(program.app.test_client().options("/epcis/capture").headers["GS1-EPCIS-Capture-File-Size-Limit"])
    answer = program.send(path, b" " * (limit + 1), own)
    assert is_problem(answer, 413)
    if path != "/queries":
        assert answer.headers["GS1-EPCIS-Capture-Limit"]
        assert answer.headers["GS1-EPCIS-Capture-File-Size-Limit"] == str(limit)


@pytest.mark.parametrize("path", [path for path in GETS if "{" in path])
def test_what_is_not_there_is_404(program: Program, path: str) -> None:
    assert is_problem(ask(program, path, "GET", values=UNKNOWN), 404)


@pytest.mark.parametrize("path", GETS)
def test_a_parameter_that_nobody_knows_is_named(program: Program, path: str) -> None:
    answer = ask(program, path, "GET", query={"colour": "red"}, headers={"Accept-Language": "en"})

    assert is_problem(answer, 400)
    assert "“colour”" in answer.get_json()["detail"]


@pytest.mark.parametrize(
    "path", [path for path in GETS if path.endswith("/events") and path != "/queries/{queryName}/events"]
)
@pytest.mark.parametrize(("name", "value"), [
    ("GE_eventTime", "yesterday"), ("LT_recordTime", "2026-13-01T00:00:00Z"), ("EQ_action", "SHIP"),
    ("GT_quantity", "many"), ("EXISTS_errorDeclaration", "perhaps"), ("orderDirection", "UP"), ("perPage", "0"),
    ("perPage", "many"), ("eventCountLimit", "-1"), ("maxEventCount", "1.5"), ("nextPageToken", "x"),
    ("GE_startTime", "noon"), ("orderBy", "colour"), ("EQ_booleanValue", "perhaps"),
])  # fmt: skip
def test_a_value_of_the_wrong_type_names_its_parameter(program: Program, path: str, name: str, value: str) -> None:
    answer = ask(program, path, "GET", query={name: value}, headers={"Accept-Language": "en"})

    assert is_problem(answer, 400)
    assert answer.get_json()["type"] == "epcisException:QueryParameterException"
    assert f"“{name}”" in answer.get_json()["detail"]


@pytest.mark.parametrize("path", ["/queries", "/capture", "/events", "/eventTypes", "/epcs", "/bizSteps",
                                  "/bizLocations", "/readPoints", "/dispositions", "/queries/{queryName}/events",
                                  "/bizSteps/{bizStep}/events"])  # fmt: skip
def test_lists_are_given_page_by_page_and_the_link_leads_on(program: Program, path: str) -> None:
    for number in range(3):
        more = event(
            eventID=f"urn:x:{number}", bizStep="urn:x:step" if number else STEP, type="ObjectEvent",
            disposition="urn:x:state", readPoint={"id": f"urn:x:p{number}"}, bizLocation={"id": f"urn:x:l{number}"},
        )  # fmt: skip
        program.send("/events", {**more, "@context": CONTEXT})
        program.send("/events", {**more, "eventID": f"urn:x:t{number}", "type": "urn:x:Own", "@context": CONTEXT})
        program.send("/capture", document(event()))
        program.send("/queries", {"name": f"q{number}", "query": {"EQ_bizStep": STEP}}, "query")
    program.work()

    def members(answer: TestResponse) -> list[Any]:
        told = answer.get_json()
        if isinstance(told, list):
            return told
        return list(
            told["member"] if "member" in told else told["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        )

    whole = members(ask(program, path, "GET", query={"perPage": 100}))
    assert len(whole) > 1
    seen, answer = [], ask(program, path, "GET", query={"perPage": 1})
    for _ in range(30):
        assert len(members(answer)) == 1
        seen += members(answer)
        link = answer.headers.get("Link")
        if link is None:
            break
        address, _, rel = link.partition(">; ")
        assert rel == 'rel="next"'
        assert address.startswith("<http://shop.test/epcis/")
        key = {"Authorization": f"Bearer {program.key(scope(path, 'GET'))}"}
        answer = program.app.test_client().get(address.removeprefix("<http://shop.test"), headers=key)
        assert answer.status_code == 200
    assert seen == whole
