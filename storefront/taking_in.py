"""Taking in goods that buyers sent back, lot by lot, each in the state it is in.

What is sound goes back into a warehouse, what is not is a loss: ordinary movements of the ledger, with their event, in
one transaction with what the buyer gets for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from accounts.actor import Actor
from kernel import audit
from kernel.db import db, lock
from kernel.errors import N_, InvalidInput
from kernel.text import one_line
from stock import ledger, locations
from stock.models import Location, LocationKind
from storefront import messages, ordering, return_queries, returns
from storefront.return_models import Condition, GoodsReturn, ReturnLot, ReturnState, ReturnWish
from storefront.return_queries import Sent
from traceability.models import EventKind, Lot, LotState
from traceability.recording import NamedLot, are_samples, record_event


class NothingArrived(InvalidInput):
    message = N_("Say how many came back.")


class MoreThanAsked(InvalidInput):
    """``most`` says how many were to come."""

    message = N_("Of these, %(most)s were to come back.")


class NotOfThisLot(InvalidInput):
    """``most`` says how many of the lot the buyer has."""

    message = N_("Of this batch, the buyer has %(most)s.")


class FewerThanAsked(InvalidInput):
    message = N_("Fewer came than were to come. Say what is missing: the buyer reads it.")
    field = "note"


class NoPlace(InvalidInput):
    message = N_("Choose one of your warehouses.")
    field = "location"


@dataclass(frozen=True)
class Arrival:
    """So many packs of a lot, for a line, in a condition."""

    line: int
    lot_id: int
    condition: Condition
    quantity: int


def take_in(
    made: GoodsReturn,
    arrivals: Sequence[Arrival],
    *,
    location_id: int | None = None,
    note: str = "",
    actor: Actor,
    now: datetime,
) -> None:
    """Take goods in that came back: sound ones into a warehouse, damaged ones as a loss. The money follows at once.

    What arrives of a lot that is held or recalled lies frozen where it is. What did not arrive stays the buyer's.

    :param location_id: of the warehouse for what is sound; None: where it was sent from
    :raises storefront.returns.NotNext, NothingArrived, MoreThanAsked, NotOfThisLot, FewerThanAsked, NoPlace:
    """
    note = one_line(note)[: returns.LONGEST_DECISION]
    arrivals = [one for one in arrivals if one.quantity > 0]
    ordering.lock_orders(made.order.purchase)
    lock(made)
    came = Counter[int]()
    for one in arrivals:
        came[one.line] += one.quantity
    sent = {(row.line, row.lot_id): row for row in return_queries.lots_of(made)}
    _check_arrivals(made, arrivals, came, sent)
    if sum(came.values()) < sum(row.asked for row in made.lines) and not note:
        raise FewerThanAsked()
    returns.go(made, ReturnState.EXCHANGING if made.wish is ReturnWish.EXCHANGE else ReturnState.DONE, now)
    made.arrived_at = now
    for row in made.lines:
        returns.unclaim(row, row.asked - came[row.line])
        row.quantity = came[row.line]
    _bring_back(made, arrivals, sent, location_id, actor=actor, now=now)
    returns.step(made, "arrived", actor, now, count=sum(came.values()), **({"note": note} if note else {}))
    audit.record(actor, "storefront.take_return_in", f"return:{made.number}", now=now, count=sum(came.values()))
    if made.state is ReturnState.DONE:
        returns.make_good(made, actor, now)
    else:
        messages.tell_of_return(made, "arrived", now=now)


def _check_arrivals(
    made: GoodsReturn, arrivals: Sequence[Arrival], came: Counter[int], sent: Mapping[tuple[int, int], Sent]
) -> None:
    if made.state is not ReturnState.AWAITED:
        raise returns.NotNext(number=made.number)
    if not arrivals:
        raise NothingArrived()
    asked = {row.line: row.asked for row in made.lines}
    steps = {row.line: row.bought.step_g for row in made.lines}
    for line, packs in came.items():
        if packs > asked.get(line, 0):
            first = next(one.lot_id for one in arrivals if one.line == line)
            raise _at(MoreThanAsked(most=asked.get(line, 0), step_g=steps.get(line)), line, first)
    of_lots = Counter[tuple[int, int]]()
    for one in arrivals:
        of_lots[one.line, one.lot_id] += one.quantity
    for key, packs in of_lots.items():
        left = sent[key].left if key in sent else 0
        if packs > left:
            raise _at(NotOfThisLot(most=left, step_g=steps.get(key[0])), *key)


def _at(refusal: InvalidInput, line: int, lot_id: int) -> InvalidInput:
    refusal.field = f"good_{line}_{lot_id}"
    return refusal


def _bring_back(
    made: GoodsReturn,
    arrivals: Sequence[Arrival],
    sent: Mapping[tuple[int, int], Sent],
    location_id: int | None,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Post what arrived, and write its events: one for each state that goods are in now."""
    ledger.share(one.lot_id for one in arrivals)
    states: dict[int, LotState] = dict(
        db.session.execute(select(Lot.id, Lot.state).where(Lot.id.in_({one.lot_id for one in arrivals}))).all()
    )
    keeper_id = made.order.producer_id
    buyers, loss = locations.of(keeper_id, LocationKind.CUSTOMER), locations.of(keeper_id, LocationKind.LOSS)
    lines: list[ledger.Line] = []
    told: dict[str, Counter[int]] = {}
    for one in arrivals:
        row, is_good = sent[one.line, one.lot_id], one.condition is Condition.GOOD
        to = _warehouse(location_id or row.location_id, keeper_id) if is_good else loss
        cause = f"{made.number}:back:{one.line}:{one.lot_id}:{one.condition.value}"
        lines.append(ledger.Line(one.lot_id, one.quantity, buyers.id, to.id, row.owner_id, cause))
        db.session.add(
            ReturnLot(
                return_id=made.id,
                line=one.line,
                lot_id=one.lot_id,
                condition=one.condition,
                location_id=to.id,
                quantity=one.quantity,
            )
        )
        told.setdefault(_step_of(is_good, states[one.lot_id]), Counter[int]())[one.lot_id] += one.quantity
    # What comes back arrives, even if its lot was held meanwhile: it is frozen where it arrives.
    ledger.move_all(lines, document=made.number, now=now, actor=actor, even_frozen=True)
    for step, quantities in sorted(told.items()):
        _trace(step, quantities, made, actor=actor, now=now)


