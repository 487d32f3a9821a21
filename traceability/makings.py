"""What the events that make lots say of the goods for good, as far as they stand and may speak for them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from kernel.db import db, listed
from traceability import ilmd, standing
from traceability.models import EpcisEvent, EventKind, EventLot, Lot, TraceEvent

#: So many makings of a lot are read for its days.
_MOST = 200


def days_of(lot_ids: Collection[int]) -> dict[int, tuple[date | None, date | None]]:
    """Give the day on which lots were made and the last on which they are good, as far as their makings say."""
    is_added = or_(TraceEvent.kind != EventKind.OBJECT, TraceEvent.action == "ADD")
    has_some = EpcisEvent.body.contains('"ilmd"', autoescape=True)
    told = bodies_of(lot_ids, is_added, has_some, most=_MOST * max(1, len(lot_ids)))
    return {lot_id: ilmd.days(said) for lot_id, said in told.items()}


def bodies_of(
    lot_ids: Collection[int], *which: ColumnElement[bool], most: int | None = None
) -> dict[int, list[dict[str, Any]]]:
    """Read, by lot, the events that stand and tell of goods for good: those that make them. The earliest come first.

    :param which: conditions of ``TraceEvent`` and ``EpcisEvent``
    """
    makes = or_(
        and_(TraceEvent.kind == EventKind.TRANSFORMATION, EventLot.role == "output"),
        and_(TraceEvent.kind == EventKind.OBJECT, EventLot.role == "object"),
    )
    rows = db.session.execute(
        select(EventLot.lot_id, EpcisEvent.body)
        .join(TraceEvent, TraceEvent.id == EventLot.event_id)
        .join(EpcisEvent, EpcisEvent.trace_event_id == TraceEvent.id)
        .join(Lot, Lot.id == EventLot.lot_id)
        .where(
            EventLot.lot_id.in_(listed(sorted(lot_ids))),
            makes,
            *which,
            ~EpcisEvent.declares_error,
            standing.stands(),
            standing.entitled(),
        )
        .order_by(TraceEvent.event_at, TraceEvent.id)
        .limit(most)
    )
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for lot_id, body in rows:
        found[lot_id].append(json.loads(body))
    return found
