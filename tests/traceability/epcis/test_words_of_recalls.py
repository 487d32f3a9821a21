"""What a document says of recalls counts for its own sales; a recall is set free for as much as it was set."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from kernel.db import db, transaction
from oversight import recall
from oversight.models import Severity
from tests.factories import Factories
from tests.traceability.epcis.interface import Program, document, event
from tests.traceability.epcis.test_what_stands import (
    FREES,
    RECALLS,
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
    wrong,
)
from traceability.models import Lot, LotState

GTIN = "https://id.gs1.org/01/09520123456788"
RECALLED, FINE = ["business-recalled"], list[str]()


def at(day: int) -> dict[str, str]:
    return {"eventTime": f"2026-11-{day:02}T08:00:00+07:00"}


def capture(program: Program, *events: dict[str, Any]) -> list[list[str]]:
    return [rules(program.capture(document(one))) for one in events]


SOME = amounts([("A", 10)])
RECALL = event(quantityList=SOME, **RECALLS, **at(15))
FREE = event(quantityList=SOME, **FREES, **at(17))
SALE = sold(amounts([("A", 4)]), **at(16))


@pytest.mark.parametrize("sale", [
    SALE, sold(amounts([("A", 4)]), bizStep="shipping", disposition="in_transit", **at(16)),
    made([("A", 4)], [("B", 4)], **at(16)),
], ids=["sold", "shipped", "used"])  # fmt: skip
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("is_known", [True, False])
def test_a_recall_and_a_sale_of_one_document(
    program: Program, sale: dict[str, Any], order: tuple[int, int], is_known: bool
) -> None:
    first = commissioned("A", 10, **at(14))
    both = [[RECALL, sale][place] for place in order]
    if is_known:
        assert capture(program, first) == [FINE]
    job = program.capture(document(*([] if is_known else [first]), *both), "proceed")

    assert rules(job) == RECALLED
    assert agrees(program) == []


def test_what_a_document_makes_of_what_it_recalls_is_recalled_too(program: Program) -> None:
    capture(program, commissioned("A", 10, **at(13)))
    early = made([("A", 4)], [("B", 4)], **at(14))
    job = program.capture(document(early, RECALL, sold(amounts([("B", 1)]), **at(16))), "proceed")

    assert rules(job) == RECALLED
    with program.app.app_context():
        assert lot_of("B").state is LotState.RECALLED


@pytest.mark.parametrize("order", list(itertools.permutations(range(2))))
def test_what_a_document_sets_free_it_may_sell(program: Program, order: tuple[int, ...]) -> None:
    later = sold(amounts([("A", 4)]), **at(18))
    assert capture(program, commissioned("A", 10, **at(14)), RECALL, SALE) == [FINE, FINE, RECALLED]
    job = program.capture(document(*([FREE, later][place] for place in order)))
    again = program.capture(document(event(quantityList=SOME, **RECALLS, **at(19)), sold(SOME, **at(20))), "proceed")

    assert (rules(job), rules(again)) == (FINE, RECALLED)
    assert agrees(program) == []


def test_a_recall_that_the_same_document_declares_wrong_stops_nothing(program: Program) -> None:
    capture(program, commissioned("A", 10, **at(14)))
    named = RECALL | {"eventID": "urn:uuid:00000000-0000-4000-8000-00000000000a"}
    assert rules(program.capture(document(named, wrong(named), SALE))) == FINE


def test_a_strangers_word_in_a_document_stops_nothing(
    app: Flask, make: Factories, now: datetime, program: Program
) -> None:
    stranger = Program(app, make.producer(code="lalaa"), now)
    capture(program, commissioned("A", 10, **at(14)))
    assert rules(stranger.capture(document(RECALL, SALE))) == FINE
    assert capture(program, SALE | {"quantityList": SOME}) == [FINE]


def test_one_pack_set_free_leaves_the_others_recalled(program: Program) -> None:
    packs = [{"epcClass": f"{GTIN}/10/L1", "quantity": 100}]
    one = {"quantityList": None, "epcList": [f"{GTIN}/10/L1/21/S1"]}

    def frees(day: int, **facts: Any) -> dict[str, Any]:
        return event(**{**FREES, **at(day), **facts})

    sale = {**sold([{"epcClass": f"{GTIN}/10/L1", "quantity": 9}]), **at(20)}
    assert capture(
        program, event(action="ADD", bizStep="commissioning", quantityList=packs, **at(13)),
        event(quantityList=packs, **RECALLS, **at(14)), frees(15, **one), sale,
        frees(16, quantityList=[{"epcClass": f"{GTIN}/10/L1", "quantity": 98}]), sale,
        frees(17, quantityList=None, epcList=[f"{GTIN}/10/L1/21/S2"]), sale,
    ) == [FINE, FINE, FINE, RECALLED, FINE, RECALLED, FINE, FINE]  # fmt: skip
    assert agrees(program) == []


def test_one_pack_recalled_and_set_free_is_free(program: Program) -> None:
    packs = [{"epcClass": f"{GTIN}/10/L1", "quantity": 100}]
    one = {"quantityList": None, "epcList": [f"{GTIN}/10/L1/21/S1"]}
    sale = {**sold([{"epcClass": f"{GTIN}/10/L1", "quantity": 9}]), **at(20)}
    assert capture(
        program, event(action="ADD", bizStep="commissioning", quantityList=packs, **at(13)),
        event(**{**RECALLS, **at(14), **one}), sale, event(**{**FREES, **at(15), **one}), sale,
    ) == [FINE, FINE, RECALLED, FINE, FINE]  # fmt: skip


def test_goods_that_are_recalled_by_their_disposition_alone_are(
    program: Program, make: Factories, now: datetime
) -> None:
    batch = on_sale(program, make, "B-1", 70, now)
    capture(program, commissioned("A", 10, **at(14)))
    alone = {"bizStep": "holding", "disposition": "recalled", **at(15)}
    assert capture(program, sold(SOME, **alone), SALE) == [FINE, RECALLED]
    assert capture(program, sold(goods(batch, 70), **alone)) == [FINE]
    with program.app.app_context():
        assert db.session.scalars(select(Lot.state).where(Lot.id == batch.lot_id)).one() is LotState.HELD
    assert agrees(program) == []


def test_the_only_making_of_what_is_gone_is_not_declared_wrong(program: Program) -> None:
    making, right = commissioned("A", 10, **at(14)), commissioned("A", 8, **at(13))
    assert capture(program, making, sold(amounts([("A", 6)]), **at(15)), wrong(making)) == [
        FINE, FINE, ["business-amount"],
    ]  # fmt: skip
    assert rules(program.capture(document(wrong(making), right))) == FINE
    assert capture(program, sold(amounts([("A", 3)]), **at(16))) == [["business-amount"]]
    assert agrees(program) == []


@pytest.mark.parametrize(("into", "out", "right"), [
    ([("a", 10)], [("b", 20)], ["business-balance"]), ([("a", 10)], [("a", 500)], ["business-balance"]),
    ([("a", 10)], [("b", 10)], FINE), ([("a", 4), ("c", 6)], [("b", 3), ("d", 7)], FINE),
])  # fmt: skip
def test_no_more_comes_out_of_the_same_goods_than_went_in(
    program: Program, into: list[tuple[str, int]], out: list[tuple[str, int]], right: list[str]
) -> None:
    def things(lots: list[tuple[str, int]]) -> list[dict[str, Any]]:
        return [{"epcClass": f"{GTIN}/10/{lot}", "quantity": quantity} for lot, quantity in lots]

    said = made([], [], inputQuantityList=things(into), outputQuantityList=things(out), bizStep="repackaging")
    assert capture(program, said) == [right]


BOX = "https://a.example/box/P"


def of_box(**facts: Any) -> dict[str, Any]:
    return event(quantityList=None, epcList=[BOX], **facts)


def test_what_lies_in_a_recalled_case_is_recalled_and_set_free_with_it(program: Program) -> None:
    later = sold(amounts([("A", 2)]), **at(18))
    assert capture(
        program, commissioned("A", 10, **at(12)), commissioned("B", 10, **at(12)),
        packed(amounts([("A", 4)]), "P", **at(13)), packed(amounts([("B", 4)]), "P", **at(13)),
        unpacked(amounts([("B", 4)]), "P", **at(14)), of_box(**RECALLS, **at(15)), SALE,
        sold(amounts([("B", 2)]), **at(16)), of_box(**FREES, **at(17)), later,
    ) == [FINE] * 6 + [RECALLED, FINE, FINE, FINE]  # fmt: skip
    assert agrees(program) == []


def test_what_others_own_in_a_recalled_case_is_not_recalled_by_its_word(
    app: Flask, make: Factories, now: datetime, program: Program
) -> None:
    stranger = Program(app, make.producer(code="lalaa"), now)
    capture(program, commissioned("A", 10, **at(12)))
    assert capture(stranger, packed(amounts([("A", 4)]), "P", **at(13)), of_box(**RECALLS, **at(15))) == [FINE, FINE]
    assert capture(program, SALE) == [FINE]


@pytest.mark.parametrize("is_drill", [True, False])
def test_the_office_recalls_the_lots_in_a_case_not_the_case(
    app: Flask, make: Factories, now: datetime, program: Program, is_drill: bool
) -> None:
    capture(program, commissioned("A", 10, **at(12)), packed(amounts([("A", 4)]), "P", **at(13)))
    told = recall.Told("Nhiễm khuẩn", Severity.SERIOUS)
    with app.app_context(), pytest.raises(recall.HoldsOthers) as refused, transaction():
        recall.start(lot_of("P"), told, is_drill=is_drill, actor=make.actor(program.organisation), now=now)
    assert refused.value.facts["lots"] == "A"
    assert capture(program, unpacked(None, "P", **at(14))) == [FINE]
    with app.app_context(), transaction():
        recall.start(lot_of("P"), told, is_drill=is_drill, actor=make.actor(program.organisation), now=now)
