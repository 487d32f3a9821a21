"""Consignment notes: what goes to the sales points and comes back, and the producer's steps with each note."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy import func, select
from werkzeug.wrappers import Response as Answer
from wtforms.validators import Optional

from accounts.actor import Permission
from accounts.models import Organisation
from accounts.web.forms import (
    BaseForm,
    MoneyField,
    PacksField,
    RequestKey,
    answer_status,
    line,
    show_refusal,
    words_of,
)
from accounts.web.guard import current_actor, requires
from admin.listing import address, asks_for_csv, csv_file, heading, order_asked, page_asked
from admin.sales_points import percent
from admin.saying import figure, much, said
from consignment import queries, transfer
from consignment.models import Note, NoteKind, NoteStatus, SalesPoint
from kernel import clock, replays
from kernel.db import db, transaction
from kernel.errors import N_, Conflict, DomainError
from kernel.models import AuditEntry
from stock import locations
from stock.models import LocationKind

blueprint = Blueprint("consignment", __name__, url_prefix="/quan-tri/phieu-ky-gui")

A_PAGE = 50
STATUSES = {
    NoteStatus.DRAFT: (N_("Draft"), "off"),
    NoteStatus.SENT: (N_("On the way"), "wait"),
    NoteStatus.RECEIVED: (N_("Received"), "good"),
    NoteStatus.CANCELLED: (N_("Cancelled"), "bad"),
}
KINDS = {NoteKind.DELIVERY: N_("To the sales point"), NoteKind.RETURN: N_("Back to the producer")}
#: What the trail calls the steps of a note.
STEPS = {
    "consignment.draft": N_("Note drawn up"),
    "consignment.send": N_("Goods sent"),
    "consignment.take_back": N_("Goods sent back"),
    "consignment.receive": N_("Goods received"),
    "consignment.cancel": N_("Note cancelled"),
}


class ReasonForm(BaseForm):
    """Why a note is given up."""

    reason = line(lazy_gettext("Why is it cancelled?"), longest=200)


# --- The list ---------------------------------------------------------------------------------------

_ORDERS: dict[str, Any] = {"so": Note.number, "ngay": Note.created_at}


@blueprint.get("")
@requires(Permission.READ_CONSIGNMENT)
def index() -> str | Response:
    """List the notes the actor may see, the latest first."""
    actor = current_actor()
    words = request.args.get("q", "").strip()[:100]
    status = next((status for status in NoteStatus if status.value == request.args.get("tinh-trang")), None)
    order = order_asked(tuple(_ORDERS), "-ngay")
    found = queries.list_notes(actor, status=status, q=words)
    total = int(db.session.scalar(select(func.count()).select_from(found.subquery())) or 0)
    column = _ORDERS[order[0]]
    ordered = found.order_by(column.desc() if order[1] else column.asc(), Note.id.desc() if order[1] else Note.id.asc())
    if asks_for_csv():
        return _as_csv([queries.NoteRow._make(row) for row in db.session.execute(ordered)])
    last = max(1, -(-total // A_PAGE))
    page = min(page_asked(), last)
    rows = db.session.execute(ordered.limit(A_PAGE).offset((page - 1) * A_PAGE))
    tabs = [{"label": gettext("All"), "url": address(**{"tinh-trang": None, "trang": None}), "current": status is None}]
    for one, (label, _) in STATUSES.items():
        url = address(**{"tinh-trang": one.value, "trang": None})
        tabs.append({"label": gettext(label), "url": url, "current": one is status})
    return render_template(
        "admin/consignment/index.html",
        rows=[queries.NoteRow._make(row) for row in rows],
        total=total,
        words=words,
        narrowed=bool(words or status),
        tabs_of_status=tabs,
        statuses=STATUSES,
        kinds=KINDS,
        columns=[
            heading(gettext("Note"), "so", order),
            heading(gettext("Which way")),
            heading(gettext("Producer")),
            heading(gettext("Sales point")),
            heading(gettext("How much"), number=True),
            heading(gettext("Drawn up"), "ngay", order),
            heading(gettext("Status")),
        ],
        may_consign=actor.may(Permission.CONSIGN),
        page=page,
        last=last,
        url_of=lambda number: address(trang=number),
        csv_url=address(dang="csv", trang=None),
        keep={name: request.args[name] for name in ("tinh-trang", "sap-xep") if name in request.args},
    )


def _as_csv(rows: list[queries.NoteRow]) -> Response:
    header = [
        gettext("Note"),
        gettext("Which way"),
        gettext("Producer"),
        gettext("Sales point"),
        gettext("Batches"),
        gettext("How much"),
        gettext("Drawn up"),
        gettext("Status"),
    ]
    return csv_file(
        "phieu-ky-gui",
        header,
        (
            (
                row.number,
                gettext(KINDS[row.kind]),
                row.consignor_vi,
                row.point_vi,
                row.lines,
                figure(row.goods) if row.weight_g else row.packs,
                f"{clock.business_date(row.created_at):%d/%m/%Y}",
                gettext(STATUSES[row.status][0]),
            )
            for row in rows
        ),
    )


# --- A new note -------------------------------------------------------------------------------------


@blueprint.get("/moi")
@requires(Permission.CONSIGN)
def choose_point() -> str:
    """First step of a note: where the goods go."""
    return render_template("admin/consignment/choose_point.html", points=queries.public_points(), percent=percent)


@blueprint.route("/moi/<slug>", methods=["GET", "POST"])
@requires(Permission.CONSIGN)
def new(slug: str) -> tuple[str, int] | Answer:
    """Second step: how much of which batch, at which price. It is saved as a draft."""
    actor = current_actor()
    point = queries.public_point(slug)
    consignor = queries.consignor(actor.organisation_id or 0)
    ready = _ready(consignor)
    form = _lines_form(ready)
    if form.validate_on_submit() and _complete(form, ready):
        now = clock.now()
        wanted = [
            transfer.Wanted(row.lot_id, form[f"so_{row.lot_id}"].data, form[f"gia_{row.lot_id}"].data)
            for row in ready
            if form[f"so_{row.lot_id}"].data
        ]
        key = form["request_key"].data
        try:
            with transaction():
                number = replays.claim(actor.user_id, key, now=now)
                if number is None:
                    point = db.session.get_one(SalesPoint, point.id)
                    number = transfer.draft(consignor, point, wanted, actor=actor, now=now).number
                    replays.answer(actor.user_id, key, number)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("Note %(number)s is saved. Nothing has left your warehouse yet.", number=number), "good")
            return redirect(url_for("consignment.show", number=number), 303)
    page = render_template("admin/consignment/new.html", form=form, ready=ready, point=point)
    return page, answer_status(form)


def _ready(consignor: Organisation) -> list[queries.Ready]:
    warehouse = locations.find(consignor.id, LocationKind.WAREHOUSE)
    if warehouse is None:
        return []  # nothing was ever released
    return queries.ready_to_send(consignor.id, warehouse.id, clock.business_date(clock.now()))


def _lines_form(ready: list[queries.Ready]) -> BaseForm:
    """Make a form with a quantity and a price for each batch that may go."""

    class LinesForm(BaseForm):
        request_key = RequestKey()

    for row in ready:
        many, each = (
            (
                gettext("How much of batch %(number)s", number=row.number),
                gettext("Price of %(step)s of batch %(number)s", step=much(row, 1), number=row.number),
            )
            if row.step_g
            else (
                gettext("How many packs of batch %(number)s", number=row.number),
                gettext("Price of a pack of batch %(number)s", number=row.number),
            )
        )
        quantity = PacksField(many, [Optional()], step_g=row.step_g, least=0, most=row.on_hand)
        price = MoneyField(each, [Optional()], default=row.price_vnd)
        setattr(LinesForm, f"so_{row.lot_id}", quantity)
        setattr(LinesForm, f"gia_{row.lot_id}", price)
    return LinesForm()


def _complete(form: BaseForm, ready: list[queries.Ready]) -> bool:
    """See to it that each batch that goes has a price, and that none was asked for that may not go any more."""
    for row in ready:
        price = form[f"gia_{row.lot_id}"]
        if form[f"so_{row.lot_id}"].data and not price.data:
            price.errors = [*price.errors, gettext("Enter the price at which this batch is to be sold.")]
    gone = [
        name
        for name, typed in request.form.items()
        if name.startswith("so_") and name not in form and typed.strip() not in ("", "0")
    ]
    if gone:
        form.form_errors = [
            *form.form_errors,
            gettext("A batch you chose cannot be sent any more. It has been taken off the list."),
        ]
    return not form.errors


# --- A note and its steps ---------------------------------------------------------------------------


@blueprint.get("/<number>")
@requires(Permission.READ_CONSIGNMENT)
def show(number: str) -> str:
    """Show a note: what is on it, where it stands, what happened to it."""
    return _page(queries.get_note(current_actor(), number))


def _page(note: Note, problem: str | None = None) -> str:
    actor = current_actor()
    own = note.consignor_id == actor.organisation_id and actor.may(Permission.CONSIGN)
    receiving = note.status is NoteStatus.SENT
    at_own_counter = note.sales_point.organisation_id == actor.organisation_id and actor.may(
        Permission.SELL_ON_CONSIGNMENT
    )
    return render_template(
        "admin/consignment/show.html",
        note=note,
        problem=problem,
        names=queries.names_of([row.lot_id for row in note.lines]),
        status=STATUSES[note.status],
        kind=KINDS[note.kind],
        total=sum(row.quantity * row.price_vnd for row in note.lines),
        steps=_steps(note),
        may_send=own and note.status is NoteStatus.DRAFT,
        may_receive=own and receiving and note.kind is NoteKind.RETURN,
        may_cancel=own and note.kind is NoteKind.DELIVERY and note.status in (NoteStatus.DRAFT, NoteStatus.SENT),
        may_call_off=receiving and note.kind is NoteKind.RETURN and at_own_counter,
        may_receive_at_counter=receiving and note.kind is NoteKind.DELIVERY and at_own_counter,
    )


def _steps(note: Note) -> list[dict[str, Any]]:
    """Tell what happened to a note, oldest first: when, what, by which organisation."""
    rows = db.session.execute(
        select(AuditEntry.at, AuditEntry.action, Organisation)
        .outerjoin(Organisation, Organisation.id == AuditEntry.organisation_id)
        .where(AuditEntry.subject == f"note:{note.number}", AuditEntry.action.in_(list(STEPS)))
        .order_by(AuditEntry.id)
    )
    return [
        {
            "at": at,
            "title": gettext(STEPS[action]),
            "place": said(organisation, "name") if organisation else None,
            "text": {"consignment.cancel": note.cancel_reason, "consignment.take_back": note.reason}.get(action),
            "is_bad": action == "consignment.cancel",
        }
        for at, action, organisation in rows
        if not (action == "consignment.draft" and note.kind is NoteKind.RETURN)
    ]


def _own_note(number: str) -> Note:
    """Find a note of the actor's own goods: only their producer takes these steps."""
    actor = current_actor()
    note = queries.get_note(actor, number)
    if note.consignor_id != actor.organisation_id:
        raise queries.NoSuchNote()
    return note


