"""An order is packed once and its goods leave once; parcels and their cash go forward only."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from accounts.actor import SYSTEM, Actor
from books import verification as books
from kernel import clock, numbers
from kernel.db import db, transaction
from stock import allocation, holding, ledger, verification
from stock.models import Allocation, AllocationState, Balance, Location, LocationKind, Movement
from storefront import agreement, order_queries, ordering, parcels, settling
from storefront.order_models import (
    CodState,
    Order,
    Parcel,
    ParcelState,
    ParcelStep,
    PaymentMethod,
    PaymentState,
    Placement,
    Refund,
    ShippingRate,
)
from storefront.shipping import Way
from tests.factories import Factories
from tests.orders import PARCEL_VND, RICE_VND, Shop, buy, open_shop, order_of
from tests.races import meet, race
from traceability.models import EventLot, Lot, TraceEvent


@pytest.fixture
def shop(make: Factories, app: Flask, now: datetime) -> Shop:
    """Rice of A in two batches, honey of B."""
    return open_shop(make, app, now)


@pytest.fixture
def actor(make: Factories, shop: Shop) -> Actor:
    """A's packer."""
    return make.actor(shop.a)


def pack(order: Order, actor: Actor, now: datetime, **facts: str) -> Parcel:
    with transaction():
        return parcels.pack(order, actor=actor, now=now, **{"carrier": "hand_over", **facts})


def on_hand(lot_id: int, kind: LocationKind) -> int:
    query = select(func.coalesce(func.sum(Balance.on_hand), 0)).join(Location, Location.id == Balance.location_id)
    return int(db.session.scalar(query.where(Balance.lot_id == lot_id, Location.kind == kind)) or 0)


def all_adds_up() -> None:
    """Goods, money, and orders beside the journal."""
    assert verification.verify() == []
    assert books.verify() == []
    assert agreement.verify() == []


def steps(parcel: Parcel) -> list[str]:
    return list(
        db.session.scalars(select(ParcelStep.what).where(ParcelStep.parcel_id == parcel.id).order_by(ParcelStep.id))
    )


# --- Packing ------------------------------------------------------------------------------------------


def test_packing_ships_what_was_set_aside_first_to_expire_first(ctx: Flask, shop: Shop, actor, now) -> None:
    order = order_of(shop, now, 8)

    parcel = pack(order, actor, now)

    assert parcel.number == "KH-000001"
    assert order.packed_at == now
    assert on_hand(shop.first, LocationKind.WAREHOUSE) == 0
    assert on_hand(shop.second, LocationKind.WAREHOUSE) == 6
    assert on_hand(shop.first, LocationKind.CUSTOMER) == 6
    assert on_hand(shop.second, LocationKind.CUSTOMER) == 2
    all_adds_up()


def test_packing_writes_the_event_of_each_batch_and_names_no_buyer(ctx: Flask, shop: Shop, actor, now) -> None:
    parcel = pack(order_of(shop, now, 8), actor, now)

    event = db.session.scalars(select(TraceEvent).where(TraceEvent.document == parcel.number)).one()
    assert (event.biz_step, event.disposition, event.is_public) == ("shipping", "in_transit", False)
    assert event.organisation_id == shop.a.id
    lots = db.session.execute(select(EventLot.lot_id, EventLot.quantity).where(EventLot.event_id == event.id))
    assert dict(lots.all()) == {shop.first: 6, shop.second: 2}
    assert "mẫu" not in str(event.facts) + event.note_vi


def test_packing_again_is_refused_and_moves_nothing(ctx: Flask, shop: Shop, actor, now) -> None:
    order = order_of(shop, now)
    pack(order, actor, now)
    before = db.session.scalar(select(func.count()).select_from(Movement))

    with pytest.raises(parcels.PackedBefore):
        pack(order, actor, now)

    assert db.session.scalar(select(func.count()).select_from(Movement)) == before
    assert db.session.scalar(select(func.count()).select_from(Parcel)) == 1


