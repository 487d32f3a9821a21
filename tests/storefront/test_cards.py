"""A card pays once, whatever is clicked, lost, told twice or late; and what was paid can be given back, once."""

from __future__ import annotations

import contextlib
import itertools
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy
import stripe
from flask import Flask
from sqlalchemy import select

from accounts.actor import SYSTEM
from app import payment_jobs
from books import journal
from books.journal import Line
from books.models import Account
from kernel import jobs
from kernel.db import db, on_sqlite, rehearsal, transaction
from kernel.models import Job
from stock.models import LocationKind
from storefront import agreement, cards, gateways, ordering, paying, settling
from storefront import cart as carts
from storefront.gateways import ProviderAway, Returned, Truth
from storefront.gateways.stripe_cards import StripeCards
from storefront.models import PublicText
from storefront.order_models import (
    OrderStep,
    Payment,
    PaymentMethod,
    PaymentNotice,
    PaymentState,
    Placement,
    Refund,
    RefundState,
)
from storefront.shipping import Way
from storefront.web import card_pages
from tests import fakestripe
from tests.factories import BA_DONG, VALID_FROM, Factories
from tests.fakestripe import FakeStripe
from tests.races import race

MINUTE = timedelta(minutes=1)
TOTAL = 130_000
IDLE = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'
"""


@pytest.fixture
def clock_at(now: datetime, stopped_clock: Callable[[datetime], None]) -> SimpleNamespace:
    """The clock of the shop and of the provider: ``later(minutes)`` moves both."""
    at = SimpleNamespace(now=now)

    def later(minutes: int) -> datetime:
        at.now += minutes * MINUTE
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
def goods(make: Factories, app: Flask, now: datetime) -> SimpleNamespace:
    """Ten packs at 50,000 đ, and an office that runs the shop."""
    office, producer = make.office("Văn phòng mẫu", of=("51",)), make.producer("Hợp tác xã mẫu")
    product = make.product(producer, price_vnd=50_000)
    item = make.item(product)
    warehouse = make.location(producer, LocationKind.WAREHOUSE)
    make.on_hand(make.batch(item, quantity=10).lot_id, warehouse, producer, 10)
    with app.app_context(), transaction() as session:
        texts = [
            PublicText(name=name, title_vi="Mẫu", body_vi="Mẫu", saved_at=now) for name in ("dieu-khoan", "bao-mat")
        ]
        session.add_all(texts)
        session.flush()
        consents = {"terms": texts[0].id, "privacy": texts[1].id}
    return SimpleNamespace(item=item.id, producer=producer.id, office=office.id, consents=consents)


def buy(goods: SimpleNamespace, now: datetime, *, packs: int = 2, open_page: bool = True) -> Payment:
    """Place a purchase to be paid by card, and open the page as the checkout does."""
    asked = ordering.Asked(
        buyer=ordering.Buyer("Người mua mẫu", "+84900000000", "Thôn 1", BA_DONG, VALID_FROM),
        method=PaymentMethod.CARD,
        language="vi",
        seen_total_vnd=50_000 * packs + 30_000,
        ways={goods.producer: Way("parcel", 30_000)},
        consents=goods.consents,
    )
    with transaction():
        cart = carts.start(now)
        carts.put(cart, goods.item, packs, now=now)
    with transaction():
        purchase = ordering.place(cart, asked, now=now)
        (payment,) = paying.ask(purchase, now=now)
    if open_page:
        card_pages.open_page(payment.id, now=now)
    return anew(payment)


def anew(payment: Payment) -> Payment:
    """Read a payment again."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Payment, payment.id)


def work(now: datetime) -> None:
    """Do all jobs that are due."""
    while jobs.run_one(now):
        pass


def placement(payment: Payment) -> Placement:
    """Read how the order of a payment stands."""
    (order,) = anew(payment).purchase.orders
    return order.placement


def refunds() -> list[Refund]:
    """Read the refunds."""
    db.session.rollback()
    return list(db.session.scalars(select(Refund).order_by(Refund.id)))


# --- The page ---------------------------------------------------------------------------------------


