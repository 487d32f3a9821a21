"""Opening an account as a buyer: asking for a letter, following its link. Nobody learns who has an account."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as Answer
from wtforms import BooleanField, PasswordField
from wtforms.validators import DataRequired

from accounts import email_links, passwords
from accounts.web.forms import BaseForm, answer_status, email_field, line, show_refusal
from accounts.web.guard import public
from accounts.web.limits import guesses, letters
from accounts.web.login import enter
from kernel import clock
from kernel.db import transaction
from kernel.errors import InvalidInput
from storefront import buyers, queries
from storefront.web.words import language

blueprint = Blueprint("sign_up", __name__)


class AskForm(BaseForm):
    """Where the letter goes."""

    email = email_field(lazy_gettext("E-mail"), required=True)


class OpenForm(BaseForm):
    """Who one is, the password, and what one agrees to."""

    name = line(lazy_gettext("Your name"), longest=120)
    password = PasswordField(lazy_gettext("Choose a password"), [DataRequired()])
    agrees = BooleanField(lazy_gettext("I have read the terms of use and how my data are used, and agree."))


@blueprint.route("/dang-ky", methods=["GET", "POST"])
@public
@letters
def ask() -> tuple[str, int] | Answer:
    """Ask for the letter. The answer is the same whether or not there is an account."""
    form = AskForm()
    if form.validate_on_submit():
        with transaction():
            buyers.ask_for_account(form.email.data, language=language(), now=clock.now())
        return redirect(url_for("sign_up.asked"), 303)
    return render_template("storefront/sign_up/ask.html", form=form), answer_status(form)


@blueprint.get("/dang-ky/da-gui")
@public
def asked() -> str:
    """Say what happens now."""
    return render_template("storefront/sign_up/asked.html", hours=int(email_links.STANDS.total_seconds()) // 3600)


@blueprint.route("/dang-ky/<token>", methods=["GET", "POST"])
@public
@guesses
def open_account(token: str) -> tuple[str, int] | Answer:
    """Open the account by the link of the letter."""
    now = clock.now()
    email = email_links.find(token, now=now).email
    form = OpenForm()
    if form.validate_on_submit():
        try:
            passwords.check_new(form.password.data, name=form.name.data, email=email)
            made = passwords.hashed(form.password.data)
            texts = {"terms": "dieu-khoan", "privacy": "bao-mat"} if form.agrees.data else {}
            with transaction():
                user = buyers.open_account(
                    token,
                    name=form.name.data,
                    password_hash=made,
                    texts={purpose: queries.text_in_force(name).id for purpose, name in texts.items()},
                    language=language(),
                    now=now,
                )
        except InvalidInput as refusal:
            show_refusal(form, refusal)
        else:
            enter(user)
            flash(gettext("Your account is open."), "good")
            return redirect(url_for("buyer_account.show"), 303)
    return render_template("storefront/sign_up/open.html", form=form, email=email), answer_status(form)
