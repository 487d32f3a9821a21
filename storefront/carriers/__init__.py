"""Who brings parcels: what they need to know of one, and where it can be followed.

Every carrier is served by its label alone: the parcel is handed over at its counter, its code is typed in. Those that
are configured are told of a parcel by their interface as well (``storefront.carriers.booking``).
"""

from __future__ import annotations

from urllib.parse import quote

from sqlalchemy import select

from kernel.db import db
from kernel.models import AdministrativeUnit
from storefront.order_models import Contact

#: Pages of the carriers on which anybody follows a parcel by its code.
_FOLLOW = {
    "ghn": "https://donhang.ghn.vn/?order_code=",
    "ghtk": "https://i.ghtk.vn/",
    "viettel_post": "https://viettelpost.vn/thong-tin-don-hang?peopleTracking=sender&orderNumber=",
    "vnpost": "https://www.vnpost.vn/vi-vn/dinh-vi/buu-pham?key=",
}


def tracking_url(carrier: str, code: str | None) -> str | None:
    """Give the address at which a parcel can be followed; None where there is none."""
    start = _FOLLOW.get(carrier)
    return start + quote(code, safe="") if start and code else None


def province_of(commune: AdministrativeUnit) -> AdministrativeUnit | None:
    """Give the province of a commune."""
    return db.session.scalar(
        select(AdministrativeUnit)
        .where(AdministrativeUnit.code == commune.parent_code, AdministrativeUnit.level == "province")
        .order_by(AdministrativeUnit.valid_until.is_not(None), AdministrativeUnit.valid_from.desc())
        .limit(1)
    )


def address_of(contact: Contact) -> str:
    """Write the address of a buyer on one line, as an envelope has it."""
    commune, province = contact.commune, province_of(contact.commune)
    parts = [contact.line, f"{commune.kind_vi} {commune.name_vi}"]
    if province is not None:
        parts.append(f"{province.kind_vi} {province.name_vi}")
    return ", ".join(part for part in parts if part)
