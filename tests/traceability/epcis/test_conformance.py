"""The published documents go through the interface and come back as they were sent."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jsonschema_rs import validator_for

from kernel.canonical import canonical
from tests.factories import Factories
from tests.traceability.epcis.interface import Program
from tests.traceability.epcis.suites import EPCIS, documents, events_of, needs_suites, read, say
from traceability.epcis import recomputed
from traceability.epcis.validation import normalise

pytestmark = needs_suites

#: Both folders hold two documents that the schema itself refuses.
EXPECTED_FAIL = {"SensorData_with_combined_events.json", "TransactionEvent_with_userExtensions.json"}
#: Rules that published documents may break with a warning, by their number in the domain file.
WARNED = {"gap-01", "gap-11", "gap-15", "gap-19", "business-custody", "business-receiver", "event-hash", "json-twice"}


@pytest.fixture
def program(app: Flask, make: Factories, now: datetime) -> Program:
    return Program(app, make.producer(), now)


def as_compared(event: dict[str, Any], context: Any) -> bytes:
    """Write an event as it is compared: without what the store adds, its contexts in one place."""
    told = normalise(event)
    own = [*_parts(context), *_parts(told.pop("@context", None))]
    told.pop("recordTime", None)
    told.pop("eventID", None)
    once = [part for number, part in enumerate(own) if part not in own[number + 1 :]]
    return canonical({**told, "@context": once})


def _parts(context: Any) -> list[Any]:
    parts = context if isinstance(context, list) else [] if context is None else [context]
    return [part for part in parts if not (isinstance(part, str) and "epcis-context" in part)]


def comes_back(program: Program, sent: dict[str, Any]) -> None:
    given = program.get("/events", query={"perPage": 1000}).get_json()
    found = events_of(given)
    context = sent.get("@context") if "epcisBody" in sent else None

    assert Counter(as_compared(event, context) for event in events_of(sent)) == Counter(
        as_compared(event, given["@context"]) for event in found
    )
    assert all("eventID" in event and "recordTime" in event for event in found)
    schema = read(EPCIS / "schema" / "epcis-json-schema-2.0.1.json")
    assert validator_for(schema, validate_formats=True).is_valid(given)


def is_verified(program: Program) -> None:
    """See that what was copied out of the stored events, and the log, raise no alarm of data nobody touched."""
    with program.app.app_context():
        assert list(recomputed.differences()) == []
        assert program.app.test_cli_runner().invoke(args=["log", "verify"]).exit_code == 0


@pytest.mark.parametrize(
    "path",
    [*documents("examples-gs1"), *documents("openepcis/Capture/Documents"),
     *(path for path in documents("openepcis/Query") if not {"Queries", "Invalid"} & set(path.parts))],
    ids=lambda path: f"{path.parent.name}/{path.stem}",
)  # fmt: skip
def test_a_published_document_is_captured_and_given_back(program: Program, path: Path) -> None:
    sent = read(path)
    answer = program.send("/capture", path.read_bytes())
    if path.name in EXPECTED_FAIL:
        assert answer.status_code == 202
        program.work()
        job = program.get(answer.headers["Location"].removeprefix("/epcis"), "capture").get_json()
        assert (job["success"], job["stored"]) == (False, 0)
        assert all(error["detail"] and error["path"] for error in job["errors"])
        return
    assert answer.status_code == 202, answer.get_data(as_text=True)
    program.work()
    job = program.get(answer.headers["Location"].removeprefix("/epcis"), "capture").get_json()

    assert (job["success"], job["errors"]) == (True, [])
    assert job["stored"] + job["replayed"] == len(events_of(sent))
    assert {warning["rule"] for warning in job["warnings"]} <= WARNED
    for warning in job["warnings"]:
        say(f"{path.name}: {warning['rule']} at {warning['path']}")
    comes_back(program, sent)
    is_verified(program)


@pytest.mark.parametrize("path", documents("openepcis/Capture/Events"), ids=lambda path: path.stem)
def test_a_published_event_is_captured_and_given_back(program: Program, path: Path) -> None:
    sent = read(path)

    assert program.send("/events", path.read_bytes()).status_code == 201
    comes_back(program, sent)
    is_verified(program)
    assert program.send("/events", sent).status_code == 200


@pytest.mark.parametrize(
    "path",
    [path for folder in ("openepcis/Capture/Invalid", "openepcis/Query/Invalid") for path in documents(folder)],
    ids=lambda path: path.stem,
)
def test_an_invalid_document_is_refused_with_a_sentence_that_names_the_place(program: Program, path: Path) -> None:
    answer = program.send("/capture", path.read_bytes(), **{"Accept-Language": "en"})
    if answer.status_code == 202:
        program.work()
        job = program.get(answer.headers["Location"].removeprefix("/epcis"), "capture").get_json()
        assert (job["success"], job["stored"]) == (False, 0)
        problems = job["errors"]
    else:
        assert answer.status_code == 400
        problems = answer.get_json().get("problems", [answer.get_json()])

    assert problems
    assert all(problem.get("message") or problem.get("detail") for problem in problems)
    assert program.events() == []


@pytest.mark.parametrize(
    "path", sorted((EPCIS / "openepcis/Query/Queries").rglob("*.json")), ids=lambda path: path.stem
)
def test_a_published_query_is_answered_or_refused(program: Program, path: Path) -> None:
    answer = program.send("/queries", {"name": "one", "query": read(path)}, scope="query")

    if path.parent.name == "Invalid":
        assert answer.status_code == 400
        assert answer.get_json()["type"] == "epcisException:QueryParameterException"
    else:
        assert answer.status_code == 201
        assert program.get("/queries/one/events").status_code == 200


def test_the_suites_have_as_many_cases_as_they_say() -> None:
    counts = {
        "examples-gs1": 24, "openepcis/Capture/Documents": 38, "openepcis/Capture/Events": 5,
        "openepcis/Capture/Invalid": 8, "openepcis/Query/Invalid": 1,
    }  # fmt: skip
    for folder, count in counts.items():
        say(f"{folder}: {count} cases")
        assert len(documents(folder)) == count
