"""Everything about a lot in one file, and the sortable spreadsheet of FSMA 204; every fetch is in the audit trail."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import cast

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as Answer
from wtforms.validators import InputRequired

from accounts.actor import Actor, Permission
from accounts.web.forms import BaseForm, DayField, RequestKey, answer_status, show_refusal
from accounts.web.guard import current_actor, requires
from kernel import clock, files, media, replays
from kernel.db import db, retrying, transaction
from kernel.errors import N_, InvalidInput
from oversight import exporting, queries
from oversight.export_models import LotFile
from traceability.exports import bundle, fsma, gathering
from traceability.exports.record import DocumentRow, Record
from traceability.models import Lot, LotKind

blueprint = Blueprint("lot_files", __name__, url_prefix="/quan-tri/ho-so-lo")

MOST_DAYS = 400
_SHEETS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


class DaysTheWrongWay(InvalidInput):
    message = N_("The last day lies before the first. Please look at both again.")
    field = "last"


class TooManyDays(InvalidInput):
    message = N_("Please ask for at most %(most)s days at once.")
    field = "last"


class NothingHappened(InvalidInput):
    message = N_("Nothing was recorded in these days.")
    field = "last"


class AskForm(BaseForm):
    """Nothing but the act itself."""

    request_key = RequestKey()


class DaysForm(BaseForm):
    """From which day to which."""

    first = DayField(lazy_gettext("From the day"), [InputRequired()])
    last = DayField(lazy_gettext("To the day, included"), [InputRequired()])


@blueprint.route("", methods=["GET", "POST"])
@requires(Permission.READ_BATCHES)
def days() -> str | tuple[str, int] | Response:
    """Ask for the spreadsheet of a range of days, and give it."""
    actor, now = current_actor(), clock.now()
    today = clock.business_date(now)
    form = DaysForm(data={"first": today - timedelta(days=30), "last": today})
    if form.validate_on_submit():
        try:
            return _sheet_of_days(actor, form, request.form.get("dang", "xlsx"), now)
        except InvalidInput as refusal:
            show_refusal(form, refusal)
    return render_template("admin/lot_files/days.html", form=form), answer_status(form)


def _sheet_of_days(actor: Actor, form: DaysForm, form_of_file: str, now: datetime) -> Response:
    first, last = cast(date, form.first.data), cast(date, form.last.data)
    if last < first:
        raise DaysTheWrongWay()
    if (last - first).days >= MOST_DAYS:
        raise TooManyDays(most=MOST_DAYS)
    until = clock.start_of_day(last + timedelta(days=1))
    lot_ids = gathering.lots_of_days(actor, clock.start_of_day(first), until)
    if not lot_ids:
        raise NothingHappened()
    asked = f"{first.isoformat()} – {last.isoformat()}"
    record = exporting.record_of(actor, lot_ids, whole=False, asked=asked, now=now)
    rows = fsma.rows_of(record, first=first, last=last)
    with transaction():
        exporting.downloaded(actor, lot_ids[0], what=f"fsma:{asked}", digest=None, now=now)
    return _sheet(record, rows, form_of_file, f"fsma-204-{first:%Y%m%d}-{last:%Y%m%d}", now)


@blueprint.route("/<int:lot_id>", methods=["GET", "POST"])
@requires(Permission.READ_BATCHES)
def show(lot_id: int) -> str | Answer:
    """Show the files about a lot that were asked for, and make another one: at once if it is small."""
    actor, now = current_actor(), clock.now()
    lot = queries.lot_of(actor, lot_id)
    form = AskForm()
    if form.validate_on_submit():
        made: tuple[LotFile, bool] | None = None
        with transaction():
            if replays.claim(actor.user_id, form.request_key.data, now=now) is None:
                made = exporting.ask_for_file(db.session.get_one(Lot, lot_id), actor=actor, now=now)
                replays.answer(actor.user_id, form.request_key.data, made[0].id)
        if made is not None and made[1]:
            make_lot_file(made[0], actor, now=now)
            flash(gettext("The file is made. Save it below."), "good")
        else:
            flash(gettext("The file is being made, because the chain is long. Look again in a few minutes."), "good")
        return redirect(url_for("lot_files.show", lot_id=lot_id), 303)
    return render_template(
        "admin/lot_files/show.html",
        form=form,
        lot=lot,
        is_batch=lot.kind is LotKind.FINISHED,
        made=queries.lot_files_of(actor, lot_id),
        may_export=actor.may(Permission.MANAGE_EXPORTS),
    )


@blueprint.get("/tep/<int:file_id>")
@requires(Permission.READ_BATCHES)
def download(file_id: int) -> Response:
    """Give a file about a lot."""
    actor, now = current_actor(), clock.now()
    row = queries.get_lot_file(actor, file_id)
    if row.digest is None:
        raise files.NoSuchFile()
    digest, number, lot_id = row.digest, row.lot.number, row.lot_id
    data = media.store().read(digest, "zip")
    _note(actor, lot_id, "lot_file", digest, now)
    return as_download(data, "application/zip", f"ho-so-{plain(number)}.zip")


@blueprint.get("/<int:lot_id>/fsma.<any(xlsx,csv):form>")
@requires(Permission.READ_BATCHES)
def sheet(lot_id: int, form: str) -> Response:
    """Give the spreadsheet of a lot and its chain."""
    actor, now = current_actor(), clock.now()
    lot = queries.lot_of(actor, lot_id)
    record = exporting.record_of(actor, [lot.id], now=now)
    rows, name = fsma.rows_of(record), f"fsma-204-{plain(lot.number)}"
    _note(actor, lot_id, "fsma", None, now)
    return _sheet(record, rows, form, name, now)


@retrying
def _note(actor: Actor, lot_id: int, what: str, digest: str | None, now: datetime) -> None:
    with transaction():
        exporting.downloaded(actor, lot_id, what=what, digest=digest, now=now)


def make_lot_file(row: LotFile, actor: Actor, *, now: datetime) -> None:
    """Write everything about a lot into one file, and note it in a transaction of its own."""
    file_id = row.id
    record = exporting.record_of(actor, [row.lot_id], now=now)
    data = bundle.lot_file(record, _content)
    digest = media.store().put(data, "zip")
    with transaction() as session:
        exporting.keep_file(session.get_one(LotFile, file_id), digest, len(data), now=now)


def _content(paper: DocumentRow) -> bytes | None:
    try:
        return media.store().read(paper.digest, paper.suffix)
    except files.NoSuchFile:
        return None


def _sheet(record: Record, rows: list[fsma.Row], form: str, name: str, now: datetime) -> Response:
    form = form if form in _SHEETS else "xlsx"
    if form == "csv":
        data = fsma.as_csv(rows, is_cut=record.is_cut)
    else:
        data = fsma.as_xlsx(rows, asked=record.asked, made_at=now, is_cut=record.is_cut)
    return as_download(data, _SHEETS[form], f"{name}.{form}")


def as_download(data: bytes, media_type: str, name: str) -> Response:
    """Answer with a file that is saved, and kept by nobody on the way."""
    answer = Response(data, content_type=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def plain(number: str) -> str:
    """Make a number fit for the name of a file."""
    return "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-._") else "_" for sign in number)
