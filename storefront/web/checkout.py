"""Checkout: one page from top to bottom. Who and where to, how each parcel comes and for how much, how it is paid.

The page is shown twice: once to say where to, then with the price of each parcel, the whole sum and the button that
names it. The sum on the button comes back with the form; another sum than that is never charged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response
from wtforms import BooleanField, RadioField
from wtforms.validators import InputRequired

from accounts.models import Organisation
from accounts.web.forms import (
    BaseForm,
    answer_status,
    email_field,
    line,
    phone_field,
    show_refusal,
)
from accounts.web.guard import current_person, public
from accounts.web.limits import limiter
from kernel import administrative_units, clock
from kernel.administrative_units import Unit
from kernel.db import db, transaction
from kernel.errors import Conflict, DomainError
from stock import queries as stock
from storefront import buyers, gateways, invoices, ordering, paying, purchase_queries, queries, shipping, vouchers
from storefront import cart as carts
from storefront.cart import CartView, LineView
from storefront.offers import free_of, shared_out
from storefront.order_models import Cart, PaymentMethod, Purchase
from storefront.shipping import Way
from storefront.vouchers import Off
from storefront.web import card_pages, homes
from storefront.web import cart as cart_page
from storefront.web.origin import unkept
from storefront.web.words import dong, language, said

blueprint = Blueprint("checkout", __name__, url_prefix="/thanh-toan")

#: Consents asked for → the public text that says what is agreed to.
TEXTS = {"terms": "dieu-khoan", "privacy": "bao-mat"}
PARCEL, PICKUP = "parcel", "pickup"


class CheckoutForm(BaseForm):
    """Who buys, where to, how it is paid."""

    phone = phone_field(
        lazy_gettext("Telephone"),
        required=True,
        description=lazy_gettext("Whoever brings the parcel calls this number."),
    )
    name = line(lazy_gettext("Name of the receiver"), longest=120)
    commune = line(
        lazy_gettext("Commune or ward, province"),
        longest=250,
        description=lazy_gettext(
            "For example: xã Ba Động, Quảng Ngãi. An address from before July 2025, with its district, will do too."
        ),
    )
    commune_code = RadioField(lazy_gettext("Which of these?"), validate_choice=False)
    address = line(lazy_gettext("House number, street or hamlet"))
    email = email_field(
        lazy_gettext("E-mail"),
        description=lazy_gettext("Only for messages about this order."),
    )
    voucher = line(lazy_gettext("Discount code"), longest=40, required=False)
    method = RadioField(lazy_gettext("How do you pay?"), [InputRequired(lazy_gettext("Choose how you pay."))])
    invoice_name = line(lazy_gettext("For whom is the invoice"), longest=invoices.LONGEST_NAME, required=False)
    invoice_tax_code = line(
        lazy_gettext("Tax code"),
        longest=20,
        required=False,
        description=lazy_gettext("Of a firm or household. Leave it empty for a person without one."),
    )
    invoice_address = line(lazy_gettext("Address on the invoice"), longest=invoices.LONGEST_ADDRESS, required=False)
    invoice_email = email_field(
        lazy_gettext("E-mail for the invoice"), description=lazy_gettext("The producer sends it there.")
    )
    terms = BooleanField(
        lazy_gettext("I have read the terms of use and agree to them."),
        [InputRequired(lazy_gettext("The order needs your agreement to the terms."))],
    )
    privacy = BooleanField(
        lazy_gettext("I agree that my name, telephone and address are used to bring me these goods."),
        [InputRequired(lazy_gettext("Without it nobody can bring you the goods."))],
    )


@dataclass(frozen=True)
class TooFew:
    """Of these goods fewer keep until they come than are in the cart."""

    line: LineView
    available: int
    day: date  #: on which they are to be good


@dataclass(frozen=True)
class Priced:
    """The parcels of a cart, priced for an address."""

    home: Unit
    ways: Mapping[int, Way | None]  #: producer id → as chosen; None: nobody brings it there
    chosen: Mapping[int, str]  #: producer id → "parcel", "pickup"
    by_parcel: Mapping[int, Way | None]  #: producer id → as a parcel, whatever was chosen
    total_vnd: int
    too_few: list[TooFew] = field(default_factory=list)
    off: Off | None = None  #: what the voucher takes off

    @property
    def shipping_vnd(self) -> int:
        """What all parcels cost."""
        return sum(way.price_vnd for way in self.ways.values() if way is not None)

    @property
    def is_whole(self) -> bool:
        """Tell whether every producer's goods reach the buyer."""
        return None not in self.ways.values() and not self.too_few


