"""Orders of buyers: what is to be packed, with the batches to take; their parcels, and where the cash of these is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as Answer

from accounts import signing_in
from accounts.actor import Permission
from accounts.web.forms import (
    BaseForm,
    answer_status,
    choice,
    line,
    show_refusal,
    words_of,
)
from accounts.web.guard import current_actor, requires
from admin import listing
from admin.listing import address, asks_for_csv, csv_file, heading, order_asked
from admin.saying import dong, said, vat_words
from books import queries as books
from kernel import clock
from kernel.db import db, transaction
from kernel.errors import N_, Conflict, DomainError
from storefront import (
    carriers,
    change_queries,
    changing,
    dispute_queries,
    invoices,
    order_queries,
    ordering,
    parcels,
    return_queries,
    return_words,
    settling,
    short_messages,
    vat,
)
from storefront.order_models import ChangeState, CodState, Order, Parcel, ParcelState, PaymentMethod, Placement
from storefront.order_queries import OrderRow, Stage
from storefront.parcel_words import CARRIERS, CASH, STATES, STEPS

blueprint = Blueprint("order_desk", __name__, url_prefix="/quan-tri/don-hang")

A_PAGE = 50
STAGES = {
    Stage.TO_PACK: (N_("To pack"), "wait"),
    Stage.KEPT_BACK: (N_("Kept back: card dispute"), "bad"),
    Stage.WAITING: (N_("Waits for money"), "off"),
    Stage.ON_THE_WAY: (N_("On its way"), "info"),
    Stage.TROUBLE: (N_("Not delivered"), "bad"),
    Stage.DELIVERED: (N_("Delivered"), "good"),
    Stage.RETURNED: (N_("Came back"), "off"),
    Stage.CANCELLED: (N_("Cancelled"), "bad"),
}
#: Stages of which the list says how many orders there are.
_COUNTED = (Stage.TO_PACK, Stage.KEPT_BACK, Stage.WAITING, Stage.TROUBLE)
ALL = "tat-ca"
METHODS = {
    PaymentMethod.VIETQR: N_("Bank transfer"),
    PaymentMethod.CARD: N_("Card"),
    PaymentMethod.COD: N_("Cash on delivery"),
}
CAUSES = {
    "buyer": N_("The buyer cancelled it"),
    "seller": N_("The seller cancelled it"),
    "time": N_("The money did not come in time"),
    "stock": N_("The goods were gone when the money came"),
}
#: ``OrderStep.what`` → what happened.
HAPPENED = {
    "placed": N_("Order placed"),
    "exchange": N_("Goods to be sent anew, at no price"),
    "confirmed": N_("Confirmed: the goods are set aside"),
    "paid": N_("Paid"),
    "called": N_("The buyer was called"),
    "proposed": N_("The buyer was asked whether fewer goods will do"),
    "changed": N_("Fewer goods, for so much less"),
    "refused_change": N_("The buyer wants all the goods"),
    "withdrew_change": N_("The proposal was taken back"),
    "readdressed": N_("The buyer changed where it goes, or the note"),
    "packed": N_("Packed"),
    "delivered": N_("Delivered"),
    "returned": N_("The goods came back"),
    "cancelled": N_("Cancelled"),
    "refund_asked": N_("Money is to go back to the buyer"),
    "refunded": N_("Money went back to the buyer"),
    "refund_failed": N_("The money did not reach the buyer: it is sent again"),
    "disputed": N_("The payer's bank asks for the money of the card back"),
    dispute_queries.SENT_ALL_THE_SAME: N_("To be sent in spite of the card dispute"),
}
#: What became of a change of an order, and the tone of the words.
CHANGES = {
    ChangeState.PROPOSED: (N_("The buyer has not answered"), "wait"),
    ChangeState.DONE: (N_("Carried out"), "good"),
    ChangeState.REFUSED: (N_("The buyer wants all the goods"), "bad"),
    ChangeState.WITHDRAWN: (N_("The proposal was taken back"), "off"),
    ChangeState.OVERTAKEN: (N_("Overtaken by another change"), "off"),
}
#: Whose hands the cash of a parcel is in.
HOLDERS = {
    "buyer": N_("The buyer still has it"),
    "courier": N_("Who brought the parcel has it"),
    "producer": N_("The seller has it"),
}


# --- The list ---------------------------------------------------------------------------------------

_ORDERS: dict[str, Any] = {"so": Order.number, "ngay": Order.placed_at, "tien": Order.total_vnd}


@blueprint.get("")
@requires(Permission.READ_ORDERS)
def index() -> str | Response:
    """List the orders the actor may see: what is to be packed, the oldest first, unless something else is asked."""
    actor = current_actor()
    words = request.args.get("q", "").strip()[:60]
    asked = request.args.get("tinh-trang", ALL if words else Stage.TO_PACK.value)
    at = next((one for one in Stage if one.value == asked), None)
    order = order_asked(tuple(_ORDERS), "ngay" if at is Stage.TO_PACK else "-ngay")
    found = order_queries.list_orders(actor, at=at, q=words)
    column = _ORDERS[order[0]]
    found = found.order_by(column.desc() if order[1] else column, Order.id.desc() if order[1] else Order.id)
    if asks_for_csv():
        return _as_csv([OrderRow._make(row) for row in db.session.execute(found)])
    page = listing.page_of(found, rows=A_PAGE)
    page = page._replace(rows=[OrderRow._make(row) for row in page.rows])
    return render_template(
        "admin/orders/index.html",
        page=page,
        words=words,
        at=at,
        tabs_of_stage=_tabs(at, order_queries.counts(actor)),
        stages=STAGES,
        methods=METHODS,
        columns=[
            heading(gettext("Order"), "so", order),
            heading(gettext("Buyer")),
            *([heading(gettext("Producer"))] if actor.is_office else []),
            heading(gettext("Packs"), number=True),
            heading(gettext("Total"), "tien", order, number=True),
            heading(gettext("Ordered"), "ngay", order),
            heading(gettext("Status")),
        ],
        names_producer=actor.is_office,
        url_of=lambda number: address(trang=number),
        csv_url=address(dang="csv", trang=None),
        keep={name: request.args[name] for name in ("sap-xep",) if name in request.args},
    )


def _tabs(at: Stage | None, counted: dict[Stage, int]) -> list[dict[str, Any]]:
    tabs: list[dict[str, Any]] = [
        {
            "label": gettext(label),
            "url": address(**{"tinh-trang": one.value, "trang": None, "q": None}),
            "current": one is at,
            "count": counted.get(one) if one in _COUNTED else None,
        }
        for one, (label, _) in STAGES.items()
        if one is not Stage.KEPT_BACK or one is at or counted.get(one)
    ]
    every = address(**{"tinh-trang": ALL, "trang": None, "q": None})
    return [*tabs, {"label": gettext("All"), "url": every, "current": at is None}]


def _as_csv(rows: Sequence[OrderRow]) -> Response:
    header = [
        gettext("Order"),
        gettext("Ordered"),
        gettext("Producer"),
        gettext("Buyer"),
        gettext("Telephone"),
        gettext("Address"),
        gettext("Commune"),
        gettext("Province"),
        gettext("Packs"),
        gettext("Discount"),
        gettext("Total"),
        gettext("Payment"),
        gettext("Status"),
        gettext("Parcel"),
        gettext("Carrier"),
        gettext("Carrier's code"),
        gettext("Cash on delivery"),
        gettext("Cash"),
        gettext("VAT contained"),
        gettext("Invoice"),
    ]
    vat_of = {
        order_id: sum(one.vat_vnd for one in found)
        for order_id, found in vat.of_orders([row.id for row in rows]).items()
    }
    return csv_file(
        "don-hang",
        header,
        (
            (
                row.number,
                f"{clock.business_date(row.placed_at):%d/%m/%Y}",
                said(row, "producer"),
                row.buyer,
                # With a blank inside, a spreadsheet keeps it as text.
                signing_in.phone_as_written(row.phone) if row.phone else "",
                row.address,
                row.commune,
                row.province,
                row.packs,
                row.discount_vnd,
                row.total_vnd,
                gettext(METHODS[row.method]),
                gettext(STAGES[Stage(row.stage)][0]),
                row.parcel,
                gettext(CARRIERS[row.carrier]) if row.carrier else "",
                row.code,
                row.cod_vnd if row.cod_vnd else "",
                gettext(CASH[row.cod_state]) if row.cod_state and row.cod_vnd else "",
                vat_of.get(row.id, ""),
                row.invoice_number,
            )
            for row in rows
        ),
    )


# --- An order ---------------------------------------------------------------------------------------


class InvoiceForm(BaseForm):
    """The number of an invoice that was issued elsewhere."""

    number = line(lazy_gettext("Number of the invoice"), longest=60, required=False)


class CalledForm(BaseForm):
    """What the buyer said at the telephone."""

    note = line(lazy_gettext("What did the buyer say?"), longest=200)


class CancelForm(BaseForm):
    """Why an order is cancelled."""

    cause = choice(
        lazy_gettext("Who wants it?"),
        {"seller": lazy_gettext("We cannot deliver"), "buyer": lazy_gettext("The buyer asked for it")},
    )
    reason = line(lazy_gettext("Why? The buyer reads this."), longest=200)


class DespiteForm(BaseForm):
    """Why an order is sent though the payer's bank asks for its money."""

    note = line(lazy_gettext("Why is it sent all the same?"), longest=parcels.LONGEST_NOTE)


