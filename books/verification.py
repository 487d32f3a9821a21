"""Proof that the journal adds up by itself: ``flask --app wsgi books verify``."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from books.models import Account, BooksProof, JournalEntry, JournalLine
from kernel.db import db

MOST_KEPT = 100  #: differences that are written down in words


def verify() -> list[str]:
    """Add up every entry; give a line for each difference (none: all of it adds up).

    Laws: an entry has lines and a line its entry; the lines of an organisation in an entry come to nought; what one
    organisation says it is owed by another, the other says it owes.
    """
    return [*_entries_not_at_nought(), *_without_their_other_half(), *_two_tales()]


def extent() -> tuple[int, int, int]:
    """Count entries and lines, and add up all amounts above nought."""
    entries = db.session.scalar(select(func.count()).select_from(JournalEntry)) or 0
    lines, turnover = db.session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(JournalLine.amount_vnd).filter(JournalLine.amount_vnd > 0), 0),
        ).select_from(JournalLine)
    ).one()
    return entries, lines, int(turnover)


def _entries_not_at_nought() -> list[str]:
    total = func.sum(JournalLine.amount_vnd)
    rows = db.session.execute(
        select(JournalLine.entry_id, JournalLine.organisation_id, total)
        .group_by(JournalLine.entry_id, JournalLine.organisation_id)
        .having(total != 0)
        .order_by(JournalLine.entry_id)
    )
    return [f"entry {row[0]}: the lines of organisation {row[1]} come to {row[2]}, not to nought" for row in rows]


def _without_their_other_half() -> list[str]:
    bare = db.session.scalars(
        select(JournalEntry.id)
        .outerjoin(JournalLine, JournalLine.entry_id == JournalEntry.id)
        .where(JournalLine.id.is_(None))
        .order_by(JournalEntry.id)
    )
    lost = db.session.scalars(
        select(JournalLine.id)
        .outerjoin(JournalEntry, JournalEntry.id == JournalLine.entry_id)
        .where(JournalEntry.id.is_(None))
        .order_by(JournalLine.id)
    )
    return [*(f"entry {id} has no lines" for id in bare), *(f"line {id} has no entry" for id in lost)]


def _two_tales() -> list[str]:
    sums = (
        select(
            JournalLine.entry_id,
            JournalLine.organisation_id,
            JournalLine.counterparty_id,
            func.sum(JournalLine.amount_vnd).label("amount"),
        )
        .where(JournalLine.account == Account.BETWEEN)
        .group_by(JournalLine.entry_id, JournalLine.organisation_id, JournalLine.counterparty_id)
        .subquery()
    )
    one, other = sums, aliased(sums)
    rows = db.session.execute(
        select(one.c.entry_id, one.c.organisation_id, one.c.counterparty_id, one.c.amount, other.c.amount)
        .outerjoin(
            other,
            (other.c.entry_id == one.c.entry_id)
            & (other.c.organisation_id == one.c.counterparty_id)
            & (other.c.counterparty_id == one.c.organisation_id),
        )
        .where(one.c.amount + func.coalesce(other.c.amount, 0) != 0)
        .order_by(one.c.entry_id)
    )
    return [f"entry {row[0]}: organisation {row[1]} says {row[3]} of {row[2]}, who says {row[4] or 0}" for row in rows]


def keep(differences: list[str], *, now: datetime) -> BooksProof:
    """Write down what a proof came to."""
    entries, lines, turnover = extent()
    made = BooksProof(
        at=now,
        entries=entries,
        lines=lines,
        turnover_vnd=turnover,
        differences=differences[:MOST_KEPT],
        difference_count=len(differences),
    )
    db.session.add(made)
    db.session.flush()
    return made
