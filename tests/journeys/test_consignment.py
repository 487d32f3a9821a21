"""A producer sends goods; a sales point receives them, sells, and sends the rest back; the office sees all of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.live import PASSWORD, LiveShop

PHONE = {"width": 390, "height": 844}
FIELDS = "input[name^='so-']"


@pytest.fixture
def phone_of(browser: Browser, shop: LiveShop) -> Any:
    """Give the telephone of one of the demo's people, signed in: ``phone_of("point")``."""
    opened = []

    def give(who: str, *, javascript: bool = True, viewport: dict[str, int] | None = None) -> Page:
        context = browser.new_context(
            viewport=viewport or PHONE,
            locale="vi-VN",
            java_script_enabled=javascript,  # type: ignore[arg-type]
        )
        opened.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.goto(f"{shop.url}/dang-nhap")
        page.locator("#identity").fill(f"{who}@demo.example")
        page.locator("#password").fill(PASSWORD)
        page.get_by_role("button", name="Đăng nhập").click()
        page.wait_for_url("**/quan-tri**")
        return page

    yield give
    for context in opened:
        context.close()


def test_goods_are_sent_received_sold_and_sent_back(phone_of: Any, shop: LiveShop, picture_of: Any) -> None:
    point = phone_of("point", javascript=False)  # a bad line brings no script
    point.goto(f"{shop.url}/quay")
    slug = point.url.rsplit("/", 1)[-1]

    # The producer draws up a note and sends it.
    producer = phone_of("producer")
    producer.goto(f"{shop.url}/quan-tri/phieu-ky-gui")
    producer.get_by_role("link", name="Lập phiếu mới").first.click()
    producer.locator(f"main a[href$='/moi/{slug}']").click()
    goods = producer.locator("fieldset").first
    number_of_batch = re.search(r"Lô (?:hàng )?([\w.-]+)", goods.locator(".hint").first.inner_text())
    assert number_of_batch is not None
    batch = number_of_batch[1]
    goods.locator("input[name^='so_']").fill("7")
    picture_of(producer, "note-phone-vi")
    producer.locator("main form button[type=submit]").click()
    producer.get_by_role("link", name="Gửi hàng").click()
    producer.get_by_role("button", name="Gửi hàng").click()
    number = producer.url.rsplit("/", 1)[-1]
    assert number.startswith("CSG-")
    picture_of(producer, "note-sent-phone-vi")

    # The sales point receives it.
    point.reload()
    point.get_by_role("link", name=f"Nhận phiếu {number}").click()
    picture_of(point, "counter-receive-phone-vi")
    point.get_by_role("button", name=re.compile("nhận", re.I)).click()
    expect(point.locator(".flashes")).to_contain_text(number)

    # It sells two packs: the batch is found by its number, and the total is told before.
    point.locator("input[name=q]").fill(batch)
    point.locator("input[name=q]").press("Enter")
    line = point.locator(".counter-lines li", has_text=batch)
    left = int(re.search(r"còn (\d+)", line.inner_text())[1])  # type: ignore[index]
    line.locator(FIELDS).fill(str(left + 1))
    point.get_by_role("button", name="Tính tiền").click()
    expect(point.locator(".counter-lines li.is-wrong")).to_contain_text(f"Chỉ còn {left}")
    picture_of(point, "counter-refused-phone-vi")
    point.locator(".counter-lines li.is-wrong").locator(FIELDS).fill("2")
    point.get_by_role("button", name="Tính tiền").click()
    expect(point.get_by_role("heading", level=1)).to_contain_text("Thu")
    picture_of(point, "counter-check-phone-vi")
    point.get_by_role("button", name="Đã thu tiền").click()
    expect(point.locator(".flashes")).to_contain_text("SAL-")
    picture_of(point, "counter-phone-vi")
    expect(point.locator(".counter-lines li", has_text=batch)).to_contain_text(f"còn {left - 2}")

    # The rest goes back to the producer.
    point.get_by_role("link", name="Trả hàng chưa bán").click()
    point.locator(".counter-lines li", has_text=batch).locator(FIELDS).fill("5")
    point.get_by_label("Vì sao trả lại?").fill("Bán chậm")
    point.get_by_role("button", name="Gửi trả hàng").click()
    back = re.search(r"CSG-\d+", point.locator(".flashes").inner_text())
    assert back is not None
    producer.goto(f"{shop.url}/quan-tri/phieu-ky-gui/{back[0]}")
    producer.get_by_role("link", name="Nhận lại hàng").click()
    producer.get_by_role("button", name="Nhận lại hàng").click()

    # The office sees all of it, and the ledger adds up.
    office = phone_of("office", viewport={"width": 1280, "height": 800})
    office.goto(f"{shop.url}/quan-tri/phieu-ky-gui?q={number}")
    expect(office.locator("main table")).to_contain_text("Đã nhận")
    office.goto(f"{shop.url}/quan-tri/ton-kho?q={batch}")
    expect(office.locator("main table")).to_contain_text(batch)
    picture_of(office, "stock-desktop-vi")
    assert "0 differences" in shop.flask("ledger", "verify")
