# ruff: noqa: E501 - outlines are read as one line
"""Things that stand in scenes: stilt houses, loom, bamboo, banana, hives, shelves."""

from __future__ import annotations

import math

from cloth import SLIM, Row, strip, woven
from kit import (
    CREAM,
    INK,
    RED,
    SHADOW,
    Point,
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
    ribbon,
    shape,
    smooth,
)

THATCH, PLAIT, POST = "#a5824e", "#cba768", "#5d3f28"


def thatch(s: Sheet, points: list[Point], colour: str = THATCH) -> str:
    """Cover a roof face (top-left, top-right, bottom-right, bottom-left) with thatch."""
    d = poly(points)
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = points
    rows = []
    count = 7
    for r in range(1, count + 1):
        t = r / count
        a, b = (x0 + (x3 - x0) * t, y0 + (y3 - y0) * t), (x1 + (x2 - x1) * t, y1 + (y2 - y1) * t)
        tall = (y3 - y0) / count
        teeth = max(10, int((b[0] - a[0]) / 9))
        edge = [
            (a[0] + (b[0] - a[0]) * i / teeth, a[1] + s.chance.uniform(-0.18, 0.2) * tall) for i in range(teeth + 1)
        ]
        tone = mix(colour, ["#6e522c", "#d9b878"][r % 2], 0.25)
        rows.insert(
            0,
            shape(
                smooth(edge, closed=False) + f"L{n(b[0])} {n(b[1] - tall * 1.3)}L{n(a[0])} {n(a[1] - tall * 1.3)}Z",
                tone,
            ),
        )
        rows.insert(
            1,
            line(
                smooth([(x, y + 1) for x, y in edge], closed=False),
                dark(colour, 0.5),
                max(1.4, tall * 0.07),
                opacity=0.5,
            ),
        )
        for _ in range(int((b[0] - a[0]) / 10)):
            x = s.chance.uniform(a[0], b[0])
            rows.insert(
                2,
                line(
                    f"M{n(x)} {n(a[1] - tall)}l{n(s.chance.uniform(-2, 2))} {n(tall * 0.9)}",
                    s.chance.choice(["#e3c890", "#6e522c"]),
                    1.6,
                    opacity=0.35,
                ),
            )
    return group(
        shape(d, colour),
        group(
            *rows,
            clip_path=s.clip(
                poly([(x0, y0), (x1, y1), (x2 + 6, y2 + (y3 - y0) * 0.06), (x3 - 6, y3 + (y3 - y0) * 0.06)])
            ),
        ),
        shape(d, s.lin((0, "#fff0cf", 0.3), (0.35, "#fff0cf", 0), (0.6, SHADOW, 0), (1, SHADOW, 0.5))),
    )


