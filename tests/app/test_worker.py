"""The worker outlives a database that does not answer, and so do the probes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from kernel.db import db

ROOT = Path(__file__).parents[2]


@pytest.fixture
def away(app: Flask):
    """Let the database refuse every new statement, as one that is being restarted."""

    def refuse(*_: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("the server closed the connection"))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", refuse)
    yield
    event.remove(engine, "before_cursor_execute", refuse)


@pytest.mark.usefixtures("away")
def test_the_probes_tell_a_process_that_lives_from_a_database_that_does_not(client: FlaskClient) -> None:
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503


@pytest.mark.usefixtures("away")
@pytest.mark.parametrize("path", ["/", "/san-pham", "/truy-xuat", "/lo/ongbv/7k2qxm90ad", "/dang-nhap"])
def test_a_page_says_so_in_both_languages_and_when_to_come_again(client: FlaskClient, path: str) -> None:
    answer = client.get(path)

    if path in ("/truy-xuat", "/dang-nhap") and answer.status_code == 200:
        return  # it needs nothing of the database
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "10"
    assert "Xin thử lại" in answer.text
    assert "Please try again" in answer.text


def test_a_worker_waits_for_a_database_that_does_not_answer(tmp_path: Path) -> None:
    environ = {
        **os.environ,
        "APP_ENV": "test",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        "SECRET_KEY": "k" * 40,
        "MEDIA_ROOT": str(tmp_path),
    }
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "work", "--every", "0.05"]
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as worker:
        assert worker.stdout is not None
        said = b""
        while said.count(b"does not answer") < 2:  # it came back to it, and was there
            line = worker.stdout.readline()
            assert line, said.decode()
            said += line
        assert worker.poll() is None
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=60) == 0