def test_the_page_asks_for_the_whole_amount_in_dong_and_ends_before_the_goods_are_given_up(
    ctx: Flask, goods: SimpleNamespace, fake: FakeStripe, now: datetime
) -> None:
    payment = buy(goods, now)

    (page,) = fake.pages()
    assert page["amount_total"] == payment.amount_vnd == TOTAL
    assert page["currency"] == "vnd"
    assert payment.url == page["url"]
    assert payment.payee_id == goods.office
    assert payment.purchase.hold_until is not None
    assert now + 30 * MINUTE < datetime.fromtimestamp(page["expires_at"], now.tzinfo) < payment.purchase.hold_until
    assert page["success_url"] == f"http://shop.test/don-hang/{payment.purchase.token}/the"
    assert page["cancel_url"] == f"http://shop.test/don-hang/{payment.purchase.token}"
    assert "Người mua" not in str(page)


def test_who_comes_back_from_paying_is_told_the_truth_though_no_notice_came(
    ctx: Flask, goods: SimpleNamespace, fake: FakeStripe, now: datetime
) -> None:
    payment = buy(goods, now)
    fake.pay(fake.pages()[0]["id"])
    back, client = fake.pages()[0]["success_url"].removeprefix("http://shop.test"), ctx.test_client()

    answer = client.get(back)

    assert answer.status_code == 303
    assert answer.location == f"/don-hang/{payment.purchase.token}"
    assert "Đã thanh toán" in client.get(answer.location).text
    assert client.get(back).location == answer.location, "nothing is asked any more"


def test_who_comes_back_while_the_provider_cannot_tell_is_not_asked_to_pay_again(
    ctx: Flask, goods: SimpleNamespace, fake: FakeStripe, now: datetime
) -> None:
    payment = buy(goods, now)
    fake.pay(fake.pages()[0]["id"])
    back, client = fake.pages()[0]["success_url"].removeprefix("http://shop.test"), ctx.test_client()
    fake.faults.extend(["before"] * 9)

    page = client.get(client.get(back).location).text

    assert "Nếu bạn đã trả, xin đừng trả lần nữa" in page
    assert f"/don-hang/{payment.purchase.token}/the" in page
    assert "Trả 130.000" not in page


def test_a_page_asked_for_again_is_the_first_one(
    ctx: Flask, goods: SimpleNamespace, fake: FakeStripe, now: datetime
) -> None:
    payment = buy(goods, now)

    work(now)

    assert card_pages.open_page(payment.id, now=now) == payment.url
    assert len(fake.pages()) == 1


def test_a_page_whose_answer_was_lost_is_found_again(
    ctx: Flask, goods: SimpleNamespace, fake: FakeStripe, now: datetime
) -> None:
    fake.faults = ["after"]
    payment = buy(goods, now, open_page=False)
    with pytest.raises(ProviderAway):
        card_pages.open_page(payment.id, now=now)
    assert anew(payment).url is None

    work(now)

    assert anew(payment).url == fake.pages()[0]["url"]
    assert len(fake.pages()) == 1


def test_a_page_that_could_not_be_opened_in_time_lives_as_long_as_the_goods_are_held(
    ctx: Flask, goods: SimpleNamespace, fake: FakeStripe, clock_at: SimpleNamespace
) -> None:
    payment = buy(goods, clock_at.now, open_page=False)

    url = card_pages.open_page(payment.id, now=clock_at.later(5))

    (page,) = fake.pages()
    assert url == page["url"]
    assert payment.purchase.hold_until is not None
    assert page["expires_at"] < payment.purchase.hold_until.timestamp()


def test_a_page_that_would_outlive_the_goods_is_not_opened(
    ctx: Flask, goods: SimpleNamespace, fake: FakeStripe, clock_at: SimpleNamespace
) -> None:
    payment = buy(goods, clock_at.now, open_page=False)

    assert card_pages.open_page(payment.id, now=clock_at.later(20)) is None

    assert fake.pages() == []
    assert anew(payment).state is PaymentState.FAILED


def test_too_small_an_amount_is_refused_by_the_provider_and_the_payment_fails(
    ctx: Flask, goods: SimpleNamespace, fake: FakeStripe, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fakestripe, "LEAST_VND", 10**6)

    payment = buy(goods, now)

    assert payment.url is None
    assert payment.state is PaymentState.FAILED


