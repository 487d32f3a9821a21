"""The words of the Core Business Vocabulary: which there are, and the four ways in which they are spelt.

Pure. ``shipping``, ``cbv:BizStep-shipping``, ``https://ref.gs1.org/cbv/BizStep-shipping`` and the older
``urn:epcglobal:cbv:bizstep:shipping`` are one word; JSON writes the first. Words are data (``data/cbv_words.json``).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Words:
    """The words that a kind of field may hold."""

    known: frozenset[str]
    uri: str  #: what goes before a word to make its web address
    spellings: tuple[str, ...]  #: what may stand before a word

    def short(self, text: str) -> str | None:
        """Give the word that ``text`` spells, known or not; ``None`` if it is no word of this vocabulary at all."""
        for before in self.spellings:
            if text.startswith(before):
                return text[len(before) :]
        return text if text in self.known else None

    def full(self, text: str) -> str:
        """Give the web address of a word however spelt; anything else stays as it is."""
        word = self.short(text)
        return text if word is None else self.uri + word


@cache
def words(kind: str) -> Words:
    """Give the words of a kind: ``bizStep``, ``disposition``, ``bizTransaction``, ``sourceOrDestination``,
    ``errorReason``, ``component``, ``measurement``, ``sensorAlert``.
    """
    path = Path(__file__).parents[1] / "data" / "cbv_words.json"
    row = json.loads(path.read_text(encoding="utf-8"))[kind]
    # GS1 moved the host of its vocabulary twice; all of them are met.
    hosts = [row["uri"], *(row["uri"].replace("https://gs1.org", host) for host in _HOSTS)]
    spellings = [*hosts, *(host.replace("https:", "http:") for host in hosts), row["curie"], row["urn"]]
    return Words(frozenset(row["words"]), row["uri"], tuple(dict.fromkeys(text for text in spellings if text)))


_HOSTS = ("https://www.gs1.org", "https://ref.gs1.org")
