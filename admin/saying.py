"""The templates' own filters, for the words that screens put together in Python."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from flask import current_app, request
from flask_babel import force_locale, gettext

from catalog.vat import NOT_SUBJECT
from kernel.amounts import Apart


@contextmanager
def in_language(language: str) -> Iterator[None]:
    """Say everything in another language than the reader's: sentences, names, amounts, days."""
    before = request.environ.get("language")
    request.environ["language"] = language
    try:
        with force_locale(language):
            yield
    finally:
        request.environ["language"] = before


def said(row: Any, name: str) -> str:
    """Give a row's text in the reader's language: ``said(lot, "name")``."""
    return str(current_app.jinja_env.filters["said"](row, name))


def dong(amount: int) -> str:
    """Write an amount of money."""
    return str(current_app.jinja_env.filters["dong"](amount))


def quantity(amount: int, unit: Any, step_g: int | None = None) -> str:
    """Write an amount of goods in their unit, or as a weight where one of them is so many grams."""
    return str(current_app.jinja_env.filters["quantity"](amount, unit, step_g))


def much(row: Any, count: int | None = None) -> str:
    """Write how much of a row's goods it is: "3", or "1,5 kg" where they are sold by weight."""
    return str(current_app.jinja_env.filters["much"](row, count))


def counted(row: Any, count: int) -> int | str:
    """Give an amount for a file: a number of packs, or a weight where they are sold by weight."""
    return much(row, count) if row.step_g else count


def figure(goods: Apart) -> str:
    """Write packs and a weight that stand in one column: "12", "3,5 kg", "12 packs, 3,5 kg"."""
    return str(current_app.jinja_env.filters["figure"](goods))


def times(row: Any, count: int | None = None) -> str:
    """Write the same before a name: "3 ×", or "1,5 kg"."""
    return str(current_app.jinja_env.filters["times"](row, count))


def day(value: date) -> str:
    """Write a day."""
    return str(current_app.jinja_env.filters["day"](value))


def vat_words(rate_bp: int | None) -> str:
    """Say a rate of VAT; None: none is stated."""
    if rate_bp is None:
        return str(gettext("not stated"))
    if rate_bp == NOT_SUBJECT:
        return str(gettext("not subject to VAT"))
    return f"{rate_bp / 100:g} %"


def unit(full_name: str) -> str:
    """Name a commune or province in the reader's language, by its full name in Vietnamese."""
    return str(current_app.jinja_env.filters["unit"](full_name))
