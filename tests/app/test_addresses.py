"""What is asked of any address: a zero byte finds nothing, and every page knows its other language."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient


@pytest.mark.parametrize(
    "path",
    [
        "/san-pham/%00",
        "/san-pham/a%00b",
        "/chu-the/%00",
        "/diem-ban/%00",
        "/lo/%00/%00",
        "/lo/ongbv/%00",
        "/chung-nhan/%00",
    ],
)
def test_a_zero_byte_finds_nothing_on_either_engine(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/", "/san-pham", "/truy-xuat", "/dang-nhap", "/quen-mat-khau"])
def test_a_page_names_its_other_language(client: FlaskClient, path: str) -> None:
    page = client.get(path).text

    assert '<link rel="alternate" hreflang="vi"' in page
    assert '<link rel="alternate" hreflang="en"' in page
