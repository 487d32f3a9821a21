"""Recipes: what yield each making is expected to have; and the makings that lie outside, for the office to clear."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as Answer
from wtforms import BooleanField

from accounts.actor import Permission
from accounts.models import Organisation
from accounts.web.forms import BaseForm, answer_status, choice, line, set_choices, show_refusal
from accounts.web.guard import current_actor, requires
from admin import listing
from admin.sales_points import PercentField, percent
from catalog.models import TradeItem
from kernel import clock
from kernel.db import db, transaction
from kernel.errors import N_, DomainError
from traceability import queries, recipes
from traceability.epcis import open_transformations
from traceability.mass_balance import Judgement
from traceability.models import Lot

blueprint = Blueprint("recipes", __name__, url_prefix="/quan-tri/cong-thuc")

JUDGEMENTS: dict[str, tuple[str, str]] = {
    Judgement.NOT_COMPARABLE: (N_("Cannot be compared"), "off"),
    Judgement.PLAUSIBLE: (N_("Plausible; no recipe yet"), "info"),
    Judgement.EXPECTED: (N_("As the recipe expects"), "good"),
    Judgement.BELOW: (N_("Less than the recipe expects"), "wait"),
    Judgement.ABOVE: (N_("More than the recipe expects"), "wait"),
    Judgement.IMPOSSIBLE: (N_("More came out than went in"), "bad"),
}


class YieldField(PercentField):
    """A share of what goes in, in per cent; above 100 where something is added."""

    most_bp = recipes.MOST_BP

    def parse(self, text: str) -> int:
        if text.removesuffix("%").strip().isdecimal() and 100 < int(text.removesuffix("%").strip()) <= 1_000:
            return int(text.removesuffix("%").strip()) * 100
        whole, mark, rest = text.removesuffix("%").strip().replace(",", ".").partition(".")
        if mark and whole.isdecimal() and 100 <= int(whole) < 1_000 and rest.isdecimal() and len(rest) <= 2:
            return int(whole) * 100 + int(rest.ljust(2, "0"))
        return super().parse(text)


class RecipeForm(BaseForm):
    """What comes out of what goes in."""

    item = choice(lazy_gettext("Goods"), required=False, empty=lazy_gettext("none of these: a material"))
    material = line(
        lazy_gettext("Or a material that goes into goods later"),
        required=False,
        longest=recipes.LONGEST_NAME,
        description=lazy_gettext("Its name as you write it on the lot, for example: Gạo xay."),
    )
    least = YieldField(
        lazy_gettext("At least"),
        description=lazy_gettext("Of 100 kg that go in, so many come out. For example 60."),
    )
    most = YieldField(lazy_gettext("At most"))
    adds_other = BooleanField(lazy_gettext("Something is added that is no lot"))
    other = line(lazy_gettext("What is added"), required=False, longest=recipes.LONGEST_NAME)


class ClearForm(BaseForm):
    """Why a yield out of range is all right."""

    reason = line(
        lazy_gettext("What was found?"),
        longest=recipes.LONGEST_REASON,
        description=lazy_gettext("For example: wet harvest, weighed before drying."),
    )


class Act(BaseForm):
    """Nothing but the act itself."""


def balance_of(lot: Lot) -> dict[str, Any] | None:
    """Give what the panel of a lot's mass balance shows; None where nothing went into it."""
    told = recipes.tell(lot)
    if told is None:
        return None
    return {
        "told": told,
        "words": JUDGEMENTS[told.judgement],
        "yield": percent(told.weighing.yield_bp) if told.weighing else None,
        "expected": f"{percent(told.recipe.least_bp)}–{percent(told.recipe.most_bp)} %" if told.recipe else None,
    }


@blueprint.get("")
@requires(Permission.READ_BATCHES)
def index() -> str:
    """List the recipes that count now."""
    actor = current_actor()
    return render_template(
        "admin/recipes/index.html",
        rows=queries.recipes_in_force(actor),
        percent=percent,
        may_edit=actor.may(Permission.EDIT_BATCHES),
        may_check=actor.may(Permission.CHECK_BALANCES),
        is_office=actor.is_office,
    )


@blueprint.route("/sua", methods=["GET", "POST"])
@requires(Permission.EDIT_BATCHES)
def edit() -> tuple[str, int] | Answer:
    """Say what yield is expected of a making; what was said before stays on record."""
    actor, now = current_actor(), clock.now()
    owner = db.session.get_one(Organisation, actor.organisation_id)
    items = {str(row.id): f"{row.name_vi}, {row.item_vi}" for row in queries.items_for_batches(owner.id)}
    form: Any = RecipeForm(data=_before())
    set_choices(form.item, items, empty=gettext("none of these: a material"))
    if form.validate_on_submit():
        try:
            with transaction():
                recipes.set_recipe(
                    db.session.get_one(Organisation, owner.id),
                    recipes.Expected(
                        form.least.data or 0, form.most.data or 0, bool(form.adds_other.data), form.other.data or ""
                    ),
                    item=db.session.get(TradeItem, int(form.item.data)) if form.item.data else None,
                    material=form.material.data or "",
                    actor=actor,
                    now=now,
                )
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("The recipe is on record. Each making is held against it from now on."), "good")
            return redirect(url_for("recipes.index"), 303)
    page = render_template("admin/recipes/edit.html", form=form, materials=queries.materials_made(owner.id))
    return page, answer_status(form)