def test_an_order_that_waits_for_its_money_or_was_cancelled_is_not_packed(ctx: Flask, shop: Shop, actor, now) -> None:
    waiting = order_of(shop, now, method=PaymentMethod.VIETQR, paid=False)
    with pytest.raises(parcels.NotConfirmed):
        pack(waiting, actor, now)
    cancelled = order_of(shop, now)
    with transaction():
        ordering.cancel(cancelled, cause="buyer", now=now)

    with pytest.raises(parcels.NotConfirmed):
        pack(cancelled, actor, now)


def test_a_packed_order_cannot_be_cancelled(ctx: Flask, shop: Shop, actor, now) -> None:
    order = order_of(shop, now)
    pack(order, actor, now)

    with pytest.raises(ordering.PackedAlready), transaction():
        ordering.cancel(order, cause="seller", reason="Hết hàng", now=now)


def test_packing_one_order_leaves_the_other_of_the_same_purchase(ctx: Flask, shop: Shop, actor, now) -> None:
    purchase = buy(shop, now, (shop.rice, 2), (shop.honey, 1))
    mine, other = purchase.orders

    pack(mine, actor, now)

    states = {row.line: row.state for row in allocation.of_document(purchase.number)}
    assert states == {mine.lines[0].line: AllocationState.SHIPPED, other.lines[0].line: AllocationState.FIRM}
    assert other.packed_at is None


def test_a_batch_that_was_held_is_not_sent_until_another_is_taken(ctx: Flask, shop: Shop, actor, now) -> None:
    order = order_of(shop, now, 4)
    with transaction():
        holding.hold(db.session.get_one(Lot, shop.first), reason="Nghi ngờ", actor=SYSTEM, now=now)
    with pytest.raises(ledger.LotFrozen):
        pack(order, actor, now)
    assert order.packed_at is None
    [picked] = allocation.live_of(order.purchase.number)
    assert [other.lot_id for other in order_queries.others_for(picked, now.date())] == [shop.second]

    with transaction():
        parcels.repick(order, picked, lot_id=shop.second, reason="Lô trước tạm giữ", actor=actor, now=now)
    pack(order, actor, now)

    assert on_hand(shop.first, LocationKind.WAREHOUSE) == 6
    assert on_hand(shop.second, LocationKind.CUSTOMER) == 4
    all_adds_up()


def test_goods_that_would_come_past_their_date_are_neither_promised_nor_packed(
    ctx: Flask, shop: Shop, actor, make, now
) -> None:
    """The first batch is good for 60 days more, the second for 90; the parcel takes five."""
    with transaction() as session:
        session.add(
            ShippingRate(
                organisation_id=shop.a.id, zone="commune", base_g=5_000, base_vnd=PARCEL_VND, step_g=1_000,
                step_vnd=5_000, days_from=1, days_to=5, set_at=now,
            )
        )  # fmt: skip
    rate = db.session.scalars(select(ShippingRate.id)).one()
    way = Way("parcel", PARCEL_VND, rule=f"shipping_rate:{rate}", days=(1, 5))
    near, at_last = now + timedelta(days=54), now + timedelta(days=56)
    soon, too_late = order_of(shop, near, 4, way=way), order_of(shop, at_last, 4, way=way)
    [first], [second] = (allocation.live_of(order.purchase.number) for order in (soon, too_late))
    assert (first.lot_id, second.lot_id) == (shop.first, shop.second)
    assert first.good_on == clock.business_date(near + timedelta(days=5))

    with pytest.raises(allocation.DoesNotKeep):  # packed two days after
        pack(soon, actor, at_last)
    assert soon.packed_at is None
    with pytest.raises(allocation.DoesNotKeep), transaction():
        parcels.repick(too_late, second, lot_id=shop.first, reason="Hộp móp", actor=actor, now=at_last)
    assert order_queries.others_for(second, parcels.comes_on(too_late, at_last)) == []

    with transaction():
        parcels.repick(soon, first, lot_id=shop.second, reason="Gần hết hạn", actor=actor, now=at_last)
    pack(soon, actor, at_last)
    assert on_hand(shop.second, LocationKind.CUSTOMER) == 4
    all_adds_up()


