"""Organisations: the office's list of those it looks after; everybody's own profile and places."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy import func, select
from werkzeug.wrappers import Response as BaseResponse
from wtforms import BooleanField, SelectMultipleField, StringField
from wtforms.validators import DataRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from accounts import consents, organisations, queries, signing_in
from accounts.actor import Permission
from accounts.labels import CHANNELS, KINDS, LEGAL_FORMS, PLACE_KINDS, PURPOSES
from accounts.models import LegalForm, Organisation, OrganisationKind, Place, PlaceKind
from accounts.web.forms import (
    BaseForm,
    RequestKey,
    answer_status,
    choice,
    choices_of,
    email_field,
    line,
    paragraphs,
    phone_field,
    set_choices,
    show_refusal,
)
from accounts.web.guard import current_actor, requires
from admin.listing import address, asks_for_csv, csv_file, heading, order_asked, page_asked
from admin.saying import said, unit
from kernel import clock, replays
from kernel.db import db, transaction
from kernel.errors import N_, DomainError

blueprint = Blueprint("organisations", __name__, url_prefix="/quan-tri/to-chuc")

A_PAGE = 50
BOTH = (Permission.MANAGE_ORGANISATIONS, Permission.MANAGE_OWN_PEOPLE)
CHOOSE = lazy_gettext("Please choose")


class ProfileForm(BaseForm):
    """What is told of an organisation."""

    name_vi = line(lazy_gettext("Name"), description=lazy_gettext("As on its registration."))
    name_en = line(lazy_gettext("Name in English"), required=False)
    legal_form = choice(lazy_gettext("Legal form"), empty=CHOOSE)
    commune = choice(lazy_gettext("Commune"), empty=lazy_gettext("Choose a commune"))
    address = line(lazy_gettext("Street and number, or village"), required=False)
    phone = phone_field(lazy_gettext("Telephone number"))
    email = email_field(lazy_gettext("E-mail"))
    tax_code = line(
        lazy_gettext("Tax code"),
        longest=20,
        required=False,
        description=lazy_gettext("10 digits, 13 for a branch, or the 12 digits of a household's personal number."),
    )
    gs1_prefix = line(
        lazy_gettext("GS1 company prefix"),
        longest=12,
        required=False,
        description=lazy_gettext("Only if it has its own bar codes, for example 893…"),
    )
    story_vi = paragraphs(
        lazy_gettext("Story"), description=lazy_gettext("Who they are and how they work; shown in public.")
    )
    story_en = paragraphs(lazy_gettext("Story in English"))
    wants_checkpoints = BooleanField(
        lazy_gettext("Send us the signed log every day"),
        description=lazy_gettext(
            "With these letters you can show later that nothing was changed. To the address above."
        ),
    )

    def to_profile(self) -> organisations.Profile:
        """Give what was typed as plain values."""
        return organisations.Profile(
            legal_form=LegalForm(self.legal_form.data),
            name_vi=self.name_vi.data,
            name_en=self.name_en.data or "",
            commune=self.commune.data,
            address=self.address.data or "",
            phone=self.phone.data,
            email=self.email.data,
            tax_code=self.tax_code.data or None,
            gs1_prefix=self.gs1_prefix.data or None,
            story_vi=self.story_vi.data or "",
            story_en=self.story_en.data or "",
            wants_checkpoints=self.wants_checkpoints.data,
        )


_TOLD = (
    "name_vi",
    "name_en",
    "legal_form",
    "address",
    "phone",
    "email",
    "tax_code",
    "gs1_prefix",
    "story_vi",
    "story_en",
    "wants_checkpoints",
)


class NewOrganisationForm(ProfileForm):
    """An organisation that is entered: its kind and its code are settled now, for good."""

    kind = choice(lazy_gettext("What it is"), empty=CHOOSE)
    code = StringField(
        lazy_gettext("Code"),
        [DataRequired(), Length(max=6)],
        description=lazy_gettext(
            "4 to 6 small letters or digits, without marks, for example htxbd. It stands in the addresses of its"
            " batches: it never changes."
        ),
        filters=[lambda text: text.lower() if isinstance(text, str) else text],
    )
    request_key = RequestKey()


class PhoneConsentForm(BaseForm):
    """How an organisation agreed that its telephone number is shown."""

    channel = choice(lazy_gettext("How they agreed"), empty=CHOOSE)
    paper = line(lazy_gettext("Number of the signed paper"), longest=60, required=False)


#: By whom a producer is led: what the address says → the fact (``accounts.consents.LED``).
LED = {"phu-nu": "woman_led", "dan-toc-thieu-so": "minority_led", "thanh-nien": "youth_led"}
LED_TITLES = {
    "woman_led": N_("Led by a woman"),
    "minority_led": N_("Led by a member of an ethnic minority"),
    "youth_led": N_("Led by young people"),
}


class PlaceForm(BaseForm):
    """A place of an organisation."""

    kind = choice(lazy_gettext("What it is"), empty=CHOOSE)
    name_vi = line(lazy_gettext("Name"), longest=120)
    name_en = line(lazy_gettext("Name in English"), longest=120, required=False)
    commune = choice(lazy_gettext("Commune"), empty=lazy_gettext("Choose a commune"))
    village = line(lazy_gettext("Village or hamlet"), longest=120, required=False)
    lat = line(lazy_gettext("Latitude"), longest=20, required=False)
    lon = line(lazy_gettext("Longitude"), longest=20, required=False)
    agrees = choice(
        lazy_gettext("How they agreed that the point is shown"),
        required=False,
        empty=lazy_gettext("There is no point, or no consent"),
    )
    gln = line(lazy_gettext("GLN"), longest=20, required=False)
    request_key = RequestKey()

    def to_spot(self) -> organisations.Spot:
        """Give what was typed as plain values."""
        return organisations.Spot(
            kind=PlaceKind(self.kind.data),
            name_vi=self.name_vi.data,
            name_en=self.name_en.data or "",
            commune=self.commune.data,
            village=self.village.data or "",
            lat=self.lat.data or None,
            lon=self.lon.data or None,
            gln=self.gln.data or None,
        )


class JurisdictionForm(BaseForm):
    """What an office looks after."""

    units = SelectMultipleField(
        lazy_gettext("Looks after"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )


# --- The list ---------------------------------------------------------------------------------------

_ORDERS: dict[str, Any] = {
    "ten": Organisation.sort_key,
    "ma": Organisation.code,
    "xa": Organisation.commune_code,
    "ngay": Organisation.created_at,
}


@blueprint.get("")
@requires(Permission.MANAGE_ORGANISATIONS)
def index() -> str | Response:
    """List the organisations of the office's jurisdiction."""
    actor = current_actor()
    words = request.args.get("q", "")[:100]
    kind = next((kind for kind in OrganisationKind if kind.value == request.args.get("loai")), None)
    active = {"dang": True, "ngung": False}.get(request.args.get("tinh-trang", ""))
    order = order_asked(tuple(_ORDERS), "ten")
    found = queries.organisations_found(actor, words=words, kind=kind, active=active)
    total = int(db.session.scalar(select(func.count()).select_from(found.subquery())) or 0)
    column = _ORDERS[order[0]]
    ordered = found.order_by(column.desc() if order[1] else column.asc(), Organisation.id)
    if asks_for_csv():
        return _as_csv(list(db.session.scalars(ordered)))
    last = max(1, -(-total // A_PAGE))
    page = min(page_asked(), last)
    rows = list(db.session.scalars(ordered.limit(A_PAGE).offset((page - 1) * A_PAGE)))
    return render_template(
        "admin/organisations/index.html",
        rows=rows,
        total=total,
        words=words,
        narrowed=bool(words or kind or active is not None),
        columns=[
            heading(gettext("Name"), "ten", order),
            heading(gettext("Code"), "ma", order),
            heading(gettext("What it is")),
            heading(gettext("Commune"), "xa", order),
            heading(gettext("Entered on"), "ngay", order),
            heading(gettext("State")),
        ],
        kinds=KINDS,
        kind_tabs=_kind_tabs(kind),
        page=page,
        last=last,
        url_of=lambda number: address(trang=number),
        csv_url=address(dang="csv", trang=None),
        keep={name: request.args[name] for name in ("loai", "tinh-trang", "sap-xep") if name in request.args},
    )


def _kind_tabs(chosen: OrganisationKind | None) -> list[dict[str, Any]]:
    tabs = [{"label": gettext("All"), "url": address(loai=None, trang=None), "current": chosen is None}]
    for kind, label in KINDS.items():
        url = address(loai=kind.value, trang=None)
        tabs.append({"label": gettext(label), "url": url, "current": kind is chosen})
    return tabs


def _as_csv(rows: list[Organisation]) -> Response:
    header = [
        gettext("Code"),
        gettext("Name"),
        gettext("What it is"),
        gettext("Legal form"),
        gettext("Commune"),
        gettext("Street and number, or village"),
        gettext("Telephone number"),
        gettext("E-mail"),
        gettext("Tax code"),
        gettext("State"),
    ]
    return csv_file(
        "to-chuc",
        header,
        (
            [
                row.code,
                row.name_vi,
                gettext(KINDS[row.kind]),
                gettext(LEGAL_FORMS[row.legal_form]),
                row.commune.full_name,
                row.address,
                signing_in.phone_as_written(row.phone) if row.phone else "",
                row.email or "",
                row.tax_code or "",
                gettext("Active") if row.is_active else gettext("Closed"),
            ]
            for row in rows
        ),
    )


# --- One organisation -------------------------------------------------------------------------------


@blueprint.route("/moi", methods=["GET", "POST"])
@requires(Permission.MANAGE_ORGANISATIONS)
def register() -> tuple[str, int] | BaseResponse:
    """Enter an organisation."""
    actor = current_actor()
    form = NewOrganisationForm()
    _offer_profile_choices(form, None)
    kinds = KINDS if queries.is_provincial(actor) else {kind: KINDS[kind] for kind in _TRADE}
    set_choices(form.kind, {kind: gettext(label) for kind, label in kinds.items()}, empty=CHOOSE)
    if form.validate_on_submit():
        now = clock.now()
        try:
            with transaction():
                code = replays.claim(actor.user_id, form.request_key.data, now=now)
                if code is None:
                    made = organisations.register(
                        actor,
                        code=form.code.data,
                        kind=OrganisationKind(form.kind.data),
                        profile=form.to_profile(),
                        now=now,
                    )
                    code = made.code
                    replays.answer(actor.user_id, form.request_key.data, code)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("The organisation is entered. Invite its first people now."), "good")
            return redirect(url_for("organisations.show", code=code), 303)
    return render_template("admin/organisations/register.html", form=form), answer_status(form)


_TRADE = (OrganisationKind.PRODUCER, OrganisationKind.SALES_POINT)


@blueprint.get("/<code>")
@requires(*BOTH)
def show(code: str) -> str:
    """Show an organisation: what is told of it, its places, what it agreed to."""
    actor = current_actor()
    organisation = queries.get_organisation(actor, code)
    may_manage = queries.may_manage(actor, organisation)
    looks_after = organisation.kind not in _TRADE
    agreed = queries.consents_of(organisation.id)
    standing = {row.purpose for row in agreed if row.withdrawn_at is None}
    return render_template(
        "admin/organisations/show.html",
        organisation=organisation,
        kind=gettext(KINDS[organisation.kind]),
        legal_form=gettext(LEGAL_FORMS[organisation.legal_form]),
        phone=signing_in.phone_as_written(organisation.phone) if organisation.phone else None,
        places=queries.places_of(organisation.id),
        place_kinds={kind: gettext(label) for kind, label in PLACE_KINDS.items()},
        consents=agreed,
        led=[
            (whom, gettext(LED_TITLES[fact]), consents.LED[fact] in standing)
            for whom, fact in LED.items()
            if organisation.kind is OrganisationKind.PRODUCER
        ],
        purposes={purpose: gettext(label) for purpose, label in PURPOSES.items()},
        channels={channel: gettext(label) for channel, label in CHANNELS.items()},
        units=queries.units_of(organisation.id) if looks_after else [],
        looks_after=looks_after,
        may_manage=may_manage,
        may_set_units=may_manage and looks_after and queries.is_provincial(actor),
        may_close=may_manage and organisation.id != actor.organisation_id,
        may_act=(
            actor.may(Permission.ACT_FOR_PRODUCERS)
            and organisation.kind is OrganisationKind.PRODUCER
            and organisation.is_active
        ),
        from_list=actor.may(Permission.MANAGE_ORGANISATIONS),
    )


@blueprint.route("/<code>/sua", methods=["GET", "POST"])
@requires(*BOTH)
def change(code: str) -> tuple[str, int] | BaseResponse:
    """Change what is told of an organisation."""
    actor = current_actor()
    organisation = queries.get_manageable(actor, code)
    told = {name: getattr(organisation, name) for name in _TOLD}
    form = ProfileForm(data={**told, "commune": organisation.commune_code})
    _offer_profile_choices(form, organisation)
    if form.validate_on_submit():
        try:
            with transaction():
                organisations.change(actor, organisation, form.to_profile(), now=clock.now())
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("The organisation is saved."), "good")
            return redirect(url_for("organisations.show", code=code), 303)
    return render_template("admin/organisations/change.html", form=form, organisation=organisation), answer_status(form)


