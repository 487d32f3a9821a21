"""Who sees which rows: for every ``visible_to``, who asks against what there is.

A new ``visible_to`` makes :func:`test_every_scope_has_its_table_here` fail until its table is added. What is
not seen does not exist: the screens answer 404 for it (``test_doors``).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import inspect, select

import accounts
import books
import catalog
import consignment
import ocop
import oversight
import stock
import storefront
import traceability
from accounts import membership
from accounts.actor import ANONYMOUS, SYSTEM, Actor
from accounts.models import Organisation, OrganisationKind, Role
from books import journal, paying_tax, selling
from books.models import Account, JournalLine, TaxHeld
from books.selling import Deal
from books.shares import Sale
from consignment.models import SalesPoint
from kernel import clock
from kernel.db import db, transaction
from oversight.export_models import ExportDestination, ExportForm, ExportJob, ExportSystem, LotFile
from oversight.models import Recall, RecallNotice, Severity
from stock.models import LocationKind
from storefront import complaints, returns, reviews, settling, transfers, vouchers
from storefront.after_models import ComplaintKind
from storefront.dispute_models import CardDispute, DisputeState
from storefront.order_models import Cart, Order, Parcel, Payment, PaymentMethod, Purchase
from storefront.return_models import ReturnReason, ReturnWish
from storefront.voucher_models import VoucherKind
from storefront.vouchers import Terms
from tests.factories import BA_DONG, BA_TO, Factories
from traceability import addresses, cases, items, printing
from traceability.item_models import CaseKind
from traceability.labels import Label
from traceability.models import BalanceFlag, EpcisEvent, EpcisField, EventKind, EventLot, Recipe, TraceEvent
from traceability.scan_models import ScanCount
from traceability.sheets import A4_24

PARTS = (accounts, catalog, ocop, traceability, stock, books, storefront, consignment, oversight)

#: Who asks. Producers A and B are in xã Ba Động and xã Ba Tơ, the point in Ba Động; the province's office looks
#: after Quảng Ngãi, the commune's after Ba Động, the idle one after nothing.
ASKERS = ("system", "nobody", "producer_a", "producer_b", "point", "province", "commune", "idle")

Rows = dict[str, Any]


def organisations(world: SimpleNamespace, make: Factories) -> Rows:
    names = ("producer_a", "producer_b", "point", "province", "commune", "idle")
    return {name: getattr(world, name).id for name in names}


def products(world: SimpleNamespace, make: Factories) -> Rows:
    return {
        "of_a": make.product(world.producer_a).id,
        "draft_of_a": make.product(world.producer_a, published=False).id,
        "of_b": make.product(world.producer_b).id,
        "draft_of_b": make.product(world.producer_b, published=False).id,
    }


OF_A, OF_B = {"of_a", "draft_of_a"}, {"of_b", "draft_of_b"}
#: What belongs to a producer: the producer's, and the offices' over the producer's commune.
BY_PRODUCER: dict[str, set[str]] = {
    "system": OF_A | OF_B,
    "nobody": set(),
    "producer_a": OF_A,
    "producer_b": OF_B,
    "point": set(),
    "province": OF_A | OF_B,
    "commune": OF_A,
    "idle": set(),
}


def certificates(world: SimpleNamespace, make: Factories) -> Rows:
    return {
        "of_a": make.certificate(make.product(world.producer_a)).id,
        "of_b": make.certificate(make.product(world.producer_b)).id,
    }


def lots(world: SimpleNamespace, make: Factories) -> Rows:
    return {"of_a": make.raw_lot(world.producer_a).id, "of_b": make.raw_lot(world.producer_b).id}


def epcis_events(world: SimpleNamespace, make: Factories) -> Rows:
    """What A and B say of material, what B says of a batch of A on sale, and what A says of one that it hands to P."""
    place = addresses.of_organisation(world.point.code)
    said = {
        "of_a": (world.producer_a, make.raw_lot(world.producer_a).id, False, None),
        "of_b": (world.producer_b, make.raw_lot(world.producer_b).id, False, None),
        "public": (world.producer_a, make.batch(make.item(make.product(world.producer_a))).lot_id, True, None),
        "b_of_a": (world.producer_b, make.raw_lot(world.producer_a).id, False, None),
        "handed": (world.producer_a, make.raw_lot(world.producer_a).id, False, place),
    }
    rows: Rows = {}
    for name, (organisation, lot_id, is_public, taker) in said.items():
        event = make._add(
            TraceEvent(
                event_id=f"urn:x:{name}", kind=EventKind.OBJECT, biz_step="storing", event_at=clock.now(),
                recorded_at=clock.now(), organisation_id=organisation.id, title_vi="Nhập kho", is_public=is_public,
            )
        )  # fmt: skip
        make._add(EventLot(event_id=event.id, lot_id=lot_id, role="object"))
        row = make._add(
            EpcisEvent(
                event_id=event.event_id, trace_event_id=event.id, organisation_id=organisation.id, type="ObjectEvent",
                event_at=clock.now(), recorded_at=clock.now(), hash="", body="{}",
            )
        )  # fmt: skip
        rows[name] = row.id
        if taker:
            make._add(EpcisField(epcis_event_id=row.id, name="destination_possessing_party", value=taker))
    return rows


def links(world: SimpleNamespace, make: Factories) -> Rows:
    return {
        "of_a": make.link(world.producer_a, "/01/09520123456788", "https://a.example/").id,
        "of_b": make.link(world.producer_b, "/01/09520123456795", "https://b.example/").id,
    }


def scans(world: SimpleNamespace, make: Factories) -> Rows:
    rows: Rows = {}
    for name in ("a", "b"):
        producer = getattr(world, f"producer_{name}")
        batch = make.batch(make.item(make.product(producer)))
        counted = ScanCount(lot_id=batch.lot_id, day=batch.made_on, region="", language="vi", way="direct", openings=1)
        with transaction() as session:
            session.add(counted)
        rows[f"of_{name}"] = batch.lot_id
    return rows


def _destinations(world: SimpleNamespace) -> dict[str, ExportDestination]:
    now = world.province.created_at
    rows = {
        name: ExportDestination(
            organisation_id=getattr(world, name).id,
            name="Cổng mẫu",
            system=ExportSystem.OTHER,
            form=ExportForm.JSON,
            created_at=now,
            changed_at=now,
        )
        for name in ("province", "commune")
    }
    with transaction() as session:
        session.add_all(rows.values())
    return rows


def destinations(world: SimpleNamespace, make: Factories) -> Rows:
    return {name: row.id for name, row in _destinations(world).items()}


def exports(world: SimpleNamespace, make: Factories) -> Rows:
    lot = make.raw_lot(world.producer_a)
    rows = {
        name: ExportJob(destination_id=to.id, lot_id=lot.id, key=name, asked_at=lot.created_at)
        for name, to in _destinations(world).items()
    }
    with transaction() as session:
        session.add_all(rows.values())
        session.flush()
        return {name: row.id for name, row in rows.items()}


def lot_files(world: SimpleNamespace, make: Factories) -> Rows:
    """Of one lot of A, named by who asked."""
    lot = make.raw_lot(world.producer_a)
    rows = {
        name: LotFile(lot_id=lot.id, organisation_id=getattr(world, name).id, asked_at=lot.created_at)
        for name in ("producer_a", "province", "commune")
    }
    with transaction() as session:
        session.add_all(rows.values())
        session.flush()
        return {name: row.id for name, row in rows.items()}


def points(world: SimpleNamespace, make: Factories) -> Rows:
    """A counter of the point in xã Ba Động, and one of another organisation in xã Ba Tơ."""
    other = make.organisation("Q", kind=OrganisationKind.SALES_POINT, commune=BA_TO)
    return {"here": make.sales_point(world.point).id, "there": make.sales_point(other).id}


def notes(world: SimpleNamespace, make: Factories) -> Rows:
    """Named by producer and counter: A to the point, B to the point, B to the one in xã Ba Tơ."""
    here, there = (db.session.get_one(SalesPoint, key) for key in points(world, make).values())
    ways = {
        "a_here": (world.producer_a, here),
        "b_here": (world.producer_b, here),
        "b_there": (world.producer_b, there),
    }
    return {name: make.note(producer, to, make.raw_lot(producer).id).id for name, (producer, to) in ways.items()}


def sales(world: SimpleNamespace, make: Factories) -> Rows:
    here, there = (db.session.get_one(SalesPoint, key) for key in points(world, make).values())
    return {
        name: make.sale(at, make.raw_lot(world.producer_a).id, world.producer_a).id
        for name, at in (("here", here), ("there", there))
    }


def goods(world: SimpleNamespace, make: Factories) -> Rows:
    """Lots by owner and place: in A's and B's warehouses, and B's at the point's counter."""
    places = {
        "a_home": (world.producer_a, make.location(world.producer_a, LocationKind.WAREHOUSE)),
        "b_home": (world.producer_b, make.location(world.producer_b, LocationKind.WAREHOUSE)),
        "b_here": (world.producer_b, make.location(world.point, LocationKind.SALES_POINT)),
    }
    rows: Rows = {}
    for name, (owner, where) in places.items():
        rows[name] = make.raw_lot(owner).id
        make.on_hand(rows[name], where, owner, 10)
    return rows


def recalls(world: SimpleNamespace, make: Factories) -> Rows:
    return {name: _recall(getattr(world, f"producer_{name[-1]}"), make).id for name in ("of_a", "of_b")}


def recall_notices(world: SimpleNamespace, make: Factories) -> Rows:
    """Named by whose lot it is and who is told: A's and B's goods at the point, B's at A's."""
    of_a, of_b = (_recall(producer, make) for producer in (world.producer_a, world.producer_b))
    told = {"a_point": (of_a, world.point), "b_point": (of_b, world.point), "b_a": (of_b, world.producer_a)}
    rows = {name: RecallNotice(recall_id=one.id, organisation_id=to.id) for name, (one, to) in told.items()}
    with transaction() as session:
        session.add_all(rows.values())
        session.flush()
        return {name: row.id for name, row in rows.items()}


def _recall(producer: Organisation, make: Factories) -> Recall:
    lot = make.raw_lot(producer)
    facts = {"lot_id": lot.id, "owner_id": producer.id, "severity": Severity.MINOR, "reason_vi": "Nhãn sai"}
    with transaction() as session:
        row = Recall(number=f"TH-9{lot.id:05d}", started_at=lot.created_at, **facts)
        session.add(row)
    return row


def own_recipes(world: SimpleNamespace, make: Factories) -> Rows:
    return {name: _recipe(getattr(world, f"producer_{name[-1]}"), make) for name in ("of_a", "of_b")}


def flags(world: SimpleNamespace, make: Factories) -> Rows:
    rows: Rows = {}
    for name in ("of_a", "of_b"):
        owner = getattr(world, f"producer_{name[-1]}")
        facts = {"judgement": "below", "taken": 10, "made": 1, "yield_bp": 1_000, "flagged_at": owner.created_at}
        flag = BalanceFlag(lot_id=make.raw_lot(owner).id, recipe_id=_recipe(owner, make), **facts)
        with transaction() as session:
            session.add(flag)
        rows[name] = flag.id
    return rows


def _recipe(owner: Organisation, make: Factories) -> int:
    facts = {"material": "bot", "name_vi": "Bột", "least_bp": 1, "most_bp": 2}
    with transaction() as session:
        row = Recipe(owner_id=owner.id, set_at=owner.created_at, **facts)
        session.add(row)
    return row.id


def said_of(world: SimpleNamespace, make: Factories) -> Rows:
    """Reviews on show of goods of A and B, and one of A's that waits."""
    found = {}
    for name, owner in (("of_a", world.producer_a), ("draft_of_a", world.producer_a), ("of_b", world.producer_b)):
        order = make.order(make.item(make.product(owner)))
        with transaction():
            here = db.session.get_one(Order, order.id)
            row = reviews.write(here, here.lines[0], hearts=5, language="vi", now=clock.now())
            if name != "draft_of_a":
                reviews.show(row, actor=SYSTEM, now=clock.now())
        found[name] = row.id
    return found


