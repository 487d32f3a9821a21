"""What a visitor browses: published products with their stars, price and availability, and who makes them.

One statement reads the *shelf*: a row of plain values for every published product. Words, filters, counts and order
are worked out on it in memory, alike on both engines; it is read anew when the revision of ``pages.SHOP`` or
the Viet Nam day changes. Ten thousand products are ten thousand small rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from accounts import consents
from accounts.actor import Actor
from accounts.models import Consent, FormerSlug, Organisation, OrganisationKind
from accounts.queries import owned_by
from catalog import sets
from catalog.models import (
    Industry,
    Price,
    Product,
    ProductGroup,
    ProductVersion,
    SetPart,
    Subgroup,
    TradeItem,
    Unit,
    VersionItem,
    VersionPhoto,
)
from kernel import amounts, pages, text
from kernel.db import db
from kernel.errors import N_, NotFound
from kernel.models import AdministrativeUnit
from ocop.models import Certificate
from stock.allocation import may_be_picked
from stock.models import Balance, Location, LocationKind
from storefront.models import PublicText, SynonymPhrase
from storefront.searching import Index, Texts, Thesaurus
from traceability.models import Batch, Lot, LotState


class NoSuchProduct(NotFound):
    message = N_("There is no such product in the shop.")


class NoSuchProducer(NotFound):
    message = N_("There is no such producer in the shop.")


class NoSuchText(NotFound):
    message = N_("There is no page at this address.")


class NotWrittenYet(NotFound):
    message = N_("The programme office has not published this text yet.")


class ShelfRow(NamedTuple):
    """A published product as lists need it."""

    product_id: int
    version_id: int
    slug: str
    name_vi: str
    name_en: str
    brand: str
    village: str
    summary_vi: str
    summary_en: str
    sort_key: str
    commune_code: str
    commune_vi: str
    commune_kind: str
    producer_id: int
    producer_slug: str
    producer_vi: str
    producer_en: str
    is_woman_led: bool  #: said of its producer with its consent; so are the next two
    is_minority_led: bool
    is_youth_led: bool
    criteria_set_no: int
    group_code: str
    industry_code: str
    is_service: bool
    is_alcohol: bool
    is_sample: bool
    press_vi: str  #: what the press says of its stars, with its source
    press_en: str
    first_published_at: Any
    stars: int | None  #: of a certificate that stands on the day, else None
    price_vnd: int | None  #: the lowest of its items
    net_content: int | None  #: of the item with that price, in ``unit``
    unit: Unit | None
    item_vi: str | None
    item_en: str | None
    step_g: int | None  #: the grams its price is for, where it is sold by weight
    photo: str | None  #: digest of its first one
    alt_vi: str | None
    alt_en: str | None
    items: int
    has_gift: bool  #: one of its items is packed as a gift
    packs: str  #: the names of all its items, in both languages, for who looks for one
    holds_vi: str  #: what is in the set with that price: "2 × mật ong, hũ 250 g"; empty where it is none
    holds_en: str
    in_stock: bool | None  #: None: not counted (services)

    @property
    def texts(self) -> Texts:
        """Everything that words are looked for in, by place."""
        origin = (self.producer_vi, self.producer_en, self.brand, self.commune_vi, self.village)
        return (self.name_vi, self.name_en), origin, (self.summary_vi, self.summary_en, self.packs)


class Kind(NamedTuple):
    """An industry or a group of the scheme in force."""

    code: str
    slug: str
    name_vi: str
    name_en: str


@dataclass(frozen=True)
class Taxonomy:
    """The industries and groups of the scheme in force, in its own order: {code: row}."""

    industries: dict[str, Kind]
    groups: dict[str, Kind]


@dataclass(eq=False)
class Shelf:
    """Everything on show on a day, and what is worked out on it once."""

    rows: tuple[ShelfRow, ...]
    taxonomy: Taxonomy | None = None  #: None: nobody has asked for it yet
    thesaurus: Thesaurus | None = None  #: words that mean the same; None: nobody has searched this shelf yet
    ranks: dict[str, list[int]] = field(default_factory=dict)  #: kept by ``browsing``: order → rank of each row
    _columns: dict[str, list[Any]] = field(default_factory=dict)

    def column(self, name: str) -> list[Any]:
        """Give one value of every row; what is counted is counted much faster so."""
        found = self._columns.get(name)
        if found is None:
            found = self._columns[name] = [getattr(row, name) for row in self.rows]
        return found

    @cached_property
    def by_slug(self) -> dict[str, ShelfRow]:
        """The rows by their addresses."""
        return {row.slug: row for row in self.rows}

    @cached_property
    def communes(self) -> dict[str, ShelfRow]:
        """A row of each commune that goods are from, in the order of their names."""
        return _one_of_each(self.rows, "commune_code", "commune_vi")

    @cached_property
    def producers(self) -> dict[str, ShelfRow]:
        """A row of each producer, by its address, in the order of their names."""
        return _one_of_each(self.rows, "producer_slug", "producer_vi")

    @cached_property
    def index(self) -> Index:
        """The words of the rows."""
        return Index(row.texts for row in self.rows)

    @cached_property
    def words(self) -> list[tuple[object, ...]]:
        """What the index was made from: where this is equal, so are the words (versions never change)."""
        return [(row.version_id, row.producer_vi, row.producer_en, row.commune_vi, row.packs) for row in self.rows]

    def take_index_of(self, former: Shelf) -> None:
        """Take the index of a former shelf over where the words are the same: goods were sold, prices changed."""
        if "index" in former.__dict__ and former.words == self.words:
            self.__dict__["index"] = former.index


def _one_of_each(rows: Iterable[ShelfRow], key: str, name: str) -> dict[str, ShelfRow]:
    found = {getattr(row, key): row for row in rows}
    return dict(sorted(found.items(), key=lambda pair: text.sort_key(getattr(pair[1], name))))


def laid_out(rows: Iterable[ShelfRow], synonyms: Iterable[Iterable[str]] = ()) -> Shelf:
    """Lay rows out as a shelf."""
    return Shelf(rows=tuple(rows), thesaurus=Thesaurus(synonyms))


def stands_on(day: date) -> ColumnElement[bool]:
    """Say in SQL that a certificate stands on a day."""
    return and_(
        Certificate.issued_on <= day,
        Certificate.expires_on > day,
        or_(Certificate.revoked_on.is_(None), Certificate.revoked_on > day),
    )


def price_on(item_id: Any, day: date | BindParameter[date]) -> ScalarSelect[int]:
    """Give, in SQL, the price of a trade item in force on a day."""
    return (
        select(Price.amount_vnd)
        .where(Price.trade_item_id == item_id, Price.valid_from <= day)
        .order_by(Price.valid_from.desc(), Price.id.desc())
        .limit(1)
        .correlate_except(Price)
        .scalar_subquery()
    )


def sellable(day: date | BindParameter[date]) -> Any:
    """Select (product, location, quantity) of goods that may be sold on a day, where they lie now."""
    free = Balance.on_hand - Balance.allocated
    return (
        select(
            TradeItem.product_id,
            Balance.location_id,
            Location.kind.label("location_kind"),
            Batch.lot_id,
            free.label("quantity"),
            case((TradeItem.by_weight, TradeItem.net_content)).label("step_g"),
        )
        .join(Batch, Batch.lot_id == Balance.lot_id)
        .join(Lot, Lot.id == Batch.lot_id)
        .join(TradeItem, TradeItem.id == Batch.trade_item_id)
        .join(Location, Location.id == Balance.location_id)
        .where(
            free > 0,
            Balance.frozen.is_(False),
            Lot.state == LotState.RELEASED,
            Location.kind.in_((LocationKind.WAREHOUSE, LocationKind.SALES_POINT)),
            or_(Batch.expires_on.is_(None), Batch.expires_on >= day),
        )
    )


def _read_shelf(day: date) -> Shelf:
    version, producer = ProductVersion, Organisation
    priced = (
        select(
            VersionItem.version_id,
            VersionItem.position,
            TradeItem.net_content,
            TradeItem.unit,
            TradeItem.name_vi,
            TradeItem.name_en,
            TradeItem.is_gift,
            case((TradeItem.by_weight, TradeItem.net_content)).label("step_g"),
            case((TradeItem.is_set, TradeItem.id)).label("set_id"),
            price_on(TradeItem.id, day).label("amount_vnd"),
        )
        .join(TradeItem, TradeItem.id == VersionItem.trade_item_id)
        .where(TradeItem.is_active)
        .subquery()
    )
    ranked = select(
        priced,
        func.row_number()
        .over(
            partition_by=priced.c.version_id,
            order_by=(priced.c.amount_vnd.is_(None), priced.c.amount_vnd, priced.c.position),
        )
        .label("rank"),
        func.count().over(partition_by=priced.c.version_id).label("items"),
        func.sum(case((priced.c.is_gift, 1), else_=0)).over(partition_by=priced.c.version_id).label("gifts"),
    ).subquery()
    cheapest = select(ranked).where(ranked.c.rank == 1).subquery()
    packs = (
        select(
            VersionItem.version_id,
            func.aggregate_strings(TradeItem.name_vi + literal("; ") + TradeItem.name_en, "; ").label("names"),
        )
        .join(TradeItem, TradeItem.id == VersionItem.trade_item_id)
        .where(TradeItem.is_active)
        .group_by(VersionItem.version_id)
        .subquery()
    )
    stars = (
        select(Certificate.product_id, func.max(Certificate.stars).label("stars"))
        .where(stands_on(day))
        .group_by(Certificate.product_id)
        .subquery()
    )
    goods = sellable(day).subquery()
    held = select(goods.c.product_id).union(_with_sets(day)).subquery()
    led = _led().subquery()
    rows = db.session.execute(
        select(
            Product.id,
            version.id,
            Product.slug,
            version.name_vi,
            version.name_en,
            version.brand,
            version.village,
            version.summary_vi,
            version.summary_en,
            version.sort_key,
            version.commune_code,
            AdministrativeUnit.name_vi,
            AdministrativeUnit.kind_vi,
            producer.id,
            producer.slug,
            producer.name_vi,
            producer.name_en,
            *(func.coalesce(led.c[fact], 0) for fact in consents.LED),
            Product.criteria_set_no,
            Subgroup.group_code,
            ProductGroup.industry_code,
            Product.is_service,
            Product.is_alcohol,
            Product.is_sample,
            Product.press_rating_vi,
            Product.press_rating_en,
            Product.first_published_at,
            stars.c.stars,
            cheapest.c.amount_vnd,
            cheapest.c.net_content,
            cheapest.c.unit,
            cheapest.c.name_vi,
            cheapest.c.name_en,
            cheapest.c.step_g,
            VersionPhoto.digest,
            VersionPhoto.alt_vi,
            VersionPhoto.alt_en,
            func.coalesce(cheapest.c["items"], 0),
            func.coalesce(cheapest.c["gifts"], 0),
            func.coalesce(packs.c.names, ""),
            cheapest.c.set_id,
            literal(""),
            held.c.product_id.is_not(None),
        )
        .join(version, version.id == Product.published_version_id)
        .join(producer, producer.id == Product.producer_id)
        .join(
            AdministrativeUnit,
            and_(
                AdministrativeUnit.code == version.commune_code,
                AdministrativeUnit.valid_from == version.commune_valid_from,
            ),
        )
        .join(
            Subgroup,
            and_(Subgroup.scheme == Product.scheme, Subgroup.criteria_set_no == Product.criteria_set_no),
        )
        .join(
            ProductGroup,
            and_(ProductGroup.scheme == Subgroup.scheme, ProductGroup.code == Subgroup.group_code),
        )
        .outerjoin(VersionPhoto, and_(VersionPhoto.version_id == version.id, VersionPhoto.position == 1))
        .outerjoin(stars, stars.c.product_id == Product.id)
        .outerjoin(cheapest, cheapest.c.version_id == version.id)
        .outerjoin(packs, packs.c.version_id == version.id)
        .outerjoin(held, held.c.product_id == Product.id)
        .outerjoin(led, led.c.organisation_id == producer.id)
        .where(producer.is_active)
        .order_by(version.sort_key, Product.id)
    ).all()
    holds = contents_of(int(row[_HOLDS]) for row in rows if row[_HOLDS] is not None)
    return Shelf(rows=tuple(_shelf_row(row, holds) for row in rows))


def _with_sets(day: date) -> Select[Any]:
    """Select the products with a set that can be put together of what may be sold from its producer's warehouses."""
    free = Balance.on_hand - Balance.allocated
    there = (
        select(Batch.trade_item_id, func.sum(free).label("quantity"))
        .join(Balance, Balance.lot_id == Batch.lot_id)
        .join(Lot, Lot.id == Batch.lot_id)
        .join(Location, Location.id == Balance.location_id)
        .where(may_be_picked(day), Batch.trade_item_id.in_(select(SetPart.part_item_id)))
        .group_by(Batch.trade_item_id)
        .subquery()
    )
    part, of_part = aliased(TradeItem), aliased(Product)
    suffices = and_(there.c.quantity >= SetPart.quantity, part.is_active, of_part.published_version_id.is_not(None))
    found: Select[Any] = (
        select(TradeItem.product_id)
        .join(VersionItem, VersionItem.trade_item_id == TradeItem.id)
        .join(
            Product,
            and_(Product.id == TradeItem.product_id, Product.published_version_id == VersionItem.version_id),
        )
        .join(SetPart, SetPart.set_item_id == TradeItem.id)
        .join(part, part.id == SetPart.part_item_id)
        .join(of_part, of_part.id == part.product_id)
        .outerjoin(there, there.c.trade_item_id == SetPart.part_item_id)
        .where(TradeItem.is_set, TradeItem.is_active, sets.latest())
        .group_by(TradeItem.id, TradeItem.product_id)
        .having(func.min(case((suffices, 1), else_=0)) == 1)
    )
    return found


