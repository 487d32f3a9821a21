"""The page of a lot that captured events alone tell of: found by the name on its packs, made anew each time."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from accounts.web.guard import public
from kernel import clock
from kernel.clock import business_date
from kernel.text import one_line
from traceability import known_lots, queries
from traceability.known_lots import KnownLot, Told
from traceability.models import LotState
from traceability.web.telling import Verdict
from traceability.web.words import day, said

blueprint = Blueprint("known_lot", __name__)

_BAD = ("recalled", "non_sellable_other", "non_conformant", "destroyed", "damaged")


@blueprint.get("/truy-xuat/lo")
@public
def show() -> BaseResponse:
    """Show what everybody may know of a lot by its name, what stops it first; or say that it is not known."""
    typed = one_line(request.args.get("ma", ""))
    name = known_lots.read(typed)
    found = known_lots.known([name]).get(name)
    if found is None:
        page = render_template("traceability/look_up/unknown.html", typed=typed[:60])
        return make_response(page, 404)
    if found.batch_path is not None:
        return redirect(found.batch_path, 303)
    goods = queries.goods_of_gtin(found.gtin, None) if found.gtin is not None else None
    told = known_lots.story_of(found.lot)
    page = render_template(
        "traceability/known_lot/show.html",
        found=found,
        owner=found.owner,
        goods=goods,
        told=told,
        verdict=_verdict_of(found, told, clock.business_date(clock.now())),
        steps=_steps(found, told),
    )
    answer = make_response(page)
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _verdict_of(found: KnownLot, told: Told, today: date) -> Verdict:
    lot, declarer = found.lot, said(found.owner, "name")
    if found.is_stopped:
        state = "recalled" if lot.state is LotState.RECALLED else "held"
        return Verdict(state, on=day(lot.state_since), declarer=declarer, reason=said(lot, "state_reason"))
    if told.expires_on is not None and told.expires_on < today:
        return Verdict("past_date", on=day(told.expires_on), declarer=declarer)
    return Verdict("declared", on=day(lot.created_at), declarer=declarer)


def _steps(found: KnownLot, told: Told) -> list[dict[str, Any]]:
    """Tell the events as the ``timeline`` macro wants them."""
    return [
        {
            "date": day(event.event_at),
            "title": said(event, "title"),
            "place": "" if organisation.id == found.owner.id else said(organisation, "name"),
            "text": gettext("Corrected on %(day)s.", day=day(event.recorded_at)) if event.corrects_id else None,
            "is_bad": event.disposition in _BAD,
            "machine_date": business_date(event.event_at).isoformat(),
        }
        for event, organisation in told.happenings
    ]