@blueprint.get("/<number>")
@requires(Permission.READ_ORDERS)
def show(number: str) -> str:
    """Show an order: what to take from where, who bought it, where its parcel and its money are."""
    return page_of(order_queries.get_order(current_actor(), number))


def page_of(order: Order, problem: str | None = None, **forms: BaseForm) -> str:
    """Draw an order's page, with what is wrong with one of its forms."""
    actor = current_actor()
    own = _is_own(order)
    stage = order_queries.stage_of(order)
    picks = order_queries.picks_of([order])[order.id]
    comes_on = parcels.comes_on(order, clock.now())
    tax = books.tax_of(actor, order.number)
    return render_template(
        "admin/orders/show.html",
        tax=tax,
        vat_sums=[(vat_words(row.rate_bp), row) for row in vat.of_order(order)],
        invoice=invoices.of_purchase(order.purchase),
        tax_words=tax and gettext("VAT %(vat)s, income tax %(pit)s", vat=dong(tax.vat_vnd), pit=dong(tax.pit_vnd)),
        order=order,
        contact=order.purchase.contact,
        where=where_of(order),
        sends_texts=bool(short_messages.senders()),
        problem=problem,
        stage=stage,
        status=STAGES[stage],
        method=METHODS[order.purchase.method],
        is_paid=_is_paid(order),
        picks=picks,
        frozen=any(row.frozen for rows in picks.values() for row in rows),
        comes_on=comes_on,
        too_old=any(not row.keeps(comes_on) for rows in picks.values() for row in rows),
        wanted=set(ordering.wanted_lines(order)),
        to_pack=stage is Stage.TO_PACK,
        may_pack=own and stage is Stage.TO_PACK,
        may_cancel=own and stage in (Stage.TO_PACK, Stage.WAITING, Stage.KEPT_BACK),
        kept_back=stage is Stage.KEPT_BACK,
        is_lost=dispute_queries.is_lost(order),
        despite_form=forms.get("despite_form") or DespiteForm(formdata=None),
        may_propose=own and stage in (Stage.TO_PACK, Stage.WAITING) and changing.may_change(order),
        changes=change_queries.of_order(order),
        change_states=CHANGES,
        names={line.line: line for line in order.lines},
        open_changes={change.id for change in change_queries.of_order(order) if own and changing.is_open(change)},
        own=own,
        parcels=[_parcel_view(parcel, own=own) for parcel in order.parcels],
        steps=[_step_view(step) for step in order_queries.steps_of(order)],
        invoice_form=forms.get("invoice_form") or InvoiceForm(number=order.invoice_number, formdata=None),
        called_form=forms.get("called_form") or CalledForm(formdata=None),
        cause=CAUSES.get(order.cancel_cause),
        returns=return_queries.of_order(order),
        return_states=return_words.STATES,
        exchanged_by=return_queries.exchanged_by(order),
        names_producer=actor.is_office,
        phone=signing_in.phone_as_written,
    )


