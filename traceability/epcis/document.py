"""An event of our own in the form of EPCIS 2.0. Pure: what is told comes as plain values.

Source: the food chain as events, EPCIS 2.0 section 7.4; words of CBV 2.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from catalog.models import Unit
from kernel.clock import VIETNAM
from traceability.epcis.epc_uris import names_one

#: The context of the standard; what it names needs no namespace of its own.
STANDARD_CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"

#: Roles of lots, and the list of an event that names them.
_LISTS = {"input": "inputQuantityList", "output": "outputQuantityList", "child": "childQuantityList"}
_EPC_LISTS = {"input": "inputEPCList", "output": "outputEPCList", "child": "childEPCs"}
#: (code of UN/ECE Rec 20 for the unit, for a thousand of it)
_UNITS = {Unit.GRAM: ("GRM", "KGM"), Unit.MILLILITRE: ("MLT", "LTR")}


@dataclass(frozen=True)
class Thing:
    """A lot as an event names it."""

    uri: str
    role: str
    quantity: int | None
    unit: Unit


@dataclass(frozen=True)
class Parties:
    """Who held the goods before and after a step, and who owned them all along (addresses)."""

    giver: str
    taker: str
    owner: str | None = None


@dataclass(frozen=True)
class Made:
    """What is said of goods when they are made."""

    number: str
    made_on: date | None
    expires_on: date | None


@dataclass(frozen=True)
class Told:
    """All that an event says."""

    event_id: str
    type: str
    action: str | None
    biz_step: str
    disposition: str | None
    event_at: datetime
    recorded_at: datetime
    things: Sequence[Thing]
    place: str | None
    title: str
    namespace: str
    parties: Parties | None = None
    paper: str | None = None
    paper_type: str | None = None
    made: Made | None = None
    certificates: Sequence[str] = ()
    attachments: Sequence[str] = field(default=())  #: SHA-256 digests, hexadecimal


def written(told: Told) -> dict[str, Any]:
    """Write an event as EPCIS 2.0, with its eventID and recordTime."""
    event: dict[str, Any] = {
        "@context": [{"ocop": told.namespace}],
        "type": told.type,
        "eventID": told.event_id,
        "eventTime": _local(told.event_at),
        "eventTimeZoneOffset": "+07:00",
        "recordTime": in_utc(told.recorded_at),
        "bizStep": _step(told),
        "ocop:title": told.title,
    }
    if told.action is not None and told.type != "TransformationEvent":
        event["action"] = told.action
    if told.disposition is not None:
        event["disposition"] = told.disposition
    if told.disposition == "recalled" and told.type == "ObjectEvent":
        event["persistentDisposition"] = {"set": ["recalled"]}
    for thing in told.things:
        if names_one(thing.uri):
            event.setdefault(_EPC_LISTS.get(thing.role, "epcList"), []).append(thing.uri)
        else:
            event.setdefault(_LISTS.get(thing.role, "quantityList"), []).append(_quantity(thing))
    if told.place is not None:
        event["readPoint"] = event["bizLocation"] = {"id": told.place}
    if told.paper is not None:
        kind = {"type": told.paper_type} if told.paper_type else {}
        event["bizTransactionList"] = [kind | {"bizTransaction": told.paper}]
    if told.parties is not None:
        event |= _handover(told.parties)
    elif told.paper is not None and event["bizStep"] == "shipping":
        # To a buyer: who that is, is nobody's business; the paper of the parcel stands for them.
        event["destinationList"] = [{"type": "possessing_party", "destination": f"{told.paper}/nguoi-nhan"}]
    if told.made is not None and (told.type == "TransformationEvent" or told.action == "ADD"):
        event["ilmd"] = _ilmd(told.made)
    if told.certificates:
        event["certificationInfo"] = list(told.certificates)
    if told.attachments:
        event["ocop:attachment"] = [f"ni:///sha-256;{digest}" for digest in told.attachments]
    return event


def declaration(event: dict[str, Any], *, corrective: Sequence[str], reason: str, now: datetime) -> dict[str, Any]:
    """Repeat an event with the declaration that it was wrong (EPCIS 2.0 section 7.4.1.2).

    :param corrective: eventIDs of those that tell it right; :param reason: of CBV: incorrect_data, did_not_occur
    """
    error: dict[str, Any] = {"declarationTime": in_utc(now), "reason": reason}
    if corrective:
        error["correctiveEventIDs"] = list(corrective)
    return {**event, "recordTime": in_utc(now), "errorDeclaration": error}


def in_utc(at: datetime) -> str:
    """Write an instant as the store does: UTC, milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _step(told: Told) -> str:
    """Give the word of CBV: it has none for goods that come back, but for how they go and come."""
    if told.biz_step != "returning":
        return told.biz_step
    return "shipping" if told.parties is not None else "receiving"


def _local(at: datetime) -> str:
    return at.astimezone(VIETNAM).isoformat(timespec="milliseconds")


def _quantity(thing: Thing) -> dict[str, Any]:
    """Write how much: pieces without a unit, as the standard says; weights and volumes in whole units."""
    if thing.quantity is None:
        return {"epcClass": thing.uri}
    if thing.unit not in _UNITS:
        return {"epcClass": thing.uri, "quantity": thing.quantity}
    one, thousand = _UNITS[thing.unit]
    if thing.quantity % 1000 == 0:
        return {"epcClass": thing.uri, "quantity": thing.quantity // 1000, "uom": thousand}
    return {"epcClass": thing.uri, "quantity": thing.quantity, "uom": one}


def _handover(parties: Parties) -> dict[str, Any]:
    """Write that goods change hands; their owner stays the same, as in consignment.

    At a counter of its owner's they change the place only: it is the owner who sends and receives them.
    """
    sources, destinations = [], []
    if parties.giver != parties.taker:
        sources.append({"type": "possessing_party", "source": parties.giver})
        destinations.append({"type": "possessing_party", "destination": parties.taker})
    if parties.owner is not None:
        sources.append({"type": "owning_party", "source": parties.owner})
        destinations.append({"type": "owning_party", "destination": parties.owner})
    return {"sourceList": sources, "destinationList": destinations} if sources else {}


def _ilmd(made: Made) -> dict[str, Any]:
    ilmd: dict[str, Any] = {"cbvmda:lotNumber": made.number}
    if made.made_on is not None:
        ilmd["gs1:productionDate"] = made.made_on.isoformat()
    if made.expires_on is not None:
        ilmd["cbvmda:itemExpirationDate"] = made.expires_on.isoformat()
    return ilmd