def complained_of(world: SimpleNamespace, make: Factories) -> Rows:
    found = {}
    for name, owner in (("of_a", world.producer_a), ("of_b", world.producer_b)):
        order = make.order(make.item(make.product(owner)))
        with transaction():
            here = db.session.get_one(Order, order.id)
            row = complaints.complain(here, ComplaintKind.OTHER, "x", language="vi", now=clock.now())
        found[name] = row.id
    return found


def sent_back_of(world: SimpleNamespace, make: Factories) -> Rows:
    found = {}
    for name, owner in (("of_a", world.producer_a), ("of_b", world.producer_b)):
        order = make.order(make.item(make.product(owner)))
        with transaction():
            row = returns.ask(
                db.session.get_one(Order, order.id),
                {1: 1},
                reason=ReturnReason.CHANGED_MIND,
                wish=ReturnWish.EXCHANGE,
                language="vi",
                now=clock.now(),
            )
        found[name] = row.id
    return found


def taxed(world: SimpleNamespace, make: Factories) -> Rows:
    """What the province's office held back for A and for B."""
    rows = {}
    for name, owner in (("of_a", world.producer_a), ("of_b", world.producer_b)):
        deal = Deal(f"DH-{name}", owner.id, house_id=world.province.id)
        with transaction() as session:
            sale = Sale(100, vat_held_vnd=1)
            entry_id = journal.post(f"test:{name}", "test", selling.tax_held(sale, deal), now=clock.now())
            row = TaxHeld(
                entry_id=entry_id, document=deal.document, seller_id=owner.id, office_id=world.province.id, rule="mẫu",
                is_claim=False, base_vnd=100, vat_vnd=1, pit_vnd=0, at=clock.now(),
            )  # fmt: skip
            session.add(row)
            session.flush()
            rows[name] = row.id
    return rows


