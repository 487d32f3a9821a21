"""Packing an order: who brings it, and another batch where the one that was picked cannot go."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as Answer
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from accounts.actor import Permission
from accounts.web.forms import BaseForm, answer_status, choice, line, set_choices, show_refusal, words_of
from accounts.web.guard import current_actor, requires
from admin.order_changes import seen_of_form
from admin.orders import done, own_order, page_of, where_of
from admin.saying import much
from kernel import clock
from kernel.db import db, transaction
from kernel.errors import Conflict, DomainError
from stock.allocation import must_keep_until
from stock.models import Allocation, AllocationState
from storefront import order_queries, ordering, parcels
from storefront.carriers import booking
from storefront.order_models import Order, OrderLine, Parcel
from storefront.order_queries import Stage
from storefront.parcel_words import CARRIERS
from traceability.models import LotState

blueprint = Blueprint("order_packing", __name__, url_prefix="/quan-tri/don-hang")


class PackForm(BaseForm):
    """Who brings the parcel."""

    carrier = choice(lazy_gettext("Who brings the parcel?"))
    code = line(
        lazy_gettext("Carrier's code"),
        longest=60,
        required=False,
        description=lazy_gettext("From the carrier's receipt. It can be entered later, too."),
    )


class RepickForm(BaseForm):
    """Another batch, and why."""

    lot = RadioField(lazy_gettext("Take this batch instead"), [InputRequired()], coerce=int)
    reason = line(lazy_gettext("Why not the first to expire?"), longest=200)


@blueprint.route("/<number>/dong-goi", methods=["GET", "POST"])
@requires(Permission.HANDLE_ORDERS)
def pack(number: str) -> str | tuple[str, int] | Answer:
    """Show once more what to take from where, then let it leave the warehouse as a parcel."""
    order = own_order(number)
    form = PackForm(data={"carrier": _usual_carrier(order)})
    set_choices(form.carrier, {key: gettext(name) for key, name in CARRIERS.items() if _fits(key, order)})
    if form.validate_on_submit():
        try:
            with transaction():
                parcel = parcels.pack(
                    own_order(number),
                    carrier=form.carrier.data or "",
                    code=form.code.data or "",
                    seen=seen_of_form(),
                    actor=current_actor(),
                    now=clock.now(),
                )
                booking.ask_for(parcel, now=clock.now())
                name = parcel.number
        except Conflict as refusal:
            return page_of(own_order(number), words_of(refusal)), 409
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            return done(number, gettext("The order is packed: parcel %(number)s.", number=name))
    order = own_order(number)
    if order_queries.stage_of(order) is not Stage.TO_PACK:
        return page_of(order)
    page = render_template(
        "admin/orders/pack.html",
        order=order,
        form=form,
        where=where_of(order),
        picks=order_queries.picks_of([order])[order.id],
        cash=0 if parcels.is_paid(order) else order.total_vnd,
    )
    return page, answer_status(form)


def _fits(carrier: str, order: Order) -> bool:
    return (carrier == parcels.PICKUP) == (order.delivery == "pickup")


def _usual_carrier(order: Order) -> str:
    """Give who brought the producer's last parcel."""
    if order.delivery == "pickup":
        return parcels.PICKUP
    query = order_queries.parcels_visible_to(current_actor()).where(Parcel.carrier != parcels.PICKUP)
    last = db.session.scalar(query.order_by(Parcel.id.desc()).limit(1))
    return last.carrier if last is not None else parcels.HAND_OVER


@blueprint.route("/<number>/doi-lo/<int:allocation_id>", methods=["GET", "POST"])
@requires(Permission.HANDLE_ORDERS)
def repick(number: str, allocation_id: int) -> str | tuple[str, int] | Answer:
    """Take another batch for a line."""
    order = own_order(number)
    picked = _picked(order, allocation_id)
    others = order_queries.others_for(picked, parcels.comes_on(order, clock.now()))
    form = RepickForm()
    form.lot.choices = [SelectChoice(other.lot_id, other.number) for other in others]
    if form.validate_on_submit():
        try:
            with transaction():
                order = own_order(number)
                parcels.repick(
                    order,
                    _picked(order, allocation_id),
                    lot_id=form.lot.data,
                    reason=form.reason.data or "",
                    actor=current_actor(),
                    now=clock.now(),
                )
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            return done(number, gettext("Another batch is set aside."))
    order = own_order(number)
    if order_queries.stage_of(order) is not Stage.TO_PACK:
        return page_of(order)
    line = next(line for line in order.lines if line.line == picked.line)
    page = render_template(
        "admin/orders/repick.html",
        order=order,
        form=form,
        others=others,
        notes={other.lot_id: _about(other, line) for other in others},
        picked=picked,
        line=line,
        is_held=picked.lot.state is not LotState.RELEASED,
        last_day=must_keep_until(picked, parcels.comes_on(order, clock.now())),
    )
    return page, answer_status(form)


def _about(other: order_queries.Other, line: OrderLine) -> str:
    if line.step_g:
        left = gettext("%(weight)s is free", weight=much(line, other.free))
    else:
        left = gettext("%(count)s packs are free", count=other.free)
    if other.expires_on is None:
        return str(left)
    day = gettext("best before %(day)s", day=f"{other.expires_on:%d/%m/%Y}")
    return f"{day} · {left}"


def _picked(order: Order, allocation_id: int) -> Allocation:
    picked = db.session.get(Allocation, allocation_id)
    if (
        picked is None
        or picked.document != order.purchase.number
        or picked.line not in ordering.wanted_lines(order)
        or picked.state in (AllocationState.RELEASED, AllocationState.SHIPPED)
    ):
        raise order_queries.NoSuchOrder()
    return picked
