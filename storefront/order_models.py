"""Carts, purchases, one order per producer with its lines, payments, money that arrived, refunds, parcels.

What a buyer did once is a :class:`Purchase`; what one producer has to do for it is an :class:`Order`. Placement,
payment and fulfilment are axes of their own: an order may be paid, half delivered and partly returned at once.
Whoever bought is a person: name, telephone and address stand in :class:`Contact` alone and can be erased, the orders
stay.
"""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    cast,
    func,
    select,
    text,
)
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship
from sqlalchemy.orm.attributes import set_committed_value

from accounts.models import Organisation, values
from catalog.models import TradeItem, Unit
from kernel import amounts
from kernel.db import Base, append_only
from kernel.models import AdministrativeUnit
from kernel.money import split
from storefront.voucher_models import Voucher

# --- The cart ---------------------------------------------------------------------------------------


class Cart(Base):
    """What somebody means to buy: rows behind an opaque cookie. Of one cart there is one purchase, ever."""

    __tablename__ = "cart"

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(43), unique=True)  #: in the cookie; 256 random bits
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime] = mapped_column(index=True)
    is_placed: Mapped[bool] = mapped_column(default=False)  #: bought: nothing is put into it any more
    min_days: Mapped[int] = mapped_column(default=0)  #: the goods are to keep so many days more, for instance a gift

    lines: Mapped[list[CartLine]] = relationship(order_by="CartLine.added_at, CartLine.trade_item_id")
    notes: Mapped[list[CartNote]] = relationship()


class CartLine(Base):
    """So much of a trade item, at the price the buyer saw when they put it there or agreed to it since."""

    __tablename__ = "cart_line"
    __table_args__ = (CheckConstraint("quantity BETWEEN 1 AND 1000000", name="quantity"),)

    cart_id: Mapped[int] = mapped_column(ForeignKey("cart.id", ondelete="CASCADE"), primary_key=True)
    trade_item_id: Mapped[int] = mapped_column(ForeignKey("trade_item.id"), primary_key=True)
    quantity: Mapped[int]  #: pieces
    seen_vnd: Mapped[int]  #: the price of one, as the buyer last saw and agreed to it
    is_for_later: Mapped[bool] = mapped_column(default=False)  #: put aside: a wish
    added_at: Mapped[datetime]

    trade_item: Mapped[TradeItem] = relationship(lazy="joined", innerjoin=True)


class CartNote(Base):
    """What the buyer wants to say to one producer."""

    __tablename__ = "cart_note"

    cart_id: Mapped[int] = mapped_column(ForeignKey("cart.id", ondelete="CASCADE"), primary_key=True)
    producer_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    words: Mapped[str] = mapped_column(String(500))


# --- The purchase and its orders --------------------------------------------------------------------


class PaymentMethod(enum.StrEnum):
    """How a buyer pays."""

    VIETQR = "vietqr"  #: bank transfer by a QR code
    CARD = "card"
    COD = "cod"  #: cash to who brings the parcel


class Placement(enum.StrEnum):
    """Whether an order stands. Payment and fulfilment are axes of their own."""

    PLACED = "placed"  #: goods are held until ``hold_until``; waits for its money
    CONFIRMED = "confirmed"  #: the goods are the buyer's: paid, or to be paid on delivery
    CANCELLED = "cancelled"


