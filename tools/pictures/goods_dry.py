# ruff: noqa: E501 - outlines are read as one line
"""Scenes of dry goods: snacks, flour, spices, shoots, fruit, meat, mushrooms."""

from __future__ import annotations

import math

from book import picture
from cloth import NARROW, SLIM, runner
from goods_food import RED_RICE, chilli, rice_ear, rice_leaf
from kit import (
    RED,
    RED_D,
    SHADOW,
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
    put_at,
    ribbon,
    shape,
    smooth,
    turn,
)
from packs import paper_bag, pouch, sack
from stage import board, bowl, grain, grains, leaf, lying, room, scatter, sprig, steam, tray


def crisp(s: Sheet, r: float = 62, squash: float = 0.5) -> str:
    """Draw a round cake of puffed rice lying down."""
    out = [shape(oval(0, r * 0.16, r, r * squash), "#8f5a24"), shape(oval(0, 0, r, r * squash), "#c98d42")]
    for x, y in scatter(s, 0, 0, r * 0.95, r * squash * 0.92, 46):
        c = s.chance.choice(["#e9bd73", "#d99f52", "#f3d49a", "#c4823a"])
        out.append(
            shape(
                smooth(
                    turn(
                        [(-r * 0.16, 0), (0, -r * 0.085), (r * 0.16, 0), (0, r * 0.085)],
                        s.chance.uniform(0, 180),
                        (0, 0),
                    )
                ),
                dark(c, 0.45),
                transform=f"translate({n(x + 2)} {n(y + 3)})",
            )
        )
        out.append(
            put_at(
                shape(smooth([(-r * 0.15, 0), (0, -r * 0.08), (r * 0.15, 0), (0, r * 0.08)]), c),
                x,
                y,
                turn=s.chance.uniform(0, 180),
            )
        )
    return group(*out)


@picture("gao-ray-say-gion")
def crispy_rice(s: Sheet) -> None:
    """A pouch of crispy rice, a plate of golden cakes."""
    room(s, "clay", edge=720)
    s.put(runner(s, 1040, 1140, NARROW))
    s.put(
        pouch(
            s,
            1020,
            1060,
            680,
            950,
            "#a3201b",
            ["Gạo rẫy", "sấy giòn"],
            label_box=(0.16, 0.42),
            window=group(
                shape(box(600, 600, 800, 500), "#9a5f24"),
                *(
                    put_at(crisp(s, 74, 0.7), x, y, turn=s.chance.uniform(-20, 20))
                    for x, y in scatter(s, 1020, 850, 260, 130, 34)
                ),
            ),
            window_box=(0.16, 0.635, 0.68, 0.24),
        )
    )
    cakes = []
    for x, y in (
        (220, 985),
        (400, 950),
        (560, 985),
        (300, 1010),
        (480, 1012),
        (300, 940),
        (440, 925),
        (370, 980),
        (380, 900),
        (330, 880),
    ):
        cakes.append(lying(s, crisp(s, 104), x, y, turn=s.chance.uniform(-8, 8)))
    s.put(plate_of(s, 390, 1000, 680, group(*cakes)))
    s.put(lying(s, crisp(s, 88), 700, 1125), lying(s, crisp(s, 66), 830, 1150))
    for x, y in scatter(s, 740, 1110, 130, 50, 16):
        s.put(grain(s, x, y, 14, "#e9bd73", s.chance.uniform(0, 180)))


def plate_of(s: Sheet, cx: float, cy: float, w: float, food: str, colour: str = "#35505a") -> str:
    """Serve food on a dark glazed plate."""
    rx, ry = w / 2, w / 2 * 0.3
    return group(
        shape(
            oval(cx + 26, cy + 34, rx, ry),
            SHADOW,
            filter=s.blur(16),
            opacity=0.45,
            style="mix-blend-mode:multiply",
        ),
        shape(oval(cx, cy + 18, rx * 0.96, ry), dark(colour, 0.5)),
        shape(oval(cx, cy, rx, ry), s.lin(light(colour, 0.3), colour, dark(colour, 0.3))),
        shape(oval(cx, cy + 4, rx * 0.84, ry * 0.8), s.lin(dark(colour, 0.4), dark(colour, 0.05))),
        line(
            f"M{n(cx - rx)} {n(cy)}A{n(rx)} {n(ry)} 0 0 0 {n(cx + rx)} {n(cy)}",
            light(colour, 0.55),
            4,
            opacity=0.7,
        ),
        food,
    )


