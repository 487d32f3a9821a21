"""Goods are promised to one document at a time, first to expire first, and a hold that is over costs nobody a sale."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from accounts.actor import SYSTEM
from accounts.models import Organisation, OrganisationKind
from catalog.models import TradeItem
from kernel import clock, pages
from kernel.db import db, transaction
from stock import allocation, holding, ledger, queries, verification
from stock.allocation import Want
from stock.models import Allocation, AllocationState, Balance, Location, LocationKind, Movement
from tests.factories import Factories
from tests.races import meet, race
from traceability.models import Lot

DAY = date(2026, 11, 24)
HALF_AN_HOUR = timedelta(minutes=30)


@dataclass
class Goods:
    """Two batches of one trade item in its producer's warehouse: ten that expire in June, ten in May."""

    producer: Organisation
    item_id: int
    product_id: int
    june: int
    may: int
    warehouse: Location


@pytest.fixture
def goods(make: Factories) -> Goods:
    """See :class:`Goods`."""
    producer = make.producer("Hợp tác xã mẫu")
    product = make.product(producer)
    item = make.item(product)
    make.location(producer, LocationKind.SALES_POINT)  # so that no place has the number of its owner
    warehouse = make.location(producer, LocationKind.WAREHOUSE)
    june, may = (make.batch(item, quantity=10, expires_on=date(2027, month, 1)) for month in (6, 5))
    for batch in (june, may):
        make.on_hand(batch.lot_id, warehouse, producer, 10)
    return Goods(producer, item.id, product.id, june.lot_id, may.lot_id, warehouse)


def hold(
    goods: Goods, quantity: int, document: str, now: datetime, *, minutes: int | None = 30, **facts: int
) -> list[Allocation]:
    """Hold so many packs for the only line of a document, in one transaction."""
    until = None if minutes is None else now + timedelta(minutes=minutes)
    with transaction():
        want = Want(1, goods.item_id, quantity, goods.producer.id, **facts)
        return allocation.hold([want], document=document, on=clock.business_date(now), until=until, now=now)


def free(goods: Goods, now: datetime) -> int:
    """Read how many may be ordered."""
    return queries.available([goods.item_id], clock.business_date(now), now).get(goods.item_id, 0)


def test_what_expires_first_goes_first(ctx: Flask, goods: Goods, now: datetime) -> None:
    picked = hold(goods, 12, "DH-1", now)

    assert [(row.lot_id, row.quantity) for row in picked] == [(goods.may, 10), (goods.june, 2)]
    assert free(goods, now) == 8
    assert verification.verify() == []


def test_goods_that_must_keep_longer_are_taken_from_a_later_batch(ctx: Flask, goods: Goods, now: datetime) -> None:
    until_mid_may = (date(2027, 5, 15) - DAY).days

    picked = hold(goods, 3, "DH-1", now, min_days=until_mid_may)

    assert [(row.lot_id, row.quantity) for row in picked] == [(goods.june, 3)]


def test_the_line_that_must_keep_longer_chooses_first(ctx: Flask, goods: Goods, now: datetime) -> None:
    until_mid_may = (date(2027, 5, 15) - DAY).days
    wants = [
        Want(1, goods.item_id, 10, goods.producer.id),
        Want(2, goods.item_id, 10, goods.producer.id, until_mid_may),
    ]

    with transaction():
        picked = allocation.hold(wants, document="DH-1", on=DAY, until=None, now=now)

    assert {(row.line, row.lot_id, row.quantity) for row in picked} == {(1, goods.may, 10), (2, goods.june, 10)}


def test_all_of_a_document_is_held_or_nothing(ctx: Flask, goods: Goods, now: datetime) -> None:
    wants = [Want(1, goods.item_id, 15, goods.producer.id), Want(2, goods.item_id, 6, goods.producer.id)]

    with pytest.raises(allocation.NotEnough) as refusal, transaction():
        allocation.hold(wants, document="DH-1", on=DAY, until=None, now=now)

    assert refusal.value.short == [(goods.item_id, 6, 5)]
    assert free(goods, now) == 20
    assert allocation.of_document("DH-1") == []


def test_the_same_document_is_held_once_and_another_wish_of_it_is_refused(ctx: Flask, goods: Goods, now) -> None:
    first = hold(goods, 4, "DH-1", now)

    assert [row.id for row in hold(goods, 4, "DH-1", now)] == [row.id for row in first]
    with pytest.raises(allocation.AskedOtherwise):
        hold(goods, 5, "DH-1", now)
    assert free(goods, now) == 16


