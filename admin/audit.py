"""The audit trail: who did what, when, on whose behalf."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext
from sqlalchemy import func, select

from accounts import queries
from accounts.actor import Permission
from accounts.web.guard import current_actor, requires
from admin.audit_subjects import Document, named
from admin.audit_words import said, told
from admin.listing import address, asks_for_csv, csv_file, heading, page_asked
from admin.saying import said as said_name
from catalog.models import Unit
from kernel.clock import VIETNAM
from kernel.db import db
from kernel.text import one_line

blueprint = Blueprint("audit", __name__, url_prefix="/quan-tri/nhat-ky")

A_PAGE = 50
#: More lines than a spreadsheet is pleasant with: narrow the days down for the rest.
MOST_LINES_OF_A_FILE = 20_000


@blueprint.get("")
@requires(Permission.READ_AUDIT)
def index() -> str | Response:
    """List the trail, newest first; by organisation, kind of act, document and day."""
    asked = {name: one_line(request.args.get(name, ""))[:80] for name in ("to-chuc", "viec", "ho-so", "tu", "den")}
    from_day, until_day = _day(asked["tu"]), _day(asked["den"])
    trail = queries.audit_trail(
        current_actor(),
        organisation_code=asked["to-chuc"],
        action=asked["viec"],
        subject=asked["ho-so"],
        from_day=from_day,
        until_day=until_day,
    )
    if asks_for_csv():
        return _as_csv(db.session.execute(trail.limit(MOST_LINES_OF_A_FILE)).all())
    total = int(db.session.scalar(select(func.count()).select_from(trail.order_by(None).subquery())) or 0)
    last = max(1, -(-total // A_PAGE))
    page = min(page_asked(), last)
    lines = db.session.execute(trail.limit(A_PAGE).offset((page - 1) * A_PAGE)).all()
    return render_template(
        "admin/audit/index.html",
        lines=lines,
        documents=_documents(lines),
        asked=asked,
        bad_days=[name for name, day in (("tu", from_day), ("den", until_day)) if asked[name] and day is None],
        actions=sorted(
            ((action, said(action)) for action in queries.actions_in_trail(current_actor())), key=lambda pair: pair[1]
        ),
        said_act=said,
        told=told,
        columns=[
            heading(gettext("When")),
            heading(gettext("Who")),
            heading(gettext("For whom")),
            heading(gettext("What")),
            heading(gettext("Document")),
            heading(gettext("Facts")),
        ],
        total=total,
        page=page,
        last=last,
        url_of=lambda number: address(trang=number),
        only=lambda subject: address(**{"ho-so": subject, "trang": None}),
        csv_url=address(dang="csv", trang=None),
    )


def _documents(lines: Any) -> dict[str, Document]:
    return named((line[0] for line in lines), current_actor())


def _unit(documents: dict[str, Document], subject: str) -> Unit | None:
    return documents[subject].unit if subject in documents else None


def _day(text: str) -> date | None:
    """Read a day typed dd/mm/yyyy, or given by a browser's own field as yyyy-mm-dd."""
    for parts in (text.split("/")[::-1], text.split("-")):
        if len(parts) == 3 and all(part.isascii() and part.isdigit() for part in parts):
            try:
                return date(*map(int, parts))
            except ValueError:
                return None
    return None


def _as_csv(lines: Any) -> Response:
    header = [
        gettext("When"),
        gettext("Who"),
        gettext("For whom"),
        gettext("By the office"),
        gettext("What"),
        gettext("Document"),
        gettext("Its name"),
        gettext("Facts"),
    ]
    documents = _documents(lines)
    return csv_file(
        "nhat-ky",
        header,
        (
            [
                f"{entry.at.astimezone(VIETNAM):%Y-%m-%d %H:%M:%S}",
                row.person or gettext("The system"),
                said_name(row, "organisation") if row.organisation_vi else "",
                said_name(row, "office") if row.office_vi else "",
                said(entry.action),
                entry.subject,
                documents[entry.subject].words if entry.subject in documents else "",
                "; ".join(f"{name}: {value}" for name, value in told(entry.facts, _unit(documents, entry.subject))),
            ]
            for row in lines
            for entry in (row[0],)
        ),
    )
