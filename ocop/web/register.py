"""The public register: a page for every certificate, whatever its state, and a list to search."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from accounts.web.guard import public
from kernel import clock, pages
from kernel.text import one_line
from ocop import labels, queries
from ocop.certification import CertificateState, state

blueprint = Blueprint("register", __name__, url_prefix="/chung-nhan")

LONGEST_SEARCH = 80
#: States in addresses.
STATES = {
    "hieu-luc": CertificateState.VALID,
    "sap-het-han": CertificateState.EXPIRING,
    "het-han": CertificateState.EXPIRED,
    "thu-hoi": CertificateState.REVOKED,
}


@blueprint.get("")
@public
def index() -> str:
    """List the register, searched by product, producer, number or decision, by state."""
    pages.depends_on(pages.SHOP)
    today = clock.business_date(clock.now())
    words = one_line(request.args.get("q", ""))[:LONGEST_SEARCH]
    chosen = STATES.get(request.args.get("tinh-trang", ""))
    number = request.args.get("trang", "1")
    page = int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 1
    found = queries.public_register(on=today, words=words, state=chosen, page=page)
    return render_template(
        "ocop/register/index.html",
        found=found,
        words=words,
        rows=[(row, *_state(row, today)) for row in found.rows],
        tabs=[
            _tab(gettext("All"), None, chosen, found.counts[None]),
            *(_tab(gettext(labels.STATES[one]), word, chosen, found.counts[one]) for word, one in STATES.items()),
        ],
        keep={"tinh-trang": request.args["tinh-trang"]} if chosen else {},
        url_of=lambda wanted: _address(trang=wanted),
    )


@blueprint.get("/<number>")
@public
def show(number: str) -> str | Response:
    """Show a certificate: what it recognised, and what it is worth today."""
    if number != number.upper():
        return redirect(f"/chung-nhan/{number.upper()}", 301)
    row = queries.public_certificate(number)
    pages.depends_on(pages.product(row.product_id), pages.organisation(row.producer_id), pages.SHOP)
    today = clock.business_date(clock.now())
    standing, words, tone = _state(row, today)
    return render_template(
        "ocop/register/show.html",
        row=row,
        certificate=row.certificate,
        standing=standing,
        words=words,
        tone=tone,
        is_sample=row.certificate.is_sample or number.startswith("MAU-"),
    )


def _state(row: queries.Row, today: Any) -> tuple[CertificateState, str, str]:
    standing = state(row.certificate, today)
    return standing, gettext(labels.STATES[standing]), labels.TONES[standing]


def _tab(label: str, word: str | None, chosen: CertificateState | None, count: int) -> dict[str, Any]:
    url = _address(**{"tinh-trang": word, "trang": None})
    return {"label": label, "url": url, "current": STATES.get(word or "") is chosen, "count": count}


def _address(**changes: str | int | None) -> str:
    with_query: Any = current_app.jinja_env.globals["with_query"]
    return str(with_query(**changes))
