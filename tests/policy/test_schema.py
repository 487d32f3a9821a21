"""What the migrations make is what the models say, on both engines: all that a database must refuse by."""

from __future__ import annotations

import re
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import CheckConstraint, inspect

from kernel.db import db


def _ours(_thing: Any, _name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    return not (kind == "table" and reflected and compare_to is None)


def test_the_migrated_schema_is_what_the_models_say(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": _ours})
        assert compare_metadata(context, db.metadata) == []


def test_every_check_of_the_models_is_in_the_database(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        found = inspect(connection)
        for table in db.metadata.sorted_tables:
            there = {str(check["name"]) for check in found.get_check_constraints(table.name)}
            meant = {
                str(check.name) for check in table.constraints if isinstance(check, CheckConstraint) and check.name
            }
            short = {re.sub(r"^ck_" + table.name + "_", "", name) for name in there}
            assert {name for name in meant if name not in there and name not in short} == set(), table.name
