"""The counter of a sales point, for a phone: what lies here, receive, sell, give back, today's sales."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from accounts.actor import Permission
from accounts.web.forms import words_of
from accounts.web.guard import current_actor, requires
from consignment import queries, selling, transfer
from consignment.models import NoteKind, SalesPoint
from kernel import clock, text
from kernel.db import transaction
from kernel.errors import Conflict, DomainError, NotAllowed, NotFound

blueprint = Blueprint("counter", __name__, url_prefix="/quay")
MOST_PACKS = 9_999


@blueprint.get("")
@requires(Permission.SELL_ON_CONSIGNMENT)
def index() -> str | Response:
    """Go to the organisation's counter; choose where it has several."""
    points = queries.own_points(current_actor())
    if len(points) == 1:
        return redirect(url_for("counter.show", slug=points[0].slug))
    return render_template("consignment/counter/index.html", points=points)


@blueprint.get("/<slug>")
@requires(Permission.SELL_ON_CONSIGNMENT)
def show(slug: str) -> str:
    """Show what lies at the counter, with what waits and what was sold today."""
    point = queries.get_point(current_actor(), slug)
    today = queries.sales_of(point, clock.business_date(clock.now()))
    words = text.nfc(request.args.get("q", ""))[:80]
    return render_template(
        "consignment/counter/show.html",
        point=point,
        goods=_matching(queries.goods_at(point), words),
        words=words,
        waiting=queries.notes_waiting(point),
        total=sum(row.sale.total_vnd for row in today if row.cancelled is None),
        count=sum(1 for row in today if row.cancelled is None),
        typed={},
        problem=None,
        day=clock.business_date(clock.now()),
    )


@blueprint.post("/<slug>/kiem")
@requires(Permission.SELL_ON_CONSIGNMENT)
def check(slug: str) -> str | tuple[str, int]:
    """Add up what is to be sold, before the money is taken."""
    point = queries.get_point(current_actor(), slug)
    goods = queries.goods_at(point)
    typed, quantities, problem = _typed_quantities(request.form)
    chosen = [(row, quantities[row.lot_id]) for row in goods if quantities.get(row.lot_id)]
    if problem is None and not chosen:
        problem = gettext("Choose at least one batch and a quantity.")
    for row, quantity in chosen:
        if quantity > row.on_hand:
            problem = gettext(
                "Only %(available)s of batch %(number)s are left.", available=row.on_hand, number=row.number
            )
    if problem is not None:
        return _again(point, goods, typed, problem), 422
    return render_template(
        "consignment/counter/check.html",
        point=point,
        chosen=chosen,
        total=sum(row.price_vnd * quantity for row, quantity in chosen),
        request_key=uuid.uuid4().hex,
    )


@blueprint.post("/<slug>/ban")
@requires(Permission.SELL_ON_CONSIGNMENT)
def sell(slug: str) -> Response | tuple[str, int]:
    """Record the sale; the same form sent twice is one sale."""
    actor = current_actor()
    typed, quantities, problem = _typed_quantities(request.form)
    key = request.form.get("request_key", "")
    point = queries.get_point(actor, slug)
    if problem is None and not (16 <= len(key) <= 64 and key.isalnum()):
        problem = gettext("This form is too old. Please choose the goods again.")
    if problem is not None:
        return _again(point, queries.goods_at(point), typed, problem), 422
    try:
        with transaction():
            sale = selling.sell(
                queries.get_point(actor, slug), quantities, request_key=key, actor=actor, now=clock.now()
            )
            number = sale.number
    except (NotFound, NotAllowed):
        raise
    except DomainError as refusal:
        status = 409 if isinstance(refusal, Conflict) else 422
        point = queries.get_point(actor, slug)
        return _again(point, queries.goods_at(point), typed, words_of(refusal)), status
    flash(gettext("Sold: %(number)s.", number=number), "good")
    return redirect(url_for("counter.sales", slug=slug), 303)


@blueprint.get("/<slug>/luot-ban")
@requires(Permission.SELL_ON_CONSIGNMENT)
def sales(slug: str) -> str:
    """Show today's sales and their total."""
    point = queries.get_point(current_actor(), slug)
    day = clock.business_date(clock.now())
    rows = queries.sales_of(point, day)
    return render_template(
        "consignment/counter/sales.html",
        point=point,
        rows=rows,
        day=day,
        total=sum(row.sale.total_vnd for row in rows if row.cancelled is None),
    )


@blueprint.route("/<slug>/luot-ban/<number>/huy", methods=["GET", "POST"])
@requires(Permission.SELL_ON_CONSIGNMENT)
def cancel_sale(slug: str, number: str) -> str | Response | tuple[str, int]:
    """Take a sale of today back, with a reason."""
    actor = current_actor()
    queries.get_point(actor, slug)
    problem = None
    if request.method == "POST":
        try:
            with transaction():
                sale = queries.get_sale(actor, number)
                selling.cancel(
                    sale, reason=text.nfc(request.form.get("reason", ""))[:200], actor=actor, now=clock.now()
                )
        except (selling.NeedsReason, Conflict) as refusal:
            problem = words_of(refusal)
        else:
            flash(gettext("Sale %(number)s is cancelled; the goods are back at the counter.", number=number), "good")
            return redirect(url_for("counter.sales", slug=slug), 303)
    page = render_template(
        "consignment/counter/cancel_sale.html", slug=slug, sale=queries.get_sale(actor, number), problem=problem
    )
    return (page, 422) if problem else page


