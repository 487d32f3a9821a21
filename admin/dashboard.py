"""Today's work: what waits for the person who signed in, with how much of it, and where it is done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, current_app, render_template, url_for
from flask_babel import gettext
from sqlalchemy import Select, func, select

from accounts.actor import Actor, Permission
from accounts.models import OrganisationKind
from accounts.web.guard import current_actor, requires
from admin.saying import day, dong, said
from books import paying_tax
from catalog import queries as catalog
from catalog.models import Product, ProductStatus
from consignment import queries as consignment
from consignment.models import Note, NoteKind, NoteStatus, SalesPoint
from kernel import clock
from kernel.db import db
from kernel.models import Job
from ocop import queries as certificates
from ocop.certification import EXPIRING_DAYS, CertificateState
from ocop.models import Certificate
from oversight import queries as recalls
from oversight.models import Recall, RecallNotice, RecallState
from stock.models import Balance
from storefront import after_queries as after
from storefront import money_queries, order_queries, queries, return_queries, texts
from storefront.after_models import Complaint, ComplaintState, Review, ReviewState
from storefront.order_queries import Stage
from storefront.return_models import GoodsReturn
from traceability import queries as traces
from traceability.epcis import open_transformations
from traceability.models import BalanceFlag, Batch, Lot, LotState

blueprint = Blueprint("dashboard", __name__, url_prefix="/quan-tri")

LONG_ON_THE_WAY = timedelta(days=3)
NEAR_ITS_DATE = 30  #: days


@dataclass(frozen=True)
class Task:
    """A thing to do, as the ``todo`` macro draws it."""

    symbol: str
    label: str
    url: str
    note: str | None = None
    count: int | None = None


@blueprint.get("")
@requires(Permission.USE_BACK_OFFICE)
def show() -> str:
    """Show the start page of the back office."""
    actor, now = current_actor(), clock.now()
    return render_template(
        "admin/dashboard/show.html",
        tasks=list(tasks_of(actor, now)),
        nothing_yet=actor.may(Permission.EDIT_PRODUCTS) and _is_new_producer(actor),
        parked=_parked() if actor.is_office and actor.may(Permission.READ_AUDIT) else 0,
    )


def tasks_of(actor: Actor, now: datetime) -> Iterator[Task]:
    """List what waits for an actor, the most urgent first; only what its permissions let it do."""
    today = clock.business_date(now)
    yield from _recalls(actor)
    yield from _from_buyers(actor, now)
    if actor.kind is OrganisationKind.SALES_POINT:
        yield from _at_the_counter(actor, today)
    elif actor.is_office:
        yield from _at_the_office(actor, now)
    else:
        yield from _at_the_producer(actor, now)
    if actor.may(Permission.HANDLE_MONEY):
        yield from _task(
            "transfer-in",
            gettext("Money that came, and it is not clear what for"),
            money_queries.count_to_decide(actor),
            "money.index",
        )
        yield from _task(
            "transfer-out",
            gettext("Money to give back to buyers"),
            money_queries.count_to_give_back(actor),
            "money.refunds",
        )
        yield from _task(
            "alert-circle",
            gettext("Disputes of cards to answer"),
            money_queries.count_disputes_to_answer(actor),
            "disputes.index",
        )
    if actor.may(Permission.WITHHOLD_TAX) and actor.organisation_id is not None:
        yield from _tax_to_pay(actor.organisation_id, today)
    if actor.may(Permission.READ_CERTIFICATES):
        yield from _ending_certificates(actor, today)


def _tax_to_pay(office_id: int, today: date) -> Iterator[Task]:
    """What was held back until the end of the last month and is not paid on; this month's is paid when it is over."""
    due = paying_tax.due(office_id, today)
    if due is None:
        return
    is_late = due.pay_by is not None and due.pay_by < today
    facts = {"amount": dong(due.amount_vnd), "day": day(due.pay_by) if due.pay_by else ""}
    yield Task(
        "alert-triangle" if is_late else "transfer-out",
        gettext("Held-back tax to pay to the state, late") if is_late else gettext("Held-back tax to pay to the state"),
        url_for("taxes.pay", thang=f"{due.month:%Y-%m}"),
        gettext("%(amount)s, to be paid by %(day)s", **facts) if due.pay_by else dong(due.amount_vnd),
    )


def _recalls(actor: Actor) -> Iterator[Task]:
    if actor.may(Permission.ANSWER_RECALLS):
        yield from _task(
            "alert-triangle",
            gettext("Recalls that you have not answered"),
            _count(recalls.unanswered_by(actor), RecallNotice.id),
            "recalls.index",
            gettext("Take the goods off the shelf, then confirm with one tap."),
        )
    if actor.may(Permission.CLOSE_RECALLS):
        running = recalls.visible_to(actor).where(Recall.state == RecallState.OPEN)
        yield from _task(
            "alert-triangle", gettext("Recalls and drills under way"), _count(running, Recall.id), "recalls.index"
        )