def taxes_paid(world: SimpleNamespace, make: Factories) -> Rows:
    """What the province's office and the commune's paid of tax to the state."""
    rows = {}
    for name, office in (("province", world.province), ("commune", world.commune)):
        deal = Deal(f"DH-tax-{name}", world.producer_a.id, house_id=office.id)
        with transaction():
            entry_id = journal.post(
                f"test:tax:{name}", "test", selling.tax_held(Sale(100, vat_held_vnd=1), deal), now=clock.now()
            )
            db.session.add(
                TaxHeld(
                    entry_id=entry_id, document=deal.document, seller_id=world.producer_a.id, office_id=office.id,
                    rule="mẫu", is_claim=False, base_vnd=100, vat_vnd=1, pit_vnd=0, at=clock.now(),
                )
            )  # fmt: skip
            db.session.flush()
            today = clock.business_date(clock.now())
            rows[name] = paying_tax.pay(
                db.session.get_one(Organisation, office.id), today, 1, paid_on=today, reference="KB", actor=SYSTEM,
                now=clock.now(),
            ).id  # fmt: skip
    return rows


def written_of(world: SimpleNamespace, make: Factories) -> Rows:
    """The line of a sale of A and of B, and what either owes the province's office for it."""
    rows = {}
    for name, owner in (("a", world.producer_a), ("b", world.producer_b)):
        deal = Deal(f"DH-{name}", owner.id, house_id=world.province.id)
        with transaction():
            entry = journal.post(
                f"test:{name}", "test", selling.confirmed(Sale(10, commission_vnd=1), deal), now=clock.now()
            )
        lines = db.session.execute(
            select(JournalLine.id, JournalLine.organisation_id, JournalLine.account).where(
                JournalLine.entry_id == entry
            )
        )
        for id, organisation_id, account in lines:
            if account is Account.SALES:
                rows[f"of_{name}"] = id
            elif account is Account.COMMISSION and organisation_id == world.province.id:
                rows[f"house_{name}"] = id
    return rows


