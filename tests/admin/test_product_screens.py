"""The screens of products: a producer enters one on a phone, the office decides, wrong input is told kindly."""

from __future__ import annotations

import io
import re
from typing import Any

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import event, select

from accounts.models import Organisation, OrganisationKind
from catalog import labels
from catalog.models import Price, Product, ProductStatus, ProductVersion, TradeItem, VersionPhoto
from kernel import clock, jobs
from kernel.db import db, transaction
from kernel.models import Rendition
from tests.factories import BA_DONG, BA_TO, Factories
from tests.web import send

KEY = "7d1a6df0-6a4c-4b0e-9d4e-5f4e8a3d2c11"
BASE = "/quan-tri/san-pham"
OFFICE = "/quan-tri/duyet-san-pham"


@pytest.fixture
def producer(make: Factories) -> Organisation:
    """A cooperative in xã Ba Động; xã Ba Tơ stands on record too."""
    make.taxonomy()
    make.unit(BA_TO)
    return make.producer("Hợp tác xã Làng Teng")


@pytest.fixture
def phone(make: Factories, producer: Organisation) -> FlaskClient:
    """The producer's telephone, its browser."""
    return make.client(producer)


@pytest.fixture
def office(make: Factories) -> FlaskClient:
    """The browser of the province's office."""
    return make.client(make.office())


def picture(colour: str = "red") -> tuple[io.BytesIO, str]:
    file = io.BytesIO()
    Image.new("RGB", (900, 700), colour).save(file, "JPEG")
    file.seek(0)
    return file, "anh.jpg"


def begin(phone: FlaskClient, **fields: Any) -> int:
    data = {"name_vi": "Gạo rẫy Ba Tô", "subgroup": "3", "commune": BA_DONG, "request_key": KEY} | fields
    answer = send(phone, f"{BASE}/moi", data)
    assert answer.status_code == 303, answer.text
    return int(answer.location.split("/")[-2])


def fill(phone: FlaskClient, product_id: int, kind: str = "luong_thuc") -> None:
    """Fill in all steps after the first, as one would on the phone."""
    send(phone, f"{BASE}/{product_id}/cau-chuyen", summary_vi="Gạo nương.", story_vi="Gạo của nương cao.")
    send(phone, f"{BASE}/{product_id}/nhan", {f"{row.key}_vi": "Có ghi." for row in labels.fields_for(kind)})
    send(phone, f"{BASE}/{product_id}/anh", photo=picture(), alt_vi="Túi gạo")
    item = {"name_vi": "gói 500 g", "net_content": "500", "unit": "g", "amount_vnd": "45.000"}
    send(phone, f"{BASE}/{product_id}/quy-cach/moi", item)


def submitted(phone: FlaskClient) -> int:
    product_id = begin(phone)
    fill(phone, product_id)
    assert send(phone, f"{BASE}/{product_id}/gui").status_code == 303
    return product_id


def publish(office: FlaskClient, product_id: int) -> None:
    address = f"{OFFICE}/{product_id}/duyet"
    version_id = hidden(office.get(address).text, "version_id")
    assert send(office, address, version_id=version_id).status_code == 303


def rows(app: Flask, query: Any) -> list[Any]:
    with app.app_context():
        return list(db.session.scalars(query))


def one(app: Flask, model: type[Any]) -> Any:
    [row] = rows(app, select(model))
    return row


def count(app: Flask, model: type[Any]) -> int:
    return len(rows(app, select(model)))


def error_of(page: str, field: str) -> str:
    found = re.search(rf'id="{field}-error">(.*?)</p>', page, re.DOTALL)
    return found[1].strip() if found else ""


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    assert found, name
    return found[1]


# --- The whole way ---------------------------------------------------------------------------------------


def test_a_product_goes_from_the_first_step_to_the_shop(app: Flask, phone: FlaskClient, office: FlaskClient) -> None:
    product_id = begin(phone)
    assert send(phone, f"{BASE}/{product_id}/gui").status_code == 422
    fill(phone, product_id)

    assert send(phone, f"{BASE}/{product_id}/gui").status_code == 303
    assert "Gạo rẫy Ba Tô" in office.get(OFFICE).text
    assert "Duyệt và đăng bán Gạo rẫy Ba Tô?" in office.get(f"{OFFICE}/{product_id}/duyet").text
    publish(office, product_id)

    product = one(app, Product)
    assert product.status is ProductStatus.PUBLISHED
    assert product.published_version_id == product.draft_version_id


