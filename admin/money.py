"""Money that came to one's account, what is not clear about it, and what is to be given back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as Answer
from wtforms import RadioField
from wtforms.validators import DataRequired

from accounts.actor import Actor, Permission
from accounts.web.forms import BaseForm, answer_status, choices_of, line, show_refusal
from accounts.web.guard import current_actor, requires
from admin import listing
from admin.bank_accounts import bank_of
from admin.saying import dong
from kernel import clock
from kernel.db import db, transaction
from kernel.errors import N_, DomainError, NotFound
from storefront import money_queries, paying, return_queries, settling
from storefront.gateways import vietqr
from storefront.order_models import Credit, CreditOutcome, PaymentMethod, Refund, RefundState
from storefront.return_models import ReturnAccount
from traceability.labels import Drawing, qr_svg

blueprint = Blueprint("money", __name__, url_prefix="/quan-tri/tien")

#: Outcome → what it is called, its tone, its name in addresses.
OUTCOMES = {
    CreditOutcome.MATCHED: (N_("For an order"), "good", "dung"),
    CreditOutcome.PARTIAL: (N_("Only a part"), "wait", "thieu"),
    CreditOutcome.OVER: (N_("Too much"), "wait", "thua"),
    CreditOutcome.LATE: (N_("Too late"), "wait", "tre"),
    CreditOutcome.DUPLICATE: (N_("Paid twice"), "wait", "hai-lan"),
    CreditOutcome.UNMATCHED: (N_("Not known what for"), "bad", "chua-ro"),
    CreditOutcome.SETTLED: (N_("Decided"), "off", "da-xong"),
}
SOURCES = {
    "statement": N_("bank statement"),
    "bank": N_("notice of the bank"),
    "manual": N_("entered by hand"),
}
_GIVEN_BACK, _KEPT = "tra-lai", "giu"
_DECISIONS = {
    _GIVEN_BACK: N_("It was sent back to who paid"),
    _KEPT: N_("It is kept, as agreed with who paid"),
}


class AssignForm(BaseForm):
    """What unmatched money was for."""

    what = line(
        lazy_gettext("Code of the payment, or number of the order"),
        longest=60,
        description=lazy_gettext("The code begins with OC, the number with DH."),
    )


class DecideForm(BaseForm):
    """What became of money that waited for a decision."""

    how = RadioField(lazy_gettext("What became of it?"), [DataRequired()])
    words = line(
        lazy_gettext("The bank's reference, or what was agreed"),
        longest=240,
        description=lazy_gettext("For example FT26329000123, or: for their next order."),
    )

    def offer(self, credit: Credit) -> None:
        """Fill the choices in the reader's language: what belongs to an order goes back as a refund of that."""
        keys = [key for key in _DECISIONS if key != _GIVEN_BACK or credit.outcome in settling.FOR_NOTHING]
        self.how.choices = choices_of({key: gettext(_DECISIONS[key]) for key in keys})


class RefundForm(BaseForm):
    """With which reference money went back."""

    reference = line(
        lazy_gettext("The bank's reference of your transfer"),
        longest=120,
        description=lazy_gettext("It stands in your bank's app, for example FT26329000123."),
    )


class CallOffForm(BaseForm):
    """Why a refund was claimed in error."""

    reason = line(lazy_gettext("Why does nothing go back?"), longest=200)


class HeldForm(BaseForm):
    """Why money that is for no order goes back."""

    reason = line(
        lazy_gettext("Why does it go back?"),
        longest=240,
        description=lazy_gettext("For example: more came than was asked for."),
    )


class Act(BaseForm):
    """Nothing but the act itself."""


