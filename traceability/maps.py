"""A map of communes as an SVG drawing, 360 units wide. Pure: no rows, no requests, nothing from elsewhere.

With outlines the communes are drawn as they lie; without, as circles whose area is in proportion to theirs.
Only for communes that lie together (a former district, a province): a drawing of the whole country would have
to show Hoàng Sa and Trường Sa. The numbers here are for the eye; areas are printed as they were published.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from traceability.lettering import width_of

Point = tuple[float, float]


@dataclass(frozen=True)
class Commune:
    """A commune to draw. Joined by code: *Ba Tơ* and *Ba Tô* differ by one mark."""

    code: str
    name: str
    km2: float
    lat: float  #: of its middle, decimal degrees
    lon: float
    outline: Sequence[Sequence[float]] | None = None  #: outer ring as [lon, lat], closed or not


@dataclass(frozen=True)
class Spot:
    """A place whose people agreed to be shown."""

    name: str
    lat: float
    lon: float


def commune_map(
    communes: Sequence[Commune],
    chosen: Collection[str],
    *,
    title: str,
    description: str = "",
    spots: Sequence[Spot] = (),
) -> str:
    """Draw communes as an SVG element without any size of its own, the chosen ones in red with their names.

    :param chosen: codes; unknown ones are passed over
    :param title: names the drawing for those who do not see it
    :param description: says what it shows; without one the chosen names are listed
    """
    chosen_names = [commune.name for commune in communes if commune.code in chosen]
    view = _View(communes)
    plain = [commune for commune in communes if commune.code not in chosen]
    here = [commune for commune in communes if commune.code in chosen]
    areas = _areas(view, plain, "map-area", "#efe4d2") + _areas(view, here, "map-area map-area-here", "#a3201b")
    dots = "".join(_dot(view, spot) for spot in spots)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="map" viewBox="0 0 {_WIDTH} {view.height}" role="img"'
        f' aria-label={quoteattr(title)} font-family="Be Vietnam Pro, sans-serif" text-anchor="middle">'
        f"<title>{escape(title)}</title><desc>{escape(description or ', '.join(chosen_names))}</desc>"
        f'<g stroke="#fff" stroke-width="1.5" stroke-linejoin="round">{areas}{dots}</g>'
        f"{_names(view, here, spots)}</svg>"
    )


# --- From degrees to the sheet -------------------------------------------------------------------------------

_WIDTH = 360
_MARGIN = 8
_TALLEST = 480
_KM_A_DEGREE = 111.2
# Circles of the true area would overlap their neighbours; these keep the proportion and leave some air.
_CIRCLE_SHRINK = 0.8
_LABEL_SIZE = 15
_TOLERANCE = 0.9  # less than half the white line between two communes


class _View:
    """Puts degrees on the sheet: a degree of longitude is shorter by the cosine of the latitude."""

    def __init__(self, communes: Sequence[Commune]) -> None:
        self._cosine = (
            math.cos(math.radians(sum(commune.lat for commune in communes) / len(communes))) if communes else 1
        )
        corners = [corner for commune in communes for corner in self._corners(commune)] or [(0.0, 0.0)]
        left, right = min(x for x, _ in corners), max(x for x, _ in corners)
        bottom, top = min(y for _, y in corners), max(y for _, y in corners)
        inner = _WIDTH - 2 * _MARGIN
        self.scale = min(inner / max(right - left, 1e-6), (_TALLEST - 2 * _MARGIN) / max(top - bottom, 1e-6))
        self.height = round((top - bottom) * self.scale) + 2 * _MARGIN
        self._left = left - (inner / self.scale - (right - left)) / 2
        self._top = top

    def at(self, lon: float, lat: float) -> tuple[int, int]:
        x = (lon * self._cosine - self._left) * self.scale + _MARGIN
        return round(x), round((self._top - lat) * self.scale + _MARGIN)

    def radius(self, km2: float) -> int:
        return max(1, round(_circle(km2) * self.scale))

    def _corners(self, commune: Commune) -> list[Point]:
        if commune.outline:
            return [(point[0] * self._cosine, point[1]) for point in commune.outline]
        x, y, r = commune.lon * self._cosine, commune.lat, _circle(commune.km2)
        return [(x - r, y - r), (x + r, y + r)]


def _circle(km2: float) -> float:
    """Give the radius, in degrees of latitude, of a commune that is drawn as a circle."""
    return math.sqrt(max(km2, 0.01) / math.pi) / _KM_A_DEGREE * _CIRCLE_SHRINK


# --- Shapes and names ----------------------------------------------------------------------------------------


def _areas(view: _View, communes: Sequence[Commune], names: str, colour: str) -> str:
    drawn = "".join(_area(view, commune) for commune in communes)
    return f'<g class="{names}" fill="{colour}">{drawn}</g>' if drawn else ""


def _area(view: _View, commune: Commune) -> str:
    title = f"<title>{escape(commune.name)}</title>"
    path = _path(view, commune.outline) if commune.outline else ""
    if path:
        return f'<path d="{path}">{title}</path>'
    x, y = view.at(commune.lon, commune.lat)
    return f'<circle cx="{x}" cy="{y}" r="{view.radius(commune.km2)}">{title}</circle>'


def _path(view: _View, outline: Sequence[Sequence[float]]) -> str:
    """Write a ring as short as it gets: whole steps from point to point, none that the eye would not miss."""
    points = [view.at(point[0], point[1]) for point in outline]
    ring = [point for number, point in enumerate(points) if point != points[number - 1]]
    if len(ring) < 3:
        return ""
    far = max(range(len(ring)), key=lambda number: math.dist(ring[0], ring[number]))
    ring = _simplified(ring[: far + 1])[:-1] + _simplified([*ring[far:], ring[0]])[:-1]
    steps = [(x - ring[n][0], y - ring[n][1]) for n, (x, y) in enumerate(ring[1:])]
    drawn = "".join(("" if dx < 0 else " ") + f"{dx}{'' if dy < 0 else ' '}{dy}" for dx, dy in steps).lstrip()
    return f"M{ring[0][0]} {ring[0][1]}l{drawn}z"


def _simplified(line: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Leave out the points that lie within ``_TOLERANCE`` of the line without them (Douglas and Peucker)."""
    kept = {0, len(line) - 1}
    spans = [(0, len(line) - 1)]
    while spans:
        first, last = spans.pop()
        far, most = 0, _TOLERANCE
        for number in range(first + 1, last):
            off = _distance(line[number], line[first], line[last])
            if off > most:
                far, most = number, off
        if far:
            kept.add(far)
            spans += [(first, far), (far, last)]
    return [line[number] for number in sorted(kept)]


