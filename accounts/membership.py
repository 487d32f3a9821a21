"""People in organisations: what a person may do where."""

from __future__ import annotations

from sqlalchemy import select

from accounts.actor import ANONYMOUS, GRANTS, Actor, Permission
from accounts.models import Jurisdiction, Membership, Organisation, OrganisationKind, User
from accounts.queries import producers_for
from kernel.db import db


def actor_of(user_id: int, *, organisation_id: int | None = None, acting_for_id: int | None = None) -> Actor:
    """Make the actor of a signed-in person.

    :param organisation_id: which of their organisations they work in now; the first when None or not theirs
    :param acting_for_id: the producer an officer works for now; ignored unless their office may
    :return: ``ANONYMOUS`` for a person who is no longer active or a member of nothing
    """
    rows = db.session.execute(
        select(Membership.role, Organisation, User.name)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .join(User, User.id == Membership.user_id)
        .where(Membership.user_id == user_id, User.active, Organisation.is_active)
        .order_by(Membership.id)
    ).all()
    if not rows:
        return ANONYMOUS
    role, organisation, name = next((row for row in rows if row[1].id == organisation_id), rows[0])
    jurisdiction = tuple(
        db.session.scalars(
            select(Jurisdiction.unit_code)
            .where(Jurisdiction.organisation_id == organisation.id)
            .order_by(Jurisdiction.unit_code)
        )
        if organisation.kind in (OrganisationKind.OFFICE, OrganisationKind.COUNCIL)
        else ()
    )
    own = Actor(
        user_id=user_id,
        user_name=name,
        organisation_id=organisation.id,
        organisation_code=organisation.code,
        organisation_name=organisation.name_vi,
        kind=organisation.kind,
        role=role,
        permissions=GRANTS[organisation.kind, role],
        jurisdiction=jurisdiction,
    )
    if acting_for_id is None or not own.may(Permission.ACT_FOR_PRODUCERS):
        return own
    return _acting(own, acting_for_id) or own


def _acting(officer: Actor, producer_id: int) -> Actor | None:
    producer = db.session.scalar(producers_for(officer).where(Organisation.id == producer_id))
    if producer is None or officer.role is None:
        return None
    return Actor(
        user_id=officer.user_id,
        user_name=officer.user_name,
        organisation_id=producer.id,
        organisation_code=producer.code,
        organisation_name=producer.name_vi,
        kind=OrganisationKind.PRODUCER,
        role=officer.role,
        permissions=GRANTS[OrganisationKind.PRODUCER, officer.role] - {Permission.MANAGE_OWN_PEOPLE},
        officer_organisation_id=officer.organisation_id,
    )
