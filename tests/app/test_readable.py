"""A byte that makes a value unreadable: each verification names its row, and nobody meets a traceback."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import select, text

from accounts.actor import SYSTEM
from app import log_jobs
from kernel import proof
from kernel.db import db, on_sqlite, transaction
from kernel.readable import unreadable
from ocop.models import Certificate
from tests.factories import Factories
from tests.tampering import differences, tamper
from traceability import declarations, recording
from traceability.models import EventKind, Lot
from traceability.recording import NamedLot


@pytest.fixture
def world(ctx: Flask, make: Factories, now) -> SimpleNamespace:
    """A batch whose events are numbered in a log that is signed."""
    producer = make.producer()
    product = make.product(producer)
    batch = make.batch(make.item(product), quantity=10)
    make.certificate(product)
    with transaction():
        event = recording.record_event(
            EventKind.OBJECT, "packing", [NamedLot(batch.lot_id, quantity=10)], title_vi="Đóng gói",
            organisation_id=producer.id, actor=SYSTEM, now=now,
        )  # fmt: skip
        declarations.declare([batch.lot_id], now=now)
        while proof.bring_in_missing(now=now):
            pass
        found = SimpleNamespace(
            event=event.id, event_id=event.event_id, lot=batch.lot_id,
            number=db.session.get_one(Lot, batch.lot_id).number,
        )  # fmt: skip
    log_jobs.number_all()
    log_jobs.sign(now=now)
    db.session.rollback()
    return found


INSTANT = "'2026-11-24 10:80:00.000000'"
#: (table, column, what is in its place, which row, who is named)
SPOILT = [
    ("trace_event", "recorded_at", INSTANT, "id = :event", "trace_event {event} ({event_id}): recorded_at"),
    ("trace_event", "event_at", INSTANT, "id = :event", "trace_event {event} ({event_id}): event_at"),
    ("log_leaf", "appended_at", INSTANT, "position = 0", "log_leaf 0"),
    ("log_checkpoint", "made_at", INSTANT, "true", "log_checkpoint "),
    ("log_checkpoint", "day", "'2026-11-9x'", "true", "log_checkpoint 2026-11-9x: day"),
    ("batch", "made_on", "'2026-02-30'", "lot_id = :lot", "batch {lot} ({number}): made_on"),
    ("lot", "state", "'releasee'", "id = :lot", "lot {lot} ({number}): state"),
    ("certificate", "issued_on", "'2026-13-01'", "true", "certificate "),
    ("lot", "note", "CAST(x'C341' AS TEXT)", "id = :lot", "lot {lot} ({number}): note"),
    ("lot", "supplier", "x'41'", "id = :lot", "lot {lot} ({number}): supplier"),
    ("lot", "quantity", "'nhiều'", "id = :lot", "lot {lot} ({number}): quantity"),
    ("trace_event", "title_vi", "CAST(x'FF' AS TEXT)", "id = :event", "trace_event {event} ({event_id}): title_vi"),
    ("trace_event", "facts", "'{'", "id = :event", "trace_event {event} ({event_id}): facts"),
    ("trace_event", "is_public", "7", "id = :event", "trace_event {event} ({event_id}): is_public"),
]


def test_nothing_of_a_database_that_is_whole_is_unreadable(world: SimpleNamespace) -> None:
    assert list(unreadable()) == []
    assert differences() == []


@pytest.mark.parametrize(
    ("table", "column", "value", "where", "named"), SPOILT, ids=[f"{a}.{b}" for a, b, *_ in SPOILT]
)
def test_a_value_that_cannot_be_read_is_named_with_its_row(
    app: Flask, world: SimpleNamespace, table: str, column: str, value: str, where: str, named: str
) -> None:
    if not on_sqlite():
        named = named.replace(" ({event_id})", "").replace(" ({number})", "")
    if not on_sqlite() and column == "recorded_at":
        value = value.replace("2026", "12026").replace("10:80", "10:08")
    elif on_sqlite():
        with transaction() as session:
            session.execute(text("PRAGMA ignore_check_constraints = ON"))
    elif column != "state":
        pytest.skip("PostgreSQL refuses an instant or a day that is none, whoever writes it")
    else:
        with transaction() as session:
            session.execute(text("ALTER TABLE lot DROP CONSTRAINT ck_lot_lotstate"))
    values = {name: getattr(world, name) for name in ("event", "lot") if f":{name}" in where}
    tamper(table, f"UPDATE {table} SET {column} = {value} WHERE {where}", **values)

    found = differences()

    assert len(found) == 2
    assert found[0].startswith(named.format(**vars(world)))
    assert f"{column} cannot be read" in found[0]
    db.session.rollback()
    for command in (["log", "verify"], ["trace", "verify"], ["ledger", "verify"], ["books", "verify"]):
        said = app.test_cli_runner().invoke(args=command)
        assert said.exit_code == 1
        assert f"{column} cannot be read" in said.output
        assert "Traceback" not in said.output


def test_a_byte_changed_in_the_file_itself_is_noticed_wherever_it_stands(ctx: Flask, world: SimpleNamespace) -> None:
    """Rows and their indexes hold a value each: some readers see the one, some the other."""
    if not on_sqlite():
        pytest.skip("the pages of PostgreSQL's files have checksums of its own")
    number = db.session.scalar(select(Certificate.number)) or ""
    db.session.rollback()
    db.engine.dispose()
    path = Path(db.engine.url.database or "")
    with closing(sqlite3.connect(path)) as alone:
        alone.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = path.read_bytes()
    places = [found.start() for found in re.finditer(re.escape(number.encode()), whole)]
    assert len(places) >= 2
    try:
        for place in places:
            db.session.remove()
            db.engine.dispose()
            spoilt = bytearray(whole)
            spoilt[place + len(number) - 1] ^= 1
            path.write_bytes(bytes(spoilt))
            assert differences() != [], place
    finally:
        db.session.remove()
        db.engine.dispose()
        path.write_bytes(whole)
    assert differences() == []
