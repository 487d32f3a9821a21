"""The programme's taxonomy, products with immutable versions, trade items, prices, photos, reviews."""

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
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import Organisation, values
from kernel.db import Base, append_only
from kernel.models import AdministrativeUnit


class Industry(Base):
    """One of the six industries (ngành). Source: QĐ 26/2026/QĐ-TTg, Phụ lục I; versioned by ``scheme``."""

    __tablename__ = "industry"
    __table_args__ = (UniqueConstraint("scheme", "slug"),)

    scheme: Mapped[str] = mapped_column(String(12), primary_key=True)  #: "QD26-2026"
    code: Mapped[str] = mapped_column(String(4), primary_key=True)  #: I … VI
    slug: Mapped[str] = mapped_column(String(40))
    name_vi: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120))


class ProductGroup(Base):
    """One of the seventeen groups (nhóm)."""

    __tablename__ = "product_group"
    __table_args__ = (
        ForeignKeyConstraint(["scheme", "industry_code"], ["industry.scheme", "industry.code"]),
        UniqueConstraint("scheme", "slug"),
    )

    scheme: Mapped[str] = mapped_column(String(12), primary_key=True)
    code: Mapped[str] = mapped_column(String(8), primary_key=True)  #: "I.3"
    industry_code: Mapped[str] = mapped_column(String(4))
    slug: Mapped[str] = mapped_column(String(60))
    name_vi: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120))


class Subgroup(Base):
    """One of the twenty-six sub-groups (phân nhóm), each with its own set of criteria."""

    __tablename__ = "subgroup"
    __table_args__ = (ForeignKeyConstraint(["scheme", "group_code"], ["product_group.scheme", "product_group.code"]),)

    scheme: Mapped[str] = mapped_column(String(12), primary_key=True)
    criteria_set_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  #: 1 … 26
    group_code: Mapped[str] = mapped_column(String(8))
    code: Mapped[str] = mapped_column(String(12))  #: "I.3.a"
    name_vi: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    lead_ministry: Mapped[str] = mapped_column(String(80))
    label_kind: Mapped[str] = mapped_column(String(24))  #: key into catalog/data/label_kinds.json

    group: Mapped[ProductGroup] = relationship(lazy="joined", innerjoin=True)


