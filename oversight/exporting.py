"""Handing records of lots to systems of the state, and to whoever may ask for everything about a lot.

The interfaces of those systems are not public. So an office enters where records go and in which form; without an
address they wait to be downloaded. A try is counted before it is made and carries the same key every time: what was
taken, and whose answer was lost, is sent again and taken once by a system that heeds it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import aliased

from accounts import queries as people
from accounts.actor import Actor
from accounts.models import Organisation
from consignment.models import Note, NoteKind
from kernel import audit, jobs
from kernel.db import db, listed, lock
from kernel.errors import N_, Conflict, InvalidInput
from kernel.exchange import Answer
from kernel.text import one_line
from oversight import queries
from oversight.export_models import (
    ExportDestination,
    ExportForm,
    ExportJob,
    ExportState,
    ExportSystem,
    LotFile,
)
from oversight.queries import Part
from stock import queries as stock
from stock.models import Balance, Location, LocationKind
from traceability import remainders
from traceability.exports import bundle, gathering
from traceability.exports.gathering import Reach
from traceability.exports.record import Delivery, HolderRow, LotRow, Record
from traceability.models import Lot, LotKind, LotState

LONGEST_NAME, LONGEST_URL, LONGEST_TOKEN = 120, 500, 500
MOST_ATTEMPTS = jobs.MOST_ATTEMPTS
#: A chain with more edges than this is written by the worker.
MADE_AT_ONCE = 300
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
#: Form → (suffix of the file, media type).
FORMS = {
    ExportForm.BUNDLE: ("zip", "application/zip"),
    ExportForm.JSON: ("json", "application/json"),
    ExportForm.EPCIS: ("jsonld", "application/ld+json"),
}


class NoDestinationName(InvalidInput):
    message = N_("Please give the destination a name.")
    field = "name"


class NotHttps(InvalidInput):
    message = N_("The address begins with https:// and names a host, without a password in it.")
    field = "url"


class AddressTooLong(InvalidInput):
    message = N_("Please keep the address within %(most)s signs.")
    field = "url"


class TokenMalformed(InvalidInput):
    message = N_("An access key has no spaces, marks or line breaks, and at most %(most)s signs.")
    field = "token"


class DestinationNotInUse(Conflict):
    message = N_("This destination is not in use. Put it in use first.")


class NotGivenUp(Conflict):
    message = N_("This is sent already, or is still tried by itself.")


class NothingToHandIn(Conflict):
    message = N_("There is nothing to mark: it is sent already, or its file is not made yet.")


# --- Where to ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DestinationDetails:
    """What an office enters of a destination."""

    name: str
    system: ExportSystem
    form: ExportForm
    url: str = ""  #: empty: download only
    token: str | None = None  #: None: as it is
    is_active: bool = True


def enter(
    office_id: int, details: DestinationDetails, *, plain_loopback: bool = False, actor: Actor, now: datetime
) -> ExportDestination:
    """Enter a destination of an office.

    :param plain_loopback: allow http:// to this machine itself (never in production)
    :raises NoDestinationName: :raises NotHttps: :raises AddressTooLong: :raises TokenMalformed:
    """
    destination = ExportDestination(organisation_id=office_id, created_at=now)
    _fill(destination, details, plain_loopback, now)
    db.session.add(destination)
    db.session.flush()
    audit.record(actor, "oversight.enter_destination", f"destination:{destination.id}", now=now)
    return destination


def change(
    destination: ExportDestination,
    details: DestinationDetails,
    *,
    plain_loopback: bool = False,
    actor: Actor,
    now: datetime,
) -> None:
    """Change a destination; records that wait go to the new address.

    :raises NoDestinationName: :raises NotHttps: :raises AddressTooLong: :raises TokenMalformed:
    """
    lock(destination)
    before = destination.url
    _fill(destination, details, plain_loopback, now)
    audit.record(
        actor,
        "oversight.change_destination",
        f"destination:{destination.id}",
        now=now,
        new_address=destination.url != before,
        new_token=details.token is not None,
    )


def _fill(destination: ExportDestination, details: DestinationDetails, plain_loopback: bool, now: datetime) -> None:
    name, url = one_line(details.name), details.url.strip()
    if not name or len(name) > LONGEST_NAME:
        raise NoDestinationName()
    if len(url) > LONGEST_URL:
        raise AddressTooLong(most=LONGEST_URL)
    if url and not _is_usable(url, plain_loopback):
        raise NotHttps()
    token = details.token
    if token is not None and (len(token) > LONGEST_TOKEN or not all(33 <= ord(sign) < 127 for sign in token)):
        raise TokenMalformed(most=LONGEST_TOKEN)
    destination.name, destination.url = name, url
    destination.system, destination.form = details.system, details.form
    destination.is_active = details.is_active
    destination.token = (destination.token or "") if token is None else token
    destination.changed_at = now


def _is_usable(url: str, plain_loopback: bool) -> bool:
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
    if not usable or "@" in parts.netloc or not all(33 <= ord(sign) < 127 for sign in url):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and plain_loopback and parts.hostname in LOOPBACK)


# --- What is handed over ----------------------------------------------------------------------------------


def queue(lot: Lot, destination: ExportDestination, *, actor: Actor, now: datetime) -> ExportJob:
    """Ask that the record of a lot be handed to a destination.

    :raises DestinationNotInUse:
    """
    if not destination.is_active:
        raise DestinationNotInUse()
    job = ExportJob(
        destination_id=destination.id,
        lot_id=lot.id,
        key=uuid.uuid4().hex,
        state=ExportState.WAITING,
        attempts=0,
        asked_by_id=actor.user_id,
        asked_at=now,
    )
    db.session.add(job)
    db.session.flush()
    jobs.enqueue("oversight.export", now=now, export=job.id)
    audit.record(actor, "oversight.export", f"lot:{lot.id}", now=now, destination=destination.id, export=job.id)
    return job


def try_again(job: ExportJob, *, actor: Actor, now: datetime) -> None:
    """Let a record that was given up be sent again, with the same file and key.

    :raises NotGivenUp:
    """
    lock(job)
    if job.state is not ExportState.GIVEN_UP:
        raise NotGivenUp()
    job.state, job.attempts = ExportState.WAITING, 0
    jobs.enqueue("oversight.export", now=now, export=job.id)
    audit.record(actor, "oversight.export_again", f"lot:{job.lot_id}", now=now, export=job.id)


def hand_in(job: ExportJob, *, actor: Actor, now: datetime) -> None:
    """Write down that somebody handed a downloaded file in.

    :raises NothingToHandIn:
    """
    lock(job)
    if job.state is ExportState.SENT or job.digest is None:
        raise NothingToHandIn()
    job.state, job.sent_at, job.last_error = ExportState.SENT, now, ""
    audit.record(actor, "oversight.hand_in", f"lot:{job.lot_id}", now=now, export=job.id)


@dataclass(frozen=True)
class Attempt:
    """A try that was counted: all that is needed to make it without the database."""

    job_id: int
    url: str
    token: str
    form: ExportForm
    key: str
    digest: str | None

    def __repr__(self) -> str:
        # The key of the other system must not get into a traceback, which is kept with the job.
        return f"Attempt(job_id={self.job_id})"


def begin(job_id: int, *, now: datetime) -> Attempt | None:
    """Count a try before it is made; None when there is nothing left to try."""
    job = lock(db.session.get_one(ExportJob, job_id))
    if job.state in (ExportState.SENT, ExportState.GIVEN_UP):
        return None
    if job.attempts >= MOST_ATTEMPTS:  # whoever counted the last one did not live to say how it went
        job.state = ExportState.GIVEN_UP
        return None
    destination = db.session.get_one(ExportDestination, job.destination_id)
    if destination.url:
        job.attempts += 1
        job.tried_at = now
    return Attempt(job.id, destination.url, destination.token, destination.form, job.key, job.digest)


def written(job_id: int, *, now: datetime) -> bytes:
    """Write the file of an export, as its destination's office may see the lot: one step back and one forward."""
    job = db.session.get_one(ExportJob, job_id)
    destination = db.session.get_one(ExportDestination, job.destination_id)
    actor = _acting_for(db.session.get_one(Organisation, destination.organisation_id))
    record = record_of(actor, [job.lot_id], whole=False, now=now)
    write = {ExportForm.BUNDLE: bundle.bundle, ExportForm.JSON: bundle.as_json, ExportForm.EPCIS: bundle.as_epcis}
    return write[destination.form](record)


