"""A batch that is entered on the screens after programs have sent events of it is what these events tell of."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from accounts.actor import SYSTEM
from catalog.models import TradeItem
from kernel.db import db, transaction
from oversight import recall
from oversight.models import Severity
from stock import agreement, production
from tests.factories import Factories
from tests.races import race
from tests.traceability.epcis.interface import Program, document, event
from tests.traceability.epcis.test_what_stands import RECALLS, amounts, lot_of, made, rules, sold, warned
from traceability import batches, genealogy, lots, statements, tracing
from traceability.models import Batch, Lot, LotIdentifier, LotInput, LotKind, LotState

GTIN = "09520000001018"
LOT = f"https://id.gs1.org/01/{GTIN}/10/K60145"


@pytest.fixture
def item(program: Program, make: Factories) -> TradeItem:
    return with_gtin(program.app, make.item(make.product(program.organisation)))


def with_gtin(app: Flask, item: TradeItem) -> TradeItem:
    with app.app_context(), transaction() as session:
        session.execute(update(TradeItem).where(TradeItem.id == item.id).values(gtin=GTIN))
    with app.app_context():
        return db.session.get_one(TradeItem, item.id)


def enter(app: Flask, item: TradeItem, now: datetime, packs: int = 60, inputs: dict[int, int] | None = None) -> int:
    """Enter the batch by the verbs, with its stock; give its lot."""
    with app.app_context():
        with transaction():
            batch = batches.open_batch(
                db.session.merge(item), number="K60145", made_on=date(2026, 11, 21), expires_on=None, quantity=packs,
                inputs=inputs or {}, actor=SYSTEM, now=now,
            )  # fmt: skip
        with transaction():
            production.release(batch, actor=SYSTEM, now=now)
        return batch.lot_id


def packs(quantity: float) -> list[dict[str, Any]]:
    return [{"epcClass": LOT, "quantity": quantity}]


MAKES = made([("Z", 30)], [], outputQuantityList=packs(60))


def agrees(app: Flask) -> list[str]:
    with app.app_context():
        return agreement.verify()


def test_a_recall_of_its_material_reaches_a_batch_entered_later(
    app: Flask, make: Factories, now: datetime, program: Program, item: TradeItem
) -> None:
    for said in (event(quantityList=amounts([("Z", 40)])), MAKES, sold(packs(3))):
        assert rules(program.capture(document(said))) == []
    with app.app_context():
        before = lot_of("K60145").id
    lot_id = enter(app, item, now)

    assert lot_id == before
    assert program.capture(document(MAKES))["success"]  # known
    with app.app_context():
        z = lot_of("Z")
        assert z.id in genealogy.backward([lot_id]).lot_ids
        assert statements.amounts([lot_id])[lot_id].sold == 3
    assert [line for line in agrees(app) if "3 of it were sold" not in line] == []
    with app.app_context(), transaction():
        told = recall.Told("Nhiễm khuẩn", Severity.SERIOUS)
        recall.start(lot_of("Z"), told, is_drill=False, actor=make.actor(program.organisation), now=now)
    with app.app_context():
        assert db.session.get_one(Lot, lot_id).state is LotState.RECALLED


def by_the_office(app: Flask, make: Factories, program: Program, now: datetime) -> None:
    with app.app_context(), transaction():
        told = recall.Told("Mảnh kim loại", Severity.SERIOUS)
        recall.start(lot_of("K60145"), told, is_drill=False, actor=make.actor(program.organisation), now=now)


def by_its_owner(app: Flask, make: Factories, program: Program, now: datetime) -> None:
    assert rules(program.capture(document(event(quantityList=packs(60), **RECALLS)))) == []


@pytest.mark.parametrize("recalls", [by_the_office, by_its_owner])
def test_a_recalled_lot_does_not_come_back_under_its_number(
    app: Flask, make: Factories, now: datetime, program: Program, item: TradeItem, recalls: Any
) -> None:
    program.capture(document(event(action="ADD", bizStep="commissioning", quantityList=packs(60))))
    recalls(app, make, program, now)

    with pytest.raises(batches.NumberRecalled):
        enter(app, item, now)

    assert rules(program.capture(document(sold(packs(1), eventTime="2026-11-24T09:00:00+07:00")))) == [
        "business-recalled"
    ]
    assert agrees(app) == []


def test_the_name_of_a_recalled_lot_is_not_taken_by_a_batch_whose_gtin_came_later(
    app: Flask, make: Factories, now: datetime, program: Program
) -> None:
    """Its goods had no GTIN when it was entered."""
    item = make.item(make.product(program.organisation))
    lot_id = enter(app, item, now)
    program.capture(document(event(action="ADD", bizStep="commissioning", quantityList=packs(60))))
    by_the_office(app, make, program, now)
    with_gtin(app, item)
    with app.app_context(), transaction():
        batches.confirm(
            db.session.get_one(Batch, lot_id), checked="Nhãn", actor=make.actor(make.producer(code="khac")), now=now
        )

    with app.app_context():
        assert db.session.scalars(select(LotIdentifier.lot_id).where(LotIdentifier.uri == LOT)).one() != lot_id


@pytest.mark.parametrize("said", [
    sold(packs(70)), made([("Z", 40)], [], outputQuantityList=packs(61)),
    event(quantityList=[{"epcClass": LOT, "quantity": 5, "uom": "KGM"}]),
], ids=["more sold", "more made", "by weight"])  # fmt: skip
def test_a_batch_that_cannot_be_what_events_tell_of_is_refused(
    app: Flask, now: datetime, program: Program, item: TradeItem, said: dict[str, Any]
) -> None:
    assert rules(program.capture(document(said))) == []
    with pytest.raises(batches.OtherwiseByEvents) as refused:
        enter(app, item, now)
    assert refused.value.field == "number"
    with app.app_context():
        assert db.session.scalars(select(Lot.kind)).all().count(LotKind.FINISHED) == 0


def test_the_same_material_on_the_screen_and_by_an_event_adds_up(
    app: Flask, make: Factories, now: datetime, program: Program, item: TradeItem
) -> None:
    raw = make.raw_lot(program.organisation, number="LUA-1", quantity=100_000)
    with app.app_context(), transaction():
        db.session.add(LotIdentifier(uri="https://a.example/lot/LUA-1", lot_id=raw.id))
    said = made([("LUA-1", 40)], [], outputQuantityList=packs(60))
    assert rules(program.capture(document(said))) == []

    lot_id = enter(app, item, now, inputs={raw.id: 30_000})

    with app.app_context():
        edge = select(LotInput.quantity).where(LotInput.output_id == lot_id, LotInput.input_id == raw.id)
        assert (db.session.scalars(edge).one(), db.session.get_one(Lot, raw.id).used) == (70_000, 70_000)
    assert [line for line in agrees(app) if "no event of its making" not in line] == []  # the raw lot is of the test


def test_material_that_programs_sold_is_not_used_on_the_screens(
    app: Flask, make: Factories, now: datetime, program: Program, item: TradeItem
) -> None:
    raw = make.raw_lot(program.organisation, number="LUA-1", quantity=100_000)
    with app.app_context(), transaction():
        db.session.add(LotIdentifier(uri="https://a.example/lot/LUA-1", lot_id=raw.id))
    assert rules(program.capture(document(sold(amounts([("LUA-1", 60)]))))) == []

    with pytest.raises(lots.NotEnoughLeft) as refused:
        enter(app, item, now, inputs={raw.id: 41_000})
    assert refused.value.facts["left"] == 40_000
    enter(app, item, now, inputs={raw.id: 40_000})
    assert [line for line in agrees(app) if "no event of its making" not in line] == []


@pytest.mark.parametrize("typed", [
    "https://a.example/lot/Z", f"https://ID.gs1.org/01/{GTIN}/10/K60145", "urn:epc:class:lgtin:9520000.000101.K60145",
])  # fmt: skip
def test_a_lot_is_found_by_the_whole_name_that_events_call_it_by(
    app: Flask, make: Factories, now: datetime, program: Program, typed: str
) -> None:
    program.capture(document(MAKES))
    with app.app_context():
        own, others = make.actor(program.organisation), make.actor(make.producer(code="khac"))
        found = tracing.find(own, typed, on=now.date()).lots
        assert [lot.number for lot in found] == ["Z" if typed.endswith("Z") else "K60145"]
        assert tracing.find(others, typed, on=now.date()).lots == []


def test_what_a_stranger_named_first_is_not_the_producers_batch(
    app: Flask, make: Factories, now: datetime, program: Program
) -> None:
    stranger = Program(app, make.producer(code="lalaa"), now)
    for said in (MAKES, event(quantityList=packs(60), **RECALLS)):
        assert rules(stranger.capture(document(said))) == []
    item = with_gtin(app, make.item(make.product(program.organisation)))

    lot_id = enter(app, item, now)

    with app.app_context():
        lot = db.session.scalars(select(Lot).join(LotIdentifier).where(LotIdentifier.uri == LOT)).one()
        assert (lot.id, lot.state, lot.owner_id) == (lot_id, LotState.RELEASED, program.organisation.id)
    assert agrees(app) == []


def test_events_make_no_more_of_a_batch_than_was_entered(
    app: Flask, now: datetime, program: Program, item: TradeItem
) -> None:
    enter(app, item, now)
    adds = {"action": "ADD", "bizStep": "commissioning"}
    half = made([("Z", 15)], [], outputQuantityList=packs(30))
    jobs = [
        program.capture(document(said)) for said in (
            event(quantityList=packs(1_000), **adds), made([("Z", 500)], [], outputQuantityList=packs(1_000)),
            event(quantityList=packs(60), **adds), half, {**half, "bizStep": "packing"}, {**half, "bizStep": "storing"},
            event(quantityList=None, epcList=[f"https://id.gs1.org/01/{GTIN}/10/K60145/21/S1"], **adds),
        )
    ]  # fmt: skip

    assert [rules(job) for job in jobs] == [
        ["business-screens"],
        ["business-screens"],
        [],
        [],
        [],
        ["business-screens"],
        [],
    ]
    assert [warned(job) for job in jobs[2:5]] == [["business-screens"]] * 3
    assert agrees(app) == []


def test_a_batch_is_entered_while_a_program_sends_its_making(
    app: Flask, now: datetime, program: Program, item: TradeItem
) -> None:
    """Whoever comes first, there is one lot of this name, and it is the batch."""

    def act(number: int) -> None:
        if number:
            enter(app, item, now)
        else:
            assert rules(program.capture(document(MAKES))) == []

    assert race(app, 2, act) == [None, None]

    with app.app_context():
        assert [lot.kind for lot in db.session.scalars(select(Lot).where(Lot.number == "K60145"))] == [LotKind.FINISHED]
        assert lot_of("Z").id in genealogy.backward([lot_of("K60145").id]).lot_ids
    assert agrees(app) == []
