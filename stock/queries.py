"""Reads of goods on hand and their movements, scoped to the actor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, ScalarSelect, Select, bindparam, case, func, or_, select
from sqlalchemy.orm import aliased

from accounts.actor import Actor
from accounts.models import Organisation
from accounts.queries import owned_by
from catalog.models import Product, ProductVersion, TradeItem
from catalog.queries import known_version
from kernel import text
from kernel.db import db, listed
from stock.models import Allocation, AllocationState, Balance, Location, LocationKind, Movement
from traceability.models import Batch, Lot, LotState

ON_HAND = (LocationKind.WAREHOUSE, LocationKind.SALES_POINT, LocationKind.IN_TRANSIT)


def visible_to(actor: Actor) -> Select[Balance]:
    """Select the balances an actor may see: of its own goods, at its own locations, or in its jurisdiction."""
    keeper = select(Location.id).where(owned_by(actor, Location.keeper_id))
    return select(Balance).where(or_(owned_by(actor, Balance.owner_id), Balance.location_id.in_(keeper)))


class OnHand(NamedTuple):
    """So much of a batch at a location."""

    lot_id: int
    product_vi: str
    product_en: str
    item_vi: str
    item_en: str
    number: str
    token: str
    owner_id: int
    owner_vi: str
    owner_en: str
    owner_code: str
    location_id: int
    location_vi: str
    location_en: str
    location_kind: LocationKind
    expires_on: date | None
    on_hand: int
    frozen: bool
    state: LotState
    step_g: int | None  #: the grams of one, where it is sold by weight


#: Columns that a list of goods can be sorted by.
SORTS: dict[str, Any] = {
    "ten": ProductVersion.sort_key,
    "lo": Batch.number,
    "noi": Location.name_vi,
    "han": Batch.expires_on,
    "con": Balance.on_hand,
}


def goods_on_hand(
    actor: Actor, *, q: str = "", location_id: int | None = None, kinds: tuple[LocationKind, ...] = ON_HAND
) -> Select[*tuple[Any, ...]]:
    """Select what an actor may see of what is on hand, for a list that pages it (see :class:`OnHand`).

    :param q: words to look for in the product's name and the batch number
    """
    owner = aliased(Organisation)
    query: Select[*tuple[Any, ...]] = (
        visible_to(actor)
        .with_only_columns(
            Balance.lot_id,
            ProductVersion.name_vi,
            ProductVersion.name_en,
            TradeItem.name_vi,
            TradeItem.name_en,
            Batch.number,
            Batch.token,
            Balance.owner_id,
            owner.name_vi,
            owner.name_en,
            owner.code,
            Balance.location_id,
            Location.name_vi,
            Location.name_en,
            Location.kind,
            Batch.expires_on,
            Balance.on_hand,
            Balance.frozen,
            Lot.state,
            case((TradeItem.by_weight, TradeItem.net_content)),
        )
        .join(Lot, Lot.id == Balance.lot_id)
        .join(Batch, Batch.lot_id == Balance.lot_id)
        .join(TradeItem, TradeItem.id == Batch.trade_item_id)
        .join(Product, Product.id == TradeItem.product_id)
        .join(ProductVersion, ProductVersion.id == known_version())
        .join(owner, owner.id == Balance.owner_id)
        .join(Location, Location.id == Balance.location_id)
        .where(Balance.on_hand > 0, Location.kind.in_(kinds))
    )
    if location_id is not None:
        query = query.where(Balance.location_id == location_id)
    for word in text.tokens(q):
        query = query.where(or_(ProductVersion.search.like(f"% {word}%"), Batch.number.icontains(word)))
    return query


def in_order(query: Select[*tuple[Any, ...]], sort: str, *, descending: bool) -> Select[*tuple[Any, ...]]:
    """Sort a list of goods on hand by one of :data:`SORTS`; what never expires comes after what does."""
    column = SORTS[sort]
    first = (Batch.expires_on.is_(None),) if sort == "han" else ()
    return query.order_by(
        *first, column.desc() if descending else column.asc(), Balance.lot_id, Balance.location_id, Balance.owner_id
    )


def places_of_lot(actor: Actor, lot_id: int) -> list[OnHand]:
    """List where the packs of a batch lie that an actor may see (one statement)."""
    found = goods_on_hand(actor).where(Balance.lot_id == lot_id)
    return [OnHand._make(row) for row in db.session.execute(in_order(found, "noi", descending=False))]


class Holder(NamedTuple):
    """Who has so much of a batch: at a place, under way, or sold."""

    keeper_vi: str
    keeper_en: str
    location_vi: str
    location_en: str
    location_kind: LocationKind
    lot_id: int
    product_vi: str
    product_en: str
    item_vi: str
    item_en: str
    number: str
    quantity: int
    frozen: bool
    step_g: int | None  #: the grams of one, where it is sold by weight


def holders_of(actor: Actor, lot_ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    """Select who has the packs of some batches that an actor may see, what was sold last (see :class:`Holder`)."""
    keeper = aliased(Organisation)
    sold = case((Location.kind == LocationKind.CUSTOMER, 1), else_=0)
    found: Select[*tuple[Any, ...]] = (
        visible_to(actor)
        .with_only_columns(
            keeper.name_vi,
            keeper.name_en,
            Location.name_vi,
            Location.name_en,
            Location.kind,
            Balance.lot_id,
            ProductVersion.name_vi,
            ProductVersion.name_en,
            TradeItem.name_vi,
            TradeItem.name_en,
            Batch.number,
            Balance.on_hand,
            Balance.frozen,
            case((TradeItem.by_weight, TradeItem.net_content)),
        )
        .join(Batch, Batch.lot_id == Balance.lot_id)
        .join(TradeItem, TradeItem.id == Batch.trade_item_id)
        .join(Product, Product.id == TradeItem.product_id)
        .join(ProductVersion, ProductVersion.id == Product.draft_version_id)
        .join(Location, Location.id == Balance.location_id)
        .join(keeper, keeper.id == Location.keeper_id)
        .where(
            Balance.lot_id.in_(listed(lot_ids)),
            Balance.on_hand > 0,
            Location.kind.in_((*ON_HAND, LocationKind.CUSTOMER)),
        )
        .order_by(sold, keeper.sort_key, Location.name_vi, Batch.number, Balance.lot_id, Balance.owner_id)
    )
    return found


class Moved(NamedTuple):
    """A movement, with the names of both ends."""

    at: datetime
    quantity: int
    source_vi: str
    source_en: str
    to_vi: str
    to_en: str
    document: str


def movements_of(actor: Actor, lot_id: int) -> Select[*tuple[Any, ...]]:
    """Select the movements of a lot that an actor may see, the latest first (see :class:`Moved`)."""
    source, to = aliased(Location), aliased(Location)
    found: Select[*tuple[Any, ...]] = (
        select(
            Movement.at,
            Movement.quantity,
            source.name_vi,
            source.name_en,
            to.name_vi,
            to.name_en,
            Movement.document,
        )
        .join(source, source.id == Movement.source_id)
        .join(to, to.id == Movement.to_id)
        .join(Lot, Lot.id == Movement.lot_id)
        .where(
            Movement.lot_id == lot_id,
            or_(owned_by(actor, Lot.owner_id), owned_by(actor, source.keeper_id), owned_by(actor, to.keeper_id)),
        )
        .order_by(Movement.id.desc())
    )
    return found


def available(item_ids: Sequence[int], day: date, now: datetime) -> dict[int, int]:
    """Tell how many packs of each trade item may be ordered now: in their owner's own warehouses, promised to nobody.

    :param day: in Viet Nam, on which they are still good

    What was held and is past its time counts as free (one statement).
    """
    if not item_ids:
        return {}
    found = db.session.execute(_FREE, {"item_ids": sorted(set(item_ids)), "day": day, "now": now})
    return {item_id: int(free) for item_id, free in found}


def past_its_time(wanted: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Ask something of what is held on a balance past its time (``now`` is bound), for a query that reads balances."""
    return (
        select(wanted)
        .where(
            Allocation.lot_id == Balance.lot_id,
            Allocation.location_id == Balance.location_id,
            Allocation.owner_id == Balance.owner_id,
            Allocation.state == AllocationState.HELD,
            Allocation.expires_at <= bindparam("now"),
        )
        .scalar_subquery()
    )


_PAST_ITS_TIME = past_its_time(func.coalesce(func.sum(Allocation.quantity), 0))
_FREE = (
    select(Batch.trade_item_id, func.sum(Balance.on_hand - Balance.allocated + _PAST_ITS_TIME))
    .select_from(Balance)
    .join(Batch, Batch.lot_id == Balance.lot_id)
    .join(Lot, Lot.id == Balance.lot_id)
    .join(Location, Location.id == Balance.location_id)
    .where(
        Batch.trade_item_id.in_(bindparam("item_ids", expanding=True)),
        Location.kind == LocationKind.WAREHOUSE,
        Location.keeper_id == Balance.owner_id,
        Balance.frozen.is_(False),
        Lot.state == LotState.RELEASED,
        or_(Batch.expires_on.is_(None), Batch.expires_on >= bindparam("day")),
    )
    .group_by(Batch.trade_item_id)
)
