"""Whoever buys sets and single goods of the same lots, in whatever order: each pack is promised once and is somewhere.

A model in plain Python counts what every buyer is to have, a set as what is in it. After each step the stock must say
the same: what is promised or was sent, lot by lot, and how many of each are left to be had.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import func, select

from accounts.actor import SYSTEM
from kernel import clock
from kernel.db import db, transaction
from kernel.errors import DomainError
from stock import allocation, holding, ledger, locations, verification
from stock.models import Allocation, AllocationState, Balance, Location, LocationKind
from storefront import cart as carts
from storefront import (
    changing,
    offers,
    ordering,
    parcels,
    paying,
    return_queries,
    returns,
    settling,
    taking_in,
)
from storefront.models import PublicText
from storefront.order_models import BankAccount, Order, ParcelState, PaymentMethod, Placement, Purchase
from storefront.return_models import Condition, ReturnReason, ReturnWish
from storefront.shipping import Way
from tests.factories import BA_DONG, VALID_FROM, Factories
from traceability.models import Batch, Lot

RICE, TEA, BOX, CHEST = range(4)
PRICES = (50_000, 30_000, 120_000, 150_000)
#: What is in one of each: packs of rice, packs of tea.
INSIDE = ((1, 0), (0, 1), (2, 1), (1, 3))
#: Two batches of rice, one of tea.
MADE = {RICE: (7, 9), TEA: (12,)}
WHICH = st.integers(0, 99)
#: Of each of the four; mostly few, so that much can be done before all is gone.
WISHES = st.tuples(*[st.sampled_from((0, 0, 1, 2)), st.sampled_from((0, 0, 1, 3)), *[st.sampled_from((0, 1, 2))] * 2])
ACCOUNT = returns.Account("970405", "0123456789", "NGUOI MUA MAU")
GOING = (AllocationState.HELD, AllocationState.FIRM, AllocationState.SHIPPED)


@dataclass
class Bought:
    """A purchase as the model sees it: how many of each of the four are its buyer's."""

    id: int
    number: str
    of: list[int]
    until: datetime | None  #: promised until then; None: for good
    sent: bool = False
    is_over: bool = False

    def packs(self, single: int) -> int:
        """Count the packs of rice or of tea."""
        return sum(many * INSIDE[one][single] for one, many in enumerate(self.of))


@dataclass
class World:
    """What a run works with."""

    producer_id: int
    items: tuple[int, int, int, int]
    lots: dict[int, tuple[int, ...]]  #: rice or tea → its lots
    shelf_id: int
    texts: dict[str, int]


def world(make: Factories, now: datetime) -> World:
    """Make a producer with rice, tea, a box of 2 rice and a tea, and a chest of a rice and 3 tea."""
    producer = make.producer()
    shelf = make.location(producer, LocationKind.WAREHOUSE)
    today = clock.business_date(now)
    singles, lots = [], {}
    for single, name in ((RICE, "Gạo mẫu"), (TEA, "Trà mẫu")):
        product = make.product(producer, name=name, price_vnd=PRICES[single])
        item = make.item(product)
        batches = [
            make.batch(item, quantity=many, expires_on=today + timedelta(days=300 + 30 * number))
            for number, many in enumerate(MADE[single])
        ]
        for batch, many in zip(batches, MADE[single], strict=True):
            make.on_hand(batch.lot_id, shelf, producer, many)
        singles.append(item)
        lots[single] = tuple(batch.lot_id for batch in batches)
    sets = [
        make.set_of(
            make.product(producer, name=f"Bộ mẫu {one}", price_vnd=1_000_000),
            {singles[RICE].id: INSIDE[one][RICE], singles[TEA].id: INSIDE[one][TEA]},
            price_vnd=PRICES[one],
        )
        for one in (BOX, CHEST)
    ]
    with transaction() as session:
        session.add(
            BankAccount(
                organisation_id=producer.id, bank_bin="970405", number=f"10{producer.id}", holder="MAU", added_at=now
            )
        )
        texts = [PublicText(name=name, title_vi="Mẫu", body_vi="Mẫu", saved_at=now) for name in ("a", "b")]
        session.add_all(texts)
    items = (singles[RICE].id, singles[TEA].id, sets[0].id, sets[1].id)
    return World(producer.id, items, lots, shelf.id, {"terms": texts[0].id, "privacy": texts[1].id})


