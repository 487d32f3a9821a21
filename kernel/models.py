"""Rows that every part may use: administrative units, jobs, the audit trail, revisions, files."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, append_only


class AdministrativeUnit(Base):
    """A province or a commune, by (code, valid from): codes are used again (21484 was a town, is a commune).

    Source: QĐ 19/2025/QĐ-TTg (codes), NQ 202/2025/QH15 and the resolutions on communes (units of today).
    """

    __tablename__ = "administrative_unit"
    __table_args__ = (
        CheckConstraint("level IN ('province', 'district', 'commune')", name="level"),
        CheckConstraint("valid_until IS NULL OR valid_until > valid_from", name="validity"),
        Index("ix_administrative_unit_parent", "parent_code", "level"),
        Index("ix_administrative_unit_search", "search"),
    )

    code: Mapped[str] = mapped_column(String(8), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_until: Mapped[date | None]  #: exclusive; None: of today
    level: Mapped[str] = mapped_column(String(10))
    kind_vi: Mapped[str] = mapped_column(String(20))  #: Tỉnh, Thành phố, Xã, Phường, Đặc khu, …
    name_vi: Mapped[str] = mapped_column(String(80))  #: without its kind: "Ba Tơ"
    name_en: Mapped[str] = mapped_column(String(80))
    parent_code: Mapped[str | None] = mapped_column(String(8))
    search: Mapped[str] = mapped_column(String(120))  #: folded name; never a key (Ba Tơ and Ba Tô are both "ba to")
    sort_key: Mapped[str] = mapped_column(String(240))
    area_km2: Mapped[str | None] = mapped_column(String(12))  #: decimal text as published, never computed with
    lat: Mapped[str | None] = mapped_column(String(12))  #: centroid, decimal degrees
    lon: Mapped[str | None] = mapped_column(String(12))
    outline: Mapped[Any] = mapped_column(JSON, nullable=True)  #: [[lon, lat], …] of the outer ring, or None

    @property
    def full_name(self) -> str:
        """Its kind and name: "Xã Ba Tơ"."""
        return f"{self.kind_vi} {self.name_vi}"


class UnitSuccession(Base):
    """A former unit became (a part of) a unit of today. A unit that was divided has several rows."""

    __tablename__ = "unit_succession"
    __table_args__ = (
        ForeignKeyConstraint(
            ["old_code", "old_valid_from"], ["administrative_unit.code", "administrative_unit.valid_from"]
        ),
        ForeignKeyConstraint(
            ["new_code", "new_valid_from"],
            ["administrative_unit.code", "administrative_unit.valid_from"],
            name="fk_unit_succession_new",
        ),
    )

    old_code: Mapped[str] = mapped_column(String(8), primary_key=True)
    old_valid_from: Mapped[date] = mapped_column(primary_key=True)
    new_code: Mapped[str] = mapped_column(String(8), primary_key=True)
    new_valid_from: Mapped[date] = mapped_column(primary_key=True)


class Job(Base):
    """Work to be done after the transaction that asked for it, at least once, by ``flask work``."""

    __tablename__ = "job"
    __table_args__ = (Index("ix_job_due", "done_at", "parked_at", "run_at", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(60))
    args: Mapped[dict[str, Any]] = mapped_column(JSON)
    dedupe: Mapped[str | None] = mapped_column(String(120), unique=True)
    run_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(Text)
    done_at: Mapped[datetime | None]
    parked_at: Mapped[datetime | None]  #: set when it failed too often; a person looks


@append_only
class AuditEntry(Base):
    """Who did what, on whose behalf, to which document, when. Ids and codes only, no personal data."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_subject", "subject", "id"),
        Index("ix_audit_entry_organisation", "organisation_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    user_id: Mapped[int | None]  #: None: the system itself (a job, the command line)
    organisation_id: Mapped[int | None]  #: for whom it was done
    officer_organisation_id: Mapped[int | None]  #: the office of the officer who acted for them, if one did
    action: Mapped[str] = mapped_column(String(60))  #: "catalog.submit"
    subject: Mapped[str] = mapped_column(String(80))  #: "product:12", "note:CSG-000012"
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)


class PageRevision(Base):
    """How often what a page shows has changed. Bumped in the transaction that changes it."""

    __tablename__ = "page_revision"

    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, default=1)


class StoredFile(Base):
    """A document or picture kept under its SHA-256 digest in ``MEDIA_ROOT``."""

    __tablename__ = "stored_file"
    __table_args__ = (
        CheckConstraint("length(digest) = 64", name="digest"),
        CheckConstraint("size > 0", name="size"),
    )

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(60))
    suffix: Mapped[str] = mapped_column(String(8))  #: "webp", "pdf"
    size: Mapped[int]  #: bytes
    width: Mapped[int | None]  #: pixels, of pictures
    height: Mapped[int | None]
    stored_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]  #: its content was erased; that it was here stays in the log of proof


class Rendition(Base):
    """A picture at one width, made from a stored one: WebP at once, AVIF by a job."""

    __tablename__ = "rendition"
    __table_args__ = (CheckConstraint("format IN ('webp', 'avif')", name="format"),)

    master: Mapped[str] = mapped_column(ForeignKey("stored_file.digest"), primary_key=True)
    width: Mapped[int] = mapped_column(primary_key=True)
    format: Mapped[str] = mapped_column(String(4), primary_key=True)
    height: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]


class NumberSeries(Base):
    """The last number given out in a series of documents: one guarded step gives the next."""

    __tablename__ = "number_series"

    series: Mapped[str] = mapped_column(String(40), primary_key=True)
    last: Mapped[int] = mapped_column(default=0)


class HandledRequest(Base):
    """A form that was sent, by the key it carried and who sent it, and what it was answered with."""

    __tablename__ = "handled_request"

    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    answer: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime] = mapped_column(index=True)


class LoadedFacts(Base):
    """Which edition of a file of facts stands in the database: loaded again when the file changes."""

    __tablename__ = "loaded_facts"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
