# ruff: noqa: E501 - outlines are read as one line
"""Scenes of the sales points: shop fronts, stalls, a fair, a corner of shelves."""

from __future__ import annotations

from book import picture
from cloth import CLASSIC, NARROW, strip, woven
from goods_dry import banana
from kit import (
    CREAM,
    INK,
    RED,
    SHADOW,
    Sheet,
    box,
    dark,
    group,
    light,
    line,
    mix,
    oval,
    poly,
    put_at,
    shape,
    smooth,
)
from land import grass, haze, meadow, palm, ridge, ridge_points, sky, tree
from places import banana_plant, bush, thatch
from shelves import (
    awning,
    fruit_heap,
    greens,
    pot_plant,
    rolled,
    row_of_goods,
    shelf_unit,
    sign,
    small_basket,
    small_box,
    small_jar,
    small_pouch,
)
from stage import mottle


@picture("point-1")
def shop_front(s: Sheet) -> None:
    """A shop in the town: cream front, red awning, shelves behind the window."""
    s.put(sky(s, "#cfdcd4", "#f6ead0"))
    s.put(tree(s, 40, 900, 620, "#5c7f4a"), tree(s, 1570, 900, 660, "#4c7342"))
    wall = "#ecd9b4"
    s.put(
        shape(box(150, 90, 1300, 860), s.lin(light(wall, 0.4), wall, dark(wall, 0.12), x2=1, y2=0.4)),
        mottle(s, box(150, 90, 1300, 860), 0.14),
    )
    s.put(
        shape(box(120, 60, 1360, 44, 6), s.down("#b5553c", "#7d2f20")),
        *(shape(oval(136 + i * 47, 106, 26, 15), s.lin("#c9684a", "#8d3d2a")) for i in range(29)),
    )
    s.put(sign(s, 800, 150, 900, 150, "Nông sản Ba Tơ"))
    # window with shelves and the door
    s.put(shape(box(210, 430, 760, 470, 6), "#4d2f1c"), shape(box(228, 448, 724, 434), s.down("#5d3d28", "#8a5f38")))
    s.put(shape(oval(590, 500, 420, 260), s.rad((0, "#ffd58a", 0.75), (1, "#ffd58a", 0))))
    for i, (kind, y) in enumerate((("pouch", 588), ("jar", 732), ("box", 876))):
        s.put(
            row_of_goods(s, 240, y, 344, 118, kind),
            row_of_goods(s, 600, y, 344, 118, ["bottle", "cloth", "basket"][i]),
            shape(box(228, y, 724, 12), s.down("#d9a76a", "#7d5230")),
        )
    s.put(
        shape(poly([(300, 448), (460, 448), (360, 882), (228, 882), (228, 760)]), "#fff", opacity=0.12),
        shape(poly([(620, 448), (680, 448), (560, 882), (500, 882)]), "#fff", opacity=0.1),
        shape(box(584, 440, 16, 450), "#4d2f1c"),
    )
    s.put(
        shape(box(1040, 430, 320, 520, 6), "#4d2f1c"),
        shape(box(1062, 452, 276, 498), s.lin("#a3623a", "#7d4526")),
        shape(box(1086, 480, 228, 250, 4), s.down("#f6d08a", "#b9803f")),
        shape(poly([(1086, 730), (1180, 480), (1240, 480), (1140, 730)]), "#fff", opacity=0.25),
        shape(box(1086, 760, 228, 150, 4), "#8d5230"),
        shape(oval(1304, 730, 10, 22), "#e3c27a"),
    )
    s.put(strip(s, 1086, 800, 228, 44, NARROW))
    s.put(awning(s, 190, 330, 1220, 100))
    s.put(
        shape(box(-20, 940, 1640, 290), s.down("#cdb894", "#a98f6b")),
        shape(box(-20, 936, 1640, 12), "#e3d2b0"),
        *(
            line(f"M{800 + (x - 800) * 0.8} 948L{800 + (x - 800) * 1.5} 1230", "#8a7353", 3, opacity=0.5)
            for x in range(-700, 2400, 200)
        ),
        line("M0 1040H1600M0 1150H1600", "#8a7353", 3, opacity=0.4),
    )
    s.put(shape(box(150, 946, 1300, 40), s.down((0, SHADOW, 0.4), (1, SHADOW, 0))))
    s.put(pot_plant(s, 1420, 1010, 300), pot_plant(s, 120, 1020, 330, "#5d8a45"))
    s.put(
        crate_stand(s, 300, 1040, 250, ["#c8281c", "#e2571c"]),
        crate_stand(s, 590, 1050, 250, ["#e3b72f", "#c9a02a"]),
        crate_stand(s, 870, 1040, 230, ["#6d8a3e", "#8fb53c"]),
    )