def test_a_hold_past_its_time_is_free_to_the_next_without_any_sweeper(ctx: Flask, goods: Goods, now: datetime) -> None:
    hold(goods, 20, "DH-1", now)
    with pytest.raises(allocation.NotEnough):
        hold(goods, 1, "DH-2", now + HALF_AN_HOUR - timedelta(seconds=1))

    later = now + HALF_AN_HOUR
    assert free(goods, later) == 20
    hold(goods, 20, "DH-2", later)

    with pytest.raises(allocation.HoldLost) as refusal, transaction():
        allocation.confirm("DH-1", now=later)
    assert refusal.value.lines == [1]
    assert verification.verify() == []


def test_a_hold_past_its_time_may_still_be_made_firm_while_nobody_took_the_goods(ctx: Flask, goods: Goods, now) -> None:
    hold(goods, 20, "DH-1", now)

    with transaction():
        allocation.confirm("DH-1", now=now + HALF_AN_HOUR)

    assert free(goods, now + 2 * HALF_AN_HOUR) == 0
    with pytest.raises(allocation.NotEnough):
        hold(goods, 1, "DH-2", now + 2 * HALF_AN_HOUR)


def test_lost_goods_are_held_anew_if_there_are_others(ctx: Flask, goods: Goods, make: Factories, now: datetime) -> None:
    hold(goods, 20, "DH-1", now)
    later = now + HALF_AN_HOUR
    hold(goods, 5, "DH-2", later)
    with pytest.raises(allocation.NotEnough), transaction():
        allocation.regain("DH-1", lines=[1], on=DAY, until=None, now=later)
    with transaction():
        allocation.release("DH-2", now=later)

    with transaction():
        allocation.regain("DH-1", lines=[1], on=DAY, until=later + HALF_AN_HOUR, now=later)
    assert {row.expires_at for row in allocation.live_of("DH-1")} == {later + HALF_AN_HOUR}
    with transaction():
        allocation.confirm("DH-1", now=later)

    assert free(goods, later) == 0
    assert verification.verify() == []


def test_what_is_shipped_leaves_the_warehouse_and_what_was_promised(ctx: Flask, goods: Goods, now: datetime) -> None:
    hold(goods, 12, "DH-1", now)
    with pytest.raises(allocation.NotHeld), transaction():
        allocation.ship("DH-1", now=now)  # held is not firm
    with transaction():
        allocation.confirm("DH-1", now=now)
        allocation.ship("DH-1", now=now)

    balances = db.session.execute(
        select(Balance.lot_id, Balance.on_hand, Balance.allocated)
        .where(Balance.location_id == goods.warehouse.id)
        .order_by(Balance.lot_id)
    ).all()
    assert sorted(balances) == sorted([(goods.june, 8, 0), (goods.may, 0, 0)])
    assert verification.verify() == []
    with pytest.raises(allocation.NotHeld), transaction():
        allocation.ship("DH-1", now=now)


def two_lines(goods: Goods, now: datetime, document: str = "DH-1", *, firm: bool = False) -> list[Allocation]:
    """Hold three packs for the first line of a document and two for the second."""
    wants = [Want(line, goods.item_id, quantity, goods.producer.id) for line, quantity in ((1, 3), (2, 2))]
    until = None if firm else now + HALF_AN_HOUR
    with transaction():
        return allocation.hold(wants, document=document, on=DAY, until=until, now=now, firm=firm)


def states(document: str = "DH-1") -> list[tuple[int, str, int]]:
    """Read what became of a document: line, state, packs."""
    return [(row.line, row.state.value, row.quantity) for row in allocation.of_document(document)]


def test_lines_of_a_document_are_made_firm_sent_and_given_back_by_themselves(
    ctx: Flask, goods: Goods, now: datetime
) -> None:
    two_lines(goods, now)

    with transaction():
        allocation.confirm("DH-1", now=now, lines=[2])
    assert states() == [(1, "held", 3), (2, "firm", 2)]
    with transaction():
        (sent,) = allocation.ship("DH-1", now=now, lines=[2])
    assert (sent.line, sent.quantity) == (2, 2)
    with transaction():
        allocation.release("DH-1", now=now, lines=[1])

    assert states() == [(1, "released", 3), (2, "shipped", 2)]
    assert free(goods, now) == 18
    assert [row.line for row in allocation.live_of("DH-1")] == []
    assert [row.line for row in allocation.of_document("DH-1", lines=[1])] == [1]


def test_a_line_that_holds_nothing_is_neither_firm_nor_extended(ctx: Flask, goods: Goods, now: datetime) -> None:
    two_lines(goods, now)

    for lines in ([3], [1, 3]):
        with pytest.raises(allocation.NotHeld), transaction():
            allocation.confirm("DH-1", now=now, lines=lines)
        with pytest.raises(allocation.NotHeld), transaction():
            allocation.extend("DH-1", until=None, lines=lines)
    for document in ("DH-2", "DH-1"):
        with pytest.raises(allocation.NotHeld), transaction():
            allocation.ship(document, now=now)
    assert states() == [(1, "held", 3), (2, "held", 2)]


