"""The books on screens: a producer reads its own, the office all it looks after, and each đồng opens to its order."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from accounts.models import Organisation, Role
from books.models import BooksProof, CommissionRate
from kernel import clock
from kernel.db import db, transaction
from storefront import settling
from storefront.order_models import Payment, PaymentMethod
from tests.factories import BA_DONG, Factories
from tests.orders import Shop, buy, open_shop
from tests.web import send

BOOKS = "/quan-tri/so-tien"


@pytest.fixture
def shop(make: Factories, app: Flask, now: datetime) -> Shop:
    """Two producers; A's order of 130.000 ₫ was paid to the office, B's of 150.000 ₫ to B."""
    shop = open_shop(make, app, now)
    office = make.office()
    with app.app_context():
        purchase = buy(shop, now, (shop.rice, 2), (shop.honey, 1), method=PaymentMethod.VIETQR, paid=False)
        ids = [payment.id for payment in purchase.payments]
        with transaction():
            first, second = (db.session.get_one(Payment, id) for id in ids)
            first.payee_id = office.id
            settling.capture(first, 130_000, now=now)
            settling.capture(second, 150_000, now=now)
    return shop


def test_a_producer_sees_what_is_due_by_whom_and_opens_it_to_its_order(shop: Shop, make: Factories) -> None:
    ours = make.client(shop.a)

    page = ours.get(BOOKS).text
    assert "Tổ OCOP mẫu" in page
    assert "130.000" in page
    due = ours.get(f"{BOOKS}/phai-thu").text
    assert "DH-000001-1" in due
    assert "DH-000001-2" not in due
    order = ours.get(f"{BOOKS}/chung-tu/DH-000001-1").text
    assert "Đơn được thanh toán" in order
    assert "Hộ mẫu B" not in order
    assert "DH-000001-1" in ours.get(f"{BOOKS}/phai-thu?dang=csv").text
    assert "-100.000" in ours.get(f"{BOOKS}/tai-khoan/sales").text
    assert "-100000" in ours.get(f"{BOOKS}/tai-khoan/sales?dang=csv").text


@pytest.mark.parametrize(
    "address",
    ["chung-tu/DH-000001-2", "chung-tu/DH-999999-1", "tai-khoan/khong-co", "phai-thu?to-chuc={other}", "?to-chuc=zzzz"],
)
def test_what_is_anothers_or_does_not_exist_is_not_there(shop: Shop, make: Factories, address: str) -> None:
    path = f"{BOOKS}/{address}".replace("/?", "?").format(other=shop.b.code)

    assert make.client(shop.a).get(path).status_code == 404


def test_the_office_sees_all_accounts_and_the_books_of_each(shop: Shop, make: Factories, app: Flask) -> None:
    with app.app_context():
        office = db.session.scalars(select(Organisation).where(Organisation.kind == "office")).one()
    client = make.client(office)

    page = client.get(BOOKS).text
    assert "Tài khoản ngân hàng" in page
    assert "280.000" in page
    assert "chưa được kiểm chứng" in page
    assert "150.000" in client.get(f"{BOOKS}?to-chuc={shop.b.code}").text
    assert client.get(f"{BOOKS}?q=dh-000001-2").headers["Location"].endswith("/chung-tu/DH-000001-2")


def test_the_office_proves_the_books_and_reads_what_came_out(shop: Shop, make: Factories, app: Flask) -> None:
    client = make.client(make.office())

    answer = send(client, f"{BOOKS}/kiem-chung", {})

    assert answer.status_code == 303
    assert "Mọi thứ đều khớp" in client.get(BOOKS).text
    with app.app_context():
        assert db.session.scalars(select(BooksProof.difference_count)).all() == [0]


def test_a_difference_is_shown_in_red_with_its_words(shop: Shop, make: Factories, app: Flask) -> None:
    with app.app_context(), transaction() as session:
        session.get_one(Payment, 1).captured_vnd = 130_001
    client = make.client(make.office())

    send(client, f"{BOOKS}/kiem-chung", {})

    page = client.get(BOOKS).text
    assert "2 chỗ lệch" in page or "1 chỗ lệch" in page
    assert "130001 came" in page


def test_the_office_sets_a_rate_and_wrong_ones_are_refused_beside_the_field(
    shop: Shop, make: Factories, app: Flask, now: datetime
) -> None:
    client, today = make.client(make.office()), clock.business_date(now)
    typed = {"producer": shop.a.code, "rate": "7,5", "valid_from": f"{today:%d/%m/%Y}", "valid_until": ""}
    address = f"{BOOKS}/hoa-hong"

    for wrong in (
        {"rate": "101"},
        {"rate": "-1"},
        {"rate": ""},
        {"valid_from": f"{today - timedelta(days=1):%d/%m/%Y}"},
        {"valid_until": f"{today - timedelta(days=1):%d/%m/%Y}"},
        {"producer": "zzzz"},
    ):
        answer = send(client, address, typed | wrong)
        assert answer.status_code == 422, wrong
        assert typed["valid_from"] in answer.text or "valid_from" in wrong
    assert send(client, address, typed).status_code == 303

    assert "7,5 %" in client.get(address).text
    with app.app_context():
        assert db.session.scalars(select(CommissionRate.rate_bp)).all() == [750]


def test_who_only_reads_sets_nothing_and_a_communes_office_neither(shop: Shop, make: Factories) -> None:
    for client in (make.client(make.office(), role=Role.VIEWER), make.client(make.office(of=(BA_DONG,)))):
        assert client.get(f"{BOOKS}/hoa-hong").status_code == 403
        assert "Kiểm chứng sổ ngay" not in client.get(BOOKS).text
