"""A guest buys of three producers, on a phone, with and without JavaScript, by transfer and by cash on delivery."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from storefront.gateways import vietqr
from tests.live import LiveShop

PRODUCERS = 3


def fill_cart(page: Page, shop: LiveShop) -> None:
    """Put goods of three producers into the cart."""
    page.goto(f"{shop.url}/san-pham?con-hang=1")
    links = page.locator("article.product h2 a, article.product h3 a")
    addresses = [link.get_attribute("href") for link in links.all()]
    makers: set[str] = set()
    for address in addresses:
        page.goto(f"{shop.url}{address}")
        maker = page.locator(".product-decide a[href^='/chu-the/']").first.get_attribute("href") or ""
        if maker in makers or not page.locator("form.buy").count():
            continue
        page.locator("form.buy button").first.click()
        makers.add(maker)
        if len(makers) == PRODUCERS:
            return
    raise AssertionError("too few producers have goods on sale")


def check_out(
    page: Page, method: str, *, code: str = "", begun: bool = False, before: Callable[[], None] = lambda: None
) -> None:
    """Say where to, look at the prices of the parcels and at what a discount code takes off, and order.

    :param begun: the page to order on is open, not the cart
    :param before: done when the prices are there, before the order
    """
    if not begun:
        page.locator("button[value=order]").click()
    page.get_by_label(re.compile("Điện thoại|Telephone")).fill("0900 000 001")
    page.get_by_label(re.compile("Tên người nhận|Name of the receiver")).fill("Người mua mẫu")
    page.locator("[name=commune]").fill("phường Hoàn Kiếm, Hà Nội")
    page.locator("[name=address]").fill("Số 1, phố Mẫu")
    page.locator("button[value=price]").last.click()
    if code:
        page.locator("[name=voucher]").fill(code)
        page.locator("button[value=price]").last.click()
    before()
    page.locator(f"[name=method][value={method}]").check()
    page.locator("[name=terms]").check()
    page.locator("[name=privacy]").check()
    page.locator("button[value=order]").click()


def test_a_guest_buys_from_three_producers_and_pays_by_vietqr(shop: LiveShop, browser: Any, picture_of: Any) -> None:
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": 390, "height": 844}, locale="vi-VN", device_scale_factor=2
    )
    page = context.new_page()
    fill_cart(page, shop)
    page.goto(f"{shop.url}/gio-hang")
    expect(page.locator(".cart-parcel")).to_have_count(PRODUCERS)
    picture_of(page, "cart-phone-vi")
    check_out(page, "vietqr")

    expect(page).to_have_url(re.compile(r"/don-hang/[0-9a-z]{26}$"))
    expect(page.locator(".order-part")).to_have_count(PRODUCERS)
    picture_of(page, "order-phone-vi")
    asked = [
        _read_code(page.locator(".pay-code svg").nth(n).screenshot()) for n in range(page.locator(".pay-code").count())
    ]
    shown = page.locator(".pay h2").all_inner_texts()
    assert [transfer.amount_vnd for transfer in asked] == [amount_of(words) for words in shown]
    assert sum(transfer.amount_vnd or 0 for transfer in asked) == amount_of(page.locator(".order-head b").inner_text())
    assert all(transfer.purpose.startswith("OC") for transfer in asked)
    context.close()


def test_a_guest_pays_in_cash_and_reads_which_batch_the_goods_come_from(
    page: Page, shop: LiveShop, screen: Any
) -> None:
    fill_cart(page, shop)
    page.goto(f"{shop.url}/gio-hang")
    expect(page.locator("[data-cart-count]")).to_have_text(str(PRODUCERS))
    check_out(page, "cod")
    expect(page.locator(".order-part")).to_have_count(PRODUCERS)
    screen("order-cash-phone-vi")
    page.locator(".order-lines a[href^='/lo/']").first.click()

    expect(page.locator(".timeline").first).to_be_visible()


def test_one_order_is_called_off_and_the_others_stand(page: Page, shop: LiveShop) -> None:
    fill_cart(page, shop)
    page.goto(f"{shop.url}/gio-hang?lang=en")
    check_out(page, "vietqr")
    page.locator("a[href$='/1/huy']").click()
    page.locator("form.confirm button[type=submit]").click()

    expect(page.locator(".flashes")).to_contain_text("cancelled")
    expect(page.locator("a[href$='/huy']")).to_have_count(PRODUCERS - 1)


def _read_code(picture: bytes) -> vietqr.Transfer:
    codes = zxingcpp.read_barcodes(Image.open(BytesIO(picture)))
    assert len(codes) == 1
    return vietqr.read(codes[0].text)


def amount_of(words: str) -> int:
    """Read the last amount of a sentence."""
    return int(re.sub(r"\D", "", re.findall(r"[\d.,]+(?=\s*[₫đ])", words)[-1]))
