# ruff: noqa: E501 - outlines are read as one line
"""Scenes of drinks, teas, coffee, mushrooms and smoked pork."""

from __future__ import annotations

import math

from book import picture
from cloth import CLASSIC, HONEYED, NARROW, runner, woven
from goods_food import chilli
from kit import (
    RED,
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
    turned,
)
from packs import bottle, carton, pouch, tin
from stage import board, bowl, leaf, lying, room, scatter, sprig, steam

WINE = [
    (900.0, 52.0),
    (880, 52),
    (700, 54),
    (640, 70),
    (580, 128),
    (530, 146),
    (480, 150),
    (380, 150),
    (60, 150),
    (16, 146),
    (0, 132),
]


def sim_berry(s: Sheet, r: float, colour: str = "#4b1d38") -> str:
    """Draw a rose-myrtle berry with its crown, about (0, 0)."""
    d = smooth(
        [
            (-r * 0.78, r * 0.2),
            (-r * 0.6, -r * 0.6),
            (0, -r * 0.86),
            (r * 0.6, -r * 0.6),
            (r * 0.78, r * 0.2),
            (r * 0.4, r * 0.9),
            (-r * 0.4, r * 0.9),
        ]
    )
    crown = "".join(
        put_at(
            shape(smooth([(0, 0), (r * 0.12, -r * 0.3), (0, -r * 0.46), (-r * 0.12, -r * 0.3)]), "#8a6a4a"),
            0,
            -r * 0.72,
            turn=k,
        )
        for k in (-70, -35, 0, 35, 70)
    )
    return group(
        shape(
            d,
            s.rad((0, light(colour, 0.36)), (0.5, colour), (1, dark(colour, 0.5)), cx=0.33, cy=0.32, r=0.78),
        ),
        shape(oval(-r * 0.28, -r * 0.24, r * 0.2, r * 0.28), "#e3b7cb", opacity=0.4, filter=s.blur(r * 0.08)),
        crown,
    )


def sim_flower(s: Sheet, r: float, colour: str = "#d96a94") -> str:
    """Draw a rose-myrtle flower, about (0, 0)."""
    petals = "".join(
        put_at(
            shape(
                smooth([(0, 0), (r * 0.5, -r * 0.46), (r, -r * 0.3), (r * 1.05, r * 0.24), (r * 0.5, r * 0.4)]),
                s.lin(dark(colour, 0.12), colour, light(colour, 0.5)),
            ),
            0,
            0,
            turn=k * 72 - 90,
        )
        for k in range(5)
    )
    stamens = "".join(
        line(f"M0 0L{n(math.cos(k) * r * 0.42)} {n(math.sin(k) * r * 0.42)}", "#f5d9b8", 2.4)
        + shape(oval(math.cos(k) * r * 0.44, math.sin(k) * r * 0.44, 4, 4), "#e9a53c")
        for k in (i * 0.45 for i in range(14))
    )
    return group(petals, stamens)


def glass(
    s: Sheet,
    cx: float,
    base: float,
    w: float,
    h: float,
    drink: str,
    *,
    level: float = 0.24,
    foot: float = 0.78,
    ice: bool = False,
) -> str:
    """Stand a tumbler with a drink on the table."""
    top = base - h
    half, low = w / 2, w / 2 * foot
    ry, rb = half * 0.2, low * 0.16
    d = f"M{n(cx - half)} {n(top)}L{n(cx - low)} {n(base)}A{n(low)} {n(rb)} 0 0 0 {n(cx + low)} {n(base)}L{n(cx + half)} {n(top)}A{n(half)} {n(ry)} 0 0 1 {n(cx - half)} {n(top)}Z"
    y = top + h * level
    r = half + (low - half) * level
    liquid = f"M{n(cx - r)} {n(y)}L{n(cx - low)} {n(base - 12)}A{n(low)} {n(rb)} 0 0 0 {n(cx + low)} {n(base - 12)}L{n(cx + r)} {n(y)}A{n(r)} {n(r * 0.2)} 0 0 1 {n(cx - r)} {n(y)}Z"
    cubes = (
        "".join(
            put_at(
                shape(box(-w * 0.13, -w * 0.13, w * 0.26, w * 0.26, 10), "#fff", opacity=0.35)
                + line(box(-w * 0.13, -w * 0.13, w * 0.26, w * 0.26, 10), "#fff", 3, opacity=0.6),
                cx + dx * w,
                y + dy * w,
                turn=a,
            )
            for dx, dy, a in ((-0.2, 0.1, 14), (0.14, 0.16, -20), (-0.02, 0.34, 40))
        )
        if ice
        else ""
    )
    return group(
        s.cast(d, base, opacity=0.22),
        s.contact(cx, base + rb * 0.6, low),
        shape(d, "#f3f1e6", opacity=0.5),
        shape(
            liquid,
            s.lin((0, dark(drink, 0.3)), (0.25, light(drink, 0.3)), (0.6, drink), (1, dark(drink, 0.4))),
        ),
        cubes,
        shape(oval(cx, y, r, r * 0.2), s.lin(light(drink, 0.2), light(drink, 0.5))),
        line(d, "#fffaf0", 3, opacity=0.6),
        line(oval(cx, top, half, ry), "#fffaf0", 4, opacity=0.8),
        shape(
            poly(
                [
                    (cx - half * 0.82, top + h * 0.1),
                    (cx - half * 0.66, top + h * 0.1),
                    (cx - low * 0.66, base - h * 0.08),
                    (cx - low * 0.8, base - h * 0.08),
                ]
            ),
            "#fff",
            opacity=0.5,
        ),
    )


