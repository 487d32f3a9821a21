"""Certificates: the office issues and revokes them, a producer reads its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField
from werkzeug.wrappers import Response as Answer
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Optional

from accounts.actor import Actor, Permission
from accounts.models import Organisation
from accounts.web.forms import (
    BaseForm,
    DayField,
    RequestKey,
    answer_status,
    choice,
    line,
    paragraphs,
    show_refusal,
)
from accounts.web.guard import current_actor, requires
from admin import listing
from admin.saying import said
from catalog import queries as products
from catalog.models import Product, ProductVersion
from catalog.queries import known_version
from kernel import clock, media, replays
from kernel.db import db, transaction
from kernel.errors import DomainError, InvalidInput
from ocop import certification, labels, queries
from ocop.certification import CertificateState
from ocop.queries import Row

blueprint = Blueprint("certificates", __name__, url_prefix="/quan-tri/chung-nhan")

#: States in addresses, in the order of the tabs.
STATES = {
    "hieu-luc": CertificateState.VALID,
    "sap-het-han": CertificateState.EXPIRING,
    "het-han": CertificateState.EXPIRED,
    "thu-hoi": CertificateState.REVOKED,
    "chua-hieu-luc": CertificateState.NOT_YET,
}


class IssueForm(BaseForm):
    """What stands in a decision of recognition."""

    product = choice(lazy_gettext("Product"), empty=lazy_gettext("Choose a product"))
    number = line(
        lazy_gettext("Number of the certificate"),
        longest=certification.LONGEST_NUMBER,
        description=lazy_gettext(
            "Capital letters without marks, digits and hyphens, for example QNG-2026-014. It stands in the address of"
            " its page and never changes."
        ),
        filters=[lambda text: text.upper() if isinstance(text, str) else text],
    )
    stars = RadioField(lazy_gettext("Stars"), [DataRequired()], coerce=lambda text: text and str(text))
    decision_number = line(
        lazy_gettext("Number of the decision"),
        longest=80,
        description=lazy_gettext("As it stands on the decision; one decision may cover several products."),
    )
    issuer = line(lazy_gettext("Issued by"), longest=certification.LONGEST_LINE)
    issued_on = DayField(lazy_gettext("Day of the decision"), [DataRequired()])
    paper = FileField(
        lazy_gettext("The decision or certificate as a file"),
        [Optional()],
        description=lazy_gettext("PDF, JPEG, PNG or WebP, at most 20 MB. Everybody can open it."),
    )
    request_key = RequestKey()


class RevokeForm(BaseForm):
    """Why and when a certificate was taken away."""

    revoked_on = DayField(lazy_gettext("Day of the decision to revoke it"), [DataRequired()])
    reason = paragraphs(
        lazy_gettext("Why it is revoked"), longest=certification.LONGEST_REASON, required=True, render_kw={"rows": 4}
    )


# --- The list ---------------------------------------------------------------------------------------------


@blueprint.get("")
@requires(Permission.READ_CERTIFICATES)
def index() -> str | Response:
    """List the certificates one may see, by state, searched, sorted, as a file."""
    actor, today = current_actor(), clock.business_date(clock.now())
    words = request.args.get("q", "").strip()[:100]
    state = STATES.get(request.args.get("tinh-trang", ""))
    order = listing.order_asked(tuple(queries.SORTS), "-issued")
    as_file = listing.asks_for_csv()
    found = queries.list_certificates(
        actor,
        on=today,
        words=words,
        state=state,
        sort=order[0],
        descending=order[1],
        page=1 if as_file else listing.page_asked(),
        per_page=1_000_000 if as_file else queries.PER_PAGE,
    )
    if as_file:
        return _as_csv(found.rows)
    tabs = [_tab(gettext("All"), None, state, found.counts[None])]
    tabs += [
        _tab(gettext(labels.STATES[one]), word, state, found.counts[one])
        for word, one in STATES.items()
        if found.counts[one] or one is state or one in (CertificateState.EXPIRING, CertificateState.EXPIRED)
    ]
    columns = [
        listing.heading(gettext("Number"), "number", order),
        listing.heading(gettext("Product"), "product", order),
        listing.heading(gettext("Producer"), "producer", order),
        listing.heading(gettext("Stars"), "stars", order),
        listing.heading(gettext("Issued on"), "issued", order),
        listing.heading(gettext("Valid until"), "expires", order),
        listing.heading(gettext("State")),
    ]
    return render_template(
        "admin/certificates/index.html",
        found=found,
        rows=[(row, *_told(row)) for row in found.rows],
        tabs_of_state=tabs,
        columns=columns,
        words=words,
        narrowed=bool(words or state),
        may_issue=actor.may(Permission.MANAGE_CERTIFICATES),
        is_office=actor.is_office,
        url_of=lambda number: listing.address(trang=number),
        csv_url=listing.address(dang="csv", trang=None),
        keep={name: request.args[name] for name in ("tinh-trang", "sap-xep") if name in request.args},
    )


def _tab(label: str, word: str | None, state: CertificateState | None, count: int) -> dict[str, Any]:
    url = listing.address(**{"tinh-trang": word, "trang": None})
    return {"label": label, "url": url, "current": STATES.get(word or "") is state, "count": count}


def _told(row: Row) -> tuple[CertificateState, str, str]:
    standing = certification.state(row.certificate, clock.business_date(clock.now()))
    return standing, gettext(labels.STATES[standing]), labels.TONES[standing]


def _as_csv(rows: Iterable[Row]) -> Response:
    header = [
        gettext("Number"),
        gettext("Product"),
        gettext("Producer"),
        gettext("Stars"),
        gettext("Number of the decision"),
        gettext("Issued by"),
        gettext("Issued on"),
        gettext("Valid until"),
        gettext("State"),
        gettext("Why it is revoked"),
    ]
    return listing.csv_file(
        "chung-nhan",
        header,
        (
            (
                row.certificate.number,
                row.product_vi,
                row.producer_vi,
                row.certificate.stars,
                row.certificate.decision_number,
                row.certificate.issuer,
                f"{row.certificate.issued_on:%d/%m/%Y}",
                f"{row.certificate.last_day:%d/%m/%Y}",
                _told(row)[1],
                row.certificate.revocation_reason,
            )
            for row in rows
        ),
    )


# --- Issue ------------------------------------------------------------------------------------------------


@blueprint.route("/moi", methods=["GET", "POST"])
@requires(Permission.MANAGE_CERTIFICATES)
def issue() -> str | tuple[str, int] | Answer:
    """Enter a certificate of a product of the office's jurisdiction."""
    actor = current_actor()
    form = IssueForm()
    offered = _products(actor)
    _offer(form, offered)
    if not form.is_submitted():
        wanted = next((row for row in offered if row[1] == request.args.get("san-pham")), None)
        form.product.data = str(wanted[0]) if wanted else None
    if form.validate_on_submit():
        now = clock.now()
        product = products.get_product(actor, int(form.product.data))
        try:
            with transaction():
                number = replays.claim(actor.user_id, form.request_key.data, now=now)
                if number is None:
                    issued_on: Any = form.issued_on.data
                    made = certification.issue(
                        product,
                        number=form.number.data,
                        stars=int(form.stars.data),
                        decision_number=form.decision_number.data,
                        issuer=form.issuer.data,
                        issued_on=issued_on,
                        document=_paper(form, now),
                        actor=actor,
                        now=now,
                    )
                    number = made.number
                    replays.answer(actor.user_id, form.request_key.data, number)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("Certificate %(number)s is issued: its stars show in the shop now.", number=number), "good")
            return redirect(url_for("certificates.show", number=number), 303)
    page = render_template("admin/certificates/issue.html", form=form, has_products=bool(offered))
    return page, answer_status(form)


