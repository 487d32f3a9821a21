"""Money is whole đồng in an ``int``; rates are basis points (1 bp = 0.01 %) in an ``int``."""

from __future__ import annotations

from collections.abc import Sequence


def share(amount_vnd: int, rate_bp: int) -> int:
    """Take ``rate_bp`` of ``amount_vnd``, rounded half up to the đồng (away from zero for refunds)."""
    sign = -1 if amount_vnd < 0 else 1
    return sign * ((abs(amount_vnd) * rate_bp + 5_000) // 10_000)


def part(amount_vnd: int, taken: int, of: int) -> int:
    """Take the same part of an amount that ``taken`` is of ``of``, rounded half up; of nothing, nothing.

    What is taken in several steps is the difference of before and after: so the last step takes what is left.
    """
    return (2 * amount_vnd * taken + of) // (2 * of) if of else 0


def split(amount_vnd: int, weights: Sequence[int]) -> list[int]:
    """Divide an amount so that the parts add up to it exactly.

    :param weights: one per part, same order, none negative and not all zero
    :return: parts in the same order; the đồng left over by rounding go to the largest remainders
    """
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("weights must not be negative, and not all zero")
    sign = -1 if amount_vnd < 0 else 1
    amount = abs(amount_vnd)
    parts = [amount * weight // total for weight in weights]
    remainders = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % total), i))
    for i in remainders[: amount - sum(parts)]:
        parts[i] += 1
    return [sign * part for part in parts]
