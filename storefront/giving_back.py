"""Claiming money back for an order that came: as much as is owed, at most what is left of what was paid for it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, or_, select

from accounts.actor import Actor
from kernel.db import db, for_update
from storefront import bookkeeping, ordering, settling
from storefront.order_models import Order, Payment, Refund


def left_of(order: Order) -> int:
    """Say how much may still go back of an order: of what it cost, and of what its payments have.

    What came too much and went back was never the order's; what a card's payer disputes waits for its end.
    """
    paid = db.session.scalar(
        select(func.coalesce(func.sum(Payment.captured_vnd - Payment.refunded_vnd - Payment.disputed_vnd), 0)).where(
            _pays_for(order)
        )
    )
    return max(0, min(order.total_vnd - bookkeeping.undone_of(order), int(paid or 0)))


def has_money(order: Order) -> bool:
    """Tell whether money that came for an order is on record."""
    return bool(db.session.scalar(select(exists().where(_pays_for(order), Payment.captured_vnd > 0))))


def claim(
    order: Order, amount_vnd: int, *, cause: str, reason: str, now: datetime, actor: Actor | None = None
) -> list[Refund]:
    """Claim an amount back, of each payment what it has; the same cause is claimed once.

    Orders are locked first, then payments: as everywhere.

    :raises storefront.settling.RefundTooLarge: if less than that is left
    """
    ordering.lock_orders(order.purchase)
    payments = db.session.scalars(for_update(select(Payment).where(_pays_for(order)).order_by(Payment.id))).all()
    causes = {payment.id: f"{cause}:{payment.id}" for payment in payments}
    before = list(db.session.scalars(select(Refund).where(Refund.cause.in_(causes.values())).order_by(Refund.id)))
    if before:
        return before
    left = left_of(order)
    if not 0 < amount_vnd <= left:
        raise settling.RefundTooLarge(left_vnd=left)
    made, rest = [], amount_vnd
    for payment in payments:
        part = min(rest, payment.captured_vnd - payment.refunded_vnd - payment.disputed_vnd)
        if part > 0:
            made.append(
                settling.refund(
                    payment, part, cause=causes[payment.id], reason=reason, now=now, order=order, actor=actor
                )
            )
            rest -= part
    return made


def _pays_for(order: Order) -> ColumnElement[bool]:
    return (Payment.purchase_id == order.purchase_id) & or_(Payment.order_id == order.id, Payment.order_id.is_(None))
