# ruff: noqa: E501 - outlines are read as one line
"""The stage of the still lifes: wall, window light, table, small things that lie about."""

from __future__ import annotations

import math

from kit import (
    CREAM,
    LEAF,
    MOSS,
    SHADOW,
    Point,
    Sheet,
    bezier,
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
    turn,
)

# (wall, table) of each family of goods
WALLS = {
    "sand": ("#e2c596", "#f3e4c9"),
    "rose": ("#dca184", "#f4dfc8"),
    "leaf": ("#a9b884", "#efe4c8"),
    "honey": ("#ecbd6c", "#f6e3bf"),
    "clay": ("#c47f5e", "#f0d7ba"),
    "mist": ("#a9bfb5", "#eee5d0"),
    "dusk": ("#84392f", "#e6c6a2"),
    "night": ("#2b3f38", "#dcc8a2"),
    "plum": ("#b98a8f", "#f2dfd0"),
    "sky": ("#9dbcc0", "#efe4cd"),
    "ink": ("#3a2a24", "#d8bf9a"),
}


def room(s: Sheet, mood: str, *, edge: float = 740, beam: bool = True, leaves: bool = True) -> None:
    """Put up wall and table with light falling in from the upper left.

    :param edge: the y where table and wall meet
    """
    wall, table = WALLS[mood]
    w, h = s.width, s.height
    s.put(
        shape(
            box(0, 0, w, h),
            s.lin((0, light(wall, 0.34)), (0.55, wall), (1, dark(wall, 0.12)), x2=0.95, y2=0.5),
        )
    )
    if beam:
        s.put(_beam(s, wall, edge, leaves=leaves))
    s.put(
        shape(
            box(0, edge, w, h - edge),
            s.lin((0, light(table, 0.3)), (0.6, table), (1, dark(table, 0.12)), x2=1, y2=0.35),
        ),
        shape(box(0, edge - 1, w, 3), light(table, 0.8), opacity=0.8),
        shape(
            box(0, edge - 26, w, 26),
            s.down((0, SHADOW, 0), (1, SHADOW, 0.22)),
            style="mix-blend-mode:multiply",
        ),
        mottle(s, box(0, 0, w, h)),
        shape(
            box(0, edge, w, h - edge),
            s.down((0, SHADOW, 0.1), (0.25, SHADOW, 0), (1, SHADOW, 0.1)),
            style="mix-blend-mode:multiply",
        ),
    )


def mottle(s: Sheet, d: str, opacity: float = 0.13) -> str:
    """Lay the soft blotches of hand-made paper over a ground."""
    name = s.define(
        lambda i: (
            f'<filter id="{i}" x="0" y="0" width="100%" height="100%" color-interpolation-filters="sRGB">'
            '<feTurbulence type="fractalNoise" baseFrequency=".006 .009" numOctaves="3" seed="11"/>'
            '<feColorMatrix type="matrix" values="0 0 0 0 .36 0 0 0 0 .2 0 0 0 0 .1 1.5 0 0 0 -.62"/></filter>'
        )
    )
    return shape(d, "#000", filter=f"url(#{name})", opacity=opacity, style="mix-blend-mode:multiply")


