"""Money that came: always written down first; whether it confirms an order is the second question.

One function, :func:`record`, takes money from wherever it is heard of (a bank's statement, a notice, the payee's own
word), counts it once by its identity, and works out what it is: the right amount, a part, too much, too late, twice,
or nobody knows what for. What fits confirms the orders it pays for; all else waits on a screen for a decision, with
the money on record. Nothing is dropped, and nothing downgrades what was paid.

Locks: all orders of a purchase first. Who holds them takes its payments, and the lots and balances of its goods, in
either order, for nobody else gets at these payments; then refunds. What sees to several orders locks the goods of all
of them first (``allocation.lock_all``), so that two purchases of the same goods never wait for each other in a ring.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select, update

from accounts.actor import Actor
from kernel import audit, clock, jobs, numbers
from kernel.db import db, for_update, lock
from kernel.errors import N_, Conflict, InvalidInput
from kernel.text import one_line
from stock import allocation
from storefront import bookkeeping, ordering, paying, vouchers
from storefront.dispute_models import CardDispute
from storefront.gateways import codes
from storefront.order_models import (
    Credit,
    CreditOutcome,
    Order,
    Parcel,
    Payment,
    PaymentMethod,
    PaymentState,
    Placement,
    Purchase,
    Refund,
    RefundState,
)

REFUND_JOB = "payments.refund"
#: Ends the provider's page of a payment for which nothing stands any more.
END_PAGE_JOB = "payments.end_page"
#: What a person has to look at.
TO_DECIDE = (
    CreditOutcome.PARTIAL,
    CreditOutcome.OVER,
    CreditOutcome.LATE,
    CreditOutcome.DUPLICATE,
    CreditOutcome.UNMATCHED,
)
#: Money that no order has: it can be sent back as it came.
FOR_NOTHING = (CreditOutcome.DUPLICATE, CreditOutcome.UNMATCHED)


class RefundTooLarge(Conflict):
    """``left_vnd`` says how much could be given back."""

    message = N_("More than was paid cannot be given back.")
    field = "amount_vnd"


class NeedsReason(InvalidInput):
    message = N_("Say why in a few words.")
    field = "reason"


class DecidedBefore(Conflict):
    message = N_("This was decided before.")


class BadCount(InvalidInput):
    message = N_("The amount counted is nought or more.")
    field = "counted_vnd"


class GoesBackByItself(Conflict):
    message = N_("This money goes back to the card by itself.")


class IsDisputed(Conflict):
    message = N_("The payer's bank asks for this money back as well. Nothing goes back beside that until it has ended.")


class BelongsToAnOrder(Conflict):
    message = N_("This money belongs to an order: it goes back as a refund of that.")


class NeedsReference(InvalidInput):
    message = N_("Write the bank's reference of the transfer.")
    field = "reference"


class NothingHeld(Conflict):
    message = N_("Nothing of this payment is left over.")


class StillWaits(Conflict):
    message = N_("An order still waits for the rest of this money.")


class OthersMoney(Conflict):
    message = N_("This money came to another account than the order's.")


@dataclass(frozen=True)
class Arrived:
    """Money on an account, as a bank tells it. ``identity`` is the same whenever the same money is told of again."""

    identity: str
    source: str  #: "statement", "manual", or a notifying service
    payee_id: int
    amount_vnd: int
    memo: str
    at: datetime
    account: str = ""
    bank_reference: str = ""


def record(money: Arrived, *, now: datetime, actor: Actor | None = None) -> Credit:
    """Write money down, once, and let it do what it can.

    The same identity again gives the first record, and changes nothing.
    """
    first = db.session.scalar(select(Credit).where(Credit.identity == money.identity))
    if first is not None:
        return first
    credit = Credit(
        identity=money.identity,
        source=money.source,
        payee_id=money.payee_id,
        account=money.account,
        bank_reference=money.bank_reference,
        amount_vnd=money.amount_vnd,
        memo=one_line(money.memo)[:500],
        arrived_at=money.at,
        recorded_at=now,
        outcome=CreditOutcome.UNMATCHED,
        payment_id=None,
    )
    db.session.add(credit)
    db.session.flush()
    found = codes.find(money.memo)
    payments = db.session.scalars(
        select(Payment).where(Payment.code.in_(found), Payment.payee_id == money.payee_id)
    ).all()
    if len(payments) == 1:
        _apply(credit, payments[0], now=now, actor=actor)
    else:
        bookkeeping.arrived(credit, None, now=now, actor=actor)
    audit.record(
        actor, "storefront.credit", f"credit:{credit.id}", now=now, amount_vnd=credit.amount_vnd, outcome=credit.outcome
    )
    return credit


def assign(credit: Credit, payment: Payment, *, actor: Actor, now: datetime) -> None:
    """Say what unmatched money was for: a person read it in the memo, or asked the buyer.

    :raises DecidedBefore: :raises OthersMoney:
    """
    lock(credit)
    if credit.outcome is not CreditOutcome.UNMATCHED:
        raise DecidedBefore()
    if credit.payee_id != payment.payee_id:
        raise OthersMoney()
    _apply(credit, payment, now=now, actor=actor, came_before=True)
    credit.decided_by_id, credit.decided_at = actor.user_id, now
    audit.record(actor, "storefront.assign_credit", f"credit:{credit.id}", now=now, payment=payment.id)


def settle_credit(credit: Credit, *, decision: str, actor: Actor, now: datetime) -> None:
    """Say what became of money that waited for a decision (given back by hand, agreed with the buyer, …).

    :raises DecidedBefore: :raises NeedsReason:
    """
    decision = one_line(decision)[:300]
    if not decision:
        raise NeedsReason()
    lock(credit)
    if credit.outcome not in TO_DECIDE:
        raise DecidedBefore()
    credit.outcome, credit.decision = CreditOutcome.SETTLED, decision
    credit.decided_by_id, credit.decided_at = actor.user_id, now
    audit.record(actor, "storefront.settle_credit", f"credit:{credit.id}", now=now)


def send_back(credit: Credit, *, reference: str, actor: Actor, now: datetime) -> None:
    """Write down that money which was for nothing went back to the account it came from.

    :raises DecidedBefore: :raises BelongsToAnOrder: :raises NeedsReference:
    """
    reference = one_line(reference)[:300]
    if not reference:
        raise NeedsReference()
    lock(credit)
    if credit.outcome not in TO_DECIDE:
        raise DecidedBefore()
    if credit.outcome not in FOR_NOTHING:
        raise BelongsToAnOrder()
    credit.outcome, credit.decision = CreditOutcome.SETTLED, reference
    credit.decided_by_id, credit.decided_at = actor.user_id, now
    bookkeeping.sent_back(credit, now=now, actor=actor)
    audit.record(actor, "storefront.send_credit_back", f"credit:{credit.id}", now=now, amount_vnd=credit.amount_vnd)


def give_back_over(credit: Credit, *, actor: Actor, now: datetime) -> Refund:
    """Claim back what came above the amount that was asked for.

    :raises DecidedBefore: :raises RefundTooLarge:
    """
    lock(credit)
    if credit.outcome is not CreditOutcome.OVER or credit.payment is None:
        raise DecidedBefore()
    payment = credit.payment
    ordering.lock_orders(payment.purchase)
    lock(payment)
    too_much = min(credit.amount_vnd, bookkeeping.held(payment))
    made = refund(payment, too_much, cause=f"credit:{credit.id}:over", reason="", now=now, actor=actor)
    credit.outcome, credit.decision = CreditOutcome.SETTLED, made.number
    credit.decided_by_id, credit.decided_at = actor.user_id, now
    audit.record(actor, "storefront.settle_credit", f"credit:{credit.id}", now=now)
    return made


def capture(payment: Payment, total_vnd: int, *, now: datetime) -> None:
    """Let a payment have had so much in all, as its provider tells it now: it never has less than before."""
    _capture(payment, total_vnd, now=now)


def fail(payment: Payment) -> None:
    """Write down that nothing will come of a payment. Whatever has come stays."""
    lock(payment)
    if payment.state is PaymentState.ASKED:
        payment.state = PaymentState.FAILED


# --- Cash ---------------------------------------------------------------------------------------------


def collect(payment: Payment, *, now: datetime, parcel: Parcel | None = None) -> None:
    """Write down that the cash of a parcel (without one: all that is left to pay) was taken from the buyer.

    The caller sees to it, under the parcel's lock, that it happens once.
    """
    total = payment.amount_vnd if parcel is None else payment.captured_vnd + parcel.cod_vnd
    _capture(payment, total, now=now, parcel=parcel)


def hand_over(payment: Payment, parcel: Parcel, *, now: datetime, actor: Actor | None = None) -> None:
    """Write down that who took a parcel's cash gave it away to the payee; nobody counted it yet.

    :raises books.journal.AlreadyPosted:
    """
    bookkeeping.cash_handed_over(parcel, payment.payee_id, now=now, actor=actor)


def reconcile(payment: Payment, parcel: Parcel, counted_vnd: int, *, now: datetime, actor: Actor | None = None) -> None:
    """Write down that the payee counted a parcel's cash; what is missing stays on record as missing.

    :raises BadCount: :raises books.journal.AlreadyPosted:
    """
    if counted_vnd < 0:
        raise BadCount()
    bookkeeping.cash_reconciled(parcel, payment.payee_id, counted_vnd, now=now, actor=actor)


# --- Giving back --------------------------------------------------------------------------------------


def refund(
    payment: Payment,
    amount_vnd: int,
    *,
    cause: str,
    reason: str,
    now: datetime,
    order: Order | None = None,
    actor: Actor | None = None,
    reference: str = "",
) -> Refund:
    """Claim money back for the buyer: at most what was paid, by one guarded step. The same cause is refunded once.

    What was paid by card goes back by a job; all else is a task for who has the money.

    :param reference: of a refund that the provider has already, made on its own screens
    :raises RefundTooLarge:
    """
    first = db.session.scalar(select(Refund).where(Refund.cause == cause))
    if first is not None:
        return first
    _lock_orders_of(payment)
    lock(payment)
    claimed = db.session.execute(
        update(Payment)
        .where(
            Payment.id == payment.id,
            Payment.captured_vnd - Payment.refunded_vnd - Payment.disputed_vnd >= amount_vnd,
        )
        .values(refunded_vnd=Payment.refunded_vnd + amount_vnd)
        .returning(Payment.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    db.session.refresh(payment)
    if claimed is None or amount_vnd <= 0:
        raise RefundTooLarge(left_vnd=_free(payment))
    made = Refund(
        number=f"HT-{numbers.next_number('refund'):06d}",
        payment_id=payment.id,
        order_id=order.id if order else payment.order_id,
        amount_vnd=amount_vnd,
        reason=one_line(reason)[:300],
        cause=cause,
        reference=reference,
        state=RefundState.ASKED,
        asked_at=now,
        asked_by_id=actor.user_id if actor else None,
    )
    db.session.add(made)
    db.session.flush()
    bookkeeping.refund_claimed(made, payment, _orders_of(made, payment), now=now, actor=actor)
    if order is not None:
        ordering.note(order, "refund_asked", now=now, actor=actor, amount_vnd=amount_vnd)
    audit.record(actor, "storefront.refund", f"refund:{made.number}", now=now, amount_vnd=amount_vnd)
    if payment.method is PaymentMethod.CARD and not reference:
        jobs.enqueue(REFUND_JOB, now=now, refund=made.id)
    return made


def refund_done(made: Refund, *, reference: str, actor: Actor | None, now: datetime) -> None:
    """Write down that the money is on its way back, with the bank's or provider's reference.

    :raises DecidedBefore:
    """
    lock(made)
    if made.state is not RefundState.ASKED:
        raise DecidedBefore()
    made.state, made.done_at, made.reference = RefundState.DONE, now, one_line(reference)[:255]
    bookkeeping.refund_done(made, made.payment, now=now, actor=actor)
    if made.order_id is not None:
        ordering.note(
            db.session.get_one(Order, made.order_id), "refunded", now=now, actor=actor, amount_vnd=made.amount_vnd
        )
    _given_back_is_no_question(made, now)
    audit.record(actor, "storefront.refund_done", f"refund:{made.number}", now=now)


def refund_failed(made: Refund, *, problem: str, now: datetime) -> None:
    """Write down that money which was said to have gone back did not: it is a person's task from now on.

    :raises DecidedBefore:
    """
    lock(made)
    if made.state is not RefundState.DONE:
        raise DecidedBefore()
    made.state, made.done_at, made.problem = RefundState.ASKED, None, problem[:120]
    bookkeeping.refund_failed(made, made.payment, now=now)
    if made.order_id is not None:
        ordering.note(db.session.get_one(Order, made.order_id), "refund_failed", now=now, amount_vnd=made.amount_vnd)
    audit.record(None, "storefront.refund_failed", f"refund:{made.number}", now=now)


def refund_refused(made: Refund, *, reason: str, actor: Actor | None, now: datetime) -> None:
    """Write down that the money does not go back after all: the provider or bank refused, or it was claimed in error.

    :raises DecidedBefore: :raises NeedsReason:
    """
    reason = one_line(reason)[:255]
    if not reason:
        raise NeedsReason()
    payment = made.payment
    _lock_orders_of(payment)
    lock(payment)
    lock(made)
    if made.state is not RefundState.ASKED:
        raise DecidedBefore()
    made.state, made.done_at, made.reference = RefundState.REFUSED, now, reason
    payment.refunded_vnd -= made.amount_vnd
    bookkeeping.refund_refused(made, payment, _orders_of(made, payment), now=now, actor=actor)
    audit.record(actor, "storefront.refund_refused", f"refund:{made.number}", now=now)


def refund_made_by_hand(made: Refund, *, reference: str, actor: Actor, now: datetime) -> None:
    """Write down that a person sent the money back. To a card the provider sends it, unless it would not.

    :raises DecidedBefore, GoesBackByItself, IsDisputed, NeedsReference:
    """
    if not one_line(reference):
        raise NeedsReference()
    _lock_orders_of(made.payment)
    lock(made.payment)
    lock(made)
    if made.state is RefundState.ASKED and is_disputed(made.payment):
        raise IsDisputed()
    if made.state is RefundState.ASKED and made.payment.method is PaymentMethod.CARD and not made.problem:
        raise GoesBackByItself()
    refund_done(made, reference=reference, actor=actor, now=now)


def is_disputed(payment: Payment) -> bool:
    """Tell whether a card's payer has the bank ask for the money back, and it is not over."""
    if payment.method is not PaymentMethod.CARD:
        return False
    return bool(
        db.session.scalar(
            select(
                exists().where(
                    CardDispute.payment_id == payment.id, CardDispute.closed_at.is_(None), ~CardDispute.is_inquiry
                )
            )
        )
    )