def cup(s: Sheet, cx: float, base: float, w: float, h: float, colour: str, drink: str) -> str:
    """Stand a small handleless tea cup on the table."""
    return bowl(
        s,
        cx,
        base,
        w,
        h,
        colour,
        group(
            shape(
                oval(cx, base - h + w * 0.035, w * 0.45, w * 0.075),
                s.lin(dark(drink, 0.25), light(drink, 0.2)),
            )
        ),
        rim=0.2,
    )


def sim_twig(s: Sheet, points: list[Point], size: float = 150) -> str:
    """Draw a twig of rose myrtle with flowers and berries at its leaf joints."""
    out = [sprig(s, points, size=size, width=size * 0.46, colour="#4f7a44", count=10)]
    for k, kind in ((0.4, "b"), (0.55, "f"), (0.68, "b"), (0.86, "f")):
        x, y = points[int(k * (len(points) - 1))]
        if kind == "f":
            out.append(
                put_at(sim_flower(s, size * 0.36), x + s.chance.uniform(-20, 20), y, turn=s.chance.uniform(0, 60))
            )
        else:
            out.append(
                put_at(sim_berry(s, size * 0.2), x - 22, y + 14, turn=-20)
                + put_at(sim_berry(s, size * 0.18, "#6b2a4a"), x + 24, y + 22, turn=24)
            )
    return group(*out)


@picture("nuoc-sim")
def sim_drink(s: Sheet) -> None:
    """A bottle of rose-myrtle drink, a glass over ice, berries and flowers."""
    room(s, "plum", edge=720)
    s.put(sim_twig(s, bezier((1000, 900), (1180, 720), (1270, 520), (1440, 330)), 175))
    s.put(sim_twig(s, bezier((520, 900), (350, 760), (250, 580), (160, 470)), 150))
    profile = [
        (960.0, 66.0),
        (930, 66),
        (800, 70),
        (730, 90),
        (670, 148),
        (620, 177),
        (570, 188),
        (520, 190),
        (420, 190),
        (60, 190),
        (16, 184),
        (0, 170),
    ]
    s.put(
        bottle(
            s,
            640,
            1080,
            profile,
            "#a02a55",
            ["Nước", "sim"],
            level=0.16,
            cap="#1c5c3a",
            cap_h=92,
            label_h=360,
            label_top=560,
            label_w=310,
        )
    )
    s.put(glass(s, 1100, 1085, 270, 390, "#b5355f", ice=True, level=0.26))
    for x, y, c in (
        (820, 1110, 0),
        (890, 1140, 1),
        (960, 1105, 0),
        (1330, 1080, 1),
        (1400, 1050, 0),
        (1420, 1115, 0),
        (350, 1080, 0),
        (420, 1120, 1),
        (280, 1125, 0),
    ):
        s.put(lying(s, sim_berry(s, 42, ["#4b1d38", "#6b2a4a"][c]), x, y, turn=s.chance.uniform(-120, 120)))
    s.put(lying(s, sim_flower(s, 54), 1290, 1140), lying(s, sim_flower(s, 46), 200, 1070))


@picture("ruou-sim")
def sim_wine(s: Sheet) -> None:
    """A tall bottle of rose-myrtle wine with two small glasses."""
    room(s, "dusk", edge=720)
    s.put(sim_twig(s, bezier((540, 900), (400, 720), (350, 520), (200, 300)), 175))
    s.put(runner(s, 1030, 1140, CLASSIC[1:7]))
    s.put(
        bottle(
            s,
            690,
            1070,
            [(u * 1.02, r * 1.24) for u, r in WINE],
            "#4a0f22",
            ["Rượu", "sim"],
            level=0.13,
            glass="#5d3a36",
            cap="#9a6200",
            cap_h=110,
            label_h=370,
            label_top=590,
            label_w=316,
            paper="#f3e3c6",
            band=HONEYED,
        )
    )
    for x in (1060, 1290):
        s.put(stem_glass(s, x, 1080 if x < 1200 else 1050, 170, 380, "#7a1632"))
    for x, y, c in (
        (880, 1110, 0),
        (1180, 1140, 0),
        (1400, 1110, 1),
        (1460, 1070, 0),
        (380, 1090, 0),
        (460, 1130, 1),
        (300, 1140, 0),
    ):
        s.put(lying(s, sim_berry(s, 42, ["#4b1d38", "#6b2a4a"][c]), x, y, turn=s.chance.uniform(-120, 120)))


