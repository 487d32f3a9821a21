"""What came goes back once, into the right place, and the buyer gets exactly its money."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from accounts.actor import SYSTEM, Actor
from kernel import jobs
from kernel.db import db, transaction
from kernel.models import AuditEntry, Job
from stock import agreement as trace
from stock import allocation, holding, queries, verification
from stock.models import Balance, Location, LocationKind, Movement
from storefront import (
    agreement,
    giving_back,
    messages,
    ordering,
    parcels,
    return_queries,
    return_rules,
    returns,
    settling,
    taking_in,
    transfers,
)
from storefront.order_models import Contact, Order, Parcel, ParcelState, PaymentMethod, Placement, Refund, RefundState
from storefront.return_models import (
    Condition,
    GoodsReturn,
    LineBalance,
    ReturnAccount,
    ReturnReason,
    ReturnState,
    ReturnWish,
)
from storefront.returns import Account
from storefront.taking_in import Arrival
from tests.buying import arrive
from tests.factories import Factories
from tests.orders import PARCEL_VND, RICE_VND, Shop, buy, open_shop
from tests.races import meet, race
from traceability.models import EventLot, Lot, TraceEvent

DAY = timedelta(days=1)
ACCOUNT = Account("970405", "0123 456 789", "nguoi mua mau")
GOOD, DAMAGED = Condition.GOOD, Condition.DAMAGED


@pytest.fixture
def shop(make: Factories, app: Flask, now: datetime) -> Iterator[Shop]:
    """Rice of A in two batches (6 packs, then 8), honey of B; whatever is done there, goods and money add up."""
    yield open_shop(make, app, now)
    with app.app_context():
        assert verification.verify() == []
        assert agreement.verify() == []


@pytest.fixture
def actor(make: Factories, shop: Shop) -> Actor:
    """A's clerk."""
    return make.actor(shop.a)


def came(shop: Shop, now: datetime, packs: int = 4, method: PaymentMethod = PaymentMethod.VIETQR) -> Order:
    """Give A's order of so many packs that were paid and delivered."""
    order = buy(shop, now, (shop.rice, packs), method=method).orders[0]
    bring(order, now)
    return order


def bring(order: Order, now: datetime) -> Parcel:
    with transaction():
        parcel = parcels.pack(order, carrier="hand_over", actor=SYSTEM, now=now)
        parcels.move_on(parcel, ParcelState.DELIVERED, actor=SYSTEM, now=now)
        if parcel.cod_vnd:
            parcels.collected(parcel, actor=SYSTEM, now=now)
    return parcel


def ask(order: Order, packs: int, now: datetime, **facts: object) -> GoodsReturn:
    given = {
        "reason": ReturnReason.CHANGED_MIND,
        "wish": ReturnWish.MONEY,
        "words": "Chưa mở",
        "account": ACCOUNT,
        "language": "vi",
        **facts,
    }
    with transaction():
        return returns.ask(order, {order.lines[0].line: packs}, now=now, **given)  # type: ignore[arg-type]


def accept(made: GoodsReturn, now: datetime, *, keeps: bool = False) -> None:
    with transaction():
        returns.accept(made, keeps_goods=keeps, words="Gửi về kho", actor=SYSTEM, now=now)


def take_in(made: GoodsReturn, now: datetime, *lots: tuple[int, Condition, int], note: str = "") -> None:
    line = made.lines[0].line
    with transaction():
        taking_in.take_in(
            made, [Arrival(line, lot, condition, many) for lot, condition, many in lots], note=note, actor=SYSTEM,
            now=now,
        )  # fmt: skip


def on_hand(lot_id: int, kind: LocationKind) -> int:
    query = select(func.coalesce(func.sum(Balance.on_hand), 0)).join(Location, Location.id == Balance.location_id)
    return int(db.session.scalar(query.where(Balance.lot_id == lot_id, Location.kind == kind)) or 0)


def refunded(order: Order) -> list[int]:
    query = select(Refund.amount_vnd).where(Refund.order_id == order.id, Refund.state != RefundState.REFUSED)
    return list(db.session.scalars(query.order_by(Refund.id)))


def balance(order: Order) -> LineBalance:
    found = db.session.get_one(LineBalance, (order.id, order.lines[0].line))
    db.session.refresh(found)
    return found


