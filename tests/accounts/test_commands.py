"""Accounts and keys from the command line."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from accounts import keys
from accounts.actor import SYSTEM
from accounts.models import ApiKey, Membership, Organisation, Role, User
from kernel.db import db, transaction
from tests.factories import BA_DONG, PASSWORD, Factories
from tests.web import send

NEW_PASSWORD = "ba từ ghép lạ"
CREATE = ["users", "create", "--name", "Hồ Thị Lan", "--organisation", "htxbd"]


@pytest.fixture
def runner(app: Flask, make: Factories):
    make.producer(code="htxbd")
    return app.test_cli_runner()


def test_a_person_is_made_who_can_sign_in(runner, app: Flask, client) -> None:
    made = runner.invoke(
        args=[*CREATE, "--phone", "0905 123 456", "--role", "manager", "--password-stdin"], input=NEW_PASSWORD + "\n"
    )

    assert made.exit_code == 0, made.output
    assert send(client, "/dang-nhap", identity="0905123456", password=NEW_PASSWORD).status_code == 303
    with app.app_context():
        assert db.session.scalars(select(Membership)).one().role is Role.MANAGER


def test_the_password_is_asked_for_when_no_option_gives_it(runner, client) -> None:
    made = runner.invoke(args=[*CREATE, "--email", "lan@demo.example"], input=f"{NEW_PASSWORD}\n{NEW_PASSWORD}\n")

    assert made.exit_code == 0, made.output
    assert NEW_PASSWORD not in made.output
    assert send(client, "/dang-nhap", identity="lan@demo.example", password=NEW_PASSWORD).status_code == 303


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--password", NEW_PASSWORD], "Give --email or --phone"),
        (["--phone", "12", "--password", NEW_PASSWORD], "not a telephone number"),
        (["--email", "lan@demo.example", "--password", "matkhau1"], "Many people use this password"),
        (["--email", "lan@demo.example", "--password", "short"], "at least 8"),
        (["--email", "lan@demo.example", "--password", NEW_PASSWORD, "--role", "king"], "king"),
        (
            ["--email", "lan@demo.example", "--password", NEW_PASSWORD, "--organisation", "none1"],
            "no such organisation",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(runner, app: Flask, arguments: list[str], said: str) -> None:
    refused = runner.invoke(args=[*CREATE, *arguments])

    assert refused.exit_code != 0
    assert said in refused.output
    assert "Traceback" not in refused.output
    with app.app_context():
        assert db.session.scalars(select(User)).all() == []


def test_nobody_is_made_twice(runner) -> None:
    arguments = [*CREATE, "--email", "lan@demo.example", "--password", NEW_PASSWORD]

    assert runner.invoke(args=arguments).exit_code == 0
    again = runner.invoke(args=arguments)

    assert again.exit_code != 0
    assert "already" in again.output


def test_a_password_is_reset_and_sessions_end(runner, make: Factories, app: Flask) -> None:
    make.user(make.producer(), email="lan@demo.example")
    client = app.test_client()
    send(client, "/dang-nhap", identity="lan@demo.example", password=PASSWORD)

    done = runner.invoke(args=["users", "reset-password", "lan@demo.example", "--password", NEW_PASSWORD])

    assert done.exit_code == 0, done.output
    assert client.get("/quan-tri").status_code == 302
    assert send(client, "/dang-nhap", identity="lan@demo.example", password=NEW_PASSWORD).status_code == 303
    assert runner.invoke(args=["users", "reset-password", "x@demo.example", "--password", "x"]).exit_code != 0


def test_a_key_stands_alone_on_the_last_line_and_is_kept_as_a_digest(runner, app: Flask) -> None:
    made = runner.invoke(args=["keys", "create", "--organisation", "htxbd", "--scope", "epcis:query"])

    key = made.output.splitlines()[-1]
    assert made.exit_code == 0, made.output
    assert key.startswith(keys.PREFIX)
    with app.app_context():
        found = keys.find_by_key(key)
        assert found is not None
        assert (found.organisation.code, found.scope, found.hint) == ("htxbd", "epcis:query", key[-4:])
        assert key not in found.digest
        assert keys.find_by_key(key + "x") is None
        with transaction():
            keys.revoke(SYSTEM, found.id, now=found.created_at)
        assert keys.find_by_key(key) is None


@pytest.mark.parametrize(("code", "scope"), [("none1", "epcis:query"), ("htxbd", "Events Write"), ("htxbd", "")])
def test_a_key_for_nobody_or_nothing_is_refused(runner, app: Flask, code: str, scope: str) -> None:
    refused = runner.invoke(args=["keys", "create", "--organisation", code, "--scope", scope])

    assert refused.exit_code != 0
    with app.app_context():
        assert db.session.scalars(select(ApiKey)).all() == []
        assert db.session.scalars(select(Organisation)).one().code == "htxbd"


OFFICE = ["offices", "create", "--code", "tinh1", "--name", "Văn phòng mẫu"]


def test_the_first_office_of_a_new_site_is_entered_by_a_command(app: Flask, make: Factories) -> None:
    make.unit(BA_DONG)
    client, runner = app.test_client(), app.test_cli_runner()

    office = runner.invoke(args=[*OFFICE, "--commune", BA_DONG, "--looks-after", "51"])
    who = ["--organisation", "tinh1", "--email", "lan@demo.example", "--role", "manager"]
    person = runner.invoke(args=[*CREATE, *who, "--password", NEW_PASSWORD])

    assert (office.exit_code, person.exit_code) == (0, 0), office.output + person.output
    assert send(client, "/dang-nhap", identity="lan@demo.example", password=NEW_PASSWORD).status_code == 303
    assert client.get("/quan-tri/to-chuc/moi").status_code == 200
    again = runner.invoke(args=[*OFFICE, "--commune", BA_DONG, "--looks-after", "51"])
    assert again.exit_code == 1
    assert "Error: " in again.output


@pytest.mark.parametrize(("commune", "unit"), [("00000", "51"), (None, "00")])
def test_an_office_of_no_known_place_is_refused_whole(
    app: Flask, make: Factories, commune: str | None, unit: str
) -> None:
    make.unit(BA_DONG)
    refused = app.test_cli_runner().invoke(args=[*OFFICE, "--commune", commune or BA_DONG, "--looks-after", unit])

    assert refused.exit_code == 1
    with app.app_context():
        assert db.session.scalars(select(Organisation)).all() == []
