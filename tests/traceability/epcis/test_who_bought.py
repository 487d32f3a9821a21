"""Who bought goods is told to whom it concerns, and to nobody else, in whatever way one asks."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from kernel import proof
from tests.factories import Factories
from tests.traceability.epcis.interface import Program, document, event
from traceability import records
from traceability.models import LotState

GTIN = "09520123456788"
BATCH = f"https://id.gs1.org/01/{GTIN}/10/A1"
BUYER = "https://customer.example/person/nguyen-van-a"
INVOICE = "https://shop.example/inv/42"
PAGE = "/lo/htx01/7k2qxm90ad"
SHOP = "http://shop.test/to-chuc/shop1"


def said(step: str, **facts: Any) -> dict[str, Any]:
    return event(bizStep=step, **{"disposition": None, "quantityList": [{"epcClass": BATCH, "quantity": 1}], **facts})


def to(party: str, kind: str = "owning_party") -> list[dict[str, str]]:
    return [{"type": kind, "destination": party}]


PAPER = [{"type": "inv", "bizTransaction": INVOICE}]
SOLD = said("retail_selling", disposition="retail_sold", action="OBSERVE", bizTransactionList=PAPER)
SENT = said("shipping", disposition="in_transit", bizTransactionList=PAPER)
OF_BUYERS = {
    "sold to a person": {**SOLD, "destinationList": to(BUYER)},
    "sold, and only a paper tells to whom": SOLD,
    "sent to a person": {**SENT, "destinationList": to(BUYER, "possessing_party")},
    "sent to a person's home": {**SENT, "destinationList": to(BUYER, "location")},
    "brought back by a person": said("receiving", disposition="returned", bizTransactionList=PAPER,
        sourceList=[{"type": "possessing_party", "source": BUYER}]),
}  # fmt: skip


@pytest.fixture
def world(app: Flask, make: Factories, now: datetime) -> SimpleNamespace:
    maker = make.producer(code="htx01")
    item = make.item(make.product(maker, gtin=GTIN))
    make.batch(item, number="A1", token="7k2qxm90ad", state=LotState.RELEASED)
    shop = make.producer(code="shop1")
    return SimpleNamespace(
        maker=Program(app, maker, now), shop=Program(app, shop, now),
        stranger=Program(app, make.producer(code="lalaa"), now), client=app.test_client(),
    )  # fmt: skip


def answers_to_nobody(world: SimpleNamespace) -> list[str]:
    client = world.client
    asked: list[dict[str, str]] = [
        {}, {"MATCH_anyEPCClass": BATCH}, {"EQ_destination_owning_party": BUYER},
        {"EQ_destination_possessing_party": BUYER}, {"EQ_bizTransaction_inv": INVOICE},
    ]  # fmt: skip
    pages = [client.get("/epcis/events", query_string=query).text for query in asked]
    return [*pages, *(client.get(PAGE + end).text for end in ("", "/su-kien.jsonld", "/ho-chieu.jsonld"))]


@pytest.mark.parametrize("what", OF_BUYERS)
def test_who_bought_is_told_to_nobody_but_whom_it_concerns(world: SimpleNamespace, what: str) -> None:
    job = world.maker.capture(document(OF_BUYERS[what], said("inspecting")))
    assert (job["stored"], job["errors"]) == (2, [])

    for page in answers_to_nobody(world):
        assert BUYER not in page
        assert INVOICE not in page
    assert [one["bizStep"] for one in world.stranger.events(MATCH_anyEPCClass=BATCH)] == ["inspecting"]
    steps = [one["bizStep"] for one in world.maker.events(MATCH_anyEPCClass=BATCH)]
    assert sorted(steps) == sorted([OF_BUYERS[what]["bizStep"], "inspecting"])
    hidden = next(one for one in world.maker.events() if one["bizStep"] != "inspecting")
    assert world.stranger.get(f"/events/{hidden['eventID']}").status_code == 404
    assert hidden["bizStep"] not in world.stranger.get("/bizSteps").text
    assert "inspecting" in world.stranger.get("/bizSteps").text


def test_pages_of_what_everybody_may_read_leave_no_gap(world: SimpleNamespace) -> None:
    days = [f"2026-11-{day}T08:00:00+07:00" for day in range(10, 16)]
    seen = [said("inspecting", eventTime=at) for at in days[::2]]
    world.maker.capture(document(*seen, *({**SOLD, "eventTime": at} for at in days[1::2])))

    query = {"MATCH_anyEPCClass": BATCH, "perPage": 2, "orderBy": "eventTime"}
    first = world.client.get("/epcis/events", query_string=query)
    second = world.client.get(first.headers["Link"].split("<")[1].split(">")[0])

    assert [page.text.count('"eventID"') for page in (first, second)] == [2, 1]
    assert "retail_selling" not in first.text + second.text
    assert "Link" not in second.headers


@pytest.mark.parametrize("kind", ["owning_party", "possessing_party"])
def test_goods_that_go_to_an_organisation_of_ours_are_followed_by_everybody(
    world: SimpleNamespace, make: Factories, kind: str
) -> None:
    gln = "9520123450007"
    make.place(make.producer(code="shop2"), gln=gln)
    for party in (SHOP, f"https://id.gs1.org/417/{gln}", f"https://id.gs1.org/414/{gln}/254/12"):
        job = world.maker.capture(document({**SENT, "destinationList": to(party, kind)}))
        assert job["errors"] == []

    assert len(world.stranger.events(EQ_bizStep="shipping")) == 3


def test_an_organisation_that_bought_reads_of_its_own_purchase(world: SimpleNamespace) -> None:
    world.maker.capture(document({**SOLD, "destinationList": to(SHOP)}, {**SOLD, "destinationList": to(BUYER)}))

    assert [one["destinationList"] for one in world.shop.events()] == [to(SHOP)]
    assert world.stranger.events() == []


def test_an_office_sees_the_sales_of_its_jurisdiction(world: SimpleNamespace, make: Factories, app: Flask) -> None:
    world.maker.capture(document(OF_BUYERS["sold to a person"]))
    office = Program(app, make.office(), world.maker.now)

    assert [one["bizStep"] for one in office.events(EQ_destination_owning_party=BUYER)] == ["retail_selling"]


def test_the_log_of_proof_does_not_publish_who_bought(world: SimpleNamespace, app: Flask) -> None:
    world.maker.capture(document(OF_BUYERS["sold to a person"], said("inspecting")))
    ids = {one["bizStep"]: one["eventID"] for one in world.maker.events()}

    with app.app_context():
        published = proof.SOURCES[records.EPCIS].published(sorted(ids.values()))
    assert published == {ids["inspecting"]}
