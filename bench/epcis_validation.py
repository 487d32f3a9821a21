"""How many events a second the pure half of capture holds against the standard: ``python -m bench.epcis_validation``.

One process, one core. Beside it the limit: reading the same events from JSON, which nobody who captures can avoid.
Each event names other goods, as they do in life, so that no cache answers for more than places and parties.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from kernel.canonical import canonical
from traceability.epcis.event_hash import event_hash
from traceability.epcis.validation import Profile, check_event, normalise

CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"ocop": "https://id.example.vn/ns/"}]
NOW = datetime(2026, 11, 23, tzinfo=UTC)
EVENTS = 3000
ROUNDS = 5


def measure() -> dict[str, float]:
    """Measure each step alternately; give the medians, in events a second of CPU time."""
    texts = [json.dumps(event_number(number)) for number in range(EVENTS)]
    steps: dict[str, Callable[[dict[str, Any]], object]] = {
        "validate": lambda event: check_event(event, profile=Profile.STRICT, now=NOW, context=CONTEXT),
        "normalise": normalise,
        "hash": lambda event: event_hash(event, CONTEXT),
        "canonical": canonical,
    }
    found: dict[str, list[float]] = {name: [] for name in ("read", *steps, "all")}
    for turn in range(ROUNDS):
        own = [text.replace("LOT-", f"L{turn}-") for text in texts]
        began = time.process_time()
        events = [json.loads(text) for text in own]
        found["read"].append(EVENTS / (time.process_time() - began))
        whole = 0.0
        for name, step in steps.items():
            began = time.process_time()
            for event in events:
                step(event)
            spent = time.process_time() - began
            whole += spent
            found[name].append(EVENTS / spent)
        found["all"].append(EVENTS / whole)
    return {f"epcis_{name}_per_second": round(median(rates)) for name, rates in found.items()}


def event_number(number: int) -> dict[str, Any]:
    """Give an event that names other goods than all others."""
    at = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(seconds=number)
    return {
        "type": "ObjectEvent",
        "eventID": f"urn:uuid:00000000-0000-4000-8000-{number:012}",
        "eventTime": at.isoformat().replace("+00:00", "Z"),
        "eventTimeZoneOffset": "+07:00",
        "action": "OBSERVE",
        "bizStep": "shipping",
        "disposition": "in_transit",
        "epcList": [f"urn:epc:id:sscc:9520123.{number:010}"],
        "quantityList": [
            {"epcClass": f"https://id.example.vn/01/09520123456788/10/LOT-{number}", "quantity": 12.5, "uom": "KGM"}
        ],
        "readPoint": {"id": "https://id.example.vn/414/9520123000011"},
        "bizTransactionList": [{"type": "desadv", "bizTransaction": f"https://id.example.vn/doc/{number}"}],
        "sourceList": [{"type": "possessing_party", "source": "https://id.example.vn/417/9520123000011"}],
        "destinationList": [{"type": "possessing_party", "destination": "https://id.example.vn/party/shop"}],
        "ocop:note": "xe lạnh",
    }


if __name__ == "__main__":
    for name, rate in measure().items():
        print(f"{name:<32}{rate:>12,.0f}")
