"""Amounts that events name, as they are kept: in whole base units, and by how much these are too many."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

#: How much the database can write down of one thing.
MOST = 2_147_483_647
#: An amount that an event names is kept to the twelfth decimal of a base unit.
_DIGITS = 12


def rounded_up(quantity: Decimal) -> tuple[int, int]:
    """Give an amount as it is kept: in whole base units, and by how much these are too many (``EventLot``)."""
    units = whole(quantity)
    if units > MOST:
        return MOST, 0
    return units, int((units - quantity).scaleb(_DIGITS).to_integral_value())


def whole(quantity: Decimal) -> int:
    """Give how many whole base units hold an amount."""
    if quantity > MOST:  # beyond what is written down to the decimals
        return int(quantity.to_integral_value(ROUND_CEILING))
    kept = quantity.quantize(Decimal(1).scaleb(-_DIGITS))
    return int(kept.to_integral_value(ROUND_CEILING))


def exact(quantity: int, rounding: int) -> Decimal:
    """Give an amount that :func:`rounded_up` wrote down."""
    return Decimal(quantity) - Decimal(rounding).scaleb(-_DIGITS)