class Shelf(RuleBasedStateMachine):
    """See the top of this file."""

    def __init__(self, here: World, now: datetime) -> None:
        super().__init__()
        self.here, self.now = here, now
        self.bought: list[Bought] = []
        self.carts: list[tuple[int, list[int]]] = []
        self.held: set[int] = set()
        self.taken = 0

    # What the model knows

    def left(self, single: int) -> int:
        """Count the packs that nobody was promised, or not any more, of lots that are not held."""
        rows = db.session.execute(
            select(Balance.on_hand - Balance.allocated, Balance.lot_id).where(
                Balance.lot_id.in_(self.here.lots[single]), Balance.location_id == self.here.shelf_id
            )
        ).all()
        late = dict(
            db.session.execute(
                select(Allocation.lot_id, func.sum(Allocation.quantity))
                .where(Allocation.state == AllocationState.HELD, Allocation.expires_at <= self.now)
                .group_by(Allocation.lot_id)
            ).all()
        )
        db.session.rollback()
        return sum(int(free) + int(late.get(lot, 0)) for free, lot in rows if lot not in self.held)

    def suffices(self, wish: list[int]) -> bool:
        packs = [sum(many * INSIDE[one][single] for one, many in enumerate(wish)) for single in (RICE, TEA)]
        return all(packs[single] <= self.left(single) for single in (RICE, TEA))

    def standing(self, *, sent: bool | None = None) -> list[Bought]:
        return [one for one in self.bought if not one.is_over and sent in (None, one.sent)]

    def tried(self, wrong: tuple[type[DomainError], ...], act: Callable[[], Any]) -> Any:
        """Do a step: it must be refused in one of these ways, or done when there is none."""
        if wrong:
            with pytest.raises(wrong), transaction():
                act()
            return None
        with transaction():
            return act()

    # Steps

    @rule(wish=WISHES)
    def fill_a_cart(self, wish: tuple[int, int, int, int]) -> None:
        if not any(wish):
            return
        fits = self.suffices(list(wish))
        cart_id = None

        def act() -> int:
            cart = carts.start(self.now)
            for item_id, many in zip(self.here.items, wish, strict=True):
                if many:
                    carts.put(cart, item_id, many, now=self.now)
            return cart.id

        wrong = () if fits else (carts.NotSoMany, carts.SoldOut, carts.AllInCart)
        cart_id = self.tried(wrong, act)
        if cart_id is not None:
            self.carts.append((cart_id, list(wish)))

    @precondition(lambda self: self.carts)
    @rule(which=WHICH, on_delivery=st.booleans(), twice=st.booleans())
    def order_it(self, which: int, on_delivery: bool, twice: bool) -> None:
        """Order a cart; others may have had its goods meanwhile."""
        cart_id, wish = self.carts.pop(which % len(self.carts))
        fits = self.suffices(wish)
        total = 30_000 + sum(many * price for many, price in zip(wish, PRICES, strict=True))
        asked = ordering.Asked(
            buyer=ordering.Buyer("Người mua mẫu", "+84900000000", "Thôn 1", BA_DONG, VALID_FROM),
            method=PaymentMethod.COD if on_delivery else PaymentMethod.VIETQR,
            language="vi",
            seen_total_vnd=total,
            ways={self.here.producer_id: Way("parcel", 30_000)},
            consents=self.here.texts,
        )

        def act() -> Purchase:
            purchase = ordering.place(db.session.get_one(carts.Cart, cart_id), asked, now=self.now)
            paying.ask(purchase, now=self.now)
            return purchase

        purchase = self.tried(() if fits else (ordering.CartChanged, allocation.NotEnough), act)
        if purchase is not None:
            assert not twice or self.tried((), act).id == purchase.id, "the same cart again is the same purchase"
            until = None if on_delivery else self.now + ordering.HOLD
            self.bought.append(Bought(purchase.id, purchase.number, wish, until))

    @precondition(lambda self: self.standing(sent=False))
    @rule(which=WHICH)
    def pay_for_it(self, which: int) -> None:
        """Pay, in time or late: then the goods may be somebody else's."""
        open_ones = self.standing(sent=False)
        one = open_ones[which % len(open_ones)]
        if one.until is None:
            return
        with transaction():
            for payment in db.session.get_one(Purchase, one.id).payments:
                settling.capture(payment, payment.amount_vnd, now=self.now)
        stands = self.order(one).placement is Placement.CONFIRMED
        assert stands or one.until <= self.now, "paid in time is paid for good"
        one.until, one.is_over = None, not stands
        db.session.rollback()

    @precondition(lambda self: self.standing(sent=False))
    @rule(which=WHICH, by_time=st.booleans())
    def call_it_off(self, which: int, by_time: bool) -> None:
        open_ones = self.standing(sent=False)
        one = open_ones[which % len(open_ones)]
        if by_time:
            with transaction():
                settling.close(db.session.get_one(Purchase, one.id), now=self.now)
            one.is_over = one.until is not None and one.until <= self.now
            return
        with transaction():
            ordering.cancel(self.order(one), cause="buyer", now=self.now)
        one.is_over = True

    @precondition(lambda self: self.standing(sent=False))
    @rule(which=WHICH, what=st.integers(0, 3))
    def take_one_down(self, which: int, what: int) -> None:
        """Let a set, or a single pack, be left out of an order."""
        open_ones = [one for one in self.standing(sent=False) if one.until is None or one.until > self.now]
        if not open_ones:
            return
        one = open_ones[which % len(open_ones)]
        if not one.of[what] or sum(one.of) == 1:
            return
        with transaction():
            order = self.order(one)
            line = next(row for row in changing.sold_lines(order) if row.trade_item_id == self.here.items[what])
            changing.take_down(order, {line.line: line.quantity - 1}, seen=order.revision, now=self.now)
        one.of[what] -= 1

    @precondition(lambda self: self.standing(sent=False))
    @rule(which=WHICH)
    def send_it(self, which: int) -> None:
        open_ones = [one for one in self.standing(sent=False) if one.until is None]
        if not open_ones:
            return
        one = open_ones[which % len(open_ones)]
        is_held = bool(self.held & {row.lot_id for row in allocation.live_of(one.number)})
        db.session.rollback()

        def act() -> None:
            parcel = parcels.pack(self.order(one), carrier="hand_over", actor=SYSTEM, now=self.now)
            parcels.move_on(parcel, ParcelState.DELIVERED, actor=SYSTEM, now=self.now)
            if parcel.cod_vnd:
                parcels.collected(parcel, actor=SYSTEM, now=self.now)

        self.tried((ledger.LotFrozen,) if is_held else (), act)
        one.sent = not is_held

    @precondition(lambda self: self.standing(sent=True))
    @rule(which=WHICH, many=WHICH)
    def send_some_back(self, which: int, many: int) -> None:
        """Send sound packs back, a part of a set like any other."""
        there = self.standing(sent=True)
        one = there[which % len(there)]
        with transaction():
            order = self.order(one)
            left = return_queries.returnable(order, self.now)
            if not left:
                return
            bought, most = left[which % len(left)].bought, left[which % len(left)].left
            made = returns.ask(
                order, {bought.line: 1 + many % most}, reason=ReturnReason.CHANGED_MIND, wish=ReturnWish.MONEY,
                account=ACCOUNT, language="vi", now=self.now,
            )  # fmt: skip
            returns.accept(made, keeps_goods=False, actor=SYSTEM, now=self.now)
            sent = [row for row in return_queries.lots_of(made) if row.line == bought.line and row.left]
            packs = min(1 + many % most, sent[0].left)
            arrival = taking_in.Arrival(bought.line, sent[0].lot_id, Condition.GOOD, packs)
            taking_in.take_in(made, [arrival], note="Dữ liệu mẫu", actor=SYSTEM, now=self.now)

    @rule(single=st.sampled_from((RICE, TEA)), which=WHICH, packs=st.integers(1, 3))
    def take_from_the_shelf(self, single: int, which: int, packs: int) -> None:
        """Take packs away, as somebody does who stands before them: never promised ones."""
        lot_id = self.here.lots[single][which % len(self.here.lots[single])]
        free = int(
            db.session.execute(
                select(Balance.on_hand - Balance.allocated).where(
                    Balance.lot_id == lot_id, Balance.location_id == self.here.shelf_id
                )
            ).scalar_one()
        )
        db.session.rollback()
        self.taken += 1
        wrong: tuple[type[DomainError], ...] = ()
        if lot_id in self.held:
            wrong = (ledger.LotFrozen,)
        elif packs > free:
            wrong = (ledger.NotOnHand,)
        self.tried(wrong, lambda: self.away(lot_id, packs))

    @rule(single=st.sampled_from((RICE, TEA)), which=WHICH)
    def hold_a_lot_or_let_it_go(self, single: int, which: int) -> None:
        lot_id = self.here.lots[single][which % len(self.here.lots[single])]
        verb = holding.end_hold if lot_id in self.held else holding.hold
        with transaction():
            verb(db.session.get_one(Lot, lot_id), reason="Kiểm tra", actor=SYSTEM, now=self.now)
        self.held ^= {lot_id}

    @rule(sweeps=st.booleans())
    def time_passes(self, sweeps: bool) -> None:
        self.now += ordering.HOLD
        if sweeps:
            with transaction():
                allocation.expire(self.now)

    # Inside

    def order(self, one: Bought) -> Order:
        return db.session.get_one(Purchase, one.id).orders[0]

    def away(self, lot_id: int, packs: int) -> None:
        shelf, keeper = db.session.get_one(Location, self.here.shelf_id), self.here.producer_id
        ledger.move(
            lot_id, packs, source=shelf, to=locations.of(keeper, LocationKind.LOSS), owner_id=keeper, document="QUAY",
            cause=f"QUAY:{lot_id}:{self.taken}", now=self.now, actor=SYSTEM,
        )  # fmt: skip

    # What must be so

    @invariant()
    def every_pack_is_somewhere(self) -> None:
        db.session.expire_all()
        assert verification.verify() == []
        for single, lots in self.here.lots.items():
            for lot_id, made in zip(lots, MADE[single], strict=True):
                found = db.session.scalar(
                    select(func.sum(Balance.on_hand))
                    .join(Location, Location.id == Balance.location_id)
                    .where(Balance.lot_id == lot_id, Location.kind != LocationKind.PRODUCTION)
                )
                assert found == made
        db.session.rollback()

    @invariant()
    def every_buyer_has_what_was_bought_and_nobody_else_has_it(self) -> None:
        rows = db.session.execute(
            select(Allocation.document, Batch.trade_item_id, func.sum(Allocation.quantity))
            .join(Batch, Batch.lot_id == Allocation.lot_id)
            .where(Allocation.state.in_(GOING), Batch.trade_item_id.in_(self.here.items[:2]))
            .group_by(Allocation.document, Batch.trade_item_id)
        ).all()
        found = Counter({(document, item_id): int(many) for document, item_id, many in rows})
        for one in self.bought:
            for single in (RICE, TEA):
                there = found.pop((one.number, self.here.items[single]), 0)
                if one.is_over:
                    assert there == 0
                elif one.until is None or one.until > self.now:
                    assert there == one.packs(single)
                else:  # past its time: others may have had them
                    assert there <= one.packs(single)
        assert not found
        db.session.rollback()

    @invariant()
    def as_many_can_be_had_as_are_left(self) -> None:
        seen = offers.offers(self.here.items, self.now)
        left = [self.left(RICE), self.left(TEA)]
        for one, item_id in enumerate(self.here.items):
            wanted = [(left[single], INSIDE[one][single]) for single in (RICE, TEA) if INSIDE[one][single]]
            assert seen[item_id].available == min(have // need for have, need in wanted)
        db.session.rollback()


def test_sets_and_single_goods_of_the_same_lots_are_promised_once(ctx: Flask, make: Factories, now: datetime) -> None:
    moments = iter(range(10**6))

    def machine() -> Shelf:
        begun = now + timedelta(hours=next(moments))
        return Shelf(world(make, begun), begun)

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=10,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )


