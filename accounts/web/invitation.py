"""Accepting an invitation: with a new account, or with the one that is signed in."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, session, url_for
from flask_babel import get_locale, gettext, lazy_gettext
from werkzeug.wrappers import Response as BaseResponse
from wtforms import PasswordField
from wtforms.validators import DataRequired

from accounts import membership, passwords
from accounts.labels import ROLES
from accounts.web.forms import BaseForm, answer_status, email_field, line, phone_field, show_refusal
from accounts.web.guard import current_person, forget_actor, public
from accounts.web.limits import guesses
from accounts.web.login import enter
from kernel import clock
from kernel.db import transaction
from kernel.errors import InvalidInput

blueprint = Blueprint("invitation", __name__, url_prefix="/loi-moi")


class AcceptForm(BaseForm):
    """Who one is, how one signs in, and the password."""

    name = line(lazy_gettext("Your name"), longest=120)
    phone = phone_field(lazy_gettext("Telephone number"))
    email = email_field(lazy_gettext("E-mail"))
    password = PasswordField(lazy_gettext("Choose a password"), [DataRequired()])


@blueprint.route("/<token>", methods=["GET", "POST"])
@public
@guesses
def show(token: str) -> tuple[str, int] | BaseResponse:
    """Show an invitation, and accept it with a new account."""
    invitation = membership.find_invitation(token, now=clock.now())
    person = current_person()
    form = AcceptForm(data={"name": invitation.name, "phone": invitation.phone, "email": invitation.email})
    if person is None and form.validate_on_submit():
        try:
            passwords.check_new(form.password.data, name=form.name.data, email=form.email.data, phone=form.phone.data)
            made = passwords.hashed(form.password.data)
            with transaction():
                user = membership.accept(
                    token,
                    name=form.name.data,
                    email=form.email.data,
                    phone=form.phone.data,
                    password_hash=made,
                    language=str(get_locale()),
                    now=clock.now(),
                )
        except InvalidInput as refusal:
            show_refusal(form, refusal)
        else:
            enter(user, organisation_id=invitation.organisation_id)
            return _welcome(invitation.organisation.name_vi)
    page = render_template(
        "accounts/invitation/show.html",
        form=form,
        person=person,
        token=token,
        organisation=invitation.organisation,
        role=gettext(ROLES[invitation.role]),
    )
    return page, answer_status(form)


@blueprint.post("/<token>/nhan")
@public
@guesses
def accept_signed_in(token: str) -> BaseResponse:
    """Accept an invitation with the account that is signed in."""
    person = current_person()
    if person is None:
        return redirect(url_for("login.sign_in", next=url_for("invitation.show", token=token)), 303)
    with transaction():
        membership.accept_as(token, person, now=clock.now())
        invitation = membership.organisation_of(token)
    session["organisation"] = invitation.id
    session.pop("acting_for", None)
    forget_actor()
    return _welcome(invitation.name_vi)


def _welcome(name: str) -> BaseResponse:
    flash(gettext("Welcome. You now work in %(organisation)s.", organisation=name), "good")
    return redirect(url_for("dashboard.show"), 303)
