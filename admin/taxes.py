"""Tax held back from sellers: by month, seller and order; the office's switch; and what it paid on to the state."""

from __future__ import annotations

import re
import uuid
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as Answer
from wtforms import HiddenField, RadioField
from wtforms.validators import InputRequired

from accounts.actor import Permission
from accounts.models import Organisation, OrganisationKind
from accounts.queries import get_organisation, visible_to
from accounts.web.forms import (
    BaseForm,
    DayField,
    MoneyField,
    answer_status,
    choice,
    choices_of,
    line,
    set_choices,
    show_refusal,
)
from accounts.web.guard import current_actor, requires
from admin.listing import address, asks_for_csv, asks_for_xlsx, csv_file, heading, page_of, xlsx_file
from admin.sales_points import percent
from admin.saying import dong, said
from books import paying_tax, queries, withholding
from books.queries import TaxOfSeller
from kernel import clock, replays
from kernel.db import db, transaction
from kernel.errors import DomainError

blueprint = Blueprint("taxes", __name__, url_prefix="/quan-tri/thue")

_ON, _OFF = "co", "khong"
MONTHS = 13  #: that tax can be paid for on the screen
MOST_PAID = 24  #: payments that are shown
_MONTH = re.compile(r"(2\d{3})-(0[1-9]|1[0-2])", re.ASCII)


class SwitchForm(BaseForm):
    """Whether tax is held back, of whom, from when and why."""

    is_on = RadioField(lazy_gettext("Is tax held back?"), [InputRequired(lazy_gettext("Please choose."))])
    seller = choice(lazy_gettext("Seller"), required=False, empty=lazy_gettext("all without a decision of their own"))
    valid_from = DayField(lazy_gettext("From"), [InputRequired()])
    reason = line(
        lazy_gettext("Why"),
        longest=withholding.LONGEST_REASON,
        description=lazy_gettext("For example: the shop takes payments for sellers; or: this seller need not pay it."),
    )


class PaymentForm(BaseForm):
    """What was paid on to the state."""

    month = choice(lazy_gettext("Held back by the end of"))
    amount = MoneyField(lazy_gettext("How much was paid"), [InputRequired()])
    paid_on = DayField(lazy_gettext("Day of the transfer"), [InputRequired()])
    reference = line(
        lazy_gettext("Reference of the transfer"),
        longest=paying_tax.LONGEST_REFERENCE,
        description=lazy_gettext("As the bank or the treasury wrote it on the receipt."),
    )
    request_key = HiddenField(default=lambda: uuid.uuid4().hex)


class UndoForm(BaseForm):
    """Why a payment was written down in error."""

    reason = line(lazy_gettext("What was wrong?"), longest=paying_tax.LONGEST_REASON)


