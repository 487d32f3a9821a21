"""Where the published EPCIS documents are, and how they are read."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(os.environ.get("SHARED_DIR") or Path(__file__).resolve().parents[3].parent / "shared")
GS1 = SHARED / "data" / "gs1"
EPCIS = GS1 / "epcis"

needs_suites = pytest.mark.skipif(
    not EPCIS.is_dir(), reason="the conformance data is not beside the project (set SHARED_DIR)"
)


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def documents(folder: str) -> list[Path]:
    """Give the documents of a folder, deep, without schemas."""
    return sorted(
        path for path in (EPCIS / folder).rglob("*.json*") if not path.name.endswith(("Schema.json", ".hashes"))
    )


def events_of(document: dict[str, Any]) -> list[Any]:
    """Give the events of a document, whichever kind it is."""
    body = document.get("epcisBody")
    if body is None:
        return [document]
    if "queryResults" in body:
        return list(body["queryResults"]["resultsBody"]["eventList"])
    return list(body["eventList"])


def say(count: str) -> None:
    """Print how many cases a suite held (shown with ``pytest -rP``)."""
    sys.stdout.write(f"\n{count}\n")
