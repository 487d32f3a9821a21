"""The layer before Flask that answers public pages from rendered copies.

A copy is handed out after one look-up of its revision: on SQLite ``PRAGMA data_version`` of a connection
kept open tells that nothing at all was committed since; on PostgreSQL it is one indexed SELECT. So a
change, a recall or a revocation shows at the very next request. See ``docs/adr/0005-rendered-copies.md``.
"""

from __future__ import annotations

import gzip
import hashlib
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import brotli
import psycopg
from psycopg import pq
from sqlalchemy import Engine

from app.i18n import COOKIE, LANGUAGES, choose_language
from kernel import clock
from kernel.pages import Copies, Copy

StartResponse = Callable[..., Any]
Environ = dict[str, Any]

_NOT_KEPT = frozenset({"content-length", "set-cookie", "content-encoding", "date", "etag"})


class RevisionReader:
    """Reads sums of revisions as fast as the engine allows, one connection a thread."""

    def __init__(self, engine: Engine) -> None:
        self._url = engine.url
        self._sqlite = engine.dialect.name == "sqlite"
        self._local = threading.local()

    def __call__(self, keys: tuple[str, ...]) -> int:
        """Sum the revisions of ``keys`` as committed now."""
        if self._sqlite:
            return self._from_sqlite(keys)
        try:
            return self._from_postgresql(keys)
        except psycopg.OperationalError:
            self._local.connection = None  # the server went away once; a second failure is the caller's
            return self._from_postgresql(keys)

    def disconnect(self) -> None:
        """Close this thread's connection."""
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
        self._local.__dict__.clear()

    def _from_sqlite(self, keys: tuple[str, ...]) -> int:
        local = self._local
        if getattr(local, "connection", None) is None:
            local.connection = sqlite3.connect(self._url.database or "", isolation_level=None, timeout=15)
            local.version, local.sums = None, {}
        version = local.connection.execute("PRAGMA data_version").fetchone()[0]
        if version != local.version:
            local.version, local.sums = version, {}
        found: int | None = local.sums.get(keys)
        if found is None:
            marks = ",".join("?" * len(keys))
            row = local.connection.execute(
                f"SELECT coalesce(sum(number), 0) FROM page_revision WHERE key IN ({marks})",  # noqa: S608 (marks only)
                keys,
            ).fetchone()
            found = local.sums[keys] = int(row[0])
        return found

    def _from_postgresql(self, keys: tuple[str, ...]) -> int:
        """Ask by libpq itself: a cursor's work a question is more than the answer costs."""
        local = self._local
        if getattr(local, "connection", None) is None:
            dsn = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
            local.connection = psycopg.connect(dsn, autocommit=True)
            _checked(local.connection.pgconn.prepare(b"revision", _SUM_OF_REVISIONS), pq.ExecStatus.COMMAND_OK)
        found = local.connection.pgconn.exec_prepared(b"revision", [_as_array(keys)])
        return int(_checked(found, pq.ExecStatus.TUPLES_OK).get_value(0, 0) or 0)


_SUM_OF_REVISIONS = b"SELECT coalesce(sum(number), 0) FROM page_revision WHERE key = ANY($1::text[])"


def _checked(result: pq.abc.PGresult, wanted: pq.ExecStatus) -> pq.abc.PGresult:
    if result.status != wanted:
        raise psycopg.OperationalError(result.error_message.decode(errors="replace").strip())
    return result


@lru_cache(maxsize=4096)
def _as_array(keys: tuple[str, ...]) -> bytes:
    """Write keys as PostgreSQL reads an array of texts."""
    quoted = (key.replace("\\", "\\\\").replace('"', '\\"') for key in keys)
    return ("{" + ",".join(f'"{key}"' for key in quoted) + "}").encode()


