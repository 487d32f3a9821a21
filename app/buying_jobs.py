"""What the worker does for buying: ends what waited too long, frees what was held for it, drops old carts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from kernel import jobs
from kernel.db import db, retrying, transaction
from stock import allocation
from storefront import cart, settling
from storefront.order_models import Purchase

SWEPT_EVERY = timedelta(minutes=1)
FORGOTTEN_EVERY = timedelta(days=1)
CART_KEPT = timedelta(days=90)


@jobs.recurs("buying.sweep", lambda now: now + SWEPT_EVERY)
def _sweep(args: dict[str, Any], now: datetime) -> None:
    sweep(now)


@jobs.recurs("buying.forget_carts", lambda now: now + FORGOTTEN_EVERY)
def _forget_carts(args: dict[str, Any], now: datetime) -> None:
    with transaction():
        cart.forget_old(now - CART_KEPT)


def sweep(now: datetime) -> int:
    """Close each purchase whose time is over, in a transaction of its own; give how many."""
    ids = settling.overdue(now)
    db.session.rollback()
    for purchase_id in ids:
        _close(purchase_id, now)
    _expire(now)
    return len(ids)


@retrying
def _close(purchase_id: int, now: datetime) -> None:
    with transaction():
        settling.close(db.session.get_one(Purchase, purchase_id), now=now)


@retrying
def _expire(now: datetime) -> None:
    with transaction():
        allocation.expire(now)
