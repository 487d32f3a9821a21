"""What the journal says after each thing that happens to an order, to the đồng."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import func, select, text

from accounts.actor import SYSTEM
from accounts.models import Organisation
from app.books_jobs import prove
from books import commission, queries, shares
from books.models import Account, BooksProof, JournalEntry, JournalLine
from kernel import clock, jobs
from kernel.db import db, transaction
from storefront import agreement, bookkeeping, ordering, parcels, settling
from storefront.order_models import Order, Payment, PaymentMethod, Refund
from storefront.settling import Arrived
from tests.factories import Factories
from tests.orders import Shop, buy, open_shop, order_of
from tests.races import meet, race

A = Account


@pytest.fixture
def shop(make: Factories, app: Flask, now: datetime) -> Shop:
    """Rice of A at 50.000 ₫, honey of B at 120.000 ₫, each with an account of its own."""
    return open_shop(make, app, now)


@pytest.fixture
def office(make: Factories, app: Flask, shop: Shop, now: datetime) -> Organisation:
    """An office that takes 7,5 % of all goods from today on."""
    office = make.office()
    with app.app_context(), transaction():
        commission.set_rate(office, 750, valid_from=clock.business_date(now), actor=SYSTEM, now=now)
    return office


@pytest.fixture(autouse=True)
def books_agree(app: Flask) -> Iterator[None]:
    """After whatever a test does, the journal says the same as orders and money."""
    yield
    with app.app_context():
        assert agreement.verify() == []


def said(organisation: Organisation) -> dict[Account, int]:
    """Add up an organisation's accounts, those at nought left out."""
    rows = db.session.execute(
        select(JournalLine.account, func.sum(JournalLine.amount_vnd))
        .where(JournalLine.organisation_id == organisation.id)
        .group_by(JournalLine.account)
    )
    return {account: int(amount) for account, amount in rows if amount}


def refund(payment: Payment, amount: int, cause: str, now: datetime) -> Refund:
    """Promise money back, as a return does."""
    with transaction():
        return settling.refund(payment, amount, cause=cause, reason="Trả hàng", now=now)


# --- Orders -------------------------------------------------------------------------------------------


def test_a_placed_order_is_in_no_book_until_it_stands(ctx: Flask, shop: Shop, office: Organisation, now) -> None:
    order_of(shop, now, 2, method=PaymentMethod.VIETQR, paid=False)

    assert said(shop.a) == said(office) == {}


def test_a_paid_order_leaves_the_producer_its_share_and_owes_the_commission(
    ctx: Flask, shop: Shop, office: Organisation, now: datetime
) -> None:
    order = order_of(shop, now, 2, method=PaymentMethod.VIETQR)

    assert (order.commission_bp, order.commission_vnd, order.house_id) == (750, 7_500, office.id)
    assert said(shop.a) == {
        A.BANK: 130_000, A.SALES: -100_000, A.DELIVERY: -30_000, A.COMMISSION: 7_500, A.BETWEEN: -7_500,
    }  # fmt: skip
    assert said(office) == {A.BETWEEN: 7_500, A.COMMISSION: -7_500}


def test_an_order_keeps_the_rate_it_was_placed_under(ctx: Flask, shop: Shop, office: Organisation, now) -> None:
    first = order_of(shop, now, 2, method=PaymentMethod.VIETQR, paid=False)
    with transaction():
        for producer, rate in ((None, 9_000), (shop.a, 1_000)):
            commission.set_rate(
                office, rate, producer=producer, valid_from=clock.business_date(now), actor=SYSTEM, now=now
            )
    second = order_of(shop, now, 2, method=PaymentMethod.VIETQR, paid=False)
    with transaction():
        settling.capture(first.purchase.payments[0], 130_000, now=now)

    assert (first.commission_vnd, second.commission_vnd) == (7_500, 10_000)
    assert said(office) == {A.BETWEEN: 7_500, A.COMMISSION: -7_500}


@pytest.mark.parametrize(
    ("rate", "days", "refusal"),
    [
        (-1, (0, None), commission.BadRate),
        (10_001, (0, None), commission.BadRate),
        (500, (-1, None), commission.TooEarly),
        (500, (1, 0), commission.EndsBefore),
    ],
)
def test_a_rate_that_cannot_be_is_refused(
    ctx: Flask, make: Factories, now, rate: int, days: tuple[int, int | None], refusal: type[Exception]
) -> None:
    today, office = clock.business_date(now), make.office()
    until = None if days[1] is None else today + timedelta(days=days[1])
    with pytest.raises(refusal), transaction():
        commission.set_rate(
            office, rate, valid_from=today + timedelta(days=days[0]), valid_until=until, actor=SYSTEM, now=now
        )


