"""One code for each pack: made, printed ahead, bound to a batch when packed, voided, and checked by whoever holds it.

What a check can tell is statistics: that a code was looked at before, often, or from far apart. It never tells that
a pack is not genuine, and no word of it says so.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, exists, func, insert, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import lazyload

from accounts.actor import Actor
from accounts.models import Organisation
from catalog.models import Product, ProductVersion, TradeItem
from kernel import audit, gs1, numbers
from kernel.clock import business_date
from kernel.db import db, for_update, lock, on_sqlite
from kernel.errors import N_, Conflict, InvalidInput, NotFound
from kernel.text import one_line
from traceability import digital_link, scans
from traceability.item_models import ItemCheck, ItemCode, ItemCodeSetting, ItemState, StickerRoll
from traceability.models import Batch, Lot, LotState

SERIAL_LENGTH = 16  #: 16 letters of 5 bits: 80 bits
MOST_CODES = 10_000  #: of one roll
LONGEST_NOTE, LONGEST_REASON = 160, 200
#: A page loaded again by the same source is the same check.
SAME_LOOK = timedelta(seconds=60)
#: So many sources within a day are more than a family and a shop.
MANY_SOURCES, WITHIN_A_DAY = 5, timedelta(hours=24)
#: Nobody is in two countries within so short a time.
TRAVEL = timedelta(hours=6)
#: Nor in the north and in the south of Viet Nam: the flight alone takes two hours.
ACROSS = timedelta(hours=2)
#: So many codes that are not there, from one source within the hour: somebody tries them out.
MOST_UNKNOWN, UNKNOWN_WITHIN = 20, timedelta(hours=1)
_RECENT = 60  #: checks looked at


class NoSuchCode(NotFound):
    message = N_("This code is not in the system.")


class NoSuchRoll(NotFound):
    message = N_("There is no such roll of stickers.")


class CodesAreOff(Conflict):
    message = N_("This product's packs carry no code each. Switch it on first, under “Codes of single packs”.")


class WrongCount(InvalidInput):
    message = N_("Please enter how many codes, between 1 and %(most)s.")
    field = "count"


class MoreCodesThanPacks(InvalidInput):
    message = N_(
        "The batch has %(packs)s packs and %(codes)s codes already: %(more)s more would be more codes than packs."
        " Void those that were spoiled first."
    )
    field = "count"


class NotThatProduct(InvalidInput):
    message = N_("This roll is kept for another product.")
    field = "batch"


class WrongRange(InvalidInput):
    message = N_("The roll has stickers 1 to %(last)s. Please enter the first and the last one you used.")
    field = "last"


class NotBlank(Conflict):
    message = N_(
        "Nothing was bound: sticker %(position)s of this roll is on a batch already, or in the hands of another who"
        " binds it now. Please look at the roll again."
    )


class NothingToBind(Conflict):
    message = N_("All these stickers are void: nothing is left to bind.")


class CodeTaken(Conflict):
    message = N_("This code is on a batch already.")
    field = "code"


class CodeIsVoid(Conflict):
    message = N_("This code is void: %(reason)s")
    field = "code"


class NotOurCode(InvalidInput):
    message = N_("This is not a code of your stickers. Please scan it again.")
    field = "code"


class NoVoidReason(InvalidInput):
    message = N_("Please write why these codes are void.")
    field = "reason"


class VoidReasonTooLong(InvalidInput):
    message = N_("Please keep the reason within %(most)s signs.")
    field = "reason"


class NothingToVoid(Conflict):
    message = N_("All these codes are void already.")


class NothingToPrint(Conflict):
    message = N_("All codes of this roll are void: there is nothing to print.")


class CannotBindNow(Conflict):
    message = N_("Batch %(number)s is held or recalled: nothing can be packed for it now.")


class Finding(enum.StrEnum):
    """What a check found; the graver one where several are true."""

    FIRST = "first"
    AGAIN = "again"
    MANY = "many"  #: by many within a day
    FAR = "far"  #: from two countries within hours
    EXPIRED = "expired"
    HELD = "held"
    RECALLED = "recalled"
    BLANK = "blank"  #: never activated
    VOID = "void"
    UNKNOWN = "unknown"


#: What producer and office are shown.
SUSPICIOUS = (Finding.MANY, Finding.FAR, Finding.EXPIRED, Finding.RECALLED, Finding.BLANK, Finding.VOID)


# --- Serials ----------------------------------------------------------------------------------------------------


def new_serial() -> str:
    """Draw a serial number: 80 random bits in Crockford's Base32. Never a counter, never made of anything."""
    bits = secrets.randbits(80)
    return "".join(gs1.CODE_LETTERS[bits >> shift & 31] for shift in range(75, -1, -5))


