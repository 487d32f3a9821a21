"""A refund undoes its part of a sale, however it is divided; when all has gone back nobody keeps a đồng."""

from __future__ import annotations

import itertools
import random
from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from books.shares import Sale, refund, undone
from kernel.money import share

AMOUNTS = st.one_of(st.integers(0, 9), st.integers(0, 10**4), st.integers(0, 10**9))
BP = st.integers(0, 10_000)
NOTHING = Sale(0)


@st.composite
def sales(draw: st.DrawFn) -> Sale:
    """Some sale: anything may be taken off, the rates may be anything."""
    goods, delivery = draw(AMOUNTS), draw(AMOUNTS)
    goods_off, delivery_off = share(goods, draw(BP)), share(delivery, draw(BP))
    base = goods - (goods_off if draw(st.booleans()) else 0)
    taken = (share(base, draw(BP)), share(base, draw(BP)), share(base, draw(BP)))
    return Sale(goods, goods_off, delivery, delivery_off, *taken)


@st.composite
def refunds(draw: st.DrawFn) -> tuple[Sale, list[int]]:
    """A sale, and a way to give all of it back in pieces."""
    sale = draw(sales().filter(lambda one: one.total_vnd > 0))
    cuts = sorted(draw(st.lists(st.integers(0, sale.total_vnd), max_size=8)))
    edges = [0, *cuts, sale.total_vnd]
    return sale, [after - before for before, after in itertools.pairwise(edges)]


def _add(one: Sale, other: Sale) -> Sale:
    return Sale(*(a + b for a, b in zip(astuple(one), astuple(other), strict=True)))


@given(refunds(), st.randoms())
def test_in_whatever_pieces_and_order_it_goes_back_everybody_ends_at_nought(
    case: tuple[Sale, list[int]], chance: random.Random
) -> None:
    sale, pieces = case
    chance.shuffle(pieces)
    before, total = 0, NOTHING
    for piece in pieces:
        total = _add(total, refund(sale, before_vnd=before, amount_vnd=piece))
        before += piece

    assert total == sale


@given(refunds(), st.randoms())
def test_how_much_is_undone_depends_on_how_much_went_back_and_not_on_the_way(
    case: tuple[Sale, list[int]], chance: random.Random
) -> None:
    sale, pieces = case
    chance.shuffle(pieces)
    before, total = 0, NOTHING
    for piece in pieces[: len(pieces) // 2]:
        total = _add(total, refund(sale, before_vnd=before, amount_vnd=piece))
        before += piece

    assert total == undone(sale, before)


@given(sales(), st.data())
def test_a_refund_undoes_just_its_money_and_never_gives_anything_back_to_the_shop(sale: Sale, data: st.DataObject):
    before = data.draw(st.integers(0, sale.total_vnd))
    amount = data.draw(st.integers(0, sale.total_vnd - before))

    part = refund(sale, before_vnd=before, amount_vnd=amount)

    assert part.total_vnd == amount
    assert all(value >= 0 for value in astuple(part))
    assert all(value <= whole for value, whole in zip(astuple(part), astuple(sale), strict=True))


@given(sales(), st.data())
def test_what_goes_back_is_in_proportion_to_the_goods_money_within_half_a_dong(sale: Sale, data: st.DataObject):
    paid = sale.goods_paid_vnd
    if not paid:
        return
    back = data.draw(st.integers(0, paid))
    if back == sale.total_vnd > 0:
        return
    part = undone(sale, back)

    for value, whole in (
        (part.commission_vnd, sale.commission_vnd),
        (part.vat_held_vnd, sale.vat_held_vnd),
        (part.pit_held_vnd, sale.pit_held_vnd),
        (part.goods_off_vnd, sale.goods_off_vnd),
    ):
        assert abs(2 * value * paid - 2 * whole * back) <= paid
    assert part.delivery_paid_vnd == 0


def test_one_jar_of_two_sent_back_undoes_half_the_commission_and_no_delivery() -> None:
    sale = Sale(goods_vnd=240_000, delivery_vnd=30_000, commission_vnd=12_000)

    assert undone(sale, 120_000) == Sale(goods_vnd=120_000, commission_vnd=6_000)


def test_delivery_goes_back_in_proportion_once_the_goods_are_paid_back() -> None:
    sale = Sale(goods_vnd=100_000, delivery_vnd=30_000, delivery_off_vnd=10_000)

    assert undone(sale, 110_000) == Sale(goods_vnd=100_000, delivery_vnd=15_000, delivery_off_vnd=5_000)


def test_a_sale_of_one_dong_is_undone_with_all_that_belongs_to_it() -> None:
    sale = Sale(goods_vnd=0, delivery_vnd=1, commission_vnd=3)

    assert undone(sale, 1) == sale


@pytest.mark.parametrize("amount", [-1, 271_000])
def test_more_than_was_paid_is_refused(amount: int) -> None:
    with pytest.raises(ValueError, match="paid"):
        undone(Sale(goods_vnd=240_000, delivery_vnd=30_000), amount)


def test_what_cost_the_buyer_nothing_is_undone_by_being_called_off_alone() -> None:
    sale = Sale(goods_vnd=100_000, goods_off_vnd=100_000, commission_vnd=7_500)

    assert undone(sale, 0) == Sale(0)
    assert sale - undone(sale, 0) == sale
