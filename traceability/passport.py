"""The digital passport of a batch: what its page tells, for programs, as JSON-LD.

Pure. It holds public facts only: no price, no quantity that is sold, no person. Both languages stand side by side.
Words: schema.org and the GS1 Web Vocabulary; steps: the Core Business Vocabulary of EPCIS.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from accounts.models import Organisation, Place
from catalog.models import Unit
from kernel.clock import VIETNAM
from ocop.certification import CertificateState
from ocop.models import Certificate
from traceability.known_lots import KnownLot, Told
from traceability.models import Lot, LotState, TraceEvent
from traceability.queries import GoodsOfGtin, Story

CONTEXT = {
    "@vocab": "https://schema.org/",
    "gs1": "https://ref.gs1.org/voc/",
    "cbv": "https://ref.gs1.org/cbv/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "productionDate": {"@type": "xsd:date"},
    "gs1:expirationDate": {"@type": "xsd:date"},
    "gs1:certificationStartDate": {"@type": "xsd:date"},
    "gs1:certificationEndDate": {"@type": "xsd:date"},
    "bizStep": {"@id": "https://ref.gs1.org/epcis/bizStep", "@type": "@id"},
    "eventTime": {"@id": "https://ref.gs1.org/epcis/eventTime", "@type": "xsd:dateTime"},
}
_UNITS = {Unit.PIECE: "H87", Unit.GRAM: "GRM", Unit.MILLILITRE: "MLT"}


def passport(
    story: Story,
    certificate: Certificate | None,
    standing: CertificateState | None,
    *,
    page: str,
    identity: str,
    base_url: str,
) -> dict[str, Any]:
    """Write the passport of a released, held or recalled batch.

    :param page: whole address of the batch's page
    :param identity: what its printed code says: a Digital Link, or the address of the page
    :param standing: the state of ``certificate`` today
    """
    batch, item, version = story.batch, story.item, story.version
    told: dict[str, Any] = {
        "@context": CONTEXT,
        "@id": identity,
        "@type": ["IndividualProduct", "gs1:Product"],
        "url": page,
        "name": _words(f"{version.name_vi}, {item.name_vi}", _joined(version.name_en, item.name_en)),
        "description": _words(version.summary_vi, version.summary_en),
        "brand": {"@type": "Brand", "name": version.brand or story.producer.name_vi},
        "gs1:hasBatchLotNumber": batch.number,
        "productionDate": batch.made_on.isoformat(),
        "gs1:netContent": {
            "@type": "QuantitativeValue",
            "value": item.net_content,
            "unitCode": _UNITS[item.unit],
        },
        "manufacturer": _organisation(story.producer, base_url),
        "countryOfOrigin": {"@type": "Country", "identifier": "VN"},
        **_way_of(story),
        "additionalProperty": list(_properties(story)),
    }
    if item.gtin is not None:
        told["gs1:gtin"] = item.gtin
    if batch.expires_on is not None:
        told["gs1:expirationDate"] = batch.expires_on.isoformat()
    if certificate is not None and standing is not None:
        told["gs1:certification"] = [_certificate(certificate, standing, base_url)]
    return {name: value for name, value in told.items() if value not in ([], {}, "")}


def passport_of_known(
    found: KnownLot,
    goods: GoodsOfGtin | None,
    story: Told,
    certificate: Certificate | None,
    standing: CertificateState | None,
    *,
    base_url: str,
) -> dict[str, Any]:
    """Write the passport of a lot that events alone tell of: what its page tells.

    :param standing: the state of ``certificate`` today
    """
    told: dict[str, Any] = {
        "@context": CONTEXT,
        "@id": found.uri,
        "@type": ["IndividualProduct", "gs1:Product"],
        "url": base_url + found.path,
        "name": _name_of_known(found, goods),
        "gs1:hasBatchLotNumber": "" if found.is_single and found.lot.number == found.number[:20] else found.lot.number,
        "serialNumber": found.number if found.is_single else "",
        "gs1:gtin": found.gtin or "",
        "productionDate": story.made_on.isoformat() if story.made_on is not None else "",
        "gs1:expirationDate": story.expires_on.isoformat() if story.expires_on is not None else "",
        **_way_of(story),
        "additionalProperty": list(_properties_of_known(found)),
    }
    if certificate is not None and standing is not None:
        told["gs1:certification"] = [_certificate(certificate, standing, base_url)]
    return {name: value for name, value in told.items() if value not in ([], {}, "")}


def _way_of(story: Story | Told) -> dict[str, Any]:
    """Tell what goods were made of, and what happened to them."""
    return {
        "material": [
            {"@type": "Product", "name": _words(lot.name_vi, lot.name_en)}
            for lot in _unique(story)
            if lot.id != story.lot.id
        ],
        "subjectOf": [_event(one.event, one.organisation, one.place) for one in story.happenings],
    }


def _name_of_known(found: KnownLot, goods: GoodsOfGtin | None) -> list[dict[str, str]]:
    if goods is not None:
        return _words(f"{goods.name_vi}, {goods.item_vi}", _joined(goods.name_en, goods.item_en))
    return _words(found.lot.name_vi, found.lot.name_en) if found.is_described else []


def _properties_of_known(found: KnownLot) -> Iterator[dict[str, Any]]:
    lot = found.lot
    yield _property("batchState", lot.state.value)
    if lot.state is not LotState.RELEASED and lot.state_reason:
        yield _property("reason", lot.state_reason)
    yield _property("declaredBy", found.owner.name_vi)
    if lot.is_sample or found.owner.is_sample:
        yield _property("sample", True)


def _properties(story: Story) -> Iterator[dict[str, Any]]:
    """Tell what neither vocabulary has a word for."""
    lot = story.lot
    yield _property("batchState", lot.state.value)
    if lot.state is not LotState.RELEASED and lot.state_reason:
        yield _property("reason", lot.state_reason)
    yield from (_property("origin", unit.full_name, valueReference=unit.code) for unit in story.origins)
    if story.version.standards:
        yield _property("standardsApplied", story.version.standards)
    if any((lot.is_sample, story.product.is_sample, story.producer.is_sample)):
        yield _property("sample", True)


def _property(name: str, value: object, **more: object) -> dict[str, Any]:
    return {"@type": "PropertyValue", "name": name, "value": value, **more}


def _unique(story: Story | Told) -> Iterable[Lot]:
    seen: dict[tuple[str, str], Lot] = {}
    for lot in story.lots.values():
        seen.setdefault((lot.name_vi, lot.name_en), lot)
    return seen.values()


def _words(vi: str, en: str) -> list[dict[str, str]]:
    return [{"@value": text, "@language": language} for text, language in ((vi, "vi"), (en, "en")) if text]


def _joined(*parts: str) -> str:
    return ", ".join(parts) if all(parts) else ""


def _organisation(organisation: Organisation, base_url: str) -> dict[str, Any]:
    return {
        "@type": "Organization",
        "name": _words(organisation.name_vi, organisation.name_en),
        "url": f"{base_url}/chu-the/{organisation.slug}",
        "address": {
            "@type": "PostalAddress",
            "addressCountry": "VN",
            "addressLocality": organisation.commune.full_name,
            **({"streetAddress": organisation.address} if organisation.address else {}),
        },
    }


def _event(event: TraceEvent, organisation: Organisation, place: Place | None = None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "@type": "Event",
        "@id": event.event_id,
        "name": _words(event.title_vi, event.title_en),
        "eventTime": event.event_at.astimezone(VIETNAM).isoformat(timespec="seconds"),
        "organizer": {"@type": "Organization", "name": organisation.name_vi},
    }
    if event.biz_step:
        told["bizStep"] = event.biz_step if ":" in event.biz_step else f"cbv:BizStep-{event.biz_step}"
    if place is not None:
        told["location"] = {"@type": "Place", "name": place.name_vi}
    return told


def _certificate(certificate: Certificate, standing: CertificateState, base_url: str) -> dict[str, Any]:
    return {
        "@type": "gs1:CertificationDetails",
        "gs1:certificationIdentification": certificate.number,
        "gs1:certificationValue": certificate.stars,
        "gs1:certificationAgency": certificate.issuer,
        "gs1:certificationStatus": standing.value,
        "gs1:certificationStartDate": certificate.issued_on.isoformat(),
        "gs1:certificationEndDate": _last_day(certificate).isoformat(),
        "url": f"{base_url}/chung-nhan/{certificate.number}",
    }


def _last_day(certificate: Certificate) -> date:
    return certificate.last_day if certificate.revoked_on is None else certificate.revoked_on
