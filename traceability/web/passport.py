"""The digital passport of a batch, beside its page: the same facts for programs."""

from __future__ import annotations

import json

from flask import Blueprint, Response, current_app

from accounts.web.guard import public
from kernel import clock
from ocop import queries as certificates
from ocop.certification import state
from traceability import addresses, passport, queries
from traceability.web.batch_page import depend_on

blueprint = Blueprint("passport", __name__)


@blueprint.get("/lo/<organisation_code>/<token>/ho-chieu.jsonld")
@public
def show(organisation_code: str, token: str) -> Response:
    """Give the passport of a batch as JSON-LD; a batch that is not released has none."""
    today = clock.business_date(clock.now())
    base_url = current_app.config["OCOP"].base_url
    story = queries.batch_story(organisation_code, token, today)
    depend_on(story)
    certificate = certificates.latest([story.product.id], today).get(story.product.id)
    told = passport.passport(
        story,
        certificate,
        state(certificate, today) if certificate is not None else None,
        page=base_url + queries.path_of(story.producer.code, story.batch.token),
        identity=addresses.printed(story.producer.code, story.batch, story.item, base_url=base_url),
        base_url=base_url,
    )
    answer = Response(json.dumps(told, ensure_ascii=False, indent=1), content_type="application/ld+json")
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["Cache-Control"] = "no-cache"
    return answer
