"""A chain from the field to two counters, with everything a recall must reach."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pytest

from accounts.actor import Actor
from accounts.models import Organisation, OrganisationKind
from consignment import queries as consignment
from consignment import selling, transfer
from consignment.models import SalesPoint
from kernel.db import db, transaction
from oversight import queries, recall
from oversight.models import Recall, RecallNotice, Severity
from stock import production
from tests.factories import Factories
from traceability.models import Batch, Lot, LotState


@dataclass
class Chain:
    """100 kg of rice became 90 kg of flour, and that two batches; packs of the first lie in many places.

    Of the first batch's 100 packs: 60 at home, 20 at the counter of which 3 are sold, 15 on the way to the other
    counter, 5 on the way back. The second batch of 40 packs is not on sale yet.
    """

    producer: Organisation
    office: Organisation
    keepers: tuple[Organisation, Organisation]
    maker: Actor
    officer: Actor
    sellers: tuple[Actor, Actor]
    slugs: tuple[str, str]
    raw_id: int
    flour_id: int
    lot_id: int
    open_id: int
    other_id: int  #: a batch of other material: it must not be touched

    def point(self, which: int = 0) -> SalesPoint:
        """Give a counter, of the present session."""
        return consignment.get_point(self.sellers[which], self.slugs[which])

    def start(self, now: datetime, *, lot_id: int | None = None, is_drill: bool = False) -> str:
        """Recall the raw lot (or another), as the office; give the recall's number."""
        with transaction():
            told = recall.Told("Kim loại nặng", Severity.SERIOUS, "Heavy metal")
            lot = db.session.get_one(Lot, lot_id or self.raw_id)
            return recall.start(lot, told, is_drill=is_drill, actor=self.officer, now=now).number

    def recall(self, number: str) -> Recall:
        """Find a recall."""
        return queries.get_recall(self.officer, number)

    def notice(self, number: str, to: Organisation) -> RecallNotice:
        """Find the notice to an organisation."""
        return next(one for one in queries.notices_of(self.recall(number)) if one.organisation_id == to.id)


@pytest.fixture
def chain(make: Factories, now: datetime) -> Chain:
    """See :class:`Chain`."""
    producer = make.producer("Hợp tác xã mẫu", phone="+84905000001")
    office = make.office("Tổ OCOP mẫu")
    keepers = tuple(make.organisation(f"Điểm bán {n}", kind=OrganisationKind.SALES_POINT) for n in (1, 2))
    points = [make.sales_point(keeper, slug=f"quay-{n}") for n, keeper in enumerate(keepers)]
    item = make.item(make.product(producer, name="Bánh gạo"))
    raw = make.raw_lot(producer, number="LUA-1")
    flour = make.raw_lot(producer, name="Bột gạo", number="BOT-1", quantity=90_000)
    make.edge(flour.id, raw.id, 100_000)
    sold = make.batch(item, number="BANH-1", quantity=100, inputs={flour.id: 50_000}, state=LotState.OPEN)
    unsold = make.batch(item, number="BANH-2", quantity=40, inputs={flour.id: 20_000}, state=LotState.OPEN)
    other = make.batch(item, number="KHAC-1", quantity=10, state=LotState.OPEN)
    chain = Chain(
        producer,
        office,
        (keepers[0], keepers[1]),
        make.actor(producer),
        make.actor(office),
        (make.actor(keepers[0]), make.actor(keepers[1])),
        (points[0].slug, points[1].slug),
        raw.id,
        flour.id,
        sold.lot_id,
        unsold.lot_id,
        other.lot_id,
    )
    with make._context():
        _let_goods_travel(chain, now)
    return chain


def _let_goods_travel(chain: Chain, now: datetime) -> None:
    with transaction():
        for lot_id in (chain.lot_id, chain.other_id):
            production.release(db.session.get_one(Batch, lot_id), actor=chain.maker, now=now)
    numbers = []
    for which, quantity in ((0, 25), (1, 15)):
        with transaction():
            wanted = [transfer.Wanted(chain.lot_id, quantity, 60_000)]
            consignor = consignment.consignor(chain.producer.id)
            note = transfer.draft(consignor, chain.point(which), wanted, actor=chain.maker, now=now)
            transfer.send(note, actor=chain.maker, now=now)
            numbers.append(note.number)
    with transaction():
        transfer.receive(consignment.get_note(chain.sellers[0], numbers[0]), actor=chain.sellers[0], now=now)
    with transaction():
        selling.sell(chain.point(0), {chain.lot_id: 3}, request_key="a" * 32, actor=chain.sellers[0], now=now)
        transfer.take_back(
            consignment.consignor(chain.producer.id),
            chain.point(0),
            {chain.lot_id: 5},
            reason="Bán chậm",
            actor=chain.sellers[0],
            now=now,
        )