@picture("bot-gao-ray")
def flour(s: Sheet) -> None:
    """A paper bag of rice flour, a bowl of flour with a wooden scoop."""
    room(s, "mist", edge=720)
    s.put(
        rice_ear(s, bezier((420, 1000), (330, 600), (240, 300), (90, 470), 30), 21),
        rice_ear(s, bezier((420, 1000), (400, 600), (330, 180), (190, 230), 30), 21),
    )
    s.put(rice_leaf(s, bezier((420, 1000), (360, 760), (220, 640), (80, 860)), "#8c9a55"))
    s.put(paper_bag(s, 370, 1060, 540, 850, 150, "#e8d5b2", ["Bột", "gạo rẫy"], label_box=(0.27, 0.5), paper="#fffdf6"))
    mound = smooth([(1020, 880), (1120, 800), (1230, 756), (1330, 790), (1460, 880), (1240, 916)])
    scoop_bowl = group(
        s.solid(mound, "#fbf3e2", depth=70, shade=0.22, shine=0.6),
        line(smooth([(1120, 850), (1200, 812), (1290, 830)], closed=False), "#cdbb9b", 5, opacity=0.5),
    )
    s.put(bowl(s, 1240, 1080, 520, 200, "#7d1613", group(scoop_bowl, scoop(s, 1300, 790)), rim=0.16))
    s.put(
        shape(
            smooth([(830, 1122), (930, 1100), (1040, 1112), (1080, 1140), (960, 1160), (840, 1150)]),
            "#fffaf0",
            filter=s.blur(3),
        ),
        grains(s, 930, 1130, 150, 24, 46, RED_RICE, 14),
    )


def scoop(s: Sheet, x: float, y: float) -> str:
    """Stick a wooden scoop into the flour; its handle points up and to the right."""
    wood = "#b97f46"
    return group(
        s.solid(
            smooth(ribbon([(x + 20, y + 10), (x + 120, y - 110), (x + 200, y - 230)], lambda t: 40 - 6 * t)),
            wood,
            depth=16,
        ),
        s.solid(
            smooth(
                [
                    (x - 90, y + 40),
                    (x - 70, y - 40),
                    (x + 10, y - 70),
                    (x + 70, y - 20),
                    (x + 60, y + 40),
                    (x - 10, y + 70),
                ]
            ),
            wood,
            depth=26,
        ),
        shape(
            smooth(
                [
                    (x - 70, y + 30),
                    (x - 54, y - 24),
                    (x + 6, y - 48),
                    (x + 50, y - 12),
                    (x + 36, y + 32),
                    (x - 16, y + 52),
                ]
            ),
            s.lin(dark(wood, 0.5), dark(wood, 0.1), x2=1, y2=1),
        ),
        s.solid(
            smooth(
                [
                    (x - 62, y + 34),
                    (x - 30, y - 14),
                    (x + 10, y - 26),
                    (x + 44, y + 6),
                    (x + 30, y + 40),
                    (x - 16, y + 56),
                ]
            ),
            "#fdf6e6",
            depth=20,
            shade=0.2,
        ),
    )


