"""Complaints about an order: made by its link, answered by the producer, brought before the office if that fails.

States say who has to act. ``answer_by`` and ``decide_by`` are days of the law (``storefront.deadlines``); what is late
is told by them alone, nobody has to run for that to be true.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from accounts.actor import Actor
from accounts.models import Organisation
from kernel import audit, clock, jobs, numbers
from kernel.db import db, lock
from kernel.errors import N_, Conflict, InvalidInput
from kernel.text import nfc
from storefront import deadlines, giving_back, ordering
from storefront.after_models import (
    MOST_PHOTOS,
    Complaint,
    ComplaintKind,
    ComplaintMessage,
    ComplaintOutcome,
    ComplaintPhoto,
    ComplaintState,
)
from storefront.order_models import Contact, Order, Purchase, Refund, RefundState

LONGEST_WORDS = 3_000
MOST_MESSAGES = 60  #: from one side
MOST_OPEN = 3  #: complaints of one order at once

#: How the office can decide.
DECISIONS = (ComplaintOutcome.FOR_BUYER, ComplaintOutcome.IN_PART, ComplaintOutcome.FOR_PRODUCER)


class NoWords(InvalidInput):
    message = N_("Please write what it is about.")
    field = "words"


class WordsTooLong(InvalidInput):
    message = N_("Please keep it within %(most)s signs.")
    field = "words"


class TooManyPhotos(InvalidInput):
    message = N_("At most %(most)s photos, please.")
    field = "photos"


class TooManyOpen(Conflict):
    message = N_("There are open complaints about this order already. Please write what is new into one of them.")


class TooManyMessages(Conflict):
    message = N_("Enough was written here. Please wait for the decision, or telephone the office.")


class IsClosed(Conflict):
    message = N_("This complaint is closed. If something new came up, make a new one.")


class TooEarly(Conflict):
    message = N_("The producer still has time to answer. After that you can bring it before the office.")


class NotDisputed(Conflict):
    message = N_("The office decides what the buyer has brought before it.")


class NoOutcome(InvalidInput):
    message = N_("Say how it is decided.")
    field = "outcome"


class ClaimedAlready(Conflict):
    message = N_("The money was claimed back for this complaint already.")


class NotForBuyer(Conflict):
    message = N_("Money goes back where the office decided for the buyer, wholly or in part.")


def complain(
    order: Order,
    kind: ComplaintKind,
    words: str,
    *,
    photos: Sequence[str] = (),
    language: str,
    now: datetime,
) -> Complaint:
    """Make a complaint about an order; buyer and producer are told its number and by when it is answered.

    :raises NoWords, WordsTooLong, TooManyPhotos, TooManyOpen:
    """
    words = _checked(words)
    if len(photos) > MOST_PHOTOS:
        raise TooManyPhotos(most=MOST_PHOTOS)
    lock(order)
    running = db.session.scalar(
        select(func.count()).where(Complaint.order_id == order.id, Complaint.state != ComplaintState.CLOSED)
    )
    if (running or 0) >= MOST_OPEN:
        raise TooManyOpen()
    complaint = Complaint(
        number=f"KN-{numbers.next_number('complaint'):06d}",
        order_id=order.id,
        kind=kind,
        state=ComplaintState.OPEN,
        language=language,
        opened_at=now,
        answer_by=deadlines.answer_by(kind, now),
    )
    db.session.add(complaint)
    db.session.flush()
    for position, digest in enumerate(dict.fromkeys(photos), start=1):
        db.session.add(ComplaintPhoto(complaint_id=complaint.id, position=position, digest=digest))
    _say(complaint, "buyer", words, None, now)
    audit.record(None, "storefront.complain", f"complaint:{complaint.number}", now=now, kind=kind.value)
    _tell(complaint, "received", now)
    return complaint


def write(complaint: Complaint, words: str, *, now: datetime) -> None:
    """Add what the buyer has to say. After an answer it is the producer's turn again, with new days.

    :raises NoWords, WordsTooLong, IsClosed, TooManyMessages:
    """
    words = _checked(words)
    _lock_open(complaint)
    _say(complaint, "buyer", words, None, now)
    if complaint.state is ComplaintState.ANSWERED:
        complaint.state = ComplaintState.OPEN
        complaint.answer_by = deadlines.answer_by(complaint.kind, now)
    audit.record(None, "storefront.write_to_complaint", f"complaint:{complaint.number}", now=now)
    _tell(complaint, "written", now)


def answer(complaint: Complaint, words: str, *, actor: Actor, now: datetime) -> None:
    """Answer in the producer's name. Before the office it is a statement, and the office's turn all the same.

    :raises NoWords, WordsTooLong, IsClosed, TooManyMessages:
    """
    words = _checked(words)
    _lock_open(complaint)
    _say(complaint, "producer", words, actor, now)
    if complaint.state is ComplaintState.OPEN:
        complaint.state = ComplaintState.ANSWERED
    if complaint.answered_at is None:
        complaint.answered_at = now
    audit.record(actor, "storefront.answer_complaint", f"complaint:{complaint.number}", now=now)
    _tell(complaint, "answered", now)


def is_late(complaint: Complaint, now: datetime) -> bool:
    """Tell whether an answer or a decision is overdue."""
    due = {ComplaintState.OPEN: complaint.answer_by, ComplaintState.DISPUTED: complaint.decide_by}.get(complaint.state)
    return due is not None and due < now


def may_dispute(complaint: Complaint, now: datetime) -> bool:
    """Tell whether the buyer may bring a complaint before the office: it was answered, or should have been."""
    late = complaint.state is ComplaintState.OPEN and now >= complaint.answer_by
    return complaint.state is ComplaintState.ANSWERED or late


def dispute(complaint: Complaint, words: str, *, now: datetime) -> None:
    """Bring a complaint before the office.

    :raises NoWords, WordsTooLong, IsClosed, TooEarly, TooManyMessages:
    """
    words = _checked(words)
    _lock_open(complaint)
    if complaint.state is ComplaintState.DISPUTED:
        return
    if not may_dispute(complaint, now):
        raise TooEarly()
    _say(complaint, "buyer", words, None, now)
    complaint.state, complaint.disputed_at = ComplaintState.DISPUTED, now
    complaint.decide_by = deadlines.decide_by(now)
    audit.record(None, "storefront.dispute_complaint", f"complaint:{complaint.number}", now=now)
    _tell(complaint, "disputed", now)


def end(complaint: Complaint, outcome: ComplaintOutcome, *, now: datetime) -> None:
    """End a complaint by the buyer's word: it is settled, or they take it back. Ended before, it stays so."""
    lock(complaint)
    if complaint.state is ComplaintState.CLOSED:
        return
    _close(complaint, outcome, now)
    audit.record(None, "storefront.end_complaint", f"complaint:{complaint.number}", now=now, outcome=outcome.value)
    _tell(complaint, "ended", now)


