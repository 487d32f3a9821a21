"""The screens of notes and of the counter, as a browser sends them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from accounts.actor import SYSTEM
from accounts.models import OrganisationKind
from catalog import editing
from catalog.models import Product
from consignment import points
from consignment.models import Note, NoteKind, NoteStatus, Sale
from kernel import gs1
from kernel.db import db, transaction
from stock import holding, verification
from stock.models import Location
from tests.consignment.conftest import Shop
from tests.factories import Factories
from tests.web import send
from traceability import items
from traceability.item_models import ItemCode
from traceability.models import Batch, Lot

NOTES = "/quan-tri/phieu-ky-gui"
KEY = "7d1a6df0-6a4c-4b0e-9d4e-5f4e8a3d2c11"


@pytest.fixture
def phone(make: Factories, shop: Shop) -> FlaskClient:
    """The producer's telephone."""
    return make.client(shop.producer)


@pytest.fixture
def till(make: Factories, shop: Shop) -> FlaskClient:
    """The seller's telephone."""
    return make.client(shop.keeper)


def lines(shop: Shop, quantity: str, price: str = "60.000") -> dict[str, str]:
    return {"request_key": KEY, f"so_{shop.lot_id}": quantity, f"gia_{shop.lot_id}": price}


def hidden(page: TestResponse) -> dict[str, str]:
    """Read the hidden fields of a page's form, as a browser sends them back; the token comes by itself."""
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text)
    return {name: value for name, value in fields if name != "csrf_token"}


def count(app: Flask, model: type) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def on_hand(app: Flask, shop: Shop) -> tuple[int, int]:
    """Packs in the warehouse and at the counter; the ledger must add up."""
    with app.app_context():
        assert verification.verify() == []
        return shop.on_hand(shop.warehouse_id), shop.on_hand(shop.counter_id)


def new_note(phone: FlaskClient, shop: Shop, quantity: str = "10") -> str:
    answer = send(phone, f"{NOTES}/moi/{shop.slug}", lines(shop, quantity))
    assert answer.status_code == 303, answer.text
    return answer.location.rsplit("/", 1)[-1]


def test_a_note_goes_from_the_producers_phone_to_the_till_and_home_again(
    app: Flask, shop: Shop, phone: FlaskClient, till: FlaskClient
) -> None:
    assert f"{NOTES}/moi/{shop.slug}" in phone.get(f"{NOTES}/moi").text
    assert "50.000" in phone.get(f"{NOTES}/moi/{shop.slug}").text, "today's price is offered"
    number = new_note(phone, shop)
    assert f"{NOTES}/{number}/gui" in phone.get(f"{NOTES}/{number}").text
    assert phone.get(f"{NOTES}/{number}/gui").status_code == 200
    assert send(phone, f"{NOTES}/{number}/gui").status_code == 303
    assert number in till.get(f"/quay/{shop.slug}").text
    assert send(till, f"/quay/{shop.slug}/nhan/{number}").status_code == 303
    assert on_hand(app, shop) == (90, 10)

    checked = hidden(send(till, f"/quay/{shop.slug}/kiem", {f"so-{shop.lot_id}": "2"}))
    for _ in range(2):  # the same form, sent twice
        assert send(till, f"/quay/{shop.slug}/ban", checked).status_code == 303
    assert (count(app, Sale), on_hand(app, shop)) == (1, (90, 8))

    back = {**hidden(till.get(f"/quay/{shop.slug}/tra")), f"so-{shop.lot_id}": "4", "reason": "Bán chậm"}
    for _ in range(2):
        assert send(till, f"/quay/{shop.slug}/tra", back).status_code == 303
    assert on_hand(app, shop) == (90, 4)
    with app.app_context():
        returned = db.session.scalars(select(Note.number).where(Note.kind == NoteKind.RETURN)).one()
    assert send(till, f"/quay/{shop.slug}/nhan/{returned}").status_code == 404, "only its producer receives a return"
    assert send(phone, f"{NOTES}/{returned}/nhan-lai").status_code == 303
    assert on_hand(app, shop) == (94, 4)


