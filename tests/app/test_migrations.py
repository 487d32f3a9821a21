"""The migrations run both ways on both engines, and what they make the second time is what they made the first."""

from __future__ import annotations

from datetime import datetime

from alembic.migration import MigrationContext
from alembic.operations import Operations
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, select, text, update

from kernel import jobs
from kernel.db import db, transaction
from kernel.models import Job
from migrations.asking import ask_for

_TRIGGERS = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger "
    "WHERE NOT tgisinternal AND tgname <> 'harness_note'",  # that one is the tests' own (tests.postgres)
}


def test_down_to_nothing_and_up_again(ctx: Flask) -> None:
    made = _schema()
    assert len(made) > 100
    db.session.remove()

    downgrade(revision="base")
    db.session.remove()
    assert {name for kind, name, *_ in _schema() if kind == "table"} <= {"alembic_version"}
    db.session.remove()
    upgrade()

    assert _schema() ^ made == set()


def _schema() -> set[tuple[str, ...]]:
    """Describe every table, column, key, check, index and trigger."""
    seen = inspect(db.engine)
    found: set[tuple[str, ...]] = set()
    for table in seen.get_table_names():
        found.add(("table", table))
        found |= {
            ("column", table, each["name"], repr(each["type"]), str(each["nullable"]))
            for each in seen.get_columns(table)
        }
        found |= {("check", table, str(each["name"]), each["sqltext"]) for each in seen.get_check_constraints(table)}
        found |= {
            ("index", table, str(each["name"]), repr(each["column_names"]), str(each["unique"]))
            for each in seen.get_indexes(table)
        }
        found |= {("unique", table, repr(each["column_names"])) for each in seen.get_unique_constraints(table)}
        found |= {
            ("foreign", table, repr(each["constrained_columns"]), each["referred_table"])
            for each in seen.get_foreign_keys(table)
        }
        found.add(("primary", table, repr(seen.get_pk_constraint(table)["constrained_columns"])))
    with db.engine.connect() as connection:
        rows = connection.execute(text(_TRIGGERS[db.engine.dialect.name])).all()
    return found | {("trigger", name, sql) for name, sql in rows}


def test_work_that_was_done_before_is_asked_for_anew(ctx: Flask, now: datetime) -> None:
    with transaction() as session:
        jobs.enqueue("log.bring_in", now=now, dedupe="log.bring_in")
        session.execute(update(Job).where(Job.kind == "log.bring_in").values(done_at=now, attempts=1))
    for _ in range(2):
        with transaction() as session, Operations.context(MigrationContext.configure(session.connection())):
            ask_for("log.bring_in")

    rows = db.session.execute(select(Job.done_at, Job.attempts, Job.args).where(Job.dedupe == "log.bring_in")).all()
    assert rows == [(None, 0, {})]
