"""The spreadsheet of FSMA 204 tells lots that captured events alone know as it tells those of our own screens."""

from __future__ import annotations

from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from accounts.actor import SYSTEM, Actor
from accounts.models import OrganisationKind
from oversight import exporting
from tests.factories import Factories
from tests.oversight.test_external import sauce
from tests.traceability.epcis.interface import Program, document, event
from tests.traceability.epcis.suites import needs_suites
from tests.traceability.epcis.test_capture import FISH, SAUCE, lot_of
from traceability.exports import bundle, fsma
from traceability.exports.record import Record

__all__ = ["sauce"]
PADDY, RICE, FOREIGN = "https://ex.example/lo/P-1", "https://ex.example/lo/R-1", "09521234500018"
FRESH, COOKED = "09520123456788", "09520123456795"
BOX, PALLET = "https://id.gs1.org/00/095201234567890016", "https://id.gs1.org/00/095201234567890023"
FARM, SHOP = "9520123456009", "9520123456016"
SHOP_PARTY = f"https://id.gs1.org/417/{SHOP}"


@pytest.fixture
def world(app: Flask, make: Factories, now: datetime) -> SimpleNamespace:
    """A producer of fresh and of cooked goods whose own programs tell what it does, and a shop."""
    maker = make.producer("Hợp tác xã mẫu", code="htx01", gs1_prefix="952012345", address="Thôn Mẫu")
    make.product(maker, name="Rau rừng", name_en="Forest greens", gtin=FRESH, slug="rau", criteria_set_no=1)
    make.product(maker, name="Mắm", name_en="Sauce", gtin=COOKED, slug="mam", criteria_set_no=9)
    make.place(maker, name="Rẫy mẫu", gln=FARM)
    shop = make.organisation("Quầy mẫu", kind=OrganisationKind.SALES_POINT, address="Chợ mẫu")
    make.place(shop, name="Cửa sau", gln=SHOP)
    return SimpleNamespace(app=app, now=now, program=Program(app, maker, now), maker=maker, shop=shop, make=make)


def lot(gtin: str, number: str = "L-1") -> str:
    return f"https://id.gs1.org/01/{gtin}/10/{number}"


def on(day: int, hour: int = 8) -> str:
    return f"2026-11-{day:02}T{hour:02}:00:00+07:00"


def some(uri: str, quantity: float | None = 100, **facts: Any) -> dict[str, Any]:
    amount = {} if quantity is None else {"quantity": quantity}
    return event(**{"disposition": None, "quantityList": [{"epcClass": uri, **amount}], **facts})


def made(uri: str, **facts: Any) -> dict[str, Any]:
    return some(uri, **{"action": "ADD", "bizStep": "commissioning", "eventTime": on(10), **facts})


def packs(parent: str, *children: str, **facts: Any) -> dict[str, Any]:
    goods = [{"epcClass": one, "quantity": 24} for one in children if "/00/" not in one]
    return event(**{
        "type": "AggregationEvent", "action": "ADD", "bizStep": "packing", "disposition": None, "quantityList": None,
        "parentID": parent, "childQuantityList": goods or None, "eventTime": on(11),
        "childEPCs": [one for one in children if "/00/" in one] or None, **facts,
    })  # fmt: skip


def moved(*units: str, step: str = "shipping", **facts: Any) -> dict[str, Any]:
    return event(**{
        "bizStep": step, "disposition": None, "quantityList": None, "epcList": list(units), "eventTime": on(12), **facts
    })  # fmt: skip


def to_shop(kind: str = "possessing_party", name: str = SHOP_PARTY) -> list[dict[str, str]]:
    return [{"type": kind, "destination": name}]


def tell(world: SimpleNamespace, *events: dict[str, Any]) -> None:
    job = world.program.capture(document(*events))
    assert job["success"], job


def record_of(world: SimpleNamespace, uri: str, actor: Actor = SYSTEM) -> Record:
    with world.app.app_context():
        return exporting.record_of(actor, [lot_of(uri).id], now=world.now)


def rows(world: SimpleNamespace, uri: str) -> list[fsma.Row]:
    return fsma.rows_of(record_of(world, uri))