def test_a_hold_is_made_longer_and_what_is_firm_stays_without_an_end(ctx: Flask, goods: Goods, now: datetime) -> None:
    two_lines(goods, now)
    with transaction():
        allocation.confirm("DH-1", now=now, lines=[2])

    with transaction():
        allocation.extend("DH-1", until=now + 3 * HALF_AN_HOUR)
    assert [row.expires_at for row in allocation.of_document("DH-1")] == [now + 3 * HALF_AN_HOUR, None]
    assert free(goods, now + 2 * HALF_AN_HOUR) == 15
    with transaction():
        allocation.extend("DH-1", until=now + 4 * HALF_AN_HOUR, lines=[1])
    assert free(goods, now + 3 * HALF_AN_HOUR) == 15
    hold(goods, 18, "DH-2", now + 4 * HALF_AN_HOUR)

    with pytest.raises(allocation.HoldLost) as refusal, transaction():
        allocation.extend("DH-1", until=None)
    assert refusal.value.lines == [1]


def test_further_lines_are_promised_firmly_and_once(ctx: Flask, goods: Goods, now: datetime) -> None:
    two_lines(goods, now)
    third = [Want(3, goods.item_id, 4, goods.producer.id)]

    with transaction():
        added = allocation.add(third, document="DH-1", on=DAY, now=now)

    assert [(row.line, row.state.value, row.expires_at, row.created_at) for row in added] == [(3, "firm", None, now)]
    assert states() == [(1, "held", 3), (2, "held", 2), (3, "firm", 4)]
    assert free(goods, now) == 11
    with pytest.raises(allocation.AskedOtherwise), transaction():
        allocation.add(third, document="DH-1", on=DAY, now=now)
    with pytest.raises(allocation.NotEnough), transaction():
        allocation.add([Want(4, goods.item_id, 12, goods.producer.id)], document="DH-1", on=DAY, now=now)
    assert free(goods, now) == 11


def down(packs: dict[int, int], now: datetime, document: str = "DH-1") -> None:
    with transaction():
        allocation.take_down(document, packs, now=now)


def test_of_a_line_that_wants_fewer_what_keeps_longest_goes_first(ctx: Flask, goods: Goods, now: datetime) -> None:
    hold(goods, 14, "DH-1", now)

    down({1: 12}, now)
    rows = {row.lot_id: row for row in allocation.live_of("DH-1")}
    assert {lot_id: row.quantity for lot_id, row in rows.items()} == {goods.may: 10, goods.june: 2}
    kept = rows[goods.june]
    assert (kept.wanted, kept.good_on, kept.expires_at, kept.created_at, kept.trade_item_id, kept.reason) == (
        12, DAY, now + HALF_AN_HOUR, now, goods.item_id, "",
    )  # fmt: skip
    down({1: 7}, now)
    assert [(row.lot_id, row.quantity) for row in allocation.live_of("DH-1")] == [(goods.may, 7)]
    assert free(goods, now) == 13
    down({1: 7}, now)
    down({1: 0}, now)

    assert allocation.live_of("DH-1") == []
    assert free(goods, now) == 20
    assert verification.verify() == []


def test_of_a_line_that_wants_fewer_what_may_not_be_sold_goes_before_what_keeps_longest(
    ctx: Flask, goods: Goods, now: datetime
) -> None:
    hold(goods, 14, "DH-1", now)
    with transaction():
        holding.hold(db.session.get_one(Lot, goods.may), reason="Kiểm tra", actor=SYSTEM, now=now)

    down({1: 5}, now)

    live = {row.lot_id: row.quantity for row in allocation.live_of("DH-1")}
    assert live == {goods.may: 1, goods.june: 4}


def test_goods_without_a_date_keep_longest(ctx: Flask, goods: Goods, make: Factories, now: datetime) -> None:
    hold(goods, 20, "DH-9", now)
    with ctx.app_context():
        first = db.session.get_one(Lot, goods.may).owner
    honey = make.item(make.product(first, name="Mật ong mẫu"))
    dated, undated = make.batch(honey, quantity=4, expires_on=date(2027, 5, 1)), make.batch(honey, quantity=4)
    with transaction() as session:
        session.execute(text("UPDATE batch SET expires_on = NULL WHERE lot_id = :lot"), {"lot": undated.lot_id})
    for batch in (dated, undated):
        make.on_hand(batch.lot_id, goods.warehouse, goods.producer, 4)
    with transaction():
        wants = [Want(1, honey.id, 6, goods.producer.id)]
        allocation.hold(wants, document="DH-1", on=DAY, until=None, now=now)

    down({1: 5}, now)

    assert {row.lot_id: row.quantity for row in allocation.live_of("DH-1")} == {dated.lot_id: 4, undated.lot_id: 1}


