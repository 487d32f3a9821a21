"""The producer's screens of orders: what to pack, the steps of a parcel, its cash, the papers; nobody else's orders."""

from __future__ import annotations

import subprocess
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from accounts.actor import SYSTEM
from accounts.models import Role
from catalog.models import TradeItem
from kernel.db import db, transaction
from stock import allocation, holding
from storefront.order_models import CodState, Order, OrderStep, Parcel, ParcelState, PaymentMethod, Placement, Refund
from tests.factories import BA_DONG, Factories
from tests.orders import PHONE, Shop, open_shop, order_of
from tests.web import send
from traceability.models import Lot

DESK = "/quan-tri/don-hang"


@pytest.fixture
def shop(make: Factories, app: Flask, now: datetime) -> Shop:
    return open_shop(make, app, now)


@pytest.fixture
def producer(make: Factories, shop: Shop) -> FlaskClient:
    """A's packer at a browser."""
    return make.client(shop.a)


def ordered(app: Flask, shop: Shop, now: datetime, quantity: int = 4, **facts) -> str:
    with app.app_context():
        return order_of(shop, now, quantity, **facts).number


def packed(app: Flask, shop: Shop, now: datetime, client: FlaskClient, **facts) -> tuple[str, str]:
    number = ordered(app, shop, now, **facts)
    carrier = "pickup" if facts.get("pickup") else "hand_over"
    assert send(client, f"{DESK}/{number}/dong-goi", carrier=carrier).status_code == 303
    with app.app_context():
        return number, db.session.query(Parcel).order_by(Parcel.id.desc()).first().number  # type: ignore[union-attr]


def parcel_of(app: Flask, number: str) -> Parcel:
    with app.app_context():
        return db.session.query(Parcel).filter_by(number=number).one()


def test_the_list_begins_with_what_is_to_be_packed_the_oldest_first(app: Flask, shop: Shop, producer, now) -> None:
    first = ordered(app, shop, now, 1, note="Gói quà giúp tôi")
    second = ordered(app, shop, now, 1)
    waiting = ordered(app, shop, now, 1, method=PaymentMethod.VIETQR, paid=False)

    page = producer.get(DESK).get_data(as_text=True)

    assert page.index(first) < page.index(second)
    assert waiting not in page
    assert waiting in producer.get(f"{DESK}?tinh-trang=waiting").get_data(as_text=True)
    assert waiting in producer.get(f"{DESK}?tinh-trang=tat-ca").get_data(as_text=True)


@pytest.mark.parametrize("words", ["{number}", "{lower}", "+84900000123", "0900 000 123", "0123", "{parcel}"])
def test_an_order_is_found_by_number_telephone_and_parcel(app: Flask, shop: Shop, producer, now, words: str) -> None:
    number, parcel = packed(app, shop, now, producer)
    asked = words.format(number=number, lower=number.lower(), parcel=parcel)

    page = producer.get(DESK, query_string={"q": asked}).get_data(as_text=True)

    assert f"{DESK}/{number}" in page


@pytest.mark.parametrize("words", ["%", "_", "DH-999999-1", "0999", "' OR 1=1 --", "\N{SNOWMAN}"])
def test_other_words_find_nothing_and_break_nothing(app: Flask, shop: Shop, producer, now, words: str) -> None:
    number = ordered(app, shop, now, 1)

    answer = producer.get(DESK, query_string={"q": words})

    assert answer.status_code == 200
    if words not in "%_":
        assert f"{DESK}/{number}" not in answer.get_data(as_text=True)


def test_the_list_as_a_file_has_who_to_send_to(app: Flask, shop: Shop, producer, now) -> None:
    number = ordered(app, shop, now, 2)

    text = producer.get(f"{DESK}?dang=csv").get_data(as_text=True)

    assert number in text
    assert "Người mua mẫu" in text
    assert "130000" in text


