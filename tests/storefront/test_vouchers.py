"""A voucher takes exactly off what it says, no more often than it says, and is had again once its orders are off."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from accounts.actor import SYSTEM
from accounts.models import Organisation
from app.mail import compose
from books.models import Account, JournalLine
from kernel import clock
from kernel.db import db, transaction
from kernel.models import Job
from stock import verification
from storefront import agreement, buyers, ordering, parcels, paying, settling, taking_along, voucher_queries, vouchers
from storefront.order_models import BankAccount, Cart, CreditOutcome, Order, PaymentMethod, Placement, Purchase, Refund
from storefront.shipping import Way
from storefront.voucher_models import Voucher, VoucherBuyer, VoucherClaim, VoucherKind
from storefront.vouchers import Terms
from tests.buying import Shop, arrive, asked, fill
from tests.factories import Factories
from tests.races import meet, race
from tests.web import send

AMOUNT, PERCENT, DELIVERY = VoucherKind


def terms(now: datetime, kind: VoucherKind = AMOUNT, value: int = 20_000, **facts: Any) -> Terms:
    """Terms of a voucher for ten days from today on."""
    today = clock.business_date(now)
    return Terms(kind, value, facts.pop("valid_from", today), facts.pop("valid_until", today + timedelta(9)), **facts)


def voucher(
    bearer: Organisation,
    now: datetime,
    kind: VoucherKind = AMOUNT,
    value: int = 20_000,
    code: str = "TET2027",
    **facts: Any,
) -> Voucher:
    """Make one."""
    with transaction() as session:
        bearer = session.get_one(Organisation, bearer.id)
        return vouchers.make(bearer, code, terms(now, kind, value, **facts), actor=SYSTEM, now=now)


def buy(
    shop: Shop,
    now: datetime,
    total: int,
    *lines: tuple[int, int],
    method: PaymentMethod = PaymentMethod.VIETQR,
    phone: str = "+84900000000",
    code: str = "tet 2027",
    **facts: Any,
) -> Purchase:
    """Place a purchase with a voucher, and ask for its money."""
    cart = fill(now, *lines)
    wanted = asked(shop, total, method, voucher_code=code, **facts)
    with transaction():
        buyer = ordering.Buyer(
            wanted.buyer.name, phone, wanted.buyer.line, wanted.buyer.commune_code, wanted.buyer.commune_valid_from
        )
        purchase = ordering.place(cart, replace(wanted, buyer=buyer), now=now)
        paying.ask(purchase, now=now)
    return purchase


def used(row: Voucher) -> int:
    """Read how many purchases have a voucher."""
    return db.session.scalars(select(Voucher.used).where(Voucher.id == row.id)).one()


def off_of(purchase: Purchase) -> list[int]:
    """Read what was taken off its orders."""
    return [order.discount_vnd for order in purchase.orders]


# --- What it takes off --------------------------------------------------------------------------------


def test_an_amount_is_taken_off_the_goods_of_who_bears_it_alone(ctx: Flask, shop: Shop, now: datetime) -> None:
    made = voucher(shop.first, now)

    purchase = buy(shop, now, 260_000, (shop.rice, 2), (shop.honey, 1))

    assert off_of(purchase) == [20_000, 0]
    assert [line.discount_vnd for order in purchase.orders for line in order.lines] == [20_000, 0]
    assert (purchase.discount_vnd, purchase.total_vnd, used(made)) == (20_000, 260_000, 1)
    assert [order.discount_by_id for order in purchase.orders] == [None, None]


def test_one_of_the_office_is_divided_by_what_goods_cost_and_owed_to_their_producers(
    ctx: Flask, shop: Shop, make: Factories, now: datetime
) -> None:
    office = make.office()
    voucher(office, now, value=33_333)

    purchase = buy(shop, now, 246_667, (shop.rice, 2), (shop.honey, 1), method=PaymentMethod.COD)

    assert off_of(purchase) == [15_151, 18_182]
    assert {order.discount_by_id for order in purchase.orders} == {office.id}
    owed = db.session.execute(
        select(JournalLine.organisation_id, func.sum(JournalLine.amount_vnd))
        .where(JournalLine.account == Account.BETWEEN)
        .group_by(JournalLine.organisation_id)
    ).all()
    assert dict(owed) == {shop.first.id: 15_151, shop.second.id: 18_182, office.id: -33_333}


def test_an_office_is_for_the_goods_it_looks_after_alone(ctx: Flask, shop: Shop, make: Factories, now) -> None:
    voucher(make.office(of=("01",)), now)

    with pytest.raises(vouchers.NoGoods):
        buy(shop, now, 130_000, (shop.rice, 2))


@pytest.mark.parametrize(
    ("kind", "value", "most", "goods", "delivery"),
    [
        (AMOUNT, 500_000, None, 100_000, 0),
        (PERCENT, 1_000, None, 10_000, 0),
        (PERCENT, 10_000, None, 100_000, 0),
        (PERCENT, 5_000, 30_000, 30_000, 0),
        (DELIVERY, 0, None, 0, 30_000),
        (DELIVERY, 0, 12_345, 0, 12_345),
        (DELIVERY, 0, 99_000, 0, 30_000),
    ],
)
def test_each_kind_takes_off_what_it_says_and_never_more_than_there_is(
    ctx: Flask, shop: Shop, now: datetime, kind: VoucherKind, value: int, most: int | None, goods: int, delivery: int
) -> None:
    voucher(shop.first, now, kind, value, most_vnd=most)

    purchase = buy(shop, now, 130_000 - goods - delivery, (shop.rice, 2), method=PaymentMethod.COD)

    order = purchase.orders[0]
    assert sum(line.discount_vnd for line in order.lines) == goods
    assert order.discount_vnd == goods + delivery


@given(
    st.sampled_from(VoucherKind), st.integers(1, 10_000), st.one_of(st.none(), st.integers(1, 10**6)),
    st.integers(0, 10**8), st.integers(0, 10**6),
)  # fmt: skip
def test_nothing_ever_costs_less_than_nought(
    kind: VoucherKind, value: int, most: int | None, goods: int, delivery: int
) -> None:
    off = vouchers.taken_off(kind, value, most, goods_vnd=goods, delivery_vnd=delivery)

    assert 0 <= off[0] <= goods
    assert 0 <= off[1] <= delivery
    assert most is None or sum(off) <= most


def test_what_costs_nothing_stands_at_once_and_is_asked_no_money_for(ctx: Flask, shop: Shop, now: datetime) -> None:
    voucher(shop.first, now, PERCENT, 10_000)
    ways = {shop.first.id: Way("pickup", 0), shop.second.id: Way("parcel", 30_000)}

    alone = buy(shop, now, 0, (shop.rice, 1), ways=ways)
    beside = buy(shop, now, 150_000, (shop.rice, 1), (shop.honey, 1), ways=ways, phone="+84900000001")

    assert (alone.method, alone.payments, alone.hold_until) == (PaymentMethod.COD, [], None)
    assert [order.placement for order in alone.orders] == [Placement.CONFIRMED]
    assert [order.placement for order in beside.orders] == [Placement.CONFIRMED, Placement.PLACED]
    assert [payment.amount_vnd for payment in beside.payments] == [150_000]


def test_one_payment_for_all_asks_for_what_is_not_free(ctx: Flask, shop: Shop, make: Factories, now: datetime) -> None:
    voucher(shop.first, now, PERCENT, 10_000)
    office = make.office()
    with transaction() as session:
        session.execute(update(BankAccount).values(is_active=False))
        session.add(
            BankAccount(organisation_id=office.id, bank_bin="970405", number="1099", holder="MAU", added_at=now)
        )
    ways = {shop.first.id: Way("pickup", 0), shop.second.id: Way("parcel", 30_000)}

    purchase = buy(shop, now, 150_000, (shop.rice, 1), (shop.honey, 1), ways=ways)
    arrive(purchase.payments[0], 150_000, now)

    assert [payment.order_id for payment in purchase.payments] == [None]
    db.session.expire_all()
    assert [order.placement for order in purchase.orders] == [Placement.CONFIRMED] * 2


# --- Refusals -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["TET2027", "tết 2027", " tet-20 27 ", "Tet_2027"])
def test_a_code_is_read_however_it_is_typed(ctx: Flask, shop: Shop, now: datetime, typed: str) -> None:
    voucher(shop.first, now, code="Tết 2027")

    assert buy(shop, now, 110_000, (shop.rice, 2), code=typed).voucher.code == "TET2027"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        ({"code": "KHONGCO"}, vouchers.UnknownVoucher),
        ({"code": "!"}, vouchers.UnknownVoucher),
        ({"code": "%"}, vouchers.UnknownVoucher),
        ({"terms": {"valid_from": date(2199, 1, 1), "valid_until": date(2199, 1, 1)}}, vouchers.NotYet),
        ({"at": 10}, vouchers.Over),
        ({"terms": {"least_vnd": 100_001}}, vouchers.TooLittle),
        ({"goods": "honey"}, vouchers.NoGoods),
        ({"kind": DELIVERY, "value": 0, "way": 0}, vouchers.NothingToTakeOff),
    ],
)
def test_a_voucher_that_does_not_fit_is_refused_and_nothing_is_placed(
    ctx: Flask, shop: Shop, now: datetime, facts: dict[str, Any], refusal: type[Exception]
) -> None:
    voucher(shop.first, now, facts.get("kind", AMOUNT), facts.get("value", 20_000), **facts.get("terms", {}))
    item = (shop.honey, 1) if facts.get("goods") else (shop.rice, 2)
    price = facts.get("way", 30_000)
    ways = {producer.id: Way("parcel", price) for producer in (shop.first, shop.second)}

    with pytest.raises(refusal):
        buy(shop, now + timedelta(facts.get("at", 0)), 0, item, code=facts.get("code", "TET2027"), ways=ways)

    assert db.session.scalar(select(func.count()).select_from(Purchase)) == 0


def test_it_counts_from_its_first_day_through_its_last_by_the_days_of_viet_nam(
    ctx: Flask, shop: Shop, now: datetime
) -> None:
    day = clock.business_date(now) + timedelta(1)
    voucher(shop.first, now, valid_from=day, valid_until=day)
    midnight = datetime.combine(day, datetime.min.time(), clock.VIETNAM)

    def try_at(moment: datetime) -> bool:
        try:
            vouchers.look_up("TET2027", {shop.first.id: 1}, {}, phone=None, now=moment)
        except vouchers.NotGiven:
            return False
        return True

    seconds = [timedelta(seconds=-1), timedelta(0), timedelta(hours=24, seconds=-1), timedelta(hours=24)]
    assert [try_at(midnight + ahead) for ahead in seconds] == [False, True, True, False]


def test_a_stopped_voucher_is_over_and_whoever_has_it_keeps_it(ctx: Flask, shop: Shop, now: datetime) -> None:
    made = voucher(shop.first, now)
    before = buy(shop, now, 110_000, (shop.rice, 2))
    with transaction():
        vouchers.stop(made, actor=SYSTEM, now=now)

    with pytest.raises(vouchers.Over):
        buy(shop, now, 110_000, (shop.rice, 2), phone="+84900000001")
    with pytest.raises(vouchers.StoppedBefore), transaction():
        vouchers.stop(made, actor=SYSTEM, now=now)
    assert before.total_vnd == 110_000


def test_another_total_than_the_one_with_the_voucher_is_not_taken(ctx: Flask, shop: Shop, now: datetime) -> None:
    voucher(shop.first, now)

    for total in (130_000, 109_999):
        with pytest.raises(ordering.CartChanged):
            buy(shop, now, total, (shop.rice, 2))
    assert db.session.scalar(select(func.count()).select_from(VoucherClaim)) == 0


# --- Limits -------------------------------------------------------------------------------------------


def test_used_as_often_as_it_may_be_it_is_used_up(ctx: Flask, shop: Shop, now: datetime) -> None:
    made = voucher(shop.first, now, most_uses=2)
    for number in range(2):
        buy(shop, now, 60_000, (shop.rice, 1), phone=f"+8490000000{number}")

    with pytest.raises(vouchers.UsedUp):
        buy(shop, now, 60_000, (shop.rice, 1), phone="+84900000009")
    assert used(made) == 2
    with pytest.raises(DBAPIError), transaction() as session:
        session.execute(update(Voucher).values(used=3))


def test_one_buyer_has_it_as_often_as_one_buyer_may(ctx: Flask, shop: Shop, now: datetime) -> None:
    voucher(shop.first, now, most_per_buyer=1)
    buy(shop, now, 60_000, (shop.rice, 1))

    with pytest.raises(vouchers.UsedByYou):
        buy(shop, now, 60_000, (shop.rice, 1))
    buy(shop, now, 60_000, (shop.rice, 1), phone="+84900000001")


def test_who_had_it_is_kept_as_a_keyed_digest_and_forgotten_with_the_contact(
    ctx: Flask, shop: Shop, now: datetime
) -> None:
    made = voucher(shop.first, now, most_per_buyer=1)
    purchase = buy(shop, now, 60_000, (shop.rice, 1))
    digests = db.session.scalars(select(VoucherBuyer.digest)).all()
    assert len(digests) == 1
    assert "900000000" not in digests[0]
    with transaction():
        ordering.cancel(purchase.orders[0], cause="buyer", now=now)
        assert buyers.ask_erasure(purchase, now=now)

    assert db.session.scalars(select(VoucherBuyer)).all() == []
    assert (used(made), len(db.session.scalars(select(VoucherClaim)).all())) == (0, 2)


# --- Given back ---------------------------------------------------------------------------------------


def test_cancelled_it_is_free_for_others_once_no_order_it_made_cheaper_stands(
    ctx: Flask, shop: Shop, make: Factories, now: datetime
) -> None:
    made = voucher(make.office(), now, most_uses=1)
    purchase = buy(shop, now, 260_000, (shop.rice, 2), (shop.honey, 1))

    with transaction():
        ordering.cancel(purchase.orders[0], cause="buyer", now=now)
    assert used(made) == 1
    with transaction():
        ordering.cancel(purchase.orders[1], cause="seller", reason="Hết hàng", now=now, actor=SYSTEM)
    assert used(made) == 0
    assert buy(shop, now, 110_000, (shop.rice, 2)).discount_vnd == 20_000


@pytest.mark.parametrize("paid", [True, False])
def test_who_calls_off_what_a_voucher_needs_calls_off_what_it_made_cheaper(
    app: Flask, client: FlaskClient, shop: Shop, make: Factories, now: datetime, paid: bool
) -> None:
    with app.app_context():
        voucher(make.office(), now, PERCENT, 1_000, least_vnd=200_000)
        purchase = buy(shop, now, 258_000, (shop.rice, 2), (shop.honey, 1))
        first, second = purchase.orders
        for number, payment in enumerate(purchase.payments if paid else ()):
            arrive(payment, payment.amount_vnd, now, identity=f"FT{number}")
        with pytest.raises(ordering.VoucherNeedsIt), transaction():
            ordering.cancel(second, cause="buyer", now=now, actor=SYSTEM)
        address, numbers = f"/don-hang/{purchase.token}/2/huy", (first.number, second.number)

    page = client.get(address).text
    assert all(words in page for words in (*numbers, "200.000", "Hủy tất cả các đơn này"))
    assert ("258.000" in page) is paid
    assert send(client, address).status_code == 409
    assert send(client, address, along=f"{numbers[0]} DH-9").status_code == 409
    assert send(client, address, along=numbers[0]).status_code == 303

    with app.app_context():
        orders = db.session.scalars(select(Order).order_by(Order.id)).all()
        assert [(order.placement, order.cancel_cause) for order in orders] == [(Placement.CANCELLED, "buyer")] * 2
        refunds = db.session.scalars(select(Refund.amount_vnd).order_by(Refund.amount_vnd)).all()
        assert refunds == ([120_000, 138_000] if paid else [])
        assert db.session.scalars(select(Voucher.used)).all() == [0]
        assert verification.verify() == agreement.verify() == []


def test_what_a_voucher_needs_is_not_called_off_once_an_order_it_made_cheaper_is_packed(
    app: Flask, client: FlaskClient, shop: Shop, make: Factories, now: datetime
) -> None:
    with app.app_context():
        voucher(make.office(), now, PERCENT, 1_000, least_vnd=200_000)
        purchase = buy(shop, now, 258_000, (shop.rice, 2), (shop.honey, 1), method=PaymentMethod.COD)
        first, second = purchase.orders
        with transaction():
            parcels.pack(first, carrier="hand_over", seen=0, actor=SYSTEM, now=now)
        address, number = f"/don-hang/{purchase.token}/2/huy", first.number

        assert number in client.get(address).text
        assert send(client, address, along=number).status_code == 409
        with transaction():
            ordering.cancel(second, cause="seller", reason="Hết hàng", now=now, actor=SYSTEM)
        assert [order.placement for order in purchase.orders] == [Placement.CONFIRMED, Placement.CANCELLED]


def test_an_order_the_voucher_does_not_need_is_called_off_alone(
    ctx: Flask, shop: Shop, make: Factories, now: datetime
) -> None:
    voucher(make.office(), now, PERCENT, 1_000, least_vnd=100_000)
    purchase = buy(shop, now, 258_000, (shop.rice, 2), (shop.honey, 1))
    first, second = purchase.orders

    with transaction():
        assert ordering.call_off(first, now=now) == [first]
    with transaction():
        assert ordering.call_off(second, now=now) == [second]


def test_an_order_that_got_nothing_off_gives_nothing_back(ctx: Flask, shop: Shop, now: datetime) -> None:
    made = voucher(shop.first, now)
    purchase = buy(shop, now, 260_000, (shop.rice, 2), (shop.honey, 1))

    with transaction():
        ordering.cancel(purchase.orders[1], cause="buyer", now=now)
    assert used(made) == 1


def test_not_paid_in_time_it_is_free_and_late_money_takes_it_again(ctx: Flask, shop: Shop, now: datetime) -> None:
    made = voucher(shop.first, now, most_uses=1, most_per_buyer=1)
    purchase = buy(shop, now, 110_000, (shop.rice, 2))
    later = now + ordering.HOLD
    with transaction():
        settling.close(purchase, now=later)
    assert used(made) == 0
    with transaction():
        vouchers.stop(made, actor=SYSTEM, now=later)

    arrive(purchase.payments[0], 110_000, later)

    db.session.expire_all()
    assert (purchase.orders[0].placement, used(made)) == (Placement.CONFIRMED, 1)
    turns = db.session.scalars(select(VoucherClaim.turn).order_by(VoucherClaim.turn)).all()
    assert turns == [1, 2, 3]


def test_late_money_for_a_voucher_that_others_used_up_goes_back(ctx: Flask, shop: Shop, now: datetime) -> None:
    made = voucher(shop.first, now, most_uses=1)
    purchase = buy(shop, now, 110_000, (shop.rice, 2))
    later = now + ordering.HOLD
    with transaction():
        settling.close(purchase, now=later)
    buy(shop, later, 60_000, (shop.rice, 1), phone="+84900000001")

    credit = arrive(purchase.payments[0], 110_000, later)

    db.session.expire_all()
    assert (purchase.orders[0].placement, used(made)) == (Placement.CANCELLED, 1)
    assert db.session.scalars(select(Refund.amount_vnd)).all() == [110_000]
    assert credit.outcome is CreditOutcome.LATE


def test_a_refund_gives_back_what_was_paid_and_not_the_voucher(ctx: Flask, shop: Shop, now: datetime) -> None:
    made = voucher(shop.first, now, PERCENT, 3_333)
    purchase = buy(shop, now, 96_670, (shop.rice, 2))
    payment = purchase.payments[0]
    arrive(payment, 96_670, now)

    with pytest.raises(settling.RefundTooLarge), transaction():
        settling.refund(payment, 96_671, cause="too much", reason="", order=purchase.orders[0], now=now)
    for part in (33_334, 63_336):
        with transaction():
            settling.refund(payment, part, cause=f"back {part}", reason="", order=purchase.orders[0], now=now)

    assert used(made) == 1


def test_one_that_cost_nothing_can_be_called_off(ctx: Flask, shop: Shop, now: datetime) -> None:
    made = voucher(shop.first, now, PERCENT, 10_000)
    ways = {shop.first.id: Way("pickup", 0)}
    purchase = buy(shop, now, 0, (shop.rice, 1), ways=ways)

    with transaction():
        ordering.cancel(purchase.orders[0], cause="buyer", now=now)
        assert settling.give_back_of(purchase.orders[0], now=now) == []
    assert used(made) == 0


# --- Made and kept ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "facts", "refusal"),
    [
        ("T1", {}, vouchers.BadCode),
        ("A" * 21, {}, vouchers.BadCode),
        ("TẾT!", {}, vouchers.BadCode),
        ("Ω2027", {}, vouchers.BadCode),
        ("có-rồi", {}, vouchers.CodeTaken),
        ("TET", {"value": 0}, vouchers.NeedsAmount),
        ("TET", {"value": -1}, vouchers.NeedsAmount),
        ("TET", {"kind": PERCENT, "value": 0}, vouchers.NeedsPercent),
        ("TET", {"kind": PERCENT, "value": 10_001}, vouchers.NeedsPercent),
        ("TET", {"most_uses": 0}, vouchers.BadLimit),
        ("TET", {"valid_until": date(2020, 1, 1)}, vouchers.EndsBefore),
        ("TET", {"valid_from": date(2020, 1, 1), "valid_until": date(2020, 1, 2)}, vouchers.EndedAlready),
    ],
)
def test_a_voucher_that_cannot_be_is_refused(
    ctx: Flask, make: Factories, now: datetime, code: str, facts: dict[str, Any], refusal: type[Exception]
) -> None:
    producer = make.producer()
    voucher(producer, now, code="CO ROI")

    with pytest.raises(refusal):
        voucher(producer, now, code=code, **facts)


@pytest.mark.parametrize(
    "change",
    [
        "value = 1",
        "code = 'ABC'",
        "most_uses = 9",
        "valid_until = '2030-01-01'",
        "stopped_at = NULL",
    ],
)
def test_the_database_keeps_the_terms_of_a_voucher(ctx: Flask, make: Factories, now: datetime, change: str) -> None:
    made = voucher(make.producer(), now)
    with transaction():
        vouchers.stop(made, actor=SYSTEM, now=now)

    with pytest.raises(DBAPIError, match="terms of a voucher stay"), transaction() as session:
        session.execute(text(f"UPDATE voucher SET {change}"))
    with pytest.raises(DBAPIError), transaction() as session:
        session.execute(text("DELETE FROM voucher"))


@pytest.mark.parametrize(
    ("tampering", "said"),
    [
        ("UPDATE voucher SET used = used + 1", "voucher TET2027"),
        ("UPDATE purchase SET voucher_id = NULL", "taken off by no voucher"),
        (
            "INSERT INTO voucher_claim SELECT purchase_id, 2, voucher_id, at FROM voucher_claim",
            "its orders say other",
        ),
        ("UPDATE purchase SET discount_vnd = 1, total_vnd = goods_vnd - 1 + shipping_vnd", "of its orders 20000"),
    ],
)
def test_the_proof_sees_a_count_or_a_sum_that_is_not_right(
    ctx: Flask, shop: Shop, now: datetime, tampering: str, said: str
) -> None:
    voucher(shop.first, now)
    buy(shop, now, 110_000, (shop.rice, 2))
    with db.session.begin_nested() as savepoint:
        db.session.execute(text(tampering))
        found = "\n".join(voucher_queries.disagreements())
        savepoint.rollback()
    db.session.rollback()

    assert said in found


def test_letters_and_the_data_to_take_along_name_the_voucher(
    ctx: Flask, shop: Shop, make: Factories, now: datetime
) -> None:
    voucher(shop.first, now)
    cart = fill(now, (shop.rice, 2))
    wanted = asked(shop, 110_000, voucher_code="TET2027")
    with transaction():
        purchase = ordering.place(cart, replace(wanted, buyer=replace(wanted.buyer, email="a@example.com")), now=now)

    facts = db.session.scalars(select(Job).where(Job.kind == "mail.send")).one().args["facts"]
    assert (facts["discount_vnd"], facts["voucher"]) == (20_000, "TET2027")
    assert taking_along._purchase(purchase)["voucher"] == "TET2027"


@pytest.mark.parametrize(
    ("language", "sum_of"), [("vi", ("Giao hàng", "Giảm giá", "Tổng")), ("en", ("Delivery", "Discount", "Total"))]
)
def test_a_letter_adds_up(
    ctx: Flask, shop: Shop, make: Factories, now: datetime, language: str, sum_of: tuple[str, ...]
) -> None:
    voucher(make.office(), now)
    wanted = asked(
        shop, 265_000, voucher_code="TET2027", language=language,
        ways={shop.first.id: Way("parcel", 30_000), shop.second.id: Way("parcel", 35_000)},
    )  # fmt: skip
    with transaction():
        cart = fill(now, (shop.rice, 2), (shop.honey, 1))
        ordering.place(cart, replace(wanted, buyer=replace(wanted.buyer, email="a@example.com")), now=now)

    job = db.session.scalars(select(Job).where(Job.kind == "mail.send")).one()
    letter = compose(ctx.config["OCOP"], now=now, **job.args)

    delivery, discount, total = sum_of
    for form in ("plain", "html"):
        body = letter.get_body((form,))
        assert body is not None
        said = [
            (words, int(re.sub(r"\D", "", amount)))
            for words, amount in re.findall(r"([^\n<>]*): ([−₫\d][−₫\d.,\xa0]*)", body.get_content())
            if "₫" in amount
        ]
        assert [amount for words, amount in said if delivery in words] == [30_000, 35_000]
        (off,) = (amount for words, amount in said if discount in words)
        (whole,) = (amount for words, amount in said if words.strip() == total)
        assert sum(amount for _, amount in said) - 2 * off - whole == whole == 265_000


# --- Races --------------------------------------------------------------------------------------------


def _ten_carts(app: Flask, shop: Shop, now: datetime) -> tuple[list[int], int]:
    with app.app_context():
        made = voucher(shop.first, now, most_uses=1)
        return [fill(now, (shop.rice, 1)).id for _ in range(10)], made.id


def _take(carts: list[int], shop: Shop, now: datetime) -> Callable[[int], str]:
    def press(number: int) -> str:
        wanted = asked(shop, 60_000, voucher_code="TET2027")
        buyer = replace(wanted.buyer, phone=f"+8490000000{number}")
        with transaction():
            ordering.place(db.session.get_one(Cart, carts[number]), replace(wanted, buyer=buyer), now=now)
        return "placed"

    return press


@pytest.mark.race
def test_of_ten_buyers_with_the_last_use_one_has_it(app: Flask, shop: Shop, now: datetime) -> None:
    carts, voucher_id = _ten_carts(app, shop, now)

    results = race(app, 10, _take(carts, shop, now))

    with app.app_context():
        assert sorted(results) == ["UsedUp"] * 9 + ["placed"]
        assert db.session.get_one(Voucher, voucher_id).used == 1
        assert db.session.scalar(select(func.count()).select_from(Order)) == 1


@pytest.mark.race
def test_control_who_looks_first_and_writes_later_gives_the_last_use_to_all(app: Flask, shop: Shop, now) -> None:
    _, voucher_id = _ten_carts(app, shop, now)

    def take(_: int) -> str:
        found = db.session.get_one(Voucher, voucher_id)
        before, most = found.used, found.most_uses
        db.session.rollback()
        meet()
        if before >= (most or 0):
            return "UsedUp"
        with transaction() as session:
            session.execute(update(Voucher).where(Voucher.id == voucher_id).values(used=before + 1))
        return "placed"

    assert race(app, 10, take) == ["placed"] * 10
    with app.app_context():
        assert list(voucher_queries.disagreements()) == ["voucher TET2027: used 1 times, 0 purchases have it"]
        with transaction() as session:
            session.execute(update(Voucher).values(used=0))


@pytest.mark.race
def test_of_one_buyers_ten_carts_one_has_it(app: Flask, shop: Shop, now: datetime) -> None:
    with app.app_context():
        voucher(shop.first, now, most_per_buyer=1)
        carts = [fill(now, (shop.rice, 1)).id for _ in range(10)]

    def press(number: int) -> str:
        with transaction():
            cart = db.session.get_one(Cart, carts[number])
            ordering.place(cart, asked(shop, 60_000, voucher_code="TET2027"), now=now)
        return "placed"

    assert sorted(race(app, 10, press)) == ["UsedByYou"] * 9 + ["placed"]


@pytest.mark.race
def test_two_orders_called_off_at_once_give_it_back_once(
    app: Flask, shop: Shop, make: Factories, now: datetime
) -> None:
    with app.app_context():
        made = voucher(make.office(), now, most_uses=1)
        ids = [order.id for order in buy(shop, now, 260_000, (shop.rice, 2), (shop.honey, 1)).orders]

    def call_off(number: int) -> str:
        with transaction():
            ordering.cancel(db.session.get_one(Order, ids[number]), cause="buyer", now=now)
        return "off"

    assert race(app, 2, call_off) == ["off", "off"]
    with app.app_context():
        assert used(made) == 0


@pytest.mark.race
def test_control_two_who_do_not_wait_for_each_other_both_see_the_other_order_standing(
    app: Flask, shop: Shop, make: Factories, now: datetime
) -> None:
    """The control of the race above: each looks whether an order still stands before either is called off."""
    with app.app_context():
        voucher(make.office(), now, most_uses=1)
        ids = [order.id for order in buy(shop, now, 260_000, (shop.rice, 2), (shop.honey, 1)).orders]

    def look(number: int) -> bool:
        others = select(Order.id).where(Order.id.in_(ids), Order.id != ids[number])
        stands = db.session.scalar(others.where(Order.placement != Placement.CANCELLED)) is not None
        db.session.rollback()
        meet()
        return stands

    assert race(app, 2, look) == [True, True], "each leaves the voucher to the other order, and nobody gives it back"


# --- How it stands ------------------------------------------------------------------------------------


def test_one_place_says_how_a_voucher_stands(ctx: Flask, shop: Shop, now: datetime) -> None:
    made = voucher(shop.first, now, most_uses=1, valid_from=clock.business_date(now) + timedelta(1))
    first, last = made.valid_from, made.valid_until

    days = [first - timedelta(1), first, last, last + timedelta(1)]
    assert [vouchers.state_of(made, day) for day in days] == ["to_come", "in_use", "in_use", "over"]
    made.used = 1
    assert vouchers.state_of(made, first) == "used_up"
    made.stopped_at = now
    assert vouchers.state_of(made, first) == "stopped"
    db.session.rollback()