def is_serial(text: str) -> bool:
    """Tell whether a text has the shape of a serial as it is stored."""
    return len(text) == SERIAL_LENGTH and all(letter in gs1.CODE_LETTERS for letter in text)


def typed_serial(text: str) -> str:
    """Read a serial as people type or scan it: any case, with hyphens, or a whole address that ends in it."""
    last = re.split(r"[/?#]", re.split(r"[?#]", text.strip())[0].rstrip("/"))[-1]
    return gs1.typed_token(last)


def serial_in(typed: str) -> str | None:
    """Read the code of a single pack: alone, or in the address that its label holds; None when there is none."""
    in_address = re.search(r"/(?:m|21)/([^/?#]+)", typed)
    if in_address is None and ("/" in typed or "(" in typed):
        return None
    serial = typed_serial(in_address[1] if in_address else typed)
    return serial if is_serial(serial) else None


def spoken(serial: str) -> str:
    """Write a serial for people: four groups of four capitals, ``K7Q2-X9M0-AD45-TT8W``."""
    return "-".join(serial[at : at + 4] for at in range(0, SERIAL_LENGTH, 4)).upper()


def path_of(serial: str) -> str:
    """Give the address of the page of a code."""
    return f"/m/{serial}"


def printed(serial: str, *, base_url: str, gtin: str | None = None, lot: str | None = None) -> str:
    """Give the address that the printed code of a pack holds.

    A Digital Link where goods have a GTIN and the batch is known when printing; else the code's own address, which
    does not look like one: stickers printed ahead never change their address.
    """
    if gtin is not None and lot is not None:
        return digital_link.build(base_url, gtin=gtin, lot=lot, serial=serial)
    return base_url + path_of(serial)


def find(gtin: str, serial: str) -> str | None:
    """Give the path of the page for the serial number of a Digital Link, or None: then it is not a matter of ours.

    A serial that looks like ours but is not in the system has a page too, which says so: who reads it should not be
    led on to the batch as if nothing were the matter. The lot of the link decides nothing: the page shows the true one,
    and says where the two do not fit (``is_otherwise``).
    """
    candidate = gs1.typed_token(serial)
    if not is_serial(candidate):
        return None
    found = db.session.scalar(
        select(ItemCodeSetting.is_on)
        .join(TradeItem, TradeItem.product_id == ItemCodeSetting.product_id)
        .where(TradeItem.gtin == gtin)
    )
    if found is None and not _is_known(candidate):  # a code of ours on other goods than these is a matter of ours
        return None
    return path_of(candidate)


def _is_known(serial: str) -> bool:
    return db.session.scalar(select(ItemCode.id).where(ItemCode.serial == serial)) is not None


def is_on_no_lot(serial: str) -> bool:
    """Tell whether a code of ours was never put on packs of a lot."""
    blank = select(ItemCode.id).where(ItemCode.serial == gs1.typed_token(serial), ItemCode.lot_id.is_(None))
    return db.session.scalar(blank) is not None


def is_otherwise(gtin: str, lot: str | None, serial: str) -> bool:
    """Tell whether a Digital Link and the record of a code do not fit: no such code, or on packs of another lot."""
    row = db.session.execute(
        select(TradeItem.gtin, Batch.number)
        .select_from(ItemCode)
        .outerjoin(Batch, Batch.lot_id == ItemCode.lot_id)
        .outerjoin(TradeItem, TradeItem.id == Batch.trade_item_id)
        .where(ItemCode.serial == gs1.typed_token(serial))
    ).one_or_none()
    if row is None:
        return True
    return row.number is not None and (row.gtin != gtin or (lot is not None and row.number != lot))


