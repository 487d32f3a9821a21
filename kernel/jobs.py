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


def handles(kind: str) -> Callable[[Handler], Handler]:
    """Register the function that does jobs of ``kind``. It takes the job's args and the time."""

    def register(handler: Handler) -> Handler:
        HANDLERS[kind] = handler
        return handler

    return register


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
    """Lease the next due job, if there is one: (id, kind, args, attempt number)."""
    due = (
        select(Job.id)
        .where(
            Job.done_at.is_(None),
            Job.parked_at.is_(None),
            Job.run_at <= now,
            or_(Job.leased_until.is_(None), Job.leased_until < now),
        )
        .order_by(Job.run_at, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    with transaction() as session:
        row = session.execute(
            update(Job)
            .where(Job.id == due.scalar_subquery())
            .values(leased_until=now + LEASE, attempts=Job.attempts + 1)
            .returning(Job.id, Job.kind, Job.args, Job.attempts)
            .execution_options(synchronize_session=False)
        ).one_or_none()
    return None if row is None else (row[0], row[1], row[2], row[3])


def run_one(now: datetime) -> str | None:
    """Do the next due job; give its kind, or None when there was nothing to do.

    A job that fails is tried again later and later, and parked for a person after eight attempts. One that is
    done forgets its args: they may hold an address to write to, or the link of a letter.
    """
    job = claim(now)
    if job is None:
        return None
    job_id, kind, args, attempt = job
    try:
        HANDLERS[kind](args, now)
        with transaction() as session:
            session.execute(update(Job).where(Job.id == job_id).values(done_at=now, last_error=None, args={}))
    except Exception:  # whatever went wrong is written down, and the worker goes on
        db.session.rollback()
        with transaction() as session:
            session.execute(
                update(Job)
                .where(Job.id == job_id)
                .values(
                    leased_until=None,
                    run_at=now + timedelta(seconds=15 * 2**attempt),
                    parked_at=now if attempt >= MOST_ATTEMPTS else None,
                    last_error=traceback.format_exc(limit=8)[-4000:],
                )
            )
    return kind