def stilt_house(
    s: Sheet, x: float, y: float, w: float, *, lit: bool = False, flip: bool = False, open_below: str = ""
) -> str:
    """Draw a Hrê house on stilts, long side to us; (x, y) is the ground below its middle."""
    stilt, wall, roof = w * 0.17, w * 0.17, w * 0.3
    half = w * 0.42
    floor = -stilt
    top = floor - wall
    posts = "".join(
        shape(
            box(-half + i * half * 2 / 5 - w * 0.011, floor - 2, w * 0.022, stilt + 4),
            s.lin(light(POST, 0.25), dark(POST, 0.35)),
        )
        for i in range(6)
    )
    back_posts = "".join(
        shape(box(-half * 0.9 + i * half * 1.8 / 5 - w * 0.008, floor, w * 0.016, stilt * 0.86), dark(POST, 0.5))
        for i in range(6)
    )
    below = shape(
        poly([(-half, floor), (half, floor), (half * 1.02, -2), (-half * 1.02, -2)]),
        s.down((0, "#20130c", 0.75), (1, "#20130c", 0.2)),
    )
    wall_d = box(-half, top, half * 2, wall)
    step = w * 0.018
    plait = s.tile(
        f'<rect width="{n(step * 2)}" height="{n(step * 2)}" fill="{PLAIT}"/><path d="M0 0L{n(step)} {n(step)}L{n(step * 2)} 0M0 {n(step * 2)}L{n(step)} {n(step)}L{n(step * 2)} {n(step * 2)}" stroke="{dark(PLAIT, 0.4)}" stroke-width="{n(step * 0.24)}" fill="none" opacity=".5"/>',
        step * 2,
        step * 2,
    )
    glow = "#f6c667" if lit else "#2a1810"
    windows = "".join(
        shape(box(wx * w - w * 0.035, top + wall * 0.3, w * 0.07, wall * 0.42), glow)
        + line(box(wx * w - w * 0.035, top + wall * 0.3, w * 0.07, wall * 0.42), POST, w * 0.009)
        + line(f"M{n(wx * w)} {n(top + wall * 0.3)}v{n(wall * 0.42)}", POST, w * 0.006)
        for wx in (-0.3, -0.16, 0.14)
    )
    door = shape(box(w * 0.24, top + wall * 0.2, w * 0.085, wall * 0.8), glow) + line(
        f"M{n(w * 0.24)} {n(top + wall)}V{n(top + wall * 0.2)}h{n(w * 0.085)}V{n(top + wall)}",
        POST,
        w * 0.011,
    )
    frame = "".join(
        shape(box(-half + i * half * 2 / 5 - w * 0.007, top, w * 0.014, wall), dark(POST, 0.1)) for i in range(6)
    )
    ladder_x = w * 0.28
    rungs = "".join(
        line(
            f"M{n(ladder_x - w * 0.03 + k * w * 0.012)} {n(floor + (k + 0.4) * stilt / 6)}h{n(w * 0.062)}",
            light(POST, 0.3),
            w * 0.01,
        )
        for k in range(6)
    )
    ladder = (
        line(
            f"M{n(ladder_x - w * 0.034)} {n(floor - 4)}L{n(ladder_x + w * 0.04)} 0M{n(ladder_x + w * 0.03)} {n(floor - 4)}L{n(ladder_x + w * 0.105)} 0",
            POST,
            w * 0.013,
        )
        + rungs
    )
    eave = top + wall * 0.12
    ridge_y = eave - roof
    roof_points: list[Point] = [
        (-half * 0.8, ridge_y),
        (half * 0.8, ridge_y),
        (half * 1.2, eave),
        (-half * 1.2, eave),
    ]
    horns = "".join(
        line(
            f"M{n(k * half * 0.74)} {n(ridge_y + roof * 0.1)}L{n(k * half * 0.9)} {n(ridge_y - roof * 0.2)}M{n(k * half * 0.88)} {n(ridge_y + roof * 0.06)}L{n(k * half * 0.72)} {n(ridge_y - roof * 0.18)}",
            "#6b4a2b",
            w * 0.014,
        )
        for k in (-1, 1)
    )
    rail = line(f"M{n(-half * 1.04)} {n(floor - wall * 0.3)}H{n(-half * 0.98)}", POST, 3)
    house = group(
        shape(oval(w * 0.12, 2, w * 0.56, w * 0.035), SHADOW, filter=s.blur(w * 0.02), opacity=0.4),
        back_posts,
        below,
        open_below,
        posts,
        shape(wall_d, plait),
        shape(wall_d, s.lin((0, "#fff0cf", 0.2), (0.5, SHADOW, 0), (1, SHADOW, 0.4))),
        frame,
        windows,
        door,
        rail,
        shape(
            box(-half * 1.05, floor - w * 0.012, half * 2.1, w * 0.026),
            s.down(light(POST, 0.3), dark(POST, 0.3)),
        ),
        ladder,
        shape(box(-half, top + wall * 0.1, half * 2, wall * 0.3), s.down((0, "#1d0f08", 0.6), (1, "#1d0f08", 0))),
        thatch(s, roof_points),
        shape(box(-half * 0.84, ridge_y - w * 0.012, half * 1.68, w * 0.026, w * 0.01), dark(THATCH, 0.35)),
        horns,
    )
    return put_at(house, x, y, flip=flip)


def bamboo_clump(s: Sheet, x: float, y: float, h: float, *, stems: int = 7, spread: float = 0.16) -> str:
    """Grow a clump of bamboo whose foot is at (x, y)."""
    out = []
    for i in range(stems):
        k = i / max(1, stems - 1) - 0.5
        foot = (x + k * h * spread, y + s.chance.uniform(-6, 6))
        tip = (x + k * h * spread * 3.2 + s.chance.uniform(-20, 20), y - h * s.chance.uniform(0.82, 1.05))
        way = [
            (
                (1 - t) ** 2 * foot[0] + 2 * (1 - t) * t * (foot[0] + k * 20) + t * t * tip[0],
                (1 - t) ** 2 * foot[1] + 2 * (1 - t) * t * (y - h * 0.65) + t * t * tip[1],
            )
            for t in (j / 16 for j in range(17))
        ]
        tone = mix("#7d9448", s.chance.choice(["#c9b65a", "#4c6b38"]), s.chance.uniform(0.1, 0.6))
        out.append(
            shape(
                smooth(ribbon(way, lambda t: h * 0.022 * (1.1 - 0.8 * t))),
                s.lin(light(tone, 0.3), dark(tone, 0.25)),
            )
        )
        for j in range(1, 15):
            px, py = way[j]
            out.append(line(f"M{n(px - h * 0.011)} {n(py)}h{n(h * 0.022)}", dark(tone, 0.5), 2.2, opacity=0.7))
        for j in range(5, 17):
            for _ in range(2):
                px, py = way[j]
                a = s.chance.uniform(-30, 210)
                long = h * s.chance.uniform(0.07, 0.11)
                leaf_d = f"M0 0Q{n(long * 0.5)} {n(-long * 0.13)} {n(long)} {n(long * 0.06)}Q{n(long * 0.5)} {n(long * 0.15)} 0 0Z"
                out.append(
                    put_at(
                        shape(
                            leaf_d,
                            mix("#6d8f45", s.chance.choice(["#a9bf62", "#365a30"]), s.chance.uniform(0, 0.7)),
                        ),
                        px,
                        py,
                        turn=a,
                    )
                )
    return group(*out)


