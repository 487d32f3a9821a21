"""Sheets of labels as PDF and SVG: grids of A4, rolls of single labels, sizes of one's own. Pure.

A label is composed once, in millimetres, and written by two writers. Names are broken and, if need be, shortened;
numbers, dates and the code never are. Where a code or its words would be too small to read, the size is refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import product
from typing import Any
from xml.sax.saxutils import escape

from fpdf import FPDF
from fpdf.enums import PDFResourceType

from kernel.errors import N_, InvalidInput
from traceability import typeface
from traceability.labels import QUIET_MODULES, Label, Level, Rectangle, qr_matrix, rectangles, runs_of
from traceability.typeface import MM_A_POINT

SMALLEST_MODULE_MM = 0.4
USUAL_MODULE_MM = 0.495
LARGEST_MODULE_MM = 0.7
#: No letter is smaller: the small letters of Be Vietnam Pro are 0.93 mm high then.
SMALLEST_POINTS = 5.0
A4 = (210.0, 297.0)
NARROWEST, WIDEST, LOWEST, HIGHEST = 20, 200, 15, 280  #: mm, of a label of one's own size


class OwnSizeOutOfRange(InvalidInput):
    message = N_("A label is %(narrowest)s to %(widest)s mm wide and %(lowest)s to %(highest)s mm high.")
    field = "width"


class CodeTooSmall(InvalidInput):
    message = N_(
        "On a label of %(size)s mm the squares of this code would be narrower than 0.4 mm, too small for a phone."
        " Choose a label on which %(needed)s mm are free for the code."
    )
    field = "sheet"


class WordsDoNotFit(InvalidInput):
    message = N_(
        "What must stand on the label does not fit on %(size)s mm in letters that can be read. Choose a larger label,"
        " or one language only."
    )
    field = "sheet"


@dataclass(frozen=True)
class Sheet:
    """A sheet of labels as it is sold, in millimetres. A roll is a sheet of one label."""

    key: str
    page: tuple[float, float]
    width: float
    height: float
    columns: int = 1
    rows: int = 1
    left: float = 0.0
    top: float = 0.0
    gap_x: float = 0.0
    gap_y: float = 0.0
    inset: tuple[float, float] = (1.5, 1.5)  #: left and right, above and below: nothing is printed there

    @property
    def places(self) -> int:
        """How many labels a sheet has."""
        return self.columns * self.rows

    @property
    def is_roll(self) -> bool:
        """Tell whether each label is a page of its own."""
        return self.places == 1

    @property
    def size(self) -> str:
        """The size of a label, for people: "70 × 37"."""
        return f"{self.width:g} × {self.height:g}"

    def corner(self, place: int) -> tuple[float, float]:
        """Give the left upper corner of a place, counted row by row from 0."""
        row, column = divmod(place, self.columns)
        return self.left + column * (self.width + self.gap_x), self.top + row * (self.height + self.gap_y)


# Few printers reach the outer 4 mm of a page: where labels go to its edge, nothing is printed near theirs.
_TO_THE_EDGE = (4.5, 4.0)
A4_24 = Sheet("a4-24", A4, 70, 37, 3, 8, top=0.5, inset=_TO_THE_EDGE)
PRESETS = {
    sheet.key: sheet
    for sheet in (
        A4_24,
        Sheet("a4-40", A4, 52.5, 29.7, 4, 10, inset=(4.2, 2.2)),
        Sheet("a4-21", A4, 63.5, 38.1, 3, 7, left=7.25, top=15.15, gap_x=2.5, inset=(2.0, 2.0)),
        Sheet("a4-12", A4, 105, 48, 2, 6, top=4.5, inset=(5.0, 4.0)),
        Sheet("a4-8", A4, 105, 74, 2, 4, top=0.5, inset=(5.0, 4.5)),
        Sheet("roll-40x30", (40, 30), 40, 30),
        Sheet("roll-50x30", (50, 30), 50, 30),
    )
}


def own_roll(width: float, height: float) -> Sheet:
    """Give a roll of labels of one's own size, in mm: tenths count.

    :raises OwnSizeOutOfRange:
    """
    _check_size(width, height)
    return Sheet(f"roll-{width:g}x{height:g}", (width, height), width, height)


def own_grid(width: float, height: float) -> Sheet:
    """Give an A4 sheet full of labels of one's own size (mm, tenths count), in its middle.

    :raises OwnSizeOutOfRange:
    """
    _check_size(width, height)
    # In tenths: 29.7 as a fraction of two is a little more than it is.
    columns, rows = (round(side * 10) // round(size * 10) for side, size in zip(A4, (width, height), strict=True))
    left, top = (A4[0] - columns * width) / 2, (A4[1] - rows * height) / 2
    at_edge = left < 4 or top < 4
    inset = (min(4.5, width / 8), min(4.0, height / 8)) if at_edge else (1.5, 1.5)
    return Sheet(f"a4-{width:g}x{height:g}", A4, width, height, columns, rows, left, top, inset=inset)


def _check_size(width: float, height: float) -> None:
    if not (NARROWEST <= width <= WIDEST and LOWEST <= height <= HIGHEST):
        raise OwnSizeOutOfRange(narrowest=NARROWEST, widest=WIDEST, lowest=LOWEST, highest=HIGHEST)


# --- Composing one label ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """A line of words, or of stars, at its place: millimetres from the label's left upper corner."""

    text: str
    bold: bool
    size: float  #: points
    left: float
    baseline: float
    stars: int = 0  #: drawn after the text