def _is_own(order: Order) -> bool:
    actor = current_actor()
    return order.producer_id == actor.organisation_id and actor.may(Permission.HANDLE_ORDERS)


def _is_paid(order: Order) -> bool:
    if order.purchase.method is PaymentMethod.COD:
        return parcels.is_paid(order)
    return order.placement is Placement.CONFIRMED and not dispute_queries.is_lost(order)


def where_of(order: Order) -> str:
    """Write the address of the buyer on one line; "" once it was erased."""
    contact = order.purchase.contact
    return carriers.address_of(contact) if contact else ""


def _parcel_view(parcel: Parcel, *, own: bool) -> dict[str, Any]:
    """Tell what the page says of a parcel and which steps lead on from here."""
    nexts = [state for state in ParcelState if state in parcels.NEXT[parcel.state]] if own else []
    by_hand = parcel.carrier in (parcels.HAND_OVER, parcels.PICKUP)
    skipped = {ParcelState.RETURNED}
    if parcel.carrier == parcels.PICKUP:
        skipped |= {ParcelState.PICKED_UP, ParcelState.IN_TRANSIT, ParcelState.FAILED, ParcelState.RETURNING}
    if by_hand:
        skipped |= {ParcelState.PICKED_UP}
    forth = [state for state in nexts if state not in skipped]
    first = forth[0] if forth and parcel.state is not ParcelState.RETURNING else None
    if parcel.carrier == parcels.PICKUP and first is not None:
        first = ParcelState.DELIVERED
    cash = parcels.CASH.get(parcel.cod_state) if own else None
    if cash is CodState.COLLECTED and parcel.state is not ParcelState.DELIVERED:
        cash = None
    holder = parcels.holder_of(parcel)
    return {
        "row": parcel,
        "state": STATES[parcel.state],
        "carrier": CARRIERS[parcel.carrier],
        "link": carriers.tracking_url(parcel.carrier, parcel.code),
        "cash": CASH[parcel.cod_state],
        "holder": HOLDERS.get(holder) or CARRIERS.get(holder),
        "first": first,
        "others": [state for state in forth if state is not first],
        "may_take_back": ParcelState.RETURNED in nexts,
        "next_cash": cash,
        "may_set_code": own and not by_hand,
        "steps": [
            {"at": step.at, "title": STEPS.get(step.what, step.what), "text": step.note or None, "what": step.what}
            for step in parcel.steps
        ],
    }