def test_every_step_is_saved_and_goes_on_to_the_next(app: Flask, phone: FlaskClient) -> None:
    product_id = begin(phone)

    answer = send(phone, f"{BASE}/{product_id}/cau-chuyen", summary_vi="Một câu.")
    assert answer.location == f"{BASE}/{product_id}/nhan"
    assert "Một câu." in phone.get(f"{BASE}/{product_id}/cau-chuyen").text
    answer = send(phone, f"{BASE}/{product_id}/ten", name_vi="Gạo đỏ", subgroup="6", commune=BA_TO, request_key=KEY)
    assert answer.location == f"{BASE}/{product_id}/cau-chuyen"

    product = one(app, Product)
    assert product.criteria_set_no == 6
    with app.app_context():
        draft = db.session.get_one(ProductVersion, product.draft_version_id)
        assert (draft.name_vi, draft.commune_code, draft.summary_vi) == ("Gạo đỏ", BA_TO, "Một câu.")


def test_the_first_step_sent_twice_makes_one_product(app: Flask, phone: FlaskClient) -> None:
    assert begin(phone) == begin(phone)
    assert count(app, Product) == 1


@pytest.mark.parametrize("subgroup", [1, 3, 15, 21, 22, 26])
def test_each_kind_asks_for_the_fields_of_its_label(phone: FlaskClient, subgroup: int) -> None:
    product_id = begin(phone, subgroup=str(subgroup))

    page = phone.get(f"{BASE}/{product_id}/nhan").text

    asked = set(re.findall(r'<textarea[^>]*name="(\w+)_vi"', page))
    assert asked == {field.key for field in labels.fields_for(labels.kind_of_criteria_set(subgroup))}


def test_what_is_missing_is_listed_with_a_link_to_its_step(phone: FlaskClient) -> None:
    product_id = begin(phone)

    page = send(phone, f"{BASE}/{product_id}/gui").text

    for step in ("cau-chuyen", "nhan#warnings_vi", "anh", "quy-cach"):
        assert f'href="{BASE}/{product_id}/{step}"' in page


# --- Wrong input -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"name_vi": " "}, "name_vi", "Chưa điền ô này."),
        ({"name_vi": "a" * 161}, "name_vi", "nhiều nhất 160 ký tự"),
        ({"subgroup": ""}, "subgroup", "Chưa điền ô này."),
        ({"subgroup": "27"}, "subgroup", "không có trong danh sách"),
        ({"commune": "99999"}, "commune", "không có trong danh sách"),
        ({"village": "a" * 121}, "village", "nhiều nhất 120 ký tự"),
    ],
)
def test_a_wrong_first_step_is_told_beside_its_field_and_makes_nothing(
    app: Flask, phone: FlaskClient, wrong: dict[str, str], field: str, said: str
) -> None:
    data = {"name_vi": "Gạo rẫy", "subgroup": "3", "commune": BA_DONG, "village": "Làng Teng", "request_key": KEY}

    answer = send(phone, f"{BASE}/moi", data | wrong)

    assert answer.status_code == 422
    assert said in error_of(answer.text, field)
    assert "Làng Teng" in answer.text or field == "village"
    assert "<title>Lỗi:" in answer.text
    assert count(app, Product) == 0


