"""Reviewing what one bought, by the link of the order; reading what buyers say of a product."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as Answer
from wtforms import BooleanField, RadioField
from wtforms.validators import InputRequired

from accounts.web.forms import BaseForm, answer_status, line, paragraphs, show_refusal
from accounts.web.guard import public
from accounts.web.limits import limiter
from kernel import clock, media, pages
from kernel.db import transaction
from kernel.errors import N_, DomainError
from storefront import after_queries, queries, reviews
from storefront.after_models import ReviewState
from storefront.after_queries import Reviewable
from storefront.web import photos
from storefront.web.links import beside_photos, private
from storefront.web.words import language

blueprint = Blueprint("reviews_of_buyers", __name__)

HEARTS = {
    5: N_("5 hearts: very pleased"),
    4: N_("4 hearts: pleased"),
    3: N_("3 hearts: all right"),
    2: N_("2 hearts: disappointed"),
    1: N_("1 heart: very disappointed"),
}
STATES = {
    ReviewState.WAITING: (N_("Waits for the office"), "wait"),
    ReviewState.SHOWN: (N_("Visible to all"), "good"),
    ReviewState.REFUSED: (N_("Not shown"), "bad"),
    ReviewState.WITHDRAWN: (N_("You took it back"), "off"),
}


class ReviewForm(BaseForm):
    """What the buyer says."""

    hearts = RadioField(lazy_gettext("How pleased are you with these goods?"), [InputRequired()], coerce=int)
    words = paragraphs(lazy_gettext("What would you tell others?"), longest=reviews.LONGEST_WORDS)
    photos = photos.photos_field(lazy_gettext("Photos"))
    no_photos = BooleanField(lazy_gettext("Take the photos away"))
    author = line(lazy_gettext("Your name, as others read it"), longest=reviews.LONGEST_AUTHOR, required=False)


class Act(BaseForm):
    """Nothing but the act itself."""


@blueprint.get("/don-hang/<token>/danh-gia")
@public
def index(token: str) -> Answer:
    """List what one may review of a purchase."""
    purchase = after_queries.purchase_of(token)
    return private(
        render_template(
            "storefront/reviews/index.html",
            purchase=purchase,
            found=after_queries.reviewable(purchase),
            states=STATES,
        )
    )


@blueprint.route("/don-hang/<token>/danh-gia/<int:line>", methods=["GET", "POST"])
@public
@limiter.limit("10 per minute; 40 per hour", methods=["POST"])
def write(token: str, line: int) -> Answer:
    """Write a review of what was bought on a line, or write it anew."""
    purchase = after_queries.purchase_of(token)
    mine = _line(purchase, line)
    review = mine.review if mine.review and mine.review.state is not ReviewState.WITHDRAWN else None
    form = ReviewForm(data={"hearts": review.hearts, "words": review.words, "author": review.author} if review else {})
    form.hearts.choices = [(hearts, gettext(words)) for hearts, words in HEARTS.items()]
    if form.validate_on_submit():
        try:
            sent = photos.prepared(form.photos.data)
            now = clock.now()
            with transaction():
                digests = [media.keep_picture(picture, now=now) for picture in sent]
                reviews.write(
                    mine.order,
                    mine.bought,
                    hearts=form.hearts.data,
                    words=form.words.data or "",
                    author=form.author.data or "",
                    photos=digests if digests or form.no_photos.data else None,
                    language=language(),
                    now=now,
                )
        except DomainError as refusal:
            beside_photos(refusal)
            show_refusal(form, refusal)
        else:
            flash(gettext("Thank you. The office looks at your review before it is shown."), "good")
            return redirect(url_for("reviews_of_buyers.index", token=token), 303)
    page = render_template(
        "storefront/reviews/write.html",
        form=form,
        purchase=purchase,
        mine=mine,
        review=review,
        states=STATES,
        refusals=reviews.REFUSALS,
        pictures=media.pictures(photo.digest for photo in review.photos) if review else {},
        hint=photos.hint(),
    )
    return private(page, answer_status(form))


@blueprint.post("/don-hang/<token>/danh-gia/<int:line>/rut")
@public
@limiter.limit("10 per minute; 40 per hour", methods=["POST"])
def withdraw(token: str, line: int) -> Answer:
    """Take one's review back."""
    mine = _line(after_queries.purchase_of(token), line)
    if mine.review is None:
        raise after_queries.NoSuchReview()
    if Act().validate_on_submit():
        with transaction():
            reviews.withdraw(mine.review, now=clock.now())
        flash(gettext("Your review is taken back; its words and photos are erased."), "good")
    return redirect(url_for("reviews_of_buyers.index", token=token), 303)


@blueprint.get("/san-pham/<slug>/danh-gia")
@public
def of_product(slug: str) -> str | Answer:
    """Show what buyers say of a product, a page at a time. A rendered copy, as the product's own page."""
    pages.depends_on(pages.SHOP)
    row = queries.shelf(clock.business_date(clock.now())).by_slug.get(slug)
    if row is None:
        today = queries.slug_of_today("product", slug)
        if today is None:
            raise queries.NoSuchProduct()
        return redirect(url_for("reviews_of_buyers.of_product", slug=today), 301)
    pages.depends_on(pages.product(row.product_id))
    number = request.args.get("trang", "1")
    page = int(number) if number.isascii() and number.isdigit() and 0 < len(number) < 6 else 1
    found = after_queries.shown_reviews(row.product_id, max(1, page))
    return render_template(
        "storefront/reviews/of_product.html", row=row, found=found, pictures=pictures_of(found), url_of=_page_of(slug)
    )


def pictures_of(found: after_queries.ShownReviews) -> dict[str, media.Picture]:
    """Give what is needed to draw the photos of reviews."""
    return media.pictures(photo.digest for review in found.rows for photo in review.photos)


def _page_of(slug: str) -> Any:
    return lambda page: url_for("reviews_of_buyers.of_product", slug=slug, trang=page if page > 1 else None)


def _line(purchase: Any, number: int) -> Reviewable:
    for order in purchase.orders:
        for bought in order.lines:
            if bought.line == number and bought.of_line is None:
                found = next((one for one in after_queries.reviewable(purchase) if one.bought.line == number), None)
                if found is None:
                    raise reviews.NotArrived()
                return found
    raise after_queries.NoSuchReview()
