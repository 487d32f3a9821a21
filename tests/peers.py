"""Another party on loopback that is sent JSON: keeps what it is told, and answers what it is told to answer."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Told(NamedTuple):
    """What came in one request."""

    headers: dict[str, str]
    body: Any


class Peer:
    """Listens from the start; ``answer`` is a status and a body: bytes as they are, anything else as JSON."""

    def __init__(self, answer: tuple[int, Any] = (200, b"")) -> None:
        self.told: list[Told] = []
        self.answer = answer
        peer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                peer.told.append(Told(dict(self.headers), body))
                status, said = peer.answer
                self.send_response(status)
                self.end_headers()
                self.wfile.write(said if isinstance(said, bytes) else json.dumps(said).encode())

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def stop(self) -> None:
        """Listen no longer."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
