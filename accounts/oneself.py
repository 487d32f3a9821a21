"""What everybody may change of themselves: name, language of letters, password; ending one's sessions."""

from __future__ import annotations

from datetime import datetime

from accounts import passwords, resetting
from accounts.actor import Actor
from accounts.models import User
from kernel import audit
from kernel.db import lock
from kernel.errors import N_, InvalidInput


class WrongPassword(InvalidInput):
    message = N_("This is not your present password.")
    field = "present"


def change(actor: Actor, user: User, *, name: str, language: str, now: datetime) -> None:
    """Change one's name and the language one is written to in ("vi" or "en")."""
    lock(user)
    user.name, user.language = name, language
    audit.record(actor, "accounts.change_self", f"user:{user.id}", now=now)


def new_password(user: User, present: str, password: str) -> str:
    """Check what somebody typed to change their own password; give the hash of the new one.

    Hashing is slow on purpose: it is done here, outside any transaction.

    :raises WrongPassword: and what :func:`accounts.passwords.check_new` raises
    """
    if not passwords.matches(user.password, present):
        raise WrongPassword()
    passwords.check_new(password, name=user.name, email=user.email, phone=user.us_phone_number)
    return passwords.hashed(password)


def change_password(actor: Actor, user: User, password_hash: str, *, now: datetime) -> None:
    """Give oneself a new password: all sessions end, and links and codes on their way are worthless.

    Whether the person knows the present one is asked before, outside the transaction.
    """
    lock(user)
    passwords.put(user, password_hash)
    resetting.end_codes(user.id, now=now)
    audit.record(actor, "accounts.change_password", f"user:{user.id}", now=now)


def end_sessions(actor: Actor, user: User, *, now: datetime) -> None:
    """End all sessions of oneself: a telephone was lost, a browser was left open."""
    lock(user)
    passwords.end_sessions(user)
    audit.record(actor, "accounts.end_sessions", f"user:{user.id}", now=now)
