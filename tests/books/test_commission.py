"""Which rate is in force for whom on a day, and who may set one."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from accounts.actor import SYSTEM
from accounts.models import Organisation
from books import commission
from books.commission import Commission
from books.models import CommissionRate
from kernel import clock
from kernel.db import db, transaction
from kernel.models import AuditEntry
from tests.factories import Factories


def put(
    office: Organisation, bp: int, from_day: date, now: datetime, until: date | None = None, **facts: Organisation
) -> CommissionRate:
    """Set a rate as an edge would."""
    with transaction():
        return commission.set_rate(office, bp, valid_from=from_day, valid_until=until, actor=SYSTEM, now=now, **facts)


def test_a_producers_own_rate_comes_first_and_of_two_the_one_set_later(
    ctx: Flask, make: Factories, now: datetime
) -> None:
    office, first, second = make.office(), make.producer(), make.producer()
    today = clock.business_date(now)
    assert commission.in_force([first.id], today) == {}
    put(office, 900, today, now, producer=first)
    put(office, 500, today, now)
    put(office, 0, today, now, producer=first)
    put(office, 700, today, now)
    put(office, 800, today + timedelta(days=1), now)

    found = commission.in_force([first.id, second.id], today)

    assert found == {first.id: Commission(0, office.id), second.id: Commission(700, office.id)}
    assert [row.rate_bp for row in commission.all_rates()] == [800, 700, 0, 500, 900]


@pytest.mark.parametrize("rate", [0, 10_000])
def test_a_rate_may_be_nothing_or_everything_and_for_today_alone(
    ctx: Flask, make: Factories, now: datetime, rate: int
) -> None:
    today, office = clock.business_date(now), make.office()

    row = put(office, rate, today, now, today)

    assert (row.rate_bp, row.valid_from, row.valid_until, row.set_at, row.set_by_id) == (rate, today, today, now, None)
    assert commission.in_force([7], today) == {7: Commission(rate, office.id)}


def test_who_set_a_rate_for_whom_is_in_the_trail(ctx: Flask, make: Factories, now: datetime) -> None:
    office, producer = make.office(), make.producer()
    actor = make.actor(office)
    with transaction():
        row = commission.set_rate(
            office, 500, producer=producer, valid_from=clock.business_date(now), actor=actor, now=now
        )
        commission.set_rate(office, 600, valid_from=clock.business_date(now), actor=actor, now=now)

    assert (row.set_by_id, row.producer_id) == (actor.user_id, producer.id)
    entries = db.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "books.set_commission").order_by(AuditEntry.id)
    ).all()
    assert [(one.subject, one.user_id, one.at, one.facts) for one in entries] == [
        (f"organisation:{producer.code}", actor.user_id, now, {"rate_bp": 500}),
        (f"organisation:{office.code}", actor.user_id, now, {"rate_bp": 600}),
    ]
