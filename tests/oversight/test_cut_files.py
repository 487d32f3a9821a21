"""A file holds the whole chain of a lot; one that cannot says so in each of its tables."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import datetime
from types import SimpleNamespace

import openpyxl
import pytest
from flask import Flask

from accounts.actor import SYSTEM
from admin import genealogy
from oversight import exporting
from tests.factories import Factories
from tests.oversight.test_lot_files import _validator
from tests.traceability.epcis.interface import Program, document, event
from tests.traceability.epcis.suites import EPCIS, needs_suites, read
from tests.traceability.epcis.test_capture import lot_of
from tests.web import send
from traceability.exports import bundle, gathering

MANY, FEW = 2_100, 6
RAW = "https://ex.example/lo/R0"


def captured(app: Flask, make: Factories, now: datetime, many: int) -> SimpleNamespace:
    """Capture a harvest of which so many lots were made."""
    maker = make.producer("Bếp Z", code="bepz")
    program = Program(app, maker, now)
    got = event(
        action="ADD", bizStep="commissioning", quantityList=[{"epcClass": RAW, "quantity": many, "uom": "KGM"}],
        ilmd={"cbvmda:harvestEndDate": "2026-11-19"},
    )  # fmt: skip
    made = event(
        type="TransformationEvent", action=None, bizStep="commissioning", quantityList=None, disposition=None,
        inputQuantityList=[{"epcClass": RAW, "quantity": many, "uom": "KGM"}],
        outputQuantityList=[
            {"epcClass": f"https://ex.example/lo/P{number}", "quantity": 1, "uom": "KGM"} for number in range(many)
        ],
        eventTime="2026-11-21T08:00:00+07:00",
    )  # fmt: skip
    job = program.capture(document(got, made))
    assert job["success"], job
    with app.app_context():
        return SimpleNamespace(lot_id=lot_of(RAW).id, client=make.client(maker), now=now)


@pytest.fixture
def harvest(app: Flask, make: Factories, now: datetime) -> SimpleNamespace:
    return captured(app, make, now, FEW)


def everything(world: SimpleNamespace) -> dict[str, bytes]:
    """Put everything about the harvest into a ZIP; give its files by name."""
    record = exporting.record_of(SYSTEM, [world.lot_id], now=world.now)
    archive = zipfile.ZipFile(io.BytesIO(bundle.lot_file(record, lambda _: None)))
    return {name: archive.read(name) for name in archive.namelist()}


def sheet(world: SimpleNamespace, form: str) -> bytes:
    answer = world.client.get(f"/quan-tri/ho-so-lo/{world.lot_id}/fsma.{form}")
    assert answer.status_code == 200
    return bytes(answer.data)


def rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


def test_a_chain_longer_than_a_screen_is_whole_in_its_files(app: Flask, make: Factories, now: datetime) -> None:
    harvest = captured(app, make, now, MANY)
    listed = rows(sheet(harvest, "csv"))
    book = openpyxl.load_workbook(io.BytesIO(sheet(harvest, "xlsx")))

    assert "CUT" not in listed[-1][0]
    made = {row[1] for row in listed if row[0] == "Transformation"}
    assert len(made) == MANY
    assert sum(row[0].value == "Transformation" for row in book["Traceability records"].rows) == MANY
    assert not any("CUT" in str(row[0].value) for row in book["About"].rows)


@pytest.mark.parametrize("limit", ["MOST_LOTS", "MOST_EDGES", "MOST_EVENTS"])
def test_what_a_file_leaves_out_is_said_in_each_of_its_tables(
    harvest: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, app: Flask, limit: str
) -> None:
    monkeypatch.setattr(gathering, limit, 1)

    with app.app_context():
        files = everything(harvest)

    tables = [name for name in files if name.endswith(".csv")]
    assert "fsma-204.csv" in tables
    assert len(tables) > 6
    for name in tables:
        assert "THE LIST WAS CUT" in rows(files[name])[-1][0], name
    for data in (files["fsma-204.xlsx"], sheet(harvest, "xlsx")):
        book = openpyxl.load_workbook(io.BytesIO(data))
        for leaf in ("Traceability records", "About"):
            assert any("THE LIST WAS CUT" in str(row[0].value) for row in book[leaf].rows), leaf
    assert "THE LIST WAS CUT" in rows(sheet(harvest, "csv"))[-1][0]
    assert json.loads(files["epcis.jsonld"])["ocop:isCut"] is True
    assert json.loads(files["du-lieu.json"])["is_cut"] is True
    asked = [row for row in json.loads(files["du-lieu.json"])["lots"] if row["uri"] == RAW]
    assert asked, "what was asked for is never left out"


@needs_suites
def test_a_cut_document_of_events_is_sound_by_the_official_schema(
    harvest: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, app: Flask
) -> None:
    monkeypatch.setattr(gathering, "MOST_EVENTS", 1)
    judge = _validator(read(EPCIS / "schema" / "epcis-json-schema-2.0.1.json"))

    with app.app_context():
        told = json.loads(everything(harvest)["epcis.jsonld"])

    assert [error.message for error in judge.iter_errors(told)] == []


def test_the_sheet_of_days_says_that_more_happened(harvest: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask() -> list[list[str]]:
        answer = send(harvest.client, "/quan-tri/ho-so-lo", first="2026-11-20", last="2026-11-21", dang="csv")
        assert answer.status_code == 200
        return rows(answer.data)

    assert "CUT" not in ask()[-1][0]
    monkeypatch.setattr(gathering, "MOST_LOTS", FEW)
    assert "THE LIST WAS CUT" in ask()[-1][0]


@pytest.mark.parametrize(("lang", "words"), [("vi", "Hơn {} lô có liên quan"), ("en", "More than {} lots hang")])
def test_the_heading_of_a_cut_trace_says_more_than(
    harvest: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, lang: str, words: str
) -> None:
    page = f"/quan-tri/truy-vet/chuoi?lo={harvest.lot_id}&huong=xuoi&lang={lang}"
    assert words.split(" {}")[0] not in harvest.client.get(page).text

    monkeypatch.setattr(genealogy, "MOST_EDGES", FEW - 1)
    assert words.format(FEW - 1) in harvest.client.get(page).text
