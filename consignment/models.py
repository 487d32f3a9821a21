"""Sales points, consignment notes, sales at the counter."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import Organisation, values
from kernel.db import Base, append_only
from stock.models import Location
from traceability.models import Lot


class SalesPoint(Base):
    """A shop, counter or stand that sells producers' goods on consignment."""

    __tablename__ = "sales_point"
    __table_args__ = (CheckConstraint("commission_bp BETWEEN 0 AND 10000", name="commission"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"), unique=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    name_vi: Mapped[str] = mapped_column(String(160))
    name_en: Mapped[str] = mapped_column(String(160), default="")
    about_vi: Mapped[str] = mapped_column(Text, default="")
    about_en: Mapped[str] = mapped_column(Text, default="")
    hours_vi: Mapped[str] = mapped_column(String(120), default="")
    hours_en: Mapped[str] = mapped_column(String(120), default="")
    commission_bp: Mapped[int] = mapped_column(default=0)
    picture: Mapped[str | None] = mapped_column(ForeignKey("stored_file.digest"))
    picture_alt_vi: Mapped[str] = mapped_column(String(200), default="")
    picture_alt_en: Mapped[str] = mapped_column(String(200), default="")
    is_open: Mapped[bool] = mapped_column(default=True)
    is_sample: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    organisation: Mapped[Organisation] = relationship()
    location: Mapped[Location] = relationship()


class NoteKind(enum.StrEnum):
    """Which way the goods of a note go."""

    DELIVERY = "delivery"  #: from the producer to the sales point
    RETURN = "return"  #: taken back by the producer


class NoteStatus(enum.StrEnum):
    """Where the goods of a note are."""

    DRAFT = "draft"  #: nothing has moved
    SENT = "sent"  #: under way
    RECEIVED = "received"
    CANCELLED = "cancelled"  #: given up before it was received; the goods are back where they came from


class Note(Base):
    """A consignment note (phiếu ký gửi): lots that go to a sales point, or come back from it."""

    __tablename__ = "note"
    __table_args__ = (
        CheckConstraint("(status IN ('sent', 'received')) <= (sent_at IS NOT NULL)", name="sent"),
        CheckConstraint("(status = 'received') = (received_at IS NOT NULL)", name="received"),
        CheckConstraint("(status = 'cancelled') = (cancelled_at IS NOT NULL)", name="cancelled"),
        Index("ix_note_sales_point", "sales_point_id", "status"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)  #: CSG-000012
    kind: Mapped[NoteKind] = mapped_column(values(NoteKind))
    consignor_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    sales_point_id: Mapped[int] = mapped_column(ForeignKey("sales_point.id"))
    warehouse_id: Mapped[int] = mapped_column(ForeignKey("location.id"))  #: the consignor's end
    in_transit_id: Mapped[int] = mapped_column(ForeignKey("location.id"))
    status: Mapped[NoteStatus] = mapped_column(values(NoteStatus), default=NoteStatus.DRAFT)
    reason: Mapped[str] = mapped_column(String(200), default="")  #: of a return
    cancel_reason: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    received_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    is_sample: Mapped[bool] = mapped_column(default=False)

    consignor: Mapped[Organisation] = relationship()
    sales_point: Mapped[SalesPoint] = relationship()
    lines: Mapped[list[NoteLine]] = relationship(order_by="NoteLine.position", back_populates="note")


class NoteLine(Base):
    """A lot on a note, how much of it, and at which price it is to be sold."""

    __tablename__ = "note_line"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("price_vnd > 0", name="price"),
        UniqueConstraint("note_id", "lot_id"),
    )

    note_id: Mapped[int] = mapped_column(ForeignKey("note.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"))
    quantity: Mapped[int]
    price_vnd: Mapped[int]

    note: Mapped[Note] = relationship(back_populates="lines")
    lot: Mapped[Lot] = relationship()


@append_only
class Sale(Base):
    """A sale at the counter. ``request_key`` makes a form that is sent twice one sale."""

    __tablename__ = "sale"
    __table_args__ = (
        CheckConstraint("total_vnd > 0", name="total"),
        Index("ix_sale_point", "sales_point_id", "sold_at"),
        UniqueConstraint("sales_point_id", "request_key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)  #: SAL-000044
    sales_point_id: Mapped[int] = mapped_column(ForeignKey("sales_point.id"))
    request_key: Mapped[str] = mapped_column(String(64))
    total_vnd: Mapped[int]
    sold_at: Mapped[datetime]
    sold_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    sales_point: Mapped[SalesPoint] = relationship()
    lines: Mapped[list[SaleLine]] = relationship(order_by="SaleLine.position")


@append_only
class SaleLine(Base):
    """What was sold: lot, quantity, and name and price as they were then."""

    __tablename__ = "sale_line"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("price_vnd > 0", name="price"),
        Index("ix_sale_line_lot", "lot_id"),
    )

    sale_id: Mapped[int] = mapped_column(ForeignKey("sale.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"))
    owner_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    name_vi: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200), default="")
    quantity: Mapped[int]
    price_vnd: Mapped[int]

    lot: Mapped[Lot] = relationship()


@append_only
class SaleReversal(Base):
    """A sale that was taken back the same day, and why. The sale itself stays on record."""

    __tablename__ = "sale_reversal"
    __table_args__ = (CheckConstraint("reason <> ''", name="reason"),)

    sale_id: Mapped[int] = mapped_column(ForeignKey("sale.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(String(200))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]
