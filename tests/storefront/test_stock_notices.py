"""One letter when goods are back: to a proved address, once, and then no more."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from accounts.models import Organisation
from app import after_jobs
from catalog.models import Product
from kernel.db import db, transaction
from kernel.models import Job
from stock.models import LocationKind
from storefront import stock_notices
from storefront.after_models import StockNotice
from tests.factories import Factories
from tests.races import race
from tests.web import send

EMAIL = "cho@demo.example"


@pytest.fixture
def rice(make: Factories) -> Product:
    """Goods that are sold out."""
    return make.product(slug="gao-ray-mau")


def owner_of(app: Flask, product: Product) -> Organisation:
    with app.app_context():
        return db.session.get_one(Organisation, product.producer_id)


def arrive(make: Factories, product: Product, app: Flask) -> None:
    """Let goods come into the producer's warehouse."""
    producer = owner_of(app, product)
    place = make.location(producer, LocationKind.WAREHOUSE)
    make.on_hand(make.batch(make.item(product), quantity=5).lot_id, place, producer, 5)


def letters(app: Flask, template: str) -> list[dict[str, Any]]:
    with app.app_context():
        found = db.session.scalars(select(Job).where(Job.kind == "mail.send").order_by(Job.id))
        return [job.args for job in found if job.args["template"] == template]


def told(app: Flask, template: str) -> list[str]:
    return [args["to"] for args in letters(app, template)]


def asked(
    product: Product, now: datetime, email: str = EMAIL, *, item_id: int | None = None, confirmed: bool = True
) -> None:
    with transaction():
        row = db.session.get_one(Product, product.id)
        stock_notices.ask(row, email, item_id=item_id, language="vi", is_proved=confirmed, now=now)


def test_the_letter_goes_once_to_a_proved_address(
    app: Flask, client: FlaskClient, make: Factories, rice: Product, now: datetime
) -> None:
    assert "Báo tôi khi có hàng" in client.get("/san-pham/gao-ray-mau").text
    assert send(client, "/san-pham/gao-ray-mau/bao-co-hang", email="no e-mail").status_code == 422
    assert send(client, "/san-pham/gao-ray-mau/bao-co-hang", email=EMAIL).status_code == 303
    assert send(client, "/san-pham/gao-ray-mau/bao-co-hang", email=EMAIL).status_code == 303
    assert told(app, "stock_confirm") == [EMAIL], "asked for twice, written once"
    arrive(make, rice, app)
    with app.app_context():
        assert after_jobs.send_some(now) == 0, "nobody has proved the address"
        token = db.session.scalars(select(StockNotice.token)).one()
    assert "Có, hãy viết cho tôi" in client.get(f"/bao-co-hang/{token}").text
    assert send(client, f"/bao-co-hang/{token}/xac-nhan").status_code == 303

    with app.app_context():
        assert after_jobs.send_some(now) == 1
        assert after_jobs.send_some(now) == 0

    assert told(app, "stock_back") == [EMAIL]
    assert send(client, f"/bao-co-hang/{token}/thoi").status_code == 200
    assert client.get(f"/bao-co-hang/{token}").status_code == 404
    with app.app_context():
        assert db.session.scalar(select(func.count(StockNotice.id))) == 0


def test_who_asks_after_another_has_stopped_gets_a_letter_too(ctx: Flask, rice: Product, now: datetime) -> None:
    for email in (EMAIL, "hai@demo.example", EMAIL):
        asked(rice, now, email, confirmed=False)
        with transaction() as session:
            stock_notices.stop(session.scalars(select(StockNotice)).one())

    assert told(ctx, "stock_confirm") == [EMAIL, "hai@demo.example", EMAIL]


def test_goods_that_are_there_or_not_sold_need_no_notice(
    app: Flask, client: FlaskClient, make: Factories, rice: Product, now: datetime
) -> None:
    arrive(make, rice, app)
    make.product(slug="khong-gia", price_vnd=None)

    assert send(client, "/san-pham/gao-ray-mau/bao-co-hang", email=EMAIL).status_code == 409
    assert send(client, "/san-pham/khong-gia/bao-co-hang", email=EMAIL).status_code == 303
    assert send(client, "/san-pham/khong-co/bao-co-hang", email=EMAIL).status_code == 404
    assert client.get("/bao-co-hang/khong-co").status_code == 404


