"""Reads of lots, batches and events: in the back office scoped to the actor, in public by address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, literal, or_, select, union_all
from sqlalchemy.orm import aliased, contains_eager, joinedload, selectinload

from accounts.actor import Actor
from accounts.models import Organisation, OrganisationKind, Place
from accounts.queries import owned_by
from catalog.models import Price, Product, ProductVersion, Subgroup, TradeItem, VersionPhoto
from catalog.queries import known_version
from kernel import gs1, proof
from kernel.db import db, listed
from kernel.errors import N_, NotFound
from kernel.log_models import LogLeaf
from kernel.models import AdministrativeUnit, StoredFile, UnitSuccession
from kernel.text import tokens
from traceability import genealogy, records, remainders, standing
from traceability.genealogy import Edge
from traceability.models import (
    BalanceFlag,
    Batch,
    BatchDraft,
    EpcisEvent,
    EventFile,
    EventLot,
    Lot,
    LotDocument,
    LotInput,
    LotKind,
    LotState,
    Recipe,
    ResolverLink,
    TraceEvent,
)
from traceability.recording import NoSuchEvent
from traceability.scan_models import ScanCount

PER_PAGE = 50
#: More than a reader would follow; a page that leaves something out says so.
MOST_EDGES_SHOWN, MOST_EVENTS_SHOWN = 120, 200


class NoSuchPaper(NotFound):
    message = N_("There is no such paper.")


class NoSuchBatch(NotFound):
    message = N_("This code is not in the system.")


class NoSuchLot(NotFound):
    message = N_("There is no such lot.")


class NoSuchRecipe(NotFound):
    message = N_("There is no such recipe.")


class NoSuchDraft(NotFound):
    message = N_("This batch is no longer being entered.")


# --- The story of a batch, for everybody -----------------------------------------------------------------


@dataclass(frozen=True)
class Happening:
    """An event as readers are told it."""

    event: TraceEvent
    organisation: Organisation
    place: Place | None
    #: (lot id, how much of it in its unit) that the event names, of the lots of the story
    lots: tuple[tuple[int, int | None], ...]
    position: int | None = None  #: in the log of proof; None while it waits for the day's signature
    signed_on: date | None = None  #: the day on which it was signed first


@dataclass(frozen=True)
class Attached:
    """A photo or paper of the story."""

    kind: str  #: "photo" (of the product), "event", "lot"
    owner_id: int  #: id of the event or lot it belongs to
    digest: str
    words_vi: str
    words_en: str
    media_type: str


@dataclass
class Story:
    """All that the page of a batch says, in plain rows: the page asks nothing more."""

    batch: Batch
    lot: Lot
    item: TradeItem
    product: Product
    version: ProductVersion
    producer: Organisation
    price_vnd: int | None
    lots: dict[int, Lot]  #: the batch's own and all that went into it
    edges: tuple[Edge, ...]
    is_cut: bool  #: something was left out: it would be too long
    happenings: list[Happening]
    attached: list[Attached] = field(default_factory=list)

    @property
    def confirmation(self) -> Happening | None:
        """The latest event by which a third party found the batch to be as declared, or None."""
        found = [
            happening
            for happening in self.happenings
            if happening.event.biz_step == "inspecting"
            and happening.event.disposition == "conformant"
            and happening.organisation.kind in (OrganisationKind.OFFICE, OrganisationKind.COUNCIL)
            and any(lot_id == self.lot.id for lot_id, _ in happening.lots)
        ]
        return found[-1] if found else None

    @property
    def origins(self) -> list[AdministrativeUnit]:
        """The communes its raw material comes from, as far as its lots say: none is made up."""
        found = {lot.origin_commune.code: lot.origin_commune for lot in self.lots.values() if lot.origin_commune}
        return list(found.values())


def batch_story(organisation_code: str, token: str, on: date) -> Story:
    """Read the story of a released, held or recalled batch by its address (four statements).

    :raises NoSuchBatch: if there is none, or it is not released yet
    """
    shown = known_version()
    price = (
        select(Price.amount_vnd)
        .where(Price.trade_item_id == TradeItem.id, Price.valid_from <= on)
        .order_by(Price.valid_from.desc(), Price.id.desc())
        .limit(1)
        .correlate(TradeItem)
        .scalar_subquery()
    )
    found = db.session.execute(
        select(Batch, TradeItem, Product, ProductVersion, Organisation, price)
        .join(Lot, Lot.id == Batch.lot_id)
        .join(TradeItem, TradeItem.id == Batch.trade_item_id)
        .join(Product, Product.id == TradeItem.product_id)
        .join(ProductVersion, ProductVersion.id == shown)
        .join(Organisation, Organisation.id == Lot.owner_id)
        .where(Batch.token == token, Organisation.code == organisation_code, Lot.state != LotState.OPEN)
        .options(contains_eager(Batch.lot), joinedload(ProductVersion.commune))
    ).one_or_none()
    if found is None:
        raise NoSuchBatch()
    batch, item, product, version, producer, price_vnd = found
    story = Story(batch, batch.lot, item, product, version, producer, price_vnd, {}, (), False, [])
    _read_chain(story)
    _read_happenings(story)
    story.attached = _attached(story)
    return story


def _read_chain(story: Story) -> None:
    """Read the lots and edges above a batch (one statement)."""
    chain = chain_above(story.lot)
    story.lots, story.edges, story.is_cut = chain.lots, chain.edges, chain.is_cut


@dataclass(frozen=True)
class Chain:
    """A lot and all that went into it."""

    lots: dict[int, Lot]  #: its own first
    edges: tuple[Edge, ...]
    is_cut: bool  #: there are more edges than are shown


def chain_above(lot: Lot) -> Chain:
    """Read the lots and edges above a lot (one statement: an edge, its input, and where that came from)."""
    reached = genealogy.upstream([lot.id])
    rows = db.session.execute(
        select(LotInput.output_id, LotInput.quantity, Lot)
        .join(reached, LotInput.output_id == reached.c.id)
        .join(Lot, Lot.id == LotInput.input_id)
        .options(joinedload(Lot.origin_commune), joinedload(Lot.supplier_organisation))
        .order_by(LotInput.output_id.desc(), Lot.id)
        .limit(MOST_EDGES_SHOWN + 1)
    ).all()
    edges = tuple(Edge(output, one.id, quantity) for output, quantity, one in rows[:MOST_EDGES_SHOWN])
    lots = {lot.id: lot, **{one.id: one for _, _, one in rows[:MOST_EDGES_SHOWN]}}
    return Chain(lots, edges, len(rows) > MOST_EDGES_SHOWN)


def _read_happenings(story: Story) -> None:
    story.happenings, is_cut = happenings_of(story.lots)
    story.is_cut = story.is_cut or is_cut


def happenings_of(lot_ids: Iterable[int]) -> tuple[list[Happening], bool]:
    """Read what happened to some lots, the earliest first (one statement), and whether there is more.

    What a lot went into elsewhere is no part of it, and of a corrected event only the newer one is told; what was
    declared never to have been is not told at all. Who bought the goods is told to nobody.
    """
    rows = db.session.execute(
        select(TraceEvent, Organisation, Place, EventLot.lot_id, EventLot.quantity, LogLeaf.position, proof.signed_on())
        .join(EventLot, EventLot.event_id == TraceEvent.id)
        .join(Organisation, Organisation.id == TraceEvent.organisation_id)
        .outerjoin(Place, Place.id == TraceEvent.place_id)
        .outerjoin(LogLeaf, and_(LogLeaf.kind == records.KIND, LogLeaf.reference == TraceEvent.event_id))
        .where(
            EventLot.lot_id.in_(sorted(lot_ids)),
            EventLot.role != "input",
            standing.told_to_all(),
            standing.stands(),
        )
        # The model joins a place's commune inwards: of an event without a place nothing would be left.
        .options(joinedload(Place.commune, innerjoin=False))
        .order_by(TraceEvent.event_at, TraceEvent.id, EventLot.lot_id)
        .limit(MOST_EVENTS_SHOWN + 1)
    ).all()
    told: dict[int, Happening] = {}
    for event, organisation, place, lot_id, quantity, position, signed_on in rows[:MOST_EVENTS_SHOWN]:
        before = told.get(event.id)
        lots = (*(before.lots if before else ()), (lot_id, quantity))
        in_log = (position, signed_on) if signed_on is not None else (None, None)
        told[event.id] = Happening(event, organisation, place, lots, *in_log)
    return list(told.values()), len(rows) > MOST_EVENTS_SHOWN


def _attached(story: Story) -> list[Attached]:
    """Read the product's photos, the events' files and the public papers of the lots (one statement)."""
    event_ids = [happening.event.id for happening in story.happenings]
    photos = select(
        literal("photo").label("kind"),
        VersionPhoto.version_id.label("owner"),
        VersionPhoto.position.label("position"),
        VersionPhoto.digest.label("digest"),
        VersionPhoto.alt_vi.label("vi"),
        VersionPhoto.alt_en.label("en"),
    ).where(VersionPhoto.version_id == story.version.id)
    of_events = select(
        literal("event"), EventFile.event_id, EventFile.position, EventFile.digest, EventFile.alt_vi, EventFile.alt_en
    ).where(EventFile.event_id.in_(event_ids))
    of_lots = select(
        literal("lot"), LotDocument.lot_id, literal(0), LotDocument.digest, LotDocument.title, literal("")
    ).where(LotDocument.lot_id.in_(sorted(story.lots)), LotDocument.is_public)
    every = union_all(photos, of_events, of_lots).subquery()
    rows = db.session.execute(
        select(every.c.kind, every.c.owner, every.c.digest, every.c.vi, every.c.en, StoredFile.media_type)
        .join(StoredFile, StoredFile.digest == every.c.digest)
        .order_by(every.c.kind, every.c.owner, every.c.position, every.c.digest)
    )
    return [Attached(*row) for row in rows]


def communes_around(codes: Iterable[str]) -> list[AdministrativeUnit]:
    """List the communes of today that share a former district with some of ``codes``, those included (one statement).

    Communes without a known middle are left out: they cannot be drawn.
    """
    wanted = sorted(set(codes))
    unit = AdministrativeUnit
    old, beside = aliased(unit), aliased(unit)
    came, became = aliased(UnitSuccession), aliased(UnitSuccession)
    districts = (
        select(old.parent_code)
        .join(came, and_(came.old_code == old.code, came.old_valid_from == old.valid_from))
        .where(came.new_code.in_(wanted))
    )
    neighbours = (
        select(became.new_code)
        .join(beside, and_(became.old_code == beside.code, became.old_valid_from == beside.valid_from))
        .where(beside.parent_code.in_(districts))
    )
    return list(
        db.session.scalars(
            select(unit)
            .where(
                unit.level == "commune",
                unit.valid_until.is_(None),
                unit.lat.is_not(None),
                or_(unit.code.in_(wanted), unit.code.in_(neighbours)),
            )
            .order_by(unit.sort_key, unit.code)
        )
    )


# --- Codes that people scan or type ----------------------------------------------------------------------


@dataclass(frozen=True)
class Hit:
    """A batch or product that a code leads to."""

    path: str  #: address of the page
    number: str  #: of the batch; empty for a product
    name_vi: str
    name_en: str
    producer_vi: str
    producer_en: str
    made_on: date | None


def path_of(organisation_code: str, token: str) -> str:
    """Give the address of a batch's page."""
    return f"/lo/{organisation_code}/{token}"


