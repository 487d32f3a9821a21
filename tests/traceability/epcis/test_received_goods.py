"""What its owner received of a lot is all there is of it, where nothing is told of it from before."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.traceability.epcis.interface import Program, document, event
from tests.traceability.epcis.test_what_stands import (
    agrees,
    amounts,
    commissioned,
    lot_of,
    made,
    packed,
    rules,
    sold,
    wrong,
)


def at(hour: int) -> dict[str, str]:
    return {"eventTime": f"2026-11-20T{hour:02}:00:00+07:00"}


def received(kilograms: float, hour: int, **facts: Any) -> dict[str, Any]:
    return event(quantityList=amounts([("A", kilograms)]), **{**at(hour), **facts})


def used(kilograms: float, hour: int) -> dict[str, Any]:
    return made([("A", kilograms)], [(f"B{hour}", kilograms)], **at(hour))


def capture(program: Program, *events: dict[str, Any]) -> list[list[str]]:
    return [rules(program.capture(document(one))) for one in events]


TOO_MUCH = ["business-amount"]


@pytest.mark.parametrize("gone", [
    used(6, 9), sold(amounts([("A", 6)]), **at(9)),
    sold(amounts([("A", 6)]), bizStep="destroying", disposition="destroyed", **at(9)),
])  # fmt: skip
def test_no_more_is_gone_than_came(program: Program, gone: dict[str, Any]) -> None:
    assert capture(program, received(10, 7), gone, used(5, 10), used(4, 11)) == [[], [], TOO_MUCH, []]
    assert agrees(program) == []


def test_several_receipts_add_up_and_one_that_was_wrong_is_gone(program: Program, app: Flask) -> None:
    second = received(5, 8)
    assert capture(program, received(10, 7), second, used(12, 9), wrong(second), used(4, 10), used(3, 11)) == [
        [], [], [], TOO_MUCH, TOO_MUCH, [],
    ]  # fmt: skip
    with app.app_context():
        assert (lot_of("A").quantity, lot_of("A").used) == (15_000, 15_000)
    assert agrees(program) == []


@pytest.mark.parametrize("order", ["as they were", "the other way round"])
def test_in_one_document_what_came_is_there_to_be_used(program: Program, order: str) -> None:
    events = [received(6, 7), received(4, 8), used(10, 9)]
    job = program.capture(document(*(events if order == "as they were" else reversed(events))))

    assert (rules(job), agrees(program)) == ([], [])


@pytest.mark.parametrize("before", [
    event(bizStep="shipping", quantityList=amounts([("A", 3)]), **at(5)),
    packed(amounts([("A", 3)]), "P", **at(5)),
    event(bizStep="inspecting", quantityList=amounts([("A", 3)]), **at(5)),
])  # fmt: skip
def test_what_was_there_before_is_not_known_by_what_came(program: Program, before: dict[str, Any]) -> None:
    assert capture(program, before, received(10, 7), used(16, 9)) == [[], [], []]
    assert agrees(program) == []


def test_a_receipt_that_does_not_say_how_much_leaves_it_open(program: Program) -> None:
    unsaid = event(quantityList=[{"epcClass": "https://a.example/lot/A"}], **at(8))
    assert capture(program, received(10, 7), unsaid, used(16, 9)) == [[], [], []]
    assert agrees(program) == []


def test_what_was_made_counts_before_what_came(program: Program, app: Flask) -> None:
    assert capture(program, received(10, 8), commissioned("A", 20, **at(7)), used(16, 9), used(5, 10)) == [
        [], [], [], TOO_MUCH,
    ]  # fmt: skip
    with app.app_context():
        assert lot_of("A").quantity == 20_000
    assert agrees(program) == []


def test_what_is_told_of_from_before_a_receipt_opens_what_it_closed(program: Program, app: Flask) -> None:
    earlier = event(bizStep="storing", quantityList=amounts([("A", 3)]), **at(5))
    assert capture(program, received(4, 6), received(6, 7), earlier, used(16, 9)) == [[], [], [], []]
    with app.app_context():
        assert (lot_of("A").quantity, lot_of("A").used) == (0, 0)  # nobody says how much there is
    assert agrees(program) == []


def test_what_customers_bring_back_was_there(program: Program) -> None:
    back = received(2, 6, disposition="returned")
    assert capture(program, back, received(10, 7), used(16, 9)) == [[], [], []]
    assert agrees(program) == []
