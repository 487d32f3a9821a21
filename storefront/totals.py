"""Adding up a purchase: goods, discount, shipping, total, per order and as a whole. Pure: amounts in, amounts out.

Every order is added up by itself; what is taken off several of them is divided among them by what their goods (or their
delivery) cost, to the đồng (largest remainders), and then frozen. So the orders' totals are the purchase's total,
exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kernel.money import split


@dataclass(frozen=True)
class OrderTotal:
    """What one order costs. ``line_discounts_vnd`` are what is taken off its goods, line by line."""

    goods_vnd: int
    delivery_off_vnd: int
    shipping_vnd: int
    line_discounts_vnd: tuple[int, ...]

    @property
    def discount_vnd(self) -> int:
        """All that is taken off it."""
        return sum(self.line_discounts_vnd) + self.delivery_off_vnd

    @property
    def total_vnd(self) -> int:
        """What the buyer pays for it."""
        return self.goods_vnd - self.discount_vnd + self.shipping_vnd


def add_up(
    amounts: Sequence[Sequence[int]],
    shipping: Sequence[int],
    *,
    goods_off_vnd: int = 0,
    delivery_off_vnd: int = 0,
    cheaper: Sequence[bool] | None = None,
) -> list[OrderTotal]:
    """Add up the orders of a purchase.

    :param amounts: per order, what each line costs
    :param shipping: per order
    :param goods_off_vnd: off the goods, at most what they cost
    :param delivery_off_vnd: off the delivery, at most what that costs
    :param cheaper: per order, whether something is taken off it; None: off all
    """
    of = [True] * len(amounts) if cheaper is None else cheaper
    goods = [sum(lines) for lines in amounts]
    goods_off = _shares(goods_off_vnd, [cost * is_cheaper for cost, is_cheaper in zip(goods, of, strict=True)])
    ways_off = _shares(delivery_off_vnd, [way * is_cheaper for way, is_cheaper in zip(shipping, of, strict=True)])
    return [
        OrderTotal(cost, way_off, way, tuple(_shares(off, lines)))
        for lines, cost, off, way, way_off in zip(amounts, goods, goods_off, shipping, ways_off, strict=True)
    ]


def _shares(off_vnd: int, costs: Sequence[int]) -> list[int]:
    if not 0 <= off_vnd <= sum(costs):
        raise ValueError("a discount is between nought and what it is taken off")
    return split(off_vnd, costs) if off_vnd else [0] * len(costs)
