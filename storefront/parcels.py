"""Packing an order, and its parcel on the way: picked up, delivered, or back; and where the cash of it is.

An order is packed once: its row is locked, its goods leave the warehouse by the ledger, the event of the trace and the
parcel are written in the same transaction. Where a parcel is and where its cash is are two axes; on both one goes
forward only (``NEXT``, ``CASH``). Every step is a row of its own, with who said so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import select, update

from accounts.actor import SYSTEM, Actor
from kernel import audit, clock, numbers
from kernel.db import db, lock
from kernel.errors import N_, Conflict, InvalidInput
from kernel.text import one_line
from stock import allocation, ledger, locations
from stock.models import Allocation, AllocationState, Location, LocationKind
from storefront import bookkeeping, dispute_queries, messages, ordering, purchase_queries, settling, shipping
from storefront.order_models import (
    CodState,
    Order,
    Parcel,
    ParcelState,
    ParcelStep,
    Payment,
    PaymentMethod,
    PaymentState,
    Placement,
)
from traceability.models import EventKind
from traceability.recording import NamedLot, are_samples, record_event

LONGEST_NOTE = 300
LONGEST_CODE = 60
#: The producer brings the parcel, or the buyer fetches it: no carrier's code.
HAND_OVER, PICKUP = "hand_over", "pickup"
CARRIERS = (HAND_OVER, PICKUP, "ghn", "ghtk", "viettel_post", "vnpost")

S = ParcelState
#: Where a parcel may be next. Nothing leads back; one that was to come back may still have been given out.
NEXT: Mapping[ParcelState, frozenset[ParcelState]] = {
    S.CREATED: frozenset({S.PICKED_UP, S.IN_TRANSIT, S.DELIVERED, S.FAILED, S.RETURNING, S.RETURNED}),
    S.PICKED_UP: frozenset({S.IN_TRANSIT, S.DELIVERED, S.FAILED, S.RETURNING}),
    S.IN_TRANSIT: frozenset({S.DELIVERED, S.FAILED, S.RETURNING}),
    S.FAILED: frozenset({S.DELIVERED, S.RETURNING}),
    S.RETURNING: frozenset({S.DELIVERED, S.RETURNED}),
    S.DELIVERED: frozenset(),
    S.RETURNED: frozenset(),
}
#: Where its cash may be next.
CASH: Mapping[CodState, CodState] = {
    CodState.DUE: CodState.COLLECTED,
    CodState.COLLECTED: CodState.HANDED_OVER,
    CodState.HANDED_OVER: CodState.RECONCILED,
}


class NotConfirmed(Conflict):
    message = N_("Order %(number)s is not to be packed: it waits for its money, or was cancelled.")


class KeptBack(Conflict):
    message = N_(
        "Order %(number)s is kept back: the payer's bank asks for the money of the card. Cancel it, or say why it is "
        "sent all the same."
    )


class NotKeptBack(Conflict):
    message = N_("Order %(number)s is not kept back any more. Please look again.")


class PackedBefore(Conflict):
    message = N_("Order %(number)s was packed before.")


class ChangedMeanwhile(Conflict):
    message = N_("Order %(number)s was changed meanwhile. Please look at it again before you pack.")


class NoSuchCarrier(InvalidInput):
    message = N_("Choose who brings the parcel.")
    field = "carrier"


class CodeTaken(InvalidInput):
    message = N_("Another parcel has this code already.")
    field = "code"


class CodeTooLong(InvalidInput):
    message = N_("A code has at most %(most)s signs.")
    field = "code"


class NotNext(Conflict):
    message = N_("Parcel %(number)s is further than that already. Please look again.")


class CashNotNext(Conflict):
    message = N_("The cash of parcel %(number)s is not at this step. Please look again.")


class NotDelivered(Conflict):
    message = N_("Parcel %(number)s is not delivered yet: its cash was not taken.")


class CountedOtherwise(InvalidInput):
    """``due_vnd`` and ``counted_vnd`` say by how much."""

    message = N_("This is not the amount of the parcel. Say in the note what became of the difference.")
    field = "note"


class NeedsNote(InvalidInput):
    message = N_("Say what happened in a few words.")
    field = "note"


class NotTheirs(Conflict):
    message = N_("These goods are not part of this order.")


# --- Before packing -----------------------------------------------------------------------------------


def repick(order: Order, picked: Allocation, *, lot_id: int, reason: str, actor: Actor, now: datetime) -> None:
    """Take another batch for a line of an order that is not packed: the first was held, recalled or damaged.

    :raises NotTheirs: :raises PackedBefore: :raises NotConfirmed:
    :raises stock.allocation.DoesNotKeep: if that batch is past its date before the goods come
    :raises stock.allocation.NeedsReason: :raises stock.allocation.NotEnough: if there are too few of that batch
    """
    lock(order)
    _check_to_pack(order)
    if picked.document != order.purchase.number or picked.line not in ordering.wanted_lines(order):
        raise NotTheirs()
    allocation.repick(picked, lot_id=lot_id, reason=reason, comes_on=comes_on(order, now), now=now)
    audit.record(actor, "storefront.repick", f"order:{order.number}", now=now, lot=lot_id)


def comes_on(order: Order, now: datetime) -> date:
    """Tell on which day at the latest an order comes that is sent now."""
    return clock.business_date(now) + timedelta(days=shipping.days_of(order.shipping_rule))


def spoken_to(order: Order, *, note: str, actor: Actor, now: datetime) -> None:
    """Write down that the buyer was asked by telephone, and what they said.

    :raises NeedsNote:
    """
    lock(order)
    ordering.note(order, "called", now=now, actor=actor, note=_said(note))
    audit.record(actor, "storefront.called_buyer", f"order:{order.number}", now=now)


def send_all_the_same(order: Order, *, note: str, actor: Actor, now: datetime) -> None:
    """Say that an order is sent though the payer's bank asks for its money, or got it; and why.

    :raises NotKeptBack: :raises NeedsNote:
    """
    ordering.lock_orders(order.purchase)
    if not dispute_queries.kept_back(order):
        raise NotKeptBack(number=order.number)
    ordering.note(order, dispute_queries.SENT_ALL_THE_SAME, now=now, actor=actor, note=_said(note))
    audit.record(actor, "storefront.send_despite_dispute", f"order:{order.number}", now=now)


def record_invoice(order: Order, number: str, *, actor: Actor, now: datetime) -> None:
    """Write down the number of the invoice that the seller issued elsewhere; "" takes it away."""
    lock(order)
    order.invoice_number = one_line(number)[:60]
    audit.record(actor, "storefront.invoice_number", f"order:{order.number}", now=now)


def pack(order: Order, *, carrier: str, code: str = "", seen: int | None = None, actor: Actor, now: datetime) -> Parcel:
    """Pack an order: its goods leave the warehouse, and are a parcel.

    :param code: the carrier's, if it is known already
    :param seen: the revision of the order that was read by who packs it; None: whatever it is now
    :raises NotConfirmed: :raises PackedBefore: :raises ChangedMeanwhile: :raises NoSuchCarrier: :raises CodeTaken:
    :raises stock.ledger.LotFrozen: if a batch was held or recalled meanwhile
    :raises stock.allocation.DoesNotKeep: if a batch is past its date, or will be before the parcel comes
    """
    ordering.lock_order(order)
    _check_to_pack(order)
    if seen is not None and seen != order.revision:
        raise ChangedMeanwhile(number=order.number)
    if carrier not in CARRIERS or (carrier == PICKUP) != (order.delivery == "pickup"):
        raise NoSuchCarrier()
    known = _free_code(carrier, code)
    shipped = allocation.ship(
        order.purchase.number,
        lines=ordering.wanted_lines(order),
        comes_on=comes_on(order, now),
        now=now,
        actor=actor,
    )
    cash = 0 if is_paid(order) else order.total_vnd
    parcel = Parcel(
        number=f"KH-{numbers.next_number('parcel'):06d}",
        order_id=order.id,
        carrier=carrier,
        code=known,
        state=ParcelState.CREATED,
        cod_vnd=cash,
        cod_state=CodState.DUE if cash else CodState.NONE,
        created_at=now,
    )
    order.parcels.append(parcel)
    order.packed_at = now
    db.session.flush()
    _step(parcel, ParcelState.CREATED.value, actor=actor, now=now)
    ordering.note(order, "packed", now=now, actor=actor, parcel=parcel.number)
    _trace("shipping", shipped, parcel, actor=actor, now=now)
    lots = purchase_queries.lots_of(order.purchase)
    messages.tell(
        order.purchase,
        messages.SENT,
        order=order,
        now=now,
        lots={line: [(lot.number, lot.path) for lot in given] for line, given in lots.items()},
        is_pickup=carrier == PICKUP,
    )
    audit.record(actor, "storefront.pack", f"order:{order.number}", now=now, parcel=parcel.number)
    return parcel


def is_paid(order: Order) -> bool:
    """Tell whether the money of an order came before it is sent."""
    if order.purchase.method is not PaymentMethod.COD or order.total_vnd == 0:
        return True
    payment = payment_of(order)
    return payment is not None and payment.state is PaymentState.PAID


def payment_of(order: Order) -> Payment | None:
    """Give the payment that asks for the cash of an order's parcel."""
    return db.session.scalar(
        select(Payment).where(
            Payment.purchase_id == order.purchase_id,
            Payment.order_id == order.id,
            Payment.method == PaymentMethod.COD,
        )
    )


