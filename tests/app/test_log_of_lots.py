"""What was copied out of events, and what was declared of lots: each changed behind the verbs, and named."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import select, text

from accounts.actor import SYSTEM
from app import create_app, log_jobs
from app.config import Config
from catalog.models import Unit
from kernel import jobs, media
from kernel.db import db, transaction
from kernel.log_models import LogLeaf
from tests.factories import Factories
from tests.tampering import differences, tamper
from traceability import batches, declarations, lots
from traceability.declaration_models import LotDeclaration
from traceability.lots import Received
from traceability.models import EpcisEvent

PDF = b"%PDF-1.4 a paper %%EOF"


@pytest.fixture
def chain(ctx: Flask, make: Factories, now: datetime) -> SimpleNamespace:
    """Raw material with a paper, and a released batch made of it, all by their verbs; numbered in the log."""
    producer = make.producer()
    other = make.producer("Hợp tác xã khác", code="htxkh")
    product = make.product(producer)
    item = make.item(product)
    with transaction():
        raw = lots.receive_raw_lot(
            producer,
            Received(
                "Lúa rẫy",
                "NL-7",
                100_000,
                Unit.GRAM,
                date(2026, 11, 2),
                producer.commune_code,
                supplier="Hộ ông Phạm Văn Mẫu",
                growing_area="Rẫy nhà ông Mẫu",
                harvested_on=date(2026, 11, 1),
                note="Ghi chú",
            ),
            actor=SYSTEM,
            now=now,
        )
        digest = media.store_document(PDF, "phieu.pdf", now=now)
        lots.add_document(raw, digest, title="Phiếu kiểm nghiệm", is_public=True, actor=SYSTEM, now=now)
        batch = batches.open_batch(
            item,
            number="MO-001",
            made_on=date(2026, 11, 10),
            expires_on=date(2027, 11, 10),
            quantity=10,
            inputs={raw.id: 50_000},
            actor=SYSTEM,
            now=now,
        )
        batches.release(batch, actor=SYSTEM, now=now)
        found = SimpleNamespace(raw=raw.id, batch=batch.lot_id, digest=digest, other=other.id, item=item.id)
    log_jobs.number_all()
    db.session.rollback()
    return found


# --- What is declared --------------------------------------------------------------------------------------

RAW, BATCH = "raw", "batch"
#: (table, column, another value, of which lot, what is named)
DECLARED = [
    ("batch", "expires_on", "'2027-11-11'", BATCH, "batch.expires_on"),
    ("batch", "expires_on", "NULL", BATCH, "batch.expires_on"),
    ("batch", "made_on", "'2026-11-11'", BATCH, "batch.made_on"),
    ("batch", "number", "'MO-002'", BATCH, "batch.number"),
    ("batch", "token", "'7k2qxm90ad'", BATCH, "batch.token"),
    ("lot", "number", "'NL-8'", RAW, "number"),
    ("lot", "kind", "'intermediate'", RAW, "kind"),
    ("lot", "kind", "'external'", RAW, "kind"),
    ("lot", "owner_id", ":other", RAW, "owner_id"),
    ("lot", "name_vi", "'Lúa nước'", RAW, "name_vi"),
    ("lot", "name_en", "'Rice'", RAW, "name_en"),
    ("lot", "quantity", "100001", RAW, "quantity"),
    ("lot", "quantity", "11", BATCH, "quantity"),
    ("lot", "unit", "'ml'", RAW, "unit"),
    ("lot", "supplier", "'Hộ ông Phạm Văn Mầu'", RAW, "supplier"),
    ("lot", "supplier_organisation_id", ":other", RAW, "supplier_organisation_id"),
    ("lot", "growing_area", "'Rẫy nhà ông Mẩu'", RAW, "growing_area"),
    ("lot", "origin_commune_code", "NULL", RAW, "origin_commune_code"),
    ("lot", "origin_commune_valid_from", "NULL", RAW, "origin_commune_valid_from"),
    ("lot", "harvested_on", "'2026-10-31'", RAW, "harvested_on"),
    ("lot", "received_on", "'2026-11-03'", RAW, "received_on"),
    ("lot", "note", "'Ghi chu'", RAW, "note"),
    ("lot", "is_sample", "true", RAW, "is_sample"),
    ("lot", "created_at", "'2026-11-24 01:59:59.999999'", RAW, "created_at"),
    ("lot_document", "title", "'Phiếu kiểm nghiệp'", RAW, "paper "),
    ("lot_document", "is_public", "false", RAW, "paper "),
    ("lot_document", "added_at", "'2026-11-24 01:59:59.999999'", RAW, "paper "),
]


@pytest.mark.parametrize(
    ("table", "column", "value", "of", "named"), DECLARED, ids=[f"{row[0]}.{row[1]}={row[2]}" for row in DECLARED]
)
def test_a_declared_fact_that_was_changed_is_named_with_its_lot(
    table: str, column: str, value: str, of: str, named: str, chain: SimpleNamespace
) -> None:
    assert differences() == []
    lot_id = getattr(chain, of)
    key = "id" if table == "lot" else "lot_id"

    names = {"other": chain.other} if ":other" in value else {}
    tamper(table, f"UPDATE {table} SET {column} = {value} WHERE {key} = {lot_id}", **names)

    (difference,) = differences()
    number = {RAW: "NL-7", BATCH: "MO-001"}[of]
    assert difference.startswith(f"lot {lot_id} ({number}): {named}")


def test_a_paper_that_is_gone_or_was_slipped_in_is_named(chain: SimpleNamespace) -> None:
    tamper("lot_document", f"UPDATE lot_document SET lot_id = {chain.batch}")

    named = f"paper {chain.digest} is not what was declared of it"
    assert differences() == [f"lot {chain.raw} (NL-7): {named}", f"lot {chain.batch} (MO-001): {named}"]

    tamper("lot_document", "DELETE FROM lot_document")
    assert differences() == [f"lot {chain.raw} (NL-7): {named}"]


def test_a_lot_that_was_slipped_in_past_the_verbs_is_named(chain: SimpleNamespace, make: Factories) -> None:
    slipped = make.raw_lot(make.producer("Ai đó", code="aido1"), number="NL-X")

    assert differences() == [f"lot {slipped.id} (NL-X): nothing was declared of it in the log"]


def test_whoever_changes_the_declaration_along_with_the_rows_is_found_by_the_log(chain: SimpleNamespace) -> None:
    tamper("lot", f"UPDATE lot SET name_vi = 'Lúa nước' WHERE id = {chain.raw}")
    tamper("lot_declaration", "UPDATE lot_declaration SET body = replace(body, 'Lúa rẫy', 'Lúa nước')")

    found = differences()

    assert f"lot NL-7 ({chain.raw}.2): the record was changed" in [line.split(" (position")[0] for line in found]


def test_whoever_takes_the_newest_declaration_away_is_found_by_the_log(chain: SimpleNamespace) -> None:
    tamper("lot_document", "DELETE FROM lot_document")
    tamper("lot_declaration", f"DELETE FROM lot_declaration WHERE lot_id = {chain.raw} AND version = 2")

    (difference,) = differences()

    assert difference.startswith(f"lot NL-7 ({chain.raw}.2): the record is gone")


def test_a_lawful_change_is_declared_anew_and_what_does_not_change_is_not(
    chain: SimpleNamespace, now: datetime
) -> None:
    later = now + timedelta(hours=1)
    with transaction() as session:
        raw = session.get_one(lots.Lot, chain.raw)
        lots.add_document(raw, chain.digest, title="Phiếu khác", is_public=False, actor=SYSTEM, now=later)
        declarations.declare([chain.raw, chain.batch], now=later)

    rows = db.session.execute(
        select(LotDeclaration.lot_id, LotDeclaration.version).order_by(LotDeclaration.lot_id, LotDeclaration.version)
    ).all()
    assert [tuple(row) for row in rows] == [(chain.raw, 1), (chain.raw, 2), (chain.raw, 3), (chain.batch, 1)]
    assert differences() == []


def test_a_declaration_names_no_person(chain: SimpleNamespace) -> None:
    bodies = " ".join(db.session.scalars(select(LotDeclaration.body)))

    for personal in ("Phạm", "Rẫy nhà", "Ghi chú", "kiểm nghiệm"):
        assert personal not in bodies
    assert chain.digest in bodies


def test_lots_from_before_are_declared_by_the_job_the_migration_asks_for(tmp_path: Path, now: datetime) -> None:
    older = create_app(
        Config(
            database_url=f"sqlite:///{tmp_path / 'older.sqlite3'}",
            secret_key="a secret key for tests, 32 characters",
            base_url="http://shop.test",
            media_root=tmp_path,
            app_env="test",
        )
    )
    with older.app_context():
        upgrade(revision="0012")
        db.session.remove()
        with sqlite3.connect(tmp_path / "older.sqlite3") as before:
            before.execute(
                "INSERT INTO organisation (id, code, slug, kind, legal_form, name_vi, name_en, story_vi, story_en,"
                " address, commune_code, commune_valid_from, shows_phone, picture_alt_vi, picture_alt_en, is_sample,"
                " is_active, search, sort_key, created_at, wants_checkpoints)"
                " SELECT 1, 'htxbd', 'htx', 'producer', 'cooperative', 'HTX', '', '', '', '', code, valid_from, 0, '',"
                " '', 0, 1, '', '', :at, 0 FROM administrative_unit WHERE level = 'commune' LIMIT 1",
                {"at": "2026-11-01 02:00:00.000000"},
            )
            before.execute(
                "INSERT INTO lot (kind, owner_id, number, name_vi, name_en, quantity, used, unit, supplier,"
                " growing_area, state, state_reason, state_reason_en, state_since, note, is_sample, created_at)"
                " VALUES ('raw', 1, 'NL-1', 'Lúa', '', 5, 0, 'g', 'ai', '', 'released', '', '', :at, '', 0, :at)",
                {"at": "2026-11-01 02:00:00.000000"},
            )
        before.close()
        upgrade()
        db.session.remove()

        while jobs.run_one(now + timedelta(days=400)) is not None:
            pass
        db.session.rollback()
        log_jobs.number_all()

        assert "NL-1 (1.1)" in list(db.session.scalars(select(LogLeaf.reference)))
        assert differences() == []
        db.session.remove()
        db.engine.dispose()


# --- What was copied out of events ---------------------------------------------------------------------------

COPIED = [
    ("event_id", "'urn:uuid:another'", ""),
    ("declares_error", "true", "declares_error"),
    ("trace_event_id", "NULL", "trace_event_id"),
    ("organisation_id", ":other", "organisation_id"),
    ("type", "'AggregationEvent'", "type"),
    ("action", "'DELETE'", "action"),
    ("biz_step", "'shipping'", "biz_step"),
    ("disposition", "'recalled'", "disposition"),
    ("event_at", "'2026-11-02 05:00:00.000001'", "event_at"),
    ("recorded_at", "'2026-11-24 02:00:00.000001'", "recorded_at"),
    ("read_point", "'https://id.gs1.org/414/9521234500001'", "read_point"),
    ("biz_location", "'https://id.gs1.org/414/9521234500001'", "biz_location"),
    ("transformation_id", "'urn:x'", "transformation_id"),
    ("hash", "'ni:///sha-256;00?ver=CBV2.0'", "hash"),
]


@pytest.mark.parametrize(("column", "value", "named"), COPIED, ids=[row[0] for row in COPIED])
def test_a_column_of_an_event_that_was_changed_is_named(
    column: str, value: str, named: str, chain: SimpleNamespace
) -> None:
    row_id, event_id = db.session.execute(
        select(EpcisEvent.id, EpcisEvent.event_id).where(EpcisEvent.biz_step == "receiving")
    ).one()
    names = {"other": chain.other} if ":other" in value else {}
    tamper("epcis_event", f"UPDATE epcis_event SET {column} = {value} WHERE id = {row_id}", **names)

    found = differences()

    assert [line for line in found if event_id in line], found
    if column not in ("event_id", "declares_error"):  # these name the record itself in the log: it is gone there
        assert found == [f"epcis {event_id}: {named} is not what the event says"]


FIELDS = {
    "value": "UPDATE epcis_field SET value = 'https://id.gs1.org/01/09521234500018/10/X' WHERE id = :id",
    "name": "UPDATE epcis_field SET name = 'parentID' WHERE id = :id",
    "number": "UPDATE epcis_field SET number = 7 WHERE id = :id",
    "gone": "DELETE FROM epcis_field WHERE id = :id",
    "twice": "INSERT INTO epcis_field (epcis_event_id, name, value, number)"
    " SELECT epcis_event_id, name, value, number FROM epcis_field WHERE id = :id",
}


@pytest.mark.parametrize("what", FIELDS)
def test_a_value_of_an_event_that_was_changed_is_named(what: str, chain: SimpleNamespace) -> None:
    field_id, event_id = db.session.execute(
        text(
            "SELECT f.id, e.event_id FROM epcis_field f JOIN epcis_event e ON e.id = f.epcis_event_id"
            " WHERE e.biz_step = 'receiving' AND f.name = 'epcClass'"
        )
    ).one()
    assert differences() == []

    tamper("epcis_field", FIELDS[what], id=field_id)

    (difference,) = differences()
    assert difference.startswith(f"epcis {event_id}: field ")
    assert "epcClass" in difference
