"""The REST interface of EPCIS 2.0 under ``/epcis``: capture, events, what they name, named queries.

Programs come with a bearer key of an organisation: ``epcis:capture`` to send, ``epcis:query`` to ask. Without a key
only public events of batches on sale are read, a few times a minute. No subscriptions: the answer is 501.
Source: EPCIS 2.0, section 12; its OpenAPI.
"""

from __future__ import annotations

import contextlib
import functools
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, unquote, urlencode

from flask import Blueprint, Response, current_app, g, request
from flask_babel import gettext
from sqlalchemy.exc import DBAPIError, OperationalError
from werkzeug.exceptions import HTTPException

from accounts import keys
from accounts.actor import ANONYMOUS, Actor
from accounts.web.forms import words_of
from accounts.web.guard import public
from accounts.web.limits import limiter
from kernel import clock
from kernel.db import db, transaction
from kernel.errors import N_, Conflict, DomainError, InvalidInput, NotAllowed, NotFound
from traceability import addresses, statements
from traceability.epcis import capture, named_queries, namespaces
from traceability.epcis import queries as query
from traceability.epcis.document import STANDARD_CONTEXT, in_utc
from traceability.epcis.problems import Problem, RefusedEvent
from traceability.models import CaptureJob
from traceability.web import cross_origin

blueprint = Blueprint("epcis", __name__, url_prefix="/epcis")

CAPTURE, QUERY = "epcis:capture", "epcis:query"
_MEDIA_TYPES = ("application/json", "application/ld+json")
_VERSIONS = {
    "GS1-EPCIS-Version": "2.0",
    "GS1-EPCIS-Min": "2.0",
    "GS1-EPCIS-Max": "2.0",
    "GS1-CBV-Version": "2.0",
    "GS1-CBV-Min": "2.0",
    "GS1-CBV-Max": "2.0",
    "GS1-EPC-Format": "Never_Translates",
    "GS1-CBV-XML-Format": "Never_Translates",
    "GS1-Vendor-Version": "1.0",
}
_LIMITS = {
    "GS1-EPCIS-Capture-Limit": str(capture.MOST_EVENTS),
    "GS1-EPCIS-Capture-File-Size-Limit": str(capture.MOST_BYTES),
    "GS1-Capture-Error-Behaviour": "rollback",
}


class NoKey(NotAllowed):
    message = N_("Please send a key of your organisation: Authorization: Bearer …")
    http_status = 401


class KeyUnknown(NotAllowed):
    message = N_("This key is not valid: it is unknown, or was revoked.")
    http_status = 401


class WrongScope(NotAllowed):
    message = N_("This key is not for %(scope)s.")


class WrongMediaType(InvalidInput):
    message = N_("Please send application/json or application/ld+json.")
    http_status = 415


class Packed(InvalidInput):
    message = N_("Please send it as it is, without a Content-Encoding.")
    http_status = 415


class TooLarge(InvalidInput):
    message = N_("One request holds up to %(events)s events and %(bytes)s bytes.")
    http_status = 413


class TooManyTies(InvalidInput):
    message = N_(
        "These transformations tie %(ties)s pairs of inputs and outputs. One request holds up to %(most)s: please send "
        "fewer at once."
    )
    http_status = 413


class NotJson(InvalidInput):
    message = N_("This is not readable as JSON in UTF-8.")
    http_status = 400


class SameFieldTwice(InvalidInput):
    message = N_("The field “%(name)s” stands twice in one object: programs would read different values.")
    http_status = 400


class NotADocument(InvalidInput):
    message = N_("Please send an EPCISDocument with its events.")
    http_status = 400


class NotAnEvent(InvalidInput):
    message = N_("Please send one event with its “@context”; documents of several are for /epcis/capture.")
    http_status = 400


class NoSuchBehaviour(InvalidInput):
    message = N_("GS1-Capture-Error-Behaviour is rollback or proceed.")
    http_status = 400


class VersionNotSupported(InvalidInput):
    message = N_("Only version 2.0 of EPCIS and CBV is spoken here.")
    http_status = 406


class UnknownFormat(InvalidInput):
    message = N_("%(header)s is one of: %(known)s.")
    http_status = 406