def test_a_rate_counts_from_its_first_day_through_its_last(ctx: Flask, make: Factories, now: datetime) -> None:
    today, office = clock.business_date(now), make.office()
    tomorrow = today + timedelta(days=1)
    with transaction():
        commission.set_rate(office, 300, valid_from=tomorrow, valid_until=tomorrow, actor=SYSTEM, now=now)

    days = [today + timedelta(days=ahead) for ahead in range(3)]
    assert [7 in commission.in_force([7], day) for day in days] == [False, True, False]
    with pytest.raises(commission.NotAnOffice), transaction():
        commission.set_rate(make.producer(), 300, valid_from=today, actor=SYSTEM, now=now)


def test_called_off_after_it_was_paid_nobody_has_earned_anything_and_the_money_is_promised_back(
    ctx: Flask, shop: Shop, office: Organisation, now: datetime
) -> None:
    order = order_of(shop, now, 2, method=PaymentMethod.VIETQR)
    with transaction():
        ordering.cancel(order, cause="seller", reason="Hết hàng", now=now)
    assert said(shop.a) == {A.BANK: 130_000, A.HELD: -130_000}

    with transaction():
        (made,) = settling.give_back_of(order, now=now)
    assert said(shop.a) == {A.BANK: 130_000, A.REFUNDS: -130_000}
    with transaction():
        settling.refund_done(made, reference="FT9", actor=SYSTEM, now=now)
    assert said(shop.a) == said(office) == {}


# --- Money --------------------------------------------------------------------------------------------


def test_money_for_nothing_is_a_debt_to_who_paid_until_it_is_known_what_for(ctx: Flask, shop: Shop, now) -> None:
    order = order_of(shop, now, 2, method=PaymentMethod.VIETQR, paid=False)
    payment = order.purchase.payments[0]
    with transaction():
        credit = settling.record(Arrived("FT1", "statement", shop.a.id, 100_000, "tien hang", now), now=now)
    assert said(shop.a) == {A.BANK: 100_000, A.HELD: -100_000}
    with transaction():
        settling.assign(credit, payment, actor=SYSTEM, now=now)
    assert bookkeeping.held(payment) == 100_000

    with transaction():
        settling.record(Arrived("FT2", "statement", shop.a.id, 50_000, payment.code, now), now=now)

    assert said(shop.a) == {A.BANK: 150_000, A.SALES: -100_000, A.DELIVERY: -30_000, A.HELD: -20_000}


def test_what_is_over_goes_back_before_anything_of_the_sale_is_undone(ctx: Flask, shop: Shop, now: datetime) -> None:
    order = order_of(shop, now, 2, method=PaymentMethod.VIETQR, paid=False)
    payment = order.purchase.payments[0]
    with transaction():
        settling.record(Arrived("FT1", "statement", shop.a.id, 150_000, payment.code, now), now=now)

    refund(payment, 20_000, "over", now)
    assert said(shop.a) == {A.BANK: 150_000, A.SALES: -100_000, A.DELIVERY: -30_000, A.REFUNDS: -20_000}
    refund(payment, 50_000, "return", now)
    assert said(shop.a)[A.SALES] == -50_000


def test_money_that_the_office_takes_for_a_producer_is_owed_to_the_producer(
    ctx: Flask, shop: Shop, office: Organisation, now: datetime
) -> None:
    order = order_of(shop, now, 2, method=PaymentMethod.VIETQR, paid=False)
    with transaction():
        payment = db.session.get_one(Payment, order.purchase.payments[0].id)
        payment.payee_id = office.id
    with transaction():
        settling.record(Arrived("FT1", "statement", office.id, 130_000, payment.code, now), now=now)

    assert said(shop.a)[A.BETWEEN] == 130_000 - 7_500
    assert said(office) == {A.BANK: 130_000, A.BETWEEN: -122_500, A.COMMISSION: -7_500}
    (due,) = (queries.Due._make(row) for row in db.session.execute(queries.due(SYSTEM, shop.a.id)))
    assert (due.document, due.amount_vnd, due.by_vi) == (order.number, 122_500, office.name_vi)


# --- Refunds ------------------------------------------------------------------------------------------


