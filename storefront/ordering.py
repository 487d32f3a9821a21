"""Placing a purchase, and what becomes of its orders: confirmed, cancelled, out of time.

Three phases. *Prepare*, in one transaction: the cart is locked, priced anew, compared with the total the buyer saw;
the purchase is written down (one per cart, whatever is clicked twice), the goods are held until the money may come.
Then the provider is asked, outside any transaction (``storefront.paying``). *Finish* is ``storefront.settling``: money
is written down, and confirms the orders it pays for. What is left open is closed by the sweeper.

The document of the goods held is the purchase's number; its lines are counted through all orders.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import inspect, select

from accounts.actor import Actor
from books import commission
from kernel import audit, clock, numbers
from kernel.db import adding, db, for_update, lock
from kernel.errors import N_, Conflict, InvalidInput
from kernel.money import share, split
from kernel.text import one_line
from stock import allocation
from stock.allocation import Want
from storefront import bookkeeping, invoices, messages, totals, vouchers
from storefront import cart as carts
from storefront.cart import CartView, LineView
from storefront.invoices import Receiver
from storefront.offers import Offer
from storefront.order_models import (
    Cart,
    Contact,
    Order,
    OrderLine,
    OrderStep,
    PaymentMethod,
    Placement,
    Purchase,
    PurchaseConsent,
)
from storefront.shipping import Way
from storefront.vouchers import Off

#: How long the goods wait for the money. A provider's page ends before (see ``PAY_WITHIN``), so that nobody pays for
#: goods that are gone. The shortest life of a hosted page of Stripe is 30 minutes.
HOLD = timedelta(minutes=45)
PAY_WITHIN = timedelta(minutes=31)
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
LONGEST_REASON = 300


class CartChanged(Conflict):
    """The cart is not what the buyer saw: ``seen_vnd`` and ``total_vnd`` say by how much."""

    message = N_("Something in your cart has changed. Please look at it again before you order.")


class EmptyCart(InvalidInput):
    message = N_("There is nothing in your cart.")


class NeedsConsent(InvalidInput):
    message = N_("Please say that you have read the terms and how your data are used.")
    field = "consent"


class VoucherNeedsIt(Conflict):
    message = N_(
        "Voucher %(code)s is for more goods than would be left without this order. The buyer can cancel it together "
        "with the others, by the link of the order."
    )


class EndsOthers(Conflict):
    message = N_("What ends with this order has changed. Please look at it again.")


class OneIsPacked(Conflict):
    message = N_(
        "The voucher is for more goods than would be left without this order, and order %(number)s, which it made "
        "cheaper, is packed already. Please send back what you do not want when it has come."
    )


class NotDelivered(InvalidInput):
    message = N_("%(producer)s does not deliver there. Please choose another address or pick the goods up.")
    field = "commune"


class PackedAlready(Conflict):
    message = N_("This order is packed already. It can no longer be changed; please send it back when it has come.")


class CancelledAlready(Conflict):
    message = N_("This order was cancelled before.")


class NeedsReason(InvalidInput):
    message = N_("Say why in a few words.")
    field = "reason"


@dataclass(frozen=True)
class Buyer:
    """Who buys and where to, as the form gave it and ``storefront.web.checkout`` checked it."""

    name: str
    phone: str  #: E.164
    line: str
    commune_code: str
    commune_valid_from: date
    email: str | None = None
    address_as_typed: str = ""


@dataclass(frozen=True)
class Asked:
    """What a buyer asks for by pressing the button."""

    buyer: Buyer
    method: PaymentMethod
    language: str
    seen_total_vnd: int  #: the total on the page whose button was pressed
    ways: Mapping[int, Way]  #: producer id → how its parcel goes, and for how much
    consents: Mapping[str, int]  #: purpose → id of the text's version
    user_id: int | None = None
    voucher_code: str = ""  #: as it was typed
    invoice: Receiver | None = None  #: to whom, if one is wanted
    notes: Mapping[int, str] = field(default_factory=dict)


def placed_of(cart_id: int) -> Purchase | None:
    """Give the purchase of a cart, if it was bought."""
    return db.session.scalar(select(Purchase).where(Purchase.cart_id == cart_id))


def place(cart: Cart, asked: Asked, *, now: datetime, seen: CartView | None = None) -> Purchase:
    """Place a purchase: all of it, or nothing. The same cart again gives the first purchase.

    :param seen: what is in the cart, if the caller read it in this transaction after locking the cart
    :raises EmptyCart, CartChanged, NeedsConsent:
    :raises stock.allocation.NotEnough: if somebody else was quicker
    :raises storefront.vouchers.NotGiven: if the voucher takes nothing off any more
    """
    if seen is None:
        lock(cart)
    first = placed_of(cart.id) if cart.is_placed else None
    if first is not None:
        return first
    if not {"terms", "privacy"} <= asked.consents.keys():
        raise NeedsConsent()
    seen = seen or carts.view(cart, now)
    if not seen.lines:
        raise EmptyCart()
    if not seen.is_ready or not asked.ways.keys() >= {group.producer_id for group in seen.groups}:
        raise CartChanged(seen_vnd=asked.seen_total_vnd, total_vnd=seen.goods_vnd)
    off = _taken_off(seen, asked, now)
    orders = totals.add_up(
        [[line.amount_vnd for line in group.lines] for group in seen.groups],
        [asked.ways[group.producer_id].price_vnd for group in seen.groups],
        goods_off_vnd=off.goods_vnd if off else 0,
        delivery_off_vnd=off.delivery_vnd if off else 0,
        cheaper=[off is not None and group.producer_id in off.producer_ids for group in seen.groups],
    )
    total = sum(order.total_vnd for order in orders)
    if total != asked.seen_total_vnd:
        raise CartChanged(seen_vnd=asked.seen_total_vnd, total_vnd=total)
    method = asked.method if total else PaymentMethod.COD  # nothing to pay is nothing to wait for
    on_delivery = method is PaymentMethod.COD
    hold_until = None if on_delivery else now + HOLD
    purchase = Purchase(
        number=f"DH-{numbers.next_number('purchase'):06d}",
        token="".join(secrets.choice(_LETTERS) for _ in range(26)),
        cart_id=cart.id,
        user_id=asked.user_id,
        language=asked.language,
        method=method,
        goods_vnd=sum(order.goods_vnd for order in orders),
        discount_vnd=sum(order.discount_vnd for order in orders),
        shipping_vnd=sum(order.shipping_vnd for order in orders),
        total_vnd=total,
        placed_at=now,
        hold_until=hold_until,
        voucher_id=off.voucher_id if off else None,
        contact=_contact(asked.buyer),
        orders=[],
        payments=[],
    )
    wants = _write_orders(purchase, seen, orders, asked, off, now)
    cart.is_placed = True
    cart.changed_at = now
    db.session.add(purchase)
    audit.record(None, "storefront.place", f"purchase:{purchase.number}", now=now, total_vnd=total)
    db.session.flush()
    if asked.invoice is not None:
        invoices.keep(purchase, asked.invoice)
    db.session.execute(
        _CONSENT,
        [
            {"purchase_id": purchase.id, "purpose": purpose, "text_id": text_id, "at": now}
            for purpose, text_id in sorted(asked.consents.items())
        ],
    )
    steps = ("placed", "confirmed") if on_delivery else ("placed",)
    db.session.execute(
        _STEP,
        [
            {"order_id": order.id, "what": what, "facts": {}, "by_id": None, "at": now}
            for what in steps
            for order in purchase.orders
        ],
    )
    day = clock.business_date(now)
    allocation.hold(wants, document=purchase.number, on=day, until=hold_until, now=now, firm=on_delivery)
    vouchers.claim(purchase, asked.buyer.phone, now=now)
    messages.tell(purchase, messages.PLACED, now=now, pay_until=now + PAY_WITHIN)
    for order in purchase.orders:
        if on_delivery:
            _is_firm(order, now)
        elif not order.total_vnd:
            confirm(order, now=now)
    return purchase


_CONSENT = adding(PurchaseConsent)
_STEP = adding(OrderStep)


def confirm(order: Order, *, now: datetime) -> None:
    """Make an order firm: its goods are the buyer's. Confirmed before, it stays as it is.

    :raises stock.allocation.HoldLost: if its goods went to somebody else meanwhile (the caller decides what then)
    """
    lock_order(order)
    if order.placement is not Placement.PLACED:
        return
    allocation.confirm(order.purchase.number, lines=wanted_lines(order), now=now)
    _stands(order, now)


def _stands(order: Order, now: datetime) -> None:
    order.placement = Placement.CONFIRMED
    order.confirmed_at = now
    step = note(order, "confirmed", now=now)
    if order.purchase.method is not PaymentMethod.COD and order.total_vnd:
        messages.tell(order.purchase, messages.CONFIRMED, order=order, step=step, now=now)
    _is_firm(order, now)


def _is_firm(order: Order, now: datetime) -> None:
    bookkeeping.confirmed(order, now=now)
    audit.record(None, "storefront.confirm", f"order:{order.number}", now=now)


def cancel(order: Order, *, cause: str, reason: str = "", now: datetime, actor: Actor | None = None) -> None:
    """Cancel an order that is not packed; its goods are free again. Money that came for it is a matter of settling.

    :param cause: "buyer", "seller" (who says why), "time" (the money did not come), "stock" (it came too late)
    :raises CancelledAlready, PackedAlready, NeedsReason:
    :raises VoucherNeedsIt: for the buyer, who has to end others with it: see :func:`call_off`
    """
    lock_orders(order.purchase)  # its money may be for the others too: they come before the payments
    reason = one_line(reason)[:LONGEST_REASON]
    if cause == "seller" and not reason:
        raise NeedsReason()
    voucher = order.purchase.voucher
    if cause == "buyer" and voucher is not None and ending_with(order):
        raise VoucherNeedsIt(code=voucher.code)
    _cancel(order, cause, reason, now, actor)


def call_off(order: Order, *, along: Collection[str] = (), reason: str = "", now: datetime) -> list[Order]:
    """Let the buyer cancel an order, with those that end with it; gives all of them.

    :param along: numbers of the others, as the page named them
    :raises EndsOthers: if they are others now
    :raises OneIsPacked, CancelledAlready, PackedAlready:
    """
    lock_orders(order.purchase)
    others = ending_with(order)
    packed = next((one.number for one in others if one.packed_at is not None), None)
    if packed is not None:
        raise OneIsPacked(number=packed)
    if {one.number for one in others} != set(along):
        raise EndsOthers()
    ended = [order, *others]
    if others:
        allocation.lock_all(order.purchase.number)
    for one in ended:
        _cancel(one, "buyer", one_line(reason)[:LONGEST_REASON], now, None)
    return ended


def ending_with(order: Order) -> list[Order]:
    """List the orders that end with this one if its buyer calls it off.

    They were made cheaper by a voucher, and without this one's goods it would be for too little.
    """
    voucher = order.purchase.voucher
    if voucher is None or not order.goods_vnd or order.placement is Placement.CANCELLED:
        return []
    standing = [one for one in order.purchase.orders if one.placement is not Placement.CANCELLED]
    covered = vouchers.covered(voucher, [one.producer_id for one in standing])
    left = [one for one in standing if one.producer_id in covered and one.id != order.id]
    if order.producer_id not in covered or sum(one.goods_vnd for one in left) >= voucher.least_vnd:
        return []
    return [one for one in left if one.discount_vnd]


def _cancel(order: Order, cause: str, reason: str, now: datetime, actor: Actor | None) -> None:
    if order.placement is Placement.CANCELLED:
        raise CancelledAlready()
    if order.packed_at is not None:
        raise PackedAlready()
    allocation.release(order.purchase.number, lines=wanted_lines(order), now=now)
    order.placement = Placement.CANCELLED
    order.cancel_cause, order.cancel_reason = cause, reason
    order.cancelled_at = now
    bookkeeping.cancelled(order, now=now, actor=actor)
    vouchers.give_back(order.purchase, now=now)
    step = note(order, "cancelled", now=now, actor=actor, cause=cause)
    messages.tell(order.purchase, messages.CANCELLED, order=order, step=step, now=now)
    audit.record(actor, "storefront.cancel", f"order:{order.number}", now=now, cause=cause)


def reopen(order: Order, *, now: datetime) -> None:
    """Let an order that was cancelled for want of money stand again: its money came late. Its goods are held anew.

    :raises stock.allocation.NotEnough: if they are gone
    :raises storefront.vouchers.NotGiven: if others used up its voucher meanwhile
    """
    lock_order(order)
    allocation.regain(
        order.purchase.number, lines=wanted_lines(order), on=clock.business_date(now), until=None, now=now
    )
    if order.discount_vnd:
        vouchers.claim_again(order.purchase, now=now)
    order.placement, order.cancel_cause, order.cancelled_at = Placement.PLACED, "", None
    confirm(order, now=now)


def wanted_lines(order: Order) -> list[int]:
    """Give the numbers of the lines that goods are held for."""
    sets = {line.of_line for line in order.lines if line.of_line is not None}
    return [line.line for line in order.lines_left if line.line not in sets]


def note(order: Order, what: str, *, now: datetime, actor: Actor | None = None, **facts: object) -> OrderStep:
    """Write down a step of an order: what its page tells the buyer."""
    step = OrderStep(order_id=order.id, what=what, facts=facts, by_id=actor.user_id if actor else None, at=now)
    db.session.add(step)
    db.session.flush()
    return step


def lock_order(order: Order) -> Order:
    """Lock an order, and read it and what is left of its lines anew."""
    lock(order)
    _forget_lines({order.id})
    return order


def lock_orders(purchase: Purchase) -> Sequence[Order]:
    """Lock all orders of a purchase, in their order, and read them and what is left of their lines anew."""
    orders = db.session.scalars(
        for_update(select(Order).where(Order.purchase_id == purchase.id).order_by(Order.id))
    ).all()
    _forget_lines({order.id for order in orders})
    return orders


def _forget_lines(order_ids: set[int]) -> None:
    """Let what is left of lines be read when it is asked for: it may have changed while a lock was waited for."""
    for row in list(db.session.identity_map.values()):
        if isinstance(row, OrderLine) and (inspect(row).identity or (None,))[0] in order_ids:
            db.session.expire(row, ["quantity", "amount_vnd", "discount_vnd"])


def _taken_off(seen: CartView, asked: Asked, now: datetime) -> Off | None:
    if not asked.voucher_code:
        return None
    return vouchers.look_up(
        asked.voucher_code,
        {group.producer_id: group.goods_vnd for group in seen.groups},
        {group.producer_id: asked.ways[group.producer_id].price_vnd for group in seen.groups},
        phone=asked.buyer.phone,
        now=now,
    )


def _contact(buyer: Buyer) -> Contact:
    return Contact(
        name=buyer.name,
        phone=buyer.phone,
        email=buyer.email,
        line=buyer.line,
        commune_code=buyer.commune_code,
        commune_valid_from=buyer.commune_valid_from,
        address_as_typed=buyer.address_as_typed,
    )


def _write_orders(
    purchase: Purchase,
    seen: CartView,
    orders: Sequence[totals.OrderTotal],
    asked: Asked,
    off: Off | None,
    now: datetime,
) -> list[Want]:
    wants: list[Want] = []
    number = 0
    rates = commission.in_force([group.producer_id for group in seen.groups], clock.business_date(now))
    for position, (group, amounts) in enumerate(zip(seen.groups, orders, strict=True), start=1):
        way, rate = asked.ways[group.producer_id], rates.get(group.producer_id)
        bearer_id = off.bearer_id if off is not None and amounts.discount_vnd else None
        base = bookkeeping.base_of(
            amounts.goods_vnd,
            sum(amounts.line_discounts_vnd),
            borne_by_another=bearer_id not in (None, group.producer_id),
        )
        order = Order(
            purchase=purchase,
            position=position,
            number=f"{purchase.number}-{position}",
            producer_id=group.producer_id,
            goods_vnd=amounts.goods_vnd,
            discount_vnd=amounts.discount_vnd,
            shipping_vnd=amounts.shipping_vnd,
            total_vnd=amounts.total_vnd,
            weight_g=way.weight_g,
            shipping_rule=way.rule,
            delivery=way.kind,
            commission_bp=rate.rate_bp if rate else 0,
            commission_vnd=share(base, rate.rate_bp) if rate else 0,
            house_id=rate.house_id if rate else None,
            discount_by_id=bearer_id if bearer_id != group.producer_id else None,
            note=asked.notes.get(group.producer_id, group.note),
            placement=Placement.PLACED if purchase.hold_until else Placement.CONFIRMED,
            placed_at=now,
            confirmed_at=None if purchase.hold_until else now,
            parcels=[],
        )
        min_days = max(seen.min_days, way.most_days)
        for line, discount_vnd in zip(group.lines, amounts.line_discounts_vnd, strict=True):
            rows = _lines(number + 1, line, discount_vnd)
            order.lines += rows
            number += len(rows)
            wants += [
                Want(row.line, row.trade_item_id, row.quantity, group.producer_id, min_days)
                for row in (rows[1:] or rows)
            ]
    return wants


def _lines(number: int, line: LineView, discount_vnd: int) -> list[OrderLine]:
    """Write down what was agreed of a line of the cart; of a set its parts too, each with its share of the money."""
    offer, price = line.offer, line.offer.price_vnd or 0
    amount = price * line.quantity
    whole = _line(
        number, offer, line.quantity, price_vnd=price, agreed_vnd=amount, agreed_off_vnd=discount_vnd,
        vat_bp=offer.vat_bp,
    )  # fmt: skip
    shares = split(amount - discount_vnd, _worth(offer)) if offer.parts else []
    return [
        whole,
        *(
            _line(number + place, part.offer, line.quantity * part.quantity, of_line=number, share_vnd=share_vnd)
            for place, (part, share_vnd) in enumerate(zip(offer.parts, shares, strict=True), start=1)
        ),
    ]


def _line(number: int, offer: Offer, quantity: int, **money: int | None) -> OrderLine:
    return OrderLine(
        line=number,
        trade_item_id=offer.item_id,
        name_vi=offer.full_vi[:250],
        name_en=offer.full_en[:250],
        slug=offer.slug,
        agreed=quantity,
        unit=offer.unit,
        step_g=offer.step_g,
        certificate_number=offer.certificate_number,
        stars=offer.stars,
        **{"price_vnd": 0, "agreed_vnd": 0, "agreed_off_vnd": 0, **money},
    )


def _worth(offer: Offer) -> list[int]:
    """Weigh the parts of a set by what they cost one by one; by how many they are where one has no price of its own."""
    if all(part.offer.price_vnd for part in offer.parts):
        return [part.quantity * (part.offer.price_vnd or 0) for part in offer.parts]
    return [part.quantity for part in offer.parts]
