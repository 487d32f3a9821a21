"""How often the pages of batches and of captured lots were opened: counts by day, nothing about who opened them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base


class ScanCount(Base):
    """So many openings of a lot's page on a day, from a coarse region, in a language, by a kind of way."""

    __tablename__ = "scan_count"
    __table_args__ = (
        CheckConstraint("openings > 0", name="openings"),
        CheckConstraint("way IN ('direct', 'search', 'social', 'own', 'other')", name="way"),
        Index("ix_scan_count_day", "day", "lot_id"),
    )

    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)  #: of Viet Nam
    region: Mapped[str] = mapped_column(String(6), primary_key=True)  #: "VN-29", "JP"; "" where it is not known
    language: Mapped[str] = mapped_column(String(2), primary_key=True)
    way: Mapped[str] = mapped_column(String(8), primary_key=True)  #: a traceability.scans.Way
    openings: Mapped[int]


class ScanSegment(Base):
    """A segment of the spool that was counted: seen again, it counts no more."""

    __tablename__ = "scan_segment"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    taken_at: Mapped[datetime] = mapped_column(index=True)
    counted: Mapped[int]
    left_out: Mapped[int]  #: lines that name no lot of ours, or cannot be read
