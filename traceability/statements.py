"""What the events that stand say of lots: how much was made, used and sold of each, and what went into what.

An event stands until a later one corrects it, or its error is declared. It speaks for a lot if its sender owns it, or
if it may be shown: then its sender could speak for everything it names (``traceability.epcis.capture``).
Capture keeps lots and edges by this, and ``stock.agreement`` holds them against it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import aliased

from kernel.db import db, listed
from traceability.models import (
    EpcisEvent,
    EpcisField,
    EventKind,
    EventLot,
    Lot,
    LotInput,
    LotKind,
    LotState,
    TraceEvent,
)

#: Pairs of inputs and outputs of one transformation.
MOST_PAIRS = 20_000
#: How much the database can write down of one thing.
MOST = 2_147_483_647
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


def amounts(lot_ids: Collection[int], *, without: Collection[str] = ()) -> dict[int, Amounts]:
    """Add up what is said of lots, those of which nothing is said left out.

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
        .where(EventLot.lot_id.in_(listed(sorted(lot_ids))), standing(), entitled())
        .group_by(EventLot.lot_id)
    )
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


# --- How lots stand ----------------------------------------------------------------------------------------

#: (step, disposition) of our own events that change how a lot stands.
_TURNS: dict[tuple[str, str | None], LotState] = {
    ("storing", "sellable_not_accessible"): LotState.RELEASED,
    ("holding", "non_sellable_other"): LotState.HELD,
    ("holding", "sellable_not_accessible"): LotState.RELEASED,
    ("holding", "recalled"): LotState.RECALLED,
}


def states(lot_ids: Collection[int]) -> dict[int, tuple[LotState, str]]:
    """Give {lot: how it stands, and why} by its events, of those whose state an event changed.

    A correction changes words and days, and no state: what counts is what was written first. A recall by the word of
    an external lot's owner (captured events) stands until that is unset; one of our screens stands for good.
    """
    word = {
        half: exists().where(
            EpcisField.epcis_event_id == EpcisEvent.id,
            EpcisField.name == f"persistentDisposition_{half}",
            EpcisField.value == "recalled",
        )
        for half in ("set", "unset")
    }
    is_captured = EpcisEvent.capture_id.is_not(None)
    # Marking a store-room on a screen gives no quantity; the release of a batch does.
    turns = and_(
        ~is_captured,
        TraceEvent.kind == EventKind.OBJECT,
        or_(TraceEvent.biz_step == "holding", and_(TraceEvent.biz_step == "storing", EventLot.quantity.is_not(None))),
    )
    by_word = and_(
        is_captured, Lot.kind == LotKind.EXTERNAL, TraceEvent.organisation_id == Lot.owner_id, or_(*word.values())
    )
    rows = db.session.execute(
        select(
            EventLot.lot_id,
            TraceEvent.biz_step,
            TraceEvent.disposition,
            TraceEvent.note_vi,
            and_(is_captured, word["set"]),
            and_(is_captured, word["unset"]),
        )
        .join(TraceEvent, TraceEvent.id == EventLot.event_id)
        .join(Lot, Lot.id == EventLot.lot_id)
        .outerjoin(EpcisEvent, and_(EpcisEvent.trace_event_id == TraceEvent.id, ~EpcisEvent.declares_error))
        .where(
            EventLot.lot_id.in_(listed(sorted(lot_ids))),
            or_(and_(turns, EventLot.role == "object", TraceEvent.corrects_id.is_(None)), by_word),
        )
        .order_by(TraceEvent.id)
    )
    found: dict[int, tuple[LotState, str]] = {}
    for_good: set[int] = set()
    for lot_id, step, disposition, note, is_set, is_unset in rows:
        if is_set or is_unset:
            state, _ = found.get(lot_id, (LotState.RELEASED, ""))
            if is_set and state is LotState.RELEASED:
                found[lot_id] = LotState.RECALLED, ""
            if is_unset and found.get(lot_id, (None, ""))[0] is LotState.RECALLED and lot_id not in for_good:
                found[lot_id] = LotState.RELEASED, ""
        elif (step, disposition) in _TURNS:
            state = _TURNS[step, disposition]
            found[lot_id] = state, "" if state is LotState.RELEASED else note
            for_good |= {lot_id} if state is LotState.RECALLED else set()
    return found


