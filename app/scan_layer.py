"""The layer around rendered copies that notes each opening of the page of a batch, a single pack or a captured lot.

It stands before the copies and before Flask, so that a page from a copy counts like one made anew. Printed codes
that are Digital Links lead to the same page, and are counted there. Left out: what is no GET of the whole page,
pages fetched ahead, programs, and whoever is signed in. An opening that cannot be written down costs nobody the page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import Flask

from app.i18n import choose_language
from kernel import clock
from kernel.spool import Spool
from traceability import known_lots, scans
from traceability.scans import UNKNOWN, Scan

log = structlog.get_logger()

StartResponse = Callable[..., Any]
Environ = dict[str, Any]

_PAGE = re.compile(r"/lo/([a-z0-9]{4,6})/([0-9a-z]{10})|/m/([0-9a-z]{16})")
_OPENED = ("200", "304")  #: 304: the reader has the page and looks at it again


class ScanLayer:
    """WSGI: write down that the page of a batch or a captured lot was opened, before its answer goes out."""

    def __init__(self, application: Callable[..., Iterable[bytes]], app: Flask, spool: Spool, *, base_url: str) -> None:
        """Wrap ``application``.

        :param app: reads who is signed in; :param base_url: with https there is a proxy before us, whose word on
            regions is taken; without one anybody could write these headers
        """
        self._application = application
        self._app = app
        self._spool = spool
        self._own_host = urlsplit(base_url).netloc
        self._has_proxy = base_url.startswith("https://")
        self._session_mark = app.config["SESSION_COOKIE_NAME"] + "="

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        page = _PAGE.fullmatch(path)
        if (page is None and path != known_lots.PATH) or not self._counts(environ):
            return self._application(environ, start_response)

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            if status.startswith(_OPENED):
                if page is not None:
                    self._note(page[1] or scans.A_PACK, page[2] or page[3], environ)
                elif scans.OPENED_LOT in environ:
                    self._note(scans.A_LOT, str(environ[scans.OPENED_LOT]), environ)
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        return self._application(environ, start)

    def _counts(self, environ: Environ) -> bool:
        return (
            environ["REQUEST_METHOD"] == "GET"
            and not _is_ahead(environ)
            and not scans.is_bot(environ.get("HTTP_USER_AGENT", ""))
            and not self._is_signed_in(environ)
        )

    def _is_signed_in(self, environ: Environ) -> bool:
        if self._session_mark not in environ.get("HTTP_COOKIE", ""):
            return False
        session = self._app.session_interface.open_session(self._app, self._app.request_class(environ))
        return session is not None and "_user_id" in session

    def _note(self, organisation: str, token: str, environ: Environ) -> None:
        scan = Scan(
            day=clock.business_date(clock.now()),
            organisation=organisation,
            token=token,
            region=self._region(environ),
            language=choose_language(
                environ.get("QUERY_STRING", ""),
                environ.get("HTTP_COOKIE", ""),
                environ.get("HTTP_ACCEPT_LANGUAGE", ""),
            ),
            way=scans.way_of(environ.get("HTTP_REFERER", ""), self._own_host or environ.get("HTTP_HOST", "")),
        )
        try:
            self._spool.append(scan.line())
        except OSError as problem:
            log.warning("an opening of a batch page was not counted", problem=str(problem))

    def _region(self, environ: Environ) -> str:
        if not self._has_proxy:
            return UNKNOWN
        return scans.region_of(environ.get("HTTP_CF_IPCOUNTRY", ""), environ.get("HTTP_X_REGION", ""))


def _is_ahead(environ: Environ) -> bool:
    """Tell whether a browser fetches the page before anybody wants to see it."""
    purpose = environ.get("HTTP_SEC_PURPOSE") or environ.get("HTTP_PURPOSE") or environ.get("HTTP_X_MOZ") or ""
    return any(word in purpose.lower() for word in ("prefetch", "prerender", "preview"))
