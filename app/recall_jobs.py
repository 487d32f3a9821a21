"""What the worker does for recalls under way: what programs tell late joins them, and whoever has it is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from accounts.actor import SYSTEM
from kernel import jobs
from kernel.db import retrying, transaction
from oversight import queries, recall

GONE_THROUGH_EVERY = timedelta(minutes=5)


@jobs.recurs("oversight.join", lambda now: now + GONE_THROUGH_EVERY)
def _join(args: dict[str, Any], now: datetime) -> None:
    join_all(now)


def join_all(now: datetime) -> int:
    """Let join each recall under way what was told since it was last gone through; give how many were told."""
    return sum(_join_one(number, now) for number in queries.with_news())


@retrying
def _join_one(number: str, now: datetime) -> int:
    with transaction():
        return recall.join(queries.get_recall(SYSTEM, number), now=now)
