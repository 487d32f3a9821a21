"""Lots are received, made of one another and released; nothing goes into goods that was not there."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from accounts.actor import SYSTEM
from catalog.models import Unit
from kernel import gs1
from kernel.db import db, transaction
from kernel.models import PageRevision
from tests.factories import BA_TO, Factories
from tests.races import race
from traceability import batches, genealogy, lots
from traceability.lots import Received
from traceability.models import Batch, EventLot, Lot, LotInput, LotKind, LotState, TraceEvent

TODAY = date(2026, 11, 24)


def receive(owner, now: datetime, **facts) -> Lot:
    told = {
        "name_vi": "Lúa rẫy",
        "number": "NL-1",
        "quantity": 100_000,
        "unit": Unit.GRAM,
        "received_on": date(2026, 11, 1),
        "harvested_on": date(2026, 10, 30),
        "commune": BA_TO,
        "supplier": "Hộ mẫu 01",
        **facts,
    }
    with transaction():
        return lots.receive_raw_lot(owner, Received(**told), actor=SYSTEM, now=now)


def open_batch(item, now: datetime, **facts) -> Batch:
    told = {
        "number": "L-1",
        "made_on": date(2026, 11, 10),
        "expires_on": date(2027, 11, 10),
        "quantity": 100,
        "inputs": {},
        **facts,
    }
    with transaction():
        return batches.open_batch(item, actor=SYSTEM, now=now, **told)


def count(model) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


# --- Raw material ---------------------------------------------------------------------------------------


def test_received_material_has_its_harvest_and_its_receipt_written_down(
    ctx: Flask, make: Factories, now: datetime
) -> None:
    producer = make.producer(commune=BA_TO)

    lot = receive(producer, now)

    steps = db.session.scalars(select(TraceEvent).order_by(TraceEvent.event_at)).all()
    assert [(event.biz_step, event.event_at.date()) for event in steps] == [
        ("commissioning", date(2026, 10, 30)),
        ("receiving", date(2026, 11, 1)),
    ]
    assert (lot.kind, lot.state, lot.left) == (LotKind.RAW, LotState.RELEASED, 100_000)


@pytest.mark.parametrize(
    ("facts", "refusal", "field"),
    [
        ({"name_vi": " "}, lots.NoName, "name"),
        ({"name_vi": "x" * 161}, lots.NameTooLong, "name"),
        ({"number": ""}, gs1.EmptyLot, "number"),
        ({"number": "LÚA 1"}, gs1.LotHasBadSign, "number"),
        ({"number": "1" * 21}, gs1.LotTooLong, "number"),
        ({"quantity": 0}, lots.QuantityOutOfRange, "quantity"),
        ({"quantity": 1_000_000_001}, lots.QuantityOutOfRange, "quantity"),
        ({"supplier": ""}, lots.NoSource, "supplier"),
        ({"commune": "99999"}, lots.NoOrigin, "commune"),
        ({"commune": None}, lots.NoOrigin, "commune"),
        ({"received_on": None}, lots.NoDay, "received_on"),
        ({"received_on": date(2026, 11, 25)}, lots.DayInTheFuture, "received_on"),
        ({"received_on": date(1926, 11, 1), "harvested_on": None}, lots.recording.TooLongAgo, "received_on"),
        ({"harvested_on": date(2026, 11, 2)}, lots.HarvestedAfterwards, "harvested_on"),
    ],
)
def test_what_cannot_be_received_is_refused_beside_its_field_and_nothing_is_kept(
    facts: dict, refusal: type, field: str, ctx: Flask, make: Factories, now: datetime
) -> None:
    producer = make.producer(commune=BA_TO)

    with pytest.raises(refusal) as refused:
        receive(producer, now, **facts)

    assert refused.value.field == field
    assert count(Lot) == count(TraceEvent) == 0


def test_a_lot_number_is_used_once_by_one_owner(ctx: Flask, make: Factories, now: datetime) -> None:
    producer = make.producer(commune=BA_TO)
    receive(producer, now)

    with pytest.raises(lots.NumberTaken):
        receive(producer, now)

    receive(make.producer(commune=BA_TO), now)
    assert count(Lot) == 2


# --- What goes into what --------------------------------------------------------------------------------


def test_what_goes_in_is_counted_down_and_drawn_as_an_edge(ctx: Flask, make: Factories, now: datetime) -> None:
    producer = make.producer(commune=BA_TO)
    item = make.item(make.product(producer))
    rice = make.raw_lot(producer, quantity=100_000)
    salt = make.raw_lot(producer, quantity=10_000)

    batch = open_batch(item, now, inputs={rice.id: 60_000, salt.id: 10_000})

    assert [db.session.get(Lot, id).left for id in (rice.id, salt.id)] == [40_000, 0]
    edges = db.session.execute(select(LotInput.input_id, LotInput.quantity).order_by(LotInput.input_id)).all()
    assert [tuple(edge) for edge in edges] == [(rice.id, 60_000), (salt.id, 10_000)]
    roles = {lot.lot_id: (lot.role, lot.quantity) for lot in db.session.scalars(select(EventLot))}
    assert roles == {rice.id: ("input", 60_000), salt.id: ("input", 10_000), batch.lot_id: ("output", 100)}


def test_more_than_is_left_is_refused_and_nothing_of_the_batch_is_kept(
    ctx: Flask, make: Factories, now: datetime
) -> None:
    producer = make.producer()
    item = make.item(make.product(producer))
    rice, salt = make.raw_lot(producer, quantity=100), make.raw_lot(producer, quantity=10)

    with pytest.raises(lots.NotEnoughLeft) as refused:
        open_batch(item, now, inputs={rice.id: 60, salt.id: 11})

    assert refused.value.facts["left"] == 10
    assert [db.session.get(Lot, id).used for id in (rice.id, salt.id)] == [0, 0]
    assert count(Batch) == count(LotInput) == count(TraceEvent) == 0


def test_the_database_itself_refuses_to_use_more_than_there_is(ctx: Flask, make: Factories) -> None:
    lot = make.raw_lot(make.producer(), quantity=10)

    with pytest.raises(IntegrityError), transaction():
        db.session.get_one(Lot, lot.id).used = 11


def test_another_owners_lot_cannot_go_in(ctx: Flask, make: Factories, now: datetime) -> None:
    theirs = make.raw_lot(make.producer())

    with pytest.raises(lots.NoSuchInput):
        open_batch(make.item(make.product(make.producer())), now, inputs={theirs.id: 1})


@pytest.mark.parametrize("state", [LotState.HELD, LotState.RECALLED])
def test_what_is_held_or_recalled_cannot_go_in(state: LotState, ctx: Flask, make: Factories, now: datetime) -> None:
    producer = make.producer()
    lot = make.raw_lot(producer, state=state)

    with pytest.raises(lots.InputNotUsable):
        open_batch(make.item(make.product(producer)), now, inputs={lot.id: 1})


def test_goods_go_into_others_only_before_they_are_on_sale(ctx: Flask, make: Factories, now: datetime) -> None:
    producer = make.producer()
    item = make.item(make.product(producer))
    coffee = open_batch(item, now, quantity=100)

    open_batch(make.item(make.product(producer, name="Giỏ quà")), now, quantity=30, inputs={coffee.lot_id: 30})
    with transaction():
        batches.release(coffee, actor=SYSTEM, now=now)

    with pytest.raises(lots.InputNotUsable):
        open_batch(item, now, number="L-2", inputs={coffee.lot_id: 1})
    stored = db.session.scalars(select(TraceEvent).where(TraceEvent.biz_step == "storing")).one()
    assert db.session.scalars(select(EventLot.quantity).where(EventLot.event_id == stored.id)).one() == 70


def test_an_intermediate_lot_is_made_of_others_and_goes_into_goods(ctx: Flask, make: Factories, now: datetime) -> None:
    producer = make.producer()
    rice = make.raw_lot(producer, quantity=100_000)
    with transaction():
        milled = lots.make_intermediate(
            producer,
            name_vi="Gạo xay",
            number="XX-1",
            quantity=65_000,
            unit=Unit.GRAM,
            made_on=date(2026, 11, 5),
            inputs={rice.id: 100_000},
            actor=SYSTEM,
            now=now,
        )

    batch = open_batch(make.item(make.product(producer)), now, inputs={milled.id: 50_000})

    walk = genealogy.backward([batch.lot_id])
    assert walk.lot_ids == sorted([rice.id, milled.id, batch.lot_id])
    assert {(edge.output_id, edge.input_id): edge.quantity for edge in walk.edges} == {
        (batch.lot_id, milled.id): 50_000,
        (milled.id, rice.id): 100_000,
    }
    assert genealogy.forward([rice.id]).lot_ids == walk.lot_ids
    assert not walk.is_cut


@pytest.mark.parametrize(
    ("made_on", "refusal"),
    [
        (date(2026, 9, 30), lots.recording.BeforeItsMaterial),
        (date(2017, 12, 31), lots.recording.TooLongAgo),
        (date(2126, 1, 1), lots.DayInTheFuture),
    ],
)
def test_nothing_is_made_before_its_material_was_there(
    ctx: Flask, make: Factories, now: datetime, made_on: date, refusal: type[Exception]
) -> None:
    producer = make.producer()
    rice = make.raw_lot(producer, quantity=1_000, harvested_on=date(2026, 10, 1))

    with pytest.raises(refusal), transaction():
        lots.make_intermediate(
            producer,
            name_vi="Gạo xay",
            number="XX-1",
            quantity=900,
            unit=Unit.GRAM,
            made_on=made_on,
            inputs={rice.id: 1_000},
            actor=SYSTEM,
            now=now,
        )


def test_a_walk_ends_even_where_edges_run_in_a_circle(ctx: Flask, make: Factories) -> None:
    producer = make.producer()
    one, other, third = (make.raw_lot(producer) for _ in range(3))
    for output, entering in ((one, other), (other, third), (third, one)):
        make.edge(output.id, entering.id, 1)

    walk = genealogy.backward([one.id])

    assert walk.lot_ids == [one.id, other.id, third.id]
    assert len(walk.edges) == 3


def test_a_walk_that_was_cut_says_so(ctx: Flask, make: Factories) -> None:
    producer = make.producer()
    lot = make.raw_lot(producer)
    for _ in range(4):
        make.edge(lot.id, make.raw_lot(producer).id, 1)

    assert genealogy.backward([lot.id], most=3).is_cut
    assert len(genealogy.backward([lot.id], most=3).edges) == 3
    assert not genealogy.backward([lot.id], most=4).is_cut


# --- Batches --------------------------------------------------------------------------------------------


def test_a_batch_has_an_address_of_its_own_that_its_number_does_not_tell(
    ctx: Flask, make: Factories, now: datetime
) -> None:
    item = make.item(make.product())

    first, second = open_batch(item, now), open_batch(item, now, number="L-2")

    assert gs1.is_token(first.token)
    assert gs1.is_token(second.token)
    assert first.token != second.token
    assert first.lot.state is LotState.OPEN


def test_a_batch_number_is_used_once_for_one_trade_item_and_again_for_another(
    ctx: Flask, make: Factories, now: datetime
) -> None:
    producer = make.producer()
    rice, honey = make.item(make.product(producer)), make.item(make.product(producer, name="Mật ong"))
    open_batch(rice, now, number="20261124")

    with pytest.raises(batches.BatchNumberTaken) as refused:
        open_batch(rice, now, number="20261124")

    assert refused.value.field == "number"
    assert open_batch(honey, now, number="20261124").number == "20261124"
    assert count(Batch) == 2


@pytest.mark.parametrize(
    ("facts", "refusal", "field"),
    [
        ({"number": "Lô 1"}, gs1.LotHasBadSign, "number"),
        ({"quantity": 0}, batches.TooManyPacks, "quantity"),
        ({"quantity": 10_000_001}, batches.TooManyPacks, "quantity"),
        ({"made_on": date(2026, 11, 25)}, batches.MadeInTheFuture, "made_on"),
        ({"made_on": date(2001, 1, 1)}, batches.MadeLongAgo, "made_on"),
        ({"expires_on": date(2026, 11, 9)}, batches.ExpiresBeforeMade, "expires_on"),
        ({"expires_on": date(2126, 11, 9)}, batches.ExpiresTooLate, "expires_on"),
    ],
)
def test_a_batch_that_cannot_be_is_refused_beside_its_field(
    facts: dict, refusal: type, field: str, ctx: Flask, make: Factories, now: datetime
) -> None:
    item = make.item(make.product())

    with pytest.raises(refusal) as refused:
        open_batch(item, now, **facts)

    assert refused.value.field == field
    assert count(Batch) == count(Lot) == 0


def test_a_batch_is_released_once(ctx: Flask, make: Factories, now: datetime) -> None:
    batch = open_batch(make.item(make.product()), now)

    with transaction():
        batches.release(batch, actor=SYSTEM, now=now)
    with pytest.raises(batches.NotOpen), transaction():
        batches.release(batch, actor=SYSTEM, now=now)

    assert batch.lot.state is LotState.RELEASED
    assert count(TraceEvent) == 2, "packed, and stored"


def test_nothing_is_released_whose_words_nobody_has_looked_at(ctx: Flask, make: Factories, now: datetime) -> None:
    batch = open_batch(make.item(make.product(published=False)), now)

    with pytest.raises(batches.NotApproved), transaction():
        batches.release(batch, actor=SYSTEM, now=now)

    assert batch.lot.state is LotState.OPEN


def test_a_lot_is_held_freed_and_recalled_in_that_order_only(ctx: Flask, make: Factories, now: datetime) -> None:
    lot = db.session.get_one(Lot, make.batch(make.item(make.product())).lot_id)

    with pytest.raises(batches.NotHeld), transaction():
        batches.end_hold(lot, reason="x", actor=SYSTEM, now=now)
    with transaction():
        batches.hold(lot, reason="Chờ kiểm nghiệm lại", actor=SYSTEM, now=now)
    with pytest.raises(batches.CannotHold), transaction():
        batches.hold(lot, reason="x", actor=SYSTEM, now=now)
    with transaction():
        batches.end_hold(lot, reason="Đạt", actor=SYSTEM, now=now)
    with transaction():
        batches.recall(lot, reason="Nhãn ghi sai", actor=SYSTEM, now=now)
    for verb, refusal in ((batches.recall, batches.AlreadyRecalled), (batches.hold, batches.CannotHold)):
        with pytest.raises(refusal), transaction():
            verb(lot, reason="x", actor=SYSTEM, now=now)

    assert (lot.state, lot.state_reason) == (LotState.RECALLED, "Nhãn ghi sai")
    assert [event.disposition for event in db.session.scalars(select(TraceEvent).order_by(TraceEvent.id))] == [
        "non_sellable_other",
        "sellable_not_accessible",
        "recalled",
    ]


@pytest.mark.parametrize("verb", [batches.hold, batches.recall])
@pytest.mark.parametrize(("reason", "refusal"), [(" ", batches.NoReason), ("x" * 1001, batches.ReasonTooLong)])
def test_holding_and_recalling_say_why(
    verb, reason: str, refusal: type, ctx: Flask, make: Factories, now: datetime
) -> None:
    lot = db.session.get_one(Lot, make.batch(make.item(make.product())).lot_id)

    with pytest.raises(refusal) as refused:
        verb(lot, reason=reason, actor=SYSTEM, now=now)

    assert refused.value.field == "reason"


def test_a_batch_is_confirmed_by_another_and_never_by_who_made_it(ctx: Flask, make: Factories, now: datetime) -> None:
    producer, office = make.producer(), make.office()
    batch = make.batch(make.item(make.product(producer)))
    batch = db.session.get_one(Batch, batch.lot_id)

    with pytest.raises(batches.ConfirmsOwn), transaction():
        batches.confirm(batch, checked="Đã xem sổ", actor=make.actor(producer), now=now)
    with pytest.raises(batches.NothingChecked), transaction():
        batches.confirm(batch, checked=" ", actor=make.actor(office), now=now)
    with transaction():
        batches.confirm(batch, checked="Đã xem sổ thu mua", actor=make.actor(office), now=now)

    event = db.session.scalars(select(TraceEvent)).one()
    assert (event.organisation_id, event.biz_step, event.disposition) == (office.id, "inspecting", "conformant")


def test_a_change_shows_on_the_pages_of_all_goods_made_from_a_lot(ctx: Flask, make: Factories, now: datetime) -> None:
    producer = make.producer()
    raw = make.raw_lot(producer)
    middle = make.raw_lot(producer, kind=LotKind.INTERMEDIATE)
    make.edge(middle.id, raw.id, 10)
    goods = make.batch(make.item(make.product(producer)), inputs={middle.id: 5})
    other = make.batch(make.item(make.product(producer)))

    with transaction():
        batches.hold(db.session.get_one(Lot, raw.id), reason="Lý do", actor=SYSTEM, now=now)

    bumped = set(db.session.scalars(select(PageRevision.key)))
    assert {f"lot:{id}" for id in (raw.id, middle.id, goods.lot_id)} <= bumped
    assert f"lot:{other.lot_id}" not in bumped


# --- Many at once ---------------------------------------------------------------------------------------


@pytest.mark.race
def test_of_eight_who_want_the_last_material_at_once_as_many_get_it_as_there_is(
    app: Flask, make: Factories, now: datetime
) -> None:
    producer = make.producer()
    item = make.item(make.product(producer))
    rice, salt = make.raw_lot(producer, quantity=30_000), make.raw_lot(producer, quantity=30_000)

    def pack(number: int) -> str:
        named = [(rice.id, 10_000), (salt.id, 10_000)]
        with transaction():  # in opposite orders: no two may wait for each other crosswise
            batches.open_batch(
                db.session.merge(item, load=False),
                number=f"L-{number}",
                made_on=TODAY,
                expires_on=TODAY + timedelta(days=9),
                quantity=10,
                inputs=dict(named if number % 2 else reversed(named)),
                actor=SYSTEM,
                now=now,
            )
        return "packed"

    answers = race(app, 8, pack)

    assert sorted(answers) == ["NotEnoughLeft"] * 5 + ["packed"] * 3
    with app.app_context():
        assert set(db.session.scalars(select(Lot.used).where(Lot.kind == LotKind.RAW))) == {30_000}
        assert db.session.scalar(select(func.sum(LotInput.quantity))) == 60_000


@pytest.mark.race
def test_looking_first_and_counting_later_would_use_more_than_there_is(app: Flask, make: Factories) -> None:
    """The control: what :func:`lots.claim` does not do. Only the table's CHECK would stop it, and then crudely."""
    producer = make.producer()
    rice = make.raw_lot(producer, quantity=300)
    goods = [make.batch(make.item(make.product(producer))) for _ in range(8)]

    def pack(number: int) -> str:
        lot = db.session.get_one(Lot, rice.id)
        enough = lot.left >= 100
        db.session.rollback()
        if enough:
            with transaction():
                db.session.add(LotInput(output_id=goods[number].lot_id, input_id=rice.id, quantity=100))
        return "packed" if enough else "NotEnoughLeft"

    answers = race(app, 8, pack)

    assert answers.count("packed") > 3


@pytest.mark.race
def test_of_two_batches_with_one_number_at_once_one_is_kept(app: Flask, make: Factories, now: datetime) -> None:
    item = make.item(make.product())

    def pack(_number: int) -> str:
        open_batch(db.session.merge(item, load=False), now)
        return "packed"

    assert sorted(race(app, 4, pack)) == ["BatchNumberTaken"] * 3 + ["packed"]


@pytest.mark.race
def test_of_a_release_a_hold_and_a_recall_at_once_none_is_lost(app: Flask, make: Factories, now: datetime) -> None:
    batch = make.batch(make.item(make.product()))

    def act(number: int) -> str:
        with transaction():
            lot = db.session.get_one(Lot, batch.lot_id)
            (batches.hold, batches.recall)[number % 2](lot, reason="Lý do", actor=SYSTEM, now=now)
        return "done"

    answers = race(app, 4, act)

    with app.app_context():
        assert db.session.get_one(Lot, batch.lot_id).state is LotState.RECALLED
        assert count(TraceEvent) == answers.count("done")
