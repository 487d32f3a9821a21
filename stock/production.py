"""Releasing a batch: its goods come into being in the producer's warehouse."""

from __future__ import annotations

from datetime import datetime

from accounts.actor import Actor
from stock import ledger, locations
from stock.models import LocationKind
from traceability import batches
from traceability.models import Batch


def release(batch: Batch, *, actor: Actor, now: datetime) -> None:
    """Release a batch and bring what is left of it into its producer's warehouse.

    What had gone into other lots before is not goods any more.

    :raises traceability.batches.NotOpen: if it was released before
    :raises traceability.batches.NothingLeft: if all of it went into other lots
    """
    batches.release(batch, actor=actor, now=now)
    lot = batch.lot
    production = locations.of(lot.owner_id, LocationKind.PRODUCTION)
    warehouse = locations.of(lot.owner_id, LocationKind.WAREHOUSE)
    ledger.open_production(lot.id, production=production, owner_id=lot.owner_id, quantity=lot.quantity)
    ledger.move(
        lot.id,
        lot.left,
        source=production,
        to=warehouse,
        owner_id=lot.owner_id,
        document=f"LOT-{lot.id}",
        cause=f"LOT-{lot.id}:released",
        now=now,
        actor=actor,
    )
