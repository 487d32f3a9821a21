# ruff: noqa: E501 - outlines are read as one line
"""Small goods for shelves and stalls, and the furniture they stand on."""

from __future__ import annotations

import math

from cloth import CLASSIC, NARROW, SLIM, strip, woven
from kit import (
    CREAM,
    INK,
    PAPER,
    RED,
    RED_D,
    SHADOW,
    Sheet,
    box,
    dark,
    group,
    light,
    line,
    mix,
    n,
    oval,
    poly,
    put_at,
    shape,
    smooth,
)

TONES = ["#a3201b", "#1c5c3a", "#cda674", "#2b1c16", "#d9a53c", "#27506a", "#e8d5b2", "#7d1613"]


def small_pouch(s: Sheet, x: float, base: float, w: float, h: float, colour: str) -> str:
    """Stand a small pouch on (x, base)."""
    half = w / 2
    d = f"M{n(x - half * 0.92)} {n(base - h)}H{n(x + half * 0.92)}L{n(x + half)} {n(base - 5)}Q{n(x)} {n(base + 5)} {n(x - half)} {n(base - 5)}Z"
    return group(
        shape(d, s.lin((0, dark(colour, 0.1)), (0.25, light(colour, 0.3)), (0.6, colour), (1, dark(colour, 0.36)))),
        shape(box(x - half * 0.92, base - h, w * 0.92, h * 0.09), dark(colour, 0.3), opacity=0.4),
        shape(box(x - half * 0.66, base - h * 0.76, w * 0.66, h * 0.44, 2), PAPER),
        shape(box(x - half * 0.44, base - h * 0.68, w * 0.44, h * 0.07, 2), INK, opacity=0.75),
        shape(box(x - half * 0.32, base - h * 0.57, w * 0.32, h * 0.05, 2), INK, opacity=0.5),
        shape(box(x - half * 0.66, base - h * 0.44, w * 0.66, h * 0.07), RED),
    )


def small_jar(s: Sheet, x: float, base: float, w: float, h: float, content: str, lid: str = RED_D) -> str:
    """Stand a small jar on (x, base)."""
    half = w / 2
    return group(
        shape(
            box(x - half, base - h * 0.84, w, h * 0.84, w * 0.16),
            s.lin((0, dark(content, 0.3)), (0.3, light(content, 0.36)), (0.6, content), (1, dark(content, 0.42))),
        ),
        shape(
            box(x - half * 0.86, base - h, w * 0.86, h * 0.2, 4),
            s.lin((0, dark(lid, 0.1)), (0.3, light(lid, 0.4)), (1, dark(lid, 0.4))),
        ),
        shape(box(x - half * 0.78, base - h * 0.62, w * 0.78, h * 0.38, 2), PAPER),
        shape(box(x - half * 0.5, base - h * 0.54, w * 0.5, h * 0.07, 2), INK, opacity=0.75),
        shape(box(x - half * 0.78, base - h * 0.36, w * 0.78, h * 0.06), RED),
        shape(box(x - half * 0.86, base - h * 0.76, w * 0.08, h * 0.6, 3), "#fff", opacity=0.4),
    )


def small_bottle(s: Sheet, x: float, base: float, w: float, h: float, drink: str, cap: str = "#9a6200") -> str:
    """Stand a small bottle on (x, base)."""
    half = w / 2
    d = f"M{n(x - half * 0.36)} {n(base - h)}V{n(base - h * 0.72)}Q{n(x - half)} {n(base - h * 0.62)} {n(x - half)} {n(base - h * 0.5)}V{n(base)}H{n(x + half)}V{n(base - h * 0.5)}Q{n(x + half)} {n(base - h * 0.62)} {n(x + half * 0.36)} {n(base - h * 0.72)}V{n(base - h)}Z"
    return group(
        shape(d, s.lin((0, dark(drink, 0.35)), (0.3, light(drink, 0.4)), (0.6, drink), (1, dark(drink, 0.4)))),
        shape(
            box(x - half * 0.46, base - h - h * 0.05, half * 0.92, h * 0.1, 3), s.lin(light(cap, 0.3), dark(cap, 0.3))
        ),
        shape(box(x - half, base - h * 0.42, w, h * 0.28), PAPER),
        shape(box(x - half, base - h * 0.22, w, h * 0.05), RED),
    )