def find_batch_of_gtin(gtin: str, number: str) -> str | None:
    """Give the path of a released batch by its GTIN and lot number, or None; a recalled one too."""
    row = db.session.execute(
        select(Organisation.code, Batch.token)
        .join(Lot, Lot.id == Batch.lot_id)
        .join(Organisation, Organisation.id == Lot.owner_id)
        .join(TradeItem, TradeItem.id == Batch.trade_item_id)
        .where(TradeItem.gtin == gtin, Batch.number == number, Lot.state != LotState.OPEN)
    ).one_or_none()
    return path_of(*row) if row else None


def find_product_of_gtin(gtin: str) -> str | None:
    """Give the path of the published product that has an item with this GTIN, or None."""
    slug = db.session.scalar(
        select(Product.slug)
        .join(TradeItem, TradeItem.product_id == Product.id)
        .where(TradeItem.gtin == gtin, Product.published_version_id.is_not(None))
    )
    return f"/san-pham/{slug}" if slug else None


def gtin_is_known(gtin: str) -> bool:
    """Tell whether some producer's item has this GTIN, published or not."""
    return bool(db.session.scalar(select(exists().where(TradeItem.gtin == gtin))))


def find_by_token(token: str) -> list[Hit]:
    """Find the released batch with this token; at most one."""
    return _hits(Batch.token == token)