@dataclass(frozen=True)
class Composed:
    """A label laid out."""

    lines: tuple[Line, ...]
    code_left: float  #: of its dark modules, without the quiet zone
    code_top: float
    module: float  #: mm
    matrix: tuple[tuple[bool, ...], ...]
    rectangles: tuple[Rectangle, ...]


@dataclass(frozen=True)
class _Plan:
    """One way of laying a label out: how large its letters and modules are, and where the words stand."""

    shortened: int  #: 0: names whole; then at most two lines a name, one for the producer, one for each, set tightly
    scale: float
    module: float
    beside: bool  #: words right of the code; else below it
    parted: bool = False  #: a date may stand below its name: where nothing else fits


_SCALES = (1.5, 1.3, 1.15, 1.0, 0.93, 0.86, 0.8, 0.74, 0.68, 0.62)


def compose(label: Label, sheet: Sheet, level: Level = "M", *, like: list[_Plan] | None = None) -> Composed:
    """Lay a label out: letters as large as fit, names whole rather than large.

    :param like: what was found to fit for the label before, tried first: labels of one sheet look alike
    :raises CodeTooSmall: :raises WordsDoNotFit:
    """
    matrix = qr_matrix(label.url, level)
    side = len(matrix) + 2 * QUIET_MODULES
    free_width, free_height = sheet.width - 2 * sheet.inset[0], sheet.height - 2 * sheet.inset[1]
    largest = min(LARGEST_MODULE_MM, free_width / side, free_height / side)
    if largest < SMALLEST_MODULE_MM:
        needed = math.ceil(side * SMALLEST_MODULE_MM)
        raise CodeTooSmall(size=sheet.size, needed=f"{needed} × {needed}")
    for plan in (*(like or ()), *_plans(largest)):
        if plan.module <= largest:
            lines = _lines(label, sheet, plan, side)
            if lines is not None:
                if like is not None:
                    like[:] = [plan, *(other for other in like if other != plan)][:4]
                return _placed(lines, matrix, sheet, plan)
    raise WordsDoNotFit(size=sheet.size)


def _plans(largest: float) -> Iterator[_Plan]:
    modules = sorted({largest, *(m for m in (0.62, 0.55, USUAL_MODULE_MM, 0.45, 0.4) if m < largest)}, reverse=True)
    # First all ways with a code of the usual size; then letters grow, or shrink, at the code's expense.
    for parted, shortened, usual in product((False, True), range(4), (True, False)):
        for scale, module, beside in product(_SCALES, modules, (True, False)):
            if not usual or (module >= USUAL_MODULE_MM and scale > 0.75):
                yield _Plan(shortened, scale, module, beside, parted)


@dataclass(frozen=True)
class _Set:
    """A line that is set but has no place yet."""

    text: str
    bold: bool
    size: float
    leading: float
    stars: int = 0


