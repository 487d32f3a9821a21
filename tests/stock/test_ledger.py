"""Goods do not appear, vanish, or go below nought, whoever moves them and however often."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from accounts.models import Organisation, OrganisationKind
from kernel import pages
from kernel.db import db, transaction
from stock import ledger, verification
from stock.models import Balance, Location, LocationKind, Movement
from tests.factories import Factories
from tests.races import meet, race
from traceability.models import Lot


@dataclass
class Goods:
    """A hundred packs of two lots in a producer's warehouse, and a counter to bring them to."""

    producer: Organisation
    first: int
    second: int
    product_id: int
    warehouse: Location
    counter: Location


@pytest.fixture
def goods(make: Factories) -> Goods:
    """See :class:`Goods`."""
    producer = make.producer("Hợp tác xã mẫu")
    product = make.product(producer)
    item = make.item(product)
    first, second = make.batch(item, quantity=100), make.batch(item, quantity=100)
    point = make.organisation("Điểm bán mẫu", kind=OrganisationKind.SALES_POINT)
    warehouse = make.location(producer, LocationKind.WAREHOUSE)
    counter = make.location(point, LocationKind.SALES_POINT)
    for batch in (first, second):
        make.on_hand(batch.lot_id, warehouse, producer, 100)
    return Goods(producer, first.lot_id, second.lot_id, product.id, warehouse, counter)


def carry(goods: Goods, quantity: int, cause: str, now: datetime, *, lot_id: int | None = None) -> None:
    """Carry packs of the first lot from the warehouse to the counter, in one transaction."""
    with transaction():
        ledger.move(
            lot_id or goods.first,
            quantity,
            source=goods.warehouse,
            to=goods.counter,
            owner_id=goods.producer.id,
            document="CSG-1",
            cause=cause,
            now=now,
        )


def on_hand(lot_id: int, location: Location) -> int:
    """Read a balance."""
    return (
        db.session.scalar(select(Balance.on_hand).where(Balance.lot_id == lot_id, Balance.location_id == location.id))
        or 0
    )


def number_of(lot_id: int) -> str:
    """Read what a lot is called."""
    return db.session.get_one(Lot, lot_id).number


def test_what_leaves_one_place_is_in_the_other(ctx: Flask, goods: Goods, now: datetime) -> None:
    carry(goods, 40, "CSG-1:1", now)

    assert (on_hand(goods.first, goods.warehouse), on_hand(goods.first, goods.counter)) == (60, 40)
    assert verification.verify() == []


def test_more_than_there_is_cannot_leave_and_nothing_of_the_document_does(ctx: Flask, goods: Goods, now) -> None:
    lines = [
        ledger.Line(goods.first, 10, goods.warehouse.id, goods.counter.id, goods.producer.id, "CSG-2:1"),
        ledger.Line(goods.second, 101, goods.warehouse.id, goods.counter.id, goods.producer.id, "CSG-2:2"),
    ]

    with pytest.raises(ledger.NotOnHand) as refusal, transaction():
        ledger.move_all(lines, document="CSG-2", now=now)

    assert refusal.value.facts["available"] == 100
    assert refusal.value.facts["lot_id"] == goods.second
    assert (refusal.value.facts["wanted"], refusal.value.facts["number"]) == (101, number_of(goods.second))
    assert on_hand(goods.first, goods.warehouse) == 100
    assert verification.verify() == []


def test_two_lines_of_one_lot_are_added_up_before_they_are_claimed(ctx: Flask, goods: Goods, now) -> None:
    lines = [
        ledger.Line(goods.first, 60, goods.warehouse.id, goods.counter.id, goods.producer.id, f"CSG-3:{n}")
        for n in (1, 2)
    ]

    with pytest.raises(ledger.NotOnHand), transaction():
        ledger.move_all(lines, document="CSG-3", now=now)


def test_two_lines_of_one_lot_both_arrive(ctx: Flask, goods: Goods, now: datetime) -> None:
    lines = [
        ledger.Line(goods.first, 20 * n, goods.warehouse.id, goods.counter.id, goods.producer.id, f"CSG-3:{n}")
        for n in (1, 2)
    ]
    with transaction():
        ledger.move_all(lines, document="CSG-3", now=now)

    assert (on_hand(goods.first, goods.warehouse), on_hand(goods.first, goods.counter)) == (40, 60)
    assert verification.verify() == []


@pytest.mark.parametrize("quantity", [0, -1])
def test_nothing_and_less_is_no_movement(ctx: Flask, goods: Goods, now: datetime, quantity: int) -> None:
    with pytest.raises(ValueError, match="above nought"):
        carry(goods, quantity, "CSG-3:1", now)


def test_each_line_has_a_cause_of_its_own(ctx: Flask, goods: Goods, now: datetime) -> None:
    line = ledger.Line(goods.first, 1, goods.warehouse.id, goods.counter.id, goods.producer.id, "CSG-3:1")

    with pytest.raises(ValueError, match="cause"):
        ledger.move_all([line, line], document="CSG-3", now=now)