def _warehouse(location_id: int, keeper_id: int) -> Location:
    found = db.session.get(Location, location_id)
    if found is None or found.keeper_id != keeper_id or found.kind is not LocationKind.WAREHOUSE:
        raise NoPlace()
    return found


#: Step → title in both languages and disposition in CBV 2.0.
_TOLD = {
    "returned": ("Nhận lại hàng khách trả", "Taken back from a buyer", "sellable_not_accessible"),
    "stopped": ("Nhận lại hàng của lô bị dừng", "Taken back, of a lot that is stopped", "non_sellable_other"),
    "recalled": ("Nhận lại hàng thu hồi", "Recalled goods taken back", "recalled"),
    "lost": ("Nhận lại hàng hỏng", "Came back unfit for sale", "damaged"),
}


def _step_of(is_good: bool, state: LotState) -> str:
    if not is_good:
        return "lost"
    if state is LotState.RECALLED:
        return "recalled"
    return "returned" if state is LotState.RELEASED else "stopped"


def _trace(step: str, quantities: Counter[int], made: GoodsReturn, *, actor: Actor, now: datetime) -> None:
    """Write the event of goods that came back. Who bought is nobody's business: it names the return, and no buyer."""
    title_vi, title_en, disposition = _TOLD[step]
    record_event(
        EventKind.OBJECT,
        "receiving",
        [NamedLot(lot_id, "object", quantity) for lot_id, quantity in sorted(quantities.items())],
        title_vi=title_vi,
        title_en=title_en,
        actor=actor,
        organisation_id=made.order.producer_id,
        disposition=disposition,
        document=made.number,
        document_type="rma",
        is_public=False,
        is_sample=are_samples(quantities),
        now=now,
    )