@pytest.mark.parametrize("typed", ["101", "-1", "1,5", "mười", "٣"])
def test_a_quantity_that_cannot_be_is_said_beside_its_field_and_nothing_is_saved(
    app: Flask, shop: Shop, phone: FlaskClient, typed: str
) -> None:
    answer = send(phone, f"{NOTES}/moi/{shop.slug}", lines(shop, typed))

    assert answer.status_code == 422
    assert f'id="so_{shop.lot_id}-error"' in answer.text
    assert f'value="{typed}"' in answer.text, "what was typed stays"
    assert count(app, Note) == 0


def test_a_note_of_nothing_or_without_a_price_is_not_saved(app: Flask, shop: Shop, phone: FlaskClient) -> None:
    assert send(phone, f"{NOTES}/moi/{shop.slug}", lines(shop, "")).status_code == 422
    unpriced = send(phone, f"{NOTES}/moi/{shop.slug}", lines(shop, "5", ""))
    assert unpriced.status_code == 422
    assert f'id="gia_{shop.lot_id}-error"' in unpriced.text
    assert count(app, Note) == 0


def test_the_same_form_again_is_the_same_note(app: Flask, shop: Shop, phone: FlaskClient) -> None:
    assert new_note(phone, shop) == new_note(phone, shop)
    assert count(app, Note) == 1


def test_a_step_that_comes_too_late_is_told_with_409(app: Flask, shop: Shop, phone: FlaskClient) -> None:
    number = new_note(phone, shop)
    send(phone, f"{NOTES}/{number}/gui")

    late = send(phone, f"{NOTES}/{number}/gui")

    assert late.status_code == 409
    assert 'role="alert"' in late.text
    assert on_hand(app, shop) == (90, 0)


def test_a_note_is_cancelled_with_a_reason_only(app: Flask, shop: Shop, phone: FlaskClient) -> None:
    number = new_note(phone, shop)
    send(phone, f"{NOTES}/{number}/gui")

    refused = send(phone, f"{NOTES}/{number}/huy", reason="  ")
    assert refused.status_code == 422
    assert 'id="reason-error"' in refused.text
    assert send(phone, f"{NOTES}/{number}/huy", reason="x" * 10_000).status_code == 422
    assert send(phone, f"{NOTES}/{number}/huy", reason="Gửi nhầm điểm bán").status_code == 303
    assert on_hand(app, shop) == (100, 0)
    assert "Gửi nhầm điểm bán" in phone.get(f"{NOTES}/{number}").text
    assert send(phone, f"{NOTES}/{number}/huy", reason="Lần nữa").status_code == 409


def test_anothers_note_and_counter_are_not_found(
    app: Flask, make: Factories, shop: Shop, phone: FlaskClient, now: datetime
) -> None:
    number = new_note(phone, shop)
    send(phone, f"{NOTES}/{number}/gui")
    stranger = make.client(make.producer("Hộ khác"))
    other = make.organisation("Quầy khác", kind=OrganisationKind.SALES_POINT)
    make.sales_point(other, slug="quay-khac")
    seller = make.client(other)

    assert stranger.get(f"{NOTES}/{number}").status_code == 404
    assert send(stranger, f"{NOTES}/{number}/huy", reason="Không phải của mình").status_code == 404
    for slug in (shop.slug, "quay-khac"):
        assert send(seller, f"/quay/{slug}/nhan/{number}").status_code == 404
    with app.app_context():
        assert db.session.scalars(select(Note.status)).one() is NoteStatus.SENT


@pytest.mark.parametrize("typed", ["11", "-1", "1.5", "nhiều", "99999999"])
def test_a_sale_of_what_cannot_be_is_refused_with_what_was_typed(
    app: Flask, shop: Shop, till: FlaskClient, now: datetime, typed: str
) -> None:
    with app.app_context():
        shop.deliver(10, now)

    for step in ("kiem", "ban"):
        fields = {f"so-{shop.lot_id}": typed, "request_key": "a" * 32, "shown_vnd": "660000"}
        answer = send(till, f"/quay/{shop.slug}/{step}", fields)
        assert answer.status_code in (409, 422)
        assert f'value="{typed}"' in answer.text
    assert (count(app, Sale), on_hand(app, shop)) == (0, (90, 10))


