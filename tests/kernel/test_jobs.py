"""Background work is done at least once, and only if its cause was committed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from kernel import jobs
from kernel.db import db, transaction
from kernel.models import Job


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """A handler "note" that writes down what it was given; "fail" always fails."""
    seen: list[dict[str, object]] = []

    def note(args: dict[str, object], now: object) -> None:
        seen.append(args)

    def fail(args: dict[str, object], now: object) -> None:
        raise RuntimeError("the mail server is down")

    monkeypatch.setitem(jobs.HANDLERS, "note", note)
    monkeypatch.setitem(jobs.HANDLERS, "fail", fail)
    return seen


def test_work_of_a_transaction_that_is_rolled_back_is_never_done(ctx: Flask, now, done) -> None:
    def fail() -> None:
        with transaction():
            jobs.enqueue("note", now=now, to="nobody")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert jobs.run_one(now) is None
    assert done == []


def test_the_same_word_asks_once(ctx: Flask, now, done) -> None:
    with transaction():
        jobs.enqueue("note", now=now, dedupe="digest:2026-11-24", to="office")
        jobs.enqueue("note", now=now, dedupe="digest:2026-11-24", to="office")

    assert [jobs.run_one(now), jobs.run_one(now)] == ["note", None]
    assert done == [{"to": "office"}]


def test_long_work_that_nobody_waits_for_is_done_when_there_is_nothing_else(
    ctx: Flask, now, done, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "CAN_WAIT", {"long"})
    monkeypatch.setitem(jobs.HANDLERS, "long", jobs.HANDLERS["note"])
    with transaction():
        for kind in ("long", "long", "note", "long", "note"):
            jobs.enqueue(kind, now=now)

    assert [jobs.run_one(now) for _ in range(6)] == ["note", "note", "long", "long", "long", None]


def test_smaller_pictures_are_made_when_there_is_nothing_else_to_do(app: Flask) -> None:
    assert "media.avif" in jobs.CAN_WAIT


def test_a_job_whose_worker_died_is_taken_by_another_when_its_lease_has_run_out(ctx: Flask, now, done) -> None:
    with transaction():
        jobs.enqueue("note", now=now, to="office")
    claimed = jobs.claim(now)  # and the worker is killed here
    assert claimed is not None

    assert jobs.run_one(now) is None
    assert jobs.run_one(now + jobs.LEASE + timedelta(seconds=1)) == "note"
    assert done == [{"to": "office"}]


def test_a_job_that_fails_is_tried_again_later_and_parked_for_a_person_in_the_end(ctx: Flask, now, done) -> None:
    with transaction():
        jobs.enqueue("fail", now=now)
    at, tries = now, 0
    while jobs.run_one(at) is not None:
        tries += 1
        at += timedelta(hours=3)

    job = db.session.scalars(db.select(Job)).one()
    assert tries == jobs.MOST_ATTEMPTS
    assert job.parked_at is not None
    assert "the mail server is down" in (job.last_error or "")


def test_two_workers_never_get_the_same_job(ctx: Flask, now, done) -> None:
    with transaction():
        for number in range(20):
            jobs.enqueue("note", now=now, number=number)

    claimed = [jobs.claim(now) for _ in range(21)]

    numbers = [job[2]["number"] for job in claimed if job]
    assert sorted(numbers) == list(range(20))
    assert claimed[-1] is None
