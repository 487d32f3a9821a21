# ruff: noqa: E501 - outlines are read as one line
"""Scenes of the producers at their work."""

from __future__ import annotations

import math

from book import picture
from cloth import CLASSIC, NARROW, SLIM, strip, woven
from folk import back_basket, bending, grip, seated_back, standing
from goods_craft import orchid, woven_basket
from goods_dry import jerky
from goods_food import bee, rice_ear
from kit import (
    CREAM,
    INDIGO,
    INK,
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
    shape,
    smooth,
)
from land import grass, haze, meadow, palm, ridge, ridge_points, sky, tree
from places import bamboo_clump, banana_plant, hive, loom, path_of, stilt_house, washing
from stage import fern, leaf, lying, mottle, sprig, steam, tray
from villages import terraces


@picture("prod-weaving-1")
def hands_at_the_loom(s: Sheet) -> None:
    """Two hands press the batten of a loom; the brocade grows towards the weaver."""
    floor = "#b98a55"
    step = 64
    mat = s.tile(
        f'<rect width="{step * 2}" height="{step * 2}" fill="{floor}"/><rect width="{step}" height="{step}" fill="{light(floor, 0.09)}"/><rect x="{step}" y="{step}" width="{step}" height="{step}" fill="{light(floor, 0.09)}"/>',
        step * 2,
        step * 2,
    )
    s.put(
        shape(box(0, 0, 1600, 1200), mat),
        shape(box(0, 0, 1600, 1200), s.lin((0, "#fff0cf", 0.25), (0.5, SHADOW, 0.05), (1, SHADOW, 0.5), x2=1, y2=0.7)),
    )
    edge = poly([(420, -20), (1180, -20), (1290, 640), (310, 640)])
    s.put(shape(edge, SHADOW, transform="translate(40 20)", filter=s.blur(22), opacity=0.5))
    threads = []
    for i in range(58):
        t = i / 57
        c = [INK, INK, RED, INK, CREAM, INK, RED_D][i % 7]
        threads.append(line(f"M{n(420 + 760 * t)} -20L{n(310 + 980 * t)} 640", c, 8.4))
    s.put(
        shape(edge, "#e9d9bb"),
        group(*threads),
        shape(edge, s.lin((0, "#fff6e2", 0.2), (0.5, SHADOW, 0), (1, SHADOW, 0.36))),
    )
    wood = "#8a5a34"

    def bar(y: float, x0: float, x1: float, thick: float, tone: str = wood) -> str:
        d = box(x0, y - thick / 2, x1 - x0, thick, thick * 0.45)
        return group(
            shape(d, SHADOW, transform="translate(8 22)", filter=s.blur(9), opacity=0.55),
            shape(d, s.down(light(tone, 0.45), tone, dark(tone, 0.5))),
            line(f"M{n(x0 + 20)} {n(y - thick * 0.12)}H{n(x1 - 20)}", dark(tone, 0.3), 2, opacity=0.5),
        )

    s.put(bar(120, 330, 1270, 34), bar(230, 310, 1290, 30, "#a9743f"))
    for i in range(42):
        x = 352 + i * 21.6
        s.put(line(f"M{n(x + 10)} 120L{n(x)} 230", CREAM, 1.8, opacity=0.7))
    cloth = poly([(310, 640), (1290, 640), (1350, 1220), (250, 1220)])
    s.put(shape(cloth, SHADOW, transform="translate(36 16)", filter=s.blur(18), opacity=0.5))
    s.put(
        s.solid(
            cloth,
            woven(s, [*CLASSIC[1:], *NARROW], scale=1.5, at="translate(800 640)"),
            base=RED,
            depth=60,
            shade=0.5,
            shine=0.15,
        )
    )
    s.put(line("M318 648H1284", CREAM, 5, opacity=0.8))
    # the shuttle with its yarn
    shuttle = group(
        s.solid(smooth([(-190, 0), (-110, -34), (110, -34), (190, 0), (110, 34), (-110, 34)]), "#a9743f", depth=20),
        shape(box(-86, -20, 172, 40, 18), dark(wood, 0.5)),
        shape(box(-80, -17, 160, 34, 16), s.down("#e9574a", THREAD, RED_D)),
        *(line(f"M{-70 + k * 12} -16l6 32", RED_D, 3, opacity=0.6) for k in range(12)),
    )
    s.put(
        lying(s, shuttle, 830, 860, turn=-9, drop=14),
        line(smooth([(650, 884), (520, 820), (420, 700), (330, 646)], closed=False), THREAD, 6),
    )
    s.put(bar(560, 120, 1480, 74, "#6b4226"))
    s.put(
        put_at(
            group(
                shape(oval(30, 200, 150, 260), SHADOW, filter=s.blur(26), opacity=0.4), grip(s, reach=700, mirror=True)
            ),
            250,
            570,
            turn=14,
            scale=1.22,
        ),
        put_at(
            group(shape(oval(-10, 200, 150, 260), SHADOW, filter=s.blur(26), opacity=0.4), grip(s, reach=700)),
            1350,
            570,
            turn=-14,
            scale=1.22,
        ),
    )
    s.put(mottle(s, box(0, 0, 1600, 1200), 0.1))


@picture("prod-weaving-2")
def weaver_under_the_house(s: Sheet) -> None:
    """A woman weaves at a frame loom in the shade under her house."""
    s.put(shape(box(0, 0, 1600, 1200), s.lin("#efd6aa", "#d9b27c", x2=1, y2=0.4)))
    s.put(
        ridge(s, ridge_points(s, 560, 240, rough=1.0), "#b5b58a", foot="#eadcae"),
        meadow(s, [(-60, 640), (400, 620), (900, 640), (1680, 615)], "#b9b863", "#9c9a50", 200),
    )
    s.put(tree(s, 560, 680, 300, "#557a48"), palm(s, 1120, 690, 420, lean=0.05), banana_plant(s, 860, 700, 260))
    s.put(
        shape(box(-20, 760, 1640, 460), s.down("#c99f69", "#a97d4b")),
        shape(box(-20, 756, 1640, 8), "#e9cf9c", opacity=0.8),
    )
    # beams of the house above, posts
    beam = "#4d3321"
    s.put(
        shape(box(-20, -20, 1640, 150), s.down(dark(beam, 0.5), beam)),
        *(shape(box(x, 60, 60, 80), dark(beam, 0.4)) for x in range(40, 1600, 190)),
        shape(box(-20, 128, 1640, 26), s.down(light(beam, 0.3), dark(beam, 0.2))),
    )
    s.put(shape(box(-20, 154, 1640, 120), s.down((0, "#2a180d", 0.5), (1, "#2a180d", 0))))
    for x in (60, 1500):
        s.put(
            shape(oval(x + 70, 1040, 120, 24), SHADOW, filter=s.blur(12), opacity=0.4),
            shape(box(x - 34, 130, 68, 910, 8), s.lin(light(beam, 0.4), beam, dark(beam, 0.5))),
        )
    s.put(shape(poly([(420, 154), (700, 154), (1240, 1220), (840, 1220)]), "#fff3d2", opacity=0.22, filter=s.blur(10)))
    s.put(washing(s, 150, 520, 330, [RED, INK, INDIGO, "#c98a2a"], 74, 270))
    s.put(washing(s, 1120, 1420, 330, ["#1c5c3a", CREAM, THREAD], 78, 280))
    s.put(loom(s, 800, 1060, 700, 760, CLASSIC[1:], woven_share=0.5))
    s.put(seated_back(s, 800, 1170, 600, shirt="#241a16", arms=((560, 730), (1040, 730))))
    s.put(put_at(woven_basket(s, 0, 0, 560, 320), 270, 1150, scale=0.62))
    for x, c in ((180, RED), (340, INK), (262, "#c98a2a")):
        s.put(
            shape(oval(x, 926, 52, 48), s.rad((0, light(c, 0.4)), (0.6, c), (1, dark(c, 0.5)), cx=0.35, cy=0.3)),
            *(line(f"M{x - 44} {912 + k * 9}q44 {16 - k * 6} 88 0", light(c, 0.4), 2.4, opacity=0.5) for k in range(4)),
        )
    s.put(lying(s, shape(box(0, 0, 250, 30, 12), woven(s, NARROW, scale=0.3)), 1240, 1110, turn=-6))


