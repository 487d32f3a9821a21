"""Whatever programs capture, in whatever order: amounts hold, walks are true, what was wrong is gone, recalls reach it.

A history of commissioning, making, packing, unpacking, selling, declaring wrong and recalling runs through the
interface beside a model in plain Python; after each step both must agree.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from kernel.db import db, transaction
from oversight import recall
from oversight.models import Severity
from stock import agreement
from tests.factories import Factories
from tests.traceability.epcis.interface import Program, document
from tests.traceability.epcis.test_what_stands import (
    AFTER,
    amounts,
    commissioned,
    edges,
    lot_of,
    made,
    packed,
    rules,
    sold,
    unpacked,
    wrong,
)
from traceability import genealogy
from traceability.models import LotState

WHICH = st.integers(0, 999)
PART = st.sampled_from([20, 50, 100, 130])  #: how much of what is left, in per cent: now and then more


@dataclass
class Known:
    """A lot as the model knows it."""

    kilograms: int
    said: dict[str, Any]  #: the event of its making
    inputs: dict[str, int] = field(default_factory=dict)
    used: int = 0
    sold: int = 0
    is_recalled: bool = False

    @property
    def left(self) -> int:
        """What was sold cannot be used, nor what was used be sold."""
        return self.kilograms - self.used - self.sold


@dataclass
class Case:
    """A case as the model knows it: what it holds, and how much of each."""

    inside: dict[str, int] = field(default_factory=dict)
    is_recalled: bool = False


class Captured(RuleBasedStateMachine):
    """One organisation's program; what it makes has no more mass than what it is made of."""

    def __init__(self, number: int, program: Program, actor: Any, now: datetime) -> None:
        super().__init__()
        self.number = number  #: histories share a database: each has names of its own
        self.program, self.actor, self.now = program, actor, now
        self.known: dict[str, Known] = {}
        self.cases: dict[str, Case] = {}
        self.count = 0

    def name(self) -> str:
        self.count += 1
        return f"H{self.number}-{self.count:03d}"

    def fact(self) -> dict[str, str]:
        """Give what tells this event from all others."""
        return {"eventID": f"urn:uuid:00000000-0000-4000-{self.number:04d}-{self.count:012d}", "eventTime": AFTER}

    def some(self, which: int) -> str:
        return list(self.known)[which % len(self.known)]

    def captured(self, said: dict[str, Any], right: list[str]) -> bool:
        """Capture an event: refused as ``right`` says, or taken when that is empty."""
        assert rules(self.program.capture(document(said))) == right
        return not right

    @initialize()
    def begin(self) -> None:
        self.commission(100)
        self.make_of(0, part=50)

    @rule(kilograms=st.integers(2, 200))
    def commission(self, kilograms: int) -> None:
        name = self.name()
        said = commissioned(name, kilograms, **self.fact())
        self.captured(said, [])
        self.known[name] = Known(kilograms, said)

    @rule(which=WHICH, part=PART)
    def make_of(self, which: int, part: int) -> None:
        source, name = self.some(which), self.name()
        lot = self.known[source]
        taken = max(1, lot.left * part // 100)
        right: list[str] = []
        if lot.is_recalled:
            right = ["business-recalled"]
        elif taken > lot.left:
            right = ["business-amount"]
        said = made([(source, taken)], [(name, taken)], **self.fact())
        if self.captured(said, right):
            lot.used += taken
            self.known[name] = Known(taken, said, {source: taken})

    @rule(which=WHICH, part=PART)
    def sell(self, which: int, part: int) -> None:
        self.count += 1
        name = self.some(which)
        lot = self.known[name]
        kilograms = max(1, lot.left * part // 100)
        right: list[str] = []
        if lot.is_recalled:
            right = ["business-recalled"]
        elif kilograms > lot.left:
            right = ["business-amount"]
        if self.captured(sold(amounts([(name, kilograms)]), **self.fact()), right):
            lot.sold += kilograms

    @rule(which=WHICH, case=st.integers(0, 2), kilograms=st.integers(1, 9))
    def pack(self, which: int, case: int, kilograms: int) -> None:
        self.count += 1
        thing, name = self.some(which), f"H{self.number}-C{case}"
        right = ["business-recalled"] if self.known[thing].is_recalled else []
        if not right and kilograms > self.known[thing].kilograms:
            right = ["business-amount"]
        said = packed(amounts([(thing, kilograms)]), name, **self.fact())
        if self.captured(said, right):
            inside = self.cases.setdefault(name, Case()).inside
            inside[thing] = inside.get(thing, 0) + kilograms

    @rule(which=WHICH, part=st.sampled_from([0, 50, 100, 130]))
    def unpack(self, which: int, part: int) -> None:
        """Take some of one thing out of a case, or all there is (part 0)."""
        filled = [name for name, one in self.cases.items() if one.inside]
        if not filled:
            return
        self.count += 1
        name = filled[which % len(filled)]
        inside = self.cases[name].inside
        thing = list(inside)[which % len(inside)]
        out = max(1, inside[thing] * part // 100)
        said = unpacked(amounts([(thing, out)]) if part else None, name, **self.fact())
        self.captured(said, [])
        if not part:
            inside.clear()
        elif out >= inside[thing]:
            del inside[thing]
        else:
            inside[thing] -= out

    @rule(which=WHICH)
    def declare_a_making_wrong(self, which: int) -> None:
        """Of a lot from which nothing was taken yet: it is made no longer, and what went in is there again."""
        free = [
            name for name, lot in self.known.items() if lot.inputs and not (lot.used or lot.sold or lot.is_recalled)
            and not any(name in case.inside for case in self.cases.values())
        ]  # fmt: skip
        if not free:
            return
        name = free[which % len(free)]
        lot = self.known.pop(name)
        self.captured(wrong(lot.said), [])
        for source, taken in lot.inputs.items():
            self.known[source].used -= taken

    @rule(which=WHICH, chance=st.integers(0, 3))
    def recall(self, which: int, chance: int) -> None:
        name = self.some(which)
        if chance or self.known[name].is_recalled:
            return
        with self.program.app.app_context(), transaction():
            told = recall.Told("Nhiễm khuẩn", Severity.SERIOUS)
            recall.start(lot_of(name), told, is_drill=False, actor=self.actor, now=self.now - timedelta(days=5))
        for reached in {name, *self.reach(name)}:
            if reached in self.known:
                self.known[reached].is_recalled = True
            else:
                self.cases[reached].is_recalled = True

    def reach(self, start: str) -> set[str]:
        """Walk forward by hand until nothing new is found."""
        found = {start}
        while True:
            grown = found | {name for name, lot in self.known.items() if found & lot.inputs.keys()}
            grown |= {name for name, case in self.cases.items() if found & case.inside.keys()}
            if grown == found:
                return found - {start}
            found = grown

    @invariant()
    def what_is_stored_is_what_the_model_knows(self) -> None:
        with self.program.app.app_context():
            assert agreement.verify() == []
            own = {edge: taken for edge, taken in edges().items() if edge[0].startswith(f"H{self.number}-")}
            assert own == {
                (source, name): taken * 1_000
                for name, lot in self.known.items()
                for source, taken in lot.inputs.items()
            } | {
                (thing, name): kilograms * 1_000
                for name, case in self.cases.items()
                for thing, kilograms in case.inside.items()
            }
            for name, lot in self.known.items():
                row = lot_of(name)
                assert (row.quantity, row.used) == (lot.kilograms * 1_000, lot.used * 1_000), name
                assert (row.state is LotState.RECALLED) == lot.is_recalled, name
            for name, case in self.cases.items():
                assert (lot_of(name).state is LotState.RECALLED) == case.is_recalled, name

    @invariant()
    def walks_agree_with_a_walk_by_hand(self) -> None:
        with self.program.app.app_context():
            for name in list(self.known)[:2] + list(self.known)[-2:]:
                found = set(genealogy.forward([lot_of(name).id]).lot_ids)
                assert found == {lot_of(one).id for one in {name, *self.reach(name)}}


def test_whatever_is_captured_holds_together(app: Flask, make: Factories, now: datetime) -> None:
    numbers = itertools.count(8001)

    def begun() -> Captured:
        organisation = make.producer()
        with app.app_context():
            db.session.remove()
        return Captured(next(numbers), Program(app, organisation, now), make.actor(organisation), now)

    run_state_machine_as_test(
        begun,
        settings=settings(
            max_examples=6,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
