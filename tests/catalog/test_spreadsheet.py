"""Products out to Excel and back: the same file changes nothing, a wrong one says where and saves nothing."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from accounts.actor import Actor
from accounts.models import Organisation
from catalog import editing, pricing, queries, sets, spreadsheet
from catalog.models import Price, Product, ProductVersion, TradeItem, Unit
from kernel.clock import business_date
from kernel.db import db, rehearsal, transaction
from kernel.errors import DomainError
from tests.factories import Factories

Begin = Callable[..., Product]
TITLES = {column.key: column.title or column.key for column in spreadsheet.columns()}


@pytest.fixture
def out(maker: Actor, now: datetime) -> Callable[[], bytes]:
    """Write the producer's file."""
    return lambda: spreadsheet.write(maker, titles=TITLES, today=business_date(now))


@pytest.fixture
def rehearse(producer: Organisation, maker: Actor, now: datetime) -> Callable[[bytes], spreadsheet.Report]:
    """Say what a file would do."""

    def run(data: bytes) -> spreadsheet.Report:
        with rehearsal():
            return spreadsheet.work_through(_again(producer), maker, data, now=now)

    return run


@pytest.fixture
def take_in(
    producer: Organisation, maker: Actor, now: datetime, rehearse: Callable[[bytes], spreadsheet.Report]
) -> Callable[[bytes], spreadsheet.Report]:
    """Look at a file, then take it in."""

    def run(data: bytes) -> spreadsheet.Report:
        promise = rehearse(data).promise
        with transaction():
            return spreadsheet.take_in(_again(producer), maker, data, promise=promise, now=now)

    return run


def _again(producer: Organisation) -> Organisation:
    return db.session.get_one(Organisation, producer.id)


def _cells(data: bytes) -> list[list[Any]]:
    return [list(row) for row in openpyxl.load_workbook(io.BytesIO(data)).worksheets[0].iter_rows(values_only=True)]