# --- What a commissioning is ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("uri", "facts", "kind"), [
    (PADDY, {"ilmd": {"cbvmda:harvestEndDate": "2026-11-08"}}, fsma.HARVESTING),
    (PADDY, {"ilmd": {"gs1:farmList": "x"}}, fsma.HARVESTING),
    (PADDY, {"bizStep": "collecting"}, fsma.HARVESTING),
    (PADDY, {"bizStep": "https://ex.example/steps/harvesting"}, fsma.HARVESTING),
    (lot(FRESH), {"ilmd": {"cbvmda:harvestEndDate": "2026-11-08"}}, fsma.HARVESTING),
    (PADDY, {}, fsma.TRANSFORMATION),
    (PADDY, {"ilmd": {"cbvmda:itemExpirationDate": "2027-06-01"}}, fsma.TRANSFORMATION),
    (lot(FRESH), {}, fsma.INITIAL_PACKING),
    (lot(COOKED), {}, fsma.TRANSFORMATION),
    (lot(COOKED), {"ilmd": {"cbvmda:harvestEndDate": "2026-11-08"}}, fsma.TRANSFORMATION),
    (lot(FOREIGN), {}, fsma.TRANSFORMATION),
    (PADDY, {"ilmd": {"cbvmda:vesselID": "VN-1", "cbvmda:harvestEndDate": "2026-11-08"}}, None),
])  # fmt: skip
def test_only_what_is_harvested_is_a_harvest(
    world: SimpleNamespace, uri: str, facts: dict[str, Any], kind: str | None
) -> None:
    tell(world, made(uri, **facts))

    assert [row.event for row in rows(world, uri)] == ([] if kind is None else [kind])


def test_what_is_not_on_record_of_a_making_is_named(world: SimpleNamespace) -> None:
    tell(world, made(lot(COOKED)))

    (row,) = rows(world, lot(COOKED))

    assert (row.lot_code, row.product, row.quantity) == (lot(COOKED), "Sauce, 500 g pack", 100)
    assert "Food used: traceability lot code" in row.missing
    assert "Traceability lot code source" not in row.missing, "its maker assigned it"
    assert "Hợp tác xã mẫu" in row.code_source


def test_a_harvest_and_its_packing_carry_farm_day_and_harvester(world: SimpleNamespace) -> None:
    there = {"readPoint": {"id": f"https://id.gs1.org/414/{FARM}"}}
    tell(
        world,
        made(PADDY, ilmd={"cbvmda:harvestEndDate": "2026-11-08"}, **there),
        event(
            type="TransformationEvent", action=None, bizStep="commissioning", disposition=None, quantityList=None,
            inputQuantityList=[{"epcClass": PADDY, "quantity": 100}], eventTime=on(11),
            outputQuantityList=[{"epcClass": lot(FRESH), "quantity": 90}],
        ),
    )  # fmt: skip

    harvest, packed = rows(world, lot(FRESH))

    assert (harvest.event, packed.event) == (fsma.HARVESTING, fsma.INITIAL_PACKING)
    for row in (harvest, packed):
        assert row.farm.startswith("Rẫy mẫu; ")
        assert f"GLN {FARM}" in row.farm
        assert row.harvester == "Hợp tác xã mẫu"
        assert row.harvested_on == date(2026, 11, 8)
    assert harvest.lot_code == ""
    assert (packed.lot_code, packed.used_lot_code, packed.used_quantity) == (lot(FRESH), PADDY, 100)
    assert "Forest greens" in packed.product


def test_what_transformed_goods_are_numbered_by_afterwards_makes_them_no_second_time(world: SimpleNamespace) -> None:
    tell(
        world,
        event(
            type="TransformationEvent", action=None, bizStep="commissioning", disposition=None, quantityList=None,
            inputQuantityList=[{"epcClass": PADDY, "quantity": 100}], eventTime=on(9),
            outputQuantityList=[{"epcClass": RICE, "quantity": 90}],
        ),
        made(RICE, quantityList=[{"epcClass": RICE}]),
    )  # fmt: skip

    assert [(row.event, row.used_lot_code) for row in rows(world, RICE)] == [(fsma.TRANSFORMATION, PADDY)]


# --- From whom, to whom, with which papers --------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["shipping", "consigning", "departing"])
@pytest.mark.parametrize(("kind", "name", "words"), [
    ("possessing_party", SHOP_PARTY, ["Quầy mẫu", "Chợ mẫu", f"GLN {SHOP}"]),
    ("location", f"https://id.gs1.org/414/{SHOP}", ["Cửa sau", "Quầy mẫu"]),
    ("owning_party", "urn:epc:id:pgln:9520000.00002", ["GLN 9520000000028"]),
    ("possessing_party", "https://ex.example/to/7", ["https://ex.example/to/7"]),
])  # fmt: skip
def test_who_gets_goods_is_told_as_the_event_names_it(
    world: SimpleNamespace, step: str, kind: str, name: str, words: list[str]
) -> None:
    papers = [
        {"type": "desadv", "bizTransaction": "https://ex.example/doc/PX-7"},
        {"type": "po", "bizTransaction": "https://ex.example/doc/D-9"},
    ]
    destinations = to_shop(kind, name)
    shipped = some(lot(COOKED), 5, bizStep=step, eventTime=on(12), destinationList=destinations)
    tell(world, made(lot(COOKED)), {**shipped, "bizTransactionList": papers})

    row = rows(world, lot(COOKED))[-1]

    assert (row.event, row.quantity) == (fsma.SHIPPING, 5)
    for word in words:
        assert word in row.recipient
    assert (row.document_type, row.document) == ("Despatch advice; Purchase order", "PX-7; D-9")
    assert row.missing == ""


