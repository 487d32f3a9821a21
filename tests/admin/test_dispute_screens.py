"""Disputes of cards on screens: what is asked, until when, and what is said to it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from accounts.models import Organisation
from kernel.db import db, transaction
from kernel.models import Job
from storefront import disputes, settling
from storefront.dispute_models import CardDispute, DisputeDecision
from storefront.gateways import Disputed
from storefront.order_models import Order, Payment, PaymentMethod
from tests.factories import Factories
from tests.orders import buy, open_shop
from tests.web import send

DISPUTES = "/quan-tri/tien/tranh-chap-the"


@pytest.fixture
def office(make: Factories, app: Flask, now: datetime) -> Organisation:
    """An office that was paid 130,000 đ by card, all of which the payer's bank asks back within seven days."""
    shop, office = open_shop(make, app, now), make.office()
    with app.app_context():
        payment_id = buy(shop, now, (shop.rice, 2), method=PaymentMethod.VIETQR, paid=False).payments[0].id
        with transaction():
            payment = db.session.get_one(Payment, payment_id)
            payment.payee_id, payment.method, payment.reference = office.id, PaymentMethod.CARD, "pi_1"
            settling.capture(payment, 130_000, now=now)
        with transaction():
            disputes.take(
                Disputed("dp_1", "pi_1", 130_000, "fraudulent", "to_answer", False, now + timedelta(days=7)), now=now
            )
    return office


def test_the_office_sees_it_among_its_tasks_and_in_the_list(office: Organisation, make: Factories) -> None:
    client = make.client(office)

    assert "Tranh chấp thẻ cần trả lời" in client.get("/quan-tri").text
    assert DISPUTES in client.get("/quan-tri/tien").text
    page = client.get(DISPUTES).text
    assert "TC-000001" in page
    assert "130.000" in page
    assert "Chủ thẻ nói không phải họ trả" in page
    assert "Cần trả lời" in page
    assert "DH-000001" in client.get(f"{DISPUTES}/TC-000001").text


def test_an_answer_is_on_record_once(office: Organisation, make: Factories, app: Flask) -> None:
    client = make.client(office)
    typed = {"decision": "answer", "words": "Giao ngày 20/11\n<b>có chữ ký</b>"}

    assert send(client, f"{DISPUTES}/TC-000001", typed).status_code == 303
    page = client.get(f"{DISPUTES}/TC-000001").text
    assert "&lt;b&gt;có chữ ký" in page
    assert "Đang báo cho bên nhận thẻ" in page
    with app.app_context():
        assert db.session.scalars(select(CardDispute.decision)).one() is DisputeDecision.ANSWER
        assert disputes.DECISION_JOB in set(db.session.scalars(select(Job.kind)))


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"decision": "answer", "words": " "}, "Hãy viết điều ngân hàng cần biết"),
        ({"decision": "answer", "words": "x" * 5_001}, "x" * 50),
        ({"decision": "nothing", "words": "Giữ lại lời này"}, "Giữ lại lời này"),
    ],
)
def test_what_cannot_be_is_said_beside_the_field(
    office: Organisation, make: Factories, typed: dict[str, str], words: str
) -> None:
    answer = send(make.client(office), f"{DISPUTES}/TC-000001", typed)

    assert answer.status_code == 422
    assert words in answer.text


def test_a_second_decision_is_refused_in_words(office: Organisation, make: Factories, app: Flask) -> None:
    first, second = make.client(office), make.client(office)
    page = second.get(f"{DISPUTES}/TC-000001")
    assert send(first, f"{DISPUTES}/TC-000001", {"decision": "accept"}).status_code == 303

    answer = send(second, f"{DISPUTES}/TC-000001", {"decision": "answer", "words": "Đã giao"})

    assert page.status_code == 200
    assert answer.status_code in (409, 422)
    assert "không còn gì để quyết định" in answer.text


def test_a_producer_and_another_office_see_nothing_of_it(office: Organisation, make: Factories, app: Flask) -> None:
    for other in (make.producer("Hộ khác"), make.office("Tỉnh khác")):
        client = make.client(other)
        assert client.get(f"{DISPUTES}/TC-000001").status_code == 404
        assert "TC-000001" not in client.get(DISPUTES).text


def test_the_order_says_that_its_money_is_asked_back(office: Organisation, make: Factories) -> None:
    assert "Ngân hàng của người trả đòi lại tiền thẻ" in make.client(office).get("/quan-tri/don-hang/DH-000001-1").text


def test_an_order_that_is_kept_back_is_no_order_to_pack(
    office: Organisation, make: Factories, app: Flask, client: FlaskClient
) -> None:
    with app.app_context():
        order = db.session.scalars(select(Order)).one()
        kitchen = make.client(order.producer)
        token = order.purchase.token
        db.session.rollback()
    address = "/quan-tri/don-hang/DH-000001-1"
    page = kitchen.get(f"{address}?lang=en").text
    assert "Do not send it yet" in page
    assert "/dong-goi" not in page
    assert "DH-000001-1" not in kitchen.get("/quan-tri/don-hang").text
    assert "DH-000001-1" in kitchen.get("/quan-tri/don-hang?tinh-trang=kept_back").text
    assert "Orders kept back by a card dispute" in kitchen.get("/quan-tri?lang=en").text
    assert send(kitchen, f"{address}/dong-goi", {"carrier": "hand_over"}).status_code == 409
    bought = client.get(f"/don-hang/{token}?lang=en").text
    assert "Kept back" in bought
    assert "Paid, thank you" not in bought

    assert send(kitchen, f"{address}/van-gui", {"note": ""}).status_code == 422
    assert send(kitchen, f"{address}/van-gui", {"note": "Người mua rút lại yêu cầu"}).status_code == 303
    page = kitchen.get(f"{address}?lang=en").text
    assert "/dong-goi" in page
    assert "To be sent in spite of the card dispute" in page
    assert send(kitchen, f"{address}/van-gui", {"note": "Lần nữa"}).status_code == 409
    assert send(kitchen, f"{address}/dong-goi", {"carrier": "hand_over"}).status_code == 303