# --- On the way ---------------------------------------------------------------------------------------


def set_code(parcel: Parcel, code: str, *, actor: Actor, now: datetime) -> None:
    """Write down the carrier's code of a parcel: a link to follow it comes with it.

    :raises CodeTaken: :raises CodeTooLong:
    """
    _lock(parcel)
    parcel.code = _free_code(parcel.carrier, code, of=parcel)
    db.session.flush()
    audit.record(actor, "storefront.parcel_code", f"parcel:{parcel.number}", now=now)


def move_on(parcel: Parcel, to: ParcelState, *, note: str = "", actor: Actor, now: datetime) -> None:
    """Say where a parcel is now: forward only. ``returned`` is :func:`take_back`'s.

    :raises NotNext: :raises NeedsNote: if it failed or goes back, and nobody says why
    """
    if to is ParcelState.RETURNED:
        raise ValueError("goods that are back are taken back: see take_back")
    note = one_line(note)[:LONGEST_NOTE]
    if to in (ParcelState.FAILED, ParcelState.RETURNING):
        note = _said(note)
    _lock(parcel)
    _go(parcel, to, now=now)
    _step(parcel, to.value, note=note, actor=actor, now=now)
    if to is ParcelState.DELIVERED:
        ordering.note(parcel.order, "delivered", now=now, actor=actor, parcel=parcel.number)
    audit.record(actor, "storefront.parcel", f"parcel:{parcel.number}", now=now, to=to.value)


