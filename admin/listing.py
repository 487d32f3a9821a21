"""What all lists of the back office share: page and order read from the address, sorted headings, CSV files.

In the address: ``q`` words, ``sap-xep`` the column (with a minus for descending), ``trang`` the page, ``dang=csv``
(or ``xlsx``) the same list as a file, all pages of it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

import xlsxwriter
from flask import Response, request
from sqlalchemy import Select, func, select

from kernel.db import db


def page_asked() -> int:
    """Read the number of the page; 1 when it is none."""
    text = request.args.get("trang", "")
    return max(1, int(text)) if text.isascii() and text.isdecimal() and len(text) < 7 else 1


def order_asked(known: Sequence[str], default: str) -> tuple[str, bool]:
    """Read the column and whether it runs downwards; ``default`` (as written in an address) when it is none."""
    text = request.args.get("sap-xep", default)
    if text.removeprefix("-") not in known:
        text = default
    return text.removeprefix("-"), text.startswith("-")


def heading(
    label: str, column: str | None = None, order: tuple[str, bool] = ("", False), **more: Any
) -> dict[str, Any]:
    """Describe a column for the ``table`` macro; with ``column``, its label is a link that sorts by it."""
    described: dict[str, Any] = {"label": label, **more}
    if column is not None:
        here = order[0] == column
        described["sort_url"] = address(**{"sap-xep": f"-{column}" if here and not order[1] else column, "trang": None})
        if here:
            described["sorted"] = "descending" if order[1] else "ascending"
    return described


def address(**changes: str | int | None) -> str:
    """Give the present address with some query parameters changed; None takes one away."""
    pairs = [(name, value) for name, value in request.args.items(multi=True) if name not in changes]
    pairs += [(name, str(value)) for name, value in changes.items() if value is not None]
    return request.path + ("?" + urlencode(pairs) if pairs else "")


class Page(NamedTuple):
    """A page of a list: its rows, which of how many pages it is, and how many rows there are in all."""

    rows: list[Any]
    number: int
    last: int
    total: int


def page_of(query: Select[*tuple[Any, ...]], *, rows: int = 50) -> Page:
    """Read the page asked for of an ordered query, the last one where there are not so many (two statements)."""
    total = int(db.session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0)
    last = max(1, -(-total // rows))
    number = min(page_asked(), last)
    return Page(list(db.session.execute(query.limit(rows).offset((number - 1) * rows))), number, last, total)


def asks_for_csv() -> bool:
    """Tell whether the list is wanted as a file."""
    return request.args.get("dang") == "csv"


def csv_file(name: str, header: Iterable[str], rows: Iterable[Iterable[object]]) -> Response:
    """Answer with a CSV file: UTF-8 with its mark, so that spreadsheets read Vietnamese; no cell is a formula.

    :param name: of the file, without ``.csv``; letters without marks
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([_harmless(cell) for cell in header])
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    answer = Response("\ufeff" + text.getvalue(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def asks_for_xlsx() -> bool:
    """Tell whether the list is wanted as an Excel file."""
    return request.args.get("dang") == "xlsx"


def xlsx_file(name: str, header: Sequence[str], rows: Iterable[Iterable[object]]) -> Response:
    """Answer with an Excel file of one sheet: numbers are numbers, all else is text.

    :param name: of the file, without ``.xlsx``; letters without marks
    """
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet(name[:31])
        sheet.write_row(0, 0, header, book.add_format({"bold": True, "text_wrap": True, "valign": "top"}))
        money = book.add_format({"num_format": "#,##0"})
        for number, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                if isinstance(cell, int):
                    sheet.write_number(number, column, cell, money)
                elif cell is not None:
                    sheet.write_string(number, column, str(cell))
        sheet.freeze_panes(1, 1)
        sheet.set_column(0, 0, 32)
        sheet.set_column(1, max(1, len(header) - 1), 18)
    answer = Response(file.getvalue(), mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _harmless(cell: object) -> object:
    """Keep a spreadsheet from reading what somebody typed as a formula."""
    if isinstance(cell, str) and cell.lstrip()[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + cell
    return "" if cell is None else cell
