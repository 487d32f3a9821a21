"""Organisations and their places: entering, changing, closing them; what an office looks after."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import delete, exists, select, update
from stdnum.exceptions import ValidationError
from stdnum.vn import mst

from accounts import consents
from accounts.actor import SYSTEM, Actor
from accounts.models import (
    FormerSlug,
    Jurisdiction,
    LegalForm,
    Organisation,
    OrganisationKind,
    Place,
    PlaceKind,
)
from accounts.queries import NotYoursToManage, covers, is_provincial, jurisdiction_of, may_manage
from kernel import audit, gs1, pages, text
from kernel.db import db, lock
from kernel.errors import N_, Conflict, InvalidInput
from kernel.models import AdministrativeUnit


class BadCode(InvalidInput):
    message = N_("A code has 4 to 6 small letters or digits, at least one of them a letter, without marks.")
    field = "code"


class CodeTaken(InvalidInput):
    message = N_("The code %(code)s is or was another organisation's. Choose another.")
    field = "code"


class NoName(InvalidInput):
    message = N_("An organisation needs a name.")
    field = "name_vi"


class NoSuchCommune(InvalidInput):
    message = N_("Choose a commune of today.")
    field = "commune"


class OutsideJurisdiction(InvalidInput):
    message = N_("Your office does not look after this commune.")
    field = "commune"


class BadTaxCode(InvalidInput):
    message = N_("A tax code has 10 digits, 13 with a branch, or the 12 of a personal number. Please check the digits.")
    field = "tax_code"


class OnlyTheOfficeMoves(InvalidInput):
    message = N_("Only the programme office can enter another commune: another office would look after you then.")
    field = "commune"


class NoPhone(InvalidInput):
    message = N_("There is no telephone number to show.")
    field = "shows_phone"


class NoEmail(InvalidInput):
    message = N_("Please enter an e-mail address to send the signed log to.")
    field = "wants_checkpoints"


class BadPoint(InvalidInput):
    message = N_("Write latitude and longitude in degrees, for instance 14.7675 and 108.7331; or leave both empty.")
    field = "lat"


class NotAgreed(InvalidInput):
    message = N_("A point on the map needs the consent of those who live or work there.")
    field = "agrees"


class GlnTaken(InvalidInput):
    message = N_("Another place has this GLN.")
    field = "gln"


class BadGln(InvalidInput):
    message = N_("A GLN has 13 digits, the last of which is a check digit. Please check them.")
    field = "gln"


class NoSuchPurpose(InvalidInput):
    message = N_("There is nothing of this kind to agree to.")


class NotAnOffice(Conflict):
    message = N_("Only offices and councils look after communes.")


class NotCovered(InvalidInput):
    message = N_("An office can only be given what your own office looks after.")
    field = "units"


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What is told of an organisation. Text is tidied by who fills it in."""

    legal_form: LegalForm
    name_vi: str
    commune: str  #: code of a commune of today
    name_en: str = ""
    story_vi: str = ""
    story_en: str = ""
    address: str = ""
    phone: str | None = None  #: E.164
    email: str | None = None
    tax_code: str | None = None
    gs1_prefix: str | None = None
    wants_checkpoints: bool = False  #: each day's signed log by mail


@dataclass(frozen=True, kw_only=True)
class Spot:
    """What is told of a place."""

    kind: PlaceKind
    name_vi: str
    commune: str
    name_en: str = ""
    village: str = ""
    lat: str | None = None  #: decimal degrees; both or none
    lon: str | None = None
    gln: str | None = None


def register(
    actor: Actor, *, code: str, kind: OrganisationKind, profile: Profile, now: datetime, is_sample: bool = False
) -> Organisation:
    """Enter an organisation.

    :param code: 4 to 6 of [a-z0-9]; never changes, never used again
    :raises BadCode, CodeTaken, NoName, NoEmail, NoSuchCommune, OutsideJurisdiction, BadTaxCode: beside the field
    :raises kernel.gs1.NoCompanyPrefix: beside the field
    :raises NotYoursToManage: if an office or council is entered by less than a province's office
    """
    if not gs1.is_organisation_code(code):
        raise BadCode()
    if kind in (OrganisationKind.OFFICE, OrganisationKind.COUNCIL) and not is_provincial(actor):
        raise NotYoursToManage()
    commune = _commune(actor, profile.commune)
    if db.session.scalar(select(exists().where(Organisation.code == code))):
        raise CodeTaken(code=code)
    organisation = Organisation(
        code=code,
        kind=kind,
        commune_code=commune.code,
        commune_valid_from=commune.valid_from,
        commune=commune,
        is_sample=is_sample,
        created_at=now,
        legal_form=profile.legal_form,
        name_vi=profile.name_vi,
        slug=_free_slug(profile.name_vi, code, kind),
    )
    _fill(organisation, profile, commune)
    db.session.add(organisation)
    db.session.flush()
    audit.record(actor, "accounts.register", f"organisation:{code}", now=now, kind=kind.value)
    pages.bump(pages.SHOP)
    return organisation


