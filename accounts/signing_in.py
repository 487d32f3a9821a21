"""Checking who someone is: by telephone number or e-mail, and password (Argon2id)."""

from __future__ import annotations

from datetime import datetime

import phonenumbers
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select

from accounts.models import User
from kernel.db import db
from kernel.errors import N_, InvalidInput

#: OWASP's parameters: 19 MiB, 2 passes, 1 lane; about 40 ms. The default takes 64 MiB and 200 ms a try.
HASHER = PasswordHasher(memory_cost=19_456, time_cost=2, parallelism=1)


class Refused(InvalidInput):
    message = N_("The telephone number or e-mail and the password do not match.")


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


def check(identity: str, password: str, *, now: datetime) -> User:
    """Check a password.

    :raises Refused: with the same words whether or not there is such a person
    """
    user = find_by_identity(identity)
    try:
        HASHER.verify(user.password if user and user.password else _NOBODY, password)
    except (VerificationError, InvalidHashError):
        raise Refused() from None
    if user is None or not user.active:
        raise Refused()
    user.last_signed_in_at = now
    return user


_NOBODY = HASHER.hash("nobody has this password")  # so that an unknown name takes as long
