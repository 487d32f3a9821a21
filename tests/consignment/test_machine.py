"""Whatever producers and sellers do, in whatever order: not one pack appears, vanishes, or is sold while held.

A model in plain Python does the same steps beside the verbs; after each of them both must agree.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from consignment import queries, selling, transfer
from kernel.db import db, transaction
from kernel.errors import DomainError
from stock import holding, ledger, verification
from stock.models import Balance, Location, LocationKind
from tests.consignment.conftest import Shop
from tests.factories import Factories
from traceability.models import Lot

HOME, ROAD, COUNTER, SOLD = (
    LocationKind.WAREHOUSE,
    LocationKind.IN_TRANSIT,
    LocationKind.SALES_POINT,
    LocationKind.CUSTOMER,
)
MADE = 30
#: So many packs of the first and of the second batch: mostly of one of them, and mostly as many as there may be.
PACKS = st.one_of(
    st.tuples(st.integers(1, 8), st.just(0)),
    st.tuples(st.just(0), st.integers(1, 8)),
    st.tuples(st.integers(0, 12), st.integers(0, 12)),
)
WHICH = st.integers(0, 99)


class Trade(RuleBasedStateMachine):
    """Two batches of thirty packs, a producer, a counter."""

    def __init__(self, make: Factories, shop: Shop, now: datetime) -> None:
        super().__init__()
        self.shop, self.now = shop, now
        item = make.item(make.product(shop.producer))
        self.lots = [make.batch(item, quantity=MADE).lot_id for _ in range(2)]
        with transaction():
            warehouse = db.session.get_one(Location, shop.warehouse_id)
        for lot_id in self.lots:
            make.on_hand(lot_id, warehouse, shop.producer, MADE)
        self.where = {lot_id: Counter({HOME: MADE}) for lot_id in self.lots}
        self.under_way: dict[str, tuple[LocationKind, LocationKind, dict[int, int]]] = {}  #: number → from, to, packs
        self.finished: list[str] = []
        self.sales: dict[str, dict[int, int]] = {}
        self.held: set[int] = set()
        self.been_there: set[int] = set()
        self.keys = 0
        self.send((10, 10))  # something lies at the counter from the start
        self.end_the_way(0, arrives=True)

    def tried(self, right: type[DomainError] | None, act: Any) -> Any:
        """Do a step in a transaction: it must be refused as ``right`` says, or done when that is None."""
        if right is None:
            with transaction():
                return act()
        with pytest.raises(right), transaction():
            act()
        return None

    def carry(self, packs: dict[int, int], source: LocationKind, to: LocationKind) -> None:
        for lot_id, quantity in packs.items():
            self.where[lot_id][source] -= quantity
            self.where[lot_id][to] += quantity

    def chosen(self, packs: tuple[int, int]) -> dict[int, int]:
        return {lot: quantity for lot, quantity in zip(self.lots, packs, strict=True) if quantity}

    def too_many(self, packs: dict[int, int], place: LocationKind) -> bool:
        return any(quantity > self.where[lot_id][place] for lot_id, quantity in packs.items())

    @rule(packs=PACKS)
    def send(self, packs: tuple[int, int]) -> None:
        wanted, shop = self.chosen(packs), self.shop
        if not wanted:
            return
        right: type[DomainError] | None = None
        if self.held & wanted.keys():
            right = transfer.NotReleased
        elif self.too_many(wanted, HOME):
            right = ledger.NotOnHand

        def act() -> str:
            lines = [transfer.Wanted(lot_id, quantity, 20_000) for lot_id, quantity in wanted.items()]
            note = transfer.draft(
                queries.consignor(shop.producer.id), shop.point, lines, actor=shop.maker, now=self.now
            )
            transfer.send(note, actor=shop.maker, now=self.now)
            return note.number

        number = self.tried(right, act)
        if number:
            self.under_way[number] = (HOME, COUNTER, wanted)
            self.carry(wanted, HOME, ROAD)

    @precondition(lambda self: self.under_way)
    @rule(which=WHICH, arrives=st.booleans())
    def end_the_way(self, which: int, arrives: bool) -> None:
        number = sorted(self.under_way)[which % len(self.under_way)]
        source, to, packs = self.under_way.pop(number)

        def act() -> None:
            note = queries.get_note(self.shop.maker, number)
            if arrives:
                transfer.receive(note, actor=self.shop.maker, now=self.now)
            else:
                transfer.cancel(note, reason="Đổi ý", actor=self.shop.maker, now=self.now)

        self.tried(None, act)
        self.finished.append(number)
        self.carry(packs, ROAD, to if arrives else source)
        if arrives and to is COUNTER:
            self.been_there |= packs.keys()

    @precondition(lambda self: self.finished)
    @rule(which=WHICH)
    def end_it_again(self, which: int) -> None:
        number = self.finished[which % len(self.finished)]

        def act() -> None:
            transfer.receive(queries.get_note(self.shop.maker, number), actor=self.shop.maker, now=self.now)

        self.tried(transfer.NotOnTheWay, act)

    @rule(packs=PACKS)
    def sell(self, packs: tuple[int, int]) -> None:
        wanted, shop = self.chosen(packs), self.shop
        self.keys += 1
        right: type[DomainError] | None = None
        if not wanted:
            right = selling.NothingSold
        elif any(not self.where[lot_id][COUNTER] for lot_id in wanted):
            right = selling.NotAtThisCounter
        elif self.held & wanted.keys():
            # In the order of the lots, as the ledger looks at them.
            first_wrong = next(lot for lot in wanted if lot in self.held or wanted[lot] > self.where[lot][COUNTER])
            right = ledger.LotFrozen if first_wrong in self.held else ledger.NotOnHand
        elif self.too_many(wanted, COUNTER):
            right = ledger.NotOnHand
        key = f"{self.keys}-{id(self)}"

        def act() -> str:
            return selling.sell(shop.point, wanted, request_key=key, actor=shop.seller, now=self.now).number

        number = self.tried(right, act)
        if number:
            assert self.tried(None, act) == number, "the same form again is the same sale"
            self.sales[number] = wanted
            self.carry(wanted, COUNTER, SOLD)

    @precondition(lambda self: self.sales)
    @rule(which=WHICH)
    def cancel_sale(self, which: int) -> None:
        number = sorted(self.sales)[which % len(self.sales)]
        packs = self.sales.pop(number)

        def act() -> None:
            sale = queries.sale_at(self.shop.point, number)
            selling.cancel(sale, reason="Nhầm", actor=self.shop.seller, now=self.now)

        self.tried(None, act)
        self.tried(selling.CancelledBefore, act)
        self.carry(packs, SOLD, COUNTER)

    @rule(packs=PACKS)
    def give_back(self, packs: tuple[int, int]) -> None:
        wanted, shop = self.chosen(packs), self.shop
        right: type[DomainError] | None = None
        if not wanted.keys() <= self.been_there:
            right = transfer.NotAtThisPoint
        elif not wanted:
            right = transfer.NothingOnIt
        elif self.too_many(wanted, COUNTER):
            right = ledger.NotOnHand

        def act() -> str:
            consignor = queries.consignor(shop.producer.id)
            return transfer.take_back(
                consignor, shop.point, wanted, reason="Bán chậm", actor=shop.seller, now=self.now
            ).number

        number = self.tried(right, act)
        if number:
            self.under_way[number] = (COUNTER, HOME, wanted)
            self.carry(wanted, COUNTER, ROAD)

    @rule(which=WHICH)
    def hold_or_end_it(self, which: int) -> None:
        lot_id = self.lots[which % 2]
        verb = holding.end_hold if lot_id in self.held else holding.hold
        self.tried(
            None,
            lambda: verb(db.session.get_one(Lot, lot_id), reason="Kiểm tra", actor=self.shop.maker, now=self.now),
        )
        self.held ^= {lot_id}

    @invariant()
    def the_ledger_agrees_with_the_model(self) -> None:
        assert verification.verify() == []
        rows = db.session.execute(
            select(Balance.lot_id, Location.kind, Balance.on_hand, Balance.frozen)
            .join(Location, Location.id == Balance.location_id)
            .where(Balance.lot_id.in_(self.lots), Location.kind != LocationKind.PRODUCTION)
        ).all()
        found = {lot_id: Counter[LocationKind]() for lot_id in self.lots}
        for lot_id, kind, quantity, frozen in rows:
            found[lot_id][kind] += quantity
            assert frozen == (lot_id in self.held), "a held lot is held everywhere"
        for lot_id in self.lots:
            assert +found[lot_id] == +self.where[lot_id]
            assert found[lot_id].total() == MADE
        db.session.rollback()


def test_not_one_pack_appears_vanishes_or_goes_below_nought(
    ctx: Flask, make: Factories, shop: Shop, now: datetime
) -> None:
    run_state_machine_as_test(
        lambda: Trade(make, shop, now),
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
