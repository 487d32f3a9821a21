"""QR codes as SVG and PNG, and sheets of labels as PDF: pure, from text to bytes.

Rules followed (ISO/IEC 18004, GS1 General Specifications 5.9): a quiet zone of four modules, error correction
M by default (Q for goods that get wet or rubbed), a module of at least 0.4 mm on the sheet. What a code says
stands beside it in letters. Black only, vectors only.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple
from xml.sax.saxutils import escape, quoteattr

import qrcode
from fpdf import FPDF
from PIL import Image
from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_L, ERROR_CORRECT_M, ERROR_CORRECT_Q

Level = Literal["L", "M", "Q", "H"]
Matrix = tuple[tuple[bool, ...], ...]
Rectangle = tuple[int, int, int, int]  #: left, top, width, height, in modules

QUIET_MODULES = 4
SMALLEST_MODULE_PX = 8

_LEVELS = {"L": ERROR_CORRECT_L, "M": ERROR_CORRECT_M, "Q": ERROR_CORRECT_Q, "H": ERROR_CORRECT_H}


# --- One code ------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def qr_matrix(text: str, level: Level = "M") -> Matrix:
    """Encode ``text`` as rows of modules, ``True`` for dark, without the quiet zone.

    :raises qrcode.exceptions.DataOverflowError: if no code can hold so much
    """
    code = qrcode.QRCode(error_correction=_LEVELS[level], border=0)
    code.add_data(text)
    code.make(fit=True)
    return tuple(tuple(bool(module) for module in row) for row in code.get_matrix())


def qr_svg(text: str, *, title: str, level: Level = "M") -> str:
    """Draw a code as an SVG element without size: one path of horizontal runs on white, one unit a module.

    :param title: what the code is for, read aloud and shown on hover
    """
    matrix = qr_matrix(text, level)
    side = len(matrix) + 2 * QUIET_MODULES
    runs = "".join(
        f"M{left + QUIET_MODULES} {top + QUIET_MODULES}h{width}v1h-{width}z"
        for top, row in enumerate(matrix)
        for left, width in _runs(row)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges"'
        f' role="img" aria-label={quoteattr(title)}><title>{escape(title)}</title>'
        f'<polygon fill="#fff" points="0,0 {side},0 {side},{side} 0,{side}"/><path d="{runs}"/></svg>'
    )


def qr_png(text: str, *, module_px: int = SMALLEST_MODULE_PX, level: Level = "M") -> bytes:
    """Draw a code as a black and white PNG, quiet zone included.

    :param module_px: pixels a module, at least 8: fewer do not survive being scaled by a printer
    """
    if module_px < SMALLEST_MODULE_PX:
        raise ValueError(f"a module needs {SMALLEST_MODULE_PX} pixels, not {module_px}")
    matrix = qr_matrix(text, level)
    side = len(matrix) + 2 * QUIET_MODULES
    image = Image.new("1", (side, side), 1)
    for top, row in enumerate(matrix):
        for left, dark in enumerate(row):
            if dark:
                image.putpixel((left + QUIET_MODULES, top + QUIET_MODULES), 0)
    file = io.BytesIO()
    image.resize((side * module_px, side * module_px), Image.Resampling.NEAREST).save(file, "PNG", optimize=True)
    return file.getvalue()


def _runs(row: Sequence[bool]) -> list[tuple[int, int]]:
    """Give the dark runs of a row as (start, length)."""
    runs: list[tuple[int, int]] = []
    for left, dark in enumerate(row):
        if dark and runs and sum(runs[-1]) == left:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        elif dark:
            runs.append((left, 1))
    return runs


def _rectangles(matrix: Matrix) -> list[Rectangle]:
    """Join equal runs of rows that follow each other: half the drawing, and no seams for a printer to show."""
    done: list[Rectangle] = []
    growing: dict[tuple[int, int], int] = {}  # run -> the row it began in
    for top, row in enumerate((*matrix, ())):
        runs = set(_runs(row))
        for run in growing.keys() - runs:
            began = growing.pop(run)
            done.append((run[0], began, run[1], top - began))
        for run in runs - growing.keys():
            growing[run] = top
    return sorted(done, key=lambda rectangle: (rectangle[1], rectangle[0]))


# --- A sheet of labels -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Label:
    """What one label says. The words are printed as given: Vietnamese, without line breaks."""

    url: str  #: what its code holds
    code: str  #: the code in letters, as people type it: "7K2QX-M90AD"
    product: str
    lot: str
    made_on: date
    expires_on: date | None
    organisation: str
    site: str = ""  #: short domain where the code can be typed in: "ocop.example/truy-xuat"
    remark: str = ""  #: printed in bold above the rest, for example "Dữ liệu mẫu"


COLUMNS, ROWS = 3, 8
LABELS_A_PAGE = COLUMNS * ROWS
# A4 sheet of 24 labels 70 x 37 mm, as sold everywhere. Few printers reach the outer 4 mm of a page.
_WIDTH, _HEIGHT, _TOP = 70.0, 37.0, 0.5
_INSET = 5.0
_QR_SIDE = 26.0
_TEXT_LEFT = _INSET + _QR_SIDE + 1.5
_TEXT_WIDTH = _WIDTH - _TEXT_LEFT - 4.5
_TEXT_HEIGHT = 29.0
_MM_A_POINT = 25.4 / 72
_FAMILY = "Be Vietnam Pro"


def label_sheet_pdf(
    labels: Sequence[Label],
    *,
    regular: Path,
    bold: Path,
    title: str,
    now: datetime,
    level: Level = "M",
    skip: int = 0,
) -> bytes:
    """Lay labels on A4 sheets of 24 (70 x 37 mm), as PDF with its fonts inside.

    :param regular: TrueType file of Be Vietnam Pro 400; ``bold`` that of 700
    :param title: of the document
    :param now: instant written into the document
    :param skip: places of the first sheet that are used up already, 0 to 23
    """
    if not 0 <= skip < LABELS_A_PAGE:
        raise ValueError(f"a sheet has {LABELS_A_PAGE} places, so {skip} cannot be used up")
    pdf = FPDF(orientation="portrait", unit="mm", format="A4")
    pdf.set_auto_page_break(False)
    pdf.set_margin(0)
    pdf.add_font(_FAMILY, "", regular)
    pdf.add_font(_FAMILY, "B", bold)
    pdf.set_title(title)
    pdf.set_lang("vi")
    pdf.set_creation_date(now)
    for place, label in enumerate(labels, start=skip):
        if place == skip or place % LABELS_A_PAGE == 0:
            pdf.add_page()
        row, column = divmod(place % LABELS_A_PAGE, COLUMNS)
        _draw_label(pdf, label, left=column * _WIDTH, top=_TOP + row * _HEIGHT, level=level)
    return bytes(pdf.output())


def _draw_label(pdf: Any, label: Label, *, left: float, top: float, level: Level) -> None:
    matrix = qr_matrix(label.url, level)
    module = _QR_SIDE / (len(matrix) + 2 * QUIET_MODULES)
    origin_x = left + _INSET + QUIET_MODULES * module
    origin_y = top + (_HEIGHT - _QR_SIDE) / 2 + QUIET_MODULES * module
    pdf.set_fill_color(0)
    for x, y, width, height in _rectangles(matrix):
        pdf.rect(origin_x + x * module, origin_y + y * module, width * module, height * module, style="F")
    lines = _lines_that_fit(pdf, label)
    baseline = top + (_HEIGHT - _height_of(lines)) / 2
    for line in lines:
        baseline += line.size * line.leading * _MM_A_POINT
        pdf.set_font(_FAMILY, line.style, line.size)
        pdf.text(left + _TEXT_LEFT, baseline - 0.25 * line.size * _MM_A_POINT, line.text)


class _Line(NamedTuple):
    text: str
    style: str
    size: float  #: points
    leading: float  #: as a multiple of the size


def _height_of(lines: list[_Line]) -> float:
    return sum(line.size * line.leading for line in lines) * _MM_A_POINT


def _lines_that_fit(pdf: Any, label: Label) -> list[_Line]:
    """Give the lines beside a code, all a little smaller when there are too many of them."""
    lines: list[_Line] = []
    for scale in (1, 0.95, 0.9, 0.85, 0.8):
        lines = _lines_of(pdf, label, scale)
        if _height_of(lines) <= _TEXT_HEIGHT:
            break
    return lines


def _lines_of(pdf: Any, label: Label, scale: float) -> list[_Line]:
    lines: list[_Line] = []

    def add(text: str, style: str, size: float, leading: float, most: int = 1) -> None:
        pdf.set_font(_FAMILY, style, size * scale)
        lines.extend(_Line(line, style, size * scale, leading) for line in _wrapped(pdf, text, most))

    def add_whole(text: str, style: str, size: float, leading: float) -> None:
        # Numbers and addresses are no use cut off: they are set smaller instead.
        pdf.set_font(_FAMILY, style, size * scale)
        text = _printable(pdf, text)
        narrow = min(1.0, _TEXT_WIDTH / (pdf.get_string_width(text) or 1))
        lines.append(_Line(text, style, size * scale * narrow, leading / narrow))

    if label.remark:
        add(label.remark, "B", 6, 1.3)
    add(label.product, "B", 8.5, 1.2, most=2)
    add(label.organisation, "", 6.5, 1.25, most=2)
    add_whole(f"Lô: {label.lot}", "", 7, 1.4)
    add_whole(f"NSX: {label.made_on:%d/%m/%Y}", "", 7, 1.25)
    if label.expires_on is not None:
        add_whole(f"HSD: {label.expires_on:%d/%m/%Y}", "", 7, 1.25)
    add_whole(label.code, "B", 8.5, 1.4)
    if label.site:
        add_whole(label.site, "", 6, 1.2)
    return lines


def _wrapped(pdf: Any, text: str, most: int) -> list[str]:
    """Break a text into at most so many lines of the label's width; what does not fit ends in "…"."""
    words = _printable(pdf, text).split()
    lines: list[str] = []
    while words and len(lines) < most:
        line = words.pop(0)
        if pdf.get_string_width(line) > _TEXT_WIDTH:
            line, rest = _broken(pdf, line)
            words.insert(0, rest)
        while words and pdf.get_string_width(f"{line} {words[0]}") <= _TEXT_WIDTH:
            line = f"{line} {words.pop(0)}"
        lines.append(line)
    if words:
        last = lines[-1]
        while pdf.get_string_width(last + "…") > _TEXT_WIDTH:
            # Half a name can be another name, so whole words go, as long as one is left.
            last = last.rpartition(" ")[0] or last[:-1]
        lines[-1] = last.rstrip(" ,;–-") + "…"
    return lines


def _broken(pdf: Any, word: str) -> tuple[str, str]:
    size = len(word) - 1
    while size > 1 and pdf.get_string_width(word[:size]) > _TEXT_WIDTH:
        size -= 1
    return word[:size], word[size:]


def _printable(pdf: Any, text: str) -> str:
    """Write what the font lacks (ĕ ŏ ŭ of Hrê spelling) without its mark, so that no empty box is printed."""
    known = pdf.current_font.cmap
    out = ""
    for sign in unicodedata.normalize("NFC", text):
        plain = sign if ord(sign) in known else unicodedata.normalize("NFD", sign)[0]
        out += plain if ord(plain) in known else " " if plain.isspace() else "?"
    return out
