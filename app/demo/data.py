"""Read the Ba Tơ demo set and refuse what does not fit together (pure; ``app.demo.loader`` calls the verbs).

The set stands in ``app/demo/data``: organisations, products, raw materials, what is done to them, lots,
certificates, consignment notes, sales and the public texts. Days in it are counted back from the day of loading,
so the set never grows old. What is not a public fact is marked as a sample; no telephone number is in it, and
e-mail addresses end in ``@demo.example``.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

from accounts.models import LegalForm, OrganisationKind, PlaceKind, Role
from catalog import labels
from catalog.models import Unit
from catalog.taxonomy import read_taxonomy
from kernel import gs1
from kernel.administrative_units import read_units
from kernel.text import nfc
from storefront.texts import NAMES

DATA = Path(__file__).parent / "data"
PICTURES = Path(__file__).parent / "pictures"

#: CBV 2.0 words that the demo's steps may use. Source: GS1 Core Business Vocabulary 2.0, sections 7.1 and 7.2.
BIZ_STEPS = frozenset({"commissioning", "holding", "inspecting", "packing", "receiving", "stocking", "storing"})
DISPOSITIONS = frozenset({"active", "conformant", "in_progress", "sellable_not_accessible"})
BATCH_STATES = frozenset({"released", "open", "held", "recalled"})
_CERTIFICATE_DAYS = (1095, 1096)  # 36 months, with and without a leap day
_EXPIRING_DAYS = 180
_PHONE = re.compile(r"(?<![\d-])(?:\+84|0)(?:[ .\-]?\d){8,10}(?![\d])")
_MAIL = re.compile(r"[\w.+-]+@[\w.-]+")


class BadDemoSet(Exception):
    """The demo set does not fit together; ``problems`` says where, one sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True)
class DemoPlace:
    """A place that events name."""

    key: str
    kind: PlaceKind
    name_vi: str
    name_en: str
    commune: str  #: code
    village: str = ""


@dataclass(frozen=True, slots=True)
class DemoOrganisation:
    """A producer, a sales point's keeper or an office."""

    code: str  #: its immutable code, as ``Organisation.code``
    kind: OrganisationKind
    legal_form: LegalForm
    name_vi: str
    name_en: str
    commune: str
    sample: bool
    address: str = ""
    story_vi: str = ""
    story_en: str = ""
    picture: str = ""  #: key in ``DemoSet.alt``
    woman_led: bool | None = None
    youth_led: bool | None = None
    minority_led: bool | None = None
    sources: tuple[str, ...] = ()  #: where the public facts were read
    jurisdiction: tuple[str, ...] = ()  #: codes of the units an office looks after
    places: tuple[DemoPlace, ...] = ()


@dataclass(frozen=True, slots=True)
class DemoSalesPoint:
    """A sales point; everything but the name of the first three is made up."""

    key: str
    organisation: str
    name_vi: str
    name_en: str
    about_vi: str
    about_en: str
    address: str
    hours_vi: str
    hours_en: str
    commission_bp: int
    picture: str  #: key in ``DemoSet.alt``


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Someone who can sign in to look around. The password is made when the set is loaded."""

    name: str
    email: str
    organisation: str
    role: Role


@dataclass(frozen=True, slots=True)
class DemoPart:
    """So many packs of a trade item in a set; its product stands before the set's."""

    product: str
    item: str
    packs: int


@dataclass(frozen=True, slots=True)
class DemoItem:
    """A trade item."""

    code: str
    name_vi: str
    name_en: str
    net: int  #: in ``unit``
    unit: Unit
    price: int  #: đồng, VAT included
    gtin: str = ""  #: only from the prefix for samples, 952
    gift: bool = False  #: packed to be given
    least: int = 0  #: sold by weight, from so many grams on; 0: in packs
    parts: tuple[DemoPart, ...] = ()  #: a set of these