def call_off(made: Refund, *, reason: str, actor: Actor, now: datetime) -> None:
    """Call a refund off that was claimed in error, by hand. What is under way to a card cannot be held up.

    :raises DecidedBefore, GoesBackByItself, NeedsReason:
    """
    if made.state is RefundState.ASKED and made.payment.method is PaymentMethod.CARD and not made.problem:
        raise GoesBackByItself()
    refund_refused(made, reason=reason, actor=actor, now=now)


def give_back_of(*orders: Order, reason: str = "", now: datetime, actor: Actor | None = None) -> list[Refund]:
    """Settle the money of orders of a purchase that were cancelled: less is asked for, what came is claimed back.

    Of a payment for several orders as much goes back as is left beside the orders that stand. If none stands any more,
    all that is left goes back, however much too much it was.
    """
    ordering.lock_orders(orders[0].purchase)
    return _give_back(orders, "cancelled", reason=reason, now=now, actor=actor)


def give_back_undisputed(payment: Payment, *, dispute: str, now: datetime) -> list[Refund]:
    """Claim back what orders called off meanwhile left of a payment whose dispute is over; the caller has locked all.

    :param dispute: its number
    """
    off = [order for order in paying.orders_of(payment) if order.placement is Placement.CANCELLED]
    return _give_back(off, dispute, reason=dispute, now=now)