class CopyLayer:
    """WSGI: hand out the copy that still stands, or let Flask make the page and keep a copy of it."""

    def __init__(self, application: Callable[..., Iterable[bytes]], engine: Engine) -> None:
        self._application = application
        self._revision = RevisionReader(engine)
        self.copies = Copies()

    def forget(self) -> None:
        """Drop all copies and connections, as when the database is another one (tests)."""
        self.copies.clear()
        self._revision.disconnect()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return self._application(environ, start_response)
        query = environ.get("QUERY_STRING", "")
        address = environ.get("PATH_INFO", "") + "?" + query
        language = choose_language(query, environ.get("HTTP_COOKIE", ""), environ.get("HTTP_ACCEPT_LANGUAGE", ""))
        copy = self.copies.get(address, language)
        if copy is not None and clock.now() < copy.fresh_until and self._stands(copy):
            return _answer(copy, environ, start_response)
        return self._render(address, language, environ, start_response)

    def _stands(self, copy: Copy) -> bool:
        try:
            return self._revision(copy.keys) == copy.revision
        except (psycopg.Error, sqlite3.Error):  # nobody can tell: the page says that the database is away
            self._revision.disconnect()
            return False

    def _render(self, address: str, language: str, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Let Flask answer; keep the answer when the view said what it depends on."""
        answer: list[Any] = []
        method = environ["REQUEST_METHOD"]
        environ["REQUEST_METHOD"] = "GET"  # a HEAD is answered from the copy that its GET makes

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], Any]:
            answer[:] = [status, headers]
            return lambda data: None

        chunks = self._application(environ, start)
        environ["REQUEST_METHOD"] = method
        kept: tuple[tuple[str, ...], int, datetime] | None = environ.get("ocop.copy")
        status, headers = answer
        if kept is None or not status.startswith("200"):
            return _pass_on(chunks, status, headers, method, start_response)
        body = b"".join(chunks)
        if hasattr(chunks, "close"):
            chunks.close()
        copy = _make_copy(kept, headers, body)
        self.copies.put(address, language, copy)
        return _answer(copy, environ, start_response)


def _pass_on(
    chunks: Iterable[bytes],
    status: str,
    headers: list[tuple[str, str]],
    method: str,
    start_response: StartResponse,
) -> Iterable[bytes]:
    start_response(status, headers)
    if method != "HEAD":
        return chunks
    if hasattr(chunks, "close"):
        chunks.close()
    return ()


def _make_copy(kept: tuple[tuple[str, ...], int, datetime], headers: list[tuple[str, str]], body: bytes) -> Copy:
    keys, revision, fresh_until = kept
    shared = [(name, value) for name, value in headers if name.lower() not in _NOT_KEPT | {"vary", "cache-control"}]
    shared += [("Cache-Control", "no-cache"), ("Vary", "Accept-Language, Cookie, Accept-Encoding")]
    return Copy(
        keys=keys,
        revision=revision,
        fresh_until=fresh_until,
        etag=hashlib.sha256(body).hexdigest()[:20],
        headers=tuple(shared),
        body=body,
    )


#: Content encodings, the better one first.
_PACKING: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, quality=6),
    "gzip": lambda body: gzip.compress(body, 6, mtime=0),
}


def _answer(copy: Copy, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    accepted = environ.get("HTTP_ACCEPT_ENCODING", "")
    encoding = next((one for one in _PACKING if one in accepted), "identity")
    body = copy.packed(encoding, _PACKING[encoding]) if encoding in _PACKING else copy.body
    etag = f'W/"{copy.etag}"'
    headers = [*copy.headers, ("ETag", etag), *_language_cookie(environ)]
    wanted = environ.get("HTTP_IF_NONE_MATCH")
    if wanted and (copy.etag in wanted or wanted.strip() == "*"):
        start_response("304 NOT MODIFIED", [h for h in headers if h[0].lower() != "content-type"])
        return ()
    headers.append(("Content-Length", str(len(body))))
    if encoding != "identity":
        headers.append(("Content-Encoding", encoding))
    start_response("200 OK", headers)
    return () if environ["REQUEST_METHOD"] == "HEAD" else (body,)


def _language_cookie(environ: Environ) -> Iterator[tuple[str, str]]:
    """Remember a language asked for by the address: the one cookie a public page may set."""
    query = environ.get("QUERY_STRING", "")
    if "lang=" not in query:
        return
    asked = dict(parse_qsl(query)).get("lang")
    if asked in LANGUAGES and f"{COOKIE}={asked}" not in environ.get("HTTP_COOKIE", ""):
        secure = "; Secure" if environ.get("wsgi.url_scheme") == "https" else ""
        yield "Set-Cookie", f"{COOKIE}={asked}; Max-Age=31536000; Path=/; SameSite=Lax{secure}"
