"""A recall of what is known from others' events alone: found, stopped and told of like everything else.

The chain of the domain file is run to its end: captured, balanced, recalled, and whoever has its goods is listed.
"""

from __future__ import annotations

import json
from datetime import datetime
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import select

from accounts.models import OrganisationKind
from kernel.db import db, transaction
from oversight import queries, recall
from oversight.models import Severity
from oversight.queries import Part
from tests.factories import Factories
from tests.oversight.conftest import Chain
from tests.oversight.test_screens import BASE, start
from tests.traceability.epcis.interface import Program, document, event
from tests.traceability.epcis.suites import EPCIS, needs_suites, read
from tests.traceability.epcis.test_capture import CASE, FISH, SALT, SAUCE, lot_of
from traceability import addresses, genealogy
from traceability.batches import AlreadyRecalled
from traceability.epcis import business
from traceability.exports import gathering
from traceability.models import Batch, EpcisEvent, EventLot, Lot, LotKind, LotState

OCOP = EPCIS / "ocop-example" / "ocop-fish-sauce-chain.jsonld"
SHOP, MAKER = "9520000000028", "9520000000011"
JAR = "https://ex.example/lo/Z-1"
TOLD = recall.Told("Kim loại nặng", Severity.SERIOUS, "Heavy metal")


# --- A jar made of a pack of somebody's batch ---------------------------------------------------------------


@pytest.fixture
def mixed(app: Flask, chain: Chain, make: Factories, now: datetime) -> SimpleNamespace:
    """Somebody with a key made a jar of one pack of the chain's first batch."""
    program = Program(app, make.producer("Bếp Z", code="bepz"), now)
    with app.app_context():
        batch = db.session.get_one(Batch, chain.lot_id)
        pack = addresses.of_goods(chain.producer.code, batch.token, None, batch.number)
    job = program.capture(document(made_of(pack)))
    assert job["success"], job
    with app.app_context():
        jar = lot_of(JAR)
        assert jar.kind is LotKind.EXTERNAL
        jar_id = jar.id
    return SimpleNamespace(
        chain=chain, program=program, jar_id=jar_id, office=make.client(chain.office),
        producer=make.client(chain.producer), kitchen=make.client(program.organisation),
    )  # fmt: skip


def made_of(pack: str) -> dict[str, object]:
    """Say that a pack became a jar."""
    return event(
        type="TransformationEvent", action=None, bizStep="commissioning", quantityList=None,
        inputQuantityList=[{"epcClass": pack, "quantity": 1}],
        outputQuantityList=[{"epcClass": JAR, "quantity": 4}],
    )  # fmt: skip


SCREENS = ("", "/bao-cao", "/ket-thuc", "/lo-hang", "/lo-hang?dang=csv", "/noi-giu", "/danh-ba")


@pytest.mark.parametrize("kind", ["that", "dien-tap"])
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_paper_of_a_recall_that_reaches_an_external_lot_opens(
    mixed: SimpleNamespace, kind: str, lang: str
) -> None:
    number = start(mixed.office, mixed.chain.raw_id, kind=kind)

    for client in (mixed.office, mixed.producer):
        client.set_cookie("lang", lang)
        for screen in SCREENS:
            answer = client.get(f"{BASE}/{number}{screen}")
            assert answer.status_code in ((200, 403) if screen == "/ket-thuc" else (200,)), screen
    assert "Z-1" in mixed.office.get(f"{BASE}/{number}/lo-hang?dang=csv").text


def test_an_external_lot_is_listed_and_recalled_by_whoever_may_see_it(mixed: SimpleNamespace, app: Flask) -> None:
    for client in (mixed.office, mixed.kitchen):
        assert f"/moi/{mixed.jar_id}" in client.get(f"{BASE}/moi?q=Z-1").text
        assert client.get(f"{BASE}/moi/{mixed.jar_id}").status_code == 200
    assert mixed.producer.get(f"{BASE}/moi/{mixed.jar_id}").status_code == 404, "it is not theirs"

    number = start(mixed.kitchen, mixed.jar_id)

    for screen in SCREENS:
        assert mixed.office.get(f"{BASE}/{number}{screen}").status_code == 200, screen
    assert mixed.office.get(f"/quan-tri/nguyen-lieu/{mixed.jar_id}").status_code == 200
    with app.app_context():
        assert db.session.get_one(Lot, mixed.jar_id).state is LotState.RECALLED
        assert db.session.get_one(Lot, mixed.chain.lot_id).state is LotState.RELEASED, "only forward"