def test_a_producer_sees_no_others_order(app: Flask, shop: Shop, make: Factories, producer, now) -> None:
    number, parcel = packed(app, shop, now, producer)
    other = make.client(shop.b)

    assert number not in other.get(f"{DESK}?tinh-trang=tat-ca").get_data(as_text=True)
    for address in (
        f"{DESK}/{number}",
        f"{DESK}/{number}/dong-goi",
        f"{DESK}/{number}/huy",
        f"{DESK}/{number}/phieu-giao-hang.pdf",
        f"{DESK}/kien/{parcel}",
        f"{DESK}/kien/{parcel}/nhan.pdf",
        f"{DESK}/kien/{parcel}/buoc/delivered",
        f"{DESK}/kien/{parcel}/nhan-lai",
        f"{DESK}/kien/{parcel}/tien/collected",
        f"{DESK}/kien/{parcel}/ma",
    ):
        assert other.get(address).status_code == 404, address
    assert send(other, f"{DESK}/kien/{parcel}/buoc/delivered").status_code == 404
    assert send(other, f"{DESK}/{number}/hoa-don", number="1").status_code == 404


def test_the_office_reads_and_takes_no_step(app: Flask, shop: Shop, make: Factories, producer, now) -> None:
    number, parcel = packed(app, shop, now, producer)
    office = make.client(make.office())

    assert office.get(f"{DESK}/{number}").status_code == 200
    assert number in office.get(f"{DESK}?tinh-trang=on_the_way").get_data(as_text=True)
    assert send(office, f"{DESK}/kien/{parcel}/buoc/delivered").status_code == 403
    assert office.get(f"{DESK}/{number}/huy").status_code == 403


def test_who_only_looks_packs_nothing(app: Flask, shop: Shop, make: Factories, now) -> None:
    number = ordered(app, shop, now)
    viewer = make.client(shop.a, role=Role.VIEWER)

    assert viewer.get(f"{DESK}/{number}").status_code == 200
    assert send(viewer, f"{DESK}/{number}/dong-goi", carrier="hand_over").status_code == 403


def test_an_orders_page_has_what_one_needs_to_pack(app: Flask, shop: Shop, producer, now) -> None:
    number = ordered(app, shop, now, 8, note="Giao sau 17 giờ <b>")
    with app.app_context():
        lots = [db.session.get_one(Lot, key).number for key in (shop.first, shop.second)]

    page = producer.get(f"{DESK}/{number}").get_data(as_text=True)

    assert f"6 × {lots[0]}" in page
    assert f"2 × {lots[1]}" in page
    assert "Giao sau 17 giờ &lt;b&gt;" in page
    assert f'href="tel:{PHONE}"' in page
    assert "xã Ba Động" in page or "Xã Ba Động" in page
    assert "430.000" in page


def test_packing_asks_who_brings_it(app: Flask, shop: Shop, producer, now) -> None:
    number = ordered(app, shop, now)
    assert producer.get(f"{DESK}/{number}/dong-goi").status_code == 200

    for carrier in ("", "pickup", "bồ câu"):
        assert send(producer, f"{DESK}/{number}/dong-goi", carrier=carrier).status_code == 422
    answer = send(producer, f"{DESK}/{number}/dong-goi", carrier="ghn", code="x" * 61)
    assert answer.status_code == 422
    assert "x" * 61 in answer.get_data(as_text=True)

    assert send(producer, f"{DESK}/{number}/dong-goi", carrier="ghn", code="ab12").status_code == 303
    page = producer.get(f"{DESK}/{number}").get_data(as_text=True)
    assert "https://donhang.ghn.vn/?order_code=AB12" in page
    assert send(producer, f"{DESK}/{number}/dong-goi", carrier="ghn").status_code == 409


def test_a_held_batch_is_told_before_packing_and_another_is_taken(app: Flask, shop: Shop, producer, now) -> None:
    number = ordered(app, shop, now)
    with app.app_context(), transaction():
        holding.hold(db.session.get_one(Lot, shop.first), reason="Nghi ngờ", actor=SYSTEM, now=now)
        picked = allocation.live_of(number.rpartition("-")[0])[0].id
    change = f"{DESK}/{number}/doi-lo/{picked}"
    assert send(producer, f"{DESK}/{number}/dong-goi", carrier="hand_over").status_code == 409

    assert send(producer, change, lot=shop.second, reason="").status_code == 422
    assert send(producer, change, lot=shop.first, reason="Móp").status_code == 422
    assert send(producer, change, lot="abc", reason="Móp").status_code == 422
    assert producer.get(f"{DESK}/{number}/doi-lo/999").status_code == 404
    assert send(producer, change, lot=shop.second, reason="Lô trước tạm giữ").status_code == 303

    assert send(producer, f"{DESK}/{number}/dong-goi", carrier="hand_over").status_code == 303


