"""captured lots are counted anew

What was used in a case, and what its owner received, was not counted. Both need the rules of the application: the job
of the worker that lets captured lots stand as their events say writes it down.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

import kernel.db

revision = '0032'
down_revision = '0031'
branch_labels = None
depends_on = None


def upgrade():
    # Where the job of the revision before still waits, the new one does both.
    op.execute("DELETE FROM job WHERE kind = 'traceability.stand_anew'")
    connection = op.get_bind()
    if connection.execute(sa.text("SELECT 1 FROM lot WHERE kind = 'external' LIMIT 1")).first() is None:
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
        job.insert().values(
            kind='traceability.stand_anew', args={}, dedupe='traceability.stand_anew', run_at=datetime.now(UTC),
            attempts=0,
        )
    )


def downgrade():
    op.execute("DELETE FROM job WHERE kind = 'traceability.stand_anew'")
