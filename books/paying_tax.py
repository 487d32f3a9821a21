"""Paying held-back tax on to the state: what is owed by the end of a month, and what an office paid of it.

The transfer itself is made in the tax office's own system; here it is written down, once, with the bank's reference.
What was written down in error is taken back by a row of its own, never changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.orm import aliased

from accounts.actor import Actor
from accounts.models import Organisation, OrganisationKind
from books import journal, withholding
from books.journal import Line
from books.models import Account, TaxHeld, TaxPayment
from kernel import audit, clock, numbers
from kernel.db import db, lock
from kernel.errors import N_, Conflict, InvalidInput
from kernel.text import one_line

LONGEST_REFERENCE = 60
LONGEST_REASON = 300
MONTHS_BACK = 12  #: that are looked at for the oldest unpaid one


class NotAnOffice(InvalidInput):
    message = N_("Tax is paid on by the office that held it back.")


class MonthToCome(InvalidInput):
    message = N_("This month has not begun yet.")
    field = "month"


class NotAnAmount(InvalidInput):
    message = N_("An amount is a whole number of đồng above nought.")
    field = "amount"


class MoreThanOwed(Conflict):
    """``owed_vnd`` says how much it was."""

    message = N_("By the end of that month %(owed_vnd)s đồng are owed to the state, not more.")
    field = "amount"


class NeedsReference(InvalidInput):
    message = N_("Write the reference that the bank or the treasury gave to the transfer.")
    field = "reference"


class PaidBefore(Conflict):
    """``number`` says as what."""

    message = N_("A transfer with this reference is on record as %(number)s.")
    field = "reference"


class DayToCome(InvalidInput):
    message = N_("The day of the transfer is today or before.")
    field = "paid_on"


class NeedsReason(InvalidInput):
    message = N_("Say why in a few words.")
    field = "reason"


class TakenBackBefore(Conflict):
    message = N_("This was taken back before.")


def owed(office_id: int, month: date) -> int:
    """Add up what an office owes the state by the end of a month: held back until then, less all that was paid.

    :param month: its first day
    """
    held = db.session.scalar(
        select(func.coalesce(func.sum(TaxHeld.vat_vnd + TaxHeld.pit_vnd), 0)).where(
            TaxHeld.office_id == office_id, TaxHeld.at < clock.start_of_day(clock.add_months(month, 1))
        )
    )
    paid = db.session.scalar(
        select(func.coalesce(func.sum(TaxPayment.amount_vnd), 0)).where(TaxPayment.office_id == office_id)
    )
    return int(held or 0) - int(paid or 0)


@dataclass(frozen=True)
class Due:
    """What an office has to pay on to the state of months that are over."""

    amount_vnd: int
    month: date  #: held back by its end
    pay_by: date | None  #: the day of the oldest month of which some is unpaid; None: no rule says one


def due(office_id: int, today: date) -> Due | None:
    """Tell what an office owes the state of the months before this one, and by which day; None: nothing."""
    month = clock.add_months(today.replace(day=1), -1)
    amount_vnd = owed(office_id, month)
    return Due(amount_vnd, month, pay_by(office_id, month)) if amount_vnd > 0 else None


def pay_by(office_id: int, month: date) -> date | None:
    """Tell by which day an office has to pay what it owes by the end of a month: that of the oldest unpaid one.

    :param month: its first day
    """
    for _ in range(MONTHS_BACK):
        earlier = clock.add_months(month, -1)
        if owed(office_id, earlier) <= 0:
            break
        month = earlier
    after = clock.add_months(month, 1)
    rule = withholding.rule_on(after - timedelta(days=1))
    return None if rule is None else after.replace(day=rule.pay_by_day)


def pay(
    office: Organisation,
    month: date,
    amount_vnd: int,
    *,
    paid_on: date,
    reference: str,
    actor: Actor,
    now: datetime,
) -> TaxPayment:
    """Write down that an office paid so much of the tax it held back by the end of a month, all of it or a part.

    :param month: a day of it
    :raises NotAnOffice, MonthToCome, NotAnAmount, NeedsReference, DayToCome: if it cannot be
    :raises PaidBefore, MoreThanOwed: if it was paid meanwhile
    """
    month, reference = month.replace(day=1), one_line(reference)[:LONGEST_REFERENCE]
    today = clock.business_date(now)
    if office.kind is not OrganisationKind.OFFICE:
        raise NotAnOffice()
    if month > today:
        raise MonthToCome()
    if amount_vnd <= 0:
        raise NotAnAmount()
    if not reference:
        raise NeedsReference()
    if paid_on > today:
        raise DayToCome()
    lock(office)
    earlier = _standing(office.id, reference)
    if earlier is not None:
        raise PaidBefore(number=earlier.number)
    due = owed(office.id, month)
    if amount_vnd > due:
        raise MoreThanOwed(owed_vnd=max(0, due))
    row = _written(office.id, month, amount_vnd, paid_on, reference, None, actor, now)
    audit.record(actor, "books.pay_tax", f"tax_payment:{row.number}", now=now, amount_vnd=amount_vnd)
    return row


def take_back(payment: TaxPayment, *, reason: str, actor: Actor, now: datetime) -> TaxPayment:
    """Take back what was written down in error: a row and an entry that undo it. It is owed again.

    :raises NeedsReason, TakenBackBefore:
    """
    reason = one_line(reason)[:LONGEST_REASON]
    if not reason:
        raise NeedsReason()
    lock(db.session.get_one(Organisation, payment.office_id))
    if payment.undoes_id is not None or undone_by(payment) is not None:
        raise TakenBackBefore()
    row = _written(
        payment.office_id,
        payment.month,
        -payment.amount_vnd,
        payment.paid_on,
        payment.reference,
        payment.id,
        actor,
        now,
        reason=reason,
    )
    audit.record(actor, "books.undo_tax_payment", f"tax_payment:{payment.number}", now=now, reason=reason)
    return row


def undone_by(payment: TaxPayment) -> TaxPayment | None:
    """Give the row that took a payment back, if one did."""
    return db.session.scalar(select(TaxPayment).where(TaxPayment.undoes_id == payment.id))


def _standing(office_id: int, reference: str) -> TaxPayment | None:
    undoing = aliased(TaxPayment)
    return db.session.scalar(
        select(TaxPayment).where(
            TaxPayment.office_id == office_id,
            TaxPayment.reference == reference,
            TaxPayment.undoes_id.is_(None),
            ~exists().where(undoing.undoes_id == TaxPayment.id),
        )
    )


def _written(
    office_id: int,
    month: date,
    amount_vnd: int,
    paid_on: date,
    reference: str,
    undoes_id: int | None,
    actor: Actor,
    now: datetime,
    reason: str = "",
) -> TaxPayment:
    number = f"NT-{numbers.next_number('tax_payment'):06d}"
    lines = [
        Line(office_id, Account.TAX, amount_vnd, number),
        Line(office_id, Account.BANK, -amount_vnd, number),
    ]
    kind = "tax_paid" if undoes_id is None else "tax_payment_undone"
    entry_id = journal.post(f"tax:{number}", kind, lines, now=now, actor=actor)
    row = TaxPayment(
        number=number,
        office_id=office_id,
        month=month,
        amount_vnd=amount_vnd,
        paid_on=paid_on,
        reference=reference,
        undoes_id=undoes_id,
        reason=reason,
        entry_id=entry_id,
        at=now,
        by_id=actor.user_id,
    )
    db.session.add(row)
    db.session.flush()
    return row