def give_back_returned(order: Order, *, reason: str = "", now: datetime, actor: Actor | None = None) -> list[Refund]:
    """Claim back what was paid for an order whose goods all came back; what was given back of it before counts."""
    ordering.lock_orders(order.purchase)
    return _give_back([order], "came_back", reason=reason, now=now, actor=actor)


def settle_change(
    order: Order, less_vnd: int, *, cause: str, reason: str = "", now: datetime, actor: Actor | None = None
) -> list[Refund]:
    """Settle the money of an order that costs less than before: less is asked for, and what was paid of that goes back.

    :param cause: of the refund: the number of the change
    """
    ordering.lock_orders(order.purchase)
    made, rest = [], less_vnd
    for payment in _locked_payments(order.purchase):
        if payment.order_id not in (None, order.id):
            continue
        _ask_less(payment, now)
        over = min(rest, _kept(payment) - _standing(payment))
        if over > 0:
            rest -= over
            causes = f"{cause}:{payment.id}"
            made.append(refund(payment, over, cause=causes, reason=reason, now=now, order=order, actor=actor))
    return made


def give_back_held(payment: Payment, *, reason: str, now: datetime, actor: Actor) -> Refund:
    """Claim back what is held of a payment and is for no order.

    :raises NothingHeld: :raises StillWaits: :raises NeedsReason:
    """
    reason = one_line(reason)
    if not reason:
        raise NeedsReason()
    ordering.lock_orders(payment.purchase)
    lock(payment)
    if any(order.placement is Placement.PLACED for order in paying.orders_of(payment)):
        raise StillWaits()
    amount = bookkeeping.held(payment)
    if amount <= 0:
        raise NothingHeld()
    times = db.session.scalar(select(func.count()).select_from(Refund).where(Refund.payment_id == payment.id))
    return refund(payment, amount, cause=f"{payment.code}:held:{times}", reason=reason, now=now, actor=actor)


