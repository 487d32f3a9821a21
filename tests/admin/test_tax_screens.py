"""Tax held back on screens: the month of each seller as a list, the switch of the office, the page of an order."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import select

from accounts.actor import SYSTEM
from accounts.models import LegalForm, Organisation, Role
from books import paying_tax, withholding
from books.models import WithholdingSwitch
from kernel import clock
from kernel.db import db, transaction
from kernel.models import AuditEntry
from storefront import settling
from storefront.order_models import PaymentMethod
from tests.factories import BA_DONG, Factories
from tests.orders import Shop, open_shop, order_of
from tests.web import send

TAXES = "/quan-tri/thue"


@pytest.fixture
def office(make: Factories) -> Organisation:
    return make.office()


@pytest.fixture
def shop(make: Factories, app: Flask, office: Organisation, now: datetime) -> Shop:
    """A is a household with a tax code; of its order of 100.000 ₫ of goods a half was given back."""
    shop = open_shop(make, app, now)
    with app.app_context():
        with transaction():
            seller = db.session.get_one(Organisation, shop.a.id)
            seller.legal_form, seller.tax_code = LegalForm.HOUSEHOLD, "0100109106"
            withholding.turn(
                office, True, valid_from=clock.business_date(now), reason="Sàn thu hộ", actor=SYSTEM, now=now
            )
        order = order_of(shop, now, 2, method=PaymentMethod.VIETQR)
        with transaction():
            settling.refund(order.purchase.payments[0], 50_000, cause="r", reason="Trả hàng", now=now)
    return shop


def test_the_office_reads_the_month_of_each_seller_and_takes_it_along(
    shop: Shop, office: Organisation, make: Factories
) -> None:
    client = make.client(office)

    page = client.get(TAXES).text
    assert "Hợp tác xã mẫu A" in page
    assert "0100109106" in page
    assert "Thuế khấu trừ, tháng 11/2026" in page
    rows = list(csv.reader(io.StringIO(client.get(f"{TAXES}?dang=csv").text.removeprefix("\ufeff"))))
    wanted = ["100000", "1000", "500", "50000", "500", "250", "750", "750"]
    assert rows[1] == ["Hợp tác xã mẫu A", shop.a.code, "0100109106", *wanted]
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{TAXES}?dang=xlsx").data))
    cells = [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]
    assert cells[0] == rows[0]
    assert cells[1] == [*rows[1][:3], *map(int, wanted)]
    assert "DH-000001-1" in client.get(f"{TAXES}?to-chuc={shop.a.code}").text


@pytest.mark.parametrize("month", ["2026-10", "2999-12", "2000-01"])
def test_another_month_is_empty(shop: Shop, office: Organisation, make: Factories, month: str) -> None:
    assert "Tháng này không khấu trừ" in make.client(office).get(f"{TAXES}?thang={month}").text


@pytest.mark.parametrize("month", ["2026-13", "x", "2026", "-", "0000-01", "２０２６-11"])
def test_what_is_no_month_is_this_one(shop: Shop, office: Organisation, make: Factories, month: str) -> None:
    assert "tháng 11/2026" in make.client(office).get(f"{TAXES}?thang={month}").text


def test_a_producer_reads_its_own_order_by_order(shop: Shop, make: Factories) -> None:
    page = make.client(shop.a).get(TAXES).text
    assert "DH-000001-1" in page
    assert "người bán đã nhận tiền" in page
    other = make.client(shop.b).get(TAXES).text
    assert "DH-000001-1" not in other
    assert make.client(shop.b).get(f"{TAXES}?to-chuc={shop.a.code}").status_code == 404


def test_the_order_and_the_money_page_lead_to_it(shop: Shop, make: Factories) -> None:
    ours = make.client(shop.a)

    page = ours.get("/quan-tri/don-hang/DH-000001-1").text
    assert "Thuế khấu trừ" in page
    assert "thuế GTGT 500" in page
    assert "nhà sản xuất nợ khoản thuế này" in page
    assert TAXES in ours.get("/quan-tri/tien").text


def test_the_office_turns_the_switch_with_a_reason_and_it_is_in_the_trail(
    shop: Shop, office: Organisation, make: Factories, app: Flask
) -> None:
    client = make.client(office)
    typed = {"is_on": "khong", "seller": shop.a.code, "valid_from": "25/11/2026", "reason": "Dưới 1 tỷ đồng"}

    assert send(client, f"{TAXES}/cong-tac", typed).status_code == 303
    page = client.get(f"{TAXES}/cong-tac").text
    assert "Dưới 1 tỷ đồng" in page
    assert "Chưa ai đối chiếu" in page
    with app.app_context():
        row = db.session.scalars(select(WithholdingSwitch).order_by(WithholdingSwitch.id.desc())).first()
        assert row is not None
        assert (row.is_on, row.seller_id) == (False, shop.a.id)
        acts = db.session.scalars(select(AuditEntry.action).where(AuditEntry.subject == f"organisation:{shop.a.code}"))
        assert "books.turn_withholding" in set(acts)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"reason": " "}, "Hãy nói lý do"),
        ({"valid_from": "23/11/2026"}, "từ hôm nay trở đi"),
        ({"valid_from": "99/99"}, 'id="valid_from-error"'),
        ({"is_on": "x"}, 'id="is_on-error"'),
        ({"seller": "zzzz"}, 'id="seller-error"'),
    ],
)
def test_what_cannot_be_is_said_beside_the_field_and_nothing_is_lost(
    shop: Shop, office: Organisation, make: Factories, wrong: dict[str, str], words: str
) -> None:
    typed = {"is_on": "co", "valid_from": "25/11/2026", "reason": "Sàn thu hộ tiền", **wrong}

    answer = send(make.client(office), f"{TAXES}/cong-tac", typed)

    assert answer.status_code == 422
    assert words in answer.text or "error" in answer.text
    if "reason" not in wrong:
        assert "Sàn thu hộ tiền" in answer.text


def test_an_office_of_a_commune_does_not_turn_it(shop: Shop, make: Factories) -> None:
    commune = make.office("Xã", of=(BA_DONG,))

    assert make.client(commune).get(f"{TAXES}/cong-tac").status_code == 403
    assert make.client(commune, role=Role.VIEWER).get(TAXES).status_code == 200


# --- Paid on to the state -----------------------------------------------------------------------------

PAID = {"month": "2026-11", "amount": "750", "paid_on": "24/11/2026", "reference": "KB-2026-1", "request_key": "7" * 32}


def test_the_office_writes_down_what_it_paid_once_and_takes_an_error_back(
    shop: Shop, office: Organisation, make: Factories, app: Flask
) -> None:
    client = make.client(office)
    assert "Còn phải nộp Nhà nước đến hết 11/2026" in client.get(TAXES).text
    form = client.get(f"{TAXES}/nop?thang=2026-11").text
    assert 'value="750"' in form
    assert "11/2026: còn phải nộp 750" in form

    for _ in range(2):  # the same form twice is one payment
        answer = send(client, f"{TAXES}/nop", PAID)
        assert answer.location == f"{TAXES}?thang=2026-11"
    page = client.get(TAXES).text
    assert "KB-2026-1" in page
    assert "NT-000002" not in page
    assert "Hiện không còn khoản nào phải nộp" in client.get(f"{TAXES}/nop").text
    books = client.get("/quan-tri/so-tien/chung-tu/NT-000001").text
    assert "Nộp thuế cho Nhà nước" in books
    assert "-750" in books

    assert send(client, f"{TAXES}/nop/NT-000001/rut", {"reason": " "}).status_code == 422
    assert send(client, f"{TAXES}/nop/NT-000001/rut", {"reason": "Ghi nhầm kỳ"}).status_code == 303
    page = client.get(TAXES).text
    assert "Ghi nhầm kỳ" in page
    assert "Đã rút" in page
    assert send(client, f"{TAXES}/nop/NT-000001/rut", {"reason": "Lần nữa"}).status_code == 409
    with app.app_context():
        acts = db.session.scalars(select(AuditEntry.action).where(AuditEntry.subject == "tax_payment:NT-000001"))
        assert set(acts) == {"books.pay_tax", "books.undo_tax_payment"}
    trail = client.get("/quan-tri/nhat-ky").text
    assert "ghi một lần nộp thuế" in trail


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"amount": "751"}, "chỉ còn phải nộp 750 đồng"),
        ({"amount": "0"}, 'id="amount-error"'),
        ({"amount": "bảy trăm"}, 'value="bảy trăm"'),
        ({"month": "2026-12"}, 'id="month-error"'),
        ({"month": "2026-10"}, "chỉ còn phải nộp 0 đồng"),
        ({"paid_on": "25/11/2026"}, "hôm nay hoặc trước đó"),
        ({"reference": ""}, 'id="reference-error"'),
    ],
)
def test_a_payment_that_cannot_be_is_said_beside_the_field(
    shop: Shop, office: Organisation, make: Factories, wrong: dict[str, str], words: str
) -> None:
    answer = send(make.client(office), f"{TAXES}/nop", {**PAID, **wrong})

    assert answer.status_code == 422
    assert words in answer.text
    if "reference" not in wrong:
        assert "KB-2026-1" in answer.text


def test_what_another_office_paid_is_not_there(shop: Shop, office: Organisation, make: Factories) -> None:
    assert send(make.client(office), f"{TAXES}/nop", PAID).status_code == 303
    other = make.client(make.office("Văn phòng khác", of=("20",)))

    assert "KB-2026-1" not in other.get(TAXES).text
    assert other.get(f"{TAXES}/nop/NT-000001/rut").status_code == 404
    assert "KB-2026-1" not in make.client(shop.a).get(TAXES).text


def test_the_page_says_of_how_many_sellers_tax_is_held_back_though_not_of_all(
    shop: Shop, office: Organisation, make: Factories, app: Flask, now: datetime
) -> None:
    with app.app_context(), transaction():
        seller = db.session.get_one(Organisation, shop.a.id)
        facts = {"valid_from": clock.business_date(now), "reason": "Thử", "actor": SYSTEM, "now": now}
        withholding.turn(office, False, **facts)
        withholding.turn(office, True, seller=seller, **facts)

    page = make.client(office).get(TAXES).text
    assert "Hiện không khấu trừ thuế" not in page
    assert "Hiện khấu trừ thuế của 1 người bán" in page


def test_the_dashboard_asks_for_last_months_tax_until_it_is_paid(
    shop: Shop, office: Organisation, make: Factories, stopped_clock: Callable[[datetime], None]
) -> None:
    client, start = make.client(office), "/quan-tri"

    def on(day: int, month: int = 12) -> str:
        stopped_clock(datetime(2026, month, day, 3, tzinfo=UTC))
        return client.get(start).text.replace("\xa0", " ")

    label = "Thuế đã khấu trừ phải nộp Nhà nước"
    assert label not in on(30, 11), "the month is not over"
    page = on(1)
    assert label in page
    assert "750 ₫, hạn nộp 20/12/2026" in page
    assert f"{TAXES}/nop?thang=2026-11" in page
    assert "quá hạn" not in on(20)
    assert f"{label}, quá hạn" in on(21)
    assert "hạn nộp 20/12/2026" in client.get(f"{TAXES}?thang=2026-11").text
    assert 'value="750"' in client.get(f"{TAXES}/nop?thang=2026-11").text
    for other in (shop.a, make.office("Văn phòng khác", of=("20",))):
        assert label not in make.client(other).get(start).text

    assert send(client, f"{TAXES}/nop", {**PAID, "amount": "250"}).status_code == 303
    assert "500 ₫, hạn nộp 20/12/2026" in on(22)
    rest = {**PAID, "amount": "500", "reference": "KB-2026-2", "request_key": "8" * 32}
    assert send(client, f"{TAXES}/nop", rest).status_code == 303
    assert label not in on(22)
    assert send(client, f"{TAXES}/nop/NT-000002/rut", {"reason": "Ghi nhầm"}).status_code == 303
    assert label in on(22), "what was taken back is owed again"


def test_who_only_reads_is_not_asked_to_pay_tax(
    shop: Shop, office: Organisation, make: Factories, stopped_clock: Callable[[datetime], None]
) -> None:
    stopped_clock(datetime(2026, 12, 21, 3, tzinfo=UTC))
    assert "phải nộp Nhà nước" not in make.client(office, role=Role.VIEWER).get("/quan-tri").text


def test_the_day_is_that_of_the_oldest_month_that_is_unpaid(shop: Shop, office: Organisation, app: Flask) -> None:
    with app.app_context():
        found = paying_tax.due(office.id, date(2027, 2, 3))
        assert found == paying_tax.Due(750, date(2027, 1, 1), date(2026, 12, 20))
        assert paying_tax.due(office.id, date(2026, 11, 30)) is None
        assert paying_tax.pay_by(office.id, date(2026, 5, 1)) is None, "no rule was in force"