class FormatNotSpoken(InvalidInput):
    message = N_("EPCs are given as they were sent, and not translated into URNs: GS1-EPC-Format: No_Preference.")
    http_status = 406


class UnreadableExtensions(InvalidInput):
    message = N_("GS1-Extensions binds prefixes to namespaces: prefix=https://…, prefix=https://…")
    http_status = 400


class NotAcceptable(InvalidInput):
    message = N_("Answers are application/json or application/ld+json.")
    http_status = 406


class NoSubscriptions(InvalidInput):
    message = N_("There are no subscriptions here: ask a named query again when you need it.")
    http_status = 501


class NoSuchResource(NotFound):
    message = N_("There is nothing at this address.")


class NoSuchMethod(InvalidInput):
    message = N_("This address does not take that kind of request.")
    http_status = 405


# --- Who asks ------------------------------------------------------------------------------------------------------


def _key() -> str | None:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" and key.strip() else None


_PAGES = ("perPage", "nextPageToken")


def _asks(
    scope: str, *, anonymous: bool = False, takes: tuple[str, ...] | None = ()
) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """Let programs in that have a key for ``scope``, and everybody else where ``anonymous``.

    :param takes: the query parameters there are; None: the view looks at them itself
    """

    def decorate(view: Callable[..., Response]) -> Callable[..., Response]:
        @functools.wraps(view)
        def asked(*args: Any, **kwargs: Any) -> Response:
            key = _key()
            if key is None and not anonymous:
                raise NoKey()
            request.environ["epcis.actor"] = ANONYMOUS if key is None else _actor(key, scope)
            _check_headers()
            if takes is not None:
                _check_parameters(takes)
            return view(*args, **kwargs)

        limited = limiter.limit("60 per minute", exempt_when=lambda: _key() is not None)(asked) if anonymous else asked
        open_: Callable[..., Response] = public(limited)
        return open_

    return decorate


def _actor(key: str, scope: str) -> Actor:
    row = keys.find_by_key(key)
    if row is None or not row.organisation.is_active:
        raise KeyUnknown()
    if row.scope != scope:
        raise WrongScope(scope=scope)
    return keys.actor_of(row)


def _who() -> Actor:
    actor: Actor = request.environ["epcis.actor"]
    return actor


def _names() -> namespaces.Names:
    """Give what prefixes stand for in this request, by its header."""
    bound: namespaces.Names = request.environ["epcis.names"]
    return bound


def _organisation_id() -> int:
    return _who().organisation_id or 0


def _check_headers() -> None:
    for name in ("GS1-EPCIS-Version", "GS1-CBV-Version"):
        if _version(request.headers.get(name, "2.0")) != _SPOKEN:
            raise VersionNotSupported()
    for standard in ("EPCIS", "CBV"):
        least, most = (request.headers.get(f"GS1-{standard}-{end}", "2.0") for end in ("Min", "Max"))
        if not _version(least) <= _SPOKEN <= _version(most):
            raise VersionNotSupported()
    for header, formats in _FORMATS.items():
        if request.headers.get(header, formats[0]) not in formats:
            raise UnknownFormat(header=header, known=", ".join(formats))
    # On what is sent the header tells how it is written: that is kept. What is asked for is not translated into URNs.
    if request.headers.get("GS1-EPC-Format") == "Always_EPC_URN" and request.method in ("GET", "HEAD"):
        raise FormatNotSpoken()
    bound = namespaces.read_header(request.headers.get("GS1-Extensions", ""))
    if bound is None:
        raise UnreadableExtensions()
    request.environ["epcis.names"] = bound
    accepted = request.accept_mimetypes
    if accepted and not any(accepted[kind] > 0 for kind in (*_MEDIA_TYPES, "application/problem+json")):
        raise NotAcceptable()


_SPOKEN = (2, 0, 0)
#: How names may be written. The second is for XML, which is not spoken: any wish is fulfilled.
_FORMATS = {
    "GS1-EPC-Format": ("No_Preference", "Never_Translates", "Always_GS1_Digital_Link", "Always_EPC_URN"),
    "GS1-CBV-XML-Format": ("No_Preference", "Never_Translates", "Always_Web_URI", "Always_URN"),
}


