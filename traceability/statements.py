"""What the events that stand say of lots: how much was made, used and sold of each, and what went into what.

An event stands until a later one corrects it, or its error is declared. It speaks for a lot if its sender owns it, or
if it may be shown: then its sender could speak for everything it names (``traceability.epcis.capture``).
Capture keeps lots and edges by this, and ``stock.agreement`` holds them against it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, not_, or_, select
from sqlalchemy.orm import aliased

from kernel.db import db, listed
from traceability import contents, genealogy, rounding, standing, ways
from traceability.contents import Deed, Happened
from traceability.models import (
    EpcisEvent,
    EpcisField,
    EventKind,
    EventLot,
    Lot,
    LotIdentifier,
    LotInput,
    LotKind,
    LotState,
    TraceEvent,
)

#: Pairs of inputs and outputs of one transformation.
MOST_PAIRS = 20_000
#: Steps by which goods are there that were not before.
BEGINS = ("commissioning", "receiving", "accepting")


def fixed() -> ColumnElement[bool]:
    """Say in SQL of ``TraceEvent`` and its ``EpcisEvent`` that our screens wrote it, and that goods or papers go by it.

    It puts goods into the world, moves them or stops them; what only tells of a step is a matter of words.
    """
    named = aliased(EventLot)
    amount = exists().where(named.event_id == TraceEvent.id, named.quantity.is_not(None))
    return and_(
        ~EpcisEvent.declares_error,
        EpcisEvent.capture_id.is_(None),
        or_(
            TraceEvent.kind != EventKind.OBJECT,
            TraceEvent.action != "OBSERVE",
            TraceEvent.biz_step == "holding",
            TraceEvent.document.is_not(None),
            amount,
        ),
    )


def fixed_among(event_ids: Collection[str]) -> dict[str, str]:
    """Give {eventID: its step} of those events that only our screens put right (:func:`fixed`)."""
    if not event_ids:
        return {}
    rows = (
        select(TraceEvent.event_id, TraceEvent.biz_step)
        .join(EpcisEvent, EpcisEvent.trace_event_id == TraceEvent.id)
        .where(TraceEvent.event_id.in_(listed(sorted(event_ids))), fixed())
    )
    return dict(iter(db.session.execute(rows).all()))


@dataclass(frozen=True)
class Amounts:
    """What events say of a lot, in its unit."""

    stated: Decimal = Decimal(0)  #: by the events of its making
    makings: int = 0  #: how many these are
    unstated: int = 0  #: how many of them do not say how much
    received: Decimal = Decimal(0)  #: by its owner
    unsaid: int = 0  #: how many receipts do not say how much
    first_receipt: datetime | None = None
    first_seen: datetime | None = None  #: when it was there otherwise
    used: Decimal = Decimal(0)  #: went into others, by our own screens
    captured: Decimal = Decimal(0)  #: the same, by captured events
    sold: Decimal = Decimal(0)  #: by captured events, less what was brought back
    lost: Decimal = Decimal(0)  #: by captured events: destroyed, or gone otherwise
    remade: Decimal = Decimal(0)  #: made by captured transformations
    has_returns: bool = False  #: some was brought back

    @property
    def made(self) -> Decimal | None:
        """How much was made; None unless each event of its making says how much.

        Where nobody says that it was made, what its owner received is all there is of it.
        """
        if self.makings:
            return None if self.unstated else self.stated
        return self.received if is_all(self.unsaid, self.first_receipt, self.first_seen) else None


def amounts(lot_ids: Collection[int], *, without: Collection[str] = (), has_cases: bool = True) -> dict[int, Amounts]:
    """Add up what is said of lots, those of which nothing is said left out.

    :param without: eventIDs of events that are about to be declared wrong
    :param has_cases: some of them are, or were, in cases
    """
    is_captured = EpcisEvent.capture_id.is_not(None)
    is_object = and_(TraceEvent.kind == EventKind.OBJECT, EventLot.role == "object")
    makes = or_(
        and_(TraceEvent.kind == EventKind.TRANSFORMATION, EventLot.role == "output"),
        and_(is_object, TraceEvent.action == "ADD", ~standing.sells(), ~standing.ends()),
    )
    takes = and_(TraceEvent.kind == EventKind.TRANSFORMATION, EventLot.role == "input")
    sells, comes_back = _sales()
    ends = and_(is_captured, is_object, standing.ends())
    is_seen = and_(EventLot.role.in_(("object", "child")), ~standing.sells(), ~standing.ends())
    receives = and_(is_seen, _receives(), TraceEvent.organisation_id == Lot.owner_id)

    def total(condition: ColumnElement[bool], value: Any) -> Any:
        return func.coalesce(func.sum(case((condition, value), else_=0)), 0)

    def totals(condition: ColumnElement[bool]) -> tuple[Any, Any]:
        return total(condition, EventLot.quantity), total(condition, EventLot.rounding)

    query = (
        select(
            EventLot.lot_id,
            total(makes, 1),
            total(and_(makes, EventLot.quantity.is_(None)), 1),
            total(and_(receives, EventLot.quantity.is_(None)), 1),
            func.min(case((receives, TraceEvent.event_at))),
            func.min(case((and_(is_seen, not_(receives)), TraceEvent.event_at))),
            *totals(makes),
            *totals(receives),
            *totals(and_(takes, ~is_captured)),
            *totals(and_(takes, is_captured)),
            *totals(sells),
            *totals(comes_back),
            *totals(ends),
            *totals(and_(makes, is_captured, EventLot.role == "output")),
        )
        .join(TraceEvent, TraceEvent.id == EventLot.event_id)
        .join(Lot, Lot.id == EventLot.lot_id)
        .outerjoin(EpcisEvent, EpcisEvent.trace_event_id == TraceEvent.id)
        .where(EventLot.lot_id.in_(listed(sorted(lot_ids))), standing.stands(), standing.entitled())
        .group_by(EventLot.lot_id)
    )
    if without:
        query = query.where(TraceEvent.event_id.not_in(listed(sorted(without))))
    found = {}
    for lot_id, makings, unstated, unsaid, first_receipt, first_seen, *sums in db.session.execute(query):
        made, received, used_, captured, sold, back, lost, remade = (
            rounding.exact(int(sums[at]), int(sums[at + 1])) for at in range(0, len(sums), 2)
        )  # fmt: skip
        found[lot_id] = Amounts(
            made, int(makings), int(unstated), received, int(unsaid), first_receipt, first_seen,
            used_, captured, sold, lost, remade, back > 0,
        )  # fmt: skip
    in_cases = _in_cases(lot_ids, without=without) if has_cases else {}
    for lot_id, all_that in in_cases.items():
        found[lot_id] = _with(found.get(lot_id, Amounts()), all_that)
    in_order = sales({lot_id for lot_id, one in found.items() if one.has_returns}, without=without, in_cases=in_cases)
    return found | {lot_id: replace(found[lot_id], sold=net(some)) for lot_id, some in in_order.items()}


def _in_cases(lot_ids: Collection[int], *, without: Collection[str]) -> dict[int, list[Happened]]:
    """Give what became of lots in the cases in which they were packed."""
    wanted = set(lot_ids)
    found: dict[int, list[Happened]] = defaultdict(list)
    for happened in contents.follow(contents.stored_steps(contents.holding(wanted), without=without)):
        if isinstance(happened.thing, int) and happened.thing in wanted:
            found[happened.thing].append(happened)
    return found


def _with(said: Amounts, in_cases: Iterable[Happened]) -> Amounts:
    """Add to what is said of a lot what became of it in cases."""
    total: dict[Deed, Decimal] = defaultdict(Decimal)
    for happened in in_cases:
        total[happened.step.deed] += happened.amount
    return replace(
        said,
        captured=said.captured + total[Deed.USED],
        sold=said.sold + total[Deed.SOLD],
        lost=said.lost + total[Deed.LOST],
        has_returns=said.has_returns or Deed.BROUGHT_BACK in total,
    )


def is_all(unsaid: int, first_receipt: datetime | None, first_seen: datetime | None) -> bool:
    """Tell whether what the owner of a lot received is all there is of it: nothing is told of it from before.

    :param unsaid: receipts that do not say how much
    """
    return not unsaid and first_receipt is not None and (first_seen is None or first_receipt <= first_seen)


def _receives() -> ColumnElement[bool]:
    """Say in SQL of ``TraceEvent`` what ``ways.receives`` tells."""
    return and_(
        TraceEvent.kind == EventKind.OBJECT,
        TraceEvent.action == "OBSERVE",
        TraceEvent.biz_step == ways.RECEIVING,
        func.coalesce(TraceEvent.disposition, "") != ways.BROUGHT_BACK,
    )


#: When some of a lot was sold, the id of its line, and how much; less than nothing when it was brought back.
Sale = tuple[datetime, int, Decimal]


def net(sales: Iterable[Sale]) -> Decimal:
    """Give how much was sold and not brought back: no more comes back than was sold until then."""
    total = Decimal(0)
    for _, _, amount in sales:
        total = max(Decimal(0), total + amount)
    return total


def sales(
    lot_ids: Collection[int],
    *,
    without: Collection[str] = (),
    in_cases: Mapping[int, Sequence[Happened]] | None = None,
) -> dict[int, list[Sale]]:
    """Give what captured events sold and brought back of lots, in the order of the times of the events.

    :param in_cases: what became of the lots in cases, where it is known already
    """
    if not lot_ids:
        return {}
    if in_cases is None:
        in_cases = _in_cases(lot_ids, without=without)
    sells, comes_back = _sales()
    query = (
        select(
            EventLot.lot_id, TraceEvent.event_at, TraceEvent.id, EventLot.quantity, EventLot.rounding, comes_back
        )
        .join(TraceEvent, TraceEvent.id == EventLot.event_id)
        .join(Lot, Lot.id == EventLot.lot_id)
        .join(EpcisEvent, EpcisEvent.trace_event_id == TraceEvent.id)
        .where(
            EventLot.lot_id.in_(listed(sorted(lot_ids))), EventLot.quantity.is_not(None), or_(sells, comes_back),
            standing.stands(), standing.entitled(),
        )
        .order_by(TraceEvent.event_at, TraceEvent.id)
    )  # fmt: skip
    if without:
        query = query.where(TraceEvent.event_id.not_in(listed(sorted(without))))
    found: dict[int, list[Sale]] = {lot_id: [] for lot_id in lot_ids}
    for lot_id, at, id, quantity, too_many, is_back in db.session.execute(query):
        amount = rounding.exact(quantity or 0, too_many)
        found[lot_id].append((at, id, -amount if is_back else amount))
    for lot_id in found.keys() & in_cases.keys():
        found[lot_id] += [
            (one.step.at, one.step.line, one.amount) for one in in_cases[lot_id] if one.step.deed in _OF_SALES
        ]
        found[lot_id].sort(key=lambda sale: sale[:2])
    return found


_OF_SALES = (Deed.SOLD, Deed.BROUGHT_BACK)


def _sales() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Say in SQL of a line of captured events that it sells what it names, and that it brings it back."""
    is_object = EventLot.role == "object"
    by_itself = and_(
        is_object,
        or_(
            TraceEvent.kind == EventKind.OBJECT,
            and_(TraceEvent.kind == EventKind.TRANSACTION, TraceEvent.action != "DELETE"),
        ),
    )
    inside = and_(EventLot.role == "child", TraceEvent.action != "DELETE")
    is_captured = EpcisEvent.capture_id.is_not(None)
    sells = and_(is_captured, or_(by_itself, inside), standing.sells())
    back = and_(is_captured, by_itself, TraceEvent.disposition == ways.BROUGHT_BACK, ~standing.sells())
    return sells, and_(back, or_(TraceEvent.kind != EventKind.OBJECT, ~standing.ends()))


