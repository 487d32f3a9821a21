"""A record of lots as files, and all of them in one ZIP. Pure; the same record gives the same bytes.

docs/exports.md explains each field.
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import jinja2

from kernel.clock import VIETNAM
from traceability import addresses
from traceability.epcis.document import STANDARD_CONTEXT
from traceability.exports import epcis_events, fsma
from traceability.exports import record as record_rows
from traceability.exports.record import CUT, DocumentRow, Record

FORMAT = "ocop-bato-export/1"
_TEMPLATES = Path(__file__).with_name("templates")
#: Tables of a record → file names.
TABLES = {
    "organisations": "to-chuc",
    "products": "san-pham",
    "lots": "lo",
    "edges": "nguon-goc",
    "events": "su-kien",
    "certificates": "giay-chung-nhan",
    "documents": "giay-to",
    "holders": "dang-giu",
}
#: What the rows of each are: a table without rows has its header line all the same.
ROWS: dict[str, type[Any]] = {
    "organisations": record_rows.OrganisationRow,
    "products": record_rows.ProductRow,
    "lots": record_rows.LotRow,
    "edges": record_rows.EdgeRow,
    "events": record_rows.EventRow,
    "certificates": record_rows.CertificateRow,
    "documents": record_rows.DocumentRow,
    "holders": record_rows.HolderRow,
}


def as_json(record: Record) -> bytes:
    """Write a record as one JSON document."""
    told: dict[str, Any] = {
        "format": FORMAT,
        "asked": record.asked,
        "made_at": _plain(record.made_at),
        "is_cut": record.is_cut,
        **{name: [_plain(row) for row in getattr(record, name)] for name in TABLES},
    }
    return json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True).encode()


def as_epcis(record: Record) -> bytes:
    """Write the events of a record as an EPCIS 2.0 document."""
    document = epcis_events.document(record.epcis, made_at=record.made_at)
    if record.is_cut:
        document["@context"] = [STANDARD_CONTEXT, {"ocop": addresses.namespace()}]
        document["ocop:isCut"] = True
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def as_csv(rows: Iterable[Any], columns: Iterable[str], *, is_cut: bool) -> bytes:
    """Write rows as CSV: UTF-8 with its mark; no cell is a formula; what is a list is JSON in its cell.

    :param is_cut: something was left out, of this table or of another of the record
    """
    columns = list(columns)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        plain = _plain(row)
        writer.writerow([_cell(plain[name]) for name in columns])
    if is_cut:
        writer.writerow([CUT, *[""] * (len(columns) - 1)])
    return ("\ufeff" + text.getvalue()).encode()


def tables_of(record: Record) -> dict[str, bytes]:
    """Write each table of a record as CSV: {file name: content}."""
    return {
        f"{file}.csv": as_csv(
            getattr(record, name), (field.name for field in dataclasses.fields(ROWS[name])), is_cut=record.is_cut
        )
        for name, file in TABLES.items()
    }


def bundle(record: Record) -> bytes:
    """Put a record into a ZIP for a system of others: JSON, EPCIS, CSV; papers by their digests only."""
    return _zip(
        {
            "du-lieu.json": as_json(record),
            "epcis.jsonld": as_epcis(record),
            **{f"bang/{name}": data for name, data in tables_of(record).items()},
        },
        record.made_at,
    )


def lot_file(record: Record, read: Callable[[DocumentRow], bytes | None]) -> bytes:
    """Put everything about a lot into a ZIP: what :func:`bundle` has, the papers, FSMA 204, and a page to begin at.

    :param read: gives the content of a paper, or None where it is not there
    """
    rows = fsma.rows_of(record)
    files = {
        "du-lieu.json": as_json(record),
        "epcis.jsonld": as_epcis(record),
        "fsma-204.xlsx": fsma.as_xlsx(rows, asked=record.asked, made_at=record.made_at, is_cut=record.is_cut),
        "fsma-204.csv": fsma.as_csv(rows, is_cut=record.is_cut),
        **{f"bang/{name}": data for name, data in tables_of(record).items()},
    }
    papers: dict[str, str] = {}
    for paper in record.documents:
        name = f"giay-to/{paper.digest[:16]}.{paper.suffix}"
        if name not in files:
            data = read(paper)
            if data is None:
                continue
            files[name] = data
        papers[paper.digest] = name
    files["index.html"] = _index(record, papers)
    files["SHA256SUMS"] = "".join(
        f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items())
    ).encode()
    return _zip(files, record.made_at)


def _index(record: Record, papers: Mapping[str, str]) -> bytes:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["day"] = _day
    page = environment.get_template("lot_file.html").render(
        record=record, papers=papers, names={one.code: one.name_vi for one in record.organisations}
    )
    return page.encode()


def _day(at: date | datetime | None) -> str:
    if at is None:
        return ""
    if isinstance(at, datetime):
        return f"{at.astimezone(VIETNAM):%d/%m/%Y %H:%M}"
    return f"{at:%d/%m/%Y}"


def _zip(files: Mapping[str, bytes], made_at: datetime) -> bytes:
    local = made_at.astimezone(VIETNAM)
    stamp = (local.year, local.month, local.day, local.hour, local.minute, local.second)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name, stamp)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    return out.getvalue()


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return value.astimezone(VIETNAM).isoformat(timespec="milliseconds")
    if isinstance(value, date):
        return value.isoformat()
    return [_plain(one) for one in value] if isinstance(value, tuple | list) else value


def _cell(value: Any) -> Any:
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, str) and value.lstrip()[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return "" if value is None else value
