"""Proof that what recalls say is what the events of their start say: part of ``flask --app wsgi trace verify``."""

from __future__ import annotations

from sqlalchemy import and_, func, or_, select

from kernel.db import db
from oversight.models import Recall
from traceability.models import TraceEvent


def verify() -> list[str]:
    """Compare the reasons of recalls, which the public reads, with their events, which the log of proof holds.

    A drill has no events: nobody outside reads it.
    """
    said = and_(
        TraceEvent.document == Recall.number, TraceEvent.biz_step == "holding", TraceEvent.disposition == "recalled"
    )
    other = or_(TraceEvent.note_vi != Recall.reason_vi, TraceEvent.note_en != Recall.reason_en)
    rows = db.session.execute(
        select(Recall.number, func.count(TraceEvent.id))
        .outerjoin(TraceEvent, said)
        .where(Recall.is_drill.is_(False), or_(TraceEvent.id.is_(None), other))
        .group_by(Recall.id, Recall.number)
        .order_by(Recall.id)
    )
    return [
        f"recall {number}: it has another reason than its events say"
        if events
        else f"recall {number}: no event says so"
        for number, events in rows
    ]
