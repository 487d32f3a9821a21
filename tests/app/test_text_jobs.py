"""Buyers who left no e-mail get one text message for each thing that happens, where a gateway is configured."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from app.config import BadSetting, Config
from kernel import jobs
from kernel.db import db, transaction
from kernel.models import Job
from storefront import ordering, short_messages, zalo
from storefront.order_models import Contact, PaymentMethod, Purchase
from storefront.text_gateway import BODY, JsonGateway
from storefront.zalo import Zalo
from tests.factories import Factories
from tests.orders import PHONE, Shop, buy, open_shop
from tests.peers import Peer


@pytest.fixture
def gateway(app: Flask) -> Iterator[Peer]:
    """The gateway of this shop."""
    gateway = Peer()
    short_messages.use(JsonGateway(gateway.url + "/send", "s3cret", "OCOPBATO"))
    yield gateway
    short_messages.use()
    gateway.stop()


@pytest.fixture
def shop(app: Flask, make: Factories, now) -> Shop:
    return open_shop(make, app, now)


def run(app: Flask, now) -> None:
    with app.app_context():
        while jobs.run_one(now) is not None:
            pass


def test_a_buyer_without_an_email_is_told_once_by_a_text_message(app: Flask, shop: Shop, gateway: Peer, now) -> None:
    with app.app_context():
        purchase = buy(shop, now, (shop.rice, 2))
        token = purchase.token

    run(app, now)
    run(app, now)

    [(headers, body)] = gateway.told
    assert headers["Authorization"] == "Bearer s3cret"
    assert headers["Idempotency-Key"] == body["reference"] == "order:placed:DH-000001:"
    assert (body["to"], body["from"]) == (PHONE, "OCOPBATO")
    assert body["text"].startswith("OCOP Ba To: da nhan don DH-000001, 130.000 d. Xem don: http")
    assert body["text"].endswith(f"/don-hang/{token}")
    assert len(body["text"]) <= 160


def test_it_is_written_in_the_buyers_language(app: Flask, shop: Shop, gateway: Peer, now) -> None:
    with app.app_context():
        purchase_id = buy(shop, now, (shop.rice, 1), method=PaymentMethod.VIETQR, paid=False).id
        with transaction():
            purchase = db.session.get_one(Purchase, purchase_id)
            purchase.language = "en"
            ordering.cancel(purchase.orders[0], cause="buyer", now=now)

    run(app, now)

    assert [body["text"].partition(" http")[0] for _, body in gateway.told] == [
        "OCOP Ba To: da nhan don DH-000001, 80.000 d. Xem don:",
        "OCOP Ba To: order DH-000001-1 is cancelled. Why, and what becomes of the money:",
    ]


def test_who_left_an_email_gets_a_letter_only(app: Flask, shop: Shop, gateway: Peer, now) -> None:
    with app.app_context():
        purchase = buy(shop, now, (shop.rice, 1))
        with transaction():
            db.session.get_one(Contact, purchase.id).email = "mau@buyer.example"

    run(app, now)

    assert gateway.told == []


def test_a_number_that_was_erased_is_not_written_to(app: Flask, shop: Shop, gateway: Peer, now) -> None:
    with app.app_context():
        purchase = buy(shop, now, (shop.rice, 1))
        with transaction() as session:
            session.delete(db.session.get_one(Contact, purchase.id))

    run(app, now)

    assert gateway.told == []
    with app.app_context():
        assert db.session.query(Job).filter_by(kind=short_messages.JOB).one().done_at is not None


@pytest.mark.parametrize("status", [500, 503, 429, 400, 302])
def test_what_the_gateway_does_not_take_is_sent_again_with_the_same_key(
    app: Flask, shop: Shop, gateway: Peer, now, status: int
) -> None:
    with app.app_context():
        buy(shop, now, (shop.rice, 1))
    gateway.answer = (status, b"")
    run(app, now)
    with app.app_context():
        job = db.session.query(Job).filter_by(kind=short_messages.JOB).one()
        assert job.done_at is None
        assert f"status:{status}" in (job.last_error or "")
        assert "s3cret" not in (job.last_error or "")
        again = job.run_at

    gateway.answer = (200, b"")
    run(app, again)

    first, second = gateway.told
    assert first[0]["Idempotency-Key"] == second[0]["Idempotency-Key"]
    with app.app_context():
        assert db.session.query(Job).filter_by(kind=short_messages.JOB).one().args == {}


def test_without_a_gateway_nothing_is_sent_and_the_producer_is_asked_to_call(
    app: Flask, shop: Shop, make: Factories, now
) -> None:
    with app.app_context():
        number = buy(shop, now, (shop.rice, 1)).orders[0].number
        assert db.session.query(Job).filter_by(kind=short_messages.JOB).count() == 0

    page = make.client(shop.a).get(f"/quan-tri/don-hang/{number}").text

    assert "có gì thay đổi xin gọi điện" in page


GIVEN = {"SMS_GATEWAY_URL": "https://sms.example/v1/", "SMS_GATEWAY_TOKEN": "token", "SMS_SENDER": "OCOPBATO"}
KEY = {"SECRET_KEY": "k" * 40}


def test_the_gateway_is_read_from_the_environment() -> None:
    assert Config.from_environment(KEY).texts == ()
    assert Config.from_environment({**KEY, **GIVEN}).texts == (
        JsonGateway("https://sms.example/v1/", "token", "OCOPBATO", dict(BODY)),
    )


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"SMS_GATEWAY_TOKEN": ""}, "SMS_GATEWAY_TOKEN"),
        ({"SMS_SENDER": ""}, "SMS_SENDER"),
        ({"SMS_SENDER": "OCOP của Ba Tơ"}, "SMS_SENDER"),
        ({"SMS_SENDER": "OCOPBATOQUANGNGAI"}, "SMS_SENDER"),
        ({"SMS_GATEWAY_URL": "sms.example"}, "SMS_GATEWAY_URL"),
        ({"SMS_GATEWAY_URL": ""}, "SMS_GATEWAY_URL"),
        ({"SMS_GATEWAY_BODY": "{"}, "SMS_GATEWAY_BODY"),
        ({"SMS_GATEWAY_BODY": '["{text}", "{to}"]'}, "SMS_GATEWAY_BODY"),
        ({"SMS_GATEWAY_BODY": '{"text": "{text}"}'}, "SMS_GATEWAY_BODY"),
    ],
)
def test_a_gateway_that_cannot_be_used_is_refused_at_the_start(wrong: dict[str, str], name: str) -> None:
    with pytest.raises(BadSetting, match=name):
        Config.from_environment({**KEY, **GIVEN, **wrong})


def test_a_body_alone_is_refused() -> None:
    with pytest.raises(BadSetting, match="SMS_GATEWAY_URL"):
        Config.from_environment({**KEY, "SMS_GATEWAY_BODY": '{"text": "{text}", "to": "{to}"}'})


# --- Zalo before the gateway --------------------------------------------------------------------------

TEMPLATES = {"order:placed": zalo.Template("330875"), "order:cancelled": zalo.Template("330876")}
TAKEN = (200, {"error": 0, "message": "Success", "data": {"msg_id": "a1"}})


@pytest.fixture
def account(gateway: Peer) -> Iterator[Peer]:
    """An account of Zalo, asked before the gateway."""
    account = Peer(TAKEN)
    texts = short_messages.senders()
    short_messages.use(Zalo(TEMPLATES, "a-token-of-zalo", api=account.url), *texts)
    yield account
    account.stop()


def test_a_buyer_is_told_by_zalo_where_a_template_says_it(app: Flask, shop: Shop, account: Peer, gateway, now) -> None:
    with app.app_context():
        purchase = buy(shop, now, (shop.rice, 2))
        token = purchase.token
    run(app, now)

    [(headers, body)] = account.told
    assert headers["access_token"] == "a-token-of-zalo"
    assert "Authorization" not in headers
    assert (body["phone"], body["template_id"], body["tracking_id"]) == (
        PHONE.removeprefix("+"),
        "330875",
        "order-placed-DH-000001",
    )
    assert body["template_data"]["number"] == "DH-000001"
    assert body["template_data"]["amount"].startswith("130.000")
    assert body["template_data"]["link"].endswith(f"/don-hang/{token}")
    assert gateway.told == []


@pytest.mark.parametrize("answer", [(200, {"error": -118, "message": "no account"}), (401, b""), (400, {"error": -1})])
def test_what_zalo_refuses_goes_by_text_message(
    app: Flask, shop: Shop, account: Peer, gateway: Peer, now, answer: tuple[int, object]
) -> None:
    account.answer = answer
    with app.app_context():
        buy(shop, now, (shop.rice, 2))
    run(app, now)

    assert len(account.told) == len(gateway.told) == 1
    with app.app_context():
        assert db.session.query(Job).filter_by(kind=short_messages.JOB).one().done_at is not None


def test_what_has_no_template_goes_by_text_message(app: Flask, shop: Shop, account: Peer, gateway: Peer, now) -> None:
    with app.app_context():
        buy(shop, now, (shop.rice, 2), method=PaymentMethod.VIETQR)
    run(app, now)

    assert [body["template_id"] for _, body in account.told] == ["330875"]
    assert ["xac nhan" in body["text"] for _, body in gateway.told] == [True]


@pytest.mark.parametrize("answer", [(503, b""), (200, b"<html>"), (200, [])])
def test_who_may_have_been_told_is_not_told_otherwise(
    app: Flask, shop: Shop, account: Peer, gateway: Peer, now, answer: tuple[int, object]
) -> None:
    account.answer = answer
    with app.app_context():
        buy(shop, now, (shop.rice, 2))
    run(app, now)

    assert gateway.told == []
    with app.app_context():
        job = db.session.query(Job).filter_by(kind=short_messages.JOB).one()
        assert job.done_at is None
        assert "a-token-of-zalo" not in (job.last_error or "")


ZALO = {"ZALO_ACCESS_TOKEN": "a-token-of-zalo", "ZALO_TEMPLATES": '{"order:placed": "330875"}'}


def test_zalo_is_read_from_the_environment_and_asked_first() -> None:
    texts = Config.from_environment({**KEY, **GIVEN, **ZALO}).texts

    assert texts[0] == Zalo({"order:placed": zalo.Template("330875", dict(zalo.DATA))}, "a-token-of-zalo")
    assert isinstance(texts[1], JsonGateway)
    assert "a-token-of-zalo" not in repr(texts)


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"ZALO_ACCESS_TOKEN": ""}, "ZALO_ACCESS_TOKEN"),
        ({"ZALO_ACCESS_TOKEN": "two words of it"}, "ZALO_ACCESS_TOKEN"),
        ({"ZALO_TOKEN_FILE": "/nowhere"}, "ZALO_TOKEN_FILE"),
        ({"ZALO_ACCESS_TOKEN": "", "ZALO_TOKEN_FILE": "/nowhere"}, "ZALO_TOKEN_FILE"),
        ({"ZALO_TEMPLATES": ""}, "ZALO_TEMPLATES"),
        ({"ZALO_TEMPLATES": "{"}, "ZALO_TEMPLATES"),
        ({"ZALO_TEMPLATES": "[]"}, "ZALO_TEMPLATES"),
        ({"ZALO_TEMPLATES": '{"order:eaten": "1"}'}, "ZALO_TEMPLATES"),
        ({"ZALO_TEMPLATES": '{"order:placed": "abc"}'}, "ZALO_TEMPLATES"),
        ({"ZALO_TEMPLATES": '{"order:placed": {"id": "1", "data": {"a": 1}}}'}, "ZALO_TEMPLATES"),
        ({"ZALO_TEMPLATES": '{"order:placed": {"id": "1", "data": []}}'}, "ZALO_TEMPLATES"),
        ({"ZALO_API_BASE": "zalo"}, "ZALO_API_BASE"),
    ],
)
def test_an_account_of_zalo_that_cannot_be_right_stops_the_start(wrong: dict[str, str], name: str) -> None:
    with pytest.raises(BadSetting, match=name):
        Config.from_environment({**KEY, **ZALO, **wrong})