def stem_glass(s: Sheet, cx: float, base: float, w: float, h: float, drink: str) -> str:
    """Stand a small stemmed glass on the table."""
    top = base - h
    half = w / 2
    bowl_d = f"M{n(cx - half)} {n(top)}C{n(cx - half * 1.1)} {n(top + h * 0.36)} {n(cx - half * 0.7)} {n(top + h * 0.5)} {n(cx)} {n(top + h * 0.54)}C{n(cx + half * 0.7)} {n(top + h * 0.5)} {n(cx + half * 1.1)} {n(top + h * 0.36)} {n(cx + half)} {n(top)}A{n(half)} {n(half * 0.2)} 0 0 1 {n(cx - half)} {n(top)}Z"
    y = top + h * 0.2
    return group(
        s.cast(bowl_d, base, opacity=0.2),
        s.contact(cx, base, half * 0.7),
        shape(oval(cx, base, half * 0.72, half * 0.16), s.lin("#fff8ea", "#d8c8ac"), opacity=0.75),
        shape(
            f"M{n(cx - 6)} {n(top + h * 0.52)}L{n(cx - 5)} {n(base - 16)}Q{n(cx - 10)} {n(base - 6)} {n(cx - 34)} {n(base - 2)}H{n(cx + 34)}Q{n(cx + 10)} {n(base - 6)} {n(cx + 5)} {n(base - 16)}L{n(cx + 6)} {n(top + h * 0.52)}Z",
            s.lin("#fffdf6", "#cbb99c"),
            opacity=0.8,
        ),
        shape(bowl_d, "#fff6e6", opacity=0.34),
        group(
            shape(
                box(cx - w, y, w * 2, h),
                s.lin((0.2, dark(drink, 0.3)), (0.4, light(drink, 0.2)), (0.6, drink), (0.8, dark(drink, 0.4))),
            ),
            shape(oval(cx, y, half * 1.02, half * 0.19), light(drink, 0.3)),
            clip_path=s.clip(bowl_d),
        ),
        line(bowl_d, "#fffaf0", 3, opacity=0.55),
        shape(
            smooth(
                [
                    (cx - half * 0.86, top + h * 0.05),
                    (cx - half * 0.7, top + h * 0.05),
                    (cx - half * 0.66, top + h * 0.3),
                    (cx - half * 0.78, top + h * 0.3),
                ]
            ),
            "#fff",
            opacity=0.6,
        ),
    )