#: What is an organisation's own: its row is "of_a" or "of_b".
OF_PRODUCERS = {asker: seen & {"of_a", "of_b"} for asker, seen in BY_PRODUCER.items()}
#: What belongs to a counter: its organisation's, and the offices' over the counter's commune.
BY_COUNTER: dict[str, set[str]] = {
    "system": {"here", "there"},
    "nobody": set(),
    "producer_a": set(),
    "producer_b": set(),
    "point": {"here"},
    "province": {"here", "there"},
    "commune": {"here"},
    "idle": set(),
}

#: What an office has for itself, whoever's goods it is about.
BY_OFFICE: dict[str, set[str]] = {
    **{asker: set() for asker in ("nobody", "producer_a", "producer_b", "point", "idle")},
    "system": {"province", "commune"},
    "province": {"province"},
    "commune": {"commune"},
}


#: What a payee has for itself: nobody looks after another's money.
BY_PAYEE: dict[str, set[str]] = {
    **{asker: set() for asker in ("nobody", "producer_b", "point", "commune", "idle")},
    "system": {"producer_a", "province"},
    "producer_a": {"producer_a"},
    "province": {"province"},
}


def _payments(world: SimpleNamespace) -> dict[str, Payment]:
    now, rows = clock.now(), {}
    with transaction() as session:
        for name in ("producer_a", "province"):
            cart = Cart(token=name, created_at=now, changed_at=now)
            session.add(cart)
            session.flush()
            bought = Purchase(
                number=f"DH-{name}", token=name, cart_id=cart.id, language="vi", method=PaymentMethod.VIETQR,
                goods_vnd=9_000, total_vnd=9_000, placed_at=now,
            )  # fmt: skip
            session.add(bought)
            session.flush()
            rows[name] = Payment(
                purchase_id=bought.id, payee_id=getattr(world, name).id, method=PaymentMethod.VIETQR, code=name,
                amount_vnd=9_000, captured_vnd=9_000, asked_at=now,
            )  # fmt: skip
        session.add_all(rows.values())
    return rows


