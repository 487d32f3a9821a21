"""The same goods anew, for ones that were sent back: an order of the same purchase that costs nothing.

It is packed, labelled, brought and, if nobody takes it, taken back like any other order; its goods are picked from
stock first to expire first. What it brings is sent back through the order that was paid, never through itself.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from accounts.actor import Actor
from kernel import clock
from kernel.db import db
from stock import allocation
from stock.allocation import Want
from storefront import ordering, shipping
from storefront.order_models import Order, OrderLine, Parcel, ParcelState, Placement, Purchase
from storefront.order_queries import latest_parcel
from storefront.return_models import GoodsReturn
from storefront.return_rules import RETURN_DAYS


def new_order(made: GoodsReturn, *, actor: Actor, now: datetime) -> Order:
    """Promise the same goods from stock, and write the order that brings them. The purchase's orders are locked.

    The packs keep for at least as long as they could be sent back, and until they come.

    :raises stock.allocation.NotEnough: if there are too few
    """
    first, purchase = made.order, made.order.purchase
    number, position = _last_line(purchase), max(order.position for order in purchase.orders) + 1
    returned = [row for row in made.lines if row.quantity]
    wants, keeps = [], max(RETURN_DAYS, shipping.days_of(first.shipping_rule))
    for row in returned:
        number += 1
        row.exchange_line = number
        wants.append(Want(number, row.bought.trade_item_id, row.quantity, first.producer_id, min_days=keeps))
    order = Order(
        purchase_id=purchase.id,
        position=position,
        number=f"{purchase.number}-{position}",
        producer_id=first.producer_id,
        placement=Placement.CONFIRMED,
        goods_vnd=0,
        total_vnd=0,
        weight_g=sum(shipping.weight_of(row.bought.trade_item, row.quantity) for row in returned),
        delivery=first.delivery,
        shipping_rule=first.shipping_rule,
        placed_at=now,
        confirmed_at=now,
    )
    db.session.add(order)
    db.session.flush()
    db.session.add_all(_line(order, want, row.bought) for want, row in zip(wants, returned, strict=True))
    db.session.flush()
    allocation.add(wants, document=purchase.number, on=clock.business_date(now), now=now)
    ordering.note(order, "exchange", now=now, actor=actor, number=made.number)
    db.session.expire(purchase, ["orders"])
    return order


def has_failed(made: GoodsReturn) -> bool:
    """Tell whether the goods that were to come instead never do: called off, or nobody took them."""
    order = made.exchange_order
    if order is None:
        return False
    return order.placement is Placement.CANCELLED or _latest_parcel(order) is ParcelState.RETURNED


def has_come(made: GoodsReturn) -> bool:
    """Tell whether the goods that come instead were delivered."""
    return made.exchange_order is not None and _latest_parcel(made.exchange_order) is ParcelState.DELIVERED


def is_open(made: GoodsReturn) -> bool:
    """Tell whether somebody has to say what happens now: send other goods, or give the money back."""
    return made.exchange_order is None or has_failed(made)


def _latest_parcel(order: Order) -> ParcelState | None:
    return db.session.scalar(select(Parcel.state).where(Parcel.id == latest_parcel(order.id)))


def _last_line(purchase: Purchase) -> int:
    last = select(func.max(OrderLine.line)).join(Order, Order.id == OrderLine.order_id)
    return int(db.session.scalar(last.where(Order.purchase_id == purchase.id)) or 0)


def _line(order: Order, want: Want, bought: OrderLine) -> OrderLine:
    return OrderLine(
        order_id=order.id,
        line=want.line,
        trade_item_id=want.trade_item_id,
        name_vi=bought.name_vi,
        name_en=bought.name_en,
        slug=bought.slug,
        agreed=want.quantity,
        unit=bought.unit,
        step_g=bought.step_g,
        price_vnd=0,
        agreed_vnd=0,
        certificate_number=bought.certificate_number,
        stars=bought.stars,
    )
