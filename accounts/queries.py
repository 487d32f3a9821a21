"""Reads of organisations and people, scoped to the actor."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, exists, false, or_, select, true

from accounts.actor import SYSTEM, Actor
from accounts.models import Organisation, OrganisationKind, Place
from kernel.db import db
from kernel.errors import N_, NotFound
from kernel.models import AdministrativeUnit


class NoSuchOrganisation(NotFound):
    message = N_("There is no such organisation.")


def in_jurisdiction(actor: Actor, commune_code: ColumnElement[str] | Any) -> ColumnElement[bool]:
    """Say in SQL that a commune lies in the provinces or communes that ``actor``'s office looks after.

    :param commune_code: the column that holds the commune's code
    """
    if not actor.jurisdiction:
        return false()
    unit = AdministrativeUnit
    in_province = exists().where(
        unit.code == commune_code, unit.level == "commune", unit.parent_code.in_(actor.jurisdiction)
    )
    return or_(commune_code.in_(actor.jurisdiction), in_province)


def owned_by(actor: Actor, organisation_id: ColumnElement[int] | Any) -> ColumnElement[bool]:
    """Say in SQL that a row of the organisation in this column is the actor's own, or of its jurisdiction.

    The system sees all; an office its jurisdiction; a producer or sales point its own; others nothing.
    """
    if actor is SYSTEM:
        return true()
    if actor.is_office:
        owner = Organisation
        return exists().where(owner.id == organisation_id, in_jurisdiction(actor, owner.commune_code))
    if actor.organisation_id is not None:
        return organisation_id == actor.organisation_id
    return false()


def visible_to(actor: Actor) -> Select[Organisation]:
    """Select the organisations an actor may see in the back office: its own, or those of its jurisdiction."""
    if actor is SYSTEM:
        return select(Organisation)
    if actor.is_office:
        return select(Organisation).where(
            or_(in_jurisdiction(actor, Organisation.commune_code), Organisation.id == actor.organisation_id)
        )
    if actor.organisation_id is not None:
        return select(Organisation).where(Organisation.id == actor.organisation_id)
    return select(Organisation).where(false())


def get_organisation(actor: Actor, code: str) -> Organisation:
    """Find one organisation by its code.

    :raises NoSuchOrganisation: if there is none that the actor may see
    """
    found = db.session.scalar(visible_to(actor).where(Organisation.code == code))
    if found is None:
        raise NoSuchOrganisation(code=code)
    return found


def producers_for(actor: Actor) -> Select[Organisation]:
    """Select the active producers an actor may work for."""
    return (
        visible_to(actor)
        .where(Organisation.kind == OrganisationKind.PRODUCER, Organisation.is_active)
        .order_by(Organisation.sort_key, Organisation.id)
    )


def places_of(organisation_id: int) -> list[Place]:
    """List an organisation's places, oldest first."""
    return list(db.session.scalars(select(Place).where(Place.organisation_id == organisation_id).order_by(Place.id)))
