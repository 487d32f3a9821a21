"""Reads of the journal, scoped to the actor: a producer reads its own lines, an office those of its jurisdiction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.orm import aliased

from accounts.actor import SYSTEM, Actor
from accounts.models import Organisation
from accounts.queries import owned_by
from books.models import Account, BooksProof, JournalEntry, JournalLine, TaxHeld, TaxPayment
from kernel.db import db
from kernel.errors import N_, NotFound


class NoSuchTaxPayment(NotFound):
    message = N_("There is no such payment of tax.")


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


# --- Tax held back ------------------------------------------------------------------------------------


class TaxOfSeller(NamedTuple):
    """What was held back for a seller within some time, and what of it (or of before) was offset."""

    seller_id: int
    seller_vi: str
    seller_en: str
    code: str
    tax_code: str | None
    base_vnd: int
    vat_vnd: int
    pit_vnd: int
    offset_base_vnd: int
    offset_vat_vnd: int
    offset_pit_vnd: int
    claim_vnd: int  #: of what is left, what the seller owes the office: it had the money

    @property
    def due_vnd(self) -> int:
        """What is left to be paid to the state."""
        return self.vat_vnd + self.pit_vnd - self.offset_vat_vnd - self.offset_pit_vnd


def taxes_visible_to(actor: Actor) -> Select[TaxHeld]:
    """Select what of held-back tax an actor may see: its own, that of its jurisdiction, or what it held back."""
    held_here = TaxHeld.office_id == actor.organisation_id
    return select(TaxHeld).where(or_(owned_by(actor, TaxHeld.seller_id), held_here))


def taxes_by_seller(actor: Actor, begin: datetime, end: datetime) -> list[TaxOfSeller]:
    """Add up the tax held back from an instant until before another, seller by seller."""
    rows = taxes_visible_to(actor).where(TaxHeld.at >= begin, TaxHeld.at < end).subquery()
    is_offset = rows.c.vat_vnd + rows.c.pit_vnd < 0

    def total(column: Any, sign: int) -> Any:
        return func.coalesce(func.sum(case((is_offset if sign < 0 else ~is_offset, sign * column), else_=0)), 0)

    columns = (rows.c.base_vnd, rows.c.vat_vnd, rows.c.pit_vnd)
    claims = func.coalesce(func.sum(case((rows.c.is_claim, rows.c.vat_vnd + rows.c.pit_vnd), else_=0)), 0)
    names = (Organisation.id, Organisation.name_vi, Organisation.name_en, Organisation.code, Organisation.tax_code)
    found = db.session.execute(
        select(*names, *(total(one, 1) for one in columns), *(total(one, -1) for one in columns), claims)
        .join(rows, rows.c.seller_id == Organisation.id)
        .group_by(*names, Organisation.sort_key)
        .order_by(Organisation.sort_key, Organisation.id)
    )
    return [TaxOfSeller(*row[:5], *(int(amount) for amount in row[5:])) for row in found]


def taxes_of_seller(actor: Actor, seller_id: int, begin: datetime, end: datetime) -> Select[TaxHeld]:
    """Select the tax held back for a seller from an instant until before another, order by order, the latest first."""
    return (
        taxes_visible_to(actor)
        .where(TaxHeld.seller_id == seller_id, TaxHeld.at >= begin, TaxHeld.at < end)
        .order_by(TaxHeld.id.desc())
    )


def tax_payments_visible_to(actor: Actor) -> Select[TaxPayment]:
    """Select what an actor may see of tax that was paid to the state: what it paid itself."""
    paid = select(TaxPayment)
    return paid if actor is SYSTEM else paid.where(TaxPayment.office_id == actor.organisation_id)


def get_tax_payment(actor: Actor, number: str) -> TaxPayment:
    """Find what was paid, by its number.

    :raises NoSuchTaxPayment:
    """
    found = db.session.scalar(
        tax_payments_visible_to(actor).where(TaxPayment.number == number, TaxPayment.undoes_id.is_(None))
    )
    if found is None:
        raise NoSuchTaxPayment()
    return found


class TaxPaid(NamedTuple):
    """A payment of tax, and whether and why it was taken back."""

    payment: TaxPayment
    undone_at: datetime | None
    reason: str | None


def tax_paid(actor: Actor) -> Select[*tuple[Any, ...]]:
    """Select what was paid of tax, the latest first (see :class:`TaxPaid`)."""
    undoing = aliased(TaxPayment)
    return (
        tax_payments_visible_to(actor)
        .with_only_columns(TaxPayment, undoing.at, undoing.reason)
        .outerjoin(undoing, undoing.undoes_id == TaxPayment.id)
        .where(TaxPayment.undoes_id.is_(None))
        .order_by(TaxPayment.id.desc())
    )


def tax_of(actor: Actor, document: str) -> TaxSum | None:
    """Add up the tax held back of an order, less what was offset; None: there was none."""
    rows = taxes_visible_to(actor).where(TaxHeld.document == document).subquery()
    found = db.session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(rows.c.vat_vnd), 0),
            func.coalesce(func.sum(rows.c.pit_vnd), 0),
            func.coalesce(func.sum(case((rows.c.is_claim, 1), else_=0)), 0),
        ).select_from(rows)
    ).one()
    return TaxSum(int(found[1]), int(found[2]), bool(found[3])) if found[0] else None


class TaxSum(NamedTuple):
    """Tax held back of an order, as it stands."""

    vat_vnd: int
    pit_vnd: int
    is_claim: bool


# --- Inside -------------------------------------------------------------------------------------------


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
