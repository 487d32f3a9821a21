"""The events of a record in the form of EPCIS 2.0: as the event store holds them, declarations of error included."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select

from kernel.db import db, listed
from traceability.epcis.document import STANDARD_CONTEXT, in_utc
from traceability.models import EpcisEvent


def of(trace_event_ids: Sequence[int], event_ids: Sequence[str]) -> list[dict[str, object]]:
    """Give events in the form of the standard, the earliest first.

    :param trace_event_ids: ids of their rows in the story; :param event_ids: their eventIDs
    """
    if not trace_event_ids:
        return []
    rows = db.session.scalars(
        select(EpcisEvent.body)
        .where(
            or_(
                EpcisEvent.trace_event_id.in_(listed(list(trace_event_ids))),
                EpcisEvent.declares_error & EpcisEvent.event_id.in_(listed(list(event_ids))),
            )
        )
        .order_by(EpcisEvent.event_at, EpcisEvent.id)
    )
    return [json.loads(body) for body in rows]


def document(events: Sequence[dict[str, object]], *, made_at: datetime) -> dict[str, object]:
    """Put events into an EPCIS document."""
    return {
        "@context": [STANDARD_CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": in_utc(made_at),
        "epcisBody": {"eventList": list(events)},
    }