def _sheet(*rows: dict[str, Any]) -> bytes:
    keys = list(dict.fromkeys(key for row in rows for key in row)) or ["name_vi"]
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(keys)
    sheet.append(["# nhãn", *["x"] * (len(keys) - 1)])
    for row in rows:
        sheet.append([row.get(key) for key in keys])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _changed(data: bytes, row: int, **cells: Any) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(data))
    sheet = book.worksheets[0]
    head = [cell.value for cell in sheet[1]]
    for key, value in cells.items():
        sheet.cell(row, head.index(key.replace("__", ".")) + 1).value = value
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _count(model: type[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


NEW = {
    "name_vi": "Mật ong rừng",
    "subgroup": 4,
    "commune": "Xã Ba Tơ",
    "net_content": 0.5,
    "unit": "l",
    "item_name_vi": "chai nửa lít",
    "price_vnd": "250.000",
}


# --- There and back --------------------------------------------------------------------------------------


def test_a_file_brought_back_unchanged_changes_nothing(
    complete: Begin, out: Callable[[], bytes], take_in: Callable[[bytes], spreadsheet.Report]
) -> None:
    complete("Gạo rẫy")
    complete("Khăn thổ cẩm", subgroup=22)
    versions, prices = _count(ProductVersion), _count(Price)

    report = take_in(out())

    assert (report.rows, report.products, report.changes, report.problems) == (2, 2, [], [])
    assert (_count(ProductVersion), _count(Price)) == (versions, prices)


def test_words_and_prices_changed_in_the_file_are_changed_here(
    complete: Begin,
    out: Callable[[], bytes],
    take_in: Callable[[bytes], spreadsheet.Report],
    now: datetime,
) -> None:
    product = complete()
    data = _changed(out(), 3, summary_vi="Câu mới.", label__warnings__vi="Để xa lửa.", price_vnd=52_000)

    report = take_in(data)

    draft = queries.get_version(product, product.draft_version_id or 0)
    assert (draft.summary_vi, draft.label["warnings"]["vi"]) == ("Câu mới.", "Để xa lửa.")
    item = queries.items_of(product.id)[0]
    assert queries.prices_on([item.id], business_date(now)) == {item.id: 52_000}
    assert {(change.column.partition("@")[0], change.after) for change in report.changes} == {
        ("summary_vi", "Câu mới."),
        ("label.warnings.vi", "Để xa lửa."),
        ("price_vnd", "52000"),
    }


def test_the_words_of_a_product_stand_in_its_first_row_only(
    complete: Begin, maker: Actor, out: Callable[[], bytes], now: datetime
) -> None:
    product = complete()
    with transaction():
        editing.add_item(product, maker, name_vi="gói 1 kg", net_content=1000, unit=Unit.GRAM, now=now)

    head, _, first, second = _cells(out())

    at = {key: place for place, key in enumerate(head)}
    assert [row[at["slug"]] for row in (first, second)] == [product.slug] * 2
    assert [row[at["summary_vi"]] for row in (first, second)] == ["Gạo nương.", None]
    assert [row[at["item_code"]] for row in (first, second)] == ["500G", "1000G"]


def test_a_new_row_makes_a_product_once_however_often_it_is_read(
    producer: Organisation, take_in: Callable[[bytes], spreadsheet.Report]
) -> None:
    first, second = take_in(_sheet(NEW)), take_in(_sheet(NEW))

    assert (first.new_products, len(second.changes)) == (1, 0)
    [product] = db.session.scalars(select(Product).where(Product.producer_id == producer.id))
    [item] = queries.items_of(product.id)
    assert (product.slug, item.net_content, item.unit.value, item.code) == ("mat-ong-rung", 500, "ml", "500ML")


def test_two_rows_of_a_name_are_two_sizes_of_one_product(
    producer: Organisation, take_in: Callable[[bytes], spreadsheet.Report]
) -> None:
    report = take_in(
        _sheet(NEW, {"name_vi": "Mật ong rừng", "net_content": 1, "unit": "l", "item_name_vi": "chai 1 lít"})
    )

    assert (report.products, report.new_products) == (1, 1)
    [product] = db.session.scalars(select(Product).where(Product.producer_id == producer.id))
    assert [item.net_content for item in queries.items_of(product.id)] == [500, 1000]


def test_an_emptied_cell_empties_the_word_and_a_column_taken_out_leaves_it(
    complete: Begin, take_in: Callable[[bytes], spreadsheet.Report]
) -> None:
    product = complete()

    take_in(_sheet({"slug": product.slug, "name_vi": "Gạo rẫy", "summary_vi": None}))

    draft = queries.get_version(product, product.draft_version_id or 0)
    assert (draft.summary_vi, draft.story_vi) == ("", "Gạo của nương cao.")


def test_a_price_may_begin_on_a_later_day(
    complete: Begin, out: Callable[[], bytes], take_in: Callable[[bytes], spreadsheet.Report], now: datetime
) -> None:
    product = complete()
    item = queries.items_of(product.id)[0]
    day = business_date(now) + timedelta(days=7)

    take_in(_changed(out(), 3, price_vnd=60_000, price_from=f"{day:%d/%m/%Y}"))

    assert queries.prices_on([item.id], business_date(now)) == {item.id: 50_000}
    assert queries.prices_on([item.id], day) == {item.id: 60_000}


# --- What is typed is never a formula --------------------------------------------------------------------

FORMULAS = ["=1+1", "+84905", "-2", "@SUM(A1)", '=HYPERLINK("http://x.example")', "\t=1"]


@pytest.mark.parametrize("typed", FORMULAS)
def test_what_looks_like_a_formula_leaves_as_text(
    complete: Begin, maker: Actor, out: Callable[[], bytes], now: datetime, typed: str
) -> None:
    product = complete()
    with transaction():
        editing.save_words(product, maker, name_vi=typed, story_vi=typed, now=now)

    book = openpyxl.load_workbook(io.BytesIO(out()))
    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row]

    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    assert typed.strip() in [cell.value for cell in cells]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.text(max_size=40))
