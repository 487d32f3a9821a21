"""The public register: every certificate has a page, whatever it is worth today."""

from __future__ import annotations

from datetime import date

import pytest
from flask.testing import FlaskClient

from tests.factories import Factories


@pytest.mark.parametrize(
    ("issued", "revoked", "words", "has_stars"),
    [
        (date(2025, 11, 24), None, "Còn hiệu lực", True),
        (date(2024, 1, 1), None, "Chỉ còn hiệu lực đến hết ngày 31/12/2026", True),
        (date(2023, 11, 24), None, "Công nhận này đã hết hạn, ngày cuối cùng là 23/11/2026", False),
        (date(2025, 1, 1), date(2026, 11, 1), "Công nhận này đã bị thu hồi ngày 01/11/2026", False),
        (date(2026, 12, 1), None, "Có hiệu lực từ ngày 01/12/2026", False),
    ],
)
def test_a_certificate_says_what_it_is_worth(
    issued: date, revoked: date | None, words: str, has_stars: bool, client: FlaskClient, make: Factories
) -> None:
    reason = "Hồ sơ sai" if revoked else None
    make.certificate(make.product(), number="MAU-7", issued_on=issued, revoked_on=revoked, revocation_reason=reason)

    page = client.get("/chung-nhan/MAU-7")

    assert page.status_code == 200
    assert words in page.text
    assert ('class="stars"' in page.text) == has_stars
    assert "Dữ liệu mẫu" in page.text
    if reason:
        assert reason in page.text


def test_it_leads_to_its_product_and_producer_only_while_they_are_on_show(client: FlaskClient, make: Factories) -> None:
    make.certificate(make.product(slug="gao-ray"), number="A-1")
    make.certificate(make.product(slug="mat-ong", published=False), number="A-2")

    assert "/san-pham/gao-ray" in client.get("/chung-nhan/A-1").text
    assert "/san-pham/mat-ong" not in client.get("/chung-nhan/A-2").text


@pytest.mark.parametrize("number", ["KHONG-CO", "a%2Fb", "%3Cscript%3E"])
def test_an_unknown_number_is_404(number: str, client: FlaskClient) -> None:
    assert client.get(f"/chung-nhan/{number}", follow_redirects=True).status_code == 404


def test_small_letters_lead_to_the_one_address(client: FlaskClient, make: Factories) -> None:
    make.certificate(make.product(), number="MAU-7")

    answer = client.get("/chung-nhan/mau-7")

    assert (answer.status_code, answer.location) == (301, "/chung-nhan/MAU-7")


def test_the_list_is_searched_by_state_and_words_page_by_page(client: FlaskClient, make: Factories) -> None:
    product = make.product(name="Gạo rẫy")
    for n in range(55):
        make.certificate(product, number=f"MAU-{n:03d}")
    make.certificate(make.product(name="Mật ong"), number="CU-1", issued_on=date(2020, 1, 1))

    assert "MAU-054" in client.get("/chung-nhan").text
    assert "MAU-000" not in client.get("/chung-nhan").text
    assert "MAU-000" in client.get("/chung-nhan?trang=2").text
    assert "MAU-000" in client.get("/chung-nhan?trang=99").text, "a page too far is the last"
    expired = client.get("/chung-nhan?tinh-trang=het-han").text
    assert "CU-1" in expired
    assert "MAU-" not in expired
    assert "CU-1" in client.get("/chung-nhan?q=mat+ong").text
    assert "Không tìm thấy" in client.get("/chung-nhan?q=zzz").text


def test_it_is_whole_in_english(client: FlaskClient, make: Factories) -> None:
    make.certificate(make.product(name_en="Hill rice"), number="MAU-7")

    page = client.get("/chung-nhan/MAU-7?lang=en").text

    assert "Valid" in page
    assert "Hill rice" in page
    assert "Còn hiệu lực" not in page
