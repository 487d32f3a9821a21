"""Sales at a counter: never more than lies there, never twice for one form, cancelled only the same day."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from consignment import selling
from consignment.models import Sale, SaleReversal
from kernel.db import db, transaction
from stock import ledger, verification
from stock.models import Balance
from tests.consignment.conftest import Shop
from tests.races import meet, race


def sell(shop: Shop, quantity: int, key: str, now: datetime) -> str:
    with transaction():
        return selling.sell(
            shop.point, {shop.lot_id: quantity}, request_key=key.ljust(16, "0"), actor=shop.seller, now=now
        ).number


def sales() -> int:
    return db.session.scalar(select(func.count()).select_from(Sale)) or 0


def test_a_sale_is_written_at_the_price_of_the_note(ctx: Flask, shop: Shop, now: datetime) -> None:
    shop.deliver(10, now)

    number = sell(shop, 3, "mot", now)

    sale = db.session.scalars(select(Sale).where(Sale.number == number)).one()
    assert sale.total_vnd == 180_000
    assert [(line.lot_id, line.quantity, line.price_vnd) for line in sale.lines] == [(shop.lot_id, 3, 60_000)]
    assert shop.on_hand(shop.counter_id) == 7
    assert verification.verify() == []


def test_more_than_lies_there_is_not_sold_and_nothing_is_written(ctx: Flask, shop: Shop, now: datetime) -> None:
    shop.deliver(10, now)

    with pytest.raises(ledger.NotOnHand) as refusal:
        sell(shop, 11, "mot", now)

    assert (refusal.value.facts["available"], refusal.value.facts["lot_id"]) == (10, shop.lot_id)
    assert sales() == 0
    assert shop.on_hand(shop.counter_id) == 10


def test_what_is_not_at_the_counter_or_past_its_date_is_not_sold(ctx: Flask, shop: Shop, now: datetime) -> None:
    with pytest.raises(selling.NotAtThisCounter):
        sell(shop, 1, "mot", now)
    shop.deliver(10, now)
    with pytest.raises(selling.PastItsDate):
        sell(shop, 1, "mot", now + timedelta(days=400))
    with pytest.raises(selling.NothingSold):
        sell(shop, 0, "mot", now)


def test_the_same_form_again_is_the_same_sale(ctx: Flask, shop: Shop, now: datetime) -> None:
    shop.deliver(10, now)

    assert sell(shop, 2, "mot", now) == sell(shop, 2, "mot", now)
    assert shop.on_hand(shop.counter_id) == 8


def test_a_sale_is_cancelled_once_with_a_reason_and_today(ctx: Flask, shop: Shop, now: datetime) -> None:
    shop.deliver(10, now)
    number = sell(shop, 4, "mot", now)

    def cancel(reason: str, at: datetime) -> None:
        with transaction():
            sale = db.session.scalars(select(Sale).where(Sale.number == number)).one()
            selling.cancel(sale, reason=reason, actor=shop.seller, now=at)

    with pytest.raises(selling.NeedsReason):
        cancel("  ", now)
    with pytest.raises(selling.ReasonTooLong):
        cancel("x" * 201, now)
    with pytest.raises(selling.NotToday):
        cancel("Khách đổi ý", now + timedelta(days=1))
    cancel("Khách đổi ý", now)
    with pytest.raises(selling.CancelledBefore):
        cancel("Lần nữa", now)

    assert db.session.scalars(select(SaleReversal.reason)).all() == ["Khách đổi ý"]
    assert shop.on_hand(shop.counter_id) == 10
    assert verification.verify() == []


@pytest.mark.race
def test_twelve_posts_of_one_form_are_one_sale(app: Flask, shop: Shop, now: datetime) -> None:
    with app.app_context():
        shop.deliver(100, now)

    results = race(app, 12, lambda _: sell(shop, 2, "mot", now))

    with app.app_context():
        assert len(set(results)) == 1
        assert results[0].startswith("SAL-")
        assert (sales(), shop.on_hand(shop.counter_id)) == (1, 98)
        assert verification.verify() == []


@pytest.mark.race
def test_twenty_buyers_of_ten_packs_get_ten(app: Flask, shop: Shop, now: datetime) -> None:
    with app.app_context():
        shop.deliver(10, now)

    results = race(app, 20, lambda number: sell(shop, 1, f"nguoi{number:02d}", now)[:3])

    with app.app_context():
        # The last ten find the shelf empty: the counter offers the batch no more, or the ledger has none left.
        assert results.count("SAL") == 10
        assert set(results) <= {"SAL", "NotAtThisCounter", "NotOnHand"}
        assert (sales(), shop.on_hand(shop.counter_id)) == (10, 0)
        assert verification.verify() == []


@pytest.mark.race
def test_the_naive_way_sells_what_is_gone(app: Flask, shop: Shop, now: datetime) -> None:
    """The control of the race above: read what is left, then write what will be."""
    with app.app_context():
        shop.deliver(10, now)

    def sell_naively(_: int) -> str:
        left = shop.on_hand(shop.counter_id)
        if left < 1:
            return "gone"
        db.session.rollback()
        meet()
        with transaction() as session:
            session.execute(
                update(Balance)
                .where(Balance.lot_id == shop.lot_id, Balance.location_id == shop.counter_id)
                .values(on_hand=left - 1)
            )
        return "sold"

    results = race(app, 20, sell_naively)

    with app.app_context():
        assert results.count("sold") > 10 - shop.on_hand(shop.counter_id)
        assert verification.verify() != []
