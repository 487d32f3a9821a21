"""Holding, releasing and recalling lots: their state and their stock change in one transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from accounts.actor import Actor
from kernel.db import db, for_update
from stock import ledger
from traceability import batches, genealogy
from traceability.models import Lot, LotState


def hold(lot: Lot, *, reason: str, actor: Actor, now: datetime) -> None:
    """Stop a lot wherever it lies: nothing of it is sent or sold until the hold ends.

    :raises traceability.batches.CannotHold: unless it is released
    """
    batches.hold(lot, reason=reason, actor=actor, now=now)
    ledger.freeze([lot.id], frozen=True)


def end_hold(lot: Lot, *, reason: str, actor: Actor, now: datetime) -> None:
    """Let a lot go on.

    :raises traceability.batches.NotHeld: unless it is held
    """
    batches.end_hold(lot, reason=reason, actor=actor, now=now)
    ledger.freeze([lot.id], frozen=False)


def recall(lot: Lot, *, reason: str, actor: Actor, now: datetime) -> list[Lot]:
    """Recall a lot and everything made from it, everywhere at once.

    :return: the lots recalled now, the given one first; those recalled before are left as they are
    :raises traceability.batches.AlreadyRecalled: if the lot was recalled before
    """
    everything = _lock_downstream(lot)
    batches.recall(lot, reason=reason, actor=actor, now=now)
    recalled = [lot]
    for made in everything:
        if made is not lot and made.state is not LotState.RECALLED:
            batches.recall(made, reason=reason, actor=actor, now=now)
            recalled.append(made)
    ledger.freeze([one.id for one in recalled], frozen=True)
    return recalled


def _lock_downstream(lot: Lot) -> list[Lot]:
    """Lock a lot and all lots made from it, in the order of their ids.

    Whoever makes another lot from one of them locks it first: what came meanwhile is found by looking again,
    and once all are locked nothing more can come.
    """
    locked: list[Lot] = []
    while True:
        reached = genealogy.downstream([lot.id])  # without the cap of a walk: a recall leaves nothing out
        found = list(
            db.session.scalars(for_update(select(Lot).where(Lot.id.in_(select(reached.c.id))).order_by(Lot.id)))
        )
        if len(found) == len(locked):
            return found
        locked = found
