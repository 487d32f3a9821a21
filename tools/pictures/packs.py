# ruff: noqa: E501 - outlines are read as one line
"""The packs: pouch, jar, bottle, box, tin, with one plain label design for all of them."""

from __future__ import annotations

from collections.abc import Sequence

from cloth import SLIM, Row, strip
from kit import (
    CREAM,
    INK,
    PAPER,
    RED,
    SHADOW,
    Point,
    Sheet,
    box,
    dark,
    group,
    light,
    line,
    mix,
    n,
    oval,
    poly,
    shape,
    smooth,
    turned,
)


def label(
    s: Sheet,
    cx: float,
    top: float,
    w: float,
    h: float,
    words: Sequence[str],
    *,
    paper: str = PAPER,
    ink: str = INK,
    size: float = 0,
    band: Sequence[Row] = SLIM,
    note: str = "Ba Tơ · Quảng Ngãi",
) -> str:
    """Draw the house label: place, product word, brocade band.

    :param words: one or two lines of the product's name
    """
    lines = len(words)
    if w < 150:  # too narrow for the line of the place
        note = ""
    band_h = max(16.0, h * 0.11)
    small = max(15.0, min(h * 0.09, w * 0.072)) if note else 0.0
    room_top, room_end = top + small * 2.0, top + h - band_h * 1.6
    room = room_end - room_top
    size = size or min(w * 0.87 / (0.62 * max(4, *(len(word) for word in words))), room / (1.25 + (lines - 1) * 1.28))
    first = room_top + (room - size * (1.25 + (lines - 1) * 1.28)) / 2 + size * 0.98
    return group(
        shape(box(cx - w / 2, top, w, h, 8), paper),
        s.words(note, cx, top + small * 1.75, small, mix(ink, paper, 0.3), weight=400) if note else "",
        *(s.words(word, cx, first + i * size * 1.28, size, ink, weight=700) for i, word in enumerate(words)),
        strip(s, cx - w / 2, top + h - band_h * 1.5, w, band_h, band),
    )


