"""Consignment notes: goods on their way to a sales point that stay their producer's, and back.

A note moves goods three times at most: out of the warehouse when it is sent, to the counter when it is
received, and the way back when it is cancelled. Each step locks the note, looks, and then acts; each is
posted under a cause of its own, so it happens once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from accounts.actor import Actor
from accounts.models import Organisation
from consignment import queries
from consignment.models import Note, NoteKind, NoteLine, NoteStatus, SalesPoint
from consignment.tracing import Step, trace
from kernel import audit, numbers
from kernel.clock import business_date
from kernel.db import db, lock
from kernel.errors import N_, Conflict, InvalidInput
from kernel.text import one_line
from stock import ledger, locations
from stock.models import Location, LocationKind
from traceability.models import Batch, Lot, LotState

MOST_LINES = 100
LONGEST_REASON = 200
MOST_PRICE_VND = 1_000_000_000


class NothingOnIt(InvalidInput):
    message = N_("Put at least one batch on the note, with a quantity above nought.")


class TooManyLines(InvalidInput):
    message = N_("A note has at most %(most)s batches.")


class SameLotTwice(InvalidInput):
    message = N_("A batch stands on the note twice. Put its whole quantity on one line.")


class NeedsPrice(InvalidInput):
    message = N_("Enter the price at which each batch is to be sold.")


class NotYours(InvalidInput):
    message = N_("One of the batches is not in this producer's hands.")


class NotReleased(Conflict):
    message = N_("Batch %(number)s is not released, so it cannot be sent.")


class PastItsDate(Conflict):
    message = N_("Batch %(number)s is past its date. It cannot be sent to be sold.")


class NotAtThisPoint(InvalidInput):
    message = N_("One of the batches did not come to this sales point from this producer.")


class PointClosed(Conflict):
    message = N_("This sales point is closed at the moment.")


class NotADraft(Conflict):
    message = N_("Note %(number)s was sent before.")


class NotOnTheWay(Conflict):
    message = N_("Note %(number)s is not on the way: it was received or cancelled before.")


class NeedsReason(InvalidInput):
    message = N_("Say why in a few words.")
    field = "reason"


class ReasonTooLong(InvalidInput):
    message = N_("Please keep the reason within %(most)s signs.")
    field = "reason"


@dataclass(frozen=True)
class Wanted:
    """So many packs of a lot, to be sold at a price."""

    lot_id: int
    quantity: int
    price_vnd: int


def draft(
    consignor: Organisation,
    point: SalesPoint,
    lines: Sequence[Wanted],
    *,
    actor: Actor,
    now: datetime,
    is_sample: bool = False,
) -> Note:
    """Draw up a note to a sales point; nothing moves yet.

    :raises NothingOnIt, TooManyLines, SameLotTwice, NeedsPrice, NotYours, PointClosed:
    """
    if not point.is_open:
        raise PointClosed()
    _check(lines)
    owners = set(db.session.scalars(select(Lot.owner_id).where(Lot.id.in_([line.lot_id for line in lines]))))
    if owners != {consignor.id}:
        raise NotYours()
    return _draw_up(NoteKind.DELIVERY, consignor, point, lines, actor=actor, now=now, is_sample=is_sample)


def send(note: Note, *, actor: Actor, now: datetime) -> None:
    """Let the goods of a delivery leave the producer's warehouse.

    :raises NotADraft: if it was sent before
    :raises PointClosed: if the sales point is closed meanwhile
    :raises NotReleased: if a batch is still being made, held or recalled
    :raises PastItsDate: if the last day of a batch is over
    :raises stock.ledger.NotOnHand: if there is less than the note says
    """
    lock(note)
    if note.status is not NoteStatus.DRAFT:
        raise NotADraft(number=note.number)
    if not note.sales_point.is_open:
        raise PointClosed()
    _refuse_unfit(note, now=now)
    _carry(note, note.warehouse_id, note.in_transit_id, "sent", actor=actor, now=now)
    note.status, note.sent_at = NoteStatus.SENT, now
    trace(Step.CONSIGNING, note, organisation_id=note.consignor_id, actor=actor, now=now)
    audit.record(actor, "consignment.send", f"note:{note.number}", now=now)


def _refuse_unfit(note: Note, *, now: datetime) -> None:
    """Refuse goods that may not be sold. A hold of this very moment is the ledger's to refuse."""
    for line in note.lines:
        batch = db.session.get(Batch, line.lot_id, populate_existing=True)
        if batch is None or batch.lot.state is not LotState.RELEASED:
            raise NotReleased(number=line.lot.number)
        if batch.expires_on is not None and batch.expires_on < business_date(now):
            raise PastItsDate(number=batch.number)


def receive(note: Note, *, actor: Actor, now: datetime) -> None:
    """Take the goods of a note in: a delivery at the counter, a return in the producer's warehouse.

    :raises NotOnTheWay: if it was received or cancelled before
    """
    lock(note)
    if note.status is not NoteStatus.SENT:
        raise NotOnTheWay(number=note.number)
    delivery = note.kind is NoteKind.DELIVERY
    target = note.sales_point.location_id if delivery else note.warehouse_id
    # What is on the way arrives, even if its lot was held meanwhile: it is frozen where it arrives.
    _carry(note, note.in_transit_id, target, "received", actor=actor, now=now, even_frozen=True)
    note.status, note.received_at = NoteStatus.RECEIVED, now
    trace(Step.RECEIVING, note, organisation_id=receiver_of(note), actor=actor, now=now)
    audit.record(actor, "consignment.receive", f"note:{note.number}", now=now)


