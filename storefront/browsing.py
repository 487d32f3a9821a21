"""Finding things on the shelf: filters, counts, order, pages. Pure: rows in, rows out.

Order by default: in stock first, then stars, then the newest. It is published on ``/chinh-sach/xep-hang``
(Law 122/2025/QH15 and NĐ 248/2026/NĐ-CP ask that the rule be public); no one can pay for a better place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from kernel import text
from storefront.queries import ShelfRow

PER_PAGE = 24
SORTS = ("phu-hop", "moi", "gia-tang", "gia-giam", "sao", "ten")


@dataclass(frozen=True)
class Wanted:
    """What a visitor asked for. Sets hold codes; an empty set asks for everything."""

    q: str = ""
    industries: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    stars: frozenset[int] = frozenset()
    communes: frozenset[str] = frozenset()
    producers: frozenset[str] = frozenset()  #: slugs
    price_from: int | None = None
    price_to: int | None = None
    in_stock: bool = False
    sort: str = "phu-hop"
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
    in_stock: int


Test = Callable[[ShelfRow], bool]


def find(shelf: Iterable[ShelfRow], wanted: Wanted) -> Found:
    """Find what a visitor wants.

    A facet's counts are taken under all filters but its own, so that a choice shows what adding it brings.
    """
    tests = _tests(wanted)
    named = [row for row in shelf if tests["q"](row) and tests["price"](row)]
    rest = {name: test for name, test in tests.items() if name not in ("q", "price")}

    def under_others(name: str) -> list[ShelfRow]:
        others = [test for other, test in rest.items() if other != name]
        return [row for row in named if all(test(row) for test in others)]

    rows = [row for row in named if all(test(row) for test in rest.values())]
    last = max(1, -(-len(rows) // PER_PAGE))
    page = min(max(1, wanted.page), last)
    ordered = _ordered(rows, wanted)
    return Found(
        rows=ordered[(page - 1) * PER_PAGE : page * PER_PAGE],
        total=len(rows),
        page=page,
        pages=last,
        industries=Counter(row.industry_code for row in under_others("industries")),
        groups=Counter(row.group_code for row in under_others("groups")),
        stars=Counter(row.stars for row in under_others("stars") if row.stars),
        communes=Counter(row.commune_code for row in under_others("communes")),
        producers=Counter(row.producer_slug for row in under_others("producers")),
        in_stock=sum(1 for row in under_others("in_stock") if row.in_stock),
    )


def _tests(wanted: Wanted) -> dict[str, Test]:
    words = [" " + word for word in text.tokens(wanted.q)]
    low, high = wanted.price_from, wanted.price_to
    return {
        "q": lambda row: all(word in row.search for word in words),
        "price": lambda row: (
            (low is None and high is None)
            or (
                row.price_vnd is not None
                and (low is None or row.price_vnd >= low)
                and (high is None or row.price_vnd <= high)
            )
        ),
        "industries": lambda row: not wanted.industries or row.industry_code in wanted.industries,
        "groups": lambda row: not wanted.groups or row.group_code in wanted.groups,
        "stars": lambda row: not wanted.stars or row.stars in wanted.stars,
        "communes": lambda row: not wanted.communes or row.commune_code in wanted.communes,
        "producers": lambda row: not wanted.producers or row.producer_slug in wanted.producers,
        "in_stock": lambda row: not wanted.in_stock or bool(row.in_stock),
    }


def _ordered(rows: list[ShelfRow], wanted: Wanted) -> list[ShelfRow]:
    def newest(row: ShelfRow) -> float:
        return -row.first_published_at.timestamp() if row.first_published_at else 0.0

    folded = text.fold(wanted.q).strip()
    exact = text.nfc(wanted.q).casefold().strip()

    def relevance(row: ShelfRow) -> tuple[object, ...]:
        name, plain = row.name_vi.casefold(), text.fold(row.name_vi)
        match = 0
        if exact:
            match = -(4 * (exact in name) + 2 * plain.startswith(folded) + (folded in plain))
        return (match, row.in_stock is False, -(row.stars or 0), newest(row), row.sort_key, row.product_id)

    keys: dict[str, Callable[[ShelfRow], tuple[object, ...]]] = {
        "phu-hop": relevance,
        "moi": lambda row: (newest(row), row.sort_key, row.product_id),
        "gia-tang": lambda row: (row.price_vnd is None, row.price_vnd or 0, row.sort_key, row.product_id),
        "gia-giam": lambda row: (row.price_vnd is None, -(row.price_vnd or 0), row.sort_key, row.product_id),
        "sao": lambda row: (-(row.stars or 0), row.in_stock is False, row.sort_key, row.product_id),
        "ten": lambda row: (row.sort_key, row.product_id),
    }
    return sorted(rows, key=keys.get(wanted.sort, relevance))


def without_filters(wanted: Wanted) -> Wanted:
    """Give what is left when all filters are cleared: the words and the order."""
    return replace(Wanted(), q=wanted.q, sort=wanted.sort)
