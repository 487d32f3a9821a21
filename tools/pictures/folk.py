# ruff: noqa: E501 - outlines are read as one line
"""People at work, seen from behind, from the side or by their hands only."""

from __future__ import annotations

from cloth import NARROW, SLIM, Row, woven
from kit import (
    CREAM,
    INK,
    RED,
    RED_D,
    SHADOW,
    Point,
    Sheet,
    box,
    dark,
    group,
    light,
    line,
    n,
    oval,
    put_at,
    ribbon,
    shape,
    smooth,
)

SKIN = "#b57a52"
HAIR = "#1f1512"
SKIRT: list[Row] = [("plain", 60, INK, INK), *NARROW, ("plain", 26, INK, INK), *SLIM]


def hat(s: Sheet, x: float, y: float, w: float, *, tilt: float = 0) -> str:
    """Draw a conical hat; (x, y) is the middle of its rim."""
    h = w * 0.46
    straw = "#e3c588"
    d = f"M{n(-w / 2)} 0Q{n(-w * 0.2)} {n(-h * 0.62)} 0 {n(-h)}Q{n(w * 0.2)} {n(-h * 0.62)} {n(w / 2)} 0Q0 {n(w * 0.17)} {n(-w / 2)} 0Z"
    rings = "".join(
        line(
            f"M{n(-w / 2 * k)} {n(-h * (1 - k) * 0.96)}Q0 {n(w * 0.17 * k - h * (1 - k) * 0.9)} {n(w / 2 * k)} {n(-h * (1 - k) * 0.96)}",
            dark(straw, 0.35),
            w * 0.007,
            opacity=0.5,
        )
        for k in (0.2, 0.36, 0.52, 0.68, 0.84)
    )
    under = shape(f"M{n(-w / 2)} 0Q0 {n(w * 0.17)} {n(w / 2)} 0Q0 {n(-w * 0.06)} {n(-w / 2)} 0Z", dark(straw, 0.6))
    return put_at(under + s.solid(d, straw, depth=w * 0.12, shade=0.5, shine=0.4, within=rings), x, y, turn=tilt)


def head_back(s: Sheet, x: float, y: float, r: float, *, knot: bool = True, scarf: str = "") -> str:
    """Draw a head from behind; (x, y) is its middle."""
    out = [
        shape(
            box(x - r * 0.34, y + r * 0.5, r * 0.68, r * 0.8, r * 0.2),
            s.lin(light(SKIN, 0.1), dark(SKIN, 0.3)),
        )
    ]
    out.append(
        shape(oval(x - r * 0.94, y + r * 0.12, r * 0.14, r * 0.24), SKIN)
        + shape(oval(x + r * 0.94, y + r * 0.12, r * 0.14, r * 0.24), dark(SKIN, 0.25))
    )
    out.append(
        s.solid(
            smooth(
                [
                    (x - r * 0.92, y),
                    (x - r * 0.7, y - r * 0.8),
                    (x, y - r * 1.08),
                    (x + r * 0.7, y - r * 0.8),
                    (x + r * 0.92, y),
                    (x + r * 0.66, y + r * 0.74),
                    (x, y + r * 0.94),
                    (x - r * 0.66, y + r * 0.74),
                ]
            ),
            HAIR,
            depth=r * 0.4,
            shade=0.4,
            shine=0.3,
        )
    )
    if knot:
        out.append(
            s.solid(
                oval(x + r * 0.06, y + r * 0.5, r * 0.46, r * 0.36),
                light(HAIR, 0.06),
                depth=r * 0.2,
                shade=0.4,
                shine=0.35,
            )
        )
    if scarf:
        out.append(
            s.solid(
                f"M{n(x - r * 0.98)} {n(y - r * 0.04)}Q{n(x - r * 0.84)} {n(y - r * 1.16)} {n(x)} {n(y - r * 1.18)}Q{n(x + r * 0.84)} {n(y - r * 1.16)} {n(x + r * 0.98)} {n(y - r * 0.04)}Q{n(x)} {n(y - r * 0.44)} {n(x - r * 0.98)} {n(y - r * 0.04)}Z",
                scarf,
                base=RED,
                depth=r * 0.3,
                shade=0.5,
                shine=0.2,
            )
        )
    return group(*out)


