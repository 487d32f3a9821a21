"""The resolver of GS1 Digital Links: any GS1 key, on to where it leads, or the list of where it could lead.

The address is read raw, because a lot number may hold ``/`` and ``+`` in their encoded form and the server in
front decodes paths. Where it hides the raw form (Granian does, for WSGI) and no proxy before it tells it in
``X-Original-URI``, it is written anew from the decoded one:
segment by segment, and with what follows one identifier as its value, up to the end or to a further qualifier. The
second counts only where a batch or a registered link is known under it, or where the first is no Digital Link and
nothing in the value looks like an identifier that lost its own: ``/10/A/17`` is a mistake and no lot.

A compressed link is answered as what it says written out is, without another round.
Source: GS1 Digital Link URI Syntax 1.7.0, GS1-Conformant Resolver 1.2.1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, quote

from flask import Blueprint, Response, abort, current_app, g, make_response, render_template, request
from werkzeug.routing import BaseConverter

from accounts.web.forms import words_of
from accounts.web.guard import public
from kernel import clock
from kernel.errors import N_, InvalidInput, NotFound
from traceability import (
    application_identifiers,
    digital_link,
    epc_binary,
    items,
    key_patterns,
    known_lots,
    linkset,
    queries,
)
from traceability.digital_link import DigitalLink
from traceability.linkset import Claim, Level, Link, Wish
from traceability.web import cross_origin, own_links, unknown
from traceability.web.own_links import SAID_GTIN, SAID_LOT, UNKNOWN_LOT

blueprint = Blueprint("resolver", __name__)


class UnknownKey(NotFound):
    message = N_("Nothing is known here of this GS1 key.")


class UnknownGtin(NotFound):
    message = N_("No product in this shop has this GTIN.")


class NoSuchKind(NotFound):
    message = N_("This key leads to nothing of the kind asked for.")


def primary_keys() -> list[str]:
    """List the identifiers that can be the key of a Digital Link."""
    return [code for code, one in application_identifiers.table().items() if one.is_key]


class KeyPathConverter(BaseConverter):
    """Paths that hold a GS1 key: at their beginning, or after any stem. All other addresses go before."""

    part_isolating = False
    weight = 10_000
    _KEYS = "|".join(primary_keys())
    regex = rf"(?:(?:{_KEYS})(?:/(?:.|\n)*)?|(?:.|\n)*/(?:{_KEYS})/(?:.|\n)+)"


class CompressedConverter(BaseConverter):
    """Paths that end in what may be a compressed link. They go after everything else: many words begin so."""

    part_isolating = False
    weight = 20_000
    regex = rf"(?:(?:.|\n)*/)?{epc_binary.COMPRESSED}/?"


@blueprint.record_once
def _know_converters(state: Any) -> None:
    state.app.url_map.converters |= {"key_path": KeyPathConverter, "compressed": CompressedConverter}


@blueprint.after_request
def _allow_others(answer: Response) -> Response:
    return cross_origin.allow(answer)


@blueprint.route(
    "/<key_path:_path>", methods=["GET", "HEAD", "OPTIONS"], merge_slashes=False, provide_automatic_options=False
)
@public
def resolve(_path: str) -> Response:
    """Lead from a GS1 key to what its owner or the platform offers.

    307 to the link that is meant, its query kept; 300 with the choice where several are; 200 with the linkset;
    400 for what is no Digital Link; 404 for a key or a kind of link that is not known.
    """
    if request.method == "OPTIONS":
        return cross_origin.options()
    return _resolve(_read)


@blueprint.route(
    "/<compressed:path>", methods=["GET", "HEAD", "OPTIONS"], merge_slashes=False, provide_automatic_options=False
)
@public
def resolve_compressed(path: str) -> Response:
    """Lead from a compressed link to where the same link written out leads."""
    segment = path.rstrip("/").rpartition("/")[2]
    if not epc_binary.is_epc(segment):
        abort(404)
    if request.method == "OPTIONS":
        return cross_origin.options()

    def read() -> DigitalLink:
        own, _, attributes = epc_binary.decompress(segment).partition("?")
        g.query = "&".join(part for part in (attributes, _query()) if part)
        return digital_link.parse(own, _query())

    return _resolve(read)


def _resolve(read: Callable[[], DigitalLink]) -> Response:
    try:
        link = read()
    except InvalidInput as problem:
        return _malformed(problem)
    base_url = current_app.config["OCOP"].base_url
    levels = own_links.levels_of(link, clock.business_date(clock.now()), base_url=base_url)
    if not levels:
        return _unknown(link)
    wanted = linkset.read_link_type(_argument("linkType"))
    accept = request.headers.get("Accept", "")
    if linkset.asks_for_linkset(wanted, accept):
        return _linkset(linkset.document(levels, base_url), 200)
    pack = None if _argument("linkType") else _pack_of(link, levels)
    if pack is not None:
        return _on(link, levels, Link("", base_url + pack, ""), base_url, said=_said(link))
    wish = Wish(wanted, request.headers.get("Accept-Language", ""), accept, _argument("context"))
    found = linkset.choose(levels, wish)
    if found is None:
        raise NoSuchKind()
    level, links = found
    if len(links) > 1:
        return _linkset(linkset.choices(level, links, base_url), 300)
    return _on(link, levels, links[0], base_url)


def _unknown(link: DigitalLink) -> Response:
    """Say that nothing is known of a key: to a program in a word, to a person with a way to report it."""
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        raise UnknownGtin() if link.gtin is not None else UnknownKey()
    answer = make_response(unknown.page(digital_link.written(link.path).removeprefix(digital_link.CANONICAL_STEM)))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _pack_of(link: DigitalLink, levels: list[Level]) -> str | None:
    """Give the page of the pack whose code a link holds; none for a code on no lot whose link names what is stopped."""
    if link.gtin is None or link.serial is None:
        return None
    pack = items.find(link.gtin, link.serial)
    if pack is not None and items.is_on_no_lot(link.serial):
        return None if any(level.default.claim is Claim.MUST for level in levels) else pack
    return pack


@blueprint.route("/.well-known/gs1resolver", methods=["GET", "HEAD", "OPTIONS"], provide_automatic_options=False)
@public
def describe() -> Response:
    """Tell other resolvers and programs what this one does."""
    if request.method == "OPTIONS":
        return cross_origin.options()
    told = linkset.description(current_app.config["OCOP"].base_url, "OCOP Ba Tơ", primary_keys())
    return _json(told, 200, "application/json")


# --- Reading the address -----------------------------------------------------------------------------------------


def _read() -> DigitalLink:
    """Read the address that was asked for.

    :raises traceability.digital_link.Malformed: a subclass that says what is wrong
    """
    raw = _raw_path()
    if raw is not None:
        return digital_link.parse(raw, _query(), trailing_slash=True)
    first, *others = _written_anew(request.path)
    readings = [link for path in others if (link := _parsed(path)) is not None]
    try:
        plain = digital_link.parse(first, _query(), trailing_slash=True)
    except InvalidInput as refusal:
        known = next((link for link in readings if _is_known(link)), None)
        if known is not None:
            return known
        # A segment too many may be a slash in a value, unless a number stands where an identifier would.
        if isinstance(refusal, digital_link.NoKey):
            likely = next((link for link in readings if not _holds_identifier(link)), None)
            if likely is not None:
                return likely
        raise
    if all(link == plain for link in readings) or _is_known(plain):
        return plain
    return next((link for link in readings if _is_known(link)), plain)


def _parsed(path: str) -> DigitalLink | None:
    try:
        return digital_link.parse(path, _query(), trailing_slash=True)
    except InvalidInput:
        return None


def _raw_path() -> str | None:
    """Give the path as it came over the wire, where the server or the proxy tells it."""
    names = ["RAW_URI", "REQUEST_URI"]
    if current_app.config["OCOP"].base_url.startswith("https://"):
        # Only what stands behind a proxy is reached by https. Somebody who could write this header himself would
        # only be led where another address would have led him.
        names.insert(0, "HTTP_X_ORIGINAL_URI")
    for name in names:
        whole = request.environ.get(name)
        if whole:
            path = str(whole).partition("?")[0]
            return "/" + path.split("/", 3)[3] if "://" in path else path
    return None


def _query() -> str:
    """Give the query as it came; before it, what a compressed link says besides its key."""
    if "query" in g:
        return str(g.query)
    # Browsers send signs that no address holds, as in ``?x=a|b``: they go along encoded.
    return re.sub(r"[^!-~]|[\"<>\[\]\\^`{|}]", _encoded, request.query_string.decode("latin-1"))


def _encoded(sign: re.Match[str]) -> str:
    return f"%{ord(sign[0]):02X}"


def _written_anew(path: str) -> list[str]:
    """Encode a decoded path again: by its segments, then with slashes in the value of one identifier."""
    encode = digital_link.percent_encode
    segments = path.split("/")
    ways = ["/".join(encode(segment) for segment in segments)]
    rest = path.rstrip("/").split("/")
    if len(rest) > _MOST_SEGMENTS:
        return ways
    for place, code in enumerate(rest[:-2]):
        identifier = application_identifiers.find(code)
        if identifier is None or not (identifier.is_key or place > 2):
            continue
        before = "/".join(encode(segment) for segment in rest[: place + 1])
        ways.append(before + "/" + encode("/".join(rest[place + 1 :])))
        for end in range(place + 3, len(rest) - 1):
            if application_identifiers.find(rest[end]) is not None:
                value, further = "/".join(rest[place + 1 : end]), "/".join(rest[end + 1 :])
                ways.append(f"{before}/{encode(value)}/{rest[end]}/{encode(further)}")
    return ways


#: A longer path is no key with slashes in its values: those have 20 to 30 signs.
_MOST_SEGMENTS = 24


def _holds_identifier(link: DigitalLink) -> bool:
    """Tell whether a value with slashes holds a number where the path would have an identifier."""
    return any(part.isascii() and part.isdigit() for _, value in link.path for part in value.split("/")[1:])


def _is_known(link: DigitalLink) -> bool:
    """Tell whether a lot, or a link for exactly this key or its lot, stands behind an address."""
    if link.gtin and link.lot and queries.find_batch_of_gtin(link.gtin, link.lot) is not None:
        return True
    levels = link.levels()
    if known_lots.known({known_lots.name_of(level) for level in levels}):
        return True
    return queries.is_registered(key_patterns.written(level) for level in levels[:-1] or levels)


def _argument(name: str) -> str:
    """Read a word of the query; GS1 parts its pairs by semicolons too."""
    return next((value for key, value in parse_qsl(_query().replace(";", "&")) if key == name), "")


def _said(link: DigitalLink) -> str:
    """Tell the page of a pack's code what the link said, where that is not what is on record."""
    if link.gtin is None or link.serial is None or not items.is_otherwise(link.gtin, link.lot, link.serial):
        return ""
    lot = f"&{SAID_LOT}={quote(link.lot, safe='')}" if link.lot is not None else ""
    return f"{SAID_GTIN}={link.gtin}{lot}"


