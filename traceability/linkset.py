"""What a GS1 key leads to: links of every level, which of them a request means, and the linkset that lists them.

Pure. A *level* is the key with some of its qualifiers: a serial number, its lot, its GTIN. Each has links of its
own, one of them the default. Sources: GS1-Conformant Resolver 1.2.1; RFC 9264 (linkset), RFC 4647 (languages).
"""

from __future__ import annotations

import csv
import enum
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from traceability import digital_link
from traceability.element_strings import Element

MEDIA_TYPE = "application/linkset+json"
VOCABULARY = "https://ref.gs1.org/voc/"
CONTEXT = "https://ref.gs1.org/standards/resolver/linkset-context"
DEFAULT, DEFAULTS, HANDLED_BY = "gs1:defaultLink", "gs1:defaultLinkMulti", "gs1:handledBy"
#: Words by which a request asks for the linkset itself; the second is deprecated and still answered.
LINKSET_WORDS = frozenset({"linkset", "all"})


@dataclass(frozen=True)
class LinkType:
    """A kind of link, from the GS1 Web Vocabulary."""

    name: str  #: "gs1:pip"
    name_vi: str
    name_en: str
    is_deprecated: bool

    @property
    def can_be_chosen(self) -> bool:
        """Tell whether somebody may register a link of this kind: which one is the default is said otherwise."""
        return not self.is_deprecated and self.name not in (DEFAULT, DEFAULTS)


@cache
def link_types() -> dict[str, LinkType]:
    """Give all kinds of link by name."""
    path = Path(__file__).parent / "data" / "link_types.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {
            row["name"]: LinkType(row["name"], row["name_vi"], row["name_en"], row["status"] == "deprecated")
            for row in csv.DictReader(file)
        }


_PREFIXES = ("https://ref.gs1.org/voc/", "http://ref.gs1.org/voc/", "https://gs1.org/voc/", "http://gs1.org/voc/")


def read_link_type(text: str) -> str:
    """Bring the ways to write a kind of link to one: ``https://gs1.org/voc/pip`` is ``gs1:pip``."""
    for prefix in _PREFIXES:
        if text.startswith(prefix):
            return "gs1:" + text.removeprefix(prefix)
    return text


class Claim(enum.IntEnum):
    """How strongly a link claims to be its level's default; the lowest number wins."""

    MUST = 0  #: a notice that nobody may lead around: held or recalled goods
    CHOSEN = 1  #: by the owner of the key
    USUAL = 2  #: ours, where the owner chose none
    NONE = 3


class Standing(enum.IntEnum):
    """Which of several links of one kind goes before; the lowest number wins."""

    VOUCHED = 0  #: the platform answers for what stands there: trace, recall, certificate
    OWNERS = 1
    USUAL = 2  #: ours, until the owner says otherwise


@dataclass(frozen=True)
class Link:
    """A link of a level."""

    link_type: str
    href: str
    title: str
    languages: tuple[str, ...] = ()  #: BCP 47; ``und``: for readers of no other language offered
    media_type: str = ""
    context: tuple[str, ...] = ()
    claim: Claim = Claim.NONE
    standing: Standing = Standing.OWNERS


@dataclass(frozen=True)
class Level:
    """A key with some of its qualifiers, and where it leads. It has at least one link."""

    path: tuple[Element, ...]
    description: str
    links: tuple[Link, ...]

    @property
    def default(self) -> Link:
        """The one link that is followed when nothing else is asked for."""
        return min(self.links, key=lambda link: link.claim)

    @property
    def defaults(self) -> tuple[Link, ...]:
        """The links among which a reader's language may choose the default: those of its kind, with languages."""
        default = self.default
        if default.claim is Claim.MUST:
            return ()
        alike = tuple(link for link in self.links if link.link_type == default.link_type and link.languages)
        return alike if len(alike) > 1 and default in alike else ()


