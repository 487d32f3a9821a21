"""recalls"""

import sqlalchemy as sa
from alembic import op

import kernel.db
from migrations.guards import guard, unguard

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('recall',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=20), nullable=False),
    sa.Column('lot_id', sa.Integer(), nullable=False),
    sa.Column('owner_id', sa.Integer(), nullable=False),
    sa.Column('is_drill', sa.Boolean(), nullable=False),
    sa.Column('severity', sa.Enum('serious', 'moderate', 'minor', name='severity', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('reason_vi', sa.Text(), nullable=False),
    sa.Column('reason_en', sa.Text(), nullable=False),
    sa.Column('state', sa.Enum('open', 'closed', name='recallstate', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('recalled_before', sa.Integer(), nullable=False),
    sa.Column('started_at', kernel.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('started_by_id', sa.Integer(), nullable=True),
    sa.Column('started_for_id', sa.Integer(), nullable=True),
    sa.Column('closed_at', kernel.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('closed_by_id', sa.Integer(), nullable=True),
    sa.Column('conclusion', sa.Text(), nullable=False),
    sa.Column('is_sample', sa.Boolean(), nullable=False),
    sa.CheckConstraint("(state = 'closed') <= (conclusion <> '')", name=op.f('ck_recall_conclusion')),
    sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name=op.f('ck_recall_closed')),
    sa.ForeignKeyConstraint(['closed_by_id'], ['users.id'], name=op.f('fk_recall_closed_by_id')),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_recall_lot_id')),
    sa.ForeignKeyConstraint(['owner_id'], ['organisation.id'], name=op.f('fk_recall_owner_id')),
    sa.ForeignKeyConstraint(['started_by_id'], ['users.id'], name=op.f('fk_recall_started_by_id')),
    sa.ForeignKeyConstraint(['started_for_id'], ['organisation.id'], name=op.f('fk_recall_started_for_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recall')),
    sa.UniqueConstraint('number', name=op.f('uq_recall_number'))
    )
    with op.batch_alter_table('recall', schema=None) as batch_op:
        batch_op.create_index('ix_recall_owner', ['owner_id', 'id'], unique=False)

    op.create_table('recall_holding',
    sa.Column('recall_id', sa.Integer(), nullable=False),
    sa.Column('lot_id', sa.Integer(), nullable=False),
    sa.Column('location_id', sa.Integer(), nullable=False),
    sa.Column('owner_id', sa.Integer(), nullable=False),
    sa.Column('keeper_id', sa.Integer(), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('allocated', sa.Integer(), nullable=False),
    sa.CheckConstraint('quantity > 0', name=op.f('ck_recall_holding_quantity')),
    sa.ForeignKeyConstraint(['keeper_id'], ['organisation.id'], name=op.f('fk_recall_holding_keeper_id')),
    sa.ForeignKeyConstraint(['location_id'], ['location.id'], name=op.f('fk_recall_holding_location_id')),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_recall_holding_lot_id')),
    sa.ForeignKeyConstraint(['owner_id'], ['organisation.id'], name=op.f('fk_recall_holding_owner_id')),
    sa.ForeignKeyConstraint(['recall_id'], ['recall.id'], name=op.f('fk_recall_holding_recall_id')),
    sa.PrimaryKeyConstraint('recall_id', 'lot_id', 'location_id', 'owner_id', name=op.f('pk_recall_holding'))
    )
    with op.batch_alter_table('recall_holding', schema=None) as batch_op:
        batch_op.create_index('ix_recall_holding_keeper', ['recall_id', 'keeper_id'], unique=False)

    op.create_table('recall_lot',
    sa.Column('recall_id', sa.Integer(), nullable=False),
    sa.Column('lot_id', sa.Integer(), nullable=False),
    sa.Column('state_before', sa.Enum('open', 'released', 'held', 'recalled', name='lotstate', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('made', sa.Integer(), nullable=False),
    sa.Column('used', sa.Integer(), nullable=False),
    sa.Column('on_hand', sa.Integer(), nullable=False),
    sa.Column('sold', sa.Integer(), nullable=False),
    sa.Column('lost', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_recall_lot_lot_id')),
    sa.ForeignKeyConstraint(['recall_id'], ['recall.id'], name=op.f('fk_recall_lot_recall_id')),
    sa.PrimaryKeyConstraint('recall_id', 'lot_id', name=op.f('pk_recall_lot'))
    )
    with op.batch_alter_table('recall_lot', schema=None) as batch_op:
        batch_op.create_index('ix_recall_lot_lot', ['lot_id', 'recall_id'], unique=False)

    op.create_table('recall_notice',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('recall_id', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('held', sa.Integer(), nullable=False),
    sa.Column('on_the_way', sa.Integer(), nullable=False),
    sa.Column('received', sa.Integer(), nullable=False),
    sa.Column('sold', sa.Integer(), nullable=False),
    sa.Column('channel', sa.String(length=8), nullable=False),
    sa.Column('sent_at', kernel.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('acknowledged_at', kernel.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('answered_by', sa.String(length=8), nullable=False),
    sa.Column('acknowledged_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("(acknowledged_at IS NULL) = (answered_by = '')", name=op.f('ck_recall_notice_acknowledged')),
    sa.CheckConstraint("answered_by IN ('', 'screen', 'phone')", name=op.f('ck_recall_notice_answered_by')),
    sa.CheckConstraint("channel IN ('', 'mail', 'phone')", name=op.f('ck_recall_notice_channel')),
    sa.ForeignKeyConstraint(['acknowledged_by_id'], ['users.id'], name=op.f('fk_recall_notice_acknowledged_by_id')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_recall_notice_organisation_id')),
    sa.ForeignKeyConstraint(['recall_id'], ['recall.id'], name=op.f('fk_recall_notice_recall_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recall_notice')),
    sa.UniqueConstraint('recall_id', 'organisation_id', name=op.f('uq_recall_notice_recall_id_organisation_id'))
    )
    with op.batch_alter_table('recall_notice', schema=None) as batch_op:
        batch_op.create_index('ix_recall_notice_organisation', ['organisation_id', 'acknowledged_at'], unique=False)

    op.create_table('recall_outcome',
    sa.Column('recall_id', sa.Integer(), nullable=False),
    sa.Column('lot_id', sa.Integer(), nullable=False),
    sa.Column('made', sa.Integer(), nullable=False),
    sa.Column('used', sa.Integer(), nullable=False),
    sa.Column('on_hand', sa.Integer(), nullable=False),
    sa.Column('returned', sa.Integer(), nullable=False),
    sa.Column('destroyed', sa.Integer(), nullable=False),
    sa.Column('sold', sa.Integer(), nullable=False),
    sa.Column('missing', sa.Integer(), nullable=False),
    sa.Column('lost_before', sa.Integer(), nullable=False),
    sa.Column('unreleased', sa.Integer(), nullable=False),
    sa.CheckConstraint('made = used + on_hand + returned + destroyed + sold + missing + lost_before + unreleased', name=op.f('ck_recall_outcome_adds_up')),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_recall_outcome_lot_id')),
    sa.ForeignKeyConstraint(['recall_id'], ['recall.id'], name=op.f('fk_recall_outcome_recall_id')),
    sa.PrimaryKeyConstraint('recall_id', 'lot_id', name=op.f('pk_recall_outcome'))
    )
    op.create_table('recall_entry',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('recall_id', sa.Integer(), nullable=False),
    sa.Column('notice_id', sa.Integer(), nullable=False),
    sa.Column('lot_id', sa.Integer(), nullable=False),
    sa.Column('location_id', sa.Integer(), nullable=True),
    sa.Column('kind', sa.Enum('found', 'missing', 'reappeared', 'returned', 'destroyed', 'sold', name='entrykind', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('note', sa.String(length=200), nullable=False),
    sa.Column('at', kernel.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.Column('by_phone', sa.Boolean(), nullable=False),
    sa.CheckConstraint("quantity > 0 OR (kind = 'found' AND quantity = 0)", name=op.f('ck_recall_entry_quantity')),
    sa.ForeignKeyConstraint(['by_id'], ['users.id'], name=op.f('fk_recall_entry_by_id')),
    sa.ForeignKeyConstraint(['location_id'], ['location.id'], name=op.f('fk_recall_entry_location_id')),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_recall_entry_lot_id')),
    sa.ForeignKeyConstraint(['notice_id'], ['recall_notice.id'], name=op.f('fk_recall_entry_notice_id')),
    sa.ForeignKeyConstraint(['recall_id'], ['recall.id'], name=op.f('fk_recall_entry_recall_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recall_entry'))
    )
    with op.batch_alter_table('recall_entry', schema=None) as batch_op:
        batch_op.create_index('ix_recall_entry_recall', ['recall_id', 'lot_id'], unique=False)

    with op.batch_alter_table('lot', schema=None) as batch_op:
        batch_op.add_column(sa.Column('state_reason_en', sa.Text(), nullable=False, server_default=''))

    guard('recall_entry')
    guard('recall_holding')
    guard('recall_lot')
    guard('recall_outcome')


def downgrade():
    unguard('recall_entry')
    unguard('recall_holding')
    unguard('recall_lot')
    unguard('recall_outcome')
    with op.batch_alter_table('lot', schema=None) as batch_op:
        batch_op.drop_column('state_reason_en')

    with op.batch_alter_table('recall_entry', schema=None) as batch_op:
        batch_op.drop_index('ix_recall_entry_recall')

    op.drop_table('recall_entry')
    op.drop_table('recall_outcome')
    with op.batch_alter_table('recall_notice', schema=None) as batch_op:
        batch_op.drop_index('ix_recall_notice_organisation')

    op.drop_table('recall_notice')
    with op.batch_alter_table('recall_lot', schema=None) as batch_op:
        batch_op.drop_index('ix_recall_lot_lot')

    op.drop_table('recall_lot')
    with op.batch_alter_table('recall_holding', schema=None) as batch_op:
        batch_op.drop_index('ix_recall_holding_keeper')

    op.drop_table('recall_holding')
    with op.batch_alter_table('recall', schema=None) as batch_op:
        batch_op.drop_index('ix_recall_owner')

    op.drop_table('recall')
