"""Working on behalf of a producer who has no computer: whom, on which consent, and for how long."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from accounts import consents, queries
from accounts.actor import Permission
from accounts.labels import CHANNELS
from accounts.models import Consent, Organisation, OrganisationKind
from accounts.web.forms import BaseForm, answer_status, choice, line, set_choices, show_refusal
from accounts.web.guard import current_actor, forget_actor, requires
from admin.listing import address, heading, page_asked
from admin.saying import said
from kernel import audit, clock
from kernel.db import db, transaction
from kernel.errors import N_, Conflict, DomainError

blueprint = Blueprint("acting", __name__, url_prefix="/quan-tri")

A_PAGE = 50


class NoActiveProducer(Conflict):
    message = N_("One can only work for a producer that is active.")


class ConsentForm(BaseForm):
    """How the producer agreed that officers work for them."""

    channel = choice(lazy_gettext("How they agreed"))
    paper = line(lazy_gettext("Number of the signed paper"), longest=60, required=False)


@blueprint.get("/lam-thay")
@requires(Permission.ACT_FOR_PRODUCERS)
def index() -> str:
    """List the producers one may work for."""
    actor = current_actor()
    words = request.args.get("q", "")[:100]
    found = queries.organisations_found(actor, words=words, kind=OrganisationKind.PRODUCER, active=True)
    total = int(db.session.scalar(select(func.count()).select_from(found.subquery())) or 0)
    last = max(1, -(-total // A_PAGE))
    page = min(page_asked(), last)
    ordered = found.order_by(Organisation.sort_key, Organisation.id)
    rows = list(db.session.scalars(ordered.limit(A_PAGE).offset((page - 1) * A_PAGE)))
    agreed = set(
        db.session.scalars(
            select(Consent.organisation_id).where(
                Consent.organisation_id.in_([row.id for row in rows]),
                Consent.purpose == "officer_acts",
                Consent.withdrawn_at.is_(None),
            )
        )
    )
    return render_template(
        "admin/acting/index.html",
        rows=rows,
        agreed=agreed,
        words=words,
        columns=[heading(gettext("Producer")), heading(gettext("Commune")), heading(gettext("Consent"))],
        page=page,
        last=last,
        url_of=lambda number: address(trang=number),
    )


@blueprint.route("/lam-thay/<code>", methods=["GET", "POST"])
@requires(Permission.ACT_FOR_PRODUCERS)
def start(code: str) -> tuple[str, int] | Response:
    """Begin to work for a producer; the first time, record that they agree."""
    actor = current_actor()
    producer = queries.get_organisation(actor, code)
    if producer.kind is not OrganisationKind.PRODUCER or not producer.is_active:
        raise NoActiveProducer()
    form = ConsentForm()
    ways = {way: gettext(label) for way, label in CHANNELS.items() if way != "screen"}
    set_choices(form.channel, ways, empty=gettext("Please choose"))
    agreed, agreed_text = consents.stands(producer.id, "officer_acts"), consents.text_of("officer_acts")
    if request.method == "POST" and (agreed or form.validate_on_submit()):
        now = clock.now()
        try:
            with transaction():
                if not agreed:
                    consents.give(
                        actor,
                        producer,
                        "officer_acts",
                        channel=form.channel.data,
                        paper=form.paper.data or "",
                        now=now,
                    )
                audit.record(actor, "accounts.start_acting", f"organisation:{producer.code}", now=now)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            session["acting_for"] = producer.id
            forget_actor()
            return redirect(url_for("dashboard.show"), 303)
    return render_template(
        "admin/acting/start.html",
        form=form,
        producer=producer,
        agreed=agreed,
        text=gettext(agreed_text),
    ), answer_status(form)


@blueprint.post("/thoi-lam-thay")
@requires(Permission.USE_BACK_OFFICE)
def stop() -> Response:
    """Work for one's own office again."""
    actor = current_actor()
    session.pop("acting_for", None)
    forget_actor()
    if actor.is_acting:
        with transaction():
            audit.record(actor, "accounts.stop_acting", f"organisation:{actor.organisation_code}", now=clock.now())
        flash(gettext("You no longer act for %(name)s.", name=said(actor, "organisation_name")), "good")
    return redirect(url_for("dashboard.show"), 303)
