"""The shop as a user meets it: the production server on a loopback port, with the Ba Tơ data set."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import BinaryIO
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PASSWORD = "mat-khau-demo-2026"


class LiveShop:
    """A server process of its own, stopped by its pid."""

    def __init__(self, folder: Path, database_url: str, *, workers: int = 1) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        self._workers = workers
        self._process: subprocess.Popen[bytes] | None = None
        self._log: BinaryIO | None = None
        self.env = {
            **os.environ,
            "APP_ENV": "demo",
            "DATABASE_URL": database_url,
            "SECRET_KEY": "a secret key of the journeys, long enough",
            "BASE_URL": self.url,
            "MEDIA_ROOT": str(folder / "media"),
            "DEMO_PASSWORD": PASSWORD,
            "LOG_LEVEL": "WARNING",
        }

    @property
    def pid(self) -> int:
        """The server's main process."""
        assert self._process is not None
        return self._process.pid

    def flask(self, *arguments: str) -> str:
        """Run one of the project's commands against this shop's database; give what it printed."""
        done = subprocess.run(
            [str(BIN / "flask"), "--app", "wsgi", *arguments],
            cwd=ROOT,
            env=self.env,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
        return done.stdout

    def prepare(self, *, scale: int = 1) -> None:
        """Migrate, and load the data set."""
        self.flask("db", "upgrade")
        self.flask("demo", "load", "--scale", str(scale))

    def start(self) -> None:
        """Start the server; it answers when this returns."""
        self._log = (self.folder / "server.log").open("ab")
        self._process = subprocess.Popen(
            [
                str(BIN / "granian"), "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port),
                "--workers", str(self._workers), "--blocking-threads", "2", "--no-ws", "--log-level", "warning",
                "wsgi:app",
            ],
            cwd=ROOT,
            env=self.env,
            stdout=self._log,
            stderr=self._log,
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self._process.poll() is None, (self.folder / "server.log").read_text()[-4000:]
            try:
                with urlopen(f"{self.url}/readyz", timeout=2):  # noqa: S310
                    return
            except (URLError, OSError):
                time.sleep(0.1)
        raise AssertionError("the server did not answer within a minute")

    def stop(self) -> None:
        """Stop the server."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(timeout=30)
        if self._log is not None:
            self._log.close()
