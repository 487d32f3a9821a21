"""What a buyer is told outside the page: letters in the buyer's language, written with the change they tell of.

A letter is a job of the same transaction (``kernel.jobs``): it goes out after the commit, once, or not at all. Who
left no e-mail has the page, whose address is shown when the order is placed, and a text message with that address
where a gateway is configured (``storefront.short_messages``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from kernel import clock, jobs
from storefront import short_messages
from storefront.order_models import Order, OrderChange, OrderLine, OrderStep, PaymentMethod, Purchase
from storefront.return_models import GoodsReturn

PLACED, CONFIRMED, CANCELLED, SENT = "placed", "confirmed", "cancelled", "sent"
CHANGED, PROPOSED, READDRESSED = "changed", "proposed", "readdressed"


def tell(
    purchase: Purchase,
    what: str,
    *,
    now: datetime,
    order: Order | None = None,
    step: OrderStep | None = None,
    lots: dict[int, list[tuple[str, str]]] | None = None,
    pay_until: datetime | None = None,
    **facts: Any,
) -> None:
    """Write to the buyer what happened, if there is an address to write to; the same twice is one letter.

    :param what: PLACED, CONFIRMED, CANCELLED, SENT, CHANGED, PROPOSED, READDRESSED
    :param order: which order it is about; all of them when None
    :param step: what happened to it. An order that was cancelled, stands again and is cancelled again has two of
        these, and its buyer two letters
    :param lots: line → (number, path of its batch page) of the goods that are sent
    :param pay_until: when the money is waited for no longer, as the page of the order says it
    """
    contact = purchase.contact
    about = order.number if order is not None else purchase.number
    total_vnd = order.total_vnd if order is not None else purchase.total_vnd
    path = f"/don-hang/{purchase.token}"
    key = f"order:{what}:{about}:{step.id if step is not None else ''}"
    facts = {"reason": order.cancel_reason if order is not None else "", "is_pickup": False, "cuts": [], **facts}
    short_messages.tell(
        contact,
        f"order:{what}",
        key=key,
        language=purchase.language,
        path=path,
        now=now,
        number=about,
        amount_vnd=total_vnd,
    )
    if contact is None or contact.email is None:
        return
    jobs.enqueue(
        "mail.send",
        now=now,
        dedupe=key,
        template="order",
        to=contact.email,
        language=purchase.language,
        facts={
            "what": what,
            "number": about,
            "path": path,
            "orders": [_told(row, lots or {}) for row in purchase.orders if order is None or row is order],
            "total_vnd": total_vnd,
            "discount_vnd": order.discount_vnd if order is not None else purchase.discount_vnd,
            "voucher": purchase.voucher.code if purchase.voucher is not None else "",
            "is_transfer": purchase.method is PaymentMethod.VIETQR,
            "on_delivery": purchase.method is PaymentMethod.COD,
            "pay_until": _time(pay_until),
            "cause": order.cancel_cause if order is not None else "",
            **facts,
        },
    )


#: What became of a change → what the buyer is told, and whether the producer is.
_OF_CHANGES = {
    "changed": (CHANGED, True),
    "accepted": (CHANGED, True),
    "proposed": (PROPOSED, False),
    "refused": (None, True),
}


def tell_of_change(change: OrderChange, what: str, *, now: datetime, step: OrderStep) -> None:
    """Write to the buyer and to the producer that fewer goods are sent, or that the producer asks for that."""
    to_buyer, to_producer = _OF_CHANGES[what]
    order = change.order
    if to_buyer is not None:
        names = {line.line: line for line in order.lines}
        cuts = [
            {
                "vi": names[cut.line].name_vi,
                "en": names[cut.line].name_en,
                "packs": cut.packs,
                "left": cut.packs_left,
                "step_g": names[cut.line].step_g,
            }
            for cut in change.lines
        ]
        tell(order.purchase, to_buyer, now=now, order=order, step=step, reason=change.reason, cuts=cuts)
    if to_producer:
        _tell_producer(order, what, now)


def tell_of_address(purchase: Purchase, steps: Sequence[tuple[Order, OrderStep]], *, now: datetime) -> None:
    """Write to the buyer and to the producers that the goods go to somebody else, or elsewhere."""
    tell(purchase, READDRESSED, now=now, step=steps[0][1])
    for order, _ in steps:
        _tell_producer(order, READDRESSED, now)


def _tell_producer(order: Order, what: str, now: datetime) -> None:
    if order.producer.email is not None:
        jobs.enqueue(
            "mail.send",
            now=now,
            template="order_change",
            to=order.producer.email,
            language="vi",
            facts={"what": what, "number": order.number, "path": f"/quan-tri/don-hang/{order.number}"},
        )


#: Step of a return → who is written to.
_OF_RETURNS = {
    "asked": ("buyer", "producer"),
    "withdrawn": ("producer",),
    "accepted": ("buyer",),
    "kept": ("buyer",),
    "refused": ("buyer",),
    "arrived": ("buyer",),
    "exchanged": ("buyer",),
    "done": ("buyer",),
}


def tell_of_return(made: GoodsReturn, what: str, *, now: datetime, amount_vnd: int = 0) -> None:
    """Write to the buyer, in the language of the order, and to the producer what a return has come to."""
    order, purchase, contact = made.order, made.order.purchase, made.order.purchase.contact
    producer = order.producer
    facts = {
        "what": what,
        "number": made.number,
        "order": order.number,
        "producer": {"vi": producer.name_vi, "en": producer.name_en},
        "by": _time(made.answer_by),
        "words": made.decision,
        "amount_vnd": amount_vnd,
        "needs_account": amount_vnd > 0 and made.account is None and purchase.method is not PaymentMethod.CARD,
    }
    to_buyer = ("buyer", contact.email if contact else None, purchase.language, f"/don-hang/{purchase.token}/tra-hang")
    to_producer = ("producer", producer.email, "vi", "/quan-tri/tra-hang")
    if "buyer" in _OF_RETURNS[what]:
        short_messages.tell(
            contact,
            f"return:{what}",
            key=f"return:{what}:{made.number}:{made.exchange_order_id or 0}",
            language=purchase.language,
            path=f"{to_buyer[3]}/{made.number}",
            now=now,
            number=made.number,
        )
    for side, email, language, path in (to_buyer, to_producer):
        if email is not None and side in _OF_RETURNS[what]:
            jobs.enqueue(
                "mail.send",
                now=now,
                template="return",
                to=email,
                language=language,
                facts={**facts, "to_producer": side == "producer", "path": f"{path}/{made.number}"},
            )


def _told(order: Order, lots: dict[int, list[tuple[str, str]]]) -> dict[str, Any]:
    return {
        "number": order.number,
        "vi": order.producer.name_vi,
        "en": order.producer.name_en,
        "total_vnd": order.total_vnd,
        "shipping_vnd": order.shipping_vnd,
        "lines": [_line(line, lots.get(line.line, [])) for line in order.lines_left],
    }


def _line(line: OrderLine, lots: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "vi": line.name_vi,
        "en": line.name_en,
        "quantity": line.quantity,
        "step_g": line.step_g,
        "in_set": line.of_line is not None,
        "amount_vnd": line.amount_vnd,
        "lots": [{"number": number, "path": path} for number, path in lots],
    }


def _time(at: datetime | None) -> str:
    return f"{at.astimezone(clock.VIETNAM):%H:%M %d/%m/%Y}" if at is not None else ""