def test_refunds_undo_their_part_and_the_last_one_takes_what_is_left(
    ctx: Flask, shop: Shop, office: Organisation, now: datetime
) -> None:
    payment = order_of(shop, now, 2, method=PaymentMethod.VIETQR).purchase.payments[0]

    made = [refund(payment, 33_333, "one", now)]
    assert said(office)[A.COMMISSION] == -5_000
    made += [refund(payment, 33_333, "two", now), refund(payment, 63_334, "three", now)]

    assert said(shop.a) == {A.BANK: 130_000, A.REFUNDS: -130_000}
    assert said(office) == {}
    with transaction():
        for one in made:
            settling.refund_done(one, reference="FT9", actor=SYSTEM, now=now)
    assert said(shop.a) == {}


def test_a_refund_that_is_refused_was_never_one(ctx: Flask, shop: Shop, office: Organisation, now: datetime) -> None:
    order = order_of(shop, now, 2, method=PaymentMethod.VIETQR)
    payment, before = order.purchase.payments[0], said(shop.a)
    first, second = refund(payment, 33_333, "one", now), refund(payment, 50_000, "two", now)
    with transaction():
        settling.refund_refused(first, reason="Sai tài khoản", actor=SYSTEM, now=now)
    with transaction():
        settling.refund_refused(second, reason="Sai tài khoản", actor=SYSTEM, now=now)

    assert said(shop.a) == before
    assert payment.refunded_vnd == 0
    with pytest.raises(settling.DecidedBefore), transaction():
        settling.refund_refused(first, reason="Lại", actor=SYSTEM, now=now)
    with pytest.raises(settling.NeedsReason), transaction():
        settling.refund_refused(refund(payment, 1, "three", now), reason=" ", actor=SYSTEM, now=now)


# --- Cash ---------------------------------------------------------------------------------------------


def test_cash_is_held_by_the_carrier_then_on_its_way_then_counted(ctx: Flask, shop: Shop, now: datetime) -> None:
    order = order_of(shop, now, 2)
    assert said(shop.a) == {A.BUYERS: 130_000, A.SALES: -100_000, A.DELIVERY: -30_000}
    with transaction():
        parcel = parcels.pack(order, carrier="ghn", actor=SYSTEM, now=now)
        parcels.move_on(parcel, parcels.S.DELIVERED, actor=SYSTEM, now=now)
        parcels.collected(parcel, actor=SYSTEM, now=now)
    assert said(shop.a)[A.COLLECTED] == 130_000
    assert db.session.scalar(select(JournalLine.holder).where(JournalLine.account == A.COLLECTED)) == "ghn"
    with transaction():
        parcels.handed_over(parcel, actor=SYSTEM, now=now)
    assert said(shop.a)[A.UNDER_WAY] == 130_000
    with transaction():
        parcels.reconciled(parcel, counted_vnd=130_000, actor=SYSTEM, now=now)

    assert said(shop.a) == {A.CASH: 130_000, A.SALES: -100_000, A.DELIVERY: -30_000}


def test_a_parcel_that_nobody_took_leaves_nothing_owed(ctx: Flask, shop: Shop, office: Organisation, now) -> None:
    order = order_of(shop, now, 2)
    with transaction():
        parcel = parcels.pack(order, carrier="ghn", actor=SYSTEM, now=now)
        parcels.move_on(parcel, parcels.S.RETURNING, note="Không nhận", actor=SYSTEM, now=now)
        parcels.take_back(parcel, sellable=True, actor=SYSTEM, now=now)

    assert said(shop.a) == said(office) == {}


def test_cash_that_is_missing_stays_on_record_as_missing(ctx: Flask, shop: Shop, now: datetime) -> None:
    order = order_of(shop, now, 2)
    payment = order.purchase.payments[0]
    with transaction():
        parcel = parcels.pack(order, carrier="ghn", actor=SYSTEM, now=now)
        settling.collect(payment, parcel=parcel, now=now)
        settling.hand_over(payment, parcel, now=now)
    with pytest.raises(settling.BadCount), transaction():
        settling.reconcile(payment, parcel, -1, now=now)
    with transaction():
        settling.reconcile(payment, parcel, 129_000, now=now)

    assert (said(shop.a)[A.CASH], said(shop.a)[A.DIFFERENCES]) == (129_000, 1_000)


# --- Who is at it at once -----------------------------------------------------------------------------


