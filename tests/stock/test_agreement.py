"""Lots, events and stock agree; whoever changes one of them behind the verbs is found, and the difference is named."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from flask import Flask
from sqlalchemy import text

from accounts.actor import SYSTEM
from catalog.models import Unit
from kernel.db import db, transaction
from stock import agreement, production
from tests.factories import BA_DONG, Factories
from traceability import batches, lots
from traceability.lots import Received


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
        ("UPDATE balance SET frozen = true WHERE lot_id = :batch", "released, yet frozen"),
        ("UPDATE balance SET on_hand = on_hand - 1 WHERE on_hand > 0", "movements say 100, the balance 99"),
        ("UPDATE lot SET state = 'open' WHERE id = :batch", "0 should have come into the stock, 100 did"),
    ],
)
def test_a_change_behind_the_verbs_is_found_and_named(
    app: Flask, chain: dict[str, int], statement: str, words: str
) -> None:
    with transaction() as session:
        names = {name: id for name, id in chain.items() if f":{name}" in statement}
        session.execute(text(statement), names)

    found = agreement.verify()
    said = app.test_cli_runner().invoke(args=["trace", "verify"])

    assert any(words in line for line in found), found
    assert said.exit_code == 1
    assert words in said.output