@picture("ruou-can-hre")
def jar_wine(s: Sheet) -> None:
    """A glazed jar of rượu cần with bamboo straws, a bowl, forest leaves."""
    room(s, "rose", edge=740)
    cx, base = 720, 1090
    clay = "#7a3d22"
    profile: list[Point] = [
        (360, 150),
        (380, 158),
        (410, 150),
        (440, 180),
        (520, 290),
        (650, 350),
        (800, 350),
        (950, 270),
        (1060, 190),
        (1084, 186),
        (1090, 180),
    ]
    d = turned(cx, profile, sag=0.16)
    for x0, x1, bow in ((690, 420, -140), (720, 1010, 150), (745, 820, 70)):
        way = bezier((x0, 400), (x0 + bow * 0.1, 200), (x0 + bow * 0.7, 90), (x1, 130 if bow < 100 else 160), 26)
        s.put(
            line(smooth(way, closed=False), dark("#c7a558", 0.5), 20),
            line(smooth(way, closed=False), "#c7a558", 15),
            line(smooth([(x - 3, y - 3) for x, y in way], closed=False), "#f0dca0", 4, opacity=0.8),
        )
        for k in (8, 16):
            s.put(
                shape(
                    oval(way[k][0], way[k][1], 11, 6),
                    "#7d6229",
                    transform=f"rotate({n(math.degrees(math.atan2(way[k + 1][1] - way[k][1], way[k + 1][0] - way[k][0])) + 90)} {n(way[k][0])} {n(way[k][1])})",
                )
            )
    glaze = "".join(
        shape(
            smooth(
                [
                    (cx + u * 340, 470),
                    (cx + u * 360 + 26, 480),
                    (cx + u * 370 + 22, 560 + 60 * abs(math.sin(u * 7))),
                    (cx + u * 366, 600 + 70 * abs(math.sin(u * 7))),
                    (cx + u * 356 - 22, 540),
                ]
            ),
            "#3f1d10",
            opacity=0.4,
        )
        for u in (-0.9, -0.62, -0.36, -0.1, 0.16, 0.4, 0.66, 0.88)
    )
    rings = "".join(
        line(f"M{n(cx - 360)} {n(y)}Q{n(cx)} {n(y + 70)} {n(cx + 360)} {n(y)}", dark(clay, 0.5), 5, opacity=0.5)
        + line(
            f"M{n(cx - 360)} {n(y + 7)}Q{n(cx)} {n(y + 77)} {n(cx + 360)} {n(y + 7)}",
            light(clay, 0.4),
            3,
            opacity=0.4,
        )
        for y in (560, 580, 820, 840)
    )
    for k, (x, y, a) in enumerate(
        (
            (640, 390, 200),
            (600, 380, 230),
            (800, 390, -20),
            (840, 384, -46),
            (720, 380, -90),
            (680, 372, -120),
            (770, 376, -60),
        )
    ):
        s.put(put_at(leaf(s, 170, 66, ["#4f7d3a", "#6d9448"][k % 2]), x, y, turn=a))
    s.put(s.cast(d, base, opacity=0.3), s.contact(cx, base, 190, 26))
    s.put(
        group(
            shape(
                d,
                s.lin(
                    (0, dark(clay, 0.3)),
                    (0.2, light(clay, 0.32)),
                    (0.34, light(clay, 0.12)),
                    (0.6, clay),
                    (0.9, dark(clay, 0.55)),
                    (1, dark(clay, 0.35)),
                    x1=cx - 350,
                    x2=cx + 350,
                    px=1,
                ),
            ),
            glaze,
            rings,
            shape(oval(cx - 190, 640, 46, 110), "#ffe9cf", opacity=0.4, filter=s.blur(16)),
            clip_path=s.clip(d),
        )
    )
    s.put(s.grain(d, "#1f0d06", 0.5))
    # cloth round the neck
    collar = f"M{cx - 158} 392Q{cx} 440 {cx + 158} 392L{cx + 196} 452Q{cx} 516 {cx - 196} 452Z"
    s.put(
        s.solid(
            collar,
            woven(s, NARROW, scale=0.62, at=f"translate({cx} 404)"),
            base=RED,
            depth=40,
            shade=0.6,
            shine=0.2,
        )
    )
    s.put(
        line(f"M{cx - 170} 396Q{cx} 446 {cx + 170} 396", "#c79a5b", 11),
        line(f"M{cx - 170} 393Q{cx} 443 {cx + 170} 393", "#eed3a0", 3),
    )
    s.put(
        s.solid(
            f"M{cx + 120} 440l-18 150 34 20 30 -26 14 26 26 -40 -40 -140Z",
            woven(s, NARROW, scale=0.5, at=f"translate({cx + 110} 440) rotate(6)"),
            base=RED,
            depth=20,
            shade=0.5,
            shine=0.2,
        )
    )
    s.put(
        bowl(
            s,
            1270,
            1085,
            330,
            130,
            "#5a3a26",
            shape(oval(1270, 960, 150, 26), s.lin("#c9b27a", "#efe0b4")),
            rim=0.18,
        )
    )
    s.put(
        lying(s, leaf(s, 240, 86, "#4f7d3a"), 1060, 1145, turn=-12),
        lying(s, leaf(s, 200, 70, "#6d9448"), 1080, 1150, turn=14),
    )
    s.put(
        sprig(
            s,
            bezier((330, 1120), (250, 980), (170, 880), (60, 830)),
            size=170,
            width=66,
            colour="#557f3f",
            count=8,
        )
    )


def vine_leaf(s: Sheet, size: float, colour: str) -> str:
    """Draw a three-part leaf of vine tea about (0, 0), pointing right."""
    return group(
        put_at(leaf(s, size * 0.7, size * 0.3, dark(colour, 0.1), veins=4), size * 0.1, 0, turn=-52),
        put_at(leaf(s, size * 0.7, size * 0.3, dark(colour, 0.1), veins=4), size * 0.1, 0, turn=52),
        put_at(leaf(s, size, size * 0.42, colour, veins=6), 0, 0),
    )


def vine(s: Sheet, points: list[Point], size: float = 110, colour: str = "#5c8a45", every: int = 3) -> str:
    """Draw a climbing vine with leaves and tendrils."""
    out = [
        line(smooth(points, closed=False), "#7a5a3a", 8),
        line(smooth([(x - 2, y - 2) for x, y in points], closed=False), "#b08a5a", 2.4),
    ]
    side = 1
    for k in range(1, len(points) - 1, every):
        x, y = points[k]
        x2, y2 = points[k + 1]
        a = math.degrees(math.atan2(y2 - y, x2 - x))
        tone = mix(colour, s.chance.choice(["#a8bd62", "#2f5a34"]), s.chance.uniform(0, 0.5))
        out.append(
            line(
                f"M{n(x)} {n(y)}q{n(side * 20)} {n(26)} {n(side * 6)} {n(52)}q{n(-side * 20)} 12 {n(-side * 12)} -10",
                "#8aa05a",
                3,
            )
        )
        out.append(put_at(vine_leaf(s, size * s.chance.uniform(0.8, 1.15), tone), x, y, turn=a + side * 58))
        side = -side
    return group(*out)


