"""What Stripe's adapter asks is answered alike by two peers: ``localstripe``, which is others' work, and our own fake.

``localstripe`` knows payments, refunds and signed notices; it knows no hosted pages, no keys of requests, and no cap of
refunds. Those are for the fake alone (``tests/storefront/test_cards.py``).
"""

from __future__ import annotations

import json
import os
import queue
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import stripe
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from storefront.gateways import BadNotice, ProviderAway, ProviderRefused
from storefront.gateways.stripe_cards import StripeCards
from tests import fakestripe
from tests.fakestripe import KEY, SECRET, FakeStripe

GOOD_CARD, DECLINED_CARD = "4242424242424242", "4000000000000341"
#: Its own command listens on all interfaces; this one on the loopback.
LAUNCH = """
import sys
from aiohttp import web
from localstripe.server import app
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
"""


@dataclass
class Peer:
    """A provider on a loopback port, as its payers and as the shop see it."""

    url: str
    notice: Callable[[], tuple[bytes, str]]  #: the next notice, with its signature
    fake: FakeStripe | None = None  #: our own

    def __post_init__(self) -> None:
        self.cards = StripeCards(KEY, notice_secret=SECRET, api_base=self.url)
        self.client = stripe.StripeClient(KEY, base_addresses={"api": self.url}, max_network_retries=0)

    def pay(self, amount_vnd: int, code: str = "OC1", *, card: str = GOOD_CARD) -> str:
        """Try to pay with a card; gives the payment."""
        method = self.client.v1.payment_methods.create(
            {"type": "card", "card": {"number": card, "exp_month": 12, "exp_year": 2035, "cvc": "123"}}
        )
        payment = self.client.v1.payment_intents.create(
            {"amount": amount_vnd, "currency": "vnd", "payment_method": method.id, "metadata": {"code": code}}
        )
        try:
            self.client.v1.payment_intents.confirm(payment.id)
        except stripe.CardError:
            assert card == DECLINED_CARD
        return payment.id


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def localstripe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """Others' peer, in a process of its own, with a listener for its notices."""
    folder: Path = tmp_path_factory.mktemp("localstripe")
    port = _free_port()
    heard: queue.Queue[tuple[bytes, str]] = queue.Queue()

    def listen(environ: dict[str, Any], start: Any) -> Any:
        request = Request(environ)
        heard.put((request.get_data(), request.headers["Stripe-Signature"]))
        return Response("{}")(environ, start)

    listener = make_server("127.0.0.1", 0, listen, threaded=True)
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", LAUNCH, str(port)],
            env={**os.environ, "TMPDIR": str(folder)},  # it keeps its state in the system's folder otherwise
            stdout=log,
            stderr=log,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(process, url, folder / "log")
        told = json.dumps({"url": f"http://127.0.0.1:{listener.server_port}/", "secret": SECRET, "events": None})
        _post(f"{url}/_config/webhooks/shop", told)
        yield Peer(url, lambda: heard.get(timeout=20))
    finally:
        process.terminate()
        process.wait(timeout=20)
        listener.shutdown()
        thread.join(timeout=10)
        listener.server_close()


