"""A shop with the Ba Tơ data set, and a phone to visit it with."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, Page

from tests import fakestripe
from tests.fakestripe import FakeStripe
from tests.live import PASSWORD, ROOT, LiveShop

#: Where the pictures of the journeys are kept as artefacts.
SCREENS = Path(__file__).resolve().parents[2] / "var" / "screens"
PHONE = {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all journeys as such."""
    for item in items:
        if "tests/journeys/" in str(item.path):
            item.add_marker(pytest.mark.journey)


@pytest.fixture(autouse=True)
def stopped_clock() -> None:
    """Leave the clock alone: the server is another process, and lives today."""


@pytest.fixture(scope="session")
def cards() -> Iterator[FakeStripe]:
    """The provider of card payments, with pages that a browser can open."""
    with fakestripe.served(lambda: datetime.now(UTC)) as fake:
        fake.pages_at = fake.url + fakestripe.PAGES
        yield fake


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory, cards: FakeStripe) -> Iterator[LiveShop]:
    """The running shop, on SQLite, with the data set loaded once."""
    folder = tmp_path_factory.mktemp("shop")
    live = LiveShop(folder, f"sqlite:///{folder / 'shop.sqlite3'}")
    live.env |= {
        "STRIPE_SECRET_KEY": fakestripe.KEY,
        "STRIPE_WEBHOOK_SECRET": fakestripe.SECRET,
        "STRIPE_API_BASE": cards.url,
    }
    live.prepare()
    live.start()
    yield live
    live.stop()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Use Debian's Chromium, and let it reach nothing but loopback."""
    path = shutil.which("chromium")
    assert path, "Chromium is missing: sudo apt-get install chromium"
    flags = (
        "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
        "--disable-component-update --disable-sync"
    )
    return {**browser_type_launch_args, "executable_path": path, "args": flags.split()}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A Vietnamese phone of 390 × 844."""
    return {**browser_context_args, "viewport": PHONE, "locale": "vi-VN", "device_scale_factor": 2}


@pytest.fixture
def screen(page: Page) -> Any:
    """Keep a picture of the page under ``var/screens`` by name."""
    SCREENS.mkdir(parents=True, exist_ok=True)

    def keep(name: str) -> None:
        page.screenshot(path=SCREENS / f"{name}.png", full_page=True)

    return keep


@pytest.fixture
def picture_of() -> Any:
    """Keep a picture of any page under ``var/screens`` by name: ``picture_of(page, "counter")``."""
    SCREENS.mkdir(parents=True, exist_ok=True)

    def keep(page: Page, name: str) -> None:
        page.screenshot(path=SCREENS / f"{name}.png", full_page=True)

    return keep


@pytest.fixture
def sign_in(page: Page, shop: LiveShop) -> Any:
    """Sign in as one of the demo's people: ``sign_in("producer")``."""

    def enter(who: str) -> None:
        page.goto(f"{shop.url}/dang-nhap")
        page.locator("#identity").fill(f"{who}@demo.example")
        page.locator("#password").fill(PASSWORD)
        page.get_by_role("button", name="Đăng nhập").click()
        page.wait_for_url("**/quan-tri**")

    return enter


@pytest.fixture
def bare_phone(browser: Browser, shop: LiveShop) -> Iterator[Callable[..., Page]]:
    """Give browsers without scripts, of nobody or of one of the demo's people: ``bare_phone("producer")``."""
    opened = []

    def give(who: str = "", viewport: dict[str, int] = PHONE) -> Page:
        context = browser.new_context(viewport=viewport, locale="vi-VN", java_script_enabled=False)  # type: ignore[arg-type]
        context.set_default_timeout(20_000)
        opened.append(context)
        page = context.new_page()
        if who:
            page.goto(f"{shop.url}/dang-nhap")
            page.locator("#identity").fill(f"{who}@demo.example")
            page.locator("#password").fill(PASSWORD)
            page.get_by_role("button", name="Đăng nhập").click()
            page.wait_for_url("**/quan-tri**")
        return page

    yield give
    for context in opened:
        context.close()


@pytest.fixture(scope="session")
def follower(shop: LiveShop) -> Iterator[subprocess.Popen[str]]:
    """Give a process that does what waits for payments by card, whenever it is told a line."""
    command = [sys.executable, "-m", "tests.sample_orders", "follow"]
    with subprocess.Popen(
        command, cwd=ROOT, env=shop.env, text=True, bufsize=1, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def told(shop: LiveShop, cards: FakeStripe, follower: subprocess.Popen[str]) -> Callable[[], None]:
    """Deliver every notice of the provider of card payments to the shop, and do what waits for them there."""

    def deliver() -> None:
        for event in cards.events:
            body, headers = cards.signed(event)
            with urlopen(Request(f"{shop.url}/webhooks/stripe", data=body, headers=headers), timeout=20) as answer:  # noqa: S310
                assert answer.status < 300
        assert follower.stdin is not None
        assert follower.stdout is not None
        follower.stdin.write("on\n")
        assert follower.stdout.readline() == "on\n", "it failed: see what it wrote"

    return deliver