@picture("prod-rice-coop")
def rice_field(s: Sheet) -> None:
    """Members of the cooperative cut upland rice on a golden slope."""
    s.put(
        sky(s, "#b9cfc4", "#f6ecca", (1260, 210, 54)),
        haze(s, 80, 150, 700, 44, "#ffffff", 0.7),
        haze(s, 860, 100, 600, 34, "#ffffff", 0.6),
    )
    s.put(
        ridge(s, ridge_points(s, 430, 250, rough=1.2), "#a3b09c", foot="#e9e3c0"),
        haze(s, 200, 380, 1300, 50, "#fdf5dc", 0.8),
        ridge(s, ridge_points(s, 500, 210, rough=1.0), "#7d9470", foot="#d9d29a"),
    )
    s.put(terraces(s, 540, 900, 8, -60, 1660, gold=0.75, hump=60))
    for x, y, h in ((1420, 560, 170), (1510, 566, 220), (90, 552, 190), (180, 548, 140)):
        s.put(tree(s, x, y, h, "#55743f"))
    s.put(stilt_house(s, 1240, 610, 260))
    s.put(
        shape(
            smooth([(-60, 850), (500, 820), (1100, 850), (1660, 815), (1660, 1240), (-60, 1240)], tension=0.8),
            s.down("#e3bb52", "#c08f2c"),
        )
    )
    for x, y, h, flip, c in (
        (360, 930, 330, False, RED),
        (1010, 905, 300, True, "#27506a"),
        (1330, 950, 340, False, "#3a2a22"),
    ):
        sheaf = group(
            *(
                line(
                    f"M0 0Q{n(k * 3)} {n(-h * 0.14)} {n(k * 7)} {n(-h * 0.22)}",
                    mix("#e3bb52", "#a97a24", s.chance.random()),
                    5,
                )
                for k in range(-5, 6)
            )
        )
        s.put(bending(s, x, y, h, shirt=c, flip=flip, hold=sheaf))
    s.put(standing(s, 690, 940, 400, shirt="#7d1613", basket=True))
    for row, y in enumerate((960, 1040, 1130, 1215)):
        for _ in range(90):
            x = s.chance.uniform(-20, 1620)
            tall = (74, 104, 140, 190)[row] * s.chance.uniform(0.8, 1.15)
            lean = s.chance.uniform(-0.3, 0.45)
            c = mix("#d9ad44", s.chance.choice(["#a9802a", "#efd58a", "#9a9a40"]), s.chance.uniform(0, 0.6))
            tip = (x + lean * tall, y - tall)
            s.put(
                line(
                    f"M{n(x)} {n(y)}Q{n(x + lean * tall * 0.2)} {n(y - tall * 0.7)} {n(tip[0])} {n(tip[1])}",
                    c,
                    3 + row * 0.8,
                ),
                line(
                    f"M{n(tip[0])} {n(tip[1])}q{n(tall * 0.12)} {n(-tall * 0.02)} {n(tall * 0.2)} {n(tall * 0.16)}",
                    light(c, 0.2),
                    6 + row * 2,
                ),
            )
    for x, lean in ((60, 1), (170, 1), (1440, -1), (1540, -1)):
        s.put(rice_ear(s, bezier((x, 1215), (x - lean * 10, 950), (x + lean * 40, 830), (x + lean * 170, 900), 28), 20))


@picture("prod-honey")
def apiary(s: Sheet) -> None:
    """Hives at the edge of the forest; a keeper with a smoking pot walks between them."""
    s.put(sky(s, "#c3d6ba", "#f6efcf"))
    for x, h, c in (
        (20, 700, "#4c7a48"),
        (240, 640, "#5d8a50"),
        (470, 720, "#47734a"),
        (760, 620, "#6b9458"),
        (1010, 700, "#4c7a48"),
        (1260, 650, "#5d8a50"),
        (1500, 720, "#3f6a42"),
    ):
        s.put(tree(s, x, 700, h, c, wide=0.66))
    s.put(haze(s, -100, 640, 1800, 130, "#fbf6dc", 0.75))
    s.put(meadow(s, [(-60, 700), (400, 680), (900, 705), (1680, 680)], "#a9b55c", "#7d9448", 420))
    light_beam = group(
        *(
            shape(poly([(x, -20), (x + 120, -20), (x + 520, 1220), (x + 300, 1220)]), "#fff6d2", opacity=0.14)
            for x in (40, 300)
        ),
        filter=s.blur(14),
    )
    s.put(hive(s, 620, 800, 150, "#d2ac6c"), hive(s, 860, 790, 140, "#c79a5b"), hive(s, 1480, 830, 170, "#d2ac6c"))
    s.put(standing(s, 1180, 960, 540, shirt="#d9b26a", skirt="#4a3a2c", hat_on=True))
    smoker = group(
        s.solid(
            poly([(34, -86), (84, -70), (84, -4), (34, 4)]),
            "#7a3d22",
            depth=16,
            shade=0.4,
            within="".join(line(f"M{40 + k * 9} -84v84", "#2d140b", 3, opacity=0.5) for k in range(5)),
        ),
        s.solid(box(-36, -92, 72, 96, 12), "#8f8d85", depth=24, shade=0.6, shine=0.6),
        s.solid(
            "M-36 -88Q-30 -122 -8 -132L-40 -160L-52 -146L-26 -118Q-38 -104 -36 -88Z",
            "#8f8d85",
            depth=14,
            shade=0.5,
            shine=0.6,
        ),
    )
    s.put(put_at(smoker, 1290, 806, flip=True), steam(s, 1345, 640, 420, 4))
    s.put(hive(s, 330, 1020, 310, "#d9b06a"), hive(s, 800, 1080, 330, "#c79a5b"))
    s.put(light_beam)
    for x, y, a, k in (
        (560, 620, -10, 1.0),
        (700, 520, 20, 0.8),
        (470, 560, -30, 0.9),
        (980, 640, 14, 1.1),
        (900, 860, -20, 1.3),
        (620, 860, 12, 1.3),
        (380, 700, -8, 1.0),
        (1060, 480, 24, 0.8),
    ):
        s.put(bee(s, x, y, a, k * 0.8))
    for _ in range(34):
        x, y = s.chance.uniform(-10, 1600), s.chance.uniform(1040, 1190)
        s.put(grass(s, x, y, 60, "#7d9448", 6))
        if s.chance.random() < 0.7:
            c = s.chance.choice(["#fbf2dd", "#e9b23c", "#d96a94"])
            s.put(
                *(
                    shape(oval(x + 9 * math.cos(k), y - 62 + 7 * math.sin(k), 7, 6), c)
                    for k in (0, 1.26, 2.5, 3.77, 5.03)
                ),
                shape(oval(x, y - 62, 5, 5), "#c98a2a"),
            )
    for i in range(30):
        s.put(grass(s, -20 + i * 56, 1212, s.chance.uniform(70, 130), "#5d7f3c", 8, 0.8))


