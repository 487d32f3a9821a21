"""How fast lots are traced: ``python -m bench.genealogy [--quick]``; part of ``make bench``.

Two graphs of 1,000,000 edges: sparse (trees of some 1,500 lots, half of them growing together, half apart) and dense
(12 layers, four inputs each). On each engine, both ways: p50 and p95 of what a screen asks (with its cap) and of
walks to the very end, and walks over about 1,200 lots beside their limit, the same walk over arrays in memory, taken
in turns. Beside them quartet-epcis walks the same graph, and the page of a batch with 14 and with 500 events is
loaded warm and cold against an empty view.
"""

from __future__ import annotations

import contextlib
import gc
import json
import random
import subprocess
import sys
import tempfile
import time
import venv
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from urllib.request import urlopen

from sqlalchemy import text

from bench import engines
from bench.keeping import keep
from bench.load import measure
from kernel.db import db, transaction
from tests.factories import Factories
from tests.live import ROOT, LiveShop
from traceability import genealogy
from traceability.genealogy import Direction, Walk
from traceability.models import EventKind
from traceability.recording import NamedLot, record_event

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
LAYERS, INPUTS, TREE = 12, 4, 1_500
ABOUT = range(1_000, 1_450)  #: lots of the walks that are held against the limit
PEER = "quartet-epcis==4.1.5"
#: What it imports and does not ask for.
PEER_NEEDS = ("haikunator==2.1.0",)
LONGEST_PEER_S = 900  #: to load and walk one graph
ENDLESS = 10**9


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    edges: int = 1_000_000
    starts: int = 200  #: walks of a screen
    to_the_end: int = 25  #: walks without a cap
    beside: int = 7  #: starts of about 1,200 lots
    rounds: int = 80
    of_peer: range = ABOUT  #: lots of the walk that the peer is asked for
    seconds: int = 3


QUICK = Sizes(edges=24_000, starts=10, to_the_end=3, beside=2, rounds=20, of_peer=range(5, 60), seconds=1)


class Graph:
    """The edges as arrays, and the walk over them that is the limit."""

    def __init__(self, name: str, outputs: array[int], inputs: array[int]) -> None:
        self.name, self.outputs, self.inputs = name, outputs, inputs
        self.lots = max(*outputs, *inputs)
        self._index = {
            Direction.BACKWARD: _rows(self.lots, outputs, inputs),
            Direction.FORWARD: _rows(self.lots, inputs, outputs),
        }

    def walk(self, start: int, direction: Direction) -> tuple[list[int], list[int], list[int]]:
        """Walk in memory; give what ours gives: the lots in order, and the edges as columns, near ends and far ends."""
        first, others = self._index[direction]
        seen, lots, near, far = {start}, [start], [], []
        for here in lots:
            for there in others[first[here] : first[here + 1]]:
                near.append(here)
                far.append(there)
                if there not in seen:
                    seen.add(there)
                    lots.append(there)
        return sorted(lots), near, far

    def about(self, direction: Direction, count: int, lots: range = ABOUT) -> list[int]:
        """Find starts of walks over so many lots."""
        ends = self.outputs if direction is Direction.BACKWARD else self.inputs
        drawn = random.Random(7)
        found: list[int] = []
        for _ in range(20_000):
            start = ends[drawn.randrange(len(ends))]
            if start not in found and len(self.walk(start, direction)[0]) in lots:
                found.append(start)
                if len(found) == count:
                    break
        return found


def _rows(lots: int, ends: array[int], others: array[int]) -> tuple[array[int], array[int]]:
    first = array("i", bytes(4 * (lots + 2)))
    for end in ends:
        first[end + 1] += 1
    for lot in range(lots + 1):
        first[lot + 1] += first[lot]
    place, found = array("i", first), array("i", bytes(4 * len(ends)))
    for end, other in zip(ends, others, strict=True):
        found[place[end]] = other
        place[end] += 1
    return first, found


