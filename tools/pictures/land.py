# ruff: noqa: E501 - outlines are read as one line
"""Landscapes: sky, ridges, grass, trees, water, houses."""

from __future__ import annotations

import math

from book import picture
from kit import (
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
    ribbon,
    shape,
    smooth,
)


def sky(
    s: Sheet, top: str, low: str, sun: tuple[float, float, float] | None = None, sun_colour: str = "#fff3d2"
) -> str:
    """Paint the sky, with a sun that glows if asked for."""
    parts = [shape(box(0, 0, s.width, s.height), s.down((0, top), (0.62, low), (1, low)))]
    if sun:
        x, y, r = sun
        parts.append(
            shape(
                oval(x, y, r * 4.6, r * 4.6),
                s.rad((0, sun_colour, 0.75), (0.35, sun_colour, 0.28), (1, sun_colour, 0)),
            )
        )
        parts.append(shape(oval(x, y, r, r), sun_colour, opacity=0.96))
    return group(*parts)


def haze(s: Sheet, x: float, y: float, w: float, h: float, colour: str = "#fff3dc", opacity: float = 0.7) -> str:
    """Lay a long streak of cloud or mist."""
    d = smooth(
        [
            (x, y),
            (x + w * 0.2, y - h * 0.5),
            (x + w * 0.46, y - h * 0.32),
            (x + w * 0.66, y - h * 0.6),
            (x + w, y - h * 0.1),
            (x + w * 0.7, y + h * 0.3),
            (x + w * 0.34, y + h * 0.2),
        ]
    )
    return shape(
        d,
        s.lin((0, colour, 0), (0.3, colour), (0.7, colour), (1, colour, 0)),
        opacity=opacity,
        filter=s.blur(h * 0.09 + 2),
    )


def ridge_points(s: Sheet, y: float, rise: float, *, rough: float = 0.5, step: float = 34) -> list[Point]:
    """Return the crest of a line of hills across the sheet; rough hills have small spurs."""
    waves = [
        (2.1, 0.5),
        (4.3, 0.34),
        (8.7, 0.18 * rough),
        (17, 0.1 * rough),
        (33, 0.055 * rough),
        (61, 0.03 * rough),
    ]
    phases = [s.chance.uniform(0, 6.3) for _ in waves]
    out, x = [], -step * 2
    while x <= s.width + step * 3:
        up = sum(a * (1 - abs(math.sin(x / 1600 * f * 1.2 + p))) for (f, a), p in zip(waves, phases, strict=True))
        out.append((x, y - rise * up))
        x += step
    return out


def ridge(s: Sheet, points: list[Point], colour: str, *, foot: str = "", end: float = 0) -> str:
    """Paint a line of hills, paler towards its foot as in mist."""
    end = end or s.height + 10
    d = smooth(points, closed=False) + f"L{n(points[-1][0])} {n(end)}L{n(points[0][0])} {n(end)}Z"
    crest = min(y for _x, y in points)
    return shape(
        d,
        s.lin((0, colour), (1, foot or light(colour, 0.4)), x1=0, x2=0, y1=crest, y2=min(end, crest + 420), px=1),
    )


