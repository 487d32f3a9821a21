"""Signing in by telephone number or e-mail: one answer for all who may not, a lock, a new session each time."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from accounts.models import User
from accounts.web.guard import own_path
from kernel.db import db
from tests.factories import PASSWORD, Factories
from tests.web import send

WRONG = "Số điện thoại (hoặc email) và mật khẩu không khớp."


def text_of(response) -> str:
    return re.sub(r"<[^>]+>", " ", response.get_data(as_text=True))


@pytest.mark.parametrize("written", ["0905123456", "0905 123 456", "0905.123.456", "+84905123456", "84905123456"])
def test_one_signs_in_by_telephone_number_however_it_is_written(client: FlaskClient, make: Factories, written) -> None:
    make.user(make.producer(), phone="+84905123456")

    response = send(client, "/dang-nhap", identity=written, password=PASSWORD)

    assert response.status_code == 303
    assert response.location == "/quan-tri"
    assert client.get("/quan-tri").status_code == 200


def test_one_signs_in_by_e_mail_in_any_case(client: FlaskClient, make: Factories) -> None:
    make.user(make.producer(), email="lan@demo.example")

    assert send(client, "/dang-nhap", identity=" LAN@demo.example", password=PASSWORD).status_code == 303


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(client: FlaskClient, make: Factories) -> None:
    make.user(make.producer(), email="lan@demo.example")

    wrong = send(client, "/dang-nhap", identity="lan@demo.example", password="not this one")
    unknown = send(client, "/dang-nhap", identity="xxx@demo.example", password="not this one")

    assert wrong.status_code == unknown.status_code == 422
    assert WRONG in text_of(wrong)
    assert text_of(wrong) == text_of(unknown)
    assert 'value="lan@demo.example"' in wrong.get_data(as_text=True)
    assert "not this one" not in wrong.get_data(as_text=True)


@pytest.mark.parametrize("data", [{}, {"identity": "x"}, {"password": "x"}, {"identity": "x" * 300, "password": "y"}])
def test_a_form_that_is_not_filled_in_says_what_is_missing(client: FlaskClient, app, data) -> None:
    response = send(client, "/dang-nhap", data)

    assert response.status_code == 422
    assert "Lỗi" in text_of(response)


def test_a_form_without_our_token_is_refused(client: FlaskClient, make: Factories) -> None:
    make.user(make.producer(), email="lan@demo.example")

    response = client.post("/dang-nhap", data={"identity": "lan@demo.example", "password": PASSWORD})

    assert response.status_code == 400


def test_after_five_wrong_passwords_the_account_rests_and_the_right_one_does_not_help(
    client: FlaskClient, make: Factories, stopped_clock, now
) -> None:
    make.user(make.producer(), email="lan@demo.example")
    for _ in range(5):
        assert send(client, "/dang-nhap", identity="lan@demo.example", password="wrong").status_code == 422

    assert send(client, "/dang-nhap", identity="lan@demo.example", password=PASSWORD).status_code == 422
    stopped_clock(now + timedelta(minutes=14, seconds=59))
    assert send(client, "/dang-nhap", identity="lan@demo.example", password=PASSWORD).status_code == 422
    stopped_clock(now + timedelta(minutes=15))
    assert send(client, "/dang-nhap", identity="lan@demo.example", password=PASSWORD).status_code == 303


def test_the_right_password_starts_the_count_anew(client: FlaskClient, make: Factories, app) -> None:
    user = make.user(make.producer(), email="lan@demo.example")
    for password in ("wrong", "wrong", "wrong", "wrong", PASSWORD):
        send(client, "/dang-nhap", identity="lan@demo.example", password=password)

    with app.app_context():
        assert db.session.get_one(User, user.id).failed_sign_ins == 0
        assert db.session.get_one(User, user.id).locked_until is None


def test_one_address_of_the_network_may_not_guess_on_and_on(client: FlaskClient, app) -> None:
    answers = [send(client, "/dang-nhap", identity=f"{n}@demo.example", password="x").status_code for n in range(13)]

    assert answers == [422] * 12 + [429]


def test_signing_in_begins_a_new_session(client: FlaskClient, make: Factories) -> None:
    make.user(make.producer(), email="lan@demo.example")
    with client.session_transaction() as session:
        session["acting_for"] = 1
        session["csrf_token"] = "known to another"

    send(client, "/dang-nhap", identity="lan@demo.example", password=PASSWORD)

    with client.session_transaction() as session:
        assert "acting_for" not in session
        assert session.get("csrf_token") != "known to another"


def test_signing_out_ends_the_session(make: Factories) -> None:
    client = make.client(make.producer())
    assert client.get("/quan-tri").status_code == 200

    assert send(client, "/dang-xuat").status_code == 303

    assert client.get("/quan-tri").status_code == 302
    with client.session_transaction() as session:
        assert "_user_id" not in session


def test_nobody_is_led_elsewhere_after_signing_in(client: FlaskClient, make: Factories) -> None:
    make.user(make.producer(), email="lan@demo.example")

    there = send(client, "/dang-nhap?next=//evil.example/x", identity="lan@demo.example", password=PASSWORD)

    assert there.location == "/quan-tri"


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "x",
        "",
        None,
        "/a\nb",
        "/%0d\r",
    ],
)
def test_only_paths_of_ours_are_followed(address: str | None) -> None:
    assert own_path(address) is None


def test_a_path_of_ours_is_followed(client: FlaskClient, make: Factories) -> None:
    make.user(make.producer(), email="lan@demo.example")

    asked = client.get("/quan-tri?x=1")
    assert asked.location == "/dang-nhap?next=/quan-tri?x%3D1"
    there = send(client, asked.location, identity="lan@demo.example", password=PASSWORD)

    assert there.location == "/quan-tri?x=1"


def test_the_session_cookie_is_kept_from_scripts_and_from_other_sites(client: FlaskClient, make: Factories) -> None:
    make.user(make.producer(), email="lan@demo.example")

    response = send(client, "/dang-nhap", identity="lan@demo.example", password=PASSWORD)

    cookie = next(line for line in response.headers.getlist("Set-Cookie") if line.startswith("session="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_what_a_session_shows_is_kept_by_nobody(client: FlaskClient, make: Factories) -> None:
    assert client.get("/dang-nhap").headers["Cache-Control"] == "no-store"
    assert make.client(make.producer()).get("/quan-tri").headers["Cache-Control"] == "no-store"


def test_who_works_nowhere_is_a_buyer_and_not_let_into_the_back_office(client: FlaskClient, make: Factories) -> None:
    make.user(email="lan@demo.example")

    response = send(client, "/dang-nhap?next=/quan-tri/san-pham", identity="lan@demo.example", password=PASSWORD)

    assert (response.status_code, response.location) == (303, "/tai-khoan")
    assert "không làm việc trong tổ chức nào" in client.get("/tai-khoan").text
    assert client.get("/quan-tri").status_code == 302
    assert client.get("/dang-nhap?next=/quan-tri").location == "/tai-khoan", "and is not sent round in circles"
