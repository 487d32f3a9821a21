"""Products and prices out to Excel and back in, by the same columns.

The first row holds the names of the columns for the machine, the second (it begins with ``#``) for people; then
comes a row for each trade item, the words of its product repeated. Read back, a product is known by its address
(``slug``) or, new, by its name; a trade item by its code or, without one, by its name and content. So a file that
is read twice changes nothing the second time. A cell that was emptied empties the word; a column that was taken
out leaves its words alone. Items that are not in the file stay. What is in a set is named by addresses and codes too;
sets are read last, so that goods which are new in the same file can be in them.

Nothing in a cell is ever a formula: texts are written as texts and read as the values they show.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import openpyxl
import xlsxwriter
from sqlalchemy import select

from accounts.actor import Actor
from accounts.models import Organisation
from catalog import editing, labels, pricing, queries, sets
from catalog.models import Product, ProductVersion, TradeItem, Unit
from kernel.clock import business_date
from kernel.db import db, listed
from kernel.errors import N_, Conflict, DomainError, InvalidInput
from kernel.models import AdministrativeUnit
from kernel.text import nfc, one_line

MOST_BYTES = 5 * 2**20
MOST_UNPACKED = 60 * 2**20  #: bytes: a small file may hide a large one
MOST_ROWS = 1_000
MOST_COLUMNS = 200
MOST_SIGNS = 10_000  #: in a cell

#: What Excel calls a unit: typed unit → (base unit, so many of them).
UNITS = {
    "g": (Unit.GRAM, 1),
    "kg": (Unit.GRAM, 1_000),
    "ml": (Unit.MILLILITRE, 1),
    "l": (Unit.MILLILITRE, 1_000),
    "piece": (Unit.PIECE, 1),
}


#: What people write in a column of yes and no.
_SAID = {
    **dict.fromkeys(("yes", "có", "co", "x", "1", "true"), True),
    **dict.fromkeys(("", "no", "không", "khong", "0", "false"), False),
}
_PART = re.compile(r"(?P<product>[^/]+)/(?P<code>[A-Z0-9._-]{1,20})\s+[×x*]\s*(?P<packs>\d{1,3})", re.IGNORECASE)


@dataclass(frozen=True)
class Column:
    """A column: its name for the machine, and for people a msgid or, for label fields, the field and language."""

    key: str
    title: str = ""
    label: labels.LabelField | None = None
    names: tuple[tuple[str, str], ...] = ()  #: of a label field, (vi, en): the kinds of goods call it differently
    language: str = ""
    width: int = 18


_WORDS = (
    Column("name_vi", N_("Name in Vietnamese"), width=28),
    Column("name_en", N_("Name in English"), width=28),
    Column("subgroup", N_("Kind of product (number)"), width=28),
    Column("commune", N_("Commune it comes from")),
    Column("village", N_("Village or hamlet")),
    Column("brand", N_("Brand or trade mark")),
    Column("standards", N_("Standards it is made to")),
    Column("summary_vi", N_("One sentence about it"), width=40),
    Column("summary_en", N_("One sentence, in English"), width=40),
    Column("story_vi", N_("Its story"), width=50),
    Column("story_en", N_("Its story, in English"), width=50),
)
_ITEM = (
    Column("item_code", N_("Your own code")),
    Column("item_name_vi", N_("What is sold")),
    Column("item_name_en", N_("What is sold, in English")),
    Column("net_content", N_("Net content")),
    Column("unit", N_("Unit: g, kg, ml, l or piece")),
    Column("gtin", N_("GTIN (number under the bar code)")),
    Column("is_gift", N_("Packed to be given: x")),
    Column("least_g", N_("Sold by weight: the least one can buy, in grams")),
    Column("parts", N_("A set: what is in it, as address/code × packs; address/code × packs"), width=50),
    Column("price_vnd", N_("Price in đồng, VAT included")),
    Column("price_from", N_("First day of this price")),
)
_ITEM_KEYS = tuple(column.key for column in _ITEM)


def columns() -> list[Column]:
    """List all columns, in order: address, words, label fields of every kind, item, price."""
    fields: dict[str, list[labels.LabelField]] = {}
    for kind in labels.kinds():
        for one in kind.product_fields:
            fields.setdefault(one.key, []).append(one)
    label = [
        Column(
            f"label.{key}.{language}",
            label=alike[0],
            names=tuple(dict.fromkeys((one.name_vi, one.name_en) for one in alike)),
            language=language,
            width=30,
        )
        for key, alike in fields.items()
        for language in ("vi", "en")
    ]
    return [Column("slug", N_("Address (leave as it is; empty for a new product)"), width=24), *_WORDS, *label, *_ITEM]


class NotASpreadsheet(InvalidInput):
    message = N_("This is not an Excel file that can be read. Save it as .xlsx and choose it again.")
    field = "file"


class SpreadsheetTooLarge(InvalidInput):
    message = N_("The file is too large: at most %(mb)s MB and %(rows)s rows are possible.")
    field = "file"


class NoProductColumn(InvalidInput):
    message = N_("The first row does not hold the names of our columns. Begin with the file you can download here.")
    field = "file"


class NothingInIt(InvalidInput):
    message = N_("There is no product in this file: rows begin below the two headings.")
    field = "file"


class ChangedMeanwhile(Conflict):
    message = N_("Products were changed since the file was looked at. Please look at what it would do now.")


class StillWrong(InvalidInput):
    message = N_("Rows with errors are not taken in. Mend the file and choose it again.")


class NotANumber(InvalidInput):
    message = N_("“%(text)s” is not a whole number.")


class NotADay(InvalidInput):
    message = N_("“%(text)s” is not a day. Write it as day/month/year, for example 05/11/2026.")


class NotAUnit(InvalidInput):
    message = N_("“%(text)s” is not a unit. Use g, kg, ml, l or piece.")


class NotACommune(InvalidInput):
    message = N_("“%(text)s” is not a commune of the province. Write its whole name with all marks, or its code.")


class NotAKind(InvalidInput):
    message = N_("“%(text)s” is not a kind of product. Its number lies between 1 and 26.")


class NoSuchAddress(InvalidInput):
    message = N_("No product of yours has the address “%(slug)s”. Leave it empty for a new product.")


class SeveralOfThatName(InvalidInput):
    message = N_("Several of your products are called so. Write the address of the one you mean.")


class SaidInTwoWays(InvalidInput):
    message = N_("Row %(row)s says otherwise of the same product: write its words there, in its first row.")


class NoLongerSold(InvalidInput):
    message = N_("%(code)s is no longer sold. Sell it again on its page first, or take the row out.")


class SamePack(InvalidInput):
    message = N_("Row %(row)s says what this size costs already. Each size stands in one row: take one of the two out.")


class NotCalculated(InvalidInput):
    message = N_("“%(text)s” is a formula without a result. Write its value, or open and save the file in Excel first.")


class NotYesOrNo(InvalidInput):
    message = N_("“%(text)s” is neither yes nor no.")


class NotAPartOfASet(InvalidInput):
    """``example`` is how it is written."""

    message = N_("“%(text)s” does not name goods of yours. Write address, code and packs, for example %(example)s.")


class NotASet(InvalidInput):
    message = N_("%(code)s is no set, and cannot become one. Write the set into a row of its own, with another code.")


class SomethingMissing(InvalidInput):
    message = N_("This cell must not be empty.")


class CellTooLong(InvalidInput):
    message = N_("This cell holds more than %(most)s signs.")


# --- Out --------------------------------------------------------------------------------------------------


def write(actor: Actor, *, titles: Mapping[str, str], today: date) -> bytes:
    """Write the products an actor may see, as their drafts stand, into an Excel file (five statements).

    :param titles: {column key: its name in the reader's language}
    """
    listed = columns()
    file = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
        "default_date_format": "dd/mm/yyyy",
    }
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet("OCOP")
        bold, plain = book.add_format({"bold": True, "text_wrap": True}), book.add_format({"font_color": "#666666"})
        sheet.write_row(0, 0, [column.key for column in listed], plain)
        sheet.write_row(1, 0, [("# " if not at else "") + titles[column.key] for at, column in enumerate(listed)], bold)
        sheet.freeze_panes(2, 2)
        for at, column in enumerate(listed):
            sheet.set_column(at, at, column.width)
        for number, row in enumerate(_rows_out(actor, today), 2):
            for at, column in enumerate(listed):
                value = row.get(column.key)
                if isinstance(value, date):
                    sheet.write_datetime(number, at, datetime(value.year, value.month, value.day))  # noqa: DTZ001 (a day)
                elif isinstance(value, int):
                    sheet.write_number(number, at, value)
                elif value:
                    sheet.write_string(number, at, value)
    return file.getvalue()


def _rows_out(actor: Actor, today: date) -> Iterator[dict[str, Any]]:
    rows = list(
        db.session.execute(
            queries.visible_to(actor)
            .join(ProductVersion, ProductVersion.id == Product.draft_version_id)
            .join(ProductVersion.commune)
            .add_columns(ProductVersion, AdministrativeUnit)
            .order_by(Product.producer_id, ProductVersion.sort_key, Product.id)
        )
    )
    kinds = {choice.criteria_set_no: choice.name_vi for choice in queries.subgroups()}
    offered = queries.items_offered(version.id for _, version, _ in rows)
    prices = queries.prices_of(item.id for items in offered.values() for item in items)
    parts = _parts_in_words(item.id for items in offered.values() for item in items if item.is_set)
    for product, version, commune in rows:
        words = _words_of(product, version, commune, kinds)
        items = [item for item in offered[version.id] if item.is_active]
        yield words | (_item_of(items[0], prices[items[0].id], today, parts) if items else {})
        for item in items[1:]:  # its words stand once: a change in a second place would contradict the first
            yield {key: words[key] for key in ("slug", "name_vi")} | _item_of(item, prices[item.id], today, parts)


def _parts_in_words(set_ids: Iterable[int]) -> dict[int, str]:
    """Write what is in sets: {trade item id: "mat-ong/250 × 1; tra-gung/300 × 2"}."""
    held = sets.parts_of(set_ids)
    inside = {part.item_id for parts in held.values() for part in parts}
    addresses = {
        item_id: f"{slug}/{code}"
        for item_id, slug, code in db.session.execute(
            select(TradeItem.id, Product.slug, TradeItem.code)
            .join(Product, Product.id == TradeItem.product_id)
            .where(TradeItem.id.in_(listed(sorted(inside))))
        )
    }
    return {
        set_id: "; ".join(f"{addresses[part.item_id]} × {part.quantity}" for part in parts)
        for set_id, parts in held.items()
    }


def _words_of(
    product: Product, version: ProductVersion, commune: AdministrativeUnit, kinds: Mapping[int, str]
) -> dict[str, Any]:
    row: dict[str, Any] = {"slug": product.slug}
    row |= {name: getattr(version, name) for name in editing.LENGTHS}
    row["subgroup"] = f"{product.criteria_set_no} – {kinds.get(product.criteria_set_no, '')}"
    row["commune"] = commune.full_name
    for key, texts in version.label.items():
        row |= {f"label.{key}.{language}": texts.get(language, "") for language in ("vi", "en")}
    return row


def _item_of(item: TradeItem, prices: Sequence[Any], today: date, parts: Mapping[int, str]) -> dict[str, Any]:
    price = pricing.price_on(prices, today) or next(iter(pricing.coming(prices, today)), None)
    return {
        "item_code": item.code,
        "item_name_vi": item.name_vi,
        "item_name_en": item.name_en,
        "net_content": item.net_content,
        "unit": item.unit.value,
        "gtin": item.gtin or "",
        "is_gift": "x" if item.is_gift else "",
        "least_g": item.least * item.net_content if item.by_weight else None,
        "parts": parts.get(item.id, ""),
        "price_vnd": price.amount_vnd if price else None,
        "price_from": price.valid_from if price else None,
    }


# --- In ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A row of the file: its number as Excel shows it, and its cells by column."""

    number: int
    cells: dict[str, Any]


@dataclass(frozen=True)
class Problem:
    """What is wrong with a cell, or with a row when ``column`` is empty."""

    row: int
    column: str
    error: DomainError


@dataclass(frozen=True)
class Change:
    """What a row changes: a word, an item's, a price; ``before`` is empty for something new."""

    row: int
    product: str
    item: str  #: code of the trade item, "" for words of the product
    column: str  #: "" where the product or the item itself is new
    before: str
    after: str


@dataclass
class Report:
    """What a file does, or would do."""

    rows: int = 0
    products: int = 0
    new_products: int = 0
    changes: list[Change] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)  #: columns that are none of ours

    @property
    def promise(self) -> str:
        """Give a digest of all that would change: the same file later must promise the same."""
        text = repr([(c.row, c.product, c.item, c.column, c.before, c.after) for c in self.changes])
        return hashlib.sha256(text.encode()).hexdigest()


