"""Reads of notes, sales and goods at sales points, scoped to the actor."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, case, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from accounts.actor import Actor
from accounts.models import FormerSlug, Organisation
from accounts.queries import owned_by
from catalog.models import Price, Product, ProductVersion, TradeItem
from catalog.queries import known_version
from consignment.models import Note, NoteKind, NoteLine, NoteStatus, Sale, SaleReversal, SalesPoint
from kernel import clock
from kernel.amounts import Apart
from kernel.db import db
from kernel.errors import N_, NotFound
from stock.models import Balance, Location
from traceability.models import Batch, Lot, LotState


class NoSuchNote(NotFound):
    message = N_("There is no such note.")


class NoSuchSale(NotFound):
    message = N_("There is no such sale.")


class NoSuchPoint(NotFound):
    message = N_("There is no such sales point.")


def visible_to(actor: Actor) -> Select[Note]:
    """Select the notes an actor may see: of its own goods, to its own counters, or of its jurisdiction."""
    counters = select(SalesPoint.id).where(owned_by(actor, SalesPoint.organisation_id))
    return select(Note).where(or_(owned_by(actor, Note.consignor_id), Note.sales_point_id.in_(counters)))


def sales_visible_to(actor: Actor) -> Select[Sale]:
    """Select the sales an actor may see: at its own counters, or in its jurisdiction."""
    counters = select(SalesPoint.id).where(owned_by(actor, SalesPoint.organisation_id))
    return select(Sale).where(Sale.sales_point_id.in_(counters))


def points_visible_to(actor: Actor) -> Select[SalesPoint]:
    """Select the sales points an actor may manage: its own, or of its jurisdiction."""
    return select(SalesPoint).where(owned_by(actor, SalesPoint.organisation_id))


def get_note(actor: Actor, number: str) -> Note:
    """Find a note by its number, lines with it.

    :raises NoSuchNote: if there is none that the actor may see
    """
    found = db.session.scalar(
        visible_to(actor)
        .where(Note.number == number)
        .options(
            selectinload(Note.lines).joinedload(NoteLine.lot), joinedload(Note.sales_point), joinedload(Note.consignor)
        )
    )
    if found is None:
        raise NoSuchNote()
    return found


def note_at(point: SalesPoint, number: str, kind: NoteKind) -> Note:
    """Find a note to or from a counter: only these are its own to receive, or to call off.

    :raises NoSuchNote: if there is none
    """
    found = db.session.scalar(
        select(Note)
        .where(Note.number == number, Note.sales_point_id == point.id, Note.kind == kind)
        .where(Note.status != NoteStatus.DRAFT)
        .options(selectinload(Note.lines).joinedload(NoteLine.lot), joinedload(Note.consignor))
    )
    if found is None:
        raise NoSuchNote()
    return found


def sale_at(point: SalesPoint, number: str) -> Sale:
    """Find a sale of a counter.

    :raises NoSuchSale: if there is none
    """
    found = db.session.scalar(
        select(Sale).where(Sale.number == number, Sale.sales_point_id == point.id).options(selectinload(Sale.lines))
    )
    if found is None:
        raise NoSuchSale()
    return found


def get_sale(actor: Actor, number: str) -> Sale:
    """Find a sale by its number.

    :raises NoSuchSale: if there is none that the actor may see
    """
    found = db.session.scalar(sales_visible_to(actor).where(Sale.number == number).options(selectinload(Sale.lines)))
    if found is None:
        raise NoSuchSale()
    return found


def get_point(actor: Actor, slug: str) -> SalesPoint:
    """Find a sales point an actor may manage.

    :raises NoSuchPoint: if there is none
    """
    found = db.session.scalar(points_visible_to(actor).where(SalesPoint.slug == slug))
    if found is None:
        raise NoSuchPoint()
    return found


def own_point(actor: Actor, slug: str) -> SalesPoint:
    """Find a counter of the actor's own organisation: where it works, not what it looks after.

    :raises NoSuchPoint: if there is none
    """
    found = db.session.scalar(
        select(SalesPoint).where(SalesPoint.slug == slug, SalesPoint.organisation_id == actor.organisation_id)
    )
    if found is None:
        raise NoSuchPoint()
    return found


def own_points(actor: Actor) -> list[SalesPoint]:
    """List the counters of the actor's own organisation."""
    return list(
        db.session.scalars(
            select(SalesPoint).where(SalesPoint.organisation_id == actor.organisation_id).order_by(SalesPoint.id)
        )
    )


