"""What a walk through the genealogy found, and what can be said of it. Pure: no rows, no session."""

from __future__ import annotations

import enum
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

#: One whole, in basis points: shares are told in hundredths of a percent.
WHOLE_BP = 10_000


class Direction(enum.StrEnum):
    """Which way one walks."""

    BACKWARD = "backward"  #: to what went into it
    FORWARD = "forward"  #: to what it went into


class Edge(NamedTuple):
    """So much of one lot went into another (in the input's unit; 0 where nobody stated how much)."""

    output_id: int
    input_id: int
    quantity: int


@dataclass(frozen=True)
class Walk:
    """What a walk found: the lots it began at, and the edges it followed, the nearest first.

    The edges are kept as three columns and made into rows when somebody asks: most want the lots alone, and a
    thousand small objects take longer to make than the database needs to find them.
    """

    start: tuple[int, ...]
    outputs: Sequence[int]
    inputs: Sequence[int]
    quantities: Sequence[int]
    is_cut: bool  #: there are more edges than the cap
    direction: Direction = Direction.BACKWARD

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """What went into what."""
        return tuple(map(Edge, self.outputs, self.inputs, self.quantities))

    @property
    def lot_ids(self) -> list[int]:
        """All lots of the walk, those it began at included, in order of their ids."""
        return sorted({*self.start, *self.outputs, *self.inputs})

    @cached_property
    def onward(self) -> dict[int, list[Edge]]:
        """The edges that lead on from each lot, in the walk's direction."""
        found: dict[int, list[Edge]] = defaultdict(list)
        for edge in self.edges:
            found[self.near_end(edge)].append(edge)
        return dict(found)

    @cached_property
    def levels(self) -> dict[int, int]:
        """How many steps each lot is away from the nearest lot that the walk began at, the nearest lots first."""
        levels = dict.fromkeys(self.start, 0)
        waiting = deque(self.start)
        while waiting:
            here = waiting.popleft()
            for edge in self.onward.get(here, ()):
                there = self.far_end(edge)
                if there not in levels:
                    levels[there] = levels[here] + 1
                    waiting.append(there)
        return levels

    def near_end(self, edge: Edge) -> int:
        """Give the lot from which the walk came to an edge."""
        return edge.output_id if self.direction is Direction.BACKWARD else edge.input_id

    def far_end(self, edge: Edge) -> int:
        """Give the lot to which an edge led the walk."""
        return edge.input_id if self.direction is Direction.BACKWARD else edge.output_id

    def nearest(self, most: int) -> Walk:
        """Give the first ``most`` edges of it, whole in themselves."""
        if len(self.outputs) <= most:
            return self
        near = Walk(self.start, self.outputs[:most], self.inputs[:most], self.quantities[:most], True, self.direction)
        return near.in_order()

    def in_order(self) -> Walk:
        """Give the same walk with the nearest edges first, and without those that nothing leads to."""
        kept = [edge for here in self.levels for edge in self.onward.get(here, ())]
        outputs, inputs, quantities = ([edge[n] for edge in kept] for n in range(3))
        return Walk(self.start, outputs, inputs, quantities, self.is_cut, self.direction)


def shares_bp(walk: Walk, quantities: Mapping[int, int]) -> dict[int, int | None]:
    """Tell how the amounts of a walk's lots hang together, if every lot is mixed evenly.

    Forwards: how much of what the walk began at is in each lot. Backwards: how much of each lot is in what the walk
    began at. In basis points, rounded half up; None where a quantity was not stated, where lots are made of one
    another in a circle, or where the walk was cut before everything was found.

    :param quantities: of the lots that give something off, in their own units; 0 where nobody stated it
    """
    if walk.is_cut:
        return dict.fromkeys(walk.levels)
    waiting: dict[int, int] = defaultdict(int)
    for edge in walk.edges:
        waiting[walk.far_end(edge)] += 1
    found: dict[int, Fraction | None] = {id: Fraction(1) if id in walk.start else Fraction(0) for id in walk.levels}
    ready = deque(id for id in walk.levels if not waiting[id])
    done: set[int] = set()
    while ready:
        here = ready.popleft()
        done.add(here)
        for edge in walk.onward.get(here, ()):
            there = walk.far_end(edge)
            found[there] = _with(found[there], found[here], edge, quantities.get(edge.input_id, 0))
            waiting[there] -= 1
            if not waiting[there]:
                ready.append(there)
    return {id: _in_bp(found[id]) if id in done else None for id in walk.levels}


def _with(so_far: Fraction | None, carried: Fraction | None, edge: Edge, whole: int) -> Fraction | None:
    if so_far is None or carried is None or not edge.quantity or not whole:
        return None
    return so_far + carried * Fraction(edge.quantity, whole)


def _in_bp(share: Fraction | None) -> int | None:
    return None if share is None else min(WHOLE_BP, (share.numerator * 2 * WHOLE_BP // share.denominator + 1) // 2)
