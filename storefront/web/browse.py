"""Home, the list of products, a product, the producers. All are rendered copies: nothing personal on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import Blueprint, current_app, redirect, render_template, request
from flask_babel import gettext, ngettext
from markupsafe import Markup
from werkzeug.wrappers import Response

from accounts.models import LegalForm, Organisation
from accounts.web.guard import public
from catalog import labels
from kernel import amounts, clock, media, pages, text
from kernel.administrative_units import in_english
from ocop import queries as certificates
from stock import queries as stock
from storefront import after_queries, browsing, queries
from storefront.browsing import Found, Wanted
from storefront.offers import Offer
from storefront.offers import offers as offers_of
from storefront.queries import Shelf, ShelfRow, Taxonomy
from storefront.searching import Marks
from storefront.web.words import dong, language, much, said

blueprint = Blueprint("shop", __name__)
K = TypeVar("K")

ON_HOME = 8
NO_MARKS = Marks()
MOST_LETTERS_OF_A_SEARCH = 80


@dataclass(frozen=True)
class Card:
    """A product as the card macro draws it."""

    url: str
    name: str
    net_content: str | None
    image: Any
    image_alt: str
    price_vnd: int | None
    price_per: str | None  #: what the price is for, where goods are sold by weight: "100 g"
    unit_note: str | None
    stars: int | None
    producer: str
    commune: str
    in_stock: bool | None
    is_sample: bool
    why: str | None = None  #: what was found in it, where neither its name nor its origin shows it
    holds: str = ""  #: what is in it, if it is a set
    symbol: str = "basket"


@blueprint.get("/")
@public
def home() -> str:
    """Show the front window: what the programme is, industries, the newest and the most starred products."""
    pages.depends_on(pages.SHOP, pages.TEXTS)
    day = clock.business_date(clock.now())
    shelf = queries.shelf(day)
    rows = shelf.rows
    starred = browsing.find(shelf, Wanted()).rows[:ON_HOME]
    names = queries.taxonomy(shelf)
    counts = Counter(row.industry_code for row in rows)
    return render_template(
        "storefront/browse/home.html",
        cards=cards(starred),
        industries=[
            {"url": f"/san-pham?nganh={row.slug}", "name": said(row, "name"), "count": counts[code], "code": code}
            for code, row in names.industries.items()
        ],
        producers=_producer_cards(queries.producers(day)[:6]),
        total=len(rows),
        starred_total=sum(1 for row in rows if row.stars),
    )


@blueprint.get("/san-pham")
@public
def products() -> str | tuple[str, int]:
    """List what is on show, by filters that are links; each answer has an address of its own."""
    pages.depends_on(pages.SHOP)
    day = clock.business_date(clock.now())
    shelf = queries.shelf(day)
    names = queries.taxonomy(shelf)
    wanted, problems = _wanted(names)
    if wanted.q:
        queries.learn(shelf)
    found = browsing.find(shelf, wanted)
    page = render_template(
        "storefront/browse/products.html",
        wanted=wanted,
        found=found,
        cards=cards(found.rows, found.marks),
        instead_url=_address(replace(wanted, q=found.instead, page=1), names) if found.instead else None,
        problems=problems,
        groups=_facets(found, wanted, names, problems, shelf),
        chips_in_use=_chips(wanted, names, shelf),
        sorts=_sorts(wanted, names),
        url_of=lambda number: _address(wanted, names, page=number),
        clear_url=_address(browsing.without_filters(wanted), names),
        heading=_heading(wanted, names),
        keep=_pairs_without(wanted, names, "q"),
    )
    return (page, 422) if problems else page


@blueprint.get("/san-pham/<slug>")
@public
def product(slug: str) -> str | Response:
    """Show a product: words, photos, prices, batches on sale, who makes it, where it is to be had."""
    pages.depends_on(pages.SHOP)
    day = clock.business_date(clock.now())
    shelf = queries.shelf(day)
    row = shelf.by_slug.get(slug)
    if row is None:
        today = queries.slug_of_today("product", slug)
        if today is None:
            raise queries.NoSuchProduct()
        return redirect(_same_query(f"/san-pham/{today}"), 301)
    pages.depends_on(pages.product(row.product_id), pages.organisation(row.producer_id))
    version, producer, has_reviews = after_queries.product_on_show(row)
    certificate = certificates.in_force([row.product_id], day).get(row.product_id)
    lapsed = None if certificate else certificates.latest([row.product_id], day).get(row.product_id)
    said_of_it = after_queries.ShownReviews()
    if has_reviews:
        said_of_it = after_queries.shown_reviews(row.product_id, size=after_queries.ON_PRODUCT_PAGE)
    theirs = [photo.digest for review in said_of_it.rows for photo in review.photos]
    akin = [other for other in shelf.rows if _is_akin(other, row)][:4]
    pictures = media.pictures([photo.digest for photo in version.photos] + theirs + [other.photo for other in akin])
    offers = queries.items_on_offer(row.version_id, day)
    ordered_here = not row.is_alcohol and row.in_stock is not None
    orderable, holds = _on_the_shelf(offers, clock.now()) if ordered_here else ({}, {})
    return render_template(
        "storefront/browse/product.html",
        row=row,
        version=version,
        producer=producer,
        form=legal_form(producer),
        photos=[(pictures[photo.digest], said(photo, "alt")) for photo in version.photos],
        offers=[(offer, _unit_note(offer.amount_vnd, offer.net_content, offer.unit)) for offer in offers],
        orderable=orderable,
        holds=holds,
        label=_label(version.label_kind, version.label),
        press_rating=said(row, "press"),
        certificate=certificate,
        lapsed=lapsed,
        batches=queries.batches_on_sale(row.product_id, day),
        recalled=queries.recalled_batches(row.product_id),
        holders=queries.sales_points_holding(row.product_id, day),
        unknown_lot=text.nfc(request.args.get("lo-khong-co", ""))[:20],
        others=cards(akin, pictures=pictures),
        structured=_structured(row, version, offers, pictures, said_of_it),
        reviews=said_of_it,
        pictures=pictures,
    )


def _on_the_shelf(items: list[queries.OnOffer], now: datetime) -> tuple[dict[int, int], dict[int, Offer]]:
    """Tell how many of each trade item may be ordered, and what is in those that are sets."""
    singles = [item.item_id for item in items if not item.is_set]
    left = stock.available(singles, clock.business_date(now), now)
    left |= {item.item_id: 0 for item in items if left.get(item.item_id, 0) < item.least}
    whole = offers_of([item.item_id for item in items if item.is_set], now)
    left |= {item_id: offer.available if offer.hindrance is None else 0 for item_id, offer in whole.items()}
    return left, whole


@blueprint.get("/chu-the")
@public
def producers() -> str:
    """List the producers that have something on show."""
    pages.depends_on(pages.SHOP)
    day = clock.business_date(clock.now())
    return render_template("storefront/browse/producers.html", producers=_producer_cards(queries.producers(day)))


@blueprint.get("/chu-the/<slug>")
@public
def producer(slug: str) -> str | Response:
    """Show a producer: who they are, where, and what they make."""
    pages.depends_on(pages.SHOP)
    day = clock.business_date(clock.now())
    try:
        found = queries.producer_of_slug(slug)
    except queries.NoSuchProducer:
        today = queries.slug_of_today("producer", slug)
        if today is None:
            raise
        return redirect(_same_query(f"/chu-the/{today}"), 301)
    pages.depends_on(pages.organisation(found.id))
    picture = media.pictures([found.picture])[found.picture] if found.picture else None
    return render_template(
        "storefront/browse/producer.html",
        producer=found,
        picture_of=picture,
        form=legal_form(found),
        cards=cards([row for row in queries.shelf(day).rows if row.producer_id == found.id]),
    )


def cards(rows: Iterable[ShelfRow], marks: Marks = NO_MARKS, pictures: Mapping[str, Any] | None = None) -> list[Card]:
    """Draw rows of the shelf as cards, with their first photos, and mark what was searched for.

    :param pictures: those of the photos; read (one statement) if not given
    """
    rows = list(rows)
    pictures = media.pictures([row.photo for row in rows]) if pictures is None else pictures
    made = []
    for row in rows:
        made.append(
            Card(
                url=f"/san-pham/{row.slug}",
                name=marked(said(row, "name"), marks),
                net_content=said(row, "item") if row.item_vi else None,
                image=pictures.get(row.photo or ""),
                image_alt=said(row, "alt") if row.photo else "",
                price_vnd=row.price_vnd,
                price_per=much(row, 1) if row.step_g else None,
                unit_note=_unit_note(row.price_vnd, row.net_content, row.unit),
                stars=row.stars,
                producer=marked(said(row, "producer"), marks),
                commune=marked(f"{row.commune_kind} {row.commune_vi}" if language() == "vi" else row.commune_vi, marks),
                in_stock=row.in_stock,
                is_sample=row.is_sample,
                why=_why(row, marks),
                holds=said(row, "holds"),
            )
        )
    return made


def marked(shown: str, marks: Marks) -> str:
    """Mark in a text what was searched for. All of it is escaped."""
    if marks == NO_MARKS:
        return shown
    mark = Markup("<mark>{}</mark>")
    return Markup("").join(mark.format(part) if is_marked else part for part, is_marked in marks.parts(shown))


def _why(row: ShelfRow, marks: Marks) -> str | None:
    """Show where a product has the words, if its card does not: in its other name, its summary, its brand."""
    shown = (said(row, "name"), said(row, "producer"), row.commune_vi)
    if marks == NO_MARKS or any(marks.is_in(one) for one in shown):
        return None
    summaries, names = (row.summary_vi, row.summary_en), (row.name_vi, row.name_en, row.producer_vi, row.producer_en)
    hidden = (said(row, "summary"), *names, *summaries, row.brand, row.village)
    for one in hidden:
        if marks.is_in(one):
            return marked(marks.excerpt(one), marks)
    return None


def legal_form(organisation: Organisation) -> str:
    """Say what kind of producer it is."""
    return str(
        {
            LegalForm.ENTERPRISE: gettext("Enterprise"),
            LegalForm.COOPERATIVE: gettext("Cooperative"),
            LegalForm.COOPERATIVE_GROUP: gettext("Cooperative group"),
            LegalForm.HOUSEHOLD: gettext("Household business"),
            LegalForm.PUBLIC_BODY: gettext("Public body"),
        }[organisation.legal_form]
    )


def _producer_cards(producers: list[tuple[Organisation, int]]) -> list[dict[str, Any]]:
    pictures = media.pictures([row.picture for row, _ in producers if row.picture])
    return [
        {
            "url": f"/chu-the/{row.slug}",
            "name": said(row, "name"),
            "kind": legal_form(row),
            "commune": row.commune.full_name,
            "product_count": count,
            "image": pictures.get(row.picture) if row.picture else None,
            "is_sample": row.is_sample,
        }
        for row, count in producers
    ]


def _unit_note(price_vnd: int | None, net_content: int | None, unit: Any) -> str | None:
    """Say the price per kilogram or litre, half up to the đồng, where the pack holds another amount."""
    name = getattr(unit, "value", unit)
    if price_vnd is None or not net_content or name not in ("g", "ml") or net_content == 1000:
        return None
    return f"{dong(amounts.per_kg(price_vnd, net_content))}/{'kg' if name == 'g' else 'l'}"


def _label(kind: str, values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Pair the static fields of a label with what was entered, in the order of the law's annex."""
    lines = []
    for field in labels.fields_for(kind):
        value = values.get(field.key)
        words = said(value, "") if isinstance(value, dict) else str(value or "")
        if words:
            lines.append((said(field, "name"), words))
    return lines


