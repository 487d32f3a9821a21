"""The story of a batch in the words and drawings of its page. It asks the database nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext, ngettext
from markupsafe import Markup

from accounts.models import Place
from catalog import labels
from catalog.models import Unit
from kernel import images
from kernel.clock import business_date
from kernel.media import Picture
from kernel.models import AdministrativeUnit
from ocop.certification import CertificateState, state
from ocop.models import Certificate
from traceability import drawing, maps
from traceability.drawing import ChainEdge, ChainNode, NodeKind
from traceability.known_lots import Told
from traceability.maps import Commune, Spot
from traceability.models import Lot, LotKind, LotState, TraceEvent
from traceability.queries import Happening, Story
from traceability.web.words import commune, day, province, quantity, said

#: A lot without an area gets the middle size of the communes around.
USUAL_KM2 = 120.0


@dataclass(frozen=True)
class Verdict:
    """What is said first: the state, and the facts its sentence needs (see ``components/verdict.html``)."""

    state: str
    on: str = ""
    declarer: str = ""
    confirmer: str = ""
    reason: str = ""  #: why it is held or recalled; what was checked

    @property
    def may_be_bought(self) -> bool:
        """Tell whether the page leads on to buying."""
        return self.state not in ("recalled", "held", "past_date")


def verdict_of(story: Story, certificate: Certificate | None, today: date) -> Verdict:
    """Choose what is said first; what is graver goes before.

    :param certificate: what is to be said of the product's recognition (``ocop.queries.latest``), or None
    """
    lot, batch = story.lot, story.batch
    declarer = said(story.producer, "name")
    if lot.state is LotState.RECALLED:
        return Verdict("recalled", on=day(lot.state_since), declarer=declarer, reason=said(lot, "state_reason"))
    if lot.state is LotState.HELD:
        return Verdict("held", on=day(lot.state_since), declarer=declarer, reason=said(lot, "state_reason"))
    if batch.expires_on is not None and batch.expires_on < today:
        return Verdict("past_date", on=day(batch.expires_on), declarer=declarer)
    standing = state(certificate, today) if certificate is not None else None
    if certificate is not None and standing is CertificateState.REVOKED:
        return Verdict("revoked", on=day(certificate.revoked_on), reason=certificate.revocation_reason or "")
    if certificate is not None and standing is CertificateState.EXPIRED:
        return Verdict("lapsed", on=day(certificate.expires_on))
    confirmation = story.confirmation
    if confirmation is not None:
        return Verdict(
            "confirmed",
            on=day(confirmation.event.event_at),
            declarer=declarer,
            confirmer=said(confirmation.organisation, "name"),
            reason=said(confirmation.event, "note"),
        )
    return Verdict("declared", on=day(lot.created_at), declarer=declarer)


def timeline_of(story: Story | Told, pictures: dict[str, Picture]) -> list[dict[str, Any]]:
    """Tell the events as the ``timeline`` macro wants them, the earliest first."""
    return [_step(story, happening, pictures) for happening in story.happenings]


def _step(story: Story | Told, happening: Happening, pictures: dict[str, Picture]) -> dict[str, Any]:
    event = happening.event
    title = said(event, "title")
    lots = [(story.lots[lot_id], amount) for lot_id, amount in happening.lots if lot_id in story.lots]
    others = [lot for lot, _ in lots if lot.id != story.lot.id]
    named = [name for name in dict.fromkeys(said(lot, "name") for lot in others) if name != title]
    if named and _names_its_lot(event):
        title = f"{title} · {', '.join(named)}"
    amounts = [quantity(amount, lot.unit) + _packs(lot) for lot, amount in lots if amount]
    if event.disposition == "recalled" or event.biz_step == "holding":
        amounts = []
    words = [part for part in (said(event, "note"), ", ".join(amounts)) if part]
    files = [file for file in story.attached if file.kind == "event" and file.owner_id == event.id]
    shown = [file for file in files if file.digest in pictures]
    photos = Markup().join(
        _photo(pictures[file.digest], said(file, "words")) for file in files if file.digest in pictures
    )
    papers = Markup(" ").join(
        Markup('<a href="/tai-lieu/{}">{}</a>').format(file.digest, said(file, "words") or gettext("Paper"))
        for file in files
        if file.media_type == "application/pdf"
    )
    if event.corrects_id is not None:
        words.append(gettext("Corrected on %(day)s.", day=day(event.recorded_at)))
    return {
        "date": day(event.event_at),
        "title": title,
        "place": _where(story, happening),
        "text": " – ".join(words) or None,
        # Folded: what nobody opens is not fetched, and a page on a slow line stays small.
        "detail": (
            Markup('<details class="step-photos"><summary>{}</summary><p class="photos">{}</p></details>').format(
                ngettext("%(num)s photo", "%(num)s photos", len(shown)), photos
            )
            if photos
            else Markup()
        )
        + (Markup("<p>{}</p>").format(papers) if papers else Markup()),
        "is_bad": event.disposition in ("recalled", "non_sellable_other", "non_conformant", "destroyed", "damaged"),
        "machine_date": business_date(event.event_at).isoformat(),
    }


def _names_its_lot(event: TraceEvent) -> bool:
    return event.biz_step in ("receiving", "commissioning", "holding", "inspecting", "collecting")


def _packs(lot: Lot) -> str:
    if lot.unit is not Unit.PIECE:
        return ""
    words: str = gettext("units") if lot.kind is LotKind.FINISHED else gettext("pieces")
    return " " + words


def _photo(picture: Picture, alt: str) -> Markup:
    files = [address for address, _ in picture.webp] or [picture.src]
    return Markup(
        '<a href="{}"><img src="{}" width="{}" height="{}" alt="{}" loading="lazy" decoding="async"></a>'
    ).format(files[-1], files[0], picture.width, picture.height, alt or gettext("Photo of this step"))


def main_picture(picture: Picture) -> Picture:
    """Choose the files of a batch's main picture so that the page keeps within its 60 kB on any telephone.

    AVIF up to 750 pixels; the larger WebP in the smallest width only, for old browsers and until the AVIF is made.
    """
    small = picture.webp[:1]
    avif = [(address, width) for address, width in picture.avif if width <= images.WIDTHS[1]]
    if not small:
        return picture
    address, width = small[0]
    height = max(1, round(picture.height * width / picture.width))
    return Picture(src=address, width=width, height=height, webp=small, avif=avif)


def _where(story: Story | Told, happening: Happening) -> str:
    """Say who did it and where; of the producer, whose page it is, only where."""
    name = said(happening.organisation, "name")
    if happening.place is None:
        return name
    place = _place(happening.place)
    return place if happening.organisation.id == story.producer.id or name in place else f"{name}, {place}"


def _place(place: Place) -> str:
    parts = [said(place, "name"), place.village, commune(place.commune)]
    return ", ".join(part for part in parts if part)


# --- Drawings ------------------------------------------------------------------------------------------


def chain_of(story: Story | Told, name: str) -> tuple[Markup, list[drawing.ListedNode]]:
    """Draw what went into a lot, and list the same.

    :param name: what the lot is
    """
    nodes = [_node(story, lot, name) for lot in story.lots.values()]
    edges = [ChainEdge(str(edge.input_id), str(edge.output_id)) for edge in story.edges]
    svg = drawing.chain_svg(nodes, edges, title=gettext("What went into this batch"))
    return Markup(svg), drawing.as_list(nodes, edges)  # noqa: S704 our own drawing escapes its texts


def _node(story: Story | Told, lot: Lot, name: str) -> ChainNode:
    # Of a lot that captured events tell of nobody may have said how much it was.
    amount = quantity(lot.quantity, lot.unit) + _packs(lot) if lot.quantity else ""
    if lot.id == story.lot.id:
        about = " · ".join(part for part in (name, amount) if part)
        return ChainNode(str(lot.id), gettext("This batch"), about, NodeKind.HERE)
    used = next((edge.quantity for edge in story.edges if edge.input_id == lot.id), None)
    amount = quantity(used, lot.unit) + _packs(lot) if used else amount
    source = _source(lot) if lot.kind is LotKind.RAW else ""
    kind = NodeKind.RAW if lot.kind is LotKind.RAW else NodeKind.LOT
    return ChainNode(str(lot.id), said(lot, "name"), " · ".join(part for part in (source, amount) if part), kind)


def _source(lot: Lot) -> str:
    if lot.supplier_organisation is not None:
        return said(lot.supplier_organisation, "name")
    return str(lot.supplier or lot.growing_area)


def map_of(story: Story, communes: list[AdministrativeUnit]) -> Markup | None:
    """Draw the communes around, those of the raw material in red; None when there is nothing to draw."""
    drawn = [
        Commune(
            code=unit.code,
            name=unit.name_vi,
            km2=float(unit.area_km2 or USUAL_KM2),
            lat=float(unit.lat or 0),
            lon=float(unit.lon or 0),
            outline=unit.outline,
        )
        for unit in communes
    ]
    chosen = {unit.code for unit in story.origins}
    if not any(one.code in chosen for one in drawn):
        return None
    spots = {
        (happening.place.lat, happening.place.lon): Spot(
            said(happening.place, "name"), float(happening.place.lat), float(happening.place.lon or 0)
        )
        for happening in story.happenings
        if happening.place is not None
        and happening.place.lat
        and any(unit.code == happening.place.commune_code for unit in communes)
    }
    names = ", ".join(commune(unit) for unit in story.origins)
    svg = maps.commune_map(
        drawn,
        chosen,
        title=gettext("Where the raw material comes from: %(names)s", names=names),
        spots=list(spots.values()),
    )
    return Markup(svg)  # noqa: S704 our own drawing escapes its texts


def first_large(text: str) -> str:
    """Begin a text with a capital."""
    return text[:1].upper() + text[1:]


# --- Lists of facts ------------------------------------------------------------------------------------


def address_of(story: Story, on: date) -> str:
    """Write the producer's address as it is on a day."""
    parts = [story.producer.address, commune(story.producer.commune), province(story.producer.commune, on)]
    return ", ".join(part for part in parts if part)


