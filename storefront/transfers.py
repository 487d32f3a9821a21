"""Bank accounts of payees, and money that services tell of: whose account it came to, and that it counts once."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from accounts.actor import Actor
from accounts.models import Organisation
from kernel import audit
from kernel.db import db, lock
from kernel.errors import N_, Conflict, InvalidInput
from kernel.text import fold, one_line
from storefront import paying, settling, statements
from storefront.gateways import bank_notices, codes, vietqr
from storefront.gateways.bank_notices import Told
from storefront.order_models import BankAccount, Credit, Payment, PaymentNotice
from storefront.settling import Arrived

_NUMBER = re.compile(r"[0-9A-Z]{4,19}", re.ASCII)
_HOLDER = re.compile(r"[A-Z0-9 .,&'/()\-]{2,50}", re.ASCII)


class UnknownBank(InvalidInput):
    message = N_("Please choose the bank.")
    field = "bank"


class BadNumber(InvalidInput):
    message = N_("An account number has 4 to 19 digits or letters.")
    field = "number"


class BadHolder(InvalidInput):
    message = N_("Write the holder as the bank does: capital letters without marks, for example NGUYEN VAN A.")
    field = "holder"


class OthersAccount(Conflict):
    """Another organisation is paid on it: ours would be shown the money of its buyers."""

    message = N_("Another organisation is paid on this account. If it is yours, please ask the office.")
    field = "number"


class StoppedBefore(Conflict):
    message = N_("Nobody is asked to pay to this account any more.")


class NobodysMoney(Conflict):
    """Money came, and there is no office that could look at it."""

    message = N_("There is no account here that this money could have come to.")


def checked_account(bank_bin: str, number: str, holder: str) -> tuple[str, str, str]:
    """Give a bank account as it is kept: its bank, its number without blanks, its holder as banks write it.

    :raises UnknownBank, BadNumber, BadHolder:
    """
    number = re.sub(r"[\s.\-]", "", number).upper()
    holder = re.sub(r"\s+", " ", fold(one_line(holder)).upper()).strip()
    if bank_bin not in vietqr.banks():
        raise UnknownBank()
    if not _NUMBER.fullmatch(number):
        raise BadNumber()
    if not _HOLDER.fullmatch(holder):
        raise BadHolder()
    return bank_bin, number, holder


def set_account(
    organisation: Organisation, *, bank_bin: str, number: str, holder: str, actor: Actor, now: datetime
) -> BankAccount:
    """Say which account buyers transfer to from now on. What was asked for before names the account of then.

    :raises UnknownBank, BadNumber, BadHolder, OthersAccount:
    """
    bank_bin, number, holder = checked_account(bank_bin, number, holder)
    lock(organisation)
    present = paying.account_of(organisation.id)
    if present is not None:
        if (present.bank_bin, present.number, present.holder) == (bank_bin, number, holder):
            return present
        present.is_active = False
        db.session.flush()
    account = BankAccount(
        organisation_id=organisation.id,
        bank_bin=bank_bin,
        number=number,
        holder=holder,
        is_active=True,
        is_sample=False,
        added_at=now,
        added_by_id=actor.user_id,
    )
    _add(account)
    audit.record(actor, "storefront.set_account", f"account:{account.id}", now=now, organisation=organisation.id)
    return account


def _add(account: BankAccount) -> None:
    """Write an account down, unless another organisation is paid on it; of two at once the database lets one."""
    savepoint = db.session.begin_nested()
    db.session.add(account)
    try:
        savepoint.commit()
    except IntegrityError as error:
        savepoint.rollback()
        raise OthersAccount() from error


def stop_account(account: BankAccount, *, actor: Actor, now: datetime) -> None:
    """Ask nobody to pay to this account any more. What still comes to it is looked at as before.

    :raises StoppedBefore:
    """
    lock(account)
    if not account.is_active:
        raise StoppedBefore()
    account.is_active = False
    audit.record(
        actor, "storefront.stop_account", f"account:{account.id}", now=now, organisation=account.organisation_id
    )


def hear(told: Told, *, now: datetime) -> Credit | None:
    """Write down what a service told of, once; None for money that went out, and for what was told before.

    :raises NobodysMoney:
    """
    known = select(PaymentNotice.id).where(
        PaymentNotice.provider == bank_notices.NAME, PaymentNotice.event == told.event
    )
    if db.session.scalar(known) is not None:
        return None
    kind = "transfer.in" if told.amount_vnd > 0 else "transfer.out"
    db.session.add(
        PaymentNotice(
            provider=bank_notices.NAME, event=told.event, kind=kind, reference=told.reference, received_at=now
        )
    )
    db.session.flush()
    if told.amount_vnd <= 0:
        return None
    credit = settling.record(_arrived(told), now=now)
    if not credit.bank_reference:
        credit.bank_reference = told.reference  # a statement told of it first: another notice is of other money
    return credit


def _arrived(told: Told) -> Arrived:
    number = re.sub(r"[\s.\-]", "", told.account).upper()
    account = _account(number, told.memo)
    payee_id = account.organisation_id if account is not None else paying.house_id()
    if payee_id is None:
        raise NobodysMoney()
    line = statements.Line(0, told.at, told.amount_vnd, told.memo, told.reference)
    if told.reference:
        name = account and statements.same_without_reference(account, line)
        name = name or statements.identity(payee_id, number, told.reference, told.amount_vnd)
    else:
        name = f"{bank_notices.NAME}:{told.event}"
    return Arrived(
        identity=name,
        source=bank_notices.NAME,
        payee_id=payee_id,
        amount_vnd=told.amount_vnd,
        memo=told.memo,
        at=told.at,
        account=number[:40],
        bank_reference=told.reference,
    )


def _account(number: str, memo: str) -> BankAccount | None:
    """Find the account by its number. Two banks may give the same one: then the code in the memo says whose it is.

    Where it does not, the first who entered it is meant: nobody comes to others' money by entering their number.
    """
    found = db.session.scalars(
        select(BankAccount).where(BankAccount.number == number).order_by(BankAccount.is_active.desc(), BankAccount.id)
    ).all()
    if len({account.organisation_id for account in found}) > 1:
        payees = set(db.session.scalars(select(Payment.payee_id).where(Payment.code.in_(codes.find(memo)))))
        found = [account for account in found if account.organisation_id in payees] or found
    return found[0] if found else None
