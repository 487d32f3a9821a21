"""The components in a real browser: readable by everyone, no wider than the screen, alive without scripts."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect
from werkzeug.serving import make_server

from admin.gallery import PAGES
from tests.factories import Factories

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # nothing here touches the database

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
GALLERY = "/quan-tri/giao-dien"
TABLET, DESKTOP = 768, 1280
SMALLEST_TARGET = 24


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Where the application answers a browser."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def signed_in(make: Factories, address: str) -> list[dict[str, str]]:
    """The cookies of somebody of the office."""
    client = make.client(make.office())
    client.get(GALLERY).close()
    cookie = client.get_cookie("session")
    assert cookie is not None
    return [{"name": "session", "value": cookie.value, "url": address}]


def open_page(context: BrowserContext, address: str, cookies: Any, name: str, width: int) -> Page:
    context.add_cookies(cookies)
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 844})
    answer = page.goto(address + GALLERY + ("" if name == "show" else f"/{name}"))
    assert answer is not None
    assert answer.status == 200
    return page


@pytest.mark.parametrize("width", [320, 390, DESKTOP])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_components_is_open_to_everyone(
    context: BrowserContext, address: str, signed_in: Any, name: str, width: int
) -> None:
    problems: list[str] = []
    context.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page = open_page(context, address, signed_in, name, width)

    page.evaluate(AXE)
    found = page.evaluate("rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES)

    assert [(fault["id"], [node["html"] for node in fault["nodes"]]) for fault in found["violations"]] == []
    assert problems == []
    if name != "paper":  # a sheet is as wide as paper
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_menu_opens_and_leads_on_where_scripts_are_off(
    browser: Browser, browser_context_args: Any, address: str, signed_in: Any
) -> None:
    context = browser.new_context(**browser_context_args | {"java_script_enabled": False})
    page = open_page(context, address, signed_in, "product", 390)
    link = page.get_by_role("navigation", name="Trình đơn chính").get_by_role("link", name="Chủ thể")
    expect(link).to_be_hidden()

    page.locator(".menu summary").click()

    expect(link).to_be_visible()
    assert link.get_attribute("href") == "/chu-the"
    context.close()


@pytest.mark.parametrize("width", [DESKTOP])
def test_on_a_wide_screen_menus_and_filters_lie_open(
    context: BrowserContext, address: str, signed_in: Any, width: int
) -> None:
    page = open_page(context, address, signed_in, "shop", width)

    expect(page.get_by_role("link", name="Chủ thể", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="5 sao")).to_be_visible()
    expect(page.locator(".menu > summary")).to_be_hidden()


def test_a_refused_form_is_led_to_what_is_wrong(context: BrowserContext, address: str, signed_in: Any) -> None:
    page = open_page(context, address, signed_in, "show", 390)

    expect(page.locator(".error-summary")).to_be_focused()
    page.get_by_role("link", name="Giá bán").click()
    expect(page.locator("#price")).to_be_focused()
    expect(page.locator("#price")).to_have_value("85 nghìn")
    expect(page.locator("#price")).to_have_attribute("aria-describedby", "price-error")


def test_a_chosen_file_is_named(context: BrowserContext, address: str, signed_in: Any) -> None:
    page = open_page(context, address, signed_in, "show", 390)

    page.locator("#ok-photo").set_input_files(
        files=[{"name": "goi-ca-phe.jpg", "mimeType": "image/jpeg", "buffer": b"x"}]
    )

    expect(page.locator("label.file", has_text="goi-ca-phe.jpg")).to_be_visible()


def test_a_large_photo_is_made_smaller_before_it_is_sent(context: BrowserContext, address: str, signed_in: Any) -> None:
    page = open_page(context, address, signed_in, "show", 390)
    photo = io.BytesIO()
    Image.effect_noise((2400, 1800), 90).convert("RGB").save(photo, "JPEG", quality=95)

    page.locator("#ok-photo").set_input_files(
        files=[{"name": "IMG_0001.JPG", "mimeType": "image/jpeg", "buffer": photo.getvalue()}]
    )

    page.wait_for_function("size => document.querySelector('#ok-photo').files[0].size < size", arg=photo.tell())
    width = page.evaluate("createImageBitmap(document.querySelector('#ok-photo').files[0]).then(image => image.width)")
    assert width == 1600


def test_a_table_becomes_cards_that_name_their_values_on_a_phone(
    context: BrowserContext, address: str, signed_in: Any
) -> None:
    page = open_page(context, address, signed_in, "show", 390)
    cell = page.locator(".table td[data-label='Số lượng']").first

    label = cell.evaluate("cell => getComputedStyle(cell, '::before').content")

    assert label == '"Số lượng"'
    assert page.locator(".table thead").bounding_box()["height"] <= 1  # type: ignore[index]


def test_nothing_to_press_is_smaller_than_a_fingertip(context: BrowserContext, address: str, signed_in: Any) -> None:
    page = open_page(context, address, signed_in, "shop", 390)

    small = page.evaluate(
        """least => [...document.querySelectorAll("main a, main button, main summary, header a, header summary")]
            .filter(e => e.checkVisibility() && !e.closest("p") && !e.matches(".skip"))
            .filter(e => {
                const card = getComputedStyle(e, "::after").position === "absolute" ? e.offsetParent : e;
                const box = card.getBoundingClientRect();
                return box.width && (box.height < least || box.width < least);
            })
            .map(e => e.outerHTML)""",
        SMALLEST_TARGET,
    )

    assert small == []


@pytest.mark.parametrize("name", ["shop", "batch"])
def test_paper_shows_no_menus(context: BrowserContext, address: str, signed_in: Any, name: str) -> None:
    page = open_page(context, address, signed_in, name, TABLET)

    page.emulate_media(media="print")

    expect(page.locator("header.top")).to_be_hidden()
    expect(page.locator("footer.foot")).to_be_hidden()
    expect(page.get_by_role("heading").first).to_be_visible()
