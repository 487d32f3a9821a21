"""Parcels of orders: where they are, whether they came back, and who has their cash."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, Response, abort, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as Answer
from wtforms import BooleanField, RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from accounts.actor import Permission
from accounts.web.forms import BaseForm, MoneyField, answer_status, line, show_refusal, words_of
from accounts.web.guard import current_actor, requires
from admin.listing import address, asks_for_csv, csv_file
from admin.orders import HOLDERS, done, page_of
from admin.saying import dong, said
from kernel import clock
from kernel.db import transaction
from kernel.errors import N_, Conflict, DomainError
from storefront import order_queries, parcels
from storefront.order_models import CodState, Order, Parcel, ParcelState
from storefront.parcel_words import CARRIERS, CASH, STATES

blueprint = Blueprint("parcel_desk", __name__, url_prefix="/quan-tri/don-hang")


class NoteForm(BaseForm):
    """What is to be said about a step."""

    note = line(lazy_gettext("Remark"), longest=200, required=False)


class DeliveredForm(NoteForm):
    """A parcel with cash was given to the buyer."""

    paid = BooleanField(lazy_gettext("The buyer paid"), default=True)


class CodeForm(BaseForm):
    """The carrier's code."""

    code = line(lazy_gettext("Carrier's code"), longest=60)


class RemarkForm(BaseForm):
    """A word about a parcel."""

    note = line(lazy_gettext("Remark"), longest=200)


class BackForm(NoteForm):
    """What becomes of goods that came back."""

    goods = RadioField(
        lazy_gettext("In what state are the goods?"),
        [InputRequired()],
        choices=[
            SelectChoice("stock", lazy_gettext("Sound: back into stock")),
            SelectChoice("loss", lazy_gettext("Damaged, opened or past their date: a loss")),
        ],
    )


class CountForm(NoteForm):
    """The cash that was counted."""

    counted_vnd = MoneyField(lazy_gettext("How much did you count?"), [InputRequired()])


#: A step → its question, its button, what follows from it.
_ASKED = {
    ParcelState.PICKED_UP: (N_("Was parcel %(number)s picked up?"), N_("It was picked up"), "transfer-out"),
    ParcelState.IN_TRANSIT: (N_("Is parcel %(number)s on its way?"), N_("It is on its way"), "truck-delivery"),
    ParcelState.DELIVERED: (N_("Was parcel %(number)s delivered?"), N_("It was delivered"), "check"),
    ParcelState.FAILED: (N_("Could parcel %(number)s not be delivered?"), N_("It was not delivered"), "alert-circle"),
    ParcelState.RETURNING: (N_("Does parcel %(number)s come back?"), N_("It comes back"), "arrow-back-up"),
}
_CASH_ASKED = {
    CodState.COLLECTED: (N_("Did the buyer of parcel %(number)s pay?"), N_("The buyer paid")),
    CodState.HANDED_OVER: (N_("Was the cash of parcel %(number)s given to you?"), N_("The cash was handed over")),
    CodState.RECONCILED: (N_("Count the cash of parcel %(number)s"), N_("I have counted it")),
}


@blueprint.get("/kien/<number>")
@requires(Permission.READ_ORDERS)
def of_parcel(number: str) -> str:
    """Show the order of a parcel: where the code on its label leads."""
    actor = current_actor()
    return page_of(order_queries.get_order(actor, order_queries.get_parcel(actor, number).order.number))


def _own_parcel(number: str) -> Parcel:
    parcel = order_queries.get_parcel(current_actor(), number)
    if parcel.order.producer_id != current_actor().organisation_id:
        raise order_queries.NoSuchParcel()
    return parcel


def _take_step(
    number: str, form: BaseForm, verb: Callable[[Parcel], None], sentence: str
) -> tuple[str, int] | Answer | None:
    """Take a step of a parcel. None: the form has something to say, and is shown again."""
    try:
        with transaction():
            parcel = _own_parcel(number)
            order_number = parcel.order.number
            verb(parcel)
    except Conflict as refusal:
        return page_of(_whole(number), words_of(refusal)), 409
    except DomainError as refusal:
        show_refusal(form, refusal)
        return None
    return done(order_number, sentence)


