"""Taxes on a phone without scripts: VAT that a producer states is on its orders, the buyer's page and in the books.

A bank statement brings a household's money: the tax held back is on the order, in the month's list and in the books.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import Page, expect

from catalog import vat
from kernel import clock
from tests.journeys.test_buying import amount_of, check_out
from tests.journeys.test_orders import press
from tests.live import LiveShop

JAR = "hũ 250 g"


def test_vat_that_a_producer_states_is_seen_by_buyer_and_producer_and_in_the_books(
    bare_phone: Callable[..., Page], shop: LiveShop, picture_of: Any
) -> None:
    producer, buyer = bare_phone("producer"), bare_phone()
    producer.goto(f"{shop.url}/quan-tri/san-pham?q=mat ong rung")
    producer.get_by_role("link", name="Mật ong hoa rừng Ba Vì").first.click()
    producer.goto(producer.url.rstrip("/") + "/quy-cach")
    card = producer.locator("section.card", has=producer.get_by_role("heading", name=JAR, exact=True))
    card.get_by_role("link", name="Khai thuế GTGT").click()
    producer.get_by_label("Từ", exact=True).fill("31/02/2026")
    producer.get_by_label("5 %", exact=True).check()
    producer.get_by_role("button", name="Ghi lại").click()
    expect(producer.locator(".error-summary")).to_contain_text("không có ngày này")
    expect(producer.get_by_label("Từ", exact=True)).to_have_value("31/02/2026")
    expect(producer.get_by_label("5 %", exact=True)).to_be_checked()
    producer.get_by_label("Từ", exact=True).fill(f"{clock.business_date(datetime.now(UTC)):%d/%m/%Y}")
    picture_of(producer, "vat-state-phone-vi")
    producer.get_by_role("button", name="Ghi lại").click()
    expect(card).to_contain_text("Thuế GTGT: 5 %")

    buyer.goto(f"{shop.url}/san-pham/mat-ong-hoa-rung-ba-vi")
    offer = buyer.locator("table.offers tr", has_text=JAR)
    offer.locator("form.buy [name=quantity]").fill("3")
    offer.get_by_role("button", name="Mua ngay").click()
    check_out(buyer, "cod", begun=True, before=lambda: _want_an_invoice(buyer))
    number = re.findall(r"DH-\d+-1", buyer.locator("main").inner_text())[0]
    goods = amount_of(buyer.locator(".order-lines b.nowrap").first.inner_text())
    said = buyer.locator("main p", has_text="gồm thuế GTGT 5 %")
    assert amount_of(said.inner_text()) == vat.contained(goods, 500)
    picture_of(buyer, "vat-order-phone-vi")

    producer.goto(f"{shop.url}/quan-tri/don-hang/{number}")
    expect(producer.locator("main")).to_contain_text("Công ty mẫu (dữ liệu mẫu)")
    of_rate = producer.locator("dl.facts-apart div", has_text="5 %")
    assert amount_of(of_rate.locator("dd").inner_text().splitlines()[0]) == vat.contained(goods, 500)
    press(producer, "Đóng gói đơn", "Đã đóng gói xong")
    press(producer, "Đã giao", "Đã giao xong")
    producer.goto(f"{shop.url}/quan-tri/so-tien/chung-tu/{number}")
    of_rate = producer.locator("dl.facts-apart div", has_text="5 %")
    assert amount_of(of_rate.locator("dd").inner_text().splitlines()[0]) == vat.contained(goods, 500)
    expect(producer.locator("main")).to_contain_text("Đơn được thanh toán")
    picture_of(producer, "vat-books-phone-vi")
    assert "0 differences" in shop.flask("books", "verify")


def test_a_statement_brings_the_money_and_the_tax_of_a_household_is_held_back(
    bare_phone: Callable[..., Page], shop: LiveShop, picture_of: Any
) -> None:
    buyer, office = bare_phone(), bare_phone("office")
    buyer.goto(f"{shop.url}/san-pham/ca-phe-ray-ba-xa-rang-moc")
    offer = buyer.locator("table.offers tr", has_text="gói hạt 250 g")
    offer.locator("form.buy [name=quantity]").fill("2")
    offer.get_by_role("button", name="Mua ngay").click()
    check_out(buyer, "vietqr", begun=True)
    number = re.findall(r"DH-\d+-1", buyer.locator("main").inner_text())[0]
    total = amount_of(buyer.locator(".order-head b").inner_text())
    goods = amount_of(buyer.locator(".order-lines b.nowrap").first.inner_text())
    code = re.findall(r"OC[0-9A-Z]{8,}", buyer.locator(".pay").inner_text())[0]

    office.goto(f"{shop.url}/quan-tri/tien/sao-ke")
    today = f"{clock.business_date(datetime.now(UTC)):%d/%m/%Y}"
    rows = f"Ngày,Số tham chiếu,Số tiền,Nội dung\n{today},FTJ1,{total},{code} MUA HANG\n{today},FTJ2,khong,LOI\n"
    file = {"name": "sao-ke.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    office.locator("[type=file]").set_input_files(file)  # type: ignore[arg-type]
    office.get_by_role("button", name="Xem sẽ ghi những gì").click()
    expect(office.locator("main")).to_contain_text("không phải số tiền")
    picture_of(office, "statement-look-phone-vi")
    office.get_by_role("button", name="Ghi 1 khoản tiền").click()
    buyer.reload()
    expect(buyer.locator(".pay")).to_contain_text("Đã thanh toán")

    office.goto(f"{shop.url}/quan-tri/don-hang/{number}")
    held = office.locator("dl.facts-apart div", has_text="Thuế khấu trừ").locator("dd")
    assert amount_of(held.inner_text().splitlines()[0]) == goods // 100 + goods // 200
    office.goto(f"{shop.url}/quan-tri/thue?to-chuc=cfbx")
    expect(office.locator("main")).to_contain_text(number)
    picture_of(office, "tax-month-phone-vi")
    office.goto(f"{shop.url}/quan-tri/so-tien/chung-tu/{number}")
    expect(office.locator("main")).to_contain_text("Thuế khấu trừ")
    assert "0 differences" in shop.flask("books", "verify")


def _want_an_invoice(page: Page) -> None:
    page.locator("details", has_text="Tôi muốn lấy hóa đơn").locator("summary").click()
    page.locator("[name=invoice_name]").fill("Công ty mẫu (dữ liệu mẫu)")
    page.locator("[name=invoice_address]").fill("Số 1, phố Mẫu, Hà Nội")
