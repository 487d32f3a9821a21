"""pages for cards"""

import sqlalchemy as sa
from alembic import op

import kernel.db

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('payment_switch',
    sa.Column('method', sa.Enum('vietqr', 'card', 'cod', name='paymentmethod', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('is_on', sa.Boolean(), nullable=False),
    sa.Column('set_at', kernel.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('set_by_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['set_by_id'], ['users.id'], name=op.f('fk_payment_switch_set_by_id')),
    sa.PrimaryKeyConstraint('method', name=op.f('pk_payment_switch'))
    )
    with op.batch_alter_table('payment', schema=None) as batch_op:
        batch_op.add_column(sa.Column('page_reference', sa.String(length=255), nullable=True))
        batch_op.create_index('ix_payment_state', ['state', 'method', 'id'], unique=False)

    with op.batch_alter_table('refund', schema=None) as batch_op:
        batch_op.add_column(sa.Column('problem', sa.String(length=120), nullable=False, server_default=''))
        batch_op.alter_column('problem', server_default=None)



def downgrade():
    with op.batch_alter_table('refund', schema=None) as batch_op:
        batch_op.drop_column('problem')

    with op.batch_alter_table('payment', schema=None) as batch_op:
        batch_op.drop_index('ix_payment_state')
        batch_op.drop_column('page_reference')

    op.drop_table('payment_switch')
