"""Lots of material: received, or made of other lots. What goes into a lot is claimed from what is left of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import case, exists, select, update
from sqlalchemy.exc import IntegrityError

from accounts.actor import Actor
from accounts.models import Organisation
from catalog.models import Unit
from kernel import audit, gs1
from kernel.clock import VIETNAM, business_date
from kernel.db import db, for_update, lock
from kernel.errors import N_, Conflict, InvalidInput
from kernel.models import AdministrativeUnit, StoredFile
from kernel.text import nfc, one_line
from traceability import declarations, recipes, recording, rounding, statements
from traceability.models import EventKind, Lot, LotDocument, LotInput, LotKind, LotState
from traceability.recording import Attachment, NamedLot

LONGEST_NAME, LONGEST_NOTE = 160, 2_000
MOST_QUANTITY = 1_000_000_000  #: base units: a thousand tonnes
MOST_INPUTS = 200


class NoName(InvalidInput):
    message = N_("Please say what it is.")
    field = "name"


class NameTooLong(InvalidInput):
    message = N_("Please keep this within %(most)s signs.")
    field = "name"


class NumberTaken(InvalidInput):
    message = N_("There is a lot with this number already. Choose another number.")
    field = "number"


class QuantityOutOfRange(InvalidInput):
    message = N_("Please enter how much it is, more than nothing.")
    field = "quantity"


class NoSource(InvalidInput):
    message = N_("Please say who it came from, or which growing area.")
    field = "supplier"


class NoOrigin(InvalidInput):
    message = N_("Please choose the commune it comes from.")
    field = "commune"


class NoDay(InvalidInput):
    message = N_("Please enter the day it was received.")
    field = "received_on"


class DayInTheFuture(InvalidInput):
    message = N_("This day lies in the future.")
    field = "received_on"


class HarvestedAfterwards(InvalidInput):
    message = N_("It cannot have been harvested after it was received.")
    field = "harvested_on"


class NoInputs(InvalidInput):
    message = N_("Please say which lots went into it, and how much of each.")
    field = "inputs"


class TooManyInputs(InvalidInput):
    message = N_("At most %(most)s lots can go into one.")
    field = "inputs"


class NoSuchInput(InvalidInput):
    message = N_("One of these lots does not exist, or is not yours.")
    field = "inputs"


class InputQuantityOutOfRange(InvalidInput):
    message = N_("Please enter how much of lot %(number)s went in, more than nothing.")
    field = "inputs"


class InputNotUsable(Conflict):
    message = N_("Lot %(number)s is held, recalled or already on sale: nothing can be taken from it.")
    field = "inputs"


class NotEnoughLeft(Conflict):
    """``left`` and ``wanted`` are in the lot's ``unit``."""

    message = N_("Of lot %(number)s there is not so much left: %(left)s (%(unit)s) of the %(wanted)s entered.")
    field = "inputs"


@dataclass(frozen=True)
class Received:
    """What is told of raw material when it is received."""

    name_vi: str
    number: str
    quantity: int  #: in ``unit``
    unit: Unit
    received_on: date | None
    commune: str | None  #: code of today's commune it grew in
    supplier: str = ""
    supplier_organisation_id: int | None = None
    growing_area: str = ""
    harvested_on: date | None = None
    place_id: int | None = None
    name_en: str = ""
    note: str = ""


