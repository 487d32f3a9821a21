"""The resolver of GS1 Digital Links: a scanned GTIN, with or without a lot, to the page that tells of it.

The address is read raw, because a lot number may hold ``/`` and ``+`` in their encoded form and the server in
front decodes paths. Where it hides the raw form (Granian does, for WSGI), it is written anew from the decoded one:
what follows ``/10/`` is the lot then, first with a serial number after ``/21/`` split off, then without.
Source: GS1 Digital Link URI Syntax 1.6, GS1-Conformant Resolver 1.2 (307, query kept, 400 and 404 apart).
"""

from __future__ import annotations

from urllib.parse import quote

from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from accounts.web.forms import words_of
from accounts.web.guard import public
from kernel.errors import N_, InvalidInput, NotFound
from traceability import digital_link, queries
from traceability.digital_link import DigitalLink

blueprint = Blueprint("resolver", __name__)

#: Tells the product page that a lot was asked for which is not in the system.
UNKNOWN_LOT = "lo-khong-co"


class UnknownGtin(NotFound):
    message = N_("No product in this shop has this GTIN.")


@blueprint.get("/01/<path:_rest>", merge_slashes=False)
@public
def resolve(_rest: str) -> BaseResponse:
    """Lead from a GTIN (and lot) to its page: 307 with the query kept; 400 for what is no Digital Link."""
    try:
        link = _read()
    except InvalidInput as problem:
        return _malformed(problem)
    query = _attributes()
    if link.gtin is None:
        return _malformed(digital_link.NoKey())
    if link.lot is not None:
        path = queries.find_batch_of_gtin(link.gtin, link.lot)
        if path is not None:
            return _to(path, query)
    path = queries.find_product_of_gtin(link.gtin)
    if path is None:
        raise UnknownGtin()
    if link.lot is not None:
        marker = f"{UNKNOWN_LOT}={quote(link.lot, safe='')}"
        query = f"{query}&{marker}" if query else marker
    return _to(path, query)


def _read() -> DigitalLink:
    """Read the address that was asked for.

    :raises traceability.digital_link.Malformed: a subclass that says what is wrong
    """
    raw = _raw_path()
    if raw is not None:
        return digital_link.parse(raw, _attributes(), trailing_slash=True)
    readings, problems = [], []
    for path in _written_anew(request.path):
        try:
            readings.append(digital_link.parse(path, _attributes(), trailing_slash=True))
        except InvalidInput as problem:
            problems.append(problem)
    if not readings:
        raise problems[0]
    return next((link for link in readings if link.gtin and link.lot and _is_known(link)), readings[0])


def _raw_path() -> str | None:
    """Give the path as it came over the wire, where the server tells it."""
    for name in ("RAW_URI", "REQUEST_URI"):
        whole = request.environ.get(name)
        if whole:
            path = str(whole).partition("?")[0]
            return "/" + path.split("/", 3)[3] if "://" in path else path
    return None


def _attributes() -> str:
    return request.query_string.decode("latin-1")


def _written_anew(path: str) -> list[str]:
    """Encode a decoded path again: by its segments, and with all that follows ``/10/`` as the lot."""
    encode = digital_link.percent_encode
    ways = ["/".join(encode(segment) for segment in path.split("/"))]
    before, mark, lot = path.partition("/10/")
    if mark and "/" in lot.rstrip("/"):
        ways.append("/".join(encode(segment) for segment in before.split("/")) + "/10/" + encode(lot.rstrip("/")))
    return ways


def _is_known(link: DigitalLink) -> bool:
    return queries.find_batch_of_gtin(link.gtin or "", link.lot or "") is not None


def _to(path: str, query: str) -> BaseResponse:
    answer = redirect(path + (f"?{query}" if query else ""), 307)
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _malformed(problem: InvalidInput) -> Response:
    page = render_template("traceability/resolver/malformed.html", problem=words_of(problem), typed=request.path[:120])
    return make_response(page, 400)