def work_through(producer: Organisation, actor: Actor, data: bytes, *, now: datetime) -> Report:
    """Do in the caller's transaction what a file says, and report it row by row.

    A product whose rows are wrong is left as it is and reported; whether the others may stand is the caller's to
    say: an edge rehearses first, then calls :func:`take_in`.

    :raises NotASpreadsheet: :raises SpreadsheetTooLarge: :raises NoProductColumn: :raises NothingInIt:
    """
    rows, ignored = _read(data)
    report = Report(rows=len(rows), ignored=ignored)
    known = _Known(producer)
    for group in _by_product(rows):
        report.products += 1
        problems = _problems_of_repetition(group)
        try:
            if not problems:
                with db.session.begin_nested():
                    changes, is_new = _Taking(known, actor, now, group).run()
                report.changes += changes
                report.new_products += is_new
        except _Wrong as wrong:
            problems = wrong.problems
        if problems:
            problems += _Taking(known, actor, now, group).unreadable(problems)
        report.problems += sorted(problems, key=lambda problem: problem.row)
    return report


def take_in(producer: Organisation, actor: Actor, data: bytes, *, promise: str, now: datetime) -> Report:
    """Do what a file says, all of it or nothing, if it is still what was promised when it was looked at.

    :param promise: ``Report.promise`` of the rehearsal
    :raises ChangedMeanwhile: :raises StillWrong:
    """
    report = work_through(producer, actor, data, now=now)
    if report.problems:
        raise StillWrong()
    if report.promise != promise:
        raise ChangedMeanwhile()
    return report


