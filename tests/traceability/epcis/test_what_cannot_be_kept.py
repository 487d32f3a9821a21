"""What the database cannot keep is named before it is asked; what it refuses all the same ends the job with a word."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from kernel import jobs
from kernel.db import db, transaction
from kernel.models import Job
from tests.factories import Factories
from tests.traceability.epcis.interface import Program, document, event
from tests.traceability.epcis.test_what_stands import (
    AFTER,
    RECALLS,
    agrees,
    amounts,
    commissioned,
    goods,
    made,
    on_sale,
    packed,
    rules,
    sold,
    wrong,
)
from traceability.models import CaptureJob

TINY: list[tuple[float, str | None]] = [
    (0.1 + 0.2 - 0.3, "KGM"), (1e-13, None), (1e-16, "KGM"), (9e-13, "MLT"), (1e-300, "TNE"), (5e-324, None),
]  # fmt: skip


@pytest.mark.parametrize(("quantity", "uom"), TINY)
def test_too_little_to_be_kept_is_refused_by_name(program: Program, quantity: float, uom: str | None) -> None:
    said = event(quantityList=[*amounts([("B", 1)]), *amounts([("A", quantity)], uom)])
    answer = program.send("/events", {**said, "@context": document()["@context"]})
    job = program.capture(document(sold(amounts([("OK", 1)])), said), on_error="proceed")

    assert answer.status_code == 400
    assert "quantityList[1].quantity" in answer.get_json()["detail"]
    (error,) = job["errors"]
    assert (error["path"], error["rule"], job["stored"]) == (
        "epcisBody.eventList[1].quantityList[1].quantity", "limit", 1,
    )  # fmt: skip


def test_too_little_is_refused_in_every_list(program: Program) -> None:
    tiny = amounts([("A", 1e-16)])
    said = [
        made([], [("B", 1)], inputQuantityList=tiny), made([("B", 1)], [], outputQuantityList=tiny),
        packed(tiny, "P"), commissioned("A", 1e-16),
    ]  # fmt: skip

    assert rules(program.capture(document(*said))) == ["limit"] * 4


@pytest.mark.parametrize(("quantity", "uom"), [
    (1e-12, None), (1e-15, "KGM"), (1.4e-12, "GRM"), (1 + 1e-13, None), (0.1234567890123456, "KGM"), (1e-12, "GRM"),
])  # fmt: skip
def test_the_least_there_is_is_kept(
    program: Program, make: Factories, now: datetime, quantity: float, uom: str | None
) -> None:
    batch = on_sale(program, make, "B-1", 70, now)
    name = goods(batch, 1)[0]["epcClass"]
    job = program.capture(document(
        commissioned("A", 1), sold(amounts([("A", quantity)], uom), eventTime=AFTER),
        sold(amounts([(name, quantity)], uom), eventTime=AFTER),
    ))  # fmt: skip

    assert (rules(job), job["stored"]) == ([], 3)
    assert len(agrees(program)) == 1  # of the batch more is gone than left the stock


@pytest.mark.parametrize(("quantity", "uom"), [(9e15, "KTN"), (9e15, "KGM"), (9e15, "GGR"), (9e15, None)])
def test_more_than_can_be_counted_is_an_error_of_its_event(program: Program, quantity: float, uom: str | None) -> None:
    makes = event(action="ADD", bizStep="commissioning", quantityList=amounts([("A", quantity)], uom))
    said = [makes, sold(amounts([("B", quantity)], uom)), sold(amounts([("OK", 1)]))]
    job = program.capture(document(*said), on_error="proceed")

    assert (rules(job), job["stored"]) == (["limit"], 2)


def test_what_the_database_refuses_ends_the_job(program: Program) -> None:
    said = document(sold(amounts([("A", 7)])), sold(amounts([("B", 7)])))
    with program.app.app_context(), transaction() as session:
        session.execute(text("CREATE UNIQUE INDEX ux_refuses ON event_lot (quantity)"))
    try:
        job = program.capture(said)
    finally:
        with program.app.app_context(), transaction() as session:
            session.execute(text("DROP INDEX ux_refuses"))

    assert (job["success"], job["stored"], rules(job)) == (False, 0, ["store"])
    assert job["errors"][0]["detail"]
    assert program.capture(said)["stored"] == 2


def test_a_document_that_cannot_be_worked_on_is_given_up(program: Program) -> None:
    """Its text is none any more: whatever goes wrong in a job, it comes to an end."""
    answer = program.send("/capture", document(sold(amounts([("A", 7)]))))
    with program.app.app_context():
        with transaction() as session:
            session.scalars(select(CaptureJob)).one().document = "{"
        attempts = 0
        at = program.now
        while jobs.run_one(at) is not None:
            attempts += 1
            at += timedelta(days=1)
            is_running = (
                db.session.scalars(select(CaptureJob.finished_at).execution_options(populate_existing=True)).one()
                is None
            )
            assert is_running is (attempts < jobs.MOST_ATTEMPTS)
            db.session.rollback()
        assert db.session.scalars(select(Job.parked_at).where(Job.kind == "traceability.capture")).one()
    job: dict[str, Any] = program.get(answer.headers["Location"].removeprefix("/epcis"), "capture").get_json()

    assert (attempts, job["running"], job["success"], rules(job)) == (jobs.MOST_ATTEMPTS, False, False, ["store"])


def test_a_recall_that_nobody_said_may_be_declared_wrong(program: Program) -> None:
    job = program.capture(document(wrong(event(eventID="urn:uuid:8a1ef2a4-41b2-4a4d-9d0a-0b5f6a1c0b11", **RECALLS))))

    assert (job["success"], job["stored"]) == (True, 1)


# --- Nothing is inside itself -------------------------------------------------------------------------------------

CASE = "https://id.gs1.org/00/095200000000000011"


@pytest.mark.parametrize("kind", ["AggregationEvent", "AssociationEvent"])
@pytest.mark.parametrize(("parent", "facts"), [
    (CASE, {"childEPCs": ["https://a.example/box/Q", CASE]}),
    (CASE, {"childEPCs": ["urn:epc:id:sscc:9520000.0000000001"]}),
    ("https://a.example/box/P", {"childQuantityList": [{"epcClass": "https://a.example/box/P"}]}),
])  # fmt: skip
def test_a_case_does_not_hold_itself(program: Program, kind: str, parent: str, facts: dict[str, Any]) -> None:
    step = "installing" if kind == "AssociationEvent" else "packing"
    said = packed([], "", **{"type": kind, "bizStep": step, "parentID": parent, "childQuantityList": None, **facts})

    assert rules(program.capture(document(said))) == ["own-child"]