def _is_akin(other: ShelfRow, row: ShelfRow) -> bool:
    same = other.group_code == row.group_code or other.producer_id == row.producer_id
    return same and other.product_id != row.product_id


def _structured(
    row: ShelfRow, version: Any, offers: list[Any], pictures: Mapping[str, Any], reviews: after_queries.ShownReviews
) -> dict[str, Any]:
    """Describe the product to search engines (schema.org Product)."""
    base = current_app.config["OCOP"].base_url
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": said(version, "name"),
        "description": said(version, "summary"),
        "url": f"{base}/san-pham/{row.slug}",
        "brand": {"@type": "Brand", "name": version.brand or row.producer_vi},
        "image": [base + pictures[photo.digest].src for photo in version.photos if photo.digest in pictures],
    }
    if reviews.count:
        data["aggregateRating"] = {
            "@type": "AggregateRating",
            "ratingValue": reviews.average / 10,
            "bestRating": 5,
            "worstRating": 1,
            "reviewCount": reviews.count,
        }
    gtins = [offer.gtin for offer in offers if offer.gtin]
    if gtins:
        data["gtin14"] = gtins[0]
    priced = [offer for offer in offers if offer.amount_vnd is not None]
    if priced and not row.is_alcohol:
        data["offers"] = [
            {
                "@type": "Offer",
                "priceCurrency": "VND",
                "price": offer.amount_vnd,
                "availability": "https://schema.org/" + ("InStock" if row.in_stock else "OutOfStock"),
            }
            for offer in priced
        ]
    return data