def _give_back(
    orders: Sequence[Order], why: str, *, reason: str = "", now: datetime, actor: Actor | None = None
) -> list[Refund]:
    """Claim back the money of orders of a purchase that no longer stand; all its orders are locked."""
    made = []
    for payment in _locked_payments(orders[0].purchase) if orders else ():
        own = [order for order in orders if payment.order_id in (None, order.id)]
        if own:
            _ask_less(payment, now)
        for order in own:
            standing = _standing(payment)
            amount = min(_kept(payment) - standing, _free(payment))
            if standing or order is not own[-1]:
                amount = min(amount, order.total_vnd - _given_back(payment, order))
            if amount > 0:
                cause = f"{order.number}:{why}:{payment.id}:{payment.captured_vnd}"
                made.append(refund(payment, amount, cause=cause, reason=reason, now=now, order=order, actor=actor))
        if payment.method is PaymentMethod.CARD and payment.state is PaymentState.ASKED and not _standing(payment):
            jobs.enqueue(END_PAGE_JOB, now=now, dedupe=f"end-page:{payment.id}", payment=payment.id)
    return made


def _standing(payment: Payment) -> int:
    """Say how much of a payment its orders need that stand: what they cost, less what was given back of them."""
    needed = 0
    for order in paying.orders_of(payment):
        if order.placement is Placement.PLACED:
            needed += order.total_vnd
        elif order.placement is Placement.CONFIRMED:
            needed += order.total_vnd - bookkeeping.undone_of(order)
    return needed


