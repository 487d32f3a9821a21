"""Events: written down, never changed. A mistake is put right by another event that says which one it corrects."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, insert, select
from sqlalchemy.exc import IntegrityError

from accounts.actor import Actor
from accounts.models import Place
from kernel import audit, pages, proof
from kernel.canonical import canonical
from kernel.clock import business_date
from kernel.db import db
from kernel.errors import N_, Conflict, InvalidInput, NotFound
from kernel.text import nfc, one_line
from traceability import genealogy, records
from traceability.epcis import store
from traceability.models import Batch, EventFile, EventKind, EventLot, Lot, LotInput, TraceEvent

LONGEST_TITLE, LONGEST_NOTE, MOST_FILES = 120, 2_000, 6
#: Nothing was traced before the programme: an earlier year is a mistyped one.
EARLIEST_YEAR = 2018

#: CBV 2.0 business steps in use here, EPCIS 2.0 section 8 (https://ref.gs1.org/cbv/BizStep-…).
BIZ_STEPS = (
    "commissioning",
    "receiving",
    "accepting",
    "storing",
    "inspecting",
    "sampling",
    "creating_class_instance",
    "assembling",
    "disassembling",
    "cycle_counting",
    "packing",
    "picking",
    "loading",
    "departing",
    "shipping",
    "arriving",
    "unpacking",
    "stocking",
    "consigning",
    "retail_selling",
    "holding",
    "returning",
    "repairing",
    "installing",
    "collecting",
    "transporting",
    "destroying",
    "void_shipping",
    "other",
)
#: CBV 2.0 dispositions in use here.
DISPOSITIONS = (
    "active",
    "in_progress",
    "in_transit",
    "conformant",
    "non_conformant",
    "sellable_accessible",
    "sellable_not_accessible",
    "non_sellable_other",
    "recalled",
    "retail_sold",
    "returned",
    "expired",
    "damaged",
    "destroyed",
)


class NoSuchEvent(NotFound):
    message = N_("There is no such event.")


class NoTitle(InvalidInput):
    message = N_("Please say what was done.")
    field = "title"


class TitleTooLong(InvalidInput):
    message = N_("Please keep what was done within %(most)s signs.")
    field = "title"


class NoteTooLong(InvalidInput):
    message = N_("Please keep the note within %(most)s signs.")
    field = "note"


class InTheFuture(InvalidInput):
    message = N_("This lies in the future. Write down what has happened.")
    field = "day"


class TooLongAgo(InvalidInput):
    message = N_("Please look at the year again.")
    field = "day"


class BeforeItsMaterial(InvalidInput):
    message = N_("Nothing it was made of was harvested, received or made before %(day)s. Please look at the day again.")
    field = "other_day"


class NoLots(InvalidInput):
    message = N_("An event names at least one lot.")


class NoSuchBusinessStep(InvalidInput):
    message = N_("Please choose what was done from the list.")
    field = "step"


class TooManyFiles(InvalidInput):
    message = N_("At most %(most)s photos can be kept with one event.")
    field = "photo"


class PlaceOfAnother(InvalidInput):
    message = N_("Please choose one of your own places.")
    field = "place"


class AlreadyCorrected(Conflict):
    message = N_("This event was corrected already. Correct the newer one.")


@dataclass(frozen=True)
class NamedLot:
    """A lot that an event names, in which role, and how much of it."""

    lot_id: int
    role: str = "object"  #: "object", "input" or "output"
    quantity: int | None = None  #: in the lot's unit


@dataclass(frozen=True)
class Handover:
    """Goods that go from one holder to another, while they stay their owner's (ids of organisations)."""

    giver_id: int
    taker_id: int
    owner_id: int | None = None

    def as_facts(self) -> dict[str, int | None]:
        """Give it as an event keeps it."""
        return {"giver": self.giver_id, "taker": self.taker_id, "owner": self.owner_id}


@dataclass(frozen=True)
class Attachment:
    """A photo or paper of an event; kept before by ``kernel.media``."""

    digest: str
    alt_vi: str = ""
    alt_en: str = ""


