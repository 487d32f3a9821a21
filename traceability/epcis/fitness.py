"""Whether goods that are sold or sent on were fit for it, by what was said of them before: stolen, spoilt, past their
day. Nothing is refused by it: who says so late, or sells all the same, is warned, and the event tells what happened.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import case, func, not_, or_, select

from kernel.db import db, listed
from traceability import ilmd, makings, standing, ways
from traceability.contents import Key
from traceability.models import Batch, EpcisEvent, EventLot, Lot, TraceEvent


class Fitness:
    """What is known of things: until which day they are good, and when they were last said to be unfit, or fit."""

    def __init__(self, lot_ids: Collection[int], *, wrong: Collection[str]) -> None:
        """Read what is known of lots (three statements).

        :param wrong: eventIDs that the document declares wrong: what they say does not count
        """
        self._ends: dict[Key, date] = {}
        self._words: dict[Key, list[tuple[datetime, bool]]] = defaultdict(list)
        if not lot_ids:
            return
        ids = listed(sorted(lot_ids))
        self._ends = {
            lot_id: end for lot_id, (_, end) in makings.days_of(lot_ids).items() if end is not None
        }  # fmt: skip
        batches = select(Batch.lot_id, Batch.expires_on).where(Batch.lot_id.in_(ids))
        self._ends |= {lot_id: end for lot_id, end in db.session.execute(batches) if end is not None}
        disposition = func.coalesce(TraceEvent.disposition, "")
        is_unfit = or_(disposition.in_(ways.UNFIT), TraceEvent.biz_step == ways.DECOMMISSIONING)
        rows = db.session.execute(
            select(
                EventLot.lot_id,
                func.max(case((is_unfit, TraceEvent.event_at))),
                func.max(case((not_(is_unfit), TraceEvent.event_at))),
            )
            .join(TraceEvent, TraceEvent.id == EventLot.event_id)
            .join(EpcisEvent, EpcisEvent.trace_event_id == TraceEvent.id)
            .join(Lot, Lot.id == EventLot.lot_id)
            .where(
                EventLot.lot_id.in_(ids),
                or_(disposition != "", TraceEvent.biz_step == ways.DECOMMISSIONING),
                or_(EventLot.quantity.is_(None), EventLot.quantity >= Lot.quantity),
                *([TraceEvent.event_id.not_in(listed(sorted(wrong)))] if wrong else []),
                ~EpcisEvent.declares_error,
                standing.stands(),
                standing.entitled(),
            )
            .group_by(EventLot.lot_id)
        )
        for lot_id, unfit, fit in rows:
            self._words[lot_id] += [(at, is_) for at, is_ in ((unfit, True), (fit, False)) if at is not None]

    def hear(self, key: Key, at: datetime, event: dict[str, Any], *, of_all: bool) -> None:
        """Hear what an event of the document says of a thing.

        :param of_all: it names all there is of it
        """
        _, end = ilmd.days([event])
        if end is not None:
            self._ends[key] = min(end, self._ends.get(key, end))
        step, disposition = event.get("bizStep"), event.get("disposition")
        if of_all and (disposition is not None or step == ways.DECOMMISSIONING):
            self._words[key].append((at, ways.is_unfit(step, disposition)))

    def end(self, key: Key) -> date | None:
        """Give the last day on which a thing is good, where it is known."""
        return self._ends.get(key)

    def unfit_since(self, key: Key, at: datetime) -> datetime | None:
        """Give when a thing was said to be unfit, where that was the last word before a moment."""
        earlier: Iterable[tuple[datetime, bool]] = (word for word in self._words.get(key, ()) if word[0] < at)
        last = max(earlier, default=None)
        return last[0] if last is not None and last[1] else None
