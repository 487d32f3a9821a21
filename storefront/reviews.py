"""Reviews: said by who bought the goods and got them, looked at by the office, answered by the producer.

What is on show changes by the office's hand only: who writes anew goes back to the queue.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select

from accounts.actor import Actor
from catalog.models import TradeItem
from kernel import audit, jobs, media, pages
from kernel.db import db, lock
from kernel.errors import N_, Conflict, InvalidInput
from kernel.text import nfc, one_line
from storefront.after_models import MOST_PHOTOS, Review, ReviewPhoto, ReviewState
from storefront.after_queries import has_arrived
from storefront.order_models import Contact, Order, OrderLine, Purchase

LONGEST_WORDS, LONGEST_AUTHOR, LONGEST_REFUSAL = 2_000, 60, 300

#: Why a review is not shown: key → what its writer reads.
REFUSALS = {
    "insult": N_("It insults somebody."),
    "person": N_("It says of a person what is nobody else's business, such as a name or a telephone number."),
    "advert": N_("It advertises something else."),
    "not_goods": N_("It is not about these goods."),
    "unlawful": N_("The law does not allow this to be published."),
    "photo": N_("A photo shows something else, or a person who may not want that."),
    "other": N_("Another reason: see below."),
}


class NotArrived(Conflict):
    message = N_("You can review these goods when they have come.")


class BadHearts(InvalidInput):
    message = N_("Give one to five hearts.")
    field = "hearts"


class WordsTooLong(InvalidInput):
    message = N_("Please keep it within %(most)s signs.")
    field = "words"


class AuthorTooLong(InvalidInput):
    message = N_("Please keep it within %(most)s signs.")
    field = "author"


class TooManyPhotos(InvalidInput):
    message = N_("At most %(most)s photos, please.")
    field = "photos"


class NoReason(InvalidInput):
    message = N_("Say why it is not shown.")
    field = "refusal"


class NeedsWords(InvalidInput):
    message = N_("Say in a few words what is the matter.")
    field = "refusal_words"


class DecidedAlready(Conflict):
    message = N_("This review was decided about, or taken back, in the meantime.")


class NotShown(Conflict):
    message = N_("Only a review that is on show can be answered.")


class NoAnswer(InvalidInput):
    message = N_("Please write your answer.")
    field = "answer"


class AnswerTooLong(InvalidInput):
    message = N_("Please keep it within %(most)s signs.")
    field = "answer"


def write(
    order: Order,
    bought: OrderLine,
    *,
    hearts: int,
    words: str = "",
    author: str = "",
    photos: Sequence[str] | None = None,
    language: str,
    now: datetime,
) -> Review:
    """Write a review of what was bought on a line, or write it anew: it waits for the office.

    :param photos: digests; None leaves those there are
    :raises NotArrived, BadHearts, WordsTooLong, AuthorTooLong, TooManyPhotos:
    """
    words, author = nfc(words).strip(), one_line(author)
    if not 1 <= hearts <= 5:
        raise BadHearts()
    if len(words) > LONGEST_WORDS:
        raise WordsTooLong(most=LONGEST_WORDS)
    if len(author) > LONGEST_AUTHOR:
        raise AuthorTooLong(most=LONGEST_AUTHOR)
    if photos is not None and len(photos) > MOST_PHOTOS:
        raise TooManyPhotos(most=MOST_PHOTOS)
    lock(order)
    if not has_arrived(order):
        raise NotArrived()
    review = db.session.scalar(select(Review).where(Review.order_id == order.id, Review.line == bought.line))
    if review is None:
        item = db.session.get_one(TradeItem, bought.trade_item_id)
        review = Review(
            order_id=order.id, line=bought.line, product_id=item.product_id, producer_id=order.producer_id, answer=""
        )
        db.session.add(review)
    else:
        _take_from_show(lock(review))
    review.hearts, review.words, review.author, review.language = hearts, words, author, language
    review.state, review.written_at = ReviewState.WAITING, now
    _forget_decision(review)
    db.session.flush()
    if photos is not None:
        _keep_photos(review, photos, now)
    audit.record(None, "storefront.write_review", f"review:{review.id}", now=now, hearts=hearts)
    return review


def withdraw(review: Review, *, now: datetime) -> None:
    """Take one's review back: its words, name and photos are erased. Taken back before, it stays so."""
    lock(review)
    if review.state is ReviewState.WITHDRAWN:
        return
    _take_from_show(review)
    review.state, review.words, review.author = ReviewState.WITHDRAWN, "", ""
    _forget_decision(review)
    _keep_photos(review, (), now)
    audit.record(None, "storefront.withdraw_review", f"review:{review.id}", now=now)


