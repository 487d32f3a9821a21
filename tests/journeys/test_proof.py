"""The page of a batch checks its own proof in the browser, and says so when it is forged."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.live import LiveShop

GOOD = "Trình duyệt của bạn vừa kiểm tra: tất cả các bước này đúng như khi được ký."
BAD = "bằng chứng không khớp"


def _batch(page: Page, shop: LiveShop) -> str:
    page.goto(f"{shop.url}/san-pham?con-hang=1")
    page.locator("article.product h2 a, article.product h3 a").first.click()
    return str(page.locator("main a[href^='/lo/']").first.get_attribute("href"))


def test_the_page_checks_itself_when_the_reader_comes_to_the_proof(page: Page, shop: LiveShop, screen: Any) -> None:
    problems: list[str] = []
    asked: list[str] = []
    page.on("pageerror", lambda problem: problems.append(str(problem)))
    page.on("request", lambda request: asked.append(request.url))
    path = _batch(page, shop)
    asked.clear()
    page.goto(shop.url + path)
    page.wait_for_load_state("networkidle")
    assert not [url for url in asked if "proof.js" in url or "so-minh-bach" in url], "nothing is fetched before"

    section = page.locator("section[aria-labelledby=so]")
    section.scroll_into_view_if_needed()

    expect(section.locator(".proof-result")).to_have_text(GOOD)
    section.locator("summary").click()
    expect(section.locator("li").first).to_contain_text("đã ghi sổ ngày")
    screen("batch-proof-phone-vi")
    assert problems == []


def _other_content(proof: dict[str, Any]) -> None:
    proof["records"][0]["content"] = proof["records"][0]["content"].replace("2026", "2025", 1)


def _other_leaf(proof: dict[str, Any]) -> None:
    """A record that was changed along with its own hash: the path no longer leads to the root."""
    proof["records"][0] = {**proof["records"][1], "position": proof["records"][0]["position"]}


def _other_size(proof: dict[str, Any]) -> None:
    lines = proof["checkpoint"].split("\n")
    proof["checkpoint"] = "\n".join([lines[0], lines[1], lines[2][::-1], *lines[3:]])


def _other_signature(proof: dict[str, Any]) -> None:
    proof["checkpoint"] = proof["checkpoint"].replace("/so-minh-bach\n", "/so-minh-bacH\n", 1)


def _one_left_out(proof: dict[str, Any]) -> None:
    del proof["records"][-1]


@pytest.mark.parametrize("forge", [_other_content, _other_leaf, _other_size, _other_signature, _one_left_out])
def test_a_forged_proof_is_called_one(forge: Callable[[dict[str, Any]], None], page: Page, shop: LiveShop) -> None:
    def answer(route: Route) -> None:
        proof = route.fetch().json()
        forge(proof)
        route.fulfill(content_type="application/json", body=json.dumps(proof))

    page.route("**/so-minh-bach/lo/**", answer)
    page.goto(shop.url + _batch(page, shop))
    section = page.locator("section[aria-labelledby=so]")

    section.scroll_into_view_if_needed()

    expect(section.locator(".proof-result")).to_contain_text(BAD)
    expect(section.locator(".notice-bad")).to_be_visible()


def test_without_scripts_the_page_says_all_of_it(
    browser: Browser, browser_context_args: dict[str, Any], shop: LiveShop
) -> None:
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    page = context.new_page()
    page.goto(shop.url + _batch(page, shop))
    section = page.locator("section[aria-labelledby=so]")

    section.locator("summary").click()
    expect(section.locator("li").first).to_contain_text("vị trí")
    expect(section.locator(".proof-result")).to_be_hidden()
    section.locator("li a").first.click()
    assert json.loads(page.inner_text("body"))["checkpoint"]
    context.close()


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_page_of_the_log_does_not_scroll_sideways(
    width: int, language: str, browser: Browser, shop: LiveShop
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    page.goto(f"{shop.url}/so-minh-bach/?lang={language}")

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()


def test_the_proof_holds_over_the_whole_data_set(shop: LiveShop) -> None:
    assert "0 differences" in shop.flask("log", "verify", "--files")