class Contents(NamedTuple):
    """What is in a set, in words."""

    vi: str
    en: str


def contents_of(set_ids: Iterable[int]) -> dict[int, Contents]:
    """Say what is in some sets (two statements; none where none is asked for)."""
    parts = sets.parts_of(set_ids)
    names = sets.names_of(part.item_id for held in parts.values() for part in held)

    def words(held: Sequence[sets.Part], language: str) -> str:
        return "; ".join(
            amounts.of(
                part.quantity, names[part.item_id].step_g, getattr(names[part.item_id], f"full_{language}"), language
            )
            for part in held
        )

    return {set_id: Contents(words(held, "vi"), words(held, "en")) for set_id, held in parts.items()}


def _led() -> Select[Any]:
    """Select by whom producers say that they are led, as far as they agree today that it is shown."""
    stands: list[Any] = [
        func.max(case((and_(getattr(Organisation, fact), Consent.purpose == purpose), 1), else_=0)).label(fact)
        for fact, purpose in consents.LED.items()
    ]
    found: Select[Any] = (
        select(Consent.organisation_id, *stands)
        .join(Organisation, Organisation.id == Consent.organisation_id)
        .where(Consent.purpose.in_(list(consents.LED.values())), Consent.withdrawn_at.is_(None))
        .group_by(Consent.organisation_id)
    )
    return found


