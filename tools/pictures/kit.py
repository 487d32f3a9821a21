"""The drawing table: a sheet of SVG, its colours, light, shade, grain and shadows.

Every picture of the demo goods is drawn with these few tools so that all of them look
as if one hand had drawn them. The light always comes from the upper left; shadows fall
to the right. Coordinates are pixels of the master (1600×1200 unless said otherwise).
Functions that draw return a string of SVG; `Sheet.put` adds it to the picture.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

Point = tuple[float, float]

# The house tokens (static style sheet) …
INK, PAPER, SAND = "#1d1613", "#fbf7f0", "#efe4d2"
RED, RED_D, THREAD = "#a3201b", "#7d1613", "#d3322a"
GREEN, GREEN_D, GOLD = "#1c5c3a", "#123f27", "#9a6200"
# … and the natural tones of the goods.
RICE, HONEY, AMBER = "#d9b25f", "#d08a1e", "#a85a0c"
LEAF, LEAF_L, MOSS, OLIVE = "#4f7d3a", "#93ad58", "#2f5a34", "#77803a"
INDIGO, INDIGO_L = "#27324f", "#4a5c86"
CANE, KRAFT, WOOD, WOOD_D, CLAY = "#b98546", "#cda674", "#7a4e2d", "#4d2f1c", "#a9583a"
CREAM, STONE, ROSE, PLUM = "#f6ecd9", "#b9a993", "#c9707e", "#5a2340"
SHADOW = "#4a2c1a"


def _rgb(colour: str) -> tuple[int, int, int]:
    value = colour.lstrip("#")
    return int(value[0:2], 16), int(value[2:4], 16), int(value[4:6], 16)


def mix(one: str, other: str, share: float) -> str:
    """Return the colour `share` (0-1) of the way from one to the other."""
    parts = [round(x + (y - x) * share) for x, y in zip(_rgb(one), _rgb(other), strict=True)]
    return "#{:02x}{:02x}{:02x}".format(*(max(0, min(255, part)) for part in parts))


def dark(colour: str, share: float = 0.3) -> str:
    """Return a warm, deeper shade of a colour."""
    return mix(colour, "#23110c", share)


def light(colour: str, share: float = 0.3) -> str:
    """Return a warm, lighter tint of a colour."""
    return mix(colour, "#fff6e2", share)


def n(value: float) -> str:
    """Write a number as short as it can be."""
    return f"{value:.1f}".rstrip("0").rstrip(".") if value else "0"


# -- paths ---------------------------------------------------------------------------------


def poly(points: Sequence[Point], *, closed: bool = True) -> str:
    """Join points by straight lines."""
    return "M" + "L".join(f"{n(x)} {n(y)}" for x, y in points) + ("Z" if closed else "")


def smooth(points: Sequence[Point], *, closed: bool = True, tension: float = 1.0) -> str:
    """Lead a soft curve through points (Catmull-Rom, as Bézier curves)."""
    count = len(points)

    def at(i: int) -> Point:
        return points[i % count] if closed else points[max(0, min(count - 1, i))]

    path = f"M{n(points[0][0])} {n(points[0][1])}"
    for i in range(count if closed else count - 1):
        p0, p1, p2, p3 = at(i - 1), at(i), at(i + 1), at(i + 2)
        c1 = (p1[0] + (p2[0] - p0[0]) * tension / 6, p1[1] + (p2[1] - p0[1]) * tension / 6)
        c2 = (p2[0] - (p3[0] - p1[0]) * tension / 6, p2[1] - (p3[1] - p1[1]) * tension / 6)
        path += f"C{n(c1[0])} {n(c1[1])} {n(c2[0])} {n(c2[1])} {n(p2[0])} {n(p2[1])}"
    return path + ("Z" if closed else "")


def oval(cx: float, cy: float, rx: float, ry: float) -> str:
    """Return an ellipse as a path."""
    return f"M{n(cx - rx)} {n(cy)}a{n(rx)} {n(ry)} 0 1 0 {n(2 * rx)} 0a{n(rx)} {n(ry)} 0 1 0 {n(-2 * rx)} 0Z"


def box(x: float, y: float, w: float, h: float, r: float = 0) -> str:
    """Return a rectangle with round corners as a path."""
    r = min(r, w / 2, h / 2)
    if not r:
        return f"M{n(x)} {n(y)}h{n(w)}v{n(h)}h{n(-w)}Z"
    return (
        f"M{n(x + r)} {n(y)}h{n(w - 2 * r)}a{n(r)} {n(r)} 0 0 1 {n(r)} {n(r)}v{n(h - 2 * r)}"
        f"a{n(r)} {n(r)} 0 0 1 {n(-r)} {n(r)}h{n(2 * r - w)}a{n(r)} {n(r)} 0 0 1 {n(-r)} {n(-r)}"
        f"v{n(2 * r - h)}a{n(r)} {n(r)} 0 0 1 {n(r)} {n(-r)}Z"
    )


def turned(cx: float, profile: Sequence[Point], *, sag: float = 0.16) -> str:
    """Return the outline of a body of revolution.

    :param profile: (y, radius) from top to bottom
    :param sag: how round top and bottom edges look from above, as a share of the radius
    """
    top_y, top_r = profile[0]
    end_y, end_r = profile[-1]
    left = [(cx - r, y) for y, r in profile]
    right = [(cx + r, y) for y, r in reversed(profile)]
    down = smooth(left, closed=False)
    up = smooth(right, closed=False)[1:]
    first = up.split("C", 1)[1]
    bottom = f"A{n(end_r)} {n(end_r * sag)} 0 0 0 {n(right[0][0])} {n(right[0][1])}"
    lid = f"A{n(top_r)} {n(top_r * sag)} 0 0 0 {n(left[0][0])} {n(left[0][1])}Z"
    assert end_y >= top_y
    return f"{down}{bottom}C{first}{lid}"


def bezier(p0: Point, p1: Point, p2: Point, p3: Point, steps: int = 24) -> list[Point]:
    """Return points on a cubic Bézier curve."""
    out = []
    for i in range(steps + 1):
        t = i / steps
        a, b, c, d = (1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t * t, t**3
        x = a * p0[0] + b * p1[0] + c * p2[0] + d * p3[0]
        y = a * p0[1] + b * p1[1] + c * p2[1] + d * p3[1]
        out.append((x, y))
    return out


def ribbon(points: Sequence[Point], width: Callable[[float], float] | float) -> list[Point]:
    """Return the outline of a stroke whose width changes along its way (share 0-1)."""
    wide = width if callable(width) else lambda _t: width
    left, right = [], []
    last = len(points) - 1
    for i, (x, y) in enumerate(points):
        before, after = points[max(0, i - 1)], points[min(last, i + 1)]
        length = math.dist(before, after) or 1
        nx, ny = -(after[1] - before[1]) / length, (after[0] - before[0]) / length
        half = wide(i / last) / 2
        left.append((x + nx * half, y + ny * half))
        right.append((x - nx * half, y - ny * half))
    return left + right[::-1]


def turn(points: Sequence[Point], degrees: float, about: Point = (0, 0)) -> list[Point]:
    """Rotate points about a point."""
    a = math.radians(degrees)
    cos, sin = math.cos(a), math.sin(a)
    return [
        (
            about[0] + (x - about[0]) * cos - (y - about[1]) * sin,
            about[1] + (x - about[0]) * sin + (y - about[1]) * cos,
        )
        for x, y in points
    ]


# -- pieces of SVG -------------------------------------------------------------------------


def shape(d: str, fill: str = "none", **more: str | float) -> str:
    """Return one path; `stroke_width=4` becomes stroke-width="4"."""
    rest = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in more.items())
    return f'<path d="{d}" fill="{fill}"{rest}/>'


def line(d: str, colour: str, width: float, **more: str | float) -> str:
    """Return a stroke with round ends."""
    return shape(
        d,
        stroke=colour,
        stroke_width=n(width),
        **{"stroke_linecap": "round", "stroke_linejoin": "round", **more},
    )


def group(*parts: str, **more: str | float) -> str:
    """Return a group of pieces."""
    rest = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in more.items())
    return f"<g{rest}>{''.join(parts)}</g>"


def put_at(part: str, x: float, y: float, *, turn: float = 0, scale: float = 1, flip: bool = False) -> str:
    """Move a piece drawn about (0, 0) to its place."""
    ops = f"translate({n(x)} {n(y)})"
    if turn:
        ops += f" rotate({n(turn)})"
    if scale != 1 or flip:
        ops += f" scale({-scale if flip else scale:.3f} {scale:.3f})"
    return f'<g transform="{ops}">{part}</g>'


class Sheet:
    """One picture in the making: definitions, layers and its own seeded chance."""

    def __init__(self, key: str, width: int = 1600, height: int = 1200) -> None:
        self.key, self.width, self.height = key, width, height
        self.chance = random.Random(key)  # noqa: S311 - decoration, the same on every run
        self._defs: dict[str, str] = {}
        self._body: list[str] = []

    # definitions: the same definition is written once

    def define(self, make: Callable[[str], str]) -> str:
        """Keep a definition and return its id."""
        text = make("@@")
        if text not in self._defs:
            self._defs[text] = f"d{len(self._defs)}"
        return self._defs[text]

    def _url(self, make: Callable[[str], str]) -> str:
        return f"url(#{self.define(make)})"

    def lin(self, *stops: str | tuple[float, str] | tuple[float, str, float], **axis: float) -> str:
        """Return a linear gradient as a fill; the axis defaults to left → right.

        :param stops: colours, (offset, colour) or (offset, colour, opacity)
        :param axis: x1, y1, x2, y2 as shares of the shape, or pixels with `px=1`
        """
        px = axis.pop("px", 0)
        ends = {"x1": 0, "y1": 0, "x2": 1, "y2": 0, **axis}
        units = ' gradientUnits="userSpaceOnUse"' if px else ""
        where = "".join(f' {key}="{value:.4g}"' for key, value in ends.items())
        inner = _stops(stops)
        return self._url(lambda i: f'<linearGradient id="{i}"{units}{where}>{inner}</linearGradient>')

    def down(self, *stops: str | tuple[float, str] | tuple[float, str, float]) -> str:
        """Return a linear gradient from top to bottom."""
        return self.lin(*stops, x2=0, y2=1)

    def rad(
        self,
        *stops: str | tuple[float, str] | tuple[float, str, float],
        cx: float = 0.5,
        cy: float = 0.5,
        r: float = 0.5,
        px: bool = False,
    ) -> str:
        """Return a radial gradient as a fill."""
        units = ' gradientUnits="userSpaceOnUse"' if px else ""
        where = f'cx="{cx:.4g}" cy="{cy:.4g}" r="{r:.4g}"'
        inner = _stops(stops)
        return self._url(lambda i: f'<radialGradient id="{i}"{units} {where}>{inner}</radialGradient>')

    def blur(self, deviation: float, across: float | None = None) -> str:
        """Return a blur as a filter."""
        both = f"{n(deviation)} {n(across)}" if across is not None else n(deviation)
        name = self.define(
            lambda i: (
                f'<filter id="{i}" filterUnits="userSpaceOnUse" x="-900" y="-900" width="4200" height="3000" '
                f'color-interpolation-filters="sRGB"><feGaussianBlur stdDeviation="{both}"/></filter>'
            )
        )
        return f"url(#{name})"

    def stipple(self, colour: str, size: float = 0.5) -> str:
        """Return a filter that turns the opacity of a shape into printed grain."""
        name = self.define(
            lambda i: (
                f'<filter id="{i}" x="0" y="0" width="100%" height="100%" color-interpolation-filters="sRGB">'
                f'<feTurbulence type="fractalNoise" baseFrequency="{size}" numOctaves="2" seed="7" result="n"/>'
                '<feColorMatrix in="n" type="matrix" values="0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1.6 0 0 0 -.3" '
                'result="a"/>'
                '<feComposite in="SourceAlpha" in2="a" operator="arithmetic" k1="0" k2="5" k3="5" k4="-5" '
                'result="m"/>'
                f'<feFlood flood-color="{colour}"/><feComposite in2="m" operator="in"/></filter>'
            )
        )
        return f"url(#{name})"

    def clip(self, d: str) -> str:
        """Return a clip along a path."""
        return self._url(lambda i: f'<clipPath id="{i}"><path d="{d}"/></clipPath>')

    def tile(self, inner: str, w: float, h: float, transform: str = "") -> str:
        """Return a repeated pattern as a fill."""
        move = f' patternTransform="{transform}"' if transform else ""
        name = self.define(
            lambda i: (
                f'<pattern id="{i}" width="{n(w)}" height="{n(h)}" patternUnits="userSpaceOnUse"{move}>'
                f"{inner}</pattern>"
            )
        )
        return f"url(#{name})"

    # light and shade

    def inside(self, d: str, *parts: str) -> str:
        """Show pieces only inside a path."""
        return group(*parts, clip_path=self.clip(d))

    def solid(
        self,
        d: str,
        fill: str,
        *,
        base: str | None = None,
        depth: float = 26,
        shade: float = 0.42,
        shine: float = 0.4,
        within: str = "",
    ) -> str:
        """Draw a shape with light from the upper left.

        :param base: the plain colour when `fill` is a gradient or a pattern
        :param depth: how far shade reaches in from the right edge, in pixels
        :param within: pieces drawn on the shape, below the shade
        """
        colour = base or (fill if fill.startswith("#") else "#888888")
        off = n(depth * 0.42)
        return group(
            shape(d, fill),
            within,
            shape(
                d,
                stroke=dark(colour, 0.62),
                stroke_width=n(depth),
                opacity=shade,
                filter=self.blur(depth * 0.4),
                transform=f"translate(-{off} -{off})",
                style="mix-blend-mode:multiply",
            )
            if shade
            else "",
            shape(
                d,
                stroke=light(colour, 0.75),
                stroke_width=n(depth * 0.6),
                opacity=shine,
                filter=self.blur(depth * 0.3),
                transform=f"translate({off} {off})",
            )
            if shine
            else "",
            clip_path=self.clip(d),
        )

    def grain(self, d: str, colour: str, strength: float = 0.5, *, x1: float = 0.1, y1: float = 0.0) -> str:
        """Lay printed grain on the side of a shape away from the light."""
        fade = self.lin((0.25, colour, 0), (1, colour, strength), x1=x1, y1=y1, x2=1, y2=1)
        return self.inside(d, shape(d, fade, filter=self.stipple(colour)))

    def cast(self, d: str, base: float, *, lean: float = 0.62, flat: float = 0.2, opacity: float = 0.3) -> str:
        """Let a standing shape throw its shadow over the table, back and to the right.

        :param base: the y on which the shape stands
        """
        # x' = x + lean·(base-y); y' = base - flat·(base-y)
        matrix = f"matrix(1 0 {-lean:.3f} {flat:.3f} {lean * base:.1f} {base * (1 - flat):.1f})"
        return group(
            shape(d, SHADOW, transform=matrix),
            filter=self.blur(9),
            opacity=opacity,
            style="mix-blend-mode:multiply",
        )

    def contact(self, cx: float, y: float, rx: float, ry: float = 0, *, opacity: float = 0.5) -> str:
        """Draw the dark line where a thing touches the table."""
        ry = ry or max(8.0, rx * 0.09)
        return group(
            shape(oval(cx + rx * 0.06, y, rx * 1.02, ry), SHADOW, filter=self.blur(ry * 0.8), opacity=opacity),
            shape(
                oval(cx + rx * 0.2, y + ry * 0.4, rx * 1.1, ry * 1.9),
                SHADOW,
                filter=self.blur(ry * 2.2),
                opacity=opacity * 0.6,
            ),
            style="mix-blend-mode:multiply",
        )

    # words

    def words(
        self,
        text: str,
        x: float,
        y: float,
        size: float,
        colour: str = INK,
        *,
        weight: int = 700,
        anchor: str = "middle",
        spacing: float = 0,
        fit: float = 0,
    ) -> str:
        """Set a line of words; `fit` is the most pixels it may be wide (estimated)."""
        if fit:
            size = min(size, fit / (0.6 * len(text)))
        gap = f' letter-spacing="{spacing}"' if spacing else ""
        return (
            f'<text x="{n(x)}" y="{n(y)}" font-family="Be Vietnam Pro" font-weight="{weight}" '
            f'font-size="{n(size)}" fill="{colour}" text-anchor="{anchor}"{gap}>{text}</text>'
        )

    # the picture

    def put(self, *parts: str) -> None:
        """Add pieces on top of what is there."""
        self._body.extend(parts)

    def svg(self) -> str:
        """Return the whole picture."""
        defs = "".join(text.replace("@@", name, 1) for text, name in self._defs.items())
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" '
            f'width="{self.width}" height="{self.height}"><defs>{defs}</defs>{"".join(self._body)}</svg>'
        )


def _stops(stops: Sequence[str | tuple[float, str] | tuple[float, str, float]]) -> str:
    out = []
    for i, stop in enumerate(stops):
        if isinstance(stop, str):
            offset, colour, alpha = i / max(1, len(stops) - 1), stop, 1.0
        else:
            offset, colour, alpha = (*stop, 1.0)[:3]  # type: ignore[misc]
        seen = f' stop-opacity="{alpha:.3g}"' if alpha < 1 else ""
        out.append(f'<stop offset="{offset:.3g}" stop-color="{colour}"{seen}/>')
    return "".join(out)
