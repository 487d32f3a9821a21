"""What a command says when the database cannot answer it: a sentence, never a traceback."""

from __future__ import annotations

import sys

import click
from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError

from kernel.db import db
from kernel.readable import unreadable


def require_tables(who: str) -> None:
    """End the command with a sentence and status 1 if the database is away, or was never migrated.

    :param who: the name the command goes by in what it prints
    """
    try:
        is_migrated = inspect(db.engine).has_table("organisation")
    except DBAPIError as problem:
        sys.exit(f"{who}: the database does not answer: {problem.orig}")
    if not is_migrated:
        sys.exit(f"{who}: the database has no tables yet: run  flask --app wsgi db upgrade  first.")


def require_readable(who: str) -> None:
    """Name what cannot be read in the database, and end the command with status 1 if there is any.

    :param who: the name the command goes by in what it prints
    """
    found = list(unreadable())
    for line in found:
        click.echo(line)
    if found:
        sys.exit(f"{who}: {len(found)} value(s) cannot be read: nothing was compared, have them mended first")
