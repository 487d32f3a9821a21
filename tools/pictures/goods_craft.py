# ruff: noqa: E501 - outlines are read as one line
"""Scenes of the craft goods: brocade, basketry, soap, orchid, bonsai."""

from __future__ import annotations

import math

from book import picture
from cloth import CLASSIC, HONEYED, NARROW, Row, height, rows, strip, woven
from kit import (
    CANE,
    CREAM,
    INK,
    PAPER,
    RED,
    RED_D,
    SHADOW,
    THREAD,
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
)
from packs import bottle, jar, label
from stage import board, disc, leaf, lying, plate, room, scatter, sprig


def bamboo(s: Sheet, x1: float, x2: float, y: float, thick: float, colour: str = "#b99a55") -> str:
    """Lay a bamboo pole across, with its knots."""
    d = box(x1, y - thick / 2, x2 - x1, thick, thick * 0.3)
    knots = []
    x = x1 + (x2 - x1) * 0.07
    while x < x2:
        knots.append(
            shape(
                box(x - 5, y - thick * 0.58, 10, thick * 1.16, 4),
                s.down(light(colour, 0.4), dark(colour, 0.4)),
            )
        )
        knots.append(line(f"M{n(x + 8)} {n(y - thick * 0.45)}v{n(thick * 0.9)}", dark(colour, 0.5), 2, opacity=0.4))
        x += (x2 - x1) * 0.235
    return group(
        shape(
            d,
            s.down((0, light(colour, 0.3)), (0.3, light(colour, 0.5)), (0.55, colour), (1, dark(colour, 0.5))),
        ),
        *knots,
    )


def hanging(
    s: Sheet,
    x: float,
    top: float,
    w: float,
    h: float,
    which: list[Row],
    *,
    folds: int = 6,
    swing: float = 16,
    tail: float = 90,
    step: float = 48,
) -> str:
    """Hang a cloth from a pole in soft folds, bands running across, with a fringe."""
    tall = height(which)
    scale = 1.0
    cols = 56
    cw = w / cols
    out = []
    fold = [math.sin(i / cols * folds * math.pi) for i in range(cols + 1)]
    for i in range(cols):
        left, right = fold[i] * swing, fold[i + 1] * swing
        skew = (right - left) / cw
        slope = fold[i + 1] - fold[i]
        cell = box(0, 0, cw + 0.8, h)
        fill = s.tile(rows(which, step), step, tall, f"translate({n(-i * cw % step)} 0) scale({scale})")
        tone = slope * cols / folds / math.pi
        veil = shape(
            cell,
            "#180a05" if tone > 0 else "#fff0d8",
            opacity=f"{abs(tone) * (0.5 if tone > 0 else 0.2):.2f}",
        )
        out.append(
            f'<g transform="matrix(1 {skew:.4f} 0 1 {x + i * cw:.1f} {top + left:.1f})">{shape(cell, fill)}{veil}</g>'
        )
    ends = []
    for i in range(cols):
        u = i + 0.5
        k = int(u)
        y = top + h + swing * (fold[k] + (fold[k + 1] - fold[k]) * (u - k))
        fx = x + u * cw
        slope = fold[k + 1] - fold[k]
        colour = mix([INK, RED, CREAM, RED_D][i % 4], SHADOW, max(0.0, slope * 1.6) if slope > 0 else 0)
        sway = s.chance.uniform(-5, 5)
        ends.append(
            line(
                f"M{n(fx)} {n(y - 6)}q{n(sway)} {n(tail / 2)} {n(sway * 0.4)} {n(tail * s.chance.uniform(0.85, 1.05))}",
                colour,
                cw * 0.42,
            )
        )
    shadow = shape(
        box(x + 34, top + 10, w, h + tail * 0.7, 10),
        SHADOW,
        filter=s.blur(18),
        opacity=0.36,
        style="mix-blend-mode:multiply",
    )
    ribs = s.tile('<rect width="6" height="3" fill="#000" opacity=".12"/>', 6, 9)
    return group(shadow, *ends, *out, shape(box(x, top - swing, w, h + swing * 2), ribs))


def folded(
    s: Sheet,
    x: float,
    base: float,
    w: float,
    layers: int,
    thick: float,
    which: list[Row],
    *,
    depth: float = 120,
) -> str:
    """Stack a folded cloth: rounded layers in front, patterned top seen at a low angle."""
    h = layers * thick
    top = base - h
    face = [(x + 46, top - depth), (x + w - 40, top - depth), (x + w, top), (x, top)]
    d = poly(face)
    fill = s.tile(
        rows(which),
        48,
        height(which),
        f"translate({n(x)} {n(top - depth)}) skewX(-14) scale(.9 {depth / height(which):.3f})",
    )
    out = [
        shape(
            poly(
                [
                    (x + 10, base - h * 0.5),
                    (x + 60, top - depth + 20),
                    (x + w + 40, top - depth + 34),
                    (x + w + 70, base + 6),
                    (x + 20, base + 14),
                ]
            ),
            SHADOW,
            filter=s.blur(13),
            opacity=0.42,
            style="mix-blend-mode:multiply",
        ),
    ]
    for i in range(layers):
        y = base - (i + 1) * thick
        edge = box(x - (i % 2) * 5, y, w + (i % 2) * 7, thick, thick * 0.5)
        tile = s.tile(rows(which), 48, height(which), f"translate({n(x + i * 17)} {n(y - 60 - i * 42)}) scale(.9)")
        out.append(s.solid(edge, tile, base=INK, depth=thick * 0.8, shade=0.7, shine=0.12))
        out.append(line(f"M{n(x + 4)} {n(y + thick)}h{n(w - 8)}", "#120806", 3, opacity=0.7))
    out.append(s.solid(d, fill, base=RED, depth=30, shade=0.4, shine=0.15))
    return group(*out)


def over_pole(s: Sheet, x: float, y: float, w: float, thick: float, which: list[Row], *, step: float = 48) -> str:
    """Draw the part of a hanging cloth that turns over the pole."""
    d = box(x - 2, y - thick * 0.72, w + 4, thick * 1.5, 10)
    tile = s.tile(rows(which, step), step, height(which), f"translate({n(x % step)} {n(y - thick * 0.72)}) scale(1 .8)")
    return group(
        shape(box(x + 6, y + thick * 0.6, w, 34), SHADOW, filter=s.blur(9), opacity=0.7),
        shape(d, tile),
        shape(
            d,
            s.down((0, "#fff0d8", 0.12), (0.25, "#fff0d8", 0.36), (0.5, "#1a0b05", 0), (1, "#1a0b05", 0.75)),
        ),
    )


@picture("khan-thi-sung")
def scarf(s: Sheet) -> None:
    """A brocade scarf over a bamboo pole, another folded on the table."""
    room(s, "sand", edge=860)
    pole_y = 130
    s.put(
        shape(box(120, pole_y + 34, 1360, 26, 12), SHADOW, filter=s.blur(12), opacity=0.3),
        line(f"M250 -20V{pole_y}M1330 -20V{pole_y}", "#8a6a3f", 8),
        line(f"M253 -20V{pole_y}M1333 -20V{pole_y}", "#d8b98a", 2),
        bamboo(s, 80, 1520, pole_y, 48),
    )
    wide: list[Row] = [*CLASSIC[:-1], ("plain", 70, INK, INK), *NARROW, ("plain", 70, INK, INK)]
    s.put(hanging(s, 300, pole_y + 20, 500, 690, wide, folds=7, swing=13, tail=110))
    s.put(
        over_pole(
            s,
            300,
            pole_y,
            500,
            58,
            [("plain", 40, INK, INK), ("thread", 10, INK, PAPER), ("zig", 34, RED, PAPER)],
        )
    )
    thin: list[Row] = [
        ("plain", 44, RED, RED),
        ("thread", 10, RED, CREAM),
        ("zig", 34, INK, CREAM),
        ("thread", 10, RED, CREAM),
        ("plain", 44, RED, RED),
        ("pair", 28, RED_D, CREAM),
    ]
    s.put(hanging(s, 880, pole_y + 20, 280, 470, thin, folds=5, swing=11, tail=90))
    s.put(over_pole(s, 880, pole_y, 280, 58, [("plain", 60, RED, RED), ("thread", 10, RED, CREAM)]))
    s.put(folded(s, 850, 1110, 600, 3, 58, CLASSIC, depth=150))
    s.put(spool(s, 250, 1080, 170, 220, THREAD))
    s.put(spool(s, 440, 1125, 140, 160, "#2b1f1b"))
    s.put(line(smooth([(322, 1050), (430, 1150), (600, 1168), (720, 1130), (840, 1150)], closed=False), RED, 6))