def standing(
    s: Sheet,
    x: float,
    y: float,
    h: float,
    *,
    shirt: str = INK,
    skirt: str = "",
    basket: bool = False,
    hat_on: bool = True,
    stick: bool = False,
) -> str:
    """Draw a standing figure from behind; (x, y) is the ground below it."""
    u = h / 100
    legs = "".join(
        shape(box(x + dx * u - 3.4 * u, y - 14 * u, 6.8 * u, 14 * u, 2 * u), s.lin(SKIN, dark(SKIN, 0.35)))
        for dx in (-5, 5)
    )
    feet = "".join(shape(oval(x + dx * u, y - 0.6 * u, 5 * u, 2 * u), dark(SKIN, 0.4)) for dx in (-5.5, 5.5))
    skirt_d = f"M{n(x - 10 * u)} {n(y - 54 * u)}C{n(x - 14 * u)} {n(y - 36 * u)} {n(x - 14 * u)} {n(y - 24 * u)} {n(x - 14.5 * u)} {n(y - 8 * u)}Q{n(x)} {n(y - 4 * u)} {n(x + 14.5 * u)} {n(y - 8 * u)}C{n(x + 14 * u)} {n(y - 24 * u)} {n(x + 14 * u)} {n(y - 36 * u)} {n(x + 10 * u)} {n(y - 54 * u)}Z"
    fill = skirt or woven(s, SKIRT, scale=u * 0.19, at=f"translate({n(x)} {n(y - 54 * u)})")
    torso = f"M{n(x - 7 * u)} {n(y - 83 * u)}Q{n(x - 14 * u)} {n(y - 82 * u)} {n(x - 14.5 * u)} {n(y - 74 * u)}L{n(x - 11 * u)} {n(y - 50 * u)}Q{n(x)} {n(y - 47 * u)} {n(x + 11 * u)} {n(y - 50 * u)}L{n(x + 14.5 * u)} {n(y - 74 * u)}Q{n(x + 14 * u)} {n(y - 82 * u)} {n(x + 7 * u)} {n(y - 83 * u)}Q{n(x)} {n(y - 80 * u)} {n(x - 7 * u)} {n(y - 83 * u)}Z"

    def arm(side: int) -> str:
        elbow = (x + side * 17 * u, y - 62 * u)
        hand = (
            x + side * (13 if not (stick and side > 0) else 20) * u,
            y - (46 if not (stick and side > 0) else 60) * u,
        )
        sleeve = smooth(
            ribbon(
                [(x + side * 12.5 * u, y - 79 * u), (x + side * 15.6 * u, y - 71 * u), elbow],
                lambda t: (7.6 - 1.4 * t) * u,
            )
        )
        fore = smooth(
            ribbon(
                [elbow, ((elbow[0] + hand[0]) / 2 + side * u, (elbow[1] + hand[1]) / 2), hand],
                lambda t: (5.2 - 1.6 * t) * u,
            )
        )
        return group(
            s.solid(fore, SKIN, depth=3 * u, shade=0.4),
            shape(oval(hand[0], hand[1], 2.6 * u, 3 * u), dark(SKIN, 0.1)),
            s.solid(sleeve, shirt, depth=4 * u, shade=0.4, shine=0.3),
        )

    pole = line(f"M{n(x + 21 * u)} {n(y - 96 * u)}L{n(x + 19 * u)} {n(y)}", "#8a6a3f", 1.8 * u) if stick else ""
    parts = [
        shape(oval(x + 14 * u, y, 26 * u, 3.4 * u), SHADOW, opacity=0.35, filter=s.blur(2.4 * u)),
        legs,
        feet,
        pole,
        s.solid(skirt_d, fill, base=INK, depth=7 * u, shade=0.5, shine=0.15),
        arm(-1),
        arm(1),
        s.solid(torso, shirt, depth=7 * u, shade=0.5, shine=0.3),
    ]
    parts.append(head_back(s, x, y - 90 * u, 6.6 * u))
    if basket:
        parts.append(back_basket(s, x, y - 46 * u, 27 * u, 37 * u))
    if hat_on:
        parts.append(hat(s, x, y - 91.5 * u, 32 * u))
    return group(*parts)


