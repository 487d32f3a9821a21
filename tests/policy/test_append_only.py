"""Ledgers, events and logs are added to, never changed: the database itself refuses."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

import app.models
from kernel import audit
from kernel.db import APPEND_ONLY, db, on_sqlite, transaction


def _guarded() -> set[str]:
    if on_sqlite():
        rows = db.session.execute(text("SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'"))
        names = [(table, name) for table, name in rows]
        return {
            table
            for table, _ in names
            if {(table, f"{table}_no_{verb}") for verb in ("update", "delete")} <= set(names)
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


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET action = 'x'", "DELETE FROM audit_entry"])
def test_a_line_of_the_audit_trail_cannot_be_changed(ctx: Flask, now, statement: str) -> None:
    with transaction():
        audit.record(None, "test.done", "test:1", now=now)

    with pytest.raises(DBAPIError, match="append-only"), transaction() as session:
        session.execute(text(statement))
    assert db.session.scalar(text("SELECT action FROM audit_entry")) == "test.done"
