"""What a buyer can have now: trade items on show with their price, their stars and how many may be ordered.

Ordered is what lies in its producer's own warehouse, may be sold on the day and is promised to nobody. Services and
alcohol are shown and not ordered here (Law 44/2019/QH14; NĐ 24/2020/NĐ-CP asks more of who sells alcohol online).
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, select

from accounts.models import Organisation
from catalog import vat
from catalog.models import Product, ProductVersion, TradeItem, Unit, VersionItem
from kernel import clock
from kernel.db import db
from ocop import queries as certificates
from stock import queries as stock
from storefront.queries import price_on


class Hindrance(enum.Enum):
    """Why a trade item cannot be ordered now."""

    GONE = "gone"  #: no longer on show
    SERVICE = "service"
    ALCOHOL = "alcohol"
    NO_PRICE = "no_price"
    SOLD_OUT = "sold_out"


@dataclass(frozen=True)
class Offer:
    """A trade item as a buyer meets it now."""

    item_id: int
    product_id: int
    version_id: int
    slug: str
    name_vi: str
    name_en: str
    item_vi: str
    item_en: str
    net_content: int
    unit: Unit
    producer_id: int
    producer_vi: str
    producer_en: str
    producer_slug: str
    price_vnd: int | None
    available: int  #: pieces that may be ordered now
    stars: int | None
    certificate_number: str | None
    hindrance: Hindrance | None
    vat_bp: int | None = None  #: VAT contained in the price, where it is stated

    @property
    def full_vi(self) -> str:
        """Name of the product with its pack, in Vietnamese."""
        return f"{self.name_vi}, {self.item_vi}"

    @property
    def full_en(self) -> str:
        """The same in English, where it was given."""
        return f"{self.name_en or self.name_vi}, {self.item_en or self.item_vi}"


def offers(item_ids: Sequence[int], now: datetime, *, min_days: int = 0) -> dict[int, Offer]:
    """Read what is offered of each trade item now (three statements); one that never was is left out.

    :param min_days: only what keeps so many days more is offered
    """
    if not item_ids:
        return {}
    day = clock.business_date(now)
    rows = db.session.execute(_ITEMS, {"item_ids": sorted(set(item_ids)), "day": day}).all()
    left = stock.available([row.item_id for row in rows], day + timedelta(days=min_days), now)
    standing = certificates.in_force({row.product_id for row in rows}, day)
    found = {}
    for row in rows:
        certificate = standing.get(row.product_id)
        hindrance = None
        if row.is_shown is None or not row.is_sold or not row.is_producing:
            hindrance = Hindrance.GONE
        elif row.is_service:
            hindrance = Hindrance.SERVICE
        elif row.is_alcohol:
            hindrance = Hindrance.ALCOHOL
        elif row.price is None:
            hindrance = Hindrance.NO_PRICE
        elif left.get(row.item_id, 0) <= 0:
            hindrance = Hindrance.SOLD_OUT
        found[row.item_id] = Offer(
            item_id=row.item_id,
            product_id=row.product_id,
            version_id=row.version_id or 0,
            slug=row.slug,
            name_vi=row.name_vi or row.slug,
            name_en=row.name_en or "",
            item_vi=row.item_vi,
            item_en=row.item_en,
            net_content=row.net_content,
            unit=row.unit,
            producer_id=row.producer_id,
            producer_vi=row.producer_vi,
            producer_en=row.producer_en,
            producer_slug=row.producer_slug,
            price_vnd=row.price,
            available=left.get(row.item_id, 0),
            stars=certificate.stars if certificate else None,
            certificate_number=certificate.number if certificate else None,
            hindrance=hindrance,
            vat_bp=row.vat_bp,
        )
    return found


_ITEMS = (
    select(
        TradeItem.id.label("item_id"),
        TradeItem.name_vi.label("item_vi"),
        TradeItem.name_en.label("item_en"),
        TradeItem.net_content,
        TradeItem.unit,
        TradeItem.is_active.label("is_sold"),
        Product.id.label("product_id"),
        Product.slug,
        Product.is_service,
        Product.is_alcohol,
        Product.published_version_id.label("version_id"),
        ProductVersion.name_vi,
        ProductVersion.name_en,
        Organisation.id.label("producer_id"),
        Organisation.name_vi.label("producer_vi"),
        Organisation.name_en.label("producer_en"),
        Organisation.slug.label("producer_slug"),
        Organisation.is_active.label("is_producing"),
        VersionItem.trade_item_id.label("is_shown"),
        price_on(TradeItem.id, bindparam("day")).label("price"),
        vat.rate_on(TradeItem.id, bindparam("day")).label("vat_bp"),
    )
    .join(Product, Product.id == TradeItem.product_id)
    .join(Organisation, Organisation.id == Product.producer_id)
    .outerjoin(ProductVersion, ProductVersion.id == Product.published_version_id)
    .outerjoin(
        VersionItem,
        and_(VersionItem.version_id == Product.published_version_id, VersionItem.trade_item_id == TradeItem.id),
    )
    .where(TradeItem.id.in_(bindparam("item_ids", expanding=True)))
)
