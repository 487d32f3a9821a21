"""vouchers"""

import sqlalchemy as sa
from alembic import op

import kernel.db
from migrations.guards import guard

revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None

_TERMS = (
    'id', 'code', 'organisation_id', 'kind', 'value', 'most_vnd', 'least_vnd', 'valid_from', 'valid_until', 'most_uses',
    'most_per_buyer', 'made_at', 'made_by_id',
)
# What was promised stays; a voucher that was stopped is not used anew.
_CHANGED = ' OR '.join(
    [f'NEW.{name} IS DISTINCT FROM OLD.{name}' for name in _TERMS]
    + ['(OLD.stopped_at IS NOT NULL AND NEW.stopped_at IS DISTINCT FROM OLD.stopped_at)']
)
_ON_SQLITE = (
    f"CREATE TRIGGER voucher_terms BEFORE UPDATE ON voucher WHEN {_CHANGED} "
    "BEGIN SELECT RAISE(ABORT, 'the terms of a voucher stay'); END",
    "CREATE TRIGGER voucher_stays BEFORE DELETE ON voucher "
    "BEGIN SELECT RAISE(ABORT, 'a voucher stays'); END",
)
_ON_POSTGRESQL = (
    f"""
    CREATE FUNCTION voucher_terms() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'DELETE' OR ({_CHANGED}) THEN
        RAISE EXCEPTION 'the terms of a voucher stay' USING ERRCODE = 'restrict_violation';
      END IF;
      RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER voucher_terms BEFORE UPDATE OR DELETE ON voucher FOR EACH ROW EXECUTE FUNCTION voucher_terms()",
)


def upgrade():
    op.create_table('voucher',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=20), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('amount', 'percent', 'delivery', name='voucherkind', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('value', sa.Integer(), nullable=False),
    sa.Column('most_vnd', sa.Integer(), nullable=True),
    sa.Column('least_vnd', sa.Integer(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_until', sa.Date(), nullable=False),
    sa.Column('most_uses', sa.Integer(), nullable=True),
    sa.Column('most_per_buyer', sa.Integer(), nullable=True),
    sa.Column('used', sa.Integer(), nullable=False),
    sa.Column('made_at', kernel.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('made_by_id', sa.Integer(), nullable=True),
    sa.Column('stopped_at', kernel.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('stopped_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("(kind = 'amount' AND value > 0 AND most_vnd IS NULL) OR (kind = 'percent' AND value BETWEEN 1 AND 10000) OR (kind = 'delivery' AND value = 0)", name=op.f('ck_voucher_value')),
    sa.CheckConstraint('code = upper(code) AND length(code) >= 3', name=op.f('ck_voucher_code')),
    sa.CheckConstraint('most_uses > 0 AND most_per_buyer > 0', name=op.f('ck_voucher_limits')),
    sa.CheckConstraint('most_vnd > 0 AND least_vnd >= 0', name=op.f('ck_voucher_amounts')),
    sa.CheckConstraint('used >= 0 AND (most_uses IS NULL OR used <= most_uses)', name=op.f('ck_voucher_used')),
    sa.CheckConstraint('valid_from <= valid_until', name=op.f('ck_voucher_days')),
    sa.ForeignKeyConstraint(['made_by_id'], ['users.id'], name=op.f('fk_voucher_made_by_id')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_voucher_organisation_id')),
    sa.ForeignKeyConstraint(['stopped_by_id'], ['users.id'], name=op.f('fk_voucher_stopped_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_voucher')),
    sa.UniqueConstraint('code', name=op.f('uq_voucher_code'))
    )
    with op.batch_alter_table('voucher', schema=None) as batch_op:
        batch_op.create_index('ix_voucher_organisation', ['organisation_id', 'id'], unique=False)

    op.create_table('voucher_buyer',
    sa.Column('purchase_id', sa.Integer(), nullable=False),
    sa.Column('voucher_id', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['purchase_id'], ['purchase.id'], name=op.f('fk_voucher_buyer_purchase_id')),
    sa.ForeignKeyConstraint(['voucher_id'], ['voucher.id'], name=op.f('fk_voucher_buyer_voucher_id')),
    sa.PrimaryKeyConstraint('purchase_id', name=op.f('pk_voucher_buyer'))
    )
    with op.batch_alter_table('voucher_buyer', schema=None) as batch_op:
        batch_op.create_index('ix_voucher_buyer_digest', ['voucher_id', 'digest'], unique=False)

    op.create_table('voucher_claim',
    sa.Column('purchase_id', sa.Integer(), nullable=False),
    sa.Column('turn', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('voucher_id', sa.Integer(), nullable=False),
    sa.Column('at', kernel.db.UtcDateTime(timezone=True), nullable=False),
    sa.CheckConstraint('turn > 0', name=op.f('ck_voucher_claim_turn')),
    sa.ForeignKeyConstraint(['purchase_id'], ['purchase.id'], name=op.f('fk_voucher_claim_purchase_id')),
    sa.ForeignKeyConstraint(['voucher_id'], ['voucher.id'], name=op.f('fk_voucher_claim_voucher_id')),
    sa.PrimaryKeyConstraint('purchase_id', 'turn', name=op.f('pk_voucher_claim'))
    )
    with op.batch_alter_table('voucher_claim', schema=None) as batch_op:
        batch_op.create_index('ix_voucher_claim_voucher', ['voucher_id', 'purchase_id'], unique=False)

    with op.batch_alter_table('purchase', schema=None) as batch_op:
        batch_op.add_column(sa.Column('voucher_id', sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f('ix_purchase_voucher_id'), ['voucher_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_purchase_voucher_id'), 'voucher', ['voucher_id'], ['id'])

    guard('voucher_claim')
    for statement in _ON_SQLITE if op.get_bind().dialect.name == 'sqlite' else _ON_POSTGRESQL:
        op.execute(statement)


def downgrade():
    with op.batch_alter_table('purchase', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_purchase_voucher_id'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_purchase_voucher_id'))
        batch_op.drop_column('voucher_id')

    with op.batch_alter_table('voucher_claim', schema=None) as batch_op:
        batch_op.drop_index('ix_voucher_claim_voucher')

    op.drop_table('voucher_claim')
    with op.batch_alter_table('voucher_buyer', schema=None) as batch_op:
        batch_op.drop_index('ix_voucher_buyer_digest')

    op.drop_table('voucher_buyer')
    with op.batch_alter_table('voucher', schema=None) as batch_op:
        batch_op.drop_index('ix_voucher_organisation')

    op.drop_table('voucher')
    if op.get_bind().dialect.name != 'sqlite':
        op.execute('DROP FUNCTION voucher_terms()')
