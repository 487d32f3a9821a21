"""Sets: what they are put together of. A set has no stock of its own: it is its parts that are taken from the shelf.

What an approved set holds stays as it was approved; before that, each change is a new version of its parts. An order
copies the parts, so what somebody bought never changes either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import aliased

from catalog.models import Product, ProductStatus, ProductVersion, SetPart, TradeItem
from catalog.queries import known_version
from kernel.db import db, listed
from kernel.errors import N_, InvalidInput

MOST_PARTS = 20
MOST_OF_A_PART = 99


class NothingInIt(InvalidInput):
    message = N_("Say what is in the set: two packs or more.")
    field = "parts"


class TooManyParts(InvalidInput):
    message = N_("A set has at most %(most)s kinds of goods.")
    field = "parts"


class BadPartQuantity(InvalidInput):
    message = N_("Of one kind of goods, a set holds 1 to %(most)s packs.")
    field = "parts"


class NotAPart(InvalidInput):
    """Of another producer, a set itself, a service, or no longer sold."""

    message = N_("A set is put together of your own goods that are on sale one by one.")
    field = "parts"


class HoldsAlcohol(InvalidInput):
    message = N_("A set with alcohol in it belongs to a product that is marked as alcohol.")
    field = "parts"


class Part(NamedTuple):
    """So many packs of a trade item in a set."""

    item_id: int
    quantity: int


def latest() -> ColumnElement[bool]:
    """Say in SQL which rows of :class:`SetPart` count now."""
    newer = aliased(SetPart)
    version = select(func.max(newer.version)).where(newer.set_item_id == SetPart.set_item_id)
    return SetPart.version == version.correlate(SetPart).scalar_subquery()


def parts_of(set_ids: Iterable[int]) -> dict[int, tuple[Part, ...]]:
    """List what sets are put together of (one statement; none where none is asked for)."""
    wanted = sorted(set(set_ids))
    if not wanted:
        return {}
    rows = db.session.execute(
        select(SetPart.set_item_id, SetPart.part_item_id, SetPart.quantity)
        .where(SetPart.set_item_id.in_(listed(wanted)), latest())
        .order_by(SetPart.set_item_id, SetPart.part_item_id)
    )
    found: dict[int, tuple[Part, ...]] = {}
    for set_id, item_id, quantity in rows:
        found[set_id] = (*found.get(set_id, ()), Part(item_id, quantity))
    return found


@dataclass(frozen=True)
class Choice:
    """A trade item that can go into a set."""

    item_id: int
    name_vi: str
    name_en: str
    item_vi: str
    item_en: str
    net_content: int
    unit: str
    by_weight: bool

    @property
    def step_g(self) -> int | None:
        """The grams of one, where it is sold by weight."""
        return self.net_content if self.by_weight else None

    @property
    def full_vi(self) -> str:
        """Name of the product with its pack, in Vietnamese."""
        return f"{self.name_vi}, {self.item_vi}"

    @property
    def full_en(self) -> str:
        """The same in English, where it was given."""
        return f"{self.name_en or self.name_vi}, {self.item_en or self.item_vi}"


def choices(producer_id: int) -> list[Choice]:
    """List the goods of a producer that can go into its sets, in their Vietnamese order (one statement)."""
    rows = db.session.execute(
        _named()
        .where(Product.producer_id == producer_id, *_fits())
        .order_by(ProductVersion.sort_key, TradeItem.net_content, TradeItem.id)
    )
    return [Choice(*row) for row in rows]


def names_of(item_ids: Iterable[int]) -> dict[int, Choice]:
    """Read the names of trade items, whatever became of them (one statement; none where none is asked for)."""
    wanted = sorted(set(item_ids))
    if not wanted:
        return {}
    rows = db.session.execute(_named().where(TradeItem.id.in_(listed(wanted))))
    return {row[0]: Choice(*row) for row in rows}


def _fits() -> tuple[ColumnElement[bool], ...]:
    return (
        Product.status != ProductStatus.WITHDRAWN,
        ~Product.is_service,
        ~TradeItem.is_set,
        TradeItem.is_active.is_(True),
    )


def _named() -> Select[*tuple[Any, ...]]:
    found: Select[*tuple[Any, ...]] = (
        select(
            TradeItem.id,
            ProductVersion.name_vi,
            ProductVersion.name_en,
            TradeItem.name_vi,
            TradeItem.name_en,
            TradeItem.net_content,
            TradeItem.unit,
            TradeItem.by_weight,
        )
        .join(Product, Product.id == TradeItem.product_id)
        .join(ProductVersion, ProductVersion.id == known_version())
    )
    return found


def checked(product: Product, parts: Mapping[int, int]) -> tuple[Part, ...]:
    """Look whether these trade items, so many packs of each, can be a set of a product.

    :raises NothingInIt: :raises TooManyParts: :raises BadPartQuantity: :raises NotAPart: :raises HoldsAlcohol:
    """
    wanted = {item_id: quantity for item_id, quantity in sorted(parts.items()) if quantity}
    if any(not 0 < quantity <= MOST_OF_A_PART for quantity in wanted.values()):
        raise BadPartQuantity(most=MOST_OF_A_PART)
    if sum(wanted.values()) < 2:
        raise NothingInIt()
    if len(wanted) > MOST_PARTS:
        raise TooManyParts(most=MOST_PARTS)
    rows = db.session.execute(
        select(TradeItem.id, Product.is_alcohol)
        .join(Product, Product.id == TradeItem.product_id)
        .where(TradeItem.id.in_(listed(list(wanted))), Product.producer_id == product.producer_id, *_fits())
    )
    fit: dict[int, bool] = dict(rows.all())
    if fit.keys() != wanted.keys():
        raise NotAPart()
    if any(fit.values()) and not product.is_alcohol:
        raise HoldsAlcohol()
    return tuple(Part(item_id, quantity) for item_id, quantity in wanted.items())


def write(item: TradeItem, parts: Sequence[Part]) -> None:
    """Write what a set holds, as the version that counts from now on."""
    before = db.session.scalar(select(func.max(SetPart.version)).where(SetPart.set_item_id == item.id)) or 0
    db.session.add_all(
        SetPart(set_item_id=item.id, version=before + 1, part_item_id=part.item_id, quantity=part.quantity)
        for part in parts
    )
    db.session.flush()