def test_the_database_refuses_orders_and_parcels_that_cannot_be(ctx: Flask, shop: Shop, actor, now) -> None:
    order = order_of(shop, now)
    parcel = pack(order, actor, now)

    for row, facts in (
        (order, {"confirmed_at": None}),
        (order, {"placement": Placement.PLACED}),
        (order, {"commission_vnd": order.goods_vnd + 1}),
        (order, {"commission_vnd": -1}),
        (parcel, {"cod_vnd": 0}),
        (parcel, {"state": ParcelState.DELIVERED}),
    ):
        change = update(type(row)).where(type(row).id == row.id).values(**facts)
        with pytest.raises(IntegrityError), transaction():
            db.session.execute(change.execution_options(synchronize_session=False))


def test_another_batch_is_taken_with_a_reason_and_only_if_there_is_enough(ctx: Flask, shop: Shop, actor, now) -> None:
    order = order_of(shop, now, 6)
    order_of(shop, now, 4)  # of the second batch: four of its eight are left
    [picked] = allocation.live_of(order.purchase.number)

    with pytest.raises(allocation.NeedsReason), transaction():
        parcels.repick(order, picked, lot_id=shop.second, reason=" ", actor=actor, now=now)
    with pytest.raises(allocation.NotEnough), transaction():
        parcels.repick(order, picked, lot_id=shop.second, reason="Hộp móp", actor=actor, now=now)
    assert order_queries.others_for(picked, now.date()) == []
    all_adds_up()


def test_goods_of_another_order_cannot_be_taken(ctx: Flask, shop: Shop, actor, now) -> None:
    purchase = buy(shop, now, (shop.rice, 2), (shop.honey, 1))
    of_b = next(row for row in allocation.live_of(purchase.number) if row.owner_id == shop.b.id)

    with pytest.raises(parcels.NotTheirs), transaction():
        parcels.repick(purchase.orders[0], of_b, lot_id=shop.first, reason="Nhầm", actor=actor, now=now)


def test_who_brings_it_must_fit_and_a_code_is_one_parcels_alone(ctx: Flask, shop: Shop, actor, now) -> None:
    first, second, fetched = (
        order_of(shop, now, 1),
        order_of(shop, now, 1),
        order_of(shop, now, 1, pickup=True),
    )
    for order, carrier in ((first, "pigeon"), (first, "pickup"), (fetched, "ghn")):
        with pytest.raises(parcels.NoSuchCarrier):
            pack(order, actor, now, carrier=carrier)
    assert pack(first, actor, now, carrier="ghn", code=" ab12 ").code == "AB12"

    with pytest.raises(parcels.CodeTaken):
        pack(second, actor, now, carrier="ghn", code="AB12")
    assert pack(second, actor, now, carrier="ghtk", code="AB12").code == "AB12"
    assert pack(fetched, actor, now, carrier="pickup", code="AB12").code is None


# --- On the way ---------------------------------------------------------------------------------------


class Undo(Exception):
    """Ends a transaction that was only a trial."""


@pytest.mark.parametrize("at", list(ParcelState))
def test_a_parcel_goes_forward_only(ctx: Flask, shop: Shop, actor, now, at: ParcelState) -> None:
    parcel = pack(order_of(shop, now), actor, now)
    with transaction():
        parcel.state = at
        parcel.delivered_at = now if at is ParcelState.DELIVERED else None
    went = set()

    for to in ParcelState:
        with contextlib.suppress(Undo, parcels.NotNext), transaction():
            if to is ParcelState.RETURNED:
                parcels.take_back(parcel, sellable=True, actor=actor, now=now)
            else:
                parcels.move_on(parcel, to, note="Không ai nghe máy", actor=actor, now=now)
            assert parcel.state is to
            assert steps(parcel)[-1] == to.value
            went.add(to)
            raise Undo

    assert went == parcels.NEXT[at]