def payments(world: SimpleNamespace, make: Factories) -> Rows:
    return {name: row.id for name, row in _payments(world).items()}


def refunds(world: SimpleNamespace, make: Factories) -> Rows:
    paid = _payments(world)
    with transaction():
        return {
            name: settling.refund(row, 5_000, cause=name, reason="", now=clock.now()).id for name, row in paid.items()
        }


def disputes_of_cards(world: SimpleNamespace, make: Factories) -> Rows:
    rows, now = {}, clock.now()
    for name, paid in _payments(world).items():
        rows[name] = CardDispute(
            number=f"TC-{name}", payment_id=paid.id, reference=name, amount_vnd=9_000, reason="general",
            state=DisputeState.TO_ANSWER, opened_at=now, heard_at=now,
        )  # fmt: skip
    with transaction() as session:
        session.add_all(rows.values())
    return {name: row.id for name, row in rows.items()}


def credits(world: SimpleNamespace, make: Factories) -> Rows:
    now = clock.now()
    with transaction():
        return {
            name: settling.record(
                settling.Arrived(name, "statement", getattr(world, name).id, 5_000, "gi do", now), now=now
            ).id
            for name in ("producer_a", "province")
        }


def bank_accounts(world: SimpleNamespace, make: Factories) -> Rows:
    with transaction() as session:
        return {
            name: transfers.set_account(
                session.get_one(Organisation, getattr(world, name).id),
                bank_bin="970405",
                number=f"123456789{getattr(world, name).id}",
                holder="MAU",
                actor=SYSTEM,
                now=clock.now(),
            ).id
            for name in ("producer_a", "province")
        }


