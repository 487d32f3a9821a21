"""What the worker does for the log of proof: number what was committed, sign once a day, mail to those who ask."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from accounts import queries
from kernel import jobs, proof
from kernel.clock import next_midnight
from kernel.db import retrying, transaction
from kernel.log_models import LogCheckpoint
from traceability import declarations
from traceability.epcis import recomputed

proof.CHECKS.extend((declarations.differences, recomputed.differences))

#: After midnight, so that the checkpoint of a day has everything of the days before.
SIGNED_AFTER_MIDNIGHT = timedelta(minutes=10)
NUMBERED_EVERY = timedelta(minutes=1)


@jobs.recurs("log.sequence", lambda now: now + NUMBERED_EVERY)
def _sequence(args: dict[str, Any], now: datetime) -> None:
    number_all()


@jobs.recurs("log.checkpoint", lambda now: next_midnight(now) + SIGNED_AFTER_MIDNIGHT)
def _checkpoint(args: dict[str, Any], now: datetime) -> None:
    number_all()
    sign(now=now)


@jobs.handles("log.bring_in")
def _bring_in(args: dict[str, Any], now: datetime) -> None:
    bring_in(now=now)


def number_all() -> int:
    """Give all committed records their positions; gives how many."""
    total = 0
    while count := _number_some():
        total += count
    return total


@retrying
def _number_some() -> int:
    with transaction():
        return proof.sequence()


def bring_in(*, now: datetime) -> int:
    """Write down all records that are not in the log, some at a time; gives how many. It may be stopped anywhere."""
    total = 0
    while count := _bring_some_in(now):
        total += count
    return total


@retrying
def _bring_some_in(now: datetime) -> int:
    with transaction():
        return proof.bring_in_missing(now=now)


@retrying
def sign(*, now: datetime) -> LogCheckpoint | None:
    """Sign the log if the day has no checkpoint yet, and ask for the letters to those who want it."""
    with transaction():
        made = proof.make_checkpoint(now=now)
        if made is not None:
            for organisation in queries.asking_for_checkpoints():
                jobs.enqueue(
                    "mail.send",
                    now=now,
                    dedupe=f"checkpoint:{made.day.isoformat()}:{organisation.code}",
                    template="checkpoint",
                    to=organisation.email,
                    language="vi",
                    facts={
                        "organisation": organisation.name_vi,
                        "day": f"{made.day:%d/%m/%Y}",
                        "size": made.size,
                        "checkpoint": made.text,
                        "path": "/so-minh-bach/",
                    },
                )
        return made
