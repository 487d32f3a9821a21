"""Handing records of lots to systems of the state: where to, what waits, what was taken, what was not."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as Answer
from wtforms import BooleanField

from accounts.actor import Permission
from accounts.web.forms import BaseForm, RequestKey, answer_status, choice, line, set_choices, show_refusal, words_of
from accounts.web.guard import current_actor, requires
from admin import listing
from admin.lot_files import as_download, plain
from kernel import clock, exchange, files, media, replays
from kernel.db import db, retrying, transaction
from kernel.errors import N_, Conflict, DomainError
from oversight import exporting, queries
from oversight.export_models import ExportDestination, ExportForm, ExportJob, ExportState, ExportSystem
from oversight.exporting import DestinationDetails
from traceability.models import Lot

blueprint = Blueprint("exports", __name__, url_prefix="/quan-tri/xuat-du-lieu")

SYSTEMS = {
    ExportSystem.NATIONAL_PORTAL: N_("National traceability portal (truyxuat.gov.vn)"),
    ExportSystem.VERIGOODS: N_("VeriGoods of the Ministry of Industry and Trade (verigoods.vn)"),
    ExportSystem.AGRI_FOOD: N_("Farm and food system of the Ministry of Agriculture and Environment"),
    ExportSystem.OTHER: N_("Another system"),
}
FORMS = {
    ExportForm.BUNDLE: N_("ZIP with JSON, EPCIS and CSV"),
    ExportForm.JSON: N_("JSON"),
    ExportForm.EPCIS: N_("EPCIS 2.0 (JSON-LD)"),
}
STATES = {
    ExportState.WAITING: (N_("Waiting"), "wait", "cho"),
    ExportState.FAILED: (N_("Not taken, tried again"), "wait", "thu-lai"),
    ExportState.GIVEN_UP: (N_("Given up"), "bad", "bo"),
    ExportState.SENT: (N_("Handed over"), "good", "da-gui"),
}
_ERRORS = {
    exchange.TIMEOUT: N_("no answer in time"),
    exchange.UNREACHABLE: N_("cannot be reached"),
    exchange.UNTRUSTED: N_("its certificate is not trusted"),
    exchange.GARBLED: N_("its answer cannot be read"),
}


class DestinationForm(BaseForm):
    """A system, and how records come to it."""

    name = line(lazy_gettext("Name"), longest=exporting.LONGEST_NAME)
    system = choice(lazy_gettext("Which system"))
    form = choice(lazy_gettext("Form of the file"))
    url = line(
        lazy_gettext("Address it takes files at"),
        longest=exporting.LONGEST_URL,
        required=False,
        description=lazy_gettext("It begins with https://. Empty: a person downloads the files and hands them in."),
    )
    token = line(
        lazy_gettext("Access key"),
        longest=exporting.LONGEST_TOKEN,
        required=False,
        description=lazy_gettext("Given by the other system. It is never shown again; empty keeps the one on record."),
    )
    forget_token = BooleanField(lazy_gettext("Forget the access key on record"))
    is_active = BooleanField(lazy_gettext("In use"))
    request_key = RequestKey()

    def details(self) -> DestinationDetails:
        """Give what was typed as plain values."""
        return DestinationDetails(
            name=self.name.data or "",
            system=ExportSystem(self.system.data),
            form=ExportForm(self.form.data),
            url=self.url.data or "",
            token="" if self.forget_token.data else (self.token.data or None),
            is_active=bool(self.is_active.data),
        )

    def offer(self) -> None:
        """Fill the choices in the reader's language."""
        set_choices(self.system, {key: gettext(label) for key, label in SYSTEMS.items()})
        set_choices(self.form, {key: gettext(label) for key, label in FORMS.items()})


class SendForm(BaseForm):
    """Where a record goes."""

    destination = choice(lazy_gettext("Destination"))
    request_key = RequestKey()


class Act(BaseForm):
    """Nothing but the act itself."""


def error_words(job: ExportJob) -> str:
    """Say why a record was not taken, in the reader's language."""
    if job.last_error.startswith("status:"):
        return str(gettext("answered with status %(status)s", status=job.last_error.removeprefix("status:")))
    return str(gettext(_ERRORS[job.last_error])) if job.last_error in _ERRORS else job.last_error


@blueprint.get("")
@requires(Permission.MANAGE_EXPORTS)
def index() -> str | Response:
    """List the destinations, and what was or is to be handed over."""
    actor = current_actor()
    state = next((one for one, row in STATES.items() if row[2] == request.args.get("tinh-trang")), None)
    found = queries.list_exports(actor, state)
    if listing.asks_for_csv():
        return _as_csv(list(db.session.execute(found)))
    page = listing.page_of(found)
    tabs = [{"label": gettext("All"), "url": listing.address(**{"tinh-trang": None}), "current": state is None}]
    for one, (label, _, key) in STATES.items():
        address = listing.address(**{"tinh-trang": key, "trang": None})
        tabs.append({"label": gettext(label), "url": address, "current": one is state})
    return render_template(
        "admin/exports/index.html",
        page=page,
        destinations=queries.destinations_of(actor),
        tabs_of_state=tabs,
        narrowed=state is not None,
        states=STATES,
        systems=SYSTEMS,
        forms=FORMS,
        error_words=error_words,
        columns=[
            listing.heading(gettext("Lot number")),
            listing.heading(gettext("Destination")),
            listing.heading(gettext("Asked for")),
            listing.heading(gettext("State")),
            listing.heading(gettext("Tries"), number=True),
            listing.heading(gettext("Acts"), hidden=True),
        ],
        columns_of_destinations=[
            listing.heading(gettext("Name")),
            listing.heading(gettext("Which system")),
            listing.heading(gettext("Form of the file")),
            listing.heading(gettext("How")),
            listing.heading(gettext("State")),
        ],
        csv_url=listing.address(dang="csv", trang=None),
        url_of=lambda number: listing.address(trang=number),
    )


