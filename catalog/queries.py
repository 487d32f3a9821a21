"""Reads of the catalogue, scoped to the actor: a producer its own products, an office its jurisdiction's.

What visitors browse, with stars and stock, is ``storefront.queries``; of it only what needs no more than the
catalogue is here (``find_published``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import aliased, joinedload

from accounts.actor import Actor
from accounts.models import Organisation, User
from accounts.queries import owned_by
from catalog.models import (
    Industry,
    Price,
    Product,
    ProductGroup,
    ProductReview,
    ProductStatus,
    ProductVersion,
    Subgroup,
    TradeItem,
    VersionItem,
    VersionPhoto,
)
from kernel.db import db
from kernel.errors import N_, InvalidInput, NotFound
from kernel.models import AdministrativeUnit
from kernel.text import tokens

SCHEME = "QD26-2026"  #: the taxonomy new products are entered under. Source: QĐ 26/2026/QĐ-TTg
PER_PAGE = 50
SORTS = ("name", "producer", "saved", "status")


class NoSuchProduct(NotFound):
    message = N_("There is no such product.")


class NoSuchSubgroup(InvalidInput):
    message = N_("Please choose a sub-group from the list.")
    field = "subgroup"


def visible_to(actor: Actor) -> Select[Product]:
    """Select the products an actor may see in the back office."""
    return select(Product).where(owned_by(actor, Product.producer_id))


def known_version() -> ColumnElement[int]:
    """Say in SQL under which version others know a product: on show, else approved; a draft when there is no other."""
    return func.coalesce(Product.published_version_id, Product.approved_version_id, Product.draft_version_id)


def get_product(actor: Actor, key: int | str) -> Product:
    """Find one product by its id or slug, its producer, sub-group and two versions with it (one statement).

    :raises NoSuchProduct: if there is none that the actor may see
    """
    found = db.session.scalar(
        visible_to(actor)
        .where(Product.slug == key if isinstance(key, str) else Product.id == key)
        .options(
            joinedload(Product.producer),
            joinedload(Product.subgroup),
            joinedload(Product.draft_version).joinedload(ProductVersion.commune),
            joinedload(Product.published_version).joinedload(ProductVersion.commune),
        )
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NoSuchProduct()
    return found


# --- Lists ------------------------------------------------------------------------------------------------


class ProductRow(NamedTuple):
    """A line of the back office's list."""

    id: int
    slug: str
    status: ProductStatus
    name_vi: str
    name_en: str
    producer_code: str
    producer_vi: str
    producer_en: str
    criteria_set_no: int
    subgroup_vi: str
    subgroup_en: str
    commune: str  #: kind and name
    saved_at: datetime
    draft_version_id: int
    submitted_version_id: int | None
    approved_version_id: int | None
    published_version_id: int | None
    is_alcohol: bool
    is_service: bool
    is_sample: bool
    photo: str | None  #: digest of the draft's first photo
    items: int  #: trade items the draft offers
    price_vnd: int | None  #: the lowest of theirs today

    @property
    def is_on_show(self) -> bool:
        """Tell whether the public sees (a version of) it."""
        return self.published_version_id is not None

    @property
    def has_changes(self) -> bool:
        """Tell whether the draft says something that was never submitted."""
        return self.draft_version_id not in (
            self.submitted_version_id,
            self.approved_version_id,
            self.published_version_id,
        )


@dataclass(frozen=True)
class Listing:
    """A page of a list, and how many there are in each status."""

    rows: tuple[ProductRow, ...]
    total: int  #: of what was asked for, on all pages
    page: int
    last_page: int
    counts: dict[ProductStatus, int]  #: of the words searched for, in every status


