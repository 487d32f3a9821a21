"""What a captured event names, and what it is called in the story. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from catalog.models import Unit
from traceability.epcis import epc_uris
from traceability.epcis.names import kept

#: How many base units the units of UN/ECE Rec 20 are, by their codes: exact, as they are defined.
_FACTORS = {
    Unit.GRAM: {
        "MC": "0.000001", "MGM": "0.001", "CGM": "0.01", "DG": "0.1", "GRM": "1", "DJ": "10", "HGM": "100",
        "KGM": "1000", "DTN": "100000", "TNE": "1000000", "2U": "1000000", "KTN": "1000000000",
        "GRN": "0.06479891", "CTM": "0.2", "APZ": "31.1034768", "ONZ": "28.349523125", "LBR": "453.59237",
        "STI": "6350.29318", "CWA": "45359.237", "CWI": "50802.34544", "STN": "907184.74",
        "LTN": "1016046.9088",
    },
    Unit.MILLILITRE: {
        "4G": "0.001", "MMQ": "0.001", "MLT": "1", "CMQ": "1", "CLT": "10", "DLT": "100", "LTR": "1000",
        "DMQ": "1000", "A44": "10000", "HLT": "100000", "MTQ": "1000000", "MAL": "1000000000",
        "INQ": "16.387064", "FTQ": "28316.846592", "YDQ": "764554.857984", "OZI": "28.4130625",
        "PTI": "568.26125", "QTI": "1136.5225", "GLI": "4546.09", "OZA": "29.5735295625", "PTL": "473.176473",
        "QTL": "946.352946", "GLL": "3785.411784", "BLL": "158987.294928",
    },
    Unit.PIECE: {
        "H87": "1", "EA": "1", "C62": "1", "NAR": "1", "PR": "2", "NPR": "2", "HD": "6", "DZN": "12",
        "DPC": "12", "SCO": "20", "DPR": "24", "CEN": "100", "GRO": "144", "MIL": "1000", "T3": "1000",
        "GGR": "1728", "MIO": "1000000",
    },
}  # fmt: skip
_UNITS = {code: (unit, Decimal(factor)) for unit, factors in _FACTORS.items() for code, factor in factors.items()}

_LISTS = (
    ("epcList", "quantityList", "object"),
    ("inputEPCList", "inputQuantityList", "input"),
    ("outputEPCList", "outputQuantityList", "output"),
    ("childEPCs", "childQuantityList", "child"),
)
#: The fields that hold amounts.
QUANTITIES = tuple(quantities for _, quantities, _ in _LISTS)


@dataclass(frozen=True)
class Named:
    """A thing that an event names: by its kept name, in a role, and how much of it."""

    uri: str
    role: str
    quantity: Decimal | None = None  #: in ``unit``
    unit: Unit | None = None  #: None for units that are no weight, volume or count
    lot: str | None = None  #: of a single unit: the name of its lot, where the event gives it


def named_in(event: dict[str, Any]) -> list[Named]:
    """List what an event names that a story can be told of: lots, single things, cartons.

    A kind of goods (a GTIN alone) is no lot: all there is of it has no one history. A single thing is there once,
    however often it is listed; amounts of one lot in one list add up.
    """
    single: dict[tuple[str, str], Named] = {}
    found = []
    for one in _all(event):
        if _is_kind(one.uri):
            continue
        if one.role == "parent" or is_single(one.uri):
            before = single.setdefault((one.uri, one.role), one)
            if before.lot is None and one.lot is not None:
                single[one.uri, one.role] = one
        else:
            found.append(one)
    return added_up([*single.values(), *found])


def added_up(named: Iterable[Named]) -> list[Named]:
    """Add up what is named several times in one role and in one kind of unit."""
    found: dict[tuple[str, str, Unit | None], Named] = {}
    for one in named:
        key = one.uri, one.role, one.unit
        before = found.get(key)
        if before is None or before.quantity is None or one.quantity is None:
            found.setdefault(key, one)
        else:
            found[key] = replace(before, quantity=before.quantity + one.quantity)
    return list(found.values())


def counted_in(named: Named, unit: Unit, content: tuple[int, Unit]) -> Named:
    """Say an amount in another unit, by what a piece holds; as it is where that does not help.

    A part of a piece is kept to the twelfth decimal, rounded down: three thirds are not more than one.

    :param content: how much of what unit a piece holds
    """
    holds, of = content
    if named.quantity is None or named.unit is unit:
        return named
    if unit is Unit.PIECE and named.unit is of:
        parts = max((named.quantity / holds).quantize(SMALLEST, ROUND_DOWN), SMALLEST)
        return replace(named, quantity=parts, unit=unit)
    if named.unit is Unit.PIECE and unit is of:
        return replace(named, quantity=named.quantity * holds, unit=unit)
    return named


#: The least that is kept of an amount, in base units.
SMALLEST = Decimal("1e-12")


def is_single(uri: str) -> bool:
    """Tell whether a name is that of one single thing by its key, not of an amount of something."""
    thing = epc_uris.identify(uri)
    return thing is not None and thing.is_instance


#: Keys of what goods are carried in: logistic units and their shipments, returnable and other assets.
_CARRIERS = ("00", "401", "402", "8003", "8004")


def is_logistic(uri: str) -> bool:
    """Tell whether a name is that of a carton, a pallet or an asset, and not of goods."""
    thing = epc_uris.identify(uri)
    return thing is not None and thing.key in _CARRIERS


def gtin_of(uri: str) -> str | None:
    """Give the GTIN of the goods that a name is of."""
    thing = epc_uris.identify(uri)
    return thing.path[0][1] if thing is not None and thing.key == "01" else None


def _all(event: dict[str, Any]) -> Iterator[Named]:
    parent = event.get("parentID")
    if isinstance(parent, str):
        yield Named(kept(parent), "parent")
    number = _lot_number(event)
    for epcs, quantities, role in _LISTS:
        for epc in event.get(epcs, ()):
            lot = epc_uris.lot_of_unit(epc)
            if lot is None and number is not None and role in ("object", "output"):
                lot = epc_uris.lot_of(epc, number)
            yield Named(kept(epc), role, Decimal(1), Unit.PIECE, lot)
        for element in event.get(quantities, ()):
            quantity, unit = amount(element)
            yield Named(kept(element["epcClass"]), role, quantity, unit)


def _lot_number(event: dict[str, Any]) -> str | None:
    """Read of which lot the things are that an event makes (ilmd of CBV: lotNumber)."""
    ilmd = event.get("ilmd")
    for name, value in ilmd.items() if isinstance(ilmd, dict) else ():
        if name.rpartition(":")[2] == "lotNumber" and isinstance(value, str):
            return value
    return None


def amount(element: dict[str, Any]) -> tuple[Decimal | None, Unit | None]:
    """Read how much a quantity element says, in base units; (None, None) where it does not say, or in another unit."""
    stated = element.get("quantity")
    if not isinstance(stated, int | float) or isinstance(stated, bool):
        return None, None
    unit, factor = _UNITS.get(element.get("uom", "H87"), (None, Decimal(1)))
    return (Decimal(str(stated)) * factor, unit) if unit else (None, None)


def kinds_in(event: dict[str, Any]) -> list[tuple[str, str]]:
    """List the kinds of goods that an event names without a lot: (name, role)."""
    return [(one.uri, one.role) for one in _all(event) if _is_kind(one.uri)]


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
