"""What a visitor finds, and that what they read is true at the moment they read it."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import html5lib
import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import event

from accounts.actor import SYSTEM
from accounts.models import FormerSlug, Organisation
from catalog import editing, pricing, publishing, taxonomy
from catalog.models import Industry, Product, TradeItem, Unit, VersionPhoto
from kernel import media, pages, text
from kernel.clock import business_date, next_midnight
from kernel.db import db, transaction
from ocop import certification
from ocop.models import Certificate
from stock import holding
from stock.models import LocationKind
from storefront import browsing, queries, texts
from storefront.browsing import PER_PAGE, Found, Wanted
from storefront.queries import ShelfRow, laid_out
from tests.conftest import TODAY
from tests.factories import BA_DONG, BA_TO, Factories
from traceability.models import Lot

DAY = business_date(TODAY)


def row(number: int = 1, name: str = "Gạo rẫy", **facts: Any) -> ShelfRow:
    """A product on the shelf, of which only what matters is told."""
    usual: dict[str, Any] = {
        "product_id": number,
        "version_id": number,
        "slug": f"hang-{number}",
        "name_vi": name,
        "name_en": "",
        "brand": "",
        "village": "",
        "summary_vi": "",
        "summary_en": "",
        "sort_key": text.sort_key(name),
        "commune_code": BA_DONG,
        "commune_vi": "Ba Động",
        "commune_kind": "xã",
        "producer_id": 1,
        "producer_slug": "htx",
        "producer_vi": "HTX",
        "producer_en": "",
        "is_woman_led": False,
        "is_minority_led": False,
        "is_youth_led": False,
        "criteria_set_no": 3,
        "group_code": "I.1",
        "industry_code": "I",
        "is_service": False,
        "is_alcohol": False,
        "is_sample": False,
        "press_vi": "",
        "press_en": "",
        "first_published_at": TODAY,
        "stars": None,
        "price_vnd": 50_000,
        "net_content": 500,
        "unit": Unit.GRAM,
        "item_vi": "gói 500 g",
        "item_en": "",
        "step_g": None,
        "photo": None,
        "alt_vi": None,
        "alt_en": None,
        "items": 1,
        "has_gift": False,
        "packs": "",
        "holds_vi": "",
        "holds_en": "",
        "in_stock": True,
    }
    return ShelfRow(**{**usual, **facts})


def find(shelf: list[ShelfRow], wanted: Wanted) -> Found:
    return browsing.find(laid_out(shelf), wanted)


def numbers(shelf: list[ShelfRow], wanted: Wanted) -> list[int]:
    return [found.product_id for found in find(shelf, wanted).rows]


# --- Filters, counts, order: on plain rows -------------------------------------------------------------------


SHELF = [
    row(1, "Gạo rẫy", industry_code="I", group_code="I.1", stars=3, price_vnd=40_000, producer_slug="a"),
    row(2, "Cà phê", industry_code="II", group_code="II.1", stars=4, price_vnd=90_000, producer_slug="b"),
    row(3, "Chè dây", industry_code="II", group_code="II.2", stars=4, price_vnd=60_000, commune_code=BA_TO),
    row(4, "Du lịch thác", industry_code="VI", group_code="VI.1", price_vnd=None, in_stock=None),
    row(5, "Rượu sim", industry_code="II", group_code="II.1", stars=5, price_vnd=120_000, in_stock=False),
]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(), {1, 2, 3, 4, 5}),
        (Wanted(industries=frozenset({"II"})), {2, 3, 5}),
        (Wanted(industries=frozenset({"I", "VI"})), {1, 4}),
        (Wanted(groups=frozenset({"II.1"})), {2, 5}),
        (Wanted(stars=frozenset({4})), {2, 3}),
        (Wanted(communes=frozenset({BA_TO})), {3}),
        (Wanted(producers=frozenset({"a", "b"})), {1, 2}),
        (Wanted(in_stock=True), {1, 2, 3}),
        (Wanted(price_from=60_000), {2, 3, 5}),
        (Wanted(price_to=60_000), {1, 3}),
        (Wanted(price_from=60_000, price_to=60_000), {3}),
        (Wanted(industries=frozenset({"II"}), stars=frozenset({4}), price_to=70_000), {3}),
        (Wanted(communes=frozenset({"99999"})), set()),
    ],
)
def test_a_product_is_found_when_it_fits_every_filter_and_any_choice_within_one(
    wanted: Wanted, expected: set[int]
) -> None:
    found = find(SHELF, wanted)

    assert {r.product_id for r in found.rows} == expected
    assert found.total == len(expected)


def test_a_count_says_what_choosing_it_brings_under_the_other_filters() -> None:
    found = find(SHELF, Wanted(industries=frozenset({"II"}), stars=frozenset({4})))

    assert found.industries == {"II": 2}
    assert found.stars == {4: 2, 5: 1}
    assert found.groups == {"II.1": 1, "II.2": 1}
    for stars, count in found.stars.items():
        assert find(SHELF, Wanted(industries=frozenset({"II"}), stars=frozenset({stars}))).total == count


def test_products_without_stars_are_counted_under_no_stars() -> None:
    assert find(SHELF, Wanted()).stars == {3: 1, 4: 2, 5: 1}


def test_the_order_is_in_stock_then_stars_then_newest() -> None:
    later = TODAY + timedelta(days=1)
    shelf = [
        row(1, stars=5, in_stock=False),
        row(2),
        row(3, stars=3),
        row(4, stars=4),
        row(5, stars=4, first_published_at=later),
        row(6, in_stock=None),
    ]

    assert numbers(shelf, Wanted()) == [5, 4, 3, 2, 6, 1]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("gia-tang", [1, 3, 2, 5, 4]),
        ("gia-giam", [5, 2, 3, 1, 4]),
        ("sao", [5, 2, 3, 1, 4]),
        ("ten", [2, 3, 4, 1, 5]),
    ],
)
def test_the_other_orders(sort: str, expected: list[int]) -> None:
    assert numbers(SHELF, Wanted(sort=sort)) == expected


def test_the_newest_come_first_when_asked_so() -> None:
    shelf = [row(number, first_published_at=TODAY + timedelta(hours=number)) for number in (2, 3, 1)]

    assert numbers(shelf, Wanted(sort="moi")) == [3, 2, 1]


@pytest.mark.parametrize("words", ["Cà phê", "ca phe", "CA PHE", "phê", "cà ph"])
def test_words_are_found_with_and_without_their_marks(words: str) -> None:
    assert 2 in numbers(SHELF, Wanted(q=words))


def test_all_words_must_be_there_and_at_the_beginning_of_a_word() -> None:
    assert numbers(SHELF, Wanted(q="ca gao")) == []
    assert numbers(SHELF, Wanted(q="hê")) == []


def test_what_is_spelled_as_typed_comes_before_what_only_sounds_alike() -> None:
    shelf = [row(1, "Cá khô", stars=5), row(2, "Cà khô")]

    assert numbers(shelf, Wanted(q="cà")) == [2, 1]
    assert numbers(shelf, Wanted(q="cá")) == [1, 2]


@pytest.mark.parametrize(("asked", "given"), [(-3, 1), (0, 1), (1, 1), (2, 2), (3, 3), (4, 3), (10_000, 3)])
def test_a_page_that_is_not_there_is_the_nearest_one(asked: int, given: int) -> None:
    shelf = [row(number) for number in range(1, 2 * PER_PAGE + 2)]

    found = find(shelf, Wanted(page=asked))

    assert (found.page, found.pages, found.total) == (given, 3, 2 * PER_PAGE + 1)
    assert len(found.rows) == (1 if given == 3 else PER_PAGE)


def test_the_pages_together_are_all_products_once() -> None:
    shelf = [row(number) for number in range(1, 2 * PER_PAGE + 2)]

    together = [number for page in (1, 2, 3) for number in numbers(shelf, Wanted(page=page))]

    assert sorted(together) == list(range(1, 2 * PER_PAGE + 2))


def test_an_empty_shelf_has_one_empty_page() -> None:
    found = find([], Wanted(page=7))

    assert (found.rows, found.total, found.page, found.pages) == ([], 0, 1, 1)


def test_clearing_the_filters_keeps_the_words_and_the_order() -> None:
    wanted = Wanted(q="gạo", stars=frozenset({5}), price_to=9, in_stock=True, sort="moi", page=3)

    assert browsing.without_filters(wanted) == Wanted(q="gạo", sort="moi")


# --- The list, as its address asks ---------------------------------------------------------------------------


def said(answer: Any) -> str:
    """The words of a page, as a reader sees them."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


