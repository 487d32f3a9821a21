# ruff: noqa: E501 - outlines are read as one line
"""Scenes of places to visit, and the wide pictures of the front page."""

from __future__ import annotations

import math

from book import picture
from cloth import CLASSIC, NARROW, SLIM, strip, woven
from folk import seated_back, standing
from goods_craft import woven_basket
from goods_food import rice_ear
from kit import (
    INDIGO,
    INK,
    KRAFT,
    PAPER,
    RED,
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
    shape,
    smooth,
)
from land import grass, haze, meadow, palm, plume, ridge, ridge_points, sky, tree
from packs import jar, pouch
from places import banana_plant, bush, loom, path_of, rock, stilt_house, washing
from stage import fern, leaf, mottle, sprig


@picture("du-lich-lang-teng")
def weaving_village(s: Sheet) -> None:
    """The weaving village: stilt houses under palms, a woman at her loom."""
    s.put(sky(s, "#e9b98a", "#fbebcb", (1310, 260, 56)))
    s.put(haze(s, 100, 160, 700, 40), haze(s, 820, 110, 500, 30))
    s.put(ridge(s, ridge_points(s, 520, 280, rough=1.1), "#b39a86", foot="#f3dfbf"), haze(s, 300, 470, 1200, 60))
    s.put(ridge(s, ridge_points(s, 590, 200, rough=1.0), "#7f9270", foot="#d9d3a0"))
    for x, h in ((60, 260), (200, 300), (620, 280), (760, 330), (1500, 300), (1610, 260)):
        s.put(tree(s, x, 720, h, s.chance.choice(["#4c7040", "#5c7f48", "#40643a"])))
    s.put(palm(s, 420, 740, 520, lean=-0.06), palm(s, 500, 735, 430, lean=0.08), palm(s, 1390, 745, 560, lean=0.05))
    s.put(meadow(s, [(-60, 720), (300, 700), (800, 716), (1200, 700), (1680, 716)], "#b9a863", "#a98a52", 500))
    s.put(shape(path_of([(760, 700), (720, 780), (900, 900), (760, 1240)], 40, 560), s.down("#e0bd86", "#c99a62")))
    s.put(stilt_house(s, 250, 790, 520))
    s.put(stilt_house(s, 1090, 900, 940, open_below=group()))
    s.put(banana_plant(s, 1540, 930, 420))
    # cloth over the rail of the veranda
    for x, w, which in ((800, 120, CLASSIC), (960, 90, NARROW), (1090, 120, CLASSIC[:8])):
        s.put(
            shape(box(x + 6, 748, w, 122), SHADOW, filter=s.blur(6), opacity=0.5),
            s.solid(
                box(x, 738, w, 124),
                woven(s, which, scale=0.5, at=f"translate({x} 742)"),
                base=RED,
                depth=18,
                shade=0.45,
                shine=0.15,
            ),
        )
    s.put(loom(s, 420, 1110, 520, 600, CLASSIC[1:]))
    s.put(seated_back(s, 420, 1170, 420, shirt="#231915", arms=((240, 880), (600, 880))))
    s.put(
        washing(s, 900, 1400, 975, [RED, INK, INDIGO, "#c98a2a", THREAD], 74, 190),
        line("M880 970V1190M1420 970V1190", "#7d5a32", 18),
    )
    for x in range(-20, 1640, 64):
        if not 640 < x < 860:
            s.put(grass(s, x + s.chance.uniform(-18, 18), 1212, s.chance.uniform(50, 100), "#8c8f45", 7, 0.8))


