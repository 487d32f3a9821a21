"""What happens to orders and their money, said in the journal: one entry for each event.

Each function is called by the verb that does the thing, in its transaction, while the order and then its payments are
locked. Money that comes is held for who paid until an order that stands is paid with it; what is given back comes out
of what is held first, then out of the sale. What an order's share is was frozen when it was placed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, func, or_, select

from accounts.actor import Actor
from books import journal, selling, shares, withholding
from books.journal import Line
from books.models import Account, JournalEntry, JournalLine, TaxHeld
from books.selling import Deal
from books.shares import Sale
from kernel import clock
from kernel.db import db, for_update
from storefront.order_models import Credit, Order, Parcel, Payment, PaymentMethod, Placement, Purchase, Refund

#: Where money of a kind is when it comes.
PLACES = {
    PaymentMethod.VIETQR: Account.BANK,
    PaymentMethod.CARD: Account.CARD,
    PaymentMethod.COD: Account.COLLECTED,
}
_EARNED = (Account.SALES, Account.DELIVERY, Account.DISCOUNTS)


def sale_of(order: Order) -> Sale:
    """Give what was agreed, as it was frozen."""
    goods_off = sum(line.discount_vnd for line in order.lines)
    tax = order.withholding or {}
    return Sale(
        goods_vnd=order.goods_vnd,
        goods_off_vnd=goods_off,
        delivery_vnd=order.shipping_vnd,
        delivery_off_vnd=order.discount_vnd - goods_off,
        commission_vnd=order.commission_vnd,
        vat_held_vnd=int(tax.get("vat_vnd", 0)),
        pit_held_vnd=int(tax.get("pit_vnd", 0)),
    )


def deal_of(order: Order) -> Deal:
    """Give who takes part in an order."""
    return Deal(order.number, order.producer_id, order.house_id, order.discount_by_id)


def base_of(goods_vnd: int, goods_off_vnd: int, *, borne_by_another: bool) -> int:
    """Give what commission and tax are taken of: what the seller gets for the goods."""
    return goods_vnd if borne_by_another else goods_vnd - goods_off_vnd


# --- Orders -------------------------------------------------------------------------------------------


def confirmed(order: Order, *, now: datetime) -> None:
    """The order stands: the buyer owes its total."""
    lines = selling.confirmed(sale_of(order), deal_of(order))
    journal.post(f"order:{order.number}:confirmed", "order_confirmed", lines, now=now)
    if not order.total_vnd:
        _hold_tax_back(order, None, now=now)


def paid(order: Order, payment: Payment, *, now: datetime) -> None:
    """The money held of a payment pays an order that stands and that nobody paid yet; if it is enough."""
    if order.placement is not Placement.CONFIRMED or not order.total_vnd:
        return
    if min(_owed_for(order), held(payment)) < order.total_vnd:
        return
    lines = selling.paid(order.total_vnd, deal_of(order), payee_id=payment.payee_id, subject=payment.code)
    journal.post(f"order:{order.number}:paid", "order_paid", lines, now=now)
    _hold_tax_back(order, payment.payee_id, now=now)


def cancelled(order: Order, *, now: datetime, actor: Actor | None = None) -> None:
    """An order that stood is called off: what is left of the sale is undone, what was paid of it is held again."""
    _undo_the_rest(order, f"order:{order.number}:cancelled", "order_cancelled", now, actor)


def changed(order: Order, before: Sale, number: str, *, now: datetime, actor: Actor | None = None) -> None:
    """Fewer goods of an order that stands are sold than before: the difference is undone, its money is held again.

    :param before: what was sold, whatever of it was given back since
    :param number: of the change
    """
    if not _stands(order):
        return
    _lock_payments(order)
    after = sale_of(order)
    undone = undone_of(order) + before.total_vnd - after.total_vnd
    part = (before - shares.undone(before, undone)) - (after - shares.undone(after, undone))
    payee_id, subject = _who_has_the_money_of(order)
    lines = selling.cancelled(part, deal_of(order), payee_id=payee_id, subject=subject)
    cause = f"order:{order.number}:changed:{number}"
    entry_id = journal.post(cause, "order_changed", lines, now=now, actor=actor)
    _note_tax(entry_id, [(order, shares.Sale(0) - part)], now)


def came_back(order: Order, *, now: datetime, actor: Actor | None = None) -> None:
    """Nobody took the parcel, or all of it came back: the sale is undone like that of an order called off."""
    _undo_the_rest(order, f"order:{order.number}:came_back", "order_came_back", now, actor)


# --- Money --------------------------------------------------------------------------------------------


def arrived(credit: Credit, payment: Payment | None, *, now: datetime, actor: Actor | None = None) -> None:
    """Money came to a bank account; ``payment`` is what it is for, if that is known."""
    subject = payment.code if payment is not None else subject_of(credit)
    lines = selling.arrived(credit.payee_id, Account.BANK, credit.amount_vnd, subject, subject)
    journal.post(f"credit:{credit.id}:arrived", "money_arrived", lines, now=now, actor=actor)


def understood(credit: Credit, payment: Payment, *, now: datetime, actor: Actor | None = None) -> None:
    """Money nobody knew what for is for this payment."""
    lines = [
        Line(credit.payee_id, Account.HELD, credit.amount_vnd, subject_of(credit)),
        Line(credit.payee_id, Account.HELD, -credit.amount_vnd, payment.code),
    ]
    journal.post(f"credit:{credit.id}:understood", "money_understood", lines, now=now, actor=actor)


def sent_back(credit: Credit, *, now: datetime, actor: Actor | None = None) -> None:
    """Money that was for nothing went back to the account it came from."""
    subject = subject_of(credit)
    lines = selling.moved(credit.payee_id, Account.BANK, Account.HELD, credit.amount_vnd, (subject, subject))
    journal.post(f"credit:{credit.id}:sent_back", "money_sent_back", lines, now=now, actor=actor)


def captured(payment: Payment, before_vnd: int, *, now: datetime, parcel: Parcel | None = None) -> None:
    """A payment has more than before: its provider says so, or cash was taken from the buyer."""
    place = PLACES[payment.method]
    about, holder = payment.code, ""
    if place is Account.COLLECTED:
        about, holder = _order_of(payment), parcel.carrier if parcel is not None else ""
    amount = payment.captured_vnd - before_vnd
    lines = selling.arrived(payment.payee_id, place, amount, payment.code, about, holder)
    kind = "cash_collected" if place is Account.COLLECTED else "money_arrived"
    journal.post(f"payment:{payment.code}:captured:{payment.captured_vnd}", kind, lines, now=now)


def cash_handed_over(parcel: Parcel, payee_id: int, *, now: datetime, actor: Actor | None = None) -> None:
    """Who brought the parcel gave its cash away; nobody counted it yet."""
    about = parcel.order.number
    lines = [
        Line(payee_id, Account.UNDER_WAY, parcel.cod_vnd, about, holder=parcel.carrier),
        Line(payee_id, Account.COLLECTED, -parcel.cod_vnd, about, holder=parcel.carrier),
    ]
    journal.post(f"parcel:{parcel.number}:handed_over", "cash_handed_over", lines, now=now, actor=actor)


def cash_reconciled(
    parcel: Parcel, payee_id: int, counted_vnd: int, *, now: datetime, actor: Actor | None = None
) -> None:
    """The cash of a parcel was counted: what is missing (or too much) is written down as such."""
    about = parcel.order.number
    lines = [
        Line(payee_id, Account.CASH, counted_vnd, about),
        Line(payee_id, Account.DIFFERENCES, parcel.cod_vnd - counted_vnd, about, holder=parcel.carrier),
        Line(payee_id, Account.UNDER_WAY, -parcel.cod_vnd, about, holder=parcel.carrier),
    ]
    journal.post(f"parcel:{parcel.number}:reconciled", "cash_reconciled", lines, now=now, actor=actor)


# --- Refunds ------------------------------------------------------------------------------------------


def refund_claimed(
    made: Refund, payment: Payment, orders: Sequence[Order], *, now: datetime, actor: Actor | None = None
) -> None:
    """Money is promised back: what is held for the buyer first, then out of the sales that it paid, in their order."""
    payee_id, rest = payment.payee_id, made.amount_vnd
    lines: list[Line] = []
    paid_orders = _paid_by(payment)
    parts, offset = [], []
    free = min(rest, held(payment))
    rest -= free
    for order in orders:
        before = undone_of(order)
        part = min(rest, order.total_vnd - before) if order.number in paid_orders else 0
        if part > 0:
            parts.append((order, before, part))
            rest -= part
    free += rest
    lines += selling.moved(payee_id, Account.REFUNDS, Account.HELD, free, (made.number, payment.code))
    for order, before, part in parts:
        undone = shares.refund(sale_of(order), before_vnd=before, amount_vnd=part)
        lines += selling.refunded(undone, deal_of(order), payee_id=payee_id, subject=made.number)
        offset.append((order, shares.Sale(0) - undone))
    entry_id = journal.post(f"refund:{made.number}:claimed", "refund_claimed", lines, now=now, actor=actor)
    _note_tax(entry_id, offset, now)


def refund_done(made: Refund, payment: Payment, *, now: datetime, actor: Actor | None = None) -> None:
    """The money went back to the buyer."""
    account = _paid_from(payment)
    lines = selling.moved(payment.payee_id, account, Account.REFUNDS, made.amount_vnd, (made.number, made.number))
    journal.post(_time_of(made, "done"), "refund_done", lines, now=now, actor=actor)


def refund_failed(made: Refund, payment: Payment, *, now: datetime) -> None:
    """What was said to have gone back did not: it is where it was, and promised as before."""
    account = _paid_from(payment)
    lines = selling.moved(payment.payee_id, Account.REFUNDS, account, made.amount_vnd, (made.number, made.number))
    journal.post(_time_of(made, "failed"), "refund_failed", lines, now=now)


def refund_refused(
    made: Refund, payment: Payment, orders: Sequence[Order], *, now: datetime, actor: Actor | None = None
) -> None:
    """Nothing goes back after all: what was undone of a sale that stands is done again, the rest is held."""
    payee_id, rest = payment.payee_id, made.amount_vnd
    lines: list[Line] = []
    held = []
    for order in orders:
        part = _undone_by(made, order)
        if not part or order.placement is not Placement.CONFIRMED or not _stands(order):
            continue
        again = shares.refund(sale_of(order), before_vnd=undone_of(order) - part, amount_vnd=part)
        lines += selling.turned(selling.refunded(again, deal_of(order), payee_id=payee_id, subject=made.number))
        held.append((order, again))
        rest -= part
    lines += selling.moved(payee_id, Account.HELD, Account.REFUNDS, rest, (payment.code, made.number))
    entry_id = journal.post(f"refund:{made.number}:refused", "refund_refused", lines, now=now, actor=actor)
    _note_tax(entry_id, held, now)


def dispute_lost(number: str, payment: Payment, amount_vnd: int, *, now: datetime) -> None:
    """The provider took more for a dispute than the buyer had left to get: the payee misses it."""
    lines = selling.moved(payment.payee_id, _paid_from(payment), Account.DIFFERENCES, amount_vnd, (number, number))
    journal.post(f"dispute:{number}:lost", "dispute_lost", lines, now=now)


def dispute_won_after_all(number: str, payment: Payment, *, now: datetime) -> None:
    """What was missed for a dispute is there again."""
    missed = journal.balance(Account.DIFFERENCES, organisation_id=payment.payee_id, document=number)
    lines = selling.moved(payment.payee_id, Account.DIFFERENCES, _paid_from(payment), missed, (number, number))
    journal.post(f"dispute:{number}:won", "dispute_won", lines, now=now)


# --- Reads --------------------------------------------------------------------------------------------


def held(payment: Payment) -> int:
    """Say how much of a payment is for no order."""
    return -journal.balance(Account.HELD, organisation_id=payment.payee_id, document=payment.code)


def undone_of(order: Order) -> int:
    """Say how much of what an order costs was undone."""
    left = db.session.scalar(
        select(func.coalesce(func.sum(JournalLine.amount_vnd), 0)).where(
            JournalLine.document == order.number, JournalLine.account.in_(_EARNED)
        )
    )
    return order.total_vnd + int(left or 0)


def subject_of(credit: Credit) -> str:
    """Name money that nobody knows what for."""
    return f"credit:{credit.id}"


def documents_of(name: str) -> list[str]:
    """Name all that the journal says about an order or a purchase: itself, its payments and refunds.

    Any other document names itself alone.
    """
    orders = db.session.scalars(
        select(Order)
        .join(Purchase, Purchase.id == Order.purchase_id)
        .where(or_(Order.number == name, Purchase.number == name))
    ).all()
    if not orders:
        return [name]
    own, purchases = [order.id for order in orders], {order.purchase_id for order in orders}
    payments = db.session.execute(
        select(Payment.id, Payment.code).where(
            Payment.purchase_id.in_(purchases), or_(Payment.order_id.is_(None), Payment.order_id.in_(own))
        )
    ).all()
    refunds = db.session.scalars(
        select(Refund.number).where(
            or_(
                Refund.order_id.in_(own),
                and_(Refund.order_id.is_(None), Refund.payment_id.in_([id for id, _ in payments])),
            )
        )
    )
    return [*(order.number for order in orders), *(code for _, code in payments), *refunds]


# --- Inside -------------------------------------------------------------------------------------------


def _owed_for(order: Order) -> int:
    return journal.balance(Account.BUYERS, organisation_id=order.producer_id, document=order.number)


def _order_of(payment: Payment) -> str:
    return payment.order.number if payment.order is not None else payment.code


def _undo_the_rest(order: Order, cause: str, kind: str, now: datetime, actor: Actor | None) -> None:
    if not _stands(order):
        return
    _lock_payments(order)
    sale = sale_of(order)
    rest = sale - shares.undone(sale, undone_of(order))
    payee_id, subject = _who_has_the_money_of(order)
    lines = selling.cancelled(rest, deal_of(order), payee_id=payee_id, subject=subject)
    entry_id = journal.post(cause, kind, lines, now=now, actor=actor)
    _note_tax(entry_id, [(order, shares.Sale(0) - rest)], now)


def _hold_tax_back(order: Order, payee_id: int | None, *, now: datetime) -> None:
    """Hold tax back of an order that stands and is paid, if the switch says so; what was undone of it before is not.

    Where another than the office has the money, the seller owes the office the tax, as it owes the commission.
    """
    seller = order.producer
    base = base_of(
        order.goods_vnd,
        sum(line.discount_vnd for line in order.lines),
        borne_by_another=order.discount_by_id is not None,
    )
    found = withholding.of_sale(seller, base, on=clock.business_date(now))
    if found is None:
        return
    house_id = order.house_id or found.office_id
    if house_id == seller.id:
        return
    order.house_id = house_id
    order.withholding = {
        "rule": found.rule,
        "base_vnd": found.base_vnd,
        "vat_vnd": found.vat_vnd,
        "pit_vnd": found.pit_vnd,
        "is_claim": (payee_id or order.discount_by_id) != house_id,
    }
    db.session.flush()
    sale = sale_of(order)
    rest = sale - shares.undone(sale, undone_of(order))
    lines = selling.tax_held(rest, deal_of(order))
    entry_id = journal.post(f"order:{order.number}:withheld", "tax_withheld", lines, now=now)
    _note_tax(entry_id, [(order, rest)], now)


def _note_tax(entry_id: int | None, parts: Sequence[tuple[Order, Sale]], now: datetime) -> None:
    """Write down VAT and PIT of what an entry holds back, or offsets, with what they were taken of."""
    for order, part in parts:
        tax = order.withholding
        if entry_id is None or tax is None or not (part.vat_held_vnd or part.pit_held_vnd):
            continue
        borne_by_another = order.discount_by_id is not None
        db.session.add(
            TaxHeld(
                entry_id=entry_id,
                document=order.number,
                seller_id=order.producer_id,
                office_id=order.house_id,
                rule=tax["rule"],
                is_claim=tax["is_claim"],
                base_vnd=base_of(part.goods_vnd, part.goods_off_vnd, borne_by_another=borne_by_another),
                vat_vnd=part.vat_held_vnd,
                pit_vnd=part.pit_held_vnd,
                at=now,
            )
        )
    db.session.flush()


def _lock_payments(order: Order) -> None:
    db.session.scalars(
        for_update(select(Payment).where(Payment.purchase_id == order.purchase_id).order_by(Payment.id))
    ).all()


def _stands(order: Order) -> bool:
    """Tell whether an order was confirmed, and not undone as a whole since."""
    name = f"order:{order.number}:"
    return journal.is_posted(name + "confirmed") and not (
        journal.is_posted(name + "cancelled") or journal.is_posted(name + "came_back")
    )


def _who_has_the_money_of(order: Order) -> tuple[int | None, str]:
    row = db.session.execute(
        select(JournalLine.organisation_id, JournalLine.document)
        .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
        .where(JournalEntry.cause == f"order:{order.number}:paid", JournalLine.account == Account.HELD)
    ).one_or_none()
    return (row[0], row[1]) if row is not None else (None, "")


def _paid_by(payment: Payment) -> set[str]:
    """Give the numbers of the orders that a payment paid."""
    entries = (
        select(JournalEntry.id)
        .join(JournalLine, JournalLine.entry_id == JournalEntry.id)
        .where(
            JournalEntry.kind == "order_paid",
            JournalLine.account == Account.HELD,
            JournalLine.document == payment.code,
        )
    )
    return set(
        db.session.scalars(
            select(JournalLine.document).where(JournalLine.entry_id.in_(entries), JournalLine.account == Account.BUYERS)
        )
    )


def _undone_by(made: Refund, order: Order) -> int:
    found = db.session.scalar(
        select(func.coalesce(func.sum(JournalLine.amount_vnd), 0))
        .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
        .where(
            JournalEntry.cause == f"refund:{made.number}:claimed",
            JournalLine.document == order.number,
            JournalLine.account.in_(_EARNED),
        )
    )
    return int(found or 0)


def _time_of(made: Refund, step: str) -> str:
    """Name a step of a refund: ``refund:HT-000012:done``, once it has failed ``refund:HT-000012:done:2``, and so on."""
    failed = f"refund:{made.number}:failed"
    times = db.session.scalar(
        select(func.count())
        .select_from(JournalEntry)
        .where(or_(JournalEntry.cause == failed, JournalEntry.cause.startswith(failed + ":", autoescape=True)))
    )
    return f"refund:{made.number}:{step}" + (f":{times + 1}" if times else "")


def _paid_from(payment: Payment) -> Account:
    """Say where the payee takes a refund from: where the money came to, cash from what was counted."""
    if payment.method is PaymentMethod.CARD:
        return Account.CARD
    by_transfer = payment.method is PaymentMethod.VIETQR or journal.balance(Account.BANK, document=payment.code) > 0
    return Account.BANK if by_transfer else Account.CASH
