"""A producer with a hundred packs, and a counter that sells them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pytest
from sqlalchemy import select

from accounts.actor import Actor
from accounts.models import Organisation, OrganisationKind
from consignment import queries, transfer
from consignment.models import SalesPoint
from kernel.db import db, transaction
from stock.models import Balance, LocationKind
from tests.factories import Factories


@dataclass
class Shop:
    """Who takes part, and the lot that travels between them."""

    producer: Organisation
    keeper: Organisation
    maker: Actor  #: of the producer
    seller: Actor  #: of the sales point
    slug: str
    lot_id: int
    warehouse_id: int
    counter_id: int

    @property
    def point(self) -> SalesPoint:
        """Give the counter, of the present session."""
        return queries.get_point(self.seller, self.slug)

    def on_hand(self, location_id: int) -> int:
        """Read how much of the lot lies somewhere."""
        query = select(Balance.on_hand).where(Balance.lot_id == self.lot_id, Balance.location_id == location_id)
        return db.session.scalar(query) or 0

    def draft(self, quantity: int, now: datetime) -> str:
        """Draw up a note at 60.000 ₫ a pack; give its number."""
        with transaction():
            wanted = [transfer.Wanted(self.lot_id, quantity, 60_000)]
            consignor = queries.consignor(self.producer.id)
            return transfer.draft(consignor, self.point, wanted, actor=self.maker, now=now).number

    def send(self, number: str, now: datetime) -> None:
        """Let the goods of a note leave."""
        with transaction():
            transfer.send(queries.get_note(self.maker, number), actor=self.maker, now=now)

    def receive(self, number: str, now: datetime, *, by: Actor | None = None) -> None:
        """Take the goods of a note in."""
        with transaction():
            transfer.receive(queries.get_note(by or self.seller, number), actor=by or self.seller, now=now)

    def deliver(self, quantity: int, now: datetime) -> str:
        """Bring packs to the counter by a note; give its number."""
        number = self.draft(quantity, now)
        self.send(number, now)
        self.receive(number, now)
        return number


@pytest.fixture
def shop(make: Factories) -> Shop:
    """See :class:`Shop`."""
    producer = make.producer("Hợp tác xã mẫu")
    keeper = make.organisation("Điểm bán mẫu", kind=OrganisationKind.SALES_POINT)
    lot_id = make.batch(make.item(make.product(producer)), quantity=100).lot_id
    warehouse = make.location(producer, LocationKind.WAREHOUSE)
    make.on_hand(lot_id, warehouse, producer, 100)
    point = make.sales_point(keeper, slug="quay-mau")
    return Shop(
        producer,
        keeper,
        make.actor(producer),
        make.actor(keeper),
        "quay-mau",
        lot_id,
        warehouse.id,
        point.location_id,
    )
