"""Whole đồng: shares are rounded once, parts add up."""

from hypothesis import given
from hypothesis import strategies as st

from kernel import money

amounts = st.integers(-(10**12), 10**12)


def test_a_share_is_rounded_half_up_to_the_dong() -> None:
    assert money.share(15, 1_000) == 2  # 1.5
    assert money.share(14, 1_000) == 1  # 1.4
    assert money.share(-15, 1_000) == -2  # a refund gives back what the sale took


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
