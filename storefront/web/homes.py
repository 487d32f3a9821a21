"""The commune a buyer lives in, as it was typed: found, offered where it can be several, or refused."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import gettext

from accounts.web.forms import choices_of
from kernel import addresses, administrative_units, clock
from kernel.administrative_units import Unit
from kernel.text import one_line
from storefront.web.words import named


def home_of(form: Any) -> Unit | None:
    """Find the commune that was typed; where it can be several, offer them; say so where it is none.

    :param form: with the fields ``commune`` and ``commune_code``
    """
    typed = one_line(form.commune.data or "")
    if not typed:
        form.commune.errors = form.commune.errors or [gettext("Write the commune or ward and the province.")]
        return None
    today = clock.business_date(clock.now())
    found = addresses.understand(typed, today)
    if not found:
        form.commune.errors = [
            gettext("We know no commune of that name. Please check the spelling and add the province.")
        ]
        return None
    if len(found) > 1:
        form.commune_code.choices = choices_of({unit.code: named_place(unit, today) for unit in found[:12]})
        picked = next((unit for unit in found if unit.code == form.commune_code.data), None)
        if picked is None:
            form.commune_code.errors = [gettext("There are several communes of that name. Please choose yours.")]
        return picked
    return found[0]


def named_place(unit: Unit, today: date) -> str:
    """Name a commune with its province."""
    above = administrative_units.unit_on(unit.parent_code or "", today)
    return ", ".join(named(f"{one.kind_vi} {one.name_vi}") for one in (unit, above) if one is not None)
