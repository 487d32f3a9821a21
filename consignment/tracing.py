"""What a note or a sale means for the trace: one event for each step, in the same transaction."""

from __future__ import annotations

import enum
from datetime import datetime

from accounts.actor import Actor
from consignment.models import Note, NoteKind, Sale, SalesPoint
from traceability.models import EventKind
from traceability.recording import Handover, NamedLot, record_event


class Step(enum.Enum):
    """A step's words and what it is in CBV 2.0: business step, disposition, action, is it shown to consumers, and
    what its paper is.
    """

    CONSIGNING = ("Gửi bán", "Sent to be sold", "consigning", "in_transit", "OBSERVE", True, "desadv")
    RECEIVING = (
        "Điểm bán nhận hàng",
        "Received at the sales point",
        "receiving",
        "sellable_accessible",
        "OBSERVE",
        True,
        "recadv",
    )
    TAKING_IN = ("Nhận lại hàng", "Taken back in", "receiving", "sellable_not_accessible", "OBSERVE", False, "recadv")
    SELLING = ("Bán lẻ", "Sold", "retail_selling", "retail_sold", "DELETE", False, "inv")
    NOT_SENT = ("Hủy gửi", "Sending called off", "void_shipping", "sellable_not_accessible", "OBSERVE", False, "desadv")
    RETURNING = ("Hàng quay lại", "Goods come back", "returning", "returned", "OBSERVE", False, "rma")


def trace(step: Step, note: Note, *, organisation_id: int, actor: Actor, now: datetime) -> None:
    """Write the event of a step of a note."""
    place = note.sales_point.location.place if organisation_id == note.sales_point.organisation_id else None
    if step is Step.RECEIVING and note.kind is NoteKind.RETURN:
        step = Step.TAKING_IN
    _record(
        step,
        [NamedLot(line.lot_id, "object", line.quantity) for line in note.lines],
        organisation_id=organisation_id,
        place_id=place.id if place else None,
        handover=_handover(step, note),
        document=note.number,
        is_sample=note.is_sample,
        actor=actor,
        now=now,
    )


def _handover(step: Step, note: Note) -> Handover:
    """Tell between whom the goods of a note change hands at a step. They stay the consignor's."""
    consignor, keeper = note.consignor_id, note.sales_point.organisation_id
    goes_back = (note.kind is NoteKind.RETURN) != (step is Step.NOT_SENT)
    giver, taker = (keeper, consignor) if goes_back else (consignor, keeper)
    return Handover(giver, taker, consignor)


def trace_sale(step: Step, sale: Sale, point: SalesPoint, *, actor: Actor, now: datetime) -> None:
    """Write the event of a sale, or of its cancellation."""
    _record(
        step,
        [NamedLot(line.lot_id, "object", line.quantity) for line in sale.lines],
        organisation_id=point.organisation_id,
        place_id=point.location.place_id,
        document=sale.number,
        is_sample=point.is_sample,
        actor=actor,
        now=now,
    )


def _record(
    step: Step,
    lots: list[NamedLot],
    *,
    organisation_id: int,
    place_id: int | None,
    handover: Handover | None = None,
    document: str,
    is_sample: bool,
    actor: Actor,
    now: datetime,
) -> None:
    title_vi, title_en, biz_step, disposition, action, is_public, paper = step.value
    record_event(
        EventKind.OBJECT,
        biz_step,
        lots,
        title_vi=title_vi,
        title_en=title_en,
        actor=actor,
        organisation_id=organisation_id,
        action=action,
        disposition=disposition,
        place_id=place_id,
        document=document,
        document_type=paper,
        handover=handover,
        is_public=is_public,
        is_sample=is_sample,
        now=now,
    )
