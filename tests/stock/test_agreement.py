"""Lots, events and stock agree; whoever changes one of them behind the verbs is found, and the difference is named."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from flask import Flask
from sqlalchemy import select, text

from accounts.actor import SYSTEM
from catalog.models import Unit
from kernel.db import db, transaction
from stock import agreement, holding, production
from tests.factories import BA_DONG, Factories
from traceability import batches, lots, recording
from traceability.lots import Received
from traceability.models import Lot, TraceEvent


@pytest.fixture
def chain(ctx: Flask, make: Factories, now: datetime) -> dict[str, int]:
    """Rice, flour and a released batch, written by the verbs; their lots."""
    producer = make.producer()
    item = make.item(make.product(producer))
    common = {"actor": SYSTEM, "now": now}
    with transaction():
        told = Received("Lúa", "LUA-1", 100_000, Unit.GRAM, date(2026, 11, 20), BA_DONG, supplier="Hộ mẫu")
        raw = lots.receive_raw_lot(producer, told, **common)
        flour = lots.make_intermediate(
            producer,
            name_vi="Bột",
            number="BOT-1",
            quantity=60_000,
            unit=Unit.GRAM,
            made_on=date(2026, 11, 21),
            inputs={raw.id: 80_000},
            **common,
        )
        batch = batches.open_batch(
            db.session.merge(item),
            number="BANH-1",
            made_on=date(2026, 11, 22),
            expires_on=None,
            quantity=100,
            inputs={flour.id: 55_000},
            **common,
        )
    with transaction():
        production.release(batch, **common)
    return {"raw": raw.id, "flour": flour.id, "batch": batch.lot_id}


def test_what_the_verbs_wrote_agrees(app: Flask, chain: dict[str, int]) -> None:
    assert agreement.verify() == []

    said = app.test_cli_runner().invoke(args=["trace", "verify"])

    assert said.exit_code == 0
    assert "0 differences" in said.output


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE lot SET used = used - 1 WHERE id = :raw", "79999 of it were used, its events say 80000"),
        ("UPDATE lot_input SET quantity = 54999 WHERE output_id = :batch", "the edge says 54999, its event 55000"),
        ("DELETE FROM lot_input WHERE output_id = :flour", "an event says 80000 went in, there is no edge"),
        ("UPDATE lot SET quantity = 100001 WHERE id = :raw", "it holds 100001, no event of its making says so"),
        ("UPDATE lot SET used = 1 WHERE id = :batch", "99 should have come into the stock, 100 did"),
        ("UPDATE lot SET state = 'recalled' WHERE id = :batch", "recalled, yet not frozen"),
        ("UPDATE lot SET state = 'held' WHERE id = :raw", "it is held, its events say released"),
        ("UPDATE lot SET state = 'recalled' WHERE id = :batch", "it is recalled, its events say released"),
        (
            "UPDATE lot SET state_reason = 'x' WHERE id = :flour",
            "it is released for another reason than its event says",
        ),
        ("UPDATE balance SET frozen = true WHERE lot_id = :batch", "released, yet frozen"),
        ("UPDATE balance SET on_hand = on_hand - 1 WHERE on_hand > 0", "movements say 100, the balance 99"),
        ("UPDATE lot SET state = 'open' WHERE id = :batch", "0 should have come into the stock, 100 did"),
    ],
)
@pytest.mark.parametrize("at_once", [1, 1_000])
def test_a_change_behind_the_verbs_is_found_and_named(
    app: Flask, chain: dict[str, int], statement: str, words: str, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agreement, "AT_ONCE", at_once)
    with transaction() as session:
        names = {name: id for name, id in chain.items() if f":{name}" in statement}
        session.execute(text(statement), names)

    found = agreement.verify()
    said = app.test_cli_runner().invoke(args=["trace", "verify"])

    assert any(words in line for line in found), found
    assert said.exit_code == 1
    assert words in said.output


@pytest.mark.parametrize("which", ["raw", "batch"])
@pytest.mark.parametrize("acts", ["h", "he", "heh", "r", "hr", "her"])
def test_a_lot_that_was_held_freed_and_recalled_stands_as_its_events_say(
    chain: dict[str, int], now: datetime, which: str, acts: str
) -> None:
    verbs = {"h": holding.hold, "e": holding.end_hold, "r": holding.recall}
    for act in acts:
        with transaction():
            verbs[act](db.session.get_one(Lot, chain[which]), reason=f"Lý do {act}", actor=SYSTEM, now=now)
    assert agreement.verify() == []
    wrong = db.session.scalars(select(TraceEvent).where(TraceEvent.biz_step == "holding")).first()
    assert wrong is not None
    with transaction():
        recording.correct_event(wrong, reason="Sai chữ", note_vi="Chữ khác", actor=SYSTEM, now=now)
    assert agreement.verify() == [], "a correction of words changes no state"

    with transaction() as session:
        session.execute(
            text("UPDATE lot SET state = 'released', state_reason = '' WHERE id = :id"), {"id": chain[which]}
        )
        session.execute(text("UPDATE balance SET frozen = false WHERE lot_id = :id"), {"id": chain[which]})

    states = {"h": "held", "e": "released", "r": "recalled"}
    found = [line for line in agreement.verify() if "its events say" in line]
    assert [line.partition(": ")[2] for line in found] == (
        [] if acts[-1] == "e" else [f"it is released, its events say {states[acts[-1]]}"]
    )
