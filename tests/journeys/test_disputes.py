"""A bank asks a buyer's money back, from the notice to the end, on the office's screen: a phone without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.fakestripe import FakeStripe
from tests.journeys.test_buying import amount_of, check_out
from tests.live import LiveShop

ANSWER = "Giao ngày 20/11 tại Hà Nội, có chữ ký người nhận (dữ liệu mẫu)."


@pytest.mark.parametrize("ending", ["won", "lost"])
def test_a_dispute_is_heard_of_answered_and_ends(
    ending: str,
    bare_phone: Callable[..., Page],
    shop: LiveShop,
    cards: FakeStripe,
    told: Callable[[], None],
    picture_of: Any,
) -> None:
    number, intent, total = _pay_by_card(bare_phone(), shop, cards, told)
    dispute = cards.dispute(intent, total, reason="product_not_received")
    told()
    told()  # every notice comes twice

    office = bare_phone("office")
    office.get_by_role("link", name="Tranh chấp thẻ cần trả lời").click()
    card = office.locator("main tr", has_text=number.rsplit("-", 1)[0])
    expect(card).to_contain_text("Hàng không đến")
    assert amount_of(card.inner_text()) == total
    picture_of(office, "disputes-phone-vi")
    card.get_by_role("link").first.click()
    expect(office.locator("main")).to_contain_text(number)

    office.get_by_label("Trả lời: khoản trả là đúng").check()
    office.get_by_role("button", name="Báo ngân hàng").click()
    expect(office.locator(".error-summary")).to_contain_text("Hãy viết điều ngân hàng cần biết")
    expect(office.get_by_label("Trả lời: khoản trả là đúng")).to_be_checked()
    office.get_by_label("Trả lời của ta cho ngân hàng").fill(ANSWER)
    office.get_by_role("button", name="Báo ngân hàng").click()
    expect(office.locator("main")).to_contain_text("Đang báo cho bên nhận thẻ")
    told()
    assert ANSWER in str(cards.objects[dispute]["evidence"])
    office.reload()
    expect(office.locator(".badge").first).to_have_text("Ngân hàng đang xem xét")
    picture_of(office, "dispute-answered-phone-vi")

    cards.judge(dispute, ending)
    told()
    office.reload()
    expect(office.locator("main form")).to_have_count(0)
    if ending == "won":
        expect(office.locator(".badge").first).to_have_text("Thắng: tiền ở lại")
    else:
        expect(office.locator(".badge").first).to_have_text("Thua: người trả đã nhận lại tiền")
        office.get_by_role("link", name="HT-").click()
        expect(office.locator("main")).to_contain_text("Đã trả lại")
    picture_of(office, f"dispute-{ending}-phone-vi")
    office.goto(f"{shop.url}/quan-tri/tien/tranh-chap-the")
    expect(office.locator("main")).not_to_contain_text(number.rsplit("-", 1)[0])
    assert "0 differences" in shop.flask("books", "verify")


def _pay_by_card(page: Page, shop: LiveShop, cards: FakeStripe, told: Callable[[], None]) -> tuple[str, str, int]:
    """Buy a jar by card; give the order's number, the provider's payment and the sum."""
    page.goto(f"{shop.url}/san-pham/mat-ong-hoa-rung-ba-vi")
    page.locator("table.offers tr", has_text="hũ 500 g").get_by_role("button", name="Mua ngay").click()
    check_out(page, "card", begun=True)
    number = re.findall(r"DH-\d+-1", page.locator("main").inner_text())[0]
    total = amount_of(page.locator(".order-head b").inner_text())
    page.locator(f"a[href^='{cards.url}']").click()
    page.get_by_label("Card number").fill("4242424242424242")
    page.get_by_role("button", name="Pay").click()
    told()
    page.reload()
    expect(page.locator(".pay")).to_contain_text("Đã thanh toán")
    return number, cards.pages()[-1]["payment_intent"], total