@pytest.fixture
def shop(make: Factories) -> list[Product]:
    """Three products on show, one in draft."""
    producer = make.producer("Hợp tác xã Ba Động")
    other = make.producer("Cơ sở Ba Tơ", commune=BA_TO)
    return [
        make.product(producer, name="Gạo rẫy Ba Động", price_vnd=40_000, slug="gao-ray"),
        make.product(producer, name="Cà phê rẫy", price_vnd=90_000, criteria_set_no=13, slug="ca-phe"),
        make.product(other, name="Mật ong rừng", price_vnd=250_000, slug="mat-ong"),
        make.product(other, name="Măng khô chưa duyệt", published=False, slug="mang-kho"),
    ]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"gao-ray", "ca-phe", "mat-ong"}),
        ("?q=ca+phe", {"ca-phe"}),
        ("?q=c%C3%A0+ph%C3%AA", {"ca-phe"}),
        ("?q=hop+tac+xa", {"gao-ray", "ca-phe"}),
        (f"?xa={BA_TO}", {"mat-ong"}),
        (f"?xa={BA_TO}&xa={BA_DONG}", {"gao-ray", "ca-phe", "mat-ong"}),
        ("?gia-tu=50.000&gia-den=100.000", {"ca-phe"}),
        ("?gia-den=40000", {"gao-ray"}),
        ("?con-hang=1", set()),
        ("?nganh=khong-co&nhom=khong-co&sao=9&sap-xep=khong-co&trang=-1", {"gao-ray", "ca-phe", "mat-ong"}),
        ("?trang=999999", {"gao-ray", "ca-phe", "mat-ong"}),
        ("?trang=%C2%B2", {"gao-ray", "ca-phe", "mat-ong"}),
        ("?chu-the=khong-co", set()),
        ("?xa=00000", set()),
        ("?q=%00%ff%27%22%3Cb%3E", set()),
    ],
)
def test_a_list_shows_what_its_address_asks_for(
    client: FlaskClient, shop: list[Product], query: str, shown: set[str]
) -> None:
    answer = client.get("/san-pham" + query)

    assert answer.status_code == 200
    assert set(re.findall(r'<h2><a href="/san-pham/([a-z-]+)"', answer.text)) == shown


