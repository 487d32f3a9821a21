"""Static files: what is on the wire, how long it is kept, and that every page's colours can be read."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import unicodedata
from pathlib import Path

import brotli
import pytest
from flask import Flask
from flask.testing import FlaskClient
from fontTools.ttLib import TTFont
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.assets import BUNDLES, STATIC, Assets, NoSuchAsset, init_assets
from app.headers import init_headers

ROOT = STATIC.parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
FONTS = STATIC / "fonts" / "be-vietnam-pro-5.3.0"

# The twelve vowels of Vietnamese in their six tones, and đ.
VOWELS = "aăâeêioôơuưy"
TONES = ["", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323"]
LETTERS = {unicodedata.normalize("NFC", vowel + tone) for vowel in VOWELS for tone in TONES} | {"đ"}
VIETNAMESE = {letter for small in LETTERS for letter in (small, small.upper())}
PUNCTUATION = set("₫…–—“”‘’•·×°½©.,:;!?()/%&+-'\"\N{NO-BREAK SPACE}")

# Bytes on the wire, brotli.
BUDGETS = {"public.css": 8_000, "office.css": 9_000, "trace.css": 8_000, "paper.css": 8_000}
BUDGET_OF_SCRIPT = 2_000
BUDGET_OF_FONT = 11_500


@pytest.fixture
def site() -> Flask:
    """An application of nothing but assets and headers."""
    app = Flask("site", static_folder=None)
    init_headers(app)

    @app.get("/page")
    def page() -> str:
        return str(app.jinja_env.from_string("{{ inline_css('trace.css') }}").render())

    init_assets(app)
    return app


@pytest.fixture
def browser_of_site(site: Flask) -> FlaskClient:
    return site.test_client()


@pytest.fixture
def copy_of_static(tmp_path: Path) -> Path:
    """The sheets, drawings and icons in a folder that a test may change."""
    return Path(shutil.copytree(STATIC, tmp_path / "static"))


# --- On the wire ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BUNDLES)
def test_a_sheet_stays_within_its_budget(name: str) -> None:
    assert len(Assets().bundles[name].brotli) <= BUDGETS[name]


def test_the_script_of_all_pages_stays_within_its_budget() -> None:
    assert len(brotli.compress((STATIC / "js/app.js").read_bytes(), quality=11)) <= BUDGET_OF_SCRIPT


@pytest.mark.parametrize("name", BUNDLES)
def test_a_bundle_asks_for_no_further_sheet(name: str) -> None:
    assert "@import" not in Assets().bundles[name].text


@pytest.mark.parametrize(("accepted", "encoding"), [("gzip, br", "br"), ("gzip", "gzip"), ("identity", None)])
def test_a_sheet_comes_in_the_shortest_form_that_the_browser_reads(
    browser_of_site: FlaskClient, site: Flask, accepted: str, encoding: str | None
) -> None:
    answer = browser_of_site.get("/static/public.css", headers={"Accept-Encoding": accepted})

    bundle = site.extensions["assets"].bundles["public.css"]
    assert answer.headers.get("Content-Encoding") == encoding
    assert answer.data == {"br": bundle.brotli, "gzip": bundle.gzip, None: bundle.body}[encoding]
    assert answer.headers["Vary"] == "Accept-Encoding"


def test_the_icons_come_compressed(browser_of_site: FlaskClient) -> None:
    answer = browser_of_site.get(
        "/static/vendor/tabler-icons-3.51.0/icons.svg", headers={"Accept-Encoding": "gzip, deflate, br"}, buffered=True
    )

    assert answer.headers["Content-Encoding"] == "br"
    assert len(answer.data) < 6_000


@pytest.mark.parametrize("path", ["public.css", "js/app.js", "brocade.svg", "icons/app-180.png"])
def test_whoever_has_a_file_keeps_it(browser_of_site: FlaskClient, path: str) -> None:
    answer = browser_of_site.get(f"/static/{path}", buffered=True)

    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_sheet_can_be_asked_after_without_its_body(browser_of_site: FlaskClient) -> None:
    answer = browser_of_site.head("/static/public.css")

    assert answer.status_code == 200
    assert answer.data == b""


@pytest.mark.parametrize("path", ["base/tokens.css", "../wsgi.py", "nothing.js"])
def test_what_is_no_file_of_ours_is_not_found(browser_of_site: FlaskClient, path: str) -> None:
    assert browser_of_site.get(f"/static/{path}", buffered=True).status_code == 404


# --- Addresses -----------------------------------------------------------------------------------------


def test_the_address_of_a_file_changes_with_its_content(copy_of_static: Path) -> None:
    before = Assets(copy_of_static).url("js/app.js")

    (copy_of_static / "js/app.js").write_text("// another", encoding="utf-8")

    assert Assets(copy_of_static).url("js/app.js") != before


def test_the_address_of_a_sheet_changes_when_a_drawing_in_it_does(copy_of_static: Path) -> None:
    before = Assets(copy_of_static).url("public.css")

    (copy_of_static / "brocade.svg").write_text("<svg/>", encoding="utf-8")

    assert Assets(copy_of_static).url("public.css") != before


def test_what_has_its_version_in_the_path_needs_no_other() -> None:
    path = "fonts/be-vietnam-pro-5.3.0/be-vietnam-pro-400.woff2"

    assert Assets().url(path) == f"/static/{path}"


def test_a_sheet_that_points_at_a_missing_file_is_refused(copy_of_static: Path) -> None:
    (copy_of_static / "brocade.svg").unlink()

    with pytest.raises(NoSuchAsset, match=r"brocade\.svg"):
        Assets(copy_of_static)


def test_a_page_that_names_a_missing_file_or_icon_is_refused() -> None:
    with pytest.raises(NoSuchAsset):
        Assets().url("js/missing.js")
    with pytest.raises(NoSuchAsset):
        Assets().icon_url("no-such-icon")


# --- What the browser is told --------------------------------------------------------------------------


def test_the_style_in_a_page_is_the_one_the_policy_allows(browser_of_site: FlaskClient) -> None:
    answer = browser_of_site.get("/page")

    style = re.fullmatch(r"<style>(.*)</style>", answer.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'self' 'sha256-{digest}'" in answer.headers["Content-Security-Policy"]


def test_no_page_may_run_what_stands_in_it_or_be_framed(browser_of_site: FlaskClient) -> None:
    answer = browser_of_site.get("/page")

    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert answer.headers["Permissions-Policy"] == "camera=(self), geolocation=()"


def test_only_an_encrypted_answer_asks_for_encryption_from_now_on(browser_of_site: FlaskClient) -> None:
    plain = browser_of_site.get("/page")
    encrypted = browser_of_site.get("/page", base_url="https://shop.test")

    assert "Strict-Transport-Security" not in plain.headers
    assert "Strict-Transport-Security" in encrypted.headers


def test_a_view_may_set_a_policy_of_its_own(site: Flask) -> None:
    @site.get("/scanner")
    def scanner() -> tuple[str, dict[str, str]]:
        return "", {"Content-Security-Policy": "default-src 'none'"}

    assert site.test_client().get("/scanner").headers["Content-Security-Policy"] == "default-src 'none'"


# --- Typeface ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", [400, 700])
def test_a_page_font_has_every_vietnamese_letter_and_is_small(weight: int) -> None:
    path = FONTS / f"be-vietnam-pro-{weight}.woff2"

    missing = (VIETNAMESE | PUNCTUATION) - {chr(code) for code in TTFont(path).getBestCmap()}

    assert not missing
    assert path.stat().st_size <= BUDGET_OF_FONT


@pytest.mark.parametrize("name", ["Regular", "Bold"])
def test_a_print_font_has_every_vietnamese_letter(name: str) -> None:
    letters = {chr(code) for code in TTFont(FONTS / f"BeVietnamPro-{name}.ttf").getBestCmap()}

    assert letters >= VIETNAMESE | PUNCTUATION


def test_the_page_font_has_every_character_of_our_own_words() -> None:
    words = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "translations/vi").glob("*.po"))

    missing = set(words) - {"\n"} - {chr(code) for code in TTFont(FONTS / "be-vietnam-pro-400.woff2").getBestCmap()}

    assert not missing


@pytest.mark.parametrize("folder", ["fonts/be-vietnam-pro-5.3.0", "vendor/tabler-icons-3.51.0"])
def test_what_others_made_stands_beside_its_licence(folder: str) -> None:
    assert "icense" in (STATIC / folder / "LICENSE").read_text(encoding="utf-8")


# --- Colours -------------------------------------------------------------------------------------------

BODY_TEXT = [
    ("ink", "paper"),
    ("ink", "card"),
    ("ink", "clay"),
    ("ink", "warn-bg"),
    ("ink", "bad-bg"),
    ("ink2", "paper"),
    ("red-d", "paper"),
    ("red-d", "card"),
    ("green-ink", "green-bg"),
    ("gold-ink", "gold-bg"),
    ("gold-ink", "clay"),
    ("white", "ink"),
    ("white", "red"),
    ("white", "red-d"),
    ("chalk", "ink"),
    ("clay", "ink"),
]
OTHER_TEXT = [
    ("ink2", "clay"),
    ("ink2", "card"),
    ("red", "paper"),
    ("red", "card"),
    ("red-d", "clay"),
    ("red-d", "bad-bg"),
    ("green", "card"),
]
CONTROLS = [
    ("border", "paper"),
    ("border", "card"),
    ("gold", "gold-bg"),
    ("gold", "card"),
    ("green", "green-bg"),
    ("red", "bad-bg"),
    ("thread", "ink"),
    ("focus", "paper"),
    ("focus", "card"),
    ("white", "ink"),
]


def luminance(colour: str) -> float:
    """Relative luminance of "#rrggbb" or "#rgb". Source: WCAG 2.2."""
    digits = colour.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def tokens() -> dict[str, str]:
    text = (STATIC / "base/tokens.css").read_text(encoding="utf-8")
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{3,6});", text))


@pytest.mark.parametrize(
    ("text", "ground", "least"),
    [(*pair, 7.0) for pair in BODY_TEXT] + [(*pair, 4.5) for pair in OTHER_TEXT] + [(*pair, 3.0) for pair in CONTROLS],
)
def test_what_is_drawn_can_be_told_from_its_ground(text: str, ground: str, least: float) -> None:
    palette = tokens()

    assert round(contrast(palette[text], palette[ground]), 1) >= least


# --- Templates -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_a_template_carries_no_style_no_script_and_no_address_of_a_file(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text)
    assert not re.search(r"<script(?![^>]*(\ssrc=|application/ld\+json))", text)
    assert '"/static/' not in text


def test_every_icon_that_a_template_names_exists() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES)

    named = set(re.findall(r"\bicon\(\"([a-z0-9-]+)\"", text))

    assert named
    assert named <= set(Assets().icons)


# --- Letters -------------------------------------------------------------------------------------------


@pytest.fixture
def letters() -> Environment:
    """Templates as a job renders them, without a request."""
    return Environment(loader=FileSystemLoader(ROOT / "templates"), undefined=StrictUndefined, autoescape=True)


@pytest.mark.parametrize("name", ["email.html", "email.txt"])
def test_a_letter_says_who_writes_and_why(letters: Environment, name: str) -> None:
    words = "{% block main %}Xin chào.{% endblock %}{% block why %}Vì sao.{% endblock %}"
    letter = letters.from_string(f"{{% extends 'layouts/{name}' %}}{words}")
    site = {"name": "OCOP mẫu", "owner": "Văn phòng mẫu", "phone": "0255 000 0000"}

    text = letter.render(lang="vi", site=site)

    assert all(part in text for part in ("Xin chào.", "Vì sao.", *site.values()))
