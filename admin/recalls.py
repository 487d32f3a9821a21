"""Recalls and drills: the start, the clock, who holds what and has answered, the reckoning, the closing report."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext, ngettext
from werkzeug.wrappers import Response as Answer
from wtforms import BooleanField, RadioField
from wtforms.validators import InputRequired, Optional

from accounts.actor import Actor, Permission
from accounts.web.forms import (
    BaseForm,
    PacksField,
    RequestKey,
    answer_status,
    choice,
    line,
    paragraphs,
    set_choices,
    show_refusal,
)
from accounts.web.guard import current_actor, requires
from admin import listing, recall_buyers
from admin.saying import quantity, said
from admin.trace_forms import KINDS, TYPED_UNIT
from catalog.models import Unit
from kernel import amounts, clock, replays
from kernel.amounts import Apart
from kernel.db import db, transaction
from kernel.errors import N_, DomainError, NotAllowed
from oversight import answering, queries, recall
from oversight.models import EntryKind, Recall, RecallNotice, RecallState, Severity
from oversight.queries import Elsewhere, Goods, Held, Part, Reckoned, Total
from oversight.reconciliation import Parts
from traceability import batches
from traceability.models import Lot, LotKind

blueprint = Blueprint("recalls", __name__, url_prefix="/quan-tri/thu-hoi")

ROWS = 100
SEVERITIES = {
    Severity.SERIOUS: (N_("Class I: may harm health badly"), N_("Class I")),
    Severity.MODERATE: (N_("Class II: may harm health for a while"), N_("Class II")),
    Severity.MINOR: (N_("Class III: no harm to health expected (label, weight, quality)"), N_("Class III")),
}
ENTRIES = {
    EntryKind.FOUND: N_("Counted"),
    EntryKind.MISSING: N_("Missing goods"),
    EntryKind.REAPPEARED: N_("Found again"),
    EntryKind.RETURNED: N_("Brought back by buyers"),
    EntryKind.DESTROYED: N_("Destroyed"),
    EntryKind.SOLD: N_("Sold before the stop, not entered then"),
}
ENTERED = (EntryKind.RETURNED, EntryKind.DESTROYED, EntryKind.SOLD)
#: The parts of a reckoning, in the order in which they are added up.
PARTS = {
    "used": N_("Went into other lots"),
    "on_hand": N_("Stopped where it lies"),
    "returned": N_("Came back"),
    "destroyed": N_("Destroyed"),
    "sold": N_("Sold"),
    "missing": N_("Missing goods"),
    "lost_before": N_("Lost before"),
    "unreleased": N_("Never on sale"),
}


#: What somebody known from others' records is to a recall.
PARTS_PLAYED = {
    Part.HOLDER: N_("Received it"),
    Part.BUYER: N_("Bought it"),
    Part.MAKER: N_("Made it, has some left"),
    Part.UNKNOWN: N_("Not known"),
}


class NotYoursToAnswer(NotAllowed):
    message = N_("Only the organisation itself answers this, or the office on its behalf.")


class StartForm(BaseForm):
    """Why, how bad, and in earnest or not."""

    kind = RadioField(lazy_gettext("In earnest, or a drill?"), [InputRequired()])
    severity = RadioField(lazy_gettext("How bad is it?"), [InputRequired()])
    reason = paragraphs(
        lazy_gettext("Why, in Vietnamese"),
        longest=batches.LONGEST_REASON,
        required=True,
        description=lazy_gettext("Everybody who opens the batch reads it. No names of people."),
    )
    reason_en = paragraphs(lazy_gettext("Why, in English"), longest=batches.LONGEST_REASON)
    request_key = RequestKey()


class EnterForm(BaseForm):
    """A quantity that became something."""

    goods = choice(lazy_gettext("Which goods?"))
    kind = RadioField(lazy_gettext("What became of them?"), [InputRequired()])
    quantity = PacksField(lazy_gettext("How many, or how much?"), [InputRequired()])
    note = line(lazy_gettext("Remark: paper, place, who was there"), longest=answering.LONGEST_NOTE, required=False)
    request_key = RequestKey()


class CloseForm(BaseForm):
    """The report in words."""

    conclusion = paragraphs(
        lazy_gettext("Closing report"),
        longest=recall.LONGEST_CONCLUSION,
        required=True,
        description=lazy_gettext("What was found, what was done with the goods, what is to be better next time."),
    )
    even_unanswered = BooleanField(lazy_gettext("Close although not everybody has answered"))


class Act(BaseForm):
    """Nothing but the act itself."""


# --- The list, and the start ------------------------------------------------------------------------------


@blueprint.get("")
@requires(Permission.READ_RECALLS)
def index() -> str:
    """List what the actor's organisation was told, and the recalls that it sees whole."""
    actor = current_actor()
    page = listing.page_of(queries.list_recalls(actor))
    notices = queries.notices_to(actor)
    return render_template(
        "admin/recalls/index.html",
        notices=notices,
        having=queries.having(notices),
        rows=[queries.RecallRow._make(row) for row in page.rows],
        may_start=actor.may(Permission.RECALL_LOTS),
        severities=SEVERITIES,
        page=page.number,
        last=page.last,
        url_of=lambda number: listing.address(trang=number),
    )


