"""Lots of material: received, made of one another, with their papers; held by the office."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext
from werkzeug.wrappers import Response as Answer

from accounts import queries as people
from accounts.actor import Actor, Permission
from accounts.models import Organisation
from accounts.web.forms import BaseForm, answer_status, show_refusal
from accounts.web.guard import current_actor, requires
from admin import listing, trace_forms
from admin.recipes import balance_of
from admin.saying import quantity, said
from admin.trace_forms import (
    KINDS,
    LOT_STATES,
    MakeForm,
    PaperForm,
    ReasonForm,
    ReceiveForm,
    StepForm,
    add_inputs,
    inputs_of,
    kept_photos,
    prepared_photos,
)
from kernel import clock, media, replays
from kernel.db import db, transaction
from kernel.errors import DomainError, InvalidInput
from oversight.queries import recall_of_lot
from stock import holding
from traceability import genealogy, lots, queries, recording, remainders
from traceability.lots import NotEnoughLeft, Received
from traceability.models import Lot, LotKind, LotState
from traceability.recipes import MoreOutThanIn
from traceability.steps import OWN, Step, all_steps, steps_for

blueprint = Blueprint("lots", __name__, url_prefix="/quan-tri/nguyen-lieu")

_KIND_IN_ADDRESS = {"nguyen-lieu": LotKind.RAW, "ban-thanh-pham": LotKind.INTERMEDIATE}


def in_english() -> bool:
    """Tell whether the reader reads English."""
    return str(get_locale()) == "en"


# --- The list ---------------------------------------------------------------------------------------------


@blueprint.get("")
@requires(Permission.READ_BATCHES)
def index() -> str | Response:
    """List the lots of material one may see."""
    actor = current_actor()
    words = request.args.get("q", "").strip()[:100]
    kind = _KIND_IN_ADDRESS.get(request.args.get("loai", ""))
    only_left = request.args.get("con") == "1"
    order = listing.order_asked(tuple(queries.LOT_SORTS), "-entered")
    as_file = listing.asks_for_csv()
    found = queries.list_lots(
        actor,
        words=words,
        kind=kind,
        with_some_left=only_left,
        sort=order[0],
        descending=order[1],
        page=1 if as_file else listing.page_asked(),
        per_page=1_000_000 if as_file else queries.PER_PAGE,
    )
    if as_file:
        return _as_csv(found.rows)
    tabs = [
        {
            "label": label,
            "url": listing.address(loai=word, trang=None),
            "current": kind is one,
            "count": found.counts[one],
        }
        for label, word, one in (
            (gettext("All"), None, None),
            (gettext(KINDS[LotKind.RAW]), "nguyen-lieu", LotKind.RAW),
            (gettext(KINDS[LotKind.INTERMEDIATE]), "ban-thanh-pham", LotKind.INTERMEDIATE),
        )
    ]
    columns = [
        listing.heading(gettext("Material"), "name", order),
        listing.heading(gettext("Lot number"), "number", order),
        listing.heading(gettext("From")),
        listing.heading(gettext("Received or made"), "received", order),
        listing.heading(gettext("Quantity"), "quantity", order, number=True),
        listing.heading(gettext("Left"), "left", order, number=True),
        listing.heading(gettext("State")),
    ]
    return render_template(
        "admin/lots/index.html",
        found=found,
        remainder=remainders.of_lots(found.rows),
        tabs_of_kind=tabs,
        columns=columns,
        words=words,
        narrowed=bool(words or kind or only_left),
        only_left=only_left,
        left_url=listing.address(con=None if only_left else 1, trang=None),
        states=LOT_STATES,
        is_office=actor.is_office,
        may_edit=actor.may(Permission.EDIT_BATCHES),
        url_of=lambda number: listing.address(trang=number),
        csv_url=listing.address(dang="csv", trang=None),
        keep={name: request.args[name] for name in ("loai", "con", "sap-xep") if name in request.args},
    )


def _as_csv(rows: Sequence[Lot]) -> Response:
    remainder = remainders.of_lots(rows)
    header = [
        gettext("Producer"),
        gettext("Material"),
        gettext("Lot number"),
        gettext("What it is"),
        gettext("Who it came from"),
        gettext("Growing area"),
        gettext("Commune"),
        gettext("Harvested on"),
        gettext("Received"),
        gettext("Quantity"),
        gettext("Left"),
        gettext("Unit"),
        gettext("State"),
    ]
    return listing.csv_file(
        "nguyen-lieu",
        header,
        (
            (
                lot.owner.name_vi,
                lot.name_vi,
                lot.number,
                gettext(KINDS[lot.kind]),
                lot.supplier,
                lot.growing_area,
                lot.origin_commune.full_name if lot.origin_commune else "",
                f"{lot.harvested_on:%d/%m/%Y}" if lot.harvested_on else "",
                f"{lot.received_on:%d/%m/%Y}" if lot.received_on else "",
                lot.quantity,
                remainder[lot.id].left,
                lot.unit.value,
                gettext(LOT_STATES[lot.state][0]),
            )
            for lot in rows
        ),
    )


# --- Received, made ---------------------------------------------------------------------------------------


def own_organisation(actor: Actor) -> Organisation:
    """Give the row of the organisation that the actor works for."""
    return db.session.get_one(Organisation, actor.organisation_id)


@blueprint.route("/nhan", methods=["GET", "POST"])
@requires(Permission.EDIT_BATCHES)
def receive() -> str | tuple[str, int] | Answer:
    """Write down raw material that was received."""
    actor, now = current_actor(), clock.now()
    today, owner = clock.business_date(now), own_organisation(actor)
    form = ReceiveForm(data={"day": "hom-nay", "number": queries.next_material_number(owner.id, today, LotKind.RAW)})
    form.offer_days(today)
    form.offer(people.communes_for(actor), people.places_of(owner.id), owner.commune_code)
    if form.validate_on_submit():
        received_on = form.chosen_day(today)
        prepared = prepared_photos(form, form.photos)
        if received_on is not None and prepared is not None:
            told = Received(
                name_vi=form.name.data,
                number=form.number.data,
                quantity=form.quantity.data or 0,
                unit=trace_forms.BASE_UNIT[form.unit.data],
                received_on=received_on,
                commune=form.commune.data,
                supplier=form.supplier.data or "",
                growing_area=form.growing_area.data or "",
                harvested_on=form.harvested_on.data,
                place_id=_place_id(form),
                note=form.note.data or "",
            )

            def write() -> int:
                owner = own_organisation(actor)
                photos = kept_photos(prepared, told.name_vi, now)
                return lots.receive_raw_lot(
                    owner, told, actor=actor, photos=photos, is_sample=owner.is_sample, now=now
                ).id

            lot_id = _once(actor, form, write, now)
            if lot_id is not None:
                flash(gettext("The raw material is on record."), "good")
                return _back_to_draft() or redirect(url_for("lots.show", lot_id=lot_id), 303)
    return render_template("admin/lots/receive.html", form=form), answer_status(form)


def _place_id(form: Any) -> int | None:
    return int(form.place.data) if form.place.data else None


def _back_to_draft() -> Answer | None:
    """Who came from entering a batch goes back there."""
    draft = request.args.get("lo", "")
    if draft.isascii() and draft.isdigit() and len(draft) < 12:
        return redirect(url_for("batch_wizard.inputs", draft_id=int(draft)), 303)
    return None


def _once(actor: Actor, form: Any, write: Callable[[], int], now: datetime) -> int | None:
    """Run a verb for a form once, however often it is sent; a refusal is put beside its field."""
    try:
        with transaction():
            earlier = replays.claim(actor.user_id, form.request_key.data, now=now)
            if earlier is not None:
                return int(earlier)
            made = write()
            replays.answer(actor.user_id, form.request_key.data, made)
            return made
    except DomainError as refusal:
        refuse(form, refusal)
        return None


def refuse(form: BaseForm, refusal: DomainError) -> None:
    """Put a refusal beside its field; what is left of a lot is written in units that people use."""
    if isinstance(refusal, NotEnoughLeft):
        field = form[f"lot_{refusal.facts['lot_id']}"]
        left = quantity(int(str(refusal.facts["left"])), refusal.facts["unit"])
        field.errors = [*field.errors, gettext("Only %(left)s of this lot are left.", left=left)]
        return
    readably(refusal)
    if refusal.field in ("received_on", "made_on"):
        refusal.field = "other_day"
    show_refusal(form, refusal)


def readably(refusal: DomainError) -> None:
    """Let a refusal say its quantities in units that people use."""
    if isinstance(refusal, MoreOutThanIn):
        unit = refusal.facts["unit"]
        for name in ("made", "taken"):
            refusal.facts[name] = quantity(int(str(refusal.facts[name])), unit)


@blueprint.route("/lam", methods=["GET", "POST"])
@requires(Permission.EDIT_BATCHES)
def make() -> str | tuple[str, int] | Answer:
    """Write down something made of other lots that will go into goods later."""
    actor, now = current_actor(), clock.now()
    today, owner = clock.business_date(now), own_organisation(actor)
    usable = queries.usable_inputs(owner.id)
    form: Any = add_inputs(MakeForm(), usable, {})
    form.offer_days(today, earlier=today)
    trace_forms.offer_units(form.unit)
    trace_forms.offer_places(form.place, people.places_of(owner.id))
    form.day.label.text = gettext("When was it made?")
    if not form.is_submitted():
        form.number.data = queries.next_material_number(owner.id, today, LotKind.INTERMEDIATE)
    if form.validate_on_submit():
        made_on = form.chosen_day(today)
        prepared = prepared_photos(form, form.photos)
        taken = inputs_of(form, usable, quantity)
        if made_on is not None and prepared is not None and not form.errors:

            def write() -> int:
                owner = own_organisation(actor)
                return lots.make_intermediate(
                    owner,
                    name_vi=form.name.data,
                    number=form.number.data,
                    quantity=form.quantity.data,
                    unit=trace_forms.BASE_UNIT[form.unit.data],
                    made_on=made_on,
                    inputs=taken,
                    place_id=_place_id(form),
                    note=form.note.data or "",
                    photos=kept_photos(prepared, form.name.data, now),
                    actor=actor,
                    is_sample=owner.is_sample,
                    now=now,
                ).id

            lot_id = _once(actor, form, write, now)
            if lot_id is not None:
                flash(gettext("The lot is on record; what went into it is counted down."), "good")
                return redirect(url_for("lots.show", lot_id=lot_id), 303)
    return render_template("admin/lots/make.html", form=form, usable=usable), answer_status(form)


# --- One lot ----------------------------------------------------------------------------------------------


@blueprint.get("/<int:lot_id>")
@requires(Permission.READ_BATCHES)
def show(lot_id: int) -> str:
    """Show a lot of material: where from, how much is left, what it went into, what happened to it."""
    actor = current_actor()
    lot = queries.get_lot(actor, lot_id)
    told = queries.events_of(lot.id)
    return render_template(
        "admin/lots/show.html",
        lot=lot,
        kind=gettext(KINDS[lot.kind]),
        state=LOT_STATES[lot.state],
        inputs=queries.inputs_of(lot.id),
        outputs=queries.outputs_of(lot.id),
        packed=queries.packed_before(lot.id),
        told=told,
        pictures=media.pictures(file.digest for one in told for file in one.files),
        may_edit=_may_edit(actor, lot),
        may_hold=actor.may(Permission.HOLD_BATCHES),
        may_recall=actor.may(Permission.RECALL_LOTS),
        balance=balance_of(lot),
        remainder=remainders.of_lots([lot])[lot.id],
        recall=recall_of_lot(actor, lot_id) if lot.state is LotState.RECALLED else None,
    )


def _may_edit(actor: Actor, lot: Lot) -> bool:
    return actor.may(Permission.EDIT_BATCHES) and lot.owner_id == actor.organisation_id


@blueprint.route("/<int:lot_id>/buoc", methods=["GET", "POST"])
@requires(Permission.EDIT_BATCHES)
def add_step(lot_id: int) -> str | tuple[str, int] | Answer:
    """Write down something that was done with a lot of material."""
    lot = queries.get_lot(current_actor(), lot_id)
    return step_screen(
        lot,
        steps_for("I.2") if lot.kind is LotKind.RAW else tuple(all_steps().values()),
        back=url_for("lots.show", lot_id=lot.id),
        name=f"{said(lot, 'name')} · {lot.number}",
    )


def step_screen(lot: Lot, usual: tuple[Step, ...], *, back: str, name: str) -> str | tuple[str, int] | Answer:
    """Ask what was done with a lot and write it down, for material and batches alike."""
    actor, now = current_actor(), clock.now()
    today = clock.business_date(now)
    form = StepForm(data={"day": "hom-nay"})
    form.offer_days(today)
    form.offer_steps(usual, in_english())
    trace_forms.offer_places(form.place, people.places_of(lot.owner_id))
    if form.validate_on_submit():
        day = form.chosen_day(today)
        prepared = prepared_photos(form, form.photos)
        if day is not None and prepared is not None:

            def write() -> int:
                step = {one.key: one for one in usual}.get(form.step.data)
                title = form.title.data or ""
                if step is None and not title:
                    raise recording.NoTitle()
                return recording.add_step(
                    lot,
                    step.biz_step if step else "other",
                    title_vi=title or (step.name_vi if step else ""),
                    title_en="" if title or step is None else step.name_en,
                    note_vi=form.note.data or "",
                    disposition=step.disposition if step else "in_progress",
                    place_id=_place_id(form),
                    event_at=lots.at_noon(day, now) if day != today else now,
                    files=kept_photos(prepared, title or (step.name_vi if step else ""), now),
                    actor=actor,
                    now=now,
                ).id

            if _once(actor, form, write, now) is not None:
                flash(gettext("The step is on record."), "good")
                return redirect(back, 303)
    page = render_template("admin/lots/step.html", form=form, back=back, name=name, own=OWN)
    return page, answer_status(form)


@blueprint.route("/<int:lot_id>/giay-to", methods=["GET", "POST"])
@requires(Permission.EDIT_BATCHES)
def add_paper(lot_id: int) -> str | tuple[str, int] | Answer:
    """Lay a paper to a lot of material."""
    lot = queries.get_lot(current_actor(), lot_id)
    return paper_screen(lot, back=url_for("lots.show", lot_id=lot.id), name=f"{said(lot, 'name')} · {lot.number}")


@blueprint.get("/<int:lot_id>/giay-to/<digest>")
@requires(Permission.READ_BATCHES)
def paper(lot_id: int, digest: str) -> Response:
    """Give a paper of a lot or batch to those who may see the lot, whether the public may open it or not."""
    kept = queries.get_paper(current_actor(), lot_id, digest)
    row, data = media.document(kept.digest)
    answer = Response(data, mimetype=row.media_type)
    how = "attachment" if row.suffix == "pdf" else "inline"
    answer.headers["Content-Disposition"] = f'{how}; filename="{digest[:12]}.{row.suffix}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def paper_screen(lot: Lot, *, back: str, name: str) -> str | tuple[str, int] | Answer:
    """Ask for a paper and lay it to a lot, for material and batches alike."""
    actor, now = current_actor(), clock.now()
    form = PaperForm()
    if form.validate_on_submit():
        file = form.file.data
        if not file or not file.filename:
            form.file.errors = [*form.file.errors, gettext("Please choose a file.")]
        else:
            try:
                with transaction():
                    digest = _kept(file, now)
                    lots.add_document(
                        db.session.get_one(Lot, lot.id),
                        digest,
                        title=form.title.data,
                        is_public=bool(form.is_public.data),
                        actor=actor,
                        now=now,
                    )
            except DomainError as refusal:
                show_refusal(form, refusal)
            else:
                flash(gettext("The paper is kept with the lot."), "good")
                return redirect(back, 303)
    return render_template("admin/lots/paper.html", form=form, back=back, name=name), answer_status(form)


def _kept(file: Any, now: datetime) -> str:
    try:
        return media.store_document(file.read(), file.filename, now=now)
    except InvalidInput as refusal:
        refusal.field = "file"
        raise


@blueprint.route("/<int:lot_id>/<any('giu','het-giu'):act>", methods=["GET", "POST"])
@requires(Permission.HOLD_BATCHES)
def change_state(lot_id: int, act: str) -> str | tuple[str, int] | Answer:
    """Hold a lot of material, or end that."""
    lot = queries.get_lot(current_actor(), lot_id)
    return state_screen(lot, act, back=url_for("lots.show", lot_id=lot.id), name=f"{said(lot, 'name')} · {lot.number}")


def state_screen(lot: Lot, act: str, *, back: str, name: str) -> str | tuple[str, int] | Answer:
    """Ask why, and hold or free a lot, for material and batches alike."""
    actor, now = current_actor(), clock.now()
    form = ReasonForm()
    if form.validate_on_submit():
        verb: Callable[..., Any] = {"giu": holding.hold, "het-giu": holding.end_hold}[act]
        try:
            with transaction():
                verb(db.session.get_one(Lot, lot.id), reason=form.reason.data, actor=actor, now=now)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            words = {
                "giu": gettext("The lot is held: nothing of it is sold or used until that ends."),
                "het-giu": gettext("The lot is no longer held."),
            }
            flash(words[act], "good")
            return redirect(back, 303)
    made = [row for row in _made_from(lot) if row.state is not LotState.RECALLED]
    page = render_template("admin/lots/change_state.html", form=form, lot=lot, act=act, back=back, name=name, made=made)
    return page, answer_status(form)


def _made_from(lot: Lot) -> list[Lot]:
    ids = set(genealogy.forward([lot.id]).lot_ids) - {lot.id}
    return list(db.session.scalars(db.select(Lot).where(Lot.id.in_(ids)).order_by(Lot.id))) if ids else []
