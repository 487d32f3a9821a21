"""Proof that lots, events and stock agree: ``flask --app wsgi trace verify``."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, case, exists, func, or_, select

from kernel.db import db
from stock import verification
from stock.models import Balance, Location, LocationKind
from traceability import statements
from traceability.models import EventLot, Lot, LotInput, LotKind, LotState, TraceEvent
from traceability.statements import Amounts

STOPPED = (LotState.HELD, LotState.RECALLED)


def verify() -> list[str]:
    """Compare what lots, edges, events and balances say; give a line for each difference (none: all agree).

    Laws: there is an edge for each thing that the events that stand say went into another, with the quantity they
    give, and no other edge; what was used of a lot is what they say was used by those who may speak for it; the
    event of a making names the lot's quantity, and of an external lot what was made is what all of them name; what
    was made less what was used came into the stock, once it was released; a balance is frozen exactly while its lot
    is held or recalled; and the laws of the ledger itself. An event stands until one corrects it or its error is
    declared.
    """
    said = statements.amounts()
    return [
        *_used_against_events(said),
        *_edges_against_events(),
        *_makings_against_lots(),
        *_makings_of_others(said),
        *_released_against_stock(),
        *_stored_against_stock(),
        *_frozen_against_states(),
        *verification.verify(),
    ]


def _named(lot_id: int, number: str) -> str:
    return f"lot {lot_id} ({number})"


def _used_against_events(said: dict[int, Amounts]) -> list[str]:
    found = []
    for id, number, kind, used in db.session.execute(select(Lot.id, Lot.number, Lot.kind, Lot.used).order_by(Lot.id)):
        told = statements.used(kind, said.get(id, Amounts()))
        if told != used:
            found.append(f"{_named(id, number)}: {used} of it were used, its events say {told}")
    return found


def _edges_against_events() -> list[str]:
    told = statements.ties()
    found = []
    edges = select(LotInput.output_id, LotInput.input_id, LotInput.quantity)
    for output, source, quantity in db.session.execute(edges.order_by(LotInput.output_id, LotInput.input_id)):
        event = told.pop((output, source), None)
        if event != quantity:
            said = "nothing" if event is None else event
            found.append(f"lot {output} of lot {source}: the edge says {quantity}, its event {said}")
    for (output, source), quantity in sorted(told.items()):
        found.append(f"lot {output} of lot {source}: an event says {quantity} went in, there is no edge")
    return found


def _makings_of_others(said: dict[int, Amounts]) -> list[str]:
    """Each lot known from captured events alone: it holds what the events of its making name, if they do."""
    found = []
    named = exists().where(EventLot.lot_id == Lot.id, EventLot.quantity == Lot.quantity)
    rows = db.session.execute(
        select(Lot.id, Lot.number, Lot.quantity, named).where(Lot.kind == LotKind.EXTERNAL).order_by(Lot.id)
    )
    for id, number, quantity, is_named in rows:
        made = said.get(id, Amounts()).made
        if quantity != made if made is not None else quantity and not is_named:
            found.append(f"{_named(id, number)}: it holds {quantity}, no event of its making says so")
    return found


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
        .outerjoin(TraceEvent, and_(TraceEvent.id == EventLot.event_id, making, statements.standing()))
        .where(Lot.kind != LotKind.EXTERNAL)
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
            statements.standing(),
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