@picture("prod-herbs")
def herb_yard(s: Sheet) -> None:
    """Forest herbs dry on bamboo trays in a yard; a woman turns them."""
    s.put(sky(s, "#cfdcc4", "#f7eed2", (220, 190, 50)))
    s.put(
        ridge(s, ridge_points(s, 440, 260, rough=1.2), "#9db29a", foot="#e3e0be"),
        haze(s, 300, 390, 1300, 56),
        ridge(s, ridge_points(s, 520, 200, rough=1.0), "#6f8f68", foot="#cfd09a"),
    )
    s.put(
        stilt_house(s, 1230, 640, 560),
        palm(s, 930, 640, 400, lean=-0.04),
        banana_plant(s, 820, 660, 240),
        tree(s, 90, 640, 320, "#55803f"),
        tree(s, 300, 630, 240, "#456e3c"),
    )
    s.put(
        shape(box(-20, 620, 1640, 620), s.down("#dcbf8a", "#c29a62")),
        shape(box(-20, 618, 1640, 6), "#f3dfb0", opacity=0.8),
    )
    bamboo = "#b99a55"

    def rack(x: float, y: float, w: float, h: float) -> str:
        legs = "".join(
            line(
                f"M{n(x + k * w)} {n(y)}L{n(x + k * w - 20)} {n(y + h)}M{n(x + k * w)} {n(y)}L{n(x + k * w + 24)} {n(y + h)}",
                dark(bamboo, 0.25),
                w * 0.016,
            )
            for k in (0.06, 0.5, 0.94)
        )
        return group(
            shape(oval(x + w * 0.55, y + h, w * 0.55, h * 0.16), SHADOW, filter=s.blur(12), opacity=0.35),
            legs,
            *(shape(box(x, y + k * 26, w, 15, 7), s.down(light(bamboo, 0.4), dark(bamboo, 0.4))) for k in (0, 1)),
        )

    def herbs(cx: float, cy: float, w: float, tones: list[str], long: float) -> str:
        out = []
        for _ in range(int(w * 0.34)):
            a, r = s.chance.uniform(0, 6.28), s.chance.random() ** 0.5
            out.append(
                (
                    cy + 0.3 * w / 2 * 0.8 * r * math.sin(a),
                    put_at(
                        leaf(s, long * s.chance.uniform(0.7, 1.2), long * 0.4, s.chance.choice(tones), veins=0),
                        cx + w / 2 * 0.82 * r * math.cos(a),
                        cy + 0.3 * w / 2 * 0.8 * r * math.sin(a),
                        turn=s.chance.uniform(0, 360),
                    ),
                )
            )
        return group(*(p for _y, p in sorted(out, key=lambda item: item[0])))

    s.put(rack(60, 800, 900, 150))
    for x, tones in (
        (250, ["#6d8a3e", "#86a050", "#4f6b34"]),
        (520, ["#a9803c", "#8a6428", "#c79a52"]),
        (790, ["#557a3a", "#3f6132", "#7b9a4a"]),
    ):
        s.put(tray(s, x, 800, 280, tilt=0.3, inside=herbs(x, 796, 280, tones, 36)))
    s.put(
        put_at(
            back_basket(
                s,
                0,
                0,
                200,
                250,
                full=group(
                    *(
                        put_at(
                            sprig(
                                s,
                                bezier((0, 0), (10, -60), (k * 10, -120), (k * 26, -170)),
                                size=90,
                                width=38,
                                colour="#5d8a45",
                                count=6,
                                veins=3,
                            ),
                            k * 16,
                            -230,
                        )
                        for k in (-3, -1, 1, 3)
                    )
                ),
            ),
            1400,
            980,
            scale=0.86,
        )
    )
    s.put(bending(s, 1080, 1030, 560, shirt="#1c5c3a", flip=True))
    s.put(rack(-60, 1010, 820, 190), rack(1020, 1040, 700, 170))
    for x, y, w, tones in (
        (150, 1010, 420, ["#6d8a3e", "#86a050", "#4f6b34"]),
        (590, 1010, 400, ["#8a2f24", "#a3473a", "#6b1f18"]),
        (1240, 1040, 400, ["#c79a52", "#a9803c", "#e0bd7a"]),
        (1560, 1040, 320, ["#557a3a", "#7b9a4a", "#3f6132"]),
    ):
        s.put(tray(s, x, y, w, tilt=0.3, inside=herbs(x, y - 5, w, tones, 50)))


