"""The pages of buying, as a browser without JavaScript uses them: cart, checkout, the page of an order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape, unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from accounts.actor import SYSTEM
from accounts.models import Organisation, User
from app import buying_jobs
from catalog.models import TradeItem
from kernel import clock
from kernel.db import db, transaction
from kernel.models import Job
from stock import queries as stock
from stock.models import Location, LocationKind
from storefront import agreement, settling, vouchers
from storefront.models import PublicText
from storefront.order_models import (
    BankAccount,
    Cart,
    CartLine,
    CartNote,
    CreditOutcome,
    Order,
    Payment,
    PaymentState,
    Placement,
    Purchase,
    ShippingRate,
)
from storefront.settling import Arrived
from storefront.voucher_models import Voucher, VoucherKind
from storefront.vouchers import Terms
from tests.factories import Factories
from tests.web import send

OWN = {"Origin": "http://localhost"}


@dataclass
class Shop:
    """Two producers of Ba Động with an account each: rice at 50,000 đ (ten), honey at 120,000 đ (five)."""

    app: Flask
    rice: int
    honey: int
    rice_slug: str
    first: int
    second: int

    def rows(self, query: Any) -> list[Any]:
        """Read in a context of its own, as the next request would."""
        with self.app.app_context():
            return list(db.session.scalars(query))

    def count(self, model: type) -> int:
        """Count rows."""
        return int(self.rows(select(func.count()).select_from(model))[0])

    def found(self, item_id: int) -> tuple[TradeItem, Location, Organisation]:
        """Give a trade item, its warehouse and its producer, of the present session."""
        item = db.session.get_one(TradeItem, item_id)
        producer = item.product.producer
        return item, db.session.scalars(select(Location).where(Location.keeper_id == producer.id)).first(), producer

    def free(self, item_id: int) -> int:
        """Tell how many may be ordered."""
        with self.app.app_context():
            now = clock.now()
            return stock.available([item_id], clock.business_date(now), now)[item_id]


@pytest.fixture
def shop(make: Factories, app: Flask, now: datetime) -> Iterator[Shop]:
    """See :class:`Shop`; parcels cost 20,000 đ within the commune and 30,000 đ within the country."""
    found = []
    for name, price, quantity in (("Hợp tác xã mẫu", 50_000, 10), ("Hộ mẫu", 120_000, 5)):
        producer = make.producer(name)
        product = make.product(producer, price_vnd=price)
        make.certificate(product)
        item = make.item(product)
        make.on_hand(
            make.batch(item, quantity=quantity).lot_id,
            make.location(producer, LocationKind.WAREHOUSE),
            producer,
            quantity,
        )
        found.append((item.id, product.slug, producer.id))
    with app.app_context(), transaction() as session:
        for _, _, producer_id in found:
            session.add(
                BankAccount(
                    organisation_id=producer_id,
                    bank_bin="970405",
                    number=f"77{producer_id}",
                    holder="MAU",
                    added_at=now,
                )
            )
            for zone, base in (("commune", 20_000), ("country", 30_000)):
                session.add(
                    ShippingRate(
                        organisation_id=producer_id,
                        zone=zone,
                        base_g=5_000,
                        base_vnd=base,
                        step_g=1_000,
                        step_vnd=5_000,
                        days_from=1,
                        days_to=3,
                        set_at=now,
                    )
                )
        for text in ("dieu-khoan", "bao-mat"):
            session.add(PublicText(name=text, title_vi="Mẫu", body_vi="Mẫu", saved_at=now))
    (rice, slug, first), (honey, _, second) = found
    yield Shop(app, rice, honey, slug, first, second)
    with app.app_context():
        assert agreement.verify() == []


def add(client: FlaskClient, item: int, quantity: str = "1", *, shown_vnd: str | None = None, **headers: str) -> int:
    """Press "into the cart"."""
    data = {"item": str(item), "quantity": quantity, **({} if shown_vnd is None else {"shown_vnd": shown_vnd})}
    return client.post("/gio-hang/them", data=data, headers=headers or OWN).status_code


def filled(shop: Shop, **changes: str | None) -> dict[str, str | None]:
    """What a buyer of Hà Nội types who pays by transfer; None leaves a field out."""
    return {
        "phone": "0900 000 001",
        "name": "Người mua mẫu",
        "commune": "phường Hoàn Kiếm, Hà Nội",
        "address": "Số 1, phố Mẫu",
        "method": "vietqr",
        "terms": "y",
        "privacy": "y",
        "act": "order",
        **changes,
    }


def signed_in(app: Flask, user: User) -> FlaskClient:
    """Give another browser, in which somebody is signed in."""
    browser = app.test_client()
    with browser.session_transaction() as session:
        session["_user_id"], session["_fresh"] = user.fs_uniquifier, True
    return browser


def words(page: bytes) -> str:
    """Give what a page says, without its marks."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.decode())).split())


