"""How long a search among 10,000 products takes that nobody made before: ``python -m bench.search``.

Each query is asked once, of the whole application, so no rendered copy answers: words, filters, counts, order and the
page. Beside it the page of one product of the same shop, so that a slow machine is told from a slow search; the
search alone; the folded column by ``LIKE``; what a change of the shelf costs the next reader. Part of ``make bench``.

Times are of the clock (``_ms``) and of this process's processor (``_cpu_ms``), which a busy machine does not blur.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import select, text

from bench import catalogue, engines
from bench.keeping import keep
from catalog.models import Product, ProductVersion
from kernel import clock, pages
from kernel.db import db, transaction
from kernel.text import fold, tokens
from storefront import browsing, queries
from storefront.browsing import Wanted

PRODUCTS, ASKED = 10_000, 300


def asked(chance: random.Random) -> list[str]:
    """Think of queries as people type them: with marks and without, half words, a letter exchanged, one syllable."""
    queries_of: list[str] = []
    while len(queries_of) < ASKED:
        kind, manner = chance.choice(catalogue.KINDS), chance.choice(catalogue.MANNERS)
        words = chance.choice((kind, f"{kind} {manner}", f"{kind} {chance.choice(catalogue.PLACES)}", kind[:2], "ba"))
        words = fold(words) if chance.random() < 0.5 else words
        if chance.random() < 0.2 and len(words) > 5:
            at = chance.randrange(1, len(words) - 1)
            words = words[:at] + words[at + 1] + words[at] + words[at + 2 :]
        queries_of.append(f"{words} {chance.choice(('', '', '', str(chance.randrange(9))))}".strip())
    return queries_of


def measure(url: str, folder: Path) -> dict[str, float]:
    """Fill a database and time what is asked of it, in milliseconds."""
    app = engines.application(url, folder)
    catalogue.fill(app, products=PRODUCTS, now=clock.now())
    with app.app_context():
        if db.engine.dialect.name == "postgresql":
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("ANALYZE"))
    chance = random.Random(2)
    several = asked(chance)
    found = {**_pages(app, several), **_parts(app, several)}
    engines.close(app)
    return found


def _pages(app: Flask, several: Sequence[str]) -> dict[str, float]:
    client = app.test_client()
    client.get("/san-pham?q=mo+dau")
    searches, products = [], []
    for number, query in enumerate(several):
        searches.append(_spent(client.get, "/san-pham?" + urlencode({"q": query, "lan": number})))
        products.append(_spent(client.get, f"/san-pham/hang-{number + 1}"))
    after = []
    for number in range(9):
        with app.app_context(), transaction():
            pages.bump(pages.SHOP)
        after.append(_spent(client.get, f"/san-pham?q=ruou+sim&lan=sau-{number}"))
    return {
        **_summary("page", searches),
        "page_vs_product_page": median(cpu for _, cpu in searches) / median(cpu for _, cpu in products),
        "page_after_a_change_cpu_ms": median(cpu for _, cpu in after),
    }


def _parts(app: Flask, several: Sequence[str]) -> dict[str, float]:
    with app.app_context():
        day = clock.business_date(clock.now())
        queries.forget_shelf()
        reading = _spent(queries.shelf, day)
        shelf = queries.shelf(day)
        queries.learn(shelf)
        indexing = _spent(lambda: shelf.index)
        in_memory = [_spent(browsing.find, shelf, Wanted(q=query)) for query in several]
        by_like = [_spent(_like, query) for query in several]
    return {
        **_summary("alone", in_memory),
        **_summary("like", by_like),
        "vs_like": median(clock for clock, _ in by_like) / median(clock for clock, _ in in_memory),
        "shelf_cpu_ms": reading[1],
        "index_cpu_ms": indexing[1],
    }


def _like(query: str) -> None:
    """The same hits by the folded column: no order, no counts, no typo."""
    conditions = [ProductVersion.search.like(f"% {word}%") for word in tokens(query)]
    db.session.execute(
        select(Product.id).join(ProductVersion, ProductVersion.id == Product.published_version_id).where(*conditions)
    ).all()


def _spent(act: Callable[..., object], *arguments: object) -> tuple[float, float]:
    begun, worked = time.perf_counter(), time.process_time()
    act(*arguments)
    return (time.perf_counter() - begun) * 1000, (time.process_time() - worked) * 1000


def _summary(name: str, times: Sequence[tuple[float, float]]) -> dict[str, float]:
    summary = {}
    for unit, several in zip(("ms", "cpu_ms"), zip(*times, strict=True), strict=True):
        summary[f"{name}_p50_{unit}"] = median(several)
        summary[f"{name}_p95_{unit}"] = quantiles(several, n=20)[-1]
    return summary


def main() -> None:
    """Measure on both engines, print, and add the figures to ``var/bench.json``."""
    results: dict[str, object] = {}
    for engine, url, folder in engines.each():
        for name, value in measure(url, folder).items():
            results[f"{engine}_search_{PRODUCTS}_{name}"] = round(value, 3)
            print(f"{engine:<12}search, {name:<28}{value:>10.2f}")
    for name in ("page_p95_ms", "page_p95_cpu_ms", "alone_p95_ms", "alone_p95_cpu_ms"):
        results[f"search_{PRODUCTS}_{name}"] = max(
            float(str(results[f"{engine}_search_{PRODUCTS}_{name}"])) for engine in ("sqlite", "postgresql")
        )
    keep(results)


if __name__ == "__main__":
    main()