def origin_words(story: Story) -> str:
    """Say where the raw material comes from: growing areas, communes. Empty where no lot says it."""
    areas = {
        (lot.growing_area, lot.origin_commune.code): lot.origin_commune
        for lot in story.lots.values()
        if lot.growing_area and lot.origin_commune
    }
    said_of = [f"{area}, {commune(unit)}" for (area, _), unit in areas.items()]
    named = {code for _, code in areas}
    said_of += [commune(unit) for unit in story.origins if unit.code not in named]
    if story.version.village and not areas and said_of and story.origins[0].code == story.version.commune_code:
        said_of[0] = f"{story.version.village}, {said_of[0]}"
    return "; ".join(dict.fromkeys(said_of))


def provinces_of(story: Story, on: date) -> str:
    """Name the provinces its raw material comes from, each once."""
    return ", ".join(dict.fromkeys(name for unit in story.origins if (name := province(unit, on))))


def name_with_content(story: Story) -> str:
    """Name the goods with their pack: "Gạo rẫy, gói 500 g"."""
    return f"{said(story.version, 'name')}, {said(story.item, 'name')}"


def nine_items(story: Story, picture: bool, on: date) -> list[tuple[str, Any]]:
    """Pair the nine things that a traceability page has to show with what they are for this batch.

    Source: NĐ 37/2026/NĐ-CP, Điều 23.5, in its order.
    """
    when = [business_date(happening.event.event_at) for happening in story.happenings]
    events = (
        Markup('<a href="#hanh-trinh">{}</a>').format(
            ngettext("%(num)s event", "%(num)s events", len(when))
            + (f" ({day(min(when))} – {day(max(when))})" if when else "")
        )
        if when
        else None
    )
    brand = story.version.brand or said(story.producer, "name")
    if story.origins:
        origin = [origin_words(story), provinces_of(story, on), gettext("Viet Nam")]
    else:  # of the goods, as the programme knows them; the raw material is told of apart
        home = story.version.commune
        origin = [story.version.village, commune(home), province(home, on), gettext("Viet Nam")]
    return [
        (gettext("1. Name of the product"), name_with_content(story)),
        (
            gettext("2. Picture"),
            Markup('<a href="#anh">{}</a>').format(gettext("at the top of this page")) if picture else None,
        ),
        (gettext("3. Producer"), said(story.producer, "name")),
        (gettext("4. Address"), address_of(story, on)),
        (
            gettext("5. Origin"),
            ", ".join(filter(None, origin)),
        ),
        (gettext("6. Events with their times"), events),
        (gettext("7. Brand and batch number"), f"{brand} · {story.batch.number}"),
        (
            gettext("8. Good until"),
            day(story.batch.expires_on) if story.batch.expires_on else gettext("Does not go bad; no date is needed"),
        ),
        (gettext("9. Standards applied"), story.version.standards or None),
    ]


