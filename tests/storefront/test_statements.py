"""Each row of a bank's statement counts once, whoever told of it and how often; broken rows are told of."""

from __future__ import annotations

import io
import json
from datetime import date, datetime, timedelta
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from accounts.actor import SYSTEM
from accounts.models import Organisation
from kernel.clock import VIETNAM
from kernel.db import db, transaction
from storefront import settling, statements, transfers
from storefront.gateways import bank_notices, codes
from storefront.gateways.bank_notices import Told
from storefront.order_models import BankAccount, Credit
from storefront.statements import Layout, Line
from tests.factories import Factories
from tests.races import meet, race

TODAY = date(2026, 11, 24)

#: Layouts as banks give them out: with a letterhead, in one language or two, with two columns or one with signs.
HEADING = (
    "Ngày giao dịch/ Transaction Date;Số tham chiếu/ Reference No;Số tiền ghi nợ/ Debit;Số tiền ghi có/ Credit;"
    "Số dư/ Balance;Nội dung chi tiết/ Transactions in detail"
)
TWO_LANGUAGES = f"""\
NGAN HANG MAU;;;;;
Số tài khoản/Account No: 0123456789;;;;;
;;;;;
{HEADING}
20/11/2026;FT26324000001;;130,000;1,130,000;OC12345678X thanh toan
21/11/2026;FT26325000002;50,000;;1,080,000;Phi
22/11/2026;FT26326000003;;1.250.000;2,330,000;Khach chuyen
Tổng cộng;;50,000;1,380,000;;
"""
SIGNED = """\
STT,Ngày GD,Mã giao dịch,Số tiền,Số dư,Diễn giải
1,20-11-2026 14:03:22,MB0001,"+130,000 VND","1,130,000",OC12345678X thanh toan
2,21-11-2026 08:00:00,MB0002,"-50,000 VND","1,080,000",Phi
3,22-11-2026 09:30:00,MB0003,"1,250,000.00","2,330,000",Khach chuyen
"""
MARKED = """\
Transaction Date\tDescription\tD/C\tAmount\tTransaction ID
2026-11-20T14:03:22\tOC12345678X thanh toan\tC\t130000\tX1
2026-11-21T08:00:00\tPhi\tD\t50000\tX2
2026-11-22T09:30:00\tKhach chuyen\tC\t1250000\tX3
"""
NO_REFERENCE = """\
Ngày,Ghi nợ,Ghi có,Nội dung
20/11/2026,,130000,OC12345678X thanh toan
21/11/2026,50000,,Phi
22/11/2026,,1250000,Khach chuyen
"""


def lines_of(text: str | bytes, layout: Layout | None = None) -> statements.Statement:
    """Read a file as the screen does."""
    rows = statements.read(text if isinstance(text, bytes) else text.encode())
    known = layout or statements.recognise(rows)
    assert known is not None
    return statements.look(rows, known, today=TODAY)


def excel(rows: list[list[Any]]) -> bytes:
    """Write a spreadsheet; days and numbers are such cells."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "remove_timezone": True})
    sheet = book.add_worksheet()
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            if isinstance(cell, datetime):
                sheet.write_datetime(number, column, cell, day)
            elif cell is not None:
                sheet.write(number, column, cell)
    book.close()
    return file.getvalue()


# --- Reading ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [TWO_LANGUAGES, SIGNED, MARKED, NO_REFERENCE])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_layouts_of_several_banks_are_known_by_their_headings(text: str, encoding: str) -> None:
    read = lines_of(text.encode(encoding))

    assert [line.amount_vnd for line in read.lines] == [130_000, 1_250_000]
    assert [line.at.date() for line in read.lines] == [date(2026, 11, 20), date(2026, 11, 22)]
    assert [line.memo for line in read.lines] == ["OC12345678X thanh toan", "Khach chuyen"]
    assert read.problems == ()
    assert read.outgoing == 1
    assert all(line.reference for line in read.lines) == (text is not NO_REFERENCE)


def test_an_excel_file_with_real_days_and_numbers_reads_alike() -> None:
    at = datetime(2026, 11, 20, 14, 3, 22)  # noqa: DTZ001 (spreadsheets know no zones)
    read = lines_of(
        excel(
            [
                ["SAO KÊ TÀI KHOẢN"],
                [],
                ["Ngày giao dịch", "Số bút toán", "Phát sinh nợ", "Phát sinh có", "Nội dung"],
                [at, "FT1", None, 130_000, "Tiền hàng"],
                [46346.5, 7, None, "2.000.000", "x"],
            ]
        )
    )

    assert [(line.at, line.amount_vnd, line.reference) for line in read.lines] == [
        (at.replace(tzinfo=VIETNAM), 130_000, "FT1"),
        (datetime(2026, 11, 20, 12, tzinfo=VIETNAM), 2_000_000, "7"),
    ]


def test_good_rows_are_taken_and_each_broken_one_is_told_of() -> None:
    text = """\