@picture("prod-forest")
def forest_path(s: Sheet) -> None:
    """A gatherer with a carrying basket walks a forest path in slanting light."""
    s.put(shape(box(0, 0, 1600, 1200), s.lin("#e9efc6", "#a9c48d", "#4f7d55", x1=0.4, y1=0, x2=1, y2=1)))
    s.put(shape(oval(620, 330, 620, 520), s.rad((0, "#fffbe0", 0.9), (1, "#fffbe0", 0))))
    for depth, (tone, count, wide, foot) in enumerate(
        (("#a3bd8d", 15, 34, 700), ("#7fa274", 11, 54, 760), ("#557f58", 8, 84, 840))
    ):
        for i in range(count):
            x = -40 + (i + s.chance.uniform(0.1, 0.9)) * 1680 / count
            if 440 < x < 900 and depth > 0:
                x += 520 if x > 660 else -470
            w = wide * s.chance.uniform(0.6, 1.2)
            d = f"M{n(x - w * 0.7)} {foot + 20}Q{n(x - w * 0.42)} {foot - 80} {n(x - w * 0.4)} {foot - 300}L{n(x - w * 0.32)} -20H{n(x + w * 0.3)}L{n(x + w * 0.4)} {foot - 300}Q{n(x + w * 0.44)} {foot - 80} {n(x + w * 0.8)} {foot + 20}Z"
            s.put(shape(d, s.lin(light(tone, 0.22), tone, dark(tone, 0.25))))
        for _ in range(26):
            x, y = s.chance.uniform(-60, 1660), s.chance.uniform(-40, 200 - depth * 30)
            points = [
                (
                    x + 120 * math.cos(k * 0.785) * s.chance.uniform(0.7, 1.2),
                    y + 70 * math.sin(k * 0.785) * s.chance.uniform(0.7, 1.2),
                )
                for k in range(8)
            ]
            s.put(shape(smooth(points), mix(tone, "#d9e3a3", s.chance.uniform(0, 0.4)), opacity=0.8))
        s.put(haze(s, -200, foot - 10, 2000, 90, "#f3f6d9", 0.55))
    ground = smooth(
        [(-60, 800), (400, 770), (800, 760), (1200, 775), (1660, 810), (1660, 1240), (-60, 1240)], tension=0.8
    )
    s.put(
        shape(ground, s.down("#7d9a5a", "#3f6138")),
        shape(path_of([(640, 764), (600, 830), (760, 930), (640, 1240)], 50, 520), s.down("#d9c48d", "#a98a5a")),
    )
    s.put(
        shape(oval(740, 1050, 160, 24), SHADOW, filter=s.blur(14), opacity=0.4),
        standing(s, 690, 1040, 560, shirt="#7d1613", basket=True, stick=True),
    )
    s.put(
        group(
            *(
                shape(poly([(x, -20), (x + 90, -20), (x + 560, 1220), (x + 360, 1220)]), "#fffbe0", opacity=0.2)
                for x in (60, 260, 470)
            ),
            filter=s.blur(16),
        )
    )
    for x, w in ((60, 150), (1470, 190)):
        d = f"M{x - w * 0.9} 1160Q{x - w * 0.5} 1000 {x - w * 0.46} 700L{x - w * 0.42} -20H{x + w * 0.4}L{x + w * 0.46} 700Q{x + w * 0.5} 1000 {x + w} 1160Z"
        bark = "".join(
            line(
                f"M{n(x + u * w * 0.4)} -20C{n(x + u * w * 0.44)} 400 {n(x + u * w * 0.46)} 800 {n(x + u * w * 0.7)} 1160",
                "#241a12",
                6,
                opacity=0.3,
            )
            for u in (-0.8, -0.4, 0, 0.4, 0.8)
        )
        moss = "".join(
            shape(
                oval(
                    x - w * 0.3 + s.chance.uniform(-30, 40),
                    s.chance.uniform(300, 1000),
                    s.chance.uniform(16, 44),
                    s.chance.uniform(30, 60),
                ),
                "#7d9a4a",
                opacity=0.5,
            )
            for _ in range(12)
        )
        s.put(s.solid(d, "#4d4030", depth=60, shade=0.6, within=bark + moss))
    for x, y, a, size in (
        (120, 1200, -70, 180),
        (260, 1210, -46, 170),
        (380, 1220, -80, 120),
        (1180, 1210, -110, 130),
        (1300, 1210, -126, 180),
        (1420, 1220, -80, 170),
        (1560, 1200, -120, 170),
        (30, 1180, -50, 150),
    ):
        rad = math.radians(a)
        tip = (x + math.cos(rad) * size * 2.2, y + math.sin(rad) * size * 2.2)
        s.put(
            fern(
                s,
                bezier(
                    (x, y),
                    (x + math.cos(rad) * size, y + math.sin(rad) * size * 1.4),
                    tip,
                    (tip[0] + math.cos(rad) * 60, tip[1] + 66),
                    22,
                ),
                size=size * 0.58,
                colour="#3f7a3f",
                count=17,
            )
        )
    for x, y in ((980, 1010), (1040, 1030), (1010, 1060)):
        s.put(
            shape(box(x - 9, y - 10, 18, 44, 8), "#efe0bd"),
            shape(
                smooth([(x - 40, y), (x - 26, y - 26), (x, y - 36), (x + 26, y - 26), (x + 40, y), (x, y + 8)]),
                s.lin("#b5763f", "#5d3520"),
            ),
        )


@picture("prod-bamboo")
def basket_makers(s: Sheet) -> None:
    """A weaver of baskets sits among her baskets before a bamboo grove."""
    s.put(sky(s, "#cfdcb0", "#f3ecc6"))
    s.put(haze(s, -100, 500, 1800, 200, "#fbf8dc", 0.8))
    for x, h in ((60, 820), (430, 720), (1130, 760), (1520, 840)):
        s.put(bamboo_clump(s, x, 780, h, stems=6))
    s.put(haze(s, -200, 480, 2000, 420, "#f6f3d2", 0.45))
    s.put(
        shape(
            smooth([(-60, 770), (500, 745), (1100, 760), (1660, 745), (1660, 1240), (-60, 1240)]),
            s.down("#cdb27a", "#a98752"),
        )
    )
    s.put(
        put_at(woven_basket(s, 0, 0, 960, 560), 1290, 1030, scale=0.5),
        put_at(woven_basket(s, 0, 0, 960, 560), 180, 990, scale=0.4),
    )
    # the basket in work: stakes stand up from a woven foot
    cx, base = 760, 960
    stakes = []
    for k in range(34):
        a = math.pi * 2 * k / 34
        x0, y0 = cx + 190 * math.cos(a), base - 150 + 34 * math.sin(a)
        c = mix("#d9b06a", "#8a5a28", 0.2 + 0.5 * (math.cos(a) > 0))
        stakes.append(
            (
                math.sin(a),
                line(
                    f"M{n(x0)} {n(y0)}Q{n(x0 + 40 * math.cos(a))} {n(y0 - 170)} {n(x0 + 130 * math.cos(a))} {n(y0 - 340 + 40 * math.sin(a))}",
                    c,
                    9,
                ),
            )
        )
    s.put(*(p for depth, p in stakes if depth < 0))
    s.put(seated_back(s, 760, 1190, 640, shirt="#27506a", arms=((560, 800), (960, 800))))
    s.put(
        put_at(
            group(
                *(
                    line(
                        f"M0 0Q{n(160 + 20 * k)} {n(-60 + 14 * k)} {n(330 + 12 * k)} {n(-10 + 16 * k)}",
                        mix("#d9b06a", "#8a5a28", 0.1 * k),
                        9,
                    )
                    for k in range(6)
                )
            ),
            980,
            1130,
        )
    )
    s.put(put_at(back_basket(s, 0, 0, 250, 330), 330, 1180))