def change(actor: Actor, organisation: Organisation, profile: Profile, *, now: datetime) -> None:
    """Change what is told of an organisation. A new name gives a new address; the old one leads to it.

    :raises NotYoursToManage: if the actor may not
    :raises NoName, NoEmail, NoSuchCommune, OutsideJurisdiction, BadTaxCode: beside the field
    :raises kernel.gs1.NoCompanyPrefix: beside the field
    """
    _check_reach(actor, organisation)
    lock(organisation)
    commune = organisation.commune
    if profile.commune != organisation.commune_code:
        if actor is not SYSTEM and not actor.is_office:
            raise OnlyTheOfficeMoves()
        commune = _commune(actor, profile.commune)
    before = _told(organisation)
    if profile.name_vi != organisation.name_vi:
        _rename(organisation, profile.name_vi)
    _fill(organisation, profile, commune)
    if organisation.phone is None and organisation.shows_phone:
        hide_phone(actor, organisation, now=now)
    changed = sorted(name for name, value in _told(organisation).items() if before[name] != value)
    if changed:
        audit.record(actor, "accounts.change", f"organisation:{organisation.code}", now=now, fields=changed)
        _shows_anew(organisation)


def show_phone(actor: Actor, organisation: Organisation, *, channel: str, paper: str = "", now: datetime) -> None:
    """Show an organisation's telephone number in public, on its recorded consent.

    :raises NoPhone: if there is none
    :raises consents.NoWay: if it is not said how they agreed
    """
    _check_reach(actor, organisation)
    if organisation.phone is None:
        raise NoPhone()
    consents.give(actor, organisation, "show_phone", channel=channel, paper=paper, now=now)
    organisation.shows_phone = True
    _shows_anew(organisation)


def hide_phone(actor: Actor, organisation: Organisation, *, now: datetime) -> None:
    """Stop showing an organisation's telephone number, and take its consent back."""
    withdraw_consent(actor, organisation, "show_phone", now=now)


def show_led(
    actor: Actor, organisation: Organisation, fact: str, *, channel: str, paper: str = "", now: datetime
) -> None:
    """Say in public by whom a producer is led, on its recorded consent.

    :param fact: a key of ``consents.LED``
    :raises NoSuchPurpose: if it is none
    :raises consents.NoWay: if it is not said how they agreed
    """
    _check_reach(actor, organisation)
    if fact not in consents.LED:
        raise NoSuchPurpose()
    consents.give(actor, organisation, consents.LED[fact], channel=channel, paper=paper, now=now)
    setattr(organisation, fact, True)
    _shows_anew(organisation)


def withdraw_consent(actor: Actor, organisation: Organisation, purpose: str, *, now: datetime) -> None:
    """Take a consent of an organisation back, and undo at once what it allowed.

    :raises NotYoursToManage: if the actor may not
    :raises NoSuchPurpose: if there is nothing of this kind to agree to
    """
    _check_reach(actor, organisation)
    if purpose not in consents.TEXTS:
        raise NoSuchPurpose()
    if purpose == "show_phone":
        organisation.shows_phone = False
    if purpose == "show_coordinates":
        db.session.execute(
            update(Place)
            .where(Place.organisation_id == organisation.id)
            .values(lat=None, lon=None)
            .execution_options(synchronize_session=False)
        )
    for fact in (fact for fact, shown in consents.LED.items() if shown == purpose):
        setattr(organisation, fact, None)
    consents.withdraw(actor, organisation, purpose, now=now)
    _shows_anew(organisation)


def deactivate(actor: Actor, organisation: Organisation, *, now: datetime) -> None:
    """Close an organisation: its people can no longer work in it. Its papers and lots stay.

    :raises NotYoursToManage: if the actor may not, or would close its own
    """
    _set_active(actor, organisation, False, now=now)


def reactivate(actor: Actor, organisation: Organisation, *, now: datetime) -> None:
    """Open a closed organisation again."""
    _set_active(actor, organisation, True, now=now)