# --- One pack goes back -------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [PaymentMethod.VIETQR, PaymentMethod.COD])
def test_one_pack_sent_back_gives_exactly_its_money(ctx: Flask, shop: Shop, now, method) -> None:
    order = came(shop, now, 2, method)
    made = ask(order, 1, now)
    assert (made.number, made.state, made.account.holder) == ("DT-000001", ReturnState.ASKED, "NGUOI MUA MAU")
    accept(made, now)
    assert refunded(order) == [], "nothing goes back before the goods do"

    take_in(made, now, (shop.first, GOOD, 1))

    assert made.state is ReturnState.DONE
    assert refunded(order) == [RICE_VND]
    assert (made.goods_vnd, made.delivery_vnd) == (RICE_VND, 0)
    assert on_hand(shop.first, LocationKind.WAREHOUSE) == 5
    assert on_hand(shop.first, LocationKind.CUSTOMER) == 1
    assert [step.what for step in made.steps] == ["asked", "accepted", "arrived", "money"]


def test_the_event_of_what_came_back_names_lots_and_no_buyer(ctx: Flask, shop: Shop, now) -> None:
    made = ask(came(shop, now, 8), 8, now)
    accept(made, now)
    before = trace.verify()

    take_in(made, now, (shop.first, GOOD, 4), (shop.first, DAMAGED, 2), (shop.second, GOOD, 2))

    told = {
        event.disposition: dict(
            db.session.execute(select(EventLot.lot_id, EventLot.quantity).where(EventLot.event_id == event.id)).all()
        )
        for event in db.session.scalars(select(TraceEvent).where(TraceEvent.document == made.number))
    }
    assert told == {"sellable_not_accessible": {shop.first: 4, shop.second: 2}, "damaged": {shop.first: 2}}
    events = db.session.scalars(select(TraceEvent).where(TraceEvent.document == made.number)).all()
    assert {(event.biz_step, event.is_public, event.facts["paper"]) for event in events} == {
        ("receiving", False, "rma")
    }
    assert "mẫu" not in "".join(str(event.facts) + event.note_vi for event in events)
    assert trace.verify() == before, "the trace and the stock still say the same"
    assert on_hand(shop.first, LocationKind.LOSS) == 2
    assert on_hand(shop.first, LocationKind.WAREHOUSE) == 4


def test_what_the_delivery_cost_goes_back_with_the_last_goods_or_by_the_sellers_fault_and_once(
    ctx: Flask, shop: Shop, now
) -> None:
    order = came(shop, now, 3)
    for packs, reason in ((1, "changed_mind"), (1, "damaged"), (1, "changed_mind")):
        made = ask(order, packs, now, reason=ReturnReason(reason))
        accept(made, now)
        take_in(made, now, (shop.first, GOOD, 1))
    assert refunded(order) == [RICE_VND, RICE_VND + PARCEL_VND, RICE_VND]

    whole = came(shop, now, 2)
    made = ask(whole, 2, now)
    accept(made, now)
    take_in(made, now, (shop.first, GOOD, 2))
    assert refunded(whole) == [2 * RICE_VND + PARCEL_VND]
    assert giving_back.left_of(whole) == 0


def test_what_need_not_be_sent_is_made_good_at_once_and_moves_nothing(ctx: Flask, shop: Shop, now) -> None:
    order = came(shop, now, 4)
    before = db.session.scalar(select(func.count()).select_from(Movement))

    accept(ask(order, 1, now, reason=ReturnReason.UNSAFE), now, keeps=True)

    assert refunded(order) == [RICE_VND + PARCEL_VND]
    assert db.session.scalar(select(func.count()).select_from(Movement)) == before


def test_fewer_packs_than_were_to_come_are_said_and_paid_as_they_are(ctx: Flask, shop: Shop, now) -> None:
    order = came(shop, now, 4)
    made = ask(order, 3, now)
    accept(made, now)
    with pytest.raises(taking_in.FewerThanAsked):
        take_in(made, now, (shop.first, GOOD, 2))

    take_in(made, now, (shop.first, GOOD, 2), note="Thiếu một gói")

    assert refunded(order) == [2 * RICE_VND]
    assert (balance(order).claimed, balance(order).refunded) == (2, 2)
    assert ask(order, 2, now).state is ReturnState.ASKED