def spool(s: Sheet, cx: float, base: float, w: float, h: float, yarn: str) -> str:
    """Stand a wooden spool of yarn on the table."""
    top = base - h
    wood = "#c89b62"
    belly = f"M{n(cx - w * 0.36)} {n(top + h * 0.13)}C{n(cx - w * 0.56)} {n(top + h * 0.35)} {n(cx - w * 0.56)} {n(top + h * 0.65)} {n(cx - w * 0.36)} {n(base - h * 0.12)}A{n(w * 0.36)} {n(w * 0.09)} 0 0 0 {n(cx + w * 0.36)} {n(base - h * 0.12)}C{n(cx + w * 0.56)} {n(top + h * 0.65)} {n(cx + w * 0.56)} {n(top + h * 0.35)} {n(cx + w * 0.36)} {n(top + h * 0.13)}Z"
    turns = "".join(
        line(
            f"M{n(cx - w * 0.6)} {n(y)}q{n(w * 0.6)} {n(22)} {n(w * 1.2)} 4",
            mix(yarn, "#000000" if i % 3 else "#ffffff", 0.25),
            2.6,
            opacity=0.5,
        )
        for i, y in enumerate(range(int(top), int(base), 8))
    )

    def wheel(y: float, r: float) -> str:
        return group(
            shape(
                f"M{n(cx - r)} {n(y)}v{n(h * 0.07)}a{n(r)} {n(r * 0.24)} 0 0 0 {n(2 * r)} 0v{n(-h * 0.07)}Z",
                s.lin(light(wood, 0.3), wood, dark(wood, 0.4)),
            ),
            shape(oval(cx, y, r, r * 0.24), s.lin(light(wood, 0.6), wood)),
        )

    return group(
        s.cast(box(cx - w / 2, top, w, h), base, opacity=0.3),
        s.contact(cx, base + 4, w * 0.5),
        wheel(base - h * 0.1, w * 0.5),
        s.solid(belly, yarn, depth=w * 0.35, shade=0.6, shine=0.4, within=turns),
        wheel(top + h * 0.03, w * 0.44),
        shape(oval(cx, top + h * 0.03, w * 0.1, w * 0.03), dark(wood, 0.6)),
    )


@picture("gio-may-nuoc")
def basket(s: Sheet) -> None:
    """A rattan basket with a brocade cloth, coils of cane beside it."""
    room(s, "leaf", edge=720)
    s.put(
        sprig(
            s,
            bezier((360, 980), (220, 820), (170, 640), (210, 420)),
            size=190,
            width=62,
            colour="#4c7a3f",
            count=11,
        )
    )
    s.put(woven_basket(s, 720, 1090, 960, 560))
    s.put(coil(s, 1340, 1050, 205))
    s.put(
        put_at(leaf(s, 230, 78, "#5b8843"), 150, 1120, turn=-18),
        put_at(leaf(s, 190, 64, "#6d9448"), 150, 1128, turn=16),
    )


def coil(s: Sheet, cx: float, cy: float, r: float) -> str:
    """Lay a coil of split cane on the table."""
    out = [
        shape(
            oval(cx + 24, cy + 24, r * 1.05, r * 0.46),
            SHADOW,
            filter=s.blur(12),
            opacity=0.4,
            style="mix-blend-mode:multiply",
        )
    ]
    for i in range(13):
        k = i / 12
        rr = r * (1 - 0.32 * ((i * 5) % 13) / 13)
        y = cy + 34 - 68 * k
        c = mix(CANE, ["#e7c48c", "#8a5a28"][i % 2], 0.2 + 0.3 * s.chance.random())
        out.append(line(oval(cx + s.chance.uniform(-8, 8), y, rr, rr * 0.4), dark(c, 0.45), 13, opacity=0.55))
        out.append(line(oval(cx + s.chance.uniform(-6, 6), y - 2, rr, rr * 0.4), c, 9))
        out.append(
            line(
                f"M{n(cx - rr * 0.86)} {n(y - rr * 0.2)}A{n(rr)} {n(rr * 0.4)} 0 0 1 {n(cx - rr * 0.1)} {n(y - rr * 0.4)}",
                light(c, 0.6),
                2.4,
                opacity=0.8,
            )
        )
    for u in (-0.7, 0.6):
        x = cx + u * r * 0.9
        out.append(shape(box(x - 12, cy + r * 0.06, 24, r * 0.36, 8), s.lin(light(RED, 0.1), RED, RED_D)))
    return group(*out)


def woven_basket(s: Sheet, cx: float, base: float, w: float, h: float) -> str:
    """A wide basket, woven over and under, with a wrapped rim and a handle."""
    top = base - h
    half, foot = w / 2, w * 0.36
    ry = w * 0.085
    d = f"M{n(cx - half)} {n(top)}C{n(cx - half * 0.98)} {n(top + h * 0.5)} {n(cx - foot * 1.12)} {n(base - h * 0.2)} {n(cx - foot)} {n(base)}A{n(foot)} {n(foot * 0.13)} 0 0 0 {n(cx + foot)} {n(base)}C{n(cx + foot * 1.12)} {n(base - h * 0.2)} {n(cx + half * 0.98)} {n(top + h * 0.5)} {n(cx + half)} {n(top)}A{n(half)} {n(ry)} 0 0 1 {n(cx - half)} {n(top)}Z"
    weave = []
    lines, stakes = 12, 26

    def at(a: float, t: float) -> Point:
        r = half + (foot - half) * t**1.15
        return cx - r * math.cos(a), top + h * t + (ry + (foot * 0.13 - ry) * t) * math.sin(a)

    for row in range(lines):
        t0, t1 = row / lines, (row + 1) / lines
        for k in range(stakes):
            over = (k + row) % 2 == 0
            grow = 0.16 if over else -0.14
            a0, a1 = math.pi * max(0.0, (k - grow) / stakes), math.pi * min(1.0, (k + 1 + grow) / stakes)
            low, high = (t0 + 0.004, t1 - 0.004) if over else (t0 - 0.02, t1 + 0.02)
            (x0, y0), (x1, y1), (x2, y2), (x3, y3) = at(a0, low), at(a1, low), at(a1, high), at(a0, high)
            turn_to = math.cos((a0 + a1) / 2)
            tone = mix("#d3a260" if over else "#a8743a", "#5e3817", max(0.0, -turn_to) * 0.6)
            tone = mix(tone, "#f4d9a6", max(0.0, math.cos((a0 + a1) / 2 - 0.95)) ** 5 * (0.5 if over else 0.2))
            if over and row in (4, 5, 8):
                tone = mix(RED_D if row != 5 else INK, "#1d0b08", max(0.0, -turn_to) * 0.5)
            bulge = (y3 - y0) * (0.14 if over else 0)
            cell = f"M{n(x0)} {n(y0)}Q{n((x0 + x1) / 2)} {n((y0 + y1) / 2 - bulge)} {n(x1)} {n(y1)}L{n(x2)} {n(y2)}Q{n((x2 + x3) / 2)} {n((y2 + y3) / 2 + bulge)} {n(x3)} {n(y3)}Z"
            piece = (
                shape(
                    cell,
                    s.lin((0, dark(tone, 0.3)), (0.25, light(tone, 0.16)), (0.7, tone), (1, dark(tone, 0.42))),
                )
                if over
                else shape(cell, tone)
            )
            weave.append((1 if over else 0, piece))
            if over:
                gleam = f"M{n(x0 + (x1 - x0) * 0.2)} {n(y0 + (y3 - y0) * 0.26)}L{n(x0 + (x1 - x0) * 0.7)} {n(y1 + (y2 - y1) * 0.26)}"
                weave.append((2, line(gleam, light(tone, 0.55), 3, opacity=0.55)))
    weave = [piece for _z, piece in sorted(weave, key=lambda item: item[0])]
    stakes_under = ""
    # handle behind and in front
    arch = bezier(
        (cx - half * 0.9, top + 6),
        (cx - half * 0.86, top - h * 0.9),
        (cx + half * 0.86, top - h * 0.9),
        (cx + half * 0.9, top + 6),
        60,
    )
    handle = smooth(ribbon(arch, 42))
    wraps = []
    for i in range(2, len(arch) - 2):
        (x, y), (x2, y2) = arch[i], arch[i + 1]
        ang = math.degrees(math.atan2(y2 - y, x2 - x))
        wraps.append(
            put_at(
                line("M-2 -21L8 21", "#6b421c", 2.4, opacity=0.55) + line("M4 -19L14 19", "#f3d9a6", 2.2, opacity=0.5),
                x,
                y,
                turn=ang,
            )
        )
    back = shape(oval(cx, top, half, ry), s.lin("#5d3a1b", "#8a5b2b"))
    # the cloth that looks out
    drape = smooth(
        [
            (cx - half * 0.8, top - 6),
            (cx - half * 0.55, top - 74),
            (cx - half * 0.12, top - 104),
            (cx + half * 0.3, top - 84),
            (cx + half * 0.66, top - 40),
            (cx + half * 0.8, top + 4),
            (cx + half * 0.2, top + ry * 0.9),
            (cx - half * 0.4, top + ry * 0.8),
        ]
    )
    hang = smooth(
        [
            (cx + half * 0.1, top + ry * 0.6),
            (cx + half * 0.34, top + ry * 0.3),
            (cx + half * 0.66, top + ry * 0.2),
            (cx + half * 0.62, top + h * 0.34),
            (cx + half * 0.5, top + h * 0.52),
            (cx + half * 0.34, top + h * 0.4),
            (cx + half * 0.18, top + h * 0.44),
        ],
        tension=0.8,
    )
    tile = woven(s, CLASSIC, scale=0.72, at=f"translate({n(cx)} {n(top - 90)}) rotate(-16)")
    tile2 = woven(s, CLASSIC, scale=0.72, at=f"translate({n(cx + 40)} {n(top - 60)}) rotate(8)")
    rim, far_rim = [], []
    for i in range(116):
        a = 2 * math.pi * i / 116
        x, y = cx - half * 1.01 * math.cos(a), top + ry * math.sin(a)
        c = mix("#d9ad6c", "#6f441c", max(0.0, -math.cos(a)) * 0.7 + (0.25 if math.sin(a) < 0 else 0))
        piece = put_at(
            shape(box(-11, -20, 20, 40, 9), c)
            + line("M-5 -14q4 12 2 26", light(c, 0.6), 2.2, opacity=0.7)
            + line("M8 -16v32", dark(c, 0.5), 2.2, opacity=0.6),
            x,
            y,
            turn=16,
        )
        (rim if math.sin(a) >= -0.02 else far_rim).append(piece)
    return group(
        s.cast(d, base, flat=0.24, opacity=0.3),
        s.contact(cx, base + 14, foot * 1.1, 26),
        shape(handle, "#ad7a3c") + group(*wraps),
        shape(
            handle,
            s.lin((0, "#fff0d0", 0.3), (0.5, "#fff0d0", 0), (1, SHADOW, 0.45)),
            style="mix-blend-mode:normal",
        ),
        *far_rim,
        back,
        s.solid(drape, tile, base=RED, depth=40, shade=0.6, shine=0.3),
        line(
            smooth(
                [(cx - half * 0.3, top - 96), (cx - half * 0.2, top - 40), (cx - half * 0.32, top + 10)],
                closed=False,
            ),
            "#150805",
            12,
            opacity=0.35,
            filter=s.blur(5),
        ),
        line(
            smooth(
                [(cx + half * 0.25, top - 80), (cx + half * 0.34, top - 30), (cx + half * 0.3, top + 10)],
                closed=False,
            ),
            "#150805",
            12,
            opacity=0.35,
            filter=s.blur(5),
        ),
        s.inside(
            d,
            shape(d, "#5d3a1b"),
            stakes_under,
            *weave,
            shape(
                d,
                s.down((0, SHADOW, 0.3), (0.16, SHADOW, 0), (0.8, SHADOW, 0), (1, SHADOW, 0.4)),
                style="mix-blend-mode:multiply",
            ),
        ),
        s.grain(d, "#2d170a", 0.5, y1=0),
        *rim,
        shape(
            hang,
            SHADOW,
            transform="translate(16 14)",
            filter=s.blur(10),
            opacity=0.45,
            style="mix-blend-mode:multiply",
        ),
        s.solid(hang, tile2, base=RED, depth=40, shade=0.6, shine=0.35),
    )


