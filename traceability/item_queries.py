"""Reads of sticker rolls, codes of packs, what was printed, checks and reports: scoped to the actor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, case, false, func, or_, select, true
from sqlalchemy.orm import joinedload

from accounts.actor import SYSTEM, Actor
from accounts.models import Organisation, User
from accounts.queries import owned_by
from catalog.models import Product, ProductVersion, TradeItem
from kernel.db import db
from traceability.cases import NoSuchCase
from traceability.item_models import (
    Case,
    CaseState,
    ItemCheck,
    ItemCode,
    ItemCodeSetting,
    ItemState,
    LabelPrint,
    StickerRoll,
)
from traceability.items import SUSPICIOUS, Finding, NoSuchRoll
from traceability.models import Batch, Lot, LotState

MOST_SHOWN = 200


def rolls_visible_to(actor: Actor) -> Select[StickerRoll]:
    """Select the rolls of the actor's organisation, or of its jurisdiction."""
    return select(StickerRoll).where(owned_by(actor, StickerRoll.organisation_id))


def prints_visible_to(actor: Actor) -> Select[LabelPrint]:
    """Select what was printed for the actor's organisation, or in its jurisdiction."""
    return select(LabelPrint).where(owned_by(actor, LabelPrint.organisation_id))


def cases_visible_to(actor: Actor) -> Select[Case]:
    """Select the reports an office answers for: of its jurisdiction, and those of which nobody knows whose they are.

    Producers see none: who reports may have left a telephone number for the office alone.
    """
    if actor is SYSTEM:
        return select(Case)
    if not actor.is_office:
        return select(Case).where(false())
    unknown = and_(Case.organisation_id.is_(None), true() if actor.jurisdiction else false())
    return select(Case).where(or_(unknown, owned_by(actor, Case.organisation_id)))


@dataclass(frozen=True)
class RollRow:
    """A roll and how many of its codes are in which state."""

    roll: StickerRoll
    owner: Organisation
    blank: int
    used: int
    void: int


def list_rolls(actor: Actor) -> list[RollRow]:
    """List the rolls an actor may see, the latest first."""

    def counted(*states: ItemState) -> Any:
        return func.sum(case((ItemCode.state.in_(states), 1), else_=0))

    codes = (
        select(
            ItemCode.roll_id,
            counted(ItemState.BLANK).label("blank"),
            counted(ItemState.BOUND, ItemState.ACTIVE).label("used"),
            counted(ItemState.VOID).label("void"),
        )
        .group_by(ItemCode.roll_id)
        .subquery()
    )
    rows = db.session.execute(
        select(StickerRoll, Organisation, codes.c.blank, codes.c.used, codes.c.void)
        .join(Organisation, Organisation.id == StickerRoll.organisation_id)
        .join(codes, codes.c.roll_id == StickerRoll.id)
        .where(owned_by(actor, StickerRoll.organisation_id))
        .options(joinedload(StickerRoll.trade_item), joinedload(StickerRoll.batch))
        .order_by(StickerRoll.id.desc())
        .limit(MOST_SHOWN)
    )
    return [RollRow(*row) for row in rows]


def get_roll(actor: Actor, roll_id: int) -> StickerRoll:
    """Find a roll.

    :raises NoSuchRoll: if there is none that the actor may see
    """
    found = db.session.scalar(rolls_visible_to(actor).where(StickerRoll.id == roll_id))
    if found is None:
        raise NoSuchRoll()
    return found


@dataclass(frozen=True)
class Stretch:
    """Stickers of a roll that follow each other and are in the same state."""

    first: int
    last: int
    state: ItemState
    batch_number: str
    lot_id: int | None
    reason: str


def stretches_of(roll_id: int) -> list[Stretch]:
    """Tell which stickers of a roll are on which batch, in its order."""
    rows = db.session.execute(
        select(ItemCode.position, ItemCode.state, Batch.number, ItemCode.lot_id, ItemCode.void_reason)
        .outerjoin(Batch, Batch.lot_id == ItemCode.lot_id)
        .where(ItemCode.roll_id == roll_id)
        .order_by(ItemCode.position)
    )
    found: list[Stretch] = []
    for position, state, number, lot_id, reason in rows:
        facts = (state, number or "", lot_id, reason)
        if found and (found[-1].state, found[-1].batch_number, found[-1].lot_id, found[-1].reason) == facts:
            found[-1] = Stretch(found[-1].first, position, *facts)
        else:
            found.append(Stretch(position, position, *facts))
    return found


class PackedBatch(NamedTuple):
    """A batch whose packs can get codes now."""

    lot_id: int
    number: str
    name_vi: str  #: of the goods
    name_en: str


def batches_to_pack(organisation_id: int, trade_item_id: int | None = None) -> list[PackedBatch]:
    """List the batches whose packs can get codes now, the latest first."""
    query = (
        select(Batch.lot_id, Batch.number, Lot.name_vi, Lot.name_en)
        .join(Lot, Lot.id == Batch.lot_id)
        .join(TradeItem, TradeItem.id == Batch.trade_item_id)
        .join(ItemCodeSetting, ItemCodeSetting.product_id == TradeItem.product_id)
        .where(
            Lot.owner_id == organisation_id,
            ItemCodeSetting.is_on,
            Lot.state.in_((LotState.OPEN, LotState.RELEASED)),
        )
    )
    if trade_item_id is not None:
        query = query.where(Batch.trade_item_id == trade_item_id)
    rows = db.session.execute(query.order_by(Batch.lot_id.desc()).limit(MOST_SHOWN))
    return [PackedBatch._make(row) for row in rows]