# The address of a list: read, changed, written.


def _wanted(names: Taxonomy) -> tuple[Wanted, dict[str, str]]:
    args = request.args
    industry = {row.slug: code for code, row in names.industries.items()}
    group = {row.slug: code for code, row in names.groups.items()}
    problems: dict[str, str] = {}  #: field → sentence

    def amount(name: str) -> int | None:
        typed = args.get(name, "").strip().replace(".", "").replace(",", "").replace(" ", "")
        if not typed:
            return None
        if not typed.isascii() or not typed.isdigit() or len(typed) > 10:
            problems[name] = gettext("A price is a whole number of đồng, for instance 50.000.")
            return None
        return int(typed)

    low, high = amount("gia-tu"), amount("gia-den")
    if low is not None and high is not None and low > high:
        problems["gia-den"] = gettext("The lowest price is above the highest. Nothing can be both.")
    number = args.get("trang", "1")
    return (
        Wanted(
            q=text.nfc(args.get("q", ""))[:MOST_LETTERS_OF_A_SEARCH].strip(),
            industries=frozenset(industry[slug] for slug in args.getlist("nganh") if slug in industry),
            groups=frozenset(group[slug] for slug in args.getlist("nhom") if slug in group),
            stars=frozenset(int(stars) for stars in args.getlist("sao") if stars in ("3", "4", "5")),
            communes=frozenset(code for code in args.getlist("xa") if code.isascii() and code.isdigit()),
            producers=frozenset(args.getlist("chu-the")),
            price_from=low,
            price_to=high,
            led=frozenset(args.getlist("lam-chu")) & browsing.LED.keys(),
            in_stock=args.get("con-hang") == "1",
            gift=args.get("qua-tang") == "1",
            sort=args.get("sap-xep", "") if args.get("sap-xep") in browsing.SORTS else "phu-hop",
            page=int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 1,
        ),
        problems,
    )