def open_points() -> list[SalesPoint]:
    """List the open sales points, by name: whom a producer may send goods to."""
    return list(
        db.session.scalars(select(SalesPoint).where(SalesPoint.is_open).order_by(SalesPoint.name_vi, SalesPoint.id))
    )


def public_points() -> list[SalesPoint]:
    """List the open sales points with their organisations (one statement)."""
    return list(
        db.session.scalars(
            select(SalesPoint)
            .where(SalesPoint.is_open)
            .options(joinedload(SalesPoint.organisation))
            .order_by(SalesPoint.name_vi, SalesPoint.id)
        )
    )


def public_point(slug: str) -> SalesPoint:
    """Find an open sales point by its address.

    :raises NoSuchPoint: if there is none
    """
    found = db.session.scalar(
        select(SalesPoint)
        .where(SalesPoint.slug == slug, SalesPoint.is_open)
        .options(joinedload(SalesPoint.organisation), joinedload(SalesPoint.location).joinedload(Location.place))
    )
    if found is None:
        raise NoSuchPoint()
    return found


def point_slug_of_today(slug: str) -> str | None:
    """Give the address that a former one of a sales point has today."""
    target = db.session.scalar(
        select(FormerSlug.target_id).where(FormerSlug.kind == "sales_point", FormerSlug.slug == slug)
    )
    return db.session.scalar(select(SalesPoint.slug).where(SalesPoint.id == target)) if target else None


def consignor(organisation_id: int) -> Organisation:
    """Give the organisation that owns goods at a counter."""
    return db.session.get_one(Organisation, organisation_id)


class Offered(NamedTuple):
    """A lot at a counter, at the price agreed on the note it came with last."""

    lot_id: int
    product_vi: str
    product_en: str
    product_slug: str
    item_vi: str
    item_en: str
    number: str
    token: str
    gtin: str | None
    owner_id: int
    owner_vi: str
    owner_en: str
    owner_code: str
    state: LotState
    expires_on: date | None
    on_hand: int
    frozen: bool
    on_show: bool  #: its product has a page in the shop
    step_g: int | None  #: the grams of one, where it is sold by weight
    price_vnd: int


def goods_at(point: SalesPoint) -> list[Offered]:
    """List what lies at a counter, first to expire first (two statements)."""
    rows = db.session.execute(
        select(
            Balance.lot_id,
            ProductVersion.name_vi,
            ProductVersion.name_en,
            Product.slug,
            TradeItem.name_vi,
            TradeItem.name_en,
            Batch.number,
            Batch.token,
            TradeItem.gtin,
            Balance.owner_id,
            Organisation.name_vi,
            Organisation.name_en,
            Organisation.code,
            Lot.state,
            Batch.expires_on,
            Balance.on_hand,
            Balance.frozen,
            and_(Product.published_version_id.is_not(None), Organisation.is_active),
            case((TradeItem.by_weight, TradeItem.net_content)),
        )
        .join(Batch, Batch.lot_id == Balance.lot_id)
        .join(Lot, Lot.id == Balance.lot_id)
        .join(TradeItem, TradeItem.id == Batch.trade_item_id)
        .join(Product, Product.id == TradeItem.product_id)
        .join(ProductVersion, ProductVersion.id == known_version())
        .join(Organisation, Organisation.id == Balance.owner_id)
        .where(Balance.location_id == point.location_id, Balance.on_hand > 0)
        .order_by(Batch.expires_on.is_(None), Batch.expires_on, Batch.number, Balance.lot_id)
    ).all()
    prices = agreed_prices(point, [row[0] for row in rows])
    return [Offered._make((*row, prices[row[0]])) for row in rows if row[0] in prices]


