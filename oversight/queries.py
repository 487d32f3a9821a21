"""Reads of recalls: scoped to the actor, and reckoned by few statements however many lots there are."""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, case, false, func, literal, or_, select, true
from sqlalchemy.orm import aliased, joinedload

from accounts.actor import SYSTEM, Actor
from accounts.models import Membership, Organisation, Role, User
from accounts.queries import owned_by
from catalog.models import Product, ProductVersion, TradeItem, Unit
from catalog.queries import known_version
from consignment.models import Note, NoteKind, NoteLine, NoteStatus, Sale, SaleLine, SaleReversal, SalesPoint
from kernel.amounts import Apart, apart
from kernel.db import db, listed
from kernel.errors import N_, NotFound
from oversight import reconciliation
from oversight.export_models import ExportDestination, ExportJob, ExportState, LotFile
from oversight.models import (
    EntryKind,
    Recall,
    RecallEntry,
    RecallHolding,
    RecallLot,
    RecallNotice,
    RecallOutcome,
    RecallState,
)
from oversight.reconciliation import Flows, Parts, Said, Start, Stock
from stock import agreement
from stock.models import Balance, Location, LocationKind
from stock.queries import ON_HAND
from traceability import genealogy, remainders
from traceability.epcis import holders
from traceability.epcis.whereabouts import Share
from traceability.models import Batch, EpcisEvent, Lot, LotKind, LotState
from traceability.remainders import Gone

#: Places at which somebody can count packs.
SHELVES = (LocationKind.WAREHOUSE, LocationKind.SALES_POINT)
MOST_FOUND = 50
#: A transaction that captures events is over by then.
OVERLAP = timedelta(minutes=10)


class NoSuchRecall(NotFound):
    message = N_("There is no such recall.")


def visible_to(actor: Actor) -> Select[Recall]:
    """Select the recalls an actor may see whole: of its own lots, or of its jurisdiction."""
    return select(Recall).where(owned_by(actor, Recall.owner_id))


def notices_visible_to(actor: Actor) -> Select[RecallNotice]:
    """Select the notices an actor may see: those to itself, and all of the recalls it sees whole."""
    whole = select(Recall.id).where(owned_by(actor, Recall.owner_id))
    return select(RecallNotice).where(
        or_(RecallNotice.organisation_id == actor.organisation_id, RecallNotice.recall_id.in_(whole))
    )


def get_recall(actor: Actor, number: str) -> Recall:
    """Find a recall by its number.

    :raises NoSuchRecall: if there is none that the actor may see whole
    """
    found = db.session.scalar(
        visible_to(actor)
        .where(Recall.number == number)
        .options(joinedload(Recall.lot), joinedload(Recall.owner), joinedload(Recall.started_for))
    )
    if found is None:
        raise NoSuchRecall()
    return found


def get_notice(actor: Actor, number: str, notice_id: int) -> RecallNotice:
    """Find a notice of a recall.

    :raises NoSuchRecall: if there is none that the actor may see
    """
    found = db.session.scalar(
        notices_visible_to(actor)
        .join(Recall, Recall.id == RecallNotice.recall_id)
        .where(Recall.number == number, RecallNotice.id == notice_id)
        .options(joinedload(RecallNotice.recall).joinedload(Recall.owner), joinedload(RecallNotice.organisation))
    )
    if found is None:
        raise NoSuchRecall()
    return found


# --- Lists ------------------------------------------------------------------------------------------------


class RecallRow(NamedTuple):
    """A recall in a list."""

    recall: Recall
    owner: Organisation
    lot: Lot
    lots: int
    answered: int
    everybody: int


def list_recalls(actor: Actor) -> Select[Any]:
    """Select rows of recalls an actor sees whole, the latest first (see :class:`RecallRow`)."""
    lots = select(func.count()).where(RecallLot.recall_id == Recall.id).correlate(Recall).scalar_subquery()
    notices = select(func.count()).where(RecallNotice.recall_id == Recall.id).correlate(Recall)
    return (
        visible_to(actor)
        .with_only_columns(
            Recall,
            Organisation,
            Lot,
            lots,
            notices.where(RecallNotice.acknowledged_at.is_not(None)).scalar_subquery(),
            notices.scalar_subquery(),
        )
        .join(Organisation, Organisation.id == Recall.owner_id)
        .join(Lot, Lot.id == Recall.lot_id)
        .order_by(Recall.id.desc())
    )


def notices_to(actor: Actor) -> list[RecallNotice]:
    """List what the actor's own organisation was told, unanswered first."""
    return list(
        db.session.scalars(
            select(RecallNotice)
            .where(RecallNotice.organisation_id == actor.organisation_id)
            .join(Recall, Recall.id == RecallNotice.recall_id)
            .options(joinedload(RecallNotice.recall).joinedload(Recall.owner))
            .order_by(RecallNotice.acknowledged_at.is_not(None), RecallNotice.id.desc())
            .limit(200)
        )
    )


def unanswered_by(actor: Actor) -> Select[RecallNotice]:
    """Select what the actor's own organisation has not answered of recalls that are open."""
    return (
        select(RecallNotice)
        .join(Recall, Recall.id == RecallNotice.recall_id)
        .where(
            RecallNotice.organisation_id == actor.organisation_id,
            RecallNotice.acknowledged_at.is_(None),
            Recall.state == RecallState.OPEN,
        )
    )


def recall_of_lot(actor: Actor, lot_id: int) -> Recall | None:
    """Find the real recall that a lot is part of, if the actor may see it."""
    return db.session.scalar(
        visible_to(actor)
        .join(RecallLot, RecallLot.recall_id == Recall.id)
        .where(RecallLot.lot_id == lot_id, ~Recall.is_drill)
        .order_by(Recall.id.desc())
        .limit(1)
    )


def lots_to_recall(actor: Actor, words: str) -> list[tuple[Lot, Organisation, int | None]]:
    """Find lots of any level that may be recalled, by number or name, the latest first.

    :return: the lot, whose it is, and the grams of one where it is sold by weight
    """
    query = (
        select(Lot, Organisation, _step())
        .join(Organisation, Organisation.id == Lot.owner_id)
        .outerjoin(Batch, Batch.lot_id == Lot.id)
        .outerjoin(TradeItem, TradeItem.id == Batch.trade_item_id)
        .where(owned_by(actor, Lot.owner_id), or_(Lot.state != LotState.RECALLED, recalled_by_word()))
    )
    for word in words.lower().split()[:8]:
        like = f"%{word}%"
        query = query.where(or_(func.lower(Lot.number).like(like), func.lower(Lot.name_vi).like(like)))
    return [(row[0], row[1], row[2]) for row in db.session.execute(query.order_by(Lot.id.desc()).limit(MOST_FOUND))]