def test_more_than_was_sent_of_a_lot_or_line_does_not_arrive(ctx: Flask, shop: Shop, now) -> None:
    order = came(shop, now, 8)  # six of the first batch, two of the second
    made = ask(order, 3, now)
    accept(made, now)

    with pytest.raises(taking_in.NotOfThisLot):
        take_in(made, now, (shop.second, GOOD, 3))
    with pytest.raises(taking_in.MoreThanAsked):
        take_in(made, now, (shop.first, GOOD, 4))
    with pytest.raises(taking_in.NothingArrived):
        take_in(made, now)
    with pytest.raises(taking_in.NoPlace), transaction():
        taking_in.take_in(
            made,
            [Arrival(order.lines[0].line, shop.first, GOOD, 3)],
            location_id=db.session.scalar(select(Location.id).where(Location.keeper_id == shop.b.id)),
            actor=SYSTEM,
            now=now,
        )
    take_in(made, now, (shop.second, GOOD, 2), (shop.first, GOOD, 1))
    again = ask(order, 1, now)
    accept(again, now)
    with pytest.raises(taking_in.NotOfThisLot):
        take_in(again, now, (shop.second, GOOD, 1))


@pytest.mark.parametrize("stopped", ["held", "recalled"])
def test_goods_of_a_lot_that_is_stopped_come_back_frozen(ctx: Flask, shop: Shop, now, stopped) -> None:
    order = came(shop, now, 6)
    with transaction():
        lot = db.session.get_one(Lot, shop.first)
        if stopped == "held":
            holding.hold(lot, reason="Nghi ngờ", actor=SYSTEM, now=now)
        else:
            holding.recall(lot, reason="Thử", actor=SYSTEM, now=now)
    made = ask(order, 1, now + 40 * DAY, reason=ReturnReason.RECALLED) if stopped == "recalled" else ask(order, 1, now)
    accept(made, now)

    take_in(made, now, (shop.first, GOOD, 1))

    assert on_hand(shop.first, LocationKind.WAREHOUSE) == 1
    assert queries.available([shop.rice], now.date(), now)[shop.rice] == 8, "only the second batch is on sale"
    event = db.session.scalars(select(TraceEvent).where(TraceEvent.document == made.number)).one()
    assert event.disposition == ("non_sellable_other" if stopped == "held" else "recalled")


# --- What is refused ----------------------------------------------------------------------------------


def test_no_more_is_asked_back_than_came_and_is_not_asked_back_already(ctx: Flask, shop: Shop, now) -> None:
    order = came(shop, now, 4)
    first = ask(order, 3, now)
    with pytest.raises(returns.TooMany) as refusal:
        ask(order, 2, now)
    assert (refusal.value.facts["left"], refusal.value.field) == (1, f"packs_{order.lines[0].line}")
    with pytest.raises(returns.NothingChosen):
        ask(order, 0, now)
    with transaction():
        returns.withdraw(first, now=now)
        returns.withdraw(first, now=now)
    second = ask(order, 4, now)
    with transaction():
        returns.refuse(second, words="Hàng đã mở", actor=SYSTEM, now=now)
    assert [row.left for row in return_queries.returnable(order, now)] == [4]
    with pytest.raises(IntegrityError), transaction() as session:
        session.execute(update(LineBalance).values(claimed=5))


def test_what_did_not_come_or_came_too_long_ago_is_not_sent_back(ctx: Flask, shop: Shop, now) -> None:
    waiting = buy(shop, now, (shop.rice, 1)).orders[0]
    with pytest.raises(returns.NotCome):
        ask(waiting, 1, now)
    order = came(shop, now, 1)
    last = return_rules.last_day(ReturnReason.DAMAGED, now)
    assert last is not None
    with pytest.raises(returns.TooLate):
        ask(order, 1, last, reason=ReturnReason.DAMAGED)
    with pytest.raises(returns.NotRecalled):
        ask(order, 1, last, reason=ReturnReason.RECALLED)
    assert ask(order, 1, last - timedelta(seconds=1), reason=ReturnReason.DAMAGED).state is ReturnState.ASKED
    ended = came(shop, now, 1)
    assert return_queries.returnable(ended, last) != [], "goods that are not as said have longer"
    assert return_queries.returnable(ended, now + 31 * DAY) == []