def _check_parameters(known: tuple[str, ...]) -> None:
    for name in request.args:
        if name not in (*known, "lang"):
            raise query.BadQuery(name=name[:100])


def _version(text: str) -> tuple[int, int, int]:
    found = re.fullmatch(r"([0-9]{1,4})(?:\.([0-9]{1,4}))?(?:\.([0-9]{1,4}))?", text.strip())
    if found is None:
        raise VersionNotSupported()
    major, minor, patch = (int(part or 0) for part in found.groups())
    return major, minor, patch


# --- Capture -------------------------------------------------------------------------------------------------------


@blueprint.post("/capture", provide_automatic_options=False)
@_asks(CAPTURE)
def capture_document() -> Response:
    """Take a document of events in; what becomes of it is told at the address in Location."""
    behaviour = request.headers.get("GS1-Capture-Error-Behaviour", "rollback").strip().lower()
    if behaviour not in ("rollback", "proceed"):
        raise NoSuchBehaviour()
    text = _text()
    document, _ = _read(text)
    if not isinstance(document, dict):
        raise NotADocument()
    now = clock.now()
    events, problems = capture.envelope(document, now=now)
    if events > capture.MOST_EVENTS:
        raise TooLarge(events=capture.MOST_EVENTS, bytes=capture.MOST_BYTES)
    if problems:
        raise RefusedEvent(problems)
    ties = _ties(capture.events_of(document))
    if ties > MOST_TIES:
        raise TooManyTies(ties=ties, most=MOST_TIES)
    with transaction():
        job = capture.accept(text, events=events, on_error=behaviour, organisation_id=_organisation_id(), now=now)
    answer = Response(status=202)
    answer.headers["Location"] = f"/epcis/capture/{job.capture_id}"
    answer.headers["GS1-Capture-Error-Behaviour"] = behaviour
    return answer


@blueprint.get("/capture", provide_automatic_options=False)
@_asks(CAPTURE, takes=_PAGES)
def list_jobs() -> Response:
    """List the capture jobs of one's organisation, the latest first."""
    size, before = _page_size(), _page_token()
    if before is not None and not re.fullmatch("[0-9]{1,9}", before):
        raise query.BadValue(name="nextPageToken", value=before[:100])
    rows = capture.list_jobs(_organisation_id(), before=int(before) if before else None, most=size + 1)
    answer = _answer([_job(row) for row in rows[:size]])
    return _paged(answer, str(rows[size - 1].id) if len(rows) > size else None)


@blueprint.get("/capture/<capture_id>", provide_automatic_options=False)
@_asks(CAPTURE)
def show_job(capture_id: str) -> Response:
    """Tell what became of a document."""
    job = capture.get_job(_organisation_id(), capture_id)
    answer = _answer(_job(job))
    answer.headers["GS1-Capture-Error-Behaviour"] = job.on_error
    return answer


def _job(job: CaptureJob) -> dict[str, Any]:
    told = [_told(_row(row)) for row in job.problems]
    is_warning = [bool(row.get("warning")) for row in job.problems]
    shown: dict[str, Any] = {
        "captureID": job.capture_id,
        "createdAt": in_utc(job.created_at),
        "running": job.finished_at is None,
        "success": job.success is not False,
        "captureErrorBehaviour": job.on_error,
        "errors": [
            {
                "type": _TYPES[_status_of_rule(one["rule"])],
                "title": gettext(_TITLES[_status_of_rule(one["rule"])]),
                "status": _status_of_rule(one["rule"]),
                "detail": one["message"],
            }
            | one
            for one, warning in zip(told, is_warning, strict=True)
            if not warning
        ],
        "warnings": [one for one, warning in zip(told, is_warning, strict=True) if warning],
        "events": job.events,
        "stored": job.stored,
        "replayed": job.replayed,
    }
    if job.finished_at is not None:
        shown["finishedAt"] = in_utc(job.finished_at)
    return shown


def _row(row: Mapping[str, Any]) -> Problem:
    return Problem(row["path"], row["rule"], row["message"], row["facts"])


def _status_of_rule(rule: str) -> int:
    return 409 if rule == "gap-10" else 400


