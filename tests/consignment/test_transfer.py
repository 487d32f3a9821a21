"""Notes: goods leave once, arrive once, come back once, and are never in two places."""

from __future__ import annotations

import multiprocessing
import os
import signal
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from accounts.models import OrganisationKind
from consignment import points, queries, selling, transfer
from consignment.models import Note, NoteStatus
from kernel.db import db, transaction
from stock import holding, ledger, verification
from stock.models import Balance, Movement
from tests.consignment.conftest import Shop
from tests.factories import Factories
from tests.races import meet, race
from traceability.models import Lot, TraceEvent


def status(number: str) -> NoteStatus:
    return db.session.scalars(select(Note.status).where(Note.number == number)).one()


def test_goods_are_sent_received_sold_and_the_rest_taken_back(ctx: Flask, shop: Shop, now: datetime) -> None:
    number = shop.draft(10, now)
    assert shop.on_hand(shop.warehouse_id) == 100, "a draft moves nothing"

    shop.send(number, now)
    assert (shop.on_hand(shop.warehouse_id), shop.on_hand(shop.counter_id)) == (90, 0)
    shop.receive(number, now)
    assert shop.on_hand(shop.counter_id) == 10
    with transaction():
        selling.sell(shop.point, {shop.lot_id: 3}, request_key="k" * 32, actor=shop.seller, now=now)
    with transaction():
        consignor = queries.consignor(shop.producer.id)
        back = transfer.take_back(
            consignor, shop.point, {shop.lot_id: 7}, reason="Bán chậm", actor=shop.seller, now=now
        ).number
    assert (shop.on_hand(shop.warehouse_id), shop.on_hand(shop.counter_id)) == (90, 0)
    shop.receive(back, now, by=shop.maker)

    assert (shop.on_hand(shop.warehouse_id), shop.on_hand(shop.counter_id)) == (97, 0)
    assert verification.verify() == []
    steps = db.session.scalars(select(TraceEvent.biz_step).order_by(TraceEvent.id)).all()
    assert steps == ["consigning", "receiving", "retail_selling", "returning", "receiving"]


def test_a_note_cancelled_on_the_way_brings_its_goods_home(ctx: Flask, shop: Shop, now: datetime) -> None:
    number = shop.draft(10, now)
    shop.send(number, now)

    with transaction():
        transfer.cancel(queries.get_note(shop.maker, number), reason="Gửi nhầm", actor=shop.maker, now=now)

    assert status(number) is NoteStatus.CANCELLED
    assert shop.on_hand(shop.warehouse_id) == 100
    assert verification.verify() == []
    with pytest.raises(transfer.NotOnTheWay):
        shop.receive(number, now)


def test_a_step_is_taken_once(ctx: Flask, shop: Shop, now: datetime) -> None:
    number = shop.deliver(10, now)

    with pytest.raises(transfer.NotADraft):
        shop.send(number, now)
    with pytest.raises(transfer.NotOnTheWay):
        shop.receive(number, now)
    with pytest.raises(transfer.NotOnTheWay), transaction():
        transfer.cancel(queries.get_note(shop.maker, number), reason="Muộn", actor=shop.maker, now=now)
    assert shop.on_hand(shop.counter_id) == 10


def test_a_note_of_more_than_there_is_stays_a_draft(ctx: Flask, shop: Shop, now: datetime) -> None:
    number = shop.draft(101, now)

    with pytest.raises(ledger.NotOnHand):
        shop.send(number, now)

    assert status(number) is NoteStatus.DRAFT
    assert shop.on_hand(shop.warehouse_id) == 100


@pytest.mark.parametrize(
    ("quantity", "price", "refusal"),
    [(0, 60_000, transfer.NothingOnIt), (-1, 60_000, transfer.NothingOnIt), (1, 0, transfer.NeedsPrice)],
)
def test_what_cannot_be_on_a_note_makes_none(
    ctx: Flask, shop: Shop, now: datetime, quantity: int, price: int, refusal: type[Exception]
) -> None:
    wanted = [transfer.Wanted(shop.lot_id, quantity, price)]

    with pytest.raises(refusal), transaction():
        transfer.draft(queries.consignor(shop.producer.id), shop.point, wanted, actor=shop.maker, now=now)

    assert db.session.scalar(select(func.count()).select_from(Note)) == 0


def test_a_batch_stands_on_one_line_and_belongs_to_who_sends_it(
    ctx: Flask, make: Factories, shop: Shop, now: datetime
) -> None:
    other = make.producer("Hộ khác")
    twice = [transfer.Wanted(shop.lot_id, 1, 60_000)] * 2

    with pytest.raises(transfer.SameLotTwice), transaction():
        transfer.draft(queries.consignor(shop.producer.id), shop.point, twice, actor=shop.maker, now=now)
    with pytest.raises(transfer.NotYours), transaction():
        transfer.draft(queries.consignor(other.id), shop.point, twice[:1], actor=shop.maker, now=now)


