"""A buyer sends one of two jars back from a phone without scripts; it is taken in; what comes is exactly its money."""

from __future__ import annotations

import re
import subprocess
import sys
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.journeys.test_orders import DESK, PHONE, press
from tests.live import PASSWORD, ROOT, LiveShop


@pytest.fixture(scope="module")
def link(shop: LiveShop) -> str:
    """The page of an order of two packs, to be paid on delivery."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.sample_orders", "links"],
        cwd=ROOT,
        env=shop.env,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.split()[0]


def test_one_of_two_jars_goes_back_and_its_money_comes(
    browser: Browser, shop: LiveShop, link: str, picture_of: Any
) -> None:
    phone: dict[str, Any] = {"viewport": PHONE, "locale": "vi-VN", "java_script_enabled": False}
    buyer = browser.new_context(**phone).new_page()
    clerk = browser.new_context(**phone).new_page()
    for page in (buyer, clerk):
        page.set_default_timeout(20_000)
    _sign_in(clerk, shop)
    buyer.goto(shop.url + link)
    price = _amount(buyer.locator(".order-lines .small").first.inner_text().split("×")[1])
    number = re.findall(r"DH-\d+-1", buyer.locator("main").inner_text())[0]
    expect(buyer.get_by_role("link", name="Trả hàng")).to_have_count(0)
    clerk.goto(f"{shop.url}/quan-tri/don-hang/{number}")
    press(clerk, "Đóng gói đơn", "Đã đóng gói xong")
    press(clerk, "Đã giao", "Đã giao xong")

    buyer.goto(shop.url + link)
    buyer.get_by_role("link", name="Trả hàng").click()
    picture_of(buyer, "return-ask-phone-vi")
    buyer.locator("[name^=packs_]").fill("1")
    buyer.get_by_label("Đổi ý; hàng không có lỗi").check()
    buyer.get_by_label("Hoàn tiền").check()
    buyer.locator("[name=words]").fill("Lọ chưa mở (dữ liệu mẫu)")
    buyer.locator("[name=photos]").set_input_files({"name": "lo.jpg", "mimeType": "image/jpeg", "buffer": _photo()})
    buyer.get_by_role("button", name="Gửi yêu cầu trả hàng").click()
    expect(buyer.locator(".error-summary")).to_contain_text("ngân hàng")
    buyer.locator("[name=bank]").select_option(index=1)
    buyer.locator("[name=number]").fill("0123456789")
    buyer.locator("[name=holder]").fill("Nguoi mua mau")
    buyer.locator("[name=photos]").set_input_files({"name": "lo.jpg", "mimeType": "image/jpeg", "buffer": _photo()})
    buyer.get_by_role("button", name="Gửi yêu cầu trả hàng").click()
    expect(buyer.locator(".flashes")).to_contain_text("DT-")
    picture_of(buyer, "return-asked-phone-vi")

    clerk.goto(f"{shop.url}/quan-tri")
    clerk.get_by_role("link", name="Yêu cầu đổi trả cần trả lời").click()
    clerk.get_by_role("link", name="DT-").first.click()
    expect(clerk.locator(".review-photos img")).to_have_count(1)
    picture_of(clerk, "return-to-answer-phone-vi")
    clerk.get_by_label("Đồng ý: người mua gửi hàng về").check()
    clerk.get_by_label("Lời nhắn cho người mua").fill("Gửi về kho của hợp tác xã (dữ liệu mẫu)")
    clerk.get_by_role("button", name="Trả lời người mua").click()
    picture_of(clerk, "return-to-take-in-phone-vi")
    buyer.reload()
    expect(buyer.locator("main")).to_contain_text("Gửi về kho của hợp tác xã")
    picture_of(buyer, "return-accepted-phone-vi")

    clerk.locator("[name^=good_]").first.fill("1")
    clerk.get_by_role("button", name="Nhận lại hàng").click()
    expect(clerk.locator(".flashes")).to_contain_text("Đã nhận hàng về")
    picture_of(clerk, "return-done-phone-vi")
    clerk.get_by_role("link", name="HT-").click()
    expect(clerk.locator("main")).to_contain_text("0123456789")
    picture_of(clerk, "return-refund-phone-vi")
    clerk.get_by_label("Mã giao dịch ngân hàng").fill("FT26000001")
    clerk.get_by_role("button", name="Đã chuyển trả").click()

    buyer.reload()
    given = buyer.locator("section", has_text="Tiền hoàn lại").locator("li b").first
    assert _amount(given.inner_text()) == price
    picture_of(buyer, "return-settled-phone-vi")
    assert "0 differences" in shop.flask("ledger", "verify")
    assert "0 differences" in shop.flask("books", "verify")
    _on_a_desk(browser, shop, link, picture_of)


def _on_a_desk(browser: Browser, shop: LiveShop, link: str, picture_of: Any) -> None:
    """Look at the same on a desk, in English; the other jar may still be sent back."""
    desk = browser.new_context(viewport=DESK, locale="en-GB").new_page()  # type: ignore[arg-type]
    desk.goto(f"{shop.url}{link}?lang=en")
    desk.get_by_role("link", name="Send goods back").click()
    picture_of(desk, "return-ask-desktop-en")
    expect(desk.get_by_role("button", name="Ask to send them back")).to_be_visible()
    _sign_in(desk, shop)
    desk.goto(f"{shop.url}/quan-tri/tra-hang?xem=tat-ca&lang=en")
    picture_of(desk, "returns-desktop-en")
    desk.get_by_role("link", name="DT-").first.click()
    picture_of(desk, "return-done-desktop-en")
    expect(desk.locator("main")).to_contain_text("Return settled")


def _sign_in(page: Page, shop: LiveShop) -> None:
    page.goto(f"{shop.url}/dang-nhap")
    page.locator("#identity").fill("producer@demo.example")
    page.locator("#password").fill(PASSWORD)
    page.locator("form button[type=submit]").first.click()
    page.wait_for_url("**/quan-tri**")


def _photo() -> bytes:
    """A picture of nothing."""
    file = BytesIO()
    Image.new("RGB", (640, 480), (180, 120, 60)).save(file, "JPEG")
    return file.getvalue()


def _amount(words: str) -> int:
    return int(re.sub(r"\D", "", re.findall(r"[\d.,]+(?=\s*[₫đ])", words)[0]))
