"""Goods by weight: written as people write a weight, counted in whole steps, paid in whole đồng."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from accounts.actor import SYSTEM
from accounts.models import Organisation, OrganisationKind
from accounts.web.forms import words_of
from app.i18n import counted, held
from app.mail import compose
from catalog import editing
from catalog.models import Product, TradeItem, Unit
from kernel import amounts
from kernel.db import db, transaction
from kernel.models import Job
from stock import ledger, locations
from stock.models import Allocation, Location, LocationKind
from storefront import cart as carts
from storefront import changing, ordering, parcels, paying, returns, taking_in
from storefront.order_models import Contact, Order, OrderChangeLine, ParcelState, PaymentMethod
from storefront.return_models import Condition, ReturnLine, ReturnReason, ReturnWish
from storefront.returns import Account
from storefront.taking_in import Arrival
from tests.buying import Shop, asked, fill
from tests.factories import Factories
from tests.web import send
from traceability.models import Batch, Lot

KEY = "7d1a6df0-6a4c-4b0e-9d4e-5f4e8a3d2c11"


@pytest.fixture
def peas(make: Factories, app: Flask, shop: Shop) -> int:
    """Peas at 12,345 đ for 100 g, from 500 g on; 4 kg are there."""
    product = make.product(shop.first, name="Đậu mẫu", price_vnd=12_345)
    with app.app_context(), transaction() as session:
        item = session.get_one(TradeItem, make.item(product).id)
        item.net_content, item.by_weight, item.least, item.name_vi = 100, True, 5, "bán theo cân"
    shelf = make.location(shop.first, LocationKind.WAREHOUSE)
    make.on_hand(make.batch(item, quantity=40).lot_id, shelf, shop.first, 40)
    return item.id


@pytest.fixture
def a_bag(app: Flask, peas: int, make: Factories) -> int:
    """The same peas in bags, of which there are none."""
    with app.app_context():
        product = db.session.get_one(TradeItem, peas).product
    return make.size_of(product, "túi 300 g").id


def test_prices_say_of_how_much_they_are_and_each_size_whether_it_is_there(
    app: Flask, client: FlaskClient, peas: int, a_bag: int
) -> None:
    with app.app_context():
        slug = db.session.get_one(TradeItem, peas).product.slug
    page = client.get(f"/san-pham/{slug}").text
    bag = re.search(r"túi 300 g</th>.*?</tr>|túi 300 g.*?</tr>", page, re.DOTALL)

    assert "<b>12.345\xa0₫/100\xa0g</b>" in client.get("/san-pham").text.replace("&nbsp;", "\xa0")
    assert "₫/100" in page
    assert bag is not None
    assert "Tạm hết hàng" in bag.group(0)
    assert page.count('action="/gio-hang/them"') == 1


def test_less_than_can_be_bought_is_none(app: Flask, client: FlaskClient, peas: int, now: datetime) -> None:
    with app.app_context():
        item = db.session.get_one(TradeItem, peas)
        item.least, slug = 41, item.product.slug
        db.session.commit()

    assert 'action="/gio-hang/them"' not in client.get(f"/san-pham/{slug}").text


@pytest.mark.parametrize(
    ("typed", "grams"),
    [
        ("1,5 kg", 1_500),
        ("1.5kg", 1_500),
        ("750 g", 750),
        ("1.500 g", 1_500),
        ("1,500 g", 1_500),
        ("2 KG", 2_000),
        ("3 lạng", 300),
        ("0,25 ký", 250),
        ("0.500 kg", 500),
        ("12 cân", 12_000),
        ("1234,567 kg", 1_234_567),
        ("0,05 lạng", 5),
        ("100000 kg", 100_000_000),
    ],
)
def test_weights_are_read_as_people_write_them(typed: str, grams: int) -> None:
    assert amounts.grams(typed) == grams
    assert type(amounts.grams(typed)) is int


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "5",
        "kg",
        "-1 kg",
        "0 g",
        "1,2,3 kg",
        "1/2 kg",
        "2 tấn",
        "0,0001 kg",
        "999999999 kg",
        "１ kg",
        "1e3 g",
        "1,10 g",
        "100000001 g",
    ],
)
def test_what_is_no_weight_is_asked_back(typed: str) -> None:
    with pytest.raises(amounts.BadWeight):
        amounts.grams(typed)


def test_what_can_be_read_in_two_ways_is_asked_back() -> None:
    for typed in ("1.500 kg", "123,456 kg", "1.500 lạng"):
        with pytest.raises(amounts.TwoWeights) as refusal:
            amounts.grams(f" {typed} ")
        assert refusal.value.facts == {"text": typed}


def test_between_two_steps_both_are_named() -> None:
    with pytest.raises(amounts.NotAStep) as refusal:
        amounts.steps(1_550, 100, language="vi")
    assert refusal.value.facts == {"step": "100\xa0g", "less": "1,5\xa0kg", "more": "1,6\xa0kg"}
    with pytest.raises(amounts.NotAStep) as refusal:
        amounts.steps(100, 1_500, language="vi")
    assert refusal.value.facts == {"step": "1,5\xa0kg", "less": "1,5\xa0kg", "more": "1,5\xa0kg"}
    with pytest.raises(amounts.NotAStep) as refusal:
        amounts.steps(1_600, 1_500, language="en")
    assert refusal.value.facts == {"step": "1.5\xa0kg", "less": "1.5\xa0kg", "more": "3\xa0kg"}


@pytest.mark.parametrize(
    ("grams", "vi", "en"),
    [
        (999, "999\xa0g", "999\xa0g"),
        (1_000, "1\xa0kg", "1\xa0kg"),
        (1_050, "1,05\xa0kg", "1.05\xa0kg"),
        (1_234_500, "1.234,5\xa0kg", "1,234.5\xa0kg"),
        (2_000_000, "2.000\xa0kg", "2,000\xa0kg"),
    ],
)
def test_weights_are_written_with_the_marks_of_the_language(grams: int, vi: str, en: str) -> None:
    assert (amounts.weight(grams, "vi"), amounts.weight(grams, "en")) == (vi, en)


def test_how_much_of_something_is_a_count_or_a_weight() -> None:
    assert (amounts.much(15, 100, "en"), amounts.much(15, None, "en")) == ("1.5\xa0kg", "15")
    assert amounts.of(15, 100, "ớt khô", "vi") == "1,5\xa0kg ớt khô"
    assert amounts.of(3, None, "mật ong", "vi") == "3 × mật ong"


def test_what_a_kilogram_costs_is_rounded_half_up() -> None:
    assert (amounts.per_kg(12_345, 100), amounts.per_kg(1, 3), amounts.per_kg(2, 3)) == (123_450, 333, 667)
    assert amounts.per_kg(1, 16) == 63  # 62.5


@given(st.integers(1, 1_000), st.integers(1, 999), st.sampled_from(["vi", "en"]))
def test_what_is_written_is_read_as_the_same_weight(step_g: int, many: int, language: str) -> None:
    written = amounts.weight(many * step_g, language)

    try:
        assert amounts.steps(amounts.grams(written.replace("\xa0", " ")), step_g, language=language) == many
    except amounts.TwoWeights:  # 1,234 kg is not guessed at, even where we wrote it
        assert written.endswith("kg")


def test_a_cart_takes_whole_steps_from_the_least_on(ctx: Flask, shop: Shop, peas: int, now: datetime) -> None:
    cart = fill(now, (peas, 15))
    with pytest.raises(carts.TooLittle), transaction():
        carts.change(cart, peas, 4, now=now)
    with pytest.raises(carts.NotSoMany), transaction():
        carts.change(cart, peas, 41, now=now)

    assert carts.count(cart) == 1
    assert carts.view(cart, now).goods_vnd == 185_175
    with transaction():
        order = ordering.place(cart, asked(shop, 215_175, PaymentMethod.COD), now=now).orders[0]
    line = order.lines[0]
    assert (line.quantity, line.step_g, line.amount_vnd, line.per_kg_vnd) == (15, 100, 185_175, 123_450)


def test_pages_write_a_weight_and_keep_what_was_typed(
    app: Flask, client: FlaskClient, make: Factories, peas: int, now: datetime
) -> None:
    with app.app_context():
        item = db.session.get_one(TradeItem, peas)
        slug = db.session.get_one(Product, item.product_id).slug
    page = client.get(f"/san-pham/{slug}").get_data(as_text=True)
    assert 'value="500\xa0g"' in page
    assert "123.450\xa0₫/kg" in page

    origin = {"Sec-Fetch-Site": "same-origin"}
    refused = client.post("/gio-hang/them", data={"item": peas, "quantity": "550 g"}, headers=origin)
    words = refused.get_data(as_text=True)
    assert refused.status_code == 422
    assert "500\xa0g hoặc 600\xa0g" in words
    assert 'value="550 g"' in words
    assert client.post("/gio-hang/them", data={"item": peas, "quantity": "1,5kg"}, headers=origin).status_code == 303
    assert 'value="1,5\xa0kg"' in client.get("/gio-hang").get_data(as_text=True)
    wrong = send(client, "/gio-hang", {f"so-{peas}": "300 g", "act": "keep"})
    assert wrong.status_code == 422
    assert "từ 500\xa0g" in wrong.get_data(as_text=True)
    assert 'value="300 g"' in wrong.get_data(as_text=True)
    assert send(client, "/gio-hang", {f"so-{peas}": "2 kg", "act": "keep"}).status_code == 303


def test_the_producer_says_that_it_is_by_weight_in_steps_of_the_net_content(
    ctx: Flask, shop: Shop, make: Factories, now: datetime
) -> None:
    product = make.product(shop.first, name="Đậu khác", published=False)
    actor = make.actor(shop.first)

    def add(unit: Unit = Unit.GRAM, **facts: Any) -> TradeItem:
        with transaction():
            return editing.add_item(product, actor, name_vi="cân", net_content=100, unit=unit, now=now, **facts)

    with pytest.raises(editing.ByWeightInGrams):
        add(by_weight=True, unit=Unit.MILLILITRE)
    with pytest.raises(editing.BadLeast):
        add(by_weight=True, least_g=250)
    item = add(by_weight=True, least_g=500)
    assert (item.by_weight, item.least) == (True, 5)
    for rule in ("least = 0", "unit = 'piece'", "by_weight = FALSE"):
        with pytest.raises(DBAPIError), transaction() as session:
            session.execute(text(f"UPDATE trade_item SET {rule} WHERE id = {item.id}"))


def test_a_set_is_put_together_on_its_screen_without_a_script(
    app: Flask, make: Factories, shop: Shop, peas: int, now: datetime
) -> None:
    with app.app_context():
        producer = db.session.get_one(Organisation, shop.first.id)
        product_id = db.session.get_one(TradeItem, peas).product_id
    client = make.client(producer)
    address = f"/quan-tri/san-pham/{product_id}/quy-cach/bo-moi"
    empty = send(client, address, {"name_vi": "hộp quà"})
    assert empty.status_code == 422
    assert "từ hai gói" in empty.get_data(as_text=True)

    facts = {"name_vi": "hộp quà", f"part_{shop.rice}": "2", f"part_{peas}": "5", "amount_vnd": "200.000"}
    assert send(client, address, facts).status_code == 303
    page = client.get(f"/quan-tri/san-pham/{product_id}/quy-cach").get_data(as_text=True)
    assert "2 × Gạo rẫy mẫu" in page
    assert "500\xa0g Đậu mẫu" in page
    assert "200.000" in page


@given(st.integers(1, 10**8), st.sampled_from(["vi", "en"]))
def test_what_stands_in_a_field_is_read_as_the_same_weight(grams: int, language: str) -> None:
    assert amounts.grams(amounts.typed(grams, language)) == grams


@dataclass
class Bought:
    """An order of 1.5 kg of peas to be paid on delivery, and the address of its page."""

    order: Order
    page: str


@pytest.fixture
def bought(app: Flask, shop: Shop, peas: int, now: datetime) -> Bought:
    """See :class:`Bought`."""
    with app.app_context(), transaction():
        purchase = ordering.place(fill(now, (peas, 15)), asked(shop, 215_175, PaymentMethod.COD), now=now)
        paying.ask(purchase, now=now)
        return Bought(purchase.orders[0], f"/don-hang/{purchase.token}/1")


def test_fewer_peas_are_typed_as_a_weight_and_not_fewer_than_one_can_buy(client: FlaskClient, bought: Bought) -> None:
    def look(weight: str) -> tuple[int, str]:
        answer = send(client, f"{bought.page}/bot", {"packs_1": weight, "seen": "0", "act": "look"})
        return answer.status_code, answer.get_data(as_text=True)

    form = client.get(f"{bought.page}/bot").get_data(as_text=True)
    assert 'value="1,5 kg"' in form
    assert "Hiện là 1,5\xa0kg" in form
    for weight, words in (
        ("550 g", "500\xa0g hoặc 600\xa0g"),
        ("2 kg", "1,5\xa0kg"),
        ("7", "500 g hoặc 1,5 kg"),
        ("300 g", "từ 500\xa0g"),
    ):
        status, page = look(weight)
        assert status == 422, weight
        assert words in page
        assert f'value="{weight}"' in page
        assert 'id="packs_1-error"' in page
    status, page = look("0,5kg")
    assert status == 200
    assert f"{91_725:,}".replace(",", ".") in page  # 5 × 12.345 and the delivery
    assert look("0 g")[0] == 422  # nothing would be left: cancel instead


def test_a_producer_proposes_a_weight_too(app: Flask, client: FlaskClient, make: Factories, shop: Shop, bought) -> None:
    clerk = make.client(shop.first)
    address = f"/quan-tri/don-hang/{bought.order.number}/de-nghi-bot"
    assert 'value="1,5 kg"' in clerk.get(address).get_data(as_text=True)

    few = send(clerk, address, {"packs_1": "400 g", "reason": "Hết đậu", "seen": "0"})
    assert few.status_code == 422
    assert "từ 500\xa0g" in few.get_data(as_text=True)
    assert send(clerk, address, {"packs_1": "800 g", "reason": "Hết đậu", "seen": "0"}).status_code == 303
    with app.app_context():
        assert db.session.scalars(select(OrderChangeLine.packs)).all() == [7]


def test_peas_go_back_and_are_taken_in_by_weight(
    app: Flask, client: FlaskClient, make: Factories, shop: Shop, bought: Bought, now: datetime
) -> None:
    with app.app_context(), transaction() as session:
        parcel = parcels.pack(session.get_one(Order, bought.order.id), carrier="hand_over", actor=SYSTEM, now=now)
        parcels.move_on(parcel, ParcelState.DELIVERED, actor=SYSTEM, now=now)
        parcels.collected(parcel, actor=SYSTEM, now=now)
    facts = {
        "request_key": KEY,
        "reason": "changed_mind",
        "wish": "money",
        "bank": "970405",
        "number": "0123456789",
        "holder": "NGUOI MUA MAU",
    }
    assert "Nhiều nhất 1,5\xa0kg" in client.get(f"{bought.page}/tra-hang").get_data(as_text=True)
    wrong = send(client, f"{bought.page}/tra-hang", {**facts, "packs_1": "1,6 kg"})
    assert wrong.status_code == 422
    assert 'value="1,6 kg"' in wrong.get_data(as_text=True)
    assert send(client, f"{bought.page}/tra-hang", {**facts, "packs_1": "5 lạng"}).status_code == 303

    clerk, desk = make.client(shop.first), "/quan-tri/tra-hang/DT-000001"
    assert send(clerk, desk + "/tra-loi", {"decision": "gui-ve", "words": "Gửi về kho"}).status_code == 303
    page = clerk.get(desk).get_data(as_text=True)
    assert "500\xa0g" in page
    found = re.search(r'name="good_1_(\d+)"', page)
    assert found
    lot_id = int(found[1])
    assert send(clerk, desk + "/nhan-hang", {f"good_1_{lot_id}": "600 g"}).status_code == 422
    assert send(clerk, desk + "/nhan-hang", {f"good_1_{lot_id}": "500 g"}).status_code == 303
    arrived = clerk.get(desk).get_data(as_text=True).split("Hàng đã về")[1]
    assert re.search(r"<span>500\s?g <b", arrived), "what arrived is a weight, not steps"
    with app.app_context():
        assert db.session.scalars(select(ReturnLine.refund_vnd)).all() == [61_725]


def test_batches_and_notes_of_consignment_take_a_weight(app: Flask, make: Factories, shop: Shop, peas: int) -> None:
    clerk = make.client(shop.first)
    assert "4\xa0kg" in clerk.get("/quan-tri/ton-kho").get_data(as_text=True)
    with app.app_context():
        item, home = db.session.get_one(TradeItem, peas), locations.find(shop.first.id, LocationKind.WAREHOUSE)
    known = make.batch(item, quantity=40).lot_id
    assert home is not None
    make.on_hand(known, home, shop.first, 40)
    begun = send(clerk, "/quan-tri/lo-hang/moi", {"item": str(peas), "request_key": KEY})
    base = begun.location.rsplit("/", 1)[0]
    assert "theo cân" in clerk.get(f"{base}/so-luong").get_data(as_text=True)
    refused = send(clerk, f"{base}/so-luong", {"quantity": "1.250 kg"})
    assert refused.status_code == 422
    assert 'value="1.250 kg"' in refused.get_data(as_text=True)
    assert send(clerk, f"{base}/so-luong", {"quantity": "1250 kg"}).status_code == 303
    assert 'value="1250 kg"' in clerk.get(f"{base}/so-luong").get_data(as_text=True)
    day = {"day": "khac", "other_day": "20/11/2026", "expiry": "co", "expires_on": "20/11/2027", "number": "L9"}
    assert send(clerk, f"{base}/ngay", day).status_code == 303
    assert send(clerk, f"{base}/nguyen-lieu", {}).status_code == 303
    assert send(clerk, f"{base}/buoc", {}).status_code == 303
    assert "1.250\xa0kg" in clerk.get(f"{base}/kiem-tra").get_data(as_text=True)
    assert send(clerk, f"{base}/kiem-tra", {}).status_code == 303
    with app.app_context():
        made = db.session.scalars(select(Lot.quantity).join(Batch, Batch.lot_id == Lot.id).where(Batch.number == "L9"))
        assert made.one() == 12_500

    point = make.sales_point(make.organisation("Điểm bán mẫu", kind=OrganisationKind.SALES_POINT))
    address = f"/quan-tri/phieu-ky-gui/moi/{point.slug}"
    page = clerk.get(address).get_data(as_text=True)
    assert "Giá 100\xa0g của lô" in page
    note = {"request_key": "8" + KEY[1:], f"so_{known}": "1,5 kg", f"gia_{known}": "13.000"}
    few = send(clerk, address, note | {f"so_{known}": "5 kg"})
    assert few.status_code == 422
    assert "4\xa0kg" in few.get_data(as_text=True)
    written = send(clerk, address, note)
    assert written.status_code == 303
    assert "1,5\xa0kg" in clerk.get(written.location).get_data(as_text=True)


def test_notes_counters_batches_and_files_write_a_weight(app: Flask, make: Factories, shop: Shop, peas: int) -> None:
    """Sent, received, sold at a counter by weight, sent back; every list, page and file says kilograms, never steps."""
    clerk = make.client(shop.first)
    keeper = make.organisation("Điểm bán mẫu", kind=OrganisationKind.SALES_POINT)
    point = make.sales_point(keeper)
    seller = make.client(keeper)
    with app.app_context():
        item, home = db.session.get_one(TradeItem, peas), locations.find(shop.first.id, LocationKind.WAREHOUSE)
    assert home is not None
    lot_id = make.batch(item, quantity=40).lot_id
    make.on_hand(lot_id, home, shop.first, 40)
    typed = {"request_key": KEY, f"so_{lot_id}": "1,5 kg", f"gia_{lot_id}": "13.000"}
    note = send(clerk, f"/quan-tri/phieu-ky-gui/moi/{point.slug}", typed).location
    number = note.rsplit("/", 1)[1]
    assert send(clerk, f"{note}/gui").status_code == 303

    counter = f"/quay/{point.slug}"
    page = seller.get(f"{counter}/nhan/{number}").get_data(as_text=True)
    assert '<span class="figures">1,5\xa0kg</span>' in page
    assert send(seller, f"{counter}/nhan/{number}").status_code == 303
    assert "còn 1,5\xa0kg" in seller.get(counter).get_data(as_text=True)
    for words, why in (
        ("5", "Hãy ghi khối lượng"),
        ("0,55 kg", "500\xa0g hoặc 600\xa0g"),
        ("2 kg", "Chỉ còn 1,5\xa0kg"),
    ):
        refused = send(seller, f"{counter}/kiem", {f"so-{lot_id}": words})
        assert refused.status_code == 422
        assert f'value="{words}"' in refused.get_data(as_text=True)
        assert why in refused.get_data(as_text=True), why
    checked = send(seller, f"{counter}/kiem", {f"so-{lot_id}": "5 lạng"}).get_data(as_text=True)
    assert "Thu 65.000" in checked
    hidden = dict(re.findall(r'name="([a-z_0-9-]+)" value="([^"]*)"', checked))
    assert send(seller, f"{counter}/ban", hidden).status_code == 303
    sold = seller.get(f"{counter}/luot-ban").get_data(as_text=True)
    assert "<small>500\xa0g Đậu mẫu" in sold
    sale = re.findall(r"SAL-\d+", sold)[0]
    assert "<span>500\xa0g Đậu mẫu" in seller.get(f"{counter}/luot-ban/{sale}/huy").get_data(as_text=True)
    back = {"request_key": "8" * 32, "reason": "Bán chậm", f"so-{lot_id}": "1 kg"}
    assert send(seller, f"{counter}/tra", back).status_code == 303
    number = re.findall(r"CSG-\d+", seller.get(counter).get_data(as_text=True))[0]
    assert ">1\xa0kg</span>" in seller.get(f"{counter}/tra/{number}").get_data(as_text=True)
    assert ">1\xa0kg</span>" in clerk.get(f"/quan-tri/phieu-ky-gui/{number}/nhan-lai").get_data(as_text=True)
    assert send(clerk, f"/quan-tri/phieu-ky-gui/{number}/nhan-lai").status_code == 303

    for address in ("/quan-tri/lo-hang", f"/quan-tri/lo-hang/{lot_id}"):
        assert "4\xa0kg" in clerk.get(address).get_data(as_text=True), address
    moved = clerk.get(f"/quan-tri/ton-kho/lo/{lot_id}").get_data(as_text=True)
    assert "3,5\xa0kg" in moved.split("<h2>Biến động")[0]
    for address in (f"/quan-tri/ton-kho/lo/{lot_id}", "/quan-tri/ton-kho", "/quan-tri/lo-hang"):
        assert "\xa0kg" in clerk.get(f"{address}?dang=csv").get_data(as_text=True), address
    for view in ("", "&dang=csv"):
        holders = clerk.get(f"/quan-tri/truy-vet/chuoi?lo={lot_id}&huong=xuoi&xem=noi-giu{view}").get_data(as_text=True)
        assert "3,5\xa0kg" in holders, view
        assert "500\xa0g" in holders, view


def test_public_pages_write_what_is_left_as_a_weight(
    app: Flask, client: FlaskClient, make: Factories, shop: Shop, peas: int
) -> None:
    """In the table of batches, at the sales point that has some, and beside the price on the page of a batch."""
    point = make.sales_point(make.organisation("Điểm bán mẫu", kind=OrganisationKind.SALES_POINT))
    with app.app_context():
        item = db.session.get_one(TradeItem, peas)
        counter = db.session.get_one(Location, point.location_id)
        slug = db.session.get_one(Product, item.product_id).slug
    batch = make.batch(item, quantity=15)
    make.on_hand(batch.lot_id, counter, shop.first, 15)

    page = client.get(f"/san-pham/{slug}").get_data(as_text=True)
    of_batch = client.get(f"/lo/{shop.first.code}/{batch.token}").get_data(as_text=True)

    assert "12.345\xa0₫/100\xa0g" in of_batch
    assert "Đang có 1,5\xa0kg" in page
    assert {"4\xa0kg", "1,5\xa0kg"} <= set(re.findall(r'data-label="Còn" class="figures">([^<]+)<', page))


def test_public_pages_count_no_more_steps_than_packs(app: Flask) -> None:
    with app.test_request_context("/?lang=vi"):
        assert [counted(50, 100), counted(51, 100), counted(51)] == ["5\xa0kg", "hơn 5\xa0kg", "hơn 50"]
        both = SimpleNamespace(packs=3, steps=15, weight_g=1_500)
        assert held(both) == "3 + 1,5\xa0kg"


def test_refusals_about_peas_say_weights(app: Flask, shop: Shop, bought: Bought, now: datetime) -> None:
    with app.app_context():
        order = db.session.get_one(Order, bought.order.id)
        lost = locations.of(shop.first.id, LocationKind.LOSS)
        lot_id, home_id = db.session.execute(select(Allocation.lot_id, Allocation.location_id)).one()
        line = ledger.Line(lot_id, 30, home_id, lost.id, shop.first.id, "CSG-9:1")
        with pytest.raises(ledger.NotOnHand) as too_few:
            ledger.move_all([line], document="CSG-9", now=now)
        db.session.rollback()
        with pytest.raises(changing.MoreThanOrdered) as too_many:
            changing.look(order, {1: 20}, by_buyer=True)
        with transaction():
            parcel = parcels.pack(order, carrier="hand_over", actor=SYSTEM, now=now)
            parcels.move_on(parcel, ParcelState.DELIVERED, actor=SYSTEM, now=now)
            parcels.collected(parcel, actor=SYSTEM, now=now)
        account = Account("970405", "0123456789", "NGUOI MUA MAU")
        wanted: dict[str, Any] = {
            "reason": ReturnReason.CHANGED_MIND, "wish": ReturnWish.MONEY, "account": account, "language": "vi",
        }  # fmt: skip
        with transaction():
            made = returns.ask(order, {1: 5}, now=now, **wanted)
            returns.accept(made, keeps_goods=False, words="Gửi về kho", actor=SYSTEM, now=now)
        with pytest.raises(returns.TooMany) as above, transaction():
            returns.ask(order, {1: 11}, now=now, **wanted)
        arrived = [Arrival(1, lot_id, Condition.GOOD, 6)]
        with pytest.raises(taking_in.MoreThanAsked) as more, transaction():
            taking_in.take_in(made, arrived, location_id=home_id, actor=SYSTEM, now=now)
    for language, mark in (("vi", ","), ("en", ".")):
        with app.test_request_context(f"/?lang={language}"):
            assert f"2{mark}5\xa0kg" in words_of(too_few.value)
            assert "3\xa0kg" in words_of(too_few.value)
            assert f"1{mark}5\xa0kg" in words_of(too_many.value)
            assert "1\xa0kg" in words_of(above.value)
            assert "500\xa0g" in words_of(more.value)


def test_who_changes_an_order_reads_weights_on_its_pages_and_in_the_letter(
    app: Flask, client: FlaskClient, make: Factories, shop: Shop, bought: Bought, now: datetime
) -> None:
    clerk = make.client(shop.first)
    with app.app_context(), transaction() as session:
        session.scalars(select(Contact)).one().email = "mua@mau.vn"
    address = f"/quan-tri/don-hang/{bought.order.number}"
    assert (
        send(clerk, f"{address}/de-nghi-bot", {"packs_1": "800 g", "reason": "Hết đậu", "seen": "0"}).status_code == 303
    )

    for page in (clerk.get(address), client.get(bought.page.rsplit("/", 1)[0])):
        assert "800\xa0g thay vì 1,5\xa0kg" in page.get_data(as_text=True)
    with app.app_context():
        (job,) = (
            job
            for job in db.session.scalars(select(Job).where(Job.kind == "mail.send"))
            if job.args and job.args["facts"].get("cuts")
        )
        letter = compose(app.config["OCOP"], now=now, **job.args)
        for form in ("plain", "html"):
            body = letter.get_body((form,))
            assert body is not None
            assert "800\xa0g thay vì 1,5\xa0kg" in body.get_content()


def test_another_batch_is_offered_by_weight(app: Flask, make: Factories, shop: Shop, peas: int, bought: Bought) -> None:
    clerk = make.client(shop.first)
    with app.app_context():
        item, picked = db.session.get_one(TradeItem, peas), db.session.scalars(select(Allocation)).one()
        home = db.session.get_one(Location, picked.location_id)
    make.on_hand(make.batch(item, quantity=25).lot_id, home, shop.first, 25)

    page = clerk.get(f"/quan-tri/don-hang/{bought.order.number}/doi-lo/{picked.id}").get_data(as_text=True)

    assert "1,5\xa0kg của lô" in page
    assert "còn 2,5\xa0kg" in page


def test_a_list_of_notes_says_packs_and_weights_apart(app: Flask, make: Factories, shop: Shop, peas: int) -> None:
    clerk = make.client(shop.first)
    point = make.sales_point(make.organisation("Điểm bán mẫu", kind=OrganisationKind.SALES_POINT))
    with app.app_context():
        home = locations.find(shop.first.id, LocationKind.WAREHOUSE)
        items = [db.session.get_one(TradeItem, item_id) for item_id in (peas, shop.rice)]
    assert home is not None
    loose, bags = (make.batch(item, quantity=40).lot_id for item in items)
    for lot_id in (loose, bags):
        make.on_hand(lot_id, home, shop.first, 40)
    address = f"/quan-tri/phieu-ky-gui/moi/{point.slug}"
    for n, lots in enumerate(({loose: "1,5 kg", bags: "2"}, {loose: "7 lạng"}, {bags: "3"})):
        typed = {f"so_{lot_id}": words for lot_id, words in lots.items()}
        prices = {f"gia_{lot_id}": "13.000" for lot_id in lots}
        assert send(clerk, address, {"request_key": f"{n}" + KEY[1:], **typed, **prices}).status_code == 303

    page = clerk.get("/quan-tri/phieu-ky-gui").get_data(as_text=True)
    file = clerk.get("/quan-tri/phieu-ky-gui?dang=csv").get_data(as_text=True)

    found = re.findall(r'data-label="Số lượng"[^>]*>(?:<[^>]+>)*([^<]+)<', page)
    assert sorted(found) == ["2 gói, 1,5\xa0kg", "3", "700\xa0g"]
    for words in ('"2 gói, 1,5\xa0kg"', ",700\xa0g,", ",3,"):
        assert words in file
