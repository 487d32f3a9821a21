"""What is handed over of lots, as plain rows: the writers ask nothing more, and docs/exports.md explains each field.

A lot is told in full where who asks may see it in the back office; of another's lot only what its maker shows to
everybody: its number, its name, whose it is, and the public events.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True)
class OrganisationRow:
    """Who makes, holds or records."""

    code: str
    name_vi: str
    name_en: str
    address: str  #: with commune and province
    tax_code: str
    phone: str
    gs1_prefix: str
    is_sample: bool


@dataclass(frozen=True)
class ProductRow:
    """A trade item of a product that is in the record."""

    slug: str
    name_vi: str
    name_en: str
    item_vi: str
    gtin: str
    net_content: int
    unit: str
    group: str  #: code of the programme's group, "I.1"
    producer: str  #: code of the organisation
    commune_code: str
    standards: str


@dataclass(frozen=True)
class LotRow:
    """A lot. ``uri`` names it in all parts of the record."""

    uri: str
    number: str
    kind: str
    relation: str  #: "asked" for, "before" it, "after" it
    name_vi: str
    name_en: str
    owner: str  #: code of the organisation
    in_full: bool
    gtin: str = ""
    product: str = ""  #: slug
    group: str = ""
    quantity: int | None = None
    used: int | None = None
    unit: str = ""
    state: str = ""
    state_reason: str = ""
    made_on: date | None = None
    expires_on: date | None = None
    harvested_on: date | None = None
    received_on: date | None = None
    supplier: str = ""
    supplier_organisation: str = ""
    growing_area: str = ""
    origin_code: str = ""
    origin: str = ""
    place: str = ""
    is_sample: bool = False


@dataclass(frozen=True)
class EdgeRow:
    """So much of one lot went into another, in the unit of the first."""

    input: str
    output: str
    quantity: int
    unit: str


@dataclass(frozen=True)
class NamedRow:
    """A lot that an event names."""

    uri: str
    role: str
    quantity: int | None
    unit: str


@dataclass(frozen=True)
class PaperRow:
    """A paper that a captured event names."""

    kind: str  #: as the CBV calls it, "desadv"; empty where the event does not say
    number: str


@dataclass(frozen=True)
class EventRow:
    """Something that happened to lots."""

    id: str
    kind: str
    action: str
    biz_step: str
    disposition: str
    at: datetime
    recorded_at: datetime
    organisation: str
    title_vi: str
    title_en: str
    note_vi: str
    place: str
    place_gln: str
    place_address: str
    document: str
    corrects: str  #: id of the event it puts right
    corrected_by: str  #: id of the event that put it right
    lots: tuple[NamedRow, ...]
    source: str = ""  #: from whom or where the goods came, as a captured event says
    recipient: str = ""  #: to whom or where they went
    papers: tuple[PaperRow, ...] = ()  #: those that a captured event names


@dataclass(frozen=True)
class CertificateRow:
    """A certificate of a product of the record."""

    number: str
    product: str
    stars: int
    decision: str
    issuer: str
    issued_on: date
    valid_until: date  #: the last day
    revoked_on: date | None
    document: str  #: digest
    is_sample: bool


@dataclass(frozen=True)
class DocumentRow:
    """A paper or picture, by its SHA-256."""

    digest: str
    title: str
    of: str  #: uri of the lot, id of the event, or number of the certificate
    media_type: str
    suffix: str
    size: int
    is_public: bool


@dataclass(frozen=True)
class HolderRow:
    """Where packs of a lot are on record now."""

    lot: str
    place: str
    kind: str
    holder: str
    owner: str
    quantity: int | None  #: None where nobody stated it
    unit: str
    is_stopped: bool  #: held or recalled


@dataclass(frozen=True)
class Delivery:
    """From whom to whom goods of a document went."""

    source: str  #: name and address
    to: str


@dataclass(frozen=True)
class Said:
    """What a captured event says beside its row."""

    where: str  #: name and address of the place where it happened, or its name as given
    is_harvest: bool  #: it calls itself a harvest, or tells when or on which farm the goods were harvested
    is_catch: bool  #: the goods come from a fishing vessel
    harvested_on: date | None
    is_public: bool  #: it speaks for all lots that it names; otherwise for those of its organisation


@dataclass(frozen=True)
class Packed:
    """So much of a lot lay in a logistic unit when something happened to the unit."""

    case: str
    lot: NamedRow


#: The last line of each table of a record that leaves something out.
CUT = (
    "DANH SÁCH BỊ CẮT: có nhiều hơn những gì một tệp chứa được. THE LIST WAS CUT: there is more than one file can hold."
)


@dataclass
class Record:
    """All that is handed over."""

    asked: str  #: what it is about, in words: "Lô L261022-01"
    made_at: datetime
    organisations: list[OrganisationRow] = field(default_factory=list)
    products: list[ProductRow] = field(default_factory=list)
    lots: list[LotRow] = field(default_factory=list)
    edges: list[EdgeRow] = field(default_factory=list)
    events: list[EventRow] = field(default_factory=list)
    certificates: list[CertificateRow] = field(default_factory=list)
    documents: list[DocumentRow] = field(default_factory=list)
    holders: list[HolderRow] = field(default_factory=list)
    deliveries: dict[str, Delivery] = field(default_factory=dict)  #: by number of the document
    epcis: list[dict[str, object]] = field(default_factory=list)  #: the same events in the form of the standard
    # For those who add to the record and who tell it, never written:
    lot_ids: dict[str, int] = field(default_factory=dict)  #: by uri
    said: dict[str, Said] = field(default_factory=dict)  #: by id of the captured event
    declared_wrong: set[str] = field(default_factory=set)  #: ids of events
    cases: set[str] = field(default_factory=set)  #: uris of lots that are logistic units
    packed: dict[str, list[Packed]] = field(default_factory=dict)  #: what lay in the units of an event, by its id
    inner: dict[str, set[str]] = field(default_factory=dict)  #: units that lay in others of the same event
    is_cut: bool = False  #: there is more than a record may hold

    def lot(self, uri: str) -> LotRow | None:
        """Find a lot by its name."""
        return next((lot for lot in self.lots if lot.uri == uri), None)

    def organisation(self, code: str) -> OrganisationRow | None:
        """Find an organisation by its code."""
        return next((one for one in self.organisations if one.code == code), None)
