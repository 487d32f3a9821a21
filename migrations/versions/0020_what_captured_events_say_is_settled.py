"""what captured events say is settled

Databases of before counted no captured use (``lot.used``), kept the amount of an external lot that was named first, and
left edges standing that no event says any more: of errors declared, and of what was taken out of its case. Brought to
what the events that stand say, by the rules of ``traceability.statements`` as they are at this revision.
"""

from collections import defaultdict

import sqlalchemy as sa
from alembic import op

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None

MOST = 2_147_483_647
#: events that stand, and speak for the lot
_SAID = """
  FROM event_lot el
  JOIN trace_event te ON te.id = el.event_id
  JOIN lot l ON l.id = el.lot_id
  LEFT JOIN epcis_event ee ON ee.trace_event_id = te.id AND NOT ee.declares_error
"""
_STANDS = """
  NOT EXISTS (SELECT 1 FROM trace_event newer WHERE newer.corrects_id = te.id)
  AND NOT EXISTS (SELECT 1 FROM epcis_event wrong WHERE wrong.event_id = te.event_id AND wrong.declares_error)
"""
_AMOUNTS = f"""
WITH said AS (
  SELECT el.lot_id, el.quantity, ee.capture_id IS NOT NULL AS is_captured,
    (te.kind = 'TransformationEvent' AND el.role = 'input') AS takes,
    (te.kind = 'TransformationEvent' AND el.role = 'output')
      OR (te.kind = 'ObjectEvent' AND el.role = 'object' AND te.action = 'ADD') AS makes
  {_SAID} WHERE {_STANDS} AND (te.organisation_id = l.owner_id OR te.is_public) AND l.kind <> 'finished'
)
SELECT l.id, l.kind, l.quantity, l.used,
  SUM(CASE WHEN makes THEN said.quantity ELSE 0 END) AS stated,
  SUM(CASE WHEN makes THEN 1 ELSE 0 END) AS makings,
  SUM(CASE WHEN makes AND said.quantity IS NULL THEN 1 ELSE 0 END) AS unstated,
  SUM(CASE WHEN takes AND NOT is_captured THEN said.quantity ELSE 0 END) AS own,
  SUM(CASE WHEN takes AND is_captured THEN said.quantity ELSE 0 END) AS captured
FROM said JOIN lot l ON l.id = said.lot_id
GROUP BY l.id, l.kind, l.quantity, l.used
ORDER BY l.id
"""
_TIES = f"""
SELECT te.id, te.kind, te.action, te.event_at, te.organisation_id, ee.transformation_id, el.lot_id, el.role, el.quantity,
  (te.organisation_id = l.owner_id OR te.is_public) AS may, ({_STANDS}) AS stands,
  (SELECT COUNT(*) FROM epcis_field f WHERE f.epcis_event_id = ee.id AND f.name IN ('epc', 'epcClass')) AS children,
  ee.capture_id IS NOT NULL AS is_captured
{_SAID} WHERE te.kind IN ('TransformationEvent', 'AggregationEvent', 'AssociationEvent')
ORDER BY te.event_at, te.id, el.lot_id
"""
_SOURCES = ('input', 'child')


def upgrade():
    connection = op.get_bind()
    if connection.scalar(sa.text('SELECT 1 FROM epcis_event WHERE capture_id IS NOT NULL LIMIT 1')) is None:
        return
    _settle_amounts(connection)
    _settle_edges(connection)


def downgrade():
    pass


def _settle_amounts(connection):
    changed = []
    for row in connection.execute(sa.text(_AMOUNTS)).all():
        is_known = row.makings > 0 and not row.unstated
        quantity = min(int(row.stated or 0), MOST) if row.kind == 'external' and is_known else row.quantity
        counts = row.kind != 'external' or is_known
        # What own screens used was counted: where the rest was not, it is added.
        used = row.used + int(row.captured or 0) if counts and row.used == (row.own or 0) else row.used
        # More than there is was taken by the rules of before: ``trace verify`` goes on naming it.
        new = {'id': row.id, 'quantity': quantity, 'used': min(used, quantity)}
        if (new['quantity'], new['used']) != (row.quantity, row.used):
            changed.append(new)
    if changed:
        connection.execute(sa.text('UPDATE lot SET quantity = :quantity, used = :used WHERE id = :id'), changed)


