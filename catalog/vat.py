"""VAT that is contained in the prices of goods: what a producer states for a trade item, from a day on.

Which rates there are is data with its source (``catalog/data/vat_rates.json``). Who states none (a household that pays
by the direct method, for instance) sells at the same price; nothing is worked out then.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import BindParameter, ScalarSelect, select

from accounts.actor import Actor
from catalog.models import TradeItem, VatStatement
from kernel import audit
from kernel.clock import business_date
from kernel.db import db, lock
from kernel.errors import N_, InvalidInput

#: Stated of goods that are not subject to VAT: no rate, and not nought either.
NOT_SUBJECT = -1
FURTHEST_AHEAD = 366
_FILE = Path(__file__).parent / "data" / "vat_rates.json"


class UnknownRate(InvalidInput):
    message = N_("There is no such rate of VAT on that day. Please choose another rate or another day.")
    field = "rate"


class StartsInThePast(InvalidInput):
    message = N_("A rate of VAT begins today or later: what was sold before does not change.")
    field = "valid_from"


class StartsTooFarAhead(InvalidInput):
    message = N_("A rate of VAT begins within a year from today.")
    field = "valid_from"


@dataclass(frozen=True)
class Rate:
    """A rate that can be stated, and when."""

    bp: int
    valid_from: date
    valid_until: date


def contained(amount_vnd: int, rate_bp: int | None) -> int:
    """Work out the VAT in an amount that contains it, rounded half up to the đồng: of 108 at 8 %, 8.

    The only place where VAT is worked out. It is applied once for each rate of an order, to the sum of what is paid for
    the goods of that rate (``storefront.vat``): so a sum is rounded once, not line by line.
    """
    if rate_bp is None or rate_bp <= 0:
        return 0
    whole = 10_000 + rate_bp
    return (2 * amount_vnd * rate_bp + whole) // (2 * whole)


def rates_on(day: date) -> list[int]:
    """List the rates that can be stated from a day on, in basis points, the lowest first."""
    return sorted(rate.bp for rate in rates() if rate.valid_from <= day <= rate.valid_until)


def known() -> list[int]:
    """List every rate that could ever be stated, in basis points, the lowest first."""
    return sorted({rate.bp for rate in rates()})


@functools.cache
def rates() -> tuple[Rate, ...]:
    """List every rate that is known here."""
    return tuple(
        Rate(
            row["bp"],
            date.fromisoformat(row.get("valid_from", "0001-01-01")),
            date.fromisoformat(row.get("valid_until", "9999-12-31")),
        )
        for row in json.loads(_FILE.read_text(encoding="utf-8"))["rates"]
    )


def state(
    item: TradeItem, actor: Actor, rate_bp: int | None, *, valid_from: date | None = None, now: datetime
) -> VatStatement | None:
    """State the rate of a trade item from a day on; None: none is stated any more. Orders keep what was stated then.

    :return: what holds on that day (None: nothing was ever stated, and nothing is)
    :raises UnknownRate, StartsInThePast, StartsTooFarAhead:
    """
    today = business_date(now)
    valid_from = valid_from or today
    if valid_from < today:
        raise StartsInThePast()
    if (valid_from - today).days > FURTHEST_AHEAD:
        raise StartsTooFarAhead()
    if rate_bp is not None and rate_bp not in rates_on(valid_from):
        raise UnknownRate()
    lock(item)
    before = statement_on(statements_of(item.id), valid_from)
    if (before.rate_bp if before is not None else None) == rate_bp:
        return before
    row = VatStatement(
        trade_item_id=item.id, rate_bp=rate_bp, valid_from=valid_from, set_by_id=actor.user_id, set_at=now
    )
    db.session.add(row)
    db.session.flush()
    audit.record(
        actor,
        "catalog.state_vat",
        f"product:{item.product_id}",
        now=now,
        item=item.id,
        vat_bp=rate_bp,
        valid_from=valid_from.isoformat(),
    )
    return row


def statements_of(item_id: int) -> Sequence[VatStatement]:
    """List what was ever stated of a trade item, in the order of entry."""
    return db.session.scalars(
        select(VatStatement).where(VatStatement.trade_item_id == item_id).order_by(VatStatement.id)
    ).all()


def statement_on(rows: Iterable[VatStatement], day: date) -> VatStatement | None:
    """Choose what holds on a day: the latest first day that has begun, then the latest entered."""
    begun = [row for row in rows if row.valid_from <= day]
    return max(begun, key=lambda row: (row.valid_from, row.id), default=None)


def rate_on(item_id: Any, day: date | BindParameter[date]) -> ScalarSelect[int | None]:
    """Give, in SQL, the rate stated of a trade item that is in force on a day."""
    return (
        select(VatStatement.rate_bp)
        .where(VatStatement.trade_item_id == item_id, VatStatement.valid_from <= day)
        .order_by(VatStatement.valid_from.desc(), VatStatement.id.desc())
        .limit(1)
        .correlate_except(VatStatement)
        .scalar_subquery()
    )
