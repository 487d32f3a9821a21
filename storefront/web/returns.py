"""Sending goods back, by the link of their order: asking for it, following it, keeping the goods after all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as Answer
from wtforms import RadioField
from wtforms.validators import InputRequired, Optional

from accounts import signing_in
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
    words_of,
)
from accounts.web.guard import public
from accounts.web.limits import few_made, limiter
from kernel import clock, media, replays
from kernel.db import transaction
from kernel.errors import Conflict, DomainError
from storefront import exchanging, purchase_queries, return_queries, return_rules, return_words, returns
from storefront.gateways import vietqr
from storefront.order_models import Order, Purchase
from storefront.return_models import GoodsReturn, ReturnReason, ReturnState, ReturnWish
from storefront.return_queries import Returnable
from storefront.web import photos
from storefront.web.links import beside_photos, private
from storefront.web.words import dong, language, much, said

blueprint = Blueprint("returns_of_buyers", __name__, url_prefix="/don-hang")


class AccountForm(BaseForm):
    """Where the buyer wants money sent."""

    bank = choice(lazy_gettext("Your bank"), required=False)
    number = line(lazy_gettext("Account number"), longest=30, required=False)
    holder = line(
        lazy_gettext("Holder of the account"),
        longest=50,
        required=False,
        description=lazy_gettext("As the bank writes it: capital letters without marks."),
    )

    def offer_banks(self) -> None:
        """Fill the choices."""
        banks = {bank.bin: bank.name for bank in vietqr.banks().values()}
        set_choices(self.bank, banks, empty=gettext("Please choose"))

    def account(self) -> returns.Account:
        """Give what was typed."""
        return returns.Account(self.bank.data or "", self.number.data or "", self.holder.data or "")

    def show_refusal(self, refusal: DomainError) -> None:
        """Say what is wrong with an account beside its field."""
        if refusal.field == "bank_bin":
            refusal.field = "bank"
        show_refusal(self, refusal)


class ReturnForm(AccountForm):
    """Why goods go back, and what the buyer wants for them. How many: a field for each line, see ``_form``."""

    request_key = RequestKey()
    reason = RadioField(lazy_gettext("Why do you send them back?"), [InputRequired()])
    words = paragraphs(
        lazy_gettext("What is wrong with the goods?"),
        longest=returns.LONGEST_WORDS,
        description=lazy_gettext("Not needed if you only changed your mind."),
    )
    photos = photos.photos_field(lazy_gettext("Photos"))
    wish = RadioField(lazy_gettext("What do you want for them?"), [InputRequired()])


class Act(BaseForm):
    """Nothing but the act itself."""


@blueprint.route("/<token>/<int:position>/tra-hang", methods=["GET", "POST"])
@public
@few_made("5 per minute; 20 per hour")
def ask(token: str, position: int) -> Answer:
    """Ask to send goods of an order back."""
    purchase = purchase_queries.by_token(token)
    order = purchase_queries.order_of(purchase, position)
    rows = return_queries.returnable(order, clock.now())
    form = _form(order, rows)
    if form.validate_on_submit():
        try:
            number = _ask(purchase, order, rows, form)
        except DomainError as refusal:
            beside_photos(refusal)
            form.show_refusal(refusal)
        else:
            flash(gettext("Your return has the number %(number)s. The producer answers you.", number=number), "good")
            return redirect(url_for("returns_of_buyers.show", token=token, number=number), 303)
        order = purchase_queries.order_of(purchase_queries.by_token(token), position)
    page = render_template(
        "storefront/returns/ask.html",
        form=form,
        purchase=purchase,
        order=order,
        rows=rows,
        packs={row.bought.line: form[_field(row)] for row in rows},
        needs_account=returns.needs_account(order),
        days=return_rules.RETURN_DAYS,
        longer=return_rules.NOT_AS_SAID_DAYS,
        answer_days=return_rules.ANSWER_WORKING_DAYS,
        delivery_vnd=return_queries.delivery_of(order),
        hint=photos.hint(),
        came_at=return_queries.came_at(order),
    )
    return private(page, answer_status(form))


def _ask(purchase: Purchase, order: Order, rows: Sequence[Returnable], form: Any) -> str:
    sent = photos.prepared(form.photos.data)
    now = clock.now()
    with transaction():
        number = replays.claim(None, form.request_key.data, now=now)
        if number is None:
            made = returns.ask(
                purchase_queries.order_of(purchase_queries.by_token(purchase.token), order.position),
                {row.bought.line: form[_field(row)].data or 0 for row in rows},
                reason=ReturnReason(form.reason.data),
                wish=ReturnWish(form.wish.data),
                words=form.words.data or "",
                photos=[media.keep_picture(picture, now=now) for picture in sent],
                account=form.account(),
                language=language(),
                now=now,
            )
            number = made.number
            replays.answer(None, form.request_key.data, number)
    return number


def _form(order: Order, rows: Sequence[Returnable]) -> Any:
    """Make the form of an order: a field for how many of each line that may go back."""
    fields = {
        _field(row): PacksField(
            said(row.bought, "name"),
            [Optional()],
            step_g=row.bought.step_g,
            least=0,
            most=row.left,
            description=gettext("At most %(left)s.", left=much(row.bought, row.left)),
        )
        for row in rows
    }
    form: Any = type("FormOfOrder", (ReturnForm,), fields)()
    has_recalled = bool(return_queries.recalled_lines(order))
    form.reason.choices = [
        (one.value, gettext(words))
        for one, words in return_words.REASONS.items()
        if has_recalled or one is not ReturnReason.RECALLED
    ]
    form.wish.choices = [(one.value, gettext(words)) for one, words in return_words.WISHES.items()]
    form.offer_banks()
    if request.method == "GET" and len(rows) == 1 and rows[0].left == 1:
        form[_field(rows[0])].data = 1
    return form


def _field(row: Returnable) -> str:
    return f"packs_{row.bought.line}"


@blueprint.get("/<token>/tra-hang/<number>")
@public
def show(token: str, number: str) -> Answer:
    """Show a return: where the goods go, what the producer said, what the buyer gets."""
    purchase = purchase_queries.by_token(token)
    return _page(purchase, return_queries.return_of(purchase, number))


@blueprint.post("/<token>/tra-hang/<number>/rut")
@public
@limiter.limit("5 per minute; 30 per hour", methods=["POST"])
def withdraw(token: str, number: str) -> Answer:
    """Keep the goods after all."""
    purchase = purchase_queries.by_token(token)
    made = return_queries.return_of(purchase, number)
    problem = None
    if Act().validate_on_submit():
        try:
            with transaction():
                returns.withdraw(made, now=clock.now())
        except Conflict as refusal:
            problem = words_of(refusal)
        else:
            flash(gettext("The return is withdrawn: you keep the goods."), "good")
            return redirect(url_for("returns_of_buyers.show", token=token, number=number), 303)
    purchase = purchase_queries.by_token(token)
    return _page(purchase, return_queries.return_of(purchase, number), problem, 409)


@blueprint.post("/<token>/tra-hang/<number>/tai-khoan")
@public
@limiter.limit("10 per minute; 30 per hour", methods=["POST"])
def name_account(token: str, number: str) -> Answer:
    """Say where money should go that comes instead of new goods."""
    purchase = purchase_queries.by_token(token)
    made = return_queries.return_of(purchase, number)
    form, problem = AccountForm(), None
    form.offer_banks()
    if form.validate_on_submit():
        try:
            with transaction():
                returns.name_account(made, form.account(), now=clock.now())
        except Conflict as refusal:
            problem = words_of(refusal)
        except DomainError as refusal:
            form.show_refusal(refusal)
        else:
            flash(gettext("The account is on record. It is forgotten some time after the money went there."), "good")
            return redirect(url_for("returns_of_buyers.show", token=token, number=number), 303)
    purchase = purchase_queries.by_token(token)
    made = return_queries.return_of(purchase, number)
    return _page(purchase, made, problem, 409 if problem else answer_status(form), naming=form)


def _account_form() -> AccountForm:
    form = AccountForm(formdata=None)
    form.offer_banks()
    return form


def _page(
    purchase: Purchase,
    made: GoodsReturn,
    problem: str | None = None,
    status: int = 200,
    *,
    naming: AccountForm | None = None,
) -> Answer:
    page = render_template(
        "storefront/returns/show.html",
        purchase=purchase,
        made=made,
        exchange_failed=exchanging.has_failed(made),
        producer=made.order.producer,
        phone=signing_in.phone_as_written,
        problem=problem,
        state=state_of(made),
        reason=return_words.REASONS[made.reason],
        wish=return_words.WISHES[made.wish],
        steps=[(step.at, gettext(return_words.STEPS[step.what]), _text_of(step.facts)) for step in made.steps],
        may_withdraw=made.state in (ReturnState.ASKED, ReturnState.AWAITED),
        refunds=[row.refund for row in made.refunds],
        pictures=media.pictures(photo.digest for photo in made.photos),
        account=account_of(made),
        naming=(naming or _account_form()) if returns.may_name_account(made) else None,
        sellers_fault=return_rules.is_sellers_fault(made.reason),
    )
    return private(page, status)


def state_of(made: GoodsReturn) -> tuple[str, str]:
    """Say how a return stands, with the tone of the words."""
    if made.state is ReturnState.EXCHANGING:
        if exchanging.has_come(made):
            return gettext("The new goods were delivered"), "good"
        if exchanging.is_open(made):
            return gettext("The producer makes it good"), "wait"
    words, tone = return_words.STATES[made.state]
    return gettext(words), tone


def account_of(made: GoodsReturn) -> str:
    """Name the account of a return so that its owner knows it, and nobody else can use it."""
    account = made.account
    if account is None:
        return ""
    bank = vietqr.banks().get(account.bank_bin)
    return f"{bank.name if bank else account.bank_bin} ••••{account.number[-4:]}"


def _text_of(facts: dict[str, Any]) -> str:
    if facts.get("amount_vnd") is not None:
        return dong(int(facts["amount_vnd"]))
    return str(facts.get("note") or facts.get("order") or "")
