"""A forgotten password: asking for a letter, following its link, typing a printed code."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from flask_login import logout_user
from werkzeug.wrappers import Response as BaseResponse
from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired, Length

from accounts import passwords, resetting
from accounts.web.forms import BaseForm, answer_status, show_refusal
from accounts.web.guard import public
from accounts.web.limits import guesses, letters
from kernel import clock
from kernel.db import transaction
from kernel.errors import DomainError, InvalidInput

blueprint = Blueprint("forgotten", __name__)


class AskForm(BaseForm):
    """Whose password was forgotten."""

    identity = StringField(lazy_gettext("Telephone number or e-mail"), [DataRequired(), Length(max=254)])


class NewPasswordForm(BaseForm):
    """The new password."""

    password = PasswordField(lazy_gettext("New password"), [DataRequired()])


class CodeForm(BaseForm):
    """What stands on the paper, and the new password."""

    identity = StringField(lazy_gettext("Telephone number or e-mail"), [DataRequired(), Length(max=254)])
    code = StringField(lazy_gettext("Code on the paper"), [DataRequired(), Length(max=20)])
    password = PasswordField(lazy_gettext("New password"), [DataRequired()])


@blueprint.route("/quen-mat-khau", methods=["GET", "POST"])
@public
@letters
def ask() -> tuple[str, int] | BaseResponse:
    """Ask for a letter. The answer is the same whether or not there is an account."""
    form = AskForm()
    if form.validate_on_submit():
        with transaction():
            resetting.ask(form.identity.data, now=clock.now())
        return redirect(url_for("forgotten.asked"), 303)
    return render_template("accounts/forgotten/ask.html", form=form), answer_status(form)


@blueprint.get("/quen-mat-khau/da-gui")
@public
def asked() -> str:
    """Say what happens now."""
    return render_template("accounts/forgotten/asked.html", hours=int(resetting.LINK_STANDS.total_seconds()) // 3600)


@blueprint.route("/dat-lai-mat-khau/<token>", methods=["GET", "POST"])
@public
@guesses
def follow_link(token: str) -> tuple[str, int] | BaseResponse:
    """Choose a new password by the link of a letter."""
    user = resetting.find_link(token, now=clock.now())
    form = NewPasswordForm()
    if form.validate_on_submit():
        try:
            password = form.password.data
            passwords.check_new(password, name=user.name, email=user.email, phone=user.us_phone_number)
            made = passwords.hashed(password)
            with transaction():
                resetting.use_link(token, made, now=clock.now())
        except InvalidInput as refusal:
            show_refusal(form, refusal)
        else:
            return _done()
    return render_template("accounts/forgotten/new_password.html", form=form), answer_status(form)


@blueprint.route("/ma-dat-lai", methods=["GET", "POST"])
@public
@guesses
def use_code() -> tuple[str, int] | BaseResponse:
    """Choose a new password by a code that an officer printed."""
    form = CodeForm()
    if form.validate_on_submit():
        try:
            passwords.check_new(form.password.data)  # before a try is counted
            _redeem(form.identity.data, form.code.data, form.password.data)
        except InvalidInput as refusal:
            show_refusal(form, refusal)
        else:
            return _done()
    return render_template("accounts/forgotten/code.html", form=form), answer_status(form)


def _redeem(identity: str, code: str, password: str) -> None:
    now = clock.now()
    with transaction():
        attempt = resetting.begin(identity, now=now)
    if not resetting.passes(attempt, code):
        raise resetting.WrongCode()
    try:
        passwords.check_new(password, name=attempt.name, email=attempt.email, phone=attempt.phone)
    except DomainError:
        with transaction():
            resetting.forgive(attempt)
        raise
    made = passwords.hashed(password)
    with transaction():
        resetting.use_code(attempt, made, now=now)


def _done() -> BaseResponse:
    logout_user()
    flash(gettext("Your new password stands. Please sign in with it."), "good")
    return redirect(url_for("login.sign_in"), 303)