def lot_of(serial: str) -> int | None:
    """Give the lot on whose packs a code is, by its id; None for a code that is on none, void or not ours."""
    return db.session.scalar(
        select(ItemCode.lot_id).where(
            ItemCode.serial == serial, ItemCode.state.in_((ItemState.BOUND, ItemState.ACTIVE))
        )
    )


# --- On and off -------------------------------------------------------------------------------------------------


def switch(product: Product, is_on: bool, *, actor: Actor, now: datetime) -> None:
    """Let the packs of a product carry a code each, or no longer. Codes that were given out keep answering."""
    insert_one = (sqlite.insert if on_sqlite() else postgresql.insert)(ItemCodeSetting)
    db.session.execute(
        insert_one.values(product_id=product.id, is_on=is_on, changed_at=now).on_conflict_do_update(
            index_elements=["product_id"], set_={"is_on": is_on, "changed_at": now}
        )
    )
    action = "traceability.item_codes_on" if is_on else "traceability.item_codes_off"
    audit.record(actor, action, f"product:{product.id}", now=now)


def is_on(product_id: int) -> bool:
    """Tell whether the packs of a product carry a code each."""
    return bool(db.session.scalar(select(ItemCodeSetting.is_on).where(ItemCodeSetting.product_id == product_id)))


# --- Made -------------------------------------------------------------------------------------------------------


def print_ahead(
    organisation: Organisation,
    count: int,
    *,
    item: TradeItem | None = None,
    note: str = "",
    actor: Actor,
    now: datetime,
) -> StickerRoll:
    """Make a roll of blank codes: whoever scans one reads that it is not activated yet.

    :param item: what the roll is kept for; None: for any product whose packs carry codes
    :raises WrongCount: :raises CodesAreOff: if it is kept for a product that carries none
    """
    if item is not None and not is_on(item.product_id):
        raise CodesAreOff()
    roll = _new_roll(organisation.id, count, item_id=item.id if item else None, note=note, now=now)
    roll.is_sample = organisation.is_sample
    _draw(roll, ItemState.BLANK, None, now)
    audit.record(actor, "traceability.print_ahead", f"roll:{roll.id}", now=now, count=count)
    return roll


def make_for_batch(batch: Batch, count: int, *, actor: Actor, now: datetime) -> StickerRoll:
    """Make codes for so many packs of a batch; they are active once it is on sale.

    :raises WrongCount: :raises CodesAreOff: :raises MoreCodesThanPacks: :raises CannotBindNow:
    """
    lot = _may_get_codes(batch)
    _room_for(lot, count)
    roll = _new_roll(lot.owner_id, count, item_id=batch.trade_item_id, lot_id=lot.id, now=now)
    roll.is_sample = lot.is_sample
    _draw(roll, _state_on(lot), lot.id, now)
    audit.record(actor, "traceability.item_codes", f"lot:{lot.id}", now=now, count=count, roll=roll.id)
    return roll


def _new_roll(
    organisation_id: int, count: int, *, item_id: int | None, lot_id: int | None = None, note: str = "", now: datetime
) -> StickerRoll:
    if not 1 <= count <= MOST_CODES:
        raise WrongCount(most=MOST_CODES)
    roll = StickerRoll(
        organisation_id=organisation_id,
        number=numbers.next_number(f"roll:{organisation_id}"),
        size=count,
        trade_item_id=item_id,
        lot_id=lot_id,
        note=one_line(note)[:LONGEST_NOTE],
        made_at=now,
    )
    db.session.add(roll)
    db.session.flush()
    return roll


def _draw(roll: StickerRoll, state: ItemState, lot_id: int | None, now: datetime) -> None:
    db.session.flush()
    db.session.execute(
        insert(ItemCode),
        [
            {
                "serial": new_serial(),
                "roll_id": roll.id,
                "position": position,
                "state": state,
                "lot_id": lot_id,
                "bound_at": now if lot_id is not None else None,
                "void_reason": "",
            }
            for position in range(1, roll.size + 1)
        ],
    )


