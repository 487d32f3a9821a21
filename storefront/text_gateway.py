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
        return Sending(self.url, self.token, {name: _filled(part, values) for name, part in self.body.items()})


def is_usable(body: object) -> TypeGuard[dict[str, Any]]:
    """Tell whether a body is an object that holds the words and the number."""
    if not isinstance(body, dict):
        return False
    texts = list(_texts(body))
    return any("{text}" in text for text in texts) and any("{to}" in text or "{digits}" in text for text in texts)


def _filled(part: Any, values: tuple[str, ...]) -> Any:
    if isinstance(part, dict):
        return {name: _filled(value, values) for name, value in part.items()}
    if isinstance(part, list):
        return [_filled(value, values) for value in part]
    if not isinstance(part, str):
        return part
    # What is filled in is not looked at again: a message may hold the name of a place.
    pieces: list[str] = []
    rest = part
    while True:
        found = [(rest.find(place), place) for place in PLACES if place in rest]
        if not found:
            return "".join(pieces) + rest
        at, place = min(found)
        pieces += [rest[:at], values[PLACES.index(place)]]
        rest = rest[at + len(place) :]


def _texts(part: object) -> list[str]:
    if isinstance(part, dict):
        return [text for value in part.values() for text in _texts(value)]
    if isinstance(part, list):
        return [text for value in part for text in _texts(value)]
    return [part] if isinstance(part, str) else []