@pytest.mark.parametrize(
    ("step", "wrong", "field"),
    [
        ("cau-chuyen", {"summary_vi": "a" * 301}, "summary_vi"),
        ("cau-chuyen", {"story_vi": "a" * 5_001}, "story_vi"),
        ("cau-chuyen", {"brand": "a" * 121}, "brand"),
        ("nhan", {"warnings_vi": "a" * 2_000}, "warnings_vi"),
        ("quy-cach/moi", {"name_vi": ""}, "name_vi"),
        ("quy-cach/moi", {"net_content": "nhiều"}, "net_content"),
        ("quy-cach/moi", {"net_content": "0"}, "net_content"),
        ("quy-cach/moi", {"unit": "thúng"}, "unit"),
        ("quy-cach/moi", {"amount_vnd": "50k"}, "amount_vnd"),
        ("quy-cach/moi", {"amount_vnd": "0"}, "amount_vnd"),
        ("quy-cach/moi", {"gtin": "8938505974191"}, "gtin"),
        ("quy-cach/moi", {"code": "mã to"}, "code"),
        ("anh", {"photo": None}, "photo"),
        ("anh", {"photo": b"%PDF-1.7"}, "photo"),
        ("anh", {"photo": b""}, "photo"),
        ("anh", {"alt_vi": ""}, "alt_vi"),
    ],
)
def test_a_wrong_step_is_told_beside_its_field_and_changes_nothing(
    app: Flask, phone: FlaskClient, step: str, wrong: dict[str, Any], field: str
) -> None:
    product_id = begin(phone)
    versions = count(app, ProductVersion)
    right: dict[str, Any] = {
        "quy-cach/moi": {"name_vi": "gói", "net_content": "500", "unit": "g", "amount_vnd": "45000"},
        "anh": {"photo": picture(), "alt_vi": "Túi gạo"},
    }.get(step, {})
    wrong = {name: (io.BytesIO(value), "a.jpg") if isinstance(value, bytes) else value for name, value in wrong.items()}

    answer = send(phone, f"{BASE}/{product_id}/{step}", {**right, **wrong})

    assert answer.status_code == 422
    assert error_of(answer.text, field)
    assert (count(app, ProductVersion), count(app, TradeItem), count(app, Price)) == (versions, 0, 0)


def test_a_refused_photo_leaves_the_words_that_were_typed(phone: FlaskClient) -> None:
    product_id = begin(phone)
    drawing = (io.BytesIO(b"GIF89a" + b"\0" * 500), "a.gif")

    answer = send(phone, f"{BASE}/{product_id}/anh", photo=drawing, alt_vi="Nong gạo")

    assert answer.status_code == 422
    assert 'value="Nong gạo"' in answer.text
    assert "GIF" in error_of(answer.text, "photo")


def test_in_english_the_same_is_said_in_english(phone: FlaskClient) -> None:
    answer = send(phone, f"{BASE}/moi?lang=en", {"name_vi": "", "request_key": KEY})

    assert answer.status_code == 422
    assert "What is it, and where does it come from?" in answer.text
    assert error_of(answer.text, "subgroup")


def test_another_producers_product_does_not_exist(make: Factories, phone: FlaskClient) -> None:
    theirs = make.product(make.producer("Hộ khác"))

    for address in ("", "/ten", "/gui", "/quy-cach", "/xem-truoc", "/rut"):
        assert phone.get(f"{BASE}/{theirs.id}{address}").status_code == 404
    assert send(phone, f"{BASE}/{theirs.id}/rut").status_code == 404


def test_an_item_of_another_product_does_not_exist(make: Factories, phone: FlaskClient) -> None:
    product_id = begin(phone)
    item = make.item(make.product())

    assert phone.get(f"{BASE}/{product_id}/quy-cach/{item.id}/gia").status_code == 404


# --- Photos ----------------------------------------------------------------------------------------------


def test_photos_are_put_in_order_changed_and_removed(app: Flask, phone: FlaskClient) -> None:
    product_id = begin(phone)
    for colour in ("red", "green"):
        send(phone, f"{BASE}/{product_id}/anh", photo=picture(colour), alt_vi=colour)

    def order() -> list[tuple[str, str]]:
        version_id = one(app, Product).draft_version_id
        found = rows(app, select(VersionPhoto).where(VersionPhoto.version_id == version_id))
        return [(row.alt_vi, row.digest) for row in sorted(found, key=lambda row: row.position)]

    (_, red), (_, green) = order()
    send(phone, f"{BASE}/{product_id}/anh/{green}/len")
    assert [alt for alt, _ in order()] == ["green", "red"]
    send(phone, f"{BASE}/{product_id}/anh/{red}", alt_vi="đỏ")
    send(phone, f"{BASE}/{product_id}/anh/{green}", alt_vi="xanh", photo=picture("blue"))
    assert [alt for alt, _ in order()] == ["xanh", "đỏ"]
    assert order()[0][1] not in (red, green)
    assert "Gỡ ảnh này?" in phone.get(f"{BASE}/{product_id}/anh/{red}/bo").text
    assert [alt for alt, _ in order()] == ["xanh", "đỏ"]
    send(phone, f"{BASE}/{product_id}/anh/{red}/bo")
    assert [alt for alt, _ in order()] == ["xanh"]


