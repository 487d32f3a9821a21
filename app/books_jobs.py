"""What the worker does for the books: every night it proves that they add up, and keeps what came out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from books import verification
from books.models import BooksProof
from kernel import jobs
from kernel.clock import next_midnight
from kernel.db import retrying, snapshot, transaction
from storefront import agreement

PROVED_AFTER_MIDNIGHT = timedelta(minutes=40)


@jobs.recurs("books.prove", lambda now: next_midnight(now) + PROVED_AFTER_MIDNIGHT)
def _prove(args: dict[str, Any], now: datetime) -> None:
    prove(now=now)


def prove(*, now: datetime) -> BooksProof:
    """Hold the journal against itself and against orders and money, in one unchanging view; keep what came out."""
    snapshot()
    return _keep(agreement.verify(), now)


@retrying
def _keep(differences: list[str], now: datetime) -> BooksProof:
    with transaction():
        return verification.keep(differences, now=now)
