"""What a buyer can have now: trade items on show with their price, their stars and how many may be ordered.

Ordered is what lies in its producer's own warehouse, may be sold on the day and is promised to nobody. Services and
alcohol are shown and not ordered here (Law 44/2019/QH14; NĐ 24/2020/NĐ-CP asks more of who sells alcohol online).
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, select

from accounts.models import Organisation
from catalog.models import Product, ProductVersion, TradeItem, Unit, VersionItem
from kernel import clock
from kernel.db import db, listed
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
    rows = db.session.execute(
        select(
            TradeItem,
            Product,
            ProductVersion,
            Organisation,
            VersionItem.trade_item_id.label("is_shown"),
            price_on(TradeItem.id, day).label("price"),
        )
        .join(Product, Product.id == TradeItem.product_id)
        .join(Organisation, Organisation.id == Product.producer_id)
        .outerjoin(ProductVersion, ProductVersion.id == Product.published_version_id)
        .outerjoin(
            VersionItem,
            and_(VersionItem.version_id == Product.published_version_id, VersionItem.trade_item_id == TradeItem.id),
        )
        .where(TradeItem.id.in_(listed(sorted(set(item_ids)))))
    ).all()
    left = stock.available([item.id for item, *_ in rows], day + timedelta(days=min_days), now)
    standing = certificates.in_force(sorted({product.id for _, product, *_ in rows}), day)
    found = {}
    for item, product, version, producer, is_shown, price in rows:
        certificate = standing.get(product.id)
        hindrance = None
        if version is None or is_shown is None or not item.is_active or not producer.is_active:
            hindrance = Hindrance.GONE
        elif product.is_service:
            hindrance = Hindrance.SERVICE
        elif product.is_alcohol:
            hindrance = Hindrance.ALCOHOL
        elif price is None:
            hindrance = Hindrance.NO_PRICE
        elif left.get(item.id, 0) <= 0:
            hindrance = Hindrance.SOLD_OUT
        found[item.id] = Offer(
            item_id=item.id,
            product_id=product.id,
            version_id=product.published_version_id or 0,
            slug=product.slug,
            name_vi=version.name_vi if version else product.slug,
            name_en=version.name_en if version else "",
            item_vi=item.name_vi,
            item_en=item.name_en,
            net_content=item.net_content,
            unit=item.unit,
            producer_id=producer.id,
            producer_vi=producer.name_vi,
            producer_en=producer.name_en,
            producer_slug=producer.slug,
            price_vnd=price,
            available=left.get(item.id, 0),
            stars=certificate.stars if certificate else None,
            certificate_number=certificate.number if certificate else None,
            hindrance=hindrance,
        )
    return found
