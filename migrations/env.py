"""How Alembic finds the application's models and database."""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import inspect
from sqlalchemy.exc import DatabaseError, OperationalError

import app.models  # noqa: F401 (all tables)
from app import facts
from kernel.db import db, transaction


def _include(thing, name, kind, reflected, compare_to):
    """Leave alone what is not ours."""
    return not (kind == "table" and reflected and compare_to is None)


def run() -> None:
    """Migrate, in one transaction, over the application's engine."""
    with db.engine.connect() as connection:
        connection = connection.execution_options(writes=True)
        # Tables that are rebuilt are dropped with rows that others refer to. Through the driver: within a transaction,
        # which the session's connection begins by itself, SQLite leaves the switch as it is.
        _foreign_keys(connection, "OFF")
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_as_batch=True,
            compare_type=True,
            include_object=_include,
        )
        with context.begin_transaction():
            context.run_migrations()
            _check_foreign_keys(connection)
        _foreign_keys(connection, "ON")
    _load_facts()


def _foreign_keys(connection, state):
    if connection.dialect.name == "sqlite":
        connection.connection.driver_connection.execute(f"PRAGMA foreign_keys={state}")


def _check_foreign_keys(connection):
    """Refuse a migration that leaves a row without the row it refers to."""
    if connection.dialect.name == "sqlite":
        lost = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if lost is not None:
            raise SystemExit(f"ocop: a row of {lost[0]} refers to a row of {lost[2]} that is not there.")


def _load_facts() -> None:
    """Bring administrative units and the taxonomy up to their files, once the schema stands."""
    if inspect(db.engine).has_table("loaded_facts"):
        with transaction():
            facts.load()


if context.is_offline_mode():
    raise SystemExit("offline migrations are not supported: run against a database")
with current_app.app_context():
    try:
        run()
    except DatabaseError as problem:
        # A host that is away, a name that is wrong, a file that is no database: said, not traced. A fault of a
        # migration itself is shown whole.
        if isinstance(problem, OperationalError) or "not a database" in str(problem.orig):
            raise SystemExit(f"ocop: DATABASE_URL: the database does not answer: {problem.orig}") from None
        raise
