"""Reads of organisations and people, scoped to the actor."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, false, func, or_, select, true
from sqlalchemy.orm import aliased

from accounts.actor import SYSTEM, Actor, Permission
from accounts.models import (
    Consent,
    Invitation,
    Jurisdiction,
    Membership,
    Organisation,
    OrganisationKind,
    Place,
    Role,
    User,
)
from kernel import clock
from kernel.db import db
from kernel.errors import N_, NotAllowed, NotFound
from kernel.models import AdministrativeUnit, AuditEntry
from kernel.text import tokens


class NoSuchOrganisation(NotFound):
    message = N_("There is no such organisation.")


class NoSuchPlace(NotFound):
    message = N_("There is no such place.")


class NoSuchMember(NotFound):
    message = N_("There is no such person in this organisation.")


class NotYoursToManage(NotAllowed):
    message = N_("Only the organisation's own manager, or an office set over it, may change this.")


def in_jurisdiction(actor: Actor, commune_code: ColumnElement[str] | Any) -> ColumnElement[bool]:
    """Say in SQL that a commune lies in the provinces or communes that ``actor``'s office looks after.

    :param commune_code: the column that holds the commune's code
    """
    return within(actor.jurisdiction, commune_code)


def within(codes: Collection[str], commune_code: ColumnElement[str] | Any) -> ColumnElement[bool]:
    """Say in SQL that a commune is one of the units with these codes, or lies in one of them."""
    if not codes:
        return false()
    unit = aliased(AdministrativeUnit)  # the query around it may ask for units too
    in_province = exists().where(unit.code == commune_code, unit.level == "commune", unit.parent_code.in_(codes))
    return or_(commune_code.in_(codes), in_province)


def owned_by(actor: Actor, organisation_id: ColumnElement[int] | Any) -> ColumnElement[bool]:
    """Say in SQL that a row of the organisation in this column is the actor's own, or of its jurisdiction.

    The system sees all; an office its jurisdiction; a producer or sales point its own; others nothing.
    """
    if actor is SYSTEM:
        return true()
    if actor.is_office:
        owner = aliased(Organisation)  # the query around it may ask for organisations too
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


def asking_for_checkpoints() -> list[Organisation]:
    """List the active organisations that want the signed log by mail each day, and have an address."""
    return list(
        db.session.scalars(
            select(Organisation)
            .where(Organisation.wants_checkpoints, Organisation.is_active, Organisation.email.is_not(None))
            .order_by(Organisation.id)
        )
    )


def places_of(organisation_id: int) -> list[Place]:
    """List an organisation's places, oldest first."""
    return list(db.session.scalars(select(Place).where(Place.organisation_id == organisation_id).order_by(Place.id)))


# --- What may be managed ----------------------------------------------------------------------------


def covers(actor: Actor, unit_code: str) -> bool:
    """Tell whether a commune or province lies in what the actor's office looks after."""
    if actor is SYSTEM or unit_code in actor.jurisdiction:
        return True
    unit = AdministrativeUnit
    return bool(
        db.session.scalar(
            select(exists().where(unit.code == unit_code, unit.level == "commune", in_jurisdiction(actor, unit.code)))
        )
    )


def is_provincial(actor: Actor) -> bool:
    """Tell whether the actor's office looks after a whole province."""
    return actor is SYSTEM or has_province(actor.jurisdiction)


def has_province(codes: Iterable[str]) -> bool:
    """Tell whether a whole province is among the units with these codes."""
    unit = AdministrativeUnit
    return bool(db.session.scalar(select(exists().where(unit.code.in_(codes), unit.level == "province"))))


def looks_after_a_province() -> ColumnElement[bool]:
    """Say in SQL that an organisation looks after a whole province."""
    unit = AdministrativeUnit
    return exists().where(
        Jurisdiction.organisation_id == Organisation.id, unit.code == Jurisdiction.unit_code, unit.level == "province"
    )


def jurisdiction_of(organisation_id: int) -> list[str]:
    """List the codes of the units an office looks after, in order."""
    return list(
        db.session.scalars(
            select(Jurisdiction.unit_code)
            .where(Jurisdiction.organisation_id == organisation_id)
            .order_by(Jurisdiction.unit_code)
        )
    )


