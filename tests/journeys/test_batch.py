"""A producer enters a batch on a phone; what its code opens is light enough for a weak one."""

from __future__ import annotations

import io
import re
from typing import Any
from urllib.request import urlopen

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, Request, expect

from kernel.db import in_parts
from tests.live import PASSWORD, LiveShop

MOST_BYTES, MOST_REQUESTS = 60_000, 10  # of the first load, on the wire


def _sign_in(page: Page, shop: LiveShop, who: str) -> None:
    page.goto(f"{shop.url}/dang-nhap")
    page.locator("main form input:not([type=hidden])").first.fill(f"{who}@demo.example")
    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url(re.compile("/quan-tri"))


@pytest.mark.parametrize("with_scripts", [True, False], ids=["with JavaScript", "without"])
def test_a_producer_enters_a_batch_on_a_phone_and_its_code_opens_its_page(
    with_scripts: bool, browser: Browser, browser_context_args: dict[str, Any], shop: LiveShop, screen: Any
) -> None:
    context = browser.new_context(**browser_context_args, java_script_enabled=with_scripts)
    page = context.new_page()
    _sign_in(page, shop, "producer")

    def answer() -> None:
        page.get_by_role("button", name="Tiếp tục").click()

    page.goto(f"{shop.url}/quan-tri/lo-hang")
    page.get_by_role("link", name="Thêm lô hàng").first.click()
    page.get_by_role("radio").first.check()
    answer()
    page.get_by_label("Có bao nhiêu gói?").fill("20")
    answer()
    page.get_by_label("Hôm qua").check()
    page.get_by_label("Không có hạn dùng").check()
    number = page.get_by_label("Số lô trên gói").input_value()
    answer()
    lot = page.locator("fieldset.lot-input", has_text="MATL-01").locator("input")
    expect(lot).to_be_visible()
    lot.fill("10")  # enough for 20 packs of half a kilogram
    answer()
    page.get_by_role("checkbox").first.check()
    answer()
    expect(page.get_by_role("heading", name="Kiểm tra lại rồi ghi")).to_be_visible()
    if with_scripts:
        screen("batch-wizard-check-phone-vi")
    page.get_by_role("button", name="Ghi lô hàng").click()
    page.get_by_role("button", name="Đưa lô ra bán").click()
    page.get_by_role("link", name="Xem trang công khai").click()

    expect(page).to_have_url(re.compile(r"/lo/[a-z0-9]{4,6}/[0-9a-z]{10}$"))
    expect(page.locator("main")).to_contain_text(number)
    address = page.url
    with urlopen(f"{address}/ma.png") as file:  # noqa: S310 (our own server)
        printed = zxingcpp.read_barcodes(Image.open(io.BytesIO(file.read())))
    page.goto(printed[0].text)
    assert page.url.split("?")[0] == address
    context.close()


@pytest.mark.parametrize("density", [1, 3])
def test_the_first_load_of_a_batch_page_is_light_on_any_phone(
    density: int, browser: Browser, browser_context_args: dict[str, Any], shop: LiveShop
) -> None:
    with urlopen(f"{shop.url}/sitemap.xml") as file:  # noqa: S310 (our own server)
        products = sorted(set(re.findall(r"/san-pham/[a-z0-9-]+", file.read().decode())))
    batches: list[str] = []
    for path in products:
        with urlopen(shop.url + path) as file:  # noqa: S310 (our own server)
            batches += re.findall(r'href="(/lo/[a-z0-9]+/[0-9a-z]+)"', file.read().decode())[:1]
    assert len(batches) >= 20

    for some in in_parts(batches, 8):  # while one is waited for, the others come to rest
        opened = []
        for path in some:
            page = browser.new_context(**{**browser_context_args, "device_scale_factor": density}).new_page()
            sent: list[Request] = []
            page.on("requestfinished", lambda request, seen=sent: seen.append(request))
            page.goto(f"{shop.url}{path}")
            opened.append((path, page, sent))
        for path, page, sent in opened:
            page.wait_for_load_state("networkidle")
            sizes = [request.sizes() for request in sent]
            total = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)
            page.context.close()

            assert total <= MOST_BYTES, f"{path}: {total} bytes"
            assert len(sent) <= MOST_REQUESTS, f"{path}: {[request.url for request in sent]}"


@pytest.mark.parametrize("width", [320, 360, 390, 1280])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_no_page_of_a_batch_scrolls_sideways(width: int, language: str, browser: Browser, shop: LiveShop) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    page.goto(f"{shop.url}/san-pham?con-hang=1&lang={language}")
    page.locator("article.product h2 a, article.product h3 a").first.click()
    batch = page.locator("main a[href^='/lo/']").first.get_attribute("href")

    for path in (batch, "/truy-xuat", "/chung-nhan", "/lo/khac1/0000000000", "/01/09520123456787"):
        page.goto(f"{shop.url}{path}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    context.close()
