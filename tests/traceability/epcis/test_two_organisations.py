"""Two organisations say the same of one lot: only who may speak for it counts, whoever came first."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from kernel.db import db, transaction
from stock import agreement
from tests.factories import Factories
from tests.traceability.epcis.interface import Program, document, event
from traceability.models import Lot, LotIdentifier, LotState, TraceEvent

GTIN = "09520000001018"
LOT = f"https://id.gs1.org/01/{GTIN}/10/L1"
ID = "urn:uuid:00000000-0000-4000-8000-0000000000aa"


@pytest.fixture
def owner(app: Flask, make: Factories, now: datetime) -> Program:
    return Program(app, make.producer(code="htx01"), now)


@pytest.fixture
def stranger(app: Flask, make: Factories, now: datetime, owner: Program) -> Program:
    return Program(app, make.producer(code="lalaa"), now)


def said(step: str, day: int, quantity: int = 10, **facts: Any) -> dict[str, Any]:
    return event(
        bizStep=step, eventTime=f"2026-11-{day}T08:00:00+07:00",
        **{"disposition": None, "quantityList": [{"epcClass": LOT, "quantity": quantity}], **facts},
    )  # fmt: skip


MADE = said("commissioning", 10, action="ADD")
RECALL = said("holding", 12, disposition="recalled", persistentDisposition={"set": ["recalled"]})
SOLD = said("retail_selling", 14, 6, action="DELETE", disposition="retail_sold")


def rules(job: dict[str, Any]) -> list[str]:
    return [error["rule"] for error in job["errors"]]


def warned(job: dict[str, Any]) -> list[str]:
    return [warning["rule"] for warning in job["warnings"]]


def state(program: Program) -> LotState:
    with program.app.app_context():
        of_lot = select(LotIdentifier.lot_id).where(LotIdentifier.uri == LOT)
        return db.session.scalars(select(Lot.state).where(Lot.id.in_(of_lot))).one()


def agrees(program: Program) -> None:
    with program.app.app_context():
        assert agreement.verify() == []


@pytest.mark.parametrize("facts", [{}, {"eventID": ID}], ids=["named by its content", "named by its owner"])
@pytest.mark.parametrize("first", ["stranger", "owner"])
def test_the_recall_of_an_owner_counts_whoever_sent_it_first(
    owner: Program, stranger: Program, first: str, facts: dict[str, str]
) -> None:
    owner.capture(document(MADE))
    jobs = {}
    for who in ("stranger", "owner") if first == "stranger" else ("owner", "stranger"):
        jobs[who] = {"owner": owner, "stranger": stranger}[who].capture(document({**RECALL, **facts}))

    assert [(job["stored"], job["replayed"]) for job in jobs.values()] == [(1, 0), (1, 0)]
    assert (warned(jobs["stranger"]), warned(jobs["owner"])) == (["business-custody"], [])
    assert state(owner) is LotState.RECALLED
    assert rules(owner.capture(document(SOLD))) == ["business-recalled"]
    again = [program.capture(document({**RECALL, **facts})) for program in (owner, stranger)]
    assert [(job["stored"], job["replayed"]) for job in again] == [(0, 1), (0, 1)]
    agrees(owner)


@pytest.mark.parametrize("first", ["stranger", "owner"])
def test_what_an_owner_sold_counts_once_whoever_said_it_first(owner: Program, stranger: Program, first: str) -> None:
    owner.capture(document(MADE))
    for program in (stranger, owner) if first == "stranger" else (owner, stranger):
        assert program.capture(document(SOLD))["stored"] == 1

    assert owner.capture(document(SOLD))["replayed"] == 1
    assert rules(owner.capture(document({**SOLD, "eventTime": "2026-11-15T08:00:00+07:00"}))) == ["business-amount"]
    agrees(owner)


def test_who_sends_an_event_alone_can_read_what_was_stored(owner: Program, stranger: Program) -> None:
    owner.capture(document(MADE))
    for program in (owner, stranger):
        answer = program.send("/events", {"@context": document()["@context"], **SOLD, "eventID": ID})
        assert answer.status_code == 201
        assert program.get(answer.headers["Location"].removeprefix("/epcis")).status_code == 200
        again = program.send("/events", {"@context": document()["@context"], **SOLD, "eventID": ID})
        assert (again.status_code, again.headers["Location"]) == (200, answer.headers["Location"])


def test_an_event_of_goods_that_both_may_speak_for_is_one_fact(owner: Program, stranger: Program) -> None:
    owner.capture(document(MADE))
    handed = said("shipping", 13, destinationList=[
        {"type": "possessing_party", "destination": "http://shop.test/to-chuc/lalaa"}
    ])  # fmt: skip
    jobs = [program.capture(document(handed)) for program in (owner, stranger)]

    assert [(job["stored"], job["replayed"]) for job in jobs] == [(1, 0), (0, 1)]
    agrees(owner)


def test_an_eventid_used_for_junk_about_anothers_goods_does_not_block_its_owner(
    owner: Program, stranger: Program
) -> None:
    owner.capture(document(MADE))
    stranger.capture(document({**said("inspecting", 11), "eventID": ID}))
    job = owner.capture(document({**RECALL, "eventID": ID}))
    own = {**said("inspecting", 11), "quantityList": [{"epcClass": "https://a.example/lot/own", "quantity": 1}]}
    stranger.capture(document({**own, "eventID": f"{ID[:-1]}b"}))
    other = owner.capture(document({**SOLD, "eventID": f"{ID[:-1]}b"}))

    assert (job["stored"], state(owner)) == (1, LotState.RECALLED)
    assert rules(other) == ["gap-10"]


@pytest.mark.parametrize("facts", [{}, {"eventID": ID}], ids=["named by its content", "named by its owner"])
def test_nobody_declares_wrong_what_another_says(owner: Program, stranger: Program, facts: dict[str, str]) -> None:
    wrong = {"errorDeclaration": {"declarationTime": "2026-11-23T00:00:00Z", "reason": "did_not_occur"}}
    owner.capture(document(MADE))
    stranger.capture(document({**SOLD, **facts, **wrong}))
    owner.capture(document({**SOLD, **facts}))
    more = {**SOLD, "eventTime": "2026-11-15T08:00:00+07:00"}
    assert rules(owner.capture(document(more))) == ["business-amount"]
    mended = owner.capture(document({**SOLD, **facts, **wrong}))

    assert (mended["stored"], rules(mended)) == (1, [])
    assert rules(owner.capture(document(more))) == []
    agrees(owner)


# --- Whose a lot is ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["catalogue", "prefix"])
def test_a_lot_belongs_to_the_owner_of_its_gtin_whoever_names_it_first(
    owner: Program, stranger: Program, make: Factories, by: str
) -> None:
    if by == "catalogue":
        make.product(owner.organisation, gtin=GTIN)
    else:
        with owner.app.app_context(), transaction():
            db.session.merge(owner.organisation).gs1_prefix = GTIN[1:8]
    theirs = stranger.capture(document({**MADE, "quantityList": [{"epcClass": LOT, "quantity": 2}]}))
    job = owner.capture(document(MADE, RECALL))

    assert (warned(theirs), warned(job), rules(job)) == (["business-custody"], [], [])
    with owner.app.app_context():
        lot = db.session.scalars(
            select(Lot).join(LotIdentifier, LotIdentifier.lot_id == Lot.id).where(LotIdentifier.uri == LOT)
        ).one()
        assert (lot.owner_id, lot.quantity, lot.state) == (owner.organisation.id, 10, LotState.RECALLED)
        shown = select(TraceEvent.is_public).order_by(TraceEvent.id)
        assert db.session.scalars(shown).all() == [False, True, True]
    assert rules(stranger.capture(document(SOLD))) == ["business-recalled"]
    agrees(owner)


def test_a_strangers_uses_of_an_unknown_lot_of_anothers_gtin_are_not_counted(
    owner: Program, stranger: Program, make: Factories
) -> None:
    make.product(owner.organisation, gtin=GTIN)
    stranger.capture(document(SOLD))
    owner.capture(document(MADE))
    job = owner.capture(document(SOLD))

    assert (rules(job), job["stored"]) == ([], 1)
    agrees(owner)
