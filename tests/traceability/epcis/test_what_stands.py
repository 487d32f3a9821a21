"""What captured events say of lots holds together: amounts, edges, recalls; and what is taken back is gone."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from accounts.actor import SYSTEM
from kernel.db import db, transaction
from oversight import queries, recall
from oversight.models import Severity
from stock import agreement, holding, production
from tests.factories import Factories
from tests.races import meet, race
from tests.traceability.epcis.interface import CONTEXT, Program, document, event
from traceability import batches, genealogy, recording
from traceability.epcis import capture
from traceability.models import Batch, EventLot, Lot, LotIdentifier, LotInput, LotState, TraceEvent

AFTER, BEFORE = "2026-11-23T08:00:00+07:00", "2026-11-10T08:00:00+07:00"


def amounts(things: list[tuple[str, float]], uom: str | None = "KGM") -> list[dict[str, Any]]:
    return [
        {"epcClass": name if ":" in name else f"https://a.example/lot/{name}", "quantity": quantity}
        | ({"uom": uom} if uom else {})
        for name, quantity in things
    ]


def made(inputs: list[tuple[str, float]], outputs: list[tuple[str, float]], **facts: Any) -> dict[str, Any]:
    return event(
        type="TransformationEvent", action=None, quantityList=None, disposition=None,
        **{
            "bizStep": "commissioning", "inputQuantityList": amounts(inputs) or None,
            "outputQuantityList": amounts(outputs) or None, **facts,
        },
    )  # fmt: skip


def packed(things: list[dict[str, Any]], parent: str, **facts: Any) -> dict[str, Any]:
    return event(
        quantityList=None, disposition=None,
        **{
            "type": "AggregationEvent", "action": "ADD", "bizStep": "packing", "childQuantityList": things,
            "parentID": f"https://a.example/box/{parent}", **facts,
        },
    )  # fmt: skip


def commissioned(name: str, kilograms: float, **facts: Any) -> dict[str, Any]:
    return event(action="ADD", bizStep="commissioning", quantityList=amounts([(name, kilograms)]), **facts)


def sold(things: list[dict[str, Any]], **facts: Any) -> dict[str, Any]:
    return event(
        **{"action": "OBSERVE", "bizStep": "retail_selling", "disposition": "retail_sold", "quantityList": things,
           **facts}
    )  # fmt: skip


def wrong(said: dict[str, Any], *corrective: str) -> dict[str, Any]:
    error: dict[str, Any] = {"declarationTime": "2026-11-23T00:00:00Z", "reason": "incorrect_data"}
    return {**said, "errorDeclaration": error | ({"correctiveEventIDs": list(corrective)} if corrective else {})}


def goods(batch: Batch, packs: int) -> list[dict[str, Any]]:
    return amounts([(f"http://shop.test/lo/htx01/{batch.token}", packs)], None)


def rules(job: dict[str, Any]) -> list[str]:
    return [error["rule"] for error in job["errors"]]


def warned(job: dict[str, Any]) -> list[str]:
    return [warning["rule"] for warning in job["warnings"]]


def lot_of(name: str) -> Lot:
    return db.session.scalars(
        select(Lot)
        .join(LotIdentifier, LotIdentifier.lot_id == Lot.id)
        .where(LotIdentifier.uri.like(f"%/{name}"))
        .execution_options(populate_existing=True)
    ).one()


def edges() -> dict[tuple[str, str], int]:
    names = {
        lot_id: uri.rpartition("/")[2]
        for uri, lot_id in db.session.execute(select(LotIdentifier.uri, LotIdentifier.lot_id))
    }
    return {
        (names[into], names[out]): quantity
        for into, out, quantity in db.session.execute(select(LotInput.input_id, LotInput.output_id, LotInput.quantity))
    }


def agrees(program: Program) -> list[str]:
    with program.app.app_context():
        return agreement.verify()


# --- Recalled and held goods stay where they are ------------------------------------------------------------


@pytest.fixture
def batch(make: Factories, program: Program, now: datetime) -> Batch:
    return on_sale(program, make, "B-1", 70, now)


def on_sale(program: Program, make: Factories, number: str, packs: int, now: datetime) -> Batch:
    """Make a batch by the verbs, with its events and its stock."""
    item = make.item(make.product(program.organisation))
    with program.app.app_context():
        with transaction():
            batch = batches.open_batch(
                db.session.merge(item), number=number, made_on=date(2026, 11, 1), expires_on=None, quantity=packs,
                inputs={}, actor=SYSTEM, now=now - timedelta(days=20),
            )  # fmt: skip
        with transaction():
            production.release(batch, actor=SYSTEM, now=now - timedelta(days=20))
        return batch


def stop(program: Program, batch: Batch, now: datetime, state: LotState = LotState.RECALLED) -> None:
    with program.app.app_context(), transaction():
        lot = db.session.get_one(Lot, batch.lot_id)
        verb = holding.recall if state is LotState.RECALLED else holding.hold
        verb(lot, reason="Mốc", actor=SYSTEM, now=now - timedelta(days=5))


@pytest.mark.parametrize(("state", "rule"), [
    (LotState.RECALLED, "business-recalled"), (LotState.HELD, "business-held"),
])  # fmt: skip
@pytest.mark.parametrize("step", ["make", "pack", "sell", "ship"])
def test_nothing_recalled_or_held_is_used_packed_sold_or_shipped(
    program: Program, batch: Batch, now: datetime, state: LotState, rule: str, step: str
) -> None:
    some = goods(batch, 5)
    said = {
        "make": made([], [("NEW", 1)], inputQuantityList=some, eventTime=AFTER),
        "pack": packed(some, "P", eventTime=AFTER),
        "sell": sold(some, eventTime=AFTER),
        "ship": sold(some, eventTime=AFTER, bizStep="shipping", disposition="in_transit"),
    }[step]
    stop(program, batch, now, state)
    job = program.capture(document(said))

    assert rules(job) == [rule]
    assert job["errors"][0]["detail"]
    with program.app.app_context():
        assert edges() == {}


@pytest.mark.parametrize("facts", [
    {"bizStep": "destroying", "disposition": "destroyed"}, {"bizStep": "receiving", "disposition": "returned"},
    {"bizStep": "shipping", "disposition": "returned"},
])  # fmt: skip
def test_recalled_goods_are_destroyed_or_returned(
    program: Program, batch: Batch, now: datetime, facts: dict[str, str]
) -> None:
    stop(program, batch, now)
    job = program.capture(document(sold(goods(batch, 5), eventTime=AFTER, **facts)))

    assert rules(job) == []


def test_a_recall_stops_the_box_that_a_recalled_lot_is_in_and_what_was_made_of_it(program: Program) -> None:
    program.capture(document(
        commissioned("A", 10, eventTime=BEFORE), made([("A", 5)], [("B", 5)], eventTime=BEFORE),
        packed(amounts([("B", 2)]), "P", eventTime=BEFORE),
    ))  # fmt: skip
    program.capture(document(event(
        quantityList=amounts([("A", 5)]), bizStep="holding", disposition="recalled",
        persistentDisposition={"set": ["recalled"]},
    )))  # fmt: skip
    ships = {"bizStep": "shipping", "disposition": "in_transit", "eventTime": AFTER}
    box = program.capture(document(event(quantityList=None, epcList=["https://a.example/box/P"], **ships)))
    rest = program.capture(document(event(quantityList=amounts([("B", 1)]), **ships)))
    again = program.capture(document(made([("B", 1)], [("C", 1)], eventTime=AFTER)))

    assert [rules(job) for job in (box, rest, again)] == [["business-recalled"]] * 3


def test_what_happened_before_a_recall_is_a_late_report(program: Program, batch: Batch, now: datetime) -> None:
    stop(program, batch, now)
    job = program.capture(document(sold(goods(batch, 5), eventTime=BEFORE)))

    assert (rules(job), warned(job), job["stored"]) == ([], ["business-late", "business-stock"], 1)
    with program.app.app_context():
        assert db.session.get_one(Lot, batch.lot_id).state is LotState.RECALLED
    (line,) = agrees(program)
    assert "captured events say 5 of it were sold or used, the stock that 0 left it" in line


def test_a_recall_reaches_what_is_reported_late(program: Program, batch: Batch, now: datetime) -> None:
    stop(program, batch, now)
    late = program.capture(document(packed(goods(batch, 5), "P", eventTime=BEFORE)))
    ships = event(
        quantityList=None, epcList=["https://a.example/box/P"], bizStep="shipping", disposition="in_transit",
        eventTime=AFTER,
    )  # fmt: skip
    shipped = program.capture(document(ships))

    assert warned(late) == ["business-late"]
    assert rules(shipped) == ["business-recalled"]
    with program.app.app_context():
        assert lot_of("P").state is LotState.RECALLED


def test_one_document_cannot_make_recalled_goods_clean(program: Program, batch: Batch, now: datetime) -> None:
    stop(program, batch, now)
    job = program.capture(document(
        sold(amounts([("NEW", 1)]), eventTime=AFTER),
        made([], [("NEW", 1)], inputQuantityList=goods(batch, 5), eventTime=BEFORE),
    ))  # fmt: skip

    assert rules(job) == ["business-recalled"]


def test_no_batch_of_the_house_becomes_one_of_recalled_goods(
    program: Program, batch: Batch, make: Factories, now: datetime
) -> None:
    other = on_sale(program, make, "B-2", 10, now)
    stop(program, batch, now)
    said = made([], [], inputQuantityList=goods(batch, 5), outputQuantityList=goods(other, 5), eventTime=BEFORE)
    job = program.capture(document(said))

    assert rules(job) == ["business-recalled"]
    assert agrees(program) == []


@pytest.mark.parametrize("by", ["owner", "office"])
@pytest.mark.parametrize("before", [False, True])
def test_what_comes_out_of_an_open_making_is_recalled_as_what_went_in_is(
    program: Program, now: datetime, by: str, before: bool
) -> None:
    """It was reported in two events, and between them what went in was recalled; some may have come out before."""

    def half(day: str, **lists: Any) -> dict[str, Any]:
        return made([], [], transformationID="https://a.example/making/7", eventTime=day, **lists)

    program.capture(document(commissioned("A", 9, eventTime=BEFORE)))
    assert rules(program.capture(document(half(BEFORE, inputQuantityList=amounts([("A", 5)]))))) == []
    if before:
        program.capture(document(half(BEFORE, outputQuantityList=amounts([("C", 1)]))))
    if by == "office":
        with program.app.app_context(), transaction():
            holding.recall(lot_of("A"), reason="Mốc", actor=SYSTEM, now=now - timedelta(days=5))
    else:
        recall = event(quantityList=amounts([("A", 1)]), **RECALLS, eventTime="2026-11-20T08:00:00+07:00")
        assert rules(program.capture(document(recall))) == []
    job = program.capture(document(half(AFTER, outputQuantityList=amounts([("B", 2)]))))

    assert (rules(job), warned(job)) == ([], ["business-recalled"])
    with program.app.app_context():
        assert {lot_of(name).state for name in ("AB" + "C" * before)} == {LotState.RECALLED}
    assert agrees(program) == []
    page = program.app.test_client().get("/truy-xuat/lo?ma=https://a.example/lot/B")
    assert 'class="verdict verdict-bad"' in page.text


@pytest.mark.parametrize("out_first", [False, True])
def test_no_batch_of_the_house_comes_out_of_an_open_making_of_recalled_goods(
    program: Program, batch: Batch, make: Factories, now: datetime, out_first: bool
) -> None:
    other = on_sale(program, make, "B-2", 10, now)
    making = "https://a.example/making/7"
    into = made([], [], inputQuantityList=goods(batch, 5), transformationID=making, eventTime=BEFORE)
    out = made([], [], outputQuantityList=goods(other, 5), transformationID=making, eventTime=BEFORE)
    first, second = (out, into) if out_first else (into, out)
    assert rules(program.capture(document(first))) == []
    stop(program, batch, now)

    job = program.capture(document(second))

    assert rules(job) == ["business-recalled"]
    assert "B-2" in job["errors"][0]["message"]


RECALLS = {"bizStep": "holding", "disposition": "recalled", "persistentDisposition": {"set": ["recalled"]}}
FREES = {"bizStep": "inspecting", "disposition": None, "persistentDisposition": {"unset": ["recalled"]}}


@pytest.mark.parametrize(("acts", "state"), [
    (["word"], LotState.RECALLED), (["word", "free"], LotState.RELEASED), (["ours"], LotState.RECALLED),
    (["ours", "free"], LotState.RECALLED), (["word", "ours", "free"], LotState.RECALLED),
    (["word", "free", "ours", "word", "free"], LotState.RECALLED), (["word", "free", "word"], LotState.RECALLED),
])  # fmt: skip
def test_an_owner_takes_back_its_own_word_and_no_recall_of_ours(
    program: Program, now: datetime, acts: list[str], state: LotState
) -> None:
    program.capture(document(commissioned("A", 10)))
    for number, act in enumerate(acts):
        if act == "ours":
            with program.app.app_context(), transaction():
                everything = holding.lock_everything_made_from(lot_of("A"), even_recalled=True)
                holding.recall_locked(lot_of("A"), everything, reason_vi="Mốc", actor=SYSTEM, now=now)
        else:
            said = {"word": RECALLS, "free": FREES}[act] | {"eventTime": f"2026-11-{number + 10}T08:00:00+07:00"}
            job = program.capture(document(event(quantityList=amounts([("A", 10)]), **said)))
            assert job["success"], job

    with program.app.app_context():
        assert lot_of("A").state is state
    assert agrees(program) == []


@pytest.mark.parametrize("ends", ["unset", "declared wrong", "told before"])
def test_what_a_recall_stopped_goes_on_when_it_is_taken_back(program: Program, ends: str) -> None:
    names = ("A", "B", "C", "P")
    recalls = event(quantityList=amounts([("A", 10)]), eventID=ONE, **RECALLS)
    frees = event(quantityList=amounts([("A", 10)]), eventTime="2026-11-22T08:00:00+07:00", **FREES)
    program.capture(document(commissioned("A", 10, eventTime=BEFORE), made([("A", 2)], [("B", 2)], eventTime=BEFORE)))
    if ends == "told before":
        program.capture(document(frees))
    program.capture(document(recalls))
    late = program.capture(document(
        made([("A", 2)], [("C", 2)], eventTime=BEFORE), packed(amounts([("C", 1)]), "P", eventTime=BEFORE),
    ))  # fmt: skip
    with program.app.app_context():
        stopped = {lot_of(name).state for name in names}
    assert agrees(program) == []
    if ends != "told before":
        assert stopped == {LotState.RECALLED}
        assert set(warned(late)) == {"business-late"}
        assert rules(program.capture(document(sold(amounts([("B", 1)]), eventTime=AFTER)))) == ["business-recalled"]
        program.capture(document(frees if ends == "unset" else wrong(recalls)))

    with program.app.app_context():
        assert {lot_of(name).state for name in names} == {LotState.RELEASED}
    for name in "ABC":
        assert rules(program.capture(document(sold(amounts([(name, 0.5)]), eventTime=AFTER)))) == []
    assert agrees(program) == []


def test_a_lot_stays_stopped_while_anything_it_is_made_of_is_recalled(program: Program, now: datetime) -> None:
    program.capture(document(
        commissioned("A", 9, eventTime=BEFORE), commissioned("D", 9, eventTime=BEFORE),
        made([("A", 2), ("D", 2)], [("B", 3)], eventTime=BEFORE),
    ))  # fmt: skip
    for name in ("A", "D", "B"):
        assert program.capture(document(event(quantityList=amounts([(name, 1)]), **RECALLS)))["success"]
    states = []
    for number, name in enumerate(("B", "A", "D")):
        frees = FREES | {"eventTime": f"2026-11-22T0{number}:00:00+07:00"}
        program.capture(document(event(quantityList=amounts([(name, 1)]), **frees)))
        assert agrees(program) == []
        with program.app.app_context():
            states.append(lot_of("B").state)

    assert states == [LotState.RECALLED, LotState.RECALLED, LotState.RELEASED]


def test_a_making_of_recalled_goods_that_was_declared_wrong_stops_nothing(program: Program) -> None:
    making = made([("A", 2)], [("B", 2)], eventTime=BEFORE, eventID=TWO)
    program.capture(document(commissioned("A", 9, eventTime=BEFORE), making))
    program.capture(document(event(quantityList=amounts([("A", 1)]), **RECALLS)))
    program.capture(document(wrong(making)))

    with program.app.app_context():
        assert (lot_of("A").state, lot_of("B").state) == (LotState.RECALLED, LotState.RELEASED)
    assert agrees(program) == []


# --- Amounts ------------------------------------------------------------------------------------------------


def test_no_more_is_used_than_was_made(program: Program) -> None:
    program.capture(document(commissioned("A", 5)))
    first = program.capture(document(made([("A", 3)], [("B", 3)])))
    more = program.capture(document(made([("A", 3)], [("C", 3)])))

    assert rules(first) == []
    assert rules(more) == ["business-amount"]
    assert more["errors"][0]["path"] == "epcisBody.eventList[0].inputQuantityList"
    with program.app.app_context():
        assert (lot_of("A").quantity, lot_of("A").used) == (5_000, 3_000)
    assert agrees(program) == []


def test_more_than_the_database_can_write_down_is_refused_with_a_sentence(program: Program) -> None:
    much = 2_000_000  # kilograms
    first = program.capture(document(commissioned("A", much)))
    more = program.capture(document(commissioned("A", much, eventTime=AFTER)))
    uses = program.capture(document(made([("U", much)], [("V", 1)]), made([("U", much)], [("V", 2)])))
    boxes = program.capture(
        document(packed(amounts([("U", much)]), "P"), packed(amounts([("U", much)]), "P", eventTime=AFTER))
    )

    assert [rules(job) for job in (first, more, uses, boxes)] == [[], ["limit"], [], []]
    with program.app.app_context():
        assert edges() == {("U", "V"): 2_147_483_647, ("U", "P"): 2_147_483_647}
    assert agrees(program) == []


JAR = "09520123456788"


@pytest.mark.parametrize(("into", "out", "judged"), [
    ([("A", 10, "KGM")], [("B", 12, "KGM"), ("C", 5, None)], "refused"),
    ([("A", 10, "KGM")], [("B", 9, "KGM"), ("C", 500, None)], ""),
    ([("A", 10, "KGM"), ("W", 1, "LTR")], [("B", 100, "KGM")], "warned"),
    ([("A", 10, "KGM"), ("W", 1, "LTR")], [("B", 10, "KGM")], ""),
    ([("A", 10, "KGM"), ("E", 20, None)], [("B", 12, "KGM")], "warned"),
    ([("A", 10, "KGM")], [("B", 5, "LTR")], ""),
    ([("A", 1, "KGM")], [("JAR", 1000, None)], "refused"), ([("A", 1, "KGM")], [("JAR", 2, None)], ""),
    ([("A", 1, "KGM")], [("BATCH", 3, None)], "refused"), ([("JAR", 2, None)], [("B", 2, "KGM")], "refused"),
    ([("JAR", 2, None)], [("B", 1, "KGM")], ""),
])  # fmt: skip
def test_no_more_comes_out_than_went_in_as_far_as_it_can_be_compared(
    program: Program, make: Factories, now: datetime, into: list[Any], out: list[Any], judged: str
) -> None:
    make.product(program.organisation, gtin=JAR)
    plain = on_sale(program, make, "B-9", 10, now)
    names = {"JAR": f"https://id.gs1.org/01/{JAR}/10/J", "BATCH": goods(plain, 1)[0]["epcClass"]}

    def told(things: list[Any]) -> list[dict[str, Any]]:
        return [one for name, quantity, uom in things for one in amounts([(names.get(name, name), quantity)], uom)]

    job = program.capture(document(made([], [], inputQuantityList=told(into), outputQuantityList=told(out))))

    assert rules(job) == (["business-balance"] if judged == "refused" else [])
    assert ("business-balance" in warned(job)) == (judged == "warned")


def test_a_batch_that_events_sold_and_the_stock_counts_is_named_and_reckoned_once(
    program: Program, batch: Batch, now: datetime
) -> None:
    program.capture(document(sold(goods(batch, 65))))
    assert any("captured events say 65 of it were sold or used" in line for line in agrees(program))
    with program.app.app_context(), transaction():
        lot = db.session.get_one(Lot, batch.lot_id)
        drill = recall.start(lot, recall.Told("Diễn tập", Severity.MODERATE), is_drill=True, actor=SYSTEM, now=now)
        rows = queries.reckoning(drill)
        (found,) = queries.contradictions(rows)
    (row,) = rows

    assert row.parts.accounted_for == row.parts.made == 70
    assert (found.here, found.said) == (70, 65)


def test_no_more_is_sold_than_a_batch_has(program: Program, batch: Batch) -> None:
    much = program.capture(document(sold(goods(batch, 1_000_000))))
    some = program.capture(document(sold(goods(batch, 60))))
    rest = program.capture(document(sold(goods(batch, 11), eventTime=AFTER)))
    program.capture(document(sold(goods(batch, 1), bizStep="receiving", disposition="returned")))
    again = program.capture(document(sold(goods(batch, 11), eventTime=AFTER)))

    assert [rules(job) for job in (much, some, rest, again)] == [
        ["business-amount"], [], ["business-amount"], [],
    ]  # fmt: skip


def test_of_a_lot_of_unknown_amount_anything_may_be_used_until_it_is_known(program: Program) -> None:
    program.capture(document(made([("A", 8)], [("B", 8)])))
    less = program.capture(document(commissioned("A", 5)))
    enough = program.capture(document(commissioned("A", 10)))

    assert rules(less) == ["business-amount"]
    assert rules(enough) == []
    with program.app.app_context():
        assert (lot_of("A").quantity, lot_of("A").used) == (10_000, 8_000)
    assert agrees(program) == []


def test_a_raw_lot_of_ours_is_used_by_its_owners_word_alone(program: Program, make: Factories, now: datetime) -> None:
    raw = make.raw_lot(program.organisation, number="LUA-1", quantity=100_000)
    with program.app.app_context(), transaction():
        db.session.add(LotIdentifier(uri="https://a.example/lot/LUA-1", lot_id=raw.id))
    stranger = Program(program.app, make.producer(), now)
    theirs = stranger.capture(document(made([("LUA-1", 90)], [("X", 90)])))
    ours = program.capture(document(made([("LUA-1", 60)], [("Y", 60)])))
    more = program.capture(document(made([("LUA-1", 60)], [("Z", 60)])))

    assert (warned(theirs), warned(ours)) == (["business-custody"], [])
    assert rules(more) == ["business-amount"]
    with program.app.app_context():
        assert db.session.get_one(Lot, raw.id).used == 60_000
        assert edges() == {("LUA-1", "X"): 90_000, ("LUA-1", "Y"): 60_000}


def test_a_shipment_without_a_receiver_is_warned_of(program: Program) -> None:
    said = event(bizStep="shipping", disposition="in_transit")
    to = [{"type": "possessing_party", "destination": "http://shop.test/to-chuc/htx01"}]

    assert warned(program.capture(document(said))) == ["business-receiver"]
    assert warned(program.capture(document({**said, "destinationList": to}))) == []


@pytest.mark.race
def test_of_two_captures_at_once_one_gets_the_last_kilograms(program: Program, now: datetime) -> None:
    program.capture(document(commissioned("A", 5)))

    def take(number: int) -> bool:
        said = {**document(made([("A", 4)], [(f"B{number}", 4)]))}
        with transaction():
            job = capture.accept("{}", events=1, on_error="rollback", organisation_id=1, now=now)
            return capture.capture(
                capture.examine(said, now=now), on_error="rollback", organisation_id=program.organisation.id,
                capture_id=job.id, now=now,
            ).success  # fmt: skip

    assert sorted(race(program.app, 2, take)) == [False, True]
    assert agrees(program) == []


@pytest.mark.race
def test_looking_first_and_taking_later_would_take_more_than_there_is(program: Program) -> None:
    """The control: what the capture does not do."""
    program.capture(document(commissioned("A", 5)))
    with program.app.app_context():
        lot_id = lot_of("A").id

    def take(_number: int) -> bool:
        lot = db.session.get_one(Lot, lot_id)
        enough = lot.left >= 4_000
        db.session.rollback()
        meet()
        if enough:
            with transaction():
                db.session.execute(update(Lot).where(Lot.id == lot_id).values(used=4_000))
        return enough

    assert race(program.app, 2, take) == [True, True]


# --- What is taken back -------------------------------------------------------------------------------------

ONE, TWO = "urn:uuid:00000000-0000-4000-8000-00000000000a", "urn:uuid:00000000-0000-4000-8000-00000000000b"


def test_the_edges_of_an_event_declared_wrong_are_gone_and_those_of_its_correction_stay(program: Program) -> None:
    said = made([("A", 5)], [("B", 4)], eventID=ONE)
    program.capture(document(commissioned("A", 10), commissioned("D", 10), said))
    with program.app.app_context():
        assert edges() == {("A", "B"): 5_000}
    program.capture(document(wrong(said, TWO), made([("D", 3)], [("B", 2)], eventID=TWO)))

    with program.app.app_context():
        assert edges() == {("D", "B"): 3_000}
        a, b, d = (lot_of(name) for name in "ABD")
        assert (a.used, d.used, b.quantity) == (0, 3_000, 2_000)
        assert set(genealogy.forward([a.id]).lot_ids) == {a.id}
        assert db.session.scalars(select(TraceEvent.event_id).where(TraceEvent.event_id == ONE)).one()
    assert agrees(program) == []


def test_an_edge_that_another_event_says_too_stays(program: Program) -> None:
    said = made([("A", 5)], [("B", 4)], eventID=ONE)
    program.capture(document(said, made([("A", 2)], [("B", 1)], eventID=TWO)))
    with program.app.app_context():
        assert edges() == {("A", "B"): 7_000}
    program.capture(document(wrong(said)))

    with program.app.app_context():
        assert edges() == {("A", "B"): 2_000}
    assert agrees(program) == []


def test_the_edges_of_a_half_declared_wrong_are_gone(program: Program) -> None:
    same = {"transformationID": "https://a.example/x/1"}
    half = made([("A", 5)], [], eventID=ONE, **same)
    program.capture(document(half, made([("B", 6)], [], **same), made([], [("C", 2)], **same)))
    program.capture(document(wrong(half)))

    with program.app.app_context():
        assert edges() == {("B", "C"): 6_000}
    assert agrees(program) == []


def test_a_box_packed_by_mistake_is_empty_and_a_recall_does_not_reach_it(
    program: Program, batch: Batch, now: datetime
) -> None:
    said = packed(goods(batch, 5), "P", eventID=ONE)
    program.capture(document(said))
    program.capture(document(wrong(said)))
    stop(program, batch, now)

    with program.app.app_context():
        assert lot_of("P").state is LotState.RELEASED


def test_a_making_is_not_declared_wrong_while_more_than_the_rest_is_used(program: Program) -> None:
    said = commissioned("A", 5, eventID=ONE)
    uses = made([("A", 8)], [("B", 8)], eventID=TWO)
    program.capture(document(said, commissioned("A", 4), uses))
    alone = program.capture(document(wrong(said)))
    both = program.capture(document(wrong(said), wrong(uses)))

    assert rules(alone) == ["business-amount"]
    assert alone["errors"][0]["path"].endswith("errorDeclaration")
    assert rules(both) == []
    assert agrees(program) == []


# --- What is packed, and taken out again ----------------------------------------------------------------------

EARLY, NOON, LATE = (f"2026-11-21T{hour}:00:00+07:00" for hour in ("08", "12", "16"))


def joined(things: list[dict[str, Any]] | None, parent: str, **facts: Any) -> dict[str, Any]:
    return packed([], parent, type="AssociationEvent", childQuantityList=things, bizStep="assembling", **facts)


def unpacked(things: list[dict[str, Any]] | None, parent: str, **facts: Any) -> dict[str, Any]:
    told = {"action": "DELETE", "bizStep": "unpacking", "childQuantityList": things, **facts}
    return packed([], parent, **told)


@pytest.mark.parametrize("order", [1, -1], ids=["as it happened", "told the other way round"])
@pytest.mark.parametrize(("out", "left"), [
    ([("A", 10), ("B", 5)], {}),
    ([("A", 4)], {("A", "P"): 6_000, ("B", "P"): 5_000}),
    ([("A", 99)], {("B", "P"): 5_000}),
    (None, {}),
])  # fmt: skip
def test_what_was_taken_out_of_a_case_is_in_it_no_longer(
    program: Program, out: list[tuple[str, float]] | None, left: dict[tuple[str, str], int], order: int
) -> None:
    said = [
        packed(amounts([("A", 10), ("B", 5)]), "P", eventTime=EARLY),
        unpacked(None if out is None else amounts(out), "P", eventTime=NOON),
    ]
    for one in said[::order]:
        program.capture(document(one))

    assert agrees(program) == []
    with program.app.app_context():
        assert edges() == left
        reached = {
            lot_of("P").id,
            *({lot_of("A").id} if ("A", "P") in left else ()),
            *({lot_of("B").id} if left else ()),
        }
        assert set(genealogy.backward([lot_of("P").id]).lot_ids) == reached
        steps = select(TraceEvent.biz_step).order_by(TraceEvent.event_at)
        assert db.session.scalars(steps).all() == ["packing", "unpacking"]


def test_a_case_is_filled_again_and_parts_come_apart(program: Program) -> None:
    program.capture(document(
        packed(amounts([("A", 10)]), "P", eventTime=EARLY), unpacked(None, "P", eventTime=NOON),
        packed(amounts([("B", 3)]), "P", eventTime=LATE), packed(amounts([("B", 2)]), "P", eventTime=AFTER),
        joined(amounts([("C", 1)]), "Q", eventTime=EARLY), joined(None, "Q", action="DELETE", eventTime=NOON),
        packed(amounts([("D", 1)], None), "R", eventTime=EARLY),
        unpacked([{"epcClass": "https://id.gs1.org/01/09520000001018", "quantity": 1}], "R", eventTime=NOON),
    ))  # fmt: skip

    assert agrees(program) == []
    with program.app.app_context():
        assert edges() == {("B", "P"): 5_000, ("D", "R"): 1}


def test_a_recall_reaches_what_is_in_a_case_now_and_what_was_made_of_it_while_it_held_the_lot(program: Program) -> None:
    box = {"inputQuantityList": None, "inputEPCList": ["https://a.example/box/P"]}
    program.capture(document(
        packed(amounts([("A", 10)]), "P", eventTime=EARLY), made([], [("SOUP", 9)], eventTime=NOON, **box),
        unpacked(None, "P", eventTime=LATE),
        packed(amounts([("A", 10)]), "Q", eventTime=EARLY), unpacked(None, "Q", eventTime=NOON),
    ))  # fmt: skip

    assert agrees(program) == []
    with program.app.app_context():
        reached = set(genealogy.forward([lot_of("A").id]).lot_ids)
        assert reached == {lot_of(name).id for name in ("A", "P", "SOUP")}


@pytest.mark.parametrize("before", [True, False])
def test_a_making_that_is_reported_late_finds_what_was_in_the_case_then(program: Program, before: bool) -> None:
    said = packed(amounts([("A", 10)]), "P", eventTime=EARLY)
    program.capture(document(said, unpacked(None, "P", eventTime=NOON)))
    with program.app.app_context():
        assert edges() == {}
    making = made(
        [], [("SOUP", 9)], inputQuantityList=None, inputEPCList=["https://a.example/box/P"], eventID=ONE,
        eventTime="2026-11-21T09:00:00+07:00" if before else LATE,
    )  # fmt: skip
    program.capture(document(making))

    held = {("A", "P"): 10_000} if before else {}
    with program.app.app_context():
        assert edges() == {("P", "SOUP"): 1, **held}
    program.capture(document(wrong(making)))
    with program.app.app_context():
        assert edges() == {}
    assert agrees(program) == []


def test_what_was_unpacked_by_mistake_is_in_its_case_again(program: Program) -> None:
    out = unpacked(None, "P", eventTime=NOON, eventID=ONE)
    program.capture(document(packed(amounts([("A", 10)]), "P", eventTime=EARLY), out))
    program.capture(document(wrong(out)))

    with program.app.app_context():
        assert edges() == {("A", "P"): 10_000}
    assert agrees(program) == []


def test_nobody_empties_the_case_of_another(program: Program, make: Factories, now: datetime) -> None:
    program.capture(document(packed(amounts([("A", 10)]), "P", eventTime=EARLY)))
    stranger = Program(program.app, make.producer(), now)

    assert warned(stranger.capture(document(unpacked(None, "P", eventTime=NOON)))) == ["business-custody"]
    with program.app.app_context():
        assert edges() == {("A", "P"): 10_000}
    assert agrees(program) == []


# --- trace verify -------------------------------------------------------------------------------------------


def test_captures_of_every_kind_agree(program: Program, batch: Batch, make: Factories, now: datetime) -> None:
    stranger = Program(program.app, make.producer(), now)
    program.capture(document(
        made([("A", 10)], [("C", 5)]), made([("A", 3)], [("D", 1), ("E", 1)]), packed(amounts([("C", 1)]), "P"),
        packed(goods(batch, 3), "P"), sold(goods(batch, 2)),
        made([], [("F", 1)], inputQuantityList=goods(batch, 5)),
    ))  # fmt: skip
    stranger.capture(document(made([], [("G", 1)], inputQuantityList=goods(batch, 2))))
    stranger.capture(document(packed(goods(batch, 1), "Q")))

    # Of the batch the owner's programs say that more is gone than left the stock, which no capture moves.
    (line,) = agrees(program)
    assert "captured events say 7 of it were sold or used, the stock that 0 left it" in line
    with program.app.app_context():
        assert Counter(into for into, _ in edges()) == Counter({batch.token: 4, "A": 3, "C": 1})
        assert db.session.get_one(Lot, batch.lot_id).used == 0


@pytest.mark.parametrize(("statement", "words"), [
    ("UPDATE lot_input SET quantity = 4999 WHERE quantity = 5000", "the edge says 4999, its event 5000"),
    ("DELETE FROM lot_input WHERE quantity = 5000", "an event says 5000 went in, there is no edge"),
    ("INSERT INTO lot_input (output_id, input_id, quantity) SELECT input_id, output_id, 1 FROM lot_input",
     "the edge says 1, its event nothing"),
    ("UPDATE lot SET used = 4999 WHERE used = 5000", "4999 of it were used, its events say 5000"),
    ("UPDATE lot SET quantity = 10001 WHERE quantity = 10000", "it holds 10001, no event of its making says so"),
    ("UPDATE lot SET state = 'recalled' WHERE quantity = 10000", "it is recalled, its events say released"),
    ("UPDATE lot SET state = 'held' WHERE quantity = 4000", "it is held, its events say released"),
    ("UPDATE lot_identifier SET uri = 'https://a.example/lot/Z' WHERE uri LIKE '%/A'",
     "no event calls it https://a.example/lot/Z"),
])  # fmt: skip
def test_a_change_of_what_was_captured_is_found_and_named(program: Program, statement: str, words: str) -> None:
    program.capture(document(commissioned("A", 10), made([("A", 5)], [("B", 4)])))
    assert agrees(program) == []
    with program.app.app_context(), transaction() as session:
        session.execute(text(statement))

    assert any(words in line for line in agrees(program))


def test_a_recall_whose_reason_was_changed_is_named(program: Program, batch: Batch, now: datetime) -> None:
    with program.app.app_context(), transaction():
        recall.start(
            db.session.get_one(Lot, batch.lot_id), recall.Told("Mốc", Severity.MINOR), is_drill=False, actor=SYSTEM,
            now=now,
        )  # fmt: skip
    verified = program.app.test_cli_runner().invoke(args=["trace", "verify"])
    with program.app.app_context(), transaction() as session:
        session.execute(text("UPDATE recall SET reason_vi = 'Khác'"))
    found = program.app.test_cli_runner().invoke(args=["trace", "verify"])

    assert verified.exit_code == 0, verified.output
    assert found.exit_code != 0
    assert "it has another reason than its events say" in found.output


def test_a_name_of_our_own_lot_that_was_changed_is_named(program: Program, batch: Batch) -> None:
    assert agrees(program) == []
    with program.app.app_context(), transaction() as session:
        session.execute(text("UPDATE lot_identifier SET uri = 'https://a.example/lot/Z'"))

    assert any("no event calls it https://a.example/lot/Z" in line for line in agrees(program))
    with program.app.app_context(), transaction() as session:
        session.execute(text("DELETE FROM lot_identifier"))
    assert any("by a name that leads to nothing" in line for line in agrees(program))


# --- What our screens wrote is put right on our screens -------------------------------------------------------


def house_events(program: Program, batch: Batch) -> list[dict[str, Any]]:
    """Give the events of a batch as the owner's program reads them."""
    with program.app.app_context():
        lines = select(TraceEvent.event_id).join(EventLot, EventLot.event_id == TraceEvent.id)
        ids = db.session.scalars(lines.where(EventLot.lot_id == batch.lot_id).order_by(TraceEvent.id)).all()
    return [program.event(id)[0] for id in ids]


