"""What stands beside the body of an event, worked out again: its columns, and the values it can be asked for.

The log of proof holds the body. Queries read what was copied out of it when it was stored; whoever changes the copy
changes what is found. So the verification makes the copy anew and names each event whose copy says something else.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased

from kernel import proof
from kernel.db import db, listed
from traceability import records
from traceability.epcis import store
from traceability.epcis.document import in_utc
from traceability.epcis.event_hash import event_hash
from traceability.epcis.fields import Field, fields_of, is_number
from traceability.epcis.store import Kept
from traceability.models import CaptureJob, EpcisEvent, EpcisField, EventFile, TraceEvent

_A_CHUNK = 500
_FROM_BODY = ("event_id", "declares_error", "type", "action", "biz_step", "disposition", "event_at", "read_point",
              "biz_location", "transformation_id", "hash")  # fmt: skip


def differences() -> Iterator[str]:
    """Compare what was copied out of each event with the event; name each difference."""
    line = aliased(TraceEvent)
    query = (
        select(
            EpcisEvent.__table__,
            line.id.label("line_id"),
            line.organisation_id.label("line_by"),
            line.recorded_at.label("line_at"),
            CaptureJob.organisation_id.label("sent_by"),
        )
        .outerjoin(line, line.event_id == EpcisEvent.event_id)
        .outerjoin(CaptureJob, CaptureJob.id == EpcisEvent.capture_id)
        .order_by(EpcisEvent.id)
        .limit(_A_CHUNK)
    )
    after = 0
    while rows := db.session.execute(query.where(EpcisEvent.id > after)).all():
        after = rows[-1].id
        fields = _fields([row.id for row in rows])
        for row in rows:
            for name in _differing(row, fields[row.id]):
                yield f"epcis {records.epcis_reference(row)}: {name} is not what the event says"
    yield from _fields_of_nothing()
    yield from _files_out_of_place()


def _differing(event: Any, fields: list[Field]) -> Iterator[str]:
    try:
        body = json.loads(event.body)
        again = store.columns_of(
            Kept(body, event_hash(body), event.recorded_at, event.organisation_id, event.trace_event_id)
        )
        wanted = {_plainly(field) for field in fields_of(body)}
    except (ValueError, LookupError, TypeError, AttributeError):
        yield "the body"  # is no event any more
        return
    yield from (name for name in _FROM_BODY if getattr(event, name) != again[name])
    # The body says it to the millisecond; the line in the story, whole.
    whole = event.recorded_at if event.declares_error or event.line_at is None else event.line_at
    if in_utc(event.recorded_at) != body.get("recordTime") or event.recorded_at != whole:
        yield "recorded_at"
    if event.trace_event_id != (None if event.declares_error else event.line_id):
        yield "trace_event_id"
    by = event.sent_by if event.sent_by is not None else event.line_by
    if by is not None and event.organisation_id != by:
        yield "organisation_id"
    copied = {_plainly(field) for field in fields}
    if copied != wanted or len(set(fields)) != len(fields):
        names = sorted({one.name for one in copied ^ wanted} or {one.name for one in fields})
        yield "field " + ", ".join(names[:3])


def _plainly(field: Field) -> Field:
    """Write a number in one way, whichever its event used: 5.0 is 5."""
    if field.number is None or not is_number(field.value) or float(field.value) != field.number:
        return field
    return Field(field.name, repr(field.number), field.number)


def _fields(event_ids: Sequence[int]) -> dict[int, list[Field]]:
    found: dict[int, list[Field]] = defaultdict(list)
    for id, name, value, number in db.session.execute(
        select(EpcisField.epcis_event_id, EpcisField.name, EpcisField.value, EpcisField.number).where(
            EpcisField.epcis_event_id.in_(listed(list(event_ids)))
        )
    ):
        found[id].append(Field(name, value, number))
    return found


def _fields_of_nothing() -> Iterator[str]:
    query = (
        select(EpcisField.id, EpcisField.name)
        .outerjoin(EpcisEvent, EpcisEvent.id == EpcisField.epcis_event_id)
        .where(EpcisEvent.id.is_(None))
        .order_by(EpcisField.id)
        .limit(proof.MOST_NAMED)
    )
    for id, name in db.session.execute(query):
        yield f"epcis: field {name} ({id}) belongs to no event"


def _files_out_of_place() -> Iterator[str]:
    """Photos and papers of an event are counted from 1: the record of the event holds them in this order."""
    first, last = func.min(EventFile.position), func.max(EventFile.position)
    query = (
        select(TraceEvent.event_id)
        .join(EventFile, EventFile.event_id == TraceEvent.id)
        .group_by(TraceEvent.id, TraceEvent.event_id)
        .having(or_(first != 1, last != func.count()))
        .order_by(TraceEvent.id)
        .limit(proof.MOST_NAMED)
    )
    for event_id in db.session.scalars(query):
        yield f"event {event_id}: its files are not counted from 1"
