"""Databases, applications, clients and the stopped clock that the tests share.

Tests that touch the database run on both engines, each on a fresh copy of the migrated schema. A test that
calls verbs asks for ``ctx`` (an application context); one that uses ``client`` does not: a context that
outlives a request would share its session and ``g`` with it. ``make`` works in both.
"""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from flask import Flask
from flask.testing import FlaskClient

from accounts.web.limits import limiter
from app import create_app, scan_jobs
from app.config import Config
from kernel import clock, media, proof
from kernel.db import db
from storefront import gateways, queries
from tests import dealing
from tests.factories import Factories
from tests.postgres import Cluster, Sweeper
from traceability import addresses

#: The day the tests live in: a Tuesday morning in Viet Nam.
TODAY = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
ENGINES = ("sqlite", "postgresql")
_cluster: Cluster | None = None


def pytest_configure(config: pytest.Config) -> None:
    """Start one PostgreSQL for the whole run, before the workers."""
    global _cluster
    if hasattr(config, "workerinput") or config.option.collectonly or os.environ.get("OCOP_TEST_POSTGRES"):
        return
    _cluster = Cluster()
    _cluster.start()
    os.environ["OCOP_TEST_POSTGRES"] = _cluster.url


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop it after them."""
    for database, _ in _databases.values():
        database.close()
    if _cluster is not None and not hasattr(config, "workerinput"):
        _cluster.stop()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Deal the tests out as ``tests.dealing`` says."""
    config.option.loadscopereorder = False
    return dealing.Dealing(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the tests into the order in which they are dealt out, where they are."""
    if hasattr(config, "workerinput"):
        dealing.put_in_order(items)


def pytest_collection_finish() -> None:
    """Keep the collector of garbage away from what stays to the end: the code, the tests, the tables' models."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def worker(request: pytest.FixtureRequest) -> str:
    """Name this worker of the run."""
    return getattr(request.config, "workerinput", {}).get("workerid", "alone")


@pytest.fixture
def now() -> datetime:
    """The instant at which the clock is stopped."""
    return TODAY


@pytest.fixture(autouse=True)
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Stop the clock at its one patch point; call the value with an instant to move it."""

    def move(to: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: to)

    move(TODAY)
    return move


class Database:
    """A migrated template of one engine, and fresh copies of it at one address."""

    def __init__(self, engine: str, folder: Path, worker: str) -> None:
        self.engine = engine
        self._folder = folder
        if engine == "sqlite":
            self.url = f"sqlite:///{folder / 'test.sqlite3'}"
            self._template_url = f"sqlite:///{folder / 'template.sqlite3'}"
        else:
            base = os.environ["OCOP_TEST_POSTGRES"]
            self._admin = sqlalchemy.create_engine(f"{base}/postgres", isolation_level="AUTOCOMMIT")
            self._name, self._template = f"test_{worker}", f"template_{worker}"
            self.url, self._template_url = f"{base}/{self._name}", f"{base}/{self._template}"
            self._sql(f"DROP DATABASE IF EXISTS {self._template} WITH (FORCE)", f"CREATE DATABASE {self._template}")
        self._migrate()
        if engine == "postgresql":
            self._sweeper = Sweeper(base, self._template, self._name)

    def config(self, url: str) -> Config:
        return Config(
            database_url=url,
            secret_key="a secret key for tests, 32 characters",
            base_url="http://shop.test",
            media_root=self._folder / "media",
            app_env="test",
            log_signing_key=b"a signing key for tests, 32 bytes"[:32],
        )

    def fresh(self) -> None:
        """Put an untouched copy of the template at ``url``."""
        if self.engine == "sqlite":
            for suffix in ("", "-wal", "-shm"):
                (self._folder / f"test.sqlite3{suffix}").unlink(missing_ok=True)
            shutil.copyfile(self._folder / "template.sqlite3", self._folder / "test.sqlite3")
        else:
            self._sweeper.fresh()

    def close(self) -> None:
        """Close the connection that makes fresh copies."""
        if self.engine == "postgresql":
            self._sweeper.close()
            self._admin.dispose()

    def _migrate(self) -> None:
        from flask_migrate import upgrade

        app = create_app(self.config(self._template_url))
        with app.app_context():
            upgrade()
            if self.engine == "sqlite":
                with db.engine.connect() as connection:
                    connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            db.engine.dispose()

    def _sql(self, *statements: str) -> None:
        with self._admin.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)


_databases: dict[str, tuple[Database, Flask]] = {}


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The engine the test runs on: it runs once on each."""
    return str(request.param)


@pytest.fixture
def app(engine: str, worker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application on a fresh database. No context is pushed: see the top of this file."""
    if engine not in _databases:
        database = Database(engine, tmp_path_factory.mktemp(f"db-{engine}"), worker)
        database.fresh()
        _databases[engine] = (database, create_app(database.config(database.url)))
        _flush_nothing(_databases[engine][1])
    else:
        _databases[engine][0].fresh()
    app = _databases[engine][1]
    # Tests that make an application of their own leave its key, address and folder behind.
    config = app.config["OCOP"]
    proof.configure(config.log_signing_key, "shop.test/so-minh-bach")
    addresses.configure(config.base_url)
    media.configure(config.media_root)
    gateways.use_cards(None)
    with app.app_context():
        app.extensions["scan_spool"].close()
        shutil.rmtree(scan_jobs.folder(), ignore_errors=True)  # the tests before opened pages too
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    app.extensions["copy_layer"].forget()
    queries.forget_shelf()
    limiter.reset()


def _flush_nothing(app: Flask) -> None:
    """Let SQLite not wait for the disk; nor does the PostgreSQL of the tests: processes die here, machines do not."""
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            sqlalchemy.event.listen(db.engine, "connect", lambda dbapi, _: dbapi.execute("PRAGMA synchronous=OFF"))


@pytest.fixture
def ctx(app: Flask) -> Iterator[Flask]:
    """An application context, for tests that call verbs and queries themselves."""
    with app.app_context():
        yield app
        db.session.rollback()


@pytest.fixture
def make(app: Flask) -> Factories:
    """Makers of rows: each takes only the facts that matter, commits, and gives the row."""
    return Factories(app, TODAY)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Somebody at a browser, not signed in."""
    return app.test_client()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Start the Chromium of the system; it calls nobody."""
    return browser_type_launch_args | {
        "executable_path": shutil.which("chromium"),
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    }


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A phone of a Vietnamese reader."""
    return browser_context_args | {"viewport": {"width": 390, "height": 844}, "locale": "vi-VN"}
