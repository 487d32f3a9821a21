"""Rows of the log of proof: what waits for its place, the leaves, the tiles of the tree, the signed checkpoints."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, append_only


class LogHead(Base):
    """The one row that says how large the log is. Whoever holds its lock gives out the next positions."""

    __tablename__ = "log_head"
    __table_args__ = (
        CheckConstraint("id = 1", name="only_one"),
        CheckConstraint("size >= 0", name="size"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(default=0)
    #: hides what is no business of the public from those who guess: made once, by the migration, and never shown
    secret: Mapped[bytes] = mapped_column(LargeBinary)


class LogWaiting(Base):
    """A record that was written down and has no position yet: it gets one within a minute of its commit."""

    __tablename__ = "log_waiting"
    __table_args__ = (
        UniqueConstraint("kind", "reference"),
        CheckConstraint("length(leaf_hash) = 32", name="leaf_hash"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    reference: Mapped[str] = mapped_column(String(320))
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary)
    appended_at: Mapped[datetime]


@append_only
class LogLeaf(Base):
    """A record's place in the log: SHA-256(0x00 ‖ its canonical bytes). Positions begin at 0 and have no gaps."""

    __tablename__ = "log_leaf"
    __table_args__ = (
        UniqueConstraint("kind", "reference"),
        CheckConstraint("position >= 0", name="position"),
        CheckConstraint("length(leaf_hash) = 32", name="leaf_hash"),
    )

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(20))  #: which source reads the record again: "event", "certificate", …
    reference: Mapped[str] = mapped_column(String(320))  #: which of them: an event id, a number, a digest
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary)
    appended_at: Mapped[datetime]


@append_only
class LogTile(Base):
    """256 neighbouring hashes of one height of the tree (C2SP tlog-tiles), and the one hash above them."""

    __tablename__ = "log_tile"
    __table_args__ = (
        CheckConstraint("length(hashes) = 8192", name="hashes"),
        CheckConstraint("length(root) = 32", name="root"),
    )

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hashes: Mapped[bytes] = mapped_column(LargeBinary)
    root: Mapped[bytes] = mapped_column(LargeBinary)


@append_only
class LogCheckpoint(Base):
    """What the log said of itself on a day of Viet Nam, signed."""

    __tablename__ = "log_checkpoint"
    __table_args__ = (
        CheckConstraint("size > 0", name="size"),
        CheckConstraint("length(root) = 32", name="root"),
        Index("ix_log_checkpoint_size", "size"),
    )

    day: Mapped[date] = mapped_column(primary_key=True)
    size: Mapped[int]
    root: Mapped[bytes] = mapped_column(LargeBinary)
    text: Mapped[str] = mapped_column(Text)  #: the signed note, as it was given away
    made_at: Mapped[datetime]