def cliff_wall(s: Sheet, side: int, inner: list[Point], colour: str) -> str:
    """Paint one wall of the gorge: blocks with a lit top and a dark flank, moss on their ledges.

    :param inner: the edge beside the water, from top to bottom
    """
    outer = -60 if side < 0 else s.width + 60
    first = -120.0 if side < 0 else min(x for x, _y in inner) - 120
    d = (
        f"M{outer} {n(inner[0][1] - 10)}"
        + smooth(inner, closed=False, tension=0.7).replace("M", "L", 1)
        + f"L{outer} {n(inner[-1][1])}Z"
    )
    blocks = []
    top, end = inner[0][1], inner[-1][1]
    y = top - 20
    while y < end:
        tall = s.chance.uniform(70, 120)
        x = first - s.chance.uniform(0, 120)
        while x < s.width + 120:
            wide = s.chance.uniform(120, 250)
            jag = [s.chance.uniform(-18, 18) for _ in range(6)]
            keep_y, keep_tall = y, tall
            y += 34 * math.sin(x / 150 + y / 90)
            tall *= s.chance.uniform(0.8, 1.5)
            block = [
                (x + jag[0], y + 24),
                (x + wide * 0.3, y + jag[1]),
                (x + wide * 0.9, y + 10 + jag[2]),
                (x + wide + jag[3], y + 40),
                (x + wide * 0.96, y + tall + 16 + jag[4]),
                (x + wide * 0.1, y + tall + 20 + jag[5]),
            ]
            near = min(1.0, abs(x + wide / 2 - s.width / 2) / 800)
            tone = mix(
                mix(colour, "#8f8f7d", s.chance.uniform(0, 0.4)),
                "#2c352f",
                (1 - near) * 0.4 + (0.14 if side > 0 else 0),
            )
            front = smooth(block, tension=0.3)
            shelf = smooth(
                [block[0], block[1], block[2], block[3], (x + wide * 0.6, y + 46), (x + wide * 0.3, y + 50)],
                tension=0.3,
            )
            blocks.append(
                s.solid(
                    front,
                    s.down(tone, dark(tone, 0.4)),
                    base=tone,
                    depth=26,
                    shade=0.5,
                    shine=0.15,
                    within=shape(shelf, light(tone, 0.24))
                    + "".join(
                        line(
                            f"M{n(x + wide * k)} {n(y + 50)}l{n(s.chance.uniform(-12, 12))} {n(tall * s.chance.uniform(0.3, 0.8))}",
                            dark(tone, 0.5),
                            3,
                            opacity=0.4,
                        )
                        for k in (0.25, 0.5, 0.74)
                    ),
                )
            )
            if s.chance.random() < 0.3:
                moss = smooth(
                    [
                        (x + wide * 0.1, y + 30),
                        (x + wide * 0.3, y + 4),
                        (x + wide * 0.7, y + 12),
                        (x + wide * 0.8, y + 34),
                        (x + wide * 0.66, y + 62),
                        (x + wide * 0.5, y + 40),
                        (x + wide * 0.3, y + 58),
                    ]
                )
                blocks.append(
                    shape(moss, s.lin(*s.chance.choice([("#86a850", "#4f7a3a"), ("#6d8f45", "#3f6a35")])), opacity=0.85)
                )
            y, tall = keep_y, keep_tall
            x += wide * 0.94
        y += tall
    return group(shape(d, colour), *blocks, clip_path=s.clip(d))


