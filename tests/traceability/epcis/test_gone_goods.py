"""What is destroyed is gone like what is sold; no more comes back than was sold; who sells goods does not make them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.factories import Factories
from tests.traceability.epcis.interface import Program, document
from tests.traceability.epcis.test_what_stands import (
    ONE,
    agrees,
    amounts,
    commissioned,
    goods,
    made,
    on_sale,
    packed,
    rules,
    sold,
    warned,
    wrong,
)
from traceability.epcis import capture as capturing

DESTROYED = {"bizStep": "destroying", "disposition": "destroyed", "action": "DELETE"}
RETURNED = {"bizStep": "receiving", "disposition": "returned"}


def on(day: int) -> dict[str, str]:
    return {"eventTime": f"2026-11-{day}T08:00:00+07:00"}


def capture(program: Program, *events: dict[str, Any]) -> list[list[str]]:
    return [rules(program.capture(document(one))) for one in events]


@pytest.mark.parametrize("facts", [
    DESTROYED, {"bizStep": "destroying", "disposition": None}, {"bizStep": None, "disposition": "disposed"},
    {"bizStep": "decommissioning", "disposition": "inactive", "action": "DELETE"},
])  # fmt: skip
def test_what_is_destroyed_is_neither_sold_nor_used_nor_destroyed_again(
    program: Program, facts: dict[str, Any]
) -> None:
    program.capture(document(commissioned("A", 10)))
    some = amounts([("A", 6)])

    assert capture(
        program, sold(some, **facts), sold(some), made([("A", 6)], [("B", 6)]), sold(some, **{**facts, **on(22)}),
        sold(amounts([("A", 4)])),
    ) == [[], *[["business-amount"]] * 3, []]  # fmt: skip
    assert agrees(program) == []


def test_what_a_batch_lost_by_events_counts_and_is_named(program: Program, make: Factories, now: datetime) -> None:
    batch = on_sale(program, make, "B-1", 70, now)
    jobs = [
        program.capture(document(sold(goods(batch, packs), **facts)))
        for packs, facts in ((500, DESTROYED), (70, DESTROYED), (5, {}), (60, RETURNED), (5, on(22)))
    ]

    assert [rules(job) for job in jobs] == [
        ["business-amount"], [], ["business-amount"], [], ["business-amount"],
    ]  # fmt: skip
    assert "business-stock" in warned(jobs[1])
    assert any("captured events say 70 of it were sold or used" in line for line in agrees(program))


@pytest.mark.parametrize("together", [True, False])
def test_no_more_comes_back_than_was_sold_until_then(program: Program, together: bool) -> None:
    program.capture(document(commissioned("A", 10, **on(10))))
    told = [
        sold(amounts([("A", 4)]), **RETURNED, **on(12)), sold(amounts([("A", 6)]), **on(13)),
        sold(amounts([("A", 5)]), **RETURNED, **on(14)), sold(amounts([("A", 9)]), **on(15)),
        sold(amounts([("A", 99)]), **RETURNED, **on(16)), sold(amounts([("A", 10)]), **on(17)),
    ]  # fmt: skip
    if together:
        assert capture(program, document(*told)["epcisBody"]["eventList"][0]) == [[]]
        assert rules(program.capture(document(*told[1:]))) == []
    else:
        assert capture(program, *told) == [[]] * 6

    assert capture(program, sold(amounts([("A", 1)]), **on(18))) == [["business-amount"]]
    assert agrees(program) == []


def test_who_brings_back_more_than_was_sold_is_told(program: Program) -> None:
    program.capture(document(commissioned("A", 10), sold(amounts([("A", 4)]), **on(20))))
    job = program.capture(document(sold(amounts([("A", 5)]), **RETURNED, **on(21))))
    assert (rules(job), warned(job)) == ([], ["business-returned"])
    assert warned(program.capture(document(sold(amounts([("A", 1)]), **RETURNED, **on(22))))) == ["business-returned"]

    program.capture(document(sold(amounts([("A", 3)]), bizStep="shipping", disposition="in_transit", **on(20))))
    assert warned(program.capture(document(sold(amounts([("A", 2)]), **RETURNED, **on(22))))) == []  # what was shipped
    assert agrees(program) == []


def test_a_return_that_was_told_wrong_leaves_what_was_sold_sold(program: Program) -> None:
    back = sold(amounts([("A", 4)]), eventID=ONE, **RETURNED, **on(12))
    program.capture(document(commissioned("A", 10, **on(10)), sold(amounts([("A", 10)]), **on(11)), back))

    assert capture(program, sold(amounts([("A", 4)]), **on(13)), wrong(back)) == [[], ["business-amount"]]
    assert agrees(program) == []


@pytest.mark.parametrize("facts", [
    {"bizStep": "retail_selling"}, {"bizStep": "shipping", "disposition": "in_transit"}, {"bizStep": "dispensing"},
    {"bizStep": None, "disposition": "retail_sold"}, {"bizStep": "destroying", "disposition": "destroyed"},
])  # fmt: skip
def test_who_sells_ships_or_destroys_goods_does_not_make_them(program: Program, facts: dict[str, Any]) -> None:
    program.capture(document(commissioned("A", 10)))
    more = sold(amounts([("A", 500)]), **{"disposition": None, **facts, "action": "ADD"})

    assert capture(program, more, sold(amounts([("A", 11)]))) == [["business-action"], ["business-amount"]]
    assert agrees(program) == []


@pytest.mark.parametrize("kind", ["AggregationEvent", "AssociationEvent"])
def test_what_is_sold_in_a_case_is_sold(program: Program, kind: str) -> None:
    program.capture(document(commissioned("A", 10)))
    sale = {
        **packed(amounts([("A", 9)]), "P", type=kind, action="OBSERVE", bizStep="retail_selling"),
        "disposition": "retail_sold",
    }

    assert capture(program, sale, sold(amounts([("A", 2)])), sold(amounts([("A", 1)]))) == [
        [], ["business-amount"], [],
    ]  # fmt: skip
    assert agrees(program) == []


def test_more_gone_than_made_is_named(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """As databases may hold it that counted what was destroyed as there."""
    monkeypatch.setattr(capturing, "_count", lambda new, lots, held: ({}, True))
    program.capture(document(commissioned("A", 10), sold(amounts([("A", 6)])), sold(amounts([("A", 6)]), **DESTROYED)))

    assert any("its events say 12000 of it are gone, 10000 were made" in line for line in agrees(program))
