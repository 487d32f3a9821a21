"""Before it is packed an order is changed: goods, money, voucher and journal follow, once, or nothing changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from accounts.actor import SYSTEM
from app import buying_jobs
from books import commission
from books.models import Account, JournalLine
from kernel import administrative_units, clock
from kernel.db import db, transaction
from kernel.models import Job
from stock import allocation, verification
from stock.models import Allocation, AllocationState, Balance
from storefront import changing, order_queries, ordering, parcels, purchase_queries, returns, settling, shipping
from storefront.order_models import (
    ChangeState,
    CreditOutcome,
    Order,
    OrderChange,
    OrderLine,
    Payment,
    PaymentMethod,
    PaymentState,
    Placement,
    Purchase,
    Refund,
)
from storefront.voucher_models import VoucherKind
from tests.buying import Shop, arrive, buy, free
from tests.factories import BA_DONG, BA_TO, Factories
from tests.races import meet, race
from tests.storefront.test_vouchers import buy as buy_cheaper
from tests.storefront.test_vouchers import used, voucher

COD, VIETQR, CARD = PaymentMethod.COD, PaymentMethod.VIETQR, PaymentMethod.CARD


def again(purchase: Purchase) -> Purchase:
    """Read a purchase anew."""
    db.session.expire_all()
    return db.session.get_one(Purchase, purchase.id)


def take_down(order: Order, now: datetime, seen: int = 0, **packs: int) -> None:
    """Take packs of a line down: ``_1=2`` leaves two of the first line."""
    with transaction():
        wanted = {int(name[1:]): many for name, many in packs.items()}
        changing.take_down(db.session.get_one(Order, order.id), wanted, seen=seen, now=now)


def propose(order: Order, now: datetime, packs: dict[int, int], *, seen: int = 0) -> OrderChange:
    """Propose that so many packs of some lines are left."""
    with transaction():
        here = db.session.get_one(Order, order.id)
        return changing.propose(here, packs, seen=seen, reason="Hết hàng", actor=SYSTEM, now=now)


def totals(purchase: Purchase) -> tuple[int, int, int, int]:
    """Read goods, discount, shipping and total of a purchase, which are its orders'."""
    purchase = again(purchase)
    orders = purchase.orders
    found = (purchase.goods_vnd, purchase.discount_vnd, purchase.shipping_vnd, purchase.total_vnd)
    assert found == (
        sum(order.goods_vnd for order in orders),
        sum(order.discount_vnd for order in orders),
        sum(order.shipping_vnd for order in orders),
        sum(order.total_vnd for order in orders),
    )
    return found


# --- Fewer goods --------------------------------------------------------------------------------------


def test_an_order_to_be_paid_on_delivery_costs_less_and_its_goods_are_free(ctx: Flask, shop: Shop, now) -> None:
    purchase = buy(shop, now, 230_000, (shop.rice, 4), method=COD)

    take_down(purchase.orders[0], now, _1=1)

    assert totals(purchase) == (50_000, 0, 30_000, 80_000)
    [payment] = purchase.payments
    assert (payment.amount_vnd, payment.state) == (80_000, PaymentState.ASKED)
    assert free(shop.rice, now) == 9
    assert [line.quantity for line in purchase.orders[0].lines] == [1]
    assert [line.agreed for line in purchase.orders[0].lines] == [4]
    assert verification.verify() == []


def test_what_is_packed_is_what_is_left(ctx: Flask, shop: Shop, now: datetime) -> None:
    purchase = buy(shop, now, 230_000, (shop.rice, 4), method=COD)
    take_down(purchase.orders[0], now, _1=1)

    with transaction():
        order = db.session.get_one(Order, purchase.orders[0].id)
        parcel = parcels.pack(order, carrier="hand_over", actor=SYSTEM, now=now)

    assert parcel.cod_vnd == 80_000
    shipped = db.session.scalars(select(Allocation.quantity).where(Allocation.state == AllocationState.SHIPPED))
    assert sum(shipped) == 1
    assert order_queries.picks_of([order])[order.id][1][0].allocation.quantity == 1


