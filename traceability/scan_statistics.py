"""Reads of how often the pages of lots were opened, scoped to the actor; all of them count openings, not people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select

from accounts.actor import Actor
from accounts.models import Organisation
from catalog.models import Product, ProductVersion, TradeItem
from kernel.db import db
from traceability.models import Batch, Lot
from traceability.queries import scans_visible_to
from traceability.scan_models import ScanCount

MOST_SHOWN = 10


@dataclass(frozen=True)
class Period:
    """Days of Viet Nam, both ends included."""

    first: date
    last: date

    @classmethod
    def of_days(cls, days: int, until: date) -> Period:
        """Give the last ``days`` days up to and with ``until``."""
        return cls(until - timedelta(days=days - 1), until)

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Period:
        """The period of the same length just before it."""
        return Period.of_days(self.days, self.first - timedelta(days=1))


class Share(NamedTuple):
    """So many openings of one kind."""

    key: str
    openings: int


class LotOpenings(NamedTuple):
    """A batch or captured lot with how often its page was opened."""

    lot_id: int
    number: str
    name_vi: str
    name_en: str
    item_vi: str  #: empty for a captured lot, and so in English
    item_en: str
    owner_vi: str
    owner_en: str
    is_sample: bool
    openings: int


def _within(actor: Actor, period: Period, lot_id: int | None) -> Select[ScanCount]:
    query = scans_visible_to(actor).where(ScanCount.day.between(period.first, period.last))
    return query if lot_id is None else query.where(ScanCount.lot_id == lot_id)


def total(actor: Actor, period: Period, *, lot_id: int | None = None) -> tuple[int, int]:
    """Count the openings of a period, and the lots they were of."""
    counted = _within(actor, period, lot_id).with_only_columns(
        func.coalesce(func.sum(ScanCount.openings), 0), func.count(ScanCount.lot_id.distinct())
    )
    row = db.session.execute(counted).one()
    return int(row[0]), int(row[1])


def by_day(actor: Actor, period: Period, *, lot_id: int | None = None) -> list[tuple[date, int]]:
    """List every day of a period with its openings, the earliest first; days without any too."""
    found = dict(
        db.session.execute(
            _within(actor, period, lot_id)
            .with_only_columns(ScanCount.day, func.sum(ScanCount.openings))
            .group_by(ScanCount.day)
        ).all()
    )
    days = (period.first + timedelta(days=n) for n in range(period.days))
    return [(day, int(found.get(day, 0))) for day in days]


def shares(actor: Actor, period: Period, what: str, *, lot_id: int | None = None) -> list[Share]:
    """List the openings of a period by "region", "language" or "way", the most first."""
    column = {"region": ScanCount.region, "language": ScanCount.language, "way": ScanCount.way}[what]
    openings = func.sum(ScanCount.openings)
    rows = db.session.execute(
        _within(actor, period, lot_id)
        .with_only_columns(column, openings)
        .group_by(column)
        .order_by(openings.desc(), column)
    )
    return [Share(key, int(count)) for key, count in rows]


def top_lots(actor: Actor, period: Period, *, most: int = MOST_SHOWN) -> list[LotOpenings]:
    """List the lots whose pages were opened most often in a period."""
    counted = (
        _within(actor, period, None)
        .with_only_columns(ScanCount.lot_id, func.sum(ScanCount.openings).label("openings"))
        .group_by(ScanCount.lot_id)
        .subquery()
    )
    version = func.coalesce(Product.published_version_id, Product.approved_version_id, Product.draft_version_id)
    rows = db.session.execute(
        select(
            counted.c.lot_id,
            func.coalesce(Batch.number, Lot.number),
            func.coalesce(ProductVersion.name_vi, Lot.name_vi),
            func.coalesce(ProductVersion.name_en, Lot.name_en),
            func.coalesce(TradeItem.name_vi, ""),
            func.coalesce(TradeItem.name_en, ""),
            Organisation.name_vi,
            Organisation.name_en,
            Lot.is_sample,
            counted.c.openings,
        )
        .join(Lot, Lot.id == counted.c.lot_id)
        .join(Organisation, Organisation.id == Lot.owner_id)
        .outerjoin(Batch, Batch.lot_id == Lot.id)
        .outerjoin(TradeItem, TradeItem.id == Batch.trade_item_id)
        .outerjoin(Product, Product.id == TradeItem.product_id)
        .outerjoin(ProductVersion, ProductVersion.id == version)
        .order_by(counted.c.openings.desc(), Lot.id.desc())
        .limit(most)
    )
    return [LotOpenings._make((*row[:9], int(row[9]))) for row in rows]


def rows_of(actor: Actor, period: Period, *, lot_id: int | None = None) -> Select[*tuple[Any, ...]]:
    """Select all counts of a period for a file: day, owner, lot number, region, language, way, openings."""
    found: Select[*tuple[Any, ...]] = (
        _within(actor, period, lot_id)
        .join(Lot, Lot.id == ScanCount.lot_id)
        .join(Organisation, Organisation.id == Lot.owner_id)
        .outerjoin(Batch, Batch.lot_id == Lot.id)
        .with_only_columns(
            ScanCount.day,
            Organisation.name_vi,
            func.coalesce(Batch.number, Lot.number),
            ScanCount.region,
            ScanCount.language,
            ScanCount.way,
            ScanCount.openings,
        )
        .order_by(ScanCount.day, Lot.id, ScanCount.region, ScanCount.language, ScanCount.way)
    )
    return found