def _beam(s: Sheet, wall: str, edge: float, *, leaves: bool) -> str:
    """Window light on the wall: slanted panes, with the shadow of a branch in them."""
    panes = [
        poly([(250, -20), (610, -20), (960, edge), (600, edge)]),
        poly([(650, -20), (1010, -20), (1360, edge), (1000, edge)]),
    ]
    glow = "".join(shape(pane, light(wall, 0.62), opacity=0.55) for pane in panes)
    branch = ""
    if leaves:
        stem = bezier((430, -60), (640, 120), (860, 150), (1180, 90))
        parts = [shape(smooth(ribbon(stem, lambda t: 10 - 6 * t)), wall)]
        for i in range(4, len(stem) - 1, 2):
            x, y = stem[i]
            for side in (-1, 1):
                size = 120 - i * 1.5
                angle = 62 * side + 10 + s.chance.uniform(-12, 12)
                tip = turn([(size, 0)], angle)[0]
                bow = turn([(size * 0.5, size * 0.2)], angle)[0]
                bow2 = turn([(size * 0.5, -size * 0.2)], angle)[0]
                parts.append(
                    shape(
                        f"M{n(x)} {n(y)}Q{n(x + bow[0])} {n(y + bow[1])} {n(x + tip[0])} {n(y + tip[1])}"
                        f"Q{n(x + bow2[0])} {n(y + bow2[1])} {n(x)} {n(y)}Z",
                        wall,
                    )
                )
        branch = group(*parts, opacity=0.75)
    return group(group(glow, branch, filter=s.blur(7)), clip_path=s.clip(box(0, 0, s.width, edge)))


def disc(s: Sheet, cx: float, cy: float, r: float, colour: str) -> str:
    """Hang a plain round ground behind the goods."""
    return shape(oval(cx, cy, r, r), s.lin(light(colour, 0.15), dark(colour, 0.1), x2=0.8, y2=0.9))


def board(s: Sheet, x: float, y: float, w: float, h: float, colour: str = "#a9713f", thick: float = 26) -> str:
    """Lay a wooden board on the table (x, y: its upper left corner as seen)."""
    lean = h * 0.35
    top = [(x + lean, y), (x + w - lean * 0.4, y), (x + w + lean * 0.5, y + h), (x, y + h)]
    face = [
        (x, y + h),
        (x + w + lean * 0.5, y + h),
        (x + w + lean * 0.5 - 4, y + h + thick),
        (x + 4, y + h + thick),
    ]
    d = poly(top)
    lines = []
    for i in range(5):
        yy = y + h * (0.14 + 0.18 * i)
        wave = [(x - 20 + k * (w + lean) / 8, yy + s.chance.uniform(-4, 4)) for k in range(10)]
        lines.append(line(smooth(wave, closed=False), dark(colour, 0.25), 2.2, opacity=0.35))
    return group(
        shape(
            poly(
                [
                    (x + 20, y + h * 0.4),
                    (x + w + lean, y + h * 0.4),
                    (x + w + 70, y + h + thick + 10),
                    (x + 10, y + h + thick + 16),
                ]
            ),
            SHADOW,
            filter=s.blur(14),
            opacity=0.35,
            style="mix-blend-mode:multiply",
        ),
        shape(d, s.lin(light(colour, 0.3), colour, dark(colour, 0.2), x2=1, y2=0.3)),
        group(*lines, clip_path=s.clip(d)),
        shape(poly(face), s.lin(dark(colour, 0.25), dark(colour, 0.45))),
        line(poly([top[3], top[2]], closed=False), light(colour, 0.5), 3, opacity=0.7),
    )


def grains(
    s: Sheet, cx: float, cy: float, rx: float, ry: float, count: int, colours: list[str], size: float = 13
) -> str:
    """Scatter grains over an oval patch of the table, thicker towards its middle."""
    out = []
    spots: list[Point] = []
    for _ in range(count):
        a, r = s.chance.uniform(0, 2 * math.pi), s.chance.random() ** 0.7
        spots.append((cx + rx * r * math.cos(a), cy + ry * r * math.sin(a)))
    for x, y in sorted(spots, key=lambda spot: spot[1]):
        out.append(grain(s, x, y, size, s.chance.choice(colours), s.chance.uniform(0, 180)))
    return "".join(out)


