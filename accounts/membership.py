"""People in organisations: inviting, accepting, changing roles, removing; what a person may do where."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select, update

from accounts import consents, passwords, signing_in
from accounts.actor import ANONYMOUS, GRANTS, Actor, Permission, granted
from accounts.models import Invitation, Membership, Organisation, OrganisationKind, Role, User
from accounts.queries import NoSuchMember, NotYoursToManage, has_province, jurisdiction_of, may_manage, producers_for
from kernel import audit, jobs
from kernel.db import db, for_update
from kernel.errors import N_, Conflict, InvalidInput, NotFound
from kernel.text import one_line

LONGEST_NAME = 120  #: signs of a person's name

#: How long an invitation may be accepted.
INVITED_FOR = timedelta(days=14)


class NoSuchInvitation(NotFound):
    message = N_("There is no such invitation. Please look at the link again, or ask for a new one.")


class InvitationOver(Conflict):
    message = N_("This invitation is over. Please ask the person who invited you for a new one.")
    http_status = 410


class InvitationExpired(InvitationOver):
    message = N_("This invitation has expired. Please ask the person who invited you for a new one.")


class InvitationUsed(InvitationOver):
    message = N_("This invitation was used. If it was you, simply sign in.")


class InvitationWithdrawn(InvitationOver):
    message = N_("This invitation was withdrawn. Please ask the person who invited you.")


class AlreadyMember(Conflict):
    message = N_("This person already works in this organisation.")


class NoPersonName(InvalidInput):
    message = N_("Please enter the person's name.")
    field = "name"


class PersonNameTooLong(InvalidInput):
    message = N_("Please keep the name within %(most)s signs.")
    field = "name"


class BadEmail(InvalidInput):
    message = N_("This is not an e-mail address.")
    field = "email"


class InvitedAnother(Conflict):
    message = N_(
        "This invitation was written to somebody else. Sign in with the account it was sent to, or ask for one of your"
        " own."
    )


class IdentityTaken(InvalidInput):
    message = N_("There is an account with this already. Sign in with it first, then open the invitation again.")


class PhoneTaken(IdentityTaken):
    field = "phone"


class EmailTaken(IdentityTaken):
    field = "email"


class NoIdentity(InvalidInput):
    message = N_("A telephone number or an e-mail address is needed to sign in with.")
    field = "phone"


class LastManager(Conflict):
    message = N_("An organisation needs a manager: make somebody else one first.")


# --- Who is asking ----------------------------------------------------------------------------------


def actor_of(user_id: int, *, organisation_id: int | None = None, acting_for_id: int | None = None) -> Actor:
    """Make the actor of a signed-in person.

    :param organisation_id: which of their organisations they work in now; the first when None or not theirs
    :param acting_for_id: the producer an officer works for now; ignored unless their office may, and the
        producer's consent stands
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
    looks_after = organisation.kind in (OrganisationKind.OFFICE, OrganisationKind.COUNCIL)
    codes = tuple(jurisdiction_of(organisation.id)) if looks_after else ()
    own = Actor(
        user_id=user_id,
        user_name=name,
        organisation_id=organisation.id,
        organisation_code=organisation.code,
        organisation_name_vi=organisation.name_vi,
        organisation_name_en=organisation.name_en,
        kind=organisation.kind,
        role=role,
        permissions=granted(organisation.kind, role, is_provincial=looks_after and has_province(codes)),
        jurisdiction=codes,
    )
    if acting_for_id is None or not own.may(Permission.ACT_FOR_PRODUCERS):
        return own
    return _acting(own, acting_for_id) or own


def _acting(officer: Actor, producer_id: int) -> Actor | None:
    producer = db.session.scalar(producers_for(officer).where(Organisation.id == producer_id))
    if producer is None or officer.role is None or not consents.stands(producer.id, "officer_acts"):
        return None
    return Actor(
        user_id=officer.user_id,
        user_name=officer.user_name,
        organisation_id=producer.id,
        organisation_code=producer.code,
        organisation_name_vi=producer.name_vi,
        organisation_name_en=producer.name_en,
        kind=OrganisationKind.PRODUCER,
        role=officer.role,
        permissions=GRANTS[OrganisationKind.PRODUCER, officer.role] - {Permission.MANAGE_OWN_PEOPLE},
        officer_organisation_id=officer.organisation_id,
    )


# --- Inviting and accepting -------------------------------------------------------------------------


