"""A configured carrier is told of a parcel after it was packed; what it tells back moves the parcel on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.config import BadSetting, Config
from kernel import jobs
from kernel.db import db
from kernel.models import Job
from storefront.carriers import booking, ghn
from storefront.order_models import Parcel, ParcelState
from tests.factories import Factories
from tests.orders import open_shop, order_of
from tests.peers import Peer
from tests.web import send

SECRET = "s" * 32
CODE = "FFFNL9HH"


@pytest.fixture
def peer(app: Flask) -> Iterator[Peer]:
    """GHN, as far as this shop is concerned."""
    peer = Peer((200, {"code": 200, "data": {"order_code": CODE}}))
    config = app.config["OCOP"]
    booking.configure([ghn.Ghn(token="token", shop_id="885", api=peer.url)])
    app.config["OCOP"] = replace(config, carrier_notice_secret=SECRET)
    yield peer
    app.config["OCOP"] = config
    booking.configure(())
    peer.stop()


@pytest.fixture
def number(app: Flask, make: Factories, peer: Peer, now) -> str:
    """A parcel packed for GHN."""
    shop = open_shop(make, app, now)
    with app.app_context():
        order = order_of(shop, now, 2).number
    packed = send(make.client(shop.a), f"/quan-tri/don-hang/{order}/dong-goi", carrier="ghn")
    assert packed.status_code == 303
    return "KH-000001"


def parcel(app: Flask) -> Parcel:
    with app.app_context():
        return db.session.query(Parcel).one()


def run(app: Flask, now) -> None:
    with app.app_context():
        while jobs.run_one(now) not in (None, booking.JOB):
            pass


def test_a_carrier_is_told_once_and_its_code_is_written_down(app: Flask, peer: Peer, number: str, now) -> None:
    run(app, now)
    run(app, now)

    assert parcel(app).code == CODE
    [(_, told)] = peer.told
    assert told["client_order_code"] == number
    assert told["cod_amount"] == 130_000


def test_what_a_carrier_refuses_is_a_note_on_the_parcel(app: Flask, peer: Peer, number: str, now) -> None:
    peer.answer = (400, {"code": 400, "message": "Ward is wrong"})

    run(app, now)

    assert parcel(app).code is None
    with app.app_context():
        assert [step.note for step in db.session.query(Parcel).one().steps if step.note] == ["ghn: Ward is wrong"]


@pytest.mark.parametrize("answer", [(500, {}), (502, b"<html>")])
def test_a_carrier_that_is_down_is_told_again(app: Flask, peer: Peer, number: str, now, answer: Any) -> None:
    peer.answer = answer

    run(app, now)

    with app.app_context():
        job = db.session.query(Job).filter_by(kind=booking.JOB).one()
        assert job.done_at is None
        assert job.run_at > now


def test_an_answer_that_is_no_json_is_a_note(app: Flask, peer: Peer, number: str, now) -> None:
    peer.answer = (200, b"<html>")

    run(app, now)

    with app.app_context():
        assert any("JSON" in step.note for step in db.session.query(Parcel).one().steps)


def test_a_carrier_that_is_not_configured_is_told_nothing(app: Flask, make: Factories, peer: Peer, now) -> None:
    shop = open_shop(make, app, now)
    with app.app_context():
        order = order_of(shop, now, 2).number
    send(make.client(shop.a), f"/quan-tri/don-hang/{order}/dong-goi", carrier="vnpost")

    run(app, now)

    assert peer.told == []


def tell(client: FlaskClient, body: Any, *, carrier: str = "ghn", secret: str = SECRET) -> int:
    return client.post(f"/van-chuyen/{carrier}?hash={secret}", json=body).status_code


def test_what_a_carrier_tells_moves_the_parcel_on(app: Flask, client: FlaskClient, number: str, now) -> None:
    run(app, now)

    assert tell(client, {"OrderCode": CODE, "Status": "picked"}) == 200
    assert parcel(app).state is ParcelState.PICKED_UP
    assert tell(client, {"OrderCode": CODE, "Status": "delivered"}) == 200
    assert tell(client, {"OrderCode": CODE, "Status": "picked"}) == 200  # late: a note
    assert tell(client, {"OrderCode": CODE, "Status": "no_such_word"}) == 200
    assert parcel(app).state is ParcelState.DELIVERED


def test_notices_that_are_not_right_change_nothing(app: Flask, client: FlaskClient, number: str, now) -> None:
    run(app, now)

    assert tell(client, {"OrderCode": CODE, "Status": "delivered"}, secret="t" * 32) == 404
    assert tell(client, {"OrderCode": CODE, "Status": "delivered"}, carrier="pigeon") == 404
    assert tell(client, {"OrderCode": "OTHER", "Status": "delivered"}) == 404
    assert tell(client, []) == 400
    assert tell(client, {"Status": "delivered"}) == 400
    broken = client.post(f"/van-chuyen/ghn?hash={SECRET}", data=b"{", content_type="application/json")
    assert broken.status_code == 400
    assert client.post(f"/van-chuyen/ghn?hash={SECRET}", data=b"x" * 300_000).status_code == 413
    assert parcel(app).state is ParcelState.CREATED


def test_without_a_secret_nobody_tells_anything(app: Flask, client: FlaskClient) -> None:
    assert tell(client, {"OrderCode": CODE, "Status": "picked"}, secret="") == 404


def settings(tmp_path: Path, **values: str) -> Config:
    return Config.from_environment(
        {
            "APP_ENV": "test",
            "SECRET_KEY": "k" * 32,
            "MEDIA_ROOT": str(tmp_path),
            "LOG_SIGNING_KEY": "A" * 43 + "=",
            **values,
        }
    )


def test_carriers_are_off_until_they_are_configured(tmp_path: Path) -> None:
    assert settings(tmp_path).carriers == ()
    configured = settings(
        tmp_path,
        GHN_TOKEN="t", GHN_SHOP_ID="885", GHTK_TOKEN="t", GHTK_PARTNER_CODE="S1", VIETTEL_POST_TOKEN="t",
        VIETTEL_POST_SERVICE="VCN", VNPOST_USERNAME="u", VNPOST_PASSWORD="p", VNPOST_CUSTOMER_CODE="T1",
        VNPOST_SERVICE="CTN009", CARRIER_NOTICE_SECRET=SECRET,
    )  # fmt: skip
    assert [carrier.key for carrier in configured.carriers] == ["ghn", "ghtk", "viettel_post", "vnpost"]


@pytest.mark.parametrize(
    "values",
    [
        {"GHN_TOKEN": "t"},
        {"GHN_TOKEN": "t", "GHN_SHOP_ID": "shop"},
        {"GHTK_TOKEN": "t t", "GHTK_PARTNER_CODE": "S1"},
        {"VIETTEL_POST_SERVICE": "VCN"},
        {"VNPOST_USERNAME": "u", "VNPOST_PASSWORD": "p"},
        {"GHN_TOKEN": "t", "GHN_SHOP_ID": "1", "GHN_API_BASE": "ftp://x"},
        {"CARRIER_NOTICE_SECRET": "short"},
    ],
)
def test_malformed_settings_of_carriers_stop_the_start(tmp_path: Path, values: dict[str, str]) -> None:
    with pytest.raises(BadSetting):
        settings(tmp_path, **values)
