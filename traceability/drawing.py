"""The supply chain of a lot as an SVG drawing and as a list that says the same. Pure: no rows, no requests.

What goes into something stands above it. At most three boxes stand side by side, so that the words in them can
be read on a telephone (more where the page lets the drawing scroll); a fuller layer goes on in the next row. Lines
that pass a row go between its boxes.
The drawing carries classes for the style sheet and, where there is none, attributes of the same look.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from traceability.lettering import wrapped


class NodeKind(enum.StrEnum):
    """What a box stands for."""

    RAW = "raw"  #: raw material
    LOT = "lot"  #: something between
    HERE = "here"  #: the lot whose page this is
    PLACE = "place"  #: where it went


@dataclass(frozen=True)
class ChainNode:
    """A box: a lot or a place."""

    key: str  #: unique in a drawing
    title: str  #: "Gạo rẫy"
    subtitle: str = ""  #: "HTX Ba Động · 120 kg"
    kind: NodeKind = NodeKind.LOT
    href: str = ""  #: the page of it, where the reader may open it
    is_bad: bool = False  #: held or recalled: its words say which


@dataclass(frozen=True)
class ChainEdge:
    """An arrow between the boxes with these keys: ``source`` goes into ``target``."""

    source: str
    target: str


@dataclass(frozen=True)
class ListedNode:
    """A line of the list that says what the drawing shows."""

    node: ChainNode
    level: int  #: 0 for what has nothing before it in the drawing
    made_from: tuple[ChainNode, ...]  #: what goes into it, in the order of the list


def as_list(nodes: Sequence[ChainNode], edges: Iterable[ChainEdge]) -> list[ListedNode]:
    """Order the boxes as one reads the drawing, each with what goes into it.

    Edges that name an unknown box, a box twice, or close a circle are left out of the order, and the first two
    kinds out of the list; every box is listed once.
    """
    graph = _Graph(nodes, edges)
    return [
        ListedNode(
            graph.nodes[key],
            level,
            tuple(graph.nodes[source] for source in graph.in_order if key in graph.targets[source]),
        )
        for level, layer in enumerate(graph.layers)
        for key in layer
    ]


def widest(nodes: Sequence[ChainNode], edges: Iterable[ChainEdge]) -> int:
    """Count the boxes of the fullest layer."""
    return max((len(layer) for layer in _Graph(nodes, edges).layers), default=0)


def chain_svg(
    nodes: Sequence[ChainNode], edges: Iterable[ChainEdge], *, title: str, description: str = "", across: int = 3
) -> str:
    """Draw the chain as an SVG element, 312 units wide and as high as it needs, without any size of its own.

    :param title: names the drawing for those who do not see it
    :param description: says what it shows; without one the arrows are told as "A → B; …"
    :param across: how many boxes may stand side by side; 6 make it 612 units wide
    """
    graph = _Graph(nodes, edges)
    width = _width(across)
    boxes, height = _placed(graph, across)
    told = description or "; ".join(
        f"{graph.nodes[source].title} → {graph.nodes[target].title}"
        for source in graph.in_order
        for target in graph.in_order
        if target in graph.targets[source]
    )
    lines, tips = _arrows(graph, boxes, width)
    drawn = "".join(_box_svg(box) for box in boxes.values())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="graph" viewBox="0 0 {width} {height}" role="img"'
        f' aria-label={quoteattr(title)} font-family="Be Vietnam Pro, sans-serif" text-anchor="middle">'
        f"<title>{escape(title)}</title><desc>{escape(told)}</desc>"
        + (f'<path class="graph-line" fill="none" stroke="#a3201b" stroke-width="2" d="{lines}"/>' if lines else "")
        + drawn
        + (f'<path class="graph-tip" fill="#a3201b" d="{tips}"/>' if tips else "")
        + "</svg>"
    )


# --- Who stands where ------------------------------------------------------------------------------------


class _Graph:
    """The boxes in layers, each below all that goes into it."""

    def __init__(self, nodes: Sequence[ChainNode], edges: Iterable[ChainEdge]) -> None:
        self.nodes = {node.key: node for node in nodes}
        self.targets: dict[str, set[str]] = {key: set() for key in self.nodes}
        for edge in edges:
            if edge.source in self.nodes and edge.target in self.nodes and edge.source != edge.target:
                self.targets[edge.source].add(edge.target)
        order = {key: place for place, key in enumerate(self.nodes)}
        self._forward = {key: sorted(targets, key=order.__getitem__) for key, targets in self.targets.items()}
        self.has_circle = self._cut_circles()
        self._backward: dict[str, list[str]] = {key: [] for key in self.nodes}
        for source, targets in self._forward.items():
            for target in targets:
                self._backward[target].append(source)
        self.layers = self._ordered(self._levels())
        self.in_order = [key for layer in self.layers for key in layer]

    def _cut_circles(self) -> bool:
        """Leave arrows that close a circle out of the layering: one box has to be above the other. Any at all?"""
        found = False
        done: set[str] = set()
        for start in self._forward:
            if start in done:
                continue
            path, open_keys = [(start, iter(list(self._forward[start])))], {start}
            while path:
                key, following = path[-1]
                target = next(following, None)
                if target is None:
                    path.pop()
                    open_keys.discard(key)
                    done.add(key)
                elif target in open_keys:
                    self._forward[key].remove(target)
                    found = True
                elif target not in done:
                    path.append((target, iter(list(self._forward[target]))))
                    open_keys.add(target)
        return found

    def _levels(self) -> dict[str, int]:
        waiting = {key: len(sources) for key, sources in self._backward.items()}
        ready = [key for key, count in waiting.items() if not count]
        levels = dict.fromkeys(self.nodes, 0)
        for key in ready:  # grows while it is walked
            for target in self._forward[key]:
                levels[target] = max(levels[target], levels[key] + 1)
                waiting[target] -= 1
                if not waiting[target]:
                    ready.append(target)
        for key, sources in self._backward.items():
            if not sources and self._forward[key]:  # raw material stands right above its first use
                levels[key] = min(levels[target] for target in self._forward[key]) - 1
        return levels

    def _ordered(self, levels: dict[str, int]) -> list[list[str]]:
        """Order each layer so that few arrows cross: every box near the middle of its neighbours."""
        layers: list[list[str]] = [[] for _ in range(max(levels.values(), default=-1) + 1)]
        for key in self.nodes:
            layers[levels[key]].append(key)
        layers = [layer for layer in layers if layer]
        for neighbours, way in ((self._backward, layers), (self._forward, layers[::-1]), (self._backward, layers)):
            for layer in way:
                place = {key: (n + 0.5) / len(other) for other in layers for n, key in enumerate(other)}
                middle = {
                    key: sum(place[other] for other in neighbours[key]) / len(neighbours[key])
                    if neighbours[key]
                    else place[key]
                    for key in layer
                }
                layer.sort(key=middle.__getitem__)
        return layers


# --- Boxes -------------------------------------------------------------------------------------------------

_MARGIN = 10  # at both sides: lines that pass a whole row go here
_GAP = 8
_BOX_WIDTHS = (204, 142, 92)  # the widest that fits; 92 is what words need to be read
_BETWEEN_ROWS, _BETWEEN_LAYERS = 28, 36
_AROUND_CIRCLE = 28  # above and below, for a line that comes back up
_TITLE_SIZE, _NOTE_SIZE = 13, 12
_TITLE_LEADING, _NOTE_LEADING = 17, 16
_TITLE_LINES, _NOTE_LINES = 3, 3
_PADDING_X, _PADDING_Y = 5, 8
_NUMBER_AND_UNIT = re.compile(r"(\d) (?=\w{1,5}\b)")


@dataclass(frozen=True)
class _Box:
    node: ChainNode
    row: int
    x: int
    y: int
    width: int
    height: int
    title: list[str]
    note: list[str]

    @property
    def middle(self) -> int:
        return self.x + self.width // 2


def _width(across: int) -> int:
    return 2 * _MARGIN + _row_width(across, _BOX_WIDTHS[-1])


def _row_width(count: int, box_width: int) -> int:
    return count * box_width + (count - 1) * _GAP


def _placed(graph: _Graph, across: int) -> tuple[dict[str, _Box], int]:
    whole = _width(across)
    boxes: dict[str, _Box] = {}
    around = _AROUND_CIRCLE if graph.has_circle else 2
    y, row = around, 0
    for layer in graph.layers:
        for part in _rows(layer, across):
            width = next(w for w in _BOX_WIDTHS if _row_width(len(part), w) <= whole - 2 * _MARGIN)
            texts = [_texts(graph.nodes[key], width) for key in part]
            height = max(_text_height(title, note) for title, note in texts) + 2 * _PADDING_Y
            x = (whole - _row_width(len(part), width)) // 2
            for key, (title, note) in zip(part, texts, strict=True):
                boxes[key] = _Box(graph.nodes[key], row, x, y, width, height, title, note)
                x += width + _GAP
            y += height + _BETWEEN_ROWS
            row += 1
        y += _BETWEEN_LAYERS - _BETWEEN_ROWS
    return boxes, max(y - _BETWEEN_LAYERS, 0) + around


def _rows(layer: list[str], across: int) -> list[list[str]]:
    """Share a layer out over rows of nearly the same number, at most ``across``."""
    count = -(-len(layer) // across)
    small, larger = divmod(len(layer), count)
    rows, start = [], 0
    for number in range(count):
        end = start + small + (number < larger)
        rows.append(layer[start:end])
        start = end
    return rows


def _texts(node: ChainNode, width: int) -> tuple[list[str], list[str]]:
    room = width - 2 * _PADDING_X
    return (
        wrapped(_tied(node.title), size=_TITLE_SIZE, width=room, most=_TITLE_LINES),
        wrapped(_tied(node.subtitle), size=_NOTE_SIZE, width=room, most=_NOTE_LINES),
    )


def _tied(text: str) -> str:
    """Keep a number and its unit on one line: "150 kg"."""
    return _NUMBER_AND_UNIT.sub("\\1\u00a0", text)


def _text_height(title: list[str], note: list[str]) -> int:
    return len(title) * _TITLE_LEADING + len(note) * _NOTE_LEADING


def _box_svg(box: _Box) -> str:
    node = box.node
    here = node.kind is NodeKind.HERE
    full = " – ".join(part for part in (node.title, node.subtitle) if part)
    kind = "graph-box graph-box-here" if here else f"graph-box graph-box-{node.kind.value}"
    kind += " graph-box-bad" if node.is_bad else ""
    radius = {NodeKind.RAW: 14, NodeKind.PLACE: 2}.get(node.kind, 8)
    look = 'fill="#1d1613"' if here else 'fill="#fff" stroke="#1d1613" stroke-width="1.5"'
    if node.is_bad:
        look += ' stroke="#a3201b" stroke-dasharray="6 3"' if here else ' stroke-dasharray="6 3"'
    opened, closed = (f"<a href={quoteattr(node.href)}>", "</a>") if node.href else ("", "")
    y = box.y + (box.height - _text_height(box.title, box.note)) // 2
    title_end = y + len(box.title) * _TITLE_LEADING
    return (
        f"<g>{opened}<title>{escape(full)}</title>"
        f'<rect class="{kind}" x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="{radius}" {look}/>'
        + _text_svg(box.title, box.middle, y + 13, _TITLE_LEADING, _TITLE_SIZE, here=here, note=False)
        + _text_svg(box.note, box.middle, title_end + 12, _NOTE_LEADING, _NOTE_SIZE, here=here, note=True)
        + f"{closed}</g>"
    )


def _text_svg(lines: list[str], x: int, y: int, leading: int, size: int, *, here: bool, note: bool) -> str:
    names = " ".join(name for name, wanted in (("graph-note", note), ("graph-text-here", here)) if wanted)
    look = f'font-size="{size}" fill="{"#fff" if here else "#5a4d45" if note else "#1d1613"}"'
    if not note:
        look += ' font-weight="700"'
    if names:
        look = f'class="{names}" {look}'
    return "".join(
        f'<text x="{x}" y="{y + number * leading}" {look}>{escape(line)}</text>' for number, line in enumerate(lines)
    )


# --- Arrows ------------------------------------------------------------------------------------------------


def _arrows(graph: _Graph, boxes: dict[str, _Box], width: int) -> tuple[str, str]:
    """Give the path data of all lines, and of their tips."""
    lines, tips = "", ""
    pointed_at: set[str] = set()
    for source in graph.in_order:
        for target in graph.in_order:
            if target in graph.targets[source]:
                lines += _line(boxes[source], boxes[target], list(boxes.values()), width)
                pointed_at.add(target)
    for key in graph.in_order:
        if key in pointed_at:
            tips += f"M{boxes[key].middle} {boxes[key].y}l-5-8h10z"
    return lines, tips


def _line(source: _Box, target: _Box, boxes: list[_Box], width: int) -> str:
    x1, y1 = source.middle, source.y + source.height
    x2, y2 = target.middle, target.y - 6
    passed = [box for box in boxes if source.row < box.row < target.row]
    if source.row >= target.row:  # closes a circle: out to the side, and up again
        lane, above = width - 4, target.y - 20
        return (
            f"M{x1} {y1}C{x1} {y1 + 16} {lane} {y1 + 16} {lane} {y1 - 8}V{above + 6}"
            f"C{lane} {above - 10} {x2} {above - 6} {x2} {y2}"
        )
    if not passed:
        half = (y1 + y2) // 2
        return f"M{x1} {y1}C{x1} {half} {x2} {half} {x2} {y2}"
    lane = _lane(x1, x2, passed, width)
    into = min(box.y for box in passed)
    out = max(box.y + box.height for box in passed)
    half_in, half_out = (y1 + into) // 2, (out + y2) // 2
    start = f"M{x1} {y1}C{x1} {half_in} {lane} {half_in} {lane} {into}"
    return start + f"V{out}C{lane} {half_out} {x2} {half_out} {x2} {y2}"


def _lane(x1: int, x2: int, passed: list[_Box], width: int) -> int:
    """Find where a line can pass whole rows: between their boxes or beside them, as near as it can."""
    sides = {4, width - 4}
    candidates = sides | {box.x - _GAP // 2 for box in passed} | {box.x + box.width + _GAP // 2 for box in passed}
    free = [x for x in candidates if all(x <= box.x - 3 or x >= box.x + box.width + 3 for box in passed)]
    return min((x for x in free if 0 < x < width), key=lambda x: (abs(x - x1) + abs(x - x2), x))
