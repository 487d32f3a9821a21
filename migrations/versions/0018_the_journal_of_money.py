"""the journal of money"""

import sqlalchemy as sa
from alembic import op

import kernel.db
from migrations.guards import guard, unguard

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None

_LEDGERS = ('journal_entry', 'journal_line', 'commission_rate', 'books_proof')

# An entry comes after its lines and closes over them: none at all, or lines that do not add up, and it is refused.
# Each organisation's lines come to nought, and so do the two halves of what one owes another.
_OFF_BALANCE = """
NOT EXISTS (SELECT 1 FROM journal_line WHERE entry_id = NEW.{id})
OR EXISTS (
  SELECT 1 FROM journal_line WHERE entry_id = NEW.{id}
  GROUP BY organisation_id HAVING SUM(amount_vnd) <> 0
)
OR EXISTS (
  SELECT 1 FROM journal_line WHERE entry_id = NEW.{id} AND counterparty_id IS NOT NULL
  GROUP BY
    CASE WHEN organisation_id < counterparty_id THEN organisation_id ELSE counterparty_id END,
    CASE WHEN organisation_id < counterparty_id THEN counterparty_id ELSE organisation_id END
  HAVING SUM(amount_vnd) <> 0
)
"""
_CLOSED = 'EXISTS (SELECT 1 FROM journal_entry WHERE id = NEW.entry_id)'
_ON_SQLITE = (
    f"CREATE TRIGGER journal_entry_balances BEFORE INSERT ON journal_entry WHEN {_OFF_BALANCE.format(id='id')} "
    "BEGIN SELECT RAISE(ABORT, 'the entry does not balance'); END",
    f"CREATE TRIGGER journal_line_in_time BEFORE INSERT ON journal_line WHEN {_CLOSED} "
    "BEGIN SELECT RAISE(ABORT, 'the entry is closed'); END",
)
# PostgreSQL looks once more when the transaction ends: two that write at once do not see each other's rows before.
_ON_POSTGRESQL = (
    f"""
    CREATE FUNCTION journal_entry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF {_OFF_BALANCE.format(id='id')} THEN
        RAISE EXCEPTION 'the entry does not balance' USING ERRCODE = 'check_violation';
      END IF;
      RETURN NEW;
    END $$
    """,
    f"""
    CREATE FUNCTION journal_line_in_time() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF {_CLOSED} THEN
        RAISE EXCEPTION 'the entry is closed' USING ERRCODE = 'check_violation';
      END IF;
      RETURN NEW;
    END $$
    """,
    f"""
    CREATE FUNCTION journal_line_balances() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF {_OFF_BALANCE.format(id='entry_id')} THEN
        RAISE EXCEPTION 'the entry does not balance' USING ERRCODE = 'check_violation';
      END IF;
      RETURN NULL;
    END $$
    """,
    "CREATE TRIGGER journal_entry_balances BEFORE INSERT ON journal_entry "
    "FOR EACH ROW EXECUTE FUNCTION journal_entry_balances()",
    "CREATE TRIGGER journal_line_in_time BEFORE INSERT ON journal_line "
    "FOR EACH ROW EXECUTE FUNCTION journal_line_in_time()",
    "CREATE CONSTRAINT TRIGGER journal_line_balances AFTER INSERT ON journal_line "
    "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION journal_line_balances()",
)


