"""Finding things on the shelf: words, filters, counts, order, pages. Pure: rows in, rows out.

Order by default: in stock first, then stars, then the newest; of words searched for, what fits them best comes
before that (``storefront.searching``). It is published on ``/chinh-sach/xep-hang`` (Law 122/2025/QH15 and
NĐ 248/2026/NĐ-CP ask that the rule be public); no one can pay for a better place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from storefront.queries import Shelf, ShelfRow
from storefront.searching import Hits, Marks

PER_PAGE = 24
BEST = "phu-hop"
SORTS = (BEST, "moi", "gia-tang", "gia-giam", "sao", "ten")
#: By whom producers are led: what the address says → the row's field.
LED = {"phu-nu": "is_woman_led", "dan-toc-thieu-so": "is_minority_led", "thanh-nien": "is_youth_led"}


@dataclass(frozen=True)
class Wanted:
    """What a visitor asked for. Sets hold codes; an empty set asks for everything."""

    q: str = ""
    industries: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    stars: frozenset[int] = frozenset()
    communes: frozenset[str] = frozenset()
    producers: frozenset[str] = frozenset()  #: slugs
    led: frozenset[str] = frozenset()  #: keys of ``LED``
    price_from: int | None = None
    price_to: int | None = None
    in_stock: bool = False
    gift: bool = False
    sort: str = BEST
    page: int = 1


@dataclass(frozen=True)
class Found:
    """A page of what was found, and the counts of each facet under the other filters."""

    rows: list[ShelfRow]
    total: int
    page: int
    pages: int
    industries: Counter[str]
    groups: Counter[str]
    stars: Counter[int]
    communes: Counter[str]
    producers: Counter[str]
    led: Counter[str]
    in_stock: int
    gift: int
    marks: Marks = field(default_factory=Marks)  #: the words searched for, to be marked in what is shown
    instead: str | None = None  #: what the words may have been meant to be
    is_forgiven: bool = False  #: what was found has ``instead`` in it, not the words themselves
    words_total: int = 0  #: how many products the words alone find


Test = Callable[[ShelfRow], bool]


def find(shelf: Shelf, wanted: Wanted) -> Found:
    """Find what a visitor wants.

    A facet's counts are taken under all filters but its own, so that a choice shows what adding it brings.
    """
    hits = shelf.index.search(wanted.q, shelf.thesaurus) if wanted.q else None
    places: Iterable[int] = range(len(shelf.rows)) if hits is None else hits.scores
    fitting, missing = _sifted(shelf, places, wanted)

    ranks = _ranks(shelf, wanted.sort)
    if hits is not None and wanted.sort == BEST:
        fitting.sort(key=ranks.__getitem__)
        fitting.sort(key=hits.scores.__getitem__)  # keeps the order above among equals
    else:
        fitting.sort(key=ranks.__getitem__)
    last = max(1, -(-len(fitting) // PER_PAGE))
    page = min(max(1, wanted.page), last)
    return Found(
        rows=[shelf.rows[place] for place in fitting[(page - 1) * PER_PAGE : page * PER_PAGE]],
        total=len(fitting),
        page=page,
        pages=last,
        **_counts(shelf, fitting, missing),
        marks=hits.marks if hits else Marks(),
        instead=_instead(shelf, wanted, hits),
        is_forgiven=hits is not None and hits.is_forgiven,
        words_total=len(hits.scores) if hits else len(shelf.rows),
    )


def _instead(shelf: Shelf, wanted: Wanted, hits: Hits | None) -> str | None:
    """Say what was meant, as it is spelled in the product that fits best; or what of the words would be found."""
    if hits is None:
        return None
    if not hits.is_forgiven:
        return hits.without or None
    ranks = _ranks(shelf, BEST)
    best = min(hits.scores, key=lambda place: hits.scores[place] * len(ranks) + ranks[place])
    return shelf.index.spelled_in(wanted.q, best)


def _sifted(shelf: Shelf, places: Iterable[int], wanted: Wanted) -> tuple[list[int], dict[str, list[int]]]:
    """Part rows into those that fit every filter, and, per filter, those that miss it alone."""
    rows, tests = shelf.rows, _tests(wanted)
    missing: dict[str, list[int]] = {name: [] for name in tests}
    if not tests:
        return list(places), missing
    fitting: list[int] = []
    for place in places:
        row, missed = rows[place], None
        for name, test in tests.items():
            if not test(row):
                if missed is not None:
                    break
                missed = name
        else:
            (fitting if missed is None else missing[missed]).append(place)
    return fitting, missing


def _tests(wanted: Wanted) -> dict[str, Test]:
    """Give a test for every filter that is set."""
    tests: dict[str, Test] = {}
    low, high = wanted.price_from or 0, wanted.price_to
    if wanted.price_from is not None or high is not None:
        tests["price"] = lambda row: (
            row.price_vnd is not None and row.price_vnd >= low and (high is None or row.price_vnd <= high)
        )
    if wanted.industries:
        tests["industries"] = lambda row: row.industry_code in wanted.industries
    if wanted.groups:
        tests["groups"] = lambda row: row.group_code in wanted.groups
    if wanted.stars:
        tests["stars"] = lambda row: row.stars in wanted.stars
    if wanted.communes:
        tests["communes"] = lambda row: row.commune_code in wanted.communes
    if wanted.producers:
        tests["producers"] = lambda row: row.producer_slug in wanted.producers
    if wanted.led:
        names = [LED[key] for key in sorted(wanted.led)]
        tests["led"] = lambda row: any(getattr(row, name) for name in names)
    if wanted.in_stock:
        tests["in_stock"] = lambda row: bool(row.in_stock)
    if wanted.gift:
        tests["gift"] = lambda row: row.has_gift
    return tests


def _counts(shelf: Shelf, fitting: list[int], missing: dict[str, list[int]]) -> dict[str, Any]:
    def count(name: str, column: str) -> Counter[Any]:
        """Count the values of a column, over what fits all filters but this one."""
        counted = Counter(map(shelf.column(column).__getitem__, fitting))
        counted.update(map(shelf.column(column).__getitem__, missing.get(name, ())))
        return counted

    stars = count("stars", "stars")
    del stars[None]
    return {
        "industries": count("industries", "industry_code"),
        "groups": count("groups", "group_code"),
        "stars": stars,
        "communes": count("communes", "commune_code"),
        "producers": count("producers", "producer_slug"),
        "led": Counter({key: count("led", column)[True] for key, column in LED.items()}),
        "in_stock": count("in_stock", "in_stock")[True],
        "gift": count("gift", "has_gift")[True],
    }


def _ranks(shelf: Shelf, sort: str) -> list[int]:
    """Give the rank of each row in an order; worked out once for a shelf."""
    ranks = shelf.ranks.get(sort)
    if ranks is None:
        key = _KEYS[sort]
        ranks = [0] * len(shelf.rows)
        for rank, place in enumerate(sorted(range(len(ranks)), key=lambda place: key(shelf.rows[place]))):
            ranks[place] = rank
        shelf.ranks[sort] = ranks
    return ranks


def _newest(row: ShelfRow) -> float:
    return -row.first_published_at.timestamp() if row.first_published_at else 0.0


_KEYS: dict[str, Callable[[ShelfRow], tuple[object, ...]]] = {
    BEST: lambda row: (row.in_stock is False, -(row.stars or 0), _newest(row), row.sort_key, row.product_id),
    "moi": lambda row: (_newest(row), row.sort_key, row.product_id),
    "gia-tang": lambda row: (row.price_vnd is None, row.price_vnd or 0, row.sort_key, row.product_id),
    "gia-giam": lambda row: (row.price_vnd is None, -(row.price_vnd or 0), row.sort_key, row.product_id),
    "sao": lambda row: (-(row.stars or 0), row.in_stock is False, row.sort_key, row.product_id),
    "ten": lambda row: (row.sort_key, row.product_id),
}


def without_filters(wanted: Wanted) -> Wanted:
    """Give what is left when all filters are cleared: the words and the order."""
    return replace(Wanted(), q=wanted.q, sort=wanted.sort)
