"""The Ba Tơ data set, loaded by the house's own verbs: enough of everything, whole, and marked as samples."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import String, Text, func, select

from accounts.models import Organisation, OrganisationKind, Place, User
from app import create_app
from app.demo import discounts, loader
from books.models import TaxHeld
from catalog import vat
from catalog.models import Product, ProductStatus
from consignment.models import Note, NoteStatus, Sale, SalesPoint
from kernel.clock import business_date
from kernel.db import Base, db
from ocop.certification import CertificateState, state
from ocop.models import Certificate
from stock import verification
from stock.models import Allocation, AllocationState
from storefront import agreement, queries, texts, vouchers
from storefront.after_models import Complaint, ComplaintState, Review, ReviewState
from storefront.models import PublicText
from storefront.order_models import (
    BankAccount,
    CodState,
    Contact,
    Credit,
    CreditOutcome,
    Order,
    OrderLine,
    Parcel,
    ParcelState,
    Payment,
    PaymentState,
    Placement,
    Refund,
    RefundState,
)
from storefront.return_models import GoodsReturn, ReturnLine, ReturnState
from storefront.voucher_models import Voucher, VoucherKind, VoucherState
from tests.conftest import TODAY, Database
from traceability import genealogy
from traceability.epcis.event_hash import event_hash
from traceability.epcis.validation import Profile, check_event
from traceability.models import Batch, EpcisEvent, Lot, LotInput, LotKind, LotState, TraceEvent

DAY = business_date(TODAY)
PASSWORD = "mat khau cua du lieu mau"
SAMPLES: list[type[Any]] = [Lot, TraceEvent, Certificate, SalesPoint, Note, PublicText, Place, User, BankAccount]


@pytest.fixture(scope="module")
def loaded(worker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application on a database of its own, the set loaded once for all tests here (on SQLite)."""
    database = Database("sqlite", tmp_path_factory.mktemp("demo"), worker)
    database.fresh()
    app = create_app(database.config(database.url))
    with app.app_context():
        loader.load(password=PASSWORD, now=TODAY)
        db.session.remove()
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    queries.forget_shelf()


@pytest.fixture
def demo(loaded: Flask) -> Iterator[Flask]:
    """The loaded application with a context."""
    queries.forget_shelf()
    with loaded.app_context():
        yield loaded
        db.session.rollback()


