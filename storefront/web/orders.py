"""The page of a purchase, by its unguessable address: what became of each order, what is to be paid, how to call off.

Whoever has the link may read it: it is sent to the buyer alone. Nothing here asks for an account.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from accounts import signing_in
from accounts.web.forms import words_of
from accounts.web.guard import public
from accounts.web.limits import limiter
from kernel import administrative_units, clock
from kernel.db import db, transaction
from kernel.errors import Conflict
from kernel.text import one_line
from storefront import (
    buyers,
    carriers,
    change_queries,
    changing,
    dispute_queries,
    invoices,
    ordering,
    parcel_words,
    paying,
    purchase_queries,
    return_queries,
    settling,
    vat,
)
from storefront.gateways import vietqr
from storefront.order_models import (
    CodState,
    Order,
    OrderStep,
    Parcel,
    ParcelState,
    Payment,
    PaymentMethod,
    PaymentState,
    Placement,
    Purchase,
    RefundState,
)
from storefront.purchase_queries import RecalledGoods
from storefront.web import card_pages
from storefront.web.origin import unkept
from storefront.web.returns import state_of as state_of_return
from storefront.web.words import dong, named
from traceability.labels import Drawing, qr_svg

blueprint = Blueprint("orders", __name__, url_prefix="/don-hang")


@dataclass(frozen=True)
class ToPay:
    """A payment as the page shows it."""

    payment: Payment
    state: str
    tone: str
    left_vnd: int
    code_svg: Drawing | None  #: while a transfer is awaited
    waits_for_card: bool  #: its page is at ``payment.url``, once it is open
    gone_vnd: int  #: so much of what that page asks for is for orders called off since
    bank: str
    orders: tuple[Order, ...]


@dataclass(frozen=True)
class ParcelView:
    """A parcel as the page shows it."""

    state: str
    carrier: str
    url: str | None  #: where its carrier tells of it
    steps: list[tuple[datetime, str, str]]


@dataclass(frozen=True)
class RecalledView:
    """The recalled goods of an order, and what the buyer is to do."""

    order: Order
    goods: list[RecalledGoods]
    what_to_do: str


@blueprint.get("/<token>")
@public
def show(token: str) -> Response:
    """Show a purchase."""
    purchase = purchase_queries.by_token(token)
    now = clock.now()
    happened = purchase_queries.happened(purchase)
    kept_back = dispute_queries.kept_back_of(purchase)
    invoice = invoices.of_purchase(purchase) if happened.invoice else None
    sums = vat.of_orders([order.id for order in purchase.orders]) if invoice is not None else {}
    page = render_template(
        "storefront/orders/show.html",
        purchase=purchase,
        payments=[_to_pay(payment, now) for payment in purchase.payments],
        states={order.id: state_of(order, is_kept_back=order.id in kept_back) for order in purchase.orders},
        steps=_told(purchase),
        parcels={parcel.id: _parcel(parcel) for order in purchase.orders for parcel in order.parcels},
        lots=purchase_queries.lots_of(purchase),
        recalled=[
            RecalledView(order, goods, _what_to_do(order))
            for order, goods in _by_order(purchase, purchase_queries.recalled_of(purchase))
        ],
        refunds=[
            (made, made.state is RefundState.DONE)
            for made in purchase_queries.refunds_of(purchase)
            if made.state is not RefundState.REFUSED
        ],
        returns=_returns(purchase, happened.returns),
        may_return={order.id for order in purchase.orders if return_queries.returnable(order, now)},
        may_cancel={order.id for order in purchase.orders if _may_cancel(order)},
        may_change={order.id for order in purchase.orders if _may_take_down(order)},
        asked_provider=request.args.get("the") == "cho",
        may_readdress=changing.may_readdress(purchase),
        proposals=change_queries.proposals_of(purchase) if happened.changes else [],
        twice_vnd=happened.twice_vnd,
        receiver=_receiver(purchase),
        invoice=invoice,
        vat={order.id: sums.get(order.id, []) for order in purchase.orders},
        phone=signing_in.phone_as_written,
    )
    return unkept(page)


@blueprint.get("/<token>/the")
@public
@limiter.limit("12 per minute")
def paid_by_card(token: str) -> Response:
    """Take back who paid on the provider's page: the provider is asked now, for its notice may be on its way still."""
    purchase = purchase_queries.by_token(token)
    waiting = [payment.id for payment in purchase.payments if _waits_for_card(payment)]
    db.session.rollback()  # nobody is asked inside a transaction
    card_pages.look_now(waiting, now=clock.now())
    purchase = purchase_queries.by_token(token)
    is_waiting = any(_waits_for_card(payment) for payment in purchase.payments)
    return redirect(url_for("orders.show", token=token, the="cho" if is_waiting else None), 303)


