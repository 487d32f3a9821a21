"""The ledger of goods: ``move`` is the only way to change what is on hand.

Double entry: what leaves one location is in another, so for every lot and owner the balances of all locations
add up to nought. Production is a location too; its balance is minus what was made, and its floor minus what
the lot holds, so the database itself refuses to bring in more than there is.

A document claims everything it takes by one guarded UPDATE a balance, in key order, quantities added up first:
two documents that name the same lots the other way round wait for each other, they do not deadlock.

Locks are taken in one order by all: document, lots, balances. Who moves a lot shares its row with other movers;
who holds or recalls it (``stock.holding``) has it alone. So no goods slip past a recall into a place that had
none before.

Public pages are told with care, so that their copies stay useful: the page of a product when a number on it changes
(it says how many are left, up to :data:`COUNTED_UP_TO`), the lists (``pages.SHOP``) only when a lot comes to a place
from which it is sold, or is gone from there, and at each movement of what is in a set.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, Select, bindparam, case, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from accounts.actor import Actor
from catalog.models import SetPart, TradeItem
from kernel import pages
from kernel.db import db, in_parts, listed, on_sqlite
from kernel.errors import N_, Conflict
from stock.models import Balance, Location, LocationKind, Movement
from traceability.models import Batch, Lot

Key = tuple[int, int, int]  #: lot, location, owner

#: Locations from which a visitor may buy: crossing between none and some there shows on public pages.
SHOWN = (LocationKind.WAREHOUSE, LocationKind.SALES_POINT)

#: Up to how many packs public pages say how many are left; beyond it they say "more than 50". A page that said a number
#: that changes with each order would be made anew for each visitor, just when there are many.
COUNTED_UP_TO = 50


class NotOnHand(Conflict):
    """``lot_id`` and ``number`` say of which lot; ``step_g``: sold by weight, the grams of one."""

    message = N_("Of batch %(number)s only %(available)s are left; %(wanted)s are asked for.")


class LotFrozen(Conflict):
    """``lot_id`` and ``number`` say which."""

    message = N_("Batch %(number)s is on hold or recalled. It cannot be moved or sold.")


class AlreadyPosted(Conflict):
    message = N_("This was posted before.")


@dataclass(frozen=True)
class Line:
    """So much of a lot of an owner, from one location to another.

    ``cause`` names document, step and line: the same cause is posted once, ever.
    """

    lot_id: int
    quantity: int  #: base units, above nought
    source_id: int
    to_id: int
    owner_id: int
    cause: str


def move(
    lot_id: int,
    quantity: int,
    *,
    source: Location,
    to: Location,
    owner_id: int,
    document: str,
    cause: str,
    now: datetime,
    actor: Actor | None = None,
    even_frozen: bool = False,
) -> None:
    """Move one lot; see :func:`move_all`."""
    line = Line(lot_id, quantity, source.id, to.id, owner_id, cause)
    move_all([line], document=document, now=now, actor=actor, even_frozen=even_frozen)


def move_all(
    lines: Sequence[Line],
    *,
    document: str,
    now: datetime,
    actor: Actor | None = None,
    even_frozen: bool = False,
    of_allocated: bool = False,
) -> None:
    """Move all lines of a document, or none of them.

    :param even_frozen: for what must move though it is held or recalled: the way back to its producer
    :param of_allocated: the goods were promised to the document (``stock.allocation``): they leave what is allocated
    :raises NotOnHand: if there is less than is asked for at a source (the caller's transaction must end)
    :raises LotFrozen: if a lot is held or recalled
    :raises AlreadyPosted: if a cause was posted before
    """
    if any(line.quantity <= 0 for line in lines):
        raise ValueError("a movement has a quantity above nought")
    if len({line.cause for line in lines}) < len(lines):
        raise ValueError("each line of a document has a cause of its own")
    share(line.lot_id for line in lines)
    _post(lines, document=document, now=now, actor=actor)
    taken, brought = Counter[Key](), Counter[Key]()
    for line in lines:
        taken[line.lot_id, line.source_id, line.owner_id] += line.quantity
        brought[line.lot_id, line.to_id, line.owner_id] += line.quantity
    crossed: set[Key] = set()
    for key in sorted(taken.keys() | brought.keys()):
        # What a lot gains and loses at one place in one document is one change of one row.
        change = brought[key] - taken[key]
        if change < 0:
            before = _take(key, -change, even_frozen=even_frozen, of_allocated=of_allocated)
        else:
            before = _bring(key, change)
        if (before > 0) != (before + change > 0):
            crossed.add(key)
    sold_at = set(
        db.session.scalars(
            select(Location.id).where(
                Location.id.in_({location_id for _, location_id, _ in crossed}), Location.kind.in_(SHOWN)
            )
        )
    )
    show({line.lot_id for line in lines}, lists_too=any(location_id in sold_at for _, location_id, _ in crossed))


def open_production(lot_id: int, *, production: Location, owner_id: int, quantity: int) -> None:
    """Let goods of a lot come into being: at most ``quantity`` of them, ever."""
    insert = sqlite.insert if on_sqlite() else postgresql.insert
    db.session.execute(
        insert(Balance)
        .values(
            lot_id=lot_id,
            location_id=production.id,
            owner_id=owner_id,
            on_hand=0,
            allocated=0,
            floor_quantity=-quantity,
            frozen=False,
        )
        .on_conflict_do_nothing()
    )


def freeze(lot_ids: Sequence[int], *, frozen: bool) -> None:
    """Freeze or thaw all balances of lots, wherever they are.

    Verbs of ``stock.holding`` call it, and hold the rows of the lots locked: nobody moves them meanwhile.
    """
    if not lot_ids:
        return
    ordered = select(Balance.lot_id).where(Balance.lot_id.in_(listed(lot_ids)))
    ordered = ordered.order_by(Balance.lot_id, Balance.location_id, Balance.owner_id)
    db.session.execute(select(func.count()).select_from(ordered.with_for_update().subquery()))
    db.session.execute(
        update(Balance)
        .where(Balance.lot_id.in_(listed(lot_ids)))
        .values(frozen=frozen)
        .execution_options(synchronize_session=False)
    )
    show(set(lot_ids), lists_too=True)


def share(lot_ids: Iterable[int]) -> None:
    """Keep holds and recalls of these lots waiting until the caller's transaction ends; movers share them."""
    if on_sqlite():  # there the writer is alone
        return
    ordered = select(Lot.id).where(Lot.id.in_(set(lot_ids))).order_by(Lot.id)
    db.session.execute(ordered.with_for_update(key_share=True, read=True))


def _post(lines: Sequence[Line], *, document: str, now: datetime, actor: Actor | None) -> None:
    """Write the movements down; of two who post the same cause at once, one does and the other is told."""
    insert = sqlite.insert if on_sqlite() else postgresql.insert
    rows = [
        {
            "lot_id": line.lot_id,
            "quantity": line.quantity,
            "source_id": line.source_id,
            "to_id": line.to_id,
            "owner_id": line.owner_id,
            "document": document,
            "cause": line.cause,
            "at": now,
            "user_id": actor.user_id if actor else None,
        }
        for line in lines
    ]
    adding = insert(Movement).values(rows).on_conflict_do_nothing(index_elements=["cause"]).returning(Movement.id)
    try:
        posted = db.session.scalars(adding).all()
    except IntegrityError as problem:  # SQLite's guard against replacement comes before ON CONFLICT
        if "append-only" not in str(problem.orig):
            raise
        raise AlreadyPosted() from problem
    if len(posted) < len(lines):
        raise AlreadyPosted()


def _take(key: Key, quantity: int, *, even_frozen: bool, of_allocated: bool) -> int:
    """Claim ``quantity`` at a balance by one guarded UPDATE; give what was there before."""
    lot_id, location_id, owner_id = key
    here = (Balance.lot_id == lot_id, Balance.location_id == location_id, Balance.owner_id == owner_id)
    changes: dict[str, Any] = {"on_hand": Balance.on_hand - quantity}
    if of_allocated:
        guard = [Balance.allocated >= quantity]
        changes["allocated"] = Balance.allocated - quantity
    else:
        guard = [Balance.on_hand - Balance.allocated - quantity >= Balance.floor_quantity]
    if not even_frozen:
        guard.append(Balance.frozen.is_(False))
    left = db.session.execute(
        update(Balance)
        .where(*here, *guard)
        .values(**changes)
        .returning(Balance.on_hand)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if left is not None:
        return int(left) + quantity
    found = db.session.execute(
        select(Balance.on_hand - Balance.allocated - Balance.floor_quantity, Balance.frozen).where(*here)
    ).one_or_none()
    number, step_g = db.session.execute(
        select(Lot.number, case((TradeItem.by_weight, TradeItem.net_content)))
        .outerjoin(Batch, Batch.lot_id == Lot.id)
        .outerjoin(TradeItem, TradeItem.id == Batch.trade_item_id)
        .where(Lot.id == lot_id)
    ).one()
    if found is not None and found[1] and not even_frozen:
        raise LotFrozen(number=number, lot_id=lot_id)
    available = max(0, found[0]) if found else 0
    raise NotOnHand(available=available, wanted=quantity, step_g=step_g, number=number, lot_id=lot_id)


def _bring(key: Key, quantity: int) -> int:
    """Add ``quantity`` to a balance, making it if there is none; give what was there before."""
    lot_id, location_id, owner_id = key
    if quantity == 0:
        return 0
    insert = sqlite.insert if on_sqlite() else postgresql.insert
    frozen = db.session.scalar(
        select(Balance.frozen).where(Balance.lot_id == lot_id).order_by(Balance.frozen.desc()).limit(1)
    )
    statement = insert(Balance).values(
        lot_id=lot_id,
        location_id=location_id,
        owner_id=owner_id,
        on_hand=quantity,
        allocated=0,
        floor_quantity=0,
        frozen=bool(frozen),  # a lot that is held is held where it arrives, too
    )
    after = db.session.execute(
        statement.on_conflict_do_update(
            index_elements=["lot_id", "location_id", "owner_id"], set_={"on_hand": Balance.on_hand + quantity}
        )
        .returning(Balance.on_hand)
        .execution_options(synchronize_session=False)
    ).scalar_one()
    return int(after) - quantity


def show(lot_ids: set[int], *, lists_too: bool) -> None:
    """Let the pages of the lots' products be made anew, and the lists if "in stock" may have changed.

    Of sets that hold these goods both are: how many can be put together changes with each pack.
    """
    _show(lot_ids, lot_ids, lists_too=lists_too, least=0)


def show_promised(promised: Mapping[Key, int], free: Mapping[Key, int]) -> None:
    """Let those pages be made anew that say something else since packs were promised (above nought) or given back.

    :param promised: balance → how many; :param free: balance → how many are left there now
    """
    least = min(min(left, left + promised[key]) for key, left in free.items())
    by_lot = Counter[int]()
    for (lot_id, _, _), many in promised.items():
        by_lot[lot_id] += many
    counted = set(by_lot)
    if least > COUNTED_UP_TO:
        counted = set()  # wherever else they lie, there are more than pages count
    elif least > 0:
        there: dict[int, int] = dict(db.session.execute(_THERE, {"lot_ids": sorted(counted)}).all())
        counted = {
            lot_id
            for lot_id, many in by_lot.items()
            if min(there.get(lot_id, 0), there.get(lot_id, 0) + many) <= COUNTED_UP_TO
        }
    _show(counted, set(by_lot), lists_too=least <= 0, least=least)


def _show(counted: set[int], lot_ids: set[int], *, lists_too: bool, least: int) -> None:
    products: set[int] = set()
    has_sets = False
    for part in in_parts(sorted(lot_ids), 500):
        asked = {"lot_ids": part, "counted": [lot_id for lot_id in part if lot_id in counted], "least": least}
        for product_id, is_set in db.session.execute(_SHOWN_ON, asked):
            products.add(product_id)
            has_sets = has_sets or is_set
    pages.bump(*(pages.product(product_id) for product_id in sorted(products)))
    if (lists_too and products) or has_sets:
        pages.bump(pages.SHOP)


def _items_of(lots: str) -> Select[int]:
    return select(Batch.trade_item_id).where(Batch.lot_id.in_(bindparam(lots, expanding=True)))


def _shown_on() -> Select[int, bool]:
    sets = select(SetPart.set_item_id).where(
        SetPart.part_item_id.in_(_items_of("lot_ids")),
        SetPart.quantity * (COUNTED_UP_TO + 1) > bindparam("least", type_=Integer),
    )
    return (
        select(TradeItem.product_id, TradeItem.is_set)
        .where(or_(TradeItem.id.in_(_items_of("counted")), TradeItem.id.in_(sets)))
        .distinct()
    )


_SHOWN_ON = _shown_on()
#: How many packs of a lot pages say are left, wherever a visitor may have them.
_THERE = (
    select(Balance.lot_id, func.sum(Balance.on_hand - Balance.allocated))
    .join(Location, Location.id == Balance.location_id)
    .where(
        Balance.lot_id.in_(bindparam("lot_ids", expanding=True)),
        Balance.on_hand > Balance.allocated,
        Balance.frozen.is_(False),
        Location.kind.in_(SHOWN),
    )
    .group_by(Balance.lot_id)
)