def small_box(s: Sheet, x: float, base: float, w: float, h: float, colour: str) -> str:
    """Stand a small carton on (x, base)."""
    return group(
        shape(box(x - w / 2, base - h, w, h, 2), s.lin(light(colour, 0.24), colour, dark(colour, 0.2))),
        shape(box(x - w * 0.36, base - h * 0.78, w * 0.72, h * 0.4, 2), PAPER),
        shape(box(x - w * 0.24, base - h * 0.68, w * 0.48, h * 0.08, 2), INK, opacity=0.75),
        shape(box(x - w / 2, base - h * 0.2, w, h * 0.1), "#f0dfba"),
    )


def small_basket(s: Sheet, x: float, base: float, w: float, h: float, full: str = "") -> str:
    """Stand a small basket on (x, base); `full` is drawn in it about (x, base - h)."""
    top = base - h
    d = f"M{n(x - w / 2)} {n(top)}L{n(x - w * 0.4)} {n(base)}H{n(x + w * 0.4)}L{n(x + w / 2)} {n(top)}Z"
    cells = "".join(
        shape(box(x - w / 2 + (c * 2 + r % 2) * w / 16, top + r * h / 5, w / 16, h / 5 - 1, 1), "#e0bd84")
        for r in range(5)
        for c in range(8)
    )
    return group(
        full,
        s.solid(d, "#b98546", depth=w * 0.14, shade=0.5, shine=0.2, within=cells),
        shape(box(x - w * 0.53, top - h * 0.08, w * 1.06, h * 0.16, h * 0.08), s.lin("#dcb374", "#8a5a2a")),
    )


def fruit_heap(s: Sheet, x: float, base: float, w: float, colours: list[str], r: float = 13) -> str:
    """Heap round fruit about (x, base)."""
    out = []
    for row in range(3):
        count = int((w - row * r * 2.4) / (r * 1.7))
        for i in range(count):
            c = s.chance.choice(colours)
            out.append(
                shape(
                    oval(x + (i - (count - 1) / 2) * r * 1.7, base - row * r * 1.3, r, r),
                    s.rad((0, light(c, 0.45)), (0.55, c), (1, dark(c, 0.45)), cx=0.35, cy=0.3),
                )
            )
    return "".join(out)


def greens(s: Sheet, x: float, base: float, w: float, h: float, colour: str = "#4c7a3f") -> str:
    """Bunch greens about (x, base)."""
    out = []
    for _ in range(int(w * 0.5)):
        a = s.chance.uniform(-160, -20)
        long = h * s.chance.uniform(0.5, 1)
        tone = mix(colour, s.chance.choice(["#a9bf62", "#26482c"]), s.chance.uniform(0, 0.6))
        out.append(
            put_at(
                shape(f"M0 0Q{n(long * 0.5)} {n(-long * 0.2)} {n(long)} 0Q{n(long * 0.5)} {n(long * 0.2)} 0 0Z", tone),
                x + s.chance.uniform(-0.3, 0.3) * w,
                base,
                turn=a,
            )
        )
    return "".join(out)


def rolled(s: Sheet, x: float, base: float, w: float, h: float, count: int = 3) -> str:
    """Stack folded brocade on (x, base)."""
    out = []
    tall = h / count
    for i in range(count):
        y = base - (i + 1) * tall
        out.append(
            s.solid(
                box(x - w / 2 + (i % 2) * 4, y, w - (i % 2) * 6, tall, tall * 0.4),
                woven(s, [CLASSIC[1:6], NARROW, CLASSIC[3:9]][i % 3], scale=tall / 110, at=f"translate({n(x)} {n(y)})"),
                base=RED,
                depth=tall * 0.4,
                shade=0.5,
                shine=0.15,
            )
        )
    return group(*out)