@blueprint.get("/moi")
@requires(Permission.RECALL_LOTS)
def choose() -> str:
    """Find the lot to recall: material, something between, or goods."""
    words = request.args.get("q", "").strip()[:100]
    return render_template(
        "admin/recalls/choose.html",
        found=queries.lots_to_recall(current_actor(), words),
        words=words,
        kinds=KINDS,
        most=queries.MOST_FOUND,
    )


@blueprint.route("/moi/<int:lot_id>", methods=["GET", "POST"])
@requires(Permission.RECALL_LOTS)
def new(lot_id: int) -> tuple[str, int] | Answer:
    """Ask why and how bad, show what it reaches, and start."""
    actor, now = current_actor(), clock.now()
    lot = queries.lot_of(actor, lot_id)
    form: Any = StartForm()  # neither is chosen beforehand: nobody recalls by not looking
    form.kind.choices = [("that", gettext("In earnest")), ("dien-tap", gettext("Drill"))]
    form.severity.choices = [(one.value, gettext(words)) for one, (words, _) in SEVERITIES.items()]
    if form.validate_on_submit():
        told = recall.Told(form.reason.data, Severity(form.severity.data), form.reason_en.data or "")

        def begin() -> str:
            row = db.session.get_one(Lot, lot_id)
            return recall.start(row, told, is_drill=form.kind.data == "dien-tap", actor=actor, now=now).number

        number = _once(actor, form, begin, now)
        if number is not None:
            words = (
                gettext("The drill runs: the clock is going.")
                if form.kind.data == "dien-tap"
                else gettext("Recalled: everything made from it is stopped, and its pages say so.")
            )
            flash(words, "good")
            return redirect(url_for("recalls.show", number=number), 303)
    page = render_template(
        "admin/recalls/new.html",
        form=form,
        lot=lot,
        kind=gettext(KINDS[lot.kind]),
        preview=queries.preview(lot),
        made=queries.made_from(lot),
    )
    return page, answer_status(form)


def _once(actor: Actor, form: Any, write: Callable[[], str], now: datetime) -> str | None:
    """Run a verb for a form once, however often it is sent; a refusal is put beside its field."""
    try:
        with transaction():
            earlier = replays.claim(actor.user_id, form.request_key.data, now=now)
            if earlier is not None:
                return earlier
            made = write()
            replays.answer(actor.user_id, form.request_key.data, made)
            return made
    except DomainError as refusal:
        show_refusal(form, refusal)
        return None


# --- One recall -------------------------------------------------------------------------------------------


@blueprint.get("/<number>")
@requires(Permission.READ_RECALLS)
def show(number: str) -> str:
    """Show a recall: the clock, who has answered, what became of the goods."""
    actor, now = current_actor(), clock.now()
    row = queries.get_recall(actor, number)
    answered, everybody = queries.answered_of(row)
    notices = queries.notices_of(row)
    rows = queries.reckoning(row)
    totals = queries.totals(rows)
    goods = queries.of_goods(totals)
    return render_template(
        "admin/recalls/show.html",
        recall=row,
        severity=SEVERITIES[row.severity],
        ran=_ran(minutes_of(row, now), is_open=row.state is RecallState.OPEN),
        answered=answered,
        everybody=everybody,
        notices=notices,
        having=queries.having(notices),
        phones=phones_of(notices),
        totals=totals,
        contradictions=queries.contradictions(rows),
        goods=[one for one in goods if one.unit is Unit.PIECE] + [one for one in totals if one.is_by_weight],
        secured=_goods(goods, lambda parts: parts.on_hand + parts.returned + parts.destroyed),
        out_of_reach=_goods(goods, lambda parts: parts.out_of_reach),
        parts=PARTS,
        kinds=KINDS,
        may_close=actor.may(Permission.CLOSE_RECALLS) and row.state is RecallState.OPEN,
        **recall_buyers.page_part(actor, row),
        **_elsewhere(row, queries.known_from_events(row)),
    )