def may_manage(actor: Actor, organisation: Organisation) -> bool:
    """Tell whether the actor may change an organisation, its places and its people.

    Its own manager may; so may an office that looks after it. Offices and councils are managed by the
    manager of an office over a whole province that looks after all that they do: nobody can give
    themselves more by way of another office.
    """
    if actor is SYSTEM:
        return True
    if organisation.id == actor.organisation_id:
        return actor.may(Permission.MANAGE_OWN_PEOPLE)
    if not actor.may(Permission.MANAGE_ORGANISATIONS) or not covers(actor, organisation.commune_code):
        return False
    if organisation.kind in (OrganisationKind.PRODUCER, OrganisationKind.SALES_POINT):
        return True
    return (
        actor.role is Role.MANAGER
        and is_provincial(actor)
        and all(covers(actor, code) for code in jurisdiction_of(organisation.id))
    )


def get_manageable(actor: Actor, code: str) -> Organisation:
    """Find an organisation that the actor may change.

    :raises NoSuchOrganisation: if there is none that the actor may see
    :raises NotYoursToManage: if it may be seen, and no more
    """
    organisation = get_organisation(actor, code)
    if not may_manage(actor, organisation):
        raise NotYoursToManage()
    return organisation


def communes_for(actor: Actor, *, beside: str | None = None) -> list[AdministrativeUnit]:
    """List today's communes in which the actor may place something, in Vietnamese order.

    An office: those it looks after; others: those of their own province.

    :param beside: a commune whose whole province is wanted too (a place may lie outside the jurisdiction)
    """
    unit = AdministrativeUnit
    query = select(unit).where(unit.level == "commune", unit.valid_until.is_(None))
    if not actor.is_office and actor is not SYSTEM:
        beside = db.session.scalar(select(Organisation.commune_code).where(Organisation.id == actor.organisation_id))
    wanted: list[ColumnElement[bool]] = [true() if actor is SYSTEM else in_jurisdiction(actor, unit.code)]
    if beside is not None:
        here = select(unit.parent_code).where(unit.code == beside, unit.valid_until.is_(None)).scalar_subquery()
        wanted.append(unit.parent_code == here)
    return list(db.session.scalars(query.where(or_(*wanted)).order_by(unit.sort_key, unit.code)))


def units_of(organisation_id: int) -> list[AdministrativeUnit]:
    """List the units an office looks after, provinces first, in Vietnamese order."""
    unit = AdministrativeUnit
    return list(
        db.session.scalars(
            select(unit)
            .join(
                Jurisdiction, (Jurisdiction.unit_code == unit.code) & (Jurisdiction.unit_valid_from == unit.valid_from)
            )
            .where(Jurisdiction.organisation_id == organisation_id)
            .order_by(unit.level.desc(), unit.sort_key, unit.code)
        )
    )


def name_of_unit(code: str) -> str:
    """Give the kind and name of a unit of today; its code when there is none."""
    unit = AdministrativeUnit
    found = db.session.scalar(select(unit).where(unit.code == code, unit.valid_until.is_(None)))
    return found.full_name if found else code


def units_for_jurisdiction(actor: Actor) -> list[AdministrativeUnit]:
    """List today's provinces and communes an office may put under another one, provinces first."""
    unit = AdministrativeUnit
    return list(
        db.session.scalars(
            select(unit)
            .where(
                unit.valid_until.is_(None),
                unit.level.in_(("province", "commune")),
                or_(unit.code.in_(actor.jurisdiction), in_jurisdiction(actor, unit.code)),
            )
            .order_by(unit.level.desc(), unit.sort_key, unit.code)
        )
    )


# --- Lists ------------------------------------------------------------------------------------------


def organisations_found(
    actor: Actor, *, words: str = "", kind: OrganisationKind | None = None, active: bool | None = None
) -> Select[Organisation]:
    """Select the organisations an actor may see that a search finds: by folded name, code or commune."""
    query = visible_to(actor)
    for token in tokens(words):
        query = query.where(Organisation.search.like(f"% {token}%"))
    if words.strip() and not tokens(words):
        query = query.where(false())
    if kind is not None:
        query = query.where(Organisation.kind == kind)
    if active is not None:
        query = query.where(Organisation.is_active == active)
    return query


def get_place(organisation: Organisation, place_id: int) -> Place:
    """Find a place of an organisation.

    :raises NoSuchPlace: if it has none of this id
    """
    place = db.session.scalar(select(Place).where(Place.organisation_id == organisation.id, Place.id == place_id))
    if place is None:
        raise NoSuchPlace()
    return place


