"""Tracing for people who look into a case: from where one may begin, and what one gets to see of the chain.

One walks on from lots one may see (``traceability.queries.visible_to``) and no further than the first lot of somebody
else: one step back, one step forward (TT 02/2024/TT-BKHCN). Of such a lot the chain shows whose it is, its name and
number and how much changed hands, and nothing of what is behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import joinedload

from accounts import queries as people
from accounts.actor import Actor
from accounts.models import Organisation
from accounts.queries import owned_by
from catalog.models import TradeItem
from kernel import gs1
from kernel.db import db, listed
from kernel.errors import N_, NotFound
from kernel.models import AdministrativeUnit
from ocop import queries as certificates
from ocop.models import Certificate
from ocop.queries import end_of
from traceability import genealogy, items, known_lots, typed_links
from traceability.application_identifiers import Malformed
from traceability.digital_link import DigitalLink
from traceability.epcis.names import kept
from traceability.item_models import ItemCode
from traceability.models import Batch, Lot, LotIdentifier
from traceability.queries import NoSuchLot, visible_to
from traceability.walks import Direction, Walk, shares_bp

#: A lot of many packs begins a walk well; more lots than that are a harvest, and the walk says that it was cut.
MOST_STARTS = 500
MOST_FOUND = 30


class NothingThere(NotFound):
    message = N_("There is nothing there that you may see.")


@dataclass(frozen=True)
class Start:
    """Where a walk begins."""

    lot_ids: tuple[int, ...]
    is_cut: bool = False  #: there are more lots than ``MOST_STARTS``


@dataclass(frozen=True)
class Trace:
    """The chain of a start as an actor may see it."""

    walk: Walk
    lots: dict[int, Lot]  #: all lots of the walk
    own: frozenset[int]  #: the lots that the actor may see whole
    shares_bp: dict[int, int | None]  #: see ``traceability.walks.shares_bp``


def trace(actor: Actor, lot_ids: Iterable[int], direction: Direction, *, most: int = genealogy.MOST_EDGES) -> Trace:
    """Walk from lots as far as the actor may see, and read what was found (two statements).

    :param lot_ids: found by one of the starts below: the actor may see them
    """
    walk = genealogy.walk(lot_ids, direction, most=most, within=owned_by(actor, Lot.owner_id))
    rows = db.session.execute(
        select(Lot, owned_by(actor, Lot.owner_id))
        .where(Lot.id.in_(listed(walk.lot_ids)))
        .options(joinedload(Lot.owner), joinedload(Lot.supplier_organisation), joinedload(Lot.origin_commune))
    ).all()
    lots = {lot.id: lot for lot, _ in rows}
    own = frozenset(lot.id for lot, is_own in rows if is_own)
    return Trace(walk, lots, own, shares_bp(walk, {id: lot.quantity for id, lot in lots.items()}))


# --- Where a walk begins ----------------------------------------------------------------------------------


def from_lot(actor: Actor, lot_id: int) -> Lot:
    """Find a lot of any level.

    :raises NoSuchLot: if there is none that the actor may see
    """
    lot = db.session.scalar(visible_to(actor).where(Lot.id == lot_id).options(joinedload(Lot.owner)))
    if lot is None:
        raise NoSuchLot()
    return lot


def from_certificate(actor: Actor, number: str) -> tuple[Certificate, Start]:
    """Find the batches of a certificate's product that were made while it stood.

    :raises NoSuchCertificate: if there is none that the actor may see
    """
    row = certificates.get_certificate(actor, number)
    certificate = row.certificate
    made = (
        visible_to(actor)
        .join(Batch, Batch.lot_id == Lot.id)
        .join(TradeItem, TradeItem.id == Batch.trade_item_id)
        .where(
            TradeItem.product_id == row.product_id,
            Batch.made_on >= certificate.issued_on,
            Batch.made_on < end_of(certificate),
        )
    )
    return certificate, _start(made)


def from_area(actor: Actor, area: str, commune_code: str = "") -> Start:
    """Find the lots of a growing area.

    :param area: as it stands in the lots; empty for all of a commune
    :raises NothingThere: if none is known
    """
    query = visible_to(actor)
    if area:
        query = query.where(func.lower(Lot.growing_area) == area.lower())
    if commune_code:
        query = query.where(Lot.origin_commune_code == commune_code)
    return _known(query, bool(area or commune_code))


def from_supplier(actor: Actor, *, organisation_code: str = "", name: str = "") -> Start:
    """Find the lots that came from a supplier: an organisation, or a name as it stands in the lots.

    :raises NothingThere: if none is known
    """
    query = visible_to(actor)
    if organisation_code:
        query = query.join(Organisation, Organisation.id == Lot.supplier_organisation_id).where(
            Organisation.code == organisation_code
        )
    else:
        query = query.where(func.lower(Lot.supplier) == name.lower(), Lot.supplier_organisation_id.is_(None))
    return _known(query, bool(organisation_code or name))


def commune_name(code: str) -> str:
    """Give the kind and name of a commune of today; its code when there is none."""
    return people.name_of_unit(code)


def organisation_name(code: str) -> str:
    """Give the name of a supplier that was found by its code."""
    return db.session.scalar(select(Organisation.name_vi).where(Organisation.code == code)) or code


def _start(query: Select[Lot]) -> Start:
    ids = tuple(db.session.scalars(query.with_only_columns(Lot.id).order_by(Lot.id.desc()).limit(MOST_STARTS + 1)))
    return Start(ids[:MOST_STARTS], is_cut=len(ids) > MOST_STARTS)


def _known(query: Select[Lot], is_asked: bool) -> Start:
    found = _start(query) if is_asked else Start(())
    if not found.lot_ids:
        raise NothingThere()
    return found


# --- What somebody typed ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Area:
    """A growing area as lots name it."""

    name: str
    commune_code: str | None
    commune: str | None
    lots: int


@dataclass(frozen=True)
class Supplier:
    """Who gave lots: an organisation, or a name."""

    name_vi: str
    name_en: str
    organisation_code: str  #: "" for a mere name
    lots: int


@dataclass(frozen=True)
class Found:
    """What may be meant by words that somebody typed."""

    lots: Sequence[Lot]
    certificates: Sequence[certificates.Row]
    areas: Sequence[Area]
    suppliers: Sequence[Supplier]

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing was found."""
        return not (self.lots or self.certificates or self.areas or self.suppliers)