@pytest.mark.parametrize("typed", ["abc", "-5", "12,5k", "99999999999", "1e9", "²"])
def test_a_price_that_is_none_is_answered_beside_what_was_typed(
    client: FlaskClient, shop: list[Product], typed: str
) -> None:
    answer = client.get("/san-pham", query_string={"gia-tu": typed, "gia-den": "90.000"})

    assert answer.status_code == 422
    assert "Giá là số đồng chẵn" in said(answer)
    fields = {
        field.get("name"): field.get("value")
        for field in html5lib.parse(answer.text, namespaceHTMLElements=False).iter("input")
    }
    assert (fields["gia-tu"], fields["gia-den"]) == (typed, "90.000")


def test_a_lowest_price_above_the_highest_is_said_to_be_so(client: FlaskClient, shop: list[Product]) -> None:
    answer = client.get("/san-pham?gia-tu=90000&gia-den=40000")

    assert answer.status_code == 422
    assert "Giá từ đang cao hơn giá đến" in said(answer)


def test_a_service_has_no_stock_and_alcohol_no_offer_in_its_description(client: FlaskClient, make: Factories) -> None:
    make.product(name="Rượu sim", slug="ruou-sim", is_alcohol=True)
    make.product(name="Thác Lũng Ồ", slug="thac", is_service=True)

    assert "offers" not in structured(client.get("/san-pham/ruou-sim"))
    assert "Còn hàng" not in said(client.get("/san-pham/thac"))
    assert "Hết hàng" not in said(client.get("/san-pham/thac"))


