"""Complaints about orders: what the producer has to answer, what the office has to decide, and what is late."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as Answer
from wtforms import RadioField
from wtforms.validators import InputRequired

from accounts.actor import Permission
from accounts.web.forms import BaseForm, MoneyField, answer_status, paragraphs, show_refusal
from accounts.web.guard import current_actor, requires
from kernel import clock, media
from kernel.db import transaction
from kernel.errors import N_, DomainError
from storefront import after_queries, complaints
from storefront.after_models import Complaint, ComplaintKind, ComplaintOutcome, ComplaintState

blueprint = Blueprint("complaints", __name__, url_prefix="/quan-tri/khieu-nai")

KINDS = {
    ComplaintKind.NOT_ARRIVED: N_("Not arrived"),
    ComplaintKind.DAMAGED: N_("Broken or leaking"),
    ComplaintKind.OTHER_GOODS: N_("Other goods, or too few"),
    ComplaintKind.NOT_AS_SAID: N_("Origin, certificate or label not as said"),
    ComplaintKind.UNSAFE: N_("Spoiled, or somebody fell ill"),
    ComplaintKind.MONEY: N_("Money"),
    ComplaintKind.OTHER: N_("Something else"),
}
STATES = {
    ComplaintState.OPEN: (N_("To be answered"), "wait"),
    ComplaintState.ANSWERED: (N_("Answered"), "good"),
    ComplaintState.DISPUTED: (N_("Before the office"), "bad"),
    ComplaintState.CLOSED: (N_("Complaint closed"), "off"),
}
OUTCOMES = {
    ComplaintOutcome.SETTLED: N_("Settled, says the buyer"),
    ComplaintOutcome.WITHDRAWN: N_("Taken back by the buyer"),
    ComplaintOutcome.FOR_BUYER: N_("For the buyer"),
    ComplaintOutcome.IN_PART: N_("For the buyer in part"),
    ComplaintOutcome.FOR_PRODUCER: N_("For the producer"),
}
VIEWS = {
    "can-tra-loi": ("open", N_("To be answered")),
    "qua-han": ("late", N_("Late")),
    "tranh-chap": ("disputed", N_("Before the office")),
    "da-tra-loi": ("answered", N_("Answered")),
    "da-dong": ("closed", N_("Complaint closed")),
}


class AnswerForm(BaseForm):
    """What the producer says to it."""

    words = paragraphs(lazy_gettext("Your answer"), longest=complaints.LONGEST_WORDS)


class DecisionForm(BaseForm):
    """How the office decides, and why."""

    outcome = RadioField(lazy_gettext("The decision"), [InputRequired()])
    words = paragraphs(lazy_gettext("Reasons, and what has to be done by when"), longest=complaints.LONGEST_WORDS)


class RefundForm(BaseForm):
    """How much goes back to the buyer."""

    amount_vnd = MoneyField(lazy_gettext("How much goes back to the buyer?"), [InputRequired()])


@blueprint.get("")
@requires(Permission.READ_COMPLAINTS)
def index() -> str:
    """List the complaints, what is due soonest first."""
    now = clock.now()
    word = request.args.get("xem", "")
    view = VIEWS[word][0] if word in VIEWS else ""
    found, counts = after_queries.list_complaints(current_actor(), view, now)
    tabs = [{"label": gettext("All"), "url": url_for("complaints.index"), "current": not view, "count": counts[""]}]
    tabs += [
        {
            "label": gettext(label),
            "url": url_for("complaints.index", xem=one),
            "current": one == word,
            "count": counts[name],
        }
        for one, (name, label) in VIEWS.items()
    ]
    return render_template(
        "admin/complaints/index.html",
        found=found,
        tabs_of_view=tabs,
        states=STATES,
        kinds=KINDS,
        late={one.id for one in found if complaints.is_late(one, now)},
    )


@blueprint.get("/<number>")
@requires(Permission.READ_COMPLAINTS)
def show(number: str) -> tuple[str, int]:
    """Show a complaint with what may be done about it."""
    return _page(after_queries.get_complaint(current_actor(), number))


@blueprint.post("/<number>/tra-loi")
@requires(Permission.ANSWER_COMPLAINTS)
def answer(number: str) -> tuple[str, int] | Answer:
    """Answer a complaint in the producer's name."""
    actor, now = current_actor(), clock.now()
    complaint = after_queries.get_complaint(actor, number)
    form = AnswerForm()
    if form.validate_on_submit():
        try:
            with transaction():
                complaints.answer(complaint, form.words.data or "", actor=actor, now=now)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("The buyer reads your answer on the page of the complaint."), "good")
            return redirect(url_for("complaints.show", number=number), 303)
        complaint = after_queries.get_complaint(actor, number)
    return _page(complaint, answering=form)


