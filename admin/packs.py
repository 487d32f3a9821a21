"""Codes of single packs: on or off for each product, and the checks that found something odd."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as Answer

from accounts.actor import Permission
from accounts.web.forms import BaseForm
from accounts.web.guard import current_actor, requires
from catalog import queries as catalog_queries
from kernel import clock
from kernel.db import transaction
from kernel.errors import N_
from traceability import item_queries, items
from traceability.items import Finding

blueprint = Blueprint("packs", __name__, url_prefix="/quan-tri/ma-tung-goi")

FINDINGS = {
    Finding.MANY: N_("Checked from many places within a day"),
    Finding.FAR: N_("Checked from two countries within hours"),
    Finding.EXPIRED: N_("Past its date"),
    Finding.RECALLED: N_("Recalled"),
    Finding.BLANK: N_("Not activated: it should be on no pack yet"),
    Finding.VOID: N_("Void: it should be on no pack"),
}


class Act(BaseForm):
    """Nothing but the act itself."""


@blueprint.get("")
@requires(Permission.READ_BATCHES)
def index() -> str:
    """List the products, with a switch each."""
    actor = current_actor()
    return render_template(
        "admin/packs/index.html",
        products=item_queries.products_with_setting(actor),
        may_edit=actor.may(Permission.EDIT_BATCHES),
        is_office=actor.is_office,
    )


@blueprint.post("/<int:product_id>/<any('bat','tat'):act>")
@requires(Permission.EDIT_BATCHES)
def switch(product_id: int, act: str) -> Answer:
    """Let the packs of a product carry a code each, or no longer."""
    actor, now = current_actor(), clock.now()
    product = catalog_queries.get_product(actor, product_id)
    if Act().validate_on_submit():
        with transaction():
            items.switch(product, act == "bat", actor=actor, now=now)
        if act == "bat":
            flash(
                gettext("Each pack can carry a code of its own now: print a batch's labels, or a roll ahead."), "good"
            )
        else:
            flash(gettext("No new codes are made. Those on packs keep answering."), "good")
    return redirect(url_for("packs.index"), 303)


@blueprint.get("/dang-xem")
@requires(Permission.READ_BATCHES)
def suspicious() -> str:
    """List the checks that found something odd."""
    actor = current_actor()
    return render_template(
        "admin/packs/suspicious.html",
        checks=item_queries.suspicious_checks(actor),
        findings=FINDINGS,
        spoken=items.spoken,
        is_office=actor.is_office,
    )