def _may_get_codes(batch: Batch) -> Lot:
    """Lock the batch's lot, so that codes of two acts at once are counted together."""
    lot = lock(db.session.get_one(Lot, batch.lot_id))
    product_id = db.session.scalar(select(TradeItem.product_id).where(TradeItem.id == batch.trade_item_id))
    if not is_on(product_id or 0):
        raise CodesAreOff()
    if lot.state not in (LotState.OPEN, LotState.RELEASED):
        raise CannotBindNow(number=lot.number)
    return lot


def _room_for(lot: Lot, count: int) -> None:
    codes = db.session.scalar(
        select(func.count()).select_from(ItemCode).where(ItemCode.lot_id == lot.id, ItemCode.state != ItemState.VOID)
    )
    if (codes or 0) + count > lot.quantity:
        raise MoreCodesThanPacks(packs=lot.quantity, codes=codes or 0, more=count)


def _state_on(lot: Lot) -> ItemState:
    return ItemState.BOUND if lot.state is LotState.OPEN else ItemState.ACTIVE


def activate(lot_id: int) -> None:
    """Let the codes on a batch's packs count as given out: the batch is on sale now."""
    db.session.execute(
        update(ItemCode)
        .where(ItemCode.lot_id == lot_id, ItemCode.state == ItemState.BOUND)
        .values(state=ItemState.ACTIVE)
        .execution_options(synchronize_session=False)
    )


# --- Bound ------------------------------------------------------------------------------------------------------


def bind_range(roll: StickerRoll, first: int, last: int, batch: Batch, *, actor: Actor, now: datetime) -> int:
    """Say that stickers ``first`` to ``last`` of a roll are on packs of a batch now; void ones are passed over.

    :return: how many were bound
    :raises WrongRange: :raises NotThatProduct: :raises NotBlank: :raises NothingToBind:
    :raises CodesAreOff: :raises MoreCodesThanPacks: :raises CannotBindNow:
    """
    if not 1 <= first <= last <= roll.size:
        raise WrongRange(last=roll.size)
    _belongs(roll, batch)
    lot = _may_get_codes(batch)
    lock(roll)
    found = _in_range(roll, first, last)
    taken = next((code for code in found if code.state not in (ItemState.BLANK, ItemState.VOID)), None)
    if taken is not None:
        raise NotBlank(position=taken.position)
    blank = [code.id for code in found if code.state is ItemState.BLANK]
    if not blank:
        raise NothingToBind()
    _room_for(lot, len(blank))
    if _bind(roll.id, first, last, lot, now) != len(blank):
        raise NotBlank(position=first)
    audit.record(
        actor, "traceability.bind_codes", f"roll:{roll.id}", now=now, lot=lot.id, first=first, last=last,
        count=len(blank),
    )  # fmt: skip
    return len(blank)


def bind_one(text: str, batch: Batch, *, organisation_id: int, actor: Actor, now: datetime) -> ItemCode:
    """Say that the sticker just scanned is on a pack of a batch now.

    :param text: what the scanner gave: the serial or the whole address
    :raises NotOurCode: :raises CodeTaken: :raises CodeIsVoid: :raises NotThatProduct: and as :func:`bind_range`
    """
    code = _own_code(text, organisation_id)
    _belongs(code.roll, batch)
    lot = _may_get_codes(batch)
    lock(code)
    if code.state is ItemState.VOID:
        raise CodeIsVoid(reason=code.void_reason)
    if code.state is not ItemState.BLANK:
        raise CodeTaken()
    _room_for(lot, 1)
    if _bind(code.roll_id, code.position, code.position, lot, now) != 1:
        raise CodeTaken()
    db.session.expire(code)
    audit.record(
        actor, "traceability.bind_codes", f"roll:{code.roll_id}", now=now, lot=lot.id, first=code.position,
        last=code.position, count=1,
    )  # fmt: skip
    return code


def is_bound_to(text: str, batch: Batch, *, organisation_id: int) -> bool:
    """Tell whether a sticker is on a pack of a batch already.

    :raises NotOurCode:
    """
    code = _own_code(text, organisation_id)
    return code.lot_id == batch.lot_id and code.state in (ItemState.BOUND, ItemState.ACTIVE)


