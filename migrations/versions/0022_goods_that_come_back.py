"""goods that come back"""

import sqlalchemy as sa
from alembic import op

import kernel.db
from migrations.guards import guard, unguard

revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None

APPEND_ONLY = ('return_lot', 'return_refund', 'return_step')


def upgrade():
    op.create_table('goods_return',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=20), nullable=False),
    sa.Column('order_id', sa.Integer(), nullable=False),
    sa.Column('reason', sa.Enum('damaged', 'wrong_goods', 'not_as_said', 'unsafe', 'recalled', 'changed_mind', name='returnreason', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('wish', sa.Enum('money', 'exchange', name='returnwish', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('state', sa.Enum('asked', 'awaited', 'exchanging', 'done', 'refused', 'withdrawn', name='returnstate', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('asked_at', kernel.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('answer_by', kernel.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('decided_at', kernel.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('decided_by_id', sa.Integer(), nullable=True),
    sa.Column('decision', sa.String(length=300), nullable=False),
    sa.Column('keeps_goods', sa.Boolean(), nullable=False),
    sa.Column('arrived_at', kernel.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('goods_vnd', sa.Integer(), nullable=False),
    sa.Column('delivery_vnd', sa.Integer(), nullable=False),
    sa.Column('exchange_order_id', sa.Integer(), nullable=True),
    sa.Column('closed_at', kernel.db.UtcDateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(state IN ('done', 'refused', 'withdrawn')) = (closed_at IS NOT NULL)", name=op.f('ck_goods_return_closed')),
    sa.CheckConstraint("exchange_order_id IS NULL OR wish = 'exchange'", name=op.f('ck_goods_return_exchange')),
    sa.CheckConstraint("state <> 'refused' OR decision <> ''", name=op.f('ck_goods_return_refused_has_reason')),
    sa.CheckConstraint("state IN ('asked', 'withdrawn') OR decided_at IS NOT NULL", name=op.f('ck_goods_return_decided')),
    sa.CheckConstraint('NOT keeps_goods OR arrived_at IS NULL', name=op.f('ck_goods_return_kept')),
    sa.CheckConstraint('goods_vnd >= 0 AND delivery_vnd >= 0', name=op.f('ck_goods_return_amounts')),
    sa.ForeignKeyConstraint(['decided_by_id'], ['users.id'], name=op.f('fk_goods_return_decided_by_id')),
    sa.ForeignKeyConstraint(['exchange_order_id'], ['purchase_order.id'], name=op.f('fk_goods_return_exchange_order_id')),
    sa.ForeignKeyConstraint(['order_id'], ['purchase_order.id'], name=op.f('fk_goods_return_order_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_goods_return')),
    sa.UniqueConstraint('exchange_order_id', name=op.f('uq_goods_return_exchange_order_id')),
    sa.UniqueConstraint('id', 'order_id', name=op.f('uq_goods_return_id_order_id')),
    sa.UniqueConstraint('number', name=op.f('uq_goods_return_number'))
    )
    with op.batch_alter_table('goods_return', schema=None) as batch_op:
        batch_op.create_index('ix_goods_return_order', ['order_id'], unique=False)
        batch_op.create_index('ix_goods_return_state', ['state', 'id'], unique=False)

    op.create_table('return_account',
    sa.Column('return_id', sa.Integer(), nullable=False),
    sa.Column('bank_bin', sa.String(length=6), nullable=False),
    sa.Column('number', sa.String(length=19), nullable=False),
    sa.Column('holder', sa.String(length=120), nullable=False),
    sa.ForeignKeyConstraint(['return_id'], ['goods_return.id'], name=op.f('fk_return_account_return_id')),
    sa.PrimaryKeyConstraint('return_id', name=op.f('pk_return_account'))
    )
    op.create_table('return_photo',
    sa.Column('return_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.CheckConstraint('position BETWEEN 1 AND 3', name=op.f('ck_return_photo_position')),
    sa.ForeignKeyConstraint(['digest'], ['stored_file.digest'], name=op.f('fk_return_photo_digest')),
    sa.ForeignKeyConstraint(['return_id'], ['goods_return.id'], name=op.f('fk_return_photo_return_id')),
    sa.PrimaryKeyConstraint('return_id', 'position', name=op.f('pk_return_photo'))
    )
    op.create_table('return_step',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('return_id', sa.Integer(), nullable=False),
    sa.Column('what', sa.String(length=24), nullable=False),
    sa.Column('facts', sa.JSON(), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.Column('at', kernel.db.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['by_id'], ['users.id'], name=op.f('fk_return_step_by_id')),
    sa.ForeignKeyConstraint(['return_id'], ['goods_return.id'], name=op.f('fk_return_step_return_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_return_step'))
    )
    with op.batch_alter_table('return_step', schema=None) as batch_op:
        batch_op.create_index('ix_return_step_return', ['return_id', 'id'], unique=False)

    op.create_table('line_return_balance',
    sa.Column('order_id', sa.Integer(), nullable=False),
    sa.Column('line', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('delivered', sa.Integer(), nullable=False),
    sa.Column('claimed', sa.Integer(), nullable=False),
    sa.Column('refunded', sa.Integer(), nullable=False),
    sa.Column('paid_vnd', sa.Integer(), nullable=False),
    sa.Column('refunded_vnd', sa.Integer(), nullable=False),
    sa.CheckConstraint('refunded BETWEEN 0 AND claimed AND claimed <= delivered', name=op.f('ck_line_return_balance_quantities')),
    sa.CheckConstraint('refunded_vnd BETWEEN 0 AND paid_vnd', name=op.f('ck_line_return_balance_money')),
    sa.ForeignKeyConstraint(['order_id', 'line'], ['purchase_line.order_id', 'purchase_line.line'], name=op.f('fk_line_return_balance_order_id_line')),
    sa.PrimaryKeyConstraint('order_id', 'line', name=op.f('pk_line_return_balance'))
    )
    op.create_table('return_refund',
    sa.Column('return_id', sa.Integer(), nullable=False),
    sa.Column('refund_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['refund_id'], ['refund.id'], name=op.f('fk_return_refund_refund_id')),
    sa.ForeignKeyConstraint(['return_id'], ['goods_return.id'], name=op.f('fk_return_refund_return_id')),
    sa.PrimaryKeyConstraint('return_id', 'refund_id', name=op.f('pk_return_refund')),
    sa.UniqueConstraint('refund_id', name=op.f('uq_return_refund_refund_id'))
    )
    op.create_table('return_line',
    sa.Column('return_id', sa.Integer(), nullable=False),
    sa.Column('line', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('order_id', sa.Integer(), nullable=False),
    sa.Column('asked', sa.Integer(), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('refund_vnd', sa.Integer(), nullable=False),
    sa.Column('exchange_line', sa.Integer(), nullable=True),
    sa.CheckConstraint('asked > 0 AND quantity BETWEEN 0 AND asked', name=op.f('ck_return_line_quantity')),
    sa.CheckConstraint('refund_vnd >= 0', name=op.f('ck_return_line_refund')),
    sa.ForeignKeyConstraint(['order_id', 'line'], ['line_return_balance.order_id', 'line_return_balance.line'], name=op.f('fk_return_line_order_id_line')),
    sa.ForeignKeyConstraint(['return_id', 'order_id'], ['goods_return.id', 'goods_return.order_id'], name=op.f('fk_return_line_return_id_order_id')),
    sa.PrimaryKeyConstraint('return_id', 'line', name=op.f('pk_return_line'))
    )
    op.create_table('return_lot',
    sa.Column('return_id', sa.Integer(), nullable=False),
    sa.Column('line', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('lot_id', sa.Integer(), nullable=False),
    sa.Column('condition', sa.Enum('good', 'damaged', name='condition', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('location_id', sa.Integer(), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.CheckConstraint('quantity > 0', name=op.f('ck_return_lot_quantity')),
    sa.ForeignKeyConstraint(['location_id'], ['location.id'], name=op.f('fk_return_lot_location_id')),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_return_lot_lot_id')),
    sa.ForeignKeyConstraint(['return_id', 'line'], ['return_line.return_id', 'return_line.line'], name=op.f('fk_return_lot_return_id_line')),
    sa.PrimaryKeyConstraint('return_id', 'line', 'lot_id', 'condition', name=op.f('pk_return_lot'))
    )
    for table in APPEND_ONLY:
        guard(table)


def downgrade():
    for table in APPEND_ONLY:
        unguard(table)
    op.drop_table('return_lot')
    op.drop_table('return_line')
    op.drop_table('return_refund')
    op.drop_table('line_return_balance')
    with op.batch_alter_table('return_step', schema=None) as batch_op:
        batch_op.drop_index('ix_return_step_return')

    op.drop_table('return_step')
    op.drop_table('return_photo')
    op.drop_table('return_account')
    with op.batch_alter_table('goods_return', schema=None) as batch_op:
        batch_op.drop_index('ix_goods_return_state')
        batch_op.drop_index('ix_goods_return_order')

    op.drop_table('goods_return')