def agreed_prices(point: SalesPoint, lot_ids: Iterable[int], *, consignor_id: int | None = None) -> dict[int, int]:
    """Give, by lot, the price agreed on the delivery received last at a sales point (one statement).

    :param consignor_id: whose deliveries to look at; everybody's when None
    """
    query = (
        select(NoteLine.lot_id, NoteLine.price_vnd)
        .join(Note, Note.id == NoteLine.note_id)
        .where(
            Note.sales_point_id == point.id,
            Note.kind == NoteKind.DELIVERY,
            Note.status == NoteStatus.RECEIVED,
            NoteLine.lot_id.in_(list(lot_ids)),
        )
        .order_by(Note.received_at, Note.id)
    )
    if consignor_id is not None:
        query = query.where(Note.consignor_id == consignor_id)
    return {row[0]: row[1] for row in db.session.execute(query)}


class Ready(NamedTuple):
    """A released batch in a producer's warehouse that may be put on a note."""

    lot_id: int
    product_vi: str
    product_en: str
    item_vi: str
    item_en: str
    number: str
    expires_on: date | None
    on_hand: int
    price_vnd: int | None
    step_g: int | None  #: the grams of one, where it is sold by weight


def ready_to_send(consignor_id: int, warehouse_id: int, day: date) -> list[Ready]:
    """List the batches a producer may put on a note, first to expire first, with today's price (one statement)."""
    price = (
        select(Price.amount_vnd)
        .where(Price.trade_item_id == TradeItem.id, Price.valid_from <= day)
        .order_by(Price.valid_from.desc(), Price.id.desc())
        .limit(1)
        .correlate(TradeItem)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(
            Balance.lot_id,
            ProductVersion.name_vi,
            ProductVersion.name_en,
            TradeItem.name_vi,
            TradeItem.name_en,
            Batch.number,
            Batch.expires_on,
            Balance.on_hand - Balance.allocated,
            price,
            case((TradeItem.by_weight, TradeItem.net_content)),
        )
        .join(Batch, Batch.lot_id == Balance.lot_id)
        .join(Lot, Lot.id == Balance.lot_id)
        .join(TradeItem, TradeItem.id == Batch.trade_item_id)
        .join(Product, Product.id == TradeItem.product_id)
        .join(ProductVersion, ProductVersion.id == known_version())
        .where(
            Balance.location_id == warehouse_id,
            Balance.owner_id == consignor_id,
            Balance.on_hand - Balance.allocated > 0,
            Balance.frozen.is_(False),
            Lot.state == LotState.RELEASED,
            or_(Batch.expires_on.is_(None), Batch.expires_on >= day),
        )
        .order_by(Batch.expires_on.is_(None), Batch.expires_on, Batch.number)
    )
    return [Ready._make(row) for row in rows]


class LotName(NamedTuple):
    """What a lot is called: product and pack, batch number, day it is best before."""

    lot_id: int
    product_vi: str
    product_en: str
    item_vi: str
    item_en: str
    number: str
    expires_on: date | None
    step_g: int | None  #: the grams of one, where it is sold by weight


