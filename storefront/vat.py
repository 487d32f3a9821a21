"""The VAT that is contained in orders: for each rate that was stated, of what is paid for its goods.

What somebody else bears of a discount is paid to the seller all the same, and counts. The price of delivery has no
rate: nobody states one for it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import case, func, select

from catalog import vat
from kernel.db import db, listed
from storefront.order_models import Order, OrderLine


class VatOfRate(NamedTuple):
    """Goods of one rate: what is paid for them, and the VAT in it."""

    rate_bp: int  #: ``catalog.vat.NOT_SUBJECT``: not subject to VAT
    paid_vnd: int
    vat_vnd: int


def of_orders(order_ids: Collection[int]) -> dict[int, list[VatOfRate]]:
    """Work out the VAT of orders, the lowest rate first; goods of which no rate was stated are left out."""
    off = case((Order.discount_by_id.is_(None), OrderLine.discount_vnd), else_=0)
    rows = db.session.execute(
        select(OrderLine.order_id, OrderLine.vat_bp, func.sum(OrderLine.amount_vnd - off))
        .join(Order, Order.id == OrderLine.order_id)
        .where(OrderLine.order_id.in_(listed(sorted(order_ids))), OrderLine.vat_bp.is_not(None))
        .group_by(OrderLine.order_id, OrderLine.vat_bp)
        .order_by(OrderLine.order_id, OrderLine.vat_bp)
    )
    found: dict[int, list[VatOfRate]] = {}
    for order_id, rate_bp, paid in rows:
        if rate_bp is not None:
            found.setdefault(order_id, []).append(VatOfRate(rate_bp, int(paid), vat.contained(int(paid), rate_bp)))
    return found


def of_order(order: Order) -> list[VatOfRate]:
    """Work out the VAT of one order."""
    return of_orders([order.id]).get(order.id, [])
