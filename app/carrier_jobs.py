"""Telling carriers of parcels: over the network, outside any transaction, after the parcel was packed."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import select

from accounts.actor import SYSTEM
from kernel import exchange, jobs
from kernel.db import db, transaction
from storefront import parcels
from storefront.carriers import Refused, Request, booking
from storefront.order_models import Parcel


class CarrierAway(Exception):
    """The carrier did not answer: the job is tried again later."""


@jobs.handles(booking.JOB)
def book(args: dict[str, Any], now: datetime) -> None:
    """Tell a carrier of a parcel, and write its code down. What it refuses is a note on the parcel.

    Told twice, it is one parcel to the carrier: our number goes along. When the network fails, the job is tried again.
    """
    parcel = _parcel(args)
    carrier = booking.carrier_of(parcel)
    shipment = booking.shipment_of(parcel)
    if carrier is None or shipment is None or parcel.code is not None:
        return
    db.session.rollback()  # nothing is held while the carrier is asked
    try:
        first = carrier.sign_in()
        token = carrier.read_token(_send(first)) if first is not None else ""
        code = carrier.read_booking(_send(carrier.booking(shipment, token)))
    except Refused as refusal:
        with transaction():
            parcels.remark(_parcel(args), f"{carrier.key}: {refusal}", actor=SYSTEM, now=now)
        return
    with transaction():
        parcels.set_code(_parcel(args), code, actor=SYSTEM, now=now)


def _parcel(args: dict[str, Any]) -> Parcel:
    return db.session.scalars(select(Parcel).where(Parcel.number == args["parcel"])).one()


def _send(request: Request) -> dict[str, Any]:
    """Send a request; an answer that says why something is refused is an answer, whatever its status."""
    reply = exchange.exchange(
        request.url,
        json.dumps(request.body).encode(),
        method=request.method,
        headers={**request.headers, "Content-Type": "application/json"},
    )
    if reply.error or reply.status >= 500:
        raise CarrierAway(reply.error or f"status:{reply.status}")
    try:
        told = json.loads(reply.body)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise Refused("the answer is not JSON")
    return told