@pytest.mark.race
def test_two_refunds_of_one_order_at_once_undo_no_more_than_there_is(
    app: Flask, shop: Shop, office: Organisation, now: datetime
) -> None:
    with app.app_context():
        payment_id = order_of(shop, now, 2, method=PaymentMethod.VIETQR).purchase.payments[0].id

    def give(number: int) -> str:
        refund(db.session.get_one(Payment, payment_id), 13_333, f"return:{number}", now)
        return "given"

    results = race(app, 12, give)

    with app.app_context():
        assert results.count("given") == 9
        assert set(results) == {"given", "RefundTooLarge"}
        assert said(shop.a)[A.REFUNDS] == -9 * 13_333
        assert said(office).get(A.COMMISSION, 0) == 0  # 119.997 went back: all that was for goods


@pytest.mark.race
def test_control_who_looks_before_locking_undoes_the_same_part_again_and_again(
    app: Flask, shop: Shop, office: Organisation, now: datetime
) -> None:
    with app.app_context():
        order_id = order_of(shop, now, 2, method=PaymentMethod.VIETQR).id

    def give(_: int) -> int:
        order = db.session.get_one(Order, order_id)
        before = bookkeeping.undone_of(order)
        db.session.rollback()
        meet()
        return shares.refund(bookkeeping.sale_of(order), before_vnd=before, amount_vnd=100_000).commission_vnd

    assert sum(race(app, 4, give)) == 4 * 7_500


# --- Proof --------------------------------------------------------------------------------------------


def test_the_nightly_proof_is_kept_and_comes_again(ctx: Flask, shop: Shop, now: datetime) -> None:
    order_of(shop, now, 2, method=PaymentMethod.VIETQR)

    made = prove(now=now)

    assert (made.entries, made.lines, made.difference_count) == (3, 7, 0)
    assert "books.prove" in jobs.RECURRING
    assert jobs.RECURRING["books.prove"](now) > now


def test_a_sum_that_somebody_changed_is_named_and_the_command_fails(app: Flask, shop: Shop, now: datetime) -> None:
    with app.app_context():
        payment_id = order_of(shop, now, 2, method=PaymentMethod.VIETQR).purchase.payments[0].id
    runner: CliRunner = app.test_cli_runner()
    assert "0 differences" in runner.invoke(args=["books", "verify"]).output
    with app.app_context(), transaction():
        db.session.get_one(Payment, payment_id).captured_vnd += 1

    answer = runner.invoke(args=["books", "verify"])

    assert answer.exit_code == 1
    assert "130001 came" in answer.output
    with app.app_context():
        proofs = db.session.scalars(select(BooksProof.difference_count).order_by(BooksProof.id)).all()
        assert proofs == [0, 1]
        with transaction():
            db.session.get_one(Payment, payment_id).captured_vnd -= 1


@pytest.mark.parametrize("what", ["order", "refund", "credit"])
def test_what_is_in_no_book_is_named(ctx: Flask, shop: Shop, now: datetime, what: str) -> None:
    order = order_of(shop, now, 2, method=PaymentMethod.VIETQR, paid=False)
    statements = {
        "order": f"UPDATE purchase_order SET placement = 'confirmed', confirmed_at = placed_at WHERE id = {order.id}",
        "refund": "INSERT INTO refund (number, payment_id, amount_vnd, reason, cause, state, reference, problem,"
        " asked_at)"
        f" VALUES ('HT-9', {order.purchase.payments[0].id}, 5, 'x', 'x', 'asked', '', '', '2026-11-24 02:00:00')",
        "credit": "INSERT INTO bank_credit (identity, source, payee_id, account, bank_reference, amount_vnd, memo,"
        f" arrived_at, recorded_at, outcome, decision) VALUES ('x', 'x', {shop.a.id}, '', '', 5, '',"
        " '2026-11-24 02:00:00', '2026-11-24 02:00:00', 'unmatched', '')",
    }
    db.session.execute(text(statements[what]))

    found = agreement.verify()

    assert any(what in line for line in found), found
    db.session.rollback()


def test_the_journal_of_an_order_has_its_payment_and_refunds(ctx: Flask, shop: Shop, now: datetime) -> None:
    purchase = buy(shop, now, (shop.rice, 2), (shop.honey, 1), method=PaymentMethod.VIETQR)
    first, second = purchase.orders
    made = refund(purchase.payments[0], 50_000, "return", now)

    assert bookkeeping.documents_of(first.number) == [first.number, purchase.payments[0].code, made.number]
    lines = queries.about(SYSTEM, bookkeeping.documents_of(second.number))
    assert list(dict.fromkeys(line.kind for line in lines)) == [
        "money_arrived", "order_confirmed", "order_paid",
    ]  # fmt: skip
    assert db.session.scalar(select(func.count()).select_from(JournalEntry)) == 7
