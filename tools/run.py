"""``make run``: bring the database up to date, fill an empty one with the Ba Tơ data set, and serve.

Starts the production server and one worker for background jobs; both stop when this does.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"


def main() -> None:
    """Run until told to stop."""
    os.chdir(ROOT)
    port = os.environ.get("PORT", "8000")
    flask = [str(BIN / "flask"), "--app", "wsgi"]
    for step in (["db", "upgrade"], ["demo", "load", "--if-empty"]):
        done = subprocess.run([*flask, *step], check=False)
        if done.returncode:
            sys.exit(done.returncode)
    server = [
        str(BIN / "granian"), "--interface", "wsgi", "--host", os.environ.get("HOST", "127.0.0.1"), "--port", port,
        "--workers", "2", "--blocking-threads", "2", "--no-ws", "--log-level", "warning", "wsgi:app",
    ]  # fmt: skip
    processes = [
        subprocess.Popen(server),
        subprocess.Popen([*flask, "work"]),
    ]

    def _stop(_signal: int, _frame: FrameType | None) -> None:
        for process in processes:
            if process.poll() is None:
                process.terminate()

    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    if _answers(f"http://127.0.0.1:{port}/readyz", processes[0]):
        _say(port, flask)
    failed = False
    while all(process.poll() is None for process in processes):
        time.sleep(0.3)
    for process in processes:
        failed = failed or (process.poll() or 0) > 0
    _stop(signal.SIGTERM, None)
    for process in processes:
        process.wait(timeout=30)
    sys.exit(1 if failed else 0)


def _answers(url: str, server: subprocess.Popen[bytes]) -> bool:
    for _ in range(150):
        if server.poll() is not None:
            return False
        try:
            with urlopen(url, timeout=2):
                return True
        except (URLError, OSError):
            time.sleep(0.2)
    return False


def _say(port: str, flask: list[str]) -> None:
    address = os.environ.get("BASE_URL", f"http://127.0.0.1:{port}")
    print(f"\n  OCOP Ba Tơ is at {address}  (Ctrl+C stops it)", flush=True)
    subprocess.run([*flask, "demo", "sign-ins"], check=False)
    print(flush=True)


if __name__ == "__main__":
    main()
