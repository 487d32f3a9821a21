"""A PostgreSQL cluster for the tests: made in a temporary folder, on loopback, stopped by its own pid."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import psycopg


class Cluster:
    """One throw-away cluster. ``url`` has no database name at its end."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="ocop-pg-"))
        self._bin = _binaries()
        self._as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.url = f"postgresql+psycopg://postgres@127.0.0.1:{self._port}"

    def start(self) -> None:
        """Make and start the cluster; it answers when this returns."""
        data = self._folder / "data"
        if self._as:
            shutil.chown(self._folder, "postgres")
        self._run("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        options = (
            f"-p {self._port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=off "
            "-c synchronous_commit=off -c full_page_writes=off -c max_connections=200 -c shared_buffers=128MB "
            "-c lock_timeout=20s -c deadlock_timeout=200ms"
        )
        self._run("pg_ctl", "-D", str(data), "-w", "-l", str(self._folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        """Stop it (by the pid in its folder) and remove it."""
        data = self._folder / "data"
        if (data / "postmaster.pid").exists():
            self._run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [*self._as, str(self._bin / program), *arguments],
            check=True,
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
        )


#: In the template: what is needed to put a copy of it back as it was, and to tell when that cannot be done.
_HARNESS = """
CREATE SCHEMA harness;
CREATE TABLE harness.touched (what text);
CREATE FUNCTION harness.note() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO harness.touched VALUES (TG_TABLE_NAME); RETURN NULL; END $$;
CREATE FUNCTION harness.note_change() RETURNS event_trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO harness.touched VALUES (TG_TAG); END $$;
"""
_WATCH = "CREATE EVENT TRIGGER harness_change ON ddl_command_end EXECUTE FUNCTION harness.note_change()"
_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname"
_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_SEQUENCES = "SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence"


class Sweeper:
    """Gives each test an untouched copy of a template: by sweeping the one before, or by making it anew.

    Making a copy of some thousand files costs more than most tests. What the tests wrote is deleted instead, and what
    the migrations brought is written back. A copy whose schema was changed, or one of whose large tables that came
    with the migrations, is made anew; so is each one that was swept often, for what was deleted lies there still.
    """

    MOST_SWEEPS = 150
    LARGE = 500  #: rows; a table that came with more is watched, not written back

    def __init__(self, base: str, template: str, name: str) -> None:
        self._base, self._template, self._name = base.replace("+psycopg", ""), template, name
        self._admin = psycopg.connect(f"{self._base}/postgres", autocommit=True)
        self._copy: psycopg.Connection[Any] | None = None
        self._sweeps = 0
        with psycopg.connect(f"{self._base}/{template}", autocommit=True) as connection:
            self._prepare(connection)

    def fresh(self) -> None:
        """Put an untouched copy in place; whoever is still at work on the one before is cut off."""
        if self._copy is None or self._sweeps >= self.MOST_SWEEPS or not self._sweep():
            self._make()

    def close(self) -> None:
        """Close the connections."""
        if self._copy is not None:
            self._copy.close()
        self._admin.close()

    def _prepare(self, connection: psycopg.Connection[Any]) -> None:
        connection.execute(_HARNESS)
        tables = [row[0] for row in connection.execute(_TABLES)]
        self._kept, watched = [], []
        for table in tables:
            (rows,) = connection.execute(f'SELECT count(*) FROM "{table}"').fetchone() or (0,)
            if rows > self.LARGE:
                watched.append(table)
            elif rows:
                self._kept.append(table)
        self._emptied = [table for table in tables if table not in {*self._kept, *watched}]
        for table in self._kept:
            connection.execute(f'CREATE TABLE harness."{table}" AS TABLE public."{table}"')
        for table in watched:
            connection.execute(
                f'CREATE TRIGGER harness_note AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "{table}" '
                "FOR EACH STATEMENT EXECUTE FUNCTION harness.note()"
            )
        connection.execute(_WATCH)
        found = ", ".join(f"CASE WHEN EXISTS (SELECT FROM \"{table}\") THEN '{table}' END" for table in self._emptied)
        self._filled = f"SELECT array_remove(ARRAY[{found}], NULL), EXISTS (SELECT FROM harness.touched)"

    def _make(self) -> None:
        if self._copy is not None:
            self._copy.close()
        self._admin.execute(f"DROP DATABASE IF EXISTS {self._name} WITH (FORCE)")
        self._admin.execute(f"CREATE DATABASE {self._name} TEMPLATE {self._template}")
        self._copy = psycopg.connect(f"{self._base}/{self._name}", autocommit=True)
        self._copy.execute("SET session_replication_role = replica")
        self._copy.execute("SET lock_timeout = '20s'")
        self._sweeps = 0

    def _sweep(self) -> bool:
        """Delete what was written; tell whether the copy is as the template again."""
        assert self._copy is not None
        self._sweeps += 1
        try:
            self._copy.execute(_OTHERS)
            filled, is_touched = self._copy.execute(self._filled).fetchone() or ([], True)
            if is_touched:
                return False
            steps = [f'DELETE FROM "{table}"' for table in (*filled, *self._kept)]
            steps += [f'INSERT INTO "{table}" OVERRIDING SYSTEM VALUE TABLE harness."{table}"' for table in self._kept]
            self._copy.execute("; ".join(["BEGIN", *steps, _SEQUENCES, "COMMIT"]))
        except psycopg.Error:  # a table is gone, or the server was stopped by a test
            return False
        return True


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if not found:
        raise RuntimeError("PostgreSQL is not installed: sudo apt-get install postgresql")
    return found[-1].parent
