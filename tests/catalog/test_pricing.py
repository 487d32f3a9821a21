"""A price holds from its first day; history does not move; many prices are read at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from accounts.actor import Actor
from catalog import pricing, queries
from catalog.models import Product
from kernel import pages
from kernel.clock import business_date
from kernel.db import db, transaction
from kernel.errors import DomainError

Begin = Callable[..., Product]
START = date(2026, 1, 1)


@dataclass(frozen=True)
class Row:
    id: int
    valid_from: date
    amount_vnd: int


days = st.integers(0, 40).map(lambda number: START + timedelta(days=number))
prices = st.lists(st.tuples(days, st.integers(1, 9)), max_size=8).map(
    lambda rows: [Row(number, day, amount) for number, (day, amount) in enumerate(rows, 1)]
)


@given(rows=prices, day=days)
def test_no_price_holds_before_its_first_day_and_the_latest_begun_holds(rows: list[Row], day: date) -> None:
    held = pricing.price_on(rows, day)

    begun = [row for row in rows if row.valid_from <= day]
    assert (held is None) == (not begun)
    if held is not None:
        assert held in begun
        assert all((row.valid_from, row.id) <= (held.valid_from, held.id) for row in begun)


@given(rows=prices, day=days, amount=st.integers(1, 9))
def test_a_price_added_later_changes_nothing_before_its_first_day(rows: list[Row], day: date, amount: int) -> None:
    added = Row(99, day, amount)

    for number in range(41):
        on = START + timedelta(days=number)
        if on < day:
            assert pricing.price_on([*rows, added], on) == pricing.price_on(rows, on)
    assert pricing.price_on([*rows, added], day) == added


@given(rows=prices, day=days)
def test_what_is_coming_is_what_will_hold_on_its_first_day(rows: list[Row], day: date) -> None:
    ahead = pricing.coming(rows, day)

    assert [row.valid_from for row in ahead] == sorted({row.valid_from for row in rows if row.valid_from > day})
    assert all(pricing.price_on(rows, row.valid_from) == row for row in ahead)


def test_a_price_holds_at_once_or_from_its_day_on(complete: Begin, maker: Actor, now: datetime) -> None:
    item = queries.items_of(complete().id)[0]
    today = business_date(now)

    with transaction():
        pricing.set_price(item, maker, amount_vnd=60_000, valid_from=today + timedelta(days=10), now=now)
        pricing.set_price(item, maker, amount_vnd=55_000, now=now)

    for ahead, amount in ((0, 55_000), (9, 55_000), (10, 60_000), (99, 60_000)):
        assert queries.prices_on([item.id], today + timedelta(days=ahead)) == {item.id: amount}
        held = pricing.price_on(queries.prices_of([item.id])[item.id], today + timedelta(days=ahead))
        assert held is not None
        assert held.amount_vnd == amount


def test_the_day_is_the_one_in_viet_nam(complete: Begin, maker: Actor) -> None:
    item = queries.items_of(complete().id)[0]
    late = datetime.fromisoformat("2026-11-24T17:30:00+00:00")  # 00:30 on the 25th there

    with transaction():
        price = pricing.set_price(item, maker, amount_vnd=70_000, now=late)

    assert price.valid_from == date(2026, 11, 25)


def test_the_price_that_holds_anyway_is_not_written_again(complete: Begin, maker: Actor, now: datetime) -> None:
    item = queries.items_of(complete().id)[0]

    with transaction():
        pricing.set_price(item, maker, amount_vnd=50_000, now=now)

    assert len(queries.prices_of([item.id])[item.id]) == 1


@pytest.mark.parametrize(
    ("amount", "days_ahead", "refusal", "field"),
    [
        (0, 0, pricing.AmountOutOfRange, "amount_vnd"),
        (-5, 0, pricing.AmountOutOfRange, "amount_vnd"),
        (1_000_000_001, 0, pricing.AmountOutOfRange, "amount_vnd"),
        (1, -1, pricing.StartsInThePast, "valid_from"),
        (1, 400, pricing.StartsTooFarAhead, "valid_from"),
    ],
)
def test_a_price_that_cannot_be_right_is_refused_beside_its_field(
    complete: Begin,
    maker: Actor,
    now: datetime,
    amount: int,
    days_ahead: int,
    refusal: type[DomainError],
    field: str,
) -> None:
    item = queries.items_of(complete().id)[0]
    day = business_date(now) + timedelta(days=days_ahead)

    with pytest.raises(refusal) as raised, transaction():
        pricing.set_price(item, maker, amount_vnd=amount, valid_from=day, now=now)
    assert raised.value.field == field


def test_a_new_price_renews_the_pages_that_show_it(shown: Begin, maker: Actor, now: datetime) -> None:
    product = shown()
    keys = [(pages.SHOP,), (pages.product(product.id),), (pages.organisation(product.producer_id),)]
    before = [pages.revision(key) for key in keys]

    with transaction():
        pricing.set_price(queries.items_of(product.id)[0], maker, amount_vnd=51_000, now=now)

    assert [pages.revision(key) for key in keys] == [number + 1 for number in before]


def test_the_prices_of_many_items_are_one_statement(complete: Begin, now: datetime) -> None:
    items = [queries.items_of(complete(f"Gạo {number}").id)[0].id for number in range(5)]
    statements: list[str] = []

    def count(*arguments: object) -> None:
        if not str(arguments[2]).startswith("BEGIN"):
            statements.append(str(arguments[2]))

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        found = queries.prices_on(items, business_date(now))
    finally:
        event.remove(db.engine, "before_cursor_execute", count)

    assert found == dict.fromkeys(items, 50_000)
    assert len(statements) == 1