def test_the_provider_is_only_asked_while_no_transaction_is_open(
    ctx: Flask, goods: SimpleNamespace, fake: FakeStripe, now: datetime, app: Flask
) -> None:
    other = sqlalchemy.create_engine(db.engine.url, isolation_level="AUTOCOMMIT", connect_args=_impatient())
    open_then: list[int] = []

    def look() -> None:
        with other.connect() as connection:
            if on_sqlite_url(other):
                connection.exec_driver_sql("BEGIN IMMEDIATE")  # fails while somebody else writes
                connection.exec_driver_sql("ROLLBACK")
                open_then.append(0)
            else:
                open_then.append(connection.exec_driver_sql(IDLE).scalar_one())

    fake.watch = look

    payment = buy(goods, now)
    fake.pay(fake.pages()[0]["id"])
    card_pages.look_again(payment.id, now=now)
    with transaction():
        settling.refund(anew(payment), 10_000, cause="x", reason="", now=now)
    work(now)

    other.dispose()
    assert len(open_then) >= 4
    assert set(open_then) == {0}


def _impatient() -> dict[str, object]:
    return {"timeout": 0.1} if on_sqlite() else {}


def on_sqlite_url(engine: sqlalchemy.Engine) -> bool:
    """Tell which engine a connection of the test's own is to."""
    return engine.dialect.name == "sqlite"


# --- Paying -----------------------------------------------------------------------------------------


def test_a_notice_confirms_the_order_after_the_truth_was_read(
    app: Flask, goods: SimpleNamespace, fake: FakeStripe, now: datetime
) -> None:
    with app.app_context():
        payment = buy(goods, now)
    intent = fake.pay(fake.pages()[0]["id"])

    for event in fake.events:
        assert fake.deliver(app.test_client(), event).status_code == 200
    with app.app_context():
        assert placement(payment) is Placement.PLACED  # told, and not yet looked up
        work(now)

        assert placement(payment) is Placement.CONFIRMED
        assert anew(payment).reference == intent
        assert anew(payment).captured_vnd == TOTAL


def test_the_same_notice_twice_is_stored_once(
    app: Flask, goods: SimpleNamespace, fake: FakeStripe, now: datetime
) -> None:
    with app.app_context():
        buy(goods, now)
    fake.pay(fake.pages()[0]["id"])

    answers = [fake.deliver(app.test_client(), fake.events[0]).get_json() for _ in range(3)]

    assert [answer["new"] for answer in answers] == [True, False, False]
    with app.app_context():
        assert len(db.session.scalars(select(PaymentNotice)).all()) == 1


def test_declined_then_paid_with_another_card(
    app: Flask, goods: SimpleNamespace, fake: FakeStripe, now: datetime
) -> None:
    with app.app_context():
        payment = buy(goods, now)
        page = fake.pages()[0]["id"]
        fake.decline(page)
    fake.deliver(app.test_client(), fake.events[-1])
    with app.app_context():
        work(now)
        assert anew(payment).state is PaymentState.ASKED
        assert anew(payment).url is not None

    fake.pay(page)
    for event in fake.events:
        fake.deliver(app.test_client(), event)
    with app.app_context():
        work(now)

        assert anew(payment).state is PaymentState.PAID
        assert placement(payment) is Placement.CONFIRMED


def test_what_the_provider_said_in_any_order_and_twice_ends_alike(
    ctx: Flask, goods: SimpleNamespace, fake: FakeStripe, now: datetime
) -> None:
    """Every order of six: the browser's return to a page that is done, an old refusal, paid, a refund on its way, the
    same refund done, and "paid" told before the payment is written down; the first of each order is told twice.
    """
    payment = buy(goods, now)
    declined = Truth(payment.code, "pi_1", 0, is_over=False)
    paid = Truth(payment.code, "pi_1", TOTAL, is_over=True)
    ended = Truth(payment.code, None, 0, is_over=True)
    on_its_way = Returned("re_1", "pi_1", "", 30_000, "pending")
    done = Returned("re_1", "pi_1", "", 30_000, "done")
    early = Truth("OC-NOT-YET", "pi_1", TOTAL, is_over=True)

    ends = set()
    count = 0
    for order in itertools.permutations([declined, paid, ended, on_its_way, done, early]):
        count += 1
        with rehearsal():
            told_again = [paid]  # what failed is looked up again, by its job
            for said in (*order, order[0], *told_again):
                if said is early:
                    with pytest.raises(cards.UnknownPayment):
                        cards.take(early, now=now)
                elif isinstance(said, Returned):
                    cards.take(paid, now=now)  # a payment is always read before its refunds
                    cards.take_return(said, now=now)
                else:
                    cards.take(said, now=now)
            row = db.session.get_one(Payment, payment.id)
            (order_,) = row.purchase.orders
            (refund,) = db.session.scalars(select(Refund))
            ends.add((row.state, row.captured_vnd, row.refunded_vnd, order_.placement, refund.state))
        db.session.expire_all()

    assert count == 720
    assert ends == {(PaymentState.PAID, TOTAL, 30_000, Placement.CONFIRMED, RefundState.DONE)}


