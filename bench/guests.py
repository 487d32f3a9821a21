"""Guests who buy: what a browser without JavaScript sends, each from an address of the loopback network of its own.

The shop lets one address try so many times a minute; a village of buyers is not one address.
"""

from __future__ import annotations

import itertools
import re
from http.client import HTTPConnection, HTTPResponse
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, HTTPHandler, Request, build_opener

_HOMES = (f"127.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}" for number in itertools.count(0x010001))


class _FromHome(HTTPHandler):
    """Opens connections from one address."""

    def __init__(self, home: str) -> None:
        super().__init__()
        self._home = home

    def http_open(self, request: Request) -> HTTPResponse:
        """Open a connection and send a request."""
        return self.do_open(HTTPConnection, request, source_address=(self._home, 0))


class Browser:
    """A guest without JavaScript: keeps cookies, follows redirects, sends forms with their hidden fields."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._open = build_opener(_FromHome(next(_HOMES)), HTTPCookieProcessor(CookieJar())).open
        self.url, self.page = base, ""

    def get(self, path: str) -> str:
        """Open a page."""
        with self._open(self.base + path) as answer:
            self.url, self.page = answer.geturl(), answer.read().decode()
        return self.page

    def send(self, path: str, **fields: str) -> str:
        """Send a form, with the token of the page at hand."""
        token = re.search(r'name="(csrf_token|csrfmiddlewaretoken)"[^>]*value="([^"]+)"', self.page)
        data = {**({token[1]: token[2]} if token else {}), **fields}
        request = Request(self.base + path, urlencode(data).encode(), {"Origin": self.base, "Referer": self.url})
        with self._open(request) as answer:
            self.url, self.page = answer.geturl(), answer.read().decode()
        return self.page


def buy(url: str, product: str) -> str:
    """Buy one of a product, cash on delivery, from its page to the page of the order; gives that page's address."""
    guest = Browser(url)
    item = re.search(r'name="item" value="(\d+)"', guest.get(product))
    assert item
    guest.send("/gio-hang/them", item=item[1], quantity="1", act="order")
    form = {
        "phone": "0900000001",
        "name": "Người mua mẫu",
        "commune": "phường Hoàn Kiếm, Hà Nội",
        "address": "Số 1, phố Mẫu",
        "method": "cod",
        "terms": "y",
        "privacy": "y",
    }
    shown = re.search(r'name="shown_vnd" value="(\d+)"', guest.send("/thanh-toan", act="price", **form))
    assert shown, re.sub(r"<[^>]+>", " ", guest.page)[-1500:]
    guest.send("/thanh-toan", act="order", shown_vnd=shown[1], **form)
    assert "/don-hang/" in guest.url, guest.url
    return guest.url