def remark(parcel: Parcel, note: str, *, actor: Actor, now: datetime) -> None:
    """Write down something about a parcel that changes nothing: another attempt, a word of the carrier.

    :raises NeedsNote:
    """
    note = _said(note)
    _lock(parcel)
    _step(parcel, "note", note=note, actor=actor, now=now)
    audit.record(actor, "storefront.parcel_note", f"parcel:{parcel.number}", now=now)


def heard(parcel: Parcel, to: ParcelState | None, *, note: str, now: datetime) -> bool:
    """Take what a carrier tells of a parcel: it moves on if that leads forward, else the word is kept as a note.

    The same word again is written down once. A carrier that says "returned" is taken for "comes back": what becomes
    of the goods is said by who has them in hand.

    :return: whether the parcel moved on
    """
    _lock(parcel)
    note = one_line(note)[:LONGEST_NOTE]
    to = ParcelState.RETURNING if to is ParcelState.RETURNED else to
    if to is not None and to in NEXT[parcel.state]:
        _go(parcel, to, now=now)
        _step(parcel, to.value, note=note, actor=None, now=now)
        if to is ParcelState.DELIVERED:
            ordering.note(parcel.order, "delivered", now=now, parcel=parcel.number)
            if parcel.cod_state is CodState.DUE:  # a carrier gives no parcel out without its cash
                collected(parcel, actor=SYSTEM, now=now)
        audit.record(SYSTEM, "storefront.parcel", f"parcel:{parcel.number}", now=now, to=to.value)
        return True
    told = select(ParcelStep.id).where(ParcelStep.parcel_id == parcel.id, ParcelStep.note == note)
    if note and db.session.scalar(told.limit(1)) is None:
        _step(parcel, "note", note=note, actor=None, now=now)
    return False


