"""Sets: their parts are taken from the same stock as single goods, and share what is paid for them to the đồng."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from accounts.actor import SYSTEM
from catalog import editing, sets
from catalog.models import Product, ProductStatus, SetPart, TradeItem, Unit, VersionItem
from kernel import clock
from kernel.db import db, transaction
from stock import allocation, holding, ledger, locations, verification
from stock.models import Allocation, AllocationState, Balance, Location, LocationKind
from storefront import (
    agreement,
    changing,
    ordering,
    parcels,
    paying,
    purchase_queries,
    queries,
    return_queries,
    returns,
    taking_in,
)
from storefront import cart as carts
from storefront.offers import Hindrance, offers, shared_out
from storefront.order_models import Cart, Order, OrderLine, ParcelState, PaymentMethod, Purchase
from storefront.return_models import Condition, ReturnReason, ReturnState, ReturnWish
from storefront.taking_in import Arrival
from tests.buying import Shop, asked, fill, free, open_shop
from tests.factories import Factories
from tests.races import meet, race
from traceability.models import Batch, Lot

SET_VND = 150_000


@dataclass
class Boxed:
    """A shop whose first producer sells rice (ten packs), tea (four, at 30,000 đ) and a box of 2 rice and 1 tea."""

    shop: Shop
    tea: int
    box: int
    product: Product
    rice_lot: int
    tea_lot: int


def set_up(make: Factories, app: Flask, now: datetime) -> Boxed:
    shop = open_shop(make, app, now)
    product = make.product(shop.first, name="Trà mẫu", price_vnd=30_000)
    tea = make.item(product)
    with app.app_context():
        warehouse = db.session.scalars(
            select(Location).where(Location.keeper_id == shop.first.id, Location.kind == LocationKind.WAREHOUSE)
        ).one()
        rice_lot = db.session.scalars(select(Batch.lot_id).where(Batch.trade_item_id == shop.rice)).one()
    batch = make.batch(tea, quantity=4)
    make.on_hand(batch.lot_id, warehouse, shop.first, 4)
    box = make.set_of(product, {shop.rice: 2, tea.id: 1}, price_vnd=SET_VND)
    return Boxed(shop, tea.id, box.id, product, rice_lot, batch.lot_id)


@pytest.fixture
def boxed(make: Factories, app: Flask, now: datetime) -> Iterator[Boxed]:
    """See :class:`Boxed`; whatever is done there, goods and money add up."""
    yield set_up(make, app, now)
    with app.app_context():
        assert verification.verify() == []
        assert agreement.verify() == []


def left(boxed: Boxed, now: datetime, **facts: int) -> int:
    """Read how many boxes may be ordered."""
    return offers([boxed.box], now, **facts)[boxed.box].available


def buy(boxed: Boxed, now: datetime, *lines: tuple[int, int], method: PaymentMethod = PaymentMethod.COD) -> Purchase:
    """Place a purchase of the first producer's goods."""
    price = {boxed.shop.rice: 50_000, boxed.tea: 30_000, boxed.box: SET_VND}
    total = 30_000 + sum(price[item_id] * quantity for item_id, quantity in lines)
    cart = fill(now, *lines)
    with transaction():
        purchase = ordering.place(cart, asked(boxed.shop, total, method), now=now)
        paying.ask(purchase, now=now)
    return purchase


def deliver(order: Order, now: datetime) -> None:
    with transaction():
        parcel = parcels.pack(order, carrier="hand_over", actor=SYSTEM, now=now)
        parcels.move_on(parcel, ParcelState.DELIVERED, actor=SYSTEM, now=now)
        parcels.collected(parcel, actor=SYSTEM, now=now)


def on_hand(lot_id: int) -> int:
    query = select(func.sum(Balance.on_hand)).join(Location, Location.id == Balance.location_id)
    return int(db.session.scalar(query.where(Balance.lot_id == lot_id, Location.kind == LocationKind.WAREHOUSE)) or 0)


def take_away(boxed: Boxed, packs: int, now: datetime) -> None:
    """Take packs of rice from the shelf, as somebody does who stands before it."""
    keeper = boxed.shop.first.id
    shelf, gone = (locations.of(keeper, kind) for kind in (LocationKind.WAREHOUSE, LocationKind.LOSS))
    ledger.move(
        boxed.rice_lot, packs, source=shelf, to=gone, owner_id=keeper, document="QUAY", cause="QUAY:1", now=now,
        actor=SYSTEM,
    )  # fmt: skip