def test_a_line_is_dropped_and_the_others_stay(ctx: Flask, shop: Shop, make: Factories, now: datetime) -> None:
    second = another_rice(make, shop)
    purchase = buy(shop, now, 2 * 50_000 + 2 * 20_000 + 30_000, (shop.rice, 2), (second, 2), method=COD)
    order = purchase.orders[0]

    take_down(order, now, _2=0)

    assert totals(purchase) == (100_000, 0, 30_000, 130_000)
    order = again(purchase).orders[0]
    assert [(line.line, line.quantity) for line in order.lines_left] == [(1, 2)]
    assert ordering.wanted_lines(order) == [1]
    with transaction():
        parcels.pack(order, carrier="hand_over", actor=SYSTEM, now=now)
    assert free(second, now) == 6


def another_rice(make: Factories, shop: Shop) -> int:
    """Make another product of the first producer: 20,000 đ, six packs."""
    from stock.models import Location

    product = make.product(shop.first, price_vnd=20_000)
    make.certificate(product)
    item = make.item(product)
    home = db.session.scalars(select(Location).where(Location.keeper_id == shop.first.id)).first()
    make.on_hand(make.batch(item, quantity=6).lot_id, home, shop.first, 6)
    return item.id


def test_a_transfer_asks_for_what_is_left_and_that_confirms(ctx: Flask, shop: Shop, now: datetime) -> None:
    purchase = buy(shop, now, 230_000, (shop.rice, 4))
    take_down(purchase.orders[0], now, _1=2)
    [payment] = again(purchase).payments
    assert payment.amount_vnd == 130_000

    assert arrive(payment, 130_000, now).outcome is CreditOutcome.MATCHED
    assert again(purchase).orders[0].placement is Placement.CONFIRMED
    assert free(shop.rice, now) == 8


def test_who_pays_the_sum_of_before_has_too_much_paid(ctx: Flask, shop: Shop, now: datetime) -> None:
    purchase = buy(shop, now, 230_000, (shop.rice, 4))
    take_down(purchase.orders[0], now, _1=2)

    credit = arrive(again(purchase).payments[0], 230_000, now)

    assert credit.outcome is CreditOutcome.OVER
    with transaction():
        assert settling.give_back_over(credit, actor=SYSTEM, now=now).amount_vnd == 100_000


def test_a_part_that_came_may_be_enough_and_what_is_above_goes_back(ctx: Flask, shop: Shop, now: datetime) -> None:
    purchase = buy(shop, now, 230_000, (shop.rice, 4))
    credit = arrive(purchase.payments[0], 100_000, now)
    assert credit.outcome is CreditOutcome.PARTIAL

    take_down(purchase.orders[0], now, _1=1)

    purchase = again(purchase)
    assert purchase.orders[0].placement is Placement.CONFIRMED
    assert purchase.payments[0].state is PaymentState.PAID
    assert db.session.scalars(select(Refund.amount_vnd)).all() == [20_000]
    assert credit.outcome is CreditOutcome.MATCHED


def test_what_was_paid_goes_back_and_the_journal_knows(ctx: Flask, shop: Shop, now: datetime) -> None:
    purchase = buy(shop, now, 280_000 + 50_000, (shop.rice, 3), (shop.honey, 1))
    for number, payment in enumerate(purchase.payments):
        arrive(payment, payment.amount_vnd, now, identity=f"FT{number}")

    take_down(again(purchase).orders[0], now, _1=1)

    [refund] = db.session.scalars(select(Refund)).all()
    assert (refund.amount_vnd, refund.order_id) == (100_000, purchase.orders[0].id)
    sales = select(func.sum(JournalLine.amount_vnd)).where(
        JournalLine.document == purchase.orders[0].number, JournalLine.account == Account.SALES
    )
    assert db.session.scalar(sales) == -50_000
    assert [order.placement for order in again(purchase).orders] == [Placement.CONFIRMED] * 2


