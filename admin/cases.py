"""What buyers report about goods: read, answered and closed by the office."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as Answer

from accounts.actor import Permission
from accounts.web.forms import BaseForm, answer_status, paragraphs, show_refusal, words_of
from accounts.web.guard import current_actor, requires
from kernel import clock
from kernel.db import db, transaction
from kernel.errors import N_, DomainError
from traceability import cases, item_queries, items
from traceability.item_models import Case, CaseKind, CaseState

blueprint = Blueprint("cases", __name__, url_prefix="/quan-tri/phan-anh")

IN_ADDRESS = {"moi": CaseState.OPEN, "da-tra-loi": CaseState.ANSWERED, "da-dong": CaseState.CLOSED}
STATES = {
    CaseState.OPEN: (N_("New"), "wait"),
    CaseState.ANSWERED: (N_("Answered"), "good"),
    CaseState.CLOSED: (N_("Report closed"), "off"),
}
KINDS = {
    CaseKind.MISMATCH: N_("The pack does not match the page"),
    CaseKind.OPENED: N_("The pack had been opened, or its code was checked before"),
    CaseKind.QUALITY: N_("Something is wrong with the goods"),
    CaseKind.OTHER: N_("Something else"),
    CaseKind.ENUMERATION: N_("Somebody tries codes out"),
}


class Act(BaseForm):
    """Nothing but the act itself."""


class AnswerForm(BaseForm):
    """What was found."""

    answer = paragraphs(lazy_gettext("What was found and done"), longest=cases.LONGEST_TEXT)


def _text(case: Case) -> str:
    """Say what was reported: in the words of who did, or of the system in the reader's language."""
    return " ".join(gettext(message, **facts) for message, facts in cases.told(case)) or case.text


@blueprint.get("")
@requires(Permission.HANDLE_CASES)
def index() -> str:
    """List the reports, new ones first to be seen."""
    state = IN_ADDRESS.get(request.args.get("tinh-trang", ""))
    found, counts = item_queries.list_cases(current_actor(), state)
    tabs = [{"label": gettext("All"), "url": url_for("cases.index"), "current": state is None, "count": counts[None]}]
    tabs += [
        {
            "label": gettext(STATES[one][0]),
            "url": url_for("cases.index") + f"?tinh-trang={word}",
            "current": state is one,
            "count": counts.get(one, 0),
        }
        for word, one in IN_ADDRESS.items()
    ]
    return render_template(
        "admin/cases/index.html", found=found, tabs_of_state=tabs, states=STATES, kinds=KINDS, text_of=_text
    )


@blueprint.route("/<int:case_id>", methods=["GET", "POST"])
@requires(Permission.HANDLE_CASES)
def show(case_id: int) -> str | tuple[str, int] | Answer:
    """Show a report and take its answer."""
    actor, now = current_actor(), clock.now()
    case = item_queries.get_case(actor, case_id)
    form = AnswerForm(data={"answer": case.answer})
    if form.validate_on_submit():
        try:
            with transaction():
                cases.answer(db.session.get_one(Case, case_id), form.answer.data or "", actor=actor, now=now)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("The answer is on record."), "good")
            return redirect(url_for("cases.show", case_id=case_id), 303)
        case = item_queries.get_case(actor, case_id)
    page = render_template(
        "admin/cases/show.html", form=form, case=case, states=STATES, kinds=KINDS, spoken=items.spoken, text_of=_text
    )
    return page, answer_status(form)


@blueprint.post("/<int:case_id>/dong")
@requires(Permission.HANDLE_CASES)
def close(case_id: int) -> Answer:
    """Close a report that was answered; how to reach who reported it is forgotten."""
    actor, now = current_actor(), clock.now()
    item_queries.get_case(actor, case_id)
    if Act().validate_on_submit():
        try:
            with transaction():
                cases.close(db.session.get_one(Case, case_id), actor=actor, now=now)
        except DomainError as refusal:
            flash(words_of(refusal), "bad")
        else:
            flash(gettext("The report is closed; how to reach who sent it is forgotten."), "good")
    return redirect(url_for("cases.show", case_id=case_id), 303)