@picture("thac-lung-o")
def waterfall(s: Sheet) -> None:
    """A waterfall between mossy rocks in the forest, a clear pool, ferns in front."""
    s.put(sky(s, "#bfd6c6", "#f2f2dc"))
    s.put(
        ridge(s, ridge_points(s, 250, 200, rough=1.1), "#9cb8a4", foot="#d8e2c6"),
        haze(s, -100, 200, 1800, 70, "#f6f4e0", 0.8),
    )
    for x, h in ((-10, 400), (160, 460), (330, 420), (480, 360), (1130, 360), (1270, 430), (1430, 470), (1590, 420)):
        s.put(tree(s, x, 330, h, s.chance.choice(["#41704a", "#557f4a", "#356040"])))
    s.put(shape(box(-20, 250, 1640, 700), "#27332e"))
    # the fall itself, behind the walls
    fall = poly([(640, 232), (960, 232), (1010, 500), (1060, 960), (540, 960), (600, 500)])
    streaks = []
    for _ in range(260):
        u = s.chance.uniform(-1, 1)
        a = s.chance.uniform(0, 0.8)
        b = min(1.0, a + s.chance.uniform(0.12, 0.5))
        xa, xb = 800 + u * (150 + 100 * a), 800 + u * (150 + 100 * b)
        ya, yb = 232 + 700 * a, 232 + 700 * b
        c = s.chance.choice(["#ffffff", "#ffffff", "#e6f2ee", "#bcd9d6", "#93bfbf"])
        streaks.append(
            line(
                f"M{n(xa)} {n(ya)}Q{n((xa + xb) / 2 + s.chance.uniform(-5, 5))} {n((ya + yb) / 2)} {n(xb)} {n(yb)}",
                c,
                s.chance.uniform(4, 13),
                opacity=0.62,
            )
        )
    s.put(shape(fall, s.down("#eef6f2", "#b5d6d3", "#dcece8")), group(*streaks, clip_path=s.clip(fall)))
    # boulders that split the water
    for x, y, w, h in ((760, 560, 150, 120), (880, 740, 190, 140), (690, 800, 150, 110)):
        s.put(
            rock(s, x, y, w, h, "#4d554d"),
            *(
                shape(
                    oval(x + s.chance.uniform(-0.6, 0.6) * w, y + s.chance.uniform(-14, 12), 44, 16),
                    "#ffffff",
                    opacity=0.8,
                    filter=s.blur(6),
                )
                for _ in range(7)
            ),
            shape(oval(x - w * 0.1, y - h * 0.84, w * 0.2, h * 0.1), "#7d9a4a", opacity=0.85),
        )
    left = [
        (694, 215),
        (676, 262),
        (688, 330),
        (640, 372),
        (650, 470),
        (626, 540),
        (634, 600),
        (584, 640),
        (600, 720),
        (592, 790),
        (548, 822),
        (556, 900),
        (520, 950),
    ]
    right = [
        (908, 215),
        (926, 280),
        (918, 320),
        (962, 350),
        (968, 440),
        (954, 500),
        (1000, 530),
        (1012, 640),
        (1000, 690),
        (1040, 720),
        (1050, 830),
        (1036, 880),
        (1084, 910),
        (1090, 950),
    ]
    s.put(cliff_wall(s, -1, left, "#667064"), cliff_wall(s, 1, right, "#5a645a"))
    for x, y, w, h, c in (
        (60, 290, 260, 110, "#4c7a3f"),
        (300, 262, 240, 100, "#5d8a45"),
        (560, 236, 220, 90, "#436d3a"),
        (1060, 240, 240, 96, "#436d3a"),
        (1300, 268, 260, 110, "#4c7a3f"),
        (1540, 290, 260, 120, "#3a6038"),
        (150, 560, 180, 80, "#436d3a"),
        (430, 700, 170, 76, "#4c7a3f"),
        (1240, 600, 190, 84, "#3a6038"),
        (1480, 760, 200, 84, "#436d3a"),
    ):
        s.put(bush(s, x, y, w, h, c))
    s.put(
        *(
            shape(
                oval(
                    800 + s.chance.uniform(-330, 330),
                    930 + s.chance.uniform(-34, 26),
                    s.chance.uniform(50, 110),
                    s.chance.uniform(20, 46),
                ),
                "#fbfdf6",
                opacity=0.7,
                filter=s.blur(12),
            )
            for _ in range(22)
        )
    )
    pool = smooth(
        [(-60, 945), (300, 925), (800, 945), (1300, 922), (1680, 945), (1680, 1240), (-60, 1240)], tension=0.6
    )
    s.put(shape(pool, s.down("#b5d9d0", "#5a9f99", "#2a6668")))
    for _ in range(60):
        y = s.chance.uniform(960, 1200)
        x = s.chance.uniform(40, 1500)
        w = s.chance.uniform(50, 200)
        s.put(
            line(
                f"M{n(x)} {n(y)}q{n(w / 2)} {n(s.chance.uniform(4, 8))} {n(w)} 0",
                s.chance.choice(["#e6f3ec", "#c3e0d8", "#2a6668"]),
                s.chance.uniform(2, 4),
                opacity=0.5,
            )
        )
    s.put(haze(s, 360, 950, 900, 90, "#ffffff", 0.85))
    for x, y, w, h in (
        (170, 1080, 330, 150),
        (1450, 1070, 380, 170),
        (420, 1140, 210, 90),
        (1210, 1130, 210, 96),
        (1010, 1040, 110, 44),
        (640, 1070, 130, 50),
        (30, 1210, 380, 160),
        (1600, 1210, 360, 180),
    ):
        s.put(
            shape(oval(x + 10, y, w * 0.56, 18), "#1d4a4c", opacity=0.5, filter=s.blur(8)),
            rock(s, x, y, w, h, mix("#6d6f62", "#8a8a7a", s.chance.random())),
        )
        s.put(
            *(
                shape(
                    oval(
                        x + s.chance.uniform(-0.3, 0.16) * w, y - h * s.chance.uniform(0.72, 0.92), w * 0.08, h * 0.05
                    ),
                    "#7d9a4a",
                    opacity=0.8,
                )
                for _ in range(6)
            )
        )
    for x, y, a, size in (
        (30, 1190, -66, 150),
        (120, 1215, -40, 160),
        (250, 1220, -78, 120),
        (1580, 1190, -118, 150),
        (1480, 1220, -140, 160),
        (1360, 1220, -100, 110),
    ):
        rad = math.radians(a)
        tip = (x + math.cos(rad) * size * 2.3, y + math.sin(rad) * size * 2.3)
        s.put(
            fern(
                s,
                bezier(
                    (x, y),
                    (x + math.cos(rad) * size, y + math.sin(rad) * size * 1.4),
                    tip,
                    (tip[0] + math.cos(rad) * 60, tip[1] + 70),
                    24,
                ),
                size=size * 0.62,
                colour="#3f7a3f",
                count=18,
            )
        )