@blueprint.get("")
@public
def show() -> Response:
    """Show the empty form, beside what is in the cart."""
    cart = cart_page.of_request()
    seen = carts.view(cart, clock.now())
    if cart is None or not seen.is_ready:
        return _away(cart)
    form = _form(seen)
    _fill_in(form)
    form.method.data = form.method.choices[0][0] if len(form.method.choices) == 1 else None
    return _page(form, seen, None)


@blueprint.post("")
@public
@limiter.limit("30 per minute", methods=["POST"])
def order() -> Response:
    """Price the parcels, take what is left, or place the purchase: as the pressed button says."""
    act = request.form.get("act")
    if act == "order":
        return _order()
    cart = cart_page.of_request()
    if act == "agree" and cart is not None:
        try:
            with transaction():
                carts.agree(cart, now=clock.now())
        except carts.WasPlaced:
            cart = None
    seen = carts.view(cart, clock.now())
    if cart is None or not seen.is_ready:
        return _stay(cart, seen)
    form = _form(seen)
    home = homes.home_of(form)
    page = _page(form, seen, _priced(form, seen, home, request.form) if home is not None else None)
    return cart_page.remember(page, cart, seen.count)


class _LookAgain(Exception):
    """Nothing is placed: the page is shown again. ``tried`` is what it shows; None: the cart is."""

    def __init__(self, tried: _Tried | None) -> None:
        self.tried = tried


@dataclass(frozen=True)
class _Tried:
    """What was asked for, beside what the cart and the shop say to it."""

    cart: Cart
    form: CheckoutForm
    seen: CartView
    priced: Priced | None
    is_valid: bool

    def looked_at(self) -> _Tried:
        """Look whether the goods keep until they come, for the page: a purchase that is placed claims those that do."""
        if self.priced is None:
            return self
        return replace(self, priced=replace(self.priced, too_few=_too_few(self.seen, self.priced.ways)))


def _order() -> Response:
    """Place the purchase; all is read once, under the lock of the cart."""
    token = request.cookies.get(cart_page.COOKIE)
    if current_person() is not None:  # who may have left a cart elsewhere
        cart = cart_page.of_request()
        token = cart.token if cart is not None else None
    try:
        with transaction():
            tried = _try(token)
            purchase = _place(tried)
    except _LookAgain as again:
        if again.tried is None:
            cart = carts.find(token)
            return _stay(cart, carts.view(cart, clock.now()))
        tried = again.tried.looked_at()
        news = tried.is_valid and tried.priced is not None and not tried.form.errors
        return _page(tried.form, tried.seen, tried.priced, news=news)
    except Conflict as refusal:  # somebody else was quicker, or the sum is another now
        cart = carts.find(token)
        seen = carts.view(cart, clock.now())
        if not seen.is_ready or tried.priced is None:
            return _stay(cart, seen)
        priced = _priced(tried.form, seen, tried.priced.home, request.form)
        if not tried.form.voucher.errors:
            show_refusal(tried.form, refusal)
        return _page(tried.form, seen, priced)
    except DomainError as refusal:
        show_refusal(tried.form, refusal)
        return _page(tried.form, tried.seen, tried.looked_at().priced)
    _open_pages(purchase)
    return cart_page.remember(redirect(url_for("orders.show", token=purchase.token), 303), None)


