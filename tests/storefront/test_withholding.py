"""Tax held back for households: when they are paid, by the rule and the switch of that day, offset to the đồng."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from accounts.actor import SYSTEM
from accounts.models import LegalForm, Organisation
from books import commission, withholding
from books.models import Account, JournalLine, TaxHeld
from kernel import clock
from kernel.db import db, transaction
from kernel.models import AuditEntry
from storefront import agreement, changing, ordering, settling
from storefront.order_models import BankAccount, Order, PaymentMethod, Refund
from tests.factories import Factories
from tests.orders import Shop, buy, open_shop, order_of

A = Account


@pytest.fixture
def shop(make: Factories, app: Flask, now: datetime) -> Shop:
    """A is a household that sells rice at 50.000 ₫; B is a cooperative."""
    shop = open_shop(make, app, now)
    with app.app_context(), transaction():
        db.session.get_one(Organisation, shop.a.id).legal_form = LegalForm.HOUSEHOLD
    return shop


@pytest.fixture
def office(make: Factories, app: Flask, shop: Shop, now: datetime) -> Organisation:
    """An office that holds tax back from today on."""
    office = make.office()
    with app.app_context():
        turn(office, True, now)
    return office


@pytest.fixture(autouse=True)
def books_agree(app: Flask) -> Iterator[None]:
    """After whatever a test does, the journal says the same as orders, money and the list of tax."""
    yield
    with app.app_context():
        assert agreement.verify() == []


def turn(office: Organisation, is_on: bool, now: datetime, **facts: Any) -> None:
    with transaction():
        withholding.turn(
            office,
            is_on,
            **{"valid_from": clock.business_date(now), "reason": "Sàn có chức năng thanh toán", **facts},
            actor=SYSTEM,
            now=now,
        )


def said(organisation: Organisation) -> dict[Account, int]:
    rows = db.session.execute(
        select(JournalLine.account, func.sum(JournalLine.amount_vnd))
        .where(JournalLine.organisation_id == organisation.id)
        .group_by(JournalLine.account)
    )
    return {account: int(amount) for account, amount in rows if amount}


def listed(order: Order) -> list[tuple[int, int, int]]:
    rows = db.session.scalars(select(TaxHeld).where(TaxHeld.document == order.number).order_by(TaxHeld.id))
    return [(row.base_vnd, row.vat_vnd, row.pit_vnd) for row in rows]


def test_without_the_switch_nothing_is_held_back(ctx: Flask, shop: Shop, make: Factories, now: datetime) -> None:
    make.office()

    order = order_of(shop, now, 2, method=PaymentMethod.VIETQR)

    assert order.withholding is None
    assert A.TAX not in said(shop.a)


def test_a_household_that_was_paid_owes_one_percent_and_a_half_of_its_goods(
    ctx: Flask, shop: Shop, office: Organisation, now: datetime
) -> None:
    order = order_of(shop, now, 2, method=PaymentMethod.VIETQR)

    assert order.withholding == {
        "rule": "252-2026", "base_vnd": 100_000, "vat_vnd": 1_000, "pit_vnd": 500, "is_claim": True,
    }  # fmt: skip
    assert order.house_id == office.id
    assert said(shop.a) == {
        A.BANK: 130_000, A.SALES: -100_000, A.DELIVERY: -30_000, A.TAX: 1_500, A.BETWEEN: -1_500,
    }  # fmt: skip
    assert said(office) == {A.BETWEEN: 1_500, A.TAX: -1_500}
    assert listed(order) == [(100_000, 1_000, 500)]


def test_money_that_passes_through_the_office_is_passed_on_without_the_tax(
    ctx: Flask, shop: Shop, office: Organisation, now: datetime
) -> None:
    with transaction():
        db.session.execute(
            BankAccount.__table__.update().where(BankAccount.organisation_id == shop.a.id).values(is_active=False)
        )
        db.session.add(
            BankAccount(organisation_id=office.id, bank_bin="970405", number="99", holder="MAU", added_at=now)
        )

    order = order_of(shop, now, 2, method=PaymentMethod.VIETQR)

    assert order.withholding is not None
    assert order.withholding["is_claim"] is False
    assert said(office) == {A.BANK: 130_000, A.BETWEEN: -128_500, A.TAX: -1_500}
    assert said(shop.a)[A.BETWEEN] == 128_500


def test_nothing_is_held_back_of_a_cooperative(ctx: Flask, shop: Shop, office: Organisation, now: datetime) -> None:
    order = buy(shop, now, (shop.honey, 1), method=PaymentMethod.VIETQR).orders[0]

    assert order.withholding is None


def test_cash_on_delivery_is_taxed_when_it_was_taken_and_not_before(
    ctx: Flask, shop: Shop, office: Organisation, now: datetime
) -> None:
    order = order_of(shop, now, 2, method=PaymentMethod.COD)
    assert order.withholding is None

    with transaction():
        settling.collect(order.purchase.payments[0], now=now)

    assert listed(order) == [(100_000, 1_000, 500)]
    assert order.withholding is not None
    assert order.withholding["is_claim"] is True


def test_the_commission_and_the_tax_are_taken_of_the_same_sale(
    ctx: Flask, shop: Shop, office: Organisation, now: datetime
) -> None:
    with transaction():
        commission.set_rate(office, 750, valid_from=clock.business_date(now), actor=SYSTEM, now=now)

    order_of(shop, now, 2, method=PaymentMethod.VIETQR)

    assert said(office) == {A.BETWEEN: 9_000, A.COMMISSION: -7_500, A.TAX: -1_500}


def test_refunds_offset_their_part_and_the_last_one_takes_what_is_left(
    ctx: Flask, shop: Shop, office: Organisation, now: datetime
) -> None:
    order = order_of(shop, now, 3, method=PaymentMethod.VIETQR)  # 150.000 ₫ of goods: 1.500 ₫ and 750 ₫
    (payment,) = order.purchase.payments
    for count, amount in enumerate((50_001, 33_333, 180_000 - 83_334)):
        with transaction():
            settling.refund(payment, amount, cause=f"r{count}", reason="Trả hàng", now=now)

    found = listed(order)

    assert found[:3] == [(150_000, 1_500, 750), (-50_001, -500, -250), (-33_333, -333, -167)]
    assert [sum(column) for column in zip(*found, strict=True)] == [0, 0, 0]
    assert A.TAX not in said(shop.a)


def test_a_refund_that_is_taken_back_holds_its_tax_back_again(
    ctx: Flask, shop: Shop, office: Organisation, now: datetime
) -> None:
    order = order_of(shop, now, 2, method=PaymentMethod.VIETQR)
    with transaction():
        settling.refund(order.purchase.payments[0], 50_000, cause="r", reason="Trả hàng", now=now)
    with transaction():
        settling.refund_refused(db.session.scalars(select(Refund)).one(), reason="Nhầm", actor=SYSTEM, now=now)

    assert listed(order) == [(100_000, 1_000, 500), (-50_000, -500, -250), (50_000, 500, 250)]


def test_an_order_called_off_offsets_all_of_it(ctx: Flask, shop: Shop, office: Organisation, now: datetime) -> None:
    order = order_of(shop, now, 2, method=PaymentMethod.VIETQR)
    with transaction():
        ordering.cancel(order, cause="buyer", now=now)
        settling.give_back_of(order, now=now)

    assert listed(order) == [(100_000, 1_000, 500), (-100_000, -1_000, -500)]
    assert A.TAX not in said(office)


def test_what_was_paid_keeps_its_tax_when_the_switch_is_turned(
    ctx: Flask, shop: Shop, office: Organisation, now: datetime
) -> None:
    first = order_of(shop, now, 1, method=PaymentMethod.VIETQR)
    waiting = order_of(shop, now, 2, method=PaymentMethod.VIETQR, paid=False)
    turn(office, False, now, reason="Chưa có mã số thuế khấu trừ")
    with transaction():
        settling.capture(waiting.purchase.payments[0], 130_000, now=now)

    assert listed(first) == [(50_000, 500, 250)]
    assert waiting.withholding is None


def test_a_switch_counts_from_its_first_day(ctx: Flask, shop: Shop, make: Factories, now: datetime) -> None:
    office = make.office()
    turn(office, True, now, valid_from=clock.business_date(now) + timedelta(days=1))

    today = order_of(shop, now, 1, method=PaymentMethod.VIETQR)
    tomorrow = order_of(shop, now + timedelta(days=1), 1, method=PaymentMethod.VIETQR)

    assert today.withholding is None
    assert tomorrow.withholding is not None


def test_the_switch_of_one_seller_goes_before_the_one_for_all(
    ctx: Flask, shop: Shop, office: Organisation, now: datetime
) -> None:
    turn(office, False, now, seller=shop.a, reason="Doanh thu dưới 1 tỷ đồng, có thông báo")
    turn(office, True, now, reason="Sàn vẫn khấu trừ")

    assert order_of(shop, now, 1, method=PaymentMethod.VIETQR).withholding is None


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        ({"reason": "  "}, withholding.NeedsReason),
        ({"valid_from": date(2026, 11, 23)}, withholding.TooEarly),
    ],
)
def test_a_switch_needs_a_reason_and_a_day_to_come(
    ctx: Flask, make: Factories, now: datetime, facts: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        turn(make.office(), True, now, **facts)


def test_only_an_office_turns_it(ctx: Flask, shop: Shop, now: datetime) -> None:
    with pytest.raises(withholding.NotAnOffice):
        turn(shop.a, True, now)


def test_of_less_than_a_dong_of_tax_nothing_is_held_back(
    ctx: Flask, shop: Shop, office: Organisation, now: datetime
) -> None:
    with transaction() as session:
        session.expire_all()
        today, seller = clock.business_date(now), session.get_one(Organisation, shop.a.id)
        assert withholding.of_sale(seller, 49, on=today) is None
        held = withholding.of_sale(seller, 50, on=today)  # half a đồng of VAT, a quarter of income tax

    assert held is not None
    assert (held.vat_vnd, held.pit_vnd, held.base_vnd, held.office_id) == (1, 0, 50, office.id)


def test_who_turned_the_switch_for_whom_is_in_the_trail(ctx: Flask, shop: Shop, make: Factories, now: datetime) -> None:
    office = make.office()
    actor = make.actor(office)
    facts = {"valid_from": clock.business_date(now), "reason": "Hộ kinh doanh", "actor": actor, "now": now}
    with transaction():
        row = withholding.turn(office, True, seller=shop.a, **facts)
        last = withholding.turn(office, False, **facts)

    assert (row.set_by_id, row.set_at, row.reason) == (actor.user_id, now, "Hộ kinh doanh")
    assert list(withholding.all_turns()) == [last, row]
    entries = db.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "books.turn_withholding").order_by(AuditEntry.id)
    ).all()
    assert [(one.subject, one.user_id, one.facts) for one in entries] == [
        (f"organisation:{shop.a.code}", actor.user_id, {"is_on": True, "reason": "Hộ kinh doanh"}),
        (f"organisation:{office.code}", actor.user_id, {"is_on": False, "reason": "Hộ kinh doanh"}),
    ]


def test_before_the_decree_there_is_no_rule() -> None:
    assert withholding.rule_on(date(2026, 6, 30)) is None
    rule = withholding.rule_on(date(2026, 7, 1))
    assert rule is not None
    assert (rule.vat_bp, rule.pit_bp, rule.forms) == (100, 50, {LegalForm.HOUSEHOLD})


def test_tax_that_is_not_in_the_list_is_named(ctx: Flask, shop: Shop, office: Organisation, now: datetime) -> None:
    order = order_of(shop, now, 2, method=PaymentMethod.VIETQR)
    row = db.session.scalars(select(TaxHeld).where(TaxHeld.document == order.number)).one()
    doubled = {column.name: getattr(row, column.name) for column in TaxHeld.__table__.columns if column.name != "id"}
    db.session.add(TaxHeld(**{**doubled, "document": "DH-999999-1"}))
    db.session.flush()

    assert any("list of tax" in line for line in agreement.verify())
    db.session.rollback()


def test_the_database_keeps_the_list_and_the_switch(
    ctx: Flask, shop: Shop, office: Organisation, now: datetime
) -> None:
    order_of(shop, now, 2, method=PaymentMethod.VIETQR)
    for statement in ("UPDATE tax_held SET vat_vnd = 1", "DELETE FROM withholding_switch"):
        with pytest.raises(Exception, match="append-only"), transaction() as session:
            session.execute(text(statement))


def test_of_goods_that_are_left_out_the_tax_is_offset(
    ctx: Flask, shop: Shop, office: Organisation, now: datetime
) -> None:
    order = order_of(shop, now, 4, method=PaymentMethod.VIETQR)
    with transaction():
        changing.take_down(order, {1: 1}, seen=0, now=now)

    assert order.withholding is not None
    assert (order.withholding["base_vnd"], order.withholding["vat_vnd"]) == (50_000, 500)
    assert listed(order) == [(200_000, 2_000, 1_000), (-150_000, -1_500, -750)]
    assert said(office) == {A.BETWEEN: 750, A.TAX: -750}
