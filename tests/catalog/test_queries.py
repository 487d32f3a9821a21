"""Lists of products: all words are looked for, pages have an order, and statements do not grow with rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import event

from accounts.actor import Actor
from catalog import publishing, queries
from catalog.models import Product, ProductStatus
from kernel.clock import business_date
from kernel.db import db, transaction

Begin = Callable[..., Product]


@contextmanager
def _statements() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(*arguments: object) -> None:
        if not str(arguments[2]).startswith("BEGIN"):
            seen.append(str(arguments[2]))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("gao", {"Gạo rẫy", "Gạo Ba Tô"}),
        ("GẠO rẫy", {"Gạo rẫy"}),
        ("ray gao", {"Gạo rẫy"}),
        ("lang teng", {"Gạo rẫy", "Gạo Ba Tô", "Đậu phộng"}),  # of the producer's name
        ("dau", {"Đậu phộng"}),
        ("ao", set()),  # words are found from their beginning
        ("%", set()),
        ("gao trau", set()),
    ],
)
def test_a_product_is_found_by_all_words_with_or_without_marks(
    begun: Begin, maker: Actor, now: datetime, words: str, found: set[str]
) -> None:
    for name in ("Gạo rẫy", "Gạo Ba Tô", "Đậu phộng"):
        begun(name)

    listed = queries.list_products(maker, today=business_date(now), words=words)

    assert {row.name_vi for row in listed.rows} == found
    assert listed.total == len(found)


def test_names_are_in_vietnamese_order(begun: Begin, maker: Actor, now: datetime) -> None:
    for name in ("Đậu", "Dừa", "Ếch", "Bánh", "Ấm"):
        begun(name)

    listed = queries.list_products(maker, today=business_date(now), sort="name")

    assert [row.name_vi for row in listed.rows] == ["Ấm", "Bánh", "Dừa", "Đậu", "Ếch"]
    backwards = queries.list_products(maker, today=business_date(now), sort="name", descending=True)
    assert [row.name_vi for row in backwards.rows] == ["Ếch", "Đậu", "Dừa", "Bánh", "Ấm"]


def test_each_status_is_counted_and_can_be_listed_alone(
    begun: Begin, complete: Begin, maker: Actor, now: datetime
) -> None:
    begun("Nháp")
    waiting = complete("Chờ")
    with transaction():
        publishing.submit(waiting, maker, now=now)

    listed = queries.list_products(maker, today=business_date(now), status=ProductStatus.SUBMITTED)

    assert [row.name_vi for row in listed.rows] == ["Chờ"]
    assert listed.rows[0].price_vnd == 50_000
    assert {status: number for status, number in listed.counts.items() if number} == {
        ProductStatus.DRAFT: 1,
        ProductStatus.SUBMITTED: 1,
    }


def test_pages_hold_every_row_once_and_a_page_too_far_is_the_last(begun: Begin, maker: Actor, now: datetime) -> None:
    for number in range(7):
        begun(f"Gạo {number}")
    today = business_date(now)

    pages = [queries.list_products(maker, today=today, page=page, per_page=3) for page in (1, 2, 3, 99)]

    assert [len(page.rows) for page in pages] == [3, 3, 1, 1]
    assert pages[3].page == pages[3].last_page == 3
    assert len({row.id for page in pages[:3] for row in page.rows}) == 7


def test_a_list_takes_two_statements_however_long_it_is(
    ctx: Flask, complete: Begin, maker: Actor, now: datetime
) -> None:
    counted = []
    for names in (["A"], ["B", "C", "D", "E"]):
        for name in names:
            complete(name)
        with _statements() as seen:
            listed = queries.list_products(maker, today=business_date(now))
        counted.append((len(listed.rows), len(seen)))

    assert counted == [(1, 2), (5, 2)]


def test_one_product_with_all_that_its_page_needs_is_one_statement(
    ctx: Flask, shown: Begin, maker: Actor, now: datetime
) -> None:
    product_id = shown().id
    db.session.remove()

    with _statements() as seen:
        product = queries.get_product(maker, product_id)
        said = (
            product.producer.name_vi,
            product.subgroup.name_vi,
            product.draft_version and product.draft_version.commune.name_vi,
            product.published_version and product.published_version.name_vi,
        )

    assert said[2:] == ("Ba Động", "Gạo rẫy")
    assert len(seen) == 1
