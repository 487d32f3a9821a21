"""The audit trail: who did what, on whose behalf, to which document."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from kernel.db import adding, db
from kernel.models import AuditEntry


class Doer(Protocol):
    """What the trail needs of an actor (``accounts.actor.Actor`` is one)."""

    @property
    def user_id(self) -> int | None: ...

    @property
    def organisation_id(self) -> int | None: ...

    @property
    def officer_organisation_id(self) -> int | None: ...


def record(actor: Doer | None, action: str, subject: str, *, now: datetime, **facts: object) -> None:
    """Write one line of the trail in the caller's transaction.

    :param actor: who did it; None for the system itself
    :param action: part and verb, "catalog.submit"
    :param subject: kind and number of the document, "product:12"
    :param facts: ids, codes, quantities (JSON values); no names, no telephone numbers
    """
    db.session.execute(
        _LINE,
        {
            "at": now,
            "user_id": actor.user_id if actor else None,
            "organisation_id": actor.organisation_id if actor else None,
            "officer_organisation_id": actor.officer_organisation_id if actor else None,
            "action": action,
            "subject": subject,
            "facts": facts,
        },
    )


_LINE = adding(AuditEntry)