def test_one_payment_for_two_orders_gives_back_of_the_changed_one(
    ctx: Flask, make: Factories, shop: Shop, now: datetime
) -> None:
    purchase = buy(shop, now, 280_000, (shop.rice, 2), (shop.honey, 1))
    with transaction() as session:  # both orders had one payee
        first, second = session.scalars(select(Payment).order_by(Payment.id)).all()
        session.delete(second)
        first.order_id, first.amount_vnd = None, 280_000
    db.session.expire_all()
    arrive(again(purchase).payments[0], 280_000, now)

    take_down(again(purchase).orders[0], now, _1=1)

    assert db.session.scalars(select(Refund.amount_vnd)).all() == [50_000]
    assert totals(purchase) == (170_000, 0, 60_000, 230_000)


def test_the_commission_is_the_agreed_rate_of_what_is_left(ctx: Flask, shop: Shop, make: Factories, now) -> None:
    office = make.office()
    with transaction():
        commission.set_rate(office, 500, valid_from=clock.business_date(now), actor=SYSTEM, now=now)
    purchase = buy(shop, now, 230_000, (shop.rice, 4), method=COD)
    assert purchase.orders[0].commission_vnd == 10_000

    take_down(purchase.orders[0], now, _1=1)

    assert again(purchase).orders[0].commission_vnd == 2_500


def test_of_what_went_back_before_nothing_is_lost(ctx: Flask, shop: Shop, now: datetime) -> None:
    purchase = buy(shop, now, 230_000, (shop.rice, 4))
    arrive(purchase.payments[0], 230_000, now)
    with transaction():
        gift = settling.refund(
            purchase.payments[0], 33_333, cause="x", reason="Lỗi", order=purchase.orders[0], now=now, actor=SYSTEM
        )

    take_down(again(purchase).orders[0], now, _1=3)
    assert sorted(db.session.scalars(select(Refund.amount_vnd))) == [33_333, 50_000]
    with transaction():
        settling.refund(again(purchase).payments[0], 120_000, cause="y", reason="Lỗi", now=now, actor=SYSTEM)
    with pytest.raises(changing.GivenBackMore):
        take_down(again(purchase).orders[0], now, 1, _1=1)

    with transaction():
        settling.refund_refused(db.session.get_one(Refund, gift.id), reason="Nhầm", actor=SYSTEM, now=now)


@pytest.mark.parametrize(
    ("packs", "refusal"),
    [
        ({}, changing.NothingChanged),
        ({1: 4}, changing.NothingChanged),
        ({1: 5}, changing.MoreThanOrdered),
        ({1: -1}, changing.MoreThanOrdered),
        ({9: 0}, changing.MoreThanOrdered),
        ({1: 0}, changing.NothingLeft),
    ],
)
def test_only_fewer_and_never_none_of_all(ctx: Flask, shop: Shop, now, packs: dict[int, int], refusal) -> None:
    order = buy(shop, now, 230_000, (shop.rice, 4), method=COD).orders[0]

    with pytest.raises(refusal), transaction():
        changing.take_down(order, packs, seen=0, now=now)

    assert free(shop.rice, now) == 6


def test_after_packing_and_after_cancelling_nothing_is_changed(ctx: Flask, shop: Shop, now: datetime) -> None:
    packed = buy(shop, now, 130_000, (shop.rice, 2), method=COD).orders[0]
    off = buy(shop, now, 130_000, (shop.rice, 2), method=COD).orders[0]
    with transaction():
        parcels.pack(packed, carrier="hand_over", actor=SYSTEM, now=now)
        ordering.cancel(off, cause="buyer", now=now)

    for order, refusal in ((packed, ordering.PackedAlready), (off, ordering.CancelledAlready)):
        with pytest.raises(refusal):
            take_down(order, now, _1=1)
        with pytest.raises(refusal):
            propose(order, now, {1: 1})
        assert not changing.may_change(order)


