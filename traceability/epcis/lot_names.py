"""How lots are called that captured events alone tell of: as the goods of their GTIN, or as their maker describes them.

The name stands with the lot, in both languages, so that lists are searched and sorted by it; it follows the catalogue.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, func, or_, select, update

from catalog.models import Product, ProductVersion, TradeItem
from kernel.db import db, listed
from kernel.text import one_line
from traceability import makings
from traceability.epcis import epc_uris
from traceability.epcis.naming import gtin_of, short_name
from traceability.models import EpcisEvent, EpcisField, Lot, LotIdentifier, LotKind

#: The job that does :func:`name_anew` (``app.event_jobs``), and how many lots it looks at by one transaction.
JOB, AT_ONCE = "traceability.name_lots", 1_000
LONGEST_NAME = 160
#: Words of ilmd that describe goods, by the ends of their names: the first that is there counts.
_DESCRIPTIONS = (
    "regulatedProductName", "productName", "tradeItemDescription", "descriptionShort", "functionalName",
    "productDescription", "description",
)  # fmt: skip


@dataclass(frozen=True)
class Name:
    """A name in both languages; English is empty where there is none."""

    vi: str
    en: str = ""


def described(ilmd: Any) -> Name | None:
    """Read how an event describes the goods it makes."""
    told = {name.rpartition(":")[2]: value for name, value in ilmd.items()} if isinstance(ilmd, dict) else {}
    for word in _DESCRIPTIONS:
        found = _in_languages(told.get(word))
        if found is not None:
            return found
    return None


def _in_languages(value: Any) -> Name | None:
    """Read a text, or texts with their languages (JSON-LD)."""
    texts: dict[str, str] = {}
    for one in value if isinstance(value, list) else [value]:
        text, language = (one.get("@value"), one.get("@language")) if isinstance(one, dict) else (one, None)
        if isinstance(text, str) and (line := one_line(text.replace("\0", ""))):
            texts.setdefault(language[:2].lower() if isinstance(language, str) else "", line)
    if not texts:
        return None
    vi = texts.get("vi") or texts.get("") or next(iter(texts.values()))
    return _kept(vi, texts.get("en", ""))


def _kept(vi: str, en: str = "") -> Name:
    return Name(vi[:LONGEST_NAME], en[:LONGEST_NAME])


def names_of(uris: Collection[str], descriptions: Mapping[str, Name]) -> dict[str, Name]:
    """Say how lots are called, by their names in events (one statement).

    :param descriptions: of those of which an event tells what they are
    """
    gtins = {uri: gtin for uri in uris if (gtin := gtin_of(uri)) is not None}
    goods = _goods(set(gtins.values()))
    return {uri: goods.get(gtins.get(uri, "")) or _called(uri, gtins.get(uri), descriptions.get(uri)) for uri in uris}


def as_shown(lots: Mapping[str, Lot]) -> dict[str, Name]:
    """Say how captured lots are called at this moment, by their names in events (one statement)."""
    gtins = {uri: gtin_of(uri) or "" for uri in lots}
    goods = _goods(set(gtins.values()) - {""})
    return {uri: goods.get(gtins[uri]) or Name(lot.name_vi, lot.name_en) for uri, lot in lots.items()}


def is_described(uri: str, lot: Lot) -> bool:
    """Tell whether the name of a captured lot says what it is, and not its numbers alone."""
    return Name(lot.name_vi, lot.name_en) != _called(uri, gtin_of(uri), None)


def _called(uri: str, gtin: str | None, description: Name | None) -> Name:
    """Name what no catalogue has."""
    if gtin is not None:
        number = f"GTIN {gtin}"
        if description is None:
            return Name(number)
        return _kept(*(f"{text[: LONGEST_NAME - len(number) - 3]} ({number})" if text else "" for text in
                       (description.vi, description.en)))  # fmt: skip
    if description is not None:
        return description
    thing = epc_uris.identify(uri)
    return _kept(f"SSCC {short_name(uri)}" if thing is not None and thing.key == "00" else short_name(uri))


def _goods(gtins: Collection[str]) -> dict[str, Name]:
    """Give the names of goods on show, as their product is called today; a draft is nobody else's matter."""
    if not gtins:
        return {}
    rows = db.session.execute(
        select(TradeItem.gtin, ProductVersion.name_vi, TradeItem.name_vi, ProductVersion.name_en, TradeItem.name_en)
        .join(Product, Product.id == TradeItem.product_id)
        .join(ProductVersion, ProductVersion.id == Product.published_version_id)
        .where(TradeItem.gtin.in_(listed(sorted(gtins))))
    )
    return {
        gtin: _kept(f"{name_vi}, {item_vi}", f"{name_en}, {item_en or item_vi}" if name_en else "")
        for gtin, name_vi, item_vi, name_en, item_en in rows
        if gtin is not None
    }


def name_anew(after: int) -> int | None:
    """Call some lots as the catalogue and their events say now.

    :param after: id of the last lot that was looked at
    :return: the id of the last one now, None when there were no more
    """
    rows = db.session.execute(
        select(Lot.id, Lot.name_vi, Lot.name_en, func.min(LotIdentifier.uri))
        .join(LotIdentifier, LotIdentifier.lot_id == Lot.id)
        .where(Lot.kind == LotKind.EXTERNAL, Lot.id > after)
        .group_by(Lot.id)
        .order_by(Lot.id)
        .limit(AT_ONCE)
    ).all()
    if not rows:
        return None
    uris = {id: uri for id, _, _, uri in rows}
    told = {uris[id]: words for id, words in _descriptions_of(uris).items()}
    names = names_of(uris.values(), told)
    call({id: names[uri] for id, vi, en, uri in rows if names[uri] != Name(vi, en)})
    return int(rows[-1].id)


def call(names: Mapping[int, Name]) -> None:
    """Write down how captured lots are called."""
    for id, name in sorted(names.items()):
        db.session.execute(
            update(Lot)
            .where(Lot.id == id, Lot.kind == LotKind.EXTERNAL)
            .values(name_vi=name.vi, name_en=name.en)
            .execution_options(synchronize_session=False)
        )


def _descriptions_of(lot_ids: Collection[int]) -> dict[int, Name]:
    """Read how the events that make lots describe them; the latest counts."""
    describes = exists().where(
        EpcisField.epcis_event_id == EpcisEvent.id,
        or_(*(EpcisField.name.like(f"ILMD\\_%{word}", escape="\\") for word in _DESCRIPTIONS)),
    )
    found = {id: described(told[-1].get("ilmd")) for id, told in makings.bodies_of(lot_ids, describes).items()}
    return {id: words for id, words in found.items() if words is not None}
