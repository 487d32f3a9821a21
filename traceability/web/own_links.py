"""The levels of a GS1 key: what its owner registered, and what this platform offers of its own."""

from __future__ import annotations

from datetime import date
from urllib.parse import quote

from flask_babel import gettext

from accounts.models import OrganisationKind
from ocop import queries as certificates
from traceability import key_patterns, known_lots, queries
from traceability.digital_link import DigitalLink
from traceability.element_strings import Element
from traceability.known_lots import EVENTS, PASSPORT, STOPPED, KnownLot
from traceability.linkset import Claim, Level, Link, Standing
from traceability.models import ResolverLink
from traceability.queries import GoodsOfGtin
from traceability.web.words import said

#: Both languages of our pages, told apart by the reader's own settings.
LANGUAGES = ("vi", "en")

Path = tuple[Element, ...]


def levels_of(link: DigitalLink, on: date, *, base_url: str) -> list[Level]:
    """Give the levels of a key that lead anywhere, the finest first (at most five statements)."""
    registered = _registered(link)
    own, names = _own(link, on, base_url)
    for path, lot in _known(link).items():
        own.setdefault(path, _of_known(lot, base_url))
    found = []
    for path in link.levels():
        rows, values = registered.get(path, ([], {}))
        links = [*(_of_owner(row, values) for row in rows), *own.get(path, [])]
        if links:
            name = next((row.description for row in rows if row.description), None) or names.get(path)
            found.append(Level(path, name or key_in_words(path), tuple(links)))
    return found


def key_in_words(path: Path) -> str:
    """Write a key as it stands under a bar code: ``(01) 09520123456788 (10) L1``."""
    return " ".join(f"({code}) {value}" for code, value in path)


def _registered(link: DigitalLink) -> dict[Path, tuple[list[ResolverLink], dict[str, str]]]:
    """Read the registered links of each level: of the patterns that fit it, the most exact one counts."""
    fitting = {path: key_patterns.fitting(path) for path in link.levels()}
    rows: dict[str, list[ResolverLink]] = {}
    for row in queries.links_of(pattern for patterns in fitting.values() for pattern, _ in patterns):
        rows.setdefault(row.key_path, []).append(row)
    found = {}
    for path, patterns in fitting.items():
        best = next(((pattern, values) for pattern, values in patterns if pattern in rows), None)
        if best is not None:
            found[path] = (rows[best[0]], best[1])
    return found


def _of_owner(row: ResolverLink, values: dict[str, str]) -> Link:
    return Link(
        row.link_type,
        key_patterns.filled(row.href, values),
        row.title,
        languages=tuple(row.languages.split()),
        media_type=row.media_type,
        context=tuple(row.context.split()),
        claim=Claim.CHOSEN if row.is_default else Claim.NONE,
    )


# --- The platform's own ------------------------------------------------------------------------------------------


def _own(link: DigitalLink, on: date, base_url: str) -> tuple[dict[Path, list[Link]], dict[Path, str]]:
    code, value = link.key
    if code == "01":
        goods = queries.goods_of_gtin(value, link.lot)
        return _of_goods(link, goods, on, base_url) if goods is not None else ({}, {})
    if code in ("414", "417"):
        return _of_place(link.path[:1], value, base_url)
    return {}, {}


def _of_goods(
    link: DigitalLink, goods: GoodsOfGtin, on: date, base_url: str
) -> tuple[dict[Path, list[Link]], dict[Path, str]]:
    gtin, lot = link.path[:1], _path_of_lot(link)
    name = ", ".join((said(goods, "name"), said(goods, "item")))
    found: dict[Path, list[Link]] = {}
    if goods.product_slug is not None:
        found[gtin] = _of_product(goods, on, base_url)
    if goods.batch_path is not None and lot is not None:
        found[lot] = _of_batch(base_url + goods.batch_path, is_stopped=goods.lot_state in STOPPED)
    return found, {gtin: name, **({lot: f"{name} – {goods.lot_number}"} if lot is not None else {})}


def _path_of_lot(link: DigitalLink) -> Path | None:
    codes = [code for code, _ in link.path]
    return link.path[: codes.index("10") + 1] if "10" in codes else None


