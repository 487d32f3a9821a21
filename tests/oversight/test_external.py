"""A recall of what is known from others' events alone: found, stopped and told of like everything else.

The chain of the domain file is run to its end: captured, balanced, recalled, and whoever has its goods is listed.
"""

from __future__ import annotations

import json
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from accounts.models import OrganisationKind
from app import mail
from kernel.db import db, transaction
from kernel.models import Job
from oversight import answering, notifying, queries, recall
from oversight.models import EntryKind, Severity
from oversight.queries import Part
from tests.factories import Factories
from tests.oversight.conftest import Chain
from tests.oversight.test_screens import BASE, key, start
from tests.traceability.epcis.interface import Program, document, event
from tests.traceability.epcis.suites import EPCIS, needs_suites, read
from tests.traceability.epcis.test_capture import CASE, FISH, SALT, SAUCE, lot_of
from tests.web import send
from traceability import addresses, genealogy
from traceability.batches import AlreadyRecalled
from traceability.epcis import business
from traceability.exports import gathering
from traceability.models import Batch, EpcisEvent, EventLot, Lot, LotKind, LotState
from traceability.queries import packed_before

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
        assert business.balance(said, "", {}) == []
        assert set(genealogy.forward([fish.id]).lot_ids) == {fish.id, sauce_lot.id}, "the shop unpacked the case"
        assert set(genealogy.backward([sauce_lot.id]).lot_ids) == {fish.id, salt.id, sauce_lot.id}
        contents, _ = packed_before(case.id)
        assert [(one.lot.id, one.until.isoformat()) for one in contents] == [
            (sauce_lot.id, "2026-09-14T03:00:00+00:00")
        ]
        assert [one.lot.id for one in packed_before(sauce_lot.id)[1]] == [case.id]
    for lot_id, other in ((case.id, "NM-2026-014"), (sauce_lot.id, "095200000000000011")):
        for page in (f"/quan-tri/nguyen-lieu/{lot_id}", f"/quan-tri/truy-vet/chuoi?lo={lot_id}"):
            told = sauce.office.get(page).text.partition("Đã đóng gói trước đây")[2]
            assert other in told, page


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
        assert lot_of(CASE).state is LotState.RELEASED, "the shop had taken out all that was in it"
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


# --- Whoever has goods that no stock counts answers ----------------------------------------------------------


@pytest.fixture
def handed(app: Flask, make: Factories, now: datetime) -> SimpleNamespace:
    """Thirty jars and some tea were made and went to a shop; of the tea nobody said how much there is."""
    maker = make.producer("Bếp mẫu", code="htx01")
    shop = make.organisation("Cửa hàng mẫu", code="shop1", kind=OrganisationKind.SALES_POINT)
    program = Program(app, maker, now)
    to = {
        "sourceList": [{"type": "possessing_party", "source": "http://shop.test/to-chuc/htx01"}],
        "destinationList": [{"type": "possessing_party", "destination": "http://shop.test/to-chuc/shop1"}],
    }
    rice = [{"epcClass": "https://a.example/lot/RICE", "quantity": 50, "uom": "KGM"}]
    jars, tea = ([{"epcClass": f"https://a.example/lot/{name}"}] for name in ("JARS", "TEA"))
    few = [{**jars[0], "quantity": 12}]
    job = program.capture(document(
        event(action="ADD", bizStep="commissioning", quantityList=rice),
        event(type="TransformationEvent", action=None, bizStep="commissioning", quantityList=None, disposition=None,
              inputQuantityList=[{**rice[0], "quantity": 40}], outputQuantityList=[{**jars[0], "quantity": 30}]),
        event(type="TransformationEvent", action=None, bizStep="commissioning", quantityList=None, disposition=None,
              inputQuantityList=[{**rice[0], "quantity": 10}], outputQuantityList=tea),
        event(bizStep="receiving", eventTime="2026-11-21T08:00:00+07:00", quantityList=[*few, *tea], **to),
    ))  # fmt: skip
    assert job["success"], job
    office = make.office("Tổ OCOP mẫu")
    world = SimpleNamespace(
        app=app, maker=maker, shop=shop, officer=make.actor(office), seller=make.actor(shop),
        clients={name: make.client(who) for name, who in (("office", office), ("shop", shop), ("maker", maker))},
    )  # fmt: skip
    with app.app_context():
        world.jars, world.tea = lot_of("https://a.example/lot/JARS").id, lot_of("https://a.example/lot/TEA").id
        world.number = begin(world, "https://a.example/lot/RICE", now)
    return world