def _lines(label: Label, sheet: Sheet, plan: _Plan, side: int) -> tuple[list[_Set], float, float] | None:
    """Set the words of a label, and say where they begin; None when they do not fit."""
    code = side * plan.module
    left, top = sheet.inset
    if plan.beside:
        left += code + 0.5
        height = sheet.height - 2 * sheet.inset[1]
    else:
        top += code
        height = sheet.height - sheet.inset[1] - top
    width = sheet.width - sheet.inset[0] - left
    if width < 9 or height < 3:
        return None
    lines = _set(label, width, plan)
    taken = sum(line.size * line.leading for line in lines or ()) * MM_A_POINT
    if lines is None or taken > height:
        return None
    return lines, left, top + ((height - taken) / 2 if plan.beside else 0)


def _set(label: Label, width: float, plan: _Plan) -> list[_Set] | None:
    lines: list[_Set] = []
    too_much = breaks_a_date = False
    letters = typeface.face(False)
    tightest = 1.15 if plan.shortened > 1 else 2.0

    def size_of(points: float) -> float:
        return max(SMALLEST_POINTS, points * plan.scale)

    def name(text: str, points: float, leading: float, *, bold: bool = False, most: int = 2) -> None:
        nonlocal too_much
        if text:
            size = size_of(points)
            broken, cut = typeface.wrapped(text, bold=bold, size=size, width=width, most=most)
            too_much = too_much or cut
            lines.extend(_Set(line, bold, size, min(leading, tightest)) for line in broken)

    def whole(text: str, points: float, leading: float, *, bold: bool = False) -> None:
        # Numbers and addresses are no use cut off.
        nonlocal too_much
        size = size_of(points)
        broken = typeface.unbroken(text, bold=bold, size=size, width=width)
        # Letters may become smaller before a number is broken.
        too_much = too_much or (len(broken) > 1 and size > SMALLEST_POINTS)
        lines.extend(_Set(line, bold, size, min(leading, tightest)) for line in broken)

    def dated(what: str, day: date) -> None:
        # A date is never broken: half of one can be read as another.
        nonlocal breaks_a_date
        size, written = size_of(7), f"{day:%d/%m/%Y}"
        parts = [f"{what}: {written}"]
        if plan.parted and letters.width(parts[0], size) > width:
            parts = [f"{what}:", written]
        breaks_a_date = breaks_a_date or any(letters.width(part, size) > width for part in parts)
        lines.extend(_Set(part, False, size, min(1.25, tightest)) for part in parts)

    of_product, of_producer = ((3, 3), (2, 2), (2, 1), (1, 1))[plan.shortened]
    name(label.remark, 6, 1.3, bold=True, most=1)
    name(label.product, 8.5, 1.2, bold=True, most=of_product)
    name(label.product_en, 6.5, 1.2, most=max(1, of_product - 1))
    name(label.organisation, 6.5, 1.25, most=of_producer)
    if label.stars:
        size = size_of(7)
        lines.append(_Set("OCOP", True, size, min(1.4, tightest), stars=label.stars))
        too_much = too_much or _stars_end(size, label.stars) > width
    both = label.in_english_too
    if label.lot:
        whole(f"{'Lô/Lot' if both else 'Lô'}: {label.lot}", 7, 1.4)
    if label.made_on is not None:
        dated("NSX/MFG" if both else "NSX", label.made_on)
    if label.expires_on is not None:
        dated("HSD/EXP" if both else "HSD", label.expires_on)
    if label.is_internal:
        name("Mã nội bộ/Internal code" if both else "Mã nội bộ", 6, 1.3, most=1)
    whole(label.code, 8.5, 1.4, bold=True)
    if label.site:
        whole(label.site, 6, 1.2)
    return None if breaks_a_date or (too_much and not plan.shortened) else lines


def _stars_end(size: float, stars: int) -> float:
    return typeface.face(True).width("OCOP ", size) + stars * size * MM_A_POINT * 0.95


def _placed(
    found: tuple[list[_Set], float, float], matrix: tuple[tuple[bool, ...], ...], sheet: Sheet, plan: _Plan
) -> Composed:
    set_lines, left, baseline = found
    lines = []
    for line in set_lines:
        baseline += line.size * line.leading * MM_A_POINT
        lines.append(Line(line.text, line.bold, line.size, left, baseline - 0.25 * line.size * MM_A_POINT, line.stars))
    side = (len(matrix) + 2 * QUIET_MODULES) * plan.module
    code_left, code_top = sheet.inset
    if plan.beside:
        code_top = (sheet.height - side) / 2
    quiet = QUIET_MODULES * plan.module
    return Composed(tuple(lines), code_left + quiet, code_top + quiet, plan.module, matrix, tuple(rectangles(matrix)))


