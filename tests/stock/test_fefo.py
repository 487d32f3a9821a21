"""First expired, first out: in numbers alone."""

from __future__ import annotations

from datetime import date

from stock.fefo import Free, Pick, order, pick

A, B, C = (1, 1, 1), (2, 1, 1), (3, 1, 1)
MADE = date(2026, 11, 1)


def free(key: tuple[int, int, int], quantity: int = 5, expires: date | None = None, made: date = MADE) -> Free:
    """So much of a lot."""
    return Free(key, quantity, expires, made)


def test_what_expires_first_goes_first_then_the_oldest_then_by_key_and_what_keeps_goes_last() -> None:
    keeps, last_day = free(A), free(B, expires=date.max)
    late, soon = free((4, 1, 1), expires=date(2027, 2, 1)), free((5, 1, 1), expires=date(2027, 1, 1))
    older, twin = (
        free((7, 1, 1), expires=date(2027, 2, 1), made=date(2026, 10, 1)),
        free((4, 1, 2), expires=late.expires_on),
    )

    assert order([keeps, twin, late, last_day, older, soon]) == [soon, older, late, twin, last_day, keeps]


def test_wants_are_served_in_their_order_across_places() -> None:
    soon, late = free(B, 3, date(2027, 1, 1)), free(A, 4, date(2027, 2, 1))

    assert pick([late, soon], [2, 4]) == ([Pick(0, B, 2), Pick(1, B, 1), Pick(1, A, 3)], 0)


def test_what_is_missing_is_counted_over_all_wants() -> None:
    assert pick([free(A, 3)], [2, 4, 1]) == ([Pick(0, A, 2), Pick(1, A, 1)], 4)
    assert pick([], [2, 3]) == ([], 5)


def test_a_place_with_nothing_or_less_free_is_passed_over() -> None:
    assert pick([free(A, 0), free(B, -2), free(C, 1)], [1]) == ([Pick(0, C, 1)], 0)


def test_just_enough_is_enough() -> None:
    assert pick([free(A, 1), free(B, 1)], [1, 1]) == ([Pick(0, A, 1), Pick(1, B, 1)], 0)
