"""Zalo Notification Service (ZNS): messages by templates that Zalo approved, to the telephone number of a Zalo account.

The format is Zalo's own: the token in a header of its own name, the template's id, what fills it in, and a mark of
ours. It answers 200 to what it refuses, too, and says in ``error`` what it thinks of it; 0 is success.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from storefront.short_messages import WORDS, Sending, ShortMessage
from storefront.text_gateway import filled

API = "https://business.openapi.zalo.me"
_PATH = "/message/template"
#: What the parameters of a template may say. ``{path}`` is the link without the shop's address, for buttons.
PLACES = ("{number}", "{amount}", "{link}", "{path}")
DATA: Mapping[str, str] = {"number": "{number}", "amount": "{amount}", "link": "{link}"}
_HOME = "+84"
_LONGEST_MARK = 48


@dataclass(frozen=True)
class Template:
    """An approved template: its id, and what each of its parameters says."""

    id: str
    data: Mapping[str, str] = field(default_factory=lambda: DATA)


@dataclass(frozen=True)
class Zalo:
    """An official account with its templates. The token is read from a file anew each time, where one is given."""

    templates: Mapping[str, Template]  #: by key of ``short_messages.WORDS``
    token: str = field(default="", repr=False)
    token_file: Path | None = None
    api: str = API

    def sending(self, message: ShortMessage) -> Sending | None:
        """Put the request together; None for what has no template, numbers abroad, and where there is no token."""
        template, token = self.templates.get(message.what), self._token()
        if template is None or not token or not message.to.startswith(_HOME):
            return None
        values = {place: message.facts.get(place.strip("{}"), "") for place in PLACES}
        body = {
            "phone": message.to.removeprefix("+"),
            "template_id": template.id,
            "template_data": filled(dict(template.data), values),
            "tracking_id": message.key.replace(":", "-")[-_LONGEST_MARK:].strip("-"),
        }
        return Sending(self.api + _PATH, {"access_token": token}, body)

    def refusal(self, answer: bytes) -> str | None:
        """Read ``error``: 0 is success."""
        try:
            error = json.loads(answer)["error"]
        except (ValueError, KeyError, TypeError):
            return None
        return "" if error == 0 else f"zalo:{error}"[:40]

    def _token(self) -> str:
        if self.token_file is None:
            return self.token
        try:
            found = self.token_file.read_text().strip()
        except (OSError, ValueError):
            return ""
        return found if is_token(found) else ""


def is_token(text: str) -> bool:
    """Tell whether a text may stand in a header as a token."""
    return 8 <= len(text) <= 4_000 and all(33 <= ord(sign) <= 126 for sign in text)


def templates_of(told: Any) -> dict[str, Template] | None:
    """Read templates as they are configured: {what: id} or {what: {"id": …, "data": {parameter: text}}}.

    None where that is not what it says.
    """
    if not isinstance(told, dict) or not told or not told.keys() <= WORDS.keys():
        return None
    found = {}
    for what, row in told.items():
        id, data = (row.get("id"), row.get("data", DATA)) if isinstance(row, dict) else (row, DATA)
        if not isinstance(id, str) or not (id.isascii() and id.isdecimal() and len(id) <= 20):
            return None
        if not isinstance(data, dict | Mapping) or not all(isinstance(text, str) for text in data.values()):
            return None
        found[what] = Template(id, dict(data))
    return found