def decide(complaint: Complaint, outcome: str, words: str, *, actor: Actor, now: datetime) -> None:
    """Decide as the office what was brought before it, with the reasons. Money goes back by a refund of its own.

    :param outcome: a value of ``DECISIONS``
    :raises NoOutcome, NoWords, WordsTooLong, IsClosed, NotDisputed:
    """
    if outcome not in [one.value for one in DECISIONS]:
        raise NoOutcome()
    words = _checked(words)
    _lock_open(complaint)
    if complaint.state is not ComplaintState.DISPUTED:
        raise NotDisputed()
    _say(complaint, "office", words, actor, now)
    _close(complaint, ComplaintOutcome(outcome), now)
    audit.record(actor, "storefront.decide_complaint", f"complaint:{complaint.number}", now=now, outcome=outcome)
    _tell(complaint, "decided", now)


def refund_left(complaint: Complaint) -> int:
    """Say how much the office may have given back for a complaint it decided for the buyer, wholly or in part; once."""
    if complaint.outcome not in (ComplaintOutcome.FOR_BUYER, ComplaintOutcome.IN_PART) or refunds_of(complaint):
        return 0
    return giving_back.left_of(complaint.order)


def refunds_of(complaint: Complaint) -> Sequence[Refund]:
    """List what goes back for a complaint; what was called off does not."""
    return [one for one in _claimed_for(complaint) if one.state is not RefundState.REFUSED]


