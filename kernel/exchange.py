"""One exchange with a system of others: a time limit for the whole of it, no redirects, and its answer in one word."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

SECONDS = 20.0  #: for the whole exchange
_MOST_ANSWER = 64 * 2**10

#: Why nothing was taken, besides "status:<number>".
TIMEOUT, UNREACHABLE, UNTRUSTED, GARBLED = "timeout", "unreachable", "untrusted", "garbled"
#: Statuses of a refusal that may be another one later; any other of the 400s will not mend itself.
_LATER = frozenset({408, 409, 423, 425, 429})


@dataclass(frozen=True)
class Answer:
    """What came of a try."""

    is_taken: bool
    error: str = ""  #: "status:503", or one of the words above; empty when it was taken
    is_final: bool = False  #: trying again by itself is of no use


@dataclass(frozen=True)
class Reply:
    """What the other side said, or why it said nothing (``error``, one of the words above)."""

    status: int = 0
    body: bytes = b""
    error: str = ""


def post(url: str, data: bytes, *, media_type: str, token: str, key: str, seconds: float | None = None) -> Answer:
    """Send ``data``. The caller holds no transaction.

    :param token: sent as a bearer, unless empty; :param key: of the ``Idempotency-Key`` header
    :param seconds: for the whole exchange; :data:`SECONDS` when None
    """
    headers = {
        "Content-Type": media_type,
        "Idempotency-Key": key,
        **({"Authorization": f"Bearer {token}"} if token else {}),
    }
    return judged(exchange(url, data, headers=headers, seconds=seconds))


def judged(reply: Reply) -> Answer:
    """Say in one word what a reply means, by its status."""
    return Answer(False, reply.error) if reply.error else _answer(reply.status)


def exchange(
    url: str, data: bytes, *, headers: Mapping[str, str], method: str = "POST", seconds: float | None = None
) -> Reply:
    """Send ``data`` and hear the reply, of which the first 64 KiB are read. The caller holds no transaction.

    :param seconds: for the whole exchange; :data:`SECONDS` when None
    """
    limit = SECONDS if seconds is None else seconds
    parts = urlsplit(url)
    host = parts.hostname or ""
    connection: http.client.HTTPConnection = (
        http.client.HTTPSConnection(host, parts.port, timeout=limit, context=ssl.create_default_context())
        if parts.scheme == "https"
        else http.client.HTTPConnection(host, parts.port, timeout=limit)
    )
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    # A timeout of the socket begins anew with every byte: one who drips would hold the worker for hours.
    late = threading.Event()
    watch = threading.Timer(limit, _cut, (connection, late))
    watch.daemon = True
    watch.start()
    try:
        connection.request(
            method, target, body=data, headers={"Accept": "application/json", "User-Agent": "ocop-bato", **headers}
        )
        answer = connection.getresponse()
        body = answer.read(_MOST_ANSWER)
        # What was cut off looks like an answer that ended early.
        return Reply(error=TIMEOUT) if late.is_set() else Reply(answer.status, body)
    except TimeoutError:
        return Reply(error=TIMEOUT)
    except ssl.SSLCertVerificationError:
        return Reply(error=UNTRUSTED)
    except (OSError, http.client.HTTPException) as problem:
        if late.is_set():
            return Reply(error=TIMEOUT)
        return Reply(error=UNREACHABLE if isinstance(problem, OSError) else GARBLED)
    finally:
        watch.cancel()
        connection.close()


def _answer(status: int) -> Answer:
    if 200 <= status < 300:
        return Answer(True)
    return Answer(False, f"status:{status}", is_final=300 <= status < 500 and status not in _LATER)


def _cut(connection: http.client.HTTPConnection, late: threading.Event) -> None:
    late.set()
    if connection.sock is not None:
        with contextlib.suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)
