"""The office enters and revokes certificates; a producer reads its own."""

from __future__ import annotations

import io
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from kernel.db import db
from ocop.models import Certificate
from tests.factories import BA_DONG, Factories
from tests.web import send

KEY = "11111111-1111-4111-8111-111111111111"
ISSUED = {
    "number": "mau-2026-014",
    "stars": "4",
    "decision_number": "01/QĐ-MẪU",
    "issuer": "Cơ quan mẫu",
    "issued_on": "01/11/2026",
    "request_key": KEY,
}


@pytest.fixture
def world(make: Factories) -> SimpleNamespace:
    producer = make.producer("HTX Ba Động", commune=BA_DONG)
    product = make.product(producer, name="Gạo rẫy", slug="gao-ray")
    return SimpleNamespace(
        product=product,
        producer=make.client(producer),
        office=make.client(make.office()),
        elsewhere=make.client(make.office("Tỉnh khác", of=("48",))),
    )


def certificates(app: Flask) -> list[Certificate]:
    with app.app_context():
        return list(db.session.scalars(select(Certificate)))


def test_a_certificate_is_issued_and_its_stars_show_at_the_next_request(
    world: SimpleNamespace, app: Flask, client: FlaskClient
) -> None:
    assert 'class="stars"' not in client.get("/san-pham/gao-ray").text
    form = world.office.get("/quan-tri/chung-nhan/moi?san-pham=gao-ray").text
    assert f'selected value="{world.product.id}"' in form

    paper = (io.BytesIO(b"%PDF-1.4\ntrailer\n%%EOF"), "qd.pdf")
    answer = send(world.office, "/quan-tri/chung-nhan/moi", {**ISSUED, "product": world.product.id, "paper": paper})

    assert (answer.status_code, answer.location) == (303, "/quan-tri/chung-nhan/MAU-2026-014")
    (made,) = certificates(app)
    assert (made.stars, made.expires_on) == (4, date(2029, 11, 1))
    assert 'class="stars"' in client.get("/san-pham/gao-ray").text
    assert f"/tai-lieu/{made.document}" in client.get("/chung-nhan/MAU-2026-014").text
    assert client.get(f"/tai-lieu/{made.document}").status_code == 200


def test_the_same_form_sent_twice_issues_once(world: SimpleNamespace, app: Flask) -> None:
    told = {**ISSUED, "product": world.product.id}

    first, second = (send(world.office, "/quan-tri/chung-nhan/moi", told) for _ in range(2))

    assert first.location == second.location
    assert len(certificates(app)) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"product": ""}, "product"),
        ({"product": "999"}, "product"),
        ({"number": ""}, "number"),
        ({"number": "MAU/1"}, "number"),
        ({"number": "M" * 41}, "number"),
        ({"number": "CU-1"}, "number"),
        ({"stars": ""}, "stars"),
        ({"stars": "2"}, "stars"),
        ({"decision_number": ""}, "decision_number"),
        ({"decision_number": "x" * 81}, "decision_number"),
        ({"issuer": ""}, "issuer"),
        ({"issued_on": ""}, "issued_on"),
        ({"issued_on": "31/02/2026"}, "issued_on"),
        ({"issued_on": "25/11/2026"}, "issued_on"),
        ({"paper": b"exe"}, "paper"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_kept(
    changes: dict[str, Any], field: str, world: SimpleNamespace, make: Factories, app: Flask
) -> None:
    make.certificate(world.product, number="CU-1")
    if field == "paper":
        changes = {"paper": (io.BytesIO(changes["paper"]), "a.exe")}
    told = {**ISSUED, "product": world.product.id, **changes}

    answer = send(world.office, "/quan-tri/chung-nhan/moi", told)

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    if field not in ("issuer", "product"):
        assert 'value="Cơ quan mẫu"' in answer.text, "what was typed stays"
    assert [row.number for row in certificates(app)] == ["CU-1"]


def test_an_office_cannot_name_a_product_of_another_province(world: SimpleNamespace, app: Flask) -> None:
    answer = send(world.elsewhere, "/quan-tri/chung-nhan/moi", {**ISSUED, "product": world.product.id})

    assert answer.status_code in (200, 422)
    assert certificates(app) == []


def test_revoking_asks_first_needs_a_reason_and_shows_at_once(
    world: SimpleNamespace, make: Factories, app: Flask, client: FlaskClient
) -> None:
    make.certificate(world.product, number="MAU-1")
    address = "/quan-tri/chung-nhan/MAU-1/thu-hoi"
    assert "MAU-1" in world.office.get(address).text
    assert 'class="stars"' in client.get("/chung-nhan/MAU-1").text

    for data in ({"reason": "", "revoked_on": "24/11/2026"}, {"reason": "x", "revoked_on": "25/11/2026"}):
        assert send(world.office, address, data).status_code == 422
    done = send(world.office, address, reason="Hồ sơ không trung thực", revoked_on="24/11/2026")
    again = send(world.office, address, reason="Nữa", revoked_on="24/11/2026")

    assert done.status_code == 303
    assert again.status_code == 409
    (revoked,) = certificates(app)
    assert revoked.revocation_reason == "Hồ sơ không trung thực"
    for page in ("/chung-nhan/MAU-1", "/san-pham/gao-ray"):
        assert 'class="stars"' not in client.get(page).text


def test_a_producer_reads_its_own_and_an_office_of_elsewhere_nothing(world: SimpleNamespace, make: Factories) -> None:
    make.certificate(world.product, number="MAU-1")

    assert world.producer.get("/quan-tri/chung-nhan/MAU-1").status_code == 200
    assert "MAU-1" in world.producer.get("/quan-tri/chung-nhan").text
    assert "/chung-nhan/MAU-1/thu-hoi" not in world.producer.get("/quan-tri/chung-nhan/MAU-1").text
    assert world.elsewhere.get("/quan-tri/chung-nhan/MAU-1").status_code == 404
    assert world.elsewhere.get("/quan-tri/chung-nhan/MAU-1/thu-hoi").status_code == 404
    assert "MAU-1" not in world.elsewhere.get("/quan-tri/chung-nhan").text


def test_the_list_has_a_tab_for_each_state_is_searched_and_saved(world: SimpleNamespace, make: Factories) -> None:
    make.certificate(world.product, number="CON-1", issued_on=date(2026, 1, 1))
    make.certificate(world.product, number="SAP-1", issued_on=date(2024, 1, 1))
    make.certificate(world.product, number="HET-1", issued_on=date(2022, 1, 1))
    make.certificate(world.product, number="THU-1", revoked_on=date(2026, 11, 1), revocation_reason="Lý do")

    for word, number in (("hieu-luc", "CON"), ("sap-het-han", "SAP"), ("het-han", "HET"), ("thu-hoi", "THU")):
        page = world.office.get(f"/quan-tri/chung-nhan?tinh-trang={word}").text
        assert [one for one in ("CON-1", "SAP-1", "HET-1", "THU-1") if one in page] == [f"{number}-1"]
    assert "CON-1" in world.office.get("/quan-tri/chung-nhan?q=gao+ray+con").text
    saved = world.office.get("/quan-tri/chung-nhan?dang=csv")
    assert saved.text.count("\r\n") == 5
    assert "Lý do" in saved.text
