"""What the orders of a purchase cost, and how what is taken off is divided among them."""

from __future__ import annotations

import pytest

from storefront.totals import OrderTotal, add_up


def test_what_is_taken_off_the_goods_is_divided_by_what_they_cost_and_then_by_line() -> None:
    first, second = add_up([[60_000, 40_000], [200_000]], [30_000, 20_000], goods_off_vnd=30_000)

    assert first == OrderTotal(100_000, 0, 30_000, (6_000, 4_000))
    assert second == OrderTotal(200_000, 0, 20_000, (20_000,))
    assert (first.discount_vnd, first.total_vnd) == (10_000, 120_000)


def test_what_is_taken_off_the_delivery_stays_with_the_delivery() -> None:
    first, second = add_up([[100_000], [200_000]], [30_000, 20_000], delivery_off_vnd=25_000)

    assert (first.delivery_off_vnd, second.delivery_off_vnd) == (15_000, 10_000)
    assert (first.line_discounts_vnd, second.line_discounts_vnd) == ((0,), (0,))
    assert (first.discount_vnd, first.total_vnd) == (15_000, 115_000)


def test_nothing_is_taken_off_orders_a_voucher_is_not_for() -> None:
    first, second = add_up(
        [[100_000], [200_000]], [30_000, 20_000], goods_off_vnd=100_000, delivery_off_vnd=30_000, cheaper=[True, False]
    )

    assert (first.total_vnd, second.total_vnd) == (0, 220_000)


@pytest.mark.parametrize(
    "off", [{"goods_off_vnd": -1}, {"delivery_off_vnd": -1}, {"goods_off_vnd": 101}, {"delivery_off_vnd": 31}]
)
def test_more_than_all_of_it_or_less_than_nothing_is_not_taken_off(off: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="discount"):
        add_up([[100]], [30], **off)


def test_all_of_it_can_be_taken_off() -> None:
    assert add_up([[100]], [30], goods_off_vnd=100, delivery_off_vnd=30)[0].total_vnd == 0


def test_each_order_has_its_delivery_and_its_say_about_the_discount() -> None:
    with pytest.raises(ValueError, match="zip"):
        add_up([[1], [1]], [1])
    with pytest.raises(ValueError, match="zip"):
        add_up([[1], [1]], [1, 1], cheaper=[True])


def test_goods_at_no_price_have_nothing_taken_off() -> None:
    assert add_up([[0, 0]], [0]) == [OrderTotal(0, 0, 0, (0, 0))]
