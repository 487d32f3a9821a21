"""Codes of single packs, the rolls they are printed on, what was printed, who checked them when, and reports."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import Organisation, User, values
from catalog.models import Product, TradeItem
from kernel.db import Base, append_only
from traceability.models import Batch


class ItemCodeSetting(Base):
    """Whether the packs of a product carry a code each: the producer's choice."""

    __tablename__ = "item_code_setting"

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True)
    is_on: Mapped[bool]
    changed_at: Mapped[datetime]

    product: Mapped[Product] = relationship()


class StickerRoll(Base):
    """Codes made together: printed ahead and blank, or for one batch. Numbered for the producer's own use."""

    __tablename__ = "sticker_roll"
    __table_args__ = (
        UniqueConstraint("organisation_id", "number"),
        CheckConstraint("size BETWEEN 1 AND 10000", name="size"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    number: Mapped[int]  #: 1, 2, 3 of its organisation
    size: Mapped[int]  #: codes
    trade_item_id: Mapped[int | None] = mapped_column(ForeignKey("trade_item.id"))  #: what it is kept for, if anything
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("batch.lot_id"))  #: made for this batch; None: printed ahead
    note: Mapped[str] = mapped_column(String(160), default="")
    made_at: Mapped[datetime]
    is_sample: Mapped[bool] = mapped_column(default=False)

    organisation: Mapped[Organisation] = relationship()
    trade_item: Mapped[TradeItem | None] = relationship()
    batch: Mapped[Batch | None] = relationship()


class ItemState(enum.StrEnum):
    """What a code of one pack stands for."""

    BLANK = "blank"  #: printed ahead, on no pack yet
    BOUND = "bound"  #: on a pack of a batch that is not on sale yet
    ACTIVE = "active"
    VOID = "void"  #: damaged, lost, misprinted: it may be on no pack


class ItemCode(Base):
    """The code of one pack: 80 random bits. Its place on the roll cannot be worked out from it."""

    __tablename__ = "item_code"
    __table_args__ = (
        UniqueConstraint("roll_id", "position"),
        CheckConstraint("length(serial) = 16", name="serial"),
        CheckConstraint("position > 0", name="position"),
        CheckConstraint("state NOT IN ('bound', 'active') OR lot_id IS NOT NULL", name="bound"),
        CheckConstraint("state <> 'blank' OR lot_id IS NULL", name="blank"),
        CheckConstraint("state <> 'void' OR void_reason <> ''", name="void"),
        Index("ix_item_code_lot", "lot_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    serial: Mapped[str] = mapped_column(String(16), unique=True)
    roll_id: Mapped[int] = mapped_column(ForeignKey("sticker_roll.id"))
    position: Mapped[int]
    state: Mapped[ItemState] = mapped_column(values(ItemState), default=ItemState.BLANK)
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("batch.lot_id"))
    bound_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]
    void_reason: Mapped[str] = mapped_column(String(200), default="")

    roll: Mapped[StickerRoll] = relationship()
    batch: Mapped[Batch | None] = relationship()


@append_only
class LabelPrint(Base):
    """Labels that were printed: what stood on them, how many, when, by whom, for whom, and whether it was again.

    ``content`` names no person: who is responsible for the goods is said by id, and by the digest of the words.
    """

    __tablename__ = "label_print"
    __table_args__ = (
        UniqueConstraint("subject", "reprint"),
        CheckConstraint("count > 0", name="count"),
        CheckConstraint("reprint >= 0", name="reprint"),
        Index("ix_label_print_lot", "lot_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    subject: Mapped[str] = mapped_column(String(40))  #: "lot:12" (labels of the batch), "roll:3" (codes of a roll)
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("batch.lot_id"))
    roll_id: Mapped[int | None] = mapped_column(ForeignKey("sticker_roll.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)  #: for whom
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    officer_organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    sheet: Mapped[str] = mapped_column(String(20))  #: key of the sheet, "a4-24", "roll-40x30"
    form: Mapped[str] = mapped_column(String(3))  #: "pdf" or "svg"
    count: Mapped[int]
    reprint: Mapped[int]  #: 0 the first time
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    digest: Mapped[str] = mapped_column(String(64))  #: SHA-256 of all words of all labels

    user: Mapped[User | None] = relationship()


@append_only
class ItemCheck(Base):
    """Somebody looked at the page of a pack's code, or asked for a code that is not there. Nobody is named.

    ``source`` is made of the network address with a key that is forgotten by the day: within a day it tells
    sources apart, afterwards it tells nothing.
    """

    __tablename__ = "item_check"
    __table_args__ = (
        UniqueConstraint("code_id", "number"),
        CheckConstraint("(code_id IS NULL) = (number IS NULL)", name="number"),
        Index("ix_item_check_source", "source", "at"),
        Index("ix_item_check_finding", "finding", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code_id: Mapped[int | None] = mapped_column(ForeignKey("item_code.id"))  #: None: there is no such code
    number: Mapped[int | None]  #: 1 the first time this code was checked
    at: Mapped[datetime]
    region: Mapped[str | None] = mapped_column(String(2))  #: a country, or a part of Viet Nam: ``scans.coarse``
    source: Mapped[str] = mapped_column(String(32))
    finding: Mapped[str] = mapped_column(String(16))  #: see ``traceability.items.Finding``

    code: Mapped[ItemCode | None] = relationship()


class CaseKind(enum.StrEnum):
    """What a case is about."""

    MISMATCH = "mismatch"  #: what the page says is not what the pack says
    OPENED = "opened"  #: the seal was broken, or the code was checked before
    QUALITY = "quality"
    OTHER = "other"
    ENUMERATION = "enumeration"  #: the system's own: one source asked for many codes that are not there


class CaseState(enum.StrEnum):
    """How far a case has come."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


class Case(Base):
    """Something the office has to look into. What a person wrote can be erased; the case remains."""

    __tablename__ = "trace_case"
    __table_args__ = (
        CheckConstraint("contact = '' OR contact_consent_at IS NOT NULL", name="consent"),
        CheckConstraint("state = 'open' OR answer <> ''", name="answer"),
        Index("ix_trace_case_list", "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[CaseKind] = mapped_column(values(CaseKind))
    state: Mapped[CaseState] = mapped_column(values(CaseState), default=CaseState.OPEN)
    opened_at: Mapped[datetime]
    code_id: Mapped[int | None] = mapped_column(ForeignKey("item_code.id"))
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("batch.lot_id"))
    #: whose goods it is about; None: not known, so it is every office's
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    text: Mapped[str] = mapped_column(Text)  #: in the words of who reported it; empty for the system's own
    #: of the system's own: what happened, said in the reader's language when it is shown (``cases.told``); of a report
    #: on what is neither a code nor a batch of ours: what it is "about", and the "path" of the page
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    contact: Mapped[str] = mapped_column(String(120), default="")  #: telephone number or e-mail, if they agreed
    contact_consent_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(Text, default="")  #: what the office found
    answered_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    handled_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    once: Mapped[str | None] = mapped_column(String(60), unique=True)  #: of notes the system may make once only

    code: Mapped[ItemCode | None] = relationship()
    batch: Mapped[Batch | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