@dataclass(frozen=True)
class Wish:
    """What a request says of the link it wants."""

    link_type: str = ""  #: "" for the default
    languages: str = ""  #: the header Accept-Language as it came
    media_types: str = ""  #: the header Accept as it came
    context: str = ""


# --- Which link is meant -----------------------------------------------------------------------------------------


def choose(levels: Sequence[Level], wish: Wish) -> tuple[Level, tuple[Link, ...]] | None:
    """Choose where a request goes: one link; several where nothing tells them apart; ``None`` where there is none.

    The finest level that has what is asked for decides.

    :param levels: the finest first
    """
    if wish.link_type in ("", DEFAULT, DEFAULTS):
        notice = next((level for level in levels if level.default.claim is Claim.MUST), None)
        if notice is not None:  # nobody leads around it, not even by a link of a single pack of these goods
            return notice, (notice.default,)
    if wish.link_type in ("", DEFAULT):
        return (levels[0], (_default_for(levels[0], wish),)) if levels else None
    for level in levels:
        among = level.defaults if wish.link_type == DEFAULTS else level.links
        alike = [link for link in among if wish.link_type in (link.link_type, DEFAULTS)]
        if alike:
            best = min(link.standing for link in alike)
            if best is Standing.VOUCHED:
                alike = [link for link in alike if link.standing is best]
            return level, _best(alike, wish)
    return None


def _default_for(level: Level, wish: Wish) -> Link:
    """Choose the default in the reader's language, or the one default that there always is."""
    default = level.default
    among = [link for link in level.defaults if _language_rank(link, wish)[0] is _Match.READ]
    best = _best(among, wish) if among else ()
    return default if default in best or not best else best[0]


def _best(links: Sequence[Link], wish: Wish) -> tuple[Link, ...]:
    ranks = [_rank(link, wish) for link in links]
    top = max(ranks)
    best = [link for link, rank in zip(links, ranks, strict=True) if rank == top]
    first = min(link.standing for link in best)
    best = [link for link in best if link.standing is first]
    if top[0][0] is _Match.OTHER:  # no language tells them apart: the owner's default does, if it is among them
        best = [link for link in best if link.claim < Claim.NONE][:1] or best
    return tuple(best)


class _Match(enum.IntEnum):
    OTHER = 0
    UNDETERMINED = 1
    NEUTRAL = 2
    READ = 3


_Rank = tuple[tuple[_Match, tuple[float, int]], int, float]


def _rank(link: Link, wish: Wish) -> _Rank:
    if not wish.context:
        context = 0
    elif wish.context in link.context:
        context = 2
    else:
        context = 0 if link.context else 1
    return _language_rank(link, wish), context, _media_weight(link.media_type, wish.media_types)


def _language_rank(link: Link, wish: Wish) -> tuple[_Match, tuple[float, int]]:
    nothing = (0.0, 0)
    if not link.languages:
        return _Match.NEUTRAL, nothing
    fits = [_fit(tag, wanted, weight) for tag in link.languages for wanted, weight in weights(wish.languages)]
    best = max(fits, default=nothing)
    if best[0] > 0:
        return _Match.READ, best
    return (_Match.UNDETERMINED if "und" in link.languages else _Match.OTHER), nothing


def _fit(tag: str, wanted: str, weight: float) -> tuple[float, int]:
    """Say how well a language fits a range: its weight, and 3 for the same, 2 for a variant, 1 for a wider one."""
    tag, wanted = tag.lower(), wanted.lower()
    if tag == wanted:
        return weight, 3
    if tag.startswith(wanted + "-"):
        return weight, 2
    if wanted.startswith(tag + "-"):
        return weight, 1
    return 0.0, 0


def _media_weight(media_type: str, header: str) -> float:
    """Weigh a media type by an Accept header; 1 where neither says anything."""
    accepted = weights(header)
    if not media_type or not accepted:
        return 1.0
    kind = media_type.partition("/")[0]
    for wanted in (media_type, f"{kind}/*", "*/*"):
        found = [weight for name, weight in accepted if name.lower() == wanted.lower()]
        if found:
            return max(found)
    return 0.0


