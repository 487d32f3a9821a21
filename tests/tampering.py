"""Change rows behind the program's back, and read what the verification of the log says of it."""

from __future__ import annotations

from sqlalchemy import CursorResult, text

from kernel import log_verification
from kernel.db import db, transaction


def differences() -> list[str]:
    """Verify the log; give what differs, a sentence each."""
    db.session.rollback()
    return log_verification.verify().differences


def tamper(table: str, statement: str, **values: object) -> None:
    """Change rows as somebody could who has the database: the guards are taken away first."""
    with transaction() as session:
        if db.engine.dialect.name == "sqlite":
            for verb in ("update", "delete", "replace"):
                session.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_{verb}"))
        else:
            session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        changed = session.execute(text(statement), values)
        assert isinstance(changed, CursorResult)
        assert changed.rowcount > 0, "nothing was changed"
