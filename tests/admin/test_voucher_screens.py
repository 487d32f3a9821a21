"""The screens of vouchers: made once, counted, stopped; each by who bears it."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from accounts.models import Role
from kernel.db import db
from storefront.voucher_models import Voucher
from tests.factories import Factories
from tests.web import send

BASE = "/quan-tri/ma-giam-gia"


def filled(**changes: str | None) -> dict[str, Any]:
    """What one types who takes 10 % off, at most 50,000 đ."""
    return {
        "code": "Tết 2027",
        "kind": "percent",
        "percent": "10",
        "most_vnd": "50.000",
        "least_vnd": "200.000",
        "valid_from": "23/11/2026",
        "valid_until": "31/12/2026",
        "most_uses": "100",
        "most_per_buyer": "1",
        **changes,
    }


def made(app: Flask) -> list[Voucher]:
    """Read what there is."""
    with app.app_context():
        return list(db.session.scalars(select(Voucher).order_by(Voucher.id)))


def test_a_manager_makes_one_sees_it_in_the_list_and_the_file_and_stops_it(app: Flask, make: Factories) -> None:
    client = make.client(make.producer())

    assert send(client, f"{BASE}/moi", filled()).status_code == 303
    page = client.get(BASE).data.decode()
    file = client.get(f"{BASE}?dang=csv").data.decode()
    assert "TET2027" in page
    assert "10 %, tối đa 50.000" in page
    assert "0 / 100" in page
    assert "TET2027" in file
    assert b"TET2027" in client.get(f"{BASE}/TET2027/dung").data
    assert send(client, f"{BASE}/TET2027/dung").status_code == 303
    assert "Đã dừng" in client.get(BASE).data.decode()
    assert [(row.value, row.most_vnd, row.least_vnd, row.most_uses) for row in made(app)] == [
        (1_000, 50_000, 200_000, 100)
    ]
    assert send(client, f"{BASE}/TET2027/dung").status_code == 409


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": ""}, "code"),
        ({"code": "??"}, "code"),
        ({"kind": ""}, "kind"),
        ({"kind": "gold"}, "kind"),
        ({"percent": ""}, "percent"),
        ({"percent": "0"}, "percent"),
        ({"percent": "-5"}, "percent"),
        ({"kind": "amount"}, "amount_vnd"),
        ({"kind": "amount", "amount_vnd": "ten"}, "amount_vnd"),
        ({"valid_until": "1/1/2020"}, "valid_until"),
        ({"valid_until": "31/02/2027"}, "valid_until"),
        ({"most_uses": "0"}, "most_uses"),
        ({"most_per_buyer": "1,5"}, "most_per_buyer"),
        ({"most_uses": "9" * 30}, "most_uses"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_all_is_kept(
    app: Flask, make: Factories, changes: dict[str, str], field: str
) -> None:
    client = make.client(make.producer())

    answer = send(client, f"{BASE}/moi", filled(**changes))

    page = answer.data.decode()
    assert answer.status_code == 422
    assert f'id="{field}-error"' in page
    assert 'value="200.000"' in page
    assert made(app) == []


def test_a_code_is_given_once_whoever_asks(app: Flask, make: Factories) -> None:
    assert send(make.client(make.producer()), f"{BASE}/moi", filled()).status_code == 303
    answer = send(make.client(make.office()), f"{BASE}/moi", filled(code="TET-2027"))

    assert answer.status_code == 422
    assert 'id="code-error"' in answer.data.decode()
    assert len(made(app)) == 1


def test_an_office_reads_those_of_its_producers_and_stops_its_own_alone(make: Factories) -> None:
    send(make.client(make.producer()), f"{BASE}/moi", filled())
    office = make.client(make.office())
    assert send(office, f"{BASE}/moi", filled(code="TINH", kind="delivery")).status_code == 303

    page = office.get(BASE).data.decode()
    assert "TET2027" in page
    assert "TINH" in page
    assert "Miễn phí giao hàng" in page
    assert f"{BASE}/TINH/dung" in page
    assert f"{BASE}/TET2027/dung" not in page
    assert office.get(f"{BASE}/TET2027/dung").status_code == 404


def test_staff_of_a_producer_and_offices_of_communes_make_none(make: Factories) -> None:
    assert make.client(make.producer(), role=Role.STAFF).get(BASE).status_code == 403
    assert make.client(make.office(of=("21496",))).get(BASE).status_code == 403
