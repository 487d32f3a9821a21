"""What goes on though it should not: more of recalled goods, goods handed over without a step, goods past their day,
stolen, spoilt.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask

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
    rules,
    sold,
    warned,
    wrong,
)
from tests.traceability.epcis.test_words_of_recalls import FINE, GTIN, RECALLED, at, capture

A = amounts([("A", 10)])


# --- Recalled ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [
    commissioned("A", 5, **at(16)), commissioned("A", 5, **at(16), disposition="active"),
    made([("B", 5)], [("A", 5)], **at(16)), made([], [("A", 5)], transformationID="urn:uuid:t", **at(16)),
    event(action="ADD", bizStep="receiving", quantityList=A, **at(16)),
])  # fmt: skip
@pytest.mark.parametrize("together", [True, False])
def test_no_more_is_made_of_what_was_recalled(program: Program, more: dict[str, Any], together: bool) -> None:
    first = [
        commissioned("A", 10, **at(14)),
        commissioned("B", 10, **at(14)),
        event(quantityList=A, **RECALLS, **at(15)),
    ]
    for one in () if together else first:
        program.capture(document(one))
    job = program.capture(document(*(first if together else []), more), "proceed")

    assert rules(job) == RECALLED
    with program.app.app_context():
        assert lot_of("A").quantity == 10_000
    assert agrees(program) == []


def test_what_was_made_before_its_recall_may_be_told_after_it(program: Program) -> None:
    late = commissioned("A", 5, **at(13))
    assert (
        capture(program, commissioned("A", 10, **at(14)), event(quantityList=A, **RECALLS, **at(15)), late)
        == [FINE] * 3
    )
    with program.app.app_context():
        assert lot_of("A").quantity == 15_000
    assert agrees(program) == []


def test_what_is_set_free_may_be_made_again_and_what_is_found_of_recalled_goods_is_recalled_with_them(
    program: Program,
) -> None:
    recall = event(quantityList=A, **RECALLS, **at(15))
    found = commissioned("A", 1, **at(16), **{name: RECALLS[name] for name in ("persistentDisposition",)})
    assert capture(program, commissioned("A", 10, **at(14)), recall, found) == [FINE] * 3
    free = event(quantityList=amounts([("A", 11)]), **FREES, **at(17))
    assert capture(program, free, commissioned("A", 5, **at(18))) == [FINE] * 2
    assert agrees(program) == []


def test_a_recall_of_goods_without_a_lot_says_that_it_stops_nothing(program: Program) -> None:
    kind = {"quantityList": [{"epcClass": GTIN, "quantity": 5}]}
    job = program.capture(document(event(**RECALLS, **kind, **at(15))))
    assert (rules(job), warned(job)) == (FINE, RECALLED)


# --- Handed over ---------------------------------------------------------------------------------------------------

BUYER = "https://buyer.example/we"
TO_BUYER = [{"type": "owning_party", "destination": BUYER}]
INVOICE = [{"type": "inv", "bizTransaction": "https://a.example/inv/7"}]
SILENT = {"bizStep": None, "disposition": None}


@pytest.mark.parametrize("way", [
    event(quantityList=A, destinationList=TO_BUYER, **SILENT, **at(16)),
    event(quantityList=A, destinationList=[{"type": "possessing_party", "destination": BUYER}], **SILENT, **at(16)),
    event(quantityList=A, type="TransactionEvent", action="ADD", bizTransactionList=INVOICE, **SILENT, **at(16)),
    event(quantityList=A, type="TransactionEvent", action="ADD", destinationList=TO_BUYER,
          bizTransactionList=[{"type": "po", "bizTransaction": "https://a.example/po/7"}], **SILENT, **at(16)),
])  # fmt: skip
def test_recalled_goods_become_nobody_elses_without_a_step(program: Program, way: dict[str, Any]) -> None:
    recall = event(quantityList=A, **RECALLS, **at(15))
    found = capture(program, commissioned("A", 10, **at(13)), {**way, **at(14)}, recall, way)
    assert found == [FINE, FINE, FINE, RECALLED]


@pytest.mark.parametrize("way", [
    event(quantityList=A, destinationList=TO_BUYER, bizStep=None, disposition="returned", **at(16)),
    event(quantityList=A, destinationList=TO_BUYER, bizStep="receiving", disposition="recalled", **at(16)),
    event(quantityList=A, destinationList=TO_BUYER, sourceList=[{"type": "owning_party", "source": BUYER}],
          **SILENT, **at(16)),
    event(quantityList=A, type="TransactionEvent", action="DELETE", bizTransactionList=INVOICE, **SILENT, **at(16)),
    event(quantityList=A, type="TransactionEvent", action="ADD", **SILENT, **at(16),
          bizTransactionList=[{"type": "po", "bizTransaction": "https://a.example/po/7"}]),
])  # fmt: skip
def test_recalled_goods_may_go_back_stay_and_have_papers(program: Program, way: dict[str, Any]) -> None:
    assert (
        capture(program, commissioned("A", 10, **at(13)), event(quantityList=A, **RECALLS, **at(15)), way) == [FINE] * 3
    )


# --- Not fit -------------------------------------------------------------------------------------------------------


def unfit(**facts: Any) -> dict[str, Any]:
    return event(**{"quantityList": A, "bizStep": "inspecting", "disposition": "damaged", **at(15), **facts})


SALE = sold(amounts([("A", 4)]), **at(16))


@pytest.mark.parametrize("word", [
    unfit(), unfit(disposition="stolen", bizStep=None), unfit(bizStep="decommissioning", disposition="inactive"),
    unfit(bizStep="holding", disposition="non_sellable_other"), unfit(disposition="expired"),
])  # fmt: skip
@pytest.mark.parametrize("sale", [
    SALE, {**SALE, "bizStep": "shipping", "disposition": "in_transit"},
    {**SALE, "bizStep": "stocking", "disposition": "sellable_accessible"},
])  # fmt: skip
def test_who_sells_goods_said_to_be_unfit_is_warned(
    program: Program, word: dict[str, Any], sale: dict[str, Any]
) -> None:
    capture(program, commissioned("A", 10, **at(13)), word)
    job = program.capture(document(sale))
    assert rules(job) == FINE
    assert "business-fitness" in warned(job)


def test_the_words_of_one_document_count_in_the_order_of_their_times(program: Program) -> None:
    fit = unfit(disposition="conformant", **at(17))
    sales = [{**SALE, **at(day), "quantityList": amounts([("A", 1)])} for day in (14, 16, 18)]
    job = program.capture(document(fit, *sales, commissioned("A", 10, **at(13)), unfit()))
    assert rules(job) == FINE
    assert [one["path"] for one in job["warnings"] if one["rule"] == "business-fitness"] == [
        "epcisBody.eventList[2].quantityList"
    ]


@pytest.mark.parametrize("changed", ["some", "set right", "wrong", "of a stranger", "goes to its end"])
def test_what_is_fit_again_or_was_never_all_unfit_is_sold_without_a_warning(
    app: Flask, make: Factories, program: Program, changed: str
) -> None:
    word, sale = unfit(eventID="urn:uuid:00000000-0000-4000-8000-00000000000b"), SALE
    if changed == "some":
        word["quantityList"] = amounts([("A", 3)])
    capture(program, commissioned("A", 10, **at(13)))
    speaker = Program(app, make.producer(code="lalaa"), program.now) if changed == "of a stranger" else program
    capture(speaker, word)
    if changed == "set right":
        capture(program, unfit(disposition="conformant", eventTime="2026-11-15T10:00:00+07:00"))
    if changed == "wrong":
        capture(program, wrong(word))
    if changed == "goes to its end":
        sale = {**SALE, "bizStep": "destroying", "disposition": "destroyed"}
    job = program.capture(document(sale))
    assert (rules(job), [rule for rule in warned(job) if rule == "business-fitness"]) == (FINE, [])


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(("day", "expected"), [(18, []), (19, ["business-fitness"])])
def test_who_sells_goods_past_their_day_is_warned(
    program: Program, together: bool, day: int, expected: list[str]
) -> None:
    first = commissioned("A", 10, **at(13), ilmd={"cbvmda:itemExpirationDate": "2026-11-18"})
    sale = {**SALE, **at(day)}
    if together:
        job = program.capture(document(sale, first))
    else:
        capture(program, first)
        job = program.capture(document(sale))
    assert (rules(job), [rule for rule in warned(job) if rule == "business-fitness"]) == (FINE, expected)


@pytest.mark.parametrize(("day", "expected"), [(18, []), (19, ["business-fitness"])])
def test_the_last_day_of_a_batch_of_ours_counts(
    program: Program, make: Factories, day: int, expected: list[str]
) -> None:
    item = make.item(make.product(program.organisation))
    batch = make.batch(item, made_on=date(2026, 11, 1), expires_on=date(2026, 11, 18))
    job = program.capture(document(sold(goods(batch, 1), **at(day))))
    assert [rule for rule in warned(job) if rule == "business-fitness"] == expected
