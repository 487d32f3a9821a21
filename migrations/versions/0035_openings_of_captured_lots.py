"""openings of the pages of captured lots are counted"""

from alembic import op

revision = '0035'
down_revision = '0034'
branch_labels = None
depends_on = None


def upgrade():
    _count_of('lot', 'id')


def downgrade():
    op.execute("DELETE FROM scan_count WHERE lot_id NOT IN (SELECT lot_id FROM batch)")
    _count_of('batch', 'lot_id')


def _count_of(table, key):
    with op.batch_alter_table('scan_count', schema=None) as batch_op:
        batch_op.drop_constraint('fk_scan_count_lot_id', type_='foreignkey')
        batch_op.create_foreign_key('fk_scan_count_lot_id', table, ['lot_id'], [key])