def find_by_number(number: str, *, most: int = 12) -> list[Hit]:
    """Find released batches with this lot number, whatever the case of its letters, the newest first."""
    return _hits(func.lower(Batch.number) == number.lower(), most)


def _hits(where: ColumnElement[bool], most: int = 12) -> list[Hit]:
    version = known_version()
    rows = db.session.execute(
        select(
            Organisation.code,
            Batch.token,
            Batch.number,
            ProductVersion.name_vi,
            ProductVersion.name_en,
            Organisation.name_vi,
            Organisation.name_en,
            Batch.made_on,
        )
        .join(Lot, Lot.id == Batch.lot_id)
        .join(Organisation, Organisation.id == Lot.owner_id)
        .join(TradeItem, TradeItem.id == Batch.trade_item_id)
        .join(Product, Product.id == TradeItem.product_id)
        .join(ProductVersion, ProductVersion.id == version)
        .where(where, Lot.state != LotState.OPEN)
        .order_by(Batch.made_on.desc(), Batch.lot_id.desc())
        .limit(most)
    )
    return [Hit(path_of(row[0], row[1]), *row[2:]) for row in rows]


def public_batch(organisation_code: str, token: str) -> tuple[Batch, TradeItem, str]:
    """Find a batch by its address for its printed code: with its item and its owner's name.

    :raises NoSuchBatch:
    """
    found = db.session.execute(
        select(Batch, TradeItem, Organisation.name_vi)
        .join(Lot, Lot.id == Batch.lot_id)
        .join(TradeItem, TradeItem.id == Batch.trade_item_id)
        .join(Organisation, Organisation.id == Lot.owner_id)
        .where(Batch.token == token, Organisation.code == organisation_code, Lot.state != LotState.OPEN)
    ).one_or_none()
    if found is None:
        raise NoSuchBatch()
    return found[0], found[1], found[2]


# --- The back office -------------------------------------------------------------------------------------


def visible_to(actor: Actor) -> Select[Lot]:
    """Select the lots an actor may see in the back office: its own, or its jurisdiction's."""
    return select(Lot).where(owned_by(actor, Lot.owner_id))


