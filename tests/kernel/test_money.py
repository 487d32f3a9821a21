"""Whole đồng: shares are rounded once, parts add up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import money

amounts = st.integers(-(10**12), 10**12)


def test_a_share_is_rounded_half_up_to_the_dong() -> None:
    assert money.share(15, 1_000) == 2  # 1.5
    assert money.share(14, 1_000) == 1  # 1.4
    assert money.share(-15, 1_000) == -2  # a refund gives back what the sale took
    assert money.share(1, 4_999) == 0


@given(amounts, st.integers(0, 10_000))
def test_a_share_is_never_off_by_more_than_half_a_dong(amount: int, rate: int) -> None:
    assert abs(money.share(amount, rate) * 10_000 - amount * rate) <= 5_000


@given(amounts, st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any))
def test_parts_add_up_to_the_whole_and_none_is_a_dong_from_its_due(amount: int, weights: list[int]) -> None:
    parts = money.split(amount, weights)

    assert sum(parts) == amount
    assert all(
        abs(part * sum(weights) - amount * weight) < sum(weights) for part, weight in zip(parts, weights, strict=True)
    )


@pytest.mark.parametrize("weights", [[3, -1], [0, 0], [1, -1]])
def test_weights_that_say_nothing_are_refused(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        money.split(100, weights)


def test_the_dong_that_is_left_over_goes_to_the_largest_remainder_and_of_alike_to_the_first() -> None:
    assert money.split(7, [1]) == [7]
    assert money.split(100, [1, 1, 1]) == [34, 33, 33]
    assert money.split(10, [24, 26]) == [5, 5]
    assert money.split(11, [24, 26]) == [5, 6]
    assert money.split(8, [1, 8, 5]) == [1, 4, 3]  # the smallest part has the largest remainder
    assert money.split(-100, [1, 1, 1]) == [-34, -33, -33]
