"""From a phone without scripts: a discount code and a card that is declined and then works; an order that changes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests import fakestripe
from tests.fakestripe import FakeStripe
from tests.journeys.test_buying import amount_of, check_out, fill_cart
from tests.journeys.test_orders import PHONE
from tests.live import LiveShop


@pytest.fixture(params=[False, True], ids=["without scripts", "with scripts"])
def phone(request: pytest.FixtureRequest, browser: Browser) -> Any:
    """A phone of a Vietnamese reader, with and without JavaScript."""
    context: BrowserContext = browser.new_context(
        java_script_enabled=request.param, viewport=PHONE, locale="vi-VN", device_scale_factor=2
    )
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


def test_a_code_is_taken_off_and_a_declined_card_is_followed_by_one_that_pays(
    phone: Page, shop: LiveShop, cards: FakeStripe, told: Callable[[], None], picture_of: Any
) -> None:
    fill_cart(phone, shop)
    phone.goto(f"{shop.url}/gio-hang")
    check_out(phone, "card", code="dulieumau 10", before=lambda: picture_of(phone, "checkout-voucher-phone-vi"))
    expect(phone).to_have_url(re.compile(r"/don-hang/[0-9a-z]{26}$"))
    expect(phone.locator("main")).to_contain_text("DULIEUMAU10")
    asked = amount_of(phone.locator(".order-head b").inner_text())
    picture_of(phone, "order-card-phone-vi")

    phone.locator(f"a[href^='{cards.url}']").click()
    assert phone.locator("h1").inner_text() == str(asked)
    phone.get_by_label("Card number").fill(fakestripe.DECLINED)
    phone.get_by_role("button", name="Pay").click()
    expect(phone.get_by_role("alert")).to_contain_text("declined")
    phone.get_by_label("Card number").fill("4242424242424242")
    phone.get_by_role("button", name="Pay").click()
    expect(phone).to_have_url(re.compile(r"/don-hang/[0-9a-z]{26}$"))

    told()
    phone.reload()
    expect(phone.locator(".pay")).to_contain_text("Đã thanh toán")
    picture_of(phone, "order-card-paid-phone-vi")
    assert "0 differences" in shop.flask("books", "verify")


def test_a_buyer_leaves_goods_out_and_says_where_they_go(phone: Page, shop: LiveShop, picture_of: Any) -> None:
    fill_cart(phone, shop)
    phone.goto(f"{shop.url}/gio-hang")
    phone.locator(".cart-quantity").first.fill("2")
    check_out(phone, "cod")
    before = amount_of(phone.locator(".order-head b").inner_text())
    page = phone.url
    phone.get_by_role("link", name="Bớt hàng trong đơn").first.click()
    phone.locator("[name^=packs_]").first.fill("1")
    phone.get_by_role("button", name="Xem số tiền sau khi đổi").click()
    picture_of(phone, "order-fewer-phone-vi")
    phone.locator("button[value=change]").click()
    expect(phone.locator(".flashes")).to_contain_text("đã được thay đổi")
    assert amount_of(phone.locator(".order-head b").inner_text()) < before
    picture_of(phone, "order-changed-phone-vi")

    phone.get_by_role("link", name="Đổi nơi nhận").click()
    picture_of(phone, "order-receiver-phone-vi")
    phone.locator("[name=address]").fill("Số 2, phố Mẫu")
    phone.get_by_role("button", name="Lưu thay đổi").click()
    expect(phone).to_have_url(page)
    expect(phone.locator("main")).to_contain_text("Số 2, phố Mẫu")
    assert "0 differences" in shop.flask("books", "verify")
