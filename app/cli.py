"""The command line: ``flask --app wsgi …``. An edge: it reads the clock, commits, and says what it did."""

from __future__ import annotations

import signal
import threading
from types import FrameType

import click
from flask import Flask
from flask.cli import with_appcontext

from app.commands import data, links, log, people
from kernel import clock, jobs
from kernel.db import db, transaction


@click.command("work")
@with_appcontext
@click.option("--once", is_flag=True, help="Do what is due now, then stop.")
@click.option("--every", default=1.0, show_default=True, help="Seconds to wait when nothing is due.")
def work(once: bool, every: float) -> None:
    """Run background jobs until told to stop (SIGTERM, SIGINT); the job at hand is finished first."""
    stop = threading.Event()

    def _stop(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    with transaction():
        jobs.plan(clock.now())
    while not stop.is_set():
        kind = jobs.run_one(clock.now())
        db.session.remove()
        if kind is None:
            if once:
                return
            stop.wait(every)


def register(app: Flask) -> None:
    """Add the project's commands to ``flask``."""
    app.cli.add_command(work)
    app.cli.add_command(people.users)
    app.cli.add_command(people.keys)
    app.cli.add_command(data.demo)
    app.cli.add_command(data.ledger)
    app.cli.add_command(links.resolver)
    app.cli.add_command(log.log)