@dataclass(frozen=True, slots=True)
class DemoProduct:
    """A product with its label complete."""

    key: str
    producer: str
    criteria_set: int
    name_vi: str
    name_en: str
    summary_vi: str
    summary_en: str
    story_vi: str
    story_en: str
    commune: str
    label: Mapping[str, Mapping[str, str]]  #: {field key: {"vi": text, "en": text}}
    items: tuple[DemoItem, ...]
    pictures: tuple[str, ...]  #: keys in ``DemoSet.alt``, in their order
    brand: str = ""
    standards: str = ""
    village: str = ""
    press_vi: str = ""  #: what the press says of its stars, a line of text, never a badge
    press_en: str = ""
    alcohol: bool = False
    sources: tuple[str, ...] = ()
    state: str = "published"  #: or "submitted", or "draft"

    @property
    def label_kind(self) -> str:
        """The kind of label its sub-group takes."""
        return labels.kind_of_criteria_set(self.criteria_set)

    @property
    def is_service(self) -> bool:
        """Whether it is a service: no batches, no stock."""
        return not labels.kind(self.label_kind).is_goods


@dataclass(frozen=True, slots=True)
class DemoMaterial:
    """A raw material and how it comes in."""

    key: str
    name_vi: str
    name_en: str
    unit: Unit
    source: str  #: "grown", "gathered" or "bought"
    receive_vi: str
    receive_en: str
    supplier: str
    harvest_vi: str = ""
    harvest_en: str = ""
    area: str = ""
    commune: str = ""  #: code, of the supplier of what is bought


@dataclass(frozen=True, slots=True)
class DemoStep:
    """A step between the lots that go in and the lot that comes out."""

    day: int  #: from the day the output is made
    hour: int  #: Viet Nam time
    on: str  #: "inputs" or "output"
    biz_step: str
    disposition: str
    title_vi: str
    title_en: str
    makes: bool = False  #: the step that makes the output: a transformation
    note_vi: str = ""
    note_en: str = ""
    picture: str = ""  #: key in ``DemoSet.alt``


@dataclass(frozen=True, slots=True)
class DemoProcess:
    """The steps of one kind of making, in the order of time."""

    key: str
    place: str  #: kind of place, as ``PlaceKind``
    steps: tuple[DemoStep, ...]


@dataclass(frozen=True, slots=True)
class DemoInput:
    """How much of a lot went in, in that lot's unit."""

    lot: str  #: number of a lot of the same producer
    quantity: int


@dataclass(frozen=True, slots=True)
class DemoRawLot:
    """Raw material that came in."""

    owner: str
    number: str
    material: str
    quantity: int  #: in the material's unit
    received: int  #: days ago
    place: str  #: where it was received
    harvested: int | None = None  #: days ago; None: bought
    field: str = ""  #: place of the harvest
    commune: str = ""  #: code, of the growing area


@dataclass(frozen=True, slots=True)
class DemoMidLot:
    """Something between raw material and goods."""

    owner: str
    number: str
    name_vi: str
    name_en: str
    quantity: int
    unit: Unit
    made: int  #: days ago
    place: str
    process: str
    inputs: tuple[DemoInput, ...]


@dataclass(frozen=True, slots=True)
class DemoBatch:
    """A finished lot."""

    owner: str
    number: str
    product: str
    item: str  #: code of the trade item
    quantity: int  #: pieces of the trade item
    made: int  #: days ago
    place: str
    process: str
    inputs: tuple[DemoInput, ...]
    keeps: int | None = None  #: days from ``made`` to the last good day; None: it does not expire
    state: str = "released"
    reason_vi: str = ""  #: why it is held or recalled
    reason_en: str = ""

    @property
    def key(self) -> str:
        """How notes and sales name it: "ongbv/MO-002"."""
        return f"{self.owner}/{self.number}"


@dataclass(frozen=True, slots=True)
class DemoCertificate:
    """A sample certificate."""

    number: str
    product: str
    stars: int
    issued: int  #: days ago
    state: str  #: on the day of loading: "valid", "expiring", "expired" or "revoked"
    decision: str
    issuer: str
    revoked: int | None = None  #: days ago
    reason_vi: str = ""
    reason_en: str = ""