def test_any_text_comes_back_as_it_left(
    begun: Begin,
    maker: Actor,
    out: Callable[[], bytes],
    rehearse: Callable[[bytes], spreadsheet.Report],
    now: datetime,
    words: str,
) -> None:
    product = begun(f"Gạo {_count(Product)}")
    with transaction():
        editing.save_words(product, maker, summary_vi=words, story_vi=words, now=now)

    report = rehearse(out())

    assert (report.changes, report.problems) == ([], [])


# --- What is wrong ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "column", "error"),
    [
        ({"name_vi": ""}, "name_vi", spreadsheet.SomethingMissing),
        ({"name_vi": "a" * 200}, "name_vi", editing.TooLong),
        ({"slug": "khong-co"}, "slug", spreadsheet.NoSuchAddress),
        ({"subgroup": 27}, "subgroup", spreadsheet.NotAKind),
        ({"subgroup": None}, "subgroup", spreadsheet.SomethingMissing),
        ({"commune": "Xa Ba To"}, "commune", spreadsheet.NotACommune),
        ({"net_content": "nhiều"}, "net_content", spreadsheet.NotANumber),
        ({"net_content": 0}, "net_content", spreadsheet.NotANumber),
        ({"net_content": 0.0001}, "net_content", spreadsheet.NotANumber),
        ({"unit": "thúng"}, "unit", spreadsheet.NotAUnit),
        ({"price_vnd": "rẻ"}, "price_vnd", spreadsheet.NotANumber),
        ({"price_vnd": -1}, "price_vnd", spreadsheet.NotANumber),
        ({"price_from": "32/01/2027"}, "price_from", spreadsheet.NotADay),
        ({"price_vnd": "=1+1"}, "price_vnd", spreadsheet.NotCalculated),
        ({"gtin": "8938505974191"}, "gtin", editing.BadGtin),
        ({"item_code": "mã có dấu"}, "item_code", editing.BadItemCode),
        ({"story_vi": "a" * 11_000}, "story_vi", spreadsheet.CellTooLong),
        ({"label.alcohol_content.vi": "14 %"}, "label.alcohol_content.vi", editing.NoSuchLabelField),
    ],
)
def test_a_wrong_cell_is_named_by_row_and_column(
    producer: Organisation,
    rehearse: Callable[[bytes], spreadsheet.Report],
    cells: dict[str, Any],
    column: str,
    error: type[DomainError],
) -> None:
    report = rehearse(_sheet({"name_vi": "Đúng", "subgroup": 4, "commune": "Xã Ba Tơ"}, NEW | cells))

    assert [(row.row, row.column, type(row.error)) for row in report.problems] == [(4, column, error)]


def test_one_wrong_cell_hides_no_other_of_its_product(
    producer: Organisation, rehearse: Callable[[bytes], spreadsheet.Report]
) -> None:
    report = rehearse(
        _sheet(
            NEW | {"subgroup": 99, "commune": "Xã Không Có", "summary_vi": "a" * 301, "price_vnd": "rẻ"},
            NEW | {"net_content": "=1/0", "unit": "tấn", "price_from": "31/02/2027", "gtin": "8938505974191"},
        )
    )

    assert {(row.row, row.column, type(row.error)) for row in report.problems} == {
        (3, "subgroup", spreadsheet.NotAKind),
        (3, "commune", spreadsheet.NotACommune),
        (3, "summary_vi", editing.TooLong),
        (3, "price_vnd", spreadsheet.NotANumber),
        (4, "subgroup", spreadsheet.SaidInTwoWays),
        (4, "commune", spreadsheet.SaidInTwoWays),
        (4, "net_content", spreadsheet.NotCalculated),
        (4, "unit", spreadsheet.NotAUnit),
        (4, "price_from", spreadsheet.NotADay),
        (4, "gtin", editing.BadGtin),
    }
    assert len(report.problems) == 10
    assert [row.row for row in report.problems] == sorted(row.row for row in report.problems)


