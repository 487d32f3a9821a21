"""Ways to pay, each behind a port: no tables and no HTTP of ours in here, plain values in and out.

A :class:`Cards` asks a provider of card payments. It is only ever asked outside a transaction: an answer may take
seconds, or never come. What it says is read anew (:class:`Truth`, :class:`Returned`), not believed from a notice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kernel.errors import N_, InvalidInput


class ProviderAway(Exception):
    """The provider did not answer, or cannot now: what was asked may have been done. Ask again with the same key."""


class ProviderRefused(Exception):
    """The provider answered no, and did nothing. ``code`` says why in its words, ``field`` which value it was."""

    def __init__(self, code: str, field: str = "") -> None:
        self.code, self.field = code, field
        super().__init__(f"{code} {field}".strip())


class BadNotice(InvalidInput):
    """A notice that is no provider's: a wrong signature, an old one, or no notice at all."""

    message = N_("This notice is not signed as it should be.")
    http_status = 400


@dataclass(frozen=True)
class PageAsked:
    """A page of the provider on which one payment is made. The same ``key`` again gives the first page."""

    key: str
    code: str  #: of the payment
    amount_vnd: int
    title: str  #: what is paid for
    language: str
    back_url: str  #: for who does not pay
    paid_url: str  #: for who has paid
    expires_at: datetime


@dataclass(frozen=True)
class Page:
    """A page that was opened."""

    reference: str
    url: str


@dataclass(frozen=True)
class Truth:
    """What a provider says of a payment now."""

    code: str  #: of our payment; "": not one of ours
    reference: str | None  #: the provider's name for the payment itself; None: nobody has tried to pay
    captured_vnd: int
    is_over: bool  #: nothing more can come


@dataclass(frozen=True)
class Returned:
    """What a provider says of a refund now."""

    reference: str
    payment_reference: str
    number: str  #: of our refund; "": it was not asked for here
    amount_vnd: int
    state: str  #: "done", "pending", "failed"
    problem: str = ""


@dataclass(frozen=True)
class Disputed:
    """What a provider says of a dispute now: the payer has the bank ask for the money back."""

    reference: str
    payment_reference: str
    amount_vnd: int
    reason: str  #: in the provider's words
    state: str  #: "to_answer", "in_review", "won", "lost"
    is_inquiry: bool  #: a question first: no money was taken
    answer_by: datetime | None  #: None: no answer is taken


@dataclass(frozen=True)
class Notice:
    """What a provider tells: which event, about which object.

    ``about``: "page", "payment", "refund", "dispute" or "".
    """

    event: str
    kind: str
    about: str
    reference: str


class Cards(Protocol):
    """A provider of card payments."""

    name: str

    def open_page(self, asked: PageAsked) -> Page:
        """Open a page to pay on. :raises ProviderAway, ProviderRefused:"""

    def end_page(self, reference: str) -> Truth:
        """See that nobody pays on a page any more; tell whether somebody has. :raises ProviderAway:"""

    def read_page(self, reference: str) -> Truth:
        """Tell how the payment of a page stands. :raises ProviderAway, ProviderRefused:"""

    def read_payment(self, reference: str) -> Truth:
        """Tell how a payment stands. :raises ProviderAway, ProviderRefused:"""

    def give_back(self, payment_reference: str, amount_vnd: int, *, number: str) -> Returned:
        """Give money back, once for a number. :raises ProviderAway, ProviderRefused:"""

    def read_return(self, reference: str) -> Returned:
        """Tell how a refund stands. :raises ProviderAway, ProviderRefused:"""

    def returns_of(self, payment_reference: str) -> list[Returned]:
        """List the refunds of a payment. :raises ProviderAway, ProviderRefused:"""

    def read_dispute(self, reference: str) -> Disputed:
        """Tell how a dispute stands. :raises ProviderAway, ProviderRefused:"""

    def answer_dispute(self, reference: str, words: str, *, key: str) -> Disputed:
        """Answer a dispute, once for a key. :raises ProviderAway, ProviderRefused:"""

    def accept_dispute(self, reference: str) -> Disputed:
        """Give a dispute up: the payer has the money. :raises ProviderAway, ProviderRefused:"""

    def read_notice(self, body: bytes, signature: str, *, now: datetime) -> Notice:
        """Check who signed a notice, on its bytes as they came, and read it. :raises BadNotice:"""


_cards: Cards | None = None


def use_cards(cards: Cards | None) -> None:
    """Say who takes card payments; None: nobody does."""
    global _cards
    _cards = cards


def cards() -> Cards | None:
    """Give who takes card payments, if anybody does."""
    return _cards