def test_while_a_page_for_a_card_is_open_nothing_is_changed(ctx: Flask, shop: Shop, now: datetime) -> None:
    purchase = buy(shop, now, 130_000, (shop.rice, 2))
    with transaction() as session:
        session.get_one(Purchase, purchase.id).method = CARD

    with pytest.raises(changing.WaitsForCard):
        take_down(again(purchase).orders[0], now, _1=1)


def test_another_sum_than_the_button_said_is_not_taken(ctx: Flask, shop: Shop, now: datetime) -> None:
    order = buy(shop, now, 230_000, (shop.rice, 4), method=COD).orders[0]

    with pytest.raises(changing.SumIsAnother), transaction():
        changing.take_down(order, {1: 2}, seen=0, shown_vnd=80_000, now=now)
    with transaction():
        changing.take_down(order, {1: 2}, seen=0, shown_vnd=130_000, now=now)


def test_who_packs_what_they_read_before_a_change_is_told(ctx: Flask, shop: Shop, now: datetime) -> None:
    order = buy(shop, now, 230_000, (shop.rice, 4), method=COD).orders[0]
    take_down(order, now, _1=2)

    with pytest.raises(parcels.ChangedMeanwhile), transaction():
        parcels.pack(order, carrier="hand_over", seen=0, actor=SYSTEM, now=now)
    with transaction():
        parcels.pack(order, carrier="hand_over", seen=1, actor=SYSTEM, now=now)


def test_two_clicks_change_it_once_and_an_old_tab_is_told(ctx: Flask, shop: Shop, now: datetime) -> None:
    order = buy(shop, now, 230_000, (shop.rice, 4), method=COD).orders[0]
    take_down(order, now, 0, _1=2)
    take_down(order, now, 0, _1=2)
    assert db.session.scalar(select(func.count()).select_from(OrderChange)) == 1

    with pytest.raises(changing.ChangedMeanwhile):
        take_down(order, now, 0, _1=1)
    take_down(order, now, 1, _1=1)
    assert again(order.purchase).total_vnd == 80_000


def test_goods_of_a_held_batch_are_let_go_first(ctx: Flask, shop: Shop, make: Factories, now: datetime) -> None:
    from catalog.models import TradeItem
    from stock.models import Location

    item = db.session.get_one(TradeItem, shop.rice)
    home = db.session.scalars(select(Location).where(Location.keeper_id == shop.first.id)).first()
    day = clock.business_date(now)
    first = make.batch(item, quantity=3, expires_on=day + timedelta(20))
    make.on_hand(first.lot_id, home, shop.first, 3)
    order = buy(shop, now, 280_000, (shop.rice, 5), method=COD).orders[0]
    with transaction() as session:
        session.execute(update(Balance).where(Balance.lot_id == first.lot_id).values(frozen=True))

    take_down(order, now, _1=2)

    live = allocation.live_of(order.purchase.number)
    assert [(row.lot_id == first.lot_id, row.quantity) for row in live] == [(False, 2)]
    assert verification.verify() == []


def test_late_money_gets_what_was_left_of_the_order(ctx: Flask, shop: Shop, now: datetime) -> None:
    purchase = buy(shop, now, 230_000, (shop.rice, 4))
    take_down(purchase.orders[0], now, _1=1)
    late = now + ordering.HOLD
    with transaction():
        settling.close(again(purchase), now=late)
    assert free(shop.rice, late) == 10

    assert arrive(again(purchase).payments[0], 80_000, late).outcome is CreditOutcome.MATCHED
    assert free(shop.rice, late) == 9
    assert verification.verify() == []