def banana_plant(s: Sheet, x: float, y: float, h: float) -> str:
    """Grow a banana plant whose foot is at (x, y)."""
    out = [shape(oval(x + h * 0.1, y, h * 0.22, h * 0.025), SHADOW, opacity=0.3)]
    out.append(
        shape(
            smooth(
                ribbon(
                    [(x, y), (x + h * 0.01, y - h * 0.25), (x, y - h * 0.5)],
                    lambda t: h * 0.1 * (1.1 - 0.5 * t),
                )
            ),
            s.lin("#a9b06a", "#5f7040"),
        )
    )
    for a, long in ((-152, 0.5), (-28, 0.52), (-128, 0.6), (-52, 0.58), (-98, 0.62), (-74, 0.5)):
        rad = math.radians(a)
        tip = (x + math.cos(rad) * h * long, y - h * 0.5 + math.sin(rad) * h * long * 0.8 + h * 0.12)
        mid = (x + math.cos(rad) * h * long * 0.4, y - h * 0.5 + math.sin(rad) * h * long * 0.9)
        way = [
            (
                (1 - t) ** 2 * x + 2 * (1 - t) * t * mid[0] + t * t * tip[0],
                (1 - t) ** 2 * (y - h * 0.48) + 2 * (1 - t) * t * mid[1] + t * t * tip[1],
            )
            for t in (j / 14 for j in range(15))
        ]
        tone = mix("#6f9443", s.chance.choice(["#a9bf5c", "#3f6d35"]), s.chance.uniform(0.1, 0.6))
        d = smooth(ribbon(way, lambda t: h * 0.17 * math.sin(math.pi * (0.1 + 0.86 * t)) + 2))
        ribs = "".join(
            line(
                f"M{n(way[j][0])} {n(way[j][1])}l{n(h * 0.05)} {n(h * 0.05)}M{n(way[j][0])} {n(way[j][1])}l{n(-h * 0.04)} {n(h * 0.06)}",
                dark(tone, 0.25),
                1.8,
                opacity=0.4,
            )
            for j in range(2, 14)
        )
        out.append(
            s.solid(
                d,
                tone,
                depth=h * 0.05,
                shade=0.35,
                shine=0.35,
                within=ribs + line(smooth(way, closed=False), light(tone, 0.5), h * 0.012),
            )
        )
    return group(*out)


def skein(s: Sheet, x: float, y: float, w: float, h: float, colour: str) -> str:
    """Hang a skein of yarn over a pole at (x, y)."""
    half = w / 2
    d = f"M{n(x - half * 0.86)} {n(y - w * 0.14)}Q{n(x)} {n(y - w * 0.3)} {n(x + half * 0.86)} {n(y - w * 0.14)}C{n(x + half * 1.02)} {n(y + h * 0.3)} {n(x + half * 0.9)} {n(y + h * 0.72)} {n(x + half * 0.78)} {n(y + h * 0.9)}Q{n(x + half * 0.5)} {n(y + h * 1.02)} {n(x)} {n(y + h)}Q{n(x - half * 0.5)} {n(y + h * 1.02)} {n(x - half * 0.78)} {n(y + h * 0.9)}C{n(x - half * 0.9)} {n(y + h * 0.72)} {n(x - half * 1.02)} {n(y + h * 0.3)} {n(x - half * 0.86)} {n(y - w * 0.14)}Z"
    strands = []
    for i in range(15):
        k = (i + 0.5) / 15 * 2 - 1
        tone = mix(colour, "#fff0d8" if i % 3 == 0 else "#120805", 0.34 if i % 3 != 1 else 0.12)
        sway = s.chance.uniform(-0.12, 0.12)
        strands.append(
            line(
                f"M{n(x + k * half * 0.8)} {n(y - w * 0.2)}C{n(x + (k + sway) * half)} {n(y + h * 0.3)} {n(x + (k - sway) * half * 0.86)} {n(y + h * 0.7)} {n(x + k * half * 0.7)} {n(y + h * 1.02)}",
                tone,
                w * 0.026,
                opacity=0.7,
            )
        )
    gap = shape(
        smooth(
            [
                (x - half * 0.16, y + h * 0.2),
                (x, y + h * 0.14),
                (x + half * 0.16, y + h * 0.2),
                (x + half * 0.1, y + h * 0.8),
                (x, y + h * 0.88),
                (x - half * 0.1, y + h * 0.8),
            ]
        ),
        dark(colour, 0.7),
        opacity=0.55,
    )
    return group(
        shape(d, SHADOW, transform="translate(12 10)", filter=s.blur(8), opacity=0.35),
        s.solid(d, colour, depth=w * 0.3, shade=0.5, shine=0.15, within=group(*strands) + gap),
    )