def jerky(s: Sheet, length: float, colour: str = "#5a2117") -> str:
    """Draw a strip of dried meat from (0, 0) to the right."""
    way = [(i * length / 8, s.chance.uniform(-7, 7)) for i in range(9)]
    base = length * 0.15
    d = smooth(
        ribbon(way, lambda t: base * (0.55 + 0.5 * math.sin(math.pi * (0.1 + 0.8 * t)) + 0.09 * math.sin(t * 29)))
    )
    fibres = "".join(
        line(
            smooth(
                [(x + s.chance.uniform(-4, 4), y + k * base * 0.32 + s.chance.uniform(-3, 3)) for x, y in way[1:-1]],
                closed=False,
            ),
            s.chance.choice(["#a9583c", "#2d0f0a", "#7f3323", "#c7835c"]),
            s.chance.uniform(1.6, 3),
            opacity=0.65,
        )
        for k in (-1, -0.5, 0, 0.4, 0.8, 1.1)
    )
    spice = "".join(
        shape(
            oval(
                s.chance.uniform(length * 0.1, length * 0.9),
                s.chance.uniform(-base * 0.4, base * 0.4),
                3.6,
                2.6,
            ),
            s.chance.choice(["#d9a45c", "#c93b22", "#f0d190"]),
        )
        for _ in range(16)
    )
    return s.solid(d, colour, depth=18, shade=0.55, shine=0.3, within=group(fibres, spice))


@picture("thit-trau-gac-bep")
def buffalo(s: Sheet) -> None:
    """Dried buffalo meat: strips hung over smoke, a pack, a board."""
    room(s, "ink", edge=720, leaves=False)
    s.put(line("M-20 66H1620", "#20130d", 20), line("M-20 60H1620", "#7a5a3a", 4, opacity=0.7))
    for i, x in enumerate((880, 985, 1090, 1195, 1300, 1405, 1510)):
        long = (330, 400, 360, 430, 340, 390, 350)[i]
        s.put(
            line(f"M{x} 60v56", "#d6c09a", 4),
            put_at(
                shape(box(20, -20, long - 40, 50, 20), SHADOW, filter=s.blur(12), opacity=0.5),
                x + 26,
                120,
                turn=90,
            ),
            put_at(
                jerky(s, long, s.chance.choice(["#5a2117", "#6b2a1b", "#4c1c14"])),
                x,
                104,
                turn=90 + s.chance.uniform(-3, 3),
            ),
        )
    s.put(steam(s, 1180, 760, 420, 4))
    s.put(
        pouch(
            s,
            500,
            1080,
            640,
            900,
            "#2a1b16",
            ["Thịt trâu", "gác bếp"],
            label_box=(0.17, 0.43),
            paper="#f3e3c6",
            window=group(
                shape(box(200, 600, 700, 500), "#3a150e"),
                *(
                    put_at(jerky(s, 330), 330 + k * 12, 830 + k * 44, turn=s.chance.uniform(-12, 10))
                    for k in range(-2, 5)
                ),
            ),
            window_box=(0.14, 0.65, 0.72, 0.22),
        )
    )
    s.put(board(s, 850, 905, 640, 170, "#a06a3a"))
    for x, y, a, size in (
        (930, 965, 4, 340),
        (1160, 960, -6, 320),
        (960, 1010, -3, 360),
        (1190, 1012, 5, 300),
        (1010, 1046, 2, 330),
    ):
        s.put(lying(s, jerky(s, size), x, y, turn=a))
    for x, y, a in ((1410, 1010, 200), (1440, 1050, 170), (1330, 1068, 12)):
        s.put(lying(s, chilli(s, 150, "#c8281c"), x, y, turn=a))
    s.put(
        put_at(leaf(s, 150, 56, "#3f6d35"), 900, 1140, turn=-8),
        put_at(leaf(s, 130, 50, "#557f3f"), 1030, 1150, turn=14),
    )
    for x, y in scatter(s, 1200, 1140, 130, 22, 26):
        s.put(
            shape(oval(x + 2, y + 4, 9, 7), SHADOW, opacity=0.4),
            shape(oval(x, y, 9, 8), s.rad("#6a5a4a", "#241a14", cx=0.35, cy=0.3)),
        )


