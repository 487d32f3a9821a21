"""Proof that the journal says the same as orders, payments, credits, refunds and parcels.

``flask --app wsgi books verify`` and the nightly proof add it to what ``books.verification`` proves by itself.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import selectinload

from books import selling, shares, verification
from books.journal import Line
from books.models import Account, JournalEntry, JournalLine, TaxHeld, TaxPayment
from kernel import clock
from kernel.db import db
from storefront import bookkeeping, voucher_queries
from storefront.dispute_models import CardDispute
from storefront.order_models import (
    Credit,
    Order,
    OrderLine,
    Parcel,
    ParcelState,
    Payment,
    Placement,
    Refund,
    RefundState,
)

MONEY = (Account.BANK, Account.CARD, Account.COLLECTED, Account.UNDER_WAY, Account.CASH, Account.DIFFERENCES)
_SHARES = (Account.SALES, Account.DELIVERY, Account.DISCOUNTS, Account.COMMISSION, Account.TAX)
_EARNED = (Account.SALES, Account.DELIVERY, Account.DISCOUNTS)

Key = tuple[str, Account, int]  #: document, account, organisation


@dataclass
class _Journal:
    """What the journal says, added up in four ways."""

    sums: Counter[Key] = field(default_factory=Counter)
    money: Counter[int] = field(default_factory=Counter)  #: by organisation, wherever it is
    causes: dict[str, int] = field(default_factory=dict)  #: cause → what its lines above nought come to
    came_back: set[int] = field(default_factory=set)  #: orders whose parcel came back
    taxes: Counter[tuple[int, str, int]] = field(default_factory=Counter)  #: entry, document, organisation
    paid_from: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  #: payment's code → orders


def verify() -> list[str]:
    """Compare; give a line for each difference (none: everything agrees).

    Laws: an order costs what is left of its lines. One that stands is in the journal with the shares that were frozen,
    less what refunds undid; any other is at nought. The parts of a set share what was agreed for it. What a payment
    captured and did not give back is what is held of it and what is left of the orders it paid. What is promised back
    is the refunds that wait. Every credit is there once. Whoever was paid has what came less what went. What is held of
    a payment for disputes is what these hold. Of the tax on each entry VAT and PIT are written down; what was paid of
    it to the state is there once, and no more than was held back. Vouchers are used as often as purchases have them.
    """
    said = _read()
    return [
        *verification.verify(),
        *_orders(said),
        *_sets(),
        *_payments(said),
        *_refunds(said),
        *_credits(said),
        *_money(said),
        *_disputes(),
        *_taxes(said),
        *voucher_queries.disagreements(),
    ]


def _read() -> _Journal:
    said = _Journal()
    said.came_back = set(db.session.scalars(select(Parcel.order_id).where(Parcel.state == ParcelState.RETURNED)))
    rows = db.session.execute(
        select(
            JournalEntry.cause,
            JournalEntry.kind,
            JournalLine.document,
            JournalLine.account,
            JournalLine.organisation_id,
            JournalLine.amount_vnd,
            JournalEntry.id,
        )
        .join(JournalEntry, JournalEntry.id == JournalLine.entry_id)
        .execution_options(yield_per=5_000)
    )
    halves: dict[int, list[str]] = defaultdict(lambda: ["", ""])
    for cause, kind, document, account, organisation_id, amount, entry_id in rows:
        said.sums[document, account, organisation_id] += amount
        said.causes[cause] = said.causes.get(cause, 0) + max(amount, 0)
        if account is Account.TAX:
            said.taxes[entry_id, document, organisation_id] += amount
        if account in MONEY:
            said.money[organisation_id] += amount
        if kind == "order_paid" and account in (Account.HELD, Account.BUYERS):
            halves[entry_id][account is Account.BUYERS] = document
    for code, order in halves.values():
        said.paid_from[code].add(order)
    return said


def _orders(said: _Journal) -> Iterator[str]:
    expected: Counter[Key] = Counter()
    for number, office_id, amount in db.session.execute(
        select(TaxPayment.number, TaxPayment.office_id, TaxPayment.amount_vnd)
    ):
        expected[number, Account.TAX, office_id] += amount
    paid = {number for numbers in said.paid_from.values() for number in numbers}
    orders = db.session.scalars(
        select(Order)
        .options(selectinload(Order.lines))
        .order_by(Order.id)
        .execution_options(yield_per=500, populate_existing=True)
    )
    names = set()
    for order in orders:
        names.add(order.number)
        yield from _sums(order)
        if not _stands(order, said):
            continue
        undone = _undone(order, said)
        if not 0 <= undone <= order.total_vnd:
            yield f"order {order.number}: {undone} of {order.total_vnd} is undone"
            continue
        sale, deal = bookkeeping.sale_of(order), bookkeeping.deal_of(order)
        left = selling.confirmed(sale - shares.undone(sale, undone), deal)
        for line in left:
            if line.account in _SHARES:
                expected[_key(line)] += line.amount_vnd
        if order.number not in paid:
            expected[order.number, Account.BUYERS, order.producer_id] += order.total_vnd
    for key in sorted(expected.keys() | said.sums.keys()):
        document, account, organisation_id = key
        if account not in (*_SHARES, Account.BUYERS) or said.sums[key] == expected[key]:
            continue
        yield (
            f"{document}, {account} of organisation {organisation_id}: the journal says {said.sums[key]}, "
            f"the order {expected[key]}"
        )


def _sums(order: Order) -> Iterator[str]:
    """An order costs what is left of its lines, and is made cheaper by what is taken off them, or off its delivery."""
    goods, off = sum(line.amount_vnd for line in order.lines), sum(line.discount_vnd for line in order.lines)
    if goods != order.goods_vnd or off > order.discount_vnd or min([line.quantity for line in order.lines] or [0]) < 0:
        yield f"order {order.number}: its lines come to {goods} less {off}, it says {order.goods_vnd}"


def _sets() -> Iterator[str]:
    """The shares of a set's parts are what was agreed for the set, to the đồng."""
    shared = (
        select(OrderLine.order_id, OrderLine.of_line, func.sum(OrderLine.share_vnd).label("vnd"))
        .where(OrderLine.of_line.is_not(None))
        .group_by(OrderLine.order_id, OrderLine.of_line)
        .subquery()
    )
    rows = db.session.execute(
        select(OrderLine, shared.c.vnd)
        .join(shared, and_(shared.c.order_id == OrderLine.order_id, shared.c.of_line == OrderLine.line))
        .order_by(OrderLine.order_id, OrderLine.line)
    )
    for whole, vnd in rows:
        agreed = whole.agreed_vnd - whole.agreed_off_vnd
        if agreed != vnd:
            yield f"line {whole.line} of order {whole.order_id}: its parts share {vnd} of the {agreed} agreed"


