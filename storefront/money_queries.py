"""Reading money: what came to one's own organisation, what is to be given back, and which account buyers transfer to.

A payee sees what is its own, and nobody else's: not even an office that looks after the payee, unless an officer works
for it. The words of a transfer name people.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, case, exists, func, or_, select, true
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import ColumnElement

from accounts.actor import SYSTEM, Actor
from books.models import Account, JournalLine
from kernel.db import db
from kernel.errors import N_, InvalidInput, NotFound
from kernel.text import one_line
from storefront.dispute_models import CardDispute, DisputeState
from storefront.gateways import codes
from storefront.order_models import (
    BankAccount,
    Credit,
    Order,
    Payment,
    PaymentMethod,
    Placement,
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


class NoSuchDispute(NotFound):
    message = N_("There is no such dispute here.")


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


def disputes_visible_to(actor: Actor) -> Select[CardDispute]:
    """Give the disputes of cards that the actor sees: those of payments to their organisation."""
    return select(CardDispute).where(
        CardDispute.payment_id.in_(select(Payment.id).where(_own(Payment.payee_id, actor)))
    )


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


# --- Disputes of cards ------------------------------------------------------------------------------


def list_disputes(actor: Actor, *, only_open: bool) -> Select[Any]:
    """List disputes with their payment and purchase: open ones by the day of the answer, all latest first."""
    found = (
        disputes_visible_to(actor)
        .add_columns(Payment, Purchase)
        .join(Payment, Payment.id == CardDispute.payment_id)
        .join(Purchase, Purchase.id == Payment.purchase_id)
    )
    if only_open:
        return found.where(CardDispute.closed_at.is_(None)).order_by(CardDispute.answer_by, CardDispute.id)
    return found.order_by(CardDispute.id.desc())


def get_dispute(actor: Actor, number: str) -> CardDispute:
    """Give a dispute that the actor sees. :raises NoSuchDispute:"""
    found = db.session.scalar(disputes_visible_to(actor).where(CardDispute.number == number))
    if found is None:
        raise NoSuchDispute()
    return found


def count_disputes_to_answer(actor: Actor) -> int:
    """Count disputes that a person has to say something to."""
    found = (
        disputes_visible_to(actor)
        .where(
            CardDispute.state == DisputeState.TO_ANSWER,
            or_(CardDispute.decision.is_(None), CardDispute.problem != ""),
        )
        .subquery()
    )
    return db.session.scalar(select(func.count()).select_from(found)) or 0


def has_disputes(actor: Actor) -> bool:
    """Tell whether a card of the actor's payments was ever disputed."""
    return db.session.scalar(select(disputes_visible_to(actor).exists())) is True


def refunds_of_dispute(row: CardDispute) -> Sequence[Refund]:
    """List the refunds that a lost dispute was, oldest first."""
    return db.session.scalars(
        select(Refund).where(Refund.payment_id == row.payment_id, Refund.reference == row.reference).order_by(Refund.id)
    ).all()


# --- Money for no order -----------------------------------------------------------------------------


class NothingLeftOver(NotFound):
    message = N_("There is no such money left over here.")


def list_held(actor: Actor) -> Select[Any]:
    """List payments that hold money for no order, with how much and their purchase, oldest first.

    Money that an order still waits for the rest of is not among them.
    """
    held = -func.sum(JournalLine.amount_vnd)
    placed = aliased(Order)
    waits = exists().where(
        placed.purchase_id == Payment.purchase_id,
        or_(Payment.order_id.is_(None), placed.id == Payment.order_id),
        placed.placement == Placement.PLACED,
    )
    sums = (
        select(JournalLine.document, JournalLine.organisation_id, held.label("held_vnd"))
        .where(JournalLine.account == Account.HELD)
        .group_by(JournalLine.document, JournalLine.organisation_id)
        .having(held > 0)
        .subquery()
    )
    return (
        payments_visible_to(actor)
        .add_columns(sums.c.held_vnd, Purchase, Order)
        .join(sums, (sums.c.document == Payment.code) & (sums.c.organisation_id == Payment.payee_id))
        .join(Purchase, Purchase.id == Payment.purchase_id)
        .outerjoin(Order, Order.id == Payment.order_id)
        .where(~waits)
        .order_by(Payment.id)
    )


def get_held(actor: Actor, code: str) -> tuple[Payment, int]:
    """Give a payment of the actor's that holds money for no order, and how much. :raises NothingLeftOver:"""
    row = db.session.execute(list_held(actor).where(Payment.code == code)).one_or_none()
    if row is None:
        raise NothingLeftOver()
    return row[0], int(row[1])


def count_held(actor: Actor) -> int:
    """Count payments that hold money for no order."""
    return db.session.scalar(select(func.count()).select_from(list_held(actor).order_by(None).subquery())) or 0


def credits_of(payment: Payment) -> Sequence[Credit]:
    """List the transfers that a payment had, oldest first."""
    return db.session.scalars(
        select(Credit).where(Credit.payment_id == payment.id).order_by(Credit.arrived_at, Credit.id)
    ).all()


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