def berry(s: Sheet, r: float, colour: str, *, wrinkled: bool = True) -> str:
    """Draw a small dried berry about (0, 0)."""
    d = smooth(
        [
            (
                r * math.cos(k * 0.785) * s.chance.uniform(0.9, 1.06),
                r * math.sin(k * 0.785) * s.chance.uniform(0.86, 1.02),
            )
            for k in range(8)
        ]
    )
    lines_ = (
        "".join(
            line(
                f"M{n(u * r * 0.3)} {n(-r * 0.8)}Q{n(u * r * 1.0)} 0 {n(u * r * 0.3)} {n(r * 0.8)}",
                dark(colour, 0.55),
                r * 0.09,
                opacity=0.5,
            )
            for u in (-0.9, -0.35, 0.25, 0.8)
        )
        if wrinkled
        else ""
    )
    return group(
        shape(d, s.rad((0, light(colour, 0.4)), (0.5, colour), (1, dark(colour, 0.5)), cx=0.34, cy=0.3, r=0.75)),
        lines_,
        shape(oval(0, -r * 0.74, r * 0.2, r * 0.12), dark(colour, 0.6)),
    )


@picture("qua-sa-rung")
def wild_spice(s: Sheet) -> None:
    """A cloth sack of dried forest berries, a clay dish, a fresh twig."""
    room(s, "leaf", edge=720)
    tones = ["#6f3f22", "#85502b", "#573018", "#99622f"]
    s.put(
        sprig(
            s,
            bezier((820, 880), (1030, 700), (1190, 520), (1440, 380)),
            size=210,
            width=82,
            colour="#4b7a3d",
            count=10,
        )
    )
    for x, y in scatter(s, 1230, 505, 90, 70, 22):
        s.put(put_at(berry(s, 25, s.chance.choice(["#8a9a3c", "#a8742f", "#7c8a35"]), wrinkled=False), x, y))
    s.put(sack(s, 560, 1080, 680, 860, "#e6d2ab", ["Quả sả", "rừng"]))
    s.put(
        bowl(
            s,
            1180,
            1070,
            560,
            170,
            "#a9583a",
            group(
                shape(oval(1180, 905, 250, 60), "#4c2812"),
                *(
                    put_at(
                        berry(s, s.chance.uniform(24, 31), s.chance.choice(tones)),
                        x,
                        y,
                        turn=s.chance.uniform(0, 360),
                    )
                    for x, y in scatter(s, 1180, 868, 238, 66, 120)
                ),
            ),
            rim=0.17,
        )
    )
    for x, y in [*scatter(s, 950, 1130, 130, 26, 14), *scatter(s, 1450, 1090, 70, 26, 7)]:
        s.put(lying(s, berry(s, 26, s.chance.choice(tones)), x, y, turn=s.chance.uniform(0, 360)))


def dry_leaf(s: Sheet, length: float, colour: str) -> str:
    """Draw a curled dried leaf from (0, 0) to the right."""
    w = length * 0.34
    b = length * 0.16
    up = f"M0 0C{n(length * 0.2)} {n(-w - b)} {n(length * 0.6)} {n(-w * 0.5 - b)} {n(length)} {n(-b * 0.6)}"
    low = f"C{n(length * 0.8)} {n(w * 0.1)} {n(length * 0.5)} {n(w * 0.6)} {n(length * 0.3)} {n(w * 0.4)}Q{n(length * 0.1)} {n(w * 0.3)} 0 0Z"
    curl = f"M{n(length * 0.2)} {n(-w * 0.45)}C{n(length * 0.4)} {n(-w * 0.1)} {n(length * 0.7)} {n(-w * 0.1)} {n(length)} {n(-b * 0.6)}C{n(length * 0.7)} {n(w * 0.2)} {n(length * 0.4)} {n(w * 0.4)} {n(length * 0.2)} {n(-w * 0.45)}Z"
    veins = "".join(
        line(
            f"M{n(length * t)} {n(-b * 0.4)}q{n(length * 0.05)} {n(-w * 0.3)} {n(length * 0.12)} {n(-w * 0.42 * math.sin(math.pi * t))}",
            light(colour, 0.4),
            2,
            opacity=0.55,
        )
        for t in (0.2, 0.35, 0.5, 0.65, 0.78)
    )
    return group(
        shape(up + low, s.lin(light(colour, 0.2), colour, dark(colour, 0.3), x2=1, y2=0.6)),
        shape(curl, dark(colour, 0.35), opacity=0.55),
        veins,
        line(
            f"M{n(-length * 0.1)} {n(length * 0.03)}Q{n(length * 0.4)} {n(-b * 0.9)} {n(length * 0.96)} {n(-b * 0.6)}",
            light(colour, 0.45),
            3.2,
        ),
    )


