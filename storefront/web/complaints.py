"""Complaining about an order by its link, and following what comes of it."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as Answer
from wtforms import RadioField
from wtforms.validators import InputRequired

from accounts.web.forms import BaseForm, RequestKey, answer_status, choice, paragraphs, set_choices, show_refusal
from accounts.web.guard import public
from accounts.web.limits import few_made, limiter
from kernel import clock, media, replays
from kernel.db import transaction
from kernel.errors import N_, DomainError
from storefront import after_queries, complaints, deadlines
from storefront.after_models import Complaint, ComplaintKind, ComplaintOutcome, ComplaintState
from storefront.order_models import Purchase
from storefront.web import photos
from storefront.web.links import beside_photos, private
from storefront.web.words import language, said

blueprint = Blueprint("complaints_of_buyers", __name__)

KINDS = {
    ComplaintKind.NOT_ARRIVED: N_("The goods have not come"),
    ComplaintKind.DAMAGED: N_("The goods came broken or leaking"),
    ComplaintKind.OTHER_GOODS: N_("Other goods came than I ordered, or too few"),
    ComplaintKind.NOT_AS_SAID: N_("Origin, certificate or label are not as the page says"),
    ComplaintKind.UNSAFE: N_("The goods are spoiled, or somebody fell ill"),
    ComplaintKind.MONEY: N_("Something is wrong with the money"),
    ComplaintKind.OTHER: N_("Something else"),
}
#: What the buyer reads of a state, and its tone.
STATES = {
    ComplaintState.OPEN: (N_("Waits for the producer"), "wait"),
    ComplaintState.ANSWERED: (N_("Answered by the producer"), "info"),
    ComplaintState.DISPUTED: (N_("Before the programme office"), "wait"),
    ComplaintState.CLOSED: (N_("Complaint closed"), "off"),
}
OUTCOMES = {
    ComplaintOutcome.SETTLED: N_("You said that it is settled."),
    ComplaintOutcome.WITHDRAWN: N_("You took it back."),
    ComplaintOutcome.FOR_BUYER: N_("The office decided for you."),
    ComplaintOutcome.IN_PART: N_("The office decided for you in part."),
    ComplaintOutcome.FOR_PRODUCER: N_("The office decided for the producer."),
}
ENDS = {"da-xong": ComplaintOutcome.SETTLED, "rut": ComplaintOutcome.WITHDRAWN}


class ComplaintForm(BaseForm):
    """What a complaint is about."""

    request_key = RequestKey()
    order = choice(lazy_gettext("Which parcel is it about?"))
    kind = RadioField(lazy_gettext("What is wrong?"), [InputRequired()])
    words = paragraphs(
        lazy_gettext("What happened, and what do you want to be done?"), longest=complaints.LONGEST_WORDS
    )
    photos = photos.photos_field(lazy_gettext("Photos"))


class WordsForm(BaseForm):
    """Something to add."""

    words = paragraphs(lazy_gettext("What do you want to say?"), longest=complaints.LONGEST_WORDS)


class Act(BaseForm):
    """Nothing but the act itself."""


@blueprint.route("/don-hang/<token>/khieu-nai", methods=["GET", "POST"])
@public
@few_made("5 per minute; 20 per hour")
def index(token: str) -> Answer:
    """List the complaints about a purchase, and take a new one."""
    purchase = after_queries.purchase_of(token)
    form = ComplaintForm()
    orders = {order.number: order for order in purchase.orders}
    set_choices(form.order, {number: f"{number} – {said(order.producer, 'name')}" for number, order in orders.items()})
    if len(orders) == 1 and form.order.data is None:
        form.order.data = next(iter(orders))
    form.kind.choices = [(kind.value, gettext(words)) for kind, words in KINDS.items()]
    if form.validate_on_submit():
        try:
            sent = photos.prepared(form.photos.data)
            now = clock.now()
            with transaction():
                number = replays.claim(None, form.request_key.data, now=now)
                if number is None:
                    made = complaints.complain(
                        orders[form.order.data],
                        ComplaintKind(form.kind.data),
                        form.words.data or "",
                        photos=[media.keep_picture(picture, now=now) for picture in sent],
                        language=language(),
                        now=now,
                    )
                    number = made.number
                    replays.answer(None, form.request_key.data, number)
        except DomainError as refusal:
            beside_photos(refusal)
            show_refusal(form, refusal)
        else:
            flash(gettext("Your complaint has the number %(number)s.", number=number), "good")
            return redirect(url_for("complaints_of_buyers.show", token=token, number=number), 303)
    page = render_template(
        "storefront/complaints/index.html",
        form=form,
        purchase=purchase,
        found=after_queries.complaints_of(purchase),
        states=STATES,
        kinds=KINDS,
        days=deadlines.days_published(clock.now()),
        hint=photos.hint(),
    )
    return private(page, answer_status(form))


@blueprint.get("/don-hang/<token>/khieu-nai/<number>")
@public
def show(token: str, number: str) -> Answer:
    """Show a complaint: what was said, who has to act, and by when."""
    purchase = after_queries.purchase_of(token)
    return _page(purchase, after_queries.complaint_of(purchase, number), WordsForm())


@blueprint.post("/don-hang/<token>/khieu-nai/<number>/them")
@public
@limiter.limit("5 per minute; 30 per hour", methods=["POST"])
def write(token: str, number: str) -> Answer:
    """Add something to a complaint."""
    return _say(token, number, lambda complaint, words: complaints.write(complaint, words, now=clock.now()))


@blueprint.post("/don-hang/<token>/khieu-nai/<number>/len-van-phong")
@public
@limiter.limit("5 per minute; 30 per hour", methods=["POST"])
def dispute(token: str, number: str) -> Answer:
    """Bring a complaint before the programme office."""
    return _say(token, number, lambda complaint, words: complaints.dispute(complaint, words, now=clock.now()))


@blueprint.post("/don-hang/<token>/khieu-nai/<number>/<any('da-xong','rut'):act>")
@public
@limiter.limit("5 per minute; 30 per hour", methods=["POST"])
def end(token: str, number: str, act: str) -> Answer:
    """Say that it is settled, or take the complaint back."""
    complaint = after_queries.complaint_of(after_queries.purchase_of(token), number)
    if Act().validate_on_submit():
        with transaction():
            complaints.end(complaint, ENDS[act], now=clock.now())
        flash(gettext("The complaint is closed."), "good")
    return redirect(url_for("complaints_of_buyers.show", token=token, number=number), 303)


def _say(token: str, number: str, verb: Callable[[Complaint, str], None]) -> Answer:
    purchase = after_queries.purchase_of(token)
    complaint = after_queries.complaint_of(purchase, number)
    form = WordsForm()
    if form.validate_on_submit():
        try:
            with transaction():
                verb(complaint, form.words.data or "")
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("What you wrote is on record."), "good")
            return redirect(url_for("complaints_of_buyers.show", token=token, number=number), 303)
        complaint = after_queries.complaint_of(purchase, number)
    return _page(purchase, complaint, form)


def _page(purchase: Purchase, complaint: Complaint, form: WordsForm) -> Answer:
    now = clock.now()
    page = render_template(
        "storefront/complaints/show.html",
        form=form,
        purchase=purchase,
        complaint=complaint,
        may_dispute=complaints.may_dispute(complaint, now),
        is_late=complaint.state is ComplaintState.OPEN and complaint.answer_by < now,
        states=STATES,
        kinds=KINDS,
        outcomes=OUTCOMES,
        pictures=media.pictures(photo.digest for photo in complaint.photos),
        days=deadlines.days_published(now),
    )
    return private(page, answer_status(form))
