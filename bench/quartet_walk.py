"""The same walks by quartet-epcis (PyPI), in a virtualenv of its own: called by ``bench.genealogy``, never imported.

    python bench/quartet_walk.py EDGES DATABASE START…

EDGES holds the outputs of all edges and then their inputs, as machine integers. Every lot that was made of others is
one transformation event, as its own importer would store it. It has no trace over several levels; the walk asks its
``EPCISDBProxy.get_events_by_epc_list`` for the events of each level and goes on from their inputs. Its own migrations
want another package of the same makers (quartet_capture), so that the tables are made from its models.
Prints, as JSON: seconds to load, for each start the lots found and the seconds.
"""

from __future__ import annotations

import json
import sys
import time
import uuid
from array import array
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "quartet_epcis"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[2]}},
    MIGRATION_MODULES={"quartet_epcis": None},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    USE_TZ=True,
    SECRET_KEY="only for a measurement",  # noqa: S106
)
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from quartet_epcis.db_api.queries import EPCISDBProxy  # noqa: E402

AT = datetime(2026, 11, 24, tzinfo=UTC).strftime("%Y-%m-%d %H:%M:%S")
ENTRY = (
    "INSERT INTO quartet_epcis_entry (id, created, modified, identifier, is_parent, decommissioned)"
    " VALUES (?,?,?,?,0,0)"
)
EVENT = (
    "INSERT INTO quartet_epcis_event (id, created, modified, event_time, record_time, event_id, action, type,"
    " message_id) VALUES (?,?,?,?,?,?,'ADD','tf','')"
)
NAMED = (
    "INSERT INTO quartet_epcis_entryevent (event_id, event_type, event_time, entry_id, identifier, is_parent, output,"
    " created, modified) VALUES (?,'tf',?,?,?,0,?,?,?)"
)


def load(edges: list[tuple[int, int]]) -> None:
    """Write the graph into its tables."""
    call_command("migrate", run_syncdb=True, verbosity=0)
    lots = {lot: uuid.UUID(int=lot).hex for edge in edges for lot in edge}
    with transaction.atomic(), connection.cursor() as wrapped:
        cursor = wrapped.cursor.connection
        cursor.executemany(ENTRY, ((key, AT, AT, epc(lot)) for lot, key in lots.items()))
        made = [(output, [one[1] for one in rows]) for output, rows in groupby(sorted(edges), key=lambda one: one[0])]
        event = {output: uuid.UUID(int=output + (1 << 64)).hex for output, _ in made}
        cursor.executemany(EVENT, ((event[output], AT, AT, AT, AT, event[output]) for output, _ in made))
        named = (
            (event[output], AT, lots[lot], epc(lot), lot == output, AT, AT)
            for output, inputs in made
            for lot in (output, *inputs)
        )
        cursor.executemany(NAMED, named)
        wrapped.execute("ANALYZE")


def epc(lot: int) -> str:
    """Name a lot as its importer would."""
    return f"urn:epc:id:sgtin:9520123.056789.{lot}"


def backward(start: int) -> int:
    """Walk from a lot to all that went into it, level by level; give the number of lots."""
    proxy, seen, level = EPCISDBProxy(), {epc(start)}, [epc(start)]
    while level:
        here = set(level)
        inputs = {
            lot
            for event in proxy.get_events_by_epc_list(level)
            if not here.isdisjoint(event.output_epc_list)
            for lot in event.input_epc_list
        }
        level = sorted(inputs - seen)
        seen |= inputs
    return len(seen)


def main() -> None:
    """Load, walk, print."""
    numbers = array("i")
    numbers.frombytes(Path(sys.argv[1]).read_bytes())
    half = len(numbers) // 2
    begun = time.perf_counter()
    load(list(zip(numbers[:half], numbers[half:], strict=True)))
    loaded = time.perf_counter() - begun
    walks = []
    for start in map(int, sys.argv[3:]):
        begun = time.perf_counter()
        lots = backward(start)
        walks.append([lots, time.perf_counter() - begun])
    print(json.dumps({"load_seconds": loaded, "walks": walks}))


main()