def recalled_by_word() -> ColumnElement[bool]:
    """Say that a lot was recalled by an event of its owner alone: nothing is known of who has it, nobody was told."""
    papers = (
        select(RecallLot.lot_id)
        .join(Recall, Recall.id == RecallLot.recall_id)
        .where(RecallLot.lot_id == Lot.id, ~Recall.is_drill)
        .correlate(Lot)
    )
    return and_(Lot.kind == LotKind.EXTERNAL, Lot.state == LotState.RECALLED, ~papers.exists())


def lot_of(actor: Actor, lot_id: int) -> Lot:
    """Find a lot of any level.

    :raises NoSuchRecall: if there is none that the actor may see
    """
    found = db.session.scalar(
        select(Lot).where(Lot.id == lot_id, owned_by(actor, Lot.owner_id)).options(joinedload(Lot.owner))
    )
    if found is None:
        raise NoSuchRecall()
    return found


# --- Who was told, and answered ---------------------------------------------------------------------------


def answered_of(recall: Recall) -> tuple[int, int]:
    """Count who has answered, and who was told."""
    row = db.session.execute(
        select(func.count(RecallNotice.acknowledged_at), func.count()).where(RecallNotice.recall_id == recall.id)
    ).one()
    return int(row[0]), int(row[1])


def notices_of(recall: Recall) -> list[RecallNotice]:
    """List who was told, those who have not answered first."""
    return list(
        db.session.scalars(
            select(RecallNotice)
            .join(Organisation, Organisation.id == RecallNotice.organisation_id)
            .where(RecallNotice.recall_id == recall.id)
            .options(joinedload(RecallNotice.organisation))
            .order_by(RecallNotice.acknowledged_at.is_not(None), Organisation.sort_key, RecallNotice.id)
        )
    )


class Person(NamedTuple):
    """Somebody who can be reached; read when it is needed, never written elsewhere."""

    organisation_id: int
    name: str
    email: str | None
    phone: str | None
    language: str
    role: Role


class Having(NamedTuple):
    """What who was told of a recall had when it began; packs and what is weighed apart."""

    held: Apart
    on_the_way: Apart
    sold: Apart

    @property
    def there(self) -> Apart:
        """Add up what is with them and what is on its way."""
        return Apart(self.held.packs + self.on_the_way.packs, self.held.weight_g + self.on_the_way.weight_g)


def having(notices: Collection[RecallNotice]) -> dict[int, Having]:
    """Give, by notice, what its holder had when the recall began.

    A notice counts steps of goods sold by weight with the packs; which they were is read from what happened by then.
    """
    recall_ids = {one.recall_id for one in notices}
    weighed: dict[str, dict[tuple[int, int], tuple[int, int]]] = {
        name: {(row[0], row[1]): (int(row[2]), int(row[3])) for row in db.session.execute(query)}
        for name, query in _weighed(recall_ids).items()
    }

    def of(one: RecallNotice, name: str) -> Apart:
        steps, weight_g = weighed.get(name, {}).get((one.recall_id, one.organisation_id), (0, 0))
        return Apart(max(0, getattr(one, name) - steps), weight_g)

    return {one.id: Having(of(one, "held"), of(one, "on_the_way"), of(one, "sold")) for one in notices}


def _weighed(recall_ids: Collection[int]) -> dict[str, Select[Any]]:
    """Select by recall and organisation how many steps there were of goods sold by weight, and their grams."""
    lots = (
        select(RecallLot.recall_id, RecallLot.lot_id, _step().label("step_g"), Recall.started_at)
        .join(Recall, Recall.id == RecallLot.recall_id)
        .join(Batch, Batch.lot_id == RecallLot.lot_id)
        .join(TradeItem, TradeItem.id == Batch.trade_item_id)
        .where(RecallLot.recall_id.in_(recall_ids), TradeItem.by_weight)
        .subquery()
    )
    if db.session.scalar(select(lots.c.lot_id).limit(1)) is None:
        return {}

    def sums(to: Any, quantity: Any) -> Select[Any]:
        steps, weight_g = func.sum(quantity), func.sum(quantity * lots.c.step_g)
        return select(lots.c.recall_id, to, steps, weight_g).select_from(lots).group_by(lots.c.recall_id, to)

    def not_by_then(instant: Any) -> ColumnElement[bool]:
        return or_(instant.is_(None), instant > lots.c.started_at)

    receiver = case((Note.kind == NoteKind.DELIVERY, SalesPoint.organisation_id), else_=Note.consignor_id)
    return {
        "held": sums(RecallHolding.keeper_id, RecallHolding.quantity)
        .join(
            RecallHolding,
            and_(RecallHolding.recall_id == lots.c.recall_id, RecallHolding.lot_id == lots.c.lot_id),
        )
        .join(Location, Location.id == RecallHolding.location_id)
        .where(Location.kind != LocationKind.IN_TRANSIT),
        "on_the_way": sums(receiver, NoteLine.quantity)
        .join(NoteLine, NoteLine.lot_id == lots.c.lot_id)
        .join(Note, Note.id == NoteLine.note_id)
        .join(SalesPoint, SalesPoint.id == Note.sales_point_id)
        .where(Note.sent_at <= lots.c.started_at, not_by_then(Note.received_at), not_by_then(Note.cancelled_at)),
        "sold": sums(SalesPoint.organisation_id, SaleLine.quantity)
        .join(SaleLine, SaleLine.lot_id == lots.c.lot_id)
        .join(Sale, Sale.id == SaleLine.sale_id)
        .join(SalesPoint, SalesPoint.id == Sale.sales_point_id)
        .outerjoin(SaleReversal, SaleReversal.sale_id == Sale.id)
        .where(Sale.sold_at <= lots.c.started_at, not_by_then(SaleReversal.at)),
    }


def steps_of(lot_ids: Collection[int]) -> dict[int, int]:
    """Give, by lot, the grams of one, of those lots that are sold by weight."""
    query = (
        select(Batch.lot_id, TradeItem.net_content)
        .join(TradeItem, TradeItem.id == Batch.trade_item_id)
        .where(Batch.lot_id.in_(lot_ids), TradeItem.by_weight)
    )
    found: dict[int, int] = dict(db.session.execute(query).all())
    return found


def people_of(*organisation_ids: int) -> list[Person]:
    """List the active people of organisations, managers first."""
    rows = db.session.execute(
        select(Membership.organisation_id, User.name, User.email, User.us_phone_number, User.language, Membership.role)
        .join(User, User.id == Membership.user_id)
        .where(Membership.organisation_id.in_(organisation_ids), User.active)
        .order_by(Membership.organisation_id, case((Membership.role == Role.MANAGER, 0), else_=1), User.id)
    )
    return [Person._make(row) for row in rows]


# --- Whose goods ------------------------------------------------------------------------------------------


