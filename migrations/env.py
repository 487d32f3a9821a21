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
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.commit()
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_as_batch=True,
            compare_type=True,
            include_object=_include,
        )
        with context.begin_transaction():
            context.run_migrations()
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")
    _load_facts()


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