def pouch(
    s: Sheet,
    cx: float,
    base: float,
    w: float,
    h: float,
    colour: str,
    words: Sequence[str],
    *,
    paper: str = PAPER,
    ink: str = INK,
    window: str = "",
    window_box: tuple[float, float, float, float] | None = None,
    label_box: tuple[float, float] = (0.2, 0.46),
    zip_line: bool = True,
    band: Sequence[Row] = SLIM,
    size: float = 0,
) -> str:
    """Draw a stand-up pouch.

    :param window: pieces seen through a clear window
    :param window_box: (x, y, w, h) of it as shares of the pouch
    :param label_box: (top, height) of the label as shares of the pouch
    """
    top = base - h
    half = w / 2
    d = (
        f"M{n(cx - half * 0.94)} {n(top)}L{n(cx + half * 0.94)} {n(top)}"
        f"C{n(cx + half * 0.93)} {n(top + h * 0.3)} {n(cx + half * 1.0)} {n(top + h * 0.62)} {n(cx + half)} {n(base - h * 0.05)}"
        f"Q{n(cx + half * 0.98)} {n(base)} {n(cx + half * 0.86)} {n(base + h * 0.004)}"
        f"Q{n(cx)} {n(base + h * 0.035)} {n(cx - half * 0.86)} {n(base + h * 0.004)}"
        f"Q{n(cx - half * 0.98)} {n(base)} {n(cx - half)} {n(base - h * 0.05)}"
        f"C{n(cx - half * 1.0)} {n(top + h * 0.62)} {n(cx - half * 0.93)} {n(top + h * 0.3)} {n(cx - half * 0.94)} {n(top)}Z"
    )
    skin = s.lin(
        (0, dark(colour, 0.1)),
        (0.07, light(colour, 0.12)),
        (0.24, light(colour, 0.34)),
        (0.5, colour),
        (0.8, dark(colour, 0.16)),
        (0.95, dark(colour, 0.34)),
        (1, dark(colour, 0.22)),
    )
    seal = h * 0.07
    inner = [
        shape(box(cx - half, top, w, seal), dark(colour, 0.14), opacity=0.45),
        *(
            line(f"M{n(cx - half)} {n(top + seal * k)}h{n(w)}", dark(colour, 0.35), 1.6, opacity=0.35)
            for k in (0.25, 0.5, 0.75)
        ),
        line(f"M{n(cx - half)} {n(top + seal)}h{n(w)}", light(colour, 0.6), 2.4, opacity=0.7),
    ]
    if zip_line:
        inner.append(line(f"M{n(cx - half)} {n(top + seal * 1.75)}h{n(w)}", dark(colour, 0.4), 3, opacity=0.3))
        inner.append(line(f"M{n(cx - half)} {n(top + seal * 1.75 + 4)}h{n(w)}", light(colour, 0.6), 2.4, opacity=0.5))
    # the gusset at the foot
    inner.append(
        line(
            f"M{n(cx - half * 0.99)} {n(base - h * 0.06)}Q{n(cx)} {n(base - h * 0.14)} {n(cx + half * 0.99)} {n(base - h * 0.06)}",
            dark(colour, 0.4),
            3,
            opacity=0.4,
        )
    )
    inner.append(
        shape(
            f"M{n(cx - half)} {n(base - h * 0.05)}Q{n(cx)} {n(base - h * 0.13)} {n(cx + half)} {n(base - h * 0.05)}V{n(base + 40)}H{n(cx - half)}Z",
            dark(colour, 0.4),
            opacity=0.25,
        )
    )
    inner.append(s.grain(d, dark(colour, 0.5), 0.42))
    y, tall = top + h * label_box[0], h * label_box[1]
    inner.append(label(s, cx, y, w * 0.74, tall, words, paper=paper, ink=ink, band=band, size=size))
    if window and window_box:
        wx, wy, ww, wh = (
            cx - half + window_box[0] * w,
            top + window_box[1] * h,
            window_box[2] * w,
            window_box[3] * h,
        )
        pane = box(wx, wy, ww, wh, min(ww, wh) * 0.28)
        inner.append(shape(pane, dark(colour, 0.55)))
        inner.append(
            s.inside(
                pane,
                window,
                shape(pane, s.down((0, SHADOW, 0.5), (0.3, SHADOW, 0))),
                shape(
                    poly([(wx, wy + wh), (wx + ww * 0.3, wy), (wx + ww * 0.5, wy), (wx + ww * 0.2, wy + wh)]),
                    "#fff",
                    opacity=0.16,
                ),
            )
        )
        inner.append(line(pane, light(colour, 0.5), 3, opacity=0.6))
    # soft dents that tell of the filling
    dents = [
        shape(
            smooth(
                [
                    (cx - half * 0.9, top + h * 0.14),
                    (cx - half * 0.66, top + h * 0.3),
                    (cx - half * 0.8, top + h * 0.55),
                    (cx - half * 0.95, top + h * 0.4),
                ]
            ),
            "#fff6e2",
            opacity=0.3,
            filter=s.blur(14),
        ),
        shape(
            smooth(
                [
                    (cx + half * 0.7, top + h * 0.12),
                    (cx + half * 0.95, top + h * 0.34),
                    (cx + half * 0.82, top + h * 0.8),
                    (cx + half * 0.74, top + h * 0.4),
                ]
            ),
            SHADOW,
            opacity=0.3,
            filter=s.blur(16),
        ),
        shape(
            poly([(cx - half * 0.5, top), (cx - half * 0.34, top), (cx - half * 0.44, top + h * 0.2)]),
            "#fff6e2",
            opacity=0.22,
            filter=s.blur(5),
        ),
        shape(
            poly([(cx + half * 0.3, top), (cx + half * 0.5, top), (cx + half * 0.36, top + h * 0.22)]),
            SHADOW,
            opacity=0.18,
            filter=s.blur(6),
        ),
    ]
    return group(
        s.cast(d, base),
        s.contact(cx, base + h * 0.01, half * 0.92),
        group(shape(d, skin), *inner, *dents, clip_path=s.clip(d)),
    )


