"""No more of a lot is used or sold than there is: what captured events take is held against what is known of it.

The amount of a lot of our own is known; of another it is known once events that stand say how much was made. Captures
lock the lots they name in the order of their ids, as our own screens do, so that of two who want the last kilogram
one gets it.
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import case, exists, or_, select, update
from sqlalchemy.orm import aliased

from catalog.models import Unit
from kernel.db import db, listed
from kernel.errors import Conflict
from traceability import contents, rounding, statements
from traceability.contents import Deed, Key, Step
from traceability.epcis import in_stock
from traceability.models import EpcisEvent, EpcisField, Lot, LotKind, LotState, TraceEvent
from traceability.statements import Amounts, Sale


@dataclass
class Known:
    """A lot that an event names."""

    id: int
    owner_id: int
    kind: LotKind
    state: LotState
    state_since: datetime
    unit: Unit
    quantity: int
    used: int


COLUMNS = (Lot.id, Lot.owner_id, Lot.kind, Lot.state, Lot.state_since, Lot.unit, Lot.quantity, Lot.used)
_NOTHING = Amounts()
#: Before all that is known; after all that happened at one moment.
FIRST, LAST = datetime.min.replace(tzinfo=UTC), 2**62


def _moment(sale: Sale) -> tuple[datetime, int]:
    return sale[:2]


def locked(lot_ids: Iterable[int]) -> dict[int, Known]:
    """Lock lots in the order of their ids, and read them as they are then."""
    ids = sorted(set(lot_ids))
    if not ids:
        return {}
    rows = db.session.execute(select(*COLUMNS).where(Lot.id.in_(listed(ids))).order_by(Lot.id).with_for_update(of=Lot))
    return {row[0]: Known(*row) for row in rows}


@dataclass
class Account:
    """How much of a thing was made, used and sold, in one unit."""

    is_own: bool  #: of our own: how much there is does not come from events
    made: Decimal = Decimal(0)
    makings: int = 0
    unstated: int = 0
    #: how much of it its owner received, and when; None where that is not said
    receipts: list[tuple[datetime, Decimal | None]] = field(default_factory=list)
    seen: list[datetime] = field(default_factory=list)  #: when it was there otherwise
    remade: Decimal = Decimal(0)  #: of our own: how much of it captured transformations say was made
    used: Decimal = Decimal(0)
    lost: Decimal = Decimal(0)  #: destroyed, or gone otherwise
    sales: list[Sale] = field(default_factory=list)  #: and what was brought back, in the order of their times
    left: int = 0  #: has left our stock, by its own books

    @property
    def gone(self) -> Decimal:
        """How much of it is there no longer: what is used up cannot be sold, nor what is sold be used."""
        return self.used + self.lost + self.sold

    @property
    def sold(self) -> Decimal:
        """How much was sold and not brought back."""
        return statements.net(self.sales)

    def sale(self, at: datetime | None, amount: Decimal) -> tuple[str, Sale]:
        """Give what :meth:`enter` takes of a sale, or of what is brought back (less than nothing)."""
        return "sales", (at or FIRST, LAST, amount)

    def enter(self, what: str, change: Any) -> None:
        """Enter that so much more was made, used, lost or sold."""
        if what == "sales":
            insort(self.sales, change, key=_moment)
        elif what in ("receipts", "seen"):
            getattr(self, what).append(change)
        else:
            setattr(self, what, getattr(self, what) + change)

    def take_back(self, what: str, change: Any) -> None:
        """Undo what was entered."""
        if what in ("sales", "receipts", "seen"):
            getattr(self, what).remove(change)
        else:
            setattr(self, what, getattr(self, what) - change)

    @property
    def amount(self) -> Decimal | None:
        """How much there is, where that is known."""
        if self.is_own or self.makings:
            return None if self.unstated else self.made
        unsaid = sum(amount is None for _, amount in self.receipts)
        first, seen = min((at for at, _ in self.receipts), default=None), min(self.seen, default=None)
        if statements.is_all(unsaid, first, seen):
            return sum((amount or Decimal(0) for _, amount in self.receipts), Decimal(0))
        return None


class Accounts:
    """The accounts of the things that a document names, as its events are entered one after the other."""

    def __init__(
        self,
        lots: Collection[Known],
        before: dict[int, Amounts],
        wrong: Collection[str],
        *,
        since: datetime | None,
        returned: Collection[int],
        has_cases: bool,
    ) -> None:
        """Read what is known of lots.

        :param before: what was said of them before the document
        :param wrong: eventIDs that the document declares wrong: what they say does not count
        :param since: when the first event of the document happened
        :param returned: lots of which it says that some was brought back
        :param has_cases: some of them are, or were, in cases
        """
        ids = [known.id for known in lots]
        in_stock_of = [known.id for known in lots if known.kind is LotKind.FINISHED]
        left = in_stock.stock().left(in_stock_of) if in_stock_of else {}
        self._said = statements.amounts(ids, without=wrong, has_cases=has_cases) if ids and wrong else before
        self._accounts: dict[tuple[Key, Unit], Account] = {}
        accounts_by_lot: dict[int, Account] = {}
        self.changed: list[Known] = []  #: lots of which a declaration takes something back
        for known in lots:
            said, was = self._said.get(known.id, _NOTHING), before.get(known.id, _NOTHING)
            is_own = known.kind is not LotKind.EXTERNAL
            if is_own:
                counted = statements.used(known.kind, was)
                used = known.used - (counted - was.used) + said.captured
                account = Account(True, made=Decimal(known.quantity), used=used, left=left.get(known.id, 0))
            else:
                account = Account(False, used=said.used + said.captured)
                account.made, account.makings, account.unstated = said.stated, said.makings, said.unstated
                if said.first_receipt is not None:
                    account.receipts = [(said.first_receipt, None if said.unsaid else said.received)]
                account.seen = [] if said.first_seen is None else [said.first_seen]
            account.lost, account.remade = said.lost, said.remade
            account.sales = [(FIRST, 0, said.sold)] if said.sold else []
            accounts_by_lot[known.id] = account
            self._accounts[known.id, known.unit] = account
            if said != was:
                self.changed.append(known)
        in_order = {lot_id for lot_id in accounts_by_lot if lot_id in returned or self._brought_back(lot_id)}
        for lot_id, sales in statements.sales(in_order, without=wrong).items():
            earlier = [sale for sale in sales if since is not None and sale[0] < since]
            accounts_by_lot[lot_id].sales = [(FIRST, 0, statements.net(earlier)), *sales[len(earlier) :]]

    def _brought_back(self, lot_id: int) -> bool:
        return lot_id in self._said and self._said[lot_id].has_returns

    def of(self, key: Key, unit: Unit) -> Account:
        """Give the account of a thing, by the id of its lot, or by its name where it has none yet."""
        return self._accounts.setdefault((key, unit), Account(False))


#: What an account is told: of which thing, its attribute, and by how much it changes.
Change = tuple[Key, str, Any]


class Cases:
    """What the events of a document do with cases, beside what is stored, and how that changes the accounts.

    What was packed late changes what an earlier sale of the case sold: so a case is followed anew from its beginning.
    """

    def __init__(self, parents: Collection[Key], stored: Iterable[Step]) -> None:
        """Begin with what is stored.

        :param parents: all cases into which the document packs something, or takes it out of
        """
        steps = list(stored)
        self._parents = {*parents, *(case for step in steps if step.deed in _PACKS for case in step.cases)}
        self._groups: dict[Key, _Group] = {}
        for step in steps:
            for group in self._group(step):
                group.steps.append(step)
        for group in {id(group): group for group in self._groups.values()}.values():
            group.then = _became(group.steps)

    def add(self, steps: Iterable[Step]) -> list[Change]:
        """Let so much more be done with cases; give how that changes the accounts."""
        return self._change(steps, list.append)

    def take_back(self, steps: Iterable[Step]) -> list[Change]:
        """Undo what was done with cases; give how that changes the accounts."""
        return self._change(steps, list.remove)

    def _change(self, steps: Iterable[Step], how: Callable[[list[Step], Step], None]) -> list[Change]:
        changes: list[Change] = []
        for step in steps:
            for group in self._group(step):
                how(group.steps, step)
                changes += group.changes()
        return changes

    def _group(self, step: Step) -> list[_Group]:
        """Give the group of cases that a step is about: those that lie in each other. Of mere goods there is none."""
        keys = [key for key in {*step.cases, *step.things} if key in self._parents]
        if not any(case in self._parents for case in step.cases):
            return []
        groups = list({id(group): group for key in keys if (group := self._groups.get(key))}.values())
        one = max(groups, key=lambda group: len(group.steps), default=_Group())
        for other in groups:
            if other is not one:
                one.steps += other.steps
                one.then |= other.then
                one.keys |= other.keys
        for key in {*keys, *one.keys}:
            one.keys.add(key)
            self._groups[key] = one
        return [one]


_PACKS = (Deed.PACKED, Deed.SEEN)
_BECOMES = {Deed.SOLD: "sales", Deed.BROUGHT_BACK: "sales", Deed.USED: "used", Deed.LOST: "lost"}
#: A thing, what became of it in cases, and when.
_Became = dict[tuple[Key, str, datetime, int], Decimal]


@dataclass
class _Group:
    """Cases that lay in each other, what is done with them, and what became of things in them by that."""

    steps: list[Step] = field(default_factory=list)
    then: _Became = field(default_factory=dict)
    keys: set[Key] = field(default_factory=set)

    def changes(self) -> list[Change]:
        """Give what became of things otherwise than when this was asked last."""
        now = _became(self.steps)
        found: list[Change] = []
        for key in sorted(self.then.keys() | now.keys(), key=str):
            by = now.get(key, Decimal(0)) - self.then.get(key, Decimal(0))
            thing, what, at, line = key
            if by:
                found.append((thing, what, (at, line, by) if what == "sales" else by))
        self.then = now
        return found


def _became(steps: Sequence[Step]) -> _Became:
    found: _Became = defaultdict(Decimal)
    if any(step.deed in _BECOMES for step in steps):
        for happened in contents.follow(steps):
            what = _BECOMES.get(happened.step.deed)
            if what is not None:
                found[happened.thing, what, happened.step.at, happened.step.line] += happened.amount
    return dict(found)


def commissioned(names: Collection[str], *, organisation_id: int) -> dict[str, set[str]]:
    """Give the events that say that single things were made: {name: eventIDs}, of those that stand.

    What others say of them counts where they may speak for them: where it is public.
    """
    if not names:
        return {}
    declared = aliased(EpcisEvent)
    rows = db.session.execute(
        select(EpcisField.value, EpcisEvent.event_id)
        .join(EpcisEvent, EpcisEvent.id == EpcisField.epcis_event_id)
        .outerjoin(TraceEvent, TraceEvent.id == EpcisEvent.trace_event_id)
        .where(
            EpcisField.name == "epc",
            EpcisField.value.in_(listed(sorted(names))),
            EpcisEvent.type == "ObjectEvent",
            EpcisEvent.action == "ADD",
            EpcisEvent.biz_step == "commissioning",
            ~EpcisEvent.declares_error,
            ~exists().where(declared.event_id == EpcisEvent.event_id, declared.declares_error),
            or_(EpcisEvent.organisation_id == organisation_id, TraceEvent.is_public),
        )
    )
    found: dict[str, set[str]] = defaultdict(set)
    for name, event_id in rows:
        found[name].add(event_id)
    return found


def settle(
    lots: Collection[Known], before: dict[int, Amounts], *, unmade: Collection[int], has_cases: bool = True
) -> None:
    """Write down how much there is of lots, and how much of it was used, by one guarded step.

    :param before: what was said of them before this document
    :param unmade: those an event of whose making was declared wrong
    :param has_cases: some of them are, or were, in cases
    """
    after = statements.amounts([known.id for known in lots], has_cases=has_cases) if lots else {}
    quantities: dict[int, int] = {}
    used: dict[int, int] = {}
    for known in lots:
        said, was = after.get(known.id, _NOTHING), before.get(known.id, _NOTHING)
        if known.kind is LotKind.EXTERNAL:
            # No event names what several receipts said together.
            was_received = was.made is not None and not was.makings
            quantity = 0 if known.id in unmade or was_received else known.quantity
            quantity = quantity if said.made is None else rounding.whole(said.made)
            now_used = statements.used(known.kind, said)
        else:
            quantity = known.quantity
            now_used = known.used + statements.used(known.kind, said) - statements.used(known.kind, was)
        if (quantity, now_used) != (known.quantity, known.used):
            quantities[known.id], used[known.id] = quantity, now_used
    if _write(quantities, used) != len(used):
        raise Conflict()


def settle_anew(lots: Collection[Known]) -> int:
    """Write down what events say of lots that were counted by the rules of before; give how many changed.

    What cannot be written down, more used than there is, stays as it was: the verification names it.
    """
    said = statements.amounts([known.id for known in lots]) if lots else {}
    quantities: dict[int, int] = {}
    used: dict[int, int] = {}
    for known in lots:
        now = said.get(known.id, _NOTHING)
        is_made = known.kind is LotKind.EXTERNAL and now.made is not None
        quantity = rounding.whole(now.made or Decimal(0)) if is_made else known.quantity
        now_used = statements.used(known.kind, now)
        if (quantity, now_used) != (known.quantity, known.used) and now_used <= quantity:
            quantities[known.id], used[known.id] = quantity, now_used
    return _write(quantities, used)


def _write(quantities: dict[int, int], used: dict[int, int]) -> int:
    """Write down amounts of lots by one guarded step; give how many took them."""
    if not used:
        return 0
    new_quantity, new_used = case(quantities, value=Lot.id), case(used, value=Lot.id)
    changed = db.session.execute(
        update(Lot)
        .where(Lot.id.in_(sorted(used)), new_used >= 0, new_used <= new_quantity)
        .values(quantity=new_quantity, used=new_used)
        .execution_options(synchronize_session=False)
    )
    for row in list(db.session.identity_map.values()):
        if isinstance(row, Lot) and row.id in used:
            db.session.expire(row, ["quantity", "used"])
    return int(changed.rowcount)  # type: ignore[attr-defined]
