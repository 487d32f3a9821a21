"""A database of before: what events can be asked for, and what the system reports, is brought up to date."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from kernel.db import db, transaction
from migrations.guards import guard, unguard
from tests.factories import Factories
from tests.traceability.epcis.interface import CONTEXT, Program, document
from tests.traceability.epcis.test_namespaces import NS, OTHER, said
from traceability import cases
from traceability.epcis import recomputed
from traceability.item_models import Case, CaseKind

MIGRATION = importlib.import_module("migrations.versions.0030_fields_of_events_by_their_namespaces")


def in_migration(app: Flask, *acts: Callable[[], Any]) -> None:
    with (
        app.app_context(), transaction() as session,
        Operations.context(MigrationContext.configure(session.connection())),
    ):  # fmt: skip
        for act in acts:
            act()


def as_before() -> None:
    for namespace in (NS, OTHER):
        db.session.execute(
            text("UPDATE epcis_field SET name = replace(name, :it, 'x:'), value = replace(value, :it, 'x:')"),
            {"it": namespace},
        )


def test_fields_are_brought_to_their_namespaces(app: Flask, make: Factories, now: datetime) -> None:
    program = Program(app, make.producer(), now)
    for prefix, namespace, grade in (("x", NS, 1), ("y", NS, 2), ("x", OTHER, 3)):
        program.capture(document(said(prefix, grade), context=[CONTEXT, {prefix: namespace}]))

    def differences() -> list[str]:
        with app.app_context():
            return list(recomputed.differences())

    assert differences() == []
    in_migration(app, lambda: unguard("epcis_field"), as_before, lambda: guard("epcis_field"))
    assert len(differences()) == 3

    in_migration(app, MIGRATION.downgrade, MIGRATION.upgrade)
    assert differences() == []
    with pytest.raises(DBAPIError, match="append-only"):
        in_migration(app, as_before)


def test_reports_of_the_system_are_read_into_facts_and_what_people_wrote_is_left(
    app: Flask, make: Factories, now: datetime
) -> None:
    lot = make.raw_lot(make.producer(), number="L: 1")
    with app.app_context(), transaction():
        for is_set, is_held in ((True, True), (False, False)):
            cases.note_recall(lot, is_set=is_set, is_held=is_held, now=now)
        cases.report(CaseKind.QUALITY, "Lô 7: chương trình của chủ hàng hỏng", now=now)

    def kept() -> list[Any]:
        with app.app_context():
            rows = db.session.execute(select(Case.text, Case.facts).order_by(Case.id)).all()
            return [tuple(row) for row in rows]

    before = kept()
    words = []
    in_migration(app, MIGRATION.downgrade, lambda: words.extend(
        db.session.scalars(text("SELECT text FROM trace_case ORDER BY id"))
    ), MIGRATION.upgrade)  # fmt: skip

    assert words[0].startswith("Lô L: 1: chương trình của chủ hàng báo thu hồi lô này")
    assert kept() == before
    assert [bool(text_) for text_, _ in before] == [False, False, True]
