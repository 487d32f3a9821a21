"""Who holds goods that events alone tell of: the trace, its file and everything about a lot say what a recall says."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from types import SimpleNamespace

import pytest
from flask import Flask

from accounts.actor import SYSTEM
from oversight import exporting
from tests.factories import Factories
from tests.oversight.test_external import sauce
from tests.traceability.epcis.interface import Program, document, event
from tests.traceability.epcis.suites import needs_suites
from tests.traceability.epcis.test_capture import FISH, SALT, SAUCE, lot_of
from traceability.exports import bundle

__all__ = ["sauce"]


def trace(world: SimpleNamespace, uri: str, **query: str) -> str:
    with world.program.app.app_context():
        lot_id = lot_of(uri).id
    query = {"lo": str(lot_id), "xem": "noi-giu", "huong": "xuoi", **query}
    return str(world.office.get("/quan-tri/truy-vet/chuoi", query_string=query).text)


def rows_of(world: SimpleNamespace, uri: str) -> list[list[str]]:
    text = trace(world, uri, dang="csv").lstrip("\ufeff")
    return list(csv.reader(io.StringIO(text), delimiter=";" if ";" in text.splitlines()[0] else ","))[1:]


@needs_suites
def test_the_trace_lists_whom_events_name(sauce: SimpleNamespace) -> None:
    page = trace(sauce, SAUCE)

    assert "Không có ai giữ" not in page
    for who, how_many in (("Cửa hàng mẫu", "238"), ("Nước mắm mẫu", "1.260")):
        line = next(row for row in page.split("<tr") if who in row and how_many in row)
        assert "NM-2026-014" in line
    told = {(row[0], row[5], row[6]) for row in rows_of(sauce, SAUCE)}
    assert {("Cửa hàng mẫu", "NM-2026-014", "238"), ("Nước mắm mẫu", "NM-2026-014", "1260")} <= told
    assert sum(int(row[6]) for row in rows_of(sauce, SAUCE) if row[5] == "NM-2026-014") == 1_500


@needs_suites
def test_everything_about_a_lot_says_with_whom_it_is(app: Flask, sauce: SimpleNamespace, now: datetime) -> None:
    with app.app_context():
        ids = {uri: lot_of(uri).id for uri in (SAUCE, FISH, SALT)}
        record = exporting.record_of(SYSTEM, [ids[SAUCE]], now=now)
        uris = {lot_id: uri for uri, lot_id in record.lot_ids.items()}
        held = {(row.kind, row.holder, row.quantity) for row in record.holders if row.lot == uris[ids[SAUCE]]}
        used_up = [row for row in record.holders if row.lot in (uris[ids[FISH]], uris[ids[SALT]]) and row.quantity]
        page = bundle.lot_file(record, lambda _: None)

    assert {("recorded", "Cửa hàng mẫu", 238), ("recorded", "Nước mắm mẫu", 1_260)} <= held
    assert sum(quantity or 0 for kind, _, quantity in held if kind == "customer") == 2
    assert used_up == [], "all of it went into the sauce"
    assert page


@pytest.fixture
def kitchen(app: Flask, make: Factories, now: datetime) -> SimpleNamespace:
    maker = make.producer("Bếp Z", code="bepz")
    return SimpleNamespace(program=Program(app, maker, now), maker=maker, office=make.client(maker))


@pytest.mark.parametrize("by", ["maker", "stranger"])
def test_of_how_much_and_with_whom_nobody_said_nothing_is_made_up(
    app: Flask, kitchen: SimpleNamespace, make: Factories, now: datetime, by: str
) -> None:
    make.product(kitchen.maker, gtin="09520123456788")
    name = "https://id.gs1.org/01/09520123456788/10/Z-1"
    sender = kitchen.program if by == "maker" else Program(app, make.producer("Người lạ", code="khac1"), now)
    sender.capture(document(event(bizStep="inspecting", quantityList=[{"epcClass": name}])))

    with app.app_context():
        record = exporting.record_of(SYSTEM, [lot_of(name).id], now=now)
    expected = ("recorded", "Bếp Z") if by == "maker" else ("not_known", "")
    assert [(row.kind, row.holder, row.quantity) for row in record.holders] == [(*expected, None)]
    (line,) = rows_of(kitchen, name)
    assert (line[0], line[5]) == ("Bếp Z" if by == "maker" else "Chưa rõ", "Z-1")
    assert not line[6].isdigit()


def test_material_that_is_left_is_with_its_owner(kitchen: SimpleNamespace, make: Factories) -> None:
    raw = make.raw_lot(kitchen.maker, number="LUA-1", quantity=100_000)
    query = {"lo": str(raw.id), "xem": "noi-giu"}

    page = kitchen.office.get("/quan-tri/truy-vet/chuoi", query_string=query).text

    assert "Bếp Z" in page
    assert "100\xa0kg" in page.split("LUA-1")[-1]
    assert "Không có ai giữ" not in page


def test_another_organisation_reads_nothing_of_who_holds_it(
    kitchen: SimpleNamespace, make: Factories, app: Flask
) -> None:
    name = "https://ex.example/lo/Z-1"
    kitchen.program.capture(document(event(
        action="ADD", bizStep="commissioning", disposition="active", quantityList=[{"epcClass": name, "quantity": 9}],
    )))  # fmt: skip
    other = make.client(make.producer("Bếp khác"))
    with app.app_context():
        lot_id = lot_of(name).id

    assert other.get(f"/quan-tri/truy-vet/chuoi?lo={lot_id}&xem=noi-giu").status_code == 404