def count(model: type[Any], *conditions: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0


# --- Enough --------------------------------------------------------------------------------------------------


def test_there_are_producers_and_sales_points_enough(demo: Flask) -> None:
    assert count(Organisation, Organisation.kind == OrganisationKind.PRODUCER) >= 10
    assert count(SalesPoint, SalesPoint.is_open) >= 6
    assert count(Organisation, Organisation.kind == OrganisationKind.OFFICE) >= 1


def test_all_six_industries_are_on_show_with_prices_photos_and_words_in_both_languages(demo: Flask) -> None:
    shelf = queries.shelf(DAY).rows

    assert len(shelf) >= 24
    assert {row.industry_code for row in shelf} == {"I", "II", "III", "IV", "V", "VI"}
    assert all(row.price_vnd for row in shelf if not row.is_service)
    assert all(row.name_en for row in shelf)
    assert len(queries.first_photos([row.version_id for row in shelf])) == len(shelf)
    assert any(row.in_stock for row in shelf)
    assert any(row.stars for row in shelf)


def test_something_waits_for_the_office_and_something_is_still_a_draft(demo: Flask) -> None:
    assert count(Product, Product.status == ProductStatus.SUBMITTED) >= 1
    assert count(Product, Product.status == ProductStatus.DRAFT) >= 1


def test_certificates_stand_near_their_end_past_it_and_revoked(demo: Flask) -> None:
    states = Counter(state(certificate, DAY) for certificate in db.session.scalars(select(Certificate)))

    for wanted in (
        CertificateState.VALID,
        CertificateState.EXPIRING,
        CertificateState.EXPIRED,
        CertificateState.REVOKED,
    ):
        assert states[wanted] >= 1, wanted


def test_every_text_that_the_law_asks_for_is_there(demo: Flask) -> None:
    found = {text.name: text for text in queries.texts_in_force()}

    assert set(found) == set(texts.NAMES)
    assert all(text.body_vi and text.body_en for text in found.values())


# --- Whole ---------------------------------------------------------------------------------------------------


def test_forty_batches_each_reach_raw_lots_that_say_where_they_come_from(demo: Flask) -> None:
    batches = db.session.scalars(select(Batch)).all()
    lots = {lot.id: lot for lot in db.session.scalars(select(Lot))}

    assert len(batches) >= 40
    for batch in batches:
        reached = [lots[lot_id] for lot_id in _lots_behind(batch.lot_id)]
        raw = [lot for lot in reached if lot.kind is LotKind.RAW]
        assert raw, f"{batch.number} comes from nowhere"
        for lot in reached:
            assert lot.kind is not LotKind.RAW or lot.origin_commune_code, f"{lot.number} has no origin"


def _lots_behind(lot_id: int) -> set[int]:
    edges = db.session.execute(select(LotInput.output_id, LotInput.input_id)).all()
    reached: set[int] = set()
    to_do = [lot_id]
    while to_do:
        here = to_do.pop()
        for output, source in edges:
            if output == here and source not in reached:
                reached.add(source)
                to_do.append(source)
    return reached


def test_the_walk_through_the_chain_agrees_with_a_plain_one(demo: Flask) -> None:
    for batch in db.session.scalars(select(Batch).limit(10)):
        walk = genealogy.backward([batch.lot_id])
        assert {edge.input_id for edge in walk.edges} == _lots_behind(batch.lot_id)


def test_some_chains_go_through_something_between(demo: Flask) -> None:
    between = set(db.session.scalars(select(Lot.id).where(Lot.kind == LotKind.INTERMEDIATE)))
    through = [batch.number for batch in db.session.scalars(select(Batch)) if between & _lots_behind(batch.lot_id)]

    assert len(through) >= 5


def test_every_batch_that_left_has_a_history(demo: Flask) -> None:
    assert count(TraceEvent) >= 2 * count(Batch)
    assert all(event.title_vi and event.event_at <= TODAY for event in db.session.scalars(select(TraceEvent)))


def test_one_batch_is_held_and_one_recalled(demo: Flask) -> None:
    assert count(Lot, Lot.kind == LotKind.FINISHED, Lot.state == LotState.HELD) >= 1
    assert count(Lot, Lot.kind == LotKind.FINISHED, Lot.state == LotState.RECALLED) >= 1


def test_goods_are_on_the_way_at_the_counters_and_sold(demo: Flask) -> None:
    assert count(Note, Note.status == NoteStatus.SENT) >= 1
    assert count(Note, Note.status == NoteStatus.RECEIVED) >= 6
    assert count(Sale) >= 6


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param(Order.cancel_cause == "buyer", id="cancelled by its buyer"),
        pytest.param(Order.cancel_cause == "time", id="cancelled for want of money"),
        pytest.param(Order.placement == Placement.PLACED, id="waits for its money"),
        pytest.param((Order.placement == Placement.CONFIRMED) & Order.packed_at.is_(None), id="to be packed"),
        pytest.param(Order.delivery == "pickup", id="to be fetched"),
        pytest.param(Order.note != "", id="with a note"),
        *(
            pytest.param(Order.parcels.any(Parcel.state == state), id=f"parcel {state.value}")
            for state in (ParcelState.CREATED, ParcelState.IN_TRANSIT, ParcelState.DELIVERED, ParcelState.RETURNED)
        ),
        *(
            pytest.param(Order.parcels.any(Parcel.cod_state == state), id=f"cash {state.value}")
            for state in (CodState.COLLECTED, CodState.RECONCILED)
        ),
    ],
)
def test_orders_stand_in_every_state(demo: Flask, condition: Any) -> None:
    assert count(Order, condition) >= 1


