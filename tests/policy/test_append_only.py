"""Ledgers, events and logs are added to, never changed: the database itself refuses."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

import app.models
from kernel import audit
from kernel.db import APPEND_ONLY, db, on_sqlite, transaction
from stock.models import LocationKind


def _guarded() -> set[str]:
    if on_sqlite():
        rows = db.session.execute(text("SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'"))
        names = [(table, name) for table, name in rows]
        return {
            table
            for table, _ in names
            if {(table, f"{table}_no_{verb}") for verb in ("update", "delete", "replace")} <= set(names)
        }
    rows = db.session.execute(
        text("SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O'")
    )
    names = [(table, name) for table, name in rows]
    return {
        table for table, _ in names if {(table, f"{table}_no_change"), (table, f"{table}_no_truncate")} <= set(names)
    }


def test_every_append_only_table_is_guarded_by_its_triggers_and_no_other_is(ctx: Flask) -> None:
    assert app.models.MODELS

    assert _guarded() == APPEND_ONLY
    assert set(inspect(db.engine).get_table_names()) >= APPEND_ONLY


def test_a_line_of_the_audit_trail_cannot_be_replaced_by_another(ctx: Flask, now) -> None:
    with transaction():
        audit.record(None, "test.done", "test:1", now=now)
    columns = "id, at, action, subject, facts"
    replacing = f"INSERT OR REPLACE INTO audit_entry ({columns}) SELECT id, at, 'x', subject, facts FROM audit_entry"
    if not on_sqlite():
        replacing = (
            f"INSERT INTO audit_entry ({columns}) SELECT {columns} FROM audit_entry"
            " ON CONFLICT (id) DO UPDATE SET action = 'x'"
        )

    with pytest.raises(DBAPIError, match="append-only"), transaction() as session:
        session.execute(text(replacing))
    assert db.session.scalars(text("SELECT action FROM audit_entry")).all() == ["test.done"]


def test_nothing_else_than_production_is_ever_below_zero(ctx: Flask, make, now) -> None:
    producer = make.producer()
    place, lot_id = (
        make.location(producer, LocationKind.WAREHOUSE),
        make.batch(make.item(make.product(producer)), quantity=5).lot_id,
    )
    make.on_hand(lot_id, place, producer, 5)
    columns = "lot_id, location_id, owner_id, on_hand, allocated, floor_quantity, frozen"
    row = f"{lot_id}, {make.location(producer, LocationKind.LOSS).id}, {producer.id}, -1, 0, -1, false"

    for forged in (
        "UPDATE balance SET floor_quantity = -9, on_hand = -5",
        f"INSERT INTO balance ({columns}) VALUES ({row})",
    ):
        with pytest.raises(DBAPIError, match="floor"), transaction() as session:
            session.execute(text(forged))


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET action = 'x'", "DELETE FROM audit_entry"])
def test_a_line_of_the_audit_trail_cannot_be_changed(ctx: Flask, now, statement: str) -> None:
    with transaction():
        audit.record(None, "test.done", "test:1", now=now)

    with pytest.raises(DBAPIError, match="append-only"), transaction() as session:
        session.execute(text(statement))
    assert db.session.scalar(text("SELECT action FROM audit_entry")) == "test.done"
