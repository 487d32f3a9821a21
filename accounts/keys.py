"""Bearer keys for programs of an organisation: shown once, kept as a digest, revoked at once."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from sqlalchemy import select, update

from accounts.actor import Actor
from accounts.models import ApiKey, Organisation, OrganisationKind
from accounts.queries import jurisdiction_of
from kernel import audit
from kernel.db import db
from kernel.errors import N_, InvalidInput, NotFound

#: So that a key found in a log or a repository is recognised for what it is.
PREFIX = "ocop_"
#: What a key can be for. Each is asked for by the interface it opens.
SCOPES = ("epcis:capture", "epcis:query")


class BadScope(InvalidInput):
    message = N_("There is no such scope. A key is for one of: %(scopes)s.")
    field = "scope"


class NoSuchKey(NotFound):
    message = N_("There is no such key.")


def create(actor: Actor, organisation: Organisation, *, scope: str, now: datetime) -> str:
    """Make a key of an organisation for one scope.

    :return: the key itself, which is kept nowhere: show it once
    :raises BadScope: if there is no such scope
    """
    if scope not in SCOPES:
        raise BadScope(scopes=", ".join(SCOPES))
    key = PREFIX + secrets.token_urlsafe(32)
    row = ApiKey(organisation_id=organisation.id, scope=scope, digest=_digest(key), hint=key[-4:], created_at=now)
    db.session.add(row)
    db.session.flush()
    audit.record(actor, "accounts.create_key", f"key:{row.id}", now=now, organisation=organisation.code, scope=scope)
    return key


def find_by_key(key: str) -> ApiKey | None:
    """Find the row of a key that stands, or None. Its organisation may be inactive: ask it."""
    if not key.startswith(PREFIX):
        return None
    return db.session.scalar(select(ApiKey).where(ApiKey.digest == _digest(key), ApiKey.revoked_at.is_(None)))


def actor_of(key: ApiKey) -> Actor:
    """Make the actor of a program that asks with a key: its organisation's, without the permissions of a person."""
    organisation = key.organisation
    looks_after = organisation.kind in (OrganisationKind.OFFICE, OrganisationKind.COUNCIL)
    return Actor(
        user_id=None,
        user_name="key",
        organisation_id=organisation.id,
        organisation_code=organisation.code,
        organisation_name_vi=organisation.name_vi,
        organisation_name_en=organisation.name_en,
        kind=organisation.kind,
        role=None,
        jurisdiction=tuple(jurisdiction_of(organisation.id)) if looks_after else (),
    )


def revoke(actor: Actor, key_id: int, *, now: datetime) -> None:
    """Make a key worthless at once.

    :raises NoSuchKey: if there is none that stands
    """
    revoked = db.session.execute(
        update(ApiKey)
        .where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(ApiKey.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if revoked is None:
        raise NoSuchKey()
    audit.record(actor, "accounts.revoke_key", f"key:{key_id}", now=now)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()  # 256 random bits need no slow hash