def _ask_less(payment: Payment, now: datetime) -> None:
    """Ask by transfer or in cash for what still stands only; a provider's page keeps its sum (and gives back)."""
    if payment.method is PaymentMethod.CARD or payment.state not in (PaymentState.ASKED, PaymentState.PARTLY):
        return
    standing = sum(one.total_vnd for one in paying.orders_of(payment) if one.placement is not Placement.CANCELLED)
    if not standing:
        payment.state = PaymentState.FAILED
    elif standing < payment.amount_vnd:
        payment.amount_vnd = standing
        if _kept(payment) >= standing:
            _forward(payment, now)
            _earlier_parts_are(CreditOutcome.MATCHED, payment)


# --- What is over -------------------------------------------------------------------------------------


def close(purchase: Purchase, *, now: datetime) -> None:
    """End a purchase whose money did not come in time: orders are cancelled, what did come goes back.

    A provider's page must have been ended before, and its truth read: see ``storefront.sweeping``.
    """
    orders = ordering.lock_orders(purchase)
    if purchase.hold_until is None or now < purchase.hold_until:
        return
    for payment in _locked_payments(purchase):
        if payment.state in (PaymentState.ASKED, PaymentState.PARTLY):
            payment.state = PaymentState.FAILED
    late = [order for order in orders if order.placement is Placement.PLACED]
    allocation.lock_all(purchase.number)
    for order in late:
        ordering.cancel(order, cause="time", now=now)
    _give_back(late, "cancelled", now=now)