_FLAGS = [ShelfRow._fields.index(name) for name in ("is_woman_led", "is_minority_led", "is_youth_led", "has_gift")]
_IS_SERVICE = ShelfRow._fields.index("is_service")
_HOLDS = ShelfRow._fields.index("holds_vi")


def _shelf_row(values: Any, holds: Mapping[int, Contents]) -> ShelfRow:
    row = list(values)
    row[_HOLDS : _HOLDS + 2] = holds.get(row[_HOLDS], Contents("", ""))
    for place in _FLAGS:
        row[place] = bool(row[place])
    row[-1] = None if row[_IS_SERVICE] else bool(row[-1])
    return ShelfRow._make(row)


@dataclass
class _Kept:
    """The last shelf that this process read. Shelves are never changed, so threads may share one."""

    key: tuple[Any, ...] | None = None
    shelf: Shelf | None = None


_kept = _Kept()


def shelf(day: date) -> Shelf:
    """Give the shelf of a day as it stands in the snapshot of the data (one statement; where it changed, more)."""
    key = (str(db.engine.url), day, pages.revision((pages.SHOP,)))
    global _kept
    kept = _kept
    if kept.key != key or kept.shelf is None:
        found = _read_shelf(day)
        if kept.shelf is not None:
            found.take_index_of(kept.shelf)
        _kept = kept = _Kept(key, found)
    assert kept.shelf is not None
    return kept.shelf