def test_no_note_goes_to_a_closed_point(ctx: Flask, shop: Shop, now: datetime) -> None:
    with transaction():
        point = shop.point
        points.change(point, points.PointProfile(point.name_vi), is_open=False, actor=shop.seller, now=now)
        shop.slug = point.slug

    with pytest.raises(transfer.PointClosed):
        shop.draft(1, now)


def test_a_held_lot_is_not_sent_but_what_is_on_the_way_arrives_frozen(ctx: Flask, shop: Shop, now: datetime) -> None:
    under_way, waiting = shop.draft(10, now), shop.draft(5, now)
    shop.send(under_way, now)
    with transaction():
        holding.hold(db.session.get_one(Lot, shop.lot_id), reason="Kiểm tra", actor=shop.maker, now=now)

    with pytest.raises(transfer.NotReleased):
        shop.send(waiting, now)
    shop.receive(under_way, now)

    assert shop.on_hand(shop.counter_id) == 10
    with pytest.raises(ledger.LotFrozen), transaction():
        selling.sell(shop.point, {shop.lot_id: 1}, request_key="k" * 32, actor=shop.seller, now=now)
    with transaction():
        back = transfer.take_back(
            queries.consignor(shop.producer.id), shop.point, {shop.lot_id: 10},
            reason="Tạm giữ", actor=shop.seller, now=now,
        ).number  # fmt: skip
    shop.receive(back, now, by=shop.maker)
    assert shop.on_hand(shop.warehouse_id) == 100
    assert verification.verify() == []


def test_anothers_note_does_not_exist(ctx: Flask, make: Factories, shop: Shop, now: datetime) -> None:
    number = shop.draft(10, now)
    strangers = [make.producer("Hộ khác"), make.organisation("Quầy khác", kind=OrganisationKind.SALES_POINT)]

    for stranger in strangers:
        with pytest.raises(queries.NoSuchNote):
            queries.get_note(make.actor(stranger), number)


@pytest.mark.race
def test_twelve_who_receive_one_note_receive_it_once(app: Flask, shop: Shop, now: datetime) -> None:
    with app.app_context():
        number = shop.draft(10, now)
        shop.send(number, now)

    def receive(_: int) -> str:
        shop.receive(number, now)
        return "received"

    results = race(app, 12, receive)

    with app.app_context():
        assert sorted(results) == ["NotOnTheWay"] * 11 + ["received"]
        assert shop.on_hand(shop.counter_id) == 10
        assert verification.verify() == []


@pytest.mark.race
def test_the_naive_way_receives_more_than_was_sent(app: Flask, shop: Shop, now: datetime) -> None:
    """The control of the race above: look at the status, then bring the goods, with no lock between."""
    with app.app_context():
        number = shop.draft(10, now)
        shop.send(number, now)
        with transaction() as session:
            session.add(Balance(lot_id=shop.lot_id, location_id=shop.counter_id, owner_id=shop.producer.id, on_hand=0))

    def receive_naively(_: int) -> str:
        if status(number) is not NoteStatus.SENT:
            return "late"
        db.session.rollback()
        meet()
        with transaction() as session:
            session.execute(
                update(Balance)
                .where(Balance.lot_id == shop.lot_id, Balance.location_id == shop.counter_id)
                .values(on_hand=Balance.on_hand + 10)
            )
            session.execute(
                update(Note).where(Note.number == number).values(status=NoteStatus.RECEIVED, received_at=now)
            )
        return "received"

    results = race(app, 12, receive_naively)

    with app.app_context():
        assert results.count("received") > 1
        assert shop.on_hand(shop.counter_id) > 10
        assert verification.verify() != []


@pytest.mark.race
def test_a_process_killed_between_move_and_commit_leaves_nothing_half_done(
    app: Flask, shop: Shop, now: datetime
) -> None:
    with app.app_context():
        number = shop.draft(10, now)
        db.session.remove()
        db.engine.dispose()
    fork = multiprocessing.get_context("fork")
    moved = fork.Event()

    def send_and_die() -> None:
        with app.app_context(), transaction() as session:
            transfer.send(queries.get_note(shop.maker, number), actor=shop.maker, now=now)
            session.flush()
            moved.set()
            os.kill(os.getpid(), signal.SIGKILL)

    child = fork.Process(target=send_and_die)
    child.start()
    child.join(timeout=30)

    assert moved.is_set()
    assert child.exitcode == -signal.SIGKILL
    with app.app_context():
        assert status(number) is NoteStatus.DRAFT
        assert shop.on_hand(shop.warehouse_id) == 100
        assert db.session.scalar(select(func.count()).where(Movement.document == number)) == 0
        assert verification.verify() == []
        shop.send(number, now)  # and nobody holds a lock for the dead
        assert shop.on_hand(shop.warehouse_id) == 90
