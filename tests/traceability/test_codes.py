"""Codes that people scan, type or photograph lead to one page, or to a sentence that says what is wrong."""

from __future__ import annotations

import io
from datetime import date
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from tests.factories import Factories
from traceability import labels
from traceability.models import LotState

TOKEN = "7k2qxm90ad"
GTIN = "09520123456788"
PAGE = f"/lo/htxbd/{TOKEN}"


@pytest.fixture
def rice(make: Factories) -> Any:
    """A product with a GTIN and one batch of it, whose number holds a slash and a plus sign."""
    product = make.product(make.producer(code="htxbd"), name="Gạo rẫy", gtin=GTIN, slug="gao-ray")
    make.batch(make.item(product), number="CF/02+1", token=TOKEN)
    return product


# --- GS1 Digital Link ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (f"/01/{GTIN}/10/CF%2F02%2B1", PAGE),
        (f"/01/{GTIN}/10/CF%2F02+1", PAGE),
        (f"/01/{GTIN}/10/CF%2F02%2B1/", PAGE),
        (f"/01/{GTIN}/10/CF%2F02%2B1/21/000123", PAGE),
        (f"/01/{GTIN}/10/CF%2F02%2B1?17=271122&utm=a%20b", f"{PAGE}?17=271122&utm=a%20b"),
        (f"/01/{GTIN}", "/san-pham/gao-ray"),
        (f"/01/{GTIN}?linkType=gs1:pip", "/san-pham/gao-ray?linkType=gs1:pip"),
        (f"/01/{GTIN}/10/KHAC", "/san-pham/gao-ray?lo-khong-co=KHAC"),
        (f"/01/{GTIN}/10/KHAC?x=1", "/san-pham/gao-ray?x=1&lo-khong-co=KHAC"),
        (f"/01/{GTIN}/10/a%2Fb%26c", "/san-pham/gao-ray?lo-khong-co=a%2Fb%26c"),
    ],
)
def test_a_scanned_link_leads_on_with_its_query_kept(
    address: str, expected: str, client: FlaskClient, rice: Any
) -> None:
    answer = client.get(address)

    assert (answer.status_code, answer.location) == (307, expected)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("state", [LotState.RECALLED, LotState.HELD])
def test_a_recalled_batch_is_led_to_as_well(state: LotState, client: FlaskClient, make: Factories) -> None:
    product = make.product(make.producer(code="htxbd"), gtin=GTIN)
    make.batch(make.item(product), number="A1", token=TOKEN, state=state)

    assert client.get(f"/01/{GTIN}/10/A1").location == PAGE


def test_a_batch_not_released_is_an_unknown_lot(client: FlaskClient, make: Factories) -> None:
    product = make.product(make.producer(), gtin=GTIN, slug="gao-ray")
    make.batch(make.item(product), number="A1", state=LotState.OPEN)

    assert client.get(f"/01/{GTIN}/10/A1").location == "/san-pham/gao-ray?lo-khong-co=A1"


def test_the_product_page_says_that_the_lot_is_not_in_the_system(client: FlaskClient, rice: Any) -> None:
    page = client.get(f"/01/{GTIN}/10/KHAC", follow_redirects=True)

    assert page.status_code == 200
    assert "KHAC" in page.text


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/01/09520123456787", "8"),
        ("/01/09520123456787/10/A", "8"),
        ("/01/123", ""),
        ("/01/0952012345678A", ""),
        (f"/01/{GTIN}/10/" + "1" * 21, ""),
        (f"/01/{GTIN}/10/L%C3%B4", ""),
        (f"/01/{GTIN}/10/A%00", ""),
        (f"/01/{GTIN}/10/A/10/B", ""),
        (f"/01/{GTIN}/21/1/10/A", ""),
        (f"/01/{GTIN}?01={GTIN}", ""),
        (f"/01/{GTIN}//10/A", ""),
        ("/01/x/y/z", ""),
    ],
)
def test_what_is_no_digital_link_is_400_with_a_sentence_and_a_way_on(
    address: str, words: str, client: FlaskClient, rice: Any
) -> None:
    answer = client.get(address)

    assert answer.status_code == 400
    assert 'class="lead"' in answer.text
    assert words in answer.text
    assert 'action="/truy-xuat"' in answer.text
    assert "Gạo rẫy" not in answer.text


