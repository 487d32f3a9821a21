"""Which of the lots that an event names may not go on: recalled or held, or made of or packed with such."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from kernel.db import db
from traceability import genealogy
from traceability.models import Lot, LotKind, LotState


@dataclass(frozen=True)
class Stop:
    """Why a lot may not go on, and since when."""

    state: LotState  #: RECALLED, or HELD
    since: datetime
    is_own: bool  #: it was stopped itself, not something that it is made of or holds
    is_of_document: bool = False  #: the document itself says so

    def is_before(self, at: datetime) -> bool:
        """Tell whether what happens at a moment happens after it; at one instant with its own document, it does not."""
        return self.since < at if self.is_of_document else self.since <= at

    @property
    def is_held(self) -> bool:
        """Tell whether it may go on later."""
        return self.state is LotState.HELD


def stops_of(lot_ids: Collection[int]) -> dict[int, Stop]:
    """Give those of some lots that are stopped; the caller has locked them.

    A recall reaches whatever was made of a lot. A hold reaches what a captured event packed it into or made of it;
    batches of our own made before it are held by the office themselves, or not.
    """
    if not lot_ids:
        return {}
    above = genealogy.upstream(lot_ids)
    rows = db.session.execute(
        select(Lot.id, Lot.state, Lot.state_since).where(
            Lot.id.in_(select(above.c.id)), Lot.state.in_((LotState.HELD, LotState.RECALLED))
        )
    ).all()
    # One recall stops many lots at one instant.
    together: dict[tuple[LotState, datetime], list[int]] = defaultdict(list)
    for id, state, since in rows:
        together[state, since].append(id)
    wanted, own = set(lot_ids), {row[0] for row in rows}
    found: dict[int, Stop] = {}
    for (state, since), ids in sorted(together.items(), key=lambda one: (one[0][0] is LotState.HELD, one[0][1])):
        into = Lot.kind == LotKind.EXTERNAL if state is LotState.HELD else None
        reached = genealogy.downstream(ids, into=into)
        for id in set(db.session.scalars(select(reached.c.id))) & wanted:
            found.setdefault(id, Stop(state, since, id in own))
    return found