def test_every_state_can_be_reached_and_none_leads_round(ctx: Flask) -> None:
    reached = {ParcelState.CREATED}
    for _ in ParcelState:
        reached |= {to for at in reached for to in parcels.NEXT[at]}

    assert reached == set(ParcelState)
    for start in ParcelState:
        after = set(parcels.NEXT[start])
        for _ in ParcelState:
            after |= {to for at in after for to in parcels.NEXT[at]}
        assert start not in after


def test_why_it_was_not_delivered_must_be_said(ctx: Flask, shop: Shop, actor, now) -> None:
    parcel = pack(order_of(shop, now), actor, now)

    for to in (ParcelState.FAILED, ParcelState.RETURNING):
        with pytest.raises(parcels.NeedsNote), transaction():
            parcels.move_on(parcel, to, note="  ", actor=actor, now=now)


def test_what_a_carrier_says_moves_forward_and_is_kept_otherwise(ctx: Flask, shop: Shop, actor, now) -> None:
    parcel = pack(order_of(shop, now), actor, now, carrier="ghn", code="AB12")

    def hear(to: ParcelState | None, note: str) -> bool:
        with transaction():
            return parcels.heard(parcel, to, note=note, now=now)

    assert hear(ParcelState.IN_TRANSIT, "transporting")
    assert not hear(ParcelState.PICKED_UP, "picked")  # late: it says nothing new
    assert not hear(None, "a_word_nobody_knows")
    assert not hear(None, "a_word_nobody_knows")
    assert hear(ParcelState.DELIVERED, "delivered")
    assert not hear(ParcelState.RETURNED, "returned")

    assert parcel.state is ParcelState.DELIVERED
    notes = [
        note
        for what, note in db.session.execute(
            select(ParcelStep.what, ParcelStep.note).where(ParcelStep.parcel_id == parcel.id).order_by(ParcelStep.id)
        )
        if what == "note"
    ]
    assert notes == ["picked", "a_word_nobody_knows", "returned"]


def test_a_carrier_that_delivered_has_the_cash(ctx: Flask, shop: Shop, actor, now) -> None:
    order = order_of(shop, now)
    parcel = pack(order, actor, now, carrier="ghn", code="AB12")

    with transaction():
        parcels.heard(parcel, ParcelState.DELIVERED, note="delivered", now=now)

    assert parcel.cod_state is CodState.COLLECTED
    assert parcels.holder_of(parcel) == "ghn"
    assert order.purchase.payments[0].state is PaymentState.PAID


def test_a_parcel_that_was_to_come_back_may_still_be_given_out(ctx: Flask, shop: Shop, actor, now) -> None:
    order = order_of(shop, now)
    parcel = pack(order, actor, now, carrier="ghn", code="AB12")
    with transaction():
        parcels.heard(parcel, ParcelState.RETURNING, note="return", now=now)

    with transaction():
        assert parcels.heard(parcel, ParcelState.DELIVERED, note="delivered", now=now)

    assert (parcel.state, parcel.delivered_at) == (ParcelState.DELIVERED, now)
    assert order_queries.stage_of(order) is order_queries.Stage.DELIVERED
    assert order.purchase.payments[0].state is PaymentState.PAID
    all_adds_up()


# --- Back again ---------------------------------------------------------------------------------------


def test_sound_goods_that_come_back_are_for_sale_again(ctx: Flask, shop: Shop, actor, now) -> None:
    order = order_of(shop, now, 8)
    parcel = pack(order, actor, now)
    with transaction():
        parcels.move_on(parcel, ParcelState.RETURNING, note="Khách không nhận", actor=actor, now=now)
        parcels.take_back(parcel, sellable=True, actor=actor, now=now)

    assert (on_hand(shop.first, LocationKind.WAREHOUSE), on_hand(shop.second, LocationKind.WAREHOUSE)) == (6, 8)
    assert on_hand(shop.first, LocationKind.CUSTOMER) == 0
    assert (parcel.state, parcel.cod_state) == (ParcelState.RETURNED, CodState.NONE)
    assert order.purchase.payments[0].state is PaymentState.FAILED
    all_adds_up()
    event = db.session.scalars(select(TraceEvent).where(TraceEvent.document == parcel.number).order_by(TraceEvent.id))
    assert [row.biz_step for row in event] == ["shipping", "receiving"]