@blueprint.post("/events", provide_automatic_options=False)
@_asks(CAPTURE)
def capture_event() -> Response:
    """Store one event at once: 201, 200 if it was known with the same content, 409 if with other content."""
    event, doubled = _read(_text())
    if not isinstance(event, dict) or event.get("type") in ("EPCISDocument", "EPCISQueryDocument"):
        raise NotAnEvent()
    now = clock.now()
    with transaction():
        outcome = capture.capture_one(event, doubled=doubled, organisation_id=_organisation_id(), now=now)
    event_id = (*outcome.stored, *outcome.replayed)[0]
    answer = _answer(
        {"eventID": event_id, "warnings": [_told(problem) for problem in outcome.problems]},
        201 if outcome.stored else 200,
    )
    answer.headers["Location"] = f"/epcis/events/{quote(event_id, safe='')}"
    return answer


#: Pairs of what went in and what came out that one request may tell of: who writes them down lets nobody else write.
MOST_TIES = 40_000


def _ties(events: list[Any]) -> int:
    """Count the pairs of inputs and outputs in a document that was not looked at yet."""

    def named(event: dict[str, Any], side: str) -> int:
        lists = (event.get(f"{side}EPCList"), event.get(f"{side}QuantityList"))
        return sum(len(one) for one in lists if isinstance(one, list))

    pairs = (named(event, "input") * named(event, "output") for event in events if isinstance(event, dict))
    return sum(min(many, statements.MOST_PAIRS) for many in pairs)


def _text() -> str:
    """Read what was sent, within the limits."""
    if request.mimetype not in _MEDIA_TYPES:
        raise WrongMediaType()
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise Packed()
    if (request.content_length or 0) > capture.MOST_BYTES:
        raise TooLarge(events=capture.MOST_EVENTS, bytes=capture.MOST_BYTES)
    if "body" not in g:  # it can be read once, and the request may be done again
        g.body = request.stream.read(capture.MOST_BYTES + 1)
    data: bytes = g.body
    if len(data) > capture.MOST_BYTES:
        raise TooLarge(events=capture.MOST_EVENTS, bytes=capture.MOST_BYTES)
    try:
        text = data.decode("utf-8-sig")  # a byte-order mark is none of the JSON (RFC 8259, section 8.1)
    except UnicodeDecodeError:
        raise NotJson() from None
    if "\0" in text:
        raise NotJson()
    return text


def _json(text: str) -> Any:
    """Read JSON in which each object has each field once."""
    found, doubled = _read(text)
    if doubled:
        raise SameFieldTwice(name=doubled[0][:100])
    return found


def _read(text: str) -> tuple[Any, list[str]]:
    try:
        return capture.read(text)
    except (ValueError, RecursionError):
        raise NotJson() from None


# --- Events --------------------------------------------------------------------------------------------------------


@blueprint.get("/events", provide_automatic_options=False)
@_asks(QUERY, anonymous=True, takes=None)
def list_events() -> Response:
    """Answer the simple query."""
    return _events(query.read(_parameters(), _names()))


@blueprint.get("/events/<path:event_id>", merge_slashes=False, provide_automatic_options=False)
@_asks(QUERY, anonymous=True, takes=("ver",))
def show_event(event_id: str) -> Response:
    """Give an event by its eventID, with the declaration of its error if there is one."""
    # A hash id that was not encoded has its version in the query string.
    whole = f"{event_id}?ver=CBV2.0" if event_id.startswith("ni:") and "?" not in event_id else event_id
    return _document(query.find_events(_who(), whole))


def _parameters() -> dict[str, list[str]]:
    """Read the query string: alternatives are separated by ``|``, or the parameter comes several times."""
    found: dict[str, list[str]] = {}
    for name, values in request.args.lists():
        if name == "lang":
            continue
        for value in values:
            found.setdefault(name, []).extend(value.split("|"))
    return found


def _events(asked: query.Asked, name: str = "SimpleEventQuery") -> Response:
    page = query.search(_who(), asked)
    return _paged(_document(page.bodies, name), page.next_token)