# --- What is published, and nothing else ---------------------------------------------------------------------


def test_a_change_that_nobody_approved_is_not_shown(app: Flask, client: FlaskClient, shop: list[Product]) -> None:
    with app.app_context(), transaction():
        product = db.session.get_one(Product, shop[0].id)
        editing.save_words(product, SYSTEM, name_vi="Gạo đổi tên", summary_vi="Lời chưa duyệt.", now=TODAY)

    for path in ("/", "/san-pham", "/san-pham/gao-ray", "/chu-the"):
        assert "Gạo đổi tên" not in client.get(path).text
        assert "Lời chưa duyệt" not in client.get(path).text
    assert "Gạo rẫy Ba Động" in client.get("/san-pham/gao-ray").text


def test_a_draft_has_no_page(client: FlaskClient, shop: list[Product]) -> None:
    assert client.get("/san-pham/mang-kho").status_code == 404


@pytest.mark.parametrize("path", ["/san-pham/khong-co", "/chu-the/khong-co", "/chinh-sach/khong-co", "/khong-co"])
def test_what_is_not_there_is_said_not_to_be_there(client: FlaskClient, shop: list[Product], path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 404
    assert "<h1" in answer.text
    assert 'lang="vi"' in answer.text


@pytest.mark.parametrize("kind", ["product", "producer"])
def test_a_former_address_leads_to_the_one_of_today_with_its_query(
    app: Flask, client: FlaskClient, shop: list[Product], kind: str
) -> None:
    target, now_at = (shop[0].id, "gao-ray") if kind == "product" else (shop[0].producer_id, "to-chuc-1")
    door = "/san-pham/" if kind == "product" else "/chu-the/"
    with app.app_context(), transaction() as session:
        now_at = now_at if kind == "product" else session.get_one(Organisation, target).slug
        session.add(FormerSlug(kind=kind, slug="ten-cu", target_id=target))

    answer = client.get(f"{door}ten-cu?lang=en&lo-khong-co=L1")

    assert (answer.status_code, answer.headers["Location"]) == (301, f"{door}{now_at}?lang=en&lo-khong-co=L1")


# --- Stars ---------------------------------------------------------------------------------------------------


def shows_stars(answer: Any) -> bool:
    return 'class="stars"' in answer.text


PLACES = ("/", "/san-pham", "/san-pham/gao-ray")


def test_a_certificate_that_stands_gives_its_stars_everywhere(
    client: FlaskClient, make: Factories, shop: list[Product]
) -> None:
    make.certificate(shop[0], stars=4)

    assert all(shows_stars(client.get(path)) for path in PLACES)


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"issued_on": date(2023, 10, 1)}, "01/10/2026"),
        ({"revoked_on": date(2026, 11, 1), "revocation_reason": "Ngừng làm"}, "01/11/2026"),
    ],
    ids=["expired", "revoked"],
)
def test_a_certificate_that_ended_gives_no_star_and_its_page_says_since_when(
    client: FlaskClient, make: Factories, shop: list[Product], facts: dict[str, Any], sentence: str
) -> None:
    make.certificate(shop[0], stars=4, **facts)

    assert not any(shows_stars(client.get(path)) for path in PLACES)
    assert sentence in said(client.get("/san-pham/gao-ray"))
    assert client.get("/san-pham?sao=4").text.count("<h2><a") == 0