@pytest.mark.parametrize(("steps", "days"), [
    (["receiving"], [12]), (["arriving"], [12]), (["accepting"], [12]), (["arriving", "accepting"], [12]),
])  # fmt: skip
def test_from_whom_goods_came_is_told_once(world: SimpleNamespace, steps: list[str], days: list[int]) -> None:
    given = {
        "sourceList": [{"type": "possessing_party", "source": SHOP_PARTY}],
        "destinationList": [{"type": "location", "destination": f"https://id.gs1.org/414/{FARM}"}],
        "bizTransactionList": [{"type": "recadv", "bizTransaction": "https://ex.example/doc/PN-1"}],
    }
    tell(world, *(
        some(PADDY, 30, bizStep=step, eventTime=on(12 + place), **given) for place, step in enumerate(steps)
    ))  # fmt: skip

    told = rows(world, PADDY)

    assert [(row.event, row.on.day) for row in told] == [(fsma.RECEIVING, day) for day in days]
    assert "Quầy mẫu" in told[0].source
    assert told[0].location.startswith("Rẫy mẫu")
    assert (told[0].document_type, told[0].document) == ("Receiving advice", "PN-1")
    assert told[0].missing == "Traceability lot code source", "who received it did not assign its code"


def test_the_tables_and_json_tell_parties_and_papers_too(world: SimpleNamespace) -> None:
    papers = [{"type": "desadv", "bizTransaction": "https://ex.example/doc/PX-7"}]
    shipped = some(lot(COOKED), 5, bizStep="shipping", eventTime=on(12), destinationList=to_shop())
    tell(world, made(lot(COOKED)), {**shipped, "bizTransactionList": papers})

    record = record_of(world, lot(COOKED))
    table = bundle.tables_of(record)["su-kien.csv"].decode()

    for text in (table, bundle.as_json(record).decode()):
        assert "Quầy mẫu" in text
        assert "PX-7" in text


def test_who_bought_goods_is_told_to_who_may_see_it(world: SimpleNamespace) -> None:
    home = "https://ex.example/nguoi/an"
    shipped = some(RICE, 5, bizStep="shipping", eventTime=on(12), destinationList=to_shop(name=home))
    baked = event(
        type="TransformationEvent", action=None, bizStep="commissioning", disposition=None, quantityList=None,
        inputQuantityList=[{"epcClass": RICE, "quantity": 1}], outputQuantityList=[{"epcClass": PADDY, "quantity": 1}],
        eventTime=on(13),
    )  # fmt: skip
    tell(world, made(RICE), shipped)
    cook = Program(world.app, world.make.producer("Bếp khác", code="bepk"), world.now)
    given = some(RICE, 5, bizStep="shipping", eventTime=on(12, 9),
                 destinationList=to_shop(name="http://shop.test/to-chuc/bepk"))  # fmt: skip
    tell(world, given)
    job = cook.capture(document(baked))
    assert job["success"], job

    def told(actor: Actor) -> str:
        record = record_of(world, PADDY, actor)
        return bundle.as_json(record).decode() + str(fsma.rows_of(record))

    assert home in told(SYSTEM)
    assert home not in told(world.make.actor(cook.organisation))


# --- In cartons and on pallets --------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["shipping", "receiving"])
def test_what_goes_in_cartons_is_told_by_its_lot(world: SimpleNamespace, step: str) -> None:
    tell(
        world, made(lot(COOKED)), made(lot(FRESH)), packs(BOX, lot(COOKED), lot(FRESH)),
        moved(BOX, step=step, destinationList=to_shop()),
        event(type="AggregationEvent", action="DELETE", bizStep="unpacking", disposition=None, quantityList=None,
              parentID=BOX, eventTime=on(14)),
        moved(BOX, step="receiving", eventTime=on(15)),
    )  # fmt: skip

    told = [row for row in rows(world, lot(COOKED)) if row.event in (fsma.SHIPPING, fsma.RECEIVING)]

    (row,) = [row for row in told if row.on.day == 12]
    assert (row.lot_code, row.quantity, row.packed_in) == (lot(COOKED), 24, "SSCC 095201234567890016")
    assert all(row.lot_code != BOX for row in told)
    (empty,) = [row for row in told if row.on.day == 15]
    assert (empty.lot_code, empty.product) == ("", "What is packed in SSCC 095201234567890016")
    assert empty.missing.startswith("Product description")