def grain(s: Sheet, x: float, y: float, size: float, colour: str, degrees: float) -> str:
    """Draw one grain of rice lying on something."""
    flat = 0.38
    body = smooth(
        turn(
            [
                (-size, 0),
                (-size * 0.4, -size * flat),
                (size * 0.5, -size * flat * 0.9),
                (size, 0),
                (size * 0.4, size * flat),
                (-size * 0.5, size * flat),
            ],
            degrees,
        )
    )
    shine = turn([(-size * 0.5, -size * 0.12), (size * 0.3, -size * 0.14)], degrees)
    return put_at(
        shape(body, SHADOW, transform="translate(3 3.5)", opacity=0.28)
        + shape(body, colour)
        + line(poly(shine, closed=False), light(colour, 0.7), size * 0.16, opacity=0.8),
        x,
        y,
    )


def heap(
    s: Sheet,
    cx: float,
    base: float,
    w: float,
    h: float,
    colours: list[str],
    size: float = 12,
    count: int = 260,
) -> str:
    """Pile grains to a low heap."""
    ground = mix(colours[0], SHADOW, 0.3)
    outline = smooth(
        [
            (cx - w / 2, base),
            (cx - w * 0.3, base - h * 0.6),
            (cx - w * 0.05, base - h),
            (cx + w * 0.22, base - h * 0.72),
            (cx + w / 2, base),
            (cx, base + h * 0.16),
        ]
    )
    out = [shape(outline, ground)]
    spots = []
    for _ in range(count):
        u = s.chance.uniform(-1, 1)
        top = h * (1 - abs(u) ** 1.5)
        spots.append((cx + u * w / 2, base - top * s.chance.random() + h * 0.1 * (1 - abs(u))))
    for x, y in sorted(spots, key=lambda spot: spot[1]):
        side = (x - cx) / w
        colour = mix(s.chance.choice(colours), SHADOW, max(0.0, side * 0.6))
        out.append(grain(s, x, y, size, colour, s.chance.uniform(-40, 40)))
    return "".join(out)


# -- leaves --------------------------------------------------------------------------------


def leaf(
    s: Sheet,
    length: float,
    width: float,
    colour: str = LEAF,
    *,
    bend: float = 0.12,
    veins: int = 6,
    vein: str = "",
) -> str:
    """Draw a leaf from (0, 0) to the right; rotate it with put_at."""
    b = bend * length
    mid = [(0.0, 0.0), (length * 0.5, -b), (length, 0.0)]
    up = f"M0 0C{n(length * 0.2)} {n(-width * 0.75 - b)} {n(length * 0.66)} {n(-width * 0.62 - b)} {n(length)} 0"
    low = f"C{n(length * 0.7)} {n(width * 0.5 - b)} {n(length * 0.24)} {n(width * 0.6 - b * 0.6)} 0 0Z"
    rib = f"M{n(-length * 0.08)} 2Q{n(mid[1][0])} {n(mid[1][1] - b * 0.3)} {n(length * 0.96)} 0"
    ink = vein or light(colour, 0.42)
    side = []
    for i in range(1, veins + 1):
        t = i / (veins + 1)
        x, y = length * t, -b * 1.3 * 4 * t * (1 - t) * 0.5
        reach = width * 0.42 * math.sin(math.pi * min(0.96, t + 0.08))
        side.append(f"M{n(x)} {n(y)}q{n(length * 0.05)} {n(-reach * 0.7)} {n(length * 0.11)} {n(-reach)}")
        side.append(f"M{n(x)} {n(y)}q{n(length * 0.05)} {n(reach * 0.6)} {n(length * 0.1)} {n(reach * 0.86)}")
    d = up + low
    lower = rib.replace("M", "M", 1) + f"L{n(length)} 0{low}"
    return group(
        shape(d, s.lin(light(colour, 0.16), colour, dark(colour, 0.14))),
        shape(lower, dark(colour, 0.3), opacity=0.5),
        line("".join(side), ink, max(1.4, width * 0.025), opacity=0.6) if veins else "",
        line(rib, ink, max(2, width * 0.05)),
    )