def _try(token: str | None) -> _Tried:
    """Read the cart under its lock, and the form beside it.

    :raises _LookAgain: if the cart cannot be ordered, or was ordered meanwhile
    """
    cart = carts.find_and_lock(token)
    seen = carts.view(cart, clock.now())
    if cart is None or not seen.is_ready:
        raise _LookAgain(None)
    form = _form(seen)
    is_valid = form.validate_on_submit()
    home = homes.home_of(form)
    priced = _priced(form, seen, home, request.form, look=False) if home is not None else None
    return _Tried(cart, form, seen, priced, is_valid)


def _open_pages(purchase: Purchase) -> None:
    """Open the provider's page of a card, now that the purchase is written down; a job does if nobody answers."""
    for payment_id in [row.id for row in purchase.payments if row.method is PaymentMethod.CARD]:
        try:
            card_pages.open_page(payment_id, now=clock.now())
        except (gateways.ProviderAway, gateways.ProviderRefused):
            return


def _place(tried: _Tried) -> Purchase:
    """Place what was asked for, if it was asked for properly.

    :raises _LookAgain:
    """
    form, priced = tried.form, tried.priced
    if not tried.is_valid or priced is None or form.errors or _is_new_code(form):
        raise _LookAgain(tried)
    person = current_person()
    for producer_id, way in priced.ways.items():
        if way is None:
            producer = db.session.get_one(Organisation, producer_id)
            raise ordering.NotDelivered(producer=said(producer, "name"))
    shown = request.form.get("shown_vnd", "")
    now = clock.now()
    texts = queries.text_ids(TEXTS.values())
    asked = ordering.Asked(
        buyer=ordering.Buyer(
            name=form.name.data or "",
            phone=str(form.phone.data),
            line=form.address.data or "",
            commune_code=priced.home.code,
            commune_valid_from=priced.home.valid_from,
            email=form.email.data,
            address_as_typed=(form.commune.data or "")[:300],
        ),
        method=PaymentMethod(form.method.data),
        language=language(),
        seen_total_vnd=int(shown) if shown.isascii() and shown.isdecimal() and len(shown) <= 12 else -1,
        ways={producer_id: way for producer_id, way in priced.ways.items() if way is not None},
        consents={purpose: texts[name] for purpose, name in TEXTS.items()},
        user_id=person.id if person is not None else None,
        voucher_code=form.voucher.data or "",
        invoice=invoices.receiver(
            form.invoice_name.data or "",
            form.invoice_address.data or "",
            form.invoice_tax_code.data or "",
            form.invoice_email.data,
        ),
    )
    purchase = ordering.place(tried.cart, asked, now=now, seen=tried.seen)
    paying.ask(purchase, now=now)
    return purchase


def _form(seen: CartView) -> CheckoutForm:
    form = CheckoutForm()
    form.method.choices = [(method.value, label) for method, label in _methods(seen).items()]
    form.commune_code.choices = []
    return form


def _fill_in(form: CheckoutForm) -> None:
    """Write what the account of who is signed in keeps into the empty form."""
    person = current_person()
    if person is None:
        return
    form.name.data, form.email.data = person.name, person.email
    kept = buyers.addresses_of(person.id)
    if kept:
        latest = kept[0]
        form.name.data, form.phone.data, form.address.data = latest.name, latest.phone, latest.line
        today = clock.business_date(clock.now())
        unit = administrative_units.unit_on(latest.commune_code, today)
        form.commune.data = homes.named_place(unit, today) if unit is not None else latest.commune.full_name


def _methods(seen: CartView) -> dict[PaymentMethod, str]:
    labels = {
        PaymentMethod.VIETQR: gettext("Bank transfer by QR code"),
        PaymentMethod.CARD: gettext("Card"),
        PaymentMethod.COD: gettext("Cash to who brings the goods"),
    }
    return {method: str(labels[method]) for method in paying.available([group.producer_id for group in seen.groups])}