def own_vouchers(world: SimpleNamespace, make: Factories) -> Rows:
    today = clock.business_date(clock.now())
    terms = Terms(VoucherKind.AMOUNT, 9_000, today, today)
    bearers = {"of_a": world.producer_a, "of_b": world.producer_b}
    with transaction() as session:
        return {
            name: vouchers.make(
                session.get_one(Organisation, bearer.id), f"CUA{bearer.id}", terms, actor=SYSTEM, now=clock.now()
            ).id
            for name, bearer in bearers.items()
        }


def rolls(world: SimpleNamespace, make: Factories) -> Rows:
    with transaction():
        return {
            name: items.print_ahead(db.session.get_one(Organisation, owner.id), 2, actor=SYSTEM, now=clock.now()).id
            for name, owner in (("of_a", world.producer_a), ("of_b", world.producer_b))
        }


def printed(world: SimpleNamespace, make: Factories) -> Rows:
    found = {}
    for name, owner in (("of_a", world.producer_a), ("of_b", world.producer_b)):
        batch = make.batch(make.item(make.product(owner)))
        with transaction() as session:
            row = printing.record(
                [Label("https://ocop.example/x", "X", "Y")], batch=batch, organisation_id=owner.id, sheet=A4_24,
                form="pdf", actor=SYSTEM, now=clock.now(),
            )  # fmt: skip
            session.flush()
            found[name] = row.id
    return found


def reports(world: SimpleNamespace, make: Factories) -> Rows:
    with transaction():
        owners = {"of_a": world.producer_a.id, "of_b": world.producer_b.id, "of_nobody": None}
        return {
            name: cases.report(CaseKind.OTHER, "x", organisation_id=owner, now=clock.now()).id
            for name, owner in owners.items()
        }


def orders(world: SimpleNamespace, make: Factories) -> Rows:
    return {name: order.id for name, (order, _) in _orders(world, make).items()}


def parcels(world: SimpleNamespace, make: Factories) -> Rows:
    return {name: parcel.id for name, (_, parcel) in _orders(world, make).items()}


def _orders(world: SimpleNamespace, make: Factories) -> dict[str, tuple[Order, Parcel]]:
    now = clock.now()
    made = {}
    with transaction() as session:
        cart = Cart(token="a cart", created_at=now, changed_at=now)
        session.add(cart)
        session.flush()
        purchase = Purchase(
            number="DH-900001", token="t" * 26, cart_id=cart.id, language="vi", method=PaymentMethod.COD,
            goods_vnd=0, total_vnd=0, placed_at=now,
        )  # fmt: skip
        session.add(purchase)
        session.flush()
        for position, name in enumerate(("of_a", "of_b"), start=1):
            order = Order(
                purchase_id=purchase.id, position=position, number=f"DH-900001-{position}",
                producer_id=getattr(world, f"producer_{name[-1]}").id, goods_vnd=0, total_vnd=0, placed_at=now,
            )  # fmt: skip
            session.add(order)
            session.flush()
            parcel = Parcel(number=f"KH-90000{position}", order_id=order.id, carrier="hand_over", created_at=now)
            session.add(parcel)
            session.flush()
            made[name] = (order, parcel)
    return made