def declared(said: dict[str, Any]) -> dict[str, Any]:
    error = {"declarationTime": "2026-11-23T00:00:00Z", "reason": "did_not_occur"}
    return {"@context": CONTEXT, **said, "errorDeclaration": error}


def test_no_program_takes_back_what_our_screens_wrote(
    program: Program, batch: Batch, make: Factories, now: datetime
) -> None:
    raw = make.raw_lot(program.organisation, number="LUA-1", quantity=100_000)
    with program.app.app_context():
        with transaction():
            made_of = batches.open_batch(
                db.session.merge(make.item(make.product(program.organisation))), number="B-7",
                made_on=date(2026, 11, 1), expires_on=None, quantity=20, inputs={raw.id: 10_000}, actor=SYSTEM,
                now=now - timedelta(days=20),
            )  # fmt: skip
        with transaction():
            production.release(made_of, actor=SYSTEM, now=now - timedelta(days=19))
    stop(program, batch, now, LotState.HELD)
    told = [*house_events(program, made_of), *house_events(program, batch)]
    with program.app.app_context():
        before = edges()

    steps = [one["bizStep"] for one in told]
    assert {"commissioning", "storing", "holding"} <= set(steps)
    assert before
    verified = agrees(program)
    for one in told:
        answer = program.send("/events", declared(one))
        assert answer.status_code == 400, one
        problem = answer.get_json()
        assert one["eventID"] in json.dumps(problem)
        assert "business-screens" in json.dumps(problem)
        assert rules(program.capture(document(declared(one)), "proceed")) == ["business-screens"]
    with program.app.app_context():
        assert edges() == before
    assert agrees(program) == verified


