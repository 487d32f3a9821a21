"""What the worker does for payments by card: open pages, follow notices, give money back, look for what was missed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog

from kernel import jobs
from kernel.db import db, transaction
from storefront import cards, disputes, gateways, paying, settling
from storefront.web import card_pages

LOOKED_AGAIN_EVERY = timedelta(minutes=1)
log = structlog.get_logger()


@jobs.handles(paying.OPEN_PAGE_JOB)
def _open_page(args: dict[str, Any], now: datetime) -> None:
    """Open the provider's page of a payment, if that was not done at once. args: payment."""
    card_pages.open_page(int(args["payment"]), now=now)


@jobs.handles(settling.END_PAGE_JOB)
def _end_page(args: dict[str, Any], now: datetime) -> None:
    """End the provider's page of a payment whose orders were all called off; what it took is settled. args: payment."""
    card_pages.end_page(int(args["payment"]), now=now)


@jobs.handles(cards.NOTICE_JOB)
def _follow(args: dict[str, Any], now: datetime) -> None:
    """Read the truth about what a notice named. args: about, reference."""
    card_pages.follow(args["about"], args["reference"], now=now)


@jobs.handles(settling.REFUND_JOB)
def _give_back(args: dict[str, Any], now: datetime) -> None:
    """Give back what was paid by card. args: refund."""
    card_pages.give_back(int(args["refund"]), now=now)


@jobs.handles(disputes.DECISION_JOB)
def _tell_decision(args: dict[str, Any], now: datetime) -> None:
    """Tell the provider what was decided about a dispute. args: dispute."""
    card_pages.tell_decision(int(args["dispute"]), now=now)


@jobs.recurs("payments.look_again", lambda now: now + LOOKED_AGAIN_EVERY)
def _look_again(args: dict[str, Any], now: datetime) -> None:
    look_again(now=now)


def look_again(*, now: datetime) -> None:
    """Read anew all payments, refunds and disputes by card that have not ended: a notice may be lost.

    One that cannot be read does not keep the others from it; while the provider is away, nothing is asked.
    """
    if gateways.cards() is None:
        return
    with transaction():
        payments = [payment.id for payment in cards.to_look_at(now)]
        refunds = [refund.id for refund in cards.returns_to_look_at(now)]
        disputed = [dispute.id for dispute in disputes.to_look_at(now)]
    for look, ids in (
        (card_pages.look_again, payments),
        (card_pages.give_back, refunds),
        (card_pages.tell_decision, disputed),
    ):
        for id in ids:
            try:
                look(id, now=now)
            except gateways.ProviderAway:
                raise
            except (gateways.ProviderRefused, cards.UnknownPayment) as problem:
                log.warning("a payment by card could not be read", id=id, problem=str(problem))
            except Exception:
                db.session.rollback()
                log.exception("what was read of a payment by card could not be settled", id=id)
