"""Races: preloaded processes are forked, wait at a barrier, and do the same thing at once."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from typing import Any

from flask import Flask

from kernel.db import db, retrying

_fork = multiprocessing.get_context("fork")


_meeting: Any = None


def meet() -> None:
    """Wait until all runners of the race have come here: whoever looks before it has looked before anyone acts.

    For controls, whose fault would otherwise show only when the machine happens to be busy.
    """
    _meeting.wait(timeout=30)


def race(app: Flask, runners: int, act: Callable[[int], Any], *, patience: float = 60) -> list[Any]:
    """Run ``act(number)`` in so many processes at once, each in its own application context.

    :param patience: seconds until the next of them has to be done
    :return: what each gave back, or the name of the exception it raised, in the order of the numbers
    """
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    barrier, meeting, answers = _fork.Barrier(runners), _fork.Barrier(runners), _fork.Queue()

    def run(number: int) -> None:
        global _meeting
        _meeting = meeting
        with app.app_context():
            barrier.wait(timeout=30)
            try:
                answers.put((number, retrying(act)(number)))
            except Exception as problem:  # the test says which ones are right
                answers.put((number, type(problem).__name__))
            db.session.remove()
        answers.close()
        answers.join_thread()
        os._exit(0)

    processes = [_fork.Process(target=run, args=(number,)) for number in range(runners)]
    for process in processes:
        process.start()
    found = dict(answers.get(timeout=patience) for _ in processes)
    for process in processes:
        process.join(timeout=30)
    return [found[number] for number in range(runners)]