class Goods(NamedTuple):
    """Packs of a lot at a place (``location`` None: material at its owner's; ``on_the_way``: not yet there)."""

    lot_id: int
    number: str
    name_vi: str
    name_en: str
    unit: Unit
    step_g: int | None  #: the grams of one, where it is sold by weight
    expires_on: date | None
    location_id: int | None
    location_vi: str
    location_en: str
    quantity: int  #: when the recall began
    is_external: bool = False  #: known from others' records: nobody says that it lies here
    by_events: bool = False  #: the stock does not count it: ``quantity`` is what events say is with the holder
    is_stated: bool = True  #: the events say how much
    most: int | None = None  #: how much of the lot was made, where that is known
    is_reckoned: bool = False  #: what is missing or destroyed of it is part of the reckoning


def _words() -> tuple[ColumnElement[str], ColumnElement[str]]:
    """A lot's name in both languages: goods are called as their product is today."""
    goods_en = ProductVersion.name_en + ", " + TradeItem.name_en
    english = case((ProductVersion.name_en != "", goods_en), else_=Lot.name_en)
    goods_vi = ProductVersion.name_vi + ", " + TradeItem.name_vi
    return case((ProductVersion.id.is_not(None), goods_vi), else_=Lot.name_vi), func.coalesce(english, Lot.name_en)


def _step() -> ColumnElement[int | None]:
    """The grams of one of a lot's goods, where they are sold by weight."""
    return case((TradeItem.by_weight, TradeItem.net_content))


def _with_words(query: Any) -> Any:
    """Join what :func:`_words` and :func:`_step` read; the query reads ``Lot``."""
    return (
        query.outerjoin(Batch, Batch.lot_id == Lot.id)
        .outerjoin(TradeItem, TradeItem.id == Batch.trade_item_id)
        .outerjoin(Product, Product.id == TradeItem.product_id)
        .outerjoin(ProductVersion, ProductVersion.id == known_version())
    )


def held_when_it_began(recall: Recall, keeper_id: int | None = None) -> Select[Any]:
    """Select where the goods were at the start (see :class:`Held`), by keeper, place and batch."""
    name_vi, name_en = _words()
    query = _with_words(
        select(
            RecallHolding.lot_id,
            Lot.number,
            name_vi,
            name_en,
            Lot.unit,
            _step(),
            Batch.expires_on,
            RecallHolding.location_id,
            Location.name_vi,
            Location.name_en,
            RecallHolding.quantity,
            RecallHolding.allocated,
            Location.kind,
            Organisation.name_vi,
            Organisation.name_en,
        )
        .select_from(RecallHolding)
        .join(Lot, Lot.id == RecallHolding.lot_id)
        .join(Location, Location.id == RecallHolding.location_id)
        .join(Organisation, Organisation.id == RecallHolding.keeper_id)
    ).where(RecallHolding.recall_id == recall.id)
    if keeper_id is not None:
        query = query.where(RecallHolding.keeper_id == keeper_id)
    ordered: Select[Any] = query.order_by(RecallHolding.keeper_id, RecallHolding.location_id, RecallHolding.lot_id)
    return ordered


class Held(NamedTuple):
    """A row of :func:`held_when_it_began`."""

    lot_id: int
    number: str
    name_vi: str
    name_en: str
    unit: Unit
    step_g: int | None  #: the grams of one, where it is sold by weight
    expires_on: date | None
    location_id: int
    location_vi: str
    location_en: str
    quantity: int
    allocated: int
    location_kind: LocationKind
    keeper_vi: str
    keeper_en: str


def goods_of_notice(notice: RecallNotice) -> list[Goods]:
    """List the goods a notice is about: at the holder's places now and at the start, under way to it, its material."""
    recall = notice.recall
    name_vi, name_en = _words()
    about = (Lot.id, Lot.number, name_vi, name_en, Lot.unit, _step(), Batch.expires_on)
    at_start = aliased(RecallHolding)
    here = (
        _with_words(
            select(
                *about,
                Location.id,
                Location.name_vi,
                Location.name_en,
                func.coalesce(func.sum(at_start.quantity), 0),
            )
            .select_from(RecallLot)
            .join(Lot, Lot.id == RecallLot.lot_id)
            .join(Balance, Balance.lot_id == Lot.id)
            .join(Location, Location.id == Balance.location_id)
            .outerjoin(
                at_start,
                and_(
                    at_start.recall_id == recall.id,
                    at_start.lot_id == Balance.lot_id,
                    at_start.location_id == Balance.location_id,
                    at_start.owner_id == Balance.owner_id,
                ),
            )
        )
        .where(
            RecallLot.recall_id == recall.id,
            Location.keeper_id == notice.organisation_id,
            Location.kind.in_(SHELVES),
            at_start.quantity.is_not(None)
            if recall.is_drill
            else or_(at_start.quantity.is_not(None), Balance.on_hand > 0, Location.kind == LocationKind.SALES_POINT),
        )
        .group_by(*about, Location.id, Location.name_vi, Location.name_en)
        .order_by(Location.id, Lot.id)
    )
    on_the_way = (
        _with_words(
            select(*about, literal(None), literal(""), literal(""), func.sum(NoteLine.quantity))
            .select_from(RecallLot)
            .join(Lot, Lot.id == RecallLot.lot_id)
            .join(NoteLine, NoteLine.lot_id == Lot.id)
            .join(Note, Note.id == NoteLine.note_id)
            .join(SalesPoint, SalesPoint.id == Note.sales_point_id)
        )
        .where(
            RecallLot.recall_id == recall.id,
            Note.status == NoteStatus.SENT,
            or_(
                and_(Note.kind == NoteKind.DELIVERY, SalesPoint.organisation_id == notice.organisation_id),
                and_(Note.kind == NoteKind.RETURN, Note.consignor_id == notice.organisation_id),
            ),
        )
        .group_by(*about)
        .order_by(Lot.id)
    )
    return [Goods(*row) for query in (here, on_the_way) for row in db.session.execute(query)]


def goods_to_count(notice: RecallNotice) -> list[Goods]:
    """List what the holder can count: goods at its places, its material, and what it has by others' events alone."""
    known = known_from_events(notice.recall)
    here = [one for one in goods_of_notice(notice) if one.location_id is not None]
    by_events = goods_by_events(notice, known)
    counted = {one.lot_id for one in here}
    told = {row.lot_id for row in known if row.is_external and row.share is not None}
    material = [one for one in material_of_notice(notice) if one.lot_id not in told]
    return here + material + [one for id, one in by_events.items() if id not in counted]


