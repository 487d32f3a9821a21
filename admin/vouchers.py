"""Vouchers of one's own: made, counted, stopped. What was promised is not changed: one is stopped, another made."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response as Answer
from wtforms import RadioField
from wtforms.validators import InputRequired, Optional

from accounts.actor import Permission
from accounts.models import Organisation
from accounts.web.forms import (
    BaseForm,
    DayField,
    MoneyField,
    QuantityField,
    answer_status,
    choices_of,
    line,
    show_refusal,
)
from accounts.web.guard import current_actor, requires
from admin.listing import address, asks_for_csv, csv_file, heading, page_of
from admin.sales_points import PercentField, percent
from admin.saying import dong, said
from kernel import clock
from kernel.db import db, transaction
from kernel.errors import N_, DomainError
from storefront import voucher_queries, vouchers
from storefront.voucher_models import Voucher, VoucherKind, VoucherState
from storefront.vouchers import Terms

blueprint = Blueprint("vouchers", __name__, url_prefix="/quan-tri/ma-giam-gia")

KINDS = {
    VoucherKind.AMOUNT: N_("An amount off the goods"),
    VoucherKind.PERCENT: N_("A part of what the goods cost"),
    VoucherKind.DELIVERY: N_("Free delivery"),
}
STATES = {
    VoucherState.IN_USE: (N_("In use"), "good"),
    VoucherState.TO_COME: (N_("Begins later"), "info"),
    VoucherState.USED_UP: (N_("Used up"), "off"),
    VoucherState.OVER: (N_("Over"), "off"),
    VoucherState.STOPPED: (N_("Stopped"), "bad"),
}


class VoucherForm(BaseForm):
    """A voucher."""

    code = line(
        lazy_gettext("Code"),
        longest=40,
        description=lazy_gettext(
            "3 to 20 letters and digits, for example TET2027. Buyers may type it in small letters and with blanks."
        ),
    )
    kind = RadioField(lazy_gettext("What does it take off?"), [InputRequired(lazy_gettext("Please choose."))])
    amount_vnd = MoneyField(
        lazy_gettext("Amount"), [Optional()], description=lazy_gettext("For an amount off the goods.")
    )
    percent = PercentField(
        lazy_gettext("Part in per cent"), [Optional()], description=lazy_gettext("For a part of what the goods cost.")
    )
    most_vnd = MoneyField(
        lazy_gettext("Most taken off"),
        [Optional()],
        description=lazy_gettext("For a part, or for free delivery: no more than this is taken off an order."),
    )
    least_vnd = MoneyField(
        lazy_gettext("From goods worth"),
        [Optional()],
        least=0,
        description=lazy_gettext("Leave it empty if any amount will do."),
    )
    valid_from = DayField(lazy_gettext("From"), [InputRequired()])
    valid_until = DayField(lazy_gettext("Until, with that day"), [InputRequired()])
    most_uses = QuantityField(
        lazy_gettext("How often in all"),
        [Optional()],
        most=vouchers.MOST_USES,
        description=lazy_gettext("Leave it empty for no limit."),
    )
    most_per_buyer = QuantityField(
        lazy_gettext("How often each buyer"),
        [Optional()],
        most=vouchers.MOST_USES,
        description=lazy_gettext("Told apart by telephone number. Leave it empty for no limit."),
    )


class Act(BaseForm):
    """Nothing but the act itself."""


@blueprint.get("")
@requires(Permission.MANAGE_VOUCHERS)
def index() -> str | Response:
    """List the vouchers the actor may see, the latest first."""
    actor = current_actor()
    today = clock.business_date(clock.now())
    found = voucher_queries.visible_to(actor).options(joinedload(Voucher.organisation)).order_by(Voucher.id.desc())
    if asks_for_csv():
        return _as_csv([row for (row,) in db.session.execute(found)], today)
    page = page_of(found)
    return render_template(
        "admin/vouchers/index.html",
        rows=[row for (row,) in page.rows],
        page=page,
        columns=[
            heading(gettext("Code")),
            heading(gettext("Takes off")),
            heading(gettext("When it counts")),
            heading(gettext("Used"), number=True),
            *([heading(gettext("Borne by"))] if actor.is_office else []),
            heading(gettext("Status")),
        ],
        takes_off=takes_off,
        state_of=lambda row: STATES[vouchers.state_of(row, today)],
        names_bearer=actor.is_office,
        may_stop=lambda row: (
            row.organisation_id == actor.organisation_id
            and vouchers.state_of(row, today) not in (VoucherState.OVER, VoucherState.STOPPED)
        ),
        url_of=lambda number: address(trang=number),
        csv_url=address(dang="csv", trang=None),
    )


@blueprint.route("/moi", methods=["GET", "POST"])
@requires(Permission.MANAGE_VOUCHERS)
def new() -> tuple[str, int] | Answer:
    """Make a voucher that one's organisation bears."""
    actor = current_actor()
    form = VoucherForm(data={"valid_from": clock.business_date(clock.now()), "most_per_buyer": 1})
    form.kind.choices = choices_of({kind: gettext(words) for kind, words in KINDS.items()})
    if form.validate_on_submit():
        try:
            with transaction() as session:
                made = vouchers.make(
                    session.get_one(Organisation, actor.organisation_id),
                    form.code.data or "",
                    _terms(form),
                    actor=actor,
                    now=clock.now(),
                )
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("Buyers can use the code %(code)s now, on its days.", code=made.code), "good")
            return redirect(url_for("vouchers.index"), 303)
    page = render_template("admin/vouchers/new.html", form=form, is_office=actor.is_office)
    return page, answer_status(form)