def show(review: Review, *, actor: Actor, now: datetime) -> None:
    """Put a review on show, and tell who wrote it.

    :raises DecidedAlready:
    """
    lock(review)
    if review.state is not ReviewState.WAITING:
        raise DecidedAlready()
    review.state, review.decided_at, review.decided_by_id = ReviewState.SHOWN, now, actor.user_id
    pages.bump(pages.product(review.product_id))
    audit.record(actor, "storefront.show_review", f"review:{review.id}", now=now)
    _tell(review, "shown", now)


def refuse(review: Review, reason: str, words: str = "", *, actor: Actor, now: datetime) -> None:
    """Do not show a review, or no longer; who wrote it is told why.

    :param reason: a key of ``REFUSALS``
    :raises NoReason, NeedsWords, DecidedAlready:
    """
    words = one_line(words)[:LONGEST_REFUSAL]
    if reason not in REFUSALS:
        raise NoReason()
    if reason == "other" and not words:
        raise NeedsWords()
    lock(review)
    if review.state not in (ReviewState.WAITING, ReviewState.SHOWN):
        raise DecidedAlready()
    _take_from_show(review)
    review.state, review.refusal, review.refusal_words = ReviewState.REFUSED, reason, words
    review.decided_at, review.decided_by_id = now, actor.user_id
    audit.record(actor, "storefront.refuse_review", f"review:{review.id}", now=now, reason=reason)
    _tell(review, "refused", now)


def answer(review: Review, words: str, *, actor: Actor, now: datetime) -> None:
    """Answer a review in the producer's name; the answer stands beneath it, and can be written anew.

    :raises NoAnswer, AnswerTooLong, NotShown:
    """
    words = nfc(words).strip()
    if not words:
        raise NoAnswer()
    if len(words) > LONGEST_WORDS:
        raise AnswerTooLong(most=LONGEST_WORDS)
    lock(review)
    if review.state is not ReviewState.SHOWN:
        raise NotShown()
    is_first = review.answered_at is None
    review.answer, review.answered_at, review.answered_by_id = words, now, actor.user_id
    pages.bump(pages.product(review.product_id))
    audit.record(actor, "storefront.answer_review", f"review:{review.id}", now=now)
    if is_first:
        _tell(review, "answered", now)


def drop_answer(review: Review, *, actor: Actor, now: datetime) -> None:
    """Take the answer to a review away: the producer's own wish, or the office's."""
    lock(review)
    if review.answered_at is None:
        return
    review.answer, review.answered_at, review.answered_by_id = "", None, None
    pages.bump(pages.product(review.product_id))
    audit.record(actor, "storefront.drop_answer", f"review:{review.id}", now=now)


def _take_from_show(review: Review) -> None:
    if review.state is ReviewState.SHOWN:
        pages.bump(pages.product(review.product_id))


def _forget_decision(review: Review) -> None:
    review.refusal, review.refusal_words = "", ""
    review.decided_at = review.decided_by_id = None
    review.answer, review.answered_at, review.answered_by_id = "", None, None


def _keep_photos(review: Review, digests: Sequence[str], now: datetime) -> None:
    media.forget({photo.digest for photo in review.photos} - set(digests), now=now)
    db.session.execute(delete(ReviewPhoto).where(ReviewPhoto.review_id == review.id))
    for position, digest in enumerate(dict.fromkeys(digests), start=1):
        db.session.add(ReviewPhoto(review_id=review.id, position=position, digest=digest))
    db.session.flush()
    db.session.expire(review, ["photos"])


def _tell(review: Review, what: str, now: datetime) -> None:
    """Write to who wrote a review, if they left an address."""
    found = db.session.execute(
        select(Contact.email, Contact.name, Purchase.language, Purchase.token, OrderLine.name_vi, OrderLine.name_en)
        .join(Purchase, Purchase.id == Contact.purchase_id)
        .join(Order, Order.purchase_id == Purchase.id)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(Order.id == review.order_id, OrderLine.line == review.line, Contact.email.is_not(None))
    ).one_or_none()
    if found is None:
        return
    email, name, language, token, goods_vi, goods_en = found
    jobs.enqueue(
        "mail.send",
        now=now,
        template="review",
        to=email,
        language=language,
        facts={
            "what": what,
            "name": name,
            "goods": {"vi": goods_vi, "en": goods_en},
            "reason": REFUSALS.get(review.refusal, ""),
            "words": review.refusal_words if what == "refused" else review.answer,
            "path": f"/don-hang/{token}/danh-gia/{review.line}",
        },
    )
