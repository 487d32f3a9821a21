"""After the purchase: reviews, complaints, what an account keeps of a buyer, notices of goods that are back.

Whatever names a person here can be erased without touching the orders: words, photos, addresses, e-mails.
"""

from __future__ import annotations

import enum
from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    TextClause,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import values
from catalog.models import Product, TradeItem
from kernel.db import Base
from kernel.models import AdministrativeUnit
from storefront.models import PublicText
from storefront.order_models import Order, OrderLine

MOST_PHOTOS = 3


# --- Reviews ----------------------------------------------------------------------------------------


class ReviewState(enum.StrEnum):
    """How far a review has come."""

    WAITING = "waiting"  #: for the office to look at it
    SHOWN = "shown"
    REFUSED = "refused"  #: ``refusal`` says why
    WITHDRAWN = "withdrawn"  #: by who wrote it; words, name and photos are erased


class Review(Base):
    """What a buyer says of goods that came: one to five hearts, words, photos. Hearts are no stars of the programme."""

    __tablename__ = "review"
    __table_args__ = (
        UniqueConstraint("order_id", "line"),
        ForeignKeyConstraint(["order_id", "line"], ["purchase_line.order_id", "purchase_line.line"]),
        CheckConstraint("hearts BETWEEN 1 AND 5", name="hearts"),
        CheckConstraint("state <> 'refused' OR refusal <> ''", name="refused_has_reason"),
        CheckConstraint("(answer = '') = (answered_at IS NULL)", name="answer"),
        Index("ix_review_product", "product_id", "state", "id"),
        Index("ix_review_state", "state", "id"),
        Index("ix_review_producer", "producer_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int]
    line: Mapped[int]
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    producer_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    hearts: Mapped[int]
    words: Mapped[str] = mapped_column(Text, default="")
    author: Mapped[str] = mapped_column(String(60), default="")  #: as they want to be called; "": a buyer
    language: Mapped[str] = mapped_column(String(2))
    state: Mapped[ReviewState] = mapped_column(values(ReviewState), default=ReviewState.WAITING)
    refusal: Mapped[str] = mapped_column(String(24), default="")  #: a key of ``storefront.reviews.REFUSALS``
    refusal_words: Mapped[str] = mapped_column(String(300), default="")
    written_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    answer: Mapped[str] = mapped_column(Text, default="")  #: the producer's
    answered_at: Mapped[datetime | None]
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    bought: Mapped[OrderLine] = relationship()
    product: Mapped[Product] = relationship()
    photos: Mapped[list[ReviewPhoto]] = relationship(order_by="ReviewPhoto.position")


class ReviewPhoto(Base):
    """A photo of a review."""

    __tablename__ = "review_photo"
    __table_args__ = (CheckConstraint(f"position BETWEEN 1 AND {MOST_PHOTOS}", name="position"),)

    review_id: Mapped[int] = mapped_column(ForeignKey("review.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(ForeignKey("stored_file.digest"))


# --- Complaints -------------------------------------------------------------------------------------


class ComplaintKind(enum.StrEnum):
    """What a complaint is about."""

    NOT_ARRIVED = "not_arrived"
    DAMAGED = "damaged"
    OTHER_GOODS = "other_goods"  #: not what was ordered, or too few
    NOT_AS_SAID = "not_as_said"  #: origin, certificate or label are not what the page says
    UNSAFE = "unsafe"  #: spoiled, or somebody fell ill
    MONEY = "money"
    OTHER = "other"


class ComplaintState(enum.StrEnum):
    """Who has to do something about a complaint."""

    OPEN = "open"  #: the producer
    ANSWERED = "answered"  #: the buyer, if they like
    DISPUTED = "disputed"  #: the office
    CLOSED = "closed"


class ComplaintOutcome(enum.StrEnum):
    """How a complaint ended."""

    SETTLED = "settled"  #: the buyer said so
    WITHDRAWN = "withdrawn"
    FOR_BUYER = "for_buyer"  #: the office decided
    FOR_PRODUCER = "for_producer"
    IN_PART = "in_part"


class Complaint(Base):
    """Something about an order that a buyer wants put right, with the days by which the law wants an answer."""

    __tablename__ = "complaint"
    __table_args__ = (
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed"),
        CheckConstraint("(state = 'closed') = (outcome IS NOT NULL)", name="outcome"),
        CheckConstraint("(disputed_at IS NULL) = (decide_by IS NULL)", name="disputed"),
        Index("ix_complaint_order", "order_id"),
        Index("ix_complaint_state", "state", "answer_by"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)  #: "KN-000012"
    order_id: Mapped[int] = mapped_column(ForeignKey("purchase_order.id"))
    kind: Mapped[ComplaintKind] = mapped_column(values(ComplaintKind))
    state: Mapped[ComplaintState] = mapped_column(values(ComplaintState), default=ComplaintState.OPEN)
    language: Mapped[str] = mapped_column(String(2))
    opened_at: Mapped[datetime]
    answer_by: Mapped[datetime]  #: the producer
    answered_at: Mapped[datetime | None]
    disputed_at: Mapped[datetime | None]
    decide_by: Mapped[datetime | None]  #: the office
    closed_at: Mapped[datetime | None]
    outcome: Mapped[ComplaintOutcome | None] = mapped_column(values(ComplaintOutcome))

    order: Mapped[Order] = relationship()
    messages: Mapped[list[ComplaintMessage]] = relationship(order_by="ComplaintMessage.id")
    photos: Mapped[list[ComplaintPhoto]] = relationship(order_by="ComplaintPhoto.position")


class ComplaintMessage(Base):
    """What was said in a complaint, and by which side."""

    __tablename__ = "complaint_message"
    __table_args__ = (
        CheckConstraint("side IN ('buyer', 'producer', 'office')", name="side"),
        Index("ix_complaint_message_complaint", "complaint_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    complaint_id: Mapped[int] = mapped_column(ForeignKey("complaint.id"))
    side: Mapped[str] = mapped_column(String(8))
    words: Mapped[str] = mapped_column(Text)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]


class ComplaintPhoto(Base):
    """A photo that goes with a complaint. Only those it concerns see it."""

    __tablename__ = "complaint_photo"
    __table_args__ = (CheckConstraint(f"position BETWEEN 1 AND {MOST_PHOTOS}", name="position"),)

    complaint_id: Mapped[int] = mapped_column(ForeignKey("complaint.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(ForeignKey("stored_file.digest"))


# --- What an account keeps --------------------------------------------------------------------------


class SavedAddress(Base):
    """Where a buyer has parcels sent, kept for next time because they asked for that."""

    __tablename__ = "saved_address"
    __table_args__ = (
        ForeignKeyConstraint(
            ["commune_code", "commune_valid_from"],
            ["administrative_unit.code", "administrative_unit.valid_from"],
            name="fk_saved_address_commune",
        ),
        Index("ix_saved_address_user", "user_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(120))
    phone: Mapped[str] = mapped_column(String(20))  #: E.164
    line: Mapped[str] = mapped_column(String(200))
    commune_code: Mapped[str] = mapped_column(String(8))
    commune_valid_from: Mapped[date]
    used_at: Mapped[datetime]  #: the latest is offered first

    commune: Mapped[AdministrativeUnit] = relationship(lazy="joined", innerjoin=True)


class Wish(Base):
    """A product that somebody wants to remember."""

    __tablename__ = "wish"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True)
    added_at: Mapped[datetime]


class AccountConsent(Base):
    """What the holder of an account agreed to, in which version of the text; withdrawn as easily."""

    __tablename__ = "account_consent"
    __table_args__ = (
        CheckConstraint("purpose IN ('terms', 'privacy', 'addresses')", name="purpose"),
        Index("ix_account_consent_user", "user_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    purpose: Mapped[str] = mapped_column(String(24))
    text_id: Mapped[int] = mapped_column(ForeignKey("public_text.id"))
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

    text: Mapped[PublicText] = relationship()


#: Of notices: one for each address and product, and one for each address and size.
ONE_OF_PRODUCT, ONE_OF_ITEM = text("trade_item_id IS NULL"), text("trade_item_id IS NOT NULL")


def _one_each(name: str, key: str, whether: TextClause) -> Index:
    return Index(name, key, "email", unique=True, sqlite_where=whether, postgresql_where=whether)


class StockNotice(Base):
    """Somebody who wants one letter when a product, or one size of it, can be had again.

    The e-mail is proved before anything is sent.
    """

    __tablename__ = "stock_notice"
    __table_args__ = (
        CheckConstraint("sent_at IS NULL OR confirmed_at IS NOT NULL", name="confirmed"),
        _one_each("uq_stock_notice_product", "product_id", ONE_OF_PRODUCT),
        _one_each("uq_stock_notice_item", "trade_item_id", ONE_OF_ITEM),
        Index("ix_stock_notice_waiting", "sent_at", "product_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    trade_item_id: Mapped[int | None] = mapped_column(ForeignKey("trade_item.id"))  #: the size; None: any of them
    email: Mapped[str] = mapped_column(String(255))
    language: Mapped[str] = mapped_column(String(2))
    token: Mapped[str] = mapped_column(String(43), unique=True)  #: in the links of its letters
    asked_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]

    product: Mapped[Product] = relationship()
    trade_item: Mapped[TradeItem | None] = relationship()


class ContactErasure(Base):
    """A purchase whose contact is to be erased as soon as nothing is open about it any more."""

    __tablename__ = "contact_erasure"

    purchase_id: Mapped[int] = mapped_column(ForeignKey("purchase.id"), primary_key=True)
    asked_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
