"""``flask log …``: the log of proof, verified, signed and written out for a mirror."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy import select

from app import log_files, log_jobs
from app.commands.tables import require_tables
from kernel import checkpoints, clock, log_verification, media, proof
from kernel.checkpoints import Malformed, VerifyingKey
from kernel.db import db
from kernel.models import StoredFile

log = AppGroup("log", help="The log of proof.")


def _key(_context: click.Context, _option: click.Parameter, lines: tuple[str, ...]) -> list[VerifyingKey]:
    try:
        return [checkpoints.read_key(line) for line in lines]
    except Malformed as problem:
        raise click.BadParameter(str(problem)) from None


@log.command("verify")
@click.option("--files", is_flag=True, help="Read every kept file as well, and compare it with its digest.")
@click.option("--former-key", "former_keys", multiple=True, callback=_key, help="A public key the log had before.")
def verify(files: bool, former_keys: list[VerifyingKey]) -> None:
    """Prove that no record was changed since it was written; name every difference, and fail if there is one.

    Records are events, certificates, files, recalls, and what was declared of lots. Rows that follow from events (how a
    lot stands, what was used of it, edges, the stock) are held against them by ``trace verify``.
    """
    require_tables("log")
    found = log_verification.verify(former_keys=former_keys)
    if files:
        found.differences.extend(_spoilt_files())
    for line in found.differences:
        click.echo(line)
    if found.differences:
        sys.exit(f"log: {len(found.differences)} difference(s)")
    click.echo(
        f"log: {found.leaves} records in order, {found.waiting} waiting, {found.tiles} tiles,"
        f" {found.checkpoints} checkpoints, 0 differences"
    )
    click.echo(
        "log: this covers events, certificates, files, recalls and what was declared of lots; how lots stand, what was"
        " used of them, and the stock: flask --app wsgi trace verify"
    )


def _spoilt_files() -> list[str]:
    store = media.store()
    rows = db.session.execute(
        select(StoredFile.digest, StoredFile.suffix).where(StoredFile.erased_at.is_(None)).order_by(StoredFile.digest)
    )
    return [f"document {digest}: the file is gone or was changed" for digest, suffix in rows
            if not store.is_intact(digest, suffix)]  # fmt: skip


@log.command("checkpoint")
def checkpoint() -> None:
    """Number what waits, and sign the log if the day has no checkpoint yet."""
    require_tables("log")
    log_jobs.number_all()
    made = log_jobs.sign(now=clock.now())
    latest = made or proof.latest_checkpoint()
    if latest is None:
        sys.exit("log: there is nothing to sign yet")
    click.echo("signed now" if made else f"signed before, on {latest.day}", err=True)
    click.echo(latest.text, nl=False)


@log.command("export")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def export(folder: Path) -> None:
    """Write all that is published of the log into FOLDER, for a host of somebody else; again: what is new."""
    require_tables("log")
    click.echo(f"{log_files.write_all(folder)} files written")
