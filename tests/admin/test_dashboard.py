"""Today's work: each role is told what waits for it, how much, and where it is done; nothing else."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import html5lib
import pytest
from flask import Flask
from flask.testing import FlaskClient

from accounts.actor import SYSTEM
from accounts.models import Organisation, OrganisationKind, Role
from catalog.models import Product, ProductStatus
from consignment import points, transfer
from consignment.models import SalesPoint
from kernel.clock import business_date
from kernel.db import db, transaction
from kernel.models import Job
from stock import locations
from stock.models import Location, LocationKind
from storefront import texts
from tests.factories import BA_DONG, Factories
from traceability.models import Batch

START = "/quan-tri"


def tasks(client: FlaskClient) -> dict[str, tuple[str, str]]:
    """The things to do on the start page: {label: (address, count)}."""
    answer = client.get(START)
    assert answer.status_code == 200
    page = html5lib.parse(answer.text, namespaceHTMLElements=False)
    found = {}
    for link in page.findall(".//ul[@class='todo']/li/a"):
        found[link.find(".//b").text] = (link.get("href"), getattr(link.find("span[@class='count']"), "text", ""))
    return found


def set_status(app: Flask, product: Product, status: ProductStatus) -> None:
    with app.app_context(), transaction() as session:
        session.get_one(Product, product.id).status = status


def point_of(app: Flask, shop: Organisation, now: datetime) -> SalesPoint:
    with app.app_context(), transaction() as session:
        point = points.open_point(
            session.get_one(Organisation, shop.id), points.PointProfile(name_vi="Quầy chợ"), actor=SYSTEM, now=now
        )
        slug = point.slug
    with app.app_context():
        found = db.session.scalars(db.select(SalesPoint).where(SalesPoint.slug == slug)).one()
        assert found.location_id
    return found


@pytest.fixture
def producer(make: Factories) -> Organisation:
    return make.producer("Hợp tác xã Làng Teng")


@pytest.fixture
def shop(make: Factories) -> Organisation:
    return make.organisation("Cửa hàng mẫu", kind=OrganisationKind.SALES_POINT)


# --- The producer --------------------------------------------------------------------------------------------


def test_a_producer_without_products_is_told_to_enter_the_first(make: Factories, producer: Organisation) -> None:
    client = make.client(producer)

    page = client.get(START).text

    assert "Bắt đầu với sản phẩm đầu tiên" in page
    assert 'href="/quan-tri/san-pham/moi"' in page
    assert client.get("/quan-tri/san-pham/moi").status_code == 200


def test_a_producer_is_told_of_what_came_back_and_of_its_drafts(
    app: Flask, make: Factories, producer: Organisation
) -> None:
    for status in (ProductStatus.RETURNED, ProductStatus.DRAFT, ProductStatus.DRAFT, ProductStatus.SUBMITTED):
        set_status(app, make.product(producer, published=False), status)
    set_status(app, make.product(make.producer("Hợp tác xã khác"), published=False), ProductStatus.RETURNED)
    client = make.client(producer)

    found = tasks(client)

    assert found["Sản phẩm bị trả lại để sửa"] == ("/quan-tri/san-pham?trang-thai=tra-lai", "1")
    assert found["Bản nháp cần làm xong và gửi duyệt"] == ("/quan-tri/san-pham?trang-thai=nhap", "2")
    assert "Bắt đầu với sản phẩm đầu tiên" not in client.get(START).text


def test_a_producer_is_told_of_a_certificate_half_a_year_before_its_end(
    make: Factories, producer: Organisation, now: datetime
) -> None:
    today = business_date(now)
    product = make.product(producer)
    make.certificate(product, expires_on=today + timedelta(days=180))
    make.certificate(product, expires_on=today + timedelta(days=181))
    make.certificate(product, expires_on=today)
    make.certificate(make.product(make.producer("Khác")), expires_on=today + timedelta(days=5))

    address, count = tasks(make.client(producer))["Giấy chứng nhận OCOP hết hạn trong 180 ngày tới"]

    assert count == "1"
    assert make.client(producer).get(address).status_code == 200


def test_a_producer_with_nothing_to_do_is_told_so(make: Factories, producer: Organisation) -> None:
    make.product(producer)
    client = make.client(producer)

    assert tasks(client) == {}
    assert "Không có việc nào đang chờ" in client.get(START).text


def test_one_who_may_only_read_is_given_nothing_to_write(app: Flask, make: Factories, producer: Organisation) -> None:
    set_status(app, make.product(producer, published=False), ProductStatus.RETURNED)
    client = make.client(producer, role=Role.VIEWER)

    assert tasks(client) == {}
    assert "Bắt đầu với sản phẩm" not in client.get(START).text


# --- The office ----------------------------------------------------------------------------------------------


def test_an_office_is_told_of_products_and_certificates_of_its_own_communes(
    app: Flask, make: Factories, producer: Organisation, now: datetime
) -> None:
    product = make.product(producer, published=False)
    set_status(app, product, ProductStatus.SUBMITTED)
    make.certificate(product, expires_on=business_date(now) + timedelta(days=90))
    near, far = make.office(of=(BA_DONG,)), make.office(of=("21484",))

    found = tasks(make.client(near))

    assert found["Sản phẩm chờ bạn duyệt"] == ("/quan-tri/duyet-san-pham", "1")
    assert found["Giấy chứng nhận OCOP hết hạn trong 180 ngày tới"][1] == "1"
    assert all(make.client(near).get(address).status_code == 200 for address, _ in found.values())
    assert tasks(make.client(far)) == {}


def test_a_province_is_told_of_public_texts_that_are_not_written(app: Flask, make: Factories, now: datetime) -> None:
    office = make.client(make.office(of=("51",)))
    label = "Trang luật yêu cầu mà chưa viết"

    assert tasks(office)[label] == ("/quan-tri/van-ban", str(len(texts.NAMES)))
    assert "chưa công bố văn bản này" in app.test_client().get("/gioi-thieu").text
    assert "/gioi-thieu" not in app.test_client().get("/sitemap.xml").text

    with app.app_context(), transaction():
        for name in texts.NAMES:
            texts.save(name, title_vi="Mẫu", body_vi="Mẫu", actor=SYSTEM, now=now)
    assert label not in tasks(office)
    assert "/gioi-thieu" in app.test_client().get("/sitemap.xml").text


def test_a_viewer_of_an_office_is_not_sent_to_decide(app: Flask, make: Factories, producer: Organisation) -> None:
    set_status(app, make.product(producer, published=False), ProductStatus.SUBMITTED)

    assert tasks(make.client(make.office(), role=Role.VIEWER)) == {}


def test_an_office_is_told_of_tasks_that_were_put_aside_and_a_producer_is_not(
    app: Flask, make: Factories, producer: Organisation, now: datetime
) -> None:
    with app.app_context(), transaction() as session:
        session.add(Job(kind="mail.send", args={}, run_at=now, attempts=8, parked_at=now))
        session.add(Job(kind="mail.send", args={}, run_at=now))

    assert "Có 1 việc chạy nền" in make.client(make.office()).get(START).text
    assert "việc chạy nền" not in make.client(producer).get(START).text


def test_a_note_three_days_under_way_is_the_offices_business_where_its_screen_stands(
    app: Flask, make: Factories, producer: Organisation, shop: Organisation, now: datetime
) -> None:
    on_the_way(app, make, producer, shop, sent_at=now - timedelta(days=3, minutes=1))
    on_the_way(app, make, producer, shop, sent_at=now - timedelta(days=2))

    found = tasks(make.client(make.office()))

    if "consignment.index" in app.view_functions:
        assert found["Phiếu ký gửi đi đường quá 3 ngày"][1] == "1"
    else:
        assert found == {}


def on_the_way(
    app: Flask, make: Factories, producer: Organisation, shop: Organisation, *, sent_at: datetime
) -> tuple[SalesPoint, Batch]:
    """Send 10 packs of a new batch of the producer to the shop's counter."""
    with app.app_context():
        point = db.session.scalars(db.select(SalesPoint).where(SalesPoint.organisation_id == shop.id)).one_or_none()
    point = point or point_of(app, shop, sent_at)
    batch = make.batch(make.item(make.product(producer)))
    with app.app_context(), transaction() as session:
        warehouse = locations.of(producer.id, LocationKind.WAREHOUSE)
    make.on_hand(batch.lot_id, warehouse, producer, 100)
    with app.app_context(), transaction() as session:
        note = transfer.draft(
            session.get_one(Organisation, producer.id),
            session.get_one(SalesPoint, point.id),
            [transfer.Wanted(batch.lot_id, 10, 50_000)],
            actor=SYSTEM,
            now=sent_at,
        )
        transfer.send(note, actor=SYSTEM, now=sent_at)
    return point, batch