# --- The chain of the domain, to its end ---------------------------------------------------------------------


@pytest.fixture
def sauce(app: Flask, make: Factories, now: datetime) -> SimpleNamespace:
    """The example chain, captured by its producer; the shop of it has its place here."""
    maker = make.producer("Nước mắm mẫu", code="htx01")
    shop = make.organisation("Cửa hàng mẫu", kind=OrganisationKind.SALES_POINT)
    make.place(maker, gln=MAKER)
    make.place(shop, gln=SHOP)
    program = Program(app, maker, now)
    job = program.capture(read(OCOP))
    assert (job["success"], job["stored"]) == (True, 14)
    office = make.office("Tổ OCOP mẫu")
    return SimpleNamespace(
        program=program, maker=maker, shop=shop, officer=make.actor(office), office=make.client(office)
    )


def begin(world: SimpleNamespace, uri: str, now: datetime, *, is_drill: bool = False) -> str:
    """Recall a lot of the example chain, as the office; give the recall's number."""
    with transaction():
        return recall.start(lot_of(uri), TOLD, is_drill=is_drill, actor=world.officer, now=now).number


@needs_suites
def test_the_example_is_captured_with_its_hashes_and_balances_per_transformation(
    app: Flask, sauce: SimpleNamespace
) -> None:
    example = json.loads(OCOP.read_text())["epcisBody"]["eventList"]
    hashes = OCOP.with_suffix(".hashes").read_text().split()
    with app.app_context():
        rows = db.session.scalars(select(EpcisEvent).order_by(EpcisEvent.id)).all()
        assert [row.hash for row in rows] == hashes
        captured: dict[tuple[str, int], int] = {
            (role, lot_id): quantity
            for role, lot_id, quantity in db.session.execute(
                select(EventLot.role, EventLot.lot_id, EventLot.quantity)
                .join(EpcisEvent, EpcisEvent.trace_event_id == EventLot.event_id)
                .where(EpcisEvent.transformation_id == "https://id.example.vn/xform/NM-2026-014")
            )
        }
        fish, salt, sauce_lot, case = map(lot_of, (FISH, SALT, SAUCE, CASE))
        said = [one for one in example if one["type"] == "TransformationEvent"]
        kilograms = [one["quantity"] for half in said for one in half.get("inputQuantityList", ())]
        bottles = [one["quantity"] for half in said for one in half.get("outputQuantityList", ())]

        assert captured == {
            ("input", fish.id): kilograms[0] * 1000,
            ("input", salt.id): kilograms[1] * 1000,
            ("output", sauce_lot.id): bottles[0],
        }
        assert sum(captured[key] for key in captured if key[0] == "input") == sum(kilograms) * 1000 == 1_600_000
        edges = genealogy.backward([sauce_lot.id]).edges
        assert sum(edge.quantity for edge in edges) == 1_600_000, "the walk carries what the events said"
        assert business.balance(said, "") == []
        assert set(genealogy.forward([fish.id]).lot_ids) == {fish.id, sauce_lot.id, case.id}
        assert set(genealogy.backward([case.id]).lot_ids) == {fish.id, salt.id, sauce_lot.id, case.id}


@needs_suites
@pytest.mark.parametrize("whole", [True, False])
def test_everything_about_a_lot_tells_where_its_case_went(
    app: Flask, sauce: SimpleNamespace, now: datetime, whole: bool
) -> None:
    with app.app_context():
        record = gathering.gather(
            sauce.officer, [lot_of(SAUCE).id], reach=gathering.Reach(whole=whole), asked="Nước mắm", now=now
        )
        told = {event.biz_step for event in record.events}
    assert {"packing", "consigning", "unpacking", "stocking"} <= told


