"""The command line: ``flask --app wsgi …``. An edge: it reads the clock, commits, and says what it did."""

from __future__ import annotations

import signal
import threading
from types import FrameType

import click
import structlog
from flask import Flask
from flask.cli import with_appcontext
from sqlalchemy.exc import DBAPIError

# What the worker can do.
from app import after_jobs, buying_jobs, carrier_jobs, event_jobs, export_jobs, payment_jobs, recall_jobs, text_jobs
from app.commands import data, links, log, people
from kernel import clock, jobs
from kernel.db import db, transaction

logger = structlog.get_logger()

#: What the worker can do: each registers its jobs when it is imported.
WORK = (after_jobs, buying_jobs, carrier_jobs, event_jobs, export_jobs, payment_jobs, recall_jobs, text_jobs)

#: The worker asks a database that does not answer at least so often.
LONGEST_WAIT_S = 30.0


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
    patience, is_planned = every, False
    while not stop.is_set():
        try:
            if not is_planned:
                with transaction():
                    jobs.plan(clock.now())
                is_planned = True
            kind = jobs.run_one(clock.now())
        except DBAPIError as problem:
            # The database is restarted, or away: wait for it, longer and longer, rather than leave the jobs undone.
            logger.warning("the database does not answer", again_in_s=patience, problem=str(problem.orig))
            db.session.remove()
            if once:
                raise click.ClickException("The database does not answer.") from None
            stop.wait(patience)
            patience = min(LONGEST_WAIT_S, patience * 2)
            continue
        patience = every
        db.session.remove()
        if kind is None:
            if once:
                return
            stop.wait(every)


def register(app: Flask) -> None:
    """Add the project's commands to ``flask``."""
    app.cli.add_command(work)
    app.cli.add_command(people.offices)
    app.cli.add_command(people.users)
    app.cli.add_command(people.keys)
    app.cli.add_command(data.demo)
    app.cli.add_command(data.ledger)
    app.cli.add_command(data.books)
    app.cli.add_command(data.trace)
    app.cli.add_command(links.resolver)
    app.cli.add_command(log.log)
