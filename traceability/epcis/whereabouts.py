"""Where goods are by what others' events say: who received them, who has them still, who bought them. Pure.

Goods go from a source to a destination; what is packed into a case goes where the case goes; what a receiver tells
of goods that its supplier told it sent is one journey, not two. What nobody stated is not made up: a quantity that no
event gives is not known, and stays so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from traceability import ways


@dataclass(frozen=True)
class Thing:
    """A lot that an event names, in a role, and how much of it (None: not stated, or in another unit)."""

    lot_id: int
    role: str
    quantity: int | None = None


@dataclass(frozen=True)
class Handling:
    """What an event says of lots: who did what with them, from whom, to whom. Parties are names."""

    type: str
    things: Sequence[Thing]
    by: str  #: whose statement it is
    action: str | None = None
    biz_step: str | None = None
    disposition: str | None = None
    place: str | None = None  #: where it happened
    sources: Sequence[str] = ()  #: who had them before
    destinations: Sequence[str] = ()  #: who has them after
    owners: Sequence[str] = ()  #: whose they become
    papers: Sequence[str] = ()  #: invoice, order, note
    names_children: bool = True  #: where a case is opened: what is taken out is named; otherwise it is all there is


@dataclass
class Share:
    """What of a lot is, or was, with a party."""

    lot_id: int
    party: str  #: its name; "" for a buyer of whom not even a paper is known
    held: int = 0
    on_the_way: int = 0  #: sent to it, not yet received
    received: int = 0
    sold: int = 0
    made: int = 0
    is_unstated: bool = False  #: it was given some, and nobody said how much
    is_buyer: bool = False
    is_paper: bool = False  #: ``party`` is the paper of the sale: who bought is not known
    papers: list[str] = field(default_factory=list)

    @property
    def has_or_had(self) -> bool:
        """Tell whether goods reached it, from whoever made them."""
        return self.is_buyer or self.is_unstated or self.received + self.held + self.on_the_way > 0


def belongs_to(handlings: Iterable[Handling]) -> dict[str, str]:
    """Tell whose places are: goods are received where their receiver is, and sent from where their sender is."""
    found: dict[str, str] = {}
    for one in handlings:
        if one.place is None:
            continue
        if one.biz_step in ways.ARRIVED and len(set(one.destinations)) == 1:
            found.setdefault(one.place, one.destinations[0])
        elif one.destinations and one.biz_step not in ways.ARRIVED and len(set(one.sources)) == 1:
            found.setdefault(one.place, one.sources[0])
    return found


def follow(handlings: Sequence[Handling], made: Mapping[int, int] | None = None) -> list[Share]:
    """Follow goods through events in the order of their times; give what is, or was, with whom.

    A case is no goods: what was packed into it is.

    :param made: how much there was of lots whose making is not among the events
    """
    ledger = _Ledger(belongs_to(handlings), {**_made_in(handlings), **(made or {})})
    for one in handlings:
        ledger.write(one)
    return ledger.shares()


def _made_in(handlings: Iterable[Handling]) -> dict[int, int]:
    """Add up how much events made of lots, but for those of which one does not say it."""
    found: dict[int, int] = defaultdict(int)
    unsaid = set()
    for one in handlings:
        for thing in one.things:
            if thing.role == "output" or (thing.role == "object" and one.action == "ADD"):
                found[thing.lot_id] += thing.quantity or 0
                if thing.quantity is None:
                    unsaid.add(thing.lot_id)
    return {lot_id: quantity for lot_id, quantity in found.items() if lot_id not in unsaid}


class _Ledger:
    """What is with whom, while the events are read."""

    def __init__(self, places: Mapping[str, str], made: Mapping[int, int]) -> None:
        self._places = places
        self._made = made
        self._used: dict[int, int] = defaultdict(int)  #: by lot: went into others, or came to its end
        self._shares: dict[int, dict[tuple[str, bool], Share]] = defaultdict(dict)  #: by lot
        self._inside: dict[int, dict[int, int]] = defaultdict(dict)  #: {case: {lot: how much of it}}

    def write(self, one: Handling) -> None:
        """Let an event move what it names."""
        if one.type == "TransformationEvent":
            for thing in one.things:
                who = self._who(one, thing.lot_id)
                if thing.role == "input":
                    self._use(thing.lot_id, who, thing.quantity)
                elif thing.role == "output":
                    self._add(thing.lot_id, who, thing.quantity, is_made=True)
        elif one.type == "AggregationEvent":
            self._pack(one)
        else:
            for thing in one.things:
                self._handle(one, thing)

    def shares(self) -> list[Share]:
        """Give what is with whom, cases opened."""
        for case, inside in self._inside.items():
            keeper = self._keeper(case)
            if keeper is not None:
                for lot_id, quantity in inside.items():
                    share, of_case = self._share(lot_id, keeper), self._share(case, keeper)
                    if of_case.held:
                        share.held += quantity
                    else:
                        share.on_the_way += quantity
        rows = [row for of_lot in self._shares.values() for row in of_lot.values() if row.lot_id not in self._inside]
        return sorted(
            (row for row in rows if row.has_or_had or row.made or row.sold),
            key=lambda row: (row.lot_id, row.is_buyer, row.party),
        )

    # --- What an event does

    def _pack(self, one: Handling) -> None:
        cases = [thing.lot_id for thing in one.things if thing.role == "parent"]
        children = [thing for thing in one.things if thing.role == "child"]
        if len(cases) != 1:
            return
        case = cases[0]
        inside = self._inside[case]
        if one.action == "ADD":
            for thing in children:
                who = self._who(one, thing.lot_id)
                self._take(thing.lot_id, who, thing.quantity)
                inside[thing.lot_id] = inside.get(thing.lot_id, 0) + (thing.quantity or 0)
                self._share(case, who).held = 1
        elif one.action == "DELETE":
            all_of_it = [Thing(lot_id, "child", quantity) for lot_id, quantity in inside.items()]
            out = children if one.names_children else all_of_it
            who = self._who(one, case)
            for thing in out:
                taken = inside.get(thing.lot_id, 0) if thing.quantity is None else thing.quantity
                left = inside.pop(thing.lot_id, 0) - taken
                if left > 0:
                    inside[thing.lot_id] = left
                self._add(thing.lot_id, who, taken or None)

    def _handle(self, one: Handling, thing: Thing) -> None:
        inside = self._inside.get(thing.lot_id)
        if ways.sells(one.biz_step, one.disposition):
            seller = one.sources[0] if one.sources else self._who(one, thing.lot_id)
            for lot_id, quantity in list(inside.items()) if inside else [(thing.lot_id, thing.quantity)]:
                if not inside:
                    self._take(lot_id, seller, quantity)
                self._sell(one, lot_id, seller, quantity)
            if inside:
                inside.clear()
            return
        if one.type == "ObjectEvent" and ways.ends(one.biz_step, one.disposition, one.action):
            self._end(one, thing)
            return
        if one.action == "DELETE":
            self._use(thing.lot_id, self._who(one, thing.lot_id), thing.quantity)
            return
        if ways.brings_back(one.biz_step, one.disposition) and self._bring_back(one, thing):
            return
        if one.destinations or one.biz_step in ("receiving", "accepting"):
            self._move(one, thing)
            return
        who = self._who(one, thing.lot_id)
        share = self._share(thing.lot_id, who)
        if one.action == "ADD":
            self._add(thing.lot_id, who, thing.quantity, is_made=True)
        elif thing.quantity is None:
            share.is_unstated = share.is_unstated or not share.held
        else:
            self._see(share, thing.quantity)

    def _see(self, share: Share, quantity: int) -> None:
        """Goods were seen with somebody: as many at most as were made and are not elsewhere.

        An event about a lot may name all of it, wherever it is by now.
        """
        if share.lot_id in self._made:
            rows = self._shares[share.lot_id].values()
            elsewhere = sum(row.held + row.on_the_way for row in rows) - share.held
            packed = sum(inside.get(share.lot_id, 0) for inside in self._inside.values())
            left = self._made[share.lot_id] - self._used[share.lot_id] - elsewhere - packed
            quantity = max(0, min(quantity, left))
        share.held = max(share.held, quantity)
        if not (share.held or share.made or share.received or share.sold):
            share.is_unstated = True

    def _end(self, one: Handling, thing: Thing) -> None:
        """Goods are there no longer; what lay in a case that was destroyed neither, but in one that was taken apart."""
        who = self._who(one, thing.lot_id)
        inside = self._inside.pop(thing.lot_id, {})
        for lot_id, quantity in inside.items():
            if ways.ends(one.biz_step, one.disposition, None):
                self._used[lot_id] += quantity
            else:
                self._add(lot_id, who, quantity or None)
        self._use(thing.lot_id, who, thing.quantity)

    def _bring_back(self, one: Handling, thing: Thing) -> bool:
        """Take from buyers what they bring back, as far as they have it; tell whether any of them had some."""
        buyers = [row for row in self._shares[thing.lot_id].values() if row.is_buyer and row.held]
        if not buyers or thing.quantity is None:
            return False
        to = one.destinations[0] if one.destinations else self._who(one, thing.lot_id, is_receiver=True)
        left = thing.quantity
        for row in reversed(buyers):
            taken = min(left, row.held)
            row.held -= taken
            left -= taken
        self._share(thing.lot_id, to).held += thing.quantity - left
        return True

    def _move(self, one: Handling, thing: Thing) -> None:
        to = one.destinations[0] if one.destinations else self._who(one, thing.lot_id, is_receiver=True)
        source = one.sources[0] if one.sources else self._keeper(thing.lot_id)
        arrives = one.biz_step in ways.ARRIVED
        if source == to:
            return
        share = self._share(thing.lot_id, to)
        if thing.quantity is None:
            share.is_unstated = True
        else:
            known = min(share.on_the_way, thing.quantity) if arrives else 0
            share.on_the_way -= known
            if source is not None:
                self._take(thing.lot_id, source, thing.quantity - known)
            if arrives:
                share.held += thing.quantity
                share.received += thing.quantity
            else:
                share.on_the_way += thing.quantity
        if arrives:
            for lot_id, quantity in self._inside.get(thing.lot_id, {}).items():
                self._share(lot_id, to).received += quantity
        for row in (share, *(self._share(lot_id, to) for lot_id in self._inside.get(thing.lot_id, {}))):
            row.papers.extend(paper for paper in one.papers if paper not in row.papers)

    def _sell(self, one: Handling, lot_id: int, seller: str, quantity: int | None) -> None:
        named = [*one.destinations, *one.owners]
        buyer = next((name for name in named if name != seller), None)
        is_paper = buyer is None
        share = self._share(lot_id, buyer or next(iter(one.papers), ""), is_buyer=True)
        share.is_paper = is_paper
        share.papers.extend(paper for paper in one.papers if paper not in share.papers)
        if quantity is None:
            share.is_unstated = True
        else:
            share.received += quantity
            share.held += quantity
            self._share(lot_id, seller).sold += quantity

    # --- Who, and how much

    def _who(self, one: Handling, lot_id: int, *, is_receiver: bool = False) -> str:
        """Tell who did it: whose place it happened at, else who has the goods, else who says so."""
        if one.place is not None:
            return self._places.get(one.place, one.place)
        return (None if is_receiver else self._keeper(lot_id)) or one.by

    def _keeper(self, lot_id: int) -> str | None:
        """Tell who has a lot, where only one has."""
        found = [
            row.party for row in self._shares[lot_id].values() if not row.is_buyer and row.held + row.on_the_way > 0
        ]
        return found[0] if len(found) == 1 else None

    def _share(self, lot_id: int, party: str, *, is_buyer: bool = False) -> Share:
        of_lot = self._shares[lot_id]
        if (party, is_buyer) not in of_lot:
            of_lot[party, is_buyer] = Share(lot_id, party, is_buyer=is_buyer)
        return of_lot[party, is_buyer]

    def _take(self, lot_id: int, party: str, quantity: int | None) -> None:
        share = self._share(lot_id, party)
        share.held = max(0, share.held - (quantity or 0))

    def _use(self, lot_id: int, party: str, quantity: int | None) -> None:
        self._take(lot_id, party, quantity)
        self._used[lot_id] += quantity or 0

    def _add(self, lot_id: int, party: str, quantity: int | None, *, is_made: bool = False) -> None:
        share = self._share(lot_id, party)
        if quantity is None:
            share.is_unstated = True
            return
        share.held += quantity
        if is_made:
            share.made += quantity
