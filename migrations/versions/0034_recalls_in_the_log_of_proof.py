"""recalls, and fractions of amounts, are in the log of proof

The worker writes down in the log what is there already.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

import kernel.db

revision = '0034'
down_revision = '0033'
branch_labels = None
depends_on = None


def upgrade():
    connection = op.get_bind()
    is_there = "SELECT 1 WHERE EXISTS (SELECT 1 FROM recall) OR EXISTS (SELECT 1 FROM event_lot WHERE rounding <> 0)"
    waits = "SELECT 1 FROM job WHERE dedupe = 'log.bring_in'"
    if connection.scalar(sa.text(is_there)) is None or connection.scalar(sa.text(waits)) is not None:
        return
    job = sa.table(
        'job',
        sa.column('kind', sa.String),
        sa.column('args', sa.JSON),
        sa.column('dedupe', sa.String),
        sa.column('run_at', kernel.db.UtcDateTime),
        sa.column('attempts', sa.Integer),
    )
    connection.execute(
        job.insert().values(kind='log.bring_in', args={}, dedupe='log.bring_in', run_at=datetime.now(UTC), attempts=0)
    )


def downgrade():
    op.execute("DELETE FROM job WHERE kind = 'log.bring_in'")