@dataclass(frozen=True, slots=True)
class DemoLine:
    """So many pieces of a batch."""

    batch: str  #: ``DemoBatch.key``
    quantity: int


@dataclass(frozen=True, slots=True)
class DemoNote:
    """A consignment note from a producer to a sales point (or, as a return, back)."""

    producer: str
    point: str
    lines: tuple[DemoLine, ...]
    is_return: bool = False
    sent: int | None = None  #: days ago; None: a draft
    received: int | None = None
    cancelled: int | None = None
    reason: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class DemoSale:
    """A sale at the counter."""

    point: str
    sold: int  #: days ago
    lines: tuple[DemoLine, ...]


@dataclass(frozen=True, slots=True)
class DemoBound:
    """Stickers of a roll that are on packs of a batch."""

    first: int
    last: int
    batch: str  #: ``DemoBatch.key``
    days: int


@dataclass(frozen=True, slots=True)
class DemoVoid:
    """Stickers of a roll that may be on no pack."""

    first: int
    last: int
    reason: str
    days: int


@dataclass(frozen=True, slots=True)
class DemoRoll:
    """Codes of single packs made together: for a batch, or printed ahead by an owner."""

    key: str
    count: int
    made: int  #: days ago
    batch: str = ""
    owner: str = ""
    note: str = ""
    bound: tuple[DemoBound, ...] = ()
    void: tuple[DemoVoid, ...] = ()


