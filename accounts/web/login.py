"""Signing in and out."""

from __future__ import annotations

from flask import Blueprint, Flask, redirect, render_template, request, session, url_for
from flask_babel import gettext
from flask_login import LoginManager, current_user, login_user, logout_user
from werkzeug.wrappers import Response as BaseResponse

from accounts import signing_in
from accounts.models import User
from accounts.web.guard import public
from kernel import clock
from kernel.db import transaction

blueprint = Blueprint("login", __name__)


def init_sign_in(app: Flask, *, redis_url: str | None) -> None:
    """Teach ``app`` who is signed in: a session names a person by ``fs_uniquifier``, renewed to end all sessions."""
    manager = LoginManager(app)
    manager.session_protection = "basic"

    @manager.user_loader
    def _load(uniquifier: str) -> User | None:
        return signing_in.find_by_session(uniquifier)


@blueprint.route("/dang-nhap", methods=["GET", "POST"])
@public
def sign_in() -> str | tuple[str, int] | BaseResponse:
    """Sign in by telephone number or e-mail."""
    problem = None
    if request.method == "POST":
        with transaction():
            try:
                user = signing_in.check(
                    request.form.get("identity", ""), request.form.get("password", ""), now=clock.now()
                )
            except signing_in.Refused as refused:
                user, problem = None, refused
        if user is not None:
            session.clear()
            login_user(user, remember=False)
            session.permanent = True
            return redirect(url_for("dashboard.show"))
    page = render_template("accounts/login/sign_in.html", problem=problem and gettext(problem.message))
    return (page, 422) if problem else page


@blueprint.post("/dang-xuat")
@public
def sign_out() -> BaseResponse:
    """Sign out, and forget everything of this session."""
    if current_user.is_authenticated:
        logout_user()
    session.clear()
    return redirect(url_for("login.sign_in"))