def test_only_what_came_can_be_sent_back(ctx: Flask, shop: Shop, now: datetime) -> None:
    from storefront import return_queries
    from storefront.order_models import ParcelState

    order = buy(shop, now, 230_000, (shop.rice, 4), method=COD).orders[0]
    take_down(order, now, _1=3)
    with transaction():
        parcel = parcels.pack(order, carrier="hand_over", actor=SYSTEM, now=now)
        parcels.move_on(parcel, ParcelState.DELIVERED, actor=SYSTEM, now=now)

    assert [row.left for row in return_queries.returnable(order, now)] == [3]
    assert returns.needs_account(order)


# --- The voucher --------------------------------------------------------------------------------------


def test_what_a_voucher_took_off_goes_with_the_packs(ctx: Flask, shop: Shop, now: datetime) -> None:
    made = voucher(shop.first, now, value=10_001)
    purchase = buy_cheaper(shop, now, 219_999, (shop.rice, 4), method=COD)

    take_down(purchase.orders[0], now, 0, _1=3)
    assert totals(purchase) == (150_000, 7_501, 30_000, 172_499)
    take_down(purchase.orders[0], now, 1, _1=1)
    assert totals(purchase) == (50_000, 2_500, 30_000, 77_500)
    assert used(made) == 1


def test_a_buyer_does_not_fall_below_what_a_voucher_is_for_but_a_producer_may_lack_goods(
    ctx: Flask, shop: Shop, now: datetime
) -> None:
    voucher(shop.first, now, value=20_000, least_vnd=150_000)
    order = buy_cheaper(shop, now, 210_000, (shop.rice, 4), method=COD).orders[0]

    with pytest.raises(changing.BelowVoucher):
        take_down(order, now, _1=2)
    take_down(order, now, _1=3)
    change = propose(order, now, {1: 1}, seen=1)
    with transaction():
        changing.accept(db.session.get_one(OrderChange, change.id), now=now)

    assert totals(order.purchase) == (50_000, 5_000, 30_000, 75_000)


def test_a_voucher_for_delivery_stays_as_it_was(ctx: Flask, shop: Shop, now: datetime) -> None:
    voucher(shop.first, now, VoucherKind.DELIVERY, 0)
    purchase = buy_cheaper(shop, now, 200_000, (shop.rice, 4), method=COD)

    take_down(purchase.orders[0], now, _1=1)

    assert totals(purchase) == (50_000, 30_000, 30_000, 50_000)


def test_an_order_that_costs_nothing_in_the_end_stands_at_once(ctx: Flask, shop: Shop, now: datetime) -> None:
    voucher(shop.first, now, VoucherKind.PERCENT, 10_000)
    purchase = buy_cheaper(shop, now, 30_000, (shop.rice, 4))
    take_down(purchase.orders[0], now, _1=1)
    assert totals(purchase) == (50_000, 50_000, 30_000, 30_000)


@given(
    steps=st.lists(st.integers(0, 9), min_size=1, max_size=6),
    off=st.integers(0, 90_000),
    packs=st.integers(1, 9),
)
def test_in_whatever_steps_a_line_goes_its_discount_goes_to_the_dong(steps: list[int], off: int, packs: int) -> None:
    line = OrderLine(agreed=packs, agreed_vnd=packs * 10_000, agreed_off_vnd=min(off, packs * 10_000), price_vnd=10_000)
    taken_off, left = 0, packs
    for step in steps:
        then = max(0, left - step)
        before, after = (changing.off_left(line, many) for many in (left, then))
        assert 0 <= before - after <= (left - then) * 10_000
        taken_off, left = taken_off + before - after, then

    assert taken_off + changing.off_left(line, left) == line.agreed_off_vnd
    assert changing.off_left(line, 0) == 0


# --- Proposals ----------------------------------------------------------------------------------------


def test_a_proposal_changes_nothing_until_the_buyer_says_yes(ctx: Flask, shop: Shop, now: datetime) -> None:
    purchase = buy(shop, now, 230_000, (shop.rice, 4))
    arrive(purchase.payments[0], 230_000, now)
    change = propose(again(purchase).orders[0], now, {1: 3})
    assert totals(purchase)[3] == 230_000
    assert changing.is_open(change)

    for _ in range(2):
        with transaction():
            changing.accept(db.session.get_one(OrderChange, change.id), now=now)

    assert totals(purchase)[3] == 180_000
    assert db.session.scalars(select(Refund.amount_vnd)).all() == [50_000]
    with pytest.raises(changing.NotOpen), transaction():
        changing.refuse(db.session.get_one(OrderChange, change.id), now=now)