@picture("prod-drinks")
def drinks_workshop(s: Sheet) -> None:
    """A small workshop for rose-myrtle drinks: a steel kettle, bottles, crates of berries."""
    wall = "#d9cfb6"
    s.put(shape(box(0, 0, 1600, 1200), s.lin(light(wall, 0.4), wall, dark(wall, 0.12), x2=1, y2=0.4)))
    tiles = s.tile('<path d="M0 0H96V64H0Z" fill="none" stroke="#b9aa88" stroke-width="3" opacity=".6"/>', 96, 64)
    s.put(
        shape(box(0, 260, 1600, 520), "#e9e2cd"), shape(box(0, 260, 1600, 520), tiles), strip(s, 0, 232, 1600, 32, SLIM)
    )
    s.put(shape(poly([(200, -20), (560, -20), (1100, 780), (740, 780)]), "#fff9e2", opacity=0.45, filter=s.blur(10)))
    s.put(
        shape(box(0, 780, 1600, 440), s.down("#b5553c", "#8d3d2a")),
        *(
            line(f"M{n(800 + (x - 800) * 0.5)} 780L{n(800 + (x - 800) * 1.6)} 1220", "#6b2a1c", 3, opacity=0.5)
            for x in range(-800, 2500, 130)
        ),
        *(line(f"M0 {y}H1600", "#6b2a1c", 3, opacity=0.4) for y in (830, 900, 1000, 1130)),
    )
    steel = "#b9bab2"
    skin = s.lin(
        (0, dark(steel, 0.4)),
        (0.16, "#f6f5ee"),
        (0.34, steel),
        (0.6, light(steel, 0.3)),
        (0.86, dark(steel, 0.4)),
        (1, dark(steel, 0.2)),
    )
    kettle = "M150 380V850A220 50 0 0 0 590 850V380Z"
    s.put(
        shape(oval(400, 930, 320, 40), SHADOW, filter=s.blur(16), opacity=0.5),
        *(shape(box(x, 840, 34, 110), dark(steel, 0.5)) for x in (180, 353, 526)),
        shape(kettle, skin),
        shape("M150 380Q370 210 590 380A220 50 0 0 1 150 380Z", skin),
        shape(box(340, 240, 60, 40, 10), dark(steel, 0.3)),
        *(line(f"M150 {y}A220 50 0 0 0 590 {y}", dark(steel, 0.4), 4, opacity=0.5) for y in (470, 700, 800)),
    )
    s.put(
        shape(oval(370, 600, 56, 56), "#f6f1e2"),
        line(oval(370, 600, 56, 56), dark(steel, 0.5), 8),
        line("M370 600l26 -30", RED, 6),
        line("M590 430H720V560", dark(steel, 0.3), 24),
        line("M590 424H714", "#f6f5ee", 5, opacity=0.7),
        steam(s, 370, 250, 220, 3),
    )
    # a person with an apron at the filling table
    s.put(standing(s, 930, 1000, 640, shirt="#f4eddf", skirt="#1c5c3a", hat_on=False))
    s.put(
        shape(box(690, 800, 900, 44, 8), s.down("#d9a76a", "#8f5f30")),
        shape(box(700, 840, 880, 24), "#5d3a1c"),
        *(shape(box(x, 860, 50, 320), s.lin("#a9743f", "#6b4226")) for x in (730, 1510)),
        shape(box(690, 844, 900, 60), s.down((0, SHADOW, 0.4), (1, SHADOW, 0))),
    )
    for i in range(7):
        x = 1130 + i * 66
        s.put(_small_bottle(s, x, 802, 54, 250, "#a02a55"))
    s.put(_small_bottle(s, 790, 802, 54, 250, "#d9cfc0"), _small_bottle(s, 730, 802, 54, 250, "#d9cfc0"))
    for x, y in ((240, 1180), (560, 1190)):
        s.put(_crate(s, x, y, 300, 120, "#4b1d38"))
    s.put(_crate(s, 1180, 1180, 320, 130, "#6b2a4a"))


def _small_bottle(s: Sheet, x: float, base: float, w: float, h: float, drink: str) -> str:
    half = w / 2
    d = f"M{n(x - half * 0.36)} {n(base - h)}V{n(base - h * 0.72)}Q{n(x - half)} {n(base - h * 0.62)} {n(x - half)} {n(base - h * 0.5)}V{n(base - 6)}Q{n(x - half)} {n(base)} {n(x - half + 8)} {n(base)}H{n(x + half - 8)}Q{n(x + half)} {n(base)} {n(x + half)} {n(base - 6)}V{n(base - h * 0.5)}Q{n(x + half)} {n(base - h * 0.62)} {n(x + half * 0.36)} {n(base - h * 0.72)}V{n(base - h)}Z"
    return group(
        shape(oval(x + 8, base, half * 1.1, 7), SHADOW, opacity=0.4),
        shape(d, s.lin((0, dark(drink, 0.35)), (0.3, light(drink, 0.4)), (0.6, drink), (1, dark(drink, 0.4)))),
        shape(box(x - half * 0.46, base - h - 16, half * 0.92, 26, 4), s.lin("#2c7d52", "#123f27")),
        shape(box(x - half, base - h * 0.42, w, h * 0.26), "#fbf7f0"),
        strip(s, x - half, base - h * 0.24, w, h * 0.06, SLIM),
    )


def _crate(s: Sheet, x: float, base: float, w: float, h: float, berries: str) -> str:
    wood = "#b98a55"
    top = base - h
    fruit = "".join(
        shape(
            oval(s.chance.uniform(x - w * 0.44, x + w * 0.44), top + s.chance.uniform(-26, 14), 17, 18),
            s.rad((0, light(berries, 0.4)), (0.6, berries), (1, dark(berries, 0.5)), cx=0.35, cy=0.3),
        )
        for _ in range(90)
    )
    return group(
        shape(oval(x + 16, base, w * 0.56, 14), SHADOW, filter=s.blur(8), opacity=0.5),
        shape(box(x - w * 0.47, top - 10, w * 0.94, 40), dark(wood, 0.6)),
        fruit,
        *(
            shape(box(x - w / 2, top + k * h * 0.36, w, h * 0.29, 4), s.lin(light(wood, 0.3), wood, dark(wood, 0.25)))
            for k in range(3)
        ),
        *(shape(box(x + k * w * 0.46 - 12, top - 6, 24, h + 6, 3), s.lin(wood, dark(wood, 0.4))) for k in (-1, 1)),
    )