def jar(
    s: Sheet,
    cx: float,
    base: float,
    w: float,
    h: float,
    content: str,
    words: Sequence[str],
    *,
    lid: str = INK,
    glass: str = "#dfe5d8",
    cloth: str = "",
    fill_top: float = 0.2,
    label_box: tuple[float, float] = (0.42, 0.4),
    paper: str = PAPER,
    ink: str = INK,
    label_w: float = 0.72,
    band: Sequence[Row] = SLIM,
    size: float = 0,
) -> str:
    """Draw a glass jar; `content` is drawn inside the glass, below the label.

    :param cloth: a fill for a cloth tied over the lid, or empty for a screw lid
    """
    top = base - h
    half = w / 2
    lid_h = h * 0.15
    neck = top + lid_h
    body = (
        f"M{n(cx - half * 0.78)} {n(neck)}C{n(cx - half * 0.78)} {n(neck + h * 0.06)} {n(cx - half)} {n(neck + h * 0.06)} {n(cx - half)} {n(neck + h * 0.17)}"
        f"V{n(base - h * 0.07)}Q{n(cx - half)} {n(base)} {n(cx - half * 0.8)} {n(base)}Q{n(cx)} {n(base + h * 0.03)} {n(cx + half * 0.8)} {n(base)}"
        f"Q{n(cx + half)} {n(base)} {n(cx + half)} {n(base - h * 0.07)}V{n(neck + h * 0.17)}"
        f"C{n(cx + half)} {n(neck + h * 0.06)} {n(cx + half * 0.78)} {n(neck + h * 0.06)} {n(cx + half * 0.78)} {n(neck)}Z"
    )
    lw = half * 0.86
    if cloth:
        r = lw * 1.02
        cap_d = (
            f"M{n(cx - r)} {n(neck - 4)}C{n(cx - r * 1.02)} {n(top + 8)} {n(cx - r * 0.8)} {n(top)} {n(cx - r * 0.4)} {n(top - 4)}"
            f"Q{n(cx)} {n(top - 12)} {n(cx + r * 0.4)} {n(top - 4)}C{n(cx + r * 0.8)} {n(top)} {n(cx + r * 1.02)} {n(top + 8)} {n(cx + r)} {n(neck - 4)}Z"
        )
        skirt = [(cx - r * 1.0, neck - 8)]
        teeth = 9
        for i in range(teeth + 1):
            x = cx - r * 1.22 + i * (r * 2.44) / teeth
            skirt.append((x, neck + h * 0.075 + (10 if i % 2 else -4)))
        skirt.append((cx + r * 1.0, neck - 8))
        skirt_d = (
            poly([skirt[0]], closed=False)
            + smooth(skirt[1:-1], closed=False).replace("M", "L", 1)
            + f"L{n(skirt[-1][0])} {n(skirt[-1][1])}Q{n(cx)} {n(neck + 8)} {n(skirt[0][0])} {n(skirt[0][1])}Z"
        )
        folds = "".join(
            line(
                f"M{n(cx + u * r * 0.95)} {n(neck - 4)}L{n(cx + u * r * 1.16)} {n(neck + h * 0.075)}",
                "#160a06",
                5,
                opacity=0.3,
            )
            for u in (-0.7, -0.35, 0.05, 0.4, 0.75)
        )
        cover = group(
            s.solid(skirt_d, cloth, base=RED, depth=30, within=folds),
            s.solid(cap_d, cloth, base=RED, depth=40),
            line(f"M{n(cx - r)} {n(neck - 6)}Q{n(cx)} {n(neck + 12)} {n(cx + r)} {n(neck - 6)}", "#c79a5b", 9),
            line(f"M{n(cx - r)} {n(neck - 9)}Q{n(cx)} {n(neck + 9)} {n(cx + r)} {n(neck - 9)}", "#eed3a0", 2.6),
        )
    else:
        lid_d = box(cx - lw, top, lw * 2, lid_h, 12)
        skin = s.lin(
            (0, dark(lid, 0.2)),
            (0.2, light(lid, 0.4)),
            (0.42, lid),
            (0.85, dark(lid, 0.35)),
            (1, dark(lid, 0.1)),
        )
        ribs = "".join(
            line(
                f"M{n(cx - lw + i * lw * 2 / 26)} {n(top + lid_h * 0.34)}v{n(lid_h * 0.5)}",
                dark(lid, 0.5),
                2.4,
                opacity=0.4,
            )
            for i in range(1, 26)
        )
        cover = group(
            shape(lid_d, skin),
            ribs,
            line(f"M{n(cx - lw + 8)} {n(top + 5)}h{n(lw * 2 - 16)}", light(lid, 0.7), 4, opacity=0.6),
            shape(box(cx - lw * 0.94, top + lid_h, lw * 1.88, 12), SHADOW, opacity=0.4, filter=s.blur(5)),
        )
    y, tall = top + h * label_box[0], h * label_box[1]
    return group(
        s.cast(body, base, opacity=0.24),
        s.contact(cx, base, half * 0.9),
        group(
            shape(body, glass, opacity=0.75),
            content,
            shape(
                body,
                s.lin(
                    (0, SHADOW, 0.34),
                    (0.1, SHADOW, 0.06),
                    (0.3, SHADOW, 0),
                    (0.7, SHADOW, 0.05),
                    (1, SHADOW, 0.46),
                ),
                style="mix-blend-mode:multiply",
            ),
            line(
                f"M{n(cx - half * 0.92)} {n(base - h * 0.05)}Q{n(cx)} {n(base - h * 0.015)} {n(cx + half * 0.92)} {n(base - h * 0.05)}",
                "#fff6e2",
                5,
                opacity=0.4,
            ),
            line(
                f"M{n(cx - half * 0.86)} {n(base - h * 0.018)}Q{n(cx)} {n(base + h * 0.012)} {n(cx + half * 0.7)} {n(base - h * 0.014)}",
                "#fff6e2",
                9,
                opacity=0.35,
                filter=s.blur(3),
            ),
            label(s, cx, y, w * label_w, tall, words, paper=paper, ink=ink, band=band, size=size),
            shape(
                box(cx - w * label_w / 2, y, w * label_w, tall),
                s.lin((0.5, SHADOW, 0), (1, SHADOW, 0.26)),
                style="mix-blend-mode:multiply",
            ),
            shape(
                smooth(
                    [
                        (cx - half * 0.9, neck + h * 0.2),
                        (cx - half * 0.8, neck + h * 0.14),
                        (cx - half * 0.76, base - h * 0.16),
                        (cx - half * 0.86, base - h * 0.12),
                    ]
                ),
                "#fff",
                opacity=0.55,
            ),
            shape(box(cx + half * 0.84, neck + h * 0.22, half * 0.05, h * 0.42, 6), "#fff", opacity=0.35),
            clip_path=s.clip(body),
        ),
        line(body, mix(glass, "#7c8672", 0.5), 3, opacity=0.5),
        cover,
    )


