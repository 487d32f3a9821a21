"""Files of links in the entry format of GS1's community resolver, read strictly.

Pure. A file holds one entry or a list of them::

    {"anchor": "/01/09520123456788", "itemDescription": "…", "defaultLinktype": "gs1:pip",
     "qualifiers": [{"10": "{lotnumber}"}],
     "links": [{"linktype": "gs1:pip", "href": "https://…?lot={lotnumber}", "title": "…", "type": "text/html",
                "hreflang": ["vi"], "context": ["VN"]}]}

An address that holds ``{1}`` under the beginning of an asset's number stands for all that begin so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from kernel.errors import N_, DomainError, InvalidInput
from traceability import key_patterns
from traceability.links import Entry, LinkDetails
from traceability.linkset import read_link_type


class NotJson(InvalidInput):
    message = N_("This is no JSON: %(what)s.")


class BadEntry(InvalidInput):
    message = N_("“%(name)s” is missing, or is not what belongs there.")


class UnknownMember(InvalidInput):
    message = N_("“%(name)s” means nothing in an entry.")


class NoDefault(InvalidInput):
    message = N_("None of the links is of the kind that should be the default, %(name)s.")


_ENTRY = {"anchor", "itemDescription", "defaultLinktype", "qualifiers", "links"}
_LINK = {"linktype", "href", "title", "type", "hreflang", "context"}


def read(text: str) -> tuple[list[Entry], list[tuple[int, DomainError]]]:
    """Read the entries of a file, and what is wrong with the others, by line."""
    entries: list[Entry] = []
    problems: list[tuple[int, DomainError]] = []
    try:
        for line, entry in _entries(text.removeprefix("\ufeff")):
            try:
                entries.append(Entry(line, tuple(_links(entry))))
            except DomainError as refusal:
                problems.append((line, refusal))
    except json.JSONDecodeError as fault:
        problems.append((fault.lineno, NotJson(what=fault.msg)))
    except RecursionError:
        problems.append((1, NotJson(what="Nested too deeply")))
    return entries, problems


def _entries(text: str) -> Iterator[tuple[int, Any]]:
    """Give each entry with the line it begins on."""
    decoder = json.JSONDecoder()
    place = _past_space(text, 0)
    is_list = text[place : place + 1] == "["
    if is_list:
        place = _past_space(text, place + 1)
    while not (is_list and text[place : place + 1] == "]"):
        entry, end = decoder.raw_decode(text, place)
        yield text.count("\n", 0, place) + 1, entry
        place = _past_space(text, end)
        if not is_list:
            break
        if text[place : place + 1] == ",":
            place = _past_space(text, place + 1)
        elif text[place : place + 1] != "]":
            raise json.JSONDecodeError("Expecting ',' delimiter", text, place)
    if text[_past_space(text, place + is_list) :]:
        raise json.JSONDecodeError("Extra data", text, place + is_list)


def _past_space(text: str, place: int) -> int:
    return len(text) - len(text[place:].lstrip(" \t\r\n"))


def _links(entry: Any) -> Iterator[LinkDetails]:
    _hold(entry, _ENTRY)
    links = entry.get("links")
    if not isinstance(links, list) or not links:
        raise BadEntry(name="links")
    names = _qualifiers(entry)
    key = _text(entry, "anchor", required=True) + key_patterns.written(names)
    renamed = {value: f"{{{code}}}" for code, value in names if key_patterns.is_variable(value)}
    default_type = read_link_type(_text(entry, "defaultLinktype"))
    default = next((link for link in links if _type_of(link) == default_type), None)
    if default_type and default is None:
        raise NoDefault(name=default_type)
    for link in links:
        _hold(link, _LINK)
        href = _text(link, "href", required=True)
        for name, variable in renamed.items():
            href = href.replace(name, variable)
        yield LinkDetails(
            key=key + (key_patterns.REST if key_patterns.REST in href and key_patterns.REST not in key else ""),
            link_type=_text(link, "linktype", required=True),
            href=href,
            title=_text(link, "title", required=True),
            description=_text(entry, "itemDescription"),
            languages=_words(link, "hreflang"),
            media_type=_text(link, "type"),
            context=_words(link, "context"),
            is_default=link is default,
        )


def _type_of(link: Any) -> str:
    return read_link_type(_text(link, "linktype")) if isinstance(link, dict) else ""


def _qualifiers(entry: Any) -> list[tuple[str, str]]:
    given = entry.get("qualifiers", [])
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise BadEntry(name="qualifiers")
    pairs = [(code, value) for one in given for code, value in one.items()]
    if not all(isinstance(value, str) for _, value in pairs):
        raise BadEntry(name="qualifiers")
    return pairs


def _hold(thing: Any, known: set[str]) -> None:
    if not isinstance(thing, dict):
        raise BadEntry(name="{…}")
    for name in thing:
        if name not in known:
            raise UnknownMember(name=name[:40])


def _text(thing: dict[str, Any], name: str, *, required: bool = False) -> str:
    value = thing.get(name, "")
    if not isinstance(value, str) or (required and not value.strip()):
        raise BadEntry(name=name)
    return value


def _words(thing: dict[str, Any], name: str) -> list[str]:
    value = thing.get(name, [])
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise BadEntry(name=name)
    return value