def test_a_notice_that_comes_before_what_it_is_about_is_looked_up_again(
    app: Flask, goods: SimpleNamespace, fake: FakeStripe, clock_at: SimpleNamespace
) -> None:
    with app.app_context():
        payment = buy(goods, clock_at.now)
        code = payment.code
    fake.pay(fake.pages()[0]["id"])
    with app.app_context(), transaction():
        db.session.get_one(Payment, payment.id).code = "OC-NOT-YET"
    fake.deliver(app.test_client(), fake.events[0])
    with app.app_context():
        work(clock_at.now)
        with transaction():
            assert "UnknownPayment" in (db.session.scalar(select(Job.last_error).where(Job.last_error != "")) or "")
            db.session.get_one(Payment, payment.id).code = code

        work(clock_at.later(1))

        assert placement(payment) is Placement.CONFIRMED


def test_payments_that_are_not_ours_are_left_alone(
    ctx: Flask, goods: SimpleNamespace, fake: FakeStripe, now: datetime
) -> None:
    with transaction():
        cards.take(Truth("", "pi_of_another_shop", 1_000_000, is_over=True), now=now)
        cards.take_return(Returned("re_1", "pi_of_another_shop", "", 5, "done"), now=now)

    assert refunds() == []


def test_a_lost_notice_is_made_up_for(
    ctx: Flask, goods: SimpleNamespace, fake: FakeStripe, clock_at: SimpleNamespace
) -> None:
    payment = buy(goods, clock_at.now)
    fake.pay(fake.pages()[0]["id"])

    payment_jobs.look_again(now=clock_at.later(2))

    assert placement(payment) is Placement.CONFIRMED


def test_while_the_provider_is_away_nothing_is_given_up(
    ctx: Flask, goods: SimpleNamespace, fake: FakeStripe, clock_at: SimpleNamespace
) -> None:
    payment = buy(goods, clock_at.now)
    fake.pay(fake.pages()[0]["id"])
    fake.faults = ["before"]
    with pytest.raises(ProviderAway):
        payment_jobs.look_again(now=clock_at.later(33))
    assert anew(payment).state is PaymentState.ASKED

    payment_jobs.look_again(now=clock_at.now)

    assert anew(payment).state is PaymentState.PAID


# --- Time -------------------------------------------------------------------------------------------


def test_the_page_is_ended_before_the_goods_are_given_up_and_then_takes_nothing(
    ctx: Flask, goods: SimpleNamespace, fake: FakeStripe, clock_at: SimpleNamespace
) -> None:
    payment = buy(goods, clock_at.now)
    fake.decline(fake.pages()[0]["id"])

    payment_jobs.look_again(now=clock_at.later(32))

    assert fake.pages()[0]["status"] == "expired"
    assert anew(payment).state is PaymentState.FAILED
    assert placement(payment) is Placement.PLACED
    with transaction():
        settling.close(anew(payment).purchase, now=clock_at.later(14))
    assert placement(payment) is Placement.CANCELLED


def test_paid_at_the_last_moment_is_found_when_the_page_is_ended(
    ctx: Flask, goods: SimpleNamespace, fake: FakeStripe, clock_at: SimpleNamespace
) -> None:
    payment = buy(goods, clock_at.now)
    fake.pay(fake.pages()[0]["id"])

    assert card_pages.end_page(payment.id, now=clock_at.later(32))

    assert placement(payment) is Placement.CONFIRMED