def _from_buyers(actor: Actor, now: datetime) -> Iterator[Task]:
    """What buyers wait for: late answers first, then what is to be answered, decided, looked at."""
    if actor.may(Permission.READ_ORDERS):
        yield from _returns(actor, now)
    seen = after.complaints_visible_to(actor)
    if actor.may(Permission.READ_COMPLAINTS):
        late = _count(seen.where(after.is_late(now)), Complaint.id)
        label = gettext("Complaints whose answer or decision is late")
        yield from _task("alert-triangle", label, late, "complaints.index", xem="qua-han")
    if actor.may(Permission.ANSWER_COMPLAINTS):
        open_ones = _count(seen.where(Complaint.state == ComplaintState.OPEN), Complaint.id)
        label = gettext("Complaints to answer")
        yield from _task("message-circle", label, open_ones, "complaints.index", xem="can-tra-loi")
    if actor.may(Permission.DECIDE_COMPLAINTS):
        disputed = _count(seen.where(Complaint.state == ComplaintState.DISPUTED), Complaint.id)
        label = gettext("Complaints to decide")
        yield from _task("message-circle", label, disputed, "complaints.index", xem="tranh-chap")
    if actor.may(Permission.MODERATE_REVIEWS):
        waiting = _count(after.reviews_visible_to(actor).where(Review.state == ReviewState.WAITING), Review.id)
        yield from _task("message-circle", gettext("Reviews to look at"), waiting, "reviews.index", xem="cho-xem")


def _orders(actor: Actor) -> Iterator[Task]:
    waiting = order_queries.counts(actor)
    yield from _task("shopping-bag", gettext("Orders to pack"), waiting.get(Stage.TO_PACK, 0), "order_desk.index")
    yield from _task(
        "alert-triangle",
        gettext("Orders kept back by a card dispute"),
        waiting.get(Stage.KEPT_BACK, 0),
        "order_desk.index",
        gettext("Cancel them, or say why they are sent all the same."),
        **{"tinh-trang": Stage.KEPT_BACK.value},
    )
    yield from _task(
        "alert-circle",
        gettext("Parcels that were not delivered"),
        waiting.get(Stage.TROUBLE, 0),
        "order_desk.index",
        gettext("Call the buyer, or take the goods back in."),
        **{"tinh-trang": Stage.TROUBLE.value},
    )


def _returns(actor: Actor, now: datetime) -> Iterator[Task]:
    seen = return_queries.visible_to(actor)
    yield from _task(
        "alert-triangle",
        gettext("Returns whose answer is late"),
        _count(seen.where(return_queries.is_late(now)), GoodsReturn.id),
        "return_desk.index",
    )
    if actor.may(Permission.HANDLE_ORDERS):
        yield from _task(
            "arrow-back-up",
            gettext("Returns to answer or make good"),
            _count(seen.where(return_queries.to_do()), GoodsReturn.id),
            "return_desk.index",
        )


def _at_the_office(actor: Actor, now: datetime) -> Iterator[Task]:
    if actor.may(Permission.EDIT_PUBLIC_TEXTS):
        yield from _task(
            "file-text",
            gettext("Pages the law asks for that are not written yet"),
            len(texts.NAMES) - len(queries.texts_in_force()),
            "texts.index",
            gettext("Until then, their links at the foot of the shop say so."),
        )
    if actor.may(Permission.APPROVE_PRODUCTS):
        yield from _task(
            "clipboard-check",
            gettext("Products that wait for your decision"),
            catalog.waiting_for_office(actor),
            "product_approval.index",
        )
    if actor.may(Permission.CHECK_BALANCES):
        yield from _open_makings(actor, now)
        flags = traces.flags_visible_to(actor).where(BalanceFlag.cleared_at.is_(None))
        yield from _task(
            "scale",
            gettext("Yields out of range"),
            _count(flags, BalanceFlag.id),
            "recipes.flags",
            gettext("Ask the producer, then write down why."),
        )
        unseen = [one for one in traces.recipes_in_force(actor) if one.seen_at is None]
        yield from _task("scale", gettext("Recipes you have not looked at"), len(unseen), "recipes.index")
    if actor.may(Permission.READ_CONSIGNMENT):
        late = consignment.visible_to(actor).where(Note.status == NoteStatus.SENT, Note.sent_at < now - LONG_ON_THE_WAY)
        yield from _task(
            "truck-delivery",
            gettext("Notes under way for more than 3 days"),
            _count(late, Note.id),
            "consignment.index",
            gettext("Ask the sales point or the producer where the goods are."),
            **{"tinh-trang": NoteStatus.SENT.value},
        )


def _open_makings(actor: Actor, now: datetime) -> Iterator[Task]:
    old = open_transformations.too_old(actor, now)
    yield from _task(
        "hourglass",
        gettext("Makings told by halves for more than %(days)s days", days=open_transformations.OPEN_FOR.days),
        db.session.scalar(select(func.count()).select_from(old.subquery())) or 0,
        "recipes.open_ones",
        gettext("Send the other half, or declare it wrong: until then a trace ends there."),
    )