def _distance(point: tuple[int, int], start: tuple[int, int], end: tuple[int, int]) -> float:
    length = math.dist(start, end)
    if not length:
        return math.dist(point, start)
    across = (end[0] - start[0]) * (start[1] - point[1]) - (start[0] - point[0]) * (end[1] - start[1])
    return abs(across) / length


def _dot(view: _View, spot: Spot) -> str:
    x, y = view.at(spot.lon, spot.lat)
    return f'<circle class="map-dot" fill="#a3201b" cx="{x}" cy="{y}" r="6"><title>{escape(spot.name)}</title></circle>'


def _names(view: _View, communes: Sequence[Commune], spots: Sequence[Spot]) -> str:
    """Write the names in the middle of their communes, moved apart where they would lie on each other."""
    line = _LABEL_SIZE + 3
    places = [view.at(spot.lon, spot.lat) for spot in spots]
    taken: list[tuple[float, float, int]] = [(x - 7, x + 7, y + 6) for x, y in places]  # left, right, baseline
    labels = ""
    for commune in sorted(communes, key=lambda one: (-one.lat, one.lon)):
        half = width_of(commune.name, _LABEL_SIZE) / 2
        x, y = view.at(commune.lon, commune.lat)
        x = round(min(max(x, half + 4), _WIDTH - half - 4))
        y += _LABEL_SIZE // 3
        while any(left < x + half and x - half < right and abs(y - other) < line for left, right, other in taken):
            y += 1
        taken.append((x - half, x + half, y))
        labels += f'<text x="{x}" y="{y}">{escape(commune.name)}</text>'
    if not labels:
        return ""
    return (
        f'<g font-size="{_LABEL_SIZE}" font-weight="700" fill="#1d1613" stroke="#fff" stroke-width="4"'
        f' stroke-linejoin="round" paint-order="stroke">{labels}</g>'
    )
