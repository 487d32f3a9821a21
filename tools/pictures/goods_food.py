# ruff: noqa: E501 - outlines are read as one line
"""Scenes of the food and drink."""

from __future__ import annotations

import math

from book import picture
from cloth import CLASSIC, NARROW, runner, woven
from kit import (
    INK,
    KRAFT,
    RICE,
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
)
from packs import jar, pouch
from stage import bowl, filled, grain, grains, room, sprig


def rice_ear(s: Sheet, points: list[Point], size: float = 17, colour: str = RICE) -> str:
    """Draw a hanging ear of rice along a way."""
    out = [line(smooth(points, closed=False), "#8a8a3e", 6)]
    count = len(points)
    for i in range(int(count * 0.35), count):
        (x, y) = points[i]
        a, b = points[max(0, i - 1)], points[min(count - 1, i + 1)]
        angle = math.degrees(math.atan2(b[1] - a[1], b[0] - a[0]))
        for side in (-1, 1):
            c = mix(colour, ["#b5792c", "#f3dd9b"][s.chance.randrange(2)], s.chance.uniform(0.05, 0.5))
            d = smooth([(0, 0), (size * 0.7, -size * 0.4), (size * 1.9, 0), (size * 0.7, size * 0.4)])
            out.append(
                put_at(
                    shape(d, c)
                    + line(
                        f"M{n(size * 0.3)} 0Q{n(size)} {n(-size * 0.22)} {n(size * 1.7)} 0",
                        light(c, 0.6),
                        2,
                        opacity=0.7,
                    )
                    + line(f"M{n(size * 1.9)} 0l{n(size * 0.9)} {n(side * 3)}", c, 1.6),
                    x,
                    y,
                    turn=angle + side * s.chance.uniform(16, 34),
                )
            )
    return group(*out)


RED_RICE = ["#c98a5e", "#b06a45", "#d9a77c", "#a85a3c"]


@picture("gao-ray-phat-huy")
def upland_rice(s: Sheet) -> None:
    """A bag of upland rice, a bowl heaped with grains, ears of rice."""
    room(s, "sand", edge=720)
    s.put(runner(s, 1010, 1130, NARROW))
    for tip, top in (((90, 420), 160), ((150, 700), 300), ((300, 250), 60), ((30, 610), 260)):
        s.put(rice_ear(s, bezier((440, 1000), (430, 500), (tip[0] + 190, top), tip, 30), 21))
    s.put(
        rice_leaf(s, bezier((450, 1000), (420, 700), (330, 420), (340, 330))),
        rice_leaf(s, bezier((440, 1000), (380, 760), (240, 600), (90, 880))),
    )
    s.put(
        pouch(
            s,
            690,
            1045,
            640,
            930,
            KRAFT,
            ["Gạo", "rẫy"],
            window=group(
                shape(box(400, 700, 600, 400), "#8a4f33"),
                *(
                    grain(
                        s,
                        s.chance.uniform(480, 900),
                        s.chance.uniform(740, 990),
                        15,
                        s.chance.choice(RED_RICE),
                        s.chance.uniform(0, 180),
                    )
                    for _ in range(700)
                ),
            ),
            window_box=(0.2, 0.695, 0.6, 0.18),
            label_box=(0.17, 0.48),
        )
    )
    fill = filled(s, 1240, 850, 520, 130, RED_RICE, 15, 560)
    s.put(bowl(s, 1240, 1085, 520, 235, "#2f4a4c", fill))
    s.put(grains(s, 930, 1120, 150, 30, 60, RED_RICE, 15))


def rice_leaf(s: Sheet, points: list[Point], colour: str = "#9aa04e", width: float = 26) -> str:
    """Draw a long narrow blade along a way."""
    d = smooth(ribbon(points, lambda t: width * (1 - t) ** 0.7 * (0.5 + 0.5 * min(1, t * 4)) + 1))
    return group(
        shape(d, s.lin(dark(colour, 0.2), colour, light(colour, 0.3))),
        line(smooth(points, closed=False), light(colour, 0.5), 2, opacity=0.6),
    )


