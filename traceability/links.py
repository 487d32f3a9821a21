"""Links of the resolver: registered, changed and taken away by the owner of the key; loaded in bulk by an operator.

Who owns a key: whoever holds the company prefix it begins with; where nobody here does, whose goods have that GTIN
or whose place that GLN. The command line may register a link for an organisation of keys that nobody here owns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from sqlalchemy import Select, or_, select
from sqlalchemy.exc import IntegrityError

from accounts.actor import SYSTEM, Actor
from accounts.models import Organisation, Place
from catalog.models import Product, TradeItem
from kernel import audit, gs1
from kernel.db import db, listed, lock
from kernel.errors import N_, Conflict, DomainError, InvalidInput
from kernel.text import one_line
from traceability import key_patterns
from traceability.element_strings import Element
from traceability.linkset import link_types, read_link_type
from traceability.models import ResolverLink

LONGEST_HREF, LONGEST_TITLE = 600, 200


class NotTheirKey(InvalidInput):
    message = N_(
        "This key is not yours: it begins with no company prefix of yours, and is no GTIN or GLN entered for you."
    )
    field = "key"


class RestrictedKey(InvalidInput):
    message = gs1.RestrictedNumber.message
    field = "key"


class UnknownLinkType(InvalidInput):
    message = N_("“%(name)s” is no kind of link that can be chosen.")
    field = "link_type"


class BadAddress(InvalidInput):
    message = N_("Write a whole web address that begins with https://, without spaces.")
    field = "href"


class AddressTooLong(InvalidInput):
    message = N_("Please keep the address within 600 signs.")
    field = "href"


class UnknownVariable(InvalidInput):
    message = N_("Nothing in the key stands for {%(name)s}: write /10/{10} in the key to use {10} in the address.")
    field = "href"


class NeedsTitle(InvalidInput):
    message = N_("Write what stands there, in at most 200 signs: people see it when several links fit.")
    field = "title"


class BadLanguage(InvalidInput):
    message = N_("“%(tag)s” is no language tag: write vi, en or en-GB, with spaces between several.")
    field = "languages"


class BadMediaType(InvalidInput):
    message = N_("“%(name)s” is no kind of file: write text/html or application/pdf, for example.")
    field = "media_type"


class BadContext(InvalidInput):
    message = N_("“%(word)s” is no context: use letters without marks, digits, - and _ only.")
    field = "context"


class SameLinkTwice(InvalidInput):
    message = N_("This key has this link already.")
    field = "href"


class LevelsMixed(InvalidInput):
    message = N_(
        "Links are registered for %(other)s already. Where serial numbers (21) of a GTIN have links, its lots (10) and"
        " variants (22) have none of their own, and third-party serial numbers (235) stand alone."
    )
    field = "key"


class PatternsMixed(LevelsMixed):
    """A warning: published entries do so."""

    message = N_(
        "Links are registered for %(other)s too. GS1 asks for links of serial numbers (21), or of lots (10) and"
        " variants (22) of a GTIN, not of both: whoever reads one of them alone does not see the other."
    )


class ChangedMeanwhile(Conflict):
    message = N_("Somebody changed the links of this key at the same moment. Please look again.")


@dataclass(frozen=True)
class LinkDetails:
    """What is said of a link, as it was typed or read from a file."""

    key: str
    link_type: str
    href: str
    title: str
    description: str = ""
    languages: Sequence[str] = ()
    media_type: str = "text/html"
    context: Sequence[str] = ()
    is_default: bool = False
    is_active: bool = True


# --- Verbs -----------------------------------------------------------------------------------------------------


def add(organisation: Organisation, details: LinkDetails, *, actor: Actor, now: datetime) -> ResolverLink:
    """Register a link.

    :raises kernel.errors.InvalidInput: a subclass of this module or of ``key_patterns``
    :raises ChangedMeanwhile:
    """
    lock(organisation)  # one after the other for each owner: the default moves from link to link
    values = _checked(organisation, details, actor)
    if db.session.scalar(_same(values)) is not None:
        raise SameLinkTwice()
    return _add(organisation, values, actor, now)


def _add(organisation: Organisation, values: dict[str, Any], actor: Actor, now: datetime) -> ResolverLink:
    _give_way(values)
    link = ResolverLink(organisation_id=organisation.id, created_at=now, changed_at=now, **values)
    _write(link)
    audit.record(
        actor, "traceability.add_link", f"link:{link.id}", now=now, key=link.key_path, type=link.link_type, to=link.href
    )
    return link


def change(link: ResolverLink, details: LinkDetails, *, actor: Actor, now: datetime) -> None:
    """Change what is said of a link.

    :raises kernel.errors.InvalidInput: as ``add``
    :raises ChangedMeanwhile:
    """
    organisation = db.session.get_one(Organisation, link.organisation_id)
    lock(organisation)
    lock(link)
    values = _checked(organisation, details, actor, besides=link.id)
    other = db.session.scalar(_same(values))
    if other is not None and other.id != link.id:
        raise SameLinkTwice()
    if not _says(link, values):
        _change(link, values, actor, now)


def _change(link: ResolverLink, values: dict[str, Any], actor: Actor, now: datetime) -> None:
    _give_way(values, besides=link.id)
    for name, value in values.items():
        setattr(link, name, value)
    link.changed_at = now
    _write(link)
    audit.record(
        actor,
        "traceability.change_link",
        f"link:{link.id}",
        now=now,
        key=link.key_path,
        type=link.link_type,
        to=link.href,
    )


def take_away(link: ResolverLink, *, actor: Actor, now: datetime) -> None:
    """Take a link away: the key no longer leads there."""
    lock(link)
    audit.record(
        actor,
        "traceability.take_link_away",
        f"link:{link.id}",
        now=now,
        key=link.key_path,
        type=link.link_type,
        to=link.href,
    )
    db.session.delete(link)


@dataclass(frozen=True)
class Entry:
    """The links of one key in a file (see ``link_files``), and where in it they stand."""

    line: int
    details: tuple[LinkDetails, ...]


@dataclass(frozen=True)
class Outcome:
    """What loading did or would do: numbers of links, and what is wrong, by line."""

    added: int
    changed: int
    same: int
    problems: tuple[tuple[int, DomainError], ...]
    warnings: tuple[tuple[int, PatternsMixed], ...] = ()  #: what is loaded all the same


def load(organisation: Organisation, entries: Iterable[Entry], *, actor: Actor, now: datetime) -> Outcome:
    """Register the links of a file; one that is there already is changed where the file says otherwise.

    The caller rolls back when there are problems: nothing is loaded by halves.
    """
    lock(organisation)
    counts = {"added": 0, "changed": 0, "same": 0}
    problems: list[tuple[int, DomainError]] = []
    loaded: dict[str, int] = {}
    for entry in entries:
        for details in entry.details:
            try:
                values = _checked(organisation, details, actor)
                counts[_load_one(organisation, values, actor, now)] += 1
            except DomainError as refusal:
                problems.append((entry.line, refusal))
            else:
                loaded[values["key_path"]] = entry.line
    mixed = [(line, warning) for key_path, line in loaded.items() if (warning := mixed_with(key_path)) is not None]
    return Outcome(counts["added"], counts["changed"], counts["same"], tuple(problems), tuple(mixed))


def _load_one(organisation: Organisation, values: dict[str, Any], actor: Actor, now: datetime) -> str:
    there = db.session.scalar(_same(values))
    if there is None:
        _add(organisation, values, actor, now)
        return "added"
    if _says(there, values):
        return "same"
    _change(there, values, actor, now)
    return "changed"


def _says(link: ResolverLink, values: dict[str, Any]) -> bool:
    return all(getattr(link, name) == value for name, value in values.items())


def _same(values: dict[str, Any]) -> Select[ResolverLink]:
    """Select the link with these values: what makes two links of a key the same one."""
    return select(ResolverLink).where(
        ResolverLink.key_path == values["key_path"],
        ResolverLink.link_type == values["link_type"],
        ResolverLink.href == values["href"],
        ResolverLink.languages == values["languages"],
    )


def _give_way(values: dict[str, Any], *, besides: int | None = None) -> None:
    """Take the default from the link that has it, before another one gets it."""
    if not values["is_default"]:
        return
    before = db.session.scalar(
        select(ResolverLink).where(ResolverLink.key_path == values["key_path"], ResolverLink.is_default)
    )
    if before is not None and before.id != besides:
        before.is_default = False
        db.session.flush()


def _write(link: ResolverLink) -> None:
    try:
        with db.session.begin_nested():
            db.session.add(link)
            db.session.flush()
    except IntegrityError as race:
        raise ChangedMeanwhile() from race


# --- What may be registered ------------------------------------------------------------------------------------


def _checked(
    organisation: Organisation, details: LinkDetails, actor: Actor, *, besides: int | None = None
) -> dict[str, Any]:
    """:param besides: the id of the link that is changed"""
    path = key_patterns.read(details.key)
    restricted = gs1.restricted_prefix(path[0][1][:14]) if path[0][0] in ("01", "8006") else None
    if restricted is not None:
        raise RestrictedKey(prefix=restricted)
    owners = owners_of(path) or (_registrants(path) or {organisation.id} if actor is SYSTEM else set())
    if organisation.id not in owners:
        raise NotTheirKey()
    name = read_link_type(details.link_type.strip())
    kind = link_types().get(name)
    if kind is None or not kind.can_be_chosen:
        raise UnknownLinkType(name=name)
    title = one_line(details.title)
    if not title or len(title) > LONGEST_TITLE:
        raise NeedsTitle()
    written = key_patterns.written(path)
    if details.is_active:
        for other in _at_other_levels(written, besides=besides):
            if not (_is_pattern(written) and _is_pattern(other)) or "235" in (_level(written), _level(other)):
                raise LevelsMixed(other=other)
    return {
        "key_path": written,
        "link_type": name,
        "href": checked_href(details.href, key_patterns.variables(path)),
        "title": title,
        "description": one_line(details.description)[:LONGEST_TITLE],
        "languages": " ".join(_checked_languages(details.languages)),
        "media_type": _checked_media_type(details.media_type),
        "context": " ".join(_checked_context(details.context)),
        "is_default": details.is_default and details.is_active,
        "is_active": details.is_active,
    }


def mixed_with(key_path: str) -> PatternsMixed | None:
    """Give the warning that a GTIN has links for any serial number and for any lot or variant, if it has."""
    other = next(iter(_at_other_levels(key_path)), None)
    return None if other is None else PatternsMixed(other=other)


def _at_other_levels(key_path: str, *, besides: int | None = None) -> list[str]:
    """List what links are registered for that do not go with those of a level of the same GTIN.

    Source: GS1-Conformant Resolver 1.2.1, on what may be an entry.
    """
    level = _level(key_path)
    if not key_path.startswith("/01/") or not level:
        return []
    gtin = "/".join(key_path.split("/")[:3])
    beside = select(ResolverLink.key_path).where(
        ResolverLink.key_path.startswith(gtin + "/", autoescape=True), ResolverLink.is_active
    )
    if besides is not None:
        beside = beside.where(ResolverLink.id != besides)
    return [
        other
        for other in db.session.scalars(beside.distinct().order_by(ResolverLink.key_path))
        if {level, _level(other)} in _APART
    ]


#: Finest qualifiers of links that do not go together under one GTIN.
_APART: tuple[set[str], ...] = ({"21", "10"}, {"21", "22"}, {"235", "21"}, {"235", "10"}, {"235", "22"})


def _level(key_path: str) -> str:
    """Give the finest qualifier of a key; "" for the key alone."""
    parts = key_path.split("/")
    return parts[-2] if len(parts) > 3 else ""


def _is_pattern(key_path: str) -> bool:
    """Tell whether a key stands for any number of its finest qualifier."""
    return key_patterns.is_variable(key_path.rpartition("/")[2])


def owners_of(path: Sequence[Element]) -> set[int]:
    """Tell which organisations own a key; nobody here owns it when the set is empty."""
    code, value = path[0]
    number = value.removesuffix(key_patterns.REST)
    if code == "01":
        return owners_of_gtins([number])[number]
    if code in ("00", "8003", "8006"):
        number = number[1:]  # before the prefix stands a digit of the packing, or a zero
    starts = [number[:length] for length in range(4, min(12, len(number)) + 1)]
    holders = db.session.scalars(select(Organisation.id).where(Organisation.gs1_prefix.in_(starts)))
    owners = set(holders)
    if owners:
        return owners
    if code in ("414", "417"):
        return set(db.session.scalars(select(Place.organisation_id).where(Place.gln == value)))
    return set()


def owners_of_gtins(gtins: Iterable[str]) -> dict[str, set[int]]:
    """Tell of each of many GTINs which organisations own it: by its prefix, else by the catalogue (two statements)."""
    starts = {gtin: [gtin[1 : 1 + length] for length in range(4, min(12, len(gtin) - 1) + 1)] for gtin in gtins}
    found: dict[str, set[int]] = {gtin: set() for gtin in starts}
    if not starts:
        return found
    every = sorted({start for some in starts.values() for start in some})
    holders = db.session.execute(
        select(Organisation.gs1_prefix, Organisation.id).where(Organisation.gs1_prefix.in_(listed(every)))
    ).all()
    for gtin, some in starts.items():
        found[gtin] = {id for start, id in holders if start in some}
    rest = sorted(gtin for gtin, owners in found.items() if not owners)
    if not rest:
        return found
    for number, producer_id in db.session.execute(
        select(TradeItem.gtin, Product.producer_id)
        .join(Product, Product.id == TradeItem.product_id)
        .where(TradeItem.gtin.in_(listed(rest)))
    ):
        found[number or ""].add(producer_id)
    return found


def _registrants(path: Sequence[Element]) -> set[int]:
    """Tell for whom a key that nobody here owns was registered before."""
    key = key_patterns.written(path[:1])
    same_key = or_(ResolverLink.key_path == key, ResolverLink.key_path.startswith(key + "/", autoescape=True))
    return set(db.session.scalars(select(ResolverLink.organisation_id).where(same_key)))


_NAME_IN_BRACES = re.compile(r"\{([A-Za-z0-9_]*)\}")
_HREF_SIGNS = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")


def _ascii_host(text: str) -> str:
    """Write the host of an address as name servers know it (RFC 5891); what is none stays, and is refused."""
    scheme, mark, rest = text.partition("//")
    host, slash, path = rest.partition("/")
    try:
        return f"{scheme}{mark}{host if host.isascii() else host.encode('idna').decode('ascii')}{slash}{path}"
    except UnicodeError:
        return text


def checked_href(text: str, variables: Iterable[str]) -> str:
    """Read a web address that begins with https; letters with marks are written in ASCII, words in braces stay.

    :raises BadAddress, AddressTooLong, UnknownVariable:
    """
    href = quote(_ascii_host(text.strip()), safe="-._~:/?#[]@!$&'()*+,;=%{} ")
    bare = _NAME_IN_BRACES.sub("x", href)
    if not _HREF_SIGNS.fullmatch(bare):
        raise BadAddress()
    try:
        parts = urlsplit(bare)
        usable = parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        usable = False
    host = href.partition("//")[2].partition("/")[0]
    if not usable or "{" in host or "%" in host:
        raise BadAddress()
    if len(href) > LONGEST_HREF:
        raise AddressTooLong()
    known = set(variables)
    for name in _NAME_IN_BRACES.findall(href):
        if name not in known:
            raise UnknownVariable(name=name)
    return "https" + href[5:]


#: BCP 47 (RFC 5646), as far as pages need it: language, script, region.
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:-([A-Za-z]{4}))?(?:-([A-Za-z]{2}|[0-9]{3}))?")


def _checked_languages(tags: Iterable[str]) -> list[str]:
    found = []
    for tag in tags:
        match = _LANGUAGE.fullmatch(tag)
        if match is None:
            raise BadLanguage(tag=tag[:20])
        language, script, region = (part or "" for part in match.groups())
        found.append("-".join(filter(None, (language.lower(), script.title(), region.upper()))))
    if len(" ".join(found)) > 80:
        raise BadLanguage(tag="…")
    return list(dict.fromkeys(found))


def _checked_media_type(name: str) -> str:
    name = name.strip().lower()
    if name and (not re.fullmatch(r"[a-z0-9]+/[a-z0-9][a-z0-9+.\-]*", name) or len(name) > 80):
        raise BadMediaType(name=name[:80])
    return name


def _checked_context(words: Iterable[str]) -> list[str]:
    found = list(dict.fromkeys(words))
    for word in found:
        if not re.fullmatch(r"[A-Za-z0-9_\-]{1,40}", word):
            raise BadContext(word=word[:40])
    if len(" ".join(found)) > 200:
        raise BadContext(word="…")
    return found