# --- How many there are -------------------------------------------------------------------------------


def test_there_are_as_many_sets_as_their_parts_suffice_for(ctx: Flask, boxed: Boxed, now: datetime) -> None:
    assert left(boxed, now) == 4

    buy(boxed, now, (boxed.shop.rice, 5))
    assert left(boxed, now) == 2

    buy(boxed, now, (boxed.tea, 3))
    assert left(boxed, now) == 1

    buy(boxed, now, (boxed.box, 1))
    assert left(boxed, now) == 0
    assert (free(boxed.shop.rice, now), free(boxed.tea, now)) == (3, 0)


@pytest.mark.parametrize("what", ["held", "expired", "retired", "withdrawn"])
def test_a_part_that_cannot_be_sold_makes_the_set_unavailable(
    ctx: Flask, boxed: Boxed, now: datetime, what: str
) -> None:
    later = now
    with transaction() as session:
        if what == "held":
            holding.hold(session.get_one(Lot, boxed.tea_lot), reason="Kiểm tra", actor=SYSTEM, now=now)
        elif what == "retired":
            session.get_one(TradeItem, boxed.shop.rice).is_active = False
        elif what == "withdrawn":
            rice = session.get_one(TradeItem, boxed.shop.rice)
            session.execute(
                update(Product)
                .where(Product.id == rice.product_id)
                .values(published_version_id=None, status=ProductStatus.WITHDRAWN)
            )
        else:
            later = now + timedelta(days=400)

    offer = offers([boxed.box], later)[boxed.box]

    assert offer.hindrance is (Hindrance.GONE if what in ("retired", "withdrawn") else Hindrance.SOLD_OUT)
    with pytest.raises((carts.SoldOut, carts.NotForSale)):
        fill(later, (boxed.box, 1))


def test_each_part_has_to_keep_as_long_as_is_asked(ctx: Flask, boxed: Boxed, make: Factories, now: datetime) -> None:
    today = clock.business_date(now)
    with transaction() as session:
        session.execute(
            update(Batch).where(Batch.lot_id == boxed.tea_lot).values(expires_on=today + timedelta(days=20))
        )

    assert left(boxed, now, min_days=15) == 4
    assert left(boxed, now, min_days=30) == 0


def test_lists_and_the_page_say_what_is_in_it_and_whether_it_can_be_had(
    ctx: Flask, boxed: Boxed, client, now: datetime
) -> None:
    slug = db.session.get_one(Product, boxed.product.id).slug
    page = client.get(f"/san-pham/{slug}").get_data(as_text=True)
    assert "Trong bộ có" in page
    assert "Còn 4 bộ" in page

    with transaction():
        take_away(boxed, 9, now)

    page = client.get(f"/san-pham/{slug}").get_data(as_text=True)
    assert "thiếu một món" in page


def test_a_product_that_is_nothing_but_a_set_is_in_stock_while_its_parts_are(
    ctx: Flask, boxed: Boxed, make: Factories, now: datetime
) -> None:
    product = make.product(boxed.shop.first, name="Hộp quà mẫu", price_vnd=900_000)
    with transaction() as session:
        session.get_one(TradeItem, make.item(product).id).is_active = False
    make.set_of(product, {boxed.shop.rice: 3, boxed.tea: 2}, price_vnd=200_000)
    day = clock.business_date(now)

    queries.forget_shelf()
    row = queries.shelf(day).by_slug[product.slug]
    assert (row.in_stock, row.has_gift, row.price_vnd) == (True, True, 200_000)
    assert row.holds_vi == "3 × Gạo rẫy mẫu, gói 500 g; 2 × Trà mẫu, gói 500 g"

    buy(boxed, now, (boxed.tea, 3))
    queries.forget_shelf()
    assert queries.shelf(day).by_slug[product.slug].in_stock is False


# --- The cart -----------------------------------------------------------------------------------------


