"""Proof that lots, events and stock agree: ``flask --app wsgi trace verify``."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, case, exists, func, or_, select
from sqlalchemy.orm import aliased

from kernel.db import db
from stock import verification
from stock.models import Balance, Location, LocationKind
from traceability.models import EventLot, Lot, LotInput, LotKind, LotState, TraceEvent

STOPPED = (LotState.HELD, LotState.RECALLED)


def verify() -> list[str]:
    """Compare what lots, edges, events and balances say; give a line for each difference (none: all agree).

    Laws: what was used of a lot is the sum of its edges; the event of a making names the same quantities as its
    edges and its lot; what was made less what was used came into the stock, once it was released; a balance is
    frozen exactly while its lot is held or recalled; and the laws of the ledger itself.
    """
    return [
        *_used_against_edges(),
        *_edges_against_events(),
        *_events_against_edges(),
        *_makings_against_lots(),
        *_released_against_stock(),
        *_stored_against_stock(),
        *_frozen_against_states(),
        *verification.verify(),
    ]


def _named(lot_id: int, number: str) -> str:
    return f"lot {lot_id} ({number})"


def _standing() -> Any:
    """Say in SQL that no later event corrects this one."""
    newer = aliased(TraceEvent)
    return ~exists().where(newer.corrects_id == TraceEvent.id)


def _used_against_edges() -> list[str]:
    edges = (
        select(LotInput.input_id, func.sum(LotInput.quantity).label("quantity")).group_by(LotInput.input_id).subquery()
    )
    rows = db.session.execute(
        select(Lot.id, Lot.number, Lot.used, func.coalesce(edges.c.quantity, 0))
        .outerjoin(edges, edges.c.input_id == Lot.id)
        .where(Lot.used != func.coalesce(edges.c.quantity, 0))
        .order_by(Lot.id)
    )
    return [f"{_named(id, number)}: {used} of it were used, its edges say {edges}" for id, number, used, edges in rows]


def _told_edges() -> Any:
    """Read, from the makings that stand, what went into what."""
    output, source = aliased(EventLot), aliased(EventLot)
    return (
        select(
            output.lot_id.label("output_id"),
            source.lot_id.label("input_id"),
            func.sum(source.quantity).label("quantity"),
        )
        .select_from(TraceEvent)
        .join(output, and_(output.event_id == TraceEvent.id, output.role == "output"))
        .join(source, and_(source.event_id == TraceEvent.id, source.role == "input"))
        .where(TraceEvent.biz_step == "commissioning", _standing())
        .group_by(output.lot_id, source.lot_id)
        .subquery()
    )


def _edges_against_events() -> list[str]:
    told = _told_edges()
    rows = db.session.execute(
        select(LotInput.output_id, LotInput.input_id, LotInput.quantity, told.c.quantity)
        .outerjoin(told, and_(told.c.output_id == LotInput.output_id, told.c.input_id == LotInput.input_id))
        .where(or_(told.c.quantity.is_(None), told.c.quantity != LotInput.quantity))
        .order_by(LotInput.output_id, LotInput.input_id)
    )
    return [
        f"lot {output} of lot {source}: the edge says {edge}, its event {'nothing' if event is None else event}"
        for output, source, edge, event in rows
    ]


def _events_against_edges() -> list[str]:
    told = _told_edges()
    edge = exists().where(LotInput.output_id == told.c.output_id, LotInput.input_id == told.c.input_id)
    rows = db.session.execute(select(told).where(~edge).order_by(told.c.output_id, told.c.input_id))
    return [f"lot {row[0]} of lot {row[1]}: an event says {row[2]} went in, there is no edge" for row in rows]


def _makings_against_lots() -> list[str]:
    """Each lot that has an event of its making or receipt: one of them names the lot's quantity."""
    making = and_(
        TraceEvent.biz_step == case((Lot.kind == LotKind.RAW, "receiving"), else_="commissioning"),
        EventLot.role != "input",
        EventLot.quantity.is_not(None),
    )
    rows = db.session.execute(
        select(Lot.id, Lot.number, Lot.quantity, func.max(EventLot.quantity))
        .outerjoin(EventLot, EventLot.lot_id == Lot.id)
        .outerjoin(TraceEvent, and_(TraceEvent.id == EventLot.event_id, making, _standing()))
        .group_by(Lot.id, Lot.number, Lot.quantity)
        .having(func.sum(case((and_(TraceEvent.id.is_not(None), EventLot.quantity == Lot.quantity), 1), else_=0)) == 0)
        .order_by(Lot.id)
    )
    return [f"{_named(row[0], row[1])}: it holds {row[2]}, no event of its making says so" for row in rows]


def _produced() -> Any:
    return (
        select(Balance.lot_id, func.sum(-Balance.on_hand).label("quantity"))
        .join(Location, Location.id == Balance.location_id)
        .where(Location.kind == LocationKind.PRODUCTION)
        .group_by(Balance.lot_id)
        .subquery()
    )


def _released_against_stock() -> list[str]:
    """What was made less what was used is what came into the stock; nothing of what is not on sale did."""
    produced = _produced()
    in_stock = func.coalesce(produced.c.quantity, 0)
    on_sale = and_(
        Lot.kind == LotKind.FINISHED,
        or_(Lot.state.in_((LotState.RELEASED, LotState.HELD)), and_(Lot.state == LotState.RECALLED, in_stock > 0)),
    )
    due = case((on_sale, Lot.quantity - Lot.used), else_=0)
    rows = db.session.execute(
        select(Lot.id, Lot.number, due, in_stock)
        .outerjoin(produced, produced.c.lot_id == Lot.id)
        .where(due != in_stock)
        .order_by(Lot.id)
    )
    return [f"{_named(row[0], row[1])}: {row[2]} should have come into the stock, {row[3]} did" for row in rows]


def _stored_against_stock() -> list[str]:
    """The event of the release names what came into the stock."""
    produced = _produced()
    told = (
        select(EventLot.lot_id, func.sum(EventLot.quantity).label("quantity"))
        .join(TraceEvent, TraceEvent.id == EventLot.event_id)
        .where(
            TraceEvent.biz_step == "storing",
            TraceEvent.disposition == "sellable_not_accessible",
            EventLot.quantity.is_not(None),
            _standing(),
        )
        .group_by(EventLot.lot_id)
        .subquery()
    )
    rows = db.session.execute(
        select(Lot.id, Lot.number, produced.c.quantity, told.c.quantity)
        .join(produced, produced.c.lot_id == Lot.id)
        .outerjoin(told, told.c.lot_id == Lot.id)
        .where(produced.c.quantity > 0, or_(told.c.quantity.is_(None), told.c.quantity != produced.c.quantity))
        .order_by(Lot.id)
    )
    return [
        f"{_named(id, number)}: {stock} came into the stock, its event says {'nothing' if event is None else event}"
        for id, number, stock, event in rows
    ]


def _frozen_against_states() -> list[str]:
    rows = db.session.execute(
        select(Lot.id, Lot.number, Lot.state, Balance.location_id, Balance.frozen)
        .join(Balance, Balance.lot_id == Lot.id)
        .where(Balance.frozen != Lot.state.in_(STOPPED))
        .order_by(Lot.id, Balance.location_id)
    )
    return [
        f"{_named(row[0], row[1])}: {row[2].value}, yet {'frozen' if row[4] else 'not frozen'} at location {row[3]}"
        for row in rows
    ]
