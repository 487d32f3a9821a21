"""What is usually done with the goods of a product group, step by step: data, not code (``data/steps.json``)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("data") / "steps.json"

#: Key of a step that the producer names in words of its own.
OWN = "own"


@dataclass(frozen=True)
class Step:
    """A usual step: its names, and how EPCIS calls it (CBV 2.0)."""

    key: str
    name_vi: str
    name_en: str
    biz_step: str
    disposition: str | None


def steps_for(group_code: str) -> tuple[Step, ...]:
    """List the usual steps of a product group ("I.3") in their order; all of them for a group not known."""
    known = all_steps()
    keys = _read()["groups"].get(group_code)
    return tuple(known.values()) if keys is None else tuple(known[key] for key in keys)


def all_steps() -> dict[str, Step]:
    """Give every usual step by its key."""
    return {
        key: Step(key, row["vi"], row["en"], row["biz_step"], row["disposition"])
        for key, row in _read()["steps"].items()
    }


@lru_cache(maxsize=1)
def _read() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return data
