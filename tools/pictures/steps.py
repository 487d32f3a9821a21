# ruff: noqa: E501 - outlines are read as one line
"""Small scenes of the steps in the life of a lot (1200×900)."""

from __future__ import annotations

import math

from book import picture
from cloth import CLASSIC, NARROW, SLIM, strip, woven
from folk import grip
from goods_food import RED_RICE, comb, rice_ear, rice_leaf
from kit import (
    INDIGO,
    INK,
    KRAFT,
    RED,
    RED_D,
    SHADOW,
    THREAD,
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
from land import haze, ridge, ridge_points, sky, tree
from packs import carton, pouch
from places import loom, skein, stilt_house
from shelves import row_of_goods, small_basket
from stage import bowl, filled, grains, leaf, lying, room, scatter, tray
from villages import terraces

W, H = 1200, 900


@picture("step-harvest", W, H)
def harvest(s: Sheet) -> None:
    """A hand with a sickle holds a sheaf of ripe rice in the field."""
    s.put(sky(s, "#bfd2c4", "#f7ecca", (930, 160, 46)), haze(s, 60, 120, 600, 36, "#ffffff", 0.7))
    s.put(
        ridge(s, ridge_points(s, 360, 190, rough=1.1), "#9db099", foot="#e6e2c0"),
        ridge(s, ridge_points(s, 420, 150), "#7a956f", foot="#d6d29c"),
    )
    s.put(terraces(s, 440, 700, 6, -60, 1260, gold=0.8, hump=44))
    s.put(shape(box(-20, 640, 1240, 280), s.down("#d9ad44", "#b98a2c")))
    for row, y in enumerate((700, 800, 905)):
        for _ in range(70):
            x = s.chance.uniform(-20, 1220)
            tall = (70, 110, 150)[row] * s.chance.uniform(0.8, 1.15)
            lean = s.chance.uniform(-0.3, 0.45)
            c = mix("#d9ad44", s.chance.choice(["#a9802a", "#efd58a", "#9a9a40"]), s.chance.uniform(0, 0.6))
            s.put(
                line(
                    f"M{n(x)} {n(y)}Q{n(x + lean * tall * 0.2)} {n(y - tall * 0.7)} {n(x + lean * tall)} {n(y - tall)}q{n(tall * 0.1)} 0 {n(tall * 0.2)} {n(tall * 0.16)}",
                    c,
                    4 + row,
                )
            )
    # the sheaf
    for k in range(-7, 8):
        s.put(
            rice_ear(
                s,
                bezier(
                    (560 + k * 5, 900),
                    (560 + k * 8, 560),
                    (560 + k * 30, 240 + abs(k) * 14),
                    (560 + k * 52 + (30 if k > 0 else -30), 330 + abs(k) * 20),
                    26,
                ),
                15,
                mix("#d9b25f", "#c99a3c", s.chance.random()),
            )
        )
    s.put(
        *(
            rice_leaf(
                s,
                bezier((550 + k * 12, 900), (550 + k * 20, 640), (550 + k * 50, 480), (550 + k * 80, 560)),
                s.chance.choice(["#b5a84c", "#8f9a48"]),
                20,
            )
            for k in (-4, -2, 1, 3, 4)
        )
    )
    blade = "M706 560C900 500 1010 610 960 800C940 690 880 610 716 604Z"
    s.put(
        shape(blade, SHADOW, transform="translate(10 14)", filter=s.blur(8), opacity=0.4),
        s.solid(blade, "#b9bab5", depth=18, shade=0.4, shine=0.8),
        line("M716 600C880 608 940 690 959 796", "#f6f6f0", 4, opacity=0.9),
    )
    s.put(
        shape(box(440, 556, 290, 50, 20), s.down("#c98f55", "#8a5a34", "#5d3a1f")),
        shape(box(690, 552, 34, 58, 8), "#8f8d85"),
    )
    s.put(put_at(grip(s, reach=460), 590, 584, scale=0.86, turn=-8))


@picture("step-drying", W, H)
def drying(s: Sheet) -> None:
    """Rice, leaves and berries dry on bamboo trays in the sun."""
    s.put(sky(s, "#cfdcc8", "#fbeecb", (900, 150, 60)), haze(s, 60, 110, 600, 34, "#ffffff", 0.7))
    s.put(
        ridge(s, ridge_points(s, 330, 170, rough=1.1), "#a3b59c", foot="#e6e0bd"),
        ridge(s, ridge_points(s, 390, 140), "#7f9870", foot="#d3cf9a"),
    )
    s.put(tree(s, 90, 430, 220, "#5d8248"), stilt_house(s, 980, 440, 330))
    s.put(shape(box(-20, 424, 1240, 500), s.down("#dfc390", "#c49c62")), shape(box(-20, 422, 1240, 5), "#f3dfb0"))

    def stand(x: float, y: float, w: float, h: float) -> str:
        legs = "".join(
            line(
                f"M{n(x + k * w)} {n(y)}L{n(x + k * w - 16)} {n(y + h)}M{n(x + k * w)} {n(y)}L{n(x + k * w + 16)} {n(y + h)}",
                "#8f7540",
                11,
            )
            for k in (0.1, 0.9)
        )
        return group(
            shape(oval(x + w * 0.55, y + h, w * 0.5, 18), SHADOW, filter=s.blur(10), opacity=0.35),
            legs,
            shape(box(x, y - 7, w, 16, 7), s.down("#e3cd92", "#8f7540")),
        )

    s.put(stand(70, 560, 430, 110), stand(640, 560, 430, 110))
    s.put(
        tray(
            s,
            285,
            548,
            400,
            tilt=0.28,
            inside=group(
                *(
                    put_at(
                        leaf(s, 52, 20, s.chance.choice(["#7d7a3c", "#8f7b3a", "#6a6a35", "#9a8a4a"]), veins=0),
                        x,
                        y,
                        turn=s.chance.uniform(0, 360),
                    )
                    for x, y in scatter(s, 280, 543, 160, 40, 120)
                )
            ),
        )
    )
    s.put(
        tray(
            s,
            855,
            548,
            400,
            tilt=0.28,
            inside=group(
                *(
                    shape(oval(x, y, 12, 10), s.rad((0, "#b5764a"), (0.6, "#6f3f22"), (1, "#3a1f10"), cx=0.35, cy=0.3))
                    for x, y in scatter(s, 855, 540, 162, 38, 170)
                )
            ),
        )
    )
    s.put(stand(180, 760, 860, 120))
    rice = grains(s, 610, 732, 380, 100, 900, ["#e3bd6c", "#d9a94e", "#f0d394", "#c79440"], 12)
    s.put(tray(s, 610, 740, 900, tilt=0.3, inside=shape(oval(610, 736, 390, 106), "#c79440") + rice))
    s.put(
        line("M990 850L760 742", "#8a5a34", 16),
        line("M988 846L762 738", "#c98f55", 5),
        shape(poly([(700, 716), (792, 762), (776, 782), (688, 738)]), s.lin("#c98f55", "#7d5230")),
    )


@picture("step-milling", W, H)
def milling(s: Sheet) -> None:
    """A small mill turns paddy into red rice; the grain runs into a basket."""
    room(s, "sand", edge=640)
    green = "#1c5c3a"
    s.put(
        s.contact(560, 800, 260, 24),
        *(
            shape(poly([(x, 560), (x + 40, 560), (x + 40 + d, 800), (x + d, 800)]), s.lin("#4a4f48", "#23282a"))
            for x, d in ((380, -50), (700, 50))
        ),
    )
    hopper = "M330 130H790L660 330H460Z"
    s.put(
        shape("M330 130Q560 60 790 130Z", "#c99a3c"),
        heap_of(s, 560, 128, 400, 70),
        s.solid(hopper, "#b9bab2", depth=50, shade=0.6, shine=0.7),
        line("M326 130H794", "#e9e9e2", 12),
        strip(s, 420, 216, 280, 40, SLIM),
    )
    s.put(
        s.solid(box(400, 330, 320, 250, 24), green, depth=50, shade=0.6, shine=0.5),
        s.solid(oval(560, 455, 96, 96), "#d9d6cc", depth=40, shade=0.6, shine=0.6),
        line(oval(560, 455, 74, 74), "#8f8d85", 6),
        *(shape(oval(560 + 84 * math.cos(k * 1.05), 455 + 84 * math.sin(k * 1.05), 7, 7), "#6d6b64") for k in range(6)),
    )
    s.put(
        s.solid(box(720, 380, 150, 130, 16), "#7d1613", depth=34, shade=0.5, shine=0.5),
        *(line(f"M{740 + k * 22} 392v106", dark("#7d1613", 0.5), 5, opacity=0.5) for k in range(6)),
        s.solid(oval(300, 470, 110, 110), "#4a4f48", depth=40, shade=0.5, shine=0.4),
        s.solid(oval(300, 470, 40, 40), "#8f8d85", depth=20, shade=0.5),
        line("M300 360L560 359M300 580L560 551", "#23201d", 12),
    )
    s.put(s.solid("M600 560H730L940 690L890 724L600 600Z", "#b9bab2", depth=30, shade=0.5, shine=0.6))
    flow = shape(poly([(878, 706), (946, 690), (1004, 800), (900, 806)]), s.down("#c98a5e", "#b06a45"))
    s.put(
        small_basket(s, 960, 850, 330, 110, ""),
        shape(oval(960, 744, 152, 34), "#7a4a33"),
        grains(s, 960, 742, 140, 28, 190, RED_RICE, 12),
        flow,
        grains(s, 930, 740, 42, 60, 120, RED_RICE, 11),
    )
    s.put(small_basket(s, 960, 850, 330, 106, ""))
    s.put(heap_front(s))


def heap_of(s: Sheet, cx: float, y: float, w: float, h: float) -> str:
    """Heap paddy above the hopper."""
    return grains(s, cx, y - h * 0.12, w * 0.46, h * 0.42, 260, ["#e3bd6c", "#d9a94e", "#f0d394", "#c79440"], 12)


def heap_front(s: Sheet) -> str:
    """A little paddy and chaff on the floor."""
    return grains(s, 240, 850, 130, 22, 60, ["#e3bd6c", "#d9a94e", "#f0d394"], 12)


@picture("step-dyeing", W, H)
def dyeing(s: Sheet) -> None:
    """Yarn is dyed in clay vats; wet skeins drip from a bamboo pole."""
    room(s, "rose", edge=600)
    s.put(
        *(line(f"M{x} 60V640", "#7d5a32", 26) + line(f"M{x - 6} 60V640", "#c79a62", 6, opacity=0.7) for x in (90, 1110))
    )
    for x, c in ((220, RED), (360, "#8d1a16"), (500, INDIGO), (640, "#33456e"), (780, "#c98a2a"), (920, "#1c5c3a")):
        s.put(skein(s, x + 30, 120, 100, s.chance.uniform(300, 350), c))
        s.put(*(shape(oval(x + 30 + k * 26, 478 + (k * 37) % 60, 4, 9), c, opacity=0.8) for k in (-1, 0, 1)))
    s.put(shape(box(40, 96, 1120, 32, 14), s.down("#e3cd92", "#b99a55", "#7d6229")))
    for x, w, dye, clay in (
        (270, 420, "#8d1a16", "#a9583a"),
        (650, 400, INDIGO, "#8a4a30"),
        (1000, 360, "#b9801f", "#a9583a"),
    ):
        base, top = 840, 620
        half = w / 2
        d = f"M{n(x - half)} {top}C{n(x - half * 1.04)} {top + 110} {n(x - half * 0.8)} {base - 20} {n(x - half * 0.56)} {base}Q{x} {base + 26} {n(x + half * 0.56)} {base}C{n(x + half * 0.8)} {base - 20} {n(x + half * 1.04)} {top + 110} {n(x + half)} {top}Z"
        skin = s.lin((0, dark(clay, 0.3)), (0.22, light(clay, 0.34)), (0.55, clay), (1, dark(clay, 0.5)))
        s.put(
            s.contact(x, base + 6, half * 0.7, 20),
            shape(oval(x, top, half, half * 0.22), s.lin(dark(clay, 0.5), dark(clay, 0.2))),
            shape(
                oval(x, top + 12, half * 0.92, half * 0.18),
                s.rad((0, light(dye, 0.22)), (0.7, dye), (1, dark(dye, 0.4)), cx=0.4, cy=0.3),
            ),
            *(
                line(oval(x - half * 0.1, top + 12, half * k, half * k * 0.18), light(dye, 0.4), 2.4, opacity=0.5)
                for k in (0.2, 0.38, 0.6)
            ),
        )
        s.put(
            shape(f"{d[:-1]}A{n(half)} {n(half * 0.22)} 0 0 1 {n(x - half)} {top}Z", skin),
            s.grain(d, dark(clay, 0.7), 0.5),
            line(f"M{n(x - half)} {top}A{n(half)} {n(half * 0.22)} 0 0 0 {n(x + half)} {top}", light(clay, 0.5), 8),
            s.inside(d, strip(s, x - half, top + 96, w, 34, SLIM)),
        )
    s.put(line("M720 640L840 470", "#8a5a34", 18), line("M717 636L836 468", "#c98f55", 5))


@picture("step-weaving", W, H)
def weaving(s: Sheet) -> None:
    """A frame loom with a half-woven brocade, skeins and a shuttle at hand."""
    room(s, "sand", edge=650)
    for x, c in ((110, RED), (215, INK), (995, INDIGO), (1100, "#c98a2a")):
        s.put(skein(s, x, 96, 84, 300, c))
    s.put(
        shape(box(30, 76, 260, 24, 10), s.down("#e3cd92", "#8f7540")),
        shape(box(920, 76, 260, 24, 10), s.down("#e3cd92", "#8f7540")),
    )
    s.put(loom(s, 600, 860, 620, 780, CLASSIC[1:], woven_share=0.56))
    shuttle = group(
        s.solid(smooth([(-150, 0), (-90, -28), (90, -28), (150, 0), (90, 28), (-90, 28)]), "#a9743f", depth=18),
        shape(box(-66, -15, 132, 30, 14), s.down("#e9574a", THREAD, RED_D)),
    )
    s.put(
        lying(s, shuttle, 640, 486, turn=-8, drop=12),
        line(smooth([(500, 500), (440, 470), (400, 440), (372, 436)], closed=False), THREAD, 5),
    )
    s.put(
        small_basket(
            s,
            130,
            850,
            210,
            110,
            group(
                *(
                    shape(
                        oval(130 + dx, 736 + dy, 44, 40),
                        s.rad((0, light(c, 0.4)), (0.6, c), (1, dark(c, 0.5)), cx=0.35, cy=0.3),
                    )
                    for dx, dy, c in ((-46, 0, RED), (46, 0, INK), (0, -26, "#c98a2a"))
                )
            ),
        )
    )
    s.put(
        s.solid(
            box(960, 770, 210, 80, 16),
            woven(s, CLASSIC[1:6], scale=0.62, at="translate(960 770)"),
            base=RED,
            depth=30,
            shade=0.5,
            shine=0.15,
        ),
        s.contact(1065, 852, 100),
    )


@picture("step-packing", W, H)
def packing(s: Sheet) -> None:
    """Pouches are filled, weighed and set into a carton."""
    room(s, "leaf", edge=560)
    s.put(wall_shelf(s, 90, 270, 1020, ["pouch", "box"]))
    s.put(
        shape(box(-20, 660, 1240, 30), s.down("#e3b97c", "#a9743f")),
        shape(box(-20, 690, 1240, 230), s.down("#a9743f", "#7d5230")),
        shape(box(-20, 690, 1240, 40), s.down((0, SHADOW, 0.45), (1, SHADOW, 0))),
        strip(s, 0, 770, 1200, 70, NARROW),
    )
    s.put(carton(s, 40, 664, 300, 230, 90, "#cda674", ["24 gói"], label_box=(0.2, 0.6)))
    s.put(
        pouch(s, 500, 664, 210, 320, "#1c5c3a", ["Gạo", "rẫy"], label_box=(0.2, 0.58)),
        pouch(s, 700, 664, 210, 320, KRAFT, ["Gạo", "rẫy"], label_box=(0.2, 0.58)),
    )
    # the scale with a bowl
    steel = "#b9bab2"
    s.put(
        s.contact(970, 662, 170, 14),
        s.solid("M860 560H1080L1110 660H830Z", "#f1ede2", depth=34, shade=0.4, shine=0.6),
        shape(box(900, 586, 140, 50, 6), "#22302a"),
        s.words("1,000 kg", 970, 622, 30, "#9fe0b0"),
        shape(oval(970, 548, 130, 20), s.lin(light(steel, 0.5), steel, dark(steel, 0.3))),
        shape(box(955, 544, 30, 20), dark(steel, 0.3)),
    )
    s.put(bowl(s, 970, 544, 260, 110, "#a9583a", filled(s, 970, 434, 260, 70, RED_RICE, 10, 260)))
    s.put(
        lying(
            s,
            group(
                s.solid(smooth([(-70, 0), (-50, -34), (40, -34), (60, 0), (40, 34), (-50, 34)]), "#b97f46", depth=18),
                shape(oval(-6, 0, 44, 22), dark("#b97f46", 0.5)),
                s.solid(box(54, -12, 130, 24, 12), "#b97f46", depth=10),
            ),
            1010,
            700,
            turn=8,
        ),
        grains(s, 880, 700, 90, 14, 40, RED_RICE, 10),
    )


def wall_shelf(s: Sheet, x: float, y: float, w: float, kinds: list[str]) -> str:
    """Hang a board on the wall with goods on it; its top is at y."""
    part = w / len(kinds)
    goods = "".join(row_of_goods(s, x + i * part + 12, y, part - 24, 130, kind) for i, kind in enumerate(kinds))
    return group(
        shape(box(x + 14, y + 20, w, 34), SHADOW, filter=s.blur(10), opacity=0.35),
        goods,
        shape(box(x, y, w, 22, 4), s.down("#e3b97c", "#8f5f30")),
        *(shape(poly([(k, y + 22), (k + 16, y + 22), (k + 8, y + 62)]), "#8a5a34") for k in (x + 40, x + w - 56)),
    )


@picture("step-test", W, H)
def testing(s: Sheet) -> None:
    """A sample is tested: microscope, tubes, a flask, a jar marked as sample."""
    room(s, "mist", edge=560)
    s.put(wall_shelf(s, 600, 270, 540, ["jar", "bottle"]))
    s.put(
        shape(box(-20, 690, 1240, 24), s.down("#ffffff", "#cfd6cc")),
        shape(box(-20, 714, 1240, 200), s.down("#dfe5da", "#b9c4b6")),
    )
    body = "#e9e6dc"
    # microscope
    s.put(
        s.contact(330, 694, 190, 16),
        s.solid("M180 650Q180 624 210 622H450Q480 624 480 650V692H180Z", body, depth=30, shade=0.5, shine=0.6),
        s.solid(
            "M400 630C500 560 520 370 400 270L352 330C450 400 440 520 350 600Z", body, depth=30, shade=0.5, shine=0.6
        ),
    )
    s.put(
        s.solid(box(206, 536, 210, 26, 8), "#4a4f48", depth=12),
        shape(box(250, 528, 110, 10, 3), "#bfe0d8", opacity=0.9),
        shape(oval(304, 531, 22, 5), "#c98a5e"),
        shape(box(290, 566, 30, 58, 6), "#4a4f48"),
    )
    tube = group(
        s.solid(box(-34, -190, 68, 190, 14), body, depth=24, shade=0.5, shine=0.6),
        s.solid(box(-24, -262, 48, 84, 10), INK, depth=14),
        s.solid(poly([(-26, 0), (26, 0), (14, 60), (-14, 60)]), "#8f8d85", depth=14),
        strip(s, -34, -70, 68, 22, SLIM),
    )
    s.put(
        put_at(tube, 330, 420, turn=14),
        s.solid(oval(470, 470, 38, 38), "#4a4f48", depth=18),
        shape(oval(470, 470, 16, 16), "#8f8d85"),
    )
    # tubes in a rack
    rack = []
    for i, c in enumerate(("#a02a55", "#d98d1c", "#6b8a3e", "#b06a45")):
        x = 590 + i * 76
        rack.append(
            group(
                shape(box(x - 20, 420, 40, 240, 20), "#f4f8f4", opacity=0.75),
                shape(
                    box(x - 16, 510 + (i * 29) % 50, 32, 146 - (i * 29) % 50, 16), s.lin(light(c, 0.3), c, dark(c, 0.3))
                ),
                shape(box(x - 24, 412, 48, 12, 5), "#dfe7e2"),
                shape(box(x - 13, 434, 6, 200, 3), "#fff", opacity=0.8),
            )
        )
    s.put(
        group(
            *rack,
            s.solid(box(546, 500, 318, 30, 6), "#b98a55", depth=14),
            s.solid(box(546, 640, 318, 50, 6), "#b98a55", depth=18),
            shape(box(552, 520, 18, 130), "#9a6f3f"),
            shape(box(842, 520, 18, 130), "#8a5f34"),
            s.contact(705, 694, 170, 12),
            transform="translate(-26 0)",
        )
    )
    # flask
    flask = "M950 430H1010V520L1084 664Q1092 690 1060 690H900Q868 690 876 664L950 520Z"
    s.put(
        group(
            s.contact(985, 694, 110, 12),
            shape(flask, "#f1f6f1", opacity=0.7),
            s.inside(
                flask,
                shape(box(850, 590, 280, 110), s.lin("#c98a2a", "#efc469", "#b9741c")),
                shape(oval(980, 590, 90, 10), "#f6dc9a"),
            ),
            line(flask, "#ffffff", 5, opacity=0.8),
            shape(box(938, 420, 84, 14, 6), "#e6ece6"),
            transform="translate(-44 0)",
        )
    )
    s.put(pouch(s, 1110, 704, 140, 220, KRAFT, ["Mẫu"], label_box=(0.24, 0.5)))
    s.put(
        lying(
            s,
            group(
                shape(box(0, 0, 240, 150, 6), "#fffdf6"),
                strip(s, 0, 0, 240, 20, SLIM),
                *(line(f"M22 {48 + k * 24}h{150 - (k % 2) * 40}", "#8a7a6d", 5, opacity=0.6) for k in range(4)),
                line("M178 74l12 14 26 -32", "#1c5c3a", 8),
            ),
            90,
            734,
            turn=-4,
        ),
        lying(
            s,
            shape(box(0, -7, 180, 14, 6), s.lin("#7d1613", "#a3201b"))
            + shape(poly([(180, -7), (206, 0), (180, 7)]), "#e3c391"),
            380,
            850,
            turn=-10,
        ),
    )


@picture("step-extract", W, H)
def extracting(s: Sheet) -> None:
    """Honey runs from the tap of a steel extractor into a jar; a frame of comb leans by."""
    room(s, "honey", edge=600)
    steel = "#b9bab2"
    skin = s.lin(
        (0, dark(steel, 0.45)),
        (0.15, "#f8f7f0"),
        (0.34, steel),
        (0.6, light(steel, 0.3)),
        (0.86, dark(steel, 0.42)),
        (1, dark(steel, 0.2)),
    )
    s.put(s.contact(400, 812, 260, 26), *(shape(box(x, 700, 30, 112), dark(steel, 0.5)) for x in (200, 385, 570)))
    drum = "M180 220V700A220 46 0 0 0 620 700V220Z"
    s.put(
        s.cast(drum, 720, opacity=0.24),
        shape(drum, skin),
        *(line(f"M180 {y}A220 46 0 0 0 620 {y}", dark(steel, 0.45), 5, opacity=0.5) for y in (300, 640)),
        shape(oval(400, 220, 220, 46), s.lin(dark(steel, 0.5), "#6d6b64")),
        shape(oval(400, 228, 190, 34), s.rad((0, "#e9a93c"), (1, "#8f4f0c"))),
        line("M180 220A220 46 0 0 0 620 220", "#f8f7f0", 7),
    )
    s.put(
        shape(box(372, 90, 56, 140, 10), skin),
        shape(box(300, 84, 330, 26, 12), s.down("#f8f7f0", steel, dark(steel, 0.4))),
        line("M614 96V40", dark(steel, 0.3), 16),
        shape(box(586, 20, 56, 40, 14), s.lin("#c9302a", RED_D)),
    )
    # tap and honey
    s.put(
        s.solid("M600 630H720V664H700V716H660V676H600Z", "#c9a24a", depth=16, shade=0.5, shine=0.7),
        shape(box(672, 586, 18, 48, 6), "#c9a24a"),
        shape(box(640, 574, 82, 20, 10), "#7d1613"),
    )
    s.put(
        shape(
            "M664 716H696C700 760 690 776 692 800H668C670 776 660 760 664 716Z", s.lin("#b9700f", "#f6c055", "#d98d1c")
        )
    )
    jar_d = "M590 690V850Q590 874 616 874H746Q772 874 772 850V690Z"
    s.put(
        s.contact(682, 874, 100, 12),
        shape(jar_d, "#eef0e4", opacity=0.6),
        s.inside(
            jar_d,
            shape(box(560, 770, 240, 130), s.lin("#8f4706", "#f0ad3c", "#c4700f", "#8f4706")),
            shape(oval(681, 770, 92, 13), "#f7cf74"),
        ),
        shape("M668 690H692V772H668Z", s.lin("#b9700f", "#f6c055", "#d98d1c")),
        line(jar_d, "#ffffff", 5, opacity=0.75),
        line(oval(681, 690, 91, 14), "#ffffff", 6, opacity=0.85),
        shape(box(606, 716, 14, 130, 6), "#fff", opacity=0.6),
    )
    # a frame of comb
    wood = "#b98a55"
    frame = group(
        comb(
            s, [(-150, -170), (150, -170), (150, 110), (100, 140), (-20, 120), (-120, 150), (-150, 120)], r=19, thick=10
        ),
        s.solid(box(-190, -206, 380, 36, 6), wood, depth=12),
        s.solid(box(-172, -180, 24, 370, 4), wood, depth=10),
        s.solid(box(148, -180, 24, 370, 4), wood, depth=10),
        s.solid(box(-172, 176, 344, 26, 4), wood, depth=10),
    )
    s.put(shape(oval(980, 826, 220, 26), SHADOW, filter=s.blur(12), opacity=0.45), put_at(frame, 965, 610, turn=6))
    s.put(
        lying(s, leaf(s, 150, 54, "#5d8a45"), 40, 850, turn=-10),
        lying(s, leaf(s, 120, 44, "#6d9448"), 60, 860, turn=14),
    )
