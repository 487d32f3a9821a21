"""Who may speak for a lot: its owner, and whoever it was handed to; and how much of it is still theirs to hand on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Select, or_, select

from accounts.models import Organisation, Place
from kernel.db import db, listed
from traceability import addresses, statements
from traceability.epcis.business import SHIPS
from traceability.epcis.fields import as_name
from traceability.models import EpcisEvent, EpcisField, EventLot, Lot, TraceEvent


def party_names(organisation_id: int) -> set[str]:
    """Give the names by which an organisation is known as owner or holder: our own, and the GLNs of its places."""
    code = db.session.scalar(select(Organisation.code).where(Organisation.id == organisation_id)) or ""
    glns = db.session.scalars(
        select(Place.gln).where(Place.organisation_id == organisation_id, Place.gln.is_not(None))
    ).all()
    return {addresses.of_organisation(code)} | {
        as_name(f"https://id.gs1.org/{key}/{gln}") for gln in glns for key in ("414", "417")
    }


def held_by(organisation_id: int) -> Select[int]:
    """Select the ids of lots that were handed to an organisation, as somebody who may speak for them has said."""
    return (
        select(EventLot.lot_id)
        .join(TraceEvent, TraceEvent.id == EventLot.event_id)
        .join(EpcisEvent, EpcisEvent.trace_event_id == TraceEvent.id)
        .join(EpcisField, EpcisField.epcis_event_id == EpcisEvent.id)
        .where(
            EpcisField.name == "destination_possessing_party",
            EpcisField.value.in_(sorted(party_names(organisation_id))),
            # A captured event is public only if its sender may speak for all it names.
            or_(TraceEvent.is_public, EpcisEvent.capture_id.is_(None)),
            TraceEvent.organisation_id != organisation_id,
        )
    )


@dataclass
class Passed:
    """How much of a lot came to an organisation by shipments, and how much it shipped on."""

    came: Decimal = Decimal(0)
    went: Decimal = Decimal(0)
    is_known: bool = True  #: each shipment says how much


def passed(organisation_id: int, lot_ids: Collection[int]) -> dict[int, Passed]:
    """Add up the shipments of lots to and by an organisation, as those say who may speak for the lots."""
    found: dict[int, Passed] = {lot_id: Passed() for lot_id in lot_ids}
    names = party_names(organisation_id)
    rows = db.session.execute(
        select(
            EventLot.lot_id, EventLot.quantity, EventLot.rounding, EpcisField.value, TraceEvent.organisation_id
        )
        .join(TraceEvent, TraceEvent.id == EventLot.event_id)
        .join(Lot, Lot.id == EventLot.lot_id)
        .join(EpcisEvent, EpcisEvent.trace_event_id == TraceEvent.id)
        .join(EpcisField, EpcisField.epcis_event_id == EpcisEvent.id)
        .where(
            EventLot.lot_id.in_(listed(sorted(found))),
            EventLot.role == "object",
            EpcisField.name == "destination_possessing_party",
            TraceEvent.biz_step.in_(sorted(SHIPS)),
            statements.standing(),
            statements.entitled(),
        )
    )  # fmt: skip
    for lot_id, quantity, rounding, to, by in rows:
        one = found[lot_id]
        amount = Decimal(0) if quantity is None else statements.exact(quantity, rounding)
        if to in names:
            one.came += amount
        elif by == organisation_id:
            one.went += amount
        one.is_known = one.is_known and quantity is not None
    return found