def record_event(
    kind: EventKind,
    biz_step: str,
    lots: Sequence[NamedLot],
    *,
    title_vi: str,
    actor: Actor,
    organisation_id: int | None = None,
    event_at: datetime | None = None,
    action: str | None = "OBSERVE",
    disposition: str | None = None,
    place_id: int | None = None,
    title_en: str = "",
    note_vi: str = "",
    note_en: str = "",
    document: str | None = None,
    document_type: str | None = None,
    handover: Handover | None = None,
    files: Iterable[Attachment] = (),
    facts: dict[str, Any] | None = None,
    is_public: bool = True,
    is_sample: bool = False,
    corrects_id: int | None = None,
    now: datetime,
) -> TraceEvent:
    """Write down what happened to lots, and let their pages and those of all goods made from them show it.

    :param organisation_id: who did it; the actor's organisation when None
    :param event_at: when it happened; ``now`` when None
    :param action: ADD, OBSERVE or DELETE; None for transformations
    :param document_type: what the document is in CBV 2.0: desadv, recadv, inv, rma
    :raises NoLots: :raises NoSuchBusinessStep: :raises NoTitle: :raises TitleTooLong: :raises NoteTooLong:
    :raises InTheFuture: :raises TooLongAgo: :raises TooManyFiles: :raises PlaceOfAnother:
    """
    title_vi, title_en = one_line(title_vi), one_line(title_en)
    note_vi, note_en = nfc(note_vi).strip(), nfc(note_en).strip()
    event_at = event_at or now
    attached = list(files)
    organisation_id = organisation_id or actor.organisation_id
    if not lots:
        raise NoLots()
    if biz_step not in BIZ_STEPS or disposition not in (None, *DISPOSITIONS):
        raise NoSuchBusinessStep()
    if not title_vi:
        raise NoTitle()
    if max(len(title_vi), len(title_en)) > LONGEST_TITLE:
        raise TitleTooLong(most=LONGEST_TITLE)
    if max(len(note_vi), len(note_en)) > LONGEST_NOTE:
        raise NoteTooLong(most=LONGEST_NOTE)
    if event_at > now + timedelta(minutes=5):  # the clocks of two machines differ a little
        raise InTheFuture()
    if business_date(event_at).year < EARLIEST_YEAR:
        raise TooLongAgo()
    if len(attached) > MOST_FILES:
        raise TooManyFiles(most=MOST_FILES)
    if organisation_id is None:
        raise ValueError("an event is done by an organisation")
    if place_id is not None:
        _check_place(place_id, organisation_id)
    event = TraceEvent(
        event_id=f"urn:uuid:{uuid.uuid4()}",
        kind=kind,
        action=None if kind is EventKind.TRANSFORMATION else action,
        biz_step=biz_step,
        disposition=disposition,
        event_at=event_at,
        recorded_at=now,
        organisation_id=organisation_id,
        place_id=place_id,
        title_vi=title_vi,
        title_en=title_en,
        note_vi=note_vi,
        note_en=note_en,
        document=document,
        user_id=actor.user_id,
        officer_organisation_id=actor.officer_organisation_id,
        corrects_id=corrects_id,
        facts=(facts or {})
        | ({"paper": document_type} if document_type else {})
        | ({"handover": handover.as_facts()} if handover else {}),
        is_public=is_public,
        is_sample=is_sample,
    )
    db.session.add(event)
    db.session.flush()
    db.session.execute(
        insert(EventLot),
        [{"event_id": event.id, "lot_id": lot.lot_id, "role": lot.role, "quantity": lot.quantity} for lot in lots],
    )
    db.session.add_all(
        EventFile(
            event_id=event.id,
            position=position,
            digest=file.digest,
            alt_vi=one_line(file.alt_vi)[:200],
            alt_en=one_line(file.alt_en)[:200],
        )
        for position, file in enumerate(attached, start=1)
    )
    db.session.flush()
    proof.append(records.KIND, event.event_id, canonical(records.stored_record(event)), now=now)
    store.keep(event)
    shows_anew(lot.lot_id for lot in lots)
    return event


def are_samples(lot_ids: Iterable[int]) -> bool:
    """Tell whether these lots are sample data, all of them: so is what happens to them."""
    return not db.session.scalar(select(exists().where(Lot.id.in_(list(lot_ids)), Lot.is_sample.is_(False))))


def add_step(lot: Lot, biz_step: str, *, actor: Actor, now: datetime, **words: Any) -> TraceEvent:
    """Write down what was done with a lot, by hand.

    :param words: as of ``record_event``, and what that raises
    :raises BeforeItsMaterial: if it lies before all that the lot was made of
    """
    refuse_before_material(lot.id, words.get("event_at") or now)
    event = record_event(
        EventKind.OBJECT,
        biz_step,
        [NamedLot(lot.id)],
        actor=actor,
        organisation_id=actor.organisation_id,
        is_sample=lot.is_sample,
        now=now,
        **words,
    )
    audit.record(actor, "traceability.add_step", f"lot:{lot.id}", now=now, event=event.id)
    return event