@dataclass(frozen=True, slots=True)
class DemoCheck:
    """Somebody opened the page of a pack's code."""

    roll: str
    position: int
    days: int
    hour: int
    region: str
    source: str


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What a buyer saw, of a batch or of one pack."""

    kind: str
    text: str
    days: int
    batch: str = ""
    roll: str = ""
    position: int = 0
    answer: str = ""


@dataclass(frozen=True, slots=True)
class DemoOpenings:
    """How often pages of batches were opened."""

    days: int
    most: int  #: of one page on one day
    ways: tuple[str, ...]  #: the likelier stand more often
    regions: tuple[str, ...]
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DemoText:
    """A public page: paragraphs; "## " heads, "- " lists."""

    name: str
    title_vi: str
    title_en: str
    body_vi: str
    body_en: str


@dataclass(frozen=True, slots=True)
class DemoSet:
    """All of it."""

    organisations: tuple[DemoOrganisation, ...]
    sales_points: tuple[DemoSalesPoint, ...]
    people: tuple[DemoPerson, ...]
    products: tuple[DemoProduct, ...]
    materials: tuple[DemoMaterial, ...]
    processes: tuple[DemoProcess, ...]
    raw_lots: tuple[DemoRawLot, ...]
    mid_lots: tuple[DemoMidLot, ...]
    batches: tuple[DemoBatch, ...]
    certificates: tuple[DemoCertificate, ...]
    notes: tuple[DemoNote, ...]  #: deliveries, then returns
    sales: tuple[DemoSale, ...]
    rolls: tuple[DemoRoll, ...]
    checks: tuple[DemoCheck, ...]
    reports: tuple[DemoReport, ...]
    openings: DemoOpenings
    texts: tuple[DemoText, ...]
    alt: Mapping[str, tuple[str, str]]  #: words for each drawn picture, by its file's stem: vi, en

    @property
    def producers(self) -> tuple[DemoOrganisation, ...]:
        """The organisations that make something."""
        return tuple(row for row in self.organisations if row.kind is OrganisationKind.PRODUCER)


@cache
def read() -> DemoSet:
    """Give the set, checked.

    :raises BadDemoSet: with one sentence for each thing that does not fit
    :raises KeyError: :raises TypeError: :raises ValueError: for a file that is not of the expected shape
    """
    demo = _read_all()
    problems = problems_of(demo)
    if problems:
        raise BadDemoSet(problems)
    return demo


# --- Reading -------------------------------------------------------------------------------------------------


def _read_all() -> DemoSet:
    who = _toml("organisations.toml")
    raw, mid, finished = _chains(_toml("chains.toml"))
    trade = _toml("notes.toml")
    packs = _toml("packs.toml")
    return DemoSet(
        organisations=tuple(_organisation(row) for row in who["organisation"]),
        sales_points=tuple(DemoSalesPoint(**row) for row in who["sales_point"]),
        people=tuple(DemoPerson(**{**row, "role": Role(row["role"])}) for row in who["person"]),
        products=tuple(
            _product(row)
            for path in sorted((DATA / "products").glob("*.toml"))
            for row in _toml(f"products/{path.name}")["product"]
        ),
        materials=tuple(
            DemoMaterial(key=key, **{**row, "unit": Unit(row["unit"])})
            for key, row in _toml("materials.toml")["material"].items()
        ),
        processes=tuple(
            DemoProcess(key=key, place=row["place"], steps=tuple(DemoStep(**step) for step in row["steps"]))
            for key, row in _toml("processes.toml")["process"].items()
        ),
        raw_lots=raw,
        mid_lots=mid,
        batches=finished,
        certificates=_certificates(_toml("certificates.toml")),
        notes=(
            *(_note(row, is_return=False) for row in trade["note"]),
            *(_note(row, is_return=True) for row in trade["return"]),
        ),
        sales=tuple(
            DemoSale(point=row["point"], sold=row["sold"], lines=_lines(row["lines"])) for row in trade["sale"]
        ),
        rolls=tuple(_roll(row) for row in packs["roll"]),
        checks=tuple(DemoCheck(**row) for row in packs["check"]),
        reports=tuple(DemoReport(**row) for row in packs["report"]),
        openings=DemoOpenings(**_tidy(packs["openings"])),
        texts=tuple(_text(name) for name in NAMES),
        alt={
            key: (words["vi"], words["en"])
            for key, words in json.loads((PICTURES / "alt.json").read_text(encoding="utf-8")).items()
        },
    )


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads((DATA / name).read_text(encoding="utf-8"))


def _organisation(row: Mapping[str, Any]) -> DemoOrganisation:
    facts = _tidy(row)
    facts["kind"] = OrganisationKind(row["kind"])
    facts["legal_form"] = LegalForm(row["legal_form"])
    facts["places"] = tuple(
        DemoPlace(**{**place, "kind": PlaceKind(place["kind"])}) for place in facts.pop("place", ())
    )
    return DemoOrganisation(**facts)


def _product(row: Mapping[str, Any]) -> DemoProduct:
    facts = _tidy(row)
    facts["items"] = tuple(_item(item) for item in row["items"])
    return DemoProduct(**facts)


def _item(row: Mapping[str, Any]) -> DemoItem:
    parts = tuple(DemoPart(**part) for part in row.get("parts", ()))
    return DemoItem(**{**row, "unit": Unit(row["unit"]), "parts": parts})


def _tidy(row: Mapping[str, Any]) -> dict[str, Any]:
    """Trim texts, and give lists as tuples."""

    def tidy(value: Any) -> Any:
        if isinstance(value, str):
            return nfc(value)
        return tuple(value) if isinstance(value, list) else value

    return {key: tidy(value) for key, value in row.items()}


def _chains(
    facts: Mapping[str, Any],
) -> tuple[tuple[DemoRawLot, ...], tuple[DemoMidLot, ...], tuple[DemoBatch, ...]]:
    raw, mid, finished = [], [], []
    for owner, lots in facts.items():
        raw += [DemoRawLot(owner=owner, **row) for row in lots.get("raw", ())]
        mid += [
            DemoMidLot(owner=owner, **{**row, "unit": Unit(row["unit"]), "inputs": _inputs(row)})
            for row in lots.get("between", ())
        ]
        finished += [DemoBatch(owner=owner, **{**row, "inputs": _inputs(row)}) for row in lots.get("batches", ())]
    return tuple(raw), tuple(mid), tuple(finished)


def _inputs(row: Mapping[str, Any]) -> tuple[DemoInput, ...]:
    return tuple(DemoInput(**one) for one in row["inputs"])


def _certificates(facts: Mapping[str, Any]) -> tuple[DemoCertificate, ...]:
    return tuple(
        DemoCertificate(**row, decision=facts["decision"], issuer=facts["issuers"][str(row["stars"])])
        for row in facts["certificate"]
    )


def _note(row: Mapping[str, Any], *, is_return: bool) -> DemoNote:
    # Deliveries and returns name batches of their producer; sales name whose batch it is.
    lines = [{**line, "batch": f"{row['producer']}/{line['batch']}"} for line in row["lines"]]
    return DemoNote(**{**row, "lines": _lines(lines), "is_return": is_return})


def _lines(rows: Sequence[Mapping[str, Any]]) -> tuple[DemoLine, ...]:
    return tuple(DemoLine(**row) for row in rows)


def _roll(row: Mapping[str, Any]) -> DemoRoll:
    bound = tuple(DemoBound(**one) for one in row.get("bound", ()))
    void = tuple(DemoVoid(**one) for one in row.get("void", ()))
    return DemoRoll(**{**row, "bound": bound, "void": void})


def _text(name: str) -> DemoText:
    title_vi, body_vi = _markdown(f"{name}.vi.md")
    title_en, body_en = _markdown(f"{name}.en.md")
    return DemoText(name=name, title_vi=title_vi, title_en=title_en, body_vi=body_vi, body_en=body_en)


def _markdown(name: str) -> tuple[str, str]:
    head, _, body = nfc((DATA / "texts" / name).read_text(encoding="utf-8")).partition("\n")
    return head.removeprefix("# "), body.strip()


# --- Checking ------------------------------------------------------------------------------------------------


def problems_of(demo: DemoSet) -> list[str]:
    """Say in one sentence each what does not fit together; empty when all does."""
    return [*_check(demo)]


def _check(demo: DemoSet) -> Iterator[str]:
    yield from _check_organisations(demo)
    yield from _check_products(demo)
    yield from _check_lots(demo)
    yield from _check_certificates(demo)
    yield from _check_trade(demo)
    yield from _check_pictures(demo)
    yield from _check_words(demo)


def _twice(what: str, keys: Iterator[str]) -> Iterator[str]:
    yield from (f"{what} {key} is there twice." for key, times in Counter(keys).items() if times > 1)


def _communes() -> frozenset[str]:
    return frozenset(unit.code for unit in read_units() if unit.level == "commune" and unit.valid_until is None)


def _check_organisations(demo: DemoSet) -> Iterator[str]:
    communes = _communes()
    codes = {row.code for row in demo.organisations}
    yield from _twice("Organisation", (row.code for row in demo.organisations))
    yield from _twice("Place", (place.key for row in demo.organisations for place in row.places))
    for row in demo.organisations:
        if not gs1.is_organisation_code(row.code):
            yield f"{row.code} cannot be an organisation's code."
        if row.commune not in communes:
            yield f"{row.code}: {row.commune} is no commune of today."
        if row.sample == bool(row.sources) or row.sample != ("mẫu" in row.name_vi.casefold()):
            yield f"{row.code} is a sample and says so, or is public and names its sources; not both, not neither."
        if not row.sample and row.minority_led is not None:
            yield f"{row.code}: what is sensitive is not kept about real people."
        if bool(row.jurisdiction) != (row.kind is OrganisationKind.OFFICE):
            yield f"{row.code}: offices, and only they, look after units."
        yield from (
            f"{place.key}: {place.commune} is no commune of today."
            for place in row.places
            if place.commune not in communes
        )
    for point in demo.sales_points:
        if point.organisation not in codes:
            yield f"Sales point {point.key}: nobody keeps it."
    for person in demo.people:
        if person.organisation not in codes:
            yield f"{person.email} belongs to no organisation of the set."


def _check_products(demo: DemoSet) -> Iterator[str]:
    communes = _communes()
    makers = {row.code for row in demo.producers}
    sets = {
        subgroup.criteria_set_no
        for industry in read_taxonomy().industries
        for group in industry.groups
        for subgroup in group.subgroups
    }
    yield from _twice("Product", (row.key for row in demo.products))
    for row in demo.products:
        if row.producer not in makers:
            yield f"{row.key}: nobody makes it."
        if row.criteria_set not in sets:
            yield f"{row.key}: there is no set {row.criteria_set}."
            continue
        if row.commune not in communes:
            yield f"{row.key}: {row.commune} is no commune of today."
        if row.state not in ("published", "submitted", "draft"):
            yield f"{row.key}: {row.state} is no state to load."
        yield from _check_label(row)
        yield from _check_items(row)
        if bool(row.press_vi) != bool(row.press_en) or (row.press_vi and not row.sources):
            yield f"{row.key}: what the press says is said in both languages, with its source."


def _check_label(product: DemoProduct) -> Iterator[str]:
    known = {field.key: field for field in labels.fields_for(product.label_kind)}
    yield from (f"{product.key}: {key} is no field of its label." for key in product.label if key not in known)
    yield from (
        f"{product.key}: the label lacks {field.key}." for field in labels.missing(product.label_kind, product.label)
    )
    for key, words in product.label.items():
        if not words.get("en"):
            yield f"{product.key}: {key} has no English."
        if key in known and max(map(len, words.values())) > known[key].max_length:
            yield f"{product.key}: {key} is too long."


def _check_items(product: DemoProduct) -> Iterator[str]:
    yield from _twice(f"{product.key}: item", (item.code for item in product.items))
    if not product.items or not product.pictures:
        yield f"{product.key}: it has nothing to sell or nothing to look at."
    for item in product.items:
        if item.net <= 0 or item.price <= 0:
            yield f"{product.key}/{item.code}: net content and price are more than nothing."
        if item.least and (item.unit is not Unit.GRAM or item.least % item.net):
            yield f"{product.key}/{item.code}: what is sold by weight is so in whole steps of grams."
        if item.gtin and not gs1.is_sample_gtin(gs1.gtin14(item.gtin)):
            yield f"{product.key}/{item.code}: only numbers of the prefix for samples may stand here."


@dataclass(slots=True)
class _Made:
    """A lot as the checks see it."""

    day: int  # days ago
    unit: Unit
    quantity: int
    used: int = 0


def _check_lots(demo: DemoSet) -> Iterator[str]:
    places = {place.key: row.code for row in demo.organisations for place in row.places}
    materials = {row.key: row for row in demo.materials}
    processes = {row.key: row for row in demo.processes}
    items = {(row.producer, row.key, item.code): item for row in demo.products for item in row.items}
    unsold = {row.key for row in demo.products if row.is_service or row.state != "published"}
    made: dict[tuple[str, str], _Made] = {}

    for process in demo.processes:
        yield from _check_process(process)
    yield from _twice("Raw lot", (f"{lot.owner}/{lot.number}" for lot in demo.raw_lots))
    yield from _twice("Lot between", (f"{lot.owner}/{lot.number}" for lot in demo.mid_lots))
    yield from _twice("Batch", (batch.key for batch in demo.batches))
    for raw in demo.raw_lots:
        name = f"{raw.owner}/{raw.number}"
        material = materials.get(raw.material)
        if material is None:
            yield f"{name}: nobody knows the material {raw.material}."
            continue
        made[raw.owner, raw.number] = _Made(raw.received, material.unit, raw.quantity)
        if (raw.harvested is None) != (material.source == "bought"):
            yield f"{name}: what is grown or gathered has a day of harvest, what is bought has none."
        if material.source == "bought" and not material.commune:
            yield f"{raw.material}: what is bought comes from somewhere."
        if raw.harvested is not None and (raw.harvested < raw.received or not (raw.field and raw.commune)):
            yield f"{name}: it is harvested somewhere, before it is received."
        if places.get(raw.place) != raw.owner or (raw.field and places.get(raw.field) != raw.owner):
            yield f"{name}: its places are not its owner's."
    for mid in demo.mid_lots:
        yield from _check_making(mid, mid.unit, mid.quantity, made, processes, places)
        made[mid.owner, mid.number] = _Made(mid.made, mid.unit, mid.quantity)
    for batch in demo.batches:
        item = items.get((batch.owner, batch.product, batch.item))
        if item is None or batch.product in unsold:
            yield f"{batch.key}: its producer sells no such goods."
            continue
        yield from _check_making(batch, item.unit, batch.quantity * item.net, made, processes, places)
        gs1.lot_number(batch.number)
        if batch.state not in BATCH_STATES or (batch.state in ("held", "recalled")) != bool(batch.reason_vi):
            yield f"{batch.key}: a held or recalled batch says why, and no other."
    yield from (
        f"{'/'.join(key)}: {lot.used} of {lot.quantity} were used."
        for key, lot in made.items()
        if lot.used > lot.quantity
    )


def _check_process(process: DemoProcess) -> Iterator[str]:
    moments = [(step.day, step.hour) for step in process.steps]
    if moments != sorted(moments):
        yield f"{process.key}: its steps are not in the order of time."
    making = [step for step in process.steps if step.makes]
    if len(making) != 1 or making[0].day != 0 or making[0].on != "output" or making[0].biz_step != "commissioning":
        yield f"{process.key}: exactly one step makes the output, on day 0."
    for step in process.steps:
        if step.biz_step not in BIZ_STEPS or step.disposition not in DISPOSITIONS:
            yield f"{process.key}: {step.biz_step} / {step.disposition} are no words of the vocabulary."
        if not 0 <= step.hour <= 23 or step.on not in ("inputs", "output"):
            yield f"{process.key}: “{step.title_en}” has no hour or nothing it is about."


def _check_making(
    lot: DemoMidLot | DemoBatch,
    unit: Unit,
    quantity: int,
    made: Mapping[tuple[str, str], _Made],
    processes: Mapping[str, DemoProcess],
    places: Mapping[str, str],
) -> Iterator[str]:
    name = f"{lot.owner}/{lot.number}"
    process = processes.get(lot.process)
    if process is None or places.get(lot.place) != lot.owner:
        yield f"{name}: nobody knows how or where it is made."
        return
    went_in = 0
    for one in lot.inputs:
        source = made.get((lot.owner, one.lot))
        if source is None:
            yield f"{name}: {one.lot} is not there before it."
            continue
        source.used += one.quantity
        went_in += one.quantity
        first = max([0, *(-step.day for step in process.steps if step.on == "inputs")])
        if source.day < lot.made + first:
            yield f"{name}: {one.lot} came in only after work on it had begun."
    units = {made[lot.owner, one.lot].unit for one in lot.inputs if (lot.owner, one.lot) in made}
    # Water, lye or loss make no balance between unlike units, and soap takes up water.
    if units == {Unit.GRAM} and unit is Unit.GRAM and quantity > went_in and lot.process != "lam-xa-phong":
        yield f"{name}: {quantity} g came out of {went_in} g."
    if not lot.inputs:
        yield f"{name}: it is made of nothing."


def _check_certificates(demo: DemoSet) -> Iterator[str]:
    public = {row.code for row in demo.producers if not row.sample}
    products = {row.key: row for row in demo.products}
    yield from _twice("Certificate", (row.number for row in demo.certificates))
    for row in demo.certificates:
        product = products.get(row.product)
        if product is None or product.producer in public:
            yield f"{row.number}: a sample certificate is for a sample product."
        if not re.fullmatch(r"MAU-\d{4}-\d{3}", row.number) or row.stars not in (3, 4, 5):
            yield f"{row.number}: its number or its stars cannot be."
        if row.state != _state(row):
            yield f"{row.number} would be {_state(row)}, not {row.state}."
        if (row.revoked is not None) != bool(row.reason_vi) or bool(row.reason_vi) != bool(row.reason_en):
            yield f"{row.number}: a revocation has a day and a reason in both languages."


def _state(certificate: DemoCertificate) -> str:
    left = [days - certificate.issued for days in _CERTIFICATE_DAYS]
    if certificate.revoked is not None:
        return "revoked"
    if max(left) <= 0:
        return "expired"
    # Whether the span holds a leap day depends on the day of loading: leave that day's difference out of the set.
    if min(left) <= 0 < max(left) or min(left) <= _EXPIRING_DAYS < max(left):
        return "at the edge of two states"
    return "expiring" if max(left) <= _EXPIRING_DAYS else "valid"


def _check_trade(demo: DemoSet) -> Iterator[str]:
    points = {row.key for row in demo.sales_points}
    batches = {row.key: row for row in demo.batches}
    left = {key: batch.quantity for key, batch in batches.items()}
    at_point: defaultdict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)  # (days ago, change)
    for note in demo.notes:
        yield from _check_note(note, points, batches)
        for line in note.lines:
            if line.batch not in batches:
                continue
            if note.is_return:
                if note.sent is not None:
                    at_point[note.point, line.batch].append((note.sent, -line.quantity))
            elif note.sent is not None and note.cancelled is None:
                left[line.batch] -= line.quantity
                if note.received is not None:
                    at_point[note.point, line.batch].append((note.received, line.quantity))
    for sale in demo.sales:
        for line in sale.lines:
            at_point[sale.point, line.batch].append((sale.sold, -line.quantity))
    yield from (f"{key}: more was sent than was made." for key, rest in left.items() if rest < 0)
    for (point, key), changes in at_point.items():
        on_hand = 0
        for _, change in sorted(changes, key=lambda row: (-row[0], -row[1])):
            on_hand += change
            if on_hand < 0:
                yield f"{point}: {key} is sold or sent back before it is there."
                break


def _check_note(note: DemoNote, points: set[str], batches: Mapping[str, DemoBatch]) -> Iterator[str]:
    name = note.key or f"return from {note.point}"
    if note.point not in points:
        yield f"{name}: there is no such sales point."
    if note.sent is None and (note.received is not None or note.cancelled is not None):
        yield f"{name}: what was not sent is neither received nor cancelled."
    if note.sent is not None and max(note.received or 0, note.cancelled or 0) > note.sent:
        yield f"{name}: it ends before it begins."
    for line in note.lines:
        batch = batches.get(line.batch)
        if batch is None or batch.state != "released":
            yield f"{name}: {line.batch} is no batch that may go out."
        elif note.sent is not None and note.sent > batch.made:
            yield f"{name}: {line.batch} was not made yet."


def _check_pictures(demo: DemoSet) -> Iterator[str]:
    wanted = {key for row in demo.products for key in row.pictures}
    wanted |= {row.picture for row in demo.producers} | {row.picture for row in demo.sales_points}
    wanted |= {step.picture for process in demo.processes for step in process.steps if step.picture}
    yield from (f"Nobody has drawn {key} or put it into words." for key in sorted(wanted - demo.alt.keys()))


def _check_words(demo: DemoSet) -> Iterator[str]:
    for words in _words(demo):
        if _PHONE.search(words):
            yield f"This looks like a telephone number: “{words[:60]}”."
        yield from (
            f"{mail} is no address for samples." for mail in _MAIL.findall(words) if not mail.endswith("@demo.example")
        )
    for text in demo.texts:
        if not all((text.title_vi, text.title_en, text.body_vi, text.body_en)):
            yield f"{text.name}: a text lacks its title or its words."


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            if field.name not in ("gtin", "number"):
                yield from _words(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _words(one)
    elif isinstance(value, tuple):
        for one in value:
            yield from _words(one)
