"""Changing an order before it is packed: fewer goods, another address, another word to the producer.

A buyer takes packs down by the order's link, at once. A producer who lacks some proposes it with a reason, and the
buyer says yes or no. More than was ordered is a new order. Whoever changes says which revision of the order they saw:
of two who change the same at once, or of a change and a packing, the later is told.

Goods, totals, commission, voucher, what is asked and what goes back follow in the same transaction. The delivery costs
what was agreed, whatever is left of the goods.

Locks as in ``storefront.settling``: all orders of the purchase first, then payments, then lots and balances.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from accounts.actor import Actor
from books.shares import Sale
from kernel import audit, numbers
from kernel.administrative_units import Unit
from kernel.db import db, lock
from kernel.errors import N_, Conflict, InvalidInput
from kernel.money import part, share
from kernel.text import one_line
from stock import allocation
from storefront import bookkeeping, messages, ordering, return_queries, settling, shipping, vouchers
from storefront.order_models import (
    ChangeState,
    Contact,
    Order,
    OrderChange,
    OrderChangeLine,
    OrderLine,
    OrderStep,
    PaymentMethod,
    Placement,
    Purchase,
)

LONGEST_REASON = 300
LONGEST_NOTE = 500


class ChangedMeanwhile(Conflict):
    message = N_("Order %(number)s was changed meanwhile. Please look at it again.")


class SumIsAnother(Conflict):
    message = N_("The sum is another now. Please look at it, then press the button again.")


class WaitsForCard(Conflict):
    message = N_(
        "The page for the card asks for the whole sum. Pay there first, then change the order: what it costs less goes "
        "back to the card. Or cancel it."
    )


class BelowVoucher(Conflict):
    message = N_(
        "The voucher of this order is for goods of a certain amount, and fewer would be left. Cancel the order and "
        "order anew without it."
    )


class GivenBackMore(Conflict):
    message = N_("More of the money of this order goes back already than it would cost then.")


class IsExchange(Conflict):
    message = N_("These goods come for others that were sent back. They cannot be changed.")


class NothingChanged(InvalidInput):
    message = N_("Say of which goods there are to be fewer.")


class MoreThanOrdered(InvalidInput):
    message = N_("At most %(most)s: for more, please order anew.")


class LessThanLeast(InvalidInput):
    message = N_("It is sold from %(least)s on. Leave it out with 0, or keep at least that.")


class NothingLeft(InvalidInput):
    message = N_("Nothing would be left. Please cancel the order instead.")


class NeedsReason(InvalidInput):
    message = N_("Say why in a few words.")
    field = "reason"


class NotOpen(Conflict):
    message = N_("Proposal %(number)s is over. Please look at the order again.")


class CostsMore(InvalidInput):
    message = N_(
        "%(producer)s brings goods there for more, or takes longer. Cancel the order and order anew with that address."
    )
    field = "commune"


class Erased(Conflict):
    message = N_("Who bought was erased: there is nobody to bring the goods to.")


class NoteTooLong(InvalidInput):
    message = N_("Please keep it within %(most)s signs.")


@dataclass(frozen=True)
class Cut:
    """So many packs less of a line."""

    line: int
    packs: int
    packs_left: int
    amount_vnd: int
    discount_vnd: int


@dataclass(frozen=True)
class Less:
    """What a change takes away from an order."""

    cuts: tuple[Cut, ...]
    goods_vnd: int
    discount_vnd: int

    @property
    def total_vnd(self) -> int:
        """How much less the buyer pays."""
        return self.goods_vnd - self.discount_vnd


def may_change(order: Order) -> bool:
    """Tell whether an order may still be changed: it stands, or waits for its money, and is not packed."""
    return (
        order.placement is not Placement.CANCELLED
        and order.packed_at is None
        and not return_queries.is_exchange(order)
        and not _waits_for_card(order)
    )


def is_open(change: OrderChange) -> bool:
    """Tell whether a buyer may still answer a proposal."""
    order = change.order
    return change.state is ChangeState.PROPOSED and change.revision == order.revision and may_change(order)


def work_out(order: Order, packs: Mapping[int, int]) -> Less:
    """Work out what an order costs less when so many packs of its lines are left. Nothing is changed by it.

    What was taken off a line goes with its packs, in proportion to what was agreed; the last pack takes the rest.

    :param packs: {line: packs that are left}; lines that are not named stay as they are
    :raises NothingChanged, MoreThanOrdered, NothingLeft:
    """
    lines = {line.line: line for line in sold_lines(order)}
    cuts = []
    for number, left in sorted(packs.items()):
        line = lines.get(number)
        if line is None or not 0 <= left <= line.quantity:
            most, step_g = (line.quantity, line.step_g) if line is not None else (0, None)
            refusal = MoreThanOrdered(most=most, step_g=step_g)
            refusal.field = f"packs_{number}"
            raise refusal
        if left == line.quantity:
            continue
        less = line.quantity - left
        cuts.append(Cut(number, less, left, less * line.price_vnd, line.discount_vnd - off_left(line, left)))
    if not cuts:
        raise NothingChanged()
    if sum(line.quantity for line in lines.values()) == sum(cut.packs for cut in cuts):
        raise NothingLeft()
    cuts += [_of_part(row, lines[cut.line], cut) for cut in cuts for row in order.lines if row.of_line == cut.line]
    return Less(tuple(cuts), sum(cut.amount_vnd for cut in cuts), sum(cut.discount_vnd for cut in cuts))


def sold_lines(order: Order) -> list[OrderLine]:
    """List the lines that can be changed: single goods, and sets as a whole."""
    return [line for line in order.lines_left if line.of_line is None]


def _of_part(row: OrderLine, whole: OrderLine, cut: Cut) -> Cut:
    """Take as much less of a part as its set says."""
    less = cut.packs * row.agreed // whole.agreed
    return Cut(row.line, less, row.quantity - less, 0, 0)


def look(order: Order, packs: Mapping[int, int], *, by_buyer: bool) -> Less:
    """Work out what a change takes away, and refuse what would be refused. Nothing is changed by it.

    :raises NothingChanged: and what :func:`take_down` raises
    """
    _check(order)
    less = work_out(order, packs)
    if by_buyer:
        _check_least(order, less)
        _check_voucher(order, less)
    _check_given_back(order, less)
    return less


def off_left(line: OrderLine, packs: int) -> int:
    """Say how much is taken off a line when so many packs of it are left."""
    return part(line.agreed_off_vnd, packs, line.agreed)


# --- Fewer goods --------------------------------------------------------------------------------------


def take_down(
    order: Order, packs: Mapping[int, int], *, seen: int, shown_vnd: int | None = None, now: datetime
) -> None:
    """Let the buyer take packs down, at once. Asked again for what is so already, nothing happens.

    :param seen: the revision of the order on the page whose button was pressed
    :param shown_vnd: what the order costs then, as that page said; None: it said nothing
    :raises NothingChanged, MoreThanOrdered, LessThanLeast, NothingLeft, BelowVoucher, GivenBackMore:
    :raises ChangedMeanwhile, SumIsAnother, WaitsForCard, IsExchange:
    :raises storefront.ordering.CancelledAlready, storefront.ordering.PackedAlready:
    """
    ordering.lock_orders(order.purchase)
    if seen != order.revision and _is_so(order, packs):
        return
    _check_seen(order, seen)
    less = look(order, packs, by_buyer=True)
    if shown_vnd is not None and shown_vnd != order.total_vnd - less.total_vnd:
        raise SumIsAnother()
    before = bookkeeping.sale_of(order)
    change = _written(order, less, ChangeState.DONE, "buyer", "", None, now)
    step = _carry_out(change, less, before, now=now)
    messages.tell_of_change(change, "changed", step=step, now=now)


def propose(
    order: Order, packs: Mapping[int, int], *, seen: int, reason: str, actor: Actor, now: datetime
) -> OrderChange:
    """Let the producer propose that fewer packs are sent: the buyer reads why, and answers.

    :raises NeedsReason: and what :func:`take_down` raises
    """
    reason = one_line(reason)[:LONGEST_REASON]
    if not reason:
        raise NeedsReason()
    ordering.lock_orders(order.purchase)
    _check_seen(order, seen)
    less = look(order, packs, by_buyer=False)
    _check_least(order, less)
    _overtake(order, now)
    change = _written(order, less, ChangeState.PROPOSED, "producer", reason, actor, now)
    step = ordering.note(order, "proposed", now=now, actor=actor, number=change.number)
    audit.record(actor, "storefront.propose_change", f"order:{order.number}", now=now, change=change.number)
    messages.tell_of_change(change, "proposed", step=step, now=now)
    return change


def accept(change: OrderChange, *, now: datetime) -> None:
    """Let the buyer agree to a proposal: it is carried out. Accepted before, it stays so.

    :raises NotOpen: and what :func:`take_down` raises
    """
    order = change.order
    ordering.lock_orders(order.purchase)
    lock(change)
    if change.state is ChangeState.DONE:
        return
    _check_open(change)
    less = look(order, _asked(change), by_buyer=False)
    before = bookkeeping.sale_of(order)
    _answer(change, ChangeState.DONE, now)
    step = _carry_out(change, less, before, now=now)
    messages.tell_of_change(change, "accepted", step=step, now=now)


def refuse(change: OrderChange, *, now: datetime) -> None:
    """Let the buyer say no: the order stays as it is. Refused before, it stays so.

    :raises NotOpen:
    """
    ordering.lock_orders(change.order.purchase)
    lock(change)
    if change.state is ChangeState.REFUSED:
        return
    _check_open(change)
    _answer(change, ChangeState.REFUSED, now)
    step = ordering.note(change.order, "refused_change", now=now, number=change.number)
    audit.record(None, "storefront.refuse_change", f"order:{change.order.number}", now=now, change=change.number)
    messages.tell_of_change(change, "refused", step=step, now=now)


def withdraw(change: OrderChange, *, actor: Actor, now: datetime) -> None:
    """Let the producer take a proposal back.

    :raises NotOpen:
    """
    ordering.lock_orders(change.order.purchase)
    lock(change)
    _check_open(change)
    _answer(change, ChangeState.WITHDRAWN, now)
    ordering.note(change.order, "withdrew_change", now=now, actor=actor, number=change.number)
    audit.record(actor, "storefront.withdraw_change", f"order:{change.order.number}", now=now, change=change.number)


# --- Who takes it in, and where -----------------------------------------------------------------------


@dataclass(frozen=True)
class Receiver:
    """Who takes the goods in, and where, as the form gave it."""

    name: str
    phone: str  #: E.164
    line: str
    home: Unit
    address_as_typed: str = ""


def open_orders(purchase: Purchase) -> list[Order]:
    """List the orders of a purchase that stand or wait for their money."""
    return [order for order in purchase.orders if order.placement is not Placement.CANCELLED]


def may_readdress(purchase: Purchase) -> bool:
    """Tell whether name, telephone and address may still be changed: nothing of the purchase is packed."""
    orders = open_orders(purchase)
    return purchase.contact is not None and bool(orders) and all(order.packed_at is None for order in orders)


def revision_of(purchase: Purchase) -> int:
    """Say how often the orders of a purchase were changed."""
    return sum(order.revision for order in purchase.orders)


def readdress(purchase: Purchase, receiver: Receiver, notes: Mapping[int, str], *, seen: int, now: datetime) -> None:
    """Let the buyer say who takes the goods in, and where, and what the producers are to know.

    The goods may go wherever each producer brings them for no more than was agreed, and in no more days.

    :param notes: {position of an order: words to its producer}
    :param seen: the purchase's revision on the page whose button was pressed
    :raises CostsMore, storefront.ordering.NotDelivered, NoteTooLong: :raises ChangedMeanwhile, Erased:
    :raises storefront.ordering.CancelledAlready, storefront.ordering.PackedAlready:
    """
    ordering.lock_orders(purchase)
    contact = db.session.get(Contact, purchase.id, populate_existing=True, with_for_update=True)
    if contact is None:
        raise Erased()
    orders = open_orders(purchase)
    notes = {order.position: notes.get(order.position, order.note).strip() for order in orders}
    if _is_where(contact, receiver) and all(order.note == notes[order.position] for order in orders):
        return
    if not orders:
        raise ordering.CancelledAlready()
    if any(order.packed_at is not None for order in orders):
        raise ordering.PackedAlready()
    if seen != revision_of(purchase):
        raise ChangedMeanwhile(number=purchase.number)
    for position, words in notes.items():
        if len(words) > LONGEST_NOTE:
            refusal = NoteTooLong(most=LONGEST_NOTE)
            refusal.field = f"note_{position}"
            raise refusal
    if receiver.home.code != contact.commune_code:
        _check_ways(orders, contact, receiver.home)
    contact.name, contact.phone, contact.line = receiver.name, receiver.phone, receiver.line
    if receiver.home.code != contact.commune_code:
        contact.commune_code, contact.commune_valid_from = receiver.home.code, receiver.home.valid_from
        contact.address_as_typed = receiver.address_as_typed
    steps = []
    for order in orders:
        order.note = notes[order.position]
        order.revision += 1
        steps.append((order, ordering.note(order, "readdressed", now=now)))
    db.session.flush()
    db.session.refresh(contact)
    audit.record(None, "storefront.readdress", f"purchase:{purchase.number}", now=now)
    messages.tell_of_address(purchase, steps, now=now)


# --- Inside -------------------------------------------------------------------------------------------


def _check(order: Order) -> None:
    if order.placement is Placement.CANCELLED:
        raise ordering.CancelledAlready()
    if order.packed_at is not None:
        raise ordering.PackedAlready()
    if return_queries.is_exchange(order):
        raise IsExchange()
    if _waits_for_card(order):
        raise WaitsForCard()


def _check_seen(order: Order, seen: int) -> None:
    _check(order)
    if seen != order.revision:
        raise ChangedMeanwhile(number=order.number)


def _waits_for_card(order: Order) -> bool:
    return order.placement is Placement.PLACED and order.purchase.method is PaymentMethod.CARD


def _asked(change: OrderChange) -> dict[int, int]:
    parts = {line.line for line in change.order.lines if line.of_line is not None}
    return {line.line: line.packs_left for line in change.lines if line.line not in parts}


def _is_so(order: Order, packs: Mapping[int, int]) -> bool:
    left = {line.line: line.quantity for line in order.lines}
    return bool(packs) and all(left.get(line) == many for line, many in packs.items())


def _check_least(order: Order, less: Less) -> None:
    """Refuse to leave less of what is sold by weight than one can buy."""
    items = {line.line: line for line in sold_lines(order)}
    for cut in less.cuts:
        line = items.get(cut.line)
        if line is not None and 0 < cut.packs_left < line.trade_item.least:
            refusal = LessThanLeast(least=line.trade_item.least, step_g=line.step_g)
            refusal.field = f"packs_{cut.line}"
            raise refusal


def _check_voucher(order: Order, less: Less) -> None:
    """Refuse what a buyer could not have had the voucher for; of what a producer lacks, the buyer keeps its part."""
    voucher = order.purchase.voucher
    if voucher is None or not order.discount_vnd:
        return
    orders = open_orders(order.purchase)
    covered = vouchers.covered(voucher, [one.producer_id for one in orders])
    cost = sum(one.goods_vnd for one in orders if one.producer_id in covered)
    if cost - less.goods_vnd < voucher.least_vnd:
        raise BelowVoucher()


def _check_given_back(order: Order, less: Less) -> None:
    if order.placement is Placement.CONFIRMED and bookkeeping.undone_of(order) > order.total_vnd - less.total_vnd:
        raise GivenBackMore()


def _written(
    order: Order, less: Less, state: ChangeState, asked_by: str, reason: str, actor: Actor | None, now: datetime
) -> OrderChange:
    change = OrderChange(
        number=f"TD-{numbers.next_number('change'):06d}",
        order_id=order.id,
        revision=order.revision,
        asked_by=asked_by,
        state=state,
        reason=reason,
        goods_vnd=less.goods_vnd,
        discount_vnd=less.discount_vnd,
        asked_at=now,
        asked_by_id=actor.user_id if actor is not None else None,
        answered_at=None if state is ChangeState.PROPOSED else now,
    )
    db.session.add(change)
    db.session.flush()
    db.session.add_all(
        OrderChangeLine(
            change_id=change.id,
            line=cut.line,
            order_id=order.id,
            packs=cut.packs,
            packs_left=cut.packs_left,
            amount_vnd=cut.amount_vnd,
            discount_vnd=cut.discount_vnd,
        )
        for cut in less.cuts
    )
    db.session.flush()
    return change


def _carry_out(change: OrderChange, less: Less, before: Sale, *, now: datetime) -> OrderStep:
    """Let a change that is done take effect on everything that hangs on the order."""
    order, purchase = change.order, change.order.purchase
    _overtake(order, now)
    sets = {line.of_line for line in order.lines}
    left = {cut.line: cut.packs_left for cut in less.cuts if cut.line not in sets}
    allocation.take_down(purchase.number, left, now=now)
    ordering.lock_orders(purchase)  # what is left of the lines is another now
    _cost_less(order, less, before)
    bookkeeping.changed(order, before, change.number, now=now)
    step = ordering.note(order, "changed", now=now, number=change.number, less_vnd=less.total_vnd)
    settling.settle_change(order, less.total_vnd, cause=change.number, reason=change.reason, now=now)
    if order.placement is Placement.PLACED and not order.total_vnd:
        ordering.confirm(order, now=now)
    vouchers.give_back(purchase, now=now)
    audit.record(
        None, "storefront.change", f"order:{order.number}", now=now, change=change.number, less_vnd=less.total_vnd
    )
    return step


def _cost_less(order: Order, less: Less, before: Sale) -> None:
    """Add an order up anew: the rate of the commission, and the price of the delivery, are those that were agreed."""
    order.goods_vnd -= less.goods_vnd
    order.discount_vnd -= less.discount_vnd
    order.total_vnd -= less.total_vnd
    order.weight_g = sum(shipping.weight_of(line.trade_item, line.quantity) for line in return_queries.lines_of(order))
    base_before, base = _base(order, before), _base(order, bookkeeping.sale_of(order))
    order.commission_vnd = share(base, order.commission_bp)
    if order.withholding is not None:
        taxes = {name: part(int(order.withholding.get(name, 0)), base, base_before) for name in ("vat_vnd", "pit_vnd")}
        order.withholding = {**order.withholding, **taxes, "base_vnd": base}
    order.revision += 1
    db.session.execute(
        update(Purchase)
        .where(Purchase.id == order.purchase_id)
        .values(
            goods_vnd=Purchase.goods_vnd - less.goods_vnd,
            discount_vnd=Purchase.discount_vnd - less.discount_vnd,
            total_vnd=Purchase.total_vnd - less.total_vnd,
        )
        .execution_options(synchronize_session=False)
    )
    db.session.flush()
    db.session.refresh(order.purchase, ["goods_vnd", "discount_vnd", "total_vnd"])


def _base(order: Order, sale: Sale) -> int:
    return bookkeeping.base_of(
        sale.goods_vnd, sale.goods_off_vnd, borne_by_another=order.discount_by_id not in (None, order.producer_id)
    )


def _overtake(order: Order, now: datetime) -> None:
    """End a proposal that waits: the order is no longer the one it was made for."""
    for change in db.session.scalars(
        select(OrderChange).where(OrderChange.order_id == order.id, OrderChange.state == ChangeState.PROPOSED)
    ):
        _answer(change, ChangeState.OVERTAKEN, now)


def _answer(change: OrderChange, state: ChangeState, now: datetime) -> None:
    change.state, change.answered_at = state, now
    db.session.flush()


def _check_open(change: OrderChange) -> None:
    if not is_open(change):
        raise NotOpen(number=change.number)


def _is_where(contact: Contact, receiver: Receiver) -> bool:
    return (contact.name, contact.phone, contact.line, contact.commune_code) == (
        receiver.name,
        receiver.phone,
        receiver.line,
        receiver.home.code,
    )


def _check_ways(orders: list[Order], contact: Contact, home: Unit) -> None:
    """Refuse an address that a producer does not serve, or serves for more or later than the one that was agreed."""
    by_parcel = [order for order in orders if order.delivery == "parcel" and not return_queries.is_exchange(order)]
    parcels = {order.producer_id: (order.weight_g, order.goods_vnd) for order in by_parcel}
    province = contact.commune.parent_code or ""
    here = shipping.ways(parcels, commune_code=contact.commune_code, province_code=province)
    there = shipping.ways(parcels, commune_code=home.code, province_code=home.parent_code or "")
    for order in by_parcel:
        old, new = here[order.producer_id], there[order.producer_id]
        name = {"producer": order.producer.name_vi}
        if new is None:
            raise ordering.NotDelivered(**name)
        price = max(order.shipping_vnd, old.price_vnd if old is not None else 0)
        days = max(shipping.days_of(order.shipping_rule), old.most_days if old is not None else 0)
        if new.price_vnd > price or new.most_days > days:
            raise CostsMore(**name)