@picture("tui-y-hoa")
def handbag(s: Sheet) -> None:
    """A brocade handbag with leather trim, a purse beside it."""
    room(s, "rose", edge=740)
    leather = "#6b3a1f"
    cx, base, w, h = 690, 1080, 860, 600
    top = base - h
    d = f"M{cx - w * 0.41} {top}Q{cx} {top + 26} {cx + w * 0.41} {top}C{cx + w * 0.46} {top + 200} {cx + w * 0.5} {base - 150} {cx + w * 0.5} {base - 60}Q{cx + w * 0.5} {base} {cx + w * 0.43} {base}Q{cx} {base + 22} {cx - w * 0.43} {base}Q{cx - w * 0.5} {base} {cx - w * 0.5} {base - 60}C{cx - w * 0.5} {base - 150} {cx - w * 0.46} {top + 200} {cx - w * 0.41} {top}Z"

    def handle(shift: float, lift: float, tone: str) -> str:
        way = bezier(
            (cx - 200, top + 60),
            (cx - 190 + shift, top - 380 + lift),
            (cx + 190 + shift, top - 380 + lift),
            (cx + 200, top + 60),
            40,
        )
        body = smooth(ribbon(way, 38))
        stitch = line(smooth(way, closed=False), "#e3c391", 3, stroke_dasharray="11 9", opacity=0.75)
        return s.solid(body, tone, depth=20, shade=0.5, shine=0.5, within=stitch)

    big: list[Row] = [*CLASSIC[1:], *CLASSIC[1:9]]
    cloth = woven(s, big, scale=1.42, at=f"translate({cx - 30} {top - 40})")
    folds = group(
        shape(
            smooth(
                [
                    (cx - 330, top),
                    (cx - 250, top + 200),
                    (cx - 300, base - 60),
                    (cx - 380, base - 80),
                    (cx - 370, top + 200),
                ]
            ),
            "#1a0b06",
            opacity=0.3,
            filter=s.blur(24),
        ),
        shape(
            smooth([(cx + 40, top + 20), (cx + 90, top + 240), (cx + 30, base - 120), (cx - 20, top + 240)]),
            "#fff0d8",
            opacity=0.14,
            filter=s.blur(24),
        ),
        shape(
            smooth(
                [
                    (cx + 280, top),
                    (cx + 250, top + 260),
                    (cx + 330, base - 60),
                    (cx + 400, base - 100),
                    (cx + 350, top + 200),
                ]
            ),
            "#1a0b06",
            opacity=0.35,
            filter=s.blur(24),
        ),
    )
    foot = f"M{cx - w * 0.6} {base - 120}Q{cx} {base - 84} {cx + w * 0.6} {base - 120}V{base + 60}H{cx - w * 0.6}Z"
    rim = f"M{cx - w * 0.6} {top - 40}H{cx + w * 0.6}V{top + 74}Q{cx} {top + 104} {cx - w * 0.6} {top + 74}Z"
    s.put(handle(34, -36, dark(leather, 0.35)))
    s.put(s.cast(d, base), s.contact(cx, base + 6, w * 0.46, 28))
    s.put(
        s.solid(
            d,
            cloth,
            base=RED,
            depth=70,
            shade=0.55,
            shine=0.2,
            within=group(
                folds,
                shape(foot, s.lin(light(leather, 0.2), leather, dark(leather, 0.3))),
                shape(rim, s.lin(light(leather, 0.2), leather, dark(leather, 0.3))),
                line(
                    f"M{cx - w * 0.6} {base - 106}Q{cx} {base - 70} {cx + w * 0.6} {base - 106}M{cx - w * 0.6} {top + 60}Q{cx} {top + 90} {cx + w * 0.6} {top + 60}",
                    "#e3c391",
                    3.4,
                    stroke_dasharray="12 10",
                    opacity=0.8,
                ),
            ),
        )
    )
    s.put(handle(0, 0, leather))
    for x in (cx - 200, cx + 200):
        tab = f"M{x - 36} {top + 30}H{x + 36}V{top + 130}L{x} {top + 172}L{x - 36} {top + 130}Z"
        s.put(
            shape(tab, SHADOW, transform="translate(6 9)", filter=s.blur(6), opacity=0.5),
            s.solid(tab, leather, depth=16, shade=0.4),
            shape(oval(x, top + 112, 13, 13), s.rad("#ffe9a8", "#a8761c", cx=0.35, cy=0.3)),
        )
    # tassel
    s.put(put_at(tassel(s, 190), cx + 330, top + 66))
    s.put(purse(s, 1330, 1075, 330, 220))
    s.put(
        lying(s, leaf(s, 220, 76, "#4c7a3f"), 60, 1140, turn=-14),
        lying(s, leaf(s, 180, 62, "#6d9448"), 90, 1150, turn=12),
    )


