"""By when a complaint has to be answered and decided: days of the law, kept as data with their source. Pure.

Working days are Monday to Friday; public holidays are not left out, so that nobody is told a later day than the law's.
"""

from __future__ import annotations

import functools
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from kernel import clock
from storefront.after_models import ComplaintKind

_FILE = Path(__file__).parent / "data" / "complaint_days.json"


def answer_by(kind: ComplaintKind, opened_at: datetime) -> datetime:
    """Tell by when the producer has to answer a complaint made at an instant."""
    rule = _rule(opened_at)
    if kind.value in rule["explain"]["kinds"]:
        return opened_at + timedelta(hours=rule["explain"]["hours"])
    return after_working_days(opened_at, rule["answer"]["working_days"])


def decide_by(disputed_at: datetime) -> datetime:
    """Tell by when the office has to decide what was brought before it at an instant."""
    return after_working_days(disputed_at, _rule(disputed_at)["decide"]["working_days"])


def days_published(at: datetime) -> dict[str, int]:
    """Give the numbers that the form tells: ``hours`` to explain, working ``days`` to answer and to ``decide``."""
    rule = _rule(at)
    return {
        "hours": rule["explain"]["hours"],
        "days": rule["answer"]["working_days"],
        "decide": rule["decide"]["working_days"],
    }


def after_working_days(at: datetime, days: int) -> datetime:
    """Give the last minute of the last of so many working days after the day of an instant."""
    day = clock.business_date(at)
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < 5
    return clock.start_of_day(day + timedelta(days=1)) - timedelta(minutes=1)


def _rule(at: datetime) -> dict[str, Any]:
    day = clock.business_date(at).isoformat()
    rules = [rule for rule in _rules() if rule["valid_from"] <= day]
    return max(rules or _rules()[:1], key=lambda rule: str(rule["valid_from"]))


@functools.cache
def _rules() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(_FILE.read_text(encoding="utf-8"))["rules"]
    return found
