"""Every door says who may pass, and who may is written down here, role by role.

A new view makes a test of this file fail until its row is added: for a signed-in screen in ``DOORS``, for a
form that anybody may send in ``OPEN_FORMS``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from accounts.actor import SYSTEM, Permission
from accounts.models import Invitation, Organisation, OrganisationKind, Role
from books import journal, paying_tax
from books import selling as sold
from books.models import TaxHeld
from books.selling import Deal
from books.shares import Sale
from catalog.models import Unit, VersionPhoto
from consignment import queries, selling, transfer
from kernel import clock, media
from kernel.db import db, transaction
from kernel.models import StoredFile
from oversight import queries as recalls
from oversight import recall
from oversight.export_models import ExportDestination, ExportForm, ExportJob, ExportSystem, LotFile
from oversight.models import Severity
from stock import allocation
from stock.models import LocationKind
from storefront import (
    bookkeeping,
    complaints,
    parcels,
    returns,
    reviews,
    settling,
    synonyms,
    texts,
    transfers,
    vouchers,
)
from storefront.after_models import ComplaintKind
from storefront.dispute_models import CardDispute, DisputeState
from storefront.order_models import (
    Cart,
    ChangeState,
    Order,
    OrderChange,
    OrderLine,
    Payment,
    PaymentMethod,
    Placement,
    Purchase,
)
from storefront.return_models import ReturnReason, ReturnWish
from storefront.voucher_models import VoucherKind
from storefront.vouchers import Terms
from tests.factories import Factories
from tests.web import send
from traceability import cases, items, recipes, recording
from traceability.item_models import CaseKind
from traceability.models import BalanceFlag, BatchDraft, EventKind, Lot, LotDocument
from traceability.recording import NamedLot

#: Forms that anybody may send, and why that is right.
OPEN_FORMS = {
    "cart.add": "anybody may fill a cart; sent from shared pages, so the view looks at where it came from",
    "cart.change": "the cookie is the key of the cart; CSRF is checked",
    "checkout.order": "one buys as a guest; the cookie is the key of the cart, CSRF is checked",
    "orders.cancel": "the link is the key of the purchase",
    "orders.erase": "the link is the key of the purchase",
    "changes_of_buyers.fewer": "the link is the key of the purchase",
    "changes_of_buyers.readdress": "the link is the key of the purchase",
    "changes_of_buyers.answer": "the link is the key of the purchase",
    "carrier_notices.take": "carriers come with the secret in the address, asked for by the view itself",
    "login.sign_in": "one signs in here",
    "login.sign_out": "ends one's own session; harmless to others, and CSRF is checked",
    "forgotten.ask": "who forgot their password cannot sign in; answers everybody alike, few a minute",
    "forgotten.follow_link": "the link is the key, used once",
    "forgotten.use_code": "the code is the key, five tries",
    "invitation.show": "the link is the key, used once",
    "look_up.by_photo": "who holds a pack need not be known to us; the photo is read and not kept",
    "pack.report_batch": "as pack.report, about a batch",
    "pack.report_known_lot": "as pack.report, about a lot that events alone tell of",
    "pack.report_typed": "as pack.report, about what is on record nowhere",
    "sign_up.ask": "who opens an account has none; answers everybody alike, few a minute",
    "sign_up.open_account": "the link is the key, used once",
    "stock_notices.ask": "who waits for goods need not be known to us; the address is proved first, few a minute",
    "stock_notices.confirm": "the link in the letter is the key",
    "stock_notices.stop": "the link in the letter is the key",
    "reviews_of_buyers.write": "the link of the order is the key; the office looks before it is shown",
    "reviews_of_buyers.withdraw": "the link of the order is the key",
    "returns_of_buyers.ask": "the link of the order is the key; few a minute",
    "returns_of_buyers.name_account": "the link of the order is the key; few a minute",
    "returns_of_buyers.withdraw": "the link of the order is the key; few a minute",
    "complaints_of_buyers.index": "the link of the order is the key; few a minute",
    "complaints_of_buyers.write": "the link of the order is the key; few a minute",
    "complaints_of_buyers.dispute": "the link of the order is the key; few a minute",
    "complaints_of_buyers.end": "the link of the order is the key; few a minute",
    "pack.report": "who holds a pack need not be known to us; opens a case for the office, few a minute",
    "invitation.accept_signed_in": "the link is the key; asks to sign in by itself",
    "epcis.capture_document": "programs come with a bearer key, asked for by the view itself",
    "epcis.capture_event": "programs come with a bearer key, asked for by the view itself",
    "epcis.create_query": "programs come with a bearer key, asked for by the view itself",
    "epcis.delete_query": "programs come with a bearer key, asked for by the view itself",
    "epcis.drop_token": "programs come with a bearer key; there is nothing to drop",
    "epcis.subscriptions": "programs come with a bearer key; there are none",
    "notices.bank": "comes with the secret of the service that watches the account",
    "notices.stripe": "signed by the provider of card payments, on the bytes as they came",
    "epcis.discover": "tells what an address can do, and refuses the rest",
}

#: Who asks, in the order of the letters of a row.
ASKERS = (
    ("producer", Role.MANAGER),
    ("producer", Role.STAFF),
    ("producer", Role.VIEWER),
    ("point", Role.MANAGER),
    ("point", Role.STAFF),
    ("point", Role.VIEWER),
    ("office", Role.MANAGER),
    ("office", Role.STAFF),
    ("office", Role.VIEWER),
    ("council", Role.MANAGER),
    ("council", Role.STAFF),
    ("council", Role.VIEWER),
)

PAPER = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"

# A row is the address's arguments (from the world below) and a letter for each asker:
#   + may       - may not: 403       0 does not exist for them: 404
# producer, point, office, council; of each: manager, staff, viewer.
Arguments = Callable[[SimpleNamespace], dict[str, Any]]


def nothing(world: SimpleNamespace) -> dict[str, Any]:
    return {}


def producer(world: SimpleNamespace) -> dict[str, Any]:
    return {"code": "ours1"}


def led(world: SimpleNamespace) -> dict[str, Any]:
    return {"code": "ours1", "whom": "phu-nu"}


def office(world: SimpleNamespace) -> dict[str, Any]:
    return {"code": "tinh1"}


def place(world: SimpleNamespace) -> dict[str, Any]:
    return {"code": "ours1", "place_id": world.place.id}


def member(world: SimpleNamespace) -> dict[str, Any]:
    return {"code": "ours1", "user_id": world.member.id}


def invitation(world: SimpleNamespace) -> dict[str, Any]:
    return {"code": "ours1", "invitation_id": world.invitation.id}


def product(world: SimpleNamespace) -> dict[str, Any]:
    return {"product_id": world.product.id}


def item(world: SimpleNamespace) -> dict[str, Any]:
    return {"product_id": world.product.id, "item_id": world.item.id}


def stopped(world: SimpleNamespace) -> dict[str, Any]:
    return {**item(world), "act": "ban-lai"}


def photo(world: SimpleNamespace) -> dict[str, Any]:
    return {"product_id": world.product.id, "digest": "a" * 64}


def moved(world: SimpleNamespace) -> dict[str, Any]:
    return {**photo(world), "act": "len"}


def decision(world: SimpleNamespace) -> dict[str, Any]:
    return {"product_id": world.product.id, "act": "tra-lai"}


def lot(world: SimpleNamespace) -> dict[str, Any]:
    return {"lot_id": world.batch.lot_id}


def code_file(world: SimpleNamespace) -> dict[str, Any]:
    return {**lot(world), "form": "svg"}


def step(world: SimpleNamespace) -> dict[str, Any]:
    return {**lot(world), "event_id": world.event_id}


def held(world: SimpleNamespace) -> dict[str, Any]:
    return {**lot(world), "act": "giu"}


def begun(world: SimpleNamespace) -> dict[str, Any]:
    return {"draft_id": world.draft_id}


def material(world: SimpleNamespace) -> dict[str, Any]:
    return {"lot_id": world.raw.id}


def paper(world: SimpleNamespace) -> dict[str, Any]:
    return {**material(world), "digest": world.paper}


def traced(world: SimpleNamespace) -> dict[str, Any]:
    return {"lo": world.raw.id}


def held_material(world: SimpleNamespace) -> dict[str, Any]:
    return {**material(world), "act": "giu"}


def link(world: SimpleNamespace) -> dict[str, Any]:
    return {"link_id": world.link.id}


def sheet(world: SimpleNamespace) -> dict[str, Any]:
    return {**lot(world), "form": "csv"}


def lot_file(world: SimpleNamespace) -> dict[str, Any]:
    return {"file_id": world.lot_file_id}


def destination(world: SimpleNamespace) -> dict[str, Any]:
    return {"destination_id": world.destination_id}


def export(world: SimpleNamespace) -> dict[str, Any]:
    return {"export_id": world.export_id}


def exported(world: SimpleNamespace) -> dict[str, Any]:
    return {**export(world), "act": "thu-lai"}


def roll(world: SimpleNamespace) -> dict[str, Any]:
    return {"roll_id": world.roll_id}


def switched(world: SimpleNamespace) -> dict[str, Any]:
    return {"product_id": world.product.id, "act": "bat"}


def case(world: SimpleNamespace) -> dict[str, Any]:
    return {"case_id": world.case_id}


def certificate(world: SimpleNamespace) -> dict[str, Any]:
    return {"number": "MAU-CUA-1"}


def counter(world: SimpleNamespace) -> dict[str, Any]:
    return {"slug": "quay-chinh"}


def draft_note(world: SimpleNamespace) -> dict[str, Any]:
    return {"number": world.numbers["draft"]}


def returned_note(world: SimpleNamespace) -> dict[str, Any]:
    return {"number": world.numbers["return"]}


def waiting_note(world: SimpleNamespace) -> dict[str, Any]:
    return {**counter(world), "number": world.numbers["sent"]}


def returned_at_counter(world: SimpleNamespace) -> dict[str, Any]:
    return {**counter(world), "number": world.numbers["return"]}


def sale(world: SimpleNamespace) -> dict[str, Any]:
    return {**counter(world), "number": world.numbers["sale"]}


def recalled(world: SimpleNamespace) -> dict[str, Any]:
    return {"number": world.recall_number}


def recall_notice(world: SimpleNamespace) -> dict[str, Any]:
    return {**recalled(world), "notice_id": world.notice_id}


def recalled_order(world: SimpleNamespace) -> dict[str, Any]:
    return {**recalled(world), "order_number": "DH-800001-1"}


def recipe(world: SimpleNamespace) -> dict[str, Any]:
    return {"recipe_id": world.recipe_id}


def flag(world: SimpleNamespace) -> dict[str, Any]:
    return {"flag_id": world.flag_id}


def synonym_set(world: SimpleNamespace) -> dict[str, Any]:
    return {"set_id": world.synonyms}


def money(world: SimpleNamespace) -> dict[str, Any]:
    return {"credit_id": world.credit_id}


def refunded(world: SimpleNamespace) -> dict[str, Any]:
    return {"number": world.refund_number}


def disputed(world: SimpleNamespace) -> dict[str, Any]:
    return {"number": "TC-000009"}


def left_over(world: SimpleNamespace) -> dict[str, Any]:
    return {"code": "OC9"}


def bank_account(world: SimpleNamespace) -> dict[str, Any]:
    return {"account_id": world.account_id}


def public_text(world: SimpleNamespace) -> dict[str, Any]:
    return {"name": next(iter(texts.NAMES))}


def review(world: SimpleNamespace) -> dict[str, Any]:
    return {"review_id": world.review_id}


def returned(world: SimpleNamespace) -> dict[str, Any]:
    return {"number": world.return_number}


def complaint(world: SimpleNamespace) -> dict[str, Any]:
    return {"number": world.complaint_number}


def order(world: SimpleNamespace) -> dict[str, Any]:
    return {"number": "DH-800001-1"}


def proposed(world: SimpleNamespace) -> dict[str, Any]:
    return {**order(world), "change": "TD-800001"}


def picked(world: SimpleNamespace) -> dict[str, Any]:
    return {**order(world), "allocation_id": world.allocation_id}


def parcel(world: SimpleNamespace) -> dict[str, Any]:
    return {"number": world.parcel_number}


def brought(world: SimpleNamespace) -> dict[str, Any]:
    return {**parcel(world), "name": "delivered"}


def paid_for(world: SimpleNamespace) -> dict[str, Any]:
    return {**parcel(world), "name": "collected"}


def zone(world: SimpleNamespace) -> dict[str, Any]:
    return {"zone": "commune"}


def a_voucher(world: SimpleNamespace) -> dict[str, Any]:
    return {"code": world.voucher}


def an_account(world: SimpleNamespace) -> dict[str, Any]:
    return {"name": "sales"}


def an_entry(world: SimpleNamespace) -> dict[str, Any]:
    return {"document": world.document}


def tax_paid(world: SimpleNamespace) -> dict[str, Any]:
    return {"number": world.tax_payment}


DOORS: dict[str, tuple[Arguments, str]] = {
    "dashboard.show": (nothing, "+++ +++ +++ +++"),
    "money.index": (nothing, "+++ --- +++ ---"),
    "money.show": (money, "+++ --- 000 ---"),
    "money.assign": (money, "++- --- 00- ---"),
    "money.decide": (money, "++- --- 00- ---"),
    "money.give_back_over": (money, "++- --- 00- ---"),
    "money.held": (nothing, "+++ --- +++ ---"),
    "money.give_back_held": (left_over, "++- --- 00- ---"),
    "money.refunds": (nothing, "+++ --- +++ ---"),
    "money.refund": (refunded, "+++ --- 000 ---"),
    "money.record_refund": (refunded, "++- --- 00- ---"),
    "money.call_off_refund": (refunded, "++- --- 00- ---"),
    "disputes.index": (nothing, "+++ --- +++ ---"),
    "disputes.show": (disputed, "+++ --- 000 ---"),
    "disputes.decide": (disputed, "++- --- 00- ---"),
    "bank_statements.show": (nothing, "++- --- ++- ---"),
    "bank_statements.look": (nothing, "++- --- ++- ---"),
    "bank_statements.apply": (nothing, "++- --- ++- ---"),
    "bank_accounts.show": (nothing, "+-- --- +-- ---"),
    "bank_accounts.stop": (bank_account, "+-- --- 0-- ---"),
    "bank_accounts.methods": (nothing, "--- --- ++- ---"),
    "gallery.show": (nothing, "+++ +++ +++ +++"),
    "account.show": (nothing, "+++ +++ +++ +++"),
    "account.change_password": (nothing, "+++ +++ +++ +++"),
    "account.end_sessions": (nothing, "+++ +++ +++ +++"),
    "account.work_in": (nothing, "+++ +++ +++ +++"),
    "order_desk.index": (nothing, "+++ --- +++ ---"),
    "order_desk.show": (order, "+++ --- +++ ---"),
    "order_desk.invoice": (order, "++- --- --- ---"),
    "order_desk.called": (order, "++- --- --- ---"),
    "order_desk.send_all_the_same": (order, "++- --- --- ---"),
    "order_desk.cancel": (order, "++- --- --- ---"),
    "order_packing.pack": (order, "++- --- --- ---"),
    "order_packing.repick": (picked, "++- --- --- ---"),
    "order_changes.propose": (order, "++- --- --- ---"),
    "order_changes.withdraw": (proposed, "++- --- --- ---"),
    "order_papers.packing_slip": (order, "+++ --- +++ ---"),
    "order_papers.pick_list": (nothing, "+++ --- +++ ---"),
    "order_papers.order_sheet": (nothing, "+++ --- +++ ---"),
    "order_papers.label": (parcel, "+++ --- +++ ---"),
    "parcel_desk.of_parcel": (parcel, "+++ --- +++ ---"),
    "parcel_desk.step": (brought, "++- --- --- ---"),
    "parcel_desk.take_back": (parcel, "++- --- --- ---"),
    "parcel_desk.cash_step": (paid_for, "++- --- --- ---"),
    "parcel_desk.code": (parcel, "++- --- --- ---"),
    "parcel_desk.remark": (parcel, "++- --- --- ---"),
    "parcel_desk.cash": (nothing, "+++ --- +++ ---"),
    "shipping_rates.index": (nothing, "++- --- ++- ---"),
    "shipping_rates.edit": (zone, "++- --- ++- ---"),
    "vouchers.index": (nothing, "+-- --- ++- ---"),
    "vouchers.new": (nothing, "+-- --- ++- ---"),
    "vouchers.stop": (a_voucher, "+-- --- 00- ---"),
    "products.index": (nothing, "+++ --- +++ +++"),
    "products.show": (product, "+++ --- +++ 000"),
    "products.preview": (product, "+++ --- +++ 000"),
    "products.new": (nothing, "++- --- --- ---"),
    "products.edit_origin": (product, "++- --- --- ---"),
    "products.edit_words": (product, "++- --- --- ---"),
    "products.edit_label": (product, "++- --- --- ---"),
    "products.edit_photos": (product, "++- --- --- ---"),
    "products.edit_photo": (photo, "++- --- --- ---"),
    "products.order_photo": (moved, "++- --- --- ---"),
    "products.drop_photo": (photo, "++- --- --- ---"),
    "products.edit_items": (product, "++- --- --- ---"),
    "products.new_item": (product, "++- --- --- ---"),
    "products.new_set": (product, "++- --- --- ---"),
    "products.edit_item": (item, "++- --- --- ---"),
    "products.stop_item": (stopped, "++- --- --- ---"),
    "products.set_price": (item, "++- --- --- ---"),
    "products.state_vat": (item, "++- --- --- ---"),
    "products.check": (product, "++- --- --- ---"),
    "products.withdraw": (product, "++- --- --- ---"),
    "products.restore": (product, "++- --- --- ---"),
    "product_files.show": (nothing, "++- --- --- ---"),
    "product_files.look": (nothing, "++- --- --- ---"),
    "product_files.apply": (nothing, "++- --- --- ---"),
    "product_files.download": (nothing, "+++ --- +++ +++"),
    "product_approval.index": (nothing, "--- --- ++- ---"),
    "product_approval.show": (product, "--- --- ++- ---"),
    "product_approval.decide": (decision, "--- --- ++- ---"),
    "product_approval.save_alcohol": (product, "--- --- ++- ---"),
    "batches.index": (nothing, "+++ --- +++ ---"),
    "batches.show": (lot, "+++ --- +++ ---"),
    "batches.code": (code_file, "+++ --- +++ ---"),
    "batches.add_step": (lot, "++- --- --- ---"),
    "batches.add_paper": (lot, "++- --- --- ---"),
    "batches.correct": (step, "++- --- --- ---"),
    "labels.of_batch": (lot, "++- --- --- ---"),
    "rolls.index": (nothing, "+++ --- +++ ---"),
    "rolls.new": (nothing, "++- --- --- ---"),
    "rolls.show": (roll, "+++ --- +++ ---"),
    "rolls.print_roll": (roll, "++- --- --- ---"),
    "rolls.bind": (roll, "++- --- --- ---"),
    "rolls.void": (roll, "++- --- --- ---"),
    "rolls.scan": (nothing, "++- --- --- ---"),
    "packs.index": (nothing, "+++ --- +++ ---"),
    "packs.switch": (switched, "++- --- --- ---"),
    "packs.suspicious": (nothing, "+++ --- +++ ---"),
    "cases.index": (nothing, "--- --- ++- ---"),
    "cases.show": (case, "--- --- ++- ---"),
    "cases.close": (case, "--- --- ++- ---"),
    "reviews.index": (nothing, "+++ --- +++ ---"),
    "reviews.show": (review, "+++ --- +++ ---"),
    "reviews.put_on_show": (review, "--- --- ++- ---"),
    "reviews.refuse": (review, "--- --- ++- ---"),
    "reviews.answer": (review, "++- --- --- ---"),
    "reviews.drop_answer": (review, "++- --- ++- ---"),
    "books.index": (nothing, "+++ --- +++ ---"),
    "books.due": (nothing, "+++ --- +++ ---"),
    "books.account": (an_account, "+++ --- +++ ---"),
    "books.about": (an_entry, "+++ --- +++ ---"),
    "books.prove_now": (nothing, "--- --- ++- ---"),
    "books.rates": (nothing, "--- --- ++- ---"),
    "taxes.index": (nothing, "+++ --- +++ ---"),
    "taxes.switch": (nothing, "--- --- ++- ---"),
    "taxes.pay": (nothing, "--- --- ++- ---"),
    "taxes.undo": (tax_paid, "--- --- ++- ---"),
    "complaints.index": (nothing, "+++ --- +++ ---"),
    "complaints.show": (complaint, "+++ --- +++ ---"),
    "complaints.answer": (complaint, "++- --- --- ---"),
    "complaints.decide": (complaint, "--- --- ++- ---"),
    "complaints.refund": (complaint, "--- --- ++- ---"),
    "return_desk.index": (nothing, "+++ --- +++ ---"),
    "return_desk.show": (returned, "+++ --- +++ ---"),
    "return_desk.decide": (returned, "++- --- --- ---"),
    "return_desk.take_in": (returned, "++- --- --- ---"),
    "return_desk.exchange": (returned, "++- --- --- ---"),
    "return_desk.give_money": (returned, "++- --- --- ---"),
    "batches.release": (lot, "++- --- --- ---"),
    "batches.confirm": (lot, "--- --- ++- ---"),
    "batches.change_state": (held, "--- --- ++- ---"),
    "batch_wizard.new": (nothing, "++- --- --- ---"),
    "batch_wizard.item": (begun, "++- --- --- ---"),
    "batch_wizard.amount": (begun, "++- --- --- ---"),
    "batch_wizard.dates": (begun, "++- --- --- ---"),
    "batch_wizard.inputs": (begun, "++- --- --- ---"),
    "batch_wizard.steps": (begun, "++- --- --- ---"),
    "batch_wizard.check": (begun, "++- --- --- ---"),
    "batch_wizard.drop": (begun, "++- --- --- ---"),
    "lots.index": (nothing, "+++ --- +++ ---"),
    "lots.receive": (nothing, "++- --- --- ---"),
    "lots.make": (nothing, "++- --- --- ---"),
    "lots.show": (material, "+++ --- +++ ---"),
    "lots.add_step": (material, "++- --- --- ---"),
    "lots.paper": (paper, "+++ --- +++ ---"),
    "lots.add_paper": (material, "++- --- --- ---"),
    "lots.change_state": (held_material, "--- --- ++- ---"),
    "scans.index": (nothing, "+++ --- +++ ---"),
    "scans.show": (lot, "+++ --- +++ ---"),
    "genealogy.index": (nothing, "+++ --- +++ ---"),
    "genealogy.show": (traced, "+++ --- +++ ---"),
    "lot_files.days": (nothing, "+++ --- +++ ---"),
    "lot_files.show": (lot, "+++ --- +++ ---"),
    "lot_files.sheet": (sheet, "+++ --- +++ ---"),
    # The file that the office asked for: a producer asks for its own, with what it may see.
    "lot_files.download": (lot_file, "000 --- +++ ---"),
    "exports.index": (nothing, "--- --- ++- ---"),
    "exports.new": (nothing, "--- --- ++- ---"),
    "exports.change": (destination, "--- --- ++- ---"),
    "exports.send": (lot, "--- --- ++- ---"),
    "exports.settle": (exported, "--- --- ++- ---"),
    "exports.download": (export, "--- --- ++- ---"),
    "links.index": (nothing, "+++ --- +++ ---"),
    "links.new": (nothing, "++- --- --- ---"),
    "links.change": (link, "++- --- --- ---"),
    "links.remove": (link, "++- --- --- ---"),
    "certificates.index": (nothing, "+++ --- +++ ---"),
    "certificates.show": (certificate, "+++ --- +++ ---"),
    "certificates.issue": (nothing, "--- --- ++- ---"),
    "certificates.revoke": (certificate, "--- --- ++- ---"),
    "stock.index": (nothing, "+++ +++ +++ ---"),
    "stock.movements": (lot, "+++ +++ +++ ---"),
    "consignment.index": (nothing, "+++ +++ +++ ---"),
    "consignment.choose_point": (nothing, "++- --- --- ---"),
    "consignment.new": (counter, "++- --- --- ---"),
    "consignment.show": (draft_note, "+++ +++ +++ ---"),
    "consignment.send": (draft_note, "++- --- --- ---"),
    "consignment.receive": (returned_note, "++- --- --- ---"),
    "consignment.cancel": (draft_note, "++- --- --- ---"),
    "counter.index": (nothing, "--- ++- --- ---"),
    "counter.show": (counter, "--- ++- --- ---"),
    "counter.begin_again": (counter, "--- ++- --- ---"),
    "counter.find": (counter, "--- ++- --- ---"),
    "counter.call_off": (returned_at_counter, "--- ++- --- ---"),
    "counter.check": (counter, "--- ++- --- ---"),
    "counter.sell": (counter, "--- ++- --- ---"),
    "counter.sales": (counter, "--- ++- --- ---"),
    "counter.cancel_sale": (sale, "--- ++- --- ---"),
    "counter.receive": (waiting_note, "--- ++- --- ---"),
    "counter.give_back": (counter, "--- ++- --- ---"),
    "recalls.index": (nothing, "+++ +++ +++ ---"),
    "recalls.choose": (nothing, "++- --- ++- ---"),
    "recalls.new": (lot, "++- --- ++- ---"),
    "recalls.show": (recalled, "+++ 000 +++ ---"),
    "recalls.lots": (recalled, "+++ 000 +++ ---"),
    "recalls.holders": (recalled, "+++ 000 +++ ---"),
    "recalls.phone_list": (recalled, "+++ 000 +++ ---"),
    "recalls.report": (recalled, "+++ 000 +++ ---"),
    "recall_buyers.index": (recalled, "+++ +++ +++ ---"),
    "recall_buyers.called": (recalled_order, "++- ++- ++- ---"),
    "recalls.close": (recalled, "--- --- ++- ---"),
    "recalls.notice": (recall_notice, "+++ +++ +++ ---"),
    "recalls.acknowledge": (recall_notice, "--- ++- ++- ---"),
    "recalls.count": (recall_notice, "--- ++- ++- ---"),
    "recalls.enter": (recall_notice, "--- ++- ++- ---"),
    "recipes.index": (nothing, "+++ --- +++ ---"),
    "recipes.edit": (nothing, "++- --- --- ---"),
    "recipes.see": (recipe, "--- --- ++- ---"),
    "recipes.flags": (nothing, "+++ --- +++ ---"),
    "recipes.open_ones": (nothing, "+++ --- +++ ---"),
    "recipes.clear": (flag, "--- --- ++- ---"),
    "sales_points.index": (nothing, "--- --- ++- ---"),
    "sales_points.new": (nothing, "--- --- ++- ---"),
    "sales_points.change": (counter, "--- --- ++- ---"),
    "sales_points.close": (counter, "--- --- ++- ---"),
    "sales_points.reopen": (counter, "--- --- ++- ---"),
    "texts.index": (nothing, "--- --- ++- ---"),
    "texts.edit": (public_text, "--- --- ++- ---"),
    "search_words.index": (nothing, "--- --- ++- ---"),
    "search_words.new": (nothing, "--- --- ++- ---"),
    "search_words.edit": (synonym_set, "--- --- ++- ---"),
    "search_words.remove": (synonym_set, "--- --- ++- ---"),
    "organisations.index": (nothing, "--- --- ++- ---"),
    "organisations.register": (nothing, "--- --- ++- ---"),
    "organisations.show": (producer, "+-- 0-- ++- 0--"),
    "organisations.change": (producer, "+-- 0-- ++- 0--"),
    "organisations.deactivate": (producer, "--- --- ++- ---"),
    "organisations.reactivate": (producer, "--- --- ++- ---"),
    "organisations.show_phone": (producer, "+-- 0-- ++- 0--"),
    "organisations.show_led": (led, "+-- 0-- ++- 0--"),
    "organisations.hide_phone": (producer, "+-- 0-- ++- 0--"),
    "organisations.withdraw_consent": (producer, "+-- 0-- ++- 0--"),
    "organisations.add_place": (producer, "+-- 0-- ++- 0--"),
    "organisations.change_place": (place, "+-- 0-- ++- 0--"),
    "organisations.set_jurisdiction": (office, "--- --- +-- ---"),
    "people.index": (producer, "+-- 0-- ++- 0--"),
    "people.invite": (producer, "+-- 0-- ++- 0--"),
    "people.withdraw": (invitation, "+-- 0-- ++- 0--"),
    "people.change_role": (member, "+-- 0-- ++- 0--"),
    "people.remove": (member, "+-- 0-- ++- 0--"),
    "people.print_code": (member, "--- --- ++- ---"),
    # Shown once after the act that leads there: nobody finds anything who comes by the address.
    "people.invited": (producer, "0-- 0-- 00- 0--"),
    "people.code_paper": (member, "--- --- 00- ---"),
    "acting.index": (nothing, "--- --- ++- ---"),
    "acting.start": (producer, "--- --- ++- ---"),
    "acting.stop": (nothing, "+++ +++ +++ +++"),
    "audit.index": (nothing, "+-- +-- +++ ---"),
}


@pytest.fixture
def world(make: Factories, app: Flask) -> SimpleNamespace:
    """A producer and a sales point in xã Ba Động, an office over the province, a council beside it."""
    ours = make.producer(code="ours1", phone="+84905123456")
    organisations = {
        "producer": ours,
        "point": make.organisation(code="diem1", kind=OrganisationKind.SALES_POINT),
        "office": make.office(code="tinh1"),
        "council": make.organisation(code="hoi01", kind=OrganisationKind.COUNCIL),
    }
    made = SimpleNamespace(
        **organisations,
        clients=[make.client(organisations[kind], role=role) for kind, role in ASKERS],
        place=make.place(ours),
        member=make.user(ours, role=Role.STAFF, name="Người sẽ bị hỏi"),
        product=make.product(ours),
    )
    made.item = make.item(made.product)
    with app.app_context(), transaction() as session:
        row = Invitation(
            token_digest="0" * 64,
            organisation_id=ours.id,
            role=Role.STAFF,
            name="Người được mời",
            created_at=ours.created_at,
            expires_at=ours.created_at.replace(year=2100),
        )
        session.add(row)
        # A product with a photo, so that every step of it has something to show.
        picture = StoredFile(digest="a" * 64, media_type="image/jpeg", suffix="jpg", size=1, stored_at=ours.created_at)
        session.add(picture)
        session.flush()
        session.add(
            VersionPhoto(version_id=made.product.draft_version_id, position=1, digest=picture.digest, alt_vi="Ảnh")
        )
        session.flush()
        made.invitation = SimpleNamespace(id=row.id)
    _let_goods_travel(made, make, app)
    _trace(made, make, app)
    _rehearse(made, app)
    _hand_over(made, app)
    _buy(made, make, app)
    _order(made, app)
    _let_money_come(made, app)
    return made


def _buy(world: SimpleNamespace, make: Factories, app: Flask) -> None:
    """An order of the product that came, a review of it on show, a complaint, and a return."""
    order = make.order(world.item)
    with app.app_context(), transaction() as session:
        here = session.get_one(Order, order.id)
        said = reviews.write(here, here.lines[0], hearts=4, words="Ngon", language="vi", now=clock.now())
        reviews.show(said, actor=SYSTEM, now=clock.now())
        told = complaints.complain(here, ComplaintKind.DAMAGED, "Vỡ", language="vi", now=clock.now())
        world.review_id, world.complaint_number = said.id, told.number
        asked = returns.ask(
            here, {1: 1}, reason=ReturnReason.CHANGED_MIND, wish=ReturnWish.EXCHANGE, language="vi", now=clock.now()
        )
        world.return_number = asked.number
        bookkeeping.confirmed(here, now=clock.now())
        world.document = here.number
        world.tax_payment = _tax_paid(world)


def _tax_paid(world: SimpleNamespace) -> str:
    """A đồng of tax that the office held back, and paid on."""
    office, now = world.office, clock.now()
    deal = Deal("DH-9", world.producer.id, house_id=office.id)
    entry_id = journal.post("test:tax", "test", sold.tax_held(Sale(100, vat_held_vnd=1), deal), now=now)
    db.session.add(
        TaxHeld(
            entry_id=entry_id, document="DH-9", seller_id=deal.seller_id, office_id=office.id, rule="mẫu",
            is_claim=False, base_vnd=100, vat_vnd=1, pit_vnd=0, at=now,
        )
    )  # fmt: skip
    db.session.flush()
    today = clock.business_date(now)
    return paying_tax.pay(
        db.session.get_one(Organisation, office.id), today, 1, paid_on=today, reference="KB", actor=SYSTEM, now=now
    ).number


def _order(world: SimpleNamespace, app: Flask) -> None:
    """Two orders of the batch: one to be packed, one packed."""
    with app.app_context(), transaction() as session:
        now = clock.now()
        orders = []
        for number in ("DH-800001", "DH-800002"):
            cart = Cart(token=number, created_at=now, changed_at=now)
            session.add(cart)
            session.flush()
            purchase = Purchase(
                number=number, token=number.lower() + "x" * 17, cart_id=cart.id, language="vi",
                method=PaymentMethod.COD, goods_vnd=1_000, total_vnd=1_000, placed_at=now,
            )  # fmt: skip
            row = Order(
                purchase=purchase, position=1, number=f"{number}-1", producer_id=world.producer.id,
                placement=Placement.CONFIRMED, goods_vnd=1_000, total_vnd=1_000, placed_at=now, confirmed_at=now,
            )  # fmt: skip
            session.add(row)
            session.flush()
            session.add(
                OrderLine(
                    order_id=row.id, line=1, trade_item_id=world.item.id, name_vi="Mẫu", name_en="", slug="mau",
                    agreed=1, unit=Unit.PIECE, price_vnd=1_000, agreed_vnd=1_000,
                )
            )  # fmt: skip
            session.flush()
            want = allocation.Want(1, world.item.id, 1, world.producer.id)
            held = allocation.hold([want], document=number, on=clock.business_date(now), until=None, now=now)
            allocation.confirm(number, now=now)
            world.allocation_id = world.__dict__.get("allocation_id", held[0].id)
            orders.append(row)
        session.add(
            OrderChange(
                number="TD-800001", order_id=orders[0].id, revision=0, asked_by="producer",
                state=ChangeState.PROPOSED, reason="Vỡ", goods_vnd=0, discount_vnd=0, asked_at=now,
            )
        )  # fmt: skip
        world.parcel_number = parcels.pack(orders[1], carrier="ghn", actor=SYSTEM, now=now).number


def _let_money_come(world: SimpleNamespace, app: Flask) -> None:
    """An account of the producer, money on it that nobody knows what for, and some that is to be given back."""
    with app.app_context():
        now = clock.now()
        with transaction() as session:
            ours = session.get_one(Organisation, world.producer.id)
            account = transfers.set_account(
                ours, bank_bin="970405", number="123456789", holder="MAU", actor=SYSTEM, now=now
            )
            credit = settling.record(settling.Arrived("FT1", "statement", ours.id, 5_000, "gi do", now), now=now)
            cart = Cart(token="c" * 43, created_at=now, changed_at=now)
            session.add(cart)
            session.flush()
            facts = {"goods_vnd": 9_000, "total_vnd": 9_000, "placed_at": now}
            bought = Purchase(
                number="DH-9", token="t" * 26, cart_id=cart.id, language="vi", method=PaymentMethod.VIETQR, **facts
            )
            session.add(bought)
            session.flush()
            paid = Payment(
                purchase_id=bought.id, payee_id=ours.id, method=PaymentMethod.VIETQR, code="OC9", amount_vnd=9_000,
                asked_at=now,
            )  # fmt: skip
            session.add(paid)
            session.flush()
            settling.capture(paid, 12_000, now=now)  # 3,000 đ of it will be for nothing
            made = settling.refund(paid, 9_000, cause="x", reason="Vỡ", now=now)
            world.account_id, world.credit_id, world.refund_number = account.id, credit.id, made.number
            session.add(
                CardDispute(
                    number="TC-000009", payment_id=paid.id, reference="dp_9", amount_vnd=3_000, reason="general",
                    state=DisputeState.TO_ANSWER, opened_at=now, heard_at=now,
                )
            )  # fmt: skip


def _hand_over(world: SimpleNamespace, app: Flask) -> None:
    """A destination of the office, a record that was sent there, a file about the batch that the office asked for."""
    with app.app_context():
        digest, now = media.store().put(b"a file", "zip"), clock.now()
        with transaction() as session:
            to = ExportDestination(
                organisation_id=world.office.id,
                name="Cổng mẫu",
                system=ExportSystem.OTHER,
                form=ExportForm.BUNDLE,
                created_at=now,
                changed_at=now,
            )
            session.add(to)
            session.flush()
            row = ExportJob(
                destination_id=to.id, lot_id=world.batch.lot_id, key="k" * 32, digest=digest, suffix="zip", asked_at=now
            )
            about = LotFile(
                lot_id=world.batch.lot_id, organisation_id=world.office.id, asked_at=now, digest=digest, made_at=now
            )
            session.add_all([row, about])
            session.flush()
            world.destination_id, world.export_id, world.lot_file_id = to.id, row.id, about.id


def _rehearse(world: SimpleNamespace, app: Flask) -> None:
    """A drill of a recall of the batch; the point was told."""
    with app.app_context(), transaction() as session:
        told = recall.Told("Diễn tập", Severity.MINOR)
        batch_lot = session.get_one(Lot, world.batch.lot_id)
        row = recall.start(batch_lot, told, is_drill=True, actor=SYSTEM, now=clock.now())
        notices = {one.organisation_id: one.id for one in recalls.notices_of(row)}
        said = recipes.Expected(9_000, 9_500)
        ours = session.get_one(Organisation, world.producer.id)
        expected = recipes.set_recipe(ours, said, material="Bột", actor=SYSTEM, now=clock.now())
        facts = {"judgement": "below", "taken": 10, "made": 1, "yield_bp": 1_000, "flagged_at": clock.now()}
        flagged = BalanceFlag(lot_id=world.batch.lot_id, recipe_id=expected.id, **facts)
        session.add(flagged)
        session.flush()
        world.recipe_id, world.flag_id = expected.id, flagged.id
        today = clock.business_date(clock.now())
        terms = Terms(VoucherKind.AMOUNT, 9_000, today, today)
        world.voucher = vouchers.make(ours, "CUA1", terms, actor=SYSTEM, now=clock.now()).code
        world.synonyms = synonyms.save(None, "heo\nlợn", actor=SYSTEM, now=clock.now()).id
        world.recall_number, world.notice_id = row.number, notices[world.point.id]


def _trace(world: SimpleNamespace, make: Factories, app: Flask) -> None:
    """A certificate, raw material, a step of the batch and a batch being entered with all its answers."""
    make.certificate(world.product, number="MAU-CUA-1")
    world.raw = make.raw_lot(world.producer)
    world.link = make.link(world.producer, "/01/09520123456788", "https://htx.example/")
    with app.app_context(), transaction() as session:
        now = clock.now()
        lots = [NamedLot(world.batch.lot_id)]
        world.paper = media.store_document(PAPER, "giay.pdf", now=now)
        session.add(LotDocument(lot_id=world.raw.id, digest=world.paper, title="Giấy", added_at=now))
        event = recording.record_event(
            EventKind.OBJECT, "other", lots, title_vi="Phơi", actor=SYSTEM, organisation_id=world.producer.id, now=now
        )
        answers = {
            "item": world.item.id,
            "quantity": 10,
            "made_on": "2026-11-20",
            "expires_on": None,
            "number": "CUA-1",
        }
        draft = BatchDraft(
            organisation_id=world.producer.id,
            answers={**answers, "inputs": {}, "steps": []},
            created_at=now,
            changed_at=now,
        )
        session.add(draft)
        session.flush()
        world.event_id, world.draft_id = event.id, draft.id
        owner = session.get_one(Organisation, world.producer.id)
        world.roll_id = items.print_ahead(owner, 3, actor=SYSTEM, now=now).id
        told = cases.report(CaseKind.OTHER, "Nhãn mờ", organisation_id=owner.id, lot_id=world.batch.lot_id, now=now)
        world.case_id = told.id


def _let_goods_travel(world: SimpleNamespace, make: Factories, app: Flask) -> None:
    """A hundred packs: some on a draft, some on the way, some sold at a counter, some on the way back."""
    world.batch = make.batch(world.item, quantity=100)
    make.on_hand(world.batch.lot_id, make.location(world.producer, LocationKind.WAREHOUSE), world.producer, 100)
    point = make.sales_point(world.point, slug="quay-chinh", name_vi="Quầy chính")
    make.sales_point(world.point)  # a second one: whoever has several chooses
    drafts = {name: make.note(world.producer, point, world.batch.lot_id).number for name in ("draft", "sent", "here")}
    with app.app_context(), transaction():
        now, lot_id = clock.now(), world.batch.lot_id
        for name in ("sent", "here"):
            transfer.send(queries.get_note(SYSTEM, drafts[name]), actor=SYSTEM, now=now)
        transfer.receive(queries.get_note(SYSTEM, drafts["here"]), actor=SYSTEM, now=now)
        here = queries.get_point(SYSTEM, "quay-chinh")
        sold = selling.sell(here, {lot_id: 2}, request_key="a" * 32, actor=SYSTEM, now=now)
        back = transfer.take_back(
            queries.consignor(world.producer.id), here, {lot_id: 1}, reason="Bán chậm", actor=SYSTEM, now=now
        )
        world.numbers = {**drafts, "sale": sold.number, "return": back.number}


def _access(app: Flask, rule: Rule) -> Any:
    return getattr(app.view_functions[rule.endpoint], "access", None)


def _guarded(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if _access(app, rule) not in ("public", "person")]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_every_view_says_who_may_pass(app: Flask) -> None:
    silent = [
        f"{rule.rule} ({inspect.getmodule(app.view_functions[rule.endpoint])})"
        for rule in app.url_map.iter_rules()
        if _access(app, rule) is None
    ]

    assert not silent, "add @public or @requires(Permission.…): " + ", ".join(silent)
    for rule in _guarded(app):
        permissions = _access(app, rule)
        assert permissions, rule.rule
        assert all(isinstance(permission, Permission) for permission in permissions), rule.rule


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_all_signed_in_screens_lie_under_one_address_and_no_public_page_does(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        inside = rule.rule == "/quan-tri" or rule.rule.startswith(("/quan-tri/", "/quay"))
        assert inside == (_access(app, rule) not in ("public", "person")), rule.rule


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_what_is_a_persons_own_lies_under_one_address_and_asks_who_is_there(app: Flask, client: FlaskClient) -> None:
    own = [rule for rule in app.url_map.iter_rules() if _access(app, rule) == "person"]

    assert own
    for rule in app.url_map.iter_rules():
        assert (rule.rule == "/tai-khoan" or rule.rule.startswith("/tai-khoan/")) == (rule in own), rule.rule
    with app.test_request_context():
        addresses = [
            (method, app.url_for(rule.endpoint, **dict.fromkeys(rule.arguments, 1)))
            for rule in own
            for method in (rule.methods or set()) & {"GET", "POST"}
        ]
    for method, address in addresses:
        assert _knock(client, method, address) == 302, address


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_every_form_that_anybody_may_send_is_listed_with_its_reason(app: Flask) -> None:
    sent = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"} and _access(app, rule) == "public"
    }

    assert sent == set(OPEN_FORMS)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_every_signed_in_screen_has_its_row_here(app: Flask) -> None:
    assert {rule.endpoint for rule in _guarded(app)} == set(DOORS), "add the screen to DOORS, with a letter per asker"
    for endpoint, (_, letters) in DOORS.items():
        assert len(letters.replace(" ", "")) == len(ASKERS), endpoint
        assert set(letters) <= set("+-0 "), endpoint


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("endpoint", sorted(DOORS))
def test_a_door_opens_to_those_it_should_and_to_no_others(
    endpoint: str, world: SimpleNamespace, app: Flask, client: FlaskClient
) -> None:
    arguments, letters = DOORS[endpoint]
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint == endpoint]
    with app.test_request_context():
        address = app.url_for(endpoint, **arguments(world))
    methods = sorted({method for rule in rules for method in rule.methods or ()} & {"GET", "POST"})
    askers = list(zip(letters.replace(" ", ""), ASKERS, world.clients, strict=True))

    for method in methods:
        assert _knock(client, method, address) == 302, "who has not signed in is sent to do so"
        for letter, asker, browser in sorted(askers, key=lambda row: row[0] == "+"):  # those who may change things last
            status = _knock(browser, method, address)
            assert _fits(status, letter, method), f"{method} {address} by {asker}: {status}, expected {letter}"


def _knock(client: FlaskClient, method: str, address: str) -> int:
    return (client.get(address) if method == "GET" else send(client, address)).status_code


def _fits(status: int, letter: str, method: str) -> bool:
    if letter == "-":
        return status == 403
    if letter == "0":
        return status == 404
    # An empty form is done, looked up, refused, or comes too late after the asker before: but the door was open.
    return status == 200 if method == "GET" else status in (200, 303, 404, 409, 422)
