"""Which lines each event of a sale writes: to whom, on which account, about what."""

from __future__ import annotations

import pytest

from books import selling
from books.journal import Line, owes
from books.models import Account
from books.selling import Deal
from books.shares import Sale

SELLER, HOUSE, PAYEE, BEARER = 1, 2, 3, 4
SALE = Sale(
    goods_vnd=200_000,
    goods_off_vnd=20_000,
    delivery_vnd=30_000,
    delivery_off_vnd=5_000,
    commission_vnd=15_000,
    vat_held_vnd=2_000,
    pit_held_vnd=1_000,
)
DEAL = Deal("DH-1", SELLER, HOUSE)
SHARES = [
    Line(SELLER, Account.SALES, -200_000, "DH-1"),
    Line(SELLER, Account.DELIVERY, -30_000, "DH-1"),
    Line(SELLER, Account.DISCOUNTS, 25_000, "DH-1"),
]
COMMISSION = [
    Line(SELLER, Account.COMMISSION, 15_000, "DH-1"),
    Line(HOUSE, Account.COMMISSION, -15_000, "DH-1"),
    *owes(SELLER, HOUSE, 15_000, "DH-1"),
]
TAX = [
    Line(SELLER, Account.TAX, 3_000, "DH-1"),
    Line(HOUSE, Account.TAX, -3_000, "DH-1"),
    *owes(SELLER, HOUSE, 3_000, "DH-1"),
]


def test_who_owes_is_less_and_who_is_owed_is_more_each_naming_the_other() -> None:
    assert owes(SELLER, HOUSE, 7, "DH-1") == [
        Line(HOUSE, Account.BETWEEN, 7, "DH-1", counterparty_id=SELLER),
        Line(SELLER, Account.BETWEEN, -7, "DH-1", counterparty_id=HOUSE),
    ]


def test_an_order_that_stands_is_owed_by_the_buyer_and_shared() -> None:
    assert selling.confirmed(SALE, DEAL) == [
        Line(SELLER, Account.BUYERS, 205_000, "DH-1"),
        *SHARES,
        *COMMISSION,
        *TAX,
    ]


@pytest.mark.parametrize("house", [None, SELLER])
def test_where_nobody_else_runs_the_shop_there_is_no_commission_and_no_tax(house: int | None) -> None:
    deal = Deal("DH-1", SELLER, house)

    assert selling.confirmed(SALE, deal)[1:] == SHARES
    assert selling.tax_held(SALE, deal) == []


def test_who_bears_a_discount_owes_it_to_the_seller() -> None:
    lines = selling.confirmed(SALE, Deal("DH-1", SELLER, HOUSE, discount_by_id=BEARER))

    assert lines[3:6] == [
        Line(BEARER, Account.DISCOUNTS, 25_000, "DH-1"),
        *owes(BEARER, SELLER, 25_000, "DH-1"),
    ]
    assert selling.confirmed(SALE, Deal("DH-1", SELLER, HOUSE, SELLER)) == selling.confirmed(SALE, DEAL)


def test_money_that_comes_is_held_and_names_who_carries_it() -> None:
    assert selling.arrived(PAYEE, Account.COLLECTED, 9, "TT-1", "DH-1", "ghn") == [
        Line(PAYEE, Account.COLLECTED, 9, "DH-1", holder="ghn"),
        Line(PAYEE, Account.HELD, -9, "TT-1"),
    ]
    assert selling.arrived(PAYEE, Account.BANK, 9, "TT-1", "TT-1")[0].holder == ""


def test_money_that_is_held_pays_the_order() -> None:
    assert selling.paid(9, DEAL, payee_id=SELLER, subject="TT-1") == [
        Line(SELLER, Account.HELD, 9, "TT-1"),
        Line(SELLER, Account.BUYERS, -9, "DH-1"),
    ]
    assert selling.paid(9, DEAL, payee_id=PAYEE, subject="TT-1") == [
        Line(PAYEE, Account.HELD, 9, "TT-1"),
        *owes(PAYEE, SELLER, 9, "DH-1"),
        Line(SELLER, Account.BUYERS, -9, "DH-1"),
    ]


def test_a_refund_turns_every_share_and_is_promised_by_who_has_the_money() -> None:
    undone = selling.turned([*SHARES, *COMMISSION, *TAX])

    assert selling.refunded(SALE, DEAL, payee_id=PAYEE, subject="HT-1") == [
        *undone,
        Line(PAYEE, Account.REFUNDS, -205_000, "HT-1"),
        *owes(PAYEE, SELLER, -205_000, "DH-1"),
    ]
    assert selling.cancelled(SALE, DEAL, payee_id=PAYEE, subject="TT-1") == [
        *undone,
        Line(PAYEE, Account.HELD, -205_000, "TT-1"),
        *owes(PAYEE, SELLER, -205_000, "DH-1"),
    ]


def test_called_off_before_it_was_paid_the_buyer_owes_it_no_more() -> None:
    assert selling.cancelled(SALE, DEAL, payee_id=None) == [
        *selling.turned([*SHARES, *COMMISSION, *TAX]),
        Line(SELLER, Account.BUYERS, -205_000, "DH-1"),
    ]


def test_lines_are_turned_with_all_they_say() -> None:
    line = Line(SELLER, Account.COLLECTED, 9, "DH-1", counterparty_id=HOUSE, holder="ghn")

    assert selling.turned([line]) == [Line(SELLER, Account.COLLECTED, -9, "DH-1", HOUSE, "ghn")]


def test_what_is_moved_leaves_one_account_for_another() -> None:
    assert selling.moved(PAYEE, Account.BANK, Account.REFUNDS, 9, ("HT-1", "HT-2")) == [
        Line(PAYEE, Account.REFUNDS, 9, "HT-2"),
        Line(PAYEE, Account.BANK, -9, "HT-1"),
    ]
