"""Reading money: what came to one's own organisation, what is to be given back, and which account buyers transfer to.

A payee sees what is its own, and nobody else's: not even an office that looks after the payee, unless an officer works
for it. The words of a transfer name people.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, case, func, or_, select, true
from sqlalchemy.sql.elements import ColumnElement

from accounts.actor import SYSTEM, Actor
from kernel.db import db
from kernel.errors import N_, InvalidInput, NotFound
from kernel.text import one_line
from storefront.gateways import codes
from storefront.order_models import (
    BankAccount,
    Credit,
    Order,
    Payment,
    PaymentMethod,
    Purchase,
    Refund,
    RefundState,
)
from storefront.settling import TO_DECIDE

CANDIDATES_WITHIN = timedelta(days=60)


class NoSuchCredit(NotFound):
    message = N_("There is no such money here.")


class NoSuchRefund(NotFound):
    message = N_("There is no such refund here.")


class NoSuchAccount(NotFound):
    message = N_("There is no such account here.")


class NothingAsked(InvalidInput):
    message = N_("No payment to this account has that code or number.")
    field = "what"


class SeveralAsked(InvalidInput):
    message = N_("Several payments belong to that number: give the code that the transfer should have named.")
    field = "what"


def credits_visible_to(actor: Actor) -> Select[Credit]:
    """Give the money on bank accounts that the actor sees."""
    return select(Credit).where(_own(Credit.payee_id, actor))


def refunds_visible_to(actor: Actor) -> Select[Refund]:
    """Give the refunds that the actor sees: those of payments to their organisation."""
    return select(Refund).where(Refund.payment_id.in_(select(Payment.id).where(_own(Payment.payee_id, actor))))


def payments_visible_to(actor: Actor) -> Select[Payment]:
    """Give the payments that the actor sees."""
    return select(Payment).where(_own(Payment.payee_id, actor))


def accounts_visible_to(actor: Actor) -> Select[BankAccount]:
    """Give the bank accounts that the actor sees."""
    return select(BankAccount).where(_own(BankAccount.organisation_id, actor))


def _own(column: Any, actor: Actor) -> ColumnElement[bool]:
    mine: ColumnElement[bool] = column == (actor.organisation_id or 0)
    return true() if actor is SYSTEM else mine


# --- Money that came --------------------------------------------------------------------------------


def list_credits(actor: Actor, *, outcome: str = "", words: str = "") -> Select[Any]:
    """List money that came with the payment it belongs to, latest first.

    :param outcome: "": what has to be decided; "all"; or one outcome
    """
    found = (
        credits_visible_to(actor)
        .add_columns(Payment, Purchase, Order)
        .outerjoin(Payment, Payment.id == Credit.payment_id)
        .outerjoin(Purchase, Purchase.id == Payment.purchase_id)
        .outerjoin(Order, Order.id == Payment.order_id)
        .order_by(Credit.arrived_at.desc(), Credit.id.desc())
    )
    if outcome == "":
        found = found.where(Credit.outcome.in_(TO_DECIDE))
    elif outcome != "all":
        found = found.where(Credit.outcome == outcome)
    words = one_line(words)
    if words:
        part = "%" + words.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"
        found = found.where(
            or_(
                Credit.memo.ilike(part, escape="\\"),
                Credit.bank_reference.ilike(part, escape="\\"),
                Payment.code.ilike(part, escape="\\"),
                Purchase.number.ilike(part, escape="\\"),
            )
        )
    return found


def get_credit(actor: Actor, credit_id: int) -> Credit:
    """Give money that the actor sees. :raises NoSuchCredit:"""
    credit = db.session.scalar(credits_visible_to(actor).where(Credit.id == credit_id))
    if credit is None:
        raise NoSuchCredit()
    return credit


def candidates(credit: Credit, *, now: datetime, most: int = 20) -> Sequence[Payment]:
    """List payments that money could be for: asked of the same payee, not complete; the right amount first."""
    is_equal = case((Payment.amount_vnd - Payment.captured_vnd == credit.amount_vnd, 0), else_=1)
    return db.session.scalars(
        select(Payment)
        .where(
            Payment.payee_id == credit.payee_id,
            Payment.method == PaymentMethod.VIETQR,
            Payment.captured_vnd < Payment.amount_vnd,
            Payment.asked_at >= now - CANDIDATES_WITHIN,
        )
        .order_by(is_equal, Payment.id.desc())
        .limit(most)
    ).all()


def find_payment(credit: Credit, text: str) -> Payment:
    """Find the payment of the same payee by its code, or by the number of its purchase or order.

    :raises NothingAsked, SeveralAsked:
    """
    text = one_line(text).upper()
    of_payee = select(Payment).where(Payment.payee_id == credit.payee_id, Payment.method == PaymentMethod.VIETQR)
    found = db.session.scalars(of_payee.where(Payment.code.in_(codes.find(text)))).all()
    if not found:
        found = db.session.scalars(
            of_payee.join(Purchase, Purchase.id == Payment.purchase_id)
            .outerjoin(Order, Order.id == Payment.order_id)
            .where(or_(func.upper(Purchase.number) == text, func.upper(Order.number) == text))
            .order_by(Payment.id)
        ).all()
    if not found:
        raise NothingAsked()
    if len(found) > 1:
        raise SeveralAsked()
    return found[0]


def count_to_decide(actor: Actor) -> int:
    """Count money that waits for a decision."""
    found = credits_visible_to(actor).where(Credit.outcome.in_(TO_DECIDE)).subquery()
    return db.session.scalar(select(func.count()).select_from(found)) or 0


# --- Money to give back -----------------------------------------------------------------------------


def list_refunds(actor: Actor, *, only_open: bool) -> Select[Any]:
    """List refunds with their payment and purchase: open ones oldest first, all latest first."""
    found = (
        refunds_visible_to(actor)
        .add_columns(Payment, Purchase, Order)
        .join(Payment, Payment.id == Refund.payment_id)
        .join(Purchase, Purchase.id == Payment.purchase_id)
        .outerjoin(Order, Order.id == Refund.order_id)
    )
    if only_open:
        return found.where(Refund.state == RefundState.ASKED).order_by(Refund.id)
    return found.order_by(Refund.id.desc())


def get_refund(actor: Actor, number: str) -> Refund:
    """Give a refund that the actor sees. :raises NoSuchRefund:"""
    made = db.session.scalar(refunds_visible_to(actor).where(Refund.number == number))
    if made is None:
        raise NoSuchRefund()
    return made


def count_to_give_back(actor: Actor) -> int:
    """Count refunds that a person has to make."""
    found = (
        refunds_visible_to(actor)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Refund.state == RefundState.ASKED, by_hand())
        .subquery()
    )
    return db.session.scalar(select(func.count()).select_from(found)) or 0


def by_hand() -> ColumnElement[bool]:
    """Say which refunds are a person's task: all but those that the provider of cards makes."""
    return or_(Payment.method != PaymentMethod.CARD, Refund.problem != "")


# --- Accounts ---------------------------------------------------------------------------------------


def accounts_of(actor: Actor) -> Sequence[BankAccount]:
    """List the accounts of one's organisation, the one in use first, then the latest."""
    return db.session.scalars(
        accounts_visible_to(actor).order_by(BankAccount.is_active.desc(), BankAccount.id.desc())
    ).all()


def get_account(actor: Actor, account_id: int) -> BankAccount:
    """Give an account that the actor sees. :raises NoSuchAccount:"""
    account = db.session.scalar(accounts_visible_to(actor).where(BankAccount.id == account_id))
    if account is None:
        raise NoSuchAccount()
    return account
