"""The log of proof: what is written down gets a position, is signed, and can be proved."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import Select, column, insert, select, text, values
from sqlalchemy.exc import DBAPIError

from kernel import checkpoints, merkle, proof
from kernel.clock import business_date
from kernel.db import db, transaction
from kernel.log_models import LogHead, LogLeaf, LogTile, LogWaiting
from kernel.proof import NoSuchTree, NotInTheLog, Source, Tree, TreeWasRewritten
from tests.races import meet, race


def _contents(references: Sequence[str]) -> dict[str, bytes]:
    return {reference: reference.encode() for reference in references}


def _no_references() -> Select[str]:
    nothing = values(column("reference"), name="nothing").data([("",)])
    return select(nothing.c.reference).where(nothing.c.reference != "")


@pytest.fixture(autouse=True)
def notes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Records of a kind of their own: a note says its own name, and everybody may read it."""
    monkeypatch.setitem(proof.SOURCES, "note", Source(_contents, _no_references, set))


def _write(*names: str, now: datetime) -> None:
    with transaction():
        proof.append_many("note", [(name, name.encode()) for name in names], now=now)


def _number(most: int = proof.A_STEP) -> int:
    with transaction():
        return proof.sequence(most=most)


def _sign(now: datetime) -> str | None:
    with transaction():
        made = proof.make_checkpoint(now=now)
    return made.text if made else None


def _positions() -> dict[str, int]:
    return dict(db.session.execute(select(LogLeaf.reference, LogLeaf.position).order_by(LogLeaf.position)).all())


# --- Writing down and numbering ---------------------------------------------------------------------------


def test_records_get_positions_without_gaps_in_the_order_they_were_written(ctx: Flask, now: datetime) -> None:
    _write("one", "two", now=now)
    _write("three", now=now)

    assert _number() == 3
    _write("four", now=now)
    assert _number() == 1
    assert _number() == 0

    assert _positions() == {"one": 0, "two": 1, "three": 2, "four": 3}
    assert proof.size() == 4
    assert db.session.scalars(select(LogWaiting)).all() == []