def bottle(
    s: Sheet,
    cx: float,
    base: float,
    profile: Sequence[Point],
    liquid: str,
    words: Sequence[str],
    *,
    level: float = 0.2,
    glass: str = "#d9ded0",
    cap: str = INK,
    cap_h: float = 70,
    label_top: float = 0,
    label_h: float = 250,
    label_w: float = 0,
    paper: str = PAPER,
    ink: str = INK,
    inside: str = "",
    band: Sequence[Row] = SLIM,
    size: float = 0,
) -> str:
    """Draw a bottle from its profile ((y above the base, radius), top to bottom).

    :param level: the liquid's surface, as a share of the height from the top
    """
    points = [(base - up, r) for up, r in profile]
    d = turned(cx, points, sag=0.1)
    top, widest = points[0][0], max(r for _y, r in points)
    tall = base - top
    surface = top + tall * level
    neck_r = points[0][1]
    body = s.lin(
        (0, dark(liquid, 0.42)),
        (0.12, dark(liquid, 0.05)),
        (0.3, light(liquid, 0.34)),
        (0.55, liquid),
        (0.85, dark(liquid, 0.35)),
        (1, dark(liquid, 0.55)),
        x1=cx - widest,
        x2=cx + widest,
        px=1,
    )
    label_w = label_w or widest * 1.62
    label_top = label_top or base - tall * 0.1 - label_h
    cap_d = box(cx - neck_r * 1.24, top - cap_h * 0.72, neck_r * 2.48, cap_h, 8)
    return group(
        s.cast(d, base, opacity=0.26),
        s.contact(cx, base, widest * 0.95),
        group(
            shape(d, glass, opacity=0.82),
            shape(box(cx - widest, surface, widest * 2, base - surface + 40), body),
            shape(oval(cx, surface, widest * 0.5, 9), light(liquid, 0.45), opacity=0.6),
            inside,
            shape(
                d,
                s.lin(
                    (0, SHADOW, 0.3),
                    (0.16, SHADOW, 0),
                    (0.75, SHADOW, 0),
                    (1, SHADOW, 0.38),
                    x1=cx - widest,
                    x2=cx + widest,
                    px=1,
                ),
                style="mix-blend-mode:multiply",
            ),
            label(s, cx, label_top, label_w, label_h, words, paper=paper, ink=ink, band=band, size=size),
            shape(
                box(cx - label_w / 2, label_top, label_w, label_h),
                s.lin((0, SHADOW, 0.14), (0.14, SHADOW, 0), (0.5, SHADOW, 0), (1, SHADOW, 0.3)),
                style="mix-blend-mode:multiply",
            ),
            clip_path=s.clip(d),
        ),
        _gleam(s, cx, points, -0.78, 0.13),
        _gleam(s, cx, points, 0.84, 0.05, opacity=0.3),
        line(d, mix(glass, "#5c6656", 0.55), 3, opacity=0.45),
        shape(cap_d, s.lin((0, dark(cap, 0.2)), (0.25, light(cap, 0.42)), (0.5, cap), (1, dark(cap, 0.4))))
        if cap
        else "",
    )


