"""Disputes of card payments: what the provider says of them, what we say to them, and what they do to money.

An open dispute holds its part of the payment, so that nobody gives it back as well. Lost, it is a refund that the
provider made: of what waited to go back first, then of the sale. Won, the payment is as it was before.

Nothing in here asks the provider: ``storefront.web.card_pages`` does, between two transactions. The truth may be heard
in any order and any number of times; a dispute that was lost can be won after all, any other end stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from accounts.actor import Actor
from kernel import audit, jobs, numbers
from kernel.db import db, for_update, lock
from kernel.errors import N_, Conflict, InvalidInput
from kernel.text import nfc
from storefront import bookkeeping, ordering, paying, settling
from storefront.cards import UnknownPayment
from storefront.dispute_models import CardDispute, DisputeDecision, DisputeState
from storefront.gateways import Disputed
from storefront.order_models import Order, Payment, Refund, RefundState

DECISION_JOB = "payments.dispute"
LONGEST_WORDS = 5_000
#: An open dispute is read anew so often: a notice of it may be lost.
READ_EVERY = timedelta(hours=6)
CLOSED = (DisputeState.WON, DisputeState.LOST)


class NeedsWords(InvalidInput):
    message = N_("Write what the bank should know: what was ordered, how it was brought, what was agreed.")
    field = "words"


class WordsTooLong(InvalidInput):
    message = N_("Please keep it within %(most)s signs.")
    field = "words"


class NotToDecide(Conflict):
    message = N_("Nothing is to be decided here any more: the dispute is answered, or over.")


class TooLate(Conflict):
    message = N_("The last moment for an answer is over.")


# --- What the provider says -----------------------------------------------------------------------------


def take(told: Disputed, *, now: datetime) -> CardDispute:
    """Let a dispute be as the provider says.

    :raises storefront.cards.UnknownPayment: if its payment is not known (yet)
    """
    payment = db.session.scalar(select(Payment).where(Payment.reference == told.payment_reference))
    if payment is None:
        raise UnknownPayment()
    ordering.lock_orders(payment.purchase)
    lock(payment)
    row: CardDispute | None = db.session.scalar(
        for_update(select(CardDispute).where(CardDispute.reference == told.reference))
    )
    if row is None:
        row = _opened(told, payment, now)
    row.heard_at = now
    before, state = row.state, DisputeState(told.state)
    if before in CLOSED:
        if before is DisputeState.LOST and state is DisputeState.WON:
            _won_after_all(row, payment, now)
        return row
    row.amount_vnd, row.reason, row.is_inquiry = told.amount_vnd, told.reason[:60], told.is_inquiry
    row.answer_by = told.answer_by
    _hold(row, payment, 0 if told.is_inquiry or state in CLOSED else told.amount_vnd)
    row.state = state
    if state in CLOSED:
        row.closed_at = now
        if state is DisputeState.LOST:
            _lose(row, payment, now)
        else:
            _let_refunds_go_on(payment)
        settling.give_back_undisputed(payment, dispute=row.number, now=now)
    db.session.flush()
    if state is not before:
        audit.record(None, "storefront.dispute", f"dispute:{row.number}", now=now, state=state.value)
    return row


def _opened(told: Disputed, payment: Payment, now: datetime) -> CardDispute:
    row = CardDispute(
        number=f"TC-{numbers.next_number('dispute'):06d}",
        payment_id=payment.id,
        reference=told.reference,
        amount_vnd=told.amount_vnd,
        held_vnd=0,
        reason=told.reason[:60],
        is_inquiry=told.is_inquiry,
        state=DisputeState.TO_ANSWER,
        answer_by=told.answer_by,
        opened_at=now,
        heard_at=now,
    )
    db.session.add(row)
    db.session.flush()
    audit.record(None, "storefront.dispute", f"dispute:{row.number}", now=now, amount_vnd=row.amount_vnd)
    for order in paying.orders_of(payment):
        ordering.note(order, "disputed", now=now)
    return row


def _hold(row: CardDispute, payment: Payment, amount_vnd: int) -> None:
    """Hold so much of a locked payment for a dispute, or as much as there is."""
    free = payment.captured_vnd - payment.refunded_vnd - payment.disputed_vnd + row.held_vnd
    held = min(amount_vnd, max(0, free))
    row.held_vnd, payment.disputed_vnd = held, payment.disputed_vnd - row.held_vnd + held
    db.session.flush()


def _lose(row: CardDispute, payment: Payment, now: datetime) -> None:
    """Write down that the payer has the money: it is what was to go back, then a refund; beyond that it is a loss."""
    rest = row.amount_vnd
    for made in _waiting(payment):
        if made.amount_vnd <= rest:
            made.problem = ""
            settling.refund_done(made, reference=row.reference, actor=None, now=now)
            rest -= made.amount_vnd
        else:
            settling.refund_refused(made, reason=row.number, actor=None, now=now)
    part = min(rest, payment.captured_vnd - payment.refunded_vnd - payment.disputed_vnd)
    if part > 0:
        made = settling.refund(
            payment,
            part,
            cause=_cause(row),
            reason=row.number,
            order=_only_order(payment),
            reference=row.reference,
            now=now,
        )
        settling.refund_done(made, reference=row.reference, actor=None, now=now)
    bookkeeping.dispute_lost(row.number, payment, rest - max(0, part), now=now)


def _won_after_all(row: CardDispute, payment: Payment, now: datetime) -> None:
    """Take back what a lost dispute did: the provider has given the money to us again."""
    row.state, row.closed_at = DisputeState.WON, now
    for made in db.session.scalars(
        select(Refund)
        .where(Refund.payment_id == payment.id, Refund.reference == row.reference, Refund.state == RefundState.DONE)
        .order_by(Refund.id)
    ).all():
        settling.refund_failed(made, problem=row.number, now=now)
        if made.cause == _cause(row):
            settling.refund_refused(made, reason=row.number, actor=None, now=now)
        else:
            made.reference = made.problem = ""
    bookkeeping.dispute_won_after_all(row.number, payment, now=now)
    _let_refunds_go_on(payment)
    settling.give_back_undisputed(payment, dispute=f"{row.number}-2", now=now)
    audit.record(None, "storefront.dispute", f"dispute:{row.number}", now=now, state=row.state.value)


def _waiting(payment: Payment) -> Sequence[Refund]:
    """List the refunds of a payment that wait and that the provider has not taken on."""
    return db.session.scalars(
        select(Refund)
        .where(Refund.payment_id == payment.id, Refund.state == RefundState.ASKED, Refund.reference == "")
        .order_by(Refund.id)
    ).all()


def _let_refunds_go_on(payment: Payment) -> None:
    """Let refunds that the provider would not make while the payment was disputed be asked for again."""
    db.session.execute(
        update(Refund)
        .where(Refund.payment_id == payment.id, Refund.state == RefundState.ASKED, Refund.reference == "")
        .values(problem="")
        .execution_options(synchronize_session="fetch")
    )


def _only_order(payment: Payment) -> Order | None:
    orders = paying.orders_of(payment)
    return orders[0] if len(orders) == 1 else None


def _cause(row: CardDispute) -> str:
    return f"dispute:{row.number}"


# --- What we say ------------------------------------------------------------------------------------------


def may_decide(row: CardDispute) -> bool:
    """Tell whether something can be said to a dispute: nothing was, or the provider would not take it."""
    return row.state is DisputeState.TO_ANSWER and (row.decision is None or bool(row.problem))


def decide(row: CardDispute, decision: DisputeDecision, *, words: str = "", actor: Actor, now: datetime) -> None:
    """Answer a dispute, or accept it; a job tells the provider.

    :raises NotToDecide, NeedsWords, WordsTooLong, TooLate:
    """
    words = nfc(words).strip()
    if decision is DisputeDecision.ANSWER and not words:
        raise NeedsWords()
    if len(words) > LONGEST_WORDS:
        raise WordsTooLong(most=LONGEST_WORDS)
    lock(row)
    if not may_decide(row):
        raise NotToDecide()
    if decision is DisputeDecision.ANSWER and (row.answer_by is None or row.answer_by <= now):
        raise TooLate()
    row.decision, row.words = decision, words if decision is DisputeDecision.ANSWER else ""
    row.decided_by_id, row.decided_at, row.problem = actor.user_id, now, ""
    db.session.flush()
    jobs.enqueue(DECISION_JOB, now=now, dispute=row.id)
    audit.record(actor, "storefront.decide_dispute", f"dispute:{row.number}", now=now, decision=decision.value)


def decision_taken(row: CardDispute, told: Disputed, *, now: datetime) -> None:
    """Write down that the provider took a decision, and how the dispute stands since."""
    take(told, now=now)
    row.sent_at = row.sent_at or now


def decision_refused(row: CardDispute, code: str) -> None:
    """Write down that the provider would not take a decision: another may be made."""
    lock(row)
    if row.sent_at is None:
        row.problem = code[:120]


# --- What may have been missed ------------------------------------------------------------------------------


def to_look_at(now: datetime, *, most: int = 100) -> Sequence[CardDispute]:
    """List open disputes that were not read for a while, and those whose decision was not told yet."""
    untold = CardDispute.decision.is_not(None) & CardDispute.sent_at.is_(None) & (CardDispute.problem == "")
    return db.session.scalars(
        select(CardDispute)
        .where(CardDispute.closed_at.is_(None), or_(CardDispute.heard_at <= now - READ_EVERY, untold))
        .order_by(CardDispute.id)
        .limit(most)
    ).all()


def erase(purchase_id: int) -> None:
    """Forget what was said of a buyer in the disputes of a purchase."""
    payments = select(Payment.id).where(Payment.purchase_id == purchase_id)
    db.session.execute(
        update(CardDispute)
        .where(CardDispute.payment_id.in_(payments), CardDispute.words != "")
        .values(words="", is_erased=True)
        .execution_options(synchronize_session="fetch")
    )