def _whole(parcel_number: str) -> Order:
    return order_queries.get_order(current_actor(), _own_parcel(parcel_number).order.number)


@blueprint.route("/kien/<number>/buoc/<name>", methods=["GET", "POST"])
@requires(Permission.HANDLE_ORDERS)
def step(number: str, name: str) -> str | tuple[str, int] | Answer:
    """Ask, then say where a parcel is now."""
    to = next((state for state in _ASKED if state.value == name), None)
    if to is None:
        abort(404)
    parcel = _own_parcel(number)
    with_cash = to is ParcelState.DELIVERED and parcel.cod_state is CodState.DUE
    form: Any = DeliveredForm() if with_cash else NoteForm()
    if form.validate_on_submit():
        paid = with_cash and form.paid.data

        def go(parcel: Parcel) -> None:
            actor, now = current_actor(), clock.now()
            parcels.move_on(parcel, to, note=form.note.data or "", actor=actor, now=now)
            if paid:
                parcels.collected(parcel, actor=actor, now=now)

        answer = _take_step(number, form, go, gettext("Parcel %(number)s: noted.", number=number))
        if answer is not None:
            return answer
    parcel = _own_parcel(number)
    if to not in parcels.NEXT[parcel.state]:
        return page_of(_whole(number))
    question, button, symbol = _ASKED[to]
    page = render_template(
        "admin/orders/step.html",
        parcel=parcel,
        form=form,
        url=url_for("parcel_desk.step", number=number, name=name),
        question=gettext(question, number=number),
        button=gettext(button),
        symbol=symbol,
        sentences=_follows(parcel, to),
    )
    return page, answer_status(form)


def _follows(parcel: Parcel, to: ParcelState) -> list[str]:
    follows = {
        ParcelState.DELIVERED: gettext("The buyer reads that the goods came."),
        ParcelState.FAILED: gettext("The parcel can be brought once more, or come back."),
        ParcelState.RETURNING: gettext("When it is here, take the goods in."),
    }.get(to, gettext("The buyer reads it on the page of the order."))
    cash = gettext("To be collected: %(amount)s.", amount=dong(parcel.cod_vnd))
    said_ = [follows, gettext("A step cannot be taken back.")]
    return [cash, *said_] if to is ParcelState.DELIVERED and parcel.cod_state is CodState.DUE else said_


@blueprint.route("/kien/<number>/nhan-lai", methods=["GET", "POST"])
@requires(Permission.HANDLE_ORDERS)
def take_back(number: str) -> str | tuple[str, int] | Answer:
    """Ask in what state the goods are, then take them in."""
    parcel = _own_parcel(number)
    form = BackForm()
    paid = parcels.is_paid(parcel.order)
    if form.validate_on_submit():

        def take(parcel: Parcel) -> None:
            parcels.take_back(
                parcel,
                sellable=form.goods.data == "stock",
                note=form.note.data or "",
                actor=current_actor(),
                now=clock.now(),
            )

        answer = _take_step(number, form, take, gettext("The goods of parcel %(number)s are back.", number=number))
        if answer is not None:
            return answer
    parcel = _own_parcel(number)
    if ParcelState.RETURNED not in parcels.NEXT[parcel.state]:
        return page_of(_whole(number))
    page = render_template("admin/orders/take_back.html", parcel=parcel, form=form, is_paid=paid)
    return page, answer_status(form)


