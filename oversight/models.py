"""Recalls: what was affected and where it was, who was told and answered, what became of each pack."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import Organisation, values
from kernel.db import Base, append_only
from stock.models import Location
from traceability.models import Lot, LotState


class Severity(enum.StrEnum):
    """How bad it may be for whoever eats or uses it; the order of the classes is the usual one of recalls."""

    SERIOUS = "serious"  #: class I: may harm health badly
    MODERATE = "moderate"  #: class II: may harm health for a while, seldom badly
    MINOR = "minor"  #: class III: no harm to health is expected: label, weight, quality


class RecallState(enum.StrEnum):
    """Whether answers are still taken."""

    OPEN = "open"
    CLOSED = "closed"


class Recall(Base):
    """A lot is called back with everything made from it; or this is rehearsed, and nothing real is touched."""

    __tablename__ = "recall"
    __table_args__ = (
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed"),
        CheckConstraint("(state = 'closed') <= (conclusion <> '')", name="conclusion"),
        Index("ix_recall_owner", "owner_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)  #: TH-000007
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"))  #: the lot that was picked
    owner_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))  #: whose lot it is
    is_drill: Mapped[bool] = mapped_column(default=False)
    severity: Mapped[Severity] = mapped_column(values(Severity))
    reason_vi: Mapped[str] = mapped_column(Text)  #: as the public reads it
    reason_en: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[RecallState] = mapped_column(values(RecallState), default=RecallState.OPEN)
    recalled_before: Mapped[int] = mapped_column(default=0)  #: so many of the lots made from it were recalled before
    started_at: Mapped[datetime]
    started_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    started_for_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))  #: None: the system
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    conclusion: Mapped[str] = mapped_column(Text, default="")  #: the closing report in words
    is_sample: Mapped[bool] = mapped_column(default=False)
    looked_at: Mapped[datetime | None]  #: when what others told after its start was last gone through

    lot: Mapped[Lot] = relationship()
    owner: Mapped[Organisation] = relationship(foreign_keys=[owner_id])
    started_for: Mapped[Organisation | None] = relationship(foreign_keys=[started_for_id])


@append_only
class RecallLot(Base):
    """A lot that a recall reached, as it was at the start, or when it joined. Quantities are in the lot's unit."""

    __tablename__ = "recall_lot"
    __table_args__ = (Index("ix_recall_lot_lot", "lot_id", "recall_id"),)

    recall_id: Mapped[int] = mapped_column(ForeignKey("recall.id"), primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    state_before: Mapped[LotState] = mapped_column(values(LotState))
    made: Mapped[int]
    used: Mapped[int]  #: went into other lots, which are in the recall themselves
    on_hand: Mapped[int]  #: in warehouses, at counters, on the way
    sold: Mapped[int]
    lost: Mapped[int]  #: losses and corrections of the stock before the recall
    joined_at: Mapped[datetime | None]  #: None: at the start; else it was told later that it is made of one of these

    lot: Mapped[Lot] = relationship()


@append_only
class RecallHolding(Base):
    """Where the packs of a lot lay when the recall began, and whose they were."""

    __tablename__ = "recall_holding"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        Index("ix_recall_holding_keeper", "recall_id", "keeper_id"),
    )

    recall_id: Mapped[int] = mapped_column(ForeignKey("recall.id"), primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"), primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    keeper_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    quantity: Mapped[int]
    allocated: Mapped[int]  #: of them held for orders

    lot: Mapped[Lot] = relationship()
    location: Mapped[Location] = relationship()


class RecallNotice(Base):
    """One who made, holds or received the goods: told when and how, answered when and how.

    Telephone numbers and addresses are read from the organisation when they are needed, never kept here.
    """

    __tablename__ = "recall_notice"
    __table_args__ = (
        UniqueConstraint("recall_id", "organisation_id"),
        CheckConstraint("channel IN ('', 'mail', 'phone')", name="channel"),
        CheckConstraint("answered_by IN ('', 'screen', 'phone')", name="answered_by"),
        CheckConstraint("(acknowledged_at IS NULL) = (answered_by = '')", name="acknowledged"),
        Index("ix_recall_notice_organisation", "organisation_id", "acknowledged_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    recall_id: Mapped[int] = mapped_column(ForeignKey("recall.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    held: Mapped[int] = mapped_column(default=0)  #: packs at its own places when the recall began
    on_the_way: Mapped[int] = mapped_column(default=0)  #: packs under way to it
    received: Mapped[int] = mapped_column(default=0)  #: packs it ever received on notes
    sold: Mapped[int] = mapped_column(default=0)  #: packs it had sold; the buyers at a counter are not known
    channel: Mapped[str] = mapped_column(String(8), default="")  #: "mail", or "phone": it has no address, call it
    sent_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    answered_by: Mapped[str] = mapped_column(String(8), default="")  #: "screen": itself; "phone": the office wrote it
    acknowledged_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    joined_at: Mapped[datetime | None]  #: None: at the start; else what it has, or that it has some, was told later
    more_at: Mapped[datetime | None]  #: when it was last told anew, of more lots, and asked to answer again

    recall: Mapped[Recall] = relationship()
    organisation: Mapped[Organisation] = relationship()


@append_only
class RecallBuyerTold(Base):
    """That who bought goods online was told of their recall: once by a letter, or called. Who they are stands there."""

    __tablename__ = "recall_buyer_told"
    __table_args__ = (
        CheckConstraint("channel IN ('mail', 'phone')", name="channel"),
        CheckConstraint("channel = 'mail' OR by_id IS NOT NULL", name="called_by"),
    )

    recall_id: Mapped[int] = mapped_column(ForeignKey("recall.id"), primary_key=True)
    purchase_id: Mapped[int] = mapped_column(ForeignKey("purchase.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(String(8), primary_key=True)
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  #: None: the system wrote the letter


class EntryKind(enum.StrEnum):
    """What became of packs."""

    FOUND = "found"  #: counted: so many lie there
    MISSING = "missing"  #: fewer were found than are on record
    REAPPEARED = "reappeared"  #: missing before, found now
    RETURNED = "returned"  #: a buyer brought them back
    DESTROYED = "destroyed"
    SOLD = "sold"  #: had been sold before the stop, and not been entered


@append_only
class RecallEntry(Base):
    """A quantity that somebody stated. Never changed: another entry puts it right."""

    __tablename__ = "recall_entry"
    __table_args__ = (
        CheckConstraint("quantity > 0 OR (kind = 'found' AND quantity = 0)", name="quantity"),
        Index("ix_recall_entry_recall", "recall_id", "lot_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    recall_id: Mapped[int] = mapped_column(ForeignKey("recall.id"))
    notice_id: Mapped[int] = mapped_column(ForeignKey("recall_notice.id"))
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"))
    location_id: Mapped[int | None] = mapped_column(ForeignKey("location.id"))  #: None: material, not in the stock
    kind: Mapped[EntryKind] = mapped_column(values(EntryKind))
    quantity: Mapped[int]  #: in the lot's unit
    note: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    by_phone: Mapped[bool] = mapped_column(default=False)  #: the office wrote down what it was told

    lot: Mapped[Lot] = relationship()
    location: Mapped[Location | None] = relationship()


@append_only
class RecallOutcome(Base):
    """What had become of a lot when its recall was closed: the parts add up to what was made."""

    __tablename__ = "recall_outcome"
    __table_args__ = (
        CheckConstraint(
            "made = used + on_hand + returned + destroyed + sold + missing + lost_before + unreleased", name="adds_up"
        ),
    )

    recall_id: Mapped[int] = mapped_column(ForeignKey("recall.id"), primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    made: Mapped[int]
    used: Mapped[int]
    on_hand: Mapped[int]
    returned: Mapped[int]
    destroyed: Mapped[int]
    sold: Mapped[int]
    missing: Mapped[int]
    lost_before: Mapped[int]
    unreleased: Mapped[int]

    lot: Mapped[Lot] = relationship()