def begun(lot_ids: Collection[int]) -> set[int]:
    """Give those of some lots that are there by a word of who may speak for them: received, harvested, or made."""
    if not lot_ids:
        return set()
    begins = and_(
        TraceEvent.kind == EventKind.OBJECT,
        EventLot.role == "object",
        or_(TraceEvent.action == "ADD", TraceEvent.biz_step.in_(BEGINS)),
    )
    query = (
        select(EventLot.lot_id)
        .join(TraceEvent, TraceEvent.id == EventLot.event_id)
        .join(Lot, Lot.id == EventLot.lot_id)
        .where(EventLot.lot_id.in_(listed(sorted(lot_ids))), begins, standing.stands(), standing.entitled())
    )
    found = set(db.session.scalars(query))
    return found | set(db.session.scalars(select(LotInput.output_id).where(LotInput.output_id.in_(sorted(lot_ids)))))


def used(kind: LotKind, said: Amounts) -> int:
    """Give how much ``Lot.used`` has to be: batches are counted by the stock, of unknown amounts nothing is."""
    if kind is LotKind.FINISHED or (kind is LotKind.EXTERNAL and said.made is None):
        return rounding.whole(said.used)
    return rounding.whole(said.used + said.captured)


# --- How lots stand ----------------------------------------------------------------------------------------