def test_words_of_a_step_may_be_declared_wrong(program: Program, batch: Batch, make: Factories, now: datetime) -> None:
    actor = make.actor(program.organisation)
    with program.app.app_context(), transaction():
        recording.add_step(
            db.session.get_one(Lot, batch.lot_id), "inspecting", title_vi="Kiểm tra", actor=actor, now=now
        )
    (step,) = (one for one in house_events(program, batch) if one["bizStep"] == "inspecting")

    assert rules(program.capture(document(declared(step)))) == []
    assert agrees(program) == []


@pytest.mark.parametrize("step", ["commissioning", "storing"])
def test_a_making_or_release_that_was_declared_wrong_is_named(
    program: Program, batch: Batch, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """As databases may hold it in which programs could do so."""
    (said,) = (one for one in house_events(program, batch) if one["bizStep"] == step)
    monkeypatch.setattr(capture, "_refuse_of_our_screens", lambda sent: None)
    job = program.capture(document(declared(said)))

    assert job["success"], job
    assert any(f"({step}), which was declared wrong" in line for line in agrees(program))


# --- One document is as good as its events one by one ---------------------------------------------------------


@pytest.mark.parametrize("together", [True, False])
def test_an_event_its_declaration_and_the_right_one_are_taken_in_order(program: Program, together: bool) -> None:
    program.capture(document(commissioned("A", 10)))
    first, right = (sold(amounts([("A", much)]), eventID=name) for much, name in ((9, ONE), (2, TWO)))
    told = [first, wrong(first, TWO), right]
    jobs = [program.capture(document(*some)) for some in ([told] if together else [[one] for one in told])]

    assert [rules(job) for job in jobs] == [[]] * len(jobs)
    more = [program.capture(document(sold(amounts([("A", much)]), eventTime=AFTER))) for much in (9, 8)]
    assert [rules(job) for job in more] == [["business-amount"], []]
    assert agrees(program) == []


def test_what_nobody_said_may_be_declared_wrong(program: Program) -> None:
    job = program.capture(document(wrong(made([("A", 5)], [("B", 5)], eventID=ONE))))

    assert (rules(job), job["stored"]) == ([], 1)
    assert agrees(program) == []


@pytest.mark.parametrize("together", [True, False])
def test_a_making_is_not_taken_back_in_the_document_that_uses_it(program: Program, together: bool) -> None:
    first = commissioned("A", 10, eventID=ONE)
    told = [first, commissioned("A", 4), sold(amounts([("A", 8)])), wrong(first, TWO)]
    jobs = [
        program.capture(document(*some), "proceed") for some in ([told] if together else [[one] for one in told])
    ]  # fmt: skip

    assert [rule for job in jobs for rule in rules(job)] == ["business-amount"]
    assert sum(job["stored"] for job in jobs) == 3
    with program.app.app_context():
        assert lot_of("A").quantity == 14_000
    assert agrees(program) == []


@pytest.mark.parametrize("together", [True, False])
def test_a_half_is_put_right_in_its_own_document(program: Program, together: bool) -> None:
    same = {"transformationID": "https://a.example/x/1"}
    half = made([], [("B", 9)], eventID=ONE, **same)
    told = [made([("A", 10)], [], **same), half, wrong(half, TWO), made([], [("B", 8)], eventID=TWO, **same)]
    jobs = [program.capture(document(*some)) for some in ([told] if together else [[one] for one in told])]

    assert [rules(job) for job in jobs] == [[]] * len(jobs)
    with program.app.app_context():
        assert edges() == {("A", "B"): 10_000}
        assert lot_of("B").quantity == 8_000
    assert agrees(program) == []
