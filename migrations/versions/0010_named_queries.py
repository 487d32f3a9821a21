"""named queries of the event store

And an event of a type of one's own may have a long name; and what was written down before the store was there is
brought into the form of the standard by a job.
"""

import sqlalchemy as sa
from alembic import op

import kernel.db
from migrations.asking import ask_for
from migrations.guards import guard, unguard

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def _type_of(length):
    unguard('epcis_event')
    with op.batch_alter_table('epcis_event') as batch_op:
        batch_op.alter_column('type', type_=sa.String(length), existing_nullable=False)
    guard('epcis_event')


def upgrade():
    op.create_table('named_query',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('query', sa.JSON(), nullable=False),
    sa.Column('created_at', kernel.db.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_named_query_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_named_query')),
    sa.UniqueConstraint('organisation_id', 'name', name=op.f('uq_named_query_organisation_id_name'))
    )
    _type_of(300)
    _ask_for_missing_rows()


def _ask_for_missing_rows():
    connection = op.get_bind()
    if connection.execute(sa.text('SELECT 1 FROM trace_event LIMIT 1')).first() is None:
        return
    ask_for('traceability.write_epcis')


def downgrade():
    op.execute("DELETE FROM job WHERE kind = 'traceability.write_epcis'")
    _type_of(40)
    op.drop_table('named_query')