def goods_by_events(notice: RecallNotice, known: Sequence[Elsewhere] | None = None) -> dict[int, Goods]:
    """Give, by lot, what the holder of a notice has or had by others' events: the stock does not know it.

    :param known: ``known_from_events`` of the recall, where it is at hand
    """
    rows: dict[int, list[Elsewhere]] = defaultdict(list)
    for row in known_from_events(notice.recall) if known is None else known:
        if row.share is not None and row.organisation is not None and row.organisation.id == notice.organisation_id:
            rows[row.lot_id].append(row)
    query = select(RecallLot).where(RecallLot.recall_id == notice.recall_id)
    lots = db.session.scalars(query.where(RecallLot.lot_id.in_(listed(sorted(rows))))) if rows else ()
    found = {}
    for lot in lots:
        (row, *_), of_lot = rows[lot.lot_id], rows[lot.lot_id]
        in_stock = Start(lot.made, lot.used, lot.on_hand, lot.sold, lot.lost).in_stock
        found[lot.lot_id] = Goods(
            lot.lot_id,
            row.number,
            row.name_vi,
            row.name_en,
            row.unit,
            row.step_g,
            None,
            None,
            "",
            "",
            sum(one.quantity for one in of_lot),
            is_external=row.is_external,
            by_events=True,
            is_stated=not any(one.is_unstated for one in of_lot),
            most=lot.made or None,
            is_reckoned=row.is_external and not in_stock and lot.made > 0,
        )
    found.update(_all_gone(notice, found.keys()))
    return dict(sorted(found.items()))


def _all_gone(notice: RecallNotice, listed_: Collection[int]) -> dict[int, Goods]:
    """Give, by lot, what the holder of a notice owned by events alone and has none of now: buyers may bring it back."""
    rows = db.session.execute(
        select(Lot.id, Lot.number, Lot.name_vi, Lot.name_en, Lot.unit, RecallLot.made)
        .join(RecallLot, RecallLot.lot_id == Lot.id)
        .where(
            RecallLot.recall_id == notice.recall_id,
            Lot.owner_id == notice.organisation_id,
            Lot.kind == LotKind.EXTERNAL,
            is_in_it(),
            RecallLot.made > RecallLot.used,
            RecallLot.on_hand + RecallLot.sold + RecallLot.lost == 0,
        )
    ).all()
    rows = [row for row in rows if row.id not in listed_]
    left = {one.lot_id for one in material_of_notice(notice)} if rows else set()
    return {
        id: Goods(
            id, number, name_vi, name_en, unit, None, None, None, "", "", 0, is_external=True, by_events=True,
            most=made, is_reckoned=True,
        )
        for id, number, name_vi, name_en, unit, made in rows
        if id not in left
    }  # fmt: skip


def on_record(notice: RecallNotice, one: Goods) -> tuple[int | None, int]:
    """Tell how much of what is to be counted is on record with the holder now (None: not stated), and missing."""
    if not one.by_events:
        return booked(notice.recall, one.lot_id, one.location_id)
    own = RecallEntry.notice_id == notice.id
    flows = _flows(notice.recall, RecallEntry.lot_id == one.lot_id, _at(None), own)[one.lot_id]
    there = max(0, one.quantity + flows.returned_by_buyers - flows.destroyed - flows.missing)
    return (there if one.is_stated else None), flows.missing


def found_by_events(recall: Recall) -> dict[tuple[int, int], int]:
    """Give {(organisation, lot): what it found last} of goods that no stock counts."""
    rows = db.session.execute(
        select(RecallNotice.organisation_id, RecallEntry.lot_id, RecallEntry.quantity)
        .join(RecallNotice, RecallNotice.id == RecallEntry.notice_id)
        .where(RecallEntry.recall_id == recall.id, RecallEntry.kind == EntryKind.FOUND, _at(None))
        .order_by(RecallEntry.id)
    )
    return {(organisation_id, lot_id): quantity for organisation_id, lot_id, quantity in rows}


def material_of_notice(notice: RecallNotice) -> list[Goods]:
    """List the holder's own lots of material in the recall of which something is left."""
    return [goods for _, goods in _left_of_material(notice.recall, Lot.owner_id == notice.organisation_id)]


class Left(NamedTuple):
    """What is left of recalled material, and whose it is."""

    owner_id: int
    owner_vi: str
    goods: Goods


def material_of(recall: Recall, known: Sequence[Elsewhere]) -> list[Left]:
    """List what is left of the recalled material, and of batches that never came into a stock.

    :param known: ``known_from_events`` of the recall: what is listed there is left out
    """
    told = {row.lot_id for row in known if row.is_external and row.share is not None}
    rows = _left_of_material(recall)
    names: dict[int, str] = dict(
        db.session.execute(
            select(Organisation.id, Organisation.name_vi).where(Organisation.id.in_({owner_id for owner_id, _ in rows}))
        ).all()
    )
    return [Left(owner_id, names[owner_id], goods) for owner_id, goods in rows if goods.lot_id not in told]


def _left_of_material(recall: Recall, *where: ColumnElement[bool]) -> list[tuple[int, Goods]]:
    """List whose what is, less what events say was gone when the recall began."""
    rows = [(row[0], Goods(*row[1:])) for row in db.session.execute(_material(recall).where(*where))]
    gone = remainders.gone({goods.lot_id for _, goods in rows}, until=recall.started_at)
    left = [
        (owner_id, goods._replace(quantity=goods.quantity - one.sold - one.lost))
        for owner_id, goods in rows
        if (one := gone.get(goods.lot_id, Gone()))
    ]
    return [(owner_id, goods) for owner_id, goods in left if goods.quantity > 0]


def _material(recall: Recall) -> Select[Any]:
    name_vi, name_en = _words()
    query: Select[Any] = (
        _with_words(
            select(
                Lot.owner_id,
                Lot.id,
                Lot.number,
                name_vi,
                name_en,
                Lot.unit,
                _step(),
                Batch.expires_on,
                literal(None),
                literal(""),
                literal(""),
                RecallLot.made - RecallLot.used,
                Lot.kind == LotKind.EXTERNAL,
            )
            .select_from(RecallLot)
            .join(Lot, Lot.id == RecallLot.lot_id)
        )
        .where(
            RecallLot.recall_id == recall.id,
            is_in_it(),
            RecallLot.made > RecallLot.used,
            RecallLot.on_hand + RecallLot.sold + RecallLot.lost == 0,
        )
        .order_by(Lot.owner_id, Lot.id)
    )
    return query


def booked(recall: Recall, lot_id: int, location_id: int | None) -> tuple[int, int]:
    """Tell how many packs of a lot are on record at a place now, and how many are missing from there."""
    flows = _flows(recall, RecallEntry.lot_id == lot_id, _at(location_id))[lot_id]
    if location_id is None:
        lot = db.session.get_one(Lot, lot_id)
        start = _start(db.session.get_one(RecallLot, (recall.id, lot_id)), recall, lot.quantity, lot.used)
        parts = _uncounted(recall, {lot_id: (start, lot.kind)}, {lot_id: flows}).get(lot_id, Parts())
        return parts.left, flows.missing
    if not recall.is_drill:
        there = db.session.scalar(
            select(func.coalesce(func.sum(Balance.on_hand), 0)).where(
                Balance.lot_id == lot_id, Balance.location_id == location_id
            )
        )
        return int(there or 0), flows.missing
    at_start = db.session.scalar(
        select(func.coalesce(func.sum(RecallHolding.quantity), 0)).where(
            RecallHolding.recall_id == recall.id,
            RecallHolding.lot_id == lot_id,
            RecallHolding.location_id == location_id,
        )
    )
    there = int(at_start or 0) + flows.returned_by_buyers - flows.destroyed - flows.missing - flows.sold
    return there, flows.missing