def _document(bodies: list[str], name: str = "SimpleEventQuery") -> Response:
    """Put events, which are JSON already, into a query document."""
    around = json.dumps(
        {
            "@context": [STANDARD_CONTEXT],
            "type": "EPCISQueryDocument",
            "schemaVersion": "2.0",
            "creationDate": in_utc(clock.now()),
            "epcisBody": {"queryResults": {"queryName": name, "resultsBody": {"eventList": [None]}}},
        }
    )
    text = around.replace("[null]", "[" + ",".join(bodies) + "]")
    answer = _response(text, 200)
    answer.headers["GS1-Extensions"] = namespaces.as_header(query.bindings_of(bodies))
    return answer


# --- What events name ----------------------------------------------------------------------------------------------


@blueprint.get("/", provide_automatic_options=False)
@_asks(QUERY, anonymous=True)
def list_resources() -> Response:
    """List what there is."""
    return _collection(["events", *query.RESOURCES, "capture", "queries"])


@blueprint.get("/<any(" + ",".join(query.RESOURCES) + "):resource>", provide_automatic_options=False)
@_asks(QUERY, anonymous=True, takes=_PAGES)
def list_values(resource: str) -> Response:
    """List the values of a resource in the events one may see."""
    size, after = _page_size(), _page_token()
    found = query.values_of(_who(), resource, after=after, most=size + 1)
    answer = _collection(found[:size])
    return _paged(answer, found[size - 1] if len(found) > size else None)


_VALUE = "/<any(" + ",".join(query.RESOURCES) + "):resource>/<path:value>"


@blueprint.get(_VALUE, merge_slashes=False, provide_automatic_options=False)
@_asks(QUERY, anonymous=True, takes=None)
def show_value(resource: str, value: str) -> Response:
    """Tell that a value has events, or give them where the address ends in ``/events``."""
    if value.endswith("/events") and value != "/events":
        wanted = value.removesuffix("/events")
        asked = query.read(_parameters(), _names())
        condition = query.about(resource, wanted, _names())
        query.check_there_is(_who(), resource, wanted, _names())
        return _events(query.narrowed(asked, condition))
    _check_parameters(_PAGES)
    query.check_there_is(_who(), resource, value, _names())
    return _collection(["events"])


# --- Named queries -------------------------------------------------------------------------------------------------


@blueprint.post("/queries", provide_automatic_options=False)
@_asks(QUERY)
def create_query() -> Response:
    """Give a query a name."""
    sent = _json(_text())
    if not isinstance(sent, dict):
        raise named_queries.BadQueryName()
    with transaction():
        row = named_queries.name_query(
            _organisation_id(), sent.get("name"), sent.get("query"), bound=_names(), now=clock.now()
        )
    answer = _answer({"name": row.name, "query": row.query}, 201)
    answer.headers["Location"] = f"/epcis/queries/{row.name}"
    return answer


@blueprint.get("/queries", provide_automatic_options=False)
@_asks(QUERY, takes=_PAGES)
def list_queries() -> Response:
    """List the named queries of one's organisation."""
    size, after = _page_size(), _page_token()
    rows = named_queries.list_queries(_organisation_id(), after=after or "", most=size + 1)
    answer = _answer([{"name": row.name, "query": row.query} for row in rows[:size]])
    return _paged(answer, rows[size - 1].name if len(rows) > size else None)


@blueprint.get("/queries/<name>", provide_automatic_options=False)
@_asks(QUERY)
def show_query(name: str) -> Response:
    """Show a named query."""
    row = named_queries.get_query(_organisation_id(), name)
    return _answer({"name": row.name, "query": row.query})


@blueprint.delete("/queries/<name>", provide_automatic_options=False)
@_asks(QUERY)
def delete_query(name: str) -> Response:
    """Forget a named query."""
    with transaction():
        named_queries.forget_query(_organisation_id(), name)
    return _response("", 204)


@blueprint.get("/queries/<name>/events", provide_automatic_options=False)
@_asks(QUERY, takes=_PAGES)
def list_events_of_query(name: str) -> Response:
    """Answer a named query."""
    row = named_queries.get_query(_organisation_id(), name)
    own = _parameters()
    parameters, names = named_queries.parameters_of(row, _names())
    return _events(query.read(parameters | own, names), name)


