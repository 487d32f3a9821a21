"""What it costs to bring goods somewhere: the steps of a rate, whose rate it is, and what goods weigh."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import select

from accounts.actor import SYSTEM
from accounts.models import Organisation
from catalog.models import TradeItem, Unit
from kernel.db import db, transaction
from kernel.models import AuditEntry
from storefront import offers, shipping
from storefront.order_models import ShippingRate
from storefront.shipping import Home, Rate, Way
from tests.buying import Shop
from tests.factories import BA_DONG, BA_TO, Factories

RATE = Rate(base_g=2_000, base_vnd=30_000, step_g=500, step_vnd=4_000, free_above_vnd=500_000)


@pytest.mark.parametrize(
    ("weight_g", "price_vnd"),
    [(0, 30_000), (1_000, 30_000), (2_000, 30_000), (2_001, 34_000), (2_500, 34_000), (2_501, 38_000)],
)
def test_beyond_the_base_each_step_begun_costs(weight_g: int, price_vnd: int) -> None:
    assert shipping.price(RATE, weight_g, 100_000) == price_vnd


def test_goods_for_so_much_or_more_are_brought_for_nothing() -> None:
    assert [shipping.price(RATE, 1, goods) for goods in (499_999, 500_000, 500_001)] == [30_000, 0, 0]
    assert shipping.price(replace(RATE, free_above_vnd=None), 1, 10**9) == 30_000
    assert shipping.price(replace(RATE, free_above_vnd=0), 1, 0) == 0


def test_a_zone_is_seen_from_where_the_parcel_sets_out() -> None:
    home = Home("21496", "51")

    assert shipping.zone_of(home, "21496", "51") == "commune"
    assert shipping.zone_of(home, "21484", "51") == "province"
    assert shipping.zone_of(home, "00004", "01") == "country"


def test_goods_weigh_their_content_and_packing_and_a_set_what_its_parts_do() -> None:
    pack = TradeItem(net_content=1_010, unit=Unit.GRAM)
    pieces = TradeItem(net_content=2, unit=Unit.PIECE)

    assert shipping.weight_of(pack, 3) == 3 * (1_010 + 151)
    assert shipping.weight_of(pieces, 1) == 1_150


def test_a_set_weighs_what_its_parts_do(ctx: Flask, make: Factories, shop: Shop, now: datetime) -> None:
    rice = db.session.get_one(TradeItem, shop.rice)
    box = make.set_of(make.product(shop.first), {shop.rice: 3})
    offer = offers.offers([box.id], now)[box.id]

    assert shipping.weight_of(offer, 2) == 6 * shipping.weight_of(rice, 1)


def put(who: Organisation, zone: str, rate: Rate, now: datetime, **facts: object) -> ShippingRate:
    """Set a rate as an edge would."""
    with transaction():
        return shipping.set_rate(who, zone, rate, **({"days": (1, 3), "actor": SYSTEM, "now": now} | facts))  # type: ignore[arg-type]


def test_a_producers_own_rate_comes_first_then_the_offices_the_latest_of_each(
    ctx: Flask, make: Factories, now: datetime
) -> None:
    assert shipping.house() is None
    own, other, office = make.producer(), make.producer(), make.office()
    alone = shipping.ways({own.id: (1, 1)}, commune_code=BA_DONG, province_code="51")
    assert alone == {own.id: None}
    put(own, "commune", RATE, now)
    latest = put(own, "commune", replace(RATE, base_vnd=9_000), now, days=(0, 1))
    assert shipping.house() is None  # a producer's rates are for nobody else
    general = put(office, "commune", replace(RATE, base_vnd=20_000), now, days=(2, 4))
    assert shipping.house() == office.id

    found = shipping.ways(
        {own.id: (2_001, 100_000), other.id: (100, 500_000)}, commune_code=BA_DONG, province_code="51"
    )

    assert found == {
        own.id: Way("parcel", 13_000, 2_001, f"shipping_rate:{latest.id}", (0, 1)),
        other.id: Way("parcel", 0, 100, f"shipping_rate:{general.id}", (2, 4)),
    }
    assert shipping.ways({own.id: (1, 1)}, commune_code=BA_TO, province_code="51") == {own.id: None}
    assert shipping.days_of(f"shipping_rate:{general.id}") == 4
    assert [shipping.days_of(rule) for rule in ("", "pickup", "shipping_rate:99999")] == [0, 0, 0]


def test_where_a_producer_brings_nothing_the_offices_rate_does_not_step_in(
    ctx: Flask, make: Factories, now: datetime
) -> None:
    own, office = make.producer(), make.office()
    put(office, "province", RATE, now)
    put(own, "province", RATE, now, is_served=False)
    other = make.producer()

    found = shipping.ways({own.id: (1, 1), other.id: (1, 1)}, commune_code=BA_TO, province_code="51")

    assert found[own.id] is None
    assert found[other.id] is not None
    assert shipping.ways({other.id: (1, 1)}, commune_code="00004", province_code="01") == {other.id: None}


def test_a_rate_is_kept_as_it_was_set_and_the_trail_says_who(ctx: Flask, make: Factories, now: datetime) -> None:
    office = make.office()
    actor = make.actor(office)

    row = put(office, "country", RATE, now, days=(3, 60), actor=actor, is_sample=True)

    assert (row.base_g, row.base_vnd, row.step_g, row.step_vnd, row.free_above_vnd) == (
        2_000,
        30_000,
        500,
        4_000,
        500_000,
    )
    assert (row.organisation_id, row.zone, row.days_from, row.days_to) == (office.id, "country", 3, 60)
    assert (row.is_served, row.is_sample, row.set_by_id, row.set_at) == (True, True, actor.user_id, now)
    plain = put(office, "commune", replace(RATE, free_above_vnd=None), now)
    assert (plain.is_served, plain.is_sample, plain.free_above_vnd) == (True, False, None)
    (entry, _) = db.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "storefront.set_shipping_rate").order_by(AuditEntry.id)
    ).all()
    assert (entry.subject, entry.user_id, entry.at, entry.facts) == (
        f"organisation:{office.code}",
        actor.user_id,
        now,
        {"zone": "country"},
    )


def test_a_rate_at_its_bounds_is_taken(ctx: Flask, make: Factories, now: datetime) -> None:
    office = make.office()

    put(office, "country", Rate(1, 0, 1, 0, 0), now, days=(0, 0))
    put(office, "country", Rate(1, shipping.MOST_VND, 1, shipping.MOST_VND), now, days=(60, 60))


@pytest.mark.parametrize(
    ("zone", "changes", "days"),
    [
        ("planet", {}, (1, 3)),
        ("country", {"base_g": 0}, (1, 3)),
        ("country", {"step_g": 0}, (1, 3)),
        ("country", {"base_vnd": -1}, (1, 3)),
        ("country", {"step_vnd": -1}, (1, 3)),
        ("country", {"free_above_vnd": -1}, (1, 3)),
        ("country", {"base_vnd": shipping.MOST_VND + 1}, (1, 3)),
        ("country", {"step_vnd": shipping.MOST_VND + 1}, (1, 3)),
        ("country", {}, (-1, 3)),
        ("country", {}, (4, 3)),
        ("country", {}, (1, 61)),
    ],
)
def test_a_rate_that_cannot_be_is_refused(
    ctx: Flask, make: Factories, now: datetime, zone: str, changes: dict[str, int], days: tuple[int, int]
) -> None:
    office = make.office()

    with pytest.raises(shipping.BadRate):
        put(office, zone, replace(RATE, **changes), now, days=days)