def bee(s: Sheet, x: float, y: float, turned: float = 0, scale: float = 1) -> str:
    """Draw a small bee."""
    body = oval(0, 0, 26, 16)
    return put_at(
        group(
            shape(smooth([(-4, -8), (-22, -44), (2, -50), (8, -10)]), "#fffaf0", opacity=0.85),
            shape(smooth([(4, -8), (18, -46), (36, -36), (12, -6)]), "#f7efe0", opacity=0.8),
            s.solid(
                body,
                "#e0a02a",
                depth=14,
                within=shape(box(-8, -20, 8, 40), INK) + shape(box(8, -20, 7, 40), INK),
            ),
            shape(oval(-26, -1, 11, 11), INK),
            line("M-32 -8q-8 -10 -16 -8M-30 -10q-2 -12 -10 -14", INK, 2.4),
        ),
        x,
        y,
        turn=turned,
        scale=scale,
    )


def comb(s: Sheet, points: list[Point], r: float = 30, thick: float = 34) -> str:
    """Draw a broken piece of honeycomb, cells towards us, its thickness to the right.

    :param points: the outline, clockwise
    """
    d = poly(points)
    x0, x1 = min(p[0] for p in points), max(p[0] for p in points)
    y0, y1 = min(p[1] for p in points), max(p[1] for p in points)
    cells, row, yy = [], 0, y0
    while yy < y1 + r:
        xx = x0 + (r * 0.87 if row % 2 else 0)
        while xx < x1 + r:
            hexa = [
                (
                    xx + r * 0.86 * math.cos(math.radians(60 * k + 30)),
                    yy + r * 0.86 * math.sin(math.radians(60 * k + 30)),
                )
                for k in range(6)
            ]
            capped = s.chance.random() < 0.16
            c = "#edc377" if capped else s.chance.choice(["#c4740e", "#d68a1b", "#b4620a", "#e09d2e"])
            cells.append(shape(poly(hexa), s.lin(dark(c, 0.1 if capped else 0.45), c, light(c, 0.3), x2=1, y2=1)))
            cells.append(line(poly([hexa[3], hexa[4], hexa[5]], closed=False), "#fde9b4", 3.4, opacity=0.75))
            xx += r * 1.74
        yy += r * 1.52
        row += 1
    return group(
        s.cast(d, y1, opacity=0.34),
        s.contact((x0 + x1) / 2, y1 - 4, (x1 - x0) * 0.42),
        shape(d, "#b97a22", transform=f"translate({thick} {-thick * 0.2})"),
        shape(d, "#d29a3f", transform=f"translate({thick * 0.6} {-thick * 0.12})"),
        s.solid(d, "#f2cf83", depth=24, shade=0.35, shine=0.6, within=group(*cells)),
    )


def dipper(s: Sheet, x: float, y: float, turned: float, scale: float = 1) -> str:
    """Draw a honey dipper; its head is at (0, 0), the handle goes to the right."""
    wood = "#b3783f"
    rings = []
    for i, (at, r) in enumerate(((-58, 22), (-36, 38), (-12, 46), (12, 46), (36, 38), (58, 26))):
        d = box(at - 9, -r, 18, 2 * r, 9)
        rings.append(shape(d, s.down(light(wood, 0.45), wood, dark(wood, 0.5))))
        if i < 5:
            rings.append(shape(box(at + 8, -r * 0.72, 8, r * 1.44), dark(wood, 0.6)))
    rod = box(60, -11, 380, 22, 11)
    return put_at(
        group(shape(rod, s.down(light(wood, 0.45), wood, dark(wood, 0.45))), *rings),
        x,
        y,
        turn=turned,
        scale=scale,
    )


