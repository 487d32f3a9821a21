"""An address of ours is the same thing in every spelling that opens its page, and no lot is named like one."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from accounts.actor import SYSTEM
from catalog.models import TradeItem
from kernel.db import db, transaction
from tests.factories import Factories
from tests.traceability.epcis.interface import Program, document
from tests.traceability.epcis.test_single_units import of_units, sells
from tests.traceability.epcis.test_what_stands import AFTER, agrees, amounts, on_sale, packed, rules, sold, stop
from traceability import addresses, batches, items
from traceability.models import Batch, Lot, LotIdentifier, LotKind, LotState

SPELLINGS = [
    "http://shop.test/lo/htx01/{plain}", "http://shop.test/lo/htx01/{capitals}", "http://shop.test/lo/HTX01/{plain}",
    "https://shop.test/lo/htx01/{plain}", "HTTP://Shop.TEST:80/lo/htx01/{plain}", "http://shop.test/lo/htx01/{plain}/",
    "http://shop.test/lo/htx01/{plain}?x=1", "http://shop.test/lo/htx01/{plain}?lang=en#top",
    "http://shop.test/lo/htx01/{spoken}", "http://shop.test//lo/htx01/{escaped}",
]  # fmt: skip


def spelt(spelling: str, code: str) -> str:
    spoken = f"{code[:4]}-{code[4:8]}-{code[8:]}".upper()
    return spelling.format(plain=code, capitals=code.upper(), spoken=spoken, escaped=f"%{ord(code[0]):02x}{code[1:]}")


def external() -> list[Lot]:
    return list(db.session.scalars(select(Lot).where(Lot.kind == LotKind.EXTERNAL)))


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_batch_is_itself_in_every_spelling_of_its_address(
    program: Program, make: Factories, now: datetime, spelling: str
) -> None:
    batch = on_sale(program, make, "B-1", 70, now)
    name = spelt(spelling, batch.token)
    some = program.capture(document(sold(amounts([(name, 60)], None), eventTime=AFTER)))
    more = program.capture(document(sold(amounts([(name, 11)], None), eventTime=AFTER)))
    box = program.capture(document(packed(amounts([("A", 1)]), "", parentID=name)))
    found = program.events(MATCH_epcClass=name)
    stop(program, batch, now)
    recalled = program.capture(document(sold(amounts([(name, 1)], None), eventTime=AFTER)))

    assert (rules(some), rules(more), rules(box)) == ([], ["business-amount"], ["gap-03"])
    assert rules(recalled) == ["business-recalled"]
    assert [one["quantityList"][0]["epcClass"] for one in found if one["bizStep"] == "retail_selling"] == [name]
    with program.app.app_context():
        assert external() == []
        names = db.session.scalars(select(LotIdentifier.uri).where(LotIdentifier.lot_id == batch.lot_id)).all()
        assert names == [f"http://shop.test/lo/htx01/{batch.token}"]
    (line,) = agrees(program)
    assert "captured events say 60 of it were sold or used" in line


@pytest.mark.parametrize("spelling", [
    "http://shop.test/m/{plain}", "http://shop.test/m/{capitals}", "https://shop.test/m/{spoken}?x=1",
    "https://id.gs1.org/01/09520123456788/21/{plain}", "https://id.gs1.org/01/09520123456788/21/{capitals}",
    "https://shop.test/01/09520123456788/21/{spoken}", "urn:epc:id:sgtin:9520123.045678.{capitals}",
])  # fmt: skip
def test_a_pack_of_a_recalled_batch_is_stopped_in_every_spelling_of_its_code(
    program: Program, make: Factories, now: datetime, spelling: str
) -> None:
    batch, serial = coded(program, make, now)
    sale = sells(spelt(spelling, serial))
    stop(program, batch, now)

    assert rules(program.capture(document(sale))) == ["business-recalled"]
    with program.app.app_context():
        assert external() == []


def coded(program: Program, make: Factories, now: datetime) -> tuple[Batch, str]:
    item = make.item(make.product(program.organisation, gtin="09520123456788"))
    with program.app.app_context():
        with transaction():
            batch = batches.open_batch(
                db.session.merge(item), number="B-1", made_on=date(2026, 11, 1), expires_on=None,
                quantity=10, inputs={}, actor=SYSTEM, now=now,
            )  # fmt: skip
        with transaction():
            items.switch(db.session.get_one(TradeItem, batch.trade_item_id).product, True, actor=SYSTEM, now=now)
            roll = items.make_for_batch(db.session.get_one(Batch, batch.lot_id), 1, actor=SYSTEM, now=now)
            (serial,) = [code.serial for code in items.codes_of(roll.id)]
        return batch, serial


def test_a_serial_of_others_keeps_its_capitals(program: Program, make: Factories, now: datetime) -> None:
    _, serial = coded(program, make, now)
    others = f"https://id.gs1.org/01/09506000134352/21/{serial.upper()}"
    program.capture(document(of_units(others)))

    with program.app.app_context():
        assert [lot.state for lot in external()] == [LotState.RELEASED]
        assert db.session.get_one(LotIdentifier, others)


@pytest.mark.parametrize("name", [
    "http://shop.test/lo/htx01/0000000000", "https://SHOP.test/lo/nobody/anything", "http://shop.test/lo/htx01/nl/X-1",
    "http://shop.test/lo/htx01/0000000000/su-kien.jsonld", "http://shop.test/m/0000000000000000",
    "http://shop.test/m/not-a-code",
])  # fmt: skip
@pytest.mark.parametrize("is_unit", [True, False])
def test_no_lot_is_named_like_an_address_of_ours(program: Program, name: str, is_unit: bool) -> None:
    said: dict[str, Any] = sells(name) if is_unit else sold(amounts([(name, 1)]), eventTime=AFTER)
    job = program.capture(document(said, sold(amounts([("A", 1)]))), on_error="proceed")

    assert rules(job)[0] in ("business-unknown", "gap-03")
    assert job["stored"] == 1
    with program.app.app_context():
        assert [lot.number for lot in external()] == ["A"]


@pytest.mark.parametrize(("name", "is_kept_as"), [
    ("https://SHOP.test/to-chuc/HTX01/", "http://shop.test/to-chuc/htx01"),
    ("https://shop.test/noi/7?x=1", "http://shop.test/noi/7"),
    ("http://shop.test:8080/lo/htx01/X", None), ("http://shop.test.example/lo/htx01/X", None),
    ("http://shop.test/ns/ocop#x", None), ("https://a.example/lo/HTX01/X", None),
])  # fmt: skip
def test_only_addresses_of_this_site_are_folded(app: Flask, name: str, is_kept_as: str | None) -> None:
    with app.app_context():
        assert addresses.folded(name) == (is_kept_as or name)
