"""The counter of a sales point, for a phone: what lies here, receive, sell, send back, today's sales.

All of it works without JavaScript and on a bad line: pages are small, a form sent twice counts once, and what was
typed stays when something is wrong. A code reader is a keyboard to us: it types a code into the search field and
presses Enter; each reading counts one pack.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext
from werkzeug.wrappers import Response

from accounts.actor import Permission
from accounts.web.forms import words_of
from accounts.web.guard import current_actor, requires
from consignment import queries, selling, transfer
from consignment.models import NoteKind, NoteLine, SaleLine, SalesPoint
from kernel import amounts, clock, gs1, replays, text
from kernel.db import transaction
from kernel.errors import N_, Conflict, DomainError, InvalidInput, NotAllowed, NotFound
from traceability import digital_link, element_strings, items
from traceability.application_identifiers import Malformed
from traceability.models import LotState

blueprint = Blueprint("counter", __name__, url_prefix="/quay")
MOST_PACKS = 9_999
LONGEST_WORDS = 400  #: a whole address
Answer = str | Response | tuple[str, int]


class BadQuantity(InvalidInput):
    message = N_("A quantity is a whole number from 1 to 9,999.")


@dataclass
class Typed:
    """What was typed into the fields ``so-<lot>``, and what is wrong with it."""

    words: dict[int, str] = field(default_factory=dict)  #: as typed
    packs: dict[int, int] = field(default_factory=dict)  #: as numbers, above nought
    wrong: dict[int, str] = field(default_factory=dict)  #: a sentence beside the field
    problem: str | None = None  #: a sentence on top of the form

    @property
    def is_wrong(self) -> bool:
        """Tell whether anything is wrong."""
        return bool(self.wrong or self.problem)

    def refuse(self, refusal: DomainError) -> int:
        """Put a refusal where it belongs; give the status of the answer."""
        if isinstance(refusal, NotFound | NotAllowed):
            raise refusal
        lot_id = refusal.facts.get("lot_id")
        if isinstance(lot_id, int) and lot_id in self.words:
            self.wrong[lot_id] = words_of(refusal)
        else:
            self.problem = words_of(refusal)
        return 409 if isinstance(refusal, Conflict) else 422


@blueprint.get("")
@requires(Permission.SELL_ON_CONSIGNMENT)
def index() -> Answer:
    """Go to the organisation's counter; choose where it has several."""
    points = queries.own_points(current_actor())
    if len(points) == 1:
        return redirect(url_for("counter.show", slug=points[0].slug))
    return render_template("consignment/counter/index.html", points=points)


@blueprint.get("/<slug>")
@requires(Permission.SELL_ON_CONSIGNMENT)
def show(slug: str) -> str:
    """Show what lies at the counter, with what waits and what was sold today."""
    return _counter(queries.own_point(current_actor(), slug), Typed())


@blueprint.get("/<slug>/tim")
@blueprint.get("/<slug>/kiem")
@blueprint.get("/<slug>/ban")
@requires(Permission.SELL_ON_CONSIGNMENT)
def begin_again(slug: str) -> str:
    """Show the counter to who opens the address of a step: from an old tab, or to read another language."""
    return _counter(queries.own_point(current_actor(), slug), Typed())


# --- Selling ----------------------------------------------------------------------------------------------


@blueprint.post("/<slug>/tim")
@requires(Permission.SELL_ON_CONSIGNMENT)
def find(slug: str) -> str:
    """Find goods by name, batch number or code, and keep what was typed so far.

    A code that was read, or typed in full, counts one pack of its batch.
    """
    point = queries.own_point(current_actor(), slug)
    typed, words = _typed(request.form), text.one_line(request.form.get("q", ""))[:LONGEST_WORDS]
    fit = [row for row in _coded(words, queries.goods_at(point)) if _may_be_sold(row)]
    if fit:  # of several batches of one GTIN the first to expire
        lot_id = fit[0].lot_id
        typed.packs[lot_id] = min(typed.packs.get(lot_id, 0) + 1, MOST_PACKS)
        typed.words[lot_id] = _much(typed.packs[lot_id], fit[0].step_g)
        words = ""
    return _counter(point, typed, words=words, in_use=True)


