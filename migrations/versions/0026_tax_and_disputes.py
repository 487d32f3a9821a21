"""tax and disputes"""

import sqlalchemy as sa
from alembic import op

import kernel.db
from migrations.guards import guard, unguard

revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('tax_held',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('entry_id', sa.Integer(), nullable=False),
    sa.Column('document', sa.String(length=40), nullable=False),
    sa.Column('seller_id', sa.Integer(), nullable=False),
    sa.Column('office_id', sa.Integer(), nullable=False),
    sa.Column('rule', sa.String(length=40), nullable=False),
    sa.Column('is_claim', sa.Boolean(), nullable=False),
    sa.Column('base_vnd', sa.BigInteger(), nullable=False),
    sa.Column('vat_vnd', sa.BigInteger(), nullable=False),
    sa.Column('pit_vnd', sa.BigInteger(), nullable=False),
    sa.Column('at', kernel.db.UtcDateTime(timezone=True), nullable=False),
    sa.CheckConstraint('vat_vnd <> 0 OR pit_vnd <> 0', name=op.f('ck_tax_held_amounts')),
    sa.ForeignKeyConstraint(['entry_id'], ['journal_entry.id'], name=op.f('fk_tax_held_entry_id')),
    sa.ForeignKeyConstraint(['office_id'], ['organisation.id'], name=op.f('fk_tax_held_office_id')),
    sa.ForeignKeyConstraint(['seller_id'], ['organisation.id'], name=op.f('fk_tax_held_seller_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tax_held')),
    sa.UniqueConstraint('entry_id', 'document', name=op.f('uq_tax_held_entry_id_document'))
    )
    with op.batch_alter_table('tax_held', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_tax_held_at'), ['at'], unique=False)
        batch_op.create_index('ix_tax_held_document', ['document'], unique=False)
        batch_op.create_index('ix_tax_held_seller', ['seller_id', 'id'], unique=False)

    op.create_table('withholding_switch',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('seller_id', sa.Integer(), nullable=True),
    sa.Column('is_on', sa.Boolean(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.Column('set_at', kernel.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('set_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("reason <> ''", name=op.f('ck_withholding_switch_reason')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_withholding_switch_organisation_id')),
    sa.ForeignKeyConstraint(['seller_id'], ['organisation.id'], name=op.f('fk_withholding_switch_seller_id')),
    sa.ForeignKeyConstraint(['set_by_id'], ['users.id'], name=op.f('fk_withholding_switch_set_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_withholding_switch'))
    )
    with op.batch_alter_table('withholding_switch', schema=None) as batch_op:
        batch_op.create_index('ix_withholding_switch_seller', ['seller_id', 'id'], unique=False)

    guard('tax_held')
    guard('withholding_switch')


def downgrade():
    unguard('withholding_switch')
    unguard('tax_held')
    with op.batch_alter_table('withholding_switch', schema=None) as batch_op:
        batch_op.drop_index('ix_withholding_switch_seller')

    op.drop_table('withholding_switch')
    with op.batch_alter_table('tax_held', schema=None) as batch_op:
        batch_op.drop_index('ix_tax_held_seller')
        batch_op.drop_index('ix_tax_held_document')
        batch_op.drop_index(batch_op.f('ix_tax_held_at'))

    op.drop_table('tax_held')
