"""Lots and batches, the edges between them, and the append-only events."""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import Organisation, Place, values
from catalog.models import TradeItem, Unit
from kernel.db import Base, append_only
from kernel.models import AdministrativeUnit


class LotKind(enum.StrEnum):
    """What a lot is in the chain."""

    RAW = "raw"
    INTERMEDIATE = "intermediate"
    FINISHED = "finished"


class LotState(enum.StrEnum):
    """Whether a lot may move on."""

    OPEN = "open"  #: being made: its page exists only for its own people
    RELEASED = "released"
    HELD = "held"
    RECALLED = "recalled"


class Lot(Base):
    """An amount of one thing, made or received at one time: raw material, something between, or goods."""

    __tablename__ = "lot"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("used BETWEEN 0 AND quantity", name="used"),
        ForeignKeyConstraint(
            ["origin_commune_code", "origin_commune_valid_from"],
            ["administrative_unit.code", "administrative_unit.valid_from"],
            name="fk_lot_origin_commune",
        ),
        # A batch's number is its trade item's matter (GS1: unique for a GTIN), see Batch.
        Index(
            "uq_lot_number",
            "owner_id",
            "kind",
            "number",
            unique=True,
            sqlite_where=text("kind <> 'finished'"),
            postgresql_where=text("kind <> 'finished'"),
        ),
        Index("ix_lot_list", "owner_id", "kind", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[LotKind] = mapped_column(values(LotKind))
    owner_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    number: Mapped[str] = mapped_column(String(20))  #: GS1 AI (10): 1-20 characters of set 82
    name_vi: Mapped[str] = mapped_column(String(160))  #: material, or the goods' name when the lot was opened
    name_en: Mapped[str] = mapped_column(String(160), default="")
    quantity: Mapped[int]  #: in ``unit``
    #: how much of it went into other lots: the sum of its edges. Claimed by a guarded step, never above ``quantity``
    used: Mapped[int] = mapped_column(default=0)
    unit: Mapped[Unit] = mapped_column(values(Unit))
    place_id: Mapped[int | None] = mapped_column(ForeignKey("place.id"))  #: where it was received or made
    #: raw lots: who gave it (a person's or group's own word for it), and the growing area
    supplier: Mapped[str] = mapped_column(String(160), default="")
    supplier_organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    growing_area: Mapped[str] = mapped_column(String(160), default="")
    origin_commune_code: Mapped[str | None] = mapped_column(String(8))
    origin_commune_valid_from: Mapped[date | None]
    harvested_on: Mapped[date | None]
    received_on: Mapped[date | None]
    state: Mapped[LotState] = mapped_column(values(LotState), default=LotState.OPEN)
    state_reason: Mapped[str] = mapped_column(Text, default="")  #: why it is held or recalled
    state_since: Mapped[datetime]
    note: Mapped[str] = mapped_column(Text, default="")
    is_sample: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    owner: Mapped[Organisation] = relationship(foreign_keys=[owner_id])
    supplier_organisation: Mapped[Organisation | None] = relationship(foreign_keys=[supplier_organisation_id])
    place: Mapped[Place | None] = relationship()
    origin_commune: Mapped[AdministrativeUnit | None] = relationship()
    documents: Mapped[list[LotDocument]] = relationship(order_by="LotDocument.added_at")

    @property
    def left(self) -> int:
        """How much of it went into nothing yet, in ``unit``."""
        return self.quantity - self.used


class Batch(Base):
    """A finished lot as it is sold: of which trade item, under which number, made and best before when.

    Its address ``/lo/<organisation code>/<token>`` never changes and is not derived from the lot number.
    """

    __tablename__ = "batch"
    __table_args__ = (
        UniqueConstraint("trade_item_id", "number"),
        CheckConstraint("length(token) = 10", name="token"),
        CheckConstraint("expires_on IS NULL OR expires_on >= made_on", name="dates"),
    )

    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    trade_item_id: Mapped[int] = mapped_column(ForeignKey("trade_item.id"))
    number: Mapped[str] = mapped_column(String(20))
    token: Mapped[str] = mapped_column(String(10), unique=True)
    made_on: Mapped[date]
    expires_on: Mapped[date | None]  #: the last day on which it is good

    lot: Mapped[Lot] = relationship(lazy="joined", innerjoin=True)
    trade_item: Mapped[TradeItem] = relationship()


class LotInput(Base):
    """An edge of the genealogy: so much of one lot went into another."""

    __tablename__ = "lot_input"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("output_id <> input_id", name="not_itself"),
        Index("ix_lot_input_forward", "input_id", "output_id"),
    )

    output_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    input_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    quantity: Mapped[int]  #: in the input's unit

    input: Mapped[Lot] = relationship(foreign_keys=[input_id])
    output: Mapped[Lot] = relationship(foreign_keys=[output_id])