def _at_the_producer(actor: Actor, now: datetime) -> Iterator[Task]:
    if actor.may(Permission.HANDLE_ORDERS):
        yield from _orders(actor)
    if actor.may(Permission.EDIT_PRODUCTS):
        yield from _task(
            "arrow-back-up",
            gettext("Products the office sent back"),
            catalog.returned_to_producer(actor),
            "products.index",
            gettext("Read why, mend it, submit it again."),
            **{"trang-thai": "tra-lai"},
        )
        drafts = catalog.visible_to(actor).where(Product.status == ProductStatus.DRAFT)
        yield from _task(
            "pencil",
            gettext("Drafts to finish and submit"),
            _count(drafts, Product.id),
            "products.index",
            **{"trang-thai": "nhap"},
        )
    if actor.may(Permission.EDIT_BATCHES):
        yield from _open_makings(actor, now)
        begun = (
            select(Batch.lot_id)
            .join(Lot, Lot.id == Batch.lot_id)
            .where(Lot.owner_id == actor.organisation_id, Lot.state == LotState.OPEN)
        )
        yield from _task(
            "packages", gettext("Batches begun and not yet released"), _count(begun, Batch.lot_id), "batches.index"
        )
    if actor.may(Permission.CONSIGN):
        back = consignment.visible_to(actor).where(
            Note.consignor_id == actor.organisation_id,
            Note.kind == NoteKind.RETURN,
            Note.status == NoteStatus.SENT,
        )
        yield from _task(
            "transfer-in",
            gettext("Goods on their way back to you"),
            _count(back, Note.id),
            "consignment.index",
            gettext("Count them and confirm that they arrived."),
            **{"tinh-trang": NoteStatus.SENT.value},
        )


def _at_the_counter(actor: Actor, today: date) -> Iterator[Task]:
    if not actor.may(Permission.SELL_ON_CONSIGNMENT):
        return
    for point in consignment.own_points(actor):
        here: dict[str, Any] = {"slug": point.slug}
        recalled = _goods_at(point).join(Lot, Lot.id == Balance.lot_id).where(Lot.state == LotState.RECALLED)
        yield from _task(
            "alert-triangle",
            gettext("Recalled batches at your counter"),
            _count(recalled, Balance.lot_id),
            "counter.give_back",
            gettext("Take them off the shelf now and send them back: they must not be sold."),
            **here,
        )
        yield from _task(
            "truck-delivery",
            gettext("Notes to receive"),
            len(consignment.notes_on_the_way(point, NoteKind.DELIVERY)),
            "counter.show",
            said(point, "name"),
            **here,
        )
        yield from _task(
            "calendar-x",
            gettext("Batches past their date"),
            _count(_goods_at(point).where(Batch.expires_on < today), Balance.lot_id),
            "counter.give_back",
            gettext("They can no longer be sold: send them back."),
            **here,
        )
        near = _goods_at(point).where(
            Batch.expires_on >= today, Batch.expires_on <= today + timedelta(days=NEAR_ITS_DATE)
        )
        yield from _task(
            "hourglass",
            gettext("Batches that reach their date within %(days)s days", days=NEAR_ITS_DATE),
            _count(near, Balance.lot_id),
            "counter.show",
            gettext("Sell these first."),
            **here,
        )
        yield Task("cash", gettext("Sell at the counter"), url_for("counter.show", **here), said(point, "name"))


def _goods_at(point: SalesPoint) -> Select[Any]:
    return (
        select(Balance.lot_id)
        .join(Batch, Batch.lot_id == Balance.lot_id)
        .where(Balance.location_id == point.location_id, Balance.on_hand > 0)
    )


def _ending_certificates(actor: Actor, today: date) -> Iterator[Task]:
    ending = certificates.visible_to(actor).where(certificates.in_state(CertificateState.EXPIRING, today))
    yield from _task(
        "certificate",
        gettext("Certificates that end within %(days)s days", days=EXPIRING_DAYS),
        _count(ending, Certificate.id),
        "certificates.index" if "certificates.index" in current_app.view_functions else "register.index",
        gettext("Begin the new assessment in time: on the day it ends, the stars leave the shop."),
        **{"tinh-trang": "sap-het-han"},
    )


def _task(symbol: str, label: str, count: int, endpoint: str, note: str | None = None, **values: Any) -> Iterator[Task]:
    """Give the task when there is any of it, and a screen where it is done."""
    if count and endpoint in current_app.view_functions:
        yield Task(symbol, label, url_for(endpoint, **values), note, count)


def _count(query: Select[Any], column: Any) -> int:
    inner = query.with_only_columns(column).subquery()
    return db.session.scalar(select(func.count()).select_from(inner)) or 0


def _is_new_producer(actor: Actor) -> bool:
    return actor.kind is OrganisationKind.PRODUCER and not _count(catalog.visible_to(actor), Product.id)


def _parked() -> int:
    return db.session.scalar(select(func.count()).select_from(Job).where(Job.parked_at.is_not(None))) or 0