def test_a_certificate_lapses_at_midnight_in_viet_nam(
    client: FlaskClient, make: Factories, shop: list[Product], stopped_clock: Callable[[datetime], None]
) -> None:
    make.certificate(shop[0], stars=4, expires_on=DAY + timedelta(days=1))
    midnight = next_midnight(TODAY)

    stopped_clock(midnight - timedelta(seconds=1))
    before = [[shows_stars(client.get(path)) for path in PLACES] for _ in range(2)]
    stopped_clock(midnight)
    after = [[shows_stars(client.get(path)) for path in PLACES] for _ in range(2)]

    assert midnight == datetime(2026, 11, 24, 17, tzinfo=UTC)
    assert before == [[True] * 3] * 2
    assert after == [[False] * 3] * 2
    assert "25/11/2026" in said(client.get("/san-pham/gao-ray"))


# --- A change shows at the very next request, copies or not --------------------------------------------------


def warm(client: FlaskClient, *paths: str) -> list[str]:
    """Ask twice, so that the second answer is the copy."""
    first = [client.get(path).text for path in paths]
    assert [client.get(path).text for path in paths] == first
    return first


def test_a_new_price_shows_at_the_next_request(
    app: Flask, client: FlaskClient, make: Factories, shop: list[Product]
) -> None:
    assert all("40.000" in page for page in warm(client, *PLACES))

    with app.app_context(), transaction() as session:
        item = session.get_one(TradeItem, make.item(shop[0]).id)
        pricing.set_price(item, SYSTEM, amount_vnd=45_000, now=TODAY + timedelta(minutes=1))

    for path in PLACES:
        page = client.get(path).text
        assert "45.000" in page
        assert "40.000" not in page


def test_a_price_announced_for_tomorrow_shows_tomorrow(
    app: Flask,
    client: FlaskClient,
    make: Factories,
    shop: list[Product],
    stopped_clock: Callable[[datetime], None],
) -> None:
    with app.app_context(), transaction() as session:
        item = session.get_one(TradeItem, make.item(shop[0]).id)
        pricing.set_price(item, SYSTEM, amount_vnd=45_000, valid_from=DAY + timedelta(days=1), now=TODAY)
    assert all("45.000" not in page for page in warm(client, *PLACES))

    stopped_clock(next_midnight(TODAY))

    assert all("45.000" in client.get(path).text for path in PLACES)


def test_a_withdrawn_product_is_gone_at_the_next_request(app: Flask, client: FlaskClient, shop: list[Product]) -> None:
    warm(client, *PLACES)

    with app.app_context(), transaction() as session:
        publishing.withdraw(session.get_one(Product, shop[0].id), SYSTEM, reason="Hết mùa", now=TODAY)

    assert "gao-ray" not in client.get("/").text
    assert "gao-ray" not in client.get("/san-pham").text
    assert client.get("/san-pham/gao-ray").status_code == 404
    assert "gao-ray" not in client.get("/sitemap.xml").text


def test_a_revoked_certificate_takes_its_stars_away_at_the_next_request(
    app: Flask, client: FlaskClient, make: Factories, shop: list[Product]
) -> None:
    certificate = make.certificate(shop[0], stars=4)
    assert all('class="stars"' in page for page in warm(client, *PLACES))

    with app.app_context(), transaction() as session:
        certification.revoke(session.get_one(Certificate, certificate.id), reason="Sai hồ sơ", actor=SYSTEM, now=TODAY)

    assert not any(shows_stars(client.get(path)) for path in PLACES)
    assert "24/11/2026" in said(client.get("/san-pham/gao-ray"))