# --- Controls -----------------------------------------------------------------------------------------


def tell(here: World, now: datetime) -> None:
    """Let a short history happen, and look after each step as the machine does."""
    shelf = Shelf(here, now)
    steps: list[Callable[[], None]] = [
        lambda: shelf.fill_a_cart((1, 1, 2, 0)),
        lambda: shelf.order_it(0, on_delivery=True, twice=True),
        lambda: shelf.fill_a_cart((0, 0, 1, 1)),
        lambda: shelf.order_it(0, on_delivery=False, twice=False),
        lambda: shelf.call_it_off(0, by_time=False),
        lambda: shelf.pay_for_it(0),
        lambda: shelf.send_it(0),
        lambda: shelf.send_some_back(0, 0),
    ]
    for step in steps:
        step()
        shelf.every_pack_is_somewhere()
        shelf.every_buyer_has_what_was_bought_and_nobody_else_has_it()
        shelf.as_many_can_be_had_as_are_left()


def _parts_are_written_once(patch: pytest.MonkeyPatch) -> None:
    """The parts of several sets are written down as those of one."""
    rightly = ordering._line

    def wrong(number: int, offer: offers.Offer, quantity: int, **money: Any) -> Any:
        return rightly(number, offer, 1 if money.get("of_line") else quantity, **money)

    patch.setattr(ordering, "_line", wrong)


