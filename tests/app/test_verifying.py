"""Commands say so plainly when there is nothing to work on."""

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


@pytest.mark.parametrize(
    "line",
    [
        "offices create --code qngai --name X --commune 21025 --looks-after 51",
        "users create --name X --email x@demo.example --organisation qngai --password ba-tu-ghep-la",
        "users reset-password x@demo.example --password ba-tu-ghep-la",
        "keys create --organisation qngai --scope epcis:query",
        "log checkpoint",
        "log export {folder}",
        "resolver load README.md --organisation qngai",
    ],
)
def test_no_command_answers_a_database_without_tables_by_a_traceback(line: str, tmp_path: Path) -> None:
    words = [word.format(folder=tmp_path / "log") for word in line.split()]
    answer = flask(f"sqlite:///{tmp_path / 'empty.sqlite'}", *words)

    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.strip().splitlines()[-1] == (
        f"{words[0]}: the database has no tables yet: run  flask --app wsgi db upgrade  first."
    )


def test_a_proof_on_a_database_that_is_away_is_a_sentence_and_a_failure() -> None:
    answer = flask("postgresql://nobody@127.0.0.1:1/none", "trace", "verify")

    assert answer.returncode == 1
    assert "trace: the database does not answer: " in answer.stderr
    assert "Traceback" not in answer.stderr