def test_cancelling_asks_why_and_gives_money_back(app: Flask, shop: Shop, producer, now) -> None:
    number = ordered(app, shop, now, 2, method=PaymentMethod.VIETQR)
    assert send(producer, f"{DESK}/{number}/huy", cause="seller", reason=" ").status_code == 422

    assert send(producer, f"{DESK}/{number}/huy", cause="seller", reason="Mất mùa").status_code == 303

    assert send(producer, f"{DESK}/{number}/huy", cause="seller", reason="Mất mùa").status_code == 409
    with app.app_context():
        order = db.session.query(Order).filter_by(number=number).one()
        assert (order.placement, order.cancel_reason) == (Placement.CANCELLED, "Mất mùa")
        assert [refund.amount_vnd for refund in db.session.query(Refund)] == [130_000]


def test_invoice_and_telephone_call_are_on_record(app: Flask, shop: Shop, producer, now) -> None:
    number = ordered(app, shop, now)

    assert send(producer, f"{DESK}/{number}/hoa-don", number="1C26TAA-77").status_code == 303
    assert send(producer, f"{DESK}/{number}/da-goi", note="").status_code == 422
    assert send(producer, f"{DESK}/{number}/da-goi", note="Nhận hàng thứ bảy").status_code == 303

    page = producer.get(f"{DESK}/{number}").get_data(as_text=True)
    assert "1C26TAA-77" in page
    assert "Nhận hàng thứ bảy" in page
    with app.app_context():
        assert db.session.query(OrderStep).filter_by(what="called").count() == 1


def test_a_parcel_is_brought_and_its_cash_counted(app: Flask, shop: Shop, producer, now) -> None:
    number, parcel = packed(app, shop, now, producer, quantity=2)
    kien = f"{DESK}/kien/{parcel}"
    assert number in producer.get(kien).get_data(as_text=True)

    assert producer.get(f"{kien}/buoc/delivered").status_code == 200
    assert send(producer, f"{kien}/buoc/delivered", paid="y").status_code == 303
    assert parcel_of(app, parcel).cod_state is CodState.COLLECTED
    assert "130.000" in producer.get(f"{DESK}/tien-thu-ho").get_data(as_text=True)
    assert send(producer, f"{kien}/tien/handed_over").status_code == 303
    assert send(producer, f"{kien}/tien/reconciled", counted_vnd="120000").status_code == 422
    assert send(producer, f"{kien}/tien/reconciled", counted_vnd="130.000").status_code == 303

    assert parcel_of(app, parcel).cod_state is CodState.RECONCILED
    producer.get(f"{DESK}/{number}")  # reads what was said of the last step
    assert parcel not in producer.get(f"{DESK}/tien-thu-ho").get_data(as_text=True)
    assert send(producer, f"{kien}/tien/reconciled", counted_vnd="130.000").status_code == 409
    assert send(producer, f"{kien}/buoc/in_transit").status_code == 409


def test_delivered_without_cash_leaves_it_due(app: Flask, shop: Shop, producer, now) -> None:
    _, parcel = packed(app, shop, now, producer)

    assert send(producer, f"{DESK}/kien/{parcel}/buoc/delivered").status_code == 303

    assert parcel_of(app, parcel).cod_state is CodState.DUE
    assert send(producer, f"{DESK}/kien/{parcel}/tien/collected").status_code == 303


def test_what_failed_comes_back_and_is_taken_in(app: Flask, shop: Shop, producer, now) -> None:
    number, parcel = packed(app, shop, now, producer)
    kien = f"{DESK}/kien/{parcel}"
    assert send(producer, f"{kien}/buoc/failed", note="").status_code == 422
    assert send(producer, f"{kien}/buoc/failed", note="Không ai nghe máy").status_code == 303
    assert number in producer.get(f"{DESK}?tinh-trang=trouble").get_data(as_text=True)
    assert send(producer, f"{kien}/buoc/returning", note="Khách không nhận").status_code == 303

    assert send(producer, f"{kien}/nhan-lai").status_code == 422
    assert send(producer, f"{kien}/nhan-lai", goods="loss", note="").status_code == 422
    assert send(producer, f"{kien}/nhan-lai", goods="stock").status_code == 303

    assert parcel_of(app, parcel).state is ParcelState.RETURNED
    assert number in producer.get(f"{DESK}?tinh-trang=returned").get_data(as_text=True)


