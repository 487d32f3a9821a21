"""The VAT in a price: stated from a day on, worked out in one place, to the đồng."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from fractions import Fraction

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from accounts.actor import SYSTEM
from catalog import vat
from catalog.models import TradeItem
from kernel import clock
from kernel.db import db, transaction
from tests.factories import Factories


@pytest.fixture
def item_id(ctx: Flask, make: Factories) -> int:
    return make.item(make.product(make.producer(), price_vnd=108_000)).id


def state(item_id: int, rate: int | None, now: datetime, days: int = 0) -> None:
    with transaction():
        day = clock.business_date(now) + timedelta(days=days)
        vat.state(db.session.get_one(TradeItem, item_id), SYSTEM, rate, valid_from=day, now=now)


def on(item_id: int, day: date) -> int | None:
    return db.session.scalar(select(vat.rate_on(item_id, day)))


@pytest.mark.parametrize(
    ("amount", "rate", "tax"),
    [(108_000, 800, 8_000), (110, 1_000, 10), (105, 500, 5), (7, 800, 1), (6, 800, 0), (100, 0, 0), (100, -1, 0)],
)
def test_the_vat_is_what_the_price_contains(amount: int, rate: int, tax: int) -> None:
    assert vat.contained(amount, rate) == tax
    assert vat.contained(amount, None) == 0


@given(st.integers(0, 10**10), st.integers(1, 10_000))
def test_it_is_right_within_half_a_dong(amount: int, rate: int) -> None:
    assert abs(vat.contained(amount, rate) - Fraction(amount * rate, 10_000 + rate)) <= Fraction(1, 2)


def test_what_is_stated_holds_from_its_day_on(item_id: int, now: datetime) -> None:
    today = clock.business_date(now)
    assert on(item_id, today) is None

    state(item_id, 800, now)
    state(item_id, vat.NOT_SUBJECT, now, days=3)
    state(item_id, None, now, days=5)

    assert [on(item_id, today + timedelta(days=days)) for days in (0, 2, 3, 4, 5)] == [800, 800, -1, -1, None]


def test_what_holds_anyway_is_not_written_again(item_id: int, now: datetime) -> None:
    state(item_id, None, now)
    assert vat.statements_of(item_id) == []
    state(item_id, 800, now)
    state(item_id, 800, now, days=2)

    assert len(vat.statements_of(item_id)) == 1


@pytest.mark.parametrize(
    ("rate", "days", "refusal"),
    [
        (700, 0, vat.UnknownRate),
        (800, 38, vat.UnknownRate),  # the reduction ends with 2026
        (1_000, -1, vat.StartsInThePast),
        (1_000, 367, vat.StartsTooFarAhead),
    ],
)
def test_what_cannot_be_stated_is_refused(
    item_id: int, now: datetime, rate: int, days: int, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        state(item_id, rate, now, days)


def test_the_rates_of_a_day_come_from_the_data() -> None:
    assert vat.rates_on(date(2026, 11, 24)) == [-1, 0, 500, 800, 1_000]
    assert vat.rates_on(date(2027, 1, 1)) == [-1, 0, 500, 1_000]


def test_what_was_stated_is_kept(item_id: int, now: datetime) -> None:
    state(item_id, 800, now)

    with pytest.raises(Exception, match="append-only"), transaction() as session:
        session.execute(text("UPDATE vat_statement SET rate_bp = 500"))
