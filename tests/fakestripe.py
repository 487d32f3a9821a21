"""A provider of card payments as Stripe's public reference describes it, on a loopback port, in the tests' hands.

It does what ``localstripe`` does not: hosted pages that end, answers that are kept by their idempotency key, refunds
that cannot exceed the payment, that take their time or fail, and notices that the test delivers as it likes: twice,
late, in another order, or never. It takes none of the parameters that the API has dropped.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import stripe
from flask.testing import FlaskClient
from werkzeug.serving import make_server
from werkzeug.test import TestResponse
from werkzeug.wrappers import Request, Response

KEY = "sk_test_a_key_of_the_tests_that_is_never_logged"
SECRET = "whsec_a_secret_of_the_tests_that_is_never_logged"
SHORTEST_PAGE_S, LONGEST_PAGE_S = 1800, 86_400
LEAST_VND = 12_000
DECLINED = "4000000000000341"
PAGES = "/pay/"


class Refused(Exception):
    """An answer of the API that says no."""

    def __init__(self, status: int, code: str, param: str = "", kind: str = "invalid_request_error") -> None:
        self.status, self.code, self.param, self.kind = status, code, param, kind
        super().__init__(code)


@dataclass
class FakeStripe:
    """See the top of this file. ``now`` is its clock."""

    now: Callable[[], datetime]
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str, str]] = field(default_factory=list)  #: method, path, idempotency key
    watch: Callable[[], None] = lambda: None  #: called when a request comes in
    refunds_are: str = "succeeded"  #: what a new refund is: it may be "pending"
    faults: list[str] = field(default_factory=list)  #: "before": not done, 503; "after": done, and the answer is lost
    url: str = ""
    pages_at: str = "https://checkout.stripe.example/c/pay/"  #: see ``_show`` for pages that a browser can open

    def __post_init__(self) -> None:
        self._kept: dict[str, tuple[str, int, str]] = {}
        self._lock = threading.RLock()

    # --- What a payer does --------------------------------------------------------------------------

    def pay(self, page_id: str) -> str:
        """Pay on a hosted page; gives the payment."""
        with self._lock:
            page = self._open_page(page_id)
            intent = self._intent_of(page)
            self._succeed(intent)
            page.update(status="complete", payment_status="paid")
            self._tell("checkout.session.completed", page)
            return str(intent["id"])

    def decline(self, page_id: str) -> str:
        """Try to pay on a hosted page with a card that is declined: the page stays open."""
        with self._lock:
            intent = self._intent_of(self._open_page(page_id))
            self._fail(intent)
            return str(intent["id"])

    def give_back(self, intent_id: str, amount: int) -> str:
        """Give money back on the provider's own screens."""
        with self._lock:
            return str(self._refund({"payment_intent": intent_id, "amount": str(amount)})["id"])

    def finish(self, refund_id: str, status: str, reason: str = "") -> None:
        """Let a refund that is on its way arrive, or fail."""
        with self._lock:
            row = self.objects[refund_id]
            row["status"] = status
            if status == "failed":
                row["failure_reason"] = reason
                charge = self.objects[row["charge"]]
                charge["amount_refunded"] -= row["amount"]
            self._tell("refund.failed" if status == "failed" else "refund.updated", row)

    def dispute(
        self, intent_id: str, amount: int, *, status: str = "needs_response", reason: str = "fraudulent", days: int = 7
    ) -> str:
        """Let the payer's bank ask for money back; gives the dispute."""
        with self._lock:
            intent = self.objects[intent_id]
            row = self._add(
                "dispute",
                "dp_",
                amount=amount,
                currency=intent["currency"],
                charge=intent["latest_charge"],
                payment_intent=intent_id,
                reason=reason,
                status=status,
                evidence={},
                evidence_details={"due_by": self._time() + days * 86_400 if days else 0, "submission_count": 0},
            )
            self._tell("charge.dispute.created", row)
            return str(row["id"])

    def judge(self, dispute_id: str, status: str) -> None:
        """Let a dispute go on, or end."""
        with self._lock:
            row = self.objects[dispute_id]
            row["status"] = status
            over = status in ("won", "lost", "warning_closed", "prevented")
            self._tell("charge.dispute.closed" if over else "charge.dispute.updated", row)

    def let_time_pass(self) -> None:
        """End the pages whose time is over."""
        with self._lock:
            for page in [row for row in self.objects.values() if row["object"] == "checkout.session"]:
                if page["status"] == "open" and page["expires_at"] <= self._time():
                    self._end(page)

    def forget_keys(self) -> None:
        """Forget the keys of requests, as after a day."""
        with self._lock:
            self._kept.clear()

    # --- Notices ------------------------------------------------------------------------------------

    def deliver(self, client: FlaskClient, event: dict[str, Any], *, at: datetime | None = None) -> TestResponse:
        """Send one notice to the shop, signed at an instant."""
        body, headers = self.signed(event, at=at)
        return client.post("/webhooks/stripe", data=body, headers=headers)

    def signed(self, event: dict[str, Any], *, at: datetime | None = None) -> tuple[bytes, dict[str, str]]:
        """Give the body and the headers of a notice."""
        body = json.dumps(event)
        stamp = int((at or self.now()).timestamp())
        header = stripe.WebhookSignature.generate_signature_header(body, SECRET, stamp)
        return body.encode(), {"Stripe-Signature": header, "Content-Type": "application/json; charset=utf-8"}

    def pages(self) -> list[dict[str, Any]]:
        """List the hosted pages."""
        return [row for row in self.objects.values() if row["object"] == "checkout.session"]

    def refunds(self) -> list[dict[str, Any]]:
        """List the refunds."""
        return [row for row in self.objects.values() if row["object"] == "refund"]

    # --- The hosted page ----------------------------------------------------------------------------

    def _show(self, request: Request) -> Response:
        """Show a hosted page to a browser: a field for the card's number; one declined is tried anew."""
        page = self.objects[request.path.removeprefix(PAGES)]
        problem = ""
        if request.method == "POST":
            if request.form["number"] != DECLINED:
                self.pay(page["id"])
                return Response(status=303, headers={"Location": page["success_url"]})
            self.decline(page["id"])
            problem = "<p role=alert>Your card was declined.</p>"
        return Response(
            f"<!doctype html><title>Pay</title><h1>{page['amount_total']}</h1>{problem}"
            "<form method=post><label>Card number <input name=number></label><button>Pay</button></form>",
            mimetype="text/html",
        )

    # --- The API ------------------------------------------------------------------------------------

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        request = Request(environ)
        if request.path.startswith(PAGES):
            with self._lock:
                return self._show(request)(environ, start)
        self.watch()
        key = request.headers.get("Idempotency-Key", "")
        body = request.get_data(as_text=True)
        with self._lock:
            self.asked.append((request.method, request.path, key))
            fault = self.faults.pop(0) if self.faults else ""
            if fault == "before":
                return self._answer(503, {"error": {"type": "api_error"}}, retry=False)(environ, start)
            status, answer = self._once(request, key, body)
        if fault == "after":
            return self._answer(503, {"error": {"type": "api_error"}}, retry=False)(environ, start)
        return self._answer(status, json.loads(answer))(environ, start)

    def _once(self, request: Request, key: str, body: str) -> tuple[int, str]:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return 401, json.dumps({"error": {"type": "invalid_request_error", "code": "api_key_invalid"}})
        asked = f"{request.method} {request.path} {body}"
        if key and key in self._kept:
            before, status, answer = self._kept[key]
            if before != asked:
                return 400, json.dumps({"error": {"type": "idempotency_error"}})
            return status, answer
        try:
            row = self._do(request, _unflattened(body), _unflattened(request.query_string.decode()))
            status, answer = 200, json.dumps(row)
        except Refused as no:
            error = {"type": no.kind, "code": no.code, "param": no.param, "message": f"refused: {no.code}"}
            status, answer = no.status, json.dumps({"error": error})
            if no.param:  # what is refused before it is begun is not kept
                return status, answer
        if key and request.method == "POST":
            self._kept[key] = (asked, status, answer)
        return status, answer

    def _do(self, request: Request, given: dict[str, Any], query: dict[str, Any]) -> dict[str, Any]:
        match request.method, *request.path.removeprefix("/v1/").split("/"):
            case "POST", "checkout", "sessions":
                return self._open(given)
            case "GET", "checkout", "sessions", id:
                page = dict(self._known(id))
                if "payment_intent" in query.get("expand", {}).values() and page["payment_intent"]:
                    page["payment_intent"] = self.objects[page["payment_intent"]]
                return page
            case "POST", "checkout", "sessions", id, "expire":
                page = self._known(id)
                if page["status"] != "open":
                    raise Refused(400, "checkout_session_not_open")
                return self._end(page)
            case "GET", "balance":
                return {"object": "balance", "available": []}
            case "POST", "payment_methods":
                return self._add("payment_method", "pm_", number=given["card"]["number"])
            case "POST", "payment_intents":
                intent = self._intent(int(given["amount"]), given["currency"], given.get("metadata", {}))
                intent["payment_method"] = given["payment_method"]
                return intent
            case "POST", "payment_intents", id, "confirm":
                return self._confirm(self._known(id))
            case "GET", "payment_intents", id:
                return self._known(id)
            case "POST", "refunds":
                return self._refund(given)
            case "GET", "refunds":
                rows = [row for row in self.refunds() if row["payment_intent"] == query["payment_intent"]]
                return {"object": "list", "data": rows, "has_more": False, "url": "/v1/refunds"}
            case "GET", "refunds", id:
                return self._known(id)
            case "GET", "disputes", id:
                return self._known(id)
            case "POST", "disputes", id:
                return self._answer_dispute(self._known(id), given)
            case "POST", "disputes", id, "close":
                return self._close_dispute(self._known(id))
        raise Refused(404, "resource_missing")

    def _open(self, given: dict[str, Any]) -> dict[str, Any]:
        if "payment_method_types" in given:
            raise Refused(400, "payment_method_types_no_longer_supported", "payment_method_types")
        lasts = int(given["expires_at"]) - self._time()
        if not SHORTEST_PAGE_S <= lasts <= LONGEST_PAGE_S:
            raise Refused(400, "parameter_invalid_integer", "expires_at")
        (line,) = given["line_items"].values()
        price = line["price_data"]
        amount = int(price["unit_amount"]) * int(line["quantity"])
        if price["currency"] != "vnd" or amount < LEAST_VND:
            raise Refused(400, "amount_too_small")
        return self._add(
            "checkout.session",
            "cs_test_",
            status="open",
            payment_status="unpaid",
            amount_total=amount,
            currency="vnd",
            client_reference_id=given["client_reference_id"],
            metadata=given["metadata"],
            intent_metadata=given["payment_intent_data"]["metadata"],
            expires_at=int(given["expires_at"]),
            success_url=given["success_url"],
            cancel_url=given.get("cancel_url"),
            payment_intent=None,
            locale=given["locale"],
        )

    def _end(self, page: dict[str, Any]) -> dict[str, Any]:
        page["status"], page["url"] = "expired", None
        if page["payment_intent"]:
            self.objects[page["payment_intent"]]["status"] = "canceled"
        self._tell("checkout.session.expired", page)
        return page

    def _confirm(self, intent: dict[str, Any]) -> dict[str, Any]:
        if self.objects[intent["payment_method"]]["number"] == DECLINED:
            self._fail(intent)
            raise Refused(402, "card_declined", kind="card_error")
        self._succeed(intent)
        return intent

    def _refund(self, given: dict[str, Any]) -> dict[str, Any]:
        intent = self._known(given["payment_intent"])
        if intent["status"] != "succeeded":
            raise Refused(400, "payment_intent_unexpected_state")
        charge = self.objects[intent["latest_charge"]]
        amount = int(given["amount"])
        if any(row["status"] in ("needs_response", "under_review", "lost") for row in self._disputes_of(intent)):
            raise Refused(400, "charge_disputed")
        left = charge["amount"] - charge["amount_refunded"]
        if left == 0:
            raise Refused(400, "charge_already_refunded")
        if not 0 < amount <= left:
            raise Refused(400, "amount_too_large")
        charge["amount_refunded"] += amount
        row = self._add(
            "refund",
            "re_",
            amount=amount,
            currency=intent["currency"],
            charge=charge["id"],
            payment_intent=intent["id"],
            status=self.refunds_are,
            metadata=given.get("metadata", {}),
        )
        self._tell("refund.created", row)
        self._tell("charge.refunded", charge)
        return row

    def _answer_dispute(self, row: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        if row["status"] not in ("needs_response", "warning_needs_response"):
            raise Refused(400, "dispute_not_open")
        if row["evidence_details"]["due_by"] <= self._time():
            raise Refused(400, "dispute_past_due")
        row["evidence"].update(given["evidence"])
        if given.get("submit") == "true":
            row["evidence_details"]["submission_count"] += 1
            row["status"] = row["status"].replace("needs_response", "under_review")
            self._tell("charge.dispute.updated", row)
        return row

    def _close_dispute(self, row: dict[str, Any]) -> dict[str, Any]:
        if row["status"] in ("won", "lost"):
            raise Refused(400, "dispute_not_open")
        row["status"] = "lost"
        self._tell("charge.dispute.closed", row)
        return row

    def _disputes_of(self, intent: dict[str, Any]) -> list[dict[str, Any]]:
        rows = [row for row in self.objects.values() if row["object"] == "dispute"]
        return [row for row in rows if row["payment_intent"] == intent["id"]]

    # --- Rows ---------------------------------------------------------------------------------------

    def _open_page(self, page_id: str) -> dict[str, Any]:
        page = self.objects[page_id]
        assert page["status"] == "open", "nobody can pay on a page that has ended"
        assert page["expires_at"] > self._time(), "nobody can pay on a page whose time is over"
        return page

    def _intent_of(self, page: dict[str, Any]) -> dict[str, Any]:
        if page["payment_intent"] is None:
            intent = self._intent(page["amount_total"], page["currency"], page["intent_metadata"])
            page["payment_intent"] = intent["id"]
        return self.objects[page["payment_intent"]]

    def _intent(self, amount: int, currency: str, metadata: dict[str, Any]) -> dict[str, Any]:
        return self._add(
            "payment_intent",
            "pi_",
            amount=amount,
            amount_received=0,
            currency=currency,
            status="requires_payment_method",
            metadata=metadata,
            latest_charge=None,
        )

    def _succeed(self, intent: dict[str, Any]) -> None:
        charge = self._add(
            "charge", "ch_", amount=intent["amount"], amount_refunded=0, payment_intent=intent["id"], status="succeeded"
        )
        intent.update(status="succeeded", amount_received=intent["amount"], latest_charge=charge["id"])
        self._tell("payment_intent.succeeded", intent)

    def _fail(self, intent: dict[str, Any]) -> None:
        intent["status"] = "requires_payment_method"
        self._tell("payment_intent.payment_failed", intent)

    def _known(self, id: str) -> dict[str, Any]:
        if id not in self.objects:
            raise Refused(404, "resource_missing", "id")
        return self.objects[id]

    def _add(self, kind: str, prefix: str, **facts: Any) -> dict[str, Any]:
        id = f"{prefix}{len(self.objects) + 1:08d}"
        row = {"id": id, "object": kind, "created": self._time(), **facts}
        if kind == "checkout.session":
            row["url"] = self.pages_at + id
        self.objects[id] = row
        return row

    def _tell(self, kind: str, row: dict[str, Any]) -> None:
        self.events.append(
            {
                "id": f"evt_{len(self.events) + 1:08d}",
                "object": "event",
                "type": kind,
                "created": self._time(),
                "data": {"object": json.loads(json.dumps(row))},
            }
        )

    def _time(self) -> int:
        return int(self.now().timestamp())

    @staticmethod
    def _answer(status: int, row: dict[str, Any], *, retry: bool = True) -> Response:
        response = Response(json.dumps(row), status, mimetype="application/json")
        if not retry:
            response.headers["Stripe-Should-Retry"] = "false"
        return response


def _unflattened(text: str) -> dict[str, Any]:
    """Turn ``a[b][0]=1`` into {"a": {"b": {"0": "1"}}}."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        at, *inner = [part.rstrip("]") for part in name.split("[")]
        place = found
        for part in inner:
            place = place.setdefault(at, {})
            at = part
        place[at] = value
    return found


@contextlib.contextmanager
def served(now: Callable[[], datetime]) -> Iterator[FakeStripe]:
    """Let a fake answer on a loopback port."""
    fake = FakeStripe(now)
    server = make_server("127.0.0.1", 0, fake, threaded=True)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()