def test_goods_that_left_the_shelf_since_the_page_was_opened_are_said_to_be_gone(
    app: Flask, shop: Shop, till: FlaskClient, now: datetime
) -> None:
    with app.app_context():
        shop.deliver(10, now)
    gone = shop.lot_id + 1_000

    for step in ("kiem", "ban"):
        fields = {f"so-{shop.lot_id}": "1", f"so-{gone}": "2", "request_key": "a" * 32, "shown_vnd": "66000"}
        answer = send(till, f"/quay/{shop.slug}/{step}", fields)
        assert answer.status_code == 422
        assert "không còn ở quầy này" in answer.text
    assert count(app, Sale) == 0


def test_the_list_is_searched_sorted_and_saved_as_a_file(app: Flask, shop: Shop, phone: FlaskClient) -> None:
    assert f"{NOTES}/moi" in phone.get(NOTES).text, "an empty list says what to do first"
    number = new_note(phone, shop)

    assert number in phone.get(f"{NOTES}?tinh-trang=draft&q={number[-4:]}&sap-xep=so").text
    assert number not in phone.get(f"{NOTES}?tinh-trang=sent").text
    file = phone.get(f"{NOTES}?dang=csv")
    assert file.mimetype == "text/csv"
    assert file.text.startswith("\ufeff")
    assert number in file.text


def test_goods_on_hand_and_their_movements_are_told_to_those_they_concern(
    make: Factories, shop: Shop, phone: FlaskClient
) -> None:
    assert f"/quan-tri/ton-kho/lo/{shop.lot_id}" in phone.get("/quan-tri/ton-kho?q=gao").text
    assert phone.get("/quan-tri/ton-kho?dang=csv").text.count("\n") == 2
    assert "LOT-" in phone.get(f"/quan-tri/ton-kho/lo/{shop.lot_id}").text
    assert make.client(make.producer("Hộ khác")).get(f"/quan-tri/ton-kho/lo/{shop.lot_id}").status_code == 404


def test_another_organisation_reads_the_name_on_show_not_the_draft(
    app: Flask, make: Factories, shop: Shop, till: FlaskClient, now: datetime
) -> None:
    with app.app_context():
        shop.deliver(3, now)
        with transaction():
            product = db.session.scalars(select(Product)).one()
            editing.save_words(product, shop.maker, name_vi="Tên nháp", now=now)

    for screen in ("/quan-tri/ton-kho", "/quan-tri/ton-kho?dang=csv", f"/quay/{shop.slug}"):
        assert "Tên nháp" not in till.get(screen).text, screen
        assert "Gạo rẫy mẫu" in till.get(screen).text, screen


def test_a_page_leads_to_no_product_that_has_left_the_shop(
    app: Flask, make: Factories, client: FlaskClient, shop: Shop, now: datetime
) -> None:
    with app.app_context():
        shop.deliver(3, now)
        slug = db.session.scalars(select(Product.slug)).one()
        batch = db.session.scalars(select(Batch)).one()
        pages = (f"/diem-ban/{shop.slug}", f"/lo/{shop.producer.code}/{batch.token}")
    for page in pages:
        assert f'"/san-pham/{slug}"' in client.get(page).text, page

    send(make.client(make.office()), f"/quan-tri/to-chuc/{shop.producer.code}/ngung")

    assert client.get(f"/san-pham/{slug}").status_code == 404
    for page in pages:
        assert f'"/san-pham/{slug}"' not in client.get(page).text, page


def test_the_office_opens_changes_and_closes_a_sales_point(app: Flask, make: Factories, phone: FlaskClient) -> None:
    keeper = make.organisation("Nhà trưng bày", kind=OrganisationKind.SALES_POINT, code="ntb01")
    office = make.client(make.office())
    typed = {"organisation": keeper.code, "name_vi": "Quầy Ba Động", "commission": "101", "request_key": KEY}

    refused = send(office, "/quan-tri/diem-ban/moi", typed)
    assert refused.status_code == 422
    assert 'value="101"' in refused.text
    for _ in range(2):
        assert send(office, "/quan-tri/diem-ban/moi", {**typed, "commission": "7,5"}).status_code == 303
    assert "7,5 %" in office.get("/quan-tri/diem-ban?q=Ba").text
    changed = send(office, "/quan-tri/diem-ban/quay-ba-dong", {"name_vi": "Quầy Ba Tơ", "commission": "0"})
    assert changed.location.endswith("/quan-tri/diem-ban/quay-ba-to")
    assert f"{NOTES}/moi/quay-ba-to" in phone.get(f"{NOTES}/moi").text
    assert send(office, "/quan-tri/diem-ban/quay-ba-to/dong").status_code == 303
    assert "quay-ba-to" not in phone.get(f"{NOTES}/moi").text
    assert phone.get(f"{NOTES}/moi/quay-ba-to").status_code == 404
    assert send(office, "/quan-tri/diem-ban/quay-ba-to/mo-lai").status_code == 303
    assert phone.get(f"{NOTES}/moi/quay-ba-to").status_code == 200


