"""What programs read of a lot that captured events alone tell of: its digital passport, and its events.

They stand beside its page and are found by the same name; of a lot that is a batch they are those of the batch.
"""

from __future__ import annotations

import json

from flask import Blueprint, Response, current_app, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from accounts.web.guard import current_actor, public
from kernel import clock
from kernel.text import one_line
from ocop import queries as certificates
from ocop.certification import state
from traceability import known_lots, passport, queries
from traceability.known_lots import EVENTS, PASSPORT, KnownLot
from traceability.web import cross_origin
from traceability.web.batch_events import events_of

blueprint = Blueprint("known_lot_files", __name__, url_prefix="/truy-xuat/lo")
_METHODS = ["GET", "HEAD", "OPTIONS"]


@blueprint.after_request
def _allow_others(answer: Response) -> Response:
    return cross_origin.allow(answer)


@blueprint.route(f"/{EVENTS}", methods=_METHODS, provide_automatic_options=False)
@public
def show_events() -> BaseResponse:
    """Give the events of a lot that who asks may see as an EPCIS document, the earliest first, a page at a time."""
    if request.method == "OPTIONS":
        return cross_origin.options()
    found = _asked()
    if found.batch_path is not None:
        return redirect(found.beside(EVENTS), 307)
    return events_of(known_lots.names_of(found.lot), current_actor())


@blueprint.route(f"/{PASSPORT}", methods=_METHODS, provide_automatic_options=False)
@public
def show_passport() -> BaseResponse:
    """Give the passport of a lot as JSON-LD: what its page tells."""
    if request.method == "OPTIONS":
        return cross_origin.options()
    found = _asked()
    if found.batch_path is not None:
        return redirect(found.beside(PASSPORT), 307)
    today = clock.business_date(clock.now())
    goods = queries.goods_of_gtin(found.gtin, None) if found.gtin is not None else None
    certificate = None
    if goods is not None and goods.product_slug is not None:
        certificate = certificates.latest([goods.product_id], today).get(goods.product_id)
    told = passport.passport_of_known(
        found,
        goods,
        known_lots.story_of(found),
        certificate,
        state(certificate, today) if certificate is not None else None,
        base_url=current_app.config["OCOP"].base_url,
    )
    answer = Response(json.dumps(told, ensure_ascii=False, indent=1), content_type="application/ld+json")
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _asked() -> KnownLot:
    """Find the lot that the address names.

    :raises traceability.queries.NoSuchBatch:
    """
    name = known_lots.read(one_line(request.args.get("ma", "")))
    found = known_lots.known([name]).get(name)
    if found is None:
        raise queries.NoSuchBatch()
    return found