def recalled_here() -> ColumnElement[bool]:
    """Say in SQL of ``Lot`` that it was recalled on our screens, not by the word of its owner alone."""
    captured = exists().where(EpcisEvent.trace_event_id == TraceEvent.id, EpcisEvent.capture_id.is_not(None))
    return exists().where(
        EventLot.lot_id == Lot.id,
        TraceEvent.id == EventLot.event_id,
        TraceEvent.biz_step == "holding",
        TraceEvent.disposition == "recalled",
        ~captured,
    )


def made_of_recalled(lot_ids: Collection[int]) -> set[int]:
    """Give those of some lots of which an event said, whatever became of it, that they were made of a recalled one or
    held one: a recall that reached them stays.
    """
    if not lot_ids:
        return set()
    made, source = aliased(EventLot), aliased(EventLot)
    rows = (
        select(made.lot_id)
        .join(source, and_(source.event_id == made.event_id, source.role.in_(("input", "child"))))
        .join(Lot, Lot.id == source.lot_id)
        .where(
            made.lot_id.in_(listed(sorted(lot_ids))),
            made.role.in_(("output", "parent")),
            Lot.state == LotState.RECALLED,
        )
    )
    edges = (
        select(LotInput.output_id)
        .join(Lot, Lot.id == LotInput.input_id)
        .where(LotInput.output_id.in_(listed(sorted(lot_ids))), Lot.state == LotState.RECALLED)
    )
    return set(db.session.scalars(rows.union(edges)))


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


def opened(lot_ids: Collection[int]) -> set[int]:
    """Give those of some lots that are cases which an event takes something out of."""
    if not lot_ids:
        return set()
    rows = (
        select(EventLot.lot_id)
        .join(TraceEvent, TraceEvent.id == EventLot.event_id)
        .where(
            EventLot.lot_id.in_(listed(sorted(lot_ids))), EventLot.role == "parent", TraceEvent.action == "DELETE"
        )
    )  # fmt: skip
    return set(db.session.scalars(rows))


def ties(output_ids: Collection[int]) -> dict[tuple[int, int], int]:
    """Give {(output, input): how much went in, 0 where nobody says} of lots.

    Only who may speak for what came out says what went in. Of several outputs nobody says how much went into each.
    Makings add up. What was packed or joined counts as long as it is inside: what was taken out again leaves no tie,
    unless something was made of the case while it held it. What was said in between is in the events.
    """
    wanted = set(output_ids)
    query = (
        select(
            TraceEvent.id,
            TraceEvent.kind,
            TraceEvent.action,
            TraceEvent.event_at,
            TraceEvent.organisation_id,
            EpcisEvent.transformation_id,
            EventLot.lot_id,
            EventLot.role,
            EventLot.quantity,
            entitled(),
            and_(TraceEvent.action == "DELETE", _names_children()),
        )
        .join(EventLot, EventLot.event_id == TraceEvent.id)
        .join(Lot, Lot.id == EventLot.lot_id)
        .outerjoin(EpcisEvent, EpcisEvent.trace_event_id == TraceEvent.id)
        .where(
            TraceEvent.id.in_(_lines_about(wanted)), TraceEvent.kind.in_(TIES), standing(),
            EventLot.role.in_(("input", "output", "child", "parent")),
        )
        .order_by(TraceEvent.event_at, TraceEvent.id, EventLot.lot_id)
    )  # fmt: skip
    groups: dict[tuple[Any, ...], _Group] = defaultdict(_Group)
    for row in db.session.execute(query):
        id, kind, action, event_at, organisation_id, transformation_id, lot_id, role, quantity, may, is_part = row
        key = (organisation_id, transformation_id) if transformation_id else (id,)
        group = groups[key]
        group.kind, group.action, group.event_at, group.is_part = kind, action, event_at, bool(is_part)
        if role == TIES[kind][0]:
            before = group.inputs.get(lot_id, 0)
            group.inputs[lot_id] = None if before is None or quantity is None else before + quantity
        elif role == TIES[kind][1]:
            group.outputs[lot_id] = bool(may) or group.outputs.get(lot_id, False)
    told: dict[tuple[int, int], int | None] = {}
    packings: list[_Group] = []
    for group in groups.values():
        if group.kind is not EventKind.TRANSFORMATION:
            packings.append(group)
            continue
        for pair, stated in group.pairs(wanted):
            before = told.get(pair, 0)
            told[pair] = None if before is None or stated is None else before + stated
    for pair, stated in _contents(packings, wanted).items():
        told.setdefault(pair, stated)  # what it was made of says more than what it lay in
    return {pair: min(quantity or 0, MOST) for pair, quantity in told.items()}