def take_back(parcel: Parcel, *, sellable: bool, note: str = "", actor: Actor, now: datetime) -> None:
    """Take the goods of a parcel that came back: into stock again, or as a loss. Nothing is to be collected any more,
    and all that was paid goes back to the buyer, who never had the goods.

    A parcel that never left may be unpacked the same way.

    :raises NotNext: :raises NeedsNote: if the goods are a loss, and nobody says why
    """
    note = one_line(note)[:LONGEST_NOTE] if sellable else _said(note)
    ordering.lock_orders(parcel.order.purchase)  # what was paid may be for the others too
    _lock(parcel)
    _go(parcel, ParcelState.RETURNED, now=now)
    order = parcel.order
    rows = _shipped(order)
    ledger.share(row.lot_id for row in rows)
    lines = []
    for row in rows:
        home = db.session.get_one(Location, row.location_id)
        buyers = locations.of(home.keeper_id, LocationKind.CUSTOMER)
        to = home if sellable else locations.of(home.keeper_id, LocationKind.LOSS)
        lines.append(
            ledger.Line(row.lot_id, row.quantity, buyers.id, to.id, row.owner_id, f"{parcel.number}:returned:{row.id}")
        )
    # What comes back arrives, even if its lot was held meanwhile: it is frozen where it arrives.
    ledger.move_all(lines, document=order.purchase.number, now=now, actor=actor, even_frozen=True)
    if parcel.cod_state is CodState.DUE:
        parcel.cod_state = CodState.NONE
        payment = payment_of(order)
        if payment is not None:
            settling.fail(payment)
    _step(parcel, ParcelState.RETURNED.value, note=note, actor=actor, now=now)
    _trace("returned" if sellable else "lost", rows, parcel, actor=actor, now=now)
    ordering.note(order, "returned", now=now, actor=actor, parcel=parcel.number)
    bookkeeping.came_back(order, now=now, actor=actor)
    settling.give_back_returned(order, reason=note, now=now, actor=actor)
    audit.record(
        actor,
        "storefront.take_parcel_back",
        f"parcel:{parcel.number}",
        now=now,
        to="stock" if sellable else "loss",
    )


# --- Its cash -----------------------------------------------------------------------------------------


def collected(parcel: Parcel, *, actor: Actor, now: datetime) -> None:
    """Say that the buyer paid: who brought the parcel has the cash, and the payment has its money.

    :raises NotDelivered: :raises CashNotNext:
    """
    _lock(parcel)
    if parcel.state is not ParcelState.DELIVERED:
        raise NotDelivered(number=parcel.number)
    _cash(parcel, CodState.COLLECTED, actor=actor, now=now)
    payment = payment_of(parcel.order)
    if payment is not None:
        settling.collect(payment, now=now, parcel=parcel)


def handed_over(parcel: Parcel, *, note: str = "", actor: Actor, now: datetime) -> None:
    """Say that the cash was given to the producer, by the carrier or by who brought the parcel.

    :raises CashNotNext:
    """
    _cash(parcel, CodState.HANDED_OVER, note=note, actor=actor, now=now)
    payment = payment_of(parcel.order)
    if payment is not None:
        settling.hand_over(payment, parcel, now=now, actor=actor)


def reconciled(parcel: Parcel, *, counted_vnd: int, note: str = "", actor: Actor, now: datetime) -> None:
    """Say how much cash was counted. Another amount than was due is written down as it is, with a word why.

    :raises CountedOtherwise: if it is another amount, and nobody says why
    :raises CashNotNext:
    """
    if counted_vnd != parcel.cod_vnd:
        if not one_line(note):
            raise CountedOtherwise(due_vnd=parcel.cod_vnd, counted_vnd=counted_vnd)
        note = f"{counted_vnd - parcel.cod_vnd:+d} đ: {note}"
    _cash(parcel, CodState.RECONCILED, note=note, actor=actor, now=now)
    payment = payment_of(parcel.order)
    if payment is not None:
        settling.reconcile(payment, parcel, counted_vnd, now=now, actor=actor)


def holder_of(parcel: Parcel) -> str:
    """Say who has the cash of a parcel: see :func:`holder`."""
    return holder(parcel.carrier, parcel.cod_state)


def holder(carrier: str, cash: CodState) -> str:
    """Say who has cash at a step: "buyer", a carrier, "courier" (the seller's own), "producer"; "" for nobody."""
    if cash is CodState.DUE:
        return "buyer"
    if cash is CodState.NONE:
        return ""
    if cash is CodState.COLLECTED and carrier != PICKUP:
        return "courier" if carrier == HAND_OVER else carrier
    return "producer"