@blueprint.get("")
@requires(Permission.READ_BOOKS)
def index() -> str | Response:
    """Show what was held back in a month: of each seller, and of one seller order by order."""
    actor, month = current_actor(), _month()
    begin, end = clock.start_of_day(month), clock.start_of_day(_next(month))
    rows = queries.taxes_by_seller(actor, begin, end)
    if asks_for_csv() or asks_for_xlsx():
        answer = csv_file if asks_for_csv() else xlsx_file
        return answer(f"thue-khau-tru-{month:%Y-%m}", _header(), [_cells(row) for row in rows])
    code = request.args.get("to-chuc") or None
    seller = get_organisation(actor, code) if code else None
    if seller is None and not actor.is_office and actor.organisation_id is not None:
        seller = db.session.get(Organisation, actor.organisation_id)
    today = clock.business_date(clock.now())
    office_id = actor.organisation_id if actor.is_office else None
    owed = paying_tax.owed(office_id, month) if office_id is not None else None
    turned = withholding.switch_of(seller.id if seller else 0, today)
    return render_template(
        "admin/taxes/index.html",
        month=month,
        rows=rows,
        columns=[
            heading(gettext("Seller")),
            heading(gettext("Goods"), number=True),
            heading(gettext("VAT"), number=True),
            heading(gettext("Income tax"), number=True),
            heading(gettext("Offset"), number=True),
            heading(gettext("Left"), number=True),
        ],
        seller=seller,
        page=page_of(queries.taxes_of_seller(actor, seller.id, begin, end)) if seller is not None else None,
        columns_of_orders=[
            heading(gettext("Order")),
            heading(gettext("Time")),
            heading(gettext("Goods"), number=True),
            heading(gettext("VAT"), number=True),
            heading(gettext("Income tax"), number=True),
            heading(gettext("How")),
        ],
        url_of=lambda number: address(trang=number),
        earlier=address(thang=f"{_before(month):%Y-%m}", trang=None),
        later=address(thang=f"{_next(month):%Y-%m}", trang=None) if _next(month) <= today else None,
        csv_url=address(dang="csv", trang=None),
        xlsx_url=address(dang="xlsx", trang=None),
        is_on=turned is not None and turned.is_on,
        rule=withholding.rule_on(today),
        percent=percent,
        is_office=actor.is_office,
        may_switch=actor.may(Permission.WITHHOLD_TAX),
        others=withholding.decided_otherwise(today) if seller is None else 0,
        owed=owed,
        pay_by=paying_tax.pay_by(office_id, month) if office_id is not None and owed and owed > 0 else None,
        paid=[queries.TaxPaid(*row) for row in db.session.execute(queries.tax_paid(actor).limit(MOST_PAID))]
        if actor.is_office
        else [],
        columns_of_paid=[
            heading(gettext("Payment")),
            heading(gettext("Held back by the end of")),
            heading(gettext("Day of the transfer")),
            heading(gettext("Reference")),
            heading(gettext("Amount"), number=True),
            heading(gettext("State")),
        ],
    )


@blueprint.route("/nop", methods=["GET", "POST"])
@requires(Permission.WITHHOLD_TAX)
def pay() -> tuple[str, int] | Answer:
    """Write down that held-back tax was paid on to the state."""
    actor, now = current_actor(), clock.now()
    office_id = actor.organisation_id or 0
    months = _months(clock.business_date(now))
    asked = _month()
    month = asked if asked in months else months[0]
    owed = {one: paying_tax.owed(office_id, one) for one in months}
    form: Any = PaymentForm(
        data={
            "month": f"{month:%Y-%m}",
            "amount": max(0, owed[month]) or None,
            "paid_on": clock.business_date(now),
            "request_key": uuid.uuid4().hex,
        }
        if request.method == "GET"
        else None
    )
    form.month.choices = choices_of({f"{one:%Y-%m}": _owed_words(one, owed[one]) for one in months})
    if form.validate_on_submit():
        try:
            number = _pay(form, now)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("It is on record as %(number)s, and in the books.", number=number), "good")
            return redirect(url_for("taxes.index", thang=form.month.data), 303)
    return render_template("admin/taxes/pay.html", form=form, owed=owed[months[0]]), answer_status(form)


def _pay(form: Any, now: datetime) -> str:
    """Write a payment down; the same form sent twice is one payment."""
    actor = current_actor()
    year, month = form.month.data.split("-")
    with transaction():
        earlier = replays.claim(actor.user_id, form.request_key.data, now=now)
        if earlier is not None:
            return str(earlier)
        made = paying_tax.pay(
            db.session.get_one(Organisation, actor.organisation_id),
            date(int(year), int(month), 1),
            form.amount.data,
            paid_on=form.paid_on.data,
            reference=form.reference.data or "",
            actor=actor,
            now=now,
        )
        replays.answer(actor.user_id, form.request_key.data, made.number)
        return str(made.number)


@blueprint.route("/nop/<number>/rut", methods=["GET", "POST"])
@requires(Permission.WITHHOLD_TAX)
def undo(number: str) -> tuple[str, int] | Answer:
    """Take a payment back that was written down in error, with a reason."""
    actor = current_actor()
    payment = queries.get_tax_payment(actor, number)
    form: Any = UndoForm()
    if form.validate_on_submit():
        try:
            with transaction():
                paying_tax.take_back(
                    queries.get_tax_payment(actor, number),
                    reason=form.reason.data or "",
                    actor=actor,
                    now=clock.now(),
                )
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("%(number)s is taken back: the tax is owed again.", number=number), "good")
            return redirect(url_for("taxes.index", thang=f"{payment.month:%Y-%m}"), 303)
        payment = queries.get_tax_payment(actor, number)
    return render_template("admin/taxes/undo.html", form=form, payment=payment), answer_status(form)


