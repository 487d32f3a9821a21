"""Who gets how much of a sale, and how much of it a refund undoes. Pure: amounts in, amounts out.

A sale is frozen when it is agreed. Money that goes back to the buyer is first money for the goods, then money for
their delivery. What belongs to the goods (their price, what was taken off it, commission, tax) is undone in proportion
to the goods' money that went back. How much is undone depends only on how much went back in all, never on how it was
divided: a refund undoes the difference of before and after, and the last one takes what is left, to the đồng.
"""

from __future__ import annotations

from dataclasses import dataclass

from kernel.money import part


@dataclass(frozen=True)
class Sale:
    """What was agreed, or a part of it. The buyer pays ``total_vnd``."""

    goods_vnd: int
    goods_off_vnd: int = 0  #: taken off the price of the goods
    delivery_vnd: int = 0
    delivery_off_vnd: int = 0
    commission_vnd: int = 0
    vat_held_vnd: int = 0  #: tax held back for the seller
    pit_held_vnd: int = 0

    @property
    def tax_vnd(self) -> int:
        """What is held back for the seller."""
        return self.vat_held_vnd + self.pit_held_vnd

    @property
    def goods_paid_vnd(self) -> int:
        """What the buyer pays for the goods."""
        return self.goods_vnd - self.goods_off_vnd

    @property
    def delivery_paid_vnd(self) -> int:
        """What the buyer pays for their delivery."""
        return self.delivery_vnd - self.delivery_off_vnd

    @property
    def total_vnd(self) -> int:
        """What the buyer pays."""
        return self.goods_paid_vnd + self.delivery_paid_vnd

    @property
    def off_vnd(self) -> int:
        """What was taken off."""
        return self.goods_off_vnd + self.delivery_off_vnd

    def __sub__(self, other: Sale) -> Sale:
        """Give what is left of a sale when another part of it is gone."""
        return Sale(
            self.goods_vnd - other.goods_vnd,
            self.goods_off_vnd - other.goods_off_vnd,
            self.delivery_vnd - other.delivery_vnd,
            self.delivery_off_vnd - other.delivery_off_vnd,
            self.commission_vnd - other.commission_vnd,
            self.vat_held_vnd - other.vat_held_vnd,
            self.pit_held_vnd - other.pit_held_vnd,
        )


def undone(sale: Sale, refunded_vnd: int) -> Sale:
    """Say which part of a sale is undone when so much of its money has gone back, in one refund or in many.

    Of a sale that cost the buyer nothing no refund undoes anything; called off, all of it is what is left.

    :param refunded_vnd: in all, between nought and what the buyer paid
    """
    if not 0 <= refunded_vnd <= sale.total_vnd:
        raise ValueError("no more goes back than was paid")
    if refunded_vnd == sale.total_vnd > 0:
        return sale
    goods = min(refunded_vnd, sale.goods_paid_vnd)
    delivery = refunded_vnd - goods
    goods_off = part(sale.goods_off_vnd, goods, sale.goods_paid_vnd)
    delivery_off = part(sale.delivery_off_vnd, delivery, sale.delivery_paid_vnd)
    return Sale(
        goods_vnd=goods + goods_off,
        goods_off_vnd=goods_off,
        delivery_vnd=delivery + delivery_off,
        delivery_off_vnd=delivery_off,
        commission_vnd=part(sale.commission_vnd, goods, sale.goods_paid_vnd),
        vat_held_vnd=part(sale.vat_held_vnd, goods, sale.goods_paid_vnd),
        pit_held_vnd=part(sale.pit_held_vnd, goods, sale.goods_paid_vnd),
    )


def refund(sale: Sale, *, before_vnd: int, amount_vnd: int) -> Sale:
    """Say what a refund undoes, when ``before_vnd`` had gone back already."""
    return undone(sale, before_vnd + amount_vnd) - undone(sale, before_vnd)
