"""The books: who owes whom, what is on each account, every entry of an order, the last proof, rates of commission."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as Answer
from wtforms.validators import InputRequired

from accounts.actor import Actor, Permission
from accounts.models import Organisation, OrganisationKind
from accounts.queries import get_organisation, visible_to
from accounts.web.forms import BaseForm, DayField, answer_status, choice, set_choices, show_refusal
from accounts.web.guard import current_actor, requires
from admin.listing import address, asks_for_csv, csv_file, heading, page_of
from admin.sales_points import PercentField, percent
from admin.saying import said, vat_words
from books import chart, commission, queries, verification
from books.models import Account
from kernel import clock
from kernel.db import db, snapshot, transaction
from kernel.errors import N_, DomainError, NotFound
from storefront import agreement, bookkeeping, order_queries, vat
from storefront.parcel_words import CARRIERS
from storefront.vat import VatOfRate

blueprint = Blueprint("books", __name__, url_prefix="/quan-tri/so-tien")

#: What a debt is called when it is no other organisation's.
DEBTORS = {
    Account.BUYERS: N_("Buyers, order not paid yet"),
    Account.COLLECTED: N_("Cash with the carrier"),
    Account.UNDER_WAY: N_("Cash handed over, to be counted"),
}


class NothingWritten(NotFound):
    message = N_("There is nothing about this in your books.")


class RateForm(BaseForm):
    """What the shop takes, of whom and from when."""

    producer = choice(lazy_gettext("Producer"), required=False, empty=lazy_gettext("all without a rate of their own"))
    rate = PercentField(
        lazy_gettext("Commission"),
        [InputRequired()],
        description=lazy_gettext("Of the price of the goods, without delivery."),
    )
    valid_from = DayField(lazy_gettext("From"), [InputRequired()])
    valid_until = DayField(
        lazy_gettext("Until, with that day"), description=lazy_gettext("Leave it empty: until another rate is set.")
    )


@blueprint.get("")
@requires(Permission.READ_BOOKS)
def index() -> str | Answer:
    """Show what is due and by whom, every account, and the last proof; or go to the document that was typed."""
    document = request.args.get("q", "").strip()[:40].replace("/", "")
    if document:
        return redirect(url_for("books.about", document=document.upper()), 303)
    actor, chosen = current_actor(), _chosen()
    id = chosen.id if chosen else None
    totals: dict[str, int] = {}
    for row in (queries.Due._make(found) for found in db.session.execute(queries.due(actor, id))):
        totals[_debtor(row)] = totals.get(_debtor(row), 0) + row.amount_vnd
    return render_template(
        "admin/books/index.html",
        chosen=chosen,
        organisations=_organisations(actor) if actor.is_office else [],
        debtors=[(name, amount) for name, amount in totals.items() if amount],
        sums=queries.sums(actor, id),
        accounts=chart.ACCOUNTS,
        proof=queries.last_proof(),
        is_office=actor.is_office,
        may_set=actor.may(Permission.SET_COMMISSION),
        code=_code(),
    )


@blueprint.get("/phai-thu")
@requires(Permission.READ_BOOKS)
def due() -> str | Response:
    """List what is due, order by order: by whom, how much, since when."""
    actor, chosen = current_actor(), _chosen()
    found = queries.due(actor, chosen.id if chosen else None)
    if asks_for_csv():
        rows = [queries.Due._make(row) for row in db.session.execute(found)]
        return csv_file(
            "phai-thu",
            [gettext("Whose books"), gettext("Due by"), gettext("About"), gettext("Since"), gettext("Amount, đồng")],
            (
                (
                    said(row, "organisation"),
                    _debtor(row),
                    row.document,
                    f"{row.since.astimezone(clock.VIETNAM):%d/%m/%Y}",
                    row.amount_vnd,
                )
                for row in rows
            ),
        )
    page = page_of(found)
    return render_template(
        "admin/books/due.html",
        rows=[queries.Due._make(row) for row in page.rows],
        debtor=_debtor,
        columns=[
            heading(gettext("About")),
            *([heading(gettext("Whose books"))] if actor.is_office else []),
            heading(gettext("Due by")),
            heading(gettext("Since")),
            heading(gettext("Amount"), number=True),
        ],
        is_office=actor.is_office,
        page=page.number,
        last=page.last,
        total=page.total,
        url_of=lambda number: address(trang=number),
        csv_url=address(dang="csv", trang=None),
        code=_code(),
    )


@blueprint.get("/tai-khoan/<name>")
@requires(Permission.READ_BOOKS)
def account(name: str) -> str | Response:
    """List the lines of an account, the latest first."""
    if name not in tuple(Account):
        raise NothingWritten()
    actor, chosen, one = current_actor(), _chosen(), Account(name)
    found = queries.lines_of(actor, one, chosen.id if chosen else None)
    if asks_for_csv():
        return csv_file(
            f"tai-khoan-{one}",
            [
                gettext("Line no."),
                gettext("Time"),
                gettext("What happened"),
                gettext("About"),
                gettext("Whose books"),
                gettext("With whom"),
                gettext("Amount, đồng"),
            ],
            (
                (
                    row.id,
                    f"{row.at.astimezone(clock.VIETNAM):%d/%m/%Y %H:%M}",
                    _kind(row.kind),
                    row.document,
                    said(row, "organisation"),
                    said(row, "counterparty") if row.counterparty_vi else _holder(row.holder),
                    row.amount_vnd,
                )
                for row in (queries.Posted._make(line) for line in db.session.execute(found))
            ),
        )
    page = page_of(found)
    return render_template(
        "admin/books/account.html",
        account=one,
        words=chart.ACCOUNTS[one],
        kind=_kind,
        holder=_holder,
        rows=[queries.Posted._make(row) for row in page.rows],
        columns=[
            heading(gettext("About")),
            heading(gettext("What happened")),
            heading(gettext("Time")),
            *([heading(gettext("Whose books"))] if actor.is_office else []),
            *([heading(gettext("With whom"))] if one in queries.DUE else []),
            heading(gettext("Amount"), number=True),
        ],
        is_office=actor.is_office,
        shows_other=one in queries.DUE,
        total=page.total,
        page=page.number,
        last=page.last,
        url_of=lambda number: address(trang=number),
        csv_url=address(dang="csv", trang=None),
        code=_code(),
    )


@blueprint.get("/chung-tu/<document>")
@requires(Permission.READ_BOOKS)
def about(document: str) -> str:
    """Show every entry about an order (with its payments and refunds), or about any other document."""
    lines = queries.about(current_actor(), bookkeeping.documents_of(document))
    if not lines:
        raise NothingWritten()
    entries = [list(of_entry) for _, of_entry in groupby(lines, key=lambda line: line.entry_id)]
    return render_template(
        "admin/books/about.html",
        document=document,
        vat_sums=_vat(document),
        entries=entries,
        accounts=chart.ACCOUNTS,
        kind=_kind,
        holder=_holder,
        columns=[
            heading(gettext("Account of the books")),
            heading(gettext("Whose books")),
            heading(gettext("With whom")),
            heading(gettext("About")),
            heading(gettext("Amount"), number=True),
        ],
    )


def _vat(document: str) -> list[tuple[str, VatOfRate]]:
    """Say the VAT in the price of an order's goods, which is in no entry: nothing is booked for it."""
    try:
        order = order_queries.get_order(current_actor(), document)
    except NotFound:
        return []
    return [(vat_words(row.rate_bp), row) for row in vat.of_order(order)]