def loom_cloth(s: Sheet, x: float, y: float, w: float, h: float, which: list[Row], *, scale: float = 1) -> str:
    """Show finished cloth with crisp selvedges, bands running across."""
    d = box(x, y, w, h)
    return s.solid(
        d,
        woven(s, which, scale=scale, at=f"translate({n(x)} {n(y)})"),
        base=RED,
        depth=30,
        shade=0.4,
        shine=0.15,
    )


def hive(s: Sheet, x: float, y: float, w: float, colour: str = "#c79a5b") -> str:
    """Stand a wooden bee hive on (x, y)."""
    h = w * 0.95
    side = w * 0.3
    up = side * 0.4
    front = box(x - w / 2, y - h, w, h)
    flank = poly([(x + w / 2, y - h), (x + w / 2 + side, y - h - up), (x + w / 2 + side, y - up), (x + w / 2, y)])
    roof = poly(
        [
            (x - w * 0.58, y - h),
            (x - w * 0.58 + side, y - h - up * 1.1),
            (x + w * 0.58 + side, y - h - up * 1.1),
            (x + w * 0.58, y - h),
        ]
    )
    boards = "".join(
        line(f"M{n(x - w / 2)} {n(y - h + h * k)}h{n(w)}", dark(colour, 0.4), 3, opacity=0.5) for k in (0.33, 0.66)
    )
    return group(
        shape(oval(x + w * 0.3, y, w * 0.8, w * 0.1), SHADOW, filter=s.blur(8), opacity=0.45),
        *(shape(box(x + k * w * 0.4 - w * 0.04, y - 2, w * 0.08, w * 0.16), dark(colour, 0.5)) for k in (-1, 1)),
        shape(front, s.lin(light(colour, 0.3), colour, dark(colour, 0.1))),
        boards,
        shape(flank, s.lin(dark(colour, 0.25), dark(colour, 0.45))),
        shape(box(x - w * 0.22, y - h * 0.16, w * 0.44, h * 0.07, 5), "#2a160d"),
        shape(box(x - w * 0.3, y - h * 0.09, w * 0.6, h * 0.05, 3), light(colour, 0.2)),
        shape(roof, s.lin("#a3473a", "#7d1613")),
        shape(box(x - w * 0.58, y - h, w * 1.16, h * 0.1), s.lin("#8d2a20", "#5f100d")),
        strip(s, x - w / 2, y - h * 0.58, w, h * 0.12, SLIM),
    )


