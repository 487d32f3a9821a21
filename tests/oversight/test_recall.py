"""A recall stops everything made from a lot, everywhere, and accounts for every pack; a drill touches nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import ColumnElement, func, select, update

from accounts.actor import SYSTEM
from consignment import queries as consignment
from consignment import selling, transfer
from consignment.models import Sale
from kernel import jobs, pages
from kernel.db import db, transaction
from kernel.log_models import LogWaiting
from kernel.models import AuditEntry, Job
from oversight import answering, notifying, queries, recall
from oversight.models import EntryKind, Recall, RecallEntry, RecallLot, RecallNotice, RecallState, Severity
from stock import holding, ledger, verification
from stock.models import Balance, Location, LocationKind, Movement
from tests.factories import Factories
from tests.killing import commits_before, deaths_without_trace
from tests.oversight.conftest import Chain
from tests.races import meet, race
from traceability import batches
from traceability.models import EpcisEvent, EventLot, Lot, LotState, TraceEvent


def states(*lot_ids: int) -> list[LotState]:
    """Read the states of lots."""
    found = dict(iter(db.session.execute(select(Lot.id, Lot.state)).all()))
    return [found[lot_id] for lot_id in lot_ids]


def place_of(keeper_id: int, kind: LocationKind) -> int:
    """Find a location."""
    return db.session.scalar(select(Location.id).where(Location.keeper_id == keeper_id, Location.kind == kind)) or 0


def parts_of(chain: Chain, number: str, lot_id: int) -> dict[str, int]:
    """Reckon a lot; only what is not nought."""
    row = next(row for row in queries.reckoning(chain.recall(number)) if row.lot_id == lot_id)
    assert row.parts.unexplained == 0
    return {name: value for name, value in vars(row.parts).items() if value}


# --- What is stopped --------------------------------------------------------------------------------------


def test_everything_made_from_the_lot_is_stopped_wherever_it_lies_and_nothing_else(
    ctx: Flask, chain: Chain, now: datetime
) -> None:
    keys = [pages.lot(chain.lot_id)]
    before = pages.revision(tuple(keys))

    number = chain.start(now)

    recalled = LotState.RECALLED
    everything = (chain.raw_id, chain.flour_id, chain.lot_id, chain.open_id)
    assert states(*everything, chain.other_id) == [recalled] * 4 + [LotState.RELEASED]
    frozen = db.session.execute(select(Balance.lot_id, Balance.frozen)).all()
    assert {row.lot_id for row in frozen if row.frozen} == {chain.lot_id}
    assert all(row.frozen for row in frozen if row.lot_id == chain.lot_id), "at home, at counters, on the way"
    assert pages.revision(tuple(keys)) > before, "the batch page says so at the next request"
    lot = db.session.get_one(Lot, chain.lot_id)
    assert (lot.state_reason, lot.state_reason_en) == ("Kim loại nặng", "Heavy metal")
    told = db.session.execute(
        select(EventLot.lot_id, EventLot.quantity)
        .join(TraceEvent, TraceEvent.id == EventLot.event_id)
        .where(TraceEvent.biz_step == "holding", TraceEvent.disposition == "recalled", TraceEvent.document == number)
    ).all()
    assert dict(iter(told)) == {chain.raw_id: None, chain.flour_id: 20_000, chain.lot_id: 97, chain.open_id: 40}
    assert verification.verify() == []


def test_a_recall_in_the_middle_of_the_chain_leaves_what_went_in_alone(ctx: Flask, chain: Chain, now: datetime) -> None:
    chain.start(now, lot_id=chain.lot_id)

    assert states(chain.lot_id, chain.flour_id, chain.open_id) == [
        LotState.RECALLED,
        LotState.RELEASED,
        LotState.OPEN,
    ]


def test_nothing_recalled_can_be_sold_sent_released_or_used(ctx: Flask, chain: Chain, now: datetime) -> None:
    chain.start(now)

    with pytest.raises(ledger.LotFrozen), transaction():
        selling.sell(chain.point(), {chain.lot_id: 1}, request_key="b" * 32, actor=chain.sellers[0], now=now)
    with transaction():
        wanted = [transfer.Wanted(chain.lot_id, 1, 60_000)]
        consignor = consignment.consignor(chain.producer.id)
        note = transfer.draft(consignor, chain.point(), wanted, actor=chain.maker, now=now)
    with pytest.raises(transfer.NotReleased), transaction():
        transfer.send(note, actor=chain.maker, now=now)
    with pytest.raises(batches.NotOpen), transaction():
        batches.release(db.session.get_one(batches.Batch, chain.open_id), actor=chain.maker, now=now)
    with pytest.raises(batches.AlreadyRecalled):
        chain.start(now)


def test_lots_recalled_before_keep_their_own_papers(ctx: Flask, chain: Chain, now: datetime) -> None:
    first = chain.start(now, lot_id=chain.lot_id)
    second = chain.recall(chain.start(now))

    lots = set(db.session.scalars(select(RecallLot.lot_id).where(RecallLot.recall_id == second.id)))
    assert lots == {chain.raw_id, chain.flour_id, chain.open_id}
    assert second.recalled_before == 1
    assert [first, second.number] == ["TH-000001", "TH-000002"], "a series of its own"


@pytest.mark.parametrize(
    ("told", "refusal", "field"),
    [
        (recall.Told(" ", Severity.MINOR), batches.NoReason, "reason"),
        (recall.Told("x" * 1_001, Severity.MINOR), batches.ReasonTooLong, "reason"),
        (recall.Told("Vì sao", Severity.MINOR, "x" * 1_001), recall.EnglishTooLong, "reason_en"),
    ],
)
def test_a_recall_without_words_for_the_public_is_refused(
    ctx: Flask, chain: Chain, now: datetime, told: recall.Told, refusal: type[Exception], field: str
) -> None:
    with pytest.raises(refusal) as refused, transaction():
        recall.start(db.session.get_one(Lot, chain.raw_id), told, is_drill=False, actor=chain.officer, now=now)

    assert refused.value.field == field  # type: ignore[attr-defined]
    assert db.session.scalar(select(func.count()).select_from(Recall)) == 0


# --- Who is told ------------------------------------------------------------------------------------------


def test_whoever_made_holds_received_or_awaits_the_goods_is_told(ctx: Flask, chain: Chain, now: datetime) -> None:
    number = chain.start(now)

    facts = {
        one.organisation_id: (one.held, one.on_the_way, one.received, one.sold)
        for one in queries.notices_of(chain.recall(number))
    }
    assert facts == {
        chain.producer.id: (60, 5, 0, 0),
        chain.keepers[0].id: (17, 0, 25, 3),
        chain.keepers[1].id: (0, 15, 0, 0),
    }
    goods = queries.goods_of_notice(chain.notice(number, chain.keepers[1]))
    assert [(row.number, row.quantity, row.location_id) for row in goods] == [("BANH-1", 15, None)]


def test_letters_go_to_the_people_of_each_and_addresses_are_kept_nowhere(
    ctx: Flask, chain: Chain, make: Factories, now: datetime
) -> None:
    make.user(chain.keepers[1], phone="+84905999999")
    with transaction() as session:  # nobody at the second counter has an address
        session.execute(update(accounts_user()).where(accounts_user().id == chain.sellers[1].user_id).values(
            email=None, us_phone_number="+84905888888"
        ))  # fmt: skip
    number = chain.start(now)

    while jobs.claim(now) is not None:
        pass
    for one in queries.notices_of(chain.recall(number)):
        with transaction():
            notifying.tell(one.id, now=now)
            assert notifying.tell(one.id, now=now) == 0, "the same job twice writes no second letter"

    letters = db.session.scalars(select(Job).where(Job.kind == "mail.send")).all()
    assert len(letters) == 2
    assert {letter.args["template"] for letter in letters} == {"recall"}
    channels = {one.organisation_id: one.channel for one in queries.notices_of(chain.recall(number))}
    assert channels == {chain.producer.id: "mail", chain.keepers[0].id: "mail", chain.keepers[1].id: "phone"}
    people = queries.people_of(chain.keepers[1].id)
    assert {person.phone for person in people} == {"+84905888888", "+84905999999"}


def accounts_user() -> type:
    """Give the table of people."""
    from accounts.models import User

    return User


# --- What they answer -------------------------------------------------------------------------------------


def test_an_answer_is_written_once_and_says_who_wrote_it(ctx: Flask, chain: Chain, now: datetime) -> None:
    number = chain.start(now)

    with transaction():
        first, second = (chain.notice(number, keeper) for keeper in chain.keepers)
        assert answering.acknowledge(first, actor=chain.sellers[0], now=now)
        assert not answering.acknowledge(first, actor=chain.sellers[0], now=now + timedelta(hours=1))
        assert answering.acknowledge(second, actor=chain.officer, now=now)

    assert (first.answered_by, first.acknowledged_at) == ("screen", now)
    assert second.answered_by == "phone", "the office wrote down what it was told"
    assert queries.answered_of(chain.recall(number)) == (2, 3)


def test_what_is_counted_short_is_missing_until_it_is_found(ctx: Flask, chain: Chain, now: datetime) -> None:
    number = chain.start(now)
    counter = chain.point().location_id

    def count(found: int) -> None:
        with transaction():
            notice = chain.notice(number, chain.keepers[0])
            answering.count(notice, {(chain.lot_id, counter): found}, actor=chain.sellers[0], now=now)

    count(15)
    assert parts_of(chain, number, chain.lot_id) == {"made": 100, "on_hand": 95, "sold": 3, "missing": 2}
    count(16)
    assert parts_of(chain, number, chain.lot_id)["missing"] == 1
    with pytest.raises(answering.MoreThanOnRecord):
        count(18)
    assert chain.notice(number, chain.keepers[0]).answered_by == "screen"
    assert verification.verify() == []


def test_returned_destroyed_and_sold_before_are_reconciled_against_what_was_made(
    ctx: Flask, chain: Chain, now: datetime
) -> None:
    number = chain.start(now)
    counter, home = chain.point().location_id, place_of(chain.producer.id, LocationKind.WAREHOUSE)

    def enter(kind: EntryKind, quantity: int, place: int | None, lot_id: int = chain.lot_id) -> None:
        keeper, actor = (chain.keepers[0], chain.sellers[0]) if place == counter else (chain.producer, chain.maker)
        with transaction():
            answering.enter(
                chain.notice(number, keeper), kind, (lot_id, place), quantity, actor=actor, now=now, note="Biên bản 1"
            )

    enter(EntryKind.RETURNED, 2, counter)
    enter(EntryKind.SOLD, 1, counter)
    enter(EntryKind.DESTROYED, 10, home)
    assert parts_of(chain, number, chain.lot_id) == {
        "made": 100,
        "on_hand": 86,
        "returned": 2,
        "destroyed": 10,
        "sold": 2,
    }
    enter(EntryKind.DESTROYED, 20_000, None, chain.flour_id)
    assert parts_of(chain, number, chain.flour_id) == {"made": 90_000, "used": 70_000, "destroyed": 20_000}
    assert parts_of(chain, number, chain.open_id) == {"made": 40, "unreleased": 40}
    for kind, quantity, place in (
        (EntryKind.RETURNED, 3, counter),
        (EntryKind.DESTROYED, 51, home),
        (EntryKind.SOLD, 19, counter),
    ):
        with pytest.raises(answering.NotSoMany):
            enter(kind, quantity, place)
    with pytest.raises(answering.NoQuantity):
        enter(EntryKind.DESTROYED, 0, home)
    steps = set(db.session.scalars(select(TraceEvent.biz_step).where(TraceEvent.document == number)))
    assert steps == {"holding", "returning", "retail_selling", "destroying"}
    assert verification.verify() == []


def test_goods_that_come_home_on_a_note_are_returned(ctx: Flask, chain: Chain, now: datetime) -> None:
    number = chain.start(now)

    with transaction():
        back = transfer.take_back(
            consignment.consignor(chain.producer.id),
            chain.point(),
            {chain.lot_id: 17},
            reason="Thu hồi",
            actor=chain.sellers[0],
            now=now,
        )
        assert parts_of(chain, number, chain.lot_id) == {"made": 100, "on_hand": 97, "sold": 3}
        transfer.receive(back, actor=chain.maker, now=now)

    assert parts_of(chain, number, chain.lot_id) == {"made": 100, "on_hand": 80, "returned": 17, "sold": 3}


def test_nobody_answers_for_goods_that_are_not_with_them(ctx: Flask, chain: Chain, now: datetime) -> None:
    number = chain.start(now)
    home = place_of(chain.producer.id, LocationKind.WAREHOUSE)

    for where in ((chain.lot_id, home), (chain.other_id, chain.point().location_id), (chain.flour_id, None)):
        notice = chain.notice(number, chain.keepers[0])
        with pytest.raises(answering.NotInThisRecall), transaction():
            answering.enter(notice, EntryKind.DESTROYED, where, 1, actor=chain.sellers[0], now=now)
    with pytest.raises(queries.NoSuchRecall):
        queries.get_recall(chain.sellers[0], number)
    with pytest.raises(queries.NoSuchRecall):
        queries.get_notice(chain.sellers[0], number, chain.notice(number, chain.keepers[1]).id)
    assert queries.get_notice(chain.sellers[0], number, chain.notice(number, chain.keepers[0]).id)


# --- How it ends ------------------------------------------------------------------------------------------


def close(chain: Chain, number: str, now: datetime, *, words: str = "Đã thu đủ.", anyway: bool = True) -> None:
    """Close a recall as the office."""
    with transaction():
        recall.close(chain.recall(number), conclusion=words, even_unanswered=anyway, actor=chain.officer, now=now)


def test_a_recall_ends_with_a_report_only_and_what_it_found_no_longer_moves(
    ctx: Flask, chain: Chain, now: datetime
) -> None:
    number = chain.start(now)

    with pytest.raises(recall.NoConclusion):
        close(chain, number, now, words="  ")
    with pytest.raises(recall.SomeHaveNotAnswered) as waiting:
        close(chain, number, now, anyway=False)
    assert waiting.value.facts == {"waiting": 3, "all": 3}
    close(chain, number, now)

    ended = chain.recall(number)
    assert (ended.state, ended.closed_at, ended.conclusion) == (RecallState.CLOSED, now, "Đã thu đủ.")
    found = parts_of(chain, number, chain.lot_id)
    with transaction():
        selling.cancel(db.session.scalars(select(Sale)).one(), reason="Nhầm", actor=chain.sellers[0], now=now)
    assert parts_of(chain, number, chain.lot_id) == found == {"made": 100, "on_hand": 97, "sold": 3}
    with pytest.raises(recall.ClosedAlready):
        close(chain, number, now)
    notice = chain.notice(number, chain.keepers[0])
    where = (chain.lot_id, chain.point().location_id)
    with pytest.raises(answering.Closed), transaction():
        answering.enter(notice, EntryKind.DESTROYED, where, 1, actor=chain.sellers[0], now=now)
    assert set(states(chain.lot_id)) == {LotState.RECALLED}, "the end of the papers thaws nothing"


# --- A drill ----------------------------------------------------------------------------------------------


def test_a_drill_touches_nothing_real(ctx: Flask, chain: Chain, now: datetime) -> None:
    def real() -> list[object]:
        return [
            db.session.execute(select(Lot.id, Lot.state, Lot.state_since).order_by(Lot.id)).all(),
            db.session.execute(select(Balance.lot_id, Balance.location_id, Balance.on_hand, Balance.frozen)).all(),
            db.session.scalar(select(func.count()).select_from(Movement)),
            db.session.scalar(select(func.count()).select_from(TraceEvent)),
            pages.revision((pages.SHOP, pages.lot(chain.lot_id))),
        ]

    before = real()
    number = chain.start(now, is_drill=True)
    counter = chain.point().location_id
    with transaction():
        notice = chain.notice(number, chain.keepers[0])
        answering.count(notice, {(chain.lot_id, counter): 15}, actor=chain.sellers[0], now=now + timedelta(minutes=7))
        answering.enter(notice, EntryKind.DESTROYED, (chain.lot_id, counter), 15, actor=chain.sellers[0], now=now)
        answering.enter(notice, EntryKind.RETURNED, (chain.lot_id, counter), 1, actor=chain.sellers[0], now=now)

    assert real() == before
    assert parts_of(chain, number, chain.lot_id) == {
        "made": 100,
        "on_hand": 80,
        "returned": 1,
        "destroyed": 15,
        "sold": 2,
        "missing": 2,
    }
    answers = queries.answers_of(chain.recall(number), now + timedelta(minutes=10))
    assert [row.minutes for row in answers] == [7, None, None]
    assert answers[0].organisation.id == chain.keepers[0].id
    close(chain, number, now + timedelta(minutes=30), words="Mất 30 phút.")
    assert real() == before
    with transaction():
        selling.sell(chain.point(), {chain.lot_id: 1}, request_key="c" * 32, actor=chain.sellers[0], now=now)


# --- All or nothing, and races ----------------------------------------------------------------------------


@pytest.mark.race
def test_a_process_killed_at_any_step_of_a_recall_leaves_all_of_it_or_nothing(
    app: Flask, chain: Chain, now: datetime
) -> None:
    assert deaths_without_trace(app, lambda: chain.start(now)) > 40
    assert whole(app, chain)


@pytest.mark.race
def test_control_a_recall_in_two_parts_is_seen(
    app: Flask, chain: Chain, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "recall_locked", commits_before(holding.recall_locked))
    assert deaths_without_trace(app, lambda: chain.start(now)) > 10
    assert not whole(app, chain)


def whole(app: Flask, chain: Chain) -> bool:
    """Tell whether everything that a recall does was done."""
    everything = (chain.raw_id, chain.flour_id, chain.lot_id, chain.open_id)
    told = ("oversight.tell", "oversight.tell_buyers")
    with app.app_context():

        def many(table: type, *conditions: ColumnElement[bool]) -> int:
            return db.session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0

        called = db.session.scalars(select(TraceEvent.event_id).where(TraceEvent.disposition == "recalled")).all()
        return (
            set(states(*everything)) == {LotState.RECALLED}
            and set(db.session.scalars(select(Balance.frozen).where(Balance.lot_id == chain.lot_id))) == {True}
            and [many(table) for table in (Recall, RecallLot, RecallNotice, RecallEntry)] == [1, 4, 3, 0]
            and [many(Job, Job.kind == kind) for kind in told] == [3, 1]
            and many(AuditEntry, AuditEntry.action == "oversight.recall") == 1
            and many(EpcisEvent, EpcisEvent.event_id.in_(called)) == len(called) == 1
            and many(LogWaiting, LogWaiting.reference.in_(called)) == 2  # the line, and the form of the standard
            and verification.verify() == []
        )


@pytest.mark.race
def test_no_pack_is_sold_once_its_recall_stands(app: Flask, chain: Chain, now: datetime) -> None:
    def act(number: int) -> str:
        if number == 4:
            return chain.start(now)
        with transaction():
            return selling.sell(
                chain.point(), {chain.lot_id: 1}, request_key=f"race-{number:027d}", actor=chain.sellers[0], now=now
            ).number

    results = race(app, 9, act)

    with app.app_context():
        sold = sum(result.startswith("SAL") for result in results)
        number = next(result for result in results if result.startswith("TH-"))
        assert set(results) <= {"LotFrozen", number} | {r for r in results if r.startswith("SAL")}
        row = db.session.get_one(RecallLot, (chain.recall(number).id, chain.lot_id))
        assert row.sold == 3 + sold, "every sale was finished before the recall, and counted; none came after"
        assert parts_of(chain, number, chain.lot_id)["sold"] == 3 + sold
        assert verification.verify() == []


@pytest.mark.race
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_the_naive_way_sells_a_recalled_pack(app: Flask, chain: Chain, now: datetime) -> None:
    """The control of the race above: look at the lot's state, then take the pack from a balance that is not asked.

    On SQLite one who writes is alone: there it cannot happen.
    """

    def act(number: int) -> str:
        if number == 1:
            meet()  # the buyer has looked
            return chain.start(now)
        counter = chain.point().location_id
        with transaction() as session:
            state = session.scalar(select(Lot.state).where(Lot.id == chain.lot_id))
            assert state is LotState.RELEASED
            meet()
            session.execute(  # waits until the recall stands, then goes on
                update(Balance)
                .where(Balance.lot_id == chain.lot_id, Balance.location_id == counter)
                .values(on_hand=Balance.on_hand - 1)
            )
        return "sold"

    results = race(app, 2, act)

    with app.app_context():
        assert results[0] == "sold"
        number = results[1]
        row = db.session.get_one(RecallLot, (chain.recall(number).id, chain.lot_id))
        on_hand = db.session.scalar(
            select(Balance.on_hand).where(
                Balance.lot_id == chain.lot_id, Balance.location_id == chain.point().location_id
            )
        )
        assert row.sold == 3
        assert on_hand == 16, "a pack left the counter that the recall had not counted as sold"


def test_the_system_sees_every_recall(ctx: Flask, chain: Chain, now: datetime) -> None:
    number = chain.start(now)

    assert [one.number for one in db.session.scalars(queries.visible_to(SYSTEM))] == [number]