def members_of(organisation_id: int) -> list[Membership]:
    """List the members of an organisation with their persons, oldest first."""
    return list(
        db.session.scalars(
            select(Membership).where(Membership.organisation_id == organisation_id).order_by(Membership.id)
        )
    )


def get_member(organisation: Organisation, user_id: int) -> Membership:
    """Find a member of an organisation.

    :raises NoSuchMember: if the person is none
    """
    found = db.session.scalar(
        select(Membership).where(Membership.organisation_id == organisation.id, Membership.user_id == user_id)
    )
    if found is None:
        raise NoSuchMember()
    return found


def memberships_of(user_id: int) -> list[Membership]:
    """List the active organisations a person works in, oldest membership first."""
    return list(
        db.session.scalars(
            select(Membership)
            .join(Organisation, Organisation.id == Membership.organisation_id)
            .where(Membership.user_id == user_id, Organisation.is_active)
            .order_by(Membership.id)
        )
    )


def open_invitations(organisation_id: int) -> list[Invitation]:
    """List the invitations of an organisation that were neither accepted nor withdrawn, newest first."""
    return list(
        db.session.scalars(
            select(Invitation)
            .where(
                Invitation.organisation_id == organisation_id,
                Invitation.accepted_at.is_(None),
                Invitation.withdrawn_at.is_(None),
            )
            .order_by(Invitation.id.desc())
        )
    )


def consents_of(organisation_id: int) -> list[Consent]:
    """List what an organisation agreed to, newest first, taken back or not."""
    return list(
        db.session.scalars(
            select(Consent).where(Consent.organisation_id == organisation_id).order_by(Consent.id.desc())
        )
    )


def audit_trail(
    actor: Actor,
    *,
    organisation_code: str = "",
    action: str = "",
    subject: str = "",
    from_day: date | None = None,
    until_day: date | None = None,
) -> Select[*tuple[Any, ...]]:
    """Select lines of the audit trail an actor may read: of its own organisation, or of its jurisdiction.

    Columns: AuditEntry, names of the organisation it was done for (``organisation_vi``, ``organisation_en``) and of
    the officer's (``office_vi``, ``office_en``), and of the ``person``; None where there is none.

    :param action: an action ("catalog.submit") or a part ("catalog")
    :param until_day: the last day shown
    """
    office = aliased(Organisation)
    query: Select[*tuple[Any, ...]] = (
        select(
            AuditEntry,
            Organisation.name_vi.label("organisation_vi"),
            Organisation.name_en.label("organisation_en"),
            office.name_vi.label("office_vi"),
            office.name_en.label("office_en"),
            User.name.label("person"),
        )
        .outerjoin(Organisation, Organisation.id == AuditEntry.organisation_id)
        .outerjoin(office, office.id == AuditEntry.officer_organisation_id)
        .outerjoin(User, User.id == AuditEntry.user_id)
        .where(_of_trail(actor))
    )
    if organisation_code:
        query = query.where(Organisation.code == organisation_code)
    if action:
        in_part = AuditEntry.action.startswith(action + ".", autoescape=True)
        query = query.where(or_(AuditEntry.action == action, in_part))
    if subject:
        query = query.where(AuditEntry.subject == subject)
    if from_day is not None:
        query = query.where(AuditEntry.at >= clock.start_of_day(from_day))
    if until_day is not None:
        query = query.where(AuditEntry.at < clock.next_midnight(clock.start_of_day(until_day)))
    return query.order_by(AuditEntry.id.desc())


def actions_in_trail(actor: Actor) -> list[str]:
    """List the actions in the lines of the trail an actor may read, in order."""
    return list(
        db.session.scalars(select(AuditEntry.action).where(_of_trail(actor)).distinct().order_by(AuditEntry.action))
    )


def _of_trail(actor: Actor) -> ColumnElement[bool]:
    return or_(owned_by(actor, AuditEntry.organisation_id), AuditEntry.organisation_id == actor.organisation_id)


def count_managers(organisation_id: int) -> int:
    """Count the managers of an organisation whose accounts are active."""
    return int(
        db.session.scalar(
            select(func.count())
            .select_from(Membership)
            .join(User, User.id == Membership.user_id)
            .where(Membership.organisation_id == organisation_id, Membership.role == Role.MANAGER, User.active)
        )
        or 0
    )