def test_a_page_that_nobody_knows_of_is_given_up(
    ctx: Flask, goods: SimpleNamespace, fake: FakeStripe, clock_at: SimpleNamespace
) -> None:
    payment = buy(goods, clock_at.now, open_page=False)

    assert card_pages.end_page(payment.id, now=clock_at.later(40))

    assert anew(payment).state is PaymentState.FAILED
    assert card_pages.open_page(payment.id, now=clock_at.now) is None


def test_a_page_that_the_provider_does_not_know_keeps_nothing_open(
    ctx: Flask, goods: SimpleNamespace, fake: FakeStripe, clock_at: SimpleNamespace
) -> None:
    payment = buy(goods, clock_at.now)
    fake.objects.clear()

    assert card_pages.end_page(payment.id, now=clock_at.later(32))

    assert anew(payment).state is PaymentState.FAILED


def test_card_money_for_goods_that_are_gone_goes_back_by_itself(
    ctx: Flask, goods: SimpleNamespace, fake: FakeStripe, clock_at: SimpleNamespace
) -> None:
    payment = buy(goods, clock_at.now, packs=8)
    intent = fake.pay(fake.pages()[0]["id"])
    with transaction():
        settling.close(anew(payment).purchase, now=clock_at.later(46))  # the truth was not read: it is late now
    other = buy(goods, clock_at.now, packs=8)

    card_pages.follow("payment", intent, now=clock_at.now)
    work(clock_at.now)

    assert placement(payment) is Placement.CANCELLED
    assert placement(other) is Placement.PLACED
    assert [(row.amount_vnd, row.state) for row in refunds()] == [(payment.amount_vnd, RefundState.DONE)]
    assert [row["amount"] for row in fake.refunds()] == [payment.amount_vnd]


# --- Giving back ------------------------------------------------------------------------------------


@pytest.fixture
def paid(ctx: Flask, goods: SimpleNamespace, fake: FakeStripe, now: datetime) -> Payment:
    """A payment that was made."""
    payment = buy(goods, now)
    fake.pay(fake.pages()[0]["id"])
    card_pages.look_again(payment.id, now=now)
    return anew(payment)


def claim(payment: Payment, amount: int, now: datetime, cause: str = "x") -> None:
    """Claim money back."""
    with transaction():
        settling.refund(db.session.get_one(Payment, payment.id), amount, cause=cause, reason="Vỡ", now=now)


def test_parts_go_back_by_a_job_once_each(paid: Payment, fake: FakeStripe, now: datetime) -> None:
    claim(paid, 50_000, now, "first")
    claim(paid, 80_000, now, "second")
    claim(paid, 80_000, now, "second")

    work(now)

    assert [(row.state, row.amount_vnd) for row in refunds()] == [
        (RefundState.DONE, 50_000),
        (RefundState.DONE, 80_000),
    ]
    assert [row["metadata"]["refund"] for row in fake.refunds()] == [row.number for row in refunds()]
    with pytest.raises(settling.RefundTooLarge):
        claim(paid, 1, now, "third")


@pytest.mark.parametrize("fault", ["before", "after"])
def test_a_refund_whose_answer_was_lost_is_made_once(
    paid: Payment, fake: FakeStripe, clock_at: SimpleNamespace, fault: str
) -> None:
    claim(paid, 50_000, clock_at.now)
    fake.faults = ["", fault]  # the list of refunds is read; then it is asked for

    work(clock_at.now)
    assert refunds()[0].state is RefundState.ASKED
    fake.forget_keys()  # after a day the provider knows no key any more
    work(clock_at.later(60 * 25))

    assert refunds()[0].state is RefundState.DONE
    assert [row["amount"] for row in fake.refunds()] == [50_000]


def test_a_refund_on_its_way_is_done_when_the_provider_says_so(
    app: Flask, paid: Payment, fake: FakeStripe, now: datetime
) -> None:
    fake.refunds_are = "pending"
    claim(paid, 50_000, now)
    work(now)
    assert refunds()[0].state is RefundState.ASKED

    fake.finish(fake.refunds()[0]["id"], "succeeded")
    db.session.remove()
    fake.deliver(app.test_client(), fake.events[-1])
    work(now)

    assert refunds()[0].state is RefundState.DONE


