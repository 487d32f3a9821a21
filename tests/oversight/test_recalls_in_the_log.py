"""What a recall says, what it reached, who answered and how it ended: each changed behind the verbs, and named."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from app import log_jobs
from kernel import proof
from kernel.db import db, transaction
from kernel.log_models import LogLeaf, LogWaiting
from oversight import agreement as recalls
from oversight import answering, recall, records
from oversight.models import EntryKind, RecallEntry
from stock import agreement
from tests.oversight.conftest import Chain
from tests.tampering import differences, tamper
from tools import verify_log


@pytest.fixture
def world(ctx: Flask, chain: Chain, now: datetime) -> SimpleNamespace:
    """A recall that was answered and closed, and a drill that runs; numbered in the log."""
    number = chain.start(now)
    with transaction():
        where = (chain.lot_id, chain.point().location_id)
        notice = chain.notice(number, chain.keepers[0])
        answering.enter(notice, EntryKind.DESTROYED, where, 2, note="Biên bản 1", actor=chain.sellers[0], now=now)
    with transaction():
        end = now + timedelta(hours=3)
        recall.close(chain.recall(number), conclusion="Đã xong", even_unanswered=True, actor=chain.officer, now=end)
    drill = chain.start(now, lot_id=chain.other_id, is_drill=True)
    log_jobs.number_all()
    entry = str(db.session.scalars(select(RecallEntry.id)).one())
    db.session.rollback()
    return SimpleNamespace(chain=chain, number=number, drill=drill, entry=entry)


def of_recalls() -> list[str]:
    """Give what the verification of the log says of recalls."""
    return [line for line in differences() if line.startswith("recall")]


BEGUN, CLOSED = "recall {number}", "recall closing {number}"
ENTRY = "recall entry {entry}"
#: (statement, the record that is named)
CHANGES = [
    ("UPDATE recall SET severity = 'minor' WHERE number = :number", BEGUN),
    ("UPDATE recall SET reason_vi = 'Chỉ sai màu nhãn' WHERE number = :number", BEGUN),
    ("UPDATE recall SET reason_en = 'Label colour only. Safe to eat.' WHERE number = :number", BEGUN),
    ("UPDATE recall SET started_at = '2026-01-01 00:00:00.000000' WHERE number = :number", BEGUN),
    ("UPDATE recall SET lot_id = :flour WHERE number = :number", BEGUN),
    ("UPDATE recall SET owner_id = :keeper WHERE number = :number", BEGUN),
    ("UPDATE recall SET recalled_before = 4 WHERE number = :number", BEGUN),
    ("UPDATE recall SET is_drill = true WHERE number = :number", BEGUN),
    ("UPDATE recall SET is_drill = false WHERE number = :drill", "recall {drill}"),
    ("UPDATE recall SET number = 'TH-900000' WHERE number = :number", BEGUN),
    ("UPDATE recall_lot SET sold = sold + 1 WHERE lot_id = :lot", BEGUN),
    ("DELETE FROM recall_lot WHERE lot_id = :flour", BEGUN),
    ("UPDATE recall_holding SET quantity = quantity + 1 WHERE lot_id = :lot", BEGUN),
    ("UPDATE recall_notice SET received = received + 1 WHERE organisation_id = :keeper", BEGUN),
    ("UPDATE recall_entry SET quantity = 1", ENTRY),
    ("UPDATE recall_entry SET note = 'Biên bản 2'", ENTRY),
    ("UPDATE recall_entry SET kind = 'returned'", ENTRY),
    ("DELETE FROM recall_entry", ENTRY),
    ("UPDATE recall SET conclusion = 'Chưa xong' WHERE number = :number", CLOSED),
    ("UPDATE recall SET closed_at = '2026-12-24 00:00:00.000000' WHERE number = :number", CLOSED),
    ("UPDATE recall SET state = 'open', closed_at = NULL WHERE number = :number", CLOSED),
    ("UPDATE recall_outcome SET sold = sold - 1, missing = missing + 1 WHERE lot_id = :lot", CLOSED),
    (
        "UPDATE recall SET state = 'closed', closed_at = started_at, conclusion = 'x' WHERE number = :drill",
        "recall closing {drill}",
    ),
]


@pytest.mark.parametrize(("statement", "named"), CHANGES, ids=[row[0].partition(" WHERE")[0] for row in CHANGES])
def test_what_was_changed_of_a_recall_is_named(statement: str, named: str, world: SimpleNamespace) -> None:
    assert of_recalls() == []
    chain = world.chain
    values = {
        "number": world.number, "drill": world.drill, "flour": chain.flour_id, "lot": chain.lot_id,
        "keeper": chain.keepers[0].id,
    }  # fmt: skip
    table = statement.replace("DELETE FROM", "UPDATE").split()[1]

    tamper(table, statement, **{name: value for name, value in values.items() if f":{name}" in statement})

    assert any(line.startswith(named.format(**vars(world)) + ":") for line in of_recalls()), of_recalls()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("state_since = '2026-01-01 00:00:00.000000'", "it is recalled since another moment than its event says"),
        ("state_reason_en = 'Label colour only.'", "it is recalled for another reason than its event says"),
        ("state_reason = 'Chỉ sai màu nhãn'", "it is recalled for another reason than its event says"),
    ],
)
def test_what_the_page_of_a_recalled_batch_says_is_held_against_its_event(
    world: SimpleNamespace, statement: str, words: str
) -> None:
    def said() -> list[str]:
        db.session.rollback()
        return [line for line in agreement.verify() if "than its event says" in line]

    assert (said(), recalls.verify()) == ([], [])
    with transaction() as session:
        session.execute(text(f"UPDATE lot SET {statement} WHERE id = :id"), {"id": world.chain.lot_id})

    assert [line.partition(": ")[2] for line in said()] == [words]


def test_recalls_of_before_are_brought_in_once(world: SimpleNamespace, now: datetime) -> None:
    for table in ("log_leaf", "log_head"):
        statement = "DELETE FROM log_leaf WHERE kind LIKE 'recall%'"
        tamper(table, statement if table == "log_leaf" else "UPDATE log_head SET size = size")
    assert f"recall {world.number}: the record is not in the log" in of_recalls()

    assert log_jobs.bring_in(now=now) >= 4
    assert log_jobs.bring_in(now=now) == 0

    waiting = select(LogWaiting.kind, func.count()).group_by(LogWaiting.kind)
    rows = db.session.execute(waiting.where(LogWaiting.kind.startswith("recall"))).all()
    assert dict(iter(rows)) == {"recall": 2, "recall entry": 1, "recall closing": 1}
    assert of_recalls() == []


def test_everybody_reads_why_and_since_when_and_nobody_what_it_reached(world: SimpleNamespace) -> None:
    leaves = select(LogLeaf.kind, LogLeaf.reference).where(LogLeaf.kind.startswith("recall"))
    shown = {
        (kind, reference)
        for kind, reference in db.session.execute(leaves)
        if reference in proof.SOURCES[kind].published([reference])
    }

    assert shown == {(records.BEGUN, world.number)}, "a drill is nobody's outside"
    said = json.loads(proof.SOURCES[records.BEGUN].contents([world.number])[world.number])
    assert (said["severity"], said["reason_vi"], said["reason_en"]) == ("serious", "Kim loại nặng", "Heavy metal")
    assert all(len(said[name]) == 64 for name in ("by", "reached", "told"))
    verify_log.check_name({"kind": "recall", "reference": world.number}, said, "position 1")
    with pytest.raises(verify_log.DoesNotHold):
        verify_log.check_name({"kind": "recall", "reference": world.drill}, said, "position 1")