@blueprint.post("/<number>/quyet-dinh")
@requires(Permission.DECIDE_COMPLAINTS)
def decide(number: str) -> tuple[str, int] | Answer:
    """Decide as the office what buyer and producer did not settle."""
    actor, now = current_actor(), clock.now()
    complaint = after_queries.get_complaint(actor, number)
    form = _decision()
    if form.validate_on_submit():
        try:
            with transaction():
                complaints.decide(complaint, form.outcome.data, form.words.data or "", actor=actor, now=now)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("The decision is on record; buyer and producer are told."), "good")
            return redirect(url_for("complaints.show", number=number), 303)
        complaint = after_queries.get_complaint(actor, number)
    return _page(complaint, deciding=form)


@blueprint.post("/<number>/hoan-tien")
@requires(Permission.DECIDE_COMPLAINTS)
def refund(number: str) -> tuple[str, int] | Answer:
    """Claim back for the buyer what the office decided."""
    actor, now = current_actor(), clock.now()
    complaint = after_queries.get_complaint(actor, number)
    form = RefundForm()
    if form.validate_on_submit():
        try:
            with transaction():
                complaints.give_money_back(complaint, form.amount_vnd.data or 0, actor=actor, now=now)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("The money is to go back: whoever received it finds it under “Money to give back”."), "good")
            return redirect(url_for("complaints.show", number=number), 303)
        complaint = after_queries.get_complaint(actor, number)
    return _page(complaint, refunding=form)


def _decision() -> DecisionForm:
    form = DecisionForm()
    form.outcome.choices = [(one.value, gettext(OUTCOMES[one])) for one in complaints.DECISIONS]
    return form


def _page(
    complaint: Complaint,
    *,
    answering: AnswerForm | None = None,
    deciding: DecisionForm | None = None,
    refunding: RefundForm | None = None,
) -> tuple[str, int]:
    wrong = next((form for form in (answering, deciding, refunding) if form is not None), None)
    left = complaints.refund_left(complaint) if current_actor().may(Permission.DECIDE_COMPLAINTS) else 0
    if refunding is None:
        # What all of it comes to is known; which part of it the office meant is not.
        whole = left if complaint.outcome is ComplaintOutcome.FOR_BUYER else None
        refunding = RefundForm(formdata=None, amount_vnd=whole)
    page = render_template(
        "admin/complaints/show.html",
        complaint=complaint,
        is_late=complaints.is_late(complaint, clock.now()),
        states=STATES,
        kinds=KINDS,
        outcomes=OUTCOMES,
        answering=answering or AnswerForm(formdata=None),
        deciding=deciding or _decision(),
        refunding=refunding,
        refund_left=left,
        refunds=complaints.refunds_of(complaint),
        wrong=wrong,
        answers=Permission.ANSWER_COMPLAINTS,
        decides=Permission.DECIDE_COMPLAINTS,
        pictures=media.pictures(photo.digest for photo in complaint.photos),
    )
    return page, answer_status(wrong) if wrong is not None else 200