# --- Answers -----------------------------------------------------------------------------------------------------


def _on(link: DigitalLink, levels: list[Level], target: Link, base_url: str, *, said: str = "") -> Response:
    """Lead on, the query kept raw; to a page of ours with a word about a lot that is not in the system.

    :param said: what the link said and the page has to know
    """
    query = "&".join(part for part in (_query(), said) if part)
    is_ours = target.href.startswith(f"{base_url}/")
    if is_ours and not said and link.lot is not None and not any("10" in dict(level.path) for level in levels):
        marker = f"{UNKNOWN_LOT}={quote(link.lot, safe='')}"
        query = f"{query}&{marker}" if query else marker
    answer = Response(status=307)
    href = target.href.removeprefix(base_url) if is_ours else target.href
    answer.headers["Location"] = linkset.onward(href, query)
    own = base_url + digital_link.written(link.path)
    answer.headers.add("Link", f'<{own}?linkType=linkset>; rel="linkset"; type="{linkset.MEDIA_TYPE}"')
    return _varying(answer)


def _linkset(document: dict[str, Any], status: int) -> Response:
    answer = _json(document, status, linkset.MEDIA_TYPE)
    context = f'<{linkset.CONTEXT}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
    answer.headers.add("Link", context)
    return answer


def _json(document: dict[str, Any], status: int, media_type: str) -> Response:
    text = json.dumps(document, ensure_ascii=False, indent=1)
    return _varying(Response(text, status, content_type=media_type))


def _varying(answer: Response) -> Response:
    answer.headers["Vary"] = "Accept, Accept-Language"
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _malformed(problem: InvalidInput) -> Response:
    page = render_template("traceability/resolver/malformed.html", problem=words_of(problem), typed=request.path[:120])
    return make_response(page, 400)
