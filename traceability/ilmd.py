"""What an event says of its goods for good (``ilmd``): the days on which they begin and end. Pure.

Source: Core Business Vocabulary 2.0, section 9 (ILMD); GS1 Web Vocabulary, the names of the days.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

_BEGINS = ("productionDate", "harvestDate")
_ENDS = ("itemExpirationDate", "expirationDate", "bestBeforeDate", "sellByDate")


def days(events: Iterable[dict[str, Any]]) -> tuple[date | None, date | None]:
    """Give the latest day on which goods were made, and the earliest that is said to be their last."""
    said = [
        (name.rpartition(":")[2], day)
        for event in events
        if isinstance(ilmd := event.get("ilmd"), dict)
        for name, value in ilmd.items()
        if (day := day_of(value)) is not None
    ]
    begins = [day for name, day in said if name in _BEGINS]
    ends = [day for name, day in said if name in _ENDS]
    return max(begins, default=None), min(ends, default=None)


def day_of(value: Any) -> date | None:
    """Read the day that a value begins with; None where it does not."""
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None
