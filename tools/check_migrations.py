"""Check that the migrations have one head, are numbered, and say the same as the models (SQLite)."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


def main() -> None:
    """Exit with a sentence when something is off."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(
            APP_ENV="test",
            DATABASE_URL=f"sqlite:///{folder}/schema.sqlite3",
            MEDIA_ROOT=folder,
            SECRET_KEY="only-for-checking-the-migrations-00000",
        )
        from alembic.util.exc import CommandError
        from flask_migrate import check, upgrade

        from app import create_app
        from app.config import Config

        with create_app(Config.from_environment()).app_context():
            upgrade()
            try:
                check()
            except CommandError as problem:
                sys.exit(f"migrations: {problem}")
    names = sorted(path.name for path in (ROOT / "migrations" / "versions").glob("*.py"))
    if [name[:4] for name in names] != [f"{number:04d}" for number in range(1, len(names) + 1)]:
        sys.exit(f"migrations: not numbered without gaps: {names}")
    print(f"migrations: {len(names)} file(s), one head, same as the models")


if __name__ == "__main__":
    main()