def tassel(s: Sheet, h: float) -> str:
    """Draw a yarn tassel hanging from (0, 0)."""
    threads = "".join(
        line(
            f"M{n(x * 0.5)} {n(h * 0.34)}q{n(x * 0.5)} {n(h * 0.3)} {n(x)} {n(h * 0.66 - abs(x) * 0.3)}",
            [RED, THREAD, INK, CREAM, RED_D][int(abs(x)) % 5],
            6,
        )
        for x in range(-26, 27, 5)
    )
    return group(
        line(f"M0 0V{n(h * 0.24)}", INK, 7),
        threads,
        shape(oval(0, h * 0.26, 22, 24), s.rad((0, "#e9574a"), (1, RED_D), cx=0.35, cy=0.3)),
        shape(box(-19, h * 0.34, 38, 16, 6), s.lin(light(INK, 0.3), INK)),
    )


def purse(s: Sheet, cx: float, base: float, w: float, h: float) -> str:
    """Draw a small zip purse lying upright."""
    top = base - h
    d = f"M{n(cx - w / 2 + 20)} {n(top)}H{n(cx + w / 2 - 20)}Q{n(cx + w / 2)} {n(top)} {n(cx + w / 2)} {n(top + 30)}V{n(base - 30)}Q{n(cx + w / 2)} {n(base)} {n(cx + w / 2 - 30)} {n(base)}Q{n(cx)} {n(base + 9)} {n(cx - w / 2 + 30)} {n(base)}Q{n(cx - w / 2)} {n(base)} {n(cx - w / 2)} {n(base - 30)}V{n(top + 30)}Q{n(cx - w / 2)} {n(top)} {n(cx - w / 2 + 20)} {n(top)}Z"
    cloth = woven(
        s,
        [("plain", 30, RED, RED), *NARROW, ("plain", 30, RED, RED), ("pair", 26, RED_D, CREAM)],
        scale=1.1,
        at=f"translate({n(cx)} {n(top + 20)})",
    )
    zip_ = group(
        shape(box(cx - w, top, w * 2, 30), INK),
        line(
            f"M{n(cx - w)} {n(top + 16)}H{n(cx + w)}",
            "#e0c27a",
            8,
            stroke_dasharray="5 4",
            stroke_linecap="butt",
        ),
    )
    return group(
        s.cast(d, base),
        s.contact(cx, base + 4, w * 0.46),
        s.solid(d, cloth, base=RED, depth=40, shade=0.5, shine=0.2, within=zip_),
        put_at(tassel(s, 110), cx - w / 2 + 26, top + 18, turn=12),
    )


@picture("ca-vat-tho-cam")
def necktie(s: Sheet) -> None:
    """Seen from above: a folded shirt with a brocade tie, another tie rolled in a box."""
    ground = "#cfa37a"
    s.put(shape(box(0, 0, 1600, 1200), s.lin(light(ground, 0.4), ground, dark(ground, 0.16), x2=1, y2=0.7)))
    for k in range(7):
        y = 90 + k * 190
        s.put(
            line(
                smooth([(-20 + i * 170, y + s.chance.uniform(-8, 8)) for i in range(11)], closed=False),
                dark(ground, 0.3),
                3,
                opacity=0.3,
            )
        )
    pane = group(
        shape(poly([(180, -20), (620, -20), (1180, 1220), (740, 1220)]), "#fff3da", opacity=0.3),
        shape(poly([(700, -20), (1040, -20), (1600, 1220), (1260, 1220)]), "#fff3da", opacity=0.24),
        filter=s.blur(10),
    )
    s.put(pane)
    shirt, deep = "#f4eddf", "#c9bba4"
    body = "M180 250Q190 190 260 170L430 120H770L940 170Q1010 190 1020 250V1140Q600 1170 180 1140Z"
    s.put(
        shape(
            body,
            SHADOW,
            transform="translate(26 30)",
            filter=s.blur(18),
            opacity=0.5,
            style="mix-blend-mode:multiply",
        )
    )
    creases = group(
        line("M600 240V1160", deep, 3, opacity=0.8),
        line("M628 240V1160", deep, 2, opacity=0.6),
        shape(
            smooth([(260, 400), (300, 700), (280, 1060), (230, 1080), (220, 600)]),
            deep,
            opacity=0.5,
            filter=s.blur(20),
        ),
        shape(
            smooth([(930, 380), (960, 700), (930, 1080), (1000, 1080), (1010, 500)]),
            dark(deep, 0.2),
            opacity=0.5,
            filter=s.blur(20),
        ),
        shape(smooth([(700, 320), (860, 420), (800, 520), (690, 420)]), deep, opacity=0.4, filter=s.blur(18)),
    )
    s.put(s.solid(body, shirt, depth=46, shade=0.3, shine=0.5, within=creases))
    # neck opening and stand
    s.put(
        shape("M430 130Q600 60 770 130L700 230Q600 180 500 230Z", dark(deep, 0.35)),
        shape("M446 122Q600 62 754 122L720 168Q600 118 480 168Z", s.down("#fffaf0", deep)),
    )
    # tie
    cloth = woven(s, [*CLASSIC[1:], *BLUE_TIE], scale=0.8, at="translate(600 300) rotate(-38)")
    blade = "M548 330L652 330C668 560 690 780 706 960L600 1080L494 960C510 780 532 560 548 330Z"
    knot = "M522 226Q600 196 678 226L650 346Q600 364 550 346Z"
    s.put(shape(blade, SHADOW, transform="translate(18 20)", filter=s.blur(12), opacity=0.5))
    s.put(
        s.solid(
            blade,
            cloth,
            base=RED,
            depth=34,
            shade=0.55,
            shine=0.35,
            within=line("M600 360C606 600 604 800 600 1080", "#fff0d8", 14, opacity=0.12, filter=s.blur(8)),
        )
    )
    s.put(shape("M548 336Q600 356 652 336L650 372Q600 384 550 372Z", "#120704", opacity=0.5, filter=s.blur(5)))
    s.put(s.inside(blade, shape("M520 330L680 330L690 400L510 400Z", "#120704", opacity=0.6, filter=s.blur(12))))
    s.put(
        s.solid(
            knot,
            woven(s, CLASSIC[2:6], scale=0.8, at="translate(600 240) rotate(24)"),
            base=RED,
            depth=36,
            shade=0.7,
            shine=0.5,
        )
    )
    # collar points
    for side in (-1, 1):
        tip = 600 + side * 210
        flap = f"M{600 + side * 165} 112Q{600 + side * 120} 150 {600 + side * 52} 226L{tip - side * 60} 400L{tip + side * 36} 236Q{600 + side * 220} 170 {600 + side * 165} 112Z"
        s.put(
            shape(flap, SHADOW, transform="translate(8 12)", filter=s.blur(8), opacity=0.4),
            s.solid(flap, "#fbf6ec", depth=26, shade=0.25, shine=0.5),
            line(
                f"M{600 + side * 62} 232L{tip - side * 58} 382L{tip + side * 24} 240",
                deep,
                2.4,
                stroke_dasharray="8 6",
            ),
        )
    # gift box with a rolled tie
    bx = box(1120, 330, 380, 560, 14)
    s.put(
        shape(bx, SHADOW, transform="translate(24 28)", filter=s.blur(16), opacity=0.5),
        s.solid(bx, "#7d1613", depth=34, shade=0.4, shine=0.4),
        shape(box(1150, 360, 320, 500, 8), s.lin("#e3d0ad", "#f6ecd9", x2=1, y2=1)),
        shape(box(1150, 360, 320, 40), SHADOW, opacity=0.25, filter=s.blur(10)),
    )
    other: list[Row] = [
        ("plain", 24, RED, RED),
        ("thread", 10, RED, CREAM),
        ("zig", 34, INK, CREAM),
        ("thread", 10, RED, CREAM),
        ("pair", 26, RED_D, CREAM),
    ]
    for dx, top, end, half, tilt in ((64, 420, 800, 34, 24), (-26, 390, 834, 64, -34)):
        x = 1300 + dx
        tie = f"M{x - half * 0.7} {top}Q{x} {top - 26} {x + half * 0.7} {top}L{x + half} {end - half}L{x} {end}L{x - half} {end - half}Z"
        s.put(
            shape(tie, SHADOW, transform="translate(12 12)", filter=s.blur(9), opacity=0.5),
            s.solid(
                tie,
                woven(s, other, scale=0.74, at=f"translate({x} 600) rotate({tilt})"),
                base=RED,
                depth=26,
                shade=0.5,
                shine=0.3,
            ),
        )
    s.put(s.solid(box(1222, 560, 190, 54, 10), "#f6ecd9", depth=14, shade=0.35), strip(s, 1222, 575, 190, 24))
    s.put(label(s, 1310, 950, 380, 200, ["Cà vạt thổ cẩm"], paper="#fdf6e8"))
    s.put(
        lying(s, leaf(s, 230, 80, "#4c7a3f"), 1180, 250, turn=-150),
        lying(s, leaf(s, 200, 70, "#6d9448"), 1190, 262, turn=170),
    )


