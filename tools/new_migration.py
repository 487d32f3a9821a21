"""Write the next numbered migration from the models: ``make migration NAME="what it does"``.

``--first`` writes 0001 anew (only before the first release). It migrates a throw-away SQLite database to
the present head and compares.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

VERSIONS = Path(__file__).resolve().parent.parent / "migrations" / "versions"
sys.path.insert(0, str(VERSIONS.parent.parent))


def main() -> None:
    """Make one file under ``migrations/versions``."""
    arguments = [argument for argument in sys.argv[1:] if argument]
    first = "--first" in arguments
    name = "the house" if first else " ".join(arguments)
    if not name:
        sys.exit('usage: make migration NAME="what it does"')
    existing = sorted(path for path in VERSIONS.glob("[0-9]*.py"))
    if first:
        for path in existing:
            path.unlink()
        existing = []
    number = f"{len(existing) + 1:04d}"
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(
            APP_ENV="test",
            DATABASE_URL=f"sqlite:///{folder}/schema.sqlite3",
            MEDIA_ROOT=folder,
            SECRET_KEY="only-for-writing-a-migration-file-0000",
        )
        from flask_migrate import migrate, upgrade

        from app import create_app
        from app.config import Config
        from kernel.db import APPEND_ONLY

        app = create_app(Config.from_environment())
        with app.app_context():
            upgrade()
            migrate(message=name, rev_id=number)
    if first:
        path = next(VERSIONS.glob("0001_*.py"))
        text = path.read_text()
        guards = "".join(f"    guard({table!r})\n" for table in sorted(APPEND_ONLY))
        unguards = "".join(f"    unguard({table!r})\n" for table in sorted(APPEND_ONLY))
        text = re.sub(r"(\n\ndef downgrade\(\):\n)", lambda m: "\n" + guards + m[1] + unguards, text)
        path.write_text(text)


if __name__ == "__main__":
    main()
