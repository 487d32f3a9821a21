"""Goods that buyers send back: what was asked for, what came, in which lots and condition, what became of it.

How many of a line may still be sent back is a balance of its own (:class:`LineBalance`), claimed by a guarded step: the
database itself refuses to take back more than was delivered, and to give more money than the line cost. Words, photos
and the account for the money are a person's and can be erased; the rest stays with the order.
"""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import values
from kernel.db import Base, append_only
from stock.models import Location
from storefront.after_models import MOST_PHOTOS
from storefront.order_models import Order, OrderLine, Refund
from traceability.models import Lot


class ReturnReason(enum.StrEnum):
    """Why goods go back. All but ``changed_mind`` are the seller's fault."""

    DAMAGED = "damaged"
    WRONG_GOODS = "wrong_goods"
    NOT_AS_SAID = "not_as_said"
    UNSAFE = "unsafe"  #: spoiled, or past their date
    RECALLED = "recalled"
    CHANGED_MIND = "changed_mind"


class ReturnWish(enum.StrEnum):
    """What the buyer wants for them."""

    MONEY = "money"
    EXCHANGE = "exchange"  #: for the same goods


class ReturnState(enum.StrEnum):
    """Who has to do something about a return."""

    ASKED = "asked"  #: the producer decides
    AWAITED = "awaited"  #: accepted; the buyer sends the goods
    EXCHANGING = "exchanging"  #: the goods are settled, others are to be sent, or are on their way
    DONE = "done"
    REFUSED = "refused"  #: ``decision`` says why
    WITHDRAWN = "withdrawn"  #: by the buyer


class Condition(enum.StrEnum):
    """In which state goods came back."""

    GOOD = "good"  #: into stock again
    DAMAGED = "damaged"  #: a loss