def test_a_refund_that_fails_later_is_a_task_for_a_person(
    ctx: Flask, paid: Payment, fake: FakeStripe, clock_at: SimpleNamespace
) -> None:
    fake.refunds_are = "pending"
    claim(paid, 50_000, clock_at.now)
    work(clock_at.now)
    fake.finish(fake.refunds()[0]["id"], "failed", "expired_or_canceled_card")

    payment_jobs.look_again(now=clock_at.later(2))

    (row,) = refunds()
    assert (row.state, row.problem) == (RefundState.ASKED, "expired_or_canceled_card")
    assert anew(paid).refunded_vnd == 50_000


def test_a_refund_that_went_well_and_came_back_is_a_task_for_a_person_once(
    ctx: Flask, paid: Payment, fake: FakeStripe, clock_at: SimpleNamespace
) -> None:
    with transaction():
        (order,) = paid.purchase.orders
        settling.refund(paid, 50_000, cause="x", reason="Vỡ", order=order, now=clock_at.now)
    work(clock_at.now)
    assert refunds()[0].state is RefundState.DONE
    refund_id = fake.refunds()[0]["id"]

    fake.finish(refund_id, "failed", "lost_or_stolen_card")
    for _ in range(2):
        card_pages.follow("refund", refund_id, now=clock_at.later(1))

    (row,) = refunds()
    assert (row.state, row.problem, row.done_at) == (RefundState.ASKED, "lost_or_stolen_card", None)
    assert journal.balance(Account.REFUNDS, document=row.number) == -50_000
    assert agreement.verify() == []
    steps = db.session.scalars(select(OrderStep.what).order_by(OrderStep.id)).all()
    assert steps[-3:] == ["refund_asked", "refunded", "refund_failed"]

    with transaction():
        settling.refund_made_by_hand(row, reference="FT1", actor=SYSTEM, now=clock_at.now)
    card_pages.follow("refund", refund_id, now=clock_at.later(1))  # told once more

    assert (refunds()[0].state, refunds()[0].reference) == (RefundState.DONE, "FT1")
    assert agreement.verify() == []


def test_a_payment_that_cannot_be_settled_keeps_no_other_from_being_read(
    ctx: Flask, goods: SimpleNamespace, fake: FakeStripe, clock_at: SimpleNamespace
) -> None:
    broken, other = buy(goods, clock_at.now, packs=1), buy(goods, clock_at.now, packs=1)
    for page in fake.pages():
        fake.pay(page["id"])
    with transaction():  # what its money would say is in the journal already
        lines = [
            Line(goods.office, account, amount, "x") for account, amount in ((Account.BANK, 1), (Account.CASH, -1))
        ]
        journal.post(f"payment:{broken.code}:captured:80000", "money_arrived", lines, now=clock_at.now)

    payment_jobs.look_again(now=clock_at.later(2))

    assert placement(broken) is Placement.PLACED
    assert placement(other) is Placement.CONFIRMED


def test_more_than_is_left_at_the_provider_is_refused_and_shown(paid: Payment, fake: FakeStripe, now: datetime) -> None:
    fake.give_back(str(paid.reference), 100_000)  # on its own screens; we have not heard of it
    claim(paid, 50_000, now)

    work(now)

    (row,) = refunds()
    assert (row.state, row.problem) == (RefundState.ASKED, "amount_too_large")


def test_a_refund_made_on_the_providers_screens_is_written_down_once(
    app: Flask, paid: Payment, fake: FakeStripe, now: datetime
) -> None:
    fake.give_back(str(paid.reference), 30_000)
    db.session.remove()

    for event in [*fake.events, *fake.events]:
        fake.deliver(app.test_client(), event)
    work(now)

    assert [(row.amount_vnd, row.state) for row in refunds()] == [(30_000, RefundState.DONE)]
    assert anew(paid).refunded_vnd == 30_000
    assert len(fake.refunds()) == 1


def test_one_refund_asked_for_by_six_at_once_is_one_at_the_provider(
    app: Flask, goods: SimpleNamespace, fake: FakeStripe, now: datetime
) -> None:
    with app.app_context():
        payment = buy(goods, now)
        fake.pay(fake.pages()[0]["id"])
        card_pages.look_again(payment.id, now=now)
        claim(payment, 50_000, now)
        (refund,) = refunds()

    race(app, 6, lambda number: card_pages.give_back(refund.id, now=now))

    assert [row["amount"] for row in fake.refunds()] == [50_000]
    with app.app_context():
        assert refunds()[0].state is RefundState.DONE


