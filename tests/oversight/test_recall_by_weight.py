"""A recall of goods sold by weight: counted in steps, said and typed as weights, never added to packs."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from flask import Flask

from accounts.models import OrganisationKind
from app.i18n import apart, figure
from app.mail import compose
from catalog.models import TradeItem, Unit
from consignment import queries as consignment
from consignment import selling, transfer
from kernel import amounts, jobs
from kernel.amounts import Apart
from kernel.db import db, transaction
from kernel.models import Job
from oversight import queries
from oversight.models import Recall, RecallEntry, RecallNotice
from oversight.reconciliation import Parts
from stock import production
from tests.factories import Factories
from tests.oversight.test_screens import BASE, key, start
from tests.web import send
from traceability.models import Batch, LotState


@pytest.fixture
def world(make: Factories, now: datetime) -> SimpleNamespace:
    """One harvest became 10 kg of dried chillies sold in steps of 100 g, and 12 jars.

    At the first counter 2.5 kg and 4 jars arrived, 300 g and a jar are sold; 1.5 kg are under way to the second.
    """
    producer = make.producer("Hợp tác xã mẫu", phone="+84905000001", email="htx@mau.vn")
    office = make.office("Tổ OCOP mẫu")
    keepers = [make.organisation(f"Điểm bán {n}", kind=OrganisationKind.SALES_POINT) for n in (1, 2)]
    points = [make.sales_point(keeper, slug=f"quay-{n}") for n, keeper in enumerate(keepers)]
    loose, jars = (make.item(make.product(producer, name=name)) for name in ("Ớt khô", "Ớt lọ"))
    with make._context(), transaction() as session:
        item = session.get_one(TradeItem, loose.id)
        item.net_content, item.unit, item.by_weight, item.least = 100, Unit.GRAM, True, 5
    raw = make.raw_lot(producer, number="OT-1")
    can = make.batch(loose, number="CAN-1", quantity=100, inputs={raw.id: 50_000}, state=LotState.OPEN)
    lo = make.batch(jars, number="LO-1", quantity=12, inputs={raw.id: 20_000}, state=LotState.OPEN)
    maker, seller = make.actor(producer), make.actor(keepers[0])
    with make._context():
        with transaction():
            for lot_id in (can.lot_id, lo.lot_id):
                production.release(db.session.get_one(Batch, lot_id), actor=maker, now=now)
        numbers = []
        for point, lots in ((points[0], {can.lot_id: 25, lo.lot_id: 4}), (points[1], {can.lot_id: 15})):
            with transaction():
                note = transfer.draft(
                    consignment.consignor(producer.id),
                    consignment.get_point(make.actor(keepers[points.index(point)]), point.slug),
                    [transfer.Wanted(lot_id, many, 20_000) for lot_id, many in lots.items()],
                    actor=maker,
                    now=now,
                )
                transfer.send(note, actor=maker, now=now)
                numbers.append(note.number)
        with transaction():
            transfer.receive(consignment.get_note(seller, numbers[0]), actor=seller, now=now)
        with transaction():
            point = consignment.get_point(seller, "quay-0")
            selling.sell(point, {can.lot_id: 3, lo.lot_id: 1}, request_key="a" * 32, actor=seller, now=now)
    return SimpleNamespace(
        office=make.client(office),
        officer=make.actor(office),
        producer=make.client(producer),
        points=[make.client(keeper) for keeper in keepers],
        keepers=keepers,
        sellers=[make.actor(keeper) for keeper in keepers],
        notes=numbers,
        raw_id=raw.id,
        can=can.lot_id,
        lo=lo.lot_id,
        shelf=points[0].location_id,
    )


def _notice(app: Flask, number: str, keeper_id: int) -> str:
    with app.app_context():
        found = db.session.query(RecallNotice).join(Recall).filter(Recall.number == number)
        return f"{BASE}/{number}/phieu/{found.filter(RecallNotice.organisation_id == keeper_id).one().id}"


def _words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace("\xa0", " ")


@pytest.mark.parametrize(
    ("goods", "vi", "number"),
    [
        (Apart(0, 0), "0 gói", "0"),
        (Apart(12, 0), "12 gói", "12"),
        (Apart(0, 3_500), "3,5\xa0kg", "3,5\xa0kg"),
        (Apart(1_200, 500), "1200 gói, 500\xa0g", "1200 gói, 500\xa0g"),
    ],
)
def test_packs_and_weights_are_said_apart(app: Flask, goods: Apart, vi: str, number: str) -> None:
    with app.test_request_context("/?lang=vi"):
        assert (apart(goods), figure(goods)) == (vi, number)


def test_packs_and_weights_are_added_apart() -> None:
    assert amounts.apart([(3, None), (15, 100), (2, 250), (4, None)]) == Apart(7, 2_000)
    assert Parts(made=10, on_hand=7, sold=3).in_grams(100) == Parts(made=1_000, on_hand=700, sold=300)


@pytest.mark.parametrize("kind", ["that", "dien-tap"])
def test_the_screens_of_a_recall_say_weights(world: SimpleNamespace, app: Flask, kind: str) -> None:
    asked = _words(world.office.get(f"{BASE}/moi/{world.raw_id}").text)
    assert "11 gói, 9,7 kg" in asked
    assert "1 gói, 300 g" in asked
    assert "10 kg" in _words(world.office.get(f"{BASE}/moi?q=can-1").text)

    number = start(world.office, world.raw_id, kind=kind)

    shown = _words(world.office.get(f"{BASE}/{number}").text)
    assert "11 gói, 9,7 kg" in shown, "stopped"
    assert "1 gói, 300 g" in shown, "out of reach"
    assert "97,00 %" in shown
    assert "91,66 %" in shown
    assert "3 gói, 2,2 kg" in shown, "with the first counter"
    assert "1,5 kg" in shown, "on its way to the second"
    lots = _words(world.office.get(f"{BASE}/{number}/lo-hang").text)
    assert "CAN-1 10 kg 9,7 kg 0 g 300 g" in lots
    assert "LO-1 12 11 0 1" in lots
    listed = _words(world.office.get(f"{BASE}/{number}/danh-ba").text)
    assert "3 gói, 2,2 kg" in listed
    assert "1,5 kg" in listed
    report = _words(world.office.get(f"{BASE}/{number}/bao-cao").text)
    assert "9,7 kg" in report
    assert "109" not in report, "steps and packs are not added up"
    assert "3 gói, 2,2 kg" in _words(world.points[0].get(BASE).text)
    assert "2,2 kg" in _words(world.points[0].get(_notice(app, number, world.keepers[0].id)).text)


def test_english_reads_weights_with_its_own_marks(world: SimpleNamespace) -> None:
    number = start(world.office, world.raw_id)
    shown = _words(world.office.get(f"{BASE}/{number}?lang=en").text)
    assert "11 packs, 9.7 kg" in shown
    assert "97.00 % of what is sold by weight was stopped" in shown


def test_the_files_give_grams(world: SimpleNamespace) -> None:
    number = start(world.office, world.raw_id)

    def rows(name: str) -> list[list[str]]:
        text = world.office.get(f"{BASE}/{number}/{name}").text.lstrip("\ufeff")
        return [row for row in csv.reader(io.StringIO(text)) if "CAN-1" in row]

    ((*_, unit, made, used, on_hand, returned, destroyed, sold, missing, lost, unreleased, rest),) = rows(
        "lo-hang?dang=csv"
    )
    assert (unit, made, on_hand, sold, rest) == ("g", "10000", "9700", "300", "0")
    assert {used, returned, destroyed, missing, lost, unreleased} == {"0"}
    assert sorted((int(row[5]), row[7]) for row in rows("noi-giu")) == [(1_500, "g"), (2_200, "g"), (6_000, "g")]


def test_a_holder_counts_and_enters_weights(world: SimpleNamespace, app: Flask) -> None:
    number = start(world.office, world.raw_id)
    mine = _notice(app, number, world.keepers[0].id)
    point, field = world.points[0], f"dem_{world.can}_{world.shelf}"
    counted, entered = f"{mine}/dem", f"{mine}/ghi"

    assert "2,2 kg" in _words(point.get(counted).text)
    for typed, words in {
        "22": "500 g",
        "2,3 kg": "chỉ có 2,2 kg",
        "2,15 kg": "2,1 kg",
        "1.500 kg": "1.500 kg",
        "-1 kg": "500 g",
    }.items():
        refused = send(point, counted, {field: typed}, request_key=key(point, counted))
        assert refused.status_code == 422, typed
        assert f'value="{typed}"' in refused.text, "what was typed stays"
        assert words in _words(refused.text), typed
    assert send(point, counted, {field: "2 kg"}, request_key=key(point, counted)).status_code == 303
    form = {"goods": f"{world.can}-{world.shelf}", "kind": "destroyed", "quantity": "1,5 kg"}
    too_much = send(point, entered, {**form, "quantity": "2100 g"}, request_key=key(point, entered))
    assert too_much.status_code == 422
    assert "2 kg" in _words(too_much.text)
    assert send(point, entered, form, request_key=key(point, entered)).status_code == 303
    back = {**form, "kind": "returned", "quantity": "200 g"}
    assert send(point, entered, back, request_key=key(point, entered)).status_code == 303

    with app.app_context():
        rows = db.session.query(RecallEntry).order_by(RecallEntry.id)
        assert [(row.kind, row.quantity) for row in rows] == [
            ("found", 20), ("missing", 2), ("destroyed", 15), ("returned", 2),
        ]  # fmt: skip
    stated = _words(point.get(mine).text)
    for words in ("2 kg", "200 g", "1,5 kg"):
        assert words in stated
    lots = _words(world.office.get(f"{BASE}/{number}/lo-hang").text)
    assert "CAN-1 10 kg 8,2 kg đã về 200 g 1,5 kg 300 g thiếu 200 g 0 g" in lots, "stopped, destroyed, gone"


def test_a_count_of_nothing_is_typed_without_a_unit(world: SimpleNamespace, app: Flask) -> None:
    number = start(world.office, world.raw_id)
    counted = f"{_notice(app, number, world.keepers[0].id)}/dem"
    field = f"dem_{world.can}_{world.shelf}"
    assert send(world.points[0], counted, {field: "0"}, request_key=key(world.points[0], counted)).status_code == 303
    with app.app_context():
        rows = db.session.query(RecallEntry).order_by(RecallEntry.id)
        assert [(row.kind, row.quantity) for row in rows] == [("found", 0), ("missing", 22)]


def test_what_moves_after_the_start_changes_nothing_of_who_had_what(
    world: SimpleNamespace, app: Flask, now: datetime
) -> None:
    number = start(world.office, world.raw_id, kind="dien-tap")
    later = now + timedelta(hours=1)
    with app.app_context():
        with transaction():
            transfer.receive(consignment.get_note(world.sellers[1], world.notes[1]), actor=world.sellers[1], now=later)
        with transaction():
            point = consignment.get_point(world.sellers[0], "quay-0")
            selling.sell(point, {world.can: 5, world.lo: 2}, request_key="b" * 32, actor=world.sellers[0], now=later)
        told = queries.notices_of(queries.get_recall(world.officer, number))
        had = queries.having(told)
        by = {one.organisation_id: had[one.id] for one in told}
    first, second = (by[keeper.id] for keeper in world.keepers)
    assert (first.held, first.on_the_way, first.sold) == (Apart(3, 2_200), Apart(), Apart(1, 300))
    assert (second.held, second.on_the_way, second.sold) == (Apart(), Apart(0, 1_500), Apart())


def test_the_letters_say_weights(world: SimpleNamespace, app: Flask, now: datetime) -> None:
    start(world.office, world.raw_id)
    with app.app_context():
        while jobs.run_one(now) == "oversight.tell":
            pass
        letters = [
            _words(compose(app.config["OCOP"], now=now, **job.args).get_body((form,)).get_content())
            for job in db.session.query(Job).filter(Job.kind == "mail.send")
            if job.args
            for form in ("plain", "html")
        ]
    assert any("CAN-1 – 6 kg" in letter and "LO-1 – 8 gói" in letter for letter in letters)
    assert not any("60 gói" in letter for letter in letters)
