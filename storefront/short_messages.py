"""Text messages to buyers who left no e-mail: a port, off until a gateway is configured, and what is written.

A message has at most 160 signs of the alphabet that every telephone knows (GSM 03.38): with a single mark of
Vietnamese it would be cut after 70. So words are written without marks and shortened at a word; the link is kept whole.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from kernel import jobs
from kernel.errors import N_
from storefront.order_models import Contact

JOB = "texts.send"
MOST_SIGNS = 160
#: The basic alphabet of GSM 03.38, each sign of one place, without those that look like others in print.
_ALPHABET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 @$_!\"#%&'()*+,-./:;<=>?")
_PLAIN = str.maketrans(
    {"đ": "d", "Đ": "D", "₫": "d", "–": "-", "—": "-", "“": '"', "”": '"', "‘": "'", "’": "'", "×": "x"}
)

#: What happened → what the buyer reads; ``number`` names the order, the purchase or the return, ``amount`` is money.
WORDS: Mapping[str, str] = {
    "order:placed": N_("OCOP Ba Tơ: we have your order %(number)s, %(amount)s. See it here:"),
    "order:confirmed": N_("OCOP Ba Tơ: order %(number)s is confirmed. See it here:"),
    "order:cancelled": N_("OCOP Ba Tơ: order %(number)s is cancelled. Why, and what becomes of the money:"),
    "order:sent": N_("OCOP Ba Tơ: order %(number)s is packed. Follow it here:"),
    "order:changed": N_("OCOP Ba Tơ: order %(number)s was changed, it costs %(amount)s now. See it here:"),
    "order:proposed": N_("OCOP Ba Tơ: the producer asks you about order %(number)s. Please answer here:"),
    "order:readdressed": N_("OCOP Ba Tơ: where order %(number)s goes was changed. See it here:"),
    "return:asked": N_("OCOP Ba Tơ: your return %(number)s is with the producer. See it here:"),
    "return:accepted": N_("OCOP Ba Tơ: return %(number)s is accepted. How to send the goods:"),
    "return:kept": N_("OCOP Ba Tơ: return %(number)s is accepted, you may keep the goods. See it here:"),
    "return:refused": N_("OCOP Ba Tơ: return %(number)s is refused. The reason:"),
    "return:arrived": N_("OCOP Ba Tơ: the goods of return %(number)s have arrived. See it here:"),
    "return:exchanged": N_("OCOP Ba Tơ: other goods for return %(number)s are being packed. See it here:"),
    "return:done": N_("OCOP Ba Tơ: return %(number)s is done. Your money:"),
}


@dataclass(frozen=True)
class ShortMessage:
    """One message. The same ``key`` is the same message, however often it is sent."""

    key: str
    to: str  #: E.164
    words: str
    what: str = ""  #: a key of :data:`WORDS`
    facts: Mapping[str, str] = field(default_factory=dict)  #: what the words are made of: number, amount, link, path


@dataclass(frozen=True)
class Sending:
    """An HTTP request that hands a message over. ``headers`` hold a secret."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: Mapping[str, Any]


class Texts(Protocol):
    """Who sends messages, with its settings; it knows nothing of the network."""

    def sending(self, message: ShortMessage) -> Sending | None:
        """Put the request together; None where it has no way to say this."""

    def refusal(self, answer: bytes) -> str | None:
        """Say why an answer with a status of success is a refusal; "" where it is none, None where nobody can tell."""


_texts: tuple[Texts, ...] = ()


def use(*texts: Texts) -> None:
    """Say who sends messages, in the order in which they are asked; nobody, and producers call."""
    global _texts
    _texts = texts


def senders() -> tuple[Texts, ...]:
    """Give who sends messages."""
    return _texts


def tell(
    contact: Contact | None, what: str, *, key: str, language: str, path: str, now: datetime, **facts: Any
) -> None:
    """Let a buyer without an e-mail be told after the commit, if anybody sends messages; the same key is one message.

    :param what: a key of :data:`WORDS`
    """
    if contact is None or contact.email is not None or not _texts:
        return
    jobs.enqueue(
        JOB,
        now=now,
        dedupe=f"text:{key}",
        key=key,
        purchase=contact.purchase_id,
        what=what,
        language=language,
        path=path,
        facts=facts,
    )


def plain(words: str) -> str:
    """Write words without marks, in the alphabet of every telephone; a sign it has not is left out."""
    letters = unicodedata.normalize("NFKD", words.translate(_PLAIN))
    return " ".join("".join(sign for sign in letters if sign in _ALPHABET).split())


def fit(words: str, link: str) -> str:
    """Put words and a link into one message: words are shortened at a word, the link never is."""
    words, room = plain(words), MOST_SIGNS - len(link) - 1
    if len(words) > room:
        words = words[: max(room, 0) + 1].rpartition(" ")[0].rstrip(" ,.:;-")
    return f"{words} {link}".strip()
