"""Carts that want the same goods in opposite orders, bought at once: nobody waits for each other for ever."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from kernel.db import db, transaction
from stock.models import Balance
from storefront import agreement, ordering, paying
from storefront import cart as carts
from storefront.order_models import Cart, Order
from tests.buying import Shop, asked, fill, free, open_shop
from tests.factories import Factories
from tests.races import meet, race

BUYERS, TURNS = 8, 12
SECONDS = 60


@pytest.fixture
def large_shop(make: Factories, app: Flask, now: datetime) -> Shop:
    return open_shop(make, app, now, times=20)


def _cart(shop: Shop, number: int, now: datetime) -> int:
    """Fill a cart: every other one with the honey first."""
    first, second = (shop.rice, shop.honey) if number % 2 else (shop.honey, shop.rice)
    cart = fill(now, (first, 1))
    with transaction():
        carts.put(cart, second, 1, now=now + timedelta(seconds=1))
    return cart.id


@pytest.mark.race
def test_carts_in_opposite_orders_never_wait_for_each_other_for_ever(
    app: Flask, large_shop: Shop, now: datetime
) -> None:
    with app.app_context():
        ids = [[_cart(large_shop, number, now) for _ in range(TURNS)] for number in range(BUYERS)]

    def buy(number: int) -> int:
        turned_away = 0
        for cart_id in ids[number]:
            try:
                with transaction():
                    purchase = ordering.place(db.session.get_one(Cart, cart_id), asked(large_shop, 230_000), now=now)
                    paying.ask(purchase, now=now)
            except DBAPIError:
                turned_away += 1
        return turned_away

    assert race(app, BUYERS, buy) == [0] * BUYERS
    with app.app_context():
        assert (free(large_shop.rice, now), free(large_shop.honey, now)) == (200 - 96, 100 - 96)
        assert agreement.verify() == []


@pytest.mark.race
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)  # on SQLite a writer is alone, and waits for nobody
def test_for_a_minute_carts_in_opposite_orders_are_bought_and_called_off(
    app: Flask, large_shop: Shop, now: datetime
) -> None:
    """Eight buyers, two of them of each producer's goods first and both ways round, as fast as they can."""
    ends = time.monotonic() + SECONDS

    def buy(number: int) -> tuple[int, list[str]]:
        turns, turned_away = 0, []
        while time.monotonic() < ends:
            cart_id = _cart(large_shop, number, now)
            try:
                with transaction():
                    purchase = ordering.place(db.session.get_one(Cart, cart_id), asked(large_shop, 230_000), now=now)
                    paying.ask(purchase, now=now)
                for order in purchase.orders[:: 1 if number % 4 < 2 else -1]:
                    with transaction():
                        ordering.cancel(db.session.get_one(Order, order.id), cause="buyer", now=now)
            except DBAPIError as refused:
                turned_away.append(str(getattr(refused.orig, "sqlstate", refused.orig)))
            db.session.remove()
            turns += 1
        return turns, turned_away

    found = race(app, BUYERS, buy, patience=3 * SECONDS)

    assert [turned_away for _, turned_away in found] == [[]] * BUYERS
    assert min(turns for turns, _ in found) > 1
    with app.app_context():
        assert (free(large_shop.rice, now), free(large_shop.honey, now)) == (200, 100)
        assert agreement.verify() == []


@pytest.mark.race
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)  # on SQLite a writer is alone, and waits for nobody
def test_control_who_locks_in_the_order_of_the_cart_is_turned_away(app: Flask, shop: Shop, now: datetime) -> None:
    """The control: the goods are locked as they lie in the cart, the first by all before anybody locks the second."""
    with app.app_context():
        keys = list(db.session.scalars(select(Balance.lot_id).where(Balance.on_hand > 0).order_by(Balance.lot_id)))

    def act(number: int) -> str:
        try:
            with transaction() as session:
                for turn, lot_id in enumerate(keys if number else reversed(keys)):
                    session.execute(select(Balance.on_hand).where(Balance.lot_id == lot_id).with_for_update())
                    if turn == 0:
                        meet()
        except DBAPIError as refused:
            return str(getattr(refused.orig, "sqlstate", ""))
        return "both"

    assert sorted(race(app, 2, act)) == ["40P01", "both"]
