"""fields of events by their namespaces

Fields of somebody's own were kept under the prefix that an event used; they are kept by the address that it stands for.
The rows are copied out of the events anew, as they are copied out of new ones.
"""

import json

import sqlalchemy as sa
from alembic import op

from migrations.guards import guard, unguard
from traceability.epcis.fields import fields_of

revision = '0030'
down_revision = '0029'
branch_labels = None
depends_on = None

A_CHUNK = 500
_FIELD = sa.table(
    'epcis_field', sa.column('epcis_event_id'), sa.column('name'), sa.column('value'), sa.column('number')
)


def upgrade():
    connection = op.get_bind()
    unguard('epcis_field')
    after = 0
    events = sa.text('SELECT id, body FROM epcis_event WHERE id > :after ORDER BY id LIMIT :most')
    while rows := connection.execute(events, {'after': after, 'most': A_CHUNK}).all():
        after = rows[-1].id
        kept = {id: set() for id, _ in rows}
        known = sa.select(_FIELD).where(_FIELD.c.epcis_event_id.between(rows[0].id, after))
        for id, *field in connection.execute(known):
            kept[id].add(tuple(field))
        wanted = {id: [tuple(field) for field in fields_of(json.loads(body))] for id, body in rows}
        old = [(id, field) for id, fields in kept.items() for field in fields - set(wanted[id])]
        new = [(id, field) for id, fields in wanted.items() for field in fields if field not in kept[id]]
        _write(connection, old, 'DELETE FROM epcis_field WHERE epcis_event_id = :id AND name = :name AND value = :value')
        _write(
            connection,
            new,
            'INSERT INTO epcis_field (epcis_event_id, name, value, number) VALUES (:id, :name, :value, :number)',
        )
    guard('epcis_field')


def downgrade():
    pass


def _write(connection, fields, statement):
    if fields:
        names = ('name', 'value', 'number')
        connection.execute(sa.text(statement), [{'id': id, **dict(zip(names, field))} for id, field in fields])
