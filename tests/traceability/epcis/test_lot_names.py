"""A lot that captured events alone tell of is called as its goods are, wherever it is named."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from accounts.actor import SYSTEM
from app.event_jobs import name_lots
from catalog.models import TradeItem
from kernel.db import db, transaction
from oversight import exporting
from tests.factories import Factories
from tests.traceability.epcis.interface import Program, document, event
from tests.traceability.epcis.test_capture import lot_of
from traceability.exports import bundle, fsma
from traceability.models import Lot

GTIN, LATER, FOREIGN = "09520123456788", "09520123456795", "09521234500018"
LOT, UNIT = f"https://id.gs1.org/01/{GTIN}/10/EXT2709", f"https://id.gs1.org/01/{GTIN}/21/PK1"
JAR, BOX = "https://ex.example/lo/Z-1", "https://id.gs1.org/00/095201234567890016"
WHOLE = "Gạo rẫy, gói 500 g"


@pytest.fixture
def program(app: Flask, make: Factories, now: Any) -> Program:
    maker = make.producer("Hợp tác xã mẫu", code="htx01", gs1_prefix="952012345")
    make.product(maker, name="Gạo rẫy", name_en="Hill rice", gtin=GTIN, slug="gao-ray")
    return Program(app, maker, now)


def made(uri: str, **facts: Any) -> dict[str, Any]:
    return event(**{
        "action": "ADD", "bizStep": "commissioning", "disposition": "active",
        "quantityList": [{"epcClass": uri, "quantity": 100}], **facts,
    })  # fmt: skip


def tell(program: Program, *events: dict[str, Any]) -> None:
    job = program.capture(document(*events))
    assert job["success"], job


def names(program: Program, uri: str) -> tuple[str, str]:
    with program.app.app_context():
        lot = lot_of(uri)
        return lot.name_vi, lot.name_en


def words(**facts: Any) -> dict[str, Any]:
    return {f"gs1:{name}": value for name, value in facts.items()}


@pytest.mark.parametrize(("uri", "ilmd", "vi", "en"), [
    (LOT, None, WHOLE, "Hill rice, 500 g pack"),
    (LOT, words(productName="Khác"), WHOLE, "Hill rice, 500 g pack"),
    (UNIT, None, WHOLE, "Hill rice, 500 g pack"),
    (f"https://id.gs1.org/01/{FOREIGN}/10/A", None, f"GTIN {FOREIGN}", ""),
    (f"https://id.gs1.org/01/{FOREIGN}/10/A", words(productName="Tương ớt"), f"Tương ớt (GTIN {FOREIGN})", ""),
    (JAR, None, "Z-1", ""),
    (JAR, words(description=" Mắm \n cá "), "Mắm cá", ""),
    (JAR, words(description="Mắm", productName="Mắm cơm"), "Mắm cơm", ""),
    (JAR, words(productName=[{"@value": "Sauce", "@language": "en"}, {"@value": "Mắm", "@language": "vi"}]),
     "Mắm", "Sauce"),
    (JAR, words(productName={"@value": "Sauce", "@language": "en-GB"}), "Sauce", "Sauce"),
    (JAR, words(productName=7), "Z-1", ""),
    (JAR, words(productName="  "), "Z-1", ""),
    (JAR, words(productName="ớ" * 500), "ớ" * 160, ""),
])  # fmt: skip
def test_a_lot_is_called_as_its_goods_or_as_its_maker_describes_it(
    program: Program, uri: str, ilmd: dict[str, Any] | None, vi: str, en: str
) -> None:
    amounts = {"quantityList": None, "epcList": [uri]} if uri == UNIT else {}
    tell(program, made(uri, ilmd=ilmd, **amounts))

    assert names(program, uri) == (vi, en)


def test_a_carton_is_called_by_its_number(program: Program) -> None:
    tell(program, made(BOX, quantityList=None, epcList=[BOX]))

    assert names(program, BOX) == ("SSCC 095201234567890016", "")


def test_what_is_described_after_it_was_first_named_gets_its_name_then(program: Program) -> None:
    tell(program, event(quantityList=[{"epcClass": JAR, "quantity": 1}]))
    assert names(program, JAR) == ("Z-1", "")

    made_of = {
        "type": "TransformationEvent", "action": None, "quantityList": None,
        "inputQuantityList": [{"epcClass": "https://ex.example/lo/CA-1", "quantity": 1}],
        "outputQuantityList": [{"epcClass": JAR, "quantity": 1}], "eventTime": "2026-11-19T08:00:00+07:00",
    }  # fmt: skip
    tell(program, made(JAR, ilmd=words(productName="Mắm"), **made_of))

    assert names(program, JAR) == ("Mắm", "")
    assert names(program, "https://ex.example/lo/CA-1") == ("CA-1", ""), "what went in is something else"


def test_nobody_names_the_goods_of_others(program: Program, make: Factories) -> None:
    tell(program, made(JAR))
    stranger = Program(program.app, make.producer("Người lạ", code="khac1"), program.now)
    for ilmd in (words(productName="Giả"), words(description="Giả")):
        stranger.capture(document(made(JAR, ilmd=ilmd, eventTime="2026-11-22T08:00:00+07:00")))

    with program.app.app_context():
        name_lots({}, program.now)
    assert names(program, JAR) == ("Z-1", "")


def test_the_name_follows_the_catalogue(program: Program, make: Factories) -> None:
    uri = f"https://id.gs1.org/01/{LATER}/10/B"
    tell(program, made(uri, ilmd=words(productName="Nấm")), made(JAR, ilmd=words(productName="Mắm")))
    assert names(program, uri) == (f"Nấm (GTIN {LATER})", "")
    product = make.product(program.organisation, name="Nấm rừng", slug="nam", published=False)
    with program.app.app_context(), transaction():
        db.session.scalars(db.select(TradeItem).where(TradeItem.product_id == product.id)).one().gtin = LATER
        lot_of(JAR).name_vi = "Z-1"  # as an older database has it

    def after() -> tuple[str, str]:
        with program.app.app_context():
            name_lots({}, program.now)
        return names(program, uri)

    assert after() == (f"Nấm (GTIN {LATER})", ""), "a draft is nobody else's matter"
    assert names(program, JAR) == ("Mắm", "")
    make.product(program.organisation, name="Rau", slug="rau")
    with program.app.app_context(), transaction():
        item = db.session.scalars(db.select(TradeItem).where(TradeItem.gtin == LATER)).one()
        item.product.published_version_id = item.product.draft_version_id
    assert after() == ("Nấm rừng, gói 500 g", "")


def test_every_list_of_the_office_calls_it_so(program: Program, make: Factories, client: FlaskClient) -> None:
    tell(program, made(LOT))
    office = make.client(make.office("Tổ OCOP mẫu"))
    with program.app.app_context():
        lot_id = lot_of(LOT).id
        record = exporting.record_of(SYSTEM, [lot_id], now=program.now)

    for page in (
        "/quan-tri/nguyen-lieu?q=gạo", f"/quan-tri/nguyen-lieu/{lot_id}", "/quan-tri/thu-hoi/moi?q=gạo",
        f"/quan-tri/thu-hoi/moi/{lot_id}", f"/quan-tri/ho-so-lo/{lot_id}", f"/quan-tri/truy-vet/chuoi?lo={lot_id}",
    ):  # fmt: skip
        assert WHOLE in office.get(page).text, page
        joint = "&" if "?" in page else "?"
        assert "Hill rice, 500 g pack" in office.get(f"{page}{joint}lang=en").text, page
        office.get("/?lang=vi")
    (row,) = csv.DictReader(io.StringIO(bundle.tables_of(record)["lo.csv"].decode("utf-8-sig")))
    assert (row["name_vi"], row["name_en"], row["gtin"]) == (WHOLE, "Hill rice, 500 g pack", GTIN)
    assert [one.product for one in fsma.rows_of(record)] == ["Hill rice, 500 g pack"]


def test_its_public_page_is_headed_by_its_description(program: Program, client: FlaskClient) -> None:
    tell(program, made(JAR, ilmd=words(productName="Mắm cá cơm")), made("https://ex.example/lo/Y-1"))

    told = client.get("/truy-xuat/lo", query_string={"ma": JAR}).text
    bare = client.get("/truy-xuat/lo", query_string={"ma": "https://ex.example/lo/Y-1"}).text

    assert "<h1>Mắm cá cơm</h1>" in told
    assert "<h1>Hàng của Hợp tác xã mẫu</h1>" in bare


def test_lots_of_one_number_are_told_apart_by_their_names(program: Program, client: FlaskClient) -> None:
    tell(program, made(LOT), made("https://ex.example/lo/EXT2709", ilmd=words(productName="Mắm cá cơm")))

    page = client.get("/truy-xuat?ma=EXT2709").text

    assert WHOLE in page
    assert "Mắm cá cơm" in page
    with program.app.app_context():
        assert db.session.scalar(db.select(db.func.count()).select_from(Lot)) == 2
