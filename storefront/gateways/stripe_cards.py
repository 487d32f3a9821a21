"""Card payments by Stripe: its hosted page, its payments, its refunds, its signed notices.

Đồng have no smaller part: an amount of 250000 is 250,000 đ. Keys of requests are made of our own codes and numbers, so
that whatever is asked twice is done once; a refund is looked for by its number before it is asked for, since Stripe
forgets keys after a day. What Stripe says when it refuses is not passed on but its code: its sentences may name keys.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from storefront.gateways import (
    BadNotice,
    Disputed,
    Notice,
    Page,
    PageAsked,
    ProviderAway,
    ProviderRefused,
    Returned,
    Truth,
)

if TYPE_CHECKING:
    from stripe import StripeClient
    from stripe.params.checkout import SessionCreateParams

R = TypeVar("R")

NAME = "stripe"
SECONDS = 12  #: to wait for an answer
RETRIES = 2
OLDEST_NOTICE = timedelta(seconds=300)
_ABOUT = {
    "checkout.session": "page",
    "payment_intent": "payment",
    "charge": "payment",
    "refund": "refund",
    "dispute": "dispute",
}
_STATES = {"succeeded": "done", "failed": "failed", "canceled": "failed"}
#: What a dispute's status means; an appeal follows a dispute that was lost.
_DISPUTES = {
    "needs_response": "to_answer",
    "warning_needs_response": "to_answer",
    "under_review": "in_review",
    "warning_under_review": "in_review",
    "warning_closed": "won",
    "prevented": "won",
    "won": "won",
    "lost": "lost",
    "appeal_needs_response": "lost",
    "appeal_under_review": "lost",
}


class StripeCards:
    """Stripe, reached with a secret key; notices are checked with the secret of their address."""

    name = NAME

    def __init__(self, key: str, *, notice_secret: str | None = None, api_base: str | None = None) -> None:
        self._key, self._notice_secret, self._api_base = key, notice_secret, api_base
        self._made: StripeClient | None = None
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return "StripeCards()"

    def open_page(self, asked: PageAsked) -> Page:
        """Open a hosted page for one payment. The same key again gives the first page."""
        made = self._ask(
            lambda client: client.v1.checkout.sessions.create(_page(asked), {"idempotency_key": asked.key})
        )
        return Page(reference=str(made["id"]), url=str(made["url"]))

    def end_page(self, reference: str) -> Truth:
        """Let a page end now; one that is paid, or ended before, stays as it is."""
        with contextlib.suppress(ProviderRefused):  # it was paid or had ended: the truth says which
            self._ask(lambda client: client.v1.checkout.sessions.expire(reference))
        return self.read_page(reference)

    def read_page(self, reference: str) -> Truth:
        """Read a hosted page with its payment."""
        page = self._ask(lambda client: client.v1.checkout.sessions.retrieve(reference, {"expand": ["payment_intent"]}))
        payment, has_ended = page.get("payment_intent"), page["status"] == "expired"
        if not payment:
            return Truth(_code(page), None, 0, is_over=has_ended)
        truth = _truth(payment)
        is_over = truth.is_over or (has_ended and payment["status"] != "processing")
        return Truth(truth.code or _code(page), truth.reference, truth.captured_vnd, is_over)

    def read_payment(self, reference: str) -> Truth:
        """Read a payment by itself. Only its page says that nobody will try again."""
        return _truth(self._ask(lambda client: client.v1.payment_intents.retrieve(reference)))

    def give_back(self, payment_reference: str, amount_vnd: int, *, number: str) -> Returned:
        """Give back a part of a payment, or all of it."""
        for returned in self.returns_of(payment_reference):
            if returned.number == number:
                return returned
        return _returned(
            self._ask(
                lambda client: client.v1.refunds.create(
                    {"payment_intent": payment_reference, "amount": amount_vnd, "metadata": {"refund": number}},
                    {"idempotency_key": number},
                )
            )
        )

    def read_return(self, reference: str) -> Returned:
        """Read a refund."""
        return _returned(self._ask(lambda client: client.v1.refunds.retrieve(reference)))

    def returns_of(self, payment_reference: str) -> list[Returned]:
        """Read the refunds of a payment."""
        found = self._ask(lambda client: client.v1.refunds.list({"payment_intent": payment_reference, "limit": 100}))
        return [_returned(row) for row in found["data"]]

    def read_dispute(self, reference: str) -> Disputed:
        """Read a dispute."""
        return _disputed(self._ask(lambda client: client.v1.disputes.retrieve(reference)))

    def answer_dispute(self, reference: str, words: str, *, key: str) -> Disputed:
        """Answer a dispute in words; the answer is handed in at once."""
        return _disputed(
            self._ask(
                lambda client: client.v1.disputes.update(
                    reference, {"evidence": {"uncategorized_text": words}, "submit": True}, {"idempotency_key": key}
                )
            )
        )

    def accept_dispute(self, reference: str) -> Disputed:
        """Give a dispute up."""
        return _disputed(self._ask(lambda client: client.v1.disputes.close(reference)))

    def read_notice(self, body: bytes, signature: str, *, now: datetime) -> Notice:
        """Check the signature on the bytes as they came, and how old it is; read the notice only then."""
        import stripe

        try:
            stripe.WebhookSignature.verify_header(body, signature, self._notice_secret)
            stamps = [part[2:] for part in signature.split(",") if part.startswith("t=")]
            signed_at = int(stamps[0])
        except (stripe.SignatureVerificationError, ValueError, IndexError):
            raise BadNotice() from None
        if abs(now.timestamp() - signed_at) > OLDEST_NOTICE.total_seconds():
            raise BadNotice()
        try:
            event = json.loads(body)
            told = event["data"]["object"]
            kind, name = str(event["type"]), str(event["id"])
            what = told.get("object")  # a balance has no id, and with some senders no name
            about = _ABOUT.get(what, "")
            reference = told["payment_intent"] if what == "charge" else told.get("id")
        except (ValueError, KeyError, TypeError, AttributeError):
            raise BadNotice() from None
        return Notice(event=name, kind=kind, about=about if reference else "", reference=str(reference or ""))

    def _client(self) -> StripeClient:
        with self._lock:
            if self._made is None:
                import stripe  # half a second: only whoever takes cards pays it

                self._made = stripe.StripeClient(
                    self._key,
                    base_addresses={"api": self._api_base} if self._api_base else {},
                    max_network_retries=RETRIES,
                    http_client=stripe.RequestsClient(timeout=SECONDS),
                )
            return self._made

    def _ask(self, question: Callable[[StripeClient], Any]) -> dict[str, Any]:
        client = self._client()
        import stripe

        try:
            answer: dict[str, Any] = question(client).to_dict()
        except (stripe.InvalidRequestError, stripe.CardError) as refusal:
            raise ProviderRefused(refusal.code or "refused", refusal.param or "") from None
        except stripe.StripeError as problem:
            raise ProviderAway(type(problem).__name__) from None
        return answer


def _page(asked: PageAsked) -> SessionCreateParams:
    metadata = {"code": asked.code}
    return {
        "mode": "payment",
        "allowed_payment_method_types": ["card"],
        "adaptive_pricing": {"enabled": False},  # đồng are asked for, and đồng are paid
        "client_reference_id": asked.code,
        "metadata": metadata,
        "payment_intent_data": {"metadata": metadata},
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": "vnd",
                    "unit_amount": asked.amount_vnd,
                    "product_data": {"name": asked.title},
                },
            }
        ],
        "locale": "en" if asked.language == "en" else "vi",
        "success_url": asked.paid_url,
        "cancel_url": asked.back_url,
        "expires_at": int(asked.expires_at.timestamp()),
    }


def _code(row: dict[str, Any]) -> str:
    return str((row.get("metadata") or {}).get("code") or "")


def _truth(payment: dict[str, Any]) -> Truth:
    """Read a PaymentIntent. One that was paid keeps what it took, whatever was given back since."""
    if payment["currency"] != "vnd":
        raise ProviderRefused("currency")
    paid = payment["status"] == "succeeded"
    taken = int(payment.get("amount_received") or payment["amount"]) if paid else 0
    is_over = payment["status"] in ("succeeded", "canceled")  # one that failed waits for another card
    return Truth(_code(payment), str(payment["id"]), taken, is_over)


def _returned(row: dict[str, Any]) -> Returned:
    return Returned(
        reference=str(row["id"]),
        payment_reference=str(row.get("payment_intent") or ""),
        number=str((row.get("metadata") or {}).get("refund") or ""),
        amount_vnd=int(row["amount"]),
        state=_STATES.get(row.get("status") or "", "pending"),
        problem=str(row.get("failure_reason") or ""),
    )


def _disputed(row: dict[str, Any]) -> Disputed:
    if row["currency"] != "vnd":
        raise ProviderRefused("currency")
    status = str(row["status"])
    state = _DISPUTES.get(status)
    if state is None:
        raise ProviderRefused("dispute_status", status)
    due = (row.get("evidence_details") or {}).get("due_by")  # nought: no answer is taken
    return Disputed(
        reference=str(row["id"]),
        payment_reference=str(row.get("payment_intent") or ""),
        amount_vnd=int(row["amount"]),
        reason=str(row.get("reason") or ""),
        state=state,
        is_inquiry=status.startswith("warning_"),
        answer_by=datetime.fromtimestamp(due, UTC) if due else None,
    )
