"""The public events of a batch in the form of the standard, at an address of its own: where ``gs1:epcis`` leads.

A resolver passes the query on that came with a link, whatever stands in it. The event query under ``/epcis`` refuses
what it does not know, as the standard says; here nothing is asked but the page, and everything else is overlooked.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import quote

from flask import Blueprint, Response, current_app, request
from sqlalchemy import Select

from accounts.actor import ANONYMOUS, Actor
from accounts.web.guard import public
from kernel import clock
from traceability import addresses, queries
from traceability.epcis import queries as events
from traceability.exports import epcis_events
from traceability.web import cross_origin

blueprint = Blueprint("batch_events", __name__)


@blueprint.after_request
def _allow_others(answer: Response) -> Response:
    return cross_origin.allow(answer)


@blueprint.route(
    "/lo/<organisation_code>/<token>/su-kien.jsonld",
    methods=["GET", "HEAD", "OPTIONS"],
    provide_automatic_options=False,
)
@public
def show(organisation_code: str, token: str) -> Response:
    """Give the public events of a released batch as an EPCIS document, the earliest first, a page at a time."""
    if request.method == "OPTIONS":
        return cross_origin.options()
    batch, item, _ = queries.public_batch(organisation_code, token)
    return events_of([addresses.of_goods(organisation_code, batch.token, item.gtin, batch.number)], ANONYMOUS)


def events_of(names: Select[str] | Sequence[str], actor: Actor) -> Response:
    """Answer with the events that name a lot, as far as an actor may see them, a page of them."""
    wanted = {
        "orderBy": ["eventTime"],
        "orderDirection": ["ASC"],
        "perPage": [str(events.MOST_PER_PAGE)],
    }
    begin = request.args.get("nextPageToken")
    asked = events.read(wanted | ({"nextPageToken": [begin]} if begin else {}))
    page = events.search(actor, events.narrowed(asked, events.naming(names)))
    document = epcis_events.document([json.loads(body) for body in page.bodies], made_at=clock.now())
    answer = Response(json.dumps(document, ensure_ascii=False), content_type="application/ld+json")
    if page.next_token is not None:
        own = f"ma={quote(request.args['ma'], safe='')}&" if "ma" in request.args else ""
        here = f"{current_app.config['OCOP'].base_url}{request.path}?{own}"
        answer.headers["Link"] = f'<{here}nextPageToken={quote(page.next_token, safe="")}>; rel="next"'
    answer.headers["Cache-Control"] = "no-cache"
    return answer