def _bind(roll_id: int, first: int, last: int, lot: Lot, now: datetime) -> int:
    """One guarded step: what is blank no longer is not touched."""
    changed = db.session.execute(
        update(ItemCode)
        .where(
            ItemCode.roll_id == roll_id,
            ItemCode.position.between(first, last),
            ItemCode.state == ItemState.BLANK,
        )
        .values(state=_state_on(lot), lot_id=lot.id, bound_at=now)
        .execution_options(synchronize_session=False)
    )
    return int(changed.rowcount)  # type: ignore[attr-defined]


def _belongs(roll: StickerRoll, batch: Batch) -> None:
    owner = db.session.scalar(select(Lot.owner_id).where(Lot.id == batch.lot_id))
    if owner != roll.organisation_id or roll.trade_item_id not in (None, batch.trade_item_id):
        raise NotThatProduct()


def _own_code(text: str, organisation_id: int) -> ItemCode:
    code = db.session.scalar(
        select(ItemCode)
        .join(StickerRoll, StickerRoll.id == ItemCode.roll_id)
        .where(ItemCode.serial == typed_serial(text), StickerRoll.organisation_id == organisation_id)
    )
    if code is None:
        raise NotOurCode()
    return code


def _in_range(roll: StickerRoll, first: int, last: int) -> list[ItemCode]:
    query = (
        select(ItemCode)
        .where(ItemCode.roll_id == roll.id, ItemCode.position.between(first, last))
        .order_by(ItemCode.position)
    )
    return list(db.session.scalars(for_update(query)))


# --- Void -------------------------------------------------------------------------------------------------------


def void_range(roll: StickerRoll, first: int, last: int, *, reason: str, actor: Actor, now: datetime) -> int:
    """Say that stickers were spoiled or lost: whoever scans one reads that it should be on no pack.

    :return: how many became void
    :raises WrongRange: :raises NoVoidReason: :raises VoidReasonTooLong: :raises NothingToVoid:
    """
    if not 1 <= first <= last <= roll.size:
        raise WrongRange(last=roll.size)
    reason = one_line(reason)
    if not reason:
        raise NoVoidReason()
    if len(reason) > LONGEST_REASON:
        raise VoidReasonTooLong(most=LONGEST_REASON)
    lock(roll)
    changed = db.session.execute(
        update(ItemCode)
        .where(ItemCode.roll_id == roll.id, ItemCode.position.between(first, last), ItemCode.state != ItemState.VOID)
        .values(state=ItemState.VOID, void_reason=reason, voided_at=now)
        .execution_options(synchronize_session=False)
    )
    count = int(changed.rowcount)  # type: ignore[attr-defined]
    if count == 0:
        raise NothingToVoid()
    audit.record(actor, "traceability.void_codes", f"roll:{roll.id}", now=now, first=first, last=last, count=count)
    return count


def void_one(text: str, *, organisation_id: int, reason: str, actor: Actor, now: datetime) -> ItemCode:
    """Say that one sticker, scanned or typed, was spoiled or lost.

    :raises NotOurCode: and as :func:`void_range`
    """
    code = _own_code(text, organisation_id)
    void_range(code.roll, code.position, code.position, reason=reason, actor=actor, now=now)
    db.session.expire(code)
    return code


# --- Checked ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Earlier:
    """A check made before."""

    number: int
    at: datetime
    region: str | None
    source: str


@dataclass(frozen=True)
class Pack:
    """What the page of a code says, in plain values: they outlive the transaction that read them."""

    code_id: int
    serial: str
    state: ItemState
    organisation_id: int
    producer_vi: str
    producer_en: str
    is_sample: bool
    lot_id: int | None
    lot_state: LotState | None
    batch_path: str  #: "" while there is none to see
    batch_number: str
    product_vi: str
    product_en: str
    item_vi: str
    item_en: str
    made_on: object  #: day, or None
    expires_on: object
    checks: int
    first_at: datetime | None
    recent: tuple[Earlier, ...]  #: of the last day, the latest first

    @property
    def name_vi(self) -> str:
        """Name of goods and pack."""
        return f"{self.product_vi}, {self.item_vi}" if self.product_vi else ""

    @property
    def name_en(self) -> str:
        """The same in English, where there is one."""
        return f"{self.product_en}, {self.item_en}" if self.product_en and self.item_en else ""