def tree(
    s: Sheet, x: float, y: float, h: float, colour: str = "#3f6b3c", trunk: str = "#5b3d27", wide: float = 0.8
) -> str:
    """Draw a broad-leaved tree of many leaf clumps whose foot is at (x, y)."""
    count = 30 if h < 180 else 64
    least, most = (0.08, 0.13) if h < 180 else (0.05, 0.095)
    clumps = []
    for _ in range(count):
        a, r = s.chance.uniform(0, 2 * math.pi), s.chance.random() ** 0.5
        clumps.append(
            (
                math.cos(a) * r * h * wide * 0.5,
                -h * 0.66 + math.sin(a) * r * h * 0.3 * (1.15 if math.sin(a) < 0 else 0.7),
                h * s.chance.uniform(least, most),
            )
        )
    clumps.sort(key=lambda c: -c[1])

    def puff(cx: float, cy: float, r: float) -> str:
        points = []
        for k in range(9):
            rr = r * s.chance.uniform(0.78, 1.18)
            points.append((x + cx + rr * 1.25 * math.cos(k * 0.698), y + cy + rr * 0.86 * math.sin(k * 0.698)))
        return smooth(points)

    shade = "".join(shape(puff(cx + h * 0.02, cy + h * 0.03, r * 1.2), dark(colour, 0.36)) for cx, cy, r in clumps)
    tufts = []
    for cx, cy, r in clumps:
        side = cx / (h * wide)
        high = (-cy / h - 0.66) / 0.3
        tone = mix(colour, dark(colour, 0.34), max(0.0, min(1.0, side * 1.4 - high * 0.5 + 0.2)))
        tone = mix(tone, light(colour, 0.42), max(0.0, min(0.8, high * 0.5 - side * 0.9)))
        tufts.append(shape(puff(cx, cy, r), tone))
        if side < 0.18:
            tufts.append(shape(puff(cx - r * 0.25, cy - r * 0.3, r * 0.5), light(tone, 0.2), opacity=0.6))
    limbs = "".join(
        line(
            f"M{n(x)} {n(y - h * 0.22)}Q{n(x + k * h * 0.05)} {n(y - h * 0.42)} {n(x + k * h * 0.2)} {n(y - h * 0.62)}",
            trunk,
            h * 0.028,
        )
        for k in (-1, 0.2, 1.1)
    )
    return group(
        shape(oval(x + h * 0.14, y + 2, h * wide * 0.5, h * 0.04), SHADOW, opacity=0.26),
        shape(
            f"M{n(x - h * 0.035)} {n(y)}Q{n(x - h * 0.012)} {n(y - h * 0.2)} {n(x - h * 0.018)} {n(y - h * 0.5)}H{n(x + h * 0.018)}Q{n(x + h * 0.012)} {n(y - h * 0.2)} {n(x + h * 0.045)} {n(y)}Z",
            s.lin(light(trunk, 0.15), dark(trunk, 0.3)),
        ),
        limbs,
        shade,
        *tufts,
    )


def palm(s: Sheet, x: float, y: float, h: float, colour: str = "#4a7340", lean: float = 0.05) -> str:
    """Draw an areca palm whose foot is at (x, y)."""
    top = (x + lean * h, y - h * 0.74)
    trunk = smooth(ribbon(bezier_to((x, y), top, lean * h * 0.4), lambda t: h * 0.034 * (1.2 - 0.5 * t)))
    out = [
        shape(oval(x + h * 0.1, y, h * 0.16, h * 0.018), SHADOW, opacity=0.3),
        shape(trunk, s.lin("#b59b76", "#6f563c")),
    ]
    for k in range(1, 14):
        t = k / 14
        out.append(
            line(
                f"M{n(x + (top[0] - x) * t - h * 0.014)} {n(y + (top[1] - y) * t)}q{n(h * 0.014)} {n(h * 0.007)} {n(h * 0.028)} 0",
                "#4d3a28",
                1.6,
                opacity=0.5,
            )
        )
    out.append(
        shape(
            smooth(
                ribbon(
                    [(top[0], top[1] + h * 0.02), (top[0], top[1] - h * 0.05), (top[0], top[1] - h * 0.1)],
                    lambda t: h * 0.03 * (1 - 0.6 * t),
                )
            ),
            s.lin("#9db45e", "#4c6b38"),
        )
    )
    crown = (top[0], top[1] - h * 0.08)
    for angle in (-8, -172, -34, -146, -62, -118, -90):
        a = math.radians(angle)
        reach = h * 0.3
        tip = (crown[0] + math.cos(a) * reach, crown[1] + math.sin(a) * reach * 0.62 + reach * 0.4 * abs(math.cos(a)))
        mid = (crown[0] + math.cos(a) * reach * 0.5, crown[1] + math.sin(a) * reach * 0.8 - reach * 0.22)
        tone = mix(colour, "#22402a" if math.cos(a) > 0.1 else "#9bb45d", 0.34)
        way = [
            (
                (1 - t) ** 2 * crown[0] + 2 * (1 - t) * t * mid[0] + t * t * tip[0],
                (1 - t) ** 2 * crown[1] + 2 * (1 - t) * t * mid[1] + t * t * tip[1],
            )
            for t in (i / 20 for i in range(21))
        ]
        for side in (-1, 1):
            blades = []
            for i in range(1, 21):
                px, py = way[i]
                along = math.atan2(way[i][1] - way[i - 1][1], way[i][0] - way[i - 1][0])
                long = h * 0.13 * math.sin(math.pi * (0.12 + 0.82 * i / 20)) ** 0.8
                b = along + side * 0.95
                ex, ey = px + math.cos(b) * long, py + math.sin(b) * long * 0.8 + long * 0.45
                blades.append(
                    f"M{n(px)} {n(py)}Q{n(px + math.cos(b) * long * 0.6)} {n(py + math.sin(b) * long * 0.5)} {n(ex)} {n(ey)}L{n(px + h * 0.011 * math.cos(along))} {n(py + h * 0.011 * math.sin(along))}Z"
                )
            out.append(shape("".join(blades), dark(tone, 0.16) if side > 0 else tone))
        out.append(line(smooth(way, closed=False), light(tone, 0.3), h * 0.006))
    return group(*out)