def weights(header: str) -> list[tuple[str, float]]:
    """Read a header of ranges with weights: ``vi-VN, en;q=0.5``. What is no weight is 1."""
    found = []
    for part in header.split(",") if header else ():
        name, *parameters = (piece.strip() for piece in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            given = re.fullmatch(r"q=([01](?:\.\d{0,3})?)", parameter, re.IGNORECASE)
            if given is not None:
                weight = min(1.0, float(given[1]))
        if name:
            found.append((name, weight))
    return found


def asks_for_linkset(link_type: str, accept: str) -> bool:
    """Tell whether the links themselves are wanted, by word or by an Accept header that names them first."""
    if link_type in LINKSET_WORDS:
        return True
    accepted = weights(accept)
    named = max((weight for name, weight in accepted if name.lower() == MEDIA_TYPE), default=0.0)
    page = max((weight for name, weight in accepted if name.lower() == "text/html"), default=0.0)
    return named > 0 and named >= page


def onward(href: str, raw_query: str) -> str:
    """Give the address that a request is sent on to: the query goes along, raw and whole, before any fragment."""
    if not raw_query:
        return href
    address, mark, fragment = href.partition("#")
    joint = "" if address.endswith(("?", "&")) else "&" if "?" in address else "?"
    return f"{address}{joint}{raw_query}{mark}{fragment}"


# --- The linkset -------------------------------------------------------------------------------------------------


def document(levels: Iterable[Level], resolver: str) -> dict[str, Any]:
    """Write the links of all levels as a linkset in JSON.

    :param resolver: root address of this resolver, without a slash at its end
    """
    return {"linkset": [_listed(level, resolver) for level in levels]}


def choices(level: Level, links: Sequence[Link], resolver: str) -> dict[str, Any]:
    """Write the links that a request could mean: the body of an answer 300."""
    only = replace(level, links=tuple(links))
    return {"linkset": [_head(level, resolver) | _by_type(only.links)]}


def _listed(level: Level, resolver: str) -> dict[str, Any]:
    listed = _head(level, resolver) | _by_type(level.links)
    if level.defaults:
        listed[VOCABULARY + "defaultLinkMulti"] = [_target(link) for link in level.defaults]
    # Told once more without anything that could make it conditional.
    listed[VOCABULARY + "defaultLink"] = [{"href": level.default.href, "title": level.default.title}]
    return listed


def _head(level: Level, resolver: str) -> dict[str, Any]:
    return {"anchor": resolver + digital_link.written(level.path), "itemDescription": level.description}


def _by_type(links: Iterable[Link]) -> dict[str, Any]:
    listed: dict[str, Any] = {}
    for link in sorted(links, key=lambda link: (link.link_type, link.standing)):
        listed.setdefault(VOCABULARY + link.link_type.removeprefix("gs1:"), []).append(_target(link))
    return listed


def _target(link: Link) -> dict[str, Any]:
    target: dict[str, Any] = {"href": link.href, "title": link.title}
    if link.media_type:
        target["type"] = link.media_type
    languages = [tag for tag in link.languages if tag != "und"]
    if languages:
        target["hreflang"] = languages
    if link.context:
        target["context"] = list(link.context)
    return target


# --- The description of the resolver -----------------------------------------------------------------------------


def description(resolver: str, name: str, keys: Iterable[str]) -> dict[str, Any]:
    """Write what stands at ``/.well-known/gs1resolver``.

    :param keys: identifiers of the primary keys that are resolved
    """
    return {
        "name": name,
        "resolverRoot": resolver,
        "supportedPrimaryKeys": sorted(keys),
        "supportedLinkType": [{"namespace": VOCABULARY, "prefix": "gs1:"}],
        "linkTypeDefaultCanBeLinkset": False,
        "jsonLdContextLocation": CONTEXT,
    }