def _gleam(s: Sheet, cx: float, points: Sequence[Point], at: float, wide: float, opacity: float = 0.55) -> str:
    inner = points[1:-1] or points
    left = [(cx + at * r, y) for y, r in inner]
    right = [(cx + (at + wide) * r, y) for y, r in reversed(inner)]
    return shape(
        smooth(left, closed=False) + smooth(right, closed=False).replace("M", "L", 1) + "Z",
        "#fff",
        opacity=opacity,
    )


def carton(
    s: Sheet,
    x: float,
    base: float,
    w: float,
    h: float,
    side: float,
    colour: str,
    words: Sequence[str],
    *,
    paper: str = CREAM,
    ink: str = INK,
    band: Sequence[Row] = SLIM,
    art: str = "",
    label_box: tuple[float, float] = (0.14, 0.5),
    size: float = 0,
) -> str:
    """Draw a carton: front face at (x, base-h), its side face to the right, its top above."""
    top = base - h
    up = side * 0.34
    front = box(x, top, w, h)
    flank = poly([(x + w, top), (x + w + side, top - up), (x + w + side, base - up), (x + w, base)])
    lid = poly([(x, top), (x + side, top - up), (x + w + side, top - up), (x + w, top)])
    whole = poly(
        [
            (x, top),
            (x + side, top - up),
            (x + w + side, top - up),
            (x + w + side, base - up),
            (x + w, base),
            (x, base),
        ]
    )
    return group(
        s.cast(whole, base, opacity=0.28),
        shape(
            poly(
                [
                    (x + 10, base - 6),
                    (x + w, base - 6),
                    (x + w + side, base - up),
                    (x + w + side + 30, base - up + 14),
                    (x + w + 24, base + 16),
                    (x + 10, base + 12),
                ]
            ),
            SHADOW,
            filter=s.blur(9),
            opacity=0.5,
            style="mix-blend-mode:multiply",
        ),
        shape(front, s.lin(light(colour, 0.2), colour, dark(colour, 0.1), x2=1, y2=0.5)),
        s.inside(front, art),
        strip(s, x, base - h * 0.07, w, h * 0.05, band) if not art else "",
        label(
            s,
            x + w / 2,
            top + h * label_box[0],
            w * 0.8,
            h * label_box[1],
            words,
            paper=paper,
            ink=ink,
            band=band,
            size=size,
        ),
        shape(flank, s.lin(dark(colour, 0.34), dark(colour, 0.5))),
        s.grain(flank, dark(colour, 0.8), 0.5, y1=0),
        shape(lid, s.lin(light(colour, 0.45), light(colour, 0.2))),
        line(poly([(x, top), (x + w, top), (x + w, base)], closed=False), light(colour, 0.6), 2.4, opacity=0.6),
    )