def bought(client: FlaskClient, shop: Shop, **changes: str | None) -> str:
    """Buy two packs of rice and a jar of honey; give the key of the purchase."""
    add(client, shop.rice, "2")
    add(client, shop.honey)
    answer = send(client, "/thanh-toan", filled(shop, shown_vnd="280000", **changes))
    assert answer.status_code == 303, words(answer.data)
    return answer.location.rpartition("/")[2]


# --- The cart -----------------------------------------------------------------------------------------


def test_the_product_page_has_a_button_and_the_cart_groups_by_producer(client: FlaskClient, shop: Shop) -> None:
    assert b'action="/gio-hang/them"' in client.get(f"/san-pham/{shop.rice_slug}").data

    assert add(client, shop.rice, "2") == 303
    assert add(client, shop.honey) == 303
    page = client.get("/gio-hang")

    assert "220.000" in words(page.data)
    assert page.data.count(b'class="cart-parcel"') == 2
    assert "no-store" in page.headers["Cache-Control"]
    assert client.get_cookie("gio-so").value == "3"  # type: ignore[union-attr]


def test_who_buys_now_comes_to_the_checkout_with_what_was_in_the_cart_already(client: FlaskClient, shop: Shop) -> None:
    assert b'name="act" value="order"' in client.get(f"/san-pham/{shop.rice_slug}").data
    add(client, shop.honey)

    answer = client.post("/gio-hang/them", data={"item": shop.rice, "quantity": "2", "act": "order"}, headers=OWN)
    page = client.get(answer.location)

    assert (answer.status_code, answer.location) == (303, "/thanh-toan")
    assert client.get_cookie("gio-so").value == "3"  # type: ignore[union-attr]
    assert page.status_code == 200
    assert page.data.count(b'class="checkout-parcel"') == 2
    assert "Đã có trong giỏ" not in words(page.data)


def test_too_many_bought_now_are_refused_in_the_cart(client: FlaskClient, shop: Shop) -> None:
    answer = client.post("/gio-hang/them", data={"item": shop.rice, "quantity": "11", "act": "order"}, headers=OWN)

    assert answer.status_code == 409
    assert "10" in words(answer.data)


@pytest.mark.parametrize("quantity", ["0", "-1", "1.5", "", "abc", "9" * 20, "1000", "11"])
def test_a_quantity_that_cannot_be_is_refused_with_a_sentence(client: FlaskClient, shop: Shop, quantity: str) -> None:
    answer = client.post("/gio-hang/them", data={"item": shop.rice, "quantity": quantity}, headers=OWN)

    assert answer.status_code in (409, 422)
    assert 'role="alert"' in answer.data.decode()
    assert shop.count(CartLine) == 0


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}, {"X": "y"}]
)
def test_a_form_of_another_site_fills_no_cart(client: FlaskClient, shop: Shop, headers: dict[str, str]) -> None:
    assert client.post("/gio-hang/them", data={"item": shop.rice}, headers=headers).status_code == 403
    assert shop.count(Cart) == 0


def test_a_wrong_quantity_loses_nothing_else_that_was_typed(client: FlaskClient, shop: Shop) -> None:
    add(client, shop.rice)
    add(client, shop.honey)

    answer = send(
        client,
        "/gio-hang",
        {f"so-{shop.rice}": "4", f"so-{shop.honey}": "99", f"loi-nhan-{shop.first}": "Xin gói kỹ", "act": "keep"},
    )

    assert answer.status_code == 409
    page = answer.data.decode()
    assert 'value="99"' in page
    assert "Xin gói kỹ" in page
    assert shop.rows(select(CartLine.quantity).order_by(CartLine.trade_item_id)) == [4, 1]