def test_spoilt_goods_are_a_loss_and_somebody_says_why(ctx: Flask, shop: Shop, actor, now) -> None:
    parcel = pack(order_of(shop, now), actor, now)
    with pytest.raises(parcels.NeedsNote), transaction():
        parcels.take_back(parcel, sellable=False, actor=actor, now=now)

    with transaction():
        parcels.take_back(parcel, sellable=False, note="Vỡ hũ", actor=actor, now=now)

    assert (on_hand(shop.first, LocationKind.WAREHOUSE), on_hand(shop.first, LocationKind.LOSS)) == (2, 4)
    all_adds_up()


def test_goods_whose_batch_was_recalled_come_back_frozen(ctx: Flask, shop: Shop, actor, now) -> None:
    parcel = pack(order_of(shop, now), actor, now)
    with transaction():
        holding.hold(db.session.get_one(Lot, shop.first), reason="Nghi ngờ", actor=SYSTEM, now=now)

    with transaction():
        parcels.take_back(parcel, sellable=True, actor=actor, now=now)

    frozen = db.session.scalars(select(Balance.frozen).where(Balance.lot_id == shop.first)).all()
    assert set(frozen) == {True}
    all_adds_up()


def test_the_money_of_a_paid_order_goes_back_once(ctx: Flask, shop: Shop, actor, now) -> None:
    order = order_of(shop, now, 2, method=PaymentMethod.VIETQR)
    parcel = pack(order, actor, now)

    with transaction():
        parcels.take_back(parcel, sellable=True, actor=actor, now=now)
        settling.give_back_returned(order, now=now)

    assert db.session.scalars(select(Refund.amount_vnd)).all() == [2 * RICE_VND + PARCEL_VND]
    all_adds_up()


# --- Cash ---------------------------------------------------------------------------------------------


def test_cash_goes_from_the_buyer_to_the_seller_step_by_step(ctx: Flask, shop: Shop, actor, now) -> None:
    order = order_of(shop, now, 2)
    parcel = pack(order, actor, now, carrier="vnpost")
    due = 2 * RICE_VND + PARCEL_VND
    assert (parcel.cod_vnd, parcel.cod_state, parcels.holder_of(parcel)) == (due, CodState.DUE, "buyer")
    with pytest.raises(parcels.NotDelivered), transaction():
        parcels.collected(parcel, actor=actor, now=now)
    with pytest.raises(parcels.CashNotNext), transaction():
        parcels.handed_over(parcel, actor=actor, now=now)

    with transaction():
        parcels.move_on(parcel, ParcelState.DELIVERED, actor=actor, now=now)
        parcels.collected(parcel, actor=actor, now=now)
    assert parcels.holder_of(parcel) == "vnpost"
    with transaction():
        parcels.handed_over(parcel, note="Biên nhận 12", actor=actor, now=now)
    assert parcels.holder_of(parcel) == "producer"
    with pytest.raises(parcels.CountedOtherwise), transaction():
        parcels.reconciled(parcel, counted_vnd=due - 1, actor=actor, now=now)
    assert parcel.cod_state is CodState.HANDED_OVER
    with transaction():
        parcels.reconciled(parcel, counted_vnd=due, actor=actor, now=now)

    all_adds_up()
    assert steps(parcel) == ["created", "delivered", "cod_collected", "cod_handed_over", "cod_reconciled"]
    payment = order.purchase.payments[0]
    assert (payment.captured_vnd, payment.state) == (due, PaymentState.PAID)
    for again in (parcels.collected, parcels.handed_over):
        with pytest.raises(parcels.CashNotNext), transaction():
            again(parcel, actor=actor, now=now)


