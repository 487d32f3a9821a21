"""The taxes of the demo set: VAT that producers state, tax held back for one; ``taxes.toml`` says which."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from datetime import datetime

from accounts.actor import Actor
from accounts.models import Organisation
from app.demo.data import DATA
from books import withholding
from catalog import vat
from catalog.models import TradeItem
from kernel import clock


def state(
    organisations: Mapping[str, Organisation],
    items: Mapping[tuple[str, str], TradeItem],
    officer: Actor,
    by: Callable[[str], Actor],
    at: Callable[[int, int], datetime],
) -> None:
    """State rates and turn the switch, each on the day from which it counts."""
    with (DATA / "taxes.toml").open("rb") as file:
        told = tomllib.load(file)
    codes = {row.id: code for code, row in organisations.items()}
    for row in told["vat"]:
        item = items[row["product"], row["item"]]
        vat.state(item, by(codes[item.product.producer_id]), row["bp"], now=at(row["days"], 8))
    office = next(row for row in organisations.values() if row.id == officer.organisation_id)
    for row in told["withholding"]:
        now = at(row["days"], 8)
        withholding.turn(
            office,
            True,
            valid_from=clock.business_date(now),
            reason=row["reason"],
            seller=organisations[row["seller"]],
            actor=officer,
            now=now,
        )
