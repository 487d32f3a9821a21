"""What the events that stand say of lots: how much was made, used and sold of each, and what went into what.

An event stands until a later one corrects it, or its error is declared. It speaks for a lot if its sender owns it, or
if it may be shown: then its sender could speak for everything it names (``traceability.epcis.capture``).
Capture keeps lots and edges by this, and ``stock.agreement`` holds them against it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import aliased

from kernel.db import db, listed
from traceability.models import EpcisEvent, EventKind, EventLot, Lot, LotKind, TraceEvent

#: Pairs of inputs and outputs of one transformation.
MOST_PAIRS = 20_000
#: Steps by which goods come to their end at a buyer's.
SELLS = ("retail_selling", "dispensing", "consuming")
BROUGHT_BACK = "returned"  #: a disposition: what was sold is there again


def standing() -> ColumnElement[bool]:
    """Say in SQL of ``TraceEvent`` that no later event corrects it and nobody declared it wrong."""
    newer, declared = aliased(TraceEvent), aliased(EpcisEvent)
    return and_(
        ~exists().where(newer.corrects_id == TraceEvent.id),
        ~exists().where(declared.event_id == TraceEvent.event_id, declared.declares_error),
    )


def entitled() -> ColumnElement[bool]:
    """Say in SQL of ``TraceEvent`` and ``Lot`` that the event speaks for the lot."""
    return or_(TraceEvent.organisation_id == Lot.owner_id, TraceEvent.is_public)


@dataclass(frozen=True)
class Amounts:
    """What events say of a lot, in its unit."""

    stated: int = 0  #: by the events of its making
    makings: int = 0  #: how many these are
    unstated: int = 0  #: how many of them do not say how much
    used: int = 0  #: went into others, by our own screens
    captured: int = 0  #: the same, by captured events
    sold: int = 0  #: by captured events, less what was brought back

    @property
    def made(self) -> int | None:
        """How much was made; None unless each event of its making says how much."""
        return self.stated if self.makings and not self.unstated else None


def amounts(lot_ids: Collection[int] | None = None, *, without: Collection[str] = ()) -> dict[int, Amounts]:
    """Add up what is said of lots (all, unless told), those of which nothing is said left out.

    :param without: eventIDs of events that are about to be declared wrong
    """
    is_captured = EpcisEvent.capture_id.is_not(None)
    is_object = and_(TraceEvent.kind == EventKind.OBJECT, EventLot.role == "object")
    makes = or_(
        and_(TraceEvent.kind == EventKind.TRANSFORMATION, EventLot.role == "output"),
        and_(is_object, TraceEvent.action == "ADD"),
    )
    takes = and_(TraceEvent.kind == EventKind.TRANSFORMATION, EventLot.role == "input")
    comes_back = and_(is_object, is_captured, TraceEvent.disposition == BROUGHT_BACK)
    sells = and_(is_object, is_captured, TraceEvent.biz_step.in_(SELLS), ~_is(TraceEvent.disposition, BROUGHT_BACK))

    def total(condition: ColumnElement[bool], value: Any = EventLot.quantity) -> Any:
        return func.coalesce(func.sum(case((condition, value), else_=0)), 0)

    query = (
        select(
            EventLot.lot_id,
            total(makes),
            total(makes, 1),
            total(and_(makes, EventLot.quantity.is_(None)), 1),
            total(and_(takes, ~is_captured)),
            total(and_(takes, is_captured)),
            total(sells),
            total(comes_back),
        )
        .join(TraceEvent, TraceEvent.id == EventLot.event_id)
        .join(Lot, Lot.id == EventLot.lot_id)
        .outerjoin(EpcisEvent, EpcisEvent.trace_event_id == TraceEvent.id)
        .where(standing(), entitled())
        .group_by(EventLot.lot_id)
    )
    if lot_ids is not None:
        query = query.where(EventLot.lot_id.in_(listed(sorted(lot_ids))))
    if without:
        query = query.where(TraceEvent.event_id.not_in(listed(sorted(without))))
    return {
        row[0]: Amounts(
            int(row[1]),
            int(row[2]),
            int(row[3]),
            int(row[4]),
            int(row[5]),
            max(0, int(row[6]) - int(row[7])),
        )
        for row in db.session.execute(query)
    }


def _is(column: Any, value: str) -> ColumnElement[bool]:
    return func.coalesce(column, "") == value


def used(kind: LotKind, said: Amounts) -> int:
    """Give how much ``Lot.used`` has to be: batches are counted by the stock, of unknown amounts nothing is."""
    if kind is LotKind.FINISHED or (kind is LotKind.EXTERNAL and said.made is None):
        return said.used
    return said.used + said.captured


# --- What went into what -----------------------------------------------------------------------------------

#: (what went in, what it became) of the kinds of events that tie lots together.
TIES = {
    EventKind.TRANSFORMATION: ("input", "output"),
    EventKind.AGGREGATION: ("child", "parent"),
    EventKind.ASSOCIATION: ("child", "parent"),
}


def outputs_of(line_ids: Collection[int]) -> set[int]:
    """Give the lots that events (by the ids of their lines) make or pack, with the halves of their transformations."""
    mate, own = aliased(EpcisEvent), aliased(EpcisEvent)
    given = listed(sorted(line_ids))
    mates = (
        select(mate.trace_event_id)
        .join(own, and_(own.transformation_id == mate.transformation_id, own.organisation_id == mate.organisation_id))
        .where(own.trace_event_id.in_(given))
    )
    rows = select(EventLot.lot_id).where(
        or_(EventLot.event_id.in_(given), EventLot.event_id.in_(mates)), EventLot.role.in_(("output", "parent"))
    )
    return set(db.session.scalars(rows))


def ties(output_ids: Collection[int] | None = None) -> dict[tuple[int, int], int]:
    """Give {(output, input): how much went in, 0 where nobody says} of lots (all, unless told).

    Only who may speak for what came out says what went in. Of several outputs nobody says how much went into each.
    Makings add up; of packings the largest counts, for what was taken out may be packed again.
    """
    query = (
        select(
            TraceEvent.id,
            TraceEvent.kind,
            TraceEvent.organisation_id,
            EpcisEvent.transformation_id,
            EventLot.lot_id,
            EventLot.role,
            EventLot.quantity,
            entitled(),
        )
        .join(EventLot, EventLot.event_id == TraceEvent.id)
        .join(Lot, Lot.id == EventLot.lot_id)
        .outerjoin(EpcisEvent, EpcisEvent.trace_event_id == TraceEvent.id)
        .where(
            TraceEvent.kind.in_(TIES), func.coalesce(TraceEvent.action, "") != "DELETE", standing(),
            EventLot.role.in_(("input", "output", "child", "parent")),
        )
        .order_by(TraceEvent.id, EventLot.lot_id)
    )  # fmt: skip
    if output_ids is not None:
        query = query.where(TraceEvent.id.in_(_lines_about(output_ids)))
    groups: dict[tuple[Any, ...], _Group] = defaultdict(_Group)
    for id, kind, organisation_id, transformation_id, lot_id, role, quantity, may in db.session.execute(query):
        key = (organisation_id, transformation_id) if transformation_id else (id,)
        group = groups[key]
        group.is_making = kind is EventKind.TRANSFORMATION
        if role == TIES[kind][0]:
            before = group.inputs.get(lot_id, 0)
            group.inputs[lot_id] = None if before is None or quantity is None else before + quantity
        elif role == TIES[kind][1]:
            group.outputs[lot_id] = bool(may) or group.outputs.get(lot_id, False)
    told: dict[tuple[int, int], int | None] = {}
    makings: set[tuple[int, int]] = set()
    for group in groups.values():
        for pair, stated in group.pairs():
            _add(told, makings, pair, stated, is_making=group.is_making)
    return {pair: quantity or 0 for pair, quantity in told.items() if output_ids is None or pair[0] in output_ids}


class _Group:
    """An event, or the halves of a transformation: what went in and how much, what came out and by whose word."""

    def __init__(self) -> None:
        self.inputs: dict[int, int | None] = {}
        self.outputs: dict[int, bool] = {}
        self.is_making = False

    def pairs(self) -> list[tuple[tuple[int, int], int | None]]:
        outputs = list(self.outputs.items())[:MOST_PAIRS]
        inputs = list(self.inputs.items())[: MOST_PAIRS // max(1, len(outputs))]
        return [
            ((output, source), quantity if len(outputs) == 1 else None)
            for output, may in outputs
            if may
            for source, quantity in inputs
            if source != output
        ]


def _add(
    told: dict[tuple[int, int], int | None],
    makings: set[tuple[int, int]],
    pair: tuple[int, int],
    stated: int | None,
    *,
    is_making: bool,
) -> None:
    if pair not in told or (is_making and pair not in makings):
        told[pair] = stated
    elif is_making:
        before = told[pair]
        told[pair] = None if before is None or stated is None else before + stated
    elif pair not in makings:
        told[pair] = max(told[pair] or 0, stated or 0)
    if is_making:
        makings.add(pair)


def _lines_about(output_ids: Collection[int]) -> Any:
    """Select the ids of lines that say what went into lots, with the halves of their transformations."""
    given = listed(sorted(output_ids))
    own = select(EventLot.event_id).where(EventLot.lot_id.in_(given), EventLot.role.in_(("output", "parent")))
    mate, half = aliased(EpcisEvent), aliased(EpcisEvent)
    mates = (
        select(mate.trace_event_id)
        .join(
            half, and_(half.transformation_id == mate.transformation_id, half.organisation_id == mate.organisation_id)
        )
        .where(half.trace_event_id.in_(own), mate.trace_event_id.is_not(None))
    )
    return own.union(mates)


__all__ = ["MOST_PAIRS", "SELLS", "Amounts", "amounts", "entitled", "outputs_of", "standing", "ties", "used"]
