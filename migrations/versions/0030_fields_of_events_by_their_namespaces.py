"""fields of events by their namespaces, reports of the system by their facts

Fields of somebody's own were kept under the prefix that an event used; they are kept by the address that it stands for.
The rows are copied out of the events anew, as they are copied out of new ones.

What the system reports to an office was kept in Vietnamese words; what happened is kept, and said when it is shown.
"""

import json
import re

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
    op.add_column('trace_case', sa.Column('facts', sa.JSON(), nullable=True))
    _read_reports(connection)


def downgrade():
    connection = op.get_bind()
    for id, facts in connection.execute(sa.select(_CASE.c.id, _CASE.c.facts).where(_CASE.c.text == '')).all():
        if facts:
            words = _WORDS.format(
                lot=facts['lot'],
                said='báo thu hồi' if facts['is_set'] else 'báo thôi thu hồi',
                done='Lô đã được tạm giữ.' if facts['is_held'] else 'Trạng thái của lô không đổi.',
            )
            connection.execute(_CASE.update().where(_CASE.c.id == id).values(text=words))
    op.drop_column('trace_case', 'facts')


_CASE = sa.table('trace_case', sa.column('id'), sa.column('text'), sa.column('facts', sa.JSON(none_as_null=True)))
_WORDS = (
    'Lô {lot}: chương trình của chủ hàng {said} lô này, hoặc lô đã làm ra nó, bằng sự kiện EPCIS. {done}'
    ' Xin xem xét và quyết định.'
)
_REPORT = re.compile(
    'Lô (.+): chương trình của chủ hàng (báo thu hồi|báo thôi thu hồi) lô này, hoặc lô đã làm ra nó, bằng sự kiện EPCIS.'
    ' (Lô đã được tạm giữ.|Trạng thái của lô không đổi.) Xin xem xét và quyết định.'
)


def _read_reports(connection):
    known = sa.select(_CASE.c.id, _CASE.c.text).where(_CASE.c.text.like('Lô %: chương trình của chủ hàng %'))
    for id, text in connection.execute(known).all():
        said = _REPORT.fullmatch(text)
        if said:
            facts = {'lot': said[1], 'is_set': said[2] == 'báo thu hồi', 'is_held': said[3] == 'Lô đã được tạm giữ.'}
            connection.execute(_CASE.update().where(_CASE.c.id == id).values(text='', facts=facts))


def _write(connection, fields, statement):
    if fields:
        names = ('name', 'value', 'number')
        connection.execute(sa.text(statement), [{'id': id, **dict(zip(names, field))} for id, field in fields])