def get_paper(actor: Actor, lot_id: int, digest: str) -> LotDocument:
    """Find a paper of a lot, public or not.

    :raises NoSuchPaper: if there is none that the actor may see
    """
    seen = visible_to(actor).with_only_columns(Lot.id).where(Lot.id == lot_id)
    found = db.session.scalar(select(LotDocument).where(LotDocument.lot_id.in_(seen), LotDocument.digest == digest))
    if found is None:
        raise NoSuchPaper()
    return found


def get_lot(actor: Actor, lot_id: int) -> Lot:
    """Find one lot of raw material or something between.

    :raises NoSuchLot: if there is none that the actor may see
    """
    found = db.session.scalar(
        visible_to(actor)
        .where(Lot.id == lot_id, Lot.kind != LotKind.FINISHED)
        .options(
            joinedload(Lot.owner),
            joinedload(Lot.origin_commune),
            joinedload(Lot.supplier_organisation),
            joinedload(Lot.place),
            selectinload(Lot.documents),
        )
    )
    if found is None:
        raise NoSuchLot()
    return found


@dataclass(frozen=True)
class BatchRow:
    """A batch with the names lists show."""

    batch: Batch
    item: TradeItem
    product_id: int
    product_slug: str
    group_code: str
    is_published: bool
    name_vi: str
    name_en: str
    owner: Organisation

    @property
    def path(self) -> str:
        """Address of its public page."""
        return path_of(self.owner.code, self.batch.token)


def _batch_rows(actor: Actor) -> Select[Any, Any, Any, Any, Any, Any, Any, Any]:
    version = known_version()
    return (
        select(
            Batch,
            TradeItem,
            Product,
            Subgroup.group_code,
            ProductVersion.name_vi,
            ProductVersion.name_en,
            Organisation,
            Lot.id,
        )
        .join(Lot, Lot.id == Batch.lot_id)
        .join(TradeItem, TradeItem.id == Batch.trade_item_id)
        .join(Product, Product.id == TradeItem.product_id)
        .join(Subgroup, and_(Subgroup.scheme == Product.scheme, Subgroup.criteria_set_no == Product.criteria_set_no))
        .join(ProductVersion, ProductVersion.id == version)
        .join(Organisation, Organisation.id == Lot.owner_id)
        .where(owned_by(actor, Lot.owner_id))
        .options(contains_eager(Batch.lot))
    )


def _batch_row(row: Any) -> BatchRow:
    batch, item, product, group, name_vi, name_en, owner, _ = row
    return BatchRow(
        batch,
        item,
        product.id,
        product.slug,
        group,
        product.published_version_id is not None,
        name_vi,
        name_en,
        owner,
    )


def get_batch(actor: Actor, lot_id: int) -> BatchRow:
    """Find one batch with its names.

    :raises NoSuchBatch: if there is none that the actor may see
    """
    found = db.session.execute(_batch_rows(actor).where(Batch.lot_id == lot_id)).one_or_none()
    if found is None:
        raise NoSuchBatch()
    return _batch_row(found)


@dataclass(frozen=True)
class BatchListing:
    """A page of batches, and how many there are in each state."""

    rows: tuple[BatchRow, ...]
    total: int
    page: int
    last_page: int
    counts: dict[LotState | None, int]


BATCH_SORTS = {
    "number": Batch.number,
    "product": ProductVersion.sort_key,
    "producer": Organisation.sort_key,
    "made": Batch.made_on,
    "expires": Batch.expires_on,
    "quantity": Lot.quantity,
}