@picture("prod-flowers")
def flower_house(s: Sheet) -> None:
    """A shade house of forest orchids, benches of pots on both sides of a path."""
    s.put(shape(box(0, 0, 1600, 1200), s.down("#e3ead0", "#c9d6ae")))
    s.put(shape(oval(800, 480, 560, 420), s.rad((0, "#fffbe6", 0.95), (1, "#fffbe6", 0))))
    vp = (800, 470)
    # roof ribs and netting
    for k in range(9):
        t = (k / 8) ** 1.7
        x0, y0 = vp[0] + (-860) * (0.12 + 0.88 * t), vp[1] + (-500) * (0.2 + 0.8 * t)
        rise = 300 * (0.16 + 0.84 * t)
        s.put(
            line(
                f"M{n(x0)} {n(vp[1] + 740 * (0.1 + 0.9 * t))}V{n(y0)}Q{n(vp[0])} {n(y0 - rise)} {n(2 * vp[0] - x0)} {n(y0)}V{n(vp[1] + 740 * (0.1 + 0.9 * t))}",
                mix("#d9e0c0", "#7d8f62", t),
                4 + 10 * t,
                opacity=0.8,
            )
        )
    for k in range(-8, 9):
        s.put(
            line(
                f"M{n(vp[0] + k * 12)} {n(vp[1] - 130 + abs(k) * 4)}L{n(vp[0] + k * 130)} -40",
                "#8fa372",
                3,
                opacity=0.35,
            )
        )
    s.put(
        shape(poly([(740, 560), (860, 560), (1220, 1220), (380, 1220)]), s.down("#e3d3ab", "#c9ae7c")),
        *(
            line(
                f"M{n(800 - 60 - (y - 560) * 0.545)} {n(y)}H{n(800 + 60 + (y - 560) * 0.545)}",
                "#a98f60",
                2 + (y - 560) * 0.006,
                opacity=0.5,
            )
            for y in (590, 630, 690, 770, 880, 1020, 1180)
        ),
    )
    tones = ["#c45a94", "#f1e2ee", "#e9b23c", "#a3477f", "#d98ab5"]
    for side in (-1, 1):
        for k in range(7):
            t = ((k + 1) / 7) ** 1.9
            x = vp[0] + side * (90 + 620 * t)
            y = vp[1] + 100 + 520 * t
            u = 0.1 + 0.9 * t
            s.put(
                shape(
                    poly(
                        [
                            (x - side * 100 * u, y),
                            (x + side * 300 * u, y),
                            (x + side * 300 * u, y + 26 * u),
                            (x - side * 100 * u, y + 26 * u),
                        ]
                    ),
                    s.down("#a9805a", "#6b4a2b"),
                ),
                shape(box(min(x - side * 80 * u, x - side * 50 * u), y + 20 * u, 30 * u, 260 * u), "#5d3f28"),
            )
            for j in range(2):
                px = x + side * (150 * j - 10) * u
                s.put(_orchid_pot(s, px, y, 300 * u, tones[(k * 2 + j) % 5]))
    for side in (-1, 1):
        for k in range(3):
            t = (0.3, 0.6, 1.0)[k]
            x, y = vp[0] + side * (160 + 380 * t), vp[1] - 60 - 250 * t
            s.put(
                line(f"M{n(x)} -40V{n(y)}", "#6b5a3c", 3),
                put_at(
                    group(
                        shape(smooth([(-50, 0), (-40, 60), (0, 76), (40, 60), (50, 0)]), s.lin("#b5763f", "#6b4226")),
                        *(put_at(leaf(s, 130, 30, "#5d8a45", veins=0), 0, 10, turn=a) for a in (30, 60, 90, 120, 150)),
                        *(
                            put_at(orchid(s, 30, tones[(k + 1) % 5]), dx, dy)
                            for dx, dy in ((-60, 110), (50, 120), (0, 150), (-30, 60), (80, 70))
                        ),
                    ),
                    x,
                    y,
                    scale=0.5 + 0.6 * t,
                ),
            )
    s.put(standing(s, 800, 800, 330, shirt="#7d1613"))


def _orchid_pot(s: Sheet, x: float, base: float, h: float, colour: str) -> str:
    blades = "".join(
        put_at(
            leaf(s, h * 0.46, h * 0.11, s.chance.choice(["#4c7a3f", "#6d9448", "#3f6a35"]), veins=0),
            x,
            base - h * 0.26,
            turn=a,
        )
        for a in (-160, -20, -140, -40)
    )
    way = bezier(
        (x, base - h * 0.25),
        (x + h * 0.02, base - h * 0.7),
        (x + h * 0.12, base - h * 1.0),
        (x + h * 0.36, base - h * 0.84),
        20,
    )
    blooms = "".join(put_at(orchid(s, h * 0.115, colour), *way[k]) for k in (9, 12, 15, 18))
    return group(
        shape(oval(x + h * 0.05, base, h * 0.2, h * 0.03), SHADOW, opacity=0.4),
        blades,
        line(smooth(way, closed=False), "#4f6b34", h * 0.018),
        shape(
            poly(
                [
                    (x - h * 0.17, base - h * 0.28),
                    (x + h * 0.17, base - h * 0.28),
                    (x + h * 0.12, base),
                    (x - h * 0.12, base),
                ]
            ),
            s.lin(light("#a9583a", 0.3), "#a9583a", dark("#a9583a", 0.4)),
        ),
        shape(
            box(x - h * 0.19, base - h * 0.31, h * 0.38, h * 0.07, 3),
            s.lin(light("#a9583a", 0.4), "#a9583a", dark("#a9583a", 0.35)),
        ),
        blooms,
    )


