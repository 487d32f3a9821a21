"""Products and prices by Excel: take the file out, change it, look at what it would do, then let it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response as Answer

from accounts.actor import Permission
from accounts.queries import get_organisation
from accounts.web.forms import BaseForm, answer_status, show_refusal, words_of
from accounts.web.guard import current_actor, requires
from admin.product_forms import ApplyForm, SheetForm
from admin.products import in_english
from catalog import spreadsheet
from kernel import clock, media
from kernel.db import rehearsal, transaction
from kernel.errors import DomainError, NotFound

blueprint = Blueprint("product_files", __name__, url_prefix="/quan-tri/san-pham/bang-tinh")

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: So many lines of a report are shown; the file holds the rest.
MOST_SHOWN = 300


@blueprint.get("")
@requires(Permission.EDIT_PRODUCTS)
def show() -> str:
    """Offer the file, and take a changed one."""
    return render_template("admin/product_files/show.html", form=SheetForm())


@blueprint.get("/san-pham.xlsx")
@requires(Permission.READ_PRODUCTS)
def download() -> Response:
    """Give the products one may see as an Excel file."""
    titles = {column.key: title_of(column) for column in spreadsheet.columns()}
    data = spreadsheet.write(current_actor(), titles=titles, today=clock.business_date(clock.now()))
    answer = Response(data, mimetype=MEDIA_TYPE)
    answer.headers["Content-Disposition"] = 'attachment; filename="san-pham.xlsx"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.post("")
@requires(Permission.EDIT_PRODUCTS)
def look() -> str | Answer | tuple[str, int]:
    """Say what a file would do, row by row, and do nothing yet."""
    form = SheetForm()
    if form.validate_on_submit():
        data: bytes = form.file.data.read(spreadsheet.MOST_BYTES + 1)
        try:
            report = _rehearse(data)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            digest = media.store().put(data, "xlsx")
            return _report_page(ApplyForm(formdata=None, data={"digest": digest, "promise": report.promise}), report)
    return render_template("admin/product_files/show.html", form=form), answer_status(form)


@blueprint.post("/ap-dung")
@requires(Permission.EDIT_PRODUCTS)
def apply() -> str | Answer | tuple[str, int]:
    """Do what was shown, all of it or nothing; if products changed meanwhile, show it anew."""
    form = ApplyForm()
    try:
        data = media.store().read(form.digest.data or "", "xlsx")
    except NotFound:  # too old, or never looked at here
        return redirect(url_for("product_files.show"), 303)
    actor = current_actor()
    try:
        with transaction():
            producer = get_organisation(actor, actor.organisation_code)
            report = spreadsheet.take_in(producer, actor, data, promise=form.promise.data or "", now=clock.now())
            changed = len(report.changes)
    except (spreadsheet.ChangedMeanwhile, spreadsheet.StillWrong) as refusal:
        report = _rehearse(data)
        anew = ApplyForm(formdata=None, data={"digest": form.digest.data, "promise": report.promise})
        show_refusal(anew, refusal)
        return _report_page(anew, report)
    flash(ngettext("One change was taken in.", "%(num)s changes were taken in.", changed), "good")
    return redirect(url_for("products.index"), 303)


def title_of(column: spreadsheet.Column) -> str:
    """Name a column in the reader's language."""
    if column.label is None:
        return str(gettext(column.title))
    name = " / ".join(dict.fromkeys(english if in_english() else vietnamese for vietnamese, english in column.names))
    return name if column.language == "vi" else str(gettext("%(name)s, in English", name=name))


def _rehearse(data: bytes) -> spreadsheet.Report:
    actor = current_actor()
    with rehearsal():
        producer = get_organisation(actor, actor.organisation_code)
        return spreadsheet.work_through(producer, actor, data, now=clock.now())


def _report_page(form: BaseForm, report: spreadsheet.Report) -> tuple[str, int]:
    titles = {column.key: title_of(column) for column in spreadsheet.columns()}
    problems = [
        {"row": row.row, "column": titles.get(row.column, ""), "words": words_of(row.error)} for row in report.problems
    ]
    page = render_template(
        "admin/product_files/report.html",
        form=form,
        report=report,
        problems=problems[:MOST_SHOWN],
        changes=[_change(row, titles) for row in report.changes[:MOST_SHOWN]],
        most=MOST_SHOWN,
    )
    return page, 422 if problems and not form.errors else answer_status(form)


def _change(row: spreadsheet.Change, titles: dict[str, str]) -> dict[str, Any]:
    column, _, day = row.column.partition("@")
    if not row.column:
        what = gettext("new product")
    elif column == "price_vnd":
        year, month, of_month = day.split("-")
        what = gettext("price from %(day)s", day=f"{of_month}/{month}/{year}")
    else:
        what = titles.get(column, column)
    return {
        "row": row.row,
        "product": row.product,
        "what": f"{row.item}: {what}" if row.item else what,
        "is_price": column == "price_vnd",
        "before": _short(row.before),
        "after": _short(row.after),
    }


def _short(text: str, most: int = 120) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