def row_of_goods(s: Sheet, x: float, base: float, w: float, h: float, kind: str) -> str:
    """Fill a shelf (left end x, its top at base) with goods of a kind, at most h high, evenly spread."""
    share = {"pouch": 0.62, "jar": 0.6, "bottle": 0.34, "box": 0.66, "cloth": 1.0, "basket": 0.98}[kind]
    count = max(1, int(w / (h * share)))
    wide = w / count
    first = s.chance.randrange(8)
    fruit = [["#c8281c", "#e2571c"], ["#e3b72f", "#d9a02a"], ["#6d8a3e", "#8fb53c"], ["#7a4a2a", "#99622f"]]
    out = [shape(box(x, base - 7, w, 9), SHADOW, opacity=0.35)]
    for i in range(count):
        mid, k = x + (i + 0.5) * wide, first + i
        if kind == "pouch":
            out.append(small_pouch(s, mid, base, h * 0.56, h * s.chance.choice([0.86, 0.92]), TONES[k % 8]))
        elif kind == "jar":
            out.append(small_jar(s, mid, base, h * 0.52, h * 0.78, ["#d98d1c", "#b5431f", "#7d8a3c", "#4a2a18"][k % 4]))
        elif kind == "bottle":
            out.append(
                small_bottle(s, mid, base, h * 0.28, h * 0.9, ["#a02a55", "#4a0f22", "#c98a2a", "#6b7a3c"][k // 3 % 4])
            )
        elif kind == "box":
            out.append(small_box(s, mid, base, h * 0.6, h * s.chance.choice([0.7, 0.84]), TONES[k % 8]))
        elif kind == "cloth":
            out.append(rolled(s, mid, base, h * 0.9, h * 0.66))
        else:
            out.append(
                small_basket(
                    s,
                    mid,
                    base,
                    h * 0.84,
                    h * 0.56,
                    fruit_heap(s, mid, base - h * 0.56, h * 0.74, fruit[k % 4], h * 0.09),
                )
            )
    return group(*out)


def shelf_unit(
    s: Sheet, x: float, y: float, w: float, h: float, kinds: list[str], *, wood: str = "#8a5a34", back: str = "#5d3d28"
) -> str:
    """Put up a shelf whose upper left corner is (x, y), one kind of goods on each board."""
    count = len(kinds)
    gap = h / count
    rows = []
    for i, kind in enumerate(kinds):
        base = y + (i + 1) * gap - gap * 0.09
        rows.append(row_of_goods(s, x + gap * 0.1, base, w - gap * 0.2, gap * 0.78, kind))
        rows.append(shape(box(x, base, w, gap * 0.09), s.down(light(wood, 0.4), dark(wood, 0.2))))
        rows.append(
            shape(box(x, base + gap * 0.09, w, gap * 0.2), s.down((0, "#170c07", 0.5), (1, "#170c07", 0)))
            if i < count - 1
            else ""
        )
    return group(
        shape(box(x + 16, y + 12, w, h, 6), SHADOW, filter=s.blur(12), opacity=0.4),
        shape(box(x, y, w, h), s.lin(light(back, 0.14), back, dark(back, 0.25))),
        shape(box(x, y, w, gap * 0.25), s.down((0, "#170c07", 0.5), (1, "#170c07", 0))),
        *rows,
        *(
            shape(box(xx, y - 6, 18, h + 6, 2), s.lin(light(wood, 0.35), wood, dark(wood, 0.35)))
            for xx in (x - 9, x + w - 9)
        ),
        shape(box(x - 14, y - 18, w + 28, 22, 4), s.down(light(wood, 0.45), dark(wood, 0.2))),
    )


def awning(
    s: Sheet,
    x: float,
    y: float,
    w: float,
    drop: float,
    one: str = RED,
    other: str = CREAM,
    *,
    stripes: int = 13,
    out: float = 40,
) -> str:
    """Stretch a striped awning with a scalloped edge; (x, y) is its upper left corner."""
    step, low = w / stripes, (w + 2 * out) / stripes
    parts = []
    for i in range(stripes):
        c = one if i % 2 == 0 else other
        x0, x1 = x + i * step, x + (i + 1) * step
        b0, b1 = x - out + i * low, x - out + (i + 1) * low
        parts.append(
            shape(poly([(x0, y), (x1 + 0.6, y), (b1 + 0.6, y + drop), (b0, y + drop)]), s.down(light(c, 0.24), c))
        )
        parts.append(
            shape(
                f"M{n(b0)} {n(y + drop)}H{n(b1 + 0.6)}V{n(y + drop + low * 0.3)}A{n(low / 2)} {n(low * 0.4)} 0 0 1 {n(b0)} {n(y + drop + low * 0.3)}Z",
                dark(c, 0.14),
            )
        )
    whole = poly([(x, y), (x + w, y), (x + w + out, y + drop), (x - out, y + drop)])
    return group(
        shape(box(x - out * 0.6, y + drop, w + out * 1.2, drop * 0.7), s.down((0, SHADOW, 0.5), (1, SHADOW, 0))),
        *parts,
        shape(whole, s.lin((0.5, SHADOW, 0), (1, SHADOW, 0.3))),
        shape(box(x - 6, y - 10, w + 12, 16, 4), dark(one, 0.3)),
    )


def sign(
    s: Sheet,
    cx: float,
    y: float,
    w: float,
    h: float,
    words: str,
    *,
    ground: str = INK,
    ink: str = PAPER,
    size: float = 0,
) -> str:
    """Hang a sign board with a brocade foot; (cx, y) is the middle of its upper edge."""
    size = size or min(h * 0.5, w * 0.88 / (0.58 * len(words)))
    return group(
        shape(box(cx - w / 2 + 6, y + 10, w, h, 8), SHADOW, filter=s.blur(8), opacity=0.45),
        shape(box(cx - w / 2, y, w, h, 8), s.lin(light(ground, 0.12), ground)),
        s.words(words, cx, y + h * 0.44 + size * 0.34, size, ink),
        strip(s, cx - w / 2, y + h * 0.8, w, h * 0.14, SLIM),
    )


def pot_plant(s: Sheet, x: float, base: float, h: float, colour: str = "#4c7a3f") -> str:
    """Stand a potted plant on (x, base)."""
    clay = "#a9583a"
    w = h * 0.34
    leaves = []
    for i in range(15):
        a = -90 + (i - 7) * 17 + s.chance.uniform(-6, 6)
        long = h * s.chance.uniform(0.42, 0.62)
        tone = mix(colour, s.chance.choice(["#a9bf62", "#26482c"]), s.chance.uniform(0, 0.5))
        d = smooth([(0, 0), (long * 0.4, -long * 0.13), (long, 0), (long * 0.4, long * 0.13)])
        leaves.append(
            (
                abs(i - 7),
                put_at(
                    shape(d, tone) + line(f"M0 0H{n(long * 0.9)}", light(tone, 0.4), 2),
                    x + math.cos(math.radians(a)) * 6,
                    base - h * 0.34,
                    turn=a,
                ),
            )
        )
    return group(
        shape(oval(x + 12, base, w * 0.8, h * 0.035), SHADOW, filter=s.blur(6), opacity=0.45),
        *(p for _k, p in sorted(leaves, key=lambda item: -item[0])),
        shape(
            poly(
                [(x - w / 2, base - h * 0.34), (x + w / 2, base - h * 0.34), (x + w * 0.36, base), (x - w * 0.36, base)]
            ),
            s.lin(light(clay, 0.3), clay, dark(clay, 0.4)),
        ),
        shape(
            box(x - w * 0.55, base - h * 0.37, w * 1.1, h * 0.07, 3), s.lin(light(clay, 0.4), clay, dark(clay, 0.35))
        ),
    )
