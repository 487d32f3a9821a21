"""Who may speak for a lot: its owner, and whoever it was handed to; and how much of it is still theirs to hand on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import aliased

from accounts.models import Organisation, Place
from kernel.db import db, listed
from traceability import addresses, contents, rounding, standing, ways
from traceability.contents import Deed, Happened
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
    """Select the ids of lots that were handed to an organisation by name, as who may speak for them has said."""
    return _handed(organisation_id, EventLot.lot_id)


def _handed(organisation_id: int, *columns: Any) -> Select[Any]:
    return (
        select(*columns)
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


def came_in_cases(organisation_id: int) -> Select[int]:
    """Select the ids of lots that who may speak for them packed into a case before it was handed to an organisation.

    A case may lie in another, and this on a pallet: what was packed into it before it was packed itself came too.
    """
    came = _handed(organisation_id, EventLot.lot_id.label("id"), TraceEvent.event_at.label("by")).cte(recursive=True)
    child, parent, packing, lot = aliased(EventLot), aliased(EventLot), aliased(TraceEvent), aliased(Lot)
    inside = (
        select(child.lot_id, packing.event_at)
        .join(packing, packing.id == child.event_id)
        .join(lot, lot.id == child.lot_id)
        .join(parent, and_(parent.event_id == packing.id, parent.role == "parent"))
        .join(came, came.c.id == parent.lot_id)
        .where(
            child.role == "child",
            packing.action != "DELETE",
            packing.event_at <= came.c.by,
            or_(packing.is_public, packing.organisation_id == lot.owner_id),
        )
    )
    every = came.union(inside)
    return select(every.c.id)


def held(organisation_id: int, lot_ids: Collection[int]) -> set[int]:
    """Give those of some lots that were handed to an organisation, as somebody who may speak for them has said.

    What was in a case when the case was handed over was handed over too.
    """
    names = party_names(organisation_id)
    direct = held_by(organisation_id).where(EventLot.lot_id.in_(listed(sorted(lot_ids))))
    found = set(db.session.scalars(direct))
    for happened in _handed_on_in_cases(set(lot_ids) - found):
        if names & happened.step.to and happened.step.by != organisation_id and isinstance(happened.thing, int):
            found.add(happened.thing)
    return found & set(lot_ids)


def _handed_on_in_cases(lot_ids: Collection[int]) -> list[Happened]:
    """Give what was in cases that were handed on."""
    steps = contents.stored_steps(contents.holding(lot_ids))
    return [happened for happened in contents.follow(steps) if happened.step.deed is Deed.HANDED_ON]


def was_shipped(lot_id: int) -> bool:
    """Tell whether an event that stands says that a lot, or a case it was in, went to somebody."""
    ids = {lot_id} | contents.holding([lot_id])
    ships = (
        select(EventLot.lot_id)
        .join(TraceEvent, TraceEvent.id == EventLot.event_id)
        .where(EventLot.lot_id.in_(listed(sorted(ids))), TraceEvent.biz_step.in_(ways.SHIPS), standing.stands())
    )
    return db.session.scalar(ships.limit(1)) is not None


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
            TraceEvent.biz_step.in_(ways.SHIPS),
            standing.stands(),
            standing.entitled(),
        )
    )  # fmt: skip
    for lot_id, quantity, too_many, to, by in rows:
        one = found[lot_id]
        amount = Decimal(0) if quantity is None else rounding.exact(quantity, too_many)
        if to in names:
            one.came += amount
        elif by == organisation_id:
            one.went += amount
        one.is_known = one.is_known and quantity is not None
    for happened in _handed_on_in_cases(lot_ids):
        way = found.get(happened.thing) if isinstance(happened.thing, int) else None
        if way is not None and happened.step.to & names:
            way.came += happened.amount
        elif way is not None and happened.step.by == organisation_id:
            way.went += happened.amount
    return found
