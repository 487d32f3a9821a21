"""Reads of orders and parcels for those who have to pack them, scoped to the actor."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, case, func, or_, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from accounts import signing_in
from accounts.actor import Actor
from accounts.models import Organisation
from accounts.queries import owned_by
from kernel.db import db, listed
from kernel.errors import N_, NotFound
from kernel.models import AdministrativeUnit
from stock.allocation import may_be_picked, must_keep_until
from stock.models import Allocation, AllocationState, Balance, Location
from storefront.dispute_queries import keeps_back
from storefront.order_models import (
    CodState,
    Contact,
    Order,
    OrderLine,
    OrderStep,
    Parcel,
    ParcelState,
    PaymentMethod,
    Placement,
    Purchase,
)
from traceability.models import Batch, Lot, LotState


class NoSuchOrder(NotFound):
    message = N_("There is no such order.")


class NoSuchParcel(NotFound):
    message = N_("There is no such parcel.")


class Stage(enum.StrEnum):
    """What an order waits for: worked out from its placement and its latest parcel, never stored."""

    TO_PACK = "to_pack"
    WAITING = "waiting"  #: for its money
    KEPT_BACK = "kept_back"  #: paid by card, and the payer's bank asks for the money back
    ON_THE_WAY = "on_the_way"
    TROUBLE = "trouble"  #: not delivered, or on its way back
    DELIVERED = "delivered"
    RETURNED = "returned"
    CANCELLED = "cancelled"


def visible_to(actor: Actor) -> Select[Order]:
    """Select the orders an actor may see: its own, or those of its jurisdiction."""
    return select(Order).where(owned_by(actor, Order.producer_id))


def parcels_visible_to(actor: Actor) -> Select[Parcel]:
    """Select the parcels of the orders an actor may see."""
    return select(Parcel).join(Order, Order.id == Parcel.order_id).where(owned_by(actor, Order.producer_id))


def get_order(actor: Actor, number: str) -> Order:
    """Find an order by its number, with all that its page shows.

    :raises NoSuchOrder: if there is none that the actor may see
    """
    found = db.session.scalar(
        visible_to(actor)
        .where(Order.number == number)
        .options(
            joinedload(Order.purchase).joinedload(Purchase.contact),
            joinedload(Order.producer),
            selectinload(Order.lines).joinedload(OrderLine.trade_item),
            selectinload(Order.parcels).selectinload(Parcel.steps),
        )
    )
    if found is None:
        raise NoSuchOrder()
    return found


def get_parcel(actor: Actor, number: str) -> Parcel:
    """Find a parcel by its number.

    :raises NoSuchParcel: if there is none that the actor may see
    """
    found = db.session.scalar(parcels_visible_to(actor).where(Parcel.number == number))
    if found is None:
        raise NoSuchParcel()
    return found


# --- Lists --------------------------------------------------------------------------------------------


class OrderRow(NamedTuple):
    """A line of the list of orders. Name, telephone and address are None once they were erased."""

    id: int
    number: str
    placed_at: datetime
    producer_vi: str
    producer_en: str
    method: PaymentMethod
    discount_vnd: int
    total_vnd: int
    delivery: str
    stage: str
    has_note: bool
    buyer: str | None
    phone: str | None
    address: str | None
    commune: str | None
    province: str | None
    parcel: str | None
    carrier: str | None
    code: str | None
    cod_state: CodState | None
    cod_vnd: int | None
    packs: int
    invoice_number: str


def latest_parcel(order_id: Any = Order.id) -> ScalarSelect[int]:
    """Say in SQL which is the latest parcel of the order in a column of the query around it."""
    parcel = aliased(Parcel)
    return select(func.max(parcel.id)).where(parcel.order_id == order_id).correlate_except(parcel).scalar_subquery()


def stage() -> ColumnElement[str]:
    """Say in SQL at which stage an order is (its latest parcel joined outer)."""
    return case(
        (Order.placement == Placement.CANCELLED, Stage.CANCELLED.value),
        (Order.placement == Placement.PLACED, Stage.WAITING.value),
        (and_(Parcel.id.is_(None), keeps_back()), Stage.KEPT_BACK.value),
        (Parcel.id.is_(None), Stage.TO_PACK.value),
        (Parcel.state == ParcelState.DELIVERED, Stage.DELIVERED.value),
        (Parcel.state.in_([ParcelState.FAILED, ParcelState.RETURNING]), Stage.TROUBLE.value),
        (Parcel.state == ParcelState.RETURNED, Stage.RETURNED.value),
        else_=Stage.ON_THE_WAY.value,
    )


def stage_of(order: Order) -> Stage:
    """Give the stage of one order."""
    found = db.session.scalars(
        select(stage()).select_from(Order).outerjoin(Parcel, Parcel.id == latest_parcel()).where(Order.id == order.id)
    ).one()
    return Stage(found)


def list_orders(actor: Actor, *, at: Stage | None = None, q: str = "") -> Select[*tuple[Any, ...]]:
    """Select :class:`OrderRow` columns of the orders an actor may see; the caller says their order.

    :param q: a number of an order or a parcel, a carrier's code, or a telephone number (its last four digits do)
    """
    province = aliased(AdministrativeUnit)
    each = case((OrderLine.step_g.is_not(None), 1), else_=OrderLine.quantity)  # a weight goes into one bag
    packs = select(func.sum(each)).where(OrderLine.order_id == Order.id, OrderLine.of_line.is_(None)).correlate(Order)
    query = (
        select(
            Order.id,
            Order.number,
            Order.placed_at,
            Organisation.name_vi,
            Organisation.name_en,
            Purchase.method,
            Order.discount_vnd,
            Order.total_vnd,
            Order.delivery,
            stage().label("stage"),
            (Order.note != "").label("has_note"),
            Contact.name,
            Contact.phone,
            Contact.line,
            (AdministrativeUnit.kind_vi + " " + AdministrativeUnit.name_vi).label("commune"),
            province.name_vi.label("province"),
            Parcel.number.label("parcel"),
            Parcel.carrier,
            Parcel.code,
            Parcel.cod_state,
            Parcel.cod_vnd,
            packs.scalar_subquery().label("packs"),
            Order.invoice_number,
        )
        .select_from(Order)
        .join(Purchase, Purchase.id == Order.purchase_id)
        .join(Organisation, Organisation.id == Order.producer_id)
        .outerjoin(Parcel, Parcel.id == latest_parcel())
        .outerjoin(Contact, Contact.purchase_id == Purchase.id)
        .outerjoin(
            AdministrativeUnit,
            and_(
                AdministrativeUnit.code == Contact.commune_code,
                AdministrativeUnit.valid_from == Contact.commune_valid_from,
            ),
        )
        .outerjoin(
            province,
            and_(
                province.code == AdministrativeUnit.parent_code,
                province.level == "province",
                province.valid_until.is_(None),
            ),
        )
        .where(owned_by(actor, Order.producer_id))
    )
    if at is not None:
        query = query.where(stage() == at.value)
    if q:
        query = query.where(_asked_for(q))
    return query


def _asked_for(q: str) -> ColumnElement[bool]:
    number = q.upper().replace("%", "").replace("_", "")
    either = [Order.number.contains(number), Parcel.number == number, Parcel.code == number]
    phone = signing_in.as_phone(q)
    digits = "".join(sign for sign in q if sign.isascii() and sign.isdigit())
    if phone is not None:
        either.append(Contact.phone == phone)
    elif len(digits) >= 4 and not number.startswith(("DH", "KH")):
        either.append(Contact.phone.endswith(digits.removeprefix("0")))
    return or_(*either)


def counts(actor: Actor) -> dict[Stage, int]:
    """Count the orders an actor may see by stage."""
    found = stage().label("stage")
    rows = db.session.execute(
        select(found, func.count())
        .select_from(Order)
        .outerjoin(Parcel, Parcel.id == latest_parcel())
        .where(owned_by(actor, Order.producer_id))
        .group_by(found)
    )
    return {Stage(name): count for name, count in rows}


# --- What lies where ----------------------------------------------------------------------------------


class PickRow(NamedTuple):
    """So many packs of a batch to take from a place, for a line of an order."""

    allocation: Allocation
    lot_number: str
    lot_state: LotState
    frozen: bool
    expires_on: date | None
    place_vi: str
    place_en: str

    def keeps(self, comes_on: date) -> bool:
        """Tell whether the batch is good on the last day on which the goods may come, and as long as was promised."""
        return self.expires_on is None or self.expires_on >= must_keep_until(self.allocation, comes_on)


def picks_of(orders: Sequence[Order]) -> dict[int, dict[int, list[PickRow]]]:
    """List what is picked for orders, and what was shipped: {order id: {line: rows}}, first to expire first."""
    if not orders:
        return {}
    documents = {order.purchase.number for order in orders}
    rows = db.session.execute(
        select(Allocation, Lot.number, Lot.state, Balance.frozen, Batch.expires_on, Location.name_vi, Location.name_en)
        .join(Lot, Lot.id == Allocation.lot_id)
        .join(Batch, Batch.lot_id == Allocation.lot_id)
        .join(Location, Location.id == Allocation.location_id)
        .join(
            Balance,
            and_(
                Balance.lot_id == Allocation.lot_id,
                Balance.location_id == Allocation.location_id,
                Balance.owner_id == Allocation.owner_id,
            ),
        )
        .where(
            Allocation.document.in_(listed(sorted(documents))),
            Allocation.state != AllocationState.RELEASED,
        )
        .order_by(Allocation.line, Batch.expires_on.is_(None), Batch.expires_on, Allocation.id)
    )
    by_line: dict[tuple[str, int], list[PickRow]] = {}
    for row in rows:
        by_line.setdefault((row[0].document, row[0].line), []).append(PickRow._make(row))
    return {
        order.id: {line.line: by_line.get((order.purchase.number, line.line), []) for line in order.lines}
        for order in orders
    }


class Other(NamedTuple):
    """Another batch that could be taken instead: so many packs of it are free at the same place."""

    lot_id: int
    number: str
    expires_on: date | None
    free: int


def others_for(picked: Allocation, comes_on: date) -> list[Other]:
    """List the batches that could be taken instead of the one that was picked, first to expire first.

    :param comes_on: the last day on which the goods may come
    """
    free = Balance.on_hand - Balance.allocated
    rows = db.session.execute(
        select(Lot.id, Lot.number, Batch.expires_on, free)
        .select_from(Balance)
        .join(Lot, Lot.id == Balance.lot_id)
        .join(Batch, Batch.lot_id == Balance.lot_id)
        .join(Location, Location.id == Balance.location_id)
        .where(
            Batch.trade_item_id == picked.trade_item_id,
            Balance.owner_id == picked.owner_id,
            Balance.location_id == picked.location_id,
            Balance.lot_id != picked.lot_id,
            free >= picked.quantity,
            may_be_picked(must_keep_until(picked, comes_on)),
        )
        .order_by(Batch.expires_on.is_(None), Batch.expires_on, Batch.made_on, Lot.id)
    )
    return [Other._make(row) for row in rows]


def to_pack(actor: Actor, *, most: int = 500) -> Sequence[Order]:
    """List the orders that wait to be packed, the oldest first, with what their papers show."""
    packed = select(Parcel.id).where(Parcel.order_id == Order.id).exists()
    return db.session.scalars(
        visible_to(actor)
        .where(Order.placement == Placement.CONFIRMED, ~packed, ~keeps_back())
        .options(
            joinedload(Order.purchase).joinedload(Purchase.contact),
            joinedload(Order.producer),
            selectinload(Order.lines).joinedload(OrderLine.trade_item),
        )
        .order_by(Order.producer_id, Order.placed_at, Order.id)
        .limit(most)
    ).all()


# --- What happened ------------------------------------------------------------------------------------


def steps_of(order: Order) -> Sequence[OrderStep]:
    """List the steps of an order, the oldest first."""
    return db.session.scalars(select(OrderStep).where(OrderStep.order_id == order.id).order_by(OrderStep.id)).all()


class CashRow(NamedTuple):
    """A parcel whose cash is not reconciled yet."""

    number: str
    order_number: str
    producer_vi: str
    producer_en: str
    carrier: str
    code: str | None
    state: ParcelState
    cod_state: CodState
    cod_vnd: int
    delivered_at: datetime | None


def cash_to_come(actor: Actor) -> list[CashRow]:
    """List the parcels whose cash is under way, the longest first."""
    rows = db.session.execute(
        select(
            Parcel.number,
            Order.number,
            Organisation.name_vi,
            Organisation.name_en,
            Parcel.carrier,
            Parcel.code,
            Parcel.state,
            Parcel.cod_state,
            Parcel.cod_vnd,
            Parcel.delivered_at,
        )
        .join(Order, Order.id == Parcel.order_id)
        .join(Organisation, Organisation.id == Order.producer_id)
        .where(
            owned_by(actor, Order.producer_id),
            Parcel.cod_state.in_([CodState.DUE, CodState.COLLECTED, CodState.HANDED_OVER]),
        )
        .order_by(Parcel.created_at, Parcel.id)
    )
    return [CashRow._make(row) for row in rows]
