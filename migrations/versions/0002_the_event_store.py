"""the event store

Four tables learn new words (event types, an external lot, two roles). SQLite cannot change a CHECK: it rebuilds the
table, and so loses its triggers, which are given again here.
"""

import sqlalchemy as sa
from alembic import op

import kernel.db
from migrations.guards import guard, unguard

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


RAW_OR_MADE = "kind IN ('raw', 'intermediate')"
NOT_FINISHED = "kind <> 'finished'"


def _check(table, rules, **columns):
    """Give a table new CHECKs in the place of those with the same names, and its columns other types."""
    guarded = table in ('trace_event', 'event_lot')
    if guarded:
        unguard(table)
    with op.batch_alter_table(table) as batch_op:
        for name, rule in rules.items():
            batch_op.drop_constraint(op.f(f'ck_{table}_{name}'), type_='check')
            batch_op.create_check_constraint(op.f(f'ck_{table}_{name}'), sa.text(rule))
        for name, column in columns.items():
            batch_op.alter_column(name, type_=column)
    if guarded:
        guard(table)


def _numbered(rule):
    """Say which lots have a number of their own among their owner's."""
    where = {'sqlite_where': sa.text(rule), 'postgresql_where': sa.text(rule)}
    op.create_index('uq_lot_number', 'lot', ['owner_id', 'kind', 'number'], unique=True, **where)


