"""``flask offices …``, ``users …`` and ``keys …``: the first office, accounts and keys from the command line."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from accounts import keys as api_keys
from accounts import membership, organisations, passwords, resetting, signing_in
from accounts.actor import SYSTEM
from accounts.models import LegalForm, OrganisationKind, Role
from accounts.organisations import Profile
from accounts.queries import get_organisation
from app.commands.tables import require_tables
from kernel import clock
from kernel.db import transaction
from kernel.errors import DomainError

offices = AppGroup("offices", help="Programme offices: the first one of a new site.")


@offices.command("create")
@click.option("--code", required=True, help="4 to 6 small letters and digits; never changes.")
@click.option("--name", required=True, help="Its name in Vietnamese.")
@click.option("--commune", required=True, help="Code of the commune it sits in (danh mục hành chính).")
@click.option("--looks-after", "units", required=True, multiple=True, help="Code of a province or commune; repeatable.")
def create_office(code: str, name: str, commune: str, units: tuple[str, ...]) -> None:
    """Enter a programme office. It enters all other organisations on its screens."""
    require_tables("offices")
    now = clock.now()
    profile = Profile(legal_form=LegalForm.PUBLIC_BODY, name_vi=name, commune=commune)
    try:
        with transaction():
            office = organisations.register(SYSTEM, code=code, kind=OrganisationKind.OFFICE, profile=profile, now=now)
            organisations.set_jurisdiction(SYSTEM, office, units, now=now)
    except DomainError as refusal:
        raise click.ClickException(str(refusal)) from None
    click.echo(f"{office.name_vi} is entered as {code}. Next:  users create --organisation {code} --role manager …")


users = AppGroup("users", help="People who sign in.")


@users.command("create")
@click.option("--name", required=True, help="The person's name.")
@click.option("--email", help="E-mail address to sign in with.")
@click.option("--phone", help="Telephone number to sign in with.")
@click.option("--organisation", "code", required=True, help="Code of the organisation they work in.")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.STAFF.value, show_default=True)
@click.option("--password", help="The password; others on this machine can read it while the command runs.")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
def create_user(
    name: str,
    email: str | None,
    phone: str | None,
    code: str,
    role: str,
    password: str | None,
    password_stdin: bool,
) -> None:
    """Make an account and a membership. The password is asked for when no option gives it."""
    require_tables("users")
    if not email and not phone:
        raise click.UsageError("Give --email or --phone.")
    number = signing_in.as_phone(phone) if phone else None
    if phone and number is None:
        raise click.BadParameter(f"{phone!r} is not a telephone number.", param_hint="--phone")
    try:
        made = _hashed(_password(password, password_stdin), name=name, email=email, phone=number)
        now = clock.now()
        with transaction():
            organisation = get_organisation(SYSTEM, code)
            user = membership.enrol(
                name=name, email=email.strip().lower() if email else None, phone=number, password_hash=made, now=now
            )
            membership.add(organisation, user, Role(role), now=now)
    except DomainError as refusal:
        raise click.ClickException(str(refusal)) from None
    click.echo(f"{name} can sign in with {email or number} and works in {code} as {role}.")


@users.command("reset-password")
@click.argument("identity")
@click.option("--password", help="The new password; others on this machine can read it while the command runs.")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
def reset_password(identity: str, password: str | None, password_stdin: bool) -> None:
    """Give the person with this e-mail or telephone number a new password; all their sessions end."""
    require_tables("users")
    user = signing_in.find_by_identity(identity)
    if user is None:
        raise click.ClickException(f"Nobody signs in with {identity!r}.")
    try:
        made = _hashed(
            _password(password, password_stdin), name=user.name, email=user.email, phone=user.us_phone_number
        )
        with transaction():
            resetting.set_by_system(user, made, now=clock.now())
    except DomainError as refusal:
        raise click.ClickException(str(refusal)) from None
    click.echo(f"{user.name} has a new password.")


keys = AppGroup("keys", help="Bearer keys of organisations, for programs.")


@keys.command("create")
@click.option("--organisation", "code", required=True, help="Code of the organisation the key is for.")
@click.option("--scope", required=True, help="What it is for: epcis:capture or epcis:query.")
def create_key(code: str, scope: str) -> None:
    """Make a key and print it alone on the last line. It is shown this once."""
    require_tables("keys")
    try:
        with transaction():
            key = api_keys.create(SYSTEM, get_organisation(SYSTEM, code), scope=scope, now=clock.now())
    except DomainError as refusal:
        raise click.ClickException(str(refusal)) from None
    click.echo(f"A key of {code} for {scope}. Keep it now: it is not shown again.", err=True)
    click.echo(key)


def _password(given: str | None, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if given is not None:
        return given
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


def _hashed(password: str, *, name: str, email: str | None, phone: str | None) -> str:
    passwords.check_new(password, name=name, email=email, phone=phone)
    return passwords.hashed(password)
