"""For how long goods may be sent back, and which part of their money goes back with them. Pure.

The days are data with their source (``storefront/data/return_days.json``, published on the page "doi-tra"). A day of
Viet Nam counts to its end. Recalled goods go back at any time.

Of a line that cost the buyer 100,000 đ, so many packs are worth what all that went back before and now are worth, less
what went back before: in whatever parts a line goes back, the last part takes what is left, to the đồng.

What the delivery had cost goes back as well, once: if all goods of the order went back, or if the fault was the
seller's. The way back is paid by who is at fault, outside this shop.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

from kernel import clock
from kernel.money import part
from storefront import deadlines
from storefront.return_models import ReturnReason

_RULES = json.loads((Path(__file__).parent / "data" / "return_days.json").read_text(encoding="utf-8"))
#: Days after delivery during which goods may be asked to be sent back, and those for goods that are not as said.
RETURN_DAYS: int = _RULES["days"]["any"]
NOT_AS_SAID_DAYS: int = _RULES["days"]["not_as_said"]
ANSWER_WORKING_DAYS: int = _RULES["answer_working_days"]
ACCOUNT_KEPT = timedelta(days=_RULES["account_kept_days"])


def last_day(reason: ReturnReason, delivered_at: datetime) -> datetime | None:
    """Give the instant after the last day on which goods may be asked to be sent back; None: there is none."""
    if reason is ReturnReason.RECALLED:
        return None
    days = NOT_AS_SAID_DAYS if reason is ReturnReason.NOT_AS_SAID else RETURN_DAYS
    return clock.start_of_day(clock.business_date(delivered_at) + timedelta(days=days + 1))


def is_in_time(reason: ReturnReason, delivered_at: datetime, now: datetime) -> bool:
    """Tell whether goods that came at an instant may still be asked to be sent back."""
    end = last_day(reason, delivered_at)
    return end is None or now < end


def answer_by(asked_at: datetime) -> datetime:
    """Tell by when the producer has to say something to it."""
    return deadlines.after_working_days(asked_at, ANSWER_WORKING_DAYS)


def is_sellers_fault(reason: ReturnReason) -> bool:
    """Tell who is at fault, as the buyer says."""
    return reason is not ReturnReason.CHANGED_MIND


def part_of_line(paid_vnd: int, packs: int, *, before: int, now: int) -> int:
    """Say what so many packs of a line are worth when ``before`` went back already."""
    return part(paid_vnd, before + now, packs) - part(paid_vnd, before, packs)


def part_of_delivery(paid_vnd: int, *, given_vnd: int, reason: ReturnReason, is_whole: bool) -> int:
    """Say how much of what the delivery had cost goes back: all that is left of it, or nothing."""
    return max(0, paid_vnd - given_vnd) if is_whole or is_sellers_fault(reason) else 0
