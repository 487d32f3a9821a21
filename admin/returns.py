"""Goods that buyers send back: what waits for an answer, what is on its way, what arrived and how it is made good."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as Answer
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from accounts import signing_in
from accounts.actor import Permission
from accounts.web.forms import (
    BaseForm,
    PacksField,
    answer_status,
    choice,
    line,
    set_choices,
    show_refusal,
    words_of,
)
from accounts.web.guard import current_actor, requires
from admin.money import state_of as state_of_refund
from admin.saying import dong, said
from kernel import clock, media
from kernel.db import transaction
from kernel.errors import N_, Conflict, DomainError
from stock.models import Location
from storefront import exchanging, return_queries, return_rules, return_words, returns, taking_in
from storefront.return_models import Condition, GoodsReturn, ReturnState, ReturnWish
from storefront.return_queries import Sent
from storefront.taking_in import Arrival

blueprint = Blueprint("return_desk", __name__, url_prefix="/quan-tri/tra-hang")

STATES = {
    ReturnState.ASKED: (N_("To be answered"), "wait"),
    ReturnState.AWAITED: (N_("Goods to come"), "info"),
    ReturnState.EXCHANGING: (N_("To be exchanged"), "wait"),
    ReturnState.DONE: (N_("Return settled"), "good"),
    ReturnState.REFUSED: (N_("Return refused"), "off"),
    ReturnState.WITHDRAWN: (N_("Return withdrawn"), "off"),
}
VIEWS = {
    "can-lam": ("to_do", N_("To do")),
    "hang-dang-ve": ("awaited", N_("Goods to come")),
    "da-xong": ("over", N_("Over")),
    "tat-ca": ("", N_("All")),
}
SEND, KEEP, REFUSE = "gui-ve", "giu-lai", "tu-choi"


class DecisionForm(BaseForm):
    """What the producer says to a return."""

    decision = RadioField(
        lazy_gettext("What do you decide?"),
        [InputRequired()],
        choices=[
            SelectChoice(SEND, lazy_gettext("Accept: the buyer sends the goods back")),
            SelectChoice(KEEP, lazy_gettext("Accept: the buyer need not send them")),
            SelectChoice(REFUSE, lazy_gettext("Refuse")),
        ],
    )
    words = line(
        lazy_gettext("A word to the buyer"),
        longest=returns.LONGEST_DECISION,
        required=False,
        description=lazy_gettext("Needed when you refuse: why. When you accept: how the goods are to be sent."),
    )


class ArrivalForm(BaseForm):
    """Where sound goods go. How many of which batch in which state: two fields for each, see ``_arrival``."""

    location = choice(lazy_gettext("Sound goods go to"), required=False)
    note = line(
        lazy_gettext("Remark"),
        longest=returns.LONGEST_DECISION,
        required=False,
        description=lazy_gettext("Needed when fewer came than were to come: what is missing? The buyer reads it."),
    )


class Act(BaseForm):
    """Nothing but the act itself."""


@blueprint.get("")
@requires(Permission.READ_ORDERS)
def index() -> str:
    """List the returns, what is to be done first."""
    actor = current_actor()
    word = request.args.get("xem", "can-lam")
    word = word if word in VIEWS else "can-lam"
    found, counts = return_queries.list_returns(actor, VIEWS[word][0])
    return render_template(
        "admin/returns/index.html",
        found=found,
        tabs_of_view=[
            {
                "label": gettext(label),
                "url": url_for("return_desk.index", xem=one),
                "current": one == word,
                "count": counts[name] if name != "over" else None,
            }
            for one, (name, label) in VIEWS.items()
        ],
        states={made.id: state_of(made) for made in found},
        reasons=return_words.REASONS,
        wishes=return_words.WISHES,
        late=return_queries.late_among(found, clock.now()),
        names_producer=actor.is_office,
    )


@blueprint.get("/<number>")
@requires(Permission.READ_ORDERS)
def show(number: str) -> tuple[str, int]:
    """Show a return with what may be done about it."""
    return _page(return_queries.get_return(current_actor(), number))


@blueprint.post("/<number>/tra-loi")
@requires(Permission.HANDLE_ORDERS)
def decide(number: str) -> tuple[str, int] | Answer:
    """Accept a return, or refuse it with a reason."""
    form = DecisionForm()

    def go(made: GoodsReturn) -> None:
        actor, now, words = current_actor(), clock.now(), form.words.data or ""
        if form.decision.data == REFUSE:
            returns.refuse(made, words=words, actor=actor, now=now)
        else:
            returns.accept(made, keeps_goods=form.decision.data == KEEP, words=words, actor=actor, now=now)

    return _act(number, form, go, gettext("The buyer reads your answer."), deciding=form)


@blueprint.post("/<number>/nhan-hang")
@requires(Permission.HANDLE_ORDERS)
def take_in(number: str) -> tuple[str, int] | Answer:
    """Take in what arrived, batch by batch."""
    made = _own(number)
    form = _arrival(made)

    def go(made: GoodsReturn) -> None:
        arrivals = [
            Arrival(sent.line, sent.lot_id, condition, form[_field(sent, condition)].data or 0)
            for sent in form.sent
            for condition in Condition
        ]
        taking_in.take_in(
            made,
            arrivals,
            location_id=int(form.location.data) if form.location.data else None,
            note=form.note.data or "",
            actor=current_actor(),
            now=clock.now(),
        )

    return _act(number, form, go, gettext("The goods are taken in."), arriving=form)


@blueprint.post("/<number>/doi-hang")
@requires(Permission.HANDLE_ORDERS)
def exchange(number: str) -> tuple[str, int] | Answer:
    """Send the same goods anew: a new order at no price, to be packed."""
    form = Act()

    def go(made: GoodsReturn) -> None:
        returns.exchange(made, actor=current_actor(), now=clock.now())

    return _act(number, form, go, gettext("The new goods are set aside. Pack their order now."))


@blueprint.post("/<number>/hoan-tien")
@requires(Permission.HANDLE_ORDERS)
def give_money(number: str) -> tuple[str, int] | Answer:
    """Give the money back instead of new goods, or claim what a refund that was called off left open."""
    form = Act()

    def go(made: GoodsReturn) -> None:
        actor, now = current_actor(), clock.now()
        if made.state is ReturnState.EXCHANGING:
            returns.give_money_instead(made, actor=actor, now=now)
        else:
            returns.claim_again(made, actor=actor, now=now)

    return _act(number, form, go, gettext("The money is to go back to the buyer."))


def _own(number: str) -> GoodsReturn:
    made = return_queries.get_return(current_actor(), number)
    if made.order.producer_id != current_actor().organisation_id:
        raise return_queries.NoSuchReturn()
    return made


def _act(
    number: str, form: Any, verb: Callable[[GoodsReturn], None], sentence: str, **forms: Any
) -> tuple[str, int] | Answer:
    """Take a step of one's own return; what is refused is said on its page."""
    _own(number)
    problem = None
    if form.validate_on_submit():
        try:
            with transaction():
                verb(_own(number))
        except Conflict as refusal:
            problem = words_of(refusal)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(sentence, "good")
            return redirect(url_for("return_desk.show", number=number), 303)
    return _page(_own(number), problem, **forms)


