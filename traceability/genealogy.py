"""Walks through what went into what: backwards to the raw material, forwards to the goods.

One recursive statement a walk. ``UNION`` (not ``UNION ALL``) makes it end even if the edges ran in a circle, and a
cap keeps one reader from asking for a whole harvest; a walk that was cut says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import CTE, select

from kernel.db import db, listed
from traceability.models import Lot, LotInput

MOST_EDGES = 2_000


class Edge(NamedTuple):
    """So much of one lot went into another (in the input's unit)."""

    output_id: int
    input_id: int
    quantity: int


@dataclass(frozen=True)
class Walk:
    """What a walk found: the lots it began at, and the edges it followed."""

    start: tuple[int, ...]
    edges: tuple[Edge, ...]
    is_cut: bool  #: there are more edges than the cap

    @property
    def lot_ids(self) -> list[int]:
        """All lots of the walk, those it began at included, in order of their ids."""
        return sorted({*self.start, *(id for edge in self.edges for id in (edge.output_id, edge.input_id))})


def backward(lot_ids: Iterable[int], *, most: int = MOST_EDGES) -> Walk:
    """Walk from lots to everything that went into them (one statement)."""
    return _walk(lot_ids, upstream, LotInput.output_id, most)


def forward(lot_ids: Iterable[int], *, most: int = MOST_EDGES) -> Walk:
    """Walk from lots to everything they went into (one statement)."""
    return _walk(lot_ids, downstream, LotInput.input_id, most)


def upstream(lot_ids: Iterable[int], *, name: str = "upstream") -> CTE:
    """Give, in SQL, the ids (column ``id``) of lots and of all that went into them."""
    return _reached(lot_ids, LotInput.output_id, LotInput.input_id, name)


def downstream(lot_ids: Iterable[int], *, name: str = "downstream") -> CTE:
    """Give, in SQL, the ids (column ``id``) of lots and of all they went into."""
    return _reached(lot_ids, LotInput.input_id, LotInput.output_id, name)


def _reached(lot_ids: Iterable[int], here: object, there: object, name: str) -> CTE:
    reached = select(Lot.id.label("id")).where(Lot.id.in_(listed(sorted(set(lot_ids))))).cte(name, recursive=True)
    return reached.union(select(there).join(reached, here == reached.c.id))  # type: ignore[call-overload]


def _walk(lot_ids: Iterable[int], reach: object, here: object, most: int) -> Walk:
    start = tuple(sorted(set(lot_ids)))
    reached = reach(start)  # type: ignore[operator]
    rows = db.session.execute(
        select(LotInput.output_id, LotInput.input_id, LotInput.quantity)
        .join(reached, here == reached.c.id)
        .order_by(LotInput.output_id, LotInput.input_id)
        .limit(most + 1)
    ).all()
    return Walk(start, tuple(Edge(*row) for row in rows[:most]), is_cut=len(rows) > most)
