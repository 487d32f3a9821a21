"""Rolls of stickers: printed ahead, bound to a batch when packed, void when spoiled."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext, ngettext
from flask_wtf.file import FileField
from werkzeug.wrappers import Response as Answer
from wtforms.validators import InputRequired, Optional

from accounts.actor import Actor, Permission
from accounts.models import Organisation
from accounts.web.forms import (
    BaseForm,
    QuantityField,
    RequestKey,
    answer_status,
    choice,
    line,
    set_choices,
    show_refusal,
    words_of,
)
from accounts.web.guard import current_actor, requires
from admin.label_sheets import SHEETS, SheetForm, as_file, chosen_before, labels_of_roll, preview_of, rendered
from admin.saying import said
from catalog.models import TradeItem
from kernel import clock, replays
from kernel.db import db, transaction
from kernel.errors import N_, DomainError, InvalidInput
from traceability import batches, item_queries, items, photos, printing, queries, sheets
from traceability.item_models import ItemState, StickerRoll
from traceability.labels import Label
from traceability.models import Batch

blueprint = Blueprint("rolls", __name__, url_prefix="/quan-tri/cuon-tem")

STATES = {
    ItemState.BLANK: (N_("Blank, not activated"), "wait"),
    ItemState.BOUND: (N_("On packs that are not on sale yet"), "wait"),
    ItemState.ACTIVE: (N_("On packs"), "good"),
    ItemState.VOID: (N_("Void"), "off"),
}


class NewRollForm(BaseForm):
    """How many codes to print ahead, for which goods."""

    request_key = RequestKey()
    count = QuantityField(lazy_gettext("How many stickers"), [InputRequired()], most=items.MOST_CODES, default=240)
    item = choice(lazy_gettext("For which goods"), required=False)
    note = line(lazy_gettext("Note for yourselves"), longest=items.LONGEST_NOTE, required=False)


class BindForm(BaseForm):
    """Which stickers of a roll are on which batch."""

    batch = choice(lazy_gettext("Batch"))
    first = QuantityField(lazy_gettext("First sticker used"), [InputRequired()], most=items.MOST_CODES)
    last = QuantityField(lazy_gettext("Last sticker used"), [InputRequired()], most=items.MOST_CODES)


class ScanForm(BaseForm):
    """One sticker after the other, as a scanner types them; or those in a photo."""

    batch = choice(lazy_gettext("Batch"))
    code = line(lazy_gettext("Code of the sticker"), longest=400, required=False)
    photo = FileField(
        lazy_gettext("Or a photo of stickers"),
        [Optional()],
        description=lazy_gettext("With the camera of a phone: one sticker, or several side by side. It is not kept."),
    )


class VoidForm(BaseForm):
    """Which stickers were spoiled, and why."""

    first = QuantityField(lazy_gettext("First sticker"), [InputRequired()], most=items.MOST_CODES)
    last = QuantityField(lazy_gettext("Last sticker"), [InputRequired()], most=items.MOST_CODES)
    reason = line(lazy_gettext("Why"), longest=items.LONGEST_REASON, required=False)


@blueprint.get("")
@requires(Permission.READ_BATCHES)
def index() -> str:
    """List the rolls one may see."""
    actor = current_actor()
    return render_template(
        "admin/rolls/index.html",
        rolls=item_queries.list_rolls(actor),
        may_edit=actor.may(Permission.EDIT_BATCHES),
        is_office=actor.is_office,
    )


@blueprint.route("/moi", methods=["GET", "POST"])
@requires(Permission.EDIT_BATCHES)
def new() -> str | tuple[str, int] | Answer:
    """Make a roll of blank codes."""
    actor, now = current_actor(), clock.now()
    form = NewRollForm()
    offered = item_queries.items_with_codes(actor.organisation_id or 0)
    set_choices(
        form.item, {one.id: said(one, "name") for one in offered}, empty=gettext("Any goods whose packs carry codes")
    )
    if form.validate_on_submit():
        try:
            with transaction():
                earlier = replays.claim(actor.user_id, form.request_key.data, now=now)
                if earlier is None:
                    roll = items.print_ahead(
                        db.session.get_one(Organisation, actor.organisation_id),
                        form.count.data or 0,
                        item=db.session.get(TradeItem, int(form.item.data)) if form.item.data else None,
                        note=form.note.data or "",
                        actor=actor,
                        now=now,
                    )
                    replays.answer(actor.user_id, form.request_key.data, roll.id)
                    roll_id = roll.id
                else:
                    roll_id = int(earlier)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("The codes are made. Print them now; nobody can use them before you bind them."), "good")
            return redirect(url_for("rolls.show", roll_id=roll_id), 303)
    return render_template("admin/rolls/new.html", form=form, has_items=bool(offered)), answer_status(form)


@blueprint.get("/<int:roll_id>")
@requires(Permission.READ_BATCHES)
def show(roll_id: int) -> str:
    """Show a roll: which stickers are where, and what was printed."""
    actor = current_actor()
    roll = item_queries.get_roll(actor, roll_id)
    stretches = item_queries.stretches_of(roll_id)
    return render_template(
        "admin/rolls/show.html",
        roll=roll,
        stretches=stretches,
        states=STATES,
        blank=sum(one.last - one.first + 1 for one in stretches if one.state is ItemState.BLANK),
        prints=item_queries.prints_of(actor, roll_id=roll_id),
        sheet_names=SHEETS,
        may_edit=_may_edit(actor, roll),
    )


@blueprint.route("/<int:roll_id>/in", methods=["GET", "POST"])
@requires(Permission.EDIT_BATCHES)
def print_roll(roll_id: int) -> str | tuple[str, int] | Response:
    """Choose the sheet, and give the stickers of a roll; printing again is counted."""
    actor, now = current_actor(), clock.now()
    roll = _own_roll(actor, roll_id)
    form = SheetForm(data=chosen_before())
    if roll.lot_id is None:  # a blank sticker says nothing in English
        del form.both
    label, gtin = _label(actor, roll, both=roll.lot_id is not None and bool(form.both.data))
    sheet = sheets.A4_24
    labels = labels_of_roll(roll, label, gtin=gtin)
    if form.validate_on_submit():
        chosen = form.chosen_sheet()
        if chosen is not None:
            sheet = chosen
            try:
                if not labels:
                    raise items.NothingToPrint()
                sheets.compose(labels[0], sheet, form.level)
                if "look" not in request.form:
                    made = rendered(labels, form, sheet, title=f"Cuộn tem {roll.number}")
                    with transaction():
                        printing.record(
                            labels,
                            batch=db.session.get(Batch, roll.lot_id) if roll.lot_id is not None else None,
                            roll=roll,
                            organisation_id=roll.organisation_id,
                            sheet=sheet,
                            form=form.form.data,
                            actor=actor,
                            now=now,
                        )
                    return as_file(made, form.form.data, f"cuon-tem-{roll.number}")
            except DomainError as refusal:
                show_refusal(form, refusal)
    page = render_template(
        "admin/rolls/print.html",
        form=form,
        roll=roll,
        count=len(labels),
        sheet=sheet,
        preview=preview_of(labels[0], sheet, form.level) if labels and not form.errors else None,
    )
    return page, answer_status(form)


def _label(actor: Actor, roll: StickerRoll, *, both: bool) -> tuple[Label, str | None]:
    base_url = current_app.config["OCOP"].base_url
    if roll.lot_id is not None:
        row = queries.get_batch(actor, roll.lot_id)
        batches.check_label(row.batch.lot)
        today = clock.business_date(clock.now())
        return printing.batch_label(row, base_url=base_url, today=today, in_english_too=both), row.item.gtin
    names = {one.id: one.name_vi for one in item_queries.items_with_codes(roll.organisation_id)}  # as the law wants it
    product = names.get(roll.trade_item_id or 0, "")
    return printing.blank_label(roll, roll.organisation, product=product, base_url=base_url), None


@blueprint.route("/<int:roll_id>/gan", methods=["GET", "POST"])
@requires(Permission.EDIT_BATCHES)
def bind(roll_id: int) -> str | tuple[str, int] | Answer:
    """Say which stickers of a roll are on the packs of which batch."""
    actor, now = current_actor(), clock.now()
    roll = _own_roll(actor, roll_id)
    blank = next((one for one in item_queries.stretches_of(roll_id) if one.state is ItemState.BLANK), None)
    form = BindForm(data={"first": blank.first, "last": blank.last} if blank else None)
    offered = _offer_batches(form, roll.organisation_id, roll.trade_item_id)
    if form.validate_on_submit():
        try:
            with transaction():
                batch = _batch(actor, form.batch.data)
                count = items.bind_range(
                    db.session.get_one(StickerRoll, roll_id),
                    form.first.data or 0,
                    form.last.data or 0,
                    batch,
                    actor=actor,
                    now=now,
                )
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(
                ngettext("%(num)s sticker is on the batch now.", "%(num)s stickers are on the batch now.", count),
                "good",
            )
            return redirect(url_for("rolls.show", roll_id=roll_id), 303)
    return render_template("admin/rolls/bind.html", form=form, roll=roll, offered=offered), answer_status(form)


@blueprint.route("/quet", methods=["GET", "POST"])
@requires(Permission.EDIT_BATCHES)
def scan() -> str | tuple[str, int] | Answer:
    """Bind stickers one by one, as they are scanned while packing."""
    actor, now = current_actor(), clock.now()
    form = ScanForm(data={"batch": request.args.get("lo")})
    offered = _offer_batches(form, actor.organisation_id or 0, None)
    scanned = _scanned(form) if form.validate_on_submit() else []
    if scanned:
        bound, text = [], ""
        try:
            with transaction():
                batch = _batch(actor, form.batch.data)
                common = {"organisation_id": actor.organisation_id or 0}
                for text in scanned:
                    # Whoever takes the next photo has stickers of the last one in it.
                    if len(scanned) > 1 and items.is_bound_to(text, batch, **common):
                        continue
                    code = items.bind_one(text, batch, actor=actor, now=now, **common)
                    bound.append(items.spoken(code.serial))
        except DomainError as refusal:
            if form.photo.data:
                form.photo.errors = [f"{text[-40:]}: {words_of(refusal)}"]
            else:
                show_refusal(form, refusal)
        else:
            flash(_bound_words(bound), "good")
            return redirect(url_for("rolls.scan", lo=form.batch.data), 303)
    return render_template("admin/rolls/scan.html", form=form, offered=offered), answer_status(form)


def _scanned(form: Any) -> list[str]:
    """Give the codes that were scanned, or stand in the photo; none, and a sentence beside the field, without any."""
    photo = form.photo.data
    if not photo or not photo.filename:
        if not form.code.data:
            form.code.errors = [*form.code.errors, gettext("Scan or type the code, or take a photo of it.")]
        return [form.code.data] if form.code.data else []
    try:
        found = photos.read_codes(photo.read())
    except InvalidInput as refusal:
        form.photo.errors = [*form.photo.errors, words_of(refusal)]
        return []
    if not found:
        words = gettext("There is no code to be read in this photo. Go nearer, hold still, and let light fall on it.")
        form.photo.errors = [*form.photo.errors, words]
    # Beside the stickers there may be the codes of goods.
    return list(dict.fromkeys(one for one in found if items.serial_in(one))) or found[:1]


def _bound_words(codes: list[str]) -> str:
    if len(codes) == 1:
        return str(gettext("%(code)s is on the batch now. Scan the next one.", code=codes[0]))
    if not codes:
        return str(gettext("All of these were on the batch before."))
    return str(ngettext("%(num)s sticker is on the batch now.", "%(num)s stickers are on the batch now.", len(codes)))


@blueprint.route("/<int:roll_id>/huy", methods=["GET", "POST"])
@requires(Permission.EDIT_BATCHES)
def void(roll_id: int) -> str | tuple[str, int] | Answer:
    """Say which stickers were spoiled or lost, and why."""
    actor, now = current_actor(), clock.now()
    roll = _own_roll(actor, roll_id)
    form = VoidForm()
    if form.validate_on_submit():
        try:
            with transaction():
                count = items.void_range(
                    db.session.get_one(StickerRoll, roll_id),
                    form.first.data or 0,
                    form.last.data or 0,
                    reason=form.reason.data or "",
                    actor=actor,
                    now=now,
                )
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(ngettext("%(num)s sticker is void now.", "%(num)s stickers are void now.", count), "good")
            return redirect(url_for("rolls.show", roll_id=roll_id), 303)
    return render_template("admin/rolls/void.html", form=form, roll=roll), answer_status(form)


def _may_edit(actor: Actor, roll: StickerRoll) -> bool:
    return actor.may(Permission.EDIT_BATCHES) and roll.organisation_id == actor.organisation_id


def _own_roll(actor: Actor, roll_id: int) -> StickerRoll:
    roll = item_queries.get_roll(actor, roll_id)
    if roll.organisation_id != actor.organisation_id:
        raise items.NoSuchRoll()
    return roll


def _offer_batches(form: Any, organisation_id: int, trade_item_id: int | None) -> bool:
    offered = item_queries.batches_to_pack(organisation_id, trade_item_id)
    set_choices(form.batch, {one.lot_id: f"{one.number} · {said(one, 'name')}" for one in offered})
    return bool(offered)


def _batch(actor: Actor, lot_id: str) -> Batch:
    queries.get_batch(actor, int(lot_id))
    return db.session.get_one(Batch, int(lot_id))