def crate_stand(s: Sheet, x: float, base: float, w: float, colours: list[str]) -> str:
    """Set out a crate of fruit or greens."""
    wood = "#b98a55"
    h = w * 0.42
    return group(
        shape(oval(x + 16, base, w * 0.56, 14), SHADOW, filter=s.blur(8), opacity=0.5),
        shape(box(x - w * 0.46, base - h - 8, w * 0.92, 30), dark(wood, 0.6)),
        fruit_heap(s, x, base - h + 2, w * 0.86, colours, w * 0.066),
        *(
            shape(
                box(x - w / 2, base - h + k * h * 0.36, w, h * 0.29, 3), s.lin(light(wood, 0.3), wood, dark(wood, 0.25))
            )
            for k in range(3)
        ),
        *(shape(box(x + k * w * 0.46 - 10, base - h - 4, 20, h + 4, 3), s.lin(wood, dark(wood, 0.4))) for k in (-1, 1)),
    )


@picture("point-2")
def market_stall(s: Sheet) -> None:
    """A stall of the market: cloth roof, baskets of greens and fruit, pouches at the back."""
    s.put(sky(s, "#c9d6c4", "#f5e9ca"))
    s.put(ridge(s, ridge_points(s, 520, 240, rough=1.1), "#9aad94", foot="#e0ddb8"), haze(s, -60, 500, 1700, 60))
    # neighbours' roofs
    for x, y, w, c in (
        (-80, 470, 420, "#8d3d2a"),
        (1260, 450, 460, "#27506a"),
        (300, 500, 300, "#a98a5a"),
        (1010, 500, 300, "#1c5c3a"),
    ):
        s.put(
            shape(poly([(x, y + 90), (x + 60, y), (x + w - 60, y), (x + w, y + 90)]), s.down(light(c, 0.3), c)),
            shape(box(x + 30, y + 90, w - 60, 400), s.down("#6b5440", "#a98f6b"), opacity=0.75),
            shape(box(x, y, w, 420), "#efe3c4", opacity=0.35),
        )
    s.put(
        shape(box(-20, 820, 1640, 420), s.down("#c7ab7d", "#a08356")),
        *(
            shape(
                oval(s.chance.uniform(0, 1600), s.chance.uniform(860, 1190), s.chance.uniform(20, 60), 6),
                "#8a6f48",
                opacity=0.3,
            )
            for _ in range(40)
        ),
    )
    for x in (210, 1390):
        s.put(shape(box(x - 17, 220, 34, 820, 8), s.lin("#d9b878", "#a98547", "#6b4f28")))
    s.put(
        shape(box(228, 330, 1144, 430), s.down("#4d3321", "#7a5636")),
        row_of_goods(s, 260, 520, 520, 150, "pouch"),
        row_of_goods(s, 810, 520, 530, 150, "jar"),
        shape(box(228, 520, 1144, 16), s.down("#d9a76a", "#7d5230")),
        row_of_goods(s, 260, 700, 520, 140, "cloth"),
        row_of_goods(s, 810, 700, 530, 140, "box"),
        shape(box(228, 700, 1144, 16), s.down("#d9a76a", "#7d5230")),
    )
    for x, colours in ((330, "#e3b72f"), (1270, "#e0b034")):
        hand = group(
            *(
                put_at(banana(s, 150, 42, mix(colours, "#8fa040", 0.2 * (k % 2))), 0, 0, turn=50 + k * 16)
                for k in (-2, 2, -1, 1, 0)
            )
        )
        s.put(line(f"M{x} 300V350", "#6b4f28", 5), put_at(hand, x, 346))
    s.put(awning(s, 170, 170, 1260, 150, "#1c5c3a", CREAM, stripes=15, out=60))
    s.put(sign(s, 800, 352, 560, 92, "Quầy chợ Ba Tơ", ground="#7d1613"))
    # the counter slopes towards us
    table = [(190, 760), (1410, 760), (1500, 930), (100, 930)]
    s.put(
        shape(poly(table), s.down("#7a5636", "#a9773f")),
        shape(poly([(100, 930), (1500, 930), (1490, 1130), (110, 1130)]), s.down("#8a5a34", "#5d3a1f")),
    )
    s.put(
        s.solid(
            poly([(100, 930), (1500, 930), (1496, 1040), (104, 1040)]),
            woven(s, CLASSIC, scale=0.46, at="translate(100 930)"),
            base=RED,
            depth=24,
            shade=0.4,
            shine=0.1,
        )
    )
    for x, kind in ((300, 0), (540, 1), (800, 2), (1050, 3), (1300, 4)):
        full = [
            greens(s, x, 815, 190, 90),
            fruit_heap(s, x, 800, 170, ["#c8281c", "#e2571c", "#2f7a3d"], 15),
            fruit_heap(s, x, 800, 170, ["#e3b72f", "#cfae3c"], 17),
            greens(s, x, 815, 190, 84, "#7b9a4a"),
            fruit_heap(s, x, 800, 170, ["#7a4a2a", "#99622f"], 15),
        ][kind]
        s.put(
            shape(oval(x + 10, 912, 110, 14), SHADOW, filter=s.blur(6), opacity=0.5),
            small_basket(s, x, 908, 220, 104, full),
        )
    s.put(
        crate_stand(s, 160, 1180, 260, ["#d9a02a", "#e3b72f"]), crate_stand(s, 1450, 1180, 260, ["#8fb53c", "#5c8a45"])
    )
    s.put(
        small_basket(s, 760, 1180, 300, 130, greens(s, 760, 1060, 250, 120, "#3f6d35")),
        small_basket(s, 1090, 1185, 260, 110, fruit_heap(s, 1090, 1072, 200, ["#a3201b", "#c8281c"], 16)),
    )


