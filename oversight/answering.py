"""Answers to a recall: that it was read, and what became of the packs. Each is a line that nobody changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from accounts.actor import Actor
from catalog.models import Unit
from kernel import audit
from kernel.db import db, lock
from kernel.errors import N_, Conflict, InvalidInput, NotFound
from kernel.text import one_line
from oversight import queries, records
from oversight.models import EntryKind, Recall, RecallEntry, RecallLot, RecallNotice, RecallState
from stock import ledger, locations
from stock.models import Location, LocationKind
from traceability.models import EventKind, Lot
from traceability.recording import NamedLot, record_event

LONGEST_NOTE = 200
MOST = 1_000_000_000

Where = tuple[int, int | None]  #: lot, and location (None: material)


class Closed(Conflict):
    message = N_("It is closed: nothing more is entered.")


class NotInThisRecall(NotFound):
    message = N_("These goods are not part of the recall, or not with you.")


class NoQuantity(InvalidInput):
    message = N_("Please enter how many, more than nothing.")
    field = "quantity"


class NotSoMany(InvalidInput):
    """``there``: how many there are at most."""

    message = N_("There are only %(there)s on record here. Please count again.")
    field = "quantity"


class MoreThanOnRecord(InvalidInput):
    message = N_(
        "Of lot %(number)s only %(there)s are on record here. If buyers brought some back, enter that first; "
        "else tell the office."
    )


def acknowledge(notice: RecallNotice, *, actor: Actor, now: datetime) -> bool:
    """Write down that a notice was read. Asked again, it does nothing.

    :return: whether this was the first time
    """
    lock(notice)
    if notice.acknowledged_at is not None:
        return False
    notice.acknowledged_at, notice.acknowledged_by_id = now, actor.user_id
    notice.answered_by = "phone" if _by_phone(notice, actor) else "screen"
    audit.record(actor, "oversight.acknowledge", f"recall:{notice.recall.number}", now=now, notice=notice.id)
    return True


def count(notice: RecallNotice, found: Mapping[Where, int], *, actor: Actor, now: datetime) -> None:
    """Write down what was counted at the holder's places; what is less than on record is missing from then on.

    Missing packs leave the place's balance; found later, they come back to it. The notice is acknowledged by it.
    Of goods known from others' events alone it is a statement: more may be found than these say, up to what was made.

    :param found: {(lot id, location id): packs}
    :raises Closed: :raises NotInThisRecall: :raises MoreThanOnRecord:
    """
    recall = _open(notice)
    by_events = queries.goods_by_events(notice) if any(where[1] is None for where in found) else {}
    for (lot_id, location_id), quantity in sorted(found.items(), key=lambda row: (row[0][0], row[0][1] or 0)):
        if location_id is None and lot_id in by_events:
            _count_by_events(notice, by_events[lot_id], quantity, actor=actor, now=now)
            continue
        _check_place(notice, lot_id, location_id)
        there, missing = queries.booked(recall, lot_id, location_id)
        if not 0 <= quantity <= there + missing:
            lot = db.session.get_one(Lot, lot_id)
            raise MoreThanOnRecord(number=lot.number, there=there + missing, step_g=_grams_of_one(lot_id))
        _write(notice, EntryKind.FOUND, lot_id, location_id, quantity, actor=actor, now=now)
        if quantity < there:
            gone = _write(notice, EntryKind.MISSING, lot_id, location_id, there - quantity, actor=actor, now=now)
            _carry(recall, gone, LocationKind.LOSS, is_back=False, actor=actor, now=now)
        elif quantity > there:
            back = _write(notice, EntryKind.REAPPEARED, lot_id, location_id, quantity - there, actor=actor, now=now)
            _carry(recall, back, LocationKind.LOSS, is_back=True, actor=actor, now=now)
    acknowledge(notice, actor=actor, now=now)
    audit.record(actor, "oversight.count", f"recall:{recall.number}", now=now, notice=notice.id, lines=len(found))


def _count_by_events(notice: RecallNotice, one: queries.Goods, quantity: int, *, actor: Actor, now: datetime) -> None:
    most = MOST if one.most is None else one.most
    if not 0 <= quantity <= most:
        raise MoreThanOnRecord(number=one.number, there=most, step_g=_grams_of_one(one.lot_id))
    _write(notice, EntryKind.FOUND, one.lot_id, None, quantity, actor=actor, now=now)
    there, missing = queries.on_record(notice, one)
    if not one.is_reckoned or there is None:
        return
    # What others say of two holders may add up to more than was made: no more can be missing than is left of it.
    lacking = min(there - quantity, queries.booked(notice.recall, one.lot_id, None)[0])
    back = min(quantity - there, missing)
    if lacking > 0:
        _write(notice, EntryKind.MISSING, one.lot_id, None, lacking, actor=actor, now=now)
    elif back > 0:
        _write(notice, EntryKind.REAPPEARED, one.lot_id, None, back, actor=actor, now=now)


def enter(
    notice: RecallNotice,
    kind: EntryKind,
    where: Where,
    quantity: int,
    *,
    note: str = "",
    actor: Actor,
    now: datetime,
) -> RecallEntry:
    """Write down that packs were brought back by buyers, destroyed, or had been sold before the stop.

    :raises Closed: :raises NotInThisRecall: :raises NoQuantity: :raises NotSoMany:
    """
    if kind not in (EntryKind.RETURNED, EntryKind.DESTROYED, EntryKind.SOLD):
        raise ValueError("counting is another verb")
    recall = _open(notice)
    lot_id, location_id = where
    by_events = queries.goods_by_events(notice).get(lot_id) if location_id is None else None
    if by_events is None:
        _check_place(notice, lot_id, location_id)
    if not 0 < quantity <= MOST:
        raise NoQuantity()
    if by_events is not None:
        there = _there_by_events(notice, by_events, kind)
    elif kind is EntryKind.RETURNED:
        there = queries.sold_by(recall, lot_id, location_id)
    else:
        there, _ = queries.booked(recall, lot_id, location_id)
    if location_id is None and by_events is None and kind is not EntryKind.DESTROYED:
        raise NotInThisRecall()
    if quantity > there:
        raise NotSoMany(there=there, step_g=_grams_of_one(lot_id))
    entry = _write(notice, kind, lot_id, location_id, quantity, note=note, actor=actor, now=now)
    other_end = LocationKind.LOSS if kind is EntryKind.DESTROYED else LocationKind.CUSTOMER
    _carry(recall, entry, other_end, is_back=kind is EntryKind.RETURNED, actor=actor, now=now)
    _trace(recall, entry, notice, actor=actor, now=now)
    acknowledge(notice, actor=actor, now=now)
    audit.record(
        actor,
        "oversight.enter",
        f"recall:{recall.number}",
        now=now,
        kind=kind.value,
        lot=lot_id,
        quantity=quantity,
    )
    return entry


def _there_by_events(notice: RecallNotice, one: queries.Goods, kind: EntryKind) -> int:
    """Tell how much can have been destroyed, sold or brought back of goods that no stock counts."""
    if one.is_reckoned and kind is EntryKind.DESTROYED:
        there, _ = queries.on_record(notice, one)
        left, _ = queries.booked(notice.recall, one.lot_id, None)
        return left if there is None else min(there, left)
    return MOST if one.most is None else one.most


def _grams_of_one(lot_id: int) -> int | None:
    """Tell how many grams one of a lot's quantity is, where it is a weight."""
    if db.session.get_one(Lot, lot_id).unit is Unit.GRAM:
        return 1
    return queries.steps_of([lot_id]).get(lot_id)