def terraces(
    s: Sheet, top: float, low: float, steps: int, x0: float, x1: float, *, gold: float = 0.5, hump: float = 90
) -> str:
    """Paint terraced fields that step down a slope."""
    out = []
    for i in range(steps):
        t = i / (steps - 1)
        y = top + (low - top) * t**1.25
        phase = s.chance.uniform(-0.3, 0.3) + i * 0.45
        points = [
            (
                x0 + (x1 - x0) * k / 12,
                y
                + hump * (0.5 - 0.5 * math.cos(k / 12 * 2 * math.pi + 0.4)) * (1 - t * 0.5) * -1
                + 14 * math.sin(k * 1.2 + phase) * (0.4 + t),
            )
            for k in range(13)
        ]
        tone = mix("#7fa04a", "#d9b44a", min(1.0, max(0.0, gold + s.chance.uniform(-0.35, 0.35))))
        d = smooth(points, closed=False) + f"L{n(x1)} {n(low + 260)}L{n(x0)} {n(low + 260)}Z"
        edge = smooth(points, closed=False)
        out.append(line(edge, dark(tone, 0.55), 5 + 9 * t, opacity=0.55, transform=f"translate(0 {n(-3 - 4 * t)})"))
        out.append(shape(d, s.lin((0, light(tone, 0.3)), (1, dark(tone, 0.12)), x1=x0, x2=x1, y1=y, y2=y + 100, px=1)))
        out.append(line(edge, light(tone, 0.6), 2 + 2.4 * t, opacity=0.8))
    return group(*out)


def river(s: Sheet, points: list[Point], far: float, near: float) -> str:
    """Lead a river through the valley."""
    d = path_of(points, far, near)
    glints = []
    for i in range(26):
        k = s.chance.randrange(2, len(points) - 1)
        x, y = points[k]
        w = (far + (near - far) * (k / len(points)) ** 1.6) * 0.5
        glints.append(
            line(
                f"M{n(x + s.chance.uniform(-w, w * 0.4))} {n(y + s.chance.uniform(-14, 14))}h{n(w * s.chance.uniform(0.2, 0.6))}",
                "#fff8e6" if i % 2 else "#5d938f",
                2.6,
                opacity=0.6,
            )
        )
    return group(
        line(d, "#d9c690", 12, opacity=0.8),
        shape(d, s.down("#f3e3bd", "#a9cdc4", "#6fa5a0")),
        group(*glints, clip_path=s.clip(d)),
    )


