"""Words in the language of the request, for views that put sentences together."""

from __future__ import annotations

from typing import Any

from flask import current_app
from flask_babel import get_locale


def language() -> str:
    """Give the language of the request: "vi" or "en"."""
    locale = get_locale()
    return str(locale.language) if locale else "vi"


def said(row: Any, name: str) -> str:
    """Give a row's text in the language of the request (see ``app.i18n.said``)."""
    return str(current_app.jinja_env.filters["said"](row, name))


def dong(amount: int) -> str:
    """Write an amount in the language of the request."""
    return str(current_app.jinja_env.filters["dong"](amount))


def much(row: Any, count: int | None = None) -> str:
    """Write how much of a row's goods it is (see ``app.i18n.much``)."""
    return str(current_app.jinja_env.filters["much"](row, count))


def times(row: Any) -> str:
    """Write how much of a row's goods it is, before their name (see ``app.i18n.times``)."""
    return str(current_app.jinja_env.filters["times"](row))


def named(full_name: str) -> str:
    """Name an administrative unit in the language of the request."""
    return str(current_app.jinja_env.filters["unit"](full_name))
