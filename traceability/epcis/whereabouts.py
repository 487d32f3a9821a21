"""Where goods are by what others' events say: who received them, who has them still, who bought them. Pure.

Goods go from a source to a destination; what is packed into a case goes where the case goes, and the case where its
pallet goes; what a receiver tells of goods that its supplier told it sent is one journey, not two. What nobody stated
is not made up: a quantity that no event gives is not known, and stays so. There is never more of a lot than was made:
what leaves a party of which nobody said that it had the goods left who was said to have them. Whoever was sent goods
stays on the list, however they went on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from traceability import ways

#: Steps by which goods come to who takes them.
_TAKES = ("receiving", "accepting")


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
    cases = {thing.lot_id for one in handlings for thing in one.things if thing.role == "parent"}
    ledger = _Ledger(belongs_to(handlings), {**_made_in(handlings), **(made or {})}, cases)
    for one in handlings:
        ledger.write(one)
    return ledger.shares()


def _made_in(handlings: Iterable[Handling]) -> dict[int, int]:
    """Add up how much events made of lots, but for those of which one does not say it."""
    found: dict[int, int] = defaultdict(int)
    unsaid = set()
    for one in handlings:
        for thing in one.things:
            if thing.role == "output" or (one.type == "ObjectEvent" and one.action == "ADD"):
                found[thing.lot_id] += thing.quantity or 0
                if thing.quantity is None:
                    unsaid.add(thing.lot_id)
    return {lot_id: quantity for lot_id, quantity in found.items() if lot_id not in unsaid}


class _Ledger:
    """What is with whom, while the events are read."""

    def __init__(self, places: Mapping[str, str], made: Mapping[int, int], cases: Collection[int]) -> None:
        self._places = places
        self._made = {**made, **dict.fromkeys(cases, 1)}
        self._cases = cases
        self._used: dict[int, int] = defaultdict(int)  #: by lot: went into others, or came to its end
        self._shares: dict[int, dict[tuple[str, bool], Share]] = defaultdict(dict)  #: by lot
        self._inside: dict[int, dict[int, int]] = {case: {} for case in cases}  #: {case: {lot: how much of it}}
        self._outer: dict[int, int] = {}  #: {case: the one in which it lies}
        self._packed: dict[int, int] = defaultdict(int)  #: by lot: how much of it lies in cases
        self._vague: dict[int, set[int]] = defaultdict(set)  #: {case: lots in it of which nobody says how much}
        self._packer: dict[int, str] = {}

    def write(self, one: Handling) -> None:
        """Let an event move what it names."""
        if one.type == "TransformationEvent":
            for thing in one.things:
                if thing.role == "input":
                    self._use(one, thing)
                elif thing.role == "output":
                    self._add(thing.lot_id, self._who(one, thing.lot_id), thing.quantity, is_made=True)
        elif one.type in ("AggregationEvent", "AssociationEvent"):
            self._pack(one)
        else:
            for thing in self._apart(one):
                self._handle(one, thing)

    def shares(self) -> list[Share]:
        """Give what is with whom, cases opened."""
        for case in self._inside:
            if case not in self._outer:
                self._open(case)
        rows = [row for of_lot in self._shares.values() for row in of_lot.values() if row.lot_id not in self._inside]
        return sorted(
            (row for row in rows if row.has_or_had or row.made or row.sold),
            key=lambda row: (row.lot_id, row.is_buyer, row.party),
        )

    def _open(self, case: int) -> None:
        """Say of what is in a case, and in those in it, that it is where the case is."""
        where = [row for row in self._rows(case) if row.held or row.on_the_way]
        keeper = where[0].party if where else self._packer.get(case)
        for lot_id, quantity in self._goods_in(case) if keeper is not None else ():
            share = self._share(lot_id, keeper or "")
            if where and not where[0].held:
                share.on_the_way += quantity
            else:
                share.held += quantity
        for lot_id in self._vaguely_in(case) if keeper is not None else ():
            self._share(lot_id, keeper or "").is_unstated = True

    # --- What an event does

    def _apart(self, one: Handling) -> Iterator[Thing]:
        """Give what an event names; what lies in a case that it names goes with it, and is named once."""
        named = {thing.lot_id for thing in one.things if thing.lot_id in self._cases}
        inside: dict[int, int] = defaultdict(int)
        along: set[int] = set()
        for case in named:
            for lot_id, quantity in self._goods_in(case):
                inside[lot_id] += quantity
            along |= self._cases_in(case)
        outermost = [case for case in named if case not in along]
        if len(outermost) < len(named):
            inside = defaultdict(int)
            for case in outermost:
                for lot_id, quantity in self._goods_in(case):
                    inside[lot_id] += quantity
        for thing in one.things:
            if thing.lot_id in along:
                continue
            if thing.lot_id not in inside:
                yield thing
            elif thing.quantity is not None and thing.quantity > inside[thing.lot_id]:
                yield replace(thing, quantity=thing.quantity - inside[thing.lot_id])

    def _pack(self, one: Handling) -> None:
        cases = [thing.lot_id for thing in one.things if thing.role == "parent"]
        children = [thing for thing in one.things if thing.role == "child"]
        if len(cases) != 1:
            return
        case = cases[0]
        if one.action == "DELETE":
            self._unpack(one, case, children)
            return
        for thing in children:
            if thing.lot_id != case and case not in self._cases_in(thing.lot_id):
                self._put_in(one, case, thing)
        if ways.sells(one.biz_step, one.disposition) or one.destinations or one.biz_step in _TAKES:
            self._handle(one, Thing(case, "parent", 1))

    def _put_in(self, one: Handling, case: int, thing: Thing) -> None:
        inside, lot_id = self._inside[case], thing.lot_id
        who = self._who(one, lot_id)
        if not any(row.held or row.on_the_way for row in self._rows(case)) and case not in self._outer:
            self._share(case, who).held = 1
        self._packer.setdefault(case, who)
        before = inside.get(lot_id, 0)
        if lot_id in self._cases:
            if not before:
                self._free(lot_id)
                self._leave(one, lot_id, who, 1)
                self._set_inside(case, lot_id, 1)
        elif thing.quantity is None:
            self._vague[case].add(lot_id)
        else:
            more = thing.quantity if one.action == "ADD" else max(0, thing.quantity - before)
            self._leave(one, lot_id, who, more)
            self._set_inside(case, lot_id, inside.get(lot_id, 0) + self._fits(lot_id, more))

    def _unpack(self, one: Handling, case: int, children: Sequence[Thing]) -> None:
        inside, who = self._inside[case], self._who(one, case)
        vague = self._vague[case]
        everything = [Thing(lot_id, "child", quantity) for lot_id, quantity in inside.items()]
        everything += [Thing(lot_id, "child") for lot_id in vague if lot_id not in inside]
        for thing in children if one.names_children else everything:
            lot_id = thing.lot_id
            vague.discard(lot_id)
            before = inside.get(lot_id, 0)
            if lot_id in self._cases:
                self._set_inside(case, lot_id, 0)
                self._share(lot_id, who).held = 1
                continue
            wanted = before if thing.quantity is None else thing.quantity
            taken = min(before, wanted)
            self._set_inside(case, lot_id, before - taken)
            self._add(lot_id, who, None if thing.quantity is None and not before else taken)
            self._share(lot_id, who).held += self._fits(lot_id, wanted - taken)

    def _handle(self, one: Handling, thing: Thing) -> None:
        is_case = thing.lot_id in self._cases
        if is_case:
            thing = replace(thing, quantity=1)
            self._free(thing.lot_id)
        if ways.sells(one.biz_step, one.disposition):
            seller = self._sender(one, thing.lot_id) or self._who(one, thing.lot_id)
            if is_case:
                for lot_id, quantity in self._emptied(thing.lot_id):
                    self._sell(one, lot_id, seller, quantity)
                self._use(one, thing)
                return
            self._leave(one, thing.lot_id, seller, thing.quantity or 0)
            self._sell(one, thing.lot_id, seller, thing.quantity)
            return
        if one.type == "ObjectEvent" and ways.ends(one.biz_step, one.disposition, one.action):
            self._end(one, thing)
            return
        if one.action == "DELETE":
            self._use(one, thing)
            return
        if ways.brings_back(one.biz_step, one.disposition) and self._bring_back(one, thing):
            return
        if one.destinations or one.biz_step in _TAKES:
            self._move(one, thing)
            return
        who = self._who(one, thing.lot_id)
        share = self._share(thing.lot_id, who)
        if one.type == "ObjectEvent" and one.action == "ADD":
            self._add(thing.lot_id, who, thing.quantity, is_made=True)
        elif thing.quantity is None:
            share.is_unstated = share.is_unstated or not share.held
        else:
            self._see(share, thing.quantity)

    def _see(self, share: Share, quantity: int) -> None:
        """Goods were seen with somebody: as many at most as were made and are not elsewhere.

        An event about a lot may name all of it, wherever it is by now.
        """
        share.held += self._fits(share.lot_id, max(0, quantity - share.held))
        if not (share.held or share.made or share.received or share.sold):
            share.is_unstated = True

    def _end(self, one: Handling, thing: Thing) -> None:
        """Goods are there no longer; what lay in a case that was destroyed neither, but in one that was taken apart."""
        who = self._who(one, thing.lot_id)
        if thing.lot_id in self._cases and not ways.ends(one.biz_step, one.disposition, None):
            for lot_id, quantity in list(self._inside[thing.lot_id].items()):
                self._set_inside(thing.lot_id, lot_id, 0)
                self._add(lot_id, who, quantity)
        self._use(one, thing)

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
        arrives = one.biz_step in ways.ARRIVED
        share = self._share(thing.lot_id, to)
        came = min(share.on_the_way, thing.quantity or 0) if arrives else 0
        if came:
            share.on_the_way -= came
            self._receive(share, came)
        source = one.sources[0] if one.sources else None if arrives else self._sender(one, thing.lot_id)
        if source is None and thing.lot_id not in self._made:
            source = self._keeper(thing.lot_id)
        if source != to:
            if thing.quantity is None:
                share.is_unstated = True
            elif thing.quantity > came:
                rest = thing.quantity - came
                self._leave(one, thing.lot_id, source, rest, to=to)
                rest = self._fits(thing.lot_id, rest)
                if arrives:
                    self._receive(share, rest)
                else:
                    share.on_the_way += rest
        for row in (share, *(self._share(lot_id, to) for lot_id, _ in self._goods_in(thing.lot_id))):
            row.papers.extend(paper for paper in one.papers if paper not in row.papers)

    def _receive(self, share: Share, quantity: int) -> None:
        """Let goods have arrived, and with a case what is in it."""
        share.held += quantity
        self._was_there(share, quantity)

    def _was_there(self, share: Share, quantity: int) -> None:
        share.received += quantity
        for lot_id, inside in self._goods_in(share.lot_id) if quantity else ():
            self._share(lot_id, share.party).received += inside
        for lot_id in self._vaguely_in(share.lot_id) if quantity else ():
            self._share(lot_id, share.party).is_unstated = True

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

    # --- Cases

    def _goods_in(self, case: int) -> list[tuple[int, int]]:
        """List what goods are in a case, and in the cases in it: (lot, how much)."""
        return [
            (lot_id, quantity)
            for one in (case, *self._cases_in(case))
            for lot_id, quantity in self._inside.get(one, {}).items()
            if lot_id not in self._cases
        ]

    def _vaguely_in(self, case: int) -> set[int]:
        """Give the goods in a case, and in the cases in it, of which nobody says how much."""
        return {lot_id for one in (case, *self._cases_in(case)) for lot_id in self._vague.get(one, ())}

    def _cases_in(self, case: int) -> set[int]:
        """Give the cases in a case, at any depth."""
        found: set[int] = set()
        waiting = [case]
        while waiting:
            inner = {lot_id for lot_id in self._inside.get(waiting.pop(), {}) if lot_id in self._cases} - found
            found |= inner
            waiting += inner
        return found - {case}

    def _set_inside(self, case: int, lot_id: int, quantity: int) -> None:
        """Write down how much of a lot lies in a case; a case lies in one at a time."""
        inside = self._inside[case]
        self._packed[lot_id] += quantity - inside.pop(lot_id, 0)
        if quantity:
            inside[lot_id] = quantity
            if lot_id in self._cases:
                self._outer[lot_id] = case
        elif self._outer.get(lot_id) == case:
            del self._outer[lot_id]

    def _free(self, case: int) -> None:
        """Take a case out of the one it lies in: it is there, where that is."""
        outer = self._outer.get(case)
        if outer is None:
            return
        self._set_inside(outer, case, 0)
        while outer in self._outer:
            outer = self._outer[outer]
        for row in self._rows(outer):
            if row.held or row.on_the_way:
                share = self._share(case, row.party)
                share.held, share.on_the_way = int(row.held > 0), int(not row.held)

    def _emptied(self, case: int) -> list[tuple[int, int]]:
        """Empty a case and the cases in it; give what goods were inside."""
        goods = self._goods_in(case)
        for one in (case, *self._cases_in(case)):
            for lot_id in list(self._inside[one]):
                self._set_inside(one, lot_id, 0)
        return goods

    # --- Who, and how much

    def _who(self, one: Handling, lot_id: int, *, is_receiver: bool = False) -> str:
        """Tell who did it: whose place it happened at, else who has the goods, else who says so."""
        if one.place is not None:
            return self._places.get(one.place, one.place)
        return (None if is_receiver else self._keeper(lot_id)) or one.by

    def _sender(self, one: Handling, lot_id: int) -> str | None:
        """Tell from whom goods go: who is named, else whoever of those that may be meant has some."""
        if one.sources:
            return one.sources[0]
        here = [] if one.place is None else [self._places.get(one.place, one.place)]
        has = {row.party for row in self._rows(lot_id) if row.held or row.on_the_way}
        return next((party for party in (*here, one.by) if party in has), None) or self._keeper(lot_id)

    def _rows(self, lot_id: int) -> list[Share]:
        return [row for row in self._shares[lot_id].values() if not row.is_buyer]

    def _keeper(self, lot_id: int) -> str | None:
        """Tell who has a lot, where only one has."""
        found = [row.party for row in self._rows(lot_id) if row.held + row.on_the_way > 0]
        return found[0] if len(found) == 1 else None

    def _share(self, lot_id: int, party: str, *, is_buyer: bool = False) -> Share:
        of_lot = self._shares[lot_id]
        if (party, is_buyer) not in of_lot:
            of_lot[party, is_buyer] = Share(lot_id, party, is_buyer=is_buyer)
        return of_lot[party, is_buyer]

    def _fits(self, lot_id: int, quantity: int) -> int:
        """Give how much of an amount there can be beside all that is known."""
        if lot_id not in self._made:
            return quantity
        known = sum(row.held + row.on_the_way for row in self._shares[lot_id].values())
        left = self._made[lot_id] - self._used[lot_id] - known - self._packed[lot_id]
        return max(0, min(quantity, left))

    def _leave(self, one: Handling, lot_id: int, party: str | None, quantity: int, *, to: str = "") -> None:
        """Let an amount leave a party. What it was not known to have it had from who was: no more was made.

        :param to: who gets it
        """
        left = quantity if party is None else quantity - self._take(self._share(lot_id, party), quantity)
        left = min(left, quantity - self._fits(lot_id, quantity))
        if left <= 0:
            return
        others = [row for row in self._rows(lot_id) if row.party not in (party, to)]
        for row in sorted(others, key=lambda row: (not row.made, not row.held, row.party != one.by, row.party)):
            taken = self._take(row, left, has_arrived=False)
            left -= taken
            if taken and not row.made and not row.received:
                row.is_unstated = True
        for case, inside in self._inside.items():
            taken = min(inside.get(lot_id, 0), left)
            if taken:
                self._set_inside(case, lot_id, inside[lot_id] - taken)
                left -= taken

    def _take(self, row: Share, quantity: int, *, has_arrived: bool = True) -> int:
        """Take up to an amount from what is with somebody, or on its way there; give how much it was.

        :param has_arrived: what was on its way had come, for it went on from there
        """
        held = min(row.held, quantity)
        sent = min(row.on_the_way, quantity - held)
        row.held -= held
        row.on_the_way -= sent
        if has_arrived and sent:
            self._was_there(row, sent)
        return held + sent

    def _use(self, one: Handling, thing: Thing) -> None:
        who = self._who(one, thing.lot_id)
        if thing.lot_id in self._cases:
            for lot_id, quantity in self._emptied(thing.lot_id):
                self._used[lot_id] += quantity
            self._leave(one, thing.lot_id, who, 1)
            return
        self._leave(one, thing.lot_id, who, thing.quantity or 0)
        self._used[thing.lot_id] += thing.quantity or 0

    def _add(self, lot_id: int, party: str, quantity: int | None, *, is_made: bool = False) -> None:
        share = self._share(lot_id, party)
        if quantity is None:
            share.is_unstated = True
            return
        share.held += quantity
        if is_made:
            share.made += quantity