def sold_by(recall: Recall, lot_id: int, location_id: int | None) -> int:
    """Tell how many packs of a lot the keeper of a place has sold: so many can come back at most."""
    if recall.is_drill:
        start, flows = db.session.get_one(RecallLot, (recall.id, lot_id)), _flows(recall, RecallEntry.lot_id == lot_id)
        return start.sold + flows[lot_id].sold - flows[lot_id].returned_by_buyers
    buyers, place = aliased(Location), aliased(Location)
    sold = db.session.scalar(
        select(func.coalesce(func.sum(Balance.on_hand), 0))
        .join(buyers, buyers.id == Balance.location_id)
        .join(place, place.keeper_id == buyers.keeper_id)
        .where(Balance.lot_id == lot_id, buyers.kind == LocationKind.CUSTOMER, place.id == location_id)
    )
    return int(sold or 0)


def owners_at(lot_id: int, location_id: int) -> list[tuple[int, int]]:
    """List whose packs of a lot lie at a location, and how many."""
    rows = db.session.execute(
        select(Balance.owner_id, Balance.on_hand)
        .where(Balance.lot_id == lot_id, Balance.location_id == location_id, Balance.on_hand > 0)
        .order_by(Balance.owner_id)
    )
    return [(owner_id, on_hand) for owner_id, on_hand in rows]


def joined_of(recall: Recall) -> dict[int, datetime]:
    """Give, by lot, when those joined a recall that were told of after it had begun."""
    query = (
        select(RecallLot.lot_id, RecallLot.joined_at)
        .join(Lot, Lot.id == RecallLot.lot_id)
        .where(RecallLot.recall_id == recall.id, RecallLot.joined_at.is_not(None), is_in_it())
    )
    return {lot_id: joined_at for lot_id, joined_at in db.session.execute(query) if joined_at is not None}


def joined_numbers_of(notice: RecallNotice) -> list[str]:
    """List the numbers of the lots that joined a recall and are, or were, with whom a notice goes to."""
    joined = joined_of(notice.recall)
    own = {row.number for row in known_of_notice(notice) if row.lot_id in joined}
    mine = select(Lot.number).where(Lot.id.in_(listed(sorted(joined))), Lot.owner_id == notice.organisation_id)
    return sorted(own | set(db.session.scalars(mine)))


def entries_of(recall: Recall, notice: RecallNotice | None = None) -> list[RecallEntry]:
    """List what was entered, the latest first."""
    query = select(RecallEntry).where(RecallEntry.recall_id == recall.id)
    if notice is not None:
        query = query.where(RecallEntry.notice_id == notice.id)
    return list(
        db.session.scalars(
            query.options(joinedload(RecallEntry.lot), joinedload(RecallEntry.location))
            .order_by(RecallEntry.id.desc())
            .limit(500)
        )
    )


# --- What others' records know ----------------------------------------------------------------------------


class Part(enum.StrEnum):
    """What a party known from others' records is to a recall."""

    HOLDER = "holder"  #: received goods, or has them
    BUYER = "buyer"  #: bought them: by name, or known by the paper of the sale alone
    MAKER = "maker"  #: made them, and has some left
    UNKNOWN = "unknown"  #: nobody said with whom the lot is


class Elsewhere(NamedTuple):
    """What of a lot is, or was, with somebody, by the events that others sent."""

    lot_id: int
    number: str
    name_vi: str
    name_en: str
    unit: Unit
    step_g: int | None  #: the grams of one, where it is sold by weight
    is_external: bool
    role: Part
    organisation: Organisation | None  #: who it is here, where it is known here
    name: str  #: as the events call it
    share: Share | None
    papers: list[str]

    @property
    def quantity(self) -> int:
        """How much is with them, or on its way there, as far as it was stated."""
        return 0 if self.share is None else self.share.held + self.share.on_the_way

    @property
    def is_unstated(self) -> bool:
        """Tell whether nobody said how much is with them."""
        return self.share is None or (not self.quantity and self.share.is_unstated)


def known_from_events(recall: Recall) -> list[Elsewhere]:
    """List who received, has or bought goods of a recall by captured events; lots of which nobody knows it last.

    Live while the recall is open: what others send later is listed too; afterwards as it was known when it closed.
    """
    reached = set(db.session.scalars(select(genealogy.downstream([recall.lot_id]).c.id)))
    in_recall = set(db.session.scalars(select(RecallLot.lot_id).where(RecallLot.recall_id == recall.id)))
    return known_elsewhere(reached, unplaced=in_recall, until=recall.closed_at)


def known_elsewhere(
    lot_ids: Collection[int], *, unplaced: Collection[int], until: datetime | None = None
) -> list[Elsewhere]:
    """List who received, has or bought goods of lots by captured events.

    :param unplaced: of these, those that events alone tell of are listed last where nobody said with whom they are
    :param until: only what was known by then
    """
    name_vi, name_en = _words()
    lots = {
        row[0]: row
        for row in db.session.execute(
            _with_words(
                select(
                    Lot.id, Lot.number, name_vi, name_en, Lot.unit, _step(), Lot.kind == LotKind.EXTERNAL
                ).select_from(Lot)
            ).where(Lot.id.in_(listed(sorted(lot_ids))))
        )
    }
    known = holders.known_of(lots.keys(), until=until)
    makers = {one.share.party for one in known if one.share.made}
    rows = [
        Elsewhere._make((*lots[one.share.lot_id], role, one.organisation, one.name, one.share, one.papers))
        for one in known
        if (role := _role(one.share, makers)) is not None
    ]
    told_of = {one.share.lot_id for one in known} | holders.cases_among(lots.keys())
    rows += [
        Elsewhere._make((*row, Part.UNKNOWN, None, "", None, []))
        for id, row in sorted(lots.items())
        if row[6] and id in unplaced and id not in told_of
    ]
    return sorted(rows, key=lambda row: (list(Part).index(row.role), row.lot_id))


def _role(share: Share, makers: set[str]) -> Part | None:
    if share.is_buyer:
        return Part.BUYER
    if share.party in makers:
        return Part.MAKER if share.held + share.on_the_way > 0 else None
    return Part.HOLDER if share.has_or_had else None