def test_a_recalled_batch_is_off_sale_and_warned_of_at_the_next_request(
    app: Flask, client: FlaskClient, make: Factories, shop: list[Product]
) -> None:
    producer = stocked(app, make, shop[0])
    pages_before = warm(client, "/san-pham", "/san-pham/gao-ray", "/san-pham?con-hang=1")
    assert "L-THU-HOI" in pages_before[1]
    assert "gao-ray" in pages_before[2]

    with app.app_context(), transaction() as session:
        lot = session.scalars(db.select(Lot).where(Lot.number == "L-THU-HOI")).one()
        holding.recall(lot, reason="Nắp không kín", actor=SYSTEM, now=TODAY)

    page = client.get("/san-pham/gao-ray")
    assert "Lô L-THU-HOI" in said(page)
    assert "thu hồi" in said(page)
    assert 'class="product-stock is-out"' in page.text
    assert "gao-ray" not in re.findall(r'<h2><a href="/san-pham/([a-z-]+)"', client.get("/san-pham?con-hang=1").text)
    assert producer.slug in page.text


def stocked(app: Flask, make: Factories, product: Product) -> Organisation:
    """Put a released batch of a product into its producer's warehouse."""
    with app.app_context():
        producer = db.session.get_one(Organisation, product.producer_id)
    batch = make.batch(make.item(product), number="L-THU-HOI")
    make.on_hand(batch.lot_id, make.location(producer, LocationKind.WAREHOUSE), producer, 100)
    return producer


def test_goods_past_their_date_are_not_in_stock(
    app: Flask, client: FlaskClient, make: Factories, shop: list[Product], stopped_clock: Callable[[datetime], None]
) -> None:
    with app.app_context():
        producer = db.session.get_one(Organisation, shop[0].producer_id)
    batch = make.batch(make.item(shop[0]), expires_on=DAY)
    make.on_hand(batch.lot_id, make.location(producer, LocationKind.WAREHOUSE), producer, 100)
    assert all("gao-ray" in page for page in warm(client, "/san-pham?con-hang=1"))

    stopped_clock(next_midnight(TODAY))

    assert 'href="/san-pham/gao-ray"' not in client.get("/san-pham?con-hang=1").text


