"""Opening a sales point, changing what its page says, closing it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from accounts.actor import Actor
from accounts.models import FormerSlug, Organisation, OrganisationKind, Place, PlaceKind
from consignment.models import SalesPoint
from kernel import audit, pages, text
from kernel.db import db, lock
from kernel.errors import N_, InvalidInput
from stock import locations
from stock.models import LocationKind


class NeedsName(InvalidInput):
    message = N_("Enter the name of the sales point.")
    field = "name_vi"


class BadCommission(InvalidInput):
    message = N_("A commission is between 0 and 100 %%.")
    field = "commission"


class AddressTaken(InvalidInput):
    message = N_("Another sales point has this name in its address. Add the village or the commune.")
    field = "name_vi"


class NotASalesPoint(InvalidInput):
    message = N_("Only an active sales-point organisation can have a counter.")
    field = "organisation"


@dataclass(frozen=True)
class PointProfile:
    """What the public page of a sales point says. ``commission_bp``: basis points of the price."""

    name_vi: str
    name_en: str = ""
    about_vi: str = ""
    about_en: str = ""
    hours_vi: str = ""
    hours_en: str = ""
    village: str | None = None  #: left as it is when None
    commission_bp: int = 0
    picture: str | None = None  #: digest; the one before is kept when None
    picture_alt_vi: str = ""
    picture_alt_en: str = ""


def open_point(
    organisation: Organisation, profile: PointProfile, *, actor: Actor, now: datetime, is_sample: bool = False
) -> SalesPoint:
    """Open a counter of a sales-point organisation, with a place and a stock location of its own.

    :raises NotASalesPoint, NeedsName, BadCommission, AddressTaken:
    """
    if organisation.kind is not OrganisationKind.SALES_POINT or not organisation.is_active:
        raise NotASalesPoint()
    slug = _checked(profile)
    _refuse_taken(slug, None)
    place = Place(
        organisation_id=organisation.id,
        kind=PlaceKind.COUNTER,
        name_vi=profile.name_vi.strip()[:120],
        name_en=profile.name_en.strip()[:120],
        village=(profile.village or "").strip(),
        commune_code=organisation.commune_code,
        commune_valid_from=organisation.commune_valid_from,
        is_sample=is_sample,
        created_at=now,
    )
    db.session.add(place)
    db.session.flush()
    location = locations.of(organisation.id, LocationKind.SALES_POINT, place=place)
    point = SalesPoint(
        organisation_id=organisation.id,
        location_id=location.id,
        slug=slug,
        is_sample=is_sample,
        is_open=True,
        created_at=now,
    )
    _write(point, profile)
    try:
        with db.session.begin_nested():
            db.session.add(point)
    except IntegrityError as race:  # two who take the same name at once
        raise AddressTaken() from race
    location.slug = slug
    pages.bump(pages.SHOP)
    audit.record(actor, "consignment.open_point", f"point:{slug}", now=now)
    return point


def change(point: SalesPoint, profile: PointProfile, *, is_open: bool, actor: Actor, now: datetime) -> None:
    """Change what a sales point's page says; its former address answers with the new one.

    :raises NeedsName, BadCommission, AddressTaken:
    """
    lock(point)
    slug = _checked(profile)
    if slug != point.slug:
        _refuse_taken(slug, point.id)
        db.session.merge(FormerSlug(kind="sales_point", slug=point.slug, target_id=point.id))
        point.slug = slug
        try:
            with db.session.begin_nested():
                db.session.flush()
        except IntegrityError as race:
            raise AddressTaken() from race
    point.location.slug = point.slug if is_open else None
    point.location.name_vi = profile.name_vi.strip()[:120]
    point.location.name_en = profile.name_en.strip()[:120]
    point.is_open = is_open
    place = point.location.place
    if place is not None:
        place.name_vi, place.name_en = point.location.name_vi, point.location.name_en
        if profile.village is not None:
            place.village = profile.village.strip()
    _write(point, profile)
    pages.bump(pages.SHOP)
    audit.record(actor, "consignment.change_point", f"point:{point.slug}", now=now, open=is_open)


def _checked(profile: PointProfile) -> str:
    slug = text.slug(profile.name_vi)
    if not slug:
        raise NeedsName()
    if not 0 <= profile.commission_bp <= 10_000:
        raise BadCommission()
    return slug[:120]


def _refuse_taken(slug: str, point_id: int | None) -> None:
    other = db.session.scalar(select(SalesPoint.id).where(SalesPoint.slug == slug))
    if other is not None and other != point_id:
        raise AddressTaken()


def _write(point: SalesPoint, profile: PointProfile) -> None:
    point.name_vi, point.name_en = profile.name_vi.strip(), profile.name_en.strip()
    point.about_vi, point.about_en = profile.about_vi.strip(), profile.about_en.strip()
    point.hours_vi, point.hours_en = profile.hours_vi.strip(), profile.hours_en.strip()
    point.commission_bp = profile.commission_bp
    point.picture = profile.picture or point.picture
    point.picture_alt_vi, point.picture_alt_en = profile.picture_alt_vi.strip(), profile.picture_alt_en.strip()