def list_batches(
    actor: Actor,
    *,
    words: str = "",
    state: LotState | None = None,
    sort: str = "made",
    descending: bool = True,
    page: int = 1,
    per_page: int = PER_PAGE,
) -> BatchListing:
    """List the batches an actor may see.

    :param words: searched in product, producer, lot number and, by whole printed groups, the batch's own code
    :param sort: one of ``BATCH_SORTS``
    """
    query = _batch_rows(actor)
    for token in tokens(words):
        query = query.where(
            or_(
                ProductVersion.search.like(f"% {token}%"),
                Organisation.search.like(f"% {token}%"),
                func.lower(Batch.number).like(f"%{token}%"),
                # A code is printed in groups of five letters: fewer would find batches by chance.
                Batch.token.like(f"%{token}%") if len(token) >= gs1.CODE_GROUP else false(),
            )
        )
    counted = query.with_only_columns(
        func.count(), *(func.count().filter(Lot.state == one) for one in LotState), maintain_column_froms=True
    )
    numbers = db.session.execute(counted).one()
    counts: dict[LotState | None, int] = {None: numbers[0], **dict(zip(LotState, numbers[1:], strict=True))}
    if state is not None:
        query = query.where(Lot.state == state)
    total = counts[state]
    last_page = max(1, -(-total // per_page))
    page = min(max(1, page), last_page)
    column = BATCH_SORTS.get(sort, Batch.made_on)
    rows = db.session.execute(
        query.order_by(column.desc() if descending else column.asc(), Batch.lot_id.desc())
        .limit(per_page)
        .offset((page - 1) * per_page)
    )
    return BatchListing(tuple(_batch_row(row) for row in rows), total, page, last_page, counts)


@dataclass(frozen=True)
class LotListing:
    """A page of lots of material."""

    rows: tuple[Lot, ...]
    total: int
    page: int
    last_page: int
    counts: dict[LotKind | None, int]


LOT_SORTS = {
    "number": Lot.number,
    "name": Lot.name_vi,
    "received": func.coalesce(Lot.received_on, Lot.created_at),
    "entered": Lot.id,
    "quantity": Lot.quantity,
    "left": Lot.quantity - Lot.used,
}


def list_lots(
    actor: Actor,
    *,
    words: str = "",
    kind: LotKind | None = None,
    with_some_left: bool = False,
    sort: str = "entered",
    descending: bool = True,
    page: int = 1,
    per_page: int = PER_PAGE,
) -> LotListing:
    """List the lots of raw material and of what is between that an actor may see.

    :param words: searched in material, number, supplier and growing area; :param sort: one of ``LOT_SORTS``
    """
    query = visible_to(actor).where(Lot.kind != LotKind.FINISHED)
    for word in words.split()[:8]:
        # Names of material are not folded in a column of their own: found as typed, whatever the case.
        like = f"%{word.lower()}%"
        query = query.where(
            or_(
                func.lower(Lot.number).like(like),
                func.lower(Lot.name_vi).like(like),
                func.lower(Lot.supplier).like(like),
                func.lower(Lot.growing_area).like(like),
            )
        )
    if with_some_left:
        query = query.where(Lot.used < Lot.quantity)
        query = query.where(Lot.id.not_in(listed(sorted(remainders.used_up(query.with_only_columns(Lot.id))))))
    kinds = (LotKind.RAW, LotKind.INTERMEDIATE)
    counted = query.with_only_columns(
        func.count(), *(func.count().filter(Lot.kind == one) for one in kinds), maintain_column_froms=True
    )
    numbers = db.session.execute(counted).one()
    counts: dict[LotKind | None, int] = {None: numbers[0], **dict(zip(kinds, numbers[1:], strict=True))}
    if kind in kinds:
        query = query.where(Lot.kind == kind)
    total = counts[kind if kind in kinds else None]
    last_page = max(1, -(-total // per_page))
    page = min(max(1, page), last_page)
    column: Any = LOT_SORTS.get(sort, Lot.id)
    shown = query.options(joinedload(Lot.owner), joinedload(Lot.origin_commune))
    begin = (page - 1) * per_page
    in_order = _by_what_is_left(query, descending=descending) if sort == "left" else None
    if in_order is not None:
        ids = in_order[begin : begin + per_page]
        found = {lot.id: lot for lot in db.session.scalars(shown.where(Lot.id.in_(listed(ids))))}
        return LotListing(tuple(found[id] for id in ids if id in found), total, page, last_page, counts)
    rows = db.session.scalars(
        shown.order_by(column.desc() if descending else column.asc(), Lot.id.desc()).limit(per_page).offset(begin)
    )
    return LotListing(tuple(rows), total, page, last_page, counts)


def _by_what_is_left(query: Select[Lot], *, descending: bool) -> list[int] | None:
    """Give the ids of lots by what is left of them; None where what went into others tells it alone."""
    said = remainders.left_by_events(query.with_only_columns(Lot.id))
    if not said:
        return None
    left = {id: said.get(id, amount) for id, amount in db.session.execute(
        query.with_only_columns(Lot.id, Lot.quantity - Lot.used)
    )}  # fmt: skip
    return sorted(left, key=lambda id: (-left[id] if descending else left[id], -id))


def usable_inputs(owner_id: int, *, besides: Sequence[int] = ()) -> list[Lot]:
    """List the lots of an owner from which something may still go into another, the oldest material first."""
    return list(
        db.session.scalars(
            select(Lot)
            .where(
                Lot.owner_id == owner_id,
                Lot.used < Lot.quantity,
                or_(
                    and_(Lot.kind != LotKind.FINISHED, Lot.state == LotState.RELEASED),
                    and_(Lot.kind == LotKind.FINISHED, Lot.state == LotState.OPEN),
                ),
                Lot.id.not_in(list(besides)),
            )
            .order_by(Lot.kind.desc(), Lot.id)
            .limit(200)
        )
    )


@dataclass(frozen=True)
class OwnItem:
    """A trade item of which batches can be opened."""

    id: int
    name_vi: str
    name_en: str
    item_vi: str
    item_en: str
    gtin: str | None
    group_code: str
    photo: str | None
    step_g: int | None  #: the grams of one, where it is sold by weight


def items_for_batches(owner_id: int) -> list[OwnItem]:
    """List the items of a producer's products in their Vietnamese order; services and sets have no batches."""
    version = known_version()
    photo = (
        select(VersionPhoto.digest)
        .where(VersionPhoto.version_id == ProductVersion.id)
        .order_by(VersionPhoto.position)
        .limit(1)
        .correlate(ProductVersion)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(
            TradeItem.id,
            ProductVersion.name_vi,
            ProductVersion.name_en,
            TradeItem.name_vi,
            TradeItem.name_en,
            TradeItem.gtin,
            Subgroup.group_code,
            photo,
            case((TradeItem.by_weight, TradeItem.net_content)),
        )
        .join(Product, Product.id == TradeItem.product_id)
        .join(Subgroup, and_(Subgroup.scheme == Product.scheme, Subgroup.criteria_set_no == Product.criteria_set_no))
        .join(ProductVersion, ProductVersion.id == version)
        .where(Product.producer_id == owner_id, ~Product.is_service, ~TradeItem.is_set, TradeItem.is_active)
        .order_by(ProductVersion.sort_key, TradeItem.net_content, TradeItem.id)
    )
    return [OwnItem(*row) for row in rows]


def next_number(item_id: int, made_on: date) -> str:
    """Suggest a lot number for a batch made on a day: ``L261124-01``, the first that is free."""
    stem = f"L{made_on:%y%m%d}-"
    taken = set(
        db.session.scalars(select(Batch.number).where(Batch.trade_item_id == item_id, Batch.number.like(f"{stem}%")))
    )
    return next(number for number in (f"{stem}{n:02d}" for n in range(1, 10_000)) if number not in taken)


def next_material_number(owner_id: int, day: date, kind: LotKind) -> str:
    """Suggest a number for a lot of material: ``NL261124-01`` (between: ``TG…``), the first that is free."""
    stem = f"{'NL' if kind is LotKind.RAW else 'TG'}{day:%y%m%d}-"
    taken = set(
        db.session.scalars(
            select(Lot.number).where(Lot.owner_id == owner_id, Lot.kind == kind, Lot.number.like(f"{stem}%"))
        )
    )
    return next(number for number in (f"{stem}{n:02d}" for n in range(1, 10_000)) if number not in taken)


@dataclass(frozen=True)
class Told:
    """An event as the back office lists it."""

    event: TraceEvent
    is_corrected: bool
    files: tuple[EventFile, ...]
    is_strangers: bool = False  #: captured of somebody who neither owns nor holds the lot: it does not count


def events_of(lot_id: int) -> list[Told]:
    """List what happened to a lot, corrected events included, the latest first."""
    newer = aliased(TraceEvent)
    rows = db.session.execute(
        select(
            TraceEvent,
            exists().where(newer.corrects_id == TraceEvent.id),
            and_(
                ~standing.entitled(),
                exists().where(EpcisEvent.trace_event_id == TraceEvent.id, EpcisEvent.capture_id.is_not(None)),
            ),
        )
        .join(EventLot, and_(EventLot.event_id == TraceEvent.id, EventLot.lot_id == lot_id))
        .join(Lot, Lot.id == EventLot.lot_id)
        .options(
            joinedload(TraceEvent.organisation),
            joinedload(TraceEvent.officer_organisation),
            joinedload(TraceEvent.user),
            joinedload(TraceEvent.place),
            selectinload(TraceEvent.files),
        )
        .order_by(TraceEvent.event_at.desc(), TraceEvent.id.desc())
        .limit(MOST_EVENTS_SHOWN)
    ).unique()
    return [Told(event, is_corrected, tuple(event.files), is_strangers) for event, is_corrected, is_strangers in rows]


def get_event(lot_id: int, event_id: int) -> TraceEvent:
    """Find an event of a lot that the actor was found to see.

    :raises NoSuchEvent:
    """
    found = db.session.scalar(
        select(TraceEvent)
        .join(EventLot, and_(EventLot.event_id == TraceEvent.id, EventLot.lot_id == lot_id))
        .where(TraceEvent.id == event_id)
    )
    if found is None:
        raise NoSuchEvent()
    return found


def inputs_of(lot_id: int) -> list[tuple[Lot, int]]:
    """List what went into a lot, and how much of each (in its own unit)."""
    rows = db.session.execute(
        select(Lot, LotInput.quantity)
        .join(LotInput, LotInput.input_id == Lot.id)
        .where(LotInput.output_id == lot_id)
        .order_by(Lot.id)
    )
    return [(lot, quantity) for lot, quantity in rows]


def outputs_of(lot_id: int) -> list[tuple[Lot, int]]:
    """List what a lot went into, and how much of it."""
    rows = db.session.execute(
        select(Lot, LotInput.quantity)
        .join(LotInput, LotInput.output_id == Lot.id)
        .where(LotInput.input_id == lot_id)
        .order_by(Lot.id)
    )
    return [(lot, quantity) for lot, quantity in rows]


@dataclass(frozen=True)
class PackedBefore:
    """A lot that lay in another, and was taken out again."""

    lot: Lot
    until: datetime  #: when it was last said to be there, or taken out


def packed_before(lot_id: int) -> tuple[list[PackedBefore], list[PackedBefore]]:
    """List what lay in a lot and does no longer, and in which lots it lay itself, the latest first."""
    mine, other = aliased(EventLot), aliased(EventLot)
    owner = select(Lot.owner_id).where(Lot.id == lot_id).scalar_subquery()
    found = []
    for role, far, edge in (
        ("parent", "child", and_(LotInput.output_id == lot_id, LotInput.input_id == Lot.id)),
        ("child", "parent", and_(LotInput.input_id == lot_id, LotInput.output_id == Lot.id)),
    ):
        until = func.max(TraceEvent.event_at)
        rows = db.session.execute(
            select(Lot, until)
            .join(other, and_(other.lot_id == Lot.id, other.role == far))
            .join(mine, and_(mine.event_id == other.event_id, mine.lot_id == lot_id, mine.role == role))
            .join(TraceEvent, TraceEvent.id == mine.event_id)
            .where(
                standing.stands(),
                or_(TraceEvent.is_public, TraceEvent.organisation_id == owner),
                ~exists().where(edge),
            )
            .group_by(Lot.id)
            .order_by(until.desc(), Lot.id)
            .limit(MOST_EDGES_SHOWN)
        )
        found.append([PackedBefore(lot, at) for lot, at in rows])
    return found[0], found[1]


def drafts_of(organisation_id: int) -> list[BatchDraft]:
    """List the batches an organisation has begun to enter, the latest first."""
    return list(
        db.session.scalars(
            select(BatchDraft)
            .where(BatchDraft.organisation_id == organisation_id, BatchDraft.lot_id.is_(None))
            .order_by(BatchDraft.changed_at.desc())
            .limit(20)
        )
    )


def get_draft(actor: Actor, draft_id: int) -> BatchDraft:
    """Find a batch that the actor's organisation is entering.

    :raises NoSuchDraft:
    """
    found = db.session.scalar(
        select(BatchDraft).where(BatchDraft.id == draft_id, BatchDraft.organisation_id == actor.organisation_id)
    )
    if found is None:
        raise NoSuchDraft()
    return found


def spoken_code(owner_code: str, token: str) -> str:
    """Write the code of a batch as it stands beside its QR: ``HTXBD 7K2QX-M90AD``."""
    return f"{owner_code.upper()} {gs1.spoken_token(token)}"


# --- What a GS1 key leads to -----------------------------------------------------------------------------


class NoSuchLink(NotFound):
    message = N_("There is no such link.")


@dataclass(frozen=True)
class GoodsOfGtin:
    """What is known in public of a GTIN, and of one lot of it."""

    gtin: str
    product_id: int
    producer_id: int
    product_slug: str | None  #: None where the product is not on show
    name_vi: str
    name_en: str
    item_vi: str
    item_en: str
    lot_number: str | None  #: None where the lot is not known in public
    batch_path: str | None
    lot_state: LotState | None


def goods_of_gtin(gtin: str, lot_number: str | None) -> GoodsOfGtin | None:
    """Tell what is known in public of a GTIN (one statement); ``None`` when nothing is.

    A lot that is not released yet is not known; a held or recalled one is.
    """
    version = known_version()
    of_lot = and_(Batch.trade_item_id == TradeItem.id, Batch.number == (lot_number or ""))
    row = db.session.execute(
        select(
            Product.id,
            Product.slug,
            Product.published_version_id,
            ProductVersion.name_vi,
            ProductVersion.name_en,
            TradeItem.name_vi,
            TradeItem.name_en,
            Product.producer_id,
            Organisation.code,
            Batch.token,
            Lot.state,
        )
        .select_from(TradeItem)
        .join(Product, Product.id == TradeItem.product_id)
        .join(ProductVersion, ProductVersion.id == version)
        .outerjoin(Batch, of_lot)
        .outerjoin(Lot, Lot.id == Batch.lot_id)
        .outerjoin(Organisation, Organisation.id == Lot.owner_id)
        .where(TradeItem.gtin == gtin)
    ).one_or_none()
    if row is None:
        return None
    is_public_lot = row.state is not None and row.state is not LotState.OPEN
    if row.published_version_id is None and not is_public_lot:
        return None
    return GoodsOfGtin(
        gtin,
        row[0],
        row.producer_id,
        row.slug if row.published_version_id is not None else None,
        row[3],
        row[4],
        row[5],
        row[6],
        lot_number if is_public_lot else None,
        path_of(row.code, row.token) if is_public_lot else None,
        row.state if is_public_lot else None,
    )


def place_of_gln(gln: str) -> Place | None:
    """Find the place with a GLN, of an organisation at work."""
    return db.session.scalar(
        select(Place)
        .join(Organisation, Organisation.id == Place.organisation_id)
        .where(Place.gln == gln, Organisation.is_active)
        .options(contains_eager(Place.organisation))
    )


def links_of(patterns: Iterable[str]) -> list[ResolverLink]:
    """List the links in use that are registered for some of these keys, in the order of their entry."""
    return list(
        db.session.scalars(
            select(ResolverLink)
            .join(Organisation, Organisation.id == ResolverLink.organisation_id)
            .where(ResolverLink.key_path.in_(sorted(set(patterns))), ResolverLink.is_active, Organisation.is_active)
            .order_by(ResolverLink.id)
        )
    )


def is_registered(patterns: Iterable[str]) -> bool:
    """Tell whether a link in use is registered for exactly one of these keys."""
    return bool(links_of(patterns))


def links_visible_to(actor: Actor) -> Select[ResolverLink]:
    """Select the links an actor may see in the back office: its own, or its jurisdiction's."""
    return select(ResolverLink).where(owned_by(actor, ResolverLink.organisation_id))


def get_link(actor: Actor, link_id: int) -> ResolverLink:
    """Find one link of the resolver.

    :raises NoSuchLink: if there is none that the actor may see
    """
    found = db.session.scalar(links_visible_to(actor).where(ResolverLink.id == link_id))
    if found is None:
        raise NoSuchLink()
    return found


def scans_visible_to(actor: Actor) -> Select[ScanCount]:
    """Select the counts of openings of pages that an actor may see: of its own lots, or its jurisdiction's."""
    return select(ScanCount).where(ScanCount.lot_id.in_(select(Lot.id).where(owned_by(actor, Lot.owner_id))))


LINK_SORTS = {"key": ResolverLink.key_path, "type": ResolverLink.link_type, "changed": ResolverLink.changed_at}


def links_found(
    actor: Actor, *, words: str = "", sort: str = "key", descending: bool = False
) -> Select[ResolverLink, Organisation]:
    """Select the links an actor may see, with their owners; ``words`` stand in key, title or address."""
    query = links_visible_to(actor).join(Organisation, Organisation.id == ResolverLink.organisation_id)
    for word in words.split()[:8]:
        query = query.where(
            or_(
                ResolverLink.key_path.icontains(word, autoescape=True),
                ResolverLink.title.icontains(word, autoescape=True),
                ResolverLink.href.icontains(word, autoescape=True),
                ResolverLink.link_type.icontains(word, autoescape=True),
            )
        )
    column = LINK_SORTS.get(sort, ResolverLink.key_path)
    return query.add_columns(Organisation).order_by(
        column.desc() if descending else column.asc(), ResolverLink.id.desc() if descending else ResolverLink.id
    )


# --- Mass balance -----------------------------------------------------------------------------------------


def recipes_visible_to(actor: Actor) -> Select[Recipe]:
    """Select the recipes an actor may see: its own, or its jurisdiction's."""
    return select(Recipe).where(owned_by(actor, Recipe.owner_id))


def flags_visible_to(actor: Actor) -> Select[BalanceFlag]:
    """Select the flags of makings outside their range that an actor may see."""
    return select(BalanceFlag).join(Lot, Lot.id == BalanceFlag.lot_id).where(owned_by(actor, Lot.owner_id))


def get_recipe(actor: Actor, recipe_id: int) -> Recipe:
    """Find a recipe.

    :raises NoSuchRecipe: if there is none that the actor may see
    """
    found = db.session.scalar(recipes_visible_to(actor).where(Recipe.id == recipe_id))
    if found is None:
        raise NoSuchRecipe()
    return found


def get_flag(actor: Actor, flag_id: int) -> BalanceFlag:
    """Find a flag.

    :raises NoSuchRecipe: if there is none that the actor may see
    """
    found = db.session.scalar(
        flags_visible_to(actor)
        .where(BalanceFlag.id == flag_id)
        .options(joinedload(BalanceFlag.lot).joinedload(Lot.owner), joinedload(BalanceFlag.recipe))
    )
    if found is None:
        raise NoSuchRecipe()
    return found


def recipes_in_force(actor: Actor) -> list[Recipe]:
    """List the recipes that count now, those that the office has not seen first."""
    newer = aliased(Recipe)
    replaced = exists().where(
        newer.owner_id == Recipe.owner_id,
        newer.material == Recipe.material,
        func.coalesce(newer.trade_item_id, 0) == func.coalesce(Recipe.trade_item_id, 0),
        newer.id > Recipe.id,
    )
    return list(
        db.session.scalars(
            recipes_visible_to(actor)
            .where(~replaced)
            .options(joinedload(Recipe.owner), joinedload(Recipe.trade_item))
            .order_by(Recipe.seen_at.is_not(None), Recipe.id.desc())
            .limit(500)
        )
    )


def list_flags(actor: Actor, *, open_only: bool) -> Select[BalanceFlag]:
    """Select flags for a list, the latest first."""
    query = flags_visible_to(actor).options(
        joinedload(BalanceFlag.lot).joinedload(Lot.owner), joinedload(BalanceFlag.recipe)
    )
    if open_only:
        query = query.where(BalanceFlag.cleared_at.is_(None))
    return query.order_by(BalanceFlag.cleared_at.is_not(None), BalanceFlag.id.desc())


def materials_made(owner_id: int) -> list[str]:
    """List the names of what an owner has made between raw material and goods, the latest first."""
    rows = db.session.execute(
        select(Lot.name_vi, func.max(Lot.id))
        .where(Lot.owner_id == owner_id, Lot.kind == LotKind.INTERMEDIATE)
        .group_by(Lot.name_vi)
        .order_by(func.max(Lot.id).desc())
        .limit(100)
    )
    return [row[0] for row in rows]