def tin(
    s: Sheet,
    cx: float,
    base: float,
    w: float,
    h: float,
    colour: str,
    words: Sequence[str],
    *,
    lid: str = "",
    paper: str = PAPER,
    ink: str = INK,
    rim: float = 0.17,
    label_box: tuple[float, float] = (0.24, 0.6),
    band: Sequence[Row] = SLIM,
    size: float = 0,
) -> str:
    """Draw a round tin with a lid."""
    half, ry = w / 2, w / 2 * rim
    top = base - h
    lid = lid or colour
    lid_h = h * 0.2
    body = f"M{n(cx - half)} {n(top)}V{n(base)}A{n(half)} {n(ry)} 0 0 0 {n(cx + half)} {n(base)}V{n(top)}Z"
    cover = f"M{n(cx - half * 1.03)} {n(top)}v{n(lid_h)}A{n(half * 1.03)} {n(ry * 1.03)} 0 0 0 {n(cx + half * 1.03)} {n(top + lid_h)}v{n(-lid_h)}Z"

    def skin(c: str) -> str:
        return s.lin((0, dark(c, 0.25)), (0.2, light(c, 0.4)), (0.45, c), (0.86, dark(c, 0.42)), (1, dark(c, 0.2)))

    y, tall = top + h * label_box[0] + ry * 0.9, h * label_box[1]
    return group(
        s.cast(body, base),
        s.contact(cx, base + ry * 0.6, half * 0.96),
        group(
            shape(body, skin(colour)),
            line(
                f"M{n(cx - half)} {n(base - h * 0.05)}A{n(half)} {n(ry)} 0 0 0 {n(cx + half)} {n(base - h * 0.05)}",
                light(colour, 0.5),
                3,
                opacity=0.5,
            ),
            label(s, cx, y, w * 0.66, tall, words, paper=paper, ink=ink, band=band, size=size),
            shape(body, s.lin((0.55, SHADOW, 0), (1, SHADOW, 0.4)), style="mix-blend-mode:multiply"),
            clip_path=s.clip(body),
        ),
        shape(cover, skin(lid)),
        shape(oval(cx, top, half * 1.03, ry * 1.03), s.lin(light(lid, 0.5), lid, dark(lid, 0.2))),
        line(oval(cx, top, half * 0.9, ry * 0.88), dark(lid, 0.25), 3, opacity=0.5),
    )


