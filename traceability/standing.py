"""Which events stand, for what they speak, and what they say becomes of goods: as conditions in SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, cast, exists, func, literal, or_, select, union_all
from sqlalchemy.orm import aliased

from accounts.models import Organisation, Place
from traceability import addresses, digital_link, ways
from traceability.models import EpcisEvent, EpcisField, Lot, LotIdentifier, LotKind, TraceEvent


def stands() -> ColumnElement[bool]:
    """Say in SQL of ``TraceEvent`` that no later event corrects it and nobody declared it wrong."""
    newer, declared = aliased(TraceEvent), aliased(EpcisEvent)
    return and_(
        ~exists().where(newer.corrects_id == TraceEvent.id),
        ~exists().where(declared.event_id == TraceEvent.event_id, declared.declares_error),
    )


def entitled() -> ColumnElement[bool]:
    """Say in SQL of ``TraceEvent`` and ``Lot`` that the event speaks for the lot."""
    return or_(TraceEvent.organisation_id == Lot.owner_id, TraceEvent.is_public)


def is_of_goods() -> ColumnElement[bool]:
    """Say in SQL of ``Lot`` that captured events alone tell of it, by a name that stands on packs: with a GTIN."""
    on_packs = LotIdentifier.uri.startswith(f"{digital_link.CANONICAL_STEM}/01/", autoescape=True)
    return and_(Lot.kind == LotKind.EXTERNAL, exists().where(LotIdentifier.lot_id == Lot.id, on_packs))


def sells() -> ColumnElement[bool]:
    """Say in SQL of ``TraceEvent`` what ``ways.sells`` tells."""
    return or_(TraceEvent.biz_step.in_(ways.SELLS), func.coalesce(TraceEvent.disposition, "").in_(ways.SOLD))


def ends() -> ColumnElement[bool]:
    """Say in SQL of ``TraceEvent`` what ``ways.ends`` tells."""
    gone = or_(
        TraceEvent.action == "DELETE",
        TraceEvent.biz_step == ways.DESTROYING,
        func.coalesce(TraceEvent.disposition, "").in_(ways.DESTROYED),
    )
    return and_(gone, ~sells())


def tells_of_buyers(told: Any) -> ColumnElement[bool]:
    """Say in SQL of ``EpcisEvent``, or of an alias of it, that it tells who bought goods: not everybody may read it.

    It sells them or brings sold ones back, or they go to somebody who is no organisation of ours: that may be a person
    at home.
    """
    disposition = func.coalesce(told.disposition, "")
    # A room or a gate of a place of ours: its GLN with an extension.
    place = EpcisField.value
    whole = case(
        (
            place.contains("/254/", autoescape=True),
            func.substr(place, 1, len(f"{digital_link.CANONICAL_STEM}/414/") + 13),
        ),
        else_=place,
    )
    glns = (
        select(literal(f"{digital_link.CANONICAL_STEM}/{key}/") + Place.gln).where(Place.gln.is_not(None))
        for key in ("414", "417")
    )
    ours = union_all(
        select(literal(addresses.of_organisation("")) + Organisation.code),
        select(literal(f"{addresses.base_url()}/noi/") + cast(Place.id, String)),
        *glns,
    )
    return or_(
        func.coalesce(told.biz_step, "").in_(ways.SELLS),
        disposition.in_((*ways.SOLD, ways.BROUGHT_BACK)),
        exists().where(
            EpcisField.epcis_event_id == told.id,
            EpcisField.name.startswith("destination_", autoescape=True),
            whole.not_in(ours),
        ),
    )


def told_to_all() -> ColumnElement[bool]:
    """Say in SQL of ``TraceEvent`` that everybody may read of it, once they may of the goods."""
    told = aliased(EpcisEvent)
    return and_(
        TraceEvent.is_public,
        ~exists().where(told.trace_event_id == TraceEvent.id, ~told.declares_error, tells_of_buyers(told)),
    )