# --- How much it costs ---------------------------------------------------------------------------------------


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement != "BEGIN":  # our own on SQLite; PostgreSQL's driver sends it unseen
            statements.append(statement)

    with app.app_context():
        bind = db.engine
    event.listen(bind, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(bind, "before_cursor_execute", note)


def test_a_scheme_that_is_loaded_anew_shows_at_once(app: Flask, client: FlaskClient, make: Factories) -> None:
    make.product()
    with app.app_context(), transaction() as session:
        session.get_one(Industry, (taxonomy.SCHEME, "I")).name_vi = "Ngành cũ"
    assert "Ngành cũ" in client.get("/san-pham").text

    with app.app_context(), transaction():
        taxonomy.load()

    assert "Ngành cũ" not in client.get("/san-pham").text
    home = client.get("/").text
    assert home.index("nganh=thuc-pham") < home.index("nganh=do-uong")


@pytest.mark.parametrize(
    ("path", "most"), [("/san-pham", 5), ("/san-pham?q=hang", 6), ("/", 8), ("/san-pham/hang-3", 16), ("/chu-the", 5)]
)
def test_a_page_made_anew_asks_the_database_few_questions(
    app: Flask, client: FlaskClient, make: Factories, path: str, most: int
) -> None:
    producer = make.producer()
    products = [make.product(producer, name=f"Hàng {number}", slug=f"hang-{number}") for number in range(1, 25)]
    photograph(app, products)
    queries.forget_shelf()

    with counted(app) as statements:
        answer = client.get(path)

    assert answer.status_code == 200
    assert "<img" in answer.text or path == "/chu-the"
    assert 3 <= len(statements) <= most, "\n\n".join(statements)


def photograph(app: Flask, products: list[Product]) -> None:
    """Give each product the same small photo."""
    file = io.BytesIO()
    Image.new("RGB", (120, 120), "red").save(file, "PNG")
    with app.app_context(), transaction() as session:
        digest = media.store_picture(file.getvalue(), now=TODAY)
        for product in products:
            session.add(VersionPhoto(version_id=product.published_version_id, position=1, digest=digest, alt_vi="Ảnh"))


def test_a_copy_asks_the_pool_of_the_application_nothing(app: Flask, client: FlaskClient, shop: list[Product]) -> None:
    client.get("/san-pham")

    with counted(app) as statements:
        assert client.get("/san-pham").status_code == 200

    assert statements == []


# --- Copies and browsers -------------------------------------------------------------------------------------


def test_a_head_request_and_a_browser_that_has_the_page_are_answered_without_a_body(
    client: FlaskClient, shop: list[Product]
) -> None:
    for _cold_then_warm in range(2):
        whole = client.head("/san-pham/gao-ray")
        assert (whole.status_code, whole.data) == (200, b"")
        still = client.get("/san-pham/gao-ray", headers={"If-None-Match": whole.headers["ETag"]})
        assert (still.status_code, still.data) == (304, b"")
        assert still.headers["ETag"] == whole.headers["ETag"]


def test_a_browser_with_an_old_page_gets_the_new_one(
    app: Flask, client: FlaskClient, make: Factories, shop: list[Product]
) -> None:
    etag = client.get("/san-pham/gao-ray").headers["ETag"]
    with app.app_context(), transaction() as session:
        item = session.get_one(TradeItem, make.item(shop[0]).id)
        pricing.set_price(item, SYSTEM, amount_vnd=45_000, now=TODAY + timedelta(minutes=1))

    answer = client.get("/san-pham/gao-ray", headers={"If-None-Match": etag})

    assert answer.status_code == 200
    assert answer.headers["ETag"] != etag


def test_a_view_that_is_no_copy_may_answer_conditional_requests_itself(app: Flask) -> None:
    from flask import request
    from werkzeug.test import Client

    from app.copies import CopyLayer

    small = Flask("small")

    @small.get("/")
    def _view() -> Response:
        answer = Response("words")
        answer.set_etag("one")
        return answer.make_conditional(request)

    with app.app_context():
        layer = CopyLayer(small.wsgi_app, db.engine)
    browser = Client(layer)

    assert browser.get("/").status_code == 200
    assert browser.get("/", headers={"If-None-Match": '"one"'}).status_code == 304
    assert browser.get("/", headers={"If-None-Match": '"two"'}).status_code == 200


def test_asking_for_english_is_remembered_also_by_a_copy(app: Flask, shop: list[Product]) -> None:
    for _cold_then_warm in range(2):
        client = app.test_client()
        answer = client.get("/san-pham?lang=en")
        cookies = answer.headers.getlist("Set-Cookie")
        assert len(cookies) == 1
        assert cookies[0].startswith("lang=en;")
        assert '<html lang="en">' in client.get("/san-pham").text
        assert client.get("/san-pham?lang=en").headers.getlist("Set-Cookie") == []


def test_each_reader_gets_the_language_they_read(client: FlaskClient, shop: list[Product]) -> None:
    for _cold_then_warm in range(2):
        for language in ("vi", "en"):
            answer = client.get("/san-pham", headers={"Accept-Language": language})
            assert f'<html lang="{language}">' in answer.text


# --- All public pages ----------------------------------------------------------------------------------------


@pytest.fixture
def public_pages(app: Flask, make: Factories, shop: list[Product]) -> list[str]:
    """The addresses of all public pages, the shop filled with what the factories make."""
    make.certificate(shop[0], stars=4)
    make.certificate(shop[1], stars=3, issued_on=date(2023, 1, 1))
    stocked(app, make, shop[0])
    with app.app_context(), transaction():
        for name in texts.NAMES:
            texts.save(
                name,
                title_vi="Tiêu đề <b>",
                body_vi="Đoạn & đoạn.\n\n## Đầu mục\n\n- một\n- hai",
                actor=SYSTEM,
                now=TODAY,
            )
        slugs = list(db.session.scalars(db.select(Organisation.slug).order_by(Organisation.id)))
    return [
        "/",
        "/san-pham",
        "/san-pham?q=khong+co+gi",
        "/san-pham?sao=4&con-hang=1&sap-xep=moi&gia-tu=1000&q=%3Cb%3E%22",
        "/san-pham?gia-tu=abc",
        *(f"/san-pham/{product.slug}" for product in shop[:3]),
        "/san-pham/gao-ray?lo-khong-co=%3Cscript%3E",
        "/chu-the",
        *(f"/chu-the/{slug}" for slug in slugs),
        "/diem-ban",
        "/gioi-thieu",
        *(f"/chinh-sach/{name}" for name in texts.NAMES if name != texts.ABOUT),
    ]


def test_every_public_page_is_well_formed_in_both_languages_and_names_the_other(
    client: FlaskClient, public_pages: list[str]
) -> None:
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    for path in public_pages:
        for language in ("vi", "en"):
            answer = client.get(path, headers={"Accept-Language": language})
            assert answer.status_code == (422 if "abc" in path else 200), path
            page = parser.parse(answer.text)
            assert page.get("lang") == language, path
            alternates = {
                link.get("hreflang"): link.get("href") for link in page.iter("link") if link.get("rel") == "alternate"
            }
            assert set(alternates) == {"vi", "en", "x-default"}, path
            assert "lang=en" in alternates["en"]
            assert all(address.startswith("http://shop.test/") for address in alternates.values())
            assert len(list(page.iter("h1"))) == 1, path
            assert not any("style" in element.attrib for element in page.iter()), path
            identifiers = [element.get("id") for element in page.iter() if element.get("id")]
            assert len(identifiers) == len(set(identifiers)), path


def test_no_public_page_sets_a_cookie(client: FlaskClient, public_pages: list[str]) -> None:
    for path in [*public_pages, "/sitemap.xml", "/robots.txt", "/san-pham/khong-co"]:
        for _cold_then_warm in range(2):
            assert "Set-Cookie" not in client.get(path).headers, path


def test_the_sitemap_lists_what_is_on_show_in_both_languages(client: FlaskClient, public_pages: list[str]) -> None:
    root = ElementTree.fromstring(client.get("/sitemap.xml").data)
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    places = {element.text for element in root.iter(f"{space}loc")}

    for slug in ("gao-ray", "ca-phe", "mat-ong"):
        assert any(place and place.startswith(f"http://shop.test/san-pham/{slug}") for place in places)
    assert not any("mang-kho" in (place or "") for place in places)
    languages = {element.get("hreflang") for element in root.iter("{http://www.w3.org/1999/xhtml}link")}
    assert {"vi", "en"} <= languages


def structured(answer: Any) -> dict[str, Any]:
    """What a page tells search engines."""
    page = html5lib.parse(answer.text, namespaceHTMLElements=False)
    (script,) = [element for element in page.iter("script") if element.get("type") == "application/ld+json"]
    found: dict[str, Any] = json.loads(script.text or "")
    return found


def test_a_product_describes_itself_to_search_engines(app: Flask, client: FlaskClient, make: Factories) -> None:
    make.product(name='Gạo </script> "rẫy" & sim', slug="gao", gtin="08938505974019", price_vnd=40_000)

    data = structured(client.get("/san-pham/gao"))

    assert data["@type"] == "Product"
    assert data["name"] == 'Gạo </script> "rẫy" & sim'
    assert data["url"] == "http://shop.test/san-pham/gao"
    assert data["gtin14"] == "08938505974019"
    assert [(offer["priceCurrency"], offer["price"]) for offer in data["offers"]] == [("VND", 40_000)]
    assert data["offers"][0]["availability"] == "https://schema.org/OutOfStock"


def test_the_shelf_is_read_again_when_it_changed_and_only_then(ctx: Flask, make: Factories) -> None:
    make.product(slug="mot")
    first = queries.shelf(DAY)
    assert queries.shelf(DAY) is first

    with transaction():
        pages.bump(pages.SHOP)

    assert queries.shelf(DAY) is not first
    assert queries.shelf(DAY + timedelta(days=1)).rows == queries.shelf(DAY).rows