@picture("hero", 2400, 1000)
def hero(s: Sheet) -> None:
    """The hills of Ba Tơ: terraces, river, stilt houses, a basket of goods in front."""
    s.put(sky(s, "#e3a578", "#fceccb", (1180, 250, 58)))
    s.put(
        haze(s, 60, 120, 900, 44, "#fff0d6", 0.7),
        haze(s, 1300, 90, 900, 40, "#fff0d6", 0.6),
        haze(s, 700, 190, 600, 26, "#fff0d6", 0.5),
    )
    s.put(
        ridge(s, ridge_points(s, 450, 260, rough=1.2), "#c49c89", foot="#f7e3c3"),
        haze(s, -100, 400, 1500, 60, "#fdeccd", 0.8),
    )
    s.put(
        ridge(s, ridge_points(s, 510, 250, rough=1.1), "#98967c", foot="#f0dfb5"),
        haze(s, 1100, 460, 1400, 60, "#fdeccd", 0.8),
    )
    s.put(
        ridge(s, ridge_points(s, 570, 210, rough=1.0), "#718661", foot="#dcd29a"),
        haze(s, 0, 520, 1000, 44, "#fbe9c6", 0.7),
    )
    s.put(
        meadow(
            s, [(-60, 600), (500, 560), (1000, 590), (1500, 570), (2000, 545), (2460, 560)], "#b7b25c", "#98994c", 300
        )
    )
    s.put(terraces(s, 606, 1010, 12, -80, 1560, gold=0.55, hump=56))
    course = bezier((1236, 592), (1060, 650), (1440, 740), (1210, 1080), 30)
    right_bank = smooth([*course[::3], (1300, 1060)], closed=False) + "L2460 1060L2460 560L1400 580Z"
    s.put(
        s.solid(
            right_bank,
            s.lin((0, "#bdb662"), (1, "#8c9548"), x1=0, y1=580, x2=0, y2=900, px=1),
            base="#a3a04c",
            depth=10,
            shade=0.2,
            shine=0.2,
        )
    )
    s.put(river(s, course, 12, 330))
    for x, h in (
        (1180, 80),
        (1250, 100),
        (1690, 150),
        (1790, 190),
        (1890, 160),
        (2330, 180),
        (2400, 150),
        (2240, 130),
        (1990, 150),
        (2120, 130),
    ):
        s.put(tree(s, x, 606, h, s.chance.choice(["#55743f", "#486a3a", "#63824a"])))
    s.put(
        palm(s, 1330, 620, 190, lean=-0.05),
        palm(s, 1640, 640, 270, lean=0.06),
        palm(s, 1700, 650, 210, lean=0.08),
        palm(s, 2330, 640, 260, lean=-0.06),
    )
    s.put(stilt_house(s, 1390, 650, 210), stilt_house(s, 2330, 700, 260, flip=True), stilt_house(s, 1560, 720, 330))
    for x, y, h in ((330, 780, 130), (420, 800, 130), (700, 760, 110)):
        s.put(standing(s, x, y, h, shirt=s.chance.choice([RED, INK, "#27506a"]), basket=x != 420))
    s.put(bush(s, 1320, 690, 110, 44, "#5d8a45"), bush(s, 1790, 760, 150, 64), banana_plant(s, 1760, 780, 190))
    # the foreground bank with brocade and basket
    bank = smooth([(1290, 1040), (1440, 910), (1680, 856), (2000, 840), (2460, 850), (2460, 1040)], tension=0.8)
    s.put(s.solid(bank, "#8f8a45", depth=40, shade=0.2, shine=0.5))
    for _ in range(60):
        x = s.chance.uniform(1440, 2400)
        s.put(grass(s, x, s.chance.uniform(880, 960), 34, "#99a04a", 5))
    cloth = [(1540, 930), (2470, 930), (2520, 1010), (1470, 1010)]
    s.put(
        shape(poly(cloth), SHADOW, transform="translate(10 12)", filter=s.blur(9), opacity=0.45),
        s.solid(
            poly(cloth),
            s.tile(_rows_of(), 48, _tall(), "translate(1330 930) scale(.8 .34)"),
            base=RED,
            depth=20,
            shade=0.3,
            shine=0.15,
        ),
    )
    s.put(put_at(_still_life(s), 1935, 976, scale=0.62))
    for i in range(60):
        x = -30 + i * 42 + s.chance.uniform(-14, 14)
        if x < 1440:
            s.put(
                grass(s, x, 1012, s.chance.uniform(60, 120), s.chance.choice(["#7f8c3c", "#5f7534", "#9ea04c"]), 8, 0.7)
            )
    for x, h, lean in ((50, 420, 0.16), (130, 340, 0.22), (-10, 300, 0.14), (220, 250, 0.24)):
        s.put(plume(s, x, 1012, h, lean))


