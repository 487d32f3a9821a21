"""Numbers in a row as an SVG drawing of bars. Pure: no rows, no requests; a table beside it says the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

_WIDTH, _HEIGHT = 360, 168
_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 6, 16, 24  #: room for the scale, the last label, the highest mark, the labels
_MOST_LABELS = 4


@dataclass(frozen=True)
class Bar:
    """A bar: what it stands for, and how high it is."""

    label: str
    value: int  #: not negative


def bars_svg(bars: Sequence[Bar], *, title: str) -> Markup:
    """Draw bars side by side as an SVG element without a size of its own; a few of them have their label below.

    :param title: names the drawing, for those who do not see it too
    """
    top = _round_up(max((bar.value for bar in bars), default=0))
    slot = (_WIDTH - _LEFT - _RIGHT) / max(1, len(bars))
    floor = _HEIGHT - _BOTTOM
    drawn = [_scale(value, floor, top) for value in (0, top // 2, top) if value or not top % 2 or top == 1]
    every = -(-len(bars) // _MOST_LABELS)
    for place, bar in enumerate(bars):
        x = _LEFT + slot * place
        height = (floor - _TOP) * bar.value / top
        if bar.value:
            drawn.append(_BAR.format(x + slot * 0.12, floor - height, slot * 0.76, height, bar.label, bar.value))
        if place % every == 0:
            drawn.append(_LABEL.format(x + slot / 2, _HEIGHT - 8, bar.label))
    return _CHART.format(_WIDTH, _HEIGHT, title, title, Markup("").join(drawn))


# What goes into these is escaped.
_CHART = Markup(
    '<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}"'
    ' font-family="Be Vietnam Pro, sans-serif" font-size="11" text-anchor="middle"><title>{}</title>{}</svg>'
)
_BAR = Markup(
    '<rect class="chart-bar" fill="#a3201b" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}">'
    "<title>{}: {}</title></rect>"
)
_LABEL = Markup('<text x="{:.1f}" y="{}">{}</text>')
_SCALE = Markup(
    '<path class="chart-line" stroke="#d9cdbf" d="M{} {:.1f}H{}"/><text text-anchor="end" x="{}" y="{:.1f}">{}</text>'
)


def _scale(value: int, floor: int, top: int) -> Markup:
    y = floor - (floor - _TOP) * value / top
    return _SCALE.format(_LEFT, y, _WIDTH - _RIGHT, _LEFT - 5, y + 4, value)


def _round_up(value: int) -> int:
    """Give the end of a scale: the next of 1, 2, 4, 5, 10, 20, 40, 50 …"""
    unit = 1
    while True:
        for step in (1, 2, 4, 5):
            if step * unit >= value:
                return step * unit
        unit *= 10
