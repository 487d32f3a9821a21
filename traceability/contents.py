"""What lies in cases and on pallets, and what becomes of it with them: a case that is sold sells what it holds.

Logistic units (GS1 General Specifications, section 2.2) and assets hold what events packed into them or joined to
them. Whatever happens to one of them at a moment happens to all that is inside it then; what the same event names
beside it is named once. What was packed in an amount that nobody states counts as nothing.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, exists, select
from sqlalchemy.orm import aliased

from kernel.db import db, listed
from traceability import standing, ways
from traceability.models import EpcisEvent, EpcisField, EventKind, EventLot, Lot, TraceEvent
from traceability.rounding import exact

#: A thing: the id of its lot, or its name where it has none yet.
Key = int | str
Amount = Decimal | None

#: The kinds of events that put things into others.
PACKS = (EventKind.AGGREGATION, EventKind.ASSOCIATION)


class Deed(enum.Enum):
    """What an event does with cases, or with what is in them."""

    PACKED = "packed"
    SEEN = "seen"  #: it was seen what is in them
    TAKEN_OUT = "taken out"
    SOLD = "sold"
    USED = "used"
    LOST = "lost"
    BROUGHT_BACK = "brought back"
    HANDED_ON = "handed on"


#: At one instant: first it is packed, then something becomes of it, then it is unpacked.
_RANK = {Deed.PACKED: 0, Deed.SEEN: 0, Deed.TAKEN_OUT: 2}


@dataclass(frozen=True)
class Step:
    """Something that is done with cases."""

    at: datetime
    line: int  #: the id of its event's line in the story
    deed: Deed
    cases: tuple[Key, ...]
    things: Mapping[Key, Amount] = field(default_factory=dict)  #: packed or taken out; otherwise named beside the cases
    is_part: bool = True  #: where things are taken out: those named; otherwise all there is
    by: int = 0  #: the organisation that says so
    to: frozenset[str] = frozenset()  #: who has them then

    @property
    def moment(self) -> tuple[datetime, int, int]:
        """Give its place in the order of all steps."""
        return self.at, _RANK.get(self.deed, 1), self.line


@dataclass(frozen=True)
class Happened:
    """What became of a thing inside a case."""

    thing: Key
    step: Step
    amount: Decimal  #: less than nothing for what was brought back


def steps_of(
    kind: EventKind,
    action: str | None,
    biz_step: str | None,
    disposition: str | None,
    *,
    roles: Mapping[str, Mapping[Key, Amount]],
    at: datetime,
    line: int,
    is_part: bool,
    by: int = 0,
    to: frozenset[str] = frozenset(),
) -> list[Step]:
    """Read what an event does with cases.

    :param roles: what it names, by role
    """
    deeds: list[Deed] = []
    cases, things = roles.get("object", {}), roles.get("object", {})
    if kind in PACKS:
        cases, things = roles.get("parent", {}), roles.get("child", {})
        deeds.append({"ADD": Deed.PACKED, "OBSERVE": Deed.SEEN, "DELETE": Deed.TAKEN_OUT}.get(action or "", Deed.SEEN))
        if action != "DELETE" and ways.sells(biz_step, disposition):
            deeds.append(Deed.SOLD)
    elif kind is EventKind.TRANSFORMATION:
        cases, things = roles.get("input", {}), roles.get("input", {})
        deeds.append(Deed.USED)
    elif kind is EventKind.TRANSACTION:
        cases = {**things, **roles.get("parent", {})}
        if action != "DELETE" and ways.sells(biz_step, disposition):
            deeds.append(Deed.SOLD)
        elif action != "DELETE" and ways.brings_back(biz_step, disposition):
            deeds.append(Deed.BROUGHT_BACK)
    elif kind is EventKind.OBJECT:
        deeds += _deeds_of_objects(action, biz_step, disposition)
    if to and biz_step in ways.SHIPS and action != "DELETE":
        deeds.append(Deed.HANDED_ON)
    return [
        Step(at, line, deed, tuple(cases), things, is_part if kind in PACKS else False, by, to)
        for deed in deeds if cases
    ]  # fmt: skip


def _deeds_of_objects(action: str | None, biz_step: str | None, disposition: str | None) -> list[Deed]:
    if ways.sells(biz_step, disposition):
        return [Deed.SOLD]
    if ways.ends(biz_step, disposition, None):
        return [Deed.LOST]
    if action == "DELETE":
        return [Deed.TAKEN_OUT]  # a case that is none any longer ends without what was in it
    return [Deed.BROUGHT_BACK] if ways.brings_back(biz_step, disposition) else []


def follow(steps: Iterable[Step]) -> list[Happened]:
    """Follow cases through what is done with them, in the order of the times; give what becomes of things in them."""
    cases = _Cases()
    return [happened for step in sorted(steps, key=lambda step: step.moment) for happened in cases.do(step)]


class _Cases:
    """What is in cases while the steps are read, and what was sold in them."""

    def __init__(self) -> None:
        self._inside: dict[Key, dict[Key, Amount]] = {}
        self._sold: dict[Key, dict[Key, Amount]] = {}

    def do(self, step: Step) -> list[Happened]:
        if step.deed in (Deed.PACKED, Deed.SEEN):
            for case in step.cases:
                self._pack(self._inside.setdefault(case, {}), step, case)
        elif step.deed is Deed.TAKEN_OUT:
            for case in step.cases:
                self._take_out(self._inside.get(case, {}), step)
        elif step.deed is Deed.BROUGHT_BACK:
            return self._each(step, self._sold, to=self._inside, sign=-1)
        elif step.deed is Deed.SOLD:
            return self._each(step, self._inside, to=self._sold)
        else:
            return self._each(step, self._inside, to=self._inside if step.deed is Deed.HANDED_ON else {})
        return []

    def _pack(self, inside: dict[Key, Amount], step: Step, case: Key) -> None:
        for thing, amount in step.things.items():
            before = inside.get(thing, Decimal(0))
            if thing == case:
                continue
            if step.deed is Deed.SEEN:
                inside[thing] = None if before is None else max(before, amount or Decimal(0))
            else:
                inside[thing] = None if before is None or amount is None else before + amount

    def _take_out(self, inside: dict[Key, Amount], step: Step) -> None:
        if not step.is_part:
            inside.clear()
            return
        for thing, amount in step.things.items():
            before = inside.get(thing, Decimal(0))
            if amount is not None and (before is None or before > amount):
                inside[thing] = None if before is None else before - amount
            else:
                inside.pop(thing, None)

    def _each(
        self, step: Step, held: dict[Key, dict[Key, Amount]], *, to: dict[Key, dict[Key, Amount]], sign: int = 1
    ) -> list[Happened]:
        """Let something become of all that is in some cases, and in the cases in these."""
        total: dict[Key, Decimal] = defaultdict(Decimal)
        seen: set[Key] = set()
        waiting = list(step.cases)
        while waiting:
            case = waiting.pop()
            if case in seen or case not in held:
                continue
            seen.add(case)
            for thing, amount in held[case].items():
                total[thing] += amount or Decimal(0)
                waiting.append(thing)
            if to is not held:
                there = to.setdefault(case, {}) if sign < 0 else {}  # a case comes back to what was packed since
                to[case] = there | {thing: _sum(there.get(thing), amount) for thing, amount in held.pop(case).items()}
        return [
            Happened(thing, step, sign * through)
            for thing, amount in total.items()
            # What is handed on, or looked into, in an amount that nobody states is there all the same.
            if (through := amount - (step.things.get(thing) or Decimal(0))) > 0
            or (step.deed is Deed.HANDED_ON and thing not in step.things)
        ]


def _sum(one: Amount, other: Amount) -> Amount:
    return other if one is None else None if other is None else one + other


# --- What is stored ------------------------------------------------------------------------------------------


def holding(lot_ids: Collection[int]) -> set[int]:
    """Give the cases into which things were ever packed, and those into which these were."""
    return _walk(lot_ids, "child", "parent")


def below(case_ids: Collection[int]) -> set[int]:
    """Give what was ever packed into cases, and into those in them."""
    return _walk(case_ids, "parent", "child")


def _walk(lot_ids: Collection[int], start: str, end: str) -> set[int]:
    one, other = aliased(EventLot), aliased(EventLot)
    found: set[int] = set()
    new = set(lot_ids)
    while new:
        query = (
            select(other.lot_id)
            .join(one, one.event_id == other.event_id)
            .where(one.lot_id.in_(listed(sorted(new))), one.role == start, other.role == end)
            .distinct()
        )
        new = set(db.session.scalars(query)) - found
        found |= new
    return found


def stored_steps(cases: Collection[int], *, without: Collection[str] = ()) -> list[Step]:
    """Give what events that stand say was done with cases, by who may speak for them and for what is in them.

    Of our own screens' events only what is packed counts: what they sell and use, the stock counts.

    :param without: eventIDs of events that are about to be declared wrong
    """
    if not cases:
        return []
    named = aliased(EventLot)
    about = select(named.event_id).where(
        named.lot_id.in_(listed(sorted(cases))), named.role.in_(("parent", "object", "input"))
    )
    query = (
        select(
            TraceEvent.id,
            TraceEvent.kind,
            TraceEvent.action,
            TraceEvent.biz_step,
            TraceEvent.disposition,
            TraceEvent.event_at,
            TraceEvent.organisation_id,
            EpcisEvent.id,
            EpcisEvent.capture_id.is_not(None),
            and_(TraceEvent.action == "DELETE", names_children()),
            EventLot.lot_id,
            EventLot.role,
            EventLot.quantity,
            EventLot.rounding,
        )
        .join(EventLot, EventLot.event_id == TraceEvent.id)
        .join(Lot, Lot.id == EventLot.lot_id)
        .outerjoin(EpcisEvent, EpcisEvent.trace_event_id == TraceEvent.id)
        .where(TraceEvent.id.in_(about), EventLot.role != "output", standing.stands(), standing.entitled())
        .order_by(TraceEvent.id, EventLot.lot_id)
    )
    if without:
        query = query.where(TraceEvent.event_id.not_in(listed(sorted(without))))
    events: dict[int, tuple[Any, ...]] = {}
    roles: dict[int, dict[str, dict[Key, Amount]]] = defaultdict(lambda: defaultdict(dict))
    for *facts, lot_id, role, quantity, too_many in db.session.execute(query):
        events[facts[0]] = tuple(facts)
        roles[facts[0]][role][lot_id] = None if quantity is None else exact(quantity, too_many)
    parties = _receivers([facts[7] for facts in events.values() if facts[3] in ways.SHIPS])
    steps: list[Step] = []
    for id, kind, action, biz_step, disposition, at, by, epcis_id, is_captured, is_part in events.values():
        if is_captured or kind in PACKS:
            steps += steps_of(
                kind, action, biz_step, disposition, roles=roles[id], at=at, line=id, is_part=bool(is_part), by=by,
                to=parties.get(epcis_id, frozenset()),
            )  # fmt: skip
    return steps


def inside(
    cases: Collection[int], at: datetime, *, beside: Collection[int] = (), line: int = 2**62
) -> dict[int, Decimal]:
    """Give what lies in cases at a moment, cases in them too; 0 of what nobody says how much there is.

    :param beside: what is named beside the cases, and left out
    """
    steps = stored_steps(set(cases) | below(cases))
    looks = Step(at, line, Deed.HANDED_ON, tuple(cases), dict.fromkeys(beside))
    return {
        happened.thing: happened.amount
        for happened in (follow([*steps, looks]) if steps else ())
        if happened.step is looks and isinstance(happened.thing, int)
    }


def _receivers(epcis_ids: Sequence[int]) -> dict[int, frozenset[str]]:
    """Give who has the goods after events, by name."""
    found: dict[int, frozenset[str]] = defaultdict(frozenset)
    if epcis_ids:
        rows = select(EpcisField.epcis_event_id, EpcisField.value).where(
            EpcisField.epcis_event_id.in_(listed(sorted(epcis_ids))),
            EpcisField.name == "destination_possessing_party",
        )
        for id, name in db.session.execute(rows):
            found[id] |= {name}
    return found


def names_children() -> Any:
    """Say in SQL of ``EpcisEvent`` that it names children, be they lots or mere kinds of goods."""
    return exists().where(EpcisField.epcis_event_id == EpcisEvent.id, EpcisField.name.in_(("epc", "epcClass")))