class ProductStatus(enum.StrEnum):
    """Where a product stands. What its public page shows is ``published_version_id`` alone."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Unit(enum.StrEnum):
    """Base units of quantities, with their UN/ECE Rec 20 codes."""

    PIECE = "piece"  #: H87
    GRAM = "g"  #: GRM
    MILLILITRE = "ml"  #: MLT


class Product(Base):
    """A product of a producer. Its words live in versions; four pointers say which version is what."""

    __tablename__ = "product"
    __table_args__ = (
        ForeignKeyConstraint(["scheme", "criteria_set_no"], ["subgroup.scheme", "subgroup.criteria_set_no"]),
        CheckConstraint("status <> 'published' OR published_version_id IS NOT NULL", name="published_has_version"),
        CheckConstraint("status <> 'withdrawn' OR published_version_id IS NULL", name="withdrawn_shows_nothing"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    producer_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    slug: Mapped[str] = mapped_column(String(140), unique=True)
    scheme: Mapped[str] = mapped_column(String(12))
    criteria_set_no: Mapped[int]
    is_alcohol: Mapped[bool] = mapped_column(default=False)
    is_service: Mapped[bool] = mapped_column(default=False)  #: tourism: no batches, no stock
    status: Mapped[ProductStatus] = mapped_column(values(ProductStatus), default=ProductStatus.DRAFT)
    draft_version_id: Mapped[int | None] = mapped_column(
        ForeignKey("product_version.id", use_alter=True, name="fk_product_draft")
    )
    submitted_version_id: Mapped[int | None] = mapped_column(
        ForeignKey("product_version.id", use_alter=True, name="fk_product_submitted")
    )
    approved_version_id: Mapped[int | None] = mapped_column(
        ForeignKey("product_version.id", use_alter=True, name="fk_product_approved")
    )
    published_version_id: Mapped[int | None] = mapped_column(
        ForeignKey("product_version.id", use_alter=True, name="fk_product_published"), index=True
    )
    first_published_at: Mapped[datetime | None]
    #: what the press says of its stars, with its source: a line of text, never a badge
    press_rating_vi: Mapped[str] = mapped_column(String(300), default="")
    press_rating_en: Mapped[str] = mapped_column(String(300), default="")
    is_sample: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    producer: Mapped[Organisation] = relationship()
    subgroup: Mapped[Subgroup] = relationship(viewonly=True)
    draft_version: Mapped[ProductVersion | None] = relationship(foreign_keys=[draft_version_id], post_update=True)
    published_version: Mapped[ProductVersion | None] = relationship(
        foreign_keys=[published_version_id], post_update=True
    )


@append_only
class ProductVersion(Base):
    """The words of a product as they once stood. Never changed: each saving makes a new one."""

    __tablename__ = "product_version"
    __table_args__ = (
        ForeignKeyConstraint(
            ["commune_code", "commune_valid_from"],
            ["administrative_unit.code", "administrative_unit.valid_from"],
            name="fk_product_version_commune",
        ),
        Index("ix_product_version_product", "product_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    name_vi: Mapped[str] = mapped_column(String(160))
    name_en: Mapped[str] = mapped_column(String(160), default="")
    summary_vi: Mapped[str] = mapped_column(String(300), default="")
    summary_en: Mapped[str] = mapped_column(String(300), default="")
    story_vi: Mapped[str] = mapped_column(Text, default="")
    story_en: Mapped[str] = mapped_column(Text, default="")
    brand: Mapped[str] = mapped_column(String(120), default="")  #: thương hiệu, nhãn hiệu
    standards: Mapped[str] = mapped_column(String(300), default="")  #: standards applied (tiêu chuẩn công bố áp dụng)
    village: Mapped[str] = mapped_column(String(120), default="")
    commune_code: Mapped[str] = mapped_column(String(8))
    commune_valid_from: Mapped[date]
    label_kind: Mapped[str] = mapped_column(String(24))
    #: label fields of its kind: {field key: {"vi": text, "en": text}}; NĐ 37/2026/NĐ-CP, Phụ lục I
    label: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    search: Mapped[str] = mapped_column(Text)  #: folded words, see kernel.text
    sort_key: Mapped[str] = mapped_column(Text)
    saved_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    saved_at: Mapped[datetime]

    commune: Mapped[AdministrativeUnit] = relationship()
    photos: Mapped[list[VersionPhoto]] = relationship(order_by="VersionPhoto.position")
    items: Mapped[list[VersionItem]] = relationship(order_by="VersionItem.position")


@append_only
class VersionPhoto(Base):
    """A photo of a version, in its order, with its words for those who do not see it."""

    __tablename__ = "version_photo"

    version_id: Mapped[int] = mapped_column(ForeignKey("product_version.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(ForeignKey("stored_file.digest"))
    alt_vi: Mapped[str] = mapped_column(String(200))
    alt_en: Mapped[str] = mapped_column(String(200), default="")


class TradeItem(Base):
    """What is priced and sold: a product in one net content. With a GTIN of the producer's own, or without."""

    __tablename__ = "trade_item"
    __table_args__ = (
        CheckConstraint("gtin IS NULL OR length(gtin) = 14", name="gtin"),
        CheckConstraint("net_content > 0", name="net_content"),
        CheckConstraint("NOT is_set OR unit = 'piece'", name="set"),
        CheckConstraint("NOT by_weight OR unit = 'g'", name="weight"),
        CheckConstraint("least BETWEEN 1 AND 999 AND (by_weight OR least = 1)", name="least"),
        UniqueConstraint("product_id", "code"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    code: Mapped[str] = mapped_column(String(20))  #: the producer's own code, unique within the product
    name_vi: Mapped[str] = mapped_column(String(80))  #: "gói 500 g"
    name_en: Mapped[str] = mapped_column(String(80), default="")
    net_content: Mapped[int]  #: in ``unit``
    unit: Mapped[Unit] = mapped_column(values(Unit))
    gtin: Mapped[str | None] = mapped_column(String(14), unique=True)
    is_active: Mapped[bool] = mapped_column(default=True)
    is_gift: Mapped[bool] = mapped_column(default=False, server_default=false())  #: packed to be given
    #: put together of other trade items (:class:`SetPart`); its net content is how many packs are in it
    is_set: Mapped[bool] = mapped_column(default=False, server_default=false())
    #: sold by weight, in steps of the net content; ``least`` is the fewest steps one can buy
    by_weight: Mapped[bool] = mapped_column(default=False, server_default=false())
    least: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    created_at: Mapped[datetime]

    product: Mapped[Product] = relationship()
    prices: Mapped[list[Price]] = relationship(order_by="Price.valid_from")

    @property
    def step_g(self) -> int | None:
        """The grams of one, where it is sold by weight."""
        return self.net_content if self.by_weight else None


@append_only
class SetPart(Base):
    """So many packs of another trade item of the same producer in a set; the highest ``version`` counts.

    The database refuses another producer's goods, a set inside a set, and to offer a set with nothing in it.
    """

    __tablename__ = "set_part"
    __table_args__ = (
        CheckConstraint("set_item_id <> part_item_id", name="itself"),
        CheckConstraint("version > 0 AND quantity BETWEEN 1 AND 99", name="quantity"),
        Index("ix_set_part_part", "part_item_id"),
    )

    set_item_id: Mapped[int] = mapped_column(ForeignKey("trade_item.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    part_item_id: Mapped[int] = mapped_column(ForeignKey("trade_item.id"), primary_key=True)
    quantity: Mapped[int]


@append_only
class VersionItem(Base):
    """A trade item that a version offers, in its order: a draft item is on no public page."""

    __tablename__ = "version_item"

    version_id: Mapped[int] = mapped_column(ForeignKey("product_version.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    trade_item_id: Mapped[int] = mapped_column(ForeignKey("trade_item.id"))

    trade_item: Mapped[TradeItem] = relationship()


@append_only
class Price(Base):
    """A price in đồng, VAT included, from a day on (the latest day that has begun wins, then the latest row)."""

    __tablename__ = "price"
    __table_args__ = (
        CheckConstraint("amount_vnd BETWEEN 1 AND 1000000000", name="amount"),
        Index("ix_price_item_day", "trade_item_id", "valid_from", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    trade_item_id: Mapped[int] = mapped_column(ForeignKey("trade_item.id"))
    amount_vnd: Mapped[int]
    valid_from: Mapped[date]
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    set_at: Mapped[datetime]


@append_only
class VatStatement(Base):
    """The VAT contained in a trade item's price, as its producer states it from a day on. Without a row: not stated."""

    __tablename__ = "vat_statement"
    __table_args__ = (
        CheckConstraint("rate_bp BETWEEN -1 AND 10000", name="rate"),
        Index("ix_vat_statement_item_day", "trade_item_id", "valid_from", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    trade_item_id: Mapped[int] = mapped_column(ForeignKey("trade_item.id"))
    rate_bp: Mapped[int | None]  #: -1: not subject to VAT; None: no longer stated
    valid_from: Mapped[date]
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    set_at: Mapped[datetime]


@append_only
class ProductReview(Base):
    """What the office decided on a submitted version: approved, returned with a reason, withdrawn."""

    __tablename__ = "product_review"
    __table_args__ = (
        CheckConstraint("decision IN ('approved', 'returned', 'withdrawn')", name="decision"),
        CheckConstraint("decision <> 'returned' OR reason <> ''", name="returned_has_reason"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("product_version.id"))
    decision: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text, default="")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]
