"""The cart: rows behind an opaque cookie. It promises nothing but the price that was seen, and says when that changed.

Goods are held when the purchase is placed, not before. A line keeps the price the buyer saw; when another is in force
the cart says so, and the purchase waits until the buyer agreed.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, delete, func, select

from accounts.models import Organisation
from catalog.models import Product, TradeItem
from kernel.db import db, for_update
from kernel.errors import N_, Conflict, InvalidInput, NotFound
from kernel.text import nfc
from storefront.offers import Hindrance, Offer, free_of, offers, shared_out
from storefront.order_models import Cart, CartLine, CartNote

MOST_LINES = 50
MOST_OF_ONE = 999
LONGEST_NOTE = 500
#: For how many more days one can ask the goods to be good: to give them away, or to eat them slowly.
KEEPS = (0, 15, 30, 60, 90)


class NoSuchLine(NotFound):
    message = N_("These goods are not in your cart.")


class NotForSale(Conflict):
    message = N_("This cannot be ordered now.")


class TooMany(InvalidInput):
    message = N_("At most %(most)s of it can be ordered here at once. For more, please call the producer.")
    field = "quantity"


class NotSoMany(Conflict):
    """``available`` says how many there are."""

    message = N_("Only %(available)s are left.")
    field = "quantity"


class SoldOut(Conflict):
    message = N_("This is sold out for now.")


class AllInCart(Conflict):
    message = N_("All that is left of it is in your cart already, in a set or by the piece.")
    field = "quantity"


class TooLittle(InvalidInput):
    """``least`` says how much it has to be, in words or in steps."""

    message = N_("It is sold from %(least)s on.")
    field = "quantity"


class BadQuantity(InvalidInput):
    message = N_("How many? Please enter a whole number from 1.")
    field = "quantity"


class CartFull(Conflict):
    message = N_("A cart holds at most %(most)s kinds of goods.")


class NoteTooLong(InvalidInput):
    message = N_("Please keep the note within %(most)s letters.")
    field = "note"


class BadDays(InvalidInput):
    message = N_("Please choose one of the given times.")


class WasPlaced(Conflict):
    message = N_("This cart was bought already.")


@dataclass(frozen=True)
class LineView:
    """A line as the cart shows it."""

    offer: Offer
    quantity: int
    seen_vnd: int
    is_for_later: bool
    left: int  #: how many there are for it, once the lines before it have theirs

    @property
    def step_g(self) -> int | None:
        """The grams of one, where it is sold by weight."""
        return self.offer.step_g

    @property
    def price_changed(self) -> bool:
        """Tell whether another price is in force than the buyer agreed to."""
        return self.offer.price_vnd is not None and self.offer.price_vnd != self.seen_vnd

    @property
    def is_short(self) -> bool:
        """Tell whether fewer are left than are wanted (some are)."""
        return self.offer.hindrance is None and self.left < self.quantity

    @property
    def can_be_bought(self) -> bool:
        """Tell whether this line can be ordered as it stands."""
        return self.offer.hindrance is None and not self.is_short

    @property
    def amount_vnd(self) -> int:
        """Price in force times quantity; nought where it cannot be ordered at all."""
        return (self.offer.price_vnd or 0) * self.quantity if self.offer.hindrance is None else 0


@dataclass(frozen=True)
class Group:
    """What one producer sends: a parcel, an order."""

    producer_id: int
    producer_vi: str
    producer_en: str
    producer_slug: str
    lines: tuple[LineView, ...]
    note: str

    @property
    def goods_vnd(self) -> int:
        """What its goods cost."""
        return sum(line.amount_vnd for line in self.lines)


@dataclass(frozen=True)
class CartView:
    """A cart as it stands now: per producer, and what was put aside."""

    groups: tuple[Group, ...]
    aside: tuple[LineView, ...]
    min_days: int = 0  #: the goods are to keep so many days more; what keeps shorter is not offered

    @property
    def lines(self) -> tuple[LineView, ...]:
        """All lines that are to be bought."""
        return tuple(line for group in self.groups for line in group.lines)

    @property
    def goods_vnd(self) -> int:
        """What all goods cost."""
        return sum(group.goods_vnd for group in self.groups)

    @property
    def count(self) -> int:
        """How many packs there are."""
        return sum(1 if line.step_g else line.quantity for line in self.lines)

    @property
    def is_ready(self) -> bool:
        """Tell whether it can be ordered as it stands."""
        return bool(self.lines) and all(line.can_be_bought and not line.price_changed for line in self.lines)


def find(token: str | None) -> Cart | None:
    """Find an open cart by what its cookie says."""
    if not token or len(token) > 43:
        return None
    return db.session.scalar(_OPEN, {"token": token})


def find_and_lock(token: str | None) -> Cart | None:
    """Find an open cart and lock it: who waited for its lock while it was bought finds none."""
    if not token or len(token) > 43:
        return None
    found: Cart | None = db.session.scalar(_OPEN_AND_LOCKED, {"token": token})
    return found


_OPEN = select(Cart).where(Cart.token == bindparam("token"), Cart.is_placed.is_(False))
_OPEN_AND_LOCKED = for_update(_OPEN)


def start(now: datetime, *, user_id: int | None = None) -> Cart:
    """Make an empty cart; it is written down with the first thing that is put into it."""
    cart = Cart(token=secrets.token_urlsafe(32), user_id=user_id, created_at=now, changed_at=now, is_placed=False)
    db.session.add(cart)
    return cart


def count(cart: Cart) -> int:
    """Count the packs that are to be bought; of what is sold by weight, one."""
    return int(db.session.scalar(_COUNT, {"cart_id": cart.id}) or 0)


_COUNT = (
    select(func.coalesce(func.sum(case((TradeItem.by_weight, 1), else_=CartLine.quantity)), 0))
    .select_from(CartLine)
    .join(TradeItem, TradeItem.id == CartLine.trade_item_id)
    .where(CartLine.cart_id == bindparam("cart_id"), CartLine.is_for_later.is_(False))
)


def step_of(item_id: int) -> int | None:
    """Give the grams of one step of what is sold by weight; None for all other goods."""
    return db.session.scalar(_STEP, {"item_id": item_id})


_STEP = select(TradeItem.net_content).where(TradeItem.id == bindparam("item_id"), TradeItem.by_weight)


def view(cart: Cart | None, now: datetime) -> CartView:
    """Read a cart with what is offered now (five statements, two more for sets)."""
    if cart is None:
        return CartView((), ())
    rows = db.session.execute(_WANTED, {"cart_id": cart.id}).all()
    offered = offers([row.trade_item_id for row in rows], now, min_days=cart.min_days)
    notes: dict[int, str] = dict(db.session.execute(_NOTES, {"cart_id": cart.id}).all())
    left = _left(rows, offered)
    lines = [
        LineView(offered[row.trade_item_id], row.quantity, row.seen_vnd, row.is_for_later, left[row.trade_item_id])
        for row in rows
    ]
    groups: dict[int, list[LineView]] = {}
    for line in lines:
        if not line.is_for_later:
            groups.setdefault(line.offer.producer_id, []).append(line)
    return CartView(
        groups=tuple(
            Group(
                producer_id=producer_id,
                producer_vi=members[0].offer.producer_vi,
                producer_en=members[0].offer.producer_en,
                producer_slug=members[0].offer.producer_slug,
                lines=tuple(members),
                note=notes.get(producer_id, ""),
            )
            for producer_id, members in groups.items()
        ),
        aside=tuple(line for line in lines if line.is_for_later),
        min_days=cart.min_days,
    )


_WANTED = (
    select(CartLine.trade_item_id, CartLine.quantity, CartLine.seen_vnd, CartLine.is_for_later)
    .where(CartLine.cart_id == bindparam("cart_id"))
    .order_by(CartLine.added_at, CartLine.trade_item_id)
)
_NOTES = select(CartNote.producer_id, CartNote.words).where(CartNote.cart_id == bindparam("cart_id"))


def put(cart: Cart, item_id: int, quantity: int, *, now: datetime, shown_vnd: int | None = None) -> int:
    """Put so many of a trade item into a cart, beside those that are in it; give how many there are now.

    :param shown_vnd: the price of one on the page it comes from; where it is another now, the cart says so and asks
    :raises BadQuantity, TooMany, NotForSale, SoldOut, AllInCart, NotSoMany, CartFull, WasPlaced:
    """
    lock_open(cart)
    lines = _lines(cart)
    line = next((row for row in lines if row.trade_item_id == item_id), None)
    before = 0 if line is None or line.is_for_later else line.quantity
    offer = _orderable(cart, item_id, before + _count(quantity), now, lines)
    if line is None:
        if len(lines) >= MOST_LINES:
            raise CartFull(most=MOST_LINES)
        line = CartLine(cart_id=cart.id, trade_item_id=item_id, added_at=now, quantity=0, seen_vnd=0)
        db.session.add(line)
    price = offer.price_vnd or 0
    if before == 0:
        line.seen_vnd = price if shown_vnd is None else shown_vnd
    elif shown_vnd == price:  # who adds more of it has read what it costs now
        line.seen_vnd = price
    line.quantity, line.is_for_later = before + quantity, False
    _touch(cart, now)
    return line.quantity


def change(cart: Cart, item_id: int, quantity: int, *, now: datetime) -> None:
    """Set how many of a trade item are wanted; nought takes it out.

    :raises NoSuchLine, BadQuantity, TooMany, NotForSale, SoldOut, AllInCart, NotSoMany, WasPlaced:
    """
    lock_open(cart)
    line = _line(cart, item_id)
    if quantity == 0:
        db.session.delete(line)
    else:
        _orderable(cart, item_id, _count(quantity), now, _lines(cart))
        line.quantity = quantity
    _touch(cart, now)


def put_aside(cart: Cart, item_id: int, *, later: bool, now: datetime) -> None:
    """Put a line aside for later, or take it back into what is to be bought.

    :raises NoSuchLine, WasPlaced:
    """
    lock_open(cart)
    _line(cart, item_id).is_for_later = later
    _touch(cart, now)


def agree(cart: Cart, *, now: datetime) -> None:
    """Take what is in force and left: the buyer has seen it and agrees.

    Prices become those of today, quantities at most what is left; what cannot be ordered at all is put aside.
    """
    lock_open(cart)
    rows = _lines(cart)
    offered = offers([row.trade_item_id for row in rows], now, min_days=cart.min_days)
    left = _left(rows, offered)
    for row in rows:
        offer = offered[row.trade_item_id]
        if offer.price_vnd is not None:
            row.seen_vnd = offer.price_vnd
        if row.is_for_later:
            continue
        if offer.hindrance is not None or left[row.trade_item_id] < offer.least:
            row.is_for_later = True
        else:
            row.quantity = min(row.quantity, left[row.trade_item_id], MOST_OF_ONE)
    _touch(cart, now)


def ask_to_keep(cart: Cart, days: int, *, now: datetime) -> None:
    """Say for how many more days all goods of a cart are to be good.

    :raises BadDays, WasPlaced:
    """
    if days not in KEEPS:
        raise BadDays()
    lock_open(cart)
    cart.min_days = days
    _touch(cart, now)


def write_note(cart: Cart, producer_id: int, words: str, *, now: datetime) -> None:
    """Keep what the buyer wants to say to a producer of goods in the cart; no words take it away.

    :raises NoSuchLine, NoteTooLong, WasPlaced:
    """
    words = nfc(words).strip()
    if len(words) > LONGEST_NOTE:
        raise NoteTooLong(most=LONGEST_NOTE)
    lock_open(cart)
    if not _has_goods_of(cart, producer_id):
        raise NoSuchLine()
    note = db.session.get(CartNote, (cart.id, producer_id))
    if note is None and words:
        db.session.add(CartNote(cart_id=cart.id, producer_id=producer_id, words=words))
    elif note is not None and words:
        note.words = words
    elif note is not None:
        db.session.delete(note)
    _touch(cart, now)


@dataclass
class TakenOver:
    """The cart of who signed in, and what their earlier carts brought into it."""

    cart: Cart | None
    items: set[int] = field(default_factory=set)  #: trade items of which more are to be bought now than in it before
    keeps_longer: bool = False
    notes: dict[int, str] = field(default_factory=dict)  #: producer id → what is said to them now
    left_out: dict[int, str] = field(default_factory=dict)  #: producer id → words for which there was no room
    producers: dict[int, Organisation] = field(default_factory=dict)  #: those to whom there was no room


def take_over(cart: Cart | None, user_id: int, *, now: datetime) -> TakenOver:
    """Give the person who signed in one cart: the one at hand, with what they had put into an earlier one.

    Of the same goods the larger quantity is kept: signing in twice doubles nothing. What was put aside stays aside.
    """
    earlier = db.session.scalars(
        for_update(
            select(Cart)
            .where(Cart.user_id == user_id, Cart.is_placed.is_(False))
            .order_by(Cart.changed_at.desc(), Cart.id.desc())
        )
    ).all()
    if cart is None:
        return TakenOver(earlier[0] if earlier else None)
    lock_open(cart)
    cart.user_id = user_id
    taken = TakenOver(cart)
    for other in earlier:
        if other.id == cart.id:
            continue
        rows = _lines(other)
        for row in rows:
            if _take_line(cart, row):
                taken.items.add(row.trade_item_id)
        if other.min_days > cart.min_days and not all(row.is_for_later for row in rows):
            cart.min_days, taken.keeps_longer = other.min_days, True
        _take_notes(taken, cart, other)
        db.session.flush()
        _drop(other)
    _touch(cart, now)
    return taken


def _take_line(cart: Cart, row: CartLine) -> bool:
    """Take a line of an earlier cart into this one; tell whether more is to be bought now."""
    here = db.session.get(CartLine, (cart.id, row.trade_item_id))
    if here is None:
        here = CartLine(
            cart_id=cart.id,
            trade_item_id=row.trade_item_id,
            quantity=row.quantity,
            seen_vnd=row.seen_vnd,
            is_for_later=row.is_for_later,
            added_at=row.added_at,
        )
        db.session.add(here)
    elif here.is_for_later and not row.is_for_later:
        here.quantity, here.seen_vnd, here.is_for_later = row.quantity, row.seen_vnd, False
    elif here.is_for_later == row.is_for_later and here.quantity < row.quantity:
        here.quantity = row.quantity
    else:
        return False
    return not here.is_for_later


def _take_notes(taken: TakenOver, cart: Cart, other: Cart) -> None:
    """Take the words of an earlier cart over, before those at hand; where both are too long, those at hand stay."""
    for producer_id, words in db.session.execute(_NOTES, {"cart_id": other.id}).all():
        note = db.session.get(CartNote, (cart.id, producer_id))
        if note is None:
            db.session.add(CartNote(cart_id=cart.id, producer_id=producer_id, words=words))
            taken.notes[producer_id] = words
        elif words not in note.words:
            both = f"{words}\n{note.words}"
            if len(both) <= LONGEST_NOTE:
                note.words = taken.notes[producer_id] = both
            else:
                taken.left_out[producer_id] = words
                taken.producers[producer_id] = db.session.get_one(Organisation, producer_id)


def forget_old(before: datetime) -> int:
    """Drop carts that nobody touched since ``before`` and from which nothing was bought; give how many."""
    old = db.session.scalars(
        select(Cart).where(Cart.changed_at < before, Cart.is_placed.is_(False)).order_by(Cart.id).limit(1_000)
    ).all()
    for cart in old:
        _drop(cart)
    return len(old)


def _drop(cart: Cart) -> None:
    for model in (CartLine, CartNote):
        db.session.execute(delete(model).where(model.cart_id == cart.id))
    db.session.execute(delete(Cart).where(Cart.id == cart.id))
    db.session.expunge(cart)


def lock_open(cart: Cart) -> None:
    """Lock a cart, and read it anew.

    :raises WasPlaced:
    """
    if cart in db.session.new:  # nobody else knows of it
        db.session.flush()
        return
    row = db.session.scalar(_BY_ID, {"id": cart.id})
    if row is None or row.is_placed:
        raise WasPlaced()


_BY_ID = for_update(select(Cart).where(Cart.id == bindparam("id")))


def _lines(cart: Cart) -> Sequence[CartLine]:
    return db.session.scalars(_LINES, {"cart_id": cart.id}).all()


_LINES = (
    select(CartLine)
    .where(CartLine.cart_id == bindparam("cart_id"))
    .order_by(CartLine.added_at, CartLine.trade_item_id)
    .execution_options(populate_existing=True)
)


def _line(cart: Cart, item_id: int) -> CartLine:
    line = db.session.get(CartLine, (cart.id, item_id))
    if line is None:
        raise NoSuchLine()
    return line


def _has_goods_of(cart: Cart, producer_id: int) -> bool:
    query = (
        select(CartLine.trade_item_id)
        .join(TradeItem, TradeItem.id == CartLine.trade_item_id)
        .join(Product, Product.id == TradeItem.product_id)
        .where(CartLine.cart_id == cart.id, Product.producer_id == producer_id)
    )
    return db.session.scalar(query.limit(1)) is not None


def _count(quantity: int) -> int:
    if quantity < 1:
        raise BadQuantity()
    return quantity


def _orderable(cart: Cart, item_id: int, quantity: int, now: datetime, lines: Sequence[CartLine]) -> Offer:
    others = [row for row in lines if row.trade_item_id != item_id and not row.is_for_later]
    offered = offers([item_id, *(row.trade_item_id for row in others)], now, min_days=cart.min_days)
    offer = offered.get(item_id)
    if offer is None or offer.hindrance not in (None, Hindrance.SOLD_OUT):
        raise NotForSale()
    if offer.hindrance is Hindrance.SOLD_OUT:
        raise SoldOut()
    if quantity > MOST_OF_ONE:
        raise TooMany(most=MOST_OF_ONE, step_g=offer.step_g)
    if quantity < offer.least:
        raise TooLittle(least=offer.least, step_g=offer.step_g)
    before = [(offered[row.trade_item_id], row.quantity) for row in others]
    left = shared_out([*before, (offer, quantity)], free_of(offered.values()))[-1]
    if left < offer.least:
        raise AllInCart()
    if left < quantity:
        raise NotSoMany(available=left, step_g=offer.step_g)
    return offer


def _left(rows: Sequence[Any], offered: Mapping[int, Offer]) -> dict[int, int]:
    """Tell of each line how many there are for it: what is put aside takes nothing from the others."""
    wanted = [(offered[row.trade_item_id], 0 if row.is_for_later else row.quantity) for row in rows]
    left = shared_out(wanted, free_of(offered.values()))
    return {row.trade_item_id: many for row, many in zip(rows, left, strict=True)}


def _touch(cart: Cart, now: datetime) -> None:
    cart.changed_at = now
    db.session.flush()
