"""The hash that tells two sendings of one event: by the published vectors, and by what it must not depend on."""

from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import Any

import pytest

from tests.traceability.epcis.suites import EPCIS, events_of, needs_suites, read, say
from traceability.epcis.event_hash import before_hashing, event_hash

EVENT: dict[str, Any] = {
    "type": "ObjectEvent",
    "eventTime": "2026-03-02T08:00:00+07:00",
    "eventTimeZoneOffset": "+07:00",
    "action": "OBSERVE",
    "bizStep": "receiving",
    "epcList": ["urn:epc:id:sgtin:9520123.045678.1", "urn:epc:id:sgtin:9520123.045678.2"],
    "quantityList": [{"epcClass": "https://id.example.vn/01/09520123456788/10/L1", "quantity": 12.5, "uom": "KGM"}],
    "readPoint": {"id": "urn:epc:id:sgln:9520123.00001.0", "ex:bay": "3"},
    "bizTransactionList": [{"type": "po", "bizTransaction": "https://id.example.vn/po/1"}],
    "ex:note": {"ex:b": ["2", "1"], "ex:a": "x"},
}
CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"ex": "https://ns.example.vn/"}]


def varied(**fields: object) -> dict[str, Any]:
    return copy.deepcopy(EVENT) | fields


@needs_suites
def test_all_published_hashes_are_reproduced():
    files = [*sorted((EPCIS / "hash").glob("*.jsonld")), *(EPCIS / "ocop-example").glob("*.jsonld")]
    count = 0

    for file in files:
        document = read(file)
        expected = Path(file).with_suffix(".hashes").read_text().split()
        events = events_of(document)
        for number, (event, published) in enumerate(zip(events, expected, strict=True)):
            ours = event_hash(event, document["@context"])
            assert ours == published, f"{file.name}[{number}]: {before_hashing(event, document['@context'])}"
            count += 1

    say(f"{count} hashes of {len(files)} documents")
    assert (len(files), count) == (12, 41)


@pytest.mark.parametrize(
    "same",
    [
        {"eventTime": "2026-03-02T01:00:00Z"},
        {"eventTime": "2026-03-02T01:00:00.000400+00:00"},
        {"eventID": "urn:uuid:7f0a4e0e-6f0e-4d5e-9d69-0b2f7a6b8f11"},
        {"recordTime": "2026-03-02T02:00:00Z"},
        {"errorDeclaration": {"declarationTime": "2026-03-03T02:00:00Z", "reason": "did_not_occur"}},
        {"rdfs:comment": "seen", "comment": "seen"},
        {"bizStep": "urn:epcglobal:cbv:bizstep:receiving"},
        {"bizStep": "https://ref.gs1.org/cbv/BizStep-receiving"},
        {"bizStep": "cbv:BizStep-receiving"},
        {"epcList": ["https://ten-mien.vn/01/09520123456788/21/2?x=1", "urn:epc:id:sgtin:9520123.045678.1"]},
        {"quantityList": [{"uom": "KGM", "quantity": 12.50, "epcClass": "urn:epc:class:lgtin:9520123.045678.L1"}]},
        {"readPoint": {"ex:bay": "3.0", "id": "https://id.gs1.org/414/9520123000011"}},
        {"ex:note": {"ex:a": " x ", "ex:b": ["1", "2"]}},
        {"@context": {"other": "https://ns.example.vn/"}, "ex:note": {"other:a": "x", "ex:b": ["1", "2"]}},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_it_does_not_depend_on_spelling(same: dict[str, Any]):
    assert event_hash(varied(**same), CONTEXT) == event_hash(EVENT, CONTEXT)


@pytest.mark.parametrize(
    "other",
    [
        {"eventTime": "2026-03-02T08:00:00.001+07:00"},
        {"eventTimeZoneOffset": "+00:00"},
        {"action": "ADD"},
        {"bizStep": "storing"},
        {"epcList": ["urn:epc:id:sgtin:9520123.045678.1"]},
        {"quantityList": [{"epcClass": "urn:epc:class:lgtin:9520123.045678.L1", "quantity": 12.6, "uom": "KGM"}]},
        {"certificationInfo": "https://id.example.vn/cert/1"},
        {"ex:note": {"ex:a": "x", "ex:b": ["1", "3"]}},
        {"type": "TransactionEvent"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_it_depends_on_what_was_said(other: dict[str, Any]):
    assert event_hash(varied(**other), CONTEXT) != event_hash(EVENT, CONTEXT)


def test_the_order_of_fields_does_not_matter():
    shuffled = list(EVENT.items())
    random.Random(3).shuffle(shuffled)

    assert event_hash(dict(shuffled), CONTEXT) == event_hash(EVENT, CONTEXT)


def test_long_numbers_of_things_are_not_rounded():
    """Two serial numbers that differ beyond the precision of a float are two."""
    first, second = varied(**{"ex:serial": "340123453111111115"}), varied(**{"ex:serial": "340123453111111116"})

    assert event_hash(first, CONTEXT) != event_hash(second, CONTEXT)
