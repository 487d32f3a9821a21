"""Prices: rows with a start day, added and never changed. What holds on a day is a pure question."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Protocol, TypeVar

from sqlalchemy import select

from accounts.actor import Actor
from catalog.models import Price, Product, TradeItem
from kernel import audit, pages
from kernel.clock import business_date
from kernel.db import db, lock
from kernel.errors import N_, InvalidInput

LEAST_VND, MOST_VND = 1, 1_000_000_000
#: How far ahead a price may be announced, in days: further off it is a mistyped year.
FURTHEST_AHEAD = 366


class AmountOutOfRange(InvalidInput):
    message = N_("A price lies between 1 and 1,000,000,000 đồng.")
    field = "amount_vnd"


class StartsInThePast(InvalidInput):
    message = N_("A price begins today or later: what was paid before does not change.")
    field = "valid_from"


class StartsTooFarAhead(InvalidInput):
    message = N_("A price begins within a year from today.")
    field = "valid_from"


class Dated(Protocol):
    """What the rule needs of a price: its first day, its place in the order of entry, its amount."""

    @property
    def id(self) -> int: ...

    @property
    def valid_from(self) -> date: ...

    @property
    def amount_vnd(self) -> int: ...


P = TypeVar("P", bound=Dated)


def price_on(prices: Iterable[P], day: date) -> P | None:
    """Choose the price that holds on a day: the latest first day that has begun, then the latest entered."""
    begun = [price for price in prices if price.valid_from <= day]
    return max(begun, key=lambda price: (price.valid_from, price.id), default=None)


def coming(prices: Iterable[P], day: date) -> list[P]:
    """List the prices that will begin after a day, in order; of several for one day only the latest entered."""
    ahead: dict[date, P] = {}
    for price in sorted(prices, key=lambda price: (price.valid_from, price.id)):
        if price.valid_from > day:
            ahead[price.valid_from] = price
    return list(ahead.values())


def set_price(
    item: TradeItem, actor: Actor, *, amount_vnd: int, valid_from: date | None = None, now: datetime
) -> Price:
    """Set the price of a trade item from a day on, VAT included; it shows without an approval.

    A price already announced for a later day still comes into force on that day. The price that would hold from
    that day anyway is not written again.

    :param valid_from: today (Viet Nam) when None
    :return: the price that holds on its first day
    :raises AmountOutOfRange: :raises StartsInThePast: :raises StartsTooFarAhead:
    """
    today = business_date(now)
    valid_from = valid_from or today
    if not LEAST_VND <= amount_vnd <= MOST_VND:
        raise AmountOutOfRange()
    if valid_from < today:
        raise StartsInThePast()
    if (valid_from - today).days > FURTHEST_AHEAD:
        raise StartsTooFarAhead()
    lock(item)
    prices = list(db.session.scalars(select(Price).where(Price.trade_item_id == item.id)))
    before = price_on(prices, valid_from)
    if before is not None and before.amount_vnd == amount_vnd:
        return before
    price = Price(
        trade_item_id=item.id, amount_vnd=amount_vnd, valid_from=valid_from, set_by_id=actor.user_id, set_at=now
    )
    db.session.add(price)
    db.session.flush()
    db.session.expire(item, ["prices"])
    audit.record(
        actor,
        "catalog.set_price",
        f"product:{item.product_id}",
        now=now,
        item=item.id,
        amount_vnd=amount_vnd,
        valid_from=valid_from.isoformat(),
    )
    producer_id = db.session.scalar(select(Product.producer_id).where(Product.id == item.product_id))
    pages.bump(pages.SHOP, pages.product(item.product_id), pages.organisation(producer_id or 0))
    return price