class _Wrong(Exception):
    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__()


class _Known:
    """What a file's names are looked up in, read once."""

    def __init__(self, producer: Organisation) -> None:
        self.producer = producer
        self.by_slug: dict[str, Product] = {}
        self.by_name: dict[str, list[Product]] = {}
        rows = db.session.execute(
            select(Product, ProductVersion.name_vi)
            .join(ProductVersion, ProductVersion.id == Product.draft_version_id)
            .where(Product.producer_id == producer.id)
        )
        for product, name in rows:
            self.add(product, name)
        self.kinds = {choice.criteria_set_no: choice.name_vi for choice in queries.subgroups()}
        self.communes: dict[str, AdministrativeUnit] = {}
        for commune in queries.communes_of_today(producer.commune.parent_code or ""):
            for name in (commune.name_vi, commune.full_name, commune.code):
                self.communes[name.casefold()] = commune

    def add(self, product: Product, name: str) -> None:
        self.by_slug[product.slug] = product
        self.by_name.setdefault(name, []).append(product)


class _Taking:
    """The rows of one product, done one after the other; what is wrong is gathered, not stopped at."""

    def __init__(self, known: _Known, actor: Actor, now: datetime, group: list[Row]) -> None:
        self.known, self.actor, self.now, self.group = known, actor, now, group
        self.first = group[0]
        self.problems: list[Problem] = []
        self.product: Product | None = None  #: known once it was found or created
        self.rows_of: dict[int, int] = {}  #: trade item → number of the row that speaks of it

    def run(self) -> tuple[list[Change], bool]:
        product = self._find()
        is_new = product is None
        before = {} if product is None else self._snapshot(product)
        if product is None:
            product = self._create()
        else:
            self._origin(product)
        self._words(product)
        self._label(product)
        self.product = product
        for row in sorted(self.group, key=_names_parts):
            self._item(product, row)
        if self.problems:
            raise _Wrong(self.problems)
        db.session.flush()
        after = self._snapshot(product)
        name = after["", "name_vi"]
        if is_new:
            self.known.add(product, name)
        return self._changes(before, after, name, is_new), is_new

    def unreadable(self, besides: Sequence[Problem]) -> list[Problem]:
        """Name all cells of the rows that say nothing in themselves, so that one error does not hide the next.

        :param besides: what is named already
        """
        self._subgroup(None)
        self._commune(None)
        for name, most in editing.LENGTHS.items():
            length = len(_text(self.first, name, lines=True))
            if length > most:
                self._note(self.first, name, editing.TooLong(field=name, length=length, most=most))
        for row in self.group:
            unit, factor = self._unit(row)
            self._whole(row, "net_content", factor if unit else 1_000)  # half of something may yet be a whole number
            self._whole(row, "price_vnd", 1)
            self._whole(row, "least_g", 1)
            self._is_gift(row)
            self._day(row)
            with self._noting(row, "gtin"):
                editing.check_gtin(_text(row, "gtin"))
        named = {(problem.row, problem.column) for problem in besides}
        return [problem for problem in self.problems if (problem.row, problem.column) not in named]

    # Finding

    def _find(self) -> Product | None:
        slug, name = _text(self.first, "slug"), _text(self.first, "name_vi")
        if slug:
            found = self.known.by_slug.get(slug)
            if found is None:
                raise self._refused(self.first, "slug", NoSuchAddress(slug=slug))
            return found
        if not name:
            raise self._refused(self.first, "name_vi", SomethingMissing())
        alike = self.known.by_name.get(name, [])
        if len(alike) > 1:
            raise self._refused(self.first, "slug", SeveralOfThatName())
        return alike[0] if alike else None

    # Words

    def _create(self) -> Product:
        subgroup, commune = self._subgroup(None), self._commune(None)
        for column, value in (("subgroup", subgroup), ("commune", commune)):
            if value is None and not _text(self.first, column):
                self._note(self.first, column, SomethingMissing())
        if subgroup is None or commune is None or self.problems:
            raise _Wrong(self.problems)
        with self._noting(self.first, "name_vi"):
            return editing.create(
                self.known.producer,
                self.actor,
                name_vi=_text(self.first, "name_vi"),
                subgroup=subgroup,
                commune=commune,
                now=self.now,
            )
        raise _Wrong(self.problems)

    def _origin(self, product: Product) -> None:
        draft = db.session.get_one(ProductVersion, product.draft_version_id)
        subgroup, commune = self._subgroup(product), self._commune(draft)
        if subgroup is None or commune is None or self.problems:
            raise _Wrong(self.problems)
        with self._noting(self.first, "subgroup"):
            editing.save_origin(product, self.actor, subgroup=subgroup, commune=commune, now=self.now)

    def _words(self, product: Product) -> None:
        words = {name: _text(self.first, name, lines=True) for name in editing.LENGTHS if name in self.first.cells}
        with self._noting(self.first, "name_vi"):
            editing.save_words(product, self.actor, now=self.now, **words)

    def _label(self, product: Product) -> None:
        draft = db.session.get_one(ProductVersion, product.draft_version_id)
        known = {row.key for row in labels.fields_for(draft.label_kind)}
        values: dict[str, dict[str, str]] = {}
        for column in self.first.cells:
            if not column.startswith("label."):
                continue
            _, key, language = column.split(".")
            text = _text(self.first, column, lines=True)
            if key in known:
                values.setdefault(key, dict(draft.label.get(key, {})))[language] = text
            elif text:
                self._note(self.first, column, editing.NoSuchLabelField(key=key))
        with self._noting(self.first, ""):
            editing.save_label(product, self.actor, values=values, now=self.now)

    def _subgroup(self, product: Product | None) -> Any:
        text = _text(self.first, "subgroup")
        if not text and product is not None:
            return queries.get_subgroup(product.criteria_set_no, product.scheme)
        if not text:
            return None
        number = re.match(r"\d{1,2}(?!\d)", text)
        if number is None or int(number[0]) not in self.known.kinds:
            self._note(self.first, "subgroup", NotAKind(text=text[:60]))
            return None
        return queries.get_subgroup(int(number[0]))

    def _commune(self, draft: ProductVersion | None) -> AdministrativeUnit | None:
        text = _text(self.first, "commune")
        if draft is not None and (not text or text.casefold() == draft.commune.full_name.casefold()):
            return draft.commune
        if not text:
            return None
        found = self.known.communes.get(text.casefold())
        if found is None:
            self._note(self.first, "commune", NotACommune(text=text[:60]))
        return found

    # Items

    def _item(self, product: Product, row: Row) -> None:
        if not any(_text(row, key) for key in _ITEM_KEYS):
            return
        count = len(self.problems)
        unit, factor = self._unit(row)
        content = self._whole(row, "net_content", factor) if len(self.problems) == count else None
        amount, least_g = self._whole(row, "price_vnd", 1), self._whole(row, "least_g", 1)
        day, is_gift, parts = self._day(row), self._is_gift(row), self._parts(row)
        if len(self.problems) > count:
            return
        item = self._find_item(product, row, content, unit)
        if item is not None and parts and not item.is_set:
            self._note(row, "parts", NotASet(code=item.code))
            return
        if item is None and parts:
            content, unit = content or 1, unit or Unit.PIECE  # a set's are made of what is in it
        if item is None:
            for key, value in (("net_content", content), ("unit", unit), ("item_name_vi", _text(row, "item_name_vi"))):
                if not value:
                    self._note(row, key, SomethingMissing())
            if len(self.problems) > count or content is None or unit is None:
                return
            with self._noting(row, "item_code"):
                item = editing.add_item(
                    product,
                    self.actor,
                    name_vi=_text(row, "item_name_vi"),
                    name_en=_text(row, "item_name_en"),
                    net_content=content,
                    unit=unit,
                    code=_text(row, "item_code"),
                    gtin=_text(row, "gtin"),
                    is_gift=bool(is_gift),
                    parts=parts or None,
                    by_weight=least_g is not None,
                    least_g=least_g,
                    now=self.now,
                )
        elif not item.is_active:
            self._note(row, "item_code", NoLongerSold(code=item.code))
            return
        else:
            with self._noting(row, "item_code"):
                editing.change_item(
                    item,
                    self.actor,
                    name_vi=_text(row, "item_name_vi") or item.name_vi,
                    name_en=_text(row, "item_name_en") if "item_name_en" in row.cells else item.name_en,
                    net_content=content or item.net_content,
                    unit=unit or item.unit,
                    gtin=_text(row, "gtin") if "gtin" in row.cells else item.gtin or "",
                    is_gift=is_gift,
                    parts=parts if item.is_set else None,
                    by_weight=least_g is not None if "least_g" in row.cells else None,
                    least_g=least_g,
                    now=self.now,
                )
        if item is not None and self.rows_of.setdefault(item.id, row.number) != row.number:
            self._note(row, "item_code", SamePack(row=self.rows_of[item.id]))
        elif item is not None and amount is not None:
            self._price(item, row, amount, day)

    def _find_item(self, product: Product, row: Row, content: int | None, unit: Unit | None) -> TradeItem | None:
        code, name = _text(row, "item_code").upper(), _text(row, "item_name_vi")
        for item in queries.items_of(product.id):
            if code and item.code == code:
                return item
            if not code and item.is_set and _names_parts(row) and item.name_vi == name:
                return item
            if not code and (item.net_content, item.unit) == (content, unit) and item.name_vi == name:
                return item
        return None

    def _price(self, item: TradeItem, row: Row, amount: int, day: date | None) -> None:
        """Set a price that differs from the one in the file's place; one left from before begins today."""
        today = business_date(self.now)
        prices = queries.prices_of([item.id])[item.id]
        first_day = max(day or today, today)
        holds = pricing.price_on(prices, first_day)
        if holds is not None and holds.amount_vnd == amount:
            return
        with self._noting(row, "price_vnd"):
            pricing.set_price(item, self.actor, amount_vnd=amount, valid_from=first_day, now=self.now)

    # Cells

    def _unit(self, row: Row) -> tuple[Unit | None, int]:
        text = _text(row, "unit").casefold()
        if not text:
            return None, 1
        if text not in UNITS:
            self._note(row, "unit", NotAUnit(text=text[:60]))
            return None, 1
        return UNITS[text]

    def _is_gift(self, row: Row) -> bool | None:
        """Read whether it is packed to be given; None where the file has no such column."""
        if "is_gift" not in row.cells:
            return None
        text = _text(row, "is_gift").casefold()
        if text not in _SAID:
            self._note(row, "is_gift", NotYesOrNo(text=text[:60]))
        return _SAID.get(text)

    def _parts(self, row: Row) -> dict[int, int] | None:
        """Read what is in a set: {trade item id: packs}; None where the file has no such column."""
        if "parts" not in row.cells:
            return None
        parts = Counter[int]()
        for text in filter(None, map(one_line, re.split(r"[;\n]", _text(row, "parts", lines=True)))):
            match = _PART.fullmatch(text)
            item = self._named(match["product"].strip(), match["code"].upper()) if match else None
            if item is None or match is None:
                self._note(row, "parts", NotAPartOfASet(text=text[:60], example="mat-ong/500 × 2"))
            else:
                parts[item.id] += int(match["packs"])
        return dict(parts)

    def _named(self, product: str, code: str) -> TradeItem | None:
        alike = self.known.by_name.get(product, [])
        found = self.known.by_slug.get(product) or (alike[0] if len(alike) == 1 else None)
        if found is None and product == _text(self.first, "name_vi"):  # a part of the product that is being made
            found = self.product
        items = queries.items_of(found.id) if found is not None else []
        return next((item for item in items if item.code == code), None)

    def _whole(self, row: Row, key: str, factor: int) -> int | None:
        value = row.cells.get(key)
        if value in (None, ""):
            return None
        try:
            number = _number(value) * factor
            if number != number.to_integral_value() or not 0 < number <= 1_000_000_000:
                raise InvalidOperation
        except InvalidOperation:
            self._note(row, key, NotANumber(text=str(value)[:60]))
            return None
        return int(number)

    def _day(self, row: Row) -> date | None:
        value = row.cells.get("price_from")
        if value in (None, ""):
            return None
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        text = one_line(str(value))
        for pattern, order in (
            (r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", (3, 2, 1)),
            (r"(\d{4})-(\d\d)-(\d\d)", (1, 2, 3)),
        ):
            match = re.fullmatch(pattern, text, re.ASCII)
            if match:
                try:
                    return date(*(int(match[part]) for part in order))
                except ValueError:
                    break
        self._note(row, "price_from", NotADay(text=text[:60]))
        return None

    # What is wrong

    def _note(self, row: Row, column: str, error: DomainError) -> None:
        self.problems.append(Problem(row.number, column, error))

    def _refused(self, row: Row, column: str, error: DomainError) -> _Wrong:
        self._note(row, column, error)
        return _Wrong(self.problems)

    def _noting(self, row: Row, column: str) -> _Noting:
        return _Noting(self, row, column)

    # What has changed

    def _snapshot(self, product: Product) -> dict[tuple[str, str], str]:
        """Say what a product says, by (item's code, column), as text."""
        version = db.session.get_one(ProductVersion, product.draft_version_id)
        words = _words_of(product, version, version.commune, self.known.kinds)
        said = {("", key): str(value) for key, value in words.items() if value}
        items = queries.items_offered([version.id])[version.id]
        prices = queries.prices_of(item.id for item in items)
        parts = _parts_in_words(item.id for item in items if item.is_set)
        for item in items:
            facts = _item_of(item, [], business_date(self.now), parts)
            said |= {(item.code, key): str(value) for key, value in facts.items() if value}
            for price in [
                pricing.price_on(prices[item.id], business_date(self.now)),
                *pricing.coming(prices[item.id], business_date(self.now)),
            ]:
                if price is not None:
                    said[item.code, f"price_vnd@{price.valid_from.isoformat()}"] = str(price.amount_vnd)
        return said

    def _changes(
        self, before: dict[tuple[str, str], str], after: dict[tuple[str, str], str], name: str, is_new: bool
    ) -> list[Change]:
        rows = {_text(row, "item_code").upper(): row.number for row in reversed(self.group)}
        first = self.first.number
        if is_new:
            return [Change(first, name, "", "", "", name)] + [
                Change(rows.get(code, first), name, code, key, "", value)
                for (code, key), value in after.items()
                if (code and key in ("item_name_vi",)) or key.startswith("price_vnd@")
            ]
        places = sorted(before.keys() | after.keys(), key=lambda place: (place[0], place[1]))
        return [
            Change(
                rows.get(code, first) if code else first,
                name,
                code,
                key,
                before.get((code, key), "") or _price_before(before, code, key),
                after.get((code, key), ""),
            )
            for code, key in places
            if before.get((code, key), "") != after.get((code, key), "")
            # the price of yesterday gives way to the one of today: one change, not two
            and not (key.startswith("price_vnd@") and (code, key) not in after)
        ]


def _price_before(before: Mapping[tuple[str, str], str], code: str, key: str) -> str:
    """Give the price that a new one takes the place of, or "" for another column or a first price."""
    if not key.startswith("price_vnd@"):
        return ""
    earlier = [column for of, column in before if of == code and column.startswith("price_vnd@") and column < key]
    return before[code, max(earlier)] if earlier else ""


#: Fields of the verbs for items and prices → columns.
_COLUMN_OF = {
    "name_vi": "item_name_vi",
    "name_en": "item_name_en",
    "code": "item_code",
    "amount_vnd": "price_vnd",
    "valid_from": "price_from",
    "by_weight": "least_g",
    "least_g": "least_g",
}


#: Columns of what is settled once an item is approved → fields of the verb, the weightiest first.
_SETTLED = {
    "parts": "parts",
    "net_content": "net_content",
    "unit": "unit",
    "least_g": "by_weight",
    "gtin": "gtin",
    "item_name_vi": "name_vi",
}


class _Noting:
    """Take a refusal of a verb down as a problem of a cell, and go on."""

    def __init__(self, taking: _Taking, row: Row, column: str) -> None:
        self.taking, self.row, self.column = taking, row, column

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        if not isinstance(error, DomainError):
            return False
        named = error.field or ""
        column = self.column
        if self.column in ("item_code", "price_vnd"):
            column = _COLUMN_OF.get(named, named if named in _ITEM_KEYS else self.column)
        elif named in editing.LENGTHS or named in ("subgroup", "commune"):
            column = named
        elif named:
            key, _, language = named.rpartition("_")
            column = f"label.{key}.{language}" if language in ("vi", "en") else self.column
        if isinstance(error, editing.ItemIsSettled) and error.changed:
            column = next((name for name in _SETTLED if _SETTLED[name] in error.changed), column)
        self.taking._note(self.row, column, error)
        return True


# --- Reading the file -------------------------------------------------------------------------------------


def _read(data: bytes) -> tuple[list[Row], list[str]]:
    """Read the rows of the first sheet, and the names of columns that are none of ours."""
    if len(data) > MOST_BYTES:
        raise SpreadsheetTooLarge(mb=MOST_BYTES // 2**20, rows=MOST_ROWS)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MOST_UNPACKED:
            raise SpreadsheetTooLarge(mb=MOST_BYTES // 2**20, rows=MOST_ROWS)
        values, formulas = (_lines(data, data_only=True), _lines(data, data_only=False))
        lines = [
            [
                _NotCalculated(formula) if value is None and str(formula or "").startswith("=") else value
                for value, formula in zip(of_values, of_formulas, strict=True)
            ]
            for of_values, of_formulas in zip(values, formulas, strict=True)
        ]
    except InvalidInput:
        raise
    except Exception as problem:  # a broken file breaks the reader in many ways
        raise NotASpreadsheet() from problem
    return _rows(lines)


class _NotCalculated(str):
    """A formula that the program which wrote the file never worked out."""

    __slots__ = ()


def _lines(data: bytes, *, data_only: bool) -> list[list[Any]]:
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=data_only, keep_links=False)
    try:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        rows = sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True)
        return [list(row) for row, _ in zip(rows, range(MOST_ROWS * 2), strict=False)]
    finally:
        book.close()


def _rows(lines: list[list[Any]]) -> tuple[list[Row], list[str]]:
    head = [one_line(str(cell)) if cell is not None else "" for cell in lines[0]] if lines else []
    ours = {column.key for column in columns()}
    if "name_vi" not in head:
        raise NoProductColumn()
    rows = []
    for number, line in enumerate(lines[1:], 2):
        filled = [cell for cell in line if cell not in (None, "")]
        if not filled or str(filled[0]).startswith("#"):
            continue
        rows.append(Row(number, {key: cell for key, cell in zip(head, line, strict=False) if key in ours}))
    if len(rows) > MOST_ROWS:
        raise SpreadsheetTooLarge(mb=MOST_BYTES // 2**20, rows=MOST_ROWS)
    if not rows:
        raise NothingInIt()
    return rows, [key for key in dict.fromkeys(head) if key and key not in ours]


def _by_product(rows: list[Row]) -> list[list[Row]]:
    """Put the rows of one product together, in the order in which products first appear."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        slug = _text(row, "slug")
        groups.setdefault((slug, "" if slug else _text(row, "name_vi")), []).append(row)
    return sorted(groups.values(), key=lambda group: any(map(_names_parts, group)))


def _names_parts(row: Row) -> bool:
    """Tell whether a row is of a set: what is in it is read before."""
    return bool(_text(row, "parts", lines=True).strip())


def _problems_of_repetition(group: list[Row]) -> list[Problem]:
    """Words repeated in later rows of a product must be the same, or left empty; no cell is endless or unsolved."""
    first, problems = group[0], []
    for row in group:
        for key in row.cells:
            if isinstance(row.cells[key], _NotCalculated):
                problems.append(Problem(row.number, key, NotCalculated(text=row.cells[key][:60])))
            elif len(str(row.cells[key] or "")) > MOST_SIGNS:
                problems.append(Problem(row.number, key, CellTooLong(most=MOST_SIGNS)))
            elif row is not first and key not in _ITEM_KEYS:
                said = _text(row, key, lines=True)
                if said and said != _text(first, key, lines=True):
                    problems.append(Problem(row.number, key, SaidInTwoWays(row=first.number)))
    return problems


def _text(row: Row, key: str, *, lines: bool = False) -> str:
    value = row.cells.get(key)
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # Excel keeps all numbers as fractions
    return nfc(str(value)) if lines else one_line(str(value))


def _number(value: Any) -> Decimal:
    if isinstance(value, bool):
        raise InvalidOperation
    if isinstance(value, int | float):
        return Decimal(str(value))
    text = re.sub(r"\s*(₫|đồng|đ|vnđ|vnd)$", "", one_line(str(value)), flags=re.IGNORECASE)
    if re.fullmatch(r"\d{1,3}(?:([., ])\d{3})(?:\1\d{3})*", text, re.ASCII):
        return Decimal(re.sub(r"\D", "", text))
    if not re.fullmatch(r"\d{1,12}(?:[.,]\d{1,3})?", text, re.ASCII):
        raise InvalidOperation
    return Decimal(text.replace(",", "."))