def test_after_no_the_order_is_as_it_was(ctx: Flask, shop: Shop, now: datetime) -> None:
    order = buy(shop, now, 230_000, (shop.rice, 4), method=COD).orders[0]
    change = propose(order, now, {1: 3})

    with transaction():
        changing.refuse(change, now=now)

    assert totals(order.purchase)[3] == 230_000
    with pytest.raises(changing.NotOpen), transaction():
        changing.accept(change, now=now)
    assert propose(order, now, {1: 2}).state is ChangeState.PROPOSED


def test_a_proposal_is_over_once_the_order_is_another(ctx: Flask, shop: Shop, now: datetime) -> None:
    order = buy(shop, now, 230_000, (shop.rice, 4), method=COD).orders[0]
    first = propose(order, now, {1: 3})
    second = propose(order, now, {1: 2})
    db.session.refresh(first)
    assert first.state is ChangeState.OVERTAKEN

    take_down(order, now, _1=3)
    for change in (first, second):
        with pytest.raises(changing.NotOpen), transaction():
            changing.accept(db.session.get_one(OrderChange, change.id), now=now)
    third = propose(order, now, {1: 1}, seen=1)
    with transaction():
        parcels.pack(order, carrier="hand_over", actor=SYSTEM, now=now)
    with pytest.raises(changing.NotOpen), transaction():
        changing.accept(db.session.get_one(OrderChange, third.id), now=now)


def test_a_proposal_says_why_and_its_producer_may_take_it_back(ctx: Flask, shop: Shop, now: datetime) -> None:
    order = buy(shop, now, 230_000, (shop.rice, 4), method=COD).orders[0]
    with pytest.raises(changing.NeedsReason), transaction():
        changing.propose(order, {1: 3}, seen=0, reason=" ", actor=SYSTEM, now=now)
    change = propose(order, now, {1: 3})

    with transaction():
        changing.withdraw(change, actor=SYSTEM, now=now)

    with pytest.raises(changing.NotOpen), transaction():
        changing.accept(change, now=now)


def test_the_database_keeps_what_was_proposed_and_answered(ctx: Flask, shop: Shop, now: datetime) -> None:
    order = buy(shop, now, 230_000, (shop.rice, 4), method=COD).orders[0]
    change = propose(order, now, {1: 3})
    for statement in (
        f"UPDATE order_change SET goods_vnd = 1 WHERE id = {change.id}",
        f"DELETE FROM order_change WHERE id = {change.id}",
        "UPDATE order_change_line SET packs = 2",
    ):
        with pytest.raises(DBAPIError), transaction() as session:
            session.execute(text(statement))
    with transaction():
        changing.refuse(db.session.get_one(OrderChange, change.id), now=now)
    with pytest.raises(DBAPIError), transaction() as session:
        session.execute(text("UPDATE order_change SET state = 'done'"))


# --- Where it goes ------------------------------------------------------------------------------------


def receiver(code: str = "", **facts: Any) -> changing.Receiver:
    """Who takes the goods in: the same commune unless a code is given."""
    home = administrative_units.unit_on(code or BA_DONG, clock.business_date(clock.now()))
    assert home is not None
    return changing.Receiver(
        facts.get("name", "Người nhận mẫu"), facts.get("phone", "+84900000009"), facts.get("line", "Thôn 2"), home
    )