def _waits_for_card(payment: Payment) -> bool:
    return payment.method is PaymentMethod.CARD and payment.state is PaymentState.ASKED


@blueprint.route("/<token>/<int:position>/huy", methods=["GET", "POST"])
@public
@limiter.limit("20 per minute", methods=["POST"])
def cancel(token: str, position: int) -> Response:
    """Ask before an order is called off, then do it; what was paid for it goes back."""
    purchase = purchase_queries.by_token(token)
    order = purchase_queries.order_of(purchase, position)
    problem, status = None, 200
    if request.method == "POST":
        try:
            with transaction():
                now = clock.now()
                reason = one_line(request.form.get("reason", ""))[: ordering.LONGEST_REASON]
                ended = ordering.call_off(order, along=request.form.get("along", "").split(), reason=reason, now=now)
                settling.give_back_of(*ended, reason=reason, now=now)
        except Conflict as refusal:
            problem, status = words_of(refusal), 409
        else:
            for one in ended:
                flash(gettext("Order %(number)s is cancelled.", number=one.number), "good")
            return redirect(url_for("orders.show", token=token), 303)
        order = purchase_queries.order_of(purchase_queries.by_token(token), position)
    along = ordering.ending_with(order)
    packed = next((one for one in along if one.packed_at is not None), None)
    if packed is not None and problem is None:
        problem = words_of(ordering.OneIsPacked(number=packed.number))
    page = render_template(
        "storefront/orders/cancel.html",
        purchase=purchase,
        order=order,
        along=along,
        problem=problem,
        may_cancel=_may_cancel(order) and packed is None,
        was_paid=any(
            payment.captured_vnd > payment.refunded_vnd
            for one in (order, *along)
            for payment in paying.payments_of(one)
        ),
    )
    return unkept(page, status)


@blueprint.route("/<token>/xoa-thong-tin", methods=["GET", "POST"])
@public
@limiter.limit("20 per minute", methods=["POST"])
def erase(token: str) -> Response:
    """Ask before who bought is erased, then do it; while an order still needs it, it is noted and done later."""
    purchase = purchase_queries.by_token(token)
    if request.method == "POST":
        with transaction():
            is_done = buyers.ask_erasure(purchase, now=clock.now())
        flash(
            gettext("Your name, address and telephone number are erased.")
            if is_done
            else gettext("It is noted. They are erased as soon as nothing is open about this order any more."),
            "good",
        )
        return redirect(url_for("orders.show", token=token), 303)
    page = render_template("storefront/orders/erase.html", purchase=purchase, days=buyers.CONTACT_KEPT.days)
    return unkept(page)


