"""Batches: the list, a batch's own page, its steps and papers, releasing, confirming, holding, its printed codes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as Answer

from accounts.actor import Actor, Permission
from accounts.models import OrganisationKind
from accounts.web.forms import BaseForm, answer_status, show_refusal
from accounts.web.guard import current_actor, requires
from admin import listing
from admin.lots import paper_screen, state_screen, step_screen
from admin.recipes import balance_of
from admin.saying import counted, said
from admin.trace_forms import STATES, ConfirmForm, CorrectForm
from kernel import clock, media
from kernel.db import db, transaction
from kernel.errors import DomainError
from oversight.queries import recall_of_lot
from stock import production
from traceability import addresses, batches, labels, lots, queries, recording
from traceability.models import Batch, LotDocument, LotState, TraceEvent
from traceability.queries import BatchRow
from traceability.steps import steps_for

blueprint = Blueprint("batches", __name__, url_prefix="/quan-tri/lo-hang")

#: States in addresses, in the order of the tabs.
IN_ADDRESS = {
    "chua-ban": LotState.OPEN,
    "dang-ban": LotState.RELEASED,
    "tam-giu": LotState.HELD,
    "thu-hoi": LotState.RECALLED,
}


class Act(BaseForm):
    """Nothing but the act itself."""


# --- The list ---------------------------------------------------------------------------------------------


@blueprint.get("")
@requires(Permission.READ_BATCHES)
def index() -> str | Response:
    """List the batches one may see, those being entered first."""
    actor, today = current_actor(), clock.business_date(clock.now())
    words = request.args.get("q", "").strip()[:100]
    state = IN_ADDRESS.get(request.args.get("tinh-trang", ""))
    order = listing.order_asked(tuple(queries.BATCH_SORTS), "-made")
    as_file = listing.asks_for_csv()
    found = queries.list_batches(
        actor,
        words=words,
        state=state,
        sort=order[0],
        descending=order[1],
        page=1 if as_file else listing.page_asked(),
        per_page=1_000_000 if as_file else queries.PER_PAGE,
    )
    if as_file:
        return _as_csv(found.rows)
    tabs = [_tab(gettext("All"), None, state, found.counts[None])]
    tabs += [_tab(gettext(STATES[one][0]), word, state, found.counts[one]) for word, one in IN_ADDRESS.items()]
    columns = [
        listing.heading(gettext("Goods"), "product", order),
        listing.heading(gettext("Lot number"), "number", order),
        listing.heading(gettext("Made on"), "made", order),
        listing.heading(gettext("Good until"), "expires", order),
        listing.heading(gettext("Packs"), "quantity", order, number=True),
        listing.heading(gettext("State")),
    ]
    if actor.is_office:  # a producer need not be told who it is
        columns.append(listing.heading(gettext("Producer"), "producer", order))
    may_edit = actor.may(Permission.EDIT_BATCHES)
    return render_template(
        "admin/batches/index.html",
        found=found,
        tabs_of_state=tabs,
        columns=columns,
        words=words,
        narrowed=bool(words or state),
        states=STATES,
        today=today,
        is_office=actor.is_office,
        may_edit=may_edit,
        drafts=queries.drafts_of(actor.organisation_id or 0) if may_edit else [],
        url_of=lambda number: listing.address(trang=number),
        csv_url=listing.address(dang="csv", trang=None),
        keep={name: request.args[name] for name in ("tinh-trang", "sap-xep") if name in request.args},
    )


def _tab(label: str, word: str | None, state: LotState | None, count: int) -> dict[str, Any]:
    url = listing.address(**{"tinh-trang": word, "trang": None})
    return {"label": label, "url": url, "current": IN_ADDRESS.get(word or "") is state, "count": count}


def _as_csv(rows: Iterable[BatchRow]) -> Response:
    header = [
        gettext("Producer"),
        gettext("Goods"),
        gettext("Pack"),
        gettext("Lot number"),
        "GTIN",
        gettext("Code"),
        gettext("Made on"),
        gettext("Good until"),
        gettext("Packs"),
        gettext("State"),
        gettext("Address"),
    ]
    base_url = current_app.config["OCOP"].base_url
    return listing.csv_file(
        "lo-hang",
        header,
        (
            (
                row.owner.name_vi,
                row.name_vi,
                row.item.name_vi,
                row.batch.number,
                row.item.gtin,
                queries.spoken_code(row.owner.code, row.batch.token),
                f"{row.batch.made_on:%d/%m/%Y}",
                f"{row.batch.expires_on:%d/%m/%Y}" if row.batch.expires_on else "",
                counted(row.item, row.batch.lot.quantity),
                gettext(STATES[row.batch.lot.state][0]),
                base_url + row.path,
            )
            for row in rows
        ),
    )


# --- One batch --------------------------------------------------------------------------------------------


@blueprint.get("/<int:lot_id>")
@requires(Permission.READ_BATCHES)
def show(lot_id: int) -> str:
    """Show a batch: its code, what went into it, what happened to it, its papers."""
    actor = current_actor()
    row = queries.get_batch(actor, lot_id)
    told = queries.events_of(lot_id)
    lot = row.batch.lot
    return render_template(
        "admin/batches/show.html",
        row=row,
        batch=row.batch,
        lot=lot,
        state=STATES[lot.state],
        told=told,
        inputs=queries.inputs_of(lot_id),
        outputs=queries.outputs_of(lot_id),
        packed=queries.packed_before(lot_id),
        papers=_papers(lot_id),
        pictures=media.pictures(file.digest for one in told for file in one.files),
        confirmed=next((one.event for one in told if _confirms(one.event) and not one.is_corrected), None),
        qr=_drawn(row),
        code=queries.spoken_code(row.owner.code, row.batch.token),
        is_past=row.batch.expires_on is not None and row.batch.expires_on < clock.business_date(clock.now()),
        may_edit=_may_edit(actor, row),
        may_hold=actor.may(Permission.HOLD_BATCHES),
        may_recall=actor.may(Permission.RECALL_LOTS),
        balance=balance_of(lot),
        recall=recall_of_lot(actor, lot_id) if lot.state is LotState.RECALLED else None,
        may_confirm=actor.may(Permission.HOLD_BATCHES) and lot.state is LotState.RELEASED,
        own_id=actor.organisation_id,
    )


def _may_edit(actor: Actor, row: BatchRow) -> bool:
    return actor.may(Permission.EDIT_BATCHES) and row.owner.id == actor.organisation_id


def _confirms(event: TraceEvent) -> bool:
    office = event.organisation.kind in (OrganisationKind.OFFICE, OrganisationKind.COUNCIL)
    return office and event.biz_step == "inspecting" and event.disposition == "conformant"


def _papers(lot_id: int) -> list[LotDocument]:
    query = db.select(LotDocument).where(LotDocument.lot_id == lot_id).order_by(LotDocument.added_at)
    return list(db.session.scalars(query))


def _name(row: BatchRow) -> str:
    return f"{said(row, 'name')}, {said(row.item, 'name')} · {row.batch.number}"


def _printed(row: BatchRow) -> str:
    return addresses.printed(row.owner.code, row.batch, row.item, base_url=current_app.config["OCOP"].base_url)


def _drawn(row: BatchRow) -> labels.Drawing:
    return labels.qr_svg(_printed(row), title=gettext("Code of batch %(number)s", number=row.batch.number))


@blueprint.post("/<int:lot_id>/dua-ra-ban")
@requires(Permission.EDIT_BATCHES)
def release(lot_id: int) -> Answer:
    """Put a batch on sale: its goods are in the warehouse and its page is open from now on."""
    actor, now = current_actor(), clock.now()
    queries.get_batch(actor, lot_id)
    if Act().validate_on_submit():
        try:
            with transaction():
                production.release(db.session.get_one(Batch, lot_id), actor=actor, now=now)
        except DomainError as refusal:
            words = gettext(refusal.message, **refusal.facts) if refusal.facts else gettext(refusal.message)
            flash(words, "bad")
        else:
            flash(gettext("The batch is on sale. Its page is open; print its labels now."), "good")
    return redirect(url_for("batches.show", lot_id=lot_id), 303)


@blueprint.route("/<int:lot_id>/buoc", methods=["GET", "POST"])
@requires(Permission.EDIT_BATCHES)
def add_step(lot_id: int) -> str | tuple[str, int] | Answer:
    """Write down something that was done with a batch."""
    row = queries.get_batch(current_actor(), lot_id)
    back = url_for("batches.show", lot_id=lot_id)
    return step_screen(row.batch.lot, steps_for(row.group_code), back=back, name=_name(row))


@blueprint.route("/<int:lot_id>/giay-to", methods=["GET", "POST"])
@requires(Permission.EDIT_BATCHES)
def add_paper(lot_id: int) -> str | tuple[str, int] | Answer:
    """Lay a paper to a batch."""
    row = queries.get_batch(current_actor(), lot_id)
    return paper_screen(row.batch.lot, back=url_for("batches.show", lot_id=lot_id), name=_name(row))


@blueprint.route("/<int:lot_id>/buoc/<int:event_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_BATCHES)
def correct(lot_id: int, event_id: int) -> str | tuple[str, int] | Answer:
    """Put a step right by another one; the first stays on record."""
    actor, now = current_actor(), clock.now()
    row = queries.get_batch(actor, lot_id)
    event = queries.get_event(lot_id, event_id)
    if event.organisation_id != actor.organisation_id:
        raise recording.NoSuchEvent()
    today, before = clock.business_date(now), clock.business_date(event.event_at)
    form = CorrectForm(data={"title": event.title_vi, "note": event.note_vi})
    form.offer_days(today, earlier=before)
    if form.validate_on_submit():
        day = form.chosen_day(today)
        if day is not None:
            try:
                with transaction():
                    recording.correct_event(
                        db.session.get_one(TraceEvent, event_id),
                        reason=form.reason.data,
                        title_vi=form.title.data,
                        note_vi=form.note.data or "",
                        event_at=event.event_at if day == before else lots.at_noon(day, now),
                        actor=actor,
                        now=now,
                    )
            except DomainError as refusal:
                show_refusal(form, refusal)
            else:
                flash(gettext("The step is put right. The earlier words stay on record."), "good")
                return redirect(url_for("batches.show", lot_id=lot_id), 303)
    page = render_template("admin/batches/correct.html", form=form, row=row, event=event, name=_name(row))
    return page, answer_status(form)


@blueprint.route("/<int:lot_id>/xac-nhan", methods=["GET", "POST"])
@requires(Permission.HOLD_BATCHES)
def confirm(lot_id: int) -> str | tuple[str, int] | Answer:
    """Ask what was checked, and confirm a batch as a third party."""
    actor, now = current_actor(), clock.now()
    row = queries.get_batch(actor, lot_id)
    form = ConfirmForm()
    if form.validate_on_submit():
        try:
            with transaction():
                batch = db.session.get_one(Batch, lot_id)
                batches.confirm(batch, checked=form.checked.data, actor=actor, now=now)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("The batch is confirmed: its page says so, and what was checked."), "good")
            return redirect(url_for("batches.show", lot_id=lot_id), 303)
    return render_template("admin/batches/confirm.html", form=form, row=row, name=_name(row)), answer_status(form)


@blueprint.route("/<int:lot_id>/<any('giu','het-giu'):act>", methods=["GET", "POST"])
@requires(Permission.HOLD_BATCHES)
def change_state(lot_id: int, act: str) -> str | tuple[str, int] | Answer:
    """Hold a batch, or end that."""
    row = queries.get_batch(current_actor(), lot_id)
    return state_screen(row.batch.lot, act, back=url_for("batches.show", lot_id=lot_id), name=_name(row))


# --- Its codes --------------------------------------------------------------------------------------------


@blueprint.get("/<int:lot_id>/ma.<any(svg,png):form>")
@requires(Permission.READ_BATCHES)
def code(lot_id: int, form: str) -> Response:
    """Give the code of a batch as a file to print with, before it is on sale too."""
    row = queries.get_batch(current_actor(), lot_id)
    title = gettext("Code of batch %(number)s", number=row.batch.number)
    if form == "svg":
        data, media_type = labels.qr_svg(_printed(row), title=title).encode(), "image/svg+xml"
    else:
        data, media_type = labels.qr_png(_printed(row), module_px=12), "image/png"
    return download(data, media_type, f"ma-{plain(row.batch.number)}.{form}")


def download(data: bytes, media_type: str, name: str) -> Response:
    """Answer with a file that is kept nowhere on the way."""
    answer = Response(data, mimetype=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def plain(number: str) -> str:
    """Write a number so that it may be part of a file's name."""
    return "".join(sign if sign.isalnum() or sign in "-._" else "_" for sign in number)
