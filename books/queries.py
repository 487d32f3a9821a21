"""Reads of the journal, scoped to the actor: a producer reads its own lines, an office those of its jurisdiction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import aliased

from accounts.actor import Actor
from accounts.models import Organisation
from accounts.queries import owned_by
from books.models import Account, BooksProof, JournalEntry, JournalLine
from kernel.db import db

#: What somebody else has that is ours, or owes us.
DUE = (Account.BETWEEN, Account.BUYERS, Account.COLLECTED, Account.UNDER_WAY)


def visible_to(actor: Actor) -> Select[JournalLine]:
    """Select the lines an actor may see: of its own books, or of those of its jurisdiction."""
    mine = JournalLine.organisation_id == actor.organisation_id
    return select(JournalLine).where(or_(owned_by(actor, JournalLine.organisation_id), mine))


class Sum(NamedTuple):
    """What an account comes to, and how many lines it has."""

    account: Account
    amount_vnd: int
    lines: int


def sums(actor: Actor, organisation_id: int | None = None) -> list[Sum]:
    """Add up every account that has lines, in the order of the chart."""
    lines = _lines(actor, organisation_id).subquery()
    rows = db.session.execute(
        select(lines.c.account, func.sum(lines.c.amount_vnd), func.count()).group_by(lines.c.account)
    )
    found = {row[0]: Sum(row[0], int(row[1]), row[2]) for row in rows}
    return [found[account] for account in Account if account in found]


class Due(NamedTuple):
    """What somebody owes an organisation (below nought: is owed) about one document."""

    organisation_id: int
    organisation_vi: str
    organisation_en: str
    account: Account
    by_vi: str | None  #: the other organisation; None: a buyer, or who has the cash
    by_en: str | None
    holder: str
    document: str
    amount_vnd: int
    since: datetime


def due(actor: Actor, organisation_id: int | None = None) -> Select[*tuple[Any, ...]]:
    """Select what is due, by whom and about which document; what came to nought is left out. Oldest first."""
    lines = _lines(actor, organisation_id).where(JournalLine.account.in_(DUE)).subquery()
    own, other = aliased(Organisation), aliased(Organisation)
    total = func.sum(lines.c.amount_vnd)
    return (
        select(
            own.id,
            own.name_vi,
            own.name_en,
            lines.c.account,
            other.name_vi,
            other.name_en,
            lines.c.holder,
            lines.c.document,
            total,
            func.min(JournalEntry.at),
        )
        .join(JournalEntry, JournalEntry.id == lines.c.entry_id)
        .join(own, own.id == lines.c.organisation_id)
        .outerjoin(other, other.id == lines.c.counterparty_id)
        .group_by(
            own.id,
            own.name_vi,
            own.name_en,
            lines.c.account,
            other.id,
            other.name_vi,
            other.name_en,
            lines.c.holder,
            lines.c.document,
        )
        .having(total != 0)
        .order_by(func.min(JournalEntry.at), lines.c.document, lines.c.account)
    )


class Posted(NamedTuple):
    """A line with what it is part of."""

    id: int
    entry_id: int
    at: datetime
    kind: str
    account: Account
    organisation_vi: str
    organisation_en: str
    counterparty_vi: str | None
    counterparty_en: str | None
    document: str
    holder: str
    amount_vnd: int


def lines_of(actor: Actor, account: Account, organisation_id: int | None = None) -> Select[*tuple[Any, ...]]:
    """Select the lines of an account, the latest first."""
    return _posted(_lines(actor, organisation_id).where(JournalLine.account == account)).order_by(
        JournalEntry.id.desc(), JournalLine.id
    )


def about(actor: Actor, documents: Sequence[str]) -> list[Posted]:
    """List the visible lines of all entries that name one of these documents, in the order they were written."""
    entries = select(JournalLine.entry_id).where(JournalLine.document.in_(documents))
    found = _posted(visible_to(actor).where(JournalLine.entry_id.in_(entries)))
    return [Posted._make(row) for row in db.session.execute(found.order_by(JournalEntry.id, JournalLine.id))]


def last_proof() -> BooksProof | None:
    """Give the last proof that was made."""
    return db.session.scalar(select(BooksProof).order_by(BooksProof.id.desc()).limit(1))


def _lines(actor: Actor, organisation_id: int | None) -> Select[JournalLine]:
    lines = visible_to(actor)
    return lines if organisation_id is None else lines.where(JournalLine.organisation_id == organisation_id)


def _posted(lines: Select[JournalLine]) -> Select[*tuple[Any, ...]]:
    own, other = aliased(Organisation), aliased(Organisation)
    return (
        lines.join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
        .join(own, own.id == JournalLine.organisation_id)
        .outerjoin(other, other.id == JournalLine.counterparty_id)
        .with_only_columns(
            JournalLine.id,
            JournalLine.entry_id,
            JournalEntry.at,
            JournalEntry.kind,
            JournalLine.account,
            own.name_vi,
            own.name_en,
            other.name_vi,
            other.name_en,
            JournalLine.document,
            JournalLine.holder,
            JournalLine.amount_vnd,
        )
    )