def _pairs(wanted: Wanted, names: Taxonomy, page: int = 1) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    if wanted.q:
        pairs.append(("q", wanted.q))
    pairs += [("nganh", row.slug) for code, row in names.industries.items() if code in wanted.industries]
    pairs += [("nhom", row.slug) for code, row in names.groups.items() if code in wanted.groups]
    pairs += [("sao", str(stars)) for stars in sorted(wanted.stars)]
    pairs += [("xa", code) for code in sorted(wanted.communes)]
    pairs += [("chu-the", slug) for slug in sorted(wanted.producers)]
    pairs += [("lam-chu", key) for key in browsing.LED if key in wanted.led]
    if wanted.price_from is not None:
        pairs.append(("gia-tu", str(wanted.price_from)))
    if wanted.price_to is not None:
        pairs.append(("gia-den", str(wanted.price_to)))
    if wanted.in_stock:
        pairs.append(("con-hang", "1"))
    if wanted.gift:
        pairs.append(("qua-tang", "1"))
    if wanted.sort != "phu-hop":
        pairs.append(("sap-xep", wanted.sort))
    if page > 1:
        pairs.append(("trang", str(page)))
    return pairs


def _address(wanted: Wanted, names: Taxonomy, page: int = 1) -> str:
    pairs = _pairs(wanted, names, page)
    return "/san-pham" + ("?" + urlencode(pairs) if pairs else "")