def test_a_word_to_a_producer_of_nothing_in_the_cart_is_dropped_and_all_else_is_kept(
    client: FlaskClient, shop: Shop
) -> None:
    add(client, shop.rice)

    typed = {f"so-{shop.rice}": "2", "loi-nhan-99999": "hi", f"loi-nhan-{shop.second}": "hi"}
    assert (
        send(client, "/gio-hang", {**typed, f"loi-nhan-{shop.first}": "Xin gói kỹ", "act": "keep"}).status_code == 303
    )

    assert shop.rows(select(CartNote.words)) == ["Xin gói kỹ"]
    assert shop.rows(select(CartLine.quantity)) == [2]


def test_how_long_the_goods_are_to_keep_is_asked_in_the_cart(client: FlaskClient, shop: Shop, make: Factories) -> None:
    with shop.app.app_context():
        day = clock.business_date(clock.now())
        item, home, producer = shop.found(shop.honey)
        short = make.batch(item, quantity=4, expires_on=day + timedelta(days=20))
        make.on_hand(short.lot_id, home, producer, 4)
    add(client, shop.honey, "7")

    assert send(client, "/gio-hang", {"con-han": "31", "act": "keep"}).status_code == 422
    send(client, "/gio-hang", {"con-han": "30", "act": "keep"})

    assert "Chỉ còn 5 gói" in words(client.get("/gio-hang").data)
    assert client.get("/thanh-toan").location == "/gio-hang"
    send(client, "/gio-hang", act="agree")
    assert shop.rows(select(CartLine.quantity)) == [5]
    assert client.get("/thanh-toan").status_code == 200


def test_goods_that_would_not_keep_until_the_parcel_comes_are_named_and_may_be_picked_up(
    client: FlaskClient, shop: Shop, make: Factories
) -> None:
    with shop.app.app_context():
        day = clock.business_date(clock.now())
        item, home, producer = shop.found(shop.honey)
        short = make.batch(item, quantity=4, expires_on=day + timedelta(days=2))  # the parcel takes up to three
        make.on_hand(short.lot_id, home, producer, 4)
    add(client, shop.honey, "7")

    page = send(client, "/thanh-toan", filled(shop, act="price"))
    assert b'value="order"' not in page.data
    assert "5" in words(page.data)
    assert "27/11/2026" in words(page.data)
    refused = send(client, "/thanh-toan", filled(shop, shown_vnd="870000"))
    assert refused.status_code == 409
    assert shop.count(Purchase) == 0

    picked_up = {f"cach-{shop.second}": "pickup"}
    bought = send(client, "/thanh-toan", {**filled(shop, shown_vnd="840000"), **picked_up})
    assert bought.status_code == 303, words(bought.data)


def test_a_line_is_put_aside_taken_back_and_taken_out(client: FlaskClient, shop: Shop) -> None:
    add(client, shop.rice)
    send(client, "/gio-hang", act=f"later:{shop.rice}")
    assert client.get_cookie("gio-so").value == "0"  # type: ignore[union-attr]
    send(client, "/gio-hang", act=f"back:{shop.rice}")
    assert client.get_cookie("gio-so").value == "1"  # type: ignore[union-attr]
    send(client, "/gio-hang", act=f"remove:{shop.rice}")
    assert shop.count(CartLine) == 0
    assert send(client, "/gio-hang", act=f"remove:{shop.honey}").status_code == 404


def test_a_changed_price_is_said_and_waits_for_the_buyer(
    client: FlaskClient, shop: Shop, make: Factories, app: Flask
) -> None:
    add(client, shop.rice)
    with app.app_context(), transaction() as session:
        session.execute(update(CartLine).values(seen_vnd=45_000))

    assert "45.000" in words(client.get("/gio-hang").data)
    assert client.get("/thanh-toan").location == "/gio-hang"
    send(client, "/gio-hang", act="agree")
    assert client.get("/thanh-toan").status_code == 200


def test_goods_from_a_page_that_is_older_than_the_price_do_not_agree_to_it(
    client: FlaskClient, shop: Shop, app: Flask
) -> None:
    assert 'name="shown_vnd" value="50000"' in client.get(f"/san-pham/{shop.rice_slug}").text
    add(client, shop.rice, shown_vnd="45000")
    assert "45.000" in words(client.get("/gio-hang").data)
    assert client.get("/thanh-toan").location == "/gio-hang"

    add(client, shop.rice, shown_vnd="45000")
    assert client.get("/thanh-toan").location == "/gio-hang", "added again from the same old page"
    add(client, shop.rice)
    assert client.get("/thanh-toan").location == "/gio-hang", "nothing was shown"
    add(client, shop.rice, shown_vnd="50000")
    assert client.get("/thanh-toan").status_code == 200, "the page of today was read"


