"""Checking who someone is: by telephone number or e-mail, and password.

A sign-in is three steps, so that the slow comparison holds no lock: :func:`begin` counts the try before
anything is compared (a hundred tries at once are a hundred tries), :func:`passes` compares, and
:func:`complete` forgets the count again. Whether there is such a person shows neither in the words nor in
the time it takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import phonenumbers
from sqlalchemy import case, or_, select, update

from accounts import passwords
from accounts.models import User
from accounts.passwords import HASHER
from kernel.db import db
from kernel.errors import N_, InvalidInput

#: After so many wrong passwords in a row an account rests.
MOST_TRIES = 5
REST = timedelta(minutes=15)


class Refused(InvalidInput):
    message = N_("The telephone number or e-mail and the password do not match.")


@dataclass(frozen=True)
class Attempt:
    """One try to sign in: it was counted, and is compared next."""

    user_id: int | None  #: None: there is no such person, or their account rests now
    password_hash: str | None


def find_by_session(uniquifier: str) -> User | None:
    """Find the active person whom a session names."""
    return db.session.scalar(select(User).where(User.fs_uniquifier == uniquifier, User.active))


def find_by_identity(identity: str) -> User | None:
    """Find a person by telephone number (any common way of writing it) or e-mail (any case)."""
    identity = identity.strip()
    if "@" in identity:
        return db.session.scalar(select(User).where(User.email == identity.lower()))
    phone = as_phone(identity)
    return db.session.scalar(select(User).where(User.us_phone_number == phone)) if phone else None


def as_phone(text: str) -> str | None:
    """Write a telephone number as E.164 (+84905123456), or give None when it is none."""
    try:
        number = phonenumbers.parse(text, "VN")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def phone_as_written(phone: str) -> str:
    """Write an E.164 number as people here do: 0905 123 456; one of another country with its +."""
    number = phonenumbers.parse(phone, "VN")
    form = phonenumbers.PhoneNumberFormat
    at_home = number.country_code == 84
    return str(phonenumbers.format_number(number, form.NATIONAL if at_home else form.INTERNATIONAL))


def begin(identity: str, *, now: datetime) -> Attempt:
    """Count a try to sign in, before anything is compared."""
    user = find_by_identity(identity)
    tries = User.failed_sign_ins + 1
    counted = db.session.execute(
        update(User)
        .where(
            User.id == (user.id if user else -1),  # an unknown name takes the same statements
            User.active,
            or_(User.locked_until.is_(None), User.locked_until <= now),
        )
        .values(
            failed_sign_ins=tries,
            locked_until=case((tries % MOST_TRIES == 0, now + REST), else_=User.locked_until),
        )
        .returning(User.id, User.password)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return Attempt(None, None) if counted is None else Attempt(counted[0], counted[1])


def passes(attempt: Attempt, password: str) -> bool:
    """Compare the password. Slow by design, and as slow for nobody: call it outside of transactions."""
    return passwords.matches(attempt.password_hash, password)


def complete(attempt: Attempt, *, now: datetime) -> User:
    """Let a person in whose password was right: the count of wrong ones starts anew.

    :raises Refused: if they were made inactive or given another password in the meantime
    """
    done = db.session.execute(
        update(User)
        .where(User.id == attempt.user_id, User.active, User.password == attempt.password_hash)
        .values(failed_sign_ins=0, locked_until=None, last_signed_in_at=now)
        .returning(User.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if done is None:
        raise Refused()
    return db.session.get_one(User, done[0], populate_existing=True)


__all__ = [
    "HASHER",
    "Attempt",
    "Refused",
    "as_phone",
    "begin",
    "complete",
    "find_by_identity",
    "find_by_session",
    "passes",
    "phone_as_written",
]