@picture("la-sung")
def leaf_spice(s: Sheet) -> None:
    """Dried spice leaves in a pouch, a tied bunch, a bamboo tray."""
    room(s, "rose", edge=720)
    tones = ["#7d7a3c", "#8f7b3a", "#6a6a35", "#9a8a4a", "#75602f"]
    s.put(
        pouch(
            s,
            1040,
            1060,
            640,
            940,
            "#1c5c3a",
            ["Lá sưng", "gia vị"],
            label_box=(0.17, 0.42),
            window=group(
                shape(box(700, 600, 800, 500), "#3c3a1c"),
                *(
                    put_at(dry_leaf(s, 150, s.chance.choice(tones)), x, y, turn=s.chance.uniform(0, 360))
                    for x, y in scatter(s, 1000, 850, 260, 120, 80)
                ),
            ),
            window_box=(0.16, 0.64, 0.68, 0.23),
        )
    )
    strewn = [
        lying(s, dry_leaf(s, 150, s.chance.choice(tones)), x - 60, y, turn=s.chance.uniform(-60, 60))
        for x, y in scatter(s, 400, 985, 220, 50, 22)
    ]
    s.put(tray(s, 400, 1000, 680, inside=group(*strewn)))
    bunch = []
    for _ in range(38):
        a = s.chance.uniform(-44, 44)
        reach = s.chance.uniform(90, 300)
        foot = turn([(reach, 0)], a, (0, 0))[0]
        bunch.append(
            (
                reach,
                put_at(
                    dry_leaf(s, s.chance.uniform(150, 210), s.chance.choice(tones)),
                    foot[0],
                    foot[1],
                    turn=a + s.chance.uniform(-24, 24),
                ),
            )
        )
    stalks = "".join(
        line(f"M-130 {n(a * 1.4)}L0 {n(a * 0.7)}L220 {n(a * 3.4)}", "#7a6a34", 7, stroke_linejoin="round")
        for a in range(-24, 25, 6)
    )
    tie = shape(box(-22, -36, 34, 72, 12), s.down("#c9302a", RED, RED_D)) + line(
        "M-12 -34v68M-2 -34v68", "#f0d9b0", 2.4, opacity=0.6
    )
    s.put(
        lying(
            s,
            group(stalks, *(p for _r, p in sorted(bunch, key=lambda item: -item[0])), tie),
            300,
            940,
            turn=-38,
            drop=16,
        )
    )
    for x, y, a in ((640, 1120, -10), (760, 1155, 160), (1400, 1110, 10), (1480, 1150, 190)):
        s.put(lying(s, dry_leaf(s, 170, s.chance.choice(tones)), x, y, turn=a))


def shoot_strip(s: Sheet, length: float, colour: str = "#d3a45c") -> str:
    """Draw a curled strip of dried bamboo shoot from (0, 0) to the right."""
    way = bezier(
        (0, 0),
        (length * 0.3, s.chance.uniform(-50, 50)),
        (length * 0.7, s.chance.uniform(-50, 50)),
        (length, s.chance.uniform(-20, 20)),
        14,
    )
    wide = length * s.chance.uniform(0.2, 0.3)
    d = smooth(ribbon(way, lambda t: wide * (0.4 + 0.8 * t if t < 0.8 else 1.04 - (t - 0.8) * 3.2)))
    c = mix(colour, s.chance.choice(["#8a5322", "#efd096", "#a86a2a"]), s.chance.uniform(0, 0.65))
    ribs = "".join(
        line(
            smooth([(x, y + k * wide * 0.2) for x, y in way[1:-1]], closed=False),
            dark(c, 0.45) if k % 2 else light(c, 0.5),
            2.4,
            opacity=0.5,
        )
        for k in (-2, -1, 0, 1, 2)
    )
    rings = "".join(
        line(
            f"M{n(way[k][0])} {n(way[k][1] - wide * 0.5)}q{n(wide * 0.12)} {n(wide * 0.5)} 0 {n(wide)}",
            dark(c, 0.4),
            3,
            opacity=0.4,
        )
        for k in (4, 7, 10, 12)
    )
    return s.solid(d, c, depth=14, shade=0.5, shine=0.5, within=ribs + rings)