#: Tells the product page that a lot was asked for which is not in the system.
UNKNOWN_LOT = "lo-khong-co"
#: Tell the page of a pack's code what the link on the pack said, where that does not fit the record.
SAID_GTIN, SAID_LOT = "gtin-tren-ma", "lo-tren-ma"


def _of_product(goods: GoodsOfGtin, on: date, base_url: str) -> list[Link]:
    page = f"{base_url}/san-pham/{goods.product_slug}"
    certificate = certificates.latest([goods.product_id], on).get(goods.product_id)
    links = [
        Link(
            "gs1:pip",
            page,
            gettext("Product page"),
            LANGUAGES,
            "text/html",
            claim=Claim.USUAL,
            standing=Standing.USUAL,
        ),
        Link(
            "gs1:hasRetailers",
            f"{page}#noi-ban",
            gettext("Where to buy it"),
            LANGUAGES,
            "text/html",
            standing=Standing.USUAL,
        ),
    ]
    if certificate is not None:
        links.append(
            Link(
                "gs1:certificationInfo",
                f"{base_url}/chung-nhan/{quote(certificate.number)}",
                gettext("OCOP certificate %(number)s", number=certificate.number),
                LANGUAGES,
                "text/html",
                standing=Standing.VOUCHED,
            )
        )
    return links


def _of_batch(page: str, *, is_stopped: bool) -> list[Link]:
    return _of_lot(page, f"{page}/{PASSPORT}", f"{page}/{EVENTS}", is_stopped=is_stopped)


def _of_lot(page: str, passport: str, events: str, *, is_stopped: bool) -> list[Link]:
    return [
        Link(
            "gs1:traceability",
            page,
            gettext("Where this batch comes from"),
            LANGUAGES,
            "text/html",
            claim=Claim.MUST if is_stopped else Claim.USUAL,
            standing=Standing.VOUCHED,
        ),
        Link(
            "gs1:recallStatus",
            page,
            gettext("Whether this batch is recalled"),
            LANGUAGES,
            "text/html",
            standing=Standing.VOUCHED,
        ),
        Link(
            "gs1:dpp",
            passport,
            gettext("Digital passport of this batch"),
            media_type="application/ld+json",
            standing=Standing.VOUCHED,
        ),
        Link(
            "gs1:epcis",
            events,
            gettext("Events of this batch (EPCIS 2.0)"),
            media_type="application/ld+json",
            standing=Standing.VOUCHED,
        ),
    ]


def _known(link: DigitalLink) -> dict[Path, KnownLot]:
    """Give the levels that events name, or whose pack has a code of ours: what lot that is."""
    names = {path: known_lots.name_of(path) for path in link.levels()}
    lots = known_lots.known(set(names.values()))
    found = {path: lots[name] for path, name in names.items() if name in lots}
    if link.path not in found and link.gtin is not None and link.serial is not None:
        batch = known_lots.of_code(link.gtin, link.serial)
        if batch is not None:
            found[link.path] = batch
    return found


def _of_known(lot: KnownLot, base_url: str) -> list[Link]:
    passport, events = (base_url + lot.beside(document) for document in (PASSPORT, EVENTS))
    return _of_lot(base_url + lot.path, passport, events, is_stopped=lot.is_stopped)


def _of_place(path: Path, gln: str, base_url: str) -> tuple[dict[Path, list[Link]], dict[Path, str]]:
    place = queries.place_of_gln(gln)
    if place is None or place.organisation.kind is not OrganisationKind.PRODUCER:
        return {}, {}
    organisation = place.organisation
    kind = "gs1:locationInfo" if path[0][0] == "414" else "gs1:homepage"
    page = Link(
        kind,
        f"{base_url}/chu-the/{organisation.slug}",
        gettext("Page of the producer"),
        LANGUAGES,
        "text/html",
        claim=Claim.USUAL,
        standing=Standing.USUAL,
    )
    name = said(organisation, "name")
    return {path: [page]}, {path: f"{said(place, 'name')}, {name}" if path[0][0] == "414" else name}