def test_words_accounts_and_photos_are_looked_at(ctx: Flask, shop: Shop, now) -> None:
    order = came(shop, now, 2)
    with pytest.raises(returns.NoWords):
        ask(order, 1, now, reason=ReturnReason.DAMAGED, words=" ")
    with pytest.raises(returns.WordsTooLong):
        ask(order, 1, now, words="x" * 3001)
    with pytest.raises(returns.TooManyPhotos):
        ask(order, 1, now, photos=["a", "b", "c", "d"])
    with pytest.raises(transfers.UnknownBank):
        ask(order, 1, now, account=None)
    with pytest.raises(transfers.BadNumber):
        ask(order, 1, now, account=Account("970405", "1", "A B"))
    assert ask(order, 1, now, wish=ReturnWish.EXCHANGE, account=None).account is None


def test_cash_that_is_not_on_record_is_not_given_back(ctx: Flask, shop: Shop, now) -> None:
    order = buy(shop, now, (shop.rice, 2)).orders[0]
    with transaction():
        parcel = parcels.pack(order, carrier="hand_over", actor=SYSTEM, now=now)
        parcels.move_on(parcel, ParcelState.DELIVERED, actor=SYSTEM, now=now)
    made = ask(order, 1, now)
    with pytest.raises(returns.NoMoneyYet):
        accept(made, now)
    with transaction():
        parcels.collected(parcel, actor=SYSTEM, now=now)
    accept(made, now, keeps=True)
    assert refunded(order) == [RICE_VND]


def test_a_refusal_needs_a_reason_and_a_step_is_taken_once(ctx: Flask, shop: Shop, now) -> None:
    made = ask(came(shop, now, 2), 1, now)
    with pytest.raises(returns.NeedsReason), transaction():
        returns.refuse(made, words="  ", actor=SYSTEM, now=now)
    with pytest.raises(returns.NotNext):
        take_in(made, now, (shop.first, GOOD, 1))
    accept(made, now)
    with pytest.raises(returns.NotNext):
        accept(made, now)
    with pytest.raises(returns.NotNext), transaction():
        returns.refuse(made, words="Thôi", actor=SYSTEM, now=now)
    with pytest.raises(returns.NotNext), transaction():
        returns.exchange(made, actor=SYSTEM, now=now)
    take_in(made, now, (shop.first, GOOD, 1))
    with pytest.raises(returns.NotNext):
        take_in(made, now, (shop.first, GOOD, 1))
    with pytest.raises(returns.NotNext), transaction():
        returns.withdraw(made, now=now)
    with pytest.raises(returns.NothingDue), transaction():
        returns.claim_again(made, actor=SYSTEM, now=now)


# --- The same goods anew ------------------------------------------------------------------------------


def exchanged(shop: Shop, now: datetime, packs: int = 1) -> tuple[Order, GoodsReturn, Order]:
    order = came(shop, now, 4)
    made = ask(order, packs, now, reason=ReturnReason.DAMAGED, wish=ReturnWish.EXCHANGE)
    accept(made, now)
    take_in(made, now, (shop.first, DAMAGED, packs))
    with transaction():
        anew = returns.exchange(made, actor=SYSTEM, now=now)
    return order, made, anew


def test_the_same_goods_are_sent_anew_at_no_price_first_to_expire_first(ctx: Flask, shop: Shop, now) -> None:
    order, made, anew = exchanged(shop, now)
    assert (anew.number, anew.total_vnd, anew.placement) == ("DH-000001-2", 0, Placement.CONFIRMED)
    assert [(row.lot_id, row.quantity) for row in allocation.live_of(order.purchase.number)] == [(shop.first, 1)]
    assert made.state is ReturnState.EXCHANGING
    with pytest.raises(returns.HasExchange), transaction():
        returns.give_money_instead(made, actor=SYSTEM, now=now)
    with pytest.raises(returns.TooMany):
        ask(order, 4, now)

    parcel = bring(anew, now + 5 * DAY)

    assert parcel.cod_vnd == 0
    assert return_queries.came_at(order) == now + 5 * DAY, "the days begin again"
    assert [row.left for row in return_queries.returnable(order, now + 6 * DAY)] == [4]
    with transaction():
        assert returns.finish_exchanges(now + 6 * DAY) == 1
        assert returns.finish_exchanges(now + 6 * DAY) == 0
    db.session.refresh(made)
    assert made.state is ReturnState.DONE
    assert refunded(order) == []


