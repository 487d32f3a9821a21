"""sets of goods, and goods by weight"""

import sqlalchemy as sa
from alembic import op

from migrations.guards import guard, unguard

revision = '0028'
down_revision = '0027'
branch_labels = None
depends_on = None

_RULES = {
    'trade_item': {
        'set': "NOT is_set OR unit = 'piece'",
        'weight': "NOT by_weight OR unit = 'g'",
        'least': 'least BETWEEN 1 AND 999 AND (by_weight OR least = 1)',
    },
    'purchase_line': {
        'part': 'of_line IS NULL OR (price_vnd = 0 AND of_line < line)',
        'share': 'share_vnd >= 0 AND (of_line IS NOT NULL OR share_vnd = 0)',
        'step': 'step_g > 0',
    },
}
#: Trigger → (when it looks, what it refuses, the words it refuses it with).
_TRIGGERS = {
    'set_part_fits': (
        'INSERT ON set_part',
        """
        NOT EXISTS (
          SELECT 1
          FROM trade_item AS whole
          JOIN product AS of_whole ON of_whole.id = whole.product_id
          JOIN product AS of_part ON of_part.producer_id = of_whole.producer_id
          JOIN trade_item AS part ON part.product_id = of_part.id
          WHERE whole.id = NEW.set_item_id AND part.id = NEW.part_item_id AND whole.is_set AND NOT part.is_set
        )
        """,
        'a set is put together of single goods of its own producer',
    ),
    'version_item_full': (
        'INSERT ON version_item',
        """
        EXISTS (SELECT 1 FROM trade_item WHERE id = NEW.trade_item_id AND is_set)
        AND NOT EXISTS (SELECT 1 FROM set_part WHERE set_item_id = NEW.trade_item_id)
        """,
        'there is nothing in this set',
    ),
    'batch_single': (
        'INSERT ON batch',
        'EXISTS (SELECT 1 FROM trade_item WHERE id = NEW.trade_item_id AND is_set)',
        'a set has no batches of its own',
    ),
    'trade_item_set': (
        'UPDATE OF is_set ON trade_item',
        'NEW.is_set <> OLD.is_set',
        'a set stays a set',
    ),
}


def upgrade():
    op.create_table('set_part',
    sa.Column('set_item_id', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('part_item_id', sa.Integer(), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.CheckConstraint('set_item_id <> part_item_id', name=op.f('ck_set_part_itself')),
    sa.CheckConstraint('version > 0 AND quantity BETWEEN 1 AND 99', name=op.f('ck_set_part_quantity')),
    sa.ForeignKeyConstraint(['part_item_id'], ['trade_item.id'], name=op.f('fk_set_part_part_item_id')),
    sa.ForeignKeyConstraint(['set_item_id'], ['trade_item.id'], name=op.f('fk_set_part_set_item_id')),
    sa.PrimaryKeyConstraint('set_item_id', 'version', 'part_item_id', name=op.f('pk_set_part'))
    )
    with op.batch_alter_table('set_part', schema=None) as batch_op:
        batch_op.create_index('ix_set_part_part', ['part_item_id'], unique=False)
    guard('set_part')

    with op.batch_alter_table('trade_item', schema=None) as batch_op:
        batch_op.add_column(sa.Column('is_set', sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column('by_weight', sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column('least', sa.Integer(), server_default=sa.text('1'), nullable=False))
        _add_rules(batch_op, 'trade_item')

    unguard('purchase_line')
    with op.batch_alter_table('purchase_line', schema=None) as batch_op:
        batch_op.add_column(sa.Column('share_vnd', sa.Integer(), server_default=sa.text('0'), nullable=False))
        batch_op.add_column(sa.Column('step_g', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            'fk_purchase_line_of_line', 'purchase_line', ['order_id', 'of_line'], ['order_id', 'line']
        )
        _add_rules(batch_op, 'purchase_line')
    guard('purchase_line')

    for name, (event, refused, words) in _TRIGGERS.items():
        if op.get_bind().dialect.name == 'sqlite':
            op.execute(f"CREATE TRIGGER {name} BEFORE {event} WHEN {refused} BEGIN SELECT RAISE(ABORT, '{words}'); END")
            continue
        op.execute(
            f"""
            CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF {refused} THEN
                RAISE EXCEPTION '{words}' USING ERRCODE = 'restrict_violation';
              END IF;
              RETURN NEW;
            END $$
            """
        )
        op.execute(f'CREATE TRIGGER {name} BEFORE {event} FOR EACH ROW EXECUTE FUNCTION {name}()')


def downgrade():
    for name, (event, _, _) in _TRIGGERS.items():
        if op.get_bind().dialect.name == 'sqlite':
            op.execute(f'DROP TRIGGER {name}')
        else:
            op.execute(f'DROP TRIGGER {name} ON {event.rpartition(" ")[2]}')
            op.execute(f'DROP FUNCTION {name}()')

    unguard('purchase_line')
    with op.batch_alter_table('purchase_line', schema=None) as batch_op:
        batch_op.drop_constraint('fk_purchase_line_of_line', type_='foreignkey')
        _drop_rules(batch_op, 'purchase_line')
        batch_op.drop_column('step_g')
        batch_op.drop_column('share_vnd')
    guard('purchase_line')

    with op.batch_alter_table('trade_item', schema=None) as batch_op:
        _drop_rules(batch_op, 'trade_item')
        batch_op.drop_column('least')
        batch_op.drop_column('by_weight')
        batch_op.drop_column('is_set')

    unguard('set_part')
    with op.batch_alter_table('set_part', schema=None) as batch_op:
        batch_op.drop_index('ix_set_part_part')
    op.drop_table('set_part')


def _add_rules(batch_op, table):
    for name, rule in _RULES[table].items():
        batch_op.create_check_constraint(op.f(f'ck_{table}_{name}'), sa.text(rule))


def _drop_rules(batch_op, table):
    for name in _RULES[table]:
        batch_op.drop_constraint(op.f(f'ck_{table}_{name}'), type_='check')
