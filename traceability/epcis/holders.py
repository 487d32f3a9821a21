"""Who received goods, has them or bought them, by the events that others sent.

Only what a sender may speak of counts: nobody puts another's name on a list of those who hold goods.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import aliased

from accounts.models import Organisation, Place
from kernel.db import db, listed
from traceability import addresses, standing
from traceability.epcis import epc_uris, whereabouts
from traceability.epcis.fields import as_name
from traceability.epcis.naming import short_name
from traceability.epcis.whereabouts import Handling, Share, Thing
from traceability.models import EpcisEvent, EventLot, Lot, LotKind, TraceEvent


@dataclass(frozen=True)
class Known:
    """What of a lot is, or was, with a party, and who that is here, where it is known here."""

    share: Share
    organisation: Organisation | None

    @property
    def name(self) -> str:
        """The name by which the events know it: the end of its address, its number."""
        return short_name(self.share.party) if self.share.party else ""

    @property
    def papers(self) -> list[str]:
        """The numbers of the papers with which the goods went."""
        return [short_name(paper) for paper in self.share.papers]


def known_of(lot_ids: Collection[int], *, until: datetime | None = None) -> list[Known]:
    """List with whom goods are, or were, by captured events.

    :param until: only what was known by then
    """
    # What was taken out of a case went as far with it as the case did.
    rows = _events(with_cases(lot_ids), until)
    if not rows:
        return []
    things: dict[int, list[Thing]] = defaultdict(list)
    bodies: dict[int, tuple[EpcisEvent, str]] = {}
    for event, code, lot_id, role, quantity in rows:
        bodies[event.id] = (event, code)
        things[event.id].append(Thing(lot_id, role, quantity))
    read = [(event, code, json.loads(event.body)) for event, code in bodies.values()]
    known_here = _organisations([*_names(body), addresses.of_organisation(code)] for _, code, body in read)
    handlings = [_handling(event, code, body, things[event.id], known_here) for event, code, body in read]
    by_name = {addresses.of_organisation(one.code): one for one in known_here.values()}
    shares = whereabouts.follow(handlings, _made_here(lot_ids))
    return [Known(share, by_name.get(share.party)) for share in shares if share.lot_id in lot_ids]


def _made_here(lot_ids: Collection[int]) -> dict[int, int]:
    """Give how much there was of those of some lots that our own screens made."""
    rows = db.session.execute(
        select(Lot.id, Lot.quantity).where(
            Lot.id.in_(listed(sorted(lot_ids))), Lot.kind != LotKind.EXTERNAL, Lot.quantity > 0
        )
    )
    return dict(rows.all())


def with_cases(lot_ids: Collection[int]) -> set[int]:
    """Add the cases that lots are or were packed in, and the cases of these, by those who may speak for the lots."""
    packed = select(Lot.id.label("id")).where(Lot.id.in_(listed(sorted(lot_ids)))).cte("packed", recursive=True)
    child, parent = aliased(EventLot), aliased(EventLot)
    around = (
        select(parent.lot_id)
        .join(child, and_(child.event_id == parent.event_id, child.role == "child"))
        .join(packed, packed.c.id == child.lot_id)
        .join(TraceEvent, TraceEvent.id == child.event_id)
        .join(Lot, Lot.id == child.lot_id)
        .where(parent.role == "parent", standing.entitled())
    )
    packed = packed.union(around)
    return set(db.session.scalars(select(packed.c.id)))


def _events(lot_ids: Collection[int], until: datetime | None) -> list[Any]:
    declared = aliased(EpcisEvent)
    wrong = select(declared.event_id).where(declared.declares_error)
    query = (
        select(EpcisEvent, Organisation.code, EventLot.lot_id, EventLot.role, EventLot.quantity)
        .join(TraceEvent, TraceEvent.id == EpcisEvent.trace_event_id)
        .join(EventLot, EventLot.event_id == TraceEvent.id)
        .join(Lot, Lot.id == EventLot.lot_id)
        .join(Organisation, Organisation.id == EpcisEvent.organisation_id)
        .where(
            EventLot.lot_id.in_(listed(sorted(lot_ids))),
            EpcisEvent.capture_id.is_not(None),
            or_(
                TraceEvent.is_public,
                and_(Lot.kind == LotKind.EXTERNAL, Lot.owner_id == EpcisEvent.organisation_id),
            ),
            EpcisEvent.event_id.not_in(wrong),
        )
        .order_by(EpcisEvent.event_at, EpcisEvent.id, EventLot.lot_id)
    )
    if until is not None:
        query = query.where(EpcisEvent.recorded_at <= until)
    return list(db.session.execute(query))


def cases_among(lot_ids: Collection[int]) -> set[int]:
    """Tell which lots are cases: with whom they are is told of what is in them."""
    return set(
        db.session.scalars(
            select(EventLot.lot_id).where(EventLot.lot_id.in_(listed(sorted(lot_ids))), EventLot.role == "parent")
        )
    )


# --- Names ---------------------------------------------------------------------------------------------------------


def _party(name: str) -> str:
    """Write the name of a party, or of the place that stands for it: a GLN is one, whatever it is the number of."""
    thing = epc_uris.identify(name)
    if thing is not None and thing.path[0][0] in ("414", "417"):
        return as_name(f"https://id.gs1.org/417/{thing.path[0][1]}")
    return as_name(name)


def _named(body: Mapping[str, Any], which: str, *types: str) -> list[str]:
    end = which.removesuffix("List")
    return [_party(one[end]) for one in body.get(which, ()) if short_name(str(one.get("type", ""))) in types]


def _place(body: Mapping[str, Any]) -> str | None:
    for name in ("bizLocation", "readPoint"):
        if name in body:
            return _party(body[name]["id"])
    return None


def _names(body: Mapping[str, Any]) -> list[str]:
    both = ("owning_party", "possessing_party")
    names = [*_named(body, "sourceList", *both), *_named(body, "destinationList", *both)]
    place = _place(body)
    return names if place is None else [*names, place]


def _organisations(names: Iterable[list[str]]) -> dict[str, Organisation]:
    """Give {name: organisation} of the names that are known here: our own, and the GLNs of its places."""
    asked = sorted({name for some in names for name in some})
    glns = {name.rsplit("/", 1)[1]: name for name in asked if name.startswith("https://id.gs1.org/417/")}
    base = addresses.of_organisation("")
    codes = {name.removeprefix(base): name for name in asked if name.startswith(base)}
    found: dict[str, Organisation] = {}
    if glns:
        rows = db.session.execute(
            select(Place.gln, Organisation)
            .join(Organisation, Organisation.id == Place.organisation_id)
            .where(Place.gln.in_(listed(sorted(glns))))
        )
        found |= {glns[gln]: organisation for gln, organisation in rows if gln is not None}
    if codes:
        owners = db.session.scalars(select(Organisation).where(Organisation.code.in_(listed(sorted(codes)))))
        found |= {codes[organisation.code]: organisation for organisation in owners}
    return found


def _handling(
    event: EpcisEvent, code: str, body: Mapping[str, Any], things: list[Thing], known: Mapping[str, Organisation]
) -> Handling:
    def here(names: Iterable[str]) -> list[str]:
        return [addresses.of_organisation(known[name].code) if name in known else name for name in names]

    place = _place(body)
    return Handling(
        type=event.type,
        things=things,
        by=addresses.of_organisation(code),
        action=event.action,
        biz_step=event.biz_step,
        disposition=event.disposition,
        place=None if place is None else here([place])[0],
        sources=here(_named(body, "sourceList", "possessing_party")),
        destinations=here(_named(body, "destinationList", "possessing_party")),
        owners=here(_named(body, "destinationList", "owning_party")),
        papers=[one["bizTransaction"] for one in body.get("bizTransactionList", ())],
        names_children=bool(body.get("childEPCs") or body.get("childQuantityList")),
    )