def test_a_set_and_the_single_good_of_the_same_lot_are_looked_at_together(
    ctx: Flask, boxed: Boxed, now: datetime
) -> None:
    cart = fill(now, (boxed.shop.rice, 7))

    with pytest.raises(carts.NotSoMany) as refusal, transaction():
        carts.put(cart, boxed.box, 2, now=now)
    assert refusal.value.facts["available"] == 1
    with transaction():
        carts.put(cart, boxed.box, 1, now=now)
    with pytest.raises(carts.NotSoMany) as refusal, transaction():
        carts.change(cart, boxed.shop.rice, 9, now=now)
    assert refusal.value.facts["available"] == 8
    with transaction():
        carts.change(cart, boxed.shop.rice, 8, now=now)
    with pytest.raises(carts.AllInCart), transaction():
        carts.put(fill(now, (boxed.shop.rice, 9)), boxed.box, 1, now=now)


def test_when_less_is_left_the_later_line_is_short_and_agreeing_takes_what_there_is(
    ctx: Flask, boxed: Boxed, now: datetime
) -> None:
    cart = fill(now, (boxed.box, 3), (boxed.shop.rice, 4))
    buy(boxed, now, (boxed.shop.rice, 1))

    seen = {line.offer.item_id: line for line in carts.view(cart, now).lines}
    assert (seen[boxed.shop.rice].is_short, seen[boxed.shop.rice].left) == (False, 9)
    assert (seen[boxed.box].is_short, seen[boxed.box].left) == (True, 2)
    with transaction():
        carts.agree(cart, now=now)
    assert [line.quantity for line in carts.view(cart, now).lines] == [4, 2]
    assert carts.view(cart, now).is_ready


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 3), st.integers(1, 9)), min_size=1, max_size=6),
    st.integers(0, 20),
    st.integers(0, 20),
)
def test_what_is_shared_out_is_never_more_than_there_is(wishes, first: int, second: int) -> None:
    wanted = [(_offer(a, b), many) for a, b, many in wishes]

    there = shared_out(wanted, {1: first, 2: second})

    got = [min(many, most) for (_, many), most in zip(wanted, there, strict=True)]
    assert sum(a * many for (a, _, _), many in zip(wishes, got, strict=True)) <= first
    assert sum(b * many for (_, b, _), many in zip(wishes, got, strict=True)) <= second
    assert all(most >= 0 for most in there)


def _offer(first: int, second: int) -> Any:
    """Stand in for an offer of a set: all that is asked of it is what it uses up."""
    uses = {1: first, **({2: second} if second else {})}
    return SimpleNamespace(hindrance=None, uses=uses)


# --- The order ----------------------------------------------------------------------------------------


def test_an_order_copies_the_parts_with_their_lots_and_their_share_of_the_money(
    ctx: Flask, boxed: Boxed, now: datetime
) -> None:
    purchase = buy(boxed, now, (boxed.box, 2), (boxed.shop.rice, 3))
    order = purchase.orders[0]

    told = [(line.line, line.of_line, line.quantity, line.amount_vnd, line.share_vnd) for line in order.lines]
    assert told == [
        (1, None, 3, 150_000, 0),
        (2, None, 2, 300_000, 0),
        (3, 2, 4, 0, 230_769),  # 2 × 50,000 of 130,000
        (4, 2, 2, 0, 69_231),
    ]
    assert order.goods_vnd == 450_000
    assert ordering.wanted_lines(order) == [1, 3, 4]
    lots = purchase_queries.lots_of(purchase)
    assert [(line, [lot.quantity for lot in lots[line]]) for line in sorted(lots)] == [(1, [3]), (3, [4]), (4, [2])]
    assert (free(boxed.shop.rice, now), free(boxed.tea, now)) == (3, 2)
    with transaction():
        ordering.cancel(order, cause="buyer", now=now)
    assert (free(boxed.shop.rice, now), free(boxed.tea, now)) == (10, 4)


def test_what_was_sold_stays_what_it_was_when_the_set_changes(ctx: Flask, boxed: Boxed, now: datetime) -> None:
    purchase = buy(boxed, now, (boxed.box, 1))
    with transaction() as session:
        session.add(SetPart(set_item_id=boxed.box, version=2, part_item_id=boxed.tea, quantity=3))

    assert sets.parts_of([boxed.box]) == {boxed.box: (sets.Part(boxed.tea, 3),)}
    deliver(purchase.orders[0], now)
    assert (on_hand(boxed.rice_lot), on_hand(boxed.tea_lot)) == (8, 3)


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 10**6)), min_size=1, max_size=8), st.integers(0, 10**8))
def test_the_parts_share_what_is_paid_to_the_dong(parts: list[tuple[int, int]], paid: int) -> None:
    from kernel.money import split

    shares = split(paid, [quantity * price for quantity, price in parts])

    assert sum(shares) == paid
    assert min(shares) >= 0