class LineBalance(Base):
    """How many of a line are asked back or gone back, and how much of its money. Changed by ``storefront.returns``."""

    __tablename__ = "line_return_balance"
    __table_args__ = (
        ForeignKeyConstraint(["order_id", "line"], ["purchase_line.order_id", "purchase_line.line"]),
        CheckConstraint("refunded BETWEEN 0 AND claimed AND claimed <= delivered", name="quantities"),
        CheckConstraint("refunded_vnd BETWEEN 0 AND paid_vnd", name="money"),
    )

    order_id: Mapped[int] = mapped_column(primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    delivered: Mapped[int]
    claimed: Mapped[int] = mapped_column(default=0)  #: by returns that were not refused, withdrawn or made good
    refunded: Mapped[int] = mapped_column(default=0)
    paid_vnd: Mapped[int]  #: what the buyer paid for the line
    refunded_vnd: Mapped[int] = mapped_column(default=0)


class GoodsReturn(Base):
    """Goods of one order that a buyer wants to send back."""

    __tablename__ = "goods_return"
    __table_args__ = (
        UniqueConstraint("id", "order_id"),
        UniqueConstraint("exchange_order_id"),
        CheckConstraint("(state IN ('done', 'refused', 'withdrawn')) = (closed_at IS NOT NULL)", name="closed"),
        CheckConstraint("state IN ('asked', 'withdrawn') OR decided_at IS NOT NULL", name="decided"),
        CheckConstraint("state <> 'refused' OR decision <> ''", name="refused_has_reason"),
        CheckConstraint("exchange_order_id IS NULL OR wish = 'exchange'", name="exchange"),
        CheckConstraint("NOT keeps_goods OR arrived_at IS NULL", name="kept"),
        CheckConstraint("goods_vnd >= 0 AND delivery_vnd >= 0", name="amounts"),
        Index("ix_goods_return_order", "order_id"),
        Index("ix_goods_return_state", "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)  #: "DT-000012"
    order_id: Mapped[int] = mapped_column(ForeignKey("purchase_order.id"))
    reason: Mapped[ReturnReason] = mapped_column(values(ReturnReason))
    wish: Mapped[ReturnWish] = mapped_column(values(ReturnWish))
    state: Mapped[ReturnState] = mapped_column(values(ReturnState), default=ReturnState.ASKED)
    words: Mapped[str] = mapped_column(Text, default="")  #: the buyer's
    language: Mapped[str] = mapped_column(String(2))
    asked_at: Mapped[datetime]
    answer_by: Mapped[datetime]  #: the producer
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decision: Mapped[str] = mapped_column(String(300), default="")  #: what the producer said to it
    keeps_goods: Mapped[bool] = mapped_column(default=False)  #: the buyer need not send them
    arrived_at: Mapped[datetime | None]
    goods_vnd: Mapped[int] = mapped_column(default=0)  #: of the lines, due to the buyer once the goods are settled
    delivery_vnd: Mapped[int] = mapped_column(default=0)  #: of what the delivery had cost
    exchange_order_id: Mapped[int | None] = mapped_column(ForeignKey("purchase_order.id"))
    closed_at: Mapped[datetime | None]

    order: Mapped[Order] = relationship(foreign_keys=[order_id])
    exchange_order: Mapped[Order | None] = relationship(foreign_keys=[exchange_order_id])
    lines: Mapped[list[ReturnLine]] = relationship(order_by="ReturnLine.line")
    photos: Mapped[list[ReturnPhoto]] = relationship(order_by="ReturnPhoto.position")
    steps: Mapped[list[ReturnStep]] = relationship(order_by="ReturnStep.id")
    account: Mapped[ReturnAccount | None] = relationship()
    refunds: Mapped[list[ReturnRefund]] = relationship(order_by="ReturnRefund.refund_id")

    @property
    def due_vnd(self) -> int:
        """What the buyer gets back for it in all."""
        return self.goods_vnd + self.delivery_vnd


class ReturnLine(Base):
    """So many of a line. ``quantity`` is what counts: what was asked for, until fewer arrived."""

    __tablename__ = "return_line"
    __table_args__ = (
        ForeignKeyConstraint(["return_id", "order_id"], ["goods_return.id", "goods_return.order_id"]),
        ForeignKeyConstraint(["order_id", "line"], ["line_return_balance.order_id", "line_return_balance.line"]),
        CheckConstraint("asked > 0 AND quantity BETWEEN 0 AND asked", name="quantity"),
        CheckConstraint("refund_vnd >= 0", name="refund"),
    )

    return_id: Mapped[int] = mapped_column(primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    order_id: Mapped[int]
    asked: Mapped[int]
    quantity: Mapped[int]
    refund_vnd: Mapped[int] = mapped_column(default=0)
    exchange_line: Mapped[int | None]  #: of the order that brings the same goods anew

    bought: Mapped[OrderLine] = relationship(
        primaryjoin="and_(ReturnLine.order_id == OrderLine.order_id, ReturnLine.line == OrderLine.line)",
        foreign_keys="[ReturnLine.order_id, ReturnLine.line]",
        viewonly=True,
    )


@append_only
class ReturnLot(Base):
    """So many packs of a lot that came back, in which condition and to where."""

    __tablename__ = "return_lot"
    __table_args__ = (
        ForeignKeyConstraint(["return_id", "line"], ["return_line.return_id", "return_line.line"]),
        CheckConstraint("quantity > 0", name="quantity"),
    )

    return_id: Mapped[int] = mapped_column(primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True)
    condition: Mapped[Condition] = mapped_column(values(Condition), primary_key=True)
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"))
    quantity: Mapped[int]

    lot: Mapped[Lot] = relationship()
    location: Mapped[Location] = relationship()


class ReturnPhoto(Base):
    """A photo that goes with a return. Only those it concerns see it."""

    __tablename__ = "return_photo"
    __table_args__ = (CheckConstraint(f"position BETWEEN 1 AND {MOST_PHOTOS}", name="position"),)

    return_id: Mapped[int] = mapped_column(ForeignKey("goods_return.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(ForeignKey("stored_file.digest"))


class ReturnAccount(Base):
    """Where the buyer wants the money sent. Personal: dropped some time after the return is over."""

    __tablename__ = "return_account"

    return_id: Mapped[int] = mapped_column(ForeignKey("goods_return.id"), primary_key=True)
    bank_bin: Mapped[str] = mapped_column(String(6))
    number: Mapped[str] = mapped_column(String(19))
    holder: Mapped[str] = mapped_column(String(120))


@append_only
class ReturnRefund(Base):
    """A refund that was claimed for a return."""

    __tablename__ = "return_refund"
    __table_args__ = (UniqueConstraint("refund_id"),)

    return_id: Mapped[int] = mapped_column(ForeignKey("goods_return.id"), primary_key=True)
    refund_id: Mapped[int] = mapped_column(ForeignKey("refund.id"), primary_key=True)

    refund: Mapped[Refund] = relationship()


@append_only
class ReturnStep(Base):
    """What happened to a return, and who said so."""

    __tablename__ = "return_step"
    __table_args__ = (Index("ix_return_step_return", "return_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    return_id: Mapped[int] = mapped_column(ForeignKey("goods_return.id"))
    what: Mapped[str] = mapped_column(String(24))  #: "asked", "accepted", "kept", "refused", "arrived", "exchanged", …
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]