def notice_of(world: SimpleNamespace, to: str) -> Any:
    row = queries.get_recall(world.officer, world.number)
    return next(one for one in queries.notices_of(row) if one.organisation_id == getattr(world, to).id)


def test_a_letter_says_where_nobody_stated_how_much(handed: SimpleNamespace, now: datetime) -> None:
    with handed.app.app_context():
        with transaction():
            notifying.tell(notice_of(handed, "shop").id, now=now)
        path = f"/quan-tri/thu-hoi/{handed.number}/phieu/{notice_of(handed, 'shop').id}"
        letters = [job.args for job in db.session.scalars(select(Job).where(Job.kind == "mail.send"))]
        letter = next(one for one in letters if one["facts"]["path"] == path)
        assert {lot["number"]: (lot["packs"], lot["unit"]) for lot in letter["facts"]["lots"]} == {
            "JARS": (12, "piece"), "TEA": (None, "piece"),
        }  # fmt: skip
    for language, words in (("vi", "không ghi là bao nhiêu"), ("en", "how much is not stated")):
        with handed.app.app_context():  # each letter is a job of its own
            made = mail.compose(handed.app.config["OCOP"], now=now, **{**letter, "language": language})
        for part in made.iter_parts():
            assert f"TEA – {words}" in part.get_content()
            assert "JARS – 12" in part.get_content()
    for client, page in (("office", "/danh-ba"), ("office", ""), ("office", "/noi-giu?dang=csv")):
        assert "không ghi" in handed.clients[client].get(f"{BASE}/{handed.number}{page}").text, page


def test_whoever_has_goods_by_events_alone_counts_them(handed: SimpleNamespace, now: datetime) -> None:
    with handed.app.app_context():
        notice = notice_of(handed, "shop")
        address = f"{BASE}/{handed.number}/phieu/{notice.id}"
    shop = handed.clients["shop"]
    send(shop, f"{address}/da-nhan")
    asked = " ".join(shop.get(f"{address}/dem").text.split())
    assert "theo sổ: 12" in asked
    assert "theo sổ: không ghi" in asked

    for jars, tea, status in (("31", "7", 422), ("10", "7", 303), ("11", "9", 303)):
        found = {f"dem_{handed.jars}_0": jars, f"dem_{handed.tea}_0": tea}
        answer = send(shop, f"{address}/dem", found, request_key=key(shop, f"{address}/dem"))
        assert answer.status_code == status, jars

    with handed.app.app_context():
        row = queries.get_recall(handed.officer, handed.number)
        parts = {one.lot_id: one.parts for one in queries.reckoning(row)}
        assert queries.found_by_events(row) == {
            (handed.shop.id, handed.jars): 11, (handed.shop.id, handed.tea): 9,
        }  # fmt: skip
        assert (parts[handed.jars].made, parts[handed.jars].missing, parts[handed.jars].unexplained) == (30, 1, 0)
        assert (parts[handed.tea].made, parts[handed.tea].unexplained) == (0, 0)
    for lang, words in (("vi", "tìm thấy 11"), ("en", "11 found")):
        handed.clients["office"].set_cookie("lang", lang)
        assert words in handed.clients["office"].get(f"{BASE}/{handed.number}").text


def test_what_is_destroyed_of_goods_known_from_events_is_no_more_than_there_is(
    handed: SimpleNamespace, now: datetime
) -> None:
    with handed.app.app_context():
        common = {"actor": handed.seller, "now": now}
        for quantity, refusal in ((13, answering.NotSoMany), (0, answering.NoQuantity)):
            with pytest.raises(refusal), transaction():
                answering.enter(notice_of(handed, "shop"), EntryKind.DESTROYED, (handed.jars, None), quantity, **common)
        for lot_id in (handed.jars, handed.tea):
            with transaction():
                answering.enter(notice_of(handed, "shop"), EntryKind.DESTROYED, (lot_id, None), 5, **common)
        stranger = notice_of(handed, "maker")
        with pytest.raises(answering.NotInThisRecall), transaction():
            answering.count(notice_of(handed, "shop"), {(stranger.recall.lot_id, None): 1}, **common)

        assert {one.number: (one.quantity, one.by_events) for one in queries.goods_to_count(stranger)} == {
            "JARS": (18, True)
        }, "the rest of the jars; all the rice was used"
        with transaction():
            recall.close(
                queries.get_recall(handed.officer, handed.number), conclusion="Xong", even_unanswered=True,
                actor=handed.officer, now=now,
            )  # fmt: skip
        outcome = {
            one.lot_id: one.parts for one in queries.reckoning(queries.get_recall(handed.officer, handed.number))
        }
        assert (outcome[handed.jars].destroyed, outcome[handed.tea].destroyed) == (5, 0)