def note_file(job_id: int, digest: str, size: int) -> None:
    """Note the file that was made for an export."""
    job = lock(db.session.get_one(ExportJob, job_id))
    destination = db.session.get_one(ExportDestination, job.destination_id)
    job.digest, job.size, job.suffix = digest, size, FORMS[destination.form][0]


def finish(job_id: int, answer: Answer, *, now: datetime) -> bool:
    """Write down how a try went; tells whether that is the end of it."""
    job = lock(db.session.get_one(ExportJob, job_id))
    if job.state is ExportState.SENT:
        return True
    job.last_error = answer.error
    if answer.is_taken:
        job.state, job.sent_at = ExportState.SENT, now
        audit.record(None, "oversight.export_sent", f"lot:{job.lot_id}", now=now, export=job.id, digest=job.digest)
        return True
    is_over = answer.is_final or job.attempts >= MOST_ATTEMPTS
    job.state = ExportState.GIVEN_UP if is_over else ExportState.FAILED
    return is_over


def _acting_for(office: Organisation) -> Actor:
    """See what an office sees, whoever asked: people come and go while a record waits."""
    return Actor(
        user_id=None,
        user_name="",
        organisation_id=office.id,
        organisation_code=office.code,
        organisation_name_vi=office.name_vi,
        organisation_name_en=office.name_en,
        kind=office.kind,
        role=None,
        jurisdiction=tuple(people.jurisdiction_of(office.id)),
    )


