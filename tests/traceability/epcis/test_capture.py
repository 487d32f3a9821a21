"""What others send becomes part of the store and of the story; all of it or nothing, once, and by who may say it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from accounts.actor import SYSTEM
from kernel import jobs, log_verification
from kernel.db import db, transaction
from kernel.models import Job
from stock import agreement
from tests.factories import Factories
from tests.killing import commits_before, deaths_without_trace, stored_by_dying_workers
from tests.traceability.epcis.interface import Program, document, event
from tests.traceability.epcis.suites import EPCIS, needs_suites, read
from traceability import batches, genealogy
from traceability.epcis import capture, claims
from traceability.models import (
    CaptureJob,
    EpcisEvent,
    EpcisField,
    EventLot,
    Lot,
    LotIdentifier,
    LotInput,
    LotKind,
    LotState,
    TraceEvent,
)

CHAIN = EPCIS / "ocop-example" / "ocop-fish-sauce-chain.jsonld"
FISH = "https://id.example.vn/lot/htx-bien-xanh/CA-COM-260301"
SALT = "https://id.example.vn/lot/htx-muoi-bac-lieu/MUOI-2602"
SAUCE = "https://id.gs1.org/01/09520000001018/10/NM-2026-014"
CASE = "https://id.gs1.org/00/095200000000000011"


def count(model: type[Any], *conditions: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0


def lot_of(uri: str) -> Lot:
    return db.session.scalars(
        select(Lot).join(LotIdentifier, LotIdentifier.lot_id == Lot.id).where(LotIdentifier.uri == uri)
    ).one()


def nothing_is_stored() -> bool:
    return not any(map(count, (EpcisEvent, EpcisField, TraceEvent, EventLot, Lot, LotIdentifier, LotInput)))


# --- The chain of the domain ------------------------------------------------------------------------------


@needs_suites
def test_the_example_chain_is_captured_and_walked_both_ways(program: Program) -> None:
    job = program.capture(read(CHAIN))
    hashes = (CHAIN.parent / f"{CHAIN.stem}.hashes").read_text().split()

    assert (job["success"], job["stored"], job["errors"], job["warnings"]) == (True, 14, [], [])
    with program.app.app_context():
        rows = db.session.scalars(select(EpcisEvent).order_by(EpcisEvent.id)).all()
        assert [row.hash for row in rows] == hashes
        assert [row.declares_error for row in rows].index(True) == 11
        fish, salt, sauce, case = map(lot_of, (FISH, SALT, SAUCE, CASE))
        assert {lot.kind for lot in (fish, salt, sauce, case)} == {LotKind.EXTERNAL}
        assert set(genealogy.backward([sauce.id]).lot_ids) == {fish.id, salt.id, sauce.id}
        assert set(genealogy.forward([salt.id]).lot_ids) == {salt.id, sauce.id}, "the shop unpacked the case"
        assert genealogy.backward([case.id]).lot_ids == [case.id]
        assert {(edge.input_id, edge.quantity) for edge in genealogy.backward([sauce.id]).edges} == {
            (fish.id, 1_200_000), (salt.id, 400_000),
        }  # fmt: skip
        assert sauce.state is LotState.RECALLED
        assert log_verification.verify().differences == []
        assert log_verification.verify().waiting == 14 + 13, (
            "each in the form of the standard, and its line of the story"
        )


@needs_suites
def test_the_sale_that_was_put_right_is_told_once_and_says_what_it_corrects(program: Program) -> None:
    program.capture(read(CHAIN))

    with program.app.app_context():
        sold = db.session.scalars(
            select(TraceEvent).where(TraceEvent.biz_step == "retail_selling").order_by(TraceEvent.id)
        ).all()
        assert len(sold) == 2
        assert sold[1].corrects_id == sold[0].id
        named = select(EventLot.quantity).where(EventLot.event_id == sold[1].id)
        assert db.session.scalar(named) == 2


@needs_suites
def test_the_example_chain_sent_again_is_a_replay(program: Program) -> None:
    program.capture(read(CHAIN))
    again = program.capture(read(CHAIN))

    assert (again["success"], again["stored"], again["replayed"]) == (True, 0, 14)
    with program.app.app_context():
        assert count(EpcisEvent) == 14


# --- Identity and replays ----------------------------------------------------------------------------------


def test_an_event_without_an_id_gets_its_hash_and_the_time_of_the_store(program: Program) -> None:
    program.capture(document(event(recordTime="2020-01-01T00:00:00Z")))

    stored = program.events()[0]
    assert stored["eventID"].startswith("ni:///sha-256;")
    assert stored["recordTime"] == "2026-11-24T02:00:00.000Z"


@pytest.mark.parametrize("on_error", ["rollback", "proceed"])
def test_an_id_used_for_other_content_is_refused(program: Program, on_error: str) -> None:
    one = event(eventID="urn:uuid:00000000-0000-4000-8000-000000000001")
    program.capture(document(one))
    other = {**one, "disposition": "active"}
    job = program.capture(document(event(bizStep="storing"), other), on_error)

    assert job["success"] is False
    assert [error["rule"] for error in job["errors"]] == ["gap-10"]
    assert job["errors"][0]["path"] == "epcisBody.eventList[1].eventID"
    assert job["stored"] == (1 if on_error == "proceed" else 0)


def test_one_document_that_says_an_event_twice_stores_it_once(program: Program) -> None:
    job = program.capture(document(event(), event(ext=None)))

    assert (job["stored"], job["replayed"]) == (1, 1)


def test_both_spellings_of_a_lot_are_one_lot(program: Program) -> None:
    urn = "urn:epc:class:lgtin:9520000.000101.NM-1"
    link = "https://anything.example/01/09520000001018/10/NM-1"
    program.capture(document(
        event(quantityList=[{"epcClass": urn, "quantity": 5}]),
        event(quantityList=[{"epcClass": link, "quantity": 5}], bizStep="storing"),
    ))  # fmt: skip

    with program.app.app_context():
        assert count(Lot) == 1
        assert count(EventLot, EventLot.lot_id == lot_of("https://id.gs1.org/01/09520000001018/10/NM-1").id) == 2
    assert len(program.events(MATCH_anyEPCClass=urn)) == len(program.events(MATCH_epcClass=link)) == 2


def test_a_declaration_without_an_id_finds_its_event_by_the_hash(program: Program) -> None:
    error = {"declarationTime": "2026-11-21T00:00:00Z", "reason": "did_not_occur"}
    program.capture(document(event()))
    job = program.capture(document(event(errorDeclaration=error)))

    assert (job["stored"], job["warnings"]) == (1, [])
    stored = program.events()
    assert stored[0]["eventID"] == stored[1]["eventID"]
    assert len(program.event(stored[0]["eventID"])) == 2


def test_only_who_stated_an_event_declares_its_error(program: Program, make: Factories, now: datetime) -> None:
    named = event(eventID="urn:uuid:00000000-0000-4000-8000-000000000002")
    program.capture(document(named))
    other = Program(program.app, make.producer(), now)
    job = other.capture(document({
        **named, "errorDeclaration": {"declarationTime": "2026-11-21T00:00:00Z", "reason": "did_not_occur"},
    }))  # fmt: skip

    assert [error["rule"] for error in job["errors"]] == ["business-custody"]


def test_what_is_declared_wrong_leaves_the_story_of_a_batch(program: Program, make: Factories, now: datetime) -> None:
    batch = make.batch(make.item(make.product(program.organisation)))
    page = f"/lo/htx01/{batch.token}"
    said = event(
        quantityList=[{"epcClass": f"http://shop.test{page}", "quantity": 1}], bizStep="inspecting",
        disposition="conformant", eventTime="2026-11-20T08:00:00+07:00",
    )  # fmt: skip
    program.capture(document(said))
    client = program.app.test_client()
    before = client.get(page).get_data(as_text=True)
    error = {"declarationTime": "2026-11-21T00:00:00Z", "reason": "did_not_occur"}
    program.capture(document({**said, "errorDeclaration": error}))
    after = client.get(page).get_data(as_text=True)

    assert "20/11/2026" in before
    assert "20/11/2026" not in after
    assert len(program.events(EXISTS_errorDeclaration="")) == 1


# --- All or nothing ----------------------------------------------------------------------------------------


def test_one_bad_event_refuses_a_document_unless_it_may_proceed(program: Program) -> None:
    bad = event(quantityList=[{"epcClass": "https://supplier.example/lot/B", "quantity": -1}])
    rolled_back = program.capture(document(event(), bad))
    with program.app.app_context():
        assert nothing_is_stored()
    proceeded = program.capture(document(event(), bad), "proceed")

    assert (rolled_back["success"], rolled_back["stored"]) == (False, 0)
    assert (proceeded["success"], proceeded["stored"]) == (False, 1)
    assert proceeded["errors"][0]["path"] == "epcisBody.eventList[1].quantityList[0].quantity"


#: One of each kind of work: a making, a use with its edge, a recall that reaches what was made.
FEW = [
    {"action": "ADD", "bizStep": "commissioning"},
    {
        "type": "TransformationEvent", "action": None, "quantityList": None, "bizStep": "commissioning",
        "disposition": None,
        "inputQuantityList": [{"epcClass": "https://supplier.example/lot/A-1", "quantity": 2, "uom": "KGM"}],
        "outputQuantityList": [{"epcClass": "https://supplier.example/lot/B-1", "quantity": 1, "uom": "KGM"}],
    },
    {"bizStep": "holding", "disposition": "recalled", "persistentDisposition": {"set": ["recalled"]}},
]  # fmt: skip


@pytest.mark.race
@pytest.mark.parametrize("on_error", ["rollback", "proceed"])
def test_a_worker_killed_at_any_step_leaves_all_of_a_document_or_nothing(program: Program, on_error: str) -> None:
    bad = [event(eventTime="2036-11-20T08:00:00+07:00")] if on_error == "proceed" else []
    said = document(*(event(**facts) for facts in FEW), *bad)
    program.send("/capture", said, **{"GS1-Capture-Error-Behaviour": on_error})

    found = stored_by_dying_workers(program.app, _work, program.now)

    assert len(found) == 2, "before, and after"
    assert all(not found[0][table] for table in ("epcis_event", "trace_event", "lot", "lot_input", "event_lot"))
    with program.app.app_context():
        assert (count(EpcisEvent), count(TraceEvent), edges()) == (3, 3, Counter([("A-1", "B-1")]))
        assert {lot.number: lot.state for lot in db.session.scalars(select(Lot))} == {
            "A-1": LotState.RECALLED, "B-1": LotState.RECALLED,
        }  # fmt: skip
        job = db.session.scalars(select(CaptureJob)).one()
        assert (job.success, job.stored, job.document) == (on_error == "rollback", 3, None)
        assert [problem["rule"] for problem in job.problems] == ["gap-14"] * len(bad)
        assert count(Job, Job.kind == capture.JOB, Job.done_at.is_not(None)) == 1
        assert log_verification.verify().waiting == 3 + 3
        assert [*log_verification.verify().differences, *agreement.verify()] == []


@pytest.mark.race
def test_control_a_document_that_is_stored_in_two_parts_is_seen(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "settle", commits_before(claims.settle))
    program.send("/capture", document(event(**FEW[1])))

    assert len(stored_by_dying_workers(program.app, _work, program.now)) > 2


@pytest.mark.race
def test_a_request_killed_at_any_step_leaves_all_of_an_event_or_nothing(program: Program) -> None:
    said = {"@context": document()["@context"], **event(**FEW[1])}
    assert deaths_without_trace(program.app, lambda: program.send("/events", said)) > 30
    with program.app.app_context():
        assert (count(EpcisEvent), count(TraceEvent), edges()) == (1, 1, Counter([("A-1", "B-1")]))
        assert [(job.success, job.stored) for job in db.session.scalars(select(CaptureJob))] == [(True, 1)]
        assert log_verification.verify().waiting == 2
        assert [*log_verification.verify().differences, *agreement.verify()] == []
    assert program.send("/events", said).status_code == 200, "sent again, it is known"
    with program.app.app_context():
        assert (count(EpcisEvent), edges()) == (1, Counter([("A-1", "B-1")]))


def _work(at: datetime) -> None:
    while jobs.run_one(at) is not None:
        pass


def test_a_document_is_forgotten_once_it_is_done(program: Program) -> None:
    program.capture(document(event()))

    with program.app.app_context():
        assert db.session.scalars(select(CaptureJob.document)).all() == [None]


# --- Genealogy ---------------------------------------------------------------------------------------------


def made(inputs: list[tuple[str, int]], outputs: list[tuple[str, int]], **facts: Any) -> dict[str, Any]:
    def listed(things: list[tuple[str, int]]) -> list[dict[str, Any]] | None:
        return [
            {"epcClass": f"https://a.example/lot/{name}", "quantity": kg, "uom": "KGM"} for name, kg in things
        ] or None

    return event(
        type="TransformationEvent", action=None, quantityList=None, bizStep="commissioning", disposition=None,
        inputQuantityList=listed(inputs), outputQuantityList=listed(outputs), **facts,
    )  # fmt: skip


def edges() -> Counter[tuple[str, str]]:
    names = {
        lot_id: uri.rpartition("/")[2]
        for uri, lot_id in db.session.execute(select(LotIdentifier.uri, LotIdentifier.lot_id))
    }
    return Counter(
        (names[into], names[out]) for into, out in db.session.execute(select(LotInput.input_id, LotInput.output_id))
    )


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_the_halves_of_a_transformation_meet_whatever_comes_first(program: Program, order: tuple[int, ...]) -> None:
    same = {"transformationID": "https://a.example/x/1"}
    halves = [made([("A", 5)], [], **same), made([("B", 6)], [], **same), made([], [("C", 2), ("D", 2)], **same)]
    for place in order:
        program.capture(document(halves[place]))

    with program.app.app_context():
        assert edges() == Counter([("A", "C"), ("A", "D"), ("B", "C"), ("B", "D")])


def test_what_is_packed_or_joined_is_an_edge_and_unpacking_is_none(program: Program) -> None:
    def packed(kind: str, action: str, child: str, parent: str) -> dict[str, Any]:
        return event(
            type=kind, action=action, quantityList=None, bizStep=None, disposition=None,
            childEPCs=[f"https://a.example/thing/{child}"], parentID=f"https://a.example/thing/{parent}",
        )  # fmt: skip

    program.capture(document(
        packed("AggregationEvent", "ADD", "A", "P"), packed("AssociationEvent", "ADD", "B", "P"),
        packed("AggregationEvent", "DELETE", "C", "P"),
    ))  # fmt: skip

    with program.app.app_context():
        assert edges() == Counter([("A", "P"), ("B", "P")])


def test_a_kind_of_goods_is_no_lot(program: Program) -> None:
    program.capture(document(event(quantityList=[{"epcClass": "https://id.gs1.org/01/09520000001018", "quantity": 1}])))

    with program.app.app_context():
        assert (count(EpcisEvent), count(Lot), count(TraceEvent)) == (1, 0, 0)


# --- Business rules ----------------------------------------------------------------------------------------


def test_more_out_than_in_is_refused_in_one_event_and_over_several(program: Program) -> None:
    same = {"transformationID": "https://a.example/x/2"}
    at_once = program.capture(document(made([("A", 5)], [("B", 6)])))
    program.capture(document(made([("A", 5)], [], **same)))
    later = program.capture(document(made([], [("C", 4)], **same), made([], [("D", 4)], **same)), "proceed")

    assert [error["rule"] for error in at_once["errors"]] == ["business-balance"]
    assert [error["path"] for error in later["errors"]] == ["epcisBody.eventList[1].outputQuantityList"]
    assert later["stored"] == 1


def test_goods_that_end_before_they_are_made_are_refused(program: Program) -> None:
    ilmd = {"gs1:productionDate": "2026-11-10", "cbvmda:itemExpirationDate": "2026-11-09"}
    job = program.capture(document(event(action="ADD", bizStep="commissioning", ilmd=ilmd)))

    assert [error["rule"] for error in job["errors"]] == ["business-dates"]


@pytest.mark.parametrize(("ilmd", "is_refused"), [
    ({"gs1:harvestDate": "2026-11-10", "gs1:bestBeforeDate": "2026-11-09"}, True),
    ({"gs1:productionDate": "2026-11-10", "cbvmda:itemExpirationDate": "2026-12-09",
      "gs1:sellByDate": "2026-11-09"}, True),
    ({"gs1:harvestDate": "2026-11-09", "gs1:productionDate": "2026-11-10", "gs1:expirationDate": "2026-11-09"}, True),
    ({"gs1:productionDate": "2026-11-10", "gs1:expirationDate": "2026-11-10"}, False),
    # Where no day is given for it, goods are made on the day of their commissioning: 20 November.
    ({"gs1:expirationDate": "2026-11-19"}, True), ({"gs1:expirationDate": "2026-11-20"}, False),
    ({"gs1:productionDate": "2025-01-01", "gs1:expirationDate": "2026-11-19"}, False),
])  # fmt: skip
def test_each_day_on_which_goods_begin_is_held_against_each_on_which_they_end(
    program: Program, ilmd: dict[str, str], is_refused: bool
) -> None:
    job = program.capture(document(event(action="ADD", bizStep="commissioning", ilmd=ilmd)))

    assert [error["rule"] for error in job["errors"]] == ["business-dates"] * is_refused


def test_what_is_made_of_nothing_is_warned_of_until_somebody_says_how_it_came(program: Program) -> None:
    same = {"transformationID": "https://a.example/x/3"}
    alone = program.capture(document(made([], [("C", 1)], **same)))
    received = event(quantityList=[{"epcClass": "https://a.example/lot/D", "quantity": 1, "uom": "KGM"}])
    at_once = program.capture(document(made([("A", 5)], [], **same), made([], [("E", 1)], **same)))
    later = program.capture(document(made([], [("F", 1)], **same)))
    there = program.capture(document(received, made([], [("D", 1)], transformationID="https://a.example/x/4")))
    before = program.capture(document(made([], [("D", 1)], transformationID="https://a.example/x/5")))

    found = [[warning["rule"] for warning in job["warnings"]] for job in (alone, at_once, later, there, before)]
    assert found == [["business-origin"], [], [], [], []]
    assert "C" in alone["warnings"][0]["message"]


@pytest.mark.parametrize(("step", "disposition", "is_refused"), [
    ("shipping", "in_transit", True), ("retail_selling", "retail_sold", True), ("shipping", "returned", False),
    ("storing", "recalled", False),
])  # fmt: skip
def test_a_recalled_lot_cannot_be_shipped_or_sold(
    program: Program, make: Factories, now: datetime, step: str, disposition: str, is_refused: bool
) -> None:
    batch = make.batch(make.item(make.product(program.organisation)))
    with program.app.app_context(), transaction():
        batches.recall(db.session.merge(batch).lot, reason="Mốc", actor=SYSTEM, now=now - timedelta(days=3))
    uri = f"http://shop.test/lo/htx01/{batch.token}"
    job = program.capture(document(event(
        bizStep=step, disposition=disposition, quantityList=[{"epcClass": uri, "quantity": 1}],
        eventTime="2026-11-23T08:00:00+07:00",
    )))  # fmt: skip

    assert [error["rule"] for error in job["errors"]] == (["business-recalled"] if is_refused else [])


def test_a_strangers_word_about_our_goods_is_kept_and_not_shown(
    program: Program, make: Factories, now: datetime
) -> None:
    batch = make.batch(make.item(make.product(program.organisation)))
    stranger = Program(program.app, make.producer(), now)
    about_it = event(quantityList=[{"epcClass": f"http://shop.test/lo/htx01/{batch.token}", "quantity": 1}])
    job = stranger.capture(document(about_it))

    assert (job["stored"], [warning["rule"] for warning in job["warnings"]]) == (1, ["business-custody"])
    with program.app.app_context():
        assert db.session.scalars(select(TraceEvent.is_public)).all() == [False]
    nobody = program.app.test_client().get("/epcis/events").get_json()
    assert nobody["epcisBody"]["queryResults"]["resultsBody"]["eventList"] == []


def test_a_stranger_cannot_say_what_our_goods_were_made_of(program: Program, make: Factories, now: datetime) -> None:
    batch = make.batch(make.item(make.product(program.organisation)))
    stranger = Program(program.app, make.producer(), now)
    ours = {"epcClass": f"http://shop.test/lo/htx01/{batch.token}", "quantity": 1}
    stranger.capture(document({**made([("JUNK", 1)], []), "outputQuantityList": [ours]}))

    with program.app.app_context():
        assert count(LotInput) == 0


def test_who_was_handed_goods_speaks_for_them(program: Program, make: Factories, now: datetime) -> None:
    shop = make.organisation(code="shop1")
    batch = make.batch(make.item(make.product(program.organisation)))
    goods = [{"epcClass": f"http://shop.test/lo/htx01/{batch.token}", "quantity": 1}]
    program.capture(document(event(
        bizStep="consigning", disposition="in_transit", quantityList=goods,
        sourceList=[{"type": "possessing_party", "source": "http://shop.test/to-chuc/htx01"}],
        destinationList=[{"type": "possessing_party", "destination": "http://shop.test/to-chuc/shop1"}],
    )))  # fmt: skip
    taker = Program(program.app, shop, now)
    job = taker.capture(document(event(quantityList=goods, bizStep="stocking")))

    assert (job["stored"], job["warnings"]) == (1, [])
    assert len(taker.events()) == 2
    nobody = program.app.test_client().get("/epcis/events").get_json()
    assert len(nobody["epcisBody"]["queryResults"]["resultsBody"]["eventList"]) == 2


@pytest.mark.parametrize("facts", [
    {"epcList": ["{lot}"], "quantityList": None},
    {"type": "AggregationEvent", "action": "ADD", "parentID": "{lot}", "quantityList": None,
     "childQuantityList": [{"epcClass": "https://supplier.example/lot/A-1", "quantity": 1}]},
], ids=lambda facts: next(iter(facts)))  # fmt: skip
def test_a_batch_of_ours_is_no_single_thing_by_its_address_either(
    program: Program, make: Factories, facts: dict[str, Any]
) -> None:
    batch = make.batch(make.item(make.product(program.organisation)))
    address = f"http://shop.test/lo/htx01/{batch.token}"
    told = json.loads(json.dumps(facts).replace("{lot}", address))
    job = program.capture(document(event(**told)))

    assert ([error["rule"] for error in job["errors"]], job["stored"]) == (["gap-03"], 0)
    assert address in job["errors"][0]["detail"]


# --- What cannot be kept -----------------------------------------------------------------------------------

LONG = "https://a.example/" + "x" * 500


@pytest.mark.parametrize("facts", [
    {"eventID": LONG}, {"bizStep": LONG}, {"readPoint": {"id": LONG}}, {"quantityList": [{"epcClass": LONG}]},
    {"eventTime": "0001-01-01T00:00:00+14:00", "eventTimeZoneOffset": "+14:00"},
    {"eventTime": "0000-01-01T00:00:00Z"}, {"type": LONG, "action": None},
    {"a:b": "\ud800"}, {"a:b": 1e300}, {"a:b": 2**60},
], ids=lambda facts: str(next(iter(facts.items())))[:60])  # fmt: skip
def test_what_cannot_be_kept_is_refused_with_words(program: Program, facts: dict[str, Any]) -> None:
    job = program.capture(
        document(event(**facts), context=["https://ref.gs1.org/standards/epcis/epcis-context.jsonld"])
    )

    assert (job["success"], job["stored"]) == (False, 0)
    assert job["errors"][0]["detail"]


def test_text_of_any_length_and_sign_is_kept(program: Program) -> None:
    facts = {"a:b": "\0đ" * 5000, "a:c": [[{"a:d": "ờ" * 900}]], f"a:{'n' * 600}": 1}
    job = program.capture(
        document(
            event(**facts),
            context=["https://ref.gs1.org/standards/epcis/epcis-context.jsonld", {"a": "https://a.example/"}],
        )
    )

    assert job["stored"] == 1
    assert program.events()[0]["a:b"] == "\0đ" * 5000
