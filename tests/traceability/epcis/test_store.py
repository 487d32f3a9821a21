"""Whatever is done on a screen is an event of the standard too, in the same transaction."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from accounts.actor import SYSTEM
from app import event_jobs
from catalog.models import Unit
from consignment import transfer
from kernel import proof
from kernel.db import db, transaction
from stock.models import LocationKind
from tests.factories import BA_TO, Factories
from tests.traceability.test_batches import open_batch, receive
from traceability import batches, lots, recording
from traceability.epcis import business, store
from traceability.epcis.event_hash import event_hash
from traceability.epcis.problems import RefusedEvent
from traceability.epcis.validation import Profile, check_event
from traceability.models import EpcisEvent, EpcisField, EventKind, LotIdentifier, TraceEvent
from traceability.recording import Handover, NamedLot
from traceability.steps import Step, all_steps


def bodies(**columns: Any) -> list[dict[str, Any]]:
    rows = db.session.scalars(select(EpcisEvent).filter_by(**columns).order_by(EpcisEvent.id)).all()
    return [json.loads(row.body) for row in rows]


def sound(now: datetime) -> None:
    """Hold all that is stored against the strict profile, its hash and its columns."""
    for row in db.session.scalars(select(EpcisEvent)):
        event = json.loads(row.body)

        assert check_event(event, profile=Profile.STRICT, now=now) == []
        assert business.receiver(event, "", Profile.STRICT) == []
        assert event_hash(event) == row.hash
        assert (event["eventID"], event["type"], event["bizStep"]) == (row.event_id, row.type, row.biz_step)
    told = select(func.count()).select_from(TraceEvent)
    assert db.session.scalar(told) == len(bodies(declares_error=False))


@pytest.fixture
def with_gtin(ctx: Flask, make: Factories) -> Any:
    owner = make.producer(code="htx01")
    item = make.item(make.product(owner))
    with transaction():
        db.session.merge(item).gtin = "09520123456788"
    return owner, item


def test_receiving_making_and_releasing_say_what_went_in_and_came_out(with_gtin: Any, now: datetime) -> None:
    owner, item = with_gtin
    raw = receive(owner, now, quantity=100_500)
    with transaction():
        dried = lots.make_intermediate(
            owner, name_vi="Lúa khô", number="NL-1", quantity=80_000, unit=Unit.GRAM, made_on=date(2026, 11, 5),
            inputs={raw.id: 100_500}, actor=SYSTEM, now=now,
        )  # fmt: skip
    batch = open_batch(item, now, inputs={dried.id: 80_000})
    with transaction():
        batches.release(batch, actor=SYSTEM, now=now)

    sound(now)
    harvested, received, drying, packing, storing = bodies()
    assert (harvested["type"], harvested["action"]) == ("ObjectEvent", "ADD")
    assert received["quantityList"] == [
        {"epcClass": "http://shop.test/lo/htx01/nl/NL-1", "quantity": 100_500, "uom": "GRM"}
    ]
    assert drying["outputQuantityList"] == [
        {"epcClass": "http://shop.test/lo/htx01/btp/NL-1", "quantity": 80, "uom": "KGM"}
    ]
    assert packing["inputQuantityList"] == drying["outputQuantityList"]
    assert packing["outputQuantityList"] == [
        {"epcClass": "https://id.gs1.org/01/09520123456788/10/L-1", "quantity": 100}
    ]
    assert packing["ilmd"] == {
        "cbvmda:lotNumber": "L-1",
        "gs1:productionDate": "2026-11-10",
        "cbvmda:itemExpirationDate": "2027-11-10",
    }
    assert (storing["bizStep"], storing["disposition"]) == ("storing", "sellable_not_accessible")


def test_every_lot_is_known_by_its_name(with_gtin: Any, now: datetime) -> None:
    owner, item = with_gtin
    raw = receive(owner, now)
    batch = open_batch(item, now, inputs={raw.id: 100_000})

    assert dict(db.session.execute(select(LotIdentifier.uri, LotIdentifier.lot_id)).all()) == {
        "http://shop.test/lo/htx01/nl/NL-1": raw.id,
        "https://id.gs1.org/01/09520123456788/10/L-1": batch.lot_id,
    }


def test_goods_without_a_gtin_are_named_by_the_address_of_their_page(
    ctx: Flask, make: Factories, now: datetime
) -> None:
    item = make.item(make.product(make.producer(code="htx02")))
    batch = open_batch(item, now)

    assert bodies()[0]["quantityList"][0]["epcClass"] == f"http://shop.test/lo/htx02/{batch.token}"


def test_a_certificate_that_stands_is_named_when_goods_are_made(ctx: Flask, make: Factories, now: datetime) -> None:
    product = make.product(make.producer())
    stands = make.certificate(product)
    make.certificate(product, issued_on=date(2020, 1, 1), expires_on=date(2023, 1, 1))
    open_batch(make.item(product), now)

    assert bodies()[0]["certificationInfo"] == [f"http://shop.test/chung-nhan/{stands.number}"]


def test_consigned_goods_change_their_holder_and_not_their_owner(ctx: Flask, make: Factories, now: datetime) -> None:
    owner, shop = make.producer(code="htx03"), make.organisation(code="shop1")
    point = make.sales_point(shop)
    batch = make.batch(make.item(make.product(owner)))
    make.on_hand(batch.lot_id, make.location(owner, LocationKind.WAREHOUSE), owner, 100)
    note = db.session.merge(make.note(owner, point, batch.lot_id))
    with transaction():
        transfer.send(note, actor=SYSTEM, now=now)
    with transaction():
        transfer.receive(note, actor=SYSTEM, now=now + timedelta(hours=1))

    sound(now + timedelta(hours=1))
    sent, received = bodies()
    for event in (sent, received):
        assert event["sourceList"] == [
            {"type": "possessing_party", "source": "http://shop.test/to-chuc/htx03"},
            {"type": "owning_party", "source": "http://shop.test/to-chuc/htx03"},
        ]
        assert event["destinationList"] == [
            {"type": "possessing_party", "destination": "http://shop.test/to-chuc/shop1"},
            {"type": "owning_party", "destination": "http://shop.test/to-chuc/htx03"},
        ]
    assert sent["bizTransactionList"] == [
        {"type": "desadv", "bizTransaction": f"http://shop.test/chung-tu/{note.number}"}
    ]
    assert received["bizTransactionList"][0]["type"] == "recadv"
    assert received["readPoint"]["id"].startswith("http://shop.test/noi/")


@pytest.mark.parametrize("goes_back", ["cancelled", "returned"])
def test_goods_that_come_back_are_told_in_words_of_the_standard(
    ctx: Flask, make: Factories, now: datetime, goes_back: str
) -> None:
    owner, shop = make.producer(), make.organisation()
    point = make.sales_point(shop)
    batch = make.batch(make.item(make.product(owner)))
    make.on_hand(batch.lot_id, make.location(owner, LocationKind.WAREHOUSE), owner, 100)
    note = db.session.merge(make.note(owner, point, batch.lot_id))
    with transaction():
        transfer.send(note, actor=SYSTEM, now=now)
    with transaction():
        if goes_back == "cancelled":
            transfer.cancel(note, reason="Mưa to", actor=SYSTEM, now=now)
        else:
            transfer.receive(note, actor=SYSTEM, now=now)
            transfer.take_back(owner, point, {batch.lot_id: 1}, reason="Ế", actor=SYSTEM, now=now)

    sound(now)
    last = bodies()[-1]
    assert last["bizStep"] == ("void_shipping" if goes_back == "cancelled" else "shipping")
    assert last["destinationList"][0]["destination"].endswith(owner.code)


def test_goods_for_a_counter_of_its_own_go_from_their_owner_to_itself(
    ctx: Flask, make: Factories, now: datetime
) -> None:
    owner = make.producer(code="htx05")
    point = make.sales_point(owner)
    batch = make.batch(make.item(make.product(owner)))
    make.on_hand(batch.lot_id, make.location(owner, LocationKind.WAREHOUSE), owner, 100)
    note = db.session.merge(make.note(owner, point, batch.lot_id))
    with transaction():
        transfer.send(note, actor=SYSTEM, now=now)
    with transaction():
        transfer.receive(note, actor=SYSTEM, now=now)
        transfer.take_back(owner, point, {batch.lot_id: 1}, reason="Ế", actor=SYSTEM, now=now)

    sound(now)
    itself = "http://shop.test/to-chuc/htx05"
    for event in bodies():
        assert event["sourceList"] == [{"type": "owning_party", "source": itself}]
        assert event["destinationList"] == [{"type": "owning_party", "destination": itself}]


def test_an_event_of_our_own_that_breaks_a_rule_is_refused_and_leaves_nothing(
    ctx: Flask, make: Factories, now: datetime
) -> None:
    owner = make.producer()
    lot = make.raw_lot(owner)

    def ship(**facts: Any) -> TraceEvent:
        with transaction():
            return recording.record_event(
                EventKind.OBJECT, "shipping", [NamedLot(lot.id, quantity=5)], title_vi="Gửi", actor=SYSTEM,
                organisation_id=owner.id, disposition="in_transit", now=now, **facts,
            )  # fmt: skip

    with pytest.raises(RefusedEvent) as refused:
        ship()
    assert [(problem.path, problem.rule) for problem in refused.value.problems] == [
        ("destinationList", "business-receiver")
    ]
    with pytest.raises(RefusedEvent) as refused:
        ship(handover=Handover(owner.id, make.producer().id), event_at=now + timedelta(minutes=5), action="SEEN")
    assert refused.value.problems[0].path == "action"
    assert bodies() == []
    assert db.session.scalar(select(func.count()).select_from(TraceEvent)) == 0

    ship(handover=Handover(owner.id, make.producer().id))
    assert len(bodies()) == 1


def test_nothing_of_ours_is_made_of_nothing(ctx: Flask, make: Factories, now: datetime) -> None:
    owner = make.producer()
    lot = make.raw_lot(owner)

    with pytest.raises(RefusedEvent) as refused, transaction():
        recording.record_event(
            EventKind.TRANSFORMATION, "commissioning", [NamedLot(lot.id, "output", 5)], title_vi="Làm ra",
            actor=SYSTEM, organisation_id=owner.id, now=now,
        )  # fmt: skip

    assert [problem.rule for problem in refused.value.problems] == ["structure", "business-origin"]


def test_a_parcel_goes_to_whom_its_paper_knows_and_nobody_is_named(ctx: Flask, make: Factories, now: datetime) -> None:
    owner = make.producer()
    with transaction():
        recording.record_event(
            EventKind.OBJECT, "shipping", [NamedLot(make.raw_lot(owner).id, quantity=5)], title_vi="Gửi", actor=SYSTEM,
            organisation_id=owner.id, disposition="in_transit", document="GH-000001", document_type="desadv", now=now,
        )  # fmt: skip

    sound(now)
    (sent,) = bodies()
    assert sent["destinationList"] == [
        {"type": "possessing_party", "destination": "http://shop.test/chung-tu/GH-000001/nguoi-nhan"}
    ]


def test_a_shipment_of_before_that_named_no_receiver_can_be_put_right(
    ctx: Flask, make: Factories, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = make.producer()
    lot = make.raw_lot(owner)
    with monkeypatch.context() as before:
        before.setattr(store, "keep", lambda event: None)  # a release of before
        with transaction():
            wrong = recording.record_event(
                EventKind.OBJECT, "shipping", [NamedLot(lot.id)], title_vi="Giao hàng", actor=SYSTEM,
                organisation_id=owner.id, disposition="in_transit", now=now,
            )  # fmt: skip
    event_jobs.write_missing({}, now)
    with transaction():
        recording.correct_event(wrong, reason="Nhầm ngày", note_vi="Buổi sáng", actor=SYSTEM, now=now)

    assert [event["bizStep"] for event in bodies()] == ["shipping"] * 3


@pytest.mark.parametrize("step", sorted(all_steps().values(), key=lambda step: step.key), ids=lambda step: step.key)
def test_every_step_that_our_screens_offer_is_written_down(
    ctx: Flask, make: Factories, now: datetime, step: Step
) -> None:
    owner = make.producer()
    with transaction():
        recording.record_event(
            EventKind.OBJECT, step.biz_step, [NamedLot(make.raw_lot(owner).id)], title_vi=step.name_vi, actor=SYSTEM,
            organisation_id=owner.id, disposition=step.disposition, now=now,
        )  # fmt: skip

    sound(now)


def test_holding_and_recalling_say_so_for_good(ctx: Flask, make: Factories, now: datetime) -> None:
    lot = db.session.merge(make.batch(make.item(make.product(make.producer())))).lot
    acts: list[Callable[..., None]] = [batches.hold, batches.end_hold, batches.recall]
    for act in acts:
        with transaction():
            act(lot, reason="Có mảnh thủy tinh", actor=SYSTEM, now=now)

    sound(now)
    assert [event["disposition"] for event in bodies()] == [
        "non_sellable_other", "sellable_not_accessible", "recalled",
    ]  # fmt: skip
    assert bodies()[-1]["persistentDisposition"] == {"set": ["recalled"]}


def test_a_correction_leaves_the_event_with_the_declaration_that_it_was_wrong(
    ctx: Flask, make: Factories, now: datetime
) -> None:
    receive(make.producer(), now)
    wrong = db.session.scalars(select(TraceEvent).order_by(TraceEvent.id.desc())).first()
    assert wrong is not None
    later = now + timedelta(hours=1)
    with transaction():
        right = recording.correct_event(wrong, reason="Ghi nhầm ngày", note_vi="Đúng", actor=SYSTEM, now=later)

    sound(later)
    told, declared = bodies(event_id=wrong.event_id)
    assert "errorDeclaration" not in told
    assert declared["errorDeclaration"] == {
        "declarationTime": "2026-11-24T03:00:00.000Z",
        "reason": "incorrect_data",
        "correctiveEventIDs": [right.event_id],
    }
    assert event_hash(told) == event_hash(declared)
    assert len(bodies(event_id=right.event_id)) == 1


def test_the_log_of_proof_waits_for_every_row(ctx: Flask, make: Factories, now: datetime) -> None:
    receive(make.producer(), now)

    assert db.session.scalars(proof.missing("epcis")).all() == []


def test_an_event_is_found_by_what_it_says(ctx: Flask, make: Factories, now: datetime) -> None:
    receive(make.producer(code="htx04"), now, harvested_on=None, quantity=2_500)

    rows = db.session.execute(select(EpcisField.name, EpcisField.value, EpcisField.number).order_by(EpcisField.id))
    assert set(map(tuple, rows)) == {
        ("epcClass", "http://shop.test/lo/htx04/nl/NL-1", None),
        ("quantity", "2500", 2500.0),
        ("quantity_GRM", "2500", 2500.0),
        ("http://shop.test/ns/ocop#title", "Nhận nguyên liệu", None),
    }


def test_what_was_written_down_before_the_store_was_there_gets_its_rows_in_order(
    ctx: Flask, make: Factories, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(store, "keep", lambda event: None)  # a release of before
        receive(make.producer(), now, commune=BA_TO)
        wrong = db.session.scalars(select(TraceEvent)).first()
        assert wrong is not None
        with transaction():
            recording.correct_event(wrong, reason="Nhầm", actor=SYSTEM, now=now)
    assert bodies() == []

    event_jobs.write_missing({}, now)
    event_jobs.write_missing({}, now)

    sound(now)
    assert [row.trace_event_id for row in db.session.scalars(select(EpcisEvent).order_by(EpcisEvent.id))] == [
        1, 2, 3, None,
    ]  # fmt: skip
