"""Walks through what went into what: the same as a walk by hand over arrays, on any graph, circles and all."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select

from accounts.models import Organisation
from kernel.db import db, transaction
from tests.factories import Factories
from traceability import genealogy
from traceability.genealogy import Direction, Edge, Walk
from traceability.models import Lot, LotInput
from traceability.walks import WHOLE_BP, shares_bp

LOTS = 12
graphs = st.lists(
    st.tuples(st.integers(0, LOTS - 1), st.integers(0, LOTS - 1), st.integers(0, 50)).filter(lambda e: e[0] != e[1]),
    max_size=40,
    unique_by=lambda edge: edge[:2],
)
starts = st.lists(st.integers(0, LOTS - 1), min_size=1, max_size=3, unique=True)


@pytest.fixture
def lots(make: Factories, ctx: Flask) -> list[Lot]:
    owner = make.producer()
    return [make.raw_lot(owner) for _ in range(LOTS)]


def _write(lots: list[Lot], edges: list[tuple[int, int, int]]) -> None:
    with transaction() as session:
        session.execute(delete(LotInput))
        if edges:
            session.execute(
                insert(LotInput),
                [{"output_id": lots[o].id, "input_id": lots[i].id, "quantity": quantity} for o, i, quantity in edges],
            )


def _by_hand(start: list[int], edges: list[Edge], direction: Direction) -> tuple[dict[int, int], set[Edge]]:
    """Walk over all edges in memory: the levels of the lots reached, and the edges that were followed."""
    levels, followed = dict.fromkeys(start, 0), set()
    waiting = deque(start)
    while waiting:
        here = waiting.popleft()
        for edge in edges:
            near, far = (
                (edge.output_id, edge.input_id) if direction is Direction.BACKWARD else (edge.input_id, edge.output_id)
            )
            if near == here:
                followed.add(edge)
                if far not in levels:
                    levels[far] = levels[here] + 1
                    waiting.append(far)
    return levels, followed


@pytest.mark.parametrize("direction", Direction)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edges=graphs, begin=starts, most=st.integers(1, 45))
def test_a_walk_finds_what_a_walk_by_hand_finds(
    direction: Direction, edges: list[tuple[int, int, int]], begin: list[int], most: int, lots: list[Lot]
) -> None:
    _write(lots, edges)
    every = [Edge(lots[o].id, lots[i].id, quantity) for o, i, quantity in edges]
    start = [lots[n].id for n in begin]
    levels, followed = _by_hand(start, every, direction)

    walk = genealogy.walk(start, direction)
    capped = genealogy.walk(start, direction, most=most)
    reach = genealogy.upstream if direction is Direction.BACKWARD else genealogy.downstream

    assert walk.levels == levels
    assert set(walk.edges) == followed
    assert len(walk.edges) == len(followed)
    assert walk.lot_ids == sorted(levels)
    assert not walk.is_cut
    assert set(db.session.scalars(select(reach(start).c.id))) == set(levels)
    assert capped.is_cut == (len(followed) > most)
    assert set(capped.edges) <= followed
    assert len(capped.edges) == min(most, len(followed))
    assert set(capped.lot_ids) == set(capped.levels), "nothing hangs in the air"


def _edges(lots: list[Lot], *pairs: tuple[int, int], quantity: int = 10) -> None:
    _write(lots, [(output, entering, quantity) for output, entering in pairs])


def _numbers(lots: list[Lot], found: Any) -> Any:
    place = {lot.id: n for n, lot in enumerate(lots)}
    return {place[id]: level for id, level in found.items()}


def test_a_return_of_a_return_keeps_its_trace(lots: list[Lot]) -> None:
    """Sold as 1, back as 2, reworked into 3, sold, back as 4, packed anew as 5 – made of 0 all along."""
    _edges(lots, (1, 0), (2, 1), (3, 2), (4, 3), (5, 4))

    assert _numbers(lots, genealogy.backward([lots[5].id]).levels) == {5: 0, 4: 1, 3: 2, 2: 3, 1: 4, 0: 5}
    assert _numbers(lots, genealogy.forward([lots[0].id]).levels) == {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5}


def test_what_was_split_and_merged_again_is_found_once(lots: list[Lot]) -> None:
    _edges(lots, (1, 0), (2, 0), (3, 0), (4, 1), (4, 2), (4, 3))

    walk = genealogy.backward([lots[4].id])

    assert _numbers(lots, walk.levels) == {4: 0, 1: 1, 2: 1, 3: 1, 0: 2}
    assert len(walk.edges) == 6


def test_rework_into_itself_by_way_of_another_lot_ends_the_walk(lots: list[Lot]) -> None:
    _edges(lots, (1, 0), (1, 2), (2, 1), (3, 1))

    assert _numbers(lots, genealogy.backward([lots[3].id]).levels) == {3: 0, 1: 1, 0: 2, 2: 2}
    assert _numbers(lots, genealogy.forward([lots[1].id]).levels) == {1: 0, 2: 1, 3: 1}


def test_a_chain_of_a_thousand_lots_is_walked_to_its_end(make: Factories, ctx: Flask) -> None:
    owner = make.producer()
    first = make.raw_lot(owner)
    _add_lots(owner, first, 1_000)
    with transaction() as session:
        session.execute(
            insert(LotInput),
            [{"output_id": first.id + n + 1, "input_id": first.id + n, "quantity": 1} for n in range(1_000)],
        )

    assert genealogy.backward([first.id + 1_000]).levels[first.id] == 1_000
    assert genealogy.forward([first.id]).levels[first.id + 1_000] == 1_000


def test_a_walk_that_is_cut_keeps_what_is_near(make: Factories, ctx: Flask) -> None:
    """Of 20 lots made of one, and 20 more made of each of those, the first 20 are kept."""
    owner = make.producer()
    first = make.raw_lot(owner)
    _add_lots(owner, first, 420)
    ids = [first.id + n for n in range(421)]
    edges = [(ids[n], ids[0]) for n in range(1, 21)]
    edges += [(ids[21 + 20 * (n - 1) + m], ids[n]) for n in range(1, 21) for m in range(20)]
    with transaction() as session:
        session.execute(insert(LotInput), [{"output_id": o, "input_id": i, "quantity": 1} for o, i in edges])

    walk = genealogy.forward([first.id], most=30)

    assert walk.is_cut
    assert len(walk.edges) == 30
    assert {id for id, level in walk.levels.items() if level == 1} == set(ids[1:21])


def test_a_walk_may_go_no_further_than_the_first_lot_of_somebody_else(make: Factories, ctx: Flask) -> None:
    ours, theirs = make.producer(), make.producer()
    chain = [make.raw_lot(owner) for owner in (ours, theirs, ours, ours)]
    _edges(chain, (1, 0), (2, 1), (3, 2))

    walk = genealogy.walk([chain[3].id], Direction.BACKWARD, within=Lot.owner_id == ours.id)

    assert _numbers(chain, walk.levels) == {3: 0, 2: 1, 1: 2}


def _add_lots(owner: Organisation, like: Lot, count: int) -> None:
    common = {"kind": like.kind, "owner_id": owner.id, "name_vi": "Lô", "quantity": 100, "unit": like.unit}
    when = {"state": like.state, "state_since": like.state_since, "created_at": like.created_at}
    rows = [{"id": like.id + n, "number": f"M{n}", **common, **when} for n in range(1, count + 1)]
    with transaction() as session:
        session.execute(insert(Lot), rows)


# --- Shares -----------------------------------------------------------------------------------------------


def _walk(direction: Direction, start: int, *edges: tuple[int, int, int], is_cut: bool = False) -> Walk:
    columns = ([edge[n] for edge in edges] for n in range(3))
    return Walk((start,), *columns, is_cut=is_cut, direction=direction)


def test_shares_are_carried_along_splits_and_merges() -> None:
    """Of 100 kg, 60 went into lot 2 and 40 into lot 3; half of each into lot 4."""
    edges = ((2, 1, 60), (3, 1, 40), (4, 2, 30), (4, 3, 20))
    whole = {1: 100, 2: 60, 3: 40, 4: 50}

    assert shares_bp(_walk(Direction.FORWARD, 1, *edges), whole) == {1: WHOLE_BP, 2: 6_000, 3: 4_000, 4: 5_000}
    assert shares_bp(_walk(Direction.BACKWARD, 4, *edges), whole) == {4: WHOLE_BP, 2: 5_000, 3: 5_000, 1: 5_000}


def test_a_share_nobody_can_know_is_not_made_up() -> None:
    whole = {1: 100, 2: 0, 3: 10}

    assert shares_bp(_walk(Direction.FORWARD, 1, (2, 1, 0), (3, 2, 5)), whole) == {1: WHOLE_BP, 2: None, 3: None}
    assert shares_bp(_walk(Direction.FORWARD, 1, (2, 1, 5), (3, 2, 5)), whole) == {1: WHOLE_BP, 2: 500, 3: None}
    circle = _walk(Direction.FORWARD, 1, (2, 1, 5), (3, 2, 5), (2, 3, 5))
    assert shares_bp(circle, {1: 100, 2: 10, 3: 10})[2] is None
    assert set(shares_bp(_walk(Direction.FORWARD, 1, (2, 1, 5), is_cut=True), whole).values()) == {None}


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=8))
def test_what_all_of_a_lot_went_into_adds_up_to_all_of_it(parts: list[int]) -> None:
    edges = [(n + 2, 1, part) for n, part in enumerate(parts)] + [(99, n + 2, part) for n, part in enumerate(parts)]
    whole = {1: sum(parts), **{n + 2: part for n, part in enumerate(parts)}}

    assert shares_bp(_walk(Direction.FORWARD, 1, *edges), whole)[99] == WHOLE_BP
