"""How long from the click to frozen: a recall of 10,000 lots made from one, against a bare UPDATE of the same rows.

``python -m bench.recall``; part of ``make bench``.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, insert, select, update

from bench import engines
from bench.keeping import keep
from kernel.db import db, transaction
from oversight import recall
from oversight.models import RecallLot, Severity
from stock.models import Balance, LocationKind
from tests.factories import Factories
from traceability.models import Batch, Lot, LotInput, LotKind, LotState

LOTS = 10_000
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def measure_recall(url: str, folder: Path, *, lots: int = LOTS) -> dict[str, float]:
    """Fill a database with a chain of lots, recall its root, and time it.

    :return: seconds for the whole transaction, seconds for the bare UPDATE of the states and balances alone
    """
    app = engines.application(url, folder)
    with app.app_context():
        make = Factories(app, NOW)
        producer = make.producer()
        actor = make.actor(producer)
        item = make.item(make.product(producer))
        raw = make.raw_lot(producer, quantity=1_000_000_000)
        warehouse = make.location(producer, LocationKind.WAREHOUSE)
        _fill(lots, producer.id, item.id, raw.id, warehouse.id)
        bare = _bare(raw.id)
        begun = time.perf_counter()
        with transaction():
            told = recall.Told("Kim loại nặng", Severity.SERIOUS, "Heavy metal")
            made = recall.start(db.session.get_one(Lot, raw.id), told, is_drill=False, actor=actor, now=NOW)
        whole = time.perf_counter() - begun
        frozen = db.session.scalar(select(func.count()).where(Balance.frozen))
        reached = db.session.scalar(select(func.count()).where(RecallLot.recall_id == made.id))
        assert (frozen, reached) == (lots, lots + 1), (frozen, reached)
        db.session.remove()
        db.engine.dispose()
    return {"seconds": round(whole, 3), "bare_seconds": round(bare, 3)}


def _fill(lots: int, owner_id: int, item_id: int, raw_id: int, warehouse_id: int) -> None:
    first = raw_id + 1
    ids = range(first, first + lots)
    with transaction() as session:
        common = {"owner_id": owner_id, "unit": "piece", "state_since": NOW, "created_at": NOW, "used": 0}
        lot = {"kind": LotKind.FINISHED, "name_vi": "Hàng mẫu", "quantity": 100, "state": LotState.RELEASED, **common}
        session.execute(insert(Lot), [{"id": id, "number": f"L{id}", **lot} for id in ids])
        batch = {"trade_item_id": item_id, "made_on": NOW.date()}
        session.execute(
            insert(Batch), [{"lot_id": id, "number": f"L{id}", "token": f"{id:010d}", **batch} for id in ids]
        )
        session.execute(insert(LotInput), [{"output_id": id, "input_id": raw_id, "quantity": 1_000} for id in ids])
        there = {"location_id": warehouse_id, "owner_id": owner_id, "on_hand": 100}
        session.execute(insert(Balance), [{"lot_id": id, **there} for id in ids])


def _bare(raw_id: int) -> float:
    """Do the least that freezing can be, two statements, and take it back: the machine's limit."""
    made = select(LotInput.output_id).where(LotInput.input_id == raw_id)
    begun = time.perf_counter()
    session = db.session()
    session.execute(
        update(Lot).where(Lot.id.in_(made)).values(state=LotState.RECALLED).execution_options(synchronize_session=False)
    )
    session.execute(
        update(Balance).where(Balance.lot_id.in_(made)).values(frozen=True).execution_options(synchronize_session=False)
    )
    spent = time.perf_counter() - begun
    session.rollback()
    return spent


def main() -> None:
    """Measure on both engines, print, and add the figures to ``var/bench.json``."""
    results: dict[str, object] = {}
    for engine, url, folder in engines.each():
        found = measure_recall(url, folder)
        for name, value in found.items():
            results[f"{engine}_recall_{LOTS}_lots_{name}"] = value
        print(f"{engine:<12}recall of {LOTS:,} lots: {found['seconds']:.2f} s (bare: {found['bare_seconds']:.2f} s)")
    keep(results)


if __name__ == "__main__":
    main()