@blueprint.route("/queries/<name>/subscriptions", methods=["GET", "POST"], provide_automatic_options=False)
@blueprint.route("/queries/<name>/subscriptions/<_id>", methods=["GET", "DELETE"], provide_automatic_options=False)
@_asks(QUERY, takes=None)
def subscriptions(name: str, _id: str = "") -> Response:
    """Say that there are none."""
    named_queries.get_query(_organisation_id(), name)
    raise NoSubscriptions()


@blueprint.delete("/nextPageToken/<_token>", provide_automatic_options=False)
@_asks(QUERY)
def drop_token(_token: str) -> Response:
    """Drop a token: it holds a place and nothing else, so there is nothing to drop."""
    return _response("", 204)


# --- Discovery, and what is not there ------------------------------------------------------------------------------

_RESOURCE = "(?:" + "|".join(query.RESOURCES) + ")"
_ALLOWED = (
    (re.compile("capture"), "OPTIONS, GET, POST"),
    (re.compile("events"), "OPTIONS, GET, POST"),
    (re.compile("queries"), "OPTIONS, GET, POST"),
    (re.compile("queries/[^/]+"), "OPTIONS, GET, DELETE"),
    (re.compile("queries/[^/]+/subscriptions"), "OPTIONS, GET, POST"),
    (re.compile("queries/[^/]+/subscriptions/[^/]+"), "OPTIONS, GET, DELETE"),
    (re.compile("nextPageToken/.+"), "OPTIONS, DELETE"),
    (re.compile(f"|capture/[^/]+|events/.+|queries/[^/]+/events|{_RESOURCE}(?:/.+)?", re.DOTALL), "OPTIONS, GET"),
)


@blueprint.route(
    "/", methods=["OPTIONS", "POST", "PUT", "PATCH", "DELETE"], defaults={"rest": ""}, provide_automatic_options=False
)
@blueprint.route(
    "/<path:rest>", methods=["OPTIONS", "GET", "POST", "PUT", "PATCH", "DELETE"], merge_slashes=False,
    provide_automatic_options=False,
)  # fmt: skip
@public
def discover(rest: str) -> Response:
    """Tell what an address can do (OPTIONS); refuse what it cannot."""
    allowed = next((methods for pattern, methods in _ALLOWED if pattern.fullmatch(rest)), None)
    if allowed is None or (request.method != "OPTIONS" and request.method in allowed.split(", ")):
        raise NoSuchResource()  # an address of that kind, of nothing
    if request.method != "OPTIONS":
        raise NoSuchMethod()
    _check_headers()
    answer = _response("", 204)
    answer.headers["Allow"] = allowed
    return answer


@blueprint.after_request
def _say_versions(answer: Response) -> Response:
    answer.headers.extend({name: value for name, value in _VERSIONS.items() if name not in answer.headers})
    if request.path in ("/epcis/capture", "/epcis/events") and request.method in ("OPTIONS", "POST"):
        answer.headers.extend({name: value for name, value in _LIMITS.items() if name not in answer.headers})
    if "GS1-Extensions" not in answer.headers:
        answer.headers["GS1-Extensions"] = namespaces.as_header([("ocop", addresses.namespace())])
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Vary"] = "Accept-Language, Authorization"
    # Pages of other sites may read what everybody may; a key is for programs, and is not asked of a page's visitor.
    return cross_origin.allow(
        answer,
        asked=("GS1-EPCIS-Version", "GS1-CBV-Version", "GS1-Extensions"),
        told=(*_VERSIONS, "GS1-Extensions"),
    )


# --- Answers -------------------------------------------------------------------------------------------------------


def _page_size() -> int:
    asked = query.read({"perPage": [request.args.get("perPage", str(query.PER_PAGE))]})
    return asked.per_page


def _page_token() -> str | None:
    token = request.args.get("nextPageToken")
    return unquote(token)[:600].replace("\0", "") if token else None


def _collection(members: list[str]) -> Response:
    return _answer({"@context": STANDARD_CONTEXT, "type": "Collection", "member": members})


def _answer(value: Any, status: int = 200) -> Response:
    return _response(json.dumps(value, ensure_ascii=False), status)


def _response(text: str, status: int) -> Response:
    accepted = request.accept_mimetypes
    linked = accepted["application/ld+json"] > accepted["application/json"]
    body = text.encode("utf-8", "replace")
    return Response(body, status, content_type="application/ld+json" if linked else "application/json")