def list_products(
    actor: Actor,
    *,
    today: date,
    words: str = "",
    status: ProductStatus | None = None,
    statuses: Sequence[ProductStatus] = (),
    sort: str = "saved",
    descending: bool | None = None,
    page: int = 1,
    per_page: int | None = PER_PAGE,
) -> Listing:
    """List what an actor may see, searched by all words, one page of it (two statements).

    :param sort: of ``SORTS``; newest first, else ascending, unless ``descending`` says
    :param per_page: None for all of them (files)
    """
    asked = tokens(words)
    conditions: list[ColumnElement[bool]] = [owned_by(actor, Product.producer_id)]
    conditions += [ProductVersion.search.like(f"% {token}%") for token in asked]
    counts = _counts(conditions)
    wanted = [status] if status is not None else list(statuses)
    if wanted:
        conditions.append(Product.status.in_(wanted))
    total = sum(number for state, number in counts.items() if not wanted or state in wanted)
    if words.strip() and not asked:  # signs only: nothing can be found by them
        return Listing((), 0, 1, 1, dict.fromkeys(ProductStatus, 0))
    last = max(1, -(-total // per_page)) if per_page else 1
    page = max(1, min(page, last))
    query = _rows(conditions, today).order_by(*_order(sort, descending))
    if per_page:
        query = query.limit(per_page).offset((page - 1) * per_page)
    rows = tuple(ProductRow._make(row) for row in db.session.execute(query))
    return Listing(rows, total, page, last, counts)


def _counts(conditions: list[ColumnElement[bool]]) -> dict[ProductStatus, int]:
    rows = db.session.execute(
        select(Product.status, func.count())
        .join(ProductVersion, ProductVersion.id == Product.draft_version_id)
        .where(*conditions)
        .group_by(Product.status)
    )
    return dict.fromkeys(ProductStatus, 0) | {row[0]: row[1] for row in rows}


def _rows(conditions: list[ColumnElement[bool]], today: date) -> Select[*tuple[Any, ...]]:
    photo = (
        select(VersionPhoto.digest)
        .where(VersionPhoto.version_id == ProductVersion.id)
        .order_by(VersionPhoto.position)
        .limit(1)
        .correlate(ProductVersion)
        .scalar_subquery()
    )
    items = (
        select(func.count())
        .select_from(VersionItem)
        .where(VersionItem.version_id == ProductVersion.id)
        .correlate(ProductVersion)
        .scalar_subquery()
    )
    offered = aliased(VersionItem)
    price = _price_of_item(offered, today)
    cheapest = (
        select(func.min(price))
        .select_from(offered)
        .join(TradeItem, TradeItem.id == offered.trade_item_id)
        .where(offered.version_id == ProductVersion.id, TradeItem.is_active)
        .correlate(ProductVersion)
        .scalar_subquery()
    )
    return (
        select(
            Product.id,
            Product.slug,
            Product.status,
            ProductVersion.name_vi,
            ProductVersion.name_en,
            Organisation.code,
            Organisation.name_vi,
            Organisation.name_en,
            Product.criteria_set_no,
            Subgroup.name_vi,
            Subgroup.name_en,
            AdministrativeUnit.kind_vi + " " + AdministrativeUnit.name_vi,
            ProductVersion.saved_at,
            Product.draft_version_id,
            Product.submitted_version_id,
            Product.approved_version_id,
            Product.published_version_id,
            Product.is_alcohol,
            Product.is_service,
            Product.is_sample,
            photo,
            items,
            cheapest,
        )
        .join(ProductVersion, ProductVersion.id == Product.draft_version_id)
        .join(Organisation, Organisation.id == Product.producer_id)
        .join(Subgroup, and_(Subgroup.scheme == Product.scheme, Subgroup.criteria_set_no == Product.criteria_set_no))
        .join(
            AdministrativeUnit,
            and_(
                AdministrativeUnit.code == ProductVersion.commune_code,
                AdministrativeUnit.valid_from == ProductVersion.commune_valid_from,
            ),
        )
        .where(*conditions)
    )


def _price_of_item(offered: Any, day: date) -> Any:
    """Give the price that each of (an alias of) version items has on a day."""
    return (
        select(Price.amount_vnd)
        .where(Price.trade_item_id == offered.trade_item_id, Price.valid_from <= day)
        .order_by(Price.valid_from.desc(), Price.id.desc())
        .limit(1)
        .correlate(offered)
        .scalar_subquery()
    )


def _order(sort: str, descending: bool | None) -> list[Any]:
    columns: dict[str, Any] = {
        "name": ProductVersion.sort_key,
        "producer": Organisation.sort_key,
        "saved": ProductVersion.saved_at,
        "status": Product.status,
    }
    column = columns.get(sort, ProductVersion.saved_at)
    if descending is None:
        descending = column is columns["saved"]
    return [column.desc() if descending else column, ProductVersion.sort_key, Product.id]


def waiting_for_office(actor: Actor) -> int:
    """Count the products that wait for a decision of the actor's office."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(Product)
            .where(owned_by(actor, Product.producer_id), Product.status == ProductStatus.SUBMITTED)
        )
        or 0
    )


def returned_to_producer(actor: Actor) -> int:
    """Count the products that were sent back and wait for their producer."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(Product)
            .where(owned_by(actor, Product.producer_id), Product.status == ProductStatus.RETURNED)
        )
        or 0
    )