def test_what_came_anew_goes_back_in_its_turn_through_the_order_that_was_paid(ctx: Flask, shop: Shop, now) -> None:
    order, _, anew = exchanged(shop, now)
    bring(anew, now)
    with pytest.raises(returns.IsExchange):
        ask(anew, 1, now)

    made = ask(order, 4, now)
    accept(made, now)
    take_in(made, now, (shop.first, GOOD, 4))

    assert refunded(order) == [4 * RICE_VND + PARCEL_VND]
    assert return_queries.lines_exchanged({anew.id}) == {(anew.id, anew.lines[0].line): (order.id, 1)}


def test_without_goods_the_money_is_offered_instead(ctx: Flask, shop: Shop, now) -> None:
    order = came(shop, now, 6)
    buy(shop, now, (shop.rice, 8))
    made = ask(order, 1, now, wish=ReturnWish.EXCHANGE)
    accept(made, now)
    take_in(made, now, (shop.first, DAMAGED, 1))
    with pytest.raises(allocation.NotEnough), transaction():
        returns.exchange(made, actor=SYSTEM, now=now)
    db.session.refresh(made)
    assert return_queries.list_returns(SYSTEM, "to_do")[1]["to_do"] == 1

    with transaction():
        returns.give_money_instead(made, actor=SYSTEM, now=now)

    assert refunded(order) == [RICE_VND]
    assert made.state is ReturnState.DONE


def test_an_account_is_named_once_and_only_where_money_can_go_there(ctx: Flask, shop: Shop, now) -> None:
    made = ask(came(shop, now), 1, now, wish=ReturnWish.EXCHANGE, account=None)
    accept(made, now, keeps=True)
    with transaction():
        anew = returns.exchange(made, actor=SYSTEM, now=now)
    with pytest.raises(returns.AccountNotNeeded), transaction():
        returns.name_account(made, ACCOUNT, now=now)  # the new goods are on their way
    with transaction():
        ordering.cancel(anew, cause="seller", reason="Hết", now=now)
    with transaction():
        returns.name_account(made, ACCOUNT, now=now)

    with pytest.raises(returns.AccountNotNeeded), transaction():
        returns.name_account(made, ACCOUNT, now=now)
    with transaction():
        returns.give_money_instead(made, actor=SYSTEM, now=now)
    db.session.refresh(made)
    assert made.account is not None
    assert made.account.number == "0123456789"


@pytest.mark.parametrize("how", ["called off", "not taken"])
def test_new_goods_that_never_come_are_sent_again_or_paid(ctx: Flask, shop: Shop, now, how) -> None:
    order, made, anew = exchanged(shop, now)
    with transaction():
        if how == "called off":
            ordering.cancel(anew, cause="buyer", now=now)
            settling.give_back_of(anew, now=now)
        else:
            parcel = parcels.pack(anew, carrier="hand_over", actor=SYSTEM, now=now)
            parcels.move_on(parcel, ParcelState.RETURNING, note="Không ai nhận", actor=SYSTEM, now=now)
            parcels.take_back(parcel, sellable=True, actor=SYSTEM, now=now)
    assert return_queries.list_returns(SYSTEM, "to_do")[1]["to_do"] == 1
    with transaction():
        again = returns.exchange(made, actor=SYSTEM, now=now)
        ordering.cancel(again, cause="seller", reason="Hết", now=now)

    with transaction():
        returns.give_money_instead(made, actor=SYSTEM, now=now)

    assert refunded(order) == [RICE_VND + PARCEL_VND]


# --- Money --------------------------------------------------------------------------------------------


@given(st.integers(0, 10_000_000), st.integers(1, 60), st.data())
def test_in_whatever_parts_a_line_goes_back_its_money_comes_back_to_the_dong(paid: int, packs: int, data) -> None:
    gone, given_back = 0, 0
    while gone < packs:
        part = data.draw(st.integers(1, packs - gone))
        worth = return_rules.part_of_line(paid, packs, before=gone, now=part)
        assert abs(worth - paid * part / packs) <= 1
        assert worth >= 0
        gone, given_back = gone + part, given_back + worth

    assert given_back == paid


@given(st.integers(0, 500_000), st.lists(st.sampled_from(list(ReturnReason)), min_size=1, max_size=6))
def test_the_delivery_is_given_back_once(paid: int, reasons: list[ReturnReason]) -> None:
    given_back = 0
    for number, reason in enumerate(reasons, start=1):
        whole = number == len(reasons)
        given_back += return_rules.part_of_delivery(paid, given_vnd=given_back, reason=reason, is_whole=whole)

    assert given_back == paid


