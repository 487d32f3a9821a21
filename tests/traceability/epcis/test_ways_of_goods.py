"""An event sells goods, or moves them on, by its step or by its disposition: all rules read both alike."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.factories import Factories
from tests.traceability.epcis.interface import Program, document
from tests.traceability.epcis.test_what_stands import (
    AFTER,
    RECALLS,
    agrees,
    amounts,
    commissioned,
    goods,
    on_sale,
    rules,
    sold,
    stop,
    warned,
)
from traceability import ways
from traceability.epcis.whereabouts import Handling, Thing, follow

SALES: list[dict[str, Any]] = [
    {"bizStep": None, "disposition": "retail_sold", "action": "DELETE"},
    {"bizStep": "stocking", "disposition": "retail_sold", "action": "DELETE"},
    {"bizStep": "stocking", "disposition": "https://ref.gs1.org/cbv/Disp-retail_sold"},
    {"bizStep": "holding", "disposition": "retail_sold"},
    {"bizStep": None, "disposition": "dispensed"},
    {"bizStep": "retail_selling", "disposition": "returned", "action": "DELETE"},
    {"bizStep": "dispensing", "disposition": "damaged"},
    {"bizStep": None, "disposition": "retail_sold", "type": "TransactionEvent", "action": "ADD",
     "bizTransactionList": [{"bizTransaction": "https://a.example/paper/1"}]},
]  # fmt: skip
ON_THE_WAY = {"bizStep": "transporting", "disposition": "in_transit"}


OFFERS = {"bizStep": "stocking", "disposition": None}, {"bizStep": "storing", "disposition": "sellable_accessible"}
STEPS = {"bizStep": "transporting", "disposition": None}, {"bizStep": None, "disposition": "partially_dispensed"}


@pytest.mark.parametrize("facts", [*SALES, *OFFERS, *STEPS, ON_THE_WAY, {"bizStep": None, "disposition": "in_transit"}])
def test_nothing_recalled_is_sold_or_moved_on_however_that_is_said(
    program: Program, make: Factories, now: datetime, facts: dict[str, Any]
) -> None:
    batch = on_sale(program, make, "B-1", 70, now)
    stop(program, batch, now)
    program.capture(document(commissioned("A", 10), sold(amounts([("A", 5)]), **RECALLS)))
    jobs = [
        program.capture(document(sold(things, **{"eventTime": AFTER, **facts})))
        for things in (goods(batch, 5), amounts([("A", 5)]))
    ]

    assert [rules(job) for job in jobs] == [["business-recalled"]] * 2


@pytest.mark.parametrize("facts", SALES)
def test_no_more_is_sold_than_there_is_however_that_is_said(
    program: Program, make: Factories, now: datetime, facts: dict[str, Any]
) -> None:
    batch = on_sale(program, make, "B-1", 70, now)
    program.capture(document(commissioned("A", 10)))
    for things, too_many in ((goods(batch, 60), goods(batch, 11)), (amounts([("A", 6)]), amounts([("A", 5)]))):
        some = program.capture(document(sold(things, **{"eventTime": AFTER, **facts})))
        more = program.capture(document(sold(too_many, eventTime=AFTER)))
        assert (rules(some), rules(more)) == ([], ["business-amount"])
    (line,) = agrees(program)
    assert "captured events say 60 of it were sold or used" in line


@pytest.mark.parametrize("facts", [
    {"bizStep": "arriving", "disposition": "in_transit"}, {"bizStep": "destroying", "disposition": "in_transit"},
    {"bizStep": "shipping", "disposition": "returned"}, {"bizStep": "stocking", "disposition": "returned"},
])  # fmt: skip
def test_what_is_recalled_arrives_goes_back_and_comes_to_its_end(
    program: Program, make: Factories, now: datetime, facts: dict[str, Any]
) -> None:
    batch = on_sale(program, make, "B-1", 70, now)
    stop(program, batch, now)
    job = program.capture(document(sold(goods(batch, 5), eventTime=AFTER, **facts)))

    assert (rules(job), "business-recalled" in warned(job)) == ([], False)


@pytest.mark.parametrize("facts", SALES)
def test_goods_are_followed_to_who_bought_them_however_that_is_said(facts: dict[str, Any]) -> None:
    step, disposition = facts["bizStep"], (facts["disposition"] or "").removeprefix("https://ref.gs1.org/cbv/Disp-")
    sale = Handling(
        "ObjectEvent", [Thing(1, "object", 4)], "maker", action=facts.get("action"), biz_step=step,
        disposition=disposition or None,
    )  # fmt: skip
    (buyer,) = [share for share in follow([sale]) if share.is_buyer]

    assert (buyer.received, ways.sells(step, disposition)) == (4, True)
