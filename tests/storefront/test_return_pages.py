"""A buyer sends goods back by the link; the producer answers, takes them in, makes them good; the office looks on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from accounts.actor import SYSTEM
from kernel.db import db, transaction
from stock import verification
from storefront import agreement, buyers, complaints, ordering, parcels, return_rules, returns, settling
from storefront.after_models import Complaint, ComplaintKind
from storefront.order_models import Order, ParcelState, Payment, PaymentMethod, Refund, RefundState
from storefront.return_models import GoodsReturn, ReturnReason, ReturnState, ReturnWish
from storefront.settling import Arrived
from tests.factories import Factories
from tests.live import ROOT
from tests.orders import RICE_VND, Shop, buy, open_shop
from tests.storefront.test_reviews import picture
from tests.web import send

KEY = "a" * 32
DATA = {
    "reason": "changed_mind",
    "wish": "money",
    "bank": "970405",
    "number": "0123 456 789",
    "holder": "nguoi mua mau",
    "request_key": KEY,
}


@pytest.fixture
def shop(make: Factories, app: Flask, now: datetime) -> Iterator[Shop]:
    """Rice of A, honey of B; whatever is done there, goods and money add up."""
    yield open_shop(make, app, now)
    with app.app_context():
        assert verification.verify() == []
        assert agreement.verify() == []


@pytest.fixture
def order(app: Flask, shop: Shop, now: datetime) -> Order:
    """Two packs of A's rice, paid by transfer and delivered."""
    with app.app_context():
        order = buy(shop, now, (shop.rice, 2), method=PaymentMethod.VIETQR).orders[0]
        _bring(order, now)
        db.session.refresh(order.purchase)
        assert order.lines
    return order


def _bring(order: Order, now: datetime) -> None:
    with transaction():
        parcel = parcels.pack(order, carrier="hand_over", actor=SYSTEM, now=now)
        parcels.move_on(parcel, ParcelState.DELIVERED, actor=SYSTEM, now=now)


def link(order: Order) -> str:
    return f"/don-hang/{order.purchase.token}"


def ask_back(client: FlaskClient, order: Order, **facts: object) -> str:
    """Ask by the form; give the number."""
    sent = send(client, f"{link(order)}/1/tra-hang", {**DATA, "packs_1": "1", **facts})
    assert sent.status_code == 303, sent.text
    return sent.location.rsplit("/", 1)[1]


def test_a_pack_goes_back_from_the_link_to_the_refund(
    app: Flask, client: FlaskClient, make: Factories, shop: Shop, order: Order
) -> None:
    assert "Trả hàng" in client.get(link(order)).text
    form = client.get(f"{link(order)}/1/tra-hang")
    assert "trong 7 ngày" in form.text
    assert form.headers["Cache-Control"] == "no-store"

    data = {**DATA, "packs_1": "1", "words": "Chưa mở"}
    sent = send(client, f"{link(order)}/1/tra-hang", data, photos=[picture()])
    again = send(client, f"{link(order)}/1/tra-hang", data, photos=[picture()])
    assert sent.status_code == 303
    assert sent.location == again.location, "the same form again gives the first return"
    page = client.get(sent.location)
    assert "DT-000001" in page.text
    assert "••••6789" in page.text
    assert "0123456789" not in page.text

    clerk, there = make.client(shop.a), "/quan-tri/tra-hang/DT-000001"
    assert "DT-000001" in clerk.get("/quan-tri/tra-hang").text
    assert "Yêu cầu đổi trả cần trả lời" in clerk.get("/quan-tri").text
    assert "DT-000001" in clerk.get(f"/quan-tri/don-hang/{order.number}").text
    answer = send(clerk, f"{there}/tra-loi", decision="gui-ve", words="Gửi về kho mẫu")
    assert answer.status_code == 303
    assert "Gửi về kho mẫu" in client.get(sent.location).text
    assert "hoàn tiền ngay" not in clerk.get(there).text
    bad = send(clerk, f"{there}/nhan-hang", {f"good_1_{shop.first}": "2"})
    assert bad.status_code == 422
    assert send(clerk, f"{there}/nhan-hang", {f"good_1_{shop.first}": "1"}).status_code == 303

    with app.app_context():
        made = db.session.scalars(select(Refund)).one()
        assert (made.amount_vnd, made.state) == (RICE_VND, RefundState.ASKED)
        assert len(db.session.scalars(select(GoodsReturn)).one().photos) == 1
    money = clerk.get(f"/quan-tri/tien/tra-lai/{made.number}")
    assert "0123456789" in money.text
    assert "NGUOI MUA MAU" in money.text
    assert "<svg" in money.text
    assert send(clerk, f"/quan-tri/tien/tra-lai/{made.number}", reference="FT1").status_code == 303
    assert "đã hoàn ngày" in client.get(sent.location).text