def _goods(goods: Sequence[Total], amount: Callable[[Parts], int]) -> Apart:
    """Add up one thing of the goods of a recall, packs and what is weighed apart."""
    return amounts.apart((amount(one.parts), 1 if one.is_by_weight else None) for one in goods)


def who_of(one: Elsewhere) -> str:
    """Name who has goods by others' records: by the name known here, as the events call them, by the paper alone."""
    if one.organisation is not None:
        return said(one.organisation, "name")
    if one.share is None:
        return str(gettext("Not known"))
    if one.share.is_paper:
        words = gettext("Buyer by paper %(paper)s", paper=one.name) if one.name else gettext("Buyer not known")
        return str(words)
    return one.name


def how_much_of(one: Elsewhere) -> str:
    """Say how much is with somebody by others' records, in the lot's unit."""
    if one.share is None:
        return "–"
    if one.is_unstated:
        return str(gettext("not stated"))
    return quantity(one.quantity, one.unit, one.step_g)


def _elsewhere(recall: Recall, rows: Sequence[Elsewhere]) -> dict[str, Any]:
    """Give a page what it says of goods known from others' records."""
    found = queries.found_by_events(recall)

    def found_of(one: Elsewhere) -> str | None:
        many = found.get((one.organisation.id, one.lot_id)) if one.organisation else None
        if many is None:
            return None
        return str(gettext("%(quantity)s found", quantity=quantity(many, one.unit, one.step_g)))

    return {
        "elsewhere": rows,
        "who_of": who_of,
        "how_much_of": how_much_of,
        "found_of": found_of,
        "parts_played": PARTS_PLAYED,
        "unstated": {one.organisation.id for one in rows if one.organisation and one.is_unstated},
    }


