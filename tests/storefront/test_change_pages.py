"""A buyer changes an order by its link, without an account or a script; the producer proposes, and sees what came."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from accounts.actor import SYSTEM
from kernel.db import db, transaction
from stock import verification
from storefront import agreement, parcels
from storefront.order_models import ChangeState, Order, OrderChange, PaymentMethod, Refund
from tests.factories import Factories
from tests.orders import Shop, buy, open_shop
from tests.web import send

DESK = "/quan-tri/don-hang"
PLACE = {"name": "Người nhận mẫu", "phone": "0900 000 009", "commune": "xã Ba Động, Quảng Ngãi", "address": "Thôn 2"}


@pytest.fixture
def shop(make: Factories, app: Flask, now: datetime) -> Iterator[Shop]:
    """Rice of A, honey of B; whatever is done there, goods and money add up."""
    yield open_shop(make, app, now)
    with app.app_context():
        assert verification.verify() == []
        assert agreement.verify() == []


@pytest.fixture
def order(app: Flask, shop: Shop, now: datetime) -> Order:
    """Four packs of A's rice, paid by transfer."""
    return _bought(app, shop, now, method=PaymentMethod.VIETQR)


def _bought(app: Flask, shop: Shop, now: datetime, **facts: Any) -> Order:
    with app.app_context():
        order = buy(shop, now, (shop.rice, 4), **facts).orders[0]
        db.session.refresh(order.purchase)
        assert order.lines
        return order


def _page(client: FlaskClient, order: Order, rest: str = "") -> str:
    return client.get(f"/don-hang/{order.purchase.token}{rest}").get_data(as_text=True)


def _read(app: Flask, order: Order) -> Order:
    with app.app_context():
        found = db.session.scalars(select(Order).where(Order.id == order.id)).one()
        assert found.purchase.contact is not None
        assert found.lines is not None
        return found


def _send(client: FlaskClient, order: Order, rest: str, **fields: str) -> tuple[int, str]:
    answer = send(client, f"/don-hang/{order.purchase.token}{rest}", fields)
    return answer.status_code, answer.get_data(as_text=True)


def test_fewer_goods_are_seen_with_their_sum_before_they_are_ordered(app, client: FlaskClient, order: Order) -> None:
    assert f"/don-hang/{order.purchase.token}/1/bot" in _page(client, order)
    assert 'name="packs_1"' in _page(client, order, "/1/bot")

    status, seen = _send(client, order, "/1/bot", packs_1="1", seen="0", act="look")
    assert status == 200
    assert 'name="shown_vnd" value="80000"' in seen
    assert _read(app, order).total_vnd == 230_000

    status, _ = _send(client, order, "/1/bot", packs_1="1", seen="0", shown_vnd="80000", act="change")
    assert status == 303
    again, _ = _send(client, order, "/1/bot", packs_1="1", seen="0", shown_vnd="80000", act="change")
    assert again == 303  # a second click
    assert _read(app, order).total_vnd == 80_000
    page = _page(client, order)
    assert "4" in page
    assert "80.000" in page
    with app.app_context():
        assert db.session.scalars(select(Refund.amount_vnd)).all() == [150_000]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"packs_1": "5"}, 422),
        ({"packs_1": "-1"}, 422),
        ({"packs_1": "một"}, 422),
        ({"packs_1": "9" * 30}, 422),
        ({"packs_1": "4"}, 422),
        ({"packs_1": "0"}, 422),
        ({}, 422),
        ({"packs_1": "2", "seen": "7", "act": "change", "shown_vnd": "130000"}, 409),
        ({"packs_1": "2", "seen": "x" * 40, "act": "change", "shown_vnd": "130000"}, 409),
        ({"packs_1": "2", "seen": "0", "act": "change", "shown_vnd": "80000"}, 409),
        ({"packs_1": "2", "seen": "0", "act": "change", "shown_vnd": "nhiều"}, 409),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_changed(
    app: Flask, client: FlaskClient, order: Order, fields: dict[str, str], status: int
) -> None:
    found, page = _send(client, order, "/1/bot", **fields)

    assert found == status
    assert 'role="alert"' in page
    if "packs_1" in fields:
        assert f'value="{fields["packs_1"]}"' in page
    assert _read(app, order).revision == 0


def test_once_it_is_packed_the_page_says_so(app: Flask, client: FlaskClient, order: Order, now: datetime) -> None:
    with app.app_context(), transaction():
        parcels.pack(db.session.get_one(Order, order.id), carrier="hand_over", actor=SYSTEM, now=now)

    assert "/1/bot" not in _page(client, order)
    assert 'name="packs_1"' not in _page(client, order, "/1/bot")
    assert _send(client, order, "/1/bot", packs_1="1", seen="0", shown_vnd="80000", act="change")[0] == 409
    assert "/nguoi-nhan" not in _page(client, order)
    assert _send(client, order, "/nguoi-nhan", **PLACE, seen="0")[0] == 409


