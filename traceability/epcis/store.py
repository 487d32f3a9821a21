"""The store of events in the form of the standard: each event of our own gets its row in the same transaction.

Rows are only ever added. That an event was wrong is said by a second row with the same eventID.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, and_, cast, exists, func, insert, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased, lazyload

from accounts.models import Organisation, Place
from catalog.models import TradeItem
from kernel import proof
from kernel.canonical import canonical as canonical_bytes
from kernel.clock import business_date
from kernel.db import db, insert_rows, listed, on_sqlite
from ocop.models import Certificate
from ocop.queries import end_of
from traceability import addresses, records, statements
from traceability.epcis import business, claims, document
from traceability.epcis.document import Made, Parties, Thing, Told
from traceability.epcis.event_hash import event_hash
from traceability.epcis.fields import as_name, fields_of
from traceability.epcis.names import kept
from traceability.epcis.naming import short_name
from traceability.epcis.problems import Problem, Profile, RefusedEvent, refusals
from traceability.epcis.prose import instant
from traceability.epcis.validation import check_event
from traceability.models import (
    Batch,
    EpcisEvent,
    EpcisField,
    EventFile,
    EventKind,
    EventLot,
    Lot,
    LotIdentifier,
    LotKind,
    LotState,
    TraceEvent,
)

#: Events that are brought into the form of the standard by one transaction, where a database is older than it.
AT_ONCE = 200
#: The job that does it (``app.event_jobs``).
JOB = "traceability.write_epcis"


# Rows without objects: a document may hold thousands of values.
_EVENT: Any = EpcisEvent.__table__
_FIELD: Any = EpcisField.__table__


@dataclass(frozen=True)
class Kept:
    """An event that is to be stored."""

    body: dict[str, Any]  #: whole, with eventID and recordTime, in its normal spelling
    hash: str
    recorded_at: datetime
    organisation_id: int  #: whose statement it is
    trace_event_id: int | None = None
    capture_id: int | None = None

    @property
    def declares_error(self) -> bool:
        """Tell whether it says that an event was wrong."""
        return "errorDeclaration" in self.body


def insert_all(events: Sequence[Kept]) -> list[int]:
    """Store events with all the values by which they can be asked for; give the ids of their rows."""
    if not events:
        return []
    columns = [columns_of(event) for event in events]
    ids = insert_rows(_EVENT, columns)
    _insert_fields([(id, *one) for id, event in zip(ids, events, strict=True) for one in fields_of(event.body)])
    proof.append_many(
        records.EPCIS,
        [(records.epcis_reference(EpcisEvent(**row)), row["body"].encode()) for row in columns],
        now=events[0].recorded_at,
    )
    return ids


def _insert_fields(rows: Sequence[tuple[int, str, str, float | None]]) -> None:
    """Insert the values of events: tens of an event, so that PostgreSQL is given them as four lists."""
    if not rows:
        return
    names = ("epcis_event_id", "name", "value", "number")
    if on_sqlite():
        db.session.execute(insert(_FIELD), [dict(zip(names, row, strict=True)) for row in rows])
        return
    lists = [
        cast(list(values), ARRAY(_FIELD.c[name].type))
        for name, values in zip(names, zip(*rows, strict=True), strict=True)
    ]
    db.session.execute(
        insert(_FIELD).from_select(names, select(func.unnest(*lists).table_valued(*names).render_derived()))
    )


def columns_of(event: Kept) -> dict[str, Any]:
    """Give the row of an event: its body, and what is copied out of it."""
    body = event.body
    at = instant(body["eventTime"])
    if at is None:
        raise ValueError("the time of an event was read before it is stored")
    return {
        "event_id": body["eventID"],
        "declares_error": event.declares_error,
        "trace_event_id": event.trace_event_id,
        "organisation_id": event.organisation_id,
        "capture_id": event.capture_id,
        "type": body["type"],
        "action": _text(body.get("action")),
        "biz_step": _text(body.get("bizStep")),
        "disposition": _text(body.get("disposition")),
        "event_at": at,
        "recorded_at": event.recorded_at,
        "read_point": _place(body.get("readPoint")),
        "biz_location": _place(body.get("bizLocation")),
        "transformation_id": _text(body.get("transformationID")),
        "hash": event.hash,
        "body": canonical_bytes(body).decode(),
    }


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _place(value: Any) -> str | None:
    named = value.get("id") if isinstance(value, dict) else None
    return as_name(named) if isinstance(named, str) else None


# --- Names of lots -------------------------------------------------------------------------------------------------


def name_lots(uris: dict[int, str]) -> None:
    """Let lots of our own be known by their names; whoever used a name before for something else gives it up.

    What the owner of the lot, or the office, recalled keeps its name: nobody sells by it what may be the same goods.

    :param uris: {lot id: its name}
    """
    # In their order: two who name the same lots at once do not wait for each other in a circle.
    rows = sorted((as_name(uri), lot_id) for lot_id, uri in uris.items())
    if not rows:
        return
    own = aliased(Lot)
    owners = select(own.owner_id).where(own.id.in_(listed([lot_id for _, lot_id in rows])))
    stays = and_(
        Lot.kind == LotKind.EXTERNAL,
        Lot.state == LotState.RECALLED,
        or_(Lot.owner_id.in_(owners), statements.recalled_here()),
    )
    known = {
        uri: (lot_id, is_to_stay)
        for uri, lot_id, is_to_stay in db.session.execute(
            select(LotIdentifier.uri, LotIdentifier.lot_id, stays)
            .join(Lot, Lot.id == LotIdentifier.lot_id)
            .where(LotIdentifier.uri.in_(listed([uri for uri, _ in rows])))
        )
    }
    new = [
        {"uri": uri, "lot_id": lot_id} for uri, lot_id in rows
        if uri not in known or (known[uri][0] != lot_id and not known[uri][1])
    ]  # fmt: skip
    if not new:
        return
    statement = (sqlite.insert if on_sqlite() else postgresql.insert)(LotIdentifier)
    db.session.execute(
        statement.on_conflict_do_update(index_elements=["uri"], set_={"lot_id": statement.excluded.lot_id}), new
    )


def own_name(lot: Lot, owner_code: str, batch: Batch | None, gtin: str | None) -> str:
    """Name a lot of our own in events."""
    if batch is not None:
        uri = addresses.of_goods(owner_code, batch.token, gtin, batch.number)
        return kept(uri)
    return addresses.of_material(owner_code, lot.number, is_raw=lot.kind is LotKind.RAW)


# --- Events of our own screens -------------------------------------------------------------------------------------


def keep(event: TraceEvent) -> None:
    """Store the form of the standard of an event that was just written down, and what it corrects.

    :raises traceability.epcis.problems.RefusedEvent: if it breaks a rule: for our own events all of them hold
    """
    keep_all([event])


def keep_all(events: Sequence[TraceEvent], *, are_new: bool = True) -> None:
    """Store the form of the standard of events, in their order, each with the declaration of error it makes.

    :param are_new: they happen now and can be refused; what was written down long ago is told as it is
    :raises traceability.epcis.problems.RefusedEvent: as ``keep``
    """
    if not events:
        return
    facts = _Facts(events)
    name_lots({lot_id: uri for lot_id, uri in facts.names.items() if lot_id in facts.own})
    kept = []
    for event in events:
        body = document.written(facts.told(event))
        found = refusals(_problems(event, body)) if are_new else []
        if found:
            raise RefusedEvent(found)
        kept.append(Kept(body, event_hash(body), event.recorded_at, event.organisation_id, event.id))
    insert_all(kept)
    for event in events:
        if event.corrects_id is not None:
            _declare(event.corrects_id, event)


def _problems(event: TraceEvent, body: dict[str, Any]) -> list[Problem]:
    """Hold an event of our own against the standard and the business in the strict profile."""
    found = check_event(body, profile=Profile.STRICT, now=event.recorded_at) or business.dates(body, "")
    if event.corrects_id is None:  # a correction goes to whom the event went that it corrects, if that said so
        found += business.receiver(body, "", Profile.STRICT)
        if event.kind is EventKind.TRANSFORMATION and not business.takes_in(body):
            found.append(business.no_origin(event.title_vi, "", Profile.STRICT))
        earlier = claims.commissioned(business.commissions(body), organisation_id=event.organisation_id)
        found += [business.made_twice(short_name(name), "", Profile.STRICT) for name in earlier]
    return found


def _declare(wrong_id: int, correction: TraceEvent) -> None:
    """Repeat an event that a correction replaces, with the declaration that it was wrong.

    A captured event is somebody's own statement: who sent it declares its error.
    """
    wrong = db.session.scalar(
        select(EpcisEvent).where(EpcisEvent.trace_event_id == wrong_id, ~EpcisEvent.declares_error)
    )
    if wrong is None or db.session.scalar(
        select(exists().where(EpcisEvent.event_id == wrong.event_id, EpcisEvent.declares_error))
    ):
        return
    body = document.declaration(
        json.loads(wrong.body),
        corrective=[correction.event_id],
        reason="incorrect_data",
        now=correction.recorded_at,
    )
    insert_all([Kept(body, wrong.hash, correction.recorded_at, wrong.organisation_id)])


class _Facts:
    """What the rows around events say, read for all of them at once."""

    def __init__(self, events: Sequence[TraceEvent]) -> None:
        self.names: dict[int, str] = {}
        self.own: set[int] = set()
        self.named: dict[int, list[EventLot]] = defaultdict(list)
        self._lots: dict[int, tuple[Lot, Batch | None, int | None]] = {}
        ids = [event.id for event in events]
        self._read_lots(ids)
        self._digests: dict[int, list[str]] = defaultdict(list)
        for event_id, digest in db.session.execute(
            select(EventFile.event_id, EventFile.digest)
            .where(EventFile.event_id.in_(listed(ids)))
            .order_by(EventFile.event_id, EventFile.position)
        ):
            self._digests[event_id].append(digest)
        self._glns = _glns(event.place_id for event in events)
        self._codes = _codes(events)
        self._certificates = self._read_certificates(events)

    def _read_lots(self, event_ids: Sequence[int]) -> None:
        rows = db.session.execute(
            select(EventLot, Lot, Batch, Organisation.code, TradeItem.gtin, TradeItem.product_id)
            # The model joins a batch's lot inwards: of a lot that is no batch nothing would be left.
            .options(lazyload(Batch.lot))
            .join(Lot, Lot.id == EventLot.lot_id)
            .join(Organisation, Organisation.id == Lot.owner_id)
            .outerjoin(Batch, Batch.lot_id == Lot.id)
            .outerjoin(TradeItem, TradeItem.id == Batch.trade_item_id)
            .where(EventLot.event_id.in_(listed(event_ids)))
            .order_by(EventLot.event_id, EventLot.lot_id)
        )
        external = set()
        for named, lot, batch, code, gtin, product_id in rows:
            self.named[named.event_id].append(named)
            self._lots[lot.id] = (lot, batch, product_id)
            if lot.kind is LotKind.EXTERNAL:
                external.add(lot.id)
            else:
                self.own.add(lot.id)
                self.names[lot.id] = own_name(lot, code, batch, gtin)
        if external:
            self.names.update(
                db.session.execute(
                    select(LotIdentifier.lot_id, LotIdentifier.uri)
                    .where(LotIdentifier.lot_id.in_(listed(sorted(external))))
                    .order_by(LotIdentifier.uri.desc())
                ).all()
            )

    def _read_certificates(self, events: Sequence[TraceEvent]) -> dict[int, list[Certificate]]:
        products = {
            self._lots[named.lot_id][2] for event in events if _makes(event) for named in self.named[event.id]
        } - {None}
        found: dict[int, list[Certificate]] = defaultdict(list)
        if products:
            for one in db.session.scalars(
                select(Certificate).where(Certificate.product_id.in_(sorted(products))).order_by(Certificate.id)
            ):
                found[one.product_id].append(one)
        return found

    def told(self, event: TraceEvent) -> Told:
        """Put together what an event says."""
        named = [one for one in self.named[event.id] if one.lot_id in self.names]
        handover = event.facts.get("handover")
        return Told(
            event_id=event.event_id,
            type=event.kind.value,
            action=event.action,
            biz_step=event.biz_step,
            disposition=event.disposition,
            event_at=event.event_at,
            recorded_at=event.recorded_at,
            things=[
                Thing(self.names[one.lot_id], one.role, one.quantity, self._lots[one.lot_id][0].unit) for one in named
            ],
            place=None
            if event.place_id is None
            else addresses.of_place(event.place_id, self._glns.get(event.place_id)),
            title=event.title_vi,
            namespace=addresses.namespace(),
            parties=self._parties(handover) if handover else None,
            paper=addresses.of_paper(event.document) if event.document else None,
            paper_type=event.facts.get("paper"),
            made=self._made(named),
            certificates=self._certified(event, named),
            attachments=self._digests[event.id],
        )

    def _parties(self, handover: dict[str, int]) -> Parties:
        def named(role: str) -> str | None:
            code = self._codes.get(handover.get(role, 0))
            return addresses.of_organisation(code) if code else None

        return Parties(named("giver") or "", named("taker") or "", named("owner"))

    def _made(self, named: Sequence[EventLot]) -> Made | None:
        made = [one for one in named if one.role in ("output", "object")]
        if len(made) != 1:
            return None
        lot, batch, _ = self._lots[made[0].lot_id]
        if batch is not None:
            return Made(batch.number, batch.made_on, batch.expires_on)
        return Made(lot.number, None, None) if lot.kind is not LotKind.EXTERNAL else None

    def _certified(self, event: TraceEvent, named: Sequence[EventLot]) -> list[str]:
        """Name the certificates that stand on the day goods are made or released."""
        if not _makes(event):
            return []
        day = business_date(event.event_at)
        products = {self._lots[one.lot_id][2] for one in named if one.role in ("output", "object")} - {None}
        return [
            addresses.of_certificate(one.number)
            for product_id in sorted(products)  # type: ignore[type-var]
            for one in self._certificates.get(product_id or 0, [])
            if one.issued_on <= day < end_of(one)
        ]


def _makes(event: TraceEvent) -> bool:
    return event.kind is EventKind.TRANSFORMATION or event.action == "ADD" or event.biz_step == "storing"


def _glns(place_ids: Iterable[int | None]) -> dict[int, str]:
    wanted = sorted({id for id in place_ids if id is not None})
    if not wanted:
        return {}
    rows = db.session.execute(select(Place.id, Place.gln).where(Place.id.in_(wanted), Place.gln.is_not(None)))
    return {id: gln for id, gln in rows if gln}


def _codes(events: Sequence[TraceEvent]) -> dict[int, str]:
    wanted = sorted({id for event in events for id in event.facts.get("handover", {}).values() if id})
    if not wanted:
        return {}
    rows = db.session.execute(select(Organisation.id, Organisation.code).where(Organisation.id.in_(wanted)))
    return dict(rows.all())


# --- Databases from before -----------------------------------------------------------------------------------------


def keep_missing() -> int:
    """Bring some events that were written down before the store was there into the form of the standard, the oldest
    first; give how many. Fewer than :data:`AT_ONCE` were the last.
    """
    found = _without_row()
    keep_all(found, are_new=False)
    return len(found)


def _without_row() -> list[TraceEvent]:
    row = aliased(EpcisEvent)
    return list(
        db.session.scalars(
            select(TraceEvent)
            .where(~exists().where(row.trace_event_id == TraceEvent.id))
            .order_by(TraceEvent.id)
            .limit(AT_ONCE)
        )
    )


__all__ = ["Kept", "columns_of", "insert_all", "keep", "keep_all", "keep_missing", "name_lots", "own_name"]
