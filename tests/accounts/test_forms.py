"""What all forms share: text is tidied and bounded, values are read as people write them, words are ours."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask
from wtforms import PasswordField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired

from accounts.web.forms import (
    BaseForm,
    DayField,
    MoneyField,
    QuantityField,
    RequestKey,
    answer_status,
    choice,
    choices_of,
    email_field,
    phone_field,
    show_refusal,
)
from kernel.errors import Conflict, InvalidInput, NotFound


class Sample(BaseForm):
    name = StringField("Name")
    note = TextAreaField("Note")
    password = PasswordField("Password")
    phone = phone_field("Phone")
    email = email_field("E-mail")
    day = DayField("Day")
    price = MoneyField("Price")
    unit = SelectField("Unit", choices=choices_of({"piece": "piece", "g": "g", "kg": "kg", "l": "l"}))
    quantity = QuantityField("Quantity", unit_field="unit")
    weight = QuantityField("Weight", unit="kg")
    role = choice("Role", {"staff": "Staff"}, required=False)
    request_key = RequestKey()


class Needed(BaseForm):
    day = DayField("Day", [InputRequired()])
    quantity = QuantityField("Quantity", [InputRequired()])
    phone = phone_field("Phone", required=True)


@pytest.fixture(scope="module")
def app_only(worker: str, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An application whose database nobody asks."""
    from app import create_app
    from app.config import Config

    folder = tmp_path_factory.mktemp("forms")
    return create_app(
        Config(
            database_url=f"sqlite:///{folder / 'none.sqlite3'}",
            secret_key="a secret key for tests, 32 characters",
            base_url="http://shop.test",
            media_root=folder,
            app_env="test",
        )
    )


@pytest.fixture
def filled(app_only: Flask) -> Any:
    """Fill in a form as a browser would, in Vietnamese unless told otherwise."""

    def fill(kind: type[BaseForm] = Sample, language: str = "vi", **data: str) -> Any:
        data.setdefault("request_key", "7d1a6df0-6a4c-4b0e-9d4e-5f4e8a3d2c11")
        data.setdefault("unit", "piece")
        with app_only.test_request_context("/?lang=" + language, method="POST", data=data):
            form = kind(meta={"csrf": False})
            form.validate()
            form.shown = {field.name: str(field()) for field in form}  # type: ignore[attr-defined]
            return form

    return fill


def test_text_is_stored_in_one_normal_form_and_on_as_many_lines_as_its_field_has(filled: Any) -> None:
    form = filled(name="  Ba  To\u031b\n\u200bxã ", note="dòng một \r\n\r\n\r\n\r\ndòng hai  ")

    assert form.name.data == "Ba Tơ xã"
    assert form.note.data == "dòng một\n\ndòng hai"
    assert not form.errors


def test_a_password_is_taken_as_it_was_typed(filled: Any) -> None:
    assert filled(password="  hai  dấu cách ").password.data == "  hai  dấu cách "


def test_text_that_is_too_long_is_refused_in_the_readers_language_and_stays_in_its_field(filled: Any) -> None:
    long = "ơ" * 201

    assert filled(name=long).errors == {"name": ["Viết dài quá: nhiều nhất 200 ký tự."]}
    assert filled(name=long, language="en").errors == {"name": ["Field cannot be longer than 200 characters."]}
    assert long in filled(name=long).shown["name"]
    assert "note" in filled(note="a" * 5001).errors
    assert "password" in filled(password="a" * 201).errors


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("05/11/2026", date(2026, 11, 5)),
        ("5/1/2026", date(2026, 1, 5)),
        ("05-11-2026", date(2026, 11, 5)),
        ("05.11.2026", date(2026, 11, 5)),
        ("2026-11-05", date(2026, 11, 5)),
        ("29/02/2028", date(2028, 2, 29)),
    ],
)
def test_a_day_is_read_day_first_or_in_iso_form(filled: Any, typed: str, day: date) -> None:
    form = filled(day=typed)

    assert form.day.data == day
    assert not form.errors


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("29/02/2026", "Trong lịch không có ngày này."),
        ("31/11/2026", "Trong lịch không có ngày này."),
        ("11/2026", "Viết ngày theo dạng ngày/tháng/năm, ví dụ 05/11/2026."),
        ("hôm qua", "Viết ngày theo dạng ngày/tháng/năm, ví dụ 05/11/2026."),
        ("٠٥/١١/٢٠٢٦", "Viết ngày theo dạng ngày/tháng/năm, ví dụ 05/11/2026."),
        ("05/11/1026", "Ngày phải từ 01/01/1900 đến 31/12/2199."),
    ],
)
def test_what_is_no_day_is_refused_once_and_stays_in_its_field(filled: Any, typed: str, said: str) -> None:
    form = filled(day=typed)

    assert form.errors == {"day": [said]}
    assert typed in form.shown["day"]


@pytest.mark.parametrize("typed", ["50000", "50.000", "50,000", "50 000", "50.000 ₫", "50.000đ", "50000 VND"])
def test_an_amount_is_read_with_any_usual_separator(filled: Any, typed: str) -> None:
    assert filled(price=typed).price.data == 50_000


@pytest.mark.parametrize("typed", ["50.5", "50.000,5", "5.0000", "1.000,000", "50k", "-5", "1e5", "0", "1000000001"])
def test_what_is_no_whole_amount_is_refused(filled: Any, typed: str) -> None:
    form = filled(price=typed)

    assert list(form.errors) == ["price"]
    assert form.price.data is None