@needs_suites
@pytest.mark.parametrize(("kilograms", "is_taken"), [(1600, True), (2000, False)])
def test_the_two_halves_of_the_example_are_weighed_together(
    app: Flask, make: Factories, now: datetime, kilograms: int, is_taken: bool
) -> None:
    chain = read(OCOP)
    (output,) = chain["epcisBody"]["eventList"][4]["outputQuantityList"]
    output |= {"quantity": kilograms, "uom": "KGM"}
    chain["epcisBody"]["eventList"] = chain["epcisBody"]["eventList"][:5]

    job = Program(app, make.producer(code="htx01"), now).capture(chain)

    assert job["success"] is is_taken, "no more came out than went in, half a year before"


@needs_suites
@pytest.mark.parametrize("is_drill", [False, True])
def test_the_recall_list_of_the_example_is_the_shop_and_the_buyer(
    app: Flask, sauce: SimpleNamespace, now: datetime, is_drill: bool
) -> None:
    with app.app_context():
        number = begin(sauce, FISH, now, is_drill=is_drill)
        row = queries.get_recall(sauce.officer, number)
        known = queries.known_from_events(row)
        told = {one.organisation_id: one for one in queries.notices_of(row)}
        listed = [one for one in known if one.role in (Part.HOLDER, Part.BUYER)]

        assert [(one.role, one.organisation and one.organisation.id, one.number) for one in listed] == [
            (Part.HOLDER, sauce.shop.id, "NM-2026-014"),
            (Part.BUYER, None, "NM-2026-014"),
        ]
        shop, buyer = (one.share for one in listed)
        assert (shop.received, shop.held, shop.sold) == (240, 238, 2), "the sale that was put right counts once"
        assert (buyer.received, listed[1].papers, buyer.is_paper) == (2, ["don-8841"], True)
        (rest,) = (one for one in known if one.role is Part.MAKER)
        assert (rest.organisation.id, rest.share.held) == (sauce.maker.id, 1260)
        assert shop.held + buyer.held + rest.share.held == 1500, "every bottle is with somebody"
        assert told.keys() == {sauce.maker.id, sauce.shop.id}
        assert (told[sauce.shop.id].held, told[sauce.shop.id].sold) == (238, 2)
        assert lot_of(CASE).state is (LotState.RELEASED if is_drill else LotState.RECALLED)
        assert lot_of(SALT).state is LotState.RELEASED

    for screen in SCREENS:
        page = sauce.office.get(f"{BASE}/{number}{screen}")
        assert page.status_code == 200, screen
    for screen in ("", "/bao-cao", "/danh-ba", "/noi-giu"):
        page = sauce.office.get(f"{BASE}/{number}{screen}").text
        assert "Cửa hàng mẫu" in page, screen
        assert "don-8841" in page, screen


@needs_suites
def test_whoever_has_no_account_here_is_listed_by_the_name_in_the_events(
    app: Flask, make: Factories, now: datetime
) -> None:
    program = Program(app, make.producer(code="htx01"), now)
    program.capture(read(OCOP))
    world = SimpleNamespace(officer=make.actor(make.office("Tổ OCOP mẫu")))
    with app.app_context():
        row = queries.get_recall(world.officer, begin(world, FISH, now))
        known = queries.known_from_events(row)

        assert [(one.role, one.organisation, one.name) for one in known] == [
            (Part.HOLDER, None, SHOP), (Part.BUYER, None, "don-8841"), (Part.MAKER, None, MAKER),
        ]  # fmt: skip


@needs_suites
def test_goods_recalled_by_the_word_of_their_owner_are_recalled_with_papers_once(
    app: Flask, sauce: SimpleNamespace, now: datetime
) -> None:
    with app.app_context():
        assert lot_of(SAUCE).state is LotState.RECALLED, "the last event of the example says so"
        assert lot_of(SAUCE).id in [row[0].id for row in queries.lots_to_recall(sauce.officer, "NM-2026-014")]
        begin(sauce, SAUCE, now, is_drill=True)
        begin(sauce, SAUCE, now)
        with pytest.raises(AlreadyRecalled):
            begin(sauce, SAUCE, now)
        assert lot_of(SAUCE).id not in [row[0].id for row in queries.lots_to_recall(sauce.officer, "NM-2026-014")]
