"""what is paid of held-back tax to the state"""

import sqlalchemy as sa
from alembic import op

import kernel.db
from migrations.guards import guard, unguard

revision = '0033'
down_revision = '0032'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('tax_payment',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=20), nullable=False),
    sa.Column('office_id', sa.Integer(), nullable=False),
    sa.Column('month', sa.Date(), nullable=False),
    sa.Column('amount_vnd', sa.BigInteger(), nullable=False),
    sa.Column('paid_on', sa.Date(), nullable=False),
    sa.Column('reference', sa.String(length=60), nullable=False),
    sa.Column('undoes_id', sa.Integer(), nullable=True),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.Column('entry_id', sa.Integer(), nullable=False),
    sa.Column('at', kernel.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("(undoes_id IS NULL) = (reason = '')", name=op.f('ck_tax_payment_reason')),
    sa.CheckConstraint("reference <> ''", name=op.f('ck_tax_payment_reference')),
    sa.CheckConstraint(
        '(undoes_id IS NULL AND amount_vnd > 0) OR (undoes_id IS NOT NULL AND amount_vnd < 0)',
        name=op.f('ck_tax_payment_amount'),
    ),
    sa.ForeignKeyConstraint(['by_id'], ['users.id'], name=op.f('fk_tax_payment_by_id')),
    sa.ForeignKeyConstraint(['entry_id'], ['journal_entry.id'], name=op.f('fk_tax_payment_entry_id')),
    sa.ForeignKeyConstraint(['office_id'], ['organisation.id'], name=op.f('fk_tax_payment_office_id')),
    sa.ForeignKeyConstraint(['undoes_id'], ['tax_payment.id'], name=op.f('fk_tax_payment_undoes_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tax_payment')),
    sa.UniqueConstraint('entry_id', name=op.f('uq_tax_payment_entry_id')),
    sa.UniqueConstraint('number', name=op.f('uq_tax_payment_number')),
    sa.UniqueConstraint('undoes_id', name=op.f('uq_tax_payment_undoes_id'))
    )
    with op.batch_alter_table('tax_payment', schema=None) as batch_op:
        batch_op.create_index('ix_tax_payment_office', ['office_id', 'id'], unique=False)
    guard('tax_payment')


def downgrade():
    unguard('tax_payment')
    with op.batch_alter_table('tax_payment', schema=None) as batch_op:
        batch_op.drop_index('ix_tax_payment_office')

    op.drop_table('tax_payment')
