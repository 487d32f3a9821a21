"""Labels of a batch: choose the sheet, look at one, get them as PDF or SVG; what was printed is on record."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext, ngettext
from markupsafe import Markup
from werkzeug.wrappers import Response as Answer
from wtforms import BooleanField, RadioField
from wtforms.validators import InputRequired, Optional

from accounts.actor import Permission
from accounts.web.forms import BaseForm, QuantityField, RequestKey, answer_status, choice, show_refusal
from accounts.web.guard import current_actor, requires
from admin.batches import download, plain
from admin.saying import said
from kernel import clock, replays
from kernel.db import db, lock, transaction
from kernel.errors import N_, DomainError
from traceability import batches, item_queries, items, printing, queries, sheets
from traceability.item_models import StickerRoll
from traceability.labels import Label, Level
from traceability.models import Batch, Lot
from traceability.queries import BatchRow
from traceability.sheets import Sheet

blueprint = Blueprint("labels", __name__, url_prefix="/quan-tri/lo-hang")

OWN_ROLL, OWN_GRID = "own-roll", "own-a4"
SHEETS = {
    "a4-24": N_("A4, 24 labels of 70 × 37 mm"),
    "a4-40": N_("A4, 40 labels of 52.5 × 29.7 mm"),
    "a4-21": N_("A4, 21 labels of 63.5 × 38.1 mm"),
    "a4-12": N_("A4, 12 labels of 105 × 48 mm"),
    "a4-8": N_("A4, 8 labels of 105 × 74 mm"),
    "roll-40x30": N_("Roll, 40 × 30 mm"),
    "roll-50x30": N_("Roll, 50 × 30 mm"),
    OWN_ROLL: N_("Roll, a size of my own"),
    OWN_GRID: N_("A4 full of labels of my own size"),
}
BATCH, PACKS = "batch", "packs"


class SheetForm(BaseForm):
    """On what to print: shared by labels of batches and by stickers."""

    sheet = choice(lazy_gettext("Sheet or roll"))
    width = QuantityField(lazy_gettext("Width of my label (mm)"), [Optional()], unit="mm", most=10_000)
    height = QuantityField(lazy_gettext("Height of my label (mm)"), [Optional()], unit="mm", most=10_000)
    skip = QuantityField(
        lazy_gettext("Places of the first sheet that are used up"),
        [Optional()],
        least=0,
        most=200,
        default=0,
        description=lazy_gettext("0 for a new sheet."),
    )
    is_rubbed = BooleanField(
        lazy_gettext("The pack gets wet or rubbed"),
        description=lazy_gettext("Prints a code that is still read when a quarter of it is gone."),
    )
    both = BooleanField(lazy_gettext("English under the Vietnamese"))
    form = choice(lazy_gettext("File"), {"pdf": lazy_gettext("PDF"), "svg": lazy_gettext("SVG, for a print shop")})

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.sheet.choices = [(key, gettext(label)) for key, label in SHEETS.items()]

    @property
    def level(self) -> Level:
        """The error correction asked for."""
        return "Q" if self.is_rubbed.data else "M"

    def chosen_sheet(self) -> Sheet | None:
        """Give the sheet; None with a sentence beside the field when its size cannot be."""
        if self.sheet.data not in (OWN_ROLL, OWN_GRID):
            sheet = sheets.PRESETS[self.sheet.data]
        else:
            own = sheets.own_roll if self.sheet.data == OWN_ROLL else sheets.own_grid
            try:
                sheet = own((self.width.data or 0) / 10, (self.height.data or 0) / 10)
            except DomainError as refusal:
                show_refusal(self, refusal)
                return None
        if (self.skip.data or 0) >= sheet.places and not sheet.is_roll:
            self.skip.errors = [
                *self.skip.errors,
                gettext("The sheet has %(places)s places: at most one less can be used up.", places=sheet.places),
            ]
            return None
        return sheet

    def on_what(self) -> dict[str, Any]:
        """Give what was chosen, as the address of the page carries it on (see :func:`chosen_before`)."""
        return {name: form.data for name, form in self._fields.items() if name in _ON_WHAT and form.data}

    def first_place(self, sheet: Sheet) -> int:
        """Give how many places are used up; a roll has none to skip."""
        return 0 if sheet.is_roll else self.skip.data or 0


_ON_WHAT = ("sheet", "width", "height", "skip", "is_rubbed", "both", "form")


def chosen_before() -> dict[str, Any]:
    """Read from the address what was chosen on the page before; what cannot be is left out."""
    asked = {name: request.args[name] for name in _ON_WHAT if name in request.args}
    numbers = {name: int(asked[name]) for name in ("width", "height", "skip") if asked.get(name, "").isdecimal()}
    ticked = {name: True for name in ("is_rubbed", "both") if asked.get(name) == "True"}
    words = {"sheet": SHEETS, "form": ("pdf", "svg")}
    return numbers | ticked | {name: asked[name] for name, known in words.items() if asked.get(name) in known}


class BatchLabelsForm(SheetForm):
    """How many labels, all alike or each with a code of its own."""

    request_key = RequestKey()
    what = RadioField(lazy_gettext("Which code"), [InputRequired()], default=BATCH)
    count = QuantityField(lazy_gettext("How many labels"), [InputRequired()], most=1_200, default=24)

    def __init__(self, *, with_packs: bool, **options: Any) -> None:
        super().__init__(**options)
        self.what.choices = [(BATCH, gettext("The code of the batch, the same on all"))]
        if with_packs:
            self.what.choices.append((PACKS, gettext("A code of its own for each pack")))


@blueprint.route("/<int:lot_id>/in-tem", methods=["GET", "POST"])
@requires(Permission.EDIT_BATCHES)
def of_batch(lot_id: int) -> str | tuple[str, int] | Answer:
    """Ask how many labels of which kind, show one, and give the sheets."""
    actor = current_actor()
    row = queries.get_batch(actor, lot_id)
    batches.check_label(row.batch.lot)
    form = BatchLabelsForm(with_packs=items.is_on(row.product_id))
    label = _label(row, bool(form.both.data))
    preview, sheet = None, sheets.A4_24
    if form.validate_on_submit():
        chosen = form.chosen_sheet()
        if chosen is not None:
            sheet = chosen
            try:
                sheets.compose(label, sheet, form.level)
                if "look" not in request.form:
                    return _printed(row, label, form, sheet)
            except DomainError as refusal:
                show_refusal(form, refusal)
    if not form.errors:
        preview = preview_of(label, sheet, form.level)
    page = render_template(
        "admin/label_sheets/of_batch.html",
        form=form,
        row=row,
        today=clock.business_date(clock.now()),
        name=f"{said(row, 'name')}, {said(row.item, 'name')} · {row.batch.number}",
        preview=preview,
        sheet=sheet,
        prints=item_queries.prints_of(actor, lot_id=lot_id),
        sheet_names=SHEETS,
    )
    return page, answer_status(form)


def _label(row: BatchRow, both: bool) -> Label:
    return printing.batch_label(
        row,
        base_url=current_app.config["OCOP"].base_url,
        today=clock.business_date(clock.now()),
        in_english_too=both,
    )


def preview_of(label: Label, sheet: Sheet, level: Level) -> Markup | None:
    """Draw one label for the page; None where it cannot be."""
    try:
        svg = sheets.label_svg(label, sheet, level)
    except DomainError:
        return None
    return Markup(svg)  # noqa: S704 our own drawing escapes its words


def _printed(row: BatchRow, label: Label, form: BatchLabelsForm, sheet: Sheet) -> Answer:
    """Make the labels, write down that they were printed, and give them."""
    count: int = form.count.data or 0
    if form.what.data == PACKS:
        return _with_codes(row, form, count)
    labels = [label] * count
    made = rendered(labels, form, sheet, title=f"Tem lô {row.batch.number}")
    with transaction():
        lock(db.session.get_one(Lot, row.batch.lot_id))
        _record(labels, row, form, sheet)
    return as_file(made, form.form.data, f"tem-{plain(row.batch.number)}")


def _with_codes(row: BatchRow, form: BatchLabelsForm, count: int) -> Answer:
    """Make a code for each label, and lead to where they are printed.

    A file as the answer would leave the form open, and pressed again it would have to guess: the same codes, or more?
    """
    actor, now = current_actor(), clock.now()
    with transaction():
        earlier = replays.claim(actor.user_id, form.request_key.data, now=now)
        if earlier is None:
            batch = db.session.get_one(Batch, row.batch.lot_id)
            roll_id = items.make_for_batch(batch, count, actor=actor, now=now).id
            replays.answer(actor.user_id, form.request_key.data, roll_id)
        else:  # the same form sent twice makes no second set of codes
            roll_id = int(earlier)
    flash(
        ngettext("%(num)s code is made for this batch.", "%(num)s codes are made for this batch.", count)
        + " "
        + gettext("Make the file here, again if need be: the codes stay the same."),
        "good",
    )
    return redirect(url_for("rolls.print_roll", roll_id=roll_id, **form.on_what()), 303)


def _record(labels: Sequence[Label], row: BatchRow, form: SheetForm, sheet: Sheet) -> None:
    printing.record(
        labels,
        batch=row.batch,
        roll=None,
        organisation_id=row.owner.id,
        sheet=sheet,
        form=form.form.data,
        actor=current_actor(),
        now=clock.now(),
    )


def labels_of_roll(roll: StickerRoll, label: Label, *, gtin: str | None) -> list[Label]:
    """Give the labels of a roll's codes that are not void, in its order."""
    base_url = current_app.config["OCOP"].base_url
    return [
        printing.pack_label(label, code, roll=roll, gtin=gtin, base_url=base_url) for code in items.codes_of(roll.id)
    ]


def rendered(labels: Sequence[Label], form: SheetForm, sheet: Sheet, *, title: str) -> bytes | list[str]:
    """Draw the labels as the form asks."""
    skip = form.first_place(sheet)
    if form.form.data == "svg":
        return sheets.label_sheet_svgs(labels, title=title, sheet=sheet, level=form.level, skip=skip)
    return sheets.label_sheet_pdf(labels, title=title, now=clock.now(), sheet=sheet, level=form.level, skip=skip)


def as_file(made: bytes | list[str], form: str, name: str) -> Response:
    """Answer with the sheets: a PDF, an SVG, or several SVGs in a ZIP."""
    if isinstance(made, bytes):
        return download(made, "application/pdf", f"{name}.pdf")
    if len(made) == 1:
        return download(made[0].encode(), "image/svg+xml", f"{name}.svg")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, page in enumerate(made, start=1):
            archive.writestr(f"{name}-{number:03d}.svg", page)
    return download(file.getvalue(), "application/zip", f"{name}.zip")


__all__ = ["SheetForm", "as_file", "blueprint", "chosen_before", "labels_of_roll", "preview_of", "rendered"]