def back_basket(s: Sheet, x: float, base: float, w: float, h: float, *, full: str = "") -> str:
    """Draw a carrying basket (gùi) seen from behind, standing on (x, base)."""
    cane = "#b98546"
    top = base - h
    half, low = w / 2, w * 0.36
    d = f"M{n(x - half)} {n(top)}Q{n(x - half * 0.94)} {n(top + h * 0.6)} {n(x - low)} {n(base)}Q{n(x)} {n(base + h * 0.05)} {n(x + low)} {n(base)}Q{n(x + half * 0.94)} {n(top + h * 0.6)} {n(x + half)} {n(top)}Q{n(x)} {n(top + h * 0.1)} {n(x - half)} {n(top)}Z"
    cells = []
    rows, cols = 11, 10
    for r in range(rows):
        for c in range(cols):
            if (r + c) % 2:
                continue
            yy = top + h * (r / rows)
            half_here = half + (low - half) * (r / rows) ** 1.6
            xx = x - half_here + c * 2 * half_here / cols
            cells.append(
                shape(
                    box(xx, yy + h * 0.02, 2 * half_here / cols, h / rows, 2),
                    light(cane, 0.28) if r not in (3, 4) else RED_D,
                )
            )
    straps = "".join(
        line(
            f"M{n(x + k * half * 0.5)} {n(top + h * 0.1)}Q{n(x + k * half * 0.66)} {n(top - h * 0.1)} {n(x + k * half * 0.5)} {n(top - h * 0.16)}",
            "#5d3a1f",
            w * 0.06,
        )
        for k in (-1, 1)
    )
    return group(
        full,
        straps,
        s.solid(d, cane, depth=w * 0.24, shade=0.6, shine=0.2, within=group(*cells)),
        line(f"M{n(x - half)} {n(top)}Q{n(x)} {n(top + h * 0.1)} {n(x + half)} {n(top)}", "#7a4e22", w * 0.07),
        line(
            f"M{n(x - half)} {n(top - 1)}Q{n(x)} {n(top + h * 0.09)} {n(x + half)} {n(top - 1)}",
            "#dcb374",
            w * 0.025,
        ),
    )


def bending(
    s: Sheet, x: float, y: float, h: float, *, shirt: str = "#a3201b", flip: bool = False, hold: str = ""
) -> str:
    """Draw a figure bent over its work, from the side, facing right; (x, y) is the ground.

    :param hold: pieces in the hands, drawn about the hands' place
    """
    u = h / 100
    skirt_d = f"M{n(-14 * u)} {n(-52 * u)}C{n(-20 * u)} {n(-40 * u)} {n(-16 * u)} {n(-20 * u)} {n(-14 * u)} {n(-6 * u)}Q{n(0)} {n(-3 * u)} {n(10 * u)} {n(-6 * u)}C{n(10 * u)} {n(-22 * u)} {n(12 * u)} {n(-36 * u)} {n(6 * u)} {n(-50 * u)}Z"
    back = f"M{n(-14 * u)} {n(-44 * u)}C{n(-18 * u)} {n(-58 * u)} {n(-6 * u)} {n(-70 * u)} {n(14 * u)} {n(-72 * u)}C{n(24 * u)} {n(-72 * u)} {n(30 * u)} {n(-66 * u)} {n(30 * u)} {n(-60 * u)}C{n(28 * u)} {n(-54 * u)} {n(18 * u)} {n(-52 * u)} {n(8 * u)} {n(-46 * u)}Z"
    arm = smooth(ribbon([(24 * u, -64 * u), (30 * u, -48 * u), (36 * u, -30 * u)], lambda t: (7 - 3 * t) * u))
    sleeve = smooth(ribbon([(22 * u, -66 * u), (27 * u, -56 * u), (30 * u, -46 * u)], lambda t: 8.6 * u))
    figure = group(
        shape(oval(8 * u, 0, 34 * u, 3.6 * u), SHADOW, opacity=0.35, filter=s.blur(2.4 * u)),
        *(shape(box(dx * u - 3.2 * u, -12 * u, 6.4 * u, 12 * u, 2 * u), dark(SKIN, 0.2)) for dx in (-6, 4)),
        *(shape(oval(dx * u + 2 * u, -0.4 * u, 6 * u, 2.2 * u), dark(SKIN, 0.4)) for dx in (-6, 4)),
        s.solid(
            skirt_d,
            woven(s, SKIRT, scale=u * 0.18, at=f"translate(0 {n(-50 * u)})"),
            base=INK,
            depth=6 * u,
            shade=0.5,
            shine=0.1,
        ),
        put_at(hold, 37 * u, -28 * u),
        s.solid(arm, SKIN, depth=3 * u, shade=0.4),
        shape(oval(36.5 * u, -28.5 * u, 3.2 * u, 3.4 * u), SKIN),
        s.solid(back, shirt, depth=8 * u, shade=0.5, shine=0.35),
        s.solid(sleeve, shirt, depth=4 * u, shade=0.4, shine=0.3),
        shape(oval(36 * u, -66 * u, 6.4 * u, 6.8 * u), dark(SKIN, 0.25)),
        hat(s, 37 * u, -70 * u, 34 * u, tilt=26),
    )
    return put_at(figure, x, y, flip=flip)


