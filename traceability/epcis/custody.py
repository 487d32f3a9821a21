"""Who may speak for a lot: its owner, and whoever it was handed to."""

from __future__ import annotations

from sqlalchemy import Select, or_, select

from accounts.models import Organisation, Place
from kernel.db import db
from traceability import addresses
from traceability.epcis.fields import as_name
from traceability.models import EpcisEvent, EpcisField, EventLot, TraceEvent


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