def overdue(now: datetime, *, most: int = 100) -> Sequence[int]:
    """List purchases whose goods waited long enough."""
    return db.session.scalars(
        select(Purchase.id)
        .join(Order, Order.purchase_id == Purchase.id)
        .where(Order.placement == Placement.PLACED, Purchase.hold_until <= now)
        .group_by(Purchase.id)
        .order_by(func.min(Purchase.hold_until), Purchase.id)
        .limit(most)
    ).all()


# --- Inside -------------------------------------------------------------------------------------------


def _apply(
    credit: Credit, payment: Payment, *, now: datetime, actor: Actor | None = None, came_before: bool = False
) -> None:
    ordering.lock_orders(payment.purchase)
    lock(payment)
    credit.payment_id = payment.id
    is_more = payment.state is not PaymentState.PAID and _kept(payment) < payment.amount_vnd
    if not came_before:
        bookkeeping.arrived(credit, payment if is_more else None, now=now, actor=actor)
    elif is_more:
        bookkeeping.understood(credit, payment, now=now, actor=actor)
    if not is_more:
        credit.outcome = CreditOutcome.DUPLICATE
        return
    orders = paying.orders_of(payment)
    payment.captured_vnd += credit.amount_vnd
    if _kept(payment) < payment.amount_vnd:
        gone = all(order.placement is Placement.CANCELLED for order in orders)
        credit.outcome = CreditOutcome.LATE if gone else CreditOutcome.PARTIAL
        if gone:
            _give_back(orders, "cancelled", now=now)
        else:
            payment.state = PaymentState.PARTLY
        return
    _forward(payment, now)
    orders = paying.orders_of(payment)
    stand = any(order.placement is Placement.CONFIRMED for order in orders)
    too_late = [order for order in orders if order.cancel_cause in ("time", "stock")]
    if not stand or too_late:
        credit.outcome = CreditOutcome.LATE
    elif _kept(payment) > _standing(payment):
        credit.outcome = CreditOutcome.OVER
    else:
        credit.outcome = CreditOutcome.MATCHED
    _earlier_parts_are(CreditOutcome.MATCHED if stand else CreditOutcome.LATE, payment)


def _lock_orders_of(payment: Payment) -> None:
    """Lock what a payment pays for, and no more: orders come before their payments."""
    if payment.order is not None:
        ordering.lock_order(payment.order)
    else:
        ordering.lock_orders(payment.purchase)


def _capture(payment: Payment, total_vnd: int, *, now: datetime, parcel: Parcel | None = None) -> None:
    _lock_orders_of(payment)
    lock(payment)
    before = payment.captured_vnd
    if total_vnd <= before:
        return
    payment.captured_vnd = total_vnd
    bookkeeping.captured(payment, before, now=now, parcel=parcel)
    _forward(payment, now)