def test_a_refund_claimed_in_error_is_called_off_and_may_be_claimed_again(ctx: Flask, shop: Shop, now) -> None:
    order = came(shop, now, 2)
    made = ask(order, 1, now)
    accept(made, now, keeps=True)
    [row] = made.refunds
    with transaction():
        settling.refund_refused(row.refund, reason="Nhầm", actor=SYSTEM, now=now)
    assert refunded(order) == []
    assert returns.open_vnd(made) == RICE_VND

    with transaction():
        [again] = returns.claim_again(made, actor=SYSTEM, now=now)
        settling.refund_done(again, reference="FT1", actor=SYSTEM, now=now)

    assert (refunded(order), returns.open_vnd(made)) == ([RICE_VND], 0)


def test_no_more_goes_back_than_is_left_of_what_was_paid(ctx: Flask, shop: Shop, now) -> None:
    order = came(shop, now, 2)
    with pytest.raises(settling.RefundTooLarge), transaction():
        giving_back.claim(order, order.total_vnd + 1, cause="x", reason="", now=now)
    with transaction():
        [made] = giving_back.claim(order, 100_000, cause="KN-1:decided", reason="", now=now)
        assert giving_back.claim(order, 100_000, cause="KN-1:decided", reason="", now=now) == [made]
    made = ask(order, 2, now)
    accept(made, now, keeps=True)

    assert refunded(order) == [100_000, 30_000]
    assert giving_back.left_of(order) == 0


def test_what_came_too_much_and_went_back_is_not_taken_from_the_order(ctx: Flask, shop: Shop, now) -> None:
    purchase = buy(shop, now, (shop.rice, 2), (shop.honey, 1), method=PaymentMethod.VIETQR, paid=False)
    first, second = sorted(purchase.payments, key=lambda payment: payment.order_id or 0)
    credit = arrive(first, first.amount_vnd + 20_000, now)
    arrive(second, second.amount_vnd, now, identity="FT2")
    with transaction():
        assert settling.give_back_over(credit, actor=SYSTEM, now=now).amount_vnd == 20_000
    order = purchase.orders[0]
    bring(order, now)

    assert giving_back.left_of(order) == order.total_vnd
    accept(ask(order, 2, now), now, keeps=True)
    assert refunded(order) == [20_000, order.total_vnd]


def test_two_orders_of_one_payment_give_back_each_its_own(ctx: Flask, make: Factories, shop: Shop, now) -> None:
    purchase = buy(shop, now, (shop.rice, 2), (shop.honey, 1), method=PaymentMethod.VIETQR)
    for order in purchase.orders:
        bring(order, now)
    for order in purchase.orders:
        made = ask(order, order.lines[0].quantity, now)
        accept(made, now, keeps=True)

    assert [refunded(order) for order in purchase.orders] == [[130_000], [150_000]]


# --- Letters, the trail, erasure ----------------------------------------------------------------------


def test_every_letter_of_a_return_can_be_written(ctx: Flask, shop: Shop, now) -> None:
    with transaction() as session:
        for contact_of in (came(shop, now, 6), came(shop, now, 6)):
            session.get_one(Contact, contact_of.purchase_id).email = "mua@demo.example"
        session.merge(shop.a).email = "htx@demo.example"
    paid, _ = db.session.scalars(select(Order).order_by(Order.id)).all()
    for what in ("withdraw", "refuse", "money", "exchange"):
        wish = ReturnWish.EXCHANGE if what == "exchange" else ReturnWish.MONEY
        made = ask(paid, 1, now, wish=wish)
        with transaction():
            if what == "withdraw":
                returns.withdraw(made, now=now)
                continue
            if what == "refuse":
                returns.refuse(made, words="Đã mở nắp", actor=SYSTEM, now=now)
                continue
        accept(made, now, keeps=what == "money")
        if what == "exchange":
            take_in(made, now, (shop.first, GOOD, 1))
            with transaction():
                returns.exchange(made, actor=SYSTEM, now=now)
    letters = [job.args for job in db.session.scalars(select(Job).where(Job.kind == "mail.send"))]
    told = {(one["facts"]["what"], one["facts"]["to_producer"]) for one in letters if one["template"] == "return"}
    while jobs.run_one(now + timedelta(seconds=1)):
        pass

    assert told == {(what, side == "producer") for what, sides in messages._OF_RETURNS.items() for side in sides}
    assert db.session.scalar(select(func.count(Job.id)).where(Job.last_error.is_not(None))) == 0