def test_six_that_hear_of_one_payment_confirm_it_once(
    app: Flask, goods: SimpleNamespace, fake: FakeStripe, now: datetime
) -> None:
    with app.app_context():
        payment = buy(goods, now)
    intent = fake.pay(fake.pages()[0]["id"])

    race(app, 6, lambda number: card_pages.follow("payment", intent, now=now))

    with app.app_context():
        assert anew(payment).captured_vnd == TOTAL
        (order,) = anew(payment).purchase.orders
        steps = db.session.scalars(select(OrderStep.what).where(OrderStep.order_id == order.id)).all()
        assert sorted(steps) == ["confirmed", "paid", "placed"]


# --- Notices that are none --------------------------------------------------------------------------


def signed(body: bytes, at: datetime, secret: str = fakestripe.SECRET) -> dict[str, str]:
    """Sign a body."""
    text = body.decode("utf-8", errors="surrogateescape")
    return {"Stripe-Signature": stripe.WebhookSignature.generate_signature_header(text, secret, int(at.timestamp()))}


EVENT = b'{"id": "evt_1", "type": "x", "data": {"object": {"id": "pi_1", "object": "payment_intent"}}}'


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (EVENT, lambda now: {}),
        (EVENT, lambda now: {"Stripe-Signature": ""}),
        (EVENT, lambda now: {"Stripe-Signature": "t=,v1="}),
        (EVENT, lambda now: {"Stripe-Signature": "t=abc,v1=00"}),
        (EVENT, lambda now: signed(EVENT, now, "whsec_another")),
        (EVENT + b" ", lambda now: signed(EVENT, now)),
        (EVENT, lambda now: signed(EVENT, now - timedelta(seconds=301))),
        (EVENT, lambda now: signed(EVENT, now + timedelta(seconds=301))),
        (EVENT, lambda now: signed(EVENT, now - timedelta(days=400))),
        (b"\xff\xfe", lambda now: {"Stripe-Signature": "t=1,v1=00"}),
        (b"no json", lambda now: signed(b"no json", now)),
        (b"[]", lambda now: signed(b"[]", now)),
        (b'{"id": "evt_1"}', lambda now: signed(b'{"id": "evt_1"}', now)),
        (b"", lambda now: signed(b"", now)),
    ],
)
def test_forged_old_and_broken_notices_are_refused(
    app: Flask, fake: FakeStripe, now: datetime, body: bytes, headers: Callable[[datetime], dict[str, str]]
) -> None:
    answer = app.test_client().post("/webhooks/stripe", data=body, headers=headers(now))

    assert answer.status_code == 400
    with app.app_context():
        assert db.session.scalars(select(PaymentNotice)).all() == []


def test_one_of_two_signatures_is_enough_while_secrets_change(app: Flask, fake: FakeStripe, now: datetime) -> None:
    old, new = signed(EVENT, now, "whsec_old"), signed(EVENT, now)
    header = old["Stripe-Signature"] + "," + new["Stripe-Signature"].partition(",")[2]

    assert (
        app.test_client().post("/webhooks/stripe", data=EVENT, headers={"Stripe-Signature": header}).status_code == 200
    )


@pytest.mark.parametrize(
    "told", ['{"object": "balance"}', '{"livemode": true}', '{"id": "cus_1", "object": "customer"}']
)
def test_a_notice_of_something_else_is_kept_and_asks_for_nothing(
    app: Flask, fake: FakeStripe, now: datetime, told: str
) -> None:
    body = b'{"id": "evt_1", "type": "x", "data": {"object": ' + told.encode() + b"}}"

    assert app.test_client().post("/webhooks/stripe", data=body, headers=signed(body, now)).status_code == 200

    with app.app_context():
        assert len(db.session.scalars(select(PaymentNotice)).all()) == 1
        assert db.session.scalars(select(Job).where(Job.kind == cards.NOTICE_JOB)).all() == []


def test_without_a_key_there_is_no_such_address_and_no_such_way_to_pay(
    app: Flask, goods: SimpleNamespace, now: datetime
) -> None:
    assert app.test_client().post("/webhooks/stripe", data=EVENT, headers=signed(EVENT, now)).status_code == 404
    with app.app_context():
        assert PaymentMethod.CARD not in paying.available([goods.producer])
        with pytest.raises(paying.NoCards):
            buy(goods, now)