@blueprint.post("/<slug>/kiem")
@requires(Permission.SELL_ON_CONSIGNMENT)
def check(slug: str) -> Answer:
    """Add up what is to be sold, before the money is taken."""
    point = queries.own_point(current_actor(), slug)
    typed = _typed(request.form)
    goods = queries.goods_at(point)
    chosen = [(row, typed.packs[row.lot_id]) for row in goods if row.lot_id in typed.packs]
    if len(chosen) < len(typed.packs):  # the last was sold, or sent back, since the page was opened
        typed.problem = words_of(selling.NotAtThisCounter())
    elif not chosen and not typed.wrong:
        typed.problem = words_of(selling.NothingSold())
    for row, quantity in chosen:
        if quantity > row.on_hand:
            typed.wrong[row.lot_id] = gettext("Only %(available)s are left.", available=_much(row.on_hand, row.step_g))
    if typed.is_wrong:
        return _counter(point, typed, in_use=True), 422
    return render_template(
        "consignment/counter/check.html",
        point=point,
        chosen=chosen,
        total=sum(row.price_vnd * quantity for row, quantity in chosen),
        request_key=uuid.uuid4().hex,
    )


@blueprint.post("/<slug>/ban")
@requires(Permission.SELL_ON_CONSIGNMENT)
def sell(slug: str) -> Answer:
    """Record the sale; the same form sent twice is one sale."""
    actor = current_actor()
    typed, key, shown = _typed(request.form), request.form.get("request_key", ""), request.form.get("shown_vnd", "")
    point = queries.own_point(actor, slug)
    if not _is_key(key) or not (shown.isascii() and shown.isdecimal() and len(shown) <= 15):
        typed.problem = gettext("This form is too old. Please choose the goods again.")
    if typed.is_wrong:
        return _counter(point, typed, in_use=True), 422
    try:
        with transaction():
            point = queries.own_point(actor, slug)
            sale = selling.sell(point, typed.packs, request_key=key, shown_vnd=int(shown), actor=actor, now=clock.now())
            number = sale.number
    except DomainError as refusal:
        status = typed.refuse(refusal)
        return _counter(queries.own_point(actor, slug), typed, in_use=True), status
    flash(gettext("Sold: %(number)s.", number=number), "good")
    return redirect(url_for("counter.show", slug=slug), 303)


@blueprint.get("/<slug>/luot-ban")
@requires(Permission.SELL_ON_CONSIGNMENT)
def sales(slug: str) -> str:
    """Show today's sales and their total."""
    point = queries.own_point(current_actor(), slug)
    day = clock.business_date(clock.now())
    rows = queries.sales_of(point, day)
    return render_template(
        "consignment/counter/sales.html",
        point=point,
        rows=rows,
        names=_names(line for row in rows for line in row.sale.lines),
        day=day,
        total=sum(row.sale.total_vnd for row in rows if row.cancelled is None),
    )


@blueprint.route("/<slug>/luot-ban/<number>/huy", methods=["GET", "POST"])
@requires(Permission.SELL_ON_CONSIGNMENT)
def cancel_sale(slug: str, number: str) -> Answer:
    """Take a sale of today back, with a reason."""
    actor = current_actor()
    sale = queries.sale_at(queries.own_point(actor, slug), number)
    reason, wrong, problem, status = text.one_line(request.form.get("reason", "")), None, None, 200
    if request.method == "POST":
        try:
            with transaction():
                selling.cancel(sale, reason=reason, actor=actor, now=clock.now())
        except InvalidInput as refusal:  # the reason is all one types here
            wrong, status = words_of(refusal), 422
        except Conflict as refusal:
            problem, status = words_of(refusal), 409
        else:
            flash(gettext("Sale %(number)s is cancelled; the goods are back at the counter.", number=number), "good")
            return redirect(url_for("counter.sales", slug=slug), 303)
        sale = queries.sale_at(queries.own_point(actor, slug), number)
    page = render_template(
        "consignment/counter/cancel_sale.html",
        slug=slug,
        sale=sale,
        names=_names(sale.lines),
        reason=reason,
        wrong=wrong,
        problem=problem,
    )
    return page, status


# --- Receiving, sending back ------------------------------------------------------------------------------


@blueprint.route("/<slug>/nhan/<number>", methods=["GET", "POST"])
@requires(Permission.SELL_ON_CONSIGNMENT)
def receive(slug: str, number: str) -> Answer:
    """Show a delivery on its way, and take it in."""
    actor = current_actor()
    point = queries.own_point(actor, slug)
    problem = None
    if request.method == "POST":
        try:
            with transaction():
                note = queries.note_at(queries.own_point(actor, slug), number, NoteKind.DELIVERY)
                transfer.receive(note, actor=actor, now=clock.now())
        except Conflict as refusal:
            problem = words_of(refusal)
        else:
            flash(gettext("Note %(number)s is received.", number=number), "good")
            return redirect(url_for("counter.show", slug=slug), 303)
    note = queries.note_at(point, number, NoteKind.DELIVERY)
    page = render_template(
        "consignment/counter/receive.html", point=point, note=note, names=_names(note.lines), problem=problem
    )
    return (page, 409) if problem else page