def _paged(answer: Response, token: str | None) -> Response:
    if token is not None:
        arguments = [(name, value) for name, value in request.args.items(multi=True) if name != "nextPageToken"]
        base_url = current_app.config["OCOP"].base_url
        address = base_url + quote(request.path) + "?" + urlencode([*arguments, ("nextPageToken", token)])
        answer.headers["Link"] = f'<{address}>; rel="next"'
    return answer


_TITLES = {
    400: N_("This request cannot be understood."),
    401: N_("A key is needed."),
    403: N_("This key does not allow it."),
    404: N_("There is no such thing."),
    405: N_("This address does not take that kind of request."),
    406: N_("No such answer can be given."),
    409: N_("It exists already, otherwise."),
    413: N_("It is too much at once."),
    415: N_("This kind of content is not read here."),
    429: N_("Too many requests."),
    500: N_("Something broke on our side. It was written down; please try again."),
    501: N_("This is not offered."),
    503: N_("The database is busy. Please send it again in a moment."),
}
_TYPES = {
    400: "epcisException:ValidationException",
    401: "epcisException:SecurityException",
    403: "epcisException:SecurityException",
    404: "epcisException:NoSuchResourceException",
    405: "epcisException:ImplementationException",
    406: "epcisException:NotAcceptableException",
    409: "epcisException:ResourceAlreadyExistsException",
    413: "epcisException:CaptureLimitExceededException",
    415: "epcisException:UnsupportedMediaTypeException",
    429: "epcisException:ImplementationException",
    500: "epcisException:ImplementationException",
    501: "epcisException:ImplementationException",
    503: "epcisException:ImplementationException",
}


@blueprint.errorhandler(DomainError)
def _refused(error: DomainError) -> Response:
    db.session.rollback()
    kind = None
    status: int = getattr(error, "http_status", 0)
    if not status:
        status = next(
            code for base, code in ((InvalidInput, 400), (NotAllowed, 403), (NotFound, 404), (Conflict, 409))
            if isinstance(error, base)
        )  # fmt: skip
    if isinstance(error, query.TooManyEvents):
        status, kind = 413, "epcisException:QueryTooLargeException"
    elif isinstance(error, query.BadQuery):
        kind = "epcisException:QueryParameterException"
    elif isinstance(error, named_queries.NoSuchQuery):
        kind = "epcisException:NoSuchNameException"
    problems: list[Problem] = getattr(error, "problems", [])
    answer = _problem(status, words_of(error), kind, problems)
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="epcis"'
    if status == 405:
        allowed = next((methods for pattern, methods in _ALLOWED if pattern.fullmatch(request.path[7:])), "OPTIONS")
        answer.headers["Allow"] = allowed
    return answer


@blueprint.errorhandler(HTTPException)
@blueprint.errorhandler(500)
def _http(error: HTTPException) -> Response:
    code = error.code or 500
    status = code if code in _TITLES else 400 if code < 500 else 500
    return _problem(status, gettext(_TITLES[status]), None, [])


@blueprint.errorhandler(OperationalError)
def _away(error: OperationalError) -> Response:
    with contextlib.suppress(DBAPIError):
        db.session.rollback()
    answer = _problem(503, gettext(_TITLES[503]), None, [])
    answer.headers["Retry-After"] = "10"
    return answer


def _problem(status: int, detail: str, kind: str | None, problems: list[Problem]) -> Response:
    told: dict[str, Any] = {
        "type": kind or _TYPES[status],
        "title": gettext(_TITLES[status]),
        "status": status,
        "detail": detail,
    }
    if problems:
        told["problems"] = [_told(problem) for problem in problems]
    text = json.dumps(told, ensure_ascii=False).encode("utf-8", "replace")
    return Response(text, status, content_type="application/problem+json")


def _told(problem: Problem) -> dict[str, Any]:
    """Say a problem in the language of the request."""
    facts = {name: value if isinstance(value, int) else str(value) for name, value in problem.facts.items()}
    words = gettext(problem.message, **facts) if facts else gettext(problem.message)
    return {"path": problem.path, "rule": problem.rule, "message": str(words)}
