"""The sortable spreadsheet of FSMA 204: critical tracking events with their key data elements. Pure.

Source: 21 CFR 1.1325 to 1.1350 (the events and their data), 1.1455(c)(3)(ii) (sortable, within 24 hours).
A new traceability lot code is only told where one may be assigned: initial packing, the first land-based receiver,
transformation. What a row should hold and does not is named in its last column: nothing is made up.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any

import xlsxwriter

from kernel.clock import business_date
from traceability import steps, ways
from traceability.epcis.document import STANDARD_CONTEXT
from traceability.epcis.naming import is_logistic, short_name
from traceability.exports.record import CUT, EventRow, LotRow, NamedRow, Packed, Record

HARVESTING = "Harvesting"
COOLING = "Cooling"
INITIAL_PACKING = "Initial packing"
LAND_BASED = "First land-based receiving"
SHIPPING = "Shipping"
RECEIVING = "Receiving"
TRANSFORMATION = "Transformation"

#: Fresh plant and animal produce of the programme (QĐ 26/2026/QĐ-TTg, Phụ lục I): packing it is its initial packing.
_RAW_COMMODITIES = "I.1"
_KINGDOM = "Viet Nam"


@dataclass(frozen=True)
class Row:
    """A row of the sheet; empty where it does not apply, or is not known."""

    event: str
    lot_code: str
    product: str
    quantity: int | float | None
    unit: str
    on: date
    location: str
    source: str = ""
    recipient: str = ""
    code_source: str = ""
    farm: str = ""
    area: str = ""
    harvester: str = ""
    harvested_on: date | None = None
    used_lot_code: str = ""
    used_product: str = ""
    used_quantity: int | float | None = None
    used_unit: str = ""
    document_type: str = ""
    document: str = ""
    packed_in: str = ""
    event_id: str = ""
    missing: str = ""


#: The titles of the columns, as the rule names what stands in them.
TITLES = {
    "event": "Critical tracking event",
    "lot_code": "Traceability lot code",
    "product": "Product description",
    "quantity": "Quantity",
    "unit": "Unit of measure",
    "on": "Date of the event",
    "location": "Location description: where it happened",
    "source": "Location description: immediate previous source",
    "recipient": "Location description: immediate subsequent recipient",
    "code_source": "Traceability lot code source",
    "farm": "Location description: farm",
    "area": "Field or growing area",
    "harvester": "Business name of the harvester",
    "harvested_on": "Date of harvesting",
    "used_lot_code": "Food used: traceability lot code",
    "used_product": "Food used: product description",
    "used_quantity": "Food used: quantity",
    "used_unit": "Food used: unit of measure",
    "document_type": "Reference document type",
    "document": "Reference document number",
    "packed_in": "Logistic unit in which it moved",
    "event_id": "Record identifier",
    "missing": "Key data elements not on record",
}

_ALL = ("product", "quantity", "unit", "location", "document")
_NEEDED = {
    HARVESTING: ("recipient", "product", "quantity", "unit", "farm", "harvested_on", "document"),
    COOLING: ("recipient", "product", "quantity", "unit", "location", "farm", "document"),
    INITIAL_PACKING: (*_ALL, "lot_code", "farm", "area", "harvester", "harvested_on", "code_source"),
    LAND_BASED: (*_ALL, "lot_code", "code_source"),
    SHIPPING: (*_ALL, "lot_code", "recipient", "code_source"),
    RECEIVING: (*_ALL, "lot_code", "source", "code_source"),
    TRANSFORMATION: (
        *_ALL, "lot_code", "code_source", "used_lot_code", "used_product", "used_quantity", "used_unit",
    ),
}  # fmt: skip

#: What the papers are that captured events name (CBV 2.0, section 7.3).
_PAPERS = {
    "bol": "Bill of lading",
    "cert": "Certificate",
    "desadv": "Despatch advice",
    "inv": "Invoice",
    "pedigree": "Pedigree",
    "po": "Purchase order",
    "poc": "Purchase order confirmation",
    "prodorder": "Production order",
    "recadv": "Receiving advice",
    "rma": "Return merchandise authorisation",
    "testprd": "Test procedure",
    "testres": "Test result",
    "upevt": "Upstream event",
}
_MAKING = ("commissioning", "creating_class_instance")


def rows_of(record: Record, *, first: date | None = None, last: date | None = None) -> list[Row]:
    """Give the rows of a record, by day; of events that were put right only the newer one counts.

    :param first: with ``last``, the days asked for, both included
    """
    chain = _Chain(record)
    found: list[Row] = []
    for event in record.events:
        day = business_date(event.at)
        if (first and day < first) or (last and day > last) or not chain.stands(event):
            continue
        found += _Teller(chain, event, day).rows()
    return sorted(found, key=lambda row: (row.on, row.event, row.lot_code, row.used_lot_code, row.packed_in))


@dataclass(frozen=True)
class _Harvest:
    where: str
    by: str
    on: date


class _Chain:
    """What the events of a record say together: read once for all rows."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.lots = {lot.uri: lot for lot in record.lots}
        self._places = {one.code: one for one in record.organisations}
        self.harvests: dict[str, _Harvest] = {}
        self.assigned: dict[str, str] = {}  #: where a lot code was assigned, by lot
        self.outputs: set[str] = set()  #: of transformations
        self.taken_in: set[tuple[str, str]] = set()  #: (organisation, lot) that arrived or was received
        self._halves: set[str] = set()  #: what went into transformations whose outputs other events tell
        for event in record.events:
            if self.stands(event):
                self._read(event)
        self._fed: dict[str, list[NamedRow]] = {}
        for edge in record.edges:
            if edge.input in self._halves:
                used = NamedRow(edge.input, "input", edge.quantity or None, edge.unit)
                self._fed.setdefault(edge.output, []).append(used)

    def stands(self, event: EventRow) -> bool:
        """Tell whether an event was neither put right nor declared wrong."""
        return not event.corrected_by and event.id not in self.record.declared_wrong

    def counts(self, event: EventRow, lot: LotRow) -> bool:
        """Tell whether an event speaks for a lot: not where a stranger sent it."""
        said = self.record.said.get(event.id)
        return said is None or said.is_public or event.organisation == lot.owner

    def _read(self, event: EventRow) -> None:
        for named in event.lots:
            lot = self.lots[named.uri]
            if not self.counts(event, lot):
                continue
            if event.biz_step in ways.TAKES_IN:
                self.taken_in.add((event.organisation, lot.uri))
            if event.kind == "TransformationEvent" and named.role == "output":
                self.outputs.add(lot.uri)
                self.assigned.setdefault(lot.uri, self.where(event))
            elif _is_making(event):
                self.assigned.setdefault(lot.uri, self.where(event))
            if self.is_harvest(event, lot):
                said = self.record.said.get(event.id)
                day = said.harvested_on if said is not None else None
                self.harvests[lot.uri] = _Harvest(
                    self.where(event), self.name(event.organisation), day or business_date(event.at)
                )
        if event.kind == "TransformationEvent" and all(one.role == "input" for one in event.lots):
            self._halves |= {one.uri for one in event.lots}

    def is_harvest(self, event: EventRow, lot: LotRow) -> bool:
        """Tell whether a lot was harvested: raw material that came to be, or what its event calls a harvest."""
        if lot.kind == "raw":
            return _is_making(event) or event.biz_step == "collecting"
        said = self.record.said.get(event.id)
        if said is None or lot.kind != "external" or event.kind != "ObjectEvent" or event.action == "DELETE":
            return False
        return said.is_harvest and not said.is_catch and (not lot.group or lot.group.startswith(_RAW_COMMODITIES))

    def is_raw(self, uri: str) -> bool:
        """Tell whether a lot is as it was harvested."""
        return self.lots[uri].kind == "raw" or uri in self.harvests

    def fed_to(self, uri: str) -> list[NamedRow]:
        """Give what went into a lot by events that do not name it."""
        return self._fed.get(uri, [])

    def where(self, event: EventRow) -> str:
        """Tell where an event happened: by its own words, or with whom it did."""
        said = self.record.said.get(event.id)
        if said is not None and (told := said.where or self._at_an_end(event)):
            return told
        own = self.place(event.organisation)
        if said is not None:
            return own
        gln = f"GLN {event.place_gln}" if event.place_gln else ""
        return "; ".join(part for part in (event.place, event.place_address, gln, own) if part)

    def _at_an_end(self, event: EventRow) -> str:
        if event.biz_step in ways.SENDS:
            return event.source
        return event.recipient if event.biz_step in (*ways.TAKES_IN, ways.ACCEPTING) else ""

    def name(self, code: str) -> str:
        one = self._places.get(code)
        return (one.name_en or one.name_vi) if one is not None else ""

    def place(self, code: str) -> str:
        one = self._places.get(code)
        if one is None:
            return ""
        return "; ".join(part for part in (one.name_en or one.name_vi, one.phone, one.address, _KINGDOM) if part)