@blueprint.route("/kien/<number>/tien/<name>", methods=["GET", "POST"])
@requires(Permission.HANDLE_ORDERS)
def cash_step(number: str, name: str) -> str | tuple[str, int] | Answer:
    """Ask, then say where the cash of a parcel is now."""
    to = next((state for state in _CASH_ASKED if state.value == name), None)
    if to is None:
        abort(404)
    parcel = _own_parcel(number)
    form: Any = CountForm() if to is CodState.RECONCILED else NoteForm()
    if form.validate_on_submit():

        def go(parcel: Parcel) -> None:
            actor, now, note = current_actor(), clock.now(), form.note.data or ""
            if to is CodState.COLLECTED:
                parcels.collected(parcel, actor=actor, now=now)
            elif to is CodState.HANDED_OVER:
                parcels.handed_over(parcel, note=note, actor=actor, now=now)
            else:
                parcels.reconciled(parcel, counted_vnd=form.counted_vnd.data, note=note, actor=actor, now=now)

        answer = _take_step(number, form, go, gettext("Cash of parcel %(number)s: noted.", number=number))
        if answer is not None:
            return answer
    parcel = _own_parcel(number)
    if parcels.CASH.get(parcel.cod_state) is not to:
        return page_of(_whole(number))
    question, button = _CASH_ASKED[to]
    page = render_template(
        "admin/orders/step.html",
        parcel=parcel,
        form=form,
        url=url_for("parcel_desk.cash_step", number=number, name=name),
        question=gettext(question, number=number),
        button=gettext(button),
        symbol="cash",
        sentences=[
            gettext("Amount of this parcel: %(amount)s.", amount=dong(parcel.cod_vnd)),
            gettext("A step cannot be taken back."),
        ],
    )
    return page, answer_status(form)


@blueprint.route("/kien/<number>/ma", methods=["GET", "POST"])
@requires(Permission.HANDLE_ORDERS)
def code(number: str) -> str | tuple[str, int] | Answer:
    """Enter the carrier's code of a parcel."""
    parcel = _own_parcel(number)
    form = CodeForm(data={"code": parcel.code or ""})
    if form.validate_on_submit():

        def write(parcel: Parcel) -> None:
            parcels.set_code(parcel, form.code.data or "", actor=current_actor(), now=clock.now())

        answer = _take_step(number, form, write, gettext("The carrier's code is on record."))
        if answer is not None:
            return answer
    page = render_template("admin/orders/code.html", parcel=_own_parcel(number), form=form, carriers=CARRIERS)
    return page, answer_status(form)


@blueprint.route("/kien/<number>/ghi-chu", methods=["GET", "POST"])
@requires(Permission.HANDLE_ORDERS)
def remark(number: str) -> str | tuple[str, int] | Answer:
    """Write down a word about a parcel."""
    parcel = _own_parcel(number)
    form = RemarkForm()
    if form.validate_on_submit():

        def write(parcel: Parcel) -> None:
            parcels.remark(parcel, form.note.data or "", actor=current_actor(), now=clock.now())

        answer = _take_step(number, form, write, gettext("The note is on record."))
        if answer is not None:
            return answer
    return render_template("admin/orders/remark.html", parcel=parcel, form=form), answer_status(form)


# --- Cash under way ---------------------------------------------------------------------------------


@blueprint.get("/tien-thu-ho")
@requires(Permission.READ_ORDERS)
def cash() -> str | Response:
    """List the parcels whose cash is under way, and who has how much of it."""
    actor = current_actor()
    rows = order_queries.cash_to_come(actor)
    if asks_for_csv():
        return _cash_csv(rows)
    held: dict[str, int] = {}
    for row in rows:
        name = _holder(row)
        held[name] = held.get(name, 0) + row.cod_vnd
    return render_template(
        "admin/orders/cash.html",
        rows=rows,
        held=held,
        holder_of=_holder,
        cash=CASH,
        states=STATES,
        carriers=CARRIERS,
        names_producer=actor.is_office,
        may_handle=actor.may(Permission.HANDLE_ORDERS),
        csv_url=address(dang="csv"),
    )


def _holder(row: order_queries.CashRow) -> str:
    holder = parcels.holder(row.carrier, row.cod_state)
    return str(gettext(HOLDERS.get(holder) or CARRIERS[holder]))


def _cash_csv(rows: Sequence[order_queries.CashRow]) -> Response:
    header = [
        gettext("Parcel"),
        gettext("Order"),
        gettext("Producer"),
        gettext("Carrier"),
        gettext("Carrier's code"),
        gettext("Parcel is"),
        gettext("Cash"),
        gettext("Who has it"),
        gettext("Amount"),
    ]
    return csv_file(
        "tien-thu-ho",
        header,
        (
            (
                row.number,
                row.order_number,
                said(row, "producer"),
                gettext(CARRIERS[row.carrier]),
                row.code,
                gettext(STATES[row.state]),
                gettext(CASH[row.cod_state]),
                _holder(row),
                row.cod_vnd,
            )
            for row in rows
        ),
    )


__all__ = ["blueprint"]
