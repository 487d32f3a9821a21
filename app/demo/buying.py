"""Buy in the demo shop by the verbs that buyers, producers and the office use; ``purchases.toml`` says what.

Buyers are numbered and have no names, their telephone numbers are nobody's, and they leave no e-mail: no letter goes
out for a sample.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import select

from accounts.actor import Actor
from accounts.models import Organisation
from app.demo.data import DATA
from catalog.models import TradeItem
from kernel.db import db
from kernel.models import AdministrativeUnit
from storefront import cart as carts
from storefront import (
    complaints,
    ordering,
    parcels,
    paying,
    return_queries,
    returns,
    reviews,
    settling,
    shipping,
    taking_in,
)
from storefront.after_models import Complaint, ComplaintKind, Review
from storefront.models import PublicText
from storefront.order_models import Order, OrderLine, ParcelState, PaymentMethod, Purchase, Refund
from storefront.return_models import Condition, GoodsReturn, ReturnReason, ReturnWish
from storefront.shipping import Way

#: Followed by the buyer's number in two digits.
PHONE = "+849000001"
_WORDS = "Dữ liệu mẫu"
_Row = TypeVar("_Row", Review, Complaint, GoodsReturn)


@dataclass(frozen=True)
class Shop:
    """What the rest of the set has made, and who acts."""

    now: datetime
    at: Callable[[int, int], datetime]  #: so many days ago, at that hour
    by: Callable[[str], Actor]  #: the producer with that code
    officer: Actor
    organisations: Mapping[str, Organisation]
    items: Mapping[tuple[str, str], TradeItem]


def buy(shop: Shop) -> None:
    """Place the sample purchases, and do what is told of them."""
    with (DATA / "purchases.toml").open("rb") as file:
        told = tomllib.load(file)
    for number, row in enumerate(told["purchase"], start=1):
        placed = _place(shop, row, number)
        for step in row.get("step", ()):
            order = _order_of(shop, placed, step.get("of"))
            _Step(shop, order, step, _when(shop, step)).take()
    for number, row in enumerate(told["money"], start=1):
        when = _when(shop, row)
        office = paying.house_id()
        if office is not None:
            settling.record(
                settling.Arrived(f"demo:unknown:{number}", "statement", office, row["vnd"], row["memo"], when), now=when
            )


def _when(shop: Shop, row: Mapping[str, Any]) -> datetime:
    if "minutes" in row:
        return shop.now - timedelta(minutes=row["minutes"])
    return shop.at(row["ago"] if "ago" in row else row["placed"], row.get("hour", 9))


def _place(shop: Shop, row: Mapping[str, Any], number: int) -> Purchase:
    now = _when(shop, row)
    home = db.session.scalars(
        select(AdministrativeUnit).where(
            AdministrativeUnit.code == row["commune"], AdministrativeUnit.valid_until.is_(None)
        )
    ).one()
    cart = carts.start(now)
    for line in row["lines"]:
        carts.put(cart, shop.items[line["product"], line["item"]].id, line["packs"], now=now)
    seen = carts.view(cart, now)
    ways = _ways(shop, row, seen, home)
    asked = ordering.Asked(
        buyer=ordering.Buyer(
            name=f"Người mua {number} (dữ liệu mẫu)",
            phone=f"{PHONE}{number:02d}",
            line="Dữ liệu mẫu, không giao thật",
            commune_code=home.code,
            commune_valid_from=home.valid_from,
        ),
        method=PaymentMethod(row["method"]),
        language="vi",
        seen_total_vnd=seen.goods_vnd + sum(way.price_vnd for way in ways.values()),
        ways=ways,
        consents=_consents(),
        notes={producer_id: row.get("note", "") for producer_id in ways},
    )
    purchase = ordering.place(cart, asked, now=now)
    paying.ask(purchase, now=now)
    return purchase


def _ways(shop: Shop, row: Mapping[str, Any], seen: carts.CartView, home: AdministrativeUnit) -> dict[int, Way]:
    if row.get("pickup"):
        return {group.producer_id: Way("pickup", 0) for group in seen.groups}
    weights = {
        group.producer_id: (
            sum(shipping.weight_of(line.offer, line.quantity) for line in group.lines),
            group.goods_vnd,
        )
        for group in seen.groups
    }
    found = shipping.ways(weights, commune_code=home.code, province_code=home.parent_code or "")
    return {producer_id: way for producer_id, way in found.items() if way is not None}


def _consents() -> dict[str, int]:
    """Give the versions of the texts that every buyer agrees to."""
    texts = list(db.session.scalars(select(PublicText.id).order_by(PublicText.id).limit(2)))
    return {"terms": texts[0], "privacy": texts[-1]}


def _order_of(shop: Shop, purchase: Purchase, producer: str | None) -> Order:
    if producer is None:
        return purchase.orders[0]
    return next(one for one in purchase.orders if one.producer_id == shop.organisations[producer].id)


@dataclass(frozen=True)
class _Step:
    """One thing that happened to an order; ``take`` does what its ``what`` names."""

    shop: Shop
    order: Order
    row: Mapping[str, Any]
    now: datetime

    def take(self) -> None:
        what = self.row["what"]
        if what in list(ParcelState):
            parcel = self.order.parcels[-1]
            parcels.move_on(parcel, ParcelState(what), note=self.words, actor=self.producer, now=self.now)
        else:
            getattr(self, f"_{what}")()

    @property
    def producer(self) -> Actor:
        return self.shop.by(self.order.producer.code)

    @property
    def words(self) -> str:
        return str(self.row.get("words", ""))

    # --- Money --------------------------------------------------------------------------------------------

    def _pay(self) -> None:
        """Let the money of the purchase come by transfer, ``off`` by so much."""
        for payment in list(self.order.purchase.payments):
            money = settling.Arrived(
                identity=f"demo:{payment.code}",
                source="statement",
                payee_id=payment.payee_id,
                amount_vnd=payment.amount_vnd + self.row.get("off", 0),
                memo=f"{payment.code} DU LIEU MAU",
                at=self.now,
            )
            settling.record(money, now=self.now)

    def _close(self) -> None:
        settling.close(self.order.purchase, now=self.now)

    def _cancel(self) -> None:
        ordering.cancel(self.order, cause="buyer", reason=self.words, now=self.now)
        settling.give_back_of(self.order, reason=self.words, now=self.now)

    def _refund_done(self) -> None:
        made = db.session.scalars(select(Refund).where(Refund.order_id == self.order.id)).one()
        settling.refund_made_by_hand(made, reference=self.row["reference"], actor=self.producer, now=self.now)

    # --- The parcel ---------------------------------------------------------------------------------------

    def _called(self) -> None:
        parcels.spoken_to(self.order, note=self.words, actor=self.producer, now=self.now)

    def _invoice(self) -> None:
        parcels.record_invoice(self.order, self.row["reference"], actor=self.producer, now=self.now)

    def _pack(self) -> None:
        parcels.pack(
            self.order,
            carrier=self.row["carrier"],
            code=self.row.get("code", ""),
            actor=self.producer,
            now=self.now,
        )

    def _collected(self) -> None:
        parcels.collected(self.order.parcels[-1], actor=self.producer, now=self.now)

    def _handed_over(self) -> None:
        parcels.handed_over(self.order.parcels[-1], actor=self.producer, now=self.now)

    def _reconciled(self) -> None:
        parcel = self.order.parcels[-1]
        parcels.reconciled(parcel, counted_vnd=parcel.cod_vnd, actor=self.producer, now=self.now)

    def _take_back(self) -> None:
        parcels.take_back(self.order.parcels[-1], sellable=True, note=_WORDS, actor=self.producer, now=self.now)

    # --- After --------------------------------------------------------------------------------------------

    def _review(self) -> None:
        reviews.write(
            self.order,
            self.order.lines[0],
            hearts=self.row["hearts"],
            words=self.words,
            author=_WORDS,
            language="vi",
            now=self.now,
        )

    def _show_review(self) -> None:
        reviews.show(self._of(Review), actor=self.shop.officer, now=self.now)

    def _answer_review(self) -> None:
        reviews.answer(self._of(Review), self.words, actor=self.producer, now=self.now)

    def _complain(self) -> None:
        complaints.complain(self.order, ComplaintKind(self.row["kind"]), self.words, language="vi", now=self.now)

    def _answer_complaint(self) -> None:
        complaints.answer(self._of(Complaint), self.words, actor=self.producer, now=self.now)

    def _dispute(self) -> None:
        complaints.dispute(self._of(Complaint), self.words, now=self.now)

    def _ask_return(self) -> None:
        returns.ask(
            self.order,
            {self._line.line: self.row.get("packs", 1)},
            reason=ReturnReason(self.row["reason"]),
            wish=ReturnWish.MONEY,
            words=self.words,
            account=returns.Account("970405", "0000000000999", "DU LIEU MAU"),
            language="vi",
            now=self.now,
        )

    def _accept_return(self) -> None:
        returns.accept(self._of(GoodsReturn), keeps_goods=False, words=self.words, actor=self.producer, now=self.now)

    def _take_in(self) -> None:
        made = self._of(GoodsReturn)
        row = return_queries.lots_of(made)[0]
        arrival = taking_in.Arrival(made.lines[0].line, row.lot_id, Condition.DAMAGED, made.lines[0].asked)
        taking_in.take_in(made, [arrival], note=_WORDS, actor=self.producer, now=self.now)

    @property
    def _line(self) -> OrderLine:
        """The line of the trade item with the code ``of_item``, a part of a set for instance; else the first."""
        code = self.row.get("of_item", self.order.lines[0].trade_item.code)
        return next(line for line in self.order.lines if line.trade_item.code == code)

    def _of(self, model: type[_Row]) -> _Row:
        return db.session.scalars(select(model).where(model.order_id == self.order.id)).one()
