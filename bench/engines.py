"""The databases of a measurement: SQLite in a folder, and PostgreSQL of its own, one after the other."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade

from app import create_app
from app.config import Config
from kernel.db import db
from tests.postgres import Cluster


def each() -> Iterator[tuple[str, str, Path]]:
    """Give each engine's name, the address of an empty database, and a folder that is gone afterwards."""
    cluster = Cluster()
    cluster.start()
    try:
        for engine in ("sqlite", "postgresql"):
            with tempfile.TemporaryDirectory() as folder:
                url = f"sqlite:///{folder}/shop.sqlite3" if engine == "sqlite" else f"{cluster.url}/postgres"
                yield engine, url, Path(folder)
    finally:
        cluster.stop()


def application(url: str, folder: Path) -> Flask:
    """Make the application on a database, and bring that up to date."""
    app = create_app(
        Config(
            database_url=url,
            secret_key="s" * 32,
            base_url="http://shop.test",
            media_root=folder / "media",
            app_env="test",
            log_level="ERROR",
        )
    )
    with app.app_context():
        upgrade()
    return app


def close(app: Flask) -> None:
    """Let go of the database, so that its folder can go."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