BLUE_TIE: list[Row] = [
    ("plain", 60, INK, INK),
    ("thread", 10, INK, THREAD),
    ("zig", 34, INK, CREAM),
    ("thread", 10, INK, THREAD),
]


def soap(
    s: Sheet,
    x: float,
    base: float,
    w: float,
    h: float,
    depth: float,
    colour: str,
    *,
    wrap: bool = True,
    specks: str = "",
) -> str:
    """Draw a bar of soap with a paper sleeve of brocade."""
    top = base - h
    up = depth * 0.5
    lean = depth * 0.45
    r = h * 0.22
    front = box(x, top, w, h, r)
    lid = f"M{n(x + r)} {n(top)}L{n(x + lean + r)} {n(top - up)}H{n(x + w + lean - r)}L{n(x + w - r)} {n(top)}Z"
    side = f"M{n(x + w)} {n(top + r)}Q{n(x + w)} {n(top)} {n(x + w - r)} {n(top)}L{n(x + w + lean - r)} {n(top - up)}Q{n(x + w + lean)} {n(top - up)} {n(x + w + lean)} {n(top - up + r)}V{n(base - up - r)}L{n(x + w)} {n(base - r)}Z"
    whole = front + lid + side
    dots = (
        "".join(
            shape(
                oval(
                    s.chance.uniform(x, x + w + lean),
                    s.chance.uniform(top - up, base),
                    s.chance.uniform(2, 5),
                    s.chance.uniform(2, 4),
                ),
                specks,
                opacity=0.7,
            )
            for _ in range(70)
        )
        if specks
        else ""
    )
    sleeve = ""
    if wrap:
        a, b = x + w * 0.3, x + w * 0.7
        sleeve = group(
            shape(poly([(a, top), (a + lean, top - up), (b + lean, top - up), (b, top)]), "#f6ecd9"),
            shape(box(a, top - 1, b - a, h + 2), s.lin("#fbf4e6", "#eadcc2")),
            strip(s, a, top + h * 0.62, b - a, h * 0.2),
        )
    return group(
        shape(
            poly(
                [
                    (x + 10, base - 8),
                    (x + w, base - 8),
                    (x + w + lean + 30, base - up),
                    (x + w + lean + 50, base - up + 20),
                    (x + w + 20, base + 14),
                    (x + 8, base + 10),
                ]
            ),
            SHADOW,
            filter=s.blur(9),
            opacity=0.5,
        ),
        shape(side, s.lin(dark(colour, 0.25), dark(colour, 0.4))),
        shape(lid, s.lin(light(colour, 0.55), light(colour, 0.3))),
        s.solid(front, colour, depth=30, shade=0.3, shine=0.5),
        group(dots, clip_path=s.clip(whole)),
        sleeve,
        line(f"M{n(x + r)} {n(top)}H{n(x + w - r)}", light(colour, 0.75), 4, opacity=0.6),
    )


@picture("xa-phong-thao-duoc")
def herbal_soap(s: Sheet) -> None:
    """Bars of herbal soap in paper sleeves, herbs and a little foam."""
    room(s, "mist", edge=740)
    s.put(
        sprig(
            s,
            bezier((760, 760), (900, 560), (960, 400), (1120, 220)),
            size=190,
            width=72,
            colour="#4f7d4a",
            count=11,
        )
    )
    s.put(
        sprig(
            s,
            bezier((560, 740), (420, 600), (340, 430), (320, 260)),
            size=160,
            width=58,
            colour="#7a9a5c",
            count=10,
        )
    )
    s.put(board(s, 230, 960, 1130, 110, "#b98a55", 30))
    s.put(soap(s, 330, 990, 470, 190, 110, "#b9c49a", specks="#4f6b3a"))
    s.put(soap(s, 830, 1000, 450, 185, 110, "#e3b98a", specks="#9a5a2a"))
    s.put(soap(s, 480, 790, 520, 200, 116, "#ead9b8", specks="#a3863f"))
    front = label(s, 720, 602, 300, 178, ["Xà phòng", "thảo dược"], note="", paper="#fbf4e6")
    s.put(
        shape(box(570, 602, 300, 178, 8), SHADOW, opacity=0.3, filter=s.blur(6), transform="translate(4 5)"),
        front,
    )
    bubbles = "".join(
        shape(
            oval(x, y, r, r),
            s.rad((0, "#ffffff", 0.9), (0.7, "#dfeee6", 0.5), (1, "#8fb5a6", 0.75), cx=0.35, cy=0.3),
        )
        for x, y, r in (
            (1330, 1010, 44),
            (1396, 1040, 34),
            (1300, 1060, 28),
            (1364, 1074, 24),
            (1440, 1066, 22),
            (1420, 984, 18),
            (1470, 1030, 14),
            (1250, 1084, 16),
            (1330, 600, 26),
            (1420, 500, 18),
            (1290, 470, 13),
        )
    )
    s.put(shape(oval(1370, 1090, 150, 26), SHADOW, filter=s.blur(10), opacity=0.3), bubbles)
    s.put(
        lying(s, leaf(s, 220, 74, "#4f7d4a"), 90, 1140, turn=-12),
        lying(s, leaf(s, 170, 58, "#7a9a5c"), 130, 1150, turn=14),
    )
    for x, y in scatter(s, 780, 1150, 200, 20, 12):
        s.put(
            lying(
                s,
                shape(smooth([(-14, 0), (0, -8), (14, 0), (0, 8)]), "#d9a05c"),
                x,
                y,
                turn=s.chance.uniform(0, 180),
                drop=4,
            )
        )


def orchid(s: Sheet, r: float, colour: str = "#c45a94", lip: str = "#7d1650") -> str:
    """Draw an orchid flower about (0, 0)."""

    def petal(a: float, long: float, wide: float, tone: str) -> str:
        d = smooth(
            [
                (0, 0),
                (long * 0.4, -wide * 0.5),
                (long * 0.85, -wide * 0.36),
                (long, 0),
                (long * 0.85, wide * 0.36),
                (long * 0.4, wide * 0.5),
            ]
        )
        veins = "".join(
            line(
                f"M{n(long * 0.12)} 0Q{n(long * 0.5)} {n(k * wide * 0.4)} {n(long * 0.86)} {n(k * wide * 0.3)}",
                dark(tone, 0.25),
                2,
                opacity=0.4,
            )
            for k in (-0.8, 0, 0.8)
        )
        return put_at(shape(d, s.lin(dark(tone, 0.25), tone, light(tone, 0.45))) + veins, 0, 0, turn=a)

    return group(
        petal(-90, r, r * 0.6, light(colour, 0.12)),
        petal(142, r * 0.96, r * 0.56, light(colour, 0.06)),
        petal(38, r * 0.96, r * 0.56, light(colour, 0.06)),
        petal(-168, r * 1.08, r * 0.94, colour),
        petal(-12, r * 1.08, r * 0.94, colour),
        shape(
            smooth(
                [
                    (-r * 0.12, 0),
                    (-r * 0.34, r * 0.24),
                    (-r * 0.2, r * 0.5),
                    (0, r * 0.62),
                    (r * 0.2, r * 0.5),
                    (r * 0.34, r * 0.24),
                    (r * 0.12, 0),
                ]
            ),
            s.rad((0, light(lip, 0.2)), (1, dark(lip, 0.2))),
        ),
        shape(oval(0, r * 0.06, r * 0.13, r * 0.15), "#f6dc8a"),
        shape(oval(0, r * 0.2, r * 0.06, r * 0.09), "#e9a53c"),
    )