#: (step, disposition) of our own events that change how a lot stands.
_TURNS: dict[tuple[str, str | None], LotState] = {
    ("storing", "sellable_not_accessible"): LotState.RELEASED,
    ("holding", "non_sellable_other"): LotState.HELD,
    ("holding", "sellable_not_accessible"): LotState.RELEASED,
    ("holding", "recalled"): LotState.RECALLED,
}


@dataclass(frozen=True)
class Stand:
    """How a lot stands by what events say of it alone, why, and since when."""

    state: LotState
    reason: str
    since: datetime
    reason_en: str = ""


def states(lot_ids: Collection[int]) -> dict[int, Stand]:
    """Give how lots stand by their own events, of those whose state an event changed.

    A correction of ours changes words and days, and no state: what counts is what was written first. A recall by the
    word of an external lot's owner (captured events that stand) holds until a later moment at which it is unset, for
    as much as it was set: one pack set free leaves the others recalled. One of our screens is for good.
    """
    word = {half: _says_of_recalls(half) for half in ("set", "unset")}
    is_captured = EpcisEvent.capture_id.is_not(None)
    # Marking a store-room on a screen gives no quantity; the release of a batch does.
    turns = and_(
        ~is_captured,
        TraceEvent.kind == EventKind.OBJECT,
        or_(TraceEvent.biz_step == "holding", and_(TraceEvent.biz_step == "storing", EventLot.quantity.is_not(None))),
    )
    by_word = and_(
        is_captured,
        Lot.kind == LotKind.EXTERNAL,
        TraceEvent.organisation_id == Lot.owner_id,
        or_(*word.values()),
        standing.stands(),
    )
    rows = db.session.execute(
        select(
            EventLot.lot_id,
            TraceEvent.biz_step,
            TraceEvent.disposition,
            TraceEvent.note_vi,
            TraceEvent.note_en,
            TraceEvent.event_at,
            and_(is_captured, word["set"]),
            and_(is_captured, word["unset"]),
            EventLot.quantity,
            Lot.quantity,
        )
        .join(TraceEvent, TraceEvent.id == EventLot.event_id)
        .join(Lot, Lot.id == EventLot.lot_id)
        .outerjoin(EpcisEvent, and_(EpcisEvent.trace_event_id == TraceEvent.id, ~EpcisEvent.declares_error))
        .where(
            EventLot.lot_id.in_(listed(sorted(lot_ids))),
            or_(and_(turns, EventLot.role == "object", TraceEvent.corrects_id.is_(None)), by_word),
        )
        .order_by(TraceEvent.id)
    ).all()
    found: dict[int, Stand] = {}
    for lot_id, step, disposition, note, note_en, event_at, is_set, is_unset, _, _ in rows:
        if not (is_set or is_unset) and (step, disposition) in _TURNS:
            state = _TURNS[step, disposition]
            reasons = ("", "") if state is LotState.RELEASED else (note, note_en)
            found[lot_id] = Stand(state, reasons[0], event_at, reasons[1])
    for_good = {lot_id for lot_id, stand in found.items() if stand.state is LotState.RECALLED}
    # Words count by the times of their events: which of two was sent first says nothing.
    called: dict[int, int | None] = {}
    for lot_id, *_, event_at, is_set, is_unset, quantity, there in sorted(rows, key=lambda row: row.event_at):
        before = found.get(lot_id)
        if is_set:
            called[lot_id] = _called_more(called.get(lot_id, 0), quantity, there)
        if is_unset:
            called[lot_id] = _called_less(called.get(lot_id, 0), quantity, there)
        if is_set and (before is None or before.state is LotState.RELEASED):
            found[lot_id] = Stand(LotState.RECALLED, "", event_at)
        elif is_set and lot_id in for_good and before is not None and event_at < before.since:
            found[lot_id] = replace(before, since=event_at)
        is_free = is_unset and called[lot_id] == 0 and lot_id not in for_good
        if is_free and before is not None and before.state is LotState.RECALLED:
            found[lot_id] = Stand(LotState.RELEASED, "", event_at)
    return found