@blueprint.get("")
@requires(Permission.READ_MONEY)
def index() -> str | Response:
    """List money that came: first what has to be decided."""
    actor = current_actor()
    words = request.args.get("q", "").strip()[:100]
    asked = request.args.get("loai", "")
    outcome = next((one.value for one, row in OUTCOMES.items() if row[2] == asked), "all" if asked == "tat-ca" else "")
    found = money_queries.list_credits(actor, outcome=outcome, words=words)
    if listing.asks_for_csv():
        return _as_csv(list(db.session.execute(found)))
    tabs = [("", gettext("To decide"), outcome == "")]
    tabs += [(row[2], gettext(row[0]), outcome == one.value) for one, row in OUTCOMES.items()]
    tabs += [("tat-ca", gettext("All"), outcome == "all")]
    return render_template(
        "admin/money/index.html",
        page=listing.page_of(found),
        words=words,
        outcome=outcome,
        outcomes=OUTCOMES,
        tabs_of_outcome=[
            {"label": label, "url": listing.address(loai=key or None, trang=None), "current": current}
            for key, label, current in tabs
        ],
        may_handle=actor.may(Permission.HANDLE_MONEY),
        has_disputes=money_queries.has_disputes(actor),
        reads_books=actor.may(Permission.READ_BOOKS),
        has_account=bool(money_queries.accounts_of(actor)),
        to_give_back=money_queries.count_to_give_back(actor),
        left_over=money_queries.count_held(actor),
        columns=[
            listing.heading(gettext("Came on")),
            listing.heading(gettext("Amount"), number=True),
            listing.heading(gettext("Words of the transfer")),
            listing.heading(gettext("Order")),
            listing.heading(gettext("Outcome")),
        ],
        csv_url=listing.address(dang="csv", trang=None),
        url_of=lambda number: listing.address(trang=number),
        keep={name: request.args[name] for name in ("loai",) if name in request.args},
    )


def _as_csv(rows: list[Any]) -> Response:
    header = [
        gettext("Came on"),
        gettext("Amount"),
        gettext("Words of the transfer"),
        gettext("Bank's reference"),
        gettext("Account number"),
        gettext("Order"),
        gettext("Outcome"),
        gettext("Decision"),
    ]
    return listing.csv_file(
        "tien-ve",
        header,
        (
            (
                f"{credit.arrived_at.astimezone(clock.VIETNAM):%d/%m/%Y %H:%M}",
                credit.amount_vnd,
                credit.memo,
                credit.bank_reference,
                credit.account,
                (order or purchase).number if purchase else "",
                gettext(OUTCOMES[credit.outcome][0]),
                credit.decision,
            )
            for credit, _, purchase, order in rows
        ),
    )


@blueprint.get("/<int:credit_id>")
@requires(Permission.READ_MONEY)
def show(credit_id: int) -> str:
    """Show money that came, what it is, and what can be done about it."""
    return _credit_page(money_queries.get_credit(current_actor(), credit_id))


@blueprint.post("/<int:credit_id>/gan")
@requires(Permission.HANDLE_MONEY)
def assign(credit_id: int) -> str | Answer | tuple[str, int]:
    """Say what unmatched money was for."""
    actor, now = current_actor(), clock.now()
    form = AssignForm()
    if form.validate_on_submit():
        try:
            with transaction():
                credit = money_queries.get_credit(actor, credit_id)
                settling.assign(credit, money_queries.find_payment(credit, form.what.data or ""), actor=actor, now=now)
                outcome = credit.outcome
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            words = gettext(OUTCOMES[outcome][0])
            flash(gettext("It is written down what this money was for. It is now: %(outcome)s.", outcome=words), "good")
            return redirect(url_for("money.show", credit_id=credit_id), 303)
    return _credit_page(money_queries.get_credit(actor, credit_id), assigning=form), answer_status(form)


@blueprint.post("/<int:credit_id>/quyet-dinh")
@requires(Permission.HANDLE_MONEY)
def decide(credit_id: int) -> str | Answer | tuple[str, int]:
    """Say what became of money that waited for a decision."""
    actor = current_actor()
    form = DecideForm()
    form.offer(money_queries.get_credit(actor, credit_id))
    if form.validate_on_submit():
        try:
            with transaction():
                _decide(money_queries.get_credit(actor, credit_id), form, actor, clock.now())
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("The decision is written down."), "good")
            return redirect(url_for("money.index"), 303)
    return _credit_page(money_queries.get_credit(actor, credit_id), deciding=form), answer_status(form)


def _decide(credit: Credit, form: DecideForm, actor: Actor, now: datetime) -> None:
    words = gettext(_DECISIONS[form.how.data]) + ": " + (form.words.data or "")
    if form.how.data == _GIVEN_BACK:
        settling.send_back(credit, reference=words, actor=actor, now=now)
    else:
        settling.settle_credit(credit, decision=words, actor=actor, now=now)