# --- The sales point -----------------------------------------------------------------------------------------


def test_a_sales_point_is_told_of_notes_and_of_goods_near_and_past_their_date(
    app: Flask, make: Factories, producer: Organisation, shop: Organisation, now: datetime
) -> None:
    point, _ = on_the_way(app, make, producer, shop, sent_at=now)
    today = business_date(now)
    for days in (-1, 0, 30, 31):
        lie_at(app, make, producer, point, today + timedelta(days=days))
    client = make.client(shop)

    found = tasks(client)

    counter = f"/quay/{point.slug}"
    assert found == {
        "Phiếu chờ nhận hàng": (counter, "1"),
        "Lô đã quá hạn dùng": (f"{counter}/tra", "1"),
        "Lô sẽ hết hạn dùng trong 30 ngày tới": (counter, "2"),
        "Bán hàng tại quầy": (counter, ""),
    }
    assert all(client.get(address).status_code == 200 for address, _ in found.values())


def lie_at(app: Flask, make: Factories, producer: Organisation, point: SalesPoint, expires_on: date) -> None:
    batch = make.batch(make.item(make.product(producer)), expires_on=expires_on)
    with app.app_context():
        location = db.session.get_one(Location, point.location_id)
    make.on_hand(batch.lot_id, location, producer, 5)


def test_one_who_only_reads_at_a_sales_point_is_not_sent_to_sell(
    app: Flask, make: Factories, shop: Organisation, now: datetime
) -> None:
    point_of(app, shop, now)

    assert tasks(make.client(shop, role=Role.VIEWER)) == {}


def test_nobody_reads_it_without_signing_in(client: FlaskClient) -> None:
    assert client.get(START).status_code in (302, 303)
