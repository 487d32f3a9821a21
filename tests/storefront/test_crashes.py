"""Whatever dies between the button and the money: after it, goods and money agree, and the buyer can go on."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import buying_jobs
from kernel.db import db, retrying, transaction
from kernel.models import Job
from stock import verification
from stock.models import LIVE, Allocation
from storefront import cart as carts
from storefront import ordering, paying, settling
from storefront.order_models import Cart, Credit, CreditOutcome, Order, Payment, Placement, Purchase
from storefront.settling import Arrived
from tests.buying import Shop, arrive, asked, buy, fill, free
from tests.killing import die_at
from tests.races import meet, race


def press(cart_id: int, shop: Shop, now: datetime) -> str:
    """Press the button, as the view does; give the purchase's number."""

    @retrying
    def once() -> str:
        with transaction():
            purchase = ordering.place(db.session.get_one(Cart, cart_id), asked(shop, 280_000), now=now)
            paying.ask(purchase, now=now)
        return purchase.number

    return once()


def promised() -> int:
    """Count the packs that are promised to anybody."""
    return db.session.scalar(select(func.coalesce(func.sum(Allocation.quantity), 0)).where(Allocation.state.in_(LIVE)))  # type: ignore[return-value]


@pytest.mark.race
def test_killed_anywhere_while_placing_there_is_a_whole_purchase_or_none(app: Flask, shop: Shop, now: datetime) -> None:
    statement = 0
    was_killed = True
    while was_killed:
        statement += 3 if statement > 10 else 1
        with app.app_context():
            cart_id = fill(now, (shop.rice, 2), (shop.honey, 1)).id
            before = db.session.scalar(select(func.count()).select_from(Purchase)) or 0

        was_killed = die_at(app, statement, lambda cart_id=cart_id: press(cart_id, shop, now))  # type: ignore[misc]

        with app.app_context():
            placed = (db.session.scalar(select(func.count()).select_from(Purchase)) or 0) - before
            assert promised() == 3 * placed
            assert verification.verify() == []
            number = press(cart_id, shop, now)  # the buyer presses again
            purchase = db.session.scalars(select(Purchase).where(Purchase.number == number)).one()
            assert (db.session.scalar(select(func.count()).select_from(Purchase)) or 0) - before == 1
            assert sum(order.total_vnd for order in purchase.orders) == purchase.total_vnd == 280_000
            assert sum(payment.amount_vnd for payment in purchase.payments) == 280_000
            assert promised() == 3
            with transaction():
                for order in purchase.orders:
                    ordering.cancel(order, cause="buyer", now=now)
            assert (free(shop.rice, now), free(shop.honey, now)) == (10, 5)
    assert statement > 20  # it went through, to the end


@pytest.mark.race
def test_killed_anywhere_while_money_is_written_down_it_counts_once_when_told_again(
    app: Flask, shop: Shop, now: datetime
) -> None:
    statement = 0
    was_killed = True
    while was_killed:
        statement += 2
        with app.app_context():
            payment_id = buy(shop, now, 130_000, (shop.rice, 2)).payments[0].id
            payment = db.session.get_one(Payment, payment_id)
            money = Arrived(f"FT-{statement}", "statement", payment.payee_id, 130_000, payment.code, now)

        def tell(money: Arrived = money) -> None:
            with transaction():
                settling.record(money, now=now)

        was_killed = die_at(app, statement, tell)

        with app.app_context():
            retrying(tell)()  # the bank tells again
            payment = db.session.get_one(Payment, payment_id)
            assert payment.captured_vnd == 130_000
            credits = db.session.scalars(select(Credit).where(Credit.payment_id == payment_id)).all()
            assert [credit.outcome for credit in credits] == [CreditOutcome.MATCHED]
            (order,) = paying.orders_of(payment)
            assert order.placement is Placement.CONFIRMED
            assert verification.verify() == []
            with transaction():
                ordering.cancel(order, cause="buyer", now=now)
    assert statement > 10


@pytest.mark.race
def test_a_sweeper_killed_half_way_is_finished_by_the_next(app: Flask, shop: Shop, now: datetime) -> None:
    late = now + timedelta(hours=1)
    with app.app_context():
        for _ in range(3):
            buy(shop, now, 130_000, (shop.rice, 2))

    killed = [die_at(app, statement, lambda: buying_jobs.sweep(late)) for statement in (4, 12, 25)]

    with app.app_context():
        assert any(killed)
        buying_jobs.sweep(late)
        assert {order.placement for order in db.session.scalars(select(Order))} == {Placement.CANCELLED}
        assert free(shop.rice, late) == 10
        assert promised() == 0
        assert verification.verify() == []


# --- A cart that is changed while it is bought (ACIDRain) ---------------------------------------------


@pytest.mark.race
def test_a_cart_changed_while_it_is_bought_is_bought_as_shown_or_not_at_all(
    app: Flask, shop: Shop, now: datetime
) -> None:
    with app.app_context():
        cart_id = fill(now, (shop.rice, 2), (shop.honey, 1)).id

    def act(number: int) -> str:
        if number % 2:
            return press(cart_id, shop, now)
        with transaction():
            carts.change(db.session.get_one(Cart, cart_id), shop.honey, 2, now=now)
        return "changed"

    results = race(app, 12, act)

    with app.app_context():
        purchases = db.session.scalars(select(Purchase)).all()
        assert len(purchases) <= 1
        assert set(results) <= {"changed", "WasPlaced", "CartChanged", *(row.number for row in purchases)}
        for purchase in purchases:  # what was paid for is what is held
            assert purchase.total_vnd == 280_000
            assert promised() == 3
        assert verification.verify() == []


@pytest.mark.race
def test_control_reading_the_cart_before_locking_it_buys_what_nobody_saw(app: Flask, shop: Shop, now: datetime) -> None:
    """The fault the lock is there against: the sum is of the cart before the change, the goods of after it."""
    with app.app_context():
        cart_id = fill(now, (shop.honey, 1)).id

    def act(number: int) -> int:
        if number:
            meet()
            with transaction():
                carts.change(db.session.get_one(Cart, cart_id), shop.honey, 3, now=now)
            meet()
            return 0
        shown = carts.view(db.session.get_one(Cart, cart_id), now).goods_vnd
        db.session.rollback()
        meet()
        meet()
        return carts.view(db.session.get_one(Cart, cart_id), now).goods_vnd - shown

    assert race(app, 2, act)[0] == 240_000


# --- One letter, however often -------------------------------------------------------------------------


def test_money_told_often_writes_one_letter(ctx: Flask, shop: Shop, now: datetime) -> None:
    purchase = buy(shop, now, 130_000, (shop.rice, 2))
    with transaction():
        assert purchase.contact is not None
        purchase.contact.email = "mua@vidu.example"
    for _ in range(3):
        arrive(purchase.payments[0], 130_000, now)

    letters = db.session.scalars(select(Job.args).where(Job.kind == "mail.send")).all()
    assert [letter["facts"]["what"] for letter in letters] == ["confirmed"]