def minutes_of(row: Recall, now: datetime) -> int:
    """Tell how many minutes a recall has run, or ran."""
    return int(((row.closed_at or now) - row.started_at).total_seconds() // 60)


def lasting(minutes: int) -> str:
    """Say how long something took, as exactly as one reads it: minutes, hours, then days."""
    if minutes < 180:
        return str(ngettext("%(num)s minute", "%(num)s minutes", minutes))
    hours = minutes // 60
    if hours < 72:
        return str(ngettext("%(num)s hour", "%(num)s hours", hours))
    return str(ngettext("%(num)s day", "%(num)s days", hours // 24))


def _ran(minutes: int, *, is_open: bool) -> tuple[int, str]:
    """Say how long a recall has run, or ran, in a number that can be read at a glance: minutes, hours, then days."""
    if minutes < 180:
        since = ngettext("minute since the start", "minutes since the start", minutes)
        return minutes, since if is_open else ngettext("minute from start to end", "minutes from start to end", minutes)
    hours = minutes // 60
    if hours < 72:
        since = ngettext("hour since the start", "hours since the start", hours)
        return hours, since if is_open else ngettext("hour from start to end", "hours from start to end", hours)
    days = hours // 24
    since = ngettext("day since the start", "days since the start", days)
    return days, since if is_open else ngettext("day from start to end", "days from start to end", days)


def phones_of(notices: Sequence[RecallNotice]) -> dict[int, list[tuple[str, str]]]:
    """Give, by organisation, whom to call: the organisation's own number first, then its people's. Read live."""
    found: dict[int, list[tuple[str, str]]] = {one.organisation_id: [] for one in notices}
    for one in notices:
        if one.organisation.phone:
            found[one.organisation_id].append(("", one.organisation.phone))
    for person in queries.people_of(*found):
        if person.phone:
            found[person.organisation_id].append((person.name, person.phone))
    return found


@blueprint.get("/<number>/lo-hang")
@requires(Permission.READ_RECALLS)
def lots(number: str) -> str | Response:
    """List the lots of a recall and what became of each; the same as a file."""
    row = queries.get_recall(current_actor(), number)
    rows = queries.reckoning(row)
    if listing.asks_for_csv():
        return _lots_file(row, rows)
    last = max(1, -(-len(rows) // ROWS))
    page = min(listing.page_asked(), last)
    return render_template(
        "admin/recalls/lots.html",
        recall=row,
        rows=rows[(page - 1) * ROWS : page * ROWS],
        joined=queries.joined_of(row),
        total=len(rows),
        page=page,
        last=last,
        url_of=lambda number: listing.address(trang=number),
        csv_url=listing.address(dang="csv", trang=None),
    )


def _lots_file(row: Recall, rows: Sequence[Reckoned]) -> Response:
    header = [
        gettext("Recall"),
        gettext("Kind of lot"),
        gettext("Name"),
        gettext("Lot number"),
        gettext("Unit"),
        gettext("Made"),
        *(gettext(label) for label in PARTS.values()),
        gettext("Unexplained"),
    ]
    return listing.csv_file(
        f"{row.number.lower()}-lo-hang",
        header,
        (
            (
                row.number,
                gettext(KINDS[one.kind]),
                one.name_vi,
                one.number,
                _unit(one),
                parts.made,
                *(getattr(parts, name) for name in PARTS),
                parts.unexplained,
            )
            for one in rows
            for parts in (one.parts.in_grams(one.step_g) if one.step_g else one.parts,)
        ),
    )


def _unit(one: Reckoned | Goods | Elsewhere | Held) -> str:
    """Name the unit of a lot in a file; goods sold by weight are in grams there."""
    return (Unit.GRAM if one.step_g else one.unit).value


@blueprint.get("/<number>/noi-giu")
@requires(Permission.READ_RECALLS)
def holders(number: str) -> Response:
    """Give the file of who held what when the recall began."""
    row = queries.get_recall(current_actor(), number)
    held = (queries.Held._make(found) for found in db.session.execute(queries.held_when_it_began(row)))
    elsewhere = queries.known_from_events(row)
    material = (
        (
            one.owner_vi,
            gettext("with its producer"),
            one.goods.name_vi,
            one.goods.number,
            f"{one.goods.expires_on:%d/%m/%Y}" if one.goods.expires_on else "",
            one.goods.quantity * (one.goods.step_g or 1),
            "",
            _unit(one.goods),
            "",
        )
        for one in queries.material_of(row, elsewhere)
    )
    header = [
        gettext("Holder"),
        gettext("Place"),
        gettext("Name"),
        gettext("Lot number"),
        gettext("Good until"),
        gettext("Quantity"),
        gettext("Held for orders"),
        gettext("Unit"),
        gettext("Paper"),
    ]
    known = (
        (
            who_of(one),
            " · ".join((gettext(KINDS[LotKind.EXTERNAL]), gettext(PARTS_PLAYED[one.role]))),
            one.name_vi,
            one.number,
            "",
            gettext("not stated") if one.is_unstated else one.quantity * (one.step_g or 1),
            "",
            _unit(one),
            " ".join(one.papers),
        )
        for one in elsewhere
    )
    return listing.csv_file(
        f"{row.number.lower()}-noi-giu",
        header,
        itertools.chain(
            (
                (
                    one.keeper_vi,
                    one.location_vi,
                    one.name_vi,
                    one.number,
                    f"{one.expires_on:%d/%m/%Y}" if one.expires_on else "",
                    one.quantity * (one.step_g or 1),
                    one.allocated * (one.step_g or 1),
                    _unit(one),
                    "",
                )
                for one in held
            ),
            material,
            known,
        ),
    )


@blueprint.get("/<number>/danh-ba")
@requires(Permission.READ_RECALLS)
def phone_list(number: str) -> str:
    """Print whom to call, with room to write down what they say."""
    actor = current_actor()
    row = queries.get_recall(actor, number)
    notices = queries.notices_of(row)
    elsewhere = queries.known_from_events(row)
    material: dict[int, list[Goods]] = {}
    for left in queries.material_of(row, elsewhere):
        material.setdefault(left.owner_id, []).append(left.goods)
    return render_template(
        "admin/recalls/phone_list.html",
        recall=row,
        notices=notices,
        having=queries.having(notices),
        material=material,
        phones=phones_of(notices),
        now=clock.now(),
        **recall_buyers.page_part(actor, row),
        **_elsewhere(row, elsewhere),
    )


@blueprint.route("/<number>/ket-thuc", methods=["GET", "POST"])
@requires(Permission.CLOSE_RECALLS)
def close(number: str) -> tuple[str, int] | Answer:
    """Ask for the closing report, and close."""
    actor, now = current_actor(), clock.now()
    row = queries.get_recall(actor, number)
    form: Any = CloseForm()
    if form.validate_on_submit():
        try:
            with transaction():
                recall.close(
                    queries.get_recall(actor, number),
                    conclusion=form.conclusion.data,
                    even_unanswered=bool(form.even_unanswered.data),
                    actor=actor,
                    now=now,
                )
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            if row.is_drill:
                flash(gettext("The drill is ended. Nothing real was touched."), "good")
            else:
                flash(gettext("The recall is closed. What is frozen stays frozen."), "good")
            return redirect(url_for("recalls.report", number=number), 303)
    answered, everybody = queries.answered_of(row)
    page = render_template(
        "admin/recalls/close.html",
        form=form,
        recall=row,
        answered=answered,
        everybody=everybody,
        totals=queries.totals(queries.reckoning(row)),
        parts=PARTS,
        kinds=KINDS,
    )
    return page, answer_status(form)


@blueprint.get("/<number>/bao-cao")
@requires(Permission.READ_RECALLS)
def report(number: str) -> str:
    """Print the report: what was recalled, how quickly everybody answered, what became of every pack."""
    actor, now = current_actor(), clock.now()
    row = queries.get_recall(actor, number)
    rows = queries.reckoning(row)
    return render_template(
        "admin/recalls/report.html",
        recall=row,
        severity=SEVERITIES[row.severity],
        minutes=minutes_of(row, now),
        lasting=lasting,
        answers=queries.answers_of(row, row.closed_at or now),
        totals=queries.totals(rows),
        contradictions=queries.contradictions(rows),
        lots=rows[:ROWS],
        more=max(0, len(rows) - ROWS),
        joined=queries.joined_of(row),
        parts=PARTS,
        kinds=KINDS,
        now=now,
        **recall_buyers.page_part(actor, row, most=ROWS),
        **_elsewhere(row, queries.known_from_events(row)),
    )


# --- A notice, and its answers ----------------------------------------------------------------------------


@blueprint.get("/<number>/phieu/<int:notice_id>")
@requires(Permission.READ_RECALLS)
def notice(number: str, notice_id: int) -> str:
    """Show one holder what is recalled, and take the answer with one tap."""
    actor = current_actor()
    row = queries.get_notice(actor, number, notice_id)
    goods = queries.goods_of_notice(row)
    entries = queries.entries_of(row.recall, row)
    return render_template(
        "admin/recalls/notice.html",
        notice=row,
        recall=row.recall,
        severity=SEVERITIES[row.recall.severity],
        goods=goods[:ROWS],
        more=max(0, len(goods) - ROWS),
        material=queries.material_of_notice(row),
        entries=entries,
        joined_numbers=queries.joined_numbers_of(row) if row.more_at else [],
        steps=queries.steps_of({one.lot_id for one in entries}),
        entry_names=ENTRIES,
        may_answer=_may_answer(actor, row) and row.recall.state is RecallState.OPEN,
        on_behalf=row.organisation_id != actor.organisation_id,
        sees_whole=not _is_only_a_holder(actor, row),
        **recall_buyers.page_part(actor, row.recall, producer_id=row.organisation_id),
        **_elsewhere(row.recall, queries.known_of_notice(row)),
    )


def _is_only_a_holder(actor: Actor, row: RecallNotice) -> bool:
    return not actor.is_office and row.recall.owner_id != actor.organisation_id


def _may_answer(actor: Actor, row: RecallNotice) -> bool:
    own = row.organisation_id == actor.organisation_id
    return actor.may(Permission.ANSWER_RECALLS) and (own or actor.may(Permission.CLOSE_RECALLS))


def _own_notice(actor: Actor, number: str, notice_id: int) -> RecallNotice:
    row = queries.get_notice(actor, number, notice_id)
    if not _may_answer(actor, row):
        raise NotYoursToAnswer()
    return row


@blueprint.post("/<number>/phieu/<int:notice_id>/da-nhan")
@requires(Permission.ANSWER_RECALLS)
def acknowledge(number: str, notice_id: int) -> Answer:
    """Take the one tap."""
    actor, now = current_actor(), clock.now()
    _own_notice(actor, number, notice_id)
    if Act().validate_on_submit():
        with transaction():
            answering.acknowledge(queries.get_notice(actor, number, notice_id), actor=actor, now=now)
        flash(gettext("Confirmed. Now count the goods and keep them apart."), "good")
    return redirect(url_for("recalls.notice", number=number, notice_id=notice_id), 303)


@blueprint.route("/<number>/phieu/<int:notice_id>/dem", methods=["GET", "POST"])
@requires(Permission.ANSWER_RECALLS)
def count(number: str, notice_id: int) -> tuple[str, int] | Answer:
    """Ask how many of each batch were found at each place."""
    actor, now = current_actor(), clock.now()
    row = _own_notice(actor, number, notice_id)
    goods = queries.goods_to_count(row)
    last = max(1, -(-len(goods) // ROWS))
    page_number = min(listing.page_asked(), last)
    goods = goods[(page_number - 1) * ROWS : page_number * ROWS]
    form = _count_form(goods)
    if form.validate_on_submit():
        found = {(one.lot_id, one.location_id): form[_field(one)].data for one in goods}
        stated = {where: quantity for where, quantity in found.items() if quantity is not None}

        def write() -> str:
            answering.count(queries.get_notice(actor, number, notice_id), stated, actor=actor, now=now)
            return number

        if not stated:
            form.form_errors = [*form.form_errors, gettext("Write how many you found of at least one batch.")]
        elif _once(actor, form, write, now) is not None:
            flash(gettext("Thank you. What you counted is on record."), "good")
            return redirect(url_for("recalls.notice", number=number, notice_id=notice_id), 303)
    page = render_template(
        "admin/recalls/count.html",
        form=form,
        notice=row,
        recall=row.recall,
        goods=goods,
        booked={one: queries.on_record(row, one) for one in goods},
        field_of=_field,
        page=page_number,
        last=last,
        url_of=lambda number: listing.address(trang=number),
    )
    return page, answer_status(form)


def _field(one: Goods) -> str:
    return f"dem_{one.lot_id}_{one.location_id or 0}"


def _count_form(goods: Sequence[Goods]) -> Any:
    class CountForm(BaseForm):
        request_key = RequestKey()

    for one in goods:
        label = gettext("Found of lot %(number)s", number=one.number)
        unit = TYPED_UNIT[one.unit]
        setattr(CountForm, _field(one), PacksField(label, [Optional()], least=0, unit=unit, step_g=one.step_g))
    return CountForm()


@blueprint.route("/<number>/phieu/<int:notice_id>/ghi", methods=["GET", "POST"])
@requires(Permission.ANSWER_RECALLS)
def enter(number: str, notice_id: int) -> tuple[str, int] | Answer:
    """Ask what was brought back, destroyed, or had been sold."""
    actor, now = current_actor(), clock.now()
    row = _own_notice(actor, number, notice_id)
    goods = queries.goods_to_count(row)
    by_key = {f"{one.lot_id}-{one.location_id or 0}": one for one in goods}
    form: Any = EnterForm()
    set_choices(form.goods, {key: _goods_words(one) for key, one in by_key.items()}, empty=gettext("Please choose"))
    form.kind.choices = [(kind.value, gettext(ENTRIES[kind])) for kind in ENTERED]
    chosen = by_key.get(request.form.get("goods", ""))
    form.quantity.unit, form.quantity.step_g = (TYPED_UNIT[chosen.unit], chosen.step_g) if chosen else ("piece", None)
    if form.validate_on_submit():
        one = by_key[form.goods.data]

        def write() -> str:
            answering.enter(
                queries.get_notice(actor, number, notice_id),
                EntryKind(form.kind.data),
                (one.lot_id, one.location_id),
                form.quantity.data,
                note=form.note.data or "",
                actor=actor,
                now=now,
            )
            return number

        if _once(actor, form, write, now) is not None:
            flash(gettext("It is on record."), "good")
            return redirect(url_for("recalls.notice", number=number, notice_id=notice_id), 303)
    page = render_template("admin/recalls/enter.html", form=form, notice=row, recall=row.recall)
    return page, answer_status(form)


def _goods_words(one: Goods) -> str:
    parts = [said(one, "name"), one.number, said(one, "location")]
    unit = {"kg": "kg", "l": gettext("litres")}.get(TYPED_UNIT[one.unit], "")
    if one.step_g:
        unit = gettext("by weight, for example %(weight)s", weight=quantity(2, one.unit, one.step_g))
    return " · ".join(part for part in (*parts, unit) if part)
