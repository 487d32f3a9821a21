"""what is promised keeps until it comes; buyers are told of recalls; what the database refuses of orders and parcels"""

import sqlalchemy as sa
from alembic import op

import kernel.db
from migrations.guards import guard, unguard

revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None

_RULES = {
    'purchase_order': {
        'confirmed_at': "placement <> 'confirmed' OR confirmed_at IS NOT NULL",
        'packed_is_confirmed': "packed_at IS NULL OR placement = 'confirmed'",
        'commission': 'commission_vnd BETWEEN 0 AND goods_vnd',
    },
    'parcel': {
        'no_cod': "(cod_vnd = 0) <= (cod_state = 'none')",
        'delivered_at': "state <> 'delivered' OR delivered_at IS NOT NULL",
    },
}
_GROWS = 'NEW.frozen AND NEW.allocated > OLD.allocated'
_FUNCTION = f"""
CREATE OR REPLACE FUNCTION refuse_promise() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF {_GROWS} THEN
    RAISE EXCEPTION 'nothing is promised of a lot that is stopped' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$
"""


def upgrade():
    op.create_table('recall_buyer_told',
    sa.Column('recall_id', sa.Integer(), nullable=False),
    sa.Column('purchase_id', sa.Integer(), nullable=False),
    sa.Column('channel', sa.String(length=8), nullable=False),
    sa.Column('at', kernel.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("channel = 'mail' OR by_id IS NOT NULL", name=op.f('ck_recall_buyer_told_called_by')),
    sa.CheckConstraint("channel IN ('mail', 'phone')", name=op.f('ck_recall_buyer_told_channel')),
    sa.ForeignKeyConstraint(['by_id'], ['users.id'], name=op.f('fk_recall_buyer_told_by_id')),
    sa.ForeignKeyConstraint(['purchase_id'], ['purchase.id'], name=op.f('fk_recall_buyer_told_purchase_id')),
    sa.ForeignKeyConstraint(['recall_id'], ['recall.id'], name=op.f('fk_recall_buyer_told_recall_id')),
    sa.PrimaryKeyConstraint('recall_id', 'purchase_id', 'channel', name=op.f('pk_recall_buyer_told'))
    )
    guard('recall_buyer_told')
    op.add_column('allocation', sa.Column('good_on', sa.Date(), nullable=True))
    for table, rules in _RULES.items():
        with op.batch_alter_table(table) as batch_op:
            for name, rule in rules.items():
                batch_op.create_check_constraint(op.f(f'ck_{table}_{name}'), sa.text(rule))
    if op.get_bind().dialect.name == 'sqlite':
        op.execute(
            f"CREATE TRIGGER balance_promise BEFORE UPDATE OF allocated ON balance WHEN {_GROWS} "
            "BEGIN SELECT RAISE(ABORT, 'nothing is promised of a lot that is stopped'); END"
        )
        return
    op.execute(_FUNCTION)
    op.execute(
        "CREATE TRIGGER balance_promise BEFORE UPDATE OF allocated ON balance "
        "FOR EACH ROW EXECUTE FUNCTION refuse_promise()"
    )


def downgrade():
    if op.get_bind().dialect.name == 'sqlite':
        op.execute('DROP TRIGGER balance_promise')
    else:
        op.execute('DROP TRIGGER balance_promise ON balance')
        op.execute('DROP FUNCTION refuse_promise')
    for table, rules in _RULES.items():
        with op.batch_alter_table(table) as batch_op:
            for name in rules:
                batch_op.drop_constraint(op.f(f'ck_{table}_{name}'), type_='check')
    # Not by a rebuilt table: that would lose its triggers.
    op.execute('ALTER TABLE allocation DROP COLUMN good_on')
    unguard('recall_buyer_told')
    op.drop_table('recall_buyer_told')