def _offer_profile_choices(form: ProfileForm, organisation: Organisation | None) -> None:
    set_choices(form.legal_form, {legal: gettext(label) for legal, label in LEGAL_FORMS.items()}, empty=CHOOSE)
    _offer_communes(form.commune, organisation.commune_code if organisation else None)


def _offer_communes(field: Any, present: str | None, *, whole_province: str | None = None) -> None:
    actor = current_actor()
    units = queries.communes_for(actor, beside=whole_province)
    labels = {row.code: unit(row.full_name) for row in units}
    if present is not None and present not in labels:
        labels = {present: unit(queries.name_of_unit(present)), **labels}
    set_choices(field, labels, empty=gettext("Choose a commune"))


@blueprint.route("/<code>/ngung", methods=["GET", "POST"])
@requires(Permission.MANAGE_ORGANISATIONS)
def deactivate(code: str) -> str | BaseResponse:
    """Ask, then close an organisation."""
    actor = current_actor()
    organisation = queries.get_manageable(actor, code)
    if request.method == "GET":
        return render_template("admin/organisations/deactivate.html", organisation=organisation)
    with transaction():
        organisations.deactivate(actor, organisation, now=clock.now())
    flash(gettext("%(organisation)s is closed.", organisation=said(organisation, "name")), "good")
    return redirect(url_for("organisations.show", code=code), 303)


