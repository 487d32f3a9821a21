"""Which events stand, for what they speak, and what they say becomes of goods: as conditions in SQL."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists, func, or_
from sqlalchemy.orm import aliased

from traceability import ways
from traceability.models import EpcisEvent, Lot, TraceEvent


def stands() -> ColumnElement[bool]:
    """Say in SQL of ``TraceEvent`` that no later event corrects it and nobody declared it wrong."""
    newer, declared = aliased(TraceEvent), aliased(EpcisEvent)
    return and_(
        ~exists().where(newer.corrects_id == TraceEvent.id),
        ~exists().where(declared.event_id == TraceEvent.event_id, declared.declares_error),
    )


def entitled() -> ColumnElement[bool]:
    """Say in SQL of ``TraceEvent`` and ``Lot`` that the event speaks for the lot."""
    return or_(TraceEvent.organisation_id == Lot.owner_id, TraceEvent.is_public)


def sells() -> ColumnElement[bool]:
    """Say in SQL of ``TraceEvent`` what ``ways.sells`` tells."""
    return or_(TraceEvent.biz_step.in_(ways.SELLS), func.coalesce(TraceEvent.disposition, "").in_(ways.SOLD))


def ends() -> ColumnElement[bool]:
    """Say in SQL of ``TraceEvent`` what ``ways.ends`` tells."""
    gone = or_(
        TraceEvent.action == "DELETE",
        TraceEvent.biz_step == ways.DESTROYING,
        func.coalesce(TraceEvent.disposition, "").in_(ways.DESTROYED),
    )
    return and_(gone, ~sells())
