"""Holding, releasing and recalling lots: their state and their stock change in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import case, func, select

from accounts.actor import Actor
from kernel import audit
from kernel.db import db, listed
from stock import ledger
from stock.models import Balance, Location
from stock.queries import ON_HAND
from traceability import batches, genealogy
from traceability.models import Lot, LotState


def hold(lot: Lot, *, reason: str, reason_en: str = "", actor: Actor, now: datetime) -> None:
    """Stop a lot wherever it lies: nothing of it is sent or sold until the hold ends.

    :raises traceability.batches.CannotHold: unless it is released
    """
    batches.hold(lot, reason=reason, reason_en=reason_en, actor=actor, now=now)
    ledger.freeze([lot.id], frozen=True)


def end_hold(lot: Lot, *, reason: str, actor: Actor, now: datetime) -> None:
    """Let a lot go on.

    :raises traceability.batches.NotHeld: unless it is held
    """
    batches.end_hold(lot, reason=reason, actor=actor, now=now)
    ledger.freeze([lot.id], frozen=False)


def recall(lot: Lot, *, reason: str, actor: Actor, now: datetime) -> list[int]:
    """Recall a lot and everything made from it, everywhere at once.

    ``oversight.recall`` does the same and keeps the papers of it: who holds what, who was told, what came back.

    :return: the ids of the lots recalled now, the given one first; those recalled before are left as they are
    :raises traceability.batches.NoReason: :raises traceability.batches.ReasonTooLong:
    :raises traceability.batches.AlreadyRecalled: if the lot was recalled before
    """
    reason = batches.checked_reason(reason)
    everything = lock_everything_made_from(lot)
    return recall_locked(lot, everything, reason_vi=reason, actor=actor, now=now)


def recall_locked(
    lot: Lot,
    everything: Sequence[int],
    *,
    reason_vi: str,
    reason_en: str = "",
    document: str | None = None,
    actor: Actor,
    now: datetime,
) -> list[int]:
    """Recall lots that :func:`lock_everything_made_from` gave: states, events, pages and stock, by few statements.

    :return: as :func:`recall`
    """
    recalled = batches.recall_all(
        everything,
        reason_vi=reason_vi,
        reason_en=reason_en,
        quantities=still_there(everything),
        document=document,
        actor=actor,
        now=now,
    )
    ledger.freeze(recalled, frozen=True)
    audit.record(actor, "traceability.recall", f"lot:{lot.id}", now=now, lots=len(recalled))
    return [lot.id, *(id for id in recalled if id != lot.id)]


def still_there(lot_ids: Sequence[int]) -> dict[int, int]:
    """Give, by lot, how much of it is still in anybody's hands: goods as the stock counts them, others what is left."""
    left = select(Lot.id, Lot.quantity - Lot.used).where(Lot.id.in_(listed(lot_ids)))
    counted = (
        select(Balance.lot_id, func.sum(case((Location.kind.in_(ON_HAND), Balance.on_hand), else_=0)))
        .join(Location, Location.id == Balance.location_id)
        .where(Balance.lot_id.in_(listed(lot_ids)))
        .group_by(Balance.lot_id)
    )
    return {row[0]: int(row[1]) for query in (left, counted) for row in db.session.execute(query)}


def lock_everything_made_from(lot: Lot, *, even_recalled: bool = False) -> list[int]:
    """Lock a lot and all lots made from it, in the order of their ids; give the ids.

    Whoever makes another lot from one of them locks it first: what came meanwhile is found by looking again,
    and once all are locked nothing more can come.

    :param even_recalled: the caller looks itself whether the lot was recalled before
    :raises traceability.batches.AlreadyRecalled: if the lot itself was recalled before
    """
    locked: list[int] = []
    while True:
        reached = genealogy.downstream([lot.id])  # without the cap of a walk: a recall leaves nothing out
        found = list(
            db.session.scalars(
                select(Lot.id).where(Lot.id.in_(select(reached.c.id))).order_by(Lot.id).with_for_update()
            )
        )
        if len(found) == len(locked):
            break
        locked = found
    state = db.session.scalar(select(Lot.state).where(Lot.id == lot.id))
    if state is LotState.RECALLED and not even_recalled:
        raise batches.AlreadyRecalled(number=lot.number)
    return locked
