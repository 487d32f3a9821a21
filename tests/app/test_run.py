"""``make run`` stops with a sentence when its port is taken or is none."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

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
