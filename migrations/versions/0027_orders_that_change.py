"""orders that change"""

import sqlalchemy as sa
from alembic import op

import kernel.db
from migrations.guards import guard, unguard

revision = '0027'
down_revision = '0026'
branch_labels = None
depends_on = None

_FACTS = ('id', 'number', 'order_id', 'revision', 'asked_by', 'reason', 'goods_vnd', 'discount_vnd', 'asked_at', 'asked_by_id')
# What was proposed stays as it was read, and an answer is given once.
_CHANGED = ' OR '.join(["OLD.state <> 'proposed'"] + [f'NEW.{name} IS DISTINCT FROM OLD.{name}' for name in _FACTS])
_ON_SQLITE = (
    f"CREATE TRIGGER order_change_stays BEFORE UPDATE ON order_change WHEN {_CHANGED} "
    "BEGIN SELECT RAISE(ABORT, 'a change of an order stays'); END",
    "CREATE TRIGGER order_change_is_kept BEFORE DELETE ON order_change "
    "BEGIN SELECT RAISE(ABORT, 'a change of an order stays'); END",
)
_ON_POSTGRESQL = (
    f"""
    CREATE FUNCTION order_change_stays() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'DELETE' OR ({_CHANGED}) THEN
        RAISE EXCEPTION 'a change of an order stays' USING ERRCODE = 'restrict_violation';
      END IF;
      RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER order_change_stays BEFORE UPDATE OR DELETE ON order_change "
    "FOR EACH ROW EXECUTE FUNCTION order_change_stays()",
)


def upgrade():
    op.create_table('order_change',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=20), nullable=False),
    sa.Column('order_id', sa.Integer(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('asked_by', sa.String(length=8), nullable=False),
    sa.Column('state', sa.Enum('proposed', 'done', 'refused', 'withdrawn', 'overtaken', name='changestate', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.Column('goods_vnd', sa.Integer(), nullable=False),
    sa.Column('discount_vnd', sa.Integer(), nullable=False),
    sa.Column('asked_at', kernel.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('asked_by_id', sa.Integer(), nullable=True),
    sa.Column('answered_at', kernel.db.UtcDateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(state = 'proposed') = (answered_at IS NULL)", name=op.f('ck_order_change_answered')),
    sa.CheckConstraint("asked_by = 'buyer' OR reason <> ''", name=op.f('ck_order_change_producers_have_reason')),
    sa.CheckConstraint("asked_by = 'producer' OR state = 'done'", name=op.f('ck_order_change_buyers_are_done')),
    sa.CheckConstraint("asked_by IN ('buyer', 'producer')", name=op.f('ck_order_change_asked_by')),
    sa.CheckConstraint('goods_vnd >= 0 AND discount_vnd BETWEEN 0 AND goods_vnd', name=op.f('ck_order_change_amounts')),
    sa.ForeignKeyConstraint(['asked_by_id'], ['users.id'], name=op.f('fk_order_change_asked_by_id')),
    sa.ForeignKeyConstraint(['order_id'], ['purchase_order.id'], name=op.f('fk_order_change_order_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_order_change')),
    sa.UniqueConstraint('id', 'order_id', name=op.f('uq_order_change_id_order_id')),
    sa.UniqueConstraint('number', name=op.f('uq_order_change_number'))
    )
    with op.batch_alter_table('order_change', schema=None) as batch_op:
        batch_op.create_index('uq_order_change_done', ['order_id', 'revision'], unique=True, sqlite_where=sa.text("state = 'done'"), postgresql_where=sa.text("state = 'done'"))
        batch_op.create_index('uq_order_change_proposed', ['order_id'], unique=True, sqlite_where=sa.text("state = 'proposed'"), postgresql_where=sa.text("state = 'proposed'"))

    op.create_table('order_change_line',
    sa.Column('change_id', sa.Integer(), nullable=False),
    sa.Column('line', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('order_id', sa.Integer(), nullable=False),
    sa.Column('packs', sa.Integer(), nullable=False),
    sa.Column('packs_left', sa.Integer(), nullable=False),
    sa.Column('amount_vnd', sa.Integer(), nullable=False),
    sa.Column('discount_vnd', sa.Integer(), nullable=False),
    sa.CheckConstraint('amount_vnd >= 0 AND discount_vnd BETWEEN 0 AND amount_vnd', name=op.f('ck_order_change_line_amounts')),
    sa.CheckConstraint('packs > 0 AND packs_left >= 0', name=op.f('ck_order_change_line_packs')),
    sa.ForeignKeyConstraint(['change_id', 'order_id'], ['order_change.id', 'order_change.order_id'], name=op.f('fk_order_change_line_change_id_order_id')),
    sa.ForeignKeyConstraint(['order_id', 'line'], ['purchase_line.order_id', 'purchase_line.line'], name=op.f('fk_order_change_line_order_id_line')),
    sa.PrimaryKeyConstraint('change_id', 'line', name=op.f('pk_order_change_line'))
    )
    with op.batch_alter_table('order_change_line', schema=None) as batch_op:
        batch_op.create_index('ix_order_change_line_line', ['order_id', 'line'], unique=False)

    with op.batch_alter_table('purchase_order', schema=None) as batch_op:
        batch_op.add_column(sa.Column('revision', sa.Integer(), nullable=False, server_default='0'))

    guard('order_change_line')
    for statement in _ON_SQLITE if op.get_bind().dialect.name == 'sqlite' else _ON_POSTGRESQL:
        op.execute(statement)


def downgrade():
    unguard('order_change_line')
    with op.batch_alter_table('purchase_order', schema=None) as batch_op:
        batch_op.drop_column('revision')

    with op.batch_alter_table('order_change_line', schema=None) as batch_op:
        batch_op.drop_index('ix_order_change_line_line')

    op.drop_table('order_change_line')
    with op.batch_alter_table('order_change', schema=None) as batch_op:
        batch_op.drop_index('uq_order_change_proposed', sqlite_where=sa.text("state = 'proposed'"), postgresql_where=sa.text("state = 'proposed'"))
        batch_op.drop_index('uq_order_change_done', sqlite_where=sa.text("state = 'done'"), postgresql_where=sa.text("state = 'done'"))

    op.drop_table('order_change')
    if op.get_bind().dialect.name != 'sqlite':
        op.execute('DROP FUNCTION order_change_stays()')