@blueprint.post("/<code>/mo-lai")
@requires(Permission.MANAGE_ORGANISATIONS)
def reactivate(code: str) -> BaseResponse:
    """Open a closed organisation again."""
    actor = current_actor()
    organisation = queries.get_manageable(actor, code)
    with transaction():
        organisations.reactivate(actor, organisation, now=clock.now())
    flash(gettext("%(organisation)s is open again.", organisation=said(organisation, "name")), "good")
    return redirect(url_for("organisations.show", code=code), 303)


# --- Consents ---------------------------------------------------------------------------------------


@blueprint.route("/<code>/dien-thoai", methods=["GET", "POST"])
@requires(*BOTH)
def show_phone(code: str) -> tuple[str, int] | BaseResponse:
    """Record the consent to show the telephone number, and show it."""
    actor = current_actor()
    organisation = queries.get_manageable(actor, code)
    form = PhoneConsentForm()
    set_choices(form.channel, _channels(organisation), empty=CHOOSE)
    agreed_text = consents.text_of("show_phone")
    if form.validate_on_submit():
        try:
            with transaction():
                organisations.show_phone(
                    actor,
                    organisation,
                    channel=form.channel.data,
                    paper=form.paper.data or "",
                    now=clock.now(),
                )
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("The telephone number is shown in public."), "good")
            return redirect(url_for("organisations.show", code=code), 303)
    return render_template(
        "admin/organisations/show_phone.html",
        form=form,
        organisation=organisation,
        text=gettext(agreed_text),
        phone=signing_in.phone_as_written(organisation.phone) if organisation.phone else None,
    ), answer_status(form)