def set_jurisdiction(actor: Actor, office: Organisation, units: Iterable[str], *, now: datetime) -> None:
    """Say which provinces and communes of today an office or council looks after.

    :raises NotAnOffice: if it is neither
    :raises NotYoursToManage: if the actor's office is not a province's, or does not cover what it has now
    :raises NotCovered: if a unit lies outside what the actor's office looks after
    """
    if office.kind not in (OrganisationKind.OFFICE, OrganisationKind.COUNCIL):
        raise NotAnOffice()
    lock(office)
    before = jurisdiction_of(office.id)
    _check_reach(actor, office)
    if not is_provincial(actor) or not all(covers(actor, code) for code in before):
        raise NotYoursToManage()
    wanted = sorted(set(units))
    found = {
        unit.code: unit
        for unit in db.session.scalars(
            select(AdministrativeUnit).where(
                AdministrativeUnit.code.in_(wanted),
                AdministrativeUnit.valid_until.is_(None),
                AdministrativeUnit.level.in_(("province", "commune")),
            )
        )
    }
    if len(found) != len(wanted) or not all(covers(actor, code) for code in wanted):
        raise NotCovered()
    db.session.execute(delete(Jurisdiction).where(Jurisdiction.organisation_id == office.id))
    db.session.add_all(
        Jurisdiction(organisation_id=office.id, unit_code=code, unit_valid_from=found[code].valid_from)
        for code in wanted
    )
    db.session.flush()
    audit.record(
        actor, "accounts.set_jurisdiction", f"organisation:{office.code}", now=now, before=before, after=wanted
    )


def add_place(
    actor: Actor, organisation: Organisation, spot: Spot, *, agrees: str | None = None, now: datetime
) -> Place:
    """Enter a place of an organisation.

    :param agrees: how those who live or work there agreed that its point is shown ("screen", "direct", …)
    :raises NotYoursToManage: if the actor may not
    :raises NoSuchCommune, BadPoint, NotAgreed, BadGln, GlnTaken: beside the field
    """
    _check_reach(actor, organisation)
    commune = _commune(SYSTEM, spot.commune)  # a shop or field may lie anywhere
    place = Place(
        organisation_id=organisation.id,
        kind=spot.kind,
        name_vi=spot.name_vi,
        commune_code=commune.code,
        commune_valid_from=commune.valid_from,
        commune=commune,
        is_sample=organisation.is_sample,
        created_at=now,
    )
    _fill_place(actor, organisation, place, spot, agrees, now)
    db.session.add(place)
    db.session.flush()
    audit.record(actor, "accounts.add_place", f"place:{place.id}", now=now, organisation=organisation.code)
    _shows_anew(organisation)
    return place


def change_place(
    actor: Actor, organisation: Organisation, place: Place, spot: Spot, *, agrees: str | None = None, now: datetime
) -> None:
    """Change what is told of a place. Raises what :func:`add_place` does."""
    _check_reach(actor, organisation)
    lock(place)
    commune = place.commune if spot.commune == place.commune_code else _commune(SYSTEM, spot.commune)
    place.commune_code, place.commune_valid_from, place.commune = commune.code, commune.valid_from, commune
    _fill_place(actor, organisation, place, spot, agrees, now)
    db.session.flush()
    audit.record(actor, "accounts.change_place", f"place:{place.id}", now=now, organisation=organisation.code)
    _shows_anew(organisation)


# --- Steps ------------------------------------------------------------------------------------------


def _check_reach(actor: Actor, organisation: Organisation) -> None:
    if not may_manage(actor, organisation):
        raise NotYoursToManage()


def _commune(actor: Actor, code: str) -> AdministrativeUnit:
    commune = db.session.scalar(
        select(AdministrativeUnit).where(
            AdministrativeUnit.code == code,
            AdministrativeUnit.level == "commune",
            AdministrativeUnit.valid_until.is_(None),
        )
    )
    if commune is None:
        raise NoSuchCommune()
    if actor.is_office and not covers(actor, code):
        raise OutsideJurisdiction()
    return commune


def _fill(organisation: Organisation, profile: Profile, commune: AdministrativeUnit) -> None:
    if not profile.name_vi.strip():
        raise NoName()
    if profile.wants_checkpoints and not profile.email:
        raise NoEmail()
    organisation.wants_checkpoints = profile.wants_checkpoints
    organisation.legal_form = profile.legal_form
    organisation.name_vi, organisation.name_en = profile.name_vi, profile.name_en
    organisation.story_vi, organisation.story_en = profile.story_vi, profile.story_en
    organisation.address = profile.address
    organisation.commune_code, organisation.commune_valid_from = commune.code, commune.valid_from
    organisation.commune = commune
    organisation.phone, organisation.email = profile.phone, profile.email
    organisation.tax_code = checked_tax_code(profile.tax_code)
    organisation.gs1_prefix = _gs1_prefix(profile.gs1_prefix)
    organisation.search = text.search_text(
        profile.name_vi, profile.name_en, organisation.code, commune.full_name, profile.address
    )
    organisation.sort_key = text.sort_key(profile.name_vi)