@blueprint.post("/kiem-chung")
@requires(Permission.SET_COMMISSION)
def prove_now() -> Answer:
    """Prove the books now, and keep what came out."""
    snapshot()
    differences = agreement.verify()
    with transaction():
        made = verification.keep(differences, now=clock.now())
    if made.difference_count:
        flash(gettext("The books do not add up: see below."), "bad")
    else:
        flash(gettext("Every entry adds up, and the journal says the same as orders and money."), "good")
    return redirect(url_for("books.index"), 303)


@blueprint.route("/hoa-hong", methods=["GET", "POST"])
@requires(Permission.SET_COMMISSION)
def rates() -> tuple[str, int] | Answer:
    """Show every rate that was ever set, and set another."""
    actor, now = current_actor(), clock.now()
    producers = {one.code: said(one, "name") for one in _organisations(actor) if one.kind is OrganisationKind.PRODUCER}
    form: Any = RateForm(data={"valid_from": clock.business_date(now)} if request.method == "GET" else None)
    set_choices(form.producer, producers, empty=gettext("all without a rate of their own"))
    if form.validate_on_submit():
        try:
            with transaction():
                commission.set_rate(
                    db.session.get_one(Organisation, actor.organisation_id),
                    form.rate.data or 0,
                    producer=get_organisation(actor, form.producer.data) if form.producer.data else None,
                    valid_from=form.valid_from.data or clock.business_date(now),
                    valid_until=form.valid_until.data,
                    actor=actor,
                    now=now,
                )
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("The rate is on record. Orders that were placed keep theirs."), "good")
            return redirect(url_for("books.rates"), 303)
    set_before = commission.all_rates()
    names = {one.id: one for one in db.session.scalars(visible_to(actor))}
    page = render_template(
        "admin/books/rates.html",
        form=form,
        rows=set_before,
        names=names,
        percent=percent,
        columns=[
            heading(gettext("Producer")),
            heading(gettext("Commission"), number=True),
            heading(gettext("From")),
            heading(gettext("Until, with that day")),
            heading(gettext("Set on")),
        ],
    )
    return page, answer_status(form)


def _organisations(actor: Actor) -> list[Organisation]:
    return list(db.session.scalars(visible_to(actor).order_by(Organisation.sort_key, Organisation.id)))


def _code() -> str | None:
    return request.args.get("to-chuc") or None


def _chosen() -> Organisation | None:
    """Give the organisation whose books are asked for; None: all that one may see."""
    actor, code = current_actor(), _code()
    if code:
        return get_organisation(actor, code)
    return None if actor.is_office else db.session.get(Organisation, actor.organisation_id)


def _debtor(row: queries.Due) -> str:
    if row.account is Account.BETWEEN:
        return said(row, "by")
    words = gettext(DEBTORS[row.account])
    return f"{words} ({_holder(row.holder)})" if row.holder else str(words)


def _holder(holder: str) -> str:
    """Name the carrier who holds cash."""
    return str(gettext(CARRIERS[holder])) if holder in CARRIERS else holder


def _kind(kind: str) -> str:
    return str(gettext(chart.KINDS[kind])) if kind in chart.KINDS else kind