def _cash(parcel: Parcel, to: CodState, *, note: str = "", actor: Actor, now: datetime) -> None:
    _lock(parcel)
    moved = db.session.execute(
        update(Parcel)
        .where(Parcel.id == parcel.id, Parcel.cod_state.in_([state for state, then in CASH.items() if then is to]))
        .values(cod_state=to)
        .returning(Parcel.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    db.session.refresh(parcel)
    if moved is None:
        raise CashNotNext(number=parcel.number)
    _step(parcel, f"cod_{to.value}", note=one_line(note)[:LONGEST_NOTE], actor=actor, now=now)
    audit.record(actor, "storefront.parcel_cash", f"parcel:{parcel.number}", now=now, to=to.value)


# --- Inside -------------------------------------------------------------------------------------------


def _check_to_pack(order: Order) -> None:
    if order.packed_at is not None:
        raise PackedBefore(number=order.number)
    if order.placement is not Placement.CONFIRMED:
        raise NotConfirmed(number=order.number)
    if dispute_queries.kept_back(order):
        raise KeptBack(number=order.number)


def _lock(parcel: Parcel) -> None:
    """Lock a parcel's order, which stands for all that belongs to it, then read the parcel anew."""
    lock(parcel.order)
    lock(parcel)


def _go(parcel: Parcel, to: ParcelState, *, now: datetime) -> None:
    moved = db.session.execute(
        update(Parcel)
        .where(Parcel.id == parcel.id, Parcel.state.in_([state for state, then in NEXT.items() if to in then]))
        .values(state=to, delivered_at=now if to is ParcelState.DELIVERED else Parcel.delivered_at)
        .returning(Parcel.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    db.session.refresh(parcel)
    if moved is None:
        raise NotNext(number=parcel.number)


def _step(parcel: Parcel, what: str, *, note: str = "", actor: Actor | None, now: datetime) -> None:
    db.session.add(
        ParcelStep(parcel_id=parcel.id, what=what, note=note, by_id=actor.user_id if actor else None, at=now)
    )
    db.session.flush()
    db.session.expire(parcel, ["steps"])


def _said(note: str) -> str:
    note = one_line(note)[:LONGEST_NOTE]
    if not note:
        raise NeedsNote()
    return note


def _free_code(carrier: str, code: str, *, of: Parcel | None = None) -> str | None:
    code = one_line(code).upper()
    if carrier in (HAND_OVER, PICKUP) or not code:
        return None
    if len(code) > LONGEST_CODE:
        raise CodeTooLong(most=LONGEST_CODE)
    other = db.session.scalar(select(Parcel.id).where(Parcel.carrier == carrier, Parcel.code == code))
    if other is not None and (of is None or other != of.id):
        raise CodeTaken()
    return code


def _shipped(order: Order) -> list[Allocation]:
    rows = allocation.of_document(order.purchase.number, lines=ordering.wanted_lines(order))
    return [row for row in rows if row.state is AllocationState.SHIPPED]


#: Step → title in both languages, business step, disposition and what its paper is in CBV 2.0.
_TOLD = {
    "shipping": ("Giao cho bên vận chuyển", "Sent to a buyer", "shipping", "in_transit", "desadv"),
    "returned": ("Nhận lại hàng", "Taken back in", "receiving", "sellable_not_accessible", "rma"),
    "lost": ("Nhận lại hàng hỏng", "Came back unfit for sale", "receiving", "non_sellable_other", "rma"),
}


def _trace(step: str, rows: Iterable[Allocation], parcel: Parcel, *, actor: Actor, now: datetime) -> None:
    """Write the event of a step of a parcel. Who bought is nobody's business: it names the parcel, and no buyer."""
    title_vi, title_en, biz_step, disposition, paper = _TOLD[step]
    quantities = Counter[int]()
    for row in rows:
        quantities[row.lot_id] += row.quantity
    record_event(
        EventKind.OBJECT,
        biz_step,
        [NamedLot(lot_id, "object", quantity) for lot_id, quantity in sorted(quantities.items())],
        title_vi=title_vi,
        title_en=title_en,
        actor=actor,
        organisation_id=parcel.order.producer_id,
        disposition=disposition,
        document=parcel.number,
        document_type=paper,
        is_public=False,
        is_sample=are_samples(quantities),
        now=now,
    )