def _told(organisation: Organisation) -> dict[str, object]:
    names = ({field.name for field in fields(Profile)} - {"commune"}) | {"commune_code"}
    return {name: getattr(organisation, name) for name in names}


def _gs1_prefix(typed: str | None) -> str | None:
    if not typed or not typed.strip():
        return None
    try:
        return gs1.company_prefix(typed)
    except gs1.NoCompanyPrefix as problem:
        problem.field = "gs1_prefix"
        raise


def checked_tax_code(typed: str | None) -> str | None:
    """Check a tax code: 10 or 13 digits by their check digit, 12 (a personal number) by form; None: none was typed.

    :raises BadTaxCode:
    Source: TT 86/2024/TT-BTC (households use the personal identification number from July 2025).
    """
    if not typed or not typed.strip():
        return None
    digits = "".join(char for char in typed if char not in " -.")
    if not digits.isascii() or not digits.isdigit():
        raise BadTaxCode()
    if len(digits) == 12:
        return digits
    try:
        return str(mst.validate(digits)) if len(digits) == 10 else str(mst.validate(f"{digits[:10]}-{digits[10:]}"))
    except ValidationError:
        raise BadTaxCode() from None


def _free_slug(name: str, code: str, kind: OrganisationKind, *, own_id: int | None = None) -> str:
    """Make an address of a name; one that is or was another's gets the code behind it."""
    slug = text.slug(name) or code
    is_taken = exists().where(Organisation.slug == slug, Organisation.id != (own_id or -1))
    was_taken = exists().where(
        FormerSlug.slug == slug, FormerSlug.kind == kind.value, FormerSlug.target_id != (own_id or -1)
    )
    if db.session.scalar(select(is_taken)) or db.session.scalar(select(was_taken)):
        return f"{slug}-{code}"  # nobody else's: codes are never used twice
    return slug


def _rename(organisation: Organisation, name: str) -> None:
    slug = _free_slug(name, organisation.code, organisation.kind, own_id=organisation.id)
    if slug == organisation.slug:
        return
    if organisation.kind in (OrganisationKind.PRODUCER, OrganisationKind.SALES_POINT):
        kind = organisation.kind.value
        db.session.execute(delete(FormerSlug).where(FormerSlug.kind == kind, FormerSlug.slug == slug))
        db.session.add(FormerSlug(kind=kind, slug=organisation.slug, target_id=organisation.id))
    organisation.slug = slug


def _set_active(actor: Actor, organisation: Organisation, active: bool, *, now: datetime) -> None:
    _check_reach(actor, organisation)
    if organisation.id == actor.organisation_id:
        raise NotYoursToManage()
    lock(organisation)
    if organisation.is_active == active:
        return
    organisation.is_active = active
    verb = "accounts.reactivate" if active else "accounts.deactivate"
    audit.record(actor, verb, f"organisation:{organisation.code}", now=now)
    _shows_anew(organisation)


def _fill_place(
    actor: Actor, organisation: Organisation, place: Place, spot: Spot, agrees: str | None, now: datetime
) -> None:
    place.kind, place.name_vi, place.name_en, place.village = spot.kind, spot.name_vi, spot.name_en, spot.village
    lat, lon = _degrees(spot.lat, 90), _degrees(spot.lon, 180)
    if (lat is None) != (lon is None):
        raise BadPoint()
    if lat is not None and (lat, lon) != (place.lat, place.lon):
        if agrees is None:
            raise NotAgreed()
        consents.give(actor, organisation, "show_coordinates", channel=agrees, now=now)
    place.lat, place.lon = lat, lon
    place.gln = _gln(spot.gln, place)


def _degrees(typed: str | None, most: int) -> str | None:
    """Read degrees as decimal text with at most six decimals (11 cm); nothing is computed with them."""
    if not typed or not typed.strip():
        return None
    written = typed.strip().replace(",", ".")
    sign, digits = ("-", written[1:]) if written.startswith("-") else ("", written)
    whole, point, fraction = digits.partition(".")
    if not (whole.isascii() and whole.isdigit() and len(whole) <= 3 and int(whole) < most):
        raise BadPoint()
    if point and not (fraction.isascii() and fraction.isdigit()):
        raise BadPoint()
    return sign + str(int(whole)) + point + fraction[:6]


def _gln(typed: str | None, place: Place) -> str | None:
    if not typed or not typed.strip():
        return None
    try:
        gln = gs1.gln(typed)
    except gs1.MalformedKey:
        raise BadGln() from None
    if db.session.scalar(select(exists().where(Place.gln == gln, Place.id != (place.id or -1)))):
        raise GlnTaken()
    return gln


def _shows_anew(organisation: Organisation) -> None:
    pages.bump(pages.SHOP, pages.organisation(organisation.id))
