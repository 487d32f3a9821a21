"""What is handed to systems of others and to people who ask: where to, what, and what became of it."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import Organisation, values
from kernel.db import Base
from traceability.models import Lot


class ExportSystem(enum.StrEnum):
    """Which system a destination is. Their interfaces are not public: the bundles are generic."""

    NATIONAL_PORTAL = "national_portal"  #: truyxuat.gov.vn
    VERIGOODS = "verigoods"  #: verigoods.vn
    AGRI_FOOD = "agri_food"  #: farm and food system of the Ministry of Agriculture and Environment
    OTHER = "other"


class ExportForm(enum.StrEnum):
    """In what form it wants a record."""

    BUNDLE = "bundle"  #: a ZIP of JSON, EPCIS and CSV
    JSON = "json"
    EPCIS = "epcis"


class ExportState(enum.StrEnum):
    """What became of a record that was to be handed over."""

    WAITING = "waiting"  #: to be sent, or to be downloaded and handed in by a person
    SENT = "sent"
    FAILED = "failed"  #: not taken; tried again
    GIVEN_UP = "given_up"  #: not taken, and not tried again by itself


class ExportDestination(Base):
    """A system that an office hands records to. Without an address they wait to be downloaded."""

    __tablename__ = "export_destination"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)  #: whose it is
    name: Mapped[str] = mapped_column(String(120))
    system: Mapped[ExportSystem] = mapped_column(values(ExportSystem))
    form: Mapped[ExportForm] = mapped_column(values(ExportForm))
    url: Mapped[str] = mapped_column(String(500), default="")
    token: Mapped[str] = mapped_column(String(500), default="")  #: sent as a bearer; never shown, never logged
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    organisation: Mapped[Organisation] = relationship()


class ExportJob(Base):
    """A record of a lot for a destination."""

    __tablename__ = "export_job"
    __table_args__ = (
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent"),
        Index("ix_export_job_list", "destination_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    destination_id: Mapped[int] = mapped_column(ForeignKey("export_destination.id"))
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)  #: sent with every try: the other side takes it once
    state: Mapped[ExportState] = mapped_column(values(ExportState), default=ExportState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(String(80), default="")  #: a word of kernel.exchange, "status:503"
    digest: Mapped[str | None] = mapped_column(String(64))  #: SHA-256 of the file, once it is made
    suffix: Mapped[str] = mapped_column(String(8), default="")
    size: Mapped[int] = mapped_column(default=0)
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    asked_at: Mapped[datetime]
    tried_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]

    destination: Mapped[ExportDestination] = relationship()
    lot: Mapped[Lot] = relationship()


class LotFile(Base):
    """Everything about a lot in one file, for the organisation that asked; another one gets its own."""

    __tablename__ = "lot_file"
    __table_args__ = (
        CheckConstraint("(digest IS NULL) = (made_at IS NULL)", name="made"),
        Index("ix_lot_file_list", "organisation_id", "lot_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))  #: None: the system
    officer_organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    asked_at: Mapped[datetime]
    digest: Mapped[str | None] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime | None]

    lot: Mapped[Lot] = relationship()