def test_what_is_fetched_is_handed_to_the_buyer(app: Flask, shop: Shop, producer, now) -> None:
    number, parcel = packed(app, shop, now, producer, pickup=True)

    page = producer.get(f"{DESK}/{number}").get_data(as_text=True)
    assert f"kien/{parcel}/buoc/delivered" in page
    assert f"kien/{parcel}/buoc/picked_up" not in page
    assert send(producer, f"{DESK}/kien/{parcel}/buoc/delivered", paid="y").status_code == 303


def test_a_step_that_does_not_exist_is_not_found(app: Flask, shop: Shop, producer, now) -> None:
    _, parcel = packed(app, shop, now, producer)

    for name in ("created", "returned", "lost", "x" * 300):
        assert producer.get(f"{DESK}/kien/{parcel}/buoc/{name}").status_code == 404
        assert producer.get(f"{DESK}/kien/{parcel}/tien/{name}").status_code == 404
    assert producer.get(f"{DESK}/kien/KH-999999").status_code == 404


@pytest.mark.parametrize("language", ["vi", "en"])
def test_papers_are_drawn(app: Flask, shop: Shop, producer, now, language: str) -> None:
    waits = ordered(app, shop, now, 8, note="Giao sau 17 giờ")
    _, parcel = packed(app, shop, now, producer, quantity=2)

    for path in (
        f"{waits}/phieu-giao-hang.pdf",
        "phieu-lay-hang.pdf",
        "phieu-don-hang.pdf",
        f"kien/{parcel}/nhan.pdf",
    ):
        answer = producer.get(f"{DESK}/{path}?lang={language}")
        assert answer.status_code == 200, path
        assert answer.data.startswith(b"%PDF-"), path
        assert answer.headers["Cache-Control"] == "no-store"


def test_the_slip_speaks_the_buyers_language_whoever_prints_it(app: Flask, shop: Shop, producer, now, tmp_path) -> None:
    """Goods and amounts too: the order was placed in Vietnamese, the clerk reads English."""
    with app.app_context(), transaction() as session:
        session.get_one(TradeItem, shop.rice).name_en = "Sample pack"
    waits = ordered(app, shop, now, 8)

    slip = producer.get(f"{DESK}/{waits}/phieu-giao-hang.pdf?lang=en").data
    (tmp_path / "slip.pdf").write_bytes(slip)
    drawn = subprocess.run(["pdftotext", "-layout", tmp_path / "slip.pdf", "-"], check=True, capture_output=True)
    words = drawn.stdout.decode()

    assert "Phiếu giao hàng" in words
    assert "Sample pack" not in words
    assert "400.000" in words
    assert "400,000" not in words


def test_papers_of_nothing_are_papers_too(shop: Shop, producer) -> None:
    for path in ("phieu-lay-hang.pdf", "phieu-don-hang.pdf"):
        assert producer.get(f"{DESK}/{path}").status_code == 200


RATE = {
    "is_served": "y",
    "base_vnd": "25.000",
    "base_g": "1",
    "step_vnd": "5.000",
    "step_g": "0,5",
    "free_above_vnd": "",
    "days_from": "1",
    "days_to": "3",
}


def test_a_producer_sets_a_rate_of_its_own(app: Flask, shop: Shop, producer) -> None:
    address = "/quan-tri/phi-giao-hang"
    for field, text in {"base_vnd": "-1", "base_g": "0", "step_g": "", "days_to": "0", "base_vnd ": ""}.items():
        wrong = RATE | {field.strip(): text}
        assert send(producer, f"{address}/commune", wrong).status_code == 422, field

    assert send(producer, f"{address}/commune", RATE).status_code == 303

    assert "25.000" in producer.get(address).get_data(as_text=True)
    assert producer.get(f"{address}/mat-trang").status_code == 404


def test_rates_of_all_are_a_provinces_matter(make: Factories, shop: Shop) -> None:
    assert make.client(make.office("Tỉnh", of=("51",))).get("/quan-tri/phi-giao-hang").status_code == 200
    assert make.client(make.office("Xã", of=(BA_DONG,))).get("/quan-tri/phi-giao-hang").status_code == 403