def cancel(note: Note, *, reason: str, actor: Actor, now: datetime) -> None:
    """Give a note up before it was received: its goods go back to where they came from.

    :raises NeedsReason, ReasonTooLong, NotOnTheWay:
    """
    reason = check_reason(reason)
    lock(note)
    if note.status is NoteStatus.SENT:
        origin = note.warehouse_id if note.kind is NoteKind.DELIVERY else note.sales_point.location_id
        _carry(note, note.in_transit_id, origin, "cancelled", actor=actor, now=now, even_frozen=True)
        trace(Step.NOT_SENT, note, organisation_id=sender_of(note), actor=actor, now=now)
    elif note.status is not NoteStatus.DRAFT:
        raise NotOnTheWay(number=note.number)
    note.status, note.cancel_reason, note.cancelled_at = NoteStatus.CANCELLED, reason, now
    audit.record(actor, "consignment.cancel", f"note:{note.number}", now=now)


def take_back(
    consignor: Organisation,
    point: SalesPoint,
    quantities: dict[int, int],
    *,
    reason: str,
    actor: Actor,
    now: datetime,
    is_sample: bool = False,
) -> Note:
    """Send unsold goods back to their producer: they leave the counter at once, and are received by the producer.

    Held and recalled lots may go back.

    :param quantities: {lot id: packs}
    :raises NothingOnIt, TooManyLines, NeedsReason, ReasonTooLong, stock.ledger.NotOnHand:
    :raises NotAtThisPoint: if a lot never came there
    """
    reason = check_reason(reason)
    prices = queries.agreed_prices(point, list(quantities), consignor_id=consignor.id)
    if not quantities.keys() <= prices.keys():
        raise NotAtThisPoint()
    lines = [Wanted(lot_id, quantity, prices[lot_id]) for lot_id, quantity in sorted(quantities.items()) if quantity]
    _check(lines)
    note = _draw_up(NoteKind.RETURN, consignor, point, lines, actor=actor, now=now, is_sample=is_sample)
    _carry(note, point.location_id, note.in_transit_id, "sent", actor=actor, now=now, even_frozen=True)
    note.status, note.sent_at, note.reason = NoteStatus.SENT, now, reason
    trace(Step.RETURNING, note, organisation_id=point.organisation_id, actor=actor, now=now)
    audit.record(actor, "consignment.take_back", f"note:{note.number}", now=now)
    return note


def sender_of(note: Note) -> int:
    """Tell whose note it is to send and to cancel: the organisation the goods come from."""
    return note.consignor_id if note.kind is NoteKind.DELIVERY else note.sales_point.organisation_id


def receiver_of(note: Note) -> int:
    """Tell whose note it is to receive: the organisation the goods go to."""
    return note.sales_point.organisation_id if note.kind is NoteKind.DELIVERY else note.consignor_id


def check_reason(reason: str) -> str:
    """Give a reason as it is kept.

    :raises NeedsReason, ReasonTooLong:
    """
    reason = one_line(reason)
    if not reason:
        raise NeedsReason()
    if len(reason) > LONGEST_REASON:
        raise ReasonTooLong(most=LONGEST_REASON)
    return reason


def _check(lines: Sequence[Wanted]) -> None:
    if not lines or any(line.quantity <= 0 for line in lines):
        raise NothingOnIt()
    if len(lines) > MOST_LINES:
        raise TooManyLines(most=MOST_LINES)
    if len({line.lot_id for line in lines}) < len(lines):
        raise SameLotTwice()
    if any(not 0 < line.price_vnd <= MOST_PRICE_VND for line in lines):
        raise NeedsPrice()


def _draw_up(
    kind: NoteKind,
    consignor: Organisation,
    point: SalesPoint,
    lines: Sequence[Wanted],
    *,
    actor: Actor,
    now: datetime,
    is_sample: bool,
) -> Note:
    warehouse: Location = locations.of(consignor.id, LocationKind.WAREHOUSE)
    in_transit: Location = locations.of(consignor.id, LocationKind.IN_TRANSIT)
    note = Note(
        number=f"CSG-{numbers.next_number('note'):06d}",
        kind=kind,
        consignor_id=consignor.id,
        sales_point_id=point.id,
        warehouse_id=warehouse.id,
        in_transit_id=in_transit.id,
        status=NoteStatus.DRAFT,
        created_at=now,
        is_sample=is_sample,
    )
    db.session.add(note)
    db.session.flush()
    for position, line in enumerate(lines, start=1):
        db.session.add(
            NoteLine(
                note_id=note.id,
                position=position,
                lot_id=line.lot_id,
                quantity=line.quantity,
                price_vnd=line.price_vnd,
            )
        )
    db.session.flush()
    db.session.refresh(note)
    audit.record(actor, "consignment.draft", f"note:{note.number}", now=now, point=point.id)
    return note


def _carry(
    note: Note, source_id: int, to_id: int, step: str, *, actor: Actor, now: datetime, even_frozen: bool = False
) -> None:
    ledger.move_all(
        [
            ledger.Line(
                lot_id=line.lot_id,
                quantity=line.quantity,
                source_id=source_id,
                to_id=to_id,
                owner_id=note.consignor_id,
                cause=f"{note.number}:{step}:{line.position}",
            )
            for line in note.lines
        ],
        document=note.number,
        now=now,
        actor=actor,
        even_frozen=even_frozen,
    )
