"""Who and where the names in captured events are: ours by name and address, others as the event gives them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from accounts.models import Organisation, Place
from kernel.db import db, listed
from kernel.models import AdministrativeUnit
from traceability import addresses
from traceability.epcis import epc_uris

#: Keys that are the number of a place: physical locations, and parties.
_PLACES, _PARTIES = "414", "417"


@dataclass(frozen=True)
class Party:
    """An organisation or a place, as far as it is known."""

    words: str  #: name and address; of one not known here its GLN, or its name as given
    gln: str = ""
    place: str = ""  #: the name of a place of ours; of one not known, without a GLN, its name as given
    address: str = ""  #: of a place of ours


def named(names: Collection[str]) -> dict[str, Party]:
    """Tell who or where names are, in the form in which names are kept (two statements)."""
    glns = {name: gln for name in names if (gln := _gln(name)) is not None}
    ids = {name: int(end) for name in names if (end := _after(name, "/noi/")).isdecimal() and len(end) < 10}
    codes = {name: end for name in names if (end := _after(name, "/to-chuc/"))}
    of_gln: dict[str | None, Place] = {}
    of_id: dict[int, Place] = {}
    if glns or ids:
        rows = db.session.scalars(
            select(Place)
            .where(or_(Place.gln.in_(listed(sorted(set(glns.values())))), Place.id.in_(listed(sorted(ids.values())))))
            .options(
                joinedload(Place.commune, innerjoin=False),
                joinedload(Place.organisation).joinedload(Organisation.commune, innerjoin=False),
            )
        )
        for place in rows:
            of_gln[place.gln] = of_id[place.id] = place
    organisations = {}
    if codes:
        asked = select(Organisation).where(Organisation.code.in_(listed(sorted(set(codes.values())))))
        options = joinedload(Organisation.commune, innerjoin=False)
        organisations = {one.code: one for one in db.session.scalars(asked.options(options))}
    found: dict[str, Party] = {}
    for name in names:
        known = of_gln.get(glns[name]) if name in glns else of_id.get(ids.get(name, 0))
        organisation = organisations.get(codes.get(name, ""))
        if organisation is not None:
            found[name] = Party(_of_organisation(organisation))
        elif known is not None and name.startswith(f"https://id.gs1.org/{_PARTIES}/"):
            found[name] = Party(_joined(_of_organisation(known.organisation), f"GLN {known.gln}"), gln=known.gln or "")
        elif known is not None:
            found[name] = _of_place(known)
        elif name in glns:
            found[name] = Party(f"GLN {_number(name)}", gln=glns[name])
        else:
            found[name] = Party(name, place=name)
    return found


def _after(name: str, path: str) -> str:
    stem = addresses.base_url() + path
    return name.removeprefix(stem) if name.startswith(stem) else ""


def _gln(name: str) -> str | None:
    thing = epc_uris.identify(name)
    return thing.path[0][1] if thing is not None and thing.key in (_PLACES, _PARTIES) else None


def _number(name: str) -> str:
    thing = epc_uris.identify(name)
    return name if thing is None else " ".join(value for _, value in thing.path)


def _of_place(place: Place) -> Party:
    address = address_of(place.village, place.commune)
    gln = f"GLN {place.gln}" if place.gln else ""
    words = _joined(place.name_vi, address, gln, _of_organisation(place.organisation))
    return Party(words, place.gln or "", place.name_vi, address)


def _of_organisation(one: Organisation) -> str:
    phone = (one.phone or "") if one.shows_phone else ""
    return _joined(one.name_en or one.name_vi, phone, address_of(one.address, one.commune), "Viet Nam")


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def address_of(first: str, commune: AdministrativeUnit | None) -> str:
    """Write an address with its commune."""
    return ", ".join(part for part in (first, commune.full_name if commune is not None else "") if part)
