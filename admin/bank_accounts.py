"""The account that buyers transfer to, with the code they would see; and in which ways they can pay at all."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as Answer
from wtforms import BooleanField

from accounts.actor import Permission
from accounts.models import Organisation
from accounts.web.forms import BaseForm, answer_status, choice, line, set_choices, show_refusal
from accounts.web.guard import current_actor, requires
from kernel import clock
from kernel.db import transaction
from kernel.errors import DomainError
from storefront import gateways, money_queries, paying, transfers
from storefront.gateways import vietqr
from storefront.order_models import BankAccount, PaymentMethod
from storefront.return_models import ReturnAccount
from traceability import labels

blueprint = Blueprint("bank_accounts", __name__, url_prefix="/quan-tri/tien")

#: What the code that is shown here asks for.
TRIAL_VND = 10_000
TRIAL_PURPOSE = "THU MA QR"


class AccountForm(BaseForm):
    """A bank account."""

    bank = choice(lazy_gettext("Bank"), empty=lazy_gettext("Please choose"))
    number = line(lazy_gettext("Account number"), longest=30)
    holder = line(
        lazy_gettext("Holder of the account"),
        longest=50,
        description=lazy_gettext("As the bank writes it: capital letters without marks."),
    )


class MethodsForm(BaseForm):
    """In which ways buyers can pay."""

    vietqr = BooleanField(lazy_gettext("Bank transfer with a QR code (VietQR)"))
    card = BooleanField(lazy_gettext("Bank card"))
    cod = BooleanField(lazy_gettext("Cash on delivery"))


class Act(BaseForm):
    """Nothing but the act itself."""


@blueprint.route("/tai-khoan", methods=["GET", "POST"])
@requires(Permission.MANAGE_BANK_ACCOUNT)
def show() -> str | Answer | tuple[str, int]:
    """Show the account with its code, and take another one."""
    actor = current_actor()
    form = AccountForm()
    set_choices(form.bank, {bank.bin: bank.name for bank in vietqr.banks().values()}, empty=gettext("Please choose"))
    if form.validate_on_submit():
        try:
            with transaction() as session:
                transfers.set_account(
                    session.get_one(Organisation, actor.organisation_id),
                    bank_bin=form.bank.data or "",
                    number=form.number.data or "",
                    holder=form.holder.data or "",
                    actor=actor,
                    now=clock.now(),
                )
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("Buyers transfer to this account from now on. Please scan the code to try it."), "good")
            return redirect(url_for("bank_accounts.show"), 303)
    accounts = money_queries.accounts_of(actor)
    present = next((account for account in accounts if account.is_active), None)
    page = render_template(
        "admin/bank_accounts/show.html",
        form=form,
        present=present,
        former=[account for account in accounts if not account.is_active],
        bank_of=bank_of,
        qr=drawn(present) if present else None,
        trial_vnd=TRIAL_VND,
        is_house=actor.is_office,
    )
    return page, answer_status(form)


@blueprint.route("/tai-khoan/<int:account_id>/thoi", methods=["GET", "POST"])
@requires(Permission.MANAGE_BANK_ACCOUNT)
def stop(account_id: int) -> str | Answer:
    """Ask, then let buyers transfer to an account no more."""
    actor = current_actor()
    account = money_queries.get_account(actor, account_id)
    form = Act()
    if form.validate_on_submit():
        with transaction():
            transfers.stop_account(money_queries.get_account(actor, account_id), actor=actor, now=clock.now())
        flash(gettext("Nobody is asked to transfer to this account any more."), "good")
        return redirect(url_for("bank_accounts.show"), 303)
    return render_template("admin/bank_accounts/stop.html", account=account, bank=bank_of(account))


@blueprint.route("/cach-tra", methods=["GET", "POST"])
@requires(Permission.SWITCH_PAYMENT_METHODS)
def methods() -> str | Answer | tuple[str, int]:
    """Say in which ways buyers can pay."""
    actor = current_actor()
    form = MethodsForm(data={method.value: is_on for method, is_on in paying.switched_on().items()})
    if form.validate_on_submit():
        try:
            with transaction():
                paying.switch(
                    {method: bool(form[method.value].data) for method in PaymentMethod}, actor=actor, now=clock.now()
                )
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("The ways to pay are saved."), "good")
            return redirect(url_for("bank_accounts.methods"), 303)
    page = render_template(
        "admin/bank_accounts/methods.html",
        form=form,
        has_cards=gateways.cards() is not None,
        has_account=paying.house_account() is not None,
    )
    return page, answer_status(form)


def bank_of(account: BankAccount | ReturnAccount) -> str:
    """Name the bank of an account."""
    bank = vietqr.banks().get(account.bank_bin)
    return bank.name if bank else account.bank_bin


def drawn(account: BankAccount) -> labels.Drawing:
    """Draw a code that asks for a small amount, to be tried with one's own telephone."""
    text = vietqr.payload(vietqr.Transfer(account.bank_bin, account.number, TRIAL_VND, TRIAL_PURPOSE))
    title = gettext("QR code of account %(number)s", number=account.number)
    return labels.qr_svg(text, title=title)