@pytest.mark.parametrize("shown", ["", "-1", "0", "x", "9" * 30, "45.000"])
def test_a_strange_price_on_the_page_counts_for_nothing(client: FlaskClient, shop: Shop, shown: str) -> None:
    assert add(client, shop.rice, shown_vnd=shown) == 303
    assert client.get("/thanh-toan").status_code == 200


def test_a_strangers_cart_is_not_to_be_had(client: FlaskClient, shop: Shop, app: Flask) -> None:
    add(client, shop.rice)
    stranger = app.test_client()
    stranger.set_cookie("gio", "A" * 43)

    assert "trống" in words(stranger.get("/gio-hang").data)


# --- Checkout -----------------------------------------------------------------------------------------


def test_the_price_of_each_parcel_is_shown_before_anything_is_ordered(client: FlaskClient, shop: Shop) -> None:
    add(client, shop.rice, "2")
    add(client, shop.honey)

    page = send(client, "/thanh-toan", filled(shop, act="price", method=None, terms=None, privacy=None))

    assert page.status_code == 200
    assert "30.000" in words(page.data)
    assert 'name="shown_vnd" value="280000"' in page.data.decode()
    assert 'value="Số 1, phố Mẫu"' in page.data.decode()
    assert shop.count(Purchase) == 0


def test_a_guest_buys_of_two_producers_and_each_has_an_order_of_its_own(client: FlaskClient, shop: Shop) -> None:
    token = bought(client, shop)

    orders = shop.rows(select(Order).order_by(Order.id))
    assert [(order.producer_id, order.total_vnd) for order in orders] == [
        (shop.first, 130_000),
        (shop.second, 150_000),
    ]
    page = client.get(f"/don-hang/{token}")
    assert page.status_code == 200
    assert page.data.decode().count('class="pay-code"') == 2
    assert "0900 000 001" in words(page.data)
    assert client.get_cookie("gio") is None
    assert shop.free(shop.rice) == 8


def test_the_button_pressed_twice_is_one_purchase(client: FlaskClient, shop: Shop) -> None:
    add(client, shop.rice, "2")
    cookie = client.get_cookie("gio")
    form = filled(shop, shown_vnd="130000")
    first = send(client, "/thanh-toan", form)
    client.set_cookie("gio", cookie.value)  # type: ignore[union-attr]

    second = send(client, "/thanh-toan", form)

    assert first.location == second.location
    assert shop.count(Purchase) == 1


@pytest.mark.parametrize("shown", ["1", "129999", "-5", "abc", "", None, "9" * 30])
def test_a_total_that_was_tampered_with_is_never_charged(client: FlaskClient, shop: Shop, shown: str | None) -> None:
    add(client, shop.rice, "2")

    answer = send(client, "/thanh-toan", filled(shop, shown_vnd=shown))

    assert answer.status_code == 409
    assert 'name="shown_vnd" value="130000"' in answer.data.decode()
    assert shop.count(Purchase) == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phone", "12"),
        ("phone", ""),
        ("name", ""),
        ("name", "x" * 500),
        ("commune", ""),
        ("commune", "Không có xã này"),
        ("address", ""),
        ("email", "khong-phai-email"),
        ("method", "bitcoin"),
        ("method", None),
        ("method", "card"),
        ("terms", None),
        ("privacy", None),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_all_else_stays(
    client: FlaskClient, shop: Shop, field: str, value: str | None
) -> None:
    add(client, shop.rice, "2")

    answer = send(client, "/thanh-toan", filled(shop, **{"shown_vnd": "130000", field: value}))

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.data.decode() or 'class="error"' in answer.data.decode()
    if field != "name":
        assert "Người mua mẫu" in answer.data.decode()
    assert shop.count(Purchase) == 0


