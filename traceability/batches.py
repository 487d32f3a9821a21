"""Batches: opened, released for sale, held, recalled. What happens to the goods in stock is done by who calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import and_, case, exists, or_, select, update
from sqlalchemy.exc import IntegrityError

from accounts.actor import Actor
from catalog.models import Product, ProductVersion, TradeItem, Unit
from kernel import audit, gs1, pages
from kernel.clock import business_date
from kernel.db import db, for_update, in_parts, listed, lock
from kernel.errors import N_, Conflict, InvalidInput
from kernel.text import nfc
from traceability import addresses, declarations, items, lots, recipes, recording, statements
from traceability.epcis import in_turn
from traceability.models import Batch, EventKind, Lot, LotIdentifier, LotKind, LotState
from traceability.recording import Attachment, NamedLot

MOST_PACKS = 10_000_000
LONGEST_REASON = 1_000
MOST_LOTS_OF_AN_EVENT = 500
LATEST_YEARS = 20  #: goods good for longer carry no date at all


class NumberRecalled(Conflict):
    message = N_("Goods of this GTIN with the number %(number)s were recalled. Choose another number.")
    field = "number"


class OtherwiseByEvents(Conflict):
    message = N_(
        "Programs have sent events of this GTIN with the number %(number)s by weight or volume, or of more packs than"
        " these. Choose another number, or correct the amount."
    )
    field = "number"


class NotAnItem(InvalidInput):
    message = N_("Please choose one of your products.")
    field = "item"


class BatchNumberTaken(InvalidInput):
    message = N_("There is a batch of this product with this number already. Choose another number.")
    field = "number"


class TooManyPacks(InvalidInput):
    message = N_("Please enter how many packs, between 1 and 10,000,000.")
    field = "quantity"


class MadeInTheFuture(InvalidInput):
    message = N_("The day it was made lies in the future.")
    field = "made_on"


class MadeLongAgo(InvalidInput):
    message = N_("Please look at the year it was made again.")
    field = "made_on"


class ExpiresBeforeMade(InvalidInput):
    message = N_("The last day it is good cannot lie before the day it was made.")
    field = "expires_on"


class ExpiresTooLate(InvalidInput):
    message = N_("Please look at the year it is good until again.")
    field = "expires_on"


class NoReason(InvalidInput):
    message = N_("Please write why: it is shown to everybody who opens the batch.")
    field = "reason"


class ReasonTooLong(InvalidInput):
    message = N_("Please keep the reason within %(most)s signs.")
    field = "reason"


class NothingChecked(InvalidInput):
    message = N_("Please write what was checked: it is shown to everybody who opens the batch.")
    field = "checked"


class NotOpen(Conflict):
    message = N_("Batch %(number)s was released already.")


class NotApproved(Conflict):
    message = N_("The office has not approved this product yet. The batch is kept; release it when the product is.")


class PastItsDate(Conflict):
    message = N_("Batch %(number)s is past its last day: it cannot be put on sale.")


class NothingLeft(Conflict):
    message = N_("All of batch %(number)s went into other lots: nothing is left to sell.")


class CannotHold(Conflict):
    message = N_("Lot %(number)s cannot be held now: only what is released can.")


class NotHeld(Conflict):
    message = N_("Lot %(number)s is not held.")


class AlreadyRecalled(Conflict):
    message = N_("Lot %(number)s was recalled already.")


class RecalledNotLabelled(Conflict):
    message = N_("Batch %(number)s is recalled: no labels are printed for it any more.")


class CannotConfirm(Conflict):
    message = N_("Only a batch that is on sale can be confirmed.")


class ConfirmsOwn(Conflict):
    message = N_("Who made a batch cannot confirm it: only another can.")


def open_batch(
    item: TradeItem,
    *,
    number: str,
    made_on: date,
    expires_on: date | None,
    quantity: int,
    inputs: Mapping[int, int],
    actor: Actor,
    place_id: int | None = None,
    note: str = "",
    photos: tuple[Attachment, ...] = (),
    is_sample: bool = False,
    token: str | None = None,
    now: datetime,
) -> Batch:
    """Write down a batch of packs of a trade item, made of other lots. It is not on sale, nor in public, before
    :func:`release`.

    :param number: as printed on the pack; unique for the trade item (GS1 AI 10)
    :param expires_on: the last day on which it is good; None for what does not go bad
    :param quantity: packs; :param inputs: {lot id: how much of it, in its own unit}
    :param token: its address; drawn at random when None (the demo gives its own)
    :raises NotAnItem: :raises BatchNumberTaken: :raises TooManyPacks: :raises MadeInTheFuture: :raises MadeLongAgo:
    :raises ExpiresBeforeMade: :raises ExpiresTooLate: :raises kernel.gs1.MalformedLot: and as ``lots.claim``
    :raises NumberRecalled: :raises OtherwiseByEvents: by what programs have said of goods with this number
    :raises traceability.recipes.MoreOutThanIn: if the packs hold more than went in
    """
    number = lots.numbered(number)
    product = db.session.get_one(Product, item.product_id)
    if product.is_service or item.is_set:
        raise NotAnItem()
    check_dates(made_on, expires_on, now=now)
    if not 1 <= quantity <= MOST_PACKS:
        raise TooManyPacks()
    if item.gtin is not None:
        in_turn.wait()
    known = check_number(item, number, quantity, owner_id=product.producer_id)
    version = db.session.get(
        ProductVersion, product.published_version_id or product.approved_version_id or product.draft_version_id
    )
    lot = known or Lot(created_at=now)
    lot.kind = LotKind.FINISHED
    lot.owner_id = product.producer_id
    lot.number = number
    lot.name_vi = (f"{version.name_vi if version else number}, {item.name_vi}")[: lots.LONGEST_NAME]
    lot.name_en = (
        f"{version.name_en}, {item.name_en or item.name_vi}"[: lots.LONGEST_NAME] if version and version.name_en else ""
    )
    lot.quantity, lot.used, lot.unit = quantity, 0, Unit.PIECE
    lot.place_id = place_id
    lot.state, lot.state_since = LotState.OPEN, now
    lot.note = nfc(note).strip()[: lots.LONGEST_NOTE]
    lot.is_sample = is_sample
    lots.add(lot)
    batch = Batch(
        lot_id=lot.id,
        trade_item_id=item.id,
        number=number,
        token=token or gs1.new_token(),
        made_on=made_on,
        expires_on=expires_on,
    )
    try:
        with db.session.begin_nested():
            db.session.add(batch)
    except IntegrityError as race:  # two who send the same number at once
        raise BatchNumberTaken() from race
    lots.claim(lot, inputs)
    recipes.check(lot, inputs, item=item, now=now)
    lots.record_making(
        lot,
        inputs,
        title_vi="Đóng gói thành phẩm",
        title_en="Packed",
        made_on=made_on,
        actor=actor,
        photos=photos,
        now=now,
    )
    declarations.declare([lot.id], now=now)
    audit.record(actor, "traceability.open_batch", f"lot:{lot.id}", now=now, item=item.id, quantity=quantity)
    return batch


def check_number(item: TradeItem, number: str, quantity: int, *, owner_id: int) -> Lot | None:
    """Refuse the number of a batch that cannot have it; give the lot that events of its producer tell of under it.

    This lot becomes the batch, with all that they say. What it was made of, and what became of it, stays; so a recall
    of its material reaches the batch.

    :param quantity: packs
    :raises BatchNumberTaken: :raises NumberRecalled: :raises OtherwiseByEvents:
    """
    if number_is_taken(item.id, number):
        raise BatchNumberTaken()
    if item.gtin is None:
        return None
    name = addresses.of_goods("", "", item.gtin, number)
    lot: Lot | None = db.session.scalar(
        for_update(
            select(Lot)
            .join(LotIdentifier, LotIdentifier.lot_id == Lot.id)
            .where(LotIdentifier.uri == name, Lot.kind == LotKind.EXTERNAL)
        )
    )
    if lot is None:
        return None
    is_own = lot.owner_id == owner_id
    here = db.session.scalar(select(Lot.id).where(Lot.id == lot.id, statements.recalled_here()))
    if lot.state is LotState.RECALLED and (is_own or here is not None):
        raise NumberRecalled(number=number)
    if not is_own:
        return None  # who named goods of others first does not own them
    said = statements.amounts([lot.id]).get(lot.id, statements.Amounts())
    if lot.unit is not Unit.PIECE or said.captured + said.sold + said.lost > quantity or said.remade > quantity:
        raise OtherwiseByEvents(number=number)
    return lot


def check_dates(made_on: date, expires_on: date | None, *, now: datetime) -> None:
    """Refuse days that cannot be.

    :raises MadeInTheFuture: :raises MadeLongAgo: :raises ExpiresBeforeMade: :raises ExpiresTooLate:
    """
    today = business_date(now)
    if made_on > today:
        raise MadeInTheFuture()
    if made_on.year < recording.EARLIEST_YEAR:
        raise MadeLongAgo()
    if expires_on is not None:
        if expires_on < made_on:
            raise ExpiresBeforeMade()
        if expires_on.year > today.year + LATEST_YEARS:
            raise ExpiresTooLate()


def number_is_taken(trade_item_id: int, number: str) -> bool:
    """Tell whether a trade item has a batch of this number."""
    return bool(db.session.scalar(select(exists().where(Batch.trade_item_id == trade_item_id, Batch.number == number))))


def release(batch: Batch, *, actor: Actor, now: datetime) -> None:
    """Let a batch be sold and its page be seen. The stock receives the packs by who calls (``stock.production``).

    :raises NotOpen: if it was released before; :raises NothingLeft: if all of it went into other lots
    :raises PastItsDate: if its last day has gone by
    :raises NotApproved: if nobody has looked at the words its page would show
    """
    lot = lock(batch.lot)
    product = db.session.scalars(
        select(Product).join(TradeItem, TradeItem.product_id == Product.id).where(TradeItem.id == batch.trade_item_id)
    ).one()
    if lot.state is not LotState.OPEN:
        raise NotOpen(number=lot.number)
    if product.published_version_id is None and product.approved_version_id is None:
        raise NotApproved()
    if lot.left < 1:
        raise NothingLeft(number=lot.number)
    if batch.expires_on is not None and batch.expires_on < business_date(now):
        raise PastItsDate(number=lot.number)
    _move(lot, (LotState.OPEN,), LotState.RELEASED, "", now=now)
    recording.record_event(
        EventKind.OBJECT,
        "storing",
        [NamedLot(lot.id, quantity=lot.left)],
        title_vi="Nhập kho, đưa ra bán",
        title_en="Stored, released for sale",
        disposition="sellable_not_accessible",
        actor=actor,
        organisation_id=lot.owner_id,
        place_id=lot.place_id,
        is_sample=lot.is_sample,
        now=now,
    )
    declarations.declare([lot.id], now=now)
    items.activate(lot.id)
    audit.record(actor, "traceability.release", f"lot:{lot.id}", now=now, quantity=lot.left)
    _shelf_changes(batch)


def confirm(batch: Batch, *, checked: str, actor: Actor, now: datetime) -> None:
    """Write down that a third party looked at a batch and found it to be as declared.

    :param checked: what exactly was checked; shown to the public
    :raises NothingChecked: :raises ReasonTooLong: :raises CannotConfirm: :raises ConfirmsOwn:
    """
    checked = nfc(checked).strip()
    if not checked:
        raise NothingChecked()
    if len(checked) > LONGEST_REASON:
        problem = ReasonTooLong(most=LONGEST_REASON)
        problem.field = "checked"
        raise problem
    lot = lock(batch.lot)
    if actor.organisation_id is None or actor.organisation_id == lot.owner_id:
        raise ConfirmsOwn()
    if lot.state is not LotState.RELEASED:
        raise CannotConfirm()
    recording.record_event(
        EventKind.OBJECT,
        "inspecting",
        [NamedLot(lot.id)],
        title_vi="Xác nhận lô hàng",
        title_en="Batch confirmed",
        note_vi=checked,
        disposition="conformant",
        actor=actor,
        is_sample=lot.is_sample,
        now=now,
    )
    audit.record(actor, "traceability.confirm", f"lot:{lot.id}", now=now)


def check_label(lot: Lot) -> None:
    """Say whether labels may be printed for a batch now.

    :raises RecalledNotLabelled:
    """
    if lot.state is LotState.RECALLED:
        raise RecalledNotLabelled(number=lot.number)


def hold(lot: Lot, *, reason: str, reason_en: str = "", actor: Actor, now: datetime) -> None:
    """Stop a lot from being sold or used, for the time being. The stock is frozen by who calls.

    :param reason_en: the same in English, where it is known

    :raises NoReason: :raises ReasonTooLong: :raises CannotHold: unless it is released
    """
    reason = checked_reason(reason)
    lock(lot)
    if lot.state is not LotState.RELEASED:
        raise CannotHold(number=lot.number)
    _move(lot, (LotState.RELEASED,), LotState.HELD, reason, reason_en=reason_en, now=now)
    _state_event(lot, "Tạm giữ", "Held", reason, "non_sellable_other", note_en=reason_en, actor=actor, now=now)
    audit.record(actor, "traceability.hold", f"lot:{lot.id}", now=now)


def end_hold(lot: Lot, *, reason: str, actor: Actor, now: datetime) -> None:
    """Let a held lot be sold and used again. The stock is freed by who calls.

    :raises NoReason: :raises ReasonTooLong: :raises NotHeld:
    """
    reason = checked_reason(reason)
    lock(lot)
    if lot.state is not LotState.HELD:
        raise NotHeld(number=lot.number)
    _move(lot, (LotState.HELD,), LotState.RELEASED, "", now=now)
    _state_event(lot, "Hết tạm giữ", "No longer held", reason, "sellable_not_accessible", actor=actor, now=now)
    audit.record(actor, "traceability.end_hold", f"lot:{lot.id}", now=now)


def recall(lot: Lot, *, reason: str, actor: Actor, now: datetime) -> None:
    """Call one lot back, for good. Its page says so at the next request; the stock is frozen by who calls.

    :raises NoReason: :raises ReasonTooLong: :raises AlreadyRecalled:
    """
    reason = checked_reason(reason)
    lock(lot)
    if lot.state is LotState.RECALLED:
        raise AlreadyRecalled(number=lot.number)
    recall_all([lot.id], reason_vi=reason, actor=actor, now=now)
    audit.record(actor, "traceability.recall", f"lot:{lot.id}", now=now)


def recall_all(
    lot_ids: Sequence[int],
    *,
    reason_vi: str,
    reason_en: str = "",
    quantities: Mapping[int, int] | None = None,
    document: str | None = None,
    actor: Actor,
    now: datetime,
) -> list[int]:
    """Call many lots back by few statements: their states, their pages, and the events that say so.

    The caller has locked their rows, and freezes their stock.

    :param quantities: {lot id: what is still there of it}, for goods that the stock counts
    :return: the ids of those that were not recalled before, but by the word of their owner
    """
    by_word = and_(Lot.kind == LotKind.EXTERNAL, ~statements.recalled_here())
    recalled = sorted(
        db.session.scalars(
            update(Lot)
            .where(Lot.id.in_(listed(lot_ids)), or_(Lot.state != LotState.RECALLED, by_word))
            .values(
                state=LotState.RECALLED,
                state_reason=reason_vi,
                state_reason_en=reason_en,
                state_since=case((Lot.state == LotState.RECALLED, Lot.state_since), else_=now),
            )
            .returning(Lot.id)
            .execution_options(synchronize_session=False)
        )
    )
    _forget_states(set(recalled))
    _tell_recall(recalled, reason_vi, reason_en, quantities or {}, document=document, actor=actor, now=now)
    products = db.session.scalars(
        select(TradeItem.product_id)
        .join(Batch, Batch.trade_item_id == TradeItem.id)
        .where(Batch.lot_id.in_(listed(recalled)))
        .distinct()
    ).all()
    if products:
        pages.bump(pages.SHOP, *(pages.product(product_id) for product_id in products))
    return recalled


def _forget_states(lot_ids: set[int]) -> None:
    """Let rows that were loaded before be read anew."""
    for row in list(db.session.identity_map.values()):
        if isinstance(row, Lot) and row.id in lot_ids:
            db.session.expire(row, ["state", "state_reason", "state_reason_en", "state_since"])


def _tell_recall(
    lot_ids: Sequence[int],
    reason_vi: str,
    reason_en: str,
    quantities: Mapping[int, int],
    *,
    document: str | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Write the events: one names up to :data:`MOST_LOTS_OF_AN_EVENT` lots of one owner."""
    named: dict[tuple[int, bool], list[NamedLot]] = {}
    for id, owner_id, left, is_sample in db.session.execute(
        select(Lot.id, Lot.owner_id, Lot.quantity - Lot.used, Lot.is_sample)
        .where(Lot.id.in_(listed(lot_ids)))
        .order_by(Lot.id)
    ):
        still_there = quantities.get(id, left)
        named.setdefault((owner_id, is_sample), []).append(NamedLot(id, quantity=still_there or None))
    for (owner_id, is_sample), lots_named in sorted(named.items()):
        for part in in_parts(lots_named, MOST_LOTS_OF_AN_EVENT):
            recording.record_event(
                EventKind.OBJECT,
                "holding",
                part,
                title_vi="Thu hồi",
                title_en="Recalled",
                note_vi=reason_vi,
                note_en=reason_en,
                disposition="recalled",
                actor=actor,
                organisation_id=actor.organisation_id or owner_id,
                document=document,
                is_sample=is_sample,
                now=now,
            )