# --- The counter ------------------------------------------------------------------------------------


def field_of(page: TestResponse, lot_id: int) -> str | None:
    """Read what stands in a batch's field; None when there is no field."""
    found = re.search(rf'name="so-{lot_id}"[^>]*value="([^"]*)"', page.text)
    return found[1] if found else None


def test_a_search_keeps_what_was_typed_and_a_code_that_is_read_counts_one_pack(
    app: Flask, make: Factories, shop: Shop, till: FlaskClient, now: datetime
) -> None:
    with app.app_context():
        shop.deliver(10, now)
        token = db.session.scalars(select(Batch.token).where(Batch.lot_id == shop.lot_id)).one()
    other = replace(shop, lot_id=make.batch(make.item(make.product(shop.producer, name="Mật ong"))).lot_id)
    with app.app_context():
        make.on_hand(other.lot_id, db.session.get_one(Location, shop.warehouse_id), shop.producer, 20)
        other.deliver(20, now)
    find = f"/quay/{shop.slug}/tim"

    searched = send(till, find, {f"so-{shop.lot_id}": "3", "q": "mat ong"})
    assert (field_of(searched, shop.lot_id), field_of(searched, other.lot_id)) == ("3", "")
    read = send(till, find, {f"so-{other.lot_id}": "4", "q": f"http://shop.test/lo/to001/{token}"})
    assert (field_of(read, shop.lot_id), field_of(read, other.lot_id)) == ("1", "4")
    again = send(till, find, {f"so-{shop.lot_id}": "1", f"so-{other.lot_id}": "4", "q": token.lower()})
    assert (field_of(again, shop.lot_id), field_of(again, other.lot_id)) == ("2", "4")
    nothing = send(till, find, {f"so-{shop.lot_id}": "3", "q": "<script>"})
    assert "&lt;script&gt;" in nothing.text
    assert field_of(nothing, shop.lot_id) == "3"


def test_of_one_gtin_the_batch_that_expires_first_is_counted(
    app: Flask, make: Factories, shop: Shop, till: FlaskClient, now: datetime
) -> None:
    item = make.item(make.product(shop.producer, gtin="08936012345674"))
    late, soon, past = (
        replace(shop, lot_id=make.batch(item, expires_on=now.date() + timedelta(days=days)).lot_id)
        for days in (90, 30, 0)
    )
    with app.app_context():
        for one in (late, soon, past):
            make.on_hand(one.lot_id, db.session.get_one(Location, shop.warehouse_id), shop.producer, 5)
            one.deliver(5, now)
    for code in ("8936012345674", "https://id.gs1.org/01/08936012345674?17=271231", "(01)08936012345674"):
        page = send(till, f"/quay/{shop.slug}/tim", q=code)

        assert field_of(page, past.lot_id) == "1", "on its last day it is still good"
        assert (field_of(page, soon.lot_id), field_of(page, late.lot_id)) == ("", "")