def get_pack(serial: str, *, now: datetime) -> Pack:
    """Read what is on record about a code (two statements).

    :raises NoSuchCode:
    """
    version = func.coalesce(Product.published_version_id, Product.approved_version_id)
    number_of_checks = (
        select(func.max(ItemCheck.number)).where(ItemCheck.code_id == ItemCode.id).correlate(ItemCode).scalar_subquery()
    )
    first_at = (
        select(ItemCheck.at)
        .where(ItemCheck.code_id == ItemCode.id, ItemCheck.number == 1)
        .correlate(ItemCode)
        .scalar_subquery()
    )
    found = db.session.execute(
        select(ItemCode, Organisation, Lot, Batch, TradeItem, ProductVersion, number_of_checks, first_at, StickerRoll)
        .join(StickerRoll, StickerRoll.id == ItemCode.roll_id)
        .join(Organisation, Organisation.id == StickerRoll.organisation_id)
        .outerjoin(Batch, Batch.lot_id == ItemCode.lot_id)
        .outerjoin(Lot, Lot.id == Batch.lot_id)
        .outerjoin(TradeItem, TradeItem.id == Batch.trade_item_id)
        .outerjoin(Product, Product.id == TradeItem.product_id)
        .outerjoin(ProductVersion, ProductVersion.id == version)
        .where(ItemCode.serial == serial)
        # The model joins a batch's lot inwards: of a blank code nothing would be left.
        .options(lazyload(Batch.lot))
    ).one_or_none()
    if found is None:
        raise NoSuchCode()
    code, organisation, lot, batch, item, words, checks, first, roll = found
    is_stopped = lot is not None and lot.state in (LotState.HELD, LotState.RECALLED)
    is_seen = is_stopped or (lot is not None and lot.state is not LotState.OPEN and code.state is not ItemState.VOID)
    return Pack(
        code_id=code.id,
        serial=code.serial,
        state=code.state,
        organisation_id=organisation.id,
        producer_vi=organisation.name_vi,
        producer_en=organisation.name_en,
        is_sample=roll.is_sample or organisation.is_sample,
        lot_id=lot.id if lot else None,
        lot_state=lot.state if lot else None,
        batch_path=f"/lo/{organisation.code}/{batch.token}" if is_seen else "",
        batch_number=batch.number if is_seen else "",
        product_vi=words.name_vi if is_seen and words else "",
        product_en=words.name_en if is_seen and words else "",
        item_vi=item.name_vi if is_seen else "",
        item_en=item.name_en if is_seen else "",
        made_on=batch.made_on if is_seen else None,
        expires_on=batch.expires_on if is_seen else None,
        checks=checks or 0,
        first_at=first,
        recent=_recent(code.id, now),
    )


def _recent(code_id: int, now: datetime) -> tuple[Earlier, ...]:
    rows = db.session.execute(
        select(ItemCheck.number, ItemCheck.at, ItemCheck.region, ItemCheck.source)
        .where(ItemCheck.code_id == code_id, ItemCheck.at > now - WITHIN_A_DAY)
        .order_by(ItemCheck.number.desc())
        .limit(_RECENT)
    )
    return tuple(Earlier(number or 0, at, region, source) for number, at, region, source in rows)


def judge(pack: Pack, *, region: str | None, source: str, now: datetime) -> Finding:
    """Tell what a check of a code finds, by what is on record (pure).

    That a batch is stopped comes before all else: whatever became of the sticker, the pack may be in a kitchen.
    """
    if pack.lot_state is LotState.RECALLED:
        return Finding.RECALLED
    if pack.lot_state is LotState.HELD:
        return Finding.HELD
    if pack.state is ItemState.VOID:
        return Finding.VOID
    if pack.state in (ItemState.BLANK, ItemState.BOUND):
        return Finding.BLANK
    if pack.expires_on is not None and pack.expires_on < business_date(now):  # type: ignore[operator]
        return Finding.EXPIRED
    if any(_is_far(region, check.region, now - check.at) for check in pack.recent):
        return Finding.FAR
    if len({source, *(check.source for check in pack.recent)}) >= MANY_SOURCES:
        return Finding.MANY
    return Finding.AGAIN if pack.checks else Finding.FIRST


