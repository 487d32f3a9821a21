"""One's own account: name, language, password, sessions, and the organisation one works in now."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import PasswordField
from wtforms.validators import DataRequired

from accounts import oneself, queries, signing_in
from accounts.actor import Permission
from accounts.labels import KINDS, ROLES
from accounts.models import User
from accounts.web.forms import BaseForm, answer_status, choice, line, show_refusal
from accounts.web.guard import current_actor, current_person, forget_actor, requires
from accounts.web.login import enter
from admin.saying import said
from kernel import clock
from kernel.db import transaction
from kernel.errors import InvalidInput

blueprint = Blueprint("account", __name__, url_prefix="/quan-tri/tai-khoan")


class AccountForm(BaseForm):
    """One's name and language."""

    name = line(lazy_gettext("Your name"), longest=120)
    language = choice(lazy_gettext("Language of letters to you"), {"vi": "Tiếng Việt", "en": "English"})


class PasswordForm(BaseForm):
    """The present password, and the new one."""

    present = PasswordField(lazy_gettext("Present password"), [DataRequired()])
    password = PasswordField(lazy_gettext("New password"), [DataRequired()])


@blueprint.route("", methods=["GET", "POST"])
@requires(Permission.USE_BACK_OFFICE)
def show() -> tuple[str, int] | Response:
    """Show one's account; change name and language."""
    person = _person()
    form = AccountForm(data={"name": person.name, "language": person.language})
    if form.validate_on_submit():
        with transaction():
            oneself.change(current_actor(), person, name=form.name.data, language=form.language.data, now=clock.now())
        flash(gettext("Your account is saved."), "good")
        return redirect(url_for("account.show", lang=form.language.data), 303)
    actor = current_actor()
    places = [
        {
            "code": member.organisation.code,
            "name": said(member.organisation, "name"),
            "kind": gettext(KINDS[member.organisation.kind]),
            "role": gettext(ROLES[member.role]),
            "is_here": member.organisation_id == (actor.officer_organisation_id or actor.organisation_id),
        }
        for member in queries.memberships_of(person.id)
    ]
    phone = signing_in.phone_as_written(person.us_phone_number) if person.us_phone_number else None
    return render_template(
        "admin/account/show.html", form=form, person=person, phone=phone, places=places
    ), answer_status(form)


@blueprint.route("/mat-khau", methods=["GET", "POST"])
@requires(Permission.USE_BACK_OFFICE)
def change_password() -> tuple[str, int] | Response:
    """Choose a new password, knowing the present one. Sessions elsewhere end; this one goes on."""
    person = _person()
    form = PasswordForm()
    if form.validate_on_submit():
        try:
            made = oneself.new_password(person, form.present.data, form.password.data)
            with transaction():
                oneself.change_password(current_actor(), person, made, now=clock.now())
        except InvalidInput as refusal:
            show_refusal(form, refusal)
        else:
            enter(person, organisation_id=session.get("organisation"))
            flash(gettext("Your new password stands. Everywhere else you are signed out."), "good")
            return redirect(url_for("account.show"), 303)
    return render_template("admin/account/password.html", form=form), answer_status(form)


@blueprint.post("/dang-xuat-noi-khac")
@requires(Permission.USE_BACK_OFFICE)
def end_sessions() -> Response:
    """Sign out everywhere but here."""
    person = _person()
    with transaction():
        oneself.end_sessions(current_actor(), person, now=clock.now())
    enter(person, organisation_id=session.get("organisation"))
    flash(gettext("You are signed out everywhere else."), "good")
    return redirect(url_for("account.show"), 303)


@blueprint.post("/to-chuc")
@requires(Permission.USE_BACK_OFFICE)
def work_in() -> Response:
    """Work in another of one's organisations from now on."""
    code = request.form.get("code", "")
    found = next((m.organisation for m in queries.memberships_of(_person().id) if m.organisation.code == code), None)
    if found is None:
        raise queries.NoSuchOrganisation(code=code)
    session["organisation"] = found.id
    session.pop("acting_for", None)
    forget_actor()
    flash(gettext("You now work in %(organisation)s.", organisation=said(found, "name")), "good")
    return redirect(url_for("dashboard.show"), 303)


def _person() -> User:
    person = current_person()
    if person is None:  # the guard let an actor in, so there is one
        raise queries.NoSuchMember()
    return person