def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(
    client: FlaskClient, make: Factories, shop: Shop, order: Order
) -> None:
    there = f"{link(order)}/1/tra-hang"
    none = send(client, there, {**DATA, "words": "Nắp hở"})
    many = send(client, there, {**DATA, "packs_1": "3"})
    wordless = send(client, there, {**DATA, "packs_1": "1", "reason": "damaged"})
    bankless = send(client, there, {**DATA, "packs_1": "1", "number": "", "bank": ""})
    odd = send(client, there, {**DATA, "packs_1": "một", "reason": "recalled"})

    assert [page.status_code for page in (none, many, wordless, bankless, odd)] == [422] * 5
    assert "Nắp hở" in none.text
    assert 'value="3"' in many.text
    assert "Xin viết hàng bị sao" in wordless.text
    assert 'id="bank-error"' in bankless.text
    assert client.get("/don-hang/" + "x" * 26 + "/1/tra-hang").status_code == 404
    assert client.get(f"{link(order)}/9/tra-hang").status_code == 404
    assert client.get(f"{link(order)}/tra-hang/DT-000009").status_code == 404


def test_a_refusal_is_read_by_the_buyer_who_can_complain_and_others_see_nothing(
    app: Flask, client: FlaskClient, make: Factories, shop: Shop, order: Order
) -> None:
    number = ask_back(client, order)
    there = f"/quan-tri/tra-hang/{number}"
    clerk, other, office = make.client(shop.a), make.client(shop.b), make.client(make.office())
    assert other.get(there).status_code == 404
    assert send(other, f"{there}/tra-loi", decision="giu-lai").status_code == 404
    assert office.get(there).status_code == 200
    assert send(office, f"{there}/tra-loi", decision="giu-lai").status_code == 403
    assert send(clerk, f"{there}/tra-loi", decision="tu-choi").status_code == 422
    assert send(clerk, f"{there}/tra-loi", decision="tu-choi", words="Hàng đã mở").status_code == 303
    assert send(clerk, f"{there}/tra-loi", decision="giu-lai").status_code == 409

    page = client.get(f"{link(order)}/tra-hang/{number}")
    assert "Hàng đã mở" in page.text
    assert f"{link(order)}/khieu-nai" in page.text
    assert send(client, f"{link(order)}/tra-hang/{number}/rut").status_code == 409


def test_a_buyer_keeps_the_goods_after_all(client: FlaskClient, shop: Shop, order: Order) -> None:
    number = ask_back(client, order)
    assert send(client, f"{link(order)}/tra-hang/{number}/rut").status_code == 303
    assert "giữ lại hàng" in client.get(f"{link(order)}/tra-hang/{number}").text


def test_goods_are_exchanged_and_what_is_missing_becomes_money(
    app: Flask, client: FlaskClient, make: Factories, shop: Shop, order: Order, now: datetime
) -> None:
    number = ask_back(client, order, wish="exchange", bank="", number="", holder="")
    clerk, there = make.client(shop.a), f"/quan-tri/tra-hang/{number}"
    assert send(clerk, f"{there}/tra-loi", decision="giu-lai").status_code == 303
    with app.app_context():
        taken = buy(shop, now, (shop.rice, 12)).orders[0]
    assert "không còn đủ" in send(clerk, f"{there}/doi-hang").text
    with app.app_context(), transaction():
        ordering.cancel(db.session.get_one(Order, taken.id), cause="buyer", now=now)
    assert send(clerk, f"{there}/doi-hang").status_code == 303
    anew = f"{order.purchase.number}-2"
    assert number in clerk.get(f"/quan-tri/don-hang/{anew}").text
    assert anew in client.get(f"{link(order)}/tra-hang/{number}").text
    assert "không tính tiền" in client.get(link(order)).text
    assert send(clerk, f"{there}/hoan-tien").status_code == 409
    assert send(clerk, f"/quan-tri/don-hang/{anew}/huy", cause="seller", reason="Vỡ hết").status_code == 303
    told = client.get(f"{link(order)}/tra-hang/{number}").text
    assert "Hàng cùng loại được gửi lại" not in told
    assert f"Đơn {anew} lẽ ra giao lại hàng cùng loại" in told
    assert "Chủ thể sẽ gửi lần nữa hoặc hoàn tiền" in told
    assert send(clerk, f"{there}/hoan-tien").status_code == 303
    assert "Chủ thể sẽ gửi lần nữa" not in client.get(f"{link(order)}/tra-hang/{number}").text
    with app.app_context():
        assert db.session.scalars(select(Refund.amount_vnd)).all() == [RICE_VND]


