"""QR codes as SVG and PNG, and what a label says: pure. Sheets of labels are laid out in ``traceability.sheets``.

Rules followed (ISO/IEC 18004, GS1 General Specifications 5.9): a quiet zone of four modules, error correction
M by default (Q for goods that get wet or rubbed), a module of at least 0.4 mm on the sheet. What a code says
stands beside it in letters. Black only, vectors only.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

import qrcode
from PIL import Image
from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_L, ERROR_CORRECT_M, ERROR_CORRECT_Q

Level = Literal["L", "M", "Q", "H"]
Matrix = tuple[tuple[bool, ...], ...]
Rectangle = tuple[int, int, int, int]  #: left, top, width, height, in modules

QUIET_MODULES = 4
SMALLEST_MODULE_PX = 8
#: The pattern laid over every code. Comparing all eight takes five times as long as the rest of the encoding, and
#: readers do not care which it is (docs/adr/0015-labels-and-codes-of-single-packs.md). Pattern 2 breaks up the long
#: runs of addresses.
MASK = 2

_LEVELS = {"L": ERROR_CORRECT_L, "M": ERROR_CORRECT_M, "Q": ERROR_CORRECT_Q, "H": ERROR_CORRECT_H}


# --- One code ------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def qr_matrix(text: str, level: Level = "M") -> Matrix:
    """Encode ``text`` as rows of modules, ``True`` for dark, without the quiet zone.

    :raises qrcode.exceptions.DataOverflowError: if no code can hold so much
    """
    code = qrcode.QRCode(error_correction=_LEVELS[level], border=0, mask_pattern=MASK)
    code.add_data(text)
    code.make(fit=True)
    return tuple(tuple(map(bool, row)) for row in code.modules)


class Drawing(str):
    """An SVG element that was drawn here, its words escaped: templates put it into a page as it is."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def qr_svg(text: str, *, title: str, level: Level = "M") -> Drawing:
    """Draw a code as an SVG element without size: one path of horizontal runs on white, one unit a module.

    :param title: what the code is for, read aloud and shown on hover
    """
    matrix = qr_matrix(text, level)
    side = len(matrix) + 2 * QUIET_MODULES
    runs = "".join(
        f"M{left + QUIET_MODULES} {top + QUIET_MODULES}h{width}v1h-{width}z"
        for top, row in enumerate(matrix)
        for left, width in runs_of(row)
    )
    return Drawing(
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


def runs_of(row: Sequence[bool]) -> list[tuple[int, int]]:
    """Give the dark runs of a row as (start, length)."""
    runs: list[tuple[int, int]] = []
    for left, dark in enumerate(row):
        if dark and runs and sum(runs[-1]) == left:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        elif dark:
            runs.append((left, 1))
    return runs


def rectangles(matrix: Matrix) -> list[Rectangle]:
    """Join equal runs of rows that follow each other: half the drawing, and no seams for a printer to show."""
    done: list[Rectangle] = []
    growing: dict[tuple[int, int], int] = {}  # run -> the row it began in
    for top, row in enumerate((*matrix, ())):
        runs = set(runs_of(row))
        for run in growing.keys() - runs:
            began = growing.pop(run)
            done.append((run[0], began, run[1], top - began))
        for run in runs - growing.keys():
            growing[run] = top
    return sorted(done, key=lambda rectangle: (rectangle[1], rectangle[0]))


# --- What a label says -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Label:
    """What one label says, word for word. What is empty or None has no line."""

    url: str  #: what its code holds
    code: str  #: the code in letters, as people type it: "7K2QX-M90AD"
    organisation: str
    product: str = ""
    product_en: str = ""  #: printed under the Vietnamese name when both languages are wanted
    lot: str = ""
    made_on: date | None = None
    expires_on: date | None = None
    stars: int = 0  #: of a certificate that stands on the day of printing; 0 for none
    site: str = ""  #: short domain where the code can be typed in: "ocop.example/truy-xuat"
    remark: str = ""  #: printed in bold above the rest, for example "Dữ liệu mẫu"
    is_internal: bool = False  #: the code is this platform's own, not a GTIN; said on the label
    in_english_too: bool = False  #: the words before lot and dates in both languages