def test_a_code_that_names_its_batch_counts_no_other_batch_of_the_same_goods(
    app: Flask, make: Factories, shop: Shop, till: FlaskClient, now: datetime
) -> None:
    item = make.item(make.product(shop.producer, gtin="08936012345674"))
    soon, late = (
        replace(shop, lot_id=make.batch(item, number=number, expires_on=now.date() + timedelta(days=days)).lot_id)
        for number, days in (("SOM", 30), ("MUON/2", 90))
    )
    with app.app_context():
        for one in (soon, late):
            make.on_hand(one.lot_id, db.session.get_one(Location, shop.warehouse_id), shop.producer, 5)
            one.deliver(5, now)
        batch = db.session.get_one(Batch, late.lot_id)
        token, owner = batch.token, batch.lot.owner.code
        with transaction():
            items.switch(db.session.get_one(Product, item.product_id), True, actor=SYSTEM, now=now)
            roll = items.make_for_batch(batch, 2, actor=SYSTEM, now=now)
        serial = db.session.scalars(select(ItemCode.serial).where(ItemCode.roll_id == roll.id)).first()
        blank = items.new_serial()
    assert serial is not None

    for code in (
        "https://shop.test/01/08936012345674/10/MUON%2F2?17=271231",
        "(01)08936012345674(10)MUON/2",
        f"https://shop.test/01/08936012345674/10/MUON%2F2/21/{serial}",
        f"https://shop.test/m/{serial}",
        items.spoken(serial),
        f"https://shop.test/lo/{owner}/{token}/?x=1",
        gs1.spoken_token(token),
        f"{owner.upper()} {gs1.spoken_token(token)}",
    ):
        page = send(till, f"/quay/{shop.slug}/tim", q=code)
        assert (field_of(page, late.lot_id), field_of(page, soon.lot_id)) == ("1", ""), code
    for code in ("https://shop.test/01/08936012345674/10/KHAC", f"https://shop.test/m/{blank}", "http://[x"):
        page = send(till, f"/quay/{shop.slug}/tim", q=code)
        assert page.status_code == 200
        assert (field_of(page, late.lot_id), field_of(page, soon.lot_id)) == (None, None), code


def test_a_held_lot_has_no_field_and_cannot_be_sold_by_an_old_form(
    app: Flask, shop: Shop, till: FlaskClient, now: datetime
) -> None:
    with app.app_context():
        shop.deliver(10, now)
    form = hidden(send(till, f"/quay/{shop.slug}/kiem", {f"so-{shop.lot_id}": "2"}))
    with app.app_context(), transaction():
        holding.recall(db.session.get_one(Lot, shop.lot_id), reason="Nhiễm khuẩn", actor=shop.maker, now=now)

    refused = send(till, f"/quay/{shop.slug}/ban", form)

    assert refused.status_code == 409
    assert 'role="alert"' in refused.text
    assert field_of(till.get(f"/quay/{shop.slug}"), shop.lot_id) is None
    for screen in ("/quan-tri", f"/quay/{shop.slug}", f"/quay/{shop.slug}/tra", "/quan-tri/ton-kho"):
        assert "hu hồi" in till.get(screen).text, f"who has the goods in hand reads of the recall on {screen}"
    assert (count(app, Sale), on_hand(app, shop)) == (0, (90, 10))


def test_no_other_total_is_taken_than_the_buyer_was_told(
    app: Flask, shop: Shop, till: FlaskClient, now: datetime
) -> None:
    with app.app_context():
        shop.deliver(10, now)
    form = hidden(send(till, f"/quay/{shop.slug}/kiem", {f"so-{shop.lot_id}": "2"}))

    dearer = send(till, f"/quay/{shop.slug}/ban", {**form, "shown_vnd": "100000"})
    assert dearer.status_code == 409
    assert field_of(dearer, shop.lot_id) == "2", "what was chosen stays"
    for wrong in ({"shown_vnd": "-1"}, {"shown_vnd": ""}, {"request_key": "kurz"}, {"request_key": ""}):
        assert send(till, f"/quay/{shop.slug}/ban", {**form, **wrong}).status_code == 422
    assert send(till, f"/quay/{shop.slug}/ban", form).status_code == 303
    reused = send(till, f"/quay/{shop.slug}/ban", {**form, f"so-{shop.lot_id}": "1", "shown_vnd": "60000"})
    assert reused.status_code == 409, "a form's key is good for its own goods only"
    assert (count(app, Sale), on_hand(app, shop)) == (1, (90, 8))