# --- Everything about a lot -------------------------------------------------------------------------------


def ask_for_file(lot: Lot, *, actor: Actor, now: datetime) -> tuple[LotFile, bool]:
    """Ask for everything about a lot; tells whether it is small enough to be made at once by the caller."""
    row = LotFile(
        lot_id=lot.id,
        organisation_id=actor.organisation_id,
        officer_organisation_id=actor.officer_organisation_id,
        user_id=actor.user_id,
        asked_at=now,
    )
    db.session.add(row)
    db.session.flush()
    audit.record(actor, "oversight.ask_lot_file", f"lot:{lot.id}", now=now, file=row.id)
    is_small = gathering.size_of([lot.id]) <= MADE_AT_ONCE
    if not is_small:
        jobs.enqueue("oversight.lot_file", now=now, dedupe=f"lot_file:{row.id}", file=row.id)
    return row, is_small


def keep_file(row: LotFile, digest: str, size: int, *, now: datetime) -> None:
    """Note the file that was made; made twice, the first stays."""
    lock(row)
    if row.digest is None:
        row.digest, row.size, row.made_at = digest, size, now


def downloaded(actor: Actor, lot_id: int, *, what: str, digest: str | None, now: datetime) -> None:
    """Write into the audit trail that a file about a lot was fetched."""
    audit.record(actor, "oversight.download", f"lot:{lot_id}", now=now, what=what, digest=digest)


# --- Records ----------------------------------------------------------------------------------------------


def record_of(
    actor: Actor, lot_ids: list[int], *, whole: bool = True, asked: str | None = None, now: datetime
) -> Record:
    """Read the record of lots with who holds them now, and from whom to whom they went.

    :param asked: what it is about; the number of the (first) lot when None
    """
    if asked is None:
        asked = f"Lô {db.session.get_one(Lot, lot_ids[0]).number}"
    record = gathering.gather(actor, lot_ids, asked=asked, reach=Reach(whole), now=now)
    _add_holders(record, actor)
    _add_deliveries(record)
    return record


