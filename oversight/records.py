"""Recalls as the log of proof holds them: a record when they begin, others of what joins and of answers, a last one.

What everybody reads of a recall (which lot, how serious, why, since when) stands in the first in clear. What it reached
and who was told is for few: it stands there, and at the end, as a keyed digest, so that a change of it is noticed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, String, cast, inspect, literal, select

from kernel import proof
from kernel.canonical import canonical
from kernel.db import db, listed
from kernel.proof import Source
from oversight.models import (
    Recall,
    RecallEntry,
    RecallHolding,
    RecallLot,
    RecallNotice,
    RecallOutcome,
    RecallState,
)
from traceability.models import Lot

BEGUN, ANSWERED, CLOSED = "recall", "recall entry", "recall closing"
LOT_JOINED, NOTICE_JOINED = "recall lot", "recall notice"
#: Of a lot: how it was when the recall began, or when it joined.
_OF_LOTS = ("lot_id", "state_before", "made", "used", "on_hand", "sold", "lost")
#: Of a notice: to whom it goes and what was known then. How it is answered changes.
_OF_NOTICES = ("organisation_id", "held", "on_the_way", "received", "sold")


def begun(recall: Recall, *, now: datetime) -> None:
    """Write a recall down in the log. All that it reached must be flushed."""
    proof.append(BEGUN, recall.number, _begun([recall.number])[recall.number], now=now)


def joined(recall: Recall, lot_ids: Collection[int], notices: Collection[RecallNotice], *, now: datetime) -> None:
    """Write down the lots that joined a recall, and who was told because of what came late. All must be flushed."""
    lots = [f"{recall.number}:{id}" for id in sorted(lot_ids)]
    proof.append_many(LOT_JOINED, _lots_joined(lots).items(), now=now)
    told = [str(one.id) for one in sorted(notices, key=lambda one: one.id)]
    proof.append_many(NOTICE_JOINED, _notices_joined(told).items(), now=now)


def answered(entry: RecallEntry, *, now: datetime) -> None:
    """Write down what somebody stated of recalled goods; it must be flushed."""
    proof.append(ANSWERED, str(entry.id), _answered([str(entry.id)])[str(entry.id)], now=now)


def closed(recall: Recall, *, now: datetime) -> None:
    """Write down how a recall ended. What became of the goods must be flushed."""
    proof.append(CLOSED, recall.number, _closed([recall.number])[recall.number], now=now)


def _begun(numbers: Sequence[str]) -> dict[str, bytes]:
    blind = proof.blinder()
    recalls = _recalls(numbers)
    lots = _rows(RecallLot, recalls, _OF_LOTS, RecallLot.joined_at.is_(None))
    holdings = _rows(RecallHolding, recalls)
    notices = _rows(RecallNotice, recalls, _OF_NOTICES, RecallNotice.joined_at.is_(None))
    named: dict[int, str] = dict(
        db.session.execute(select(Lot.id, Lot.number).where(Lot.id.in_({one.lot_id for one in recalls}))).all()
    )
    return {
        one.number: canonical(
            {
                "recall": one.number,
                "lot": one.lot_id,
                "lot_number": named[one.lot_id],
                "is_drill": one.is_drill,
                "severity": one.severity.value,
                "reason_vi": one.reason_vi,
                "reason_en": one.reason_en,
                "started_at": _instant(one.started_at),
                "is_sample": one.is_sample,
                "by": blind([one.number, one.owner_id, one.started_by_id, one.started_for_id]),
                "reached": blind([one.number, one.recalled_before, lots[one.id], holdings[one.id]]),
                "told": blind([one.number, notices[one.id]]),
            }
        )
        for one in recalls
    }


def _lots_joined(references: Sequence[str]) -> dict[str, bytes]:
    blind = proof.blinder()
    wanted = {reference: reference.rpartition(":") for reference in references}
    numbers = {number for number, _, _ in wanted.values()}
    query = (
        select(RecallLot, Recall.number)
        .join(Recall, Recall.id == RecallLot.recall_id)
        .where(Recall.number.in_(numbers), RecallLot.joined_at.is_not(None))
        .order_by(RecallLot.recall_id, RecallLot.lot_id)
        .execution_options(populate_existing=True)
    )
    found = {}
    for lot, number in db.session.execute(query):
        reference = f"{number}:{lot.lot_id}"
        if reference in wanted and lot.joined_at is not None:
            found[reference] = canonical(
                {
                    "recall": number,
                    "lot": lot.lot_id,
                    "joined_at": _instant(lot.joined_at),
                    "reached": blind([reference, *(getattr(lot, name) for name in _OF_LOTS)]),
                }
            )
    return found


def _notices_joined(ids: Sequence[str]) -> dict[str, bytes]:
    blind = proof.blinder()
    wanted = [int(id) for id in ids if id.isdecimal()]
    query = (
        select(RecallNotice, Recall.number)
        .join(Recall, Recall.id == RecallNotice.recall_id)
        .where(RecallNotice.id.in_(listed(wanted)), RecallNotice.joined_at.is_not(None))
        .order_by(RecallNotice.id)
        .execution_options(populate_existing=True)
    )
    return {
        str(notice.id): canonical(
            {
                "notice": notice.id,
                "recall": number,
                "joined_at": _instant(notice.joined_at),
                "told": blind([notice.id, *(getattr(notice, name) for name in _OF_NOTICES)]),
            }
        )
        for notice, number in db.session.execute(query)
        if notice.joined_at is not None
    }


def _answered(ids: Sequence[str]) -> dict[str, bytes]:
    blind = proof.blinder()
    wanted = [int(id) for id in ids if id.isdecimal()]
    query = (
        select(RecallEntry, Recall.number)
        .join(Recall, Recall.id == RecallEntry.recall_id)
        .where(RecallEntry.id.in_(listed(wanted)))
        .execution_options(populate_existing=True)
    )
    return {
        str(entry.id): canonical(
            {
                "entry": entry.id,
                "recall": number,
                "lot": entry.lot_id,
                "kind": entry.kind.value,
                "quantity": entry.quantity,
                "at": _instant(entry.at),
                "by": blind([entry.id, entry.notice_id, entry.location_id, entry.note, entry.by_id, entry.by_phone]),
            }
        )
        for entry, number in db.session.execute(query)
    }


def _closed(numbers: Sequence[str]) -> dict[str, bytes]:
    blind = proof.blinder()
    recalls = [one for one in _recalls(numbers) if one.closed_at is not None]
    outcomes = _rows(RecallOutcome, recalls)
    return {
        one.number: canonical(
            {
                "recall": one.number,
                "state": one.state.value,
                "closed_at": _instant(one.closed_at) if one.closed_at is not None else None,
                "conclusion": blind([one.number, one.conclusion]),
                "outcome": blind([one.number, outcomes[one.id]]),
                "by": blind([one.number, one.closed_by_id]),
            }
        )
        for one in recalls
    }


def _recalls(numbers: Sequence[str]) -> Sequence[Recall]:
    query = select(Recall).where(Recall.number.in_(numbers)).order_by(Recall.id)
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def _rows(
    model: Any, recalls: Collection[Recall], names: Sequence[str] = (), *where: ColumnElement[bool]
) -> dict[int, list[list[Any]]]:
    """Give, by recall, what some rows say, in their own order."""
    key = inspect(model).primary_key
    columns = [model.__table__.c[name] for name in names] or [
        column for column in model.__table__.c if column.name != "recall_id"
    ]
    of_them = model.recall_id.in_(listed([one.id for one in recalls]))
    query = select(model.recall_id, *columns).where(of_them, *where)
    found: dict[int, list[list[Any]]] = defaultdict(list)
    for recall_id, *values in db.session.execute(query.order_by(*key)):
        found[recall_id].append(values)
    return found


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _all_begun() -> Select[str]:
    return select(Recall.number).order_by(Recall.id)


def _all_lots_joined() -> Select[str]:
    reference = Recall.number + literal(":") + cast(RecallLot.lot_id, String)
    return (
        select(reference.label("reference"))
        .join(RecallLot, RecallLot.recall_id == Recall.id)
        .where(RecallLot.joined_at.is_not(None))
        .order_by(RecallLot.joined_at, RecallLot.recall_id, RecallLot.lot_id)
    )


def _all_notices_joined() -> Select[str]:
    late = select(cast(RecallNotice.id, String).label("reference")).where(RecallNotice.joined_at.is_not(None))
    return late.order_by(RecallNotice.id)


def _all_answered() -> Select[str]:
    return select(cast(RecallEntry.id, String).label("reference")).order_by(RecallEntry.id)


def _all_closed() -> Select[str]:
    return select(Recall.number).where(Recall.state == RecallState.CLOSED).order_by(Recall.id)


def _real(numbers: Sequence[str]) -> set[str]:
    """Tell which recalls everybody may read of: a drill is nobody's outside."""
    return set(db.session.scalars(select(Recall.number).where(Recall.number.in_(numbers), ~Recall.is_drill)))


def _none(_references: Sequence[str]) -> set[str]:
    """What was answered and what became of the goods is for its own people: its hash stands in the tree."""
    return set()


proof.SOURCES[BEGUN] = Source(contents=_begun, references=_all_begun, published=_real)
proof.SOURCES[LOT_JOINED] = Source(contents=_lots_joined, references=_all_lots_joined, published=_none)
proof.SOURCES[NOTICE_JOINED] = Source(contents=_notices_joined, references=_all_notices_joined, published=_none)
proof.SOURCES[ANSWERED] = Source(contents=_answered, references=_all_answered, published=_none)
proof.SOURCES[CLOSED] = Source(contents=_closed, references=_all_closed, published=_none)
