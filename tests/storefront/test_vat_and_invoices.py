"""VAT in orders, and invoices that buyers ask for: copied when ordered, shown to both, erased with who bought."""

from __future__ import annotations

import csv
import io
import re
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from accounts.actor import SYSTEM
from catalog import vat as rates
from catalog.models import TradeItem
from catalog.vat import NOT_SUBJECT
from kernel.db import db, transaction
from storefront import buyers, invoices, ordering, parcels, paying, settling, vat
from storefront.order_models import InvoiceWish, Order, Payment, Purchase
from tests.buying import Shop, asked, fill, open_shop
from tests.factories import Factories
from tests.web import send

WISH = invoices.Receiver("Công ty mẫu", "Số 1, Hà Nội", "0100109106", "ketoan@demo.example")


@pytest.fixture
def shop(make: Factories, app: Flask, now: datetime) -> Shop:
    """Rice at 50,000 đ with 8 % of VAT in it; honey of which nothing is stated."""
    shop = open_shop(make, app, now)
    with app.app_context(), transaction():
        rates.state(db.session.get_one(TradeItem, shop.rice), SYSTEM, 800, now=now)
    return shop


def bought(app: Flask, shop: Shop, now: datetime, invoice: invoices.Receiver | None = WISH) -> tuple[str, str]:
    """Buy three packs of rice and a jar of honey; give the key of the purchase and the number of the rice's order."""
    with app.app_context():
        cart = fill(now, (shop.rice, 3), (shop.honey, 1))
        with transaction():
            purchase = ordering.place(cart, asked(shop, 330_000, invoice=invoice), now=now)
            paying.ask(purchase, now=now)
        return purchase.token, purchase.orders[0].number


def test_the_rate_is_copied_and_what_was_ordered_keeps_it(app: Flask, shop: Shop, now: datetime) -> None:
    _, number = bought(app, shop, now)
    with app.app_context():
        with transaction():
            rates.state(db.session.get_one(TradeItem, shop.rice), SYSTEM, 500, now=now)
        order = db.session.scalars(select(Order).where(Order.number == number)).one()

        assert [line.vat_bp for line in order.lines] == [800]
        assert vat.of_order(order) == [(800, 150_000, 11_111)]
        other = db.session.scalars(select(Order).where(Order.number != number)).one()
        assert vat.of_order(other) == []


def test_a_discount_that_the_seller_bears_lessens_it_and_one_of_the_office_does_not(
    app: Flask, shop: Shop, make: Factories, now: datetime
) -> None:
    _, number = bought(app, shop, now)
    with app.app_context():
        order = db.session.scalars(select(Order).where(Order.number == number)).one()
        line = order.lines[0]
        columns = {column.name: getattr(line, column.name) for column in line.__table__.columns}
        discounted = {"line": 9, "discount_vnd": 42_000}
        with transaction() as session:
            session.execute(line.__table__.insert().values({**columns, **discounted}))
        assert vat.of_order(order) == [(800, 258_000, 19_111)]
        with transaction():
            order.discount_by_id = make.office().id

        assert vat.of_order(order) == [(800, 300_000, 22_222)]


def test_the_producer_sees_rate_and_invoice_on_the_order_its_slip_and_its_list(
    app: Flask, shop: Shop, make: Factories, now: datetime
) -> None:
    token, number = bought(app, shop, now)
    ours = make.client(shop.first)

    page = ours.get(f"/quan-tri/don-hang/{number}").text
    assert "11.111" in page
    assert "Công ty mẫu" in page
    assert "0100109106" in page
    for paper in (f"{number}/phieu-giao-hang.pdf", "phieu-don-hang.pdf"):
        assert ours.get(f"/quan-tri/don-hang/{paper}").status_code == 200
    rows = list(csv.DictReader(io.StringIO(ours.get("/quan-tri/don-hang?tinh-trang=&q=DH&dang=csv").text[1:])))
    assert [row["Thuế GTGT trong giá"] for row in rows if row["Đơn hàng"] == number] == ["11111"]
    with app.app_context(), transaction():
        order = db.session.scalars(select(Order).where(Order.number == number)).one()
        parcels.record_invoice(order, "1C26TAA-15", actor=SYSTEM, now=now)
    buyer = app.test_client().get(f"/don-hang/{token}").text
    assert "1C26TAA-15" in buyer
    assert "Nhà sản xuất xuất hóa đơn" in buyer  # the other order's
    assert "gồm thuế GTGT 8 %" in buyer


