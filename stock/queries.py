"""Reads of goods on hand and their movements, scoped to the actor."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import aliased

from accounts.actor import Actor
from accounts.models import Organisation
from accounts.queries import owned_by
from catalog.models import Product, ProductVersion, TradeItem
from kernel import text
from kernel.db import db
from stock.models import Balance, Location, LocationKind, Movement
from traceability.models import Batch, Lot

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
    owner_code: str
    location_id: int
    location_vi: str
    location_kind: LocationKind
    expires_on: object
    on_hand: int
    frozen: bool


def goods_on_hand(
    actor: Actor, *, q: str = "", location_id: int | None = None, kinds: tuple[LocationKind, ...] = ON_HAND
) -> list[OnHand]:
    """List what is on hand, first to expire first (one statement).

    :param q: words to look for in the product's name and the batch number
    """
    mine = visible_to(actor).subquery()
    row = aliased(Balance, mine)
    owner = aliased(Organisation)
    query = (
        select(
            row.lot_id,
            ProductVersion.name_vi,
            ProductVersion.name_en,
            TradeItem.name_vi,
            TradeItem.name_en,
            Batch.number,
            Batch.token,
            row.owner_id,
            owner.name_vi,
            owner.code,
            row.location_id,
            Location.name_vi,
            Location.kind,
            Batch.expires_on,
            row.on_hand,
            row.frozen,
        )
        .join(Batch, Batch.lot_id == row.lot_id)
        .join(TradeItem, TradeItem.id == Batch.trade_item_id)
        .join(Product, Product.id == TradeItem.product_id)
        .join(ProductVersion, ProductVersion.id == Product.draft_version_id)
        .join(owner, owner.id == row.owner_id)
        .join(Location, Location.id == row.location_id)
        .where(row.on_hand > 0, Location.kind.in_(kinds))
        .order_by(Batch.expires_on.is_(None), Batch.expires_on, Batch.number, Location.id)
    )
    if location_id is not None:
        query = query.where(row.location_id == location_id)
    for word in text.tokens(q):
        query = query.where(or_(ProductVersion.search.like(f"% {word}%"), Batch.number.ilike(f"%{word}%")))
    return [OnHand._make(found) for found in db.session.execute(query)]


class Moved(NamedTuple):
    """A movement, with the names of both ends."""

    at: datetime
    quantity: int
    source_vi: str
    to_vi: str
    document: str


def movements_of(actor: Actor, lot_id: int) -> list[Moved]:
    """List the movements of a lot that an actor may see, the latest first (one statement)."""
    source, to = aliased(Location), aliased(Location)
    rows = db.session.execute(
        select(Movement.at, Movement.quantity, source.name_vi, to.name_vi, Movement.document)
        .join(source, source.id == Movement.source_id)
        .join(to, to.id == Movement.to_id)
        .join(Lot, Lot.id == Movement.lot_id)
        .where(
            Movement.lot_id == lot_id,
            or_(owned_by(actor, Lot.owner_id), owned_by(actor, source.keeper_id), owned_by(actor, to.keeper_id)),
        )
        .order_by(Movement.id.desc())
    )
    return [Moved._make(row) for row in rows]
