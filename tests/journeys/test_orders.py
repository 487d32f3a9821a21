"""A producer packs orders on a telephone, hands one over, counts its cash, and takes back what nobody wanted."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.live import PASSWORD, ROOT, LiveShop

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}


@pytest.fixture(scope="module")
def orders(shop: LiveShop) -> list[str]:
    """Four orders that wait to be packed; the third is fetched by its buyer."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.sample_orders"],
        cwd=ROOT,
        env=shop.env,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.split()


@pytest.fixture
def phone(browser: Browser, shop: LiveShop) -> Any:
    """Give a browser of the producer, signed in; without scripts, as on a bad line."""
    opened = []

    def give(*, javascript: bool = False, viewport: dict[str, int] = PHONE) -> Page:
        context = browser.new_context(viewport=viewport, locale="vi-VN", java_script_enabled=javascript)  # type: ignore[arg-type]
        opened.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.goto(f"{shop.url}/dang-nhap")
        page.locator("#identity").fill("producer@demo.example")
        page.locator("#password").fill(PASSWORD)
        page.get_by_role("button", name="Đăng nhập").click()
        page.wait_for_url("**/quan-tri**")
        return page

    yield give
    for context in opened:
        context.close()


def press(page: Page, link: str, button: str) -> None:
    """Choose an act on the order's page, and say yes to it."""
    page.get_by_role("link", name=link, exact=True).first.click()
    page.get_by_role("button", name=button).click()


def test_an_order_is_packed_brought_and_its_cash_counted(
    phone: Any, shop: LiveShop, orders: list[str], picture_of: Any
) -> None:
    page = phone()
    page.goto(f"{shop.url}/quan-tri/don-hang")
    expect(page.get_by_role("link", name=orders[0])).to_be_visible()
    picture_of(page, "orders-phone-vi")

    page.get_by_role("link", name=orders[0]).click()
    expect(page.locator("main")).to_contain_text("Người mua dặn")
    picture_of(page, "order-to-pack-phone-vi")
    press(page, "Đóng gói đơn", "Đã đóng gói xong")
    expect(page.locator(".flashes")).to_contain_text("KH-")
    picture_of(page, "order-packed-phone-vi")

    press(page, "Đang giao", "Đang trên đường")
    press(page, "Đã giao", "Đã giao xong")
    expect(page.locator("main")).to_contain_text("Đã thu tiền")
    press(page, "Đã nhận tiền nộp về", "Đã nhận đủ tiền nộp")
    page.get_by_role("link", name="Đếm tiền", exact=True).click()
    page.get_by_label("Bạn đếm được bao nhiêu?").fill("1")
    page.get_by_role("button", name="Đã đếm xong").click()
    expect(page.locator(".error-summary")).to_contain_text("khác số tiền")
    picture_of(page, "order-cash-wrong-phone-vi")
    page.get_by_label("Bạn đếm được bao nhiêu?").fill("360000")
    page.get_by_role("button", name="Đã đếm xong").click()
    expect(page.locator("main")).to_contain_text("Đã đếm, đủ tiền")
    picture_of(page, "order-done-phone-vi")


def test_a_parcel_nobody_took_comes_back_into_stock(
    phone: Any, shop: LiveShop, orders: list[str], picture_of: Any
) -> None:
    page = phone(javascript=True, viewport=DESK)
    page.goto(f"{shop.url}/quan-tri/don-hang/{orders[1]}?lang=en")
    page.get_by_role("link", name="Pack the order").click()
    page.get_by_label("Who brings the parcel?").select_option("ghn")
    page.get_by_label("Carrier's code").fill("ab12cd")
    page.get_by_role("button", name="It is packed").click()
    expect(page.get_by_role("link", name="AB12CD")).to_have_attribute(
        "href", "https://donhang.ghn.vn/?order_code=AB12CD"
    )

    page.get_by_role("link", name="Comes back").click()
    page.get_by_label("Remark").fill("Nobody there (sample)")
    page.get_by_role("button", name="It comes back").click()
    page.get_by_role("link", name="Take the goods in").click()
    page.get_by_label("Sound: back into stock").check()
    picture_of(page, "order-take-back-desktop-en")
    page.get_by_role("button", name="Take the goods in").click()
    expect(page.locator("main")).to_contain_text("Came back")
    picture_of(page, "order-came-back-desktop-en")
    assert "0 differences" in shop.flask("ledger", "verify")


def test_a_buyer_fetches_an_order(phone: Any, shop: LiveShop, orders: list[str], picture_of: Any) -> None:
    page = phone()
    page.goto(f"{shop.url}/quan-tri/don-hang/{orders[2]}")
    press(page, "Đóng gói đơn", "Đã đóng gói xong")
    press(page, "Đã giao", "Đã giao xong")
    expect(page.locator("main")).to_contain_text("Đã giao")
    page.goto(f"{shop.url}/quan-tri/don-hang/tien-thu-ho")
    picture_of(page, "orders-cash-phone-vi")
    expect(page.locator("main")).to_contain_text("KH-")
