"""A gateway of text messages that takes JSON over HTTPS, whatever names it gives to what it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from storefront.short_messages import Sending, ShortMessage

#: What a body may say, and must: the words and the number have to be in it.
PLACES = ("{to}", "{digits}", "{sender}", "{text}", "{key}")
BODY: Mapping[str, Any] = {"to": "{to}", "from": "{sender}", "text": "{text}", "reference": "{key}"}


@dataclass(frozen=True)
class JsonGateway:
    """A gateway with its settings. ``body`` is a JSON object whose texts hold :data:`PLACES`."""

    url: str
    token: str = field(repr=False)
    sender: str
    body: Mapping[str, Any] = field(default_factory=lambda: BODY)

    def sending(self, message: ShortMessage) -> Sending:
        """Fill the body in. ``{digits}`` is the number without its plus sign."""
        values = (message.to, message.to.removeprefix("+"), self.sender, message.words, message.key)
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": message.key}
        return Sending(self.url, headers, filled(dict(self.body), dict(zip(PLACES, values, strict=True))))

    def refusal(self, answer: bytes) -> str:
        """Take a status of success for one: gateways say in it what they think of a message."""
        return ""


def is_usable(body: object) -> TypeGuard[dict[str, Any]]:
    """Tell whether a body is an object that holds the words and the number."""
    if not isinstance(body, dict):
        return False
    texts = list(_texts(body))
    return any("{text}" in text for text in texts) and any("{to}" in text or "{digits}" in text for text in texts)


def filled(part: Any, values: Mapping[str, str]) -> Any:
    """Fill the places of a body in, at every depth; what is filled in is not looked at again."""
    if isinstance(part, dict):
        return {name: filled(value, values) for name, value in part.items()}
    if isinstance(part, list):
        return [filled(value, values) for value in part]
    if not isinstance(part, str):
        return part
    pieces: list[str] = []
    rest = part
    while True:
        found = [(rest.find(place), place) for place in values if place in rest]
        if not found:
            return "".join(pieces) + rest
        at, place = min(found)
        pieces += [rest[:at], values[place]]
        rest = rest[at + len(place) :]


def _texts(part: object) -> list[str]:
    if isinstance(part, dict):
        return [text for value in part.values() for text in _texts(value)]
    if isinstance(part, list):
        return [text for value in part for text in _texts(value)]
    return [part] if isinstance(part, str) else []
