"""One-time links that prove who reads the letters to an e-mail address. Kept as digests, used by one guarded step."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from accounts.models import EmailLink, EmailProof, User
from accounts.resetting import LinkOver
from kernel.db import db

STANDS = timedelta(hours=24)


def make(email: str, *, user_id: int | None = None, now: datetime) -> str:
    """Make a link for an address; gives its token, of which only a digest is kept.

    :param user_id: whose account it is to be proved for; None: for a new account
    """
    token = secrets.token_urlsafe(32)
    db.session.add(
        EmailLink(digest=_digest(token), email=email.lower(), user_id=user_id, created_at=now, expires_at=now + STANDS)
    )
    return token


def find(token: str, *, now: datetime) -> EmailLink:
    """Find a link that can still be used.

    :raises LinkOver: if it is none, was used, or is too old: all the same to whoever holds it
    """
    found = db.session.scalar(
        select(EmailLink).where(
            EmailLink.digest == _digest(token), EmailLink.used_at.is_(None), EmailLink.expires_at > now
        )
    )
    if found is None:
        raise LinkOver()
    return found


def use(token: str, *, now: datetime) -> EmailLink:
    """Use a link up: of two at once, one finds it used.

    :raises LinkOver:
    """
    link = find(token, now=now)
    used = db.session.execute(
        update(EmailLink)
        .where(EmailLink.id == link.id, EmailLink.used_at.is_(None))
        .values(used_at=now)
        .returning(EmailLink.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if used is None:
        raise LinkOver()
    return link


def prove(user: User, email: str, *, now: datetime) -> None:
    """Write down that a person reads the letters to an address."""
    proof = db.session.get(EmailProof, user.id)
    if proof is None:
        db.session.add(EmailProof(user_id=user.id, email=email, proved_at=now))
    else:
        proof.email, proof.proved_at = email, now
    db.session.flush()


def is_proved(user: User) -> bool:
    """Tell whether the address of an account is proved."""
    proof = db.session.get(EmailProof, user.id)
    return proof is not None and proof.email == user.email


def forget_old(now: datetime) -> None:
    """Drop links that were used or are too old, with the addresses in them."""
    db.session.execute(delete(EmailLink).where((EmailLink.expires_at < now) | EmailLink.used_at.is_not(None)))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()  # 256 random bits need no slow hash