def _called_more(before: int | None, quantity: int | None, there: int) -> int | None:
    """Give how much of a lot is recalled by word once more of it is; None: all of it, however much that is.

    :param there: how much there is of it; 0 where nobody says
    """
    if before is None or quantity is None:
        return None
    return min(before + quantity, there) if there else max(before, quantity)


def _called_less(before: int | None, quantity: int | None, there: int) -> int | None:
    """Give how much of a lot is recalled by word once so much of it is free."""
    if quantity is None or quantity >= (before if before is not None else there):
        return 0
    return None if before is None else before - quantity


def _says_of_recalls(half: str) -> ColumnElement[bool]:
    """Say in SQL of ``EpcisEvent`` that it sets or unsets the recall of what it names.

    The disposition of the moment says it too: goods that are “recalled” are.
    """
    persistent = exists().where(
        EpcisField.epcis_event_id == EpcisEvent.id,
        EpcisField.name == f"persistentDisposition_{half}",
        EpcisField.value == "recalled",
    )
    if half == "unset":
        return persistent
    return or_(persistent, func.coalesce(EpcisEvent.disposition, "") == "recalled")


def recalls_among(line_ids: Collection[int]) -> set[int]:
    """Give the lots of events (by the ids of their lines) that set or unset a recall."""
    if not line_ids:
        return set()
    rows = (
        select(EventLot.lot_id)
        .join(EpcisEvent, EpcisEvent.trace_event_id == EventLot.event_id)
        .where(
            EventLot.event_id.in_(listed(sorted(line_ids))),
            or_(_says_of_recalls("set"), _says_of_recalls("unset")),
        )
    )
    return set(db.session.scalars(rows))


