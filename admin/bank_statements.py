"""Bringing in a bank's statement: look first what it would do, then take it in. Brought in twice, it counts once."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext, ngettext
from flask_wtf.file import FileField, FileRequired
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.wrappers import Response as Answer
from wtforms import HiddenField
from wtforms.validators import DataRequired, Length

from accounts.actor import Permission
from accounts.web.forms import BaseForm, answer_status, choice, set_choices, show_refusal, words_of
from accounts.web.guard import current_actor, requires
from admin import listing
from admin.money import OUTCOMES
from kernel import clock
from kernel.db import rehearsal, retrying, transaction
from kernel.errors import N_, Conflict, DomainError, InvalidInput
from storefront import money_queries, settling, statements
from storefront.gateways import vietqr
from storefront.order_models import BankAccount
from storefront.settling import Arrived
from storefront.statements import Layout, Line, Statement, UnknownColumns

blueprint = Blueprint("bank_statements", __name__, url_prefix="/quan-tri/tien/sao-ke")

#: So many lines are shown of a report.
MOST_SHOWN = 300
#: So long may what was looked at be, packed and signed: well within what a form may hold.
MOST_SIGNED = 3 * 2**19
_BEFORE = "before"  #: the outcome of a line that was counted before


class TooOld(Conflict):
    message = N_("What was looked at cannot be read any more. Please choose the file again.")


class StatementTooLong(InvalidInput):
    message = N_("The words of the transfers are too long to be taken in at once. Please bring the file in in parts.")
    field = "file"


class StatementForm(BaseForm):
    """A statement, and which columns of it are what where that is not known."""

    account = choice(lazy_gettext("Bank account"))
    file = FileField(
        lazy_gettext("Statement from your bank"),
        [FileRequired(message=lazy_gettext("Please choose a file."))],
        description=lazy_gettext("CSV or Excel (.xlsx), as the bank's site gives it out; at most 5 MB."),
    )
    day = choice(lazy_gettext("Column of the day"), required=False)
    credit = choice(lazy_gettext("Column of the money that came"), required=False)
    memo = choice(lazy_gettext("Column of the transfer's words"), required=False)
    reference = choice(lazy_gettext("Column of the bank's reference"), required=False)

    def offer(self, accounts: list[BankAccount], headings: list[str]) -> None:
        """Fill the choices: one's accounts, and the columns of the file where somebody has to say which is which."""
        set_choices(self.account, {account.id: account_words(account) for account in accounts})
        columns = dict(enumerate(headings, 1))
        for field in (self.day, self.credit, self.memo, self.reference):
            set_choices(field, columns, empty=gettext("Please choose"))


class ApplyForm(BaseForm):
    """What was looked at, signed."""

    account = HiddenField(validators=[DataRequired()])
    lines = HiddenField(validators=[DataRequired(), Length(max=MOST_SIGNED)])


def account_words(account: BankAccount) -> str:
    """Name an account: number, bank, holder."""
    bank = vietqr.banks().get(account.bank_bin)
    return f"{account.number} – {bank.name if bank else account.bank_bin} – {account.holder}"


@blueprint.get("")
@requires(Permission.HANDLE_MONEY)
def show() -> str:
    """Ask for a statement."""
    accounts = list(money_queries.accounts_of(current_actor()))
    form = StatementForm(formdata=None)
    form.offer(accounts, [])
    return render_template("admin/bank_statements/show.html", form=form, accounts=accounts, headings=[])


@blueprint.post("")
@requires(Permission.HANDLE_MONEY)
def look() -> str | tuple[str, int]:
    """Say what a statement would do, row by row, and do nothing yet."""
    actor, now = current_actor(), clock.now()
    accounts = list(money_queries.accounts_of(actor))
    form = StatementForm()
    headings: list[str] = []
    form.offer(accounts, [str(number) for number in range(1, statements.MOST_COLUMNS + 1)])
    if form.validate_on_submit():
        try:
            account = money_queries.get_account(actor, int(form.account.data or 0))
            rows = statements.read(form.file.data.read(statements.MOST_BYTES + 1))
            layout = _layout(form, rows)
            statements.check_account(rows, layout, account, [one.number for one in accounts])
            statement = statements.look(rows, layout, today=clock.business_date(now))
            signed = _signed(account, statement.lines)
        except (UnknownColumns, statements.ColumnsTwice) as refusal:
            headings = _headings(rows)
            form.offer(accounts, headings)
            show_refusal(form, refusal)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            return _report(account, statement, signed, _rehearse(account, statement.lines, now))
    page = render_template("admin/bank_statements/show.html", form=form, accounts=accounts, headings=headings)
    return page, answer_status(form)


