"""Goods promised to a document: held for a while, made firm, shipped, or given back.

``hold`` picks from what lies in the owner's own warehouses, first to expire first, and claims it on the balances: all
that a document wants, or nothing. A balance's ``allocated`` is the sum of its live allocations; no other document can
take those goods, and a recall freezes them with the rest.

A hold ends by time: who comes for the same goods gives back what is past its time before they pick, in the same
transaction. So a sweeper that is late costs nobody a sale. Until somebody did, the hold is still good, and may still be
made firm; after, ``confirm`` says that it is lost.

Locks are taken as everywhere (see ``stock.ledger``): document, lots, balances in the order of their keys, then the
allocations. Demand is added up per balance first; the claim is a guarded UPDATE as well, so that the database refuses
what a forgotten lock would let through.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, func, or_, select, tuple_, update

from accounts.actor import Actor
from kernel import clock
from kernel.db import db, listed, on_sqlite
from kernel.errors import N_, Conflict
from kernel.text import one_line
from stock import fefo, ledger, locations, queries
from stock.models import LIVE, Allocation, AllocationState, Balance, Location, LocationKind
from traceability.models import Batch, Lot, LotState

Key = fefo.Key


class NotEnough(Conflict):
    """``short`` lists (trade item id, wanted, available) of what there is too little of."""

    message = N_("There are no longer enough of some goods.")

    def __init__(self, short: list[tuple[int, int, int]]) -> None:
        self.short = short
        super().__init__()


class AskedOtherwise(Conflict):
    message = N_("Other goods are held for this document already.")


class HoldLost(Conflict):
    """``lines`` are those whose goods went to somebody else."""

    message = N_("The goods were held too long and have gone to somebody else.")

    def __init__(self, lines: list[int]) -> None:
        self.lines = lines
        super().__init__()


class NotHeld(Conflict):
    message = N_("These goods are not held for this document.")


class DoesNotKeep(Conflict):
    """``number`` and ``lot_id`` say which."""

    message = N_("Batch %(number)s is past its date, or will be when the goods come. Please take another batch.")


class NeedsReason(Conflict):
    message = N_("Say why in a few words.")
    field = "reason"


@dataclass(frozen=True)
class Want:
    """So many of a trade item for a line of a document, of goods of an owner, good for ``min_days`` more."""

    line: int
    trade_item_id: int
    quantity: int
    owner_id: int
    min_days: int = 0


def hold(
    wants: Sequence[Want],
    *,
    document: str,
    on: date,
    until: datetime | None,
    now: datetime,
    firm: bool = False,
) -> list[Allocation]:
    """Hold goods for a document: all it wants, or nothing. Asked again for the same, it gives the first answer.

    :param on: the day in Viet Nam on which they are sold
    :param until: when the hold ends by time; None: it does not
    :param firm: there is nothing to wait for: the goods are the document's (see :func:`confirm`)
    :raises NotEnough: with everything there is too little of
    :raises AskedOtherwise: if other goods are held for the document, or its goods were shipped or given back
    """
    if not wants or any(want.quantity <= 0 for want in wants):
        raise ValueError("a document wants something, each line more than nought")
    if len({want.line for want in wants}) < len(wants):
        raise ValueError("each line of a document wants one thing")
    earlier = _of(document)
    if earlier:
        return _same(earlier, wants)
    state = AllocationState.FIRM if firm else AllocationState.HELD
    return _hold(wants, document=document, on=on, until=until, now=now, state=state)


def _hold(
    wants: Sequence[Want],
    *,
    document: str,
    on: date,
    until: datetime | None,
    now: datetime,
    state: AllocationState = AllocationState.HELD,
) -> list[Allocation]:
    picks = _pick(wants, _free(wants, on, now), on)
    _claim(picks)
    rows = [
        Allocation(
            document=document,
            line=want.line,
            trade_item_id=want.trade_item_id,
            lot_id=key[0],
            location_id=key[1],
            owner_id=key[2],
            wanted=want.quantity,
            quantity=quantity,
            good_on=on + timedelta(days=want.min_days),
            state=state,
            expires_at=until,
            created_at=now,
        )
        for want, key, quantity in picks
    ]
    db.session.add_all(rows)
    db.session.flush()
    return rows


def add(wants: Sequence[Want], *, document: str, on: date, now: datetime) -> list[Allocation]:
    """Promise goods to further lines of a document, firmly: all they want, or nothing.

    :raises NotEnough: with everything there is too little of
    :raises AskedOtherwise: if one of the lines has goods already
    """
    if _of(document, [want.line for want in wants]):
        raise AskedOtherwise()
    return _hold(wants, document=document, on=on, until=None, now=now, state=AllocationState.FIRM)


def regain(document: str, *, lines: Collection[int], on: date, until: datetime | None, now: datetime) -> None:
    """Hold goods anew for lines whose first ones went to somebody else: money came late, and there are others.

    They are to keep for as many days from now as the first ones were to keep from then.

    :raises NotEnough: if there are none
    """
    rows = _locked(document, lines, on=on)
    wants: dict[int, Want] = {}
    wanted = _wanted(rows)
    for row in rows:
        if row.line not in wants:
            wants[row.line] = Want(row.line, row.trade_item_id, wanted[row.line], row.owner_id, _days_asked(row))
    _give_back([row for row in rows if row.state in LIVE])
    _hold(list(wants.values()), document=document, on=on, until=until, now=now)


def lock_all(document: str, *, on: date | None = None) -> None:
    """Lock what a document's goods lie on, for who sees to its lines one after the other.

    :param on: the day on which others may be held in their place: those are locked as well
    """
    _locked(document, None, on=on)


def extend(document: str, *, until: datetime | None, lines: Collection[int] | None = None) -> None:
    """Let the goods wait longer.

    :raises HoldLost: if some of them went to somebody else
    """
    rows = _locked(document, lines)
    _all_there(rows, document, lines)
    for row in rows:
        if row.state is AllocationState.HELD:
            row.expires_at = until
    db.session.flush()


def confirm(document: str, *, now: datetime, lines: Collection[int] | None = None) -> None:
    """Make a hold firm: it no longer ends by time. Firm before, it stays so.

    :raises HoldLost: if some of the goods went to somebody else meanwhile
    """
    rows = _locked(document, lines)
    _all_there(rows, document, lines)
    for row in rows:
        if row.state is AllocationState.HELD:
            row.state, row.expires_at = AllocationState.FIRM, None
    db.session.flush()


def release(document: str, *, now: datetime, lines: Collection[int] | None = None) -> None:
    """Give the goods of a document back: what was shipped, or given back before, stays as it is."""
    rows = [row for row in _locked(document, lines) if row.state in LIVE]
    _give_back(rows)


def take_down(document: str, packs: Mapping[int, int], *, now: datetime) -> None:
    """Let lines want fewer packs, or none: the rest is free again. What may not be sold goes first, then what keeps
    longest.

    :param packs: {line: how many it wants from now on}
    :raises HoldLost: if some of the goods went to somebody else meanwhile
    """
    rows = _locked(document, packs.keys())
    _all_there(rows, document, packs.keys())
    live = [row for row in rows if row.state in LIVE]
    places: dict[int, tuple[bool, date | None]] = {
        row[0]: (row[1], row[2])
        for row in db.session.execute(
            select(Allocation.id, Balance.frozen, Batch.expires_on)
            .join(Batch, Batch.lot_id == Allocation.lot_id)
            .join(
                Balance,
                and_(
                    Balance.lot_id == Allocation.lot_id,
                    Balance.location_id == Allocation.location_id,
                    Balance.owner_id == Allocation.owner_id,
                ),
            )
            .where(Allocation.id.in_([row.id for row in live]))
        )
    }

    def keeps_longest(row: Allocation) -> tuple[bool, date, int]:
        frozen, expires_on = places[row.id]
        return frozen, expires_on or date.max, row.id

    freed = Counter[Key]()
    for line, left in packs.items():
        own = sorted((row for row in live if row.line == line), key=keeps_longest, reverse=True)
        too_many = sum(row.quantity for row in own) - left
        if left < 0 or too_many < 0:
            raise ValueError("a line wants fewer packs, never more")
        for row in own:
            part = min(too_many, row.quantity)
            too_many -= part
            freed[row.lot_id, row.location_id, row.owner_id] += part
            if part < row.quantity:
                db.session.add(_fewer(row, row.quantity - part, left, now))
            row.state = AllocationState.RELEASED
    db.session.flush()
    _unclaim(+freed)


def _fewer(row: Allocation, quantity: int, wanted: int, now: datetime) -> Allocation:
    """Give what stays promised of an allocation that is given back: the same packs, fewer of them."""
    return Allocation(
        document=row.document,
        line=row.line,
        trade_item_id=row.trade_item_id,
        lot_id=row.lot_id,
        location_id=row.location_id,
        owner_id=row.owner_id,
        wanted=wanted,
        quantity=quantity,
        good_on=row.good_on,
        state=row.state,
        expires_at=row.expires_at,
        created_at=now,
        reason=row.reason,
    )


def ship(
    document: str,
    *,
    now: datetime,
    comes_on: date | None = None,
    lines: Collection[int] | None = None,
    actor: Actor | None = None,
) -> list[Allocation]:
    """Send the goods of a document to its buyer: they leave the warehouse and are the buyer's.

    :param comes_on: the last day on which they may come; None: today
    :return: what was sent, each with its lot
    :raises NotHeld: if there is nothing firm to send
    :raises DoesNotKeep: if a batch is past its date, will be when the goods come, or keeps shorter than was promised
    :raises stock.ledger.LotFrozen: if a lot was held or recalled meanwhile
    """
    found = _of(document, lines)
    ledger.share(row.lot_id for row in found)
    rows = [row for row in _locked(document, lines) if row.state is AllocationState.FIRM]
    if not rows:
        raise NotHeld()
    _check_that_they_keep(rows, comes_on or clock.business_date(now))
    lines_of_ledger = []
    for row in rows:
        keeper = db.session.get_one(Location, row.location_id).keeper_id
        buyers = locations.of(keeper, LocationKind.CUSTOMER)
        lines_of_ledger.append(
            ledger.Line(
                row.lot_id, row.quantity, row.location_id, buyers.id, row.owner_id, f"{document}:shipped:{row.id}"
            )
        )
    for row in rows:
        row.state = AllocationState.SHIPPED
    db.session.flush()
    ledger.move_all(lines_of_ledger, document=document, now=now, actor=actor, of_allocated=True)
    return rows


def repick(
    allocation: Allocation, *, lot_id: int, reason: str, now: datetime, comes_on: date | None = None
) -> Allocation:
    """Take other packs for a line than were picked: those of ``lot_id`` at the same place, with a reason.

    :param comes_on: the last day on which they may come to the buyer; None: today
    :raises NeedsReason, NotHeld:
    :raises DoesNotKeep: if that lot keeps shorter than was promised
    :raises NotEnough: if there are too few of that lot, or it may not be sold
    """
    reason = one_line(reason)[:200]
    if not reason:
        raise NeedsReason()
    new: Key = (lot_id, allocation.location_id, allocation.owner_id)
    old: Key = (allocation.lot_id, allocation.location_id, allocation.owner_id)
    ledger.share([lot_id, allocation.lot_id])
    _lock_balances({new, old})
    db.session.refresh(allocation)
    batch = db.session.scalar(select(Batch).where(Batch.lot_id == lot_id))
    if allocation.state not in LIVE or batch is None or batch.trade_item_id != allocation.trade_item_id:
        raise NotHeld()
    last_day = must_keep_until(allocation, comes_on or clock.business_date(now))
    if batch.expires_on is not None and batch.expires_on < last_day:
        raise DoesNotKeep(number=batch.lot.number, lot_id=lot_id)
    if not _may_be_sold(new, last_day):
        raise NotEnough([(allocation.trade_item_id, allocation.quantity, 0)])
    want = Want(allocation.line, allocation.trade_item_id, allocation.quantity, allocation.owner_id)
    state, expires_at = allocation.state, allocation.expires_at
    _give_back([allocation])
    _claim([(want, new, allocation.quantity)])
    row = Allocation(
        document=allocation.document,
        line=allocation.line,
        trade_item_id=allocation.trade_item_id,
        lot_id=lot_id,
        location_id=allocation.location_id,
        owner_id=allocation.owner_id,
        wanted=allocation.wanted,
        quantity=allocation.quantity,
        good_on=allocation.good_on,
        state=state,
        expires_at=expires_at,
        created_at=now,
        reason=reason,
    )
    db.session.add(row)
    db.session.flush()
    return row


def expire(now: datetime, *, most: int = 500) -> int:
    """Give back what is past its time; give how many allocations that were."""
    late = db.session.execute(
        select(Allocation.lot_id, Allocation.location_id, Allocation.owner_id)
        .where(Allocation.state == AllocationState.HELD, Allocation.expires_at <= now)
        .order_by(Allocation.id)
        .limit(most)
    )
    keys = {(row[0], row[1], row[2]) for row in late}
    _lock_balances(keys)
    return _give_back_expired(keys, now)


def live_of(document: str) -> list[Allocation]:
    """List what is held or firm for a document, in the order of its lines."""
    return [row for row in _of(document) if row.state in LIVE]


def of_document(document: str, *, lines: Collection[int] | None = None) -> list[Allocation]:
    """List what was held for a document at any time, in the order of its lines."""
    return list(_of(document, lines))


# --- What is free -------------------------------------------------------------------------------------


def may_be_picked(on: date | BindParameter[date]) -> ColumnElement[bool]:
    """Say in SQL that a balance (joined with lot, batch, location) may be sold from on a day."""
    return and_(
        Location.kind == LocationKind.WAREHOUSE,
        Location.keeper_id == Balance.owner_id,
        Balance.frozen.is_(False),
        Lot.state == LotState.RELEASED,
        or_(Batch.expires_on.is_(None), Batch.expires_on >= on),
    )


def must_keep_until(allocation: Allocation, comes_on: date) -> date:
    """Tell on which day promised goods must still be good: the day they were promised for, or when they come later."""
    return max(comes_on, allocation.good_on or comes_on)


def _days_asked(row: Allocation) -> int:
    return max(0, (row.good_on - clock.business_date(row.created_at)).days) if row.good_on is not None else 0


def _check_that_they_keep(rows: Sequence[Allocation], comes_on: date) -> None:
    batches = db.session.execute(
        select(Lot.id, Lot.number, Batch.expires_on)
        .join(Batch, Batch.lot_id == Lot.id)
        .where(Lot.id.in_(sorted({row.lot_id for row in rows})), Batch.expires_on.is_not(None))
    )
    dated = {row[0]: row for row in batches}
    for row in rows:
        found = dated.get(row.lot_id)
        if found is not None and found.expires_on < must_keep_until(row, comes_on):
            raise DoesNotKeep(number=found.number, lot_id=row.lot_id)


def _may_be_sold(key: Key, on: date) -> bool:
    query = (
        select(Balance.lot_id)
        .join(Batch, Batch.lot_id == Balance.lot_id)
        .join(Lot, Lot.id == Balance.lot_id)
        .join(Location, Location.id == Balance.location_id)
        .where(*_is(key), may_be_picked(on))
    )
    return db.session.scalar(query) is not None


def _candidates(wants: Sequence[Want], on: date) -> set[Key]:
    """Find the balances from which the wants may be met."""
    found = db.session.execute(_CANDIDATES, {"asked": _asked(wants), "on": on})
    return {(lot_id, location_id, owner_id) for lot_id, location_id, owner_id in found}


_CANDIDATES = (
    select(Balance.lot_id, Balance.location_id, Balance.owner_id)
    .join(Batch, Batch.lot_id == Balance.lot_id)
    .join(Lot, Lot.id == Balance.lot_id)
    .join(Location, Location.id == Balance.location_id)
    .where(
        tuple_(Batch.trade_item_id, Balance.owner_id).in_(bindparam("asked", expanding=True)),
        Balance.on_hand > 0,
        may_be_picked(bindparam("on")),
    )
)


def _free(wants: Sequence[Want], on: date, now: datetime) -> list[_Free]:
    """Read what the wants may be met from, its balances locked; what is held past its time is given back first."""
    keys: set[Key] | None = None
    if not on_sqlite():  # there the writer is alone
        keys = _candidates(wants, on)
        ledger.share(key[0] for key in keys)
        _lock_balances(keys)
    asked = {"asked": _asked(wants), "on": on, "now": now}
    rows = [row for row in map(_Free._make, db.session.execute(_FREE, asked)) if keys is None or row.key in keys]
    late = {row.key for row in rows if row.past_its_time}
    if not late:
        return rows
    _give_back_expired(late, now)
    return [row for row in map(_Free._make, db.session.execute(_FREE, asked)) if keys is None or row.key in keys]


def _asked(wants: Sequence[Want]) -> list[tuple[int, int]]:
    return sorted({(want.trade_item_id, want.owner_id) for want in wants})


def _pick(wants: Sequence[Want], rows: Sequence[_Free], on: date) -> list[tuple[Want, Key, int]]:
    """Choose first to expire first; what needs to keep longer chooses first, so that it is not left without."""
    free: dict[tuple[int, int], dict[Key, fefo.Free]] = defaultdict(dict)
    for row in rows:
        free[row.item_id, row.owner_id][row.key] = fefo.Free(row.key, row.quantity, row.expires_on, row.made_on)
    picked: list[tuple[Want, Key, int]] = []
    short: dict[int, list[int]] = {}
    for want in sorted(wants, key=lambda want: (-want.min_days, want.line)):
        places = free[want.trade_item_id, want.owner_id]
        last = on + timedelta(days=want.min_days)
        fit = [place for place in places.values() if place.expires_on is None or place.expires_on >= last]
        picks, missing = fefo.pick(fit, [want.quantity])
        if missing:
            wanted, available = short.get(want.trade_item_id, [0, sum(max(0, place.quantity) for place in fit)])
            short[want.trade_item_id] = [wanted + want.quantity, available]
            continue
        for pick in picks:
            place = places[pick.key]
            places[pick.key] = fefo.Free(place.key, place.quantity - pick.quantity, place.expires_on, place.made_on)
            picked.append((want, pick.key, pick.quantity))
    if short:
        raise NotEnough([(item_id, wanted, available) for item_id, (wanted, available) in sorted(short.items())])
    return sorted(picked, key=lambda pick: pick[0].line)  # of a line, first to expire first


class _Free(NamedTuple):
    """What is free at a balance, of which item, and how long it keeps."""

    lot_id: int
    location_id: int
    owner_id: int
    quantity: int
    item_id: int
    expires_on: date | None
    made_on: date
    past_its_time: int | None  #: the id of an allocation that is held past its time

    @property
    def key(self) -> Key:
        return self.lot_id, self.location_id, self.owner_id


_FREE = _CANDIDATES.with_only_columns(
    Balance.lot_id,
    Balance.location_id,
    Balance.owner_id,
    Balance.on_hand - Balance.allocated,
    Batch.trade_item_id,
    Batch.expires_on,
    Batch.made_on,
    queries.past_its_time(func.min(Allocation.id)),
    maintain_column_froms=True,
)


# --- Claiming and giving back -------------------------------------------------------------------------


def _claim(picks: Sequence[tuple[Want, Key, int]]) -> None:
    """Add what is picked to ``allocated``, a guarded UPDATE a balance, in key order."""
    demand = Counter[Key]()
    for _, key, quantity in picks:
        demand[key] += quantity
    items = {key: want.trade_item_id for want, key, _ in picks}
    free: dict[Key, int] = {}
    for key in sorted(demand):
        claimed = db.session.execute(
            _CLAIM, {"lot": key[0], "location": key[1], "owner": key[2], "many": demand[key]}
        ).scalar_one_or_none()
        if claimed is None:
            left = db.session.scalar(select(Balance.on_hand - Balance.allocated).where(*_is(key))) or 0
            raise NotEnough([(items[key], demand[key], max(0, left))])
        free[key] = claimed
    ledger.show_promised(demand, free)


_CLAIM = (
    update(Balance)
    .where(
        Balance.lot_id == bindparam("lot"),
        Balance.location_id == bindparam("location"),
        Balance.owner_id == bindparam("owner"),
        Balance.on_hand - Balance.allocated >= bindparam("many"),
        Balance.frozen.is_(False),
    )
    .values(allocated=Balance.allocated + bindparam("many"))
    .returning(Balance.on_hand - Balance.allocated)
    .execution_options(synchronize_session=False)
)


def _give_back(rows: Sequence[Allocation]) -> None:
    """Take live allocations, whose balances are locked, off what is allocated."""
    freed = Counter[Key]()
    for row in rows:
        freed[row.lot_id, row.location_id, row.owner_id] += row.quantity
        row.state = AllocationState.RELEASED
    db.session.flush()
    _unclaim(freed)


def _give_back_expired(keys: Iterable[Key], now: datetime) -> int:
    """Give back what is past its time on balances that are locked."""
    wanted = sorted(set(keys))
    if not wanted:
        return 0
    lot_ids = sorted({key[0] for key in wanted})
    rows = db.session.execute(_EXPIRE, {"lot_ids": lot_ids, "keys": wanted, "until": now}).all()
    freed = Counter[Key]()
    for lot_id, location_id, owner_id, quantity in rows:
        freed[lot_id, location_id, owner_id] += quantity
    _unclaim(freed)
    return len(rows)


_EXPIRE = (
    update(Allocation)
    .where(
        Allocation.lot_id.in_(bindparam("lot_ids", expanding=True)),
        tuple_(Allocation.lot_id, Allocation.location_id, Allocation.owner_id).in_(bindparam("keys", expanding=True)),
        Allocation.state == AllocationState.HELD,
        Allocation.expires_at <= bindparam("until"),
    )
    .values(state=AllocationState.RELEASED)
    .returning(Allocation.lot_id, Allocation.location_id, Allocation.owner_id, Allocation.quantity)
    .execution_options(synchronize_session=False)
)


def _unclaim(freed: Counter[Key]) -> None:
    if not freed:
        return
    free: dict[Key, int] = {}
    for key in sorted(freed):
        free[key] = db.session.execute(
            _UNCLAIM, {"lot": key[0], "location": key[1], "owner": key[2], "many": freed[key]}
        ).scalar_one()
    ledger.show_promised({key: -many for key, many in freed.items()}, free)


_UNCLAIM = (
    update(Balance)
    .where(
        Balance.lot_id == bindparam("lot"),
        Balance.location_id == bindparam("location"),
        Balance.owner_id == bindparam("owner"),
    )
    .values(allocated=Balance.allocated - bindparam("many"))
    .returning(Balance.on_hand - Balance.allocated)
    .execution_options(synchronize_session=False)
)


def _lock_balances(keys: Collection[Key]) -> None:
    if not keys or on_sqlite():  # there the writer is alone
        return
    ordered = select(Balance.lot_id).where(
        Balance.lot_id.in_(listed(sorted({key[0] for key in keys}))),
        tuple_(Balance.lot_id, Balance.location_id, Balance.owner_id).in_(sorted(keys)),
    )
    ordered = ordered.order_by(Balance.lot_id, Balance.location_id, Balance.owner_id)
    db.session.execute(select(func.count()).select_from(ordered.with_for_update().subquery()))


def _locked(document: str, lines: Collection[int] | None, *, on: date | None = None) -> list[Allocation]:
    """Lock the balances of a document's allocations, then read those anew.

    Where others may be held in their place (``on``), all lots come first, then all balances, those of before too.
    """
    found = _of(document, lines)
    keys: set[Key] = {(row.lot_id, row.location_id, row.owner_id) for row in found}
    if on is not None and found:
        wants = [Want(row.line, row.trade_item_id, row.wanted, row.owner_id) for row in found]
        keys |= _candidates(wants, on)
        ledger.share(key[0] for key in keys)
    _lock_balances(keys)
    return list(_of(document, lines))


def _of(document: str, lines: Collection[int] | None = None) -> Sequence[Allocation]:
    if lines is None:
        return db.session.scalars(_OF_DOCUMENT, {"of": document}).all()
    return db.session.scalars(_OF_LINES, {"of": document, "lines": sorted(lines)}).all()


_OF_DOCUMENT = (
    select(Allocation)
    .where(Allocation.document == bindparam("of"))
    .order_by(Allocation.line, Allocation.id)
    .execution_options(populate_existing=True)
)
_OF_LINES = _OF_DOCUMENT.where(Allocation.line.in_(bindparam("lines", expanding=True)))


def _all_there(rows: Sequence[Allocation], document: str, lines: Collection[int] | None) -> None:
    if not rows or (lines is not None and {row.line for row in rows} != set(lines)):
        raise NotHeld()
    lost = _lost(rows)
    if lost:
        raise HoldLost(lost)


def _wanted(rows: Sequence[Allocation]) -> dict[int, int]:
    """Say how many packs each line wants: what it wants only ever goes down."""
    found: dict[int, int] = {}
    for row in rows:
        found[row.line] = min(row.wanted, found.get(row.line, row.wanted))
    return found


def _lost(rows: Sequence[Allocation]) -> list[int]:
    """List the lines of which something went to somebody else."""
    wanted, there = _wanted(rows), Counter[int]()
    for row in rows:
        if row.state is not AllocationState.RELEASED:
            there[row.line] += row.quantity
    return sorted(line for line, quantity in wanted.items() if there[line] < quantity)


def _same(earlier: Sequence[Allocation], wants: Sequence[Want]) -> list[Allocation]:
    asked = {(want.line, want.trade_item_id): want.quantity for want in wants}
    wanted = _wanted(earlier)
    if asked != {(row.line, row.trade_item_id): wanted[row.line] for row in earlier}:
        raise AskedOtherwise()
    lost = _lost(earlier)
    if lost:
        raise HoldLost(lost)
    return [row for row in earlier if row.state is not AllocationState.RELEASED]


def _is(key: Key) -> tuple[ColumnElement[bool], ...]:
    return Balance.lot_id == key[0], Balance.location_id == key[1], Balance.owner_id == key[2]