def test_an_address_of_before_2025_is_understood(client: FlaskClient, shop: Shop) -> None:
    add(client, shop.rice, "2")

    page = send(client, "/thanh-toan", filled(shop, act="price", commune="xã Ba Động, huyện Ba Tơ, tỉnh Quảng Ngãi"))

    assert "Xã Ba Động, Tỉnh Quảng Ngãi" in words(page.data)
    assert 'value="120000"' in page.data.decode()  # 100,000 and the commune's own 20,000


def test_a_name_of_several_communes_is_asked_for(client: FlaskClient, shop: Shop) -> None:
    add(client, shop.rice, "2")
    page = send(client, "/thanh-toan", filled(shop, act="price", commune="Tân Hưng"))
    choices = re.findall(r'name="commune_code"[^>]*value="(\d+)"', page.data.decode())

    assert page.status_code == 422
    assert len(choices) > 1
    again = send(client, "/thanh-toan", filled(shop, act="price", commune="Tân Hưng", commune_code=choices[1]))
    assert 'name="shown_vnd"' in again.data.decode()


def test_goods_that_are_picked_up_cost_no_parcel(client: FlaskClient, shop: Shop) -> None:
    add(client, shop.rice, "2")
    form = filled(shop, **{f"cach-{shop.first}": "pickup", "shown_vnd": "100000"})

    assert send(client, "/thanh-toan", form).status_code == 303
    assert shop.rows(select(Order.delivery)) == ["pickup"]


def test_where_nobody_delivers_the_order_waits_for_another_choice(client: FlaskClient, shop: Shop, app: Flask) -> None:
    add(client, shop.rice, "2")
    form = filled(shop, commune="phường Cẩm Thành, Quảng Ngãi", shown_vnd="100000")  # the province has no rate

    answer = send(client, "/thanh-toan", form)

    assert answer.status_code == 422
    assert shop.count(Purchase) == 0


def kept(page: str, name: str) -> list[str]:
    """Give the values of a name that a form would send as it stands."""
    fields = [tag for tag in re.findall(r"<input[^>]*>", page) if f'name="{name}"' in tag]
    sent = [tag for tag in fields if ("checkbox" not in tag and "radio" not in tag) or " checked" in tag]
    values = [re.findall(r'value="([^"]*)"', tag) for tag in sent]
    assert all(values), "each has one"
    return [unescape(found[0]) for found in values]


def test_goods_that_went_to_somebody_else_meanwhile_are_named_beside_all_that_was_typed(
    client: FlaskClient, shop: Shop, app: Flask
) -> None:
    add(client, shop.honey, "5")
    add(client, shop.rice, "1")
    other = app.test_client()
    add(other, shop.honey, "1")
    assert send(other, "/thanh-toan", filled(shop, shown_vnd="150000")).status_code == 303
    typed = filled(shop, invoice_name="Công ty mẫu", invoice_address="Số 2", **{f"cach-{shop.first}": "pickup"})

    refused = send(client, "/thanh-toan", typed, shown_vnd="680000")

    assert refused.status_code == 409
    assert "Chỉ còn 4" in words(refused.data)
    names = [name for name in typed if name != "act"]
    assert {name: kept(refused.text, name) for name in names} == {name: [typed[name]] for name in names}
    assert not kept(refused.text, "shown_vnd")

    again = send(client, "/thanh-toan", {name: kept(refused.text, name)[0] for name in names}, act="agree")
    assert again.status_code == 200, words(again.data)
    assert {name: kept(again.text, name) for name in names} == {name: [typed[name]] for name in names}
    ordered = {name: kept(again.text, name)[0] for name in [*names, "shown_vnd"]}
    done = send(client, "/thanh-toan", ordered, act="order")
    assert done.status_code == 303, words(done.data)
    assert shop.free(shop.honey) == 0


def test_nothing_typed_is_lost_when_all_goods_are_sold_out(client: FlaskClient, shop: Shop, app: Flask) -> None:
    add(client, shop.honey)
    other = app.test_client()
    add(other, shop.honey, "5")
    send(other, "/thanh-toan", filled(shop, shown_vnd="630000"))

    for act in ("order", "agree", "price"):
        page = send(client, "/thanh-toan", filled(shop, act=act, shown_vnd="150000"))
        assert page.status_code == 409
        assert (kept(page.text, "name"), kept(page.text, "terms")) == (["Người mua mẫu"], ["y"])
    assert "Không món nào trong số này" in words(page.data)

    add(client, shop.rice)
    assert send(client, "/thanh-toan", filled(shop, act="price")).status_code == 200