def test_a_photo_is_served_for_good_in_both_forms(app: Flask, phone: FlaskClient, client: FlaskClient) -> None:
    product_id = begin(phone)
    send(phone, f"{BASE}/{product_id}/anh", photo=picture(), alt_vi="Túi gạo")
    digest = one(app, VersionPhoto).digest
    webp = client.get(f"/anh/{digest}/480.webp")
    assert (webp.status_code, webp.mimetype) == (200, "image/webp")
    assert "immutable" in webp.headers["Cache-Control"]
    assert "Cookie" not in webp.headers.get("Vary", "")
    assert "Set-Cookie" not in webp.headers
    assert client.get(f"/anh/{digest}/480.avif").status_code == 404

    with app.app_context():
        while jobs.run_one(clock.now()):
            pass
    assert {row.format for row in rows(app, select(Rendition))} == {"webp", "avif"}

    avif = client.get(f"/anh/{digest}/480.avif")
    assert (avif.status_code, avif.mimetype) == (200, "image/avif")
    page = phone.get(f"{BASE}/{product_id}/anh").text
    assert f"/anh/{digest}/750.avif 750w" in page
    assert 'alt="Túi gạo"' in page


# --- Sizes and prices ------------------------------------------------------------------------------------


def test_a_price_is_announced_with_its_day(app: Flask, phone: FlaskClient) -> None:
    product_id = begin(phone)
    fill(phone, product_id)
    address = f"{BASE}/{product_id}/quy-cach/{one(app, TradeItem).id}/gia"

    past = send(phone, address, amount_vnd="50.000", valid_from="23/11/2026")
    assert past.status_code == 422
    assert "Giá chỉ áp dụng từ hôm nay trở đi" in error_of(past.text, "valid_from")
    assert send(phone, address, amount_vnd="50.000", valid_from="01/12/2026").status_code == 303

    page = phone.get(f"{BASE}/{product_id}/quy-cach").text
    assert "45.000\N{NO-BREAK SPACE}₫" in page
    assert "Từ 01/12/2026: 50.000\N{NO-BREAK SPACE}₫" in page


def test_a_size_is_stopped_and_sold_again(app: Flask, phone: FlaskClient) -> None:
    product_id = begin(phone)
    fill(phone, product_id)
    address = f"{BASE}/{product_id}/quy-cach/{one(app, TradeItem).id}"

    send(phone, f"{address}/ngung")
    assert not one(app, TradeItem).is_active
    assert "Bán lại" in phone.get(f"{BASE}/{product_id}/quy-cach").text
    send(phone, f"{address}/ban-lai")
    assert one(app, TradeItem).is_active


def test_weights_are_typed_in_kilograms_too_and_come_back_in_the_form(app: Flask, phone: FlaskClient) -> None:
    product_id = begin(phone)

    send(phone, f"{BASE}/{product_id}/quy-cach/moi", name_vi="bao", net_content="2,5", unit="kg", amount_vnd="1")

    item = one(app, TradeItem)
    assert (item.net_content, item.unit.value) == (2500, "g")
    assert 'value="2500"' in phone.get(f"{BASE}/{product_id}/quy-cach/{item.id}").text


def test_to_an_approved_size_a_gtin_is_added_and_nothing_else(
    app: Flask, phone: FlaskClient, office: FlaskClient
) -> None:
    product_id = submitted(phone)
    publish(office, product_id)
    address = f"{BASE}/{product_id}/quy-cach/{one(app, TradeItem).id}"
    page = phone.get(address).text
    kept = {name: hidden(page, name) for name in ("name_vi", "net_content", "unit")}

    forced = send(phone, address, kept | {"net_content": "900"})
    assert forced.status_code == 409
    assert one(app, TradeItem).net_content == 500
    assert send(phone, address, kept, gtin="8931234567894").status_code in (303, 422)


# --- Lists -----------------------------------------------------------------------------------------------


def test_an_empty_list_says_what_to_do_first(phone: FlaskClient) -> None:
    page = phone.get(BASE).text

    assert "Chưa có sản phẩm" in page
    assert f'href="{BASE}/moi"' in page


def test_the_list_is_searched_and_saved_as_a_file_without_formulas(phone: FlaskClient) -> None:
    begin(phone, name_vi="=1+1")
    begin(phone, name_vi="Mật ong", request_key="3d1a6df0-6a4c-4b0e-9d4e-5f4e8a3d2c11")

    assert "Mật ong" not in phone.get(f"{BASE}?q=1").text
    assert "Không tìm thấy" in phone.get(f"{BASE}?q=xyz").text
    file = phone.get(f"{BASE}?dang=csv")
    assert file.mimetype == "text/csv"
    lines = file.get_data(as_text=True).splitlines()
    assert lines[0].startswith("\ufeffĐịa chỉ trang,Tên tiếng Việt")
    assert any(",'=1+1," in line for line in lines)


