"""A consumer finds a product by its stars, opens one of its batches, and comes to the same page from its code."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any
from urllib.request import urlopen

import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from tests.live import LiveShop


def test_a_consumer_finds_a_product_by_its_stars_and_reads_where_a_batch_comes_from(
    page: Page, shop: LiveShop, screen: Any
) -> None:
    page.goto(shop.url)
    screen("home-phone-vi")
    page.goto(f"{shop.url}/san-pham?sao=4&con-hang=1")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    screen("list-phone-vi")
    page.locator("article.product h2 a, article.product h3 a").first.click()
    expect(page.locator(".stars").first).to_contain_text("4 sao")
    screen("product-phone-vi")
    page.locator("a[href^='/lo/']").first.click()

    expect(page).to_have_url(re.compile(r"/lo/[a-z0-9]{4,6}/[0-9A-Za-z]{10}$"))
    body = page.locator("main")
    expect(body.locator(".timeline").first).to_be_visible()
    expect(body.locator("a[href^='/chung-nhan/']").first).to_be_visible()
    expect(body.get_by_role("heading", level=1)).to_be_visible()
    screen("batch-phone-vi")


def test_the_printed_code_opens_the_same_page(page: Page, shop: LiveShop) -> None:
    page.goto(f"{shop.url}/san-pham?sao=4&con-hang=1")
    page.locator("article.product h2 a, article.product h3 a").first.click()
    page.locator("a[href^='/lo/']").first.click()
    address = page.url
    with urlopen(f"{address}/ma.png") as answer:  # noqa: S310 (our own server)
        printed = zxingcpp.read_barcodes(Image.open(BytesIO(answer.read())))

    assert len(printed) == 1
    page.goto(printed[0].text)

    assert page.url.split("?")[0] == address.split("?")[0]


def test_everything_is_there_without_javascript_and_in_english(shop: LiveShop, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{shop.url}/san-pham?sao=4&con-hang=1&lang=en")
    page.locator("article.product h2 a, article.product h3 a").first.click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.locator("a[href^='/lo/']").first.click()

    expect(page.locator(".timeline").first).to_be_visible()
    page.goto(f"{shop.url}/truy-xuat")
    page.locator("input[name=ma], input[type=text]").first.fill("khong-co-ma-nay")
    page.locator("main button[type=submit], main form button").first.click()
    expect(page.locator("main")).to_contain_text(re.compile("not in the system|again", re.I))
    context.close()


def test_a_wrong_code_is_answered_with_a_way_on(page: Page, shop: LiveShop) -> None:
    answer = page.goto(f"{shop.url}/lo/bato/0000000000")

    assert answer is not None
    assert answer.status == 404
    expect(page.locator("main a[href^='/truy-xuat'], main form[action^='/truy-xuat']").first).to_be_visible()

    answer = page.goto(f"{shop.url}/01/09506000134353/10/ABC")
    assert answer is not None
    assert answer.status == 400