def state_of(made: GoodsReturn) -> tuple[str, str]:
    """Say how a return stands, with the tone of the words."""
    words, tone = STATES[made.state]
    if made.state is ReturnState.EXCHANGING and not exchanging.is_open(made):
        return (
            (gettext("The new goods were delivered"), "good")
            if exchanging.has_come(made)
            else (gettext("New goods are on their way"), "info")
        )
    return gettext(words), tone


def _arrival(made: GoodsReturn) -> Any:
    """Make the form for what arrived: for each batch the buyer has, how many sound and how many damaged packs."""
    asked = {row.line: row.asked for row in made.lines}
    steps = {row.line: row.bought.step_g for row in made.lines}
    sent_lots = return_queries.lots_of(made)
    fields = {
        _field(sent, condition): PacksField(
            gettext(return_words.CONDITIONS[condition]),
            [Optional()],
            step_g=steps[sent.line],
            least=0,
            most=min(sent.left, asked[sent.line]),
        )
        for sent in sent_lots
        for condition in Condition
    }
    form: Any = type("ArrivalOfReturn", (ArrivalForm,), fields)()
    form.sent = sent_lots
    places = return_queries.warehouses_of(made.order.producer_id)
    set_choices(form.location, {place.id: _name_of(place) for place in places}, empty=gettext("Where they came from"))
    return form


