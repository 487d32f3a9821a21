"""The locations of an organisation: made when they are first needed, by one step that races cannot double."""

from __future__ import annotations

from sqlalchemy import Select, select

from accounts.models import Organisation, Place
from kernel.db import db, for_update
from kernel.errors import N_
from stock.models import Location, LocationKind

_NAMES = {
    LocationKind.PRODUCTION: ("Sản xuất", N_("Production")),
    LocationKind.WAREHOUSE: ("Kho", N_("Warehouse")),
    LocationKind.SALES_POINT: ("Quầy", N_("Counter")),
    LocationKind.IN_TRANSIT: ("Đang chuyển", N_("On the way")),
    LocationKind.CUSTOMER: ("Khách hàng", N_("Buyers")),
    LocationKind.LOSS: ("Hao hụt", N_("Loss")),
    LocationKind.CORRECTION: ("Điều chỉnh", N_("Correction")),
}


def find(keeper_id: int, kind: LocationKind, *, place: Place | None = None) -> Location | None:
    """Find an organisation's location of a kind (at a place), if it was needed before."""
    return db.session.scalar(_existing(keeper_id, kind, place))


def of(keeper_id: int, kind: LocationKind, *, place: Place | None = None) -> Location:
    """Give an organisation's location of a kind (at a place), making it if there is none yet.

    The organisation's row is locked first: two who need the same new location make one.
    """
    query = _existing(keeper_id, kind, place)
    found = db.session.scalar(query)
    if found is not None:
        return found
    keeper = db.session.execute(for_update(select(Organisation.id).where(Organisation.id == keeper_id))).scalar_one()
    found = db.session.scalar(query)
    if found is None:
        name_vi, name_en = _NAMES[kind]
        found = Location(
            kind=kind,
            keeper_id=keeper,
            place_id=place.id if place else None,
            name_vi=place.name_vi if place else name_vi,
            name_en=(place.name_en or "") if place else name_en,
        )
        db.session.add(found)
        db.session.flush()
    return found


def _existing(keeper_id: int, kind: LocationKind, place: Place | None) -> Select[Location]:
    return (
        select(Location)
        .where(
            Location.keeper_id == keeper_id,
            Location.kind == kind,
            Location.place_id.is_(None) if place is None else Location.place_id == place.id,
        )
        .order_by(Location.id)
        .limit(1)
    )
