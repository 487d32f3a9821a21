"""Everything about a lot in one file, the spreadsheet of FSMA 204, and who may have them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import zipfile
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient

from accounts.actor import SYSTEM
from accounts.models import OrganisationKind
from catalog.models import TradeItem, Unit
from kernel import jobs
from kernel.db import db, transaction
from kernel.models import AuditEntry
from oversight import exporting
from stock import ledger, production
from stock.models import Location, LocationKind
from tests.factories import BA_TO, Factories
from tests.traceability.epcis.suites import EPCIS, needs_suites, read
from tests.web import send
from traceability import batches, lots
from traceability.epcis.validation import Profile, check_document
from traceability.exports import bundle, fsma
from traceability.exports.record import Record
from traceability.lots import Received
from traceability.models import Batch, Lot

GTIN = "09521234500018"
TODAY = date(2026, 11, 24)


@pytest.fixture
def chain(app: Flask, make: Factories, now: datetime) -> SimpleNamespace:
    """Raw rice of a household, packed into a batch that is released."""
    producer = make.producer("HTX Ba Động", code="htxbd", address="Thôn Suối Loa", phone="+84905123456")
    product = make.product(producer, name="Gạo rẫy", name_en="Hill rice", gtin=GTIN)
    make.certificate(product, number="MAU-2026-7")
    item = make.item(product)
    with make._context():
        told = Received(
            name_vi="Thóc rẫy",
            name_en="Paddy",
            number="NL-1",
            quantity=300_000,
            unit=Unit.GRAM,
            harvested_on=date(2026, 10, 12),
            received_on=date(2026, 10, 14),
            commune=producer.commune_code,
            supplier="Nhóm hộ Nước Lang",
            growing_area="Rẫy Nước Lang",
        )
        with transaction():
            raw = lots.receive_raw_lot(producer, told, actor=SYSTEM, now=now)
        with transaction():
            batch = batches.open_batch(
                db.session.get_one(TradeItem, item.id),
                number="L-1",
                made_on=date(2026, 10, 20),
                expires_on=date(2027, 10, 20),
                quantity=400,
                inputs={raw.id: 200_000},
                actor=SYSTEM,
                now=now,
            )
        with transaction():
            production.release(db.session.get_one(Batch, batch.lot_id), actor=SYSTEM, now=now)
        return SimpleNamespace(producer=producer, raw_id=raw.id, lot_id=batch.lot_id, item=item)


def made_file(client: FlaskClient, lot_id: int) -> dict[str, bytes]:
    """Ask for everything about a lot by the screen and fetch it."""
    page = client.get(f"/quan-tri/ho-so-lo/{lot_id}").text
    key = re.search(r'name="request_key"[^>]*value="([^"]+)"', page)[1]  # type: ignore[index]
    assert send(client, f"/quan-tri/ho-so-lo/{lot_id}", request_key=key).status_code == 303
    href = re.search(r"/quan-tri/ho-so-lo/tep/\d+", client.get(f"/quan-tri/ho-so-lo/{lot_id}").text)
    assert href, "there is no file to fetch"
    answer = client.get(href[0])
    assert answer.status_code == 200
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    return {name: archive.read(name) for name in archive.namelist()}


def test_one_button_gives_everything_about_a_lot(make: Factories, chain: SimpleNamespace) -> None:
    files = made_file(make.client(chain.producer), chain.lot_id)

    told = json.loads(files["du-lieu.json"])
    assert {row["number"]: (row["relation"], row["quantity"]) for row in told["lots"]} == {
        "L-1": ("asked", 400),
        "NL-1": ("before", 300_000),
    }
    assert [(edge["quantity"], edge["unit"]) for edge in told["edges"]] == [(200_000, "g")]
    assert [row["number"] for row in told["certificates"]] == ["MAU-2026-7"]
    held = {(row["kind"], row["quantity"]) for row in told["holders"]}
    assert held == {("warehouse", 400), ("material", 100_000)}
    assert len(told["events"]) == len(json.loads(files["epcis.jsonld"])["epcisBody"]["eventList"]) == 4
    index = files["index.html"].decode()
    assert '<html lang="vi">' in index
    assert "Hiện ai đang giữ" in index
    assert "Nhóm hộ Nước Lang" in index


def test_every_file_is_in_the_list_of_digests(make: Factories, chain: SimpleNamespace) -> None:
    files = made_file(make.client(chain.producer), chain.lot_id)

    lines = [line.split("  ") for line in files["SHA256SUMS"].decode().splitlines()]
    assert {name: digest for digest, name in lines} == {
        name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != "SHA256SUMS"
    }


def test_the_same_record_gives_the_same_bytes(
    make: Factories, ctx: Flask, chain: SimpleNamespace, now: datetime
) -> None:
    made = [bundle.lot_file(exporting.record_of(SYSTEM, [chain.lot_id], now=now), lambda _: None) for _ in range(2)]

    assert made[0] == made[1]


def test_of_another_producers_lot_only_what_everybody_may_know_is_told(
    make: Factories, ctx: Flask, chain: SimpleNamespace, now: datetime
) -> None:
    buyer = make.producer("Cơ sở mua gạo", commune=BA_TO)
    flour = make.batch(make.item(make.product(buyer)), number="BOT-1")
    make.edge(flour.lot_id, chain.raw_id, 1_000)

    record = exporting.record_of(make.actor(buyer), [flour.lot_id], now=now)

    brief = next(lot for lot in record.lots if lot.number == "NL-1")
    assert not brief.in_full
    assert (brief.quantity, brief.supplier, brief.growing_area, brief.place) == (None, "", "", "")
    assert all(one.lot != brief.uri for one in record.holders)
    assert "Nhóm hộ Nước Lang" not in bundle.as_json(record).decode()
    assert next(one for one in record.organisations if one.code == "htxbd").phone == ""
    assert all(event.organisation != "htxbd" or event.title_vi for event in record.events)


def test_a_file_is_for_who_asked_and_each_fetch_is_in_the_trail(
    make: Factories, app: Flask, chain: SimpleNamespace
) -> None:
    office = make.office()
    made_file(make.client(office), chain.lot_id)

    assert make.client(chain.producer).get("/quan-tri/ho-so-lo/tep/1").status_code == 404
    assert make.client(make.producer(commune=BA_TO)).get(f"/quan-tri/ho-so-lo/{chain.lot_id}").status_code == 404
    with app.app_context():
        acts = db.session.scalars(
            db.select(AuditEntry.action)
            .where(AuditEntry.subject == f"lot:{chain.lot_id}", AuditEntry.action.like("oversight.%"))
            .order_by(AuditEntry.id)
        ).all()
    assert list(acts) == ["oversight.ask_lot_file", "oversight.download"]


def test_a_long_chain_is_written_by_the_worker_with_the_rights_of_who_asked(
    make: Factories, app: Flask, chain: SimpleNamespace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "MADE_AT_ONCE", 0)
    client = make.client(chain.producer)
    page = client.get(f"/quan-tri/ho-so-lo/{chain.lot_id}").text
    key = re.search(r'name="request_key"[^>]*value="([^"]+)"', page)[1]  # type: ignore[index]
    for _ in range(2):  # sent twice, asked once
        send(client, f"/quan-tri/ho-so-lo/{chain.lot_id}", request_key=key)
    assert client.get("/quan-tri/ho-so-lo/tep/1").status_code == 404

    with app.app_context():
        while jobs.run_one(now):
            pass

    answer = client.get("/quan-tri/ho-so-lo/tep/1")
    assert answer.status_code == 200
    assert "epcis.jsonld" in zipfile.ZipFile(io.BytesIO(answer.data)).namelist()
    assert client.get("/quan-tri/ho-so-lo/tep/2").status_code == 404


# --- The form of the standard --------------------------------------------------------------------------------


def test_the_events_are_sound_epcis_by_our_own_rules(
    make: Factories, ctx: Flask, chain: SimpleNamespace, now: datetime
) -> None:
    record = exporting.record_of(SYSTEM, [chain.lot_id], now=now)
    document = json.loads(bundle.as_epcis(record))

    assert [str(problem) for problem in check_document(document, profile=Profile.STRICT, now=now)] == []


def _validator(schema: dict[str, Any]) -> Any:
    import jsonschema_rs

    base = read(EPCIS / "schema" / "epcis-json-schema-2.0.1.json")
    names = (base["$id"], "https://ref.gs1.org/standards/epcis/epcis-json-schema.json")
    registry = jsonschema_rs.Registry([(name, base) for name in names])
    return jsonschema_rs.Draft7Validator(schema, registry=registry, validate_formats=True)


@needs_suites
def test_the_events_are_sound_epcis_by_the_official_schema(
    make: Factories, ctx: Flask, chain: SimpleNamespace, now: datetime
) -> None:
    record = exporting.record_of(SYSTEM, [chain.lot_id], now=now)
    judge = _validator(read(EPCIS / "schema" / "epcis-json-schema-2.0.1.json"))

    assert [error.message for error in judge.iter_errors(json.loads(bundle.as_epcis(record)))] == []


@needs_suites
def test_a_harvest_of_goods_with_a_gtin_at_a_place_with_a_gln_fits_the_fsma_profile(
    make: Factories, ctx: Flask, now: datetime
) -> None:
    producer = make.producer(code="htxbd")
    field = make.place(producer, name="Rẫy", gln="9521234500001")
    item = make.item(make.product(producer, gtin=GTIN))
    with transaction():
        batch = batches.open_batch(
            db.session.get_one(TradeItem, item.id),
            number="RAU-1",
            made_on=date(2026, 11, 20),
            expires_on=date(2026, 12, 20),
            quantity=40,
            inputs={},
            place_id=field.id,
            actor=SYSTEM,
            now=now,
        )
    profile = _validator(read(EPCIS / "fsma204" / "FSMA-1-Harvesting-Event-Schema.json"))
    record = exporting.record_of(SYSTEM, [batch.lot_id], now=now)

    (harvest,) = [event for event in record.epcis if event["bizStep"] == "commissioning"]
    harvest = fsma.harvest_event(harvest, document="https://shop.test/chung-tu/RAU-1")

    assert [error.message for error in profile.iter_errors(harvest)] == []
    assert profile.is_valid(read(EPCIS / "fsma204" / "FSMA-1-Harvesting-Valid-Event-with-DL.json"))
    assert not profile.is_valid(read(EPCIS / "fsma204" / "FSMA-1-Harvesting-Invalid-Event.json"))


# --- FSMA 204 ------------------------------------------------------------------------------------------------


def rows_of(make: Factories, chain: SimpleNamespace, now: datetime) -> list[fsma.Row]:
    return fsma.rows_of(exporting.record_of(SYSTEM, [chain.lot_id], now=now))


def test_critical_events_carry_their_key_data(
    make: Factories, ctx: Flask, chain: SimpleNamespace, now: datetime
) -> None:
    rows = {row.event: row for row in rows_of(make, chain, now)}

    assert set(rows) == {fsma.HARVESTING, fsma.RECEIVING, fsma.TRANSFORMATION}
    harvest, received, packed = rows[fsma.HARVESTING], rows[fsma.RECEIVING], rows[fsma.TRANSFORMATION]
    assert (harvest.quantity, harvest.unit, harvest.on, harvest.area) == (
        300,
        "kg",
        date(2026, 10, 12),
        "Rẫy Nước Lang",
    )
    assert harvest.lot_code == ""  # none is assigned before packing
    assert harvest.missing == ""
    assert received.source.startswith("Nhóm hộ Nước Lang; Rẫy Nước Lang; ")
    assert packed.lot_code == f"https://id.gs1.org/01/{GTIN}/10/L-1"
    assert (packed.quantity, packed.used_quantity, packed.used_unit) == (400, 200, "kg")
    assert "Thôn Suối Loa" in packed.code_source
    assert packed.missing == ""


def test_a_lot_of_which_nothing_is_recorded_has_a_file_too(make: Factories, ctx: Flask, now: datetime) -> None:
    raw = make.raw_lot(make.producer())

    record = exporting.record_of(SYSTEM, [raw.id], now=now)

    assert (record.events, record.epcis, fsma.rows_of(record)) == ([], [], [])
    assert bundle.lot_file(record, lambda _: None)


def test_what_nobody_recorded_is_named(make: Factories, ctx: Flask, now: datetime) -> None:
    producer = make.producer()
    raw = make.raw_lot(producer, growing_area="")
    with transaction():
        lots.record_making(
            db.session.get_one(Lot, raw.id), {}, title_vi="Thu hoạch", title_en="", made_on=TODAY, actor=SYSTEM, now=now
        )

    record = exporting.record_of(SYSTEM, [raw.id], now=now)
    (row,) = [row for row in fsma.rows_of(record) if row.event == fsma.HARVESTING]

    assert row.missing == ""  # a farm and a day are known
    assert row.area == ""


def test_sending_to_a_point_names_who_received_it(
    make: Factories, ctx: Flask, chain: SimpleNamespace, now: datetime
) -> None:
    from consignment.tracing import Step, trace

    shop = make.organisation("Quầy chợ", kind=OrganisationKind.SALES_POINT, address="Chợ Ba Tơ")
    point = make.sales_point(shop)
    note = make.note(chain.producer, point, chain.lot_id)
    with transaction() as session:
        note = session.merge(note)
        trace(Step.CONSIGNING, note, organisation_id=chain.producer.id, actor=SYSTEM, now=now)
        trace(Step.RECEIVING, note, organisation_id=shop.id, actor=SYSTEM, now=now)

    rows = rows_of(make, chain, now)

    (sent,) = [row for row in rows if row.event == fsma.SHIPPING]
    (received,) = [row for row in rows if row.event == fsma.RECEIVING and row.document == note.number]
    assert "Quầy chợ" in sent.recipient
    assert "HTX Ba Động" in received.source
    assert sent.lot_code == received.lot_code == f"https://id.gs1.org/01/{GTIN}/10/L-1"


def test_the_workbook_and_the_csv_hold_the_same_rows(
    make: Factories, ctx: Flask, chain: SimpleNamespace, now: datetime
) -> None:
    rows = rows_of(make, chain, now)

    book = openpyxl.load_workbook(io.BytesIO(fsma.as_xlsx(rows, asked="L-1", made_at=now, is_cut=False)))
    listed = list(csv.reader(io.StringIO(fsma.as_csv(rows, is_cut=False).decode("utf-8-sig"))))
    sheet = [
        ["" if cell is None else cell.date().isoformat() if isinstance(cell, datetime) else str(cell) for cell in row]
        for row in book.worksheets[0].iter_rows(values_only=True)
    ]
    assert sheet == listed
    assert len(listed) == len(rows) + 1
    assert book.worksheets[0].auto_filter.ref


def test_days_are_asked_for_and_a_wrong_pair_is_told_beside_the_field(make: Factories, chain: SimpleNamespace) -> None:
    client = make.client(chain.producer)

    answer = send(client, "/quan-tri/ho-so-lo", first="2026-10-13", last="2026-10-14", dang="csv")
    wrong = send(client, "/quan-tri/ho-so-lo", first="14/10/2026", last="13/10/2026")
    none = send(client, "/quan-tri/ho-so-lo", first="2020-01-01", last="2020-01-02")

    assert [row[0] for row in csv.reader(io.StringIO(answer.text))][1:] == ["Receiving"]
    assert (wrong.status_code, none.status_code) == (422, 422)
    assert 'value="14/10/2026"' in wrong.text


def test_what_somebody_typed_is_never_a_formula(
    make: Factories, ctx: Flask, chain: SimpleNamespace, now: datetime
) -> None:
    with transaction():
        db.session.get_one(Lot, chain.raw_id).supplier = "=HYPERLINK(1)"

    record = exporting.record_of(SYSTEM, [chain.raw_id], now=now)

    for text in (fsma.as_csv(fsma.rows_of(record), is_cut=False), bundle.tables_of(record)["lo.csv"]):
        assert b"\"'=HYPERLINK(1)" in text or b"'=HYPERLINK(1)" in text
        assert b",=HYPERLINK" not in text


def test_a_table_without_rows_has_its_header_line(now: datetime) -> None:
    tables = bundle.tables_of(Record("Lô trống", now))

    assert set(tables) == {f"{name}.csv" for name in bundle.TABLES.values()}
    for table in tables.values():
        (header,) = csv.reader(io.StringIO(table.decode("utf-8-sig")))
        assert len(header) > 2
    assert tables["giay-to.csv"].decode("utf-8-sig").startswith("digest,title,of,")


def test_holders_are_told_where_the_goods_lie_now(
    make: Factories, ctx: Flask, chain: SimpleNamespace, now: datetime
) -> None:
    shop = make.organisation("Quầy chợ", kind=OrganisationKind.SALES_POINT)
    counter = make.location(shop, LocationKind.SALES_POINT)
    with transaction() as session:
        warehouse = session.scalars(db.select(Location).where(Location.kind == LocationKind.WAREHOUSE)).one()
        ledger.move(
            chain.lot_id,
            7,
            source=warehouse,
            to=session.merge(counter),
            owner_id=chain.producer.id,
            document="T-1",
            cause="T-1:1",
            now=now,
        )

    record = exporting.record_of(SYSTEM, [chain.lot_id], now=now)

    assert ("Quầy chợ", 7) in {(row.holder, row.quantity) for row in record.holders}