def receive_raw_lot(
    owner: Organisation,
    received: Received,
    *,
    actor: Actor,
    photos: tuple[Attachment, ...] = (),
    is_sample: bool = False,
    now: datetime,
) -> Lot:
    """Write down raw material that an organisation received, with the event of its harvest (if told) and receipt.

    :raises NoName: :raises NumberTaken: :raises QuantityOutOfRange: :raises NoSource: :raises NoOrigin:
    :raises NoDay: :raises DayInTheFuture: :raises HarvestedAfterwards: :raises kernel.gs1.MalformedLot:
    """
    name = _name(received.name_vi)
    number = numbered(received.number)
    today = business_date(now)
    _check_quantity(received.quantity)
    supplier, area = one_line(received.supplier), one_line(received.growing_area)
    if not supplier and not area and received.supplier_organisation_id is None:
        raise NoSource()
    if max(len(supplier), len(area)) > LONGEST_NAME:
        raise _beside("supplier", NameTooLong(most=LONGEST_NAME))
    if received.received_on is None:
        raise NoDay()
    if received.received_on > today:
        raise DayInTheFuture()
    if received.received_on.year < recording.EARLIEST_YEAR:
        raise _beside("received_on", recording.TooLongAgo())
    if received.harvested_on is not None and received.harvested_on > received.received_on:
        raise HarvestedAfterwards()
    commune = _commune(received.commune)
    lot = Lot(
        kind=LotKind.RAW,
        owner_id=owner.id,
        number=number,
        name_vi=name,
        name_en=one_line(received.name_en)[:LONGEST_NAME],
        quantity=received.quantity,
        used=0,
        unit=received.unit,
        place_id=received.place_id,
        supplier=supplier,
        supplier_organisation_id=received.supplier_organisation_id,
        growing_area=area,
        origin_commune_code=commune.code,
        origin_commune_valid_from=commune.valid_from,
        harvested_on=received.harvested_on,
        received_on=received.received_on,
        state=LotState.RELEASED,
        state_since=now,
        note=_note(received.note),
        is_sample=is_sample,
        created_at=now,
    )
    add(lot)
    if received.harvested_on is not None:
        recording.record_event(
            EventKind.OBJECT,
            "commissioning",
            [NamedLot(lot.id, quantity=lot.quantity)],
            title_vi="Thu hoạch",
            title_en="Harvest",
            note_vi=area,
            action="ADD",
            disposition="active",
            actor=actor,
            organisation_id=owner.id,
            event_at=at_noon(received.harvested_on, now),
            is_sample=is_sample,
            now=now,
        )
    recording.record_event(
        EventKind.OBJECT,
        "receiving",
        [NamedLot(lot.id, quantity=lot.quantity)],
        title_vi="Nhận nguyên liệu",
        title_en="Raw material received",
        disposition="in_progress",
        actor=actor,
        organisation_id=owner.id,
        place_id=received.place_id,
        handover=recording.Handover(received.supplier_organisation_id, owner.id)
        if received.supplier_organisation_id is not None
        else None,
        event_at=at_noon(received.received_on, now),
        files=photos,
        is_sample=is_sample,
        now=now,
    )
    declarations.declare([lot.id], now=now)
    audit.record(actor, "traceability.receive_raw_lot", f"lot:{lot.id}", now=now, quantity=lot.quantity)
    return lot


def make_intermediate(
    owner: Organisation,
    *,
    name_vi: str,
    number: str,
    quantity: int,
    unit: Unit,
    made_on: date,
    inputs: Mapping[int, int],
    actor: Actor,
    name_en: str = "",
    place_id: int | None = None,
    note: str = "",
    photos: tuple[Attachment, ...] = (),
    is_sample: bool = False,
    now: datetime,
) -> Lot:
    """Write down something made of other lots that will go into goods later: dried, milled, dyed, fermented.

    :param inputs: {lot id: how much of it, in its own unit}
    :raises NoName: :raises NumberTaken: :raises QuantityOutOfRange: :raises DayInTheFuture: and as ``claim``
    :raises traceability.recording.TooLongAgo: if it is from before the programme
    :raises traceability.recording.BeforeItsMaterial: if nothing it was made of was there that day
    :raises traceability.recipes.MoreOutThanIn: if more came out than went in
    """
    name, number = _name(name_vi), numbered(number)
    _check_quantity(quantity)
    if made_on > business_date(now):
        raise _beside("made_on", DayInTheFuture())
    if made_on.year < recording.EARLIEST_YEAR:
        raise _beside("made_on", recording.TooLongAgo())
    if not inputs:
        raise NoInputs()
    lot = Lot(
        kind=LotKind.INTERMEDIATE,
        owner_id=owner.id,
        number=number,
        name_vi=name,
        name_en=one_line(name_en)[:LONGEST_NAME],
        quantity=quantity,
        used=0,
        unit=unit,
        place_id=place_id,
        state=LotState.RELEASED,
        state_since=now,
        note=_note(note),
        is_sample=is_sample,
        created_at=now,
    )
    add(lot)
    claim(lot, inputs)
    recording.refuse_before_material(lot.id, at_noon(made_on, now))
    recipes.check(lot, inputs, now=now)
    record_making(
        lot,
        inputs,
        title_vi=name,
        title_en=one_line(name_en)[:LONGEST_NAME],
        made_on=made_on,
        actor=actor,
        photos=photos,
        now=now,
    )
    declarations.declare([lot.id], now=now)
    audit.record(actor, "traceability.make_intermediate", f"lot:{lot.id}", now=now, quantity=quantity)
    return lot


