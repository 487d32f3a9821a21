"""Processes that are killed (SIGKILL) at one step of what they do: what is in the database afterwards is what counts.

A step is a statement, the moment before a COMMIT, and the moment after one. Killed at its first step, then at its
second, and so on, until it comes to its end: nothing between two steps is left out.
"""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session

from kernel import jobs
from kernel.db import Base, db


def die_at(app: Flask, step: int, act: Callable[[], Any]) -> bool:
    """Run ``act`` in a process that is killed at its n-th step; tell whether it was."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    child = os.fork()
    if child == 0:
        try:
            with app.app_context():
                _count_down(step)
                act()
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status):
        assert os.WEXITSTATUS(status) == 0, "it was to be killed, and failed by itself"
        return False
    assert os.WTERMSIG(status) == signal.SIGKILL
    return True


def _count_down(step: int) -> None:
    left = step

    def count(*_: Any) -> None:
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    for moment in ("before_cursor_execute", "commit"):
        event.listen(db.engine, moment, count)
    event.listen(Session, "after_commit", count)


def deaths(app: Flask, act: Callable[[], Any]) -> Iterator[int]:
    """Let ``act`` die at each of its steps, one after the other; give the step after each death."""
    for step in itertools.count(1):
        if not die_at(app, step, act):
            return
        yield step


#: More rows than a test writes: what came with the migrations is counted.
_LARGE = 500


def stored(app: Flask, *, but: tuple[str, ...] = ()) -> dict[str, object]:
    """Read every row of every table.

    :param but: tables that are left out
    """
    with app.app_context(), db.engine.connect() as connection:
        found: dict[str, object] = {}
        for name in Base.metadata.tables.keys() - set(but):
            rows = connection.exec_driver_sql(f'SELECT * FROM "{name}" LIMIT {_LARGE + 1}').all()
            if len(rows) <= _LARGE:
                found[name] = sorted(map(repr, rows))
            else:
                found[name] = connection.exec_driver_sql(f'SELECT count(*) FROM "{name}"').scalar()
        return found


def deaths_without_trace(app: Flask, act: Callable[[], Any]) -> int:
    """Let ``act`` die at each of its steps until something is stored; tell how many deaths left everything as it was.

    What the last one left is there to be looked at.
    """
    before = stored(app)
    for step in deaths(app, act):
        if stored(app) != before:
            return step - 1
    raise AssertionError("it came to its end")


def stored_by_dying_workers(app: Flask, work: Callable[[datetime], Any], now: datetime) -> list[dict[str, object]]:
    """Let one worker after the other die, each a step later than the one before, until one comes to its end.

    Whenever something was stored they begin anew, at the first step: what comes after it is died at too. Each comes
    when the lease of the one before has run out.

    :return: what was stored, each time that it changed; but who has the work
    """
    found, is_at_end = [stored(app, but=("job",))], False

    def act() -> None:
        work(now)

    while not is_at_end:
        is_at_end = True
        for _ in deaths(app, act):
            now += jobs.LEASE + timedelta(seconds=1)
            if (seen := stored(app, but=("job",))) != found[-1]:
                found.append(seen)
                is_at_end = False
                break
    return found


def commits_before(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Give the fault that these tests are there against: a verb that ends its caller's transaction before it acts."""

    def faulty(*args: Any, **facts: Any) -> Any:
        db.session.commit()
        return verb(*args, **facts)

    return faulty