def invite(
    actor: Actor,
    organisation: Organisation,
    *,
    name: str,
    role: Role,
    email: str | None = None,
    phone: str | None = None,
    language: str = "vi",
    now: datetime,
) -> str:
    """Invite a person to an organisation; a letter with the link goes out if there is an address.

    :return: the token of the link, of which only a digest is kept
    :raises NotYoursToManage: if the actor may not
    :raises AlreadyMember: if somebody with this address or number works there
    """
    if not may_manage(actor, organisation):
        raise NotYoursToManage()
    for identity in filter(None, (email, phone)):
        user = signing_in.find_by_identity(identity)
        if user is not None and _membership(user.id, organisation.id) is not None:
            raise AlreadyMember()
    token = secrets.token_urlsafe(32)
    invitation = Invitation(
        token_digest=_digest(token),
        organisation_id=organisation.id,
        role=role,
        name=name,
        email=email,
        phone=phone,
        invited_by_id=actor.user_id,
        created_at=now,
        expires_at=now + INVITED_FOR,
    )
    db.session.add(invitation)
    db.session.flush()
    if email is not None:
        jobs.enqueue(
            "mail.send",
            now=now,
            template="invitation",
            to=email,
            language=language,
            facts={"name": name, "organisation": organisation.name_vi, "path": f"/loi-moi/{token}"},
        )
    audit.record(
        actor,
        "accounts.invite",
        f"invitation:{invitation.id}",
        now=now,
        organisation=organisation.code,
        role=role.value,
    )
    return token


def withdraw(actor: Actor, organisation: Organisation, invitation_id: int, *, now: datetime) -> None:
    """Take an invitation back before it is accepted.

    :raises NoSuchInvitation: if the organisation has none of this id
    :raises InvitationUsed: if it was accepted before
    """
    if not may_manage(actor, organisation):
        raise NotYoursToManage()
    invitation = db.session.scalar(
        for_update(
            select(Invitation).where(Invitation.id == invitation_id, Invitation.organisation_id == organisation.id)
        )
    )
    if invitation is None:
        raise NoSuchInvitation()
    if invitation.accepted_at is not None:
        raise InvitationUsed()
    if invitation.withdrawn_at is None:
        invitation.withdrawn_at = now
        audit.record(
            actor,
            "accounts.withdraw_invitation",
            f"invitation:{invitation.id}",
            now=now,
            organisation=organisation.code,
        )


def find_invitation(token: str, *, now: datetime) -> Invitation:
    """Find the invitation of a link that may still be accepted.

    :raises NoSuchInvitation: if the link is none
    :raises InvitationUsed, InvitationWithdrawn, InvitationExpired: if it no longer is one
    """
    invitation = db.session.scalar(select(Invitation).where(Invitation.token_digest == _digest(token)))
    if invitation is None or not invitation.organisation.is_active:
        raise NoSuchInvitation()
    if invitation.accepted_at is not None:
        raise InvitationUsed()
    if invitation.withdrawn_at is not None:
        raise InvitationWithdrawn()
    if invitation.expires_at <= now:
        raise InvitationExpired()
    return invitation


def organisation_of(token: str) -> Organisation:
    """Give the organisation of an invitation, whatever became of it.

    :raises NoSuchInvitation: if the link is none
    """
    invitation = db.session.scalar(select(Invitation).where(Invitation.token_digest == _digest(token)))
    if invitation is None:
        raise NoSuchInvitation()
    return invitation.organisation


def accept(
    token: str, *, name: str, email: str | None, phone: str | None, password_hash: str, language: str, now: datetime
) -> User:
    """Accept an invitation with a new account.

    :param password_hash: of a password that ``passwords.check_new`` lets pass
    :raises NoIdentity, PhoneTaken, EmailTaken: beside the field
    :raises InvitationOver: if it was used, withdrawn or expired in the meantime
    """
    invitation = _use(token, now=now)
    user = enrol(name=name, email=email, phone=phone, password_hash=password_hash, language=language, now=now)
    _join(user, invitation, now=now)
    return user


def accept_as(token: str, user: User, *, now: datetime) -> None:
    """Accept an invitation with the account one is signed in with.

    :raises AlreadyMember: if one works there already
    :raises InvitedAnother: if it was written to an address or number that is not this account's
    :raises InvitationOver: if it was used, withdrawn or expired in the meantime
    """
    invitation = find_invitation(token, now=now)
    if _membership(user.id, invitation.organisation_id) is not None:
        raise AlreadyMember()
    if not _is_invited(user, invitation):
        raise InvitedAnother()
    _join(user, _use(token, now=now), now=now)


def _is_invited(user: User, invitation: Invitation) -> bool:
    """Tell whether an account may be that of the person invited: nothing that both name differs."""
    pairs = ((invitation.email, user.email), (invitation.phone, user.us_phone_number))
    return all(asked is None or has is None or asked.casefold() == has.casefold() for asked, has in pairs)


