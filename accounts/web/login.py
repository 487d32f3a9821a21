"""Signing in and out."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, flash, redirect, render_template, request, session, url_for
from flask.globals import request_ctx
from flask_babel import gettext, lazy_gettext
from flask_login import LoginManager, login_user, logout_user
from werkzeug.wrappers import Response as BaseResponse
from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired, Length

from accounts import signing_in
from accounts.actor import ANONYMOUS
from accounts.models import User
from accounts.web.forms import BaseForm, answer_status, show_refusal
from accounts.web.guard import current_actor, current_person, forget_actor, own_path, public
from accounts.web.limits import guesses, init_limits
from kernel import clock
from kernel.db import transaction
from kernel.errors import InvalidInput

blueprint = Blueprint("login", __name__)


class SignInForm(BaseForm):
    """Who one is, and what only they know."""

    identity = StringField(lazy_gettext("Telephone number or e-mail"), [DataRequired(), Length(max=254)])
    password = PasswordField(lazy_gettext("Password"), [DataRequired()])


def init_sign_in(app: Flask, *, redis_url: str | None) -> None:
    """Teach ``app`` who is signed in: a session names a person by ``fs_uniquifier``, renewed to end all sessions."""
    manager = LoginManager(app)
    manager.session_protection = None  # telephones change their address all day; the cookie is what counts
    init_limits(app, redis_url=redis_url)

    @manager.user_loader
    def _load(uniquifier: str) -> User | None:
        return signing_in.find_by_session(uniquifier)

    @app.after_request
    def _keep_no_copy(response: Response) -> Response:
        """Let nobody on the way, nor the next person at this browser, keep what a session showed."""
        view = app.view_functions.get(request.endpoint or "")
        opened = request_ctx._session  # asking through the proxy would count as an access itself
        if (opened is not None and opened.accessed) or getattr(view, "access", "public") != "public":
            response.headers["Cache-Control"] = "no-store"
        return response


def enter(user: User, *, organisation_id: int | None = None) -> None:
    """Begin a new session for a person: nothing of the one before stays, so none can be foisted on them."""
    session.clear()
    login_user(user)
    session.permanent = True
    if organisation_id is not None:
        session["organisation"] = organisation_id
    forget_actor()


@blueprint.route("/dang-nhap", methods=["GET", "POST"])
@public
@guesses
def sign_in() -> str | tuple[str, int] | BaseResponse:
    """Sign in by telephone number or e-mail."""
    wanted = own_path(request.args.get("next"))
    if request.method == "GET" and current_person() is not None:
        return redirect(_onward(wanted))
    form = SignInForm()
    if form.validate_on_submit():
        now = clock.now()
        with transaction():
            attempt = signing_in.begin(form.identity.data, now=now)
        try:
            if not signing_in.passes(attempt, form.password.data):
                raise signing_in.Refused()
            with transaction():
                user = signing_in.complete(attempt, now=now)
        except InvalidInput as refusal:
            show_refusal(form, refusal)
        else:
            enter(user)
            response = redirect(_onward(wanted), 303)
            if "lang" not in request.cookies:
                response.set_cookie("lang", user.language, max_age=31_536_000, samesite="Lax", secure=request.is_secure)
            return response
    return render_template(
        "accounts/login/sign_in.html", form=form, tries=signing_in.MOST_TRIES, minutes=_minutes()
    ), answer_status(form)


def _onward(wanted: str | None) -> str:
    """Tell where a person goes who is signed in: where they wanted to; a buyer has no business in the back office."""
    if current_actor() is not ANONYMOUS:
        return wanted or url_for("dashboard.show")
    if wanted is not None and wanted.startswith(("/quan-tri", "/quay")):
        flash(gettext("You work in no organisation here. This is your own account as a buyer."), "wait")
        wanted = None
    return wanted or url_for("buyer_account.show")


def _minutes() -> int:
    return int(signing_in.REST.total_seconds()) // 60


def leave() -> None:
    """End the session of this browser, and forget everything of it."""
    logout_user()
    session.clear()
    forget_actor()


@blueprint.post("/dang-xuat")
@public
def sign_out() -> BaseResponse:
    """Sign out, and forget everything of this session."""
    leave()
    flash(gettext("You are signed out."), "good")
    return redirect(url_for("login.sign_in"), 303)