@picture("mat-ong-rung")
def honey(s: Sheet) -> None:
    """A jar of wild honey under a brocade cap, honeycomb and dipper."""
    room(s, "honey", edge=720)
    cx, base, w, h = 660, 1080, 600, 900
    honey_body = group(
        shape(
            box(cx - w, base - h * 0.79, 2 * w, h),
            s.lin(
                (0, "#8f4706"),
                (0.14, "#c4700f"),
                (0.34, "#f0ad3c"),
                (0.55, "#dd8f20"),
                (0.85, "#a85a0c"),
                (1, "#7d3d06"),
                x1=cx - w / 2,
                x2=cx + w / 2,
                px=1,
            ),
        ),
        shape(oval(cx, base - h * 0.79, w / 2, 22), "#f7cf74", opacity=0.9),
        shape(oval(cx + 150, base - 180, 150, 260), "#ffd479", opacity=0.35, filter=s.blur(40)),
        *(
            shape(
                oval(s.chance.uniform(cx - 240, cx + 250), s.chance.uniform(base - 640, base - 60), r, r),
                "#ffe6a6",
                opacity=0.45,
            )
            for r in (8, 6, 10, 5, 7, 6, 9, 5)
        ),
    )
    s.put(
        sprig(
            s,
            bezier((400, 1000), (230, 840), (140, 620), (190, 380)),
            size=180,
            width=76,
            colour="#5d7f3c",
            count=11,
        )
    )
    s.put(
        sprig(
            s,
            bezier((960, 760), (1060, 600), (1180, 480), (1330, 420)),
            size=150,
            width=62,
            colour="#6b8b45",
            count=8,
        )
    )
    s.put(
        comb(
            s,
            [
                (1010, 700),
                (1120, 640),
                (1290, 655),
                (1450, 620),
                (1520, 700),
                (1490, 830),
                (1540, 930),
                (1450, 1030),
                (1250, 1050),
                (1040, 1040),
                (1000, 900),
                (1030, 800),
            ],
        )
    )
    s.put(
        jar(
            s,
            cx,
            base,
            w,
            h,
            honey_body,
            ["Mật ong", "rừng"],
            cloth=woven(s, CLASSIC, scale=0.85, at=f"translate({cx - 20} {base - h - 46})"),
            label_box=(0.4, 0.42),
            label_w=0.78,
        )
    )
    s.put(
        shape(
            smooth(
                [
                    (945, 1130),
                    (1010, 1098),
                    (1130, 1092),
                    (1230, 1112),
                    (1210, 1150),
                    (1090, 1168),
                    (980, 1160),
                ]
            ),
            s.rad("#f3b64a", "#c47610", cy=0.3),
        ),
        shape(smooth([(1000, 1122), (1060, 1108), (1150, 1106), (1080, 1118)]), "#ffeab3", opacity=0.8),
    )
    s.put(
        shape(
            box(1070, 1120, 480, 26, 13),
            SHADOW,
            filter=s.blur(9),
            opacity=0.35,
            transform="rotate(-13 1090 1120) translate(20 34)",
        )
    )
    s.put(dipper(s, 1090, 1108, -13, 1.16))
    s.put(bee(s, 1080, 330, -14, 1.6), bee(s, 1420, 250, 24, 1.2))
    s.put(
        flower(s, 250, 1095, 58, "#fbf2dd"),
        flower(s, 350, 1135, 42, "#f6e7c4"),
        flower(s, 150, 1135, 40, "#fbf2dd"),
    )


def flower(
    s: Sheet,
    x: float,
    y: float,
    r: float,
    colour: str,
    heart: str = "#d99a25",
    petals: int = 6,
    squash: float = 0.72,
) -> str:
    """Draw an open flower lying about."""
    out = []
    for k in range(petals):
        d = smooth([(0, 0), (r * 0.4, -r * 0.34), (r, -r * 0.2), (r * 1.06, r * 0.14), (r * 0.4, r * 0.3)])
        out.append(
            put_at(
                shape(d, s.lin(dark(colour, 0.16), colour, light(colour, 0.4))),
                0,
                0,
                turn=k * 360 / petals + 12,
            )
        )
    out.append(
        shape(oval(0, 0, r * 0.26, r * 0.26), heart)
        + shape(oval(-r * 0.06, -r * 0.08, r * 0.1, r * 0.1), light(heart, 0.6))
    )
    return group(
        shape(oval(x + 6, y + 8, r, r * squash), SHADOW, opacity=0.22, filter=s.blur(5)),
        f'<g transform="translate({n(x)} {n(y)}) scale(1 {squash})">{"".join(out)}</g>',
    )


def chilli(s: Sheet, length: float, colour: str, *, stem: bool = True) -> str:
    """Draw a small bird's-eye chilli from (0, 0) to the right."""
    w = length * 0.24
    d = f"M0 {n(-w * 0.36)}C{n(length * 0.14)} {n(-w * 0.66)} {n(length * 0.66)} {n(-w * 0.5)} {n(length)} {n(w * 0.06)}C{n(length * 0.66)} {n(w * 0.62)} {n(length * 0.14)} {n(w * 0.66)} 0 {n(w * 0.36)}Q{n(-w * 0.18)} 0 0 {n(-w * 0.36)}Z"
    top = ""
    if stem:
        top = line(
            f"M{n(-length * 0.02)} 0q{n(-length * 0.16)} {n(-w * 0.1)} {n(-length * 0.3)} {n(-w * 0.5)}",
            "#567a35",
            w * 0.2,
        ) + shape(
            f"M{n(length * 0.06)} {n(-w * 0.36)}Q{n(-w * 0.4)} 0 {n(length * 0.06)} {n(w * 0.36)}Q{n(-length * 0.06)} {n(w * 0.3)} {n(-length * 0.07)} 0Q{n(-length * 0.06)} {n(-w * 0.3)} {n(length * 0.06)} {n(-w * 0.36)}Z",
            "#55803a",
        )
    return group(
        shape(d, s.down((0, light(colour, 0.22)), (0.45, colour), (1, dark(colour, 0.5)))),
        line(
            f"M{n(length * 0.14)} {n(-w * 0.22)}Q{n(length * 0.4)} {n(-w * 0.34)} {n(length * 0.66)} {n(-w * 0.16)}",
            "#fff3e2",
            w * 0.13,
            opacity=0.75,
        ),
        top,
    )


