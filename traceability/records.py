"""Trace events as the log of proof holds them: all that was written down; who wrote it, without a name."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, and_, case, or_, select
from sqlalchemy.orm import aliased

from accounts.models import Organisation
from kernel import proof
from kernel.canonical import canonical
from kernel.db import db
from kernel.proof import Source
from traceability import standing
from traceability.models import EpcisEvent, EventFile, EventLot, Lot, LotInput, LotKind, LotState, TraceEvent

KIND = "event"
EPCIS = "epcis"  #: the same in the form of the standard, and what others sent in that form
FRACTIONS = "fractions"  #: by how much amounts of an event were rounded up
_OF_ERROR = " error"  #: a declaration of error has the event id of what it declares


def stored_record(event: TraceEvent) -> dict[str, Any]:
    """Give the full record of an event as JSON values. Its lots and files must be flushed."""
    return _records([event])[event.event_id]


def append_many(event_ids: Collection[int], *, now: datetime) -> None:
    """Write events down in the log, by the ids of their rows, in the order of these; they must be flushed."""
    query = select(TraceEvent).where(TraceEvent.id.in_(event_ids)).order_by(TraceEvent.id)
    events = db.session.scalars(query).all()
    told = _records(events) if events else {}
    proof.append_many(KIND, [(event_id, canonical(record)) for event_id, record in told.items()], now=now)


def _records(events: Sequence[TraceEvent]) -> dict[str, dict[str, Any]]:
    """Give the records of events by their event ids (five statements at most)."""
    blind = proof.blinder()
    ids = [event.id for event in events]
    corrected = {event.corrects_id for event in events} - {None}
    codes = dict(
        db.session.execute(
            select(Organisation.id, Organisation.code).where(
                Organisation.id.in_({event.organisation_id for event in events})
            )
        ).all()
    )
    names = dict(
        db.session.execute(select(TraceEvent.id, TraceEvent.event_id).where(TraceEvent.id.in_(corrected))).all()
        if corrected
        else ()
    )
    lots: dict[int, list[dict[str, Any]]] = {}
    for lot in db.session.scalars(
        select(EventLot).where(EventLot.event_id.in_(ids)).order_by(EventLot.event_id, EventLot.lot_id, EventLot.role)
    ):
        lots.setdefault(lot.event_id, []).append({"lot": lot.lot_id, "role": lot.role, "quantity": lot.quantity})
    files: dict[int, list[dict[str, Any]]] = {}
    for file in db.session.scalars(
        select(EventFile).where(EventFile.event_id.in_(ids)).order_by(EventFile.event_id, EventFile.position)
    ):
        files.setdefault(file.event_id, []).append(
            {"digest": file.digest, "alt_vi": file.alt_vi, "alt_en": file.alt_en}
        )
    return {
        event.event_id: {
            "eventID": event.event_id,
            "type": event.kind.value,
            "action": event.action,
            "bizStep": event.biz_step,
            "disposition": event.disposition,
            "eventTime": _instant(event.event_at),
            "recordTime": _instant(event.recorded_at),
            "organisation": codes[event.organisation_id],
            "place": event.place_id,
            "title_vi": event.title_vi,
            "title_en": event.title_en,
            "note_vi": event.note_vi,
            "note_en": event.note_en,
            "document": event.document,
            "corrects": names[event.corrects_id] if event.corrects_id is not None else None,
            "facts": event.facts,
            "is_public": event.is_public,
            "is_sample": event.is_sample,
            "lots": lots.get(event.id, []),
            "files": files.get(event.id, []),
            "by": blind([event.event_id, event.user_id, event.officer_organisation_id]),
        }
        for event in events
    }


def append_fractions(event_ids: Collection[int], *, now: datetime) -> None:
    """Write down in the log by how much the amounts of events were rounded up; they must be flushed."""
    names = db.session.scalars(
        select(TraceEvent.event_id).where(TraceEvent.id.in_(event_ids)).order_by(TraceEvent.id)
    ).all()
    told = _fractions(names)
    proof.append_many(FRACTIONS, [(name, told[name]) for name in names if name in told], now=now)


def _fractions(event_ids: Sequence[str]) -> dict[str, bytes]:
    rows = db.session.execute(
        select(TraceEvent.event_id, EventLot.lot_id, EventLot.role, EventLot.rounding)
        .join(EventLot, EventLot.event_id == TraceEvent.id)
        .where(TraceEvent.event_id.in_(event_ids), EventLot.rounding != 0)
        .order_by(TraceEvent.id, EventLot.lot_id, EventLot.role)
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for event_id, lot_id, role, rounding in rows:
        found.setdefault(event_id, []).append({"lot": lot_id, "role": role, "rounded_up": str(rounding)})
    return {name: canonical({"eventID": name, "fractions": lots}) for name, lots in found.items()}


def _with_fractions() -> Select[str]:
    rounded = select(EventLot.event_id).where(EventLot.rounding != 0)
    return select(TraceEvent.event_id).where(TraceEvent.id.in_(rounded)).order_by(TraceEvent.id)


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _contents(event_ids: Sequence[str]) -> dict[str, bytes]:
    query = select(TraceEvent).where(TraceEvent.event_id.in_(event_ids)).execution_options(populate_existing=True)
    events = db.session.scalars(query).all()
    return {event_id: canonical(record) for event_id, record in _records(events).items()} if events else {}


def _references() -> Select[str]:
    return select(TraceEvent.event_id).order_by(TraceEvent.id)


def published(event_ids: Sequence[str]) -> set[str]:
    """Tell which events everybody may read: public ones of lots that are, or went into, a batch that was released, or
    goods with a GTIN that events alone tell of.

    Those that tell who bought the goods are not among them.
    """
    rows = db.session.execute(
        select(TraceEvent.event_id, EventLot.lot_id)
        .join(EventLot, EventLot.event_id == TraceEvent.id)
        .where(TraceEvent.event_id.in_(event_ids), standing.told_to_all())
    ).all()
    shown = _in_goods({lot_id for _, lot_id in rows})
    return {event_id for event_id, lot_id in rows if lot_id in shown}


def _in_goods(lot_ids: set[int]) -> set[int]:
    """Tell which of some lots are shown on the page of goods: their own, or that of goods made from them."""
    start = select(Lot.id.label("origin"), Lot.id.label("id")).where(Lot.id.in_(sorted(lot_ids)))
    reached = start.cte("shown", recursive=True)
    reached = reached.union(
        select(reached.c.origin, LotInput.output_id).join(reached, LotInput.input_id == reached.c.id)
    )
    released = and_(Lot.kind == LotKind.FINISHED, Lot.state != LotState.OPEN)
    return set(
        db.session.scalars(
            select(reached.c.origin)
            .join(Lot, Lot.id == reached.c.id)
            .where(or_(released, standing.is_of_goods()))
            .distinct()
        )
    )


proof.SOURCES[KIND] = Source(contents=_contents, references=_references, published=published)
proof.SOURCES[FRACTIONS] = Source(contents=_fractions, references=_with_fractions, published=published)


# --- In the form of the standard --------------------------------------------------------------------------


def epcis_reference(event: EpcisEvent | Any) -> str:
    """Name an event in the form of the standard, for the log."""
    return event.event_id + (_OF_ERROR if event.declares_error else "")


def _epcis_contents(references: Sequence[str]) -> dict[str, bytes]:
    ids = {reference.removesuffix(_OF_ERROR) for reference in references}
    query = select(EpcisEvent).where(EpcisEvent.event_id.in_(ids)).execution_options(populate_existing=True)
    found = {epcis_reference(event): event.body.encode() for event in db.session.scalars(query)}
    return {reference: found[reference] for reference in references if reference in found}


def _epcis_references() -> Select[str]:
    name = EpcisEvent.event_id + case((EpcisEvent.declares_error, _OF_ERROR), else_="")
    return select(name.label("reference")).order_by(EpcisEvent.id)


def _epcis_published(references: Sequence[str]) -> set[str]:
    """Tell which may be read by everybody: those whose line in the story may. Others are got by the query interface."""
    told = aliased(TraceEvent)
    rows = db.session.execute(
        select(EpcisEvent, told.event_id)
        .join(told, told.id == EpcisEvent.trace_event_id)
        .where(EpcisEvent.event_id.in_({reference.removesuffix(_OF_ERROR) for reference in references}))
    ).all()
    shown = published([event_id for _, event_id in rows]) if rows else set()
    return {epcis_reference(event) for event, event_id in rows if event_id in shown} & set(references)


proof.SOURCES[EPCIS] = Source(contents=_epcis_contents, references=_epcis_references, published=_epcis_published)
