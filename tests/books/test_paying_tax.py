"""Held-back tax paid on to the state: never more than is owed, a transfer once, errors taken back by further rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from accounts.actor import SYSTEM
from accounts.models import LegalForm, Organisation
from books import paying_tax, withholding
from books.models import Account, JournalLine, TaxHeld, TaxPayment
from kernel import clock
from kernel.db import db, transaction
from storefront import agreement, settling
from storefront.order_models import PaymentMethod
from tests.factories import Factories
from tests.orders import Shop, open_shop, order_of
from tests.races import meet, race

NOVEMBER, OCTOBER, DECEMBER = date(2026, 11, 1), date(2026, 10, 1), date(2026, 12, 1)


@pytest.fixture
def shop(make: Factories, app: Flask, now: datetime) -> Shop:
    """A is a household that sells rice at 50.000 ₫."""
    shop = open_shop(make, app, now)
    with app.app_context(), transaction():
        db.session.get_one(Organisation, shop.a.id).legal_form = LegalForm.HOUSEHOLD
    return shop


def set_up(make: Factories, app: Flask, shop: Shop, now: datetime) -> Organisation:
    """Make an office that held 3.000 ₫ back of two orders this month; one was half given back: 2.250 ₫ is owed."""
    office = make.office()
    with app.app_context():
        with transaction():
            withholding.turn(office, True, valid_from=clock.business_date(now), reason="Thử", actor=SYSTEM, now=now)
        orders = [order_of(shop, now, 2, method=PaymentMethod.VIETQR) for _ in range(2)]
        with transaction():
            settling.refund(orders[1].purchase.payments[0], 50_000, cause="r", reason="Trả hàng", now=now)
    return office


@pytest.fixture
def office(make: Factories, app: Flask, shop: Shop, now: datetime) -> Iterator[Organisation]:
    """See ``set_up``; whatever a test does, the journal says the same as the lists."""
    yield set_up(make, app, shop, now)
    with app.app_context():
        assert agreement.verify() == []


def pay(office: Organisation, amount: int, now: datetime, reference: str = "KB1", **facts: Any) -> TaxPayment:
    facts = {"month": NOVEMBER, "paid_on": clock.business_date(now), **facts}
    with transaction():
        return paying_tax.pay(
            db.session.get_one(Organisation, office.id), facts["month"], amount, paid_on=facts["paid_on"],
            reference=reference, actor=SYSTEM, now=now,
        )  # fmt: skip


def owed(office: Organisation, month: date = NOVEMBER) -> int:
    found = paying_tax.owed(office.id, month)
    db.session.rollback()
    return found


def said(office: Organisation, account: Account) -> int:
    total = select(func.coalesce(func.sum(JournalLine.amount_vnd), 0)).where(
        JournalLine.organisation_id == office.id, JournalLine.account == account
    )
    found = int(db.session.scalar(total) or 0)
    db.session.rollback()
    return found


def test_what_was_held_back_less_what_was_offset_is_owed_and_paid(
    ctx: Flask, office: Organisation, now: datetime
) -> None:
    assert (owed(office, OCTOBER), owed(office), owed(office, DECEMBER)) == (0, 2_250, 2_250)

    first = pay(office, 1_000, now)
    assert (first.number, owed(office), said(office, Account.TAX)) == ("NT-000001", 1_250, -1_250)
    second = pay(office, 1_250, now, "KB2")

    assert (owed(office), said(office, Account.TAX), said(office, Account.BANK)) == (0, 0, -2_250)
    assert second.month == NOVEMBER
    assert db.session.scalars(select(TaxPayment.reference).order_by(TaxPayment.id)).all() == ["KB1", "KB2"]


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        ({"amount": 0}, paying_tax.NotAnAmount),
        ({"amount": -5}, paying_tax.NotAnAmount),
        ({"amount": 2_251}, paying_tax.MoreThanOwed),
        ({"month": OCTOBER}, paying_tax.MoreThanOwed),
        ({"month": DECEMBER}, paying_tax.MonthToCome),
        ({"reference": " \n"}, paying_tax.NeedsReference),
        ({"paid_on": date(2999, 1, 1)}, paying_tax.DayToCome),
    ],
)
def test_what_cannot_be_is_refused(
    ctx: Flask, office: Organisation, now: datetime, facts: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        pay(office, **{"amount": 1, "now": now, **facts})

    assert owed(office) == 2_250


def test_only_an_office_pays_and_what_others_held_back_is_not_its_to_pay(
    ctx: Flask, shop: Shop, office: Organisation, make: Factories, now: datetime
) -> None:
    with pytest.raises(paying_tax.NotAnOffice):
        pay(shop.a, 1, now)
    with pytest.raises(paying_tax.MoreThanOwed):
        pay(make.office("Văn phòng khác"), 1, now)


def test_a_transfer_is_on_record_once_until_it_is_taken_back(ctx: Flask, office: Organisation, now: datetime) -> None:
    made = pay(office, 1_000, now)
    with pytest.raises(paying_tax.PaidBefore) as refusal:
        pay(office, 1_000, now, " KB1 ")
    assert refusal.value.facts == {"number": "NT-000001"}

    for reason, wrong in (("", paying_tax.NeedsReason), ("  ", paying_tax.NeedsReason)):
        with pytest.raises(wrong), transaction():
            paying_tax.take_back(made, reason=reason, actor=SYSTEM, now=now)
    with transaction():
        undoing = paying_tax.take_back(made, reason="Nhầm số tiền", actor=SYSTEM, now=now)
    assert (undoing.amount_vnd, undoing.undoes_id) == (-1_000, made.id)
    for row in (made, undoing):
        with pytest.raises(paying_tax.TakenBackBefore), transaction():
            paying_tax.take_back(row, reason="Nhầm", actor=SYSTEM, now=now)

    assert (owed(office), said(office, Account.TAX), said(office, Account.BANK)) == (2_250, -2_250, 0)
    assert pay(office, 2_250, now).number == "NT-000003"


def test_what_is_offset_after_it_was_paid_lessens_what_is_owed_later(
    ctx: Flask, shop: Shop, office: Organisation, now: datetime
) -> None:
    pay(office, 2_250, now)
    later = now + timedelta(days=40)
    order = order_of(shop, later, 2, method=PaymentMethod.VIETQR)
    with transaction():
        settling.refund(order.purchase.payments[0], 50_000, cause="s", reason="Trả hàng", now=later)

    assert owed(office, clock.business_date(later).replace(day=1)) == 750
    assert owed(office) == 0


class _Undone(Exception):
    """What was done in this transaction is not to stay."""


def test_the_nightly_proof_finds_what_was_paid_beyond_what_was_held_back(
    ctx: Flask, office: Organisation, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_much() -> None:
        with monkeypatch.context() as patch, transaction():
            patch.setattr(paying_tax, "owed", lambda office_id, month: 10_000)
            paying_tax.pay(
                db.session.get_one(Organisation, office.id), NOVEMBER, 5_000, paid_on=NOVEMBER, reference="KB9",
                actor=SYSTEM, now=now,
            )  # fmt: skip
            assert any("NT-000001: 5000 was paid of 2250" in line for line in agreement.verify())
            raise _Undone

    with pytest.raises(_Undone):
        too_much()


def test_the_nightly_proof_finds_a_payment_that_is_not_in_the_journal(
    ctx: Flask, office: Organisation, now: datetime
) -> None:
    def beside_the_journal() -> None:
        with transaction() as session:
            entry_id = session.scalar(select(TaxHeld.entry_id).limit(1))
            session.add(
                TaxPayment(
                    number="NT-999999", office_id=office.id, month=NOVEMBER, amount_vnd=1, paid_on=NOVEMBER,
                    reference="KB8", entry_id=entry_id, at=now,
                )
            )  # fmt: skip
            session.flush()
            found = [line for line in agreement.verify() if "NT-999999" in line or "should have" in line]
            assert len(found) == 3, "the document, the list of tax, and the money"
            raise _Undone

    with pytest.raises(_Undone):
        beside_the_journal()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tax_payment SET amount_vnd = 1",
        "DELETE FROM tax_payment",
        "INSERT INTO tax_payment (number, office_id, month, amount_vnd, paid_on, reference, reason, entry_id, at) "
        "SELECT 'NT-9', office_id, month, -5, paid_on, 'X', '', 1, at FROM tax_payment",
        "INSERT INTO tax_payment (number, office_id, month, amount_vnd, paid_on, reference, reason, entry_id, at) "
        "SELECT 'NT-9', office_id, month, 5, paid_on, '', '', 1, at FROM tax_payment",
        "INSERT INTO tax_payment (number, office_id, month, amount_vnd, paid_on, reference, reason, entry_id, at, "
        "undoes_id) SELECT 'NT-9', office_id, month, -5, paid_on, 'X', '', 1, at, id FROM tax_payment",
    ],
)
def test_the_database_refuses_what_may_not_be(ctx: Flask, office: Organisation, now: datetime, statement: str) -> None:
    pay(office, 1_000, now)

    with pytest.raises(DBAPIError), transaction() as session:
        session.execute(text(statement))


@pytest.mark.race
def test_of_many_who_pay_at_once_no_more_is_paid_than_is_owed(app: Flask, office: Organisation, now: datetime) -> None:
    def press(number: int) -> str:
        return pay(office, 1_000, now, f"KB{number}").number

    results = race(app, 6, press)

    assert sorted(results) == ["MoreThanOwed"] * 4 + ["NT-000001", "NT-000002"]
    with app.app_context():
        assert owed(office) == 250


@pytest.mark.race
def test_one_transfer_written_down_by_two_is_one(app: Flask, office: Organisation, now: datetime) -> None:
    results = race(app, 4, lambda number: pay(office, 500, now).number)

    assert sorted(results) == ["NT-000001", "PaidBefore", "PaidBefore", "PaidBefore"]


@pytest.mark.race
def test_the_control_that_looks_before_it_locks_pays_too_much(
    make: Factories, app: Flask, shop: Shop, now: datetime
) -> None:
    """Who adds up what is owed before the others have paid finds all of it, and so do they."""
    office = set_up(make, app, shop, now)

    def press(number: int) -> int:
        there = owed(office)
        meet()
        with transaction():
            paying_tax._written(office.id, NOVEMBER, there, NOVEMBER, f"KB{number}", None, SYSTEM, now)
        return there

    assert race(app, 2, press) == [2_250, 2_250]
    with app.app_context():
        assert owed(office) == -2_250
        assert any("was paid of 2250 that was held back" in line for line in agreement.verify())
