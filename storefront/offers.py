"""What a buyer can have now: trade items on show with their price, their stars and how many may be ordered.

Ordered is what lies in its producer's own warehouse, may be sold on the day and is promised to nobody. Services and
alcohol are shown and not ordered here (Law 44/2019/QH14; NĐ 24/2020/NĐ-CP asks more of who sells alcohol online).

A set has no stock of its own: there are as many as its parts suffice for, and whoever wants sets and single goods at
once wants them of the same stock (:func:`shared_out`).
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, select

from accounts.models import Organisation
from catalog import sets, vat
from catalog.models import Product, ProductVersion, TradeItem, Unit, VersionItem
from kernel import amounts, clock
from kernel.db import db
from ocop import queries as certificates
from ocop.models import Certificate
from stock import queries as stock
from storefront.queries import price_on


class Hindrance(enum.Enum):
    """Why a trade item cannot be ordered now."""

    GONE = "gone"  #: no longer on show
    SERVICE = "service"
    ALCOHOL = "alcohol"
    NO_PRICE = "no_price"
    SOLD_OUT = "sold_out"


class PartOffer(NamedTuple):
    """So many packs of a trade item in one set."""

    offer: Offer
    quantity: int


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
    by_weight: bool = False  #: in steps of the net content
    least: int = 1  #: the fewest one can buy
    parts: tuple[PartOffer, ...] = ()  #: of a set

    @property
    def step_g(self) -> int | None:
        """The grams of one, where it is sold by weight."""
        return self.net_content if self.by_weight else None

    @property
    def per_kg_vnd(self) -> int:
        """What a kilogram costs, where it is sold by weight."""
        return amounts.per_kg(self.price_vnd or 0, self.net_content)

    @property
    def uses(self) -> dict[int, int]:
        """What one takes from the shelf: {trade item id: packs}."""
        return {part.offer.item_id: part.quantity for part in self.parts} or {self.item_id: 1}

    @property
    def full_vi(self) -> str:
        """Name of the product with its pack, in Vietnamese."""
        return f"{self.name_vi}, {self.item_vi}"

    @property
    def full_en(self) -> str:
        """The same in English, where it was given."""
        return f"{self.name_en or self.name_vi}, {self.item_en or self.item_vi}"


def offers(item_ids: Sequence[int], now: datetime, *, min_days: int = 0) -> dict[int, Offer]:
    """Read what is offered of each trade item now; one that never was is left out (three statements; five for sets).

    :param min_days: only what keeps so many days more is offered
    """
    if not item_ids:
        return {}
    day = clock.business_date(now)
    rows = _read(item_ids, day)
    held = sets.parts_of(row.item_id for row in rows if row.is_set)
    inside = {part.item_id for parts in held.values() for part in parts} - {row.item_id for row in rows}
    rows += _read(inside, day) if inside else []
    left = stock.available([row.item_id for row in rows if not row.is_set], day + timedelta(days=min_days), now)
    standing = certificates.in_force({row.product_id for row in rows}, day)
    found: dict[int, Offer] = {}
    for row in sorted(rows, key=lambda row: row.is_set):
        parts = tuple(PartOffer(found[part.item_id], part.quantity) for part in held.get(row.item_id, ()))
        available = _sets_of(parts) if row.is_set else left.get(row.item_id, 0)
        found[row.item_id] = _offer(row, parts, available, standing.get(row.product_id))
    return {item_id: found[item_id] for item_id in dict.fromkeys(item_ids) if item_id in found}


_ITEMS = (
    select(
        TradeItem.id.label("item_id"),
        TradeItem.name_vi.label("item_vi"),
        TradeItem.name_en.label("item_en"),
        TradeItem.net_content,
        TradeItem.unit,
        TradeItem.is_active.label("is_sold"),
        TradeItem.is_set,
        TradeItem.by_weight,
        TradeItem.least,
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


def free_of(wanted: Iterable[Offer]) -> dict[int, int]:
    """Tell how many packs lie on the shelf of all that some offers take from it: {trade item id: packs}."""
    free: dict[int, int] = {}
    for offer in wanted:
        for single in [part.offer for part in offer.parts] or [offer]:
            free[single.item_id] = single.available
    return free


def shared_out(wanted: Iterable[tuple[Offer, int]], free: Mapping[int, int]) -> list[int]:
    """Tell for each of some wishes how many there are for it, once those before it have what they want.

    :param free: {trade item id: packs}, see :func:`free_of`
    """
    left, found = dict(free), []
    for offer, quantity in wanted:
        there = min(left.get(item_id, 0) // packs for item_id, packs in offer.uses.items())
        found.append(max(0, there))
        if offer.hindrance is None:
            for item_id, packs in offer.uses.items():
                left[item_id] = left.get(item_id, 0) - packs * min(quantity, there)
    return found


def _read(item_ids: Iterable[int], day: date) -> list[Any]:
    return list(db.session.execute(_ITEMS, {"item_ids": sorted(set(item_ids)), "day": day}))


def _sets_of(parts: Sequence[PartOffer]) -> int:
    return min((part.offer.available // part.quantity for part in parts), default=0)


def _offer(row: Any, parts: tuple[PartOffer, ...], available: int, certificate: Certificate | None) -> Offer:
    return Offer(
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
        available=available,
        stars=certificate.stars if certificate else None,
        certificate_number=certificate.number if certificate else None,
        hindrance=_hindrance(row, parts, available),
        vat_bp=row.vat_bp,
        by_weight=row.by_weight,
        least=row.least,
        parts=parts,
    )


def _hindrance(row: Any, parts: Sequence[PartOffer], available: int) -> Hindrance | None:
    inside = {part.offer.hindrance for part in parts}
    if row.is_shown is None or not row.is_sold or not row.is_producing:
        return Hindrance.GONE
    if row.is_service:
        return Hindrance.SERVICE
    if row.is_alcohol or Hindrance.ALCOHOL in inside:
        return Hindrance.ALCOHOL
    if inside & {Hindrance.GONE, Hindrance.SERVICE}:
        return Hindrance.GONE
    if row.price is None:
        return Hindrance.NO_PRICE
    return Hindrance.SOLD_OUT if available < row.least else None