def test_an_unknown_gtin_is_404_and_so_is_one_whose_product_is_not_on_show(
    client: FlaskClient, make: Factories
) -> None:
    make.product(published=False, gtin=GTIN)

    assert client.get("/01/09520123456795/10/A").status_code == 404
    assert client.get(f"/01/{GTIN}").status_code == 404


@pytest.mark.parametrize(
    ("decoded", "expected"),
    [
        (f"/01/{GTIN}/10/CF/02+1", PAGE),
        (f"/01/{GTIN}/10/CF/02+1/21/7", PAGE),
        (f"/01/{GTIN}/10/KHAC/A", "/san-pham/gao-ray?lo-khong-co=KHAC%2FA"),
        (f"/01/{GTIN}/10/A/21/7", "/san-pham/gao-ray?lo-khong-co=A"),
        (f"/01/{GTIN}/10/A%B", "/san-pham/gao-ray?lo-khong-co=A%25B"),
        (f"/01/{GTIN}", "/san-pham/gao-ray"),
    ],
)
def test_a_server_that_hides_the_raw_address_does_not_lose_a_lot_with_a_slash(
    decoded: str, expected: str, app: Flask, client: FlaskClient, rice: Any
) -> None:
    """Granian gives WSGI applications the decoded path only."""
    environ = {"RAW_URI": "", "REQUEST_URI": "", "PATH_INFO": decoded}

    answer = client.get(quote(decoded), environ_overrides=environ)

    assert (answer.status_code, answer.location) == (307, expected)


@pytest.mark.parametrize("tail", ["10/A/17", "10/MO/001", "10/CF/17", "10/A/21", "10/A/B/17/x", "10/" + "a/" * 400])
def test_what_lacks_a_value_is_malformed_where_the_raw_address_is_hidden_too(
    tail: str, client: FlaskClient, rice: Any
) -> None:
    decoded = f"/01/{GTIN}/{tail}"
    environ = {"RAW_URI": "", "REQUEST_URI": "", "PATH_INFO": decoded}

    assert client.get(quote(decoded), environ_overrides=environ).status_code == 400


# --- Typed codes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        TOKEN,
        "7K2QX-M90AD",
        " 7k2qx m9oad ",
        "HTXBD 7K2QX-M90AD",
        "htxbd/7k2qxm90ad",
        f"http://shop.test/lo/htxbd/{TOKEN}",
        f"https://elsewhere.example/lo/HTXBD/{TOKEN}?x=1#y",
        "cf/02+1",
        "CF/02+1",
    ],
)
def test_a_typed_code_leads_to_its_batch(typed: str, client: FlaskClient, rice: Any) -> None:
    answer = client.get("/truy-xuat", query_string={"ma": typed})

    assert (answer.status_code, answer.location) == (303, PAGE)


@pytest.mark.parametrize(
    "typed",
    [
        f"https://id.gs1.org/01/{GTIN}/10/CF%2F02%2B1",
        f"https://anywhere.example/a/b/01/{GTIN}/10/CF%2F02%2B1?17=271122",
        f"(01){GTIN}(10)CF/02+1",
        "https://id.gs1.org/01/9520123456788/10/CF%2F02%2B1",
    ],
)
def test_a_digital_link_of_any_host_is_looked_up_here(typed: str, client: FlaskClient, rice: Any) -> None:
    answer = client.get("/truy-xuat", query_string={"ma": typed}, follow_redirects=True)

    assert answer.status_code == 200
    assert answer.request.path == PAGE


@pytest.mark.parametrize("typed", [GTIN, "9520123456788", "9 520123 456788"])
def test_a_gtin_leads_to_its_product(typed: str, client: FlaskClient, rice: Any) -> None:
    answer = client.get("/truy-xuat", query_string={"ma": typed})

    assert (answer.status_code, answer.location) == (303, "/san-pham/gao-ray")