def _add_holders(record: Record, actor: Actor) -> None:
    """Tell where goods lie, as far as the actor sees them, and that what is left of material lies with its owner."""
    lots = {record.lot_ids[lot.uri]: lot for lot in record.lots if lot.in_full}
    keeper, owner = aliased(Organisation), aliased(Organisation)
    rows = db.session.execute(
        stock.visible_to(actor)
        .with_only_columns(Balance, Location, keeper, owner.code)
        .join(Location, Location.id == Balance.location_id)
        .join(keeper, keeper.id == Location.keeper_id)
        .join(owner, owner.id == Balance.owner_id)
        .where(Balance.lot_id.in_(listed(sorted(lots))), Balance.on_hand > 0)
        .order_by(Balance.lot_id, Balance.location_id, Balance.owner_id)
    )
    for balance, location, kept_by, owner_code in rows:
        lot = lots[balance.lot_id]
        record.holders.append(
            HolderRow(
                lot=lot.uri,
                place=location.name_vi,
                kind=location.kind.value,
                holder=kept_by.name_vi,
                owner=owner_code,
                quantity=balance.on_hand,
                unit=lot.unit,
                is_stopped=balance.frozen,
            )
        )
    elsewhere = list(_known_elsewhere(lots))
    record.holders += [row for _, row in elsewhere]
    told = {lot_id for lot_id, _ in elsewhere}
    others = db.session.scalars(select(Lot).where(Lot.id.in_(listed(sorted(lots.keys() - told)))))
    for lot_id, remainder in remainders.of_lots(others).items():
        lot = lots[lot_id]
        if remainder.left and lot.kind != LotKind.EXTERNAL:
            organisation = record.organisation(lot.owner)
            name = organisation.name_vi if organisation is not None else lot.owner
            record.holders.append(
                HolderRow(lot.uri, lot.place, "material", name, lot.owner, remainder.left, lot.unit, _is_stopped(lot))
            )


#: Where goods are that captured events tell of, beside the kinds of places of the stock.
RECORDED, NOT_KNOWN = "recorded", "not_known"


def _known_elsewhere(lots: dict[int, LotRow]) -> Iterator[tuple[int, HolderRow]]:
    """Tell with whom goods are by captured events; of lots that these alone tell of, also that nobody says it."""
    for one in queries.known_elsewhere(lots.keys(), unplaced=lots.keys()):
        lot = lots[one.lot_id]
        holder = one.organisation.name_vi if one.organisation is not None else one.name
        amounts: dict[str, int | None] = {}
        if one.role is Part.BUYER:
            amounts[LocationKind.CUSTOMER.value] = None if one.is_unstated else one.quantity
        elif one.share is None:
            amounts[NOT_KNOWN] = None
        else:
            amounts[RECORDED] = None if one.is_unstated else one.share.held
            amounts[LocationKind.IN_TRANSIT.value] = one.share.on_the_way
        for kind, quantity in amounts.items():
            if quantity != 0:
                place = " ".join(one.papers) if one.role is Part.BUYER else ""
                yield (
                    one.lot_id,
                    HolderRow(lot.uri, place, kind, holder, lot.owner, quantity, lot.unit, _is_stopped(lot)),
                )


def _is_stopped(lot: LotRow) -> bool:
    return lot.state in (LotState.HELD, LotState.RECALLED)


def _add_deliveries(record: Record) -> None:
    numbers = sorted({event.document for event in record.events if event.document})
    if not numbers:
        return
    for note in db.session.scalars(select(Note).where(Note.number.in_(listed(numbers)))):
        ends = [_named(note.consignor), _named(note.sales_point.organisation, note.sales_point.name_vi)]
        source, to = ends if note.kind is NoteKind.DELIVERY else ends[::-1]
        record.deliveries[note.number] = Delivery(source, to)


def _named(organisation: Organisation, place: str = "") -> str:
    name = organisation.name_en or organisation.name_vi
    phone = organisation.phone if organisation.shows_phone else ""
    parts = (place, name, phone, organisation.address, organisation.commune.full_name, "Viet Nam")
    return "; ".join(part for part in parts if part)
