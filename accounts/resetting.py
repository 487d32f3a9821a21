"""A forgotten password: by a link in a letter, or by a code that an officer prints.

Nothing here tells whether there is an account: the request is taken for every name alike, and what it
leads to happens in a job. Both ways are used once, by one guarded step, and kept as digests only.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from accounts import passwords, signing_in
from accounts.actor import SYSTEM, Actor, Permission
from accounts.models import Organisation, ResetCode, User
from accounts.queries import NotYoursToManage, get_member, may_manage, memberships_of
from kernel import audit, jobs
from kernel.db import db
from kernel.errors import N_, Conflict, InvalidInput, NotAllowed

LINK_STANDS = timedelta(hours=2)
CODE_STANDS = timedelta(days=7)
MOST_TRIES = 5
#: One letter for one person in so long, however often it is asked for.
_ASKED_AGAIN = timedelta(minutes=10)
#: Crockford's base 32: no letter can be taken for another.
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_LENGTH = 8


class WrongCode(InvalidInput):
    message = N_("The name and the code do not match, or the code is too old. A code can be tried five times.")
    field = "code"


class LinkOver(Conflict):
    message = N_("This link was used or is too old. Please ask for a new one.")
    http_status = 410


class WiderReach(NotAllowed):
    message = N_(
        "This person also works in an organisation that your office is not set over: only the office over all of"
        " them may print a code."
    )


@dataclass(frozen=True)
class Attempt:
    """One try of a printed code: it was counted, and is compared next."""

    code_id: int | None  #: None: there is no such person, or they have no code that stands
    user_id: int
    digest: str
    name: str = ""
    email: str | None = None
    phone: str | None = None


# --- By letter --------------------------------------------------------------------------------------


def ask(identity: str, *, now: datetime) -> None:
    """Ask for a letter with a link, for whoever this telephone number or e-mail belongs to, if anybody."""
    name = signing_in.as_phone(identity) or identity.strip().lower()
    window = int(now.timestamp()) // int(_ASKED_AGAIN.total_seconds())
    dedupe = f"forgotten:{hashlib.sha256(name.encode()).hexdigest()[:32]}:{window}"
    jobs.enqueue("accounts.forgotten", now=now, dedupe=dedupe, identity=name)


def send_link(identity: str, *, now: datetime) -> None:
    """Write the letter that :func:`ask` asked for: nothing, where there is no account or no address."""
    user = signing_in.find_by_identity(identity)
    if user is None or not user.active or user.email is None:
        return
    token = secrets.token_urlsafe(32)
    db.session.add(
        ResetCode(
            user_id=user.id, way="email", digest=_link_digest(token), created_at=now, expires_at=now + LINK_STANDS
        )
    )
    jobs.enqueue(
        "mail.send",
        now=now,
        template="new_password",
        to=user.email,
        language=user.language,
        facts={"name": user.name, "path": f"/dat-lai-mat-khau/{token}"},
    )


def find_link(token: str, *, now: datetime) -> User:
    """Find the person whose link this is.

    :raises LinkOver: if it is none, was used, or is too old: all the same to whoever holds it
    """
    user = db.session.scalar(
        select(User)
        .join(ResetCode, ResetCode.user_id == User.id)
        .where(
            ResetCode.way == "email",
            ResetCode.digest == _link_digest(token),
            ResetCode.used_at.is_(None),
            ResetCode.expires_at > now,
            User.active,
        )
    )
    if user is None:
        raise LinkOver()
    return user


def use_link(token: str, password_hash: str, *, now: datetime) -> User:
    """Give the person whose link this is a new password; all their sessions end.

    :raises LinkOver: if it was used in the meantime, or is too old
    """
    user = find_link(token, now=now)
    used = db.session.execute(
        update(ResetCode)
        .where(ResetCode.digest == _link_digest(token), ResetCode.used_at.is_(None), ResetCode.expires_at > now)
        .values(used_at=now)
        .returning(ResetCode.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if used is None:
        raise LinkOver()
    _set_password(user, password_hash, way="email", now=now)
    return user


# --- By a printed code ------------------------------------------------------------------------------


def print_code(actor: Actor, organisation: Organisation, user_id: int, *, now: datetime) -> str:
    """Make a one-time code for a member of an organisation; earlier ones no longer work.

    :return: eight letters in two groups, "7K2Q-M90A": show it once, it is not kept
    :raises NotYoursToManage: if the actor may not
    :raises WiderReach: if the code would also open an organisation the actor may not manage
    """
    if not actor.may(Permission.MANAGE_ORGANISATIONS) or not may_manage(actor, organisation):
        raise NotYoursToManage()
    member = get_member(organisation, user_id)
    if actor is not SYSTEM and not all(may_manage(actor, other.organisation) for other in memberships_of(user_id)):
        raise WiderReach()
    end_codes(user_id, way="printed", now=now)
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))
    row = ResetCode(
        user_id=member.user_id,
        way="printed",
        digest=code_digest(user_id, letters),
        issued_by_id=actor.user_id,
        created_at=now,
        expires_at=now + CODE_STANDS,
    )
    db.session.add(row)
    db.session.flush()
    audit.record(actor, "accounts.print_code", f"user:{user_id}", now=now, organisation=organisation.code)
    return f"{letters[:4]}-{letters[4:]}"


def begin(identity: str, *, now: datetime) -> Attempt:
    """Count a try of a printed code, before anything is compared."""
    user = signing_in.find_by_identity(identity)
    counted = db.session.execute(
        update(ResetCode)
        .where(
            ResetCode.user_id == (user.id if user and user.active else -1),
            ResetCode.way == "printed",
            ResetCode.used_at.is_(None),
            ResetCode.expires_at > now,
            ResetCode.failed_tries < MOST_TRIES,
        )
        .values(failed_tries=ResetCode.failed_tries + 1)
        .returning(ResetCode.id, ResetCode.digest)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if counted is None or user is None:
        return Attempt(None, user.id if user else 0, "")
    return Attempt(counted[0], user.id, counted[1], user.name, user.email, user.us_phone_number)


def passes(attempt: Attempt, code: str) -> bool:
    """Compare the code. Slow by design, and as slow for nobody: call it outside of transactions."""
    return secrets.compare_digest(code_digest(attempt.user_id, _typed(code)), attempt.digest)


def use_code(attempt: Attempt, password_hash: str, *, now: datetime) -> User:
    """Give a person whose code was right a new password; all their sessions end.

    :raises WrongCode: if the code was used in the meantime
    """
    used = db.session.execute(
        update(ResetCode)
        .where(ResetCode.id == attempt.code_id, ResetCode.used_at.is_(None), ResetCode.expires_at > now)
        .values(used_at=now)
        .returning(ResetCode.user_id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if used is None:
        raise WrongCode()
    user = db.session.get_one(User, used[0], populate_existing=True)
    _set_password(user, password_hash, way="printed", now=now)
    return user


def forgive(attempt: Attempt) -> None:
    """Take back the counted try of somebody whose code was right and whose new password was not."""
    db.session.execute(
        update(ResetCode)
        .where(ResetCode.id == attempt.code_id)
        .values(failed_tries=ResetCode.failed_tries - 1)
        .execution_options(synchronize_session=False)
    )


# --- By the command line ----------------------------------------------------------------------------


def set_by_system(user: User, password_hash: str, *, now: datetime) -> None:
    """Give a person a new password from the command line; all their sessions end."""
    _set_password(user, password_hash, way="command line", now=now)


# --- Steps ------------------------------------------------------------------------------------------


def _set_password(user: User, password_hash: str, *, way: str, now: datetime) -> None:
    passwords.put(user, password_hash)
    end_codes(user.id, now=now)
    db.session.flush()
    audit.record(None, "accounts.reset_password", f"user:{user.id}", now=now, way=way)


def end_codes(user_id: int, *, way: str | None = None, now: datetime) -> None:
    """Make a person's links and codes (of one way, or all) worthless."""
    ways = ("email", "printed") if way is None else (way,)
    db.session.execute(
        update(ResetCode)
        .where(ResetCode.user_id == user_id, ResetCode.used_at.is_(None), ResetCode.way.in_(ways))
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )


def _link_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()  # 256 random bits need no slow hash


def code_digest(user_id: int, letters: str) -> str:
    """Digest a printed code slowly: it has 40 bits, which a fast hash would give away with the database."""
    return hashlib.scrypt(letters.encode(), salt=f"reset:{user_id}".encode(), n=2**14, r=8, p=1, dklen=32).hex()


def _typed(code: str) -> str:
    """Read a code as people type it: any case, spaces and hyphens between, o for 0, i or l for 1."""
    bare = "".join(char for char in code.upper() if char.isalnum())
    return bare.translate(str.maketrans("OIL", "011"))[:64]
