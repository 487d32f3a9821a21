"""The people of an organisation: members, invitations, roles, printed codes."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask_babel import get_locale, gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import RadioField
from wtforms.validators import DataRequired

from accounts import membership, queries, resetting, signing_in
from accounts.actor import Permission
from accounts.labels import ROLE_NOTES, ROLES
from accounts.models import Role
from accounts.web.forms import (
    BaseForm,
    RequestKey,
    answer_status,
    choices_of,
    email_field,
    line,
    phone_field,
    show_refusal,
)
from accounts.web.guard import current_actor, requires
from kernel import clock, replays
from kernel.db import transaction
from kernel.errors import N_, DomainError, NotFound

blueprint = Blueprint("people", __name__, url_prefix="/quan-tri/to-chuc/<code>/nguoi")

BOTH = (Permission.MANAGE_ORGANISATIONS, Permission.MANAGE_OWN_PEOPLE)


class ShownBefore(NotFound):
    message = N_("This was shown once and is kept nowhere. Please make a new one.")


class InviteForm(BaseForm):
    """Whom to invite, and as what."""

    name = line(lazy_gettext("Name"), longest=120)
    phone = phone_field(lazy_gettext("Telephone number"))
    email = email_field(
        lazy_gettext("E-mail"), description=lazy_gettext("If there is one, the invitation is sent there too.")
    )
    role = RadioField(lazy_gettext("Role"), [DataRequired()])
    request_key = RequestKey()


class RoleForm(BaseForm):
    """What a member does from now on."""

    role = RadioField(lazy_gettext("Role"), [DataRequired()])


@blueprint.get("")
@requires(*BOTH)
def index(code: str) -> str:
    """List members and open invitations."""
    actor = current_actor()
    organisation = queries.get_organisation(actor, code)
    may_manage = queries.may_manage(actor, organisation)
    now = clock.now()
    members = [
        {
            "id": member.user_id,
            "name": member.user.name,
            "signs_in": " · ".join(_identities(member.user.us_phone_number, member.user.email)),
            "role": gettext(ROLES[member.role]),
            "last": member.user.last_signed_in_at,
            "rests": member.user.locked_until is not None and member.user.locked_until > now,
            "is_self": member.user_id == actor.user_id,
        }
        for member in queries.members_of(organisation.id)
    ]
    invitations = [
        {
            "id": row.id,
            "name": row.name,
            "to": " · ".join(_identities(row.phone, row.email)),
            "role": gettext(ROLES[row.role]),
            "expires_at": row.expires_at,
            "is_over": row.expires_at <= now,
        }
        for row in queries.open_invitations(organisation.id)
    ]
    return render_template(
        "admin/people/index.html",
        organisation=organisation,
        members=members,
        invitations=invitations,
        may_manage=may_manage,
        may_print=may_manage and actor.may(Permission.MANAGE_ORGANISATIONS),
    )


def _identities(phone: str | None, email: str | None) -> list[str]:
    return [text for text in (phone and signing_in.phone_as_written(phone), email) if text]


@blueprint.route("/moi", methods=["GET", "POST"])
@requires(*BOTH)
def invite(code: str) -> tuple[str, int] | Response:
    """Invite a person."""
    actor = current_actor()
    organisation = queries.get_manageable(actor, code)
    form = InviteForm(data={"role": Role.STAFF if queries.count_managers(organisation.id) else Role.MANAGER})
    _offer_roles(form.role)
    if form.validate_on_submit():
        now = clock.now()
        token = None
        try:
            with transaction():
                if replays.claim(actor.user_id, form.request_key.data, now=now) is None:
                    token = membership.invite(
                        actor,
                        organisation,
                        name=form.name.data,
                        role=Role(form.role.data),
                        email=form.email.data,
                        phone=form.phone.data,
                        language=str(get_locale()),
                        now=now,
                    )
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            if token is not None:
                _show_once("invitation", {"code": code, "token": token, "name": form.name.data})
            return redirect(url_for("people.invited", code=code), 303)
    return render_template(
        "admin/people/invite.html",
        form=form,
        organisation=organisation,
        notes={role.value: gettext(note) for role, note in ROLE_NOTES.items()},
    ), answer_status(form)


@blueprint.get("/moi/da-moi")
@requires(*BOTH)
def invited(code: str) -> str:
    """Show the link of an invitation, this once, to be copied, sent or printed."""
    organisation = queries.get_manageable(current_actor(), code)
    shown = _shown_once("invitation", code)
    link = current_app.config["OCOP"].base_url + url_for("invitation.show", token=shown["token"])
    return render_template(
        "admin/people/invited.html",
        organisation=organisation,
        name=shown["name"],
        link=link,
        days=membership.INVITED_FOR.days,
    )


@blueprint.post("/loi-moi/<int:invitation_id>/thu-lai")
@requires(*BOTH)
def withdraw(code: str, invitation_id: int) -> Response:
    """Take an invitation back."""
    actor = current_actor()
    organisation = queries.get_manageable(actor, code)
    with transaction():
        membership.withdraw(actor, organisation, invitation_id, now=clock.now())
    flash(gettext("The invitation is withdrawn."), "good")
    return redirect(url_for("people.index", code=code), 303)


@blueprint.route("/<int:user_id>/vai-tro", methods=["GET", "POST"])
@requires(*BOTH)
def change_role(code: str, user_id: int) -> tuple[str, int] | Response:
    """Give a member another role."""
    actor = current_actor()
    organisation = queries.get_manageable(actor, code)
    member = queries.get_member(organisation, user_id)
    form = RoleForm(data={"role": member.role})
    _offer_roles(form.role)
    if form.validate_on_submit():
        try:
            with transaction():
                membership.change_role(actor, organisation, user_id, Role(form.role.data), now=clock.now())
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("The role is changed."), "good")
            return redirect(url_for("people.index", code=code), 303)
    return render_template(
        "admin/people/role.html",
        form=form,
        organisation=organisation,
        name=member.user.name,
        notes={role.value: gettext(note) for role, note in ROLE_NOTES.items()},
    ), answer_status(form)


@blueprint.route("/<int:user_id>/go", methods=["GET", "POST"])
@requires(*BOTH)
def remove(code: str, user_id: int) -> str | Response:
    """Ask, then take a person out of the organisation."""
    actor = current_actor()
    organisation = queries.get_manageable(actor, code)
    member = queries.get_member(organisation, user_id)
    if request.method == "GET":
        return render_template("admin/people/remove.html", organisation=organisation, member=member)
    name = member.user.name
    with transaction():
        membership.remove(actor, organisation, user_id, now=clock.now())
    flash(gettext("%(name)s no longer works in this organisation.", name=name), "good")
    if user_id == actor.user_id:
        return redirect(url_for("dashboard.show"), 303)
    return redirect(url_for("people.index", code=code), 303)


@blueprint.route("/<int:user_id>/ma-dat-lai", methods=["GET", "POST"])
@requires(Permission.MANAGE_ORGANISATIONS)
def print_code(code: str, user_id: int) -> str | Response:
    """Ask who stands there, then make a one-time code for a new password."""
    actor = current_actor()
    organisation = queries.get_manageable(actor, code)
    member = queries.get_member(organisation, user_id)
    if request.method == "GET":
        return render_template("admin/people/print_code.html", organisation=organisation, member=member)
    with transaction():
        letters = resetting.print_code(actor, organisation, user_id, now=clock.now())
    _show_once("reset", {"code": code, "user": user_id, "letters": letters})
    return redirect(url_for("people.code_paper", code=code, user_id=user_id), 303)


@blueprint.get("/<int:user_id>/ma-dat-lai/in")
@requires(Permission.MANAGE_ORGANISATIONS)
def code_paper(code: str, user_id: int) -> str:
    """Show the paper with the code, this once."""
    organisation = queries.get_manageable(current_actor(), code)
    member = queries.get_member(organisation, user_id)
    shown = _shown_once("reset", code)
    if shown["user"] != user_id:
        raise ShownBefore()
    return render_template(
        "admin/people/code_paper.html",
        organisation=organisation,
        name=member.user.name,
        signs_in=_identities(member.user.us_phone_number, member.user.email),
        letters=shown["letters"],
        address=current_app.config["OCOP"].base_url + url_for("forgotten.use_code"),
        until=clock.business_date(clock.now() + resetting.CODE_STANDS),
        tries=resetting.MOST_TRIES,
    )


def _offer_roles(field: Any) -> None:
    field.choices = choices_of({role: gettext(label) for role, label in ROLES.items()})


def _show_once(what: str, facts: dict[str, Any]) -> None:
    """Hand a secret to the next page of this browser alone: it is kept in no table and in no address."""
    session["shown_once"] = {**facts, "what": what}


def _shown_once(what: str, code: str) -> dict[str, Any]:
    facts: dict[str, Any] | None = session.pop("shown_once", None)
    if facts is None or facts["what"] != what or facts["code"] != code:
        raise ShownBefore()
    return facts
