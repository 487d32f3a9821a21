"""Reading purchases: by the key in their address, with the lots each line was given."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.orm import joinedload, selectinload

from accounts.models import Organisation
from kernel.db import db
from kernel.errors import N_, NotFound
from stock.models import Allocation, AllocationState
from storefront.order_models import (
    Cart,
    Order,
    OrderLine,
    OrderStep,
    Parcel,
    ParcelState,
    Payment,
    Purchase,
    Refund,
)
from storefront.order_queries import latest_parcel
from storefront.return_queries import lines_exchanged, packs_sent_back
from traceability.models import Batch, Lot, LotState
from traceability.queries import path_of

LONGEST_TOKEN = 26


class NoSuchPurchase(NotFound):
    message = N_("There is no order at this address. Please check the link in your message.")


class LotGiven(NamedTuple):
    """So many packs of one lot, for a line."""

    number: str
    path: str  #: of the batch page
    expires_on: date | None
    quantity: int


def by_token(token: str) -> Purchase:
    """Read a purchase with all that its page shows.

    :raises NoSuchPurchase:
    """
    found = None
    if len(token) == LONGEST_TOKEN:
        found = db.session.scalar(_WITH_ALL, {"token": token})
    if found is None:
        raise NoSuchPurchase()
    return found


_WITH_ALL = (
    select(Purchase)
    .where(Purchase.token == bindparam("token"))
    .options(
        joinedload(Purchase.contact),
        selectinload(Purchase.orders).options(
            joinedload(Order.producer),
            selectinload(Order.lines),
            selectinload(Order.parcels).selectinload(Parcel.steps),
        ),
        selectinload(Purchase.payments).joinedload(Payment.payee),
    )
    .execution_options(populate_existing=True)
)


def placed_with(cart_token: str | None) -> Purchase | None:
    """Give the purchase that was made with a cart, by the cart's key."""
    if not cart_token or len(cart_token) > 43:
        return None
    return db.session.scalar(
        select(Purchase).join(Cart, Cart.id == Purchase.cart_id).where(Cart.token == cart_token, Cart.is_placed)
    )


def order_of(purchase: Purchase, position: int) -> Order:
    """Give one order of a purchase, by its place in it.

    :raises NoSuchPurchase:
    """
    for order in purchase.orders:
        if order.position == position:
            return order
    raise NoSuchPurchase()


def lots_of(
    purchase: Purchase,
    states: Collection[AllocationState] = (AllocationState.FIRM, AllocationState.SHIPPED),
) -> dict[int, list[LotGiven]]:
    """List the lots that each line's goods come from, once they are the buyer's: line → lots."""
    rows = db.session.execute(_LOTS, {"document": purchase.number, "states": list(states)})
    found: dict[int, list[LotGiven]] = defaultdict(list)
    for line, number, code, token, expires_on, quantity in rows:
        found[line].append(LotGiven(number, path_of(code, token), expires_on, quantity))
    return found


_LOTS = (
    select(Allocation.line, Lot.number, Organisation.code, Batch.token, Batch.expires_on, Allocation.quantity)
    .join(Lot, Lot.id == Allocation.lot_id)
    .join(Batch, Batch.lot_id == Lot.id)
    .join(Organisation, Organisation.id == Lot.owner_id)
    .where(Allocation.document == bindparam("document"), Allocation.state.in_(bindparam("states", expanding=True)))
    .order_by(Allocation.line, Batch.expires_on, Lot.id)
)


class RecalledGoods(NamedTuple):
    """So many packs of a recalled batch that a purchase has, or waits for."""

    order_id: int
    name_vi: str
    name_en: str
    number: str
    path: str  #: of the batch page
    reason_vi: str
    reason_en: str
    quantity: int
    step_g: int | None


def recalled_of(purchase: Purchase) -> list[RecalledGoods]:
    """List the recalled goods of the orders of a purchase that stand; what came back is no longer the buyer's."""
    rows = db.session.execute(_RECALLED, {"purchase_id": purchase.id, "document": purchase.number}).all()
    if not rows:
        return []
    ids = {order.id for order in purchase.orders}
    found, back, paid = [], packs_sent_back(ids), lines_exchanged(ids)
    for order_id, vi, en, number, code, token, why, why_en, quantity, line, lot_id, step_g in rows:
        key = (*paid.get((order_id, line), (order_id, line)), lot_id)
        left = max(0, quantity - back[key])
        back[key] -= quantity - left
        if left:
            found.append(
                RecalledGoods(order_id, vi, en, number, path_of(code, token), why, why_en or why, left, step_g)
            )
    return found


_RECALLED = (
    select(
        Order.id,
        OrderLine.name_vi,
        OrderLine.name_en,
        Lot.number,
        Organisation.code,
        Batch.token,
        Lot.state_reason,
        Lot.state_reason_en,
        Allocation.quantity,
        Allocation.line,
        Allocation.lot_id,
        OrderLine.step_g,
    )
    .join(OrderLine, OrderLine.order_id == Order.id)
    .join(Allocation, and_(Allocation.document == bindparam("document"), Allocation.line == OrderLine.line))
    .join(Lot, Lot.id == Allocation.lot_id)
    .join(Batch, Batch.lot_id == Lot.id)
    .join(Organisation, Organisation.id == Lot.owner_id)
    .outerjoin(Parcel, Parcel.id == latest_parcel())
    .where(
        Order.purchase_id == bindparam("purchase_id"),
        Lot.state == LotState.RECALLED,
        Allocation.state != AllocationState.RELEASED,
        or_(Parcel.id.is_(None), Parcel.state != ParcelState.RETURNED),
    )
    .order_by(Order.position, Allocation.line, Allocation.id)
)


def refunds_of(purchase: Purchase) -> list[Refund]:
    """List what is given back of a purchase, oldest first."""
    if not any(payment.captured_vnd for payment in purchase.payments):
        return []
    return list(
        db.session.scalars(
            select(Refund)
            .join(Payment, Payment.id == Refund.payment_id)
            .where(Payment.purchase_id == purchase.id)
            .order_by(Refund.id)
        )
    )


def steps_of(purchase: Purchase) -> list[OrderStep]:
    """List what happened to the orders of a purchase, in the order it happened."""
    return list(db.session.scalars(_STEPS, {"purchase_id": purchase.id}))


_STEPS = (
    select(OrderStep)
    .join(Order, Order.id == OrderStep.order_id)
    .where(Order.purchase_id == bindparam("purchase_id"))
    .order_by(OrderStep.id)
)