def _open(notice: RecallNotice) -> Recall:
    recall = lock(notice.recall)  # whoever closes it waits for us, or we for them
    if recall.state is RecallState.CLOSED:
        raise Closed()
    return recall


def _by_phone(notice: RecallNotice, actor: Actor) -> bool:
    return actor.organisation_id != notice.organisation_id or actor.officer_organisation_id is not None


def _check_place(notice: RecallNotice, lot_id: int, location_id: int | None) -> None:
    """See to it that the lot is in the recall, and the place the holder's own (material: its owner's)."""
    in_recall = db.session.scalar(
        select(Lot.owner_id)
        .join(RecallLot, RecallLot.lot_id == Lot.id)
        .where(RecallLot.recall_id == notice.recall_id, RecallLot.lot_id == lot_id)
    )
    if in_recall is None:
        raise NotInThisRecall()
    if location_id is None:
        keeper: int | None = in_recall
    else:
        keeper = db.session.scalar(
            select(Location.keeper_id).where(Location.id == location_id, Location.kind.in_(queries.SHELVES))
        )
    if keeper != notice.organisation_id:
        raise NotInThisRecall()


def _write(
    notice: RecallNotice,
    kind: EntryKind,
    lot_id: int,
    location_id: int | None,
    quantity: int,
    *,
    note: str = "",
    actor: Actor,
    now: datetime,
) -> RecallEntry:
    entry = RecallEntry(
        recall_id=notice.recall_id,
        notice_id=notice.id,
        lot_id=lot_id,
        location_id=location_id,
        kind=kind,
        quantity=quantity,
        note=one_line(note)[:LONGEST_NOTE],
        at=now,
        by_id=actor.user_id,
        by_phone=_by_phone(notice, actor),
    )
    db.session.add(entry)
    db.session.flush()
    records.answered(entry, now=now)
    return entry


