"""what is told late joins a recall

Going down forgets what joined: the older program reads each lot and each notice of a recall as one of its beginning.
"""

import sqlalchemy as sa
from alembic import op

import kernel.db
from migrations.guards import guard, unguard

revision = '0037'
down_revision = '0036'
branch_labels = None
depends_on = None


def upgrade():
    # By statements of their own: a rebuilt table would lose its triggers.
    for table, name in (
        ('recall', 'looked_at'),
        ('recall_lot', 'joined_at'),
        ('recall_notice', 'joined_at'),
        ('recall_notice', 'more_at'),
    ):
        op.add_column(table, sa.Column(name, kernel.db.UtcDateTime(timezone=True), nullable=True))


def downgrade():
    unguard('recall_entry')
    op.execute(
        "DELETE FROM recall_entry WHERE notice_id IN (SELECT id FROM recall_notice WHERE joined_at IS NOT NULL) "
        "OR EXISTS (SELECT 1 FROM recall_lot WHERE recall_lot.recall_id = recall_entry.recall_id "
        "AND recall_lot.lot_id = recall_entry.lot_id AND recall_lot.joined_at IS NOT NULL)"
    )
    guard('recall_entry')
    op.execute("DELETE FROM recall_notice WHERE joined_at IS NOT NULL")
    with op.batch_alter_table('recall_notice', schema=None) as batch_op:
        batch_op.drop_column('more_at')
        batch_op.drop_column('joined_at')
    unguard('recall_lot')
    op.execute("DELETE FROM recall_lot WHERE joined_at IS NOT NULL")
    with op.batch_alter_table('recall_lot', schema=None) as batch_op:
        batch_op.drop_column('joined_at')
    guard('recall_lot')
    with op.batch_alter_table('recall', schema=None) as batch_op:
        batch_op.drop_column('looked_at')