def test_who_wanted_an_exchange_says_where_the_money_goes_instead(
    app: Flask, client: FlaskClient, make: Factories, shop: Shop, order: Order, now: datetime
) -> None:
    number = ask_back(client, order, wish="exchange", bank="", number="", holder="")
    page, typed = f"{link(order)}/tra-hang/{number}", {name: DATA[name] for name in ("bank", "number", "holder")}
    assert "Chuyển vào đó" not in client.get(page).text
    assert send(client, f"{page}/tai-khoan", typed).status_code == 409
    clerk, there = make.client(shop.a), f"/quan-tri/tra-hang/{number}"
    assert send(clerk, f"{there}/tra-loi", decision="giu-lai").status_code == 303
    assert "Chuyển vào đó" in client.get(page).text
    assert send(clerk, f"{there}/hoan-tien").status_code == 303
    with app.app_context():
        (refund,) = db.session.scalars(select(Refund.number)).all()
    assert "hiện chưa có" in clerk.get(f"/quan-tri/tien/tra-lai/{refund}").text

    for wrong in ({"number": "12"}, {"bank": ""}, {"holder": "!"}):
        answer = send(client, f"{page}/tai-khoan", {**typed, **wrong})
        assert answer.status_code == 422
        assert "aria-invalid" in answer.text
    assert send(client, f"{page}/tai-khoan", typed).status_code == 303

    told = client.get(page).text
    assert "••••6789" in told
    assert "Chuyển vào đó" not in told
    assert send(client, f"{page}/tai-khoan", typed).status_code == 409
    shown = clerk.get(f"/quan-tri/tien/tra-lai/{refund}").text
    assert "0123456789" in shown
    assert "NGUOI MUA MAU" in shown
    stranger = f"/don-hang/{'x' * 26}/tra-hang/{number}/tai-khoan"
    assert send(client, stranger, typed, page=page).status_code == 404


def test_a_refund_claimed_in_error_is_called_off_and_claimed_again(
    app: Flask, client: FlaskClient, make: Factories, shop: Shop, order: Order
) -> None:
    number = ask_back(client, order)
    clerk = make.client(shop.a)
    send(clerk, f"/quan-tri/tra-hang/{number}/tra-loi", decision="giu-lai")
    assert send(clerk, "/quan-tri/tien/tra-lai/HT-000001/thoi", reason="").status_code == 422
    assert send(clerk, "/quan-tri/tien/tra-lai/HT-000001/thoi", reason="Nhầm").status_code == 303
    assert send(clerk, "/quan-tri/tien/tra-lai/HT-000001/thoi", reason="Nhầm").status_code in (409, 422)
    assert "HT-000001" not in client.get(link(order)).text
    assert "Yêu cầu hoàn tiền lần nữa" in clerk.get(f"/quan-tri/tra-hang/{number}").text

    assert send(clerk, f"/quan-tri/tra-hang/{number}/hoan-tien").status_code == 303
    assert send(clerk, f"/quan-tri/tra-hang/{number}/hoan-tien").status_code == 409
    assert "HT-000002" in client.get(link(order)).text