@pytest.mark.parametrize("path", [BASE, OFFICE])
def test_a_list_asks_the_database_as_often_for_many_rows_as_for_one(
    app: Flask, make: Factories, office: FlaskClient, producer: Organisation, path: str
) -> None:
    counted = []
    for number in (1, 6):
        for _ in range(number):
            product = make.product(producer)
            with app.app_context(), transaction():
                db.session.get_one(Product, product.id).status = ProductStatus.SUBMITTED
        seen: list[str] = []

        def note(*arguments: Any, seen: list[str] = seen) -> None:
            if arguments[2].startswith("SELECT"):
                seen.append(arguments[2])

        with app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            assert office.get(path).status_code == 200
        finally:
            event.remove(engine, "before_cursor_execute", note)
        counted.append(len(seen))

    assert counted[0] == counted[1]


# --- The office ------------------------------------------------------------------------------------------


def test_what_is_sent_back_shows_its_reason_to_the_producer(phone: FlaskClient, office: FlaskClient) -> None:
    product_id = submitted(phone)
    address = f"{OFFICE}/{product_id}/tra-lai"
    version_id = hidden(office.get(address).text, "version_id")

    empty = send(office, address, version_id=version_id, reason=" ")
    assert empty.status_code == 422
    assert error_of(empty.text, "reason")
    assert send(office, address, version_id=version_id, reason="Ảnh mờ quá.").status_code == 303

    page = phone.get(f"{BASE}/{product_id}").text
    assert "Tổ OCOP trả lại:" in page
    assert "Ảnh mờ quá." in page


def test_the_second_of_two_decisions_is_told_that_one_was_taken(
    app: Flask, phone: FlaskClient, office: FlaskClient
) -> None:
    product_id = submitted(phone)
    version_id = hidden(office.get(f"{OFFICE}/{product_id}/duyet").text, "version_id")
    publish(office, product_id)

    again = send(office, f"{OFFICE}/{product_id}/duyet", version_id=version_id)
    other = send(office, f"{OFFICE}/{product_id}/tra-lai", version_id=version_id, reason="Muộn rồi.")

    assert (again.status_code, other.status_code) == (409, 409)
    assert "vừa có người xử lý" in again.text
    assert one(app, Product).status is ProductStatus.PUBLISHED


def test_a_version_nobody_read_is_not_approved(app: Flask, phone: FlaskClient, office: FlaskClient) -> None:
    product_id = submitted(phone)

    for version_id in ("", "x", "999999", "-1"):
        answer = send(office, f"{OFFICE}/{product_id}/duyet", version_id=version_id)
        assert answer.status_code == 409
    assert one(app, Product).published_version_id is None


def test_what_changed_stands_beside_what_is_on_show(phone: FlaskClient, office: FlaskClient) -> None:
    product_id = submitted(phone)
    publish(office, product_id)
    send(phone, f"{BASE}/{product_id}/cau-chuyen", summary_vi="Gạo <b>đỏ</b>.", story_vi="Gạo của nương cao.")
    send(phone, f"{BASE}/{product_id}/gui")

    page = office.get(f"{OFFICE}/{product_id}").text

    assert "<del>nương.</del>" in page
    assert "<ins>&lt;b&gt;đỏ&lt;/b&gt;.</ins>" in page


def test_the_office_withdraws_with_a_reason_and_brings_back(
    app: Flask, phone: FlaskClient, office: FlaskClient
) -> None:
    product_id = submitted(phone)
    publish(office, product_id)

    assert send(office, f"{OFFICE}/{product_id}/rut", reason="").status_code == 422
    assert send(office, f"{OFFICE}/{product_id}/rut", reason="Nhãn sai.").status_code == 303
    assert one(app, Product).status is ProductStatus.WITHDRAWN
    assert send(phone, f"{BASE}/{product_id}/mo-lai").status_code == 409
    assert send(office, f"{OFFICE}/{product_id}/mo-lai").status_code == 303
    assert one(app, Product).status is ProductStatus.PUBLISHED


