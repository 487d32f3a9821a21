"""Disputes of card payments: how much, why, until when an answer is taken, what was decided, how it ended."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as Answer
from wtforms import RadioField
from wtforms.validators import InputRequired

from accounts.actor import Permission
from accounts.web.forms import BaseForm, answer_status, choices_of, paragraphs, show_refusal
from accounts.web.guard import current_actor, requires
from admin import listing
from kernel import clock
from kernel.db import transaction
from kernel.errors import N_, DomainError
from storefront import disputes, money_queries, paying
from storefront.dispute_models import CardDispute, DisputeDecision, DisputeState

blueprint = Blueprint("disputes", __name__, url_prefix="/quan-tri/tien/tranh-chap-the")

STATES = {
    DisputeState.TO_ANSWER: (N_("To answer"), "bad"),
    DisputeState.IN_REVIEW: (N_("The bank looks at it"), "wait"),
    DisputeState.WON: (N_("Won: the money stays"), "good"),
    DisputeState.LOST: (N_("Lost: the payer has the money"), "off"),
}
#: The payer's reason, as the provider names it → words.
REASONS = {
    "credit_not_processed": N_("A refund that was promised did not come"),
    "duplicate": N_("Paid twice"),
    "fraudulent": N_("The holder of the card says it was not them"),
    "general": N_("No reason was given"),
    "product_not_received": N_("The goods did not come"),
    "product_unacceptable": N_("The goods were broken, or not as described"),
    "unrecognized": N_("The holder of the card does not know the payment"),
}
DECISIONS = {
    DisputeDecision.ANSWER: N_("Answer it: the payment was right"),
    DisputeDecision.ACCEPT: N_("Accept it: the payer gets the money"),
}


class DecisionForm(BaseForm):
    """What we say to a dispute."""

    decision = RadioField(lazy_gettext("What do we say to it?"), [InputRequired(lazy_gettext("Please choose."))])
    words = paragraphs(
        lazy_gettext("Our answer to the bank"),
        longest=disputes.LONGEST_WORDS,
        description=lazy_gettext(
            "Needed if we answer: what was ordered, how and when it was brought, what was agreed with the buyer. It "
            "can be handed in once."
        ),
    )


@blueprint.get("")
@requires(Permission.READ_MONEY)
def index() -> str:
    """List disputes: open ones by the day of the answer, or all of them."""
    only_open = request.args.get("loai") != "tat-ca"
    page = listing.page_of(money_queries.list_disputes(current_actor(), only_open=only_open))
    return render_template(
        "admin/disputes/index.html",
        page=page,
        only_open=only_open,
        states=STATES,
        reason_of=_reason,
        tabs_of_state=[
            {"label": gettext("Not ended"), "url": listing.address(loai=None, trang=None), "current": only_open},
            {"label": gettext("All"), "url": listing.address(loai="tat-ca", trang=None), "current": not only_open},
        ],
        columns=[
            listing.heading(gettext("Dispute")),
            listing.heading(gettext("Amount"), number=True),
            listing.heading(gettext("Order")),
            listing.heading(gettext("Answer until")),
            listing.heading(gettext("State")),
        ],
        url_of=lambda number: listing.address(trang=number),
    )


@blueprint.get("/<number>")
@requires(Permission.READ_MONEY)
def show(number: str) -> str:
    """Show a dispute, and what can be said to it."""
    return _page(money_queries.get_dispute(current_actor(), number), None)


@blueprint.post("/<number>")
@requires(Permission.HANDLE_MONEY)
def decide(number: str) -> str | Answer | tuple[str, int]:
    """Answer a dispute, or accept it."""
    actor = current_actor()
    form = _form()
    row = money_queries.get_dispute(actor, number)
    if form.validate_on_submit():
        try:
            with transaction():
                disputes.decide(
                    money_queries.get_dispute(actor, number),
                    DisputeDecision(form.decision.data),
                    words=form.words.data or "",
                    actor=actor,
                    now=clock.now(),
                )
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("It is on record, and the provider of card payments is told."), "good")
            return redirect(url_for("disputes.show", number=number), 303)
    return _page(row, form), answer_status(form)


def _form(**settings: Any) -> DecisionForm:
    form = DecisionForm(**settings)
    form.decision.choices = choices_of({key.value: gettext(words) for key, words in DECISIONS.items()})
    return form


def _page(row: CardDispute, form: DecisionForm | None) -> str:
    actor = current_actor()
    return render_template(
        "admin/disputes/show.html",
        row=row,
        form=form or _form(formdata=None),
        state=STATES[row.state],
        reason=_reason(row),
        decision=DECISIONS[row.decision] if row.decision is not None else None,
        orders=paying.orders_of(row.payment),
        refunds=money_queries.refunds_of_dispute(row),
        may_decide=actor.may(Permission.HANDLE_MONEY) and disputes.may_decide(row),
    )


def _reason(row: CardDispute) -> str:
    return str(gettext(REASONS[row.reason])) if row.reason in REASONS else row.reason.replace("_", " ")