@blueprint.post("/<int:credit_id>/tra-phan-thua")
@requires(Permission.HANDLE_MONEY)
def give_back_over(credit_id: int) -> str | Answer | tuple[str, int]:
    """Claim back for the buyer what came above the amount that was asked for."""
    actor = current_actor()
    form = Act()
    if form.validate_on_submit():
        try:
            with transaction():
                made = settling.give_back_over(money_queries.get_credit(actor, credit_id), actor=actor, now=clock.now())
                number, amount = made.number, made.amount_vnd
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            words = gettext(
                "%(amount)s is to be given back: make the transfer, then write its reference here.", amount=dong(amount)
            )
            flash(words, "good")
            return redirect(url_for("money.refund", number=number), 303)
    return _credit_page(money_queries.get_credit(actor, credit_id), acting=form), answer_status(form)


def _credit_page(
    credit: Credit,
    *,
    assigning: AssignForm | None = None,
    deciding: DecideForm | None = None,
    acting: Act | None = None,
) -> str:
    actor = current_actor()
    may_handle = actor.may(Permission.HANDLE_MONEY)
    if deciding is None:
        deciding = DecideForm(formdata=None)
        deciding.offer(credit)
    is_open = credit.outcome in settling.TO_DECIDE
    return render_template(
        "admin/money/show.html",
        credit=credit,
        outcomes=OUTCOMES,
        source=gettext(SOURCES[credit.source]) if credit.source in SOURCES else credit.source,
        assigning=assigning or AssignForm(formdata=None),
        deciding=deciding,
        acting=acting or Act(formdata=None),
        candidates=(
            money_queries.candidates(credit, now=clock.now())
            if may_handle and credit.outcome is CreditOutcome.UNMATCHED
            else []
        ),
        may_assign=may_handle and credit.outcome is CreditOutcome.UNMATCHED,
        may_decide=may_handle and is_open,
        may_give_back_over=may_handle and credit.outcome is CreditOutcome.OVER,
        columns=[
            listing.heading(gettext("Order")),
            listing.heading(gettext("Still to pay"), number=True),
            listing.heading(gettext("Asked for on")),
            listing.heading(gettext("Acts"), hidden=True),
        ],
    )


# --- Left over --------------------------------------------------------------------------------------


@blueprint.get("/du")
@requires(Permission.READ_MONEY)
def held() -> str:
    """List payments that hold money for no order."""
    found = money_queries.list_held(current_actor())
    return render_template(
        "admin/money/held.html",
        page=listing.page_of(found),
        columns=[
            listing.heading(gettext("Payment")),
            listing.heading(gettext("Left over"), number=True),
            listing.heading(gettext("Order")),
            listing.heading(gettext("Paid by")),
        ],
        names={method: gettext(name) for method, name in paying.NAMES.items()},
        url_of=lambda number: listing.address(trang=number),
    )


@blueprint.route("/du/<code>", methods=["GET", "POST"])
@requires(Permission.HANDLE_MONEY)
def give_back_held(code: str) -> str | Answer | tuple[str, int]:
    """Ask, then claim back for the buyer what a payment holds for no order."""
    actor = current_actor()
    form = HeldForm()
    if form.validate_on_submit():
        try:
            with transaction():
                payment, _ = money_queries.get_held(actor, code)
                made = settling.give_back_held(payment, reason=form.reason.data or "", actor=actor, now=clock.now())
                number, amount = made.number, made.amount_vnd
        except NotFound:
            raise
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("%(amount)s is to be given back.", amount=dong(amount)), "good")
            return redirect(url_for("money.refund", number=number), 303)
    payment, amount = money_queries.get_held(actor, code)
    page = render_template(
        "admin/money/give_back_held.html",
        payment=payment,
        amount_vnd=amount,
        credits=money_queries.credits_of(payment),
        form=form,
    )
    return page, answer_status(form)


# --- To give back -----------------------------------------------------------------------------------


@blueprint.get("/tra-lai")
@requires(Permission.READ_MONEY)
def refunds() -> str | Response:
    """List what is to be given back, and what was."""
    actor = current_actor()
    only_open = request.args.get("loai") != "tat-ca"
    found = money_queries.list_refunds(actor, only_open=only_open)
    if listing.asks_for_csv():
        return _refunds_as_csv(list(db.session.execute(found)))
    return render_template(
        "admin/money/refunds.html",
        page=listing.page_of(found),
        only_open=only_open,
        state_of=state_of,
        tabs_of_state=[
            {"label": gettext("To give back"), "url": listing.address(loai=None, trang=None), "current": only_open},
            {"label": gettext("All"), "url": listing.address(loai="tat-ca", trang=None), "current": not only_open},
        ],
        columns=[
            listing.heading(gettext("Refund")),
            listing.heading(gettext("Amount"), number=True),
            listing.heading(gettext("Order")),
            listing.heading(gettext("Asked for on")),
            listing.heading(gettext("State")),
        ],
        csv_url=listing.address(dang="csv", trang=None),
        url_of=lambda number: listing.address(trang=number),
    )


