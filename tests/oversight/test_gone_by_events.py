"""What captured events sold, destroyed or brought back of a lot counts on its page and in the reckoning of a recall."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from catalog.models import Unit
from kernel.db import db, transaction
from oversight import agreement, answering, queries, recall
from oversight.models import EntryKind, Severity
from tests.factories import Factories
from tests.oversight.test_external import begin, sauce
from tests.oversight.test_screens import key
from tests.traceability.epcis.interface import Program, document, event
from tests.traceability.epcis.suites import needs_suites
from tests.traceability.epcis.test_capture import SAUCE, lot_of
from tests.web import send
from traceability import addresses
from traceability import queries as trace_queries
from traceability.models import Lot, LotIdentifier

__all__ = ["sauce"]
JAR, BOX, CASE = "https://ex.example/lo/Z-1", "https://ex.example/lo/Z-2", "https://a.example/box/P"
TOLD = recall.Told("Kim loại nặng", Severity.SERIOUS, "Heavy metal")


@pytest.fixture
def world(app: Flask, make: Factories, now: datetime) -> SimpleNamespace:
    """A hundred jars, of which the programs of their maker tell everything."""
    maker = make.producer("Bếp Z", code="bepz")
    office = make.office("Tổ OCOP mẫu")
    program = Program(app, maker, now)
    tell(program, jars(100, action="ADD", bizStep="commissioning", disposition="active", eventTime=on(20)))
    return SimpleNamespace(
        app=app, now=now, program=program, maker=make.actor(maker), officer=make.actor(office),
        kitchen=make.client(maker), office=make.client(office),
        organisation=maker,
    )  # fmt: skip


def on(day: int) -> str:
    return f"2026-11-{day}T08:00:00+07:00"


def jars(count: float, **facts: Any) -> dict[str, Any]:
    return event(**{"disposition": None, "quantityList": [{"epcClass": JAR, "quantity": count}], **facts})


def sold(count: float, day: int = 21) -> dict[str, Any]:
    return jars(count, action="DELETE", bizStep="retail_selling", disposition="retail_sold", eventTime=on(day))


def destroyed(count: float, day: int = 22) -> dict[str, Any]:
    return jars(count, action="DELETE", bizStep="destroying", disposition="destroyed", eventTime=on(day))


def back(count: float, day: int) -> dict[str, Any]:
    return jars(count, bizStep="receiving", disposition="returned", eventTime=on(day))


def tell(program: Program, *events: dict[str, Any]) -> None:
    job = program.capture(document(*events))
    assert job["success"], job


def start(world: SimpleNamespace, uri: str = JAR, *, is_drill: bool = False) -> str:
    with world.app.app_context(), transaction():
        began = world.now - timedelta(days=2)
        return recall.start(lot_of(uri), TOLD, is_drill=is_drill, actor=world.officer, now=began).number


def parts(world: SimpleNamespace, number: str, uri: str = JAR) -> dict[str, int]:
    """Give the parts of the reckoning that are not nothing; they add up."""
    with world.app.app_context():
        lot_id = lot_of(uri).id
        rows = queries.reckoning(queries.get_recall(world.officer, number))
        found = next(row.parts for row in rows if row.lot_id == lot_id)
    assert found.unexplained == 0
    return {name: amount for name, amount in vars(found).items() if amount}


def close(world: SimpleNamespace, number: str) -> None:
    with world.app.app_context(), transaction():
        recall.close(
            queries.get_recall(world.officer, number), conclusion="Xong", even_unanswered=True, actor=world.officer,
            now=world.now,
        )  # fmt: skip


@pytest.mark.parametrize("is_drill", [False, True])
def test_what_was_sold_and_destroyed_before_a_recall_is_reckoned(world: SimpleNamespace, is_drill: bool) -> None:
    tell(world.program, sold(90), destroyed(7))
    number = start(world, is_drill=is_drill)
    expected = {"made": 100, "sold": 90, "lost_before": 7, "on_hand": 3}

    assert parts(world, number) == expected
    for screen in ("", "/bao-cao"):
        page = world.office.get(f"/quan-tri/thu-hoi/{number}{screen}").text
        assert "Chưa từng bày bán" not in page
    close(world, number)
    assert parts(world, number) == expected


def test_what_programs_tell_while_a_recall_is_open_is_reckoned_and_moves_no_drill(world: SimpleNamespace) -> None:
    tell(world.program, sold(60), destroyed(2))
    drill = start(world, is_drill=True)
    number = start(world)
    tell(world.program, back(4, 23), destroyed(10, 23), sold(5))

    assert parts(world, number) == {
        "made": 100, "sold": 61, "returned": 4, "lost_before": 2, "destroyed": 10, "on_hand": 23,
    }  # fmt: skip
    assert parts(world, drill)["sold"] == 65, "told late, of a day before it began"
    assert "destroyed" not in parts(world, drill)


def test_who_enters_and_whose_program_tells_the_same_does_not_make_more_of_it(world: SimpleNamespace) -> None:
    tell(world.program, sold(60))
    number = start(world)
    with world.app.app_context(), transaction():
        notice = queries.notices_of(queries.get_recall(world.officer, number))[0]
        lot_id = lot_of(JAR).id
        with pytest.raises(answering.NotSoMany):
            answering.enter(notice, EntryKind.DESTROYED, (lot_id, None), 41, actor=world.maker, now=world.now)
        answering.enter(notice, EntryKind.DESTROYED, (lot_id, None), 40, actor=world.maker, now=world.now)
    assert parts(world, number) == {"made": 100, "sold": 60, "destroyed": 40}
    tell(world.program, destroyed(40, 23))

    assert parts(world, number) == {"made": 100, "sold": 60, "destroyed": 40}
    close(world, number)


def test_what_holders_say_that_buyers_brought_back_is_reckoned(world: SimpleNamespace) -> None:
    tell(world.program, sold(60))
    number = start(world)
    with world.app.app_context(), transaction():
        notice = queries.notices_of(queries.get_recall(world.officer, number))[0]
        for kind, count in ((EntryKind.RETURNED, 7), (EntryKind.SOLD, 3)):
            answering.enter(notice, kind, (lot_of(JAR).id, None), count, actor=world.maker, now=world.now)

    assert parts(world, number) == {"made": 100, "sold": 56, "returned": 7, "on_hand": 37}


def test_what_buyers_brought_back_is_destroyed_or_missing_afterwards(world: SimpleNamespace) -> None:
    tell(world.program, sold(97), destroyed(3))
    number = start(world)

    def enter(kind: EntryKind, count: int) -> None:
        answering.enter(notice, kind, (lot_of(JAR).id, None), count, actor=world.maker, now=world.now)

    with world.app.app_context(), transaction():
        (notice,) = queries.notices_of(queries.get_recall(world.officer, number))
        with pytest.raises(answering.NotSoMany):
            enter(EntryKind.DESTROYED, 1)
        enter(EntryKind.RETURNED, 7)
        with pytest.raises(answering.NotSoMany):
            enter(EntryKind.DESTROYED, 8)
        enter(EntryKind.DESTROYED, 4)
        with pytest.raises(answering.NotSoMany):
            enter(EntryKind.DESTROYED, 4)
    assert parts(world, number) == {"made": 100, "sold": 90, "lost_before": 3, "returned": 3, "destroyed": 4}

    with world.app.app_context(), transaction():
        notice = db.session.merge(notice)
        answering.count(notice, {(lot_of(JAR).id, None): 1}, actor=world.maker, now=world.now)
    assert parts(world, number) == {
        "made": 100, "sold": 90, "lost_before": 3, "returned": 1, "destroyed": 4, "missing": 2,
    }  # fmt: skip
    close(world, number)
    assert parts(world, number)["destroyed"] == 4


def test_what_programs_say_was_brought_back_and_destroyed_is_destroyed(world: SimpleNamespace) -> None:
    tell(world.program, sold(100))
    number = start(world)
    tell(world.program, back(6, 23), destroyed(5, 24))

    assert parts(world, number) == {"made": 100, "sold": 94, "returned": 1, "destroyed": 5}


@pytest.mark.parametrize("is_half", [False, True])
def test_what_is_told_late_of_a_recalled_lot_joins_its_recall(world: SimpleNamespace, is_half: bool) -> None:
    def turned(**facts: Any) -> dict[str, Any]:
        return event(**{
            "type": "TransformationEvent", "action": None, "disposition": None, "bizStep": "commissioning",
            "quantityList": None, "eventTime": on(21), "transformationID": "https://ex.example/making/1", **facts,
        })  # fmt: skip

    into = {"inputQuantityList": [{"epcClass": JAR, "quantity": 30}]}
    out = {"outputQuantityList": [{"epcClass": BOX, "quantity": 25}]}
    if is_half:
        tell(world.program, turned(**into))
    drill = start(world, is_drill=True)
    number = start(world)
    tell(world.program, *([turned(**out, eventTime=on(23))] if is_half else [turned(**into, **out)]))
    tell(world.program, jars(3, action="DELETE", bizStep="destroying", disposition="destroyed", eventTime=on(23)))

    for _ in ("open", "closed"):
        assert parts(world, number) == {"made": 100, "used": 30, "on_hand": 67, "destroyed": 3}
        assert parts(world, number, BOX) == {"made": 25, "on_hand": 25}
        page = world.office.get(f"/quan-tri/thu-hoi/{number}/lo-hang").text
        assert "Z-1" in page
        assert "Z-2" in page
        if _ == "open":
            close(world, number)
    assert "Z-2" in world.office.get(f"/quan-tri/thu-hoi/{number}/bao-cao").text
    assert parts(world, drill)["on_hand"] == 70 + 30 * (not is_half), "a drill stays as it began"
    with world.app.app_context():
        assert agreement.verify() == []


def test_what_is_sold_in_a_case_is_reckoned(world: SimpleNamespace) -> None:
    tell(
        world.program,
        event(
            type="AggregationEvent", action="ADD", bizStep="packing", disposition=None, quantityList=None,
            parentID=CASE, childQuantityList=[{"epcClass": JAR, "quantity": 24}], eventTime=on(21),
        ),
        event(
            action="DELETE", bizStep="retail_selling", disposition="retail_sold", quantityList=None, epcList=[CASE],
            eventTime=on(22),
        ),
    )  # fmt: skip

    assert parts(world, start(world)) == {"made": 100, "sold": 24, "on_hand": 76}


def test_the_page_and_the_list_of_lots_tell_what_is_left(world: SimpleNamespace) -> None:
    with world.app.app_context():
        lot_id = lot_of(JAR).id
    page = f"/quan-tri/nguyen-lieu/{lot_id}?lang=en"
    assert "all of it is left" in world.kitchen.get(page).text
    tell(world.program, sold(90), destroyed(7))

    one, every = world.kitchen.get(page).text, world.kitchen.get("/quan-tri/nguyen-lieu?con=1&lang=en").text
    assert "all of it is left" not in one
    for label, amount in (("Left", 3), ("Sold, by records of programs", 90), ("Destroyed or gone", 7)):
        assert str(amount) in one.split(label)[1].split("</dd>")[0]
    assert "Z-1" in every
    assert ",3," in world.kitchen.get("/quan-tri/nguyen-lieu?dang=csv&lang=en").text.split("Z-1")[-1]

    tell(world.program, destroyed(3, 23))
    assert "Z-1" not in world.kitchen.get("/quan-tri/nguyen-lieu?con=1").text
    assert "Used up" in world.kitchen.get("/quan-tri/nguyen-lieu?lang=en").text


def test_raw_material_that_programs_say_is_sold_is_not_counted_as_there(
    world: SimpleNamespace, make: Factories
) -> None:
    raw = make.raw_lot(world.program.organisation, number="LUA-1", quantity=100_000)
    name = addresses.of_material("bepz", "LUA-1", is_raw=True)
    with world.app.app_context(), transaction():
        db.session.add(LotIdentifier(uri=name, lot_id=raw.id))
    tell(world.program, event(
        action="OBSERVE", bizStep="retail_selling", disposition="retail_sold", eventTime=on(21),
        quantityList=[{"epcClass": name, "quantity": 30, "uom": "KGM"}],
    ))  # fmt: skip
    with world.app.app_context(), transaction():
        lot = db.session.get_one(Lot, raw.id)
        number = recall.start(lot, TOLD, is_drill=False, actor=world.officer, now=world.now).number
    with world.app.app_context():
        known = queries.get_recall(world.officer, number)
        (row,) = queries.reckoning(known)
        (left,) = queries.material_of(known, [])

    assert (row.parts.sold, row.parts.unreleased) == (30_000, 70_000)
    assert left.goods.quantity == 70_000


@needs_suites
def test_the_example_says_what_was_sold_and_where_the_rest_lies(
    app: Flask, sauce: SimpleNamespace, now: datetime
) -> None:
    with app.app_context():
        number = begin(sauce, SAUCE, now)
        rows = queries.reckoning(queries.get_recall(sauce.officer, number))
        found = next(row.parts for row in rows if row.lot_id == lot_of(SAUCE).id)

    assert (found.made, found.sold, found.on_hand, found.unreleased) == (1_500, 2, 1_498, 0)


def held(**facts: Any) -> dict[str, Any]:
    return jars(**{"count": 100, "bizStep": "holding", "disposition": "recalled", "eventTime": on(23), **facts})


def who_has(world: SimpleNamespace, number: str) -> set[tuple[queries.Part, int]]:
    with world.app.app_context():
        return {
            (row.role, row.quantity)
            for row in queries.known_from_events(queries.get_recall(world.officer, number))
        }  # fmt: skip


def test_the_event_of_a_recall_that_names_the_whole_lot_brings_nothing_back(world: SimpleNamespace) -> None:
    tell(world.program, sold(40), held())
    number = start(world)

    assert who_has(world, number) == {(queries.Part.MAKER, 60), (queries.Part.BUYER, 40)}
    page = world.office.get(f"/quan-tri/thu-hoi/{number}/noi-giu?dang=csv").text
    rows = list(csv.reader(io.StringIO(page.lstrip("\ufeff")), delimiter=";" if ";" in page else ","))
    assert [row[5] for row in rows if row[0] == "Bếp Z"] == ["60"]


def test_of_a_batch_of_ours_no_more_is_seen_with_its_maker_than_was_made(
    world: SimpleNamespace, make: Factories
) -> None:
    gtin = "09520123456788"
    make.batch(make.item(make.product(world.organisation, gtin=gtin)), number="A1", quantity=60)
    batch = f"https://id.gs1.org/01/{gtin}/10/A1"
    packs = {"quantityList": [{"epcClass": batch, "quantity": 60}]}
    few = {"quantityList": [{"epcClass": batch, "quantity": 4}]}
    tell(world.program, {**sold(4), **few, "action": "OBSERVE"}, held(**packs))
    number = start(world, batch)

    assert who_has(world, number) == {(queries.Part.HOLDER, 56), (queries.Part.BUYER, 4)}
    page = world.office.get(f"/quan-tri/thu-hoi/{number}/noi-giu?dang=csv").text
    cells = re.split(r"[;,\s]", page)
    assert ("56" in cells, "60" in cells) == (True, False)


@pytest.mark.parametrize("per_page", [25, 2])
def test_the_list_of_material_is_sorted_by_what_is_left(world: SimpleNamespace, make: Factories, per_page: int) -> None:
    raw = make.raw_lot(world.organisation, number="NL-50", quantity=50)
    make.raw_lot(world.organisation, number="NL-5", quantity=5)

    def numbers(*, descending: bool) -> list[str]:
        with world.app.app_context():
            pages = [
                trace_queries.list_lots(world.maker, sort="left", descending=descending, page=page, per_page=per_page)
                for page in range(1, 4 // per_page + 2)
            ]
            return list(dict.fromkeys(lot.number for page in pages for lot in page.rows))

    assert numbers(descending=True) == ["Z-1", "NL-50", "NL-5"]
    tell(world.program, sold(80))
    assert numbers(descending=True) == ["NL-50", "Z-1", "NL-5"], "twenty of the hundred are left"
    tell(world.program, destroyed(20))
    assert numbers(descending=False) == ["Z-1", "NL-5", "NL-50"]
    page = world.kitchen.get("/quan-tri/nguyen-lieu?sap=left").text
    assert f"/quan-tri/nguyen-lieu/{raw.id}" in page
    assert page.count("do phần mềm gửi") == 1, "the day beside it is the one on which it was sent"


# --- On pallets, from places nobody entered ---------------------------------------------------------------------------

PALLET = "https://a.example/pallet/P"
UNKNOWN_PLACE = {"id": "https://id.gs1.org/414/9521234500100"}


def aggregated(parent: str, **facts: Any) -> dict[str, Any]:
    told = {"type": "AggregationEvent", "action": "ADD", "bizStep": "packing", "parentID": parent, "quantityList": None}
    return event(**{**told, "disposition": None, **facts})


@pytest.mark.parametrize("source", [None, "https://id.gs1.org/417/9521234500001", "http://shop.test/to-chuc/bepz"])
@pytest.mark.parametrize("unit", [CASE, PALLET])
@pytest.mark.parametrize("is_received", [False, True])
def test_whoever_was_sent_a_case_or_a_pallet_of_recalled_goods_is_told(
    world: SimpleNamespace, make: Factories, source: str | None, unit: str, is_received: bool
) -> None:
    shop = make.producer("Cửa hàng P", code="shop1")
    to = "http://shop.test/to-chuc/shop1"
    sent = event(
        bizStep="shipping", disposition="in_transit", quantityList=None, epcList=[unit], eventTime=on(21),
        destinationList=[{"type": "possessing_party", "destination": to}],
        sourceList=[{"type": "possessing_party", "source": source}] if source else None,
    )  # fmt: skip
    here = {"readPoint": UNKNOWN_PLACE, "bizLocation": UNKNOWN_PLACE}
    tell(
        world.program,
        aggregated(CASE, childQuantityList=[{"epcClass": JAR, "quantity": 100}], eventTime=on(20), **here),
        aggregated(PALLET, childEPCs=[CASE], eventTime="2026-11-20T09:00:00+07:00", **here),
    )
    tell(world.program, sent)
    if is_received:
        received = event(bizStep="receiving", quantityList=None, epcList=[unit], eventTime=on(22))
        tell(Program(world.app, shop, world.now), received)

    number = start(world)
    with world.app.app_context():
        found = queries.get_recall(world.officer, number)
        known = [
            (row.organisation.code, row.share.held, row.share.on_the_way)
            for row in queries.known_from_events(found)
            if row.organisation is not None and row.share is not None and row.unit is Unit.PIECE and row.name
        ]
        told = {notice.organisation_id for notice in queries.notices_of(found)}
    assert ("shop1", 100 * is_received, 100 * (not is_received)) in known
    assert sum(held + coming for _, held, coming in known) == 100
    assert told == {world.organisation.id, shop.id}
    assert "Cửa hàng P" in world.office.get(f"/quan-tri/thu-hoi/{number}").text


def numbers_of(page: str) -> list[str]:
    """Read the words of a page beside one another, without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).split()