# --- One product ------------------------------------------------------------------------------------------


def get_version(product: Product, version_id: int) -> ProductVersion:
    """Read a version of a product one may see, its commune with it.

    :raises NoSuchProduct:
    """
    found = db.session.scalar(
        select(ProductVersion)
        .where(ProductVersion.id == version_id, ProductVersion.product_id == product.id)
        .options(joinedload(ProductVersion.commune))
    )
    if found is None:
        raise NoSuchProduct()
    return found


class ReviewRow(NamedTuple):
    """What the office decided, when, and who did."""

    decision: str
    reason: str
    at: datetime
    by: str | None
    version_id: int


def reviews(product_id: int, *, most: int = 20) -> list[ReviewRow]:
    """List what the office decided on a product, the latest first (one statement)."""
    rows = db.session.execute(
        select(ProductReview.decision, ProductReview.reason, ProductReview.at, User.name, ProductReview.version_id)
        .outerjoin(User, User.id == ProductReview.by_id)
        .where(ProductReview.product_id == product_id)
        .order_by(ProductReview.id.desc())
        .limit(most)
    )
    return [ReviewRow(*row) for row in rows]


def items_of(product_id: int) -> list[TradeItem]:
    """List all trade items of a product, retired ones too, oldest first (one statement)."""
    return list(db.session.scalars(select(TradeItem).where(TradeItem.product_id == product_id).order_by(TradeItem.id)))


def items_offered(version_ids: Iterable[int]) -> dict[int, list[TradeItem]]:
    """Give the trade items that versions offer, in their order: {version id: items} (one statement)."""
    wanted = list(version_ids)
    found: dict[int, list[TradeItem]] = {version_id: [] for version_id in wanted}
    rows = db.session.execute(
        select(VersionItem.version_id, TradeItem)
        .join(TradeItem, TradeItem.id == VersionItem.trade_item_id)
        .where(VersionItem.version_id.in_(wanted))
        .order_by(VersionItem.version_id, VersionItem.position)
    )
    for version_id, item in rows:
        found[version_id].append(item)
    return found


def photos_of_versions(version_ids: Iterable[int]) -> dict[int, list[VersionPhoto]]:
    """Give the photos of versions in their order: {version id: photos} (one statement)."""
    wanted = list(version_ids)
    found: dict[int, list[VersionPhoto]] = {version_id: [] for version_id in wanted}
    rows = db.session.scalars(
        select(VersionPhoto)
        .where(VersionPhoto.version_id.in_(wanted))
        .order_by(VersionPhoto.version_id, VersionPhoto.position)
    )
    for photo in rows:
        found[photo.version_id].append(photo)
    return found


def prices_of(item_ids: Iterable[int]) -> dict[int, list[Price]]:
    """Give all prices of items, in the order they begin: {item id: prices} (one statement)."""
    wanted = list(item_ids)
    found: dict[int, list[Price]] = {item_id: [] for item_id in wanted}
    rows = db.session.scalars(select(Price).where(Price.trade_item_id.in_(wanted)).order_by(Price.valid_from, Price.id))
    for price in rows:
        found[price.trade_item_id].append(price)
    return found


