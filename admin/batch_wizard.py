"""A batch entered on a telephone: five pages with one question each, and one to check. Kept at every page.

The answers stand in a row (``traceability.models.BatchDraft``), as JSON: ``item`` (id), ``quantity``, ``made_on``,
``expires_on`` (ISO days), ``number``, ``place`` (id), ``inputs`` ({lot id as text: base units}), ``steps`` (keys),
``photo`` (digest). Nothing is a batch before the last page is sent.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as Answer

from accounts import queries as people
from accounts.actor import Permission
from accounts.models import Place
from accounts.web.forms import BaseForm, answer_status, words_of
from accounts.web.guard import current_actor, requires
from admin import trace_forms
from admin.lots import in_english, readably, refuse
from admin.saying import quantity
from admin.trace_forms import AmountForm, DatesForm, InputsForm, ItemForm, StepsForm, add_inputs, inputs_of
from catalog.models import TradeItem
from kernel import clock, media, replays
from kernel.db import db, lock, transaction
from kernel.errors import N_, DomainError
from traceability import batches, lots, queries, recording
from traceability.models import BatchDraft, EventKind, Lot
from traceability.queries import OwnItem
from traceability.recording import Attachment, NamedLot
from traceability.steps import Step, steps_for

blueprint = Blueprint("batch_wizard", __name__, url_prefix="/quan-tri/lo-hang")

#: The pages in their order: key → (endpoint, its name).
PAGES: dict[str, tuple[str, str]] = {
    "item": ("batch_wizard.item", N_("Goods")),
    "amount": ("batch_wizard.amount", N_("How much")),
    "dates": ("batch_wizard.dates", N_("Days")),
    "inputs": ("batch_wizard.inputs", N_("Made from")),
    "steps": ("batch_wizard.steps", N_("Steps and photo")),
    "check": ("batch_wizard.check", N_("Check")),
}
#: Which page a refusal of the last act belongs to, by its field.
PAGE_OF_FIELD = {
    "item": "item",
    "quantity": "amount",
    "made_on": "dates",
    "expires_on": "dates",
    "number": "dates",
    "place": "dates",
    "inputs": "inputs",
    "photo": "steps",
}


class Act(BaseForm):
    """Nothing but the act itself."""


# --- The pages --------------------------------------------------------------------------------------------


@blueprint.route("/moi", methods=["GET", "POST"])
@requires(Permission.EDIT_BATCHES)
def new() -> str | tuple[str, int] | Answer:
    """First page of a new batch: which goods."""
    actor, now = current_actor(), clock.now()
    items = queries.items_for_batches(actor.organisation_id or 0)
    form = _item_form(items, None)
    if form.validate_on_submit():
        with transaction():
            earlier = replays.claim(actor.user_id, form.request_key.data, now=now)
            draft_id = int(earlier) if earlier else 0
            if not earlier:
                draft = BatchDraft(
                    organisation_id=actor.organisation_id,
                    user_id=actor.user_id,
                    answers={"item": int(form.item.data)},
                    created_at=now,
                    changed_at=now,
                )
                db.session.add(draft)
                db.session.flush()
                draft_id = draft.id
                replays.answer(actor.user_id, form.request_key.data, draft_id)
        return redirect(url_for("batch_wizard.amount", draft_id=draft_id), 303)
    return _item_page(form, items, None)


@blueprint.route("/nhap/<int:draft_id>/san-pham", methods=["GET", "POST"])
@requires(Permission.EDIT_BATCHES)
def item(draft_id: int) -> str | tuple[str, int] | Answer:
    """First page again: which goods."""
    draft = queries.get_draft(current_actor(), draft_id)
    items = queries.items_for_batches(draft.organisation_id)
    form = _item_form(items, draft)
    if form.validate_on_submit():
        chosen = int(form.item.data)
        # Another kind of goods has other usual steps, and its own numbers.
        other: dict[str, Any] = {} if chosen == draft.answers.get("item") else {"steps": None, "number": None}
        return _kept(draft, "amount", item=chosen, **other)
    return _item_page(form, items, draft)


def _item_form(items: list[OwnItem], draft: BatchDraft | None) -> ItemForm:
    form = ItemForm(data={"item": str(draft.answers.get("item", ""))} if draft else None)
    form.item.choices = [(str(row.id), _item_words(row)) for row in items]
    return form


def _item_words(row: OwnItem) -> str:
    name = row.name_en if in_english() and row.name_en else row.name_vi
    return f"{name}, {row.item_en if in_english() and row.item_en else row.item_vi}"


def _item_page(form: ItemForm, items: list[OwnItem], draft: BatchDraft | None) -> tuple[str, int]:
    notes = {str(row.id): f"GTIN {row.gtin}" if row.gtin else gettext("internal code, no GTIN") for row in items}
    return _page("item", form, draft, notes=notes, has_items=bool(items))


@blueprint.route("/nhap/<int:draft_id>/so-luong", methods=["GET", "POST"])
@requires(Permission.EDIT_BATCHES)
def amount(draft_id: int) -> str | tuple[str, int] | Answer:
    """Second page: how many packs."""
    draft = queries.get_draft(current_actor(), draft_id)
    form = AmountForm(data={"quantity": draft.answers.get("quantity")})
    row = _own_item(draft)
    if row is not None and row.step_g:
        form.quantity.step_g = row.step_g
        form.quantity.label.text = gettext("How much of it is there, by weight?")
    if form.validate_on_submit():
        return _kept(draft, "dates", quantity=form.quantity.data)
    return _page("amount", form, draft)


@blueprint.route("/nhap/<int:draft_id>/ngay", methods=["GET", "POST"])
@requires(Permission.EDIT_BATCHES)
def dates(draft_id: int) -> str | tuple[str, int] | Answer:
    """Third page: made when, good until when, under which number."""
    draft, now = queries.get_draft(current_actor(), draft_id), clock.now()
    today, answers = clock.business_date(now), draft.answers
    made_before, expires_before = _day(answers.get("made_on")), _day(answers.get("expires_on"))
    form = DatesForm(
        data={
            "number": answers.get("number") or queries.next_number(int(answers["item"]), made_before or today),
            "place": str(answers.get("place") or ""),
            "expiry": "co" if expires_before or "made_on" not in answers else "khong",
            "expires_on": expires_before,
        }
    )
    form.offer_days(today, earlier=made_before or today)
    form.day.label.text = gettext("When was it made?")
    form.expiry.choices = [("co", gettext("Until a day")), ("khong", gettext("It does not go bad"))]
    places = people.places_of(draft.organisation_id)
    trace_forms.offer_places(form.place, places)
    if form.validate_on_submit():
        made_on = form.chosen_day(today)
        expires_on = form.expires_on.data if form.expiry.data == "co" else None
        if form.expiry.data != "co" and form.expires_on.data not in (None, expires_before):
            sentence = gettext("For this day to count, choose “Until a day” above; else empty this field.")
            form.expires_on.errors = [*form.expires_on.errors, sentence]
        if form.expiry.data == "co" and expires_on is None:
            form.expires_on.errors = [*form.expires_on.errors, gettext("Write the last day it is good.")]
        if made_on is not None and not form.errors:
            try:
                number = lots.numbered(form.number.data)
                batches.check_dates(made_on, expires_on, now=now)
                batches.check_number(
                    db.session.get_one(TradeItem, int(answers["item"])), number, int(answers["quantity"]),
                    owner_id=draft.organisation_id,
                )  # fmt: skip
            except DomainError as refusal:
                refuse(form, refusal)
            else:
                return _kept(
                    draft,
                    "inputs",
                    made_on=made_on.isoformat(),
                    expires_on=expires_on.isoformat() if expires_on else None,
                    number=number,
                    place=int(form.place.data) if form.place.data else None,
                )
    return _page("dates", form, draft, has_places=bool(places))


@blueprint.route("/nhap/<int:draft_id>/nguyen-lieu", methods=["GET", "POST"])
@requires(Permission.EDIT_BATCHES)
def inputs(draft_id: int) -> str | tuple[str, int] | Answer:
    """Fourth page: from which lots, how much of each."""
    draft = queries.get_draft(current_actor(), draft_id)
    usable = queries.usable_inputs(draft.organisation_id)
    before = {int(id): used for id, used in draft.answers.get("inputs", {}).items()}
    form = add_inputs(InputsForm(), usable, before)
    if form.validate_on_submit():
        taken = inputs_of(form, usable, quantity)
        if not form.errors:
            return _kept(draft, "steps", inputs={str(id): used for id, used in taken.items()})
    return _page("inputs", form, draft, usable=usable)


@blueprint.route("/nhap/<int:draft_id>/buoc", methods=["GET", "POST"])
@requires(Permission.EDIT_BATCHES)
def steps(draft_id: int) -> str | tuple[str, int] | Answer:
    """Fifth page: what was done, and a photo."""
    draft, now = queries.get_draft(current_actor(), draft_id), clock.now()
    usual = _usual_steps(draft)
    form = StepsForm(data={"steps": draft.answers.get("steps") or []})
    form.steps.choices = [(step.key, step.name_en if in_english() else step.name_vi) for step in usual]
    if form.validate_on_submit():
        prepared = trace_forms.prepared_photos(form, form.photo)
        if prepared is not None:
            with transaction():
                answers = dict(draft.answers, steps=list(form.steps.data or []))
                if prepared:
                    answers["photo"] = media.keep_picture(prepared[0], now=now)
                _write(draft.id, answers, now)
            return redirect(url_for("batch_wizard.check", draft_id=draft.id), 303)
    return _page("steps", form, draft, picture=media.picture(draft.answers.get("photo")))


@blueprint.route("/nhap/<int:draft_id>/kiem-tra", methods=["GET", "POST"])
@requires(Permission.EDIT_BATCHES)
def check(draft_id: int) -> str | tuple[str, int] | Answer:
    """Last page: all answers on one page, each with a way back to it; sent, it is a batch."""
    actor, now = current_actor(), clock.now()
    draft = queries.get_draft(actor, draft_id)
    form = Act()
    problem: tuple[str, str] | None = None  # (its page, the sentence)
    missing = _first_missing(draft.answers)
    if draft.lot_id is None and missing is not None:
        return redirect(url_for(PAGES[missing][0], draft_id=draft.id), 303)
    if form.validate_on_submit():
        try:
            with transaction():
                draft = lock(queries.get_draft(actor, draft_id))
                if draft.lot_id is None:
                    draft.lot_id = _open(draft, now)
                    draft.changed_at = now
                lot_id = draft.lot_id
        except DomainError as refusal:
            page = PAGE_OF_FIELD.get(refusal.field or "", "check")
            facts = dict(refusal.facts)
            if isinstance(refusal, lots.NotEnoughLeft):
                left = quantity(int(str(facts["left"])), facts["unit"])
                words = gettext("Of lot %(number)s only %(left)s are left.", number=facts["number"], left=left)
            else:
                readably(refusal)
                words = words_of(refusal)
            problem = (page, words)
            draft = queries.get_draft(actor, draft_id)
        else:
            flash(gettext("The batch is on record. Look at it once more, then put it on sale."), "good")
            return redirect(url_for("batches.show", lot_id=lot_id), 303)
    if draft.lot_id is not None:
        return redirect(url_for("batches.show", lot_id=draft.lot_id), 303)
    page_text, _ = _page(
        "check",
        form,
        draft,
        problem=problem,
        problem_url=url_for(PAGES[problem[0]][0], draft_id=draft.id) if problem else None,
        **_told(draft),
    )
    return page_text, 422 if problem else 200


@blueprint.route("/nhap/<int:draft_id>/bo", methods=["GET", "POST"])
@requires(Permission.EDIT_BATCHES)
def drop(draft_id: int) -> str | Answer:
    """Ask once more, then give up a batch that was being entered."""
    actor = current_actor()
    draft = queries.get_draft(actor, draft_id)
    if draft.lot_id is not None:  # it is a batch by now, and stays one
        return redirect(url_for("batches.show", lot_id=draft.lot_id), 303)
    if not Act().validate_on_submit():
        return render_template("admin/batch_wizard/drop.html", draft=draft)
    with transaction():
        db.session.delete(lock(queries.get_draft(actor, draft_id)))
    flash(gettext("What was entered is dropped."), "good")
    return redirect(url_for("batches.index"), 303)


# --- What they share --------------------------------------------------------------------------------------


def _page(key: str, form: BaseForm, draft: BatchDraft | None, **more: Any) -> tuple[str, int]:
    keys = list(PAGES)
    place = keys.index(key)
    back = url_for("batches.index")
    if draft is not None and place > 0:
        back = url_for(PAGES[keys[place - 1]][0], draft_id=draft.id)
    page = render_template(
        f"admin/batch_wizard/{key}.html",
        form=form,
        draft=draft,
        page_names=[gettext(name) for _, name in PAGES.values()],
        page_now=place + 1,
        back=back,
        goods=_goods(draft),
        **more,
    )
    return page, answer_status(form)


def _goods(draft: BatchDraft | None) -> str:
    row = _own_item(draft) if draft is not None else None
    return _item_words(row) if row is not None else ""


def _own_item(draft: BatchDraft) -> OwnItem | None:
    items = queries.items_for_batches(draft.organisation_id)
    return next((row for row in items if row.id == draft.answers.get("item")), None)


def _usual_steps(draft: BatchDraft) -> tuple[Step, ...]:
    row = _own_item(draft)
    # That it was packed and stored is written down by opening and releasing it.
    return tuple(step for step in steps_for(row.group_code if row else "") if step.key not in ("pack", "store"))


def _kept(draft: BatchDraft, to: str, **answers: Any) -> Answer:
    """Keep the answers of a page and go on to another."""
    now = clock.now()
    with transaction():
        _write(draft.id, dict(draft.answers, **answers), now)
    missing = _first_missing(dict(draft.answers, **answers))
    keys = list(PAGES)
    # Who came back to mend one page goes on to what is still to be answered, or to the page that shows all.
    if missing is None:
        to = "check"
    elif missing is not None and keys.index(missing) < keys.index(to):
        to = missing
    return redirect(url_for(PAGES[to][0], draft_id=draft.id), 303)


def _write(draft_id: int, answers: dict[str, Any], now: datetime) -> None:
    draft = lock(queries.get_draft(current_actor(), draft_id))
    if draft.lot_id is not None:
        raise queries.NoSuchDraft()
    draft.answers = answers
    draft.changed_at = now


def _first_missing(answers: dict[str, Any]) -> str | None:
    needed = {"item": "item", "amount": "quantity", "dates": "number", "inputs": "inputs", "steps": "steps"}
    for key, answer in needed.items():
        if answers.get(answer) in (None, ""):
            return key
    return None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _told(draft: BatchDraft) -> dict[str, Any]:
    """Say the answers as the page to check shows them."""
    answers = draft.answers
    used = {int(id): amount for id, amount in answers.get("inputs", {}).items()}
    found = list(db.session.scalars(db.select(Lot).where(Lot.id.in_(used), Lot.owner_id == draft.organisation_id)))
    named = {step.key: step for step in _usual_steps(draft)}
    place = db.session.get(Place, answers["place"]) if answers.get("place") else None
    chosen = [named[key] for key in answers.get("steps") or [] if key in named]
    row = _own_item(draft)
    return {
        "quantity": answers["quantity"],
        "step_g": row.step_g if row else None,
        "made_on": _day(answers["made_on"]),
        "expires_on": _day(answers.get("expires_on")),
        "number": answers["number"],
        "place": place,
        "used": [(lot, used[lot.id]) for lot in sorted(found, key=lambda lot: lot.id)],
        "steps_done": [step.name_en if in_english() else step.name_vi for step in chosen],
        "picture": media.picture(answers.get("photo")),
        "gtin": row.gtin if row else None,
    }


def _open(draft: BatchDraft, now: datetime) -> int:
    """Make the batch of a draft in the caller's transaction; gives its lot."""
    actor, answers = current_actor(), draft.answers
    row = _own_item(draft)
    if row is None:
        raise batches.NotAnItem()
    item = db.session.get_one(TradeItem, row.id)
    made_on = date.fromisoformat(answers["made_on"])
    sample = bool(item.product.is_sample)
    photos = (
        (Attachment(answers["photo"], "Thành phẩm đã đóng gói", "The packed goods"),) if answers.get("photo") else ()
    )
    batch = batches.open_batch(
        item,
        number=answers["number"],
        made_on=made_on,
        expires_on=_day(answers.get("expires_on")),
        quantity=int(answers["quantity"]),
        inputs={int(id): used for id, used in answers.get("inputs", {}).items()},
        place_id=answers.get("place"),
        photos=photos,
        actor=actor,
        is_sample=sample,
        now=now,
    )
    done = [step for step in _usual_steps(draft) if step.key in (answers.get("steps") or [])]
    packed_at = lots.at_noon(made_on, now)
    for place, step in enumerate(done):
        # Of no step an hour is known; what comes before packing is told before it.
        after = step.key in ("label", "dispatch")
        minutes = timedelta(minutes=place + 1 if after else place - len(done))
        recording.record_event(
            EventKind.OBJECT,
            step.biz_step,
            [NamedLot(batch.lot_id)],
            title_vi=step.name_vi,
            title_en=step.name_en,
            disposition=step.disposition,
            place_id=answers.get("place"),
            event_at=min(packed_at + minutes, now),
            actor=actor,
            organisation_id=draft.organisation_id,
            is_sample=sample,
            now=now,
        )
    return batch.lot_id