def test_a_movement_says_who_moved_it(ctx: Flask, goods: Goods, make: Factories, now: datetime) -> None:
    actor = make.actor(goods.producer)
    with transaction():
        ledger.move(
            goods.first, 1, source=goods.warehouse, to=goods.counter, owner_id=goods.producer.id,
            document="CSG-3", cause="CSG-3:1", now=now, actor=actor,
        )  # fmt: skip

    row = db.session.scalars(select(Movement).where(Movement.cause == "CSG-3:1")).one()
    assert (row.user_id, row.document, row.at, row.quantity) == (actor.user_id, "CSG-3", now, 1)


def test_what_is_promised_leaves_for_its_document_alone(ctx: Flask, goods: Goods, now: datetime) -> None:
    def leave(quantity: int, cause: str, *, of_allocated: bool) -> None:
        line = ledger.Line(goods.first, quantity, goods.warehouse.id, goods.counter.id, goods.producer.id, cause)
        with transaction():
            ledger.move_all([line], document="DH-1", now=now, of_allocated=of_allocated)

    with transaction() as session:
        session.execute(
            update(Balance)
            .where(Balance.lot_id == goods.first, Balance.location_id == goods.warehouse.id)
            .values(allocated=60)
        )
    with pytest.raises(ledger.NotOnHand) as refusal:
        leave(41, "DH-1:1", of_allocated=False)
    assert refusal.value.facts["available"] == 40
    with pytest.raises(ledger.NotOnHand):
        leave(61, "DH-1:1", of_allocated=True)
    leave(40, "DH-1:1", of_allocated=False)
    leave(20, "DH-1:2", of_allocated=True)
    leave(40, "DH-1:3", of_allocated=True)

    balance = db.session.scalars(
        select(Balance).where(Balance.lot_id == goods.first, Balance.location_id == goods.warehouse.id)
    ).one()
    assert (balance.on_hand, balance.allocated) == (0, 0)


def test_the_same_cause_is_posted_once(ctx: Flask, goods: Goods, now) -> None:
    carry(goods, 1, "CSG-4:1", now)

    with pytest.raises(ledger.AlreadyPosted):
        carry(goods, 1, "CSG-4:1", now)
    assert on_hand(goods.first, goods.counter) == 1


def test_a_frozen_lot_stays_where_it_is_but_may_be_taken_back(ctx: Flask, goods: Goods, now) -> None:
    carry(goods, 10, "CSG-5:1", now)
    with transaction():
        ledger.freeze([goods.first], frozen=True)

    with pytest.raises(ledger.LotFrozen) as refusal:
        carry(goods, 1, "CSG-5:2", now)
    assert (refusal.value.facts["lot_id"], refusal.value.facts["number"]) == (goods.first, number_of(goods.first))
    line = ledger.Line(goods.first, 1, goods.warehouse.id, goods.counter.id, goods.producer.id, "CSG-5:3")
    with pytest.raises(ledger.LotFrozen), transaction():
        ledger.move_all([line], document="CSG-5", now=now)
    with transaction():
        ledger.move(
            goods.first, 10, source=goods.counter, to=goods.warehouse, owner_id=goods.producer.id,
            document="CSG-6", cause="CSG-6:1", now=now, even_frozen=True,
        )  # fmt: skip
    assert on_hand(goods.first, goods.warehouse) == 100


def test_goods_of_a_frozen_lot_are_frozen_where_they_arrive(ctx: Flask, goods: Goods, now) -> None:
    with transaction():
        ledger.freeze([goods.first], frozen=True)
        ledger.move(
            goods.first, 5, source=goods.warehouse, to=goods.counter, owner_id=goods.producer.id,
            document="CSG-7", cause="CSG-7:1", now=now, even_frozen=True,
        )  # fmt: skip

    assert db.session.scalars(select(Balance.frozen).where(Balance.lot_id == goods.first)).all() == [True] * 3


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE balance SET on_hand = -1 WHERE floor_quantity = 0",
        "UPDATE balance SET on_hand = on_hand - 1 WHERE floor_quantity < 0",
        "UPDATE balance SET allocated = on_hand + 1 WHERE floor_quantity = 0",
        "UPDATE movement SET quantity = 1",
        "DELETE FROM movement",
    ],
)
def test_the_database_refuses_what_the_code_should_have(ctx: Flask, goods: Goods, statement: str) -> None:
    with pytest.raises(DBAPIError), transaction() as session:
        session.execute(text(statement))


def test_verification_names_a_balance_that_nothing_moved(ctx: Flask, goods: Goods) -> None:
    with transaction() as session:
        session.execute(
            update(Balance)
            .where(Balance.lot_id == goods.first, Balance.location_id == goods.warehouse.id)
            .values(on_hand=99)
        )

    found = verification.verify()

    assert any("movements say 100, the balance 99" in line for line in found)
    assert any("add up to -1" in line for line in found)