def learn(shelf: Shelf) -> None:
    """Read the words that mean the same, if nobody has searched this shelf yet (one statement)."""
    if shelf.thesaurus is None:
        shelf.thesaurus = Thesaurus(phrases for _, phrases in synonym_sets())


def forget_shelf() -> None:
    """Drop the shelf that this process keeps, as when the database is another one (tests)."""
    global _kept
    _kept = _Kept()


def taxonomy(shelf: Shelf) -> Taxonomy:
    """Give the industries and groups under which goods stand; read with the first page that asks (one statement)."""
    if shelf.taxonomy is None:
        rows = sorted(map(Kind._make, db.session.execute(_KINDS)), key=lambda row: _place(row.code))
        groups = {row.code: row for row in rows if "." in row.code}
        shelf.taxonomy = Taxonomy({row.code: row for row in rows if row.code not in groups}, groups)
    return shelf.taxonomy


def _kinds(model: type[Industry | ProductGroup], scheme: str = "QD26-2026") -> Select[*tuple[Any, ...]]:
    return select(model.code, model.slug, model.name_vi, model.name_en).where(model.scheme == scheme)


_KINDS = _kinds(Industry).union_all(_kinds(ProductGroup))
_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6}


def _place(code: str) -> tuple[int, int]:
    """Give the place of an industry ("IV") or a group ("IV.2") in its scheme."""
    industry, _, group = code.partition(".")
    return _ROMAN[industry], int(group or 0)


