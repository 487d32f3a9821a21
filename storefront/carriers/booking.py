"""Which carriers are told of parcels by their interface, what they are told, and what they tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from kernel import jobs
from kernel.db import db
from storefront import parcels, shipping
from storefront.carriers import Carrier, Heard, Piece, Shipment, as_address, ghn, ghtk, viettel_post, vnpost
from storefront.order_models import Order, OrderLine, Parcel

JOB = "carrier.book"
READERS: Mapping[str, Callable[[Mapping[str, Any]], list[Heard]]] = {
    "ghn": ghn.read_notice,
    "ghtk": ghtk.read_notice,
    "viettel_post": viettel_post.read_notice,
    "vnpost": vnpost.read_notice,
}
_told: dict[str, Carrier] = {}


def configure(adapters: Iterable[Carrier]) -> None:
    """Say which carriers are told of parcels; the others are served by their labels."""
    _told.clear()
    _told.update({carrier.key: carrier for carrier in adapters})


def carrier_of(parcel: Parcel) -> Carrier | None:
    """Give the interface of a parcel's carrier, if it is configured."""
    return _told.get(parcel.carrier)


def ask_for(parcel: Parcel, *, now: datetime) -> None:
    """Let a carrier be told of a parcel after the commit, if it is configured and gave no code yet."""
    if carrier_of(parcel) is not None and parcel.code is None:
        jobs.enqueue(JOB, now=now, dedupe=f"{JOB}:{parcel.number}", parcel=parcel.number)


def shipment_of(parcel: Parcel) -> Shipment | None:
    """Put together what a carrier has to know; None once the buyer's address was erased."""
    order = parcel.order
    contact, producer = order.purchase.contact, order.producer
    if contact is None:
        return None
    pieces = tuple(
        Piece(line.name_vi, line.quantity, line.price_vnd, _weight_of_one(order, line))
        for line in order.lines_left
        if line.of_line is None
    )
    return Shipment(
        number=parcel.number,
        sender=as_address(producer.name_vi, producer.phone or "", producer.address, producer.commune),
        receiver=as_address(contact.name, contact.phone, contact.line, contact.commune),
        pieces=pieces,
        weight_g=order.weight_g or sum(piece.weight_g * piece.quantity for piece in pieces),
        cash_vnd=parcel.cod_vnd,
        worth_vnd=order.goods_vnd,
        note=order.note,
    )


def _weight_of_one(order: Order, line: OrderLine) -> int:
    parts = [part for part in order.lines if part.of_line == line.line] or [line]
    return sum(shipping.weight_of(part.trade_item, part.quantity) for part in parts) // line.quantity


def hear(carrier: str, heard: Heard, *, now: datetime) -> bool:
    """Take what a carrier tells of a parcel; False if we have no such parcel."""
    parcel = db.session.scalar(select(Parcel).where(Parcel.carrier == carrier, Parcel.code == heard.code.upper()))
    if parcel is None:
        return False
    parcels.heard(parcel, heard.state, note=heard.note, now=now)
    return True