def test_a_line_wants_fewer_by_itself_and_stays_firm(ctx: Flask, goods: Goods, now: datetime) -> None:
    two_lines(goods, now, firm=True)

    down({2: 1}, now)

    assert [(row.line, row.state.value, row.quantity, row.wanted) for row in allocation.live_of("DH-1")] == [
        (1, "firm", 3, 3),
        (2, "firm", 1, 1),
    ]
    with transaction():
        sent = allocation.ship("DH-1", now=now)
    assert sorted(row.quantity for row in sent) == [1, 3]


@pytest.mark.parametrize("packs", [{1: 4}, {1: -1}, {2: 3}])
def test_a_line_never_comes_to_want_more(ctx: Flask, goods: Goods, now: datetime, packs: dict[int, int]) -> None:
    two_lines(goods, now)

    with pytest.raises(ValueError, match="fewer packs"):
        down(packs, now)

    assert states() == [(1, "held", 3), (2, "held", 2)]


def test_a_line_whose_goods_went_to_somebody_else_cannot_want_fewer_of_them(
    ctx: Flask, goods: Goods, now: datetime
) -> None:
    two_lines(goods, now)
    hold(goods, 20, "DH-2", now + HALF_AN_HOUR)

    with pytest.raises(allocation.HoldLost):
        down({1: 2}, now + HALF_AN_HOUR)
    with pytest.raises(allocation.NotHeld):
        down({3: 0}, now)


@pytest.mark.parametrize("quantities", [[], [0], [3, 0], [-1]])
def test_a_document_that_wants_nothing_holds_nothing(
    ctx: Flask, goods: Goods, now: datetime, quantities: list[int]
) -> None:
    wants = [Want(line, goods.item_id, many, goods.producer.id) for line, many in enumerate(quantities)]

    with pytest.raises(ValueError, match="wants something"), transaction():
        allocation.hold(wants, document="DH-1", on=DAY, until=None, now=now)
    twice = [Want(1, goods.item_id, 1, goods.producer.id)] * 2
    with pytest.raises(ValueError, match="one thing"), transaction():
        allocation.hold(twice, document="DH-1", on=DAY, until=None, now=now)
    assert free(goods, now) == 20


def test_two_lines_of_one_batch_give_all_of_it_back(ctx: Flask, goods: Goods, now: datetime) -> None:
    two_lines(goods, now)
    two_lines(goods, now, "DH-2")

    down({1: 2, 2: 1}, now)
    assert free(goods, now) == 12
    with transaction():
        allocation.release("DH-1", now=now, lines=[2])
    assert states()[-1][:2] == (2, "released")
    assert [row.line for row in allocation.live_of("DH-1")] == [1]
    with transaction():
        allocation.release("DH-2", now=now)

    assert free(goods, now) == 18
    assert verification.verify() == []


def test_of_two_firm_lines_one_is_sent_by_somebody(ctx: Flask, goods: Goods, make: Factories, now: datetime) -> None:
    two_lines(goods, now, firm=True)
    actor = make.actor(goods.producer)

    with transaction():
        sent = allocation.ship("DH-1", now=now, lines=[1], actor=actor)

    assert [row.line for row in sent] == [1]
    assert states() == [(1, "shipped", 3), (2, "firm", 2)]
    assert set(db.session.scalars(select(Movement.user_id).where(Movement.document == "DH-1"))) == {actor.user_id}


def test_what_was_lost_is_not_held_by_asking_for_it_again(ctx: Flask, goods: Goods, now: datetime) -> None:
    hold(goods, 20, "DH-1", now)
    hold(goods, 20, "DH-2", now + HALF_AN_HOUR)

    with pytest.raises(allocation.HoldLost):
        hold(goods, 20, "DH-1", now + HALF_AN_HOUR)


def test_of_batches_that_keep_alike_the_one_that_was_made_first_goes_first(
    ctx: Flask, goods: Goods, make: Factories, now: datetime
) -> None:
    item = db.session.get_one(TradeItem, goods.item_id)
    late, early = (
        make.batch(item, quantity=5, made_on=date(2026, 11, day), expires_on=date(2027, 4, 1)) for day in (20, 10)
    )
    for batch in (late, early):
        make.on_hand(batch.lot_id, goods.warehouse, goods.producer, 5)
    wants = [Want(line, item.id, 3, goods.producer.id) for line in (1, 2)]

    with transaction():
        picked = allocation.hold(wants, document="DH-1", on=DAY, until=None, now=now)

    assert [(row.line, row.lot_id, row.quantity) for row in picked] == [
        (1, early.lot_id, 3), (2, early.lot_id, 2), (2, late.lot_id, 1),
    ]  # fmt: skip


