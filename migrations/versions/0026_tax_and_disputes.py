"""tax and disputes"""

import sqlalchemy as sa
from alembic import op

import kernel.db
from migrations.guards import guard, unguard

revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None


_DISPUTES = 'disputed_vnd BETWEEN 0 AND captured_vnd - refunded_vnd'


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
    op.create_table('card_dispute',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=20), nullable=False),
    sa.Column('payment_id', sa.Integer(), nullable=False),
    sa.Column('reference', sa.String(length=255), nullable=False),
    sa.Column('amount_vnd', sa.Integer(), nullable=False),
    sa.Column('held_vnd', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=60), nullable=False),
    sa.Column('is_inquiry', sa.Boolean(), nullable=False),
    sa.Column('state', sa.Enum('to_answer', 'in_review', 'won', 'lost', name='disputestate', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('answer_by', kernel.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('opened_at', kernel.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('heard_at', kernel.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('closed_at', kernel.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('decision', sa.Enum('answer', 'accept', name='disputedecision', native_enum=False, create_constraint=True, length=24), nullable=True),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('is_erased', sa.Boolean(), nullable=False),
    sa.Column('decided_by_id', sa.Integer(), nullable=True),
    sa.Column('decided_at', kernel.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('sent_at', kernel.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('problem', sa.String(length=120), nullable=False),
    sa.CheckConstraint('amount_vnd > 0 AND held_vnd BETWEEN 0 AND amount_vnd', name=op.f('ck_card_dispute_amounts')),
    sa.CheckConstraint("(state IN ('won', 'lost')) = (closed_at IS NOT NULL)", name=op.f('ck_card_dispute_closed_has_time')),
    sa.CheckConstraint('closed_at IS NULL OR held_vnd = 0', name=op.f('ck_card_dispute_closed_holds_nothing')),
    sa.CheckConstraint('(decision IS NULL) = (decided_at IS NULL)', name=op.f('ck_card_dispute_decided_has_time')),
    sa.CheckConstraint("decision IS NULL OR decision <> 'answer' OR words <> '' OR is_erased", name=op.f('ck_card_dispute_answer_has_words')),
    sa.ForeignKeyConstraint(['decided_by_id'], ['users.id'], name=op.f('fk_card_dispute_decided_by_id')),
    sa.ForeignKeyConstraint(['payment_id'], ['payment.id'], name=op.f('fk_card_dispute_payment_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_card_dispute')),
    sa.UniqueConstraint('number', name=op.f('uq_card_dispute_number')),
    sa.UniqueConstraint('reference', name=op.f('uq_card_dispute_reference'))
    )
    with op.batch_alter_table('card_dispute', schema=None) as batch_op:
        batch_op.create_index('ix_card_dispute_payment', ['payment_id'], unique=False)
        batch_op.create_index('ix_card_dispute_state', ['state', 'id'], unique=False)

    op.create_table('invoice_wish',
    sa.Column('purchase_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('tax_code', sa.String(length=14), nullable=False),
    sa.Column('address', sa.String(length=300), nullable=False),
    sa.Column('email', sa.String(length=255), nullable=True),
    sa.CheckConstraint("name <> '' AND address <> ''", name=op.f('ck_invoice_wish_named')),
    sa.ForeignKeyConstraint(['purchase_id'], ['purchase.id'], name=op.f('fk_invoice_wish_purchase_id')),
    sa.PrimaryKeyConstraint('purchase_id', name=op.f('pk_invoice_wish'))
    )
    op.create_table('vat_statement',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('trade_item_id', sa.Integer(), nullable=False),
    sa.Column('rate_bp', sa.Integer(), nullable=True),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('set_by_id', sa.Integer(), nullable=True),
    sa.Column('set_at', kernel.db.UtcDateTime(timezone=True), nullable=False),
    sa.CheckConstraint('rate_bp BETWEEN -1 AND 10000', name=op.f('ck_vat_statement_rate')),
    sa.ForeignKeyConstraint(['set_by_id'], ['users.id'], name=op.f('fk_vat_statement_set_by_id')),
    sa.ForeignKeyConstraint(['trade_item_id'], ['trade_item.id'], name=op.f('fk_vat_statement_trade_item_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_vat_statement'))
    )
    with op.batch_alter_table('vat_statement', schema=None) as batch_op:
        batch_op.create_index('ix_vat_statement_item_day', ['trade_item_id', 'valid_from', 'id'], unique=False)

    guard('vat_statement')
    with op.batch_alter_table('payment', schema=None) as batch_op:
        batch_op.add_column(sa.Column('disputed_vnd', sa.Integer(), server_default='0', nullable=False))
        batch_op.create_check_constraint(op.f('ck_payment_disputes'), _DISPUTES)


def downgrade():
    unguard('vat_statement')
    with op.batch_alter_table('vat_statement', schema=None) as batch_op:
        batch_op.drop_index('ix_vat_statement_item_day')

    op.drop_table('vat_statement')
    op.drop_table('invoice_wish')
    with op.batch_alter_table('payment', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_payment_disputes'), type_='check')
        batch_op.drop_column('disputed_vnd')

    with op.batch_alter_table('card_dispute', schema=None) as batch_op:
        batch_op.drop_index('ix_card_dispute_state')
        batch_op.drop_index('ix_card_dispute_payment')

    op.drop_table('card_dispute')
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
