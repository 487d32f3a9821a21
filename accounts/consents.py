"""What organisations agreed to: per purpose, provable, and taken back as easily as given.

Source: Law 91/2025/QH15 on personal data, NĐ 356/2025/NĐ-CP: clear, for one purpose, no box ticked
beforehand, with the version of the text, the time and the way it was given.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, select, update

from accounts.actor import Actor
from accounts.models import Consent, Organisation
from kernel import audit
from kernel.db import db, lock
from kernel.errors import N_, InvalidInput

#: What may be agreed to: purpose → (version of the text, the text).
TEXTS: dict[str, tuple[str, str]] = {
    "officer_acts": (
        "2026-11",
        N_(
            "We agree that officers of the programme office enter and change our products, lots, papers and"
            " consignments for us. Each time the officer and the office are recorded beside our name. We may take"
            " this back at any time, in person, by telephone or in writing."
        ),
    ),
    "show_phone": (
        "2026-11",
        N_(
            "We agree that our telephone number is shown to everybody on our public pages. We may take this back"
            " at any time; it disappears at once."
        ),
    ),
    "show_coordinates": (
        "2026-11",
        N_(
            "We agree that this place is shown to everybody as a point on a map. We may take this back at any"
            " time; the point disappears at once."
        ),
    ),
    "show_woman_led": (
        "2026-11",
        N_(
            "We agree that everybody may see that we are led by a woman, and find our products by it. We may take this"
            " back at any time; it disappears at once."
        ),
    ),
    "show_minority_led": (
        "2026-11",
        N_(
            "We agree that everybody may see that we are led by a member of an ethnic minority, and find our products"
            " by it. We may take this back at any time; it disappears at once."
        ),
    ),
    "show_youth_led": (
        "2026-11",
        N_(
            "We agree that everybody may see that we are led by young people, and find our products by it. We may take"
            " this back at any time; it disappears at once."
        ),
    ),
}
#: By whom an organisation is led: the fact of it → the purpose under which it may be shown.
LED = {"woman_led": "show_woman_led", "minority_led": "show_minority_led", "youth_led": "show_youth_led"}
#: How it was given: by themselves on the screen; to an officer face to face, by telephone, on paper.
CHANNELS = ("screen", "direct", "phone", "paper")


class NoWay(InvalidInput):
    message = N_("Say how they agreed: face to face, by telephone or on paper.")
    field = "channel"


def text_of(purpose: str) -> str:
    """Give the text that is agreed to today for ``purpose`` (a msgid)."""
    return TEXTS[purpose][1]


def stands(organisation_id: int, purpose: str) -> bool:
    """Tell whether an organisation's consent to ``purpose`` stands now."""
    return bool(
        db.session.scalar(
            select(
                exists().where(
                    Consent.organisation_id == organisation_id,
                    Consent.purpose == purpose,
                    Consent.withdrawn_at.is_(None),
                )
            )
        )
    )


def give(
    actor: Actor, organisation: Organisation, purpose: str, *, channel: str, paper: str = "", now: datetime
) -> None:
    """Record that an organisation agrees; nothing new is written where its consent stands already.

    :param channel: one of ``CHANNELS``; "screen" only for the organisation itself
    :param paper: number of the signed paper, if there is one (no names)
    :raises NoWay: if the channel is none, or cannot be for this actor
    """
    itself = actor.organisation_id == organisation.id and actor.officer_organisation_id is None
    if channel not in CHANNELS or (channel == "screen" and not itself):
        raise NoWay()
    lock(organisation)
    if stands(organisation.id, purpose):
        return
    version, _ = TEXTS[purpose]
    db.session.add(
        Consent(
            organisation_id=organisation.id,
            purpose=purpose,
            text_version=version,
            channel=channel,
            given_by_id=actor.user_id,
            given_at=now,
            facts={"paper": paper} if paper else {},
        )
    )
    db.session.flush()
    audit.record(
        actor,
        "accounts.agree",
        f"organisation:{organisation.code}",
        now=now,
        purpose=purpose,
        text_version=version,
        channel=channel,
    )


def withdraw(actor: Actor, organisation: Organisation, purpose: str, *, now: datetime) -> None:
    """Take an organisation's consent back. Where none stands, nothing is to be done."""
    taken_back = db.session.execute(
        update(Consent)
        .where(
            Consent.organisation_id == organisation.id,
            Consent.purpose == purpose,
            Consent.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=now)
        .returning(Consent.id)
        .execution_options(synchronize_session=False)
    ).all()
    if taken_back:
        audit.record(actor, "accounts.disagree", f"organisation:{organisation.code}", now=now, purpose=purpose)
