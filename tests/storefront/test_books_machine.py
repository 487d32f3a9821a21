"""Whatever is bought, paid, called off, sent back and given back, in whatever order: not one đồng appears, vanishes or
is anybody else's.

A model in plain Python does the same steps beside the verbs: what came to whom, what is held for buyers, which orders
stand and how much of each was undone, which goods came back and what they are worth. After each step the journal must
say the same. One of the goods is a set, whose parts are also sold one by one and go back one by one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from math import floor

from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import func, select

from accounts.actor import SYSTEM
from accounts.models import LegalForm, Organisation
from books import commission, withholding
from books.models import Account, JournalLine
from kernel import clock
from kernel.db import db, transaction
from stock import verification
from stock.models import LocationKind
from storefront import (
    agreement,
    bookkeeping,
    ordering,
    parcels,
    paying,
    return_queries,
    returns,
    settling,
    taking_in,
    vouchers,
)
from storefront import cart as carts
from storefront.models import PublicText
from storefront.order_models import (
    BankAccount,
    Credit,
    Order,
    Parcel,
    ParcelState,
    Payment,
    PaymentMethod,
    Purchase,
    Refund,
)
from storefront.return_models import Condition, ReturnReason, ReturnWish
from storefront.settling import Arrived
from storefront.shipping import Way
from storefront.voucher_models import VoucherKind
from storefront.vouchers import Terms
from tests.factories import BA_DONG, VALID_FROM, Factories

WHICH = st.integers(0, 99)
PART = st.sampled_from([Fraction(1), Fraction(1), Fraction(1, 3), Fraction(4, 3), Fraction(1, 7)])
DELIVERY = 30_000
RICE, HONEY, BOX = 49_999, 120_001, 133_333
ACCOUNT = returns.Account("970405", "0123456789", "NGUOI MUA MAU")
MONEY = (Account.BANK, Account.CARD, Account.COLLECTED, Account.UNDER_WAY, Account.CASH)


@dataclass
class Thing:
    """An order, as the model sees it."""

    id: int
    number: str
    seller: int
    total: int
    base: int  #: what the seller gets for the goods, from whomever
    paid: int  #: what the buyer pays for them
    rate: Fraction
    tax: Fraction
    state: str = "placed"  #: "placed", "stands", "timed out", "off", "back"
    is_paid: bool = False
    undone: int = 0
    delivery: int = 0  #: what the buyer pays for it
    came: bool = False
    back: Counter[int] = field(default_factory=Counter)  #: line → packs that were made good
    delivery_given: int = 0


@dataclass
class Asked:
    """A payment, as the model sees it."""

    id: int
    code: str
    payee: int
    amount: int
    orders: list[Thing]
    cash: bool
    came: int = 0
    held: int = 0
    given: int = 0
    given_for: Counter[int] = field(default_factory=Counter)  #: order → what was given back under its name
    refused: int = 0  #: of what is held: it was to go back, and did not
    over_at: datetime | None = None
    is_open: bool = True
    is_full: bool = False  #: it had all that was asked for, once

    @property
    def needed(self) -> int:
        """Add up what orders that stand, or may stand yet, need of it."""
        return sum(thing.total - thing.undone for thing in self.orders if thing.state in ("placed", "stands"))

    @property
    def waits(self) -> bool:
        """Tell whether money that comes is for it: what was given back pays for nothing."""
        return not self.is_full and self.came - self.given < self.amount


@dataclass
class World:
    """Two producers: one has an account of its own, the other is paid through the office."""

    producers: tuple[int, int]
    items: tuple[int, int, int]
    office: int
    texts: dict[str, int]
    rates: dict[int, Fraction] = field(default_factory=dict)
    taxes: dict[int, Fraction] = field(default_factory=dict)


def world(make: Factories, now: datetime) -> World:
    """Make it: rice and honey at odd prices, and a box of two rice and a tea.

    The commission is 7,5 % for all, 12,34 % for the second producer; of that one tax is held back too.
    """
    household = make.producer("Hộ mẫu", legal_form=LegalForm.HOUSEHOLD)
    producers, items = (make.producer("Hợp tác xã mẫu"), household), []
    office = make.office()
    for producer, price in zip((producers[0], *producers), (50_001, RICE, HONEY), strict=True):
        product = make.product(producer, price_vnd=price)
        make.certificate(product)
        item = make.item(product)
        lot_id = make.batch(item, quantity=5_000).lot_id
        make.on_hand(lot_id, make.location(producer, LocationKind.WAREHOUSE), producer, 5_000)
        items.append(item.id)
    tea, rice, honey = items
    box = make.set_of(make.product(producers[0]), {rice: 2, tea: 1}, price_vnd=BOX)
    today = clock.business_date(now)
    with transaction() as session:
        for owner in (producers[0], office):
            session.add(
                BankAccount(
                    organisation_id=owner.id, bank_bin="970405", number=f"10{owner.id}", holder="MAU", added_at=now
                )
            )
        texts = [PublicText(name=name, title_vi="Mẫu", body_vi="Mẫu", saved_at=now) for name in ("a", "b")]
        session.add_all(texts)
        commission.set_rate(office, 750, valid_from=today, actor=SYSTEM, now=now)
        commission.set_rate(office, 1234, producer=producers[1], valid_from=today, actor=SYSTEM, now=now)
        withholding.turn(office, True, valid_from=today, reason="Thử", actor=SYSTEM, now=now)
    return World(
        (producers[0].id, producers[1].id),
        (rice, honey, box.id),
        office.id,
        {"terms": texts[0].id, "privacy": texts[1].id},
        {producers[0].id: Fraction(750, 10_000), producers[1].id: Fraction(1234, 10_000)},
        {producers[0].id: Fraction(0), producers[1].id: Fraction(150, 10_000)},
    )


class Buying(RuleBasedStateMachine):
    """See the top of this file."""

    def __init__(self, make: Factories, here: World, now: datetime) -> None:
        super().__init__()
        self.here, self.now = here, now
        with transaction():  # what another run left is not of this one
            self.before: Counter[tuple[int, Account]] = self.sums()
        self.payments: list[Asked] = []
        self.purchases: list[int] = []
        self.refunds: dict[int, tuple[Asked, int, list[tuple[Thing, int]], int]] = {}
        self.of_order: dict[int, int] = {}  #: refund → order
        self.done: dict[int, tuple[Asked, int, list[tuple[Thing, int]], int]] = {}
        self.loose: dict[int, tuple[int, int]] = {}  #: credit → payee, amount
        self.money: Counter[int] = Counter()
        self.promised: Counter[int] = Counter()
        self.told = 0
        self.buy((2, 1, 0), on_delivery=False, off=Fraction(1, 10), who_bears=-1)
        self.buy((1, 0, 2), on_delivery=True, off=Fraction(1, 3), who_bears=0)

    # Steps

    @rule(
        packs=st.sampled_from([(1, 0, 0), (0, 1, 0), (2, 1, 0), (3, 5, 0), (0, 0, 3), (1, 0, 2), (2, 1, 1)]),
        on_delivery=st.booleans(),
        off=st.sampled_from([Fraction(0), Fraction(1, 10), Fraction(1, 3)]),
        who_bears=st.integers(-1, 1),
        brings_free=st.booleans(),
    )
    def buy(
        self, packs: tuple[int, int, int], on_delivery: bool, off: Fraction, who_bears: int, brings_free: bool = False
    ) -> None:
        here = self.here
        costs = [packs[0] * RICE + packs[2] * BOX, packs[1] * HONEY]
        bearer = here.office if who_bears < 0 else here.producers[who_bears]
        of = [cost > 0 and who_bears in (-1, seller) for seller, cost in enumerate(costs)]
        goods_off = 0 if brings_free else int(sum(cost for cost, is_off in zip(costs, of, strict=True) if is_off) * off)
        delivery_off = DELIVERY * sum(of) - 1 if brings_free and any(of) else 0
        discount = goods_off + delivery_off
        total = sum(costs) - discount + DELIVERY * sum(1 for cost in costs if cost)
        code = self.voucher(bearer, goods_off, delivery_off) if discount else ""
        with transaction():
            cart = carts.start(self.now)
            for item_id, count in zip(here.items, packs, strict=True):
                if count:
                    carts.put(cart, item_id, count, now=self.now)
            asked = ordering.Asked(
                buyer=ordering.Buyer("Người mua mẫu", "+84900000000", "Thôn 1", BA_DONG, VALID_FROM),
                method=PaymentMethod.COD if on_delivery else PaymentMethod.VIETQR,
                language="vi",
                seen_total_vnd=total,
                ways={producer: Way("parcel", DELIVERY) for producer in here.producers},
                consents=here.texts,
                voucher_code=code,
            )
            purchase = ordering.place(cart, asked, now=self.now)
            paying.ask(purchase, now=self.now)
        self.purchases.append(purchase.id)
        things = {
            order.id: Thing(
                order.id,
                order.number,
                order.producer_id,
                order.total_vnd,
                order.goods_vnd
                if order.discount_by_id is not None
                else sum(line.amount_vnd - line.discount_vnd for line in order.lines),
                sum(line.amount_vnd - line.discount_vnd for line in order.lines),
                here.rates[order.producer_id],
                here.taxes[order.producer_id],
                "stands" if on_delivery else "placed",
                delivery=order.total_vnd - sum(line.amount_vnd - line.discount_vnd for line in order.lines),
            )
            for order in purchase.orders
        }
        for payment in purchase.payments:
            of = [things[payment.order_id]] if payment.order_id else list(things.values())
            self.payments.append(
                Asked(
                    payment.id, payment.code, payment.payee_id, payment.amount_vnd, of, on_delivery,
                    over_at=purchase.hold_until,
                )
            )  # fmt: skip

    def voucher(self, bearer: int, goods_off: int, delivery_off: int) -> str:
        """Make a voucher that takes exactly so much off; give its code."""
        self.told += 1
        day = clock.business_date(self.now)
        with transaction():
            made = vouchers.make(
                db.session.get_one(Organisation, bearer),
                f"M{id(self)}X{self.told}"[-20:],
                Terms(
                    VoucherKind.AMOUNT if goods_off else VoucherKind.DELIVERY,
                    goods_off,
                    day,
                    day,
                    most_vnd=delivery_off or None,
                    most_uses=1,
                ),
                actor=SYSTEM,
                now=self.now,
            )
        return made.code

    @rule(which=WHICH, part=PART, is_named=st.booleans())
    def money_comes(self, which: int, part: Fraction, is_named: bool) -> None:
        payment = self.payments[which % len(self.payments)]
        if payment.cash:
            return
        waited = payment.waits
        amount = max(1, int((payment.amount - payment.came + payment.given) * part)) if waited else 1_001
        self.told += 1
        told = Arrived(
            f"{id(self)}-{self.told}", "statement", payment.payee, amount, payment.code if is_named else "?", self.now
        )
        with transaction():
            credit = settling.record(told, now=self.now)
        with transaction():
            assert settling.record(told, now=self.now).id == credit.id
        self.money[payment.payee] += amount
        if is_named and waited:
            self.take(payment, amount)
        else:
            self.loose[credit.id] = (payment.payee, amount) if not is_named else (0, amount)

    @precondition(lambda self: any(payee for payee, _ in self.loose.values()))
    @rule(which=WHICH)
    def somebody_says_what_for(self, which: int) -> None:
        unknown = sorted(id for id, (payee, _) in self.loose.items() if payee)
        credit_id = unknown[which % len(unknown)]
        payee, amount = self.loose[credit_id]
        own = [one for one in self.payments if one.payee == payee and not one.cash]
        payment = own[which % len(own)]
        with transaction():
            settling.assign(
                db.session.get_one(Credit, credit_id),
                db.session.get_one(Payment, payment.id),
                actor=SYSTEM,
                now=self.now,
            )
        if payment.waits:
            del self.loose[credit_id]
            self.take(payment, amount)
        else:
            self.loose[credit_id] = (0, amount)  # twice: for nothing

    def take(self, payment: Asked, amount: int) -> None:
        """Let money be for a payment, and do what it can."""
        payment.came += amount
        payment.held += amount
        if payment.waits:
            if all(thing.state in ("off", "timed out") for thing in payment.orders):
                self.given_back(payment)
            else:
                payment.is_open = True
            return
        self.forward(payment)

    def forward(self, payment: Asked) -> None:
        """Let a payment that has its money pay what it is for."""
        payment.is_open, payment.is_full = False, True
        for thing in payment.orders:
            if thing.state in ("placed", "timed out"):
                thing.state = "stands"
            elif thing.state == "off":
                self.given_back(payment, thing)
            if thing.state == "stands" and not thing.is_paid and payment.held >= thing.total:
                thing.is_paid = True
                payment.held -= thing.total

    def ask_less(self, payment: Asked) -> None:
        """Ask only for what is not called off."""
        if payment.cash or not payment.is_open:
            return
        standing = sum(thing.total for thing in payment.orders if thing.state in ("placed", "stands"))
        if not standing:
            payment.is_open = False
        elif standing < payment.amount:
            payment.amount = standing
            if payment.came - payment.given >= standing:
                self.forward(payment)

    def given_back(self, payment: Asked, *_: Thing) -> None:
        """Read which refunds the shop has claimed by itself, and reckon with them."""
        db.session.expire_all()
        rows = db.session.scalars(select(Refund).where(Refund.payment_id == payment.id).order_by(Refund.id))
        for row in rows:
            if row.id not in self.refunds:
                self.promise(payment, row.id, row.amount_vnd, row.order_id)

    def promise(self, payment: Asked, refund_id: int, amount: int, order_id: int | None) -> None:
        free = min(payment.held, amount)
        payment.held -= free
        payment.refused = min(payment.refused, payment.held)
        payment.given += amount
        payment.given_for[order_id or 0] += amount
        self.of_order[refund_id] = order_id or 0
        self.promised[payment.payee] += amount
        parts, rest = [], amount - free
        for thing in sorted(payment.orders, key=lambda one: (one.id != order_id, one.id)):
            part = min(rest, thing.total - thing.undone) if thing.is_paid else 0
            if part:
                thing.undone += part
                rest -= part
                parts.append((thing, part))
        assert rest == 0
        self.refunds[refund_id] = (payment, amount, parts, free)

    @rule(which=WHICH)
    def time_is_over(self, which: int) -> None:
        purchase_id = self.purchases[which % len(self.purchases)]
        with transaction():
            purchase = db.session.get_one(Purchase, purchase_id)
            until = purchase.hold_until
            if until is None:
                return
            self.now = max(self.now, until)
            settling.close(purchase, now=self.now)
        for payment in self.payments:
            if payment.over_at is not None and payment.over_at == until and payment.id in self.ids_of(purchase_id):
                for thing in payment.orders:
                    if thing.state == "placed":
                        thing.state = "timed out"
                payment.is_open = False
                self.given_back(payment)

    def ids_of(self, purchase_id: int) -> set[int]:
        return set(db.session.scalars(select(Payment.id).where(Payment.purchase_id == purchase_id)))

    @rule(which=WHICH, by_buyer=st.booleans())
    def call_off(self, which: int, by_buyer: bool) -> None:
        payment = self.payments[which % len(self.payments)]
        thing = payment.orders[which % len(payment.orders)]
        if thing.state not in ("placed", "stands") or thing.came:
            return
        with transaction():
            order = db.session.get_one(Order, thing.id)
            ordering.cancel(order, cause="buyer" if by_buyer else "seller", reason="Đổi ý", now=self.now, actor=SYSTEM)
            settling.give_back_of(order, now=self.now)
        if thing.is_paid:
            payment.held += thing.total - thing.undone
        thing.state, thing.is_paid, thing.undone = "off", False, 0
        due = self.due(payment, thing)
        before = payment.given
        self.ask_less(payment)
        self.given_back(payment)
        if payment.is_full:
            assert payment.given - before == due

    def due(self, payment: Asked, thing: Thing) -> int:
        """Say what goes back for an order that no longer stands: its own, and all that is left if it was the last."""
        left = payment.came - payment.given - payment.needed
        if payment.needed:
            left = min(left, thing.total - payment.given_for[thing.id])
        return max(0, left)

    @rule(which=WHICH)
    def a_parcel_comes_back(self, which: int) -> None:
        payment = self.payments[which % len(self.payments)]
        thing = payment.orders[which % len(payment.orders)]
        if payment.cash or thing.state != "stands" or thing.came:
            return
        with transaction() as session:
            order = session.get_one(Order, thing.id)
            session.add(
                Parcel(
                    number=f"KH-{thing.id}",
                    order_id=thing.id,
                    carrier="ghn",
                    cod_vnd=0,
                    state=ParcelState.RETURNED,
                    created_at=self.now,
                )
            )
            bookkeeping.came_back(order, now=self.now)
            settling.give_back_returned(order, now=self.now)
        payment.held += thing.total - thing.undone
        thing.state, thing.is_paid, thing.undone = "back", False, 0
        due, before = self.due(payment, thing), payment.given
        self.given_back(payment)
        assert payment.given - before == due

    @rule(which=WHICH)
    def what_is_left_over_goes_back(self, which: int) -> None:
        payment = self.payments[which % len(self.payments)]
        if payment.held <= 0 or any(thing.state == "placed" for thing in payment.orders):
            return
        with transaction():
            settling.give_back_held(db.session.get_one(Payment, payment.id), reason="Thừa", actor=SYSTEM, now=self.now)
        self.given_back(payment)
        assert payment.held == 0

    @rule(which=WHICH, part=PART)
    def give_back(self, which: int, part: Fraction) -> None:
        payment = self.payments[which % len(self.payments)]
        left = payment.came - payment.given
        amount = min(left, int(payment.amount * part) if part < 1 else left)
        if amount <= 0:
            return
        self.told += 1
        thing = payment.orders[which % len(payment.orders)]
        with transaction():
            made = settling.refund(
                db.session.get_one(Payment, payment.id),
                amount,
                cause=f"{id(self)}-{self.told}",
                reason="Trả hàng",
                order=db.session.get_one(Order, thing.id),
                now=self.now,
            )
        self.promise(payment, made.id, amount, thing.id)

    @precondition(lambda self: self.refunds)
    @rule(which=WHICH, goes=st.sampled_from([True, True, False]))
    def end_a_refund(self, which: int, goes: bool) -> None:
        refund_id = sorted(self.refunds)[which % len(self.refunds)]
        payment, amount, parts, free = self.refunds[refund_id]
        if not amount:
            return
        with transaction():
            made = db.session.get_one(Refund, refund_id)
            if goes:
                settling.refund_done(made, reference="FT", actor=SYSTEM, now=self.now)
            else:
                settling.refund_refused(made, reason="Nhầm", actor=SYSTEM, now=self.now)
        if goes:
            self.done[refund_id] = self.refunds[refund_id]
        self.refunds[refund_id] = (payment, 0, [], 0)
        self.promised[payment.payee] -= amount
        if goes:
            self.money[payment.payee] -= amount
            return
        payment.given -= amount
        payment.given_for[self.of_order[refund_id]] -= amount
        held_before = payment.held
        for thing, part in parts:
            if thing.state == "stands" and thing.is_paid:
                thing.undone -= part
            else:
                payment.held += part
        payment.held += free
        payment.refused += payment.held - held_before

    @precondition(lambda self: self.done)
    @rule(which=WHICH)
    def what_was_given_back_comes_again(self, which: int) -> None:
        refund_id = sorted(self.done)[which % len(self.done)]
        payment, amount, _, _ = self.refunds[refund_id] = self.done.pop(refund_id)
        with transaction():
            settling.refund_failed(db.session.get_one(Refund, refund_id), problem="lost", now=self.now)
        self.promised[payment.payee] += amount
        self.money[payment.payee] += amount

    @rule(which=WHICH, missing=st.sampled_from([0, 0, 1_000]))
    def the_carrier_brings_cash(self, which: int, missing: int) -> None:
        payment = self.payments[which % len(self.payments)]
        thing = payment.orders[0]
        if not payment.cash or payment.came or thing.state != "stands":
            return
        self.told += 1
        with transaction() as session:
            parcel = Parcel(
                number=f"KH-{thing.id}", order_id=thing.id, carrier="ghn", cod_vnd=payment.amount, created_at=self.now
            )
            session.add(parcel)
            session.flush()
            row = db.session.get_one(Payment, payment.id)
            settling.collect(row, parcel=parcel, now=self.now)
            if which % 3:
                settling.hand_over(row, parcel, now=self.now)
            if which % 3 == 2:
                settling.reconcile(row, parcel, parcel.cod_vnd - missing, now=self.now)
        self.money[payment.payee] += payment.amount - (missing if which % 3 == 2 else 0)
        self.take(payment, payment.amount)

    def waiting(self) -> list[tuple[Asked, Thing]]:
        """List the orders that can be sent: paid, or to be paid to who brings them."""
        return [
            (payment, thing)
            for payment in self.payments
            for thing in payment.orders
            if thing.state == "stands" and not thing.came and thing.is_paid != payment.cash
        ]

    def brought(self) -> list[tuple[Asked, Thing]]:
        """List the orders that came."""
        return [(payment, thing) for payment in self.payments for thing in payment.orders if thing.came]

    @precondition(lambda self: self.waiting())
    @rule(which=WHICH)
    def goods_come(self, which: int) -> None:
        waiting = self.waiting()
        payment, thing = waiting[which % len(waiting)]
        with transaction():
            order = db.session.get_one(Order, thing.id)
            parcel = parcels.pack(order, carrier="hand_over", actor=SYSTEM, now=self.now)
            parcels.move_on(parcel, ParcelState.DELIVERED, actor=SYSTEM, now=self.now)
            if payment.cash:
                parcels.collected(parcel, actor=SYSTEM, now=self.now)
        thing.came = True
        if payment.cash:
            self.money[payment.payee] += payment.amount
            self.take(payment, payment.amount)

    @precondition(lambda self: self.brought())
    @rule(
        which=WHICH,
        many=WHICH,
        reason=st.sampled_from([ReturnReason.CHANGED_MIND, ReturnReason.DAMAGED]),
        keeps_goods=st.booleans(),
    )
    def goods_come_back(self, which: int, many: int, reason: ReturnReason, keeps_goods: bool) -> None:
        brought = self.brought()
        payment, thing = brought[which % len(brought)]
        with transaction():
            order = db.session.get_one(Order, thing.id)
            left = return_queries.returnable(order, self.now)
            assert {row.bought.line: row.left for row in left} == {
                line.line: line.quantity - thing.back[line.line]
                for line in return_queries.lines_of(order)
                if line.quantity > thing.back[line.line]
            }
            if not left:
                return
            chosen = left[which % len(left)]
            bought, packs = chosen.bought, 1 + many % chosen.left
            made = returns.ask(
                order, {bought.line: packs}, reason=reason, wish=ReturnWish.MONEY, words="Mẫu",
                account=ACCOUNT, language="vi", now=self.now,
            )  # fmt: skip
            returns.accept(made, keeps_goods=keeps_goods, actor=SYSTEM, now=self.now)
            if not keeps_goods:
                lot_id = return_queries.lots_of(made)[0].lot_id
                arrival = taking_in.Arrival(bought.line, lot_id, Condition.GOOD, packs)
                taking_in.take_in(made, [arrival], actor=SYSTEM, now=self.now)
            before = thing.back[bought.line]
            thing.back[bought.line] += packs
            is_whole = all(line.quantity == thing.back[line.line] for line in return_queries.lines_of(order))
            due = self.half_up(bought.paid_vnd, before + packs, bought.quantity)
            due -= self.half_up(bought.paid_vnd, before, bought.quantity)
        if is_whole or reason is ReturnReason.DAMAGED:
            due += thing.delivery - thing.delivery_given
            thing.delivery_given = thing.delivery
        due = min(due, thing.total - thing.undone, payment.came - payment.given)
        given = payment.given
        self.given_back(payment)
        assert payment.given - given == max(0, due)

    def half_up(self, amount: int, packs: int, of: int) -> int:
        return floor(Fraction(amount * packs, of) + Fraction(1, 2))

    # What must be so

    def sums(self) -> Counter[tuple[int, Account]]:
        rows = db.session.execute(
            select(JournalLine.organisation_id, JournalLine.account, func.sum(JournalLine.amount_vnd)).group_by(
                JournalLine.organisation_id, JournalLine.account
            )
        )
        return Counter({(row[0], row[1]): int(row[2]) for row in rows})

    @invariant()
    def the_journal_agrees_with_the_model(self) -> None:
        db.session.expire_all()
        assert agreement.verify() == []
        assert verification.verify() == []
        found = self.sums()
        found.subtract(self.before)

        def of(account: Account) -> int:
            return sum(found[who, account] for who in (*self.here.producers, self.here.office))

        for who in (*self.here.producers, self.here.office):
            assert sum(found[who, account] for account in MONEY) == self.money[who]
            assert -found[who, Account.REFUNDS] == self.promised[who]
        assert -of(Account.HELD) == sum(one.held for one in self.payments) + sum(
            amount for _, amount in self.loose.values()
        )
        for one in self.payments:
            if all(thing.state in ("off", "timed out", "back") for thing in one.orders):
                assert one.held == one.refused  # nothing stands: all that came goes back
        standing = [thing for one in self.payments for thing in one.orders if thing.state == "stands"]
        assert of(Account.BUYERS) == sum(thing.total for thing in standing if not thing.is_paid)
        earned = -(of(Account.SALES) + of(Account.DELIVERY) + of(Account.DISCOUNTS))
        assert earned == sum(thing.total - thing.undone for thing in standing)
        assert of(Account.COMMISSION) == 0
        taken = sum(self.fair(thing, thing.rate) for thing in standing)
        assert abs(-found[self.here.office, Account.COMMISSION] - taken) <= 2 * len(standing)
        assert of(Account.TAX) == 0
        paid = [thing for thing in standing if thing.is_paid]
        tax = sum(self.fair(thing, thing.tax) for thing in paid)
        assert abs(-found[self.here.office, Account.TAX] - tax) <= 3 * len(paid)
        self.everybody_has_a_share_of_what_was_paid(found, paid)
        db.session.rollback()

    def fair(self, thing: Thing, rate: Fraction) -> Fraction:
        kept = max(0, thing.paid - thing.undone)
        return thing.base * rate * Fraction(kept, thing.paid)

    def everybody_has_a_share_of_what_was_paid(self, found: Counter[tuple[int, Account]], paid: list[Thing]) -> None:
        """Producers, platform, tax and delivery together are what was paid less what goes back."""
        everybody = (*self.here.producers, self.here.office)
        earned = -sum(found[who, account] for who in everybody for account in (Account.SALES, Account.DISCOUNTS))
        delivery = -sum(found[who, Account.DELIVERY] for who in everybody)
        platform, tax = -found[self.here.office, Account.COMMISSION], -found[self.here.office, Account.TAX]
        costs = sum(found[who, account] for who in self.here.producers for account in (Account.COMMISSION, Account.TAX))
        producers = earned - costs
        waits = sum(found[who, Account.BUYERS] for who in self.here.producers)
        assert producers + platform + tax + delivery - waits == sum(thing.total - thing.undone for thing in paid)


def test_not_one_dong_appears_vanishes_or_is_anybody_elses(ctx: Flask, make: Factories, now: datetime) -> None:
    here = world(make, now)
    moments = iter(range(10**6))
    run_state_machine_as_test(
        lambda: Buying(make, here, now + timedelta(hours=2 * next(moments))),
        settings=settings(
            max_examples=10,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
