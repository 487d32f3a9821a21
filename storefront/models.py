"""The public texts that the law asks of an online shop, in versions; words that mean the same to its search."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kernel.db import Base, append_only


@append_only
class PublicText(Base):
    """A version of a public page (about, terms, privacy, …); the latest of a name is the one in force.

    Source of the list: NĐ 248/2026/NĐ-CP as reported (owner, privacy, terms, price, payment, delivery,
    returns, complaints, display and ranking).
    """

    __tablename__ = "public_text"
    __table_args__ = (Index("ix_public_text_name", "name", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))  #: its last part of the address: "bao-mat"
    title_vi: Mapped[str] = mapped_column(String(160))
    title_en: Mapped[str] = mapped_column(String(160), default="")
    body_vi: Mapped[str] = mapped_column(Text)  #: paragraphs; "## " heads, "- " lists
    body_en: Mapped[str] = mapped_column(Text, default="")
    is_sample: Mapped[bool] = mapped_column(default=False)
    saved_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    saved_at: Mapped[datetime]


class SynonymSet(Base):
    """Words and phrases that mean the same to who searches the shop: heo, lợn."""

    __tablename__ = "synonym_set"

    id: Mapped[int] = mapped_column(primary_key=True)
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    changed_at: Mapped[datetime]

    phrases: Mapped[list[SynonymPhrase]] = relationship(order_by="SynonymPhrase.position", viewonly=True)


class SynonymPhrase(Base):
    """A word or phrase of a set; none stands in two sets."""

    __tablename__ = "synonym_phrase"
    __table_args__ = (CheckConstraint("length(phrase) > 0", name="phrase"),)

    key: Mapped[str] = mapped_column(String(80), primary_key=True)  #: as ``storefront.synonyms.key`` writes it
    set_id: Mapped[int] = mapped_column(ForeignKey("synonym_set.id"), index=True)
    position: Mapped[int]
    phrase: Mapped[str] = mapped_column(String(60))
