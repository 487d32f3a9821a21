"""The arithmetic of a recall: every pack that was made is somewhere, and in one place only. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Parts:
    """What became of what was made, in the lot's unit. ``unexplained`` is nought, or the stock and the lot disagree."""

    made: int = 0
    used: int = 0  #: went into other lots of the recall
    on_hand: int = 0  #: frozen where it lay, or on the way
    returned: int = 0  #: back in its producer's warehouse since the recall began, or brought back by buyers
    destroyed: int = 0
    sold: int = 0  #: sold, and not brought back
    missing: int = 0
    lost_before: int = 0  #: losses and corrections of the stock from before the recall
    unreleased: int = 0  #: never came into the stock: material, or goods that were not on sale yet

    def in_grams(self, step_g: int) -> Parts:
        """Give the same of goods sold by weight, in grams; ``step_g``: those of one."""
        return Parts(**{field.name: getattr(self, field.name) * step_g for field in fields(self)})

    @property
    def left(self) -> int:
        """How much of a lot that no stock counts is there."""
        return self.on_hand + self.unreleased + self.returned

    @property
    def accounted_for(self) -> int:
        """How much of what was made the parts explain."""
        whole: int = sum(getattr(self, field.name) for field in fields(self))
        return whole - self.made

    @property
    def unexplained(self) -> int:
        """How much is missing from the reckoning itself; negative: there is more than was made."""
        return self.made - self.accounted_for

    @property
    def out_of_reach(self) -> int:
        """How much is neither stopped, nor back, nor destroyed: sold, missing, lost."""
        return self.sold + self.missing + self.lost_before

    @property
    def secured_bp(self) -> int | None:
        """What share of the goods was stopped, came back or was destroyed, in basis points; None: there were none."""
        reachable = self.made - self.used
        return None if reachable <= 0 else (reachable - self.out_of_reach) * 10_000 // reachable


@dataclass(frozen=True)
class Start:
    """A lot as it was when the recall began."""

    made: int
    used: int
    on_hand: int
    sold: int
    lost: int

    @property
    def in_stock(self) -> bool:
        """Tell whether the stock counts it."""
        return self.on_hand + self.sold + self.lost > 0


@dataclass(frozen=True)
class Flows:
    """What was entered since, by kind."""

    returned_by_buyers: int = 0
    destroyed: int = 0
    missing: int = 0  #: less what reappeared
    sold: int = 0


@dataclass(frozen=True)
class Stock:
    """What the ledger says now."""

    on_hand: int
    sold: int
    lost: int
    came_home: int  #: of it in the owner's warehouse, beyond what lay there at the start
    away: int  #: of it anywhere else


def of_stock(start: Start, flows: Flows, stock: Stock) -> Parts:
    """Reckon a lot that the stock counts: the ledger says where the packs are, the entries why."""
    # Packs have no faces: of those brought back by buyers at most as many still lie away as there are.
    returned = min(stock.on_hand, max(0, stock.came_home) + min(flows.returned_by_buyers, stock.away))
    return Parts(
        made=start.made,
        used=start.used,
        on_hand=stock.on_hand - returned,
        returned=returned,
        destroyed=flows.destroyed,
        sold=stock.sold,
        missing=flows.missing,
        lost_before=stock.lost - flows.destroyed - flows.missing,
        unreleased=start.made - start.used - stock.on_hand - stock.sold - stock.lost,
    )


def rehearsed(start: Start, flows: Flows) -> Parts:
    """Reckon a lot of a drill: as it was at the start, moved on by what was entered; the stock is not touched."""
    on_hand = start.on_hand + flows.returned_by_buyers - flows.destroyed - flows.missing - flows.sold
    return of_stock(
        start,
        flows,
        Stock(
            on_hand=on_hand,
            sold=start.sold + flows.sold - flows.returned_by_buyers,
            lost=start.lost + flows.destroyed + flows.missing,
            came_home=0,
            away=on_hand,
        ),
    )


@dataclass(frozen=True)
class Said:
    """What captured events say became of a lot that no stock counts."""

    sold: int = 0  #: whether it was brought back since or not
    returned: int = 0  #: of these, brought back since the recall began
    destroyed: int = 0  #: or gone otherwise, since the recall began
    lost_before: int = 0


def of_material(start: Start, flows: Flows, said: Said, *, is_placed: bool) -> Parts:
    """Reckon a lot that never came into the stock, by what events say and what was entered.

    Who enters it and whose program tells it may tell one thing twice: no more became of it than there was. What was
    destroyed, or is missing, beyond what was never sold, is of what buyers brought back.

    :param is_placed: events say where what is left of it lies
    """
    rest = start.made - start.used

    def some(wanted: int) -> int:
        nonlocal rest
        taken = min(wanted, rest)
        rest -= taken
        return taken

    lost_before = some(said.lost_before)
    sold = some(said.sold + flows.sold)
    destroyed = some(said.destroyed + flows.destroyed)
    missing = some(flows.missing)
    back = min(sold, said.returned + flows.returned_by_buyers)
    sold -= back
    destroyed_again = min(back, said.destroyed + flows.destroyed - destroyed)
    missing_again = min(back - destroyed_again, flows.missing - missing)
    return Parts(
        made=start.made,
        used=start.used,
        on_hand=rest if is_placed else 0,
        returned=back - destroyed_again - missing_again,
        destroyed=destroyed + destroyed_again,
        sold=sold,
        missing=missing + missing_again,
        lost_before=lost_before,
        unreleased=0 if is_placed else rest,
    )


def total(parts: Iterable[Parts]) -> Parts:
    """Add up lots of one unit."""
    sums = dict.fromkeys((field.name for field in fields(Parts)), 0)
    for one in parts:
        for name in sums:
            sums[name] += getattr(one, name)
    return Parts(**sums)
