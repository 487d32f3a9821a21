"""One letter when goods are back: to a proved address, once, and then no more."""

from __future__ import annotations

from datetime import datetime, timedelta

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


def arrive(make: Factories, product: Product, app: Flask) -> None:
    """Let goods come into the producer's warehouse."""
    with app.app_context():
        producer = db.session.get_one(Organisation, product.producer_id)
    place = make.location(producer, LocationKind.WAREHOUSE)
    make.on_hand(make.batch(make.item(product), quantity=5).lot_id, place, producer, 5)


def told(app: Flask, template: str) -> list[str]:
    with app.app_context():
        found = db.session.scalars(select(Job).where(Job.kind == "mail.send").order_by(Job.id))
        return [job.args["to"] for job in found if job.args["template"] == template]


def asked(product: Product, now: datetime, email: str = EMAIL, *, confirmed: bool = True) -> None:
    with transaction():
        row = db.session.get_one(Product, product.id)
        stock_notices.ask(row, email, language="vi", is_proved=confirmed, now=now)


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