def test_an_office_of_another_commune_finds_nothing(make: Factories, phone: FlaskClient) -> None:
    product_id = submitted(phone)
    elsewhere = make.client(make.office("Tổ xã Ba Tơ", of=(BA_TO,)))

    assert "Gạo rẫy" not in elsewhere.get(OFFICE).text
    assert elsewhere.get(f"{OFFICE}/{product_id}").status_code == 404
    assert send(elsewhere, f"{OFFICE}/{product_id}/duyet", version_id="1").status_code == 404


def test_the_office_enters_the_licence_of_an_alcohol_producer(
    app: Flask, phone: FlaskClient, office: FlaskClient
) -> None:
    product_id = begin(phone, subgroup="15", name_vi="Rượu cần")

    assert send(office, f"{OFFICE}/{product_id}/ruou", licence="a" * 121).status_code == 422
    assert send(office, f"{OFFICE}/{product_id}/ruou", licence="12/GP, 01/03/2026, UBND xã").status_code == 303

    found = rows(app, select(Organisation).where(Organisation.kind == OrganisationKind.PRODUCER))
    assert [row.alcohol_licence for row in found] == ["12/GP, 01/03/2026, UBND xã"]
    assert "12/GP, 01/03/2026, UBND xã" in office.get(f"{OFFICE}/{product_id}").text


def test_the_preview_shows_the_draft_to_its_people_only(phone: FlaskClient, client: FlaskClient) -> None:
    product_id = begin(phone)
    fill(phone, product_id)

    page = phone.get(f"{BASE}/{product_id}/xem-truoc")

    assert "Gạo của nương cao." in page.text
    assert "ETag" not in page.headers
    assert client.get(f"{BASE}/{product_id}/xem-truoc").status_code == 302


# --- Excel -----------------------------------------------------------------------------------------------


def test_a_file_is_looked_at_first_and_taken_in_when_one_says_so(app: Flask, phone: FlaskClient) -> None:
    product_id = begin(phone)
    fill(phone, product_id)
    downloaded = phone.get(f"{BASE}/bang-tinh/san-pham.xlsx").data
    book = openpyxl.load_workbook(io.BytesIO(downloaded))
    sheet = book.worksheets[0]
    head = [cell.value for cell in sheet[1]]
    assert sheet.cell(2, 1).value.startswith("# Địa chỉ trang")
    sheet.cell(3, head.index("price_vnd") + 1).value = 47_000
    file = io.BytesIO()
    book.save(file)

    looked = send(phone, f"{BASE}/bang-tinh", file=(io.BytesIO(file.getvalue()), "san-pham.xlsx"))
    assert looked.status_code == 200
    assert "47.000" in looked.text
    assert count(app, Price) == 1
    fields = {name: hidden(looked.text, name) for name in ("digest", "promise")}

    assert send(phone, f"{BASE}/bang-tinh/ap-dung", fields).status_code == 303
    assert count(app, Price) == 2
    assert send(phone, f"{BASE}/bang-tinh/ap-dung", fields).status_code == 409
    assert count(app, Price) == 2


def test_errors_of_a_file_are_listed_and_nothing_is_offered(app: Flask, phone: FlaskClient) -> None:
    begin(phone)
    book = openpyxl.Workbook()
    book.active.append(["slug", "name_vi", "subgroup", "commune"])
    book.active.append(["", "Mật ong", 4, "Xã Không Có"])
    file = io.BytesIO()
    book.save(file)
    file.seek(0)

    answer = send(phone, f"{BASE}/bang-tinh", file=(file, "a.xlsx"))

    assert answer.status_code == 422
    assert "“Xã Không Có” không phải là xã, phường trong tỉnh." in answer.text
    assert "ap-dung" not in answer.text
    assert count(app, Product) == 1


@pytest.mark.parametrize("data", [b"", b"no spreadsheet"])
def test_what_is_no_spreadsheet_is_told_beside_the_field(phone: FlaskClient, data: bytes) -> None:
    answer = send(phone, f"{BASE}/bang-tinh", file=(io.BytesIO(data), "a.xlsx"))

    assert answer.status_code == 422
    assert error_of(answer.text, "file")


@pytest.mark.parametrize("digest", ["", "x", "0" * 64, "../../etc/passwd"])
def test_a_file_that_was_never_looked_at_is_not_taken_in(phone: FlaskClient, digest: str) -> None:
    answer = send(phone, f"{BASE}/bang-tinh/ap-dung", digest=digest, promise="y")

    assert (answer.status_code, answer.location) == (303, f"{BASE}/bang-tinh")