def claim(output: Lot, inputs: Mapping[int, int]) -> None:
    """Take what goes into a lot out of what is left of others, all of it or nothing, and draw the edges.

    The inputs are locked in the order of their ids, so that of two who want the last kilogram one gets it and the
    other is told; then one guarded statement counts them down. The table's CHECK says the same once more.

    :param inputs: {lot id: how much of it, in its own unit}
    :raises NoSuchInput: unless they are raw or intermediate lots, or batches not yet on sale, of the same owner
    :raises InputQuantityOutOfRange: :raises TooManyInputs: :raises InputNotUsable: :raises NotEnoughLeft:
    """
    if len(inputs) > MOST_INPUTS:
        raise TooManyInputs(most=MOST_INPUTS)
    if not inputs:
        return
    found = list(
        db.session.scalars(
            for_update(
                select(Lot)
                .where(Lot.id.in_(sorted(inputs)), Lot.owner_id == output.owner_id, Lot.id != output.id)
                .order_by(Lot.id)
            )
        )
    )
    if len(found) != len(inputs):
        raise NoSuchInput()
    gone = _gone_by_events(found)
    for lot in found:
        if not 1 <= inputs[lot.id] <= MOST_QUANTITY:
            raise InputQuantityOutOfRange(number=lot.number)
        if not is_usable(lot):
            raise InputNotUsable(number=lot.number)
        left = max(0, lot.left - gone.get(lot.id, 0))
        if inputs[lot.id] > left:
            raise NotEnoughLeft(number=lot.number, left=left, wanted=inputs[lot.id], unit=lot.unit.value, lot_id=lot.id)
    wanted = case(dict(inputs), value=Lot.id, else_=0)
    db.session.execute(
        update(Lot)
        .where(Lot.id.in_(sorted(inputs)), Lot.used + wanted <= Lot.quantity)
        .values(used=Lot.used + wanted)
        .execution_options(synchronize_session=False)
    )
    for lot in found:
        db.session.expire(lot, ["used"])
    drawn = {row.input_id: row for row in db.session.scalars(select(LotInput).where(LotInput.output_id == output.id))}
    for id, quantity in sorted(inputs.items()):
        if id in drawn:  # events said so before the lot was entered
            drawn[id].quantity += quantity
        else:
            db.session.add(LotInput(output_id=output.id, input_id=id, quantity=quantity))
    db.session.flush()


def is_usable(lot: Lot) -> bool:
    """Tell whether something may be taken from a lot to make another.

    Goods on sale are counted by the stock: they are not taken from here too.
    """
    return lot.state is (LotState.OPEN if lot.kind is LotKind.FINISHED else LotState.RELEASED)


def add_document(lot: Lot, digest: str, *, title: str, is_public: bool, actor: Actor, now: datetime) -> LotDocument:
    """Lay a paper to a lot: a test report, a receipt, a declaration.

    :raises NoName: if it has no title; :raises NameTooLong:
    """
    title = one_line(title)
    if not title:
        raise _beside("title", NoName())
    if len(title) > LONGEST_NAME:
        raise _beside("title", NameTooLong(most=LONGEST_NAME))
    if db.session.get(StoredFile, digest) is None:
        raise LookupError("keep the file before its row")
    lock(lot)  # two papers at once are two declarations, one after the other
    document = db.session.merge(
        LotDocument(lot_id=lot.id, digest=digest, title=title, is_public=is_public, added_at=now)
    )
    declarations.declare([lot.id], now=now)
    audit.record(actor, "traceability.add_document", f"lot:{lot.id}", now=now, digest=digest, is_public=is_public)
    recording.shows_anew([lot.id])
    return document


