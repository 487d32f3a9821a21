"""Statements of a bank account, as the bank's screens give them out: money that came, from a CSV or Excel file.

Banks name and order their columns each in their own way, above them stands a letterhead, below them a sum. The columns
are known by their names, or pointed out by whoever brings the file. A row that cannot be read is told of; the others
count all the same. What was told of before, by a notice or in another file, counts once: by the bank's reference, or
where a file gives none by account, day, amount and words, and by how many such rows there are.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import zipfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl
import openpyxl.utils.datetime
from sqlalchemy import Select, or_, select

from kernel import clock
from kernel.db import db, for_update
from kernel.errors import N_, InvalidInput
from kernel.text import fold, one_line
from storefront.gateways import codes
from storefront.order_models import BankAccount, Credit
from storefront.settling import Arrived

MOST_BYTES = 5 * 2**20
MOST_UNPACKED = 60 * 2**20  #: bytes: a small file may hide a large one
MOST_ROWS = 5_000
MOST_COLUMNS = 60
MOST_SIGNS = 1_000  #: of a cell that are kept
MOST_VND = 10**12
HEADING_WITHIN = 60  #: rows
SOURCE = "statement"
EARLIEST = date(2015, 1, 1)


class NotAStatement(InvalidInput):
    message = N_(
        "This is no CSV or Excel file that can be read. Save the statement as .csv or .xlsx and choose it again."
    )
    field = "file"


class StatementTooLarge(InvalidInput):
    message = N_("The file is too large: at most %(mb)s MB and %(rows)s rows are possible.")
    field = "file"


class UnknownColumns(InvalidInput):
    """The columns have names that are not known: somebody has to say which is which."""

    message = N_("The columns of this file are not known here. Please say which is which.")


class ColumnsTwice(InvalidInput):
    message = N_("Each column can be one thing only.")


class OthersStatement(InvalidInput):
    message = N_("This statement is of account %(number)s. Please choose that account.")
    field = "account"


class BadDay(InvalidInput):
    message = N_("“%(text)s” is not a day. Write it as day/month/year, for example 05/11/2026.")


class DayToCome(InvalidInput):
    message = N_("%(text)s is still to come.")


class NoDay(InvalidInput):
    message = N_("There is no day in this row.")


class NoMoney(InvalidInput):
    message = N_("There is no amount in this row.")


class BadMoney(InvalidInput):
    message = N_("“%(text)s” is not an amount of whole đồng.")


class BadMark(InvalidInput):
    message = N_("“%(text)s” does not say whether the money came or went.")


# --- The file ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Layout:
    """Which column is what, counted from nought, below the row of headings."""

    heading: int  #: which row of the file, from nought
    day: int
    credit: int  #: money that came; with signs or marks, also money that went
    memo: int
    reference: int | None = None
    mark: int | None = None  #: says of each row whether money came or went
    debit: int | None = None  #: money that went; the column of money that came where one says both


@dataclass(frozen=True)
class Line:
    """Money that came, as a row of a file says it."""

    row: int  #: as spreadsheets count
    at: datetime
    amount_vnd: int
    memo: str
    reference: str = ""


@dataclass(frozen=True)
class Problem:
    """What is wrong with a row."""

    row: int
    error: InvalidInput


@dataclass(frozen=True)
class Statement:
    """A file that was read: money that came, rows that are wrong, and how many rows are of money that went."""

    lines: tuple[Line, ...]
    problems: tuple[Problem, ...]
    outgoing: int


#: What banks call their columns, folded, most telling first. One name may begin or end otherwise.
_NAMES = {
    "day": (
        "ngay giao dich", "ngay gd", "thoi gian giao dich", "transaction date", "ngay hieu luc", "ngay hach toan",
        "ngay phat sinh", "posting date", "value date", "trans date", "ngay thang", "thoi gian", "ngay", "date",
    ),
    "credit": (
        "so tien ghi co", "phat sinh co", "ps co", "ghi co", "credit amount", "so tien vao", "tien vao", "so tien thu",
        "credit", "co",
    ),
    "debit": (
        "so tien ghi no", "phat sinh no", "ps no", "ghi no", "debit amount", "so tien ra", "tien ra", "so tien chi",
        "debit", "no",
    ),
    "amount": ("so tien giao dich", "so tien gd", "transaction amount", "so tien", "amount", "gia tri"),
    "mark": ("loai giao dich", "loai gd", "ghi no/ghi co", "no/co", "debit/credit", "dr/cr", "d/c", "+/-"),
    "memo": (
        "noi dung giao dich", "noi dung chi tiet", "noi dung", "dien giai", "mo ta giao dich", "mo ta",
        "transaction description", "transaction detail", "chi tiet giao dich", "chi tiet", "description", "details",
        "remarks", "narrative",
    ),
    "reference": (
        "so tham chieu", "ma tham chieu", "so but toan", "ma giao dich", "so giao dich", "ma gd", "so chung tu",
        "so ct", "reference number", "reference no", "transaction no", "transaction id", "ref no", "reference",
        "doc no", "ref", "so tc",
    ),
}  # fmt: skip
_INCOMING = {"c", "cr", "credit", "co", "ghi co", "+", "in", "thu", "tien vao", "den"}
_OUTGOING = {"d", "dr", "debit", "no", "ghi no", "-", "out", "chi", "tien ra", "di"}
#: Words in what a bank calls a kind of transaction: "Chuyển đi", "Rút tiền", "Debit transfer".
_COMES = {"co", "credit", "cr", "den", "deposit", "in", "incoming", "nhan", "nop", "thu", "vao"}
_GOES = {"chi", "debit", "di", "dr", "fee", "no", "out", "outgoing", "phi", "ra", "rut", "withdrawal"}
#: How a balance or a sum says what it is. A company ("Công ty", "Tổng công ty") is none.
_BESIDE = re.compile(
    r"(tong|cong|tong cong)(?=\s*($|[:(/]|(so|tien|phat sinh|ps|ghi|giao dich|doanh so|trang|trong ky)\b))"
    r"|(so du|total|balance|opening|closing|phat sinh trong|doanh so)\b"
)


def read(data: bytes) -> list[list[Any]]:
    """Read the rows of a file, empty ones too.

    :raises NotAStatement, StatementTooLarge:
    """
    if len(data) > MOST_BYTES:
        raise _too_large()
    rows = _read_excel(data) if data[:4] == b"PK\x03\x04" else _read_csv(data)
    if len(rows) > MOST_ROWS + HEADING_WITHIN:
        raise _too_large()
    if not any(_filled(row) for row in rows):
        raise NotAStatement()
    return rows


def recognise(rows: Sequence[Sequence[Any]]) -> Layout | None:
    """Find the row of headings and what its columns are; None if they have names that are not known."""
    for number, row in enumerate(rows[:HEADING_WITHIN]):
        headings = [_heading(cell) for cell in row]
        found = {kind: _column(headings, kind) for kind in _NAMES}
        credit = found["credit"] if found["debit"] is not None else None
        if credit is None:
            credit = found["amount"] if found["amount"] is not None else found["credit"]
        day, memo = found["day"], found["memo"]
        if day is None or memo is None or credit is None or len({day, memo, credit}) < 3:
            continue
        reference, mark, debit = (
            found[kind] if found[kind] not in (day, memo, credit) else None for kind in ("reference", "mark", "debit")
        )
        return Layout(number, day, credit, memo, reference, mark, credit if debit is None else debit)
    return None


def likely_heading(rows: Sequence[Sequence[Any]]) -> int:
    """Say which row holds the headings of a file that is not known: the first of those with the most cells."""
    widths = [len(_filled(row)) for row in rows[:HEADING_WITHIN]]
    return widths.index(max(widths))


def column_of_debit(heading: Sequence[Any]) -> int | None:
    """Find the column of money that went by its name."""
    return _column([_heading(cell) for cell in heading], "debit")


def look(rows: Sequence[Sequence[Any]], layout: Layout, *, today: date) -> Statement:
    """Read the money that came below the headings.

    :raises ColumnsTwice:
    """
    used = [
        column
        for column in (layout.day, layout.credit, layout.memo, layout.reference, layout.mark)
        if column is not None
    ]
    if len(set(used)) < len(used):
        raise ColumnsTwice()
    lines, problems, outgoing, summed = [], [], 0, 0
    last = max((index for index, row in _below(rows, layout) if _is_dated(row, layout)), default=len(rows) + 1)
    for index, row in _below(rows, layout):
        if not _filled(row) or _is_beside(row, layout, summed=summed, is_below=index > last):
            continue
        try:
            line = _line(index, row, layout, today)
        except InvalidInput as error:
            problems.append(Problem(index, error))
        else:
            if line is None:
                outgoing += 1
            else:
                lines.append(line)
        summed += max(_amount_or_nought(row, layout.credit), 0)
    return Statement(tuple(lines), tuple(problems), outgoing)


def _below(rows: Sequence[Sequence[Any]], layout: Layout) -> Iterator[tuple[int, Sequence[Any]]]:
    return enumerate(rows[layout.heading + 1 :], layout.heading + 2)


def check_account(rows: Sequence[Sequence[Any]], layout: Layout, account: BankAccount, own: Iterable[str]) -> None:
    """Refuse a file whose letterhead names another account of the same organisation, and not this one.

    :raises OthersStatement:
    """
    head = " ".join(str(cell) for row in rows[: layout.heading] for cell in row if cell is not None)
    named = set(re.findall(r"[0-9A-Z]{6,19}", head.upper().replace(" ", " ")))
    if account.number in named:
        return
    for number in sorted(set(own) & named):
        raise OthersStatement(number=number)


# --- What counts ------------------------------------------------------------------------------------


def identity(payee_id: int, account: str, reference: str, amount_vnd: int) -> str:
    """Name money by whose it is and its bank's reference: the same in a statement and in a notice.

    What stands behind a backslash is the bank's branch, and not in every form. The payee is named because two banks may
    give the same account number, and because nobody's money is lost by what another has written down.
    """
    bare = "".join(reference.split("\\")[0].upper().split())[:120]
    return f"{payee_id}/{account}:{bare}:{amount_vnd}"


def arrivals(account: BankAccount, lines: Sequence[Line]) -> list[Arrived]:
    """Say of each line what money it is, in the lines' order: the same line in another file is the same money.

    Give all lines of a file, those that were counted before too: alike ones are told apart by how many there are.
    """
    seen: Counter[str] = Counter()
    told = _told_by_others(account, [line for line in lines if not line.reference])
    taken = {name for names in told.values() for name in names}
    otherwise = _told_otherwise(account, lines)
    found = []
    for position, line in enumerate(lines):
        if position in otherwise:
            found.append(_arrived(account, line, otherwise[position]))
            continue
        if line.reference:
            name = _named(account, line.reference, line.amount_vnd)
        else:
            name = _without_reference(account, line)
            if told.get(_digest(line)):
                found.append(_arrived(account, line, told[_digest(line)].pop(0)))
                continue
        seen[name] += 1
        while not line.reference and _numbered(name, seen[name]) in taken:
            seen[name] += 1
        found.append(_arrived(account, line, _numbered(name, seen[name])))
    return found


def same_without_reference(account: BankAccount, line: Line) -> str | None:
    """Give the identity of money that a statement without references told of, for a notice of it that comes later.

    It is locked: whoever writes the notice's reference on it takes it away from the next notice that is like this one.
    """
    name = _without_reference(account, line)
    credits = db.session.scalars(
        for_update(
            select(Credit)
            .where(
                Credit.payee_id == account.organisation_id,
                Credit.bank_reference == "",
                or_(Credit.identity == name, Credit.identity.like(name + ":%")),
            )
            .order_by(Credit.id)
        )
    )
    return next((credit.identity for credit in credits), None)


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}:{number}"


def known(arrived: Sequence[Arrived]) -> set[str]:
    """Tell which money was counted before, by its identity."""
    names = [one.identity for one in arrived]
    found: set[str] = set()
    for begin in range(0, len(names), 500):
        found |= set(db.session.scalars(select(Credit.identity).where(Credit.identity.in_(names[begin : begin + 500]))))
    return found


def note_references(arrived: Sequence[Arrived]) -> None:
    """Write references on money that was told of without one: who tells of it with another tells of other money."""
    named = {one.identity: one.bank_reference for one in arrived if one.bank_reference}
    names = sorted(named)
    for begin in range(0, len(names), 500):
        wanted = Credit.identity.in_(names[begin : begin + 500])
        for credit in db.session.scalars(select(Credit).where(wanted, Credit.bank_reference == "")):
            credit.bank_reference = named[credit.identity]


def _arrived(account: BankAccount, line: Line, name: str) -> Arrived:
    return Arrived(
        identity=name,
        source=SOURCE,
        payee_id=account.organisation_id,
        amount_vnd=line.amount_vnd,
        memo=line.memo,
        at=line.at,
        account=account.number,
        bank_reference=line.reference[:120],
    )


def _around(account: BankAccount, lines: Collection[Line]) -> Select[Credit]:
    """Select the money of an account from the days of some lines, the first first."""
    first, last = min(line.at for line in lines), max(line.at for line in lines)
    return (
        select(Credit)
        .where(
            Credit.payee_id == account.organisation_id,
            Credit.account == account.number,
            Credit.arrived_at >= first - timedelta(days=1),
            Credit.arrived_at < last + timedelta(days=2),
        )
        .order_by(Credit.id)
    )


def _told_by_others(account: BankAccount, lines: Sequence[Line]) -> dict[str, list[str]]:
    """Find money that a notice told of with a reference, for lines that have none: digest of a line → identities."""
    if not lines:
        return {}
    credits = db.session.scalars(_around(account, lines).where(Credit.bank_reference != ""))
    found: dict[str, list[str]] = {}
    for credit in credits:
        line = Line(0, credit.arrived_at, credit.amount_vnd, credit.memo)
        found.setdefault(_digest(line), []).append(credit.identity)
    return found


def _told_otherwise(account: BankAccount, lines: Sequence[Line]) -> dict[int, str]:
    """Find money that was written down before its reference was known: place of a line that has one → identity.

    It is locked where it has no reference yet: who writes one on it takes it from other lines like this.
    """
    named = {place: line for place, line in enumerate(lines) if line.reference}
    if not named:
        return {}
    of_account = _around(account, named.values())
    numbered = db.session.scalars(of_account.where(Credit.bank_reference != "")).all()
    known = {credit.identity for credit in numbered}
    renamed = {_named(account, credit.bank_reference, credit.amount_vnd): credit.identity for credit in numbered}
    free: dict[str, list[str]] = {}
    for credit in db.session.scalars(for_update(of_account.where(Credit.bank_reference == ""))):
        free.setdefault(_digest(Line(0, credit.arrived_at, credit.amount_vnd, credit.memo)), []).append(credit.identity)
    found = {}
    for place, line in named.items():
        name = _named(account, line.reference, line.amount_vnd)
        if name in known:
            continue
        if name in renamed:
            found[place] = renamed[name]
        elif alike := free.get(_digest(line)):
            found[place] = alike.pop(0)
    return found


def _named(account: BankAccount, reference: str, amount_vnd: int) -> str:
    return identity(account.organisation_id, account.number, reference, amount_vnd)


def _without_reference(account: BankAccount, line: Line) -> str:
    return f"{account.organisation_id}/{account.number}:{_digest(line)}"


def _digest(line: Line) -> str:
    """Name a line that has no reference by its day, its amount and its words, however they are spaced."""
    words = re.sub(r"[\W_]+", "", fold(one_line(line.memo)[:500]))
    text = f"{clock.business_date(line.at)}|{line.amount_vnd}|{words}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


# --- Rows and cells ---------------------------------------------------------------------------------


def _line(number: int, row: Sequence[Any], layout: Layout, today: date) -> Line | None:
    """Read a row; None if its money went out.

    :raises NoDay, BadDay, DayToCome, NoMoney, BadMoney, BadMark:
    """
    amount = _amount_in(row, layout.credit)
    if amount < 0 or (amount and not _came(row, layout)):
        return None
    if not amount:
        if _went(row, layout):
            return None
        raise NoMoney()
    return Line(
        row=number,
        at=_instant(_cell(row, layout.day), today),
        amount_vnd=amount,
        memo=_text(row, layout.memo),
        reference=_text(row, layout.reference) if layout.reference is not None else "",
    )


def _came(row: Sequence[Any], layout: Layout) -> bool:
    """Tell by the mark of a row with an amount whether the money came; without one it did.

    :raises BadMark: if it says neither, or both, and no column of its own does
    """
    text = _text(row, layout.mark) if layout.mark is not None else ""
    mark = fold(text)
    words = set(mark.split())
    goes, comes = mark in _OUTGOING or bool(words & _GOES), mark in _INCOMING or bool(words & _COMES)
    is_said = goes != comes or layout.debit not in (None, layout.credit) or _text(row, layout.credit).startswith("+")
    if mark and not is_said:
        raise BadMark(text=text[:40])
    return comes or not goes


def _went(row: Sequence[Any], layout: Layout) -> bool:
    """Tell whether a row into which no money came says that some went; where that stands nobody may have said."""
    if layout.debit is not None:
        return layout.debit != layout.credit and _amount_in(row, layout.debit) != 0
    used = (layout.day, layout.credit, layout.memo, layout.reference, layout.mark)
    return any(_amount_or_nought(row, column) for column in range(len(row)) if column not in used)


def _is_beside(row: Sequence[Any], layout: Layout, *, summed: int, is_below: bool) -> bool:
    """Tell whether a row is none of the list: a balance, a sum of what stands above, or words below the list.

    What has the bank's reference, our code, or money and words of a transfer, is of the list, however broken it is.

    :param summed: what came, in the rows above
    :param is_below: no row with a day comes after it
    """
    if (layout.reference is not None and _text(row, layout.reference)) or codes.find(_text(row, layout.memo)):
        return False
    says_so = any(_BESIDE.match(fold(cell).strip()) for cell in row if isinstance(cell, str))
    if not any(_has_money(row, column) for column in (layout.credit, layout.debit)):
        return says_so or (is_below and not _is_dated(row, layout))
    if _is_day(_cell(row, layout.day)):
        return False
    if summed and _amount_or_nought(row, layout.credit) == summed:
        return says_so or not _text(row, layout.memo)
    return not _text(row, layout.memo) and (says_so or (is_below and not _text(row, layout.day)))


def _is_dated(row: Sequence[Any], layout: Layout) -> bool:
    """Tell whether a row has a day, and something else."""
    return _is_day(_cell(row, layout.day)) and len(_filled(row)) > 1


def _is_day(cell: Any) -> bool:
    is_number = isinstance(cell, datetime | date | int | float)
    return is_number or bool(re.search(r"\d{1,4}[/.\-]\d{1,2}", str(cell or "")))


def _has_money(row: Sequence[Any], column: int | None) -> bool:
    try:
        return column is not None and _amount_in(row, column) != 0
    except BadMoney:
        return True


def _amount_in(row: Sequence[Any], column: int) -> int:
    cell = _cell(row, column)
    return 0 if cell in (None, "") else _amount(cell)


def _amount_or_nought(row: Sequence[Any], column: int) -> int:
    try:
        return _amount_in(row, column)
    except BadMoney:
        return 0


def _instant(cell: Any, today: date) -> datetime:
    """Read a day, with its time where there is one, as of Viet Nam."""
    text = one_line(str(cell if cell is not None else ""))[:40]
    if isinstance(cell, datetime):
        day, of_day = cell.date(), cell.time()
    elif isinstance(cell, date):
        day, of_day = cell, time.min
    elif isinstance(cell, int | float) and not isinstance(cell, bool) and 40_000 <= cell < 80_000:
        at = openpyxl.utils.datetime.from_excel(cell)
        day, of_day = at.date(), at.time()
    elif text:
        day, of_day = _typed_day(text)
    else:
        raise NoDay()
    if day > today + timedelta(days=1):
        raise DayToCome(text=text)
    if day < EARLIEST:
        raise BadDay(text=text)
    return datetime.combine(day, of_day.replace(tzinfo=None, microsecond=0), clock.VIETNAM)


def _typed_day(text: str) -> tuple[date, time]:
    match = re.search(r"(?<!\d)(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})(?!\d)", text)
    iso = re.search(r"(?<!\d)(\d{4})[/.\-](\d{1,2})[/.\-](\d{1,2})(?!\d)", text)
    of_day = re.search(r"(?<!\d)(\d{1,2}):(\d{2})(?::(\d{2}))?", text)
    try:
        if match:
            day = date(int(match[3]), int(match[2]), int(match[1]))
        elif iso:
            day = date(int(iso[1]), int(iso[2]), int(iso[3]))
        else:
            raise BadDay(text=text)
        at = time(int(of_day[1]), int(of_day[2]), int(of_day[3] or 0)) if of_day else time.min
    except ValueError:
        raise BadDay(text=text) from None
    return day, at


def _amount(cell: Any) -> int:
    """Read an amount of whole đồng, with a sign where money went."""
    if isinstance(cell, bool):
        raise BadMoney(text=str(cell))
    if isinstance(cell, int | float):
        if cell != int(cell) or abs(cell) >= MOST_VND:
            raise BadMoney(text=str(cell)[:40])
        return int(cell)
    text = one_line(str(cell))[:60]
    bare = re.sub(r"(?i)(vnd|vnđ|đồng|đ|₫)", "", text).replace(" ", "").replace("'", "")
    sign = -1 if bare.startswith(("-", "(")) or bare.endswith("-") else 1
    bare = bare.strip("+-()")
    whole = re.sub(r"[.,]0{1,2}$", "", bare)
    if bare in ("", "0"):
        return 0
    if not re.fullmatch(r"\d{1,3}(?:,\d{3})+|\d{1,3}(?:\.\d{3})+|\d{1,12}", whole, re.ASCII):
        raise BadMoney(text=text)
    amount = int(re.sub(r"\D", "", whole))
    if amount >= MOST_VND:
        raise BadMoney(text=text)
    return sign * amount


def _heading(cell: Any) -> tuple[str, ...]:
    """Give the names of a column: its whole heading, and its parts where it is said in two languages."""
    whole = fold(one_line(str(cell))[:80]).strip(" :*") if isinstance(cell, str) else ""
    if not whole or whole in _NAMES["mark"]:
        return (whole,)
    return (whole, *(part.strip(" :*") for part in re.split(r"[/(|)]", whole)))


def _column(headings: Sequence[Sequence[str]], kind: str) -> int | None:
    """Find a column by the most telling of its names: whole first, then as a beginning."""
    for wanted in _NAMES[kind]:
        for index, names in enumerate(headings):
            if wanted in names:
                return index
    for wanted in _NAMES[kind]:
        for index, names in enumerate(headings):
            if len(wanted) > 4 and any(name.startswith(wanted + " ") for name in names):
                return index
    return None


def _cell(row: Sequence[Any], column: int) -> Any:
    cell = row[column] if 0 <= column < len(row) else None
    return cell.strip() if isinstance(cell, str) else cell


def _text(row: Sequence[Any], column: int) -> str:
    cell = _cell(row, column)
    if isinstance(cell, float) and cell == int(cell):
        cell = int(cell)
    return one_line(str(cell))[:MOST_SIGNS] if cell is not None else ""


def _filled(row: Sequence[Any]) -> list[Any]:
    return [cell for cell in row if cell is not None and str(cell).strip()]


# --- Bytes ------------------------------------------------------------------------------------------


def _too_large() -> StatementTooLarge:
    return StatementTooLarge(mb=MOST_BYTES // 2**20, rows=MOST_ROWS)


def _read_excel(data: bytes) -> list[list[Any]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MOST_UNPACKED:
            raise _too_large()
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()
            rows = sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True)
            most = MOST_ROWS + HEADING_WITHIN + 1
            return [list(row) for row, _ in zip(rows, range(most), strict=False)]
        finally:
            book.close()
    except InvalidInput:
        raise
    except Exception as problem:  # a broken file breaks the reader in many ways
        raise NotAStatement() from problem


def _read_csv(data: bytes) -> list[list[Any]]:
    text = _decoded(data)
    if "\0" in text:
        raise NotAStatement()
    lines = text.splitlines()
    sample = [line for line in lines[: HEADING_WITHIN * 2] if line.strip()]
    if not sample:
        raise NotAStatement()
    mark = max(";\t,|", key=lambda sign: sum(line.count(sign) for line in sample))
    try:
        rows = _rows_of(text, mark)
    except csv.Error as problem:
        raise NotAStatement() from problem
    if all(len(row) < 3 for row in rows):
        raise NotAStatement()
    return [list(row[:MOST_COLUMNS]) for row in rows]


def _rows_of(text: str, mark: str) -> list[list[str]]:
    """Part a CSV file; where a quote is open and swallows the rows below it, each line is a row.

    :raises csv.Error: if it cannot be read as one
    """
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True))
    except csv.Error:
        rows = []
    below = (line for row in rows for cell in row for line in cell.splitlines()[1:])
    if rows and all(line.count(mark) < 2 for line in below):
        return rows
    return [next(csv.reader([line], delimiter=mark), []) for line in re.split(r"\r\n|\r|\n", text)]


def _decoded(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "cp1258")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise NotAStatement()