def fresh_shoot(s: Sheet, h: float) -> str:
    """Draw a fresh bamboo shoot standing on (0, 0)."""
    sheaths = []
    for i, (y, w, side) in enumerate(
        ((-0.02, 0.21, 1), (-0.2, 0.21, -1), (-0.36, 0.19, 1), (-0.52, 0.16, -1), (-0.66, 0.12, 1))
    ):
        tip = (side * h * w * 0.45, y * h - h * (0.34 - 0.03 * i))
        d = f"M{n(-h * w)} {n(y * h)}Q{n(-h * w * 0.7)} {n(y * h - h * 0.2)} {n(tip[0])} {n(tip[1])}Q{n(h * w * 0.8)} {n(y * h - h * 0.16)} {n(h * w)} {n(y * h)}Q0 {n(y * h + h * 0.05)} {n(-h * w)} {n(y * h)}Z"
        c = ["#6b4a28", "#7d5a30", "#6a5530", "#83683a", "#7b7a3c"][i]
        hairs = "".join(
            line(
                f"M{n(u * h * w)} {n(y * h)}Q{n(u * h * w * 0.8)} {n(y * h - h * 0.14)} {n(tip[0] + u * 4)} {n(tip[1] + 14)}",
                light(c, 0.4),
                1.8,
                opacity=0.5,
            )
            for u in (-0.7, -0.35, 0, 0.35, 0.7)
        )
        sheaths.append(s.solid(d, c, depth=h * 0.07, shade=0.5, within=hairs))
        sheaths.append(put_at(leaf(s, h * 0.16, h * 0.035, "#6f8a3e", veins=0), tip[0], tip[1], turn=-70 + side * 24))
    return group(*sheaths)


@picture("mang-kho")
def bamboo_shoots(s: Sheet) -> None:
    """Dried bamboo shoots on a bamboo tray, a pack, two fresh shoots."""
    room(s, "honey", edge=700)
    s.put(
        s.contact(250, 1010, 90),
        s.contact(130, 1050, 80),
        put_at(fresh_shoot(s, 620), 270, 1010, turn=4),
        put_at(fresh_shoot(s, 470), 125, 1055, turn=-7),
    )
    s.put(
        pouch(
            s,
            650,
            1040,
            600,
            900,
            "#d8bb86",
            ["Măng", "khô"],
            label_box=(0.17, 0.44),
            window=group(
                shape(box(200, 600, 900, 500), "#8f6428"),
                *(
                    put_at(shoot_strip(s, 240), x, y, turn=s.chance.uniform(-40, 40))
                    for x, y in scatter(s, 560, 850, 240, 110, 44)
                ),
            ),
            window_box=(0.16, 0.66, 0.68, 0.21),
        )
    )
    strips = [
        lying(s, shoot_strip(s, s.chance.uniform(190, 270)), x - 110, y, turn=s.chance.uniform(-50, 50))
        for x, y in scatter(s, 1200, 960, 220, 62, 40)
    ]
    s.put(tray(s, 1200, 1000, 720, inside=group(*strips)))
    for x, y, a in ((700, 1140, -6), (950, 1160, 8), (480, 1130, 12)):
        s.put(lying(s, shoot_strip(s, 230), x, y, turn=a))