def _priced(typed: CheckoutForm, seen: CartView, home: Unit, form: MultiDict[str, str], *, look: bool = True) -> Priced:
    parcels = {
        group.producer_id: (
            sum(shipping.weight_of(row.offer, row.quantity) for row in group.lines),
            group.goods_vnd,
        )
        for group in seen.groups
    }
    by_parcel = shipping.ways(parcels, commune_code=home.code, province_code=home.parent_code or "")
    chosen = {producer_id: PICKUP if form.get(f"cach-{producer_id}") == PICKUP else PARCEL for producer_id in by_parcel}
    ways = {
        producer_id: Way(PICKUP, 0, weight_g=parcels[producer_id][0]) if chosen[producer_id] == PICKUP else way
        for producer_id, way in by_parcel.items()
    }
    shipping_vnd = {producer_id: way.price_vnd for producer_id, way in ways.items() if way is not None}
    off = _taken_off(typed, seen, shipping_vnd)
    total = seen.goods_vnd + sum(shipping_vnd.values()) - (off.total_vnd if off else 0)
    return Priced(home, ways, chosen, by_parcel, total, _too_few(seen, ways) if look else [], off)


def _taken_off(form: CheckoutForm, seen: CartView, shipping_vnd: Mapping[int, int]) -> Off | None:
    """Work out what the code that was typed takes off; where it takes nothing, say why beside it."""
    if not form.voucher.data:
        return None
    goods_vnd = {group.producer_id: group.goods_vnd for group in seen.groups}
    try:
        return vouchers.look_up(form.voucher.data, goods_vnd, shipping_vnd, phone=form.phone.data, now=clock.now())
    except vouchers.TooLittle as refusal:
        words = gettext(
            "The goods that this voucher is for have to cost %(least)s or more; in your cart they cost %(now)s.",
            least=dong(refusal.least_vnd),
            now=dong(refusal.goods_vnd),
        )
        form.voucher.errors = [*form.voucher.errors, words]
    except vouchers.NotGiven as refusal:
        show_refusal(form, refusal)
    return None


def _is_new_code(form: CheckoutForm) -> bool:
    """Tell whether another code was typed than the sum on the page was worked out with."""
    return vouchers.fold_code(form.voucher.data or "") != request.form.get("shown_code", "")


def _too_few(seen: CartView, ways: Mapping[int, Way | None]) -> list[TooFew]:
    """Find the goods of which too few keep until their parcel may come (two statements for each length of way)."""
    now = clock.now()
    by_days: dict[int, list[LineView]] = {}
    for group in seen.groups:
        way = ways[group.producer_id]
        if way is not None and way.most_days > seen.min_days:
            by_days.setdefault(way.most_days, []).extend(group.lines)
    found: list[TooFew] = []
    for days, wanted in by_days.items():
        day = clock.business_date(now) + timedelta(days=days)
        free = stock.available(sorted(free_of(one.offer for one in wanted)), day, now)
        left = shared_out([(one.offer, one.quantity) for one in wanted], free)
        found += [
            TooFew(one, available, day) for one, available in zip(wanted, left, strict=True) if available < one.quantity
        ]
    return found


def _stay(cart: Cart | None, seen: CartView) -> Response:
    """Say beside all that was typed what keeps the cart from being ordered; lead away if there is nothing in it."""
    if cart is None or not (seen.lines or seen.aside):
        return _away(cart)
    return cart_page.remember(_page(_form(seen), seen, None), cart, seen.count)


def _away(cart: Cart | None) -> Response:
    """Lead away from an order that cannot be made: to the cart, or to the order that was made with it."""
    placed = purchase_queries.placed_with(request.cookies.get(cart_page.COOKIE)) if cart is None else None
    if placed is not None:
        return cart_page.remember(redirect(url_for("orders.show", token=placed.token), 303), None)
    return redirect(url_for("cart.show"), 303)


def _page(form: CheckoutForm, seen: CartView, priced: Priced | None, *, news: bool = False) -> Response:
    page = render_template(
        "storefront/checkout/show.html",
        form=form,
        cart=seen,
        priced=priced,
        news=news,
        place=homes.named_place(priced.home, clock.business_date(clock.now())) if priced is not None else None,
    )
    return unkept(page, answer_status(form) if seen.is_ready else 409)