def clove(s: Sheet, size: float) -> str:
    """Draw a clove of garlic about (0, 0)."""
    d = smooth(
        [
            (-size, size * 0.2),
            (-size * 0.3, -size * 0.5),
            (size * 0.9, -size * 0.5),
            (size * 0.7, size * 0.3),
            (-size * 0.2, size * 0.55),
        ]
    )
    return shape(d, s.lin("#fffdf2", "#efe0bd", "#cdb98d", x2=1, y2=1)) + line(
        f"M{n(-size * 0.7)} {n(size * 0.15)}Q{n(size * 0.1)} {n(-size * 0.2)} {n(size * 0.8)} {n(-size * 0.4)}",
        "#bfa878",
        2,
        opacity=0.6,
    )


@picture("ot-xiem-ngam")
def chillies(s: Sheet) -> None:
    """Small forest chillies in vinegar, and a handful fresh."""
    room(s, "leaf", edge=720)
    s.put(runner(s, 1030, 1140, NARROW))
    cx, base, w, h = 700, 1070, 560, 920
    tones = ["#2f7a3d", "#4f9a3f", "#c8281c", "#e2571c", "#8fb53c", "#b31d18", "#3f8a3a"]
    inside = [
        shape(
            box(cx - w, base - h * 0.76, 2 * w, h),
            s.lin(
                (0, "#a89c4c"),
                (0.3, "#e0d590"),
                (0.6, "#cbbd6c"),
                (1, "#85773a"),
                x1=cx - w / 2,
                x2=cx + w / 2,
                px=1,
            ),
        ),
        shape(oval(cx, base - h * 0.76, w / 2, 18), "#f3eebf"),
    ]
    spots = [
        (s.chance.uniform(cx - w * 0.47, cx + w * 0.47), s.chance.uniform(base - h * 0.7, base - 20))
        for _ in range(330)
    ]
    for i, (x, y) in enumerate(sorted(spots, key=lambda p: p[1] + s.chance.uniform(-90, 90))):
        tone = mix(s.chance.choice(tones), "#5a4a1c", 0.45 if i < 110 else 0)
        inside.append(
            put_at(chilli(s, s.chance.uniform(96, 128), tone, stem=False), x, y, turn=s.chance.uniform(0, 360))
        )
        if i % 30 == 29:
            inside.append(put_at(clove(s, 34), x, y, turn=s.chance.uniform(0, 360)))
    s.put(
        sprig(
            s,
            bezier((900, 900), (1120, 760), (1260, 560), (1270, 300)),
            size=190,
            width=74,
            colour="#44773a",
            count=11,
        )
    )
    s.put(
        sprig(
            s,
            bezier((470, 900), (330, 780), (250, 640), (230, 480)),
            size=150,
            width=58,
            colour="#578a45",
            count=8,
        )
    )
    s.put(
        jar(
            s,
            cx,
            base,
            w,
            h,
            group(*inside),
            ["Ớt xiêm", "ngâm"],
            lid="#8d1c17",
            label_box=(0.45, 0.38),
            label_w=0.8,
        )
    )
    for x, y, a, t, size in (
        (1060, 1010, 196, 2, 220),
        (1330, 1000, 150, 0, 210),
        (1180, 1030, -8, 3, 230),
        (1020, 1110, 14, 5, 230),
        (1230, 1110, 172, 2, 225),
        (1330, 1085, 24, 6, 210),
        (1180, 1150, 6, 4, 180),
        (400, 1100, 166, 2, 215),
        (250, 1050, 22, 6, 200),
        (210, 1140, -10, 3, 190),
    ):
        s.put(
            put_at(
                shape(oval(size * 0.5, 0, size * 0.5, size * 0.11), SHADOW, filter=s.blur(7), opacity=0.45),
                x + 8,
                y + 18,
                turn=a,
            ),
            put_at(chilli(s, size, tones[t]), x, y, turn=a),
        )
