"""Who bought recalled goods online: where the goods of each order are, and whom to call."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as Answer

from accounts import signing_in
from accounts.actor import Actor, Permission
from accounts.web.forms import BaseForm
from accounts.web.guard import current_actor, requires
from kernel import clock
from kernel.db import transaction
from kernel.errors import N_
from oversight import buyers, notifying
from oversight.buyers import Where
from oversight.models import Recall

blueprint = Blueprint("recall_buyers", __name__, url_prefix="/quan-tri/thu-hoi")

WHERE = {
    Where.HELD_BACK: (N_("Held back, not packed"), "wait"),
    Where.UNDER_WAY: (N_("On its way to the buyer"), "bad"),
    Where.DELIVERED: (N_("Delivered"), "bad"),
}
MOST = 50  #: on the pages of a recall; all of them stand on a page of their own


class Act(BaseForm):
    """Nothing but the act itself."""


def page_part(
    actor: Actor, recall: Recall, *, producer_id: int | None = None, most: int | None = MOST
) -> dict[str, Any]:
    """Give a page what it says of the orders of a recall that the actor may see."""
    bought = buyers.bought_of(actor, recall, producer_id=producer_id) if actor.may(Permission.READ_ORDERS) else []
    return {
        "bought": bought[:most],
        "more_bought": len(bought) - len(bought[:most]),
        "bought_counts": {where: sum(one.where is where for one in bought) for where in Where},
        "to_call": [one for one in bought if one.is_to_be_called],
        "where_words": WHERE,
        "phone": signing_in.phone_as_written,
    }


@blueprint.get("/<number>/nguoi-mua")
@requires(Permission.READ_RECALLS)
def index(number: str) -> str:
    """List the orders of a recall that the actor may see, and who is still to be called."""
    actor = current_actor()
    recall = buyers.recall_for(actor, number)
    return render_template(
        "admin/recalls/buyers.html",
        recall=recall,
        may_call=actor.may(Permission.ANSWER_RECALLS) and not recall.is_drill,
        **page_part(actor, recall, most=None),
    )


@blueprint.post("/<number>/nguoi-mua/<order_number>/da-goi")
@requires(Permission.ANSWER_RECALLS)
def called(number: str, order_number: str) -> Answer:
    """Write down that the buyer of an order was called."""
    actor = current_actor()
    if Act().validate_on_submit():
        with transaction():
            notifying.called(buyers.recall_for(actor, number), order_number, actor=actor, now=clock.now())
        flash(gettext("The call is on record."), "good")
    return redirect(url_for("recall_buyers.index", number=number), 303)
