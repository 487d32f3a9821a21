"""Transformations of which one half is missing: what went in was told, and never what came out, or the other way round.

The standard lets the halves come one by one, under one transformationID (gap 9): each is accepted, and listed here
until the other has come. One that stays open for long was forgotten, and the walks end at it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, case, exists, func, select
from sqlalchemy.orm import aliased

from accounts.actor import Actor
from accounts.models import Organisation
from accounts.queries import owned_by
from traceability.models import EpcisEvent, EpcisField, EventKind

#: A making that waits longer than this for its other half is asked after.
OPEN_FOR = timedelta(days=14)


class OpenTransformation(NamedTuple):
    """A transformation that waits for its other half."""

    organisation_id: int
    name_vi: str  #: of the organisation
    name_en: str
    transformation_id: str
    began: datetime
    events: int
    has_inputs: int  #: 1: it waits for what came out; 0: for what went in


def visible_to(actor: Actor) -> Select[Any]:
    """Select the open transformations that an actor may see (:class:`OpenTransformation`), the oldest first.

    A producer sees its own, an office those of its jurisdiction.
    """
    declared = aliased(EpcisEvent)
    halves = (
        select(
            EpcisEvent.organisation_id,
            EpcisEvent.transformation_id,
            EpcisEvent.event_at,
            case((_has("inputEPC", "inputEPCClass"), 1), else_=0).label("into"),
            case((_has("outputEPC", "outputEPCClass"), 1), else_=0).label("out"),
        )
        .where(
            EpcisEvent.type == EventKind.TRANSFORMATION.value,
            EpcisEvent.transformation_id.is_not(None),
            ~EpcisEvent.declares_error,
            ~exists().where(declared.event_id == EpcisEvent.event_id, declared.declares_error),
            owned_by(actor, EpcisEvent.organisation_id),
        )
        .subquery()
    )
    began = func.min(halves.c.event_at)
    owner = (Organisation.id, Organisation.name_vi, Organisation.name_en)
    return (
        select(
            *owner,
            halves.c.transformation_id,
            began.label("began"),
            func.count().label("events"),
            func.max(halves.c.into).label("has_inputs"),
        )
        .select_from(halves)
        .join(Organisation, Organisation.id == halves.c.organisation_id)
        .group_by(*owner, halves.c.transformation_id)
        .having(func.max(halves.c.into) + func.max(halves.c.out) < 2)
        .order_by(began, halves.c.transformation_id)
    )


def too_old(actor: Actor, now: datetime) -> Select[Any]:
    """Select those that wait longer than :data:`OPEN_FOR`."""
    open_ones = visible_to(actor).order_by(None).subquery()
    return select(open_ones).where(open_ones.c.began < now - OPEN_FOR)


def _has(*names: str) -> ColumnElement[bool]:
    return exists().where(EpcisField.epcis_event_id == EpcisEvent.id, EpcisField.name.in_(names))