def prints_of(actor: Actor, *, lot_id: int | None = None, roll_id: int | None = None) -> list[tuple[LabelPrint, str]]:
    """List what was printed of a batch (and of its packs) or of a roll, with who printed it, the latest first."""
    query = select(LabelPrint, User.name).outerjoin(User, User.id == LabelPrint.user_id)
    query = query.where(owned_by(actor, LabelPrint.organisation_id))
    if lot_id is not None:
        query = query.where(LabelPrint.lot_id == lot_id)
    if roll_id is not None:
        query = query.where(LabelPrint.roll_id == roll_id)
    rows = db.session.execute(query.order_by(LabelPrint.id.desc()).limit(50))
    return [(row, name or "") for row, name in rows]


@dataclass(frozen=True)
class ProductRow:
    """A product and whether its packs carry codes."""

    product_id: int
    name_vi: str
    name_en: str
    owner: Organisation
    is_on: bool


def products_with_setting(actor: Actor) -> list[ProductRow]:
    """List the products of goods an actor may see."""
    version = func.coalesce(Product.published_version_id, Product.approved_version_id, Product.draft_version_id)
    rows = db.session.execute(
        select(Product.id, ProductVersion.name_vi, ProductVersion.name_en, Organisation, ItemCodeSetting.is_on)
        .join(ProductVersion, ProductVersion.id == version)
        .join(Organisation, Organisation.id == Product.producer_id)
        .outerjoin(ItemCodeSetting, ItemCodeSetting.product_id == Product.id)
        .where(owned_by(actor, Product.producer_id), ~Product.is_service)
        .order_by(ProductVersion.sort_key, Product.id)
        .limit(1_000)
    )
    return [ProductRow(id, vi, en, owner, bool(is_on)) for id, vi, en, owner, is_on in rows]


class CodedItem(NamedTuple):
    """A trade item whose packs carry codes."""

    id: int
    name_vi: str  #: of the product and the pack
    name_en: str


def items_with_codes(organisation_id: int) -> list[CodedItem]:
    """List the trade items of an organisation whose packs carry codes."""
    version = func.coalesce(Product.published_version_id, Product.approved_version_id, Product.draft_version_id)
    rows = db.session.execute(
        select(TradeItem.id, ProductVersion.name_vi, TradeItem.name_vi, ProductVersion.name_en, TradeItem.name_en)
        .join(Product, Product.id == TradeItem.product_id)
        .join(ProductVersion, ProductVersion.id == version)
        .join(ItemCodeSetting, ItemCodeSetting.product_id == Product.id)
        .where(Product.producer_id == organisation_id, ItemCodeSetting.is_on, TradeItem.is_active)
        .order_by(ProductVersion.sort_key, TradeItem.id)
    )
    return [
        CodedItem(id, f"{product}, {item}", f"{product_en}, {item_en}" if product_en and item_en else "")
        for id, product, item, product_en, item_en in rows
    ]


@dataclass(frozen=True)
class CheckRow:
    """A check that somebody should look at."""

    at: datetime
    finding: Finding
    number: int
    region: str | None
    serial: str
    batch_number: str
    lot_id: int | None
    name_vi: str
    name_en: str
    owner: Organisation
    roll_number: int
    position: int


def suspicious_checks(actor: Actor) -> list[CheckRow]:
    """List the checks that found something odd, of codes an actor may see, the latest first."""
    rows = db.session.execute(
        select(ItemCheck, ItemCode, StickerRoll, Organisation, Batch.number, Lot.name_vi, Lot.name_en)
        .join(ItemCode, ItemCode.id == ItemCheck.code_id)
        .join(StickerRoll, StickerRoll.id == ItemCode.roll_id)
        .join(Organisation, Organisation.id == StickerRoll.organisation_id)
        .outerjoin(Batch, Batch.lot_id == ItemCode.lot_id)
        .outerjoin(Lot, Lot.id == ItemCode.lot_id)
        .where(
            ItemCheck.finding.in_([finding.value for finding in SUSPICIOUS]),
            owned_by(actor, StickerRoll.organisation_id),
        )
        .order_by(ItemCheck.id.desc())
        .limit(MOST_SHOWN)
    )
    return [
        CheckRow(
            check.at,
            Finding(check.finding),
            check.number or 0,
            check.region,
            code.serial,
            number or "",
            code.lot_id,
            name or "",
            name_en or "",
            owner,
            roll.number,
            code.position,
        )
        for check, code, roll, owner, number, name, name_en in rows
    ]


def list_cases(actor: Actor, state: CaseState | None) -> tuple[list[Case], dict[CaseState | None, int]]:
    """List the reports an office answers for, the latest first, and how many there are in each state."""
    scoped = cases_visible_to(actor).subquery()
    rows = db.session.execute(select(scoped.c.state, func.count()).group_by(scoped.c.state))
    counts: dict[CaseState | None, int] = {CaseState(one): many for one, many in rows}
    counts[None] = sum(counts.values())
    query = cases_visible_to(actor).options(
        joinedload(Case.organisation), joinedload(Case.batch), joinedload(Case.code)
    )
    if state is not None:
        query = query.where(Case.state == state)
    return list(db.session.scalars(query.order_by(Case.id.desc()).limit(MOST_SHOWN))), counts


def get_case(actor: Actor, case_id: int) -> Case:
    """Find one report.

    :raises NoSuchCase: if there is none that the actor may see
    """
    found = db.session.scalar(
        cases_visible_to(actor)
        .where(Case.id == case_id)
        .options(joinedload(Case.organisation), joinedload(Case.batch), joinedload(Case.code))
    )
    if found is None:
        raise NoSuchCase()
    return found
