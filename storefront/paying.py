"""Asking a buyer for money: who is paid, by which code, until when.

The payee of an order is its producer, if it has an account of its own, else the office that runs the shop: the
platform holds nobody's money unless a producer has no account. Card payments go to the office, whose key it is. Buyers
who pay on delivery pay each parcel to who brings it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, exists, select

from accounts.actor import Actor
from accounts.models import Organisation, OrganisationKind
from accounts.queries import looks_after_a_province
from kernel import audit, jobs
from kernel.db import db
from kernel.errors import N_, Conflict
from storefront import gateways, ordering
from storefront.gateways import codes
from storefront.order_models import BankAccount, Order, Payment, PaymentMethod, PaymentState, PaymentSwitch, Purchase

#: Ways to pay → what they are called.
NAMES = {
    PaymentMethod.VIETQR: N_("Bank transfer with a QR code (VietQR)"),
    PaymentMethod.CARD: N_("Bank card"),
    PaymentMethod.COD: N_("Cash on delivery"),
}
OPEN_PAGE_JOB = "payments.open_page"


class NoAccount(Conflict):
    message = N_("There is no bank account to pay to yet. Please choose to pay on delivery.")


class NoCards(Conflict):
    message = N_("Cards are not taken at the moment. Please choose another way to pay.")


class LastMethod(Conflict):
    message = N_("One way to pay has to be left.")


def available(producer_ids: Sequence[int]) -> list[PaymentMethod]:
    """List how goods of these producers can be paid now, in the order in which to offer it: there is always a way."""
    on = switched_on()
    house = db.session.execute(_HOUSE).first()
    usable = {
        PaymentMethod.VIETQR: (house is not None and house.has_account) or _have_accounts(producer_ids),
        PaymentMethod.CARD: gateways.cards() is not None and house is not None,
        PaymentMethod.COD: True,
    }
    return [method for method in usable if on[method] and usable[method]] or [PaymentMethod.COD]


def switched_on() -> dict[PaymentMethod, bool]:
    """Tell for each way to pay whether the office lets buyers use it."""
    rows: dict[PaymentMethod, bool] = dict(db.session.execute(_SWITCHES).all())
    return {method: rows.get(method, True) for method in PaymentMethod}


_SWITCHES = select(PaymentSwitch.method, PaymentSwitch.is_on)


def switch(on: dict[PaymentMethod, bool], *, actor: Actor, now: datetime) -> None:
    """Say which ways to pay the office lets buyers use.

    :raises LastMethod:
    """
    before = switched_on()
    if not any({**before, **on}.values()):
        raise LastMethod()
    for method, is_on in on.items():
        if is_on is not before[method]:
            row = db.session.get(PaymentSwitch, method) or PaymentSwitch(method=method)
            row.is_on, row.set_at, row.set_by_id = is_on, now, actor.user_id
            db.session.add(row)
            audit.record(actor, "storefront.switch_method", f"method:{method.value}", now=now, is_on=is_on)


def account_of(organisation_id: int) -> BankAccount | None:
    """Give the account that an organisation is paid on, if it has one."""
    return db.session.scalar(_ACCOUNT, {"organisation_id": organisation_id})


_ACCOUNT = (
    select(BankAccount)
    .where(BankAccount.organisation_id == bindparam("organisation_id"), BankAccount.is_active)
    .order_by(BankAccount.id.desc())
    .limit(1)
)


def house_account() -> BankAccount | None:
    """Give the account of the office that runs the shop, for producers without one of their own."""
    office_id = house_id()
    return account_of(office_id) if office_id is not None else None


def house_id() -> int | None:
    """Give the office that runs the shop: a province's. Of several the oldest one with an account, else the oldest."""
    found = db.session.execute(_HOUSE).first()
    return int(found.id) if found is not None else None


_HAS_ACCOUNT = exists().where(BankAccount.organisation_id == Organisation.id, BankAccount.is_active)
_HOUSE = (
    select(Organisation.id, _HAS_ACCOUNT.label("has_account"))
    .where(Organisation.kind == OrganisationKind.OFFICE, Organisation.is_active, looks_after_a_province())
    .order_by(_HAS_ACCOUNT.desc(), Organisation.id)
    .limit(1)
)


def _have_accounts(producer_ids: Sequence[int]) -> bool:
    return all(account_of(producer_id) is not None for producer_id in producer_ids)


def ask(purchase: Purchase, *, now: datetime) -> list[Payment]:
    """Ask for the money of a purchase that was just placed: by transfer one code per payee, on delivery one an order,
    by card one for all.

    Asked before, the first payments are given. The page for a card is opened after the commit, by
    ``storefront.web.card_pages.open_page`` or by the job that is asked for here; ``Payment.url`` is its address.

    :raises NoAccount: if a payee has no account
    :raises NoCards: if nobody takes cards
    """
    if purchase.payments:
        return list(purchase.payments)
    if purchase.method is PaymentMethod.COD:
        asked = [
            _payment(purchase, [order], order.producer_id, None, now) for order in purchase.orders if order.total_vnd
        ]
        db.session.flush()
        return asked
    if purchase.method is PaymentMethod.CARD:
        return [_ask_for_card(purchase, now)]
    payees: dict[int, tuple[BankAccount, list[Order]]] = {}
    for order in purchase.orders:
        account = account_of(order.producer_id) or house_account()
        if account is None:
            raise NoAccount()
        payees.setdefault(account.organisation_id, (account, []))[1].append(order)
    whole = len(payees) == 1
    payments = []
    for payee_id, (account, orders) in payees.items():
        for part in [orders] if whole else [[order] for order in orders if order.total_vnd]:
            payments.append(_payment(purchase, part, payee_id, account, now))
    db.session.flush()
    return payments


def orders_of(payment: Payment) -> list[Order]:
    """Give the orders that a payment pays for."""
    if payment.order_id is not None:
        return [order for order in payment.purchase.orders if order.id == payment.order_id]
    return list(payment.purchase.orders)


def payments_of(order: Order) -> list[Payment]:
    """Give the payments that pay for an order, alone or with others."""
    return [payment for payment in order.purchase.payments if payment.order_id in (None, order.id)]


def _ask_for_card(purchase: Purchase, now: datetime) -> Payment:
    payee_id = house_id()
    if payee_id is None or gateways.cards() is None:
        raise NoCards()
    payment = _payment(purchase, purchase.orders, payee_id, None, now)
    db.session.flush()
    jobs.enqueue(OPEN_PAGE_JOB, now=now, payment=payment.id)
    return payment


def _payment(
    purchase: Purchase, orders: Sequence[Order], payee_id: int, account: BankAccount | None, now: datetime
) -> Payment:
    whole = len(orders) == len(purchase.orders) and purchase.method is not PaymentMethod.COD
    payment = Payment(
        order_id=None if whole else orders[0].id,
        payee_id=payee_id,
        method=purchase.method,
        code=codes.new_code(),
        amount_vnd=sum(order.total_vnd for order in orders),
        captured_vnd=0,
        refunded_vnd=0,
        state=PaymentState.ASKED,
        account=account
        and {"bin": account.bank_bin, "number": account.number, "holder": account.holder, "sample": account.is_sample},
        asked_at=now,
        expires_at=None if purchase.method is PaymentMethod.COD else now + ordering.PAY_WITHIN,
    )
    purchase.payments.append(payment)
    return payment
