"""What a label has to say, by kind of goods: the fields a producer fills in once, and those of each batch (pure).

A field is data with its source, in ``catalog/data/label_kinds.json``: kinds whose list was not read in the decree
itself are marked there (``status``) and have to be confirmed before launch. The same fields are the listing's.

Source: NĐ 37/2026/NĐ-CP (23 January 2026), Điều 42 (always) and Phụ lục I (by kind).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data" / "label_kinds.json"


@dataclass(frozen=True, slots=True)
class LabelField:
    """One thing a label says."""

    key: str  #: "ingredients"; the key in ``ProductVersion.label``
    name_vi: str
    name_en: str
    required: bool
    per_batch: bool  #: it differs from batch to batch (days, lot number) and is entered there
    hint_vi: str
    hint_en: str
    max_length: int  #: characters, in each language
    source: str
    note: str  #: when it is compulsory after all, for those who check labels


@dataclass(frozen=True, slots=True)
class GivenElsewhere:
    """A compulsory thing that no one types twice: it stands with the product, its producer or the trade item."""

    key: str
    name_vi: str
    name_en: str
    given_by: str  #: "product", "organisation" or "trade_item"
    source: str


@dataclass(frozen=True, slots=True)
class LabelKind:
    """A kind of goods in the sense of the decree, or a service, with the fields it has to show."""

    key: str  #: "thuc_pham"
    name_vi: str
    name_en: str
    is_goods: bool
    is_verified: bool  #: its list was read in the decree
    source: str
    elsewhere: tuple[GivenElsewhere, ...]
    fields: tuple[LabelField, ...]

    @property
    def product_fields(self) -> tuple[LabelField, ...]:
        """Those a producer fills in once for the product."""
        return tuple(field for field in self.fields if not field.per_batch)

    @property
    def batch_fields(self) -> tuple[LabelField, ...]:
        """Those entered with each batch."""
        return tuple(field for field in self.fields if field.per_batch)


def kind(key: str) -> LabelKind:
    """Give a kind by its key.

    :raises KeyError: for a key that is none
    """
    return _read()[key]


def kinds() -> tuple[LabelKind, ...]:
    """Give all kinds in the order to offer them."""
    return tuple(_read().values())


def kind_of_criteria_set(number: int) -> str:
    """Give the key of the kind that goods of a sub-group are, by the number of its set of criteria (1 … 26).

    :raises KeyError: for a number that is none
    """
    key: str = _facts()["kind_of_criteria_set"][str(number)]
    return key


def fields_for(key: str) -> tuple[LabelField, ...]:
    """Give the fields that a producer fills in once for goods of this kind, in their order."""
    return kind(key).product_fields


def missing(key: str, values: Mapping[str, Any]) -> list[LabelField]:
    """List the compulsory fields that are not filled in Vietnamese, in the order of the form.

    values: {field key: {"vi": text, "en": text}}, as ``ProductVersion.label`` has them
    """
    return [field for field in fields_for(key) if field.required and not _vietnamese(values.get(field.key))]


def _vietnamese(value: Any) -> str:
    return str(value.get("vi") or "").strip() if isinstance(value, Mapping) else ""


@cache
def _facts() -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(DATA.read_text(encoding="utf-8"))
    return facts


@cache
def _read() -> dict[str, LabelKind]:
    facts = _facts()
    return {row["key"]: _kind(row, facts) for row in facts["kinds"]}


def _kind(row: Mapping[str, Any], facts: Mapping[str, Any]) -> LabelKind:
    return LabelKind(
        key=row["key"],
        name_vi=row["vi"],
        name_en=row["en"],
        is_goods=row["is_goods"],
        is_verified=row["status"] == "verified",
        source=row["source"],
        elsewhere=tuple(_elsewhere(key, facts["always"][key]) for key in row["elsewhere"]),
        fields=tuple(_field({**facts["fields"][own["key"]], **own}, row["source"]) for own in row["fields"]),
    )


def _elsewhere(key: str, row: Mapping[str, Any]) -> GivenElsewhere:
    return GivenElsewhere(key=key, name_vi=row["vi"], name_en=row["en"], given_by=row["from"], source=row["source"])


def _field(row: Mapping[str, Any], source: str) -> LabelField:
    return LabelField(
        key=row["key"],
        name_vi=row["vi"],
        name_en=row["en"],
        required=row["required"],
        per_batch=row["level"] == "batch",
        hint_vi=row["hint_vi"],
        hint_en=row["hint_en"],
        max_length=row["max_length"],
        source=row.get("source", source),
        note=row.get("note", ""),
    )