def upgrade():
    op.drop_index('uq_lot_number', 'lot')
    _check(
        'lot',
        {
            'lotkind': "kind IN ('raw', 'intermediate', 'finished', 'external')",
            'quantity': "quantity > 0 OR (kind = 'external' AND quantity = 0)",
        },
    )
    _numbered(RAW_OR_MADE)
    _check('lot_input', {'quantity': 'quantity >= 0'})
    _check(
        'trace_event',
        {
            'eventkind': "kind IN ('ObjectEvent', 'AggregationEvent', 'TransactionEvent', 'TransformationEvent', "
            "'AssociationEvent')"
        },
        event_id=sa.String(300),
        biz_step=sa.String(300),
        disposition=sa.String(300),
    )
    _check(
        'event_lot',
        {'role': "role IN ('object', 'input', 'output', 'parent', 'child')"},
    )
    op.create_table('capture_job',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('capture_id', sa.String(length=36), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('on_error', sa.String(length=8), nullable=False),
    sa.Column('document', sa.Text(), nullable=True),
    sa.Column('created_at', kernel.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('finished_at', kernel.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('success', sa.Boolean(), nullable=True),
    sa.Column('problems', sa.JSON(), nullable=False),
    sa.Column('events', sa.Integer(), nullable=False),
    sa.Column('stored', sa.Integer(), nullable=False),
    sa.Column('replayed', sa.Integer(), nullable=False),
    sa.CheckConstraint("on_error IN ('rollback', 'proceed')", name=op.f('ck_capture_job_on_error')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_capture_job_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_capture_job')),
    sa.UniqueConstraint('capture_id', name=op.f('uq_capture_job_capture_id'))
    )
    with op.batch_alter_table('capture_job', schema=None) as batch_op:
        batch_op.create_index('ix_capture_job_list', ['organisation_id', 'id'], unique=False)

    op.create_table('epcis_event',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('event_id', sa.String(length=300), nullable=False),
    sa.Column('declares_error', sa.Boolean(), nullable=False),
    sa.Column('trace_event_id', sa.Integer(), nullable=True),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('capture_id', sa.Integer(), nullable=True),
    sa.Column('type', sa.String(length=40), nullable=False),
    sa.Column('action', sa.String(length=8), nullable=True),
    sa.Column('biz_step', sa.String(length=300), nullable=True),
    sa.Column('disposition', sa.String(length=300), nullable=True),
    sa.Column('event_at', kernel.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('recorded_at', kernel.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('read_point', sa.String(length=400), nullable=True),
    sa.Column('biz_location', sa.String(length=400), nullable=True),
    sa.Column('transformation_id', sa.String(length=400), nullable=True),
    sa.Column('hash', sa.String(length=100), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['capture_id'], ['capture_job.id'], name=op.f('fk_epcis_event_capture_id')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_epcis_event_organisation_id')),
    sa.ForeignKeyConstraint(['trace_event_id'], ['trace_event.id'], name=op.f('fk_epcis_event_trace_event_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_epcis_event')),
    sa.UniqueConstraint('event_id', 'declares_error', name=op.f('uq_epcis_event_event_id_declares_error'))
    )
    with op.batch_alter_table('epcis_event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_epcis_event_capture_id'), ['capture_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_epcis_event_hash'), ['hash'], unique=False)
        batch_op.create_index('ix_epcis_event_organisation', ['organisation_id', 'id'], unique=False)
        batch_op.create_index('ix_epcis_event_record', ['recorded_at', 'id'], unique=False)
        batch_op.create_index('ix_epcis_event_time', ['event_at', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_epcis_event_trace_event_id'), ['trace_event_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_epcis_event_transformation_id'), ['transformation_id'], unique=False)

    op.create_table('lot_identifier',
    sa.Column('uri', sa.String(length=400), nullable=False),
    sa.Column('lot_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_lot_identifier_lot_id')),
    sa.PrimaryKeyConstraint('uri', name=op.f('pk_lot_identifier'))
    )
    with op.batch_alter_table('lot_identifier', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_lot_identifier_lot_id'), ['lot_id'], unique=False)

    op.create_table('epcis_field',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('epcis_event_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=400), nullable=False),
    sa.Column('value', sa.String(length=600), nullable=False),
    sa.Column('number', sa.Double(), nullable=True),
    sa.ForeignKeyConstraint(['epcis_event_id'], ['epcis_event.id'], name=op.f('fk_epcis_field_epcis_event_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_epcis_field'))
    )
    with op.batch_alter_table('epcis_field', schema=None) as batch_op:
        batch_op.create_index('ix_epcis_field_event', ['epcis_event_id'], unique=False)
        batch_op.create_index('ix_epcis_field_value', ['name', 'value', 'epcis_event_id'], unique=False)

    for table in ('epcis_event', 'epcis_field'):
        guard(table)


def downgrade():
    for table in ('epcis_event', 'epcis_field'):
        unguard(table)
    with op.batch_alter_table('epcis_field', schema=None) as batch_op:
        batch_op.drop_index('ix_epcis_field_value')
        batch_op.drop_index('ix_epcis_field_event')

    op.drop_table('epcis_field')
    with op.batch_alter_table('lot_identifier', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_lot_identifier_lot_id'))

    op.drop_table('lot_identifier')
    with op.batch_alter_table('epcis_event', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_epcis_event_transformation_id'))
        batch_op.drop_index(batch_op.f('ix_epcis_event_trace_event_id'))
        batch_op.drop_index('ix_epcis_event_time')
        batch_op.drop_index('ix_epcis_event_record')
        batch_op.drop_index('ix_epcis_event_organisation')
        batch_op.drop_index(batch_op.f('ix_epcis_event_hash'))
        batch_op.drop_index(batch_op.f('ix_epcis_event_capture_id'))

    op.drop_table('epcis_event')
    with op.batch_alter_table('capture_job', schema=None) as batch_op:
        batch_op.drop_index('ix_capture_job_list')

    op.drop_table('capture_job')
    _check(
        'event_lot', {'role': "role IN ('object', 'input', 'output')"})
    _check(
        'trace_event',
        {'eventkind': "kind IN ('ObjectEvent', 'TransformationEvent', 'TransactionEvent')"},
        event_id=sa.String(60),
        biz_step=sa.String(40),
        disposition=sa.String(40),
    )
    _check('lot_input', {'quantity': 'quantity > 0'})
    op.drop_index('uq_lot_number', 'lot')
    _check(
        'lot', {'lotkind': "kind IN ('raw', 'intermediate', 'finished')", 'quantity': 'quantity > 0'}
    )
    _numbered(NOT_FINISHED)