def test_what_lies_in_a_box_on_a_pallet_is_told_once(world: SimpleNamespace) -> None:
    tell(world, made(lot(COOKED)), packs(BOX, lot(COOKED)), packs(PALLET, BOX), moved(PALLET, BOX))

    told = [row for row in rows(world, lot(COOKED)) if row.event == fsma.SHIPPING]

    assert [(row.lot_code, row.quantity, row.packed_in) for row in told] == [
        (lot(COOKED), 24, "SSCC 095201234567890023")
    ]


def test_what_an_event_names_beside_its_carton_is_told_once(world: SimpleNamespace) -> None:
    both = moved(BOX, quantityList=[{"epcClass": lot(COOKED), "quantity": 30}])
    shown = packs(BOX, lot(COOKED), action="OBSERVE", bizStep="shipping", eventTime=on(13))
    tell(world, made(lot(COOKED)), packs(BOX, lot(COOKED)), both, shown)

    told = [row for row in rows(world, lot(COOKED)) if row.event == fsma.SHIPPING]

    assert [(row.lot_code, row.quantity) for row in told] == [(lot(COOKED), 30), (lot(COOKED), 24)]
    assert told[1].packed_in == "SSCC 095201234567890016"


def test_the_file_of_a_carton_tells_what_lay_in_it(world: SimpleNamespace) -> None:
    tell(
        world, made(lot(COOKED)), packs(BOX, lot(COOKED)), moved(BOX),
        event(type="AggregationEvent", action="DELETE", bizStep="unpacking", disposition=None, quantityList=None,
              parentID=BOX, eventTime=on(14)),
    )  # fmt: skip

    (row,) = [row for row in rows(world, BOX) if row.event == fsma.SHIPPING]

    assert (row.lot_code, row.quantity) == (lot(COOKED), 24)


def test_a_carton_of_which_only_strangers_say_what_is_in_it_tells_nothing(world: SimpleNamespace) -> None:
    tell(world, made(RICE))
    stranger = Program(world.app, world.make.producer("Người lạ", code="khac1"), world.now)
    stranger.capture(document(packs(BOX, RICE), moved(BOX)))

    record = record_of(world, BOX, world.make.actor(stranger.organisation))

    assert [row.lot_code for row in fsma.rows_of(record) if row.event == fsma.SHIPPING] == [""]


def test_what_was_declared_wrong_and_what_strangers_say_has_no_row(world: SimpleNamespace) -> None:
    wrong = some(RICE, 5, bizStep="shipping", eventTime=on(12), eventID="urn:uuid:6f3c1c64-8f7d-4c37-9c2f-0a5f0f3d9a11")
    declared = {**wrong, "errorDeclaration": {"declarationTime": on(13), "reason": "incorrect_data"}}
    tell(world, made(RICE), wrong)
    assert fsma.SHIPPING in {row.event for row in rows(world, RICE)}
    tell(world, declared)
    stranger = Program(world.app, world.make.producer("Người lạ", code="khac1"), world.now)
    stranger.capture(document(some(RICE, 9, bizStep="shipping", eventTime=on(14))))

    assert [row.event for row in rows(world, RICE)] == [fsma.TRANSFORMATION]


@needs_suites
def test_the_chain_of_the_example_is_told_to_its_end(app: Flask, sauce: SimpleNamespace, now: datetime) -> None:
    with app.app_context():
        record = exporting.record_of(SYSTEM, [lot_of(SAUCE).id], now=now)
    told = fsma.rows_of(record)

    assert [(row.event, row.lot_code.rpartition("/")[2], row.used_lot_code.rpartition("/")[2]) for row in told] == [
        (fsma.RECEIVING, "CA-COM-260301", ""),
        (fsma.RECEIVING, "MUOI-2602", ""),
        (fsma.TRANSFORMATION, "NM-2026-014", "CA-COM-260301"),
        (fsma.TRANSFORMATION, "NM-2026-014", "MUOI-2602"),
        (fsma.SHIPPING, "NM-2026-014", ""),
        (fsma.RECEIVING, "NM-2026-014", ""),
    ]
    sent, received = told[-2:]
    assert "Cửa hàng mẫu" in sent.recipient
    assert "Nước mắm mẫu" in received.source
    assert (sent.document_type, sent.document, sent.quantity) == ("Despatch advice", "px-0913", 240)
    assert sent.packed_in == received.packed_in == "SSCC 095200000000000011"
    assert told[0].source == "https://id.example.vn/party/htx-bien-xanh"
    assert told[0].lot_code == FISH