@picture("hoa-lan-rung")
def wild_orchid(s: Sheet) -> None:
    """A forest orchid in a clay pot, long sprays of flowers."""
    room(s, "leaf", edge=800)
    cx, base = 690, 1100
    pot: list[Point] = [(790, 215), (812, 222), (850, 214), (870, 196), (1000, 160), (1084, 130), (1100, 126)]
    d = turned_pot(cx, pot)
    blades = [
        (-300, 420, -190),
        (-420, 640, -150),
        (260, 430, 200),
        (430, 620, 160),
        (-150, 330, -120),
        (150, 350, 110),
    ]
    back = []
    for x, y, bow in blades:
        way = bezier((cx + x * 0.1, 800), (cx + bow * 0.4, y + 40), (cx + x * 0.7, y - 60), (cx + x, y + 130), 20)
        c = s.chance.choice(["#3f6d35", "#55803f", "#2f5a34"])
        back.append(
            s.solid(
                smooth(ribbon(way, lambda t: 74 * math.sin(math.pi * (0.2 + 0.78 * t)) + 4)),
                c,
                depth=26,
                shade=0.4,
                shine=0.4,
                within=line(smooth(way, closed=False), light(c, 0.4), 4, opacity=0.6),
            )
        )
    s.put(*back)
    for start, c1, c2, end, count in (
        ((cx + 10, 800), (cx + 40, 420), (cx + 240, 120), (cx + 640, 330), 8),
        ((cx - 20, 800), (cx - 60, 420), (cx - 200, 160), (cx - 480, 300), 6),
    ):
        way = bezier(start, c1, c2, end, 40)
        s.put(
            line(smooth(way, closed=False), "#4f6b34", 11),
            line(smooth([(x - 2, y - 2) for x, y in way], closed=False), "#93ad58", 3),
        )
        blooms = []
        for k in range(count):
            t = 0.42 + 0.56 * k / (count - 1)
            x, y = way[int(t * (len(way) - 1))]
            drop = 66 if k % 2 else 14
            size = 104 - 46 * (k / (count - 1)) ** 2
            blooms.append(line(f"M{n(x)} {n(y)}q6 {n(drop * 0.5)} 10 {n(drop)}", "#5f7d3c", 6))
            if k < count - 1:
                blooms.append(put_at(orchid(s, size), x + 10, y + drop, turn=s.chance.uniform(-16, 16)))
            else:
                blooms.append(shape(oval(x + 6, y + 20, 22, 30), s.rad("#e9a5c4", "#a33c74")))
        s.put(*blooms)
    clay = "#a9583a"
    s.put(s.cast(d, base), s.contact(cx, base, 130, 22))
    s.put(
        shape(oval(cx, 794, 205, 34), "#3a2418"),
        *(
            put_at(
                shape(
                    smooth([(-26, 4), (-10, -12), (14, -10), (28, 6), (4, 12)]),
                    s.chance.choice(["#5d4330", "#7a5a3c", "#6d8a3e"]),
                ),
                cx + dx,
                790 + dy,
                turn=s.chance.uniform(0, 90),
            )
            for dx, dy in (
                (-150, 6),
                (-100, -6),
                (-50, 10),
                (0, -4),
                (54, 8),
                (104, -4),
                (150, 8),
                (-20, 16),
                (80, 16),
                (-80, 16),
            )
        ),
    )
    s.put(
        group(
            shape(
                d,
                s.lin(
                    (0, dark(clay, 0.25)),
                    (0.22, light(clay, 0.35)),
                    (0.5, clay),
                    (0.88, dark(clay, 0.45)),
                    (1, dark(clay, 0.25)),
                ),
            ),
            strip(s, cx - 240, 910, 480, 62),
            shape(d, s.lin((0.5, SHADOW, 0), (1, SHADOW, 0.5)), style="mix-blend-mode:multiply"),
            clip_path=s.clip(d),
        )
    )
    s.put(line(f"M{cx - 215} 792Q{cx} 862 {cx + 215} 792", light(clay, 0.5), 6, opacity=0.8))
    s.put(
        lying(s, orchid(s, 62), 1100, 1120, turn=30),
        lying(s, put_at(leaf(s, 210, 80, "#55803f"), 0, 0), 250, 1130, turn=-10),
    )


def turned_pot(cx: float, profile: list[Point]) -> str:
    """Return the outline of a pot with an open, round mouth."""
    (y0, r0), (y1, r1) = profile[0], profile[-1]
    left = smooth([(cx - r, y) for y, r in profile], closed=False)
    right = smooth([(cx + r, y) for y, r in reversed(profile)], closed=False)
    return f"{left}A{n(r1)} {n(r1 * 0.16)} 0 0 0 {n(cx + r1)} {n(y1)}L{right[1:]}A{n(r0)} {n(r0 * 0.3)} 0 0 1 {n(cx - r0)} {n(y0)}Z"


@picture("cay-canh-bonsai")
def bonsai(s: Sheet) -> None:
    """A bonsai in a shallow glazed tray on a wooden stand."""
    room(s, "mist", edge=820)
    s.put(disc(s, 800, 470, 400, "#efe0bd"))
    bark = "#5a3b27"
    trunk = (
        bezier((760, 930), (600, 800), (980, 700), (800, 540), 24)
        + bezier((800, 540), (720, 460), (760, 380), (830, 300), 12)[1:]
    )
    limbs = [
        bezier((720, 800), (600, 740), (520, 720), (420, 700), 12),
        bezier((860, 690), (980, 640), (1080, 640), (1190, 610), 12),
        bezier((800, 560), (700, 500), (620, 480), (560, 470), 12),
        bezier((780, 480), (880, 430), (960, 430), (1030, 420), 12),
    ]
    s.put(*(s.solid(smooth(ribbon(way, lambda t: 34 - 24 * t)), bark, depth=16, shade=0.5) for way in limbs))
    ridges = "".join(
        line(
            smooth([(x + k * (26 - i * 0.5), y) for i, (x, y) in enumerate(trunk)], closed=False),
            "#2d1a10" if k < 0.2 else "#a37a55",
            4,
            opacity=0.45,
        )
        for k in (-0.9, -0.4, 0.1, 0.6, 1)
    )
    root = smooth([(640, 950), (680, 900), (720, 860), (800, 860), (850, 900), (910, 948), (780, 962)])
    s.put(
        s.solid(root, bark, depth=26),
        s.solid(smooth(ribbon(trunk, lambda t: 104 - 84 * t)), bark, depth=40, shade=0.6, within=ridges),
    )

    def pad(cx: float, cy: float, w: float, h: float) -> str:
        out = [
            shape(
                smooth(
                    [
                        (cx - w / 2, cy + h * 0.3),
                        (cx - w * 0.3, cy - h * 0.3),
                        (cx, cy - h * 0.5),
                        (cx + w * 0.3, cy - h * 0.34),
                        (cx + w / 2, cy + h * 0.26),
                        (cx, cy + h * 0.46),
                    ]
                ),
                "#1f3d27",
            )
        ]
        spots = [(s.chance.uniform(-1, 1), s.chance.uniform(-1, 1)) for _ in range(int(w * 0.62))]
        for u, v in sorted(spots, key=lambda p: -p[1]):
            if u * u + v * v > 1:
                continue
            x, y = cx + u * w * 0.5, cy + v * h * 0.42 - (1 - u * u) * h * 0.1
            tone = mix("#2c5a34", "#a3b95e", max(0.0, -v * 0.5 - u * 0.4 + 0.15))
            out.append(
                put_at(
                    shape(smooth([(-15, 0), (-3, -9), (15, 0), (-3, 9)]), tone),
                    x,
                    y,
                    turn=s.chance.uniform(0, 360),
                )
            )
        return group(*out)

    for args in (
        (430, 680, 340, 170),
        (1190, 590, 360, 180),
        (560, 450, 320, 160),
        (1040, 400, 300, 150),
        (830, 270, 420, 220),
    ):
        s.put(pad(*args))
    tray_d = "M430 940H1150L1126 1030Q1120 1052 1090 1052H490Q460 1052 454 1030Z"
    s.put(s.cast(tray_d, 1052, opacity=0.26))
    stand = "#4d2f1c"
    s.put(
        shape(
            poly([(360, 1058), (1220, 1058), (1240, 1092), (340, 1092)]),
            s.lin(light(stand, 0.25), stand, dark(stand, 0.3)),
        ),
        *(shape(box(x, 1090, 54, 60, 8), s.lin(stand, dark(stand, 0.5))) for x in (400, 1126)),
        s.contact(427, 1150, 40),
        s.contact(1153, 1150, 40),
    )
    s.put(
        shape(oval(790, 942, 352, 34), "#3f4a2a"),
        *(
            shape(
                oval(x, y, s.chance.uniform(20, 50), s.chance.uniform(8, 14)),
                s.chance.choice(["#6d8a3e", "#557a38", "#86a050"]),
            )
            for x, y in scatter(s, 790, 940, 310, 22, 40)
        ),
    )
    glaze = "#27455a"
    s.put(
        s.solid(
            tray_d,
            s.down(light(glaze, 0.15), dark(glaze, 0.2)),
            base=glaze,
            depth=30,
            shade=0.5,
            shine=0.5,
            within=strip(s, 380, 985, 820, 34),
        ),
        s.solid(box(410, 926, 760, 30, 12), glaze, depth=16, shade=0.4, shine=0.6),
    )
    s.put(
        *(
            lying(
                s,
                shape(smooth([(-30, 8), (-18, -16), (10, -20), (30, 0), (16, 14)]), s.lin("#b9b3a4", "#7d776a")),
                x,
                y,
                drop=5,
            )
            for x, y in ((600, 936), (1010, 934), (950, 946))
        )
    )