@pytest.mark.parametrize(
    ("typed", "base_units"),
    [
        ("1,5", 1_500),
        ("1.5", 1_500),
        ("12", 12_000),
        ("0,250", 250),
        ("0.25", 250),
        ("1.500,5", 1_500_500),
        ("1,500.5", 1_500_500),
        ("12,50", 12_500),
        ("1.234.567", 1_234_567_000),
    ],
)
def test_a_weight_in_kg_is_kept_in_grams(filled: Any, typed: str, base_units: int) -> None:
    form = filled(weight=typed)

    assert form.weight.data == base_units if base_units <= 1_000_000_000 else form.weight.errors


def test_a_number_that_can_be_read_in_two_ways_is_not_guessed(filled: Any) -> None:
    assert filled(weight="1.500").errors == {"weight": ["“1.500” có thể hiểu hai cách. Viết 1500 hoặc 1,5."]}
    assert filled(weight="1,500", language="en").errors == {
        "weight": ["“1,500” can be read in two ways. Write 1500 or 1.5."]
    }


def test_more_decimals_than_there_are_base_units_are_refused(filled: Any) -> None:
    assert filled(weight="1,2345").errors == {"weight": ["Sau dấu thập phân nhiều nhất 3 chữ số."]}
    assert "quantity" in filled(quantity="1,5", unit="piece").errors
    assert "quantity" in filled(quantity="1,5", unit="g").errors


def test_the_unit_of_a_quantity_may_come_from_another_field(filled: Any) -> None:
    assert filled(quantity="1,5", unit="l").quantity.data == 1_500
    assert filled(quantity="1.500", unit="piece").quantity.data == 1_500
    assert filled(quantity="24", unit="g").quantity.data == 24


@pytest.mark.parametrize("typed", ["0", "-1", "nhiều", "1,,5", "1e3", "²", "99999999999"])
def test_what_is_no_quantity_is_refused_and_stays_in_its_field(filled: Any, typed: str) -> None:
    form = filled(weight=typed)

    assert list(form.errors) == ["weight"]
    assert typed in form.shown["weight"]


def test_values_are_written_back_as_one_would_type_them(app_only: Flask) -> None:
    with app_only.test_request_context("/?lang=vi"):
        form = Sample(
            meta={"csrf": False},
            data={"day": date(2026, 11, 5), "price": 120_000, "weight": 1_500, "phone": "+84905123456"},
        )

        assert 'value="05/11/2026"' in str(form.day())
        assert 'value="120.000"' in str(form.price())
        assert 'value="1,5"' in str(form.weight())
        assert 'value="0905 123 456"' in str(form.phone())


@pytest.mark.parametrize("typed", ["0905123456", "0905 123 456", "0905.123.456", "+84 905 123 456", "84905123456"])
def test_a_telephone_number_is_read_in_any_common_form(filled: Any, typed: str) -> None:
    assert filled(phone=typed).phone.data == "+84905123456"


def test_what_is_no_telephone_number_or_address_is_refused(filled: Any) -> None:
    form = filled(phone="12", email="ai@")

    assert set(form.errors) == {"phone", "email"}
    assert filled(email=" AN@Demo.Example ").email.data == "an@demo.example"
    assert filled(email="").email.data is None


def test_a_field_that_must_be_filled_in_says_so_once(filled: Any) -> None:
    assert filled(Needed).errors == {
        "day": ["Chưa điền ô này."],
        "quantity": ["Chưa điền ô này."],
        "phone": ["Chưa điền ô này."],
    }


def test_a_choice_that_is_not_offered_is_refused(filled: Any) -> None:
    assert filled(role="manager").errors == {"role": ["Lựa chọn này không có trong danh sách."]}
    assert filled(role="").role.data is None


def test_a_key_is_made_when_the_form_is_shown_and_a_made_up_one_is_refused(app_only: Flask, filled: Any) -> None:
    with app_only.test_request_context("/"):
        keys = {Sample(meta={"csrf": False}).request_key.data for _ in range(2)}

    assert len(keys) == 2
    assert not filled(request_key=keys.pop()).errors
    assert list(filled(request_key="x").errors) == ["request_key"]
    assert list(filled(request_key="").errors) == ["request_key"]


class TooMany(InvalidInput):
    message = "There is no such page."
    field = "quantity"


class Gone(Conflict):
    message = "This was changed in the meantime. Please look again."


def test_a_refusal_stands_beside_its_field_or_on_top_of_the_form(app_only: Flask) -> None:
    with app_only.test_request_context("/"):
        beside, on_top = Sample(meta={"csrf": False}), Sample(meta={"csrf": False})
        show_refusal(beside, TooMany())
        show_refusal(on_top, Gone())

        assert list(beside.errors) == ["quantity"]
        assert answer_status(beside) == 422
        assert list(on_top.errors) == [""]
        assert answer_status(on_top) == 409
        assert answer_status(Sample(meta={"csrf": False})) == 200


def test_what_may_not_be_seen_is_no_matter_of_the_form(app_only: Flask) -> None:
    with app_only.test_request_context("/"), pytest.raises(NotFound):
        show_refusal(Sample(meta={"csrf": False}), NotFound())


def test_controls_of_one_line_are_written_as_their_widgets_write_them(app_only: Flask) -> None:
    with app_only.test_request_context("/", method="POST", data={"name": 'a "b" <c> & d\'', "phone": "0905"}):
        form = Sample()
        fields = [form.name, form.phone, form.email, form.request_key]
        for attributes in (
            {},
            {"class_": "input", "aria_describedby": "x-hint", "autocomplete": "off", "required": True},
        ):
            for field in fields:
                assert str(field(**attributes)) == str(field.widget(field, **attributes))