def _step_view(step: Any) -> dict[str, Any]:
    facts = step.facts or {}
    text = facts.get("note") or facts.get("parcel")
    amount = facts.get("amount_vnd", facts.get("less_vnd"))
    if amount is not None:
        text = dong(amount)
    return {
        "at": step.at,
        "title": HAPPENED.get(step.what, step.what),
        "text": text,
        "is_bad": step.what in ("cancelled", "returned"),
    }


def own_order(number: str) -> Order:
    """Find an order of the actor's own goods: only their producer takes these steps."""
    order = order_queries.get_order(current_actor(), number)
    if order.producer_id != current_actor().organisation_id:
        raise order_queries.NoSuchOrder()
    return order


def done(number: str, sentence: str) -> Answer:
    """Lead back to an order's page, and say what was done."""
    flash(sentence, "good")
    return redirect(url_for("order_desk.show", number=number), 303)


@blueprint.post("/<number>/van-gui")
@requires(Permission.HANDLE_ORDERS)
def send_all_the_same(number: str) -> str | tuple[str, int] | Answer:
    """Take an order out of what a card dispute keeps back."""
    form = DespiteForm()
    if form.validate_on_submit():
        try:
            with transaction():
                parcels.send_all_the_same(
                    own_order(number), note=form.note.data or "", actor=current_actor(), now=clock.now()
                )
        except Conflict as refusal:
            return page_of(own_order(number), words_of(refusal)), 409
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            return done(number, gettext("It can be packed now."))
    return page_of(own_order(number), despite_form=form), answer_status(form)


@blueprint.post("/<number>/hoa-don")
@requires(Permission.HANDLE_ORDERS)
def invoice(number: str) -> tuple[str, int] | Answer:
    """Write down the number of the invoice."""
    form = InvoiceForm()
    if form.validate_on_submit():
        with transaction():
            parcels.record_invoice(own_order(number), form.number.data or "", actor=current_actor(), now=clock.now())
        return done(number, gettext("The number of the invoice is on record."))
    return page_of(own_order(number), invoice_form=form), answer_status(form)


@blueprint.post("/<number>/da-goi")
@requires(Permission.HANDLE_ORDERS)
def called(number: str) -> tuple[str, int] | Answer:
    """Write down that the buyer was called."""
    form = CalledForm()
    if form.validate_on_submit():
        with transaction():
            parcels.spoken_to(own_order(number), note=form.note.data or "", actor=current_actor(), now=clock.now())
        return done(number, gettext("What the buyer said is on record."))
    return page_of(own_order(number), called_form=form), answer_status(form)


@blueprint.route("/<number>/huy", methods=["GET", "POST"])
@requires(Permission.HANDLE_ORDERS)
def cancel(number: str) -> str | tuple[str, int] | Answer:
    """Ask why, then cancel an order that is not packed; money that came for it goes back."""
    order = own_order(number)
    form = CancelForm()
    if form.validate_on_submit():
        try:
            with transaction():
                order = own_order(number)
                reason = form.reason.data or ""
                actor, now = current_actor(), clock.now()
                ordering.cancel(order, cause=form.cause.data or "", reason=reason, actor=actor, now=now)
                settling.give_back_of(order, reason=reason, actor=actor, now=now)
        except Conflict as refusal:
            return page_of(own_order(number), words_of(refusal)), 409
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            return done(number, gettext("Order %(number)s is cancelled.", number=number))
    order = own_order(number)
    if order_queries.stage_of(order) not in (Stage.TO_PACK, Stage.WAITING):
        return page_of(order)
    return render_template("admin/orders/cancel.html", order=order, form=form, is_paid=_is_paid(order)), answer_status(
        form
    )