def test_what_names_the_buyer_is_forgotten_and_the_goods_and_money_stay(ctx: Flask, shop: Shop, now) -> None:
    order = came(shop, now, 2)
    made = ask(order, 1, now, words="Nhà tôi ở thôn 1")
    accept(made, now, keeps=True)
    with transaction():
        assert returns.forget_accounts(now + 60 * DAY) == 0, "its refund still waits"
        settling.refund_done(made.refunds[0].refund, reference="FT1", actor=SYSTEM, now=now)
    with transaction():
        assert returns.forget_accounts(now + 29 * DAY) == 0
        assert returns.forget_accounts(now + 31 * DAY) == 1

    with transaction():
        returns.erase(order.purchase_id, now=now)

    db.session.refresh(made)
    assert (made.words, made.goods_vnd, made.photos) == ("", RICE_VND, [])
    assert db.session.scalar(select(func.count()).select_from(ReturnAccount)) == 0
    facts = db.session.scalars(select(AuditEntry.facts).where(AuditEntry.subject == f"return:{made.number}")).all()
    assert "thôn" not in str(facts)


# --- Races --------------------------------------------------------------------------------------------


def naive(order: Order, now: datetime) -> None:
    """The control: look first, wait until all have looked, then claim without a guard."""
    line = order.lines[0]
    left = line.quantity - (db.session.scalar(select(LineBalance.claimed).where(LineBalance.order_id == order.id)) or 0)
    db.session.rollback()
    meet()
    if left < 1:
        raise returns.TooMany(left=left)
    with transaction() as session:
        session.execute(update(LineBalance).values(claimed=1))


def test_of_two_tabs_that_ask_for_the_last_pack_one_gets_it(app: Flask, shop: Shop, now) -> None:
    with app.app_context():
        order_id = came(shop, now, 1).id

    def act(number: int) -> str:
        ask(db.session.get_one(Order, order_id), 1, now)
        return "asked"

    assert sorted(race(app, 4, act)) == ["TooMany", "TooMany", "TooMany", "asked"]
    with app.app_context():
        assert balance(db.session.get_one(Order, order_id)).claimed == 1


def test_the_race_for_the_last_pack_is_lost_without_the_guard(app: Flask, shop: Shop, now) -> None:
    with app.app_context():
        order = came(shop, now, 1)
        order_id = order.id
        made = ask(order, 1, now)
        with transaction():
            returns.withdraw(made, now=now)

    def act(number: int) -> str:
        naive(db.session.get_one(Order, order_id), now)
        return "asked"

    assert race(app, 3, act) == ["asked"] * 3, "all three believe that the pack goes back"
    with app.app_context(), transaction() as session:
        session.execute(update(LineBalance).values(claimed=0))


def test_of_two_clerks_who_accept_at_once_one_does_and_the_money_goes_back_once(app: Flask, shop: Shop, now) -> None:
    with app.app_context():
        order = came(shop, now, 2)
        order_id, made_id = order.id, ask(order, 1, now).id

    def act(number: int) -> str:
        accept(db.session.get_one(GoodsReturn, made_id), now, keeps=True)
        return "accepted"

    assert sorted(race(app, 4, act)) == ["NotNext", "NotNext", "NotNext", "accepted"]
    with app.app_context():
        assert refunded(db.session.get_one(Order, order_id)) == [RICE_VND]


def test_goods_arrive_once_whoever_says_so_while_the_buyer_takes_it_back(app: Flask, shop: Shop, now) -> None:
    with app.app_context():
        order = came(shop, now, 2)
        made = ask(order, 1, now)
        accept(made, now)
        made_id, line = made.id, made.lines[0].line

    def act(number: int) -> str:
        made = db.session.get_one(GoodsReturn, made_id)
        if number == 0:
            with transaction():
                returns.withdraw(made, now=now)
            return "withdrawn"
        with transaction():
            taking_in.take_in(made, [Arrival(line, shop.first, GOOD, 1)], actor=SYSTEM, now=now)
        return "arrived"

    answers = race(app, 4, act)

    assert answers.count("arrived") + answers.count("withdrawn") == 1
    with app.app_context():
        back = on_hand(shop.first, LocationKind.WAREHOUSE) - 4
        assert back == (1 if "arrived" in answers else 0)