def _months(today: date) -> list[date]:
    """List the months that tax can be paid for, the latest first: this one and those of a year before it."""
    first = today.replace(day=1)
    return [clock.add_months(first, -before) for before in range(MONTHS)]


def _owed_words(month: date, owed_vnd: int) -> str:
    return str(gettext("%(month)s: %(amount)s owed", month=f"{month:%m/%Y}", amount=dong(max(0, owed_vnd))))


@blueprint.route("/cong-tac", methods=["GET", "POST"])
@requires(Permission.WITHHOLD_TAX)
def switch() -> tuple[str, int] | Answer:
    """Show how the switch was ever turned, and turn it."""
    actor, now = current_actor(), clock.now()
    today = clock.business_date(now)
    names = {one.id: one for one in db.session.scalars(visible_to(actor).order_by(Organisation.sort_key))}
    form: Any = SwitchForm(data={"valid_from": today} if request.method == "GET" else None)
    form.is_on.choices = choices_of({_ON: gettext("Yes, it is held back"), _OFF: gettext("No")})
    sellers = {one.code: said(one, "name") for one in names.values() if one.kind is OrganisationKind.PRODUCER}
    set_choices(form.seller, sellers, empty=gettext("all without a decision of their own"))
    if form.validate_on_submit():
        try:
            _turn(form, now)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("It is on record. What was paid before stays as it was."), "good")
            return redirect(url_for("taxes.switch"), 303)
    page = render_template(
        "admin/taxes/switch.html",
        form=form,
        rows=withholding.all_turns(),
        rule=withholding.rule_on(today),
        names=names,
        percent=percent,
        columns=[
            heading(gettext("Seller")),
            heading(gettext("Held back")),
            heading(gettext("From")),
            heading(gettext("Why")),
            heading(gettext("Set on")),
        ],
    )
    return page, answer_status(form)


def _turn(form: SwitchForm, now: datetime) -> None:
    actor = current_actor()
    with transaction():
        withholding.turn(
            db.session.get_one(Organisation, actor.organisation_id),
            form.is_on.data == _ON,
            valid_from=form.valid_from.data or clock.business_date(now),
            reason=form.reason.data or "",
            seller=get_organisation(actor, form.seller.data) if form.seller.data else None,
            actor=actor,
            now=now,
        )


def _header() -> list[str]:
    return [
        gettext("Seller"),
        gettext("Code"),
        gettext("Tax code"),
        gettext("Goods, đồng"),
        gettext("VAT, đồng"),
        gettext("Income tax, đồng"),
        gettext("Goods offset, đồng"),
        gettext("VAT offset, đồng"),
        gettext("Income tax offset, đồng"),
        gettext("Left to pay, đồng"),
        gettext("Of it to be had from the seller, đồng"),
    ]


def _cells(row: TaxOfSeller) -> list[object]:
    return [
        said(row, "seller"),
        row.code,
        row.tax_code or "",
        row.base_vnd,
        row.vat_vnd,
        row.pit_vnd,
        row.offset_base_vnd,
        row.offset_vat_vnd,
        row.offset_pit_vnd,
        row.due_vnd,
        row.claim_vnd,
    ]


def _month() -> date:
    """Read the first day of the month asked for; of this one when it is none."""
    asked = _MONTH.fullmatch(request.args.get("thang", ""))
    return date(int(asked[1]), int(asked[2]), 1) if asked else clock.business_date(clock.now()).replace(day=1)


def _next(month: date) -> date:
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


def _before(month: date) -> date:
    return month.replace(year=month.year - (month.month == 1), month=(month.month - 2) % 12 + 1)