def give_money_back(complaint: Complaint, amount_vnd: int, *, actor: Actor, now: datetime) -> list[Refund]:
    """Claim back what the office decided for the buyer: at most what is left of what was paid, and once.

    :raises NotForBuyer, ClaimedAlready: :raises storefront.settling.RefundTooLarge:
    """
    ordering.lock_orders(complaint.order.purchase)
    lock(complaint)
    if complaint.outcome not in (ComplaintOutcome.FOR_BUYER, ComplaintOutcome.IN_PART):
        raise NotForBuyer()
    standing = refunds_of(complaint)
    if standing and sum(one.amount_vnd for one in standing) == amount_vnd:
        return list(standing)  # the same form again
    if standing:
        raise ClaimedAlready()
    refunds = giving_back.claim(
        complaint.order,
        amount_vnd,
        cause=f"{complaint.number}:decided:{len(_claimed_for(complaint)) + 1}",
        reason=complaint.number,
        now=now,
        actor=actor,
    )
    audit.record(actor, "storefront.refund_complaint", f"complaint:{complaint.number}", now=now, amount_vnd=amount_vnd)
    return refunds


def _claimed_for(complaint: Complaint) -> Sequence[Refund]:
    return db.session.scalars(
        select(Refund).where(Refund.cause.startswith(f"{complaint.number}:decided:")).order_by(Refund.id)
    ).all()


def _checked(words: str) -> str:
    words = nfc(words).strip()
    if not words:
        raise NoWords()
    if len(words) > LONGEST_WORDS:
        raise WordsTooLong(most=LONGEST_WORDS)
    return words


def _lock_open(complaint: Complaint) -> None:
    lock(complaint)
    if complaint.state is ComplaintState.CLOSED:
        raise IsClosed()


def _close(complaint: Complaint, outcome: ComplaintOutcome, now: datetime) -> None:
    complaint.state, complaint.outcome, complaint.closed_at = ComplaintState.CLOSED, outcome, now


def _say(complaint: Complaint, side: str, words: str, actor: Actor | None, now: datetime) -> None:
    said = db.session.scalar(
        select(func.count()).where(ComplaintMessage.complaint_id == complaint.id, ComplaintMessage.side == side)
    )
    if (said or 0) >= MOST_MESSAGES:
        raise TooManyMessages()
    db.session.add(
        ComplaintMessage(
            complaint_id=complaint.id, side=side, words=words, by_id=actor.user_id if actor else None, at=now
        )
    )
    db.session.flush()
    db.session.expire(complaint, ["messages"])


#: Step → who is written to.
_TOLD = {
    "received": ("buyer", "producer"),
    "written": ("producer",),
    "answered": ("buyer",),
    "disputed": ("buyer", "producer"),
    "ended": ("producer",),
    "decided": ("buyer", "producer"),
}


def _tell(complaint: Complaint, what: str, now: datetime) -> None:
    order, purchase, producer, contact = db.session.execute(
        select(Order, Purchase, Organisation, Contact)
        .join(Purchase, Purchase.id == Order.purchase_id)
        .join(Organisation, Organisation.id == Order.producer_id)
        .outerjoin(Contact, Contact.purchase_id == Purchase.id)
        .where(Order.id == complaint.order_id)
    ).one()
    by = complaint.decide_by if complaint.state is ComplaintState.DISPUTED else complaint.answer_by
    facts = {
        "what": what,
        "number": complaint.number,
        "order": order.number,
        "producer": {"vi": producer.name_vi, "en": producer.name_en},
        "by": f"{by.astimezone(clock.VIETNAM):%H:%M, %d/%m/%Y}" if by else "",
        "outcome": complaint.outcome.value if complaint.outcome else "",
    }
    to_buyer = ("buyer", contact.email if contact else None, complaint.language)
    for side, email, language in (to_buyer, ("producer", producer.email, "vi")):
        if email is None or side not in _TOLD[what]:
            continue
        path = f"/don-hang/{purchase.token}/khieu-nai/{complaint.number}"
        jobs.enqueue(
            "mail.send",
            now=now,
            template="complaint",
            to=email,
            language=language,
            facts={
                **facts,
                "to_producer": side == "producer",
                "path": f"/quan-tri/khieu-nai/{complaint.number}" if side == "producer" else path,
            },
        )