def _earlier_parts_are(outcome: CreditOutcome, payment: Payment) -> None:
    """What was a part is none any more once the rest has come."""
    db.session.execute(
        update(Credit)
        .where(Credit.payment_id == payment.id, Credit.outcome == CreditOutcome.PARTIAL)
        .values(outcome=outcome)
        .execution_options(synchronize_session="fetch")
    )


def _given_back_is_no_question(made: Refund, now: datetime) -> None:
    """What came too late, too much, or only in part until the time was over, is settled once all of it went back."""
    payment = db.session.get_one(Payment, made.payment_id)
    if bookkeeping.held(payment):
        return
    open_ = [CreditOutcome.LATE, CreditOutcome.OVER] + (
        [CreditOutcome.PARTIAL] if payment.state is PaymentState.FAILED else []
    )
    db.session.execute(
        update(Credit)
        .where(Credit.payment_id == payment.id, Credit.outcome.in_(open_))
        .values(outcome=CreditOutcome.SETTLED, decision=made.number, decided_at=now)
        .execution_options(synchronize_session="fetch")
    )


def _kept(payment: Payment) -> int:
    """What came and was not given back: a part that went back when its time was over pays for nothing."""
    return payment.captured_vnd - payment.refunded_vnd


def _free(payment: Payment) -> int:
    """What can be given back: what came and was not given back, and is in no dispute."""
    return _kept(payment) - payment.disputed_vnd


def _forward(payment: Payment, now: datetime) -> None:
    """Let a payment that has its money confirm its orders. Paid before, it stays so."""
    if payment.state is not PaymentState.PAID and _kept(payment) < payment.amount_vnd:
        payment.state = PaymentState.PARTLY
        return
    first = payment.state is not PaymentState.PAID
    if first:
        payment.state, payment.paid_at = PaymentState.PAID, now
    orders = paying.orders_of(payment)
    waiting = [order for order in orders if order.placement is Placement.PLACED or order.cancel_cause == "time"]
    if waiting:
        allocation.lock_all(payment.purchase.number, on=clock.business_date(now))
    for order in waiting:
        _confirm_if_there_are_goods(order, now)
    for order in orders:
        bookkeeping.paid(order, payment, now=now)
        if first and order.placement is Placement.CONFIRMED:
            ordering.note(order, "paid", now=now, amount_vnd=order.total_vnd)
    _give_back([order for order in orders if order.placement is Placement.CANCELLED], "cancelled", now=now)


def _confirm_if_there_are_goods(order: Order, now: datetime) -> None:
    """Confirm an order; if its goods went to somebody else, find others; if there are none, it is cancelled."""
    if order.placement is Placement.PLACED and _tried(lambda: ordering.confirm(order, now=now)):
        return
    if not _tried(lambda: ordering.reopen(order, now=now)) and order.placement is Placement.PLACED:
        ordering.cancel(order, cause="stock", now=now)


def _tried(step: Callable[[], None]) -> bool:
    """Take a step, or none of it, if the goods or what made them cheaper are gone."""
    savepoint = db.session.begin_nested()
    try:
        step()
    except (allocation.HoldLost, allocation.NotEnough, vouchers.NotGiven):
        savepoint.rollback()
        db.session.expire_all()
        return False
    savepoint.commit()
    return True


def _orders_of(made: Refund, payment: Payment) -> list[Order]:
    """Give the orders that a refund may be of: its own first."""
    return sorted(paying.orders_of(payment), key=lambda order: (order.id != made.order_id, order.id))


def _given_back(payment: Payment, order: Order) -> int:
    return (
        db.session.scalar(
            select(func.coalesce(func.sum(Refund.amount_vnd), 0)).where(
                Refund.payment_id == payment.id, Refund.order_id == order.id, Refund.state != RefundState.REFUSED
            )
        )
        or 0
    )


def _locked_payments(purchase: Purchase) -> Sequence[Payment]:
    return db.session.scalars(
        for_update(select(Payment).where(Payment.purchase_id == purchase.id).order_by(Payment.id))
    ).all()
