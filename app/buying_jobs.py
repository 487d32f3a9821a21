"""What the worker does for buying: ends what waited too long, frees what was held for it, drops old carts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog

from kernel import jobs
from kernel.db import db, retrying, transaction
from stock import allocation
from storefront import cart, gateways, settling
from storefront.order_models import Purchase
from storefront.web import card_pages

log = structlog.get_logger()

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
    """Close each purchase whose time is over, in a transaction of its own; give how many.

    One that cannot be closed does not keep the others waiting, nor their goods.
    """
    ids = settling.overdue(now)
    db.session.rollback()
    for purchase_id in ids:
        try:
            if _pages_are_ended(purchase_id, now):
                _close(purchase_id, now)
        except Exception:
            db.session.rollback()
            log.exception("a purchase could not be closed", purchase=purchase_id)
    _expire(now)
    return len(ids)


def _pages_are_ended(purchase_id: int, now: datetime) -> bool:
    """See that no provider's page takes money for a purchase any more; if nobody can tell, it is closed later."""
    with transaction():
        payments = [payment.id for payment in db.session.get_one(Purchase, purchase_id).payments]
    try:
        return all(card_pages.end_page(payment_id, now=now) for payment_id in payments)
    except (gateways.ProviderAway, gateways.ProviderRefused, card_pages.NoProvider) as problem:
        log.warning(
            "a purchase waits to be closed: its page for cards was not ended",
            purchase=purchase_id,
            problem=str(problem),
        )
        return False


@retrying
def _close(purchase_id: int, now: datetime) -> None:
    with transaction():
        settling.close(db.session.get_one(Purchase, purchase_id), now=now)


@retrying
def _expire(now: datetime) -> None:
    with transaction():
        allocation.expire(now)
