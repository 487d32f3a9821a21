"""The supply chain as a drawing and as a list: whatever the chain, one can read it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st

from traceability.drawing import ChainEdge, ChainNode, NodeKind, as_list, chain_svg
from traceability.lettering import width_of, wrapped

SVG = "{http://www.w3.org/2000/svg}"
FONT = next((Path(__file__).resolve().parents[2] / "static" / "fonts").glob("be-vietnam-pro-*/BeVietnamPro-Bold.ttf"))
LONG = "Hợp tác xã Nông nghiệp và Dịch vụ tổng hợp của người Hrê ở Đặng Thùy Trâm"

RICE, YEAST, MASH, WINE, SHOP = (
    ChainNode("rice", "Gạo rẫy", "Hộ Phạm Văn Tế · 150 kg", NodeKind.RAW),
    ChainNode("yeast", "Men lá", "", NodeKind.RAW),
    ChainNode("mash", "Cơm rượu ủ", "280 kg"),
    ChainNode("wine", "Rượu cần", "Lô RC-1", NodeKind.HERE),
    ChainNode("shop", "Cửa hàng OCOP", "200 ché", NodeKind.PLACE),
)
CHAIN = [
    ChainEdge("rice", "mash"),
    ChainEdge("yeast", "mash"),
    ChainEdge("mash", "wine"),
    ChainEdge("wine", "shop"),
]


def _draw(nodes: list[ChainNode], edges: list[ChainEdge]) -> ET.Element:
    return ET.fromstring(chain_svg(nodes, edges, title="Chuỗi cung ứng"))


def _boxes(root: ET.Element) -> dict[str, tuple[int, int, int, int]]:
    """Give left, top, right, bottom of each box by its full words."""
    found = {}
    for group in root.findall(f"{SVG}g"):
        rect = group.find(f"{SVG}rect")
        x, y, width, height = (int(rect.attrib[name]) for name in ("x", "y", "width", "height"))
        found[group.find(f"{SVG}title").text] = (x, y, x + width, y + height)
    return found


def _side(root: ET.Element) -> tuple[int, int]:
    _, _, width, height = (int(number) for number in root.attrib["viewBox"].split())
    return width, height


def _graph(count: int, pairs: list[tuple[int, int]]) -> tuple[list[ChainNode], list[ChainEdge]]:
    nodes = [ChainNode(str(n), f"{n} {LONG if n % 3 else 'Sả'}", f"{n} kg" if n % 2 else "") for n in range(count)]
    return nodes, [ChainEdge(str(source), str(target)) for source, target in pairs]


graphs = st.integers(1, 40).flatmap(
    lambda count: st.tuples(
        st.just(count), st.lists(st.tuples(st.integers(0, count), st.integers(0, count)), max_size=2 * count)
    )
)


# --- Drawn -------------------------------------------------------------------------------------------


def test_what_goes_into_something_stands_above_it():
    boxes = _boxes(_draw([WINE, SHOP, MASH, YEAST, RICE], CHAIN))

    rice, yeast = boxes["Gạo rẫy – Hộ Phạm Văn Tế · 150 kg"], boxes["Men lá"]
    mash, wine, shop = boxes["Cơm rượu ủ – 280 kg"], boxes["Rượu cần – Lô RC-1"], boxes["Cửa hàng OCOP – 200 ché"]
    assert rice[1] == yeast[1]
    assert rice[3] < mash[1]
    assert mash[3] < wine[1]
    assert wine[3] < shop[1]


def test_raw_material_stands_right_above_its_first_use():
    late = ChainNode("late", "Nhãn")
    boxes = _boxes(_draw([RICE, YEAST, MASH, WINE, SHOP, late], [*CHAIN, ChainEdge("late", "wine")]))

    assert boxes["Nhãn"][1] == boxes["Cơm rượu ủ – 280 kg"][1]


def test_each_arrow_ends_in_a_tip_on_the_box_it_points_at():
    root = _draw([RICE, YEAST, MASH, WINE, SHOP], CHAIN)
    tips = re.findall(r"M(\d+) (\d+)l-5-8h10z", root.find(f"{SVG}path[@class='graph-tip']").attrib["d"])

    tops = {((left + right) // 2, top) for left, top, right, _ in _boxes(root).values()}
    assert len(tips) == 3
    assert {(int(x), int(y)) for x, y in tips} <= tops
    assert root.find(f"{SVG}path[@class='graph-line']").attrib["d"].count("M") == 4


@given(graphs)
@settings(deadline=None, max_examples=60)
def test_whatever_the_chain_every_box_is_there_once_apart_and_inside(graph):
    nodes, edges = _graph(*graph)

    root = _draw(nodes, edges)

    boxes, (width, height) = list(_boxes(root).values()), _side(root)
    assert len(boxes) == len(nodes)
    assert width <= 360
    assert all(x1 >= 8 and y1 >= 0 and x2 <= width - 8 and y2 <= height for x1, y1, x2, y2 in boxes)
    for one, other in combinations(boxes, 2):
        assert one[2] < other[0] or other[2] < one[0] or one[3] < other[1] or other[3] < one[1]
    rows = [box[1] for box in boxes]
    assert max(rows.count(y) for y in rows) <= 3


@given(graphs)
@settings(deadline=None, max_examples=60)
def test_lines_that_pass_a_row_go_between_its_boxes(graph):
    root = _draw(*_graph(*graph))
    line = root.find(f"{SVG}path[@class='graph-line']")
    drawn = line.attrib["d"] if line is not None else ""

    for x, y1, y2 in re.findall(r" (\d+) (-?\d+)V(-?\d+)C", drawn):
        top, bottom = sorted((int(y1), int(y2)))
        for left, above, right, below in _boxes(root).values():
            assert not (left < int(x) < right and above < bottom and below > top)


@given(graphs)
@settings(deadline=None, max_examples=40)
def test_without_circles_no_arrow_points_upwards(graph):
    count, pairs = graph
    nodes, edges = _graph(count, [(min(pair), max(pair)) for pair in pairs])

    place = {listed.node.key: listed.level for listed in as_list(nodes, edges)}

    for edge in edges:
        if edge.source in place and edge.target in place and edge.source != edge.target:
            assert place[edge.source] < place[edge.target]


@pytest.mark.parametrize(
    "edges",
    [
        [("a", "b"), ("b", "a")],
        [("a", "b"), ("b", "c"), ("c", "a")],
        [("a", "a"), ("a", "b")],
        [("a", "b"), ("a", "b"), ("a", "unknown"), ("unknown", "b")],
    ],
)
def test_circles_and_nonsense_are_drawn_as_well_as_can_be(edges):
    nodes = [ChainNode(key, key.upper()) for key in "abc"]

    root = _draw(nodes, [ChainEdge(*edge) for edge in edges])

    assert len(_boxes(root)) == 3
    assert [listed.node for listed in as_list(nodes, [ChainEdge(*edge) for edge in edges])]


def test_a_chain_of_nothing_is_an_empty_drawing():
    assert not _boxes(_draw([], []))
    assert as_list([], []) == []


@given(st.text(max_size=60), st.text(max_size=60))
@settings(deadline=None)
def test_any_words_make_sound_xml(title, note):
    visible = "".join(sign for sign in title + note if sign.isprintable())

    root = _draw([ChainNode("a", visible, visible)], [])

    assert root.attrib["aria-label"] == "Chuỗi cung ứng"


# --- Read --------------------------------------------------------------------------------------------


def test_it_is_named_told_and_styled_by_classes_only():
    text = chain_svg([RICE, YEAST, MASH, WINE, SHOP], CHAIN, title='Chuỗi "A & B"')
    root = ET.fromstring(text)

    assert root.attrib["aria-label"] == 'Chuỗi "A & B"'
    assert root.find(f"{SVG}title").text == 'Chuỗi "A & B"'
    assert root.find(f"{SVG}desc").text.startswith("Gạo rẫy → Cơm rượu ủ; ")
    assert not {"style", "onclick", "id"} & {name for element in root.iter() for name in element.attrib}
    assert not {"width", "height"} & root.attrib.keys()
    assert text.count("graph-box-here") == 1


def test_no_words_are_smaller_than_twelve():
    root = _draw(*_graph(40, [(n, n + 3) for n in range(37)]))

    sizes = [float(text.attrib["font-size"]) for text in root.iter(f"{SVG}text")]
    assert sizes
    assert min(sizes) >= 12


def test_long_names_stay_inside_their_boxes_and_are_told_whole():
    font = TTFont(FONT)
    advance, letters, em = font["hmtx"], font.getBestCmap(), font["head"].unitsPerEm
    root = _draw([ChainNode(str(n), LONG, f"{LONG} · 12.500 kg") for n in range(5)], [ChainEdge("0", "4")])

    for group in root.findall(f"{SVG}g"):
        rect = group.find(f"{SVG}rect").attrib
        assert group.find(f"{SVG}title").text == f"{LONG} – {LONG} · 12.500 kg"
        for text in group.findall(f"{SVG}text"):
            wide = sum(advance[letters[ord(sign)]][0] for sign in text.text) / em * float(text.attrib["font-size"])
            assert wide <= int(rect["width"]) - 6
            assert int(rect["y"]) + 8 < int(text.attrib["y"]) < int(rect["y"]) + int(rect["height"]) - 4


def test_the_drawing_of_forty_boxes_is_light_enough_for_a_telephone():
    import gzip

    nodes, edges = _graph(40, [(n, n + 4) for n in range(36)] + [(n, n + 7) for n in range(33)])

    assert len(gzip.compress(chain_svg(nodes, edges, title="Chuỗi").encode())) < 4_000


def test_the_list_says_what_the_drawing_shows():
    told = [(one.node, one.level, one.made_from) for one in as_list([WINE, SHOP, MASH, YEAST, RICE], CHAIN)]

    assert told == [
        (YEAST, 0, ()),
        (RICE, 0, ()),
        (MASH, 1, (YEAST, RICE)),
        (WINE, 2, (MASH,)),
        (SHOP, 3, (WINE,)),
    ]


@given(graphs)
@settings(deadline=None, max_examples=40)
def test_every_arrow_is_in_the_list_once(graph):
    nodes, edges = _graph(*graph)
    keys = {node.key for node in nodes}

    listed = as_list(nodes, edges)

    arrows = [(source.key, one.node.key) for one in listed for source in one.made_from]
    assert len(arrows) == len(set(arrows))
    assert set(arrows) == {(e.source, e.target) for e in edges if e.source != e.target and {e.source, e.target} <= keys}


# --- How wide words are ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", [LONG, "Rượu sim Ba Tơ", "Mật ong rừng", "WWW MMM", "Iili.,", "0123456789 kg", "ĐẶNG THÙY TRÂM"]
)
def test_the_estimated_width_is_near_the_true_one_and_not_below_it(text):
    font = TTFont(FONT)
    letters = font.getBestCmap()
    true = sum(font["hmtx"][letters[ord(sign)]][0] for sign in text) / font["head"].unitsPerEm * 13

    assert true <= width_of(text, 13) <= 1.12 * true


@given(st.text(max_size=80), st.integers(1, 4), st.integers(30, 200))
def test_broken_lines_fit_and_are_not_too_many(text, most, width):
    lines = wrapped(text, size=13, width=width, most=most)

    assert len(lines) <= most
    assert all(width_of(line, 13) <= width or len(line) <= 2 for line in lines)


def test_a_number_stays_with_its_unit_and_a_dot_does_not_end_a_line():
    root = _draw([ChainNode(str(n), "Gạo", "Hộ ông Phạm Văn Tế · 150 kg") for n in range(3)], [])

    lines = [text.text.replace("\u00a0", " ") for text in root.iter(f"{SVG}text")]
    assert "150 kg" in lines
    assert not any(line.endswith("·") for line in lines)