def sprig(
    s: Sheet,
    points: list[Point],
    *,
    size: float = 90,
    width: float = 40,
    colour: str = LEAF,
    count: int = 9,
    spread: float = 52,
    stem: str = "",
    taper: float = 0.5,
    veins: int = 5,
) -> str:
    """Draw a twig with leaves on both sides along a way."""
    back, front = [], []
    for i in range(count):
        t = 0.1 + 0.86 * i / max(1, count - 1)
        place, angle = points[min(len(points) - 1, int(t * (len(points) - 1)))], 0.0
        a, b = (
            points[max(0, int(t * (len(points) - 1)) - 1)],
            points[min(len(points) - 1, int(t * (len(points) - 1)) + 1)],
        )
        angle = math.degrees(math.atan2(b[1] - a[1], b[0] - a[0]))
        side = 1 if i % 2 else -1
        long = size * (1 - taper * t) * s.chance.uniform(0.9, 1.1)
        tone = mix(colour, s.chance.choice([light(colour, 0.3), dark(colour, 0.3)]), s.chance.uniform(0, 0.6))
        piece = put_at(
            leaf(s, long, width * long / size, tone, bend=0.1 * side, veins=veins),
            *place,
            turn=angle + side * (spread - 22 * t),
        )
        (back if side < 0 else front).append(piece)
    end = points[-1]
    a = points[-2]
    tip = put_at(
        leaf(s, size * (1 - taper) * 0.95, width * (1 - taper), colour, veins=veins),
        *end,
        turn=math.degrees(math.atan2(end[1] - a[1], end[0] - a[0])),
    )
    twig = shape(smooth(ribbon(points, lambda t: size * 0.08 * (1.1 - 0.8 * t))), stem or mix(colour, "#6b4526", 0.5))
    return group(*back, twig, *front, tip)


def fern(s: Sheet, points: list[Point], *, size: float = 90, colour: str = MOSS, count: int = 16) -> str:
    """Draw a fern frond along a way."""
    out = [line(smooth(points, closed=False), dark(colour, 0.2), 5)]
    for i in range(count):
        t = 0.08 + 0.9 * i / (count - 1)
        k = int(t * (len(points) - 2))
        (x, y), (x2, y2) = points[k], points[k + 1]
        angle = math.degrees(math.atan2(y2 - y, x2 - x))
        long = size * math.sin(math.pi * (0.16 + 0.84 * t)) ** 0.7 * (1.12 - 0.5 * t)
        for side in (-1, 1):
            out.append(
                put_at(
                    leaf(
                        s,
                        long,
                        long * 0.26,
                        light(colour, 0.1) if side < 0 else colour,
                        bend=0.08 * side,
                        veins=0,
                    ),
                    x,
                    y,
                    turn=angle + side * 62,
                )
            )
    return group(*out)


# -- vessels that stand about --------------------------------------------------------------