def test_a_return_needs_a_reason_and_is_called_off_by_the_counter_alone(
    app: Flask, make: Factories, shop: Shop, till: FlaskClient, phone: FlaskClient, now: datetime
) -> None:
    with app.app_context():
        shop.deliver(10, now)
    form = {**hidden(till.get(f"/quay/{shop.slug}/tra")), f"so-{shop.lot_id}": "4"}
    other = make.organisation("Quầy khác", kind=OrganisationKind.SALES_POINT)
    make.sales_point(other, slug="quay-khac")

    refused = send(till, f"/quay/{shop.slug}/tra", form, reason="  ")
    assert refused.status_code == 422
    assert 'id="reason-error"' in refused.text
    assert field_of(refused, shop.lot_id) == "4"
    assert on_hand(app, shop) == (90, 10)
    assert send(till, f"/quay/{shop.slug}/tra", form, reason="Bán chậm").status_code == 303
    with app.app_context():
        number = db.session.scalars(select(Note.number).where(Note.kind == NoteKind.RETURN)).one()
    assert on_hand(app, shop) == (90, 6)
    assert number in till.get(f"/quay/{shop.slug}").text
    assert send(phone, f"{NOTES}/{number}/huy", reason="Không nhận").status_code == 404
    assert send(make.client(other), f"/quay/quay-khac/tra/{number}", reason="Không").status_code == 404
    assert send(till, f"/quay/{shop.slug}/tra/{number}", reason="").status_code == 422
    assert send(till, f"/quay/{shop.slug}/tra/{number}", reason="Khách hỏi mua").status_code == 303
    assert send(till, f"/quay/{shop.slug}/tra/{number}", reason="Lần nữa").status_code == 409
    assert send(phone, f"{NOTES}/{number}/nhan-lai").status_code == 409
    assert on_hand(app, shop) == (90, 10)


def test_a_sale_is_cancelled_at_the_till_with_a_reason_once(
    app: Flask, make: Factories, shop: Shop, till: FlaskClient, now: datetime
) -> None:
    with app.app_context():
        shop.deliver(10, now)
    send(till, f"/quay/{shop.slug}/ban", hidden(send(till, f"/quay/{shop.slug}/kiem", {f"so-{shop.lot_id}": "2"})))
    page = till.get(f"/quay/{shop.slug}/luot-ban")
    assert "120.000" in page.text
    address = re.search(r'href="(/quay/[^"]+/huy)"', page.text)
    assert address is not None
    other = make.organisation("Quầy khác", kind=OrganisationKind.SALES_POINT)
    make.sales_point(other, slug="quay-khac")

    assert make.client(other).get(address[1]).status_code == 404
    assert make.client(other).get(address[1].replace(shop.slug, "quay-khac")).status_code == 404
    assert send(till, address[1], reason="").status_code == 422
    assert send(till, address[1], reason="x" * 10_000).status_code == 422
    assert send(till, address[1], reason="Khách đổi ý").status_code == 303
    assert send(till, address[1], reason="Lần nữa").status_code == 409
    assert "120.000" not in till.get(f"/quay/{shop.slug}").text, "it is not counted any more"
    assert on_hand(app, shop) == (90, 10)


def test_a_sales_points_page_says_what_it_holds_now_and_its_old_address_leads_to_it(
    app: Flask, make: Factories, client: FlaskClient, shop: Shop, till: FlaskClient, now: datetime
) -> None:
    address = f"/diem-ban/{shop.slug}"
    assert "Gạo rẫy mẫu" not in client.get(address).text
    with app.app_context():
        shop.deliver(1, now)
    assert "Gạo rẫy mẫu" in client.get(address).text, "at the very next request"
    send(till, f"/quay/{shop.slug}/ban", hidden(send(till, f"/quay/{shop.slug}/kiem", {f"so-{shop.lot_id}": "1"})))
    assert "Gạo rẫy mẫu" not in client.get(address).text
    with app.app_context(), transaction():
        told = points.PointProfile("Quầy Ba Tơ mới", hours_vi="7:00–17:30")
        points.change(shop.point, told, is_open=True, actor=shop.seller, now=now)

    moved = client.get(f"{address}?lang=en")

    assert (moved.status_code, moved.location) == (301, "/diem-ban/quay-ba-to-moi?lang=en")
    assert "7:00–17:30" in client.get("/diem-ban/quay-ba-to-moi").text
    assert "quay-ba-to-moi" in client.get("/diem-ban").text
    assert client.get("/diem-ban/khong-co").status_code == 404