def _refunds_as_csv(rows: list[Any]) -> Response:
    header = [
        gettext("Refund"),
        gettext("Amount"),
        gettext("Order"),
        gettext("Reason"),
        gettext("Asked for on"),
        gettext("State"),
        gettext("Bank's reference"),
    ]
    return listing.csv_file(
        "tien-tra-lai",
        header,
        (
            (
                made.number,
                made.amount_vnd,
                (order or purchase).number,
                made.reason,
                f"{made.asked_at.astimezone(clock.VIETNAM):%d/%m/%Y %H:%M}",
                state_of(made)[0],
                made.reference,
            )
            for made, _, purchase, order in rows
        ),
    )


def state_of(made: Refund) -> tuple[str, str]:
    """Say where a refund stands, in words and by a tone."""
    if made.state is RefundState.DONE:
        return gettext("Given back"), "good"
    if made.state is RefundState.REFUSED:
        return gettext("Refused"), "off"
    if settling.is_disputed(made.payment):
        return gettext("Waits for the end of a dispute"), "wait"
    if made.problem:
        return gettext("The card's bank would not: by transfer"), "bad"
    if made.payment.method is PaymentMethod.CARD:
        return gettext("On its way to the card"), "info"
    return gettext("To be transferred"), "wait"


@blueprint.get("/tra-lai/<number>")
@requires(Permission.READ_MONEY)
def refund(number: str) -> str:
    """Show a refund."""
    return _refund_page(money_queries.get_refund(current_actor(), number), RefundForm(formdata=None))


@blueprint.post("/tra-lai/<number>")
@requires(Permission.HANDLE_MONEY)
def record_refund(number: str) -> str | Answer | tuple[str, int]:
    """Write down with which reference the money of a refund went back."""
    actor = current_actor()
    form = RefundForm()
    if form.validate_on_submit():
        try:
            with transaction():
                made = money_queries.get_refund(actor, number)
                settling.refund_made_by_hand(made, reference=form.reference.data or "", actor=actor, now=clock.now())
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("It is written down that the money went back."), "good")
            return redirect(url_for("money.refunds"), 303)
    return _refund_page(money_queries.get_refund(actor, number), form), answer_status(form)


@blueprint.post("/tra-lai/<number>/thoi")
@requires(Permission.HANDLE_MONEY)
def call_off_refund(number: str) -> str | Answer | tuple[str, int]:
    """Call a refund off that was claimed in error: the money is kept for what it was paid for."""
    actor = current_actor()
    form = CallOffForm()
    if form.validate_on_submit():
        try:
            with transaction():
                made = money_queries.get_refund(actor, number)
                settling.call_off(made, reason=form.reason.data or "", actor=actor, now=clock.now())
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("The refund is called off."), "good")
            return redirect(url_for("money.refund", number=number), 303)
    made = money_queries.get_refund(actor, number)
    return _refund_page(made, RefundForm(formdata=None), form), answer_status(form)


def _refund_page(made: Refund, form: RefundForm, calling_off: CallOffForm | None = None) -> str:
    is_by_hand = made.payment.method is not PaymentMethod.CARD or bool(made.problem)
    may_handle = current_actor().may(Permission.HANDLE_MONEY)
    returned = return_queries.of_refund(made.id)
    account = returned.account if returned is not None else None
    return render_template(
        "admin/money/refund.html",
        form=form,
        calling_off=calling_off or CallOffForm(formdata=None),
        made=made,
        returned=returned,
        account=account,
        bank=bank_of(account) if account is not None else "",
        code=_code_of(made, account) if account is not None and made.state is RefundState.ASKED else None,
        state=state_of(made),
        method=gettext(paying.NAMES[made.payment.method]),
        may_record=may_handle
        and is_by_hand
        and made.state is RefundState.ASKED
        and not settling.is_disputed(made.payment),
    )


def _code_of(made: Refund, account: ReturnAccount) -> Drawing:
    """Draw the code of the transfer to the buyer: the bank's app fills in account, amount and purpose."""
    transfer = vietqr.Transfer(account.bank_bin, account.number, made.amount_vnd, made.number.replace("-", " "))
    return qr_svg(vietqr.payload(transfer), title=gettext("QR code of the transfer"))