def banana(s: Sheet, length: float, bow: float, colour: str = "#e3b72f") -> str:
    """Draw a banana from its stalk at (0, 0), bending downwards to the right."""
    way = bezier((0, 0), (length * 0.1, bow), (length * 0.6, bow * 1.5), (length, bow * 0.75), 22)
    wide = length * 0.2
    d = smooth(ribbon(way, lambda t: wide * min(1, 0.26 + t * 3.2) * min(1, 0.2 + (1 - t) * 4)))
    ridge = [(x, y - wide * 0.12) for x, y in way[2:-1]]
    tip = way[-1]
    return group(
        s.solid(
            d,
            colour,
            depth=28,
            shade=0.5,
            shine=0.5,
            within=shape(
                smooth(ribbon([(x, y + wide * 0.34) for x, y in way], lambda t: wide * 0.5)),
                dark(colour, 0.3),
                opacity=0.55,
            )
            + line(smooth(ridge, closed=False), light(colour, 0.5), 5, opacity=0.7),
        ),
        shape(oval(tip[0], tip[1], wide * 0.13, wide * 0.16), "#4d3418"),
    )


def banana_chip(s: Sheet, r: float, colour: str = "#d39a3a") -> str:
    """Draw a slice of dried banana lying down."""
    seeds = "".join(
        line(
            f"M0 0L{n(r * 0.42 * math.cos(k * 1.05))} {n(r * 0.24 * math.sin(k * 1.05))}",
            "#7a4a16",
            3,
            opacity=0.6,
        )
        for k in range(6)
    )
    edge = smooth(
        [
            (
                r * math.cos(k * 0.628) * s.chance.uniform(0.93, 1.05),
                r * 0.56 * math.sin(k * 0.628) * s.chance.uniform(0.93, 1.05),
            )
            for k in range(10)
        ]
    )
    return group(
        shape(edge, dark(colour, 0.5), transform=f"translate(0 {n(r * 0.16)})"),
        shape(
            edge,
            s.rad((0, light(colour, 0.35)), (0.6, colour), (1, dark(colour, 0.28)), cx=0.4, cy=0.4, r=0.7),
        ),
        line(edge, dark(colour, 0.4), 2.4, opacity=0.5),
        seeds,
    )


@picture("chuoi-say")
def dried_banana(s: Sheet) -> None:
    """Dried banana slices in a pouch and a bowl, a hand of ripe bananas."""
    room(s, "leaf", edge=720)
    s.put(runner(s, 1045, 1140, SLIM + NARROW[1:4] + SLIM))
    hand = group(
        *(
            put_at(
                banana(s, 430 - abs(k) * 22, 120, mix("#e8bd36", "#b5a035", 0.16 * (k % 3))),
                0,
                0,
                turn=-34 + k * 19,
            )
            for k in (-2, 3, -1, 2, 0, 1)
        ),
        shape(
            smooth([(-40, -46), (10, -40), (46, -6), (30, 36), (-16, 22), (-60, -20)]),
            s.lin("#8f8436", "#5f4f20"),
        ),
    )
    s.put(
        shape(oval(1250, 1000, 260, 60), SHADOW, filter=s.blur(20), opacity=0.4, style="mix-blend-mode:multiply"),
        put_at(hand, 1000, 640, turn=22),
    )
    s.put(
        pouch(
            s,
            560,
            1070,
            640,
            930,
            "#e0b04a",
            ["Chuối", "sấy"],
            label_box=(0.16, 0.45),
            window=group(
                shape(box(200, 600, 900, 500), "#7d4d1a"),
                *(
                    put_at(banana_chip(s, 62), x, y, turn=s.chance.uniform(-40, 40))
                    for x, y in scatter(s, 560, 870, 250, 110, 60)
                ),
            ),
            window_box=(0.17, 0.665, 0.66, 0.21),
        )
    )
    chips = group(
        shape(oval(1240, 935, 230, 44), "#7d4d1a"),
        *(
            put_at(
                banana_chip(s, 66, s.chance.choice(["#d39a3a", "#c4842b", "#dfae52"])),
                x,
                y,
                turn=s.chance.uniform(-30, 30),
            )
            for x, y in scatter(s, 1240, 898, 214, 54, 46)
        ),
    )
    s.put(bowl(s, 1240, 1095, 520, 170, "#efe4d2", chips, rim=0.16))
    for x, y in ((870, 1120), (990, 1150), (940, 1085)):
        s.put(lying(s, banana_chip(s, 64), x, y, turn=s.chance.uniform(-20, 20)))
