"""Reads of goods that go back: by the link of an order, and in the back office, scoped to the actor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased, contains_eager, joinedload, selectinload

from accounts.actor import Actor
from accounts.queries import owned_by
from kernel.db import db, listed
from kernel.errors import N_, NotFound
from stock.models import Allocation, AllocationState, Location, LocationKind
from storefront import dispute_queries, return_rules
from storefront.order_models import Order, OrderLine, Parcel, ParcelState, Placement, Purchase
from storefront.order_queries import latest_parcel
from storefront.return_models import (
    GoodsReturn,
    LineBalance,
    ReturnLine,
    ReturnLot,
    ReturnReason,
    ReturnRefund,
    ReturnState,
)
from traceability.models import Batch, Lot, LotState

MOST_LISTED = 200


class NoSuchReturn(NotFound):
    message = N_("There is no such return.")


# --- What may go back ---------------------------------------------------------------------------------


def lines_of(order: Order) -> list[OrderLine]:
    """List the lines of an order whose goods may go back: of a set its parts, each for its share of the money."""
    sets = {line.of_line for line in order.lines if line.of_line is not None}
    return [line for line in order.lines_left if line.line not in sets]


def came_at(order: Order) -> datetime | None:
    """Say when the goods of an order came, or those that were exchanged for them; None: they have not, or went back."""
    if order.packed_at is None:
        return None
    delivered = select(func.max(Parcel.delivered_at)).where(
        Parcel.state == ParcelState.DELIVERED, Parcel.id == latest_parcel(Parcel.order_id)
    )
    own = db.session.scalar(delivered.where(Parcel.order_id == order.id))
    if own is None:
        return None
    anew = select(GoodsReturn.exchange_order_id).where(GoodsReturn.order_id == order.id)
    later = db.session.scalar(delivered.where(Parcel.order_id.in_(anew)))
    return max(own, later or own)


def is_exchange(order: Order) -> bool:
    """Tell whether an order brings goods for others that were sent back."""
    return exchanged_by(order) is not None


def exchanged_by(order: Order) -> GoodsReturn | None:
    """Give the return that an order brings the same goods anew for."""
    return db.session.scalar(_EXCHANGED_BY, {"order_id": order.id})


_EXCHANGED_BY = (
    select(GoodsReturn)
    .where(GoodsReturn.exchange_order_id == bindparam("order_id"))
    .options(joinedload(GoodsReturn.order))
)


def recalled_lines(order: Order) -> set[int]:
    """List the lines of an order with goods of a batch that is recalled."""
    return {row.line for row in _sent(order) if row.state is LotState.RECALLED}


@dataclass(frozen=True)
class Returnable:
    """A line of an order, and how many of it may still be sent back."""

    bought: OrderLine
    left: int


def returnable(order: Order, now: datetime) -> list[Returnable]:
    """List the lines of an order that may be asked to go back now, for whatever reason."""
    came = came_at(order)
    if came is None or is_exchange(order) or dispute_queries.payer_has_it(order):
        return []
    recalled = recalled_lines(order)
    in_time = any(return_rules.is_in_time(one, came, now) for one in ReturnReason if one is not ReturnReason.RECALLED)
    asked: dict[int, int] = dict(
        db.session.execute(select(LineBalance.line, LineBalance.claimed).where(LineBalance.order_id == order.id)).all()
    )
    made_good = select(ReturnLine.line, func.sum(ReturnLine.quantity)).join(
        GoodsReturn, GoodsReturn.id == ReturnLine.return_id
    )
    made_good = made_good.where(
        GoodsReturn.order_id == order.id, GoodsReturn.state == ReturnState.EXCHANGING, exchange_came()
    ).group_by(ReturnLine.line)
    anew: dict[int, int] = {line: int(many) for line, many in db.session.execute(made_good)}
    found = [
        Returnable(line, line.quantity - asked.get(line.line, 0) + anew.get(line.line, 0))
        for line in lines_of(order)
        if in_time or line.line in recalled
    ]
    return [row for row in found if row.left > 0]


def exchange_came() -> ColumnElement[bool]:
    """Say in SQL that the goods sent anew for a return were delivered."""
    parcel = aliased(Parcel)
    last = latest_parcel(GoodsReturn.exchange_order_id)
    return exists().where(parcel.id == last, parcel.state == ParcelState.DELIVERED)


def exchange_failed() -> ColumnElement[bool]:
    """Say in SQL that the goods that were to come anew never do: called off, or nobody took them."""
    parcel, anew = aliased(Parcel), aliased(Order)
    last = latest_parcel(GoodsReturn.exchange_order_id)
    return or_(
        exists().where(parcel.id == last, parcel.state == ParcelState.RETURNED),
        exists().where(anew.id == GoodsReturn.exchange_order_id, anew.placement == Placement.CANCELLED),
    )


# --- What was sent, and what came back ----------------------------------------------------------------


class Sent(NamedTuple):
    """So many packs of a lot that the buyer has of a line, and where they were sent from."""

    line: int
    lot_id: int
    number: str
    state: LotState
    expires_on: date | None
    location_id: int
    owner_id: int
    left: int


def lots_of(made: GoodsReturn) -> list[Sent]:
    """List the lots that the lines of a return may be of: those that were sent and did not come back."""
    lines = {row.line for row in made.lines}
    return [row for row in _sent(made.order) if row.line in lines and row.left > 0]


def _sent(order: Order) -> list[Sent]:
    """List what came of an order, line by line, goods sent anew among it, less what was sent back."""
    anew: dict[int, int] = {}
    came = select(ReturnLine.line, ReturnLine.exchange_line).join(GoodsReturn, GoodsReturn.id == ReturnLine.return_id)
    for line, number in db.session.execute(came.where(GoodsReturn.order_id == order.id, exchange_came())):
        if number is not None:
            anew[number] = line
    numbers = [line.line for line in order.lines] + sorted(anew)
    rows = db.session.execute(
        select(
            Allocation.line,
            Allocation.lot_id,
            Lot.number,
            Lot.state,
            Batch.expires_on,
            func.min(Allocation.location_id),
            Allocation.owner_id,
            func.sum(Allocation.quantity),
        )
        .join(Lot, Lot.id == Allocation.lot_id)
        .join(Batch, Batch.lot_id == Lot.id)
        .where(
            Allocation.document == order.purchase.number,
            Allocation.state == AllocationState.SHIPPED,
            Allocation.line.in_(numbers),
        )
        .group_by(Allocation.line, Allocation.lot_id, Lot.number, Lot.state, Batch.expires_on, Allocation.owner_id)
        .order_by(Allocation.line, Batch.expires_on, Allocation.lot_id)
    )
    back = {
        (line, lot_id): int(many)
        for line, lot_id, many in db.session.execute(
            select(ReturnLot.line, ReturnLot.lot_id, func.sum(ReturnLot.quantity))
            .join(GoodsReturn, GoodsReturn.id == ReturnLot.return_id)
            .where(GoodsReturn.order_id == order.id)
            .group_by(ReturnLot.line, ReturnLot.lot_id)
        )
    }
    found: dict[tuple[int, int], Sent] = {}
    for row in rows:
        sent = Sent(anew.get(row[0], row[0]), *row[1:7], int(row[7]))
        key = (sent.line, sent.lot_id)
        found[key] = found[key]._replace(left=found[key].left + sent.left) if key in found else sent
    return [row._replace(left=row.left - back.get(key, 0)) for key, row in found.items()]


def arrived(made: GoodsReturn) -> Sequence[ReturnLot]:
    """List what came back of a return, line by line."""
    return db.session.scalars(
        select(ReturnLot)
        .where(ReturnLot.return_id == made.id)
        .options(joinedload(ReturnLot.lot), joinedload(ReturnLot.location))
        .order_by(ReturnLot.line, ReturnLot.lot_id, ReturnLot.condition)
    ).all()


def warehouses_of(organisation_id: int) -> Sequence[Location]:
    """List the warehouses that goods may come back to."""
    return db.session.scalars(
        select(Location)
        .where(Location.keeper_id == organisation_id, Location.kind == LocationKind.WAREHOUSE)
        .order_by(Location.id)
    ).all()


class Worth(NamedTuple):
    """What a return is worth: for the packs of each line, and of what the delivery had cost."""

    lines: Mapping[int, int]
    delivery_vnd: int

    @property
    def goods_vnd(self) -> int:
        """What it is worth for its goods."""
        return sum(self.lines.values())


def worth_of(made: GoodsReturn) -> Worth:
    """Say what a return that is not settled is worth."""
    order, whole = made.order, True
    balances = {
        row.line: row for row in db.session.scalars(select(LineBalance).where(LineBalance.order_id == order.id))
    }
    back = {row.line: row.quantity for row in made.lines}
    lines = {
        line: return_rules.part_of_line(
            balance.paid_vnd, balance.delivered, before=balance.refunded, now=back.get(line, 0)
        )
        for line, balance in balances.items()
    }
    for bought in lines_of(order):
        found = balances.get(bought.line)
        whole = whole and found is not None and found.refunded + back.get(bought.line, 0) == found.delivered
    delivery = return_rules.part_of_delivery(
        delivery_of(order),
        given_vnd=delivery_given(order),
        reason=made.reason,
        is_whole=whole,
    )
    return Worth(lines, delivery)


def delivery_of(order: Order) -> int:
    """Say what the buyer paid for the delivery of an order."""
    return order.total_vnd - sum(line.amount_vnd - line.discount_vnd for line in order.lines)


def delivery_given(order: Order) -> int:
    """Say how much of what the delivery had cost goes back already."""
    total = select(func.coalesce(func.sum(GoodsReturn.delivery_vnd), 0)).where(GoodsReturn.order_id == order.id)
    return int(db.session.scalar(total) or 0)


# --- By the link of an order --------------------------------------------------------------------------


def returns_of(purchase: Purchase) -> list[GoodsReturn]:
    """List the returns of a purchase, the latest first."""
    if all(order.packed_at is None for order in purchase.orders):
        return []
    return list(
        db.session.scalars(
            select(GoodsReturn)
            .join(Order, Order.id == GoodsReturn.order_id)
            .where(Order.purchase_id == purchase.id)
            .options(
                contains_eager(GoodsReturn.order).joinedload(Order.producer),
                selectinload(GoodsReturn.lines).joinedload(ReturnLine.bought),
            )
            .order_by(GoodsReturn.id.desc())
        )
    )


def return_of(purchase: Purchase, number: str) -> GoodsReturn:
    """Find a return of a purchase by its number.

    :raises NoSuchReturn:
    """
    found = next((one for one in returns_of(purchase) if one.number == number), None)
    if found is None:
        raise NoSuchReturn()
    return found


# --- In the back office -------------------------------------------------------------------------------


def visible_to(actor: Actor) -> Select[GoodsReturn]:
    """Select the returns an actor may see: of a producer's own orders, or in an office's jurisdiction."""
    order = aliased(Order)
    return select(GoodsReturn).where(
        exists().where(order.id == GoodsReturn.order_id, owned_by(actor, order.producer_id))
    )


def get_return(actor: Actor, number: str) -> GoodsReturn:
    """Find a return.

    :raises NoSuchReturn: if there is none that the actor may see
    """
    found = db.session.scalar(
        visible_to(actor)
        .where(GoodsReturn.number == number)
        .options(
            joinedload(GoodsReturn.order).joinedload(Order.producer),
            joinedload(GoodsReturn.order).joinedload(Order.purchase).joinedload(Purchase.contact),
            selectinload(GoodsReturn.lines).joinedload(ReturnLine.bought),
            selectinload(GoodsReturn.photos),
            selectinload(GoodsReturn.steps),
            selectinload(GoodsReturn.refunds).joinedload(ReturnRefund.refund),
        )
    )
    if found is None:
        raise NoSuchReturn()
    return found


def to_do() -> ColumnElement[bool]:
    """Say in SQL that the producer has to do something: decide, or make an exchange good."""
    waits = and_(
        GoodsReturn.state == ReturnState.EXCHANGING,
        or_(GoodsReturn.exchange_order_id.is_(None), exchange_failed()),
    )
    return or_(GoodsReturn.state == ReturnState.ASKED, waits)


def is_late(now: datetime) -> ColumnElement[bool]:
    """Say in SQL that the producer should have said something by now."""
    return and_(GoodsReturn.state == ReturnState.ASKED, GoodsReturn.answer_by < now)


def late_among(found: Collection[GoodsReturn], now: datetime) -> set[int]:
    """Tell which of these returns are late."""
    ids = [made.id for made in found]
    return set(db.session.scalars(select(GoodsReturn.id).where(GoodsReturn.id.in_(listed(ids)), is_late(now))))


def list_returns(actor: Actor, view: str) -> tuple[list[GoodsReturn], dict[str, int]]:
    """List the returns an actor may see: what waits the oldest first, what is over the latest first.

    :param view: "to_do", "awaited", "over", or "" for all
    :return: the returns, and how many there are in each view
    """
    over = GoodsReturn.closed_at.is_not(None)
    views: dict[str, ColumnElement[bool]] = {
        "to_do": to_do(),
        "awaited": GoodsReturn.state == ReturnState.AWAITED,
        "over": over,
    }
    counted = visible_to(actor).with_only_columns(
        func.count(), *[func.count().filter(condition) for condition in views.values()]
    )
    total, *many = db.session.execute(counted).one()
    query = visible_to(actor).options(
        joinedload(GoodsReturn.order).joinedload(Order.producer),
        selectinload(GoodsReturn.lines).joinedload(ReturnLine.bought),
    )
    if view in views:
        query = query.where(views[view])
    order = GoodsReturn.id.desc() if view in ("", "over") else GoodsReturn.id
    found = list(db.session.scalars(query.order_by(order).limit(MOST_LISTED)))
    return found, {"": total, **dict(zip(views, many, strict=True))}


def of_order(order: Order) -> Sequence[GoodsReturn]:
    """List the returns of an order, the oldest first."""
    return db.session.scalars(
        select(GoodsReturn).where(GoodsReturn.order_id == order.id).order_by(GoodsReturn.id)
    ).all()


def of_refund(refund_id: int) -> GoodsReturn | None:
    """Give the return that a refund was claimed for, with where the buyer wants its money."""
    return db.session.scalar(
        select(GoodsReturn)
        .join(ReturnRefund, ReturnRefund.return_id == GoodsReturn.id)
        .where(ReturnRefund.refund_id == refund_id)
        .options(joinedload(GoodsReturn.account))
    )


def lines_exchanged(order_ids: Collection[int]) -> dict[tuple[int, int], tuple[int, int]]:
    """Tell for what lines of orders were sent in exchange: (order, line) → (order, line) that was paid.

    What of them goes back is written down for the line that was paid.
    """
    rows = db.session.execute(
        select(GoodsReturn.exchange_order_id, ReturnLine.exchange_line, ReturnLine.order_id, ReturnLine.line)
        .join(ReturnLine, ReturnLine.return_id == GoodsReturn.id)
        .where(GoodsReturn.exchange_order_id.in_(listed(sorted(order_ids))), ReturnLine.exchange_line.is_not(None))
    )
    return {(order_id or 0, line or 0): (paid, its_line) for order_id, line, paid, its_line in rows}


def packs_sent_back(order_ids: Collection[int]) -> Counter[tuple[int, int, int]]:
    """Count the packs of orders that were delivered and came back: (order, line, lot) → packs."""
    rows = db.session.execute(
        select(GoodsReturn.order_id, ReturnLot.line, ReturnLot.lot_id, func.sum(ReturnLot.quantity))
        .join(GoodsReturn, GoodsReturn.id == ReturnLot.return_id)
        .where(GoodsReturn.order_id.in_(listed(sorted(order_ids))))
        .group_by(GoodsReturn.order_id, ReturnLot.line, ReturnLot.lot_id)
    )
    return Counter({(row[0], row[1], row[2]): int(row[3]) for row in rows})
