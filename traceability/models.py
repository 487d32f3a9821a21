"""Lots and batches, the edges between them, and the append-only events."""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
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

from accounts.models import Organisation, Place, User, values
from catalog.models import TradeItem, Unit
from kernel.db import Base, append_only
from kernel.models import AdministrativeUnit


class LotKind(enum.StrEnum):
    """What a lot is in the chain."""

    RAW = "raw"
    INTERMEDIATE = "intermediate"
    FINISHED = "finished"
    EXTERNAL = "external"  #: somebody else's, or not held in stock here: known from captured events alone


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
        CheckConstraint("quantity > 0 OR (kind = 'external' AND quantity = 0)", name="quantity"),
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
            sqlite_where=text("kind IN ('raw', 'intermediate')"),
            postgresql_where=text("kind IN ('raw', 'intermediate')"),
        ),
        Index("ix_lot_list", "owner_id", "kind", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[LotKind] = mapped_column(values(LotKind))
    owner_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    number: Mapped[str] = mapped_column(String(20))  #: GS1 AI (10): 1-20 characters of set 82
    name_vi: Mapped[str] = mapped_column(String(160))  #: material, or the goods' name when the lot was opened
    name_en: Mapped[str] = mapped_column(String(160), default="")
    quantity: Mapped[int]  #: in ``unit``; 0 for an external lot whose amount nobody stated in such a unit
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
    state_reason_en: Mapped[str] = mapped_column(Text, default="")  #: the same in English, where it was given
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
    def state_reason_vi(self) -> str:
        """The reason under the name that pages look for when they choose a language."""
        return self.state_reason

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
        CheckConstraint("quantity >= 0", name="quantity"),
        CheckConstraint("output_id <> input_id", name="not_itself"),
        # One each way, with the quantity: a walk is answered from the index alone.
        Index("ix_lot_input_forward", "input_id", "output_id", "quantity"),
        Index("ix_lot_input_backward", "output_id", "input_id", "quantity"),
    )

    output_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    input_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    quantity: Mapped[int]  #: in the input's unit; 0 where a captured event does not say how much

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
    """The event types of EPCIS 2.0 (section 7.4)."""

    OBJECT = "ObjectEvent"
    AGGREGATION = "AggregationEvent"
    TRANSACTION = "TransactionEvent"
    TRANSFORMATION = "TransformationEvent"
    ASSOCIATION = "AssociationEvent"