# --- Secrets ----------------------------------------------------------------------------------------


def test_no_secret_is_logged_or_kept_whatever_goes_wrong(
    app: Flask,
    goods: SimpleNamespace,
    fake: FakeStripe,
    now: datetime,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = "sk_test_another_key_that_is_refused_and_never_logged"
    with app.app_context():
        buy(goods, now)
        fake.faults = ["after"]
        card_pages_of(fake, now)
        gateways.use_cards(StripeCards(wrong, notice_secret=fakestripe.SECRET, api_base=fake.url))
        buy(goods, now, open_page=False)
        work(now)
        errors = " ".join(db.session.scalars(select(Job.last_error).where(Job.last_error.is_not(None))).all())
    app.test_client().post("/webhooks/stripe", data=EVENT, headers=signed(EVENT, now, "whsec_another"))
    config = replace(app.config["OCOP"], stripe_secret_key=fakestripe.KEY, stripe_webhook_secret=fakestripe.SECRET)
    said = caplog.text + "".join(capfd.readouterr()) + errors + repr(config) + repr(gateways.cards())

    assert "ProviderAway" in errors
    assert "v1/checkout/sessions" in said  # it does log
    for secret in (fakestripe.KEY, fakestripe.SECRET, wrong):
        assert secret not in said


def card_pages_of(fake: FakeStripe, now: datetime) -> None:
    """Look at all payments, whatever becomes of it."""
    for page in fake.pages():
        with contextlib.suppress(ProviderAway):
            card_pages.follow("page", page["id"], now=now)


# --- Which ways there are ---------------------------------------------------------------------------


def test_cards_are_offered_while_there_is_a_key_and_the_office_wants_them(
    ctx: Flask, goods: SimpleNamespace, fake: FakeStripe, now: datetime
) -> None:
    assert paying.available([goods.producer]) == [PaymentMethod.CARD, PaymentMethod.COD]

    with transaction():
        paying.switch({PaymentMethod.CARD: False}, actor=SYSTEM, now=now)
    assert paying.available([goods.producer]) == [PaymentMethod.COD]

    with transaction():
        paying.switch({PaymentMethod.CARD: True, PaymentMethod.COD: False}, actor=SYSTEM, now=now)
    assert paying.available([goods.producer]) == [PaymentMethod.CARD]

    with pytest.raises(paying.LastMethod), transaction():
        paying.switch(dict.fromkeys(PaymentMethod, False), actor=SYSTEM, now=now)


def test_there_is_always_a_way_to_pay(ctx: Flask, goods: SimpleNamespace, now: datetime) -> None:
    with transaction():
        paying.switch({PaymentMethod.COD: False}, actor=SYSTEM, now=now)

    assert paying.available([goods.producer]) == [PaymentMethod.COD]  # no account, no key


def test_the_page_of_a_card_that_asks_for_more_than_stands_says_so(
    ctx: Flask, goods: SimpleNamespace, fake: FakeStripe, now: datetime
) -> None:
    payment = buy(goods, now)
    token = payment.purchase.token
    with transaction():
        db.session.get_one(Payment, payment.id).amount_vnd = TOTAL + 20_000  # as if 20,000 đ were called off since

    page = ctx.test_client().get(f"/don-hang/{token}").text

    assert re.search(r"20\.000\W+[đ₫] trong đó tự hoàn về thẻ", page)


@pytest.mark.parametrize("has_paid", [False, True])
def test_the_page_of_a_card_ends_when_nothing_is_bought_any_more(
    ctx: Flask, goods: SimpleNamespace, fake: FakeStripe, now: datetime, has_paid: bool
) -> None:
    payment = buy(goods, now)
    if has_paid:
        fake.pay(fake.pages()[0]["id"])
    with transaction():
        (order,) = db.session.get_one(Payment, payment.id).purchase.orders
        ordering.cancel(order, cause="buyer", now=now)
        settling.give_back_of(order, now=now)
    work(now)

    assert fake.pages()[0]["status"] == ("complete" if has_paid else "expired")
    kept = anew(payment)
    assert kept.state is (PaymentState.PAID if has_paid else PaymentState.FAILED)
    assert (kept.captured_vnd, kept.refunded_vnd) == ((TOTAL, TOTAL) if has_paid else (0, 0))