def loom(s: Sheet, x: float, y: float, w: float, h: float, which: list[Row], *, woven_share: float = 0.46) -> str:
    """Stand a frame loom with a half-woven cloth, seen from the front; (x, y) is the ground below its middle."""
    half = w / 2
    top, cloth_end = y - h, y - h * 0.12
    fell = cloth_end - (cloth_end - top) * woven_share
    wx = half * 0.78
    post = "#8a5a34"

    def beam(yy: float, reach: float, thick: float) -> str:
        return shape(
            box(x - reach, yy - thick / 2, reach * 2, thick, thick * 0.4),
            s.down(light(post, 0.4), post, dark(post, 0.5)),
        )

    warp = "".join(
        line(f"M{n(x - wx + i * wx * 2 / 46)} {n(top)}V{n(fell)}", [INK, RED, INK, CREAM, RED][i % 5], w * 0.006)
        for i in range(47)
    )
    fill = woven(s, which, scale=w / 620, at=f"translate({n(x)} {n(fell)})")
    cloth = s.solid(box(x - wx, fell, wx * 2, cloth_end - fell), fill, base=RED, depth=w * 0.06, shade=0.45, shine=0.15)
    posts = "".join(
        shape(
            box(x + k * half - w * 0.03, top - h * 0.06, w * 0.06, h * 1.06, 6),
            s.lin(light(post, 0.35), post, dark(post, 0.45)),
        )
        for k in (-1, 1)
    )
    feet = "".join(
        shape(box(x + k * half - w * 0.09, y - h * 0.03, w * 0.18, h * 0.04, 6), dark(post, 0.4)) for k in (-1, 1)
    )
    return group(
        shape(oval(x + w * 0.1, y, w * 0.66, h * 0.03), SHADOW, filter=s.blur(10), opacity=0.4),
        shape(box(x - wx, top, wx * 2, fell - top), "#2a1a12", opacity=0.16),
        warp,
        beam(top + (fell - top) * 0.34, wx * 1.12, h * 0.022),
        beam(top + (fell - top) * 0.56, wx * 1.12, h * 0.022),
        beam(fell - h * 0.02, wx * 1.2, h * 0.034),
        cloth,
        posts,
        feet,
        beam(top, half * 1.12, h * 0.05),
        beam(cloth_end, half * 1.08, h * 0.06),
    )


def washing(s: Sheet, x1: float, x2: float, y: float, colours: list[str], w: float, h: float) -> str:
    """Hang skeins of yarn from a bamboo pole."""
    count = len(colours)
    pole = shape(box(x1 - 30, y - 9, x2 - x1 + 60, 18, 8), s.down("#e3cd92", "#b99a55", "#7d6229"))
    return group(
        pole,
        *(
            skein(s, x1 + (x2 - x1) * (i + 0.5) / count, y - 6, w, h * s.chance.uniform(0.92, 1.06), c)
            for i, c in enumerate(colours)
        ),
    )


def rock(s: Sheet, x: float, y: float, w: float, h: float, colour: str = "#6d6a60") -> str:
    """Set a faceted rock with its foot on (x, y)."""
    jag = [s.chance.uniform(-0.06, 0.06) for _ in range(6)]
    points = [
        (x - w / 2, y),
        (x - w * (0.46 + jag[0]), y - h * 0.5),
        (x - w * (0.22 + jag[1]), y - h * (0.92 + jag[2])),
        (x + w * (0.14 + jag[3]), y - h),
        (x + w * (0.4 + jag[4]), y - h * 0.6),
        (x + w / 2, y),
    ]
    mid = (x + w * jag[5], y - h * 0.56)
    d = smooth(points, tension=0.35)
    facets = [
        shape(poly([points[1], points[2], mid]), light(colour, 0.34), opacity=0.7),
        shape(poly([points[2], points[3], mid]), light(colour, 0.2), opacity=0.7),
        shape(poly([points[3], points[4], mid]), dark(colour, 0.2), opacity=0.7),
        shape(poly([points[4], points[5], (x + w * 0.1, y), mid]), dark(colour, 0.4), opacity=0.7),
    ]
    return group(
        s.solid(d, colour, depth=w * 0.12, shade=0.5, within=group(*facets)), s.grain(d, dark(colour, 0.6), 0.5)
    )


def bush(s: Sheet, x: float, y: float, w: float, h: float, colour: str = "#4c7a3f") -> str:
    """Grow a low leafy bush on (x, y)."""
    out = [
        shape(
            smooth(
                [(x - w / 2, y), (x - w * 0.36, y - h * 0.6), (x, y - h), (x + w * 0.36, y - h * 0.62), (x + w / 2, y)]
            ),
            dark(colour, 0.4),
        )
    ]
    spots = [(s.chance.uniform(-0.48, 0.48), s.chance.random()) for _ in range(int(w * 0.5))]
    for u, v in sorted(spots, key=lambda p: -p[1]):
        tall = h * (1 - (abs(u) * 2) ** 2)
        tone = mix(colour, s.chance.choice(["#a9bf62", "#26482c"]), min(1.0, max(0.0, v * 0.6 - u * 0.5)))
        size = w * 0.06 + 6
        out.append(
            put_at(
                shape(
                    f"M0 0Q{n(size * 0.5)} {n(-size * 0.42)} {n(size)} 0Q{n(size * 0.5)} {n(size * 0.42)} 0 0Z", tone
                ),
                x + u * w,
                y - tall * v,
                turn=s.chance.uniform(-160, -20),
            )
        )
    return group(*out)


def path_of(points: list[Point], width_far: float, width_near: float) -> str:
    """Return a way that widens towards us, as an outline."""
    return smooth(ribbon(points, lambda t: width_far + (width_near - width_far) * t**1.6))
