"""What the one who runs the shop takes of a sale: rates with the days they are in force, 0 % when none is set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, or_, select

from accounts.actor import Actor
from accounts.models import Organisation, OrganisationKind
from books.models import CommissionRate
from kernel import audit, clock
from kernel.db import db
from kernel.errors import N_, InvalidInput


class BadRate(InvalidInput):
    message = N_("A commission is between 0 and 100 %%.")
    field = "rate"


class TooEarly(InvalidInput):
    message = N_("A rate begins today or later: what was sold before keeps its rate.")
    field = "valid_from"


class EndsBefore(InvalidInput):
    message = N_("The last day is not before the first.")
    field = "valid_until"


class NotAnOffice(InvalidInput):
    message = N_("Commission is taken by the office that runs the shop.")


@dataclass(frozen=True)
class Commission:
    """A rate in force, and who takes it."""

    rate_bp: int
    house_id: int


def in_force(producer_ids: Sequence[int], on: date) -> dict[int, Commission]:
    """Give the rates of producers on a day: their own first, then the one for all; of two the one set later."""
    rows = db.session.execute(_IN_FORCE, {"producer_ids": list(producer_ids), "day": on}).all()
    latest = {row.producer_id: Commission(row.rate_bp, row.organisation_id) for row in rows}
    found = {producer_id: latest.get(producer_id, latest.get(None)) for producer_id in producer_ids}
    return {producer_id: rate for producer_id, rate in found.items() if rate is not None}


_IN_FORCE = (
    select(CommissionRate.producer_id, CommissionRate.rate_bp, CommissionRate.organisation_id)
    .where(
        or_(
            CommissionRate.producer_id.in_(bindparam("producer_ids", expanding=True)),
            CommissionRate.producer_id.is_(None),
        ),
        CommissionRate.valid_from <= bindparam("day"),
        or_(CommissionRate.valid_until.is_(None), CommissionRate.valid_until >= bindparam("day")),
    )
    .order_by(CommissionRate.id)
)


def all_rates() -> Sequence[CommissionRate]:
    """List every rate that was ever set, the latest first."""
    return db.session.scalars(select(CommissionRate).order_by(CommissionRate.id.desc())).all()


def set_rate(
    office: Organisation,
    rate_bp: int,
    *,
    producer: Organisation | None = None,
    valid_from: date,
    valid_until: date | None = None,
    actor: Actor,
    now: datetime,
) -> CommissionRate:
    """Put a rate in force from a day on; orders that were placed keep theirs.

    :raises BadRate, TooEarly, EndsBefore, NotAnOffice:
    """
    if office.kind is not OrganisationKind.OFFICE:
        raise NotAnOffice()
    if not 0 <= rate_bp <= 10_000:
        raise BadRate()
    if valid_from < clock.business_date(now):
        raise TooEarly()
    if valid_until is not None and valid_until < valid_from:
        raise EndsBefore()
    row = CommissionRate(
        organisation_id=office.id,
        producer_id=producer.id if producer else None,
        rate_bp=rate_bp,
        valid_from=valid_from,
        valid_until=valid_until,
        set_at=now,
        set_by_id=actor.user_id,
    )
    db.session.add(row)
    db.session.flush()
    subject = producer or office
    audit.record(actor, "books.set_commission", f"organisation:{subject.code}", now=now, rate_bp=rate_bp)
    return row