def test_all_that_is_short_is_told_at_once(ctx: Flask, goods: Goods, make: Factories, now: datetime) -> None:
    tea = make.item(make.product(goods.producer, name="Trà mẫu"))
    wants = [
        Want(1, goods.item_id, 30, goods.producer.id), Want(2, tea.id, 2, goods.producer.id),
        Want(3, goods.item_id, 40, goods.producer.id),
    ]  # fmt: skip

    with pytest.raises(allocation.NotEnough) as refusal, transaction():
        allocation.hold(wants, document="DH-1", on=DAY, until=None, now=now)

    assert sorted(refusal.value.short) == sorted([(goods.item_id, 70, 20), (tea.id, 2, 0)])


def test_packs_of_other_goods_or_of_a_batch_that_ends_too_early_are_not_taken_in_their_place(
    ctx: Flask, goods: Goods, make: Factories, now: datetime
) -> None:
    (held,) = hold(goods, 2, "DH-1", now)
    tea = make.batch(make.item(make.product(goods.producer, name="Trà mẫu")), quantity=5)
    make.on_hand(tea.lot_id, goods.warehouse, goods.producer, 5)

    for lot_id in (tea.lot_id, 99_999):
        with pytest.raises(allocation.NotHeld), transaction():
            allocation.repick(db.session.merge(held), lot_id=lot_id, reason="Vỡ", now=now)
    with pytest.raises(allocation.DoesNotKeep) as refusal, transaction():
        allocation.repick(db.session.merge(held), lot_id=goods.june, reason="Vỡ", now=now, comes_on=date(2027, 6, 2))
    assert refusal.value.facts["number"] == db.session.get_one(Lot, goods.june).number
    with transaction():
        row = allocation.repick(
            db.session.merge(held), lot_id=goods.june, reason="Vỡ", now=now, comes_on=date(2027, 6, 1)
        )
    down({1: 1}, now)

    (left,) = allocation.live_of("DH-1")
    assert (left.lot_id, left.quantity, left.reason) == (row.lot_id, 1, "Vỡ")


def test_other_packs_stand_as_those_before_them_did(ctx: Flask, goods: Goods, now: datetime) -> None:
    held, _ = two_lines(goods, now)
    later = now + timedelta(minutes=5)

    with transaction():
        row = allocation.repick(db.session.merge(held), lot_id=goods.june, reason="  Hũ  vỡ ", now=later)

    assert (row.document, row.line, row.lot_id, row.owner_id, row.wanted, row.quantity) == (
        "DH-1", 1, goods.june, goods.producer.id, 3, 3,
    )  # fmt: skip
    assert (row.state, row.expires_at, row.good_on, row.created_at, row.reason) == (
        AllocationState.HELD, now + HALF_AN_HOUR, DAY, later, "Hũ vỡ",
    )  # fmt: skip
    assert states() == [(1, "released", 3), (1, "held", 3), (2, "held", 2)]
    assert free(goods, now) == 15
    assert verification.verify() == []


def test_only_what_lies_in_its_owners_own_warehouse_is_held(
    ctx: Flask, goods: Goods, make: Factories, now: datetime
) -> None:
    elsewhere = make.location(make.producer("Hộ khác"), LocationKind.WAREHOUSE)
    counter = make.location(goods.producer, LocationKind.SALES_POINT)
    other = make.batch(db.session.get_one(TradeItem, goods.item_id), quantity=8, expires_on=date(2027, 4, 1))
    make.on_hand(other.lot_id, elsewhere, goods.producer, 4)
    make.on_hand(other.lot_id, counter, goods.producer, 4)

    picked = hold(goods, 20, "DH-1", now)

    assert {row.lot_id for row in picked} == {goods.may, goods.june}
    with pytest.raises(allocation.NotEnough) as refusal:
        hold(goods, 1, "DH-2", now)
    assert refusal.value.short == [(goods.item_id, 1, 0)]


def test_the_sweeper_takes_the_oldest_first_and_no_more_than_it_is_told(
    ctx: Flask, goods: Goods, now: datetime
) -> None:
    for number in range(4):
        hold(goods, 1, f"DH-{number}", now + timedelta(minutes=number))
    with transaction():
        allocation.release("DH-0", now=now)

    with transaction():
        assert allocation.expire(now + HALF_AN_HOUR) == 0
    with transaction():
        assert allocation.expire(now + HALF_AN_HOUR + timedelta(minutes=1)) == 1
    assert states("DH-1") == [(1, "released", 1)]
    assert states("DH-2") == [(1, "held", 1)]
    with transaction():
        assert allocation.expire(now + 2 * HALF_AN_HOUR, most=1) >= 1
    assert free(goods, now) == 20