def test_of_a_set_that_is_taken_down_its_parts_go_with_it(ctx: Flask, boxed: Boxed, now: datetime) -> None:
    order = buy(boxed, now, (boxed.box, 3)).orders[0]
    with transaction():
        changing.take_down(order, {1: 1}, seen=order.revision, now=now)

    db.session.expire_all()
    assert [(line.line, line.quantity, line.paid_vnd) for line in order.lines] == [
        (1, 1, 150_000),
        (2, 2, 115_385),
        (3, 1, 34_615),
    ]
    assert (free(boxed.shop.rice, now), free(boxed.tea, now)) == (8, 3)
    assert order.total_vnd == 180_000
    with pytest.raises(changing.MoreThanOrdered), transaction():
        changing.take_down(order, {2: 1}, seen=order.revision, now=now)


# --- Sent back ----------------------------------------------------------------------------------------


def test_a_part_goes_back_for_its_share_and_all_of_them_for_all_of_it(ctx: Flask, boxed: Boxed, now: datetime) -> None:
    order = buy(boxed, now, (boxed.box, 1)).orders[0]
    deliver(order, now)
    assert [row.bought.line for row in return_queries.returnable(order, now)] == [2, 3]

    def send_back(line: int, packs: int, lot_id: int, wish: ReturnWish = ReturnWish.MONEY):
        with transaction():
            made = returns.ask(
                order, {line: packs}, reason=ReturnReason.CHANGED_MIND, wish=wish,
                account=returns.Account("970405", "0123456789", "NGUOI MUA MAU"), language="vi", now=now,
            )  # fmt: skip
            returns.accept(made, keeps_goods=False, actor=SYSTEM, now=now)
            taking_in.take_in(made, [Arrival(line, lot_id, Condition.GOOD, packs)], actor=SYSTEM, now=now)
        return made

    first = send_back(3, 1, boxed.tea_lot)
    assert (first.state, first.goods_vnd, first.delivery_vnd) == (ReturnState.DONE, 34_615, 0)
    second = send_back(2, 2, boxed.rice_lot)
    assert (second.goods_vnd, second.delivery_vnd) == (115_385, 30_000)
    assert first.goods_vnd + second.goods_vnd == SET_VND
    assert (on_hand(boxed.rice_lot), on_hand(boxed.tea_lot)) == (10, 4)
    with pytest.raises(returns.TooMany), transaction():
        returns.ask(order, {1: 1}, reason=ReturnReason.CHANGED_MIND, wish=ReturnWish.EXCHANGE, language="vi", now=now)


def test_a_part_is_sent_anew_by_itself(ctx: Flask, boxed: Boxed, now: datetime) -> None:
    order = buy(boxed, now, (boxed.box, 1)).orders[0]
    deliver(order, now)
    with transaction():
        made = returns.ask(
            order, {3: 1}, reason=ReturnReason.DAMAGED, words="Vỡ", wish=ReturnWish.EXCHANGE, language="vi", now=now
        )
        returns.accept(made, keeps_goods=True, actor=SYSTEM, now=now)
        anew = returns.exchange(made, actor=SYSTEM, now=now)

    assert [(line.trade_item_id, line.of_line, line.quantity) for line in anew.lines] == [(boxed.tea, None, 1)]
    assert free(boxed.tea, now) == 2


# --- What a set may be --------------------------------------------------------------------------------


def test_a_set_is_put_together_of_ones_own_single_goods(
    ctx: Flask, boxed: Boxed, make: Factories, now: datetime
) -> None:
    product = db.session.get_one(Product, boxed.product.id)
    actor = make.actor(boxed.shop.first)

    def add(**parts: dict[int, int]) -> TradeItem:
        with transaction():
            return editing.add_item(product, actor, name_vi="bộ", net_content=1, unit=Unit.PIECE, now=now, **parts)

    for parts, problem in (
        ({}, sets.NothingInIt),
        ({boxed.tea: 1}, sets.NothingInIt),
        ({boxed.tea: 0, boxed.shop.rice: 1}, sets.NothingInIt),
        ({boxed.tea: 100}, sets.BadPartQuantity),
        ({boxed.tea: -1, boxed.shop.rice: 4}, sets.BadPartQuantity),
        ({boxed.tea: 1, boxed.shop.honey: 1}, sets.NotAPart),
        ({boxed.tea: 1, boxed.box: 1}, sets.NotAPart),
        ({boxed.tea: 1, 9_999: 1}, sets.NotAPart),
    ):
        with pytest.raises(problem):
            add(parts=parts)
    item = add(parts={boxed.tea: 2, boxed.shop.rice: 1})
    assert (item.is_set, item.net_content, item.unit) == (True, 3, Unit.PIECE)
    with transaction():
        editing.change_item(item, actor, name_vi="bộ", net_content=1, unit=Unit.PIECE, parts={boxed.tea: 4}, now=now)
    assert sets.parts_of([item.id]) == {item.id: (sets.Part(boxed.tea, 4),)}
    assert db.session.get_one(TradeItem, item.id).net_content == 4