def _before() -> dict[str, Any]:
    """Begin with what was said last, where the address names a recipe."""
    text = request.args.get("tu", "")
    if not (text.isascii() and text.isdecimal() and len(text) < 12):
        return {}
    old = queries.get_recipe(current_actor(), int(text))
    return {
        "item": str(old.trade_item_id) if old.trade_item_id else None,
        "material": "" if old.trade_item_id else old.name_vi,
        "least": old.least_bp,
        "most": old.most_bp,
        "adds_other": old.adds_other,
        "other": old.other,
    }


@blueprint.post("/<int:recipe_id>/da-xem")
@requires(Permission.CHECK_BALANCES)
def see(recipe_id: int) -> Answer:
    """Write down that the office has looked at a recipe."""
    actor, now = current_actor(), clock.now()
    queries.get_recipe(actor, recipe_id)
    if Act().validate_on_submit():
        with transaction():
            recipes.see(queries.get_recipe(actor, recipe_id), actor=actor, now=now)
    return redirect(url_for("recipes.index"), 303)


@blueprint.get("/can-doi")
@requires(Permission.READ_BATCHES)
def flags() -> str | Response:
    """List the makings whose yield lies outside the recipe's range."""
    actor = current_actor()
    open_only = request.args.get("tat-ca") is None
    found = queries.list_flags(actor, open_only=open_only)
    if listing.asks_for_csv():
        return _as_csv(found)
    page = listing.page_of(found)
    tabs = [
        {"label": gettext("To clear"), "url": listing.address(**{"tat-ca": None, "trang": None}), "current": open_only},
        {"label": gettext("All"), "url": listing.address(**{"tat-ca": "1", "trang": None}), "current": not open_only},
    ]
    return render_template(
        "admin/recipes/flags.html",
        rows=[row[0] for row in page.rows],
        total=page.total,
        tabs_of_state=tabs,
        judgements=JUDGEMENTS,
        percent=percent,
        may_check=actor.may(Permission.CHECK_BALANCES),
        page=page.number,
        last=page.last,
        url_of=lambda number: listing.address(trang=number),
        csv_url=listing.address(dang="csv", trang=None),
    )


@blueprint.get("/do-dang")
@requires(Permission.READ_BATCHES)
def open_ones() -> str:
    """List the makings of which programs told one half only: what went in, or what came out."""
    actor, now = current_actor(), clock.now()
    page = listing.page_of(open_transformations.visible_to(actor))
    return render_template(
        "admin/recipes/open.html",
        rows=[open_transformations.OpenTransformation._make(row) for row in page.rows],
        days=open_transformations.OPEN_FOR.days,
        late_before=now - open_transformations.OPEN_FOR,
        now=now,
        is_office=actor.is_office,
        page=page.number,
        last=page.last,
        url_of=lambda number: listing.address(trang=number),
    )


def _as_csv(found: Any) -> Response:
    header = [
        gettext("Producer"),
        gettext("Lot number"),
        gettext("Name"),
        gettext("Went in"),
        gettext("Came out"),
        gettext("Yield, per cent"),
        gettext("Expected, per cent"),
        gettext("Since"),
        gettext("Cleared"),
        gettext("What was found"),
    ]
    return listing.csv_file(
        "can-doi",
        header,
        (
            (
                row.lot.owner.name_vi,
                row.lot.number,
                row.lot.name_vi,
                row.taken,
                row.made,
                percent(row.yield_bp),
                f"{percent(row.recipe.least_bp)}–{percent(row.recipe.most_bp)}",
                f"{clock.business_date(row.flagged_at):%d/%m/%Y}",
                f"{clock.business_date(row.cleared_at):%d/%m/%Y}" if row.cleared_at else "",
                row.cleared_reason,
            )
            for row in db.session.scalars(found)
        ),
    )


@blueprint.route("/can-doi/<int:flag_id>", methods=["GET", "POST"])
@requires(Permission.CHECK_BALANCES)
def clear(flag_id: int) -> tuple[str, int] | Answer:
    """Ask what was found, and clear a flag."""
    actor, now = current_actor(), clock.now()
    flag = queries.get_flag(actor, flag_id)
    form: Any = ClearForm()
    if form.validate_on_submit():
        try:
            with transaction():
                recipes.clear(queries.get_flag(actor, flag_id), reason=form.reason.data, actor=actor, now=now)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("Cleared; what was found is on record."), "good")
            return redirect(url_for("recipes.flags"), 303)
    page = render_template(
        "admin/recipes/clear.html",
        form=form,
        flag=flag,
        balance=balance_of(flag.lot),
        judgement=JUDGEMENTS[flag.judgement],
        percent=percent,
    )
    return page, answer_status(form)