def loose_tea(s: Sheet, cx: float, cy: float, rx: float, ry: float, count: int) -> str:
    """Strew curled dry tea with its pale bloom."""
    out = []
    for x, y in scatter(s, cx, cy, rx, ry, count):
        c = s.chance.choice(["#5a6a3c", "#7d8556", "#48552f", "#9aa078", "#c9cbb0"])
        w = s.chance.uniform(12, 24)
        bow = s.chance.uniform(-0.5, 0.5)
        d = f"M{n(-w)} 0Q0 {n(w * bow * 2)} {n(w)} {n(s.chance.uniform(-5, 5))}"
        out.append(
            put_at(
                line(d, dark(c, 0.5), 8, transform="translate(2 4)", opacity=0.5) + line(d, c, s.chance.uniform(5, 9)),
                x,
                y,
                turn=s.chance.uniform(0, 180),
            )
        )
    return "".join(out)


@picture("che-day-rung")
def vine_tea(s: Sheet) -> None:
    """A tin of forest vine tea, a cup, the climbing vine."""
    room(s, "mist", edge=720)
    s.put(vine(s, bezier((-40, 260), (260, 60), (420, 330), (560, 180), 26), 150))
    s.put(vine(s, bezier((1040, 60), (1240, 220), (1400, 60), (1640, 260), 24), 150))
    s.put(
        tin(
            s,
            600,
            1040,
            560,
            760,
            "#1c5c3a",
            ["Chè dây", "rừng"],
            lid="#123f27",
            paper="#f6ecd9",
            label_box=(0.24, 0.56),
        )
    )
    s.put(cup(s, 1150, 1060, 330, 210, "#f1e6d0", "#b5862f"), steam(s, 1150, 830, 300, 2))
    s.put(loose_tea(s, 900, 1120, 190, 34, 120), loose_tea(s, 1420, 1070, 110, 32, 70))
    s.put(lying(s, vine_leaf(s, 170, "#5c8a45"), 200, 1110, turn=-24))


def ginger(s: Sheet, size: float) -> str:
    """Draw a root of ginger about (0, 0)."""
    skin = "#d3aa6c"
    lobes = [
        ((-0.9, 0.05), (0.5, 0.28), 8),
        ((0.0, -0.05), (0.62, 0.34), -6),
        ((0.78, 0.12), (0.46, 0.27), 12),
        ((-0.5, -0.34), (0.27, 0.34), -28),
        ((0.42, -0.44), (0.24, 0.36), 22),
        ((0.98, -0.2), (0.2, 0.28), 40),
        ((-0.2, 0.3), (0.3, 0.22), 0),
    ]
    out = []
    for (x, y), (rx, ry), a in lobes:
        d = smooth(
            [
                (
                    rx * size * math.cos(k * 0.785) * s.chance.uniform(0.92, 1.06),
                    ry * size * math.sin(k * 0.785) * s.chance.uniform(0.92, 1.06),
                )
                for k in range(8)
            ]
        )
        rings = "".join(
            line(
                f"M{n(u * rx * size)} {n(-ry * size)}q{n(rx * size * 0.14)} {n(ry * size)} 0 {n(ry * size * 2)}",
                dark(skin, 0.4),
                2.4,
                opacity=0.4,
            )
            for u in (-0.6, -0.25, 0.15, 0.5)
        )
        out.append(
            put_at(
                s.solid(d, skin, depth=size * 0.16, shade=0.45, shine=0.4, within=rings),
                x * size,
                y * size,
                turn=a,
            )
        )
    cut = put_at(
        shape(oval(0, 0, size * 0.2, size * 0.26), "#f0d58a")
        + line(oval(0, 0, size * 0.15, size * 0.2), "#d1a94e", 3, opacity=0.6)
        + line(oval(0, 0, size * 0.2, size * 0.26), "#b98f52", 4),
        1.2 * size,
        0.14 * size,
    )
    return group(*out, cut)


def ginger_slice(s: Sheet, r: float) -> str:
    """Draw a slice of ginger lying down."""
    d = smooth(
        [
            (
                r * math.cos(k * 0.785) * s.chance.uniform(0.9, 1.08),
                r * 0.6 * math.sin(k * 0.785) * s.chance.uniform(0.9, 1.08),
            )
            for k in range(8)
        ]
    )
    return group(
        shape(d, "#b98f52", transform="translate(0 7)"),
        shape(d, s.rad("#f9e8ac", "#e5c468")),
        line(d, "#c79d55", 4),
        *(
            line(f"M0 0L{n(r * 0.6 * math.cos(k))} {n(r * 0.36 * math.sin(k))}", "#c9a44e", 1.8, opacity=0.45)
            for k in (i * 0.7 for i in range(9))
        ),
    )