def bezier_to(start: Point, end: Point, bow: float, steps: int = 16) -> list[Point]:
    """Return a gently bowed way between two points."""
    mid = ((start[0] + end[0]) / 2 + bow, (start[1] + end[1]) / 2)
    return [
        (
            (1 - t) ** 2 * start[0] + 2 * (1 - t) * t * mid[0] + t * t * end[0],
            (1 - t) ** 2 * start[1] + 2 * (1 - t) * t * mid[1] + t * t * end[1],
        )
        for t in (i / steps for i in range(steps + 1))
    ]


def grass(s: Sheet, x: float, y: float, h: float, colour: str, blades: int = 9, spread: float = 0.9) -> str:
    """Draw a tuft of grass."""
    out = []
    for i in range(blades):
        lean = (i / max(1, blades - 1) - 0.5) * 2 * spread + s.chance.uniform(-0.15, 0.15)
        tall = h * s.chance.uniform(0.65, 1.05) * (1 - 0.3 * abs(lean))
        x0 = x + lean * h * 0.12
        tip = (x0 + lean * h * 0.7, y - tall)
        mid = (x0 + lean * h * 0.16, y - tall * 0.6)
        w = h * 0.035
        tone = mix(colour, s.chance.choice(["#e9d58a", "#26431f"]), s.chance.uniform(0, 0.4))
        out.append(
            shape(
                f"M{n(x0 - w)} {n(y)}Q{n(mid[0] - w)} {n(mid[1])} {n(tip[0])} {n(tip[1])}Q{n(mid[0] + w)} {n(mid[1])} {n(x0 + w)} {n(y)}Z",
                tone,
            )
        )
    return group(*out)


def plume(s: Sheet, x: float, y: float, h: float, lean: float = 0.2, colour: str = "#f0dfba") -> str:
    """Draw a reed with a soft plume (cỏ lau) that nods with the wind."""
    tip = (x + lean * h * 1.5, y - h * 0.93)
    mid = (x + lean * h * 0.1, y - h * 0.75)
    way = [
        (
            (1 - t) ** 2 * x + 2 * (1 - t) * t * mid[0] + t * t * tip[0],
            (1 - t) ** 2 * y + 2 * (1 - t) * t * mid[1] + t * t * tip[1],
        )
        for t in (i / 40 for i in range(41))
    ]
    out = [line(smooth(way[:30], closed=False), "#9b8a4a", 3.4)]
    head = way[21:]
    wind = 1 if lean > 0 else -1
    strands = []
    for _ in range(150):
        k = s.chance.randrange(0, len(head) - 2)
        (px, py), (qx, qy) = head[k], head[k + 1]
        t = k / len(head)
        angle = math.atan2(qy - py, qx - px) + s.chance.uniform(-0.6, 0.42) * wind * -1
        long = h * 0.15 * math.sin(math.pi * (0.16 + 0.8 * t)) * s.chance.uniform(0.6, 1.1)
        ex, ey = px + math.cos(angle) * long, py + math.sin(angle) * long + long * 0.22
        cx, cy = px + math.cos(angle) * long * 0.6, py + math.sin(angle) * long * 0.6 - long * 0.06
        tone = mix(colour, s.chance.choice(["#b78f56", "#fff8e6", "#d9bd86"]), s.chance.uniform(0, 0.75))
        strands.append(
            line(
                f"M{n(px)} {n(py)}Q{n(cx)} {n(cy)} {n(ex)} {n(ey)}",
                tone,
                s.chance.uniform(2, 3.6),
                opacity=0.8,
            )
        )
    return group(*out, *strands)