def checked_reason(reason: str) -> str:
    """Read why a lot is held or recalled.

    :raises NoReason: :raises ReasonTooLong:
    """
    reason = nfc(reason).strip()
    if not reason:
        raise NoReason()
    if len(reason) > LONGEST_REASON:
        raise ReasonTooLong(most=LONGEST_REASON)
    return reason


def _move(
    lot: Lot, before: tuple[LotState, ...], after: LotState, reason: str, *, reason_en: str = "", now: datetime
) -> None:
    """Change the state by one guarded step: whoever comes second finds it changed."""
    changed = db.session.execute(
        update(Lot)
        .where(Lot.id == lot.id, Lot.state.in_(before))
        .values(state=after, state_reason=reason, state_reason_en=reason_en, state_since=now)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict()
    db.session.expire(lot, ["state", "state_reason", "state_reason_en", "state_since"])
    recording.shows_anew([lot.id])
    batch = db.session.get(Batch, lot.id)
    if batch is not None:
        _shelf_changes(batch)


def _state_event(
    lot: Lot,
    title_vi: str,
    title_en: str,
    reason: str,
    disposition: str,
    *,
    note_en: str = "",
    actor: Actor,
    now: datetime,
) -> None:
    recording.record_event(
        EventKind.OBJECT,
        "holding",
        [NamedLot(lot.id)],
        title_vi=title_vi,
        title_en=title_en,
        note_vi=reason,
        note_en=note_en,
        disposition=disposition,
        actor=actor,
        organisation_id=actor.organisation_id or lot.owner_id,
        is_sample=lot.is_sample,
        now=now,
    )


def _shelf_changes(batch: Batch) -> None:
    """What may be bought has changed: the lists, and the page of the product."""
    product_id = db.session.scalar(select(TradeItem.product_id).where(TradeItem.id == batch.trade_item_id))
    pages.bump(pages.SHOP, pages.product(product_id or 0))