def _pairs_without(wanted: Wanted, taxonomy: Taxonomy, *names: str) -> dict[str, str]:
    return {name: value for name, value in _pairs(wanted, taxonomy) if name not in names}


def _with(wanted: Wanted, field: str, chosen: frozenset[Any]) -> Wanted:
    changes: dict[str, Any] = {"page": 1, field: chosen}
    return replace(wanted, **changes)


def _toggled(chosen: frozenset[K], value: K) -> frozenset[K]:
    return chosen - {value} if value in chosen else chosen | {value}


def _facets(
    found: Found, wanted: Wanted, names: Taxonomy, problems: Mapping[str, str], shelf: Shelf
) -> list[dict[str, Any]]:

    def option(label: str, count: int, chosen: bool, change: Wanted) -> dict[str, Any]:
        return {"label": label, "count": count, "url": _address(change, names), "chosen": chosen}

    def options(field: str, counts: Mapping[Any, int], label: Mapping[Any, str]) -> list[dict[str, Any]]:
        chosen: frozenset[Any] = getattr(wanted, field)
        return [
            option(
                label[code],
                counts.get(code, 0),
                code in chosen,
                _with(wanted, field, _toggled(chosen, code)),
            )
            for code in label
            if counts.get(code, 0) or code in chosen
        ]

    industry_names = {code: said(row, "name") for code, row in names.industries.items()}
    group_names = {code: said(row, "name") for code, row in names.groups.items()}
    commune_names = {code: _commune(row) for code, row in shelf.communes.items()}
    maker_names = {slug: said(row, "producer") for slug, row in shelf.producers.items()}
    star_names = {5: gettext("5 stars"), 4: gettext("4 stars"), 3: gettext("3 stars")}
    groups = [
        {"label": gettext("OCOP stars"), "options": options("stars", found.stars, star_names)},
        {"label": gettext("Industry"), "options": options("industries", found.industries, industry_names)},
        _folded(gettext("Group"), options("groups", found.groups, group_names)),
        _folded(gettext("Commune"), options("communes", found.communes, commune_names)),
        _folded(gettext("Producer"), options("producers", found.producers, maker_names)),
        {
            "label": gettext("Price"),
            "range": {
                "action": "/san-pham",
                "from_name": "gia-tu",
                "from_value": request.args.get("gia-tu", ""),
                "to_name": "gia-den",
                "to_value": request.args.get("gia-den", ""),
                "from_error": problems.get("gia-tu"),
                "to_error": problems.get("gia-den"),
                "unit": "₫",
                "keep": _pairs_without(wanted, names, "gia-tu", "gia-den"),
            },
        },
        {
            "label": gettext("Availability"),
            "options": [
                option(
                    gettext("In stock"),
                    found.in_stock,
                    wanted.in_stock,
                    replace(wanted, page=1, in_stock=not wanted.in_stock),
                )
            ],
        },
        {
            "label": gettext("To give"),
            "options": [
                option(
                    gettext("Packed as a gift"),
                    found.gift,
                    wanted.gift,
                    replace(wanted, page=1, gift=not wanted.gift),
                )
            ]
            if found.gift or wanted.gift
            else [],
        },
        {"label": gettext("Producers led by"), "options": options("led", found.led, _led_names())},
    ]
    return [group for group in groups if "range" in group or group.get("options") or group.get("more")]