def find(actor: Actor, words: str, *, on: Any) -> Found:
    """Find starts by a code, a number or words: lots and batches, certificates, growing areas, suppliers.

    Lots are found too by the whole name that events call them by.

    :param on: today, for the state of certificates
    """
    words = words.strip()
    named = Lot.id.in_(select(LotIdentifier.lot_id).where(LotIdentifier.uri == kept(words)))
    if ":" in words and (meant := _lots(visible_to(actor).where(named))):
        return Found(meant, (), (), ())
    of_code = _lots_of_code(words)
    if of_code is not None and (meant := _lots(visible_to(actor).where(of_code))):
        return Found(meant, (), (), ())
    if not words:
        return Found(_lots(visible_to(actor)), (), (), ())
    return Found(
        _lots(_with_words(visible_to(actor), words, Lot.number, Lot.name_vi, Lot.name_en)),
        certificates.list_certificates(actor, on=on, words=words, per_page=MOST_FOUND).rows,
        _areas(actor, words),
        _suppliers(actor, words),
    )


def _lots_of_code(typed: str) -> ColumnElement[bool] | None:
    """Read the code of a pack, a batch's token or address, a GTIN with a lot number; None when it is none of these."""
    serial = items.serial_in(typed)
    if serial is not None:
        return Lot.id.in_(select(ItemCode.lot_id).where(ItemCode.serial == serial, ItemCode.lot_id.is_not(None)))
    address = re.search(r"/lo/[a-z0-9]{4,6}/([0-9A-Za-z-]+)", typed)
    token = address[1] if address else typed.split()[-1] if typed else ""
    token = gs1.typed_token(token)
    if gs1.is_token(token):
        return Lot.id.in_(select(Batch.lot_id).where(Batch.token == token))
    link = _link_in(typed)
    if link is None:
        return None
    names = [known_lots.name_of(level) for level in link.levels()[:-1] or link.levels()]
    named = Lot.id.in_(select(LotIdentifier.lot_id).where(LotIdentifier.uri.in_(names)))
    if link.gtin is None:
        return named
    of_item = select(Batch.lot_id).join(TradeItem, TradeItem.id == Batch.trade_item_id)
    of_item = of_item.where(TradeItem.gtin == link.gtin)
    if link.lot is not None:
        of_item = of_item.where(Batch.number == link.lot)
    return or_(named, Lot.id.in_(of_item))


def _link_in(typed: str) -> DigitalLink | None:
    try:
        link = typed_links.read(typed)
        if link is None:
            gtin, *lot = re.split(r"[/\s]+", typed, maxsplit=1)
            link = DigitalLink((("01", gs1.gtin14(gtin)), *(("10", one) for one in lot)))
    except (Malformed, gs1.MalformedKey):
        return None
    return link


def _with_words(query: Any, words: str, *columns: Any) -> Any:
    for word in words.split()[:8]:
        query = query.where(or_(*(column.icontains(word, autoescape=True) for column in columns)))
    return query


def _lots(query: Select[Lot]) -> list[Lot]:
    query = query.options(joinedload(Lot.owner)).order_by(Lot.id.desc()).limit(MOST_FOUND)
    return list(db.session.scalars(query))


def _areas(actor: Actor, words: str) -> list[Area]:
    unit = AdministrativeUnit
    commune = unit.kind_vi + " " + unit.name_vi
    rows = db.session.execute(
        _with_words(
            select(Lot.growing_area, unit.code, commune, func.count())
            .outerjoin(
                unit, and_(unit.code == Lot.origin_commune_code, unit.valid_from == Lot.origin_commune_valid_from)
            )
            .where(owned_by(actor, Lot.owner_id), Lot.growing_area != ""),
            words,
            Lot.growing_area,
        )
        .group_by(Lot.growing_area, unit.code, unit.kind_vi, unit.name_vi)
        .order_by(func.count().desc(), Lot.growing_area)
        .limit(MOST_FOUND)
    )
    return [Area(*row) for row in rows]


def _suppliers(actor: Actor, words: str) -> list[Supplier]:
    given = Organisation
    of_organisations = db.session.execute(
        _with_words(
            select(given.name_vi, given.name_en, given.code, func.count())
            .join(Lot, Lot.supplier_organisation_id == given.id)
            .where(owned_by(actor, Lot.owner_id)),
            words,
            given.name_vi,
            given.name_en,
        )
        .group_by(given.id, given.name_vi, given.name_en, given.code)
        .order_by(given.code)
        .limit(MOST_FOUND)
    )
    of_names = db.session.execute(
        _with_words(
            select(Lot.supplier, Lot.supplier, func.count()).where(
                owned_by(actor, Lot.owner_id), Lot.supplier != "", Lot.supplier_organisation_id.is_(None)
            ),
            words,
            Lot.supplier,
        )
        .group_by(Lot.supplier)
        .order_by(func.count().desc(), Lot.supplier)
        .limit(MOST_FOUND)
    )
    found = [Supplier(*row) for row in of_organisations]
    return found + [Supplier(name, also, "", lots) for name, also, lots in of_names]
