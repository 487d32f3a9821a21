"""captured lots are counted anew

What was used in a case, and what its owner received, was not counted. Both need the rules of the application: the job
of the worker that lets captured lots stand as their events say writes it down.
"""

import sqlalchemy as sa
from alembic import op

from migrations.asking import ask_for

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
    ask_for('traceability.stand_anew')


def downgrade():
    op.execute("DELETE FROM job WHERE kind = 'traceability.stand_anew'")
