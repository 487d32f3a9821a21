"""``make run`` stops with a sentence when its port is taken or is none, and leaves nothing running behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from tests.factories import Factories
from tests.live import LiveShop

RUN = Path(__file__).parents[2] / "tools" / "run.py"


def _run(port: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PORT": port, "HOST": "127.0.0.1"}
    return subprocess.run([sys.executable, str(RUN)], env=environ, capture_output=True, text=True, check=False)


def test_a_port_that_another_program_holds_is_not_shared_with_it() -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # as the production server does
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        refused = _run(str(port))

    assert refused.returncode == 1
    assert f"127.0.0.1:{port} cannot be used" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("port", ["0", "65536", "²", "http", "-1"])
def test_a_port_that_is_none_is_named(port: str) -> None:
    refused = _run(port)

    assert refused.returncode == 1
    assert "PORT" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_when_the_window_is_closed_nothing_is_left_running(app: Flask, make: Factories, tmp_path: Path) -> None:
    make.organisation()  # what is not empty is not filled
    shop = LiveShop(tmp_path, app.config["OCOP"].database_url)
    environ = {**shop.env, "PORT": str(shop.port), "HOST": "127.0.0.1"}
    with subprocess.Popen([sys.executable, str(RUN)], env=environ, stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        while b"is at http" not in (line := run.stdout.readline()):
            assert line, "it ended before the shop could be opened"
        run.send_signal(signal.SIGHUP)
        assert run.wait(timeout=60) == 0
        assert b"Traceback" not in run.stdout.read()  # and nobody else holds the other end

    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect(("127.0.0.1", shop.port))


def test_a_password_of_the_demo_accounts_that_anybody_would_guess_stops_the_start(tmp_path: Path) -> None:
    shop = LiveShop(tmp_path, f"sqlite:///{tmp_path / 'none.sqlite3'}")
    environ = {**shop.env, "DEMO_PASSWORD": "12345678"}

    refused = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "demo", "sign-ins"],
        cwd=RUN.parents[1],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )

    assert refused.returncode == 1
    assert "DEMO_PASSWORD" in refused.stderr
    assert "Traceback" not in refused.stderr
