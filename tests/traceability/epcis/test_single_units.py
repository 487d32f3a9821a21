"""A single unit counts as goods of its lot: what stops the lot stops each pack of it, and the walk finds it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from accounts.actor import SYSTEM
from catalog.models import TradeItem
from kernel.db import db, transaction
from oversight.models import Severity
from oversight.recall import Told, start
from stock import holding, production
from tests.factories import Factories
from tests.traceability.epcis.interface import Program, document, event
from tests.traceability.epcis.test_what_stands import (
    AFTER,
    BEFORE,
    RECALLS,
    agrees,
    amounts,
    edges,
    made,
    packed,
    rules,
    warned,
    wrong,
)
from traceability import addresses, batches, genealogy, items, recording, statements
from traceability.epcis.problems import RefusedEvent
from traceability.models import Batch, EventKind, Lot, LotIdentifier, LotState

GTIN = "09520123456788"
GOODS = f"https://id.gs1.org/01/{GTIN}"


@pytest.fixture
def batch(program: Program, make: Factories, now: datetime) -> Batch:
    item = make.item(make.product(program.organisation, gtin=GTIN))
    with program.app.app_context():
        with transaction():
            batch = batches.open_batch(
                db.session.merge(item), number="B-1", made_on=date(2026, 11, 1), expires_on=None, quantity=10,
                inputs={}, actor=SYSTEM, now=now - timedelta(days=20),
            )  # fmt: skip
        with transaction():
            production.release(batch, actor=SYSTEM, now=now - timedelta(days=20))
        return batch


def recall(program: Program, batch: Batch, now: datetime) -> None:
    with program.app.app_context(), transaction():
        holding.recall(db.session.get_one(Lot, batch.lot_id), reason="Mốc", actor=SYSTEM, now=now - timedelta(days=5))


def of_units(*names: str, **facts: Any) -> dict[str, Any]:
    return event(**{"quantityList": None, "epcList": list(names), "eventTime": AFTER, **facts})


def sells(*names: str, **facts: Any) -> dict[str, Any]:
    return of_units(*names, **{"bizStep": "retail_selling", "disposition": "retail_sold", "action": "DELETE", **facts})


def act(step: str, name: str) -> dict[str, Any]:
    return {
        "sell": sells(name),
        "ship": of_units(name, bizStep="shipping", disposition="in_transit"),
        "pack": packed([], "P", childEPCs=[name], childQuantityList=None, eventTime=AFTER),
        "make": made([], [("NEW", 1)], inputEPCList=[name], eventTime=AFTER),
    }[step]


@pytest.mark.parametrize("step", ["sell", "ship", "pack", "make"])
@pytest.mark.parametrize("told", ["with its lot", "before", "of another host", "by its making"])
def test_no_unit_of_a_recalled_batch_goes_on(
    program: Program, batch: Batch, now: datetime, step: str, told: str
) -> None:
    name = f"{GOODS}/10/B-1/21/S1"
    if told == "of another host":
        name = f"https://goods.example/01/{GTIN}/10/B-1/21/S1"
    elif told == "before":
        program.capture(document(of_units(name, eventTime=BEFORE)))
        name = f"{GOODS}/21/S1"
    elif told == "by its making":
        name = f"{GOODS}/21/S1"
        ilmd = {"cbvmda:lotNumber": "B-1"}
        program.capture(document(of_units(name, action="ADD", bizStep="commissioning", ilmd=ilmd, eventTime=BEFORE)))
    recall(program, batch, now)

    assert rules(program.capture(document(act(step, name)))) == ["business-recalled"]
    assert agrees(program) == []


@pytest.mark.parametrize("step", ["sell", "ship", "pack", "make"])
def test_no_pack_with_our_own_code_on_it_goes_on_when_its_batch_is_recalled(
    program: Program, batch: Batch, now: datetime, step: str
) -> None:
    with program.app.app_context(), transaction():
        items.switch(db.session.get_one(TradeItem, batch.trade_item_id).product, True, actor=SYSTEM, now=now)
        roll = items.make_for_batch(db.session.get_one(Batch, batch.lot_id), 1, actor=SYSTEM, now=now)
        (serial,) = [code.serial for code in items.codes_of(roll.id)]
    recall(program, batch, now)

    assert rules(program.capture(document(act(step, f"{GOODS}/21/{serial}")))) == ["business-recalled"]


def test_one_pack_in_two_spellings_of_an_event_is_one_pack(
    app: Flask, program: Program, batch: Batch, now: datetime
) -> None:
    with app.app_context(), transaction():
        items.switch(db.session.get_one(TradeItem, batch.trade_item_id).product, True, actor=SYSTEM, now=now)
        roll = items.make_for_batch(db.session.get_one(Batch, batch.lot_id), 1, actor=SYSTEM, now=now)
        (serial,) = [code.serial for code in items.codes_of(roll.id)]
        sticker = addresses.base_url() + items.path_of(serial)
    assert rules(program.capture(document(sells(f"{GOODS}/21/{serial}", sticker)))) == []

    with app.app_context():
        assert statements.amounts([batch.lot_id])[batch.lot_id].sold == 1


def test_what_is_made_of_a_unit_is_made_of_its_lot(program: Program, batch: Batch) -> None:
    unit = f"{GOODS}/10/B-1/21/S1"
    program.capture(document(
        made([], [("SOUP", 0.1)], inputEPCList=[unit], eventTime=BEFORE),
        packed([], "P", childEPCs=[f"{GOODS}/21/S1", f"{GOODS}/10/B-1/21/S2"], childQuantityList=None),
    ))  # fmt: skip

    with program.app.app_context():
        assert sorted(edges().values()) == [1, 2]
        assert len(genealogy.forward([batch.lot_id]).lot_ids) == 3
    (line,) = agrees(program)  # of the batch more is gone than left the stock
    assert "captured events say 1 of it were sold or used" in line


def test_a_unit_that_was_known_by_itself_goes_with_its_lot_once_that_is_said(
    program: Program, batch: Batch, now: datetime
) -> None:
    bare = f"{GOODS}/21/S1"
    program.capture(document(made([], [("SOUP", 0.1)], inputEPCList=[bare], eventTime=BEFORE)))
    with program.app.app_context():
        assert len(genealogy.forward([batch.lot_id]).lot_ids) == 1
    program.capture(document(of_units(f"{GOODS}/10/B-1/21/S1", eventTime=BEFORE)))

    with program.app.app_context():
        assert len(genealogy.forward([batch.lot_id]).lot_ids) == 3
    assert agrees(program) == []
    recall(program, batch, now)
    assert rules(program.capture(document(sells(bare)))) == ["business-recalled"]
    assert agrees(program) == []


def test_units_of_others_lots_are_stopped_by_the_word_of_their_owner(program: Program) -> None:
    lot, unit = f"{GOODS}/10/X", f"{GOODS}/10/X/21/S1"
    program.capture(document(
        of_units(unit, action="ADD", bizStep="commissioning", eventTime=BEFORE),
        event(quantityList=[{"epcClass": lot, "quantity": 1}], **RECALLS),
    ))  # fmt: skip

    assert rules(program.capture(document(sells(f"{GOODS}/21/S1")))) == ["business-recalled"]
    assert agrees(program) == []


def test_a_stranger_ties_no_unit_to_a_lot(program: Program, batch: Batch, make: Factories, now: datetime) -> None:
    stranger = Program(program.app, make.producer(), now)
    stranger.capture(document(of_units(f"{GOODS}/10/B-1/21/S1", eventTime=BEFORE)))
    recall(program, batch, now)

    with program.app.app_context():
        assert not db.session.scalars(select(LotIdentifier).where(LotIdentifier.uri.endswith("/21/S1"))).all()
    assert rules(program.capture(document(sells(f"{GOODS}/21/S1")))) == []


def test_units_count_with_the_amounts_of_their_lot(program: Program, batch: Batch) -> None:
    units = [f"{GOODS}/10/B-1/21/S{number}" for number in range(4)]
    lot = [{"epcClass": f"{GOODS}/10/B-1", "quantity": 7}]
    some = program.capture(document(sells(*units)))
    more = program.capture(document(event(
        quantityList=lot, bizStep="retail_selling", disposition="retail_sold", action="DELETE", eventTime=AFTER,
    )))  # fmt: skip

    assert (rules(some), rules(more)) == ([], ["business-amount"])


@pytest.mark.parametrize(("unit", "facts"), [
    (f"{GOODS}/10/X/21/S1", {}), (f"{GOODS}/21/S1", {"ilmd": {"cbvmda:lotNumber": "X"}}),
])  # fmt: skip
def test_a_lot_that_is_known_by_its_units_alone_is_called_by_what_these_say(
    program: Program, unit: str, facts: dict[str, Any]
) -> None:
    program.capture(document(begins(unit, **facts)))
    assert agrees(program) == []
    with program.app.app_context(), transaction():
        lot_id = db.session.scalars(select(LotIdentifier.lot_id).where(LotIdentifier.uri.endswith("/10/X"))).one()
        db.session.add(LotIdentifier(uri=f"{GOODS}/10/OTHER", lot_id=lot_id))

    (line,) = agrees(program)
    assert line.endswith(f"no event calls it {GOODS}/10/OTHER")


# --- A single thing is made once ---------------------------------------------------------------------------


def begins(*names: str, **facts: Any) -> dict[str, Any]:
    return of_units(*names, **{"action": "ADD", "bizStep": "commissioning", "eventTime": BEFORE, **facts})


def test_a_unit_that_is_commissioned_again_is_warned_of_by_name(program: Program) -> None:
    first, again = begins(f"{GOODS}/21/S1", f"{GOODS}/21/S2"), begins(f"{GOODS}/21/S2", eventTime=AFTER)
    together = program.capture(document(first, again))
    later = program.capture(document(begins("urn:epc:id:sgtin:9520123.045678.S1", disposition="active")))
    replay = program.capture(document(first))

    assert (warned(together), warned(later), warned(replay)) == (["business-twice"], ["business-twice"], [])
    assert together["warnings"][0]["path"] == "epcisBody.eventList[1].epcList"
    assert "S2" in together["warnings"][0]["message"]
    assert (together["stored"], later["stored"]) == (2, 1)


def test_a_commissioning_that_was_wrong_may_be_told_again(program: Program) -> None:
    first = begins(f"{GOODS}/21/S1")
    program.capture(document(first))
    at_once = program.capture(document(wrong(first), begins(f"{GOODS}/21/S1", eventTime=AFTER)))

    assert (warned(at_once), rules(at_once)) == ([], [])


def test_what_a_stranger_says_of_a_unit_does_not_make_its_owners_word_the_second(
    program: Program, batch: Batch, make: Factories, now: datetime
) -> None:
    stranger = Program(program.app, make.producer(), now)
    stranger.capture(document(begins(f"{GOODS}/10/B-1/21/S1")))

    assert warned(program.capture(document(begins(f"{GOODS}/10/B-1/21/S1", eventTime=AFTER)))) == []


def test_our_own_events_commission_nothing_twice(program: Program, make: Factories, now: datetime) -> None:
    program.capture(document(begins(f"{GOODS}/21/S1")))
    actor = make.actor(program.organisation)
    with program.app.app_context():
        unit = db.session.scalars(select(LotIdentifier.lot_id).where(LotIdentifier.uri.endswith("/21/S1"))).one()
        lots = [recording.NamedLot(unit)]
        with pytest.raises(RefusedEvent) as refused, transaction():
            recording.record_event(
                EventKind.OBJECT, "commissioning", lots, title_vi="Bắt đầu", action="ADD", actor=actor, now=now
            )

    assert [problem.rule for problem in refused.value.problems] == ["business-twice"]


def test_a_carton_known_by_its_key_is_recalled_with_what_is_in_it(program: Program, now: datetime) -> None:
    carton = "https://id.gs1.org/00/095200000000000011"
    program.capture(document(packed(amounts([("RICE", 5)]), "", parentID=carton)))
    with program.app.app_context(), transaction():
        rice = db.session.scalars(select(Lot).where(Lot.number == "RICE")).one()
        start(rice, Told("Mốc", Severity.SERIOUS), is_drill=False, actor=SYSTEM, now=now)

    with program.app.app_context():
        assert {lot.state for lot in db.session.scalars(select(Lot))} == {LotState.RECALLED}
    (told,) = [one for one in program.events() if one.get("disposition") == "recalled"]
    assert (told["epcList"], len(told["quantityList"])) == ([carton], 1)