@blueprint.route("/<slug>/nhan/<number>", methods=["GET", "POST"])
@requires(Permission.SELL_ON_CONSIGNMENT)
def receive(slug: str, number: str) -> str | Response | tuple[str, int]:
    """Show a delivery on its way, and take it in."""
    actor = current_actor()
    point = queries.get_point(actor, slug)
    problem = None
    _delivery_to(point, number)
    if request.method == "POST":
        try:
            with transaction():
                transfer.receive(queries.get_note(actor, number), actor=actor, now=clock.now())
        except Conflict as refusal:
            problem = words_of(refusal)
        else:
            flash(gettext("Note %(number)s is received.", number=number), "good")
            return redirect(url_for("counter.show", slug=slug), 303)
    note = queries.get_note(actor, number)
    page = render_template("consignment/counter/receive.html", point=point, note=note, problem=problem)
    return (page, 409) if problem else page


def _delivery_to(point: SalesPoint, number: str) -> None:
    """Refuse what is not a delivery to this counter: a return is received by its producer."""
    note = queries.get_note(current_actor(), number)
    if note.sales_point_id != point.id or note.kind is not NoteKind.DELIVERY:
        raise queries.NoSuchNote()


@blueprint.route("/<slug>/tra", methods=["GET", "POST"])
@requires(Permission.SELL_ON_CONSIGNMENT)
def give_back(slug: str) -> str | Response | tuple[str, int]:
    """Send unsold goods back to their producers: a note for each of them."""
    actor = current_actor()
    point = queries.get_point(actor, slug)
    goods = queries.goods_at(point)
    typed: dict[str, str] = {}
    problem = None
    if request.method == "POST":
        typed, quantities, problem = _typed_quantities(request.form)
        if problem is None:
            try:
                with transaction():
                    numbers = _return(queries.get_point(actor, slug), quantities)
            except (NotFound, NotAllowed):
                raise
            except DomainError as refusal:
                problem = words_of(refusal)
            else:
                flash(gettext("On the way back: %(numbers)s.", numbers=", ".join(numbers)), "good")
                return redirect(url_for("counter.show", slug=slug), 303)
            goods = queries.goods_at(queries.get_point(actor, slug))
    page = render_template(
        "consignment/counter/give_back.html",
        point=point,
        goods=goods,
        typed=typed,
        reason=request.form.get("reason", ""),
        problem=problem,
        day=clock.business_date(clock.now()),
    )
    return (page, 422) if problem else page


def _return(point: SalesPoint, quantities: dict[int, int]) -> list[str]:
    """Draw up a return to each producer whose goods go back."""
    owners: dict[int, dict[int, int]] = {}
    here = {row.lot_id: row for row in queries.goods_at(point)}
    for lot_id, quantity in quantities.items():
        if lot_id not in here:
            raise selling.NotAtThisCounter()
        owners.setdefault(here[lot_id].owner_id, {})[lot_id] = quantity
    if not owners:
        raise transfer.NothingOnIt()
    reason = text.nfc(request.form.get("reason", ""))[:200]
    now = clock.now()
    return [
        transfer.take_back(
            queries.consignor(owner_id), point, lots, reason=reason, actor=current_actor(), now=now
        ).number
        for owner_id, lots in owners.items()
    ]


def _again(point: SalesPoint, goods: list[queries.Offered], typed: dict[str, str], problem: str) -> str:
    """Show the counter again with what was typed and what is wrong with it."""
    return render_template(
        "consignment/counter/show.html",
        point=point,
        goods=goods,
        words="",
        waiting=queries.notes_waiting(point),
        total=None,
        count=None,
        typed=typed,
        problem=problem,
        day=clock.business_date(clock.now()),
    )


def _matching(goods: list[queries.Offered], words: str) -> list[queries.Offered]:
    """Keep the goods whose name, batch number or code holds the words."""
    if not words.strip():
        return goods
    code = words.strip().rsplit("/", 1)[-1]
    wanted = [" " + word for word in text.tokens(words)]
    return [
        row
        for row in goods
        if all(word in text.search_text(row.product_vi, row.item_vi, row.number) for word in wanted)
        or row.token.casefold() == code.casefold()
        or row.number.casefold() == code.casefold()
        or (row.gtin is not None and row.gtin == words.strip().zfill(14))
    ]


def _typed_quantities(form: Mapping[str, str]) -> tuple[dict[str, str], dict[int, int], str | None]:
    """Read the fields ``so-<lot>``: as typed, as numbers, and what is wrong with them if anything is."""
    typed: dict[str, str] = {}
    quantities: dict[int, int] = {}
    problem = None
    for name, value in form.items():
        lot = name.removeprefix("so-")
        if lot == name or not (lot.isascii() and lot.isdigit()):
            continue
        value = value.strip()[:12]
        typed[name] = value
        if not value or value == "0":
            continue
        if not (value.isascii() and value.isdigit()) or int(value) > MOST_PACKS:
            problem = gettext("A quantity is a whole number from 1 to 9,999.")
            continue
        quantities[int(lot)] = int(value)
    return typed, quantities, problem
