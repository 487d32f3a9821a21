"""Papers of orders as PDF: A4 documents of blocks, and the label of a parcel. Pure: words in, bytes out.

Everything is measured with the typeface itself before it is drawn, so a block that fits on a page is not torn.
The same words give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fpdf import FPDF

from traceability import typeface
from traceability.labels import QUIET_MODULES, qr_matrix, rectangles
from traceability.typeface import MM_A_POINT

A4, A6 = (210.0, 297.0), (105.0, 148.0)
LEFT, TOP, BOTTOM = 15.0, 14.0, 15.0
WIDTH = A4[0] - 2 * LEFT
BODY, SMALL, TITLE, HEADING = 10.0, 8.0, 18.0, 12.0  #: points
LEADING = 1.35
GAP = 3.0  #: mm, between a number and the next column
CODE = 26.0  #: mm, the side of a QR code on A4


@dataclass(frozen=True)
class Column:
    """A column of a table: its label, its share of the width, whether it is a number."""

    label: str
    share: int
    number: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of words under columns. ``ticks``: a box to tick stands before each row."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    ticks: bool = False


@dataclass(frozen=True)
class Block:
    """What belongs together on paper: a heading, facts, a table, sums, remarks, and a code to scan."""

    heading: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    table: Table | None = None
    sums: tuple[tuple[str, str], ...] = ()
    remarks: tuple[str, ...] = ()
    code: str = ""  #: address in a QR code, right of the facts
    signs: tuple[str, ...] = ()  #: who signs, side by side


@dataclass(frozen=True)
class Document:
    """An A4 document. ``foot`` stands at the bottom of each page, before its number."""

    title: str
    subtitle: str
    blocks: tuple[Block, ...]
    foot: str = ""


@dataclass(frozen=True)
class ParcelLabel:
    """What stands on a parcel: from whom, to whom, the cash to collect, its number and code."""

    sender: tuple[str, ...]
    receiver_label: str
    receiver: str
    phone: str
    address: str
    cash: str  #: "" where nothing is to be collected
    facts: tuple[tuple[str, str], ...]
    number: str
    url: str


def a4(document: Document, *, now: datetime) -> bytes:
    """Draw an A4 document."""
    paper = _Paper(A4, document.title, now)
    paper.new_page()
    paper.text(document.title, TITLE, bold=True)
    if document.subtitle:
        paper.text(document.subtitle, BODY)
    paper.down(2)
    for block in document.blocks:
        _block(paper, block)
    return paper.bytes(document.foot)


def parcel_label(label: ParcelLabel, *, now: datetime) -> bytes:
    """Draw the label of a parcel on A6."""
    paper = _Paper(A6, label.number, now, left=6.0, top=6.0)
    paper.new_page()
    code = 34.0
    paper.qr(label.url, A6[0] - 6.0 - code, 5.0, code)
    for line in label.sender:
        paper.text(line, SMALL, width=A6[0] - 14.0 - code)
    paper.down(1.5)
    paper.text(label.number, 15, bold=True, width=A6[0] - 14.0 - code)
    paper.y = max(paper.y, 5.0 + code) + 1.5
    paper.line()
    paper.text(label.receiver_label, SMALL)
    paper.text(label.receiver, 16, bold=True)
    paper.text(label.phone, 16, bold=True)
    paper.text(label.address, 13)
    paper.down(1.5)
    paper.line()
    if label.cash:
        paper.text(label.cash, 17, bold=True)
        paper.line()
    for name, value in label.facts:
        paper.text(f"{name}: {value}", BODY)
    return paper.bytes("")


def _block(paper: _Paper, block: Block) -> None:
    paper.room_for(min(_height(paper, block), A4[1] - TOP - BOTTOM - 20))
    if block.heading:
        paper.down(3)
        paper.line()
        paper.text(block.heading, HEADING, bold=True)
    top = paper.y
    if block.code:
        paper.qr(block.code, LEFT + WIDTH - CODE, top, CODE)
    inner = WIDTH - (CODE + 4 if block.code else 0)
    for name, value in block.facts:
        paper.fact(name, value, inner)
    if block.code:
        paper.y = max(paper.y, top + CODE + 1)
    if block.table is not None:
        paper.down(1)
        paper.table(block.table)
    for name, value in block.sums:
        paper.sum(name, value)
    for remark in block.remarks:
        paper.down(1)
        paper.text(remark, BODY, bold=True)
    if block.signs:
        paper.signs(block.signs)


def _height(paper: _Paper, block: Block) -> float:
    rows = sum(paper.row_height(block.table, row) for row in block.table.rows) + 7 if block.table else 0
    inner = WIDTH - (CODE + 4 if block.code else 0)
    facts = sum(paper.fact_height(value, inner) for _, value in block.facts)
    line = BODY * LEADING * MM_A_POINT
    remarks = sum(paper.height(remark, BODY, WIDTH, bold=True) + 1 for remark in block.remarks)
    signs = 26 if block.signs else 0
    return max(facts, CODE + 1 if block.code else 0) + rows + line * len(block.sums) + remarks + signs + 12


class _Paper:
    """A pen that goes down the pages."""

    def __init__(
        self, size: tuple[float, float], title: str, now: datetime, *, left: float = LEFT, top: float = TOP
    ) -> None:
        self._size, self._left, self._top = size, left, top
        self._pdf: Any = FPDF(unit="mm", format=size)
        self._pdf.set_auto_page_break(False)
        self._pdf.set_margin(0)
        self._pdf.add_font(typeface.FAMILY, "", typeface.REGULAR)
        self._pdf.add_font(typeface.FAMILY, "B", typeface.BOLD)
        self._pdf.set_title(title)
        self._pdf.set_lang("vi")
        self._pdf.set_creation_date(now)
        self.y = top

    def new_page(self) -> None:
        self._pdf.add_page()
        self._pdf.set_line_width(0.25)
        self.y = self._top

    def room_for(self, height: float) -> None:
        if self.y + height > self._size[1] - BOTTOM:
            self.new_page()

    def down(self, by: float) -> None:
        self.y += by

    def line(self) -> None:
        self._pdf.line(self._left, self.y, self._size[0] - self._left, self.y)
        self.y += 1.5

    def wrapped(self, text: str, size: float, width: float, *, bold: bool = False) -> list[str]:
        printable = typeface.face(bold).printable(text)
        lines, _ = typeface.wrapped(printable, bold=bold, size=size, width=width, most=40)
        return list(lines) or [""]

    def height(self, text: str, size: float, width: float, *, bold: bool = False) -> float:
        return len(self.wrapped(text, size, width, bold=bold)) * size * LEADING * MM_A_POINT

    def text(self, text: str, size: float, *, bold: bool = False, width: float | None = None) -> None:
        width = width or self._size[0] - 2 * self._left
        step = size * LEADING * MM_A_POINT
        for line in self.wrapped(text, size, width, bold=bold):
            self.room_for(step)
            self._put(line, self._left, self.y + step * 0.75, size, bold=bold)
            self.y += step

    def fact_height(self, value: str, width: float) -> float:
        return self.height(value, BODY, width - 42, bold=True)

    def fact(self, name: str, value: str, width: float) -> None:
        step = BODY * LEADING * MM_A_POINT
        self.room_for(step)
        self._put(typeface.face(False).printable(name), self._left, self.y + step * 0.75, BODY)
        for line in self.wrapped(value, BODY, width - 42, bold=True):
            self._put(line, self._left + 42, self.y + step * 0.75, BODY, bold=True)
            self.y += step

    def sum(self, name: str, value: str) -> None:
        step = BODY * LEADING * MM_A_POINT
        self.room_for(step)
        right = self._size[0] - self._left
        self._put_right(name, right - 34, self.y + step * 0.75, BODY)
        self._put_right(value, right, self.y + step * 0.75, BODY, bold=True)
        self.y += step

    def widths(self, table: Table) -> list[float]:
        whole = WIDTH - (7 if table.ticks else 0)
        shares = sum(column.share for column in table.columns)
        return [whole * column.share / shares for column in table.columns]

    def row_height(self, table: Table, row: Sequence[str]) -> float:
        pairs = zip(row, self.widths(table), strict=True)
        return max(self.height(cell, BODY, width - 2) for cell, width in pairs) + 1.6

    def table(self, table: Table) -> None:
        self._table_head(table)
        for row in table.rows:
            height = self.row_height(table, row)
            if self.y + height > self._size[1] - BOTTOM:
                self.new_page()
                self._table_head(table)
            self._row(table, row, height)
        self.y += 1

    def _table_head(self, table: Table) -> None:
        step = SMALL * LEADING * MM_A_POINT
        left = self._left + (7 if table.ticks else 0)
        for column, width in zip(table.columns, self.widths(table), strict=True):
            if column.number:
                self._put_right(column.label, left + width - GAP, self.y + step * 0.75, SMALL)
            else:
                self._put(typeface.face(False).printable(column.label), left, self.y + step * 0.75, SMALL)
            left += width
        self.y += step + 0.5
        self.line()
        self.y -= 1

    def _row(self, table: Table, row: Sequence[str], height: float) -> None:
        step = BODY * LEADING * MM_A_POINT
        left = self._left
        if table.ticks:
            self._pdf.rect(left, self.y + 0.8, 4, 4)
            left += 7
        for column, cell, width in zip(table.columns, row, self.widths(table), strict=True):
            y = self.y + 0.5
            for line in self.wrapped(cell, BODY, width - 2):
                if column.number:
                    self._put_right(line, left + width - GAP, y + step * 0.75, BODY)
                else:
                    self._put(line, left, y + step * 0.75, BODY)
                y += step
            left += width
        self.y += height
        self._pdf.set_draw_color(190)
        self._pdf.line(self._left, self.y, self._size[0] - self._left, self.y)
        self._pdf.set_draw_color(0)

    def signs(self, names: Sequence[str]) -> None:
        self.room_for(24)
        self.y += 4
        each = WIDTH / len(names)
        for number, name in enumerate(names):
            self._put(typeface.face(False).printable(name), self._left + number * each, self.y + 4, BODY)
            self._pdf.line(self._left + number * each, self.y + 18, self._left + (number + 1) * each - 8, self.y + 18)
        self.y += 20

    def qr(self, url: str, left: float, top: float, side: float) -> None:
        matrix = qr_matrix(url)
        module = side / (len(matrix) + 2 * QUIET_MODULES)
        self._pdf.set_fill_color(0)
        for x, y, width, height in rectangles(matrix):
            at = left + (QUIET_MODULES + x) * module, top + (QUIET_MODULES + y) * module
            self._pdf.rect(*at, width * module, height * module, style="F")

    def bytes(self, foot: str) -> bytes:
        pages = len(self._pdf.pages)
        if foot:
            for number in range(1, pages + 1):
                self._pdf.page = number
                self._pdf.set_font(typeface.FAMILY, "", BODY)  # what is set already is not written on a page again
                self._put(typeface.face(False).printable(foot), self._left, self._size[1] - 8, SMALL)
                self._put_right(f"{number}/{pages}", self._size[0] - self._left, self._size[1] - 8, SMALL)
        return bytes(self._pdf.output())

    def _put(self, text: str, x: float, y: float, size: float, *, bold: bool = False) -> None:
        if text:
            self._pdf.set_font(typeface.FAMILY, "B" if bold else "", size)
            self._pdf.text(x, y, text)

    def _put_right(self, text: str, right: float, y: float, size: float, *, bold: bool = False) -> None:
        text = typeface.face(bold).printable(text)
        self._put(text, right - typeface.face(bold).width(text, size), y, size, bold=bold)