class CardPhoto(NamedTuple):
    """The first photo of a version."""

    digest: str
    alt_vi: str
    alt_en: str


def first_photos(version_ids: Sequence[int]) -> dict[int, CardPhoto]:
    """Read the first photo of each version (one statement)."""
    if not version_ids:
        return {}
    rows = db.session.execute(_FIRST_PHOTOS, {"version_ids": list(version_ids)})
    return {row[0]: CardPhoto._make(row[1:]) for row in rows}


_FIRST = (
    select(VersionPhoto.version_id, func.min(VersionPhoto.position).label("position"))
    .where(VersionPhoto.version_id.in_(bindparam("version_ids", expanding=True)))
    .group_by(VersionPhoto.version_id)
    .subquery()
)
_FIRST_PHOTOS = select(VersionPhoto.version_id, VersionPhoto.digest, VersionPhoto.alt_vi, VersionPhoto.alt_en).join(
    _FIRST, and_(_FIRST.c.version_id == VersionPhoto.version_id, _FIRST.c.position == VersionPhoto.position)
)


def slug_of_today(kind: str, slug: str) -> str | None:
    """Give the address that a former one of a product, producer or sales point has today."""
    target = db.session.scalar(select(FormerSlug.target_id).where(FormerSlug.kind == kind, FormerSlug.slug == slug))
    if target is None:
        return None
    model = Product if kind == "product" else Organisation
    return db.session.scalar(select(model.slug).where(model.id == target))


class OnOffer(NamedTuple):
    """A trade item on show, its price on the day."""

    item_id: int
    name_vi: str
    name_en: str
    net_content: int
    unit: Unit
    gtin: str | None
    is_set: bool
    by_weight: bool
    least: int
    amount_vnd: int | None

    @property
    def step_g(self) -> int | None:
        """The grams of one, where it is sold by weight."""
        return self.net_content if self.by_weight else None


def items_on_offer(version_id: int, day: date) -> list[OnOffer]:
    """List the trade items of a version in their order, each with its price on the day (one statement)."""
    rows = db.session.execute(_ON_OFFER, {"version_id": version_id, "day": day})
    return [OnOffer._make(row) for row in rows]


