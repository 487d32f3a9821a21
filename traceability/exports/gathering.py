"""Reading what is handed over of lots: the chain both ways, events, certificates, papers; scoped to who asks."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from accounts.actor import Actor
from accounts.models import Organisation, Place
from accounts.queries import owned_by
from catalog.models import Product, ProductVersion, Subgroup, TradeItem
from kernel.db import db, listed
from kernel.models import StoredFile
from ocop.models import Certificate
from traceability import contents, genealogy, rounding, standing, ways
from traceability.contents import Deed, Key, Step
from traceability.epcis import holders, naming, store
from traceability.exports import epcis_events, parties
from traceability.exports.captured import Body
from traceability.exports.parties import address_of
from traceability.exports.record import (
    CertificateRow,
    DocumentRow,
    EdgeRow,
    EventRow,
    LotRow,
    NamedRow,
    OrganisationRow,
    Packed,
    ProductRow,
    Record,
    Said,
)
from traceability.genealogy import Edge
from traceability.models import (
    Batch,
    EpcisEvent,
    EventFile,
    EventKind,
    EventLot,
    Lot,
    LotDocument,
    LotIdentifier,
    LotInput,
    LotKind,
    LotState,
    TraceEvent,
)

#: What a file holds; one that leaves something out says so.
MOST_LOTS, MOST_EDGES, MOST_EVENTS = 20_000, 100_000, 100_000


@dataclass(frozen=True)
class Reach:
    """How far from the lots that were asked for: the whole chain, or one step back and one forward."""

    whole: bool = True


def gather(actor: Actor, lot_ids: Sequence[int], *, asked: str, reach: Reach | None = None, now: datetime) -> Record:
    """Read the record of lots that the actor was found to see.

    :param asked: what it is about, in words
    """
    record = Record(asked=asked, made_at=now)
    before, after, edges = _around(lot_ids, (reach or Reach()).whole, record)
    relation = {**dict.fromkeys(after, "after"), **dict.fromkeys(before, "before"), **dict.fromkeys(lot_ids, "asked")}
    # What was asked for goes before what hangs together with it.
    ids = sorted([*sorted(lot_ids), *sorted(relation.keys() - set(lot_ids))][:MOST_LOTS])
    record.is_cut = record.is_cut or len(relation) > MOST_LOTS
    full = set(db.session.scalars(select(Lot.id).where(Lot.id.in_(listed(ids)), owned_by(actor, Lot.owner_id))))
    reader = _Reader(record, ids, full)
    reader.read_lots(relation)
    record.edges = [
        EdgeRow(reader.uris[edge.input_id], reader.uris[edge.output_id], edge.quantity, reader.units[edge.input_id])
        for edge in edges
        if edge.input_id in reader.uris and edge.output_id in reader.uris
    ]
    reader.read_events()
    reader.read_cases()
    reader.read_certificates()
    reader.read_documents()
    reader.read_organisations(actor)
    return record


def lots_of_days(actor: Actor, first: datetime, until: datetime) -> list[int]:
    """List the lots that an actor may see and to which something happened in a span of time (its end excluded)."""
    return list(
        db.session.scalars(
            select(EventLot.lot_id)
            .join(TraceEvent, TraceEvent.id == EventLot.event_id)
            .join(Lot, Lot.id == EventLot.lot_id)
            .where(TraceEvent.event_at >= first, TraceEvent.event_at < until, owned_by(actor, Lot.owner_id))
            .distinct()
            .order_by(EventLot.lot_id)
            .limit(MOST_LOTS + 1)  # one more: so that the record says that it was cut
        )
    )


def size_of(lot_ids: Sequence[int]) -> int:
    """Reckon how much there is to read of lots: the edges of their chains, as far as a walk of a screen goes."""
    return len(genealogy.backward(lot_ids).edges) + len(genealogy.forward(lot_ids).edges)


def _around(lot_ids: Sequence[int], whole: bool, record: Record) -> tuple[set[int], set[int], list[Edge]]:
    if whole:
        back = genealogy.backward(lot_ids, most=MOST_EDGES)
        on = genealogy.forward(lot_ids, most=MOST_EDGES)
        record.is_cut = back.is_cut or on.is_cut
        found, before, after = {*back.edges, *on.edges}, set(back.lot_ids), holders.with_cases(on.lot_ids)
    else:
        rows = db.session.execute(
            select(LotInput.output_id, LotInput.input_id, LotInput.quantity).where(
                or_(LotInput.output_id.in_(listed(lot_ids)), LotInput.input_id.in_(listed(lot_ids)))
            )
        )
        found = {Edge(*row) for row in rows}
        before, after = {edge.input_id for edge in found}, {edge.output_id for edge in found}
        after |= holders.with_cases(lot_ids)
    # Of what was taken out of a case no edge tells any longer.
    before |= _once_inside(lot_ids)
    return before, after, sorted(found)


def _once_inside(lot_ids: Sequence[int]) -> set[int]:
    """Give what ever lay in lots, and in cases in these, by those who may speak for it."""
    below = contents.below(lot_ids)
    inside: dict[Key, set[int]] = defaultdict(set)
    for step in contents.stored_steps({*lot_ids, *below}) if below else ():
        if step.deed in (Deed.PACKED, Deed.SEEN):
            for case in step.cases:
                inside[case] |= {thing for thing in step.things if isinstance(thing, int)}
    found: set[int] = set()
    waiting: list[int] = list(lot_ids)
    while waiting:
        new = inside[waiting.pop()] - found
        found |= new
        waiting += new
    return found - set(lot_ids)


class _Reader:
    """Reads one record; the lots are read first."""

    def __init__(self, record: Record, ids: Sequence[int], full: set[int]) -> None:
        self.record, self.ids, self.full = record, ids, full
        self.uris: dict[int, str] = {}
        self.units: dict[int, str] = {}
        self.event_ids: dict[int, str] = {}
        self.products: dict[int, str] = {}
        self.organisations: set[int] = set()
        self.bodies: dict[int, Body] = {}
        self.parties: dict[str, parties.Party] = {}

    def read_lots(self, relation: dict[int, str]) -> None:
        version = func.coalesce(Product.published_version_id, Product.approved_version_id, Product.draft_version_id)
        rows = db.session.execute(
            select(Lot, Organisation, Batch, TradeItem, Product, ProductVersion, Subgroup.group_code, Place)
            .join(Organisation, Organisation.id == Lot.owner_id)
            .outerjoin(Batch, Batch.lot_id == Lot.id)
            .outerjoin(TradeItem, TradeItem.id == Batch.trade_item_id)
            .outerjoin(Product, Product.id == TradeItem.product_id)
            .outerjoin(ProductVersion, ProductVersion.id == version)
            .outerjoin(
                Subgroup,
                and_(Subgroup.scheme == Product.scheme, Subgroup.criteria_set_no == Product.criteria_set_no),
            )
            .outerjoin(Place, Place.id == Lot.place_id)
            .where(Lot.id.in_(listed(self.ids)))
            .options(
                joinedload(Lot.origin_commune),
                joinedload(Lot.supplier_organisation),
                joinedload(Place.commune, innerjoin=False),
                joinedload(Organisation.commune, innerjoin=False),
                joinedload(Batch.lot, innerjoin=False),
                joinedload(ProductVersion.commune, innerjoin=False),
            )
            .order_by(Lot.id)
        ).all()
        named = dict(
            db.session.execute(
                select(LotIdentifier.lot_id, func.min(LotIdentifier.uri))
                .where(LotIdentifier.lot_id.in_(listed(self.ids)))
                .group_by(LotIdentifier.lot_id)
            ).all()
        )
        items: dict[int, ProductRow] = {}
        known = _goods_of(named)
        for lot, owner, batch, own_item, own_product, own_version, own_group, place in rows:
            item, product, version_row, group = known.get(lot.id, (own_item, own_product, own_version, own_group))
            gtin = item.gtin if item is not None else None
            uri = named.get(lot.id) if lot.kind is LotKind.EXTERNAL else store.own_name(lot, owner.code, batch, gtin)
            self.uris[lot.id] = uri = uri or f"lot:{lot.id}"
            self.units[lot.id] = lot.unit.value
            self.organisations.add(owner.id)
            if product is not None:
                self.products[product.id] = product.slug
                items[item.id] = _product_row(product, version_row, item, group, owner)
            self.record.lot_ids[uri] = lot.id
            self.record.lots.append(
                _lot_row(lot, owner, batch, item, product, version_row, group, place, uri, relation[lot.id])
                if lot.id in self.full
                else _brief_row(lot, owner, item, product, version_row, uri, relation[lot.id])
            )
            if lot.id in self.full and lot.supplier_organisation_id is not None:
                self.organisations.add(lot.supplier_organisation_id)
        self.record.products = list(items.values())

    def read_events(self) -> None:
        newer, older = aliased(TraceEvent), aliased(TraceEvent)
        seen = and_(
            TraceEvent.id.in_(_events_of(self.ids)),
            or_(TraceEvent.id.in_(_events_of(sorted(self.full))), standing.told_to_all()),
        )
        rows = db.session.execute(
            select(TraceEvent, Organisation, Place, newer.event_id, older.event_id)
            .join(Organisation, Organisation.id == TraceEvent.organisation_id)
            .outerjoin(Place, Place.id == TraceEvent.place_id)
            .outerjoin(newer, newer.corrects_id == TraceEvent.id)
            .outerjoin(older, older.id == TraceEvent.corrects_id)
            .where(seen)
            .options(joinedload(Place.commune, innerjoin=False), joinedload(Organisation.commune, innerjoin=False))
            .order_by(TraceEvent.event_at, TraceEvent.id)
            .limit(MOST_EVENTS + 1)
        ).all()
        self.record.is_cut = self.record.is_cut or len(rows) > MOST_EVENTS
        events = [row[0] for row in rows[:MOST_EVENTS]]
        self.read_captured([event.id for event in events])
        named: dict[int, list[NamedRow]] = {event.id: [] for event in events}
        of_own: set[int] = set()
        for one in db.session.scalars(
            select(EventLot)
            .where(EventLot.event_id.in_(listed(list(named))), EventLot.lot_id.in_(listed(self.ids)))
            .order_by(EventLot.event_id, EventLot.role, EventLot.lot_id)
        ):
            quantity = one.quantity if one.lot_id in self.full else None
            row = NamedRow(self.uris[one.lot_id], one.role, quantity, self.units[one.lot_id])
            if one.lot_id in self.full:
                of_own.add(one.event_id)
            named[one.event_id].append(row)
        for event, organisation, place, corrected_by, corrects in rows[:MOST_EVENTS]:
            self.event_ids[event.id] = event.event_id
            self.organisations.add(organisation.id)
            body = self.bodies.get(event.id)
            there = self.parties[body.place] if body is not None and body.place else parties.Party("")
            self.record.events.append(
                EventRow(
                    id=event.event_id,
                    kind=event.kind.value,
                    action=event.action or "",
                    biz_step=event.biz_step,
                    disposition=event.disposition or "",
                    at=event.event_at,
                    recorded_at=event.recorded_at,
                    organisation=organisation.code,
                    title_vi=event.title_vi,
                    title_en=event.title_en,
                    note_vi=event.note_vi,
                    place=place.name_vi if place else there.place,
                    place_gln=(place.gln or "") if place else there.gln,
                    place_address=address_of(place.village, place.commune) if place else there.address,
                    document=event.document or "",
                    corrects=corrects or "",
                    corrected_by=corrected_by or "",
                    lots=tuple(named[event.id]),
                    source=body.end("source", self.parties) if body is not None else "",
                    recipient=body.end("destination", self.parties) if body is not None else "",
                    papers=body.papers if body is not None else (),
                )
            )
            if body is not None:
                self.record.said[event.event_id] = Said(
                    there.words, body.is_harvest, body.is_catch, body.harvested_on, event.is_public
                )
        # An event in the form of the standard is whole: of another's lots alone it would tell their amounts.
        told = sorted(of_own)
        self.record.epcis = epcis_events.of(told, [self.event_ids[id] for id in told])

    def read_captured(self, ids: Sequence[int]) -> None:
        """Read what captured events say beside the lots they name, and which events were declared wrong."""
        rows = db.session.execute(
            select(EpcisEvent.trace_event_id, EpcisEvent.body).where(
                EpcisEvent.trace_event_id.in_(listed(list(ids))), EpcisEvent.capture_id.is_not(None)
            )
        )
        self.bodies = {id: Body(json.loads(body)) for id, body in rows if id is not None}
        self.parties = parties.named({name for body in self.bodies.values() for name in body.names})
        declared = aliased(EpcisEvent)
        wrong = (
            select(TraceEvent.event_id)
            .join(declared, and_(declared.event_id == TraceEvent.event_id, declared.declares_error))
            .where(TraceEvent.id.in_(listed(list(ids))))
        )
        self.record.declared_wrong = set(db.session.scalars(wrong))

    def read_cases(self) -> None:
        """Tell what lay in the logistic units that events move or use (a walk through all of their contents)."""
        cases = holders.cases_among(self.ids)
        cases |= {id for id, uri in self.uris.items() if naming.is_logistic(uri)}
        self.record.cases = {self.uris[id] for id in cases if id in self.uris}
        ids = self.record.lot_ids
        looks: list[tuple[EventRow, str, Step]] = []
        for line, event in self.moves():
            for one in event.lots:
                if one.uri in self.record.cases and one.role != "output":
                    looks.append((event, one.uri, Step(event.at, line, Deed.HANDED_ON, (ids[one.uri],))))
        if not looks:
            return
        steps = contents.stored_steps(cases | contents.below(cases))
        inside: dict[int, dict[str, NamedRow]] = defaultdict(dict)
        for found in contents.follow([*(step for _, _, step in looks), *steps]):
            if isinstance(found.thing, int) and found.thing in self.uris:
                amount = rounding.whole(found.amount) if found.thing in self.full else 0
                row = NamedRow(self.uris[found.thing], "child", amount or None, self.units[found.thing])
                inside[id(found.step)][row.uri] = row
        told: dict[str, list[Packed]] = defaultdict(list)
        within: dict[str, set[str]] = defaultdict(set)
        for event, case, step in looks:
            within[event.id] |= inside[id(step)].keys() - {case}
            told[event.id] += [Packed(case, row) for row in inside[id(step)].values()]
        self.record.inner = {key: uris & self.record.cases for key, uris in within.items()}
        # What lies in a case on a pallet is told with the pallet, where the event names both.
        self.record.packed = {
            key: [one for one in rows if one.case not in within[key] and one.lot.uri not in self.record.cases]
            for key, rows in told.items()
        }

    def moves(self) -> Iterator[tuple[int, EventRow]]:
        """Give the events that move lots or use them up, with the ids of their lines."""
        lines = {event_id: line for line, event_id in self.event_ids.items()}
        for event in self.record.events:
            if event.kind == EventKind.TRANSFORMATION or event.biz_step in (
                *ways.SENDS,
                *ways.TAKES_IN,
                ways.ACCEPTING,
            ):
                yield lines[event.id], event

    def read_certificates(self) -> None:
        rows = db.session.scalars(
            select(Certificate)
            .where(Certificate.product_id.in_(listed(sorted(self.products))))
            .order_by(Certificate.issued_on, Certificate.id)
        )
        self.record.certificates = [
            CertificateRow(
                number=row.number,
                product=self.products[row.product_id],
                stars=row.stars,
                decision=row.decision_number,
                issuer=row.issuer,
                issued_on=row.issued_on,
                valid_until=row.expires_on - timedelta(days=1),
                revoked_on=row.revoked_on,
                document=row.document or "",
                is_sample=row.is_sample,
            )
            for row in rows
        ]

    def read_documents(self) -> None:
        of_lots = db.session.execute(
            select(LotDocument, StoredFile)
            .join(StoredFile, StoredFile.digest == LotDocument.digest)
            .where(
                LotDocument.lot_id.in_(listed(self.ids)),
                or_(LotDocument.is_public, LotDocument.lot_id.in_(listed(sorted(self.full)))),
            )
            .order_by(LotDocument.lot_id, LotDocument.added_at, LotDocument.digest)
        )
        for paper, file in of_lots:
            self._document(file, paper.title, self.uris[paper.lot_id], paper.is_public)
        of_events = db.session.execute(
            select(EventFile, StoredFile, TraceEvent.is_public)
            .join(StoredFile, StoredFile.digest == EventFile.digest)
            .join(TraceEvent, TraceEvent.id == EventFile.event_id)
            .where(EventFile.event_id.in_(listed(sorted(self.event_ids))))
            .order_by(EventFile.event_id, EventFile.position)
        )
        for photo, file, is_public in of_events:
            self._document(file, photo.alt_vi, self.event_ids[photo.event_id], is_public)
        papers = {row.document: row.number for row in self.record.certificates if row.document}
        for file in db.session.scalars(select(StoredFile).where(StoredFile.digest.in_(sorted(papers)))):
            self._document(file, papers[file.digest], papers[file.digest], True)

    def _document(self, file: StoredFile, title: str, of: str, is_public: bool) -> None:
        self.record.documents.append(
            DocumentRow(file.digest, title, of, file.media_type, file.suffix, file.size, is_public)
        )

    def read_organisations(self, actor: Actor) -> None:
        rows = db.session.execute(
            select(Organisation, owned_by(actor, Organisation.id))
            .where(Organisation.id.in_(listed(sorted(self.organisations))))
            .options(joinedload(Organisation.commune, innerjoin=False))
            .order_by(Organisation.id)
        )
        self.record.organisations = [
            OrganisationRow(
                code=row.code,
                name_vi=row.name_vi,
                name_en=row.name_en,
                address=address_of(row.address, row.commune),
                tax_code=row.tax_code or "",
                phone=(row.phone or "") if row.shows_phone or is_own else "",
                gs1_prefix=row.gs1_prefix or "",
                is_sample=row.is_sample,
            )
            for row, is_own in rows
        ]


def _events_of(lot_ids: Sequence[int]) -> Select[int]:
    return select(EventLot.event_id).where(EventLot.lot_id.in_(listed(lot_ids)))


Goods = tuple[TradeItem, Product, ProductVersion, str | None]


def _goods_of(named: Mapping[int, str]) -> dict[int, Goods]:
    """Give the goods of lots that events alone tell of, by the GTINs of their names; no draft of another's product."""
    gtins = {id: gtin for id, uri in named.items() if (gtin := naming.gtin_of(uri)) is not None}
    if not gtins:
        return {}
    known = func.coalesce(Product.published_version_id, Product.approved_version_id, Product.draft_version_id)
    rows = db.session.execute(
        select(TradeItem, Product, ProductVersion, Subgroup.group_code)
        .join(Product, Product.id == TradeItem.product_id)
        .join(ProductVersion, ProductVersion.id == known)
        .outerjoin(
            Subgroup, and_(Subgroup.scheme == Product.scheme, Subgroup.criteria_set_no == Product.criteria_set_no)
        )
        .where(TradeItem.gtin.in_(listed(sorted(set(gtins.values())))))
        .options(joinedload(ProductVersion.commune, innerjoin=False))
    )
    goods = {row[0].gtin: (row[0], row[1], row[2], row[3]) for row in rows}
    lots = db.session.execute(
        select(Lot.id, Lot.owner_id).where(Lot.id.in_(listed(sorted(gtins))), Lot.kind == LotKind.EXTERNAL)
    )
    found: dict[int, Goods] = {}
    for id, owner_id in lots:
        one = goods.get(gtins[id])
        if one is not None and (one[1].published_version_id is not None or one[1].producer_id == owner_id):
            found[id] = one
    return found