def seated_back(
    s: Sheet, x: float, y: float, h: float, *, shirt: str = INK, arms: tuple[Point, Point] | None = None
) -> str:
    """Draw a woman seated on the floor, from behind; (x, y) is the floor.

    :param arms: where her two hands are
    """
    u = h / 100
    seat = smooth(
        [
            (x - 36 * u, y - 3 * u),
            (x - 39 * u, y - 14 * u),
            (x - 27 * u, y - 26 * u),
            (x - 16 * u, y - 34 * u),
            (x + 16 * u, y - 34 * u),
            (x + 27 * u, y - 26 * u),
            (x + 39 * u, y - 14 * u),
            (x + 36 * u, y - 3 * u),
            (x, y + 2 * u),
        ]
    )
    torso = f"M{n(x - 6 * u)} {n(y - 79 * u)}C{n(x - 13 * u)} {n(y - 78 * u)} {n(x - 20 * u)} {n(y - 75 * u)} {n(x - 20.5 * u)} {n(y - 66 * u)}C{n(x - 19 * u)} {n(y - 54 * u)} {n(x - 15 * u)} {n(y - 46 * u)} {n(x - 17.5 * u)} {n(y - 29 * u)}Q{n(x)} {n(y - 25 * u)} {n(x + 17.5 * u)} {n(y - 29 * u)}C{n(x + 15 * u)} {n(y - 46 * u)} {n(x + 19 * u)} {n(y - 54 * u)} {n(x + 20.5 * u)} {n(y - 66 * u)}C{n(x + 20 * u)} {n(y - 75 * u)} {n(x + 13 * u)} {n(y - 78 * u)} {n(x + 6 * u)} {n(y - 79 * u)}Q{n(x)} {n(y - 76 * u)} {n(x - 6 * u)} {n(y - 79 * u)}Z"
    out = [shape(oval(x + 10 * u, y, 46 * u, 5 * u), SHADOW, filter=s.blur(3 * u), opacity=0.45)]
    hands = arms or ((x - 30 * u, y - 38 * u), (x + 30 * u, y - 38 * u))
    for side, (hx, hy) in zip((-1, 1), hands, strict=True):
        elbow = (x + side * 27 * u, y - 45 * u)
        out.append(
            s.solid(
                smooth(
                    ribbon(
                        [
                            (x + side * 26 * u, y - 48 * u),
                            ((elbow[0] + hx) / 2 + side * 2 * u, (elbow[1] + hy) / 2),
                            (hx, hy),
                        ],
                        lambda t: (7.6 - 2.4 * t) * u,
                    )
                ),
                SKIN,
                depth=4 * u,
                shade=0.4,
            )
        )
        out.append(s.solid(oval(hx, hy, 3.6 * u, 4 * u), SKIN, depth=3 * u, shade=0.4))
        out.append(
            s.solid(
                smooth(
                    ribbon(
                        [
                            (x + side * 15 * u, y - 74 * u),
                            (x + side * 22 * u, y - 66 * u),
                            (x + side * 25.5 * u, y - 54 * u),
                            elbow,
                        ],
                        lambda t: (10.5 - 1.5 * t) * u,
                    )
                ),
                shirt,
                depth=6 * u,
                shade=0.4,
                shine=0.3,
            )
        )
    out.append(
        s.solid(
            seat,
            woven(s, SKIRT, scale=u * 0.26, at=f"translate({n(x)} {n(y - 34 * u)})"),
            base=INK,
            depth=14 * u,
            shade=0.5,
            shine=0.15,
        )
    )
    creases = "".join(
        line(d, "#000", 1.4 * u, opacity=0.3, filter=s.blur(0.8 * u))
        for d in (
            f"M{n(x)} {n(y - 72 * u)}Q{n(x + 1.5 * u)} {n(y - 50 * u)} {n(x)} {n(y - 32 * u)}",
            f"M{n(x - 16 * u)} {n(y - 62 * u)}Q{n(x - 10 * u)} {n(y - 52 * u)} {n(x - 12 * u)} {n(y - 38 * u)}",
            f"M{n(x + 16 * u)} {n(y - 62 * u)}Q{n(x + 10 * u)} {n(y - 52 * u)} {n(x + 12 * u)} {n(y - 38 * u)}",
        )
    )
    sash = line(
        f"M{n(x - 22 * u)} {n(y - 31 * u)}Q{n(x)} {n(y - 26 * u)} {n(x + 22 * u)} {n(y - 31 * u)}", RED, 4.6 * u
    ) + line(
        f"M{n(x - 22 * u)} {n(y - 31 * u)}Q{n(x)} {n(y - 26 * u)} {n(x + 22 * u)} {n(y - 31 * u)}",
        CREAM,
        0.9 * u,
        stroke_dasharray=f"{n(2 * u)} {n(1.6 * u)}",
    )
    out.append(s.solid(torso, shirt, depth=12 * u, shade=0.5, shine=0.35, within=creases + sash))
    out.append(
        head_back(
            s, x, y - 88 * u, 10 * u, scarf=woven(s, NARROW, scale=u * 0.2, at=f"translate({n(x)} {n(y - 101 * u)})")
        )
    )
    return group(*out)