@picture("ca-canh")
def fish_bowl(s: Sheet) -> None:
    """Two ornamental fish in a round glass bowl with water plants."""
    room(s, "sky", edge=760)
    s.put(
        sprig(
            s,
            bezier((1080, 900), (1260, 740), (1380, 560), (1390, 320)),
            size=180,
            width=70,
            colour="#4c7a3f",
            count=11,
        ),
        sprig(
            s,
            bezier((420, 860), (270, 720), (180, 600), (150, 420)),
            size=160,
            width=62,
            colour="#5d8a4a",
            count=9,
        ),
    )
    cx = 760
    bowl_d = f"M{cx - 210} 262C{cx - 430} 340 {cx - 500} 560 {cx - 420} 800Q{cx - 340} 1010 {cx - 190} 1050H{cx + 190}Q{cx + 340} 1010 {cx + 420} 800C{cx + 500} 560 {cx + 430} 340 {cx + 210} 262Z"
    s.put(s.cast(bowl_d, 1050, opacity=0.2), s.contact(cx, 1056, 230, 24))
    pebbles = []
    for x, y in sorted(
        ((s.chance.uniform(cx - 360, cx + 360), s.chance.uniform(900, 1060)) for _ in range(190)),
        key=lambda p: p[1],
    ):
        c = s.chance.choice(["#d9cbb0", "#b59a78", "#8f7a60", "#efe4d2", "#a3563c"])
        pebbles.append(
            put_at(
                shape(
                    oval(0, 0, s.chance.uniform(16, 30), s.chance.uniform(11, 18)),
                    s.rad(light(c, 0.3), dark(c, 0.3), cx=0.35, cy=0.3),
                ),
                x,
                y,
                turn=s.chance.uniform(-30, 30),
            )
        )
    weeds = []
    for x, tall in ((450, 430), (500, 340), (540, 480), (1020, 400), (1070, 300), (970, 260)):
        way = [(x + 26 * math.sin(k * 0.9 + x), 980 - tall * k / 10) for k in range(11)]
        weeds.append(line(smooth(way, closed=False), "#3f6d35", 6))
        for k in range(1, 11):
            for side in (-1, 1):
                weeds.append(
                    put_at(
                        leaf(s, 62 - k * 2, 20, s.chance.choice(["#5c8a45", "#7ba352", "#3f6d35"]), veins=0),
                        *way[k],
                        turn=-90 + side * 52,
                    )
                )
    water = group(
        shape(box(cx - 500, 400, 1000, 700), s.down((0, "#c5dfd8"), (0.5, "#8fbcb8"), (1, "#5d938f"))),
        *weeds,
        *pebbles,
        put_at(fish(s, 330, "#d8431f"), 820, 620, turn=-6),
        put_at(fish(s, 230, "#f0a52c"), 640, 800, turn=8, flip=True),
        *(
            shape(oval(x, y, q, q), "#fff", opacity=0.5) + line(oval(x, y, q, q), "#fff", 2, opacity=0.8)
            for x, y, q in ((1010, 520, 12), (1024, 480, 9), (1002, 450, 7), (520, 700, 9), (508, 664, 7))
        ),
        shape(oval(cx, 402, 372, 46), "#e3f0ea", opacity=0.85),
    )
    s.put(
        group(
            shape(bowl_d, "#eaf2ee", opacity=0.5),
            water,
            shape(
                bowl_d,
                s.lin((0, "#24484a", 0.4), (0.14, "#24484a", 0), (0.8, "#24484a", 0), (1, "#24484a", 0.5)),
                style="mix-blend-mode:multiply",
            ),
            shape(
                smooth([(400, 430), (350, 560), (370, 760), (400, 760), (390, 580), (430, 450)]),
                "#fff",
                opacity=0.6,
            ),
            shape(smooth([(1130, 500), (1150, 640), (1120, 780), (1110, 640)]), "#fff", opacity=0.4),
            clip_path=s.clip(bowl_d),
        ),
        line(bowl_d, "#f6fbf8", 5, opacity=0.8),
        shape(oval(cx, 262, 212, 34), "#dfe9e4", opacity=0.5),
        line(oval(cx, 262, 212, 34), "#ffffff", 9, opacity=0.85),
    )
    s.put(strip(s, 0, 1120, 1600, 46, NARROW), shape(box(0, 1166, 1600, 6), INK))
    s.put(
        lying(s, leaf(s, 220, 78, "#4c7a3f"), 1240, 1080, turn=-16),
        lying(s, leaf(s, 180, 62, "#6d9448"), 1260, 1090, turn=12),
    )


def fish(s: Sheet, length: float, colour: str) -> str:
    """Draw a long-finned ornamental fish about (0, 0), swimming to the right."""
    u = length / 100
    body = smooth(
        [
            (u * 50, u * 2),
            (u * 36, u * -13),
            (u * 8, u * -20),
            (u * -22, u * -12),
            (u * -38, u * -3),
            (u * -38, u * 4),
            (u * -20, u * 14),
            (u * 10, u * 18),
            (u * 38, u * 12),
        ]
    )
    pale = light(colour, 0.45)

    def fin(points: list[Point], rays: int = 5) -> str:
        d = smooth(points)
        x0, y0 = points[0]
        lines = "".join(
            line(f"M{n(x0)} {n(y0)}L{n(x)} {n(y)}", dark(colour, 0.2), u * 0.7, opacity=0.45) for x, y in points[1:-1]
        )
        return group(shape(d, s.lin(pale, light(colour, 0.15), colour), opacity=0.88), lines)

    tail = fin(
        [
            (u * -34, 0),
            (u * -62, u * -30),
            (u * -96, u * -34),
            (u * -84, u * -14),
            (u * -104, u * 4),
            (u * -82, u * 14),
            (u * -92, u * 38),
            (u * -60, u * 26),
        ]
    )
    top = fin([(u * 22, u * -16), (u * 6, u * -40), (u * -22, u * -42), (u * -26, u * -24), (u * -20, u * -12)])
    low = fin([(u * 12, u * 16), (u * -4, u * 34), (u * -26, u * 36), (u * -20, u * 20), (u * -6, u * 13)])
    scales = "".join(
        line(
            f"M{n(u * (x - 3))} {n(u * y)}q{n(u * 5)} {n(u * 4)} 0 {n(u * 8)}",
            light(colour, 0.5),
            u * 0.9,
            opacity=0.5,
        )
        for x in range(-28, 24, 7)
        for y in (-14, -6, 2)
    )
    side = shape(smooth([(u * 14, u * 4), (u * 0, u * 20), (u * -12, u * 24), (u * -8, u * 10)]), pale, opacity=0.9)
    return group(
        tail,
        top,
        low,
        s.solid(
            body,
            colour,
            depth=u * 12,
            shade=0.4,
            shine=0.5,
            within=shape(
                smooth([(u * 50, u * 6), (u * 20, u * 8), (u * -30, u * 6), (u * -10, u * 24), (u * 30, u * 20)]),
                light(colour, 0.6),
                opacity=0.6,
            )
            + scales,
        ),
        side,
        shape(oval(u * 36, u * -3, u * 4.6, u * 4.6), "#fff6e2"),
        shape(oval(u * 37, u * -3, u * 2.8, u * 2.8), INK),
        line(
            f"M{n(u * 27)} {n(u * -9)}q{n(u * -5)} {n(u * 8)} 0 {n(u * 17)}",
            dark(colour, 0.4),
            u * 1.2,
            opacity=0.5,
        ),
    )


@picture("tinh-dau-sa")
def lemongrass_oil(s: Sheet) -> None:
    """A small amber bottle of lemongrass oil, stalks of lemongrass."""
    room(s, "leaf", edge=740)
    for x0, tip, w in (
        (300, (120, 150), 52),
        (360, (330, 60), 58),
        (420, (540, 130), 50),
        (330, (40, 420), 44),
    ):
        s.put(stalk(s, bezier((x0, 1060), (x0 - 10, 760), (tip[0], 520), tip, 24), w))
    for x in (300, 360, 420):
        s.put(s.contact(x, 1066, 34))
    s.put(shape(box(266, 880, 190, 46, 16), s.lin("#c9302a", RED, RED_D)), strip(s, 266, 889, 190, 28))
    profile: list[Point] = [
        (560, 78),
        (540, 78),
        (505, 82),
        (480, 100),
        (455, 150),
        (430, 186),
        (400, 201),
        (360, 206),
        (60, 206),
        (14, 199),
        (0, 186),
    ]
    s.put(
        bottle(
            s,
            800,
            1075,
            profile,
            "#8a4310",
            ["Tinh dầu", "sả"],
            level=0.2,
            glass="#a8632a",
            cap="",
            label_h=270,
            label_top=745,
            label_w=340,
        )
    )
    cap = "#1d1613"
    s.put(
        shape(
            box(716, 424, 168, 104, 10),
            s.lin((0, dark(cap, 0.2)), (0.25, light(cap, 0.45)), (0.5, cap), (1, "#0d0807")),
        ),
        *(line(f"M{728 + i * 12} 436v80", "#000", 3, opacity=0.5) for i in range(13)),
    )
    s.put(
        s.solid(
            "M752 428C752 330 760 250 778 224Q800 206 822 224C840 250 848 330 848 428Z",
            "#8d211b",
            depth=40,
            shade=0.5,
            shine=0.5,
        )
    )
    s.put(
        plate(s, 1260, 1060, 360, "#f1e6d0", rim=0.3),
        shape(oval(1260, 1062, 128, 34), s.rad((0, "#f6e3a0"), (1, "#d9ab3c"), cx=0.4, cy=0.3)),
        shape(oval(1226, 1052, 34, 8), "#fffbe8", opacity=0.8),
    )
    s.put(
        shape(
            "M1260 900C1284 946 1296 962 1296 984A36 36 0 0 1 1224 984C1224 962 1236 946 1260 900Z",
            s.lin("#ffe9a6", "#e3b23c", "#b9801c"),
        ),
        shape(oval(1246, 978, 8, 16), "#fffbe8", opacity=0.9),
    )
    for x, y, a in ((980, 1120, 8), (1090, 1146, -14), (560, 1130, 12)):
        s.put(lying(s, stalk_slice(s, 46), x, y, turn=a))
    s.put(lying(s, put_at(stalk(s, [(0, 0), (130, -8), (300, 6), (430, -10)], 46), 0, 0), 1130, 1150, turn=-4))