def _what_is_called_off_stays_promised(patch: pytest.MonkeyPatch) -> None:
    """Goods of an order that was called off never come back to the shelf."""
    patch.setattr(allocation, "_unclaim", lambda freed: None)


def _sets_are_counted_by_their_first_part(patch: pytest.MonkeyPatch) -> None:
    """As many sets are offered as one of their parts suffices for."""
    patch.setattr(offers, "_sets_of", lambda parts: parts[0].offer.available // parts[0].quantity)


def _single_goods_are_not_looked_at_with_sets(patch: pytest.MonkeyPatch) -> None:
    """Of a cart's lines only the first takes anything from the shelf."""
    rightly = allocation._asked
    patch.setattr(allocation, "_asked", lambda wants: rightly(wants[:1]))


@pytest.mark.parametrize(
    "fault",
    [
        _parts_are_written_once,
        _what_is_called_off_stays_promised,
        _sets_are_counted_by_their_first_part,
        _single_goods_are_not_looked_at_with_sets,
    ],
)
def test_a_fault_is_found_in_a_short_history(
    ctx: Flask, make: Factories, now: datetime, monkeypatch: pytest.MonkeyPatch, fault: Callable[..., None]
) -> None:
    """With the fault the stock says otherwise than the model; without it the same history is right."""
    here = world(make, now)
    fault(monkeypatch)

    with pytest.raises((AssertionError, DomainError)):
        tell(here, now)


def test_without_a_fault_the_history_is_right(ctx: Flask, make: Factories, now: datetime) -> None:
    tell(world(make, now), now)