def grip(s: Sheet, *, skin: str = SKIN, sleeve: str = INK, reach: float = 420, mirror: bool = False) -> str:
    """Draw a hand from above that holds a bar lying across at (0, 0); the forearm comes from below.

    The fingers go over the bar; draw the bar before this.
    """
    out = []
    fore = smooth([(-50, 104), (-60, 200), (-92, reach), (96, reach), (66, 200), (58, 104)])
    out.append(s.solid(fore, skin, depth=40, shade=0.5, shine=0.4))
    back = smooth([(-72, 20), (-76, 70), (-58, 126), (0, 150), (58, 126), (78, 66), (74, 16), (0, 4)])
    out.append(s.solid(back, skin, depth=34, shade=0.42, shine=0.45))
    thumb = smooth([(-58, 110), (-92, 84), (-122, 36), (-130, 4), (-114, -12), (-94, 4), (-76, 40), (-50, 70)])
    out.append(
        s.solid(thumb, skin, depth=18, shade=0.45, shine=0.45)
        + shape(oval(-119, 6, 8, 13), light(skin, 0.45), transform="rotate(-12 -119 6)", opacity=0.9)
    )
    for i, (x, long, width) in enumerate(((-54, 84, 37), (-17, 98, 39), (21, 92, 38), (56, 70, 33))):
        tip = -long * 0.62
        finger = box(x - width / 2, tip, width, long + 6, width / 2)
        knuckle = line(
            f"M{n(x - width * 0.26)} {n(tip + long * 0.5)}q{n(width * 0.26)} -7 {n(width * 0.52)} 0M{n(x - width * 0.22)} {n(tip + long * 0.56)}q{n(width * 0.22)} -6 {n(width * 0.44)} 0",
            dark(skin, 0.45),
            2.6,
            opacity=0.5,
        )
        nail = (
            shape(
                box(x - width * 0.24, tip + 6, width * 0.48, width * 0.5, width * 0.22),
                light(skin, 0.5),
                opacity=0.9,
            )
            if i >= 0
            else ""
        )
        out.append(s.solid(finger, skin, depth=16, shade=0.5, shine=0.45, within=knuckle) + nail)
    if sleeve:
        cuff = smooth([(-86, 260), (-104, 330), (-130, reach + 30), (132, reach + 30), (106, 330), (84, 256), (0, 276)])
        out.append(
            s.solid(cuff, sleeve, depth=44, shade=0.5, shine=0.3)
            + line("M-88 268Q0 290 86 264", RED, 16)
            + line("M-89 288Q0 310 88 284", CREAM, 5)
        )
    piece = group(*out)
    return f'<g transform="scale(-1 1)">{piece}</g>' if mirror else piece