def _use(token: str, *, now: datetime) -> Invitation:
    """Use an invitation up, by one guarded step: of two at once, one finds it used."""
    invitation = find_invitation(token, now=now)
    used = db.session.execute(
        update(Invitation)
        .where(
            Invitation.id == invitation.id,
            Invitation.accepted_at.is_(None),
            Invitation.withdrawn_at.is_(None),
            Invitation.expires_at > now,
        )
        .values(accepted_at=now)
        .returning(Invitation.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if used is None:
        raise InvitationUsed()
    return invitation


def _join(user: User, invitation: Invitation, *, now: datetime) -> None:
    db.session.add(
        Membership(user_id=user.id, organisation_id=invitation.organisation_id, role=invitation.role, created_at=now)
    )
    db.session.flush()
    audit.record(
        _newcomer(user, invitation.organisation_id),
        "accounts.accept",
        f"invitation:{invitation.id}",
        now=now,
        role=invitation.role.value,
    )


def _newcomer(user: User, organisation_id: int) -> Actor:
    return Actor(
        user_id=user.id,
        user_name=user.name,
        organisation_id=organisation_id,
        organisation_code="",
        organisation_name_vi="",
        kind=None,
        role=None,
    )


# --- Members ----------------------------------------------------------------------------------------


def change_role(actor: Actor, organisation: Organisation, user_id: int, role: Role, *, now: datetime) -> None:
    """Give a member another role.

    :raises NotYoursToManage: if the actor may not
    :raises LastManager: if the organisation would be left without a manager
    """
    member = _lock_member(actor, organisation, user_id)
    if member.role is role:
        return
    if member.role is Role.MANAGER:
        _keep_a_manager(organisation, besides=user_id)
    before, member.role = member.role, role
    audit.record(
        actor,
        "accounts.change_role",
        f"user:{user_id}",
        now=now,
        organisation=organisation.code,
        before=before.value,
        after=role.value,
    )


def remove(actor: Actor, organisation: Organisation, user_id: int, *, now: datetime) -> None:
    """Take a person out of an organisation, from their next request on.

    :raises NotYoursToManage: if the actor may not
    :raises LastManager: if the organisation would be left without a manager
    """
    member = _lock_member(actor, organisation, user_id)
    if member.role is Role.MANAGER:
        _keep_a_manager(organisation, besides=user_id)
    db.session.delete(member)
    db.session.flush()
    audit.record(actor, "accounts.remove_member", f"user:{user_id}", now=now, organisation=organisation.code)


def add(organisation: Organisation, user: User, role: Role, *, now: datetime) -> Membership:
    """Make a person a member without an invitation (the command line, the demo data).

    :raises AlreadyMember: if they are one
    """
    if _membership(user.id, organisation.id) is not None:
        raise AlreadyMember()
    member = Membership(user_id=user.id, organisation_id=organisation.id, role=role, created_at=now)
    db.session.add(member)
    db.session.flush()
    return member


def enrol(
    *,
    name: str,
    email: str | None = None,
    phone: str | None = None,
    password_hash: str,
    language: str = "vi",
    now: datetime,
    is_sample: bool = False,
) -> User:
    """Make an account without an invitation (the command line, the demo data).

    :raises NoIdentity, PhoneTaken, EmailTaken: if it could not sign in, or another does so
    :raises NoPersonName, PersonNameTooLong, BadEmail: if it could not be
    """
    name = one_line(name)
    if not name:
        raise NoPersonName()
    if len(name) > LONGEST_NAME:
        raise PersonNameTooLong(most=LONGEST_NAME)
    if email is not None:
        try:
            validate_email(email, check_deliverability=False)
        except EmailNotValidError as problem:
            raise BadEmail() from problem
    if email is None and phone is None:
        raise NoIdentity()
    if phone is not None and signing_in.find_by_identity(phone) is not None:
        raise PhoneTaken()
    if email is not None and signing_in.find_by_identity(email) is not None:
        raise EmailTaken()
    user = User(
        name=name,
        email=email.lower() if email else None,
        us_phone_number=phone,
        active=True,
        language=language,
        is_sample=is_sample,
        created_at=now,
    )
    passwords.put(user, password_hash)
    db.session.add(user)
    db.session.flush()
    return user


def _lock_member(actor: Actor, organisation: Organisation, user_id: int) -> Membership:
    """Lock all members of an organisation in one order, so that two managers cannot remove each other."""
    if not may_manage(actor, organisation):
        raise NotYoursToManage()
    members = db.session.scalars(
        for_update(select(Membership).where(Membership.organisation_id == organisation.id).order_by(Membership.id))
    ).all()
    member: Membership | None = next((row for row in members if row.user_id == user_id), None)
    if member is None:
        raise NoSuchMember()
    return member


def _keep_a_manager(organisation: Organisation, *, besides: int) -> None:
    other = db.session.scalar(
        select(Membership.id)
        .join(User, User.id == Membership.user_id)
        .where(
            Membership.organisation_id == organisation.id,
            Membership.role == Role.MANAGER,
            Membership.user_id != besides,
            User.active,
        )
        .limit(1)
    )
    if other is None:
        raise LastManager()


def _membership(user_id: int, organisation_id: int) -> Membership | None:
    return db.session.scalar(
        select(Membership).where(Membership.user_id == user_id, Membership.organisation_id == organisation_id)
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()  # 256 random bits need no slow hash
