"""Posting to the journal: one balanced entry for each thing that happened, added and never changed.

The lines are written first, the entry after them: it closes over them, and the database looks at all of them at that
moment. Lines without their entry do not survive the end of the transaction; an entry that does not balance, a line for
an entry that stands, a second entry of the same cause are refused. See ``docs/adr/0017-journal-of-money.md``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.exc import IntegrityError

from accounts.actor import Actor
from books.models import Account, JournalEntry, JournalLine
from kernel.db import adding, db, insert_rows, next_ids
from kernel.errors import N_, Conflict


class AlreadyPosted(Conflict):
    message = N_("This was posted before.")


@dataclass(frozen=True)
class Line:
    """So much on an account of an organisation. ``counterparty_id`` is for ``Account.BETWEEN`` alone."""

    organisation_id: int
    account: Account
    amount_vnd: int
    document: str
    counterparty_id: int | None = None
    holder: str = ""


def owes(debtor_id: int, creditor_id: int, amount_vnd: int, document: str) -> list[Line]:
    """Say that one organisation owes another: in the books of both."""
    return [
        Line(creditor_id, Account.BETWEEN, amount_vnd, document, counterparty_id=debtor_id),
        Line(debtor_id, Account.BETWEEN, -amount_vnd, document, counterparty_id=creditor_id),
    ]


def post(cause: str, kind: str, lines: Iterable[Line], *, now: datetime, actor: Actor | None = None) -> int | None:
    """Write an entry; give its id. Lines of nought are left out; nothing at all is no entry (None).

    :raises AlreadyPosted: if the cause was posted before (the caller's transaction must end)
    """
    written = [line for line in lines if line.amount_vnd]
    if not written:
        return None
    _look_at(written)
    db.session.flush()
    (entry_id,) = next_ids(JournalEntry.__table__, 1)
    insert_rows(
        JournalLine.__table__,
        [
            {
                "entry_id": entry_id,
                "organisation_id": line.organisation_id,
                "account": line.account,
                "counterparty_id": line.counterparty_id,
                "amount_vnd": line.amount_vnd,
                "document": line.document,
                "holder": line.holder,
            }
            for line in written
        ],
    )
    try:
        db.session.execute(
            _WRITE, {"id": entry_id, "cause": cause, "kind": kind, "at": now, "by_id": actor.user_id if actor else None}
        )
    except IntegrityError as error:
        if "cause" in str(error.orig) or "append-only" in str(error.orig):
            raise AlreadyPosted() from error
        raise
    return entry_id


_WRITE = adding(JournalEntry)


def is_posted(cause: str) -> bool:
    """Tell whether something was written down already."""
    return db.session.scalar(_POSTED, {"named": cause}) is not None


_POSTED = select(JournalEntry.id).where(JournalEntry.cause == bindparam("named"))


def balance(
    account: Account, *, organisation_id: int | None = None, document: str | None = None, holder: str | None = None
) -> int:
    """Add up an account: of an organisation, about a document, with a holder, as asked for."""
    total = select(func.coalesce(func.sum(JournalLine.amount_vnd), 0)).where(JournalLine.account == account)
    if organisation_id is not None:
        total = total.where(JournalLine.organisation_id == organisation_id)
    if document is not None:
        total = total.where(JournalLine.document == document)
    if holder is not None:
        total = total.where(JournalLine.holder == holder)
    return int(db.session.scalar(total) or 0)


def _look_at(lines: Sequence[Line]) -> None:
    """Refuse, before the database does, what does not balance: a mistake of ours."""
    own, between = Counter[int](), Counter[tuple[int, ...]]()
    for line in lines:
        own[line.organisation_id] += line.amount_vnd
        if line.counterparty_id is not None:
            between[tuple(sorted((line.organisation_id, line.counterparty_id)))] += line.amount_vnd
    if any(own.values()) or any(between.values()):
        raise ValueError(f"the entry does not balance: {dict(own)}, between {dict(between)}")