def _star(left: float, middle: float, radius: float) -> list[tuple[float, float]]:
    """Give the ten corners of a star, the first on top."""
    return [
        (
            left + radius + (radius if corner % 2 == 0 else radius * 0.42) * math.sin(corner * math.pi / 5),
            middle - (radius if corner % 2 == 0 else radius * 0.42) * math.cos(corner * math.pi / 5),
        )
        for corner in range(10)
    ]


def _stars(line: Line) -> list[list[tuple[float, float]]]:
    em = line.size * MM_A_POINT
    begin = line.left + typeface.face(True).width("OCOP ", line.size)
    return [_star(begin + n * em * 0.95, line.baseline - em * 0.36, em * 0.43) for n in range(line.stars)]


def _all_composed(labels: Sequence[Label], sheet: Sheet, level: Level) -> list[Composed]:
    """Compose labels in their order; equal neighbours are one and the same."""
    done: list[Composed] = []
    like: list[_Plan] = []
    before: Label | None = None
    for label in labels:
        done.append(done[-1] if label == before else compose(label, sheet, level, like=like))
        before = label
    return done


# --- PDF ----------------------------------------------------------------------------------------------------


def label_sheet_pdf(
    labels: Sequence[Label],
    *,
    title: str,
    now: datetime,
    sheet: Sheet = A4_24,
    level: Level = "M",
    skip: int = 0,
) -> bytes:
    """Lay labels on sheets, as PDF with the letters it uses inside. The same labels give the same bytes.

    :param title: of the document; :param now: instant written into it
    :param skip: places of the first sheet that are used up already
    :raises CodeTooSmall: :raises WordsDoNotFit:
    """
    if not 0 <= skip < sheet.places:
        raise ValueError(f"a sheet has {sheet.places} places, so {skip} cannot be used up")
    composed = _all_composed(labels, sheet, level)  # what is refused is refused before any file is opened
    pdf = FPDF(unit="mm", format=sheet.page)
    pdf.set_auto_page_break(False)
    pdf.set_margin(0)
    pdf.add_font(typeface.FAMILY, "", typeface.REGULAR)
    pdf.add_font(typeface.FAMILY, "B", typeface.BOLD)
    pdf.set_title(title)
    pdf.set_lang("vi")
    pdf.set_creation_date(now)
    draw = _PdfWriter(pdf, sheet)
    for place, label in enumerate(composed, start=skip):
        if place == skip or place % sheet.places == 0:
            pdf.add_page()
            draw.begin_page()
        draw(label, place % sheet.places)
    return bytes(pdf.output())


class _PdfWriter:
    """Writes labels into the pages of a PDF; equal labels are written once and repeated."""

    def __init__(self, pdf: Any, sheet: Sheet) -> None:
        self._pdf, self._sheet = pdf, sheet
        self._last: tuple[Composed, str] | None = None
        self._fonts: dict[bool, Any] = {}
        for bold in (False, True):
            pdf.set_font(typeface.FAMILY, "B" if bold else "", 10)
            self._fonts[bold] = pdf.current_font

    def begin_page(self) -> None:
        """Let the page know the two fonts: words are written past the library's own slower way."""
        for font in self._fonts.values():
            self._pdf._resource_catalog.add(PDFResourceType.FONT, font.i, self._pdf.page)

    def __call__(self, label: Composed, place: int) -> None:
        """Draw a label at a place of the page."""
        if self._last is None or self._last[0] is not label:
            self._last = (label, self._written(label))
        left, top = self._sheet.corner(place)
        points_a_mm = 1 / MM_A_POINT
        x, y = left * points_a_mm, (self._sheet.page[1] - top) * points_a_mm
        self._pdf._out(f"q {points_a_mm:.5f} 0 0 {points_a_mm:.5f} {x:.3f} {y:.3f} cm {self._last[1]} Q")

    def _written(self, label: Composed) -> str:
        """Write a label in millimetres from its left upper corner, y upwards."""
        parts = [f"q {label.module:.5f} 0 0 {-label.module:.5f} {label.code_left:.4f} {-label.code_top:.4f} cm"]
        parts += [f"{x} {y} {width} {height} re" for x, y, width, height in label.rectangles]
        parts.append("f Q")
        for line in label.lines:
            font = self._fonts[line.bold]
            size = line.size * MM_A_POINT
            shown = font.encode_text(line.text)
            parts.append(f"BT /F{font.i} {size:.4f} Tf {line.left:.3f} {-line.baseline:.3f} Td {shown} ET")
            for corners in _stars(line):
                (x, y), *rest = corners
                parts.append(f"{x:.3f} {-y:.3f} m " + " ".join(f"{a:.3f} {-b:.3f} l" for a, b in rest) + " f")
        return " ".join(parts)


