"""Reading purchases: by the key in their address, with the lots each line was given."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, bindparam, exists, func, inspect, or_, select
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from accounts.models import Organisation
from kernel.db import db
from kernel.errors import N_, NotFound
from stock.models import Allocation, AllocationState
from storefront.order_models import (
    Cart,
    Credit,
    CreditOutcome,
    InvoiceWish,
    Order,
    OrderChange,
    OrderLine,
    OrderStep,
    Parcel,
    ParcelState,
    Payment,
    Purchase,
    Refund,
)
from storefront.order_queries import latest_parcel
from storefront.return_models import GoodsReturn
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
    found = db.session.scalar(_BY_TOKEN, {"token": token}) if len(token) == LONGEST_TOKEN else None
    if found is None:
        raise NoSuchPurchase()
    _fill(found)
    return found


_NEW: dict[str, Any] = {"populate_existing": True}
_BY_TOKEN = (
    select(Purchase)
    .where(Purchase.token == bindparam("token"))
    .options(joinedload(Purchase.contact))
    .execution_options(**_NEW)
)
_ORDERS = (
    select(Order)
    .where(Order.purchase_id == bindparam("purchase_id"))
    .order_by(Order.position)
    .options(joinedload(Order.producer))
    .execution_options(**_NEW)
)
_LINES = (
    select(OrderLine)
    .where(OrderLine.order_id.in_(bindparam("order_ids", expanding=True)))
    .order_by(OrderLine.order_id, OrderLine.line)
    .execution_options(**_NEW)
)
_PARCELS = (
    select(Parcel)
    .where(Parcel.order_id.in_(bindparam("order_ids", expanding=True)))
    .order_by(Parcel.order_id, Parcel.id)
    .options(selectinload(Parcel.steps))
    .execution_options(**_NEW)
)
_PAYMENTS = (
    select(Payment)
    .where(Payment.purchase_id == bindparam("purchase_id"))
    .order_by(Payment.id)
    .options(joinedload(Payment.payee))
    .execution_options(**_NEW)
)


def _fill(purchase: Purchase) -> None:
    """Read what belongs to a purchase by statements that are built once: its page is looked at after each order."""
    orders = list(db.session.scalars(_ORDERS, {"purchase_id": purchase.id}))
    ids = {"order_ids": [order.id for order in orders]}
    lines, parcels = db.session.scalars(_LINES, ids).all(), db.session.scalars(_PARCELS, ids).all()
    for order in orders:
        set_committed_value(order, "lines", [line for line in lines if line.order_id == order.id])
        set_committed_value(order, "parcels", [parcel for parcel in parcels if parcel.order_id == order.id])
    set_committed_value(purchase, "orders", orders)
    set_committed_value(purchase, "payments", list(db.session.scalars(_PAYMENTS, {"purchase_id": purchase.id})))


class Happened(NamedTuple):
    """What there is to tell of a purchase beside its orders."""

    invoice: bool
    returns: bool
    changes: bool
    twice_vnd: int  #: came a second time, and nobody has decided of it yet


def happened(purchase: Purchase) -> Happened:
    """Tell what else there is to read of a purchase, for most there is nothing (one statement)."""
    return Happened._make(db.session.execute(_HAPPENED, {"purchase_id": purchase.id}).one())


def _of_its_orders(table: Any) -> Any:
    orders: Any = inspect(Order).local_table
    return exists().where(table.c.order_id == orders.c.id, orders.c.purchase_id == bindparam("purchase_id"))


def _happened() -> Select[bool, bool, bool, int]:
    wishes: Any = inspect(InvoiceWish).local_table
    twice = (
        select(func.coalesce(func.sum(Credit.amount_vnd), 0))
        .join(Payment, Payment.id == Credit.payment_id)
        .where(Payment.purchase_id == bindparam("purchase_id"), Credit.outcome == CreditOutcome.DUPLICATE)
    )
    return select(
        exists().where(wishes.c.purchase_id == bindparam("purchase_id")),
        _of_its_orders(inspect(GoodsReturn).local_table),
        _of_its_orders(inspect(OrderChange).local_table),
        twice.scalar_subquery(),
    )


_HAPPENED = _happened()


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
