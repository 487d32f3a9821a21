"""A payee sees the money that came, says what is not clear about it, and gives back what is owed."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Iterator
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
import zxingcpp
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from accounts.actor import SYSTEM
from accounts.models import Organisation, Role
from admin import bank_statements
from kernel.db import db, transaction
from storefront import agreement, ordering, paying, settling, transfers
from storefront.gateways import vietqr
from storefront.order_models import BankAccount, Credit, CreditOutcome, Payment, PaymentMethod, Refund, RefundState
from storefront.settling import Arrived
from storefront.shipping import Way
from storefront.statements import Line
from tests.buying import asked, fill, open_shop
from tests.factories import Factories
from tests.web import csrf_token, send
from traceability import labels

HEAD = "Ngày giao dịch,Mã giao dịch,Ghi nợ,Ghi có,Nội dung\n"


@pytest.fixture
def ours(make: Factories, app: Flask, now: datetime) -> Iterator[SimpleNamespace]:
    """A producer with an account, and a payment of 100,000 đ that it waits for."""
    shop = open_shop(make, app, now)
    producer = shop.first
    with app.app_context():
        with transaction() as session:
            account = transfers.set_account(
                session.get_one(Organisation, producer.id),
                bank_bin="970405", number="0123456789", holder="MAU", actor=SYSTEM, now=now,
            )  # fmt: skip
        cart = fill(now, (shop.rice, 2))
        with transaction():
            bought = ordering.place(cart, asked(shop, 100_000, ways={producer.id: Way("parcel", 0)}), now=now)
            paying.ask(bought, now=now)
        payment = bought.payments[0]
        found = SimpleNamespace(
            producer=producer, account_id=account.id, payment_id=payment.id, code=payment.code,
            number=bought.number, now=now,
        )  # fmt: skip
    found.browser = make.client(producer)
    yield found
    with app.app_context():
        assert agreement.verify() == []


def arrive(app: Flask, ours: SimpleNamespace, amount: int, memo: str, identity: str = "FT1") -> int:
    """Let money come; gives its id."""
    with app.app_context(), transaction():
        return settling.record(
            Arrived(identity, "statement", ours.producer.id, amount, memo, ours.now), now=ours.now
        ).id


def credit(app: Flask, credit_id: int) -> Credit:
    """Read money that came."""
    with app.app_context():
        return db.session.get_one(Credit, credit_id)


def upload(browser: FlaskClient, ours: SimpleNamespace, text: str, **fields: str) -> TestResponse:
    """Choose a statement on its form."""
    data: dict[str, Any] = {
        "csrf_token": csrf_token(browser),
        "account": str(ours.account_id),
        "file": (io.BytesIO(text.encode()), "sao-ke.csv"),
        **fields,
    }
    return browser.post("/quan-tri/tien/sao-ke", data=data)


def hidden(page: str, name: str) -> str:
    """Read a hidden field of a form."""
    match = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    assert match is not None
    return match[1]


# --- Statements -------------------------------------------------------------------------------------


def test_a_statement_is_looked_at_first_then_taken_in_and_counts_once(ours: SimpleNamespace, app: Flask) -> None:
    text = (
        HEAD
        + f"20/11/2026,FT1,,100000,{ours.code} mua hang\n20/11/2026,FT2,,5000,gi do\n"
        + "31/02/2026,FT3,,7000,hong\n21/11/2026,FT4,9000,,phi\n"
    )

    looked = upload(ours.browser, ours, text)

    assert looked.status_code == 200
    for words in ("Đúng đơn", "Chưa rõ của đơn nào", "31/02/2026", "Dòng 4", "Ghi 2 khoản tiền"):
        assert words in looked.text
    with app.app_context():
        assert db.session.scalars(select(Credit)).all() == []
        assert db.session.get_one(Payment, ours.payment_id).captured_vnd == 0

    fields = {name: hidden(looked.text, name) for name in ("account", "lines")}
    for _ in range(2):
        assert send(ours.browser, "/quan-tri/tien/sao-ke/nhan", fields).status_code == 303
    with app.app_context():
        assert sorted(db.session.scalars(select(Credit.amount_vnd))) == [5_000, 100_000]
        assert db.session.get_one(Payment, ours.payment_id).captured_vnd == 100_000

    again = upload(ours.browser, ours, text)
    assert "Tất cả đã được ghi từ trước" in again.text


def test_a_statement_of_a_busy_day_with_long_words_is_taken_in(ours: SimpleNamespace, app: Flask) -> None:
    rows = [
        f"20/11/2026,FT2632400{number:04d},,{5_000 + number},"
        f"MBVCB.{7_000_000_000 + number * 7919}.{number * 104_729:06d}.Nguyễn Văn Mẫu chuyển tiền mua hàng "
        f"{ours.code if number == 7 else ''} CT tu 00110043{number:05d} NGUYEN VAN MAU toi 0123456789 "
        "HOP TAC XA MAU tai MB, ngân hàng xác nhận đã nhận đủ tiền"
        for number in range(60)
    ]
    looked = upload(ours.browser, ours, HEAD + "\n".join(rows))
    fields = {name: hidden(looked.text, name) for name in ("account", "lines")}

    assert "Ghi 60 khoản tiền" in looked.text
    assert send(ours.browser, "/quan-tri/tien/sao-ke/nhan", fields).status_code == 303
    with app.app_context():
        assert len(db.session.scalars(select(Credit)).all()) == 60


def test_a_whole_month_fits_and_what_is_too_long_is_said_before(ours: SimpleNamespace, app: Flask) -> None:
    def lines(rows: int, signs: int) -> tuple[Line, ...]:
        words = random.Random(1)
        return tuple(
            Line(
                row,
                ours.now,
                row,
                "".join(words.choices("ĂÂĐÊÔƠƯ0123456789ABCDEFGHKLMNPQRSTUVXY .", k=signs)),
                f"FT{row}",
            )
            for row in range(1, rows + 1)
        )

    with app.test_request_context():
        account = BankAccount(id=ours.account_id)
        month = bank_statements._signed(account, lines(1_500, 400))
        form = bank_statements.ApplyForm(formdata=MultiDict({"account": "1", "lines": month}))
        form.validate()
        assert not form.lines.errors
        with pytest.raises(bank_statements.StatementTooLong):
            bank_statements._signed(account, lines(5_000, 1_000))


def test_a_second_transfer_like_the_first_is_taken_in(ours: SimpleNamespace, app: Flask) -> None:
    head, row = "Ngày,Ghi có,Nội dung\n", f"20/11/2026,100000,{ours.code}\n"
    for rows, new in ((1, 1), (2, 1), (3, 1)):
        looked = upload(ours.browser, ours, head + row * rows)
        fields = {name: hidden(looked.text, name) for name in ("account", "lines")}
        assert f"Ghi {new} khoản tiền" in looked.text
        assert send(ours.browser, "/quan-tri/tien/sao-ke/nhan", fields).status_code == 303
        with app.app_context():
            assert list(db.session.scalars(select(Credit.amount_vnd))) == [100_000] * rows


def test_parts_are_no_question_any_more_once_more_than_the_rest_came(ours: SimpleNamespace, app: Flask) -> None:
    part = arrive(app, ours, 90_000, ours.code)
    rest = arrive(app, ours, 30_000, ours.code, "FT2")

    assert credit(app, part).outcome is CreditOutcome.MATCHED
    assert credit(app, rest).outcome is CreditOutcome.OVER
    assert send(ours.browser, f"/quan-tri/tien/{rest}/tra-phan-thua").status_code == 303
    with app.app_context():
        assert db.session.scalars(select(Refund.amount_vnd)).all() == [20_000]


def test_columns_that_are_not_known_are_pointed_out(ours: SimpleNamespace, app: Flask) -> None:
    text = "when;how much;why\n20/11/2026;5000;x\n"

    asked = upload(ours.browser, ours, text)
    assert asked.status_code == 422
    assert "B: how much" in asked.text

    looked = upload(ours.browser, ours, text, day="1", credit="2", memo="3")
    assert looked.status_code == 200
    assert "Ghi 1 khoản tiền" in looked.text


@pytest.mark.parametrize("text", ["", "no statement", HEAD.replace("Ghi có", "?"), HEAD + "x,y,,z,w\n"])
def test_a_file_that_cannot_be_taken_in_is_refused_with_a_sentence(ours: SimpleNamespace, text: str) -> None:
    assert upload(ours.browser, ours, text).status_code == 422


def test_what_was_not_looked_at_here_is_not_taken_in(ours: SimpleNamespace, make: Factories, app: Flask) -> None:
    looked = upload(ours.browser, ours, HEAD + "20/11/2026,FT1,,5000,x\n")
    fields = {name: hidden(looked.text, name) for name in ("account", "lines")}
    other = make.producer("Hộ khác")

    assert send(ours.browser, "/quan-tri/tien/sao-ke/nhan", fields, lines=fields["lines"] + "x").status_code == 409
    assert send(ours.browser, "/quan-tri/tien/sao-ke/nhan", account="x", lines="y").status_code == 409
    assert send(make.client(other), "/quan-tri/tien/sao-ke/nhan", fields).status_code == 404
    with app.app_context():
        assert db.session.scalars(select(Credit)).all() == []


def test_anothers_account_does_not_exist(ours: SimpleNamespace, make: Factories) -> None:
    other = make.client(make.producer("Hộ khác"))

    assert upload(other, ours, HEAD + "20/11/2026,FT1,,5000,x\n").status_code == 422
    assert send(other, f"/quan-tri/tien/tai-khoan/{ours.account_id}/thoi").status_code == 404


# --- Money that came --------------------------------------------------------------------------------


def test_money_of_unknown_purpose_is_given_to_the_order_it_was_for(ours: SimpleNamespace, app: Flask) -> None:
    id = arrive(app, ours, 100_000, "mua mat ong")
    page = ours.browser.get(f"/quan-tri/tien/{id}").text
    assert ours.number in page

    for wrong in ("", "OC0", "DH-1", "'; --"):
        assert send(ours.browser, f"/quan-tri/tien/{id}/gan", what=wrong).status_code == 422
    assert send(ours.browser, f"/quan-tri/tien/{id}/gan", what=ours.number.lower()).status_code == 303

    assert credit(app, id).payment_id == ours.payment_id
    assert send(ours.browser, f"/quan-tri/tien/{id}/gan", what=ours.code).status_code == 409


def test_a_part_says_what_is_missing(ours: SimpleNamespace, app: Flask) -> None:
    id = arrive(app, ours, 40_000, ours.code)

    page = ours.browser.get(f"/quan-tri/tien/{id}").text

    assert credit(app, id).outcome is CreditOutcome.PARTIAL
    assert "60.000" in page


def test_what_is_too_much_is_claimed_back_then_transferred(ours: SimpleNamespace, app: Flask) -> None:
    id = arrive(app, ours, 130_000, ours.code)
    assert "Thừa" in ours.browser.get("/quan-tri/tien").text

    claimed = send(ours.browser, f"/quan-tri/tien/{id}/tra-phan-thua")
    assert claimed.status_code == 303
    assert send(ours.browser, f"/quan-tri/tien/{id}/tra-phan-thua").status_code == 409
    with app.app_context():
        made = db.session.scalars(select(Refund).where(Refund.cause.like("credit:%"))).one()
    assert made.amount_vnd == 30_000
    assert made.number in ours.browser.get("/quan-tri/tien/tra-lai").text

    assert send(ours.browser, claimed.location, reference=" ").status_code == 422
    assert send(ours.browser, claimed.location, reference="FT99").status_code == 303
    assert send(ours.browser, claimed.location, reference="FT99").status_code == 409
    with app.app_context():
        assert db.session.get_one(Refund, made.id).state is RefundState.DONE
    assert "FT99" in ours.browser.get("/quan-tri/tien/tra-lai?loai=tat-ca&dang=csv").text


def test_a_decision_is_written_down_with_its_words(ours: SimpleNamespace, app: Flask) -> None:
    id = arrive(app, ours, 5_000, "gi do")

    assert send(ours.browser, f"/quan-tri/tien/{id}/quyet-dinh", how="tra-lai").status_code == 422
    assert send(ours.browser, f"/quan-tri/tien/{id}/quyet-dinh", how="x", words="y").status_code == 422
    assert send(ours.browser, f"/quan-tri/tien/{id}/quyet-dinh", how="tra-lai", words="FT7").status_code == 303
    assert send(ours.browser, f"/quan-tri/tien/{id}/quyet-dinh", how="giu", words="FT7").status_code == 409

    assert credit(app, id).outcome is CreditOutcome.SETTLED
    assert credit(app, id).decision.endswith("FT7")
    assert "gi do" not in ours.browser.get("/quan-tri/tien").text
    assert "gi do" in ours.browser.get("/quan-tri/tien?loai=tat-ca&q=GI").text
    assert "gi do" in ours.browser.get("/quan-tri/tien?loai=da-xong&dang=csv").text


def test_what_belongs_to_an_order_is_not_sent_back_as_if_it_were_for_nothing(ours: SimpleNamespace, app: Flask) -> None:
    id = arrive(app, ours, 40_000, ours.code)

    assert send(ours.browser, f"/quan-tri/tien/{id}/quyet-dinh", how="tra-lai", words="FT7").status_code == 422
    assert credit(app, id).outcome is CreditOutcome.PARTIAL


def test_who_may_only_read_is_shown_no_buttons(ours: SimpleNamespace, app: Flask, make: Factories) -> None:
    id = arrive(app, ours, 5_000, "gi do")
    reader = make.client(ours.producer, role=Role.VIEWER)

    page = reader.get(f"/quan-tri/tien/{id}")

    assert page.status_code == 200
    assert "/gan" not in page.text
    assert send(reader, f"/quan-tri/tien/{id}/gan", what=ours.code).status_code == 403


# --- The account, and the ways to pay ---------------------------------------------------------------


def test_the_account_is_shown_with_the_code_that_buyers_would_scan(ours: SimpleNamespace, app: Flask) -> None:
    typed = {"bank": "970436", "number": "1234 5678-90", "holder": "Nguyễn Văn Mẫu"}

    assert send(ours.browser, "/quan-tri/tien/tai-khoan", typed).status_code == 303
    page = ours.browser.get("/quan-tri/tien/tai-khoan").text

    with app.app_context():
        account = paying.account_of(ours.producer.id)
    assert account is not None
    assert (account.bank_bin, account.number, account.holder) == ("970436", "1234567890", "NGUYEN VAN MAU")
    text = vietqr.payload(vietqr.Transfer("970436", "1234567890", 10_000, "THU MA QR"))
    path = re.search(r'<path d="([^"]+)"', labels.qr_svg(text, title="x"))
    assert path is not None
    assert path[1] in page
    (read,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(labels.qr_png(text))))
    assert vietqr.read(read.text) == vietqr.Transfer("970436", "1234567890", 10_000, "THU MA QR")


@pytest.mark.parametrize(
    "changed",
    [
        {"bank": ""},
        {"bank": "000000"},
        {"number": ""},
        {"number": "12"},
        {"number": "1" * 25},
        {"number": "12+34"},
        {"holder": ""},
        {"holder": "<b>"},
    ],
)
def test_an_account_that_cannot_be_right_is_refused_beside_its_field(
    ours: SimpleNamespace, app: Flask, changed: dict[str, str]
) -> None:
    typed = {"bank": "970436", "number": "1234567890", "holder": "MAU", **changed}

    assert send(ours.browser, "/quan-tri/tien/tai-khoan", typed).status_code == 422
    with app.app_context():
        theirs = select(BankAccount.number).where(
            BankAccount.organisation_id == ours.producer.id, BankAccount.is_active
        )
        assert db.session.scalars(theirs).all() == ["0123456789"]


def test_without_an_account_the_office_is_paid(ours: SimpleNamespace, app: Flask) -> None:
    address = f"/quan-tri/tien/tai-khoan/{ours.account_id}/thoi"

    assert "0123456789" in ours.browser.get(address).text
    assert send(ours.browser, address).status_code == 303
    assert send(ours.browser, address).status_code == 409
    with app.app_context():
        assert paying.account_of(ours.producer.id) is None
    assert "0123456789" in ours.browser.get("/quan-tri/tien/tai-khoan").text  # used before


def test_the_office_switches_ways_to_pay(make: Factories, app: Flask) -> None:
    office = make.client(make.office("Văn phòng mẫu", of=("51",)))

    assert send(office, "/quan-tri/tien/cach-tra", vietqr="y").status_code == 303
    with app.app_context():
        assert paying.switched_on() == {
            PaymentMethod.VIETQR: True,
            PaymentMethod.CARD: False,
            PaymentMethod.COD: False,
        }
    refused = send(office, "/quan-tri/tien/cach-tra")
    assert refused.status_code == 409
    assert "ít nhất một cách" in refused.text


# --- Left over --------------------------------------------------------------------------------------


def test_what_a_payment_holds_for_no_order_is_shown_until_it_goes_back(
    ours: SimpleNamespace, app: Flask, make: Factories
) -> None:
    id = arrive(app, ours, 130_000, ours.code)
    assert send(ours.browser, f"/quan-tri/tien/{id}/quyet-dinh", how="giu", words="cho đơn sau").status_code == 303
    other, reader = make.client(make.producer("Hộ khác")), make.client(ours.producer, role=Role.VIEWER)
    url = f"/quan-tri/tien/du/{ours.code}"

    assert "/quan-tri/tien/du" in ours.browser.get("/quan-tri/tien").text
    assert "30.000" in ours.browser.get("/quan-tri/tien/du").text
    assert ours.code not in other.get("/quan-tri/tien/du").text
    assert (other.get(url).status_code, reader.get(url).status_code) == (404, 403)
    assert "cho đơn sau" in ours.browser.get(url).text

    assert send(ours.browser, url, reason=" ").status_code == 422
    claimed = send(ours.browser, url, reason="Chuyển thừa")
    assert claimed.status_code == 303
    assert "30.000" in ours.browser.get(claimed.location).text
    assert send(ours.browser, url, reason="Chuyển thừa").status_code == 404
    assert ours.code not in ours.browser.get("/quan-tri/tien/du").text


def test_money_that_an_order_still_waits_for_the_rest_of_is_not_left_over(ours: SimpleNamespace, app: Flask) -> None:
    arrive(app, ours, 40_000, ours.code)

    assert ours.code not in ours.browser.get("/quan-tri/tien/du").text
    assert send(ours.browser, f"/quan-tri/tien/du/{ours.code}", reason="Thừa").status_code == 404


def test_an_account_that_another_is_paid_on_is_refused_beside_its_field(ours: SimpleNamespace, make: Factories) -> None:
    other = make.client(make.producer("Hộ khác"))

    answer = send(other, "/quan-tri/tien/tai-khoan", bank="970405", number="0123 456 789", holder="KHAC")

    assert answer.status_code in (409, 422)
    assert "Một tổ chức khác đang nhận tiền" in answer.text
