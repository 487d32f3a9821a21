"""First expired, first out. Pure: numbers in, numbers out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

Key = tuple[int, int, int]  #: lot, location, owner


@dataclass(frozen=True)
class Free:
    """So much of a lot is free somewhere. ``expires_on`` None: it keeps."""

    key: Key
    quantity: int
    expires_on: date | None
    made_on: date


@dataclass(frozen=True)
class Pick:
    """So much from one place for one want (its place in the list of wants)."""

    want: int
    key: Key
    quantity: int


def order(rows: Sequence[Free]) -> list[Free]:
    """Sort what is free: first to expire, then the oldest, then by key, so that all who pick, pick alike."""
    return sorted(rows, key=lambda row: (row.expires_on is None, row.expires_on or date.max, row.made_on, row.key))


def pick(rows: Sequence[Free], wanted: Sequence[int]) -> tuple[list[Pick], int]:
    """Divide what is free among wants, in their order.

    :param wanted: quantities, each above nought
    :return: what is picked, and how many are missing in all
    """
    picks: list[Pick] = []
    missing = 0
    places = iter(order(rows))
    place, left = None, 0
    for number, quantity in enumerate(wanted):
        while quantity:
            if not left:
                place = next(places, None)
                if place is None:
                    missing += quantity
                    break
                left = max(0, place.quantity)
                continue
            assert place is not None
            taken = min(quantity, left)
            picks.append(Pick(number, place.key, taken))
            quantity -= taken
            left -= taken
    return picks, missing
