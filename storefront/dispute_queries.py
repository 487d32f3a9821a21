"""Which orders are kept back because the payer's bank asks for the money of the card: questions of the database.

An order that is not packed stays where it is while such a dispute is open, and after it was lost: the payer has the
money. Its producer cancels it, or sends it all the same and says why. A mere question of the bank keeps nothing back.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from kernel.db import db
from storefront import bookkeeping
from storefront.dispute_models import CardDispute, DisputeState
from storefront.order_models import Order, OrderStep, Payment, PaymentMethod, Placement, Purchase

#: The step of an order by which its producer sends it all the same.
SENT_ALL_THE_SAME = "despite_dispute"


def keeps_back() -> ColumnElement[bool]:
    """Say in SQL that an order (of the query around it) is not to be packed."""
    decided = (
        exists()
        .where(
            OrderStep.order_id == Order.id,
            OrderStep.what == SENT_ALL_THE_SAME,
            OrderStep.at >= func.coalesce(CardDispute.closed_at, CardDispute.opened_at),
        )
        .correlate(Order, CardDispute)
    )
    return and_(
        Order.placement == Placement.CONFIRMED,
        Order.packed_at.is_(None),
        exists()
        .where(
            Payment.purchase_id == Order.purchase_id,
            or_(Payment.order_id.is_(None), Payment.order_id == Order.id),
            CardDispute.payment_id == Payment.id,
            CardDispute.state != DisputeState.WON,
            ~CardDispute.is_inquiry,
            ~decided,
        )
        .correlate(Order),
    )


def kept_back(order: Order) -> bool:
    """Tell whether an order is not to be packed (one statement)."""
    return db.session.scalar(select(Order.id).where(Order.id == order.id, keeps_back())) is not None


def kept_back_of(purchase: Purchase) -> set[int]:
    """Give the ids of the orders of a purchase that are not to be packed (one statement; none unless by card)."""
    if all(payment.method is not PaymentMethod.CARD for payment in purchase.payments):
        return set()
    return set(db.session.scalars(select(Order.id).where(Order.purchase_id == purchase.id, keeps_back())))


def payer_has_it(order: Order) -> bool:
    """Tell whether the payer got all the money of an order by a dispute: nothing is owed for it any more."""
    return is_lost(order) and bookkeeping.undone_of(order) >= order.total_vnd


def is_lost(order: Order) -> bool:
    """Tell whether the payer got money of an order by a dispute (one statement)."""
    lost = (
        select(CardDispute.id)
        .join(Payment, Payment.id == CardDispute.payment_id)
        .where(
            Payment.purchase_id == order.purchase_id,
            or_(Payment.order_id.is_(None), Payment.order_id == order.id),
            CardDispute.state == DisputeState.LOST,
        )
    )
    return db.session.scalar(lost.limit(1)) is not None
