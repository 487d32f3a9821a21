"""The commands that prove something say so plainly when there is nothing to prove it on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def flask(database: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command on a database as an administrator does."""
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", *arguments],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("who", ["trace", "ledger", "log"])
def test_a_proof_on_a_database_without_tables_is_a_sentence_and_a_failure(who: str, tmp_path: Path) -> None:
    answer = flask(f"sqlite:///{tmp_path / 'empty.sqlite'}", who, "verify")

    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.strip().splitlines()[-1] == (
        f"{who}: the database has no tables yet: run  flask --app wsgi db upgrade  first."
    )
    assert "Traceback" not in answer.stderr


def test_a_proof_on_a_database_that_is_away_is_a_sentence_and_a_failure() -> None:
    answer = flask("postgresql://nobody@127.0.0.1:1/none", "trace", "verify")

    assert answer.returncode == 1
    assert "trace: the database does not answer: " in answer.stderr
    assert "Traceback" not in answer.stderr
