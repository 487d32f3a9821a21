"""A field of somebody's own is found by its namespace, whichever prefix an event or a question uses for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import Factories
from tests.traceability.epcis.interface import CONTEXT, Program, document, event
from traceability.epcis import namespaces
from traceability.epcis.fields import fields_of

NS, OTHER = "https://a.example/ns/", "https://b.example/ns/"
MADE = {"type": "TransformationEvent", "action": None, "quantityList": None, "bizStep": "commissioning",
        "inputQuantityList": [{"epcClass": "https://a.example/lot/raw", "quantity": 1, "uom": "KGM"}],
        "outputQuantityList": [{"epcClass": "https://a.example/lot/L1", "quantity": 1, "uom": "KGM"}]}  # fmt: skip


def said(prefix: str, grade: int) -> dict[str, Any]:
    """One statement in the words of a prefix."""
    return event(
        **MADE, ilmd={f"{prefix}:grade": grade},
        **{f"{prefix}:note": {f"{prefix}:inside": grade, f"{prefix}:my_own": "yes"}},
        readPoint={"id": "https://a.example/place", f"{prefix}:shelf": f"S{grade}"},
    )  # fmt: skip


@pytest.fixture
def program(app: Flask, make: Factories, now: datetime) -> Program:
    """A program that told the same in two prefixes of one namespace, and in one prefix of another."""
    program = Program(app, make.producer(code="htx01"), now)
    for prefix, namespace, grade in (("x", NS, 1), ("y", NS, 2), ("x", OTHER, 3)):
        assert program.capture(document(said(prefix, grade), context=[CONTEXT, {prefix: namespace}]))["errors"] == []
    own = event(type="x:Tasting", eventID="urn:x:tasting")
    assert program.capture(document(own, context=[CONTEXT, {"x": NS}]))["errors"] == []
    return program


def grades(program: Program, extensions: str, **query: str) -> list[int]:
    answer = program.get("/events", query={"perPage": 100, **query}, **{"GS1-Extensions": extensions})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found = answer.get_json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    return sorted(next(iter(one["ilmd"].values())) for one in found)


@pytest.mark.parametrize("query", [
    {"EXISTS_{p}:note": ""}, {"EXISTS_ILMD_{p}:grade": ""}, {"GE_ILMD_{p}:grade": "1"}, {"LT_INNER_{p}:inside": "9"},
    {"EQ_ILMD_{p}:grade": "1|2|3"}, {"EQ_readPoint_{p}:shelf": "S1|S2|S3"}, {"EXISTS_INNER_{p}:inside": ""},
    {"HASATTR_{p}:note": "{p}:inside"}, {"EQATTR_{p}:note_{p}:my_own": "yes"}, {"EQ_INNER_{p}:my_own": "yes"},
], ids=str)  # fmt: skip
@pytest.mark.parametrize(("prefix", "namespace", "found"), [("q", NS, [1, 2]), ("x", OTHER, [3]), ("gs1", OTHER, [3])])
def test_what_a_prefix_stands_for_counts_and_not_the_prefix(
    program: Program, query: dict[str, str], prefix: str, namespace: str, found: list[int]
) -> None:
    wanted = {name.format(p=prefix): value.format(p=prefix) for name, value in query.items()}

    assert grades(program, f"{prefix}={namespace}", **wanted) == found


def test_a_name_that_is_written_out_needs_no_prefix(program: Program) -> None:
    assert grades(program, "", **{f"EQ_ILMD_{NS}grade": "2"}) == [2]
    assert grades(program, "", **{f"EQATTR_{NS}note_{NS}inside": "1"}) == [1]


def test_what_only_a_context_elsewhere_binds_is_asked_for_as_it_stands(program: Program) -> None:
    elsewhere = [CONTEXT, "https://a.example/context.jsonld"]
    assert program.capture(document(said("z", 4), context=elsewhere))["errors"] == []

    assert grades(program, "z=z:", **{"EXISTS_ILMD_z:grade": ""}) == [4]
    assert grades(program, f"z={NS}", **{"EXISTS_ILMD_z:grade": ""}) == [1, 2]


def test_a_prefix_that_nobody_bound_is_named(program: Program) -> None:
    for name, value in (("EQ_ILMD_x:grade", "1"), ("HASATTR_gs1:note", "x:inside"), ("EQATTR_x:note_x:inside", "1")):
        answer = program.get("/events", query={name: value}, **{"Accept-Language": "en"})

        assert (answer.status_code, answer.get_json()["type"]) == (400, "epcisException:QueryParameterException")
        assert f"“{name}” uses the prefix “x”" in answer.get_json()["detail"]


@pytest.mark.parametrize("header", ["x", "x=", "x=not an address", "x=nothing", "=https://a.example/",
                                    "x=https://a.example/, x=https://b.example/"])  # fmt: skip
def test_a_header_that_binds_nothing_is_refused(program: Program, header: str) -> None:
    answer = program.get("/events", **{"GS1-Extensions": header, "Accept-Language": "en"})

    assert answer.status_code == 400
    assert "GS1-Extensions" in answer.get_json()["detail"]


def test_answers_announce_the_namespaces_of_their_events(program: Program) -> None:
    told = program.get("/events").headers["GS1-Extensions"]

    assert told == f"x={NS}, x-2={OTHER}"
    assert namespaces.read_header(told) == {"x": NS, "x-2": OTHER}
    for path in ("/capture", "/events", "/bizSteps", "/"):
        offered = program.app.test_client().options(f"/epcis{path}").headers["GS1-Extensions"]
        assert offered == "ocop=http://shop.test/ns/ocop#"
    assert "GS1-Extensions" in program.get("/events").headers["Access-Control-Expose-Headers"]


def test_a_named_query_keeps_what_its_prefixes_stand_for(program: Program) -> None:
    own = {"@context": {"q": NS}, "EXISTS_ILMD_q:grade": True}
    asked = {"EQ_ILMD_q:grade": 2}
    assert program.send("/queries", {"name": "own", "query": own}, "query").status_code == 201
    assert program.send("/queries", {"name": "none", "query": asked}, "query").status_code == 400
    by_header = program.send("/queries", {"name": "header", "query": asked}, "query", **{"GS1-Extensions": f"q={NS}"})

    assert by_header.get_json()["query"] == {"@context": [{"q": NS}], **asked}
    for name, most in (("own", 2), ("header", 1)):
        answer = program.get(f"/queries/{name}/events", **{"GS1-Extensions": f"q={OTHER}"})
        assert len(answer.get_json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]) == most
    for context in (7, [7], True):
        wrong = {"@context": context, "EQ_bizStep": "shipping"}
        assert program.send("/queries", {"name": "wrong", "query": wrong}, "query").status_code == 400


def test_a_type_of_events_of_ones_own_goes_by_its_address(program: Program) -> None:
    assert program.get("/eventTypes").get_json()["member"] == [f"{NS}Tasting", "TransformationEvent"][::-1]
    for address in (f"/eventTypes/{NS}Tasting/events", "/eventTypes/q:Tasting/events", "/events?eventType=q:Tasting"):
        answer = program.get(address, **{"GS1-Extensions": f"q={NS}"})
        found = answer.get_json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        assert [one["eventID"] for one in found] == ["urn:x:tasting"], address
    assert program.get("/eventTypes/q:Tasting", **{"GS1-Extensions": f"q={OTHER}"}).status_code == 404
    assert program.get("/eventTypes/q:Tasting").status_code == 400


# --- Contexts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("context", "name", "whole"), [
    ({"x": NS}, "x:a", f"{NS}a"), ([{"x": OTHER}, {"x": NS}], "x:a", f"{NS}a"), ({"x": {"@id": NS}}, "x:a", f"{NS}a"),
    ({"x": NS, "y": "x:sub/"}, "y:a", f"{NS}sub/a"), ([{"x": NS}, {"y": "x:sub/"}], "y:a", f"{NS}sub/a"),
    ({"x:a": f"{OTHER}b", "x": NS}, "x:a", f"{OTHER}b"), ({"x:a": {"@type": "xsd:date"}, "x": NS}, "x:a", f"{NS}a"),
    ([{"x": NS}, {"x": None}], "x:a", "x:a"), ({"x": "y:", "y": "x:"}, "x:a", "x:a"), ({"x": "nothing"}, "x:a", "x:a"),
    ("https://a.example/context.jsonld", "x:a", "x:a"), (None, "gs1:a", "https://gs1.org/voc/a"),
    (None, "cbvmda:lotNumber", "urn:epcglobal:cbv:mda:lotNumber"), ({"https": NS}, "https://z.example/a",
     "https://z.example/a"), ({"y": "gs1:deep/"}, "y:a", "https://gs1.org/voc/deep/a"),
])  # fmt: skip
def test_a_context_says_what_names_stand_for(context: Any, name: str, whole: str) -> None:
    assert {field.name for field in fields_of({"@context": context, "type": "ObjectEvent", name: "v"})} == {whole}


def test_two_prefixes_of_one_namespace_in_one_event_are_one_field() -> None:
    told = {"@context": [{"x": NS, "y": NS}], "type": "ObjectEvent", "x:a": 1, "y:a": [2, 3]}

    assert [field[:2] for field in fields_of(told)] == [(f"{NS}a", "1"), (f"{NS}a", "2"), (f"{NS}a", "3")]


@given(st.dictionaries(st.text(max_size=6), st.text(max_size=12) | st.none() | st.just({"@id": "a:b"}), max_size=5),
       st.text(max_size=40))  # fmt: skip
def test_whatever_is_bound_is_read(context: dict[str, Any], header: str) -> None:
    fields_of({"@context": context, "type": "ObjectEvent", **dict.fromkeys(context, "v")})
    bound = namespaces.read_header(header)
    assert bound is None or namespaces.read_header(namespaces.as_header(bound.items())) is not None
    assert "\n" not in namespaces.as_header(namespaces.bound_by(context).items())