@blueprint.post("/nhan")
@requires(Permission.HANDLE_MONEY)
def apply() -> Answer:
    """Take in what was shown: each line by itself, those that were counted before not again."""
    actor, now = current_actor(), clock.now()
    form = ApplyForm()
    try:
        if not form.validate_on_submit():
            raise TooOld()
        account = money_queries.get_account(actor, int(form.account.data or 0))
        given = _signer(account).loads(form.lines.data)
    except (BadData, ValueError):
        raise TooOld() from None
    lines = [
        Line(row, datetime.fromisoformat(at), amount, memo, reference) for row, at, amount, memo, reference in given
    ]
    with transaction():
        arrived = statements.arrivals(account, lines)
        known = statements.known(arrived)
        statements.note_references(arrived)
    taken = Counter(_take(money, now) for money in arrived if money.identity not in known)
    total = sum(taken.values())
    if not total:
        flash(gettext("All of this was counted before: nothing was added."), "info")
    else:
        to_decide = sum(count for outcome, count in taken.items() if outcome in settling.TO_DECIDE)
        words = ngettext("One payment was written down.", "%(num)s payments were written down.", total)
        if to_decide:
            words += " " + ngettext("One waits for a decision.", "%(num)s wait for a decision.", to_decide)
        flash(words, "good")
    return redirect(url_for("money.index"), 303)


@retrying
def _take(money: Arrived, now: datetime) -> Any:
    with transaction():
        return settling.record(money, now=now, actor=current_actor()).outcome


def _layout(form: StatementForm, rows: list[list[Any]]) -> Layout:
    """Take the columns that were pointed out, else those that are known by their names."""
    said = [field.data for field in (form.day, form.credit, form.memo)]
    if all(said):
        day, credit, memo = (int(one) - 1 for one in said)
        reference = int(form.reference.data) - 1 if form.reference.data else None
        heading = statements.likely_heading(rows)
        debit = statements.column_of_debit(rows[heading])
        is_free = debit not in (day, credit, memo, reference)
        return Layout(heading, day, credit, memo, reference, debit=debit if is_free else None)
    known = statements.recognise(rows)
    if known is None:
        raise UnknownColumns()
    return known


def _headings(rows: list[list[Any]]) -> list[str]:
    """Name the columns of a file as it does, each with its letter."""
    row = rows[statements.likely_heading(rows)]
    return [f"{_letter(number)}: {str(cell or '').strip()[:60]}" for number, cell in enumerate(row)]


def _letter(number: int) -> str:
    return chr(65 + number) if number < 26 else chr(64 + number // 26) + chr(65 + number % 26)


def _rehearse(account: BankAccount, lines: tuple[Line, ...], now: datetime) -> list[str]:
    """Find out what each line would be, as if it were taken in; nothing is kept."""
    account_id = account.id
    with rehearsal() as session:
        arrived = statements.arrivals(session.get_one(BankAccount, account_id), lines)
        known = statements.known(arrived)
        return [
            _BEFORE if money.identity in known else settling.record(money, now=now).outcome.value for money in arrived
        ]


def _signed(account: BankAccount, lines: tuple[Line, ...]) -> str:
    """Sign all lines that were looked at, those that were counted before too: alike ones are counted by how many."""
    told = [[line.row, line.at.isoformat(), line.amount_vnd, line.memo, line.reference] for line in lines]
    signed = str(_signer(account).dumps(told))
    if len(signed) > MOST_SIGNED:
        raise StatementTooLong()
    return signed


def _report(account: BankAccount, statement: Statement, signed: str, outcomes: list[str]) -> tuple[str, int]:
    account = money_queries.get_account(current_actor(), account.id)
    form = ApplyForm(formdata=None, data={"account": account.id, "lines": signed})
    named = {one.value: (gettext(words), tone) for one, (words, tone, _) in OUTCOMES.items()}
    named[_BEFORE] = (gettext("Counted before"), "off")
    page = render_template(
        "admin/bank_statements/report.html",
        form=form,
        account=account_words(account),
        statement=statement,
        problems=[{"row": one.row, "words": words_of(one.error)} for one in statement.problems[:MOST_SHOWN]],
        rows=[(line, *named[outcome]) for line, outcome in zip(statement.lines, outcomes, strict=True)][:MOST_SHOWN],
        new=sum(outcome != _BEFORE for outcome in outcomes),
        most=MOST_SHOWN,
        columns=[
            listing.heading(gettext("Row"), number=True),
            listing.heading(gettext("Came on")),
            listing.heading(gettext("Amount"), number=True),
            listing.heading(gettext("Words of the transfer")),
            listing.heading(gettext("Outcome")),
        ],
        columns_of_problems=[listing.heading(gettext("Row")), listing.heading(gettext("What is wrong"))],
    )
    return page, 422 if statement.problems and not statement.lines else 200


def _signer(account: BankAccount) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=f"statement-{account.id}")