@append_only
class TraceEvent(Base):
    """Something that happened to lots: what, when, where, why, by whom. Added only, corrected by another event.

    ``biz_step`` and ``disposition`` are CBV 2.0 words (EPCIS 2.0 section 8).
    """

    __tablename__ = "trace_event"
    __table_args__ = (Index("ix_trace_event_time", "event_at", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(String(300), unique=True)  #: our own: urn:uuid:…; a captured one keeps its id
    kind: Mapped[EventKind] = mapped_column(values(EventKind))
    action: Mapped[str | None] = mapped_column(String(8))  #: ADD, OBSERVE, DELETE; None for transformations
    biz_step: Mapped[str] = mapped_column(String(300))  #: "" where a captured event gives none
    disposition: Mapped[str | None] = mapped_column(String(300))
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
    user: Mapped[User | None] = relationship()
    officer_organisation: Mapped[Organisation | None] = relationship(foreign_keys=[officer_organisation_id])
    place: Mapped[Place | None] = relationship()
    lots: Mapped[list[EventLot]] = relationship()
    files: Mapped[list[EventFile]] = relationship(order_by="EventFile.position")


@append_only
class EventLot(Base):
    """A lot that an event names, in which role, and how much of it."""

    __tablename__ = "event_lot"
    __table_args__ = (
        CheckConstraint("role IN ('object', 'input', 'output', 'parent', 'child')", name="role"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("rounding BETWEEN 0 AND 999999999999", name="rounding"),
        Index("ix_event_lot_lot", "lot_id", "event_id"),
    )

    event_id: Mapped[int] = mapped_column(ForeignKey("trace_event.id"), primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(8), primary_key=True)
    quantity: Mapped[int | None]  #: in the lot's unit, rounded up
    #: by how much ``quantity`` was rounded up, in 10⁻¹² of the unit: what programs weigh is no whole number
    rounding: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


@append_only
class EventFile(Base):
    """A photo or paper of an event, by its SHA-256 digest."""

    __tablename__ = "event_file"

    event_id: Mapped[int] = mapped_column(ForeignKey("trace_event.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(ForeignKey("stored_file.digest"))
    alt_vi: Mapped[str] = mapped_column(String(200), default="")
    alt_en: Mapped[str] = mapped_column(String(200), default="")


class LotIdentifier(Base):
    """A name under which the world knows a lot: a canonical Digital Link, a web address of ours, another's URI.

    A lot may have several: one that got a GTIN later keeps the address on its older labels.
    """

    __tablename__ = "lot_identifier"

    uri: Mapped[str] = mapped_column(String(400), primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)


class CaptureJob(Base):
    """A document of events that was sent to the capture interface, and what became of it (EPCIS 2.0 section 12.6)."""

    __tablename__ = "capture_job"
    __table_args__ = (
        CheckConstraint("on_error IN ('rollback', 'proceed')", name="on_error"),
        Index("ix_capture_job_list", "organisation_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    capture_id: Mapped[str] = mapped_column(String(36), unique=True)  #: a UUID, as its address shows it
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    on_error: Mapped[str] = mapped_column(String(8))
    document: Mapped[str | None] = mapped_column(Text)  #: as it was sent; forgotten once it is done
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    success: Mapped[bool | None]
    problems: Mapped[list[Any]] = mapped_column(JSON, default=list)  #: refusals and warnings, by place in the document
    events: Mapped[int] = mapped_column(default=0)  #: how many the document holds
    stored: Mapped[int] = mapped_column(default=0)
    replayed: Mapped[int] = mapped_column(default=0)  #: known before, with the same content


@append_only
class EpcisEvent(Base):
    """An event in the form of the standard, whole: what the query interface gives and the proof log swears to.

    Every event of our own screens and every captured one has its row. The declaration that an event was wrong is
    a second row with the same ``event_id`` (EPCIS 2.0 section 7.4.1.2).
    """

    __tablename__ = "epcis_event"
    __table_args__ = (
        UniqueConstraint("event_id", "declares_error"),
        Index("ix_epcis_event_time", "event_at", "id"),
        Index("ix_epcis_event_record", "recorded_at", "id"),
        Index("ix_epcis_event_organisation", "organisation_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(String(300))
    declares_error: Mapped[bool] = mapped_column(default=False)
    #: its line in the story of the lots it names; None for a declaration of error, and for one that names no lot
    trace_event_id: Mapped[int | None] = mapped_column(ForeignKey("trace_event.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))  #: whose statement it is
    capture_id: Mapped[int | None] = mapped_column(ForeignKey("capture_job.id"), index=True)
    type: Mapped[str] = mapped_column(String(300))  #: of the standard, or the address of somebody's own
    action: Mapped[str | None] = mapped_column(String(8))
    biz_step: Mapped[str | None] = mapped_column(String(300))
    disposition: Mapped[str | None] = mapped_column(String(300))
    event_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    read_point: Mapped[str | None] = mapped_column(String(400))
    biz_location: Mapped[str | None] = mapped_column(String(400))
    transformation_id: Mapped[str | None] = mapped_column(String(400), index=True)
    hash: Mapped[str] = mapped_column(String(100), index=True)  #: ni:///sha-256;…?ver=CBV2.0
    body: Mapped[str] = mapped_column(Text)  #: canonical JSON (RFC 8785), eventID and recordTime in it


@append_only
class EpcisField(Base):
    """A value of an event by which it can be asked for: ``epc``, ``parentID``, ``bizTransaction``, an ilmd field …"""

    __tablename__ = "epcis_field"
    __table_args__ = (
        Index("ix_epcis_field_value", "name", "value", "epcis_event_id"),
        Index("ix_epcis_field_event", "epcis_event_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    epcis_event_id: Mapped[int] = mapped_column(ForeignKey("epcis_event.id"))
    name: Mapped[str] = mapped_column(String(400))
    value: Mapped[str] = mapped_column(String(600))
    number: Mapped[float | None]  #: the value as a number, for EQ_, GT_, LE_ …


class ResolverLink(Base):
    """Where a GS1 key, or a family of keys, leads to as well: registered by the owner of the key.

    ``key_path`` is a pattern as ``traceability.key_patterns`` writes it. What stands in several columns of a
    linkset's target is kept as words with spaces between: ``languages`` "vi en", ``context`` "VN".
    """

    __tablename__ = "resolver_link"
    __table_args__ = (
        UniqueConstraint("key_path", "link_type", "href", "languages"),
        CheckConstraint("substr(href, 1, 8) = 'https://'", name="href"),
        # One default for a key; which one follows from the rest where nobody says it.
        Index(
            "uq_resolver_link_default",
            "key_path",
            unique=True,
            sqlite_where=text("is_default"),
            postgresql_where=text("is_default"),
        ),
        Index("ix_resolver_link_list", "organisation_id", "key_path", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    key_path: Mapped[str] = mapped_column(String(300))
    link_type: Mapped[str] = mapped_column(String(60))  #: "gs1:pip", of traceability/data/link_types.csv
    href: Mapped[str] = mapped_column(String(600))  #: may hold {10}, {21} …: what stands there in the key
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(String(200), default="")  #: what the key names
    languages: Mapped[str] = mapped_column(String(80), default="")
    media_type: Mapped[str] = mapped_column(String(80), default="")
    context: Mapped[str] = mapped_column(String(200), default="")
    is_default: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    organisation: Mapped[Organisation] = relationship()


class Recipe(Base):
    """How much of what goes in is expected to come out, as a producer says it; the latest one of its kind counts.

    For one of the producer's trade items, or for a material that it makes (by name, folded into ``material``).
    """

    __tablename__ = "recipe"
    __table_args__ = (
        CheckConstraint("(trade_item_id IS NULL) = (material <> '')", name="of_one_thing"),
        CheckConstraint("least_bp BETWEEN 1 AND most_bp", name="range"),
        CheckConstraint("adds_other OR most_bp <= 10000", name="nothing_from_nothing"),
        CheckConstraint("NOT adds_other OR other <> ''", name="other"),
        Index("ix_recipe_of", "owner_id", "trade_item_id", "material", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    trade_item_id: Mapped[int | None] = mapped_column(ForeignKey("trade_item.id"))
    material: Mapped[str] = mapped_column(String(160), default="")  #: folded, to be found whatever its case and marks
    name_vi: Mapped[str] = mapped_column(String(160))
    least_bp: Mapped[int]
    most_bp: Mapped[int]
    adds_other: Mapped[bool] = mapped_column(default=False)
    other: Mapped[str] = mapped_column(String(160), default="")  #: what is added that is no lot: water, lye, salt
    set_at: Mapped[datetime]
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    seen_at: Mapped[datetime | None]  #: the office has looked at it
    seen_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    owner: Mapped[Organisation] = relationship()
    trade_item: Mapped[TradeItem | None] = relationship()


class BalanceFlag(Base):
    """A making whose yield lies outside its recipe's range: kept, and shown to the office until it is cleared."""

    __tablename__ = "balance_flag"
    __table_args__ = (
        CheckConstraint("judgement IN ('below', 'above')", name="judgement"),
        CheckConstraint("(cleared_at IS NULL) = (cleared_reason = '')", name="cleared"),
        Index("ix_balance_flag_open", "cleared_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), unique=True)
    recipe_id: Mapped[int] = mapped_column(ForeignKey("recipe.id"))
    judgement: Mapped[str] = mapped_column(String(8))
    taken: Mapped[int]
    made: Mapped[int]
    yield_bp: Mapped[int]
    flagged_at: Mapped[datetime]
    cleared_at: Mapped[datetime | None]
    cleared_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    cleared_reason: Mapped[str] = mapped_column(String(400), default="")

    lot: Mapped[Lot] = relationship()
    recipe: Mapped[Recipe] = relationship()


class NamedQuery(Base):
    """A question to the event store that its asker gave a name (EPCIS 2.0 section 12.7)."""

    __tablename__ = "named_query"
    __table_args__ = (UniqueConstraint("organisation_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    name: Mapped[str] = mapped_column(String(100))
    query: Mapped[dict[str, Any]] = mapped_column(JSON)  #: parameters of the simple query
    created_at: Mapped[datetime]
