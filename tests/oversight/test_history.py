"""Whatever happens to lots, in whatever order: quantities are conserved, walks are true, nothing recalled is sold.

A history of receiving, making, packing, releasing, sending, selling, returning and recalling runs on a real
database beside a model in plain Python; after each step both must agree.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from accounts.models import Organisation, OrganisationKind
from catalog.models import Unit
from consignment import queries as consignment
from consignment import selling, transfer
from kernel.db import db, transaction
from kernel.errors import DomainError
from oversight import queries, recall
from oversight.models import Recall, Severity
from stock import agreement, ledger, production
from stock.models import Balance, Location, LocationKind
from tests.factories import BA_DONG, Factories
from traceability import batches, genealogy, lots, recipes
from traceability.lots import Received
from traceability.models import Batch, Lot, LotKind, LotState

NET_G = 500
WHICH = st.integers(0, 999)
PART = st.integers(1, 100)  #: how much of what is left, in per cent
HOME, COUNTER, SOLD = LocationKind.WAREHOUSE, LocationKind.SALES_POINT, LocationKind.CUSTOMER


@dataclass
class Known:
    """A lot as the model knows it."""

    kind: LotKind
    quantity: int
    state: LotState
    inputs: dict[int, int] = field(default_factory=dict)
    used: int = 0
    where: Counter[LocationKind] = field(default_factory=Counter)

    @property
    def left(self) -> int:
        return self.quantity - self.used

    @property
    def is_usable(self) -> bool:
        wanted = LotState.OPEN if self.kind is LotKind.FINISHED else LotState.RELEASED
        return self.state is wanted and self.left > 0


class History(RuleBasedStateMachine):
    """One producer, one counter; what is made has no more mass than what it is made of."""

    def __init__(self, make: Factories, now: datetime) -> None:
        super().__init__()
        self.make, self.now = make, now
        self.known: dict[int, Known] = {}
        self.back: list[tuple[str, int, int]] = []  #: notes on their way back: number, lot, packs
        self.recalls: list[str] = []
        self.count = 0

    @initialize()
    def begin(self) -> None:
        make = self.make
        self.producer: Organisation = make.producer()
        self.item = make.item(make.product(self.producer))
        keeper = make.organisation(kind=OrganisationKind.SALES_POINT)
        self.slug = make.sales_point(keeper).slug
        self.maker, self.seller = make.actor(self.producer), make.actor(keeper)
        self.receive(100)  # something lies at the counter from the start, three steps from its field
        self.make_of(0, taken=60, kept=80, packed=False)
        self.make_of(1, taken=80, kept=100, packed=True)
        self.release(0)
        self.send_and_receive(0, part=50)

    def number(self) -> str:
        self.count += 1
        return f"L{self.count:03d}"

    def some(self, which: int, wanted: Any) -> int | None:
        ids = [id for id, lot in self.known.items() if wanted(lot)]
        return ids[which % len(ids)] if ids else None

    def tried(self, right: tuple[type[DomainError], ...] | None, act: Any) -> Any:
        """Do a step in a transaction: it must be refused as one of ``right`` says, or done when that is None."""
        if right is None:
            with transaction():
                return act()
        with pytest.raises(right), transaction():
            act()
        return None

    # What is made

    @precondition(lambda self: sum(lot.kind is LotKind.RAW for lot in self.known.values()) < 4)
    @rule(kilograms=st.integers(1, 200))
    def receive(self, kilograms: int) -> None:
        told = Received(
            name_vi="Lúa rẫy",
            number=self.number(),
            quantity=kilograms * 1_000,
            unit=Unit.GRAM,
            received_on=date(2026, 11, 20),
            commune=BA_DONG,
            supplier="Hộ mẫu",
        )
        lot = self.tried(None, lambda: lots.receive_raw_lot(self.producer, told, actor=self.maker, now=self.now))
        self.known[lot.id] = Known(LotKind.RAW, kilograms * 1_000, LotState.RELEASED)

    @rule(which=WHICH, taken=PART, kept=st.sampled_from([30, 80, 100, 105]), packed=st.booleans(), more=st.booleans())
    def make_of(self, which: int, taken: int, kept: int, *, packed: bool, more: bool = False) -> None:
        """Make flour or packs of a part of one lot or of two; now and then more than can be."""
        ids = {self.some(which, lambda lot: lot.is_usable)}
        if more:
            ids.add(self.some(which + 1, lambda lot: lot.is_usable))
        inputs = {id: max(1, self.known[id].left * taken // 100) for id in ids if id is not None}
        mass = sum(
            quantity * (NET_G if self.known[id].kind is LotKind.FINISHED else 1) for id, quantity in inputs.items()
        )
        made = mass * kept // 100 // (NET_G if packed else 1)
        if not inputs or not 1 <= made <= batches.MOST_PACKS:
            return
        out = made * (NET_G if packed else 1)
        lot_id = self.tried(
            (recipes.MoreOutThanIn,) if out > mass else None, lambda: self._make(made, inputs, packed=packed)
        )
        if lot_id is None:
            return
        kind = LotKind.FINISHED if packed else LotKind.INTERMEDIATE
        self.known[lot_id] = Known(kind, made, LotState.OPEN if packed else LotState.RELEASED, inputs)
        for id, quantity in inputs.items():
            self.known[id].used += quantity

    def _make(self, made: int, inputs: dict[int, int], *, packed: bool) -> int:
        common: dict[str, Any] = {"number": self.number(), "made_on": date(2026, 11, 21), "quantity": made}
        common |= {"inputs": inputs, "actor": self.maker, "now": self.now}
        if packed:
            return batches.open_batch(db.session.merge(self.item), expires_on=None, **common).lot_id
        return lots.make_intermediate(self.producer, name_vi="Bột gạo", unit=Unit.GRAM, **common).id

    @rule(which=WHICH)
    def release(self, which: int) -> None:
        id = self.some(which, lambda lot: lot.kind is LotKind.FINISHED and (lot.state is LotState.OPEN or which > 900))
        if id is None:
            return
        lot = self.known[id]
        right: tuple[type[DomainError], ...] | None = None
        if lot.state is not LotState.OPEN:
            right = (batches.NotOpen,)
        elif lot.left < 1:
            right = (batches.NothingLeft,)
        self.tried(right, lambda: production.release(db.session.get_one(Batch, id), actor=self.maker, now=self.now))
        if right is None:
            lot.state = LotState.RELEASED
            lot.where[HOME] = lot.left

    # What is moved and sold

    @rule(which=WHICH, part=PART)
    def send_and_receive(self, which: int, part: int) -> None:
        id = self.some(which, lambda lot: lot.where[HOME] > 0)
        if id is None:
            return
        lot = self.known[id]
        packs = max(1, lot.where[HOME] * part // 100)

        def act() -> None:
            wanted = [transfer.Wanted(id, packs, 60_000)]
            consignor = consignment.consignor(self.producer.id)
            point = consignment.get_point(self.seller, self.slug)
            note = transfer.draft(consignor, point, wanted, actor=self.maker, now=self.now)
            transfer.send(note, actor=self.maker, now=self.now)
            transfer.receive(note, actor=self.seller, now=self.now)

        right = (transfer.NotReleased,) if lot.state is LotState.RECALLED else None
        self.tried(right, act)
        if right is None:
            lot.where[HOME] -= packs
            lot.where[COUNTER] += packs

    @rule(which=WHICH, packs=st.integers(1, 40))
    def sell(self, which: int, packs: int) -> None:
        id = self.some(which, lambda lot: lot.where[COUNTER] > 0)
        if id is None:
            return
        lot, key = self.known[id], f"history-{id}-{self.count}-{self.number()}"
        right: tuple[type[DomainError], ...] | None = None
        if lot.state is LotState.RECALLED:
            right = (ledger.LotFrozen,)
        elif packs > lot.where[COUNTER]:
            right = (ledger.NotOnHand,)

        def act() -> None:
            point = consignment.get_point(self.seller, self.slug)
            selling.sell(point, {id: packs}, request_key=key, actor=self.seller, now=self.now)

        self.tried(right, act)
        if right is None:
            lot.where[COUNTER] -= packs
            lot.where[SOLD] += packs

    @rule(which=WHICH, part=PART)
    def bring_back(self, which: int, part: int) -> None:
        """Unsold packs go home, recalled ones too."""
        id = self.some(which, lambda lot: lot.where[COUNTER] > 0)
        if id is None:
            return
        lot = self.known[id]
        packs = max(1, lot.where[COUNTER] * part // 100)

        def act() -> None:
            consignor = consignment.consignor(self.producer.id)
            point = consignment.get_point(self.seller, self.slug)
            note = transfer.take_back(consignor, point, {id: packs}, reason="Về", actor=self.seller, now=self.now)
            transfer.receive(note, actor=self.maker, now=self.now)

        self.tried(None, act)
        lot.where[COUNTER] -= packs
        lot.where[HOME] += packs

    @rule(which=WHICH, is_drill=st.sampled_from([False, False, True]))
    def recall(self, which: int, is_drill: bool) -> None:
        id = self.some(which, lambda lot: True)
        if id is None:
            return
        right = (batches.AlreadyRecalled,) if self.known[id].state is LotState.RECALLED else None

        def act() -> str:
            told = recall.Told("Nhiễm khuẩn", Severity.SERIOUS)
            lot = db.session.get_one(Lot, id)
            return recall.start(lot, told, is_drill=is_drill, actor=self.maker, now=self.now).number

        number = self.tried(right, act)
        if number is None:
            return
        self.recalls.append(number)
        if not is_drill:
            for reached in {id, *self.reach(id, forward=True)}:
                self.known[reached].state = LotState.RECALLED

    # What must hold

    def edges(self) -> set[tuple[int, int, int]]:
        return {(out, into, quantity) for out, lot in self.known.items() for into, quantity in lot.inputs.items()}

    def reach(self, start: int, *, forward: bool) -> set[int]:
        """Walk by hand: step by step over all edges until nothing new is found."""
        steps = [(into, out) if forward else (out, into) for out, into, _ in self.edges()]
        found = {start}
        while True:
            grown = found | {to for here, to in steps if here in found}
            if grown == found:
                return found - {start}
            found = grown

    @invariant()
    def quantity_is_conserved(self) -> None:
        if not self.known:
            return
        assert agreement.verify() == []
        rows = db.session.execute(
            select(Balance.lot_id, Location.kind, Balance.on_hand, Balance.frozen)
            .join(Location, Location.id == Balance.location_id)
            .where(Balance.lot_id.in_(self.known), Location.kind != LocationKind.PRODUCTION)
        ).all()
        found = {id: Counter[LocationKind]() for id in self.known}
        for lot_id, kind, quantity, frozen in rows:
            found[lot_id][kind] += quantity
            assert frozen == (self.known[lot_id].state is LotState.RECALLED)
        for row in db.session.scalars(
            select(Lot).where(Lot.id.in_(self.known)).execution_options(populate_existing=True)
        ):
            lot = self.known[row.id]
            assert (row.quantity, row.used, row.state) == (lot.quantity, lot.used, lot.state)
            assert +found[row.id] == +lot.where
            assert lot.where.total() in (0, lot.left), "made = used + what is in the stock, or none of it is yet"
        db.session.rollback()

    @invariant()
    def walks_agree_with_a_walk_by_hand(self) -> None:
        edges = self.edges()
        for id in list(self.known)[-4:] + list(self.known)[:2]:
            for walk, forward in ((genealogy.forward, True), (genealogy.backward, False)):
                found = walk([id])
                reached = {id, *self.reach(id, forward=forward)}
                assert set(found.lot_ids) == reached
                wanted = {edge for edge in edges if edge[1 if forward else 0] in reached}
                assert {tuple(edge) for edge in found.edges} == wanted
        db.session.rollback()

    @invariant()
    def every_pack_of_a_recall_is_accounted_for(self) -> None:
        for number in self.recalls[-2:]:
            row = db.session.scalars(select(Recall).where(Recall.number == number)).one()
            for reckoned in queries.reckoning(row):
                assert reckoned.parts.unexplained == 0
                assert min(vars(reckoned.parts).values()) >= 0
                if not row.is_drill:
                    assert reckoned.parts.sold == self.known[reckoned.lot_id].where[SOLD]
        db.session.rollback()


def test_quantity_is_conserved_walks_are_true_and_nothing_recalled_is_sold(
    ctx: Flask, make: Factories, now: datetime
) -> None:
    run_state_machine_as_test(
        lambda: History(make, now),
        settings=settings(
            max_examples=8,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
