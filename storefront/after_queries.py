"""Reads of what comes after a purchase: by the link of the order, on the product page, in the back office."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased, contains_eager, joinedload, selectinload

from accounts.actor import SYSTEM, Actor
from accounts.models import Organisation
from accounts.queries import owned_by
from catalog.models import ProductVersion
from kernel.db import db
from kernel.errors import N_, NotFound
from storefront import return_queries
from storefront.after_models import AccountConsent, Complaint, ComplaintState, Review, ReviewState, Wish
from storefront.models import PublicText
from storefront.order_models import (
    Order,
    OrderLine,
    OrderStep,
    Parcel,
    ParcelState,
    Placement,
    Purchase,
    PurchaseConsent,
)
from storefront.queries import ShelfRow

ON_A_PAGE = 10
ON_PRODUCT_PAGE = 5
MOST_LISTED = 200


class NoSuchPurchase(NotFound):
    message = N_("There is no order at this address. Please check the link in your message.")


class NoSuchReview(NotFound):
    message = N_("There is no such review.")


# --- By the link of an order ------------------------------------------------------------------------


def purchase_of(token: str) -> Purchase:
    """Find a purchase by the last part of its page's address, its orders and lines with it (three statements).

    :raises NoSuchPurchase:
    """
    found = db.session.scalar(
        select(Purchase)
        .where(Purchase.token == token)
        .options(
            selectinload(Purchase.orders).selectinload(Order.lines),
            selectinload(Purchase.orders).joinedload(Order.producer),
        )
    )
    if found is None:
        raise NoSuchPurchase()
    return found


def has_arrived(order: Order) -> bool:
    """Tell whether an order stands and its goods came: a parcel of it was delivered, or was and came back."""
    arrived = or_(
        exists().where(Parcel.order_id == order.id, Parcel.state == ParcelState.DELIVERED),
        exists().where(OrderStep.order_id == order.id, OrderStep.what == "delivered"),
    )
    return order.placement is Placement.CONFIRMED and bool(db.session.scalar(select(arrived)))


@dataclass(frozen=True)
class Reviewable:
    """A line of an order that came, with the review of it, if there is one."""

    order: Order
    bought: OrderLine
    review: Review | None


def reviewable(purchase: Purchase) -> list[Reviewable]:
    """List what can be reviewed of a purchase: the lines of orders that came, without parts of sets and exchanges."""
    come = [order for order in purchase.orders if has_arrived(order) and not return_queries.is_exchange(order)]
    reviews = {
        (row.order_id, row.line): row
        for row in db.session.scalars(select(Review).where(Review.order_id.in_([order.id for order in come])))
    }
    return [
        Reviewable(order, line, reviews.get((order.id, line.line)))
        for order in come
        for line in order.lines_left
        if line.of_line is None
    ]


# --- On the product page ----------------------------------------------------------------------------


@dataclass(frozen=True)
class ShownReviews:
    """A page of the reviews of a product, and what all of them say together."""

    rows: tuple[Review, ...] = ()
    count: int = 0
    hearts: int = 0  #: of all together
    page: int = 1
    last: int = 1

    @property
    def average(self) -> int:
        """The mean in tenths, half up: 43 is 4.3 of 5."""
        return (20 * self.hearts + self.count) // (2 * self.count) if self.count else 0


def product_on_show(row: ShelfRow) -> tuple[ProductVersion, Organisation, bool]:
    """Read the words and photos of a product on show, who makes it, and whether it has reviews (one statement)."""
    keys = {"product_id": row.product_id, "producer_id": row.producer_id, "version_id": row.version_id}
    version, producer, is_reviewed = db.session.execute(_ON_SHOW, keys).unique().one()
    return version, producer, bool(is_reviewed)


_ON_SHOW = (
    select(
        ProductVersion,
        Organisation,
        exists().where(Review.product_id == bindparam("product_id"), Review.state == ReviewState.SHOWN),
    )
    .join(Organisation, Organisation.id == bindparam("producer_id"))
    .where(ProductVersion.id == bindparam("version_id"))
    .options(joinedload(ProductVersion.photos), joinedload(ProductVersion.commune))
)


def shown_reviews(product_id: int, page: int = 1, *, size: int = ON_A_PAGE) -> ShownReviews:
    """Read a page of a product's reviews, the latest first (one statement where there are none, else two).

    :raises NoSuchReview: beyond the last page
    """
    rows = db.session.execute(
        select(
            Review,
            func.count().over().label("many"),
            func.sum(Review.hearts).over().label("hearts"),
        )
        .where(Review.product_id == product_id, Review.state == ReviewState.SHOWN)
        .options(selectinload(Review.photos))
        .order_by(Review.decided_at.desc(), Review.id.desc())
        .limit(size)
        .offset((page - 1) * size)
    ).all()
    if not rows:
        if page > 1:
            raise NoSuchReview()
        return ShownReviews()
    count = int(rows[0].many)
    return ShownReviews(tuple(row[0] for row in rows), count, int(rows[0].hearts), page, -(-count // size))


# --- In the back office -----------------------------------------------------------------------------


def reviews_visible_to(actor: Actor) -> Select[Review]:
    """Select the reviews an actor may see: an office all of its jurisdiction, a producer those on show of its goods."""
    found = select(Review).where(owned_by(actor, Review.producer_id))
    if actor is SYSTEM or actor.is_office:
        return found
    return found.where(Review.state == ReviewState.SHOWN)


def list_reviews(
    actor: Actor, state: ReviewState | None, *, unanswered: bool = False
) -> tuple[list[Review], dict[ReviewState, int], int]:
    """List the reviews an actor may see: those that wait the oldest first, others the latest first.

    :return: the reviews, how many there are of each state, and how many on show have no answer
    """
    seen = reviews_visible_to(actor).subquery()
    counts = {
        ReviewState(one): many
        for one, many in db.session.execute(select(seen.c.state, func.count()).group_by(seen.c.state))
    }
    shown = seen.c.state == ReviewState.SHOWN
    open_ones = db.session.scalar(select(func.count()).where(shown, seen.c.answered_at.is_(None))) or 0
    query = reviews_visible_to(actor).options(joinedload(Review.bought))
    if state is not None:
        query = query.where(Review.state == state)
    if unanswered:
        query = query.where(Review.state == ReviewState.SHOWN, Review.answered_at.is_(None))
    order = Review.written_at if state is ReviewState.WAITING else Review.written_at.desc()
    return list(db.session.scalars(query.order_by(order, Review.id).limit(MOST_LISTED))), counts, open_ones


def get_review(actor: Actor, review_id: int) -> Review:
    """Find a review.

    :raises NoSuchReview: if there is none that the actor may see
    """
    found = db.session.scalar(
        reviews_visible_to(actor)
        .where(Review.id == review_id)
        .options(joinedload(Review.bought), selectinload(Review.photos))
    )
    if found is None:
        raise NoSuchReview()
    return found


# --- Complaints -------------------------------------------------------------------------------------


class NoSuchComplaint(NotFound):
    message = N_("There is no such complaint.")


def complaints_of(purchase: Purchase) -> list[Complaint]:
    """List the complaints about a purchase, the latest first."""
    return list(
        db.session.scalars(
            select(Complaint)
            .join(Order, Order.id == Complaint.order_id)
            .where(Order.purchase_id == purchase.id)
            .options(contains_eager(Complaint.order).joinedload(Order.producer))
            .order_by(Complaint.id.desc())
        )
    )


def complaint_of(purchase: Purchase, number: str) -> Complaint:
    """Find a complaint about a purchase by its number.

    :raises NoSuchComplaint:
    """
    found = next((one for one in complaints_of(purchase) if one.number == number), None)
    if found is None:
        raise NoSuchComplaint()
    return found


def complaints_visible_to(actor: Actor) -> Select[Complaint]:
    """Select the complaints an actor may see: about a producer's own orders, or in an office's jurisdiction."""
    order = aliased(Order)
    return select(Complaint).where(exists().where(order.id == Complaint.order_id, owned_by(actor, order.producer_id)))


def is_late(now: datetime) -> ColumnElement[bool]:
    """Say in SQL that an answer or a decision is overdue."""
    return or_(
        and_(Complaint.state == ComplaintState.OPEN, Complaint.answer_by < now),
        and_(Complaint.state == ComplaintState.DISPUTED, Complaint.decide_by < now),
    )


def list_complaints(actor: Actor, view: str, now: datetime) -> tuple[list[Complaint], dict[str, int]]:
    """List the complaints an actor may see: what is due soonest first.

    :param view: "open", "late", "disputed", "answered", "closed", or "" for all
    :return: the complaints, and how many there are in each view
    """
    views: dict[str, ColumnElement[bool]] = {
        "open": Complaint.state == ComplaintState.OPEN,
        "late": is_late(now),
        "disputed": Complaint.state == ComplaintState.DISPUTED,
        "answered": Complaint.state == ComplaintState.ANSWERED,
        "closed": Complaint.state == ComplaintState.CLOSED,
    }
    counted = complaints_visible_to(actor).with_only_columns(
        func.count(), *[func.count().filter(condition) for condition in views.values()]
    )
    total, *many = db.session.execute(counted).one()
    query = complaints_visible_to(actor).options(joinedload(Complaint.order).joinedload(Order.producer))
    if view in views:
        query = query.where(views[view])
    due = func.coalesce(Complaint.decide_by, Complaint.answer_by)
    order = [Complaint.id.desc()] if view in ("", "closed", "answered") else [due, Complaint.id]
    found = list(db.session.scalars(query.order_by(*order).limit(MOST_LISTED)))
    return found, {"": total, **dict(zip(views, many, strict=True))}


def get_complaint(actor: Actor, number: str) -> Complaint:
    """Find a complaint.

    :raises NoSuchComplaint: if there is none that the actor may see
    """
    found = db.session.scalar(
        complaints_visible_to(actor)
        .where(Complaint.number == number)
        .options(
            joinedload(Complaint.order).joinedload(Order.producer),
            selectinload(Complaint.messages),
            selectinload(Complaint.photos),
        )
    )
    if found is None:
        raise NoSuchComplaint()
    return found


# --- What an account shows of its holder ------------------------------------------------------------


def purchases_of(user_id: int, most: int = 100) -> list[Purchase]:
    """List the purchases of an account, the latest first."""
    return list(
        db.session.scalars(
            select(Purchase)
            .where(Purchase.user_id == user_id)
            .options(
                selectinload(Purchase.orders).selectinload(Order.lines),
                selectinload(Purchase.orders).joinedload(Order.producer),
            )
            .order_by(Purchase.id.desc())
            .limit(most)
        )
    )


def wishes_of(user_id: int) -> list[int]:
    """List the ids of the products somebody wants to remember, the latest first."""
    return list(
        db.session.scalars(
            select(Wish.product_id).where(Wish.user_id == user_id).order_by(Wish.added_at.desc(), Wish.product_id)
        )
    )


def consents_of(user_id: int) -> list[AccountConsent]:
    """List what the holder of an account agreed to, the latest first, taken back or not."""
    return list(
        db.session.scalars(
            select(AccountConsent)
            .where(AccountConsent.user_id == user_id)
            .options(joinedload(AccountConsent.text))
            .order_by(AccountConsent.id.desc())
        )
    )


class GivenWhenBuying(NamedTuple):
    """What was agreed to with a purchase."""

    number: str
    token: str
    purpose: str
    title_vi: str
    title_en: str
    text_id: int
    at: datetime


def purchase_consents_of(user_id: int) -> list[GivenWhenBuying]:
    """List what somebody agreed to with their purchases, the latest first."""
    rows = db.session.execute(
        select(
            Purchase.number,
            Purchase.token,
            PurchaseConsent.purpose,
            PublicText.title_vi,
            PublicText.title_en,
            PublicText.id,
            PurchaseConsent.at,
        )
        .join(PurchaseConsent, PurchaseConsent.purchase_id == Purchase.id)
        .join(PublicText, PublicText.id == PurchaseConsent.text_id)
        .where(Purchase.user_id == user_id)
        .order_by(Purchase.id.desc(), PurchaseConsent.purpose)
        .limit(MOST_LISTED)
    )
    return [GivenWhenBuying._make(row) for row in rows]