def test_what_is_in_an_approved_set_stays(ctx: Flask, boxed: Boxed, make: Factories, now: datetime) -> None:
    box = db.session.get_one(TradeItem, boxed.box)
    with pytest.raises(editing.ItemIsSettled), transaction():
        editing.change_item(
            box, make.actor(boxed.shop.first), name_vi=box.name_vi, name_en=box.name_en, net_content=1,
            unit=Unit.PIECE, parts={boxed.tea: 5}, now=now,
        )  # fmt: skip
    assert dict(sets.parts_of([boxed.box])[boxed.box]) == {boxed.shop.rice: 2, boxed.tea: 1}


def test_the_database_refuses_what_a_set_may_not_be(ctx: Flask, boxed: Boxed, make: Factories, now: datetime) -> None:
    rice = boxed.shop.rice
    version = db.session.scalars(select(VersionItem.version_id).where(VersionItem.trade_item_id == boxed.box)).one()
    for statement, words in (
        (f"INSERT INTO set_part VALUES ({boxed.box}, 2, {boxed.shop.honey}, 1)", "own producer"),
        (f"INSERT INTO set_part VALUES ({rice}, 1, {boxed.tea}, 1)", "own producer"),
        (f"INSERT INTO set_part VALUES ({boxed.box}, 2, {boxed.box}, 1)", "itself|own producer"),
        (f"INSERT INTO set_part VALUES ({boxed.box}, 2, {rice}, 0)", "quantity"),
        (f"UPDATE set_part SET quantity = 5 WHERE set_item_id = {boxed.box}", "append-only"),
        (f"DELETE FROM set_part WHERE set_item_id = {boxed.box}", "append-only"),
        (f"UPDATE trade_item SET is_set = FALSE WHERE id = {boxed.box}", "stays a set"),
        (f"UPDATE trade_item SET unit = 'g' WHERE id = {boxed.box}", "set"),
        (
            f"INSERT INTO batch (lot_id, trade_item_id, number, token, made_on) VALUES "
            f"((SELECT max(id) FROM lot), {boxed.box}, 'L1', 'abc', '2026-11-01')",
            "no batches",
        ),
    ):
        with pytest.raises(DBAPIError, match=words), transaction() as session:
            session.execute(text(statement))
    with transaction() as session:
        empty = TradeItem(
            product_id=boxed.product.id, code="RONG", name_vi="rỗng", net_content=2, unit=Unit.PIECE, is_set=True,
            created_at=now,
        )  # fmt: skip
        session.add(empty)
    with pytest.raises(DBAPIError, match="nothing in this set"), transaction() as session:
        session.add(VersionItem(version_id=version, position=9, trade_item_id=empty.id))


def test_a_part_of_a_set_has_no_price_of_its_own_and_a_share_within_the_order(
    ctx: Flask, boxed: Boxed, now: datetime
) -> None:
    order = buy(boxed, now, (boxed.box, 1)).orders[0]
    for facts in ({"of_line": 9}, {"of_line": None, "share_vnd": 5}, {"of_line": 1, "price_vnd": 5, "agreed_vnd": 5}):
        row = {
            "order_id": order.id, "line": 8, "trade_item_id": boxed.tea, "name_vi": "x", "name_en": "x",
            "slug": "x", "agreed": 1, "unit": Unit.GRAM, "price_vnd": 0, "agreed_vnd": 0, **facts,
        }  # fmt: skip
        with pytest.raises(DBAPIError), transaction() as session:
            session.add(OrderLine(**row))