def refuse_before_material(lot_id: int, happened: datetime) -> None:
    """Refuse what is said to have happened to a lot before anything it was made of was there.

    :raises BeforeItsMaterial:
    """
    first = _first_day_of_material(lot_id)
    if first is not None and business_date(happened) < first:
        raise BeforeItsMaterial(day=f"{first:%d/%m/%Y}")


def _first_day_of_material(lot_id: int) -> date | None:
    """Give the first day on which anything was there that went into a lot; None where the day of one is not known.

    Lots in between have none: they were made in steps.
    """
    harvested_or_made = func.coalesce(Lot.harvested_on, Lot.received_on, Batch.made_on)
    rows = db.session.scalars(
        select(harvested_or_made)
        .select_from(LotInput)
        .join(Lot, Lot.id == LotInput.input_id)
        .outerjoin(Batch, Batch.lot_id == Lot.id)
        .where(LotInput.output_id == lot_id)
    ).all()
    return min(rows) if rows and None not in rows else None


def correct_event(
    event: TraceEvent,
    *,
    reason: str,
    actor: Actor,
    title_vi: str | None = None,
    note_vi: str | None = None,
    event_at: datetime | None = None,
    place_id: int | None = None,
    files: Iterable[Attachment] | None = None,
    now: datetime,
) -> TraceEvent:
    """Put an event right by another one: it names the same lots, says what is given here anew, and which it corrects.

    The event itself stays as it was written; readers are shown the newer one and that it is a correction.

    :param reason: why, for the record
    :raises AlreadyCorrected, BeforeItsMaterial, NoteTooLong: and as ``record_event``
    """
    reason = nfc(reason).strip()
    if len(reason) > LONGEST_NOTE:
        raise NoteTooLong(most=LONGEST_NOTE)
    # Two corrections of one event would leave two truths: whoever comes second must look again.
    if db.session.scalar(select(exists().where(TraceEvent.corrects_id == event.id))):
        raise AlreadyCorrected()
    lots = db.session.scalars(select(EventLot).where(EventLot.event_id == event.id)).all()
    if event_at is not None:
        for lot in lots:
            refuse_before_material(lot.lot_id, event_at)
    kept = db.session.scalars(select(EventFile).where(EventFile.event_id == event.id).order_by(EventFile.position))
    try:
        with db.session.begin_nested():
            corrected = record_event(
                event.kind,
                event.biz_step,
                [NamedLot(lot.lot_id, lot.role, lot.quantity) for lot in lots],
                title_vi=event.title_vi if title_vi is None else title_vi,
                title_en=event.title_en if title_vi is None else "",
                note_vi=event.note_vi if note_vi is None else note_vi,
                note_en=event.note_en if note_vi is None else "",
                actor=actor,
                organisation_id=event.organisation_id,
                event_at=event.event_at if event_at is None else event_at,
                action=event.action,
                disposition=event.disposition,
                place_id=event.place_id if place_id is None else place_id,
                document=event.document,
                files=[Attachment(file.digest, file.alt_vi, file.alt_en) for file in kept] if files is None else files,
                facts={**event.facts, "correction_reason": reason},
                is_public=event.is_public,
                is_sample=event.is_sample,
                corrects_id=event.id,
                now=now,
            )
    except IntegrityError as race:
        raise AlreadyCorrected() from race
    audit.record(actor, "traceability.correct_event", f"event:{event.id}", now=now, by=corrected.id)
    return corrected


def shows_anew(lot_ids: Iterable[int]) -> None:
    """Say that the pages of lots, and of all goods made from them, change with the caller's transaction."""
    db.session.flush()
    reached = genealogy.downstream(lot_ids)
    # Ids alone, without the cap of a walk: a page left out would go on showing what is no longer so.
    found = db.session.scalars(select(reached.c.id))
    pages.bump(*(pages.lot(id) for id in found))


def _check_place(place_id: int, organisation_id: int) -> None:
    owner = db.session.scalar(select(Place.organisation_id).where(Place.id == place_id))
    if owner != organisation_id:
        raise PlaceOfAnother()