@picture("prod-tourism")
def evening_at_the_homestay(s: Sheet) -> None:
    """Evening at a homestay: a lit stilt house, a fire, a jar of rượu cần and stools around it."""
    s.put(sky(s, "#2b3d4f", "#d98f5f"))
    for _ in range(46):
        x, y = s.chance.uniform(0, 1600), s.chance.uniform(10, 330)
        s.put(
            shape(
                oval(x, y, s.chance.uniform(1.6, 3.4), s.chance.uniform(1.6, 3.4)),
                "#fff3d2",
                opacity=s.chance.uniform(0.4, 0.9),
            )
        )
    s.put(shape(oval(1330, 170, 46, 46), "#fdf0c8"), shape(oval(1350, 158, 42, 42), "#32465a"))
    s.put(
        ridge(s, ridge_points(s, 560, 280, rough=1.2), "#4f4f60", foot="#a5705a"),
        haze(s, 200, 520, 1300, 50, "#e0a27a", 0.5),
        ridge(s, ridge_points(s, 630, 220, rough=1.0), "#34433f", foot="#5d5a48"),
    )
    for x, h in ((60, 420), (230, 360), (1480, 400), (1590, 340)):
        s.put(tree(s, x, 760, h, "#2c4a38", trunk="#2a1c14"))
    s.put(palm(s, 380, 770, 520, "#2f4f3a", lean=-0.05), palm(s, 1350, 770, 560, "#2f4f3a", lean=0.05))
    s.put(
        shape(
            smooth([(-60, 760), (500, 740), (1100, 745), (1660, 760), (1660, 1240), (-60, 1240)]),
            s.down("#6b5a3c", "#3a2c20"),
        )
    )
    s.put(shape(oval(820, 560, 640, 360), s.rad((0, "#ffc46a", 0.4), (1, "#ffc46a", 0))))
    s.put(stilt_house(s, 840, 850, 960, lit=True))
    # lanterns on a line
    cord: list[Point] = [(160, 560), (420, 640), (700, 660), (1000, 655), (1280, 635), (1500, 560)]
    s.put(line(smooth(cord, closed=False), "#20150e", 4))
    for x, y in [(300, 612), (500, 650), (1160, 646), (1370, 608)]:
        s.put(
            shape(oval(x, y + 44, 110, 110), s.rad((0, "#ffcf7a", 0.7), (1, "#ffcf7a", 0))),
            s.solid(
                smooth(
                    [
                        (x - 22, y + 14),
                        (x - 34, y + 44),
                        (x - 22, y + 74),
                        (x + 22, y + 74),
                        (x + 34, y + 44),
                        (x + 22, y + 14),
                    ]
                ),
                "#e9542f",
                depth=16,
                shade=0.3,
                shine=0.7,
            ),
            shape(box(x - 18, y + 6, 36, 10, 3), INK),
            shape(box(x - 18, y + 72, 36, 10, 3), INK),
        )
    s.put(shape(oval(640, 1040, 420, 170), s.rad((0, "#ffb54a", 0.75), (1, "#ffb54a", 0))))
    logs = "".join(
        line(f"M{n(640 + a)} 1064L{n(640 + b)} {n(1064 - 44)}", "#3d2416", 26)
        for a, b in ((-96, 60), (96, -60), (-40, 100))
    )
    flame = shape("M580 1040C548 950 630 930 622 820C690 890 730 960 702 1040Z", s.down("#fbc24a", "#d8421f")) + shape(
        "M612 1040C596 990 640 970 640 910C676 960 690 1000 670 1040Z", "#fdeaa3"
    )
    s.put(
        logs,
        flame,
        *(
            shape(oval(640 + s.chance.uniform(-90, 90), s.chance.uniform(700, 920), 4, 4), "#ffd27a", opacity=0.9)
            for _ in range(16)
        ),
    )
    s.put(
        seated_back(s, 350, 1150, 420, shirt="#2a1c18", arms=((270, 1010), (450, 1000))),
        seated_back(s, 930, 1160, 420, shirt="#7d1613", arms=((830, 1010), (1020, 1010))),
    )
    jar = smooth(
        [(1190, 930), (1120, 990), (1100, 1080), (1150, 1170), (1290, 1170), (1340, 1080), (1320, 990), (1250, 930)]
    )
    s.put(
        *(
            line(
                smooth(bezier((1220, 930), (1216, 800), (1220 + k * 60, 720), (1220 + k * 150, 740), 16), closed=False),
                "#c7a558",
                10,
            )
            for k in (-1, 1)
        ),
        shape(oval(1240, 1176, 150, 22), "#140c08", opacity=0.5, filter=s.blur(8)),
        s.solid(jar, "#7a3d22", depth=60, shade=0.6),
        shape(oval(1220, 932, 34, 9), "#2a140b"),
        s.solid(
            "M1176 934Q1220 956 1264 934L1280 976Q1220 1004 1160 976Z",
            woven(s, NARROW, scale=0.34, at="translate(1160 938)"),
            base=RED,
            depth=14,
        ),
    )
    s.put(
        shape(
            box(0, 0, 1600, 1200),
            s.rad((0, "#1d1613", 0), (0.7, "#1d1613", 0.06), (1, "#1d1613", 0.5), cx=0.5, cy=0.6, r=0.75),
        )
    )


@picture("prod-coffee")
def coffee_drying(s: Sheet) -> None:
    """Red coffee cherries dry on raised beds; a woman rakes them; coffee rows on the hill."""
    s.put(sky(s, "#c9d9d2", "#f7ecd0", (360, 210, 52)), haze(s, 700, 150, 760, 44, "#ffffff", 0.7))
    s.put(
        ridge(s, ridge_points(s, 430, 270, rough=1.2), "#a3b5a3", foot="#e6e3c6"),
        haze(s, -100, 390, 1300, 56),
        ridge(s, ridge_points(s, 500, 220, rough=1.0), "#7a9874", foot="#c9cf9c"),
    )
    hill = smooth([(-60, 610), (300, 540), (800, 560), (1200, 520), (1660, 560), (1660, 760), (-60, 760)], tension=0.8)
    s.put(s.solid(hill, "#8fa25c", depth=30, shade=0.2))
    for r in range(6):
        y = 600 + r * 26
        for i in range(34):
            s.put(
                shape(
                    smooth(
                        [
                            (i * 50 - 30 + r * 17 - 24, y),
                            (i * 50 - 30 + r * 17 - 16, y - 24 - r * 2),
                            (i * 50 - 30 + r * 17 + 4, y - 32 - r * 2),
                            (i * 50 - 30 + r * 17 + 24, y - 20),
                            (i * 50 - 30 + r * 17 + 26, y),
                        ]
                    ),
                    mix("#4c7a42", s.chance.choice(["#7b9a4a", "#2f5638"]), s.chance.uniform(0, 0.6)),
                )
            )
    s.put(
        shape(box(-20, 740, 1640, 500), s.down("#cfa874", "#b0854f")),
        shape(box(-20, 738, 1640, 6), "#efd9ac", opacity=0.8),
    )
    s.put(stilt_house(s, 1390, 780, 380), palm(s, 1160, 770, 360, lean=-0.05))

    def bed(x: float, y: float, w: float, deep: float, tones: list[str], size: float, count: int) -> str:
        lean = deep * 0.5
        top = [(x + lean, y - deep), (x + w + lean, y - deep), (x + w, y), (x, y)]
        cherries = []
        for _ in range(count):
            v = s.chance.random()
            px = x + lean * (1 - v) + s.chance.uniform(0.015, 0.985) * w
            py = y - deep + deep * (0.04 + 0.92 * v)
            c = s.chance.choice(tones)
            cherries.append(
                (
                    py,
                    shape(oval(px, py, size, size * 0.84), c)
                    + shape(
                        oval(px - size * 0.3, py - size * 0.3, size * 0.3, size * 0.22), light(c, 0.55), opacity=0.8
                    ),
                )
            )
        wood = "#8a6238"
        return group(
            shape(
                poly(
                    [
                        (x + 30, y + 80),
                        (x + w + 30, y + 80),
                        (x + w + lean + 60, y - deep + 120),
                        (x + lean + 40, y - deep + 120),
                    ]
                ),
                SHADOW,
                filter=s.blur(14),
                opacity=0.35,
            ),
            *(
                shape(box(x + k * w - 9, y, 18, 130), s.lin(light(wood, 0.2), dark(wood, 0.4)))
                for k in (0.02, 0.5, 0.98)
            ),
            shape(poly(top), "#6b2a1c"),
            group(*(p for _y, p in sorted(cherries, key=lambda item: item[0])), clip_path=s.clip(poly(top))),
            line(poly(top), "#a97a45", 12, stroke_linejoin="miter"),
            shape(box(x - 8, y - 4, w + 16, 30, 4), s.down(light(wood, 0.4), dark(wood, 0.2))),
        )

    s.put(bed(90, 880, 820, 90, ["#8d2a1c", "#7a3a24", "#5d2a1c", "#a3402a"], 9, 900))
    s.put(
        bending(
            s,
            1090,
            1060,
            560,
            shirt="#1c5c3a",
            flip=True,
            hold=line("M0 -30L110 150", "#a9743f", 11) + shape(box(78, 142, 76, 16, 4), "#8a5a34"),
        )
    )
    s.put(bed(-160, 1120, 1180, 150, ["#c02a20", "#a31d18", "#d8472a", "#8d1a16", "#b9391f"], 14, 1100))
    s.put(
        put_at(
            back_basket(
                s,
                0,
                0,
                240,
                290,
                full=group(
                    *(
                        shape(
                            oval(s.chance.uniform(-104, 104), -288 + s.chance.uniform(-34, 16), 15, 14),
                            s.rad((0, "#f0785a"), (0.5, "#c02a20"), (1, "#6a100e"), cx=0.35, cy=0.3),
                        )
                        for _ in range(70)
                    )
                ),
            ),
            1330,
            1180,
        )
    )
    s.put(
        sprig(
            s,
            bezier((1620, 1010), (1540, 900), (1500, 840), (1420, 800)),
            size=150,
            width=66,
            colour="#33643a",
            count=7,
        )
    )