def known_of_notice(notice: RecallNotice) -> list[Elsewhere]:
    """List what others' records say is, or was, with whom a notice goes to."""
    return [
        row
        for row in known_from_events(notice.recall)
        if row.organisation is not None and row.organisation.id == notice.organisation_id
    ]


# --- What became of every pack ----------------------------------------------------------------------------


class Reckoned(NamedTuple):
    """A lot of a recall and what became of it."""

    lot_id: int
    number: str
    name_vi: str
    name_en: str
    unit: Unit
    step_g: int | None  #: the grams of one, where it is sold by weight
    kind: LotKind
    parts: Parts


def reckoning(recall: Recall) -> list[Reckoned]:
    """Reckon every lot of a recall: live while it is open, as written down once it is closed (six statements).

    Of lots that no stock counts more may be told late: what was made of them before, too, which has joined the recall.
    """
    closed = _outcomes(recall) if recall.state is RecallState.CLOSED else None
    then = {lot.lot_id: lot for lot in db.session.scalars(select(RecallLot).where(RecallLot.recall_id == recall.id))}
    late = set(closed) if closed is not None else joining(recall)
    name_vi, name_en = _words()
    rows = db.session.execute(
        _with_words(
            select(Lot.id, Lot.number, name_vi, name_en, Lot.unit, _step(), Lot.kind, Lot.quantity, Lot.used)
            .select_from(Lot)
        )
        .where(Lot.id.in_(listed(sorted(then.keys() | late))))
        .order_by(Lot.id)
    ).all()  # fmt: skip
    if closed is not None:
        return [Reckoned._make((*row[:7], closed[row.id])) for row in rows if row.id in closed]
    gone = _left_again(recall)
    rows = [row for row in rows if row.id not in gone]
    starts = {row.id: _start(then.get(row.id), recall, row.quantity, row.used) for row in rows}
    flows = _flows(recall, or_(RecallEntry.location_id.is_not(None), ~_is_counted(recall)))
    stock = {} if recall.is_drill else _stock_now(recall)
    uncounted = _uncounted(recall, {row.id: (starts[row.id], row.kind) for row in rows}, flows)
    found = []
    for row in rows:
        start = starts[row.id]
        if not start.made:
            parts = Parts()  # nobody said how much there is: what was found of it adds up to nothing
        elif not start.in_stock:
            parts = uncounted[row.id]
        elif recall.is_drill:
            parts = reconciliation.rehearsed(start, flows[row.id])
        else:
            parts = reconciliation.of_stock(start, flows[row.id], stock[row.id])
        found.append(Reckoned._make((*row[:7], parts)))
    return found


def joining(recall: Recall) -> set[int]:
    """Find what was made of a recall's lots by what was told after it had begun; other recalls have their own."""
    if recall.is_drill:
        return set()
    own = select(RecallLot.lot_id).join(Lot, Lot.id == RecallLot.lot_id)
    made = genealogy.downstream(list(db.session.scalars(own.where(RecallLot.recall_id == recall.id, is_in_it()))))
    return set(db.session.scalars(select(Lot.id).where(Lot.id.in_(select(made.c.id)), recalled_by_word())))


def is_in_it() -> ColumnElement[bool]:
    """Say of ``RecallLot`` and its ``Lot`` that the lot is in the recall: one that joined may be freed again.

    What made it join can be declared an error; a lot of the start stays for good.
    """
    return or_(RecallLot.joined_at.is_(None), Lot.state == LotState.RECALLED)


def _left_again(recall: Recall) -> set[int]:
    query = select(RecallLot.lot_id).join(Lot, Lot.id == RecallLot.lot_id)
    return set(db.session.scalars(query.where(RecallLot.recall_id == recall.id, ~is_in_it())))


def who_has(recall: Recall, lot_ids: Collection[int]) -> set[int]:
    """Tell which organisations own some of a recall's lots, or received or have any by captured events."""
    if not lot_ids:
        return set()
    owners = set(db.session.scalars(select(Lot.owner_id).where(Lot.id.in_(listed(sorted(lot_ids))))))
    return owners | {
        row.organisation.id
        for row in known_from_events(recall)
        if row.organisation is not None and row.share is not None and row.lot_id in lot_ids
    }


def with_news() -> list[str]:
    """List the real recalls under way of which captured events may tell more than when they were last gone through.

    An event is written down some moments before it can be read, so those shortly before count as well.
    """
    last = func.max(EpcisEvent.recorded_at)
    told = db.session.scalar(select(last).where(EpcisEvent.capture_id.is_not(None)))
    if told is None:
        return []
    seen = func.coalesce(Recall.looked_at, Recall.started_at)
    query = select(Recall.number).where(Recall.state == RecallState.OPEN, ~Recall.is_drill, seen <= told + OVERLAP)
    return list(db.session.scalars(query.order_by(Recall.id)))


def _start(lot: RecallLot | None, recall: Recall, made: int, used: int) -> Start:
    """Say how much there was when a recall began.

    :param lot: as it was written down; None: it joined the recall later
    :param made: what is known today, which counts where no stock does
    """
    if lot is None or lot.joined_at is not None:
        return Start(made, used, 0, 0, 0)
    start = Start(lot.made, lot.used, lot.on_hand, lot.sold, lot.lost)
    return start if recall.is_drill or start.in_stock or not lot.made else Start(made, used, 0, 0, 0)


def _uncounted(
    recall: Recall, lots: Mapping[int, tuple[Start, LotKind]], flows: Mapping[int, Flows]
) -> dict[int, Parts]:
    """Reckon those of some lots that the stock does not count; a drill as they were when it began."""
    wanted = {id: one for id, one in lots.items() if one[0].made and not one[0].in_stock}
    before = remainders.gone(wanted.keys(), until=recall.started_at)
    now = before if recall.is_drill else remainders.gone(wanted.keys())
    found = {}
    for id, (start, kind) in wanted.items():
        was, is_ = before.get(id, Gone()), now.get(id, Gone())
        said = Said(
            sold=max(was.sold, is_.sold),
            returned=max(0, was.sold - is_.sold),
            destroyed=max(0, is_.lost - was.lost),
            lost_before=was.lost,
        )
        found[id] = reconciliation.of_material(start, flows.get(id, Flows()), said, is_placed=kind is LotKind.EXTERNAL)
    return found


def _is_counted(recall: Recall) -> ColumnElement[bool]:
    """Say of ``RecallEntry`` that the stock counts its lot: what else was stated of it is no part of the reckoning."""
    in_stock = RecallLot.on_hand + RecallLot.sold + RecallLot.lost > 0
    return RecallEntry.lot_id.in_(select(RecallLot.lot_id).where(RecallLot.recall_id == recall.id, in_stock))


def _at(location_id: int | None) -> ColumnElement[bool]:
    return RecallEntry.location_id.is_(None) if location_id is None else RecallEntry.location_id == location_id


