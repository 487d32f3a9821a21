"""What everybody may know of a lot by the name on its packs, where captured events alone tell of it.

Such a lot has no address of its own here: it is found by its name, a GS1 key or another address. So is a batch, by the
name of a single pack of it. What nobody who may speak for a lot has said is not known in public; that it is stopped is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import quote

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select

from accounts.models import Organisation
from catalog.models import TradeItem
from kernel import gs1
from kernel.db import db, listed
from traceability import digital_link, items, makings, queries, standing
from traceability.element_strings import Element
from traceability.epcis import epc_uris, lot_names, names
from traceability.epcis.naming import short_name
from traceability.genealogy import Edge
from traceability.item_models import ItemCode, ItemState
from traceability.models import (
    Batch,
    EpcisEvent,
    EventLot,
    Lot,
    LotIdentifier,
    LotKind,
    LotState,
    TraceEvent,
)
from traceability.queries import Attached, Chain, GoodsOfGtin, Happening, Hit, path_of

STOPPED = (LotState.HELD, LotState.RECALLED)
#: The page of a lot that has none by a printed code of ours; the name follows.
PATH = "/truy-xuat/lo"
PAGE = f"{PATH}?ma="
#: What stands beside a page for programs: the digital passport, and the events.
PASSPORT, EVENTS = "ho-chieu.jsonld", "su-kien.jsonld"
#: And for people: to report something that does not match.
REPORT = "phan-anh"
LONGEST_NAME = 400


@dataclass(frozen=True)
class KnownLot:
    """A lot that its name leads to."""

    uri: str
    lot: Lot
    owner: Organisation
    batch_path: str | None  #: the page of the batch that it is

    @property
    def path(self) -> str:
        """The address of the page that tells of it."""
        return self.batch_path or PAGE + quote(self.uri.removeprefix(digital_link.CANONICAL_STEM), safe="/:")

    def beside(self, document: str) -> str:
        """The address of a document for programs beside its page."""
        page, mark, query = self.path.partition("?")
        return f"{page}/{document}{mark}{query}"

    @property
    def proof_path(self) -> str:
        """The address of the proof of its steps, below the log of proof."""
        page, mark, query = self.path.partition("?")
        return f"{page}.json{mark}{query}"

    @property
    def is_stopped(self) -> bool:
        """Tell whether it is on hold or recalled."""
        return self.lot.state in STOPPED

    @property
    def gtin(self) -> str | None:
        """The GTIN of its name."""
        thing = epc_uris.identify(self.uri)
        return thing.path[0][1] if thing is not None and thing.key == "01" else None

    @property
    def number(self) -> str:
        """The number that stands on the pack: of the lot, or of the single thing that the name is of."""
        return short_name(self.uri)

    @property
    def is_described(self) -> bool:
        """Tell whether the name of the lot says what it is, and not its numbers alone."""
        return lot_names.is_described(self.uri, self.lot)

    @property
    def is_single(self) -> bool:
        """Tell whether the name is that of a single thing."""
        thing = epc_uris.identify(self.uri)
        return thing is not None and thing.is_instance


def name_of(path: Iterable[Element]) -> str:
    """Give the name under which events know what a path of a Digital Link names."""
    return read(digital_link.written(path))


def read(typed: str) -> str:
    """Give the name that somebody typed, or that stands in the address of a page: without a host it is a GS1 key."""
    whole = digital_link.CANONICAL_STEM + typed if typed.startswith("/") else typed
    return names.kept(whole)[:LONGEST_NAME]


def known(uris: Collection[str]) -> dict[str, KnownLot]:
    """Give what is known in public under names (one statement)."""
    if not uris:
        return {}
    rows = db.session.execute(
        select(LotIdentifier.uri, Lot, Organisation, Batch.token)
        .join(Lot, Lot.id == LotIdentifier.lot_id)
        .join(Organisation, Organisation.id == Lot.owner_id)
        .outerjoin(Batch, Batch.lot_id == Lot.id)
        .where(LotIdentifier.uri.in_(listed(sorted(uris))), _is_public())
    )
    return {
        uri: KnownLot(uri, lot, owner, path_of(owner.code, token) if token is not None else None)
        for uri, lot, owner, token in rows
    }


def of_code(gtin: str, serial: str) -> KnownLot | None:
    """Give the batch on whose packs a code of ours is, where the two are of these goods (one statement)."""
    candidate = gs1.typed_token(serial)
    if not items.is_serial(candidate):
        return None
    row = db.session.execute(
        select(Lot, Organisation, Batch.token)
        .select_from(ItemCode)
        .join(Batch, Batch.lot_id == ItemCode.lot_id)
        .join(Lot, Lot.id == Batch.lot_id)
        .join(TradeItem, TradeItem.id == Batch.trade_item_id)
        .join(Organisation, Organisation.id == Lot.owner_id)
        .where(
            ItemCode.serial == candidate,
            TradeItem.gtin == gtin,
            Lot.state != LotState.OPEN,
            or_(ItemCode.state != ItemState.VOID, Lot.state.in_(STOPPED)),
        )
    ).one_or_none()
    if row is None:
        return None
    lot, owner, token = row
    return KnownLot(name_of((("01", gtin), ("21", candidate))), lot, owner, path_of(owner.code, token))


def _is_public() -> ColumnElement[bool]:
    """Say in SQL of ``Lot`` that everybody may know of it."""
    spoken_of = exists().where(
        EventLot.lot_id == Lot.id, TraceEvent.id == EventLot.event_id, standing.entitled(), standing.stands()
    )
    return or_(
        and_(Lot.kind == LotKind.FINISHED, Lot.state != LotState.OPEN),
        and_(Lot.kind == LotKind.EXTERNAL, or_(Lot.state.in_(STOPPED), spoken_of)),
    )


def find_by_number(number: str, *, most: int = 12) -> list[Hit]:
    """Find lots known from events alone by their number, whatever the case of its letters, the newest first."""
    # Of the names of a lot the first is its own: those of its single packs come after it.
    uri = select(func.min(LotIdentifier.uri)).where(LotIdentifier.lot_id == Lot.id).scalar_subquery()
    rows = db.session.execute(
        select(uri, Lot, Organisation)
        .join(Organisation, Organisation.id == Lot.owner_id)
        .where(Lot.kind == LotKind.EXTERNAL, func.lower(Lot.number) == number.lower(), _is_public())
        .order_by(Lot.id.desc())
        .limit(most)
    )
    found = [KnownLot(uri, lot, owner, None) for uri, lot, owner in rows if uri is not None]
    names = lot_names.as_shown({one.uri: one.lot for one in found})
    return [
        Hit(
            one.path, one.number, names[one.uri].vi, names[one.uri].en, one.owner.name_vi, one.owner.name_en, None
        )
        for one in found
    ]  # fmt: skip


def goods_of_gtin(gtin: str, lot_number: str | None) -> GoodsOfGtin | None:
    """Tell what is known in public of a GTIN and a lot of it, one that events alone tell of included."""
    goods = queries.goods_of_gtin(gtin, lot_number)
    if goods is None or goods.lot_number is not None or not lot_number:
        return goods
    name = name_of((("01", gtin), ("10", lot_number)))
    one = known([name]).get(name)
    if one is None:
        return goods
    return replace(goods, lot_number=lot_number, batch_path=one.path, lot_state=one.lot.state)


def names_of(lot: Lot) -> Select[str]:
    """Select all names of a lot: its own, and those of its single packs."""
    return select(LotIdentifier.uri).where(LotIdentifier.lot_id == lot.id)


# --- Its story ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """What everybody may read of a lot that events alone tell of, and of what went into it."""

    lot: Lot
    producer: Organisation  #: whose lot it is
    lots: dict[int, Lot]  #: its own and those that went into it
    edges: tuple[Edge, ...]
    happenings: list[Happening]  #: the earliest first
    is_cut: bool
    made_on: date | None
    expires_on: date | None  #: the last day on which it is good
    attached: tuple[Attached, ...] = ()


def story_of(found: KnownLot) -> Told:
    """Read what happened to a lot and what went into it (five statements).

    Who bought it is told to nobody, and what became of it elsewhere is no part of it, as on the page of a batch.
    """
    lot = found.lot
    chain = queries.chain_above(lot)
    edges = _told(lot, chain)
    lots = {id: one for id, one in chain.lots.items() if id == lot.id or any(edge.input_id == id for edge in edges)}
    happenings, is_cut = queries.happenings_of(lots)
    days = makings.days_of([lot.id]).get(lot.id, (None, None))
    return Told(lot, found.owner, lots, edges, happenings, chain.is_cut or is_cut, *days)


def _told(lot: Lot, chain: Chain) -> tuple[Edge, ...]:
    """Choose the edges that everybody may know, as far as they lead to a lot (two statements).

    What went into a lot of ours its own page tells. Of others an event has to say it that everybody may read; the
    halves of a transformation may stand in two.
    """
    captured = {edge.output_id for edge in chain.edges if chain.lots[edge.output_id].kind is LotKind.EXTERNAL}
    came_out = _halves(EventLot.lot_id.in_(listed(sorted(captured))), ("output", "parent")) if captured else []
    events = {event for _, event, _ in came_out}
    makings = {making for _, _, making in came_out if making is not None}
    went_in = (
        _halves(
            and_(
                EventLot.lot_id.in_(listed(sorted(chain.lots))),
                or_(EventLot.event_id.in_(listed(sorted(events))),
                    EpcisEvent.transformation_id.in_(sorted(makings))),
            ),
            ("input", "child"),
        )
        if came_out
        else []
    )  # fmt: skip
    inputs: dict[int | str, set[int]] = {}
    for input_id, event, making in went_in:
        for one in (event, making):
            if one is not None:
                inputs.setdefault(one, set()).add(input_id)
    said = {
        (output_id, input_id)
        for output_id, event, making in came_out
        for one in (event, making)
        if one is not None
        for input_id in inputs.get(one, ())
    }
    by_output: dict[int, list[Edge]] = {}
    for edge in chain.edges:
        if edge.output_id not in captured or (edge.output_id, edge.input_id) in said:
            by_output.setdefault(edge.output_id, []).append(edge)
    reached, found = [lot.id], []
    for id in reached:
        for edge in by_output.get(id, ()):
            found.append(edge)
            if edge.input_id not in reached:
                reached.append(edge.input_id)
    return tuple(found)


def _halves(where: ColumnElement[bool], roles: Collection[str]) -> list[tuple[int, int, str | None]]:
    """List the lots in some roles of events that everybody may read, each with the event and its transformation."""
    rows = db.session.execute(
        select(EventLot.lot_id, EventLot.event_id, EpcisEvent.transformation_id)
        .join(TraceEvent, TraceEvent.id == EventLot.event_id)
        .outerjoin(EpcisEvent, and_(EpcisEvent.trace_event_id == TraceEvent.id, ~EpcisEvent.declares_error))
        .where(EventLot.role.in_(roles), where, standing.told_to_all(), standing.stands())
    )
    return [(lot_id, event_id, making) for lot_id, event_id, making in rows]
