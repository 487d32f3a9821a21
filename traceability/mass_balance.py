"""Mass balance: what went into a lot against what came out of it. Pure: whole numbers in, a judgement out.

Only like is weighed against like. Grams against grams (or millilitres against millilitres) say for certain whether
more came out than went in. A drink pressed from fruit, or grain weighed out of litres, is only measured against the
range its recipe expects. Pieces are cut and sewn into more pieces or fewer, so nothing is said of them.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from catalog.models import Unit

WHOLE_BP = 10_000


class Judgement(enum.StrEnum):
    """What is to be said of a making."""

    NOT_COMPARABLE = "not_comparable"  #: nothing to compare: pieces, or unlike units without a recipe
    PLAUSIBLE = "plausible"  #: not more came out than went in; no recipe says how much it should be
    EXPECTED = "expected"  #: within the recipe's range
    BELOW = "below"  #: less than the recipe expects
    ABOVE = "above"  #: more than the recipe expects
    IMPOSSIBLE = "impossible"  #: more came out than went in, and nothing was added


@dataclass(frozen=True)
class Amount:
    """So many base units of something."""

    quantity: int
    unit: Unit


def packed(packs: int, net_content: int, unit: Unit) -> Amount:
    """Give what so many packs of a net content hold."""
    return Amount(packs * net_content, unit)


@dataclass(frozen=True)
class Range:
    """What a recipe expects of what went in to come out, in basis points."""

    least_bp: int
    most_bp: int
    adds_other: bool  #: water or something else goes in that is no lot


@dataclass(frozen=True)
class Weighing:
    """What went in and what came out, in base units."""

    taken: int
    made: int
    is_exact: bool  #: all in one unit: more out than in cannot be

    @property
    def loss(self) -> int:
        """How much did not come out; negative: something was added."""
        return self.taken - self.made

    @property
    def yield_bp(self) -> int:
        """What share of what went in came out, in basis points, half up."""
        return (self.made * WHOLE_BP * 2 + self.taken) // (self.taken * 2)


def weigh(inputs: Iterable[Amount], output: Amount) -> Weighing | None:
    """Weigh what went in against what came out; None where there is nothing to weigh."""
    amounts = list(inputs)
    measured = [one for one in amounts if one.unit is not Unit.PIECE]
    taken = sum(one.quantity for one in measured)
    if output.unit is Unit.PIECE or taken <= 0:
        return None
    is_exact = len(measured) == len(amounts) and all(one.unit is output.unit for one in measured)
    return Weighing(taken, output.quantity, is_exact)


def judge(weighing: Weighing | None, expected: Range | None) -> Judgement:
    """Say what a weighing means, with or without a recipe."""
    if weighing is None:
        return Judgement.NOT_COMPARABLE
    adds_other = expected is not None and expected.adds_other
    if weighing.is_exact and weighing.made > weighing.taken and not adds_other:
        return Judgement.IMPOSSIBLE
    if expected is None:
        return Judgement.PLAUSIBLE if weighing.is_exact else Judgement.NOT_COMPARABLE
    if weighing.yield_bp < expected.least_bp:
        return Judgement.BELOW
    if weighing.yield_bp > expected.most_bp:
        return Judgement.ABOVE
    return Judgement.EXPECTED