#: Reader → (what there is, which of it each asker sees).
SCOPES: dict[str, tuple[Callable[[SimpleNamespace, Factories], Rows], dict[str, set[str]]]] = {
    "accounts.queries": (
        organisations,
        {
            "system": {"producer_a", "producer_b", "point", "province", "commune", "idle"},
            "nobody": set(),
            "producer_a": {"producer_a"},
            "producer_b": {"producer_b"},
            "point": {"point"},
            "province": {"producer_a", "producer_b", "point", "province", "commune", "idle"},
            "commune": {"producer_a", "point", "province", "commune", "idle"},
            "idle": {"idle"},
        },
    ),
    "catalog.queries": (products, BY_PRODUCER),
    "storefront.queries": (products, BY_PRODUCER),
    "books.queries": (
        written_of,
        {
            **OF_PRODUCERS,
            "system": {"of_a", "of_b", "house_a", "house_b"},
            "province": {"of_a", "of_b", "house_a", "house_b"},
            "commune": {"of_a", "house_a", "house_b"},
        },
    ),
    "books.queries.taxes_visible_to": (taxed, OF_PRODUCERS),
    "books.queries.tax_payments_visible_to": (taxes_paid, BY_OFFICE),
    "storefront.after_queries.complaints_visible_to": (complained_of, OF_PRODUCERS),
    "storefront.after_queries.reviews_visible_to": (
        said_of,
        {
            **{asker: seen - {"draft_of_b"} for asker, seen in BY_PRODUCER.items()},
            "producer_a": {"of_a"},
            "producer_b": {"of_b"},
        },
    ),
    "storefront.order_queries": (orders, OF_PRODUCERS),
    "storefront.return_queries": (sent_back_of, OF_PRODUCERS),
    "storefront.order_queries.parcels_visible_to": (parcels, OF_PRODUCERS),
    "storefront.money_queries.credits_visible_to": (credits, BY_PAYEE),
    "storefront.money_queries.refunds_visible_to": (refunds, BY_PAYEE),
    "storefront.money_queries.disputes_visible_to": (disputes_of_cards, BY_PAYEE),
    "storefront.money_queries.payments_visible_to": (payments, BY_PAYEE),
    "storefront.money_queries.accounts_visible_to": (bank_accounts, BY_PAYEE),
    "storefront.voucher_queries": (own_vouchers, OF_PRODUCERS),
    "ocop.queries": (certificates, OF_PRODUCERS),
    "traceability.queries": (lots, OF_PRODUCERS),
    "traceability.item_queries.rolls_visible_to": (rolls, OF_PRODUCERS),
    "traceability.item_queries.prints_visible_to": (printed, OF_PRODUCERS),
    "traceability.item_queries.cases_visible_to": (
        reports,
        {
            "system": {"of_a", "of_b", "of_nobody"},
            "nobody": set(),
            "producer_a": set(),
            "producer_b": set(),
            "point": set(),
            "province": {"of_a", "of_b", "of_nobody"},
            "commune": {"of_a", "of_nobody"},
            "idle": set(),
        },
    ),
    "traceability.epcis.queries": (
        epcis_events,
        {
            "system": {"of_a", "of_b", "public", "b_of_a", "handed"},
            "nobody": {"public"},
            "producer_a": {"of_a", "public", "b_of_a", "handed"},
            "producer_b": {"of_b", "public", "b_of_a"},
            "point": {"public", "handed"},
            "province": {"of_a", "of_b", "public", "b_of_a", "handed"},
            "commune": {"of_a", "public", "b_of_a", "handed"},
            "idle": {"public"},
        },
    ),
    "traceability.queries.links_visible_to": (links, OF_PRODUCERS),
    "traceability.queries.scans_visible_to": (scans, OF_PRODUCERS),
    "stock.queries": (
        goods,
        {
            "system": {"a_home", "b_home", "b_here"},
            "nobody": set(),
            "producer_a": {"a_home"},
            "producer_b": {"b_home", "b_here"},
            "point": {"b_here"},
            "province": {"a_home", "b_home", "b_here"},
            "commune": {"a_home", "b_here"},
            "idle": set(),
        },
    ),
    "consignment.queries": (
        notes,
        {
            "system": {"a_here", "b_here", "b_there"},
            "nobody": set(),
            "producer_a": {"a_here"},
            "producer_b": {"b_here", "b_there"},
            "point": {"a_here", "b_here"},
            "province": {"a_here", "b_here", "b_there"},
            "commune": {"a_here", "b_here"},
            "idle": set(),
        },
    ),
    "traceability.queries.recipes_visible_to": (own_recipes, OF_PRODUCERS),
    "traceability.queries.flags_visible_to": (flags, OF_PRODUCERS),
    "oversight.queries": (recalls, OF_PRODUCERS),
    "oversight.queries.destinations_visible_to": (destinations, BY_OFFICE),
    "oversight.queries.exports_visible_to": (exports, BY_OFFICE),
    "oversight.queries.lot_files_visible_to": (
        lot_files,
        {**BY_OFFICE, "producer_a": {"producer_a"}, "system": {"producer_a", "province", "commune"}},
    ),
    "oversight.queries.notices_visible_to": (
        recall_notices,
        {
            "system": {"a_point", "b_point", "b_a"},
            "nobody": set(),
            "producer_a": {"a_point", "b_a"},
            "producer_b": {"b_point", "b_a"},
            "point": {"a_point", "b_point"},
            "province": {"a_point", "b_point", "b_a"},
            "commune": {"a_point"},
            "idle": set(),
        },
    ),
    "consignment.queries.sales_visible_to": (sales, BY_COUNTER),
    "consignment.queries.points_visible_to": (points, BY_COUNTER),
}


