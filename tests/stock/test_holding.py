"""Held and recalled goods stay where they are, everywhere and at once."""

from __future__ import annotations

import multiprocessing
import time
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import select

from accounts.models import Organisation, OrganisationKind
from kernel import pages
from kernel.db import db, transaction
from stock import holding, ledger, verification
from stock.models import Balance, Location, LocationKind
from tests.factories import Factories
from tests.races import meet, race
from traceability import batches
from traceability.models import Lot, LotState

COUNTERS = 8


@pytest.fixture
def producer(make: Factories) -> Organisation:
    """Who made the goods."""
    return make.producer()


def frozen(lot_id: int) -> list[bool]:
    """Read, place by place, whether a lot is frozen."""
    return list(db.session.scalars(select(Balance.frozen).where(Balance.lot_id == lot_id)))


def test_a_recall_reaches_everything_made_from_the_lot_and_nothing_else(
    ctx: Flask, make: Factories, producer: Organisation, now: datetime
) -> None:
    item = make.item(make.product(producer))
    raw = make.raw_lot(producer)
    flour = make.raw_lot(producer, name="Bột", number="BOT-1")
    make.edge(flour.id, raw.id, 100)
    made = make.batch(item, inputs={flour.id: 50}).lot_id
    recalled_before = make.batch(item, inputs={flour.id: 50}, state=LotState.RECALLED).lot_id
    other = make.batch(item).lot_id
    warehouse = make.location(producer, LocationKind.WAREHOUSE)
    for lot_id in (made, other):
        make.on_hand(lot_id, warehouse, producer, 100)

    with transaction():
        recalled = holding.recall(
            db.session.get_one(Lot, raw.id), reason="Kim loại nặng", actor=make.actor(producer), now=now
        )

    assert recalled == [raw.id, flour.id, made]
    assert {db.session.get_one(Lot, id).state for id in (raw.id, flour.id, made, recalled_before)} == {
        LotState.RECALLED
    }
    assert set(frozen(made)) == {True}
    assert set(frozen(other)) == {False}
    with pytest.raises(ledger.LotFrozen) as refusal, transaction():
        move(made, 1, warehouse, make.location(producer, LocationKind.LOSS), producer, "X:1", now)
    assert refusal.value.facts["lot_id"] == made
    assert verification.verify() == []


def test_a_hold_ends_and_the_goods_go_on(ctx: Flask, make: Factories, producer: Organisation, now: datetime) -> None:
    lot_id = make.batch(make.item(make.product(producer))).lot_id
    warehouse, loss = (make.location(producer, kind) for kind in (LocationKind.WAREHOUSE, LocationKind.LOSS))
    make.on_hand(lot_id, warehouse, producer, 100)
    actor = make.actor(producer)
    before = pages.revision((pages.SHOP,))

    with transaction():
        holding.hold(db.session.get_one(Lot, lot_id), reason="Kiểm tra", actor=actor, now=now)
    assert set(frozen(lot_id)) == {True}
    assert pages.revision((pages.SHOP,)) > before, "lists say at once that it cannot be bought"
    with pytest.raises(batches.CannotHold), transaction():
        holding.hold(db.session.get_one(Lot, lot_id), reason="Lần nữa", actor=actor, now=now)
    with transaction():
        holding.end_hold(db.session.get_one(Lot, lot_id), reason="Đạt", actor=actor, now=now)
        move(lot_id, 1, warehouse, loss, producer, "X:1", now)

    assert set(frozen(lot_id)) == {False}
    assert verification.verify() == []


def move(
    lot_id: int, quantity: int, source: Location, to: Location, owner: Organisation, cause: str, now: datetime
) -> None:
    """Move packs, held or not where the cause says "back"."""
    ledger.move(
        lot_id,
        quantity,
        source=source,
        to=to,
        owner_id=owner.id,
        document="X",
        cause=cause,
        now=now,
        even_frozen=cause.startswith("back"),
    )


