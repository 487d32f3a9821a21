"""Walks through what went into what: backwards to the raw material, forwards to the goods.

One recursive statement a walk. ``UNION`` (not ``UNION ALL``) makes it end even if the edges ran in a circle, and a
cap keeps one reader from asking for a whole harvest; a walk that was cut says so. Both engines hand on lots as they
find them and stop at the cap, so that what is left out lies far off, and a cut walk costs no more than its cap.
What was measured and left: docs/adr/0013.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, CTE, ColumnElement, Integer, Select, Text, any_, bindparam, cast, column, func, select

from kernel.db import db, listed, on_sqlite
from traceability.models import Lot, LotInput
from traceability.walks import Direction, Edge, Walk

__all__ = ["MOST_EDGES", "Direction", "Edge", "Walk", "backward", "downstream", "forward", "upstream", "walk"]

MOST_EDGES = 2_000


def backward(lot_ids: Iterable[int], *, most: int = MOST_EDGES) -> Walk:
    """Walk from lots to everything that went into them (one statement)."""
    return walk(lot_ids, Direction.BACKWARD, most=most)


def forward(lot_ids: Iterable[int], *, most: int = MOST_EDGES) -> Walk:
    """Walk from lots to everything they went into (one statement)."""
    return walk(lot_ids, Direction.FORWARD, most=most)


def walk(
    lot_ids: Iterable[int],
    direction: Direction,
    *,
    most: int = MOST_EDGES,
    within: ColumnElement[bool] | None = None,
) -> Walk:
    """Walk from lots (one statement).

    :param within: says of ``Lot`` from which lots one may walk on; the others end the walk, one step behind these
    """
    start = tuple(sorted(set(lot_ids)))
    query = _query(direction, on_sqlite()) if within is None else _build(direction, on_sqlite(), within)
    given = json.dumps(start) if on_sqlite() else list(start)
    # On the connection: the session's own rows would take longer than the walk.
    found = db.session.connection().execute(query, {"start": given, "most": most + 1}).one()
    outputs, inputs, quantities = (json.loads(column or "[]") for column in found)
    whole = Walk(start, outputs, inputs, quantities, is_cut=False, direction=direction)
    return whole.nearest(most)


def upstream(lot_ids: Iterable[int], *, name: str = "upstream") -> CTE:
    """Give, in SQL, the ids (column ``id``) of lots and of all that went into them."""
    return _reached(lot_ids, LotInput.output_id, LotInput.input_id, name)


def downstream(lot_ids: Iterable[int], *, name: str = "downstream", into: ColumnElement[bool] | None = None) -> CTE:
    """Give, in SQL, the ids (column ``id``) of lots and of all they went into.

    :param into: says of ``Lot`` which lots to go on to
    """
    return _reached(lot_ids, LotInput.input_id, LotInput.output_id, name, into)


def _reached(lot_ids: Iterable[int], here: Any, there: Any, name: str, into: ColumnElement[bool] | None = None) -> CTE:
    reached = select(Lot.id.label("id")).where(Lot.id.in_(listed(sorted(set(lot_ids))))).cte(name, recursive=True)
    further = select(there).join(reached, here == reached.c.id)
    if into is not None:
        further = further.join(Lot, Lot.id == there).where(into)
    return reached.union(further)


@functools.cache
def _query(direction: Direction, sqlite: bool) -> Select[Any]:
    """Build the statement of an unscoped walk once: a statement of a millisecond is not put together anew each time."""
    return _build(direction, sqlite, None)


def _build(direction: Direction, sqlite: bool, within: ColumnElement[bool] | None) -> Select[Any]:
    """Ask for the edges as one row of three lists: to read thousands of rows takes as long as to find them.

    Nothing is sorted: that would have everything found before the first edge is given, whatever the cap.
    """
    edges = (_edges_by_lots if sqlite else _edges_by_levels)(direction, within)
    found = edges.limit(bindparam("most")).subquery("found")
    lists: list[Any] = [func.json_group_array(one) if sqlite else cast(func.json_agg(one), Text) for one in found.c]
    return select(*lists)


def _ends(direction: Direction) -> tuple[Any, Any, Any]:
    edge = LotInput.__table__.c
    if direction is Direction.BACKWARD:
        return edge, edge.output_id, edge.input_id
    return edge, edge.input_id, edge.output_id


def _edges_by_lots(direction: Direction, within: ColumnElement[bool] | None) -> Select[Any]:
    """SQLite takes one lot after the other from its queue: find the lots, and their edges as each is handed on."""
    edge, here, there = _ends(direction)
    given = func.json_each(bindparam("start")).table_valued(column("value", Integer))
    reached = select(given.c.value.label("id")).cte("reached", recursive=True)
    further = select(there).join(reached, here == reached.c.id)
    if within is not None:
        further = further.join(Lot.__table__, Lot.id == there).where(within)
    reached = reached.union(further)
    return (
        select(edge.output_id, edge.input_id, edge.quantity)
        .select_from(reached)
        .join(LotInput.__table__, here == reached.c.id)
    )


def _edges_by_levels(direction: Direction, within: ColumnElement[bool] | None) -> Select[Any]:
    """PostgreSQL takes a level at a time: find the edges, and look up each lot of a level once."""
    edge, here, there = _ends(direction)
    columns = (edge.output_id, edge.input_id, edge.quantity)
    first = select(*columns).where(here == any_(cast(bindparam("start"), ARRAY(Integer))))
    reached = first.cte("reached", recursive=True)
    heads = select(reached.c[there.name].label("id")).distinct().subquery("heads")
    further = select(*columns).join(heads, here == heads.c.id)
    if within is not None:
        further = further.join(Lot.__table__, Lot.id == heads.c.id).where(within)
    return select(*reached.union(further).c)