# --- SVG ----------------------------------------------------------------------------------------------------


def label_sheet_svgs(
    labels: Sequence[Label], *, title: str, sheet: Sheet = A4_24, level: Level = "M", skip: int = 0
) -> list[str]:
    """Lay labels on sheets, each an SVG in millimetres. Letters are outlines of the typeface: no program lacks them.

    :raises CodeTooSmall: :raises WordsDoNotFit:
    """
    if not 0 <= skip < sheet.places:
        raise ValueError(f"a sheet has {sheet.places} places, so {skip} cannot be used up")
    pages: list[list[tuple[int, Label, Composed]]] = []
    composed = _all_composed(labels, sheet, level)
    for place, (label, laid_out) in enumerate(zip(labels, composed, strict=True), start=skip):
        if not pages or place % sheet.places == 0:
            pages.append([])
        pages[-1].append((place % sheet.places, label, laid_out))
    return [_svg_page(page, sheet, title) for page in pages]


def label_svg(label: Label, sheet: Sheet, level: Level = "M") -> str:
    """Draw one label alone, for a look before printing.

    :raises CodeTooSmall: :raises WordsDoNotFit:
    """
    alone = Sheet(sheet.key, (sheet.width, sheet.height), sheet.width, sheet.height, inset=sheet.inset)
    return _svg_page([(0, label, compose(label, alone, level))], alone, _said(label))


def _svg_page(page: Iterable[tuple[int, Label, Composed]], sheet: Sheet, title: str) -> str:
    letters: dict[tuple[bool, str], str] = {}
    drawn = []
    last: tuple[Composed, str] | None = None
    for place, label, composed in page:
        if last is None or last[0] is not composed:
            last = (composed, _svg_label(composed, letters))
        left, top = sheet.corner(place)
        drawn.append(f'<g transform="translate({left:g} {top:g})"><desc>{escape(_said(label))}</desc>{last[1]}</g>')
    defined = "".join(
        f'<path id="{name}" d="{typeface.face(bold).outline(sign)}"/>' for (bold, sign), name in letters.items()
    )
    width, height = (f"{length:g}" for length in sheet.page)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}mm" height="{height}mm" viewBox="0 0 {width} {height}"'
        f' role="img"><title>{escape(title)}</title><defs>{defined}</defs>'
        f'<path fill="#fff" d="M0 0h{width}v{height}H0z"/>{"".join(drawn)}</svg>'
    )


def _svg_label(label: Composed, letters: dict[tuple[bool, str], str]) -> str:
    runs = "".join(
        f"M{left} {top}h{width}v1h-{width}z" for top, row in enumerate(label.matrix) for left, width in runs_of(row)
    )
    parts = [
        f'<path transform="translate({label.code_left:.3f} {label.code_top:.3f}) scale({label.module:.5f})"'
        f' shape-rendering="crispEdges" d="{runs}"/>'
    ]
    for line in label.lines:
        face = typeface.face(line.bold)
        scale, at = line.size * MM_A_POINT / face.units, 0
        uses = []
        for sign in line.text:
            if sign != " ":
                name = letters.setdefault((line.bold, sign), f"{'b' if line.bold else 'r'}{ord(sign):x}")
                uses.append(f'<use href="#{name}" x="{at}"/>')
            at += face.advance(sign)
        move = f"translate({line.left:.3f} {line.baseline:.3f}) scale({scale:.6f} {-scale:.6f})"
        parts.append(f'<g transform="{move}">{"".join(uses)}</g>')
        for corners in _stars(line):
            parts.append(f'<path d="M{"L".join(f"{x:.3f} {y:.3f}" for x, y in corners)}z"/>')
    return "".join(parts)


def _said(label: Label) -> str:
    """Say in one line what stands on a label, for who cannot see it."""
    return " · ".join(part for part in (label.product, label.organisation, label.lot, label.code) if part)
