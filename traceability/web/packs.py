"""The page of one pack's code: light, made anew each time, with what is on record and how often it was checked.

It leads on to the batch's page, which is a rendered copy and knows no counts. A check is written down after it was
decided what to say, by one statement; when that fails the page is shown all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

import structlog
from flask import Blueprint, current_app, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response as BaseResponse
from wtforms import BooleanField, RadioField
from wtforms.validators import InputRequired

from accounts.actor import ANONYMOUS
from accounts.web.forms import BaseForm, answer_status, line, paragraphs, show_refusal
from accounts.web.guard import current_actor, own_path, public
from accounts.web.limits import few_made
from kernel import clock, gs1
from kernel.db import transaction
from kernel.errors import N_, DomainError
from kernel.text import nfc, one_line
from traceability import cases, items, known_lots, queries, scans
from traceability.cases import REPORTED
from traceability.item_models import CaseKind
from traceability.items import Finding, NoSuchCode, Pack
from traceability.known_lots import REPORT
from traceability.queries import GoodsOfGtin
from traceability.web import unknown
from traceability.web.own_links import SAID_GTIN, SAID_LOT
from traceability.web.words import said

blueprint = Blueprint("pack", __name__)
log = structlog.get_logger()

KINDS = {
    CaseKind.MISMATCH: N_("The pack does not match the page"),
    CaseKind.OPENED: N_("The pack had been opened, or its code was checked before"),
    CaseKind.QUALITY: N_("Something is wrong with the goods"),
    CaseKind.OTHER: N_("Something else"),
}


class ReportForm(BaseForm):
    """What somebody saw, and how to reach them if they like."""

    kind = RadioField(lazy_gettext("What is it about?"), [InputRequired()])
    text = paragraphs(lazy_gettext("What did you see?"), longest=cases.LONGEST_TEXT)
    contact = line(
        lazy_gettext("Telephone number or e-mail"),
        longest=cases.LONGEST_CONTACT,
        required=False,
        description=lazy_gettext("Only if you want an answer."),
    )
    agrees = BooleanField(
        lazy_gettext("The office may keep this to answer me. It is deleted when the report is closed.")
    )


@blueprint.get("/m/<serial>")
@public
def show(serial: str) -> BaseResponse:
    """Show what is on record about the pack with this code."""
    typed = items.typed_serial(serial)
    if typed != serial and items.is_serial(typed):
        return redirect(_with_query(url_for("pack.show", serial=typed)), 301)
    now, source = clock.now(), _source()
    goods, said_lot = _said_by_link(serial)
    try:
        pack = items.get_pack(serial, now=now)
    except NoSuchCode:
        return _unknown(serial, source, goods, said_lot)
    region = _region()
    finding = items.judge(pack, region=region, source=source, now=now)
    number = _recorded(pack, finding, region, source)
    page = render_template(
        "traceability/packs/show.html",
        pack=pack,
        finding=_told(finding, number),
        number=number,
        first_at=pack.first_at or now,
        code=items.spoken(serial),
        host=unknown.host(),
        goods=goods,
        said_lot=said_lot,
    )
    return _never_kept(make_response(page))


def _region() -> str | None:
    """Tell where the reader is, as far as a proxy before us says: without one anybody could write these headers."""
    if not current_app.config["OCOP"].base_url.startswith("https://"):
        return None
    return scans.coarse(scans.region_of(request.headers.get("CF-IPCountry", ""), request.headers.get("X-Region", "")))


def _with_query(path: str) -> str:
    query = request.query_string.decode("latin-1")
    return f"{path}?{query}" if query else path


def _said_by_link(serial: str) -> tuple[GoodsOfGtin | None, str]:
    """Give the goods and the lot that the link on the pack named, where the record of the code says otherwise."""
    gtin, lot = request.args.get(SAID_GTIN, "")[:14], nfc(request.args.get(SAID_LOT, ""))[: gs1.LONGEST_LOT]
    if not (gtin.isascii() and gtin.isdigit()) or not items.is_otherwise(gtin, lot or None, serial):
        return None, ""
    return known_lots.goods_of_gtin(gtin, lot or None), lot


def _told(finding: Finding, number: int) -> str:
    """Of two who were the first at once, the second one reads that it was not; a look that does not count is none."""
    if finding in (Finding.FIRST, Finding.AGAIN):
        finding = Finding.FIRST if number == 1 else Finding.AGAIN
    return finding.value


def _recorded(pack: Pack, finding: Finding, region: str | None, source: str) -> int:
    """Write the check down and give its number; staff, programs and a page loaded again are no check."""
    now = clock.now()
    before = items.same_look(pack, source=source, now=now)
    if before is not None:
        return before.number
    if _is_no_buyer():
        return pack.checks
    try:
        with transaction():
            return items.record_check(pack, finding, region=region, source=source, now=now)
    except SQLAlchemyError as problem:
        log.warning("a check was not written down", problem=type(problem).__name__)
        return pack.checks + 1


def _unknown(serial: str, source: str, goods: GoodsOfGtin | None, said_lot: str) -> BaseResponse:
    """Say that there is no such code; to one who tries out many, say no more for a while.

    :param goods: what the link on the pack named besides: of that there is something to tell
    """
    if _tries_out(source):
        return _too_many()
    report_path = _with_query(url_for("pack.report", serial=serial[: unknown.LONGEST]))
    if goods is not None:
        page = render_template(
            "traceability/packs/unknown.html",
            code=items.spoken(serial),
            goods=goods,
            said_lot=said_lot,
            host=unknown.host(),
            report_path=report_path,
        )
        return _never_kept(make_response(page))
    return _never_kept(make_response(unknown.page(serial, report_path)))


def _tries_out(source: str) -> bool:
    """Tell whether a source asked for too many codes that are not there; note that it asked for one more."""
    now = clock.now()
    if items.asks_too_much(source, now=now):
        return True
    if current_actor() is ANONYMOUS:  # programs too: who tries out codes is one
        try:
            with transaction():
                items.record_unknown(region=_region(), source=source, now=now)
                if items.asks_too_much(source, now=now):
                    cases.note_enumeration(source, now=now)
        except SQLAlchemyError as problem:
            log.warning("a check was not written down", problem=type(problem).__name__)
    return False


def _too_many() -> BaseResponse:
    answer = _never_kept(make_response(render_template("traceability/packs/too_many.html"), 429))
    answer.headers["Retry-After"] = str(int(items.UNKNOWN_WITHIN.total_seconds()))
    return answer


def _source() -> str:
    secret = str(current_app.config["SECRET_KEY"])
    return items.source_of(request.remote_addr or "", secret=secret, now=clock.now())


def _is_no_buyer() -> bool:
    """Tell staff and programs, which fetch a page to show what it is about, from people who hold a pack."""
    return scans.is_bot(request.headers.get("User-Agent", "")) or current_actor() is not ANONYMOUS


def _never_kept(answer: BaseResponse) -> BaseResponse:
    answer.headers["Cache-Control"] = "no-store"
    return answer


@dataclass(frozen=True)
class _Subject:
    """What a report is about."""

    words: str
    code: str
    path: str
    organisation_id: int | None
    code_id: int | None = None
    lot_id: int | None = None  #: of a batch
    about: str = ""  #: what is neither a code nor a batch on record


@blueprint.route("/m/<serial>/phan-anh", methods=["GET", "POST"])
@public
@few_made("5 per minute; 20 per hour")
def report(serial: str) -> str | tuple[str, int] | BaseResponse:
    """Take a report about a pack; the office that looks after the producer answers it."""
    try:
        pack = items.get_pack(items.typed_serial(serial), now=clock.now())
    except NoSuchCode:
        return _report_unknown(serial)
    return _report(
        _Subject(
            words=said(pack, "name") or said(pack, "producer"),
            code=items.spoken(pack.serial),
            path=url_for("pack.show", serial=pack.serial),
            code_id=pack.code_id,
            lot_id=pack.lot_id,
            organisation_id=pack.organisation_id,
        )
    )


@blueprint.route("/lo/<organisation_code>/<token>/phan-anh", methods=["GET", "POST"])
@public
@few_made("5 per minute; 20 per hour")
def report_batch(organisation_code: str, token: str) -> str | tuple[str, int] | BaseResponse:
    """Take a report about a batch."""
    batch, _, _ = queries.public_batch(organisation_code, token)
    return _report(
        _Subject(
            words=f"{batch.lot.name_vi} · {batch.number}",
            code=queries.spoken_code(organisation_code, token),
            path=queries.path_of(organisation_code, token),
            lot_id=batch.lot_id,
            organisation_id=batch.lot.owner_id,
        )
    )


@blueprint.route(f"/truy-xuat/lo/{REPORT}", methods=["GET", "POST"])
@public
@few_made("5 per minute; 20 per hour")
def report_known_lot() -> str | tuple[str, int] | BaseResponse:
    """Take a report about a lot that captured events alone tell of, by its name."""
    name = known_lots.read(one_line(request.args.get("ma", "")))
    found = known_lots.known([name]).get(name)
    if found is None:
        raise queries.NoSuchBatch()
    if found.batch_path is not None:
        return redirect(found.beside(REPORT), 303)
    words = said(found.lot, "name") if found.is_described else said(found.owner, "name")
    about = f"{words} · {found.number}"
    return _report(_Subject(words, found.number, found.path, organisation_id=found.owner.id, about=about))


@blueprint.route(unknown.PAGE, methods=["GET", "POST"])
@public
@few_made("5 per minute; 20 per hour")
def report_typed() -> str | tuple[str, int] | BaseResponse:
    """Take a report about what somebody typed, where nothing is on record under it."""
    typed = one_line(request.args.get("ma", ""))[: unknown.LONGEST]
    if not typed:
        return redirect("/truy-xuat", 303)
    path = f"/truy-xuat?{urlencode({'ma': typed})}"
    words = gettext("This code is not in the system.")
    return _report(_Subject(words, typed, path, organisation_id=None, about=typed))


def _report_unknown(serial: str) -> str | tuple[str, int] | BaseResponse:
    """Take a report about a pack whose code is not on record; one who tries codes out is not heard."""
    source, now = _source(), clock.now()
    if items.asks_too_much(source, now=now) if request.method == "POST" else _tries_out(source):
        return _too_many()
    goods, said_lot = _said_by_link(serial)
    typed = items.typed_serial(serial)
    code = items.spoken(typed) if items.is_serial(typed) else one_line(serial)[: unknown.LONGEST]
    words = said(goods, "name") if goods is not None else gettext("This code is not in the system.")
    told = [code, *([f"GTIN {goods.gtin}"] if goods is not None else []), *([said_lot] if said_lot else [])]
    return _report(
        _Subject(
            words,
            code,
            _with_query(url_for("pack.show", serial=serial[: unknown.LONGEST])),
            organisation_id=goods.producer_id if goods is not None else None,
            about=" · ".join(told),
        )
    )


def _report(subject: _Subject) -> str | tuple[str, int] | BaseResponse:
    now = clock.now()
    form = ReportForm()
    form.kind.choices = [(kind.value, gettext(KINDS[kind])) for kind in REPORTED]
    if form.validate_on_submit():
        try:
            with transaction():
                cases.report(
                    CaseKind(form.kind.data),
                    form.text.data or "",
                    contact=form.contact.data or "",
                    agrees=bool(form.agrees.data),
                    code_id=subject.code_id,
                    lot_id=subject.lot_id,
                    organisation_id=subject.organisation_id,
                    about=(subject.about, subject.path) if subject.about else None,
                    now=now,
                )
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            return redirect(url_for("pack.thanks", tu=subject.path), 303)
    return render_template("traceability/packs/report.html", form=form, subject=subject), answer_status(form)


@blueprint.get("/phan-anh/da-nhan")
@public
def thanks() -> str:
    """Say that the report arrived, and lead back to where it came from."""
    back = own_path(request.args.get("tu"))
    return render_template("traceability/packs/thanks.html", back=back)
