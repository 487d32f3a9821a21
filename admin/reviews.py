"""Reviews of buyers: the office's queue, and the producer's answers."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as Answer
from wtforms import RadioField
from wtforms.validators import InputRequired

from accounts.actor import Permission
from accounts.web.forms import BaseForm, answer_status, line, paragraphs, show_refusal, words_of
from accounts.web.guard import current_actor, requires
from kernel import clock, media
from kernel.db import db, transaction
from kernel.errors import N_, DomainError
from storefront import after_queries, reviews
from storefront.after_models import Review, ReviewState

blueprint = Blueprint("reviews", __name__, url_prefix="/quan-tri/danh-gia")

STATES = {
    ReviewState.WAITING: (N_("To be looked at"), "wait"),
    ReviewState.SHOWN: (N_("Visible to all"), "good"),
    ReviewState.REFUSED: (N_("Not shown"), "bad"),
    ReviewState.WITHDRAWN: (N_("Taken back by its writer"), "off"),
}
IN_ADDRESS = {"cho-xem": ReviewState.WAITING, "dang-hien": ReviewState.SHOWN, "tu-choi": ReviewState.REFUSED}


class RefuseForm(BaseForm):
    """Why a review is not shown."""

    refusal = RadioField(lazy_gettext("Why is it not shown?"), [InputRequired()])
    refusal_words = line(
        lazy_gettext("In words"),
        longest=reviews.LONGEST_REFUSAL,
        required=False,
        description=lazy_gettext("Its writer reads this."),
    )


class AnswerForm(BaseForm):
    """What the producer says to it."""

    answer = paragraphs(lazy_gettext("Your answer"), longest=reviews.LONGEST_WORDS)


class Act(BaseForm):
    """Nothing but the act itself."""


@blueprint.get("")
@requires(Permission.READ_REVIEWS)
def index() -> str:
    """List the reviews: the office's queue first, a producer's unanswered ones first."""
    actor = current_actor()
    word = request.args.get("xem", "cho-xem" if actor.may(Permission.MODERATE_REVIEWS) else "")
    state, unanswered = IN_ADDRESS.get(word), word == "chua-tra-loi"
    found, counts, open_ones = after_queries.list_reviews(actor, state, unanswered=unanswered)
    tabs = [("tat-ca", gettext("All"), sum(counts.values()))]
    if actor.is_office:
        tabs = [(one, gettext(STATES[kind][0]), counts.get(kind, 0)) for one, kind in IN_ADDRESS.items()] + tabs
    tabs += [("chua-tra-loi", gettext("Without an answer"), open_ones)]
    chosen = word if word in {one for one, _, _ in tabs} else "tat-ca"
    return render_template(
        "admin/reviews/index.html",
        found=found,
        states=STATES,
        tabs_of_state=[
            {"label": label, "url": url_for("reviews.index", xem=one), "current": one == chosen, "count": count}
            for one, label, count in tabs
        ],
    )


@blueprint.get("/<int:review_id>")
@requires(Permission.READ_REVIEWS)
def show(review_id: int) -> tuple[str, int]:
    """Show a review with what may be done about it."""
    return _page(after_queries.get_review(current_actor(), review_id))


@blueprint.post("/<int:review_id>/hien")
@requires(Permission.MODERATE_REVIEWS)
def put_on_show(review_id: int) -> Answer:
    """Put a review on show."""
    actor, now = current_actor(), clock.now()
    after_queries.get_review(actor, review_id)
    if Act().validate_on_submit():
        try:
            with transaction():
                reviews.show(db.session.get_one(Review, review_id), actor=actor, now=now)
        except DomainError as refusal:
            flash(words_of(refusal), "bad")
            return redirect(url_for("reviews.show", review_id=review_id), 303)
        flash(gettext("The review is on show; its writer is told."), "good")
    return redirect(url_for("reviews.index"), 303)


@blueprint.post("/<int:review_id>/khong-hien")
@requires(Permission.MODERATE_REVIEWS)
def refuse(review_id: int) -> tuple[str, int] | Answer:
    """Do not show a review, with the reason."""
    actor, now = current_actor(), clock.now()
    review = after_queries.get_review(actor, review_id)
    form = _refusals()
    if form.validate_on_submit():
        try:
            with transaction():
                reviews.refuse(review, form.refusal.data, form.refusal_words.data or "", actor=actor, now=now)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("The review is not shown; its writer is told why."), "good")
            return redirect(url_for("reviews.index"), 303)
        review = after_queries.get_review(actor, review_id)
    return _page(review, refusing=form)


@blueprint.post("/<int:review_id>/tra-loi")
@requires(Permission.ANSWER_REVIEWS)
def answer(review_id: int) -> tuple[str, int] | Answer:
    """Answer a review in the producer's name."""
    actor, now = current_actor(), clock.now()
    review = after_queries.get_review(actor, review_id)
    form = AnswerForm()
    if form.validate_on_submit():
        try:
            with transaction():
                reviews.answer(review, form.answer.data or "", actor=actor, now=now)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("Your answer stands beneath the review."), "good")
            return redirect(url_for("reviews.show", review_id=review_id), 303)
        review = after_queries.get_review(actor, review_id)
    return _page(review, answering=form)


@blueprint.post("/<int:review_id>/bo-tra-loi")
@requires(Permission.ANSWER_REVIEWS, Permission.MODERATE_REVIEWS)
def drop_answer(review_id: int) -> Answer:
    """Take the producer's answer away."""
    actor, now = current_actor(), clock.now()
    review = after_queries.get_review(actor, review_id)
    if Act().validate_on_submit():
        with transaction():
            reviews.drop_answer(review, actor=actor, now=now)
        flash(gettext("The answer is taken away."), "good")
    return redirect(url_for("reviews.show", review_id=review_id), 303)


def _refusals() -> RefuseForm:
    form = RefuseForm()
    form.refusal.choices = [(key, gettext(words)) for key, words in reviews.REFUSALS.items()]
    return form


def _page(
    review: Review, *, refusing: RefuseForm | None = None, answering: AnswerForm | None = None
) -> tuple[str, int]:
    wrong = next((form for form in (refusing, answering) if form is not None), None)
    page = render_template(
        "admin/reviews/show.html",
        moderate=Permission.MODERATE_REVIEWS,
        answers=Permission.ANSWER_REVIEWS,
        review=review,
        states=STATES,
        refusals=reviews.REFUSALS,
        refusing=refusing or _refusals(),
        answering=answering or AnswerForm(data={"answer": review.answer}),
        wrong=wrong,
        pictures=media.pictures(photo.digest for photo in review.photos),
    )
    return page, answer_status(wrong) if wrong is not None else 200
