"""Sales at the counter of a sales point, and taking one back the same day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from accounts.actor import Actor
from consignment.models import Sale, SaleLine, SaleReversal, SalesPoint
from consignment.queries import Offered, goods_at
from consignment.tracing import Step, trace_sale
from kernel import audit, clock, numbers
from kernel.db import db, lock
from kernel.errors import N_, Conflict, InvalidInput
from kernel.text import one_line
from stock import ledger, locations
from stock.models import LocationKind

MOST_LINES = 50
LONGEST_NAME = LONGEST_REASON = 200


class NothingSold(InvalidInput):
    message = N_("Choose at least one batch and a quantity.")


class TooManyLines(InvalidInput):
    message = N_("A sale has at most %(most)s lines.")


class NotAtThisCounter(InvalidInput):
    message = N_(
        "One of the batches you chose is not at this counter any more. Look at what is left, and choose again."
    )


class PastItsDate(Conflict):
    message = N_("Batch %(number)s is past its date. It cannot be sold.")


class PriceChanged(Conflict):
    message = N_("A price has changed meanwhile. Please add up the sale again.")


class KeyUsed(Conflict):
    message = N_("This form was used for another sale. Please choose the goods again.")


class NotToday(Conflict):
    message = N_("Only a sale of today can be cancelled here.")


class CancelledBefore(Conflict):
    message = N_("This sale was cancelled before.")


class NeedsReason(InvalidInput):
    message = N_("Say why in a few words.")
    field = "reason"


class ReasonTooLong(InvalidInput):
    message = N_("Please keep the reason within %(most)s signs.")
    field = "reason"


def sell(
    point: SalesPoint,
    quantities: Mapping[int, int],
    *,
    request_key: str,
    actor: Actor,
    now: datetime,
    shown_vnd: int | None = None,
) -> Sale:
    """Sell packs at a counter, all lines or none, at the prices agreed on the notes.

    :param quantities: {lot id: packs}
    :param request_key: made when the form was shown; the same key again gives the first sale
    :param shown_vnd: the total the buyer was told, if one was: another one is not taken from them
    :raises NothingSold, TooManyLines, NotAtThisCounter, PastItsDate, PriceChanged:
    :raises KeyUsed: if the key belongs to a sale of other goods
    :raises stock.ledger.NotOnHand: if there are fewer left; stock.ledger.LotFrozen: if a lot is held or recalled
    """
    wanted = {lot_id: quantity for lot_id, quantity in quantities.items() if quantity > 0}
    if not wanted:
        raise NothingSold()
    if len(wanted) > MOST_LINES:
        raise TooManyLines(most=MOST_LINES)
    lock(point)  # one sale at a time at a counter: a form sent twice finds the first one's sale
    first = db.session.scalar(select(Sale).where(Sale.sales_point_id == point.id, Sale.request_key == request_key))
    if first is not None:
        if {line.lot_id: line.quantity for line in first.lines} != wanted:
            raise KeyUsed()
        return first
    offered = {row.lot_id: row for row in goods_at(point)}
    if not wanted.keys() <= offered.keys():
        raise NotAtThisCounter()
    lines = [(offered[lot_id], quantity) for lot_id, quantity in sorted(wanted.items())]
    for row, _ in lines:
        if row.expires_on is not None and row.expires_on < clock.business_date(now):
            raise PastItsDate(number=row.number, lot_id=row.lot_id)
    total = sum(row.price_vnd * quantity for row, quantity in lines)
    if shown_vnd is not None and shown_vnd != total:
        raise PriceChanged()
    sale = _write(point, lines, request_key=request_key, actor=actor, now=now)
    buyers = locations.of(point.organisation_id, LocationKind.CUSTOMER)
    ledger.move_all(
        [
            ledger.Line(
                row.lot_id, quantity, point.location_id, buyers.id, row.owner_id, f"{sale.number}:sold:{position}"
            )
            for position, (row, quantity) in enumerate(lines, start=1)
        ],
        document=sale.number,
        now=now,
        actor=actor,
    )
    trace_sale(Step.SELLING, sale, point, actor=actor, now=now)
    audit.record(actor, "consignment.sell", f"sale:{sale.number}", now=now, total_vnd=sale.total_vnd)
    return sale


def cancel(sale: Sale, *, reason: str, actor: Actor, now: datetime) -> None:
    """Take a sale of today back: the goods return to the counter, the sale and its reversal stay on record.

    :raises NeedsReason, ReasonTooLong, NotToday, CancelledBefore:
    """
    reason = one_line(reason)
    if not reason:
        raise NeedsReason()
    if len(reason) > LONGEST_REASON:
        raise ReasonTooLong(most=LONGEST_REASON)
    point = lock(sale.sales_point)
    if clock.business_date(sale.sold_at) != clock.business_date(now):
        raise NotToday()
    if db.session.get(SaleReversal, sale.id) is not None:
        raise CancelledBefore()
    db.session.add(SaleReversal(sale_id=sale.id, reason=reason, by_id=actor.user_id, at=now))
    buyers = locations.of(point.organisation_id, LocationKind.CUSTOMER)
    ledger.move_all(
        [
            ledger.Line(
                line.lot_id,
                line.quantity,
                buyers.id,
                point.location_id,
                line.owner_id,
                f"{sale.number}:cancelled:{line.position}",
            )
            for line in sale.lines
        ],
        document=sale.number,
        now=now,
        actor=actor,
        even_frozen=True,
    )
    trace_sale(Step.RETURNING, sale, point, actor=actor, now=now)
    audit.record(actor, "consignment.cancel_sale", f"sale:{sale.number}", now=now)


def _write(
    point: SalesPoint, lines: list[tuple[Offered, int]], *, request_key: str, actor: Actor, now: datetime
) -> Sale:
    sale = Sale(
        number=f"SAL-{numbers.next_number('sale'):06d}",
        sales_point_id=point.id,
        request_key=request_key,
        total_vnd=sum(row.price_vnd * quantity for row, quantity in lines),
        sold_at=now,
        sold_by_id=actor.user_id,
    )
    db.session.add(sale)
    db.session.flush()
    for position, (row, quantity) in enumerate(lines, start=1):
        db.session.add(
            SaleLine(
                sale_id=sale.id,
                position=position,
                lot_id=row.lot_id,
                owner_id=row.owner_id,
                name_vi=f"{row.product_vi}, {row.item_vi}"[:LONGEST_NAME],
                name_en=f"{row.product_en or row.product_vi}, {row.item_en or row.item_vi}"[:LONGEST_NAME],
                quantity=quantity,
                price_vnd=row.price_vnd,
            )
        )
    db.session.flush()
    db.session.refresh(sale)
    return sale