@picture("point-3")
def thatched_kiosk(s: Sheet) -> None:
    """A thatched kiosk of the weaving village hung with brocade."""
    s.put(sky(s, "#e5bd93", "#fbecce", (1330, 220, 50)), haze(s, 100, 130, 700, 40))
    s.put(
        ridge(s, ridge_points(s, 520, 260, rough=1.1), "#b79d8a", foot="#f1dfbd"),
        haze(s, 200, 470, 1300, 56),
        ridge(s, ridge_points(s, 590, 200), "#83956f", foot="#d7d09c"),
    )
    s.put(
        palm(s, 170, 800, 620, lean=-0.05),
        tree(s, 1500, 800, 440, "#557a45"),
        tree(s, 30, 800, 360, "#4c7040"),
        banana_plant(s, 1420, 830, 330),
    )
    s.put(meadow(s, [(-60, 780), (400, 765), (1000, 780), (1680, 765)], "#b9a863", "#a08a50", 360))
    s.put(shape(poly([(560, 900), (1040, 900), (1300, 1230), (300, 1230)]), s.down("#dcbb86", "#c19a64")))
    wood = "#7a5232"
    s.put(shape(oval(830, 985, 620, 40), SHADOW, filter=s.blur(18), opacity=0.45))
    s.put(shape(box(290, 430, 1020, 520), s.down("#4a3020", "#7a5636")))
    s.put(shape(oval(800, 520, 500, 300), s.rad((0, "#ffd58a", 0.5), (1, "#ffd58a", 0))))
    for x, w, h, which in (
        (350, 150, 300, CLASSIC),
        (520, 120, 250, NARROW),
        (660, 150, 310, CLASSIC[:9]),
        (830, 120, 260, NARROW),
        (970, 150, 300, CLASSIC),
        (1140, 120, 250, CLASSIC[2:7]),
    ):
        s.put(
            shape(box(x + 10, 470, w, h), SHADOW, filter=s.blur(8), opacity=0.6),
            s.solid(
                box(x, 462, w, h),
                woven(s, which, scale=0.62, at=f"translate({x} 470)"),
                base=RED,
                depth=24,
                shade=0.5,
                shine=0.15,
            ),
            *(line(f"M{x + 6 + k * 12} {462 + h}v22", [INK, RED, CREAM][k % 3], 4) for k in range(w // 12)),
        )
    s.put(shape(box(290, 446, 1020, 20, 8), s.down("#e3cd92", "#8a6a3a")))
    s.put(
        shape(box(250, 790, 1100, 44, 6), s.down("#d9a76a", "#8f5f30")),
        shape(box(270, 834, 1060, 160), s.down("#8a5a34", "#6b4226")),
        strip(s, 270, 880, 1060, 70, NARROW),
    )
    s.put(
        rolled(s, 400, 790, 190, 96, 3),
        rolled(s, 620, 790, 180, 66, 2),
        small_basket(s, 820, 790, 160, 84, rolled(s, 820, 730, 110, 40, 1)),
        rolled(s, 1010, 790, 180, 100, 3),
        small_box(s, 1160, 790, 90, 80, "#7d1613"),
        small_box(s, 1256, 790, 80, 66, "#1c5c3a"),
    )
    for x in (290, 1310):
        s.put(shape(box(x - 22, 380, 44, 620, 8), s.lin(light(wood, 0.4), wood, dark(wood, 0.45))))
    s.put(
        thatch(s, [(420, 120), (1180, 120), (1430, 420), (170, 420)]),
        shape(box(400, 104, 800, 30, 12), "#6e522c"),
        *(
            line(f"M{800 + k * 390} 150L{800 + k * 450} 50M{800 + k * 450} 140L{800 + k * 390} 54", "#6b4a2b", 16)
            for k in (-1, 1)
        ),
    )
    s.put(sign(s, 800, 300, 620, 108, "Vải thổ cẩm"))
    s.put(pot_plant(s, 190, 1050, 250), pot_plant(s, 1420, 1050, 270, "#5d8a45"))
    for i in range(30):
        x = i * 56
        if not 320 < x < 1280:
            s.put(grass(s, x, 1212, s.chance.uniform(50, 100), "#8c8f45", 7, 0.8))


@picture("point-4")
def fair_booth(s: Sheet) -> None:
    """A booth at an evening fair under lamps and small flags."""
    s.put(sky(s, "#27384a", "#c9805a"))
    s.put(ridge(s, ridge_points(s, 620, 240, rough=1.1), "#3a4652", foot="#8d6656"))
    for x, w, c in ((-60, 330, "#5d2a2a"), (1330, 360, "#2c4a44")):
        s.put(
            shape(poly([(x, 560), (x + w / 2, 440), (x + w, 560)]), s.lin(light(c, 0.2), c)),
            shape(box(x + 16, 560, w - 32, 400), s.down(dark(c, 0.3), dark(c, 0.55))),
            shape(box(x + 40, 600, w - 80, 130), s.down("#f0c27a", "#b9803f")),
            *(
                shape(box(x + 60 + k * 44, 690, 28, 40, 3), ["#7d1613", "#cda674", "#1c5c3a"][k % 3])
                for k in range(int((w - 120) / 44))
            ),
        )
    s.put(shape(box(-20, 900, 1640, 340), s.down("#8a6a4a", "#5d442f")))
    s.put(shape(oval(800, 700, 900, 520), s.rad((0, "#ffcf7a", 0.5), (1, "#ffcf7a", 0))))
    s.put(shape(box(250, 400, 1100, 580), s.lin("#7d1613", "#9a2a20", "#6b120f")))
    s.put(shelf_unit(s, 320, 460, 300, 330, ["pouch", "jar"]), shelf_unit(s, 980, 460, 300, 330, ["bottle", "box"]))
    s.put(
        s.solid(
            box(660, 450, 280, 350),
            woven(s, [*CLASSIC, *CLASSIC[2:6]], scale=0.8, at="translate(660 450)"),
            base=RED,
            depth=26,
            shade=0.5,
            shine=0.15,
        )
    )
    for x in (250, 1350):
        s.put(shape(box(x - 14, 330, 28, 700, 6), s.lin("#f3ead6", "#b9a98c")))
    s.put(
        shape(poly([(190, 360), (800, 130), (1410, 360)]), s.lin("#fbf4e3", "#e9dcc0", "#b9a684")),
        shape(poly([(800, 130), (1410, 360), (1000, 360)]), SHADOW, opacity=0.2),
        *(
            shape(f"M{190 + i * 81.3:.1f} 356h81.3v34a40.6 26 0 0 1 -81.3 0Z", RED if i % 2 else "#fbf4e3")
            for i in range(15)
        ),
    )
    s.put(sign(s, 800, 252, 560, 100, "Gian hàng Ba Tơ"))
    s.put(
        shape(box(190, 830, 1220, 40, 6), s.down("#e9d3a6", "#a98450")),
        shape(box(206, 870, 1188, 210), "#1d1613"),
        strip(s, 206, 900, 1188, 110, NARROW),
        shape(box(206, 870, 1188, 40), s.down((0, "#000", 0.6), (1, "#000", 0))),
    )
    x = 260.0
    for i in range(11):
        if i % 3 == 0:
            s.put(small_pouch(s, x + 50, 830, 96, 136, ["#cda674", "#1c5c3a", "#d9a53c", "#a3201b"][i % 4]))
        elif i % 3 == 1:
            s.put(small_jar(s, x + 44, 830, 80, 112, ["#d98d1c", "#b5431f", "#7d8a3c"][i % 3]))
        else:
            s.put(
                small_basket(
                    s,
                    x + 54,
                    830,
                    116,
                    62,
                    fruit_heap(s, x + 54, 764, 90, [["#c8281c"], ["#e3b72f"], ["#7a4a2a"]][i % 3], 10),
                )
            )
        x += 100
    cord = [(-20, 150), (250, 240), (520, 200), (800, 60), (1080, 200), (1350, 240), (1620, 150)]
    s.put(line(smooth(cord, closed=False), "#20150e", 4))
    for i, (x0, y0) in enumerate(
        (
            (60, 178),
            (150, 210),
            (360, 232),
            (460, 214),
            (620, 140),
            (700, 96),
            (900, 96),
            (980, 140),
            (1140, 214),
            (1240, 232),
            (1450, 210),
            (1540, 178),
        )
    ):
        s.put(
            shape(
                poly([(x0 - 26, y0), (x0 + 26, y0), (x0, y0 + 52)]), ["#d3322a", "#f6ecd9", "#1c5c3a", "#d9a53c"][i % 4]
            )
        )
    for x0, y0 in ((380, 400), (620, 400), (980, 400), (1220, 400)):
        s.put(
            line(f"M{x0} 388v24", "#20150e", 4),
            shape(oval(x0, y0 + 30, 90, 90), s.rad((0, "#ffe2a0", 0.8), (1, "#ffe2a0", 0))),
            shape(oval(x0, y0 + 30, 19, 23), "#fff3cf"),
        )
    s.put(pot_plant(s, 130, 1120, 300, "#4c7a3f"), pot_plant(s, 1490, 1120, 300, "#4c7a3f"))
    s.put(
        shape(
            box(0, 0, 1600, 1200),
            s.rad((0, "#1d1613", 0), (0.7, "#1d1613", 0.04), (1, "#1d1613", 0.45), cx=0.5, cy=0.55, r=0.8),
        )
    )


@picture("point-5")
def roadside_shop(s: Sheet) -> None:
    """A roadside shop on the pass, hills behind, a bench and baskets in front."""
    s.put(sky(s, "#b9cfd0", "#f6ecd0", (250, 190, 50)), haze(s, 500, 140, 900, 44, "#ffffff", 0.7))
    s.put(
        ridge(s, ridge_points(s, 420, 280, rough=1.2), "#9fb0aa", foot="#e2e0c4"),
        haze(s, -100, 380, 1400, 60, "#fdf8e4", 0.8),
        ridge(s, ridge_points(s, 520, 240, rough=1.1), "#7b967c", foot="#cfd2a0"),
        ridge(s, ridge_points(s, 620, 200), "#5f7f58", foot="#b5bd78"),
    )
    s.put(
        shape(
            smooth([(-60, 760), (500, 735), (1100, 745), (1680, 730), (1680, 1240), (-60, 1240)]),
            s.down("#b5b264", "#8c9148"),
        )
    )
    s.put(
        tree(s, 90, 800, 480, "#55803f"),
        tree(s, 1540, 790, 420, "#4c7342"),
        bush(s, 260, 820, 200, 90),
        bush(s, 1420, 820, 220, 100, "#5d8a45"),
    )
    s.put(
        shape(poly([(-60, 1040), (1660, 990), (1660, 1240), (-60, 1240)]), s.down("#8f8a80", "#6d685f")),
        line("M-60 1128L1660 1100", "#f3e7c4", 10, stroke_dasharray="90 70", opacity=0.8),
        line("M-60 1044L1660 994", "#d9cba8", 12),
    )
    wood = "#9a6a3c"
    s.put(shape(oval(860, 985, 620, 34), SHADOW, filter=s.blur(16), opacity=0.45))
    s.put(
        shape(box(370, 420, 900, 540), s.lin("#d9b27a", "#b98a52", "#8f6538")),
        *(line(f"M{370 + i * 60} 420V960", "#7d5630", 3, opacity=0.4) for i in range(1, 15)),
    )
    s.put(
        shape(box(430, 500, 560, 300), s.down("#3d281a", "#6b4a2d")),
        shape(oval(710, 580, 320, 190), s.rad((0, "#ffd58a", 0.55), (1, "#ffd58a", 0))),
        row_of_goods(s, 446, 640, 528, 116, "jar"),
        shape(box(430, 640, 560, 12), s.down("#d9a76a", "#7d5230")),
        row_of_goods(s, 446, 792, 528, 122, "pouch"),
        shape(box(410, 790, 600, 34, 5), s.down("#e3b97c", "#8f5f30")),
    )
    s.put(
        line(box(430, 500, 560, 300), "#6b4526", 16, stroke_linejoin="miter"),
        shape(box(1050, 540, 170, 420), s.lin("#6b4526", "#4d2f1c")),
        shape(box(1068, 560, 134, 380), s.lin("#8a5a34", "#6b4226")),
        strip(s, 1068, 700, 134, 40, NARROW),
    )
    s.put(shape(poly([(450, 220), (1190, 220), (1370, 440), (270, 440)]), s.down("#c9684a", "#8d3d2a")))
    for r in range(7):
        y = 236 + r * 30
        half = 370 + r * 26
        s.put(
            *(
                shape(
                    f"M{820 - half + i * 2 * half / 26:.1f} {y}h{2 * half / 26:.1f}v18a{half / 26:.1f} 10 0 0 1 -{2 * half / 26:.1f} 0Z",
                    s.lin("#d9805f", "#9a4630"),
                    opacity=0.85,
                )
                for i in range(26)
            )
        )
    s.put(
        shape(box(430, 204, 780, 26, 8), "#7d2f20"),
        shape(box(280, 440, 1080, 60), s.down((0, SHADOW, 0.5), (1, SHADOW, 0))),
    )
    for x in (310, 1330):
        s.put(shape(box(x - 14, 436, 28, 540, 6), s.lin(light(wood, 0.4), wood, dark(wood, 0.45))))
    s.put(sign(s, 710, 400, 620, 96, "Đặc sản trên đèo"))
    for x in (1040, 1130, 1240):
        hand = group(
            *(
                put_at(banana(s, 120, 34, mix("#e3b72f", "#8fa040", 0.2 * (k % 2))), 0, 0, turn=50 + k * 16)
                for k in (-2, 2, -1, 1, 0)
            )
        )
        s.put(line(f"M{x} 440v26", "#6b4f28", 5), put_at(hand, x, 464))
    s.put(
        shape(box(470, 920, 420, 26, 6), s.down("#d9a76a", "#8f5f30")),
        *(shape(box(x, 944, 22, 80), s.lin("#8a5a34", "#5d3a1f")) for x in (490, 848)),
    )
    s.put(
        small_basket(s, 560, 920, 150, 76, fruit_heap(s, 560, 840, 120, ["#c8281c", "#e2571c"], 12)),
        small_basket(s, 740, 920, 150, 76, greens(s, 740, 850, 130, 70)),
    )
    s.put(crate_stand(s, 1130, 1040, 240, ["#7a4a2a", "#99622f"]), pot_plant(s, 330, 1030, 240))
    for i in range(24):
        s.put(grass(s, i * 70 - 10, 1000 - i * 1.4 + 30, s.chance.uniform(24, 46), "#8c9148", 6, 0.8))


@picture("point-6")
def corner_of_shelves(s: Sheet) -> None:
    """A bright corner in a town shop: wooden shelves, a counter, lamps and plants."""
    wall = "#dfe3cf"
    s.put(shape(box(0, 0, 1600, 1200), s.lin(light(wall, 0.5), wall, dark(wall, 0.14), x2=1, y2=0.4)))
    s.put(shape(poly([(120, -20), (480, -20), (940, 900), (580, 900)]), "#fffbe8", opacity=0.5, filter=s.blur(10)))
    s.put(
        shape(box(0, 880, 1600, 340), s.down("#d3ab78", "#a97d4b")),
        *(
            line(f"M{800 + (x - 800) * 0.6} 880L{800 + (x - 800) * 1.6} 1220", "#8a6238", 3, opacity=0.5)
            for x in range(-900, 2600, 150)
        ),
        shape(box(0, 866, 1600, 18), "#f3ead6"),
    )
    s.put(sign(s, 800, 60, 760, 130, "Sản vật Ba Tơ"))
    s.put(
        shelf_unit(s, 90, 270, 440, 600, ["pouch", "jar", "basket"]),
        shelf_unit(s, 580, 270, 440, 600, ["cloth", "pouch", "box"]),
        shelf_unit(s, 1070, 270, 440, 600, ["bottle", "jar", "pouch"]),
    )
    for x in (310, 800, 1290):
        s.put(line(f"M{x} -20V{150 if x != 800 else 20}", INK, 5) if x != 800 else "")
        if x != 800:
            s.put(
                shape(oval(x, 260, 240, 200), s.rad((0, "#fff0c4", 0.7), (1, "#fff0c4", 0))),
                shape(f"M{x - 20} 150h40l44 66h-128Z", s.lin(light(RED, 0.2), RED, dark(RED, 0.4))),
                shape(oval(x, 218, 40, 12), "#fff6da"),
            )
    # the counter
    s.put(
        shape(oval(800, 1172, 560, 34), SHADOW, filter=s.blur(16), opacity=0.5),
        shape(poly([(300, 900), (1300, 900), (1360, 960), (240, 960)]), s.down("#e9c692", "#c99a5f")),
        shape(box(240, 960, 1120, 30, 4), s.down("#d9a76a", "#8f5f30")),
        shape(box(262, 990, 1076, 180), s.lin("#a9743f", "#8a5a30", "#6b4226")),
        strip(s, 262, 1030, 1076, 84, NARROW),
    )
    scale = group(
        shape(oval(0, 0, 90, 16), s.lin("#f0eee6", "#8f8d85")),
        shape(poly([(-60, 6), (60, 6), (80, 66), (-80, 66)]), s.lin("#f4f1e8", "#cfcabb", "#8f8d85")),
        shape(oval(0, 40, 24, 22), PAPERY),
        line("M0 40l10 -14", RED, 4),
    )
    s.put(
        put_at(scale, 1140, 876),
        small_basket(s, 1140, 872, 130, 60, fruit_heap(s, 1140, 808, 100, ["#7a4a2a", "#99622f"], 10)),
    )
    s.put(
        small_pouch(s, 420, 950, 130, 186, "#cda674"),
        small_pouch(s, 560, 954, 120, 170, "#1c5c3a"),
        small_jar(s, 690, 952, 110, 150, "#d98d1c"),
        small_jar(s, 812, 956, 100, 136, "#b5431f"),
        rolled(s, 950, 950, 150, 60, 2),
    )
    s.put(pot_plant(s, 90, 1180, 380), pot_plant(s, 1510, 1180, 400, "#5d8a45"))


PAPERY = "#fbf7f0"