def _is_far(here: str | None, there: str | None, since: timedelta) -> bool:
    """Tell whether nobody gets from one region to the other in that time (see ``scans.coarse``)."""
    if here is None or there is None:
        return False
    if here[0] == there[0] == "V" and {here, there} <= scans.PARTS.keys() | {"VN"}:
        return {here, there} == scans.FAR_ENDS and since < ACROSS
    return here != there and since < TRAVEL


def same_look(pack: Pack, *, source: str, now: datetime) -> Earlier | None:
    """Give the check that this one repeats: the same source loaded the page a moment ago."""
    return next((check for check in pack.recent if check.source == source and check.at > now - SAME_LOOK), None)


def record_check(pack: Pack, finding: Finding, *, region: str | None, source: str, now: datetime) -> int:
    """Write down a check, by one statement, and give its number; of two first ones at once one is the first."""
    so_far = func.max(ItemCheck.number)
    told: object = literal(finding.value)
    if finding in (Finding.FIRST, Finding.AGAIN):
        told = case((so_far.is_(None), literal(Finding.FIRST.value)), else_=literal(Finding.AGAIN.value))
    row = select(
        literal(pack.code_id),
        func.coalesce(so_far, 0) + 1,
        literal(now, ItemCheck.at.type),
        literal(region, ItemCheck.region.type),
        literal(source),
        told,  # type: ignore[call-overload]
    ).where(ItemCheck.code_id == pack.code_id)
    columns = ["code_id", "number", "at", "region", "source", "finding"]
    if on_sqlite():  # one writer at a time: nobody else takes the number
        return int(db.session.scalar(insert(ItemCheck).from_select(columns, row).returning(ItemCheck.number)) or 0)
    statement = (
        postgresql.insert(ItemCheck)
        .from_select(columns, row)
        .on_conflict_do_nothing(index_elements=["code_id", "number"])
        .returning(ItemCheck.number)
    )
    for _ in range(8):  # whoever lost the race for a number takes the next
        number = db.session.scalar(statement)
        if number is not None:
            return number
    return pack.checks + 1


def asks_too_much(source: str, *, now: datetime) -> bool:
    """Tell whether a source asked for so many codes that are not there that it gets no more answers."""
    unknown = db.session.scalar(
        select(func.count())
        .select_from(ItemCheck)
        .where(ItemCheck.source == source, ItemCheck.code_id.is_(None), ItemCheck.at > now - UNKNOWN_WITHIN)
    )
    return (unknown or 0) >= MOST_UNKNOWN


def record_unknown(*, region: str | None, source: str, now: datetime) -> None:
    """Write down that a source asked for a code that is not there; not which one."""
    db.session.add(ItemCheck(at=now, region=region, source=source, finding=Finding.UNKNOWN.value))


def source_of(address: str, *, secret: str, now: datetime) -> str:
    """Make a sign of a network address that tells sources apart within a day, and across days nothing."""
    key = hmac.digest(secret.encode(), f"item-check:{business_date(now)}".encode(), "sha256")
    return hmac.new(key, address.encode(), hashlib.sha256).hexdigest()[:32]


def codes_of(roll_id: int) -> Iterable[ItemCode]:
    """Read the codes of a roll in its order, void ones left out."""
    return db.session.scalars(
        select(ItemCode)
        .where(ItemCode.roll_id == roll_id, ItemCode.state != ItemState.VOID)
        .order_by(ItemCode.position)
    )


def has_codes(lot_id: int) -> bool:
    """Tell whether packs of a batch carry codes."""
    return bool(db.session.scalar(select(exists().where(ItemCode.lot_id == lot_id))))
