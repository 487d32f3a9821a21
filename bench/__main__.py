"""Measure the public pages against an empty view, on both engines: ``make bench``.

Writes ``var/bench.json`` and prints a table. Every figure is a ratio of medians measured alternately in one
run; CPU milliseconds a request are beside them, which a busy machine does not blur.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from statistics import median
from urllib.error import URLError
from urllib.request import urlopen

from bench import beside_oscar, buying, capture, engines, genealogy, labels, recall, search
from bench.keeping import PATH, keep
from bench.load import Rate, measure
from tests.live import BIN, ROOT, LiveShop

ROUNDS = 3
#: The same page, warm, opened by a person's browser: each opening is written into the spool.
COUNTED = "batch page, counted"
PHONE = "Mozilla/5.0 (Linux; Android 15; SM-A156E) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36"


def main() -> None:
    """Measure, print, write."""
    results: dict[str, object] = {}
    rows: list[tuple[str, str, Rate, float]] = []
    for engine, url, folder in engines.each():
        rows += _engine(engine, LiveShop(folder, url, workers=2), results)
    for page in ("list", "batch_page"):
        results[f"{page}_warm_vs_limit"] = min(
            float(str(results[f"{engine}_{page}_warm_vs_limit"])) for engine in ("sqlite", "postgresql")
        )
    keep(results)
    print(f"\n{'engine':<12}{'page':<24}{'requests/s':>12}{'CPU ms':>10}{'of empty view':>16}")
    for engine, page, rate, ratio in rows:
        print(f"{engine:<12}{page:<24}{rate.per_second:>12,.0f}{rate.cpu_ms:>10.3f}{ratio:>16.2f}")
    for part in (recall, capture, labels, genealogy, search, buying, beside_oscar):
        print()
        part.main()
    print(f"\nwritten to {PATH.relative_to(ROOT)}")


def _engine(engine: str, shop: LiveShop, results: dict[str, object]) -> list[tuple[str, str, Rate, float]]:
    shop.prepare()
    shop.start()
    hello, hello_url = _start_hello()
    try:
        batch = _a_batch(shop)
        pages = {
            "empty view": (hello_url, hello.pid, False),
            "list, warm": (f"{shop.url}/san-pham", shop.pid, False),
            "list, cold": (f"{shop.url}/san-pham", shop.pid, True),
            "batch page, warm": (batch, shop.pid, False),
            "batch page, cold": (batch, shop.pid, True),
            COUNTED: (batch, shop.pid, False),
        }
        found: dict[str, list[Rate]] = {name: [] for name in pages}
        for name, (url, pid, unique) in pages.items():
            measure(url, pid, seconds=1, unique=unique, agent=PHONE if name == COUNTED else "")  # warm up
            found[name] = []
        for _ in range(ROUNDS):
            for name, (url, pid, unique) in pages.items():
                found[name].append(measure(url, pid, unique=unique, agent=PHONE if name == COUNTED else ""))
    finally:
        hello.terminate()
        hello.wait()
        shop.stop()
    limit = median(rate.per_second for rate in found["empty view"])
    rows = []
    for name, rates in found.items():
        rate = Rate(median(r.per_second for r in rates), median(r.cpu_ms for r in rates))
        key = f"{engine}_{name.replace(', ', '_').replace(' ', '_')}"
        results[f"{key}_per_second"] = round(rate.per_second, 1)
        results[f"{key}_cpu_ms"] = round(rate.cpu_ms, 4)
        results[f"{key}_vs_limit"] = round(rate.per_second / limit, 3)
        rows.append((engine, name, rate, rate.per_second / limit))
    counted, left_out = (median(rate.per_second for rate in found[name]) for name in (COUNTED, "batch page, warm"))
    results[f"{engine}_batch_page_counted_vs_not"] = round(counted / left_out, 3)
    return rows


def _start_hello() -> tuple[subprocess.Popen[bytes], str]:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [
            str(BIN / "granian"), "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "2",
            "--blocking-threads", "2", "--no-ws", "--log-level", "warning", "bench.hello:app",
        ],
        cwd=ROOT,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}/"
    for _ in range(100):
        try:
            with urlopen(url, timeout=1):
                return process, url
        except (URLError, OSError):
            time.sleep(0.1)
    sys.exit("the empty view did not start")


def _a_batch(shop: LiveShop) -> str:
    """Find a batch page as a visitor would: by a product in stock."""
    with urlopen(f"{shop.url}/san-pham?sao=4&con-hang=1") as answer:
        product = re.search(r'href="(/san-pham/[a-z0-9-]+)"', answer.read().decode())
    assert product, "the data set has no product with four stars in stock"
    with urlopen(shop.url + product[1]) as answer:
        batch = re.search(r'href="(/lo/[a-z0-9]+/[0-9A-Za-z]+)"', answer.read().decode())
    assert batch, "the product has no batch on sale"
    return shop.url + batch[1]


if __name__ == "__main__":
    main()