@blueprint.route("/<slug>/tra", methods=["GET", "POST"])
@requires(Permission.SELL_ON_CONSIGNMENT)
def give_back(slug: str) -> Answer:
    """Send unsold goods back to their producers: a note for each of them."""
    actor = current_actor()
    point = queries.own_point(actor, slug)
    typed, reason, wrong, status = Typed(), text.one_line(request.form.get("reason", "")), None, 200
    if request.method == "POST":
        typed, key = _typed(request.form), request.form.get("request_key", "")
        if not _is_key(key):
            typed.problem = gettext("This form is too old. Please choose the goods again.")
        if not typed.packs and not typed.wrong:
            typed.problem = words_of(transfer.NothingOnIt())
        try:
            transfer.check_reason(reason)
        except InvalidInput as refusal:
            wrong = words_of(refusal)
        status = 422 if typed.is_wrong or wrong else 200
        if status == 200:
            try:
                with transaction():
                    numbers = _send_back(queries.own_point(actor, slug), typed.packs, reason, key)
            except DomainError as refusal:
                status = typed.refuse(refusal)
            else:
                flash(gettext("On the way back: %(numbers)s.", numbers=numbers), "good")
                return redirect(url_for("counter.show", slug=slug), 303)
            point = queries.own_point(actor, slug)
    page = render_template(
        "consignment/counter/give_back.html",
        point=point,
        goods=queries.goods_at(point),
        typed=typed,
        reason=reason,
        wrong=wrong,
        request_key=uuid.uuid4().hex,
        day=clock.business_date(clock.now()),
    )
    return page, status


def _send_back(point: SalesPoint, packs: dict[int, int], reason: str, key: str) -> str:
    """Draw up a return to each producer whose goods go back; give the notes' numbers."""
    actor, now = current_actor(), clock.now()
    earlier = replays.claim(actor.user_id, key, now=now)
    if earlier is not None:
        return earlier
    here = {row.lot_id: row for row in queries.goods_at(point)}
    owners: dict[int, dict[int, int]] = {}
    for lot_id, quantity in packs.items():
        if lot_id not in here:
            raise selling.NotAtThisCounter()
        owners.setdefault(here[lot_id].owner_id, {})[lot_id] = quantity
    numbers = ", ".join(
        transfer.take_back(queries.consignor(owner_id), point, lots, reason=reason, actor=actor, now=now).number
        for owner_id, lots in sorted(owners.items())
    )
    replays.answer(actor.user_id, key, numbers)
    return numbers


@blueprint.route("/<slug>/tra/<number>", methods=["GET", "POST"])
@requires(Permission.SELL_ON_CONSIGNMENT)
def call_off(slug: str, number: str) -> Answer:
    """Show goods on their way back, and take them in again before the producer has."""
    actor = current_actor()
    point = queries.own_point(actor, slug)
    reason, wrong, problem, status = text.one_line(request.form.get("reason", "")), None, None, 200
    if request.method == "POST":
        try:
            with transaction():
                note = queries.note_at(queries.own_point(actor, slug), number, NoteKind.RETURN)
                transfer.cancel(note, reason=reason, actor=actor, now=clock.now())
        except InvalidInput as refusal:
            wrong, status = words_of(refusal), 422
        except Conflict as refusal:
            problem, status = words_of(refusal), 409
        else:
            flash(gettext("Note %(number)s is called off; the goods are back at the counter.", number=number), "good")
            return redirect(url_for("counter.show", slug=slug), 303)
    note = queries.note_at(point, number, NoteKind.RETURN)
    page = render_template(
        "consignment/counter/call_off.html",
        point=point,
        note=note,
        names=_names(note.lines),
        reason=reason,
        wrong=wrong,
        problem=problem,
    )
    return page, status


# --- Steps ------------------------------------------------------------------------------------------------


