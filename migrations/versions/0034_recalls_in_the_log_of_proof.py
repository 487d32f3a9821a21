"""recalls, and fractions of amounts, are in the log of proof

The worker writes down in the log what is there already.
"""

import sqlalchemy as sa
from alembic import op

from migrations.asking import ask_for

revision = '0034'
down_revision = '0033'
branch_labels = None
depends_on = None


def upgrade():
    connection = op.get_bind()
    is_there = "SELECT 1 WHERE EXISTS (SELECT 1 FROM recall) OR EXISTS (SELECT 1 FROM event_lot WHERE rounding <> 0)"
    if connection.scalar(sa.text(is_there)) is not None:
        ask_for('log.bring_in')


def downgrade():
    op.execute("DELETE FROM job WHERE kind = 'log.bring_in'")