@picture("tra-gung-mat-ong")
def ginger_tea(s: Sheet) -> None:
    """A carton of ginger tea with honey, a glass of it, ginger."""
    room(s, "honey", edge=720)
    art = group(
        *(
            put_at(ginger_slice(s, 90), x, y, turn=s.chance.uniform(0, 90))
            for x, y in ((350, 950), (480, 1010), (620, 930), (760, 1000), (860, 940))
        ),
        opacity=0.9,
    )
    s.put(
        carton(
            s,
            300,
            1060,
            600,
            760,
            170,
            "#b5481f",
            ["Trà gừng", "mật ong"],
            label_box=(0.12, 0.56),
            art=art,
            paper="#fdf3df",
        )
    )
    s.put(glass(s, 1200, 1060, 300, 400, "#d9912b", level=0.22), steam(s, 1200, 640, 330, 3))
    s.put(put_at(ginger_slice(s, 76), 1200, 752))
    s.put(lying(s, ginger(s, 130), 1370, 1080, turn=-8, drop=14))
    s.put(lying(s, ginger_slice(s, 70), 960, 1120), lying(s, ginger_slice(s, 62), 1080, 1150, turn=20))
    s.put(lying(s, leaf(s, 230, 50, "#6d9448", veins=8), 40, 1150, turn=-14))


def bean(s: Sheet, r: float, colour: str = "#4a2616") -> str:
    """Draw a roasted coffee bean about (0, 0)."""
    return group(
        shape(
            oval(0, 0, r, r * 0.68),
            s.rad((0, light(colour, 0.3)), (0.6, colour), (1, dark(colour, 0.55)), cx=0.35, cy=0.3, r=0.75),
        ),
        line(
            f"M{n(-r * 0.86)} {n(r * 0.1)}C{n(-r * 0.3)} {n(-r * 0.34)} {n(r * 0.2)} {n(r * 0.34)} {n(r * 0.86)} {n(-r * 0.1)}",
            dark(colour, 0.75),
            r * 0.15,
        ),
        line(
            f"M{n(-r * 0.5)} {n(-r * 0.36)}Q0 {n(-r * 0.56)} {n(r * 0.4)} {n(-r * 0.4)}",
            "#c98f63",
            r * 0.08,
            opacity=0.6,
        ),
    )


def phin(s: Sheet, cx: float, base: float, w: float) -> str:
    """Set a Vietnamese drip filter (phin) on whatever stands at (cx, base)."""
    h = w * 0.72
    metal = "#b7b3aa"
    skin = s.lin(
        (0, dark(metal, 0.4)),
        (0.2, "#f4f1ea"),
        (0.45, metal),
        (0.8, dark(metal, 0.45)),
        (1, dark(metal, 0.15)),
    )
    body = f"M{n(cx - w * 0.36)} {n(base - h)}L{n(cx - w * 0.33)} {n(base - 8)}H{n(cx + w * 0.33)}L{n(cx + w * 0.36)} {n(base - h)}Z"
    return group(
        shape(oval(cx, base, w * 0.6, w * 0.1), dark(metal, 0.5)),
        shape(oval(cx, base - 6, w * 0.6, w * 0.1), s.lin("#f4f1ea", metal, dark(metal, 0.3))),
        shape(body, skin),
        shape(oval(cx, base - h, w * 0.36, w * 0.07), dark(metal, 0.3)),
        shape(box(cx - w * 0.4, base - h - 14, w * 0.8, 20, 8), skin),
        shape(oval(cx, base - h - 14, w * 0.4, w * 0.07), s.lin("#faf8f2", metal, dark(metal, 0.3))),
        shape(oval(cx, base - h - 30, w * 0.06, w * 0.05), s.lin("#3a2a22", "#1d1613")),
    )


@picture("ca-phe-ray")
def coffee(s: Sheet) -> None:
    """A pouch of upland coffee, a phin dripping into a glass, beans and cherries."""
    room(s, "sand", edge=720)
    s.put(
        sprig(
            s,
            bezier((900, 760), (1080, 560), (1240, 400), (1500, 260)),
            size=210,
            width=92,
            colour="#33643a",
            count=10,
        )
    )
    for x, y in (
        (1085, 545),
        (1120, 570),
        (1060, 590),
        (1250, 400),
        (1290, 420),
        (1235, 440),
        (1390, 330),
        (1425, 350),
    ):
        s.put(
            put_at(
                shape(
                    oval(0, 0, 30, 32),
                    s.rad((0, "#f0785a"), (0.5, "#c02a20"), (1, "#6a100e"), cx=0.35, cy=0.3),
                )
                + shape(oval(3, 27, 6, 4), "#4a1a10"),
                x,
                y,
            )
        )
    s.put(
        pouch(
            s,
            560,
            1060,
            660,
            950,
            "#2b1c16",
            ["Cà phê", "rẫy"],
            label_box=(0.2, 0.5),
            paper="#f3e3c6",
            zip_line=True,
        )
    )
    s.put(
        shape(oval(560, 930, 26, 26), "#17100c"),
        line(oval(560, 930, 26, 26), "#5a463a", 5),
        *(shape(oval(560 + dx, 930 + dy, 4, 4), "#5a463a") for dx, dy in ((-8, 0), (8, 0), (0, 8), (0, -8))),
    )
    s.put(
        glass(s, 1180, 1060, 250, 270, "#3a1c10", level=0.42, foot=0.86),
        phin(s, 1180, 796, 260),
        line("M1180 812v90", "#3a1c10", 5, opacity=0.8),
    )
    for x, y in [*scatter(s, 930, 1115, 130, 34, 26), *scatter(s, 1420, 1070, 110, 40, 22)]:
        s.put(
            lying(
                s,
                bean(s, 27, s.chance.choice(["#4a2616", "#5a3020", "#3d1e12"])),
                x,
                y,
                turn=s.chance.uniform(0, 180),
                drop=6,
            )
        )