def _counter(point: SalesPoint, typed: Typed, *, words: str = "", in_use: bool = False) -> str:
    """Show the counter: what is chosen first, then what the words find.

    :param in_use: a sale is being entered: what waits and what was sold today stand back
    """
    goods = queries.goods_at(point)
    day = clock.business_date(clock.now())
    chosen = [row for row in goods if row.lot_id in typed.words]
    coded = _coded(words, goods) if words else []
    found = [row for row in goods if row.lot_id not in typed.words and (row in coded or _holds(row, words))]
    today = [] if in_use else [row for row in queries.sales_of(point, day) if row.cancelled is None]
    return render_template(
        "consignment/counter/show.html",
        point=point,
        goods=[*chosen, *found],
        goods_recalled=[] if in_use else [row for row in goods if row.state is LotState.RECALLED],
        is_empty=not goods,
        nothing_found=bool(words) and not found,
        words=words,
        typed=typed,
        in_use=in_use,
        waiting=[] if in_use else queries.notes_on_the_way(point, NoteKind.DELIVERY),
        going_back=[] if in_use else queries.notes_on_the_way(point, NoteKind.RETURN),
        total=sum(row.sale.total_vnd for row in today),
        count=len(today),
        day=day,
    )


def _may_be_sold(row: queries.Offered) -> bool:
    past = row.expires_on is not None and row.expires_on < clock.business_date(clock.now())
    return not past and not row.frozen and row.state is LotState.RELEASED


def _coded(words: str, goods: Sequence[queries.Offered]) -> list[queries.Offered]:
    """Give the goods that a code stands for: of one batch, or for a GTIN without a lot all that bear it.

    It may be the address in a printed code, the letters under it, the code of a single pack, or a bar code's digits.
    """
    serial = items.serial_in(words)
    if serial is not None:
        lot_id = items.lot_of(serial)
        return [row for row in goods if row.lot_id == lot_id]
    keys = _keys(words)
    if keys is not None:
        gtin, lot = keys
        return [row for row in goods if row.gtin == gtin and lot in (None, row.number)]
    parts = re.split(r"[\s/]+", re.split(r"[?#]", words)[0].rstrip("/ "))
    tokens = {gs1.typed_token(said) for said in (parts[-1], "".join(parts), "".join(parts[1:]))}
    return [row for row in goods if row.token in tokens]


def _keys(words: str) -> tuple[str, str | None] | None:
    """Read GTIN and lot in a Digital Link, in a bar code's elements or in its digits; None when there are none."""
    try:
        if "://" in words:
            link = digital_link.parse_uri(words.rstrip("/"))
            return (link.gtin, link.lot) if link.gtin else None
        if words.startswith("("):
            elements = dict(element_strings.from_brackets(words))
            return (elements["01"], elements.get("10")) if "01" in elements else None
    except Malformed:
        return None
    if words.isascii() and words.isdecimal() and len(words) in (8, 12, 13, 14):
        return words.zfill(14), None
    return None


def _holds(row: queries.Offered, words: str) -> bool:
    """Tell whether a batch has these words in its names or its number."""
    if not words or words.casefold() == row.number.casefold():
        return True
    said = text.search_text(row.product_vi, row.product_en, row.item_vi, row.item_en, row.number, row.owner_vi)
    return all(f" {word}" in f" {said}" for word in text.tokens(words))


def _names(lines: Iterable[NoteLine | SaleLine]) -> dict[int, queries.LotName]:
    return queries.names_of({line.lot_id for line in lines})


def _much(packs: int, step_g: int | None) -> str:
    return amounts.much(packs, step_g, str(get_locale()))


def _is_key(key: str) -> bool:
    return len(key) == 32 and key.isascii() and key.isalnum()


def _typed(form: Mapping[str, str]) -> Typed:
    """Read the fields ``so-<lot>``; empty ones and noughts are not chosen."""
    typed = Typed()
    for name, value in form.items():
        lot = name.removeprefix("so-")
        value = text.one_line(value)[:12]
        if lot == name or not (lot.isascii() and lot.isdecimal() and len(lot) < 16) or not value.strip("0"):
            continue
        typed.words[int(lot)] = value
    names = queries.names_of(typed.words)
    for lot_id, value in typed.words.items():
        step_g = names[lot_id].step_g if lot_id in names else None
        try:
            typed.packs[lot_id] = _packs(value, step_g)
        except InvalidInput as refusal:
            typed.wrong[lot_id] = words_of(refusal)
    return typed


def _packs(words: str, step_g: int | None) -> int:
    """Read how many packs, or a weight of goods that are sold by weight."""
    if step_g:
        many = amounts.steps(amounts.grams(words), step_g, language=str(get_locale()))
    else:
        many = int(words) if words.isascii() and words.isdecimal() else 0
    if not 0 < many <= MOST_PACKS:
        raise BadQuantity()
    return many