def _flows(recall: Recall, *where: ColumnElement[bool]) -> dict[int, Flows]:
    """Add up the entries of a recall by lot; a lot without any has none."""
    sums: dict[int, dict[EntryKind, int]] = defaultdict(lambda: defaultdict(int))
    for lot_id, kind, quantity in db.session.execute(
        select(RecallEntry.lot_id, RecallEntry.kind, func.sum(RecallEntry.quantity))
        .where(RecallEntry.recall_id == recall.id, *where)
        .group_by(RecallEntry.lot_id, RecallEntry.kind)
    ):
        sums[lot_id][kind] += int(quantity)
    flows: dict[int, Flows] = defaultdict(Flows)
    for lot_id, kinds in sums.items():
        flows[lot_id] = Flows(
            returned_by_buyers=kinds[EntryKind.RETURNED],
            destroyed=kinds[EntryKind.DESTROYED],
            missing=kinds[EntryKind.MISSING] - kinds[EntryKind.REAPPEARED],
            sold=kinds[EntryKind.SOLD],
        )
    return flows


def _stock_now(recall: Recall) -> dict[int, Stock]:
    """Read where the packs are now, by lot (two statements)."""
    is_home = and_(Location.kind == LocationKind.WAREHOUSE, Location.keeper_id == Lot.owner_id)

    def where(condition: Any) -> Any:
        return func.sum(case((condition, Balance.on_hand), else_=0))

    rows = db.session.execute(
        select(
            Balance.lot_id,
            where(Location.kind.in_(ON_HAND)),
            where(Location.kind == LocationKind.CUSTOMER),
            where(Location.kind.in_((LocationKind.LOSS, LocationKind.CORRECTION))),
            where(is_home),
        )
        .select_from(RecallLot)
        .join(Lot, Lot.id == RecallLot.lot_id)
        .join(Balance, Balance.lot_id == RecallLot.lot_id)
        .join(Location, Location.id == Balance.location_id)
        .where(RecallLot.recall_id == recall.id)
        .group_by(Balance.lot_id)
    )
    began = db.session.execute(
        select(RecallHolding.lot_id, func.sum(RecallHolding.quantity))
        .join(Lot, Lot.id == RecallHolding.lot_id)
        .join(Location, Location.id == RecallHolding.location_id)
        .where(RecallHolding.recall_id == recall.id, is_home)
        .group_by(RecallHolding.lot_id)
    )
    home_at_start = {row[0]: int(row[1]) for row in began}
    return {
        lot_id: Stock(
            on_hand=int(on_hand),
            sold=int(sold),
            lost=int(lost),
            came_home=int(home) - home_at_start.get(lot_id, 0),
            away=int(on_hand) - int(home),
        )
        for lot_id, on_hand, sold, lost, home in rows
    }


def _outcomes(recall: Recall) -> dict[int, Parts]:
    names = list(Parts.__dataclass_fields__)
    rows = db.session.scalars(select(RecallOutcome).where(RecallOutcome.recall_id == recall.id))
    return {row.lot_id: Parts(**{name: getattr(row, name) for name in names}) for row in rows}


class Contradiction(NamedTuple):
    """A batch that the stock counts as here and captured events, in part, as sold or used."""

    row: Reckoned
    here: int  #: by the stock
    said: int  #: of these, by captured events, sold or used


def contradictions(rows: Sequence[Reckoned]) -> list[Contradiction]:
    """List where captured events say that goods are gone which the stock counts: these are two words for one pack.

    A reckoning counts what the stock counts, and each pack once.
    """
    gone = agreement.gone_by_events([row.lot_id for row in rows if row.kind is LotKind.FINISHED])
    found = []
    for row in rows:
        here = row.parts.on_hand + row.parts.returned
        if row.lot_id in gone and here:
            one = gone[row.lot_id]
            found.append(Contradiction(row, here, min(here, one.said - one.left_stock)))
    return found


class Total(NamedTuple):
    """The lots of one kind and unit, added up; goods sold by weight in grams."""

    kind: LotKind
    unit: Unit
    lots: int
    parts: Parts

    @property
    def is_by_weight(self) -> bool:
        """Tell whether these are goods sold by weight."""
        return self.kind is LotKind.FINISHED and self.unit is Unit.GRAM


def totals(rows: Iterable[Reckoned]) -> list[Total]:
    """Add up a reckoning: goods first, then what is between, raw material, what others told of; like with like."""
    groups: dict[tuple[LotKind, Unit], list[Parts]] = defaultdict(list)
    for row in rows:
        if row.step_g:
            groups[row.kind, Unit.GRAM].append(row.parts.in_grams(row.step_g))
        else:
            groups[row.kind, row.unit].append(row.parts)
    order = [LotKind.FINISHED, LotKind.INTERMEDIATE, LotKind.RAW, LotKind.EXTERNAL]
    return [
        Total(kind, unit, len(parts), reconciliation.total(parts))
        for (kind, unit), parts in sorted(groups.items(), key=lambda row: (order.index(row[0][0]), row[0][1].value))
    ]


def of_goods(totals: Iterable[Total]) -> list[Total]:
    """Add up what people buy: our own goods and those that events alone tell of, packs and weights apart."""
    groups: dict[Unit, list[Total]] = defaultdict(list)
    for one in totals:
        if one.kind in (LotKind.FINISHED, LotKind.EXTERNAL) and one.unit in (Unit.PIECE, Unit.GRAM):
            groups[one.unit].append(one)
    return [
        Total(LotKind.FINISHED, unit, sum(one.lots for one in some), reconciliation.total(one.parts for one in some))
        for unit, some in groups.items()
    ]


class Answer(NamedTuple):
    """How long one took to answer."""

    organisation: Organisation
    minutes: int | None  #: None: not yet