def lingzhi(s: Sheet, r: float) -> str:
    """Draw a lingzhi mushroom: a lacquered, ringed cap over a short stalk; its foot is at (0, 0)."""
    h = r * 0.95
    cap = smooth(
        [
            (-r, -h * 0.98),
            (-r * 0.86, -h * 1.35),
            (-r * 0.3, -h * 1.56),
            (r * 0.36, -h * 1.54),
            (r * 0.92, -h * 1.3),
            (r, -h * 0.98),
            (r * 0.5, -h * 0.8),
            (-r * 0.5, -h * 0.8),
        ]
    )
    rings = "".join(
        line(
            f"M{n(-r * k)} {n(-h * (1.02 + (1 - k) * 0.24))}Q0 {n(-h * (0.7 + (1 - k) * 0.62))} {n(r * k)} {n(-h * (1.02 + (1 - k) * 0.24))}",
            c,
            w,
            opacity=0.7,
        )
        for k, c, w in (
            (0.97, "#f3dfa6", r * 0.1),
            (0.86, "#d98a3a", r * 0.08),
            (0.72, "#3a0f0a", r * 0.03),
            (0.58, "#c65a2a", r * 0.04),
            (0.42, "#3a0f0a", r * 0.025),
        )
    )
    stalk = smooth(ribbon([(0, 4), (-r * 0.06, -h * 0.4), (r * 0.04, -h * 0.9)], lambda t: r * (0.34 - 0.06 * t)))
    return group(
        s.solid(stalk, "#5a1f14", depth=r * 0.2, shade=0.5),
        shape(oval(0, -h * 0.94, r * 0.96, h * 0.16), "#d9bb86"),
        s.solid(
            cap,
            "#7d2415",
            depth=r * 0.3,
            shade=0.5,
            shine=0.2,
            within=rings
            + shape(
                smooth(
                    [
                        (-r * 0.6, -h * 1.3),
                        (-r * 0.2, -h * 1.46),
                        (r * 0.16, -h * 1.44),
                        (-r * 0.2, -h * 1.34),
                    ]
                ),
                "#ffd9b0",
                opacity=0.5,
                filter=s.blur(r * 0.05),
            ),
        ),
    )


@picture("nam-linh-chi")
def mushrooms(s: Sheet) -> None:
    """Lingzhi mushrooms on a log, a carton, slices in a dish."""
    room(s, "leaf", edge=720)
    s.put(
        carton(
            s,
            180,
            1040,
            500,
            740,
            150,
            "#5a1f14",
            ["Nấm", "linh chi"],
            label_box=(0.16, 0.52),
            paper="#f6ecd9",
            band=HONEYED,
        )
    )
    log = smooth([(790, 940), (830, 896), (1480, 880), (1540, 960), (1500, 1060), (830, 1080), (780, 1010)])
    bark = "".join(
        line(
            smooth([(800 + k * 40, y + s.chance.uniform(-8, 8)) for k in range(18)], closed=False),
            "#2d1a10",
            5,
            opacity=0.4,
        )
        for y in (930, 960, 990, 1020, 1050)
    )
    moss = "".join(
        shape(
            oval(x, y, s.chance.uniform(18, 44), s.chance.uniform(10, 18)),
            s.chance.choice(["#6d8a3e", "#557a38", "#8aa050"]),
            opacity=0.8,
        )
        for x, y in [(s.chance.uniform(850, 1460), s.chance.uniform(886, 912)) for _ in range(26)]
    )
    s.put(
        s.cast(log, 1070),
        s.contact(1160, 1075, 330, 30),
        s.solid(log, "#5d4330", depth=70, shade=0.6, within=bark + moss),
        shape(oval(812, 990, 46, 84), s.rad("#d9b486", "#9a6f44")),
        line(oval(812, 990, 30, 58), "#7d5632", 4, opacity=0.6),
        line(oval(812, 990, 14, 28), "#7d5632", 4, opacity=0.6),
    )
    for x, y, r, a in (
        (1400, 930, 120, 10),
        (960, 930, 140, -8),
        (1190, 935, 230, 2),
        (1050, 985, 96, -10),
        (1340, 1000, 86, 8),
    ):
        s.put(put_at(lingzhi(s, r), x, y, turn=a))
    for x, y, a in ((760, 1130, 0), (880, 1150, 16), (1010, 1135, -12)):
        piece = group(
            shape(
                smooth([(-90, 8), (-60, -34), (0, -46), (60, -34), (90, 8), (40, 22), (-40, 22)]),
                s.down("#7d2415", "#c98a52"),
            ),
            shape(smooth([(-74, 8), (-40, -16), (0, -24), (40, -16), (74, 8), (30, 16), (-30, 16)]), "#d9b486"),
        )
        s.put(lying(s, piece, x, y, turn=a))
    s.put(
        sprig(
            s,
            bezier((1500, 880), (1540, 760), (1520, 640), (1580, 540)),
            size=120,
            width=52,
            colour="#557f3f",
            count=7,
        )
    )


