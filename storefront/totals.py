"""Adding up a purchase: goods, discount, shipping, total, per order and as a whole. Pure: amounts in, amounts out.

Every order is added up by itself; what is taken off the whole purchase is divided among the orders by what their goods
cost, to the đồng (largest remainders), and then frozen. So the orders' totals are the purchase's total, exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kernel.money import split


@dataclass(frozen=True)
class OrderTotal:
    """What one order costs. ``line_discounts_vnd`` are parts of ``discount_vnd``, line by line."""

    goods_vnd: int
    discount_vnd: int
    shipping_vnd: int
    line_discounts_vnd: tuple[int, ...]

    @property
    def total_vnd(self) -> int:
        """What the buyer pays for it."""
        return self.goods_vnd - self.discount_vnd + self.shipping_vnd


def add_up(amounts: Sequence[Sequence[int]], shipping: Sequence[int], *, discount_vnd: int = 0) -> list[OrderTotal]:
    """Add up the orders of a purchase.

    :param amounts: per order, what each line costs
    :param shipping: per order
    :param discount_vnd: off the goods of the whole purchase, at most what they cost
    """
    goods = [sum(lines) for lines in amounts]
    if discount_vnd < 0 or discount_vnd > sum(goods):
        raise ValueError("a discount is between nought and what the goods cost")
    shares = split(discount_vnd, goods) if discount_vnd else [0] * len(goods)
    totals = []
    for lines, cost, share, way in zip(amounts, goods, shares, shipping, strict=True):
        parts = split(share, list(lines)) if share else [0] * len(lines)
        totals.append(OrderTotal(cost, share, way, tuple(parts)))
    return totals
