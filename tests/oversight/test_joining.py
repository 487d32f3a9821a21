"""What programs tell of recalled goods after the recall began joins it: who has them is told, counts, is in the log."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from app import log_jobs, recall_jobs
from kernel import jobs
from kernel.db import db, transaction
from kernel.models import Job
from oversight import answering, queries, recall
from oversight.models import EntryKind, RecallNotice
from tests.factories import Factories
from tests.oversight.test_gone_by_events import BOX, JAR, close, jars, on, parts, start, tell, world
from tests.tampering import differences, tamper
from tests.traceability.epcis.interface import Program, event
from tests.traceability.epcis.test_capture import lot_of

__all__ = ["world"]
SHOP = "http://shop.test/to-chuc/shop1"


@pytest.fixture
def shop(world: SimpleNamespace, make: Factories) -> SimpleNamespace:
    """A shop that sells what the kitchen makes."""
    organisation = make.producer("Cửa hàng P", code="shop1")
    return SimpleNamespace(
        id=organisation.id, actor=make.actor(organisation), client=make.client(organisation),
        program=Program(world.app, organisation, world.now),
    )  # fmt: skip


def turned(id: str = "", **facts: Any) -> dict[str, Any]:
    return event(**{
        "type": "TransformationEvent", "action": None, "disposition": None, "bizStep": "commissioning",
        "quantityList": None, "inputQuantityList": [{"epcClass": JAR, "quantity": 30}],
        "outputQuantityList": [{"epcClass": BOX, "quantity": 25}], "eventTime": on(21),
        **({"eventID": id} if id else {}), **facts,
    })  # fmt: skip


def shipped(what: str, count: int, day: int = 22) -> dict[str, Any]:
    return event(
        bizStep="shipping", disposition="in_transit", quantityList=[{"epcClass": what, "quantity": count}],
        eventTime=on(day), destinationList=[{"type": "possessing_party", "destination": SHOP}],
    )  # fmt: skip


def received(what: str, count: int) -> dict[str, Any]:
    return event(
        bizStep="receiving", disposition=None, quantityList=[{"epcClass": what, "quantity": count}],
        eventTime="2026-11-22T10:00:00+07:00",
    )  # fmt: skip


def began(world: SimpleNamespace) -> str:
    """Start a recall and let its letters be written; those who are told then confirm."""
    number = start(world)
    with world.app.app_context():
        while jobs.run_one(world.now):
            pass
        with transaction():
            for notice in queries.notices_of(queries.get_recall(world.officer, number)):
                answering.acknowledge(notice, actor=world.maker, now=world.now)
    return number


def joined(world: SimpleNamespace, now: datetime | None = None) -> int:
    with world.app.app_context():
        return recall_jobs.join_all(now or world.now)


def letters(world: SimpleNamespace) -> list[dict[str, Any]]:
    """Write what letters are due, and give the facts of each."""
    with world.app.app_context():
        with transaction():
            db.session.query(Job).filter(Job.kind == "mail.send").delete()
        while db.session.scalar(select(Job.id).where(Job.kind == "oversight.tell", Job.done_at.is_(None))):
            db.session.rollback()
            jobs.run_one(world.now)
        facts = [one["facts"] for one in db.session.scalars(select(Job.args).where(Job.kind == "mail.send"))]
        db.session.rollback()
        return facts


def notice_of(world: SimpleNamespace, number: str, organisation_id: int) -> RecallNotice:
    return next(
        one for one in queries.notices_of(queries.get_recall(world.officer, number))
        if one.organisation_id == organisation_id
    )  # fmt: skip


def test_who_has_goods_that_join_a_recall_is_told_and_counts_them(
    world: SimpleNamespace, shop: SimpleNamespace
) -> None:
    number = began(world)
    tell(world.program, turned(), shipped(BOX, 10))
    tell(shop.program, received(BOX, 10))

    assert joined(world) == 2, "the shop, and its maker anew"
    assert joined(world) == 0, "once"
    told = {one["organisation"]: one for one in letters(world)}
    assert set(told) == {"Cửa hàng P", "Bếp Z"}
    assert [lot["number"] for lot in told["Cửa hàng P"]["lots"]] == ["Z-2"]
    assert (told["Cửa hàng P"]["is_more"], told["Bếp Z"]["is_more"]) == (False, True)
    first = told["Bếp Z"]["lots"][0]
    assert (first["number"], first["is_new"]) == ("Z-2", True)

    with world.app.app_context(), transaction():
        notice = notice_of(world, number, shop.id)
        assert (notice.held, notice.received) == (10, 10)
        box = lot_of(BOX).id
        answering.count(notice, {(box, None): 8}, actor=shop.actor, now=world.now)
        answering.enter(notice, EntryKind.DESTROYED, (box, None), 5, actor=shop.actor, now=world.now)
    assert parts(world, number, BOX) == {"made": 25, "on_hand": 18, "destroyed": 5, "missing": 2}
    assert parts(world, number) == {"made": 100, "used": 30, "on_hand": 70}
    close(world, number)
    assert parts(world, number, BOX) == {"made": 25, "on_hand": 18, "destroyed": 5, "missing": 2}


def test_who_was_told_before_is_asked_to_answer_again(world: SimpleNamespace) -> None:
    number = began(world)
    with world.app.app_context():
        notice_id = notice_of(world, number, world.organisation.id).id
        assert queries.answered_of(queries.get_recall(world.officer, number)) == (1, 1)
    tell(world.program, turned())
    assert joined(world) == 1

    address = f"/quan-tri/thu-hoi/{number}/phieu/{notice_id}?lang=en"
    page = world.kitchen.get(address).text
    assert "More lots have joined this recall" in page
    assert "Z-2" in page
    assert "anew, of more lots" not in world.office.get(f"/quan-tri/thu-hoi/{number}?lang=en").text, "not sent yet"
    letters(world)
    with world.app.app_context(), transaction():
        notice = notice_of(world, number, world.organisation.id)
        assert answering.acknowledge(notice, actor=world.maker, now=world.now)
    assert "More lots have joined" not in world.kitchen.get(address).text
    lots = world.office.get(f"/quan-tri/thu-hoi/{number}/lo-hang?lang=en").text
    assert lots.count("joined ") == 1


def test_who_received_goods_by_an_event_that_came_late_is_told(world: SimpleNamespace, shop: SimpleNamespace) -> None:
    number = began(world)
    tell(world.program, shipped(JAR, 40, 21))

    assert joined(world) == 1
    assert {letter["organisation"] for letter in letters(world)} == {"Cửa hàng P"}
    with world.app.app_context():
        notice = notice_of(world, number, shop.id)
        assert (notice.on_the_way, notice.joined_at, notice.acknowledged_at) == (40, world.now, None)
        assert not notice_of(world, number, world.organisation.id).more_at
    assert "became known later" in world.kitchen.get(f"/quan-tri/thu-hoi/{number}?lang=en").text
    assert "Z-1" in shop.client.get(f"/quan-tri/thu-hoi/{number}/phieu/{notice.id}").text


def test_a_drill_and_a_recall_that_ended_stay_as_they_are(world: SimpleNamespace, shop: SimpleNamespace) -> None:
    drill, number = start(world, is_drill=True), began(world)
    close(world, number)
    tell(world.program, turned(), shipped(BOX, 10))

    assert joined(world) == 0
    with world.app.app_context():
        assert len(queries.notices_of(queries.get_recall(world.officer, drill))) == 1
        for one in (drill, number):
            assert recall.join(queries.get_recall(world.officer, one), now=world.now) == 0


def test_a_making_that_was_an_error_takes_its_lot_out_of_the_recall(world: SimpleNamespace) -> None:
    number = began(world)
    made = turned("urn:uuid:7b6c9c1e-0000-4000-8000-000000000001")
    tell(world.program, made)
    assert joined(world) == 1
    tell(world.program, {
        **made, "errorDeclaration": {"declarationTime": on(24), "reason": "did_not_occur"},
    })  # fmt: skip

    assert parts(world, number) == {"made": 100, "on_hand": 100}
    with world.app.app_context():
        found = queries.get_recall(world.officer, number)
        assert [row.number for row in queries.reckoning(found)] == ["Z-1"]
        assert queries.joined_of(found) == {}
        goods = queries.goods_to_count(notice_of(world, number, world.organisation.id))
        assert [one.number for one in goods] == ["Z-1"]
    close(world, number)
    assert parts(world, number) == {"made": 100, "on_hand": 100}


def test_a_recall_is_gone_through_again_only_when_something_was_told(
    world: SimpleNamespace, shop: SimpleNamespace
) -> None:
    number = began(world)
    later = world.now + timedelta(hours=1)
    joined(world, later)
    with world.app.app_context():
        assert queries.with_news() == []
    shop.program.now = world.program.now = later
    with world.app.app_context():
        db.session.rollback()
    tell(Program(world.app, world.organisation, later), jars(3, bizStep="storing", eventTime=on(23)))
    with world.app.app_context():
        assert queries.with_news() == [number]


@pytest.mark.parametrize(
    ("table", "change", "named"),
    [
        (
            "recall_lot",
            "UPDATE recall_lot SET made = made + 1 WHERE joined_at IS NOT NULL",
            "recall lot {number}:{box}",
        ),
        ("recall_lot", "UPDATE recall_lot SET joined_at = NULL", "recall {number}"),
        ("recall_lot", "DELETE FROM recall_lot WHERE joined_at IS NOT NULL", "recall lot {number}:{box}"),
        ("recall_notice", "UPDATE recall_notice SET held = 9 WHERE joined_at IS NOT NULL", "recall notice {notice}"),
        ("recall_notice", "UPDATE recall_notice SET joined_at = NULL", "recall {number}"),
    ],
)
def test_what_joined_is_in_the_log(
    world: SimpleNamespace, shop: SimpleNamespace, table: str, change: str, named: str
) -> None:
    number = began(world)
    tell(world.program, turned(), shipped(BOX, 10))
    joined(world)
    with world.app.app_context():
        log_jobs.number_all()
        notice, box = notice_of(world, number, shop.id).id, lot_of(BOX).id
        db.session.rollback()
        assert [line for line in differences() if line.startswith("recall")] == []
        tamper(table, change)
        found = [line for line in differences() if line.startswith("recall")]
    assert any(line.startswith(named.format(number=number, notice=notice, box=box) + ":") for line in found), found
