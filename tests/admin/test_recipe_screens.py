"""Recipes and yields on the screens: the producer sets, the office looks and clears."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace

import pytest
from flask import Flask

from kernel.db import db
from tests.factories import Factories
from tests.web import send
from traceability.models import BalanceFlag, Lot, Recipe

BASE = "/quan-tri/cong-thuc"
KEY = "3f0f7a3e-3f6a-4a3d-9a64-1a1c1c1c1c1c"


@pytest.fixture
def world(make: Factories) -> SimpleNamespace:
    """A producer with 100 kg of rice, and the office over it."""
    producer = make.producer("Hợp tác xã mẫu")
    return SimpleNamespace(
        producer=producer,
        item=make.item(make.product(producer)),
        raw=make.raw_lot(producer, number="LUA-1", quantity=100_000),
        client=make.client(producer),
        office=make.client(make.office()),
    )


def milled(world: SimpleNamespace, quantity: str, number: str = "BOT-1"):
    """Send the form of a making of flour from 10 kg of rice."""
    form = {
        "name": "Bột gạo",
        "number": number,
        "quantity": quantity,
        "unit": "kg",
        "day": "hom-nay",
        f"lot_{world.raw.id}": "10",
        "request_key": KEY[:-2] + number[-2:].replace("-", "0"),
    }
    return send(world.client, "/quan-tri/nguyen-lieu/lam", form)


def test_more_out_than_in_is_refused_beside_the_quantity_in_units_people_use(
    world: SimpleNamespace, app: Flask
) -> None:
    answer = milled(world, "10,5")

    assert answer.status_code == 422
    assert 'id="quantity-error"' in answer.text
    assert "10,5\u00a0kg" in answer.text
    assert 'value="10,5"' in answer.text, "what was typed stays"
    with app.app_context():
        assert db.session.get_one(Lot, world.raw.id).used == 0


def test_a_recipe_is_set_looked_at_and_a_yield_out_of_range_cleared(
    world: SimpleNamespace, app: Flask, now: datetime
) -> None:
    recipe = {"material": "Bột gạo", "least": "80", "most": "95,5"}
    assert send(world.client, f"{BASE}/sua", recipe).status_code == 303
    assert "80–95,5 %" in world.client.get(BASE).text
    assert "Bột gạo" in world.office.get(BASE).text
    with app.app_context():
        recipe_id = db.session.query(Recipe.id).scalar()
    assert "1" in world.office.get("/quan-tri").text
    assert send(world.office, f"{BASE}/{recipe_id}/da-xem").status_code == 303

    assert milled(world, "5").status_code == 303
    listed = world.office.get(f"{BASE}/can-doi").text
    assert "BOT-1" in listed
    assert "50 %" in listed
    with app.app_context():
        flag = db.session.query(BalanceFlag).one()
        flag_id, lot_id = flag.id, flag.lot_id
    shown = world.client.get(f"/quan-tri/nguyen-lieu/{lot_id}").text
    assert "Ít hơn công thức" in shown
    assert send(world.office, f"{BASE}/can-doi/{flag_id}", reason=" ").status_code == 422
    assert send(world.office, f"{BASE}/can-doi/{flag_id}", reason="Gạo mốc").status_code == 303
    assert send(world.office, f"{BASE}/can-doi/{flag_id}", reason="Nữa").status_code == 409
    assert "BOT-1" not in world.office.get(f"{BASE}/can-doi").text
    assert "Gạo mốc" in world.office.get(f"{BASE}/can-doi?tat-ca=1").text
    assert "Gạo mốc" in world.client.get(f"/quan-tri/nguyen-lieu/{lot_id}").text
    assert "Gạo mốc" in world.office.get(f"{BASE}/can-doi?tat-ca=1&dang=csv").text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"material": "", "item": ""}, "material"),
        ({"least": ""}, "least"),
        ({"least": "abc"}, "least"),
        ({"most": "120"}, "most"),
        ({"adds_other": "y"}, "other"),
    ],
)
def test_what_is_wrong_with_a_recipe_is_said_beside_its_field(
    world: SimpleNamespace, fields: dict[str, str], field: str
) -> None:
    answer = send(world.client, f"{BASE}/sua", {"material": "Bột gạo", "least": "80", "most": "95", **fields})

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text


def test_a_recipe_with_water_may_go_above_the_whole_and_is_for_ones_own_goods(
    world: SimpleNamespace, make: Factories
) -> None:
    other = make.item(make.product(make.producer("Khác")))
    form = {"least": "90", "most": "130", "adds_other": "y", "other": "nước"}

    assert send(world.client, f"{BASE}/sua", {**form, "item": str(world.item.id)}).status_code == 303
    assert "90–130 %" in world.client.get(BASE).text
    assert send(world.client, f"{BASE}/sua", {**form, "item": str(other.id)}).status_code == 422