def names_of(lot_ids: Iterable[int]) -> dict[int, LotName]:
    """Give, by lot, what the goods of a note are called (one statement)."""
    rows = db.session.execute(
        select(
            Batch.lot_id,
            ProductVersion.name_vi,
            ProductVersion.name_en,
            TradeItem.name_vi,
            TradeItem.name_en,
            Batch.number,
            Batch.expires_on,
            case((TradeItem.by_weight, TradeItem.net_content)),
        )
        .join(TradeItem, TradeItem.id == Batch.trade_item_id)
        .join(Product, Product.id == TradeItem.product_id)
        .join(ProductVersion, ProductVersion.id == known_version())
        .where(Batch.lot_id.in_(list(lot_ids)))
    )
    return {row[0]: LotName._make(row) for row in rows}


def notes_on_the_way(point: SalesPoint, kind: NoteKind) -> list[Note]:
    """List the notes on their way to a counter (deliveries) or from it (returns), oldest first."""
    return list(
        db.session.scalars(
            select(Note)
            .where(Note.sales_point_id == point.id, Note.kind == kind, Note.status == NoteStatus.SENT)
            .options(joinedload(Note.consignor), selectinload(Note.lines))
            .order_by(Note.sent_at, Note.id)
        )
    )


class DaySale(NamedTuple):
    """A sale of a day, and whether it was cancelled."""

    sale: Sale
    cancelled: SaleReversal | None


def sales_of(point: SalesPoint, day: date) -> list[DaySale]:
    """List the sales of a Viet Nam day at a counter, the latest first."""
    begin = clock.start_of_day(day)
    rows = db.session.execute(
        select(Sale, SaleReversal)
        .outerjoin(SaleReversal, SaleReversal.sale_id == Sale.id)
        .where(Sale.sales_point_id == point.id, Sale.sold_at >= begin, Sale.sold_at < begin + timedelta(days=1))
        .options(selectinload(Sale.lines))
        .order_by(Sale.id.desc())
    )
    return [DaySale._make(row) for row in rows]


class NoteRow(NamedTuple):
    """A note in a list."""

    number: str
    kind: NoteKind
    status: NoteStatus
    consignor_vi: str
    consignor_en: str
    point_vi: str
    point_en: str
    lines: int
    packs: int  #: of goods sold by weight, none
    weight_g: int  #: of goods sold by weight
    created_at: datetime
    is_sample: bool

    @property
    def goods(self) -> Apart:
        """Add up the goods, packs and what is sold by weight apart."""
        return Apart(self.packs, self.weight_g)


def list_notes(actor: Actor, *, status: NoteStatus | None = None, q: str = "") -> Select[Any]:
    """Select rows of notes an actor may see, for a list that pages and sorts them (see :class:`NoteRow`)."""
    mine = visible_to(actor).with_only_columns(Note.id).subquery()
    totals = (
        select(
            NoteLine.note_id,
            func.count().label("lines"),
            func.sum(case((TradeItem.by_weight, 0), else_=NoteLine.quantity)).label("packs"),
            func.sum(case((TradeItem.by_weight, NoteLine.quantity * TradeItem.net_content), else_=0)).label("weight_g"),
        )
        .join(Batch, Batch.lot_id == NoteLine.lot_id)
        .join(TradeItem, TradeItem.id == Batch.trade_item_id)
        .group_by(NoteLine.note_id)
        .subquery()
    )
    query = (
        select(
            Note.number,
            Note.kind,
            Note.status,
            Organisation.name_vi,
            Organisation.name_en,
            SalesPoint.name_vi,
            SalesPoint.name_en,
            totals.c.lines,
            totals.c.packs,
            totals.c.weight_g,
            Note.created_at,
            Note.is_sample,
        )
        .join(mine, mine.c.id == Note.id)
        .join(totals, totals.c.note_id == Note.id)
        .join(Organisation, Organisation.id == Note.consignor_id)
        .join(SalesPoint, SalesPoint.id == Note.sales_point_id)
    )
    if status is not None:
        query = query.where(Note.status == status)
    if q.strip():
        like = f"%{q.strip()}%"
        query = query.where(
            or_(Note.number.ilike(like), Organisation.name_vi.ilike(like), SalesPoint.name_vi.ilike(like))
        )
    return query
