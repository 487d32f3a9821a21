"""Sales points: the office's list of those it looks after; opening, changing and closing one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext, lazy_gettext
from flask_wtf.file import FileField
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response as Answer
from wtforms.validators import Optional

from accounts import queries as organisations
from accounts.actor import Permission
from accounts.models import Organisation, OrganisationKind
from accounts.web.forms import (
    BaseForm,
    ParsedField,
    RequestKey,
    answer_status,
    choice,
    line,
    paragraphs,
    set_choices,
    show_refusal,
)
from accounts.web.guard import current_actor, requires
from admin.listing import address, asks_for_csv, csv_file, heading, order_asked, page_asked
from admin.saying import said
from consignment import points, queries
from consignment.models import SalesPoint
from kernel import clock, media, replays
from kernel.db import db, transaction
from kernel.errors import DomainError

blueprint = Blueprint("sales_points", __name__, url_prefix="/quan-tri/diem-ban")

A_PAGE = 50


class PercentField(ParsedField):
    """A share in per cent, with at most two digits after the mark; its data is an ``int`` of basis points."""

    def parse(self, text: str) -> int:
        whole, _, rest = text.removesuffix("%").strip().replace(",", ".").partition(".")
        if not (whole.isascii() and whole.isdecimal() and len(whole) <= 3) or not (
            rest == "" or (rest.isascii() and rest.isdecimal() and len(rest) <= 2)
        ):
            raise ValueError(gettext("Write a share between 0 and 100, for example 7.5."))
        share = int(whole) * 100 + int(rest.ljust(2, "0"))
        if share > 10_000:
            raise ValueError(gettext("Write a share between 0 and 100, for example 7.5."))
        return share

    def write(self, value: int) -> str:
        return percent(value)


def percent(basis_points: int) -> str:
    """Write basis points as per cent, in the reader's way: 750 is 7,5 or 7.5."""
    whole, rest = divmod(basis_points, 100)
    mark = "." if str(get_locale()) == "en" else ","
    return f"{whole}{mark}{rest:02d}".rstrip("0") if rest else str(whole)


class PointForm(BaseForm):
    """What the public page of a sales point says."""

    name_vi = line(lazy_gettext("Name"), longest=160)
    name_en = line(lazy_gettext("Name in English"), longest=160, required=False)
    hours_vi = line(
        lazy_gettext("Opening hours"),
        longest=120,
        required=False,
        description=lazy_gettext("For example: 7:00–17:30 every day"),
    )
    hours_en = line(lazy_gettext("Opening hours in English"), longest=120, required=False)
    village = line(lazy_gettext("Village or hamlet"), longest=120, required=False)
    about_vi = paragraphs(lazy_gettext("About the sales point"))
    about_en = paragraphs(lazy_gettext("About the sales point, in English"))
    commission = PercentField(
        lazy_gettext("Commission"), description=lazy_gettext("Share of the price the sales point keeps; 0 if none.")
    )
    photo = FileField(
        lazy_gettext("Photo"),
        [Optional()],
        description=lazy_gettext("JPEG, PNG, WebP or HEIC, at most 20 MB. Where it was taken is removed from it."),
    )
    alt_vi = line(
        lazy_gettext("What the photo shows"),
        longest=200,
        required=False,
        description=lazy_gettext("Read out to people who cannot see it. For example: “Quầy hàng nhìn từ cửa vào”."),
    )
    alt_en = line(lazy_gettext("What it shows, in English"), longest=200, required=False)

    def prepared(self) -> media.PreparedPicture | None:
        """Check and clean the photo that was sent, if one was; a refusal belongs beside its field."""
        if not self.photo.data:
            return None
        try:
            return media.prepare_picture(self.photo.data.read())
        except DomainError as refusal:
            refusal.field = "photo"
            raise

    def to_profile(self, picture: str | None) -> points.PointProfile:
        """Give what was typed as plain values; ``picture`` is the digest of the photo kept."""
        return points.PointProfile(
            name_vi=self.name_vi.data,
            name_en=self.name_en.data or "",
            about_vi=self.about_vi.data or "",
            about_en=self.about_en.data or "",
            hours_vi=self.hours_vi.data or "",
            hours_en=self.hours_en.data or "",
            village=self.village.data or "",
            commission_bp=self.commission.data or 0,
            picture=picture,
            picture_alt_vi=self.alt_vi.data or "",
            picture_alt_en=self.alt_en.data or "",
        )


class NewPointForm(PointForm):
    """A sales point that is opened: whose it is, and in which village."""

    organisation = choice(lazy_gettext("Organisation that runs it"), empty=lazy_gettext("Please choose"))
    request_key = RequestKey()


_ORDERS: dict[str, Any] = {"ten": SalesPoint.name_vi, "ngay": SalesPoint.created_at}


