"""Who bought recalled goods online: what is held back, under way, delivered; who was told of it, and how.

Read live, scoped to the orders an actor may see. Goods that came back, and orders that were cancelled or given another
batch, are no longer anybody's. Who bought is read from the purchase's contact and kept nowhere else: once that is
erased, the order stands here without a name.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, or_, select

from accounts.actor import Actor
from accounts.models import Organisation, User
from accounts.queries import owned_by
from kernel import amounts
from kernel.amounts import Apart
from kernel.db import db
from oversight import queries
from oversight.models import Recall, RecallBuyerTold, RecallLot
from stock.models import LIVE, Allocation, AllocationState
from storefront.order_models import Contact, Order, OrderLine, Parcel, ParcelState, Purchase
from storefront.order_queries import latest_parcel
from storefront.return_queries import lines_exchanged, packs_sent_back
from traceability.models import Batch, Lot
from traceability.queries import path_of


class Where(enum.StrEnum):
    """Where recalled goods of an order are."""

    HELD_BACK = "held_back"  #: not packed, and stopped: another batch, or the money back
    UNDER_WAY = "under_way"
    DELIVERED = "delivered"


class LotSold(NamedTuple):
    """So many packs of a recalled batch, in an order."""

    name_vi: str
    name_en: str
    number: str
    path: str  #: of the batch page
    step_g: int | None  #: sold by weight: the grams of one
    quantity: int


class Told(NamedTuple):
    """When a buyer was told in one way, and by whom."""

    at: datetime
    by: str | None


class Bought(NamedTuple):
    """An order with recalled goods. Name, telephone and e-mail are None once they were erased."""

    number: str
    purchase_id: int
    purchase_number: str
    token: str  #: of the purchase's page
    language: str
    producer: Organisation
    where: Where
    lots: tuple[LotSold, ...]
    buyer: str | None
    phone: str | None
    email: str | None
    written: Told | None
    called: Told | None

    @property
    def goods(self) -> Apart:
        """Add up the goods."""
        return amounts.apart((lot.quantity, lot.step_g) for lot in self.lots)

    @property
    def is_to_be_called(self) -> bool:
        """Tell whether only the telephone reaches the buyer, and nobody has called yet."""
        return self.email is None and self.phone is not None and self.called is None


def recall_for(actor: Actor, number: str) -> Recall:
    """Find a recall that an actor sees whole, or was given a notice of.

    :raises oversight.queries.NoSuchRecall:
    """
    told = queries.notices_visible_to(actor).subquery()
    whole = queries.visible_to(actor).with_only_columns(Recall.id)
    found = db.session.scalar(
        select(Recall).where(
            Recall.number == number, or_(Recall.id.in_(whole), Recall.id.in_(select(told.c.recall_id)))
        )
    )
    if found is None:
        raise queries.NoSuchRecall()
    return found


def bought_of(actor: Actor, recall: Recall, *, producer_id: int | None = None) -> list[Bought]:
    """List the orders with goods of a recall that an actor may see: held back first, then under way, delivered."""
    only = [Order.producer_id == producer_id] if producer_id is not None else []
    rows = db.session.execute(_rows(recall, owned_by(actor, Order.producer_id), *only)).all()
    ids = {row.Order.id for row in rows}
    paid = lines_exchanged(ids)
    told, back = _told(recall), packs_sent_back(ids | {order_id for order_id, _ in paid.values()})
    found: dict[tuple[str, Where], list[tuple[Any, int]]] = {}
    for row in rows:
        key = (*paid.get((row.Order.id, row.line), (row.Order.id, row.line)), row.lot_id)
        left = max(0, row.quantity - back[key])
        back[key] -= row.quantity - left
        if left:
            found.setdefault((row.Order.number, _where(row)), []).append((row, left))
    bought = [_bought(where, members, told) for (_, where), members in found.items()]
    return sorted(bought, key=lambda one: (list(Where).index(one.where), one.number))


def _rows(recall: Recall, *scope: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    maker = Organisation.__table__.alias("maker")
    return (
        select(
            Order,
            Purchase.number.label("purchase_number"),
            Purchase.token.label("purchase_token"),
            Purchase.language,
            Organisation,
            OrderLine.name_vi,
            OrderLine.name_en,
            OrderLine.step_g,
            Allocation.line,
            Allocation.lot_id,
            Allocation.quantity,
            Allocation.state,
            Parcel.state.label("parcel"),
            Lot.number.label("lot_number"),
            Batch.token,
            maker.c.code,
            Contact.name,
            Contact.phone,
            Contact.email,
        )
        .select_from(RecallLot)
        .join(Allocation, Allocation.lot_id == RecallLot.lot_id)
        .join(Purchase, Purchase.number == Allocation.document)
        .join(Order, Order.purchase_id == Purchase.id)
        .join(OrderLine, (OrderLine.order_id == Order.id) & (OrderLine.line == Allocation.line))
        .join(Organisation, Organisation.id == Order.producer_id)
        .join(Lot, Lot.id == Allocation.lot_id)
        .join(Batch, Batch.lot_id == Lot.id)
        .join(maker, maker.c.id == Lot.owner_id)
        .outerjoin(Parcel, Parcel.id == latest_parcel())
        .outerjoin(Contact, Contact.purchase_id == Purchase.id)
        .where(
            RecallLot.recall_id == recall.id,
            Allocation.state.in_((*LIVE, AllocationState.SHIPPED)),
            or_(Parcel.id.is_(None), Parcel.state != ParcelState.RETURNED),
            *scope,
        )
        .order_by(Order.id, Allocation.line, Allocation.id)
    )


def _where(row: Any) -> Where:
    if row.state in LIVE:
        return Where.HELD_BACK
    return Where.DELIVERED if row.parcel is ParcelState.DELIVERED else Where.UNDER_WAY


def _bought(where: Where, rows: list[tuple[Any, int]], told: dict[tuple[int, str], Told]) -> Bought:
    first = rows[0][0]
    return Bought(
        number=first.Order.number,
        purchase_id=first.Order.purchase_id,
        purchase_number=first.purchase_number,
        token=first.purchase_token,
        language=first.language,
        producer=first.Organisation,
        where=where,
        lots=tuple(_by_lot(rows)),
        buyer=first.name,
        phone=first.phone,
        email=first.email,
        written=told.get((first.Order.purchase_id, "mail")),
        called=told.get((first.Order.purchase_id, "phone")),
    )


def _by_lot(rows: Iterable[tuple[Any, int]]) -> list[LotSold]:
    lots = Counter[tuple[str, str, str, str, int | None]]()
    for row, left in rows:
        lots[row.name_vi, row.name_en, row.lot_number, path_of(row.code, row.token), row.step_g] += left
    return [LotSold(*key, quantity) for key, quantity in lots.items()]


def _told(recall: Recall) -> dict[tuple[int, str], Told]:
    rows = db.session.execute(
        select(RecallBuyerTold.purchase_id, RecallBuyerTold.channel, RecallBuyerTold.at, User.name)
        .outerjoin(User, User.id == RecallBuyerTold.by_id)
        .where(RecallBuyerTold.recall_id == recall.id)
    )
    return {(row[0], row[1]): Told(row[2], row[3]) for row in rows}
