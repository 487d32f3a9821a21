"""The journal takes balanced entries, each cause once, and nothing is ever changed: the database itself refuses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from books import journal, verification
from books.journal import Line
from books.models import Account, JournalEntry, JournalLine
from kernel.db import db, transaction
from tests.factories import Factories
from tests.races import race


@pytest.fixture
def two(make: Factories) -> tuple[int, int]:
    """Two organisations."""
    return make.producer().id, make.producer().id


def sold(who: int, amount: int = 100) -> list[Line]:
    """Lines of a small sale."""
    return [Line(who, Account.BUYERS, amount, "DH-1"), Line(who, Account.SALES, -amount, "DH-1")]


def post(lines: list[Line], now: Any, cause: str = "test:1") -> int | None:
    """Post as an edge would."""
    with transaction():
        return journal.post(cause, "test", lines, now=now)


def count() -> tuple[int, int]:
    """Count entries and lines."""
    return (
        db.session.scalar(select(func.count()).select_from(JournalEntry)) or 0,
        db.session.scalar(select(func.count()).select_from(JournalLine)) or 0,
    )


def _write_line(session: Any, entry_id: int, line: Line) -> None:
    session.execute(
        text(
            "INSERT INTO journal_line"
            " (entry_id, organisation_id, account, counterparty_id, amount_vnd, document, holder)"
            " VALUES (:entry, :organisation, :account, :counterparty, :amount, :document, '')"
        ),
        {
            "entry": entry_id,
            "organisation": line.organisation_id,
            "account": line.account.value,
            "counterparty": line.counterparty_id,
            "amount": line.amount_vnd,
            "document": line.document,
        },
    )


def _write_entry(session: Any, entry_id: int, cause: str = "forged") -> None:
    session.execute(
        text("INSERT INTO journal_entry (id, cause, kind, at) VALUES (:id, :cause, 'test', '2026-11-24 02:00:00')"),
        {"id": entry_id, "cause": cause},
    )


def forge(lines: list[Line], entry_id: int = 1, *, cause: str = "forged", with_entry: bool = True) -> None:
    """Write an entry past our own code, in SQL."""
    with transaction() as session:
        for line in lines:
            _write_line(session, entry_id, line)
        if with_entry:
            _write_entry(session, entry_id, cause)


def test_a_balanced_entry_is_taken_and_adds_up(ctx: Flask, two: tuple[int, int], now) -> None:
    entry = post([*sold(two[0]), *journal.owes(two[1], two[0], 7, "DH-1"), *_level(two, 7)], now)

    assert entry is not None
    assert verification.verify() == []
    assert journal.balance(Account.SALES, organisation_id=two[0], document="DH-1") == -100
    assert verification.extent() == (1, 6, 114)


def test_an_account_is_added_up_as_asked_for(ctx: Flask, two: tuple[int, int], make: Factories, now: datetime) -> None:
    one, other = two
    actor = make.actor(make.office())
    assert journal.balance(Account.SALES) == 0
    with transaction():
        entry_id = journal.post("test:1", "test", sold(one), now=now, actor=actor)
        journal.post("test:2", "test", sold(other, 7), now=now)
        cash = [
            Line(one, Account.COLLECTED, 5, "DH-2", holder="ghn"),
            Line(one, Account.COLLECTED, 6, "DH-2", holder="viettel"),
            Line(one, Account.HELD, -11, "TT-1"),
        ]
        journal.post("test:3", "test", cash, now=now)

    entry = db.session.get_one(JournalEntry, entry_id)
    assert (entry.cause, entry.kind, entry.at, entry.by_id) == ("test:1", "test", now, actor.user_id)
    assert [journal.is_posted(cause) for cause in ("test:1", "test:4")] == [True, False]
    assert journal.balance(Account.SALES) == -107
    assert journal.balance(Account.SALES, organisation_id=other) == -7
    assert journal.balance(Account.COLLECTED, holder="ghn") == 5
    assert journal.balance(Account.COLLECTED, document="DH-2") == 11
    assert journal.balance(Account.COLLECTED, document="DH-1") == 0


def _level(two: tuple[int, int], amount: int) -> list[Line]:
    return [Line(two[0], Account.COMMISSION, -amount, "DH-1"), Line(two[1], Account.COMMISSION, amount, "DH-1")]


def test_nothing_at_all_is_no_entry(ctx: Flask, two: tuple[int, int], now) -> None:
    assert post(sold(two[0], 0), now) is None
    assert count() == (0, 0)


@pytest.mark.parametrize("kind", ["too much", "across", "one tale"])
def test_what_does_not_balance_is_refused_by_us_and_by_the_database(
    ctx: Flask, two: tuple[int, int], now, kind: str
) -> None:
    one, other = two
    lines = {
        "too much": [Line(one, Account.BUYERS, 100, "DH-1"), Line(one, Account.SALES, -99, "DH-1")],
        "across": [Line(one, Account.BUYERS, 100, "DH-1"), Line(other, Account.SALES, -100, "DH-1")],
        "one tale": [
            Line(one, Account.BETWEEN, 100, "DH-1", counterparty_id=other),
            Line(one, Account.SALES, -100, "DH-1"),
        ],
    }[kind]
    with pytest.raises(ValueError, match="balance"):
        post(lines, now)

    with pytest.raises(DBAPIError, match="balance"):
        forge(lines)
    assert count() == (0, 0)


def test_an_entry_without_lines_is_refused(ctx: Flask, now) -> None:
    with pytest.raises(DBAPIError, match="balance"), transaction() as session:
        _write_entry(session, 1)


def test_lines_without_their_entry_do_not_outlive_the_transaction(ctx: Flask, two: tuple[int, int], now) -> None:
    with pytest.raises(DBAPIError, match=r"(?i)foreign key|balance"):
        forge(sold(two[0]), with_entry=False)
    assert count() == (0, 0)


def test_no_line_is_added_to_an_entry_that_stands(ctx: Flask, two: tuple[int, int], now) -> None:
    entry = post(sold(two[0]), now)
    assert entry is not None

    with pytest.raises(DBAPIError, match="closed"):
        forge(sold(two[0]), entry, with_entry=False)


@pytest.mark.parametrize(
    "line",
    [
        Line(0, Account.SALES, 0, "DH-1"),
        Line(0, Account.BETWEEN, 5, "DH-1"),
        Line(0, Account.SALES, 5, "DH-1", counterparty_id=1),
        Line(0, Account.BETWEEN, 5, "DH-1", counterparty_id=0),
    ],
)
def test_a_line_that_makes_no_sense_is_refused(ctx: Flask, two: tuple[int, int], now, line: Line) -> None:
    forged = Line(
        two[line.organisation_id],
        line.account,
        line.amount_vnd,
        line.document,
        counterparty_id=None if line.counterparty_id is None else two[line.counterparty_id],
    )
    with pytest.raises(DBAPIError, match=r"(?i)check"), transaction() as session:
        _write_line(session, 1, forged)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal_entry SET cause = 'x'",
        "DELETE FROM journal_entry",
        "UPDATE journal_line SET amount_vnd = 1",
        "DELETE FROM journal_line",
    ],
)
def test_nothing_of_it_is_changed_or_taken_away(ctx: Flask, two: tuple[int, int], now, statement: str) -> None:
    post(sold(two[0]), now)

    with pytest.raises(DBAPIError, match="append-only"), transaction() as session:
        session.execute(text(statement))
    assert count() == (1, 2)


def test_the_same_cause_is_posted_once(ctx: Flask, two: tuple[int, int], now) -> None:
    post(sold(two[0]), now)

    with pytest.raises(journal.AlreadyPosted):
        post(sold(two[0], 200), now)
    with pytest.raises(DBAPIError, match=r"(?i)unique|append-only"):
        forge(sold(two[0]), 99, cause="test:1")
    assert count() == (1, 2)


@pytest.mark.race
def test_of_twelve_who_post_the_same_cause_at_once_one_does(app: Flask, two: tuple[int, int], now) -> None:
    def tell(_: int) -> str:
        post(sold(two[0]), now, "test:at once")
        return "posted"

    results = race(app, 12, tell)

    assert results.count("posted") == 1
    assert set(results) == {"posted", "AlreadyPosted"}
    with app.app_context():
        assert count() == (1, 2)
        assert verification.verify() == []
