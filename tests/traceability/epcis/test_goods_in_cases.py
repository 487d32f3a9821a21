"""What lies in a case goes where the case goes: what is sold, used or destroyed with it is there no longer."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from kernel.db import db
from tests.factories import Factories
from tests.traceability.epcis.interface import Program, document, event
from tests.traceability.epcis.test_what_stands import (
    agrees,
    amounts,
    commissioned,
    goods,
    lot_of,
    made,
    on_sale,
    packed,
    rules,
    sold,
    unpacked,
    warned,
    wrong,
)
from traceability import contents

BOX = "https://a.example/box/"
DESTROYED = {"bizStep": "destroying", "disposition": "destroyed"}
RETURNED = {"bizStep": "receiving", "disposition": "returned"}
RETIRED = {"action": "DELETE", "bizStep": "decommissioning", "disposition": "inactive"}


def at(hour: int) -> dict[str, str]:
    return {"eventTime": f"2026-11-20T{hour:02}:00:00+07:00"}


def case(name: str, **facts: Any) -> dict[str, Any]:
    """A case that is sold, unless told otherwise."""
    return sold([], **{"quantityList": None, "epcList": [BOX + name], **facts})


def capture(program: Program, *events: dict[str, Any]) -> list[list[str]]:
    return [rules(program.capture(document(one))) for one in events]


@pytest.fixture
def boxed(program: Program) -> Program:
    """Ten kilograms of A, eight of them in case P."""
    assert capture(program, commissioned("A", 10, **at(6)), packed(amounts([("A", 8)]), "P", **at(7))) == [[], []]
    return program


TOO_MUCH, FINE = ["business-amount"], list[str]()
SELLS = case("P", **at(9))
USES = made([], [("B", 8)], inputEPCList=[f"{BOX}P"], inputQuantityList=None, **at(9))
DESTROYS = case("P", **DESTROYED, **at(9))


@pytest.mark.parametrize("ends", [SELLS, USES, DESTROYS], ids=["sold", "used", "destroyed"])
@pytest.mark.parametrize("first", ["case", "goods"])
def test_what_is_gone_with_its_case_is_not_there_by_itself(boxed: Program, ends: dict[str, Any], first: str) -> None:
    alone = [sold(amounts([("A", 3)]), **at(10)), made([("A", 3)], [("C", 3)], **at(11))]

    if first == "case":
        assert capture(boxed, ends, *alone, sold(amounts([("A", 2)]), **at(12))) == [[], TOO_MUCH, TOO_MUCH, []]
    else:
        assert capture(boxed, alone[0], ends, wrong(alone[0]), ends) == [[], TOO_MUCH, [], []]
    assert agrees(boxed) == []


def test_what_was_used_in_a_case_is_used(boxed: Program, app: Flask) -> None:
    capture(boxed, USES)

    with app.app_context():
        assert lot_of("A").used == 8_000
        db.session.rollback()


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_in_one_document_the_order_of_the_events_says_nothing_of_when_they_were(
    program: Program, order: tuple[int, ...]
) -> None:
    events = [
        commissioned("A", 10, **at(6)), packed(amounts([("A", 8)]), "P", **at(7)), SELLS,
        sold(amounts([("A", 2)]), **at(10)),
    ]  # fmt: skip
    job = program.capture(document(*(events[place] for place in order)))

    assert (rules(job), agrees(program)) == ([], [])
    assert capture(program, sold(amounts([("A", 1)]), **at(11))) == [TOO_MUCH]


@pytest.mark.parametrize("behaviour", ["rollback", "proceed"])
def test_one_document_sells_a_case_and_its_goods_once(program: Program, behaviour: str) -> None:
    events = [
        commissioned("A", 10, **at(6)), packed(amounts([("A", 8)]), "P", **at(7)), SELLS,
        sold(amounts([("A", 8)]), **at(10)),
    ]  # fmt: skip
    job = program.capture(document(*events), behaviour)

    assert rules(job) == TOO_MUCH
    assert len(program.events()) == (0 if behaviour == "rollback" else 3)
    assert agrees(program) == []


def test_a_packing_told_late_counts_for_what_was_sold_since(program: Program) -> None:
    late = packed(amounts([("A", 8)]), "P", **at(7))
    assert capture(
        program, commissioned("A", 10, **at(6)), case("P", action="ADD", bizStep="commissioning", disposition="active"),
        SELLS, sold(amounts([("A", 5)]), **at(10)), late, wrong(sold(amounts([("A", 5)]), **at(10))), late,
        sold(amounts([("A", 3)]), **at(11)),
    ) == [[], [], [], [], TOO_MUCH, [], [], TOO_MUCH]  # fmt: skip
    assert agrees(program) == []


def test_what_was_taken_out_before_stays(boxed: Program) -> None:
    out = unpacked(amounts([("A", 8)]), "P", **at(8))
    assert capture(boxed, out, SELLS, sold(amounts([("A", 10)]), **at(10))) == [[], [], []]
    # Without it the case was sold with what had been in it.
    assert capture(boxed, wrong(out)) == [TOO_MUCH]
    assert agrees(boxed) == []


def test_a_case_that_is_none_any_longer_leaves_its_goods(boxed: Program) -> None:
    assert capture(boxed, case("P", **RETIRED, **at(8)), SELLS, sold(amounts([("A", 10)]), **at(10))) == [[], [], []]
    assert agrees(boxed) == []


def test_what_is_in_a_case_on_a_pallet_goes_with_the_pallet(boxed: Program) -> None:
    pallet = packed([], "T", childQuantityList=None, childEPCs=[f"{BOX}P"], **at(8))
    assert capture(boxed, pallet, case("T", **at(9)), sold(amounts([("A", 3)]), **at(10)), case("P", **at(11))) == [
        [], [], TOO_MUCH, [],
    ]  # fmt: skip
    assert agrees(boxed) == []


def test_a_returned_case_brings_back_what_was_sold_in_it(boxed: Program) -> None:
    early, back = case("P", **RETURNED, **at(8)), case("P", **RETURNED, **at(11))
    three, seven = sold(amounts([("A", 3)]), **at(12)), sold(amounts([("A", 7)]), **at(14))
    assert capture(boxed, early, SELLS, three, back, three) == [[], [], TOO_MUCH, [], []]
    assert capture(boxed, case("P", **at(13)), seven, sold(amounts([("A", 1)]), **at(15))) == [TOO_MUCH, [], TOO_MUCH]
    assert agrees(boxed) == []


def test_an_event_that_names_the_case_and_its_goods_names_them_once(boxed: Program) -> None:
    both = sold(amounts([("A", 8)]), epcList=[f"{BOX}P"], **at(9))
    assert capture(boxed, both, sold(amounts([("A", 3)]), **at(10)), sold(amounts([("A", 2)]), **at(10))) == [
        [], TOO_MUCH, [],
    ]  # fmt: skip
    assert agrees(boxed) == []


def test_what_is_packed_by_the_event_that_sells_is_sold_once(program: Program) -> None:
    sale = packed(amounts([("A", 8)]), "P", bizStep="retail_selling", **at(8)) | {"disposition": "retail_sold"}
    assert capture(
        program, commissioned("A", 10, **at(6)), sale, SELLS, sold(amounts([("A", 3)]), **at(10)),
        case("P", **RETURNED, **at(11)), sold(amounts([("A", 10)]), **at(12)),
    ) == [[], [], [], TOO_MUCH, [], []]  # fmt: skip
    assert agrees(program) == []


def test_a_document_takes_back_what_it_said_of_a_case(boxed: Program) -> None:
    first = SELLS | {"eventID": "urn:uuid:00000000-0000-4000-8000-00000000000a"}
    job = boxed.capture(document(first, wrong(first), sold(amounts([("A", 10)]), **at(10))))

    assert (rules(job), agrees(boxed)) == ([], [])


def test_the_packs_of_a_batch_in_our_stock_are_counted_in_cases_too(
    program: Program, make: Factories, now: datetime
) -> None:
    batch = on_sale(program, make, "B-1", 70, now)
    assert capture(
        program, packed(goods(batch, 60), "P", **at(7)), SELLS, sold(goods(batch, 11), **at(10)),
        sold(goods(batch, 10), **at(10)),
    ) == [[], [], TOO_MUCH, []]  # fmt: skip
    assert [line for line in agrees(program) if "70 of it were sold or used" in line]


def test_a_stranger_who_packs_and_sells_anothers_goods_takes_nothing_from_them(
    app: Flask, make: Factories, now: datetime, program: Program
) -> None:
    stranger = Program(app, make.producer(code="lalaa"), now)
    capture(program, commissioned("A", 10, **at(6)))

    assert capture(stranger, packed(amounts([("A", 8)]), "P", **at(7)), SELLS) == [[], []]
    assert capture(program, sold(amounts([("A", 10)]), **at(10))) == [[]]
    assert agrees(program) == []


def test_who_was_handed_a_case_may_speak_for_what_is_in_it(
    app: Flask, make: Factories, now: datetime, boxed: Program
) -> None:
    buyer = Program(app, make.producer(code="lalaa"), now)
    shipped = {
        "bizStep": "shipping", "disposition": "in_transit",
        "destinationList": [{"type": "possessing_party", "destination": "http://shop.test/to-chuc/lalaa"}],
    }  # fmt: skip
    sale, out = sold(amounts([("A", 6)]), **at(12)), unpacked(None, "P", **at(11))
    assert warned(buyer.capture(document(sold(amounts([("A", 6)]), **at(8))))) == ["business-custody"]
    assert len(buyer.events(EQ_bizStep="commissioning")) == 0

    assert capture(boxed, case("P", **{**shipped, **at(9)})) == [[]]
    jobs = [buyer.capture(document(one)) for one in (out, sale)]

    assert [(rules(job), warned(job)) for job in jobs] == [([], [])] * 2
    assert capture(boxed, sold(amounts([("A", 5)]), **at(13))) == [TOO_MUCH]
    assert len(buyer.events(EQ_bizStep="commissioning")) == 1  # of the goods that came in the case
    onward = event(
        quantityList=amounts([("A", 9)]), **{
            **shipped, **at(14),
            "destinationList": [{"type": "possessing_party", "destination": "http://shop.test/to-chuc/khac"}],
        },
    )  # fmt: skip
    assert warned(buyer.capture(document(onward))) == ["business-custody"]  # eight came
    assert agrees(boxed) == []


@pytest.mark.parametrize("depth", [1, 3])
def test_who_was_handed_a_pallet_sees_how_what_is_in_its_cases_was_made(
    app: Flask, make: Factories, now: datetime, boxed: Program, depth: int
) -> None:
    buyer = Program(app, make.producer(code="lalaa"), now)
    cases = ["P", *(f"PALLET-{level}" for level in range(depth))]

    def stacked(inner: str, outer: str, hour: int) -> dict[str, Any]:
        return packed([], outer, **{"childEPCs": [BOX + inner], "childQuantityList": None, **at(hour)})

    steps = [stacked(inner, outer, 8 + level) for level, (inner, outer) in enumerate(itertools.pairwise(cases))]
    late = [commissioned("C", 1, **at(15)), packed(amounts([("C", 1)]), "P", **at(16))]
    assert capture(boxed, *steps) == [[]] * depth
    assert len(buyer.events(EQ_bizStep="commissioning")) == 0
    handed = {
        "bizStep": "shipping", "disposition": "in_transit",
        "destinationList": [{"type": "possessing_party", "destination": "http://shop.test/to-chuc/lalaa"}],
    }  # fmt: skip

    assert capture(boxed, case(cases[-1], **{**handed, **at(14)}), *late) == [[]] * 3

    (made_,) = buyer.events(EQ_bizStep="commissioning")
    assert made_["quantityList"] == amounts([("A", 10)]), "not of what was packed after it had been handed over"
    assert len(buyer.events(EQ_bizStep="packing")) >= 1 + depth


def test_control_without_what_lies_in_cases_it_is_sold_twice(boxed: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "follow", lambda steps: [])

    assert capture(boxed, SELLS, sold(amounts([("A", 10)]), **at(10))) == [[], []]
    monkeypatch.undo()
    assert ["10000 were made" in line for line in agrees(boxed)] == [True]