def test_the_same_pack_in_two_rows_is_refused_at_the_second(
    complete: Begin, out: Callable[[], bytes], rehearse: Callable[[bytes], spreadsheet.Report]
) -> None:
    complete("Gạo rẫy")
    book = openpyxl.load_workbook(io.BytesIO(out()))
    sheet = book.worksheets[0]
    sheet.append([cell.value for cell in sheet[3]])
    file = io.BytesIO()
    book.save(file)

    report = rehearse(_changed(file.getvalue(), 4, price_vnd=999))

    assert [(row.row, row.column, type(row.error)) for row in report.problems] == [
        (4, "item_code", spreadsheet.SamePack)
    ]


def test_a_new_price_is_laid_beside_the_one_it_follows(
    complete: Begin, out: Callable[[], bytes], rehearse: Callable[[bytes], spreadsheet.Report]
) -> None:
    complete("Gạo rẫy")
    price = _cells(out())[2][_cells(out())[0].index("price_vnd")]

    report = rehearse(_changed(out(), 3, price_vnd=price + 1_000, price_from="24/12/2026"))

    assert [(row.before, row.after) for row in report.changes] == [(str(price), str(price + 1_000))]


def test_nothing_of_a_file_with_errors_is_saved(
    producer: Organisation, maker: Actor, rehearse: Callable[[bytes], spreadsheet.Report], now: datetime
) -> None:
    data = _sheet(NEW, NEW | {"name_vi": "Mật khác", "commune": "?"})
    report = rehearse(data)

    with pytest.raises(spreadsheet.StillWrong), transaction():
        spreadsheet.take_in(_again(producer), maker, data, promise=report.promise, now=now)
    assert _count(Product) == 0


def test_what_changed_since_it_was_looked_at_is_looked_at_again(
    complete: Begin,
    producer: Organisation,
    maker: Actor,
    out: Callable[[], bytes],
    rehearse: Callable[[bytes], spreadsheet.Report],
    now: datetime,
) -> None:
    product = complete()
    data = _changed(out(), 3, price_vnd=60_000)
    promise = rehearse(data).promise
    with transaction():
        pricing.set_price(queries.items_of(product.id)[0], maker, amount_vnd=60_000, now=now)

    with pytest.raises(spreadsheet.ChangedMeanwhile), transaction():
        spreadsheet.take_in(_again(producer), maker, data, promise=promise, now=now)


def test_rows_of_one_product_must_not_contradict_each_other(
    producer: Organisation, rehearse: Callable[[bytes], spreadsheet.Report]
) -> None:
    report = rehearse(_sheet(NEW, NEW | {"commune": "Xã Ba Động", "net_content": 1}))

    assert [(row.row, row.column) for row in report.problems] == [(4, "commune")]


def test_an_approved_size_is_not_changed_by_a_file(
    shown: Begin, out: Callable[[], bytes], rehearse: Callable[[bytes], spreadsheet.Report]
) -> None:
    shown()

    report = rehearse(_changed(out(), 3, net_content=400))

    assert [type(row.error) for row in report.problems] == [editing.ItemIsSettled]


def _zip_bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"\0" * (spreadsheet.MOST_UNPACKED + 1))
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", spreadsheet.NotASpreadsheet),
        (b"PK\x03\x04 broken", spreadsheet.NotASpreadsheet),
        ("tên,giá\n".encode(), spreadsheet.NotASpreadsheet),
        (b"x" * (spreadsheet.MOST_BYTES + 1), spreadsheet.SpreadsheetTooLarge),
        (_zip_bomb(), spreadsheet.SpreadsheetTooLarge),
        (_sheet({"ten": "Gạo"}), spreadsheet.NoProductColumn),
        (_sheet(), spreadsheet.NothingInIt),
        (_sheet(*({"name_vi": f"Gạo {number}"} for number in range(1_001))), spreadsheet.SpreadsheetTooLarge),
    ],
)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_what_is_no_file_of_ours_is_refused_as_a_whole(
    producer: Organisation, rehearse: Callable[[bytes], spreadsheet.Report], data: bytes, error: type[DomainError]
) -> None:
    with pytest.raises(error) as raised:
        rehearse(data)
    assert raised.value.field == "file"


def test_a_column_that_is_none_of_ours_is_left_aside_and_named(
    producer: Organisation, rehearse: Callable[[bytes], spreadsheet.Report]
) -> None:
    report = rehearse(_sheet(NEW | {"ghi_chu": "abc"}))

    assert (report.ignored, report.problems) == (["ghi_chu"], [])