def test_a_number_that_several_batches_have_is_a_choice(client: FlaskClient, make: Factories) -> None:
    for name in ("Gạo rẫy", "Mật ong"):
        make.batch(make.item(make.product(name=name)), number="L1", made_on=date(2026, 11, 1))

    answer = client.get("/truy-xuat?ma=L1")

    assert answer.status_code == 200
    assert "Gạo rẫy" in answer.text
    assert "Mật ong" in answer.text


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ("khong-co-ma-nay", 404),
        ("0000000000", 404),
        ("9520123456787", 422),
        ("x" * 401, 422),
        ("", 200),
        ("<script>", 404),
        ("%00", 404),
        ("' OR 1=1 --", 404),
    ],
)
def test_a_wrong_code_is_answered_with_a_way_to_type_it_again(
    typed: str, status: int, client: FlaskClient, rice: Any
) -> None:
    answer = client.get("/truy-xuat", query_string={"ma": typed})

    assert answer.status_code == status
    assert 'name="ma"' in answer.text
    assert "<script>" not in answer.text.replace('<script src="', "").replace('<script type="', "")


def test_nobody_is_sent_to_another_host(client: FlaskClient, rice: Any) -> None:
    for typed in ("https://evil.example/", "//evil.example/lo", "https://evil.example/01/x", "javascript:alert(1)"):
        answer = client.get("/truy-xuat", query_string={"ma": typed})

        assert answer.location is None or answer.location.startswith("/"), typed
        assert not (answer.location or "").startswith("//")


def test_looking_up_is_limited_kindly(client: FlaskClient) -> None:
    statuses = [client.get("/truy-xuat?ma=x").status_code for _ in range(62)]

    assert statuses.count(429) == 2
    assert statuses.index(429) == 60


# --- Photos -------------------------------------------------------------------------------------------------


def _send(client: FlaskClient, data: bytes, name: str = "anh.png") -> Any:
    return client.post("/truy-xuat", data={"photo": (io.BytesIO(data), name)}, content_type="multipart/form-data")


def _scene(text: str) -> bytes:
    """A code as a phone sees it: turned a little, on a brown table."""
    code = Image.open(io.BytesIO(labels.qr_png(text))).convert("RGBA").rotate(7, expand=True).resize((420, 420))
    scene = Image.new("RGB", (1200, 900), (150, 130, 110))
    scene.paste(code, (400, 240), code)
    file = io.BytesIO()
    scene.save(file, "JPEG", quality=70)
    return file.getvalue()


def test_a_photo_of_the_code_leads_to_its_batch(client: FlaskClient, rice: Any) -> None:
    answer = _send(client, _scene(f"http://shop.test{PAGE}"), "anh.jpg")

    assert (answer.status_code, answer.location) == (303, PAGE)


def test_a_photo_of_a_foreign_code_is_looked_up_here_and_not_found(client: FlaskClient, rice: Any) -> None:
    answer = _send(client, _scene("https://evil.example/pay"), "anh.jpg")

    assert answer.status_code == 404
    assert answer.location is None


@pytest.mark.parametrize("data", [b"", b"not a picture", labels.qr_png("x")[:60]])
def test_what_is_no_photo_gets_a_sentence_beside_its_field(data: bytes, client: FlaskClient) -> None:
    answer = _send(client, data)

    assert answer.status_code == 422
    assert 'id="photo-error"' in answer.text


def test_a_photo_without_a_code_says_so(client: FlaskClient) -> None:
    file = io.BytesIO()
    Image.new("RGB", (800, 600), (200, 180, 160)).save(file, "JPEG")

    answer = _send(client, file.getvalue(), "anh.jpg")

    assert answer.status_code == 422
    assert "Không đọc được mã nào" in answer.text


def test_no_photo_at_all_says_so(client: FlaskClient) -> None:
    assert client.post("/truy-xuat").status_code == 422
