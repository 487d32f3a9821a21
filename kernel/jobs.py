"""Background work: rows of the same transaction as their cause, run at least once by workers.

A handler makes one call to a verb and may run twice without harm. A worker that dies loses nothing: its
lease runs out and another takes the job. Claimed by one statement on both engines (``SKIP LOCKED`` is
ignored by SQLite, whose writer is alone anyway).
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from kernel.db import db, on_sqlite, transaction
from kernel.models import Job

LEASE = timedelta(minutes=5)
MOST_ATTEMPTS = 8

Handler = Callable[[dict[str, Any], datetime], None]
HANDLERS: dict[str, Handler] = {}
#: Kinds of long work that nobody waits for: it is done when there is nothing else to do.
CAN_WAIT: set[str] = set()
#: What is to be told of work that is given up, by kind.
GIVEN_UP: dict[str, Handler] = {}
#: Work that comes again, by kind: when it is due after it was done at an instant.
RECURRING: dict[str, Callable[[datetime], datetime]] = {}
LONGEST_WAIT = timedelta(hours=1)  #: before recurring work that failed is tried again


def handles(kind: str, *, can_wait: bool = False) -> Callable[[Handler], Handler]:
    """Register the function that does jobs of ``kind``. It takes the job's args and the time.

    :param can_wait: such jobs are done when no other is due
    """

    def register(handler: Handler) -> Handler:
        HANDLERS[kind] = handler
        if can_wait:
            CAN_WAIT.add(kind)
        return handler

    return register


def gives_up(kind: str) -> Callable[[Handler], Handler]:
    """Register the function that is called, by the transaction that parks it, when a job of ``kind`` is given up."""

    def register(handler: Handler) -> Handler:
        GIVEN_UP[kind] = handler
        return handler

    return register


def recurs(kind: str, due: Callable[[datetime], datetime]) -> Callable[[Handler], Handler]:
    """Register the function that does the work of ``kind`` again and again.

    It is one row of the table, which is given its next time when it is done: two workers do it once, and one that
    was away for a week does it once when it is back. :func:`plan` puts the row there.

    :param due: tells the next time, of when it was done
    """

    def register(handler: Handler) -> Handler:
        RECURRING[kind] = due
        return handles(kind)(handler)

    return register


def plan(now: datetime) -> None:
    """See that all recurring work has its row, in the caller's transaction: a worker does when it starts."""
    for kind in sorted(RECURRING):
        enqueue(kind, now=now, dedupe=f"recurring:{kind}")


def enqueue(
    kind: str, *, now: datetime, delay: timedelta = timedelta(0), dedupe: str | None = None, **args: object
) -> None:
    """Ask for work in the caller's transaction: it runs only if that commits.

    :param dedupe: a second job with the same word is not added, for as long as the first one's row stands
    :param args: JSON values the handler is given
    """
    insert = sqlite.insert if on_sqlite() else postgresql.insert
    db.session.execute(
        insert(Job)
        .values(kind=kind, args=args, dedupe=dedupe, run_at=now + delay, attempts=0)
        .on_conflict_do_nothing(index_elements=["dedupe"])
    )


def claim(now: datetime) -> tuple[int, str, dict[str, Any], int] | None:
    """Lease the next due job, if there is one: (id, kind, args, attempt number). What can wait comes after the rest."""
    with transaction() as session:
        for which in (Job.kind.not_in(CAN_WAIT), Job.kind.in_(CAN_WAIT)):
            due = (
                select(Job.id)
                .where(
                    which,
                    Job.done_at.is_(None),
                    Job.parked_at.is_(None),
                    Job.run_at <= now,
                    or_(Job.leased_until.is_(None), Job.leased_until < now),
                )
                .order_by(Job.run_at, Job.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            row = session.execute(
                update(Job)
                .where(Job.id == due.scalar_subquery())
                .values(leased_until=now + LEASE, attempts=Job.attempts + 1)
                .returning(Job.id, Job.kind, Job.args, Job.attempts)
                .execution_options(synchronize_session=False)
            ).one_or_none()
            if row is not None:
                return row[0], row[1], row[2], row[3]
    return None


def run_one(now: datetime) -> str | None:
    """Do the next due job; give its kind, or None when there was nothing to do.

    A job that fails is tried again later and later, and parked for a person after eight attempts. One that is
    done forgets its args: they may hold an address to write to, or the link of a letter. Recurring work is never
    parked: its row waits for the next time.
    """
    job = claim(now)
    if job is None:
        return None
    job_id, kind, args, attempt = job
    try:
        HANDLERS[kind](args, now)
        with transaction() as session:
            session.execute(update(Job).where(Job.id == job_id).values(_after_success(kind, now)))
    except Exception:  # whatever went wrong is written down, and the worker goes on
        db.session.rollback()
        with transaction() as session:
            session.execute(
                update(Job)
                .where(Job.id == job_id)
                .values(_after_failure(kind, attempt, now) | {"last_error": traceback.format_exc(limit=8)[-4000:]})
            )
            if attempt >= MOST_ATTEMPTS and kind in GIVEN_UP:
                GIVEN_UP[kind](args, now)
    return kind


def _after_success(kind: str, now: datetime) -> dict[str, Any]:
    if kind in RECURRING:
        return {"run_at": RECURRING[kind](now), "leased_until": None, "attempts": 0, "last_error": None}
    return {"done_at": now, "last_error": None, "args": {}}


def _after_failure(kind: str, attempt: int, now: datetime) -> dict[str, Any]:
    wait = timedelta(seconds=15 * 2 ** min(attempt, MOST_ATTEMPTS))
    if kind in RECURRING:
        return {"leased_until": None, "run_at": now + min(wait, LONGEST_WAIT)}
    return {"leased_until": None, "run_at": now + wait, "parked_at": now if attempt >= MOST_ATTEMPTS else None}