def upgrade():
    op.create_table('books_proof',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('at', kernel.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('entries', sa.Integer(), nullable=False),
    sa.Column('lines', sa.Integer(), nullable=False),
    sa.Column('turnover_vnd', sa.BigInteger(), nullable=False),
    sa.Column('differences', sa.JSON(), nullable=False),
    sa.Column('difference_count', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_books_proof'))
    )
    op.create_table('journal_entry',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('cause', sa.String(length=120), nullable=False),
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('at', kernel.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['by_id'], ['users.id'], name=op.f('fk_journal_entry_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_journal_entry')),
    sa.UniqueConstraint('cause', name=op.f('uq_journal_entry_cause'))
    )
    with op.batch_alter_table('journal_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_journal_entry_at'), ['at'], unique=False)
        batch_op.create_index(batch_op.f('ix_journal_entry_kind'), ['kind'], unique=False)

    op.create_table('commission_rate',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('producer_id', sa.Integer(), nullable=True),
    sa.Column('rate_bp', sa.Integer(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_until', sa.Date(), nullable=True),
    sa.Column('set_at', kernel.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('set_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint('rate_bp BETWEEN 0 AND 10000', name=op.f('ck_commission_rate_rate')),
    sa.CheckConstraint('valid_until IS NULL OR valid_until >= valid_from', name=op.f('ck_commission_rate_days')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_commission_rate_organisation_id')),
    sa.ForeignKeyConstraint(['producer_id'], ['organisation.id'], name=op.f('fk_commission_rate_producer_id')),
    sa.ForeignKeyConstraint(['set_by_id'], ['users.id'], name=op.f('fk_commission_rate_set_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_commission_rate'))
    )
    with op.batch_alter_table('commission_rate', schema=None) as batch_op:
        batch_op.create_index('ix_commission_rate_producer', ['producer_id', 'id'], unique=False)

    op.create_table('journal_line',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('entry_id', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('account', sa.Enum('bank', 'card', 'collected', 'under_way', 'cash', 'buyers', 'held', 'refunds', 'between', 'tax', 'sales', 'delivery', 'discounts', 'commission', 'differences', name='account', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('counterparty_id', sa.Integer(), nullable=True),
    sa.Column('amount_vnd', sa.BigInteger(), nullable=False),
    sa.Column('document', sa.String(length=40), nullable=False),
    sa.Column('holder', sa.String(length=24), nullable=False),
    sa.CheckConstraint("(account = 'between') = (counterparty_id IS NOT NULL)", name=op.f('ck_journal_line_between')),
    sa.CheckConstraint('amount_vnd <> 0', name=op.f('ck_journal_line_amount')),
    sa.CheckConstraint('counterparty_id <> organisation_id', name=op.f('ck_journal_line_counterparty')),
    sa.ForeignKeyConstraint(['counterparty_id'], ['organisation.id'], name=op.f('fk_journal_line_counterparty_id')),
    sa.ForeignKeyConstraint(['entry_id'], ['journal_entry.id'], name=op.f('fk_journal_line_entry_id'), initially='DEFERRED', deferrable=True),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_journal_line_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_journal_line'))
    )
    with op.batch_alter_table('journal_line', schema=None) as batch_op:
        batch_op.create_index('ix_journal_line_account', ['organisation_id', 'account', 'counterparty_id'], unique=False)
        batch_op.create_index('ix_journal_line_document', ['document', 'account'], unique=False)
        batch_op.create_index('ix_journal_line_entry', ['entry_id'], unique=False)

    on_sqlite = op.get_bind().dialect.name == 'sqlite'
    for name in ('house_id', 'discount_by_id'):
        key = f'fk_purchase_order_{name}'
        if on_sqlite:  # without making the table anew
            op.execute(
                f'ALTER TABLE purchase_order ADD COLUMN {name} INTEGER CONSTRAINT {key} REFERENCES organisation (id)'
            )
        else:
            op.add_column('purchase_order', sa.Column(name, sa.Integer(), nullable=True))
            op.create_foreign_key(key, 'purchase_order', 'organisation', [name], ['id'])
    for table in _LEDGERS:
        guard(table)
    for statement in _ON_SQLITE if on_sqlite else _ON_POSTGRESQL:
        op.execute(statement)


def downgrade():
    on_sqlite = op.get_bind().dialect.name == 'sqlite'
    for table in _LEDGERS:
        unguard(table)
    if on_sqlite:
        op.execute('DROP TRIGGER journal_entry_balances')
        op.execute('DROP TRIGGER journal_line_in_time')
    with op.batch_alter_table('purchase_order', schema=None) as batch_op:
        if not on_sqlite:  # there they go with their columns, and a later rebuild may have left them without a name
            batch_op.drop_constraint(batch_op.f('fk_purchase_order_house_id'), type_='foreignkey')
            batch_op.drop_constraint(batch_op.f('fk_purchase_order_discount_by_id'), type_='foreignkey')
        batch_op.drop_column('discount_by_id')
        batch_op.drop_column('house_id')

    with op.batch_alter_table('journal_line', schema=None) as batch_op:
        batch_op.drop_index('ix_journal_line_entry')
        batch_op.drop_index('ix_journal_line_document')
        batch_op.drop_index('ix_journal_line_account')

    op.drop_table('journal_line')
    with op.batch_alter_table('commission_rate', schema=None) as batch_op:
        batch_op.drop_index('ix_commission_rate_producer')

    op.drop_table('commission_rate')
    with op.batch_alter_table('journal_entry', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_journal_entry_kind'))
        batch_op.drop_index(batch_op.f('ix_journal_entry_at'))

    op.drop_table('journal_entry')
    op.drop_table('books_proof')
    if not on_sqlite:
        for name in ('journal_entry_balances', 'journal_line_in_time', 'journal_line_balances'):
            op.execute(f'DROP FUNCTION {name}()')
