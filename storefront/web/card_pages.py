"""The edge to the provider of card payments: each step reads, asks outside any transaction, and writes what was said.

Each may be stopped anywhere and done again: what is asked twice is one thing at the provider.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog
from flask import current_app

from kernel.db import db, retrying, transaction
from storefront import cards, disputes, gateways, settling
from storefront.dispute_models import CardDispute, DisputeDecision
from storefront.gateways import Cards, Disputed, PageAsked, ProviderRefused, Returned, Truth
from storefront.order_models import Payment, PaymentMethod, PaymentState, Refund, RefundState

log = structlog.get_logger()

#: The page of a card's payer who did not pay: the purchase's own. Who has paid comes by way of a look at the truth.
BACK, PAID = "/don-hang/{token}", "/don-hang/{token}/the"


class NoProvider(Exception):
    """Somebody paid by card, and there is no key to ask the provider with."""


def open_page(payment_id: int, *, now: datetime) -> str | None:
    """Open the provider's page of a payment; give its address, or None if there is none (any more).

    :raises gateways.ProviderAway: if the provider does not answer: a job tries again
    """
    while True:
        asked = _page_to_open(payment_id)
        if asked is None:
            return _url(payment_id)
        try:
            page = _provider().open_page(asked)
        except ProviderRefused as refusal:
            log.warning("the page for a card was refused", payment=payment_id, code=refusal.code, field=refusal.field)
            if not _page_refused(payment_id, refusal.field, now):
                return None
            continue
        if not _page_opened(payment_id, page):
            return None
        return page.url


def end_page(payment_id: int, *, now: datetime) -> bool:
    """See that a payment's page takes no money any more, and settle what it took; tells whether all is known.

    To be called before the goods of a purchase are given up.

    :raises gateways.ProviderAway:
    """
    with transaction():
        payment = db.session.get_one(Payment, payment_id)
        reference, method, state = payment.page_reference, payment.method, payment.state
    if method is not PaymentMethod.CARD or state is not PaymentState.ASKED:
        return True
    if reference is None:
        # Never opened, or nobody was told its address. Somebody may have been just now: then it is ended at once.
        return _never_opened(payment_id) or end_page(payment_id, now=now)
    try:
        truth = _provider().end_page(reference)
    except ProviderRefused as refusal:
        # Another key than the one it was opened with, for instance: nobody can tell us of its money any more.
        log.error("a page for a card cannot be ended", payment=payment_id, code=refusal.code)
        _fail(payment_id)
        return True
    _take(truth, now)
    return truth.is_over


def look_again(payment_id: int, *, now: datetime) -> None:
    """Read how a payment stands, and settle it; open a page that is not open yet, end one whose time is over.

    :raises gateways.ProviderAway, gateways.ProviderRefused:
    """
    with transaction():
        payment = db.session.get_one(Payment, payment_id)
        reference, state, expires_at = payment.page_reference, payment.state, payment.expires_at
        method = payment.method
    if method is not PaymentMethod.CARD or state is not PaymentState.ASKED:
        return
    if expires_at is not None and expires_at <= now:
        end_page(payment_id, now=now)
    elif reference is None:
        open_page(payment_id, now=now)
    else:
        _take(_provider().read_page(reference), now)


def look_now(payment_ids: Sequence[int], *, now: datetime) -> None:
    """Read how some payments stand while their payer waits for the page; who cannot tell is asked again by a job."""
    for payment_id in payment_ids:
        try:
            look_again(payment_id, now=now)
        except (gateways.ProviderAway, ProviderRefused, NoProvider) as problem:
            log.warning("a payment by card could not be looked at", payment=payment_id, problem=repr(problem))


def follow(about: str, reference: str, *, now: datetime) -> None:
    """Read the truth about what a notice named, and settle it.

    :raises gateways.ProviderAway, gateways.ProviderRefused:
    :raises storefront.cards.UnknownPayment: if it is not known here yet: a job tries again
    """
    provider = _provider()
    if about == "page":
        _take(provider.read_page(reference), now)
    elif about == "refund":
        returned = provider.read_return(reference)
        _take(provider.read_payment(returned.payment_reference), now)  # it may be told before the payment was
        _take_return(returned, now)
    elif about == "dispute":
        told = provider.read_dispute(reference)
        truth = provider.read_payment(told.payment_reference)
        _take(truth, now)
        if truth.code:
            _take_dispute(told, now)
    else:
        _take(provider.read_payment(reference), now)
        for returned in provider.returns_of(reference):
            _take_return(returned, now)


def give_back(refund_id: int, *, now: datetime) -> None:
    """Ask the provider to give money back, once for a refund's number. While a payer disputes the payment, it waits.

    :raises gateways.ProviderAway:
    """
    with transaction():
        made = db.session.get_one(Refund, refund_id)
        payment = made.payment
        number, amount, reference, returned_as = made.number, made.amount_vnd, payment.reference, made.reference
        is_open = made.state is RefundState.ASKED and not made.problem and not settling.is_disputed(payment)
    if not is_open or reference is None:
        return
    try:
        provider = _provider()
        returned = (
            provider.read_return(returned_as) if returned_as else provider.give_back(reference, amount, number=number)
        )
    except ProviderRefused as refusal:
        log.warning("a refund was refused", refund=number, code=refusal.code)
        _refund_refused(refund_id, refusal.code)
        return
    _take_return(returned, now)


def tell_decision(dispute_id: int, *, now: datetime) -> None:
    """Tell the provider what was decided about a dispute, if that was not told; else read how it stands.

    :raises gateways.ProviderAway:
    """
    with transaction():
        row = db.session.get_one(CardDispute, dispute_id)
        reference, decision, words = row.reference, row.decision, row.words
        key = f"{row.number}-{row.decided_at.timestamp():.0f}" if row.decided_at else ""
        is_untold = decision is not None and row.sent_at is None and not row.problem and row.closed_at is None
    provider = _provider()
    if not is_untold:
        _take_dispute(provider.read_dispute(reference), now)
        return
    try:
        if decision is DisputeDecision.ACCEPT:
            told = provider.accept_dispute(reference)
        else:
            told = provider.answer_dispute(reference, words, key=key)
    except ProviderRefused as refusal:
        log.warning("a decision about a dispute was refused", dispute=reference, code=refusal.code)
        _decision_refused(dispute_id, refusal.code)
        _take_dispute(provider.read_dispute(reference), now)
        return
    _decision_taken(dispute_id, told, now)


def _url(payment_id: int) -> str | None:
    with transaction():
        payment = db.session.get_one(Payment, payment_id)
        return payment.url if payment.state is PaymentState.ASKED else None


def _provider() -> Cards:
    provider = gateways.cards()
    if provider is None:
        raise NoProvider("STRIPE_SECRET_KEY is not set")
    return provider


@retrying
def _page_to_open(payment_id: int) -> PageAsked | None:
    with transaction():
        payment = db.session.get_one(Payment, payment_id)
        base, token = current_app.config["OCOP"].base_url, payment.purchase.token
        return cards.page_to_open(
            payment, back_url=base + BACK.format(token=token), paid_url=base + PAID.format(token=token)
        )


@retrying
def _page_opened(payment_id: int, page: gateways.Page) -> bool:
    with transaction():
        return cards.page_opened(db.session.get_one(Payment, payment_id), page)


@retrying
def _page_refused(payment_id: int, field: str, now: datetime) -> bool:
    with transaction():
        return cards.page_refused(db.session.get_one(Payment, payment_id), field, now=now)


@retrying
def _never_opened(payment_id: int) -> bool:
    with transaction():
        return cards.never_opened(db.session.get_one(Payment, payment_id))


@retrying
def _fail(payment_id: int) -> None:
    with transaction():
        settling.fail(db.session.get_one(Payment, payment_id))


@retrying
def _take(truth: Truth, now: datetime) -> None:
    with transaction():
        cards.take(truth, now=now)


@retrying
def _take_return(returned: Returned, now: datetime) -> None:
    with transaction():
        cards.take_return(returned, now=now)


@retrying
def _refund_refused(refund_id: int, code: str) -> None:
    with transaction():
        cards.refund_refused(db.session.get_one(Refund, refund_id), code)


@retrying
def _take_dispute(told: Disputed, now: datetime) -> None:
    with transaction():
        disputes.take(told, now=now)


@retrying
def _decision_taken(dispute_id: int, told: Disputed, now: datetime) -> None:
    with transaction():
        disputes.decision_taken(db.session.get_one(CardDispute, dispute_id), told, now=now)


@retrying
def _decision_refused(dispute_id: int, code: str) -> None:
    with transaction():
        disputes.decision_refused(db.session.get_one(CardDispute, dispute_id), code)