def _stands(order: Order, said: _Journal) -> bool:
    return order.placement is Placement.CONFIRMED and order.id not in said.came_back


def _undone(order: Order, said: _Journal) -> int:
    bearers = {order.producer_id, order.discount_by_id or order.producer_id}
    left = sum(said.sums[order.number, account, bearer] for account in _EARNED for bearer in bearers)
    return order.total_vnd + left


def _key(line: Line) -> Key:
    return (line.document, line.account, line.organisation_id)


def _payments(said: _Journal) -> Iterator[str]:
    payments = db.session.scalars(
        select(Payment).order_by(Payment.id).execution_options(yield_per=500, populate_existing=True)
    )
    totals = {order.number: order for order in db.session.scalars(select(Order))}
    for payment in payments:
        held = -said.sums[payment.code, Account.HELD, payment.payee_id]
        orders = [totals[number] for number in said.paid_from.get(payment.code, ()) if _stands(totals[number], said)]
        kept = sum(order.total_vnd - _undone(order, said) for order in orders)
        if held < 0:
            yield f"payment {payment.code}: {held} is held, below nought"
        if payment.captured_vnd - payment.refunded_vnd != held + kept:
            yield (
                f"payment {payment.code}: {payment.captured_vnd} came and {payment.refunded_vnd} goes back, "
                f"the journal holds {held} and kept {kept} for orders"
            )


def _refunds(said: _Journal) -> Iterator[str]:
    rows = db.session.execute(
        select(Refund.number, Refund.state, Refund.amount_vnd, Payment.payee_id)
        .join(Payment, Payment.id == Refund.payment_id)
        .order_by(Refund.id)
    )
    by_number: dict[str, list[str]] = defaultdict(list)
    for cause in said.causes:
        if cause.startswith("refund:"):
            by_number[cause.split(":")[1]].append(cause)
    expected: Counter[Key] = Counter()
    for number, state, amount, payee_id in rows:
        expected[number, Account.REFUNDS, payee_id] -= amount if state is RefundState.ASKED else 0
        steps = Counter(cause.split(":")[2] for cause in by_number[number])
        for step, is_due in (("claimed", True), ("done", state is RefundState.DONE)):
            if steps[step] - (steps["failed"] if step == "done" else 0) != is_due:
                yield f"refund {number} is {state}: the journal says otherwise of {step!r}"
    found = {key: amount for key, amount in said.sums.items() if key[1] is Account.REFUNDS}
    for key in sorted(expected.keys() | found.keys()):
        if found.get(key, 0) != expected[key]:
            yield f"refund {key[0]}: {-expected[key]} is promised, the journal says {-found.get(key, 0)}"