_ON_OFFER = (
    select(
        TradeItem.id,
        TradeItem.name_vi,
        TradeItem.name_en,
        TradeItem.net_content,
        TradeItem.unit,
        TradeItem.gtin,
        TradeItem.is_set,
        TradeItem.by_weight,
        TradeItem.least,
        price_on(TradeItem.id, bindparam("day")),
    )
    .join(VersionItem, VersionItem.trade_item_id == TradeItem.id)
    .where(VersionItem.version_id == bindparam("version_id"), TradeItem.is_active)
    .order_by(VersionItem.position)
)


class BatchOnSale(NamedTuple):
    """A batch that may be bought now, and how much of it there is in all."""

    number: str
    token: str
    owner_code: str
    item_vi: str
    item_en: str
    made_on: date
    expires_on: date | None
    quantity: int
    step_g: int | None  #: the grams of one, where it is sold by weight


def batches_on_sale(product_id: int, day: date, most: int = 12) -> list[BatchOnSale]:
    """List the batches of a product on sale, first to expire first (one statement)."""
    rows = db.session.execute(_ON_SALE, {"product_id": product_id, "day": day, "most": most})
    return [BatchOnSale._make(row) for row in rows]


_GOODS = sellable(bindparam("day")).where(TradeItem.product_id == bindparam("product_id"))


def _on_sale() -> Select[*tuple[Any, ...]]:
    goods = _GOODS.subquery()
    left = select(goods.c.lot_id, func.sum(goods.c.quantity).label("quantity")).group_by(goods.c.lot_id).subquery()
    query: Select[*tuple[Any, ...]] = (
        select(
            Batch.number,
            Batch.token,
            Organisation.code,
            TradeItem.name_vi,
            TradeItem.name_en,
            Batch.made_on,
            Batch.expires_on,
            left.c.quantity,
            case((TradeItem.by_weight, TradeItem.net_content)),
        )
        .join(left, left.c.lot_id == Batch.lot_id)
        .join(Lot, Lot.id == Batch.lot_id)
        .join(Organisation, Organisation.id == Lot.owner_id)
        .join(TradeItem, TradeItem.id == Batch.trade_item_id)
        .order_by(Batch.expires_on.is_(None), Batch.expires_on, Batch.made_on)
        .limit(bindparam("most", type_=Integer))
    )
    return query


_ON_SALE = _on_sale()


class Holder(NamedTuple):
    """A sales point that holds a product now."""

    name_vi: str
    name_en: str
    slug: str
    commune_kind: str
    commune_vi: str
    packs: int
    steps: int  #: of what is sold by weight
    weight_g: int  #: of those steps


def sales_points_holding(product_id: int, day: date) -> list[Holder]:
    """List the sales points that hold a product now, the most first (one statement)."""
    rows = db.session.execute(_holding(), {"product_id": product_id, "day": day})
    return [Holder._make(row) for row in rows]


@cache
def _holding() -> Select[*tuple[Any, ...]]:
    left = _GOODS.where(Location.kind == LocationKind.SALES_POINT).subquery()
    total = func.sum(left.c.quantity)
    steps = func.sum(case((left.c.step_g.is_not(None), left.c.quantity), else_=0))
    query: Select[*tuple[Any, ...]] = (
        select(
            Location.name_vi,
            Location.name_en,
            Location.slug,
            AdministrativeUnit.kind_vi,
            AdministrativeUnit.name_vi,
            total - steps,
            steps,
            func.sum(func.coalesce(left.c.step_g, 0) * left.c.quantity),
        )
        .join(left, left.c.location_id == Location.id)
        .join(Organisation, Organisation.id == Location.keeper_id)
        .join(Organisation.commune)
        .where(Location.slug.is_not(None))
        .group_by(
            Location.id,
            Location.name_vi,
            Location.name_en,
            Location.slug,
            AdministrativeUnit.kind_vi,
            AdministrativeUnit.name_vi,
        )
        .order_by(total.desc(), Location.name_vi)
    )
    return query


class RecalledBatch(NamedTuple):
    """A recalled batch of a product, for the notice on its page."""

    number: str
    token: str
    owner_code: str