Ngày giao dịch,Mã giao dịch,Ghi nợ,Ghi có,Nội dung
20/11/2026,A1,,130000,tốt
31/02/2026,A2,,5000,ngày sai
hôm qua,A3,,5000,ngày sai
20/11/2026,A4,,5.5,tiền sai
20/11/2026,A5,,nhiều,tiền sai
20/11/2026,A6,,9999999999999,tiền sai
20/12/2026,A7,,5000,chưa tới
01/01/1999,A8,,5000,cũ quá
20/11/2026,A9,,0,không
,,,,
20/11/2026,A10
22/11/2026,A11,,"1,000",tốt
"""
    read = lines_of(text)

    assert [line.reference for line in read.lines] == ["A1", "A11"]
    assert [problem.row for problem in read.problems] == [3, 4, 5, 6, 7, 8, 9, 10, 12]
    assert all("%" not in str(problem.error) for problem in read.problems)


BROKEN = """\
Ngày;Số tham chiếu;Ghi có;Ghi nợ;Nội dung
Số dư đầu kỳ;;5000000;;
20/11/2026;FT900000;100000;;tốt
;;777000;;
30112026;FT900001;250000;;CONG TY TNHH ABC CHUYEN TIEN OC12345678X
;FT900012;66000;;CONG DOAN XA BA TO CK
20/11/2026;FT900013;;;TONG CONG TY MAU CK
20/11/2026;FT900014;0;9000;Phi
;;5000;;TONG CONG TY MAU CK
20/11/2026;FT900015;200000;;tốt
20/11/2026;;;;Số dư cuối ngày 20/11
"""


@pytest.mark.parametrize(
    "foot",
    [
        "", "Tổng cộng;;999;9000;\n", "Tổng cộng/Total;;999;9000;\n", ";;1398000;9000;Cộng phát sinh\n",
        ";;1398000;;\n", ";;5;;\n", "Số dư cuối kỳ;;1;;\n", "Ngày in: 24/11/2026;;;;\n;;;;Người lập biểu\n",
    ],
)  # fmt: skip
def test_every_row_is_taken_or_told_of_but_for_sums_and_balances(foot: str) -> None:
    read = lines_of(BROKEN + foot)

    assert [line.row for line in read.lines] == [3, 10]
    assert [problem.row for problem in read.problems] == [4, 5, 6, 7, 9]
    assert read.outgoing == 1


@pytest.mark.parametrize(
    "broken", [";FT1;5;;", ";;5;;CONG TY X", "hôm qua;;5000;;", "24112026;;5;;", ";FT1;;;", "21/11/2026;;x;;Số dư"]
)
def test_a_broken_row_at_the_end_is_no_foot(broken: str) -> None:
    assert [problem.row for problem in lines_of(BROKEN + broken + "\n").problems] == [4, 5, 6, 7, 9, 12]


@pytest.mark.parametrize("day", ["ko ro", ""])
@pytest.mark.parametrize("above", [[121_000], [100_000, 50_000]])
def test_a_payment_as_large_as_all_above_it_is_no_sum_where_it_has_words(day: str, above: list[int]) -> None:
    rows = [f"20/11/2026,,{amount},OCPN4FVV1B1" for amount in above]
    read = lines_of(
        "\n".join(["Ngày,Ghi nợ,Ghi có,Nội dung", *rows, f"{day},,{sum(above)},OCKH7PB3QYG", "20/11/2026,,9,x"])
    )

    assert [problem.row for problem in read.problems] == [len(above) + 2]
    assert len(read.lines) == len(above) + 1


MARKS = {
    "Chuyển đến": 1, "Nộp tiền": 1, "Credit transfer": 1, "C": 1, "Ghi có": 1, "": 1,
    "Chuyển đi": 0, "Rút tiền": 0, "Debit transfer": 0, "D": 0, "Ghi nợ": 0, "Phí": 0,
    "Chuyển khoản": None, "Thu phí": None, "Hoàn tiền": None,
}  # fmt: skip


@pytest.mark.parametrize(("mark", "comes"), MARKS.items())
def test_a_mark_says_whether_money_came_or_went_and_one_that_does_not_is_told_of(mark: str, comes: int | None) -> None:
    text = f"Ngày giao dịch,Số tiền,Loại giao dịch,Nội dung\n20/11/2026,221000,{mark},HOAN TIEN OC1\n"
    read = lines_of(text)

    assert (len(read.lines), read.outgoing, len(read.problems)) == (
        (0, 0, 1) if comes is None else (comes, 1 - comes, 0)
    )
    signed = lines_of(text.replace("221000", "+221000"))
    assert (len(signed.lines), len(signed.problems)) == ((1, 0) if comes is None else (comes, 0))
    columns = text.replace("Số tiền", "Ghi có").replace("Nội dung", "Nội dung,Ghi nợ").replace("OC1", "OC1,")
    assert lines_of(columns).problems == ()


@pytest.mark.parametrize("quoted", ['"CK A', 'CK "A', '"CK A"', '"CK"A', '"CK A, B"', '"CK\nA"'])
@pytest.mark.parametrize("later", ["", '"'])
def test_an_open_quote_swallows_no_row_below_it(quoted: str, later: str) -> None:
    rows = [f"20/11/2026,,{amount},{memo}" for amount, memo in ((1_000, quoted), (2_000, "B"), (3_000, f"C{later}"))]
    read = lines_of("\n".join(["Ngày,Ghi nợ,Ghi có,Nội dung", *rows]))

    assert [line.amount_vnd for line in read.lines] == [1_000, 2_000, 3_000]
    assert read.lines[1].memo == "B"
    assert "A" in read.lines[0].memo or "\n" in quoted


@pytest.mark.parametrize(
    "row", ["20/11/2026,,,Tong tien hang {}", "20/11/2026,,,So du chuyen khoan {}", "hom qua,,,{} 160000"]
)
def test_what_has_a_code_of_ours_is_told_of_however_broken_it_is(row: str) -> None:
    code = codes.new_code()
    read = lines_of(f"Ngày,Ghi nợ,Ghi có,Nội dung\n20/11/2026,,1000,A\n{row.format(code)}\n20/11/2026,,,Tổng cộng\n")

    assert [problem.row for problem in read.problems] == [3]


@pytest.mark.parametrize(("debit", "outgoing"), [(None, 1), (3, 1), (1, 0)])
def test_an_empty_amount_is_of_money_that_went_where_the_row_has_another(debit: int | None, outgoing: int) -> None:
    text = "when,in,why,out\n20/11/2026,130000,OC1,\n21/11/2026,,Phi,5000\n22/11/2026,,hong,\n"

    read = lines_of(text, Layout(0, day=0, credit=1, memo=2, debit=debit))

    assert (len(read.lines), read.outgoing, len(read.problems)) == (1, outgoing, 2 - outgoing)


def test_columns_of_other_names_are_pointed_out_by_hand() -> None:
    text = "when,how much,why\n20/11/2026,130000,OC1\n21/11/2026,-5000,x\n"
    rows = statements.read(text.encode())
    assert statements.recognise(rows) is None

    read = lines_of(text, Layout(statements.likely_heading(rows), day=0, credit=1, memo=2))

    assert [(line.amount_vnd, line.memo) for line in read.lines] == [(130_000, "OC1")]
    with pytest.raises(statements.ColumnsTwice):
        statements.look(rows, Layout(0, day=0, credit=0, memo=2), today=TODAY)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   \n \n",
        b"\xff\xd8\xff\xe0 a picture",
        b"PK\x03\x04 half a file",
        b"one column\nonly\n",
        b"%PDF-1.4\n1 0 obj",
        b"a,b,c\0",
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_statement_is_refused(data: bytes) -> None:
    with pytest.raises(statements.NotAStatement):
        statements.read(data)


def test_too_large_a_file_is_refused() -> None:
    with pytest.raises(statements.StatementTooLarge):
        statements.read(b"a,b,c\n" * (statements.MOST_ROWS + 100))
    with pytest.raises(statements.StatementTooLarge):
        statements.read(b"x" * (statements.MOST_BYTES + 1))


def test_a_spreadsheet_with_formulas_and_errors_does_not_break_the_reader() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (
        ["Ngày", "Mã giao dịch", "Ghi có", "Nội dung"],
        ["20/11/2026", "A", "=1+1", "x"],
        ["#REF!", "B", 5, "y"],
    ):
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)

    read = lines_of(file.getvalue())

    assert read.lines == ()
    assert [problem.row for problem in read.problems] == [2, 3]


@given(st.integers(1, 10**12 - 1), st.sampled_from([",", ".", ""]), st.sampled_from(["", " VND", "đ", ".00"]))
def test_amounts_are_read_as_banks_write_them(amount: int, mark: str, after: str) -> None:
    text = f"{amount:,}".replace(",", mark)
    if after == ".00" and mark == ".":
        after = ",00"

    read = lines_of(f'Ngày,Ghi nợ,Ghi có,Nội dung\n20/11/2026,,"{text}{after}",x\n')

    assert [line.amount_vnd for line in read.lines] == [amount]


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    try:
        rows = statements.read(data)
    except (statements.NotAStatement, statements.StatementTooLarge):
        return
    layout = statements.recognise(rows) or Layout(0, 0, 1, 2)
    statements.look(rows, layout, today=TODAY)


# --- Counting once ----------------------------------------------------------------------------------


@pytest.fixture
def account(make: Factories, app: Flask, now: datetime) -> BankAccount:
    """An account of a producer."""
    producer = make.producer("Hộ mẫu")
    with app.app_context(), transaction() as session:
        return transfers.set_account(
            session.get_one(Organisation, producer.id),
            bank_bin="970405",
            number="0123 456-789",
            holder="Nguyễn Văn Mẫu",
            actor=SYSTEM,
            now=now,
        )


def take(account: BankAccount, text: str, now: datetime) -> int:
    """Take a file in; gives how many rows were new."""
    with transaction():
        arrived = statements.arrivals(account, lines_of(text).lines)
        known = statements.known(arrived)
        statements.note_references(arrived)
        for money in arrived:
            settling.record(money, now=now)
    return sum(money.identity not in known for money in arrived)


def amounts() -> list[int]:
    """Read all money that was written down."""
    db.session.rollback()
    return sorted(db.session.scalars(select(Credit.amount_vnd)))


@pytest.mark.parametrize("text", [TWO_LANGUAGES, SIGNED, MARKED, NO_REFERENCE])
def test_a_file_brought_in_twice_counts_once(ctx: Flask, account: BankAccount, now: datetime, text: str) -> None:
    assert take(account, text, now) == 2

    assert take(account, text, now) == 0
    assert amounts() == [130_000, 1_250_000]


def test_files_that_overlap_count_each_row_once(ctx: Flask, account: BankAccount, now: datetime) -> None:
    head, first, *_ = NO_REFERENCE.splitlines()
    take(account, "\n".join([head, first]), now)

    assert take(account, NO_REFERENCE, now) == 1
    assert amounts() == [130_000, 1_250_000]


def test_two_transfers_that_are_alike_in_everything_are_two(ctx: Flask, account: BankAccount, now: datetime) -> None:
    head, first, *_ = NO_REFERENCE.splitlines()
    take(account, "\n".join([head, first]), now)

    assert take(account, "\n".join([head, first, first]), now) == 1
    assert take(account, "\n".join([head, first, first]), now) == 0
    assert amounts() == [130_000, 130_000]


def test_references_with_blanks_are_whole_and_what_stands_behind_a_backslash_is_not_of_them(
    ctx: Flask, account: BankAccount, now: datetime
) -> None:
    at = datetime(2026, 11, 20, 9, 0, tzinfo=VIETNAM)

    def name(reference: str) -> str:
        return statements.arrivals(account, [Line(1, at, 5_000, "Tiền", reference)])[0].identity

    assert name("5214 - 53391") != name("5214 - 99999")
    assert name("5214 - 53391") == name(" 5214  -  53391\\BNK")
    assert name("FT1") == name("ft1\\BNK 2")


def test_an_account_is_one_organisations_alone_until_it_is_stopped(
    ctx: Flask, account: BankAccount, make: Factories, now: datetime
) -> None:
    other = make.producer("Hộ khác")

    def enter() -> BankAccount:
        return transfers.set_account(
            db.session.get_one(Organisation, other.id),
            bank_bin="970405", number=account.number, holder="KHAC", actor=SYSTEM, now=now,
        )  # fmt: skip

    with pytest.raises(transfers.OthersAccount), transaction():
        enter()
    assert db.session.scalars(select(BankAccount.organisation_id)).all() == [account.organisation_id]

    with transaction():
        transfers.stop_account(db.session.get_one(BankAccount, account.id), actor=SYSTEM, now=now)
    with transaction():
        assert enter().is_active


def test_whoever_enters_anothers_number_at_another_bank_comes_to_none_of_its_money(
    ctx: Flask, account: BankAccount, make: Factories, now: datetime
) -> None:
    other = make.producer("Hộ khác")
    with transaction():
        theirs = transfers.set_account(
            db.session.get_one(Organisation, other.id),
            bank_bin="970436", number=account.number, holder="KHAC", actor=SYSTEM, now=now,
        )  # fmt: skip

    with transaction():
        heard = transfers.hear(told(account, memo="khong ma"), now=now)

    assert heard is not None
    assert heard.payee_id == account.organisation_id
    assert take(theirs, TWO_LANGUAGES, now) == 2  # their own, though it looks like ours
    assert take(account, TWO_LANGUAGES, now) == 1


def test_events_of_two_services_with_the_same_number_are_two() -> None:
    flat = {"id": 777, "transactionDate": "2026-11-20", "accountNumber": "1", "transferType": "in", "transferAmount": 1}
    listed = {"id": 777, "amount": 1, "when": "2026-11-20", "subAccId": "1"}
    events = [bank_notices.read(json.dumps(body).encode())[0].event for body in (flat, {"data": [listed]})]

    assert len(set(events)) == 2


def told(account: BankAccount, event: str = "92704", **facts: Any) -> Told:
    """A notice of the first row of the files above."""
    whole = {
        "event": event,
        "account": account.number,
        "amount_vnd": 130_000,
        "memo": "OC12345678X  thanh toan",
        "reference": "FT26324000001",
        "at": datetime(2026, 11, 20, 14, 3, tzinfo=VIETNAM),
    }
    return Told(**{**whole, **facts})


@pytest.mark.parametrize("text", [TWO_LANGUAGES, NO_REFERENCE])
@pytest.mark.parametrize("notice_first", [True, False])
def test_what_a_notice_told_of_does_not_count_again_from_a_statement(
    ctx: Flask, account: BankAccount, now: datetime, text: str, notice_first: bool
) -> None:
    if not notice_first:
        take(account, text, now)
    with transaction():
        transfers.hear(told(account), now=now)
    if notice_first:
        take(account, text, now)
    take(account, text, now)

    assert amounts() == [130_000, 1_250_000]


def test_a_second_transfer_like_the_first_counts_although_the_first_was_told_of(
    ctx: Flask, account: BankAccount, now: datetime
) -> None:
    with transaction():
        transfers.hear(told(account), now=now)
        transfers.hear(told(account, "92705", reference="FT26324000099"), now=now)

    take(account, NO_REFERENCE, now)

    assert amounts() == [130_000, 130_000, 1_250_000]


def test_alike_transfers_count_as_often_as_notices_and_statements_tell_of_them(
    ctx: Flask, account: BankAccount, now: datetime
) -> None:
    head, first, *_ = NO_REFERENCE.splitlines()

    def hear(number: int) -> None:
        with transaction():
            transfers.hear(told(account, f"9270{number}", reference=f"FT2632400000{number}"), now=now)

    take(account, "\n".join([head, first]), now)
    hear(1)
    assert amounts() == [130_000]
    hear(2)
    assert amounts() == [130_000] * 2
    assert take(account, "\n".join([head, first, first]), now) == 0
    assert take(account, "\n".join([head, first, first, first]), now) == 1
    assert take(account, "\n".join([head, first, first, first]), now) == 0
    hear(3)
    assert amounts() == [130_000] * 3
    hear(4)
    assert amounts() == [130_000] * 4


def test_the_same_money_counts_once_whether_a_file_has_references_or_not(
    ctx: Flask, account: BankAccount, now: datetime
) -> None:
    for text in (NO_REFERENCE, TWO_LANGUAGES, NO_REFERENCE, TWO_LANGUAGES):
        take(account, text, now)

    assert amounts() == [130_000, 1_250_000]


def test_a_notice_between_two_files_of_the_same_money_changes_nothing(
    ctx: Flask, account: BankAccount, now: datetime
) -> None:
    take(account, NO_REFERENCE, now)
    with transaction():
        transfers.hear(told(account), now=now)
    take(account, TWO_LANGUAGES, now)

    assert amounts() == [130_000, 1_250_000]


def test_a_transfer_with_another_reference_is_another_one_although_the_first_file_had_none(
    ctx: Flask, account: BankAccount, now: datetime
) -> None:
    take(account, NO_REFERENCE, now)
    take(account, TWO_LANGUAGES, now)
    with transaction():
        transfers.hear(told(account, "92705", reference="FT26324000099"), now=now)
    assert amounts() == [130_000, 130_000, 1_250_000]

    again = TWO_LANGUAGES.replace("FT26324000001", "FT26324000098")
    assert again != TWO_LANGUAGES
    take(account, again, now)
    assert amounts() == [130_000] * 3 + [1_250_000]


def test_the_statement_of_another_own_account_is_refused(ctx: Flask, account: BankAccount, now: datetime) -> None:
    rows = statements.read(TWO_LANGUAGES.encode())
    layout = statements.recognise(rows)
    assert layout is not None
    statements.check_account(rows, layout, account, ["0123456789", "999888777"])
    other = BankAccount(number="999888777")

    with pytest.raises(statements.OthersStatement):
        statements.check_account(rows, layout, other, ["0123456789", "999888777"])


def test_one_file_brought_in_by_four_at_once_counts_once(app: Flask, account: BankAccount, now: datetime) -> None:
    def act(number: int) -> int:
        return take(db.session.get_one(BankAccount, account.id), TWO_LANGUAGES, now)

    race(app, 4, act)

    with app.app_context():
        assert amounts() == [130_000, 1_250_000]


def test_control_who_looks_what_is_known_and_writes_later_counts_it_four_times(
    app: Flask, account: BankAccount, now: datetime
) -> None:
    """The control of the race above: look which lines are there, and let all of them look before anybody writes."""

    def act(number: int) -> int:
        arrived = statements.arrivals(db.session.get_one(BankAccount, account.id), lines_of(TWO_LANGUAGES).lines)
        new = len(arrived) - len(statements.known(arrived))
        db.session.rollback()
        meet()
        return new

    assert race(app, 4, act) == [2] * 4, "each of four believes that both lines are new"


def test_lines_are_named_by_day_amount_and_words_only(ctx: Flask, account: BankAccount, now: datetime) -> None:
    at = datetime(2026, 11, 20, 1, 0, tzinfo=VIETNAM)
    same = [Line(1, at, 5_000, "Tiền hàng"), Line(9, at + timedelta(hours=20), 5_000, "TIEN  HANG")]
    others = [Line(1, at, 5_001, "Tiền hàng"), Line(1, at - timedelta(hours=2), 5_000, "Tiền hàng")]

    first, second = statements.arrivals(account, same)
    assert second.identity == f"{first.identity}:2"
    assert first.identity not in {statements.arrivals(account, [line])[0].identity for line in others}
