"""Disputes of cards: their money is held while they are open, goes once if they are lost, and stays if they are won."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from accounts.actor import SYSTEM
from app.payment_jobs import look_again
from books import journal
from books.models import Account
from kernel import jobs
from kernel.db import db, transaction
from stock.models import LocationKind
from storefront import (
    agreement,
    bookkeeping,
    disputes,
    gateways,
    order_queries,
    ordering,
    parcels,
    paying,
    return_queries,
    returns,
    settling,
)
from storefront import cart as carts
from storefront.dispute_models import CardDispute, DisputeDecision, DisputeState
from storefront.gateways.stripe_cards import StripeCards
from storefront.models import PublicText
from storefront.order_models import ParcelState, Payment, PaymentMethod, Refund, RefundState
from storefront.return_models import GoodsReturn, ReturnReason, ReturnWish
from storefront.shipping import Way
from storefront.web import card_pages
from tests import fakestripe
from tests.factories import BA_DONG, VALID_FROM, Factories
from tests.fakestripe import FakeStripe
from tests.races import meet, race

TOTAL = 130_000
S, D = DisputeState, DisputeDecision


@pytest.fixture
def clock_at(now: datetime, stopped_clock: Callable[[datetime], None]) -> SimpleNamespace:
    """The clock of the shop and of the provider."""
    at = SimpleNamespace(now=now)

    def later(**much: int) -> datetime:
        at.now += timedelta(**much)
        stopped_clock(at.now)
        return at.now

    at.later = later
    return at


@pytest.fixture
def fake(app: Flask, clock_at: SimpleNamespace) -> Iterator[FakeStripe]:
    """The provider, which the shop has a key of."""
    with fakestripe.served(lambda: clock_at.now) as fake:
        gateways.use_cards(StripeCards(fakestripe.KEY, notice_secret=fakestripe.SECRET, api_base=fake.url))
        yield fake
        gateways.use_cards(None)


@pytest.fixture
def paid(ctx: Flask, make: Factories, fake: FakeStripe, now: datetime) -> Payment:
    """Two packs at 50,000 đ and 30,000 đ for the parcel, paid to the office by card."""
    make.office("Văn phòng mẫu")
    producer = make.producer("Hợp tác xã mẫu")
    product = make.product(producer, price_vnd=50_000)
    item = make.item(product)
    make.on_hand(make.batch(item, quantity=10).lot_id, make.location(producer, LocationKind.WAREHOUSE), producer, 10)
    with transaction() as session:
        texts = [PublicText(name=name, title_vi="Mẫu", body_vi="Mẫu", saved_at=now) for name in ("a", "b")]
        session.add_all(texts)
        session.flush()
        cart = carts.start(now)
        carts.put(cart, item.id, 2, now=now)
        purchase = ordering.place(
            cart,
            ordering.Asked(
                buyer=ordering.Buyer("Người mua mẫu", "+84900000000", "Thôn 1", BA_DONG, VALID_FROM),
                method=PaymentMethod.CARD,
                language="vi",
                seen_total_vnd=TOTAL,
                ways={producer.id: Way("parcel", 30_000)},
                consents={"terms": texts[0].id, "privacy": texts[1].id},
            ),
            now=now,
        )
        (payment,) = paying.ask(purchase, now=now)
    card_pages.open_page(payment.id, now=now)
    fake.pay(fake.pages()[0]["id"])
    work(now)
    card_pages.look_again(payment.id, now=now)
    return anew(payment)


@pytest.fixture(autouse=True)
def books_agree(ctx: Flask) -> Iterator[None]:
    """After whatever a test does, the journal says the same as orders and money."""
    yield
    db.session.rollback()
    assert agreement.verify() == []


def anew(payment: Payment) -> Payment:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Payment, payment.id)


def work(now: datetime) -> None:
    while jobs.run_one(now):
        pass


def hear(fake: FakeStripe, dispute: str, now: datetime) -> CardDispute:
    """Follow a notice of a dispute."""
    card_pages.follow("dispute", dispute, now=now)
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(select(CardDispute).where(CardDispute.reference == dispute)).one()


def claim(payment: Payment, amount: int, now: datetime, cause: str = "x") -> Refund:
    with transaction():
        return settling.refund(db.session.get_one(Payment, payment.id), amount, cause=cause, reason="Vỡ", now=now)


def refunds() -> list[tuple[int, RefundState, str]]:
    db.session.rollback()
    db.session.expire_all()
    rows = db.session.scalars(select(Refund).order_by(Refund.id))
    return [(row.amount_vnd, row.state, row.reference) for row in rows]


def missed(payment: Payment) -> int:
    return journal.balance(Account.DIFFERENCES, organisation_id=payment.payee_id)


# --- What the provider says ---------------------------------------------------------------------------


def test_a_notice_of_a_dispute_is_followed_to_the_truth_and_its_money_is_held(
    app: Flask, paid: Payment, fake: FakeStripe, now: datetime
) -> None:
    dispute = fake.dispute(paid.reference or "", TOTAL, days=7)
    client = app.test_client()

    for _ in range(2):
        assert fake.deliver(client, fake.events[-1]).status_code == 200
    work(now)

    (row,) = db.session.scalars(select(CardDispute)).all()
    assert (row.number, row.reference, row.amount_vnd, row.held_vnd) == ("TC-000001", dispute, TOTAL, TOTAL)
    assert (row.state, row.reason, row.is_inquiry) == (S.TO_ANSWER, "fraudulent", False)
    assert row.answer_by == now + timedelta(days=7)
    assert anew(paid).disputed_vnd == TOTAL
    with pytest.raises(settling.RefundTooLarge):
        claim(paid, 1, now)


def test_notices_in_any_order_and_twice_end_alike(app: Flask, paid: Payment, fake: FakeStripe, now: datetime) -> None:
    dispute = fake.dispute(paid.reference or "", TOTAL)
    fake.judge(dispute, "under_review")
    fake.judge(dispute, "lost")
    client = app.test_client()

    for event in [*reversed(fake.events[-3:]), *fake.events[-3:]]:
        fake.deliver(client, event)
        work(now)

    assert refunds() == [(TOTAL, RefundState.DONE, dispute)]
    assert anew(paid).disputed_vnd == 0


def test_a_question_holds_nothing_until_it_is_a_dispute(paid: Payment, fake: FakeStripe, now: datetime) -> None:
    dispute = fake.dispute(paid.reference or "", TOTAL, status="warning_needs_response")
    row = hear(fake, dispute, now)
    assert (row.is_inquiry, row.held_vnd) == (True, 0)

    fake.judge(dispute, "needs_response")

    assert hear(fake, dispute, now).held_vnd == TOTAL


def test_a_payment_that_is_not_ours_has_no_dispute_here(ctx: Flask, fake: FakeStripe, now: datetime) -> None:
    intent = fake._intent(250_000, "vnd", {})
    fake._succeed(intent)

    card_pages.follow("dispute", fake.dispute(intent["id"], 250_000), now=now)

    assert db.session.scalars(select(CardDispute)).all() == []


def test_a_lost_notice_is_made_up_for(paid: Payment, fake: FakeStripe, clock_at: SimpleNamespace) -> None:
    dispute = fake.dispute(paid.reference or "", TOTAL)
    hear(fake, dispute, clock_at.now)
    fake.judge(dispute, "won")

    look_again(now=clock_at.later(hours=7))

    db.session.rollback()
    db.session.expire_all()
    assert db.session.scalars(select(CardDispute.state)).one() is S.WON


# --- Lost and won -------------------------------------------------------------------------------------


def test_a_lost_dispute_is_a_refund_that_the_provider_made(paid: Payment, fake: FakeStripe, now: datetime) -> None:
    dispute = fake.dispute(paid.reference or "", 50_000)
    hear(fake, dispute, now)
    fake.judge(dispute, "lost")

    row = hear(fake, dispute, now)
    hear(fake, dispute, now)

    assert (row.state, row.held_vnd) == (S.LOST, 0)
    assert row.closed_at == now
    assert refunds() == [(50_000, RefundState.DONE, dispute)]
    payment = anew(paid)
    assert (payment.refunded_vnd, payment.disputed_vnd) == (50_000, 0)
    (order,) = payment.purchase.orders
    assert bookkeeping.undone_of(order) == 50_000
    work(now)
    assert fake.refunds() == []


def test_a_dispute_that_was_won_lets_refunds_go_on(
    paid: Payment, fake: FakeStripe, clock_at: SimpleNamespace, now: datetime
) -> None:
    claim(paid, 40_000, now)
    dispute = fake.dispute(paid.reference or "", TOTAL)
    row = hear(fake, dispute, now)
    assert row.held_vnd == TOTAL - 40_000
    work(now)
    assert fake.refunds() == []
    fake.judge(dispute, "won")
    hear(fake, dispute, now)

    look_again(now=clock_at.later(minutes=2))

    assert [(amount, state) for amount, state, _ in refunds()] == [(40_000, RefundState.DONE)]
    assert [row["amount"] for row in fake.refunds()] == [40_000]
    assert anew(paid).disputed_vnd == 0


def test_what_waited_to_go_back_went_with_a_lost_dispute_and_not_again(
    paid: Payment, fake: FakeStripe, clock_at: SimpleNamespace, now: datetime
) -> None:
    claim(paid, 40_000, now)
    dispute = fake.dispute(paid.reference or "", TOTAL)
    hear(fake, dispute, now)
    fake.judge(dispute, "lost")
    hear(fake, dispute, now)

    work(now)
    look_again(now=clock_at.later(minutes=2))

    assert refunds() == [(40_000, RefundState.DONE, dispute), (TOTAL - 40_000, RefundState.DONE, dispute)]
    assert fake.refunds() == []
    assert missed(paid) == 0


def test_a_larger_refund_that_waited_is_called_off_and_the_rest_can_still_go_back(
    paid: Payment, fake: FakeStripe, now: datetime
) -> None:
    claim(paid, 100_000, now)
    dispute = fake.dispute(paid.reference or "", 60_000)
    hear(fake, dispute, now)
    fake.judge(dispute, "lost")
    hear(fake, dispute, now)

    assert refunds() == [(100_000, RefundState.REFUSED, "TC-000001"), (60_000, RefundState.DONE, dispute)]
    claim(paid, TOTAL - 60_000, now, "y")
    with pytest.raises(settling.RefundTooLarge):
        claim(paid, 1, now, "z")


def test_what_the_provider_took_twice_is_missed_and_on_record(paid: Payment, fake: FakeStripe, now: datetime) -> None:
    claim(paid, 100_000, now)
    work(now)
    dispute = fake.dispute(paid.reference or "", TOTAL)
    hear(fake, dispute, now)
    fake.judge(dispute, "lost")
    hear(fake, dispute, now)

    assert missed(paid) == 100_000
    assert anew(paid).refunded_vnd == TOTAL

    fake.judge(dispute, "won")
    hear(fake, dispute, now)

    assert missed(paid) == 0
    assert anew(paid).refunded_vnd == 100_000


def test_a_dispute_won_after_all_gives_the_sale_back(
    paid: Payment, fake: FakeStripe, clock_at: SimpleNamespace, now: datetime
) -> None:
    claim(paid, 40_000, now)
    dispute = fake.dispute(paid.reference or "", TOTAL)
    for status in ("needs_response", "lost", "appeal_under_review", "won"):
        fake.judge(dispute, status)
        hear(fake, dispute, now)

    look_again(now=clock_at.later(minutes=2))

    assert [(amount, state) for amount, state, _ in refunds()] == [
        (40_000, RefundState.DONE),
        (TOTAL - 40_000, RefundState.REFUSED),
    ]
    assert [row["amount"] for row in fake.refunds()] == [40_000]


def test_while_it_is_open_nobody_gives_the_money_back_by_hand(paid: Payment, fake: FakeStripe, now: datetime) -> None:
    made = claim(paid, TOTAL, now)
    dispute = fake.dispute(paid.reference or "", TOTAL)
    hear(fake, dispute, now)
    with transaction():
        db.session.get_one(Refund, made.id).problem = "charge_disputed"

    with pytest.raises(settling.IsDisputed), transaction():
        settling.refund_made_by_hand(db.session.get_one(Refund, made.id), reference="FT1", actor=SYSTEM, now=now)


def test_an_order_called_off_gives_back_only_what_is_in_no_dispute(
    paid: Payment, fake: FakeStripe, now: datetime
) -> None:
    hear(fake, fake.dispute(paid.reference or "", 100_000), now)
    with transaction():
        (order,) = db.session.get_one(Payment, paid.id).purchase.orders
        ordering.cancel(order, cause="buyer", now=now)
        settling.give_back_of(order, now=now)

    assert [amount for amount, _, _ in refunds()] == [30_000]
    assert bookkeeping.held(anew(paid)) == 100_000


def test_a_sum_held_that_no_dispute_holds_is_named(paid: Payment, now: datetime) -> None:
    db.session.get_one(Payment, paid.id).disputed_vnd = 1
    db.session.flush()

    assert any("held for disputes" in line for line in agreement.verify())


# --- What we say --------------------------------------------------------------------------------------


def decide(row: CardDispute, decision: D, now: datetime, words: str = "Giao ngày 20/11, có chữ ký.") -> None:
    with transaction():
        disputes.decide(db.session.get_one(CardDispute, row.id), decision, words=words, actor=SYSTEM, now=now)


def test_an_answer_is_handed_in_once(paid: Payment, fake: FakeStripe, now: datetime) -> None:
    dispute = fake.dispute(paid.reference or "", TOTAL)
    row = hear(fake, dispute, now)
    decide(row, D.ANSWER, now)
    with pytest.raises(disputes.NotToDecide):
        decide(row, D.ACCEPT, now)
    fake.faults.append("after")

    for _ in range(2):
        try:
            card_pages.tell_decision(row.id, now=now)
        except gateways.ProviderAway:
            continue

    told = fake.objects[dispute]
    assert told["evidence"] == {"uncategorized_text": "Giao ngày 20/11, có chữ ký."}
    assert told["evidence_details"]["submission_count"] == 1
    row = hear(fake, dispute, now)
    assert (row.state, row.sent_at) == (S.IN_REVIEW, now)


def test_who_accepts_gives_the_money_up_at_once(paid: Payment, fake: FakeStripe, now: datetime) -> None:
    dispute = fake.dispute(paid.reference or "", TOTAL)
    row = hear(fake, dispute, now)
    decide(row, D.ACCEPT, now)
    work(now)

    assert hear(fake, dispute, now).state is S.LOST
    assert refunds() == [(TOTAL, RefundState.DONE, dispute)]


def test_what_the_provider_refuses_can_be_decided_again(paid: Payment, fake: FakeStripe, now: datetime) -> None:
    dispute = fake.dispute(paid.reference or "", TOTAL)
    row = hear(fake, dispute, now)
    decide(row, D.ANSWER, now)
    fake.objects[dispute]["evidence_details"]["due_by"] = int(now.timestamp()) - 1
    work(now)

    row = hear(fake, dispute, now)
    assert (row.problem, row.sent_at) == ("dispute_past_due", None)
    with pytest.raises(disputes.TooLate):
        decide(row, D.ANSWER, now)
    decide(row, D.ACCEPT, now)
    work(now)
    assert hear(fake, dispute, now).state is S.LOST


@pytest.mark.parametrize(("words", "refusal"), [("  ", disputes.NeedsWords), ("x" * 5_001, disputes.WordsTooLong)])
def test_an_answer_has_words(
    paid: Payment, fake: FakeStripe, now: datetime, words: str, refusal: type[Exception]
) -> None:
    row = hear(fake, fake.dispute(paid.reference or "", TOTAL), now)

    with pytest.raises(refusal):
        decide(row, D.ANSWER, now, words)


def test_what_was_said_of_a_buyer_is_erased_with_them(paid: Payment, fake: FakeStripe, now: datetime) -> None:
    row = hear(fake, fake.dispute(paid.reference or "", TOTAL), now)
    decide(row, D.ANSWER, now)
    with transaction():
        disputes.erase(anew(paid).purchase_id)

    row = db.session.get_one(CardDispute, row.id)
    assert (row.words, row.is_erased) == ("", True)


# --- At once ------------------------------------------------------------------------------------------


def at_once(app: Flask, runners: int, act: Callable[[int], Any]) -> list[Any]:
    """Let so many run at once; this process keeps no connection open meanwhile."""
    db.session.rollback()
    db.session.remove()
    return race(app, runners, act)


@pytest.mark.parametrize("is_known", [False, True])
def test_six_that_hear_of_one_lost_dispute_write_one_refund(
    app: Flask, paid: Payment, fake: FakeStripe, now: datetime, is_known: bool
) -> None:
    dispute = fake.dispute(paid.reference or "", TOTAL)
    if is_known:
        hear(fake, dispute, now)
    fake.judge(dispute, "lost")

    at_once(app, 6, lambda number: card_pages.follow("dispute", dispute, now=now))

    assert refunds() == [(TOTAL, RefundState.DONE, dispute)]


def test_a_refund_and_a_dispute_at_once_do_not_pay_twice(
    app: Flask, paid: Payment, fake: FakeStripe, now: datetime
) -> None:
    dispute, payment_id = fake.dispute(paid.reference or "", TOTAL), paid.id

    def act(number: int) -> None:
        if number % 2:
            card_pages.follow("dispute", dispute, now=now)
            return
        with transaction():
            payment = db.session.get_one(Payment, payment_id)
            settling.refund(payment, TOTAL, cause=f"r{number}", reason="Vỡ", now=now)

    at_once(app, 6, act)
    work(now)
    fake.judge(dispute, "lost")
    hear(fake, dispute, now)

    payment = db.session.get_one(Payment, payment_id)
    assert (payment.refunded_vnd, payment.disputed_vnd) == (TOTAL, 0)
    assert sum(amount for amount, state, _ in refunds() if state is RefundState.DONE) == TOTAL
    assert fake.refunds() == []
    assert missed(payment) == 0


def test_control_who_looks_before_locking_gives_the_same_money_out_to_both(
    app: Flask, paid: Payment, now: datetime
) -> None:
    payment_id = paid.id

    def look(_: int) -> int:
        payment = db.session.get_one(Payment, payment_id)
        free = payment.captured_vnd - payment.refunded_vnd - payment.disputed_vnd
        db.session.rollback()
        meet()
        return free

    assert sum(at_once(app, 2, look)) == 2 * TOTAL


# --- What is not packed yet -----------------------------------------------------------------------------


def stage(payment: Payment) -> order_queries.Stage:
    db.session.rollback()
    db.session.expire_all()
    return order_queries.stage_of(db.session.get_one(Payment, payment.id).purchase.orders[0])


def pack(payment: Payment, now: datetime) -> None:
    with transaction():
        order = db.session.get_one(Payment, payment.id).purchase.orders[0]
        parcels.pack(order, carrier=parcels.HAND_OVER, actor=SYSTEM, now=now)


@pytest.mark.parametrize("is_lost", [False, True])
def test_goods_whose_money_is_asked_back_stay_where_they_are(
    paid: Payment, fake: FakeStripe, now: datetime, is_lost: bool
) -> None:
    dispute = fake.dispute(paid.reference or "", TOTAL)
    hear(fake, dispute, now)
    if is_lost:
        fake.judge(dispute, "lost")
        hear(fake, dispute, now)

    assert stage(paid) is order_queries.Stage.KEPT_BACK
    assert order_queries.to_pack(SYSTEM) == []
    with pytest.raises(parcels.KeptBack):
        pack(paid, now)
    with transaction():
        (order,) = db.session.get_one(Payment, paid.id).purchase.orders
        with pytest.raises(parcels.NeedsNote):
            parcels.send_all_the_same(order, note=" ", actor=SYSTEM, now=now)
        parcels.send_all_the_same(order, note="Người mua đã chuyển khoản", actor=SYSTEM, now=now)
        with pytest.raises(parcels.NotKeptBack):
            parcels.send_all_the_same(order, note="Lần nữa", actor=SYSTEM, now=now)
    assert stage(paid) is order_queries.Stage.TO_PACK
    pack(paid, now)


def test_what_was_to_be_sent_all_the_same_is_kept_back_again_once_the_dispute_is_lost(
    paid: Payment, fake: FakeStripe, now: datetime
) -> None:
    dispute = fake.dispute(paid.reference or "", TOTAL)
    hear(fake, dispute, now)
    with transaction():
        (order,) = db.session.get_one(Payment, paid.id).purchase.orders
        parcels.send_all_the_same(order, note="Người mua rút lại", actor=SYSTEM, now=now)
    fake.judge(dispute, "lost")
    hear(fake, dispute, now + timedelta(hours=1))

    assert stage(paid) is order_queries.Stage.KEPT_BACK


@pytest.mark.parametrize("end", ["won", "question"])
def test_a_dispute_that_was_won_or_is_a_question_keeps_nothing_back(
    paid: Payment, fake: FakeStripe, now: datetime, end: str
) -> None:
    dispute = fake.dispute(
        paid.reference or "", TOTAL, status="warning_needs_response" if end == "question" else "needs_response"
    )
    hear(fake, dispute, now)
    if end == "won":
        fake.judge(dispute, "won")
        hear(fake, dispute, now)

    assert stage(paid) is order_queries.Stage.TO_PACK
    pack(paid, now)


def test_what_was_called_off_during_a_dispute_goes_back_when_it_is_won(
    paid: Payment, fake: FakeStripe, now: datetime
) -> None:
    dispute = fake.dispute(paid.reference or "", 100_000)
    hear(fake, dispute, now)
    with transaction():
        (order,) = db.session.get_one(Payment, paid.id).purchase.orders
        ordering.cancel(order, cause="buyer", now=now)
        settling.give_back_of(order, now=now)
    fake.judge(dispute, "won")
    for _ in range(2):
        hear(fake, dispute, now)
    work(now)

    assert [(amount, state) for amount, state, _ in refunds()] == [
        (30_000, RefundState.DONE), (100_000, RefundState.DONE),
    ]  # fmt: skip
    assert sorted(row["amount"] for row in fake.refunds()) == [30_000, 100_000]
    assert bookkeeping.held(anew(paid)) == 0


def test_for_goods_whose_money_the_payer_got_back_nothing_more_is_owed(
    paid: Payment, fake: FakeStripe, now: datetime
) -> None:
    pack(paid, now)
    with transaction():
        (order,) = db.session.get_one(Payment, paid.id).purchase.orders
        parcels.move_on(order.parcels[0], ParcelState.DELIVERED, actor=SYSTEM, now=now)
    words: dict[str, Any] = {
        "reason": ReturnReason.DAMAGED, "wish": ReturnWish.EXCHANGE, "words": "Vỡ nắp", "language": "vi", "now": now,
    }  # fmt: skip
    with transaction():
        (order,) = db.session.get_one(Payment, paid.id).purchase.orders
        assert [row.left for row in return_queries.returnable(order, now)] == [2]
        made = returns.ask(order, {1: 1}, **words).id
    dispute = fake.dispute(paid.reference or "", TOTAL)
    hear(fake, dispute, now)
    fake.judge(dispute, "lost")
    hear(fake, dispute, now)

    with transaction():
        (order,) = db.session.get_one(Payment, paid.id).purchase.orders
        assert return_queries.returnable(order, now) == []
        with pytest.raises(returns.PayerHasMoney):
            returns.ask(order, {1: 1}, **words)
        asked = db.session.get_one(GoodsReturn, made)
        with pytest.raises(returns.PayerHasMoney):
            returns.accept(asked, keeps_goods=True, actor=SYSTEM, now=now)
        returns.refuse(asked, words="Ngân hàng đã hoàn tiền thẻ", actor=SYSTEM, now=now)