def _is_making(event: EventRow) -> bool:
    """Tell whether goods came to be by an event that names nothing of which they were made."""
    return event.kind == "ObjectEvent" and event.action == "ADD" and event.biz_step in _MAKING


class _Teller:
    """Tells one event."""

    def __init__(self, chain: _Chain, event: EventRow, day: date) -> None:
        self._chain, self._record, self._event, self._day = chain, chain.record, event, day

    def rows(self) -> Iterator[Row]:
        event = self._event
        if event.kind == "TransformationEvent":
            yield from self._made()
            return
        parents = [one.uri for one in event.lots if one.role == "parent"]
        beside: dict[str, int | None] = {}
        for named in event.lots:
            if named.uri not in self._record.cases:
                beside[named.uri] = named.quantity
                yield from self._told(named, parents[0] if named.role == "child" and parents else "")
        yield from self._in_cases(beside)

    def _told(self, named: NamedRow, case: str = "") -> Iterator[Row]:
        lot = self._chain.lots[named.uri]
        kind = self._kind(lot) if self._chain.counts(self._event, lot) else None
        if kind is not None:
            yield self._row(kind, named, lot, packed_in=case)

    def _in_cases(self, beside: dict[str, int | None]) -> Iterator[Row]:
        """Tell what moved inside of logistic units; what the event names beside them is told once."""
        if self._event.biz_step not in (*ways.SENDS, *ways.TAKES_IN, ways.ACCEPTING):
            return
        inside = self._record.packed.get(self._event.id, [])
        for packed in inside:
            more = _beyond(packed, beside)
            if more is not None:
                yield from self._told(more, packed.case)
        known = {packed.case for packed in inside}
        for named in self._event.lots:
            if named.uri in self._record.cases and named.uri not in known and not self._holds_more(named.uri):
                yield from self._unknown_inside(named)

    def _holds_more(self, case: str) -> bool:
        """Tell whether what is in a case is told with a larger unit, or beside it."""
        is_inner = any(one.uri == case and one.role == "child" for one in self._event.lots)
        names_children = any(one.role == "child" for one in self._event.lots)
        return is_inner or names_children or case in self._record.inner.get(self._event.id, ())

    def _unknown_inside(self, named: NamedRow) -> Iterator[Row]:
        lot = self._chain.lots[named.uri]
        if lot.gtin:  # goods themselves, whatever is in them
            yield from self._told(named)
            return
        kind = self._kind(lot) if self._chain.counts(self._event, lot) else None
        if kind is not None:
            yield self._row(kind, NamedRow(named.uri, named.role, None, ""), lot, packed_in=named.uri)

    def _kind(self, lot: LotRow) -> str | None:
        event, chain = self._event, self._chain
        if event.biz_step in ways.SENDS:
            return SHIPPING if event.action != "DELETE" or event.kind == "ObjectEvent" else None
        if event.biz_step in ways.TAKES_IN:
            return RECEIVING
        if event.biz_step == ways.ACCEPTING:
            return None if (event.organisation, lot.uri) in chain.taken_in else RECEIVING
        if event.biz_step == "storing" and event.title_vi == steps.all_steps()["chill"].name_vi:
            return COOLING
        if chain.is_harvest(event, lot):
            return HARVESTING
        if not _is_making(event) or lot.kind == "raw" or is_logistic(lot.uri) or lot.uri in chain.outputs:
            return None
        said = self._record.said.get(event.id)
        if said is not None and said.is_catch:
            return None  # what comes from a fishing vessel begins with whoever receives it on land
        return INITIAL_PACKING if _is_packed_fresh(lot) else TRANSFORMATION

    def _made(self) -> Iterator[Row]:
        event, chain = self._event, self._chain
        named = [one for one in event.lots if one.role == "input"]
        for output in (one for one in event.lots if one.role == "output"):
            lot = chain.lots[output.uri]
            if output.uri in self._record.cases or not chain.counts(event, lot):
                continue
            used = [*self._used(named or chain.fed_to(output.uri))]
            raw = all(chain.is_raw(one.uri) for one, _ in used)
            kind = INITIAL_PACKING if raw and _is_packed_fresh(lot) else TRANSFORMATION
            for one, case in used:
                yield self._row(kind, output, lot, one, packed_in=case)
            if not used:
                yield self._row(kind, output, lot)

    def _used(self, inputs: Iterable[NamedRow]) -> Iterator[tuple[NamedRow, str]]:
        """Give what was used, that in logistic units too, and in which unit it was."""
        beside = {one.uri: one.quantity for one in inputs if one.uri not in self._record.cases}
        for one in inputs:
            if one.uri in beside:
                yield one, ""
        for packed in self._record.packed.get(self._event.id, []):
            more = _beyond(packed, beside)
            if more is not None:
                yield more, packed.case

    def _row(
        self, kind: str, named: NamedRow, lot: LotRow, used: NamedRow | None = None, *, packed_in: str = ""
    ) -> Row:
        event, chain = self._event, self._chain
        is_early = kind in (HARVESTING, COOLING)
        is_unknown = lot.uri in self._record.cases and not lot.gtin  # what is in it nobody says
        amount, unit = _amount(named)
        given, given_unit = _amount(used) if used is not None else (None, "")
        grown = chain.lots[used.uri] if used is not None else lot
        delivery = self._record.deliveries.get(event.document)
        own = chain.place(lot.owner)
        document_type, document = self._document(lot, kind)
        told: dict[str, Any] = {
            "event": kind,
            "lot_code": "" if is_early or is_unknown else lot.uri,
            "product": f"What is packed in {_carrier(lot.uri)}" if is_unknown else lot.name_en or lot.name_vi,
            "quantity": amount,
            "unit": unit,
            "on": self._day,
            "location": chain.where(event),
            "source": self._source(kind, lot, delivery.source if delivery else ""),
            "recipient": self._recipient(kind, lot, delivery.to if delivery else "", own),
            "code_source": "" if is_early or is_unknown else self._code_source(lot, own),
            "document_type": document_type,
            "document": document,
            "packed_in": _carrier(packed_in) if packed_in else "",
            "event_id": event.id,
        }
        if kind in (HARVESTING, COOLING, INITIAL_PACKING):
            harvest = chain.harvests.get(grown.uri) if grown.kind == "external" else None
            told |= {
                "farm": harvest.where if harvest else grown.origin,
                "area": grown.growing_area,
                "harvester": harvest.by if harvest else grown.supplier or self._harvester(grown),
                "harvested_on": harvest.on
                if harvest
                else grown.harvested_on or (self._day if kind == HARVESTING else None),
            }
        if used is not None:
            told |= {
                "used_lot_code": grown.uri,
                "used_product": grown.name_en or grown.name_vi,
                "used_quantity": given,
                "used_unit": given_unit,
            }
        missing = [TITLES[name] for name in _NEEDED[kind] if told.get(name) in (None, "")]
        if is_unknown:
            missing.insert(0, TITLES["product"])
        return Row(**told, missing="; ".join(missing))

    def _harvester(self, lot: LotRow) -> str:
        return "" if lot.kind == "external" else self._chain.name(lot.owner)

    def _code_source(self, lot: LotRow, own: str) -> str:
        """Tell who assigned the lot code: of what others' events tell, where they made it."""
        return self._chain.assigned.get(lot.uri, "") if lot.kind == "external" else own

    def _document(self, lot: LotRow, kind: str) -> tuple[str, str]:
        """Name the paper of an event: its own number, those it names, or the record that it or the lot itself is."""
        event = self._event
        if event.document:
            return {SHIPPING: "Consignment note", RECEIVING: "Consignment note"}.get(kind, "Document"), event.document
        if event.papers:
            kinds = "; ".join(_PAPERS.get(paper.kind, "Document") for paper in event.papers)
            return kinds, "; ".join(paper.number for paper in event.papers)
        return ("EPCIS event", event.id) if event.id in self._record.said else ("Lot record", lot.number)

    def _source(self, kind: str, lot: LotRow, from_note: str) -> str:
        if kind != RECEIVING:
            return ""
        given = "; ".join(part for part in (lot.supplier, lot.growing_area, lot.origin) if part)
        known = from_note or self._event.source or self._chain.place(lot.supplier_organisation)
        return known or (given if lot.kind == "raw" else "")

    def _recipient(self, kind: str, lot: LotRow, from_note: str, owner: str) -> str:
        if kind == SHIPPING:
            return from_note or self._event.recipient
        # What a household harvests goes to the organisation whose lot it became.
        own = owner if lot.kind == "raw" else ""
        return (self._event.recipient or own) if kind in (HARVESTING, COOLING) else ""