def test_a_paper_says_what_was_paid_for_goods_without_vat(
    app: Flask, shop: Shop, make: Factories, now: datetime, tmp_path: Path
) -> None:
    with app.app_context(), transaction():
        rates.state(db.session.get_one(TradeItem, shop.rice), SYSTEM, NOT_SUBJECT, now=now)
    _, number = bought(app, shop, now)
    slip = make.client(shop.first).get(f"/quan-tri/don-hang/{number}/phieu-giao-hang.pdf").data
    (tmp_path / "slip.pdf").write_bytes(slip)

    drawn = subprocess.run(["pdftotext", "-layout", tmp_path / "slip.pdf", "-"], check=True, capture_output=True)

    words = drawn.stdout.decode()
    assert re.search(r"Trong đó không chịu thuế GTGT\s+150\.000", words)
    assert "Gồm thuế GTGT" not in words


def test_the_books_say_it_beside_the_entries_of_an_order(
    app: Flask, shop: Shop, make: Factories, now: datetime
) -> None:
    _, number = bought(app, shop, now)
    with app.app_context(), transaction():
        for payment in db.session.scalars(select(Payment)).all():
            settling.capture(payment, payment.amount_vnd, now=now)

    page = make.client(shop.first).get(f"/quan-tri/so-tien/chung-tu/{number}").text
    assert "11.111" in page
    assert "trong 150.000" in page
    assert make.client(shop.second).get(f"/quan-tri/so-tien/chung-tu/{number}").status_code == 404


def test_without_a_wish_the_buyers_page_says_nothing_of_it(app: Flask, shop: Shop, now: datetime) -> None:
    token, _ = bought(app, shop, now, invoice=None)

    assert "thuế GTGT" not in app.test_client().get(f"/don-hang/{token}").text


def test_to_whom_it_is_made_out_is_erased_with_who_bought(app: Flask, shop: Shop, now: datetime) -> None:
    token, _ = bought(app, shop, now)
    with app.app_context():
        with transaction():
            purchase = db.session.scalars(select(Purchase).where(Purchase.token == token)).one()
            for order in purchase.orders:
                ordering.cancel(order, cause="buyer", now=now)
            buyers.ask_erasure(purchase, now=now)
        with transaction():
            buyers.erase_due(now + timedelta(days=400))

        assert db.session.scalars(select(InvoiceWish)).all() == []


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        (("", "Số 1", "", None), invoices.NoName),
        (("Công ty", " ", "", None), invoices.NoAddress),
        (("Công ty", "Số 1", "0100109107", None), invoices.BadTaxCode),
        (("", "", "0100109106", None), invoices.NoName),
    ],
)
def test_half_a_wish_is_asked_about(typed: tuple[str, str, str, str | None], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        invoices.receiver(*typed)


def test_nothing_typed_is_no_wish() -> None:
    assert invoices.receiver(" ", "", " ", None) is None
    assert invoices.receiver("Người mẫu", "Thôn 1", "", None) == invoices.Receiver("Người mẫu", "Thôn 1")


def test_a_producer_states_the_vat_of_a_size(app: Flask, shop: Shop, make: Factories, now: datetime) -> None:
    with app.app_context():
        product_id = db.session.get_one(TradeItem, shop.rice).product_id
    ours = make.client(shop.first)
    address = f"/quan-tri/san-pham/{product_id}/quy-cach/{shop.rice}/thue"

    assert "8 %" in ours.get(address).text
    assert send(ours, address, {"rate": "-1", "valid_from": "25/11/2026"}).status_code == 303
    assert send(ours, address, {"rate": "khong", "valid_from": "26/11/2026"}).status_code == 303
    page = ours.get(address).text
    assert "không chịu thuế GTGT" in page
    assert "Thuế GTGT: 8" in ours.get(f"/quan-tri/san-pham/{product_id}/quy-cach").text
    for wrong in (
        {"rate": "800", "valid_from": "01/01/2027"},
        {"rate": "700", "valid_from": "25/11/2026"},
        {"rate": "500", "valid_from": "23/11/2026"},
        {"valid_from": "25/11/2026"},
    ):
        assert send(ours, address, wrong).status_code == 422
    assert make.client(shop.second).get(address).status_code == 404