def test_an_address_that_is_not_known_loses_nothing_of_how_it_is_paid(client: FlaskClient, shop: Shop) -> None:
    add(client, shop.rice)

    page = send(client, "/thanh-toan", filled(shop, shown_vnd="80000", commune="Không có xã này"))

    assert (kept(page.text, "method"), kept(page.text, "terms")) == (["vietqr"], ["y"])


def test_who_signs_in_on_the_way_to_pay_is_told_what_the_cart_of_the_account_brought(
    client: FlaskClient, shop: Shop, make: Factories, app: Flask
) -> None:
    person = make.user()
    elsewhere = signed_in(app, person)
    add(elsewhere, shop.rice, "3")
    add(elsewhere, shop.honey, "2")
    send(elsewhere, "/gio-hang", {f"loi-nhan-{shop.first}": "Xin gói kỹ"}, act=f"later:{shop.honey}")
    add(client, shop.rice)
    add(client, shop.honey)
    at_once = signed_in(app, person)
    cart = client.get_cookie("gio")
    assert cart is not None
    at_once.set_cookie("gio", cart.value)

    page = words(at_once.get("/thanh-toan").data)

    assert "Giỏ hàng của tài khoản cũng có hàng" in page
    assert "giờ bạn mua: 3 × " in page
    assert "Xin gói kỹ" in page
    assert shop.rows(select(CartLine.quantity).order_by(CartLine.trade_item_id)) == [3, 1]
    assert "Giỏ hàng của tài khoản" not in words(at_once.get("/thanh-toan").data)


def test_an_empty_cart_cannot_be_ordered(client: FlaskClient, shop: Shop) -> None:
    assert client.get("/thanh-toan").location == "/gio-hang"
    assert send(client, "/thanh-toan", filled(shop)).location == "/gio-hang"


# --- The page of an order -----------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["x", "0" * 26, "0" * 40])
def test_who_does_not_know_the_link_sees_nothing(client: FlaskClient, shop: Shop, token: str) -> None:
    bought(client, shop)

    assert client.get(f"/don-hang/{token}").status_code == 404
    assert client.get(f"/don-hang/{token}/1/huy").status_code == 404
    assert send(client, f"/don-hang/{token}/1/huy").status_code == 404


def test_cash_on_delivery_is_confirmed_at_once_and_names_its_batch(client: FlaskClient, shop: Shop) -> None:
    token = bought(client, shop, method="cod")

    page = client.get(f"/don-hang/{token}").data.decode()

    assert "/lo/" in page
    assert "Trả tiền mặt khi nhận hàng" in page
    assert {order.placement for order in shop.rows(select(Order))} == {Placement.CONFIRMED}


def test_a_buyer_calls_one_order_off_and_pays_the_other(client: FlaskClient, shop: Shop) -> None:
    token = bought(client, shop)
    assert client.get(f"/don-hang/{token}/1/huy").status_code == 200
    assert send(client, f"/don-hang/{token}/1/huy", reason="Đổi ý").status_code == 303
    assert send(client, f"/don-hang/{token}/1/huy").status_code == 409
    assert client.get(f"/don-hang/{token}/9/huy").status_code == 404

    page = client.get(f"/don-hang/{token}").data.decode()
    assert page.count('class="pay-code"') == 1
    assert shop.free(shop.rice) == 10


def test_of_one_payment_for_two_orders_less_is_asked_when_one_is_called_off(
    client: FlaskClient, shop: Shop, app: Flask, now: datetime, make: Factories
) -> None:
    office = make.office()
    with app.app_context(), transaction() as session:
        session.execute(update(BankAccount).values(is_active=False))
        session.add(BankAccount(organisation_id=office.id, bank_bin="970405", number="1", holder="MAU", added_at=now))
    token = bought(client, shop)
    assert shop.rows(select(Payment.amount_vnd)) == [280_000]

    send(client, f"/don-hang/{token}/1/huy")
    (payment,) = shop.rows(select(Payment))
    assert payment.amount_vnd == 150_000
    with app.app_context(), transaction():
        money = Arrived("FT-1", "statement", payment.payee_id, 280_000, payment.code, now)
        assert settling.record(money, now=now).outcome is CreditOutcome.MATCHED  # it was on its way already

    (payment,) = shop.rows(select(Payment))
    assert payment.state is PaymentState.PAID
    assert (payment.captured_vnd, payment.refunded_vnd) == (280_000, 130_000)
    assert "130.000" in words(client.get(f"/don-hang/{token}").data)