def label_lines(story: Story) -> list[tuple[str, str]]:
    """Pair the fields of the goods' label (use, storage, warnings …) with what was entered."""
    lines = []
    for field in labels.fields_for(story.version.label_kind):
        value = story.version.label.get(field.key)
        words = said(value, "") if isinstance(value, dict) else str(value or "")
        if words:
            lines.append((said(field, "name"), words))
    return lines


def structured(story: Story, *, base_url: str, path: str, pictures: list[Picture], on: date) -> dict[str, Any]:
    """Describe the batch to machines (schema.org IndividualProduct). No stars, no price: those change."""
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "IndividualProduct",
        "@id": base_url + path,
        "name": name_with_content(story),
        "productID": f"lot:{story.batch.number}",
        "productionDate": story.batch.made_on.isoformat(),
        "brand": {"@type": "Brand", "name": story.version.brand or story.producer.name_vi},
        "manufacturer": {
            "@type": "Organization",
            "name": said(story.producer, "name"),
            "address": {"@type": "PostalAddress", "addressCountry": "VN", "streetAddress": address_of(story, on)},
        },
        "countryOfOrigin": "VN",
        "image": [base_url + picture.src for picture in pictures],
    }
    if story.item.gtin:
        data["gtin14"] = story.item.gtin
    if story.batch.expires_on:
        data["expires"] = story.batch.expires_on.isoformat()
    return data
