"""Asking for one letter when goods are back: the form, the link that proves the address, and the one that stops it."""

from __future__ import annotations

import re
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as Answer

from accounts import email_links
from accounts.web.forms import BaseForm, answer_status, email_field, show_refusal
from accounts.web.guard import current_person, public
from accounts.web.limits import letters
from catalog.models import Product
from kernel import clock
from kernel.db import db, transaction
from kernel.errors import DomainError
from storefront import queries, stock_notices
from storefront.offers import Hindrance, Offer, offers
from storefront.queries import ShelfRow
from storefront.web.links import private
from storefront.web.words import language

blueprint = Blueprint("stock_notices", __name__)

_ID = re.compile(r"[1-9][0-9]{0,8}")


class AskForm(BaseForm):
    """Where the letter goes."""

    email = email_field(lazy_gettext("E-mail"), required=True)


class Act(BaseForm):
    """Nothing but the act itself."""


@blueprint.route("/san-pham/<slug>/bao-co-hang", methods=["GET", "POST"])
@public
@letters
def ask(slug: str) -> tuple[str, int] | Answer:
    """Ask for a letter when a product, or the size of it that is named, can be had again."""
    now = clock.now()
    row, offer = _asked_for(slug, now)
    person = current_person()
    form = AskForm(data={"email": person.email if person else None})
    if form.validate_on_submit():
        email = form.email.data
        proved = person is not None and person.email == email and email_links.is_proved(person)
        try:
            with transaction():
                product = db.session.get_one(Product, row.product_id)
                item_id = offer.item_id if offer is not None else None
                stock_notices.ask(product, email, item_id=item_id, language=language(), is_proved=proved, now=now)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            return redirect(url_for("stock_notices.asked", slug=slug, goi=item_id), 303)
    return render_template("storefront/stock_notices/ask.html", form=form, row=row, offer=offer), answer_status(form)


def _asked_for(slug: str, now: datetime) -> tuple[ShelfRow, Offer | None]:
    """Find a product on show, and the size of it that the address names.

    :raises NoSuchProduct:
    """
    row = queries.shelf(clock.business_date(now)).by_slug.get(slug)
    if row is None:
        raise queries.NoSuchProduct()
    named = request.args.get("goi", "")
    if not named:
        return row, None
    offer = offers([int(named)], now).get(int(named)) if _ID.fullmatch(named) else None
    if offer is None or offer.product_id != row.product_id or offer.hindrance is Hindrance.GONE:
        raise queries.NoSuchProduct()
    return row, offer


@blueprint.get("/san-pham/<slug>/bao-co-hang/da-ghi")
@public
def asked(slug: str) -> str:
    """Say what happens now; the same to everybody."""
    row, offer = _asked_for(slug, clock.now())
    return render_template("storefront/stock_notices/asked.html", row=row, offer=offer)


@blueprint.get("/bao-co-hang/<token>")
@public
def show(token: str) -> Answer:
    """Show a notice by the link of its letters: to confirm it, or to stop it."""
    notice = stock_notices.find(token)
    rows = queries.shelf(clock.business_date(clock.now())).rows
    row = next((one for one in rows if one.product_id == notice.product_id), None)
    return private(render_template("storefront/stock_notices/show.html", notice=notice, row=row))


@blueprint.post("/bao-co-hang/<token>/xac-nhan")
@public
def confirm(token: str) -> Answer:
    """Confirm that the letter is wanted."""
    notice = stock_notices.find(token)
    if Act().validate_on_submit():
        with transaction():
            stock_notices.confirm(notice, now=clock.now())
        flash(gettext("Confirmed. You get one letter when the goods are back."), "good")
    return redirect(url_for("stock_notices.show", token=token), 303)


@blueprint.post("/bao-co-hang/<token>/thoi")
@public
def stop(token: str) -> str | Answer:
    """Stop a notice: the address is forgotten."""
    notice = stock_notices.find(token)
    if not Act().validate_on_submit():
        return redirect(url_for("stock_notices.show", token=token), 303)
    with transaction():
        stock_notices.stop(notice)
    return render_template("storefront/stock_notices/stopped.html")
