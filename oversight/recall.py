"""A recall: everything made from a lot is stopped everywhere by one transaction, and who must be told is found.

A drill does the same on paper: the same lots are found, the same people are told that it is one, the same clock
runs; no lot, no balance and no page changes.

Locks as everywhere: the document (here a new one), lots in the order of their ids, balances. So a sale of this very
moment is either finished, and counted as sold, or waits and is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, insert, literal, or_, select

from accounts.actor import SYSTEM, Actor
from catalog.models import Unit
from consignment.models import Note, NoteKind, NoteLine, NoteStatus, Sale, SaleLine, SaleReversal, SalesPoint
from kernel import audit, jobs, numbers
from kernel.db import db, listed, lock
from kernel.errors import N_, Conflict, InvalidInput
from kernel.text import nfc
from oversight import queries, records
from oversight.models import (
    Recall,
    RecallHolding,
    RecallLot,
    RecallNotice,
    RecallOutcome,
    RecallState,
    Severity,
)
from stock import holding
from stock.models import Balance, Location, LocationKind
from stock.queries import ON_HAND
from traceability import batches, contents, genealogy
from traceability.models import Lot, LotState

LONGEST_CONCLUSION = 8_000


class EnglishTooLong(InvalidInput):
    message = N_("Please keep the reason within %(most)s signs.")
    field = "reason_en"


class NoConclusion(InvalidInput):
    message = N_("Please write the closing report: what was found, what was done, what is to be better.")
    field = "conclusion"


class ConclusionTooLong(InvalidInput):
    message = N_("Please keep the report within %(most)s signs.")
    field = "conclusion"


class SomeHaveNotAnswered(InvalidInput):
    """``waiting`` of ``all`` have not."""

    message = N_("%(waiting)s of %(all)s have not answered yet. Call them, or say that you close it all the same.")
    field = "even_unanswered"


class ClosedAlready(Conflict):
    message = N_("%(number)s is closed.")


class DoesNotAddUp(Conflict):
    message = N_("Of lot %(number)s the parts do not add up to what was made. Have the ledger of goods looked at.")


@dataclass(frozen=True)
class Told:
    """Why a lot is recalled, as the public reads it."""

    reason_vi: str
    severity: Severity
    reason_en: str = ""


class HoldsOthers(InvalidInput):
    """``lots`` names what lies in it."""

    message = N_("%(number)s is a case or pallet. What lies in it is recalled by its lots: %(lots)s.")


def start(lot: Lot, told: Told, *, is_drill: bool, actor: Actor, now: datetime) -> Recall:
    """Recall a lot and everything made from it, at any level; or rehearse that.

    From here on nothing of it can be moved on or sold, its pages say so, and those who have it are told by jobs.

    :raises traceability.batches.NoReason: :raises traceability.batches.ReasonTooLong: :raises EnglishTooLong:
    :raises traceability.batches.AlreadyRecalled: if the lot was recalled before
    :raises HoldsOthers: if it is a case: what it is made of would go on being sold
    """
    inside = contents.inside([lot.id], now)
    if inside:
        numbers_ = select(Lot.number).where(Lot.id.in_(listed(sorted(inside)))).order_by(Lot.id)
        raise HoldsOthers(number=lot.number, lots=", ".join(db.session.scalars(numbers_)))
    reason_vi, reason_en = batches.checked_reason(told.reason_vi), nfc(told.reason_en).strip()
    if len(reason_en) > batches.LONGEST_REASON:
        raise EnglishTooLong(most=batches.LONGEST_REASON)
    if is_drill:
        everything = _everything_made_from(lot)
    else:
        everything = holding.lock_everything_made_from(lot, even_recalled=True)
        _refuse_twice(lot)
    recall = Recall(
        number=f"TH-{numbers.next_number('recall'):06d}",
        lot_id=lot.id,
        owner_id=lot.owner_id,
        is_drill=is_drill,
        severity=told.severity,
        reason_vi=reason_vi,
        reason_en=reason_en,
        started_at=now,
        started_by_id=actor.user_id,
        started_for_id=actor.officer_organisation_id or actor.organisation_id,
        is_sample=lot.is_sample,
    )
    db.session.add(recall)
    db.session.flush()
    _write_down_lots(recall, everything)
    written = db.session.scalar(select(func.count()).where(RecallLot.recall_id == recall.id)) or 0
    recall.recalled_before = len(everything) - written
    _write_down_places(recall)
    if not is_drill:
        holding.recall_locked(
            lot,
            everything,
            reason_vi=reason_vi,
            reason_en=reason_en,
            document=recall.number,
            actor=actor,
            now=now,
        )
    notices = _draw_up(recall, _whom_to_tell(recall))
    records.begun(recall, now=now)
    for notice in notices:
        jobs.enqueue("oversight.tell", now=now, dedupe=f"recall-notice:{notice.id}", notice=notice.id)
    if not is_drill:
        jobs.enqueue("oversight.tell_buyers", now=now, dedupe=f"recall-buyers:{recall.id}", recall=recall.id)
    audit.record(
        actor, "oversight.recall", f"recall:{recall.number}", now=now, lot=lot.id, drill=is_drill, told=len(notices)
    )
    return recall


def join(recall: Recall, *, now: datetime) -> int:
    """Let what was told after a real recall began join it: lots made of its own, and whoever received or has any.

    Who was told before and has such a lot is told anew, and asked to answer again. Asked again, it does nothing.

    :return: how many were told
    """
    lock(recall)
    if recall.is_drill or recall.state is RecallState.CLOSED:
        return 0
    recall.looked_at = now
    lots = queries.joining(recall)
    if lots:
        _write_down_lots(recall, sorted(lots), joined_at=now)
    facts = _whom_to_tell(recall)
    known = {one.organisation_id: one for one in queries.notices_of(recall)}
    new = _draw_up(recall, {id: fact for id, fact in facts.items() if id not in known}, joined_at=now)
    again = [known[id] for id in sorted(queries.who_has(recall, lots) & known.keys())]
    if not lots and not new:
        return 0
    for notice in again:
        notice.more_at, notice.channel, notice.sent_at = now, "", None
        notice.acknowledged_at, notice.answered_by, notice.acknowledged_by_id = None, "", None
    db.session.flush()
    records.joined(recall, lots, new, now=now)
    for notice in (*new, *again):
        dedupe = f"recall-notice:{notice.id}:{now.isoformat()}"
        jobs.enqueue("oversight.tell", now=now, dedupe=dedupe, notice=notice.id)
    audit.record(
        SYSTEM, "oversight.join_recall", f"recall:{recall.number}", now=now, lots=len(lots),
        told=len(new) + len(again),
    )  # fmt: skip
    return len(new) + len(again)


def close(recall: Recall, *, conclusion: str, even_unanswered: bool, actor: Actor, now: datetime) -> None:
    """End a recall with its report: what became of every pack is written down. What is frozen stays frozen.

    :raises ClosedAlready: :raises NoConclusion: :raises ConclusionTooLong: :raises SomeHaveNotAnswered:
    :raises DoesNotAddUp: if stock and lots disagree
    """
    conclusion = nfc(conclusion).strip()
    lock(recall)
    if recall.state is RecallState.CLOSED:
        raise ClosedAlready(number=recall.number)
    if not conclusion:
        raise NoConclusion()
    if len(conclusion) > LONGEST_CONCLUSION:
        raise ConclusionTooLong(most=LONGEST_CONCLUSION)
    answered, everybody = queries.answered_of(recall)
    if answered < everybody and not even_unanswered:
        raise SomeHaveNotAnswered(waiting=everybody - answered, all=everybody)
    rows = []
    for row in queries.reckoning(recall):
        parts = row.parts
        if parts.unexplained or min(vars(parts).values()) < 0:
            raise DoesNotAddUp(number=row.number)
        rows.append({"recall_id": recall.id, "lot_id": row.lot_id, **vars(parts)})
    if rows:
        db.session.execute(insert(RecallOutcome), rows)
    recall.state, recall.conclusion = RecallState.CLOSED, conclusion
    recall.closed_at, recall.closed_by_id = now, actor.user_id
    db.session.flush()
    records.closed(recall, now=now)
    audit.record(actor, "oversight.close_recall", f"recall:{recall.number}", now=now, answered=answered, of=everybody)


def _everything_made_from(lot: Lot) -> list[int]:
    """Find what a recall would reach; nothing is locked."""
    _refuse_twice(lot)
    return sorted(db.session.scalars(select(genealogy.downstream([lot.id]).c.id)))


def _refuse_twice(lot: Lot) -> None:
    by_word = db.session.scalar(select(Lot.id).where(Lot.id == lot.id, queries.recalled_by_word()))
    state = db.session.scalar(select(Lot.state).where(Lot.id == lot.id))
    if state is LotState.RECALLED and by_word is None:
        raise batches.AlreadyRecalled(number=lot.number)


def _write_down_lots(recall: Recall, lot_ids: Sequence[int], *, joined_at: datetime | None = None) -> None:
    """Write down each lot as it is now; those of an earlier recall have their papers there."""

    def where(*kinds: LocationKind) -> ColumnElement[int]:
        return func.sum(case((Location.kind.in_(kinds), Balance.on_hand), else_=0))

    counted = (
        select(
            Balance.lot_id,
            where(*ON_HAND).label("on_hand"),
            where(LocationKind.CUSTOMER).label("sold"),
            where(LocationKind.LOSS, LocationKind.CORRECTION).label("lost"),
        )
        .join(Location, Location.id == Balance.location_id)
        .where(Balance.lot_id.in_(listed(lot_ids)))
        .group_by(Balance.lot_id)
        .subquery()
    )
    rows = (
        select(
            literal(recall.id),
            Lot.id,
            Lot.state,
            Lot.quantity,
            Lot.used,
            func.coalesce(counted.c.on_hand, 0),
            func.coalesce(counted.c.sold, 0),
            func.coalesce(counted.c.lost, 0),
            literal(joined_at, RecallLot.joined_at.type),
        )
        .outerjoin(counted, counted.c.lot_id == Lot.id)
        .where(Lot.id.in_(listed(lot_ids)), or_(Lot.state != LotState.RECALLED, queries.recalled_by_word()))
    )
    names = ["recall_id", "lot_id", "state_before", "made", "used", "on_hand", "sold", "lost", "joined_at"]
    db.session.execute(insert(RecallLot).from_select(names, rows))


def _write_down_places(recall: Recall) -> None:
    rows = (
        select(
            literal(recall.id),
            Balance.lot_id,
            Balance.location_id,
            Balance.owner_id,
            Location.keeper_id,
            Balance.on_hand,
            Balance.allocated,
        )
        .join(RecallLot, RecallLot.lot_id == Balance.lot_id)
        .join(Location, Location.id == Balance.location_id)
        .where(RecallLot.recall_id == recall.id, Location.kind.in_(ON_HAND), Balance.on_hand > 0)
    )
    names = ["recall_id", "lot_id", "location_id", "owner_id", "keeper_id", "quantity", "allocated"]
    db.session.execute(insert(RecallHolding).from_select(names, rows))


def _draw_up(
    recall: Recall, facts: Mapping[int, Mapping[str, int]], *, joined_at: datetime | None = None
) -> list[RecallNotice]:
    notices = [
        RecallNotice(recall_id=recall.id, organisation_id=organisation_id, joined_at=joined_at, **known)
        for organisation_id, known in sorted(facts.items())
    ]
    db.session.add_all(notices)
    db.session.flush()
    return notices


def _whom_to_tell(recall: Recall) -> dict[int, dict[str, int]]:
    """Find who is to be told, and what of: whose lots they are, who holds packs or awaits them, who received some."""
    facts: dict[int, dict[str, int]] = {}
    owners = (
        select(Lot.owner_id)
        .join(RecallLot, RecallLot.lot_id == Lot.id)
        .where(RecallLot.recall_id == recall.id)
        .distinct()
    )
    for owner_id in db.session.scalars(owners):
        facts.setdefault(owner_id, {})
    at_own_places = (
        select(RecallHolding.keeper_id, func.sum(RecallHolding.quantity))
        .join(Location, Location.id == RecallHolding.location_id)
        .where(RecallHolding.recall_id == recall.id, Location.kind != LocationKind.IN_TRANSIT)
        .group_by(RecallHolding.keeper_id)
    )
    deliveries = (
        select(SalesPoint.organisation_id, func.sum(NoteLine.quantity))
        .join(Note, Note.sales_point_id == SalesPoint.id)
        .join(NoteLine, NoteLine.note_id == Note.id)
        .join(RecallLot, RecallLot.lot_id == NoteLine.lot_id)
        .where(RecallLot.recall_id == recall.id, Note.kind == NoteKind.DELIVERY)
        .group_by(SalesPoint.organisation_id)
    )
    sales = (
        select(SalesPoint.organisation_id, func.sum(SaleLine.quantity))
        .join(Sale, Sale.sales_point_id == SalesPoint.id)
        .join(SaleLine, SaleLine.sale_id == Sale.id)
        .join(RecallLot, RecallLot.lot_id == SaleLine.lot_id)
        .outerjoin(SaleReversal, SaleReversal.sale_id == Sale.id)
        .where(RecallLot.recall_id == recall.id, SaleReversal.sale_id.is_(None))
        .group_by(SalesPoint.organisation_id)
    )
    returns = (
        select(Note.consignor_id, func.sum(NoteLine.quantity))
        .join(NoteLine, NoteLine.note_id == Note.id)
        .join(RecallLot, RecallLot.lot_id == NoteLine.lot_id)
        .where(RecallLot.recall_id == recall.id, Note.kind == NoteKind.RETURN, Note.status == NoteStatus.SENT)
        .group_by(Note.consignor_id)
    )
    for name, query in (
        ("held", at_own_places),
        ("on_the_way", deliveries.where(Note.status == NoteStatus.SENT)),
        ("on_the_way", returns),
        ("received", deliveries.where(Note.status == NoteStatus.RECEIVED)),
        ("sold", sales),
    ):
        for organisation_id, quantity in db.session.execute(query):
            known = facts.setdefault(organisation_id, {})
            known[name] = known.get(name, 0) + int(quantity)
    _add_known_from_events(recall, facts)
    return facts


def _add_known_from_events(recall: Recall, facts: dict[int, dict[str, int]]) -> None:
    """Add who is known here and received or has goods by the word of others; what the stock counts is counted."""
    for row in queries.known_from_events(recall):
        if row.organisation is None or row.share is None:
            continue
        known = facts.setdefault(row.organisation.id, {})
        if row.is_external and row.unit is Unit.PIECE:
            share = row.share
            for name, quantity in (
                ("held", share.held),
                ("on_the_way", share.on_the_way),
                ("received", share.received),
                ("sold", share.sold),
            ):
                known[name] = known.get(name, 0) + quantity