def test_other_peoples_orders_are_not_found(client: FlaskClient, order: Order) -> None:
    for rest in ("/2/bot", "/9/bot"):
        assert client.get(f"/don-hang/{order.purchase.token}{rest}").status_code == 404
    assert client.get(f"/don-hang/{'x' * 26}/1/bot").status_code == 404
    assert client.get(f"/don-hang/{'x' * 26}/nguoi-nhan").status_code == 404
    assert send(client, f"/don-hang/{order.purchase.token}/de-nghi/TD-000009", answer="yes").status_code == 404


def test_where_it_goes_is_changed_and_the_producer_sees_it(
    app: Flask, client: FlaskClient, make: Factories, shop: Shop, order: Order
) -> None:
    page = _page(client, order, "/nguoi-nhan")
    assert "Thôn 1" in page
    status, _ = _send(client, order, "/nguoi-nhan", **PLACE, note_1="Gọi trước", seen="0")
    assert status == 303

    contact = _read(app, order).purchase.contact
    assert contact is not None
    assert (contact.name, contact.phone, contact.line) == ("Người nhận mẫu", "+84900000009", "Thôn 2")
    assert _read(app, order).note == "Gọi trước"
    assert "Thôn 2" in make.client(shop.a).get(f"{DESK}/{order.number}").get_data(as_text=True)


@pytest.mark.parametrize(
    ("field", "typed"),
    [("name", ""), ("phone", "12"), ("commune", "Làng không có"), ("address", ""), ("note_1", "x" * 501)],
)
def test_what_is_wrong_about_an_address_stands_beside_it(
    app: Flask, client: FlaskClient, order: Order, field: str, typed: str
) -> None:
    status, page = _send(client, order, "/nguoi-nhan", **{**PLACE, "seen": "0", field: typed})

    assert status == 422
    assert f'id="{field}-error"' in page
    if field != "address":
        assert "Thôn 2" in page
    assert _read(app, order).revision == 0


def test_a_producer_asks_and_the_buyer_answers(
    app: Flask, client: FlaskClient, make: Factories, shop: Shop, order: Order
) -> None:
    producer = make.client(shop.a)
    address = f"{DESK}/{order.number}/de-nghi-bot"
    assert 'name="packs_1"' in producer.get(address).get_data(as_text=True)
    assert send(producer, address, packs_1="3", reason="", seen="0").status_code == 422
    assert send(producer, address, packs_1="4", reason="Hết", seen="0").status_code == 422
    assert send(producer, address, packs_1="3", reason="Hết", seen="5").status_code == 409
    assert send(producer, address, packs_1="3", reason="Vỡ một gói", seen="0").status_code == 303
    assert _read(app, order).total_vnd == 230_000

    page = _page(client, order)
    assert "Vỡ một gói" in page
    number = re.findall(r"/de-nghi/(TD-\d+)", page)[0]
    assert _send(client, order, f"/de-nghi/{number}", answer="yes")[0] == 303
    assert _send(client, order, f"/de-nghi/{number}", answer="no")[0] == 303  # the old tab
    assert _read(app, order).total_vnd == 180_000
    assert number in producer.get(f"{DESK}/{order.number}").get_data(as_text=True)


def test_a_buyer_may_say_no_and_a_producer_may_take_it_back(
    app: Flask, client: FlaskClient, make: Factories, shop: Shop, order: Order
) -> None:
    producer = make.client(shop.a)
    address = f"{DESK}/{order.number}/de-nghi-bot"
    for number in ("TD-000001", "TD-000002"):
        assert send(producer, address, packs_1="3", reason="Vỡ một gói").status_code == 303
        if number == "TD-000001":
            assert _send(client, order, f"/de-nghi/{number}", answer="no")[0] == 303
            assert send(producer, f"{address}/{number}/rut").status_code == 409
        else:
            assert send(producer, f"{address}/{number}/rut").status_code == 303

    with app.app_context():
        states = db.session.scalars(select(OrderChange.state).order_by(OrderChange.id)).all()
    assert states == [ChangeState.REFUSED, ChangeState.WITHDRAWN]
    assert _read(app, order).total_vnd == 230_000
    assert "/de-nghi/" not in _page(client, order)


def test_nobody_else_proposes_anything(app: Flask, make: Factories, shop: Shop, order: Order) -> None:
    other, office = make.client(shop.b), make.client(make.office())
    address = f"{DESK}/{order.number}/de-nghi-bot"
    for client in (other, office):
        assert send(client, address, packs_1="3", reason="Vỡ", seen="0").status_code in (403, 404)
        assert send(client, f"{address}/TD-000001/rut").status_code in (403, 404)


def test_who_packs_from_an_old_page_is_told(app: Flask, make: Factories, shop: Shop, client, order: Order) -> None:
    producer = make.client(shop.a)
    assert 'name="seen" value="0"' in producer.get(f"{DESK}/{order.number}/dong-goi").get_data(as_text=True)
    assert _send(client, order, "/1/bot", packs_1="1", seen="0", shown_vnd="80000", act="change")[0] == 303

    assert send(producer, f"{DESK}/{order.number}/dong-goi", carrier="hand_over", seen="0").status_code == 409
    assert send(producer, f"{DESK}/{order.number}/dong-goi", carrier="hand_over", seen="1").status_code == 303