def bowl(
    s: Sheet,
    cx: float,
    base: float,
    w: float,
    h: float,
    colour: str,
    inside: str,
    *,
    rim: float = 0.15,
    band: str = "",
) -> str:
    """Draw a bowl; `inside` is drawn in it, above the rim's far edge.

    :param inside: pieces placed about the opening, whose centre is (cx, base - h)
    """
    top = base - h
    ry = w / 2 * rim
    foot = w * 0.22
    d = (
        f"M{n(cx - w / 2)} {n(top)}C{n(cx - w * 0.48)} {n(top + h * 0.55)} {n(cx - w * 0.34)} {n(base - h * 0.1)} {n(cx - foot)} {n(base - h * 0.08)}"
        f"L{n(cx - foot * 0.92)} {n(base)}A{n(foot)} {n(foot * 0.14)} 0 0 0 {n(cx + foot * 0.92)} {n(base)}L{n(cx + foot)} {n(base - h * 0.08)}"
        f"C{n(cx + w * 0.34)} {n(base - h * 0.1)} {n(cx + w * 0.48)} {n(top + h * 0.55)} {n(cx + w / 2)} {n(top)}Z"
    )
    skin = s.lin(
        (0, dark(colour, 0.16)),
        (0.22, light(colour, 0.34)),
        (0.5, colour),
        (0.88, dark(colour, 0.4)),
        (1, dark(colour, 0.26)),
    )
    return group(
        s.contact(cx, base, foot * 1.5),
        s.cast(d, base),
        shape(oval(cx, top, w / 2, ry), s.lin(dark(colour, 0.5), dark(colour, 0.2))),
        line(
            f"M{n(cx - w / 2)} {n(top)}A{n(w / 2)} {n(ry)} 0 0 1 {n(cx + w / 2)} {n(top)}",
            light(colour, 0.35),
            3,
            opacity=0.7,
        ),
        inside,
        shape(f"{d[:-1]}A{n(w / 2)} {n(ry)} 0 0 1 {n(cx - w / 2)} {n(top)}Z", skin),
        s.inside(d, band) if band else "",
        line(
            f"M{n(cx - w / 2)} {n(top)}A{n(w / 2)} {n(ry)} 0 0 0 {n(cx + w / 2)} {n(top)}",
            light(colour, 0.6),
            5,
        ),
        shape(
            d,
            s.lin((0.55, SHADOW, 0), (1, SHADOW, 0.35)),
            style="mix-blend-mode:multiply",
            filter=s.stipple(dark(colour, 0.55)),
            opacity=0.35,
        ),
    )


def filled(
    s: Sheet,
    cx: float,
    top: float,
    w: float,
    rise: float,
    colours: list[str],
    size: float = 12,
    count: int = 240,
    rim: float = 0.15,
) -> str:
    """Fill a bowl with grains, heaped above its rim."""
    ry = w / 2 * rim
    out = [
        shape(
            smooth(
                [
                    (cx - w * 0.47, top),
                    (cx - w * 0.26, top - rise * 0.75),
                    (cx, top - rise),
                    (cx + w * 0.26, top - rise * 0.75),
                    (cx + w * 0.47, top),
                    (cx, top + ry * 0.95),
                ]
            ),
            mix(colours[0], SHADOW, 0.3),
        )
    ]
    spots = []
    for _ in range(count):
        u = s.chance.uniform(-0.95, 0.95)
        high = rise * (1 - u * u) + ry * 0.4
        spots.append((cx + u * w * 0.47, top + ry * 0.8 * math.sqrt(1 - u * u) - s.chance.random() * (high + ry * 0.6)))
    for x, y in sorted(spots, key=lambda spot: spot[1]):
        colour = mix(s.chance.choice(colours), SHADOW, max(0.0, (x - cx) / w * 0.5))
        out.append(grain(s, x, y, size, colour, s.chance.uniform(-50, 50)))
    return group(*out)


def plate(s: Sheet, cx: float, cy: float, w: float, colour: str = CREAM, rim: float = 0.26) -> str:
    """Draw a flat plate seen from a low angle."""
    ry = w / 2 * rim
    return group(
        shape(
            oval(cx + 26, cy + 20, w / 2, ry),
            SHADOW,
            filter=s.blur(14),
            opacity=0.36,
            style="mix-blend-mode:multiply",
        ),
        shape(oval(cx, cy + 10, w / 2, ry), dark(colour, 0.35)),
        shape(oval(cx, cy, w / 2, ry), s.lin(light(colour, 0.6), colour, dark(colour, 0.18))),
        shape(oval(cx, cy + 3, w * 0.37, ry * 0.72), s.lin(dark(colour, 0.2), light(colour, 0.3))),
        shape(oval(cx, cy + 8, w * 0.36, ry * 0.68), s.lin(colour, light(colour, 0.5))),
    )


