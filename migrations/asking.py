"""Work that a revision leaves to the worker, because it takes long or needs the code of the parts."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

import kernel.db


def ask_for(kind: str) -> None:
    """Ask the worker for work of a kind that goes on by itself until all is done: anew, where it was done before."""
    job = sa.table(
        "job",
        sa.column("kind", sa.String),
        sa.column("args", sa.JSON),
        sa.column("dedupe", sa.String),
        sa.column("run_at", kernel.db.UtcDateTime),
        sa.column("attempts", sa.Integer),
    )
    op.get_bind().execute(job.delete().where(job.c.dedupe == kind))
    op.get_bind().execute(job.insert().values(kind=kind, args={}, dedupe=kind, run_at=datetime.now(UTC), attempts=0))