def _readers() -> dict[str, Callable[[Actor], Any]]:
    """Find every ``visible_to``, under its module's name, and every ``…_visible_to`` under its own."""
    found = {}
    for part in PARTS:
        for info in pkgutil.walk_packages(part.__path__, part.__name__ + "."):
            if info.name.endswith("queries") or ".queries." in info.name:
                module = importlib.import_module(info.name)
                for name, reader in vars(module).items():
                    if name == "visible_to" or name.endswith("_visible_to"):
                        found[info.name if name == "visible_to" else f"{info.name}.{name}"] = reader
    return found


@pytest.fixture
def world(make: Factories) -> SimpleNamespace:
    return SimpleNamespace(
        producer_a=make.producer("A", commune=BA_DONG),
        producer_b=make.producer("B", commune=BA_TO),
        point=make.organisation("P", kind=OrganisationKind.SALES_POINT, commune=BA_DONG),
        province=make.office("Tỉnh", of=("51",)),
        commune=make.office("Xã", of=(BA_DONG,)),
        idle=make.office("Chưa giao", of=()),
    )


def _actor(world: SimpleNamespace, make: Factories, asker: str, role: Role = Role.VIEWER) -> Actor:
    if asker in ("system", "nobody"):
        return {"system": SYSTEM, "nobody": ANONYMOUS}[asker]
    return membership.actor_of(make.user(getattr(world, asker), role=role).id)


def _keys(query: Any) -> set[Any]:
    return {inspect(row).identity[0] for row in db.session.scalars(query)}


def test_every_scope_has_its_table_here() -> None:
    assert set(_readers()) == set(SCOPES), "add it to SCOPES, with what each asker sees"
    for name, (_, table) in SCOPES.items():
        assert set(table) == set(ASKERS), name


@pytest.mark.parametrize("name", sorted(SCOPES))
def test_each_asker_sees_exactly_what_is_theirs(name: str, world: SimpleNamespace, make: Factories, ctx: Flask) -> None:
    prepare, table = SCOPES[name]
    there = prepare(world, make)
    names = {key: row for row, key in there.items()}
    visible_to = _readers()[name]

    for asker in ASKERS:
        actor = _actor(world, make, asker)
        seen = {names[key] for key in _keys(visible_to(actor)) if key in names}
        assert seen == table[asker], asker


@pytest.mark.parametrize("name", sorted(SCOPES))
def test_no_role_widens_what_is_seen(name: str, world: SimpleNamespace, make: Factories, ctx: Flask) -> None:
    prepare, _ = SCOPES[name]
    prepare(world, make)
    visible_to = _readers()[name]

    for asker in ASKERS[2:]:
        seen = [_keys(visible_to(_actor(world, make, asker, role))) for role in Role]
        assert seen[0] == seen[1] == seen[2], asker


@pytest.mark.parametrize("name", sorted(SCOPES))
def test_an_officer_who_acts_for_a_producer_sees_what_the_producer_sees(
    name: str, world: SimpleNamespace, make: Factories, ctx: Flask
) -> None:
    prepare, _ = SCOPES[name]
    prepare(world, make)
    producer = _actor(world, make, "producer_a")
    visible_to = _readers()[name]

    acting = replace(producer, officer_organisation_id=world.province.id)

    assert _keys(visible_to(acting)) == _keys(visible_to(producer))
