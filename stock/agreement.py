"""Proof that lots, events and stock agree: ``flask --app wsgi trace verify``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import and_, case, exists, func, or_, select
from sqlalchemy.orm import aliased, lazyload

from accounts.models import Organisation
from catalog.models import TradeItem
from kernel.db import db, listed
from kernel.text import nfc
from stock import captures, verification
from stock.models import Balance, Location, LocationKind
from traceability import genealogy, rounding, standing, statements
from traceability.epcis import naming, store
from traceability.models import (
    Batch,
    EpcisEvent,
    EpcisField,
    EventLot,
    Lot,
    LotIdentifier,
    LotInput,
    LotKind,
    LotState,
    TraceEvent,
)
from traceability.statements import Amounts, Stand

#: Lots that are compared at once.
AT_ONCE = 1_000
STOPPED = (LotState.HELD, LotState.RECALLED)


def verify() -> list[str]:
    """Compare what lots, edges, events and balances say; give a line for each difference (none: all agree).

    Laws: a lot is called as its events call it; there is an edge for each thing that the events that stand say went
    into another, with the quantity they give, and no other edge; what was used of a lot is what they say was used by
    those who may speak for it; of a batch of ours captured events do not say more to be gone than left the stock,
    which they do not move; a lot is on sale, held or recalled, for the reason and since the moment that its events say;
    a lot of others was entered with the first event that names it; the event of a making names the lot's quantity, and
    of an external lot what was made is what all of them name; what was made less what was used came into the stock,
    once it was released; a balance is frozen exactly while its lot is held or recalled; and the laws of the ledger
    itself. An event stands until one corrects it or its error is declared.

    What captured events say is read for :data:`AT_ONCE` lots at a time, with all that went into these: so much has to
    have room in memory, whatever the size of the database.
    """
    return [
        *(line for lots in _in_parts() for line in _captured_against_events(lots)),
        *_makings_against_lots(),
        *_taken_back_against_lots(),
        *_released_against_stock(),
        *_stored_against_stock(),
        *_frozen_against_states(),
        *verification.verify(),
    ]


def _named(lot_id: int, number: str) -> str:
    return f"lot {lot_id} ({number})"


class _Row(NamedTuple):
    """What is compared of a lot."""

    id: int
    number: str
    kind: LotKind
    quantity: int
    used: int
    state: LotState
    reason: str
    reason_en: str
    since: datetime
    created_at: datetime


def _in_parts() -> Iterator[list[_Row]]:
    """Give all lots, a part at a time: what is said of millions has no room in memory."""
    columns = (
        Lot.id, Lot.number, Lot.kind, Lot.quantity, Lot.used, Lot.state, Lot.state_reason, Lot.state_reason_en,
        Lot.state_since, Lot.created_at,
    )  # fmt: skip
    rows = select(*columns).order_by(Lot.id).limit(AT_ONCE)
    last = 0
    while part := [_Row._make(row) for row in db.session.execute(rows.where(Lot.id > last))]:
        yield part
        last = part[-1].id


def _captured_against_events(lots: Sequence[_Row]) -> Iterator[str]:
    ids = [lot.id for lot in lots]
    said = statements.amounts(ids)
    yield from _names_against_events(lots)
    yield from _used_against_events(lots, said)
    yield from _gone_against_stock(lots, said)
    yield from _edges_against_events(ids)
    yield from _states_against_events(lots)
    yield from _gone_against_makings(lots, said)
    external = [lot for lot in lots if lot.kind is LotKind.EXTERNAL]
    yield from _makings_of_others(external, said)
    yield from _entered_with_events(external)


def _names_against_events(lots: Sequence[_Row]) -> Iterator[str]:
    """Each name of a lot stands in an event that names the lot, or is the one we give our own goods ourselves.

    An event of single units gives the name of their lot with theirs, or by its number.

    A name that its owner took over from a stranger leaves the stranger's lot without one: only lots of ours are asked
    for theirs.
    """
    numbers = {lot.id: lot.number for lot in lots}
    given = listed(sorted(numbers))
    in_event = exists().where(
        EventLot.lot_id == LotIdentifier.lot_id,
        EpcisEvent.trace_event_id == EventLot.event_id,
        EpcisField.epcis_event_id == EpcisEvent.id,
        EpcisField.value == LotIdentifier.uri,
    )
    unsaid = select(LotIdentifier.lot_id, LotIdentifier.uri).where(LotIdentifier.lot_id.in_(given), ~in_event)
    for lot_id, uri in db.session.execute(unsaid.order_by(LotIdentifier.lot_id, LotIdentifier.uri)).all():
        if uri not in _own_names(lot_id) and not _is_lot_of_a_unit(lot_id, uri):
            yield f"{_named(lot_id, numbers[lot_id])}: no event calls it {uri}"
    own = [lot.id for lot in lots if lot.kind is not LotKind.EXTERNAL]
    nameless = (
        select(EventLot.lot_id)
        .join(EpcisEvent, EpcisEvent.trace_event_id == EventLot.event_id)
        .where(EventLot.lot_id.in_(listed(own)), ~exists().where(LotIdentifier.lot_id == EventLot.lot_id))
        .distinct()
        .order_by(EventLot.lot_id)
    )
    for lot_id in db.session.scalars(nameless) if own else ():
        yield f"{_named(lot_id, numbers[lot_id])}: events call it by a name that leads to nothing"


def _is_lot_of_a_unit(lot_id: int, uri: str) -> bool:
    """Tell whether an event names a lot by one of its single units."""
    bodies = (
        select(EpcisEvent.body)
        .join(EventLot, EventLot.event_id == EpcisEvent.trace_event_id)
        .where(EventLot.lot_id == lot_id)
        .order_by(EpcisEvent.id)
    )
    return any(
        name.lot == uri
        for body in db.session.scalars(bodies.execution_options(yield_per=50))
        for name in naming.named_in(json.loads(body))
    )


def _own_names(lot_id: int) -> set[str]:
    """Give the names by which a lot of ours may be known before an event used them."""
    row = db.session.execute(
        select(Lot, Batch, Organisation.code, TradeItem.gtin)
        .options(lazyload(Batch.lot))
        .join(Organisation, Organisation.id == Lot.owner_id)
        .outerjoin(Batch, Batch.lot_id == Lot.id)
        .outerjoin(TradeItem, TradeItem.id == Batch.trade_item_id)
        .where(Lot.id == lot_id, Lot.kind != LotKind.EXTERNAL)
    ).one_or_none()
    return set() if row is None else {store.own_name(row[0], row[2], row[1], gtin) for gtin in (row[3], None)}


def _used_against_events(lots: Sequence[_Row], said: dict[int, Amounts]) -> Iterator[str]:
    for lot in lots:
        told = statements.used(lot.kind, said.get(lot.id, Amounts()))
        if told != lot.used:
            yield f"{_named(lot.id, lot.number)}: {lot.used} of it were used, its events say {told}"


class Gone(NamedTuple):
    """Goods of which captured events say more to be gone than the stock."""

    said: int  #: sold or used, by the captured events that count
    left_stock: int  #: sold, lost or otherwise gone, by the stock


def gone_by_events(lot_ids: Sequence[int], said: dict[int, Amounts] | None = None) -> dict[int, Gone]:
    """Give those of our own batches of which captured events say more to be sold or used than left the stock.

    No capture moves the stock: somebody has to look which of the two is right.
    """
    told = {
        lot_id: rounding.whole(one.sold + one.captured + one.lost)
        for lot_id, one in (statements.amounts(lot_ids) if said is None else said).items()
        if one.sold or one.captured or one.lost
    }
    if not told:
        return {}
    counted = captures.left(told)
    finished = db.session.scalars(
        select(Lot.id).where(Lot.id.in_(listed(sorted(told))), Lot.kind == LotKind.FINISHED).order_by(Lot.id)
    )
    return {
        lot_id: Gone(told[lot_id], counted.get(lot_id, 0))
        for lot_id in finished
        if told[lot_id] > counted.get(lot_id, 0)
    }


def _gone_against_stock(lots: Sequence[_Row], said: dict[int, Amounts]) -> Iterator[str]:
    numbers = {lot.id: lot.number for lot in lots}
    for lot_id, gone in gone_by_events(list(numbers), said).items():
        yield (
            f"{_named(lot_id, numbers[lot_id])}: captured events say {gone.said} of it were sold or used,"
            f" the stock that {gone.left_stock} left it"
        )


def _gone_against_makings(lots: Sequence[_Row], said: dict[int, Amounts]) -> Iterator[str]:
    """No more of a lot is used, sold and destroyed, by the captured events that count, than was made."""
    for lot in lots:
        told = said.get(lot.id)
        if told is None or lot.kind is LotKind.FINISHED:
            continue
        made = told.made if lot.kind is LotKind.EXTERNAL else Decimal(lot.quantity)
        gone = told.used + told.captured + told.sold + told.lost
        if made is not None and gone > made:
            yield (
                f"{_named(lot.id, lot.number)}: its events say {rounding.whole(gone)} of it are gone,"
                f" {rounding.whole(made)} were made"
            )


def _edges_against_events(output_ids: Sequence[int]) -> Iterator[str]:
    told = statements.ties(output_ids)
    edges = select(LotInput.output_id, LotInput.input_id, LotInput.quantity)
    edges = edges.where(LotInput.output_id.in_(listed(output_ids))).order_by(LotInput.output_id, LotInput.input_id)
    for output, source, quantity in db.session.execute(edges):
        event = told.pop((output, source), None)
        if event != quantity:
            said = "nothing" if event is None else event
            yield f"lot {output} of lot {source}: the edge says {quantity}, its event {said}"
    for (output, source), quantity in sorted(told.items()):
        yield f"lot {output} of lot {source}: an event says {quantity} went in, there is no edge"


def _states_against_events(lots: Sequence[_Row]) -> Iterator[str]:
    """Go through what released, held, freed and recalled each lot: it stands as the last of these says."""
    said = statements.states([lot.id for lot in lots])
    reached = statements.recalled([lot.id for lot in lots if lot.kind is LotKind.EXTERNAL])
    for lot in lots:
        stand = said.get(lot.id)
        state = LotState.OPEN if lot.kind is LotKind.FINISHED else LotState.RELEASED
        state = LotState.RECALLED if lot.id in reached else stand.state if stand is not None else state
        if lot.state is not state:
            yield f"{_named(lot.id, lot.number)}: it is {lot.state.value}, its events say {state.value}"
            continue
        reasons = ("", "") if stand is None else (stand.reason, stand.reason_en)
        if (lot.reason, nfc(lot.reason_en).strip()) != reasons:
            yield f"{_named(lot.id, lot.number)}: it is {state.value} for another reason than its event says"
        if state in STOPPED and not _is_since(lot, reached.get(lot.id), stand):
            yield f"{_named(lot.id, lot.number)}: it is {state.value} since another moment than its event says"


def _is_since(lot: _Row, reached: datetime | None, stand: Stand | None) -> bool:
    """Tell whether a lot is stopped since the moment that events say.

    A recall of our screens is for good, and keeps the moment from which the lot was stopped by another's word, even
    when that word is taken back.

    :param reached: since when something that it was made of, or it itself, is recalled: of external lots
    """
    if lot.since in (reached, stand.since if stand is not None else None):
        return True
    if lot.kind is not LotKind.EXTERNAL or stand is None or not stand.reason:
        return False
    above = genealogy.upstream([lot.id])
    named = select(EventLot.event_id).where(EventLot.lot_id.in_(select(above.c.id)))
    return bool(db.session.scalar(select(exists().where(TraceEvent.id.in_(named), TraceEvent.event_at == lot.since))))


def _entered_with_events(lots: Sequence[_Row]) -> Iterator[str]:
    """Each lot known from captured events alone: it was entered with the first of these."""
    rows = (
        select(EventLot.lot_id, func.min(TraceEvent.recorded_at))
        .join(TraceEvent, TraceEvent.id == EventLot.event_id)
        .join(EpcisEvent, and_(EpcisEvent.trace_event_id == TraceEvent.id, EpcisEvent.capture_id.is_not(None)))
        .where(EventLot.lot_id.in_(listed([lot.id for lot in lots])))
        .group_by(EventLot.lot_id)
    )
    first = dict(db.session.execute(rows).all()) if lots else {}
    for lot in lots:
        if lot.id in first and first[lot.id] != lot.created_at:
            yield f"{_named(lot.id, lot.number)}: it was entered at another moment than the first event that names it"


def _makings_of_others(lots: Sequence[_Row], said: dict[int, Amounts]) -> Iterator[str]:
    """Each lot known from captured events alone: it holds what the events of its making name, if they do."""
    unknown = [lot.id for lot in lots if said.get(lot.id, Amounts()).made is None]
    rows = select(EventLot.lot_id, EventLot.quantity).where(EventLot.lot_id.in_(listed(unknown))).distinct()
    named = {(lot_id, quantity) for lot_id, quantity in db.session.execute(rows)} if unknown else set()
    for lot in lots:
        stated = said.get(lot.id, Amounts()).made
        made = None if stated is None else rounding.whole(stated)
        if lot.quantity != made if made is not None else lot.quantity and (lot.id, lot.quantity) not in named:
            yield f"{_named(lot.id, lot.number)}: it holds {lot.quantity}, no event of its making says so"


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
        .outerjoin(TraceEvent, and_(TraceEvent.id == EventLot.event_id, making, standing.stands()))
        .where(Lot.kind != LotKind.EXTERNAL)
        .group_by(Lot.id, Lot.number, Lot.quantity)
        .having(func.sum(case((and_(TraceEvent.id.is_not(None), EventLot.quantity == Lot.quantity), 1), else_=0)) == 0)
        .order_by(Lot.id)
    )
    return [f"{_named(row[0], row[1])}: it holds {row[2]}, no event of its making says so" for row in rows]


def _taken_back_against_lots() -> list[str]:
    """No event of our screens that goods go by, the making and the release of a batch above all, was declared wrong."""
    declared = aliased(EpcisEvent)
    rows = db.session.execute(
        select(Lot.id, Lot.number, Lot.state, TraceEvent.biz_step, TraceEvent.event_id)
        .join(EventLot, EventLot.lot_id == Lot.id)
        .join(TraceEvent, TraceEvent.id == EventLot.event_id)
        .join(EpcisEvent, EpcisEvent.trace_event_id == TraceEvent.id)
        .join(declared, and_(declared.event_id == EpcisEvent.event_id, declared.declares_error))
        .where(statements.fixed(), declared.capture_id.is_not(None))
        .order_by(Lot.id, TraceEvent.id)
    )
    return [
        f"{_named(id, number)}: it is {state.value}, and goods go by its event {event_id} ({step}), which was declared"
        " wrong"
        for id, number, state, step, event_id in rows
    ]


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
            standing.stands(),
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