def recalled(lot_ids: Collection[int]) -> dict[int, datetime]:
    """Give those of some lots that are recalled, and since when: themselves, or something they were made of or hold.

    It is worked out anew from the events and edges that stand, so that what stopped a lot by mistake stops it no more.
    """
    if not lot_ids:
        return {}
    above = genealogy.upstream(lot_ids)
    marked = select(Lot.id).where(Lot.id.in_(select(above.c.id)), Lot.state == LotState.RECALLED)
    stopped = {
        lot_id: stand.since
        for lot_id, stand in states(set(db.session.scalars(marked)) | set(lot_ids)).items()
        if stand.state is LotState.RECALLED
    }
    together: dict[datetime, list[int]] = defaultdict(list)
    for lot_id, since in stopped.items():
        together[since].append(lot_id)
    wanted = set(lot_ids)
    found: dict[int, datetime] = {}
    for since, ids in sorted(together.items()):
        reached = genealogy.downstream(ids)
        for id in set(db.session.scalars(select(reached.c.id))) & wanted:
            found.setdefault(id, since)
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
            EventLot.rounding,
            standing.entitled(),
            and_(TraceEvent.action == "DELETE", contents.names_children()),
        )
        .join(EventLot, EventLot.event_id == TraceEvent.id)
        .join(Lot, Lot.id == EventLot.lot_id)
        .outerjoin(EpcisEvent, EpcisEvent.trace_event_id == TraceEvent.id)
        .where(
            TraceEvent.id.in_(_lines_about(wanted)), TraceEvent.kind.in_(TIES), standing.stands(),
            EventLot.role.in_(("input", "output", "child", "parent")),
        )
        .order_by(TraceEvent.event_at, TraceEvent.id, EventLot.lot_id)
    )  # fmt: skip
    groups: dict[tuple[Any, ...], _Group] = defaultdict(_Group)
    for row in db.session.execute(query):
        id, kind, action, event_at, organisation_id, transformation_id, lot_id, role, stated, too_many, may, part = row
        quantity = None if stated is None else rounding.exact(stated, too_many)
        key = (organisation_id, transformation_id) if transformation_id else (id,)
        group = groups[key]
        group.kind, group.action, group.event_at, group.is_part = kind, action, event_at, bool(part)
        if role == TIES[kind][0]:
            before = group.inputs.get(lot_id, Decimal(0))
            group.inputs[lot_id] = None if before is None or quantity is None else before + quantity
        elif role == TIES[kind][1]:
            group.outputs[lot_id] = bool(may) or group.outputs.get(lot_id, False)
    told: dict[tuple[int, int], Decimal | None] = {}
    packings: list[_Group] = []
    for group in groups.values():
        if group.kind is not EventKind.TRANSFORMATION:
            packings.append(group)
            continue
        for pair, amount in group.pairs(wanted):
            before = told.get(pair, Decimal(0))
            told[pair] = None if before is None or amount is None else before + amount
    for pair, amount in _contents(packings, wanted).items():
        told.setdefault(pair, amount)  # what it was made of says more than what it lay in
    for pair in _units_of_lots(wanted):
        told.setdefault(pair, Decimal(1))
    return {pair: min(rounding.whole(quantity or Decimal(0)), rounding.MOST) for pair, quantity in told.items()}


