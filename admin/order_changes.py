"""Proposing to a buyer that fewer goods are sent than were ordered, and taking that back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as Answer
from wtforms.validators import InputRequired

from accounts.actor import Permission
from accounts.web.forms import BaseForm, PacksField, answer_status, line, show_refusal, words_of
from accounts.web.guard import current_actor, requires
from admin.orders import done, own_order, page_of
from admin.saying import much, said
from kernel import clock
from kernel.db import transaction
from kernel.errors import Conflict, DomainError
from storefront import change_queries, changing
from storefront.order_models import Order

blueprint = Blueprint("order_changes", __name__, url_prefix="/quan-tri/don-hang")


class ProposalForm(BaseForm):
    """Why fewer goods are to be sent. How many: a field for each line, see ``_form``."""

    reason = line(
        lazy_gettext("Why? The buyer reads this."),
        longest=200,
        description=lazy_gettext("For example: two jars broke; the next batch is ready in three weeks."),
    )


@blueprint.route("/<number>/de-nghi-bot", methods=["GET", "POST"])
@requires(Permission.HANDLE_ORDERS)
def propose(number: str) -> str | tuple[str, int] | Answer:
    """Propose that fewer goods are sent; the buyer answers by the link of the order."""
    order = own_order(number)
    form = _form(order)
    if form.validate_on_submit():
        packs = {row.line: form[f"packs_{row.line}"].data for row in changing.sold_lines(order)}
        try:
            with transaction():
                changing.propose(
                    own_order(number),
                    packs,
                    seen=order.revision if (seen := seen_of_form()) is None else seen,
                    reason=form.reason.data or "",
                    actor=current_actor(),
                    now=clock.now(),
                )
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            return done(number, gettext("The buyer is asked. The order stays as it is until they agree."))
    order = own_order(number)
    if not changing.may_change(order):
        return page_of(order)
    page = render_template(
        "admin/orders/propose.html",
        order=order,
        form=form,
        packs=[field for field in form if field.name.startswith("packs_")],
    )
    return page, answer_status(form)


@blueprint.post("/<number>/de-nghi-bot/<change>/rut")
@requires(Permission.HANDLE_ORDERS)
def withdraw(number: str, change: str) -> tuple[str, int] | Answer:
    """Take a proposal back that the buyer has not answered."""
    order = own_order(number)
    try:
        with transaction():
            found = change_queries.change_of(order, change)
            changing.withdraw(found, actor=current_actor(), now=clock.now())
    except Conflict as refusal:
        return page_of(own_order(number), words_of(refusal)), 409
    return done(number, gettext("The proposal was taken back."))


def seen_of_form() -> int | None:
    """Read which revision of an order a page showed; None where the form does not say."""
    typed = request.form.get("seen", "")
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) <= 9 else None


def _form(order: Order) -> Any:
    fields = {
        f"packs_{row.line}": PacksField(
            said(row, "name"),
            [InputRequired()],
            step_g=row.step_g,
            least=0,
            most=row.quantity,
            default=row.quantity,
            description=gettext("Now %(packs)s; 0 leaves it out.", packs=much(row)),
        )
        for row in changing.sold_lines(order)
    }
    return type("ProposalOfOrder", (ProposalForm,), fields)()