@blueprint.get("")
@requires(Permission.MANAGE_ORGANISATIONS)
def index() -> str | Response:
    """List the sales points of the office's jurisdiction."""
    words = request.args.get("q", "").strip()[:100]
    order = order_asked(tuple(_ORDERS), "ten")
    found = queries.points_visible_to(current_actor())
    if words:
        found = found.where(SalesPoint.name_vi.icontains(words, autoescape=True))
    total = int(db.session.scalar(select(func.count()).select_from(found.subquery())) or 0)
    column = _ORDERS[order[0]]
    ordered = found.options(joinedload(SalesPoint.organisation)).order_by(
        column.desc() if order[1] else column.asc(), SalesPoint.id
    )
    if asks_for_csv():
        return _as_csv(list(db.session.scalars(ordered)))
    last = max(1, -(-total // A_PAGE))
    page = min(page_asked(), last)
    return render_template(
        "admin/sales_points/index.html",
        rows=list(db.session.scalars(ordered.limit(A_PAGE).offset((page - 1) * A_PAGE))),
        total=total,
        words=words,
        percent=percent,
        columns=[
            heading(gettext("Name"), "ten", order),
            heading(gettext("Organisation")),
            heading(gettext("Commission"), number=True),
            heading(gettext("Since"), "ngay", order),
            heading(gettext("State")),
        ],
        page=page,
        last=last,
        url_of=lambda number: address(trang=number),
        csv_url=address(dang="csv", trang=None),
        keep={name: request.args[name] for name in ("sap-xep",) if name in request.args},
    )


def _as_csv(rows: list[SalesPoint]) -> Response:
    header = [gettext("Name"), gettext("Organisation"), gettext("Commission"), gettext("Since"), gettext("State")]
    return csv_file(
        "diem-ban",
        header,
        (
            (
                row.name_vi,
                row.organisation.name_vi,
                percent(row.commission_bp),
                f"{clock.business_date(row.created_at):%d/%m/%Y}",
                gettext("Open") if row.is_open else gettext("Closed"),
            )
            for row in rows
        ),
    )


@blueprint.route("/moi", methods=["GET", "POST"])
@requires(Permission.MANAGE_ORGANISATIONS)
def new() -> tuple[str, int] | Answer:
    """Open a counter of a sales-point organisation."""
    actor = current_actor()
    keepers = list(
        db.session.scalars(
            organisations.organisations_found(actor, kind=OrganisationKind.SALES_POINT, active=True).order_by(
                Organisation.sort_key, Organisation.id
            )
        )
    )
    form = NewPointForm(data={"organisation": request.args.get("to-chuc"), "commission": 0})
    set_choices(form.organisation, {row.code: said(row, "name") for row in keepers}, empty=gettext("Please choose"))
    if form.validate_on_submit():
        now = clock.now()
        try:
            prepared = form.prepared()
            with transaction():
                slug = replays.claim(actor.user_id, form.request_key.data, now=now)
                if slug is None:
                    keeper = organisations.get_organisation(actor, form.organisation.data)
                    profile = form.to_profile(media.keep_picture(prepared, now=now) if prepared else None)
                    slug = points.open_point(keeper, profile, actor=actor, now=now).slug
                    replays.answer(actor.user_id, form.request_key.data, slug)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("The sales point is open: producers can send goods to it."), "good")
            return redirect(url_for("sales_points.index"), 303)
    return render_template("admin/sales_points/new.html", form=form, keepers=keepers), answer_status(form)


@blueprint.route("/<slug>", methods=["GET", "POST"])
@requires(Permission.MANAGE_ORGANISATIONS)
def change(slug: str) -> tuple[str, int] | Answer:
    """Change what the page of a sales point says."""
    actor = current_actor()
    point = queries.get_point(actor, slug)
    form = PointForm(
        data={
            **{
                name: getattr(point, name)
                for name in ("name_vi", "name_en", "hours_vi", "hours_en", "about_vi", "about_en")
            },
            "commission": point.commission_bp,
            "village": point.location.place.village if point.location.place else "",
            "alt_vi": point.picture_alt_vi,
            "alt_en": point.picture_alt_en,
        }
    )
    if form.validate_on_submit():
        now = clock.now()
        try:
            prepared = form.prepared()
            with transaction():
                profile = form.to_profile(media.keep_picture(prepared, now=now) if prepared else None)
                point = queries.get_point(actor, slug)
                points.change(point, profile, is_open=point.is_open, actor=actor, now=now)
        except DomainError as refusal:
            show_refusal(form, refusal)
            point = queries.get_point(actor, slug)
        else:
            flash(gettext("The sales point is saved."), "good")
            return redirect(url_for("sales_points.change", slug=point.slug), 303)
    picture = media.pictures([point.picture]).get(point.picture) if point.picture else None
    page = render_template("admin/sales_points/change.html", form=form, point=point, picture_of=picture)
    return page, answer_status(form)


@blueprint.route("/<slug>/dong", methods=["GET", "POST"])
@requires(Permission.MANAGE_ORGANISATIONS)
def close(slug: str) -> str | Answer:
    """Ask, then close a sales point: no new note goes to it."""
    point = queries.get_point(current_actor(), slug)
    if request.method == "GET":
        return render_template("admin/sales_points/close.html", point=point)
    _set_open(slug, is_open=False)
    flash(gettext("The sales point is closed."), "good")
    return redirect(url_for("sales_points.change", slug=slug), 303)


@blueprint.post("/<slug>/mo-lai")
@requires(Permission.MANAGE_ORGANISATIONS)
def reopen(slug: str) -> Answer:
    """Open a closed sales point again."""
    _set_open(slug, is_open=True)
    flash(gettext("The sales point is open: producers can send goods to it."), "good")
    return redirect(url_for("sales_points.change", slug=slug), 303)


def _set_open(slug: str, *, is_open: bool) -> None:
    actor = current_actor()
    with transaction():
        point = queries.get_point(actor, slug)
        told = {
            name: getattr(point, name)
            for name in (
                "name_vi",
                "name_en",
                "about_vi",
                "about_en",
                "hours_vi",
                "hours_en",
                "commission_bp",
                "picture_alt_vi",
                "picture_alt_en",
            )
        }
        points.change(point, points.PointProfile(**told), is_open=is_open, actor=actor, now=clock.now())