def test_the_one_who_looks_around_as_a_producer_has_orders_to_pack_and_on_their_way(demo: Flask) -> None:
    theirs = select(Organisation.id).where(Organisation.code == "ongbv").scalar_subquery()

    assert count(Order, Order.producer_id == theirs, Order.confirmed_at.is_not(None), Order.packed_at.is_(None)) >= 3
    assert count(Order, Order.producer_id == theirs, Order.parcels.any()) >= 3


def test_money_is_partly_there_too_much_and_not_understood(demo: Flask) -> None:
    for outcome in (CreditOutcome.MATCHED, CreditOutcome.PARTIAL, CreditOutcome.OVER, CreditOutcome.UNMATCHED):
        assert count(Credit, Credit.outcome == outcome) >= 1, outcome
    for reached in PaymentState:
        assert count(Payment, Payment.state == reached) >= 1, reached
    assert count(Refund, Refund.state == RefundState.ASKED) >= 1
    assert count(Refund, Refund.state == RefundState.DONE) >= 1


def test_buyers_review_complain_and_send_back(demo: Flask) -> None:
    for model, states in (
        (Review, (ReviewState.SHOWN, ReviewState.WAITING)),
        (Complaint, (ComplaintState.OPEN, ComplaintState.ANSWERED, ComplaintState.DISPUTED)),
        (GoodsReturn, (ReturnState.ASKED, ReturnState.DONE)),
    ):
        for reached in states:
            assert count(model, model.state == reached) >= 1, (model, reached)


def test_vat_is_stated_and_tax_held_back_offset_and_owed(demo: Flask) -> None:
    assert count(OrderLine, OrderLine.vat_bp > 0) >= 1
    assert count(OrderLine, OrderLine.vat_bp == vat.NOT_SUBJECT) >= 1
    assert count(TaxHeld, TaxHeld.vat_vnd > 0, TaxHeld.is_claim.is_(False)) >= 1
    assert count(TaxHeld, TaxHeld.vat_vnd > 0, TaxHeld.is_claim.is_(True)) >= 1
    assert count(TaxHeld, TaxHeld.vat_vnd < 0) >= 1
    sellers = db.session.scalars(select(Organisation).where(Organisation.id.in_(select(TaxHeld.seller_id)))).all()
    assert all(row.is_sample for row in sellers), "nothing is said of the tax of a household that exists"


def test_sets_are_to_be_packed_and_a_part_of_one_comes_back(demo: Flask) -> None:
    part = OrderLine.of_line.is_not(None)
    of_part = GoodsReturn.lines.any(
        ReturnLine.order_id.in_(select(OrderLine.order_id).where(part, OrderLine.line == ReturnLine.line))
    )
    to_pack = Order.confirmed_at.is_not(None) & Order.packed_at.is_(None)

    assert count(Order, to_pack, Order.lines.any(part)) >= 1
    assert count(GoodsReturn, GoodsReturn.state == ReturnState.AWAITED, of_part) >= 1


def test_discount_codes_can_be_tried_and_say_that_they_are_samples(demo: Flask) -> None:
    rows = db.session.scalars(select(Voucher)).all()

    assert all(row.code.startswith("DULIEUMAU") for row in rows)
    states = {vouchers.state_of(row, DAY) for row in rows}
    assert {VoucherState.IN_USE, VoucherState.OVER} <= states
    assert {row.kind for row in rows} == set(VoucherKind)
    assert {row.code for row in rows} >= set(discounts.usable())


def test_no_pack_was_sold_before_it_was_made(demo: Flask) -> None:
    sent = select(Batch.made_on, Allocation.created_at).join(Batch, Batch.lot_id == Allocation.lot_id)

    rows = db.session.execute(sent.where(Allocation.state == AllocationState.SHIPPED)).all()

    assert rows
    assert all(made_on <= business_date(at) for made_on, at in rows)


def test_the_books_agree_with_the_orders(demo: Flask) -> None:
    assert agreement.verify() == []


def test_buyers_are_nobody(demo: Flask) -> None:
    contacts = db.session.scalars(select(Contact)).all()

    assert len(contacts) >= 12
    for contact in contacts:
        assert re.fullmatch(r"\+849000001\d\d", contact.phone or "")
        assert contact.email is None
        assert "dữ liệu mẫu" in (contact.name or "").lower()