def _carry(
    recall: Recall, entry: RecallEntry, other_end: LocationKind, *, is_back: bool, actor: Actor, now: datetime
) -> None:
    """Let the ledger follow an entry of a real recall: away from the place to the other end, or back from there."""
    if recall.is_drill or entry.location_id is None:
        return
    place = db.session.get_one(Location, entry.location_id)
    other = locations.of(place.keeper_id, other_end)
    left = entry.quantity
    owners = queries.owners_at(entry.lot_id, (other if is_back else place).id)
    for owner_id, there in owners:
        taken = min(left, there)
        if taken <= 0:
            continue
        ledger.move(
            entry.lot_id,
            taken,
            source=other if is_back else place,
            to=place if is_back else other,
            owner_id=owner_id,
            document=recall.number,
            cause=f"{recall.number}:{entry.kind.value}:{entry.id}:{owner_id}",
            now=now,
            actor=actor,
            even_frozen=True,
        )
        left -= taken
    if left:
        raise NotSoMany(there=entry.quantity - left, step_g=_grams_of_one(entry.lot_id))


_STEPS = {
    EntryKind.DESTROYED: ("destroying", "destroyed", "DELETE", "Tiêu hủy hàng thu hồi", "Recalled goods destroyed"),
    EntryKind.RETURNED: ("returning", "returned", "OBSERVE", "Người mua trả lại hàng", "Brought back by buyers"),
    EntryKind.SOLD: ("retail_selling", "retail_sold", "DELETE", "Bán trước khi thu hồi", "Sold before the recall"),
}


def _trace(recall: Recall, entry: RecallEntry, notice: RecallNotice, *, actor: Actor, now: datetime) -> None:
    if recall.is_drill:
        return
    biz_step, disposition, action, title_vi, title_en = _STEPS[entry.kind]
    place_id = None
    if entry.location_id is not None:
        place_id = db.session.get_one(Location, entry.location_id).place_id
    record_event(
        EventKind.OBJECT,
        biz_step,
        [NamedLot(entry.lot_id, quantity=entry.quantity)],
        title_vi=title_vi,
        title_en=title_en,
        action=action,
        disposition=disposition,
        place_id=place_id,
        actor=actor,
        organisation_id=notice.organisation_id,
        document=recall.number,
        is_public=False,
        is_sample=recall.is_sample,
        now=now,
    )
