"""Where figures are kept: one file for all that ``make bench`` measures."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tests.live import ROOT

PATH = ROOT / "var" / "bench.json"


def keep(results: Mapping[str, object]) -> None:
    """Add figures to ``var/bench.json``; those of the same name are replaced."""
    PATH.parent.mkdir(exist_ok=True)
    known = json.loads(PATH.read_text()) if PATH.exists() else {}
    PATH.write_text(json.dumps({**known, **results}, indent=2, sort_keys=True) + "\n")