def test_what_is_rolled_back_is_not_in_the_log(ctx: Flask, now: datetime) -> None:
    def fail() -> None:
        with transaction():
            proof.append("note", "never", b"never", now=now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    _write("after", now=now)
    _number()

    assert _positions() == {"after": 0}


def test_the_same_record_is_not_written_down_twice_by_mistake(ctx: Flask, now: datetime) -> None:
    _write("one", now=now)

    with pytest.raises(DBAPIError):
        _write("one", now=now)
    db.session.rollback()


def test_a_record_brought_in_a_second_time_takes_no_second_position(ctx: Flask, now: datetime) -> None:
    _write("one", now=now)
    _number()
    _write("one", "two", now=now)

    assert _number() == 2
    assert _positions() == {"one": 0, "two": 1}


def test_records_of_a_kind_that_nobody_reads_again_are_refused(ctx: Flask, now: datetime) -> None:
    with pytest.raises(LookupError, match="riddle"), transaction():
        proof.append("riddle", "one", b"one", now=now)


def test_a_leaf_cannot_be_changed_or_taken_out(ctx: Flask, now: datetime) -> None:
    _write("one", now=now)
    _number()

    for statement in ("UPDATE log_leaf SET reference = 'two'", "DELETE FROM log_leaf"):
        with pytest.raises(DBAPIError, match="append-only"), transaction() as session:
            session.execute(text(statement))


# --- Races ------------------------------------------------------------------------------------------------


def _numbers_without_gaps() -> bool:
    found = list(db.session.scalars(select(LogLeaf.position).order_by(LogLeaf.position)))
    return found == list(range(len(found)))


@pytest.mark.race
def test_writers_and_sequencers_at_once_lose_nothing_and_share_no_position(app: Flask, now: datetime) -> None:
    def act(number: int) -> int:
        done = 0
        for turn in range(12):
            if number % 2:
                _write(f"{number}-{turn}-a", f"{number}-{turn}-b", now=now)
            else:
                done += _number(most=5)
        return done

    answers = race(app, 6, act)

    assert all(isinstance(answer, int) for answer in answers), answers
    with app.app_context():
        while _number():
            pass
        assert len(_positions()) == 3 * 12 * 2
        assert _numbers_without_gaps()
        assert proof.size() == 72
        assert merkle.Frontier(merkle.leaf_hash(name.encode()) for name in _positions()).root() == Tree(72).root()
        db.session.remove()


@pytest.mark.race
def test_sequencers_without_the_lock_of_the_head_do_race(app: Flask, now: datetime) -> None:
    """The control: the same step, looking at the size without its lock."""
    with app.app_context():
        _write(*(f"n{number}" for number in range(8)), now=now)

    def naive(number: int) -> str:
        size = db.session.scalar(select(LogHead.size)) or 0
        waiting = db.session.execute(select(LogWaiting.reference, LogWaiting.leaf_hash)).all()
        db.session.rollback()
        meet()
        with transaction() as session:
            session.execute(
                insert(LogLeaf),
                [
                    {
                        "position": size + at,
                        "kind": "note",
                        "reference": reference,
                        "leaf_hash": leaf,
                        "appended_at": now,
                    }
                    for at, (reference, leaf) in enumerate(waiting)
                ],
            )
        return "numbered"

    answers = race(app, 3, naive)

    assert sorted(answers) == ["IntegrityError", "IntegrityError", "numbered"]


@pytest.mark.race
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_record_that_commits_late_keeps_no_other_waiting_and_is_not_lost(app: Flask, now: datetime) -> None:
    """Its id is lower than that of one which has its position already: it gets the next one."""
    with app.app_context():
        slow = db.engine.connect()
        begun = slow.begin()
        slow.execute(
            insert(LogWaiting).values(
                kind="note", reference="slow", leaf_hash=merkle.leaf_hash(b"slow"), appended_at=now
            )
        )
        _write("quick", now=now)
        assert _number() == 1
        begun.commit()
        slow.close()

        assert _number() == 1
        assert _positions() == {"quick": 0, "slow": 1}
        db.session.remove()


# --- The tree in the database -----------------------------------------------------------------------------


def test_the_stored_tree_is_the_one_that_is_built_in_memory(ctx: Flask, now: datetime) -> None:
    frontier = merkle.Frontier()
    for begin, end in [(0, 1), (1, 255), (255, 256), (256, 700), (700, 1100)]:
        names = [f"n{number}" for number in range(begin, end)]
        _write(*names, now=now)
        _number(most=300)
        while _number(most=300):
            pass
        for name in names:
            frontier.add(merkle.leaf_hash(name.encode()))
        assert Tree(end).root() == frontier.root()

    assert len(db.session.scalars(select(LogTile)).all()) == 1100 // 256
    tree = Tree(1100)
    for position in (0, 1, 255, 256, 511, 1023, 1024, 1099):
        leaf = merkle.leaf_hash(f"n{position}".encode())
        assert merkle.verify_inclusion(leaf, position, 1100, tree.inclusion_proof(position), tree.root())
    for first in (1, 2, 255, 256, 257, 768, 1099, 1100):
        assert merkle.verify_consistency(first, 1100, Tree(first).root(), tree.root(), tree.consistency_proof(first))


def test_tiles_of_a_second_height_are_laid(ctx: Flask, now: datetime) -> None:
    """65,536 leaves fill one tile of the second height."""
    size = 256 * 256 + 3
    hashes = [merkle.leaf_hash(str(number).encode()) for number in range(size)]
    for begin in range(0, size, 5_000):
        with transaction() as session:
            session.execute(
                insert(LogWaiting),
                [
                    {"kind": "note", "reference": str(begin + at), "leaf_hash": leaf, "appended_at": now}
                    for at, leaf in enumerate(hashes[begin : begin + 5_000])
                ],
            )
        _number()

    assert {(tile.level, tile.number) for tile in db.session.scalars(select(LogTile).where(LogTile.level > 0))} == {
        (1, 0)
    }
    tree = Tree(size)
    root = merkle.Frontier(hashes).root()
    assert tree.root() == root
    for position in (0, 40_000, 65_535, 65_536, size - 1):
        assert merkle.verify_inclusion(hashes[position], position, size, Tree(size).inclusion_proof(position), root)


# --- Checkpoints and proofs -------------------------------------------------------------------------------


def test_a_day_is_signed_once_and_in_the_published_form(ctx: Flask, now: datetime) -> None:
    _write("one", "two", now=now)
    _number()

    signed = _sign(now)

    assert signed is not None
    said = checkpoints.read(signed)
    assert said.origin == "shop.test/so-minh-bach"
    assert said.size == 2
    assert said.root == merkle.node_hash(merkle.leaf_hash(b"one"), merkle.leaf_hash(b"two"))
    key = checkpoints.read_key(str(proof.signer().verifying_key(said.origin)))
    assert key.signed(said)
    assert not key.signed(checkpoints.read(signed.replace("\n2\n", "\n3\n")))
    assert _sign(now + timedelta(hours=1)) is None
    assert _sign(now + timedelta(days=1)) is not None, "the next day, although nothing new was written"


def test_an_empty_log_is_not_signed(ctx: Flask, now: datetime) -> None:
    assert _sign(now) is None


def test_a_log_keeps_its_name_when_the_shop_moves(ctx: Flask, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    _write("one", now=now)
    _number()
    _sign(now)

    monkeypatch.setattr(proof, "_origin", "other.test/so-minh-bach")

    assert (_sign(now + timedelta(days=1)) or "").startswith("shop.test/so-minh-bach\n")


def test_nothing_is_signed_on_a_tree_that_no_longer_begins_as_it_did(ctx: Flask, now: datetime) -> None:
    _write("one", "two", now=now)
    _number()
    _sign(now)
    _tamper("log_leaf", "UPDATE log_leaf SET leaf_hash = :hash WHERE position = 0", hash=b"x" * 32)

    with pytest.raises(TreeWasRewritten):
        _sign(now + timedelta(days=1))


def test_a_record_is_proved_against_the_newest_checkpoint(ctx: Flask, now: datetime) -> None:
    _write("one", "two", "three", now=now)
    _number()
    _sign(now)
    _write("four", now=now)
    _number()

    checkpoint, (second,) = proof.prove([1])

    assert second.content == b"two"
    assert merkle.verify_inclusion(merkle.leaf_hash(b"two"), 1, 3, second.path, checkpoint.root)
    for position in (3, 4, -1):
        with pytest.raises(NotInTheLog):
            proof.prove([position])


def test_growth_is_proved_between_signed_sizes(ctx: Flask, now: datetime) -> None:
    _write("one", "two", "three", now=now)
    _number()
    _sign(now)
    first = proof.get_checkpoint(business_date(now))
    _write("four", "five", now=now)
    _number()
    _sign(now + timedelta(days=1))
    second = proof.get_checkpoint(business_date(now + timedelta(days=1)))

    assert merkle.verify_consistency(3, 5, first.root, second.root, proof.prove_growth(3, 5))
    for sizes in ((0, 5), (3, 6), (5, 3)):
        with pytest.raises(NoSuchTree):
            proof.prove_growth(*sizes)


def test_what_is_written_down_before_a_worker_dies_is_signed_by_the_next(ctx: Flask, now: datetime) -> None:
    _write("one", now=now)

    def die() -> None:
        with transaction():
            proof.sequence()
            proof.make_checkpoint(now=now)
            raise KeyboardInterrupt  # between the numbering and the end of the signing

    with pytest.raises(KeyboardInterrupt):
        die()
    assert _positions() == {}
    assert proof.latest_checkpoint() is None

    _number()
    assert "\n1\n" in (_sign(now) or "")


@pytest.mark.race
def test_a_worker_that_is_killed_while_it_numbers_and_signs_loses_nothing(app: Flask, now: datetime) -> None:
    with app.app_context():
        _write("one", "two", now=now)
        db.session.remove()
        db.engine.dispose()

    def work_and_die() -> None:
        with app.app_context(), transaction():
            proof.sequence()
            proof.make_checkpoint(now=now)
            os.kill(os.getpid(), signal.SIGKILL)

    worker = multiprocessing.get_context("fork").Process(target=work_and_die)
    worker.start()
    worker.join(timeout=30)
    assert worker.exitcode == -signal.SIGKILL

    with app.app_context():
        assert _positions() == {}
        assert _number() == 2
        assert "\n2\n" in (_sign(now) or "")
        assert _positions() == {"one": 0, "two": 1}
        db.session.remove()


def _tamper(table: str, statement: str, **values: object) -> None:
    """Change a row as somebody could who has the database: the guard is taken away first."""
    if db.engine.dialect.name == "sqlite":
        lift = [f"DROP TRIGGER IF EXISTS {table}_no_update", f"DROP TRIGGER IF EXISTS {table}_no_delete"]
    else:
        lift = [f"ALTER TABLE {table} DISABLE TRIGGER USER"]
    with transaction() as session:
        for one in lift:
            session.execute(text(one))
        session.execute(text(statement), values)
    db.session.expire_all()