def _credits(said: _Journal) -> Iterator[str]:
    for id, amount in db.session.execute(select(Credit.id, Credit.amount_vnd).order_by(Credit.id)):
        if said.causes.get(f"credit:{id}:arrived") != amount:
            yield f"credit {id} of {amount}: the journal says {said.causes.get(f'credit:{id}:arrived', 0)}"


def _money(said: _Journal) -> Iterator[str]:
    expected: Counter[int] = Counter()
    for id, payee_id, amount in db.session.execute(select(Credit.id, Credit.payee_id, Credit.amount_vnd)):
        expected[payee_id] += amount
        if f"credit:{id}:sent_back" in said.causes:
            expected[payee_id] -= amount
    payees = {payment.code: payment.payee_id for payment in db.session.execute(select(Payment.code, Payment.payee_id))}
    for cause, amount in said.causes.items():
        what, _, rest = cause.partition(":")
        code, _, step = rest.partition(":")
        if what == "payment" and step.startswith("captured:") and code in payees:
            expected[payees[code]] += amount
    gone = db.session.execute(
        select(Payment.payee_id, Refund.amount_vnd)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Refund.state == RefundState.DONE)
    )
    paid_on = db.session.execute(select(TaxPayment.office_id, TaxPayment.amount_vnd))
    for payee_id, amount in (*gone, *paid_on):
        expected[payee_id] -= amount
    for payee_id in sorted(expected.keys() | said.money.keys()):
        if said.money[payee_id] != expected[payee_id]:
            has = said.money[payee_id]
            yield f"organisation {payee_id}: it should have {expected[payee_id]}, the journal says {has}"


def _disputes() -> Iterator[str]:
    held = (
        select(CardDispute.payment_id, func.sum(CardDispute.held_vnd).label("held_vnd"))
        .group_by(CardDispute.payment_id)
        .subquery()
    )
    rows = db.session.execute(
        select(Payment.code, Payment.disputed_vnd, func.coalesce(held.c.held_vnd, 0))
        .outerjoin(held, held.c.payment_id == Payment.id)
        .where(Payment.disputed_vnd != func.coalesce(held.c.held_vnd, 0))
        .order_by(Payment.id)
    )
    return (f"payment {code}: {held} is held for disputes, which hold {of_them}" for code, held, of_them in rows)


def _taxes(said: _Journal) -> Iterator[str]:
    expected: Counter[tuple[int, str, int]] = Counter()
    for row in db.session.scalars(select(TaxHeld).order_by(TaxHeld.id)):
        expected[row.entry_id, row.document, row.seller_id] += row.vat_vnd + row.pit_vnd
        expected[row.entry_id, row.document, row.office_id] -= row.vat_vnd + row.pit_vnd
    for paid in db.session.scalars(select(TaxPayment).order_by(TaxPayment.id)):
        expected[paid.entry_id, paid.number, paid.office_id] += paid.amount_vnd
    yield from _paid_too_much()
    for key in sorted(expected.keys() | said.taxes.keys()):
        if said.taxes[key] != expected[key]:
            yield (
                f"{key[1]}, tax of organisation {key[2]} in entry {key[0]}: the journal says {said.taxes[key]}, "
                f"the list of tax {expected[key]}"
            )


def _paid_too_much() -> Iterator[str]:
    """No office paid more than it had held back by the end of the month it paid for, when it paid."""
    held = defaultdict[int, list[tuple[datetime, int]]](list)
    for office_id, at, vat_vnd, pit_vnd in db.session.execute(
        select(TaxHeld.office_id, TaxHeld.at, TaxHeld.vat_vnd, TaxHeld.pit_vnd)
    ):
        held[office_id].append((at, vat_vnd + pit_vnd))
    paid = Counter[int]()
    for row in db.session.scalars(select(TaxPayment).order_by(TaxPayment.id)):
        paid[row.office_id] += row.amount_vnd
        end = clock.start_of_day(clock.add_months(row.month, 1))
        there = sum(amount for at, amount in held[row.office_id] if at <= row.at and at < end)
        if row.amount_vnd > 0 and paid[row.office_id] > there:
            yield f"payment of tax {row.number}: {paid[row.office_id]} was paid of {there} that was held back"