def test_goods_of_a_recalled_lot_are_neither_held_nor_shipped(ctx: Flask, goods: Goods, now: datetime) -> None:
    hold(goods, 12, "DH-1", now)
    with transaction():
        allocation.confirm("DH-1", now=now)
        holding.recall(db.session.get_one(Lot, goods.may), reason="Thử", actor=SYSTEM, now=now)

    assert free(goods, now) == 8
    with pytest.raises(ledger.LotFrozen), transaction():
        allocation.ship("DH-1", now=now)
    picked = hold(goods, 8, "DH-2", now)
    assert {row.lot_id for row in picked} == {goods.june}
    with pytest.raises(allocation.NotEnough):
        hold(goods, 1, "DH-3", now)


def test_promised_goods_cannot_be_carried_elsewhere(ctx: Flask, goods: Goods, make: Factories, now: datetime) -> None:
    point = make.organisation("Điểm bán mẫu", kind=OrganisationKind.SALES_POINT)
    counter = make.location(point, LocationKind.SALES_POINT)
    hold(goods, 8, "DH-1", now)

    with pytest.raises(ledger.NotOnHand) as refusal, transaction():
        ledger.move(
            goods.may, 3, source=goods.warehouse, to=counter, owner_id=goods.producer.id,
            document="CSG-1", cause="CSG-1:1", now=now,
        )  # fmt: skip

    assert refusal.value.facts["available"] == 2


def test_goods_past_their_date_in_viet_nam_are_not_sold(ctx: Flask, goods: Goods) -> None:
    evening = datetime.fromisoformat("2027-05-31T16:59:00+00:00")  # still the last day of May in Viet Nam
    assert [row.lot_id for row in hold(goods, 1, "DH-1", evening)] == [goods.june]
    midnight_after_the_first_of_june = datetime.fromisoformat("2027-06-01T17:00:00+00:00")

    assert free(goods, midnight_after_the_first_of_june) == 0
    with pytest.raises(allocation.NotEnough):
        hold(goods, 1, "DH-2", midnight_after_the_first_of_june)


def test_other_packs_are_picked_with_a_reason(ctx: Flask, goods: Goods, now: datetime) -> None:
    row = hold(goods, 4, "DH-1", now)[0]
    with pytest.raises(allocation.NeedsReason), transaction():
        allocation.repick(row, lot_id=goods.june, reason=" ", now=now)

    with transaction():
        allocation.repick(row, lot_id=goods.june, reason="Hộp móp", now=now)
        allocation.confirm("DH-1", now=now)

    assert [(row.lot_id, row.quantity, row.reason) for row in allocation.live_of("DH-1")] == [
        (goods.june, 4, "Hộp móp")
    ]
    assert verification.verify() == []


def test_what_was_promised_for_a_day_is_good_on_it_however_it_is_picked(
    ctx: Flask, goods: Goods, now: datetime
) -> None:
    """The batch of May is promised on 30 April for three days more; June is taken instead, May then refused."""
    april = datetime.fromisoformat("2027-04-28T02:00:00+00:00")
    [row] = hold(goods, 4, "DH-1", april, min_days=3, minutes=None)
    assert (row.lot_id, row.good_on) == (goods.may, date(2027, 5, 1))
    with transaction():
        allocation.confirm("DH-1", now=april)
        other = allocation.repick(row, lot_id=goods.june, reason="Hộp móp", now=april)
    assert other.good_on == date(2027, 5, 1)

    late = date(2027, 5, 2)  # it comes a day later than it was promised for
    with pytest.raises(allocation.DoesNotKeep) as refusal, transaction():
        allocation.repick(other, lot_id=goods.may, reason="Đổi lại", now=april, comes_on=late)

    assert refusal.value.facts["lot_id"] == goods.may
    assert verification.verify() == []


def test_a_batch_that_is_past_its_date_or_will_be_when_it_comes_is_not_sent(
    ctx: Flask, goods: Goods, now: datetime
) -> None:
    hold(goods, 4, "DH-1", now)
    with transaction():
        allocation.confirm("DH-1", now=now)
    after = datetime.fromisoformat("2027-05-01T17:00:00+00:00")  # the second of May in Viet Nam
    with pytest.raises(allocation.DoesNotKeep), transaction():
        allocation.ship("DH-1", now=after)
    with pytest.raises(allocation.DoesNotKeep), transaction():
        allocation.ship("DH-1", now=now, comes_on=date(2027, 5, 2))
    assert [row.state for row in allocation.of_document("DH-1")] == [AllocationState.FIRM]

    with transaction():
        allocation.ship("DH-1", now=now, comes_on=date(2027, 5, 1))
    assert verification.verify() == []


