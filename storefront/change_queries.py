"""Reads of changes of orders: by the order's link, and by order numbers that were found for the actor before."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from kernel.db import db
from kernel.errors import N_, NotFound
from storefront import changing
from storefront.order_models import ChangeState, Order, OrderChange, Purchase


class NoSuchChange(NotFound):
    message = N_("There is no such proposal.")


def of_order(order: Order) -> Sequence[OrderChange]:
    """List the changes of an order, the oldest first."""
    return db.session.scalars(
        select(OrderChange)
        .where(OrderChange.order_id == order.id)
        .options(selectinload(OrderChange.lines))
        .order_by(OrderChange.id)
    ).all()


def change_of(order: Order, number: str) -> OrderChange:
    """Find a change of an order.

    :raises NoSuchChange:
    """
    return _one(next((one for one in of_order(order) if one.number == number), None))


def proposals_of(purchase: Purchase) -> list[OrderChange]:
    """List what the producers of a purchase propose and its buyer may still answer."""
    return [change for change in _proposed(purchase) if changing.is_open(change)]


def proposal_of(purchase: Purchase, number: str) -> OrderChange:
    """Find a proposal to the buyer of a purchase, answered or not.

    :raises NoSuchChange:
    """
    found = (
        select(OrderChange)
        .join(Order, Order.id == OrderChange.order_id)
        .where(Order.purchase_id == purchase.id, OrderChange.number == number, OrderChange.asked_by == "producer")
        .options(joinedload(OrderChange.order), selectinload(OrderChange.lines))
    )
    return _one(db.session.scalar(found))


def _proposed(purchase: Purchase) -> Sequence[OrderChange]:
    return db.session.scalars(
        select(OrderChange)
        .join(Order, Order.id == OrderChange.order_id)
        .where(Order.purchase_id == purchase.id, OrderChange.state == ChangeState.PROPOSED)
        .options(joinedload(OrderChange.order), selectinload(OrderChange.lines))
        .order_by(Order.position)
    ).all()


def _one(found: OrderChange | None) -> OrderChange:
    if found is None:
        raise NoSuchChange()
    return found