def test_one_size_is_waited_for_while_another_is_there(
    app: Flask, client: FlaskClient, make: Factories, rice: Product, now: datetime
) -> None:
    arrive(make, rice, app)
    bag = make.size_of(rice, "túi 300 g")
    page = client.get("/san-pham/gao-ray-mau").text
    link = f"/san-pham/gao-ray-mau/bao-co-hang?goi={bag.id}"

    assert re.findall(r'href="([^"]*bao-co-hang[^"]*)"', page) == [link]
    assert "Gạo rẫy mẫu, túi 300 g" in client.get(link).text
    answer = send(client, link, email=EMAIL)
    assert (answer.status_code, answer.location) == (303, f"/san-pham/gao-ray-mau/bao-co-hang/da-ghi?goi={bag.id}")
    assert "túi 300 g" in client.get(answer.location).text
    with app.app_context():
        token = db.session.scalars(select(StockNotice.token)).one()
    assert "túi 300 g" in client.get(f"/bao-co-hang/{token}").text
    send(client, f"/bao-co-hang/{token}/xac-nhan")
    with app.app_context():
        assert after_jobs.send_some(now) == 0, "the other size is there, this one is not"
    place = make.location(owner_of(app, rice), LocationKind.WAREHOUSE)
    make.on_hand(make.batch(bag, quantity=3).lot_id, place, owner_of(app, rice), 3)

    with app.app_context():
        assert after_jobs.send_some(now) == 1
        assert after_jobs.send_some(now) == 0

    (letter,) = letters(app, "stock_back")
    assert letter["facts"]["goods"] == {"vi": "Gạo rẫy mẫu, túi 300 g", "en": "Gạo rẫy mẫu, túi 300 g"}
    assert send(client, link, email=EMAIL).status_code == 409


def test_the_product_and_each_size_are_notices_of_their_own(
    ctx: Flask, make: Factories, rice: Product, now: datetime
) -> None:
    bag, first = make.size_of(rice, "túi 300 g"), make.item(rice)
    for item_id in (None, bag.id, first.id, None, bag.id):
        asked(rice, now, item_id=item_id)
    arrive(make, rice, ctx)

    assert after_jobs.send_some(now) == 2

    waiting = db.session.scalars(select(StockNotice).where(StockNotice.sent_at.is_(None))).all()
    assert [row.trade_item_id for row in waiting] == [bag.id]


def test_a_size_of_other_goods_or_of_none_has_no_notice(client: FlaskClient, make: Factories, rice: Product) -> None:
    hidden, other = make.size_of(rice, "bao 5 kg", on_show=False), make.item(make.product(slug="khac"))

    for named in (hidden.id, other.id, 99_999, "0", "-1", "x", "9" * 30):
        link = f"/san-pham/gao-ray-mau/bao-co-hang?goi={named}"
        assert client.get(link).status_code == 404
        assert client.get(f"/san-pham/gao-ray-mau/bao-co-hang/da-ghi?goi={named}").status_code == 404


def test_a_size_that_was_never_on_show_keeps_nobody_waiting(
    ctx: Flask, make: Factories, rice: Product, now: datetime
) -> None:
    make.size_of(rice, "bao 5 kg", on_show=False)
    asked(rice, now)
    arrive(make, rice, ctx)

    assert after_jobs.send_some(now) == 1


def test_two_workers_write_one_letter(app: Flask, make: Factories, rice: Product, now: datetime) -> None:
    with app.app_context():
        asked(rice, now)
        asked(rice, now, "hai@demo.example")
    arrive(make, rice, app)

    answers = race(app, 4, lambda _number: after_jobs.send_some(now))

    assert sum(answers) == 2
    assert sorted(told(app, "stock_back")) == [EMAIL, "hai@demo.example"]


def test_addresses_are_forgotten_in_time(ctx: Flask, make: Factories, rice: Product, now: datetime) -> None:
    asked(rice, now, confirmed=False)
    asked(rice, now, "hai@demo.example")
    arrive(make, rice, ctx)
    after_jobs.send_some(now)

    after_jobs.send_some(now + timedelta(days=8))
    assert [row.email for row in db.session.scalars(select(StockNotice))] == ["hai@demo.example"]
    after_jobs.send_some(now + timedelta(days=31))
    assert db.session.scalar(select(func.count(StockNotice.id))) == 0


def test_nobody_waits_longer_than_a_year(ctx: Flask, rice: Product, now: datetime) -> None:
    asked(rice, now)

    after_jobs.send_some(now + timedelta(days=364))
    assert db.session.scalar(select(func.count(StockNotice.id))) == 1
    after_jobs.send_some(now + timedelta(days=366))
    assert db.session.scalar(select(func.count(StockNotice.id))) == 0


def test_who_had_a_letter_can_ask_anew(ctx: Flask, make: Factories, rice: Product, now: datetime) -> None:
    asked(rice, now)
    with transaction() as session:
        session.scalars(select(StockNotice)).one().sent_at = now
    asked(rice, now + timedelta(days=1))

    row = db.session.scalars(select(StockNotice)).one()

    assert (row.sent_at, row.confirmed_at) == (None, now + timedelta(days=1))


def test_every_letter_about_accounts_and_goods_can_be_written(
    app: Flask, make: Factories, rice: Product, now: datetime
) -> None:
    from app.mail import compose

    facts = {"name": "Lan", "path": "/x", "stop": "abc", "goods": {"vi": "Gạo", "en": "Rice"}}
    with app.app_context():
        for template in ("sign_up", "account_exists", "prove_email", "stock_confirm", "stock_back"):
            for language in ("vi", "en"):
                letter = compose(
                    app.config["OCOP"], template=template, to=EMAIL, language=language, facts=facts, now=now
                )
                assert "http://shop.test/x" in letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
                assert letter["Subject"]
