"""words that mean the same to the shop's search, and packs to give"""

import sqlalchemy as sa
from alembic import op

import kernel.db

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('synonym_set',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('changed_by_id', sa.Integer(), nullable=True),
    sa.Column('changed_at', kernel.db.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['changed_by_id'], ['users.id'], name=op.f('fk_synonym_set_changed_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_synonym_set'))
    )
    op.create_table('synonym_phrase',
    sa.Column('key', sa.String(length=80), nullable=False),
    sa.Column('set_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('phrase', sa.String(length=60), nullable=False),
    sa.CheckConstraint('length(phrase) > 0', name=op.f('ck_synonym_phrase_phrase')),
    sa.ForeignKeyConstraint(['set_id'], ['synonym_set.id'], name=op.f('fk_synonym_phrase_set_id')),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_synonym_phrase'))
    )
    with op.batch_alter_table('synonym_phrase', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_synonym_phrase_set_id'), ['set_id'], unique=False)

    with op.batch_alter_table('trade_item', schema=None) as batch_op:
        batch_op.add_column(sa.Column('is_gift', sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade():
    with op.batch_alter_table('trade_item', schema=None) as batch_op:
        batch_op.drop_column('is_gift')

    with op.batch_alter_table('synonym_phrase', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_synonym_phrase_set_id'))

    op.drop_table('synonym_phrase')
    op.drop_table('synonym_set')