class Purchase(Base):
    """What a buyer did once: one cart, one purchase. Its total is the sum of its orders, exactly."""

    __tablename__ = "purchase"
    __table_args__ = (
        CheckConstraint("total_vnd = goods_vnd - discount_vnd + shipping_vnd", name="total"),
        CheckConstraint("discount_vnd BETWEEN 0 AND goods_vnd + shipping_vnd AND shipping_vnd >= 0", name="amounts"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)  #: "DH-000123"
    token: Mapped[str] = mapped_column(String(26), unique=True)  #: last part of its page's address; 130 random bits
    cart_id: Mapped[int] = mapped_column(ForeignKey("cart.id"), unique=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    language: Mapped[str] = mapped_column(String(2))
    method: Mapped[PaymentMethod] = mapped_column(values(PaymentMethod))
    goods_vnd: Mapped[int]
    discount_vnd: Mapped[int] = mapped_column(default=0)
    shipping_vnd: Mapped[int] = mapped_column(default=0)
    total_vnd: Mapped[int]
    placed_at: Mapped[datetime] = mapped_column(index=True)
    hold_until: Mapped[datetime | None]  #: until when the goods wait for the money; None for cash on delivery
    voucher_id: Mapped[int | None] = mapped_column(ForeignKey("voucher.id"), index=True)  #: what made it cheaper

    voucher: Mapped[Voucher | None] = relationship()
    contact: Mapped[Contact | None] = relationship(back_populates="purchase")
    orders: Mapped[list[Order]] = relationship(back_populates="purchase", order_by="Order.position")
    payments: Mapped[list[Payment]] = relationship(back_populates="purchase", order_by="Payment.id")


class Contact(Base):
    """Who bought, and where the parcels go. Personal: erased on request or when its time is over; the orders stay."""

    __tablename__ = "purchase_contact"
    __table_args__ = (
        ForeignKeyConstraint(
            ["commune_code", "commune_valid_from"],
            ["administrative_unit.code", "administrative_unit.valid_from"],
            name="fk_purchase_contact_commune",
        ),
        Index("ix_purchase_contact_phone", "phone"),
    )

    purchase_id: Mapped[int] = mapped_column(ForeignKey("purchase.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    phone: Mapped[str] = mapped_column(String(20))  #: E.164
    email: Mapped[str | None] = mapped_column(String(255))
    line: Mapped[str] = mapped_column(String(200))  #: house number, street or hamlet
    commune_code: Mapped[str] = mapped_column(String(8))
    commune_valid_from: Mapped[date]
    address_as_typed: Mapped[str] = mapped_column(String(300), default="")  #: an old three-level one, if it was given

    purchase: Mapped[Purchase] = relationship(back_populates="contact")
    commune: Mapped[AdministrativeUnit] = relationship(lazy="joined", innerjoin=True)


class InvoiceWish(Base):
    """To whom the invoices of a purchase are made out. Personal: erased with the contact."""

    __tablename__ = "invoice_wish"
    __table_args__ = (CheckConstraint("name <> '' AND address <> ''", name="named"),)

    purchase_id: Mapped[int] = mapped_column(ForeignKey("purchase.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    tax_code: Mapped[str] = mapped_column(String(14), default="")
    address: Mapped[str] = mapped_column(String(300))
    email: Mapped[str | None] = mapped_column(String(255))  #: where it is sent; None: as agreed with the producer


@append_only
class PurchaseConsent(Base):
    """What the buyer agreed to, in which version of the text. Source: Law 91/2025/QH15 (provable, per purpose)."""

    __tablename__ = "purchase_consent"

    purchase_id: Mapped[int] = mapped_column(ForeignKey("purchase.id"), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(24), primary_key=True)  #: "terms", "privacy", "news"
    text_id: Mapped[int] = mapped_column(ForeignKey("public_text.id"))
    at: Mapped[datetime]


class Order(Base):
    """What one producer has to do for a purchase. The producer sees this, and no other's."""

    __tablename__ = "purchase_order"
    __table_args__ = (
        UniqueConstraint("purchase_id", "position"),
        CheckConstraint("total_vnd = goods_vnd - discount_vnd + shipping_vnd", name="total"),
        CheckConstraint("discount_vnd BETWEEN 0 AND goods_vnd + shipping_vnd AND shipping_vnd >= 0", name="amounts"),
        CheckConstraint("commission_bp BETWEEN 0 AND 10000", name="commission_rate"),
        CheckConstraint("placement <> 'cancelled' OR cancel_cause <> ''", name="cancelled_has_cause"),
        CheckConstraint("placement <> 'confirmed' OR confirmed_at IS NOT NULL", name="confirmed_at"),
        CheckConstraint("packed_at IS NULL OR placement = 'confirmed'", name="packed_is_confirmed"),
        CheckConstraint("commission_vnd BETWEEN 0 AND goods_vnd", name="commission"),
        Index("ix_purchase_order_producer", "producer_id", "id"),
        Index("ix_purchase_order_placement", "placement", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    purchase_id: Mapped[int] = mapped_column(ForeignKey("purchase.id"))
    position: Mapped[int]
    number: Mapped[str] = mapped_column(String(24), unique=True)  #: "DH-000123-1"
    producer_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    placement: Mapped[Placement] = mapped_column(values(Placement), default=Placement.PLACED)
    cancel_cause: Mapped[str] = mapped_column(String(16), default="")  #: "buyer", "seller", "time", "stock"
    cancel_reason: Mapped[str] = mapped_column(String(300), default="")  #: in words, where a person cancelled it
    goods_vnd: Mapped[int]
    discount_vnd: Mapped[int] = mapped_column(default=0)
    shipping_vnd: Mapped[int] = mapped_column(default=0)
    total_vnd: Mapped[int]
    weight_g: Mapped[int] = mapped_column(default=0)
    shipping_rule: Mapped[str] = mapped_column(String(80), default="")  #: which version of the rates gave the price
    delivery: Mapped[str] = mapped_column(String(16), default="parcel")  #: "parcel", "pickup"
    commission_bp: Mapped[int] = mapped_column(default=0)  #: frozen at placement
    commission_vnd: Mapped[int] = mapped_column(default=0)
    #: the office that runs the shop: it takes the commission, and holds tax back
    house_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    #: who bears what was taken off; None: the producer
    discount_by_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    #: tax held back when it was paid, if the switch was on: {"rule", "base_vnd", "vat_vnd", "pit_vnd", "is_claim"}, of
    #: all of it; what was offset since is ``books.models.TaxHeld``
    withholding: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    note: Mapped[str] = mapped_column(String(500), default="")  #: from the buyer to the producer
    invoice_number: Mapped[str] = mapped_column(String(60), default="")  #: recorded, not issued here
    placed_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    packed_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(default=0)  #: how often it, or where it goes, was changed since

    purchase: Mapped[Purchase] = relationship(back_populates="orders")
    producer: Mapped[Organisation] = relationship(foreign_keys=[producer_id])
    lines: Mapped[list[OrderLine]] = relationship(back_populates="order", order_by="OrderLine.line")
    parcels: Mapped[list[Parcel]] = relationship(back_populates="order", order_by="Parcel.id")

    @property
    def lines_left(self) -> list[OrderLine]:
        """The lines of which anything is left."""
        return [line for line in self.lines if line.quantity]


# --- Changes before it is packed --------------------------------------------------------------------


class ChangeState(enum.StrEnum):
    """What became of a change of an order."""

    PROPOSED = "proposed"  #: by the producer; the buyer has not answered
    DONE = "done"
    REFUSED = "refused"  #: by the buyer: the order stays as it is
    WITHDRAWN = "withdrawn"  #: by the producer
    OVERTAKEN = "overtaken"  #: the order was changed otherwise before the buyer answered


class OrderChange(Base):
    """Fewer goods than were agreed: which of them, and how much less they cost. Its facts never change."""

    __tablename__ = "order_change"
    __table_args__ = (
        UniqueConstraint("id", "order_id"),
        CheckConstraint("asked_by IN ('buyer', 'producer')", name="asked_by"),
        CheckConstraint("asked_by = 'producer' OR state = 'done'", name="buyers_are_done"),
        CheckConstraint("asked_by = 'buyer' OR reason <> ''", name="producers_have_reason"),
        CheckConstraint("(state = 'proposed') = (answered_at IS NULL)", name="answered"),
        CheckConstraint("goods_vnd >= 0 AND discount_vnd BETWEEN 0 AND goods_vnd", name="amounts"),
        Index(
            "uq_order_change_proposed",
            "order_id",
            unique=True,
            sqlite_where=text("state = 'proposed'"),
            postgresql_where=text("state = 'proposed'"),
        ),
        Index(
            "uq_order_change_done",
            "order_id",
            "revision",
            unique=True,
            sqlite_where=text("state = 'done'"),
            postgresql_where=text("state = 'done'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)  #: "TD-000012"
    order_id: Mapped[int] = mapped_column(ForeignKey("purchase_order.id"))
    revision: Mapped[int]  #: of the order that it was worked out for
    asked_by: Mapped[str] = mapped_column(String(8))  #: "buyer", "producer"
    state: Mapped[ChangeState] = mapped_column(values(ChangeState))
    reason: Mapped[str] = mapped_column(String(300), default="")  #: the producer's; the buyer reads it
    goods_vnd: Mapped[int]  #: less than before
    discount_vnd: Mapped[int]  #: less is taken off than before
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    answered_at: Mapped[datetime | None]

    order: Mapped[Order] = relationship()
    lines: Mapped[list[OrderChangeLine]] = relationship(order_by="OrderChangeLine.line")

    @property
    def less_vnd(self) -> int:
        """How much less the buyer pays."""
        return self.goods_vnd - self.discount_vnd


@append_only
class OrderChangeLine(Base):
    """So many packs less of a line, and what is left of it."""

    __tablename__ = "order_change_line"
    __table_args__ = (
        ForeignKeyConstraint(["change_id", "order_id"], ["order_change.id", "order_change.order_id"]),
        ForeignKeyConstraint(["order_id", "line"], ["purchase_line.order_id", "purchase_line.line"]),
        CheckConstraint("packs > 0 AND packs_left >= 0", name="packs"),
        CheckConstraint("amount_vnd >= 0 AND discount_vnd BETWEEN 0 AND amount_vnd", name="amounts"),
        Index("ix_order_change_line_line", "order_id", "line"),
    )

    change_id: Mapped[int] = mapped_column(primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    order_id: Mapped[int]
    packs: Mapped[int]
    packs_left: Mapped[int]
    amount_vnd: Mapped[int]  #: less than before
    discount_vnd: Mapped[int]  #: less is taken off than before


def _left(agreed: Any, less: Any, order_id: Any, line: Any) -> Any:
    """Say in SQL what is left of what was agreed once the changes of a line were carried out.

    It is read with the line. Who locks an order has it read anew: see ``ordering.lock_orders``.
    """
    taken = (
        select(func.coalesce(func.sum(less), 0))
        .join(OrderChange, OrderChange.id == OrderChangeLine.change_id)
        .where(
            OrderChangeLine.order_id == order_id,
            OrderChangeLine.line == line,
            OrderChange.state == ChangeState.DONE,
        )
        .correlate_except(OrderChangeLine, OrderChange)
        .scalar_subquery()
    )
    return column_property(agreed - cast(taken, Integer), expire_on_flush=False)


@append_only
class OrderLine(Base):
    """What was agreed, as it was agreed: it outlives the product, its price and its certificate.

    ``quantity``, ``amount_vnd`` and ``discount_vnd`` are what is left of it after the changes that were carried out.

    ``line`` counts through the whole purchase: the stock held for a purchase (``stock.allocation``, document = the
    purchase's number) is told apart by it. Lines of a gift set's parts have the set's line as ``of_line`` and cost
    nothing of their own: ``share_vnd`` is their share of what was agreed for the set.
    """

    __tablename__ = "purchase_line"
    __table_args__ = (
        CheckConstraint("quantity > 0 AND price_vnd >= 0", name="amounts"),
        CheckConstraint("amount_vnd = quantity * price_vnd", name="amount"),
        CheckConstraint("discount_vnd BETWEEN 0 AND amount_vnd", name="discount"),
        CheckConstraint("of_line IS NULL OR (price_vnd = 0 AND of_line < line)", name="part"),
        CheckConstraint("share_vnd >= 0 AND (of_line IS NOT NULL OR share_vnd = 0)", name="share"),
        CheckConstraint("step_g > 0", name="step"),
        ForeignKeyConstraint(
            ["order_id", "of_line"], ["purchase_line.order_id", "purchase_line.line"], name="fk_purchase_line_of_line"
        ),
    )

    order_id: Mapped[int] = mapped_column(ForeignKey("purchase_order.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    trade_item_id: Mapped[int] = mapped_column(ForeignKey("trade_item.id"), index=True)
    of_line: Mapped[int | None]  #: a part of the gift set on that line
    name_vi: Mapped[str] = mapped_column(String(250))
    name_en: Mapped[str] = mapped_column(String(250))
    slug: Mapped[str] = mapped_column(String(140))  #: of the product, then
    agreed: Mapped[int] = mapped_column("quantity")
    unit: Mapped[Unit] = mapped_column(values(Unit))
    price_vnd: Mapped[int]
    agreed_vnd: Mapped[int] = mapped_column("amount_vnd")
    agreed_off_vnd: Mapped[int] = mapped_column("discount_vnd", default=0)
    share_vnd: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    step_g: Mapped[int | None]  #: sold by weight: the grams of one of ``quantity``
    vat_bp: Mapped[int | None]  #: VAT contained in the price, where the seller stated it; -1: not subject to VAT
    certificate_number: Mapped[str | None] = mapped_column(String(40))
    stars: Mapped[int | None]
    quantity: Mapped[int] = _left(agreed, OrderChangeLine.packs, order_id, line)
    amount_vnd: Mapped[int] = _left(agreed_vnd, OrderChangeLine.amount_vnd, order_id, line)
    discount_vnd: Mapped[int] = _left(agreed_off_vnd, OrderChangeLine.discount_vnd, order_id, line)

    def __init__(self, **facts: Any) -> None:
        super().__init__(**facts)
        for left, agreed in (("quantity", "agreed"), ("amount_vnd", "agreed_vnd"), ("discount_vnd", "agreed_off_vnd")):
            set_committed_value(self, left, facts.get(agreed, 0))

    @property
    def paid_vnd(self) -> int:
        """What the buyer pays for what is left of it; of a part its share of what is left of the set."""
        if self.of_line is None:
            return self.amount_vnd - self.discount_vnd
        parts = [row for row in self.order.lines if row.of_line == self.of_line]
        whole = next(row for row in self.order.lines if row.line == self.of_line)
        agreed = [row.share_vnd for row in parts]
        return split(whole.paid_vnd, agreed)[parts.index(self)] if any(agreed) else 0

    @property
    def per_kg_vnd(self) -> int:
        """What a kilogram costs, where it is sold by weight."""
        return amounts.per_kg(self.price_vnd, self.step_g or 1_000)

    order: Mapped[Order] = relationship(back_populates="lines")
    trade_item: Mapped[TradeItem] = relationship()


# --- Money ------------------------------------------------------------------------------------------


class PaymentState(enum.StrEnum):
    """Where an asked payment stands. States only move forward: a late failure undoes no success."""

    ASKED = "asked"
    PARTLY = "partly"  #: some of it came
    PAID = "paid"
    FAILED = "failed"  #: declined, or its time was over; money that comes all the same is a matter to decide


class Payment(Base):
    """An amount asked of the buyer for one payee: one attempt, one code, one key at the provider."""

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint("amount_vnd > 0", name="amount"),
        CheckConstraint("refunded_vnd BETWEEN 0 AND captured_vnd", name="refunds"),
        CheckConstraint("disputed_vnd BETWEEN 0 AND captured_vnd - refunded_vnd", name="disputes"),
        Index("ix_payment_purchase", "purchase_id"),
        Index("ix_payment_reference", "reference"),
        Index("ix_payment_state", "state", "method", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    purchase_id: Mapped[int] = mapped_column(ForeignKey("purchase.id"))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("purchase_order.id"))  #: None: for all of them
    payee_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    method: Mapped[PaymentMethod] = mapped_column(values(PaymentMethod))
    code: Mapped[str] = mapped_column(String(16), unique=True)  #: what a transfer names as its purpose
    amount_vnd: Mapped[int]
    captured_vnd: Mapped[int] = mapped_column(default=0)
    refunded_vnd: Mapped[int] = mapped_column(default=0)
    disputed_vnd: Mapped[int] = mapped_column(default=0, server_default="0")  #: held for disputes of a card's payer
    state: Mapped[PaymentState] = mapped_column(values(PaymentState), default=PaymentState.ASKED)
    reference: Mapped[str | None] = mapped_column(String(255))  #: the provider's name for it
    page_reference: Mapped[str | None] = mapped_column(String(255))  #: the provider's name for its page
    url: Mapped[str | None] = mapped_column(String(2000))  #: the provider's page, reached by a plain link
    #: VietQR: to whom (bank BIN, account, holder), as it was shown to the buyer
    account: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]

    purchase: Mapped[Purchase] = relationship(back_populates="payments")
    order: Mapped[Order | None] = relationship()
    payee: Mapped[Organisation] = relationship()


@append_only
class PaymentNotice(Base):
    """What a provider told us, once per event: the inbox. Its effect is worked out after, from the provider's truth."""

    __tablename__ = "payment_notice"
    __table_args__ = (UniqueConstraint("provider", "event"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(String(24))
    event: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(80))
    reference: Mapped[str] = mapped_column(String(255), default="")
    received_at: Mapped[datetime]


class CreditOutcome(enum.StrEnum):
    """What became of money that arrived on an account."""

    MATCHED = "matched"  #: the right amount for an order that waited
    PARTIAL = "partial"
    OVER = "over"
    LATE = "late"  #: after its order was cancelled
    DUPLICATE = "duplicate"  #: the payment was complete before
    UNMATCHED = "unmatched"  #: no code that we know
    SETTLED = "settled"  #: decided by a person: see ``decision``


class Credit(Base):
    """Money that arrived on a bank account: from a notice or a statement, counted once.

    The memo may name people: it is kept apart from the journal, and can be erased.
    """

    __tablename__ = "bank_credit"
    __table_args__ = (
        UniqueConstraint("identity"),
        CheckConstraint("amount_vnd > 0", name="amount"),
        CheckConstraint("outcome <> 'settled' OR decision <> ''", name="settled_has_decision"),
        Index("ix_bank_credit_outcome", "outcome", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    identity: Mapped[str] = mapped_column(String(255))  #: the bank's reference, or what tells two transfers apart
    source: Mapped[str] = mapped_column(String(24))  #: "statement", or the name of the notifying service
    payee_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)  #: whose account it is
    account: Mapped[str] = mapped_column(String(40), default="")
    bank_reference: Mapped[str] = mapped_column(String(120), default="")
    amount_vnd: Mapped[int]
    memo: Mapped[str] = mapped_column(Text, default="")
    arrived_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    outcome: Mapped[CreditOutcome] = mapped_column(values(CreditOutcome))
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), index=True)
    decision: Mapped[str] = mapped_column(String(300), default="")
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]

    payment: Mapped[Payment | None] = relationship()
    payee: Mapped[Organisation] = relationship()


class RefundState(enum.StrEnum):
    """Where a refund stands."""

    ASKED = "asked"  #: a task for who holds the money, or for the provider
    DONE = "done"
    REFUSED = "refused"


class Refund(Base):
    """Money that goes back to the buyer, of one payment. Claimed on the payment by one guarded step."""

    __tablename__ = "refund"
    __table_args__ = (
        CheckConstraint("amount_vnd > 0", name="amount"),
        CheckConstraint("(state = 'asked') = (done_at IS NULL)", name="ended_has_time"),
        Index("ix_refund_payment", "payment_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)  #: "HT-000012"
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("purchase_order.id"), index=True)
    amount_vnd: Mapped[int]
    reason: Mapped[str] = mapped_column(String(300))
    cause: Mapped[str] = mapped_column(String(120), unique=True)  #: the same cause is refunded once
    state: Mapped[RefundState] = mapped_column(values(RefundState), default=RefundState.ASKED)
    reference: Mapped[str] = mapped_column(String(255), default="")  #: the provider's, or the bank's for a transfer
    problem: Mapped[str] = mapped_column(String(120), default="")  #: why the provider would not: a task for a person
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    done_at: Mapped[datetime | None]

    payment: Mapped[Payment] = relationship()
    order: Mapped[Order | None] = relationship()


class PaymentSwitch(Base):
    """Whether the office lets buyers pay in one way. Without a row: yes."""

    __tablename__ = "payment_switch"

    method: Mapped[PaymentMethod] = mapped_column(values(PaymentMethod), primary_key=True)
    is_on: Mapped[bool]
    set_at: Mapped[datetime]
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class BankAccount(Base):
    """An account that buyers transfer to: a payee's own. One of a payee is in use, and one payee's alone."""

    __tablename__ = "bank_account"
    __table_args__ = (
        Index(
            "uq_bank_account_in_use",
            "organisation_id",
            unique=True,
            sqlite_where=text("is_active"),
            postgresql_where=text("is_active"),
        ),
        Index(
            "uq_bank_account_number_in_use",
            "bank_bin",
            "number",
            unique=True,
            sqlite_where=text("is_active"),
            postgresql_where=text("is_active"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    bank_bin: Mapped[str] = mapped_column(String(6))
    number: Mapped[str] = mapped_column(String(19))
    holder: Mapped[str] = mapped_column(String(120))
    is_active: Mapped[bool] = mapped_column(default=True)
    is_sample: Mapped[bool] = mapped_column(default=False)
    added_at: Mapped[datetime]
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    organisation: Mapped[Organisation] = relationship()


@append_only
class ShippingRate(Base):
    """What a producer (or the office, for all without rates of their own) asks to bring a parcel into a zone.

    The latest row of an organisation and zone is in force; orders keep the id of the one they were priced by.
    """

    __tablename__ = "shipping_rate"
    __table_args__ = (
        CheckConstraint("zone IN ('commune', 'province', 'country')", name="zone"),
        CheckConstraint("base_vnd >= 0 AND step_vnd >= 0 AND base_g > 0 AND step_g > 0", name="amounts"),
        CheckConstraint("days_from BETWEEN 0 AND days_to", name="days"),
        Index("ix_shipping_rate_zone", "organisation_id", "zone", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    zone: Mapped[str] = mapped_column(String(12))  #: of the buyer, seen from the producer
    is_served: Mapped[bool] = mapped_column(default=True)
    base_g: Mapped[int]  #: up to this weight ``base_vnd``
    base_vnd: Mapped[int]
    step_g: Mapped[int]  #: for each further step, begun or whole, ``step_vnd``
    step_vnd: Mapped[int]
    free_above_vnd: Mapped[int | None]  #: goods for so much are brought for nothing
    days_from: Mapped[int]
    days_to: Mapped[int]
    is_sample: Mapped[bool] = mapped_column(default=False)
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    set_at: Mapped[datetime]


# --- Goods on their way -----------------------------------------------------------------------------


class ParcelState(enum.StrEnum):
    """Where a parcel is."""

    CREATED = "created"
    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    DELIVERED = "delivered"
    FAILED = "failed"  #: not delivered this time
    RETURNING = "returning"
    RETURNED = "returned"


class CodState(enum.StrEnum):
    """Where the cash of a parcel is."""

    NONE = "none"  #: nothing to collect
    DUE = "due"
    COLLECTED = "collected"  #: the carrier, or who brought it, has it
    HANDED_OVER = "handed_over"
    RECONCILED = "reconciled"  #: counted, and it was right


class Parcel(Base):
    """What goes to the buyer at once, by one carrier. Who holds the cash is an axis of its own."""

    __tablename__ = "parcel"
    __table_args__ = (
        CheckConstraint("cod_vnd >= 0", name="cod"),
        CheckConstraint("(cod_vnd = 0) <= (cod_state = 'none')", name="no_cod"),
        CheckConstraint("state <> 'delivered' OR delivered_at IS NOT NULL", name="delivered_at"),
        UniqueConstraint("carrier", "code"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)  #: "KH-000044"
    order_id: Mapped[int] = mapped_column(ForeignKey("purchase_order.id"), index=True)
    carrier: Mapped[str] = mapped_column(String(24))  #: "hand_over", "ghn", "ghtk", "viettel_post", "vnpost"
    code: Mapped[str | None] = mapped_column(String(60))  #: the carrier's
    state: Mapped[ParcelState] = mapped_column(values(ParcelState), default=ParcelState.CREATED)
    cod_vnd: Mapped[int] = mapped_column(default=0)
    cod_state: Mapped[CodState] = mapped_column(values(CodState), default=CodState.NONE)
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]

    order: Mapped[Order] = relationship(back_populates="parcels")
    steps: Mapped[list[ParcelStep]] = relationship(order_by="ParcelStep.id")


@append_only
class ParcelStep(Base):
    """What happened to a parcel, and who said so."""

    __tablename__ = "parcel_step"
    __table_args__ = (Index("ix_parcel_step_parcel", "parcel_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    parcel_id: Mapped[int] = mapped_column(ForeignKey("parcel.id"))
    what: Mapped[str] = mapped_column(String(24))  #: a state of the parcel, or "cod_" and a state of its cash
    note: Mapped[str] = mapped_column(String(300), default="")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]


@append_only
class OrderStep(Base):
    """What happened to an order, in the order it happened: what its page tells the buyer."""

    __tablename__ = "order_step"
    __table_args__ = (Index("ix_order_step_order", "order_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("purchase_order.id"))
    what: Mapped[str] = mapped_column(String(24))  #: "placed", "paid", "confirmed", "packed", "cancelled", …
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]
