"""The map of communes, with outlines and without."""

from __future__ import annotations

import gzip
import json
import math
import os
import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traceability.maps import Commune, Spot, commune_map

SVG = "{http://www.w3.org/2000/svg}"
SHARED = Path(os.environ.get("SHARED_DIR") or Path(__file__).resolve().parents[2].parent / "shared")
OUTLINES = SHARED / "data" / "bato" / "communes.geojson"

BA_TO = Commune("21484", "Ba Tơ", 120.91, 14.7378, 108.738)
BA_TOO = Commune("21523", "Ba Tô", 274.4, 14.647, 108.66)
COMMUNES = [
    BA_TO,
    Commune("21490", "Ba Vinh", 115.0, 14.844, 108.678),
    Commune("21496", "Ba Động", 103.01, 14.8258, 108.784),
    Commune("21499", "Ba Dinh", 97.05, 14.7746, 108.65),
    Commune("21520", "Đặng Thùy Trâm", 199.4, 14.7441, 108.871),
    BA_TOO,
    Commune("21529", "Ba Vì", 125.4, 14.7459, 108.553),
    Commune("21538", "Ba Xa", 102.79, 14.6397, 108.553),
]


@pytest.fixture(scope="module")
def outlined() -> list[Commune]:
    if not OUTLINES.exists():
        pytest.skip(f"the outlines are not beside the project ({OUTLINES.name}); circles are tested above")
    rings = {
        feature["properties"]["code"]: feature["geometry"]["coordinates"][0][0]
        for feature in json.loads(OUTLINES.read_text(encoding="utf-8"))["features"]
    }
    return [Commune(c.code, c.name, c.km2, c.lat, c.lon, rings[c.code]) for c in COMMUNES]


def _draw(communes: list[Commune], chosen: set[str], **options: object) -> ET.Element:
    return ET.fromstring(commune_map(communes, chosen, title="Nơi trồng", **options))


def _by_name(root: ET.Element, tag: str) -> dict[str, ET.Element]:
    return {shape.find(f"{SVG}title").text: shape for shape in root.iter(f"{SVG}{tag}")}


def _chosen(root: ET.Element) -> list[str]:
    return [title.text for title in root.findall(f".//{SVG}g[@class='map-area map-area-here']//{SVG}title")]


def test_without_outlines_communes_are_circles_of_their_size():
    circles = _by_name(_draw(COMMUNES, {"21484"}), "circle")

    assert circles.keys() == {commune.name for commune in COMMUNES}
    for one in COMMUNES:
        share = int(circles[one.name].attrib["r"]) ** 2 / int(circles["Ba Tô"].attrib["r"]) ** 2
        assert math.isclose(share, one.km2 / BA_TOO.km2, rel_tol=0.08)


def test_circles_lie_as_the_communes_do():
    circles = _by_name(_draw(COMMUNES, set()), "circle")
    at = {name: (int(circle.attrib["cx"]), int(circle.attrib["cy"])) for name, circle in circles.items()}

    assert min(at, key=lambda name: at[name][1]) == "Ba Vinh"  # the northernmost is on top
    assert max(at, key=lambda name: at[name][0]) == "Đặng Thùy Trâm"  # the easternmost is on the right
    for circle in circles.values():
        x, y, r = (int(circle.attrib[name]) for name in ("cx", "cy", "r"))
        assert r <= x <= 360 - r
        assert y >= r


def test_two_communes_that_differ_by_a_mark_are_told_apart():
    assert _chosen(_draw(COMMUNES, {"21484"})) == ["Ba Tơ"]
    assert _chosen(_draw(COMMUNES, {"21523"})) == ["Ba Tô"]


def test_chosen_communes_are_named_and_the_others_only_titled():
    root = _draw(COMMUNES, {"21484", "21520", "99999"})

    assert [text.text for text in root.iter(f"{SVG}text")] == ["Đặng Thùy Trâm", "Ba Tơ"]
    assert root.find(f"{SVG}desc").text == "Ba Tơ, Đặng Thùy Trâm"
    assert root.attrib["aria-label"] == root.find(f"{SVG}title").text == "Nơi trồng"