def _units_of_lots(unit_ids: Collection[int]) -> set[tuple[int, int]]:
    """Give {(unit, lot)} of single units that were known by themselves before it was said of which lot they are: the
    name that their events call them by leads to the lot since.
    """
    name = aliased(LotIdentifier)
    rows = db.session.execute(
        select(Lot.id, Lot.number, LotIdentifier.lot_id, LotIdentifier.uri)
        .join(EventLot, EventLot.lot_id == Lot.id)
        .join(EpcisEvent, EpcisEvent.trace_event_id == EventLot.event_id)
        .join(EpcisField, EpcisField.epcis_event_id == EpcisEvent.id)
        .join(LotIdentifier, LotIdentifier.uri == EpcisField.value)
        .where(
            Lot.id.in_(listed(sorted(unit_ids))),
            Lot.kind == LotKind.EXTERNAL,
            ~exists().where(name.lot_id == Lot.id),
            LotIdentifier.uri.contains("/21/"),
        )
        .distinct()
    )
    return {(unit, lot) for unit, called, lot, uri in rows if uri.endswith(f"/21/{called}") and unit != lot}


class _Group:
    """An event, or the halves of a transformation: what went in and how much, what came out and by whose word."""

    kind: EventKind
    action: str | None
    event_at: datetime
    is_part: bool  #: it takes out what it names; otherwise all there is

    def __init__(self) -> None:
        self.inputs: dict[int, Decimal | None] = {}
        self.outputs: dict[int, bool] = {}

    def pairs(self, wanted: Collection[int]) -> Iterator[tuple[tuple[int, int], Decimal | None]]:
        """Give the pairs of outputs that are asked for."""
        outputs = list(self.outputs.items())[:MOST_PAIRS]
        inputs = list(self.inputs.items())[: MOST_PAIRS // max(1, len(outputs))]
        for output, may in outputs:
            if may and output in wanted:
                for source, quantity in inputs:
                    if source != output:
                        yield (output, source), quantity if len(outputs) == 1 else None


def _contents(packings: Sequence[_Group], cases: Collection[int]) -> dict[tuple[int, int], Decimal | None]:
    """Give {(case, thing in it): how much, None where nobody says}, from packings in the order of their times."""
    inside: dict[int, dict[int, Decimal | None]] = defaultdict(dict)
    used: dict[tuple[int, int], Decimal | None] = {}
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


def _pack(inside: dict[int, Decimal | None], event: _Group, case_: int) -> None:
    """Put things into a case, take them out, or see them in it."""
    if event.action == "DELETE" and not event.is_part:
        inside.clear()
    for thing, amount in event.inputs.items():
        if thing == case_:
            continue
        before = inside.get(thing, Decimal(0))
        if event.action == "DELETE":
            left = Decimal(0) if amount is None else None if before is None else before - amount
            if left is None or left > 0:
                inside[thing] = left
            else:
                inside.pop(thing, None)
        elif event.action == "OBSERVE":
            inside[thing] = None if before is None else max(before, amount or Decimal(0))
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
            standing.stands(),
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
    "Amounts",
    "amounts",
    "fixed",
    "fixed_among",
    "opened",
    "outputs_of",
    "recalled",
    "recalled_here",
    "recalls_among",
    "states",
    "ties",
    "used",
]