def recalled_batches(product_id: int) -> list[RecalledBatch]:
    """List the recalled batches of a product, the latest first (one statement)."""
    return [RecalledBatch._make(row) for row in db.session.execute(_RECALLED, {"product_id": product_id})]


_RECALLED = (
    select(Batch.number, Batch.token, Organisation.code)
    .join(Lot, Lot.id == Batch.lot_id)
    .join(Organisation, Organisation.id == Lot.owner_id)
    .join(TradeItem, TradeItem.id == Batch.trade_item_id)
    .where(TradeItem.product_id == bindparam("product_id"), Lot.state == LotState.RECALLED)
    .order_by(Lot.state_since.desc())
    .limit(5)
)


def producers(day: date) -> list[tuple[Organisation, int]]:
    """List the producers that have something on show, by name, with how many products (two statements)."""
    counts: dict[int, int] = {}
    for row in shelf(day).rows:
        counts[row.producer_id] = counts.get(row.producer_id, 0) + 1
    rows = db.session.scalars(
        select(Organisation)
        .where(
            Organisation.kind == OrganisationKind.PRODUCER,
            Organisation.is_active,
            exists().where(Product.producer_id == Organisation.id, Product.published_version_id.is_not(None)),
        )
        .order_by(Organisation.sort_key, Organisation.id)
    )
    return [(row, counts.get(row.id, 0)) for row in rows]


def producer_of_slug(slug: str) -> Organisation:
    """Find an active producer by its address.

    :raises NoSuchProducer: if there is none
    """
    found = db.session.scalar(
        select(Organisation).where(
            Organisation.slug == slug,
            Organisation.kind == OrganisationKind.PRODUCER,
            Organisation.is_active,
        )
    )
    if found is None:
        raise NoSuchProducer()
    return found


def text_in_force(name: str) -> PublicText:
    """Read the version of a public text that is in force.

    :raises NotWrittenYet: if there never was one
    """
    found = db.session.scalars(_TEXT, {"text_name": name}).first()
    if found is None:
        raise NotWrittenYet()
    return found


_TEXT = select(PublicText).where(PublicText.name == bindparam("text_name")).order_by(PublicText.id.desc()).limit(1)


def text_ids(names: Iterable[str]) -> dict[str, int]:
    """Give the id of the version in force of some public texts (one statement).

    :raises NotWrittenYet: if there never was one of them
    """
    wanted = list(names)
    found: dict[str, int] = dict(db.session.execute(_TEXT_IDS, {"names": wanted}).all())
    if set(wanted) - found.keys():
        raise NotWrittenYet()
    return found


_TEXT_IDS = (
    select(PublicText.name, func.max(PublicText.id))
    .where(PublicText.name.in_(bindparam("names", expanding=True)))
    .group_by(PublicText.name)
)


def texts_in_force() -> list[PublicText]:
    """List the public texts in force, one of each name."""
    latest = select(func.max(PublicText.id)).group_by(PublicText.name)
    return list(db.session.scalars(select(PublicText).where(PublicText.id.in_(latest))))


def visible_to(actor: Actor) -> Select[Product]:
    """Select the products whose place on the shelf an actor may see in the back office."""
    if actor.user_id is None and actor.organisation_id is None and not actor.permissions:
        return select(Product).where(false())
    return select(Product).where(owned_by(actor, Product.producer_id))


def synonym_sets() -> list[tuple[int, list[str]]]:
    """List the sets of words that mean the same, with their ids, by their first word (one statement)."""
    rows = db.session.execute(
        select(SynonymPhrase.set_id, SynonymPhrase.phrase).order_by(SynonymPhrase.set_id, SynonymPhrase.position)
    )
    sets: dict[int, list[str]] = {}
    for set_id, phrase in rows:
        sets.setdefault(set_id, []).append(phrase)
    return sorted(sets.items(), key=lambda pair: (text.sort_key(pair[1][0]), pair[0]))


def sales_point_slugs() -> list[str]:
    """List the addresses of the sales points' public pages."""
    return [
        slug
        for slug in db.session.scalars(select(Location.slug).where(Location.slug.is_not(None)).order_by(Location.slug))
        if slug is not None
    ]
