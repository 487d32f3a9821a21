"""Commands on whole bodies of data: the demonstration set, and the proof of the ledger."""

from __future__ import annotations

import os
import secrets
import sys

import click
from flask import current_app
from flask.cli import AppGroup

from accounts import passwords
from app.books_jobs import prove
from app.commands.tables import require_readable, require_tables
from app.config import VAR, Config
from app.demo import data, discounts, loader
from kernel import clock
from kernel.errors import DomainError
from oversight import agreement as recalls
from stock import agreement, verification
from storefront import short_messages

demo = AppGroup("demo", help="The Ba Tơ data set.")
ledger = AppGroup("ledger", help="The ledger of goods.")
books = AppGroup("books", help="The journal of money.")
trace = AppGroup("trace", help="Lots, their events and their stock.")


def _refuse_production() -> None:
    config: Config = current_app.config["OCOP"]
    if config.is_production:
        sys.exit("ocop: the demonstration data and sign-ins are refused when APP_ENV=production.")


def _password() -> str:
    """Give the password of the demo accounts: ``DEMO_PASSWORD``, or one made once and kept under ``var/``."""
    given = os.environ.get("DEMO_PASSWORD")
    if given:
        try:
            passwords.check_new(given)
        except DomainError as refusal:
            sys.exit(f"ocop: DEMO_PASSWORD: {refusal}")
        return given
    VAR.mkdir(exist_ok=True)
    path = VAR / "demo_password"
    if not path.exists():
        path.write_text(f"bato-{secrets.token_hex(4)}")
        path.chmod(0o600)
    return path.read_text()


@demo.command("load")
@click.option("--scale", type=click.IntRange(1, 1000), default=1, show_default=True, help="Times the sample products.")
@click.option("--if-empty", is_flag=True, help="Do nothing, and say nothing, when there are data already.")
def load(scale: int, if_empty: bool) -> None:
    """Load the Ba Tơ data set into an empty database."""
    config: Config = current_app.config["OCOP"]
    require_tables("ocop")
    if if_empty and (config.is_production or not loader.is_empty()):
        return
    _refuse_production()
    short_messages.use()  # the numbers of sample buyers are nobody's
    click.echo("Loading the Ba Tơ data set (about half a minute):", err=True)
    try:
        loader.load(
            password=_password(), now=clock.now(), scale=scale, say=lambda line: click.echo(f"  {line}", err=True)
        )
    except loader.NotEmpty as refusal:
        sys.exit(f"ocop: {refusal}")


@demo.command("sign-ins")
def sign_ins() -> None:
    """Print the demo accounts and their password."""
    config: Config = current_app.config["OCOP"]
    if config.is_production:
        return
    for person in data.read().people:
        click.echo(f"  {person.email}".ljust(28) + person.name)
    click.echo(f"  password: {_password()}   sign in at /dang-nhap")
    click.echo(f"  discount codes: {', '.join(discounts.usable())}   at the checkout")


@ledger.command("verify")
def verify() -> None:
    """Prove that movements and balances agree; name every difference, and fail if there is one."""
    require_tables("ledger")
    require_readable("ledger")
    differences = verification.verify()
    for line in differences:
        click.echo(line)
    if differences:
        sys.exit(f"ledger: {len(differences)} difference(s)")
    click.echo("ledger: movements and balances agree, 0 differences")


@trace.command("verify")
def verify_trace() -> None:
    """Prove that lots, events and stock agree; name every difference, and fail if there is one."""
    require_tables("trace")
    require_readable("trace")
    differences = [*agreement.verify(), *recalls.verify()]
    for line in differences:
        click.echo(line)
    if differences:
        sys.exit(f"trace: {len(differences)} difference(s)")
    click.echo("trace: lots, events and stock agree, 0 differences")


@books.command("verify")
def verify_books() -> None:
    """Prove that the journal adds up and agrees with orders and money; keep the result, and fail if not."""
    require_tables("books")
    require_readable("books")
    made = prove(now=clock.now())
    for line in made.differences:
        click.echo(line)
    if made.difference_count:
        sys.exit(f"books: {made.difference_count} difference(s)")
    click.echo(f"books: {made.entries} entries of {made.lines} lines add up and agree with orders, 0 differences")