def test_goods_that_are_held_anew_are_to_keep_as_many_days_as_the_first(
    ctx: Flask, goods: Goods, now: datetime
) -> None:
    april = datetime.fromisoformat("2027-04-20T02:00:00+00:00")
    hold(goods, 4, "DH-1", april, min_days=10)
    hold(goods, 10, "DH-2", april, min_days=30, minutes=None)  # all of June
    tomorrow = april + timedelta(days=2)

    with pytest.raises(allocation.NotEnough), transaction():
        allocation.regain("DH-1", lines=[1], on=clock.business_date(tomorrow), until=None, now=tomorrow)

    with transaction():
        allocation.release("DH-2", now=april)
        allocation.regain("DH-1", lines=[1], on=clock.business_date(tomorrow), until=None, now=tomorrow)
    assert [row.lot_id for row in allocation.live_of("DH-1")] == [goods.june]


def test_a_lot_that_may_not_be_sold_is_not_picked_by_hand(ctx: Flask, goods: Goods, now: datetime) -> None:
    [row] = hold(goods, 4, "DH-1", now)
    with transaction():
        holding.hold(db.session.get_one(Lot, goods.june), reason="Nghi ngờ", actor=SYSTEM, now=now)

    with pytest.raises(allocation.NotEnough), transaction():
        allocation.repick(row, lot_id=goods.june, reason="Hộp móp", now=now)


def test_the_database_promises_nothing_of_a_lot_that_is_stopped(ctx: Flask, goods: Goods, now: datetime) -> None:
    hold(goods, 4, "DH-1", now)
    with transaction():
        holding.hold(db.session.get_one(Lot, goods.may), reason="Nghi ngờ", actor=SYSTEM, now=now)
    more = update(Balance).where(Balance.lot_id == goods.may, Balance.location_id == goods.warehouse.id)

    with pytest.raises(DBAPIError), transaction():
        db.session.execute(more.values(allocated=5).execution_options(synchronize_session=False))

    with transaction():
        allocation.release("DH-1", now=now)  # less may be promised
    assert verification.verify() == []


def test_the_sweeper_gives_back_what_is_past_its_time_and_nothing_else(ctx: Flask, goods: Goods, now: datetime) -> None:
    hold(goods, 3, "DH-1", now, minutes=10)
    hold(goods, 4, "DH-2", now, minutes=60)
    hold(goods, 5, "DH-3", now, minutes=10)
    with transaction():
        allocation.confirm("DH-3", now=now)

    with transaction():
        assert allocation.expire(now + HALF_AN_HOUR) == 1

    states = {row.document: row.state for row in db.session.scalars(select(Allocation))}
    assert states == {
        "DH-1": AllocationState.RELEASED,
        "DH-2": AllocationState.HELD,
        "DH-3": AllocationState.FIRM,
    }
    assert verification.verify() == []


def test_lists_are_made_anew_when_the_last_pack_is_promised_and_the_products_page_at_each_one_that_is_counted(
    ctx: Flask, goods: Goods, now: datetime
) -> None:
    def revisions() -> tuple[int, int]:
        return pages.revision((pages.SHOP,)), pages.revision((pages.product(goods.product_id),))

    start = revisions()
    hold(goods, 9, "DH-1", now)
    some = revisions()
    hold(goods, 1, "DH-2", now)

    assert some[0] == start[0]
    assert some[1] > start[1]
    assert revisions()[0] > some[0]


def test_a_page_that_says_more_than_fifty_stands_until_there_are_fifty(
    ctx: Flask, make: Factories, now: datetime
) -> None:
    producer = make.producer("Hợp tác xã mẫu")
    product = make.product(producer)
    item = make.item(product)
    make.on_hand(make.batch(item, quantity=53).lot_id, make.location(producer, LocationKind.WAREHOUSE), producer, 53)

    def revision() -> int:
        return pages.revision((pages.product(product.id),))

    def take(quantity: int, document: str) -> int:
        with transaction():
            want = Want(1, item.id, quantity, producer.id)
            allocation.hold([want], document=document, on=clock.business_date(now), until=None, now=now)
        return revision()

    def give_back(document: str) -> int:
        with transaction():
            allocation.release(document, now=now)
        return revision()

    start = revision()
    assert take(2, "DH-1") == start  # 51 are left
    fifty = take(1, "DH-2")
    assert fifty > start
    fifty_one = give_back("DH-2")
    assert fifty_one > fifty
    assert give_back("DH-1") == fifty_one