class LotDocument(Base):
    """A paper of a lot: test report, receipt, declaration. Kept by digest."""

    __tablename__ = "lot_document"

    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(ForeignKey("stored_file.digest"), primary_key=True)
    title: Mapped[str] = mapped_column(String(160))
    is_public: Mapped[bool] = mapped_column(default=False)
    added_at: Mapped[datetime]


class BatchDraft(Base):
    """A batch that somebody is entering page by page: kept until it is opened, so that nothing typed is lost."""

    __tablename__ = "batch_draft"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    answers: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  #: see admin.batch_wizard
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    #: the lot it became: the same last page sent again is answered with it
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("lot.id"))


class EventKind(enum.StrEnum):
    """EPCIS 2.0 event types in use here."""

    OBJECT = "ObjectEvent"
    TRANSFORMATION = "TransformationEvent"
    TRANSACTION = "TransactionEvent"


@append_only
class TraceEvent(Base):
    """Something that happened to lots: what, when, where, why, by whom. Added only, corrected by another event.

    ``biz_step`` and ``disposition`` are CBV 2.0 words (EPCIS 2.0 section 8).
    """

    __tablename__ = "trace_event"
    __table_args__ = (Index("ix_trace_event_time", "event_at", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(String(60), unique=True)  #: urn:uuid:…
    kind: Mapped[EventKind] = mapped_column(values(EventKind))
    action: Mapped[str | None] = mapped_column(String(8))  #: ADD, OBSERVE, DELETE; None for transformations
    biz_step: Mapped[str] = mapped_column(String(40))
    disposition: Mapped[str | None] = mapped_column(String(40))
    event_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    place_id: Mapped[int | None] = mapped_column(ForeignKey("place.id"))
    title_vi: Mapped[str] = mapped_column(String(120))  #: the step's name as people say it: "Phơi lúa"
    title_en: Mapped[str] = mapped_column(String(120), default="")
    note_vi: Mapped[str] = mapped_column(Text, default="")
    note_en: Mapped[str] = mapped_column(Text, default="")
    document: Mapped[str | None] = mapped_column(String(40))  #: number of the note, sale or order it belongs to
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    officer_organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("trace_event.id"), unique=True)  #: one truth each
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    is_public: Mapped[bool] = mapped_column(default=True)
    is_sample: Mapped[bool] = mapped_column(default=False)

    organisation: Mapped[Organisation] = relationship(foreign_keys=[organisation_id])
    place: Mapped[Place | None] = relationship()
    lots: Mapped[list[EventLot]] = relationship()
    files: Mapped[list[EventFile]] = relationship(order_by="EventFile.position")


@append_only
class EventLot(Base):
    """A lot that an event names, in which role, and how much of it."""

    __tablename__ = "event_lot"
    __table_args__ = (
        CheckConstraint("role IN ('object', 'input', 'output')", name="role"),
        CheckConstraint("quantity > 0", name="quantity"),
        Index("ix_event_lot_lot", "lot_id", "event_id"),
    )

    event_id: Mapped[int] = mapped_column(ForeignKey("trace_event.id"), primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(8), primary_key=True)
    quantity: Mapped[int | None]  #: in the lot's unit


@append_only
class EventFile(Base):
    """A photo or paper of an event, by its SHA-256 digest."""

    __tablename__ = "event_file"

    event_id: Mapped[int] = mapped_column(ForeignKey("trace_event.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(ForeignKey("stored_file.digest"))
    alt_vi: Mapped[str] = mapped_column(String(200), default="")
    alt_en: Mapped[str] = mapped_column(String(200), default="")