def state_of(order: Order, *, is_kept_back: bool = False) -> tuple[str, str]:
    """Say how an order stands, with the tone of the words: good, wait, bad, info.

    :param is_kept_back: the payer's bank asks for the money of the card
    """
    if order.placement is Placement.CANCELLED:
        return str(_CANCELLED[order.cancel_cause]()), "bad"
    if order.placement is Placement.PLACED:
        return gettext("Waits for the payment"), "wait"
    if is_kept_back:
        return gettext("Kept back: the card's bank was asked for the money back"), "wait"
    states = {parcel.state for parcel in order.parcels}
    if order.packed_at is None or not states:
        return gettext("Being made ready"), "info"
    if states == {ParcelState.DELIVERED}:
        return gettext("Delivered"), "good"
    if states <= {ParcelState.RETURNED, ParcelState.RETURNING}:
        return gettext("Goes back to the producer"), "bad"
    if ParcelState.FAILED in states:
        return gettext("Could not be delivered; it will be tried again"), "wait"
    if states == {ParcelState.CREATED}:
        if order.delivery == "pickup":
            return gettext("Ready to be picked up"), "good"
        return gettext("Packed, waits for the carrier"), "info"
    return gettext("On its way"), "info"


def said_step(step: OrderStep) -> str | None:
    """Say a step of an order; None for one that is no matter of the buyer's."""
    amount = step.facts.get("amount_vnd")
    if step.what == "cancelled":
        return str(_CANCELLED[str(step.facts.get("cause", "buyer"))]())
    words = {
        "placed": gettext("The order was placed"),
        "exchange": gettext("New goods for those you sent back, at no price"),
        "confirmed": gettext("Confirmed: the goods are yours"),
        "paid": gettext("Paid"),
        "packed": gettext("Packed"),
        "proposed": gettext("The producer asked whether fewer goods will do"),
        "changed": gettext("Fewer goods: it costs %(amount)s less", amount=dong(int(step.facts.get("less_vnd") or 0))),
        "refused_change": gettext("You left the order as it was"),
        "withdrew_change": gettext("The producer took the question back"),
        "readdressed": gettext("Where it goes, or the word to the producer, was changed"),
        "refund_asked": gettext("%(amount)s will be given back", amount=dong(int(amount or 0))),
        "refunded": gettext("%(amount)s was given back", amount=dong(int(amount or 0))),
        "refund_failed": gettext("%(amount)s did not reach you: it will be sent again", amount=dong(int(amount or 0))),
    }
    return words.get(step.what)


_CANCELLED = {
    "buyer": lambda: gettext("Cancelled by you"),
    "seller": lambda: gettext("Cancelled by the producer"),
    "time": lambda: gettext("Cancelled: the payment did not come in time"),
    "stock": lambda: gettext("Cancelled: the goods were gone when the payment came"),
}


def _to_pay(payment: Payment, now: datetime) -> ToPay:
    left = max(0, payment.amount_vnd - payment.captured_vnd)
    orders = tuple(paying.orders_of(payment))
    off = all(order.placement is Placement.CANCELLED for order in orders)
    is_open = not off and payment.state in _OPEN and left > 0
    awaited = is_open and payment.method is PaymentMethod.VIETQR
    by_card = is_open and payment.method is PaymentMethod.CARD
    account = payment.account or {}
    svg = None
    if awaited and account:
        text = vietqr.payload(vietqr.Transfer(account["bin"], account["number"], left, payment.code))
        svg = qr_svg(text, title=gettext("QR code of the transfer"))
    bank = vietqr.banks().get(account.get("bin", ""))
    standing = sum(order.total_vnd for order in orders if order.placement is not Placement.CANCELLED)
    gone = max(0, payment.amount_vnd - standing) if by_card else 0
    return ToPay(payment, *_payment_words(payment, off), left, svg, by_card, gone, bank.name if bank else "", orders)


def _receiver(purchase: Purchase) -> list[tuple[str, str]]:
    contact = purchase.contact
    if contact is None:
        return []
    province = administrative_units.unit_on(contact.commune.parent_code or "", clock.business_date(purchase.placed_at))
    places = [contact.line, named(contact.commune.full_name)]
    if province is not None:
        places.append(named(f"{province.kind_vi} {province.name_vi}"))
    told = [
        (gettext("Receiver"), contact.name),
        (gettext("Telephone"), signing_in.phone_as_written(contact.phone)),
        (gettext("Address"), ", ".join(places)),
    ]
    return [*told, *([(gettext("E-mail"), contact.email)] if contact.email else [])]