def test_the_ledger_adds_up(demo: Flask) -> None:
    assert verification.verify() == []


def test_every_event_is_told_in_the_form_of_the_standard(demo: Flask) -> None:
    rows = db.session.scalars(select(EpcisEvent)).all()
    assert len(rows) == count(TraceEvent) > 400
    for row in rows:
        event = json.loads(row.body)
        assert check_event(event, profile=Profile.STRICT, now=TODAY) == []
        assert event_hash(event) == row.hash


def test_nothing_happened_after_the_day_of_loading(demo: Flask) -> None:
    assert count(Lot, Lot.created_at > TODAY) == 0
    assert count(Batch, Batch.made_on > DAY) == 0
    assert count(Sale, Sale.sold_at > TODAY) == 0


# --- Honest --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", SAMPLES, ids=lambda model: model.__name__)
def test_what_is_invented_is_marked_as_a_sample(demo: Flask, model: type[Any]) -> None:
    assert count(model) > 0
    assert count(model, model.is_sample.is_(False)) == 0


def test_goods_and_producers_are_samples_or_named_in_the_press(demo: Flask) -> None:
    known = set(db.session.scalars(select(Organisation.id).where(Organisation.is_sample.is_(False))))
    for product in db.session.scalars(select(Product)):
        assert product.is_sample or product.producer_id in known, product.slug
    assert count(Product, Product.is_sample.is_(True)) > count(Product) // 2


def test_a_sample_says_so_on_its_page(demo: Flask, loaded: Flask) -> None:
    slug = next(row.slug for row in queries.shelf(DAY).rows if row.is_sample)

    assert "Dữ liệu mẫu" in loaded.test_client().get(f"/san-pham/{slug}").text


PHONE = re.compile(r"(?<![\w.,/-])(?:\+?84|0)(?:[ .-]?\d){8,10}(?![\w])")
#: Drawn at random, or computed: what looks like a number in it is chance.
DRAWN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32,}")
DAY_IN_WORDS = re.compile(r"\d\d[/.-]\d\d[/.-]\d{4}")


def test_the_pattern_of_telephone_numbers_finds_them() -> None:
    for number in ("0912345678", "0255 386 1234", "+84 912 345 678", "84912345678"):
        assert PHONE.search(f"Gọi {number} nhé")
    for other in ("05/10/2026", "120.000", "08938505974019", "2026"):
        assert not PHONE.search(f"Gọi {other} nhé")


def test_no_text_looks_like_a_telephone_number(demo: Flask) -> None:
    for table in Base.metadata.sorted_tables:
        columns = [
            column
            for column in table.columns
            if isinstance(column.type, String | Text)
            and column.name not in ("gtin", "event_id", "password")
            and column is not Contact.__table__.c.phone  # see test_buyers_are_nobody
        ]
        for row in db.session.execute(select(*columns)) if columns else ():
            for value in row:
                assert not PHONE.search(DRAWN.sub("", str(value or ""))), f"{table.name}: {value!r}"


# --- Once, and never among real people's data ----------------------------------------------------------------


def test_it_is_not_loaded_into_a_database_that_has_data(demo: Flask) -> None:
    before = count(Product)

    with pytest.raises(loader.NotEmpty):
        loader.load(password=PASSWORD, now=TODAY + timedelta(days=1))

    db.session.rollback()
    assert count(Product) == before


def test_it_is_refused_in_production(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "OCOP", replace(app.config["OCOP"], app_env="production"))

    answer = app.test_cli_runner().invoke(args=["demo", "load"])

    assert answer.exit_code == 1
    assert "production" in answer.output + (answer.stderr if answer.stderr_bytes else "") + str(answer.exception)
    with app.app_context():
        assert count(Organisation) == 0


def test_the_start_asks_for_it_in_vain_in_production(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "OCOP", replace(app.config["OCOP"], app_env="production"))

    answer = app.test_cli_runner().invoke(args=["demo", "load", "--if-empty"])

    assert (answer.exit_code, answer.output) == (0, "")
    with app.app_context():
        assert count(Organisation) == 0