def tray(
    s: Sheet, cx: float, cy: float, w: float, *, colour: str = "#cfa263", tilt: float = 0.34, inside: str = ""
) -> str:
    """Lay a round bamboo tray (mẹt) on the table, with what lies in it."""
    rx, ry = w / 2, w / 2 * tilt
    inner = oval(cx, cy, rx * 0.93, ry * 0.9)
    weave = []
    step = w / 26
    for i in range(-16, 17):
        weave.append(
            line(
                f"M{n(cx + i * step - ry * 1.4)} {n(cy + ry)}L{n(cx + i * step + ry * 1.4)} {n(cy - ry)}",
                dark(colour, 0.4),
                3,
                opacity=0.35,
            )
        )
        weave.append(
            line(
                f"M{n(cx + i * step + ry * 1.4)} {n(cy + ry)}L{n(cx + i * step - ry * 1.4)} {n(cy - ry)}",
                light(colour, 0.5),
                3,
                opacity=0.35,
            )
        )
    binding = []
    for i in range(36):
        a = 2 * math.pi * i / 36
        x, y = cx + rx * 0.97 * math.cos(a), cy + ry * 0.97 * math.sin(a)
        binding.append(line(f"M{n(x - 6)} {n(y - 9)}l8 18", dark(colour, 0.55), 3, opacity=0.6))
    return group(
        shape(
            oval(cx + 24, cy + 26, rx, ry),
            SHADOW,
            filter=s.blur(14),
            opacity=0.42,
            style="mix-blend-mode:multiply",
        ),
        shape(oval(cx, cy + 16, rx, ry), dark(colour, 0.5)),
        shape(oval(cx, cy, rx, ry), s.lin(light(colour, 0.3), colour, dark(colour, 0.3))),
        shape(inner, s.lin(dark(colour, 0.3), colour, light(colour, 0.25))),
        group(*weave, clip_path=s.clip(inner)),
        line(oval(cx, cy, rx * 0.95, ry * 0.93), dark(colour, 0.35), 5, opacity=0.5),
        *binding,
        inside,
    )


def scatter(s: Sheet, cx: float, cy: float, rx: float, ry: float, count: int) -> list[Point]:
    """Return spots on an oval patch, those behind first."""
    spots = []
    for _ in range(count):
        a, r = s.chance.uniform(0, 2 * math.pi), s.chance.random() ** 0.55
        spots.append((cx + rx * r * math.cos(a), cy + ry * r * math.sin(a)))
    return sorted(spots, key=lambda spot: spot[1])


def lying(s: Sheet, piece: str, x: float, y: float, *, turn: float = 0, scale: float = 1, drop: float = 9) -> str:
    """Lay a piece drawn about (0, 0) on the table; its own outline throws the shadow."""
    name = s.define(
        lambda i: (
            f'<filter id="{i}" filterUnits="userSpaceOnUse" x="-200" y="-200" width="2800" height="1700">'
            f'<feDropShadow dx="{n(drop * 0.8)}" dy="{n(drop)}" stdDeviation="{n(drop * 0.55)}" '
            f'flood-color="{SHADOW}" flood-opacity=".5"/></filter>'
        )
    )
    return group(put_at(piece, x, y, turn=turn, scale=scale), filter=f"url(#{name})")


def steam(s: Sheet, x: float, y: float, h: float, count: int = 3) -> str:
    """Let steam rise."""
    out = []
    for i in range(count):
        sx = x + (i - (count - 1) / 2) * h * 0.16
        way = [
            (sx, y),
            (sx + h * 0.08, y - h * 0.25),
            (sx - h * 0.07, y - h * 0.52),
            (sx + h * 0.06, y - h * 0.78),
            (sx, y - h * (0.92 + 0.1 * (i % 2))),
        ]
        out.append(shape(smooth(ribbon(way, lambda t: h * 0.1 * math.sin(math.pi * (0.08 + 0.9 * t)) + 2)), "#fffaf0"))
    return group(*out, opacity=0.42, filter=s.blur(h * 0.045))