@picture("prod-meat")
def smoke_kitchen(s: Sheet) -> None:
    """The hearth of a mountain kitchen: meat hangs over the smoke, a pot stands on the fire."""
    s.put(shape(box(0, 0, 1600, 1200), s.lin("#5d3d28", "#3a241a", "#24150f", x2=1, y2=0.6)))
    for i in range(18):
        x = i * 92 - 10
        s.put(
            shape(box(x, 0, 88, 860), s.lin("#6b472e", "#4a2f20", "#382218")),
            *(
                line(f"M{x + 20 + 18 * k} 0q{s.chance.uniform(-10, 10)} 430 0 860", "#22130c", 2.4, opacity=0.4)
                for k in range(3)
            ),
        )
    s.put(shape(oval(800, 860, 760, 560), s.rad((0, "#ff9f43", 0.55), (0.5, "#ff9f43", 0.18), (1, "#ff9f43", 0))))
    s.put(shape(poly([(120, -20), (420, -20), (760, 860), (460, 860)]), "#ffe9bd", opacity=0.1, filter=s.blur(12)))
    # rack over the hearth
    s.put(
        line("M230 0V150M1370 0V150", "#20130c", 16), shape(box(150, 140, 1300, 40, 14), s.down("#a97a45", "#5d3d22"))
    )
    for i, x in enumerate(range(230, 1400, 92)):
        long = (300, 360, 330, 400, 350, 310, 380, 340, 390, 320, 360, 330, 300)[i]
        s.put(line(f"M{x} 176v40", "#d6c09a", 5))
        if i in (3, 4, 8):
            w = 86
            d = smooth(
                [
                    (x - w * 0.3, 214),
                    (x + w * 0.3, 214),
                    (x + w * 0.5, 300),
                    (x + w * 0.44, 214 + long),
                    (x, 230 + long),
                    (x - w * 0.44, 214 + long),
                    (x - w * 0.5, 300),
                ]
            )
            s.put(
                s.solid(
                    d,
                    "#9a4a34",
                    depth=26,
                    shade=0.55,
                    within=shape(box(x - w, 200, w * 0.7, 600), "#5a2417")
                    + shape(box(x - w * 0.3, 200, 16, 600), "#efd5b4")
                    + shape(box(x + w * 0.06, 200, 12, 600), "#efd5b4"),
                )
            )
        else:
            s.put(
                put_at(
                    jerky(s, long, s.chance.choice(["#6b2a1b", "#5a2117", "#7a3322"])),
                    x,
                    208,
                    turn=90 + s.chance.uniform(-3, 3),
                )
            )
    # hearth
    s.put(
        shape(box(-20, 860, 1640, 380), s.down("#4a3222", "#2a1a12")),
        shape(poly([(330, 1150), (400, 960), (1200, 960), (1270, 1150)]), s.down("#8a7a66", "#5d5042")),
        shape(poly([(390, 1110), (440, 985), (1160, 985), (1210, 1110)]), s.down("#3a2f28", "#1d1613")),
        *(
            shape(
                oval(s.chance.uniform(470, 1130), s.chance.uniform(1010, 1090), 26, 12),
                s.chance.choice(["#d8421f", "#8d2a14", "#f0902c", "#4a2a1c"]),
            )
            for _ in range(46)
        ),
    )
    s.put(
        *(
            line(d, "#4d2f1c", 40) + line(d2, "#8a5a34", 8, opacity=0.6)
            for d, d2 in (
                ("M520 1080L760 1030", "M520 1068L760 1018"),
                ("M1080 1085L850 1030", "M1080 1072L850 1018"),
                ("M640 1100L800 1040", "M640 1088L800 1028"),
            )
        )
    )
    s.put(
        shape("M700 1050C650 930 770 900 760 760C850 850 910 940 880 1050Z", s.down("#fbc24a", "#d8421f")),
        shape("M750 1050C730 980 790 950 790 870C840 940 850 990 830 1050Z", "#fdeaa3"),
        shape("M620 1056C600 990 660 970 660 900C700 950 710 1000 690 1056Z", s.down("#f6a53c", "#c8381c")),
        shape("M900 1056C880 1000 930 970 936 910C980 970 980 1010 960 1056Z", s.down("#f6a53c", "#c8381c")),
    )
    # pot on a tripod
    s.put(
        *(line(d, "#20150f", 20) for d in ("M1010 900L960 1090", "M1250 900L1300 1090", "M1130 910L1130 1100")),
        s.solid(
            smooth([(980, 760), (960, 840), (1010, 920), (1130, 940), (1250, 920), (1300, 840), (1280, 760)]),
            "#2f2825",
            depth=50,
            shade=0.5,
            shine=0.5,
        ),
        shape(oval(1130, 760, 152, 30), "#463a34"),
        shape(oval(1130, 764, 130, 22), "#b5713a"),
        line("M985 770Q1130 600 1275 770", "#463a34", 12),
    )
    s.put(steam(s, 1130, 720, 380, 3), steam(s, 780, 760, 620, 4), haze(s, 100, 420, 1500, 130, "#e3c39a", 0.22))
    s.put(
        seated_back(s, 420, 1195, 520, shirt="#7d1613", arms=((320, 1010), (560, 985))),
        line("M560 985L690 1030", "#8a5a34", 14),
    )
    s.put(
        put_at(
            back_basket(
                s,
                0,
                0,
                230,
                280,
                full=group(
                    *(
                        line(f"M{k * 20} -270l{k * 8} -110", mix("#8a5a34", "#4d2f1c", abs(k) / 6), 20)
                        for k in range(-4, 5)
                    )
                ),
            ),
            1440,
            1180,
        )
    )