@blueprint.route("/<code>/dung", methods=["GET", "POST"])
@requires(Permission.MANAGE_VOUCHERS)
def stop(code: str) -> tuple[str, int] | Answer:
    """Ask, then let nobody use a voucher any more."""
    actor = current_actor()
    voucher = voucher_queries.get_own(actor, code)
    form = Act()
    if form.validate_on_submit():
        try:
            with transaction():
                vouchers.stop(voucher_queries.get_own(actor, code), actor=actor, now=clock.now())
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("Nobody can use the code %(code)s any more.", code=voucher.code), "good")
            return redirect(url_for("vouchers.index"), 303)
    return render_template("admin/vouchers/stop.html", voucher=voucher, form=form), answer_status(form)


def _terms(form: VoucherForm) -> Terms:
    kind = VoucherKind(form.kind.data)
    value = {VoucherKind.AMOUNT: form.amount_vnd.data, VoucherKind.PERCENT: form.percent.data}.get(kind)
    assert form.valid_from.data is not None
    assert form.valid_until.data is not None
    return Terms(
        kind=kind,
        value=value or 0,
        valid_from=form.valid_from.data,
        valid_until=form.valid_until.data,
        most_vnd=form.most_vnd.data if kind is not VoucherKind.AMOUNT else None,
        least_vnd=form.least_vnd.data or 0,
        most_uses=form.most_uses.data,
        most_per_buyer=form.most_per_buyer.data,
    )


def takes_off(voucher: Voucher) -> str:
    """Say what a voucher takes off: "10 %, at most 50.000 ₫"."""
    if voucher.kind is VoucherKind.AMOUNT:
        return dong(voucher.value)
    words = f"{percent(voucher.value)} %" if voucher.kind is VoucherKind.PERCENT else str(gettext(KINDS[voucher.kind]))
    if voucher.most_vnd is None:
        return words
    return str(gettext("%(what)s, at most %(amount)s", what=words, amount=dong(voucher.most_vnd)))


def _as_csv(rows: list[Voucher], today: date) -> Response:
    return csv_file(
        "ma-giam-gia",
        [
            gettext("Code"),
            gettext("Borne by"),
            gettext("What kind"),
            gettext("Takes off"),
            gettext("From goods worth"),
            gettext("From"),
            gettext("Until, with that day"),
            gettext("Used"),
            gettext("How often in all"),
            gettext("How often each buyer"),
            gettext("Status"),
        ],
        (
            (
                row.code,
                said(row.organisation, "name"),
                gettext(KINDS[row.kind]),
                takes_off(row),
                row.least_vnd,
                f"{row.valid_from:%d/%m/%Y}",
                f"{row.valid_until:%d/%m/%Y}",
                row.used,
                row.most_uses,
                row.most_per_buyer,
                gettext(STATES[vouchers.state_of(row, today)][0]),
            )
            for row in rows
        ),
    )
