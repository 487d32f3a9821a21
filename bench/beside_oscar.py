"""Side by side with django-oscar 4.2, on the same machine, in the same run: ``python -m bench.beside_oscar``.

CPU time of the server's processes per request, ours and theirs by turns, on SQLite, on the same production server.
A guest's whole checkout is compared as a whole: from the first product into the basket to the page that says thank
you, however many requests each needs. Oscar is installed from the package index into an environment of its own.
"""

from __future__ import annotations

import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from urllib.error import URLError
from urllib.request import urlopen

from bench import guests
from bench.keeping import keep
from bench.load import cpu_seconds, measure
from tests.live import BIN, ROOT, LiveShop

VERSION = "4.2"
ROUNDS = 3
CHECKOUTS = 12
ENVIRONMENT = ROOT / "var" / "oscar"


class OscarShop:
    """Oscar on a loopback port, stopped by its pid."""

    def __init__(self, folder: Path, products: int) -> None:
        self.python = _environment()
        self.env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "oscar_shop.settings",
            "OSCAR_FOLDER": str(folder),
            "OSCAR_SECRET": secrets.token_hex(32),
            "PYTHONPATH": str(ROOT / "bench"),
        }
        subprocess.run([str(self.python), "-m", "oscar_shop.fill", str(products)], check=True, env=self.env)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [
                str(self.python.parent / "granian"), "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
                "--workers", "2", "--blocking-threads", "2", "--no-ws", "--log-level", "warning",
                "oscar_shop.wsgi:application",
            ],
            env=self.env,
            cwd=ROOT / "bench",
        )  # fmt: skip
        for _ in range(300):
            try:
                with urlopen(f"{self.url}/catalogue/", timeout=20):
                    return
            except (URLError, OSError):
                time.sleep(0.1)
        sys.exit("oscar did not start")

    def stop(self) -> None:
        """Stop it."""
        self.process.terminate()
        self.process.wait()


def main() -> None:
    """Measure, print, write."""
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        ours = LiveShop(Path(first), f"sqlite:///{first}/shop.sqlite3", workers=2)
        ours.prepare()
        ours.start()
        with urlopen(f"{ours.url}/san-pham") as answer:
            count = int(re.findall(r"\d+", re.sub(r"<[^>]+>", " ", answer.read().decode().split("<main")[1]))[0])
        theirs = OscarShop(Path(second), max(count, 24))
        try:
            results = _compare(ours, theirs)
        finally:
            theirs.stop()
            ours.stop()
    keep(results)


def _compare(ours: LiveShop, theirs: OscarShop) -> dict[str, object]:
    product, their_product = _our_product(ours.url), _their_product(theirs.url)
    pages: dict[str, tuple[str, str, bool]] = {
        "list_warm": ("/san-pham", "/catalogue/", False),
        "product_warm": (product, their_product, False),
        "list_cold": ("/san-pham", "/catalogue/", True),
        "search": ("/san-pham?q=mat+ong", "/search/?q=honey", True),
    }
    spent: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in (*pages, "place_order")}
    for _ in range(ROUNDS):
        for name, (mine, other, unique) in pages.items():
            spent[name][0].append(measure(ours.url + mine, ours.pid, seconds=3, unique=unique).cpu_ms)
            spent[name][1].append(measure(theirs.url + other, theirs.process.pid, seconds=3, unique=unique).cpu_ms)
        spent["place_order"][0].append(_cost(ours.pid, lambda: guests.buy(ours.url, product)))
        spent["place_order"][1].append(_cost(theirs.process.pid, lambda: _buy_there(theirs.url, their_product)))
    results: dict[str, object] = {}
    print(f"\n{'beside django-oscar ' + VERSION:<28}{'ours, CPU ms':>14}{'oscar, CPU ms':>16}{'times':>9}")
    for name, (mine_ms, theirs_ms) in spent.items():
        times = median(theirs_ms) / max(median(mine_ms), 1e-6)
        results |= {
            f"{name}_vs_oscar": round(times, 1),
            f"{name}_cpu_ms": round(median(mine_ms), 4),
            f"{name}_oscar_cpu_ms": round(median(theirs_ms), 4),
        }
        print(f"{name.replace('_', ' '):<28}{median(mine_ms):>14.3f}{median(theirs_ms):>16.3f}{times:>9.1f}")
    return results


def _cost(pid: int, act: Callable[[], None]) -> float:
    act()  # warm up
    before = cpu_seconds(pid)
    for _ in range(CHECKOUTS):
        act()
    return (cpu_seconds(pid) - before) * 1000 / CHECKOUTS


def _our_product(url: str) -> str:
    with urlopen(f"{url}/san-pham?con-hang=1") as answer:
        addresses = re.findall(r'href="(/san-pham/[a-z0-9-]+)"', answer.read().decode())
    best = None
    for address in dict.fromkeys(addresses):
        with urlopen(url + address) as answer:
            page = answer.read().decode()
        numbers = re.findall(r'data-label="Còn"[^>]*>(?:hơn )?([\d.]+)<', page)
        left = [int(number.replace(".", "")) for number in numbers]
        if 'action="/gio-hang/them"' in page and (best is None or sum(left) > best[0]):
            best = (sum(left), address)
    assert best, "nothing can be bought"
    return best[1]


def _their_product(url: str) -> str:
    with urlopen(f"{url}/catalogue/") as answer:
        found = re.search(r'href="(/catalogue/product-[^"]+/)"', answer.read().decode())
    assert found, "oscar shows no product"
    return found[1]


def _buy_there(url: str, product: str) -> None:
    guest = guests.Browser(url)
    guest.get(product)
    action = re.search(r'action="(/basket/add/\d+/)"', guest.page)
    assert action
    guest.send(action[1], quantity="1")
    guest.get("/checkout/")
    guest.send("/checkout/", username=f"guest{time.monotonic_ns()}@vidu.example", options="anonymous", password="")
    guest.send(
        "/checkout/shipping-address/",
        first_name="Mua",
        last_name="Mẫu",
        line1="1",
        line4="Hà Nội",
        postcode="100000",
        country="VN",
    )
    guest.get("/checkout/preview/")  # its page of payment is left for each project to write: it takes no money
    guest.send("/checkout/preview/", action="place_order")
    assert "thank-you" in guest.url, guest.url


def _environment() -> Path:
    python = ENVIRONMENT / "bin" / "python"
    wanted = [f"django-oscar[sorl-thumbnail]=={VERSION}", "whoosh==2.7.4", _granian()]
    note = ENVIRONMENT / "installed"
    if not note.exists() or note.read_text().split() != wanted:
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *wanted], check=True)
        note.write_text(" ".join(wanted))
    return python


def _granian() -> str:
    said = subprocess.run([str(BIN / "granian"), "--version"], check=True, capture_output=True, text=True).stdout
    return f"granian=={said.split()[-1]}"


if __name__ == "__main__":
    main()