def stalk(s: Sheet, points: list[Point], width: float) -> str:
    """Draw a stalk of lemongrass: pale bulb, green blades."""
    body = smooth(ribbon(points, lambda t: width * (1 - 0.75 * t) * (0.7 + 0.5 * math.exp(-((t - 0.08) ** 2) / 0.01))))
    x0, y0 = points[0]
    x1, y1 = points[-1]
    fill = s.lin(
        (0, "#e9dcc0"),
        (0.12, "#d9b5b0"),
        (0.3, "#dfe0b0"),
        (0.55, "#93ad58"),
        (1, "#55803f"),
        x1=x0,
        y1=y0,
        x2=x1,
        y2=y1,
        px=1,
    )
    seams = "".join(
        line(
            smooth(
                [(x + k * width * 0.22 * (1 - i / len(points)), y) for i, (x, y) in enumerate(points)],
                closed=False,
            ),
            "#6f8a45" if k > 0 else "#fff8e0",
            2.6,
            opacity=0.55,
        )
        for k in (-1, -0.3, 0.5, 1.1)
    )
    blades = []
    for k, swing in ((0.55, -70), (0.66, 80), (0.78, -50)):
        x, y = points[int(k * (len(points) - 1))]
        way = bezier((x, y), (x + swing * 0.3, y - 120), (x + swing, y - 240), (x + swing * 2.2, y - 220), 14)
        blades.append(shape(smooth(ribbon(way, lambda t: 22 * (1 - t) ** 0.6 + 1)), s.lin("#86a34c", "#5c8a45")))
    return group(
        *(blades if points[0][1] > points[-1][1] + 200 else []),
        s.solid(body, fill, base="#a3ad6a", depth=width * 0.4, shade=0.35, shine=0.4, within=seams),
    )


def stalk_slice(s: Sheet, r: float) -> str:
    """Draw a slice of lemongrass lying down."""
    return group(
        shape(oval(0, 8, r, r * 0.56), "#a3a05a"),
        shape(oval(0, 0, r, r * 0.56), "#efe9c4"),
        *(
            line(oval(0, 0, r * k, r * 0.56 * k), c, 4, opacity=0.8)
            for k, c in ((0.94, "#8fa050"), (0.7, "#c9a0a0"), (0.46, "#b5b878"), (0.22, "#c9a0a0"))
        ),
    )


@picture("cao-duoc-lieu")
def balm(s: Sheet) -> None:
    """A dark jar of herbal extract, an open tin of balm, roots and a mortar."""
    room(s, "clay", edge=740)
    s.put(
        sprig(
            s,
            bezier((620, 800), (520, 600), (420, 460), (260, 330)),
            size=190,
            width=80,
            colour="#4f7d4a",
            count=10,
        )
    )
    s.put(
        sprig(
            s,
            bezier((900, 760), (1040, 560), (1160, 440), (1340, 360)),
            size=170,
            width=66,
            colour="#6d8a4a",
            count=10,
        )
    )
    content = shape(
        box(400, 300, 900, 900),
        s.lin((0, "#140a06"), (0.25, "#4a2a18"), (0.5, "#2b150c"), (1, "#0f0704"), x1=510, x2=1030, px=1),
    )
    s.put(
        jar(
            s,
            770,
            1060,
            520,
            640,
            content,
            ["Cao", "dược liệu"],
            lid="#9a6200",
            glass="#5a3a26",
            label_box=(0.34, 0.5),
            paper="#f6ecd9",
            band=HONEYED,
        )
    )
    s.put(open_tin(s, 1240, 1060, 340, 110))
    for x, y, a, c in ((180, 1080, -14, "#9a6a3c"), (240, 1130, 6, "#7d5230"), (120, 1135, -4, "#b08050")):
        way = bezier((0, 0), (90, -40), (200, 40), (330, -10), 16)
        s.put(
            lying(
                s,
                s.solid(
                    smooth(ribbon(way, lambda t: 44 * (1 - 0.7 * t) + 6)),
                    c,
                    depth=18,
                    shade=0.5,
                    within="".join(
                        line(f"M{n(20 + k * 26)} -30q8 30 0 60", dark(c, 0.5), 3, opacity=0.4) for k in range(11)
                    ),
                ),
                x,
                y,
                turn=a,
            )
        )
    for x, y in ((600, 1130), (690, 1150), (980, 1140), (900, 1125)):
        s.put(lying(s, root_slice(s, 40), x, y, turn=s.chance.uniform(-30, 30)))
    s.put(lying(s, leaf(s, 190, 76, "#4f7d4a"), 1080, 1160, turn=-6))


def open_tin(s: Sheet, cx: float, base: float, w: float, h: float) -> str:
    """Draw an open flat tin of balm with its lid leaning on it."""
    half, ry = w / 2, w / 2 * 0.3
    metal = "#c9a24a"
    top = base - h
    skin = s.lin(
        (0, dark(metal, 0.35)),
        (0.22, light(metal, 0.55)),
        (0.5, metal),
        (0.88, dark(metal, 0.45)),
        (1, dark(metal, 0.2)),
    )
    body = f"M{n(cx - half)} {n(top)}V{n(base - ry)}A{n(half)} {n(ry)} 0 0 0 {n(cx + half)} {n(base - ry)}V{n(top)}Z"
    lid = put_at(
        group(
            shape(oval(12, 6, half * 0.96, half * 0.78), dark(metal, 0.5)),
            shape(
                oval(0, 0, half * 0.96, half * 0.78),
                s.lin(light(metal, 0.5), metal, dark(metal, 0.3), x2=1, y2=1),
            ),
            shape(oval(0, 0, half * 0.82, half * 0.66), "#7d1613"),
            strip(s, -half * 0.66, -26, half * 1.32, 52),
        ),
        cx + half * 0.72,
        top - half * 0.42,
        turn=24,
    )
    return group(
        shape(oval(cx + half * 0.5, base - ry + 20, half * 1.4, ry), SHADOW, filter=s.blur(12), opacity=0.45),
        lid,
        s.contact(cx, base - 6, half * 0.9),
        shape(body, skin),
        shape(oval(cx, top, half, ry), s.lin(dark(metal, 0.3), light(metal, 0.3))),
        shape(oval(cx, top + 4, half * 0.9, ry * 0.86), s.lin("#7d9a5c", "#a9bd7d", "#6d8a4a")),
        line(
            smooth(
                [
                    (cx - half * 0.5, top + 6),
                    (cx - half * 0.1, top - ry * 0.4),
                    (cx + half * 0.4, top),
                    (cx + half * 0.1, top + ry * 0.46),
                    (cx - half * 0.2, top + ry * 0.2),
                ],
                closed=False,
            ),
            "#d9e3b0",
            8,
            opacity=0.7,
        ),
    )


def root_slice(s: Sheet, r: float) -> str:
    """Draw a slice of a medicinal root lying down."""
    return group(
        shape(oval(0, 7, r, r * 0.58), "#6b4526"),
        shape(oval(0, 0, r, r * 0.58), "#d9b486"),
        line(oval(0, 0, r, r * 0.58), "#7d5230", 5),
        *(
            line(f"M0 0L{n(r * 0.8 * math.cos(k))} {n(r * 0.46 * math.sin(k))}", "#a3764a", 2.4, opacity=0.6)
            for k in (i * 0.62 for i in range(10))
        ),
        shape(oval(0, 0, r * 0.2, r * 0.12), "#a3764a"),
    )