def _product_row(
    product: Product, version: ProductVersion, item: TradeItem, group: str | None, owner: Organisation
) -> ProductRow:
    return ProductRow(
        slug=product.slug,
        name_vi=version.name_vi,
        name_en=version.name_en,
        item_vi=item.name_vi,
        gtin=item.gtin or "",
        net_content=item.net_content,
        unit=item.unit.value,
        group=group or "",
        producer=owner.code,
        commune_code=version.commune_code,
        standards=version.standards,
    )


def _names(lot: Lot, item: TradeItem | None, version: ProductVersion | None) -> tuple[str, str]:
    if item is None or version is None:
        return lot.name_vi, lot.name_en
    english = ", ".join((version.name_en, item.name_en)) if version.name_en and item.name_en else version.name_en
    return f"{version.name_vi}, {item.name_vi}", english


def _brief_row(
    lot: Lot,
    owner: Organisation,
    item: TradeItem | None,
    product: Product | None,
    version: ProductVersion | None,
    uri: str,
    relation: str,
) -> LotRow:
    name_vi, name_en = _names(lot, item, version)
    return LotRow(
        uri=uri,
        number=lot.number,
        kind=lot.kind.value,
        relation=relation,
        name_vi=name_vi,
        name_en=name_en,
        owner=owner.code,
        in_full=False,
        gtin=(item.gtin or "") if item else naming.gtin_of(uri) or "",
        product=product.slug if product else "",
        unit=lot.unit.value,
        is_sample=lot.is_sample,
    )