def _as_csv(rows: list[Any]) -> Response:
    header = [
        gettext("Lot number"),
        gettext("Destination"),
        gettext("Asked for"),
        gettext("State"),
        gettext("Tries"),
        gettext("Why not"),
        "SHA-256",
    ]
    return listing.csv_file(
        "xuat-du-lieu",
        header,
        (
            (
                lot.number,
                destination.name,
                f"{job.asked_at.astimezone(clock.VIETNAM):%d/%m/%Y %H:%M}",
                gettext(STATES[job.state][0]),
                job.attempts,
                error_words(job),
                job.digest,
            )
            for job, destination, lot in rows
        ),
    )


@blueprint.route("/noi-nhan/moi", methods=["GET", "POST"])
@requires(Permission.MANAGE_EXPORTS)
def new() -> tuple[str, int] | Answer:
    """Enter a destination."""
    actor, now = current_actor(), clock.now()
    form = DestinationForm(data={"is_active": True})
    form.offer()
    if form.validate_on_submit():
        try:
            with transaction():
                if replays.claim(actor.user_id, form.request_key.data, now=now) is None:
                    office_id = actor.organisation_id or 0
                    made = exporting.enter(
                        office_id, form.details(), plain_loopback=_plain_loopback(), actor=actor, now=now
                    )
                    replays.answer(actor.user_id, form.request_key.data, made.id)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("The destination is entered. Send lots to it from their pages."), "good")
            return redirect(url_for("exports.index"), 303)
    return render_template("admin/exports/destination.html", form=form, destination=None), answer_status(form)


@blueprint.route("/noi-nhan/<int:destination_id>", methods=["GET", "POST"])
@requires(Permission.MANAGE_EXPORTS)
def change(destination_id: int) -> tuple[str, int] | Answer:
    """Change a destination."""
    actor = current_actor()
    row = queries.get_destination(actor, destination_id)
    given = {name: getattr(row, name) for name in ("name", "system", "form", "url", "is_active")}
    form = DestinationForm(data={**given, "system": row.system.value, "form": row.form.value})
    form.offer()
    if form.validate_on_submit():
        try:
            with transaction() as session:
                exporting.change(
                    session.get_one(ExportDestination, destination_id),
                    form.details(),
                    plain_loopback=_plain_loopback(),
                    actor=actor,
                    now=clock.now(),
                )
        except DomainError as refusal:
            show_refusal(form, refusal)
            row = queries.get_destination(actor, destination_id)
        else:
            flash(gettext("The destination is saved."), "good")
            return redirect(url_for("exports.index"), 303)
    return render_template("admin/exports/destination.html", form=form, destination=row), answer_status(form)


def _plain_loopback() -> bool:
    return not current_app.config["OCOP"].is_production


@blueprint.route("/lo/<int:lot_id>", methods=["GET", "POST"])
@requires(Permission.MANAGE_EXPORTS)
def send(lot_id: int) -> tuple[str, int] | Answer:
    """Ask where the record of a lot goes, and put it into the queue."""
    actor, now = current_actor(), clock.now()
    lot = queries.lot_of(actor, lot_id)
    offered = [one for one in queries.destinations_of(actor) if one.is_active]
    form = SendForm()
    set_choices(form.destination, {one.id: one.name for one in offered})
    if form.validate_on_submit():
        try:
            with transaction() as session:
                if replays.claim(actor.user_id, form.request_key.data, now=now) is None:
                    destination = queries.get_destination(actor, int(form.destination.data))
                    made = exporting.queue(session.get_one(Lot, lot_id), destination, actor=actor, now=now)
                    replays.answer(actor.user_id, form.request_key.data, made.id)
        except DomainError as refusal:
            show_refusal(form, refusal)
            lot = queries.lot_of(actor, lot_id)
        else:
            flash(gettext("The record is in the queue. Its file is made within a minute."), "good")
            return redirect(url_for("exports.index"), 303)
    return render_template("admin/exports/send.html", form=form, lot=lot, offered=offered), answer_status(form)


@blueprint.post("/<int:export_id>/<any('thu-lai','da-nop'):act>")
@requires(Permission.MANAGE_EXPORTS)
def settle(export_id: int, act: str) -> Answer:
    """Let a record that was given up be sent again, or mark that a person handed its file in."""
    actor, now = current_actor(), clock.now()
    queries.get_export(actor, export_id)
    if Act().validate_on_submit():
        verb = exporting.try_again if act == "thu-lai" else exporting.hand_in
        try:
            with transaction() as session:
                verb(session.get_one(ExportJob, export_id), actor=actor, now=now)
        except Conflict as refusal:
            flash(words_of(refusal), "bad")
        else:
            flash(gettext("Done. The list shows it."), "good")
    return redirect(url_for("exports.index"), 303)


@blueprint.get("/<int:export_id>/tep")
@requires(Permission.MANAGE_EXPORTS)
def download(export_id: int) -> Response:
    """Give the file of a record, as it is or was sent."""
    actor, now = current_actor(), clock.now()
    job = queries.get_export(actor, export_id)
    if job.digest is None:
        raise files.NoSuchFile()
    digest, suffix, lot_id, number = job.digest, job.suffix, job.lot_id, job.lot.number
    media_type = next(kind for end, kind in exporting.FORMS.values() if end == suffix)
    data = media.store().read(digest, suffix)

    @retrying
    def note() -> None:
        with transaction():
            exporting.downloaded(actor, lot_id, what="export", digest=digest, now=now)

    note()
    return as_download(data, media_type, f"ocop-{plain(number)}.{suffix}")
