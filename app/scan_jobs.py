"""What the worker does for the statistics of scans: count what the servers wrote down."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import current_app

from app.config import Config
from kernel import jobs
from kernel.db import retrying, transaction
from kernel.spool import Segment, segments
from traceability import scans

COUNTED_EVERY = timedelta(seconds=30)


def folder() -> Path:
    """Give the folder of the spool: in ``MEDIA_ROOT``, the one place that servers and workers surely share."""
    config: Config = current_app.config["OCOP"]
    return config.media_root / "scans"


@jobs.recurs("scans.count", lambda now: now + COUNTED_EVERY)
def _count(args: dict[str, Any], now: datetime) -> None:
    count_all(now=now)


def count_all(*, now: datetime) -> int:
    """Count all that was written down so far; gives how many openings. It may be stopped anywhere."""
    total = 0
    for segment in segments(folder()):
        counted = _count_one(segment, now)
        if counted is None:
            # Not dropped when it is counted, but when it is met again: a power failure may take back the commit
            # (SQLite answers before the disk has it), and then the lines are still there.
            segment.drop()
        else:
            total += counted
    return total


@retrying
def _count_one(segment: Segment, now: datetime) -> int | None:
    try:
        lines = list(segment.lines())
    except FileNotFoundError:  # another worker met it again
        return 0
    with transaction():
        scans.forget_segments(now=now)
        return scans.take_in(segment.id, lines, now=now)
