"""Commands on the resolver of GS1 Digital Links."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from accounts.actor import SYSTEM
from accounts.models import Organisation
from accounts.queries import get_organisation
from app.commands.tables import require_tables
from kernel import clock
from kernel.db import db, transaction
from kernel.errors import DomainError
from traceability import link_files, links

resolver = AppGroup("resolver", help="The resolver of GS1 Digital Links.")


class _Refused(Exception):
    """Ends the transaction: something in the files is wrong, so nothing of them is kept."""


@resolver.command("load")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--organisation", "code", required=True, help="Code of the organisation that owns the keys.")
def load(files: tuple[Path, ...], code: str) -> None:
    """Register the links of FILES (JSON), all of them or none; what stands already is left or brought up to date."""
    require_tables("resolver")
    counts = {"added": 0, "changed": 0, "same": 0}
    problems: list[str] = []
    warnings: list[str] = []
    try:
        with transaction():
            organisation = get_organisation(SYSTEM, code)
            for path in files:
                problems += _load(path, organisation, counts, warnings)
            if problems:
                raise _Refused
            db.session.flush()
    except _Refused:
        for line in problems:
            click.echo(line, err=True)
        raise click.ClickException(f"{len(problems)} mistake(s): nothing was loaded.") from None
    except DomainError as refusal:
        raise click.ClickException(str(refusal)) from None
    for line in warnings:
        click.echo(line, err=True)
    click.echo(f"resolver: {counts['added']} link(s) added, {counts['changed']} changed, {counts['same']} as they were")


def _load(path: Path, organisation: Organisation, counts: dict[str, int], warnings: list[str]) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return [f"{path}:1: This is no text in UTF-8."]
    entries, problems = link_files.read(text)
    done = links.load(organisation, entries, actor=SYSTEM, now=clock.now())
    counts["added"] += done.added
    counts["changed"] += done.changed
    counts["same"] += done.same
    warnings += [f"{path}:{line}: warning: {warning}" for line, warning in done.warnings]
    return [f"{path}:{line}: {refusal}" for line, refusal in sorted((*problems, *done.problems), key=lambda p: p[0])]