def prices_on(item_ids: Iterable[int], day: date) -> dict[int, int]:
    """Give the price in force on a day of each item that has one: {item id: đồng} (one statement)."""
    rank = func.row_number().over(partition_by=Price.trade_item_id, order_by=(Price.valid_from.desc(), Price.id.desc()))
    ranked = (
        select(Price.trade_item_id, Price.amount_vnd, rank.label("rank"))
        .where(Price.trade_item_id.in_(list(item_ids)), Price.valid_from <= day)
        .subquery()
    )
    rows = db.session.execute(select(ranked.c.trade_item_id, ranked.c.amount_vnd).where(ranked.c.rank == 1))
    return {row[0]: row[1] for row in rows}


# --- What is on show --------------------------------------------------------------------------------------


def find_published(slug: str) -> Product | None:
    """Find a product on show by its address, its published version and producer with it (one statement)."""
    return db.session.scalar(
        select(Product)
        .join(Organisation, Organisation.id == Product.producer_id)
        .where(Product.slug == slug, Product.published_version_id.is_not(None), Organisation.is_active)
        .options(
            joinedload(Product.producer),
            joinedload(Product.published_version).joinedload(ProductVersion.commune),
        )
        .execution_options(populate_existing=True)
    )


# --- The taxonomy -----------------------------------------------------------------------------------------


class Choice(NamedTuple):
    """A sub-group to choose, under its industry and group."""

    criteria_set_no: int
    code: str
    name_vi: str
    name_en: str
    group_vi: str
    group_en: str
    industry_code: str
    industry_vi: str
    industry_en: str


def subgroups(scheme: str = SCHEME) -> list[Choice]:
    """List the sub-groups of a scheme in its order (one statement)."""
    rows = db.session.execute(
        select(
            Subgroup.criteria_set_no,
            Subgroup.code,
            Subgroup.name_vi,
            Subgroup.name_en,
            ProductGroup.name_vi,
            ProductGroup.name_en,
            Industry.code,
            Industry.name_vi,
            Industry.name_en,
        )
        .join(ProductGroup, and_(ProductGroup.scheme == Subgroup.scheme, ProductGroup.code == Subgroup.group_code))
        .join(Industry, and_(Industry.scheme == ProductGroup.scheme, Industry.code == ProductGroup.industry_code))
        .where(Subgroup.scheme == scheme)
        .order_by(Subgroup.criteria_set_no)
    )
    return [Choice(*row) for row in rows]


def get_subgroup(criteria_set_no: int, scheme: str = SCHEME) -> Subgroup:
    """Find a sub-group by the number of its set of criteria.

    :raises NoSuchSubgroup:
    """
    found = db.session.get(Subgroup, (scheme, criteria_set_no))
    if found is None:
        raise NoSuchSubgroup()
    return found


def communes_of_today(province_code: str) -> list[AdministrativeUnit]:
    """List the communes of a province in the order of their names (one statement)."""
    unit = AdministrativeUnit
    return list(
        db.session.scalars(
            select(unit)
            .where(unit.level == "commune", unit.parent_code == province_code, unit.valid_until.is_(None))
            .order_by(unit.sort_key, unit.code)
        )
    )


def find_commune(code: str) -> AdministrativeUnit | None:
    """Find a commune of today by its code."""
    unit = AdministrativeUnit
    return db.session.scalar(select(unit).where(unit.code == code, unit.level == "commune", unit.valid_until.is_(None)))


__all__ = [
    "Choice",
    "Listing",
    "ProductRow",
    "ReviewRow",
    "communes_of_today",
    "find_commune",
    "find_published",
    "get_product",
    "get_subgroup",
    "get_version",
    "items_of",
    "items_offered",
    "list_products",
    "photos_of_versions",
    "prices_of",
    "prices_on",
    "returned_to_producer",
    "reviews",
    "subgroups",
    "visible_to",
    "waiting_for_office",
]
