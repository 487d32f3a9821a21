"""How many events a second are captured in batches, on both engines: ``python -m bench.capture``.

As the worker does it: documents of 500 events, each held against the standard, stored with all by which it can be
asked for, told in the story of its lots. Beside it the limit, in turns in the same run: a bare insert of the same
rows into the table of events, without a check, a field or a lot. ``capture_cpu``: a second of this process's CPU,
which a busy machine does not blur.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import insert, select

from bench import engines
from bench.epcis_validation import CONTEXT, event_number
from bench.keeping import keep
from kernel.db import db, transaction
from tests.factories import Factories
from traceability.epcis import capture
from traceability.models import CaptureJob, EpcisEvent

EVENTS, DOCUMENTS = 500, 8
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def measure() -> dict[str, float]:
    """Measure both engines; give events a second."""
    results: dict[str, float] = {}
    for engine, url, folder in engines.each():
        results |= {f"{engine}_{name}": round(value, 2) for name, value in _engine(url, folder).items()}
    return results


def _engine(url: str, folder: Path) -> dict[str, float]:
    app = engines.application(url, folder)
    rates: dict[str, list[float]] = {"capture": [], "capture_cpu": [], "bare_insert": []}
    with app.app_context():
        organisation_id = Factories(app, NOW).producer().id
        for turn in range(DOCUMENTS):
            text = json.dumps(_document(turn))
            began, worked = time.perf_counter(), time.process_time()
            _capture(text, organisation_id)
            rates["capture"].append(EVENTS / (time.perf_counter() - began))
            rates["capture_cpu"].append(EVENTS / (time.process_time() - worked))
            rows = _rows(turn, organisation_id)
            began = time.perf_counter()
            with transaction() as session:
                session.execute(insert(EpcisEvent.__table__), rows)  # type: ignore[arg-type]
            rates["bare_insert"].append(EVENTS / (time.perf_counter() - began))
    engines.close(app)
    found = {f"{name}_events_per_second": median(values) for name, values in rates.items()}
    return found | {
        "capture_vs_bare_insert": found["capture_events_per_second"] / found["bare_insert_events_per_second"]
    }


def _capture(text: str, organisation_id: int) -> None:
    with transaction():
        job = capture.accept(text, events=EVENTS, on_error="rollback", organisation_id=organisation_id, now=NOW)
    waiting = capture.waiting(job.id, now=NOW)
    if waiting is None:
        raise LookupError("the job is gone")
    with transaction():
        capture.finish(waiting, now=NOW)
    if db.session.get_one(CaptureJob, job.id).stored != EVENTS:
        raise ValueError("not all was stored")


def _document(turn: int) -> dict[str, Any]:
    return {
        "@context": CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-11-24T02:00:00Z",
        "epcisBody": {"eventList": [event_number(turn * EVENTS + number) for number in range(EVENTS)]},
    }  # fmt: skip


def _rows(turn: int, organisation_id: int) -> list[dict[str, Any]]:
    """Give rows like those that were just captured, under other ids."""
    left_out = ("id", "trace_event_id", "capture_id")
    query = select(*(column for column in EpcisEvent.__table__.c if column.name not in left_out))
    rows = db.session.execute(query.order_by(EpcisEvent.id.desc()).limit(EVENTS)).mappings().all()
    return [
        {**row, "event_id": f"urn:bare:{turn}:{number}", "event_at": row["event_at"] + timedelta(0)}
        for number, row in enumerate(rows)
    ]


def main() -> None:
    """Measure, print, keep."""
    results = measure()
    keep(results)
    for name, rate in results.items():
        print(f"{name:<46}{rate:>12,.2f}")


if __name__ == "__main__":
    main()
