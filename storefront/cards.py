"""Payments by card: what is asked of the provider, and what its answers do here.

Nothing in here asks the provider: ``storefront.web.card_pages`` does, between two transactions. Answers are facts,
taken in any order and any number of times: a payment never has less than before, and a refund that is done stays so,
unless its money came back to the provider: then it is a person's task.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from kernel import jobs
from kernel.db import db, lock
from kernel.errors import N_, NotFound
from storefront import ordering, settling
from storefront.gateways import Notice, Page, PageAsked, Returned, Truth
from storefront.order_models import (
    Payment,
    PaymentMethod,
    PaymentNotice,
    PaymentState,
    Refund,
    RefundState,
)

NOTICE_JOB = "payments.notice"
#: The goods are held so long after a page has ended: it is ended here too, and its truth read, within this time.
MARGIN = timedelta(minutes=2)
#: A page or refund that was just asked for is left to the job that asks for it.
SETTLES_BY_ITSELF = timedelta(minutes=1)


class UnknownPayment(NotFound):
    """A notice came before what it is about was written down, or after it was lost. It is looked for again."""

    message = N_("There is no such payment.")


# --- The page ---------------------------------------------------------------------------------------


def page_to_open(payment: Payment, *, back_url: str, paid_url: str) -> PageAsked | None:
    """Say what page to ask for; None if it is open already, or not to be opened any more."""
    lock(payment)
    if payment.url is not None or payment.state is not PaymentState.ASKED or payment.expires_at is None:
        return None
    if payment.method is not PaymentMethod.CARD:
        return None
    until = int(payment.expires_at.timestamp())
    return PageAsked(
        key=f"{payment.code}-{until}",
        code=payment.code,
        amount_vnd=payment.amount_vnd,
        title=payment.purchase.number,
        language=payment.purchase.language,
        back_url=back_url,
        paid_url=paid_url,
        expires_at=payment.expires_at,
    )


def page_opened(payment: Payment, page: Page) -> bool:
    """Write down where the buyer can pay; tells whether they still may. An address that was not written down is told
    to nobody.
    """
    lock(payment)
    if payment.state is not PaymentState.ASKED:
        return False
    payment.page_reference, payment.url = page.reference, page.url
    return True


def never_opened(payment: Payment) -> bool:
    """Give up a payment whose page nobody has the address of; tells whether that is so."""
    lock(payment)
    if payment.page_reference is not None:
        return False
    settling.fail(payment)
    return True


def page_refused(payment: Payment, field: str, *, now: datetime) -> bool:
    """Say what becomes of a payment whose page the provider would not open; tells whether to ask once more.

    A page has a shortest life. Asked for too late it is refused, and may live longer as long as the goods are held.
    """
    lock(payment)
    hold_until = payment.purchase.hold_until
    until = now + ordering.PAY_WITHIN
    if field == "expires_at" and payment.url is None and hold_until is not None and until <= hold_until - MARGIN:
        payment.expires_at = until
        return True
    settling.fail(payment)
    return False


# --- What the provider says ---------------------------------------------------------------------------


def heard(provider: str, notice: Notice, *, now: datetime) -> bool:
    """Put a notice into the inbox, once, and ask for a look at the truth; tells whether it was new."""
    known = select(PaymentNotice.id).where(PaymentNotice.provider == provider, PaymentNotice.event == notice.event)
    if db.session.scalar(known) is not None:
        return False
    row = PaymentNotice(
        provider=provider,
        event=notice.event[:255],
        kind=notice.kind[:80],
        reference=notice.reference[:255],
        received_at=now,
    )
    db.session.add(row)
    db.session.flush()
    if notice.about:
        jobs.enqueue(NOTICE_JOB, now=now, about=notice.about, reference=notice.reference)
    return True


def take(truth: Truth, *, now: datetime) -> None:
    """Let a payment be as the provider says. What is not ours is left alone.

    :raises UnknownPayment: if it carries a code of ours that is not known (yet)
    """
    if not truth.code:
        return
    payment = db.session.scalar(select(Payment).where(Payment.code == truth.code))
    if payment is None or payment.method is not PaymentMethod.CARD:
        raise UnknownPayment()
    ordering.lock_orders(payment.purchase)
    lock(payment)
    if truth.reference is not None and (payment.reference is None or truth.captured_vnd):
        payment.reference = truth.reference
    settling.capture(payment, truth.captured_vnd, now=now)
    if truth.is_over:
        settling.fail(payment)


def take_return(returned: Returned, *, now: datetime) -> None:
    """Let a refund be as the provider says. One that was made on the provider's own screens is written down as well.

    :raises UnknownPayment: if its number is not known (yet)
    """
    made = _refund_of(returned, now)
    if made is None:
        return
    lock(made)
    if made.state is RefundState.DONE and returned.state == "failed" and made.reference == returned.reference:
        settling.refund_failed(made, problem=returned.problem or "failed", now=now)
    if made.state is not RefundState.ASKED:
        return
    made.reference = returned.reference
    if returned.state == "done":
        made.problem = ""
        settling.refund_done(made, reference=returned.reference, actor=None, now=now)
    elif returned.state == "failed":
        made.problem = returned.problem or "failed"


def refund_refused(made: Refund, code: str) -> None:
    """Write down that the provider would not give money back: it is a person's task from now on."""
    lock(made)
    if made.state is RefundState.ASKED:
        made.problem = code[:120]


def _refund_of(returned: Returned, now: datetime) -> Refund | None:
    if returned.number:
        made = db.session.scalar(select(Refund).where(Refund.number == returned.number))
        if made is None:
            raise UnknownPayment()
        return made
    known = db.session.scalar(select(Refund).where(Refund.reference == returned.reference))
    if known is not None or returned.state == "failed":
        return known
    payment = db.session.scalar(select(Payment).where(Payment.reference == returned.payment_reference))
    if payment is None:
        return None
    return settling.refund(
        payment,
        returned.amount_vnd,
        cause=f"card:{returned.reference}"[:120],
        reason="",
        now=now,
        reference=returned.reference,
    )


# --- What may have been missed ------------------------------------------------------------------------


def to_look_at(now: datetime, *, most: int = 200) -> Sequence[Payment]:
    """List payments by card that have not ended, oldest first: a notice of them may be lost."""
    return db.session.scalars(
        select(Payment)
        .where(
            Payment.method == PaymentMethod.CARD,
            Payment.state == PaymentState.ASKED,
            Payment.asked_at <= now - SETTLES_BY_ITSELF,
        )
        .order_by(Payment.id)
        .limit(most)
    ).all()


def returns_to_look_at(now: datetime, *, most: int = 200) -> Sequence[Refund]:
    """List refunds by card that are on their way, oldest first."""
    return db.session.scalars(
        select(Refund)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(
            Payment.method == PaymentMethod.CARD,
            Refund.state == RefundState.ASKED,
            Refund.asked_at <= now - SETTLES_BY_ITSELF,
            or_(Refund.problem == "", Refund.reference != ""),
        )
        .order_by(Refund.id)
        .limit(most)
    ).all()
