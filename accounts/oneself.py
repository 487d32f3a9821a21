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
