"""What an event says of its goods for good (``ilmd``): the days on which they begin and end.

Source: Core Business Vocabulary 2.0, section 9 (ILMD); GS1 Web Vocabulary, the names of the days.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from sqlalchemy import and_, or_, select

from kernel.db import db, listed
from traceability import standing
from traceability.models import EpcisEvent, EventKind, EventLot, Lot, TraceEvent

#: So many makings of a lot are read.
_MOST = 200
_BEGINS = ("productionDate", "harvestDate")
_ENDS = ("itemExpirationDate", "expirationDate", "bestBeforeDate", "sellByDate")


def days(events: Iterable[dict[str, Any]]) -> tuple[date | None, date | None]:
    """Give the latest day on which goods were made, and the earliest that is said to be their last."""
    said = [
        (name.rpartition(":")[2], day)
        for event in events
        if isinstance(ilmd := event.get("ilmd"), dict)
        for name, value in ilmd.items()
        if (day := _day(value)) is not None
    ]
    begins = [day for name, day in said if name in _BEGINS]
    ends = [day for name, day in said if name in _ENDS]
    return max(begins, default=None), min(ends, default=None)


def _day(value: Any) -> date | None:
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None


def days_of(lot_ids: Collection[int]) -> dict[int, tuple[date | None, date | None]]:
    """Give the day on which lots were made and the last on which they are good, as far as their makings say."""
    makes = or_(
        and_(TraceEvent.kind == EventKind.TRANSFORMATION, EventLot.role == "output"),
        and_(TraceEvent.kind == EventKind.OBJECT, EventLot.role == "object", TraceEvent.action == "ADD"),
    )
    rows = db.session.execute(
        select(EventLot.lot_id, EpcisEvent.body)
        .join(TraceEvent, TraceEvent.id == EventLot.event_id)
        .join(EpcisEvent, EpcisEvent.trace_event_id == TraceEvent.id)
        .join(Lot, Lot.id == EventLot.lot_id)
        .where(
            EventLot.lot_id.in_(listed(sorted(lot_ids))),
            makes,
            ~EpcisEvent.declares_error,
            EpcisEvent.body.contains('"ilmd"', autoescape=True),
            standing.stands(),
            standing.entitled(),
        )
        .order_by(TraceEvent.event_at, TraceEvent.id)
        .limit(_MOST * max(1, len(lot_ids)))
    )
    bodies: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for lot_id, body in rows:
        bodies[lot_id].append(json.loads(body))
    return {lot_id: days(said) for lot_id, said in bodies.items()}