def test_who_takes_the_goods_in_is_changed_for_the_whole_purchase(ctx: Flask, shop: Shop, now: datetime) -> None:
    purchase = buy(shop, now, 280_000, (shop.rice, 2), (shop.honey, 1), method=COD)

    for _ in range(2):  # two clicks
        with transaction():
            changing.readdress(again(purchase), receiver(), {1: "Gọi trước"}, seen=0, now=now)

    contact = again(purchase).contact
    assert contact is not None
    assert (contact.name, contact.phone, contact.line) == ("Người nhận mẫu", "+84900000009", "Thôn 2")
    assert [(order.note, order.revision) for order in purchase.orders] == [("Gọi trước", 1), ("", 1)]
    with pytest.raises(changing.ChangedMeanwhile), transaction():
        changing.readdress(again(purchase), receiver(line="Thôn 3"), {}, seen=0, now=now)


def test_once_a_parcel_is_packed_the_address_stays(ctx: Flask, shop: Shop, now: datetime) -> None:
    purchase = buy(shop, now, 280_000, (shop.rice, 2), (shop.honey, 1), method=COD)
    with transaction():
        parcels.pack(again(purchase).orders[0], carrier="hand_over", actor=SYSTEM, now=now)

    assert not changing.may_readdress(again(purchase))
    with pytest.raises(ordering.PackedAlready), transaction():
        changing.readdress(purchase, receiver(), {}, seen=0, now=now)


def test_goods_go_elsewhere_where_that_costs_no_more(ctx: Flask, shop: Shop, make: Factories, now: datetime) -> None:
    office, days = make.office(), {"commune": (1, 2), "province": (1, 2), "country": (3, 5)}
    with transaction():
        for zone, price in (("commune", 10_000), ("province", 30_000), ("country", 31_000)):
            rate = shipping.Rate(5_000, price, 1_000, 5_000)
            shipping.set_rate(office, zone, rate, days=days[zone], actor=SYSTEM, now=now)
    purchase = buy(shop, now, 130_000, (shop.rice, 2), method=COD)
    today = clock.business_date(now)
    contact = purchase.contact
    assert contact is not None
    communes = [one for one in administrative_units.read_units() if len(one.code) == 5 and one.valid_until is None]
    near = administrative_units.unit_on(BA_TO, today)
    make.unit(BA_TO)
    assert near is not None
    far = next(one for one in communes if one.parent_code == "01")

    with pytest.raises(changing.CostsMore), transaction():
        changing.readdress(again(purchase), receiver(far.code), {}, seen=0, now=now)
    with transaction():
        changing.readdress(again(purchase), receiver(near.code), {}, seen=0, now=now)

    contact = again(purchase).contact
    assert contact is not None
    assert contact.commune_code == near.code
    assert totals(purchase)[3] == 130_000


# --- What is told -------------------------------------------------------------------------------------


def test_buyer_and_producer_are_written_to(ctx: Flask, shop: Shop, now: datetime) -> None:
    order = buy(shop, now, 230_000, (shop.rice, 4), method=COD).orders[0]
    with transaction() as session:
        order = session.get_one(Order, order.id)
        assert order.purchase.contact is not None
        order.purchase.contact.email = "nguoi.mua@example.com"
        order.producer.email = "nha.san.xuat@example.com"
    change = propose(order, now, {1: 3})
    with transaction():
        changing.accept(change, now=now)
    take_down(order, now, 1, _1=1)
    with transaction():
        changing.readdress(again(order.purchase), receiver(), {}, seen=2, now=now)

    letters = db.session.scalars(select(Job.args).where(Job.kind == "mail.send").order_by(Job.id)).all()
    told = [(letter["template"], letter["facts"]["what"]) for letter in letters]
    assert told == [
        ("order", "proposed"),
        ("order", "changed"),
        ("order_change", "accepted"),
        ("order", "changed"),
        ("order_change", "changed"),
        ("order", "readdressed"),
        ("order_change", "readdressed"),
    ]
    assert letters[0]["facts"]["cuts"] == [
        {"vi": "Gạo rẫy mẫu, gói 500 g", "en": "Gạo rẫy mẫu, 500 g pack", "packs": 1, "left": 3, "step_g": None}
    ]