def test_lists_are_made_anew_only_when_a_lot_comes_or_is_gone_its_own_page_always(
    ctx: Flask, goods: Goods, now
) -> None:
    def revisions() -> tuple[int, int]:
        return pages.revision((pages.SHOP,)), pages.revision((pages.product(goods.product_id),))

    start = revisions()
    carry(goods, 10, "CSG-8:1", now)
    arrived = revisions()
    carry(goods, 10, "CSG-8:2", now)

    assert arrived[0] > start[0]
    assert revisions()[0] == arrived[0]
    assert revisions()[1] > arrived[1] > start[1]
    carry(goods, 79, "CSG-8:3", now)
    before = revisions()[0]
    carry(goods, 1, "CSG-8:4", now)  # the last one
    assert revisions()[0] > before
    before = revisions()[0]
    with transaction():
        ledger.freeze([goods.first], frozen=True)
    assert revisions()[0] > before


def test_the_command_proves_the_ledger_or_names_what_differs_and_fails(app: Flask, goods: Goods) -> None:
    run = app.test_cli_runner().invoke

    proved = run(args=["ledger", "verify"])
    with app.app_context(), transaction() as session:
        session.execute(update(Balance).where(Balance.lot_id == goods.second, Balance.on_hand > 0).values(on_hand=98))
    found = run(args=["ledger", "verify"])

    assert proved.exit_code == 0
    assert found.exit_code != 0
    assert f"lot {goods.second} " in found.output
    assert "movements say 100, the balance 98" in found.output


@pytest.mark.race
def test_a_cause_posted_by_eight_at_once_is_posted_once(app: Flask, goods: Goods, now) -> None:
    def post(_: int) -> str:
        carry(goods, 5, "ONE:1", now)
        return "posted"

    results = race(app, 8, post)

    with app.app_context():
        assert sorted(results) == ["AlreadyPosted"] * 7 + ["posted"]
        assert on_hand(goods.first, goods.warehouse) == 95
        assert verification.verify() == []


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(1, 60)), max_size=12))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_moved_to_and_fro_the_ledger_adds_up(ctx: Flask, goods: Goods, now, steps) -> None:
    for forth, first, quantity in steps:
        source, to = (goods.warehouse, goods.counter) if forth else (goods.counter, goods.warehouse)
        lot_id = goods.first if first else goods.second
        before = on_hand(lot_id, source)
        try:
            with transaction():
                ledger.move(
                    lot_id, quantity, source=source, to=to, owner_id=goods.producer.id,
                    document="CSG-9", cause=f"CSG-9:{time.monotonic_ns()}", now=now,
                )  # fmt: skip
        except ledger.NotOnHand:
            assert quantity > before
        else:
            assert quantity <= before

    assert verification.verify() == []
    for lot_id in (goods.first, goods.second):
        assert on_hand(lot_id, goods.warehouse) + on_hand(lot_id, goods.counter) == 100


@pytest.mark.race
def test_twenty_takers_of_six_packs_get_a_hundred_at_most(app: Flask, goods: Goods, now) -> None:
    def take(number: int) -> str:
        carry(goods, 6, f"RACE:{number}", now)
        return "taken"

    results = race(app, 20, take)

    with app.app_context():
        assert results.count("taken") == 16
        assert results.count("NotOnHand") == 4
        assert on_hand(goods.first, goods.warehouse) == 4
        assert verification.verify() == []


@pytest.mark.race
def test_the_naive_way_loses_goods_which_is_what_the_guard_is_for(app: Flask, goods: Goods) -> None:
    """The control of the race above: read, reckon in Python, write back."""

    def take_naively(number: int) -> str:
        held = db.session.get_one(Balance, (goods.first, goods.warehouse.id, goods.producer.id)).on_hand
        db.session.rollback()
        meet()
        with transaction() as session:
            session.execute(
                update(Balance)
                .where(Balance.lot_id == goods.first, Balance.location_id == goods.warehouse.id)
                .values(on_hand=held - 6)
            )
        return "taken"

    results = race(app, 10, take_naively)

    with app.app_context():
        taken = 6 * results.count("taken")
        assert on_hand(goods.first, goods.warehouse) != 100 - taken
        assert verification.verify() != []


@pytest.mark.race
def test_documents_that_name_lots_the_other_way_round_do_not_deadlock(app: Flask, goods: Goods, now) -> None:
    def take(number: int) -> str:
        lots = [goods.first, goods.second] if number % 2 else [goods.second, goods.first]
        with transaction():
            ledger.move_all(
                [
                    ledger.Line(lot, 5, goods.warehouse.id, goods.counter.id, goods.producer.id, f"X:{number}:{lot}")
                    for lot in lots
                ],
                document=f"X-{number}",
                now=now,
            )
        return "taken"

    results = race(app, 16, take)

    with app.app_context():
        assert results == ["taken"] * 16
        assert on_hand(goods.first, goods.warehouse) == on_hand(goods.second, goods.warehouse) == 20
        assert verification.verify() == []