def _rows_of() -> str:
    from cloth import rows

    return rows(CLASSIC)


def _tall() -> float:
    from cloth import height

    return height(CLASSIC)


def _still_life(s: Sheet) -> str:
    """A basket with rice, cloth and greens, a jar of honey and a pouch beside it; foot at (0, 0)."""
    return group(
        group(
            *(
                rice_ear(s, bezier((40, -300), (20, -520), (x * 0.7, -680), (x, y), 26), 17)
                for x, y in ((-260, -520), (-160, -640), (330, -560), (240, -690))
            )
        ),
        put_at(
            sprig(
                s, bezier((0, 0), (60, -120), (150, -240), (280, -300)), size=150, width=60, colour="#4c7a3f", count=8
            ),
            60,
            -330,
        ),
        woven_basket(s, 0, 20, 720, 400),
        put_at(
            jar(
                s,
                0,
                0,
                250,
                360,
                shape(
                    box(-200, -290, 400, 320), s.lin("#8f4706", "#f0ad3c", "#c4700f", "#7d3d06", x1=-125, x2=125, px=1)
                ),
                ["Mật", "ong"],
                cloth=woven(s, CLASSIC, scale=0.4, at="translate(0 -380)"),
                label_box=(0.42, 0.42),
                label_w=0.8,
            ),
            530,
            36,
        ),
        pouch(s, -520, 36, 290, 400, KRAFT, ["Gạo", "rẫy"], label_box=(0.2, 0.58)),
        put_at(leaf(s, 190, 66, "#4c7a3f"), 300, 60, turn=-8),
    )


@picture("og-card", 1200, 630)
def og_card(s: Sheet) -> None:
    """The card that is shown when a page is shared: hills, a house, the name."""
    s.put(sky(s, "#e3a578", "#fceccb", (930, 150, 42)))
    s.put(haze(s, 560, 70, 560, 28, "#fff0d6", 0.6))
    s.put(
        ridge(s, ridge_points(s, 300, 190, rough=1.2), "#c49c89", foot="#f7e3c3"),
        haze(s, 200, 270, 1000, 44, "#fdeccd", 0.8),
    )
    s.put(
        ridge(s, ridge_points(s, 350, 170, rough=1.1), "#98967c", foot="#f0dfb5"),
        ridge(s, ridge_points(s, 400, 130, rough=1.0), "#718661", foot="#dcd29a"),
    )
    s.put(terraces(s, 420, 640, 7, -40, 1240, gold=0.5, hump=50))
    s.put(tree(s, 1120, 440, 120, "#55743f"), palm(s, 780, 470, 190, lean=-0.05), palm(s, 1060, 470, 210, lean=0.06))
    s.put(stilt_house(s, 930, 510, 310))
    panel = box(0, 0, 560, 630)
    s.put(shape(panel, INK), mottle(s, panel, 0.2))
    s.put(strip(s, 560, 0, 30, 1, SLIM))
    s.put(f'<g transform="translate(606 0) rotate(90)">{strip(s, 0, 0, 630, 46, NARROW)}</g>')
    s.put(
        s.words("Sản vật", 64, 262, 104, PAPER, anchor="start"),
        s.words("Ba Tơ", 64, 388, 104, PAPER, anchor="start"),
        s.words("Biết rõ nơi làm, người làm", 66, 470, 33, "#e9d9bd", weight=400, anchor="start"),
        shape(box(66, 120, 110, 8), THREAD),
    )