def _gone_by_events(lots: Collection[Lot]) -> dict[int, int]:
    """Give how much of lots captured events say is gone, beside what :attr:`Lot.used` counts."""
    kinds = {lot.id: lot.kind for lot in lots}
    return {
        id: rounding.whole(one.sold + one.lost + (one.captured if kinds[id] is LotKind.FINISHED else 0))
        for id, one in statements.amounts(kinds).items()
    }


# --- Shared with batches -------------------------------------------------------------------------------


def numbered(number: str) -> str:
    """Read a lot number; what is wrong with it belongs beside the field.

    :raises kernel.gs1.MalformedLot:
    """
    try:
        return gs1.lot_number(one_line(number))
    except gs1.MalformedLot as problem:
        problem.field = "number"
        raise


def add(lot: Lot) -> None:
    """Insert a lot, or say that its number is taken.

    :raises NumberTaken:
    """
    if lot.kind is not LotKind.FINISHED and db.session.scalar(
        select(exists().where(Lot.owner_id == lot.owner_id, Lot.kind == lot.kind, Lot.number == lot.number))
    ):
        raise NumberTaken()
    try:
        with db.session.begin_nested():
            db.session.add(lot)
    except IntegrityError as race:
        raise NumberTaken() from race


def record_making(
    lot: Lot,
    inputs: Mapping[int, int],
    *,
    title_vi: str,
    title_en: str,
    made_on: date,
    actor: Actor,
    note_vi: str = "",
    photos: tuple[Attachment, ...] = (),
    now: datetime,
) -> None:
    """Write down the transformation of inputs into a lot (EPCIS: commissioning)."""
    recording.record_event(
        EventKind.TRANSFORMATION if inputs else EventKind.OBJECT,
        "commissioning",
        [
            *(NamedLot(id, "input", quantity) for id, quantity in sorted(inputs.items())),
            NamedLot(lot.id, "output" if inputs else "object", lot.quantity),
        ],
        title_vi=title_vi[: recording.LONGEST_TITLE],
        title_en=title_en[: recording.LONGEST_TITLE],
        note_vi=note_vi,
        action="ADD",
        disposition="active",
        actor=actor,
        organisation_id=lot.owner_id,
        place_id=lot.place_id,
        event_at=at_noon(made_on, now),
        files=photos,
        is_sample=lot.is_sample,
        now=now,
    )


def at_noon(day: date, now: datetime) -> datetime:
    """Give the instant that stands for a day of which no hour is known: noon in Viet Nam, today no later than now."""
    noon = datetime.combine(day, time(12), VIETNAM).astimezone(now.tzinfo)
    return min(noon, now) if day == business_date(now) else noon


def _name(name: str) -> str:
    name = one_line(name)
    if not name:
        raise NoName()
    if len(name) > LONGEST_NAME:
        raise NameTooLong(most=LONGEST_NAME)
    return name


def _note(note: str) -> str:
    note = nfc(note).strip()
    if len(note) > LONGEST_NOTE:
        raise recording.NoteTooLong(most=LONGEST_NOTE)
    return note


def _check_quantity(quantity: int) -> None:
    if not 1 <= quantity <= MOST_QUANTITY:
        raise QuantityOutOfRange()


def _commune(code: str | None) -> AdministrativeUnit:
    unit = AdministrativeUnit
    found = db.session.scalar(
        select(unit).where(unit.code == code, unit.level == "commune", unit.valid_until.is_(None))
    )
    if found is None:
        raise NoOrigin()
    return found


def _beside(field: str, refusal: InvalidInput) -> InvalidInput:
    refusal.field = field
    return refusal
