"""Two languages, and how amounts and quantities are written in them."""

from __future__ import annotations

import pytest
from flask import Flask

from app import i18n
from catalog.models import Unit


@pytest.mark.parametrize(
    ("query", "cookie", "accept", "language"),
    [
        ("", "", "", "vi"),
        ("", "", "en-GB,en;q=0.8", "en"),
        ("", "", "fr,de;q=0.5", "vi"),
        ("", "", "en;q=0.2, vi;q=0.9", "vi"),
        ("", "", "en;q=oops, ;;;", "vi"),
        ("", "a=b; lang=en", "vi", "en"),
        ("", "lang=xx", "en", "en"),
        ("q=mat&lang=vi", "lang=en", "en", "vi"),
        ("lang=fr", "lang=en", "vi", "en"),
    ],
)
def test_the_address_decides_before_the_cookie_and_the_cookie_before_the_browser(
    query: str, cookie: str, accept: str, language: str
) -> None:
    assert i18n.choose_language(query, cookie, accept) == language


@pytest.mark.parametrize(
    ("value", "unit", "vi", "en"),
    [
        (1500, Unit.GRAM, "1,5 kg", "1.5 kg"),
        (1_250_000, Unit.GRAM, "1.250 kg", "1,250 kg"),
        (1001, Unit.GRAM, "1,001 kg", "1.001 kg"),
        (250, Unit.MILLILITRE, "250 ml", "250 ml"),
        (40, Unit.PIECE, "40", "40"),
    ],
)
def test_quantities_are_written_as_people_write_them(app: Flask, value: int, unit: Unit, vi: str, en: str) -> None:
    for language, expected in (("vi", vi), ("en", en)):
        with app.test_request_context(f"/?lang={language}"):
            assert i18n.quantity(value, unit).replace("\N{NO-BREAK SPACE}", " ") == expected


def test_dong_and_days(app: Flask, now) -> None:
    with app.test_request_context("/?lang=vi"):
        assert i18n.dong(120_000) == "120.000\N{NO-BREAK SPACE}₫"
        assert i18n.day(now) == "24/11/2026"
        assert i18n.moment(now) == "09:00, 24/11/2026"
    with app.test_request_context("/?lang=en"):
        assert i18n.dong(120_000) == "120,000\N{NO-BREAK SPACE}₫"
        assert i18n.day(now) == "24 Nov 2026"