# --- Sets and goods by weight -------------------------------------------------------------------------


@pytest.fixture
def stocked(complete: Begin, maker: Actor, now: datetime) -> dict[str, Product]:
    """Rice in bags, shoots by weight from 500 g on, and a box of two bags and 300 g, packed to be given."""
    rice, shoots = complete("Gạo rẫy"), complete("Măng khô", subgroup=7)
    with transaction():
        bag = editing.add_item(rice, maker, name_vi="túi 1 kg", net_content=1_000, unit=Unit.GRAM, code="TUI", now=now)
        loose = editing.add_item(
            shoots, maker, name_vi="bán theo cân", net_content=100, unit=Unit.GRAM, code="CAN", by_weight=True,
            least_g=500, now=now,
        )  # fmt: skip
        editing.add_item(
            rice, maker, name_vi="bộ quà", net_content=1, unit=Unit.PIECE, code="BO", is_gift=True,
            parts={bag.id: 2, loose.id: 3}, now=now,
        )  # fmt: skip
    return {"rice": rice, "shoots": shoots}


def _items(product: Product) -> dict[str, tuple[Any, ...]]:
    """Say what sets, weights and gifts there are of a product, by code."""
    items = queries.items_of(product.id)
    held = sets.parts_of(item.id for item in items if item.is_set)
    codes = {row.id: row.code for row in db.session.scalars(select(TradeItem))}
    found = {
        item.code: (
            item.is_gift,
            item.step_g and item.least * item.step_g,
            {codes[part.item_id]: part.quantity for part in held.get(item.id, ())},
        )
        for item in items
    }
    db.session.rollback()
    return found


BOX = (True, None, {"TUI": 2, "CAN": 3})


def test_sets_and_weights_leave_and_come_back_the_same(
    stocked: dict[str, Product], out: Callable[[], bytes], take_in: Callable[[bytes], spreadsheet.Report]
) -> None:
    head, _, *rows = _cells(out())
    said = {row[head.index("item_code")]: dict(zip(head, row, strict=True)) for row in rows}
    assert said["BO"]["parts"] == "gao-ray/TUI × 2; mang-kho/CAN × 3"
    assert (said["BO"]["is_gift"], said["CAN"]["least_g"], said["TUI"]["least_g"]) == ("x", 500, None)

    report = take_in(out())

    assert (report.changes, report.problems) == ([], [])
    assert _items(stocked["rice"])["BO"] == BOX


def test_a_file_makes_them_anew_even_of_goods_that_stand_further_down_in_it(
    stocked: dict[str, Product],
    producer: Organisation,
    out: Callable[[], bytes],
    take_in: Callable[[bytes], spreadsheet.Report],
) -> None:
    head, _, *rows = _cells(out())
    anew = [dict(zip(head, row, strict=True)) | {"slug": None, "price_from": None} for row in rows]
    for row in anew:
        row["name_vi"] = f"{row['name_vi']} mới"
        row["parts"] = row["parts"] and "Gạo rẫy mới/TUI x 2\nMăng khô mới/can × 3"

    data = _sheet(*anew)
    report = take_in(data)

    assert (report.new_products, report.problems) == (2, [])
    made = {
        product.slug: product
        for product in db.session.scalars(select(Product).where(Product.producer_id == producer.id))
    }
    assert _items(made["gao-ray-moi"])["BO"] == BOX
    assert _items(made["mang-kho-moi"])["CAN"] == (False, 500, {})
    assert take_in(data).changes == []