def _wait_for(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    client = stripe.StripeClient(KEY, base_addresses={"api": url}, max_network_retries=10)
    assert process.poll() is None, log.read_text()
    client.v1.balance.retrieve()  # asked again by the library until somebody listens


def _post(url: str, body: str) -> None:
    request = urllib.request.Request(url, body.encode(), {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=10):  # noqa: S310
        pass


@pytest.fixture
def ours(now: datetime) -> Iterator[Peer]:
    """Our own peer."""
    with fakestripe.served(lambda: now) as fake:
        yield Peer(fake.url, lambda: _signed(fake.events[-1], now), fake)


def _signed(event: dict[str, Any], now: datetime) -> tuple[bytes, str]:
    body = json.dumps(event)
    return body.encode(), stripe.WebhookSignature.generate_signature_header(body, SECRET, int(now.timestamp()))


@pytest.fixture(params=["localstripe", "ours"])
def peer(request: pytest.FixtureRequest) -> Peer:
    """Each of the two."""
    peer: Peer = request.getfixturevalue(request.param)
    return peer


def signed_at(signature: str) -> datetime:
    """Read when a notice was signed."""
    stamp = next(part[2:] for part in signature.split(",") if part.startswith("t="))
    return datetime.fromtimestamp(int(stamp), UTC)


def test_what_was_paid_is_read_in_whole_dong(peer: Peer) -> None:
    reference = peer.pay(250_000, "OC7K2M9XQ40")

    truth = peer.cards.read_payment(reference)

    assert (truth.code, truth.reference, truth.captured_vnd, truth.is_over) == ("OC7K2M9XQ40", reference, 250_000, True)


def test_a_declined_card_pays_nothing_and_another_may(peer: Peer) -> None:
    truth = peer.cards.read_payment(peer.pay(250_000, card=DECLINED_CARD))

    assert (truth.captured_vnd, truth.is_over) == (0, False)


def test_parts_go_back_once_for_each_number(peer: Peer) -> None:
    reference = peer.pay(250_000)

    first = peer.cards.give_back(reference, 100_000, number="HT-000001")
    again = peer.cards.give_back(reference, 100_000, number="HT-000001")
    second = peer.cards.give_back(reference, 150_000, number="HT-000002")

    assert first == again
    assert (first.amount_vnd, first.state, first.number) == (100_000, "done", "HT-000001")
    assert {one.reference for one in peer.cards.returns_of(reference)} == {first.reference, second.reference}
    assert peer.cards.read_return(second.reference) == second
    assert peer.cards.read_payment(reference).captured_vnd == 250_000  # what was paid stays paid


def test_a_signed_notice_names_the_payment(peer: Peer) -> None:
    reference = peer.pay(250_000)

    while True:  # others of earlier payments may come first
        body, signature = peer.notice()
        notice = peer.cards.read_notice(body, signature, now=signed_at(signature))
        if notice.reference == reference:
            break

    assert (notice.kind, notice.about) == ("payment_intent.succeeded", "payment")


def test_a_notice_that_was_changed_or_is_old_is_refused(peer: Peer) -> None:
    peer.pay(250_000)
    body, signature = peer.notice()
    at = signed_at(signature)

    for changed, instant in ((body + b" ", at), (body, at + timedelta(minutes=6)), (body, at - timedelta(minutes=6))):
        with pytest.raises(BadNotice):
            peer.cards.read_notice(changed, signature, now=instant)
    with pytest.raises(BadNotice):
        StripeCards(KEY, notice_secret="whsec_another").read_notice(body, signature, now=at)
    with pytest.raises(BadNotice):
        StripeCards(KEY, notice_secret=None).read_notice(body, signature, now=at)


def test_what_is_not_there_is_refused(peer: Peer) -> None:
    with pytest.raises(ProviderRefused):
        peer.cards.read_payment("pi_nobody")


def test_more_than_was_paid_is_refused_where_the_provider_counts(ours: Peer) -> None:
    reference = ours.pay(250_000)

    with pytest.raises(ProviderRefused, match="amount_too_large"):
        ours.cards.give_back(reference, 350_000, number="HT-000001")


def test_a_dispute_is_read_answered_and_given_up(ours: Peer, now: datetime) -> None:
    fake = ours.fake
    assert fake is not None
    reference = fake.dispute(ours.pay(250_000), 100_000, reason="product_not_received", days=7)

    told = ours.cards.read_dispute(reference)
    answered = ours.cards.answer_dispute(reference, "Đã giao, có chữ ký.", key="TC-000001")
    again = ours.cards.answer_dispute(reference, "Đã giao, có chữ ký.", key="TC-000001")

    assert (told.amount_vnd, told.state, told.reason) == (100_000, "to_answer", "product_not_received")
    assert told.answer_by == now + timedelta(days=7)
    assert (answered.state, answered) == ("in_review", again)
    assert ours.cards.accept_dispute(reference).state == "lost"
    with pytest.raises(ProviderRefused):
        ours.cards.accept_dispute(reference)
    body, signature = _signed(fake.events[-1], now)
    notice = ours.cards.read_notice(body, signature, now=now)
    assert (notice.kind, notice.about, notice.reference) == ("charge.dispute.closed", "dispute", reference)


@pytest.mark.parametrize(
    ("status", "state", "is_inquiry"),
    [
        ("warning_needs_response", "to_answer", True),
        ("warning_under_review", "in_review", True),
        ("warning_closed", "won", True),
        ("prevented", "won", False),
        ("won", "won", False),
        ("appeal_needs_response", "lost", False),
        ("appeal_under_review", "lost", False),
    ],
)
def test_every_status_of_a_dispute_is_understood(ours: Peer, status: str, state: str, is_inquiry: bool) -> None:
    assert ours.fake is not None
    told = ours.cards.read_dispute(ours.fake.dispute(ours.pay(250_000), 1_000, status=status, days=0))

    assert (told.state, told.is_inquiry, told.answer_by) == (state, is_inquiry, None)


def test_a_status_that_nobody_knows_is_refused_rather_than_guessed(ours: Peer) -> None:
    assert ours.fake is not None

    with pytest.raises(ProviderRefused, match="dispute_status"):
        ours.cards.read_dispute(ours.fake.dispute(ours.pay(250_000), 1_000, status="something_new"))


def test_a_provider_that_does_not_answer_is_away() -> None:
    cards = StripeCards(KEY, api_base=f"http://127.0.0.1:{_free_port()}")

    with pytest.raises(ProviderAway):
        cards.read_payment("pi_1")
