"""What captured events are told by the stock, and what they may ask of it (``traceability.epcis.in_stock``)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import case, func, select

from accounts.actor import SYSTEM
from kernel.db import db, listed
from stock import holding
from stock.models import Balance, Location, LocationKind
from stock.queries import ON_HAND
from traceability.models import Lot, LotState


def left(lot_ids: Collection[int]) -> dict[int, int]:
    """Give, by lot, how much has left the stock: sold, lost or otherwise gone."""
    if not lot_ids:
        return {}
    rows = db.session.execute(
        select(Balance.lot_id, func.sum(case((Location.kind.in_(ON_HAND), 0), else_=Balance.on_hand)))
        .join(Location, Location.id == Balance.location_id)
        .where(Balance.lot_id.in_(listed(sorted(lot_ids))), Location.kind != LocationKind.PRODUCTION)
        .group_by(Balance.lot_id)
    )
    return {lot_id: max(0, int(quantity)) for lot_id, quantity in rows}


def hold(lot_ids: Collection[int], *, reason: str, reason_en: str, now: datetime) -> list[int]:
    """Put those of some lots on hold that are on sale or in use, with their stock; give their ids."""
    held = []
    for lot_id in sorted(lot_ids):
        lot = db.session.get_one(Lot, lot_id, populate_existing=True, with_for_update={"of": Lot})
        if lot.state is LotState.RELEASED:
            holding.hold(lot, reason=reason, reason_en=reason_en, actor=SYSTEM, now=now)
            held.append(lot_id)
    return held
