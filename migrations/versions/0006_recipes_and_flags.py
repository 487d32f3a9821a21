"""recipes and flags"""

import sqlalchemy as sa
from alembic import op

import kernel.db
from migrations.guards import guard, unguard

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('recipe',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('owner_id', sa.Integer(), nullable=False),
    sa.Column('trade_item_id', sa.Integer(), nullable=True),
    sa.Column('material', sa.String(length=160), nullable=False),
    sa.Column('name_vi', sa.String(length=160), nullable=False),
    sa.Column('least_bp', sa.Integer(), nullable=False),
    sa.Column('most_bp', sa.Integer(), nullable=False),
    sa.Column('adds_other', sa.Boolean(), nullable=False),
    sa.Column('other', sa.String(length=160), nullable=False),
    sa.Column('set_at', kernel.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('set_by_id', sa.Integer(), nullable=True),
    sa.Column('seen_at', kernel.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('seen_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("(trade_item_id IS NULL) = (material <> '')", name=op.f('ck_recipe_of_one_thing')),
    sa.CheckConstraint("NOT adds_other OR other <> ''", name=op.f('ck_recipe_other')),
    sa.CheckConstraint('adds_other OR most_bp <= 10000', name=op.f('ck_recipe_nothing_from_nothing')),
    sa.CheckConstraint('least_bp BETWEEN 1 AND most_bp', name=op.f('ck_recipe_range')),
    sa.ForeignKeyConstraint(['owner_id'], ['organisation.id'], name=op.f('fk_recipe_owner_id')),
    sa.ForeignKeyConstraint(['seen_by_id'], ['users.id'], name=op.f('fk_recipe_seen_by_id')),
    sa.ForeignKeyConstraint(['set_by_id'], ['users.id'], name=op.f('fk_recipe_set_by_id')),
    sa.ForeignKeyConstraint(['trade_item_id'], ['trade_item.id'], name=op.f('fk_recipe_trade_item_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recipe'))
    )
    with op.batch_alter_table('recipe', schema=None) as batch_op:
        batch_op.create_index('ix_recipe_of', ['owner_id', 'trade_item_id', 'material', 'id'], unique=False)

    op.create_table('balance_flag',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('lot_id', sa.Integer(), nullable=False),
    sa.Column('recipe_id', sa.Integer(), nullable=False),
    sa.Column('judgement', sa.String(length=8), nullable=False),
    sa.Column('taken', sa.Integer(), nullable=False),
    sa.Column('made', sa.Integer(), nullable=False),
    sa.Column('yield_bp', sa.Integer(), nullable=False),
    sa.Column('flagged_at', kernel.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('cleared_at', kernel.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('cleared_by_id', sa.Integer(), nullable=True),
    sa.Column('cleared_reason', sa.String(length=400), nullable=False),
    sa.CheckConstraint("(cleared_at IS NULL) = (cleared_reason = '')", name=op.f('ck_balance_flag_cleared')),
    sa.CheckConstraint("judgement IN ('below', 'above')", name=op.f('ck_balance_flag_judgement')),
    sa.ForeignKeyConstraint(['cleared_by_id'], ['users.id'], name=op.f('fk_balance_flag_cleared_by_id')),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_balance_flag_lot_id')),
    sa.ForeignKeyConstraint(['recipe_id'], ['recipe.id'], name=op.f('fk_balance_flag_recipe_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_balance_flag')),
    sa.UniqueConstraint('lot_id', name=op.f('uq_balance_flag_lot_id'))
    )
    with op.batch_alter_table('balance_flag', schema=None) as batch_op:
        batch_op.create_index('ix_balance_flag_open', ['cleared_at', 'id'], unique=False)



def downgrade():
    with op.batch_alter_table('balance_flag', schema=None) as batch_op:
        batch_op.drop_index('ix_balance_flag_open')

    op.drop_table('balance_flag')
    with op.batch_alter_table('recipe', schema=None) as batch_op:
        batch_op.drop_index('ix_recipe_of')

    op.drop_table('recipe')