@pytest.fixture
def on_the_road(make: Factories, producer: Organisation) -> tuple[int, list[Location], list[Location]]:
    """Give a lot that is on its way to eight counters that never had any of it: (lot, from, to).

    The counters come before the road in the order of the ledger's keys: that is where a recall could be missed.
    """
    lot_id = make.batch(make.item(make.product(producer))).lot_id
    keepers = [make.organisation(kind=OrganisationKind.SALES_POINT) for _ in range(COUNTERS)]
    counters = [make.location(keeper, LocationKind.SALES_POINT) for keeper in keepers]
    road = make.location(producer, LocationKind.IN_TRANSIT)
    make.on_hand(lot_id, road, producer, COUNTERS)
    return lot_id, [road] * COUNTERS, counters


@pytest.mark.race
def test_goods_that_arrive_while_their_lot_is_recalled_are_frozen_where_they_arrive(
    app: Flask, make: Factories, producer: Organisation, on_the_road: tuple, now: datetime
) -> None:
    lot_id, road, counters = on_the_road
    actor = make.actor(producer)
    recalled = multiprocessing.get_context("fork").Event()

    def act(number: int) -> str:
        if number == COUNTERS:
            with transaction():
                holding.recall(db.session.get_one(Lot, lot_id), reason="Nhiễm khuẩn", actor=actor, now=now)
                recalled.set()
                time.sleep(0.3)  # the others come to their first lock while nobody can see the recall yet
        else:
            recalled.wait(30)
            with transaction():
                move(lot_id, 1, road[number], counters[number], producer, f"back:{number}", now)
        return "done"

    results = race(app, COUNTERS + 1, act)

    with app.app_context():
        assert results == ["done"] * (COUNTERS + 1)
        assert set(frozen(lot_id)) == {True}
        assert verification.verify() == []


@pytest.mark.race
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_the_naive_way_lets_goods_slip_past_the_recall(
    app: Flask, producer: Organisation, on_the_road: tuple, now: datetime
) -> None:
    """The control of the race above: ask whether the lot is held, then bring the goods, with no lock between.

    On SQLite one who writes is alone: there it cannot happen.
    """
    lot_id, _, counters = on_the_road

    def act(number: int) -> str:
        if number == COUNTERS:
            meet()  # all have asked whether the lot is held
            with transaction():
                ledger.freeze([lot_id], frozen=True)
            meet()
            return "recalled"
        with transaction() as session:
            held = session.scalar(select(Balance.frozen).where(Balance.lot_id == lot_id).limit(1))
            meet()
            meet()  # the recall stands
            session.add(
                Balance(
                    lot_id=lot_id,
                    location_id=counters[number].id,
                    owner_id=producer.id,
                    on_hand=1,
                    frozen=bool(held),
                )
            )
        return "brought"

    race(app, COUNTERS + 1, act)

    with app.app_context():
        assert False in frozen(lot_id)


@pytest.mark.race
def test_recall_and_sales_of_the_same_lots_do_not_deadlock(
    app: Flask, make: Factories, producer: Organisation, now: datetime
) -> None:
    with app.app_context():
        item = make.item(make.product(producer))
        raw = make.raw_lot(producer)
        lots = [make.batch(item, inputs={raw.id: 10}).lot_id for _ in range(3)]
        warehouse, gone = (make.location(producer, kind) for kind in (LocationKind.WAREHOUSE, LocationKind.CUSTOMER))
        for lot_id in lots:
            make.on_hand(lot_id, warehouse, producer, 100)
        actor = make.actor(producer)

    def act(number: int) -> str:
        with transaction():
            if number == 6:
                holding.recall(db.session.get_one(Lot, raw.id), reason="Nhiễm khuẩn", actor=actor, now=now)
                return "recalled"
            ordered = lots if number % 2 else lots[::-1]
            ledger.move_all(
                [ledger.Line(lot, 1, warehouse.id, gone.id, producer.id, f"X:{number}:{lot}") for lot in ordered],
                document="X",
                now=now,
            )
        return "sold"

    results = race(app, 12, act)

    with app.app_context():
        assert results.count("recalled") == 1
        assert set(results) <= {"recalled", "sold", "LotFrozen"}
        for lot_id in lots:
            left = db.session.scalar(
                select(Balance.on_hand).where(Balance.lot_id == lot_id, Balance.location_id == warehouse.id)
            )
            assert left == 100 - results.count("sold")
        assert verification.verify() == []
