"""Changing an order before it is packed, by its link: fewer goods, who takes them in and where, a producer's proposal.

Fewer goods are seen with their sum first, then ordered: the page is shown twice, like the checkout.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import HiddenField, RadioField
from wtforms.validators import Optional

from accounts.web.forms import (
    BaseForm,
    PacksField,
    answer_status,
    line,
    paragraphs,
    phone_field,
    show_refusal,
    words_of,
)
from accounts.web.guard import public
from accounts.web.limits import limiter
from kernel import administrative_units, clock
from kernel.db import transaction
from kernel.errors import Conflict, DomainError
from storefront import change_queries, changing, paying, purchase_queries
from storefront.changing import Less
from storefront.order_models import Order, Placement, Purchase
from storefront.web import homes
from storefront.web.links import private
from storefront.web.words import much, said

blueprint = Blueprint("changes_of_buyers", __name__, url_prefix="/don-hang")


class FewerForm(BaseForm):
    """How many are to be left: a field for each line, see ``form_of_lines``; and what of the order the page shows."""

    seen = HiddenField()


class ReceiverForm(BaseForm):
    """Who takes the goods in, and where; a word to each producer: see ``_receiver_form``."""

    seen = HiddenField()
    name = line(lazy_gettext("Name of the receiver"), longest=120)
    phone = phone_field(
        lazy_gettext("Telephone"),
        required=True,
        description=lazy_gettext("Whoever brings the parcel calls this number."),
    )
    commune = line(lazy_gettext("Commune or ward, province"), longest=250)
    commune_code = RadioField(lazy_gettext("Which of these?"), validate_choice=False)
    address = line(lazy_gettext("House number, street or hamlet"))


class Act(BaseForm):
    """Nothing but the act itself."""


# --- Fewer goods --------------------------------------------------------------------------------------


@blueprint.route("/<token>/<int:position>/bot", methods=["GET", "POST"])
@public
@limiter.limit("20 per minute", methods=["POST"])
def fewer(token: str, position: int) -> Response:
    """Show what an order would cost with fewer goods, then change it."""
    order = _order(token, position)
    form, less = form_of_lines(order, FewerForm), None
    if form.validate_on_submit():
        packs = packs_of(form, order)
        try:
            if request.form.get("act") == "change":
                with transaction():
                    changing.take_down(
                        order,
                        packs,
                        seen=number_of(form.seen.data),
                        shown_vnd=number_of(request.form.get("shown_vnd")),
                        now=clock.now(),
                    )
                flash(gettext("Order %(number)s is changed.", number=order.number), "good")
                return redirect(url_for("orders.show", token=token), 303)
            less = changing.look(order, packs, by_buyer=True)
        except changing.SumIsAnother as refusal:
            show_refusal(form, refusal)
            less = _less(_order(token, position), packs)
        except DomainError as refusal:
            show_refusal(form, refusal)
    order = _order(token, position)
    form.seen.data = str(order.revision)
    page = render_template(
        "storefront/orders/fewer.html",
        form=form,
        purchase=order.purchase,
        order=order,
        packs=fields_of(form),
        less=less,
        may_change=changing.may_change(order),
        may_cancel=order.placement is not Placement.CANCELLED and order.packed_at is None,
        was_paid=any(payment.captured_vnd > payment.refunded_vnd for payment in paying.payments_of(order)),
    )
    return private(page, answer_status(form))


def _less(order: Order, packs: dict[int, int]) -> Less | None:
    """Work out what would be taken away; None where that would be refused now."""
    try:
        return changing.look(order, packs, by_buyer=True)
    except DomainError:
        return None


def form_of_lines(order: Order, base: type[BaseForm]) -> Any:
    """Make a form with a field for each line of an order: how many are to be left of it."""
    fields = {
        f"packs_{row.line}": PacksField(
            said(row, "name"),
            [Optional()],
            step_g=row.step_g,
            least=0,
            most=row.quantity,
            default=row.quantity,
            description=gettext("Now %(packs)s; 0 leaves it out.", packs=much(row)),
        )
        for row in changing.sold_lines(order)
    }
    return type("FormOfLines", (base,), fields)()


def fields_of(form: Any) -> list[Any]:
    """List the fields of a form of lines that say how many are to be left."""
    return [field for field in form if field.name.startswith("packs_")]


def packs_of(form: Any, order: Order) -> dict[int, int]:
    """Read how many are to be left of which line."""
    found = {int(field.name.removeprefix("packs_")): field.data for field in fields_of(form)}
    return {line: packs for line, packs in found.items() if packs is not None}


def number_of(typed: str | None) -> int:
    """Read a number that a page of ours wrote into its form; -1, which is none, where it was meddled with."""
    return int(typed) if typed and typed.isascii() and typed.isdecimal() and len(typed) <= 12 else -1


# --- Who takes it in, and where -----------------------------------------------------------------------


@blueprint.route("/<token>/nguoi-nhan", methods=["GET", "POST"])
@public
@limiter.limit("20 per minute", methods=["POST"])
def readdress(token: str) -> Response:
    """Change who takes the goods in, where, and the words to the producers."""
    purchase = purchase_queries.by_token(token)
    form = _receiver_form(purchase)
    if request.method == "POST":
        is_valid = form.validate_on_submit()
        home = homes.home_of(form)
        if is_valid and home is not None and not form.errors:
            receiver = changing.Receiver(
                form.name.data,
                str(form.phone.data),
                form.address.data,
                home,
                address_as_typed=(form.commune.data or "")[:300],
            )
            notes = {order.position: form[_note(order)].data or "" for order in changing.open_orders(purchase)}
            try:
                with transaction():
                    seen = number_of(form.seen.data)
                    changing.readdress(purchase, receiver, notes, seen=seen, now=clock.now())
            except DomainError as refusal:
                show_refusal(form, refusal)
            else:
                flash(gettext("It is changed. The producers see it."), "good")
                return redirect(url_for("orders.show", token=token), 303)
        purchase = purchase_queries.by_token(token)
    form.seen.data = str(changing.revision_of(purchase))
    page = render_template(
        "storefront/orders/receiver.html",
        form=form,
        purchase=purchase,
        notes=[form[_note(order)] for order in changing.open_orders(purchase)],
        may_change=changing.may_readdress(purchase),
    )
    return private(page, answer_status(form))


def _receiver_form(purchase: Purchase) -> Any:
    fields = {
        _note(order): paragraphs(
            lazy_gettext("A word to %(producer)s", producer=said(order.producer, "name")),
            longest=changing.LONGEST_NOTE,
            default=order.note,
        )
        for order in changing.open_orders(purchase)
    }
    form: Any = type("FormOfReceiver", (ReceiverForm,), fields)()
    form.commune_code.choices = []
    contact = purchase.contact
    if request.method == "GET" and contact is not None:
        form.name.data, form.phone.data, form.address.data = contact.name, contact.phone, contact.line
        today = clock.business_date(clock.now())
        unit = administrative_units.unit_on(contact.commune_code, today)
        form.commune.data = homes.named_place(unit, today) if unit is not None else contact.commune.full_name
    return form


def _note(order: Order) -> str:
    return f"note_{order.position}"


# --- What a producer proposes -------------------------------------------------------------------------


@blueprint.post("/<token>/de-nghi/<number>")
@public
@limiter.limit("20 per minute")
def answer(token: str, number: str) -> Response:
    """Say yes or no to a proposal."""
    change = change_queries.proposal_of(purchase_queries.by_token(token), number)
    says_yes = request.form.get("answer") == "yes"
    if Act().validate_on_submit():
        try:
            with transaction():
                (changing.accept if says_yes else changing.refuse)(change, now=clock.now())
        except Conflict as refusal:
            flash(words_of(refusal), "bad")
        else:
            words = gettext("Thank you: the order is changed.") if says_yes else gettext("The order stays as it was.")
            flash(words, "good")
    return redirect(url_for("orders.show", token=token), 303)


def _order(token: str, position: int) -> Order:
    return purchase_queries.order_of(purchase_queries.by_token(token), position)