def answers_of(recall: Recall, until: datetime) -> list[Answer]:
    """List who answered after how many minutes, the quickest first."""
    rows = [
        Answer(
            notice.organisation,
            None
            if notice.acknowledged_at is None or notice.acknowledged_at > until
            else int((notice.acknowledged_at - recall.started_at).total_seconds() // 60),
        )
        for notice in notices_of(recall)
    ]
    return sorted(rows, key=lambda row: (row.minutes is None, row.minutes or 0))


class Preview(NamedTuple):
    """What a recall of a lot would reach."""

    lots: int  #: made from it, and not recalled yet
    on_hand: Apart
    sold: Apart
    places: int


def preview(lot: Lot) -> Preview:
    """Count what a recall of a lot would reach now, by the stock and, of what it does not count, by events."""
    reached = genealogy.downstream([lot.id])
    lots = db.session.scalar(
        select(func.count()).where(Lot.id.in_(select(reached.c.id)), Lot.id != lot.id, Lot.state != LotState.RECALLED)
    )
    here = Location.kind.in_(ON_HAND)
    is_sold = Location.kind == LocationKind.CUSTOMER
    row = db.session.execute(
        select(
            *_sums(Balance.on_hand, here),
            *_sums(Balance.on_hand, is_sold),
            func.count(case((and_(here, Balance.on_hand > 0), Balance.location_id)).distinct()),
        )
        .join(Location, Location.id == Balance.location_id)
        .join(Lot, Lot.id == Balance.lot_id)
        .outerjoin(Batch, Batch.lot_id == Lot.id)
        .outerjoin(TradeItem, TradeItem.id == Batch.trade_item_id)
        .where(Balance.lot_id.in_(select(reached.c.id)), Lot.state != LotState.RECALLED)
    ).one()
    on_hand, on_hand_g, sold, sold_g, places = map(int, row)
    told = _told_of(select(reached.c.id))
    units = [(parts, 1 if unit is Unit.GRAM else None) for unit, parts in told.values() if unit is not Unit.MILLILITRE]
    there = apart((parts.on_hand, step) for parts, step in units)
    gone = apart((parts.sold, step) for parts, step in units)
    holders_ = {
        (one.organisation.id if one.organisation else None, one.name)
        for one in (known_elsewhere(told.keys(), unplaced=()) if told else ())
        if one.quantity and one.role is not Part.BUYER
    }
    return Preview(
        lots or 0,
        Apart(on_hand + there.packs, on_hand_g + there.weight_g),
        Apart(sold + gone.packs, sold_g + gone.weight_g),
        places + len(holders_),
    )


def _told_of(lot_ids: Select[Any]) -> dict[int, tuple[Unit, Parts]]:
    """Reckon, as a recall that begins now would, those of some lots of which events alone tell."""
    in_stock = select(Balance.lot_id).where(Balance.lot_id == Lot.id, Balance.on_hand != 0).correlate(Lot)
    rows = db.session.execute(
        select(Lot.id, Lot.unit, Lot.quantity, Lot.used).where(
            Lot.id.in_(lot_ids),
            Lot.kind == LotKind.EXTERNAL,
            Lot.quantity > 0,
            or_(Lot.state != LotState.RECALLED, recalled_by_word()),
            ~in_stock.exists(),
        )
    ).all()
    gone = remainders.gone([row.id for row in rows])
    found = {}
    for id, unit, made, used in rows:
        one = gone.get(id, Gone())
        said = Said(sold=one.sold, lost_before=one.lost)
        found[id] = unit, reconciliation.of_material(Start(made, used, 0, 0, 0), Flows(), said, is_placed=True)
    return found


def _sums(quantity: Any, *where: ColumnElement[bool]) -> tuple[Any, Any]:
    """Add up packs, and the grams of what is sold by weight; the query reads what :func:`_step` does."""
    packs = case((and_(_step().is_(None), *where), quantity), else_=0)
    grams = case((and_(_step().is_not(None), *where), quantity * _step()), else_=0)
    return func.coalesce(func.sum(packs), 0), func.coalesce(func.sum(grams), 0)


def made_from(lot: Lot, *, most: int = 20) -> list[Lot]:
    """List the first lots made from a lot that a recall of it would reach."""
    reached = genealogy.downstream([lot.id])
    return list(
        db.session.scalars(
            select(Lot)
            .where(Lot.id.in_(select(reached.c.id)), Lot.id != lot.id, Lot.state != LotState.RECALLED)
            .order_by(Lot.id)
            .limit(most)
        )
    )


# --- Handing over -----------------------------------------------------------------------------------------


class NoSuchDestination(NotFound):
    message = N_("There is no such destination.")


class NoSuchExport(NotFound):
    message = N_("There is no such file.")


def destinations_visible_to(actor: Actor) -> Select[ExportDestination]:
    """Select the destinations an actor may see: its own office's."""
    return select(ExportDestination).where(_asked_by(actor, ExportDestination.organisation_id))


def exports_visible_to(actor: Actor) -> Select[ExportJob]:
    """Select what was handed over that an actor may see: to its own office's destinations."""
    own = select(ExportDestination.id).where(_asked_by(actor, ExportDestination.organisation_id))
    return select(ExportJob).where(ExportJob.destination_id.in_(own))


def lot_files_visible_to(actor: Actor) -> Select[LotFile]:
    """Select the files about lots an actor may see: those its own organisation asked for.

    A file holds what who asked may see; another organisation that may see the lot asks for its own.
    """
    return select(LotFile).where(_asked_by(actor, LotFile.organisation_id))


def _asked_by(actor: Actor, organisation_id: Any) -> ColumnElement[bool]:
    if actor is SYSTEM:
        return true()
    return organisation_id == actor.organisation_id if actor.organisation_id is not None else false()


def destinations_of(actor: Actor) -> list[ExportDestination]:
    """List an office's destinations, those in use first."""
    found = destinations_visible_to(actor)
    return list(
        db.session.scalars(
            found.order_by(ExportDestination.is_active.desc(), ExportDestination.name, ExportDestination.id)
        )
    )


def get_destination(actor: Actor, destination_id: int) -> ExportDestination:
    """Find a destination.

    :raises NoSuchDestination: if there is none that the actor may see
    """
    found = db.session.scalar(destinations_visible_to(actor).where(ExportDestination.id == destination_id))
    if found is None:
        raise NoSuchDestination()
    return found


def list_exports(actor: Actor, state: ExportState | None = None) -> Select[Any]:
    """Select rows of what was handed over: the export, its destination, the lot; the latest first."""
    query = (
        exports_visible_to(actor)
        .join(ExportDestination, ExportDestination.id == ExportJob.destination_id)
        .join(Lot, Lot.id == ExportJob.lot_id)
    )
    if state is not None:
        query = query.where(ExportJob.state == state)
    return query.add_columns(ExportDestination, Lot).order_by(ExportJob.id.desc())


def get_export(actor: Actor, export_id: int) -> ExportJob:
    """Find what was handed over.

    :raises NoSuchExport: if there is none that the actor may see
    """
    found = db.session.scalar(exports_visible_to(actor).where(ExportJob.id == export_id))
    if found is None:
        raise NoSuchExport()
    return found


def lot_files_of(actor: Actor, lot_id: int) -> list[LotFile]:
    """List the files about a lot that the actor's organisation asked for, the latest first."""
    found = lot_files_visible_to(actor).where(LotFile.lot_id == lot_id)
    return list(db.session.scalars(found.order_by(LotFile.id.desc()).limit(20)))


def get_lot_file(actor: Actor, file_id: int) -> LotFile:
    """Find a file about a lot that the actor may still see.

    :raises NoSuchExport: if there is none
    """
    found = db.session.scalar(
        lot_files_visible_to(actor)
        .join(Lot, Lot.id == LotFile.lot_id)
        .where(LotFile.id == file_id, owned_by(actor, Lot.owner_id))
    )
    if found is None:
        raise NoSuchExport()
    return found