def _settle_edges(connection):
    events = defaultdict(lambda: {'in': {}, 'out': {}})
    for row in connection.execute(sa.text(_TIES)):
        is_half = row.kind == 'TransformationEvent' and row.transformation_id
        # A half that was wrong is apart from those that stand.
        key = (row.organisation_id, row.transformation_id, bool(row.stands)) if is_half else row.id
        event = events[key]
        event['row'], event['captured'] = row, event.get('captured') or row.is_captured
        if row.role in _SOURCES:
            before = event['in'].get(row.lot_id, 0)
            event['in'][row.lot_id] = None if before is None or row.quantity is None else before + row.quantity
        elif row.role in ('output', 'parent'):
            event['out'][row.lot_id] = bool(row.may) or event['out'].get(row.lot_id, False)
    captured = {lot_id for event in events.values() if event['captured'] for lot_id in event['out']}
    once = {
        (output, source) for event in events.values() for output in event['out'] for source in event['in']
        if output in captured and output != source
    }
    told = {pair: min(quantity or 0, MOST) for pair, quantity in _told(events).items() if pair[0] in captured}
    drawn = {
        (output, source): quantity
        for output, source, quantity in connection.execute(sa.text('SELECT output_id, input_id, quantity FROM lot_input'))
    }
    for statement, pairs in (
        ('DELETE FROM lot_input WHERE output_id = :output AND input_id = :input', (once & drawn.keys()) - told.keys()),
        ('INSERT INTO lot_input (output_id, input_id, quantity) VALUES (:output, :input, :quantity)',
         told.keys() - drawn.keys()),
        ('UPDATE lot_input SET quantity = :quantity WHERE output_id = :output AND input_id = :input',
         {pair for pair in told.keys() & drawn.keys() if told[pair] != drawn[pair]}),
    ):
        rows = [{'output': pair[0], 'input': pair[1], 'quantity': told.get(pair, 0)} for pair in sorted(pairs)]
        if rows:
            connection.execute(sa.text(statement), rows)


def _told(events):
    made, inside, used = {}, defaultdict(dict), {}
    # At one instant: first it is packed, then something is made of it, then it is unpacked.
    order = {'DELETE': 2, None: 1}
    standing = [event for event in events.values() if event['row'].stands]
    for event in sorted(standing, key=lambda one: (one['row'].event_at, order.get(one['row'].action, 0))):
        row = event['row']
        if row.kind == 'TransformationEvent':
            used.update(((case, thing), amount) for case in event['in'] for thing, amount in inside[case].items())
        for output, may in event['out'].items():
            if not may:
                continue
            if row.kind != 'TransformationEvent':
                _pack(inside[output], event, output)
                continue
            for source, amount in event['in'].items():
                if source != output:
                    amount = amount if len(event['out']) == 1 else None
                    before = made.get((output, source), 0)
                    made[output, source] = None if before is None or amount is None else before + amount
    held = {(case, thing): amount for case, things in inside.items() for thing, amount in things.items()}
    return used | held | made


def _pack(inside, event, case):
    action = event['row'].action
    if action == 'DELETE' and not event['row'].children:
        inside.clear()
    for thing, amount in event['in'].items():
        before = inside.get(thing, 0)
        if thing == case:
            continue
        if action == 'DELETE':
            left = 0 if amount is None else None if before is None else before - amount
            if left is None or left > 0:
                inside[thing] = left
            else:
                inside.pop(thing, None)
        elif action == 'OBSERVE':
            inside[thing] = None if before is None else max(before, amount or 0)
        else:
            inside[thing] = None if before is None or amount is None else before + amount