def test_names_do_not_lie_on_each_other():
    twins = [Commune(str(n), "Đặng Thùy Trâm", 50, 14.7 + n / 1000, 108.7) for n in range(3)]
    texts = list(_draw([*COMMUNES, *twins], {"0", "1", "2"}).iter(f"{SVG}text"))

    baselines = sorted(int(text.attrib["y"]) for text in texts)
    assert all(below - above >= 15 for above, below in pairwise(baselines))


def test_a_place_is_a_dot_with_its_name():
    root = _draw(COMMUNES, {"21496"}, spots=[Spot("Thôn <Làng Teng>", 14.82, 108.79)])

    dot = root.find(f".//{SVG}circle[@class='map-dot']")
    assert dot.find(f"{SVG}title").text == "Thôn <Làng Teng>"


def test_one_commune_or_none_is_drawn_too():
    assert _by_name(_draw([BA_TO], {"21484"}), "circle").keys() == {"Ba Tơ"}
    assert not _by_name(_draw([], set()), "circle")


def test_a_map_has_no_size_no_style_and_only_whole_numbers(outlined):
    for communes in (COMMUNES, outlined):
        text = commune_map(communes, {"21484"}, title="Nơi trồng")
        root = ET.fromstring(text)
        assert root.attrib["viewBox"].startswith("0 0 360 ")
        assert not {"style", "width", "height", "id"} & {name for element in root.iter() for name in element.attrib}
        assert not re.search(r' (d|cx|cy|r|x|y)="[^"]*\.', text)


def test_outlines_are_drawn_inside_the_sheet_and_hold_their_middle(outlined):
    root = _draw(outlined, {"21484"})
    height = int(root.attrib["viewBox"].split()[3])
    paths = _by_name(root, "path")

    assert paths.keys() == {commune.name for commune in COMMUNES}
    for path in paths.values():
        ring = _ring(path.attrib["d"])
        assert all(0 <= x <= 360 and 0 <= y <= height for x, y in ring)
        assert len(ring) > 10
    x, y = (int(root.find(f".//{SVG}text").attrib[name]) for name in ("x", "y"))
    assert _is_inside((x, y - 5), _ring(paths["Ba Tơ"].attrib["d"]))


def test_outlines_of_eight_communes_weigh_at_most_1500_bytes(outlined):
    text = commune_map(outlined, {"21484"}, title="Nơi trồng")

    assert len(gzip.compress(text.encode(), 9)) <= 1_500


def test_a_simplified_outline_keeps_its_area(outlined):
    paths = _by_name(_draw(outlined, set()), "path")
    areas = {name: _area(_ring(path.attrib["d"])) for name, path in paths.items()}

    for commune in outlined:
        drawn = areas[commune.name] / areas["Ba Tô"]
        assert math.isclose(drawn, _area(commune.outline) / _area(outlined[5].outline), rel_tol=0.02)


@given(
    st.lists(st.lists(st.tuples(st.floats(108.5, 108.9), st.floats(14.6, 14.9)), max_size=12), min_size=1, max_size=5)
)
@settings(deadline=None)
def test_any_outline_is_drawn_or_falls_back_to_a_circle(rings):
    communes = [Commune(str(n), f"Xã {n}", 10, 14.7, 108.7, ring) for n, ring in enumerate(rings)]

    root = _draw(communes, {"0"})

    assert len(list(root.iter(f"{SVG}path"))) + len(list(root.iter(f"{SVG}circle"))) == len(rings)


def _ring(d: str) -> list[tuple[int, int]]:
    start, steps = re.fullmatch(r"M(\d+ \d+)l([-\d ]+)z", d).groups()
    points = [tuple(int(number) for number in start.split())]
    numbers = [int(number) for number in re.findall(r"-?\d+", steps)]
    for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
        points.append((points[-1][0] + dx, points[-1][1] + dy))
    return points


def _area(ring: list[tuple[float, float]]) -> float:
    around = zip(ring, [*ring[1:], ring[0]], strict=True)
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in around)) / 2


def _is_inside(point: tuple[int, int], ring: list[tuple[int, int]]) -> bool:
    x, y = point
    crossed = 0
    for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            crossed += 1
    return crossed % 2 == 1
