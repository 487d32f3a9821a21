"""How many orders a second the shop takes from sixteen guests at once: ``python -m bench.buying``.

Each guest goes the whole way, over HTTP, from the page of a product to the page of the order; two products of two
producers, so that half of the buyers want the same stock. Beside it the openings of a page that no copy answers, in
the same run, so that a slow machine is told from a slow checkout; and CPU time an order, which a busy machine does not
blur. Afterwards goods and money are proved. Part of ``make bench``.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import func, select

from bench import engines, guests
from bench.keeping import keep
from bench.load import cpu_seconds, measure
from catalog.models import Product
from kernel import clock
from kernel.db import db, transaction
from storefront import agreement
from storefront.order_models import Order, ShippingRate
from tests.buying import open_shop
from tests.factories import Factories
from tests.live import LiveShop

BUYERS, EACH = 16, 8


def main() -> None:
    """Measure, print, keep."""
    results: dict[str, float] = {}
    for engine, url, folder in engines.each():
        found = _measure(url, folder)
        results |= {f"{engine}_{name}": round(value, 4) for name, value in found.items()}
    keep(results)
    for name, value in results.items():
        print(f"{name:<48}{value:>12,.2f}")


def _measure(url: str, folder: Path) -> dict[str, float]:
    app = engines.application(url, folder)
    now = clock.now()
    made = open_shop(Factories(app, now), app, now, times=BUYERS * EACH)
    with app.app_context():
        with transaction() as session:
            session.add_all(
                ShippingRate(
                    organisation_id=producer.id, zone="country", base_g=5_000, base_vnd=30_000, step_g=1_000,
                    step_vnd=5_000, days_from=1, days_to=3, set_at=now,
                )
                for producer in (made.first, made.second)
            )  # fmt: skip
        products = [f"/san-pham/{slug}" for slug in db.session.scalars(select(Product.slug).order_by(Product.id))]
    shop = LiveShop(folder, url, workers=2)
    shop.start()
    try:
        for product in products:
            guests.buy(shop.url, product)  # warm up
        page = measure(shop.url + products[0], shop.pid, seconds=3, unique=True)
        cpu, began = cpu_seconds(shop.pid), time.perf_counter()
        with ThreadPoolExecutor(BUYERS) as pool:
            bought = list(pool.map(lambda n: guests.buy(shop.url, products[n % 2]), range(BUYERS * EACH)))
        spent, cpu = time.perf_counter() - began, cpu_seconds(shop.pid) - cpu
    finally:
        shop.stop()
    with app.app_context():
        orders = db.session.scalar(select(func.count(Order.id)))
        assert (len(set(bought)), orders) == (BUYERS * EACH, BUYERS * EACH + len(products))
        assert agreement.verify() == []
    engines.close(app)
    return {
        "orders_per_second": len(bought) / spent,
        "order_cpu_ms": cpu * 1000 / len(bought),
        "order_vs_cold_product_page_cpu": cpu * 1000 / len(bought) / page.cpu_ms,
    }


if __name__ == "__main__":
    main()
