"""What is left of lots that no stock counts: what went into others, was sold or is gone by captured events is not."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, select

from kernel.db import db, listed
from traceability import rounding, standing, statements
from traceability.epcis import holders
from traceability.models import EpcisEvent, EventLot, Lot, LotKind, TraceEvent


@dataclass(frozen=True)
class Gone:
    """How much of a lot captured events sold, less what was brought back, and ended otherwise; in its unit."""

    sold: int = 0
    lost: int = 0


def gone(lot_ids: Collection[int], *, until: datetime | None = None) -> dict[int, Gone]:
    """Give what captured events say is gone of lots, those left out of which nothing is.

    :param until: only what happened by then
    """
    wanted = _sold_or_ended(listed(sorted(lot_ids))) if lot_ids else set()
    if not wanted:
        return {}
    later = _later(holders.with_cases(wanted), until) if until is not None else set()
    said = statements.amounts(wanted, without=later)
    return {
        lot_id: Gone(rounding.whole(one.sold), rounding.whole(one.lost))
        for lot_id, one in said.items()
        if one.sold or one.lost
    }


def _sold_or_ended(lot_ids: Select[Any]) -> set[int]:
    """Give those of some lots of which captured events sell or end something, and those that were in cases."""
    captured = exists().where(EpcisEvent.trace_event_id == TraceEvent.id, EpcisEvent.capture_id.is_not(None))
    named = select(EventLot.lot_id).join(TraceEvent, TraceEvent.id == EventLot.event_id)
    given = EventLot.lot_id.in_(lot_ids)
    packed = named.where(given, EventLot.role == "child")
    said = named.where(given, captured, standing.sells() | standing.ends())
    return set(db.session.scalars(said.union(packed)))


def _later(lot_ids: Collection[int], until: datetime) -> set[str]:
    query = (
        select(TraceEvent.event_id)
        .join(EventLot, EventLot.event_id == TraceEvent.id)
        .where(EventLot.lot_id.in_(listed(sorted(lot_ids))), TraceEvent.event_at > until)
    )
    return set(db.session.scalars(query))


@dataclass(frozen=True)
class Remainder:
    """What became of a lot, in its unit; never more than there was."""

    sold: int
    lost: int
    left: int


def of_lots(lots: Iterable[Lot]) -> dict[int, Remainder]:
    """Tell what is left of lots of material and of those that events alone tell of; batches are the stock's matter."""
    counted = [lot for lot in lots if lot.kind is not LotKind.FINISHED]
    said = gone({lot.id for lot in counted})
    found = {}
    for lot in counted:
        one = said.get(lot.id, Gone())
        sold = min(one.sold, lot.left)
        lost = min(one.lost, lot.left - sold)
        found[lot.id] = Remainder(sold, lost, lot.left - sold - lost)
    return found


def used_up(lot_ids: Select[Any]) -> set[int]:
    """Give those of some lots of which nothing is left, though not all of it went into others.

    :param lot_ids: a query of their ids
    """
    return {id for id, left in left_by_events(lot_ids).items() if not left}


def left_by_events(lot_ids: Select[Any]) -> dict[int, int]:
    """Tell what is left of those of some lots of which captured events say that something is gone.

    :param lot_ids: a query of their ids
    """
    some = _sold_or_ended(lot_ids)
    lots = db.session.scalars(select(Lot).where(Lot.id.in_(listed(sorted(some))))) if some else ()
    return {id: one.left for id, one in of_lots(lots).items()}