def _names_children() -> ColumnElement[bool]:
    """Say in SQL of ``EpcisEvent`` that it names children, be they lots or mere kinds of goods."""
    return exists().where(EpcisField.epcis_event_id == EpcisEvent.id, EpcisField.name.in_(("epc", "epcClass")))


class _Group:
    """An event, or the halves of a transformation: what went in and how much, what came out and by whose word."""

    kind: EventKind
    action: str | None
    event_at: datetime
    is_part: bool  #: it takes out what it names; otherwise all there is

    def __init__(self) -> None:
        self.inputs: dict[int, int | None] = {}
        self.outputs: dict[int, bool] = {}

    def pairs(self, wanted: Collection[int]) -> Iterator[tuple[tuple[int, int], int | None]]:
        """Give the pairs of outputs that are asked for."""
        outputs = list(self.outputs.items())[:MOST_PAIRS]
        inputs = list(self.inputs.items())[: MOST_PAIRS // max(1, len(outputs))]
        for output, may in outputs:
            if may and output in wanted:
                for source, quantity in inputs:
                    if source != output:
                        yield (output, source), quantity if len(outputs) == 1 else None


def _contents(packings: Sequence[_Group], cases: Collection[int]) -> dict[tuple[int, int], int | None]:
    """Give {(case, thing in it): how much, None where nobody says}, from packings in the order of their times."""
    inside: dict[int, dict[int, int | None]] = defaultdict(dict)
    used: dict[tuple[int, int], int | None] = {}
    opened = {case_ for one in packings if one.action == "DELETE" for case_, may in one.outputs.items() if may} & set(
        cases
    )
    makings = _makings_of(opened) if opened else []
    for one in packings:
        # At one instant: first it is packed, then something is made of it, then it is unpacked.
        while makings and (makings[0][0], "B") < (one.event_at, "C" if one.action == "DELETE" else "A"):
            _, case_ = makings.pop(0)
            used.update(((case_, thing), amount) for thing, amount in inside[case_].items())
        for case_, may in one.outputs.items():
            if may and case_ in cases:
                _pack(inside[case_], one, case_)
    return used | {(case_, thing): amount for case_, things in inside.items() for thing, amount in things.items()}


def _pack(inside: dict[int, int | None], event: _Group, case_: int) -> None:
    """Put things into a case, take them out, or see them in it."""
    if event.action == "DELETE" and not event.is_part:
        inside.clear()
    for thing, amount in event.inputs.items():
        if thing == case_:
            continue
        before = inside.get(thing, 0)
        if event.action == "DELETE":
            left = 0 if amount is None else None if before is None else before - amount
            if left is None or left > 0:
                inside[thing] = left
            else:
                inside.pop(thing, None)
        elif event.action == "OBSERVE":
            inside[thing] = None if before is None else max(before, amount or 0)
        else:
            inside[thing] = None if before is None or amount is None else before + amount


def _makings_of(cases: Collection[int]) -> list[tuple[datetime, int]]:
    """Give when something was made of cases, the earliest first."""
    rows = db.session.execute(
        select(TraceEvent.event_at, EventLot.lot_id)
        .join(EventLot, EventLot.event_id == TraceEvent.id)
        .where(
            EventLot.lot_id.in_(listed(sorted(cases))),
            EventLot.role == "input",
            TraceEvent.kind == EventKind.TRANSFORMATION,
            standing(),
        )
        .order_by(TraceEvent.event_at, TraceEvent.id)
    )
    return [(event_at, lot_id) for event_at, lot_id in rows]


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


__all__ = [
    "MOST_PAIRS",
    "SELLS",
    "Amounts",
    "amounts",
    "entitled",
    "made_of_recalled",
    "opened",
    "outputs_of",
    "recalled_here",
    "standing",
    "states",
    "ties",
    "used",
]
