"""The page of a lot that captured events alone tell of: found by the name on its packs, made anew each time."""

from __future__ import annotations

import base64
from datetime import date

from flask import Blueprint, make_response, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from accounts.web.guard import public
from kernel import clock, proof
from kernel.text import one_line
from traceability import known_lots, queries, records, scans
from traceability.known_lots import REPORT, KnownLot, Told
from traceability.models import LotState
from traceability.queries import GoodsOfGtin
from traceability.web import telling, unknown
from traceability.web.telling import Verdict
from traceability.web.words import day, said

blueprint = Blueprint("known_lot", __name__)


@blueprint.get(known_lots.PATH)
@public
def show() -> BaseResponse:
    """Show what everybody may know of a lot by its name, what stops it first; or say that it is not known."""
    typed = one_line(request.args.get("ma", ""))
    name = known_lots.read(typed)
    found = known_lots.known([name]).get(name)
    if found is None:
        return make_response(unknown.page(typed))
    if found.batch_path is not None:
        return redirect(found.batch_path, 303)
    request.environ[scans.OPENED_LOT] = found.lot.id
    goods = queries.goods_of_gtin(found.gtin, None) if found.gtin is not None else None
    told = known_lots.story_of(found)
    name = _name_of(found, goods)
    chain, listed = telling.chain_of(told, name)
    in_log = [happening for happening in told.happenings if happening.position is not None]
    readable = records.published([happening.event.event_id for happening in in_log]) if in_log else set()
    is_checked = bool(in_log) and len(readable) == len(in_log)
    page = render_template(
        "traceability/known_lot/show.html",
        found=found,
        owner=found.owner,
        goods=goods,
        name=name,
        told=told,
        verdict=_verdict_of(found, told, clock.business_date(clock.now())),
        steps=telling.timeline_of(told, {}),
        chain=chain if told.edges else None,
        chain_list=listed,
        happenings=told.happenings,
        in_log=in_log,
        proof_path="/so-minh-bach" + found.proof_path,
        log_key=base64.b64encode(proof.signer().public).decode() if is_checked else "",
        report_path=found.beside(REPORT),
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


def _name_of(found: KnownLot, goods: GoodsOfGtin | None) -> str:
    if goods is not None:
        return said(goods, "name")
    if found.is_described:
        return said(found.lot, "name")
    words: str = gettext("Goods of %(owner)s", owner=said(found.owner, "name"))
    return words
