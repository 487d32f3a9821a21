"""One cart is one purchase; its goods are held before any money; money is written down whatever it fits."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from accounts.actor import SYSTEM, Permission
from app import buying_jobs
from books import journal
from books.journal import Line
from books.models import Account
from kernel import clock
from kernel.db import db, transaction
from kernel.models import Job
from stock import allocation, verification
from stock.models import Location
from storefront import bookkeeping, ordering, paying, settling, totals
from storefront import cart as carts
from storefront.order_models import (
    BankAccount,
    Cart,
    Credit,
    CreditOutcome,
    Order,
    Payment,
    PaymentMethod,
    PaymentState,
    Placement,
    Purchase,
    Refund,
)
from storefront.shipping import Way
from tests.buying import Shop, arrive, asked, buy, fill, free
from tests.factories import BA_DONG, Factories
from tests.races import race

MINUTE = timedelta(minutes=1)


def placements(purchase: Purchase) -> list[Placement]:
    """Read how the orders of a purchase stand."""
    db.session.expire_all()
    return [order.placement for order in db.session.get_one(Purchase, purchase.id).orders]


# --- The cart -----------------------------------------------------------------------------------------


def test_a_cart_keeps_the_price_that_was_seen_and_says_when_another_is_in_force(
    ctx: Flask, shop: Shop, make: Factories, now: datetime
) -> None:
    cart = fill(now, (shop.rice, 2))
    from catalog.models import TradeItem

    make.price(db.session.get_one(TradeItem, shop.rice), 60_000)

    seen = carts.view(cart, now)
    assert seen.lines[0].price_changed
    assert not seen.is_ready
    with pytest.raises(ordering.CartChanged), transaction():
        ordering.place(cart, asked(shop, 130_000), now=now)
    with transaction():
        carts.agree(cart, now=now)
    assert carts.view(cart, now).is_ready
    assert carts.view(cart, now).goods_vnd == 120_000


@pytest.mark.parametrize(
    ("quantity", "refusal"),
    [
        (0, carts.BadQuantity),
        (-3, carts.BadQuantity),
        (11, carts.NotSoMany),
        (1_000, carts.TooMany),
        (10**9, carts.TooMany),
    ],
)
def test_what_cannot_be_had_is_not_put_into_a_cart(
    ctx: Flask, shop: Shop, now: datetime, quantity: int, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal), transaction():
        carts.put(carts.start(now), shop.rice, quantity, now=now)
    assert db.session.scalar(select(func.count()).select_from(Cart)) == 0


def test_alcohol_services_and_what_is_not_on_show_cannot_be_ordered(
    ctx: Flask, shop: Shop, make: Factories, now
) -> None:
    others = [
        make.product(shop.first, is_alcohol=True),
        make.product(shop.first, is_service=True),
        make.product(shop.first, published=False),
        make.product(shop.first, price_vnd=None),
    ]
    for product in others:
        with pytest.raises(carts.NotForSale), transaction():
            carts.put(carts.start(now), make.item(product).id, 1, now=now)
    with pytest.raises(carts.NotForSale), transaction():
        carts.put(carts.start(now), 999_999, 1, now=now)


def test_signing_in_brings_two_carts_together_and_doubles_nothing(ctx: Flask, shop: Shop, make: Factories, now) -> None:
    person = make.user()
    first, second = fill(now, (shop.rice, 2), (shop.honey, 1)), fill(now, (shop.rice, 3))
    with transaction():
        carts.take_over(first, person.id, now=now)
    with transaction():
        carts.take_over(second, person.id, now=now)
    with transaction():
        carts.take_over(second, person.id, now=now)

    found = {line.offer.item_id: line.quantity for line in carts.view(second, now).lines}
    assert found == {shop.rice: 3, shop.honey: 1}
    assert carts.find(first.token) is None


def signed_in_with(first: Cart, second: Cart, make: Factories, now: datetime) -> carts.TakenOver:
    """Fill one cart with the account, another as a guest, and sign in there."""
    person = make.user()
    for cart in (first, second):
        with transaction():
            taken = carts.take_over(cart, person.id, now=now)
    return taken


def lines_of(cart: Cart, now: datetime) -> tuple[dict[int, int], dict[int, int]]:
    seen = carts.view(cart, now)
    return tuple({line.offer.item_id: line.quantity for line in some} for some in (seen.lines, seen.aside))


def test_signing_in_makes_nothing_to_be_bought_of_what_was_put_aside(
    ctx: Flask, shop: Shop, make: Factories, now: datetime
) -> None:
    first, second = fill(now, (shop.rice, 7), (shop.honey, 2)), fill(now, (shop.rice, 1))
    with transaction():
        carts.put_aside(first, shop.rice, later=True, now=now)
        carts.put_aside(first, shop.honey, later=True, now=now)
        carts.ask_to_keep(first, 30, now=now)

    taken = signed_in_with(first, second, make, now)

    assert lines_of(second, now) == ({shop.rice: 1}, {shop.honey: 2})
    assert (taken.items, taken.keeps_longer, second.min_days) == (set(), False, 0)


def test_what_the_account_had_to_buy_is_bought_though_it_was_put_aside_as_a_guest(
    ctx: Flask, shop: Shop, make: Factories, now: datetime
) -> None:
    first, second = fill(now, (shop.rice, 2), (shop.honey, 3)), fill(now, (shop.rice, 5), (shop.honey, 1))
    with transaction():
        carts.put_aside(second, shop.rice, later=True, now=now)

    taken = signed_in_with(first, second, make, now)

    assert lines_of(second, now) == ({shop.rice: 2, shop.honey: 3}, {})
    assert taken.items == {shop.rice, shop.honey}


def test_words_to_producers_come_along_when_the_buyer_signs_in(
    ctx: Flask, shop: Shop, make: Factories, now: datetime
) -> None:
    first, second = fill(now, (shop.rice, 1), (shop.honey, 1)), fill(now, (shop.rice, 1), (shop.honey, 1))
    with transaction():
        carts.write_note(first, shop.first.id, "Gói kỹ", now=now)
        carts.write_note(first, shop.second.id, "a" * 300, now=now)
        carts.write_note(second, shop.first.id, "Gọi trước", now=now)
        carts.write_note(second, shop.second.id, "b" * 300, now=now)

    taken = signed_in_with(first, second, make, now)

    notes = {group.producer_id: group.note for group in carts.view(second, now).groups}
    assert notes == {shop.first.id: "Gói kỹ\nGọi trước", shop.second.id: "b" * 300}
    assert taken.notes == {shop.first.id: "Gói kỹ\nGọi trước"}
    assert taken.left_out == {shop.second.id: "a" * 300}


# --- Placing ------------------------------------------------------------------------------------------


def test_a_cart_of_two_producers_is_one_purchase_of_two_orders_that_add_up(ctx: Flask, shop: Shop, now) -> None:
    purchase = buy(shop, now, 280_000, (shop.rice, 2), (shop.honey, 1))

    assert [(order.producer_id, order.total_vnd) for order in purchase.orders] == [
        (shop.first.id, 130_000),
        (shop.second.id, 150_000),
    ]
    assert purchase.total_vnd == 280_000
    assert [(line.name_vi, line.quantity, line.price_vnd, line.stars) for line in purchase.orders[0].lines] == [
        ("Gạo rẫy mẫu, gói 500 g", 2, 50_000, 4)
    ]
    assert {(payment.payee_id, payment.amount_vnd) for payment in purchase.payments} == {
        (shop.first.id, 130_000),
        (shop.second.id, 150_000),
    }
    assert (free(shop.rice, now), free(shop.honey, now)) == (8, 4)
    assert verification.verify() == []


def test_a_cart_that_asks_for_more_days_gets_only_what_keeps_so_long(
    ctx: Flask, shop: Shop, make: Factories, now: datetime
) -> None:
    from catalog.models import TradeItem

    day = clock.business_date(now)
    item = db.session.get_one(TradeItem, shop.rice)
    home = db.session.scalars(select(Location).where(Location.keeper_id == shop.first.id)).first()
    short = make.batch(item, quantity=3, expires_on=day + timedelta(days=20))
    make.on_hand(short.lot_id, home, shop.first, 3)
    cart = fill(now, (shop.rice, 2))
    with transaction():
        carts.ask_to_keep(cart, 30, now=now)
    with pytest.raises(carts.BadDays), transaction():
        carts.ask_to_keep(cart, 31, now=now)

    assert carts.view(cart, now).lines[0].offer.available == 10
    assert free(shop.rice, now) == 13
    with transaction():
        purchase = ordering.place(cart, asked(shop, 130_000), now=now)

    [row] = allocation.live_of(purchase.number)
    assert row.good_on == day + timedelta(days=30)
    assert row.lot_id != short.lot_id


def test_the_same_cart_gives_the_same_purchase(ctx: Flask, shop: Shop, now: datetime) -> None:
    cart = fill(now, (shop.rice, 2))
    made = []
    for _ in range(3):
        with transaction():
            purchase = ordering.place(cart, asked(shop, 130_000), now=now)
            made.append((purchase.id, [payment.id for payment in paying.ask(purchase, now=now)]))

    assert len({purchase_id for purchase_id, _ in made}) == 1
    assert made[0][1] == made[1][1] == made[2][1]
    assert free(shop.rice, now) == 8


@pytest.mark.parametrize("total", [0, 129_999, 130_001, -130_000])
def test_another_total_than_the_one_in_force_is_not_taken(ctx: Flask, shop: Shop, now: datetime, total: int) -> None:
    cart = fill(now, (shop.rice, 2))

    with pytest.raises(ordering.CartChanged), transaction():
        ordering.place(cart, asked(shop, total), now=now)

    assert db.session.scalar(select(func.count()).select_from(Purchase)) == 0
    assert free(shop.rice, now) == 10


def test_goods_of_a_producer_whose_parcel_was_never_priced_are_not_taken(ctx: Flask, shop: Shop, now: datetime) -> None:
    """Another tab puts them in between the page that was read and the lock."""
    cart = fill(now, (shop.rice, 2))
    seen = asked(shop, 130_000, ways={shop.first.id: Way("parcel", 30_000)})
    with transaction():
        carts.put(cart, shop.honey, 1, now=now)

    with pytest.raises(ordering.CartChanged), transaction():
        ordering.place(cart, seen, now=now)


def test_nothing_is_placed_without_consent_or_from_an_empty_cart(ctx: Flask, shop: Shop, now: datetime) -> None:
    with pytest.raises(ordering.NeedsConsent), transaction():
        ordering.place(fill(now, (shop.rice, 2)), asked(shop, 130_000, consents={}), now=now)
    with pytest.raises(ordering.EmptyCart), transaction():
        ordering.place(fill(now), asked(shop, 0), now=now)


def test_if_one_kind_is_gone_nothing_of_the_cart_is_held(ctx: Flask, shop: Shop, now: datetime) -> None:
    first, second = fill(now, (shop.rice, 2), (shop.honey, 5)), fill(now, (shop.honey, 1))
    with transaction():
        ordering.place(second, asked(shop, 150_000), now=now)

    with pytest.raises(ordering.CartChanged), transaction():
        ordering.place(first, asked(shop, 760_000), now=now)
    assert (free(shop.rice, now), free(shop.honey, now)) == (10, 4)


def test_cash_on_delivery_stands_at_once_and_asks_each_producer_its_own(ctx: Flask, shop: Shop, now) -> None:
    purchase = buy(shop, now, 280_000, (shop.rice, 2), (shop.honey, 1), method=PaymentMethod.COD)

    assert placements(purchase) == [Placement.CONFIRMED] * 2
    assert sorted(payment.amount_vnd for payment in purchase.payments) == [130_000, 150_000]
    assert free(shop.rice, now + timedelta(days=30)) == 8


# --- Money --------------------------------------------------------------------------------------------


def test_the_right_amount_confirms_the_order_it_pays_for_and_no_other(ctx: Flask, shop: Shop, now: datetime) -> None:
    purchase = buy(shop, now, 280_000, (shop.rice, 2), (shop.honey, 1))

    credit = arrive(purchase.payments[0], 130_000, now)

    assert credit.outcome is CreditOutcome.MATCHED
    assert placements(purchase) == [Placement.CONFIRMED, Placement.PLACED]


def test_the_same_money_told_twice_counts_once(ctx: Flask, shop: Shop, now: datetime) -> None:
    payment = buy(shop, now, 130_000, (shop.rice, 2)).payments[0]

    assert arrive(payment, 130_000, now).id == arrive(payment, 130_000, now).id
    db.session.expire_all()
    assert db.session.get_one(Payment, payment.id).captured_vnd == 130_000


def test_a_part_waits_for_the_rest(ctx: Flask, shop: Shop, now: datetime) -> None:
    purchase = buy(shop, now, 130_000, (shop.rice, 2))
    payment = purchase.payments[0]

    assert arrive(payment, 100_000, now, identity="FT1").outcome is CreditOutcome.PARTIAL
    assert placements(purchase) == [Placement.PLACED]
    assert arrive(payment, 30_000, now, identity="FT2").outcome is CreditOutcome.MATCHED

    assert placements(purchase) == [Placement.CONFIRMED]
    outcomes = db.session.scalars(select(Credit.outcome).order_by(Credit.id)).all()
    assert outcomes == [CreditOutcome.MATCHED] * 2


def test_too_much_confirms_and_is_shown(ctx: Flask, shop: Shop, now: datetime) -> None:
    purchase = buy(shop, now, 130_000, (shop.rice, 2))

    assert arrive(purchase.payments[0], 140_000, now).outcome is CreditOutcome.OVER
    assert placements(purchase) == [Placement.CONFIRMED]


def test_only_what_is_too_much_goes_back_though_a_part_went_back_before(ctx: Flask, shop: Shop, now: datetime) -> None:
    purchase = buy(shop, now, 130_000, (shop.rice, 2))
    payment = purchase.payments[0]
    arrive(payment, 50_000, now)
    late = now + ordering.HOLD + MINUTE
    with transaction():
        settling.close(purchase, now=late)
    credit = arrive(payment, 140_000, late, identity="FT2")
    assert credit.outcome is CreditOutcome.OVER
    assert placements(purchase) == [Placement.CONFIRMED]

    with transaction():
        assert settling.give_back_over(credit, actor=SYSTEM, now=late).amount_vnd == 10_000


def test_paid_twice_is_shown_and_changes_nothing(ctx: Flask, shop: Shop, now: datetime) -> None:
    purchase = buy(shop, now, 130_000, (shop.rice, 2))
    arrive(purchase.payments[0], 130_000, now, identity="FT1")

    assert arrive(purchase.payments[0], 130_000, now, identity="FT2").outcome is CreditOutcome.DUPLICATE
    assert placements(purchase) == [Placement.CONFIRMED]


@pytest.mark.parametrize("memo", ["", "tien hang", "OC12345678Z"])
def test_money_that_names_nothing_is_kept_and_a_person_may_say_what_it_was_for(
    ctx: Flask, shop: Shop, now: datetime, memo: str
) -> None:
    purchase = buy(shop, now, 130_000, (shop.rice, 2))
    credit = arrive(purchase.payments[0], 130_000, now, memo=memo)
    assert credit.outcome is CreditOutcome.UNMATCHED

    with transaction():
        settling.assign(credit, purchase.payments[0], actor=SYSTEM, now=now)

    assert placements(purchase) == [Placement.CONFIRMED]
    with pytest.raises(settling.DecidedBefore), transaction():
        settling.assign(credit, purchase.payments[0], actor=SYSTEM, now=now)


def test_a_code_of_another_payee_is_not_taken_for_ours(ctx: Flask, shop: Shop, now: datetime) -> None:
    purchase = buy(shop, now, 280_000, (shop.rice, 2), (shop.honey, 1))
    ours, others = purchase.payments

    credit = arrive(ours, 150_000, now, memo=others.code)

    assert credit.outcome is CreditOutcome.UNMATCHED
    with pytest.raises(settling.OthersMoney), transaction():
        settling.assign(credit, others, actor=SYSTEM, now=now)


def test_without_money_the_goods_are_free_after_the_hold_and_the_order_is_over(ctx: Flask, shop: Shop, now) -> None:
    purchase = buy(shop, now, 130_000, (shop.rice, 2))
    with transaction():
        settling.close(purchase, now=now + ordering.HOLD - MINUTE)
    assert placements(purchase) == [Placement.PLACED]

    later = now + ordering.HOLD
    assert settling.overdue(later) == [purchase.id]
    with transaction():
        settling.close(purchase, now=later)

    assert placements(purchase) == [Placement.CANCELLED]
    assert free(shop.rice, later) == 10
    assert settling.overdue(later) == []
    assert verification.verify() == []


def test_late_money_gets_the_goods_while_there_are_some(ctx: Flask, shop: Shop, now: datetime) -> None:
    purchase = buy(shop, now, 130_000, (shop.rice, 2))
    later = now + ordering.HOLD
    with transaction():
        settling.close(purchase, now=later)

    credit = arrive(purchase.payments[0], 130_000, later)

    assert credit.outcome is CreditOutcome.MATCHED
    assert placements(purchase) == [Placement.CONFIRMED]
    assert free(shop.rice, later) == 8
    assert verification.verify() == []


def test_each_time_an_order_is_cancelled_its_buyer_has_a_letter(ctx: Flask, shop: Shop, now: datetime) -> None:
    cart = fill(now, (shop.rice, 2))
    wants = asked(shop, 130_000)
    with transaction():
        buyer = replace(wants.buyer, email="nguoi.mua@example.com")
        purchase = ordering.place(cart, replace(wants, buyer=buyer), now=now)
        paying.ask(purchase, now=now)
    later = now + ordering.HOLD
    with transaction():
        settling.close(purchase, now=later)
    arrive(purchase.payments[0], 130_000, later)

    with transaction():
        ordering.cancel(purchase.orders[0], cause="seller", reason="Hết hàng", now=later)

    letters = db.session.scalars(select(Job.args).where(Job.kind == "mail.send").order_by(Job.id)).all()
    told = [(letter["facts"]["what"], letter["facts"]["cause"]) for letter in letters]
    assert told == [("placed", ""), ("cancelled", "time"), ("confirmed", ""), ("cancelled", "seller")]


def test_late_money_for_goods_that_are_gone_goes_back(ctx: Flask, shop: Shop, now: datetime) -> None:
    purchase = buy(shop, now, 130_000, (shop.rice, 2))
    later = now + ordering.HOLD
    buy(shop, later, 530_000, (shop.rice, 10))  # before any sweeper

    credit = arrive(purchase.payments[0], 130_000, later)

    assert credit.outcome is CreditOutcome.LATE
    assert placements(purchase) == [Placement.CANCELLED]
    assert db.session.scalars(select(Refund.amount_vnd)).all() == [130_000]
    assert verification.verify() == []


def test_a_part_that_came_before_the_time_was_over_goes_back(ctx: Flask, shop: Shop, now: datetime) -> None:
    purchase = buy(shop, now, 130_000, (shop.rice, 2))
    arrive(purchase.payments[0], 100_000, now)

    with transaction():
        settling.close(purchase, now=now + ordering.HOLD)

    assert db.session.scalars(select(Refund.amount_vnd)).all() == [100_000]


def test_a_part_waits_for_nothing_once_all_came_too_late_for_the_goods(ctx: Flask, shop: Shop, now: datetime) -> None:
    purchase = buy(shop, now, 130_000, (shop.rice, 2))
    part = arrive(purchase.payments[0], 100_000, now)
    later = now + ordering.HOLD
    with transaction():
        settling.close(purchase, now=later)
    buy(shop, later, 530_000, (shop.rice, 10))

    arrive(purchase.payments[0], 130_000, later, identity="FT2")

    assert part.outcome is CreditOutcome.LATE
    with transaction():
        for made in db.session.scalars(select(Refund)).all():
            settling.refund_done(made, reference="FT1", actor=None, now=later)
    assert set(db.session.scalars(select(Credit.outcome))) == {CreditOutcome.SETTLED}
    assert verification.verify() == []


def test_the_rest_of_a_part_that_went_back_pays_for_nothing(ctx: Flask, shop: Shop, now: datetime) -> None:
    purchase = buy(shop, now, 130_000, (shop.rice, 2))
    arrive(purchase.payments[0], 50_000, now)
    late = now + ordering.HOLD + MINUTE
    with transaction():
        settling.close(purchase, now=late)

    credit = arrive(purchase.payments[0], 80_000, late + MINUTE, identity="FT2")

    assert credit.outcome is CreditOutcome.LATE
    assert placements(purchase) == [Placement.CANCELLED]
    assert sorted(db.session.scalars(select(Refund.amount_vnd))) == [50_000, 80_000]


def test_money_after_the_buyer_called_it_off_confirms_nothing_and_goes_back(ctx: Flask, shop: Shop, now) -> None:
    purchase = buy(shop, now, 130_000, (shop.rice, 2))
    with transaction():
        ordering.cancel(purchase.orders[0], cause="buyer", now=now)

    credit = arrive(purchase.payments[0], 130_000, now)

    assert credit.outcome is CreditOutcome.LATE
    assert placements(purchase) == [Placement.CANCELLED]
    assert db.session.scalars(select(Refund.amount_vnd)).all() == [130_000]
    assert free(shop.rice, now) == 10


def test_a_paid_order_that_is_called_off_is_paid_back_once(ctx: Flask, shop: Shop, now: datetime) -> None:
    purchase = buy(shop, now, 130_000, (shop.rice, 2))
    arrive(purchase.payments[0], 130_000, now)
    for _ in range(2):
        with transaction():
            order = db.session.get_one(Order, purchase.orders[0].id)
            if order.placement is not Placement.CANCELLED:
                ordering.cancel(order, cause="seller", reason="Hết hàng", now=now)
            settling.give_back_of(order, now=now)

    assert db.session.scalars(select(Refund.amount_vnd)).all() == [130_000]
    with pytest.raises(ordering.CancelledAlready), transaction():
        ordering.cancel(order, cause="buyer", now=now)


def test_more_than_was_paid_cannot_be_given_back(ctx: Flask, shop: Shop, now: datetime) -> None:
    payment = buy(shop, now, 130_000, (shop.rice, 2)).payments[0]
    arrive(payment, 130_000, now)

    def give(amount: int, cause: str) -> Refund:
        return settling.refund(payment, amount, cause=cause, reason="Trả hàng", now=now)

    with transaction():
        give(100_000, "return:1")
        assert give(100_000, "return:1").amount_vnd == 100_000  # the same cause is no second refund

    for amount in (30_001, 0, -1):
        with pytest.raises(settling.RefundTooLarge), transaction():
            give(amount, f"return:{amount}")
    with transaction():
        give(30_000, "return:2")
    db.session.expire_all()
    assert db.session.get_one(Payment, payment.id).refunded_vnd == 130_000


def test_of_late_money_that_is_too_much_all_goes_back_and_only_then_nothing_is_open(
    ctx: Flask, shop: Shop, now: datetime
) -> None:
    purchase = buy(shop, now, 130_000, (shop.rice, 2))
    later = now + ordering.HOLD
    buy(shop, later, 530_000, (shop.rice, 10))

    credit = arrive(purchase.payments[0], 630_000, later)

    assert credit.outcome is CreditOutcome.LATE
    (made,) = db.session.scalars(select(Refund)).all()
    assert made.amount_vnd == 630_000
    with transaction():
        settling.refund_done(made, reference="FT", actor=SYSTEM, now=later)
    db.session.refresh(credit)
    assert credit.outcome is CreditOutcome.SETTLED


def test_late_money_stays_open_while_something_of_it_is_held(ctx: Flask, shop: Shop, now: datetime) -> None:
    purchase = buy(shop, now, 130_000, (shop.rice, 2))
    payment, later = purchase.payments[0], now + ordering.HOLD
    buy(shop, later, 530_000, (shop.rice, 10))
    credit = arrive(payment, 630_000, later)
    (first,) = db.session.scalars(select(Refund)).all()
    with transaction():
        settling.refund_refused(first, reason="Nhầm", actor=SYSTEM, now=later)
        part = settling.refund(payment, 130_000, cause="part", reason="", now=later)
        settling.refund_done(part, reference="FT", actor=SYSTEM, now=later)

    db.session.refresh(credit)
    assert credit.outcome is CreditOutcome.LATE
    with transaction():
        rest = settling.give_back_held(payment, reason="Thừa", actor=SYSTEM, now=later)
        settling.refund_done(rest, reference="FT", actor=SYSTEM, now=later)
    db.session.refresh(credit)
    assert (rest.amount_vnd, credit.outcome) == (500_000, CreditOutcome.SETTLED)


def _paid_together(shop: Shop, now: datetime) -> tuple[Purchase, Payment]:
    """Two orders that the provider of cards was paid for at once."""
    with transaction():
        purchase = ordering.place(fill(now, (shop.rice, 1), (shop.honey, 1)), asked(shop, 230_000), now=now)
        payment = Payment(
            purchase_id=purchase.id, order_id=None, payee_id=shop.first.id, method=PaymentMethod.CARD,
            code="OC00000001A", amount_vnd=230_000, asked_at=now,
        )  # fmt: skip
        db.session.add(payment)
        db.session.flush()
        db.session.refresh(purchase)
        settling.capture(payment, 230_000, now=now)
    return purchase, payment


def test_what_went_back_of_one_order_is_not_kept_back_from_the_other(ctx: Flask, shop: Shop, now: datetime) -> None:
    purchase, payment = _paid_together(shop, now)
    first, second = purchase.orders
    with transaction():
        settling.refund(payment, 30_000, cause="x", reason="Vỡ", order=second, now=now)

    with transaction():
        ordering.cancel(first, cause="buyer", now=now)
        (made,) = settling.give_back_of(first, now=now)

    assert made.amount_vnd == 80_000
    assert bookkeeping.held(payment) == 0


def test_money_for_two_orders_of_which_one_was_called_off_confirms_the_other(
    ctx: Flask, shop: Shop, now: datetime
) -> None:
    with transaction():
        purchase = ordering.place(fill(now, (shop.rice, 1), (shop.honey, 1)), asked(shop, 230_000), now=now)
        payment = Payment(
            purchase_id=purchase.id, order_id=None, payee_id=shop.first.id, method=PaymentMethod.CARD,
            code="OC00000001A", amount_vnd=230_000, asked_at=now,
        )  # fmt: skip
        db.session.add(payment)
        db.session.flush()
        db.session.refresh(purchase)
        ordering.cancel(purchase.orders[0], cause="buyer", now=now)
    later = now + ordering.HOLD
    with transaction():
        settling.close(purchase, now=later)
        settling.capture(payment, 230_000, now=later)

    assert placements(purchase) == [Placement.CANCELLED, Placement.CONFIRMED]
    assert db.session.scalars(select(Refund.amount_vnd)).all() == [80_000]


def test_what_is_left_over_of_a_payment_goes_back_once_and_with_a_reason(ctx: Flask, shop: Shop, now: datetime) -> None:
    purchase = buy(shop, now, 130_000, (shop.rice, 2))
    payment = purchase.payments[0]
    arrive(payment, 100_000, now)

    def give(reason: str) -> Refund:
        return settling.give_back_held(payment, reason=reason, actor=SYSTEM, now=now)

    with pytest.raises(settling.StillWaits), transaction():
        give("Thừa")
    arrive(payment, 40_000, now, identity="FT2")
    with pytest.raises(settling.NeedsReason), transaction():
        give(" ")

    with transaction():
        assert give("Thừa").amount_vnd == 10_000
    with pytest.raises(settling.NothingHeld), transaction():
        give("Thừa")


# --- What is over -------------------------------------------------------------------------------------


def test_a_purchase_that_cannot_be_closed_keeps_no_other_waiting(ctx: Flask, shop: Shop, now: datetime) -> None:
    broken = buy(shop, now, 130_000, (shop.rice, 2))
    arrive(broken.payments[0], 100_000, now)
    other = buy(shop, now, 150_000, (shop.honey, 1))
    with transaction():  # what its refund would say is in the journal already
        lines = [
            Line(shop.first.id, account, amount, "x") for account, amount in ((Account.BANK, 1), (Account.CASH, -1))
        ]
        journal.post("refund:HT-000001:claimed", "refund_claimed", lines, now=now)

    assert buying_jobs.sweep(now + ordering.HOLD) == 2

    assert placements(broken) == [Placement.PLACED]
    assert placements(other) == [Placement.CANCELLED]
    assert free(shop.honey, now) == 5


# --- Who is paid --------------------------------------------------------------------------------------


def test_the_house_is_the_provinces_office_whoever_else_enters_an_account(
    ctx: Flask, shop: Shop, make: Factories, now: datetime
) -> None:
    commune = make.office("Văn phòng xã", of=(BA_DONG,))
    assert (paying.house_id(), paying.house_account()) == (None, None)
    province, another = make.office("Văn phòng tỉnh", of=("51",)), make.office("Văn phòng khác", of=("51",))
    assert paying.house_id() == province.id

    for owner in (another, commune):
        with transaction() as session:
            session.add(
                BankAccount(
                    organisation_id=owner.id, bank_bin="970405", number=f"20{owner.id}", holder="MAU", added_at=now
                )
            )
        house = paying.house_account()
        assert house is not None
        assert (house.organisation_id, paying.house_id()) == (another.id, another.id)


def test_an_office_of_a_commune_enters_no_account(ctx: Flask, make: Factories) -> None:
    commune, province = make.office("Văn phòng xã", of=(BA_DONG,)), make.office("Văn phòng tỉnh", of=("51",))

    assert not make.actor(commune).may(Permission.MANAGE_BANK_ACCOUNT)
    assert make.actor(province).may(Permission.MANAGE_BANK_ACCOUNT)


def test_a_provider_that_tells_less_later_takes_nothing_back(ctx: Flask, shop: Shop, now: datetime) -> None:
    purchase = buy(shop, now, 130_000, (shop.rice, 2))
    with transaction():
        settling.capture(purchase.payments[0], 130_000, now=now)
        settling.capture(purchase.payments[0], 0, now=now)

    db.session.expire_all()
    assert db.session.get_one(Payment, purchase.payments[0].id).state is PaymentState.PAID
    assert placements(purchase) == [Placement.CONFIRMED]


# --- Sums ---------------------------------------------------------------------------------------------


@given(
    st.lists(
        st.tuples(st.lists(st.integers(1, 10**7), min_size=1, max_size=5), st.integers(0, 10**5)),
        min_size=1,
        max_size=5,
    ),
    st.integers(0, 10_000),
    st.integers(0, 10_000),
    st.lists(st.booleans(), min_size=5, max_size=5),
)
def test_orders_add_up_to_the_purchase_whatever_is_taken_off(
    orders: list[tuple[list[int], int]], part: int, delivery_part: int, of: list[bool]
) -> None:
    amounts, shipping, of = [lines for lines, _ in orders], [way for _, way in orders], of[: len(orders)]
    goods_off = sum(sum(lines) for lines, is_cheaper in zip(amounts, of, strict=True) if is_cheaper) * part // 10_000
    ways = sum(way for way, is_cheaper in zip(shipping, of, strict=True) if is_cheaper)
    delivery_off = ways * delivery_part // 10_000

    found = totals.add_up(amounts, shipping, goods_off_vnd=goods_off, delivery_off_vnd=delivery_off, cheaper=of)

    off = goods_off + delivery_off
    assert sum(order.total_vnd for order in found) == sum(map(sum, amounts)) - off + sum(shipping)
    assert sum(order.discount_vnd for order in found) == off
    for order, lines, way, is_cheaper in zip(found, amounts, shipping, of, strict=True):
        assert sum(order.line_discounts_vnd) + order.delivery_off_vnd == order.discount_vnd
        assert all(0 <= part <= cost for part, cost in zip(order.line_discounts_vnd, lines, strict=True))
        assert 0 <= order.delivery_off_vnd <= way
        assert is_cheaper or not order.discount_vnd
        assert order.total_vnd >= 0


# --- Races --------------------------------------------------------------------------------------------


@pytest.mark.race
def test_one_cart_placed_by_twelve_at_once_is_one_purchase(app: Flask, shop: Shop, now: datetime) -> None:
    with app.app_context():
        cart_id = fill(now, (shop.rice, 2)).id

    def press(_: int) -> str:
        with transaction():
            purchase = ordering.place(db.session.get_one(Cart, cart_id), asked(shop, 130_000), now=now)
            paying.ask(purchase, now=now)
        return purchase.number

    results = race(app, 12, press)

    with app.app_context():
        assert len(set(results)) == 1
        assert results[0].startswith("DH-")
        assert db.session.scalar(select(func.count()).select_from(Payment)) == 1
        assert free(shop.rice, now) == 8


@pytest.mark.race
def test_of_fifty_carts_with_the_last_jar_one_is_placed(app: Flask, shop: Shop, now: datetime) -> None:
    with app.app_context():
        ids = [fill(now, (shop.honey, 5)).id for _ in range(50)]

    def press(number: int) -> str:
        with transaction():
            ordering.place(db.session.get_one(Cart, ids[number]), asked(shop, 630_000), now=now)
        return "placed"

    results = race(app, 50, press)

    with app.app_context():
        assert results.count("placed") == 1
        assert set(results) <= {"placed", "NotEnough", "CartChanged"}
        assert free(shop.honey, now) == 0
        assert verification.verify() == []


@pytest.mark.race
def test_the_same_money_told_by_ten_at_once_counts_once(app: Flask, shop: Shop, now: datetime) -> None:
    with app.app_context():
        payment_id = buy(shop, now, 130_000, (shop.rice, 2)).payments[0].id

    def tell(_: int) -> str:
        payment = db.session.get_one(Payment, payment_id)
        return str(arrive(payment, 130_000, now).id)

    race(app, 10, tell)

    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Credit)) == 1
        assert db.session.get_one(Payment, payment_id).captured_vnd == 130_000
        assert allocation.live_of("DH-000001")
