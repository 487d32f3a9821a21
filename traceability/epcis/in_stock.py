"""What captures need of the stock, which stands above them on the ladder: whoever puts the parts together gives it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol


class Stock(Protocol):
    """The stock of the house (``stock.captures``)."""

    def left(self, lot_ids: Collection[int], /) -> dict[int, int]:
        """Give, by lot, how much has left the stock."""

    def hold(self, lot_ids: Collection[int], /, *, reason: str, reason_en: str, now: datetime) -> list[int]:
        """Put those of some lots on hold that are on sale or in use; give their ids."""


_stock: Stock | None = None


def configure(stock: Stock) -> None:
    """Say which stock it is."""
    global _stock
    _stock = stock


def stock() -> Stock:
    """Give the stock of the house."""
    if _stock is None:
        raise RuntimeError("in_stock.configure was not called")
    return _stock
