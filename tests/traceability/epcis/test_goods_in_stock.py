"""Captured events about goods that the house's stock counts: a recall stops them at once, and no more is sold."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from kernel.db import db, transaction
from stock import captures, ledger
from stock.models import Balance, Location, LocationKind
from tests.factories import Factories
from tests.traceability.epcis.interface import Program, document, event
from tests.traceability.epcis.test_what_stands import (
    AFTER,
    BEFORE,
    FREES,
    RECALLS,
    agrees,
    amounts,
    commissioned,
    goods,
    made,
    on_sale,
    rules,
    sold,
    warned,
)
from traceability.item_models import Case
from traceability.models import Batch, Lot, LotState


@pytest.fixture
def batch(make: Factories, program: Program, now: datetime) -> Batch:
    return on_sale(program, make, "B-1", 70, now)


def cases() -> list[Case]:
    return list(db.session.scalars(select(Case).order_by(Case.id)))


def recalls(things: list[dict[str, Any]], **facts: Any) -> dict[str, Any]:
    return event(quantityList=things, **{**RECALLS, **facts})


def test_a_batch_that_its_owner_recalls_by_an_event_is_on_hold_at_once(program: Program, batch: Batch) -> None:
    job = program.capture(document(recalls(goods(batch, 70))))
    ships = {"bizStep": "shipping", "disposition": "in_transit", "eventTime": "2026-11-24T08:59:00+07:00"}
    shipped = program.capture(document(sold(goods(batch, 1), **ships)))

    assert (rules(job), warned(job)) == ([], ["business-office"])
    assert rules(shipped) in (["business-held"], [])
    with program.app.app_context():
        lot = db.session.get_one(Lot, batch.lot_id)
        assert (lot.state, [case.lot_id for case in cases()]) == (LotState.HELD, [batch.lot_id])
        assert set(db.session.scalars(select(Balance.frozen).where(Balance.lot_id == lot.id))) == {True}
        assert cases()[0].facts == {"lot": "B-1", "is_set": True, "is_held": True}
        assert cases()[0].organisation_id == program.organisation.id
    assert agrees(program) == []


def test_the_office_reads_of_it_in_its_own_language(program: Program, batch: Batch, make: Factories) -> None:
    program.capture(document(recalls(goods(batch, 70))))
    program.capture(document(recalls(goods(batch, 70), **FREES, eventTime=AFTER)))
    client = make.client(make.office())

    def read(address: str, language: str) -> str:
        return str(client.get(f"{address}?lang={language}").text)

    for language, set_, held, unset, unchanged, why in (
        ("en", "is recalled.", "was put on hold.", "is no longer recalled.", "is unchanged.",
         "reported a recall by EPCIS"),
        ("vi", "bị thu hồi.", "đã được tạm giữ.", "thôi bị thu hồi.", "không đổi.", "báo thu hồi qua EPCIS"),
    ):  # fmt: skip
        first, second = (read(f"/quan-tri/phan-anh/{number}", language) for number in (1, 2))
        assert (set_ in first, held in first) == (True, True), language
        assert (unset in second, unchanged in second) == (True, True), language
        assert "B-1: " in read("/quan-tri/phan-anh", language)
        assert why in read(f"/quan-tri/lo-hang/{batch.lot_id}", language)


def test_the_office_alone_lets_go_what_an_event_stopped(program: Program, batch: Batch) -> None:
    program.capture(document(recalls(goods(batch, 70))))
    job = program.capture(document(recalls(goods(batch, 70), **FREES, eventTime=AFTER)))

    assert warned(job) == ["business-office"]
    with program.app.app_context():
        assert db.session.get_one(Lot, batch.lot_id).state is LotState.HELD
        assert cases()[1].facts == {"lot": "B-1", "is_set": False, "is_held": False}
    assert agrees(program) == []


def test_a_batch_made_of_what_its_maker_recalls_is_on_hold(program: Program, batch: Batch) -> None:
    making = made([("A", 2)], [], outputQuantityList=goods(batch, 1), eventTime=BEFORE)
    program.capture(document(commissioned("A", 9, eventTime=BEFORE), making))
    program.capture(document(recalls(amounts([("A", 1)]))))

    with program.app.app_context():
        assert db.session.get_one(Lot, batch.lot_id).state is LotState.HELD
        assert len(cases()) == 1
    assert agrees(program) == []


def test_nobody_stops_the_batch_of_another_by_an_event(
    program: Program, batch: Batch, make: Factories, now: datetime
) -> None:
    stranger = Program(program.app, make.producer(), now)
    stranger.capture(document(recalls(goods(batch, 70))))

    with program.app.app_context():
        assert (db.session.get_one(Lot, batch.lot_id).state, cases()) == (LotState.RELEASED, [])


def test_what_left_the_stock_is_not_sold_again_by_events(
    program: Program, batch: Batch, make: Factories, now: datetime
) -> None:
    gone = make.location(program.organisation, LocationKind.CUSTOMER)
    with program.app.app_context(), transaction():
        shelf = db.session.scalars(
            select(Location).join(Balance).where(Balance.lot_id == batch.lot_id, Balance.on_hand > 0)
        ).one()
        ledger.move(
            batch.lot_id, 68, source=shelf, to=db.session.merge(gone), owner_id=program.organisation.id,
            document="SO-1", cause="SO-1", now=now,
        )  # fmt: skip
    with program.app.app_context():
        assert captures.left([batch.lot_id]) == {batch.lot_id: 68}
    more = program.capture(document(sold(goods(batch, 69), eventTime=AFTER)))
    rest = program.capture(document(sold(goods(batch, 2), eventTime=AFTER)))
    again = program.capture(document(sold(goods(batch, 1), eventTime="2026-11-23T09:00:00+07:00")))

    assert [rules(job) for job in (more, rest, again)] == [["business-amount"], [], ["business-amount"]]
    assert warned(rest) == ["business-stock"]
