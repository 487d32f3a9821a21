"""The files of facts in the database: administrative units and the programme's taxonomy.

Loaded after each migration, when the file has another digest than the one that stands. Units are keyed by
(code, valid from); a newer file changes and adds, it takes nothing away that rows may point at.
"""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import Table, delete, insert
from sqlalchemy.dialects import postgresql, sqlite

from catalog import taxonomy
from kernel import administrative_units, text
from kernel.administrative_units import Unit
from kernel.db import db, on_sqlite
from kernel.models import AdministrativeUnit, LoadedFacts, UnitSuccession


def load() -> None:
    """Bring the facts in the database up to the files, in the caller's transaction."""
    digest = _digest()
    loaded = db.session.get(LoadedFacts, "administrative_units")
    if loaded is None or loaded.digest != digest:
        _load_units()
        db.session.merge(LoadedFacts(name="administrative_units", digest=digest))
    taxonomy.load()


def _digest() -> str:
    files = sorted(administrative_units.DATA.glob("*.csv"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def _load_units() -> None:
    table = AdministrativeUnit.__table__
    rows = [_row(unit) for unit in administrative_units.read_units()]
    _upsert(table, rows, ["code", "valid_from"])  # type: ignore[arg-type]
    db.session.execute(delete(UnitSuccession))
    steps = [
        {
            "old_code": step.old_code,
            "old_valid_from": step.old_valid_from,
            "new_code": step.new_code,
            "new_valid_from": step.new_valid_from,
        }
        for step in administrative_units.read_successions()
    ]
    db.session.execute(insert(UnitSuccession), steps)


def _row(unit: Unit) -> dict[str, Any]:
    return {
        "code": unit.code,
        "valid_from": unit.valid_from,
        "valid_until": unit.valid_until,
        "level": unit.level,
        "kind_vi": unit.kind_vi,
        "name_vi": unit.name_vi,
        "name_en": unit.name_en,
        "parent_code": unit.parent_code,
        "search": text.search_text(unit.name_vi)[:120],
        "sort_key": text.sort_key(unit.name_vi)[:240],
        "area_km2": unit.area_km2,
        "lat": unit.lat,
        "lon": unit.lon,
    }


def _upsert(table: Table, rows: list[dict[str, Any]], keys: list[str]) -> None:
    dialect: Any = sqlite if on_sqlite() else postgresql
    statement = dialect.insert(table)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    db.session.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), rows)