@blueprint.post("/<code>/dien-thoai/an")
@requires(*BOTH)
def hide_phone(code: str) -> BaseResponse:
    """Take the consent back: the telephone number is hidden at once."""
    actor = current_actor()
    organisation = queries.get_manageable(actor, code)
    with transaction():
        organisations.hide_phone(actor, organisation, now=clock.now())
    flash(gettext("The telephone number is no longer shown."), "good")
    return redirect(url_for("organisations.show", code=code), 303)


@blueprint.route("/<code>/lam-chu/<any('phu-nu','dan-toc-thieu-so','thanh-nien'):whom>", methods=["GET", "POST"])
@requires(*BOTH)
def show_led(code: str, whom: str) -> tuple[str, int] | BaseResponse:
    """Record the consent to show by whom a producer is led, and show it."""
    actor = current_actor()
    organisation = queries.get_manageable(actor, code)
    fact = LED[whom]
    form = PhoneConsentForm()
    set_choices(form.channel, _channels(organisation), empty=CHOOSE)
    if form.validate_on_submit():
        try:
            with transaction():
                organisations.show_led(
                    actor, organisation, fact, channel=form.channel.data, paper=form.paper.data or "", now=clock.now()
                )
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("Buyers who look for it now find the products of this producer."), "good")
            return redirect(url_for("organisations.show", code=code), 303)
    return render_template(
        "admin/organisations/show_led.html",
        form=form,
        organisation=organisation,
        title=gettext(LED_TITLES[fact]),
        text=gettext(consents.text_of(consents.LED[fact])),
    ), answer_status(form)