def _commune(row: ShelfRow) -> str:
    full_name = f"{row.commune_kind} {row.commune_vi}"
    return full_name if language() == "vi" else in_english(full_name)


def _led_names() -> dict[str, str]:
    return {
        "phu-nu": gettext("Women"),
        "dan-toc-thieu-so": gettext("Ethnic minorities"),
        "thanh-nien": gettext("Young people"),
    }


def _folded(label: str, options: list[dict[str, Any]], shown: int = 6) -> dict[str, Any]:
    first = [option for option in options if option["chosen"]]
    rest = [option for option in options if not option["chosen"]]
    room = max(0, shown - len(first))
    return {"label": label, "options": first + rest[:room], "more": rest[room:]}


def _chips(wanted: Wanted, names: Taxonomy, shelf: Shelf) -> list[dict[str, str]]:
    communes = {code: _commune(row) for code, row in shelf.communes.items()}
    makers = shelf.producers
    found: list[tuple[str, Wanted]] = []
    if wanted.q:
        found.append((f"“{wanted.q}”", replace(wanted, q="")))
    for code in sorted(wanted.industries):
        found.append((said(names.industries[code], "name"), replace(wanted, industries=wanted.industries - {code})))
    for code in sorted(wanted.groups):
        found.append((said(names.groups[code], "name"), replace(wanted, groups=wanted.groups - {code})))
    for stars in sorted(wanted.stars):
        label = ngettext("%(num)s star", "%(num)s stars", stars)
        found.append((label, replace(wanted, stars=wanted.stars - {stars})))
    for code in sorted(wanted.communes):
        found.append((communes.get(code, code), replace(wanted, communes=wanted.communes - {code})))
    for slug in sorted(wanted.producers):
        name = said(makers[slug], "producer") if slug in makers else slug
        found.append((name, replace(wanted, producers=wanted.producers - {slug})))
    if wanted.price_from is not None:
        label = gettext("from %(price)s", price=dong(wanted.price_from))
        found.append((label, replace(wanted, price_from=None)))
    if wanted.price_to is not None:
        label = gettext("up to %(price)s", price=dong(wanted.price_to))
        found.append((label, replace(wanted, price_to=None)))
    for key in sorted(wanted.led):
        label = gettext("led by: %(whom)s", whom=_led_names()[key])
        found.append((label, replace(wanted, led=wanted.led - {key})))
    if wanted.in_stock:
        found.append((gettext("In stock"), replace(wanted, in_stock=False)))
    if wanted.gift:
        found.append((gettext("Packed as a gift"), replace(wanted, gift=False)))
    return [{"label": label, "url": _address(replace(left, page=1), names)} for label, left in found]


def _sorts(wanted: Wanted, names: Taxonomy) -> list[dict[str, Any]]:
    labels_of = {
        "phu-hop": gettext("Best match"),
        "sao": gettext("Most stars"),
        "moi": gettext("Newest"),
        "gia-tang": gettext("Price, low to high"),
        "gia-giam": gettext("Price, high to low"),
        "ten": gettext("Name"),
    }
    return [
        {"label": label, "url": _address(replace(wanted, sort=sort, page=1), names), "chosen": wanted.sort == sort}
        for sort, label in labels_of.items()
    ]


def _heading(wanted: Wanted, names: Taxonomy) -> str:
    if wanted.q:
        return str(gettext("Results for “%(words)s”", words=wanted.q))
    if len(wanted.groups) == 1:
        return said(names.groups[next(iter(wanted.groups))], "name")
    if len(wanted.industries) == 1:
        return said(names.industries[next(iter(wanted.industries))], "name")
    return str(gettext("Products"))


def _same_query(path: str) -> str:
    query = request.query_string.decode("latin-1")
    return path + ("?" + query if query else "")
