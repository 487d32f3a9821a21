"""Goods come into being once, when their batch is released, and never more than were made."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import select

from kernel.db import db, transaction
from stock import ledger, production, verification
from stock.models import Balance, Location, LocationKind, Movement
from tests.factories import Factories
from tests.races import race
from traceability import batches
from traceability.models import Batch, LotState


def balances(lot_id: int) -> dict[LocationKind, int]:
    """Read how much of a lot is where."""
    rows = db.session.execute(
        select(Location.kind, Balance.on_hand)
        .join(Balance, Balance.location_id == Location.id)
        .where(Balance.lot_id == lot_id)
    )
    return {row[0]: row[1] for row in rows}


def test_what_is_released_lies_in_the_producers_warehouse(ctx: Flask, make: Factories, now: datetime) -> None:
    producer = make.producer()
    lot_id = make.batch(make.item(make.product(producer)), quantity=100, state=LotState.OPEN).lot_id
    make.edge(make.raw_lot(producer).id, lot_id, 40)  # went into something else before

    with transaction():
        production.release(db.session.get_one(Batch, lot_id), actor=make.actor(producer), now=now)

    assert balances(lot_id) == {LocationKind.PRODUCTION: -60, LocationKind.WAREHOUSE: 60}
    assert verification.verify() == []
    with pytest.raises(batches.NotOpen), transaction():
        production.release(db.session.get_one(Batch, lot_id), actor=make.actor(producer), now=now)
    assert balances(lot_id)[LocationKind.WAREHOUSE] == 60


def test_no_more_comes_into_being_than_the_lot_holds(ctx: Flask, make: Factories, now: datetime) -> None:
    producer = make.producer()
    lot_id = make.batch(make.item(make.product(producer)), quantity=100, state=LotState.OPEN).lot_id
    with transaction():
        production.release(db.session.get_one(Batch, lot_id), actor=make.actor(producer), now=now)
    source, to = (
        db.session.scalars(select(Location).where(Location.kind == kind)).one()
        for kind in (LocationKind.PRODUCTION, LocationKind.WAREHOUSE)
    )

    with pytest.raises(ledger.NotOnHand), transaction():
        ledger.move(
            lot_id, 1, source=source, to=to, owner_id=producer.id, document="LOT-X", cause="LOT-X:again", now=now
        )


@pytest.mark.race
def test_eight_who_release_one_batch_release_it_once(app: Flask, make: Factories, now: datetime) -> None:
    producer = make.producer()
    lot_id = make.batch(make.item(make.product(producer)), quantity=100, state=LotState.OPEN).lot_id
    actor = make.actor(producer)

    def release(_: int) -> str:
        with transaction():
            production.release(db.session.get_one(Batch, lot_id), actor=actor, now=now)
        return "released"

    results = race(app, 8, release)

    with app.app_context():
        assert sorted(results) == ["NotOpen"] * 7 + ["released"]
        assert balances(lot_id) == {LocationKind.PRODUCTION: -100, LocationKind.WAREHOUSE: 100}
        assert len(db.session.scalars(select(Movement.id).where(Movement.lot_id == lot_id)).all()) == 1
        assert verification.verify() == []
