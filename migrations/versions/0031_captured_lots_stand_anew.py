"""captured lots stand anew

Lots of an older database stand by marks that recalls left behind. How they stand by their events needs the rules of the
application: a job of the worker writes it down.
"""

import sqlalchemy as sa
from alembic import op

from migrations.asking import ask_for

revision = '0031'
down_revision = '0030'
branch_labels = None
depends_on = None


def upgrade():
    connection = op.get_bind()
    if connection.execute(sa.text("SELECT 1 FROM lot WHERE kind = 'external' LIMIT 1")).first() is None:
        return
    ask_for('traceability.stand_anew')


def downgrade():
    op.execute("DELETE FROM job WHERE kind = 'traceability.stand_anew'")