def test_shares_that_do_not_add_up_are_found(ctx: Flask, make: Factories, app: Flask, now: datetime) -> None:
    boxed = set_up(make, app, now)
    order = buy(boxed, now, (boxed.box, 1)).orders[0]
    with transaction() as session:
        session.add(
            OrderLine(
                order_id=order.id, line=9, trade_item_id=boxed.tea, of_line=1, name_vi="x", name_en="x", slug="x",
                agreed=1, unit=Unit.GRAM, price_vnd=0, agreed_vnd=0, share_vnd=1,
            )
        )  # fmt: skip

    assert [line for line in agreement.verify() if "share" in line] == [
        f"line 1 of order {order.id}: its parts share 150001 of the 150000 agreed"
    ]


# --- Races --------------------------------------------------------------------------------------------


def _last_rice(boxed: Boxed, app: Flask, now: datetime) -> list[int]:
    """Leave two packs of rice; give ten carts with a box and ten with two packs of rice by themselves."""
    with app.app_context():
        buy(boxed, now, (boxed.shop.rice, 8))
        return [fill(now, (boxed.box, 1) if number % 2 else (boxed.shop.rice, 2)).id for number in range(20)]


@pytest.mark.race
def test_of_boxes_and_single_packs_of_the_same_last_lot_one_cart_is_placed(
    app: Flask, boxed: Boxed, now: datetime
) -> None:
    ids = _last_rice(boxed, app, now)

    def press(number: int) -> str:
        total = 30_000 + (SET_VND if number % 2 else 100_000)
        with transaction():
            ordering.place(db.session.get_one(Cart, ids[number]), asked(boxed.shop, total, PaymentMethod.COD), now=now)
        return "placed"

    results = race(app, 20, press)

    with app.app_context():
        assert results.count("placed") == 1
        assert set(results) <= {"placed", "NotEnough", "CartChanged"}
        assert free(boxed.shop.rice, now) == 0


@pytest.mark.race
def test_the_control_that_claims_without_looking_sells_the_same_rice_twice(
    make: Factories, app: Flask, now: datetime
) -> None:
    boxed = set_up(make, app, now)
    with app.app_context():
        buy(boxed, now, (boxed.shop.rice, 8))

    def press(number: int) -> int:
        there = left(boxed, now) * 2 if number else free(boxed.shop.rice, now)  # as a box, or pack by pack
        db.session.rollback()
        meet()
        with transaction() as session:
            session.add(
                Allocation(
                    document=f"DH-{number}", line=1, trade_item_id=boxed.shop.rice, lot_id=boxed.rice_lot,
                    location_id=_shelf(boxed).id, owner_id=boxed.shop.first.id, wanted=2, quantity=there,
                    state=AllocationState.FIRM, created_at=now,
                )
            )  # fmt: skip
        return there

    assert race(app, 2, press) == [2, 2]  # two packs were left, four are promised
    with app.app_context():
        assert verification.verify() != []


def _shelf(boxed: Boxed) -> Location:
    return locations.of(boxed.shop.first.id, LocationKind.WAREHOUSE)


@pytest.mark.race
def test_a_box_online_and_rice_taken_from_the_shelf_do_not_both_have_it(
    app: Flask, boxed: Boxed, now: datetime
) -> None:
    with app.app_context():
        buy(boxed, now, (boxed.shop.rice, 8))
        cart_id = fill(now, (boxed.box, 1)).id

    def act(number: int) -> str:
        with transaction():
            if number:
                ordering.place(
                    db.session.get_one(Cart, cart_id), asked(boxed.shop, 180_000, PaymentMethod.COD), now=now
                )
            else:
                take_away(boxed, 1, now)
        return "done"

    results = race(app, 2, act)

    with app.app_context():
        assert results.count("done") == 1
        assert set(results) <= {"done", "NotEnough", "NotOnHand", "CartChanged"}


def test_a_box_and_rice_in_one_cart_are_held_together(ctx: Flask, boxed: Boxed, now: datetime) -> None:
    purchase = buy(boxed, now, (boxed.shop.rice, 2), (boxed.box, 4))

    rows = allocation.of_document(purchase.number)
    assert sum(row.quantity for row in rows if row.lot_id == boxed.rice_lot) == 10
    assert free(boxed.shop.rice, now) == 0
    state = db.session.get_one(Lot, boxed.rice_lot).state
    assert state.value == "released"