@blueprint.post("/<code>/rut-dong-y")
@requires(*BOTH)
def withdraw_consent(code: str) -> BaseResponse:
    """Take a consent back, whatever it is for."""
    actor = current_actor()
    organisation = queries.get_manageable(actor, code)
    with transaction():
        organisations.withdraw_consent(actor, organisation, request.form.get("purpose", ""), now=clock.now())
    flash(gettext("The consent is taken back."), "good")
    return redirect(url_for("organisations.show", code=code), 303)


def _channels(organisation: Organisation) -> dict[str, str]:
    """Offer how something can have been agreed: an organisation of one's own agrees on the screen."""
    own = organisation.id == current_actor().organisation_id
    return {channel: gettext(label) for channel, label in CHANNELS.items() if (channel == "screen") == own}


# --- Places -----------------------------------------------------------------------------------------


@blueprint.route("/<code>/dia-diem/moi", methods=["GET", "POST"])
@requires(*BOTH)
def add_place(code: str) -> tuple[str, int] | BaseResponse:
    """Enter a place of an organisation."""
    actor = current_actor()
    organisation = queries.get_manageable(actor, code)
    form = PlaceForm(data={"commune": organisation.commune_code})
    _offer_place_choices(form, organisation, None)
    if form.validate_on_submit():
        now = clock.now()
        try:
            with transaction():
                if replays.claim(actor.user_id, form.request_key.data, now=now) is None:
                    place = organisations.add_place(
                        actor, organisation, form.to_spot(), agrees=form.agrees.data, now=now
                    )
                    replays.answer(actor.user_id, form.request_key.data, place.id)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("The place is entered."), "good")
            return redirect(url_for("organisations.show", code=code), 303)
    return render_template(
        "admin/organisations/place.html", form=form, organisation=organisation, place=None
    ), answer_status(form)


@blueprint.route("/<code>/dia-diem/<int:place_id>", methods=["GET", "POST"])
@requires(*BOTH)
def change_place(code: str, place_id: int) -> tuple[str, int] | BaseResponse:
    """Change what is told of a place."""
    actor = current_actor()
    organisation = queries.get_manageable(actor, code)
    place = queries.get_place(organisation, place_id)
    told = {name: getattr(place, name) for name in ("kind", "name_vi", "name_en", "village", "lat", "lon", "gln")}
    form = PlaceForm(data={**told, "commune": place.commune_code})
    _offer_place_choices(form, organisation, place)
    if form.validate_on_submit():
        try:
            with transaction():
                organisations.change_place(
                    actor, organisation, place, form.to_spot(), agrees=form.agrees.data, now=clock.now()
                )
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("The place is saved."), "good")
            return redirect(url_for("organisations.show", code=code), 303)
    return render_template(
        "admin/organisations/place.html", form=form, organisation=organisation, place=place
    ), answer_status(form)


def _offer_place_choices(form: PlaceForm, organisation: Organisation, place: Place | None) -> None:
    set_choices(form.kind, {kind: gettext(label) for kind, label in PLACE_KINDS.items()}, empty=CHOOSE)
    set_choices(form.agrees, _channels(organisation), empty=gettext("There is no point, or no consent"))
    present = place.commune_code if place else organisation.commune_code
    _offer_communes(form.commune, present, whole_province=organisation.commune_code)


# --- What an office looks after ---------------------------------------------------------------------


@blueprint.route("/<code>/dia-ban", methods=["GET", "POST"])
@requires(Permission.MANAGE_ORGANISATIONS)
def set_jurisdiction(code: str) -> tuple[str, int] | BaseResponse:
    """Say which province or communes an office looks after."""
    actor = current_actor()
    office = queries.get_manageable(actor, code)
    form = JurisdictionForm(data={"units": queries.jurisdiction_of(office.id)})
    form.units.choices = choices_of({row.code: unit(row.full_name) for row in queries.units_for_jurisdiction(actor)})
    if form.validate_on_submit():
        try:
            with transaction():
                organisations.set_jurisdiction(actor, office, form.units.data or [], now=clock.now())
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            flash(gettext("It is saved what the office looks after."), "good")
            return redirect(url_for("organisations.show", code=code), 303)
    return render_template("admin/organisations/jurisdiction.html", form=form, organisation=office), answer_status(form)