@picture("heo-ky")
def smoked_pork(s: Sheet) -> None:
    """Smoked pork of the local pig: a slab cut on a board, a pack behind."""
    room(s, "clay", edge=720)
    s.put(
        pouch(
            s,
            520,
            1030,
            620,
            900,
            "#7d1613",
            ["Thịt heo ky", "xông khói"],
            label_box=(0.18, 0.46),
            paper="#f9eddb",
            window=group(
                shape(box(200, 600, 700, 500), "#5a2417"),
                *(
                    put_at(
                        pork_slice(s, 190),
                        400 + (k % 3) * 120,
                        770 + (k // 3) * 60,
                        turn=s.chance.uniform(-14, 14),
                    )
                    for k in range(9)
                ),
            ),
            window_box=(0.16, 0.68, 0.68, 0.2),
        )
    )
    s.put(board(s, 740, 880, 800, 190, "#8f5a2f"))
    top = poly([(1010, 790), (1080, 724), (1480, 724), (1420, 790)])
    face = "M1010 790H1420V966Q1220 984 1010 966Q996 880 1010 790Z"
    end = poly([(1420, 790), (1480, 724), (1490, 890), (1420, 966)])
    bands = group(
        shape("M1000 790H1430V828Q1220 846 1000 828Z", "#5a2417"),
        shape("M1000 826Q1220 846 1430 826V868Q1220 888 1000 866Z", "#f0d5b4"),
        shape("M1000 866Q1220 888 1430 866V912Q1220 926 1000 912Z", "#b5503c"),
        shape("M1000 912Q1220 926 1430 912V934Q1220 946 1000 934Z", "#f0d5b4"),
        shape("M1000 934Q1220 946 1430 934V990H1000Z", "#a5402f"),
        *(
            line(
                smooth([(1010 + k * 46, y + s.chance.uniform(-5, 5)) for k in range(10)], closed=False),
                "#f6dfc4",
                3,
                opacity=0.35,
            )
            for y in (884, 896, 952, 962)
        ),
    )
    s.put(
        shape(
            poly([(1010, 950), (1500, 880), (1560, 930), (1460, 990), (1000, 985)]),
            SHADOW,
            filter=s.blur(12),
            opacity=0.5,
        ),
        s.solid(end, "#6b2a1b", depth=20),
        s.solid(
            top,
            "#4f1f14",
            depth=26,
            within="".join(
                shape(
                    oval(s.chance.uniform(1020, 1470), s.chance.uniform(728, 788), 4, 3),
                    s.chance.choice(["#d9a45c", "#1d0f0a", "#c93b22"]),
                )
                for _ in range(60)
            ),
        ),
        s.solid(face, "#b5503c", depth=30, shade=0.4, within=bands),
    )
    for k in range(4):
        s.put(lying(s, pork_slice(s, 210), 800 + k * 62, 950 + k * 16, turn=-8 + k * 4))
    for x, y, a in ((1330, 1060, 190), (1450, 1050, 172)):
        s.put(lying(s, chilli(s, 150, "#c8281c"), x, y, turn=a))
    s.put(
        lying(s, leaf(s, 210, 78, "#3f6d35"), 880, 1150, turn=-10),
        lying(s, leaf(s, 180, 66, "#557f3f"), 1080, 1155, turn=10),
    )
    for x, y in scatter(s, 1330, 1140, 120, 22, 24):
        s.put(
            shape(oval(x + 2, y + 4, 9, 7), SHADOW, opacity=0.4),
            shape(oval(x, y, 9, 8), s.rad("#6a5a4a", "#241a14", cx=0.35, cy=0.3)),
        )


def pork_slice(s: Sheet, w: float) -> str:
    """Draw a slice of streaky pork about (0, 0)."""
    h = w * 0.5
    d = smooth(
        [
            (-w / 2, -h * 0.4),
            (0, -h * 0.5),
            (w / 2, -h * 0.42),
            (w * 0.52, h * 0.3),
            (0, h * 0.46),
            (-w * 0.5, h * 0.34),
        ]
    )
    layers = group(
        shape(box(-w, -h, w * 2, h * 0.62), "#5a2417"),
        shape(box(-w, -h * 0.38, w * 2, h * 0.26), "#f3dabb"),
        shape(box(-w, -h * 0.14, w * 2, h * 0.24), "#bf5c46"),
        shape(box(-w, h * 0.08, w * 2, h * 0.12), "#f3dabb"),
        shape(box(-w, h * 0.18, w * 2, h), "#ad4836"),
    )
    return s.solid(d, "#bf5c46", depth=14, shade=0.4, within=layers)
