"""Captures are stored one after the other: two halves of a transformation would not see each other."""

from __future__ import annotations

from sqlalchemy import text

from kernel.db import db, on_sqlite

_KEY = 0x45504349


def wait() -> None:
    """Wait until no other transaction captures, or enters what may be known from captures; none begins before this
    one ends. SQLite has one writer anyway.
    """
    if not on_sqlite():
        db.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _KEY})
