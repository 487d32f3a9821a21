"""Disputes of card payments: a payer has the bank take money back, and the provider asks what we say to it."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import values
from kernel.db import Base
from storefront.order_models import Payment


class DisputeState(enum.StrEnum):
    """Where a dispute stands, as the provider says."""

    TO_ANSWER = "to_answer"
    IN_REVIEW = "in_review"
    WON = "won"  #: the money stays
    LOST = "lost"  #: the payer has it


class DisputeDecision(enum.StrEnum):
    """What the payee says to a dispute."""

    ANSWER = "answer"
    ACCEPT = "accept"


class CardDispute(Base):
    """A payer's bank asks for the money of a payment back. While it is open, so much of the payment is held."""

    __tablename__ = "card_dispute"
    __table_args__ = (
        UniqueConstraint("reference"),
        CheckConstraint("amount_vnd > 0 AND held_vnd BETWEEN 0 AND amount_vnd", name="amounts"),
        CheckConstraint("(state IN ('won', 'lost')) = (closed_at IS NOT NULL)", name="closed_has_time"),
        CheckConstraint("closed_at IS NULL OR held_vnd = 0", name="closed_holds_nothing"),
        CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decided_has_time"),
        CheckConstraint(
            "decision IS NULL OR decision <> 'answer' OR words <> '' OR is_erased", name="answer_has_words"
        ),
        Index("ix_card_dispute_payment", "payment_id"),
        Index("ix_card_dispute_state", "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)  #: "TC-000003"
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"))
    reference: Mapped[str] = mapped_column(String(255))  #: the provider's name for it
    amount_vnd: Mapped[int]
    held_vnd: Mapped[int] = mapped_column(default=0)  #: of the payment, so that it does not go back a second time
    reason: Mapped[str] = mapped_column(String(60))  #: the payer's, as the provider names it
    is_inquiry: Mapped[bool] = mapped_column(default=False)  #: only a question yet: no money was taken
    state: Mapped[DisputeState] = mapped_column(values(DisputeState))
    answer_by: Mapped[datetime | None]  #: None: no answer is taken
    opened_at: Mapped[datetime]
    heard_at: Mapped[datetime]  #: when the provider was last asked
    closed_at: Mapped[datetime | None]
    decision: Mapped[DisputeDecision | None] = mapped_column(values(DisputeDecision))
    words: Mapped[str] = mapped_column(Text, default="")  #: our answer
    is_erased: Mapped[bool] = mapped_column(default=False)  #: who bought is forgotten, and what was said of them
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]  #: when the provider took the decision
    problem: Mapped[str] = mapped_column(String(120), default="")  #: why the provider would not take it

    payment: Mapped[Payment] = relationship()
