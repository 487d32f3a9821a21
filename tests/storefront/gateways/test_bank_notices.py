"""Services that watch a bank account are heard when they bring the secret; what they tell of counts once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from accounts.actor import SYSTEM
from accounts.models import Organisation
from kernel.clock import VIETNAM
from kernel.db import db, transaction
from storefront import transfers
from storefront.gateways import BadNotice, bank_notices
from storefront.order_models import Credit, CreditOutcome, PaymentNotice
from tests.factories import Factories

SECRET = "a-secret-of-the-tests-0123456789"
#: As SePay's public documents show it, with our own values.
FLAT = {
    "id": 92704,
    "gateway": "MAU",
    "transactionDate": "2026-11-20 14:02:37",
    "accountNumber": "0123456789",
    "code": None,
    "content": "chuyen tien mua hang",
    "transferType": "in",
    "transferAmount": 130000,
    "accumulated": 19077000,
    "subAccount": None,
    "referenceCode": "MAU.3278907687",
    "description": "",
}
#: As Casso's public documents show it, with our own values.
LISTED = {
    "error": 0,
    "data": [
        {
            "id": 14588,
            "tid": "MAU123",
            "description": "chuyen tien mua hang",
            "amount": 130000,
            "cusum_balance": 20000000,
            "when": "2026-11-20 14:02:37",
            "bank_sub_acc_id": "0123456789",
            "subAccId": "0123456789",
        }
    ],
}


@pytest.fixture
def shop(app: Flask) -> Iterator[Flask]:
    """The application with the secret of a service."""
    before = app.config["OCOP"]
    app.config["OCOP"] = replace(before, bank_notice_secret=SECRET)
    yield app
    app.config["OCOP"] = before


@pytest.fixture
def payee(make: Factories, app: Flask, now: datetime) -> int:
    """A producer with the account that the notices name."""
    producer = make.producer("Hộ mẫu")
    with app.app_context(), transaction() as session:
        ours = session.get_one(Organisation, producer.id)
        transfers.set_account(ours, bank_bin="970405", number="0123456789", holder="MAU", actor=SYSTEM, now=now)
    return producer.id


def send(app: Flask, payload: Any, **headers: str) -> TestResponse:
    """Send a notice as a service does."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return app.test_client().post("/webhooks/bank", data=body, headers=headers or {"Authorization": f"Apikey {SECRET}"})


def credits(app: Flask) -> list[Credit]:
    """Read the money that was written down."""
    with app.app_context():
        return list(db.session.scalars(select(Credit).order_by(Credit.id)))


@pytest.mark.parametrize("payload", [FLAT, LISTED], ids=["flat", "listed"])
def test_both_public_forms_are_read_alike(payload: dict[str, Any]) -> None:
    (told,) = bank_notices.read(json.dumps(payload).encode())

    assert told.account == "0123456789"
    assert (told.amount_vnd, told.memo) == (130_000, "chuyen tien mua hang")
    assert told.at == datetime(2026, 11, 20, 14, 2, 37, tzinfo=VIETNAM)
    assert told.reference.startswith("MAU")


def test_money_is_written_down_once_for_whose_account_it_is(shop: Flask, payee: int) -> None:
    answers = [send(shop, FLAT), send(shop, FLAT), send(shop, {**FLAT, "id": 92705})]

    assert [answer.get_json() for answer in answers] == [{"success": True}] * 3
    assert [(row.payee_id, row.amount_vnd, row.outcome) for row in credits(shop)] == [
        (payee, 130_000, CreditOutcome.UNMATCHED)
    ]


def test_money_that_went_out_is_no_money_that_came(shop: Flask, payee: int) -> None:
    send(shop, {**FLAT, "transferType": "out"})
    send(shop, {"data": [{**LISTED["data"][0], "amount": -5_000}]})  # type: ignore[index]

    assert credits(shop) == []
    with shop.app_context():
        kinds = db.session.scalars(select(PaymentNotice.kind)).all()
    assert kinds == ["transfer.out", "transfer.out"]


def test_money_on_an_account_that_nobody_has_here_is_for_the_office_to_look_at(
    shop: Flask, payee: int, make: Factories
) -> None:
    office = make.office("Văn phòng mẫu", of=("51",))

    send(shop, {**FLAT, "accountNumber": "999"})

    assert [(row.payee_id, row.account) for row in credits(shop)] == [(office.id, "999")]


def test_two_transfers_without_reference_are_two(shop: Flask, payee: int) -> None:
    for event in (1, 2, 2):
        send(shop, {**FLAT, "id": event, "referenceCode": None})

    assert [row.amount_vnd for row in credits(shop)] == [130_000, 130_000]


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Apikey wrong"},
        {"Authorization": f"Bearer {SECRET}"},
        {"Authorization": "Apikey "},
        {"Secure-Token": "wrong"},
        {"X-Other": "1"},
    ],
)
def test_without_the_secret_nothing_is_heard(shop: Flask, payee: int, headers: dict[str, str]) -> None:
    assert send(shop, FLAT, **headers).status_code == 400
    assert credits(shop) == []


def test_the_secret_may_come_as_a_token(shop: Flask, payee: int) -> None:
    assert send(shop, LISTED, **{"Secure-Token": SECRET}).status_code == 200
    assert len(credits(shop)) == 1


def test_without_a_secret_there_is_no_such_address(app: Flask) -> None:
    assert send(app, FLAT).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        b'{"data": 1}',
        b'{"data": [1]}',
        *(
            json.dumps({**FLAT, **changed}).encode()
            for changed in (
                {"id": None},
                {"id": True},
                {"transferAmount": "130000"},
                {"transferAmount": 1.5},
                {"transferAmount": True},
                {"transferAmount": 10**12},
                {"transactionDate": "yesterday"},
                {"transactionDate": "0001-01-01"},
                {"content": {"a": 1}},
            )
        ),
        json.dumps({"data": [FLAT] * 201}).encode(),
    ],
)
def test_what_is_no_notice_is_refused(body: bytes) -> None:
    with pytest.raises(BadNotice):
        bank_notices.read(body)