# --- Races --------------------------------------------------------------------------------------------


def _at_once(app: Flask, order_id: int, press: Callable[[int], str]) -> tuple[list[str], Order]:
    results = race(app, 6, press)
    db.session.remove()
    return results, db.session.get_one(Order, order_id)


@pytest.mark.race
def test_an_order_is_changed_and_then_packed_or_packed_as_it_was(app: Flask, shop: Shop, now: datetime) -> None:
    with app.app_context():
        order_id = buy(shop, now, 230_000, (shop.rice, 4), method=COD).orders[0].id

    def press(number: int) -> str:
        with transaction():
            order = db.session.get_one(Order, order_id)
            if number % 2:
                changing.take_down(order, {1: 1}, seen=0, now=now)
                return "changed"
            parcels.pack(order, carrier="hand_over", seen=0, actor=SYSTEM, now=now)
            return "packed"

    with app.app_context():
        results, order = _at_once(app, order_id, press)
        shipped = select(func.sum(Allocation.quantity)).where(Allocation.state == AllocationState.SHIPPED)
        if "packed" in results:
            assert results.count("packed") == 1
            assert "changed" not in results
            assert (order.total_vnd, order.parcels[0].cod_vnd, db.session.scalar(shipped)) == (230_000, 230_000, 4)
        else:
            assert results.count("changed") == 3  # the same click three times is one change
            assert (order.total_vnd, order.revision, db.session.scalar(shipped)) == (80_000, 1, None)
        assert verification.verify() == []


@pytest.mark.race
def test_who_changes_what_they_saw_before_the_lock_changes_it_twice(app: Flask, shop: Shop, now: datetime) -> None:
    """The control: the same sum taken off by who trusts what they read takes it off several times."""
    with app.app_context():
        order_id = buy(shop, now, 330_000, (shop.rice, 6), method=COD).orders[0].id

    def press(number: int) -> str:
        order = db.session.get_one(Order, order_id)
        may = order.packed_at is None and order.revision == 0
        db.session.rollback()
        meet()
        with transaction() as session:
            if not may:
                return "refused"
            session.execute(
                update(Order)
                .where(Order.id == order_id)
                .values(goods_vnd=Order.goods_vnd - 50_000, total_vnd=Order.total_vnd - 50_000, revision=1)
            )
        return "changed"

    with app.app_context():
        results, order = _at_once(app, order_id, press)
        assert results.count("changed") == 6
        assert order.total_vnd == 30_000
        with transaction():
            db.session.execute(update(Order).values(goods_vnd=300_000, total_vnd=330_000, revision=0))


@pytest.mark.race
def test_of_six_other_changes_at_once_one_is_carried_out(app: Flask, shop: Shop, now: datetime) -> None:
    with app.app_context():
        order_id = buy(shop, now, 330_000, (shop.rice, 6), method=COD).orders[0].id

    def press(number: int) -> str:
        with transaction():
            changing.take_down(db.session.get_one(Order, order_id), {1: 5 - number % 5}, seen=0, now=now)
        return "changed"

    with app.app_context():
        results, order = _at_once(app, order_id, press)
        left = order.lines[0].quantity
        assert order.revision == 1
        assert order.total_vnd == left * 50_000 + 30_000
        same = sum(5 - number % 5 == left for number in range(6))
        assert results.count("changed") == same
        assert results.count("ChangedMeanwhile") == 6 - same
        assert verification.verify() == []


def test_the_sweeper_ends_what_was_changed_and_not_paid(ctx: Flask, shop: Shop, now: datetime) -> None:
    purchase = buy(shop, now, 230_000, (shop.rice, 4))
    take_down(purchase.orders[0], now, _1=1)

    buying_jobs.sweep(now + ordering.HOLD)

    assert again(purchase).orders[0].placement is Placement.CANCELLED
    assert free(shop.rice, now + ordering.HOLD) == 10
    assert purchase_queries.lots_of(purchase) == {}