def test_a_page_counts_what_lies_at_sales_points_too(ctx: Flask, make: Factories, now: datetime) -> None:
    producer = make.producer("Hợp tác xã mẫu")
    keeper = make.organisation("Cửa hàng mẫu", kind=OrganisationKind.SALES_POINT)
    product = make.product(producer)
    item = make.item(product)
    lot_id = make.batch(item, quantity=60).lot_id
    make.on_hand(lot_id, make.location(producer, LocationKind.WAREHOUSE), producer, 20)
    make.on_hand(lot_id, make.location(keeper, LocationKind.SALES_POINT), producer, 33)

    def take(quantity: int, document: str) -> int:
        with transaction():
            want = Want(1, item.id, quantity, producer.id)
            allocation.hold([want], document=document, on=clock.business_date(now), until=None, now=now)
        return pages.revision((pages.product(product.id),))

    start = pages.revision((pages.product(product.id),))
    assert take(2, "DH-1") == start  # 51 are left, 18 of them to be ordered
    assert take(1, "DH-2") > start


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE allocation SET state = 'held', expires_at = NULL WHERE document = 'DH-2'",
        "UPDATE allocation SET state = 'held' WHERE document = 'DH-1'",
        "UPDATE allocation SET quantity = quantity - 1 WHERE document = 'DH-1'",
        "UPDATE balance SET allocated = on_hand + 1 WHERE floor_quantity = 0",
        "DELETE FROM allocation",
    ],
)
def test_the_database_refuses_a_step_back(ctx: Flask, goods: Goods, now: datetime, statement: str) -> None:
    hold(goods, 2, "DH-1", now)
    hold(goods, 2, "DH-2", now)
    with transaction():
        allocation.confirm("DH-1", now=now)
        allocation.release("DH-2", now=now)

    with pytest.raises(DBAPIError), transaction() as session:
        session.execute(text(statement))


def test_verification_names_a_balance_whose_promises_do_not_add_up(ctx: Flask, goods: Goods, now: datetime) -> None:
    hold(goods, 2, "DH-1", now)
    with transaction() as session:
        session.execute(update(Balance).where(Balance.lot_id == goods.may, Balance.allocated > 0).values(allocated=3))

    assert any("3 are allocated, 2 are promised" in line for line in verification.verify())


@pytest.mark.race
def test_of_fifty_buyers_of_the_last_pack_one_gets_it(app: Flask, goods: Goods, now: datetime) -> None:
    with app.app_context():
        hold(goods, 19, "DH-0", now)

    def buy(number: int) -> str:
        hold(goods, 1, f"DH-{number + 1}", now)
        return "held"

    results = race(app, 50, buy)

    with app.app_context():
        assert sorted(set(results)) == ["NotEnough", "held"]
        assert results.count("held") == 1
        assert free(goods, now) == 0
        assert verification.verify() == []


@pytest.mark.race
def test_looking_first_and_claiming_later_sells_the_last_pack_many_times(app: Flask, goods: Goods, now) -> None:
    """The control of the race above: what is free is read, and written back after all have read it."""
    with app.app_context():
        hold(goods, 19, "DH-0", now)

    def buy_naively(number: int) -> str:
        left = free(goods, now)
        db.session.rollback()
        meet()
        if left < 1:
            return "NotEnough"
        with transaction() as session:
            here = (Balance.lot_id == goods.june, Balance.location_id == goods.warehouse.id)
            session.execute(update(Balance).where(*here).values(allocated=10))
        return "held"

    results = race(app, 10, buy_naively)

    with app.app_context():
        assert results.count("held") > 1
        assert verification.verify() != []


@pytest.mark.race
def test_carts_that_name_goods_the_other_way_round_do_not_deadlock(
    app: Flask, goods: Goods, make: Factories, now: datetime
) -> None:
    other = make.item(make.product(goods.producer))
    make.on_hand(make.batch(other, quantity=40).lot_id, goods.warehouse, goods.producer, 40)

    def buy(number: int) -> str:
        items = [goods.item_id, other.id] if number % 2 else [other.id, goods.item_id]
        wants = [Want(line, item_id, 1, goods.producer.id) for line, item_id in enumerate(items, start=1)]
        with transaction():
            allocation.hold(wants, document=f"DH-{number}", on=DAY, until=now + HALF_AN_HOUR, now=now)
        with transaction():
            if number % 3:
                allocation.confirm(f"DH-{number}", now=now)
                allocation.ship(f"DH-{number}", now=now)
            else:
                allocation.release(f"DH-{number}", now=now)
        return "done"

    results = race(app, 16, buy)

    with app.app_context():
        assert results == ["done"] * 16
        assert free(goods, now) == 20 - 10
        assert verification.verify() == []


@pytest.mark.race
def test_money_and_the_next_buyer_come_at_once_and_the_goods_go_to_one_of_them(app: Flask, goods: Goods, now) -> None:
    with app.app_context():
        hold(goods, 20, "DH-1", now)
    later = now + HALF_AN_HOUR

    def act(number: int) -> str:
        if number == 0:
            with transaction():
                allocation.confirm("DH-1", now=later)
            return "confirmed"
        hold(goods, 20, f"DH-{number + 1}", later)
        return "held"

    results = race(app, 6, act)

    with app.app_context():
        assert results.count("confirmed") + results.count("held") == 1
        assert free(goods, later) == 0
        assert verification.verify() == []