def _lot_row(
    lot: Lot,
    owner: Organisation,
    batch: Batch | None,
    item: TradeItem | None,
    product: Product | None,
    version: ProductVersion | None,
    group: str | None,
    place: Place | None,
    uri: str,
    relation: str,
) -> LotRow:
    name_vi, name_en = _names(lot, item, version)
    supplier = lot.supplier_organisation
    return LotRow(
        uri=uri,
        number=lot.number,
        kind=lot.kind.value,
        relation=relation,
        name_vi=name_vi,
        name_en=name_en,
        owner=owner.code,
        in_full=True,
        gtin=(item.gtin or "") if item else naming.gtin_of(uri) or "",
        product=product.slug if product else "",
        group=group or "",
        quantity=lot.quantity,
        used=lot.used,
        unit=lot.unit.value,
        state=lot.state.value,
        state_reason=lot.state_reason if lot.state is not LotState.RELEASED else "",
        made_on=batch.made_on if batch else None,
        expires_on=batch.expires_on if batch else None,
        harvested_on=lot.harvested_on,
        received_on=lot.received_on,
        supplier=lot.supplier,
        supplier_organisation=supplier.code if supplier else "",
        growing_area=lot.growing_area,
        origin_code=lot.origin_commune_code or "",
        origin=lot.origin_commune.full_name if lot.origin_commune else "",
        place=place.name_vi if place else "",
        is_sample=lot.is_sample,
    )