def paper_bag(
    s: Sheet,
    x: float,
    base: float,
    w: float,
    h: float,
    side: float,
    colour: str,
    words: Sequence[str],
    *,
    paper: str = PAPER,
    ink: str = INK,
    band: Sequence[Row] = SLIM,
    label_box: tuple[float, float] = (0.3, 0.46),
    size: float = 0,
) -> str:
    """Draw a block-bottom paper bag whose top is folded over and pegged."""
    top = base - h
    up = side * 0.3
    fold = h * 0.13
    front = smooth_box(x, top, w, h, 7)
    flank = poly([(x + w, top + 8), (x + w + side * 0.86, top - up + 18), (x + w + side, base - up), (x + w, base)])
    crease = [
        line(
            f"M{n(x + w + side * 0.45)} {n(top)}L{n(x + w + side * 0.42)} {n(base - h * 0.2)}L{n(x + w + side)} {n(base - up)}M{n(x + w + side * 0.42)} {n(base - h * 0.2)}L{n(x + w)} {n(base)}",
            dark(colour, 0.6),
            2.4,
            opacity=0.4,
        ),
        shape(
            poly(
                [
                    (x + w, top),
                    (x + w + side * 0.44, top),
                    (x + w + side * 0.42, base - h * 0.2),
                    (x + w, base),
                ]
            ),
            dark(colour, 0.6),
            opacity=0.25,
        ),
    ]
    flap = poly(
        [
            (x - 8, top - 6),
            (x + w + 8, top - 6),
            *((x + w + 8 - i * (w + 16) / 24, top + fold + (7 if i % 2 else 0)) for i in range(25)),
        ]
    )
    whole = poly([(x, top), (x + side, top - up), (x + w + side, base - up), (x + w, base), (x, base)])
    return group(
        s.cast(whole, base, opacity=0.28),
        shape(
            poly(
                [
                    (x + 8, base - 6),
                    (x + w, base - 6),
                    (x + w + side, base - up),
                    (x + w + side + 34, base - up + 14),
                    (x + w + 26, base + 16),
                    (x + 8, base + 12),
                ]
            ),
            SHADOW,
            filter=s.blur(9),
            opacity=0.5,
            style="mix-blend-mode:multiply",
        ),
        shape(flank, s.lin(dark(colour, 0.3), dark(colour, 0.42))),
        s.inside(flank, *crease),
        shape(front, s.lin(light(colour, 0.2), light(colour, 0.32), colour, dark(colour, 0.1), x2=1, y2=0.3)),
        s.grain(front, dark(colour, 0.45), 0.35),
        line(
            f"M{n(x + w * 0.1)} {n(base - h * 0.05)}Q{n(x + w * 0.4)} {n(base - h * 0.09)} {n(x + w * 0.9)} {n(base - h * 0.04)}M{n(x + w * 0.06)} {n(top + h * 0.24)}L{n(x + w * 0.2)} {n(top + h * 0.16)}",
            dark(colour, 0.4),
            3,
            opacity=0.25,
        ),
        label(
            s,
            x + w / 2,
            top + h * label_box[0],
            w * 0.78,
            h * label_box[1],
            words,
            paper=paper,
            ink=ink,
            band=band,
            size=size,
        ),
        shape(flap, SHADOW, transform="translate(5 14)", filter=s.blur(8), opacity=0.4),
        shape(flap, s.lin(light(colour, 0.36), colour, dark(colour, 0.16), x2=1, y2=0.3)),
        line(f"M{n(x - 8)} {n(top - 5)}h{n(w + 16)}", light(colour, 0.7), 4, opacity=0.7),
        shape(box(x + w * 0.46, top - 26, w * 0.09, fold * 1.15, 6), s.lin("#e2bd86", "#a9783f")),
        shape(box(x + w * 0.46, top + fold * 0.26, w * 0.09, 9), "#7f7a72"),
    )


def smooth_box(x: float, y: float, w: float, h: float, bow: float) -> str:
    """Return a rectangle with softly bowed sides."""
    return f"M{n(x)} {n(y)}Q{n(x + w / 2)} {n(y - bow * 0.3)} {n(x + w)} {n(y)}Q{n(x + w + bow * 0.4)} {n(y + h * 0.6)} {n(x + w)} {n(y + h)}Q{n(x + w / 2)} {n(y + h + bow)} {n(x)} {n(y + h)}Q{n(x - bow)} {n(y + h * 0.6)} {n(x)} {n(y)}Z"


