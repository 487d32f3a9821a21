"""What was captured before amounts were counted and cases opened is brought by a migration to what its events say."""

from __future__ import annotations

import importlib
from datetime import datetime, timedelta
from types import ModuleType

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from flask import Flask
from sqlalchemy import text

from kernel.db import db, transaction
from tests.factories import Factories
from tests.traceability.epcis.interface import Program, document, event
from tests.traceability.epcis.test_what_stands import (
    EARLY,
    LATE,
    NOON,
    ONE,
    RECALLS,
    agrees,
    amounts,
    commissioned,
    edges,
    lot_of,
    made,
    packed,
    unpacked,
    wrong,
)
from traceability.epcis import capture
from traceability.models import LotIdentifier

MIGRATION = importlib.import_module("migrations.versions.0020_what_captured_events_say_is_settled")


STANDS = importlib.import_module("migrations.versions.0031_captured_lots_stand_anew")
COUNTS = importlib.import_module("migrations.versions.0032_captured_lots_are_counted_anew")


def migrate(app: Flask, migration: ModuleType = MIGRATION) -> None:
    with (
        app.app_context(),
        transaction() as session,
        Operations.context(MigrationContext.configure(session.connection())),
    ):
        migration.upgrade()


@pytest.fixture
def program(app: Flask, make: Factories, now: datetime) -> Program:
    """A program that made, packed, unpacked and declared wrong, in a database that counts as one of before."""
    program = Program(app, make.producer(code="htx01"), now)
    raw = make.raw_lot(program.organisation, number="LUA-1", quantity=100_000)
    with app.app_context(), transaction():
        db.session.add(LotIdentifier(uri="https://a.example/lot/LUA-1", lot_id=raw.id))
    mistake = made([("A", 1)], [("X", 1)], eventID=ONE)
    same = {"transformationID": "https://a.example/x/1"}
    box = {"inputQuantityList": None, "inputEPCList": ["https://a.example/box/R"]}
    for said in (
        commissioned("A", 10), made([("A", 3)], [("B", 3)]), made([("A", 2)], [("B", 2)]), mistake, wrong(mistake),
        made([("LUA-1", 60)], [("Y", 60)]), made([("U", 2)], [("V", 1), ("W", 1)]),
        made([("A", 1)], [], **same), made([], [("H", 1)], **same),
        packed(amounts([("B", 2)]), "P", eventTime=EARLY), unpacked(None, "P", eventTime=NOON),
        packed(amounts([("B", 3)]), "Q", eventTime=EARLY), unpacked(amounts([("B", 1)]), "Q", eventTime=NOON),
        packed(amounts([("B", 1)]), "R", eventTime=EARLY), made([], [("SOUP", 1)], eventTime=NOON, **box),
        unpacked(None, "R", eventTime=LATE),
    ):  # fmt: skip
        assert program.capture(document(said))["success"], said
    return program


OF_BEFORE = (
    "UPDATE lot SET used = 0",
    "UPDATE lot_input SET quantity = 3000 WHERE quantity = 5000",
    "INSERT INTO lot_input (output_id, input_id, quantity) VALUES (:x, :a, 1000), (:p, :b, 2000)",
    "UPDATE lot_input SET quantity = 3000 WHERE output_id = :q",
    "UPDATE lot SET quantity = 3000 WHERE id = :b",
)


def test_an_older_database_agrees_once_it_is_migrated(app: Flask, program: Program) -> None:
    raw_has_no_events = [line for line in agrees(program) if "no event of its making" in line]
    assert agrees(program) == raw_has_no_events, "the raw lot of the test was made by no verb"
    with app.app_context():
        right, used = edges(), {name: lot_of(name).used for name in ("A", "B", "LUA-1")}
        ids = {name.lower(): lot_of(name).id for name in ("A", "B", "P", "Q", "X")}
    assert used == {"A": 6_000, "B": 1_000, "LUA-1": 60_000}  # of B in its case
    with app.app_context(), transaction() as session:
        for statement in OF_BEFORE:
            session.execute(text(statement), {name: id for name, id in ids.items() if f":{name}" in statement})
    assert len(agrees(program)) > len(raw_has_no_events) + 5

    program.now += timedelta(days=3650)  # the migration asks at the time of the machine
    for _ in ("once", "again"):
        migrate(app)
        migrate(app, COUNTS)
        program.work()
        assert agrees(program) == raw_has_no_events
        with app.app_context():
            assert edges() == right
            assert {name: lot_of(name).used for name in used} == used
            assert lot_of("B").quantity == 5_000


def test_a_database_without_captures_is_left_alone(app: Flask, make: Factories) -> None:
    raw = make.raw_lot(make.producer(), quantity=5)
    migrate(app)
    with app.app_context():
        assert db.session.execute(text("SELECT quantity, used FROM lot WHERE id = :id"), {"id": raw.id}).one() == (5, 0)


@pytest.mark.parametrize("at_once", [1, 500])
def test_marks_that_recalls_of_before_left_behind_go_once_the_worker_has_looked(
    app: Flask, make: Factories, now: datetime, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture, "LOTS_AT_ONCE", at_once)
    program = Program(app, make.producer(code="htx01"), now)
    recalls = event(quantityList=amounts([("B", 1)]), **RECALLS)
    for said in (
        commissioned("A", 10), made([("A", 3)], [("B", 3)]), made([("B", 2)], [("C", 2)]), made([("C", 1)], [("D", 1)]),
        recalls,
    ):  # fmt: skip
        assert program.capture(document(said))["success"], said

    def states() -> dict[str, str]:
        with app.app_context():
            return {name: lot_of(name).state.value for name in "ABCD"}

    right = {"A": "released", "B": "recalled", "C": "recalled", "D": "recalled"}
    assert states() == right
    with app.app_context(), transaction() as session:
        session.execute(text("UPDATE lot SET state = CASE number WHEN 'A' THEN 'recalled' ELSE 'released' END"))
    assert len(agrees(program)) == 4

    migrate(app, STANDS)
    migrate(app, COUNTS)
    program.now += timedelta(days=3650)  # the migration asks at the time of the machine
    program.work()

    assert states() == right
    assert agrees(program) == []


def test_what_was_received_and_used_is_counted_once_the_worker_has_looked(
    app: Flask, make: Factories, now: datetime, program: Program
) -> None:
    for said in (event(), event(eventTime=NOON), made([("A-1", 15)], [("Z", 15)], eventTime=LATE)):
        assert program.capture(document(said | ({"quantityList": amounts([("A-1", 10)])} if "action" in said else {})))
    with app.app_context(), transaction() as session:
        assert (lot_of("A-1").quantity, lot_of("A-1").used) == (20_000, 15_000)
        session.execute(text("UPDATE lot SET quantity = 10000, used = 0 WHERE number = 'A-1'"))

    migrate(app, COUNTS)
    program.now += timedelta(days=3650)
    program.work()

    with app.app_context():
        assert (lot_of("A-1").quantity, lot_of("A-1").used) == (20_000, 15_000)