def test_cash_that_is_short_is_written_down_as_it_is(ctx: Flask, shop: Shop, actor, now) -> None:
    parcel = pack(order_of(shop, now, 2), actor, now, carrier="vnpost")
    with transaction():
        parcels.move_on(parcel, ParcelState.DELIVERED, actor=actor, now=now)
        parcels.collected(parcel, actor=actor, now=now)
        parcels.handed_over(parcel, actor=actor, now=now)
        parcels.reconciled(parcel, counted_vnd=120_000, note="Bưu tá trả sau", actor=actor, now=now)

    [note] = db.session.scalars(select(ParcelStep.note).where(ParcelStep.what == "cod_reconciled"))
    assert note == "-10000 đ: Bưu tá trả sau"
    assert parcel.cod_state is CodState.RECONCILED
    all_adds_up()


def test_of_an_order_that_is_paid_nothing_is_collected(ctx: Flask, shop: Shop, actor, now) -> None:
    parcel = pack(order_of(shop, now, method=PaymentMethod.VIETQR), actor, now)

    assert (parcel.cod_vnd, parcel.cod_state) == (0, CodState.NONE)
    with transaction():
        parcels.move_on(parcel, ParcelState.DELIVERED, actor=actor, now=now)
    with pytest.raises(parcels.CashNotNext), transaction():
        parcels.collected(parcel, actor=actor, now=now)


# --- Races --------------------------------------------------------------------------------------------


def _packed_by_many(app: Flask, shop: Shop, now: datetime, press) -> tuple[list[str], int]:
    with app.app_context():
        order_id = order_of(shop, now, 4).id
    results = race(app, 6, lambda _: press(order_id))
    with app.app_context():
        return results, int(db.session.scalar(select(func.count()).select_from(Parcel)) or 0)


@pytest.mark.race
def test_of_six_who_pack_the_same_order_at_once_one_does(app: Flask, shop: Shop, actor, now) -> None:
    def press(order_id: int) -> str:
        with transaction():
            parcels.pack(db.session.get_one(Order, order_id), carrier="hand_over", actor=actor, now=now)
        return "packed"

    results, made = _packed_by_many(app, shop, now, press)

    assert sorted(results) == ["PackedBefore"] * 5 + ["packed"]
    assert made == 1
    with app.app_context():
        assert on_hand(shop.first, LocationKind.CUSTOMER) == 4
        all_adds_up()


@pytest.mark.race
def test_who_looks_before_locking_packs_twice(app: Flask, shop: Shop, actor, now) -> None:
    """The control: the same step that trusts what it saw before it held the row makes several parcels."""

    def press(order_id: int) -> str:
        seen = db.session.get_one(Order, order_id).packed_at
        db.session.rollback()
        meet()
        with transaction() as session:
            if seen is not None:
                return "refused"
            order = session.get_one(Order, order_id)
            number = f"KH-{numbers.next_number('parcel'):06d}"
            session.add(Parcel(number=number, order_id=order_id, carrier="hand_over", created_at=now))
            order.packed_at = now
        return "packed"

    results, made = _packed_by_many(app, shop, now, press)

    assert results.count("packed") == made == 6


@pytest.mark.race
def test_an_order_is_packed_or_cancelled_never_both(app: Flask, shop: Shop, actor, now) -> None:
    with app.app_context():
        order_id = order_of(shop, now, 4).id

    def press(number: int) -> str:
        with transaction():
            order = db.session.get_one(Order, order_id)
            if number % 2:
                ordering.cancel(order, cause="buyer", now=now)
                return "cancelled"
            parcels.pack(order, carrier="hand_over", actor=actor, now=now)
            return "packed"

    results = race(app, 8, press)

    assert results.count("packed") + results.count("cancelled") == 1
    with app.app_context():
        order = db.session.get_one(Order, order_id)
        packed = order.packed_at is not None
        assert packed == ("packed" in results)
        assert (order.placement is Placement.CANCELLED) == ("cancelled" in results)
        assert on_hand(shop.first, LocationKind.CUSTOMER) == (4 if packed else 0)
        state = db.session.scalars(select(Allocation.state)).one()
        assert state is (AllocationState.SHIPPED if packed else AllocationState.RELEASED)
        all_adds_up()