def sack(
    s: Sheet,
    cx: float,
    base: float,
    w: float,
    h: float,
    colour: str,
    words: Sequence[str],
    *,
    ink: str = INK,
    tie: str = RED,
    band: Sequence[Row] = SLIM,
    size: float = 0,
) -> str:
    """Draw a small cloth sack tied at its neck, words printed on the cloth."""
    half, top = w / 2, base - h
    neck = top + h * 0.2
    body = smooth(
        [
            (cx - half * 0.3, neck),
            (cx - half * 0.72, neck + h * 0.16),
            (cx - half * 0.98, neck + h * 0.46),
            (cx - half * 0.98, base - h * 0.08),
            (cx - half * 0.8, base),
            (cx, base + h * 0.018),
            (cx + half * 0.8, base),
            (cx + half * 0.98, base - h * 0.08),
            (cx + half * 0.98, neck + h * 0.46),
            (cx + half * 0.72, neck + h * 0.16),
            (cx + half * 0.3, neck),
        ]
    )
    ruff = smooth(
        [
            (cx - half * 0.26, neck + 6),
            (cx - half * 0.54, top + h * 0.04),
            (cx - half * 0.34, top + h * 0.02),
            (cx - half * 0.2, top - h * 0.015),
            (cx - half * 0.02, top + h * 0.02),
            (cx + half * 0.2, top - h * 0.02),
            (cx + half * 0.36, top + h * 0.025),
            (cx + half * 0.56, top + h * 0.03),
            (cx + half * 0.26, neck + 6),
        ]
    )
    folds = [
        shape(
            f"M{n(cx + u * half * 0.28)} {n(neck)}Q{n(cx + u * half * 0.6)} {n(neck + h * 0.14)} {n(cx + u * half * 0.74)} {n(neck + h * 0.36)}Q{n(cx + u * half * 0.5)} {n(neck + h * 0.16)} {n(cx + u * half * 0.28 + 9)} {n(neck)}Z",
            dark(colour, 0.5),
            opacity=0.3,
        )
        for u in (-0.9, -0.5, -0.1, 0.35, 0.7, 1)
    ]
    ruff_folds = [
        line(
            f"M{n(cx + u * half * 0.2)} {n(neck)}L{n(cx + u * half * 0.42)} {n(top + h * 0.03)}",
            dark(colour, 0.5),
            5,
            opacity=0.3,
        )
        for u in (-0.8, -0.3, 0.2, 0.7)
    ]
    size = size or min(w * 0.6 / (0.6 * max(len(word) for word in words)), h * 0.16)
    first = neck + h * 0.36
    print_on = group(
        s.words("Ba Tơ · Quảng Ngãi", cx, first - size * 1.12, size * 0.3, mix(ink, colour, 0.2), weight=400),
        *(s.words(word, cx, first + i * size * 1.28, size, ink, weight=700) for i, word in enumerate(words)),
        strip(s, cx - half * 1.1, base - h * 0.17, w * 1.1, h * 0.07, band),
    )
    rope = group(
        shape(box(cx - half * 0.31, neck - 11, half * 0.62, 24, 11), s.lin(light(tie, 0.2), tie, dark(tie, 0.4))),
        line(
            f"M{n(cx + half * 0.2)} {n(neck + 6)}q{n(half * 0.3)} {n(h * 0.04)} {n(half * 0.42)} {n(h * 0.15)}M{n(cx + half * 0.2)} {n(neck + 6)}q{n(half * 0.4)} {n(-h * 0.01)} {n(half * 0.56)} {n(h * 0.09)}",
            tie,
            8,
        ),
        shape(oval(cx + half * 0.21, neck + 2, 15, 12), light(tie, 0.15)),
    )
    return group(
        s.cast(body, base),
        s.contact(cx, base + 2, half * 0.9),
        s.solid(ruff, colour, depth=40, shade=0.5, within=group(*ruff_folds)),
        s.solid(body, colour, depth=90, shade=0.5, within=group(*folds, print_on)),
        s.grain(body, dark(colour, 0.5), 0.4),
        rope,
    )