def tent(s: Sheet, x: float, y: float, w: float, colour: str, inside: str = "#3a2418") -> str:
    """Pitch a ridge tent seen from three quarters; (x, y) is its near left foot."""
    h = w * 0.62
    front = [(x, y), (x + w * 0.26, y - h), (x + w * 0.52, y + h * 0.05)]
    side = [front[1], (x + w * 0.82, y - h * 0.86), (x + w * 1.12, y - h * 0.08), front[2]]
    door = [(x + w * 0.16, y + h * 0.015), (x + w * 0.26, y - h * 0.8), (x + w * 0.38, y + h * 0.035)]
    flap = [
        (x + w * 0.26, y - h * 0.8),
        (x + w * 0.38, y + h * 0.035),
        (x + w * 0.46, y + h * 0.045),
        (x + w * 0.31, y - h * 0.55),
    ]
    return group(
        shape(
            oval(x + w * 0.68, y + h * 0.04, w * 0.66, h * 0.12),
            SHADOW,
            filter=s.blur(8),
            opacity=0.45,
            style="mix-blend-mode:multiply",
        ),
        shape(poly(side), s.lin(dark(colour, 0.12), dark(colour, 0.4))),
        s.grain(poly(side), dark(colour, 0.7), 0.5),
        shape(poly(front), s.lin(light(colour, 0.35), colour)),
        shape(poly(door), s.down(dark(inside, 0.3), "#e9a54a")),
        shape(poly(flap), light(colour, 0.5)),
        line(poly([front[1], side[1]], closed=False), light(colour, 0.6), 4),
        line(
            f"M{n(front[1][0])} {n(front[1][1])}L{n(x - w * 0.16)} {n(y + h * 0.06)}M{n(side[1][0])} {n(side[1][1])}L{n(x + w * 1.28)} {n(y)}",
            "#f4e6c9",
            2,
            opacity=0.8,
        ),
    )


def meadow(s: Sheet, points: list[Point], top: str, low: str, reach: float = 300) -> str:
    """Paint a grassy back of a hill, lit along its crest."""
    d = smooth(points, closed=False) + f"L{s.width + 60} {s.height + 10}L-60 {s.height + 10}Z"
    crest = min(y for _x, y in points)
    return group(
        shape(
            d,
            s.lin((0, light(top, 0.42)), (0.12, top), (1, low), x1=0, x2=0, y1=crest, y2=crest + reach, px=1),
        ),
        s.grain(d, dark(low, 0.45), 0.4, x1=0.3, y1=0),
        line(smooth(points, closed=False), light(top, 0.7), 4, opacity=0.6),
    )