def _products(actor: Actor) -> list[tuple[int, str, str, str]]:
    """List what a certificate can be of: (id, slug, product, producer), by producer."""
    version = known_version()
    query = products.visible_to(actor)
    rows = db.session.execute(
        query.with_only_columns(Product.id, Product.slug, ProductVersion, Organisation)
        .join(ProductVersion, ProductVersion.id == version)
        .join(Organisation, Organisation.id == Product.producer_id)
        .order_by(Organisation.sort_key, Organisation.id, ProductVersion.sort_key, Product.id)
    )
    return [(id, slug, said(version, "name"), said(producer, "name")) for id, slug, version, producer in rows]


def _offer(form: IssueForm, offered: list[tuple[int, str, str, str]]) -> None:
    form.product.choices = [
        SelectChoice(value="", label=gettext("Choose a product")),
        *(SelectChoice(value=str(id), label=name, optgroup=producer) for id, _, name, producer in offered),
    ]
    form.stars.choices = [(str(stars), gettext("%(stars)s stars", stars=stars)) for stars in (3, 4, 5)]


def _paper(form: IssueForm, now: Any) -> str | None:
    file = form.paper.data
    if not file or not file.filename:
        return None
    try:
        return media.store_document(file.read(), file.filename, now=now)
    except InvalidInput as refusal:
        refusal.field = "paper"
        raise


# --- One certificate --------------------------------------------------------------------------------------


@blueprint.get("/<number>")
@requires(Permission.READ_CERTIFICATES)
def show(number: str) -> str:
    """Show a certificate."""
    actor = current_actor()
    row = queries.get_certificate(actor, number)
    standing, words, tone = _told(row)
    return render_template(
        "admin/certificates/show.html",
        row=row,
        certificate=row.certificate,
        standing=standing,
        words=words,
        tone=tone,
        may_revoke=actor.may(Permission.MANAGE_CERTIFICATES) and standing is not CertificateState.REVOKED,
    )


@blueprint.route("/<number>/thu-hoi", methods=["GET", "POST"])
@requires(Permission.MANAGE_CERTIFICATES)
def revoke(number: str) -> str | tuple[str, int] | Answer:
    """Ask why, and take a certificate away."""
    actor, now = current_actor(), clock.now()
    row = queries.get_certificate(actor, number)
    form = RevokeForm(data={"revoked_on": clock.business_date(now)})
    if form.validate_on_submit():
        try:
            with transaction():
                certificate = queries.get_certificate(actor, number).certificate
                certification.revoke(
                    certificate, reason=form.reason.data, revoked_on=form.revoked_on.data, actor=actor, now=now
                )
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(
                gettext("Certificate %(number)s is revoked. Its stars are gone from the shop.", number=number), "good"
            )
            return redirect(url_for("certificates.show", number=number), 303)
    stands = certification.state(row.certificate, clock.business_date(now)).stands
    page = render_template("admin/certificates/revoke.html", form=form, row=row, stands=stands)
    return page, answer_status(form)
