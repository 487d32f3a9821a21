"""Words in the language of the request, for views that put sentences together."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import current_app
from flask_babel import get_locale

from kernel import administrative_units
from kernel.models import AdministrativeUnit


def in_english() -> bool:
    """Tell whether the reader reads English."""
    return str(get_locale()) == "en"


def said(row: Any, name: str) -> str:
    """Give a row's text in the language of the request (see ``app.i18n.said``)."""
    tell: Any = current_app.jinja_env.globals["said"]
    return str(tell(row, name))


def day(value: date | datetime | None) -> str:
    """Write a day, or the Viet Nam day of an instant, in the language of the request."""
    return str(current_app.jinja_env.filters["day"](value))


def quantity(value: int, unit: Any) -> str:
    """Write a quantity of base units readably."""
    return str(current_app.jinja_env.filters["quantity"](value, unit))


def commune(unit: AdministrativeUnit) -> str:
    """Name a commune in the language of the request: "xã Ba Tơ", "Ba Tơ commune"."""
    if in_english():
        return f"{unit.name_vi} commune" if unit.kind_vi == "Xã" else unit.name_vi
    return f"{unit.kind_vi[:1].lower()}{unit.kind_vi[1:]} {unit.name_vi}"


def province(unit: AdministrativeUnit, on: date) -> str:
    """Name the province of a commune on a day: "tỉnh Quảng Ngãi", "Quảng Ngãi province"; "" when none is known."""
    above = administrative_units.unit_on(unit.parent_code or "", on)
    if above is None:
        return ""
    if in_english():
        return f"{above.name_en} {above.kind_en}"
    return f"{above.kind_vi[:1].lower()}{above.kind_vi[1:]} {above.name_vi}"