@blueprint.route("/<number>/gui", methods=["GET", "POST"])
@requires(Permission.CONSIGN)
def send(number: str) -> str | tuple[str, int] | Answer:
    """Ask, then let the goods leave the warehouse."""
    if request.method == "GET":
        note = _own_note(number)
        return render_template("admin/consignment/send.html", note=note) if _is(note, NoteStatus.DRAFT) else _page(note)
    return _step(number, transfer.send, gettext("The goods of note %(number)s are on their way.", number=number))


@blueprint.route("/<number>/nhan-lai", methods=["GET", "POST"])
@requires(Permission.CONSIGN)
def receive(number: str) -> str | tuple[str, int] | Answer:
    """Ask, then take goods that come back into the warehouse."""
    note = _own_note(number)
    if note.kind is not NoteKind.RETURN:
        raise queries.NoSuchNote()  # a delivery is received at its counter
    if request.method == "GET":
        if not _is(note, NoteStatus.SENT):
            return _page(note)
        names = queries.names_of([row.lot_id for row in note.lines])
        return render_template("admin/consignment/receive.html", note=note, names=names)
    return _step(number, transfer.receive, gettext("The goods of note %(number)s are back.", number=number))


@blueprint.route("/<number>/huy", methods=["GET", "POST"])
@requires(Permission.CONSIGN)
def cancel(number: str) -> str | tuple[str, int] | Answer:
    """Ask why, then give a note up."""
    note = _own_note(number)
    if note.kind is not NoteKind.DELIVERY:
        raise queries.NoSuchNote()  # a return is called off at the counter that sent it
    form = ReasonForm()
    if form.validate_on_submit():
        reason = form.reason.data or ""

        def give_up(note: Note, **who_and_when: Any) -> None:
            transfer.cancel(note, reason=reason, **who_and_when)

        return _step(number, give_up, gettext("Note %(number)s is cancelled.", number=number))
    if not _is(note, NoteStatus.DRAFT, NoteStatus.SENT):
        problem = words_of(transfer.NotOnTheWay(number=note.number)) if request.method == "POST" else None
        return _page(note, problem), 409 if problem else 200
    return render_template("admin/consignment/cancel.html", note=note, form=form), answer_status(form)


def _is(note: Note, *statuses: NoteStatus) -> bool:
    return note.status in statuses


def _step(number: str, verb: Callable[..., None], done: str) -> tuple[str, int] | Answer:
    """Take a step; what the state of things forbids is said on the note's page."""
    try:
        with transaction():
            verb(_own_note(number), actor=current_actor(), now=clock.now())
    except Conflict as refusal:
        return _page(_own_note(number), words_of(refusal)), 409
    flash(done, "good")
    return redirect(url_for("consignment.show", number=number), 303)
