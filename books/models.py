"""Entries of the journal with their lines, rates of commission, tax held back, and proofs that the books add up.

A line says: this account of this organisation, so many đồng. Above nought it has or is owed, below nought it owes or
has earned. Lines of one organisation add up to nought in every entry, and what A says of B, B says of A: so the lines
of one organisation are books of its own. Sums are kept nowhere, they are read from the lines.
"""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from accounts.models import values
from kernel.db import Base, append_only


class Account(enum.StrEnum):
    """The chart of accounts: the same for every organisation. ``books.chart`` says in words what each is."""

    # Where the money is.
    BANK = "bank"
    CARD = "card"  #: with the provider of card payments
    COLLECTED = "collected"  #: cash that the carrier, or who brought the parcel, took from the buyer
    UNDER_WAY = "under_way"  #: cash that was handed over and not counted yet
    CASH = "cash"  #: counted
    # Buyers.
    BUYERS = "buyers"  #: what buyers owe for orders that stand
    HELD = "held"  #: money of buyers that is for no order (yet): a debt to them until it is decided
    REFUNDS = "refunds"  #: promised back to buyers, not sent yet
    # Organisations among themselves.
    BETWEEN = "between"  #: what another organisation owes this one; below nought, what this one owes it
    TAX = "tax"  #: tax held back: whoever held it back owes it to the state, the seller has paid so much ahead
    # What was earned and what it cost.
    SALES = "sales"
    DELIVERY = "delivery"  #: what buyers pay for delivery
    DISCOUNTS = "discounts"  #: what was taken off, at the one who bears it
    COMMISSION = "commission"  #: earned by the one who runs the shop, a cost of the seller
    DIFFERENCES = "differences"  #: cash that was counted less (or more) than it should have been


@append_only
class JournalEntry(Base):
    """One thing that happened. It is written after its lines, and closes over them: see the migration's triggers."""

    __tablename__ = "journal_entry"
    __table_args__ = (UniqueConstraint("cause"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    cause: Mapped[str] = mapped_column(String(120))  #: "order:DH-000123-1:confirmed": the same is posted once, ever
    kind: Mapped[str] = mapped_column(String(24), index=True)  #: see ``books.chart.KINDS``
    at: Mapped[datetime] = mapped_column(index=True)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


@append_only
class JournalLine(Base):
    """So much on an account. Its id is for others to name it by: a statement takes each line at most once."""

    __tablename__ = "journal_line"
    __table_args__ = (
        CheckConstraint("amount_vnd <> 0", name="amount"),
        CheckConstraint("(account = 'between') = (counterparty_id IS NOT NULL)", name="between"),
        CheckConstraint("counterparty_id <> organisation_id", name="counterparty"),
        Index("ix_journal_line_entry", "entry_id"),
        Index("ix_journal_line_document", "document", "account"),
        Index("ix_journal_line_account", "organisation_id", "account", "counterparty_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("journal_entry.id", deferrable=True, initially="DEFERRED"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    account: Mapped[Account] = mapped_column(values(Account))
    counterparty_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    amount_vnd: Mapped[int] = mapped_column(BigInteger)
    document: Mapped[str] = mapped_column(String(40))  #: what it is about: an order, a payment's code, a refund, …
    holder: Mapped[str] = mapped_column(String(24), default="")  #: who has the cash: a carrier's name


@append_only
class CommissionRate(Base):
    """What the one who runs the shop takes of a sale, from a day on. Orders keep the rate they were placed under."""

    __tablename__ = "commission_rate"
    __table_args__ = (
        CheckConstraint("rate_bp BETWEEN 0 AND 10000", name="rate"),
        CheckConstraint("valid_until IS NULL OR valid_until >= valid_from", name="days"),
        Index("ix_commission_rate_producer", "producer_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))  #: the office that takes it
    producer_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))  #: None: of all without their own
    rate_bp: Mapped[int]
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]  #: the last day
    set_at: Mapped[datetime]
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


@append_only
class WithholdingSwitch(Base):
    """Whether tax is held back, from a day on: for all sellers, or for one. Without a row it is not."""

    __tablename__ = "withholding_switch"
    __table_args__ = (
        CheckConstraint("reason <> ''", name="reason"),
        Index("ix_withholding_switch_seller", "seller_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))  #: the office that holds it back
    seller_id: Mapped[int | None] = mapped_column(
        ForeignKey("organisation.id")
    )  #: None: all without a row of their own
    is_on: Mapped[bool]
    valid_from: Mapped[date]
    reason: Mapped[str] = mapped_column(String(300))
    set_at: Mapped[datetime]
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


@append_only
class TaxHeld(Base):
    """What an entry holds back of a sale, or (below nought) offsets: the monthly list adds these up.

    The entry has the same sum on ``Account.TAX``; here it is VAT and PIT apart, with what they were taken of.
    """

    __tablename__ = "tax_held"
    __table_args__ = (
        UniqueConstraint("entry_id", "document"),
        CheckConstraint("vat_vnd <> 0 OR pit_vnd <> 0", name="amounts"),
        Index("ix_tax_held_document", "document"),
        Index("ix_tax_held_seller", "seller_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("journal_entry.id"))
    document: Mapped[str] = mapped_column(String(40))  #: the order
    seller_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    office_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    rule: Mapped[str] = mapped_column(String(40))
    is_claim: Mapped[bool]  #: the money did not pass through the office: the seller owes it to the office
    base_vnd: Mapped[int] = mapped_column(BigInteger)
    vat_vnd: Mapped[int] = mapped_column(BigInteger)
    pit_vnd: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(index=True)


@append_only
class TaxPayment(Base):
    """Tax held back that an office paid on to the state; below nought: one that was written down in error is undone."""

    __tablename__ = "tax_payment"
    __table_args__ = (
        CheckConstraint(
            "(undoes_id IS NULL AND amount_vnd > 0) OR (undoes_id IS NOT NULL AND amount_vnd < 0)", name="amount"
        ),
        CheckConstraint("(undoes_id IS NULL) = (reason = '')", name="reason"),
        CheckConstraint("reference <> ''", name="reference"),
        UniqueConstraint("number"),
        UniqueConstraint("undoes_id"),
        UniqueConstraint("entry_id"),
        Index("ix_tax_payment_office", "office_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20))  #: NT-000001
    office_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    month: Mapped[date]  #: by whose end it was owed; its first day
    amount_vnd: Mapped[int] = mapped_column(BigInteger)
    paid_on: Mapped[date]
    reference: Mapped[str] = mapped_column(String(60))  #: of the transfer, as the bank or the treasury gave it
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("tax_payment.id"))
    reason: Mapped[str] = mapped_column(String(300), default="")  #: why it is undone
    entry_id: Mapped[int] = mapped_column(ForeignKey("journal_entry.id"))
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


@append_only
class BooksProof(Base):
    """What came out when the books were held against themselves and against orders, payments and refunds."""

    __tablename__ = "books_proof"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    entries: Mapped[int]
    lines: Mapped[int]
    turnover_vnd: Mapped[int] = mapped_column(BigInteger)  #: all amounts above nought
    differences: Mapped[list[Any]] = mapped_column(JSON)  #: in words, the first hundred
    difference_count: Mapped[int]