_OPEN = (PaymentState.ASKED, PaymentState.PARTLY)


def _payment_words(payment: Payment, off: bool) -> tuple[str, str]:
    if payment.disputed_vnd:
        return gettext("The card's bank was asked for this money back. Its decision is awaited."), "wait"
    if payment.state is PaymentState.PAID and payment.refunded_vnd == payment.captured_vnd:
        return gettext("Paid, and given back"), "info"
    if payment.state is PaymentState.PAID:
        return gettext("Paid, thank you"), "good"
    if payment.method is PaymentMethod.COD:
        collected = {parcel.cod_state for order in paying.orders_of(payment) for parcel in order.parcels}
        if collected & {CodState.COLLECTED, CodState.HANDED_OVER, CodState.RECONCILED}:
            return gettext("Paid, thank you"), "good"
        return (gettext("Nothing to pay"), "info") if off else (gettext("To be paid in cash on delivery"), "info")
    if off or payment.state is PaymentState.FAILED:
        return gettext("No longer awaited"), "info"
    if payment.state is PaymentState.PARTLY:
        return gettext("A part of it has come"), "wait"
    return gettext("Not paid yet"), "wait"


def _parcel(parcel: Parcel) -> ParcelView:
    return ParcelView(
        state=gettext(parcel_words.STATES[parcel.state]),
        carrier=gettext(parcel_words.CARRIERS[parcel.carrier]),
        url=carriers.tracking_url(parcel.carrier, parcel.code),
        steps=[
            (step.at, gettext(parcel_words.STEPS[step.what]), step.note)
            for step in parcel.steps
            if step.what in parcel_words.STEPS and not step.what.startswith("cod_")
        ],
    )


def _told(purchase: Purchase) -> dict[int, list[tuple[datetime, str]]]:
    told: dict[int, list[tuple[datetime, str]]] = {order.id: [] for order in purchase.orders}
    for step in purchase_queries.steps_of(purchase):
        words = said_step(step)
        if words is not None:
            told[step.order_id].append((step.at, words))
    return told


def _by_order(purchase: Purchase, recalled: list[RecalledGoods]) -> list[tuple[Order, list[RecalledGoods]]]:
    found = [(order, [goods for goods in recalled if goods.order_id == order.id]) for order in purchase.orders]
    return [(order, goods) for order, goods in found if goods]


def _what_to_do(order: Order) -> str:
    if order.packed_at is None:
        words = gettext("These goods are not sent. The producer takes others for you, or gives your money back.")
    elif {parcel.state for parcel in order.parcels} != {ParcelState.DELIVERED}:
        words = gettext(
            "Do not take the parcel in. If you have it already, do not eat or use what is in it: keep it apart and "
            "call the producer."
        )
    else:
        words = gettext(
            "Do not eat or use these goods, and give them to nobody. Keep them apart and call the producer: they say "
            "how the goods come back and how you get your money back. If you have used them and feel unwell, see a "
            "doctor and take the pack along."
        )
    return str(words)


def _returns(purchase: Purchase, has_any: bool) -> dict[int, list[tuple[str, tuple[str, str]]]]:
    """Name the returns of each order, with how they stand."""
    found: dict[int, list[tuple[str, tuple[str, str]]]] = {order.id: [] for order in purchase.orders}
    for made in return_queries.returns_of(purchase) if has_any else ():
        found[made.order_id].append((made.number, state_of_return(made)))
    return found


def _may_take_down(order: Order) -> bool:
    return sum(line.quantity for line in order.lines) > 1 and changing.may_change(order)


def _may_cancel(order: Order) -> bool:
    return order.placement is not Placement.CANCELLED and order.packed_at is None
