"""Numbers in a row as an SVG drawing of bars. Pure: no rows, no requests; a table beside it says the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

_WIDTH, _HEIGHT = 360, 168
_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 6, 16, 24  #: room for the scale, the last label, the highest mark, the labels
_MOST_LABELS = 4


@dataclass(frozen=True)
class Bar:
    """A bar: what it stands for, and how high it is."""

    label: str
    value: int  #: not negative


def bars_svg(bars: Sequence[Bar], *, title: str) -> str:
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
            drawn.append(
                f'<rect class="chart-bar" fill="#a3201b" x="{x + slot * 0.12:.1f}" y="{floor - height:.1f}"'
                f' width="{slot * 0.76:.1f}" height="{height:.1f}">'
                f"<title>{escape(bar.label)}: {bar.value}</title></rect>"
            )
        if place % every == 0:
            drawn.append(f'<text x="{x + slot / 2:.1f}" y="{_HEIGHT - 8}">{escape(bar.label)}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"'
        f' aria-label={quoteattr(title)} font-family="Be Vietnam Pro, sans-serif" font-size="11" text-anchor="middle">'
        f"<title>{escape(title)}</title>{''.join(drawn)}</svg>"
    )


def _scale(value: int, floor: int, top: int) -> str:
    y = floor - (floor - _TOP) * value / top
    return (
        f'<path class="chart-line" stroke="#d9cdbf" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"/>'
        f'<text text-anchor="end" x="{_LEFT - 5}" y="{y + 4:.1f}">{value}</text>'
    )


def _round_up(value: int) -> int:
    """Give the end of a scale: the next of 1, 2, 4, 5, 10, 20, 40, 50 …"""
    unit = 1
    while True:
        for step in (1, 2, 4, 5):
            if step * unit >= value:
                return step * unit
        unit *= 10