def _is_packed_fresh(lot: LotRow) -> bool:
    return lot.kind in ("finished", "external") and lot.group.startswith(_RAW_COMMODITIES)


def _beyond(packed: Packed, beside: dict[str, int | None]) -> NamedRow | None:
    """Give what is in a unit beyond what an event names beside it; what is named there is taken from ``beside``."""
    lot = packed.lot
    if lot.uri not in beside:
        return lot
    named = beside[lot.uri]
    if named is None or lot.quantity is None:
        return None
    beside[lot.uri] = max(named - lot.quantity, 0)
    return replace(lot, quantity=lot.quantity - named) if lot.quantity > named else None


def _carrier(uri: str) -> str:
    """Name a logistic unit."""
    if not is_logistic(uri):
        return uri
    return f"SSCC {short_name(uri)}" if uri.startswith("https://id.gs1.org/00/") else short_name(uri)


def _amount(named: NamedRow | None) -> tuple[int | float | None, str]:
    """Give how much in kilograms, litres or pieces."""
    if named is None or named.quantity is None:
        return None, ""
    if named.unit not in ("g", "ml"):
        return named.quantity, "pieces"
    whole, rest = divmod(named.quantity, 1_000)
    return named.quantity / 1_000 if rest else whole, {"g": "kg", "ml": "l"}[named.unit]


