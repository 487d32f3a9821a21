"""What the worker does after purchases: letters that open accounts, goods that are back, what is to be erased."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from accounts import email_links
from kernel import clock, jobs
from kernel.db import retrying, transaction
from storefront import buyers, returns, stock_notices

LOOKED_FOR_EVERY = timedelta(minutes=5)


@jobs.handles("storefront.sign_up")
def _sign_up(args: dict[str, Any], now: datetime) -> None:
    """Write the letter that opens an account. args: email, language."""
    with transaction():
        buyers.send_sign_up(args["email"], language=args["language"], now=now)


@jobs.recurs("storefront.stock_notices", lambda now: now + LOOKED_FOR_EVERY)
def _stock_notices(args: dict[str, Any], now: datetime) -> None:
    while send_some(now) == stock_notices.MOST_AT_ONCE:
        pass


@retrying
def send_some(now: datetime) -> int:
    """Write some of the letters about goods that are back; give how many."""
    with transaction():
        return stock_notices.send_due(now)


@jobs.recurs("storefront.erase", clock.next_midnight)
def _erase(args: dict[str, Any], now: datetime) -> None:
    with transaction():
        buyers.erase_old(now)
        buyers.erase_due(now)
        returns.forget_accounts(now)
        email_links.forget_old(now)


@jobs.recurs("storefront.exchanges", clock.next_midnight)
def _exchanges(args: dict[str, Any], now: datetime) -> None:
    while finish_exchanges(now) == returns.MOST_AT_ONCE:
        pass


@retrying
def finish_exchanges(now: datetime) -> int:
    """End some of the returns whose new goods came; give how many."""
    with transaction():
        return returns.finish_exchanges(now)