def test_letters_go_to_who_left_an_address(client: FlaskClient, shop: Shop, now: datetime) -> None:
    token = bought(client, shop, email="Mua@vidu.example")

    letters = [job.args for job in shop.rows(select(Job).where(Job.kind == "mail.send"))]

    assert [(letter["to"], letter["facts"]["what"]) for letter in letters] == [("mua@vidu.example", "placed")]
    until, _, day = letters[0]["facts"]["pay_until"].partition(" ")
    assert f"{until}, {day}" in words(client.get(f"/don-hang/{token}").data), "the letter and the page say the same"


def test_what_nobody_paid_for_is_free_again_when_its_time_is_over(
    client: FlaskClient, shop: Shop, app: Flask, now: datetime
) -> None:
    token = bought(client, shop)
    with app.app_context():
        assert buying_jobs.sweep(clock.now()) == 0
        assert buying_jobs.sweep(clock.now() + timedelta(hours=1)) == 1

    assert {order.cancel_cause for order in shop.rows(select(Order))} == {"time"}
    assert "quá hạn thanh toán" in words(client.get(f"/don-hang/{token}").data)


def test_pages_of_an_order_speak_english_too(client: FlaskClient, shop: Shop) -> None:
    token = bought(client, shop)

    for address in ("/gio-hang", f"/don-hang/{token}", f"/don-hang/{token}/1/huy"):
        page = client.get(f"{address}?lang=en")
        assert page.status_code == 200
        assert '<html lang="en">' in page.data.decode()


# --- Vouchers -----------------------------------------------------------------------------------------


def give_voucher(shop: Shop, now: datetime, **facts: Any) -> None:
    """Let the rice's producer take 20,000 đ off, once a buyer."""
    day = clock.business_date(now)
    with shop.app.app_context(), transaction() as session:
        terms = Terms(VoucherKind.AMOUNT, 20_000, day, day + timedelta(days=9), **facts)
        vouchers.make(session.get_one(Organisation, shop.first), "TET2027", terms, actor=SYSTEM, now=now)


def test_a_code_is_taken_off_before_one_orders_and_stands_on_the_page_of_the_order(
    client: FlaskClient, shop: Shop, now: datetime
) -> None:
    give_voucher(shop, now)
    add(client, shop.rice, "2")
    add(client, shop.honey)

    page = send(client, "/thanh-toan", filled(shop, act="price", voucher="tết 2027"))
    assert page.status_code == 200
    assert 'name="shown_vnd" value="260000"' in page.data.decode()
    assert "Giảm giá (TET2027) −20.000" in words(page.data)
    typed = filled(shop, voucher="tết 2027", shown_vnd="260000", shown_code="TET2027")
    answer = send(client, "/thanh-toan", typed)

    assert answer.status_code == 303, words(answer.data)
    assert "Giảm giá (TET2027) −20.000" in words(client.get(answer.location).data)
    assert shop.rows(select(Purchase.total_vnd)) == [260_000]


def test_a_code_that_changes_the_sum_orders_nothing_until_the_sum_was_seen(
    client: FlaskClient, shop: Shop, now: datetime
) -> None:
    give_voucher(shop, now)
    add(client, shop.rice, "2")

    page = send(client, "/thanh-toan", filled(shop, voucher="TET2027", shown_vnd="130000"))
    assert page.status_code == 200
    assert "Chưa đặt hàng." in words(page.data)
    assert 'name="shown_vnd" value="110000"' in page.data.decode()
    without = send(client, "/thanh-toan", filled(shop, shown_vnd="110000", shown_code="TET2027"))
    assert "Chưa đặt hàng." in words(without.data)
    assert shop.count(Purchase) == 0