def test_what_is_in_a_set_its_least_and_that_it_is_a_gift_are_changed_in_the_file(
    stocked: dict[str, Product], out: Callable[[], bytes], take_in: Callable[[bytes], spreadsheet.Report]
) -> None:
    rows = [row[_cells(out())[0].index("item_code")] for row in _cells(out())]
    data = _changed(out(), rows.index("BO") + 1, parts="gao-ray/TUI × 1; gao-ray/TUI × 1", is_gift="không")
    data = _changed(data, rows.index("CAN") + 1, least_g=300)
    data = _changed(data, rows.index("TUI") + 1, is_gift="có")

    report = take_in(data)

    assert {(row.item, row.column) for row in report.changes} == {
        ("BO", "parts"), ("BO", "net_content"), ("BO", "is_gift"), ("CAN", "least_g"), ("TUI", "is_gift"),
    }  # fmt: skip
    assert _items(stocked["rice"]) | _items(stocked["shoots"]) == {
        **_items(stocked["rice"]), "BO": (False, None, {"TUI": 2}), "TUI": (True, None, {}), "CAN": (False, 300, {}),
        **{code: facts for code, facts in _items(stocked["shoots"]).items() if code != "CAN"},
    }  # fmt: skip


def test_columns_that_were_taken_out_leave_sets_weights_and_gifts_alone(
    stocked: dict[str, Product], out: Callable[[], bytes], take_in: Callable[[bytes], spreadsheet.Report]
) -> None:
    head, _, *rows = _cells(out())
    kept = [
        {key: cell for key, cell in zip(head, row, strict=True) if key not in ("is_gift", "least_g", "parts")}
        for row in rows
    ]

    assert take_in(_sheet(*kept)).changes == []
    assert _items(stocked["rice"])["BO"] == BOX


@pytest.mark.parametrize(
    ("code", "cells", "column", "error"),
    [
        ("BO", {"parts": ""}, "parts", sets.NothingInIt),
        ("BO", {"parts": "gao-ray/TUI × 1"}, "parts", sets.NothingInIt),
        ("BO", {"parts": "gao-ray/TUI × 100"}, "parts", sets.BadPartQuantity),
        ("BO", {"parts": "gao-ray/BO × 2"}, "parts", sets.NotAPart),
        ("BO", {"parts": "gao-ray/XXX × 2"}, "parts", spreadsheet.NotAPartOfASet),
        ("BO", {"parts": "khong-co/TUI × 2"}, "parts", spreadsheet.NotAPartOfASet),
        ("BO", {"parts": "hai túi gạo"}, "parts", spreadsheet.NotAPartOfASet),
        ("BO", {"parts": "gao-ray/TUI × -2"}, "parts", spreadsheet.NotAPartOfASet),
        ("TUI", {"parts": "mang-kho/CAN × 5"}, "parts", spreadsheet.NotASet),
        ("TUI", {"is_gift": "có lẽ"}, "is_gift", spreadsheet.NotYesOrNo),
        ("CAN", {"least_g": 250}, "least_g", editing.BadLeast),
        ("CAN", {"least_g": -100}, "least_g", spreadsheet.NotANumber),
        ("CAN", {"least_g": "nhiều"}, "least_g", spreadsheet.NotANumber),
        ("BO", {"least_g": 500}, "least_g", editing.ByWeightInGrams),
    ],
)
def test_a_wrong_cell_of_a_set_or_a_weight_is_named(
    stocked: dict[str, Product],
    out: Callable[[], bytes],
    rehearse: Callable[[bytes], spreadsheet.Report],
    code: str,
    cells: dict[str, Any],
    column: str,
    error: type[DomainError],
) -> None:
    cells_out = _cells(out())
    number = [row[cells_out[0].index("item_code")] for row in cells_out].index(code) + 1

    report = rehearse(_changed(out(), number, **cells))

    assert [(row.row, row.column, type(row.error)) for row in report.problems] == [(number, column, error)]


def test_a_part_of_another_producer_is_not_found_by_its_address(
    stocked: dict[str, Product],
    make: Factories,
    out: Callable[[], bytes],
    rehearse: Callable[[bytes], spreadsheet.Report],
) -> None:
    theirs = make.product(make.producer("Hộ khác"), name="Mật ong khác")
    item = make.item(theirs)
    rows = _cells(out())
    number = [row[rows[0].index("item_code")] for row in rows].index("BO") + 1

    report = rehearse(_changed(out(), number, parts=f"{theirs.slug}/{item.code} × 2"))

    assert [type(row.error) for row in report.problems] == [spreadsheet.NotAPartOfASet]