def sparse(edges: int) -> Graph:
    """Trees: in every other one many lots became one, in the others one became many."""
    drawn = random.Random(11)
    outputs, inputs = array("i"), array("i")
    base = 1
    while len(outputs) < edges:
        together = (base // TREE) % 2 == 0
        for lot in range(1, TREE):
            beside = base + drawn.randrange(max(0, (lot - 1) // 4), max(1, (lot + 1) // 2))
            outputs.append(beside if together else base + lot)
            inputs.append(base + lot if together else beside)
        base += TREE
    return Graph("sparse", outputs[:edges], inputs[:edges])


def dense(edges: int) -> Graph:
    """Layers: every lot is made of four of the layer before, from near by, so that walks fan out and merge again."""
    drawn = random.Random(13)
    width = edges // ((LAYERS - 1) * INPUTS)
    outputs, inputs = array("i"), array("i")
    for layer in range(LAYERS - 1):
        for place in range(width):
            near = range(max(0, place - 60), min(width, place + 61))
            for other in drawn.sample(near, INPUTS):
                outputs.append(1 + layer * width + place)
                inputs.append(1 + (layer + 1) * width + other)
    return Graph("dense", outputs, inputs)


# --- Walks ------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def opened(url: str, folder: Path) -> Iterator[Factories]:
    """Give a migrated database, with its application's context."""
    app = engines.application(url, folder)
    with app.app_context():
        try:
            yield Factories(app, NOW)
        finally:
            engines.close(app)


def fill(lots: int, owner_id: int) -> None:
    """Write so many lots, numbered from 1."""
    on_postgresql = db.engine.dialect.name == "postgresql"
    numbers = (
        "generate_series(1, :lots) AS numbers (n)"
        if on_postgresql
        else "(WITH RECURSIVE up (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < :lots) SELECT n FROM up)"
    )
    with db.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO lot (id, kind, owner_id, number, name_vi, name_en, quantity, used, unit, supplier,"
                " growing_area, state, state_since, state_reason, state_reason_en, note, is_sample, created_at)"
                " SELECT n, 'raw', :owner, 'L' || n, 'Lô', '', 1000000, 0, 'g', '', '', 'released', '2026-11-24', '',"
                f" '', '', false, '2026-11-24' FROM {numbers}"
            ),
            {"lots": lots, "owner": owner_id},
        )
        if on_postgresql:
            connection.execute(text("SELECT setval(pg_get_serial_sequence('lot', 'id'), :lots)"), {"lots": lots})


def write(graph: Graph) -> None:
    """Write the edges of a graph, in place of those of another, and let the engine count them."""
    on_postgresql = db.engine.dialect.name == "postgresql"
    with db.engine.begin() as connection:
        connection.exec_driver_sql("TRUNCATE lot_input" if on_postgresql else "DELETE FROM lot_input")
        bare = connection.connection.driver_connection
        rows = zip(graph.outputs, graph.inputs, [100] * len(graph.outputs), strict=True)
        if on_postgresql:
            with bare.cursor().copy("COPY lot_input (output_id, input_id, quantity) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            bare.executemany("INSERT INTO lot_input (output_id, input_id, quantity) VALUES (?, ?, ?)", rows)
            connection.exec_driver_sql("ANALYZE")
    if on_postgresql:  # as autovacuum does in life
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE lot_input, lot")
    db.session.remove()
    db.engine.dispose()  # no connection looks at what was there before


def _took(walk: Callable[[], object]) -> float:
    begun = time.perf_counter()
    walk()
    return (time.perf_counter() - begun) * 1000


def _p50_p95(times: list[float]) -> tuple[float, float]:
    return round(median(times), 3), round(quantiles(times, n=20)[-1] if len(times) > 1 else times[0], 3)


def measure_walks(graph: Graph, sizes: Sizes) -> dict[str, float]:
    """Trace lots of a graph that was written, both ways."""
    found: dict[str, float] = {}
    drawn = random.Random(17)
    for direction in Direction:
        ends = graph.outputs if direction is Direction.BACKWARD else graph.inputs
        starts = [ends[drawn.randrange(len(ends))] for _ in range(sizes.starts)]

        def trace(start: int, direction: Direction = direction, most: int = ENDLESS) -> Walk:
            walk = genealogy.walk([start], direction, most=most)
            walk.edges  # noqa: B018 what was found is made into rows, as for a screen
            return walk

        trace(starts[0])
        name = f"{graph.name}_{direction}"
        for kind, asked, most in (
            ("screen", starts, genealogy.MOST_EDGES),
            ("whole", starts[: sizes.to_the_end], ENDLESS),
        ):
            times = [_took(lambda s=start, m=most: trace(s, most=m)) for start in asked]
            found[f"{name}_{kind}_p50_ms"], found[f"{name}_{kind}_p95_ms"] = _p50_p95(times)
        found |= {f"{name}_1200_lots_{key}": value for key, value in _beside(graph, direction, trace, sizes).items()}
        db.session.rollback()
    return found


def _beside(graph: Graph, direction: Direction, trace: Callable[[int], Walk], sizes: Sizes) -> dict[str, float]:
    """Walk over about 1,200 lots, and over the same in memory, in turns.

    Of every start the fastest of the rounds counts, for both: what else the machine does only ever adds. Given are the
    medians over the starts, and the median of the ratios.
    """
    starts = graph.about(direction, sizes.beside)
    ours, limits, ratios = [], [], []
    for start in starts:
        walk = trace(start)
        lots, near, _ = graph.walk(start, direction)
        assert (walk.lot_ids, len(walk.edges)) == (lots, len(near)), "not the same walk"
        times = [
            (
                _took(lambda s=start: genealogy.walk([s], direction, most=ENDLESS).lot_ids),
                _took(lambda s=start: graph.walk(s, direction)),
            )
            for _ in range(sizes.rounds)
        ]
        one, limit = (min(column) for column in zip(*times, strict=True))
        ours.append(one)
        limits.append(limit)
        ratios.append(one / limit)
    if not starts:
        return {}
    return {
        "ms": round(median(ours), 3),
        "limit_ms": round(median(limits), 3),
        "times_the_limit": round(median(ratios), 2),
    }


# --- Beside a peer ----------------------------------------------------------------------------------------


def measure_peer(graph: Graph, folder: Path, sizes: Sizes) -> dict[str, object]:
    """Let quartet-epcis walk the same graph on SQLite, in a virtualenv under ``var/``; say why not where it cannot."""
    home = ROOT / "var" / "peers" / "quartet-epcis"
    python = home / "bin" / "python"
    if not python.exists():
        venv.create(home, with_pip=True)
    got = subprocess.run(
        [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", PEER, *PEER_NEEDS],
        check=False,
        capture_output=True,
        text=True,
    )
    if got.returncode:
        return {"quartet_epcis": f"not measured: {PEER} could not be installed: {got.stderr.strip().splitlines()[-1]}"}
    # One walk: it takes its events apart one by one, which is half a minute for a thousand lots.
    starts = graph.about(Direction.BACKWARD, 1, sizes.of_peer)
    edges = folder / "edges"
    edges.write_bytes(graph.outputs.tobytes() + graph.inputs.tobytes())
    try:
        done = subprocess.run(
            [
                str(python),
                str(ROOT / "bench" / "quartet_walk.py"),
                str(edges),
                str(folder / "quartet.sqlite3"),
                *map(str, starts),
            ],
            check=False,
            capture_output=True,
            text=True,
            timeout=LONGEST_PEER_S,
        )
    except subprocess.TimeoutExpired:
        return {f"quartet_epcis_{graph.name}": f"not measured: stopped after {LONGEST_PEER_S} seconds"}
    if done.returncode:
        return {"quartet_epcis": f"not measured: it stopped with {done.stderr.strip().splitlines()[-1]}"}
    told = json.loads(done.stdout)
    assert [lots for lots, _ in told["walks"]] == [len(graph.walk(start, Direction.BACKWARD)[0]) for start in starts]
    ((lots, seconds),) = told["walks"]
    name = f"quartet_epcis_{graph.name}_backward"
    return {f"{name}_lots": lots, f"{name}_ms": round(seconds * 1000, 1)}


# --- The page of a batch ----------------------------------------------------------------------------------


def measure_pages(shop: LiveShop, make: Factories, sizes: Sizes) -> dict[str, float]:
    """Load the page of a batch with 14 and with 500 events, warm and cold, beside an empty view."""
    from bench.__main__ import _start_hello

    producer = make.producer("Hợp tác xã đo tốc độ", code="dotoc")
    item = make.item(make.product(producer))
    paths = {}
    for events in (14, 500):
        lots = [make.raw_lot(producer, number=f"NL{events}-{n}") for n in range(10)]
        batch = make.batch(item, number=f"DO-{events}", inputs={lot.id: 1_000 for lot in lots})
        _tell(producer.id, [batch.lot_id, *(lot.id for lot in lots)], events)
        paths[events] = f"/lo/dotoc/{batch.token}"
    shop.start()
    hello, hello_url = _start_hello()
    found: dict[str, float] = {}
    try:
        for path in paths.values():  # the first reader waits for the templates
            with urlopen(shop.url + path) as answer:
                answer.read()
        measure(hello_url, hello.pid, seconds=1)
        limit = measure(hello_url, hello.pid, seconds=sizes.seconds).per_second
        for events, path in paths.items():
            for kind, unique in (("warm", False), ("cold", True)):
                measure(shop.url + path, shop.pid, seconds=1, unique=unique)
                rate = measure(shop.url + path, shop.pid, seconds=sizes.seconds, unique=unique)
                found[f"page_{events}_events_{kind}_per_second"] = round(rate.per_second, 1)
                found[f"page_{events}_events_{kind}_cpu_ms"] = round(rate.cpu_ms, 3)
                found[f"page_{events}_events_{kind}_vs_limit"] = round(rate.per_second / limit, 3)
    finally:
        hello.terminate()
        hello.wait()
        shop.stop()
    return found


def _tell(organisation_id: int, lot_ids: list[int], events: int) -> None:
    from accounts.actor import SYSTEM

    with transaction():
        for n in range(events):
            record_event(
                EventKind.OBJECT,
                "other",
                [NamedLot(lot_ids[n % len(lot_ids)])],
                title_vi="Phơi",
                title_en="Drying",
                note_vi="Phơi trên nia, trở hai lần.",
                event_at=NOW - timedelta(hours=n),
                actor=SYSTEM,
                organisation_id=organisation_id,
                now=NOW,
            )


# --- All of it --------------------------------------------------------------------------------------------


def main(*, quick: bool = False) -> dict[str, object]:
    """Measure on both engines, print, and add the figures to ``var/bench.json``."""
    sizes = QUICK if quick else Sizes()
    results: dict[str, object] = {}
    graphs = [sparse(sizes.edges), dense(sizes.edges)]
    gc.collect()
    for engine, url, folder in engines.each():
        with opened(url, folder) as make:
            owner = make.producer()
            fill(max(graph.lots for graph in graphs), owner.id)
            for graph in graphs:
                write(graph)
                found = measure_walks(graph, sizes)
                results |= {f"{engine}_trace_{key}": value for key, value in found.items()}
            pages = measure_pages(LiveShop(folder, url, workers=2), make, sizes)
            results |= {f"{engine}_{key}": value for key, value in pages.items()}
            keep(results)
    for graph in graphs:
        with tempfile.TemporaryDirectory() as name:
            results |= measure_peer(graph, Path(name), sizes)
    limits = [value for key, value in results.items() if key.endswith("times_the_limit")]
    results["trace_1200_lots_times_the_limit"] = max(float(str(value)) for value in limits)
    for key, value in sorted(results.items()):
        print(f"{key:<64}{value}")
    keep(results)
    return results


if __name__ == "__main__":
    main(quick="--quick" in sys.argv[1:])
