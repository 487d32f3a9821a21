"""A key is bumped in the transaction that commits, once, and not at all when it is taken back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask

from kernel import pages
from kernel.db import db, transaction
from kernel.pages import Copies, Copy


def revision(*keys: str) -> int:
    """Read revisions as committed now."""
    db.session.rollback()
    found = pages.revision(keys)
    db.session.rollback()
    return found


def test_a_key_that_was_never_bumped_stands_at_nought(ctx: Flask) -> None:
    assert revision("shop") == 0
    assert revision() == 0


def test_a_commit_moves_each_bumped_key_by_one(ctx: Flask) -> None:
    with transaction():
        pages.bump("shop", pages.product(1))
        pages.bump("shop")

    assert [revision(key) for key in ("shop", "product:1", "product:2")] == [1, 1, 0]

    with transaction():
        pages.bump("shop")

    assert revision("shop", "product:1") == 3


def test_nobody_sees_a_bump_before_its_commit(ctx: Flask) -> None:
    with transaction():
        pages.bump("shop")
        with db.engine.connect() as other:
            assert other.exec_driver_sql("SELECT count(*) FROM page_revision").scalar() == 0

    assert revision("shop") == 1


def test_a_rollback_drops_its_bumps_and_leaves_none_for_the_next_transaction(ctx: Flask) -> None:
    def fail() -> None:
        with transaction():
            pages.bump("shop")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with transaction():
        pages.bump("texts")

    assert (revision("shop"), revision("texts")) == (0, 1)


def test_a_bump_outlives_the_savepoint_in_which_it_was_made(ctx: Flask) -> None:
    with transaction() as session, session.begin_nested():
        pages.bump("shop")

    assert revision("shop") == 1


def test_the_end_of_a_savepoint_writes_nothing_yet(ctx: Flask) -> None:
    def fail() -> None:
        with transaction() as session:
            with session.begin_nested():
                pages.bump("shop")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert revision("shop") == 0


def test_a_savepoint_taken_back_does_not_take_back_what_was_bumped_outside_it(ctx: Flask) -> None:
    with transaction() as session:
        pages.bump("shop")
        with pytest.raises(ZeroDivisionError), session.begin_nested():
            raise ZeroDivisionError

    assert revision("shop") == 1


def test_a_page_says_what_it_depends_on_only_while_somebody_collects() -> None:
    pages.depends_on("shop")
    with pages.collecting() as keys:
        pages.depends_on(pages.SHOP, pages.lot(7))
        with pages.collecting() as inner:
            pages.depends_on(pages.organisation(3))
    pages.depends_on("texts")

    assert (keys, inner) == ({"shop", "lot:7"}, {"organisation:3"})


def copy(size: int = 1) -> Copy:
    return Copy(("shop",), 1, datetime(2026, 1, 1, tzinfo=UTC), "e", (), b"x" * size)


def test_copies_are_kept_by_address_and_language() -> None:
    copies = Copies()
    one = copy()
    copies.put("/", "vi", one)

    assert copies.get("/", "vi") is one
    assert copies.get("/", "en") is None
    copies.clear()
    assert copies.get("/", "vi") is None


def test_a_body_is_packed_once_for_each_content_encoding() -> None:
    packings: list[bytes] = []

    def pack(body: bytes) -> bytes:
        packings.append(body)
        return body[:1]

    one = copy(3)

    assert [one.packed("br", pack), one.packed("br", pack), one.packed("gzip", pack)] == [b"x"] * 3
    assert packings == [b"xxx", b"xxx"]


def test_the_copy_that_was_asked_for_longest_ago_goes_first() -> None:
    copies = Copies(most_bytes=3 * (1024 + 200))
    for address in ("/a", "/b", "/c"):
        copies.put(address, "vi", copy(100))
    copies.get("/a", "vi")

    copies.put("/d", "vi", copy(100))

    assert [copies.get(address, "vi") is not None for address in ("/a", "/b", "/c", "/d")] == [True, False, True, True]


def test_a_copy_put_in_place_of_another_takes_its_room() -> None:
    copies = Copies(most_bytes=2 * (1024 + 200))
    copies.put("/a", "vi", copy(100))
    for _ in range(10):
        copies.put("/b", "vi", copy(100))

    assert copies.get("/a", "vi") is not None


def test_a_copy_larger_than_all_the_room_is_not_kept_and_does_no_harm() -> None:
    copies = Copies(most_bytes=2000)
    copies.put("/large", "vi", copy(5000))

    assert copies.get("/large", "vi") is None
    copies.put("/small", "vi", copy(10))
    assert copies.get("/small", "vi") is not None
