"""The sortable spreadsheet of FSMA 204: critical tracking events with their key data elements. Pure.

Source: 21 CFR 1.1325 to 1.1350 (the events and their data), 1.1455(c)(3)(ii) (sortable, within 24 hours).
A new traceability lot code is only told where one may be assigned: initial packing, the first land-based receiver,
transformation. What a row should hold and does not is named in its last column: nothing is made up.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

import xlsxwriter

from kernel.clock import business_date
from traceability import steps
from traceability.epcis.document import STANDARD_CONTEXT
from traceability.exports.record import CUT, EventRow, LotRow, NamedRow, OrganisationRow, Record

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
    TRANSFORMATION: (*_ALL, "lot_code", "code_source"),
}


def rows_of(record: Record, *, first: date | None = None, last: date | None = None) -> list[Row]:
    """Give the rows of a record, by day; of events that were put right only the newer one counts.

    :param first: with ``last``, the days asked for, both included
    """
    lots = {lot.uri: lot for lot in record.lots}
    places = {one.code: one for one in record.organisations}
    found: list[Row] = []
    for event in record.events:
        day = business_date(event.at)
        if event.corrected_by or (first and day < first) or (last and day > last):
            continue
        found += _Teller(record, lots, places, event, day).rows()
    return sorted(found, key=lambda row: (row.on, row.event, row.lot_code, row.used_lot_code))


class _Teller:
    """Tells one event."""

    def __init__(
        self, record: Record, lots: dict[str, LotRow], places: dict[str, OrganisationRow], event: EventRow, day: date
    ) -> None:
        self._record, self._lots, self._places, self._event, self._day = record, lots, places, event, day

    def rows(self) -> Iterator[Row]:
        event = self._event
        if event.kind == "TransformationEvent":
            yield from self._made()
            return
        for named in event.lots:
            kind = self._kind(self._lots[named.uri])
            if kind is not None:
                yield self._row(kind, named, self._lots[named.uri])

    def _kind(self, lot: LotRow) -> str | None:
        event = self._event
        made = event.kind == "ObjectEvent" and event.action == "ADD" and event.biz_step == "commissioning"
        if made or (event.biz_step == "collecting" and lot.kind == "raw"):
            return HARVESTING
        if event.biz_step == "storing" and event.title_vi == steps.all_steps()["chill"].name_vi:
            return COOLING
        if event.biz_step in ("consigning", "shipping", "departing"):
            return SHIPPING
        if event.biz_step in ("receiving", "arriving"):
            return RECEIVING
        return None

    def _made(self) -> Iterator[Row]:
        event = self._event
        inputs: list[NamedRow | None] = [named for named in event.lots if named.role == "input"]
        for output in (named for named in event.lots if named.role != "input"):
            lot = self._lots[output.uri]
            raw = all(self._lots[one.uri].kind == "raw" for one in inputs if one is not None)
            is_packing = raw and lot.kind == "finished" and lot.group.startswith(_RAW_COMMODITIES)
            for used in inputs or [None]:
                yield self._row(INITIAL_PACKING if is_packing else TRANSFORMATION, output, lot, used)

    def _row(self, kind: str, named: NamedRow, lot: LotRow, used: NamedRow | None = None) -> Row:
        event = self._event
        amount, unit = _amount(named)
        given, given_unit = _amount(used) if used is not None else (None, "")
        grown = self._lots[used.uri] if used is not None else lot
        delivery = self._record.deliveries.get(event.document)
        here = self._where()
        own = self._place(lot.owner)
        document_type, document = self._document(lot, kind)
        told: dict[str, Any] = {
            "event": kind,
            "lot_code": "" if kind in (HARVESTING, COOLING) else lot.uri,
            "product": lot.name_en or lot.name_vi,
            "quantity": amount,
            "unit": unit,
            "on": self._day,
            "location": here,
            "source": _source(kind, lot, delivery.source if delivery else "", self._place(lot.supplier_organisation)),
            "recipient": _recipient(kind, lot, delivery.to if delivery else "", own),
            "code_source": own if kind not in (HARVESTING, COOLING) else "",
            "document_type": document_type,
            "document": document,
            "event_id": event.id,
        }
        if kind in (HARVESTING, COOLING, INITIAL_PACKING):
            told |= {
                "farm": grown.origin,
                "area": grown.growing_area,
                "harvester": grown.supplier or self._name(grown.owner),
                "harvested_on": grown.harvested_on or (self._day if kind == HARVESTING else None),
            }
        if used is not None:
            told |= {
                "used_lot_code": grown.uri,
                "used_product": grown.name_en or grown.name_vi,
                "used_quantity": given,
                "used_unit": given_unit,
            }
        missing = [TITLES[name] for name in _NEEDED[kind] if told.get(name) in (None, "")]
        return Row(**told, missing="; ".join(missing))

    def _where(self) -> str:
        event = self._event
        gln = f"GLN {event.place_gln}" if event.place_gln else ""
        own = self._place(event.organisation)
        return "; ".join(part for part in (event.place, event.place_address, gln, own) if part)

    def _name(self, code: str) -> str:
        one = self._places.get(code)
        return (one.name_en or one.name_vi) if one is not None else ""

    def _place(self, code: str) -> str:
        one = self._places.get(code)
        if one is None:
            return ""
        return "; ".join(part for part in (one.name_en or one.name_vi, one.phone, one.address, _KINGDOM) if part)

    def _document(self, lot: LotRow, kind: str) -> tuple[str, str]:
        """Name the paper of an event: its own number, or the record that the lot itself is."""
        if self._event.document:
            return {SHIPPING: "Consignment note", RECEIVING: "Consignment note"}.get(kind, "Document"), (
                self._event.document
            )
        return "Lot record", lot.number


def _amount(named: NamedRow | None) -> tuple[int | float | None, str]:
    """Give how much in kilograms, litres or pieces."""
    if named is None or named.quantity is None:
        return None, ""
    if named.unit not in ("g", "ml"):
        return named.quantity, "pieces"
    whole, rest = divmod(named.quantity, 1_000)
    return named.quantity / 1_000 if rest else whole, {"g": "kg", "ml": "l"}[named.unit]


def _source(kind: str, lot: LotRow, from_note: str, from_organisation: str) -> str:
    if kind != RECEIVING:
        return ""
    given = "; ".join(part for part in (lot.supplier, lot.growing_area, lot.origin) if part)
    return from_note or from_organisation or (given if lot.kind == "raw" else "")


def _recipient(kind: str, lot: LotRow, from_note: str, owner: str) -> str:
    if kind == SHIPPING:
        return from_note
    # What a household harvests goes to the organisation whose lot it became.
    return owner if kind in (HARVESTING, COOLING) and lot.kind == "raw" else ""


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
    "Harvesting and cooling come before a traceability lot code is assigned; the record identifier leads on.",
    "No event is a first land-based receiving: the platform records no catch of fishing vessels.",
    "The last column names what the rule asks for and nobody has recorded.",
)
