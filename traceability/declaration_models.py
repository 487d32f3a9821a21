"""What was declared of lots, as the log of proof holds it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, append_only


@append_only
class LotDeclaration(Base):
    """What was declared of a lot from a moment on: the newest one says what its rows must say now."""

    __tablename__ = "lot_declaration"
    __table_args__ = (UniqueConstraint("lot_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"))
    version: Mapped[int]  #: 1, 2 …: a lawful change is the next one
    reference: Mapped[str] = mapped_column(String(60), unique=True)  #: its name in the log: "MO-001 (12.1)"
    declared_at: Mapped[datetime]
    body: Mapped[str] = mapped_column(Text)  #: canonical JSON (RFC 8785), see ``traceability.declarations``
