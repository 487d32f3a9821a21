"""Brocade: simple zigzags, teeth, threads and paired strokes, woven row by row.

Only the plain geometry everyone may use is drawn here; the finer motifs of the weavers
belong to them.
"""

from __future__ import annotations

from collections.abc import Sequence

from kit import (
    CREAM,
    GOLD,
    INDIGO,
    INK,
    PAPER,
    RED,
    RED_D,
    THREAD,
    Sheet,
    box,
    dark,
    group,
    line,
    n,
    poly,
    shape,
)

Row = tuple[str, float, str, str]  # kind, height, ground, yarn

CLASSIC: list[Row] = [
    ("plain", 22, INK, INK),
    ("thread", 10, INK, PAPER),
    ("zig", 34, RED, PAPER),
    ("thread", 10, INK, THREAD),
    ("pair", 30, INK, CREAM),
    ("thread", 10, INK, THREAD),
    ("teeth", 34, RED_D, CREAM),
    ("thread", 10, INK, PAPER),
    ("zig3", 56, INK, THREAD),
    ("thread", 10, INK, PAPER),
    ("zig", 34, RED, PAPER),
    ("thread", 10, INK, PAPER),
    ("plain", 30, INK, INK),
]
NARROW: list[Row] = [
    ("thread", 12, INK, PAPER),
    ("zig", 34, RED, PAPER),
    ("pair", 24, INK, CREAM),
    ("zig", 34, RED, PAPER),
    ("thread", 12, INK, PAPER),
]
SLIM: list[Row] = [("plain", 6, INK, INK), ("zig", 26, RED, PAPER), ("plain", 6, INK, INK)]
BLUE: list[Row] = [
    ("plain", 26, INDIGO, INDIGO),
    ("thread", 10, INDIGO, CREAM),
    ("zig", 34, INDIGO, CREAM),
    ("thread", 10, INDIGO, THREAD),
    ("teeth", 30, RED_D, CREAM),
    ("thread", 10, INDIGO, THREAD),
    ("pair", 28, INDIGO, CREAM),
    ("zig", 34, RED, CREAM),
    ("thread", 10, INDIGO, CREAM),
    ("plain", 26, INDIGO, INDIGO),
]
HONEYED: list[Row] = [
    ("plain", 8, INK, INK),
    ("teeth", 26, GOLD, INK),
    ("zig", 30, INK, CREAM),
    ("teeth", 26, GOLD, INK),
    ("plain", 8, INK, INK),
]


def height(rows: Sequence[Row]) -> float:
    """Return how tall the rows are together."""
    return sum(row[1] for row in rows)


def rows(which: Sequence[Row], step: float = 48) -> str:
    """Draw one repeat of the rows, `step` wide, from (0, 0) down."""
    out, y = [], 0.0
    for kind, h, ground, yarn in which:
        out.append(f'<rect x="-1" y="{n(y)}" width="{n(step + 2)}" height="{n(h + 0.6)}" fill="{ground}"/>')
        mid = y + h / 2
        if kind == "thread":
            out.append(
                f'<rect x="-1" y="{n(mid - h * 0.18)}" width="{n(step + 2)}" height="{n(h * 0.36)}" fill="{yarn}"/>'
            )
        elif kind == "zig":
            out.append(_zig(mid, h * 0.56, step, yarn, h * 0.2))
        elif kind == "zig3":
            out += [_zig(mid + k * h * 0.26, h * 0.4, step, yarn if k else PAPER, h * 0.09) for k in (-1, 0, 1)]
        elif kind == "teeth":
            half = step / 2
            out += [
                shape(poly([(x, y + h * 0.86), (x + half / 2, y + h * 0.16), (x + half, y + h * 0.86)]), yarn)
                for x in (0, half)
            ]
        elif kind == "pair":
            out += [
                line(f"M{n(x)} {n(y + h * 0.78)}l{n(step * 0.14)} {n(-h * 0.56)}", yarn, h * 0.14)
                for x in (step * 0.08, step * 0.26, step * 0.58, step * 0.76)
            ]
        y += h
    return "".join(out)


def _zig(mid: float, rise: float, step: float, yarn: str, width: float) -> str:
    half = step / 2
    points = [(x * half, mid + (rise / 2 if x % 2 else -rise / 2)) for x in range(-1, 4)]
    return shape(poly(points, closed=False), stroke=yarn, stroke_width=n(width), stroke_linejoin="miter")


def woven(s: Sheet, which: Sequence[Row], *, step: float = 48, scale: float = 1, at: str = "") -> str:
    """Return the rows as a repeating fill, with the ribs of the weave.

    :param at: transform before the scale, e.g. "translate(0 300) rotate(90)"
    """
    tall = height(which)
    ribs = "".join(
        f'<rect x="-1" y="{n(y)}" width="{n(step + 2)}" height="3" fill="#000" opacity=".1"/>'
        for y in range(0, int(tall), 9)
    )
    return s.tile(rows(which, step) + ribs, step, tall, f"{at} scale({scale})".strip())


def strip(s: Sheet, x: float, y: float, w: float, h: float, which: Sequence[Row] = SLIM, *, step: float = 48) -> str:
    """Draw one straight band that fills a rectangle, whole repeats only."""
    scale = h / height(which)
    count = max(1, round(w / (step * scale)))
    across = w / (count * step)
    fill = s.tile(rows(which, step), step, height(which), f"translate({n(x)} {n(y)}) scale({across:.4f} {scale:.4f})")
    return shape(box(x, y, w, h), fill)


def runner(s: Sheet, top: float, bottom: float, which: Sequence[Row] = CLASSIC, *, step: float = 60) -> str:
    """Lay a brocade runner across the whole table, seen from the front."""
    w = s.width
    cloth = strip(s, -20, top, w + 40, bottom - top, which, step=step)
    edge = group(
        shape(box(-20, bottom - 2, w + 40, 14), "#2a160d", filter=s.blur(6), opacity=0.4),
        shape(box(-20, bottom - 1, w + 40, 5), dark(which[-1][2], 0.4)),
    )
    veil = shape(
        box(-20, top, w + 40, bottom - top),
        s.lin((0, "#fff4dc", 0.2), (0.35, "#fff4dc", 0.04), (0.6, "#1d0f08", 0.05), (1, "#1d0f08", 0.4)),
    )
    return edge + cloth + veil


def fringe(s: Sheet, x1: float, x2: float, y: float, length: float, colours: Sequence[str], gap: float = 11) -> str:
    """Hang knotted threads from an edge."""
    out = []
    x, i = x1 + gap / 2, 0
    while x < x2:
        c = colours[i % len(colours)]
        sway = s.chance.uniform(-5, 5)
        reach = length * s.chance.uniform(0.86, 1.06)
        out.append(line(f"M{n(x)} {n(y - 4)}q{n(sway)} {n(reach * 0.5)} {n(sway * 0.6)} {n(reach)}", c, gap * 0.42))
        x += gap
        i += 1
    return "".join(out)
