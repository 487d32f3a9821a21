"""Triggers that keep append-only tables append-only, on both engines.

A batch migration on SQLite rebuilds its table and drops the triggers: call ``guard`` again after it.
"""

from alembic import op
from sqlalchemy import inspect

_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""


def guard(table: str) -> None:
    """Let the database refuse UPDATE and DELETE (and TRUNCATE) on ``table``."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        guard_replacement(table)
        return
    op.execute(_FUNCTION)
    op.execute(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def guard_replacement(table: str) -> None:
    """Let SQLite refuse INSERT OR REPLACE over a row that stands: its DELETE would fire no trigger by default.

    PostgreSQL has no such statement; its ON CONFLICT DO UPDATE is an UPDATE.
    """
    bind = op.get_bind()
    if bind.dialect.name != "sqlite":
        return
    found = inspect(bind)
    keys = [found.get_pk_constraint(table)["constrained_columns"]]
    keys += sorted(unique["column_names"] for unique in found.get_unique_constraints(table))  # found in no order
    alike = [" AND ".join(f"{name} = NEW.{name}" for name in key) for key in keys]
    stands = " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {key})" for key in alike)  # noqa: S608 (our own names)
    op.execute(
        f"CREATE TRIGGER IF NOT EXISTS {table}_no_replace BEFORE INSERT ON {table} WHEN {stands} "
        f"BEGIN SELECT RAISE(ABORT, 'UNIQUE constraint failed: {table} is append-only'); END"
    )


def unguard(table: str) -> None:
    """Take the triggers of ``table`` away, before it is dropped or rebuilt."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete", "replace"):
            op.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")
        return
    op.execute(f"DROP TRIGGER IF EXISTS {table}_no_change ON {table}")
    op.execute(f"DROP TRIGGER IF EXISTS {table}_no_truncate ON {table}")
