"""What the worker does for the event store: capture documents, and bring what is older than it into its form."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import DataError, IntegrityError

from kernel import jobs
from kernel.db import retrying, transaction
from traceability import declarations
from traceability.epcis import capture, lot_names, store
from traceability.epcis.capture import Waiting

#: A screen may write the same name or edge in between: what is looked for anew is found.
_TRIES = 3
#: A product that gets its GTIN, or another name, gives it to its captured lots within this time.
_CALLED_AGAIN_AFTER = timedelta(hours=1)


@jobs.handles(capture.JOB)
def capture_document(args: dict[str, Any], now: datetime) -> None:
    """Capture the document of a job. Safe to run twice: what is finished is not begun again."""
    waiting = capture.waiting(int(args["job"]), now=now)
    if waiting is not None:
        _store(waiting, now)


@retrying
def _store(waiting: Waiting, now: datetime) -> None:
    for attempt in range(1, _TRIES + 1):
        try:
            with transaction():
                capture.finish(waiting, now=now)
            return
        except (IntegrityError, DataError):
            if attempt == _TRIES:
                with transaction():
                    capture.give_up(waiting.job_id, now=now)


@jobs.gives_up(capture.JOB)
def give_up(args: dict[str, Any], now: datetime) -> None:
    """Say to who sent a document that it could not be stored."""
    capture.give_up(int(args["job"]), now=now)


@jobs.handles(store.JOB)
def write_missing(args: dict[str, Any], now: datetime) -> None:
    """Bring events that were written down before the store was there into the form of the standard. Safe to run
    twice.
    """
    while True:
        with transaction():
            written = store.keep_missing()
        if written < store.AT_ONCE:
            return


@jobs.handles(capture.STANDS_JOB)
def stand_anew(args: dict[str, Any], now: datetime) -> None:
    """Let lots that an older database captured stand as their events say. Safe to run twice."""
    while _stand_all():  # what one stands on may be looked at after it
        pass


def _stand_all() -> int:
    after: int | None = 0
    changed = 0
    while after is not None:
        after, some = _stand_some(after)
        changed += some
    return changed


@retrying
def _stand_some(after: int) -> tuple[int | None, int]:
    with transaction():
        return capture.stand_anew(after)


@jobs.handles(declarations.JOB)
def declare_missing(args: dict[str, Any], now: datetime) -> None:
    """Write into the log what is declared of lots that were entered before that was done. Safe to run twice."""
    while _declare_some(now) == declarations.AT_ONCE:
        pass


@retrying
def _declare_some(now: datetime) -> int:
    with transaction():
        return declarations.declare_missing(now=now)


@jobs.recurs(lot_names.JOB, lambda now: now + _CALLED_AGAIN_AFTER)
def name_lots(args: dict[str, Any], now: datetime) -> None:
    """Call captured lots as the catalogue calls their goods now. Safe to run twice."""
    after: int | None = 0
    while after is not None:
        after = _name_some(after)


@retrying
def _name_some(after: int) -> int | None:
    with transaction():
        return lot_names.name_anew(after)