def harvest_event(event: dict[str, Any], *, document: str) -> dict[str, Any]:
    """Give a harvest as the FSMA profile of GS1 wants it: alone, with a document, and with a unit for pieces (H87).

    :param document: address of the paper behind it; without one the record of the lot is that paper
    """
    counted = [{"uom": "H87", **one} if "quantity" in one else one for one in event.get("quantityList", [])]
    plain = {name: value for name, value in event.items() if not name.startswith("ocop:")}
    papers = plain.get("bizTransactionList") or [{"type": "prodorder", "bizTransaction": document}]
    return {**plain, "@context": [STANDARD_CONTEXT], "quantityList": counted, "bizTransactionList": papers}


# --- Writing ----------------------------------------------------------------------------------------------


def as_csv(rows: Iterable[Row], *, is_cut: bool) -> bytes:
    """Write the rows as CSV: UTF-8 with its mark; days as YYYY-MM-DD, so that they sort; no cell is a formula.

    :param is_cut: the record of the rows leaves something out
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(TITLES.values())
    writer.writerows([_cell(getattr(row, field.name)) for field in fields(Row)] for row in rows)
    if is_cut:
        writer.writerow([CUT, *[""] * (len(TITLES) - 1)])
    return ("\ufeff" + text.getvalue()).encode()


def _cell(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str) and value.lstrip()[:1] in ("=", "+", "-", "@"):
        return "'" + value
    return "" if value is None else value


def as_xlsx(rows: Iterable[Row], *, asked: str, made_at: datetime, is_cut: bool) -> bytes:
    """Write the rows as a workbook: the sortable sheet, and one that says what it holds.

    :param is_cut: the record of the rows leaves something out
    """
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(file, options) as book:
        book.set_properties({"title": f"FSMA 204: {asked}", "created": made_at.replace(tzinfo=None)})
        head = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet = book.add_worksheet("Traceability records")
        sheet.write_row(0, 0, TITLES.values(), head)
        number = 0
        for number, row in enumerate(rows, 1):
            for column, field in enumerate(fields(Row)):
                value = getattr(row, field.name)
                if isinstance(value, date):
                    at = datetime(value.year, value.month, value.day)  # noqa: DTZ001 (a day)
                    sheet.write_datetime(number, column, at, day)
                elif isinstance(value, int | float):
                    sheet.write_number(number, column, value)
                elif value:
                    sheet.write_string(number, column, value)
        sheet.freeze_panes(1, 2)
        sheet.autofilter(0, 0, max(number, 1), len(TITLES) - 1)
        sheet.set_column(0, len(TITLES) - 1, 22)
        cut = (CUT,) if is_cut else ()
        for words in cut:  # below the table, with a row between: it is not sorted with it
            sheet.write_string(max(number, 1) + 2, 0, words, book.add_format({"bold": True}))
        notes = book.add_worksheet("About")
        notes.set_column(0, 0, 110)
        for line, words in enumerate((f"Records of: {asked}", f"Made at: {made_at.isoformat()}", *cut, *_ABOUT)):
            notes.write_string(line, 0, words)
    return file.getvalue()


_ABOUT = (
    "One row for each critical tracking event of a lot; a transformation has a row for each lot that was used.",
    "Events that were corrected later are left out; the corrected ones stand here.",
    "Traceability lot code: the GS1 Digital Link of GTIN and lot, or an address of this platform without a GTIN.",
    "What moved in logistic units has a row for each lot that lay in them then; their numbers are no lot codes.",
    "Who sent and received goods, and the papers, are told as the programs that recorded them name them.",
    "A lot that came to be from nothing on record was harvested only where its event says so, or is raw material.",
    "Harvesting and cooling come before a traceability lot code is assigned; the record identifier leads on.",
    "No event is a first land-based receiving: the platform records no catch of fishing vessels.",
    "The last column names what the rule asks for and nobody has recorded.",
)