def test_the_head_of_a_recall_and_the_form_before_it_say_what_its_table_says(world: SimpleNamespace) -> None:
    tell(world.program, sold(90), destroyed(7))
    with world.app.app_context():
        lot = lot_of(JAR)
        before = queries.preview(lot)
        assert (before.on_hand, before.sold, before.places) == ((3, 0), (90, 0), 1)
    asked = " ".join(numbers_of(world.office.get(f"/quan-tri/thu-hoi/moi/{lot.id}").text))
    assert "3 gói ở 1 nơi" in asked
    assert "90 gói" in asked

    for is_drill in (True, False):
        shown = " ".join(numbers_of(world.office.get(f"/quan-tri/thu-hoi/{start(world, is_drill=is_drill)}").text))
        assert "3 gói đã dừng" in shown
        assert "97 gói đã bán" in shown


def test_what_is_weighed_stands_in_the_head_of_a_recall_too(world: SimpleNamespace) -> None:
    honey = [{"epcClass": "https://ex.example/lo/MAT", "quantity": 5, "uom": "KGM"}]
    tell(
        world.program,
        event(action="ADD", bizStep="commissioning", quantityList=honey, eventTime=on(20)),
        event(
            action="DELETE", bizStep="retail_selling", disposition="retail_sold", eventTime=on(21),
            quantityList=[{**honey[0], "quantity": 2}],
        ),
    )  # fmt: skip
    with world.app.app_context():
        found = queries.preview(lot_of("https://ex.example/lo/MAT"))
        assert (found.on_hand, found.sold) == ((0, 3_000), (0, 2_000))
    number = start(world, "https://ex.example/lo/MAT")

    shown = " ".join(numbers_of(world.office.get(f"/quan-tri/thu-hoi/{number}").text))

    assert "3 kg đã dừng" in shown
    assert "2 kg đã bán" in shown


def test_the_maker_enters_on_the_screen_what_buyers_bring_back_of_goods_that_are_all_sold(
    world: SimpleNamespace,
) -> None:
    tell(world.program, sold(100))
    number = start(world)
    with world.app.app_context():
        lot_id = lot_of(JAR).id
        notice_id = queries.notices_of(queries.get_recall(world.officer, number))[0].id
        notice = f"/quan-tri/thu-hoi/{number}/phieu/{notice_id}"
    page = world.kitchen.get(f"{notice}/ghi")
    assert f'value="{lot_id}-0"' in page.text
    assert f'name="dem_{lot_id}_0"' in world.kitchen.get(f"{notice}/dem").text

    fields = {"goods": f"{lot_id}-0", "kind": "returned", "quantity": "4"}
    answer = send(world.kitchen, f"{notice}/ghi", fields, request_key=key(world.kitchen, f"{notice}/ghi"))

    assert answer.status_code == 303, answer.text
    assert parts(world, number) == {"made": 100, "sold": 96, "returned": 4}
    close(world, number)
