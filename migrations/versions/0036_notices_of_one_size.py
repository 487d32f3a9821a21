"""notices of goods that are back, of one size of a product"""

import sqlalchemy as sa
from alembic import op

revision = '0036'
down_revision = '0035'
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table('stock_notice', schema=None) as batch_op:
        batch_op.add_column(sa.Column('trade_item_id', sa.Integer(), nullable=True))
        batch_op.create_foreign_key('fk_stock_notice_trade_item_id', 'trade_item', ['trade_item_id'], ['id'])
        batch_op.drop_constraint('uq_stock_notice_product_id_email', type_='unique')
    for name, key, where in (
        ('uq_stock_notice_product', 'product_id', 'trade_item_id IS NULL'),
        ('uq_stock_notice_item', 'trade_item_id', 'trade_item_id IS NOT NULL'),
    ):
        op.create_index(
            name,
            'stock_notice',
            [key, 'email'],
            unique=True,
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )


def downgrade():
    op.drop_index('uq_stock_notice_item', 'stock_notice')
    op.drop_index('uq_stock_notice_product', 'stock_notice')
    op.execute("DELETE FROM stock_notice WHERE trade_item_id IS NOT NULL")
    with op.batch_alter_table('stock_notice', schema=None) as batch_op:
        batch_op.create_unique_constraint('uq_stock_notice_product_id_email', ['product_id', 'email'])
        batch_op.drop_constraint('fk_stock_notice_trade_item_id', type_='foreignkey')
        batch_op.drop_column('trade_item_id')