def test_the_office_claims_back_what_it_decided_once_and_within_what_was_paid(
    app: Flask, make: Factories, shop: Shop, order: Order, now: datetime
) -> None:
    office = make.client(make.office())
    with app.app_context():
        for outcome in ("for_buyer", "for_producer"):
            with transaction():
                here = db.session.get_one(Order, order.id)
                row = complaints.complain(here, ComplaintKind.DAMAGED, "Vỡ", language="vi", now=now)
                complaints.answer(row, "Không", actor=SYSTEM, now=now)
                complaints.dispute(row, "Có", now=now)
                complaints.decide(row, outcome, "Vì", actor=SYSTEM, now=now)
        mine, other = (row.number for row in db.session.scalars(select(Complaint).order_by(Complaint.id)))
    page = office.get(f"/quan-tri/khieu-nai/{mine}").text
    assert 'value="130.000"' in page, "all that can go back is filled in"
    assert "/hoan-tien" not in office.get(f"/quan-tri/khieu-nai/{other}").text

    assert send(office, f"/quan-tri/khieu-nai/{mine}/hoan-tien", amount_vnd="130.001").status_code == 422
    assert send(office, f"/quan-tri/khieu-nai/{other}/hoan-tien", amount_vnd="1.000").status_code == 409
    for _ in range(2):
        assert send(office, f"/quan-tri/khieu-nai/{mine}/hoan-tien", amount_vnd="70.000").status_code == 303

    assert send(office, f"/quan-tri/khieu-nai/{mine}/hoan-tien", amount_vnd="60.000").status_code == 409
    with app.app_context():
        made = db.session.scalars(select(Refund)).one()
        assert made.amount_vnd == 70_000
        with transaction():
            settling.refund_refused(made, reason="Nhầm", actor=SYSTEM, now=now)
    assert send(office, f"/quan-tri/khieu-nai/{mine}/hoan-tien", amount_vnd="60.000").status_code == 303
    with app.app_context():
        assert db.session.scalars(select(Refund.amount_vnd).order_by(Refund.id)).all() == [70_000, 60_000]
    assert make.client(shop.a).get(f"/quan-tri/khieu-nai/{mine}").status_code == 200


def test_a_contact_is_kept_while_goods_go_back_and_then_all_of_it_is_erased(
    app: Flask, client: FlaskClient, shop: Shop, order: Order, now: datetime
) -> None:
    later = now + timedelta(days=90)
    with app.app_context():
        with transaction():
            made = returns.ask(
                db.session.get_one(Order, order.id),
                {1: 1},
                reason=ReturnReason.DAMAGED,
                wish=ReturnWish.EXCHANGE,
                words="Nhà ở thôn 1",
                language="vi",
                now=now,
            )
            assert buyers.is_needed(order.purchase_id, later)
            returns.withdraw(made, now=now)
        with transaction():
            buyers.ask_erasure(order.purchase, now=later)
        db.session.refresh(made)
        assert (made.words, made.state) == ("", ReturnState.WITHDRAWN)
    assert client.get(f"{link(order)}/tra-hang/{made.number}").status_code == 200


@pytest.mark.parametrize(("language", "words"), [("vi", ("{} ngày",)), ("en", ("{} days", "{} working days"))])
def test_the_sample_page_says_the_days_that_are_in_force(language: str, words: tuple[str, ...]) -> None:
    text = (ROOT / "app/demo/data/texts" / f"doi-tra.{language}.md").read_text(encoding="utf-8")

    for days in (return_rules.RETURN_DAYS, return_rules.NOT_AS_SAID_DAYS, return_rules.ACCOUNT_KEPT.days):
        assert words[0].format(days) in text
    assert words[-1].format(return_rules.ANSWER_WORKING_DAYS) in text


def test_who_corrects_the_form_again_and_again_is_not_shut_out(client: FlaskClient, order: Order) -> None:
    for _ in range(9):
        answer = send(client, f"{link(order)}/1/tra-hang", {**DATA, "packs_1": "99", "words": "Nắp hũ vỡ"})
        assert answer.status_code == 422
        assert "Nắp hũ vỡ" in answer.text
    assert ask_back(client, order)


def test_money_that_came_twice_is_told_of(app: Flask, client: FlaskClient, order: Order, now: datetime) -> None:
    assert "ngoài số phải trả" not in client.get(link(order)).text
    with app.app_context(), transaction():
        payment = db.session.scalars(select(Payment)).one()
        settling.record(Arrived("FT9", "statement", payment.payee_id, 70_000, payment.code, now), now=now)

    page = client.get(link(order)).text
    assert "70.000 đ đến ngoài số phải trả" in page.replace("\xa0", " ").replace("₫", "đ")
