"""``make run``: bring the database up to date, fill an empty one with the Ba Tơ data set, and serve.

Starts the production server and one worker for background jobs; both stop when this does.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"

#: Asked by Ctrl+C, by another program, or by the window in which this ran and that was closed.
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: A server that was asked to stop and has not done so by then is made to.
PATIENCE_S = 15
#: A worker that ended is started again, at most so often.
WORKER_AGAIN_S = 5


class _Stopped(Exception):
    """Somebody asked this program to stop."""


def main() -> None:
    """Run until told to stop."""
    os.chdir(ROOT)
    for one in STOPPING:
        signal.signal(one, _stop)
    running: list[subprocess.Popen[bytes]] = []
    try:
        code = _run(running)
    except (_Stopped, BrokenPipeError):  # whoever read what we say is gone: nobody is left to press Ctrl+C
        code = 0
    finally:
        for one in STOPPING:  # once is enough: what follows ends soon by itself
            signal.signal(one, signal.SIG_IGN)
        _end(running)
    sys.exit(code)


def _run(running: list[subprocess.Popen[bytes]]) -> int:
    """Prepare the database, start server and worker, and wait until one of them ends."""
    host, port = os.environ.get("HOST", "127.0.0.1"), os.environ.get("PORT", "8000")
    _check_port(host, port)
    flask = [str(BIN / "flask"), "--app", "wsgi"]
    for step in (["db", "upgrade"], ["demo", "load", "--if-empty"]):
        code = _start([*flask, *step], running).wait()
        if code:
            return code
    server = _start(
        [
            str(BIN / "granian"), "--interface", "wsgi", "--host", host, "--port", port, "--workers", "2",
            "--blocking-threads", "2", "--respawn-failed-workers", "--no-ws", "--log-level", "warning", "wsgi:app",
        ],
        running,
    )  # fmt: skip
    work = [*flask, "work"]
    worker, begun = _start(work, running), time.monotonic()
    reached = "127.0.0.1" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host  # noqa: S104
    if _answers(f"http://{reached}:{port}/readyz", server):
        _say(port, flask)
    while server.poll() is None:
        time.sleep(0.3)
        if worker.poll() is not None:  # the shop goes on without it; its jobs wait for the next one
            running.remove(worker)
            time.sleep(max(0.0, begun + WORKER_AGAIN_S - time.monotonic()))
            print("ocop: the worker had ended; another one takes its jobs.", flush=True)
            worker, begun = _start(work, running), time.monotonic()
    return 1


def _start(command: list[str], running: list[subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
    """Start a program in a group of its own: Ctrl+C reaches it through us alone, and all its children end with it."""
    process = subprocess.Popen(command, start_new_session=True)
    running.append(process)
    return process


def _end(running: list[subprocess.Popen[bytes]]) -> None:
    """Ask what still runs to stop, wait a while, and end what is left."""
    for process in running:
        if process.poll() is None:
            process.terminate()
    until = time.monotonic() + PATIENCE_S
    for process in running:
        try:
            process.wait(timeout=max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise _Stopped


def _check_port(host: str, port: str) -> None:
    """Stop with a sentence when the port cannot be ours: the server itself would share it with another shop."""
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        sys.exit(f"ocop: PORT is a number from 1 to 65535; {port!r} is not.")
    try:
        family = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, int(port)))
    except OSError as problem:
        sys.exit(
            f"ocop: {host}:{port} cannot be used: {problem.strerror or problem}.\n"
            f"      Another shop may be running there. Stop it, or choose another port: PORT=8001 make run"
        )


def _answers(url: str, server: subprocess.Popen[bytes]) -> bool:
    while server.poll() is None:  # a slow machine may need a minute: the address is told when it can be opened
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
