"""What a captured event names, and what it is called in the story. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from catalog.models import Unit
from traceability.epcis import epc_uris

#: Code of UN/ECE Rec 20 → (base unit, how many base units it is).
_UNITS = {
    "MGM": (Unit.GRAM, Decimal("0.001")),
    "GRM": (Unit.GRAM, Decimal(1)),
    "KGM": (Unit.GRAM, Decimal(1000)),
    "DTN": (Unit.GRAM, Decimal(100_000)),
    "TNE": (Unit.GRAM, Decimal(1_000_000)),
    "LBR": (Unit.GRAM, Decimal("453.59237")),
    "ONZ": (Unit.GRAM, Decimal("28.349523125")),
    "MLT": (Unit.MILLILITRE, Decimal(1)),
    "CMQ": (Unit.MILLILITRE, Decimal(1)),
    "CLT": (Unit.MILLILITRE, Decimal(10)),
    "DLT": (Unit.MILLILITRE, Decimal(100)),
    "LTR": (Unit.MILLILITRE, Decimal(1000)),
    "DMQ": (Unit.MILLILITRE, Decimal(1000)),
    "HLT": (Unit.MILLILITRE, Decimal(100_000)),
    "MTQ": (Unit.MILLILITRE, Decimal(1_000_000)),
    "H87": (Unit.PIECE, Decimal(1)),
    "EA": (Unit.PIECE, Decimal(1)),
    "C62": (Unit.PIECE, Decimal(1)),
}
#: More base units than a lot can hold.
_MOST = 2_000_000_000

_LISTS = (
    ("epcList", "quantityList", "object"),
    ("inputEPCList", "inputQuantityList", "input"),
    ("outputEPCList", "outputQuantityList", "output"),
    ("childEPCs", "childQuantityList", "child"),
)


@dataclass(frozen=True)
class Named:
    """A thing that an event names: by its kept name, in a role, and how much of it."""

    uri: str
    role: str
    quantity: Decimal | None = None  #: in ``unit``
    unit: Unit | None = None  #: None for units that are no weight, volume or count

    @property
    def whole(self) -> int | None:
        """How many base units, where that is a whole number that a lot can hold."""
        if self.quantity is None or self.unit is None or not 0 < self.quantity <= _MOST:
            return None
        return int(self.quantity) if self.quantity == int(self.quantity) else None


def named_in(event: dict[str, Any]) -> list[Named]:
    """List what an event names that a story can be told of: lots, single things, cartons.

    A kind of goods (a GTIN alone) is no lot: all there is of it has no one history.
    """
    found: dict[tuple[str, str], Named] = {}
    for one in _all(event):
        if not _is_kind(one.uri):
            found.setdefault((one.uri, one.role), one)
    return list(found.values())


def _all(event: dict[str, Any]) -> Iterator[Named]:
    parent = event.get("parentID")
    if isinstance(parent, str):
        yield Named(_kept(parent), "parent")
    for epcs, quantities, role in _LISTS:
        for epc in event.get(epcs, ()):
            yield Named(_kept(epc), role, Decimal(1), Unit.PIECE)
        for element in event.get(quantities, ()):
            quantity, unit = amount(element)
            yield Named(_kept(element["epcClass"]), role, quantity, unit)


def amount(element: dict[str, Any]) -> tuple[Decimal | None, Unit | None]:
    """Read how much a quantity element says, in base units; (None, None) where it does not say, or in another unit."""
    stated = element.get("quantity")
    if not isinstance(stated, int | float) or isinstance(stated, bool):
        return None, None
    unit, factor = _UNITS.get(element.get("uom", "H87"), (None, Decimal(1)))
    return (Decimal(str(stated)) * factor, unit) if unit else (None, None)


def _kept(uri: str) -> str:
    return epc_uris.canonical(uri) or uri


def _is_kind(uri: str) -> bool:
    thing = epc_uris.identify(uri)
    if thing is not None:
        return thing.is_class and thing.lot is None
    return uri.startswith("urn:epc:idpat:")


def short_name(uri: str) -> str:
    """Give the part of a name by which people know the thing: its lot or serial number, the end of an address."""
    thing = epc_uris.identify(uri)
    if thing is not None:
        return thing.path[-1][1]
    return unquote(re.split(r"[/:#?=]", uri.rstrip("/"))[-1], errors="ignore").replace("\0", "") or uri


@cache
def _words() -> dict[str, Any]:
    path = Path(__file__).parents[1] / "data" / "cbv_steps.json"
    words: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return words


def titles(event: dict[str, Any]) -> tuple[str, str]:
    """Say in Vietnamese and English what was done: by its disposition where that says more, its step, its type."""
    words = _words()
    found = (
        words["dispositions"].get(event.get("disposition"))
        or words["steps"].get(event.get("bizStep"))
        or words["types"][event["type"]]
    )
    return found["vi"], found["en"]
