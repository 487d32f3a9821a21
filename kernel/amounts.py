"""How much of something: so many packs, or a weight. Pure.

What is sold by weight is counted in steps of its net content, as everything else is counted in packs; people read and
write it as a weight. Steps are whole, so amounts of money are too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from kernel.errors import N_, InvalidInput

MOST_KG = 100_000
#: What people write after a number → how many grams it is.
_UNITS = {
    **dict.fromkeys(("g", "gr", "gam", "gram", "grams"), 1),
    **dict.fromkeys(("lạng", "lang"), 100),
    **dict.fromkeys(("kg", "kí", "ki", "ký", "ky", "kilo", "cân", "can"), 1_000),
}
_WRITTEN = re.compile(r"([0-9][0-9., ]*)([^\W\d_]+)")


class BadWeight(InvalidInput):
    message = N_("How much? Please write a weight, for example 500 g or 1.5 kg.")
    field = "quantity"


class TwoWeights(InvalidInput):
    """A thousand to some, one to others."""

    message = N_("“%(text)s” can be read in two ways. Please write it in grams.")
    field = "quantity"


class NotAStep(InvalidInput):
    message = N_("It is sold in steps of %(step)s. Please write %(less)s or %(more)s.")
    field = "quantity"


class Apart(NamedTuple):
    """What is counted in packs and what is weighed: they add up to no one number."""

    packs: int = 0
    weight_g: int = 0


def apart(rows: Iterable[tuple[int, int | None]]) -> Apart:
    """Add up goods: so many packs, or so many steps of so many grams."""
    packs = weight_g = 0
    for quantity, step_g in rows:
        if step_g:
            weight_g += quantity * step_g
        else:
            packs += quantity
    return Apart(packs, weight_g)


def grams(text: str) -> int:
    """Read a weight as people write it, in Vietnamese or English: "1,5 kg", "1.5kg", "750 g", "3 lạng".

    :raises BadWeight, TwoWeights:
    """
    match = _WRITTEN.fullmatch(text.strip().lower())
    per_unit = _UNITS.get(match[2]) if match else None
    if match is None or per_unit is None:
        raise BadWeight()
    number = match[1].replace(" ", "")
    whole, fraction = number, ""
    decimal = re.fullmatch(r"(\d+)[.,](\d+)", number)
    if decimal is not None:
        whole, fraction = decimal[1], decimal[2]
        if len(fraction) == 3 and len(whole) <= 3 and whole != "0":
            if per_unit > 1:
                raise TwoWeights(text=text.strip())
            whole, fraction = whole + fraction, ""
    elif not number.isdecimal():
        raise BadWeight()
    found = int(whole) * per_unit
    if fraction:
        part = int(fraction) * per_unit
        if part % 10 ** len(fraction):
            raise BadWeight()
        found += part // 10 ** len(fraction)
    if not 0 < found <= MOST_KG * 1_000:
        raise BadWeight()
    return found


def steps(weight_g: int, step_g: int, *, language: str) -> int:
    """Give how many steps a weight is.

    :raises NotAStep: naming the weights next to it
    """
    many, rest = divmod(weight_g, step_g)
    if rest:
        less, more = (weight(max(1, many) * step_g, language), weight((many + 1) * step_g, language))
        raise NotAStep(step=weight(step_g, language), less=less, more=more)
    return many


def weight(weight_g: int, language: str) -> str:
    """Write a weight readably: 1500 g is "1,5 kg" (vi) or "1.5 kg" (en), 750 g is "750 g"."""
    if weight_g < 1_000:
        return f"{weight_g}\N{NO-BREAK SPACE}g"
    whole, rest = divmod(weight_g, 1_000)
    marks = (".", ",") if language == "vi" else (",", ".")
    fraction = marks[1] + f"{rest:03d}".rstrip("0") if rest else ""
    return f"{whole:,}".replace(",", marks[0]) + fraction + "\N{NO-BREAK SPACE}kg"


def typed(weight_g: int, language: str) -> str:
    """Write a weight as one would type it: so that it is read as the same."""
    kilos, rest = divmod(weight_g, 1_000)
    if not kilos or rest % 10:
        return f"{weight_g} g"
    fraction = ("," if language == "vi" else ".") + f"{rest:03d}".rstrip("0") if rest else ""
    return f"{kilos}{fraction} kg"


def per_kg(price_vnd: int, content: int) -> int:
    """Say what a kilogram (or litre) costs of which ``content`` cost a price, half up to the đồng."""
    return (price_vnd * 1_000 + content // 2) // content


def much(quantity: int, step_g: int | None, language: str) -> str:
    """Write how much it is: "3", or "1,5 kg" where it is sold by weight."""
    return weight(quantity * step_g, language) if step_g else str(quantity)


def of(quantity: int, step_g: int | None, name: str, language: str) -> str:
    """Write so much of something: "3 × mật ong", or "1,5 kg ớt khô"."""
    return f"{much(quantity, step_g, language)}{'' if step_g else ' ×'} {name}"