@picture("du-lich-bui-hui")
def grassland(s: Sheet) -> None:
    """The highland grass of Bùi Hui at the first sun, tents, reeds in front."""
    s.put(sky(s, "#dd9f77", "#fbe7c2", (1080, 330, 62)))
    s.put(
        haze(s, 40, 150, 760, 50, "#fff0d6", 0.7),
        haze(s, 900, 110, 700, 36, "#fff0d6", 0.55),
        haze(s, 300, 250, 520, 26, "#fff0d6", 0.6),
        haze(s, 1180, 250, 460, 28, "#fff0d6", 0.5),
    )
    s.put(ridge(s, ridge_points(s, 590, 300, rough=1.2), "#c19b8c", foot="#f6e0c1"))
    s.put(haze(s, -100, 520, 900, 60, "#fdeccd", 0.8))
    s.put(ridge(s, ridge_points(s, 640, 260, rough=1.1), "#97987f", foot="#f1dfb7"))
    s.put(haze(s, 500, 590, 1200, 60, "#fdeccd", 0.8))
    s.put(ridge(s, ridge_points(s, 700, 220, rough=1.0), "#6f835f", foot="#dfd29c"))
    s.put(haze(s, -200, 640, 1100, 44, "#fbe9c6", 0.7))
    s.put(
        meadow(
            s,
            [(-60, 720), (200, 650), (480, 650), (800, 720), (1160, 690), (1440, 610), (1680, 620)],
            "#b9b25a",
            "#8f9648",
        )
    )
    for x, y, h in (
        (1455, 622, 150),
        (1530, 622, 190),
        (1385, 640, 110),
        (110, 690, 150),
        (40, 705, 190),
        (190, 672, 96),
    ):
        s.put(tree(s, x, y, h, "#5c7a41"))
    s.put(
        meadow(
            s,
            [(-60, 830), (160, 800), (520, 735), (860, 745), (1200, 815), (1680, 740)],
            "#c6b85c",
            "#8c9143",
        )
    )
    s.put(smooth_path(s))
    s.put(
        meadow(
            s,
            [(-60, 930), (260, 880), (660, 850), (1080, 890), (1400, 935), (1680, 905)],
            "#b4ae4e",
            "#62793a",
            340,
        )
    )
    s.put(
        tent(s, 470, 935, 380, "#b5301f"),
        tent(s, 905, 862, 240, "#e3bd72"),
        tent(s, 1190, 905, 230, "#1f6250"),
    )
    s.put(campfire(s, 1040, 1000))
    for _ in range(90):
        x, y = s.chance.uniform(-20, 1620), s.chance.uniform(950, 1130)
        s.put(grass(s, x, y, 26 + (y - 900) * 0.16, "#99a04a", 5))
    for i in range(46):
        x = -30 + i * 37 + s.chance.uniform(-12, 12)
        s.put(
            grass(
                s,
                x,
                1215,
                s.chance.uniform(110, 190),
                s.chance.choice(["#7f8c3c", "#5f7534", "#9ea04c"]),
                9,
                0.7,
            )
        )
    for x, h, lean in (
        (60, 620, 0.16),
        (150, 500, 0.22),
        (10, 440, 0.14),
        (240, 380, 0.25),
        (1470, 520, 0.12),
        (1400, 380, 0.2),
        (1540, 400, 0.1),
    ):
        s.put(plume(s, x, 1215, h, lean))


def smooth_path(s: Sheet) -> str:
    """A footpath over the far hill."""
    return shape(
        "M700 905C760 850 700 810 790 770C820 756 830 752 836 748L846 748C850 756 850 764 830 776C770 815 850 850 800 905Z",
        "#ead9a4",
        opacity=0.75,
    )


def campfire(s: Sheet, x: float, y: float) -> str:
    """A small fire with its glow."""
    logs = "".join(
        line(f"M{n(x + a)} {n(y + 6)}L{n(x + b)} {n(y - 16)}", "#4d2f1c", 10)
        for a, b in ((-38, 26), (38, -26), (-20, 40))
    )
    flame = shape(
        f"M{n(x - 24)} {n(y - 6)}C{n(x - 36)} {n(y - 44)} {n(x - 2)} {n(y - 50)} {n(x - 4)} {n(y - 92)}C{n(x + 22)} {n(y - 66)} {n(x + 36)} {n(y - 38)} {n(x + 22)} {n(y - 6)}Z",
        s.down("#f6b23c", "#d8421f"),
    )
    heart = shape(
        f"M{n(x - 10)} {n(y - 6)}C{n(x - 16)} {n(y - 26)} {n(x)} {n(y - 34)} {n(x)} {n(y - 54)}C{n(x + 14)} {n(y - 36)} {n(x + 16)} {n(y - 22)} {n(x + 10)} {n(y - 6)}Z",
        "#fde08a",
    )
    return group(
        shape(oval(x, y - 24, 150, 90), s.rad((0, "#ffcf70", 0.6), (1, "#ffcf70", 0))),
        shape(oval(x, y + 6, 60, 12), SHADOW, opacity=0.4),
        logs,
        flame,
        heart,
    )
