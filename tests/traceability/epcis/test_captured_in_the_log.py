"""What stands beside a captured event, its fractions and the days of its lots: changed behind the verbs, and named."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select, text

from app import log_jobs
from kernel import proof
from kernel.db import db, transaction
from stock import agreement
from tests.tampering import differences, tamper
from tests.traceability.epcis.interface import Program, document, event
from traceability import records
from traceability.models import EventLot, Lot, TraceEvent

LOT = "https://ex.example/lo/M-1"


@pytest.fixture
def told(program: Program) -> dict[str, int]:
    """Honey was made, and part of it sold by a weight that is no whole gram; the lines of these events."""
    made, sold = ([{"epcClass": LOT, "quantity": weight, "uom": "KGM"}] for weight in (2, 0.0123456))
    job = program.capture(document(
        event(action="ADD", bizStep="commissioning", quantityList=made, eventTime="2026-11-20T08:00:00+07:00"),
        event(action="DELETE", bizStep="retail_selling", disposition="retail_sold", quantityList=sold,
              eventTime="2026-11-21T08:00:00+07:00"),
    ))  # fmt: skip
    assert job["success"], job
    with program.app.app_context():
        log_jobs.number_all()
        return dict(iter(db.session.execute(select(TraceEvent.biz_step, TraceEvent.id)).all()))


CHANGES = [
    ("retail_selling", "999999999999", "the record was changed"),
    ("retail_selling", "0", "the record is gone"),
    ("commissioning", "999999999999", "the record is not in the log"),
]


@pytest.mark.parametrize(("step", "rounding", "words"), CHANGES)
def test_by_how_much_an_amount_was_rounded_stands_in_the_log(
    program: Program, told: dict[str, int], step: str, rounding: str, words: str
) -> None:
    with program.app.app_context():
        assert (differences(), agreement.verify()) == ([], [])
        assert db.session.scalars(select(EventLot.rounding).order_by(EventLot.event_id)).all() == [0, 654_400_000_000]
        name = db.session.get_one(TraceEvent, told[step]).event_id
        db.session.rollback()
        tamper("event_lot", f"UPDATE event_lot SET rounding = {rounding} WHERE event_id = :id", id=told[step])

        assert [line.partition(" (")[0] for line in differences()] == [f"fractions {name}: {words}"]


def test_fractions_of_before_are_brought_in(program: Program, told: dict[str, int], now: datetime) -> None:
    with program.app.app_context():
        tamper("log_leaf", "DELETE FROM log_leaf WHERE kind = 'fractions'")
        assert log_jobs.bring_in(now=now) == 1
        assert not [line for line in differences() if line.startswith("fractions")]
        name = db.session.get_one(TraceEvent, told["retail_selling"]).event_id
        assert proof.SOURCES[records.FRACTIONS].published([name]) == proof.SOURCES[records.KIND].published([name])


def test_a_captured_lot_was_entered_with_its_first_event(program: Program, told: dict[str, int]) -> None:
    with program.app.app_context():
        with transaction() as session:
            session.execute(text("UPDATE lot SET created_at = '2026-01-01 00:00:00.000000'"))
        lot = db.session.scalars(select(Lot)).one()

        assert agreement.verify() == [
            f"lot {lot.id} ({lot.number}): it was entered at another moment than the first event that names it"
        ]


def test_a_captured_lot_is_recalled_since_the_event_that_says_so(program: Program, told: dict[str, int]) -> None:
    named = [{"epcClass": LOT, "quantity": 2, "uom": "KGM"}]
    job = program.capture(document(
        event(bizStep="holding", disposition="recalled", quantityList=named, eventTime="2026-11-22T08:00:00+07:00")
    ))  # fmt: skip
    assert job["success"], job
    with program.app.app_context():
        assert agreement.verify() == []
        lot = db.session.scalars(select(Lot)).one()
        name = f"lot {lot.id} ({lot.number})"
        db.session.rollback()
        with transaction() as session:
            changed = "state_since = '2026-01-01 00:00:00.000000', state_reason = 'Chỉ sai màu nhãn'"
            session.execute(text(f"UPDATE lot SET {changed}"))

        assert agreement.verify() == [
            f"{name}: it is recalled for another reason than its event says",
            f"{name}: it is recalled since another moment than its event says",
        ]