@pytest.mark.parametrize("act", ["price", "order"])
@pytest.mark.parametrize(
    ("facts", "code", "said"),
    [
        ({}, "KHONGCO", "Không có mã giảm giá này."),
        ({}, "<b>%s</b>", "Không có mã giảm giá này."),
        ({"least_vnd": 500_000}, "TET2027", "từ 500.000 ₫; trong giỏ hiện có 100.000 ₫"),
        ({"stopped": True}, "TET2027", "Mã này không còn dùng được."),
        ({"used_up": True}, "TET2027", "Mã này đã hết lượt dùng."),
    ],
)
def test_why_a_code_takes_nothing_off_is_said_beside_it_and_nothing_typed_is_lost(
    client: FlaskClient, shop: Shop, now: datetime, act: str, facts: dict[str, Any], code: str, said: str
) -> None:
    is_stopped, is_used_up = facts.get("stopped"), facts.get("used_up")
    give_voucher(shop, now, most_uses=1, least_vnd=facts.get("least_vnd", 0))
    with shop.app.app_context(), transaction() as session:
        if is_stopped:
            session.execute(update(Voucher).values(stopped_at=now))
        if is_used_up:
            session.execute(update(Voucher).values(used=1))
    add(client, shop.rice, "2")

    page = send(client, "/thanh-toan", filled(shop, act=act, voucher=code, shown_vnd="130000"))

    assert page.status_code == 422
    text = page.data.decode()
    assert said in words(page.data)
    assert f'value="{escape(code)}"' in text
    assert "Số 1, phố Mẫu" in text
    assert 'name="shown_vnd" value="130000"' in text
    assert shop.count(Purchase) == 0
    with shop.app.app_context(), transaction() as session:
        session.execute(update(Voucher).values(used=0))


def test_a_code_that_ran_out_between_looking_and_ordering_is_told_and_not_dropped(
    client: FlaskClient, shop: Shop, app: Flask, now: datetime
) -> None:
    give_voucher(shop, now, most_uses=1)
    other = app.test_client()
    for buyer in (client, other):
        add(buyer, shop.rice, "2")
        page = send(buyer, "/thanh-toan", filled(shop, act="price", voucher="TET2027"))
        assert 'value="110000"' in page.data.decode()
    typed = filled(shop, voucher="TET2027", shown_vnd="110000", shown_code="TET2027")
    assert send(other, "/thanh-toan", typed).status_code == 303

    page = send(client, "/thanh-toan", typed)
    assert page.status_code == 422
    assert "Mã này đã hết lượt dùng." in words(page.data)
    assert 'value="TET2027"' in page.data.decode()
    assert 'name="shown_vnd" value="130000"' in page.data.decode()
    answer = send(client, "/thanh-toan", filled(shop, voucher="", shown_vnd="130000", shown_code=""))
    assert answer.status_code == 303
    assert sorted(shop.rows(select(Purchase.total_vnd))) == [110_000, 130_000]


def test_one_telephone_number_is_told_that_it_had_the_code_already(
    client: FlaskClient, shop: Shop, now: datetime
) -> None:
    give_voucher(shop, now, most_per_buyer=1)
    typed = filled(shop, voucher="TET2027", shown_vnd="110000", shown_code="TET2027")
    add(client, shop.rice, "2")
    assert send(client, "/thanh-toan", typed).status_code == 303
    add(client, shop.rice, "2")

    page = send(client, "/thanh-toan", {**typed, "phone": "+84 900 000 001"})

    assert page.status_code == 422
    assert "Số điện thoại này đã dùng hết số lượt của mã này." in words(page.data)


# --- Invoices ---------------------------------------------------------------------------------------


def test_an_invoice_is_asked_for_at_the_checkout(client: FlaskClient, shop: Shop, app: Flask) -> None:
    add(client, shop.rice)
    typed = filled(
        shop,
        shown_vnd="80000",
        invoice_name="Công ty mẫu",
        invoice_tax_code="0100109106",
        invoice_address="Số 1, Hà Nội",
        invoice_email="ketoan@demo.example",
    )

    wrong = send(client, "/thanh-toan", {**typed, "invoice_tax_code": "0100109107"})
    assert wrong.status_code == 422
    assert "Mã số thuế có 10 chữ số" in wrong.text
    assert "ketoan@demo.example" in wrong.text
    half = send(client, "/thanh-toan", {**typed, "invoice_name": ""})
    assert half.status_code == 422
    assert "Hãy ghi hóa đơn xuất cho ai" in half.text
    bought = send(client, "/thanh-toan", typed)

    assert bought.status_code == 303
    page = client.get(bought.location).text
    assert "Công ty mẫu" in page
    assert "0100109106" in page