def _name_of(place: Location) -> str:
    return said(place, "name")


def _field(sent: Sent, condition: Condition) -> str:
    return f"{condition.value}_{sent.line}_{sent.lot_id}"


def _page(
    made: GoodsReturn,
    problem: str | None = None,
    *,
    deciding: DecisionForm | None = None,
    arriving: Any = None,
) -> tuple[str, int]:
    actor = current_actor()
    own = made.order.producer_id == actor.organisation_id and actor.may(Permission.HANDLE_ORDERS)
    wrong = next((form for form in (deciding, arriving) if form is not None and form.errors), None)
    arriving = arriving or _arrival(made) if own and made.state is ReturnState.AWAITED else None
    contact = made.order.purchase.contact
    bought = {row.line: row.bought for row in made.lines}
    page = render_template(
        "admin/returns/show.html",
        made=made,
        problem=problem,
        wrong=wrong,
        state=state_of(made),
        is_late=made.id in return_queries.late_among([made], clock.now()),
        reason=return_words.REASONS[made.reason],
        wish=return_words.WISHES[made.wish],
        worth=_worth(made),
        wants_exchange=made.wish is ReturnWish.EXCHANGE,
        sellers_fault=return_rules.is_sellers_fault(made.reason),
        contact=contact,
        phone=signing_in.phone_as_written(contact.phone) if contact else "",
        pictures=media.pictures(photo.digest for photo in made.photos),
        deciding=(deciding or DecisionForm(formdata=None)) if own and made.state is ReturnState.ASKED else None,
        arriving=arriving,
        lots=arriving.sent if arriving is not None else [],
        field_of=_field,
        conditions=list(Condition),
        arrived=[(one, bought[one.line]) for one in return_queries.arrived(made)],
        condition_words=return_words.CONDITIONS,
        is_open=own and made.state is ReturnState.EXCHANGING and exchanging.is_open(made),
        has_failed=exchanging.has_failed(made),
        open_vnd=returns.open_vnd(made) if own and made.state is ReturnState.DONE else 0,
        refunds=[(row.refund, state_of_refund(row.refund)) for row in made.refunds],
        reads_money=actor.may(Permission.READ_MONEY),
        steps=[
            {"at": step.at, "title": return_words.STEPS[step.what], "text": _text_of(step.facts), "what": step.what}
            for step in made.steps
        ],
        names_producer=actor.is_office,
    )
    return page, 409 if problem else answer_status(wrong) if wrong is not None else 200


def _worth(made: GoodsReturn) -> tuple[int, int]:
    """Say what the buyer gets for the goods, and of the delivery: as it is, or as it would be."""
    if made.state is ReturnState.DONE:
        return made.goods_vnd, made.delivery_vnd
    worth = return_queries.worth_of(made)
    return worth.goods_vnd, worth.delivery_vnd


def _text_of(facts: dict[str, Any]) -> str | None:
    if facts.get("amount_vnd") is not None:
        return dong(int(facts["amount_vnd"]))
    return facts.get("note") or facts.get("order") or None
