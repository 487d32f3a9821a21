"""What each event of a sale says in the journal. Pure: facts in, lines out; both ways of selling use it.

Whoever has the buyer's money (the payee) need not be the seller, whoever runs the shop takes a commission, and a third
may bear what was taken off. Who is not the seller owes the seller, or is owed: ``Account.BETWEEN``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from books.journal import Line, owes
from books.models import Account
from books.shares import Sale


@dataclass(frozen=True)
class Deal:
    """Who takes part in a sale. ``document`` is the order."""

    document: str
    seller_id: int
    house_id: int | None = None  #: takes the commission, and holds tax back
    discount_by_id: int | None = None  #: bears what was taken off; None: the seller


def confirmed(sale: Sale, deal: Deal) -> list[Line]:
    """The order stands: the buyer owes its total, and everybody's share is known."""
    return [Line(deal.seller_id, Account.BUYERS, sale.total_vnd, deal.document), *_shares(sale, deal)]


def arrived(payee_id: int, account: Account, amount_vnd: int, subject: str, about: str, holder: str = "") -> list[Line]:
    """Money came: the payee has it, and owes it to who paid, until it is known what for.

    :param subject: whose money it is: a payment's code, or the number of a credit that nobody understands
    :param about: what the line of the money names
    """
    return [
        Line(payee_id, account, amount_vnd, about, holder=holder),
        Line(payee_id, Account.HELD, -amount_vnd, subject),
    ]


def paid(amount_vnd: int, deal: Deal, *, payee_id: int, subject: str) -> list[Line]:
    """Money that was held is for this order: the buyer owes it no more."""
    return [
        *_through(payee_id, deal, Account.HELD, amount_vnd, subject),
        Line(deal.seller_id, Account.BUYERS, -amount_vnd, deal.document),
    ]


def refunded(part: Sale, deal: Deal, *, payee_id: int, subject: str) -> list[Line]:
    """A part of a paid sale is undone, and its money is promised back. ``subject`` is the refund."""
    return [*_undo(part, deal), *_through(payee_id, deal, Account.REFUNDS, -part.total_vnd, subject)]


def cancelled(rest: Sale, deal: Deal, *, payee_id: int | None, subject: str = "") -> list[Line]:
    """What is left of a sale is undone. Paid, its money waits at the payee; not paid, the buyer owes it no more."""
    if payee_id is None:
        return [*_undo(rest, deal), Line(deal.seller_id, Account.BUYERS, -rest.total_vnd, deal.document)]
    return [*_undo(rest, deal), *_through(payee_id, deal, Account.HELD, -rest.total_vnd, subject)]


def moved(payee_id: int, source: Account, to: Account, amount_vnd: int, about: tuple[str, str]) -> list[Line]:
    """Let an amount leave one account of an organisation for another. ``about``: what either line names."""
    return [
        Line(payee_id, to, amount_vnd, about[1]),
        Line(payee_id, source, -amount_vnd, about[0]),
    ]


def _shares(sale: Sale, deal: Deal) -> list[Line]:
    """Say what everybody has of a sale; all lines of the seller come to minus its total."""
    seller, about = deal.seller_id, deal.document
    bearer = deal.discount_by_id or seller
    lines = [
        Line(seller, Account.SALES, -sale.goods_vnd, about),
        Line(seller, Account.DELIVERY, -sale.delivery_vnd, about),
        Line(bearer, Account.DISCOUNTS, sale.off_vnd, about),
    ]
    if bearer != seller:
        lines += owes(bearer, seller, sale.off_vnd, about)
    house = deal.house_id
    if house is not None and house != seller:
        lines += [
            Line(seller, Account.COMMISSION, sale.commission_vnd, about),
            Line(house, Account.COMMISSION, -sale.commission_vnd, about),
            *owes(seller, house, sale.commission_vnd, about),
            *tax_held(sale, deal),
        ]
    return lines


def tax_held(sale: Sale, deal: Deal) -> list[Line]:
    """Tax is held back: the office owes it to the state, and the seller (whose money it may have) to the office."""
    seller, house, about = deal.seller_id, deal.house_id, deal.document
    if house is None or house == seller:
        return []
    return [
        Line(seller, Account.TAX, sale.tax_vnd, about),
        Line(house, Account.TAX, -sale.tax_vnd, about),
        *owes(seller, house, sale.tax_vnd, about),
    ]


def _undo(part: Sale, deal: Deal) -> list[Line]:
    return turned(_shares(part, deal))


def turned(lines: Iterable[Line]) -> list[Line]:
    """Give lines that take others back."""
    return [replace(line, amount_vnd=-line.amount_vnd) for line in lines]


def _through(payee_id: int, deal: Deal, account: Account, amount_vnd: int, subject: str) -> list[Line]:
    """Change an account of the payee, and what the payee owes the seller with it, if they are two."""
    own = Line(payee_id, account, amount_vnd, subject)
    if payee_id == deal.seller_id:
        return [own]
    return [own, *owes(payee_id, deal.seller_id, amount_vnd, deal.document)]
